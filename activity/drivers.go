// What drives a model: what each feature is worth to it, in which direction it works, and why one user got her score.

package activity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

// Drivers are what the best model of a comparison and the logistic regression beside it say of the features.
type Drivers struct {
	Model       string   // "" where no model that sees all features was compared: then there are odds ratios only
	Permutation []Worth  // what each feature is worth, the most first
	Shap        []Push   // the same by mean size of contribution, with the values behind it
	Dependence  []Shape  // partial dependence of the features that are worth most
	Odds        []Effect // of an unpenalised logistic regression
}

// Worth is what a feature is worth: the loss of AUC when its values are dealt out among users anew.
type Worth struct {
	Feature  string
	Mean, SD float64
}

// Push is how far a feature moves users, in log-odds.
type Push struct {
	Feature string
	Mean    float64   // of its size
	Value   []float32 // of some users; NaN where missing
	Move    []float32 // their contributions
}

// Shape is the mean probability by the value of a feature, all else being as it is.
type Shape struct {
	Feature string
	Levels  []string // of a category; nil for numbers
	Value   []float32
	Mean    []float64
}

const (
	driverUsers = 20_000 // that permutation and dependence are computed on
	shapUsers   = 2_000
	shapes      = 8
	shapPoints  = 400 // users drawn in the summary
)

// Drive explains, on the users of the test part, the boosted trees of c, which the predictor uses too; where they were not
// compared, the best model that sees all features.
func Drive(ctx context.Context, s *Set, c *Comparison, seed uint64, progress func(done, total int, name string)) (*Drivers, error) {
	tell := func(done int, name string) {
		if progress != nil {
			progress(done, 4, name)
		}
	}
	parts, _ := s.backRows(seed)
	pick := func(most int) *learn.Data {
		var at []int32
		for _, k := range every(len(parts.test), most) {
			at = append(at, parts.test[k])
		}
		return s.data(at, s.Active)
	}
	d := &Drivers{}
	if m := c.explained(); m != nil {
		if err := d.explain(ctx, s, m, pick, seed, tell); err != nil {
			return nil, err
		}
	}
	tell(3, "odds ratios")
	var err error
	if _, d.Odds, err = fitOdds(ctx, s.data(parts.train, s.Active)); err != nil {
		return nil, err
	}
	tell(4, "")
	return d, nil
}

// explain says what a model makes of the features, on rows that pick gives, at most so many.
func (d *Drivers) explain(ctx context.Context, s *Set, best *Judged, pick func(most int) *learn.Data, seed uint64, tell func(done int, name string)) error {
	d.Model = best.Name
	tell(0, "permutation importance")
	test := pick(driverUsers)
	worth, err := learn.PermutationImportance(ctx, best.model.model, test, learn.Permutation{Metric: learn.AUC, Repeats: 3, Seed: seed})
	if err != nil {
		return err
	}
	for _, w := range worth {
		d.Permutation = append(d.Permutation, Worth{w.Name, w.Mean, w.SD})
	}
	sort.SliceStable(d.Permutation, func(a, b int) bool { return d.Permutation[a].Mean > d.Permutation[b].Mean })
	tell(1, "contributions")
	if err := d.shap(ctx, inner(best.model.model), pick(shapUsers)); err != nil {
		return err
	}
	tell(2, "partial dependence")
	for _, w := range d.Permutation[:min(shapes, len(d.Permutation))] {
		j, err := s.column(w.Feature)
		if err != nil {
			return err
		}
		curve, err := learn.PartialDependence(ctx, best.model.model, test.X, learn.Dependence{Column: j})
		if err != nil {
			return err
		}
		d.Dependence = append(d.Dependence, Shape{w.Feature, s.Columns[j].Levels, curve.Grid, curve.Mean})
	}
	return nil
}

// explained is the model that drivers are told of: boosted trees, else that of highest AUC among those that see all features
// and are a model at all; nil if there is none.
func (c *Comparison) explained() *Judged {
	at := -1
	for k, m := range c.Models {
		if m.model.model != nil && m.model.at == nil {
			if _, boosted := inner(m.model.model).(*learn.BoostModel); boosted {
				return &c.Models[k]
			}
		}
		if m.model.model != nil && m.model.at == nil && (at < 0 || m.AUC.Value > c.Models[at].AUC.Value) {
			at = k
		}
	}
	if at < 0 {
		return nil
	}
	return &c.Models[at]
}

func (d *Drivers) shap(ctx context.Context, m learn.Model, data *learn.Data) error {
	e, ok := m.(learn.Explainer)
	if _, forest := m.(*learn.ForestModel); !ok || forest {
		return nil // only trees have exact contributions, and a forest's deep ones take minutes
	}
	p := data.X.Cols
	out := make([]float64, data.X.Rows*p)
	if _, err := e.Contributions(ctx, data.X, out); err != nil {
		return err
	}
	drawn := every(data.X.Rows, shapPoints)
	for j, c := range data.Columns {
		push := Push{Feature: c.Name}
		for i := range data.X.Rows {
			push.Mean += math.Abs(out[i*p+j]) / float64(data.X.Rows)
		}
		for _, i := range drawn {
			push.Value, push.Move = append(push.Value, data.X.Row(int(i))[j]), append(push.Move, float32(out[int(i)*p+j]))
		}
		d.Shap = append(d.Shap, push)
	}
	sort.SliceStable(d.Shap, func(a, b int) bool { return d.Shap[a].Mean > d.Shap[b].Mean })
	return nil
}

// fitOdds fits a logistic regression without a penalty and returns its odds ratios, the strongest first: for one spread more of
// a number (of its logarithm, where it has a heavy tail), and for a category against the first. Rare levels are taken together,
// and what is missing counts as the mean: what only a few have would get infinite odds. Where that happens all the same, the
// model is fitted with a penalty and has none.
func fitOdds(ctx context.Context, d *learn.Data) (*learn.PipelineModel, []Effect, error) {
	p := learn.Pipeline{Encoder: learn.EncoderConfig{Log: "auto", MissingLevel: true, DropFirst: true, MinCount: len(d.Y) / 200}, Learner: learn.Logistic{Penalty: learn.PenaltyNone}}
	m, err := learn.FitPipeline(ctx, d, p)
	if errors.Is(err, learn.ErrSeparable) {
		p.Learner = learn.Logistic{}
		m, err = learn.FitPipeline(ctx, d, p)
		return m, nil, err
	}
	if err != nil {
		return nil, nil, err
	}
	logistic, ok := m.Model.(*learn.LogisticModel)
	if !ok {
		return nil, nil, fmt.Errorf("a %T has no odds ratios", m.Model)
	}
	coefs, err := logistic.Coefficients(.95)
	if err != nil {
		return nil, nil, err
	}
	var out []Effect
	for _, c := range coefs {
		if c.Name != "(intercept)" && !math.IsNaN(c.StandardError) { // a column that others make up has none
			out = append(out, Effect{Column: c.Name, OddsRatio: c.OddsRatio, Low: c.OddsLow, High: c.OddsHigh, P: c.P})
		}
	}
	sort.SliceStable(out, func(a, b int) bool {
		return math.Abs(math.Log(out[a].OddsRatio)) > math.Abs(math.Log(out[b].OddsRatio))
	})
	return m, out, nil
}

// Why is one user's score and what it is made of.
type Why struct {
	User     string
	Score    Score
	Base     float64        // log-odds of the mean user of the one-stage model
	Log      float64        // her own: Base and all contributions
	Features []Contribution // the largest contribution first
	Seen     bool           // whether she was seen late, where the log knows
	Active   bool
}

// Contribution is one feature of a user: its value, and what it contributes to the log-odds.
type Contribution struct {
	Feature string
	Value   string
	Unit    string
	Why     string
	Move    float64
}

// Explain says why a user has her score. row is her row in s.
func (p *Predictor) Explain(ctx context.Context, s *Set, row int, key string, segments *Segments) (*Why, error) {
	if err := p.fits(s); err != nil {
		return nil, err
	}
	w, err := p.explain(ctx, s.X.Take([]int32{int32(row)}), s.Table.Defs, key, segments)
	if err != nil {
		return nil, err
	}
	w.Seen, w.Active = s.Back[row], s.Active[row]
	return w, nil
}

// explain explains the one row of x, whose columns are defs.
func (p *Predictor) explain(ctx context.Context, x *learn.Matrix, defs []feature.Def, key string, segments *Segments) (*Why, error) {
	e, ok := inner(p.OneStage).(learn.Explainer)
	if !ok {
		return nil, fmt.Errorf("a %T does not say why", inner(p.OneStage))
	}
	st, err := p.stages(x)
	if err != nil {
		return nil, err
	}
	w := &Why{User: key, Score: Score{User: key, Probability: p.better(st)[0], Back: st.back[0], Then: st.then[0]}}
	w.Score.Low, w.Score.High = p.Judged.interval(w.Score.Probability)
	if segments != nil {
		a := make([]int32, 1)
		if err := segments.Assign(ctx, x, a); err != nil {
			return nil, err
		}
		w.Score.Segment = segments.Names[a[0]]
	}
	out := make([]float64, x.Cols)
	if w.Base, err = e.Contributions(ctx, x, out); err != nil {
		return nil, err
	}
	w.Log = w.Base
	for j, move := range out {
		w.Log += move
		w.Features = append(w.Features, Contribution{p.Features[j].Name, valueOf(x.Row(0)[j], p.Features[j].Levels), defs[j].Unit, defs[j].Why, move})
	}
	sort.SliceStable(w.Features, func(a, b int) bool { return math.Abs(w.Features[a].Move) > math.Abs(w.Features[b].Move) })
	return w, nil
}

// valueOf is a feature in words.
func valueOf(v float32, levels []string) string {
	switch {
	case v != v:
		return "none"
	case levels != nil && int(v) >= 0 && int(v) < len(levels):
		return levels[int(v)]
	}
	return fmt.Sprintf("%.4g", v)
}

// RowOf is the row of a user id; ok is false for users who were not seen early.
func (s *Set) RowOf(user int32) (row int, ok bool) { return slices.BinarySearch(s.Users, user) }
