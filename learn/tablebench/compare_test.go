package tablebench

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/learn"
)

// planted makes rows whose label hangs on the first column and on the first category, with missing values in both; strength
// 0 makes it hang on nothing. rate is about the share of positives.
func planted(n int, strength, rate float64, seed uint64) *learn.Data {
	r := rand.New(rand.NewPCG(seed, 1))
	d := &learn.Data{X: learn.NewMatrix(n, 4), Y: make([]bool, n),
		Columns: []learn.Column{{Name: "x"}, {Name: "noise"}, {Name: "c", Levels: []string{"a", "b", "c"}}, {Name: "constant"}}}
	base := math.Log(rate / (1 - rate))
	for i := range n {
		row := d.X.Row(i)
		x, c := r.NormFloat64(), r.IntN(3)
		row[0], row[1], row[2], row[3] = float32(x), float32(math.Exp(2*r.NormFloat64())), float32(c), 5
		odds := base + strength*x
		if c == 0 {
			odds += strength
		}
		d.Y[i] = r.Float64() < 1/(1+math.Exp(-odds))
		for j := range 3 {
			if r.Float64() < .1 {
				row[j] = float32(math.NaN())
			}
		}
	}
	return d
}

func compare(t *testing.T, d *learn.Data, cfg Config) *Result {
	t.Helper()
	train, test, _, err := Split(d, .2, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), train, test, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A planted rule is found by all models but the base rate, with probabilities that mean what they say.
func TestPlantedRule(t *testing.T) {
	r := compare(t, planted(6000, 1.2, .3, 1), Config{Seed: 1})
	if len(r.Models) != len(ModelNames()) {
		t.Fatalf("%d models", len(r.Models))
	}
	for _, m := range r.Models {
		switch {
		case m.Failed != "":
			t.Errorf("%s failed: %s", m.Title, m.Failed)
		case m.Name == "base-rate":
			if m.AUC != .5 || m.P > .001 {
				t.Errorf("base rate: %+v", m)
			}
		default:
			if m.AUC < .72 || m.ECE > .06 || m.LogLoss > .95*r.Models[0].LogLoss || !(m.AUCLow < m.AUC && m.AUC < m.AUCHigh) {
				t.Errorf("%s: AUC %v, ECE %v, log-loss %v against %v of the base rate", m.Title, m.AUC, m.ECE, m.LogLoss, r.Models[0].LogLoss)
			}
			if len(m.Probabilities) != r.TestRows || m.Model == nil || m.Settings == nil {
				t.Errorf("%s: %d probabilities, model %v", m.Title, len(m.Probabilities), m.Model)
			}
		}
	}
	if best := r.Models[r.Best]; !math.IsNaN(float64(best.P)) || best.FromBest != 0 || !strings.Contains(strings.Join(r.Verdict, " "), best.Title) {
		t.Errorf("best %+v, verdict %q", best, r.Verdict)
	}
	text, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(text), `"p":null`) {
		t.Errorf("JSON %.300s, %v", text, err)
	}
}

// Of data that say nothing, nothing is claimed.
func TestNoSignal(t *testing.T) {
	r := compare(t, planted(1500, 0, .3, 2), Config{Seed: 1})
	for _, m := range r.Models {
		if m.AUCLow > .5 && m.P < .05 || m.LogLoss > 1.02*r.Models[0].LogLoss {
			t.Errorf("%s: AUC %v from %v, log-loss %v against %v of the base rate", m.Title, m.AUC, m.AUCLow, m.LogLoss, r.Models[0].LogLoss)
		}
	}
	if !strings.Contains(r.Verdict[0], "No model is shown to do better than chance") {
		t.Errorf("verdict %q", r.Verdict)
	}
}

// What is done to the test rows changes nothing that was learned: neither threshold nor settings nor calibration.
func TestTestRowsAreNotLearnedFrom(t *testing.T) {
	d := planted(1500, 1, .3, 3)
	train, test, _, err := Split(d, .2, 1)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Seed: 1, Tune: true, Folds: 3, Models: []string{"logistic", "naive-bayes", "tree"}}
	a, err := Run(t.Context(), train, test, cfg)
	if err != nil {
		t.Fatal(err)
	}
	other := test.Take([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
	for i := range other.Y {
		other.Y[i] = i%2 == 0
	}
	b, err := Run(t.Context(), train, other, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for k, m := range a.Models {
		n := b.Models[k]
		if m.Threshold != n.Threshold || string(m.Settings) != string(n.Settings) || m.Calibrated != n.Calibrated || m.Probabilities[20] != n.Probabilities[20] {
			t.Errorf("%s: threshold %v and %v, settings %s and %s", m.Title, m.Threshold, n.Threshold, m.Settings, n.Settings)
		}
		if len(m.Tried) < 2 {
			t.Errorf("%s: %d settings tried", m.Title, len(m.Tried))
		}
	}
}

// Few rows, rare labels and perfect orders end in figures, not in failures.
func TestAwkwardTables(t *testing.T) {
	perfect := planted(300, 0, .5, 4)
	for i := range perfect.Y {
		perfect.X.Row(i)[0] = float32(i % 2)
		perfect.Y[i] = i%2 == 1
	}
	for name, d := range map[string]*learn.Data{"100 rows": planted(100, 1, .3, 5), "1%": planted(2500, 1, .01, 6), "20 rows": planted(20, 1, .5, 7), "perfect": perfect} {
		r := compare(t, d, Config{Seed: 2})
		for _, m := range r.Models {
			if m.Failed != "" {
				t.Errorf("%s: %s: %s", name, m.Title, m.Failed)
			}
			if m.Name == "base-rate" && name == "perfect" && !(m.P < .001) {
				t.Errorf("%s: p %v of the base rate", name, m.P)
			}
		}
		if name == "perfect" && r.Models[r.Best].AUC != 1 {
			t.Errorf("perfect: best %+v", r.Models[r.Best])
		}
	}
}

func TestRunErrors(t *testing.T) {
	d := planted(200, 1, .3, 1)
	few := planted(50, 1, .3, 1)
	clear(few.Y)
	few.Y[0] = true
	for want, run := range map[string]func() error{
		`there is no model "svm"`: func() error { _, err := Run(t.Context(), d, d, Config{Models: []string{"svm"}}); return err },
		"at least 2 are needed":   func() error { _, err := Run(t.Context(), d, d, Config{Folds: 1}); return err },
		"the training part has 1": func() error { _, err := Run(t.Context(), few, d, Config{}); return err },
		"the test part has 1":     func() error { _, err := Run(t.Context(), d, few, Config{}); return err },
		"cannot be divided":       func() error { _, _, _, err := Split(few, .2, 1); return err },
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestCancelled(t *testing.T) {
	d := planted(30_000, 1, .3, 1)
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	var at time.Time
	_, err := Run(ctx, d, d, Config{Progress: func(p Progress) {
		if p.Model == "forest" && at.IsZero() {
			at = time.Now()
			cancel(stop)
		}
	}})
	if !errors.Is(err, stop) || time.Since(at) > 2*time.Second {
		t.Errorf("%v after %v", err, time.Since(at))
	}
}

// By hand: scores .9 (yes), .8 (no), .7 (yes), .2 (no). F1 is 2*1/(1+2) = .67, .5, 2*2/(3+2) = .8 and .67 after each: the best
// threshold lies between .7 and .2.
func TestBestF1(t *testing.T) {
	if got := bestF1([]bool{true, false, true, false}, []float64{.9, .8, .7, .2}); math.Abs(got-.45) > 1e-12 {
		t.Errorf("threshold %v", got)
	}
	if got := bestF1([]bool{true, false, false}, []float64{.3, .3, .3}); got != .3 {
		t.Errorf("threshold %v of equal scores", got)
	}
}

// Probabilities that are too sure are toned down, good ones left alone, and an order is never turned round.
func TestCalibrate(t *testing.T) {
	m, err := learn.FitNaiveBayes(t.Context(), planted(500, 1, .3, 1), learn.NaiveBayes{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(8, 8))
	var y []bool
	var good, sure, wrong []float64
	for range 1500 {
		odds := 1.5 * r.NormFloat64()
		y = append(y, r.Float64() < 1/(1+math.Exp(-odds)))
		good, sure, wrong = append(good, 1/(1+math.Exp(-odds))), append(sure, 1/(1+math.Exp(-5*odds))), append(wrong, 1/(1+math.Exp(odds)))
	}
	for _, c := range []struct {
		name       string
		p          []float64
		calibrated bool
	}{{"good", good, false}, {"sure", sure, true}, {"wrong", wrong, true}} {
		got, q, err := calibrate(m, y, c.p, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := got.(*learn.CalibratedModel); is != c.calibrated {
			t.Errorf("%s: %T", c.name, got)
		}
		if d := learn.AUC(y, q, nil) - learn.AUC(y, c.p, nil); math.Abs(d) > 1e-9 {
			t.Errorf("%s: the AUC changed by %v", c.name, d)
		}
		if base := -math.Log(.5); c.calibrated && learn.LogLoss(y, q, nil) > base+.02 {
			t.Errorf("%s: log-loss %v", c.name, learn.LogLoss(y, q, nil))
		}
	}
}

// Levels are pooled until the encoded matrix is bearable.
func TestSizeOf(t *testing.T) {
	n := 20_000
	d := &learn.Data{X: learn.NewMatrix(n, 1), Y: make([]bool, n), Columns: []learn.Column{{Name: "c", Levels: make([]string, 10_000)}}}
	for i := range n {
		d.X.Row(i)[0] = float32(i % 9000) // 2,000 levels have three rows, 7,000 have two
	}
	if s := sizeOf(d, 1); s.minCount != 3 {
		t.Errorf("levels of at least %d rows are kept; 3 leaves 2,000", s.minCount)
	}
}
