package learn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// overconfident is a learner that knows the true log-odds, its only input, and says factor times that: badly calibrated for a
// factor that is not 1, in a way that both maps can mend.
type overconfident struct {
	Factor float64
	fitted *[]int // the rows of every fit, where wanted
}

func (overconfident) Kind() string { return "overconfident" }

func (l overconfident) Fit(ctx context.Context, d *Data) (Model, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if l.fitted != nil {
		*l.fitted = append(*l.fitted, d.X.Rows)
	}
	return &overconfidentModel{l.Factor, d.columns()}, nil
}

type overconfidentModel struct {
	Factor  float64
	Columns []Column
}

func (m *overconfidentModel) Inputs() []Column { return m.Columns }
func (m *overconfidentModel) valid() error {
	if len(m.Columns) == 0 || !plattFinite(m.Factor) {
		return errors.New("overconfident: no columns, or no factor")
	}
	return nil
}
func (m *overconfidentModel) Predict(x *Matrix, p []float64) error {
	if err := checkInput(x, p, m.Columns); err != nil {
		return err
	}
	for i := range p {
		p[i] = 1 / (1 + math.Exp(-m.Factor*float64(x.Row(i)[0])))
	}
	return nil
}

// logOddsRows makes n rows whose column is the log-odds of their label.
func logOddsRows(n int, seed uint64) *Data {
	r := rand.New(rand.NewPCG(seed, 21))
	d := &Data{X: NewMatrix(n, 1), Y: make([]bool, n)}
	for i := range n {
		f := 1.2*r.NormFloat64() - .8
		d.X.Data[i] = float32(f)
		d.Y[i] = r.Float64() < 1/(1+math.Exp(-f))
	}
	return d
}

func TestIsotonicAgainstReference(t *testing.T) {
	for i, c := range metricReferences(t).Cases {
		m, err := FitIsotonic(c.Y, c.P, c.W)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.valid(); err != nil {
			t.Error(err)
		}
		agreeAll(t, fmt.Sprint(i, " x"), m.X, c.IsoX, 0)
		agreeAll(t, fmt.Sprint(i, " y"), m.Y, c.IsoY, 1e-12)
		for k, at := range c.IsoAt[0] {
			agree(t, fmt.Sprint(i, " at ", at), m.At(at), c.IsoAt[1][k], 1e-12)
		}
	}
}

func TestIsotonicByHand(t *testing.T) {
	// Scores 1 2 3 3 4 with labels 0 1 0 1 1: the tie at 3 is 1/2, below the 1 at 2: the three are pooled to 2/3.
	m, err := FitIsotonic([]bool{true, false, true, false, true}, []float64{4, 3, 3, 1, 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := (&Isotonic{X: []float64{1, 2, 3, 4}, Y: []float64{0, 2. / 3, 2. / 3, 1}}); !slices.Equal(m.X, want.X) || !slices.Equal(m.Y, want.Y) {
		t.Errorf("got %+v, want %+v", m, want)
	}
	// Half way from 1 to 2: 1/3. Beyond the ends: as at them.
	for at, want := range map[float64]float64{1.5: 1. / 3, -9: 0, 9: 1, 3.5: 5. / 6} {
		agree(t, fmt.Sprint("at ", at), m.At(at), want, 1e-15)
	}
	wide := Isotonic{X: []float64{-math.MaxFloat64, math.MaxFloat64}, Y: []float64{0, 1}}
	agree(t, "in the middle of all numbers", wide.At(0), .5, 0)
	for what, f := range map[string]func() (*Isotonic, error){
		"no rows":    func() (*Isotonic, error) { return FitIsotonic(nil, nil, nil) },
		"no weight":  func() (*Isotonic, error) { return FitIsotonic([]bool{true}, []float64{1}, []float32{0}) },
		"infinite":   func() (*Isotonic, error) { return FitIsotonic([]bool{true}, []float64{math.Inf(1)}, nil) },
		"not number": func() (*Isotonic, error) { return FitIsotonic([]bool{true}, []float64{math.NaN()}, nil) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
	for _, bad := range []Isotonic{{}, {X: []float64{1}}, {X: []float64{2, 1}, Y: []float64{0, 1}}, {X: []float64{1, 2}, Y: []float64{.5, .4}},
		{X: []float64{1}, Y: []float64{1.1}}, {X: []float64{math.NaN()}, Y: []float64{1}}, {X: []float64{1}, Y: []float64{math.NaN()}}} {
		if bad.valid() == nil {
			t.Errorf("%v is valid", bad)
		}
	}
}

func TestPlattAgainstReference(t *testing.T) {
	r := metricReferences(t).Platt
	for i, w := range [][]float32{nil, r.W} {
		a, b := fitPlatt(r.F, r.Y, w)
		agree(t, "a", a, r.AB[i][0], 1e-7)
		agree(t, "b", b, r.AB[i][1], 1e-7)
	}
}

func TestCalibrationMendsWhatWasPlanted(t *testing.T) {
	train, test := logOddsRows(8000, 1), logOddsRows(8000, 2)
	for _, factor := range []float64{3, .3} {
		var rows []int
		l := overconfident{factor, &rows}
		raw, _ := l.Fit(context.Background(), train)
		before := make([]float64, test.X.Rows)
		if err := raw.Predict(test.X, before); err != nil {
			t.Fatal(err)
		}
		for _, method := range []CalibrationMethod{PlattScaling, IsotonicScaling} {
			rows = nil
			m, err := FitCalibrated(context.Background(), train, Calibrated{Learner: l, Method: method})
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(rows) != "[6400 6400 6400 6400 6400 8000]" {
				t.Errorf("fitted on %v rows", rows)
			}
			after := make([]float64, test.X.Rows)
			if err := m.Predict(test.X, after); err != nil {
				t.Fatal(err)
			}
			was, is := ECE(test.Y, before, nil, 15, EqualMass), ECE(test.Y, after, nil, 15, EqualMass)
			if was < .08 || is > .02 {
				t.Errorf("%s, factor %v: ECE went from %v to %v", method, factor, was, is)
			}
			if LogLoss(test.Y, after, nil) > LogLoss(test.Y, before, nil)-.02 {
				t.Errorf("%s, factor %v: the log loss did not fall", method, factor)
			}
			if method == PlattScaling {
				agree(t, "slope", m.A, -1/factor, .06/factor)
				agree(t, "intercept", m.B, 0, .08)
			}
			last := -1.0
			for k := range 1001 {
				v := m.At(float64(k) / 1000)
				if !(v >= last && v >= 0 && v <= 1) {
					t.Fatalf("%s falls or leaves [0,1] at %d: %v after %v", method, k, v, last)
				}
				last = v
			}
		}
	}
}

func TestCalibratedModelInAFile(t *testing.T) {
	kinds["overconfident"] = func() Model { return new(overconfidentModel) }
	defer delete(kinds, "overconfident")
	d := logOddsRows(500, 1)
	for _, method := range []CalibrationMethod{PlattScaling, IsotonicScaling} {
		m, err := Calibrated{Learner: overconfident{Factor: 2}, Method: method}.Fit(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := Save(&b, m); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		p, q := make([]float64, 500), make([]float64, 500)
		if err := errors.Join(m.Predict(d.X, p), loaded.Predict(d.X, q)); err != nil || !slices.Equal(p, q) {
			t.Errorf("%s: the loaded model predicts otherwise (%v)", method, err)
		}
		if len(loaded.Inputs()) != 1 || loaded.Predict(NewMatrix(1, 2), p[:1]) == nil {
			t.Error("the loaded model has lost its inputs")
		}
	}
	nested := &CalibratedModel{Inner: &CalibratedModel{Inner: &overconfidentModel{1, d.columns()}, Method: PlattScaling}, Method: PlattScaling}
	var b bytes.Buffer
	if err := Save(&b, nested); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(&b); !errors.Is(err, ErrDamaged) {
		t.Errorf("a nested model: %v", err)
	}
	inner := &overconfidentModel{1, d.columns()}
	for what, bad := range map[string]*CalibratedModel{
		"an unknown method": {Inner: inner, Method: "x"}, "no curve": {Inner: inner, Method: PlattScaling, A: math.NaN()},
		"no steps": {Inner: inner, Method: IsotonicScaling}, "a bad inner model": {Inner: &overconfidentModel{}, Method: PlattScaling},
	} {
		b.Reset()
		if err := Save(&b, bad); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(&b); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := Save(&b, &CalibratedModel{}); err == nil {
		t.Error("a model without an inner one was saved")
	}
}

func TestCalibratedRefuses(t *testing.T) {
	d := logOddsRows(60, 1)
	one := logOddsRows(60, 1)
	for i := range one.Y {
		one.Y[i] = i == 0
	}
	l := overconfident{Factor: 1}
	for what, f := range map[string]func() error{
		"no learner": func() error { _, err := Calibrated{}.Fit(context.Background(), d); return err },
		"nested": func() error {
			_, err := Calibrated{Learner: Calibrated{Learner: l}}.Fit(context.Background(), d)
			return err
		},
		"a method":     func() error { _, err := Calibrated{Learner: l, Method: "x"}.Fit(context.Background(), d); return err },
		"one fold":     func() error { _, err := Calibrated{Learner: l, Folds: 1}.Fit(context.Background(), d); return err },
		"one positive": func() error { _, err := Calibrated{Learner: l}.Fit(context.Background(), one); return err },
		"no data":      func() error { _, err := Calibrated{Learner: l}.Fit(context.Background(), nil); return err },
	} {
		if f() == nil {
			t.Errorf("%s was accepted", what)
		}
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if _, err := (Calibrated{Learner: l}).Fit(ctx, d); !errors.Is(err, why) {
		t.Errorf("cancelled: %v", err)
	}
	b, err := json.Marshal(Calibrated{Learner: l, Method: IsotonicScaling, Folds: 3})
	if err != nil || !strings.Contains(string(b), `"Learner":{"Factor":1}`) {
		t.Errorf("as JSON: %s, %v", b, err)
	}
}

func TestCalibratedNames(t *testing.T) {
	if k := (Calibrated{Learner: overconfident{}}).Kind() + ", " + (Calibrated{}).Kind(); k != "calibrated overconfident, calibrated" {
		t.Error(k)
	}
	if savedKind([]byte("segueLRN")) != "" || savedKind([]byte("segueLRN\x01\x00\x09\x00tree")) != "tree" {
		t.Error("the kind of a file that is cut off")
	}
}

func TestCalibrationFolds(t *testing.T) {
	d := logOddsRows(1003, 1)
	fold := calibrationFolds(d.Y, 5, 3)
	var rows, positives [5]int
	total := 0
	for i, f := range fold {
		rows[f]++
		if d.Y[i] {
			positives[f]++
			total++
		}
	}
	for f := range 5 {
		if rows[f] < 200 || rows[f] > 201 || positives[f] < total/5 || positives[f] > total/5+1 {
			t.Errorf("fold %d has %d rows, %d of %d positives", f, rows[f], positives[f], total)
		}
	}
	if slices.Equal(fold, calibrationFolds(d.Y, 5, 4)) {
		t.Error("the seed does not matter")
	}
}
