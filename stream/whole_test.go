package stream

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A file that was found whole is not read again by a start, unless its size or its time is another; damage that changes neither is told by who reads it. What was
// found while the log was in use counts as what a start found, and a list that cannot be read is made anew.
func TestWholeFiles(t *testing.T) {
	ctx := t.Context()
	cfg, paths := damageLog(t)
	list := filepath.Join(cfg.Dir, DefaultName+".whole.json")
	open := func() error {
		l, err := Open(ctx, cfg)
		if err == nil {
			_, err = read(l, 0, 0)
			closed(t, l)
		}
		return err
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	w := readWhole(list)
	if len(w.files) != len(paths)-1 {
		t.Fatalf("%d files are known to be whole; all of %d but the newest are expected", len(w.files), len(paths))
	}
	data, from, to := at(t, paths[0], 3)
	good := append([]byte(nil), data...)
	info, err := os.Stat(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	harm := func(when time.Time) {
		t.Helper()
		data[(from+to)/2] ^= 1
		write(t, paths[0], data)
		data[(from+to)/2] ^= 1
		if err := os.Chtimes(paths[0], when, when); err != nil {
			t.Fatal(err)
		}
	}
	harm(info.ModTime())
	l, err := Open(ctx, cfg) // it is not looked at
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(l, 0, 0); !errors.Is(err, ErrDamaged) || len(got) >= 300 || len(got) < 15 {
		t.Fatalf("%d events and %v from a damaged file; those before the damage and ErrDamaged are expected", len(got), err)
	}
	closed(t, l)
	harm(info.ModTime().Add(time.Second))
	if err := open(); !errors.Is(err, ErrDamaged) {
		t.Fatalf("%v; a file that was changed is to be looked at", err)
	}
	write(t, paths[0], good)
	write(t, list, []byte(`{"1.blk":`))
	if err := open(); err != nil {
		t.Fatal(err)
	}

	// while the log is in use
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	w = readWhole(list)
	rests := 0
	if err := w.checkMore(blocksDir(cfg.Dir, DefaultName), DefaultName, func() bool { rests++; return true }); err != nil {
		t.Fatal(err)
	}
	again := readWhole(list)
	if len(again.files) != len(paths)-2 || rests != len(paths)-2 {
		t.Fatalf("%d of %d files are known, after %d rests; all but the newest two are expected", len(again.files), len(paths), rests)
	}
	if err := w.checkMore(blocksDir(cfg.Dir, DefaultName), DefaultName, func() bool { t.Error("a file is checked twice"); return true }); err != nil {
		t.Fatal(err)
	}
}
