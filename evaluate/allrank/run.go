// Package allrank holds item-side recommenders against each other on any split of who took what, by the protocol of the literature: all
// items that a user did not take in training are ranked for her, and the list is measured against what she took in the test. All methods get the same
// training file, the same search of their hyper-parameters on a part of it, and the same users.
//
// read.go and format.go read splits, run.go is the protocol, score.go ranks and measures, tune.go with space.go and journal.go chooses
// hyper-parameters, settings.go sets them by name, and result.go is what comes out and what it says in words.
package allrank

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/evaluate"
)

// Target is the measure that models are sorted by and tuned for.
type Target struct {
	Metric evaluate.Metric
	K      int // the cut
}

func (t Target) String() string { return fmt.Sprintf("%v@%d", t.Metric, t.K) }

// ParseTarget reads METRIC@K, as in ndcg@10.
func ParseTarget(text string) (Target, error) {
	name, cut, ok := strings.Cut(text, "@")
	k, err := strconv.Atoi(cut)
	if !ok || err != nil || k < 1 {
		return Target{}, fmt.Errorf("%q is not METRIC@K with K of at least 1, as in ndcg@10", text)
	}
	m, err := evaluate.ParseMetric(name)
	if err != nil {
		return Target{}, err
	}
	return Target{m, k}, nil
}

// Config directs a comparison. The zero value compares all of candidate.Learners with their usual settings at 10 and 20 places.
type Config struct {
	Models   []string  // kinds; nil means all
	Settings []Setting // of any of the kinds
	Cuts     []int     // numbers of places that are measured, each 1 or more; nil means 10 and 20
	Metric   Target    // with K among Cuts; the zero value means NDCG at the first of Cuts

	Tune       bool          // choose hyper-parameters on a part of the training interactions
	TuneTrials int           // of each method; 0 means 30
	TuneTime   time.Duration // of each method, after which no trial begins but that of the usual settings; 0 means no bound. With a bound, what is chosen hangs on the machine's speed
	Journal    string        // a file that keeps finished trials, and gives those it has; "" means none

	Seed       uint64 // of what methods draw where they have such a parameter, of the validation part, the search and the intervals
	Threads    int    // 0 means one a core; figures do not hang on it
	Replicates int    // of the intervals; 0 means 1000

	Learners []candidate.Learner // nil means candidate.Learners()
	Progress func(Progress)      // called one at a time; nil for none
}

// Progress is one moment of a comparison.
type Progress struct {
	Model    string // its kind
	Work     string // "tune", "fit", "rank" or "resample"
	Done, Of int    // trials, or users; 0 where it is not known
}

const defaultTrials = 30

// settle fills in the defaults and says what is wrong.
func (c *Config) settle() error {
	c.Cuts = slices.Clone(c.Cuts)
	if len(c.Cuts) == 0 {
		c.Cuts = []int{10, 20}
	}
	if c.Metric == (Target{}) {
		c.Metric = Target{evaluate.NDCG, c.Cuts[0]}
	}
	slices.Sort(c.Cuts)
	c.Cuts = slices.Compact(c.Cuts)
	if c.Threads <= 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	if c.TuneTrials == 0 {
		c.TuneTrials = defaultTrials
	}
	if c.Learners == nil {
		c.Learners = candidate.Learners()
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	switch {
	case c.Cuts[0] < 1:
		return fmt.Errorf("a list of %d places; at least 1 is expected", c.Cuts[0])
	case !slices.Contains(c.Cuts, c.Metric.K):
		return fmt.Errorf("%v is asked for, and lists are measured at %s places only", c.Metric, joined(c.Cuts))
	case c.TuneTrials < 1:
		return fmt.Errorf("%d trials; at least 1 is expected", c.TuneTrials)
	}
	return nil
}

// Check says whether the configuration names models, parameters and measures that there are. Run does so too.
func (c Config) Check() error {
	if err := c.settle(); err != nil {
		return err
	}
	_, err := chosen(c.Learners, c.Models, c.Settings, c.Seed, c.Threads)
	return err
}

// ModelKinds are the names of all models there are.
func ModelKinds() []string { return kindsOf(candidate.Learners()) }

func kindsOf(learners []candidate.Learner) []string {
	kinds := make([]string, len(learners))
	for k, l := range learners {
		kinds[k] = l.Kind()
	}
	return kinds
}

// Run tunes, fits and judges one model after the other. One that cannot be fitted is listed with its reason and does not end the comparison;
// it is an error if all fail and, with its cause, if ctx ends. Memory beside a model's own: what judge says, and one number for each user, model and measure.
func Run(ctx context.Context, s *Split, cfg Config) (*Result, error) {
	if err := cfg.settle(); err != nil {
		return nil, err
	}
	learners, err := chosen(cfg.Learners, cfg.Models, cfg.Settings, cfg.Seed, cfg.Threads)
	if err != nil {
		return nil, err
	}
	r := &run{cfg: &cfg, split: s, result: newResult(s, &cfg)}
	if cfg.Tune {
		if r.tuner, err = newTuner(s, &cfg); err != nil {
			return nil, err
		}
		defer r.tuner.journal.close()
	}
	for _, l := range learners {
		j := &Judged{Kind: l.Kind()}
		values, err := r.one(ctx, l, j)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			*j, values = Judged{Kind: j.Kind, Failed: err.Error()}, nil
		}
		r.result.Models = append(r.result.Models, *j)
		r.values = append(r.values, values)
	}
	debug.FreeOSMemory()
	return r.result, r.result.rank(ctx, r.values, &cfg)
}

// run is a comparison at work.
type run struct {
	cfg    *Config
	split  *Split
	tuner  *tuner // nil where nothing is tuned
	result *Result
	values [][]float64 // of the target, by model and user; nil for a model that failed
}

// one brings j to its figures and returns the users' values of the target.
func (r *run) one(ctx context.Context, l candidate.Learner, j *Judged) ([]float64, error) {
	tell := func(work string) func(done, of int) {
		return func(done, of int) { r.cfg.Progress(Progress{Model: j.Kind, Work: work, Done: done, Of: of}) }
	}
	var err error
	if r.tuner != nil {
		if l, j.Tuning, err = r.tuner.tune(ctx, l, r.cfg.Settings, tell("tune")); err != nil {
			return nil, err
		}
	}
	if j.Settings, err = json.Marshal(l); err != nil {
		return nil, fmt.Errorf("settings as JSON: %w", err)
	}
	debug.FreeOSMemory() // what the model before held is no part of this one's peak
	j.BaseBytes = memoryNow()
	tell("fit")(0, 0)
	m := startMeter()
	model, err := telling(l, tell("fit")).Fit(ctx, r.split.Train)
	j.Fit = m.stop()
	if err != nil {
		return nil, err
	}
	m = startMeter()
	s, err := judge(ctx, model, r.split, r.cfg.Cuts, r.cfg.Threads, tell("rank"))
	j.Score = m.stop()
	if err != nil {
		return nil, err
	}
	tell("resample")(0, 0)
	if err := j.measure(ctx, s, r.cfg); err != nil {
		return nil, err
	}
	return s.value[slices.Index(r.cfg.Cuts, r.cfg.Metric.K)][r.cfg.Metric.Metric], nil
}

// measure takes means and intervals.
func (j *Judged) measure(ctx context.Context, s *scored, cfg *Config) error {
	for c, cut := range cfg.Cuts {
		means, err := evaluate.MeanIntervals(ctx, s.value[c], cfg.resampling())
		if err != nil {
			return err
		}
		at := Cut{K: cut, Metrics: map[string]evaluate.MeanInterval{}, ExposureScore: s.exposure[c].Score()}
		for _, m := range evaluate.Metrics() {
			at.Metrics[m.String()] = means[m]
		}
		j.Cuts = append(j.Cuts, at)
	}
	return nil
}

func (c *Config) resampling() evaluate.Resampling {
	return evaluate.Resampling{Replicates: c.Replicates, Seed: c.Seed, Threads: c.Threads}
}

// sameKind says whether a setting's model is l's.
func sameKind(model string, l candidate.Learner) bool { return strings.EqualFold(model, l.Kind()) }

func joined(cuts []int) string {
	text := make([]string, len(cuts))
	for k, c := range cuts {
		text[k] = strconv.Itoa(c)
	}
	return strings.Join(text, ", ")
}
