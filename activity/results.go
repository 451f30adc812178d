// All that a prediction says, in one run: what the report shows and what the commands print.

package activity

import (
	"context"
	"errors"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

// Options direct a run.
type Options struct {
	Question Question
	Seed     uint64
	Models   []string // names of Models to compare; nil means all
	Threads  int
	// Truth gives the true chance of each user, given that she is back, to be active; nil where nobody knows it.
	Truth func(o *Observed, users []int32) ([]float64, error)
	// Published repeats the case study's procedure too, without its leaks; PublishedLeaks with them as well.
	Published, PublishedLeaks bool
	PublishedGrids            bool // choose its hyper-parameters from its grids anew
	Progress                  func(step string, done, total int64)
}

// Results are what a run found.
type Results struct {
	Question   Question
	Funnel     Funnel
	Features   []FeatureNote
	Comparison *Comparison
	Predictor  *Predictor `json:"-"`
	Judged     Judgement
	TwoStage   bool
	Drivers    *Drivers
	Segments   *Segments
	Stay       *Stay // nil where the log is too short
	StayNote   string
	Published  *Published // nil unless asked for

	Set *Set `json:"-"`
}

// FeatureNote describes a feature.
type FeatureNote struct{ Name, Unit, Rule, Why string }

// ErrNoModel is given for a name that is none of Models'.
var ErrNoModel = errors.New("there is no such model")

// Entries are the Models of the given names, in the order of Models; nil means all.
func Entries(names []string, seed uint64) ([]Entry, error) {
	all := Models(seed)
	if names == nil {
		return all, nil
	}
	want := map[string]bool{}
	for _, n := range names {
		want[n] = true
	}
	var out []Entry
	for _, e := range all {
		if want[e.Name] {
			out = append(out, e)
			delete(want, e.Name)
		}
	}
	for n := range want {
		return nil, errors.Join(ErrNoModel, errors.New(n))
	}
	return out, nil
}

// StepFeatures is the step whose progress counts users; others count what they do.
const StepFeatures = "compute features"

// Prepare observes the windows and gathers features: what all else begins with.
func Prepare(ctx context.Context, w warehouse.Training, opt Options) (*Set, error) {
	tell := opt.teller()
	tell("see who was there", 0, 0)
	o, err := Observe(ctx, w, opt.Question)
	if err != nil {
		return nil, err
	}
	return Gather(ctx, w, o, feature.Spec{Defs: feature.Extended(), Threads: opt.Threads, Progress: func(done, total int64) { tell(StepFeatures, done, total) }})
}

func (opt Options) teller() func(step string, done, total int64) {
	if opt.Progress == nil {
		return func(string, int64, int64) {}
	}
	return opt.Progress
}

// Run does everything. The steps are those of the package comment.
func Run(ctx context.Context, w warehouse.Training, opt Options) (*Results, error) {
	entries, err := Entries(opt.Models, opt.Seed)
	if err != nil {
		return nil, err
	}
	tell := opt.teller()
	s, err := Prepare(ctx, w, opt)
	if err != nil {
		return nil, err
	}
	r := &Results{Question: s.Question, Funnel: s.Funnel(), Set: s}
	for _, d := range s.Table.Defs {
		r.Features = append(r.Features, FeatureNote{d.Name, d.Unit, string(d.Rule), d.Why})
	}
	cmp := CompareOptions{Models: entries, Seed: opt.Seed, Progress: func(done, total int, name string) { tell("compare models", int64(done), int64(total)) }}
	if opt.Truth != nil {
		cmp.Truth = func(users []int32) ([]float64, error) { return opt.Truth(s.Observed, users) }
	}
	if r.Comparison, err = Compare(ctx, w, s, cmp); err != nil {
		return nil, err
	}
	if r.Drivers, err = Drive(ctx, s, r.Comparison, opt.Seed, func(done, total int, _ string) { tell("find what drives it", int64(done), int64(total)) }); err != nil {
		return nil, err
	}
	if r.Predictor, err = TrainPredictor(ctx, w, s, TrainOptions{Seed: opt.Seed, Progress: func(done, total int, _ string) { tell("train the predictor", int64(done), int64(total)) }}); err != nil {
		return nil, err
	}
	r.Judged, r.TwoStage = r.Predictor.Judged, r.Predictor.TwoStage
	r.Segments = r.Predictor.Segments
	tell("follow how long users stay", 0, 0)
	if r.Stay, err = FollowStay(ctx, w, s, opt.Seed); errors.Is(err, ErrTooShort) {
		r.Stay, r.StayNote, err = nil, err.Error(), nil
	}
	if err != nil {
		return nil, err
	}
	if opt.Published {
		if r.Published, err = RunPublished(ctx, w, s.Question, PublishedOptions{Seed: opt.Seed, Leaks: opt.PublishedLeaks, Search: opt.PublishedGrids, Progress: func(done, total int64) { tell("repeat the case study", done, total) }}); err != nil {
			return nil, err
		}
	}
	return r, nil
}
