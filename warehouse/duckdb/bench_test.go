package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/logfiles"
	"github.com/seguefeed/segue/warehouse"
)

// inputsOf names the files of a log for a load.
func inputsOf(tb testing.TB, paths ...string) []warehouse.Input {
	tb.Helper()
	files, err := logfiles.Find(paths, logfiles.Reference, nil)
	if err != nil {
		tb.Fatal(err)
	}
	var inputs []warehouse.Input
	for _, f := range files {
		inputs = append(inputs, warehouse.Input{Table: f.Table, Name: f.Name, Bytes: f.Bytes, Open: f.Open})
	}
	return inputs
}

// logToLoad is the log that the benchmarks load: SEGUE_BENCH_LOG names its directory.
func logToLoad(b *testing.B) string {
	dir := os.Getenv("SEGUE_BENCH_LOG")
	if dir == "" {
		b.Skip("SEGUE_BENCH_LOG names no log; `segue simulate --users N --out DIR` makes one")
	}
	return dir
}

// BenchmarkLoad loads a log into a new database, once an iteration. SEGUE_BENCH_STEPS=1 prints how long each step took.
func BenchmarkLoad(b *testing.B) {
	dir := logToLoad(b)
	ctx := context.Background()
	for b.Loop() {
		e, err := Open(ctx, filepath.Join(b.TempDir(), "bench.duckdb"), Config{})
		if err != nil {
			b.Fatal(err)
		}
		report, err := e.Load(ctx, inputsOf(b, dir), warehouse.LoadOptions{Progress: timeline(os.Getenv("SEGUE_BENCH_STEPS") != "")})
		if err != nil {
			b.Fatal(err)
		}
		for _, t := range report.Tables {
			b.ReportMetric(float64(t.Rows), t.Table.String()+"_rows")
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadCSV is what BenchmarkLoad is held against: the engine's own reader makes the same columns, as plain text and
// integers, from the same files, with the same bounds on memory and threads.
func BenchmarkReadCSV(b *testing.B) {
	dir := logToLoad(b)
	for b.Loop() {
		db, err := sql.Open("duckdb", filepath.Join(b.TempDir(), "plain.duckdb")+"?memory_limit=2000MB&threads="+fmt.Sprint(runtime.NumCPU()))
		if err != nil {
			b.Fatal(err)
		}
		for _, t := range feedlog.Tables {
			file := filepath.Join(dir, t.String()+".csv")
			if _, err := db.Exec(fmt.Sprintf("create table %s as select * from read_csv('%s', header = true, nullstr = ['NA', ''], max_line_size = 10000000)", t, file)); err != nil {
				b.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
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

// BenchmarkAppendLive appends batches of events to a database that holds a log: a tenth of the events are clicks, the rest impressions of random users and cards of the log, in
// the order of time after its end.
func BenchmarkAppendLive(b *testing.B) {
	e := openWith(b, inputsOf(b, logToLoad(b)))
	ctx := context.Background()
	users, err := e.UserKeys(ctx)
	if err != nil {
		b.Fatal(err)
	}
	cards, err := e.CardKeys(ctx)
	if err != nil {
		b.Fatal(err)
	}
	c, err := e.Describe(ctx)
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	seq, at := uint64(0), c.LastDay.AddDate(0, 0, 1).UnixMilli()
	for _, size := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("events=%d/impressions=%d", size, c.Impressions), func(b *testing.B) {
			for b.Loop() {
				rows := make([]warehouse.LiveRow, size)
				for i := range rows {
					seq++
					at += 20
					if rows[i] = (warehouse.LiveRow{Seq: seq, Kind: warehouse.LiveImpression, AtMS: at, User: users[r.IntN(len(users))], Card: cards[r.IntN(len(cards))], Request: fmt.Sprint(seq)}); i%10 == 9 {
						seen := rows[i-1]
						seen.Seq, seen.Kind, seen.AtMS = seq, warehouse.LiveClick, at
						rows[i] = seen
					}
				}
				if err := e.AppendLive(ctx, warehouse.LiveBatches(warehouse.LiveBatch{Rows: rows})); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
