package duckdb

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/seguefeed/segue/village"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// TestLoadThatIsKilled kills a process in the middle of a load, at a dozen moments from its start to after its end: the database
// that is left holds the load or does not, and nothing between.
func TestLoadThatIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process a dozen times")
	}
	ctx := context.Background()
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	if _, err := village.Write(ctx, log, village.Config{Users: 4000, Seed: 5}); err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(dir, "base.duckdb")
	e, err := Open(ctx, base, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Load(ctx, warehousetest.Fixture(), warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	before := impressionsOf(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}

	load := func(path string, kill time.Duration) time.Duration {
		if err := os.WriteFile(path, image, 0o644); err != nil {
			t.Fatal(err)
		}
		child := exec.Command(os.Args[0], "-test.run", "^TestKilledChild$")
		child.Env = append(os.Environ(), "SEGUE_KILLED_DB="+path, "SEGUE_KILLED_LOG="+log)
		var said bytes.Buffer
		child.Stdout, child.Stderr = &said, &said
		begun := time.Now()
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if kill > 0 {
			time.AfterFunc(kill, func() { child.Process.Kill() })
		}
		err := child.Wait()
		if kill == 0 && err != nil {
			t.Fatalf("the load that nobody killed: %v\n%s", err, &said)
		}
		return time.Since(begun)
	}
	whole := load(filepath.Join(dir, "whole.duckdb"), 0)
	after := impressionsAt(t, filepath.Join(dir, "whole.duckdb"))
	if after <= before {
		t.Fatalf("a whole load leaves %d impressions, there were %d before", after, before)
	}
	outcomes := map[int64]int{}
	const moments = 12
	for i := range moments {
		path := filepath.Join(dir, "killed.duckdb")
		os.Remove(path + ".wal")
		load(path, whole*time.Duration(i+1)/moments)
		n := impressionsAt(t, path)
		if n != before && n != after {
			t.Errorf("killed after %d of %d: %d impressions, want %d or %d", i+1, moments, n, before, after)
		}
		outcomes[n]++
	}
	if outcomes[before] == 0 {
		t.Error("no kill came before the end of the load: the test shows nothing")
	}
	t.Logf("%d kills left the old database, %d the new one", outcomes[before], outcomes[after])
}

// TestKilledChild is the process that TestLoadThatIsKilled starts.
func TestKilledChild(t *testing.T) {
	path := os.Getenv("SEGUE_KILLED_DB")
	if path == "" {
		t.Skip("only TestLoadThatIsKilled starts it")
	}
	e, err := Open(context.Background(), path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Load(context.Background(), inputsOf(t, os.Getenv("SEGUE_KILLED_LOG")), warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func impressionsAt(t *testing.T, path string) int64 {
	t.Helper()
	e, err := Open(context.Background(), path, Config{})
	if err != nil {
		t.Fatalf("after a kill: %v", err)
	}
	defer e.Close()
	return impressionsOf(t, e)
}

// impressionsOf counts the impressions, and makes sure that what is derived from them fits.
func impressionsOf(t *testing.T, e *Engine) int64 {
	t.Helper()
	ctx := context.Background()
	c, err := e.Describe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	days, err := e.UseByDay(ctx)
	if err != nil {
		t.Fatal(err)
	}
	users, err := e.UserTriples(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var byDay, byUser int64
	for _, d := range days {
		byDay += d.Impressions
	}
	for _, u := range users {
		byUser += u.Impressions * u.Users
	}
	if byDay != c.Impressions || byUser != c.Impressions {
		t.Errorf("%d impressions, %d by day, %d by user", c.Impressions, byDay, byUser)
	}
	return c.Impressions
}
