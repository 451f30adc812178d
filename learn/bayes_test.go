package learn

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// bayesReference is what testdata/bayes/reference.py writes.
type bayesReference struct {
	N     [][]float32
	C     [][]float32
	Y     []bool
	W     []float32
	Cases []struct {
		Weighted                   bool
		Smoothing, Alpha, Prior    float64
		Numbers, Categories, Mixed [][2]float64
	}
	Shoppers struct {
		Numbers, Categories []string
		AUC                 float64
		Mixed               [][2]float64
	}
}

// holdJoint holds the model's log probabilities, and the odds that Predict makes of them, to the reference's.
func holdJoint(t *testing.T, what string, m *NaiveBayesModel, x *Matrix, want [][2]float64) {
	t.Helper()
	p := make([]float64, x.Rows)
	if err := m.Predict(x, p); err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		got := m.LogJoint(x.Row(i))
		for y := range 2 {
			if math.Abs(got[y]-w[y]) > 1e-9*max(1, math.Abs(w[y])) {
				t.Errorf("%s: row %d, label %d: %.15g, want %.15g", what, i, y, got[y], w[y])
			}
		}
		if odds := 1 / (1 + math.Exp(w[0]-w[1])); math.Abs(p[i]-odds) > 1e-7 {
			t.Errorf("%s: row %d: probability %v, want %v", what, i, p[i], odds)
		}
	}
}

func TestNaiveBayesAgainstReference(t *testing.T) {
	var r bayesReference
	readReference(t, "testdata/bayes/reference.json", &r)
	n := len(r.N)
	columns := []Column{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d", Levels: []string{"0", "1", "2", "3"}}, {Name: "e", Levels: []string{"0", "1"}}}
	mixed := NewMatrix(n, 5)
	for i := range n {
		copy(mixed.Row(i), r.N[i])
		copy(mixed.Row(i)[3:], r.C[i])
	}
	for _, c := range r.Cases {
		for name, part := range map[string]struct {
			x       *Matrix
			columns []Column
			want    [][2]float64
		}{
			"numbers":    {matrixOf(r.N), columns[:3], c.Numbers},
			"categories": {matrixOf(r.C), columns[3:], c.Categories},
			"mixed":      {mixed, columns, c.Mixed},
		} {
			d := &Data{X: part.x, Columns: part.columns, Y: r.Y}
			if c.Weighted {
				d.Weight = r.W
			}
			m, err := FitNaiveBayes(context.Background(), d, NaiveBayes{VarSmoothing: c.Smoothing, Alpha: c.Alpha, PositivePrior: c.Prior})
			if err != nil {
				t.Fatal(err)
			}
			holdJoint(t, name, m, part.x, part.want)
			roundTrip(t, m, part.x)
		}
	}
}

func TestNaiveBayesOnShoppers(t *testing.T) {
	var r bayesReference
	readReference(t, "testdata/bayes/reference.json", &r)
	rows := shopperRows(t)
	columns := make([]Column, 17)
	for j := range columns {
		if columns[j].Name = slices.Concat(r.Shoppers.Numbers, r.Shoppers.Categories)[j]; j < 10 {
			continue
		}
		for _, row := range rows {
			columns[j].Levels = append(columns[j].Levels, row[j])
		}
		slices.Sort(columns[j].Levels)
		columns[j].Levels = slices.Compact(columns[j].Levels)
	}
	all := &Data{X: NewMatrix(len(rows), 17), Columns: columns, Y: make([]bool, len(rows))}
	var train, test []int32
	for i, row := range rows {
		for j := range columns {
			if j < 10 {
				v, err := strconv.ParseFloat(row[j], 64)
				if err != nil {
					t.Fatal(err)
				}
				all.X.Row(i)[j] = float32(v)
			} else {
				all.X.Row(i)[j] = float32(slices.Index(columns[j].Levels, row[j]))
			}
		}
		all.Y[i] = row[17] == "TRUE"
		if i%4 == 1 {
			test = append(test, int32(i))
		} else {
			train = append(train, int32(i))
		}
	}
	m, err := FitNaiveBayes(context.Background(), all.Take(train), NaiveBayes{})
	if err != nil {
		t.Fatal(err)
	}
	d := all.Take(test)
	holdJoint(t, "shoppers", m, d.X, r.Shoppers.Mixed)
	odds := make([]float64, len(test))
	for i := range odds {
		l := m.LogJoint(d.X.Row(i))
		odds[i] = l[1] - l[0]
	}
	if auc := rankAUC(odds, d.Y); math.Abs(auc-r.Shoppers.AUC) > 1e-9 {
		t.Errorf("AUC %v, want %v", auc, r.Shoppers.AUC)
	}
}

// By hand. Positive: numbers 1 and 3 and one missing, levels a, a, b. Negative: 5, 5, 8, levels b, missing, unknown.
func TestNaiveBayesByHand(t *testing.T) {
	none := float32(math.NaN())
	d := &Data{
		X:       &Matrix{Rows: 6, Cols: 2, Data: []float32{1, 0, 3, 0, none, 1, 5, 1, 5, none, 8, 7}},
		Columns: []Column{{Name: "x"}, {Name: "c", Levels: []string{"a", "b"}}},
		Y:       []bool{true, true, true, false, false, false},
	}
	m, err := FitNaiveBayes(context.Background(), d, NaiveBayes{VarSmoothing: 1e-20})
	if err != nil {
		t.Fatal(err)
	}
	// Positive: mean 2, variance 1; levels (2+1)/(3+2) and (1+1)/(3+2). Negative: mean 6, variance (1+1+4)/3 = 2; levels
	// (0+1)/(1+2) and (1+1)/(1+2). Priors of a half.
	normal := func(x, mean, variance float64) float64 {
		return -.5*math.Log(2*math.Pi*variance) - (x-mean)*(x-mean)/(2*variance)
	}
	half := math.Log(.5)
	for _, c := range []struct {
		row  []float32
		want [2]float64
	}{
		{[]float32{4, 0}, [2]float64{half + normal(4, 6, 2) + math.Log(1./3), half + normal(4, 2, 1) + math.Log(.6)}},
		{[]float32{4, none}, [2]float64{half + normal(4, 6, 2), half + normal(4, 2, 1)}},
		{[]float32{none, 1}, [2]float64{half + math.Log(2./3), half + math.Log(.4)}},
		{[]float32{none, 2}, [2]float64{half, half}},  // an unknown level
		{[]float32{none, .5}, [2]float64{half, half}}, // none at all
		{[]float32{none, -1}, [2]float64{half, half}},
	} {
		got := m.LogJoint(c.row)
		if math.Abs(got[0]-c.want[0]) > 1e-12 || math.Abs(got[1]-c.want[1]) > 1e-12 {
			t.Errorf("%v: %v, want %v", c.row, got, c.want)
		}
	}
	roundTrip(t, m, d.X)
}

// A weight of k is a row k times, and columns that say nothing change nothing: a constant among constants, and one without a
// value in one label.
func TestNaiveBayesWeightsAndSilentColumns(t *testing.T) {
	d := caseStudy(60, 8)
	d.X = &Matrix{Rows: 60, Cols: 2, Data: d.X.Data[:120]}
	d.Weight = make([]float32, 60)
	var repeated []int32
	for i := range d.Weight {
		d.Weight[i] = float32(i % 3)
		repeated = append(repeated, slices.Repeat([]int32{int32(i)}, i%3)...)
	}
	// So little smoothing that the variance over all rows, which is counted without weights, plays no part.
	c := NaiveBayes{VarSmoothing: 1e-15}
	many := d.Take(repeated)
	many.Weight = nil
	var p [2][]float64
	for k, d := range []*Data{d, many} {
		m, err := FitNaiveBayes(context.Background(), d, c)
		if err != nil {
			t.Fatal(err)
		}
		p[k] = make([]float64, 60)
		if err := m.Predict(&Matrix{Rows: 60, Cols: 2, Data: caseStudy(60, 9).X.Data[:120]}, p[k]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range p[0] {
		if math.Abs(p[0][i]-p[1][i]) > 1e-9 {
			t.Errorf("row %d: %v with weights, %v repeated", i, p[0][i], p[1][i])
		}
	}
	none := float32(math.NaN())
	silent := &Data{X: &Matrix{Rows: 4, Cols: 2, Data: []float32{7, 1, 7, 2, 7, none, 7, none}}, Y: []bool{true, true, false, false}}
	m, err := FitNaiveBayes(context.Background(), silent, NaiveBayes{})
	if err != nil {
		t.Fatal(err)
	}
	two := []float64{0, 0}
	if err := m.Predict(&Matrix{Rows: 2, Cols: 2, Data: []float32{7, 1, 7, 9}}, two); err != nil || two[1] != .5 {
		t.Errorf("%v, %v: want .5", two, err)
	}
}

func TestNaiveBayesErrors(t *testing.T) {
	d := rings(50, 1)
	infinite := rings(50, 1)
	infinite.X.Data[3] = float32(math.Inf(1))
	for _, c := range []struct {
		want string
		d    *Data
		c    NaiveBayes
	}{
		{"no rows", nil, NaiveBayes{}},
		{"infinite", infinite, NaiveBayes{}},
		{"alpha", d, NaiveBayes{Alpha: -1}},
		{"smoothing", d, NaiveBayes{VarSmoothing: math.NaN()}},
		{"prior", d, NaiveBayes{PositivePrior: 1}},
	} {
		if _, err := FitNaiveBayes(context.Background(), c.d, c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error of %q", c.c, err, c.want)
		}
	}
	m, err := FitNaiveBayes(context.Background(), d, NaiveBayes{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Predict(infinite.X, make([]float64, 50)); err == nil {
		t.Error("an infinite value is predicted")
	}
	for name, bad := range map[string]func(*NaiveBayesModel){
		"a prior above 1":    func(m *NaiveBayesModel) { m.LogPrior[0] = 1 },
		"a missing mean":     func(m *NaiveBayesModel) { m.Mean[1] = m.Mean[1][:1] },
		"a variance below 0": func(m *NaiveBayesModel) { m.Variance[0] = []float64{-1, 1} },
		"one variance of 0":  func(m *NaiveBayesModel) { m.Variance[0] = []float64{0, 1} },
		"levels of numbers":  func(m *NaiveBayesModel) { m.LogLevel[0] = [][]float64{{-1}, nil} },
		"levels of none":     func(m *NaiveBayesModel) { m.Columns = []Column{{Levels: []string{"a"}}, {}} },
	} {
		damaged := *m
		bad(&damaged)
		if damaged.valid() == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

func BenchmarkNaiveBayes(b *testing.B) {
	d := caseStudy(71306, 1)
	p := make([]float64, d.X.Rows)
	b.Run("fit and predict/rows=71306", func(b *testing.B) {
		for b.Loop() {
			m, err := FitNaiveBayes(context.Background(), d, NaiveBayes{})
			if err != nil {
				b.Fatal(err)
			}
			if err := m.Predict(d.X, p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
