package feed

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func version(t *testing.T, dir, id string, minute int) {
	t.Helper()
	m := Manifest{ID: id, Created: time.Date(2019, 11, 30, 0, minute, 0, 0, time.UTC), Seed: 3}
	if _, err := WriteVersion(dir, m, []Part{{"ranker.bin", text("rank by " + id)}, {"empty", text("")}}); err != nil {
		t.Fatal(err)
	}
}

func TestVersionsComeAndGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "models")
	version(t, dir, "b", 1)
	if _, err := OpenVersion(dir, ""); err == nil || !strings.Contains(err.Error(), "segue recommend train") {
		t.Errorf("without a current version: %v; want an error that says what to do", err)
	}
	version(t, dir, "a", 2)
	for _, id := range []string{"a", "b"} { // there, and back
		if err := Activate(dir, id); err != nil {
			t.Fatal(err)
		}
		v, err := OpenVersion(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		if err := v.Read("ranker.bin", func(r io.Reader) (err error) { got, err = io.ReadAll(r); return err }); err != nil {
			t.Fatal(err)
		}
		if string(got) != "rank by "+id || v.Seed != 3 || !v.Has("empty") {
			t.Errorf("version %s holds %q and seed %d", id, got, v.Seed)
		}
		if err := v.Read("other", func(io.Reader) error { return nil }); err == nil {
			t.Error("a file that is not there: no error")
		}
	}
	all, err := Versions(dir)
	if err != nil || len(all) != 2 || all[0].ID != "b" || all[1].ID != "a" {
		t.Errorf("versions are %v, %v; want b, a by age", all, err)
	}
}

func TestDamageIsSeen(t *testing.T) {
	for name, harm := range map[string]func(folder string) error{
		"another byte": func(f string) error { return os.WriteFile(filepath.Join(f, "ranker.bin"), []byte("rank by c"), 0o644) },
		"cut off":      func(f string) error { return os.Truncate(filepath.Join(f, "ranker.bin"), 3) },
		"gone":         func(f string) error { return os.Remove(filepath.Join(f, "empty")) },
		"manifest": func(f string) error {
			return os.WriteFile(filepath.Join(f, manifestFile), []byte(`{"format":1,`), 0o644)
		},
		"a name that leads out": func(f string) error {
			return os.WriteFile(filepath.Join(f, manifestFile), []byte(`{"format":1,"files":[{"name":"../current"}]}`), 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			version(t, dir, "a", 0)
			if err := Activate(dir, "a"); err != nil {
				t.Fatal(err)
			}
			if err := harm(filepath.Join(dir, "a")); err != nil {
				t.Fatal(err)
			}
			if _, err := OpenVersion(dir, ""); !errors.Is(err, ErrDamaged) {
				t.Errorf("opening gives %v; want ErrDamaged", err)
			}
			if err := Activate(dir, "a"); !errors.Is(err, ErrDamaged) {
				t.Errorf("activating gives %v; want ErrDamaged", err)
			}
		})
	}
}

func TestFailedWritesLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	full := errors.New("the disk is full")
	if _, err := WriteVersion(dir, Manifest{ID: "a"}, []Part{{"x", text("x")}, {"y", func(io.Writer) error { return full }}}); !errors.Is(err, full) {
		t.Errorf("writing gives %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%s is left behind", left[0].Name())
	}
	version(t, dir, "a", 0)
	if _, err := WriteVersion(dir, Manifest{ID: "a"}, nil); err == nil {
		t.Error("a version twice: no error")
	}
	for _, id := range []string{"", "../x", "a/b", ".hidden"} {
		if _, err := WriteVersion(dir, Manifest{ID: id}, nil); err == nil {
			t.Errorf("a version called %q: no error", id)
		}
		if id != "" {
			if _, err := OpenVersion(dir, id); err == nil {
				t.Errorf("opening %q: no error", id)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, currentFile), []byte("../../etc"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVersion(dir, ""); !errors.Is(err, ErrDamaged) {
		t.Errorf("a current file that leads out gives %v", err)
	}
}

func FuzzReadManifest(f *testing.F) {
	f.Add([]byte(`{"format":1,"id":"a","files":[{"name":"x","bytes":1,"sha256":"00"}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "a"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "a", manifestFile), b, 0o644); err != nil {
			t.Fatal(err)
		}
		if v, err := OpenVersion(dir, "a"); err == nil && len(v.Files) > 0 {
			t.Errorf("a version without files was opened: %+v", v.Manifest)
		}
	})
}
