package learn

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
)

// plainLogit is the network's logit of a row in float64, straight from the definition.
func plainLogit(layers []NetworkLayer, x []float32, weights [][]float64) float64 {
	in := make([]float64, len(x))
	for j, v := range x {
		in[j] = float64(v)
	}
	for k, l := range layers {
		out := make([]float64, l.Out)
		for o := range out {
			out[o] = weights[k][l.In*l.Out+o]
			for j, v := range in {
				out[o] += v * weights[k][j*l.Out+o]
			}
			if k < len(layers)-1 {
				out[o] = max(out[o], 0)
			}
		}
		in = out
	}
	if len(in) == 2 {
		return in[1] - in[0]
	}
	return in[0]
}

// plainWeights are W and then B of each layer.
func plainWeights(layers []NetworkLayer) [][]float64 {
	var all [][]float64
	for _, l := range layers {
		var w []float64
		for _, part := range [][]float32{l.W, l.B} {
			for _, v := range part {
				w = append(w, float64(v))
			}
		}
		all = append(all, w)
	}
	return all
}

// The gradient is held to central differences of the loss, which a float64 network of three lines computes.
func TestNetworkGradient(t *testing.T) {
	for _, softmax := range []bool{false, true} {
		d := caseStudy(90, 3)
		d.Weight = make([]float32, 90)
		for i := range d.Weight {
			d.Weight[i] = float32(i%4) / 2
		}
		cfg, err := NetworkConfig{Hidden: []int{13, 5, 3}, Softmax: softmax, Balanced: true, Seed: 5, Batch: 90}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		m, err := newNetwork(d.columns(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(7, 7))
		for _, l := range m.Layers { // no unit is at exactly 0, where the slope jumps, for a row that no unit before is above 0 for
			for o := range l.B {
				l.B[o] = float32(.1 * r.NormFloat64())
			}
		}
		rows, _, err := holdOut(d, cfg)
		if err != nil {
			t.Fatal(err)
		}
		tr := newNetTrainer(m, d, cfg, rows)
		sum, err := tr.gradients(t.Context(), rows, 1)
		if err != nil {
			t.Fatal(err)
		}
		w := plainWeights(m.Layers)
		loss := func() float64 {
			var sum float64
			for i := range 90 {
				_, l := netLoss(plainLogit(m.Layers, d.X.Row(i), w), d.Y[i])
				sum += tr.weight(int32(i)) * l
			}
			return sum / 90
		}
		if got, want := sum/90, loss(); math.Abs(got-want) > 1e-6 {
			t.Errorf("loss %v, plain %v", got, want)
		}
		var total float64
		for i := range rows {
			total += tr.weight(int32(i))
		}
		if math.Abs(total-90) > 1e-9 {
			t.Errorf("the weights sum to %v, not to the number of rows", total)
		}
		checked := 0
		for k, l := range m.Layers {
			for at := range w[k] {
				var got float64
				for _, p := range tr.parts {
					if at < l.In*l.Out {
						got += float64(p.layer[k].W[at])
					} else {
						got += float64(p.layer[k].B[at-l.In*l.Out])
					}
				}
				const h = 1e-5
				was := w[k][at]
				w[k][at] = was + h
				up := loss()
				w[k][at] = was - h
				want := (up - loss()) / (2 * h)
				w[k][at] = was
				if math.Abs(got-want) > 2e-5+1e-4*math.Abs(want) {
					t.Errorf("softmax %v, layer %d, weight %d: slope %v, by differences %v", softmax, k, at, got, want)
				}
				checked++
			}
		}
		if checked < 47*13 {
			t.Errorf("only %d weights", checked)
		}
	}
}

// With units left out the loss along the gradient g falls by |g|^2 for each unit of the way: the same units are left out
// for the same batch number, and what is kept is scaled alike on both ways through.
func TestNetworkGradientWithDropout(t *testing.T) {
	d := caseStudy(256, 4)
	cfg, err := NetworkConfig{Dropout: .3, Seed: 2}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	m, err := newNetwork(d.columns(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := holdOut(d, cfg)
	if err != nil {
		t.Fatal(err)
	}
	tr := newNetTrainer(m, d, cfg, rows)
	loss := func(id uint64) float64 {
		t.Helper()
		sum, err := tr.gradients(t.Context(), rows, id)
		if err != nil {
			t.Fatal(err)
		}
		return sum / 256
	}
	loss(1)
	g := make([]float64, len(tr.weights))
	var square float64
	for i := range g {
		for _, p := range tr.parts {
			g[i] += float64(p.grad[i])
		}
		square += g[i] * g[i]
	}
	at := append([]float32(nil), tr.weights...)
	const h = 1e-3
	along := func(step float64) float64 {
		for i := range g {
			tr.weights[i] = at[i] + float32(step*g[i])
		}
		return loss(1)
	}
	if got := (along(h) - along(-h)) / (2 * h); math.Abs(got/square-1) > .01 {
		t.Errorf("the loss changes by %v along the gradient, its square is %v", got, square)
	}
	if along(0) == loss(2) {
		t.Error("the same units are left out in each batch")
	}
}

// The steps are held to those of scikit-learn from the same first weights, over full batches in order.
func TestNetworkAgainstReference(t *testing.T) {
	b, err := os.ReadFile("testdata/network/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		X       [][]float32
		Y       []bool
		Alpha   float64
		Rate    float64
		Epochs  int
		Hidden  []int
		Initial [][][]float32
		Bias    [][]float32
		P       []float64
		Loss    []float64
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	d := &Data{X: NewMatrix(len(r.X), len(r.X[0])), Y: r.Y}
	for i, row := range r.X {
		copy(d.X.Row(i), row)
	}
	var losses []float64
	cfg, err := NetworkConfig{Hidden: r.Hidden, Epochs: r.Epochs, Batch: len(r.X), Rate: r.Rate, L2: r.Alpha,
		Progress: func(_ int, loss, _ float64) { losses = append(losses, loss) }}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	m, err := newNetwork(d.columns(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for k, l := range m.Layers {
		for j, row := range r.Initial[k] {
			copy(l.W[j*l.Out:], row)
		}
		copy(l.B, r.Bias[k])
	}
	if err := trainNetwork(t.Context(), m, d, cfg); err != nil {
		t.Fatal(err)
	}
	p := make([]float64, len(r.X))
	if err := m.Predict(d.X, p); err != nil {
		t.Fatal(err)
	}
	for i, v := range p {
		if math.Abs(v-r.P[i]) > 2e-4 {
			t.Errorf("row %d: %v, reference %v", i, v, r.P[i])
		}
	}
	for e, v := range losses {
		if math.Abs(v-r.Loss[e]) > 2e-5 {
			t.Errorf("epoch %d: loss %v, reference %v", e+1, v, r.Loss[e])
		}
	}
	if len(losses) != r.Epochs || r.Loss[0] < r.Loss[r.Epochs-1]+.05 {
		t.Errorf("%d losses, from %v to %v: nothing was learned that could be compared", len(losses), r.Loss[0], r.Loss[r.Epochs-1])
	}
}

// exclusive are n rows of the exclusive or of two signs, which no linear model knows better than by chance.
func exclusive(n int) *Data {
	d := &Data{X: NewMatrix(n, 2), Y: make([]bool, n)}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		a, b := r.Float64()*2-1, r.Float64()*2-1
		d.X.Row(i)[0], d.X.Row(i)[1] = float32(a), float32(b)
		d.Y[i] = (a > 0) != (b > 0)
	}
	return d
}

func TestNetworkLearnsXOR(t *testing.T) {
	d := exclusive(2000)
	for _, softmax := range []bool{false, true} {
		m, err := FitNetwork(t.Context(), d, NetworkConfig{Hidden: []int{8, 4}, Epochs: 60, Batch: 32, Rate: .01, Softmax: softmax})
		if err != nil {
			t.Fatal(err)
		}
		test := &Matrix{Rows: 4, Cols: 2, Data: []float32{-.5, -.5, -.5, .5, .5, -.5, .5, .5}}
		p := make([]float64, 4)
		if err := m.Predict(test, p); err != nil {
			t.Fatal(err)
		}
		if p[0] > .05 || p[1] < .95 || p[2] < .95 || p[3] > .05 {
			t.Errorf("softmax %v: %v, want 0 1 1 0", softmax, p)
		}
	}
}

// The rule's own AUC on the case study is about .83 and a logistic regression's about .79.
func TestNetworkOnCaseStudy(t *testing.T) {
	d := caseStudy(24000, 1)
	rows := make([]int32, 24000)
	for i := range rows {
		rows[i] = int32(i)
	}
	train, test := d.Take(rows[:16000]), d.Take(rows[16000:])
	m, err := FitNetwork(t.Context(), train, NetworkConfig{Epochs: 30, Batch: 64, ValidShare: .1, Patience: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, test.X.Rows)
	if err := m.Predict(test.X, p); err != nil {
		t.Fatal(err)
	}
	if auc := AUC(test.Y, p, nil); auc < .78 {
		t.Errorf("AUC %v", auc)
	}
	if m.Epochs == 30 {
		t.Error("never stopped early: the held-out rows are not looked at")
	}
}

func TestNetworkSameWhateverTheThreads(t *testing.T) {
	d := caseStudy(3000, 1)
	cfg := NetworkConfig{Epochs: 3, Dropout: .2, L2: .1, ValidShare: .2, Seed: 9, Threads: 1}
	one, err := FitNetwork(t.Context(), d, cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Threads = 3
	three, err := FitNetwork(t.Context(), d, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one, three) {
		t.Error("three threads give other weights than one")
	}
	cfg.Seed = 10
	other, err := FitNetwork(t.Context(), d, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(one.Layers, other.Layers) {
		t.Error("another seed gives the same weights")
	}
}

// A row of weight 0 does not count; all weights times 4 (exact in floating point) change nothing.
func TestNetworkWeights(t *testing.T) {
	d := caseStudy(1000, 1)
	d.Weight = make([]float32, 1000)
	for i := range d.Weight {
		d.Weight[i] = float32(i % 3)
	}
	cfg := NetworkConfig{Epochs: 2}
	fit := func() []NetworkLayer {
		m, err := FitNetwork(t.Context(), d, cfg)
		if err != nil {
			t.Fatal(err)
		}
		return m.Layers
	}
	first := fit()
	for i := range d.Weight {
		if i%3 == 0 {
			d.Y[i] = !d.Y[i]
			d.X.Row(i)[0] = 50
		}
	}
	if !reflect.DeepEqual(fit(), first) {
		t.Error("rows of weight 0 count")
	}
	for i := range d.Weight {
		d.Weight[i] *= 4
	}
	if !reflect.DeepEqual(fit(), first) {
		t.Error("four times the weights give another model")
	}
	cfg.Balanced = true
	if reflect.DeepEqual(fit(), first) {
		t.Error("balanced weights change nothing")
	}
}
