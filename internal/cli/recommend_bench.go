package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/evaluate"
	"github.com/seguefeed/segue/evaluate/allrank"
	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/logfiles"
)

// recommendBench are the flags of `recommend bench`.
type recommendBench struct {
	train, test string
	protocol    string
	formats     []string
	minRating   float64
	settings    []string
	metric      string
	minutes     float64
	json        string

	read  allrank.ReadConfig
	bench allrank.Config
}

func (a *app) recommendBenchCommand() *cobra.Command {
	var b recommendBench
	cmd := &cobra.Command{
		Use:   "bench --train FILE --test FILE",
		Short: "Compare all recommenders on a split of who took what",
		Long: `Compare all recommenders on a split of your own: fit each to the training file, rank for each test user all items that she did not
take in training, and measure the first places of the list against what she took in the test file.

Files are plain text, gzip or zstd, in one of two layouts, told by their first lines: one line a user (user item item ...), or one row an
interaction (user item [rating [time]]) with tabs, commas, :: or spaces between. Ids are any text. An interaction is there or is not:
ratings count only for --min-rating. Items of the test file that no one took in training belong to the catalogue and count as missed.

Measures are means over users, with intervals from drawing users again; whether a lead is more than chance is tested over the same users,
in pairs. With --tune, each method's settings are searched on a fifth of each user's training interactions; the test file is never used for that.

Models: ` + strings.Join(allrank.ModelKinds(), ", ") + `.
Measures: ` + measureNames() + `.`,
		Example: `  segue recommend bench --train train.txt --test test.txt
  segue recommend bench --train ml.train.csv --test ml.test.csv --min-rating 4 --k 5,10,20
  segue recommend bench --train train.txt --test test.txt --models itemknn,popularity --set itemknn.neighbours=50
  segue recommend bench --train train.txt.gz --test test.txt.gz --tune --tune-minutes 10 --journal trials.jsonl --json bench.json
  segue recommend bench --train train.txt --test test.txt -q --json - | jq '.models[] | {kind, at}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("min-rating") {
				b.read.MinRating = &b.minRating
			}
			return a.recommendBench(cmd, &b)
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.train, "train", "", "the file to learn from")
	f.StringVar(&b.test, "test", "", "the file to judge on")
	f.StringVar(&b.protocol, "protocol", "all-rank", "what is ranked: all-rank, all items that a user did not take in training")
	f.StringSliceVar(&b.formats, "format", []string{"auto"}, "layout of the files: auto, lines or rows; two, as in rows,lines, for training and test apart")
	f.Float64Var(&b.minRating, "min-rating", 0, "leave out rows of both files with a lower rating (default: ratings do not matter)")
	f.StringSliceVar(&b.bench.Models, "models", []string{"all"}, "models to compare, by name")
	f.IntSliceVar(&b.bench.Cuts, "k", []int{10, 20}, "numbers of places to measure")
	f.StringArrayVar(&b.settings, "set", nil, "set a parameter, as MODEL.PARAM=VALUE; may be given again")
	f.StringVar(&b.metric, "metric", "", "the measure to sort by and to tune for, as METRIC@K (default: ndcg at the first of --k)")
	f.BoolVar(&b.bench.Tune, "tune", false, "search each model's settings on a part of the training interactions")
	f.IntVar(&b.bench.TuneTrials, "tune-trials", 30, "settings to try of each model")
	f.Float64Var(&b.minutes, "tune-minutes", 0, "time to tune each model (default: no bound); the usual settings are tried even if they take longer. What is chosen then hangs on the machine's speed")
	f.StringVar(&b.bench.Journal, "journal", "", "keep finished trials in this file, and take from it what it has")
	f.StringVar(&b.json, "json", "", "write all figures to this file as JSON (- is standard output, instead of the tables)")
	f.Uint64Var(&b.bench.Seed, "seed", 1, "of what models draw, the part to tune on, and the intervals: same seed, same figures")
	f.IntVar(&a.threads, "threads", 0, "processor threads to use (default: all); figures do not hang on it")
	return cmd
}

func measureNames() string {
	var names []string
	for _, m := range evaluate.Metrics() {
		names = append(names, m.String())
	}
	return strings.Join(names, ", ")
}

// check refuses wrong command lines before any file is read.
func (b *recommendBench) check(a *app) error {
	switch {
	case b.train == "":
		return usagef("recommend bench needs --train FILE, lines of user item item ... or rows of user item [rating [time]]")
	case b.test == "":
		return usagef("recommend bench needs --test FILE, with users and items of the training file")
	case b.protocol != "all-rank":
		return usagef("--protocol %s: there is no such protocol; there is all-rank", b.protocol)
	case len(b.formats) < 1 || len(b.formats) > 2:
		return usagef("--format %s: one layout, or two for the training and the test file, are expected", strings.Join(b.formats, ","))
	case len(b.bench.Cuts) == 0:
		return usagef("--k needs a number of places, as in --k 10,20")
	case !(b.minutes >= 0 && b.minutes <= 1e6):
		return usagef("--tune-minutes %v: a number of at least 0 is expected", b.minutes)
	case b.bench.TuneTrials < 1:
		return usagef("--tune-trials %d: at least 1 is expected", b.bench.TuneTrials)
	case b.read.MinRating != nil && math.IsNaN(b.minRating):
		return usagef("--min-rating NaN: a number is expected")
	case !b.bench.Tune && (b.bench.Journal != "" || b.minutes > 0):
		return usagef("--journal and --tune-minutes are for --tune, which was not given")
	}
	for _, f := range b.formats {
		if _, err := allrank.ParseFormat(f); err != nil {
			return usagef("--format: %v", err)
		}
	}
	for _, text := range b.settings {
		s, err := allrank.ParseSetting(text)
		if err != nil {
			return usagef("--set: %v", err)
		}
		b.bench.Settings = append(b.bench.Settings, s)
	}
	if b.metric != "" {
		var err error
		if b.bench.Metric, err = allrank.ParseTarget(b.metric); err != nil {
			return usagef("--metric: %v", err)
		}
	}
	if slices.Contains(b.bench.Models, "all") {
		b.bench.Models = nil
	}
	if b.json != "" && b.json != "-" {
		if s, err := os.Stat(filepath.Dir(b.json)); err != nil || !s.IsDir() {
			return usagef("--json %s: there is no directory %s", b.json, filepath.Dir(b.json))
		}
	}
	if err := a.checkThreads(); err != nil {
		return err
	}
	b.bench.Threads = a.threads
	b.bench.TuneTime = time.Duration(b.minutes * float64(time.Minute))
	if err := b.bench.Check(); err != nil {
		return usagef("%v", err)
	}
	return nil
}

// recommendOutput is what --json writes.
type recommendOutput struct {
	Train string `json:"train"`
	Test  string `json:"test"`
	*allrank.Result
}

func (a *app) recommendBench(cmd *cobra.Command, b *recommendBench) error {
	if err := b.check(a); err != nil {
		return err
	}
	out := recommendOutput{Train: b.train, Test: b.test}
	err := a.withProgress(func(progress segue.Progress) error {
		train, err := openSplit(b.train, b.formats[0], progress)
		if err != nil {
			return err
		}
		defer train.close()
		test, err := openSplit(b.test, b.formats[len(b.formats)-1], progress)
		if err != nil {
			return err
		}
		defer test.close()
		split, err := allrank.Read(cmd.Context(), train.Input, test.Input, b.read)
		if errors.Is(err, allrank.ErrLayout) {
			return fmt.Errorf("%w (--format)", err)
		}
		if err != nil {
			return err
		}
		b.bench.Progress = func(p allrank.Progress) {
			unit := segue.Users
			if p.Work != "rank" {
				unit = segue.Steps
			}
			progress(segue.Step{Name: p.Work + " " + p.Model, Unit: unit, Done: int64(p.Done), Total: int64(p.Of)})
		}
		out.Result, err = allrank.Run(cmd.Context(), split, b.bench)
		return err
	})
	if err != nil {
		return err
	}
	if b.json == "-" {
		return a.printJSON(&out)
	}
	if b.json != "" {
		if err := writeFile(b.json, func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetIndent("", "  ")
			return enc.Encode(&out)
		}); err != nil {
			return err
		}
	}
	return a.printRecommendBench(&out, b)
}

// splitFile is a file of a split, plain or compressed. It is opened when it is first read, so that one is read after the other.
type splitFile struct {
	allrank.Input
	file       logfiles.File
	open       io.ReadCloser // nil before the first read
	done, told int64         // bytes, as stored
	tell       func(done int64)
}

// openSplit finds a file, and tells how far reading is.
func openSplit(name, format string, progress segue.Progress) (*splitFile, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a directory; a file is expected", name)
	}
	files, err := logfiles.Find([]string{name}, func(string) (feedlog.Table, bool) { return 0, true }, nil)
	if err != nil {
		return nil, err
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("%s holds %d files; one file is expected: unpack it", name, len(files))
	}
	f := &splitFile{file: files[0], tell: func(done int64) {
		progress(segue.Step{Name: "read " + filepath.Base(name), Unit: segue.Bytes, Done: done, Total: files[0].Bytes})
	}}
	f.Input = allrank.Input{Name: name, Format: allrank.Format(strings.ToLower(format)), Reader: f}
	return f, nil
}

func (f *splitFile) Read(p []byte) (int, error) {
	if f.open == nil {
		var err error
		if f.open, err = f.file.Open(storedBytes{f}); err != nil {
			return 0, err
		}
	}
	return f.open.Read(p)
}

func (f *splitFile) close() {
	if f.open != nil {
		_ = f.open.Close() // it was read only
	}
}

// storedBytes tells how many bytes of a file went by, each megabyte and at the end.
type storedBytes struct{ f *splitFile }

func (s storedBytes) Write(p []byte) (int, error) {
	f := s.f
	if f.done += int64(len(p)); f.told == 0 || f.done-f.told >= 1<<20 || f.done == f.file.Bytes {
		f.told = f.done
		f.tell(f.done)
	}
	return len(p), nil
}
