// Package durable writes files that a crash leaves old or new, and holds folders that one process is to have for itself.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace puts what write writes in the place of the file at path, or at a path where there is none. A crash at any moment leaves the old file or the new one, and
// what it returned for stays also when the power goes. Beside it stands path + ".new" meanwhile, and after a crash, until the next time: so one process at a time
// may replace a file.
func Replace(path string, perm fs.FileMode, write func(*os.File) error) (err error) {
	name := path + ".new"
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(name, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return SyncDir(filepath.Dir(path))
}

// Write is Replace with a small file.
func Write(path string, perm fs.FileMode, data []byte) error {
	return Replace(path, perm, func(w *os.File) error {
		_, err := w.Write(data)
		return err
	})
}

// SyncDir makes what was made, renamed and removed in a folder last, where the system can.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, os.ErrInvalid) && !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}
