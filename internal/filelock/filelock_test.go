package filelock

import (
	"path/filepath"
	"testing"
)

// Two cannot have a lock, one after the other can, and files of other names are other locks.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := Lock(path); err == nil {
		second.Close()
		t.Error("two have the lock")
	}
	other, err := Lock(path + ".other")
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(path)
	if err != nil {
		t.Fatalf("the lock was given back: %v", err)
	}
	again.Close()
	if _, err := Lock(filepath.Join(path, "no folder", "lock")); err == nil {
		t.Error("there is no such folder")
	}
}
