package live

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What is written slowly is what is written at once; when its context ends, the snapshot that is there stays, and nothing beside it.
func TestSaveBeside(t *testing.T) {
	s := told(t)
	quick, slow := filepath.Join(t.TempDir(), "quick"), filepath.Join(t.TempDir(), "slow")
	if err := errors.Join(s.Save(quick), s.SaveBeside(t.Context(), slow)); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(quick, snapshotName))
	if err != nil {
		t.Fatal(err)
	}
	same := func() {
		t.Helper()
		files, _ := os.ReadDir(slow)
		if got, err := os.ReadFile(filepath.Join(slow, snapshotName)); err != nil || !bytes.Equal(got, want) || len(files) != 1 {
			t.Errorf("%v: %d bytes, of %d, in %v", err, len(got), len(want), files)
		}
	}
	same()
	ended, end := context.WithCancel(t.Context())
	end()
	if err := s.SaveBeside(ended, slow); !errors.Is(err, context.Canceled) {
		t.Errorf("told to end it says %v", err)
	}
	same()
}

// A rest is of work that was long enough, brings to the disk what would be much at once, and ends with its context, however long it would be.
func TestPace(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := &pace{ctx: ctx, f: f, began: time.Now().Add(time.Hour)} // no work at all
	if began := p.began; p.rest() != nil || p.began != began {
		t.Error("it rests without having worked")
	}
	for _, size := range []int64{paceDirty - 1, paceDirty, paceDirty + 1, 2 * paceDirty} {
		if _, err := f.Seek(size, 0); err != nil {
			t.Fatal(err)
		}
		p.began = time.Now().Add(-2 * paceLeast)
		if err := p.rest(); err != nil || time.Since(p.began) > time.Hour {
			t.Errorf("after %d bytes: %v", size, err)
		}
		// synced at 32 MiB, and then 32 MiB later
		if want := size / paceDirty * paceDirty; p.dirty != want {
			t.Errorf("after %d bytes %d are on the disk; %d are expected", size, p.dirty, want)
		}
	}
	p.began = time.Now().Add(-100 * 24 * time.Hour) // the rest is not three times as long
	if err := p.rest(); err != nil {
		t.Error(err)
	}
	cancel()
	p.began = time.Now().Add(-time.Hour)
	if err := p.rest(); err != context.Canceled {
		t.Errorf("it ends with %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	p.ctx, p.began = t.Context(), time.Now().Add(-time.Hour)
	if err := p.rest(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("of a file that is closed: %v", err)
	}
}
