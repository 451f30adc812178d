package learn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// shareLearner gives each row the share of positive ones among its training rows, or column Column where Use is set; it
// counts how often it is fitted.
type shareLearner struct {
	Use, Sign int
	Fail      bool
	fits      *atomic.Int64
	wait      bool
}

type shareModel struct {
	sign, column int
	share        float64
}

func (l shareLearner) Kind() string { return "share" }

func (l shareLearner) Fit(ctx context.Context, d *Data) (Model, error) {
	if l.fits != nil {
		l.fits.Add(1)
	}
	if l.wait {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if l.Fail {
		return nil, errors.New("does not learn")
	}
	n := 0
	for _, y := range d.Y {
		if y {
			n++
		}
	}
	return &shareModel{l.Sign, l.Use, float64(n) / float64(len(d.Y))}, nil
}

func (m *shareModel) Predict(x *Matrix, p []float64) error {
	for i := range p {
		p[i] = m.share
		if m.sign != 0 {
			p[i] = .5 + .001*float64(m.sign)*float64(x.Row(i)[m.column])
		}
	}
	return nil
}
func (m *shareModel) Inputs() []Column { return nil }
func (m *shareModel) valid() error     { return nil }

// filled is mixed without missing numbers.
func filled(n int) *Data {
	d := mixed(n, 1)
	for i, v := range d.X.Data {
		if v != v {
			d.X.Data[i] = 100
		}
	}
	return d
}

func searchOf(t *testing.T, d *Data) Search {
	t.Helper()
	folds, err := StratifiedKFold(d.Y, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	return Search{Folds: folds}
}

func TestSearchFindsThePlanted(t *testing.T) {
	d := filled(800)
	s := searchOf(t, d)
	learners := []Learner{shareLearner{}, shareLearner{Sign: -1}, shareLearner{Sign: 1}, shareLearner{Fail: true}, shareLearner{Sign: 1}}
	var order []int
	s.Progress = func(tr Trial) {
		order = append(order, tr.Done)
		if tr.Of != 20 || tr.Kind != "share" || (tr.Err != nil) != (tr.Learner == 3) {
			t.Errorf("%+v", tr)
		}
	}
	r, err := s.Run(t.Context(), d, learners)
	if err != nil {
		t.Fatal(err)
	}
	if r.Best != 2 || !reflect.DeepEqual(r.Ranked(), []int{2, 4, 0, 1, 3}) {
		t.Errorf("best %d, ranked %v", r.Best, r.Ranked())
	}
	if s := r.Scores[0]; s.Mean != .5 || s.SD != 0 {
		t.Errorf("a constant has AUC %v +- %v", s.Mean, s.SD)
	}
	// Each fold's score against the definition.
	for f, fold := range s.Folds {
		test := d.Take(fold.Test)
		p := make([]float64, test.X.Rows)
		for i := range p {
			p[i] = float64(test.X.Row(i)[0])
		}
		if want := AUC(test.Y, p, nil); math.Abs(r.Scores[2].Folds[f]-want) > 1e-12 || math.Abs(r.Scores[1].Folds[f]-(1-want)) > 1e-12 {
			t.Errorf("fold %d: %v, want %v", f, r.Scores[2].Folds[f], want)
		}
	}
	if e := r.Scores[3].Err; e == nil || !math.IsNaN(r.Scores[3].Mean) {
		t.Errorf("one that fails: %+v", r.Scores[3])
	}
	for k, n := range order {
		if n != k+1 {
			t.Fatalf("progress %v", order)
		}
	}
	if mean, sd := meanSD([]float64{1, 2, 6}); mean != 3 || math.Abs(sd-math.Sqrt(7)) > 1e-15 {
		t.Errorf("%v +- %v of 1 2 6, want 3 +- sqrt((4+1+9)/2)", mean, sd)
	}
	s.Progress = nil
	if _, err := s.Run(t.Context(), d, learners[3:4]); err == nil || !strings.Contains(err.Error(), "does not learn") {
		t.Errorf("all fail: %v", err)
	}
}

// The share of positive rows that a learner sees is that of the sampled training rows; the one that it is judged on is not.
func TestSearchSamplesTrainingOnly(t *testing.T) {
	d := &Data{X: NewMatrix(1000, 1), Y: labels(1000, .2, 1)}
	s := searchOf(t, d)
	var tested, shares []float64
	s.Threads = 1
	s.Score = func(y []bool, p []float64, _ []float32) float64 {
		tested, shares = append(tested, float64(len(y))), append(shares, p[0])
		return 0
	}
	for _, set := range []func(){func() { s.Oversample, s.Undersample = -1, 0 }, func() { s.Oversample, s.Undersample = 0, -1 }} {
		tested, shares = nil, nil
		set()
		if _, err := s.Run(t.Context(), d, []Learner{shareLearner{}}); err != nil {
			t.Fatal(err)
		}
		for f := range s.Folds {
			if shares[f] != .5 || int(tested[f]) != len(s.Folds[f].Test) {
				t.Errorf("trained on a share of %v, tested on %v rows of %d", shares[f], tested[f], len(s.Folds[f].Test))
			}
		}
		m, err := s.Refit(t.Context(), d, shareLearner{})
		if err != nil || m.(*shareModel).share != .5 {
			t.Errorf("refit on a share of %v, %v", m, err)
		}
	}
	s.Oversample, s.Undersample = 0, 0
	m, err := s.Refit(t.Context(), d, shareLearner{})
	if err != nil || m.(*shareModel).share >= .3 {
		t.Errorf("refit without sampling on a share of %v, %v", m, err)
	}
}

func TestSearchResumes(t *testing.T) {
	d := filled(400)
	var fits atomic.Int64
	learners := []Learner{shareLearner{Sign: 1, fits: &fits}, shareLearner{fits: &fits}}
	s := searchOf(t, d)
	s.Journal = filepath.Join(t.TempDir(), "trials.jsonl")
	run := func(what string, want int64) *SearchResult {
		t.Helper()
		fits.Store(0)
		r, err := s.Run(t.Context(), d, learners)
		if err != nil {
			t.Fatal(what, err)
		}
		if n := fits.Load(); n != want {
			t.Errorf("%s: fitted %d times, want %d", what, n, want)
		}
		for l := range r.Scores {
			r.Scores[l].Learner = nil
		}
		return r
	}
	first := run("at first", 8)
	if again := run("again", 0); !reflect.DeepEqual(first, again) {
		t.Errorf("from the journal %+v, at first %+v", again, first)
	}
	whole, err := os.ReadFile(s.Journal)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(whole, []byte("\n")); n != 8 {
		t.Fatalf("%d lines", n)
	}
	// Cut anywhere within the last line: that trial alone is run again, and the file is whole after.
	for _, left := range []int{len(whole) - 1, len(whole) - 30, bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 4} {
		if err := os.WriteFile(s.Journal, whole[:left], 0o644); err != nil {
			t.Fatal(err)
		}
		run(fmt.Sprintf("cut to %d of %d bytes", left, len(whole)), 1)
		run("after it was mended", 0)
	}
	if err := os.WriteFile(s.Journal, append(whole[:len(whole)-10:len(whole)-10], "\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	run("a damaged last line", 1)

	// All that a score depends on counts.
	s.Seed++
	run("another seed", 8)
	s.Oversample = 2
	run("sampled", 8)
	d.Y[3] = !d.Y[3]
	run("another label", 8)
	d.Columns[0].Name = "z"
	run("another name", 8)
	d.X.Data[4]++
	run("another value", 8)
	learners[0] = shareLearner{Sign: 2, fits: &fits}
	run("another setting", 4)
	s.Folds = s.Folds[:3]
	run("fewer folds", 0)
	s.Folds[0].Test = s.Folds[0].Test[1:]
	run("another fold", 2)
	s.Score, s.ScoreName = LossScore, "loss"
	run("another score", 6)

	for text, want := range map[string]string{
		"a,b\n":                       "is not a finished trial",
		"a,b":                         "is not a finished trial",
		"{}\n" + string(whole):        "it has no key",
		"{\"key\":\n" + string(whole): ":1: ",
	} {
		if err := os.WriteFile(s.Journal, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Run(t.Context(), d, learners); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text[:4], err, want)
		}
		if got, _ := os.ReadFile(s.Journal); string(got) != text {
			t.Errorf("a file that is not ours was changed")
		}
	}
}

func TestSearchSameWhateverTheThreads(t *testing.T) {
	d := mixed(600, 1)
	learners := []Learner{Pipeline{Learner: NetworkConfig{Hidden: []int{4}, Epochs: 2}}, Pipeline{Learner: NetworkConfig{Hidden: []int{3, 2}, Epochs: 2}}}
	s := searchOf(t, d)
	var scores [2][][]float64
	for k, threads := range []int{1, 4} {
		s.Threads = threads
		r, err := s.Run(t.Context(), d, learners)
		if err != nil {
			t.Fatal(err)
		}
		for _, sc := range r.Scores {
			scores[k] = append(scores[k], sc.Folds)
		}
	}
	if !reflect.DeepEqual(scores[0], scores[1]) {
		t.Errorf("%v with one thread, %v with four", scores[0], scores[1])
	}
}

func TestSearchErrorsAndCancel(t *testing.T) {
	d := mixed(100, 1)
	s := searchOf(t, d)
	l := []Learner{shareLearner{}}
	for want, f := range map[string]func(s *Search) []Learner{
		"no folds":       func(s *Search) []Learner { s.Folds = nil; return l },
		"no learners":    func(*Search) []Learner { return nil },
		"0 is nil":       func(*Search) []Learner { return []Learner{nil} },
		"together":       func(s *Search) []Learner { s.Oversample, s.Undersample = 2, 2; return l },
		"score's name":   func(s *Search) []Learner { s.Score, s.Journal = AUC, "x"; return l },
		"row 100 of 100": func(s *Search) []Learner { s.Folds = []Fold{{[]int32{1}, []int32{100}}}; return l },
		"row -1 of 100":  func(s *Search) []Learner { s.Folds = []Fold{{[]int32{-1}, []int32{1}}}; return l },
		"both sides":     func(s *Search) []Learner { s.Folds = []Fold{{[]int32{1, 2}, []int32{2}}}; return l },
		"0 for test":     func(s *Search) []Learner { s.Folds = []Fold{{[]int32{1, 2}, nil}}; return l },
		"no such file":   func(s *Search) []Learner { s.Journal = "/no/such/directory/x"; return l },
		"a score of NaN": func(s *Search) []Learner {
			s.Score = func([]bool, []float64, []float32) float64 { return math.NaN() }
			return l
		},
	} {
		s := s
		if _, err := s.Run(t.Context(), d, f(&s)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
	began := time.Now()
	if _, err := s.Run(ctx, d, []Learner{shareLearner{wait: true}}); !errors.Is(err, why) || time.Since(began) > time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
