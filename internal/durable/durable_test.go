package durable

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	has := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
		if files, _ := os.ReadDir(dir); len(files) != 1 {
			t.Errorf("%v stand there; one file is expected", files)
		}
	}
	if err := Write(path, 0o600, []byte("a long one")); err != nil {
		t.Fatal(err)
	}
	has("a long one")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v: nobody else was to read it", info.Mode(), err)
	}
	// What a crash left is no part of the next file.
	if err := os.WriteFile(path+".new", []byte("something longer than all others"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, 0o600, []byte("two")); err != nil {
		t.Fatal(err)
	}
	has("two")
	broken := errors.New("broken")
	if err := Replace(path, 0o600, func(w *os.File) error {
		_, _ = w.Write([]byte("half of"))
		return broken
	}); !errors.Is(err, broken) {
		t.Errorf("%v; what was written with is expected", err)
	}
	has("two")
	if err := Write(filepath.Join(dir, "nowhere", "file"), 0o600, nil); err == nil {
		t.Error("in a folder that is not there: no error")
	}
	has("two")
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Lock(path); err == nil {
		again.Close()
		t.Error("it is locked twice")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = Lock(path); err != nil {
		t.Fatalf("after it was given up: %v", err)
	}
	f.Close()
}
