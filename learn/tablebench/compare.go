// Package tablebench holds all of learn's classifiers against each other on a table of anyone's own, by one protocol: what
// is tuned, calibrated or chosen comes from folds of the training rows, and the test rows are looked at once, at the end.
//
// compare.go is the protocol, models.go what is compared, judge.go the measures and result.go what comes out and what it
// says in words.
package tablebench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seguefeed/segue/learn"
)

// Config directs a comparison. The zero value compares all models with their usual settings.
type Config struct {
	Models []string // names of ModelNames; nil means all
	Tune   bool     // choose hyper-parameters by cross-validated AUC on the training rows
	Folds  int      // of the training rows, for tuning, calibration and the F1 threshold; 0 means 5. A rarer label may make it fewer
	Seed   uint64   // of the folds and of what models draw

	// ExactRows is the greatest number of training rows for which the RBF SVM is fitted exactly, at most learn.MaxKernelRows;
	// beyond it, it is fitted over a Nystroem map. 0 means 10,000.
	ExactRows int

	Progress func(Progress) // called one at a time; nil for none
}

// Progress is one moment of a comparison.
type Progress struct {
	Model      string // its title
	Done, Of   int    // fits of that model
	ModelsDone int
	Models     int
}

const (
	defaultExactRows = 10_000
	// oneFoldRows is the number of training rows beyond which calibration and threshold come from one fold held out, which
	// then has thousands of rows, instead of from all folds in turn.
	oneFoldRows = 20_000
	// tuneRows is the greatest number of training rows that grids are searched on; where there are more, as many are drawn.
	tuneRows = 20_000
)

// Run fits all models to train and judges them on test, whose columns are the same. A model that cannot be fitted is listed
// with its reason and does not end the comparison. It is an error if all fail, if either part has fewer than 2 rows of a
// label, and, with its cause, if ctx ends.
func Run(ctx context.Context, train, test *learn.Data, cfg Config) (*Result, error) {
	entries, err := chosen(cfg.Models)
	if err != nil {
		return nil, err
	}
	if cfg.Folds == 0 {
		cfg.Folds = 5
	}
	if cfg.ExactRows == 0 {
		cfg.ExactRows = defaultExactRows
	}
	switch {
	case cfg.Folds < 2:
		return nil, fmt.Errorf("%d folds; at least 2 are needed", cfg.Folds)
	case cfg.ExactRows < 0 || cfg.ExactRows > learn.MaxKernelRows:
		return nil, fmt.Errorf("an exact SVM of up to %d rows; 1 to %d are possible", cfg.ExactRows, learn.MaxKernelRows)
	}
	for _, part := range []struct {
		name string
		d    *learn.Data
	}{{"training", train}, {"test", test}} {
		if yes, no := count(part.d.Y); min(yes, no) < 2 {
			return nil, fmt.Errorf("the %s part has %d positive rows and %d others; at least 2 of each are needed: give more rows, or another label or positive value", part.name, yes, no)
		}
	}
	r := &run{cfg: cfg, train: train, test: test, models: len(entries)}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	for k, e := range entries {
		r.at = k
		one, err := r.one(ctx, e)
		if err != nil {
			return nil, err
		}
		r.result.Models = append(r.result.Models, *one)
	}
	return r.result, r.result.rank(test.Y)
}

// Split draws a stratified share of the rows for test. rows are the numbers, from 0, of the test rows.
func Split(d *learn.Data, share float64, seed uint64) (train, test *learn.Data, rows []int32, err error) {
	s, err := learn.StratifiedSplit(d.Y, 0, share, seed)
	if err != nil {
		yes, no := count(d.Y)
		return nil, nil, nil, fmt.Errorf("%d positive rows and %d others cannot be divided into a training and a test part of %g%%: give more rows", yes, no, 100*share)
	}
	return d.Take(s.Train), d.Take(s.Test), s.Test, nil
}

// run is a comparison at work.
type run struct {
	cfg         Config
	train, test *learn.Data
	folds       []learn.Fold // of train
	size        size
	models, at  int
	result      *Result
}

// prepare divides the training rows and notes what was decided by their number.
func (r *run) prepare() error {
	yes, no := count(r.train.Y)
	testYes, _ := count(r.test.Y)
	r.result = &Result{TrainRows: len(r.train.Y), TestRows: len(r.test.Y), TrainPositive: yes, TestPositive: testYes, Best: -1, Seed: r.cfg.Seed, Tuned: r.cfg.Tune}
	k := min(r.cfg.Folds, yes, no)
	if k < r.cfg.Folds {
		r.note("%d folds instead of %d: the rarer label has no more training rows", k, r.cfg.Folds)
	}
	r.result.Folds = k
	var err error
	if r.folds, err = learn.StratifiedKFold(r.train.Y, k, r.cfg.Seed); err != nil {
		return err
	}
	if len(r.train.Y) > oneFoldRows {
		r.folds = r.folds[:1]
		r.note("more than %d training rows: calibration and the F1 threshold come from one of %d parts of them, held out once", oneFoldRows, k)
	}
	if min(yes, no) < 50 {
		r.note("the rarer label has %d training rows: all figures are rough", min(yes, no))
	}
	if testRare := min(testYes, len(r.test.Y)-testYes); testRare < 50 {
		r.note("the rarer label has %d test rows: look at the intervals, not at the order", testRare)
	}
	r.size = sizeOf(r.train, r.cfg.ExactRows)
	if r.size.minCount > 1 {
		r.note("levels of categories with fewer than %d training rows are pooled as rare for the models that need numbers", r.size.minCount)
	}
	if r.size.rows > r.cfg.ExactRows {
		r.note("more than %d training rows: the RBF SVM is fitted over a Nystroem map of %d landmarks, not exactly", r.cfg.ExactRows, nystroemLandmarks)
	}
	return nil
}

func (r *run) note(format string, args ...any) {
	r.result.Notes = append(r.result.Notes, fmt.Sprintf(format, args...))
}

// one tunes, fits and judges a model. An error is that of ctx.
func (r *run) one(ctx context.Context, e entry) (*Judged, error) {
	j := &Judged{Name: e.name, Title: e.title(r.size)}
	err := r.fit(ctx, e, j)
	if err == nil {
		err = j.judge(r.test.Y)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		j.Failed, j.Model, j.Probabilities = err.Error(), nil, nil
	}
	return j, nil
}

// fit brings j to its probabilities of the test rows.
func (r *run) fit(ctx context.Context, e entry, j *Judged) error {
	if e.grid == nil { // the base rate
		yes, _ := count(r.train.Y)
		rate := float64(yes) / float64(len(r.train.Y))
		j.Threshold = Number(rate) // all are positive: no other threshold has an F1 above 0
		j.Probabilities = make([]float64, len(r.test.Y))
		for i := range j.Probabilities {
			j.Probabilities[i] = rate
		}
		return nil
	}
	grid := e.grid(r.size, r.cfg.Seed)
	if !r.cfg.Tune {
		grid = grid[:1]
	}
	done, of := 0, len(r.folds)+1
	if len(grid) > 1 {
		of += len(grid) * r.result.Folds
	}
	tell := func() {
		if r.cfg.Progress != nil {
			r.cfg.Progress(Progress{Model: j.Title, Done: done, Of: of, ModelsDone: r.at, Models: r.models})
		}
		done++
	}
	tell()
	l, err := r.tune(ctx, grid, j, tell)
	if err != nil {
		return err
	}
	if j.Settings, err = json.Marshal(l); err != nil {
		return err
	}
	began := time.Now()
	y, p, err := r.outOfFold(ctx, l, tell)
	if err != nil {
		return err
	}
	j.FoldSeconds = Number(time.Since(began).Seconds())
	began = time.Now()
	m, err := l.Fit(ctx, r.train)
	if err != nil {
		return err
	}
	j.FitSeconds = Number(time.Since(began).Seconds())
	if m, p, err = calibrate(m, y, p, r.cfg.Seed); err != nil {
		return err
	}
	if c, ok := m.(*learn.CalibratedModel); ok {
		j.Calibrated = string(c.Method)
	}
	j.Threshold = Number(bestF1(y, p))
	tell()
	began = time.Now()
	j.Probabilities = make([]float64, len(r.test.Y))
	j.Model = m
	if err := predict(ctx, m, r.test.X, j.Probabilities); err != nil {
		return err
	}
	j.PredictSeconds = Number(time.Since(began).Seconds())
	return nil
}

// tune is the learner of the grid with the highest AUC over the folds of the training rows, or of a sample of them.
func (r *run) tune(ctx context.Context, grid []learn.Learner, j *Judged, tell func()) (learn.Learner, error) {
	if len(grid) == 1 {
		return grid[0], nil
	}
	began := time.Now()
	d := r.train
	if n := len(d.Y); n > tuneRows {
		s, err := learn.StratifiedSplit(d.Y, 0, float64(tuneRows)/float64(n), r.cfg.Seed)
		if err != nil {
			return nil, err
		}
		d = d.Take(s.Test)
	}
	yes, no := count(d.Y)
	folds, err := learn.StratifiedKFold(d.Y, min(r.result.Folds, yes, no), r.cfg.Seed)
	if err != nil {
		return nil, err
	}
	found, err := learn.Search{Folds: folds, Threads: 1, Progress: func(learn.Trial) { tell() }}.Run(ctx, d, grid)
	if err != nil {
		return nil, err
	}
	for _, s := range found.Scores {
		text, err := json.Marshal(s.Learner)
		if err != nil {
			return nil, err
		}
		t := Tried{Settings: text, AUC: Number(s.Mean), Seconds: Number(s.Seconds)}
		if s.Err != nil {
			t.Failed = s.Err.Error()
		}
		j.Tried = append(j.Tried, t)
	}
	j.TuneSeconds = Number(time.Since(began).Seconds())
	return grid[found.Best], nil
}

// outOfFold are the labels, and the probabilities by models that have not seen them, of the rows of the folds' test parts.
func (r *run) outOfFold(ctx context.Context, l learn.Learner, tell func()) (y []bool, p []float64, err error) {
	for _, f := range r.folds {
		m, err := l.Fit(ctx, r.train.Take(f.Train))
		if err != nil {
			return nil, nil, err
		}
		test := r.train.Take(f.Test)
		part := make([]float64, len(f.Test))
		if err := predict(ctx, m, test.X, part); err != nil {
			return nil, nil, err
		}
		y, p = append(y, test.Y...), append(p, part...)
		tell()
	}
	return y, p, nil
}

// predict writes the probabilities, and ends within a second of ctx.
func predict(ctx context.Context, m learn.Model, x *learn.Matrix, p []float64) error {
	const rows = 1 << 14
	for from := 0; from < x.Rows; from += rows {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		to := min(x.Rows, from+rows)
		part := &learn.Matrix{Rows: to - from, Cols: x.Cols, Data: x.Data[from*x.Cols : to*x.Cols]}
		if err := m.Predict(part, p[from:to]); err != nil {
			return err
		}
	}
	for _, v := range p {
		if math.IsNaN(v) {
			return errors.New("it predicts no number for some rows")
		}
	}
	return nil
}

// count are the positive rows and the others.
func count(y []bool) (yes, no int) {
	for _, v := range y {
		if v {
			yes++
		} else {
			no++
		}
	}
	return yes, no
}
