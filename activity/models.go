// The models that are held against each other, from knowing nothing to knowing what the others found.

package activity

import (
	"context"
	"fmt"

	"github.com/seguefeed/segue/learn"
)

// Entry is one model of a comparison.
type Entry struct {
	Name      string
	Learner   learn.Learner           // nil: the base rate for everyone
	Columns   []string                // of the features, that it may see; nil means all
	Calibrate learn.CalibrationMethod // on the validation part; "" means not at all
}

// numeric makes every column a number of like size, as models need that add columns up. Counts have heavy tails, hence the
// logarithm; what is missing is a column of its own.
func numeric(l learn.Learner) learn.Learner {
	return learn.Pipeline{Encoder: learn.EncoderConfig{Log: "auto", Indicator: true, MissingLevel: true}, Learner: l}
}

// Models are the nine of a comparison. Their hyper-parameters were chosen on villages with other seeds than any that is
// quoted; none hangs on the data at hand.
func Models(seed uint64) []Entry {
	return []Entry{
		{Name: "base rate"},
		{Name: "volume only", Learner: numeric(learn.Logistic{}), Columns: []string{"impressions"}, Calibrate: learn.IsotonicScaling},
		{Name: "logistic regression", Learner: numeric(learn.Logistic{}), Calibrate: learn.PlattScaling},
		{Name: "SVM", Learner: numeric(learn.MappedSVM{Map: learn.KernelMap{Components: 300, Seed: seed}})},
		{Name: "naive Bayes", Learner: learn.NaiveBayes{}, Calibrate: learn.IsotonicScaling},
		{Name: "tree", Learner: learn.Tree{MaxDepth: 8, MinLeaf: 50}, Calibrate: learn.IsotonicScaling},
		{Name: "forest", Learner: learn.Forest{Trees: 300, MaxDepth: 14, MinLeaf: 10, Seed: seed}, Calibrate: learn.PlattScaling},
		{Name: "boosting", Learner: Boosting(seed), Calibrate: learn.PlattScaling},
		{Name: "network", Learner: numeric(learn.NetworkConfig{Hidden: []int{28, 10, 6}, Epochs: 20, ValidShare: .1, Seed: seed}), Calibrate: learn.PlattScaling},
	}
}

// Boosting is the learner that is best on villages and that Train uses.
func Boosting(seed uint64) learn.Boost {
	return learn.Boost{Trees: 200, LearningRate: .1, MaxLeaves: 15, MinLeaf: 100, Holdout: .1, Patience: 15, Seed: seed}
}

// ModelNames are the names of Models.
func ModelNames() []string {
	var names []string
	for _, e := range Models(0) {
		names = append(names, e.Name)
	}
	return names
}

// fitted is an entry's model and the columns it sees.
type fitted struct {
	model    learn.Model // nil: constant
	constant float64
	at       []int // columns; nil means all
}

func (e Entry) kind() string {
	if e.Learner == nil {
		return "constant"
	}
	return e.Learner.Kind()
}

// fit learns from the training part and calibrates on the validation part.
func (e Entry) fit(ctx context.Context, train, valid *learn.Data) (*fitted, error) {
	f := &fitted{}
	if e.Learner == nil {
		f.constant = share(train.Y)
		return f, nil
	}
	for _, name := range e.Columns {
		j := -1
		for k, c := range train.Columns {
			if c.Name == name {
				j = k
			}
		}
		if j < 0 {
			return nil, fmt.Errorf("there is no feature %s", name)
		}
		f.at = append(f.at, j)
	}
	m, err := e.Learner.Fit(ctx, f.only(train))
	if err != nil {
		return nil, err
	}
	f.model = m
	if e.Calibrate != "" {
		if f.model, err = learn.CalibrateOn(ctx, m, f.only(valid), e.Calibrate); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// only is d with the columns that the model sees.
func (f *fitted) only(d *learn.Data) *learn.Data {
	if f.at == nil {
		return d
	}
	out := &learn.Data{X: f.view(d.X), Y: d.Y, Weight: d.Weight}
	for _, j := range f.at {
		out.Columns = append(out.Columns, d.Columns[j])
	}
	return out
}

func (f *fitted) view(x *learn.Matrix) *learn.Matrix {
	if f.at == nil {
		return x
	}
	v := learn.NewMatrix(x.Rows, len(f.at))
	for i := range x.Rows {
		row := x.Row(i)
		for k, j := range f.at {
			v.Row(i)[k] = row[j]
		}
	}
	return v
}

// predict writes the probabilities of x's rows.
func (f *fitted) predict(x *learn.Matrix, p []float64) error {
	if f.model == nil {
		for i := range p {
			p[i] = f.constant
		}
		return nil
	}
	return f.model.Predict(f.view(x), p)
}
