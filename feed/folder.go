// Models on disk: one folder a version, with a manifest that says what it was made of and a checksum of every file. The folder of versions
// has a file, current, that names the one in use; making a version current is one rename, and so is going back.

package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

const (
	manifestFile  = "manifest.json"
	currentFile   = "current"
	folderFormat  = 1
	manifestLimit = 16 << 20 // bytes
)

// Manifest says what a version is made of.
type Manifest struct {
	Format  int       `json:"format"`
	ID      string    `json:"id"` // of the version: its folder's name
	Created time.Time `json:"created"`
	Version string    `json:"segue"` // of the program that made it
	Seed    uint64    `json:"seed"`
	Data    DataRange `json:"data"`
	// Settings are those it was trained with, as its maker had them.
	Settings json.RawMessage `json:"settings,omitempty"`
	Metrics  []Metric        `json:"metrics,omitempty"` // on the days of choice
	Gate     Gate            `json:"gate"`
	Files    []File          `json:"files"`
}

// DataRange is what a version learned from.
type DataRange struct {
	From        time.Time `json:"from"`
	To          time.Time `json:"to"` // the last day
	Users       int       `json:"users"`
	Cards       int       `json:"cards"`
	Impressions int64     `json:"impressions"`
	Clicks      int64     `json:"clicks"`
}

// Metric is one number of one method.
type Metric struct {
	Method string  `json:"method"`
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// Gate is what stood between a version and its use.
type Gate struct {
	Passed bool     `json:"passed"`
	Forced bool     `json:"forced"`         // made current although it did not pass
	Why    []string `json:"why,omitempty"`  // a sentence for each comparison
	Lost   []string `json:"lost,omitempty"` // those that were not won
}

// File is one file of a version.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Part is a file that a version is to hold.
type Part struct {
	Name  string
	Write func(io.Writer) error
}

// nameRule is what versions and their files may be called, so that no name leads out of the folder.
var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// ErrDamaged is given for a version whose files are not those that were written.
var ErrDamaged = errors.New("the model is damaged")

// WriteVersion writes a version under dir, which is made where it is missing. The version appears whole or not at all; it is not current yet.
// A version of that id that is there already is an error. The result is the version's own folder.
func WriteVersion(dir string, m Manifest, parts []Part) (folder string, err error) {
	if !nameRule.MatchString(m.ID) {
		return "", fmt.Errorf("feed: a version called %q; letters, digits, dots and dashes are expected", m.ID)
	}
	final := filepath.Join(dir, m.ID)
	if _, err := os.Stat(final); !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("feed: %s is there already, or cannot be seen (%v)", final, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("feed: %w", err)
	}
	tmp, err := os.MkdirTemp(dir, ".writing-*")
	if err != nil {
		return "", fmt.Errorf("feed: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	m.Format, m.Files = folderFormat, nil
	for _, p := range parts {
		if !nameRule.MatchString(p.Name) || p.Name == manifestFile {
			return "", fmt.Errorf("feed: a file called %q cannot be part of a version", p.Name)
		}
		f, err := writeSummed(filepath.Join(tmp, p.Name), p.Write)
		if err != nil {
			return "", fmt.Errorf("feed: write %s: %w", p.Name, err)
		}
		m.Files = append(m.Files, f)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return "", fmt.Errorf("feed: manifest: %w", err)
	}
	if _, err := writeSummed(filepath.Join(tmp, manifestFile), func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err }); err != nil {
		return "", fmt.Errorf("feed: write the manifest: %w", err)
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", fmt.Errorf("feed: %w", err)
	}
	return final, os.Rename(tmp, final)
}

// writeSummed writes a file to the disk and says what was written.
func writeSummed(path string, write func(io.Writer) error) (File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return File{}, err
	}
	sum := sha256.New()
	counted := &countingWriter{w: io.MultiWriter(f, sum)}
	err = write(counted)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return File{}, err
	}
	return File{Name: filepath.Base(path), Bytes: counted.n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// ReadManifest reads the manifest of the version in folder, and no more.
func ReadManifest(folder string) (Manifest, error) {
	var m Manifest
	file := filepath.Join(folder, manifestFile)
	f, err := os.Open(file)
	if err != nil {
		return m, fmt.Errorf("feed: no model here: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, manifestLimit+1))
	if err != nil {
		return m, fmt.Errorf("feed: %w", err)
	}
	if len(text) > manifestLimit {
		return m, fmt.Errorf("feed: %s: longer than %d bytes: %w", file, manifestLimit, ErrDamaged)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("feed: %s: %w: %w", file, ErrDamaged, err)
	}
	if m.Format != folderFormat {
		return m, fmt.Errorf("feed: %s: a model of format %d; this program reads format %d", file, m.Format, folderFormat)
	}
	return m, nil
}

// Version is a version that is open for reading.
type Version struct {
	Manifest
	folder string
}

// OpenVersion opens the version id under dir, "" being the current one, and checks its files: another length or checksum than the manifest's
// gives ErrDamaged.
func OpenVersion(dir, id string) (*Version, error) {
	v, err := findVersion(dir, id)
	if err != nil {
		return nil, err
	}
	for _, f := range v.Files {
		if err := v.verify(f); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// findVersion is OpenVersion without looking at the files.
func findVersion(dir, id string) (*Version, error) {
	if id == "" {
		var err error
		if id, err = Current(dir); err != nil {
			return nil, err
		}
	}
	if !nameRule.MatchString(id) {
		return nil, fmt.Errorf("feed: a version called %q; letters, digits, dots and dashes are expected", id)
	}
	folder := filepath.Join(dir, id)
	m, err := ReadManifest(folder)
	if err != nil {
		return nil, err
	}
	for _, f := range m.Files {
		if !nameRule.MatchString(f.Name) {
			return nil, fmt.Errorf("feed: %s names a file %q: %w", folder, f.Name, ErrDamaged)
		}
	}
	return &Version{m, folder}, nil
}

func (v *Version) verify(want File) error {
	f, err := os.Open(filepath.Join(v.folder, want.Name))
	if err != nil {
		return fmt.Errorf("feed: %w: %w", ErrDamaged, err)
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != want.Bytes || got != want.SHA256 {
		return fmt.Errorf("feed: %s has %d bytes with checksum %.12s, the manifest says %d with %.12s: %w", f.Name(), n, got, want.Bytes, want.SHA256, ErrDamaged)
	}
	return nil
}

// Has says whether the version holds a file.
func (v *Version) Has(name string) bool {
	return slices.ContainsFunc(v.Files, func(f File) bool { return f.Name == name })
}

// Read hands a file of the version to read.
func (v *Version) Read(name string, read func(io.Reader) error) error {
	if !v.Has(name) {
		return fmt.Errorf("feed: model %s holds no file %q", v.ID, name)
	}
	f, err := os.Open(filepath.Join(v.folder, name))
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	defer f.Close()
	if err := read(f); err != nil {
		return fmt.Errorf("feed: %s: %w", f.Name(), err)
	}
	return nil
}

// Current is the id of the version in use under dir.
func Current(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, currentFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("feed: %s has no current model; train one with `segue recommend train`, or name a version", dir)
	}
	if err != nil {
		return "", fmt.Errorf("feed: %w", err)
	}
	id := string(bytes.TrimSpace(text))
	if !nameRule.MatchString(id) {
		return "", fmt.Errorf("feed: %s names no version: %q: %w", filepath.Join(dir, currentFile), id, ErrDamaged)
	}
	return id, nil
}

// Activate makes a version of dir the current one, after checking its files.
func Activate(dir, id string) error {
	if _, err := OpenVersion(dir, id); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".current-*")
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	_, err = f.WriteString(id + "\n")
	if err = errors.Join(err, f.Sync(), f.Chmod(0o644), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("feed: %w", err), os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), filepath.Join(dir, currentFile))
}

// Versions lists the manifests of the versions under dir, oldest first; folders without one are passed over.
func Versions(dir string) ([]Manifest, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	var out []Manifest
	for _, e := range entries {
		if !e.IsDir() || !nameRule.MatchString(e.Name()) {
			continue
		}
		if m, err := ReadManifest(filepath.Join(dir, e.Name())); err == nil {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b Manifest) int { return a.Created.Compare(b.Created) })
	return out, nil
}
