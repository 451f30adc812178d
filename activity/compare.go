// All models on the same users: fitted on the same part, judged on the same other one, and told apart only where the
// difference is more than chance.

package activity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seguefeed/segue/learn"
	"github.com/seguefeed/segue/warehouse"
)

// CompareOptions direct a comparison.
type CompareOptions struct {
	Models   []Entry                                // nil means Models(opt.Seed)
	Seed     uint64                                 // of the split and of what models draw
	Points   int                                    // of each curve at most; 0 means 200
	Truth    func(users []int32) ([]float64, error) // the true chance of each to be active, given that she is back, NaN where it is not known; nil where nobody knows
	Progress func(done, total int, name string)
}

// Comparison is how all models do at telling, of users seen in both windows, who is active in the second.
type Comparison struct {
	Question  Question
	Threshold float64
	Train     int     // users learned from; as many as that third are used to calibrate
	Test      int     // users judged on
	BaseRate  float64 // share of the active among the tested
	Models    []Judged
	Best      int // index of the highest AUC
	Groups    []Group
	Ceiling   *Ceiling // nil where the truth is not known
}

// Judged is one model's scores on the test part.
type Judged struct {
	Name, Kind string
	FitSeconds float64
	AUC        learn.AUCEstimate
	PR         float64 // average precision
	LogLoss    float64
	Brier      float64
	ECE        float64 // expected calibration error over 15 bins of equal mass
	Accuracy   float64 // at a threshold of .5
	F1         float64 // at the threshold that is best on the validation part
	Lift       float64 // share of the active among the tenth with the highest scores, over that among all
	FromBest   float64 // AUC of the best less this one's
	P          float64 // of that difference, DeLong's test, after Holm's correction; NaN for the best
	ROC        learn.Curve
	PRCurve    learn.Curve
	Gains      learn.Curve
	Bins       []learn.CalibrationBin

	model *fitted
	P01   []float64 `json:"-"` // probabilities of the test rows
}

// Group is the best model within some of the tested users.
type Group struct {
	By, Name string
	Users    int
	Active   float64             // share
	AUC      []learn.AUCEstimate // by model, in the order of Comparison.Models; NaN where all of the group, or all but one, are alike
}

// Ceiling is the best that could be reached, where the true chances are known.
type Ceiling struct {
	// Known is the AUC of the true chances themselves: of one who knows each user's hidden traits, which no log shows.
	Known learn.AUCEstimate
	// Reachable is that of a model of the same features that was taught the true chances in place of the labels: what can be
	// told from what users did early. Its own noise makes it a little low.
	Reachable learn.AUCEstimate
	Gap       float64 // Reachable less the best model's
}

// folds of the rows of users that came back.
type backRows struct{ train, valid, test []int32 }

// Compare fits and judges all models on the users of s seen in both windows. The audit comes first.
func Compare(ctx context.Context, w warehouse.Training, s *Set, opt CompareOptions) (*Comparison, error) {
	if opt.Points == 0 {
		opt.Points = 200
	}
	if opt.Models == nil {
		opt.Models = Models(opt.Seed)
	}
	b, trail := s.backRows(opt.Seed)
	if err := Audit(ctx, w, s, trail); err != nil {
		return nil, err
	}
	train, valid, test := s.data(b.train, s.Active), s.data(b.valid, s.Active), s.data(b.test, s.Active)
	c := &Comparison{Question: s.Question, Threshold: s.Threshold, Train: len(b.train), Test: len(b.test), BaseRate: share(test.Y)}
	for part, d := range []*learn.Data{train, valid, test} {
		if err := enough(Part(part), "who were active", d.Y); err != nil {
			return nil, err
		}
	}
	for k, e := range opt.Models {
		if opt.Progress != nil {
			opt.Progress(k, len(opt.Models), e.Name)
		}
		j, err := judge(ctx, e, train, valid, test, opt.Points)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		c.Models = append(c.Models, *j)
	}
	if opt.Progress != nil {
		opt.Progress(len(opt.Models), len(opt.Models), "")
	}
	if err := c.rank(test.Y); err != nil {
		return nil, err
	}
	if err := c.group(s, b.test, test.Y); err != nil {
		return nil, err
	}
	return c, c.ceiling(ctx, s, b, test, opt)
}

// backRows splits the rows of users who came back.
func (s *Set) backRows(seed uint64) (backRows, *Trail) {
	back := rows(len(s.Users), func(i int) bool { return s.Back[i] })
	return s.split(back, seed)
}

func (s *Set) split(all []int32, seed uint64) (b backRows, t *Trail) {
	users := make([]int32, len(all))
	for k, i := range all {
		users[k] = s.Users[i]
	}
	parts := Split(users, seed)
	for k, i := range all {
		switch parts[k] {
		case Train:
			b.train = append(b.train, i)
		case Valid:
			b.valid = append(b.valid, i)
		default:
			b.test = append(b.test, i)
		}
	}
	t = new(Trail)
	t.Parted("split by user", all, parts)
	t.Fitted("encoder and model", b.train)
	t.Fitted("calibration", b.valid)
	return b, t
}

// data copies rows, with one of the labels.
func (s *Set) data(at []int32, label []bool) *learn.Data {
	d := &learn.Data{X: s.X.Take(at), Columns: s.Columns, Y: make([]bool, len(at))}
	for k, i := range at {
		d.Y[k] = label[i]
	}
	return d
}

// enough refuses a part from which nothing can be said. who are the users of the label.
func enough(part Part, who string, y []bool) error {
	if n := positives(y); n < 10 || len(y)-n < 10 {
		return fmt.Errorf("the %s part has %d users %s and %d others; at least 10 of each are needed: load a larger log, or choose other windows or another threshold", part, n, who, len(y)-n)
	}
	return nil
}

func positives(y []bool) int {
	n := 0
	for _, v := range y {
		if v {
			n++
		}
	}
	return n
}

func share(y []bool) float64 { return float64(positives(y)) / float64(len(y)) }

func judge(ctx context.Context, e Entry, train, valid, test *learn.Data, points int) (*Judged, error) {
	began := time.Now()
	m, err := e.fit(ctx, train, valid)
	if err != nil {
		return nil, err
	}
	j := &Judged{Name: e.Name, Kind: e.kind(), FitSeconds: time.Since(began).Seconds(), model: m, P01: make([]float64, test.X.Rows)}
	if err := m.predict(test.X, j.P01); err != nil {
		return nil, err
	}
	y, p := test.Y, j.P01
	if j.AUC, err = learn.DeLong(y, p); err != nil {
		return nil, err
	}
	j.PR, j.LogLoss, j.Brier = learn.AveragePrecision(y, p, nil), learn.LogLoss(y, p, nil), learn.MSE(y, p, nil)
	j.ECE, j.Accuracy, j.Lift = learn.ECE(y, p, nil, 15, learn.EqualMass), learn.Accuracy(y, p, nil, .5), learn.Lift(y, p, nil, .1)
	pv := make([]float64, valid.X.Rows)
	if err := m.predict(valid.X, pv); err != nil {
		return nil, err
	}
	j.F1 = learn.F1(y, p, nil, bestF1(valid.Y, pv))
	j.ROC, j.PRCurve, j.Gains = learn.ROC(y, p, nil, points), learn.PrecisionRecall(y, p, nil, points), learn.Gains(y, p, nil, points)
	j.Bins = learn.Calibration(y, p, nil, 15, learn.EqualMass)
	return j, nil
}

// bestF1 is the threshold, of 99, with the highest F1.
func bestF1(y []bool, p []float64) float64 {
	best, at := -1.0, .5
	for k := 1; k < 100; k++ {
		t := float64(k) / 100
		if f := learn.F1(y, p, nil, t); f > best {
			best, at = f, t
		}
	}
	return at
}

// rank finds the best model and holds the others against it.
func (c *Comparison) rank(y []bool) error {
	scores := make([][]float64, len(c.Models))
	for k, m := range c.Models {
		scores[k] = m.P01
	}
	against, err := learn.CompareWithBest(y, scores)
	if err != nil {
		return err
	}
	for k, a := range against {
		c.Models[k].P, c.Models[k].FromBest = a.Adjusted, a.Difference.Difference
		if a.Best {
			c.Best, c.Models[k].FromBest = k, 0
		}
	}
	return nil
}

// group judges all models within groups of the tested users.
func (c *Comparison) group(s *Set, test []int32, y []bool) error {
	groups, err := s.groups()
	if err != nil {
		return err
	}
	for _, g := range groups {
		var at []int32
		for k, i := range test {
			if g.in(int(i)) {
				at = append(at, int32(k))
			}
		}
		if len(at) < 50 {
			continue
		}
		part := make([]bool, len(at))
		for k, i := range at {
			part[k] = y[i]
		}
		out := Group{By: g.by, Name: g.name, Users: len(at), Active: share(part)}
		for _, m := range c.Models {
			p := make([]float64, len(at))
			for k, i := range at {
				p[k] = m.P01[i]
			}
			auc := learn.AUCEstimate{Value: math.NaN(), SE: math.NaN(), Low: math.NaN(), High: math.NaN()}
			if n := positives(part); n > 1 && n < len(part)-1 {
				if auc, err = learn.DeLong(part, p); err != nil {
					return err
				}
			}
			out.AUC = append(out.AUC, auc)
		}
		c.Groups = append(c.Groups, out)
	}
	return nil
}

func (c *Comparison) ceiling(ctx context.Context, s *Set, b backRows, test *learn.Data, opt CompareOptions) error {
	if opt.Truth == nil {
		return nil
	}
	if opt.Progress != nil {
		opt.Progress(len(opt.Models), len(opt.Models)+1, "the best that could be")
	}
	chances := func(at []int32) ([]float64, error) {
		users := make([]int32, len(at))
		for k, i := range at {
			users[k] = s.Users[i]
		}
		return opt.Truth(users)
	}
	known, err := chances(b.test)
	if err != nil {
		return err
	}
	taught := slices.Concat(b.train, b.valid)
	chance, err := chances(taught)
	if err != nil {
		return err
	}
	if err := fillChances(known, chance); err != nil {
		return err
	}
	c.Ceiling = &Ceiling{}
	if c.Ceiling.Known, err = learn.DeLong(test.Y, known); err != nil {
		return err
	}
	// Each row stands twice, once with either label, weighted by its chance: the loss is then that of the chance itself.
	twice := s.data(slices.Concat(taught, taught), s.Active)
	twice.Weight = make([]float32, len(twice.Y))
	for k, p := range chance {
		twice.Y[k], twice.Weight[k] = true, float32(p)
		twice.Y[len(taught)+k], twice.Weight[len(taught)+k] = false, float32(1-p)
	}
	m, err := learn.FitBoost(ctx, twice, learn.Boost{Trees: 300, LearningRate: .05, MaxLeaves: 31, MinLeaf: 50, Seed: opt.Seed})
	if err != nil {
		return err
	}
	p := make([]float64, test.X.Rows)
	if err := m.Predict(test.X, p); err != nil {
		return err
	}
	c.Ceiling.Reachable, err = learn.DeLong(test.Y, p)
	c.Ceiling.Gap = c.Ceiling.Reachable.Value - c.Models[c.Best].AUC.Value
	return err
}

// fillChances puts the mean of all chances in place of those that are not known (NaN), and refuses what is no chance.
func fillChances(of ...[]float64) error {
	var sum, n float64
	for _, p := range of {
		for _, v := range p {
			if v < 0 || v > 1 {
				return fmt.Errorf("the true chance of a user is given as %v; from 0 to 1 is expected, or NaN where it is not known", v)
			}
			if v == v {
				sum += v
				n++
			}
		}
	}
	if n == 0 {
		return errors.New("no user's true chance is known")
	}
	for _, p := range of {
		for k, v := range p {
			if v != v {
				p[k] = sum / n
			}
		}
	}
	return nil
}
