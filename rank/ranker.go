// A ranker: how likely is a card clicked when it is looked at, and what is that worth? Training parts the users, estimates examination, fits
// the click model and what follows a click on one part, and stops and calibrates by the other.

package rank

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

// Model is a trained ranker. It is read-only and safe for concurrent use.
type Model struct {
	Config      Config         // as trained with, defaults filled in
	Columns     []learn.Column // of the rows that it scores
	Examination *Examination   // nil without: PositionNone, or a log that has no slots
	Trained     Trained

	click   learn.Model
	curve   calibration
	after   [outcomes]outcome
	scorers struct {
		click *scorer
		after [outcomes]*scorer // nil for a constant
	}
}

// Trained counts what a model was made of.
type Trained struct {
	Rows, Clicks         int64 // learned from
	HeldRows, HeldClicks int64 // of the users held out
	Trees                int   // of the click model, kept
	ViewTrees            int
	LikeTrees            int
	ShareTrees           int
}

// calibration maps a score to a chance.
type calibration struct {
	Method learn.CalibrationMethod
	A, B   float64 // Platt's: 1/(1+exp(A score + B))
	Steps  learn.Isotonic
}

// tieBreak is how much of the uncalibrated chance goes into an isotonic one, so that cards on one of its steps keep their order.
const tieBreak = 1e-3

func (c *calibration) at(score float64) float64 {
	if c.Method == learn.IsotonicScaling {
		p := 1 / (1 + math.Exp(-score))
		return (1-tieBreak)*c.Steps.At(p) + tieBreak*p
	}
	return 1 / (1 + math.Exp(c.A*score+c.B))
}

// Train trains a ranker on the rows of set, which it does not change. It copies the features of the rows that it learns from: 4 bytes a value; learn's
// algorithms state what they need beside. The same set, config and seed give the same model, whatever the number of threads.
func Train(ctx context.Context, set *feature.PairSet, cfg Config) (*Model, error) {
	if err := cfg.settle(); err != nil {
		return nil, err
	}
	if cfg.Monotone == nil && set != nil {
		cfg.Monotone = risesWith(set.Columns)
	}
	in, err := prepare(ctx, set, &cfg)
	if err != nil {
		return nil, err
	}
	m := &Model{Config: cfg, Columns: in.columns, Examination: in.exam}
	m.Config.Threads, m.Config.Progress = 0, nil // they are not the model's
	if m.click, err = in.fitClick(ctx); err != nil {
		return nil, fmt.Errorf("rank: the click model: %w", err)
	}
	if m.curve, err = in.calibrate(ctx, m.click); err != nil {
		return nil, fmt.Errorf("rank: calibration: %w", err)
	}
	if m.after, err = in.fitOutcomes(ctx); err != nil {
		return nil, fmt.Errorf("rank: what follows a click: %w", err)
	}
	m.count(in)
	if err := m.compile(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return m, nil
}

// compile makes the scorers.
func (m *Model) compile() (err error) {
	if m.scorers.click, err = compile(folded(m.click, m.Columns, fullView)); err != nil {
		return fmt.Errorf("rank: %w", err)
	}
	for k, o := range m.after {
		m.scorers.after[k] = nil
		if o.Model == nil {
			continue
		}
		if m.scorers.after[k], err = compile(o.Model); err != nil {
			return fmt.Errorf("rank: %w", err)
		}
	}
	return nil
}

func (m *Model) count(in *inputs) {
	clicks := func(rows []int32) int64 { return int64(len(in.clicks(rows))) }
	m.Trained.Rows, m.Trained.Clicks = int64(len(in.train)), clicks(in.train)
	m.Trained.HeldRows, m.Trained.HeldClicks = int64(len(in.valid)), clicks(in.valid)
	m.Trained.Trees = treesOf(m.click)
	m.Trained.ViewTrees, m.Trained.LikeTrees, m.Trained.ShareTrees = treesOf(m.after[viewOutcome].Model), treesOf(m.after[likeOutcome].Model), treesOf(m.after[shareOutcome].Model)
}

func treesOf(m learn.Model) int {
	switch m := m.(type) {
	case *learn.BoostOnModel:
		return len(m.Trees.Trees)
	case *learn.BoostModel:
		return len(m.Trees)
	case *learn.BoostRegressionModel:
		return len(m.Trees)
	}
	return 0
}

// calibrate fits the curve by the rows of the users held out. A chance of a click that was learned with the place as an input is held to the
// clicks at the rows' own places. All else is held to clicks in full view, by the weights of exposures, or to clicks as they are where
// nothing is done about places.
func (in *inputs) calibrate(ctx context.Context, click learn.Model) (calibration, error) {
	own := in.cfg.placesItself()
	d := in.data(in.valid, !own)
	if !own && in.cfg.Position != PositionNone {
		d.Weight = in.exposures(in.valid)
	}
	if ctx.Err() != nil {
		return calibration{}, context.Cause(ctx)
	}
	p := make([]float64, d.X.Rows)
	if err := click.Predict(d.X, p); err != nil {
		return calibration{}, err
	}
	c, err := learn.CalibrateBy(click, in.cfg.Calibration, d.Y, p, d.Weight)
	if err != nil {
		return calibration{}, err
	}
	if c.Method == learn.PlattScaling && !(c.A < 0) {
		return calibration{}, fmt.Errorf("clicks of the users held out do not rise with the score (a slope of %v): there is too little to learn from", -c.A)
	}
	return calibration{c.Method, c.A, c.B, c.Steps}, nil
}

// block is how many rows are valued together: their scores stay on the stack.
const block = 64

// checkRows says why x cannot be scored into n places.
func (m *Model) checkRows(x []float32, n int) error {
	if len(x) != n*len(m.Columns) {
		return fmt.Errorf("rank: %d values for %d cards: expected %d, for %d features each", len(x), n, n*len(m.Columns), len(m.Columns))
	}
	return nil
}

// Score writes to out[i] the chance, 0..1, that the card of row i is clicked in full view. x is len(out) rows of features, row after row.
// It allocates nothing.
func (m *Model) Score(x []float32, out []float32) error {
	if err := m.checkRows(x, len(out)); err != nil {
		return err
	}
	if err := m.scorers.click.score(x, out); err != nil {
		return fmt.Errorf("rank: %w", err)
	}
	for i, v := range out {
		out[i] = float32(m.curve.at(m.scorers.click.base + float64(v)))
	}
	return nil
}

// Value writes to out[i] the parts of the value of the card of row i, mixed by w; the zero Weights are those of the model. Parts that w does not
// weigh are the mean over clicks. It allocates nothing.
func (m *Model) Value(x []float32, w Weights, out []Parts) error {
	if err := m.checkRows(x, len(out)); err != nil {
		return err
	}
	if w == (Weights{}) {
		w = m.Config.Weights
	}
	if err := w.check(); err != nil {
		return err
	}
	wanted := [outcomes]bool{viewOutcome: w.View > 0, likeOutcome: w.Like > 0, shareOutcome: w.Share > 0}
	var scores [outcomes + 1][block]float32
	p := len(m.Columns)
	for from := 0; from < len(out); from += block {
		to := min(len(out), from+block)
		rows := x[from*p : to*p]
		if err := m.scorers.click.score(rows, scores[outcomes][:to-from]); err != nil {
			return fmt.Errorf("rank: %w", err)
		}
		for k, s := range m.scorers.after {
			if s == nil || !wanted[k] {
				continue
			}
			if err := s.flat.Score(rows, scores[k][:to-from]); err != nil {
				return fmt.Errorf("rank: %w", err)
			}
		}
		for k := range out[from:to] {
			o := &out[from+k]
			o.Click = float32(m.curve.at(m.scorers.click.base + float64(scores[outcomes][k])))
			o.View = m.expected(viewOutcome, wanted, scores[viewOutcome][k])
			o.Like = m.expected(likeOutcome, wanted, scores[likeOutcome][k])
			o.Share = m.expected(shareOutcome, wanted, scores[shareOutcome][k])
			o.Value = o.Click * float32(w.Click+w.View*float64(o.View)+w.Like*float64(o.Like)+w.Share*float64(o.Share))
		}
	}
	return nil
}

// expected is an outcome's expectation of a score: its mean where no model says more, or nobody asks.
func (m *Model) expected(k int, wanted [outcomes]bool, score float32) float32 {
	s := m.scorers.after[k]
	if s == nil || !wanted[k] {
		return float32(m.after[k].Mean)
	}
	v := s.base + float64(score)
	if k == viewOutcome {
		return float32(max(0, v))
	}
	return float32(1 / (1 + math.Exp(-v)))
}

// Importance is the share of each column in what the click model's trees gained, a hybrid's beyond its linear part; nil for linear models.
func (m *Model) Importance() []float64 {
	switch click := m.click.(type) {
	case *learn.BoostModel:
		return click.Importance()
	case *learn.BoostOnModel:
		return click.Trees.Importance()
	}
	return nil
}
