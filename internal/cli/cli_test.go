package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// run is one command line with its exit code.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "impression_data.csv")
	header := "detailMlogInfoList,dt,impressPosition,impressTime,isClick,isComment,isIntoPersonalHomepage,isShare,isViewComment,isLike,mlogId,mlogViewTime,userId\n"
	if err := os.WriteFile(log, []byte(header+strings.Repeat("NA,1,1,never,0,0,0,0,0,0,c1,NA,u1\n", 11)), 0o644); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(dir, "x.duckdb")
	for _, c := range []struct {
		args string
		code int
		want string // on standard error, or on standard output of what is done
	}{
		{"version", exitDone, "DuckDB"},
		{"--version", exitDone, "segue 0."},
		{"help ingest", exitDone, "segue ingest PATH..."},
		{"completion zsh", exitDone, "compdef"},
		{"analyze --list", exitDone, "use-by-hour"},
		{"analyze --list --json", exitDone, `"id": "use-by-hour"`},
		{"report --db " + db, exitFailed, "there is no such database"},
		{"ingest gone --db " + db, exitFailed, "there is no such file or directory"},
		{"ingest " + log + " --db " + dir, exitFailed, "this is a directory"},
		{"ingest " + log + " --db " + db, exitRejected, "11 of 11 rows could not be read, 10 are allowed"},
		{"ingest " + log + " --max-rejects 200% --db " + db, exitUsage, "write it like 0.1% or 0.001"},
		{"ingest " + log + " --max-rejects NaN --db " + db, exitUsage, "is not a share"},
		{"ingest " + log + " --db=", exitUsage, "--db is empty"},
		{"check --threads 100000 --db " + db, exitUsage, "from 1 to 1024"},
		{"simulate --threads -1 --out " + dir, exitUsage, "--threads -1"},
		{"analyze --only nonsense --db " + db, exitUsage, "segue analyze --list"},
		{"help nonsense", exitUsage, `there is no command "nonsense"`},
		{"help ingest nonsense", exitUsage, `there is no command "nonsense"`},
		{"completion", exitUsage, "bash, zsh, fish or powershell"},
		{"completion tcsh", exitUsage, "tcsh"},
		{"completion bash more", exitUsage, "more"},
		{"nonsense", exitUsage, "there is no command"},
		{"sql --db " + db, exitUsage, "sql needs a query"},
	} {
		code, stdout, stderr := run(t, strings.Fields(c.args)...)
		said := stderr
		if c.code == exitDone {
			said = stdout
		}
		if code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("segue %s: exit code %d, want %d and %q in\n%s", c.args, code, c.code, c.want, said)
		}
	}
}

func TestEveryCommandHasExamples(t *testing.T) {
	for _, args := range [][]string{
		{}, {"demo"}, {"simulate"}, {"ingest"}, {"check"}, {"analyze"}, {"report"}, {"sql"}, {"version"}, {"help"}, {"completion"}, {"completion", "bash"},
		{"completion", "fish"}, {"completion", "powershell"}, {"completion", "zsh"},
	} {
		if code, stdout, _ := run(t, append(args, "--help")...); code != exitDone || !strings.Contains(stdout, "Examples:\n  ") {
			t.Errorf("segue %s --help: exit code %d and no examples in\n%s", strings.Join(args, " "), code, stdout)
		}
	}
}

// Examples can be pasted as they stand: what is beside a command is a comment, and the command takes the flags and arguments that it is given.
func TestExamplesCanBePasted(t *testing.T) {
	seen := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, line := range strings.Split(cmd.Example, "\n") {
			line, _, _ = strings.Cut(line, " # ")
			line, _, _ = strings.Cut(line, " | ")
			line, _, _ = strings.Cut(line, " > ")
			words, ok := strings.CutPrefix(strings.TrimSpace(line), "segue ")
			if !ok {
				continue
			}
			if at := strings.Index(words, `"`); at >= 0 { // a shell's word
				words = words[:at] + "word" + words[strings.LastIndex(words, `"`)+1:]
			}
			seen++
			sub, args, err := (&app{}).command().Find(strings.Fields(words))
			if err == nil {
				err = sub.ParseFlags(args)
			}
			if err == nil {
				err = sub.ValidateArgs(sub.Flags().Args())
			}
			if err != nil || strings.Contains(words, "  ") {
				t.Errorf("%s --help shows %q: %v", cmd.CommandPath(), line, err)
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk((&app{}).command())
	if seen < 40 {
		t.Errorf("%d examples: the test looks at nothing", seen)
	}
}

// A query that is awaited from standard input does not keep Ctrl-C waiting.
func TestInterruptWhileAQueryIsAwaited(t *testing.T) {
	silent, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int)
	go func() { code <- Run(ctx, []string{"sql"}, silent, io.Discard, io.Discard) }()
	cancel()
	select {
	case got := <-code:
		if got != exitFailed {
			t.Errorf("exit code %d, want %d", got, exitFailed)
		}
	case <-time.After(5 * time.Second):
		t.Error("it still waits for a query")
	}
}

func TestFloatText(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1e6: "1000000", 1234567.5: "1234567.5", 0.000012: "0.000012", 1e-7: "1e-07", 1e20: "1e+20", -0.5: "-0.5"} {
		if got := floatText(v); got != want {
			t.Errorf("floatText(%v) = %q, want %q", v, got, want)
		}
	}
}
