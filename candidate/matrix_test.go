package candidate

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func TestNewMatrix(t *testing.T) {
	// Any order, row 1 empty, item 2 of user 0 twice: 1 + .5.
	m, err := NewMatrix(3, 4, []Entry{{2, 3, 1}, {0, 2, 1}, {0, 0, -1}, {0, 2, .5}, {2, 0, 4}})
	want := &Matrix{Users: 3, Items: 4, Start: []int64{0, 2, 2, 4}, Item: []int32{0, 2, 0, 3}, Value: []float32{-1, 1.5, 4, 1}}
	if err != nil || !reflect.DeepEqual(m, want) {
		t.Fatalf("%+v, want %+v (%v)", m, want, err)
	}
	if err := m.check(); err != nil {
		t.Error(err)
	}
	if h := m.History(2); !reflect.DeepEqual(h, History{Item: []int32{0, 3}, Value: []float32{4, 1}}) {
		t.Errorf("the history of user 2 is %v", h)
	}
	b := m.Binary()
	if want := (&Matrix{Users: 3, Items: 4, Start: []int64{0, 1, 1, 3}, Item: []int32{2, 0, 3}}); !reflect.DeepEqual(b, want) {
		t.Errorf("binary: %+v, want %+v", b, want)
	}
	if item, value := b.Row(2); len(item) != 2 || value != nil {
		t.Errorf("row 2 of binary: %v %v", item, value)
	}
}

func TestNewMatrixErrors(t *testing.T) {
	inf, nan := float32(math.Inf(-1)), float32(math.NaN())
	for _, e := range []Entry{{-1, 0, 1}, {2, 0, 1}, {0, -1, 1}, {0, 3, 1}, {0, 0, inf}, {0, 0, nan}} {
		if m, err := NewMatrix(2, 3, []Entry{{1, 1, 1}, e}); m != nil || err == nil || !strings.Contains(err.Error(), "entry 1 ") {
			t.Errorf("%v: %v, %v; want an error that names entry 1", e, m, err)
		}
	}
	for _, size := range [][2]int{{-1, 1}, {1, -1}, {math.MaxInt32 + 1, 1}, {1, math.MaxInt32 + 1}} {
		if _, err := NewMatrix(size[0], size[1], nil); err == nil {
			t.Errorf("%v: no error", size)
		}
	}
	m, err := NewMatrix(0, 0, nil)
	if err != nil || !errors.Is(m.check(), ErrEmpty) {
		t.Errorf("a matrix of nothing: %v, %v; want one that ErrEmpty is said of", m, err)
	}
}

func TestMatrixTranspose(t *testing.T) {
	draw := rand.New(rand.NewPCG(5, 5))
	for _, size := range [][3]int{{1, 1, 1}, {7, 3, 12}, {3, 50, 40}, {4, 4, 0}} {
		m := someMatrix(t, draw, size[0], size[1], size[2])
		tr := m.Transpose()
		if err := tr.check(); err != nil && size[2] > 0 {
			t.Errorf("%v: %v", size, err)
		}
		for u := range m.Users {
			for i := range m.Items {
				if at(m, u, int32(i)) != at(tr, i, int32(u)) {
					t.Errorf("%v: user %d, item %d is %v, transposed %v", size, u, i, at(m, u, int32(i)), at(tr, i, int32(u)))
				}
			}
		}
		back := tr.Transpose()
		if back.Users != m.Users || back.Items != m.Items || !reflect.DeepEqual(back.Start, m.Start) || len(back.Item) != len(m.Item) {
			t.Errorf("%v: transposed twice it is another", size)
		}
		if b := m.Binary(); b.Transpose().Value != nil {
			t.Error("the transpose of a binary matrix has values")
		}
	}
}

func TestMatrixCheck(t *testing.T) {
	for name, m := range map[string]*Matrix{
		"users below 0":  {Users: -1, Items: 2, Item: []int32{0}},
		"items below 0":  {Users: 1, Items: -2, Start: []int64{0, 1}, Item: []int32{0}},
		"no starts":      {Users: 1, Items: 2, Item: []int32{0}},
		"a start beyond": {Users: 2, Items: 2, Start: []int64{0, 50, 1}, Item: []int32{0}},
		"a value of NaN": {Users: 1, Items: 2, Start: []int64{0, 1}, Item: []int32{0}, Value: []float32{float32(math.NaN())}},
	} {
		if err := m.check(); err == nil || errors.Is(err, ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
