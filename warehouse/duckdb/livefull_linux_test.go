package duckdb

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// TestLiveDiskFull runs a process that may write no file beyond a size, as on a disk that is full: the batch that finds no room is in by no part, questions are
// answered meanwhile, and once there is room the batch goes in without a restart. So it is when the engine meets the full disk while it brings its write-ahead log
// into the database, after which it answers nothing until it is opened anew.
func TestLiveDiskFull(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run", "^TestLiveDiskFullChild$", "-test.v")
	child.Env = append(os.Environ(), "SEGUE_FULL_LIVE="+t.TempDir())
	var said bytes.Buffer
	child.Stdout, child.Stderr = &said, &said
	if err := child.Run(); err != nil || !bytes.Contains(said.Bytes(), []byte("--- PASS: TestLiveDiskFullChild")) {
		t.Fatalf("%v\n%s", err, &said)
	}
	t.Log(said.String())
}

func TestLiveDiskFullChild(t *testing.T) {
	dir := os.Getenv("SEGUE_FULL_LIVE")
	if dir == "" {
		t.Skip("only TestLiveDiskFull starts it")
	}
	signal.Ignore(syscall.SIGXFSZ)
	ctx := context.Background()
	e, err := Open(ctx, filepath.Join(dir, "full.duckdb"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	limit := func(bytes uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: math.MaxUint64}); err != nil {
			t.Fatal(err)
		}
	}
	seq := uint64(0)
	batch := func() warehouse.LiveBatch {
		var b warehouse.LiveBatch
		for k := range 2000 {
			seq++
			b.Rows = append(b.Rows, warehouse.LiveRow{Seq: seq, Kind: warehouse.LiveImpression, AtMS: 1_700_000_000_000 + int64(seq), User: fmt.Sprint("user ", k%500), Card: fmt.Sprint("card ", seq), Slot: -1})
		}
		return b
	}
	if err := e.AppendLive(ctx, warehouse.LiveBatches(batch())); err != nil {
		t.Fatal(err)
	}
	check := func(want uint64) {
		t.Helper()
		offset, err := e.LiveOffset(ctx)
		if err != nil || offset != want {
			t.Errorf("offset %d, %v; want %d", offset, err, want)
		}
		c, err := e.Describe(ctx)
		if err != nil || uint64(c.Impressions) != want {
			t.Errorf("%d impressions, %v; want %d", c.Impressions, err, want)
		}
	}
	for _, checkpoint := range []bool{false, true} {
		limit(3_000_000)
		in, failed := seq, error(nil)
		var refused warehouse.LiveBatch
		for n := 0; n < 100 && failed == nil; n++ {
			refused = batch()
			if failed = e.AppendLive(ctx, warehouse.LiveBatches(refused)); failed == nil {
				in = seq
			}
		}
		if failed == nil {
			t.Fatal("no batch was refused")
		}
		t.Logf("after %d events: %v", in, failed)
		if checkpoint {
			limit(100_000)
			if _, err := e.db().ExecContext(ctx, "checkpoint"); err == nil || !strings.Contains(err.Error(), "FATAL") {
				t.Fatalf("a checkpoint without room: %v", err)
			}
			if err := e.AppendLive(ctx, warehouse.LiveBatches(refused)); err == nil {
				t.Error("a full disk takes the batch after the checkpoint that failed")
			}
		}
		check(in)
		if err := e.AppendLive(ctx, warehouse.LiveBatches(refused)); err == nil {
			t.Error("a full disk takes the batch the second time")
		}
		limit(math.MaxUint64)
		if err := e.AppendLive(ctx, warehouse.LiveBatches(refused)); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		check(seq)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if e, err = Open(ctx, e.path, Config{}); err != nil {
		t.Fatal(err)
	}
	check(seq)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
