// Packing: the order in which a kernel reads what it multiplies. All products here are of vectors with vectors, C[i][j] += a_i . b_j, as rows of C
// come from rows of A and its columns from columns of B. width vectors make a panel, in which the first values of all its vectors
// come first, then their second values, and so on; the last panel is filled up with vectors of zeros. See Goto and van de Geijn,
// "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 2008.

package numeric

import "context"

// panels are count vectors of kc values. data has the length of whole panels.
type panels struct {
	width, kc, count int
	data             []float32
}

// newPanels takes its memory from the front of buffer, which must be large enough (panelFloats).
func newPanels(buffer []float32, width, count, kc int) panels {
	return panels{width, kc, count, buffer[:panelFloats(width, count, kc)]}
}

func panelFloats(width, count, kc int) int { return roundUp(count, width) * kc }

// from is p without its first i vectors; i is a multiple of the width, or count.
func (p panels) from(i int) panels {
	return panels{p.width, p.kc, p.count - i, p.data[min(len(p.data), roundUp(i, p.width)*p.kc):]}
}

// first is p cut to n vectors.
func (p panels) first(n int) panels {
	return panels{p.width, p.kc, n, p.data[:panelFloats(p.width, n, p.kc)]}
}

// packRows fills p with the rows of src, whose shape is p.count x p.kc, times scale.
func (p panels) packRows(ctx context.Context, threads int, src Dense, scale float32) error {
	return p.inParts(ctx, threads, func(i, n int, to []float32) {
		clear(to)
		for v := range n {
			for k, x := range src.Row(i + v) {
				to[k*p.width+v] = scale * x
			}
		}
	})
}

// packColumns fills p with the columns of src, whose shape is p.kc x p.count, times scale.
func (p panels) packColumns(ctx context.Context, threads int, src Dense, scale float32) error {
	return p.inParts(ctx, threads, func(i, n int, to []float32) {
		clear(to)
		for k := range p.kc {
			at := to[k*p.width : k*p.width+n]
			for v, x := range src.Row(k)[i : i+n] {
				at[v] = scale * x
			}
		}
	})
}

// inParts calls fill for each panel: the first of its vectors, their number and where they go.
func (p panels) inParts(ctx context.Context, threads int, fill func(i, n int, to []float32)) error {
	const part = 16 // panels that a thread takes at a time
	total := (p.count + p.width - 1) / p.width
	return inBlocks(ctx, (total+part-1)/part, threads, func(_, block int) {
		for panel := block * part; panel < min(total, (block+1)*part); panel++ {
			i := panel * p.width
			fill(i, min(p.width, p.count-i), p.data[i*p.kc:(i+p.width)*p.kc])
		}
	})
}
