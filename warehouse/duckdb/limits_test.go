package duckdb

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// More ids than the dictionary can tell apart fail the load; none is mixed up with another, and nothing panics.
func TestTooManyIDs(t *testing.T) {
	maxArena = 40
	defer func() { maxArena = math.MaxUint32 }()
	ctx := context.Background()
	e := open(t)
	users := "userId,province,age,gender,registeredMonthCnt,followCnt,level\n"
	for i := range 9 { // 9 of 5 bytes are 45
		users += fmt.Sprintf("user%d,,,,,,\n", i)
	}
	in := []warehouse.Input{warehousetest.Input(feedlog.Users, "users.csv", users)}
	if _, err := e.Load(ctx, in, warehouse.LoadOptions{}); err == nil || !strings.Contains(err.Error(), "too many for one database") {
		t.Errorf("45 bytes of ids where 40 are allowed: %v", err)
	}
	c, err := e.Describe(ctx)
	if err != nil || c.Users != 0 {
		t.Errorf("%d users were kept (%v)", c.Users, err)
	}
}

// A log that is not grouped by user is sorted; a cancellation meanwhile does not wait for the end of it.
func TestCancelWhileSorting(t *testing.T) {
	const rows = 300_000
	var b strings.Builder
	b.WriteString(warehousetest.FixtureHeader)
	for i := range rows { // the users take turns
		fmt.Fprintf(&b, "NA,1,1,%d,0,0,0,0,0,0,c%d,NA,u%d\n", 1572566400000+i, i%50, i%1000)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e, err := Open(ctx, filepath.Join(t.TempDir(), "sort.duckdb"), Config{MemoryMB: 500})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	cancelled := false
	_, err = e.Load(ctx, []warehouse.Input{warehousetest.Input(feedlog.Impressions, "impressions.csv", b.String())}, warehouse.LoadOptions{
		Progress: func(p warehouse.LoadProgress) {
			if p.Step == "sort by user" {
				cancelled = true
				cancel()
			}
		},
	})
	if err == nil || !cancelled {
		t.Fatalf("the load was not cancelled while it sorted: %v", err)
	}
	if files, _ := filepath.Glob(e.path + ".tmp/stages/*"); len(files) > 0 {
		t.Errorf("%v are left", files)
	}
}

// Whatever a load says, the database agrees: cancelled at any of its steps, also while it commits, it has failed and left nothing, or is in.
func TestCancelAtEveryStep(t *testing.T) {
	var steps []string
	load := func(cancelAt string) (string, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		path := filepath.Join(t.TempDir(), "steps.duckdb")
		e, err := Open(ctx, path, Config{MemoryMB: 500})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Load(ctx, warehousetest.Fixture(), warehouse.LoadOptions{Progress: func(p warehouse.LoadProgress) {
			if cancelAt == "" && !slices.Contains(steps, p.Step) {
				steps = append(steps, p.Step)
			}
			if p.Step == cancelAt {
				cancel()
				time.Sleep(20 * time.Millisecond) // lets what waits for the end of ctx run
			}
		}})
		if closing := e.Close(); closing != nil {
			t.Fatal(closing)
		}
		return path, err
	}
	if _, err := load(""); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(steps, "commit") || !slices.Contains(steps, "checkpoint") {
		t.Fatalf("steps %q", steps)
	}
	for _, step := range steps {
		path, err := load(step)
		_, missing := os.Stat(path)
		switch {
		case err != nil && missing == nil:
			t.Errorf("cancelled at %q it says %v and has left a database", step, err)
		case err == nil && missing != nil:
			t.Errorf("cancelled at %q it says nothing and has left no database", step)
		case err == nil:
			if n := impressionsAt(t, path); n != 13 {
				t.Errorf("cancelled at %q: %d impressions, want 13", step, n)
			}
		}
	}
}

// A load that is committing when it is cancelled is in, and says so.
func TestCancelDuringCommit(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var b strings.Builder
	b.WriteString(warehousetest.FixtureHeader)
	for i := range 400_000 {
		fmt.Fprintf(&b, "NA,1,1,%d,0,0,0,0,0,0,c%d,NA,u%d\n", 1572566400000+i, i%50, i/100)
	}
	path := filepath.Join(t.TempDir(), "commit.duckdb")
	e, err := Open(ctx, path, Config{MemoryMB: 500})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Load(ctx, []warehouse.Input{warehousetest.Input(feedlog.Impressions, "impressions.csv", b.String())}, warehouse.LoadOptions{
		Progress: func(p warehouse.LoadProgress) {
			if p.Step == "commit" {
				time.AfterFunc(5*time.Millisecond, cancel)
			}
		},
	})
	if closing := e.Close(); closing != nil {
		t.Fatal(closing)
	}
	if err != nil {
		t.Fatalf("a load that was committing: %v", err)
	}
	if n := impressionsAt(t, path); n != 400_000 {
		t.Errorf("%d impressions, want 400,000", n)
	}
}
