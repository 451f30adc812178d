// Package logfiles finds and opens the files of a log: in a directory, in the distribution's zip, or named
// one by one; plain, .gz or .zst. Nothing is unpacked to disk.
package logfiles

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/seguefeed/segue/feedlog"
)

// File is one file of a log.
type File struct {
	Table feedlog.Table
	Name  string // as messages print it; of a file in a zip, "log.zip/csv_data/impression_data.csv"
	Bytes int64  // as stored

	open func() (io.ReadCloser, error)
	kind string // ".gz", ".zst" or ""
}

// Match says which table a file of that base name (without .gz or .zst) is.
type Match func(base string) (feedlog.Table, bool)

// Reference matches the names of the reference distribution; what follows the table's name, as in
// impression_data_10000.csv, does not matter.
func Reference(base string) (feedlog.Table, bool) {
	name, ok := strings.CutSuffix(strings.ToLower(base), ".csv")
	if !ok {
		return 0, false
	}
	for _, t := range feedlog.Tables {
		if rest, ok := strings.CutPrefix(name, t.String()); ok && (rest == "" || strings.ContainsAny(rest[:1], "_-.")) {
			return t, true
		}
	}
	return 0, false
}

// Find looks for the files of a log under the given paths: directories (and a csv_data directory inside), zips, or files. A directory
// or zip without any file of a log is an error that says what was looked for; so is a single file whose name says no table,
// and a directory that holds a file twice, plain and compressed.
func Find(paths []string, match Match) ([]File, error) {
	var all []File
	for _, p := range paths {
		found, err := find(p, match)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	order := map[feedlog.Table]int{}
	for i, t := range feedlog.Tables {
		order[t] = i
	}
	sort.SliceStable(all, func(i, j int) bool { return order[all[i].Table] < order[all[j].Table] })
	return all, nil
}

func find(p string, match Match) ([]File, error) {
	info, err := os.Stat(p)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: there is no such file or directory", p)
		}
		return nil, err
	}
	switch {
	case info.IsDir():
		return findInDir(p, match)
	case strings.HasSuffix(strings.ToLower(p), ".zip"):
		return findInZip(p, match)
	}
	f, ok := plainFile(p, info.Size(), match)
	if !ok {
		return nil, fmt.Errorf("%s: the name says no table of a log; expected %s, or give the directory", p, expected())
	}
	return []File{f}, nil
}

func findInDir(dir string, match Match) ([]File, error) {
	for _, d := range []string{dir, filepath.Join(dir, "csv_data")} {
		entries, err := os.ReadDir(d)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var files []File
		for _, e := range entries {
			info, err := os.Stat(filepath.Join(d, e.Name())) // follows links
			if err != nil || !info.Mode().IsRegular() {
				continue
			}
			if f, ok := plainFile(filepath.Join(d, e.Name()), info.Size(), match); ok {
				files = append(files, f)
			}
		}
		if len(files) > 0 {
			return files, ambiguous(files)
		}
	}
	return nil, fmt.Errorf("%s: no file of a log in it; expected %s, also as .gz or .zst", dir, expected())
}

func findInZip(p string, match Match) ([]File, error) {
	z, err := zip.OpenReader(p)
	if err != nil {
		return nil, fmt.Errorf("%s: not a zip that can be read: %w", p, err)
	}
	defer z.Close()
	var files []File
	for _, entry := range z.File {
		base, kind := stem(path.Base(entry.Name))
		// Archives made on macOS carry a shadow of each file.
		if entry.FileInfo().IsDir() || strings.HasPrefix(entry.Name, "__MACOSX/") {
			continue
		}
		table, ok := match(base)
		if !ok {
			continue
		}
		name := entry.Name
		files = append(files, File{Table: table, Name: p + "/" + name, Bytes: int64(entry.CompressedSize64), kind: kind,
			open: func() (io.ReadCloser, error) { return openInZip(p, name) }})
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no file of a log in it; expected %s, in csv_data or elsewhere", p, expected())
	}
	return files, ambiguous(files)
}

// ambiguous refuses a directory or zip that holds the same file in two forms.
func ambiguous(files []File) error {
	seen := map[string]string{}
	for _, f := range files {
		base, _ := stem(f.Name)
		if other, twice := seen[base]; twice {
			return fmt.Errorf("%s and %s are the same file in two forms; name the one to read", other, f.Name)
		}
		seen[base] = f.Name
	}
	return nil
}

func plainFile(p string, size int64, match Match) (File, bool) {
	base, kind := stem(filepath.Base(p))
	table, ok := match(base)
	if !ok {
		return File{}, false
	}
	return File{Table: table, Name: p, Bytes: size, kind: kind, open: func() (io.ReadCloser, error) { return os.Open(p) }}, true
}

// stem takes the ending of a compressed file off.
func stem(name string) (base, kind string) {
	for _, kind := range []string{".gz", ".zst"} {
		if base, ok := strings.CutSuffix(name, kind); ok {
			return base, kind
		}
	}
	return name, ""
}

func expected() string {
	names := make([]string, len(feedlog.Tables))
	for i, t := range feedlog.Tables {
		names[i] = t.String() + ".csv"
	}
	return strings.Join(names, ", ")
}

// Open reads the file from its beginning, decompressed. stored, when it is not nil, sees the bytes as they are stored
// while they pass.
func (f File) Open(stored io.Writer) (io.ReadCloser, error) {
	raw, err := f.open()
	if err != nil {
		return nil, err
	}
	var r io.Reader = raw
	if stored != nil {
		r = io.TeeReader(raw, stored)
	}
	switch f.kind {
	case ".gz":
		z, err := gzip.NewReader(bufio.NewReaderSize(r, 256<<10))
		if err != nil {
			raw.Close()
			return nil, fmt.Errorf("%s: not a gzip file: %w", f.Name, err)
		}
		return &stacked{Reader: z, close: []func() error{z.Close, raw.Close}}, nil
	case ".zst":
		// A frame may ask for a window of any size; 128 MiB is what the zstd program itself allows by default.
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderConcurrency(2))
		if err != nil {
			raw.Close()
			return nil, fmt.Errorf("%s: not a zstd file: %w", f.Name, err)
		}
		return &stacked{Reader: z, close: []func() error{func() error { z.Close(); return nil }, raw.Close}}, nil
	}
	return &stacked{Reader: r, close: []func() error{raw.Close}}, nil
}

func openInZip(p, name string) (io.ReadCloser, error) {
	z, err := zip.OpenReader(p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	for _, entry := range z.File {
		if entry.Name == name {
			r, err := entry.Open()
			if err != nil {
				z.Close()
				return nil, fmt.Errorf("%s: %s: %w", p, name, err)
			}
			return &stacked{Reader: r, close: []func() error{r.Close, z.Close}}, nil
		}
	}
	z.Close()
	return nil, fmt.Errorf("%s: %s is no longer in it", p, name)
}

// stacked closes what a reader was opened on, in order.
type stacked struct {
	io.Reader
	close []func() error
}

func (s *stacked) Close() error {
	var errs []error
	for _, c := range s.close {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
