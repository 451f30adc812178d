// The inner loops of the network. A row is held as its non-zero values only: of the columns that come from one-hot encoding
// nearly all are zero, and of the hidden units about half are (ReLU), so that most products need not be made. Sums run over
// the inputs in their order, whatever the threads.

package learn

import (
	"math"
	"math/rand/v2"
)

// netSparse are the non-zero values of a vector.
type netSparse struct {
	index []int32
	value []float32
}

// netScratch is what one goroutine needs for one row.
type netScratch struct {
	in    []netSparse // per layer: what enters it
	out   [][]float32 // per layer: what leaves it, before ReLU
	delta [][]float32 // per layer: the slope of the loss in out
}

// newNetScratch has room for the values of a row on its way through the layers.
func newNetScratch(layers []NetworkLayer) *netScratch {
	s := &netScratch{in: make([]netSparse, len(layers)), out: make([][]float32, len(layers)), delta: make([][]float32, len(layers))}
	for k, l := range layers {
		s.in[k] = newNetSparse(l.In)
		s.out[k], s.delta[k] = make([]float32, l.Out), make([]float32, l.Out)
	}
	return s
}

// newNetSparse has room for the values of a vector of length n.
func newNetSparse(n int) netSparse {
	return netSparse{index: make([]int32, n+1), value: make([]float32, n+1)}
}

// shareOut makes the layers parts of one slice: W and B of the first, W and B of the second and so on.
func shareOut(layers []NetworkLayer, all []float32) {
	for k := range layers {
		l := &layers[k]
		w, b := l.In*l.Out, l.Out
		l.W, l.B, all = all[:w:w], all[w:w+b:w+b], all[w+b:]
	}
}

// compress keeps the values other than 0 of x.
func (v *netSparse) compress(x []float32) {
	index, value := v.index[:len(x)+1], v.value[:len(x)+1]
	k := uint32(0)
	for j, a := range x {
		index[k], value[k] = int32(j), a // written over by the next where a is 0
		bits := math.Float32bits(a) << 1 // without the sign
		k += (bits | -bits) >> 31        // 1 where any is set: no branch, which could not be predicted
	}
	v.index, v.value = index[:k], value[:k]
}

// finite says that no value is infinite or NaN.
func (v *netSparse) finite() bool {
	for _, a := range v.value {
		if a-a != 0 {
			return false
		}
	}
	return true
}

// rectify keeps the values above 0 of x, and NaN, which must not be lost; with drop > 0 each unit, whatever its value, is
// left out with that probability, and the others are scaled up.
func (v *netSparse) rectify(x []float32, r *rand.Rand, drop float64) {
	index, value := v.index[:len(x)+1], v.value[:len(x)+1]
	scale := float32(1 / (1 - drop))
	k := 0
	for j, a := range x {
		index[k], value[k] = int32(j), a*scale
		if (drop == 0 || r.Float64() >= drop) && !(a <= 0) {
			k++
		}
	}
	v.index, v.value = index[:k], value[:k]
}

// apply writes to out, which has length l.Out, the layer's output for the input in. Four inputs at a time: so each partial
// sum is loaded and stored once for four products.
func (l *NetworkLayer) apply(in netSparse, out []float32) {
	n := l.Out
	out = out[:n]
	copy(out, l.B)
	index, value := in.index, in.value[:len(in.index)]
	k := 0
	for ; k+4 <= len(index); k += 4 {
		j, v := (*[4]int32)(index[k:]), (*[4]float32)(value[k:])
		v0, v1, v2, v3 := v[0], v[1], v[2], v[3]
		w0 := l.W[int(j[0])*n:][:len(out)]
		w1 := l.W[int(j[1])*n:][:len(out)]
		w2 := l.W[int(j[2])*n:][:len(out)]
		w3 := l.W[int(j[3])*n:][:len(out)]
		for o, a := range out {
			out[o] = a + v0*w0[o] + v1*w1[o] + v2*w2[o] + v3*w3[o]
		}
	}
	for ; k < len(index); k++ {
		v, w := value[k], l.W[int(index[k])*n:][:len(out)]
		for o, a := range w {
			out[o] += v * a
		}
	}
}

// addOuter adds to l.W the outer product of in and d, which has length l.Out, two inputs at a time.
func (l *NetworkLayer) addOuter(in netSparse, d []float32) {
	n := l.Out
	d = d[:n]
	index, value := in.index, in.value[:len(in.index)]
	k := 0
	for ; k+2 <= len(index); k += 2 {
		v0, v1 := value[k], value[k+1]
		w0 := l.W[int(index[k])*n:][:len(d)]
		w1 := l.W[int(index[k+1])*n:][:len(d)]
		for o, a := range d {
			w0[o] += v0 * a
			w1[o] += v1 * a
		}
	}
	if k < len(index) {
		v, w := value[k], l.W[int(index[k])*n:][:len(d)]
		for o, a := range d {
			w[o] += v * a
		}
	}
}

// slopesOfInputs writes to before the slopes of the loss in the layer's inputs, from those in its outputs, d: 0 for an input
// that was not above 0 or was left out, W's row times d and scale for the others. Each product is summed in four strands.
func (l *NetworkLayer) slopesOfInputs(in netSparse, d []float32, scale float32, before []float32) {
	clear(before)
	n := l.Out
	d = d[:n]
	for _, j := range in.index {
		row := l.W[int(j)*n:][:len(d)]
		var s0, s1, s2, s3 float32
		o := 0
		for ; o+4 <= len(d); o += 4 {
			a, b := (*[4]float32)(row[o:]), (*[4]float32)(d[o:])
			s0 += a[0] * b[0]
			s1 += a[1] * b[1]
			s2 += a[2] * b[2]
			s3 += a[3] * b[3]
		}
		for ; o < len(d); o++ {
			s0 += row[o] * d[o]
		}
		before[j] = ((s0 + s1) + (s2 + s3)) * scale
	}
}

// netForward is log(p/(1-p)) of the row whose non-zero values are s.in[0]. While training, r and drop say which hidden units
// are left out.
func netForward(layers []NetworkLayer, s *netScratch, r *rand.Rand, drop float64) float64 {
	last := len(layers) - 1
	for k := range layers {
		layers[k].apply(s.in[k], s.out[k])
		if k < last {
			s.in[k+1].rectify(s.out[k], r, drop)
		}
	}
	z := s.out[last]
	if len(z) == 2 {
		return float64(z[1]) - float64(z[0])
	}
	return float64(z[0])
}

// netBackward adds to grad, which has the layers' shapes, the slopes of the loss in the weights for the row that netForward
// has just been called with; slope is that of the loss in the logit. drop is netForward's.
func netBackward(layers, grad []NetworkLayer, s *netScratch, slope float32, drop float64) {
	last := len(layers) - 1
	if d := s.delta[last]; len(d) == 2 {
		d[0], d[1] = -slope, slope
	} else {
		d[0] = slope
	}
	scale := float32(1 / (1 - drop)) // of a unit that was kept
	for k := last; k >= 0; k-- {
		d := s.delta[k]
		for o, v := range d {
			grad[k].B[o] += v
		}
		grad[k].addOuter(s.in[k], d)
		if k > 0 {
			layers[k].slopesOfInputs(s.in[k], d, scale, s.delta[k-1])
		}
	}
}

// netLogistic is 1/(1+exp(-z)).
func netLogistic(z float64) float64 {
	p, _ := netLoss(z, false)
	return p
}

// netLoss is the probability 1/(1+exp(-z)) and the log-loss of a row whose logit is z, without overflow: log(1+exp(-z)) of a
// positive one, log(1+exp(z)) of a negative one.
func netLoss(z float64, y bool) (p, loss float64) {
	e := math.Exp(-math.Abs(z))
	p = 1 / (1 + e)
	if z < 0 {
		p = e / (1 + e)
	}
	if y {
		z = -z
	}
	return p, max(z, 0) + math.Log1p(e)
}
