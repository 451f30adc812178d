package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// The same split as lines, as rows with ratings, and compressed, gives the same figures, with any number of threads.
func TestRecommendBenchReadsAllLayouts(t *testing.T) {
	dir := t.TempDir()
	var lines, rows, test strings.Builder
	for u := range 30 {
		fmt.Fprintf(&lines, "u%d", u)
		for k := range 4 + u%3 {
			fmt.Fprintf(&lines, " i%d", (u*u+k*k*3)%17)
			fmt.Fprintf(&rows, "u%d\ti%d\t%d\t%d\n", u, (u*u+k*k*3)%17, k%5+1, 1_000_000_000+k)
		}
		lines.WriteByte('\n')
		fmt.Fprintf(&test, "u%d i%d\n", u, (u*u+5)%17)
	}
	write := func(name string, text []byte) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	if _, err := w.Write([]byte(lines.String())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	judged := write("test.txt", []byte(test.String()))
	var want string
	for name, train := range map[string]string{
		"lines": write("train.txt", []byte(lines.String())), "rows": write("train.tsv", []byte(rows.String())),
		"gzip": write("train.gz", gz.Bytes()), "zstd": write("train.zst", z.EncodeAll([]byte(lines.String()), nil)),
	} {
		for _, threads := range []string{"1", "3"} {
			var stdout, stderr bytes.Buffer
			if code := Run(t.Context(), []string{"recommend", "bench", "--train", train, "--test", judged, "--models", "popularity,random", "--k", "3", "--threads", threads, "-q", "--json", "-"},
				strings.NewReader(""), &stdout, &stderr); code != 0 {
				t.Fatalf("%s: %d: %s", name, code, stderr.String())
			}
			var out struct {
				Split  map[string]int
				Models []struct {
					Kind string
					At   []map[string]any
				}
			}
			if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
				t.Fatal(err)
			}
			if len(out.Models) != 2 || out.Split["judged_users"] == 0 {
				t.Fatalf("%s: %s", name, stdout.String())
			}
			got := fmt.Sprint(out)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s, %s threads:\n%s\nwant\n%s", name, threads, got, want)
			}
		}
	}
}
