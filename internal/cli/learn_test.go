package cli

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seguefeed/segue/learn"
)

// The saved model gives the probabilities that were written, for the rows whose numbers stand beside them.
func TestLearnBenchSaves(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("x,colour,y\n")
	for i := range 200 {
		x := math.Sin(float64(i) * 12.9898)
		fmt.Fprintf(&b, "%.4f,%s,%d\n", x, []string{"red", "green", ""}[i%3], (i/7+int(2+2*x))%2)
	}
	table, model, scores := filepath.Join(dir, "t.csv"), filepath.Join(dir, "m.model"), filepath.Join(dir, "p.csv")
	if err := os.WriteFile(table, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := Run(t.Context(), []string{"learn", "bench", "--train", table, "--label", "y", "--models", "logistic,boosting,naive-bayes", "--save", model, "--predictions", scores},
		strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("%d: %s", code, stderr.String())
	}
	f, err := os.Open(model)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := learn.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	read, err := learn.ReadTable(strings.NewReader(b.String()), "t.csv", learn.TableConfig{Label: "y"})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, read.Data.X.Rows)
	if err := m.Predict(read.Data.X, p); err != nil {
		t.Fatal(err)
	}
	written, err := os.Open(scores)
	if err != nil {
		t.Fatal(err)
	}
	defer written.Close()
	records, err := csv.NewReader(written).ReadAll()
	if err != nil || len(records) != 41 { // a header and a fifth of 200
		t.Fatalf("%d lines, %v", len(records), err)
	}
	for _, r := range records[1:] {
		row, err := strconv.Atoi(r[0])
		if err != nil {
			t.Fatal(err)
		}
		got, err := strconv.ParseFloat(r[2], 64)
		if err != nil || got != p[row-1] || (r[1] == "1") != read.Data.Y[row-1] {
			t.Errorf("%v, want %v and %v", r, read.Data.Y[row-1], p[row-1])
		}
	}
}

// A saved model applied to the rows that bench tested on gives the probabilities that bench wrote, whatever the number of blocks.
func TestLearnApplyAgreesWithBench(t *testing.T) {
	dir := t.TempDir()
	var train, test strings.Builder
	train.WriteString("x,colour,y\n")
	test.WriteString("y,colour,extra,x\n")
	rows := applyRows + 100 // more than a block
	for i := range rows {
		x := math.Sin(float64(i) * 12.9898)
		fmt.Fprintf(&test, "%d,%s,e,%.4f\n", (i/7+int(2+2*x))%2, []string{"red", "green", "", "black"}[i%4], x)
		if i < 300 {
			fmt.Fprintf(&train, "%.4f,%s,%d\n", x, []string{"red", "green", ""}[i%3], (i/7+int(2+2*x))%2)
		}
	}
	name := func(file string) string { return filepath.Join(dir, file) }
	for file, text := range map[string]string{"train.csv": train.String(), "test.csv": test.String()} {
		if err := os.WriteFile(name(file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		if code := Run(t.Context(), append(args, "-q"), strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("%v: %d: %s", args, code, errs.String())
		}
		return out.String(), errs.String()
	}
	for _, model := range []string{"logistic", "boosting", "naive-bayes", "network"} {
		run("learn", "bench", "--train", name("train.csv"), "--test", name("test.csv"), "--label", "y", "--models", model, "--save", name("m"), "--predictions", name("p.csv"))
		applied, notes := run("learn", "apply", "--model", name("m"), "--in", name("test.csv"), "--keep", "y")
		want, err := os.ReadFile(name("p.csv"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Replace(applied, "row,y,probability", "row,positive,probability", 1); got != string(want) {
			t.Errorf("%s: what is applied is not what bench wrote", model)
		}
		// Every fourth row is black.
		if want := fmt.Sprintf("column colour: %d values that the model does not know, such as \"black\"", rows/4); !strings.Contains(notes, want) {
			t.Errorf("%s: there is no %q in %q", model, want, notes)
		}
	}
}

func TestSeparatorOf(t *testing.T) {
	for header, want := range map[string]rune{"a,b,c\n1;2;3;4": ',', "a;b;c\n": ';', "a\tb": '\t', "a": ',', "\"x;y\",b,c,d": ','} {
		if got := separatorOf(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}
