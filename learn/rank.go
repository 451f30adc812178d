// What a ranker is learned from: rows in groups, of which only the order within a group matters. A group is what is ranked
// together: the candidates of one request, a screen, a session.

package learn

import (
	"fmt"
	"math"
)

// RankData are n rows in groups to learn to rank from.
//
// A pair of rows of one group, of which one has the higher grade, weighs the product of both rows' weights and the group's.
// So all the usual corrections can be said: an inverse propensity is the weight of a clicked row (Joachims, Swaminathan and
// Schnabel, WSDM 2017), the inverse of the rate at which rows without a click were kept is the weight of those, and what a
// user or a request counts is the weight of its groups.
type RankData struct {
	X           *Matrix   // n x p
	Columns     []Column  // length p; nil means that all are numbers
	Grade       []float32 // length n, each in [0,30]: the higher the better; clicks are 0 and 1
	Group       []int32   // length groups+1, ascending from 0 to n: rows Group[g] to Group[g+1]-1 are group g
	Weight      []float32 // of rows: length n, each >= 0, or nil for 1 each; a row of weight 0 is as if it were not there
	GroupWeight []float32 // of groups: length groups, each >= 0, or nil for 1 each
}

// maxGrade keeps a gain of 2^grade - 1 within the whole numbers of a float32.
const maxGrade = 30

// Groups is the number of groups.
func (d *RankData) Groups() int { return max(0, len(d.Group)-1) }

// rows is d without what makes it ranked.
func (d *RankData) rows() *Data { return &Data{X: d.X, Columns: d.Columns, Weight: d.Weight} }

func (d *RankData) groupWeight(g int) float64 {
	if d.GroupWeight == nil {
		return 1
	}
	return float64(d.GroupWeight[g])
}

func (d *RankData) weight(i int) float64 {
	if d.Weight == nil {
		return 1
	}
	return float64(d.Weight[i])
}

// check says why d cannot be learned from by an algorithm that takes what is stated, and lists the groups that say anything:
// those of weight above 0 with rows of weight above 0 and of different grades.
func (d *RankData) check(takes accepts) (telling []int32, err error) {
	if d == nil {
		return nil, ErrEmpty
	}
	if err := checkValues(d.X, d.Columns, takes); err != nil {
		return nil, err
	}
	n := d.X.Rows
	switch {
	case len(d.Grade) != n:
		return nil, fmt.Errorf("learn: %d grades for %d rows", len(d.Grade), n)
	case d.Weight != nil && len(d.Weight) != n:
		return nil, fmt.Errorf("learn: %d weights for %d rows", len(d.Weight), n)
	case d.GroupWeight != nil && len(d.GroupWeight) != d.Groups():
		return nil, fmt.Errorf("learn: %d weights for %d groups", len(d.GroupWeight), d.Groups())
	}
	if err := checkGroups(d.Group, n); err != nil {
		return nil, err
	}
	if err := checkWeights(d.Weight, "row"); err != nil {
		return nil, err
	}
	if err := checkWeights(d.GroupWeight, "group"); err != nil {
		return nil, err
	}
	for i, v := range d.Grade {
		if !(v >= 0 && v <= maxGrade) {
			return nil, fmt.Errorf("learn: row %d has grade %v; 0 to %d is expected", i, v, maxGrade)
		}
	}
	for g := range d.Groups() {
		if d.groupWeight(g) > 0 && d.tells(g) {
			telling = append(telling, int32(g))
		}
	}
	if telling == nil {
		return nil, fmt.Errorf("learn: none of %d groups has two rows of different grades, so that there is no order to learn", d.Groups())
	}
	return telling, nil
}

// tells says whether group g has rows of weight above 0 and of different grades.
func (d *RankData) tells(g int) bool {
	first := float32(-1)
	for i := d.Group[g]; i < d.Group[g+1]; i++ {
		if d.weight(int(i)) == 0 {
			continue
		}
		if first >= 0 && d.Grade[i] != first {
			return true
		}
		first = d.Grade[i]
	}
	return false
}

// checkGroups says what is wrong with the bounds of groups of n rows.
func checkGroups(group []int32, n int) error {
	if len(group) < 2 || group[0] != 0 || int(group[len(group)-1]) != n {
		return fmt.Errorf("learn: the bounds of groups must go from 0 to the number of rows, %d; these are %d bounds", n, len(group))
	}
	for g := 1; g < len(group); g++ {
		if group[g] < group[g-1] {
			return fmt.Errorf("learn: group %d ends at row %d and begins at row %d", g-1, group[g], group[g-1])
		}
	}
	return nil
}

// checkWeights says which weight is not a finite number of 0 or more.
func checkWeights(w []float32, of string) error {
	for i, v := range w {
		if !(v >= 0) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("learn: %s %d has weight %v", of, i, v)
		}
	}
	return nil
}

// checkValues says why a matrix cannot be learned from by an algorithm that takes what is stated.
func checkValues(x *Matrix, columns []Column, takes accepts) error {
	switch {
	case x == nil || x.Rows == 0 || x.Cols == 0:
		return ErrEmpty
	case len(x.Data) != x.Rows*x.Cols:
		return fmt.Errorf("learn: a matrix of %d x %d holds %d values", x.Rows, x.Cols, len(x.Data))
	case columns != nil && len(columns) != x.Cols:
		return fmt.Errorf("learn: %d columns are described, the matrix has %d", len(columns), x.Cols)
	}
	d := &Data{X: x, Columns: columns}
	for j := range x.Cols {
		if c := d.column(j); c.Categorical() && takes&acceptsCategories == 0 {
			return fmt.Errorf("learn: column %s holds categories: encode them first (Encoder)", c.Name)
		}
	}
	for at, v := range x.Data {
		switch {
		case v-v == 0: // finite
		case v == v:
			return fmt.Errorf("learn: row %d, column %s: infinite", at/x.Cols, d.column(at%x.Cols).Name)
		case takes&acceptsMissing == 0:
			return fmt.Errorf("learn: row %d, column %s: missing: fill it first (Encoder)", at/x.Cols, d.column(at%x.Cols).Name)
		}
	}
	return nil
}
