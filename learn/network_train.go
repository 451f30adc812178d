// How a network is trained: epochs of shuffled batches, a step of Adam after each, early stopping. A batch is cut into parts
// by its size alone; each part adds up its own gradient, and the parts are summed in order: so the threads change nothing.

package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

// The streams of random numbers, one for each use, so that none depends on how much another took.
const (
	netStreamInit = iota + 1
	netStreamHoldOut
	netStreamShuffle
	netStreamDropout
)

const (
	netPartRows = 64 // rows of a part of a batch at least
	netMaxParts = 8  // parts of a batch at most; each has a gradient of its own in memory
	adamB1      = .9
	adamB2      = .999
	adamEps     = 1e-8
)

// netTrainer is the state of a fit.
type netTrainer struct {
	d       *Data
	layers  []NetworkLayer // the model's
	cfg     NetworkConfig
	scale   [2]float64 // by class: what a row's weight is multiplied by, so that the mean over the rows is 1
	weights []float32  // all of the layers', one slice
	first   []float32  // Adam's first moments
	second  []float32  // and second
	decays  []bool     // is the weight one that L2 holds for; nil without L2
	steps   int
	parts   []netPart
}

// netPart is what one part of a batch needs.
type netPart struct {
	s     *netScratch
	rows  *Matrix        // copies of some of its rows
	grad  []float32      // one slice,
	layer []NetworkLayer // and seen as layers
	loss  float64        // weighted sum over the part
}

// trainNetwork moves m's weights. cfg has its defaults filled in; d has been checked.
func trainNetwork(ctx context.Context, m *NetworkModel, d *Data, cfg NetworkConfig) error {
	rows, held, err := holdOut(d, cfg)
	if err != nil {
		return err
	}
	for _, part := range [][]int32{rows, held} {
		if sum := netClassWeights(d, part); len(part) > 0 && (sum[0] == 0 || sum[1] == 0) {
			return fmt.Errorf("%w, where %d rows are held out: those of a class weigh nothing on one side", ErrOneClass, len(held))
		}
	}
	t := newNetTrainer(m, d, cfg, rows)
	var best []float32
	bestLoss, bestEpoch := math.Inf(1), 0
	r := rand.New(rand.NewPCG(cfg.Seed, netStreamShuffle))
	for epoch := 1; epoch <= cfg.Epochs; epoch++ {
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		loss, err := t.epoch(ctx, rows, epoch)
		if err != nil {
			return err
		}
		m.Epochs = epoch
		validLoss := math.NaN()
		if len(held) > 0 {
			if validLoss, err = t.meanLoss(ctx, held); err != nil {
				return err
			}
		}
		if cfg.Progress != nil {
			cfg.Progress(epoch, loss, validLoss)
		}
		if len(held) == 0 {
			continue
		}
		if validLoss < bestLoss {
			best, bestLoss, bestEpoch = append(best[:0], t.weights...), validLoss, epoch
		} else if epoch-bestEpoch >= cfg.Patience {
			break
		}
	}
	if best != nil {
		copy(t.weights, best)
		m.Epochs = bestEpoch
	}
	for _, w := range t.weights {
		if w-w != 0 {
			return fmt.Errorf("learn: network: the weights are no longer finite numbers: standardise the columns (Encoder) or lower the learning rate %v", cfg.Rate)
		}
	}
	return nil
}

// holdOut splits the rows into those to train on and those that early stopping looks at, the same share of both classes.
func holdOut(d *Data, cfg NetworkConfig) (rows, held []int32, err error) {
	if cfg.ValidShare == 0 {
		rows = make([]int32, d.X.Rows)
		for i := range rows {
			rows[i] = int32(i)
		}
		return rows, nil, nil
	}
	r := rand.New(rand.NewPCG(cfg.Seed, netStreamHoldOut))
	var class [2][]int32
	for i, y := range d.Y {
		k := 0
		if y {
			k = 1
		}
		class[k] = append(class[k], int32(i))
	}
	for k, name := range []string{"negative", "positive"} {
		c := class[k]
		n := int(math.Round(cfg.ValidShare * float64(len(c))))
		if n == 0 || n == len(c) {
			return nil, nil, fmt.Errorf("learn: network: of %d %s rows a share of %v cannot be held out with some left on both sides", len(c), name, cfg.ValidShare)
		}
		r.Shuffle(len(c), func(i, j int) { c[i], c[j] = c[j], c[i] })
		held, rows = append(held, c[:n]...), append(rows, c[n:]...)
	}
	return rows, held, nil
}

// netClassWeights are the sums of the negative and the positive rows' weights.
func netClassWeights(d *Data, rows []int32) (sum [2]float64) {
	for _, i := range rows {
		if d.Y[i] {
			sum[1] += d.weight(int(i))
		} else {
			sum[0] += d.weight(int(i))
		}
	}
	return sum
}

// newNetTrainer puts m's weights into one slice and makes room for the gradients.
func newNetTrainer(m *NetworkModel, d *Data, cfg NetworkConfig, rows []int32) *netTrainer {
	var weights []float32
	for _, l := range m.Layers {
		weights = append(append(weights, l.W...), l.B...)
	}
	layers, total := m.Layers, len(weights)
	shareOut(layers, weights)
	cfg.Batch = min(cfg.Batch, len(rows))
	t := &netTrainer{d: d, cfg: cfg, layers: layers,
		weights: weights, first: make([]float32, total), second: make([]float32, total)}
	if cfg.L2 > 0 {
		for _, l := range layers {
			for range l.W {
				t.decays = append(t.decays, true)
			}
			t.decays = append(t.decays, make([]bool, len(l.B))...)
		}
	}
	sum := netClassWeights(d, rows)
	n := float64(len(rows))
	for k := range t.scale {
		t.scale[k] = n / (sum[0] + sum[1])
		if cfg.Balanced {
			t.scale[k] = n / (2 * sum[k])
		}
	}
	size := t.partSize()
	t.parts = make([]netPart, (t.cfg.Batch+size-1)/size)
	for k := range t.parts {
		p := &t.parts[k]
		p.s, p.grad = newNetScratch(layers), make([]float32, total)
		p.layer = append([]NetworkLayer(nil), layers...)
		shareOut(p.layer, p.grad)
		p.rows = NewMatrix(netPartRows, d.X.Cols)
	}
	return t
}

// partSize is the number of rows of a part of a batch.
func (t *netTrainer) partSize() int { return max(netPartRows, (t.cfg.Batch+netMaxParts-1)/netMaxParts) }

// weight is the weight of row i, 1 on average.
func (t *netTrainer) weight(i int32) float64 {
	if t.d.Y[i] {
		return t.d.weight(int(i)) * t.scale[1]
	}
	return t.d.weight(int(i)) * t.scale[0]
}

// epoch passes once over the rows and returns their mean loss, each as it was when its turn came.
func (t *netTrainer) epoch(ctx context.Context, rows []int32, epoch int) (float64, error) {
	var sum float64
	for from, batch := 0, 0; from < len(rows); from, batch = from+t.cfg.Batch, batch+1 {
		loss, err := t.gradients(ctx, rows[from:min(len(rows), from+t.cfg.Batch)], uint64(epoch)<<32+uint64(batch))
		if err != nil {
			return 0, err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return 0, fmt.Errorf("learn: network: the loss is no longer a finite number in epoch %d: standardise the columns (Encoder) or lower the learning rate %v", epoch, t.cfg.Rate)
		}
		sum += loss
		if err := t.step(ctx, min(len(rows)-from, t.cfg.Batch)); err != nil {
			return 0, err
		}
	}
	return sum / float64(len(rows)), nil
}

// gradients leaves in the parts the slopes of the batch's mean loss, and returns the sum of the losses. id tells the batches
// of a fit apart.
func (t *netTrainer) gradients(ctx context.Context, rows []int32, id uint64) (float64, error) {
	drop, each := t.cfg.Dropout, 1/float64(len(rows))
	for k := range t.parts {
		t.parts[k].loss = 0
		clear(t.parts[k].grad)
	}
	err := inBlocks(ctx, len(rows), t.partSize(), threadsOf(t.cfg.Threads), func(k, from, to int) {
		p := &t.parts[k]
		var r *rand.Rand
		if drop > 0 {
			r = rand.New(rand.NewPCG(t.cfg.Seed^id*0x9e3779b97f4a7c15, uint64(k)<<8+netStreamDropout))
		}
		for ; from < to; from += netPartRows {
			some := rows[from:min(to, from+netPartRows)]
			for k, i := range some { // all at first: the rows lie far apart, and so the waits for memory overlap
				copy(p.rows.Row(k), t.d.X.Row(int(i)))
			}
			for k, i := range some {
				w, y := t.weight(i), t.d.Y[i]
				if w == 0 {
					continue
				}
				if ctx.Err() != nil { // a row of the widest networks takes a good part of a second
					return
				}
				p.s.in[0].compress(p.rows.Row(k))
				slope, loss := netLoss(netForward(t.layers, p.s, r, drop), y)
				p.loss += w * loss
				if y {
					slope--
				}
				netBackward(t.layers, p.layer, p.s, float32(w*slope*each), drop)
			}
		}
	})
	var sum float64
	for k := range t.parts {
		sum += t.parts[k].loss
	}
	return sum, err
}

// step moves the weights by the parts' gradients of a batch of the given number of rows.
func (t *netTrainer) step(ctx context.Context, rows int) error {
	t.steps++
	rate := float32(t.cfg.Rate * math.Sqrt(1-math.Pow(adamB2, float64(t.steps))) / (1 - math.Pow(adamB1, float64(t.steps))))
	l2 := float32(t.cfg.L2 / float64(rows))
	return inBlocks(ctx, len(t.weights), 1<<14, threadsOf(t.cfg.Threads), func(_, from, to int) {
		grad := t.parts[0].grad[from:to]
		for _, p := range t.parts[1:] {
			for i, g := range p.grad[from:to] {
				grad[i] += g
			}
		}
		w, first, second := t.weights[from:to], t.first[from:to], t.second[from:to]
		if t.decays != nil {
			for i, yes := range t.decays[from:to] {
				if yes {
					grad[i] += l2 * w[i]
				}
			}
		}
		first, second, w = first[:len(grad)], second[:len(grad)], w[:len(grad)]
		for i, g := range grad {
			first[i] = adamB1*first[i] + (1-adamB1)*g
			second[i] = adamB2*second[i] + (1-adamB2)*g*g
			w[i] -= rate * first[i] / (float32(math.Sqrt(float64(second[i]))) + adamEps)
		}
	})
}

// meanLoss is the weighted mean loss over the rows, nothing left out.
func (t *netTrainer) meanLoss(ctx context.Context, rows []int32) (float64, error) {
	const size = 1024
	sums := make([][2]float64, (len(rows)+size-1)/size)
	err := inBlocks(ctx, len(rows), size, threadsOf(t.cfg.Threads), func(b, from, to int) {
		s := newNetScratch(t.layers)
		for _, i := range rows[from:to] {
			if w := t.weight(i); w > 0 {
				s.in[0].compress(t.d.X.Row(int(i)))
				_, loss := netLoss(netForward(t.layers, s, nil, 0), t.d.Y[i])
				sums[b][0] += w * loss
				sums[b][1] += w
			}
		}
	})
	var sum, weight float64
	for _, s := range sums {
		sum, weight = sum+s[0], weight+s[1]
	}
	return sum / weight, err
}
