package duckdb

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// killedUsers is the size of the village of the test below, in both of its processes.
const killedUsers = 300

// TestLiveThatIsKilled kills a process that appends live events, at moments from its first batch to its last: every batch that was acknowledged is in, no batch is
// in by halves, and when the log is sent on from the offset, beginning a little earlier, every event counts once.
func TestLiveThatIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process several times")
	}
	v := cutVillage(t, killedUsers)
	rows := warehousetest.LiveRowsOf(v.later)
	base := openWith(t, v.rest, impressionsInput("early.csv", v.early))
	if err := base.Close(); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(base.path)
	if err != nil {
		t.Fatal(err)
	}
	whole := openWith(t, v.rest, impressionsInput("early.csv", v.early))
	appendAll(t, whole, rows, 500)

	// run starts the process on a copy of the database and kills it a while after its first batch; it returns the last offset that was acknowledged.
	run := func(path string, after time.Duration) (acknowledged uint64, took time.Duration) {
		if err := os.WriteFile(path, image, 0o644); err != nil {
			t.Fatal(err)
		}
		child := exec.Command(os.Args[0], "-test.run", "^TestLiveKilledChild$")
		child.Env = append(os.Environ(), "SEGUE_KILLED_LIVE="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		defer child.Wait()
		var begun time.Time
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var seq uint64
			if n, _ := fmt.Sscanf(lines.Text(), "in up to %d", &seq); n == 0 {
				continue
			}
			if begun.IsZero() {
				begun = time.Now()
				if after > 0 {
					time.AfterFunc(after, func() { child.Process.Kill() })
				}
			}
			acknowledged, took = seq, time.Since(begun)
		}
		return acknowledged, took
	}
	dir := t.TempDir()
	last, took := run(filepath.Join(dir, "whole.duckdb"), 0)
	if last != uint64(len(rows)) {
		t.Fatalf("the process that nobody killed has acknowledged %d of %d", last, len(rows))
	}
	const moments = 5
	between := 0
	for i := range moments {
		path := filepath.Join(dir, fmt.Sprintf("killed%d.duckdb", i))
		acknowledged, _ := run(path, took*time.Duration(2*i+1)/(2*moments))
		e, err := Open(context.Background(), path, Config{})
		if err != nil {
			t.Fatalf("after a kill: %v", err)
		}
		t.Cleanup(func() { e.Close() })
		impressionsOf(t, e)
		offset, err := e.LiveOffset(t.Context())
		if err != nil || offset < acknowledged {
			t.Errorf("offset %d, %v, and %d was acknowledged", offset, err, acknowledged)
		}
		if offset < last {
			between++
		}
		partly := openWith(t, v.rest, impressionsInput("early.csv", v.early))
		appendAll(t, partly, rows[:offset], 700)
		compare(t, partly, e)
		appendAll(t, e, rows[max(0, int(offset)-100):], 500)
		compare(t, whole, e)
	}
	if between == 0 {
		t.Error("no kill came before the end: the test shows nothing")
	}
	t.Logf("%d of %d kills came before the end", between, moments)
}

// TestLiveKilledChild is the process that TestLiveThatIsKilled starts.
func TestLiveKilledChild(t *testing.T) {
	path := os.Getenv("SEGUE_KILLED_LIVE")
	if path == "" {
		t.Skip("only TestLiveThatIsKilled starts it")
	}
	rows := warehousetest.LiveRowsOf(cutVillage(t, killedUsers).later)
	e, err := Open(context.Background(), path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	for len(rows) > 0 {
		n := min(len(rows), 60)
		if err := e.AppendLive(context.Background(), warehouse.LiveBatches(warehouse.LiveBatch{Rows: rows[:n]})); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("in up to %d\n", rows[n-1].Seq)
		rows = rows[n:]
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
