// What item-side models are fitted on: who took what, as sparse rows.

package candidate

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Matrix is a sparse matrix of Users x Items in compressed rows: row u has the items Item[Start[u]:Start[u+1]], ascending, each
// once, and their values. Memory: 8 bytes a value and 8 a row.
type Matrix struct {
	Users, Items int
	Start        []int64   // length Users+1
	Item         []int32   // length Start[Users]
	Value        []float32 // as long as Item; nil means 1 each
}

// Entry is one value of a Matrix before it is one.
type Entry struct {
	User, Item int32
	Value      float32
}

// ErrEmpty is given where there is nothing to learn from.
var ErrEmpty = errors.New("candidate: there are no interactions to learn from")

// NewMatrix makes a matrix of entries in any order; values of one user and item are added. Users and items are numbers from 0 to
// before the given bounds; others, and values that are no finite number, are an error that names the entry.
func NewMatrix(users, items int, entries []Entry) (*Matrix, error) {
	if users < 0 || items < 0 || int64(users) > math.MaxInt32 || int64(items) > math.MaxInt32 {
		return nil, fmt.Errorf("candidate: a matrix of %d x %d; sides of 0 to %d are expected", users, items, math.MaxInt32)
	}
	m := &Matrix{Users: users, Items: items, Start: make([]int64, users+1)}
	for k, e := range entries {
		if e.User < 0 || int(e.User) >= users || e.Item < 0 || int(e.Item) >= items || math.IsNaN(float64(e.Value)) || math.IsInf(float64(e.Value), 0) {
			return nil, fmt.Errorf("candidate: entry %d is user %d, item %d, value %v; a user below %d, an item below %d and a finite value are expected",
				k, e.User, e.Item, e.Value, users, items)
		}
		m.Start[e.User+1]++
	}
	for u := range users {
		m.Start[u+1] += m.Start[u]
	}
	item, value := make([]int32, len(entries)), make([]float32, len(entries))
	next := slices.Clone(m.Start)
	for _, e := range entries {
		item[next[e.User]], value[next[e.User]] = e.Item, e.Value
		next[e.User]++
	}
	m.Item, m.Value = item[:0], value[:0]
	var order []int
	from := int64(0)
	for u := range users {
		to := m.Start[u+1]
		row, val := item[from:to], value[from:to]
		order = order[:0]
		for k := range row {
			order = append(order, k)
		}
		slices.SortStableFunc(order, func(a, b int) int { return int(row[a]) - int(row[b]) })
		rowSorted, valSorted := make([]int32, 0, len(row)), make([]float32, 0, len(row))
		for _, k := range order {
			if n := len(rowSorted); n > 0 && rowSorted[n-1] == row[k] {
				valSorted[n-1] += val[k]
				continue
			}
			rowSorted, valSorted = append(rowSorted, row[k]), append(valSorted, val[k])
		}
		m.Start[u] = int64(len(m.Item))
		m.Item, m.Value = append(m.Item, rowSorted...), append(m.Value, valSorted...)
		from = to
	}
	m.Start[users] = int64(len(m.Item))
	return m, nil
}

// Row is the items of user u and their values, not copies; values are nil where each is 1.
func (m *Matrix) Row(u int) ([]int32, []float32) {
	from, to := m.Start[u], m.Start[u+1]
	if m.Value == nil {
		return m.Item[from:to], nil
	}
	return m.Item[from:to], m.Value[from:to]
}

// History is row u as a history, not a copy.
func (m *Matrix) History(u int) History {
	item, value := m.Row(u)
	return History{Item: item, Value: value}
}

// Binary is m with 1 for each positive value and without the others. It shares nothing with m.
func (m *Matrix) Binary() *Matrix {
	b := &Matrix{Users: m.Users, Items: m.Items, Start: make([]int64, m.Users+1)}
	for u := range m.Users {
		item, value := m.Row(u)
		for k, i := range item {
			if value == nil || value[k] > 0 {
				b.Item = append(b.Item, i)
			}
		}
		b.Start[u+1] = int64(len(b.Item))
	}
	return b
}

// Transpose is the matrix of Items x Users: row i lists who took item i, by user.
func (m *Matrix) Transpose() *Matrix {
	t := &Matrix{Users: m.Items, Items: m.Users, Start: make([]int64, m.Items+1), Item: make([]int32, len(m.Item))}
	if m.Value != nil {
		t.Value = make([]float32, len(m.Item))
	}
	for _, i := range m.Item {
		t.Start[i+1]++
	}
	for i := range m.Items {
		t.Start[i+1] += t.Start[i]
	}
	next := slices.Clone(t.Start)
	for u := range m.Users {
		for k := m.Start[u]; k < m.Start[u+1]; k++ {
			at := next[m.Item[k]]
			next[m.Item[k]]++
			t.Item[at] = int32(u)
			if m.Value != nil {
				t.Value[at] = m.Value[k]
			}
		}
	}
	return t
}

// check says why nothing can be learned from m.
func (m *Matrix) check() error {
	switch {
	case m == nil || len(m.Item) == 0:
		return ErrEmpty
	case m.Users < 0 || m.Items < 0 || len(m.Start) != m.Users+1 || m.Start[0] != 0 || m.Start[m.Users] != int64(len(m.Item)) || m.Value != nil && len(m.Value) != len(m.Item):
		return fmt.Errorf("candidate: a matrix of %d x %d with %d row starts, %d items and %d values does not fit together",
			m.Users, m.Items, len(m.Start), len(m.Item), len(m.Value))
	}
	for u := range m.Users {
		if m.Start[u] > m.Start[u+1] {
			return fmt.Errorf("candidate: row %d of the matrix ends before it begins", u)
		}
	}
	for u := range m.Users { // only now is each row known to lie within Item
		row := m.Item[m.Start[u]:m.Start[u+1]]
		for k, i := range row {
			if i < 0 || int(i) >= m.Items || k > 0 && row[k-1] >= i {
				return fmt.Errorf("candidate: row %d of the matrix holds item %d; items below %d in ascending order are expected", u, i, m.Items)
			}
		}
	}
	for k, v := range m.Value {
		if v-v != 0 {
			return fmt.Errorf("candidate: value %d of the matrix, of item %d, is %v; a finite number is expected", k, m.Item[k], v)
		}
	}
	return nil
}

// meanHistory is the mean number of values of the users who have any, 0 if nobody has.
func (m *Matrix) meanHistory() float64 {
	users := 0
	for u := range m.Users {
		if m.Start[u] < m.Start[u+1] {
			users++
		}
	}
	return float64(len(m.Item)) / float64(max(users, 1))
}

// sparse says whether so few of all pairs have a value that neighbours are compared by other defaults: what is usual for a user is then found among so few
// who have anything in common with her that it says little, and which items two users share says more than how many. Of the seven sets on parts of
// whose training interactions that was chosen, two of .8% and 4% prefer the one and five of .06% to .4% the other.
func (m *Matrix) sparse() bool {
	return float64(len(m.Item)) < .006*float64(m.Users)*float64(m.Items)
}
