package report

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/warehouse"
)

var update = flag.Bool("update", false, "renew the golden files")

func write(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "report")
	page, err := Write(context.Background(), dir, sample())
	if err != nil {
		t.Fatal(err)
	}
	if page != filepath.Join(dir, "index.html") {
		t.Fatalf("the page is said to be %s", page)
	}
	return dir
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGoldenJSON(t *testing.T) {
	got := read(t, write(t), "report.json")
	golden := filepath.Join("testdata", "report.json")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, golden); got != want {
		t.Errorf("report.json differs from %s; look at the difference, and renew it with -update", golden)
	}
	if again := read(t, write(t), "report.json"); again != got {
		t.Error("the same input gives other bytes")
	}
}

func TestTables(t *testing.T) {
	dir := write(t)
	// a null is an empty cell; a number stands in full
	want := "name,n,share\na,1,0.1\nb <script>alert(1)</script>,20000,\nc,3,0.3\n"
	if got := read(t, dir, "tables", "mixed.csv"); got != want {
		t.Errorf("mixed.csv is\n%swant\n%s", got, want)
	}
	type row struct {
		Name  string   `parquet:"name"`
		N     int64    `parquet:"n"`
		Share *float64 `parquet:"share"`
	}
	rows, err := parquet.ReadFile[row](filepath.Join(dir, "tables", "mixed.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	// the data checks are a table too; of one that was not run no number is known
	if got, want := read(t, dir, "tables", "data_checks.csv"), "check,title,found,of,not_run\nrepeats,repeats,5,100,\noff,not run,,,the log has no column for x\n"; got != want {
		t.Errorf("data_checks.csv is\n%swant\n%s", got, want)
	}
	if len(rows) != 3 || rows[1].N != 20000 || rows[1].Share != nil || rows[2].Share == nil || *rows[2].Share != .3 || rows[0].Name != "a" {
		t.Errorf("mixed.parquet holds %+v", rows)
	}
}

func TestPageEscapesAndRanks(t *testing.T) {
	page := read(t, write(t), "index.html")
	for _, bad := range []string{"<script>alert", "<b>sample"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q as it stood in the log", bad)
		}
	}
	for _, want := range []string{"1,234,567", "20,000", "The first 100 of 150 rows", "Not asked: the log has no column for user.age", "There is nothing to draw", "5%", "user.age", "2.77 points (95% interval -1 points to 6 points)", `<span class="badge size">large</span>`, "Tested, and no difference seen (1)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	strong, weak := strings.Index(page, "Strong."), strings.Index(page, "Weak.")
	if h := strings.Index(page, "Headline."); h < 0 || h > strong {
		t.Error("the summary does not begin with its headline")
	}
	if strong < 0 || weak < strong || strings.Index(page, "Unranked.") < weak {
		t.Error("the summary does not rank findings by weight")
	}
	if n := len(page); n > 2_500_000 {
		t.Errorf("the page has %d bytes", n)
	}
	if i := strings.Index(page, "http"); strings.Contains(page[:strings.Index(page, "<script>")], "src=") {
		t.Errorf("the page links to something outside, near %q", page[max(0, i-40):i+40])
	}
}

func TestMovedDays(t *testing.T) {
	for days, want := range map[int]string{0: "", 2555: ", moved on by 365 weeks", -7: ", moved back by 1 week", 10: ", moved on by 10 days", -36_525: ", moved back by 36,525 days"} {
		if got := moved(warehouse.Contents{ShiftDays: days}); got != want {
			t.Errorf("%d days are told as %q; want %q", days, got, want)
		}
	}
}

func TestWriteReplacesOnlyReports(t *testing.T) {
	ctx := context.Background()
	dir := write(t)
	if _, err := Write(ctx, dir, sample()); err != nil {
		t.Errorf("an earlier report is not replaced: %v", err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "precious.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(ctx, other, sample()); err == nil || !strings.Contains(err.Error(), "holds other files") {
		t.Errorf("a directory with other files: %v", err)
	}
	if got := read(t, other, "precious.txt"); got != "mine" {
		t.Error("another's file was touched")
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	none := filepath.Join(t.TempDir(), "none")
	if _, err := Write(cancelled, none, sample()); err == nil {
		t.Error("a cancelled report was written")
	}
	left, err := os.ReadDir(filepath.Dir(none))
	if err != nil || len(left) != 0 {
		t.Errorf("a cancelled report left %v", left)
	}
}

func TestTablesNeedNamesAndEqualColumns(t *testing.T) {
	for name, tables := range map[string][]analysis.Table{
		"has no name of its own": {{Name: "../up"}},
		"column b has 1 rows":    {{Name: "t", Columns: []analysis.Column{{Name: "a", Ints: []int64{1, 2}}, {Name: "b", Ints: []int64{1}}}}},
	} {
		in := sample()
		in.Answers = []analysis.Answer{{ID: "q", Tables: tables}}
		if _, err := Write(context.Background(), filepath.Join(t.TempDir(), "r"), in); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: want an error that says %q", err, name)
		}
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit analysis.Unit
		want string
	}{{.1916, analysis.Share, "19.2%"}, {.000312, analysis.Rate, "0.0312%"}, {1, analysis.Share, "100%"}, {0, analysis.Rate, "0%"}, {1234567, analysis.Count, "1,234,567"}, {2.5, analysis.Count, "2.5"},
		{90, analysis.Seconds, "90 s"}, {150, analysis.Seconds, "2.5 min"}, {7200, analysis.Seconds, "2 h"}, {-0.5, analysis.Plain, "-0.5"}} {
		if got := inUnit(c.v, c.unit); got != c.want {
			t.Errorf("%v as %s: %q, want %q", c.v, c.unit, got, c.want)
		}
	}
	if !bytes.Equal([]byte(pValue(1e-9)), []byte("< 0.001")) || pValue(.0432) != "0.043" {
		t.Error("p-values are not written as papers do")
	}
}
