// Cross-validation of many learners over the same folds: which hyper-parameters, or which algorithm, does best on rows that
// it has not seen. Sampling and, by way of Pipeline, encoding see a fold's training rows only.

package learn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// Search says how learners are compared.
type Search struct {
	// Folds are the divisions that each learner is fitted and judged on.
	Folds []Fold

	// Score is the larger the better; y, p and w (nil for 1 each) are those of a fold's test rows. Nil means AUC.
	Score func(y []bool, p []float64, w []float32) float64
	// ScoreName tells scores apart in the journal; it must be set where Score is and a journal is kept.
	ScoreName string

	// Oversample and Undersample, where not 0, are the factor and the ratio of the functions of these names, which are
	// applied to the training rows of each fold; -1 stands for balance. At most one can be set.
	Oversample, Undersample float64
	Seed                    uint64 // of the sampling

	// Journal names a file of JSON lines that keeps the finished trials; a search that is run again takes from there what
	// it has. "" means none.
	Journal string

	// Threads is the number of trials at the same time; 0 means one a core. Where it is above 1, learners should be set
	// to one thread each. The rows of at most Threads folds are
	// copied at a time, of one or two where there are as many learners as threads.
	Threads int

	// Progress, when set, is called after each trial, one call at a time.
	Progress func(Trial)
}

// Trial is one learner on one fold.
type Trial struct {
	Learner, Fold int // numbers in the lists
	Kind          string
	Score         float64
	Seconds       float64 // of fitting and predicting
	Err           error   // why there is no score
	FromJournal   bool
	Done, Of      int // trials so far, and in all
}

// SearchScore is how one learner did.
type SearchScore struct {
	Learner  Learner
	Folds    []float64 // the score on each fold
	Mean, SD float64   // of Folds; SD with divisor k-1
	Seconds  float64   // sum over the folds
	Err      error     // of the first fold that failed: then Mean is NaN, and the learner cannot be the best
}

// SearchResult has the learners in the order given; Best is the number of the one with the highest mean, the first of equals.
type SearchResult struct {
	Scores []SearchScore
	Best   int
}

// LossScore is minus LogLoss, for Search.Score.
func LossScore(y []bool, p []float64, w []float32) float64 { return -LogLoss(y, p, w) }

// Run fits and judges all learners on all folds. A learner that fails on a fold is passed over, with its error in the result;
// it is an error if all fail, if the journal cannot be read or written, and, with its cause, if ctx ends.
func (s Search) Run(ctx context.Context, d *Data, learners []Learner) (*SearchResult, error) {
	if err := s.check(d, learners); err != nil {
		return nil, err
	}
	r := &running{Search: s, d: d, learners: learners, folds: make([]foldRows, len(s.Folds)),
		trials: make([]Trial, len(learners)*len(s.Folds))}
	if s.Score == nil {
		r.Score, r.ScoreName = AUC, "AUC"
	}
	for f := range r.folds {
		r.folds[f].left = len(learners)
	}
	if s.Journal != "" {
		j, err := openJournal(s.Journal)
		if err != nil {
			return nil, err
		}
		defer j.close()
		r.journal = j
		if r.keys, err = r.trialKeys(); err != nil {
			return nil, err
		}
	}
	if err := r.all(ctx); err != nil {
		return nil, err
	}
	return r.result()
}

func (s Search) check(d *Data, learners []Learner) error {
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return err
	}
	switch {
	case len(s.Folds) == 0:
		return errors.New("learn: search: no folds")
	case len(learners) == 0:
		return errors.New("learn: search: no learners")
	case s.Oversample != 0 && s.Undersample != 0:
		return errors.New("learn: search: oversampling and undersampling together")
	case s.Score != nil && s.ScoreName == "" && s.Journal != "":
		return errors.New("learn: search: a journal needs the score's name")
	}
	for i, l := range learners {
		if l == nil {
			return fmt.Errorf("learn: search: learner %d is nil", i)
		}
	}
	for f, fold := range s.Folds {
		in := make([]bool, d.X.Rows)
		for _, i := range fold.Train {
			if i < 0 || int(i) >= d.X.Rows {
				return fmt.Errorf("learn: search: fold %d trains on row %d of %d", f, i, d.X.Rows)
			}
			in[i] = true
		}
		for _, i := range fold.Test {
			switch {
			case i < 0 || int(i) >= d.X.Rows:
				return fmt.Errorf("learn: search: fold %d tests on row %d of %d", f, i, d.X.Rows)
			case in[i]:
				return fmt.Errorf("learn: search: fold %d has row %d on both sides", f, i)
			}
		}
		if len(fold.Train) == 0 || len(fold.Test) == 0 {
			return fmt.Errorf("learn: search: fold %d has %d rows for training and %d for test", f, len(fold.Train), len(fold.Test))
		}
	}
	return nil
}

// sample is the rows of training after sampling.
func (s Search) sample(rows []int32, y []bool) ([]int32, error) {
	switch {
	case s.Oversample != 0:
		return Oversample(rows, y, max(s.Oversample, 0), s.Seed)
	case s.Undersample != 0:
		return Undersample(rows, y, max(s.Undersample, 0), s.Seed)
	}
	return rows, nil
}

// Refit fits l to all rows of d, sampled as in the search.
func (s Search) Refit(ctx context.Context, d *Data, l Learner) (Model, error) {
	if s.Oversample != 0 || s.Undersample != 0 {
		if err := d.check(acceptsMissing | acceptsCategories); err != nil {
			return nil, err
		}
		rows := make([]int32, d.X.Rows)
		for i := range rows {
			rows[i] = int32(i)
		}
		rows, err := s.sample(rows, d.Y)
		if err != nil {
			return nil, err
		}
		d = d.Take(rows)
	}
	return l.Fit(ctx, d)
}

// running is a search at work. Trial t is learner t % len(learners) on fold t / len(learners): trials that share a fold's
// rows follow each other.
type running struct {
	Search
	d        *Data
	learners []Learner
	folds    []foldRows
	journal  *journal // nil for none
	keys     []string // of the trials, where there is a journal

	mu     sync.Mutex
	trials []Trial
	next   int
	done   int
}

// foldRows are the copies of a fold's rows, made when first needed and let go after the last trial.
type foldRows struct {
	mu          sync.Mutex
	train, test *Data
	err         error
	left        int // trials still to come
}

// all runs the trials.
func (r *running) all(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for range min(threadsOf(r.Threads), len(r.trials)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				r.mu.Lock()
				t := r.next
				r.next++
				r.mu.Unlock()
				if t >= len(r.trials) {
					return
				}
				if err := r.one(ctx, t); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// one runs trial t, or takes it from the journal. Its error ends the search.
func (r *running) one(ctx context.Context, t int) error {
	l, f := t%len(r.learners), t/len(r.learners)
	trial := Trial{Learner: l, Fold: f, Kind: r.learners[l].Kind(), Of: len(r.trials)}
	if r.journal != nil {
		if e, ok := r.journal.found(r.keys[t]); ok {
			trial.Score, trial.Seconds, trial.FromJournal = e.Score, e.Seconds, true
		}
	}
	if !trial.FromJournal {
		began := time.Now()
		trial.Score, trial.Err = r.score(ctx, l, f)
		trial.Seconds = time.Since(began).Seconds()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	r.folds[f].finished()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != nil && trial.Err == nil && !trial.FromJournal {
		config, err := json.Marshal(r.learners[l])
		if err != nil {
			return fmt.Errorf("learn: search: learner %d as JSON: %w", l, err)
		}
		err = r.journal.add(journalEntry{Key: r.keys[t], Kind: trial.Kind, Config: config, Fold: f, ScoreName: r.ScoreName, Score: trial.Score, Seconds: trial.Seconds})
		if err != nil {
			return err
		}
	}
	r.done++
	trial.Done = r.done
	r.trials[t] = trial
	if r.Progress != nil {
		r.Progress(trial)
	}
	return nil
}

// score fits learner l on fold f and judges it.
func (r *running) score(ctx context.Context, l, f int) (float64, error) {
	train, test, err := r.folds[f].rows(r.Search, r.d, f)
	if err != nil {
		return 0, err
	}
	m, err := r.learners[l].Fit(ctx, train)
	if err != nil {
		return 0, err
	}
	p := make([]float64, test.X.Rows)
	if err := m.Predict(test.X, p); err != nil {
		return 0, err
	}
	score := r.Score(test.Y, p, test.Weight)
	if math.IsNaN(score) || math.IsInf(score, 0) {
		return 0, fmt.Errorf("learn: search: learner %d (%s) on fold %d: a score of %v", l, r.learners[l].Kind(), f, score)
	}
	return score, nil
}

// rows are the fold's rows, copied once for all learners.
func (r *foldRows) rows(s Search, d *Data, f int) (train, test *Data, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.train == nil && r.err == nil {
		rows, err := s.sample(s.Folds[f].Train, d.Y)
		if err != nil {
			r.err = fmt.Errorf("learn: search: fold %d: %w", f, err)
			return nil, nil, r.err
		}
		r.train, r.test = d.Take(rows), d.Take(s.Folds[f].Test)
	}
	return r.train, r.test, r.err
}

// finished lets the copies go after the last trial.
func (r *foldRows) finished() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left--; r.left == 0 {
		r.train, r.test = nil, nil
	}
}

// result sums the trials up.
func (r *running) result() (*SearchResult, error) {
	res := &SearchResult{Scores: make([]SearchScore, len(r.learners)), Best: -1}
	for l := range r.learners {
		s := &res.Scores[l]
		s.Learner = r.learners[l]
		for f := range r.folds {
			t := r.trials[f*len(r.learners)+l]
			s.Folds = append(s.Folds, t.Score)
			s.Seconds += t.Seconds
			if t.Err != nil {
				s.Folds[f] = math.NaN()
				if s.Err == nil {
					s.Err = t.Err
				}
			}
		}
		s.Mean, s.SD = meanSD(s.Folds)
		if s.Err == nil && (res.Best < 0 || s.Mean > res.Scores[res.Best].Mean) {
			res.Best = l
		}
	}
	if res.Best < 0 {
		return nil, fmt.Errorf("learn: search: all %d learners failed, the first with: %w", len(r.learners), res.Scores[0].Err)
	}
	return res, nil
}

// meanSD are the mean and the standard deviation (divisor n-1; 0 of a single value) of v; NaN where one of v is.
func meanSD(v []float64) (mean, sd float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for _, x := range v {
		sd += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(sd / float64(max(1, len(v)-1)))
}

// Ranked are the numbers of the learners from the best to the worst, failed ones last, equals in their order.
func (r *SearchResult) Ranked() []int {
	order := make([]int, len(r.Scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := r.Scores[a], r.Scores[b]
		switch {
		case x.Err != nil || y.Err != nil:
			if (x.Err == nil) == (y.Err == nil) {
				return 0
			}
			if x.Err != nil {
				return 1
			}
			return -1
		case x.Mean > y.Mean:
			return -1
		case x.Mean < y.Mean:
			return 1
		}
		return 0
	})
	return order
}
