// What is learned from: a matrix with named columns, labels and weights.

package learn

import (
	"errors"
	"fmt"
	"math"
)

// Matrix is Rows x Cols numbers, row after row. NaN stands for a missing value; infinities are not allowed.
type Matrix struct {
	Rows, Cols int
	Data       []float32 // length Rows*Cols
}

// NewMatrix returns a matrix of zeros.
func NewMatrix(rows, cols int) *Matrix {
	return &Matrix{Rows: rows, Cols: cols, Data: make([]float32, rows*cols)}
}

// Row is row i, not a copy.
func (m *Matrix) Row(i int) []float32 { return m.Data[i*m.Cols : (i+1)*m.Cols : (i+1)*m.Cols] }

// Take copies the given rows, in their order; a row may be taken more than once.
func (m *Matrix) Take(rows []int32) *Matrix {
	t := NewMatrix(len(rows), m.Cols)
	for k, i := range rows {
		copy(t.Row(k), m.Row(int(i)))
	}
	return t
}

// Column is what one column of a matrix holds: numbers or, when Levels is not nil, categories, of which value k stands for
// Levels[k]. NaN, and any other value outside 0..len(Levels)-1, is a missing or unknown category.
type Column struct {
	Name   string
	Levels []string
}

// Categorical says whether the column holds categories.
func (c Column) Categorical() bool { return c.Levels != nil }

// Data are n rows to learn from.
type Data struct {
	X       *Matrix   // n x p
	Columns []Column  // length p; nil means that all are numbers
	Y       []bool    // length n: is the row positive
	Weight  []float32 // length n, each >= 0, or nil for 1 each
}

// Take copies the given rows.
func (d *Data) Take(rows []int32) *Data {
	t := &Data{X: d.X.Take(rows), Columns: d.Columns, Y: make([]bool, len(rows))}
	if d.Weight != nil {
		t.Weight = make([]float32, len(rows))
	}
	for k, i := range rows {
		t.Y[k] = d.Y[i]
		if d.Weight != nil {
			t.Weight[k] = d.Weight[i]
		}
	}
	return t
}

// weight is the weight of row i.
func (d *Data) weight(i int) float64 {
	if d.Weight == nil {
		return 1
	}
	return float64(d.Weight[i])
}

// column is what column j holds.
func (d *Data) column(j int) Column {
	if d.Columns == nil {
		return Column{Name: fmt.Sprintf("x%d", j)}
	}
	return d.Columns[j]
}

// columns is Columns, made up where they are nil.
func (d *Data) columns() []Column {
	if d.Columns != nil {
		return d.Columns
	}
	c := make([]Column, d.X.Cols)
	for j := range c {
		c[j] = d.column(j)
	}
	return c
}

// What an algorithm can take beside finite numbers.
type accepts uint8

const (
	acceptsMissing accepts = 1 << iota
	acceptsCategories
)

// Errors of data that nothing can be learned from.
var (
	ErrEmpty    = errors.New("learn: there are no rows, or no columns")
	ErrOneClass = errors.New("learn: all rows have the same label; both kinds are needed")
)

// check says why d cannot be learned from by an algorithm that takes what is stated.
func (d *Data) check(takes accepts) error {
	if d == nil || d.X == nil || d.X.Rows == 0 || d.X.Cols == 0 {
		return ErrEmpty
	}
	n, p := d.X.Rows, d.X.Cols
	switch {
	case len(d.X.Data) != n*p:
		return fmt.Errorf("learn: a matrix of %d x %d holds %d values", n, p, len(d.X.Data))
	case len(d.Y) != n:
		return fmt.Errorf("learn: %d labels for %d rows", len(d.Y), n)
	case d.Weight != nil && len(d.Weight) != n:
		return fmt.Errorf("learn: %d weights for %d rows", len(d.Weight), n)
	case d.Columns != nil && len(d.Columns) != p:
		return fmt.Errorf("learn: %d columns are described, the matrix has %d", len(d.Columns), p)
	}
	var weight [2]float64
	for i, y := range d.Y {
		w := d.weight(i)
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("learn: row %d has weight %v", i, w)
		}
		if y {
			weight[1] += w
		} else {
			weight[0] += w
		}
	}
	if weight[0] == 0 || weight[1] == 0 {
		return ErrOneClass
	}
	if takes&acceptsCategories == 0 {
		for _, c := range d.Columns {
			if c.Categorical() {
				return fmt.Errorf("learn: column %s holds categories: encode them first (Encoder)", c.Name)
			}
		}
	}
	for i := range n {
		for j, v := range d.X.Row(i) {
			if v-v == 0 {
				continue // finite
			}
			switch {
			case v == v:
				return fmt.Errorf("learn: row %d, column %s: infinite", i, d.column(j).Name)
			case takes&acceptsMissing == 0:
				return fmt.Errorf("learn: row %d, column %s: missing: fill it first (Encoder)", i, d.column(j).Name)
			}
		}
	}
	return nil
}
