// The inner loops of the network. A row is held as its non-zero values only: of the columns that come from one-hot encoding
// nearly all are zero, and of the hidden units about half are (ReLU), so that most products need not be made. Sums run over
// the inputs in their order, whatever the threads.
//
// The loops work on a copy of the network whose layers are padded with units of zero weights to a multiple of four. Such a
// unit gives 0 and has slopes of 0: it stays as it is, and never enters a sum.

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

// padUnits is n rounded up to a multiple of four.
func padUnits(n int) int { return (n + 3) &^ 3 }

// padded is a copy of the layers with padded units, all in one slice.
func padded(layers []NetworkLayer) (copies []NetworkLayer, all []float32) {
	total := 0
	for k, l := range layers {
		p := NetworkLayer{In: l.In, Out: padUnits(l.Out)}
		if k > 0 {
			p.In = padUnits(l.In)
		}
		copies = append(copies, p)
		total += (p.In + 1) * p.Out
	}
	all = make([]float32, total)
	shareOut(copies, all)
	for k, l := range layers {
		p := copies[k]
		copy(p.B, l.B)
		for j := range l.In {
			copy(p.W[j*p.Out:(j+1)*p.Out], l.W[j*l.Out:(j+1)*l.Out])
		}
	}
	return copies, all
}

// unpad copies the weights of padded layers back.
func unpad(layers, from []NetworkLayer) {
	for k, l := range layers {
		p := from[k]
		copy(l.B, p.B)
		for j := range l.In {
			copy(l.W[j*l.Out:(j+1)*l.Out], p.W[j*p.Out:])
		}
	}
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

// apply writes to out, which has length l.Out, the output of a padded layer for the input in.
func (l *NetworkLayer) apply(in netSparse, out []float32) {
	n, value := l.Out, in.value[:len(in.index)]
	o := 0
	for ; o+12 <= n; o += 12 {
		w, b := l.W[o:], (*[12]float32)(l.B[o:])
		a0, a1, a2, a3, a4, a5 := b[0], b[1], b[2], b[3], b[4], b[5]
		a6, a7, a8, a9, a10, a11 := b[6], b[7], b[8], b[9], b[10], b[11]
		for k, j := range in.index {
			r, v := (*[12]float32)(w[int(j)*n:]), value[k]
			a0 += v * r[0]
			a1 += v * r[1]
			a2 += v * r[2]
			a3 += v * r[3]
			a4 += v * r[4]
			a5 += v * r[5]
			a6 += v * r[6]
			a7 += v * r[7]
			a8 += v * r[8]
			a9 += v * r[9]
			a10 += v * r[10]
			a11 += v * r[11]
		}
		t := (*[12]float32)(out[o:])
		t[0], t[1], t[2], t[3], t[4], t[5] = a0, a1, a2, a3, a4, a5
		t[6], t[7], t[8], t[9], t[10], t[11] = a6, a7, a8, a9, a10, a11
	}
	for ; o+4 <= n; o += 4 {
		w, b := l.W[o:], (*[4]float32)(l.B[o:])
		a0, a1, a2, a3 := b[0], b[1], b[2], b[3]
		for k, j := range in.index {
			r, v := (*[4]float32)(w[int(j)*n:]), value[k]
			a0 += v * r[0]
			a1 += v * r[1]
			a2 += v * r[2]
			a3 += v * r[3]
		}
		t := (*[4]float32)(out[o:])
		t[0], t[1], t[2], t[3] = a0, a1, a2, a3
	}
}

// addOuter adds to the padded l.W the outer product of in and d, which has length l.Out.
func (l *NetworkLayer) addOuter(in netSparse, d []float32) {
	n, value := l.Out, in.value[:len(in.index)]
	o := 0
	for ; o+12 <= n; o += 12 {
		w, b := l.W[o:], (*[12]float32)(d[o:])
		d0, d1, d2, d3, d4, d5 := b[0], b[1], b[2], b[3], b[4], b[5]
		d6, d7, d8, d9, d10, d11 := b[6], b[7], b[8], b[9], b[10], b[11]
		for k, j := range in.index {
			r, v := (*[12]float32)(w[int(j)*n:]), value[k]
			r[0] += v * d0
			r[1] += v * d1
			r[2] += v * d2
			r[3] += v * d3
			r[4] += v * d4
			r[5] += v * d5
			r[6] += v * d6
			r[7] += v * d7
			r[8] += v * d8
			r[9] += v * d9
			r[10] += v * d10
			r[11] += v * d11
		}
	}
	for ; o+4 <= n; o += 4 {
		w, b := l.W[o:], (*[4]float32)(d[o:])
		d0, d1, d2, d3 := b[0], b[1], b[2], b[3]
		for k, j := range in.index {
			r, v := (*[4]float32)(w[int(j)*n:]), value[k]
			r[0] += v * d0
			r[1] += v * d1
			r[2] += v * d2
			r[3] += v * d3
		}
	}
}

// slopesOfInputs writes to before the slopes of the loss in the inputs of a padded layer, from those in its outputs, d: 0
// for an input that was not above 0 or was left out, W's row times d and scale for the others.
func (l *NetworkLayer) slopesOfInputs(in netSparse, d []float32, scale float32, before []float32) {
	clear(before)
	n := len(d)
	for _, j := range in.index {
		row := l.W[int(j)*n : int(j)*n+n]
		var s0, s1, s2, s3 float32
		for o := 0; o+4 <= len(row); o += 4 {
			a, b := (*[4]float32)(row[o:]), (*[4]float32)(d[o:])
			s0 += a[0] * b[0]
			s1 += a[1] * b[1]
			s2 += a[2] * b[2]
			s3 += a[3] * b[3]
		}
		before[j] = ((s0 + s1) + (s2 + s3)) * scale
	}
}

// netForward is log(p/(1-p)) of the row whose non-zero values are s.in[0], by padded layers; the last has one unit (units = 1)
// or two. While training, r and drop say which hidden units are left out.
func netForward(layers []NetworkLayer, units int, s *netScratch, r *rand.Rand, drop float64) float64 {
	last := len(layers) - 1
	for k := range layers {
		layers[k].apply(s.in[k], s.out[k])
		if k < last {
			s.in[k+1].rectify(s.out[k], r, drop)
		}
	}
	z := s.out[last]
	if units == 2 {
		return float64(z[1]) - float64(z[0])
	}
	return float64(z[0])
}

// netBackward adds to grad, which has the layers' shapes, the slopes of the loss in the weights for the row that netForward
// has just been called with; slope is that of the loss in the logit. drop is netForward's.
func netBackward(layers, grad []NetworkLayer, units int, s *netScratch, slope float32, drop float64) {
	last := len(layers) - 1
	d := s.delta[last] // beyond the units there are zeros
	if units == 2 {
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
