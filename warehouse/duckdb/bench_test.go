package duckdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seguefeed/segue/internal/logfiles"
	"github.com/seguefeed/segue/warehouse"
)

// inputsOf names the files of a log for a load.
func inputsOf(tb testing.TB, paths ...string) []warehouse.Input {
	tb.Helper()
	files, err := logfiles.Find(paths, logfiles.Reference)
	if err != nil {
		tb.Fatal(err)
	}
	var inputs []warehouse.Input
	for _, f := range files {
		inputs = append(inputs, warehouse.Input{Table: f.Table, Name: f.Name, Bytes: f.Bytes, Open: f.Open})
	}
	return inputs
}

// BenchmarkLoad loads the log in the directory SEGUE_BENCH_LOG, once an iteration, into a new database. SEGUE_BENCH_DB keeps
// the last one.
func BenchmarkLoad(b *testing.B) {
	dir := os.Getenv("SEGUE_BENCH_LOG")
	if dir == "" {
		b.Skip("SEGUE_BENCH_LOG names no log; segue simulate makes one")
	}
	for b.Loop() {
		path := os.Getenv("SEGUE_BENCH_DB")
		if path == "" {
			path = filepath.Join(b.TempDir(), "bench.duckdb")
		}
		os.Remove(path)
		e, err := Open(context.Background(), path, Config{})
		if err != nil {
			b.Fatal(err)
		}
		report, err := e.Load(context.Background(), inputsOf(b, dir), warehouse.LoadOptions{Progress: timeline(os.Getenv("SEGUE_BENCH_STEPS") != "")})
		if err != nil {
			b.Fatal(err)
		}
		for _, t := range report.Tables {
			fmt.Fprintf(os.Stderr, "%-24s %10d rows %6.2f s\n", t.Table, t.Rows, t.Seconds)
		}
		fmt.Fprintf(os.Stderr, "total %.2f s\n", report.Seconds)
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// timeline prints how long each step of a load took.
func timeline(show bool) func(warehouse.LoadProgress) {
	step, begun := "", time.Now()
	return func(p warehouse.LoadProgress) {
		if p.Step == step {
			return
		}
		if show && step != "" {
			fmt.Fprintf(os.Stderr, "%-40s %6.2f s\n", step, time.Since(begun).Seconds())
		}
		step, begun = p.Step, time.Now()
	}
}
