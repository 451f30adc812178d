// Choosing hyper-parameters: every trial is fitted on most of the training interactions and judged on the rest of them; the test file is
// never looked at. First the usual settings, then points spread evenly over each axis (McKay, Beckman and Conover, Technometrics 21,
// 1979), then steps around the best so far that grow smaller. Under a bound of time the usual settings are still tried, and say how many trials to plan for. That is not the cleverest search, but all methods get the same one and the same
// budget, which is what makes their comparison fair.

package allrank

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/seguefeed/segue/candidate"
)

const (
	validShare   = .2     // of each user's training interactions, held out
	validUsers   = 10_000 // judged in a trial at most, drawn by the seed
	fewUsers     = 5_000  // where fewer are judged, a trial is held against three parts in turn, for less noise in the choice
	fewFolds     = 3
	spreadShare  = .6  // of the trials that spread evenly; the rest refine
	firstStep    = .25 // of an axis, standard deviation of the first refinement
	lastStep     = .03
	keepOnAxis   = .4 // chance that a refinement leaves an axis as it is
	choiceChance = .3 // chance that a refinement draws a choice anew
	hopedTrials  = 10 // with time for fewer on all parts, trials are held against one
	manyTrials   = 20 // with fewer, more of them refine the usual settings, which few points spread over many axes seldom beat

	// Under a bound of time a trial may take that many times the usual settings', or that share of the time, whichever is more; then it is given up.
	slowTimes, slowShare = 4, .25
)

// Trial is one set of hyper-parameters.
type Trial struct {
	Settings json.RawMessage `json:"settings"`
	Value    float64         `json:"value"` // of the metric that is tuned for, on the validation part
	Seconds  float64         `json:"seconds"`
	Failed   string          `json:"failed,omitempty"`
}

// Tuning is how a method's hyper-parameters were chosen.
type Tuning struct {
	Metric  string  `json:"metric"`
	Users   int     `json:"validation_users"`
	Folds   int     `json:"validation_folds"` // within a bound of time fewer than otherwise, where all would leave time for few trials
	Trials  []Trial `json:"trials"`
	Best    int     `json:"best"` // index of the best trial, the first of equals; the first is that of the usual settings
	Seconds float64 `json:"seconds"`
	Note    string  `json:"note,omitempty"`
}

// Validation divides the training interactions: of each user's, a fifth, drawn by the seed, is held out, of fewer than five one if
// they are three or more, so that a user keeps most. What is held out for folds 0, 1 and 2 has nothing in common. At most
// validUsers users are judged. The items and users are those of s.
func Validation(s *Split, seed uint64, fold int) *Split {
	v := &Split{Users: s.Users, Items: s.Items, Train: &candidate.Matrix{Users: s.Train.Users, Items: s.Train.Items, Start: make([]int64, s.Train.Users+1)},
		Test: &candidate.Matrix{Users: s.Train.Users, Items: s.Train.Items, Start: make([]int64, s.Train.Users+1)}}
	var able []int
	held := make([]int, s.Train.Users)
	for u := range held {
		n := int(s.Train.Start[u+1] - s.Train.Start[u])
		if n < 3 {
			continue
		}
		held[u] = max(1, int(math.Round(validShare*float64(n))))
		able = append(able, u)
	}
	if len(able) > validUsers {
		r := rand.New(rand.NewPCG(seed, 0x7a11d))
		r.Shuffle(len(able), func(i, j int) { able[i], able[j] = able[j], able[i] })
		for _, u := range able[validUsers:] {
			held[u] = 0
		}
	}
	var out []bool
	for u, hold := range held {
		row, _ := s.Train.Row(u)
		out = slices.Grow(out[:0], len(row))[:len(row)]
		clear(out)
		if hold > 0 {
			v.Counts.Judged++
			for _, k := range rand.New(rand.NewPCG(seed, uint64(u)<<1|1)).Perm(len(row))[fold*hold : (fold+1)*hold] {
				out[k] = true
			}
		}
		for k, i := range row {
			if out[k] {
				v.Test.Item = append(v.Test.Item, i)
			} else {
				v.Train.Item = append(v.Train.Item, i)
			}
		}
		v.Train.Start[u+1], v.Test.Start[u+1] = int64(len(v.Train.Item)), int64(len(v.Test.Item))
	}
	v.Counts.Users, v.Counts.Items = s.Counts.Users, s.Counts.Items
	v.Counts.Train, v.Counts.Test = int64(len(v.Train.Item)), int64(len(v.Test.Item))
	return v
}

// errBudget ends a trial when the time for tuning is over.
var errBudget = errors.New("the time for tuning is over")

// tuner searches the hyper-parameters of methods, all on the same parts.
type tuner struct {
	cfg     *Config
	valid   []*Split
	print   []byte // of valid, for the journal
	journal *journal
}

func newTuner(s *Split, cfg *Config) (*tuner, error) {
	t := &tuner{cfg: cfg, valid: []*Split{Validation(s, cfg.Seed, 0)}}
	judged := t.valid[0].Counts.Judged
	if judged == 0 {
		return nil, errors.New("no user has three training interactions or more: there is nothing to tune on")
	}
	for fold := 1; fold < fewFolds && judged < fewUsers; fold++ {
		t.valid = append(t.valid, Validation(s, cfg.Seed, fold))
	}
	for _, v := range t.valid {
		t.print = append(t.print, fingerprint(v)...)
	}
	var err error
	t.journal, err = openJournal(cfg.Journal)
	return t, err
}

// tune finds the settings of l, but for those that are fixed, with the best value on the validation parts, its mean over them.
func (t *tuner) tune(ctx context.Context, l candidate.Learner, fixed []Setting, tell func(done, of int)) (candidate.Learner, *Tuning, error) {
	space := slices.Clone(spaces[l.Kind()])
	space = slices.DeleteFunc(space, func(a axis) bool {
		f, ok := field(l, a.param)
		return !ok || slices.ContainsFunc(fixed, func(s Setting) bool {
			set, named := field(l, s.Param)
			return sameKind(s.Model, l) && named && set.Addr() == f.Addr()
		})
	})
	found := &Tuning{Metric: t.cfg.Metric.String(), Users: t.valid[0].Counts.Judged, Folds: len(t.valid), Best: -1}
	trials := t.cfg.TuneTrials
	if len(space) == 0 {
		found.Note = "nothing of it is searched"
		trials = 1
	}
	began := time.Now()
	within := ctx
	if t.cfg.TuneTime > 0 {
		var stop context.CancelFunc
		within, stop = context.WithTimeoutCause(ctx, t.cfg.TuneTime, errBudget)
		defer stop()
	}
	best := l
	var search *search
	known := map[string]Trial{}
	for k := range trials {
		tell(k, trials)
		var try candidate.Learner
		var trial Trial
		var err error
		switch {
		case k == 0: // whatever the time: without their value nothing could be said of the others
			try = l
			found.Folds, trial, err = t.usual(ctx, l, known)
		case within.Err() == nil:
			if try, err = search.at(k, l); err == nil {
				trial, err = t.limited(within, t.slowest(found.Trials[0]), try, found.Folds, known)
			}
		}
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		if k > 0 && within.Err() != nil {
			found.Note = fmt.Sprintf("%v: %d of %d trials were finished", errBudget, k, trials)
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if k == 0 {
			search = newSearch(space, t.affordable(trial, trials), usualPoint(space, l, t.valid[0].Train), t.cfg.Seed)
		}
		found.Trials = append(found.Trials, trial)
		if trial.Failed == "" && (found.Best < 0 || trial.Value > found.Trials[found.Best].Value) {
			found.Best, best = k, try
			search.best = search.points[k]
		}
	}
	found.Seconds = time.Since(began).Seconds()
	if found.Best < 0 && len(found.Trials) > 0 {
		return nil, nil, fmt.Errorf("none of %d trials could be fitted, the first: %s", len(found.Trials), found.Trials[0].Failed)
	}
	return best, found, nil
}

// usual tries the usual settings. Under a bound of time it says on how many of the parts all trials are to be held: on all, or on the first alone if otherwise
// there were time for few trials only.
func (t *tuner) usual(ctx context.Context, l candidate.Learner, known map[string]Trial) (folds int, trial Trial, err error) {
	folds = len(t.valid)
	if t.cfg.TuneTime > 0 && folds > 1 {
		trial, err = t.trial(ctx, l, 1, known)
		if err != nil || trial.Failed != "" || trial.Seconds*float64(folds)*hopedTrials > t.cfg.TuneTime.Seconds() {
			return 1, trial, err
		}
		clear(known)
	}
	trial, err = t.trial(ctx, l, folds, known)
	return folds, trial, err
}

// affordable is for how many of the trials the search is laid out: those the time is likely to allow, the usual settings' among them, judged by what those took: 2 or more, unless fewer are
// asked for. It hangs on nothing else, so that with a journal the same search is laid out again.
func (t *tuner) affordable(usual Trial, asked int) int {
	if t.cfg.TuneTime <= 0 || usual.Seconds <= 0 {
		return asked
	}
	return int(min(float64(asked), max(2, t.cfg.TuneTime.Seconds()/usual.Seconds)))
}

// slowest is how long a trial may take under a bound of time; 0 without one.
func (t *tuner) slowest(usual Trial) time.Duration {
	if t.cfg.TuneTime <= 0 {
		return 0
	}
	return time.Duration(max(slowShare*float64(t.cfg.TuneTime), slowTimes*usual.Seconds*float64(time.Second)))
}

// limited is trial, given up as failed after the time slow, if that is above 0.
func (t *tuner) limited(ctx context.Context, slow time.Duration, l candidate.Learner, folds int, known map[string]Trial) (Trial, error) {
	if slow <= 0 {
		return t.trial(ctx, l, folds, known)
	}
	limit, stop := context.WithTimeout(ctx, slow)
	defer stop()
	trial, err := t.trial(limit, l, folds, known)
	if err == nil || ctx.Err() != nil || limit.Err() == nil {
		return trial, err
	}
	settings, err := json.Marshal(l)
	return Trial{Settings: settings, Seconds: slow.Seconds(), Failed: fmt.Sprintf("given up after %.0f s, which left too little time for others", slow.Seconds())}, err
}

// trial fits and judges one set on the first so many parts, or takes the value from the journal or from an earlier trial of the same settings. Only what makes the whole search
// fail is an error.
func (t *tuner) trial(ctx context.Context, l candidate.Learner, folds int, known map[string]Trial) (Trial, error) {
	settings, err := json.Marshal(l)
	if err != nil {
		return Trial{}, fmt.Errorf("settings as JSON: %w", err)
	}
	if k, ok := known[string(settings)]; ok {
		return k, nil
	}
	key, err := t.key(l, folds)
	if err != nil {
		return Trial{}, err
	}
	if e, ok := t.journal.found(key); ok {
		return Trial{settings, e.Value, e.Seconds, ""}, nil
	}
	began := time.Now()
	trial := Trial{Settings: settings}
	for _, v := range t.valid[:folds] {
		debug.FreeOSMemory() // the model before, which may be large
		var value float64
		if value, err = t.value(ctx, l, v); err != nil {
			break
		}
		trial.Value += value / float64(folds)
	}
	trial.Seconds = time.Since(began).Seconds()
	switch {
	case ctx.Err() != nil:
		return Trial{}, context.Cause(ctx)
	case err != nil:
		trial.Failed, trial.Value = err.Error(), 0
	default:
		if err := t.journal.add(entry{key, l.Kind(), settings, t.cfg.Metric.String(), trial.Value, trial.Seconds}); err != nil {
			return Trial{}, err
		}
	}
	known[string(settings)] = trial
	return trial, nil
}

// value fits and judges on one part.
func (t *tuner) value(ctx context.Context, l candidate.Learner, v *Split) (float64, error) {
	model, err := l.Fit(ctx, v.Train)
	if err != nil {
		return 0, err
	}
	s, err := judge(ctx, model, v, []int{t.cfg.Metric.K}, t.cfg.Threads, nil)
	if err != nil {
		return 0, err
	}
	return s.mean(0, t.cfg.Metric.Metric), nil
}

// search proposes points of the unit cube, one coordinate an axis.
type search struct {
	space  []axis
	spread [][]float64 // points spread evenly
	points [][]float64 // of the trials; nil for usual settings of which no point is known
	best   []float64   // the best so far; nil where that is the usual settings and they have no point
	trials int
	r      *rand.Rand
}

// newSearch plans the trials after the first, which is that of the usual settings, at the point usual, nil where that is not known.
func newSearch(space []axis, trials int, usual []float64, seed uint64) *search {
	s := &search{space: space, trials: trials, points: [][]float64{usual}, best: usual, r: rand.New(rand.NewPCG(seed, 0x5ea7c4))}
	n := int(math.Ceil(spreadShare * min(1, float64(trials)/manyTrials) * float64(trials-1)))
	s.spread = make([][]float64, n)
	for k := range s.spread {
		s.spread[k] = make([]float64, len(space))
	}
	for a := range space {
		for k, cell := range s.r.Perm(n) {
			s.spread[k][a] = (float64(cell) + s.r.Float64()) / float64(n)
		}
	}
	return s
}

// at is the learner of trial k, from 1; trials are asked for in order.
func (s *search) at(k int, usual candidate.Learner) (candidate.Learner, error) {
	var p []float64
	if k <= len(s.spread) {
		p = s.spread[k-1]
	} else {
		p = s.near(k)
	}
	s.points = append(s.points, p)
	l := clone(usual)
	for a := range p {
		if err := apply(l, s.space[a].param, s.space[a].at(p[a])); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// near is a point around the best one, or any where that is not known.
func (s *search) near(k int) []float64 {
	p := make([]float64, len(s.space))
	if s.best == nil {
		for a := range p {
			p[a] = s.r.Float64()
		}
		return p
	}
	progress := min(1, float64(k-len(s.spread)-1)/float64(max(1, s.trials-len(s.spread)-2))) // there may be time for more trials than were planned for
	step := firstStep * math.Pow(lastStep/firstStep, progress)
	for moved := false; !moved; {
		copy(p, s.best)
		for a, axis := range s.space {
			if axis.choices != nil {
				if s.r.Float64() < choiceChance {
					if x := s.r.Float64(); axis.at(x) != axis.at(p[a]) {
						p[a], moved = x, true
					}
				}
				continue
			}
			if s.r.Float64() >= keepOnAxis {
				p[a], moved = reflected(p[a]+step*s.r.NormFloat64()), true
			}
		}
	}
	return p
}

// usualPoint is where a learner's own settings lie among the axes, with what it makes of those that are 0 for the data m; nil for one that does not say. What
// lies outside is moved to the nearest end.
func usualPoint(space []axis, l candidate.Learner, m *candidate.Matrix) []float64 {
	settler, ok := l.(candidate.Settler)
	if !ok || len(space) == 0 {
		return nil
	}
	settled, p := settler.Settled(m), make([]float64, len(space))
	for a, axis := range space {
		f, ok := field(settled, axis.param)
		if !ok {
			return nil
		}
		p[a] = axis.place(f)
	}
	return p
}

// reflected brings a coordinate that left the cube back into it, as from a mirror.
func reflected(x float64) float64 {
	x = math.Abs(math.Mod(x, 2))
	if x > 1 {
		x = 2 - x
	}
	return x
}
