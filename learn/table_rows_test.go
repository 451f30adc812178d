package learn

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

// rowColumns are those of a model that learned from a number and a category.
var rowColumns = []Column{{Name: "age"}, {Name: "colour", Levels: []string{"blue", "red"}}}

func TestRowReader(t *testing.T) {
	const text = "id,colour,age,more\nu1,red,1.5,x\nu2, blue ,NA,y\nu3,violet,-2,\nu4,,3,\nu5,black,4,\n"
	r, err := NewRowReader(strings.NewReader(text), "t.csv", rowColumns, []string{"id", "colour"}, TableConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var x []float32
	var ids []string
	for line := 2; ; line++ {
		var kept []string
		x, kept, err = r.Next(x)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || r.Line() != line {
			t.Fatalf("line %d, want %d: %v", r.Line(), line, err)
		}
		ids = append(ids, kept...)
	}
	nan := float32(math.NaN())
	if want := []float32{1.5, 1, nan, 0, -2, nan, 3, nan, 4, nan}; !sameValues(x, want) { // blue is level 0, red 1
		t.Errorf("the rows are %v, want %v", x, want)
	}
	if want := []string{"u1", "red", "u2", " blue ", "u3", "violet", "u4", "", "u5", "black"}; !slices.Equal(ids, want) { // as they stand there
		t.Errorf("kept are %q, want %q", ids, want)
	}
	if got, want := r.Unknown(), []string{`column colour: 2 values that the model does not know, such as "violet", count as missing`}; !slices.Equal(got, want) {
		t.Errorf("unknown are %q, want %q", got, want)
	}
}

func TestRowReaderErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "t.csv: the file is empty; a header is expected",
		"age,id\n1,u":                           `t.csv:1: no column "colour" (the model's column); there are "age", "id"`,
		"age,colour\n1,red\n":                   `t.csv:1: no column "id" (the kept column); there are "age", "colour"`,
		"age,colour,id\n1,red,u\nx,red,":        `t.csv:3: column age: "x": a number is expected, as in the model`,
		"age,colour,id\n1e99,red,u\n":           `t.csv:2: column age: "1e99": a number is expected, as in the model`,
		"age,colour,id\n\"1\n\",red,u\n1,red\n": "t.csv:4: 2 fields; the header has 3", // after a row of two lines
	} {
		r, err := NewRowReader(strings.NewReader(text), "t.csv", rowColumns, []string{"id"}, TableConfig{})
		for err == nil {
			_, _, err = r.Next(nil)
		}
		if err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// LoadClassifier refuses what gives scores, also behind an encoder.
func TestLoadClassifier(t *testing.T) {
	columns := []Column{{Name: "x"}}
	encoder := &Encoder{In: columns, Out: columns, Source: []int32{0}, Steps: []Encoded{{SD: 1, Missing: -1}}}
	ranking := &LinearRankingModel{Columns: columns, Coef: []float64{1}}
	logistic := &LogisticModel{Columns: columns, Coef: []float64{1}}
	for _, c := range []struct {
		model   Model
		refused bool
	}{{ranking, true}, {&PipelineModel{Encoder: encoder, Model: ranking}, true}, {logistic, false}, {&PipelineModel{Encoder: encoder, Model: logistic}, false}} {
		var b bytes.Buffer
		if err := Save(&b, c.model); err != nil {
			t.Fatal(err)
		}
		m, err := LoadClassifier(&b)
		if errors.Is(err, ErrNoProbabilities) != c.refused || c.refused == (m != nil) {
			t.Errorf("a %T is %v, %v", c.model, m, err)
		}
	}
	if _, err := LoadClassifier(strings.NewReader("no model")); !errors.Is(err, ErrForeign) {
		t.Errorf("of another file: %v", err)
	}
}
