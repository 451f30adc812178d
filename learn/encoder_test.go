package learn

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
)

var nan32 = float32(math.NaN())

// names are those of columns.
func names(columns []Column) []string {
	var n []string
	for _, c := range columns {
		n = append(n, c.Name)
	}
	return n
}

func encodeAll(t *testing.T, d *Data, cfg EncoderConfig) (*Encoder, *Data) {
	t.Helper()
	e, err := FitEncoder(t.Context(), d, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.valid(); err != nil {
		t.Fatal(err)
	}
	out, err := e.Encode(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return e, out
}

func TestEncoderByHand(t *testing.T) {
	d := &Data{
		X: &Matrix{Rows: 4, Cols: 3, Data: []float32{
			1, 0, 5,
			3, 2, 5,
			nan32, nan32, 5,
			5, 2, 5,
		}},
		Columns: []Column{{Name: "age"}, {Name: "town", Levels: []string{"a", "b", "guang dong"}}, {Name: "five"}},
		Y:       []bool{true, false, true, false},
	}
	e, out := encodeAll(t, d, EncoderConfig{Indicator: true, MissingLevel: true})
	want := []string{"age", "age (missing)", "town=a", "town=guang dong", "town=(missing)", "five"}
	if !reflect.DeepEqual(names(out.Columns), want) {
		t.Errorf("columns %v, want %v: b does not occur", names(out.Columns), want)
	}
	// Ages 1 3 (3) 5: the mean 3 fills, squared differences 4 0 0 4, sd sqrt(8/4) = 1.41421356; (1-3)/sd = -1.41421356.
	const r2 = 1.41421356
	rows := []float32{
		-r2, 0, 1, 0, 0, 0,
		0, 0, 0, 1, 0, 0,
		0, 1, 0, 0, 1, 0,
		r2, 0, 0, 1, 0, 0,
	}
	for i, v := range rows {
		if math.Abs(float64(out.X.Data[i]-v)) > 1e-6 {
			t.Errorf("value %d: %v, want %v", i, out.X.Data[i], v)
		}
	}
	by, err := e.Grouped([]float64{1, 2, 4, 8, 16, 32})
	if err != nil || !reflect.DeepEqual(by, []float64{3, 28, 32}) {
		t.Errorf("grouped %v %v, want 1+2, 4+8+16, 32", by, err)
	}
	if _, err := e.Grouped(make([]float64, 3)); err == nil {
		t.Error("three values for six columns are grouped")
	}

	// Unknown levels (b, a number out of range) are 0 throughout; a level cannot be told from a missing one without its column.
	x, enc := &Matrix{Rows: 3, Cols: 3, Data: []float32{1, 1, 5, 1, 99, 5, 1, -3, 5}}, NewMatrix(3, 6)
	if err := e.Transform(t.Context(), x, enc); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if r := enc.Row(i); r[2] != 0 || r[3] != 0 || r[4] != 0 {
			t.Errorf("unknown level: %v", r)
		}
	}

	_, out = encodeAll(t, d, EncoderConfig{DropFirst: true, MinCount: 2, Unscaled: true, Impute: "constant", Constant: -1})
	// a has 1 row of the 2 that are needed: it is pooled; guang dong is the first with a column, and dropped.
	if want := []string{"age", "town=(rare)", "five"}; !reflect.DeepEqual(names(out.Columns), want) {
		t.Errorf("columns %v, want %v", names(out.Columns), want)
	}
	if want := []float32{1, 1, 5, 3, 0, 5, -1, 0, 5, 5, 0, 5}; !reflect.DeepEqual(out.X.Data, want) {
		t.Errorf("%v, want %v", out.X.Data, want)
	}
	if &out.Y[0] != &d.Y[0] {
		t.Error("the labels were copied")
	}
}

func TestEncoderLog(t *testing.T) {
	// exp of a normal is skewed and its log is not; a normal is not; minus exp is skewed the other way.
	d := &Data{X: NewMatrix(3000, 3), Columns: []Column{{Name: "heavy"}, {Name: "normal"}, {Name: "minus"}}}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 3000 {
		z := r.NormFloat64()
		copy(d.X.Row(i), []float32{float32(math.Exp(2 * z)), float32(r.NormFloat64()), -float32(math.Exp(2 * z))})
	}
	e, out := encodeAll(t, d, EncoderConfig{Log: "auto"})
	if !e.Steps[0].Log || e.Steps[1].Log || !e.Steps[2].Log {
		t.Errorf("logs of %v %v %v", e.Steps[0].Log, e.Steps[1].Log, e.Steps[2].Log)
	}
	for i := range 3000 {
		if r := out.X.Row(i); math.Abs(float64(r[0]+r[2])) > 1e-5 {
			t.Fatalf("row %d: %v and %v are not opposite", i, r[0], r[2])
		}
	}
	// log(1+|x|) with the sign: log 1 = 0, log 2 = .693, -log 4 = -1.386
	for x, want := range map[float64]float64{0: 0, 1: math.Ln2, -3: -2 * math.Ln2} {
		if got := signedLog(x); math.Abs(got-want) > 1e-15 {
			t.Errorf("signed log of %v: %v, want %v", x, got, want)
		}
	}
}

func TestEncoderAgainstReference(t *testing.T) {
	b, err := os.ReadFile("testdata/network/encoder.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		t.Fatal(err)
	}
	var x [][]*float32
	var c []string
	get := func(name string, v any) {
		t.Helper()
		if err := json.Unmarshal(raw[name], v); err != nil {
			t.Fatal(name, err)
		}
	}
	get("X", &x)
	get("C", &c)
	numbers := &Data{X: NewMatrix(len(x), len(x[0]))}
	for i, row := range x {
		for j, v := range row {
			if numbers.X.Row(i)[j] = nan32; v != nil {
				numbers.X.Row(i)[j] = *v
			}
		}
	}
	categories := &Data{X: NewMatrix(len(c), 1), Columns: []Column{{Name: "c", Levels: []string{"a", "b", "c", "d", "e"}}}}
	for i, s := range c {
		categories.X.Data[i] = float32(s[0] - 'a')
	}
	for name, test := range map[string]struct {
		d   *Data
		cfg EncoderConfig
	}{
		"mean":       {numbers, EncoderConfig{}},
		"median":     {numbers, EncoderConfig{Impute: "median"}},
		"constant":   {numbers, EncoderConfig{Impute: "constant", Constant: 7}},
		"log mean":   {numbers, EncoderConfig{Log: "always"}},
		"one-hot":    {categories, EncoderConfig{}},
		"drop first": {categories, EncoderConfig{DropFirst: true}},
		"rare":       {categories, EncoderConfig{MinCount: 8}},
	} {
		var want [][]float64
		get(name, &want)
		_, out := encodeAll(t, test.d, test.cfg)
		if out.X.Cols != len(want[0]) {
			t.Errorf("%s: columns %v, reference %d", name, names(out.Columns), len(want[0]))
			continue
		}
		for i, row := range want {
			for j, v := range row {
				if got := float64(out.X.Row(i)[j]); math.Abs(got-v) > 1e-6+2e-7*math.Abs(v) {
					t.Errorf("%s: row %d, column %d: %v, reference %v", name, i, j, got, v)
				}
			}
		}
	}
	// There the indicators come last.
	var want [][]float64
	get("indicator", &want)
	e, out := encodeAll(t, numbers, EncoderConfig{Indicator: true, Unscaled: true})
	last := len(numbers.columns())
	for j := range e.In {
		if e.Steps[j].Missing < 0 {
			continue
		}
		for i, row := range want {
			if got := float64(out.X.Row(i)[e.Steps[j].Missing]); got != row[last] {
				t.Errorf("indicator of column %d, row %d: %v, reference %v", j, i, got, row[last])
			}
		}
		last++
	}
	if last != len(want[0]) {
		t.Errorf("%d indicators, reference %d", last-5, len(want[0])-5)
	}
}

func TestEncoderSameWhateverTheThreads(t *testing.T) {
	d := caseStudy(20000, 1)
	for i := range d.X.Data {
		if i%11 == 0 {
			d.X.Data[i] = nan32
		}
	}
	one, a := encodeAll(t, d, EncoderConfig{Log: "auto", Threads: 1})
	four, b := encodeAll(t, d, EncoderConfig{Log: "auto", Threads: 4})
	if !reflect.DeepEqual(one, four) || !reflect.DeepEqual(a.X, b.X) {
		t.Error("four threads give another encoder than one")
	}
}

func TestEncoderBadInput(t *testing.T) {
	d := &Data{X: NewMatrix(2, 1)}
	for want, c := range map[string]struct {
		d   *Data
		cfg EncoderConfig
	}{
		"no rows":          {&Data{X: NewMatrix(0, 2)}, EncoderConfig{}},
		"no columns":       {nil, EncoderConfig{}},
		`impute "mode"`:    {d, EncoderConfig{Impute: "mode"}},
		`log "yes"`:        {d, EncoderConfig{Log: "yes"}},
		"constant of NaN":  {d, EncoderConfig{Constant: math.NaN()}},
		"count of -1":      {d, EncoderConfig{MinCount: -1}},
		"holds 3 values":   {&Data{X: &Matrix{Rows: 2, Cols: 1, Data: make([]float32, 3)}}, EncoderConfig{}},
		"2 columns are":    {&Data{X: NewMatrix(2, 1), Columns: make([]Column, 2)}, EncoderConfig{}},
		"infinite number":  {&Data{X: &Matrix{Rows: 1, Cols: 1, Data: []float32{float32(math.Inf(-1))}}}, EncoderConfig{}},
		"not one level":    {&Data{X: NewMatrix(2, 1), Columns: []Column{{Name: "c", Levels: []string{}}}}, EncoderConfig{}},
		"no output column": {&Data{X: NewMatrix(2, 1), Columns: []Column{{Name: "c", Levels: []string{"a"}}}}, EncoderConfig{DropFirst: true}},
	} {
		if _, err := FitEncoder(t.Context(), c.d, c.cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// A column without a number at all becomes 0, also when it has one later: sd 1, mean 0.
	_, out := encodeAll(t, &Data{X: &Matrix{Rows: 2, Cols: 1, Data: []float32{nan32, nan32}}}, EncoderConfig{})
	if out.X.Data[0] != 0 || out.X.Data[1] != 0 {
		t.Errorf("%v of a column of missing numbers", out.X.Data)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := FitEncoder(ctx, d, EncoderConfig{}); !errors.Is(err, why) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEncoderSaved(t *testing.T) {
	d := &Data{X: &Matrix{Rows: 3, Cols: 2, Data: []float32{1, 0, 2, 1, nan32, nan32}}, Columns: []Column{{Name: "n"}, {Name: "c", Levels: []string{"a", "b"}}}}
	fit := func() *Encoder {
		e, _ := encodeAll(t, d, EncoderConfig{MissingLevel: true, Indicator: true})
		return e
	}
	e := fit()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(e); err != nil {
		t.Fatal(err)
	}
	var got Encoder
	if err := gob.NewDecoder(&b).Decode(&got); err != nil || !reflect.DeepEqual(&got, e) {
		t.Errorf("by gob: %+v, want %+v (%v)", got, e, err)
	}
	j, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	got = Encoder{}
	if err := json.Unmarshal(j, &got); err != nil || !reflect.DeepEqual(&got, e) {
		t.Errorf("by JSON: %+v, want %+v (%v)", got, e, err)
	}
	for name, damage := range map[string]func(*Encoder){
		"no columns":     func(e *Encoder) { e.In, e.Steps = nil, nil },
		"fewer steps":    func(e *Encoder) { e.Steps = e.Steps[:1] },
		"output":         func(e *Encoder) { e.Steps[0].Output = 77 },
		"source":         func(e *Encoder) { e.Source[0] = 1 },
		"level":          func(e *Encoder) { e.Steps[1].Levels[0] = -2 },
		"fewer levels":   func(e *Encoder) { e.Steps[1].Levels = e.Steps[1].Levels[:1] },
		"missing":        func(e *Encoder) { e.Steps[1].Missing = 5 },
		"sd":             func(e *Encoder) { e.Steps[0].SD = 0 },
		"mean":           func(e *Encoder) { e.Steps[0].Mean = math.NaN() },
		"nothing for it": func(e *Encoder) { e.Steps[1].Levels[0] = -1 },
	} {
		bad := fit()
		damage(bad)
		if bad.valid() == nil {
			t.Errorf("%s: taken as valid", name)
		}
	}
}

func BenchmarkEncoder(b *testing.B) {
	d := caseStudy(71306, 1)
	b.Run("fit/rows=71306/columns=47", func(b *testing.B) {
		for b.Loop() {
			if _, err := FitEncoder(b.Context(), d, EncoderConfig{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	e, err := FitEncoder(b.Context(), d, EncoderConfig{})
	if err != nil {
		b.Fatal(err)
	}
	out := NewMatrix(d.X.Rows, len(e.Out))
	b.Run("transform/rows=71306/columns=47", func(b *testing.B) {
		for b.Loop() {
			if err := e.Transform(b.Context(), d.X, out); err != nil {
				b.Fatal(err)
			}
		}
	})
}
