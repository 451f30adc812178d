package learn

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"
)

// linearReference are scikit-learn's values; testdata/linear/reference.py made them.
type linearReference struct {
	X        [][]float32
	Y        []bool
	W        []float32
	Logistic []linearCase
	SVM      []linearCase
	Decision []float64
	Platt    []struct {
		Weighted bool
		A, B     float64
	}
	Shoppers []linearCase
}

type linearCase struct {
	Penalty, Loss         string
	C, Ratio              float64
	Weighted, Balanced    bool
	Intercept             float64
	Coef                  []float64
	Errors                []float64
	P, PValues, Low, High []float64
}

func loadLinearReference(t *testing.T) linearReference {
	t.Helper()
	b, err := os.ReadFile("testdata/linear/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r linearReference
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r linearReference) data(c linearCase) *Data {
	d := &Data{X: NewMatrix(len(r.X), len(r.X[0])), Y: r.Y}
	for i, row := range r.X {
		copy(d.X.Row(i), row)
	}
	if c.Weighted {
		d.Weight = r.W
	}
	return d
}

func (c linearCase) classWeight() string {
	if c.Balanced {
		return "balanced"
	}
	return ""
}

// linearNear holds each of got to want within a relative error, and an absolute one of a thousandth of it for zeros.
func linearNear(t *testing.T, what string, got, want []float64, relative float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for j := range got {
		if !(math.Abs(got[j]-want[j]) <= relative*math.Abs(want[j])+1e-3*relative) {
			t.Errorf("%s [%d]: %.12g, want %.12g", what, j, got[j], want[j])
		}
	}
}

func TestLogisticAgainstReference(t *testing.T) {
	r := loadLinearReference(t)
	for _, c := range r.Logistic {
		cfg := Logistic{Penalty: c.Penalty, C: c.C, L1Ratio: c.Ratio, ClassWeight: c.classWeight()}
		m, err := FitLogistic(t.Context(), r.data(c), cfg)
		if err != nil || !m.Converged {
			t.Fatalf("%+v: %v, %+v", cfg, err, m)
		}
		name := c.Penalty + " " + strconv.FormatFloat(c.C, 'g', -1, 64)
		linearNear(t, name+" coefficients", append(m.Coef[:len(m.Coef):len(m.Coef)], m.Intercept), append(c.Coef, c.Intercept), 1e-6)
		for j, want := range c.Coef {
			if (want == 0) != (m.Coef[j] == 0) {
				t.Errorf("%s: coefficient %d is %g, want %g: exactly 0 or not", name, j, m.Coef[j], want)
			}
		}
		if (c.Errors == nil) != (m.StandardErrors == nil) {
			t.Errorf("%s: standard errors %v, want %v", name, m.StandardErrors, c.Errors)
		} else if c.Errors != nil {
			linearNear(t, name+" standard errors", m.StandardErrors, c.Errors, 1e-6)
		}
	}
}

// The quasi-Newton steps, which many columns get, come to the same minimum as the Newton steps.
func TestQuasiNewtonAgainstReference(t *testing.T) {
	r := loadLinearReference(t)
	for _, c := range r.Logistic {
		d := r.data(c)
		factor, err := linearFactors(d, c.classWeight())
		if err != nil {
			t.Fatal(err)
		}
		l1, l2 := 0., 0.
		switch c.Penalty {
		case PenaltyL1:
			l1 = 1 / c.C
		case PenaltyL2:
			l2 = 1 / c.C
		case PenaltyElasticNet:
			l1, l2 = c.Ratio/c.C, (1-c.Ratio)/c.C
		}
		loss := &linearLoss{d: d, factor: factor, use: func(int) bool { return true }, threads: 2}
		s, err := newLinearProblem(loss.prepare(), l1, l2, 1e-7, 2000).lbfgs(t.Context())
		if err != nil || !s.converged {
			t.Fatalf("%+v: %v, %+v", c, err, s)
		}
		linearNear(t, c.Penalty, s.beta, append(c.Coef, c.Intercept), 1e-6)
	}
}

func TestLinearSVMAgainstReference(t *testing.T) {
	r := loadLinearReference(t)
	for _, c := range r.SVM {
		d := r.data(c)
		cfg := LinearSVM{Loss: c.Loss, C: c.C, ClassWeight: c.classWeight(), Tol: 1e-10, MaxIter: 5000000}
		m, err := FitLinearSVM(t.Context(), d, cfg)
		if err != nil || !m.Converged {
			t.Fatalf("%+v: %v, %+v", cfg, err, m)
		}
		want := append(c.Coef, c.Intercept)
		linearNear(t, c.Loss, append(m.Coef[:len(m.Coef):len(m.Coef)], m.Intercept), want, 1e-6)
		if c.Loss == LossSquaredHinge { // which the fit above solved by Newton steps
			factor, _ := linearFactors(d, cfg.ClassWeight)
			loss := &linearLoss{d: d, squaredHinge: true, factor: factor, use: func(int) bool { return true }}
			s, err := svmByDescent(t.Context(), loss, cfg, 0)
			if err != nil || !s.converged {
				t.Fatal(err, s)
			}
			linearNear(t, "squared hinge by descent", s.beta, want, 1e-6)
		}
	}
}

func TestPlattOfDecisionsAgainstReference(t *testing.T) {
	r := loadLinearReference(t)
	for _, c := range r.Platt {
		var w []float32
		if c.Weighted {
			w = r.W
		}
		a, b := fitPlatt(r.Decision, r.Y, w)
		// The reference stops at a slope of 1e-5.
		linearNear(t, "a, b", []float64{a, b}, []float64{c.A, c.B}, 1e-5)
	}
}

// shoppersData is the table of online shoppers as reference.py makes it.
func shoppersData(t *testing.T) *Data {
	t.Helper()
	const path = "../../shared/data/online_shoppers/online_shoppers_intention.csv"
	f, err := os.Open(path)
	if err != nil {
		t.Skip("the table of online shoppers is not beside the checkout: ", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
	d := &Data{X: NewMatrix(len(rows), 11), Y: make([]bool, len(rows))}
	for i, row := range rows {
		for j, s := range row[:10] {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			d.X.Row(i)[j] = float32(math.Log1p(v))
		}
		d.X.Row(i)[10] = float32(linearClass(row[16] == "TRUE"))
		d.Y[i] = row[17] == "TRUE"
	}
	return d
}

func TestLogisticOnShoppers(t *testing.T) {
	r, d := loadLinearReference(t), shoppersData(t)
	for _, c := range r.Shoppers {
		m, err := FitLogistic(t.Context(), d, Logistic{Penalty: c.Penalty, C: c.C})
		if err != nil || !m.Converged {
			t.Fatal(err, m)
		}
		linearNear(t, c.Penalty, append(m.Coef[:11:11], m.Intercept), append(c.Coef, c.Intercept), 1e-6)
		p := make([]float64, 5)
		if err := m.Predict(d.X.Take([]int32{0, 1, 2, 3, 4}), p); err != nil {
			t.Fatal(err)
		}
		linearNear(t, c.Penalty+" probabilities", p, c.P, 1e-6)
		if c.Penalty != PenaltyNone {
			continue
		}
		list, err := m.Coefficients(.95)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list[1:], list[0]) // the reference has the intercept last
		var errors, ps, low, high []float64
		for _, c := range list {
			errors, ps, low, high = append(errors, c.StandardError), append(ps, c.P), append(low, c.Low), append(high, c.High)
		}
		linearNear(t, "standard errors", errors, c.Errors, 1e-6)
		linearNear(t, "low", low, c.Low, 1e-6)
		linearNear(t, "high", high, c.High, 1e-6)
		for j, want := range c.PValues { // down to 1e-300 and below
			if math.Abs(math.Log(ps[j]/want)) > 1e-4 && max(ps[j], want) > 1e-300 {
				t.Errorf("p-value %d: %g, want %g", j, ps[j], want)
			}
		}
	}
}
