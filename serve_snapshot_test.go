package segue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seguefeed/segue/live"
)

// After so many events a snapshot is taken although its time is far; before, none is.
func TestServeSnapshotAfterEvents(t *testing.T) {
	dir := t.TempDir()
	opt := ServeOptions{Dir: filepath.Join(dir, "serve"), WarehouseEvery: time.Hour, SnapshotEvery: time.Hour, SnapshotEvents: 300, Drain: -1, look: 5 * time.Millisecond}
	v := serve(t, emptyDatabase(t, dir), opt)
	kept := func() uint64 {
		t.Helper()
		state, err := live.Load(filepath.Join(opt.Dir, "state"), live.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return state.Seq()
	}
	for _, sent := range []int{299, 300, 599, 600, 1000} {
		v.send(sent - v.sent)
		if sent%300 == 299 {
			// Some looks later there is still no other snapshot. The wait can hide a fault, never make one up.
			time.Sleep(10 * opt.look)
			if n := kept(); n != uint64(sent/300*300) {
				t.Errorf("after %d events the snapshot has %d", sent, n)
			}
			continue
		}
		v.until(fmt.Sprintf("a snapshot has %d events", sent), func() bool { return kept() == uint64(sent) })
	}
	// One that cannot be taken is no reason to end.
	state := filepath.Join(opt.Dir, "state")
	if err := errors.Join(os.RemoveAll(state), os.WriteFile(state, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	v.send(300)
	time.Sleep(10 * opt.look)
	if code, _ := v.get("/health/ready"); code != 200 {
		t.Errorf("without a place for snapshots readiness is answered %d", code)
	}
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	v.stop()
	if n := kept(); n != 1300 {
		t.Errorf("the snapshot of the end has %d events of 1300", n)
	}
}

// Half a gigabyte that takes 8 s is written every 24 s at most, however many events come; what cannot be written is tried again after a minute, or later where trying takes long.
func TestRestAfter(t *testing.T) {
	failed := errors.New("the disk is full")
	for _, test := range []struct {
		took, want time.Duration
		failed     error
	}{{0, 0, nil}, {8 * time.Second, 16 * time.Second, nil}, {0, time.Minute, failed}, {30 * time.Second, time.Minute, failed}, {32 * time.Second, 64 * time.Second, failed}} {
		if got := restAfter(test.took, test.failed); got != test.want {
			t.Errorf("after %v (%v) it rests for %v; %v are expected", test.took, test.failed, got, test.want)
		}
	}
}
