// Dense matrices.

package numeric

import (
	"context"
	"fmt"
)

// Dense is a matrix of Rows x Cols, row after row: entry (i, j) is Data[i*Stride+j], Stride >= Cols.
type Dense struct {
	Rows, Cols, Stride int
	Data               []float32
}

// NewDense is a matrix of zeros; it takes 4 bytes an entry.
func NewDense(rows, cols int) Dense {
	return Dense{Rows: rows, Cols: cols, Stride: cols, Data: make([]float32, rows*cols)}
}

// Row is row i, not a copy.
func (d Dense) Row(i int) []float32 {
	if d.Cols == 0 {
		return nil
	}
	return d.Data[i*d.Stride : i*d.Stride+d.Cols : i*d.Stride+d.Cols]
}

// slice is the part of d of rows [i0, i1) and columns [j0, j1), not a copy.
func (d Dense) slice(i0, i1, j0, j1 int) Dense {
	if i0 >= i1 || j0 >= j1 {
		return Dense{Rows: max(0, i1-i0), Cols: max(0, j1-j0), Stride: d.Stride}
	}
	return Dense{Rows: i1 - i0, Cols: j1 - j0, Stride: d.Stride, Data: d.Data[i0*d.Stride+j0 : (i1-1)*d.Stride+j1]}
}

// check says what is wrong with the shape of d. The kernels index by it without looking again.
func (d Dense) check() error {
	switch {
	case d.Rows < 0 || d.Cols < 0 || d.Stride < d.Cols:
		return fmt.Errorf("numeric: a matrix of %d rows and %d columns at a stride of %d", d.Rows, d.Cols, d.Stride)
	case d.Rows > 0 && d.Cols > 0 && len(d.Data) < (d.Rows-1)*d.Stride+d.Cols:
		return fmt.Errorf("numeric: %d values for a matrix of %d rows and %d columns at a stride of %d", len(d.Data), d.Rows, d.Cols, d.Stride)
	}
	return nil
}

// mirror multiplies the lower half of the square a with scale and copies it to the upper half.
func mirror(ctx context.Context, threads int, a Dense, scale float32) error {
	const side = 64 // squares of 16 KB, two of which stay in the first cache
	n := a.Rows
	return inBlocks(ctx, (n+side-1)/side, threads, func(_, block int) {
		i0, i1 := block*side, min(n, (block+1)*side)
		for j0 := 0; j0 < i1; j0 += side {
			for i := i0; i < i1; i++ {
				row := a.Row(i)
				for j := j0; j < min(j0+side, i+1); j++ {
					x := scale * row[j]
					row[j] = x
					a.Data[j*a.Stride+i] = x
				}
			}
		}
	})
}
