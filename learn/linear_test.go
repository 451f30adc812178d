package learn

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// linearLearners are all the paths through the solvers.
var linearLearners = map[string]Learner{
	"none":               Logistic{Penalty: PenaltyNone},
	"l2":                 Logistic{},
	"l1":                 Logistic{Penalty: PenaltyL1},
	"elastic net":        Logistic{Penalty: PenaltyElasticNet, ClassWeight: "balanced"},
	"hinge":              LinearSVM{Loss: LossHinge, C: .1, MaxIter: 30},
	"squared hinge":      LinearSVM{},
	"balanced, one fold": LinearSVM{ClassWeight: "balanced", Folds: 1},
}

func TestLinearModelsDoNotDependOnThreads(t *testing.T) {
	d := caseStudy(3000, 2)
	for name, l := range linearLearners {
		var models []Model
		for _, threads := range []int{1, 2, 5} {
			switch c := l.(type) {
			case Logistic:
				c.Threads = threads
				l = c
			case LinearSVM:
				c.Threads = threads
				l = c
			}
			m, err := l.Fit(t.Context(), d)
			if err != nil {
				t.Fatal(name, err)
			}
			models = append(models, m)
		}
		// DeepEqual takes no NaN for equal; the logistic model without a penalty has some.
		for _, m := range models[1:] {
			a, b := gobOf(t, models[0]), gobOf(t, m)
			if !bytes.Equal(a, b) {
				t.Errorf("%s: the threads change the model:\n%+v\n%+v", name, models[0], m)
			}
		}
	}
}

func gobOf(t *testing.T, m Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Save(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLinearModelsAreSaved(t *testing.T) {
	d := caseStudy(3000, 3)
	for name, l := range linearLearners {
		m, err := l.Fit(t.Context(), d)
		if err != nil {
			t.Fatal(name, err)
		}
		back, err := Load(bytes.NewReader(gobOf(t, m)))
		if err != nil {
			t.Fatal(name, err)
		}
		p, q := make([]float64, 3000), make([]float64, 3000)
		if err := errors.Join(m.Predict(d.X, p), back.Predict(d.X, q)); err != nil {
			t.Fatal(name, err)
		}
		if !reflect.DeepEqual(p, q) || !reflect.DeepEqual(m.Inputs(), back.Inputs()) {
			t.Errorf("%s: what was read predicts otherwise", name)
		}
		for i, v := range p {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("%s: row %d has probability %v", name, i, v)
			}
		}
	}
}

func TestLinearModelsFromAFileAreChecked(t *testing.T) {
	columns := []Column{{Name: "a"}, {Name: "b"}}
	for name, m := range map[string]Model{
		"no columns":         &LogisticModel{},
		"one coefficient":    &LogisticModel{Columns: columns, Coef: []float64{1}},
		"NaN":                &LogisticModel{Columns: columns, Coef: []float64{1, math.NaN()}},
		"intercept":          &LogisticModel{Columns: columns, Coef: []float64{1, 2}, Intercept: math.Inf(1)},
		"two errors":         &LogisticModel{Columns: columns, Coef: []float64{1, 2}, StandardErrors: []float64{1, 2}},
		"an error below 0":   &LogisticModel{Columns: columns, Coef: []float64{1, 2}, StandardErrors: []float64{1, 2, -1}},
		"a category":         &LinearSVMModel{Columns: []Column{{Levels: []string{"x"}}}, Coef: []float64{1}},
		"three coefficients": &LinearSVMModel{Columns: columns, Coef: []float64{1, 2, 3}},
		"scale":              &LinearSVMModel{Columns: columns, Coef: []float64{1, 2}, A: math.NaN()},
	} {
		if _, err := Load(bytes.NewReader(gobOf(t, m))); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, want ErrDamaged", name, err)
		}
	}
}

func TestLinearModelsEndWithTheContext(t *testing.T) {
	d := caseStudy(60000, 4)
	cause := errors.New("enough")
	for name, l := range map[string]Learner{
		"l2": Logistic{Tol: 1e-300, MaxIter: 1e9}, "l1": Logistic{Penalty: PenaltyL1, Tol: 1e-300, MaxIter: 1e9},
		"hinge": LinearSVM{Loss: LossHinge, Tol: 1e-300, MaxIter: 1e9}, "squared hinge": LinearSVM{Tol: 1e-300, MaxIter: 1e9},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Millisecond, func() { cancel(cause) })
		if m, err := l.Fit(ctx, d); !errors.Is(err, cause) || m != nil {
			t.Errorf("%s: %v, %v, want the cause", name, m, err)
		}
	}
	// What takes many columns, too.
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	wide := &Data{X: NewMatrix(4, newtonColumns+1), Y: []bool{true, false, true, false}}
	for _, l := range []Learner{Logistic{}, LinearSVM{Folds: 1}} {
		if _, err := l.Fit(ctx, wide); !errors.Is(err, cause) {
			t.Errorf("%T: %v, want the cause", l, err)
		}
	}
}

func TestLinearModelsRefuse(t *testing.T) {
	good := caseStudy(50, 5)
	with := func(change func(d *Data)) *Data {
		d := good.Take([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
		for i := range d.Y {
			d.Y[i] = i%2 == 0
		}
		change(d)
		return d
	}
	none := func(*Data) {}
	for name, c := range map[string]struct {
		l Learner
		d *Data
	}{
		"no data":         {Logistic{}, nil},
		"a missing value": {Logistic{}, with(func(d *Data) { d.X.Data[3] = float32(math.NaN()) })},
		"one class":       {LinearSVM{}, with(func(d *Data) { clear(d.Y) })},
		"penalty":         {Logistic{Penalty: "l3"}, with(none)},
		"C":               {Logistic{C: -1}, with(none)},
		"C NaN":           {Logistic{C: math.NaN()}, with(none)},
		"ratio":           {Logistic{L1Ratio: 1.5}, with(none)},
		"tolerance":       {Logistic{Tol: -1}, with(none)},
		"steps":           {Logistic{MaxIter: -1}, with(none)},
		"class weight":    {Logistic{ClassWeight: "even"}, with(none)},
		"loss":            {LinearSVM{Loss: "log"}, with(none)},
		"C of the SVM":    {LinearSVM{C: math.Inf(1)}, with(none)},
		"folds":           {LinearSVM{Folds: -1}, with(none)},
		"too many folds":  {LinearSVM{Folds: 9}, with(none)}, // of 8 rows each
		"passes":          {LinearSVM{MaxIter: -1}, with(none)},
		"SVM tolerance":   {LinearSVM{Tol: math.NaN()}, with(none)},
		"SVM weight":      {LinearSVM{ClassWeight: "x"}, with(none)},
	} {
		if m, err := c.l.Fit(t.Context(), c.d); err == nil || m != nil {
			t.Errorf("%s: %v, %v: no error", name, m, err)
		}
	}
	for _, l := range []Learner{Logistic{}, LinearSVM{}} {
		m, err := l.Fit(t.Context(), with(none))
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, 2)
		if m.Predict(NewMatrix(2, 46), p) == nil || m.Predict(NewMatrix(3, 47), p) == nil {
			t.Errorf("%T predicts another shape", l)
		}
		x := NewMatrix(2, 47)
		x.Data[50] = float32(math.NaN())
		if m.Predict(x, p) == nil {
			t.Errorf("%T predicts a missing value", l)
		}
	}
}

// A weight of 2 is as good as the row twice, a weight of 0 as none.
func TestLinearModelsHonourWeights(t *testing.T) {
	d := caseStudy(400, 6)
	r := rand.New(rand.NewPCG(6, 6))
	d.Weight = make([]float32, 400)
	var rows []int32
	for i := range d.Weight {
		for range r.IntN(4) {
			d.Weight[i]++
			rows = append(rows, int32(i))
		}
	}
	repeated := d.Take(rows)
	repeated.Weight = nil
	for name, l := range map[string]Learner{
		"l2": Logistic{ClassWeight: "balanced"}, "l1": Logistic{Penalty: PenaltyL1, C: .2},
		"hinge":         LinearSVM{Loss: LossHinge, C: .1, Folds: 1, Tol: 1e-9, MaxIter: 1e6},
		"squared hinge": LinearSVM{Folds: 1, Tol: 1e-9},
	} {
		a, err := l.Fit(t.Context(), d)
		if err != nil {
			t.Fatal(name, err)
		}
		b, err := l.Fit(t.Context(), repeated)
		if err != nil {
			t.Fatal(name, err)
		}
		p, q := make([]float64, 400), make([]float64, 400)
		if err := errors.Join(a.Predict(d.X, p), b.Predict(d.X, q)); err != nil {
			t.Fatal(err)
		}
		linearNear(t, name, p, q, 1e-6)
	}
}
