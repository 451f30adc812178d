package stream

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKilled kills a process that appends, at many moments, on the same log again and again: every event that it said was acknowledged is there, once
// and in order, and so is none that was not sent.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process many times")
	}
	dir := t.TempDir()
	acked := map[string]uint64{}
	const kills = 25
	total := 0
	for k := range kills {
		child := exec.Command(os.Args[0], "-test.run", "^TestKilledChild$")
		child.Env = append(os.Environ(), "SEGUE_KILLED_LOG="+dir, fmt.Sprintf("SEGUE_KILLED_RUN=%d", k))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		child.Stderr = &said
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		// Killed after so many lines, and then in the midst of whatever it does: the first at once, before it is open.
		stop, lines := k*k/2, 0
		if stop == 0 {
			time.Sleep(20 * time.Millisecond)
			child.Process.Kill()
		}
		for s := bufio.NewScanner(out); s.Scan(); {
			var seq uint64
			var id, end string
			if n, _ := fmt.Sscan(s.Text(), &seq, &id, &end); n != 3 || end != "." { // a line cut short, or of the test's own
				if strings.HasPrefix(s.Text(), "---") || strings.Contains(s.Text(), "kill_test.go") {
					t.Fatalf("the child fails: %s\n%s", s.Text(), &said)
				}
				continue
			}
			if before, ok := acked[id]; ok && before != seq {
				t.Errorf("%s is acknowledged with seq %d, earlier with %d", id, seq, before)
			}
			acked[id] = seq
			if lines++; lines == stop {
				child.Process.Kill()
			}
		}
		child.Wait()
		total += lines

		if k%5 != 4 && k != 0 {
			continue // it is opened by the next child, unseen
		}
		l, err := Open(context.Background(), Config{Dir: dir})
		if err != nil {
			t.Fatalf("after kill %d: %v", k, err)
		}
		next := uint64(1)
		there := map[string]uint64{}
		if err := l.Read(context.Background(), 0, 0, func(events []Stored) error {
			for _, e := range events {
				if e.Seq != next {
					t.Errorf("seq %d, want %d", e.Seq, next)
				}
				next = e.Seq + 1
				if before, ok := there[e.ID]; ok {
					t.Errorf("%s is there twice: seq %d and %d", e.ID, before, e.Seq)
				}
				there[e.ID] = e.Seq
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for id, seq := range acked {
			if there[id] != seq {
				t.Errorf("after kill %d: %s was acknowledged with seq %d and is at %d", k, id, seq, there[id])
			}
		}
		for id, seq := range there { // whatever is there is found again
			if seqs, err := l.Append(context.Background(), clicks(id)); err != nil || seqs[0] != seq {
				t.Errorf("%s again: %v, %v; want %d", id, seqs, err, seq)
			}
		}
		if err := l.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if total < 1000 {
		t.Errorf("only %d acknowledgements: the test shows little", total)
	}
	t.Logf("%d kills, %d acknowledged events", kills, len(acked))
}

// TestKilledChild is the process that TestKilled starts: four callers append singles and batches, among them what earlier runs sent.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv("SEGUE_KILLED_LOG")
	if dir == "" {
		t.Skip("only TestKilled starts it")
	}
	l, err := Open(context.Background(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var run int
	fmt.Sscan(os.Getenv("SEGUE_KILLED_RUN"), &run)
	var mu sync.Mutex
	var all sync.WaitGroup
	for c := range 4 {
		all.Go(func() {
			for k := 0; k < 2000; k++ {
				var events []Event
				for n := range 1 + 7*(c%2) {
					events = append(events, click(fmt.Sprintf("%d/%d/%d/%d", run-k%3%(run+1), c, k, n))) // every third is of an earlier run
				}
				seqs, err := l.Append(context.Background(), events)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for n := range seqs {
					fmt.Println(seqs[n], events[n].ID, ".")
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
}
