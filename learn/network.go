// A dense network with one hidden layer or several, for two classes. It is here because the case study that the speed
// comparison follows uses one (47-28-10-6-2), and as the plainest of the learners that find interactions by themselves.
//
// It minimises the weighted mean log-loss plus L2/(2m) times the sum of the squared weights (not the biases), m being the
// rows of a batch, by Adam over shuffled mini-batches. Sources: Kingma and Ba, Adam, ICLR 2015 (algorithm 1 in the order
// of its section 2, so with epsilon beside the uncorrected root); He et al., Delving Deep into Rectifiers, ICCV 2015
// (the initial weights); Srivastava et al., Dropout, JMLR 15, 2014 (scaled while training).

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// NetworkConfig are the hyper-parameters of a dense network. The columns should be standardised (Encoder).
type NetworkConfig struct {
	Hidden     []int   // units of each hidden layer, from the input on; nil means 28, 10, 6
	Softmax    bool    // two output units and their softmax, in place of one logit
	Epochs     int     // passes over the rows at most; 0 means 20
	Batch      int     // rows of a mini-batch; 0 means 256
	Rate       float64 // Adam's learning rate; 0 means .001
	L2         float64 // weight of the squares, as scikit-learn's alpha; 0 means none
	Dropout    float64 // share of the hidden units that a row leaves out, in [0,1); 0 means none
	ValidShare float64 // share of the rows, by class, held out for early stopping, in [0,1); 0 means no early stopping
	Patience   int     // epochs without a better loss on the held-out rows after which to stop; 0 means 5
	Balanced   bool    // weigh the rows so that both classes weigh the same
	Seed       uint64
	Threads    int // goroutines; 0 means one a core

	// Progress, when set, is called after each epoch, counted from 1, with the mean log-losses; validLoss is NaN where
	// nothing is held out.
	Progress func(epoch int, trainLoss, validLoss float64) `json:"-"`
}

// NetworkLayer is one layer: out = in W + B.
type NetworkLayer struct {
	In, Out int
	W       []float32 // In x Out: row j holds the weights that leave input j
	B       []float32 // length Out
}

// NetworkModel is a fitted network: ReLU after each layer but the last.
type NetworkModel struct {
	Columns []Column
	Layers  []NetworkLayer // the last has 1 unit (a logit) or 2 (softmax; the second is the positive class)
	Epochs  int            // passes over the rows that the weights come from
}

const (
	maxNetUnits   = 1 << 16 // of a hidden layer
	maxNetWeights = 1 << 28 // 1 GB of weights
)

// withDefaults fills what is zero and says what cannot be.
func (c NetworkConfig) withDefaults() (NetworkConfig, error) {
	if c.Hidden == nil {
		c.Hidden = []int{28, 10, 6}
	}
	if c.Epochs == 0 {
		c.Epochs = 20
	}
	if c.Batch == 0 {
		c.Batch = 256
	}
	if c.Rate == 0 {
		c.Rate = .001
	}
	if c.Patience == 0 {
		c.Patience = 5
	}
	for _, h := range c.Hidden {
		if h < 1 || h > maxNetUnits {
			return c, fmt.Errorf("learn: network: a hidden layer of %d units; 1 to %d are possible", h, maxNetUnits)
		}
	}
	switch {
	case len(c.Hidden) == 0:
		return c, errors.New("learn: network: no hidden layer; a network without one is a logistic regression")
	case c.Epochs < 0 || c.Batch < 0 || c.Patience < 0:
		return c, fmt.Errorf("learn: network: epochs %d, batch %d, patience %d: none can be negative", c.Epochs, c.Batch, c.Patience)
	case !(c.Rate > 0) || math.IsInf(c.Rate, 0):
		return c, fmt.Errorf("learn: network: learning rate %v; a number above 0 is needed", c.Rate)
	case !(c.L2 >= 0) || math.IsInf(c.L2, 0):
		return c, fmt.Errorf("learn: network: L2 %v; a number of at least 0 is needed", c.L2)
	case !(c.Dropout >= 0 && c.Dropout < 1):
		return c, fmt.Errorf("learn: network: dropout %v is not in [0,1)", c.Dropout)
	case !(c.ValidShare >= 0 && c.ValidShare < 1):
		return c, fmt.Errorf("learn: network: held-out share %v is not in [0,1)", c.ValidShare)
	}
	return c, nil
}

// Kind is "network".
func (NetworkConfig) Kind() string { return "network" }

// Fit is FitNetwork.
func (c NetworkConfig) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitNetwork(ctx, d, c)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// FitNetwork fits a network to finite numbers. Beside the rows it holds some 12 numbers a weight of the network, and 4
// bytes a row. Errors: those of the data, an impossible setting, a loss that runs away (columns of very different
// scales, too high a rate), ctx's cause.
func FitNetwork(ctx context.Context, d *Data, cfg NetworkConfig) (*NetworkModel, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := d.check(0); err != nil {
		return nil, err
	}
	m, err := newNetwork(d.columns(), cfg)
	if err != nil {
		return nil, err
	}
	if err := trainNetwork(ctx, m, d, cfg); err != nil {
		return nil, err
	}
	return m, nil
}

// newNetwork is a network as it is before the first step: weights normal with variance 2/In (1/In where no ReLU follows),
// biases 0.
func newNetwork(columns []Column, cfg NetworkConfig) (*NetworkModel, error) {
	out := 1
	if cfg.Softmax {
		out = 2
	}
	m := &NetworkModel{Columns: columns}
	in, total := len(columns), 0
	for _, units := range append(append([]int(nil), cfg.Hidden...), out) {
		if total += in*units + units; total > maxNetWeights {
			return nil, fmt.Errorf("learn: network: layers %v on %d columns have more than %d weights", cfg.Hidden, len(columns), maxNetWeights)
		}
		m.Layers = append(m.Layers, NetworkLayer{In: in, Out: units})
		in = units
	}
	shareOut(m.Layers, make([]float32, total))
	r := rand.New(rand.NewPCG(cfg.Seed, netStreamInit))
	for k, l := range m.Layers {
		spread := math.Sqrt(2 / float64(l.In))
		if k == len(m.Layers)-1 {
			spread = math.Sqrt(1 / float64(l.In))
		}
		for i := range l.W {
			l.W[i] = float32(spread * r.NormFloat64())
		}
	}
	return m, nil
}

// Inputs are the columns that the network was fitted on.
func (m *NetworkModel) Inputs() []Column { return m.Columns }

// Predict writes the probabilities. A value that is missing or infinite, or so far out that sums
// overflow, is an error.
func (m *NetworkModel) Predict(x *Matrix, p []float64) error {
	if err := checkInput(x, p, m.Columns); err != nil {
		return err
	}
	err := inBlocks(context.Background(), x.Rows, 1024, threadsOf(0), func(_, from, to int) {
		s := newNetScratch(m.Layers)
		for i := from; i < to; i++ {
			s.in[0].compress(x.Row(i))
			if p[i] = math.NaN(); !s.in[0].finite() {
				continue // an infinity might hide behind ReLU
			}
			p[i] = netLogistic(netForward(m.Layers, s, nil, 0))
		}
	})
	if err != nil {
		return err
	}
	for i, v := range p {
		if math.IsNaN(v) {
			return fmt.Errorf("learn: network: row %d holds a value that is missing or too large", i)
		}
	}
	return nil
}

func (m *NetworkModel) valid() error {
	if len(m.Layers) < 2 {
		return fmt.Errorf("a network of %d layers", len(m.Layers))
	}
	in := len(m.Columns)
	for k, l := range m.Layers {
		switch {
		case l.In != in || in < 1:
			return fmt.Errorf("layer %d takes %d inputs, there are %d", k, l.In, in)
		case l.Out < 1 || l.Out > maxNetUnits:
			return fmt.Errorf("layer %d has %d units", k, l.Out)
		case len(l.B) != l.Out || len(l.W)/l.Out != l.In || len(l.W)%l.Out != 0:
			return fmt.Errorf("layer %d of %d x %d has %d weights and %d biases", k, l.In, l.Out, len(l.W), len(l.B))
		}
		for _, part := range [][]float32{l.W, l.B} {
			for _, v := range part {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					return fmt.Errorf("layer %d has a weight of %v", k, v)
				}
			}
		}
		in = l.Out
	}
	if in > 2 {
		return fmt.Errorf("%d output units; 1 or 2 are possible", in)
	}
	return nil
}
