package logfiles

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/seguefeed/segue/feedlog"
)

// usersText is a user table that does not compress to nothing: some hundred KiB, so that more than one read is needed.
func usersText() []byte {
	var b bytes.Buffer
	b.WriteString("userId,province,age,gender,registeredMonthCnt,followCnt,level\n")
	x := uint64(1)
	for i := range 20_000 {
		x = x*6364136223846793005 + 1442695040888963407
		fmt.Fprintf(&b, "u%d-%x,an hui,21,male,%d,44,9\n", i, x, x>>60)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t *testing.T, text []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(text, nil)
}

type entry struct {
	name   string
	text   []byte
	method uint16
	flags  uint16
}

func zipped(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zstd.ZipMethodWinZip, zstd.ZipCompressor())
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.method, Flags: e.flags})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// write puts files into a new directory.
func write(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// TestEveryFormReadsTheSame opens one table in every form twice, and holds the progress to the stored size: a bar ends at 100%.
func TestEveryFormReadsTheSame(t *testing.T) {
	text := usersText()
	for form, file := range map[string][2]any{
		"plain":                   {"user_demographics.csv", text},
		"gz":                      {"user_demographics.csv.gz", gzipped(t, text)},
		"two gz members":          {"user_demographics.csv.gz", append(gzipped(t, text[:1000]), gzipped(t, text[1000:])...)},
		"zst":                     {"user_demographics.csv.zst", zstded(t, text)},
		"gz under a plain name":   {"user_demographics.csv", gzipped(t, text)},
		"plain under a gz name":   {"user_demographics.csv.gz", text},
		"in csv_data":             {"csv_data/user_demographics.csv", text},
		"capitals, and a suffix":  {"User_Demographics_10000.CSV", text},
		"zip":                     {"log.zip", zipped(t, entry{"csv_data/user_demographics.csv", text, zip.Deflate, 0}, entry{"readme.txt", []byte("x"), zip.Store, 0})},
		"zip, stored":             {"log.zip", zipped(t, entry{"csv_data/user_demographics.csv", text, zip.Store, 0})},
		"zip, zstd":               {"log.ZIP", zipped(t, entry{"user_demographics.csv", text, zstd.ZipMethodWinZip, 0})},
		"gz in a zip":             {"log.zip", zipped(t, entry{"csv_data/user_demographics.csv.gz", gzipped(t, text), zip.Store, 0})},
		"backslashes in a zip":    {"log.zip", zipped(t, entry{`csv_data\user_demographics.csv`, text, zip.Deflate, 0})},
		"zip with a macOS shadow": {"log.zip", zipped(t, entry{"__MACOSX/csv_data/user_demographics.csv", []byte("shadow"), zip.Deflate, 0}, entry{"csv_data/user_demographics.csv", text, zip.Deflate, 0})},
	} {
		t.Run(form, func(t *testing.T) {
			name := file[0].(string)
			dir := write(t, map[string][]byte{name: file[1].([]byte)})
			where := dir
			if strings.HasSuffix(strings.ToLower(name), ".zip") {
				where = filepath.Join(dir, name)
			}
			files, err := Find([]string{where}, Reference, nil)
			if err != nil || len(files) != 1 || files[0].Table != feedlog.Users {
				t.Fatalf("found %v, %v; want one user table", files, err)
			}
			for range 2 {
				var stored counter
				r, err := files[0].Open(&stored)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, text) {
					t.Fatalf("%d bytes that are not the %d written", len(got), len(text))
				}
				if int64(stored) != files[0].Bytes {
					t.Errorf("progress ended at %d of %d bytes", stored, files[0].Bytes)
				}
			}
			r, err := files[0].Open(nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Close() // unread: nothing may be left waiting
		})
	}
}

func TestFilesComeInTheOrderOfLoading(t *testing.T) {
	dir := write(t, map[string][]byte{"impression_data.csv": nil, "creator_stats.csv": nil, "user_demographics.csv": nil, "notes.txt": nil, "creator_demographics_b.csv": nil, "creator_demographics_a.csv": nil})
	files, err := Find([]string{dir}, Reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, filepath.Base(f.Name))
	}
	if d := cmp.Diff([]string{"user_demographics.csv", "creator_demographics_a.csv", "creator_demographics_b.csv", "impression_data.csv", "creator_stats.csv"}, names); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// With a mapping, what was looked for is what the mapping names.
func TestErrorsNameTheFilesOfAMapping(t *testing.T) {
	dir := write(t, map[string][]byte{"a.txt": nil})
	none := func(string) (feedlog.Table, bool) { return 0, false }
	for _, p := range []string{dir, filepath.Join(dir, "a.txt")} {
		_, err := Find([]string{p}, none, []string{"views-*.csv", "readers.csv"})
		if err == nil || !strings.Contains(err.Error(), "expected views-*.csv, readers.csv") || strings.Contains(err.Error(), "impression_data") {
			t.Errorf("%s: %v, want it to name the mapping's files and no others", p, err)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	users := usersText()
	for _, c := range []struct {
		name  string
		files map[string][]byte
		path  string
		want  string
	}{
		{"nothing there", nil, "gone", "there is no such file or directory"},
		{"empty directory", map[string][]byte{"a.txt": nil}, "", "no file of a log in it; expected user_demographics.csv,"},
		{"file of another name", map[string][]byte{"views.csv": nil}, "views.csv", "the name says no table of a log"},
		{"twice", map[string][]byte{"impression_data.csv": nil, "impression_data.csv.gz": nil}, "", "are the same file in two forms; name the one to read"},
		{"sample beside the whole", map[string][]byte{"impression_data.csv": nil, "impression_data_10000.csv": nil}, "", "are both impression_data; name the files to read, one by one"},
		{"no zip", map[string][]byte{"log.zip": []byte("PK, but no")}, "log.zip", "not a zip that can be read"},
		{"zip of other things", map[string][]byte{"log.zip": zipped(t, entry{"a.txt", nil, zip.Store, 0})}, "log.zip", "no file of a log in it"},
		{"two folders in a zip", map[string][]byte{"log.zip": zipped(t, entry{"csv_data/impression_data.csv", nil, zip.Store, 0}, entry{"sample/impression_data.csv", nil, zip.Store, 0})}, "log.zip", "are the same file in two forms"},
		{"encrypted", map[string][]byte{"log.zip": zipped(t, entry{"impression_data.csv", users, zip.Store, 1})}, "log.zip", "is encrypted"},
		{"zip under another name", map[string][]byte{"impression_data.csv": zipped(t, entry{"impression_data.csv", users, zip.Store, 0})}, "", "this is a zip under another name"},
		{"torn gz", map[string][]byte{"user_demographics.csv.gz": gzipped(t, users)[:9000]}, "", "unexpected EOF"},
		{"torn zst", map[string][]byte{"user_demographics.csv.zst": zstded(t, users)[:9000]}, "", "unexpected EOF"},
		{"torn head of a gz", map[string][]byte{"user_demographics.csv.gz": gzipped(t, users)[:5]}, "", "begins like a gzip file and is none"},
	} {
		dir := write(t, c.files)
		files, err := Find([]string{filepath.Join(dir, c.path)}, Reference, nil)
		if err == nil {
			var r io.ReadCloser
			if r, err = files[0].Open(nil); err == nil {
				_, err = io.Copy(io.Discard, r)
				r.Close()
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want it to say %q", c.name, err, c.want)
		}
	}
}

// TestAFlippedByteInAZipIsFound: a zip keeps a sum of each entry.
func TestAFlippedByteInAZipIsFound(t *testing.T) {
	text := usersText()
	z := zipped(t, entry{"user_demographics.csv", text, zip.Store, 0})
	z[bytes.Index(z, []byte("an hui"))] = 'A'
	files, err := Find([]string{filepath.Join(write(t, map[string][]byte{"log.zip": z}), "log.zip")}, Reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := files[0].Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err != zip.ErrChecksum {
		t.Errorf("reading gave %v, want %v", err, zip.ErrChecksum)
	}
}

// TestPathsInAZipAreOnlyNames: an entry whose name climbs out of the zip is read like any other; nothing is written.
func TestPathsInAZipAreOnlyNames(t *testing.T) {
	text := usersText()
	dir := write(t, map[string][]byte{"a/b/log.zip": zipped(t, entry{"../../user_demographics.csv", text, zip.Deflate, 0})})
	files, err := Find([]string{filepath.Join(dir, "a/b/log.zip")}, Reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := files[0].Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	var found []string
	filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, filepath.Base(p))
		}
		return err
	})
	if d := cmp.Diff([]string{"log.zip"}, found); d != "" {
		t.Errorf("files after reading (-want +got)\n%s", d)
	}
}

// TestABombIsARejectAndNotMemory decodes files of a few KiB that unpack to a line of 256 MiB: it is passed over, the row behind it read.
func TestABombIsARejectAndNotMemory(t *testing.T) {
	const size = 256 << 20
	bomb := func(w io.Writer) {
		io.WriteString(w, "userId,province,age,gender,registeredMonthCnt,followCnt,level\n")
		chunk := bytes.Repeat([]byte("0"), 1<<20)
		for range size / len(chunk) {
			w.Write(chunk)
		}
		io.WriteString(w, "\nu,an hui,21,male,1,2,3\n")
	}
	var gz, zst, z bytes.Buffer
	g := gzip.NewWriter(&gz)
	bomb(g)
	g.Close()
	s, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	bomb(s)
	s.Close()
	zw := zip.NewWriter(&z)
	inZip, err := zw.Create("user_demographics.csv")
	if err != nil {
		t.Fatal(err)
	}
	bomb(inZip)
	zw.Close()
	dir := write(t, map[string][]byte{"1/user_demographics.csv.gz": gz.Bytes(), "2/user_demographics.csv.zst": zst.Bytes(), "3/log.zip": z.Bytes()})
	for _, p := range []string{"1", "2", "3/log.zip"} {
		files, err := Find([]string{filepath.Join(dir, p)}, Reference, nil)
		if err != nil {
			t.Fatal(err)
		}
		if files[0].Bytes > 1<<20 {
			t.Fatalf("%s: %d bytes stored; the bomb is none", p, files[0].Bytes)
		}
		r, err := files[0].Open(nil)
		if err != nil {
			t.Fatal(err)
		}
		rejects := 0
		stats, err := feedlog.DecodeUsers(context.Background(), r, feedlog.Options{Reject: func(e *feedlog.RowError) error {
			rejects++
			if want := fmt.Sprintf("%d bytes in one record", size); e.Found != want || len(e.Raw) > 1024 {
				t.Errorf("%s: found %s with %d raw bytes, want %s", p, e.Found, len(e.Raw), want)
			}
			return nil
		}}, func([]feedlog.User) error { return nil })
		r.Close()
		if err != nil || stats.Rows != 1 || rejects != 1 {
			t.Errorf("%s: %d rows, %d rejects, %v; want 1 and 1", p, stats.Rows, rejects, err)
		}
	}
}
