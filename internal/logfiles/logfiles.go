// Package logfiles finds and opens the files of a log: in a directory, in the distribution's zip, or named
// one by one; plain, .gz or .zst. Nothing is unpacked to disk.
package logfiles

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/seguefeed/segue/feedlog"
)

// File is one file of a log.
type File struct {
	Table feedlog.Table
	Name  string // as messages print it; of a file in a zip, "log.zip/csv_data/impression_data.csv"
	Bytes int64  // as stored: compressed, where it is

	open func(stored io.Writer) (io.ReadCloser, error) // the file's own bytes, still gzip or zstd where it is one
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
// or zip without any file of a log is an error that says what was looked for, in the words of expected (nil means the names of the
// reference distribution); so is a single file whose name says no table,
// and a directory or zip that holds a file twice, plain and compressed, or a table's own file beside another of that table.
// The files come in the order of feedlog.Tables.
func Find(paths []string, match Match, expected []string) ([]File, error) {
	looked := strings.Join(expected, ", ") + " (the files that the mapping names)"
	if expected == nil {
		looked = referenceNames()
	}
	var all []File
	for _, p := range paths {
		found, err := find(p, match, looked)
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

func find(p string, match Match, looked string) ([]File, error) {
	info, err := os.Stat(p)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: there is no such file or directory", p)
		}
		return nil, err
	}
	switch {
	case info.IsDir():
		return findInDir(p, match, looked)
	case strings.HasSuffix(strings.ToLower(p), ".zip"):
		return findInZip(p, match, looked)
	}
	f, ok := plainFile(p, info.Size(), match)
	if !ok {
		return nil, fmt.Errorf("%s: the name says no table of a log; expected %s, or give the directory", p, looked)
	}
	return []File{f}, nil
}

func findInDir(dir string, match Match, looked string) ([]File, error) {
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
			name := filepath.Join(d, e.Name())
			if _, ok := match(baseName(name)); !ok {
				continue
			}
			info, err := os.Stat(name) // follows links
			if err != nil {
				return nil, err
			}
			if f, ok := plainFile(name, info.Size(), match); ok && info.Mode().IsRegular() {
				files = append(files, f)
			}
		}
		if len(files) > 0 {
			return files, ambiguous(files)
		}
	}
	return nil, fmt.Errorf("%s: no file of a log in it; expected %s, also as .gz or .zst", dir, looked)
}

func findInZip(p string, match Match, looked string) ([]File, error) {
	z, err := zip.OpenReader(p)
	if err != nil {
		return nil, fmt.Errorf("%s: not a zip that can be read: %w", p, err)
	}
	defer z.Close()
	var files []File
	for _, entry := range z.File {
		// Archives made on macOS carry a shadow of each file.
		if entry.FileInfo().IsDir() || strings.HasPrefix(entry.Name, "__MACOSX/") {
			continue
		}
		table, ok := match(baseName(entry.Name))
		if !ok {
			continue
		}
		name := entry.Name
		files = append(files, File{Table: table, Name: p + "/" + name, Bytes: int64(entry.CompressedSize64),
			open: func(stored io.Writer) (io.ReadCloser, error) { return openInZip(p, name, stored) }})
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no file of a log in it; expected %s, in csv_data or elsewhere", p, looked)
	}
	return files, ambiguous(files)
}

// ambiguous refuses a directory or zip that holds a file twice, in two forms or two folders, or a table's own file beside others
// of that table: a sample of it, most often, whose rows would count double.
func ambiguous(files []File) error {
	named := map[string]string{}
	whole := map[feedlog.Table]string{}
	for _, f := range files {
		base := baseName(f.Name)
		if other, twice := named[base]; twice {
			return fmt.Errorf("%s and %s are the same file in two forms; name the one to read", other, f.Name)
		}
		named[base] = f.Name
		if strings.EqualFold(base, f.Table.String()+".csv") {
			whole[f.Table] = f.Name
		}
	}
	for _, f := range files {
		if w := whole[f.Table]; w != "" && w != f.Name {
			return fmt.Errorf("%s and %s are both %s; name the files to read, one by one", w, f.Name, f.Table)
		}
	}
	return nil
}

func plainFile(p string, size int64, match Match) (File, bool) {
	table, ok := match(baseName(p))
	if !ok {
		return File{}, false
	}
	return File{Table: table, Name: p, Bytes: size, open: func(stored io.Writer) (io.ReadCloser, error) { return openPlain(p, stored) }}, true
}

// baseName is the last part of a file's name, on whichever system it was written, without the ending of a compressed file.
func baseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	for _, kind := range []string{".gz", ".zst"} {
		if base, ok := strings.CutSuffix(name, kind); ok {
			return base
		}
	}
	return name
}

func referenceNames() string {
	names := make([]string, len(feedlog.Tables))
	for i, t := range feedlog.Tables {
		names[i] = t.String() + ".csv"
	}
	return strings.Join(names, ", ") + " (another product's log needs a mapping file)"
}
