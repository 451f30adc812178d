// The case study's models, and one run of its steps: rows drawn, encoded, learned from and judged.

package activity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/seguefeed/segue/learn"
)

// publishedModel is one model of the case study.
type publishedModel struct {
	name      string
	published float64 // accuracy
	test      bool    // of its test part, not of its cross-validation
	kernel    bool    // time grows with the square of the rows
	chosen    publishedSetting
	grid      []publishedSetting
}

type publishedSetting struct {
	text    string
	learner learn.Learner
}

// publishedModels are the case study's models, with what its grids gave and, to search, the grids.
func publishedModels(opt PublishedOptions) []publishedModel {
	costs := []float64{100, 10, 1, .1, .01}
	logistic := func(penalty string, c float64) publishedSetting {
		if penalty == learn.PenaltyNone {
			return publishedSetting{"no penalty", learn.Logistic{Penalty: penalty}}
		}
		return publishedSetting{fmt.Sprintf("%s, C %v", penalty, c), learn.Logistic{Penalty: penalty, C: c, MaxIter: 1000}}
	}
	forest := func(trees, depth int) publishedSetting {
		return publishedSetting{fmt.Sprintf("%d trees, depth %d", trees, depth), learn.Forest{Trees: trees, MaxDepth: depth, Seed: opt.Seed}}
	}
	machine := func(k learn.Kernel, c float64) publishedSetting {
		// Probabilities are not asked for: a decision above 0 is one above a half.
		return publishedSetting{fmt.Sprintf("C %v", c), learn.KernelSVM{Kernel: k, C: c, Folds: -1, MaxSteps: kernelSteps, Seed: opt.Seed}}
	}
	network := publishedSetting{"47-28-10-6-2, 10 epochs, batches of 1", learn.NetworkConfig{Hidden: []int{28, 10, 6}, Softmax: true, Epochs: 10, Batch: 1, Seed: opt.Seed}}
	models := []publishedModel{
		{name: "logistic regression", published: .7202, test: true, chosen: logistic(learn.PenaltyL1, .01)},
		{name: "SVM, linear", published: .683, kernel: true, chosen: machine(learn.KernelLinear, .01)},
		{name: "SVM, polynomial", published: .692, kernel: true, chosen: machine(learn.KernelPoly, 100)},
		{name: "SVM, RBF", published: .7228, test: true, kernel: true, chosen: machine(learn.KernelRBF, 100)},
		{name: "random forest", published: .7507, test: true, chosen: forest(1000, 10)},
		{name: "neural network", published: .7322, test: true, chosen: network},
	}
	for _, c := range costs {
		models[0].grid = append(models[0].grid, logistic(learn.PenaltyL1, c), logistic(learn.PenaltyL2, c))
		models[1].grid = append(models[1].grid, machine(learn.KernelLinear, c))
		models[2].grid = append(models[2].grid, machine(learn.KernelPoly, c))
		models[3].grid = append(models[3].grid, machine(learn.KernelRBF, c))
	}
	models[0].grid = append(models[0].grid, logistic(learn.PenaltyNone, 0))
	for _, trees := range []int{10, 100, 1000} {
		for depth := 1; depth <= 10; depth++ {
			models[4].grid = append(models[4].grid, forest(trees, depth))
		}
	}
	return models
}

// kernelSteps bounds an SVM's pairs of rows: without logarithms a few users lie hundreds of spreads out, and with C = 100 the
// last digits of the optimum take longer than all before them.
const kernelSteps = 1_000_000

// publishedArm is one run of the steps under way. Rows are those of the set; copies of one stand several times.
type publishedArm struct {
	PublishedArm
	set                *Set
	trail              *Trail
	train, valid, test []int32
	columns            []string
	encoded            struct{ train, both, valid, test *learn.Data }
}

// drawArm draws the rows of an arm. With copies before the split it is the study's order: copies, a share of all rows, the
// split. Without that leak the same steps stand in another order: the split, copies of training and validation rows, a share
// of each; there are then as many different users to learn from as in the study, and as many rows to test on. Arms that differ
// in the late column alone have the same rows.
func drawArm(s *Set, population []int32, arm PublishedArm, opt PublishedOptions) (*publishedArm, error) {
	a := &publishedArm{PublishedArm: arm, set: s, trail: new(Trail)}
	r := rand.New(rand.NewPCG(opt.Seed, 0x9ab1))
	pool := population
	if arm.Copies {
		pool = multiplied(pool, s.Active, r)
		a.trail.Oversampled("copies of active users", pool)
		pool = sampled(pool, opt.Share, r)
	}
	y := make([]bool, len(pool))
	for k, i := range pool {
		y[k] = s.Active[i]
	}
	split, err := learn.StratifiedSplit(y, .2, .2, opt.Seed)
	if err != nil {
		return nil, err
	}
	parts := make([]Part, len(pool))
	take := func(part Part, at []int32) (out []int32) {
		for _, k := range at {
			parts[k] = part
			out = append(out, pool[k])
		}
		return out
	}
	a.train, a.valid, a.test = take(Train, split.Train), take(Valid, split.Valid), take(Test, split.Test)
	a.trail.Parted("split of rows", pool, parts)
	if !arm.Copies {
		a.train, a.valid = multiplied(a.train, s.Active, r), multiplied(a.valid, s.Active, r)
		a.trail.Oversampled("copies of active users, training part", a.train)
		a.trail.Oversampled("copies of active users, validation part", a.valid)
		copied := len(multiplied(a.test, s.Active, r)) // rows that the study would have tested on before it drew a share
		a.train, a.valid, a.test = sampled(a.train, opt.Share, r), sampled(a.valid, opt.Share, r), sampled(a.test, min(1, opt.Share*float64(copied)/float64(len(a.test))), r)
	}
	a.trail.Fitted("encoder and scaler", a.train)
	a.trail.Fitted("hyper-parameters", a.valid)
	a.Learned, a.Test = len(a.train)+len(a.valid), len(a.test)
	a.trail.Fitted("models", a.both())
	learned := map[int32]bool{}
	for _, i := range a.both() {
		learned[i] = true
	}
	var active float64
	shared := map[int32]bool{}
	for _, i := range a.test {
		if s.Active[i] {
			active++
		}
		if learned[i] {
			shared[i] = true
		}
	}
	a.Share, a.Shared = active/float64(a.Test), len(shared)
	others, w := float64(a.Test)-active, a.weightsOf(true)
	majority := func(active float64) float64 { return math.Max(active, others) / (active + others) }
	a.Majority, a.Natural = majority(active*float64(w.published)), majority(active*float64(w.natural))
	return a, nil
}

func (a *publishedArm) both() []int32 { return append(append([]int32(nil), a.train...), a.valid...) }

// shares are what a test row counts for where shares are to be the published ones, and where they are to be the population's.
type shares struct{ published, natural float32 }

func (a *publishedArm) weightsOf(active bool) shares {
	switch {
	case !active:
		return shares{1, 1}
	case a.Copies: // she stands there five times already, on average
		return shares{1, 1. / (1 + copies)}
	}
	return shares{1 + copies, 1}
}

// encode makes the study's columns of the rows. What is missing is 0, which of an age is a group of its own.
func (a *publishedArm) encode(ctx context.Context) error {
	data := func(at []int32) *learn.Data { return a.set.data(at, a.set.Active) }
	train := data(a.train)
	encoder, err := learn.FitEncoder(ctx, train, learn.EncoderConfig{Impute: "constant", DropFirst: true})
	if err != nil {
		return err
	}
	for _, c := range encoder.Out {
		a.columns = append(a.columns, c.Name)
	}
	a.Columns = len(a.columns)
	for _, part := range []struct {
		out  **learn.Data
		rows *learn.Data
	}{{&a.encoded.train, train}, {&a.encoded.both, data(a.both())}, {&a.encoded.valid, data(a.valid)}, {&a.encoded.test, data(a.test)}} {
		if *part.out, err = encoder.Encode(ctx, part.rows); err != nil {
			return err
		}
	}
	return nil
}

// run chooses a setting, if asked to, learns and judges. swing is each user's part in the error of the accuracy: what she is
// right above it, times her weight, over all weight.
func (a *publishedArm) run(ctx context.Context, m publishedModel, opt PublishedOptions) (score PublishedScore, swing []float64, err error) {
	setting := m.chosen
	capped := func(d *learn.Data) *learn.Data {
		if !m.kernel || d.X.Rows <= opt.KernelRows {
			return d
		}
		r := rand.New(rand.NewPCG(opt.Seed, 0x5b7))
		at := make([]int32, d.X.Rows)
		for i := range at {
			at[i] = int32(i)
		}
		at = sampled(at, 1, r)[:opt.KernelRows]
		out := &learn.Data{X: d.X.Take(at), Columns: d.Columns, Y: make([]bool, len(at))}
		for k, i := range at {
			out.Y[k] = d.Y[i]
		}
		return out
	}
	if opt.Search && len(m.grid) > 0 {
		if setting, err = a.search(ctx, m, capped(a.encoded.train)); err != nil {
			return score, nil, err
		}
	}
	d := capped(a.encoded.both)
	model, err := setting.learner.Fit(ctx, d)
	if err != nil {
		return score, nil, err
	}
	test := a.encoded.test
	p := make([]float64, a.Test)
	if err := model.Predict(test.X, p); err != nil {
		return score, nil, err
	}
	published, natural := make([]float32, a.Test), make([]float32, a.Test)
	var weight float64
	for k, i := range a.test {
		w := a.weightsOf(a.set.Active[i])
		published[k], natural[k] = w.published, w.natural
		weight += float64(w.published)
	}
	score = PublishedScore{Setting: setting.text, Rows: d.X.Rows, Reached: true, AUC: learn.AUC(test.Y, p, nil),
		Accuracy: learn.Accuracy(test.Y, p, published, .5), Natural: learn.Accuracy(test.Y, p, natural, .5)}
	if machine, ok := model.(*learn.KernelSVMModel); ok {
		score.Reached = machine.Converged
	}
	swing = make([]float64, len(a.set.Users))
	for k, i := range a.test {
		right := 0.0
		if (p[k] >= .5) == test.Y[k] {
			right = 1
		}
		swing[i] += float64(published[k]) * (right - score.Accuracy) / weight
	}
	for _, v := range swing {
		score.SE += v * v
	}
	score.SE = math.Sqrt(score.SE)
	return score, swing, nil
}

// search is the setting of the grid with the highest accuracy on the validation part, the first of equals. A setting that
// cannot be fitted to these rows is passed over, as in the study.
func (a *publishedArm) search(ctx context.Context, m publishedModel, train *learn.Data) (publishedSetting, error) {
	best, at := -1.0, -1
	valid := a.encoded.valid // its copies are made in every arm: the shares are the published ones
	p := make([]float64, valid.X.Rows)
	var failed []error
	for k, s := range m.grid {
		model, err := s.learner.Fit(ctx, train)
		if ctx.Err() != nil {
			return publishedSetting{}, context.Cause(ctx)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.text, err))
			continue
		}
		if err := model.Predict(valid.X, p); err != nil {
			return publishedSetting{}, err
		}
		if accuracy := learn.Accuracy(valid.Y, p, nil, .5); accuracy > best {
			best, at = accuracy, k
		}
	}
	if at < 0 {
		return publishedSetting{}, fmt.Errorf("no setting of the grid could be fitted: %w", errors.Join(failed...))
	}
	return m.grid[at], nil
}
