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
		click scorer
		after [outcomes]scorer // nil for a constant
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
	in, err := prepare(ctx, set, &cfg)
	if err != nil {
		return nil, err
	}
	m := &Model{Config: cfg, Columns: in.columns, Examination: in.exam}
	m.Config.Progress = nil
	if m.click, err = in.fitClick(ctx); err != nil {
		return nil, fmt.Errorf("rank: the click model: %w", err)
	}
	if m.curve, err = in.calibrate(ctx, m.click); err != nil {
		return nil, fmt.Errorf("rank: calibration: %w", err)
	}
	if m.after, err = in.fitOutcomes(ctx); err != nil {
		return nil, fmt.Errorf("rank: what follows a click: %w", err)
	}
	m.compile()
	m.count(in)
	return m, ctx.Err()
}

// compile makes the scorers.
func (m *Model) compile() {
	m.scorers.click = compile(m.click, m.Columns, []float32{fullView})
	for k, o := range m.after {
		m.scorers.after[k] = nil
		if o.Model != nil {
			m.scorers.after[k] = compile(o.Model, m.Columns, nil)
		}
	}
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
	own := in.cfg.Position == PositionInput && (in.cfg.Algorithm == Boosted || in.cfg.Algorithm == Logistic)
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
	return calibration{c.Method, c.A, c.B, c.Steps}, nil
}

// block is how many rows are scored together: their sums stay on the stack.
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
	var sums [block]float64
	p := len(m.Columns)
	for from := 0; from < len(out); from += block {
		to := min(len(out), from+block)
		sum := sums[:to-from]
		clear(sum)
		m.scorers.click.add(x[from*p:to*p], sum)
		for k, v := range sum {
			out[from+k] = float32(m.curve.at(v))
		}
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
	var sums [outcomes + 1][block]float64
	p := len(m.Columns)
	for from := 0; from < len(out); from += block {
		to := min(len(out), from+block)
		rows := x[from*p : to*p]
		click := sums[outcomes][:to-from]
		clear(click)
		m.scorers.click.add(rows, click)
		for k, s := range m.scorers.after {
			sum := sums[k][:to-from]
			clear(sum)
			if s != nil && wanted[k] {
				s.add(rows, sum)
			}
		}
		for k := range click {
			o := &out[from+k]
			o.Click = float32(m.curve.at(click[k]))
			o.View = float32(m.expected(viewOutcome, wanted, sums[viewOutcome][k]))
			o.Like = float32(m.expected(likeOutcome, wanted, sums[likeOutcome][k]))
			o.Share = float32(m.expected(shareOutcome, wanted, sums[shareOutcome][k]))
			o.Value = o.Click * float32(w.Click+w.View*float64(o.View)+w.Like*float64(o.Like)+w.Share*float64(o.Share))
		}
	}
	return nil
}

// expected is an outcome's expectation of a score: its mean where no model says more, or nobody asks.
func (m *Model) expected(k int, wanted [outcomes]bool, score float64) float64 {
	switch {
	case m.scorers.after[k] == nil || !wanted[k]:
		return m.after[k].Mean
	case k == viewOutcome:
		return max(0, score)
	}
	return 1 / (1 + math.Exp(-score))
}

// Importance is the share of each column in what the click model's trees gained; nil for linear models.
func (m *Model) Importance() []float64 {
	b, ok := m.click.(*learn.BoostModel)
	if !ok {
		return nil
	}
	return b.Importance()
}
