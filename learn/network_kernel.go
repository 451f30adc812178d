// The inner loops of the network, a row at a time. Rows are held as their non-zero values only: of the columns that come
// from one-hot encoding nearly all are zero, and of the hidden units about half are (ReLU), so that most products need not be
// made. Sums run over the inputs in their order, whatever the threads.

package learn

import "math/rand/v2"

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
		s.in[k] = netSparse{index: make([]int32, 0, l.In+1), value: make([]float32, 0, l.In+1)}
		s.out[k], s.delta[k] = make([]float32, l.Out), make([]float32, l.Out)
	}
	return s
}

// compress keeps the values other than 0 of x.
func (v *netSparse) compress(x []float32) {
	index, value := v.index[:len(x)+1], v.value[:len(x)+1]
	k := 0
	for j, a := range x {
		index[k], value[k] = int32(j), a // written over by the next where a is 0: no branch to predict
		if a != 0 {
			k++
		}
	}
	v.index, v.value = index[:k], value[:k]
}

// rectify keeps the values above 0 of x, and NaN, which must not be lost; with drop > 0 each is left out with that
// probability and scaled up otherwise.
func (v *netSparse) rectify(x []float32, r *rand.Rand, drop float64) {
	index, value := v.index[:len(x)+1], v.value[:len(x)+1]
	k := 0
	for j, a := range x {
		index[k], value[k] = int32(j), a
		if !(a <= 0) {
			k++
		}
	}
	if drop > 0 {
		scale := float32(1 / (1 - drop))
		kept := 0
		for i := range k {
			if r.Float64() >= drop {
				index[kept], value[kept] = index[i], value[i]*scale
				kept++
			}
		}
		k = kept
	}
	v.index, v.value = index[:k], value[:k]
}

// apply writes to out, which has length l.Out, the layer's output for the input in.
func (l *NetworkLayer) apply(in netSparse, out []float32) {
	n, w, value := l.Out, l.W, in.value[:len(in.index)]
	o := 0
	for ; o+8 <= n; o += 8 {
		b := (*[8]float32)(l.B[o:])
		a0, a1, a2, a3, a4, a5, a6, a7 := b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]
		for k, j := range in.index {
			r, v := (*[8]float32)(w[int(j)*n+o:]), value[k]
			a0 += v * r[0]
			a1 += v * r[1]
			a2 += v * r[2]
			a3 += v * r[3]
			a4 += v * r[4]
			a5 += v * r[5]
			a6 += v * r[6]
			a7 += v * r[7]
		}
		t := (*[8]float32)(out[o:])
		t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7] = a0, a1, a2, a3, a4, a5, a6, a7
	}
	for ; o+2 <= n; o += 2 {
		a0, a1 := l.B[o], l.B[o+1]
		for k, j := range in.index {
			r, v := (*[2]float32)(w[int(j)*n+o:]), value[k]
			a0 += v * r[0]
			a1 += v * r[1]
		}
		out[o], out[o+1] = a0, a1
	}
	if o < n {
		a := l.B[o]
		for k, j := range in.index {
			a += value[k] * w[int(j)*n+o]
		}
		out[o] = a
	}
}

// logit is log(p/(1-p)) of row x. While training, r and drop say which hidden units are left out.
func (m *NetworkModel) logit(s *netScratch, x []float32, r *rand.Rand, drop float64) float64 {
	s.in[0].compress(x)
	last := len(m.Layers) - 1
	for k := range m.Layers {
		m.Layers[k].apply(s.in[k], s.out[k])
		if k < last {
			s.in[k+1].rectify(s.out[k], r, drop)
		}
	}
	if z := s.out[last]; len(z) == 2 {
		return float64(z[1]) - float64(z[0])
	}
	return float64(s.out[last][0])
}

// back adds to grad, which has the layers' shapes, the slopes of the loss in the weights for the row that logit has just
// been called with; slope is that of the loss in the logit. drop is logit's.
func (m *NetworkModel) back(s *netScratch, grad []NetworkLayer, slope float32, drop float64) {
	last := len(m.Layers) - 1
	if d := s.delta[last]; len(d) == 2 {
		d[0], d[1] = -slope, slope
	} else {
		d[0] = slope
	}
	scale := float32(1 / (1 - drop)) // of a unit that was kept
	for k := last; k >= 0; k-- {
		l, g, d, in := &m.Layers[k], &grad[k], s.delta[k], s.in[k]
		for o, v := range d {
			g.B[o] += v
		}
		n, value := l.Out, in.value[:len(in.index)]
		if k == 0 {
			for i, j := range in.index {
				netAddScaled(g.W[int(j)*n:int(j)*n+n], d, value[i])
			}
			break
		}
		before := s.delta[k-1]
		clear(before) // of the units that were not above 0, or left out
		for i, j := range in.index {
			at := int(j) * n
			netAddScaled(g.W[at:at+n], d, value[i])
			before[j] = netDot(l.W[at:at+n], d) * scale
		}
	}
}

// netAddScaled adds v*x to y; both have the same length.
func netAddScaled(y, x []float32, v float32) {
	for len(y) >= 4 && len(x) >= 4 {
		a, b := (*[4]float32)(y), (*[4]float32)(x)
		a[0] += v * b[0]
		a[1] += v * b[1]
		a[2] += v * b[2]
		a[3] += v * b[3]
		y, x = y[4:], x[4:]
	}
	for i := range min(len(y), len(x)) {
		y[i] += v * x[i]
	}
}

// netDot is the inner product of two vectors of the same length, summed in four strands.
func netDot(x, y []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(x) >= 4 && len(y) >= 4 {
		a, b := (*[4]float32)(x), (*[4]float32)(y)
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		x, y = x[4:], y[4:]
	}
	for i := range min(len(x), len(y)) {
		s0 += x[i] * y[i]
	}
	return (s0 + s1) + (s2 + s3)
}
