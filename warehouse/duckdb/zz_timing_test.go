package duckdb

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestTiming(t *testing.T) {
	p := os.Getenv("SEGUE_TIMING_DB")
	if p == "" {
		t.Skip()
	}
	ctx := context.Background()
	e, err := Open(ctx, p, Config{ReadOnly: true, MemoryMB: 3500, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	c, err := e.Describe(ctx)
	fmt.Printf("%+v %v\n", c, err)
	run := func(name string, f func() (int, error)) {
		for range 2 {
			s := time.Now()
			n, err := f()
			fmt.Printf("%-20s %6d rows %8.3f s %v\n", name, n, time.Since(s).Seconds(), err)
		}
	}
	run("byday", func() (int, error) { r, err := e.UseByDay(ctx); return len(r), err })
	run("byhour", func() (int, error) { r, err := e.UseByHour(ctx); return len(r), err })
	run("usersbyhour", func() (int, error) { r, err := e.UsersByHour(ctx); return len(r), err })
	run("sizes", func() (int, error) { r, err := e.SessionSizes(ctx); return len(r), err })
	run("sessionsbyhour", func() (int, error) { r, err := e.SessionsByHour(ctx); return len(r), err })
	run("pairs", func() (int, error) { r, err := e.UserPairs(ctx); return len(r), err })
	run("windows 1", func() (int, error) { r, err := e.WindowPairs(ctx, 1); return len(r), err })
	run("windows 7", func() (int, error) { r, err := e.WindowPairs(ctx, 7); return len(r), err })
	run("windows 15", func() (int, error) { r, err := e.WindowPairs(ctx, 15); return len(r), err })
	run("level", func() (int, error) { r, err := e.UseByLevel(ctx, .023); return len(r), err })
	run("top", func() (int, error) { r, err := e.TopClickers(ctx, 10); fmt.Println(r); return len(r), err })
	run("daysactive", func() (int, error) { r, err := e.UsersByDaysActive(ctx); return len(r), err })
	run("returns", func() (int, error) { r, err := e.Returns(ctx); return len(r), err })
	run("retention", func() (int, error) { r, err := e.Retention(ctx); return len(r), err })
	split := c.FirstDay.AddDate(0, 0, 10)
	run("splitpairs", func() (int, error) { r, err := e.SplitPairs(ctx, split); return len(r), err })
	run("twice", func() (int, error) { r, err := e.ActiveTwice(ctx, split, .02, .02); fmt.Println(r); return len(r), err })
}
