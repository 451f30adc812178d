package cli

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/learn"
	"github.com/seguefeed/segue/learn/tablebench"
)

// testShare is the share of the rows that is held out where there is no table to test on.
const testShare = .2

func (a *app) learnCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "learn",
		Short:   "Learn from any table of your own",
		Example: "  segue learn bench --train table.csv --label bought --save best.model\n  segue learn apply --model best.model --in new.csv --out scores.csv",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.learnBenchCommand(), a.learnApplyCommand())
	return cmd
}

// learnBench are the flags of `learn bench`.
type learnBench struct {
	table             learn.TableConfig
	train, test       string
	separator         string
	models            []string
	bench             tablebench.Config
	save, predictions string
	asJSON            bool
}

func (a *app) learnBenchCommand() *cobra.Command {
	var b learnBench
	cmd := &cobra.Command{
		Use:   "bench --train FILE --label COLUMN",
		Short: "Compare all classifiers on a table",
		Long: `Compare all classifiers on a CSV table with a header: fit each to the same training rows, judge each on the same test rows,
and say which is best by ROC-AUC and whether its lead is more than chance (DeLong's test, Holm's correction).

Whether a column holds numbers or categories is inferred; missing values (empty, NA, N/A, NULL, NaN, \N, ?) and categories that
are new in the test rows are allowed. Columns of names and ids, row numbers and constant ones are left out, and it is said so.
Without --test, a fifth of the rows, drawn by label, is held out. Probabilities are calibrated where that helps, the threshold
of F1 is chosen, and with --tune settings are searched, on folds of the training rows only.

Models: ` + strings.Join(tablebench.ModelNames(), ", ") + `.`,
		Example: `  segue learn bench --train shoppers.csv --label Revenue
  segue learn bench --train train.csv --test test.csv --label churned --positive yes --ignore customer_id
  segue learn bench --train t.csv --label y --models logistic,forest,boosting --tune --folds 5 --seed 7
  segue learn bench --train t.csv --label y --save best.model --predictions scores.csv
  segue learn bench --train t.csv --label y --json | jq '.models[] | {name, auc}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.learnBench(cmd, &b) },
	}
	f := cmd.Flags()
	f.StringVar(&b.train, "train", "", "the table to learn from, a CSV file (- is standard input)")
	f.StringVar(&b.test, "test", "", "the table to judge on, with the same columns (default: a fifth of the first one's rows)")
	f.StringVar(&b.table.Label, "label", "", "the column to predict")
	f.StringVar(&b.table.Positive, "positive", "", "the label's value that is positive (default: 1, true, yes, or the rarer of two)")
	f.StringSliceVar(&b.models, "models", []string{"all"}, "models to compare, by name")
	f.BoolVar(&b.bench.Tune, "tune", false, "search each model's settings in a small grid, by cross-validation")
	f.IntVar(&b.bench.Folds, "folds", 5, "folds of the training rows, for tuning, calibration and the threshold of F1")
	f.Uint64Var(&b.bench.Seed, "seed", 1, "of the rows held out, the folds and what models draw: same seed, same figures")
	f.StringSliceVar(&b.table.Ignore, "ignore", nil, "columns to leave out")
	f.StringSliceVar(&b.table.Categorical, "categorical", nil, "columns of numbers that stand for categories")
	f.BoolVar(&b.table.DecimalComma, "decimal-comma", false, "numbers are written 1,5 instead of 1.5 (default where fields are between semicolons)")
	f.StringVar(&b.separator, "separator", "", "what stands between fields: one character, or tab (default: comma, semicolon or tab, whichever splits the header)")
	f.IntVar(&b.bench.ExactRows, "svm-rows", 10_000, "fit the RBF SVM exactly up to so many training rows; it takes time with their square")
	f.StringVar(&b.save, "save", "", "write the best model, as fitted to the training rows, to this file; learn apply uses it")
	f.StringVar(&b.predictions, "predictions", "", "write the best model's probabilities of the test rows to this CSV file")
	f.BoolVar(&b.asJSON, "json", false, "print JSON")
	return cmd
}

// check refuses wrong command lines before any file is read.
func (b *learnBench) check() error {
	switch {
	case b.train == "":
		return usagef("learn bench needs --train FILE, a CSV table with a header")
	case b.table.Label == "":
		return usagef("learn bench needs --label COLUMN, the column to predict")
	case b.train == "-" && b.test == "-":
		return usagef("--train and --test cannot both be standard input")
	case b.bench.Folds < 2:
		return usagef("--folds %d: at least 2 are needed", b.bench.Folds)
	case b.bench.ExactRows < 1 || b.bench.ExactRows > learn.MaxKernelRows:
		return usagef("--svm-rows %d: 1 to %d are possible", b.bench.ExactRows, learn.MaxKernelRows)
	case slices.Contains(b.table.Ignore, b.table.Label) || slices.Contains(b.table.Categorical, b.table.Label):
		return usagef("the label %s cannot be named by --ignore or --categorical too", b.table.Label)
	}
	if !slices.Contains(b.models, "all") {
		for _, m := range b.models {
			if !slices.Contains(tablebench.ModelNames(), m) {
				return usagef("--models %s: there is no such model; there are all, %s", m, strings.Join(tablebench.ModelNames(), ", "))
			}
		}
		b.bench.Models = b.models
	}
	var err error
	if b.table.Comma, err = separator(b.separator); err != nil {
		return err
	}
	for _, out := range []struct{ flag, file string }{{"save", b.save}, {"predictions", b.predictions}} {
		if out.file == "" {
			continue
		}
		if err := checkDirectory(out.flag, out.file); err != nil {
			return err
		}
	}
	return nil
}

// separator is what --separator asks for; 0 for the one that the header shows.
func separator(text string) (rune, error) {
	switch r := []rune(text); {
	case text == "tab" || text == `\t`:
		return '\t', nil
	case len(r) == 1:
		return r[0], nil
	case len(r) > 1:
		return 0, usagef("--separator %q: one character is expected, or tab", text)
	}
	return 0, nil
}

// checkDirectory refuses a file that cannot be written since its directory is not there.
func checkDirectory(flag, file string) error {
	if s, err := os.Stat(filepath.Dir(file)); err != nil || !s.IsDir() {
		return usagef("--%s %s: there is no directory %s", flag, file, filepath.Dir(file))
	}
	return nil
}

func (a *app) learnBench(cmd *cobra.Command, b *learnBench) error {
	if err := b.check(); err != nil {
		return err
	}
	var out benchOutput
	var test *learn.Data
	var rows []int32
	err := a.withProgress(func(progress segue.Progress) error {
		table, train, held, at, err := a.benchTables(b, progress)
		if err != nil {
			return err
		}
		test, rows = held, at
		out.Label, out.Positive, out.Negative = table.Label, table.Positive, table.Negative
		out.HeldOut = b.test == ""
		for _, c := range table.Data.Columns {
			kind := "number"
			if c.Categorical() {
				kind = "category"
			}
			out.Columns = append(out.Columns, benchColumn{c.Name, kind, len(c.Levels)})
		}
		b.bench.Progress = func(p tablebench.Progress) {
			progress(segue.Step{Name: "fit " + p.Model, Unit: segue.Steps, Done: int64(p.Done), Total: int64(p.Of)})
		}
		out.Result, err = tablebench.Run(cmd.Context(), train, test, b.bench)
		if err != nil {
			return err
		}
		out.Notes = slices.Concat(table.Notes, out.Notes)
		return nil
	})
	if err != nil {
		return err
	}
	best := &out.Models[out.Best]
	if b.predictions != "" {
		if err := writePredictions(b.predictions, rows, test.Y, best.Probabilities); err != nil {
			return err
		}
	}
	if b.save != "" {
		if best.Model == nil {
			return fmt.Errorf("the best is the %s, which is no model: nothing is written to %s", best.Title, b.save)
		}
		if err := writeFile(b.save, func(w io.Writer) error { return learn.Save(w, best.Model) }); err != nil {
			return err
		}
	}
	if b.asJSON {
		return a.printJSON(&out)
	}
	a.printBench(&out, b)
	return nil
}

// benchTables reads the tables and divides the first where there is no second. rows are the numbers, from 0, of the test rows
// in their file.
func (a *app) benchTables(b *learnBench, progress segue.Progress) (table *learn.Table, train, test *learn.Data, rows []int32, err error) {
	err = a.readTable(b.train, &b.table, progress, func(r io.Reader, name string) error {
		if table, err = learn.ReadTable(r, name, b.table); errors.Is(err, learn.ErrManyLabels) {
			err = fmt.Errorf("%w (--positive VALUE); all others count as negative", err)
		}
		return err
	})
	if err != nil {
		return nil, nil, nil, nil, err
	}
	if b.test == "" {
		train, test, rows, err = tablebench.Split(table.Data, testShare, b.bench.Seed)
		return table, train, test, rows, err
	}
	err = a.readTable(b.test, &b.table, progress, func(r io.Reader, name string) error {
		other, err := table.Read(r, name)
		if err != nil {
			return err
		}
		for _, note := range other.Notes {
			// What the first table left out, or was told to, has been said.
			if !slices.ContainsFunc(table.Notes, func(first string) bool { return strings.HasPrefix(first, leftOut(note)) }) &&
				!slices.ContainsFunc(b.table.Ignore, func(c string) bool { return leftOut(note) == "column "+c+" is left out:" }) {
				table.Notes = append(table.Notes, "test table: "+note)
			}
		}
		test = other.Data
		return nil
	})
	if err != nil {
		return nil, nil, nil, nil, err
	}
	rows = make([]int32, len(test.Y))
	for i := range rows {
		rows[i] = int32(i)
	}
	return table, table.Data, test, rows, nil
}

// leftOut is how a note about a column begins.
func leftOut(note string) string {
	begin, _, _ := strings.Cut(note, " is left out:")
	return begin + " is left out:"
}

// benchOutput is what --json prints.
type benchOutput struct {
	Label    string        `json:"label"`
	Positive string        `json:"positive"`
	Negative []string      `json:"negative"`
	HeldOut  bool          `json:"held_out"` // the test rows are a fifth of the table's
	Columns  []benchColumn `json:"columns"`
	*tablebench.Result
}

type benchColumn struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Levels int    `json:"levels,omitempty"`
}

func (a *app) printBench(out *benchOutput, b *learnBench) {
	categories := 0
	for _, c := range out.Columns {
		if c.Kind == "category" {
			categories++
		}
	}
	fmt.Fprintf(a.stdout, "Positive: %s = %s; others: %s. Columns: %d of numbers, %d of categories.\n", out.Label, out.Positive,
		strings.Join(out.Negative, ", "), len(out.Columns)-categories, categories)
	how := "from " + b.test
	if out.HeldOut {
		how = fmt.Sprintf("a fifth of the table, drawn by label with seed %d", out.Seed)
	}
	fmt.Fprintf(a.stdout, "Learned from %s, %s positive; judged on %s, %s positive (%s).\n\n", rowsText(int64(out.TrainRows)), percent(out.TrainPositive, out.TrainRows),
		rowsText(int64(out.TestRows)), percent(out.TestPositive, out.TestRows), how)
	var rows [][]string
	for k, m := range out.Models {
		if m.Failed != "" {
			rows = append(rows, append([]string{m.Title}, slices.Repeat([]string{"-"}, 11)...))
			continue
		}
		p := figure(m.P, "%.4f")
		if m.P < .0001 {
			p = "<.0001"
		}
		from := figure(-m.FromBest, "%.4f")
		if m.FromBest < .00005 {
			from = "0.0000"
		}
		if k == out.Best {
			from, p = "best", ""
		}
		rows = append(rows, []string{m.Title, fmt.Sprintf("%.4f (%.4f-%.4f)", m.AUC, m.AUCLow, m.AUCHigh), figure(m.AveragePrecision, "%.4f"), figure(m.LogLoss, "%.4f"),
			figure(m.Brier, "%.4f"), figure(m.ECE, "%.4f"), figure(m.Accuracy, "%.4f"), figure(m.F1, "%.4f"), figure(m.FitSeconds, "%.2f"), figure(m.PredictSeconds, "%.2f"), from, p})
	}
	a.printTable([]string{"model", "AUC (95% interval)", "AP", "log-loss", "Brier", "ECE", "accuracy", "F1", "fit s", "predict s", "from best", "p (Holm)"}, rows, 1)
	fmt.Fprintln(a.stdout)
	for _, s := range out.Verdict {
		fmt.Fprintln(a.stdout, s)
	}
	fmt.Fprintf(a.stdout, "\nAP is average precision; ECE the expected calibration error over %d bins; accuracy is at a threshold of .5, F1 at the one that is best on folds of the training rows.\n",
		tablebench.Bins(out.TestRows))
	if out.Tuned {
		for _, m := range out.Models {
			if len(m.Tried) > 0 {
				fmt.Fprintf(a.stdout, "Tuned, %d settings tried: %s: %s\n", len(m.Tried), m.Title, m.Settings)
			}
		}
	}
	for _, m := range out.Models {
		if m.Failed != "" {
			fmt.Fprintf(a.stdout, "Not fitted: %s: %s\n", m.Title, m.Failed)
		}
	}
	for _, n := range out.Notes {
		fmt.Fprintln(a.stdout, "Note:", n)
	}
	if b.save != "" {
		fmt.Fprintf(a.stdout, "The best model (%s), as fitted to the training rows, is in %s.\n", out.Models[out.Best].Title, b.save)
	}
	if b.predictions != "" {
		fmt.Fprintf(a.stdout, "Its probabilities of the test rows are in %s.\n", b.predictions)
	}
}

// figure writes a number, and a dash for one that is not known.
func figure(v tablebench.Number, format string) string {
	if math.IsNaN(float64(v)) {
		return "-"
	}
	return fmt.Sprintf(format, float64(v))
}

func percent(part, all int) string { return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(all)) }
