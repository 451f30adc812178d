// The Gram matrix of a sparse matrix: how often, by weight, any two items were taken by the same user.

package numeric

import (
	"context"
	"fmt"
)

// Sparse is a matrix of Rows x Cols in compressed rows: row r has the columns Index[Start[r]:Start[r+1]], ascending, each once,
// and their values; Value is nil where each is 1.
type Sparse struct {
	Rows, Cols int
	Start      []int64
	Index      []int32
	Value      []float32
}

func (s *Sparse) check() error {
	if s.Rows < 0 || s.Cols < 0 || len(s.Start) != s.Rows+1 || s.Start[0] != 0 || s.Start[s.Rows] != int64(len(s.Index)) ||
		s.Value != nil && len(s.Value) != len(s.Index) {
		return fmt.Errorf("numeric: a sparse matrix of %d x %d with %d row starts, %d columns and %d values does not fit together",
			s.Rows, s.Cols, len(s.Start), len(s.Index), len(s.Value))
	}
	for r := range s.Rows {
		if s.Start[r] > s.Start[r+1] || s.Start[r+1] > int64(len(s.Index)) {
			return fmt.Errorf("numeric: row %d of a sparse matrix has the columns from %d to %d of %d", r, s.Start[r], s.Start[r+1], len(s.Index))
		}
		row := s.Index[s.Start[r]:s.Start[r+1]]
		for k, j := range row {
			if j < 0 || int(j) >= s.Cols || k > 0 && row[k-1] >= j {
				return fmt.Errorf("numeric: row %d of a sparse matrix holds column %d; columns below %d in ascending order are expected", r, j, s.Cols)
			}
		}
	}
	return nil
}

// place says where a column has a value: in which row, and at which place of Index.
type place struct {
	row int32
	at  int64
}

// columns lists the places of each column, by row: those of column j are places[start[j]:start[j+1]].
func (s *Sparse) columns() (start []int64, places []place) {
	start = make([]int64, s.Cols+1)
	for _, j := range s.Index {
		start[j+1]++
	}
	for j := range s.Cols {
		start[j+1] += start[j]
	}
	places = make([]place, len(s.Index))
	next := append([]int64(nil), start...)
	for r := range s.Rows {
		for at := s.Start[r]; at < s.Start[r+1]; at++ {
			j := s.Index[at]
			places[next[j]] = place{int32(r), at}
			next[j]++
		}
	}
	return start, places
}

// GramSparse writes x'x to the square c, whose sides are the columns of x, both halves. It takes half as many steps as the sum of the
// squares of the rows' lengths, and beside c 16 bytes a value of x and 8 bytes a column and thread. Sums go over the rows in order, in
// float64, and are rounded once.
//
// A thread makes a row of c at a time, whose sums stay in its second cache, from the rows of x that have that column, up to it.
func GramSparse(ctx context.Context, threads int, x *Sparse, c Dense) error {
	if err := x.check(); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	n := x.Cols
	if c.Rows != n || c.Cols != n {
		return fmt.Errorf("numeric: the Gram matrix of %d columns into %d x %d", n, c.Rows, c.Cols)
	}
	threads = Threads(threads)
	start, places := x.columns()
	sums := make([][]float64, threads)
	const part = 16 // rows of c; a context ends between them
	err := inBlocks(ctx, (n+part-1)/part, threads, func(thread, block int) {
		if sums[thread] == nil {
			sums[thread] = make([]float64, n)
		}
		// The last columns first, as their rows are the longest.
		last := n - block*part
		for j := max(0, last-part); j < last; j++ {
			row := sums[thread][:j+1]
			clear(row)
			for _, p := range places[start[j]:start[j+1]] {
				from := x.Start[p.row]
				if x.Value == nil {
					for _, i := range x.Index[from : p.at+1] {
						row[i]++
					}
					continue
				}
				v, values := float64(x.Value[p.at]), x.Value[from:p.at+1]
				for k, i := range x.Index[from : p.at+1] {
					row[i] += v * float64(values[k])
				}
			}
			for i, sum := range row {
				c.Row(j)[i] = float32(sum)
			}
		}
	})
	if err != nil {
		return err
	}
	return mirror(ctx, threads, c, 1)
}
