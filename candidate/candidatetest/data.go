// Package candidatetest is the suite that every item-side method and every candidate generator passes.
//
//	func TestEASE(t *testing.T) {
//		candidatetest.Run(t, "ease", func(testing.TB) candidate.Learner { return candidate.EASE{} })
//	}
//
// A method's own test file then holds only what is its own: arithmetic by hand, and what its settings do.
package candidatetest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seguefeed/segue/candidate"
)

const (
	blockUsers = 60 // users of a community
	blockItems = 20 // items of a community
	planted    = 2 * blockItems
	// TwinA and TwinB are two items of the first community that the same users take.
	TwinA, TwinB = 3, 11
)

// Planted is a matrix with a known answer: two communities of 60 users and 20 items each, users 0 to 59 with items 0 to 19 and users 60 to
// 119 with items 20 to 39. A user takes each item of her own community with chance .5 and each of the other with chance .03. TwinA
// and TwinB are taken by the same users.
func Planted(tb testing.TB) *candidate.Matrix {
	tb.Helper()
	draw := rand.New(rand.NewPCG(20, 26))
	var entries []candidate.Entry
	for u := range int32(2 * blockUsers) {
		for i := range int32(planted) {
			p := .03
			if u/blockUsers == i/blockItems {
				p = .5
			}
			takes := draw.Float64() < p
			if !takes || i == TwinB {
				continue
			}
			entries = append(entries, candidate.Entry{User: u, Item: i, Value: 1})
			if i == TwinA {
				entries = append(entries, candidate.Entry{User: u, Item: TwinB, Value: 1})
			}
		}
	}
	return matrix(tb, 2*blockUsers, planted, entries)
}

// signed is Planted with values of other sizes, evidence against the items of the other community among them.
func signed(tb testing.TB) *candidate.Matrix {
	tb.Helper()
	draw := rand.New(rand.NewPCG(7, 7))
	m := Planted(tb)
	var entries []candidate.Entry
	for u := range m.Users {
		item, _ := m.Row(u)
		taken := map[int32]bool{}
		for _, i := range item {
			taken[i] = true
			entries = append(entries, candidate.Entry{User: int32(u), Item: i, Value: float32(1 + draw.IntN(3))})
		}
		for i := range int32(planted) {
			if !taken[i] && u/blockUsers != int(i)/blockItems && draw.IntN(4) == 0 {
				entries = append(entries, candidate.Entry{User: int32(u), Item: i, Value: -.2})
			}
		}
	}
	return matrix(tb, m.Users, m.Items, entries)
}

func matrix(tb testing.TB, users, items int, entries []candidate.Entry) *candidate.Matrix {
	tb.Helper()
	m, err := candidate.NewMatrix(users, items, entries)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// newcomer is the history of someone who is not among the users of Planted: five items of one community, no twin among them.
func newcomer(community, seed int) candidate.History {
	draw := rand.New(rand.NewPCG(uint64(seed), 99))
	var h candidate.History
	for _, i := range draw.Perm(blockItems) {
		if i != TwinA && i != TwinB && len(h.Item) < 5 {
			h.Item = append(h.Item, int32(community*blockItems+i))
		}
	}
	return h
}

// history is a history that a model of items items must cope with.
type history struct {
	name string
	candidate.History
}

func histories(items int) []history {
	n := int32(items)
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	all := candidate.History{}
	for i := range n {
		all.Item = append(all.Item, i)
	}
	long := candidate.History{}
	for k := range 5 * n {
		long.Item, long.Value = append(long.Item, k*7%n), append(long.Value, float32(k%5)-1)
	}
	return []history{
		{"no history", candidate.History{}},
		{"an empty history", candidate.History{Item: []int32{}, Value: []float32{}}},
		{"one item", candidate.History{Item: []int32{1}}},
		{"five items", newcomer(0, 1)},
		{"the other community", newcomer(1, 2)},
		{"the last item", candidate.History{Item: []int32{n - 1}}},
		{"unknown items only", candidate.History{Item: []int32{-1, n, math.MaxInt32, math.MinInt32}}},
		{"unknown items among others", candidate.History{Item: []int32{-1, 4, n, 2, math.MaxInt32}, Value: []float32{1, 2, 3, 1, 5}}},
		{"items again", candidate.History{Item: []int32{5, 2, 5, 2, 5}}},
		{"items again, for and against", candidate.History{Item: []int32{5, 2, 5, 9, 5, 2}, Value: []float32{1, 1, -.5, 2, 1, -1}}},
		{"against only", candidate.History{Item: []int32{5, 2}, Value: []float32{-1, -.2}}},
		{"zeros", candidate.History{Item: []int32{5, 2}, Value: []float32{0, 0}}},
		{"large values", candidate.History{Item: []int32{5, 2, 7, 5}, Value: []float32{3e38, -3e38, 3e38, 3e38}}},
		{"small values", candidate.History{Item: []int32{5, 2, 7}, Value: []float32{1e-44, 1e-44, -1e-44}}},
		{"no numbers", candidate.History{Item: []int32{5, 2, 7, 9}, Value: []float32{nan, inf, -inf, 1}}},
		{"all items", all},
		{"a long history", long},
	}
}

// plain says whether every value of h is one that a log would give.
func plain(h *candidate.History) bool {
	for _, v := range h.Value {
		if a := math.Abs(float64(v)); !(a == 0 || a > 1e-3 && a < 1e3) {
			return false
		}
	}
	return true
}
