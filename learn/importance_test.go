package learn

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
)

// linear is a model whose probability is column 0, or half of the sum of columns 1 and 2 where column 0 is missing.
type linear struct{ columns []Column }

func (m linear) Predict(x *Matrix, p []float64) error {
	for i := range p {
		row := x.Row(i)
		p[i] = float64(row[0])
		if row[0] != row[0] {
			p[i] = float64(row[1]+row[2]) / 2
		}
	}
	return nil
}
func (m linear) Inputs() []Column { return m.columns }
func (m linear) valid() error     { return nil }

func accuracy(y []bool, p []float64, _ []float32) (a float64) {
	for i := range p {
		if (p[i] > .5) == y[i] {
			a += 1 / float64(len(p))
		}
	}
	return a
}

// The model knows the label from column 0 alone. Half of the rows are positive: permuted, it is right for half of them, and
// the loss of accuracy is 1/2. The other columns are worth nothing.
func TestPermutationImportance(t *testing.T) {
	const n = 10_000
	d := &Data{X: NewMatrix(n, 3), Y: make([]bool, n), Columns: []Column{{Name: "a"}, {Name: "b"}, {Name: "c"}}}
	for i := range n {
		d.Y[i] = i%2 == 0
		if d.Y[i] {
			d.X.Row(i)[0] = 1
		}
	}
	before := slices.Clone(d.X.Data)
	c := Permutation{Metric: accuracy, Repeats: 4, Seed: 1}
	got, err := PermutationImportance(context.Background(), linear{d.Columns}, d, c)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Name != "a" || math.Abs(got[0].Mean-.5) > .02 || got[0].SD == 0 || got[0].SD > .02 || got[1].Mean != 0 || got[2].Mean != 0 {
		t.Errorf("%+v", got)
	}
	if !slices.Equal(before, d.X.Data) {
		t.Error("the data were changed")
	}
	c.Threads = 1
	if one, err := PermutationImportance(context.Background(), linear{d.Columns}, d, c); err != nil || one[0].Mean != got[0].Mean || one[0].SD != got[0].SD {
		t.Errorf("one thread: %+v, %v", one, err)
	}
}

// Columns 1 and 2 are 0 and 1, or 1 and 0: their sum says nothing. Permuted alike, it is 1 still; each alone, it is not.
func TestPermutationOfGroups(t *testing.T) {
	const n = 2000
	d := &Data{X: NewMatrix(n, 3), Y: make([]bool, n)}
	for i := range n {
		d.Y[i] = i%3 == 0
		d.X.Row(i)[0] = float32(math.NaN())
		d.X.Row(i)[1+i%2] = 1
	}
	spread := func(_ []bool, p []float64, _ []float32) float64 { return -(slices.Max(p) - slices.Min(p)) }
	got, err := PermutationImportance(context.Background(), linear{d.columns()}, d, Permutation{Metric: spread, Groups: [][]int{{1, 2}, {1}}})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Name != "x1+x2" || got[0].Mean != 0 || got[1].Mean != 1 {
		t.Errorf("%+v", got)
	}
	why := errors.New("enough")
	done, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if _, err := PermutationImportance(done, linear{d.columns()}, d, Permutation{Metric: spread}); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	for _, c := range []Permutation{{}, {Metric: spread, Repeats: -1}, {Metric: spread, Groups: [][]int{{}}}, {Metric: spread, Groups: [][]int{{3}}}} {
		if _, err := PermutationImportance(context.Background(), linear{d.columns()}, d, c); err == nil {
			t.Errorf("no error for %d repeats of %v", c.Repeats, c.Groups)
		}
	}
}

// The prediction is column 0 itself, so its curve is the diagonal; the other columns' are flat at the mean of column 0, 2/5.
func TestPartialDependence(t *testing.T) {
	x := NewMatrix(5000, 3)
	for i := range x.Rows {
		x.Row(i)[0], x.Row(i)[1] = float32(i%5)/5, float32(i)
	}
	m := linear{[]Column{{Name: "a"}, {Name: "b"}, {Name: "c", Levels: []string{"u", "v"}}}}
	curve, err := PartialDependence(context.Background(), m, x, Dependence{Column: 0, Each: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(curve.Grid) != 5 || len(curve.Each) != 5000 {
		t.Fatalf("%v, %d curves", curve.Grid, len(curve.Each))
	}
	for k, v := range curve.Grid {
		if math.Abs(curve.Mean[k]-float64(v)) > 1e-9 || curve.Each[4321][k] != float64(v) {
			t.Errorf("at %v: %v", v, curve.Mean[k])
		}
	}
	for j, points := range map[int]int{1: 7, 2: 2} {
		curve, err := PartialDependence(context.Background(), m, x, Dependence{Column: j, Points: 7})
		if err != nil || len(curve.Grid) != points || curve.Each != nil {
			t.Fatalf("column %d: %+v, %v", j, curve, err)
		}
		for _, v := range curve.Mean {
			if math.Abs(v-.4) > 1e-6 {
				t.Errorf("column %d: %v", j, curve.Mean)
			}
		}
	}
	if _, err := PartialDependence(context.Background(), m, x, Dependence{Column: 3}); err == nil {
		t.Error("no error for a column that is not there")
	}
	why := errors.New("enough")
	done, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if _, err := PartialDependence(done, m, x, Dependence{}); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}
