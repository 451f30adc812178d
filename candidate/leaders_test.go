package candidate

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// plain is a model's Scores alone.
type plain struct{ Scorer }

// Whatever the vectors, the best are those of all scores, ties in the order of items.
func TestLeadersAreTheBestOfAllScores(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		n, d := 1+r.IntN(600), 1+r.IntN(40)
		m := &IALSModel{Dim: d, Alpha: .01 + r.Float64(), Reg: .01 + r.Float64(), RegExponent: 1, Factor: make([]float32, n*d), Gram: make([]float32, d*d)}
		for i := range n {
			v := m.Factor[i*d : (i+1)*d]
			switch scale := r.ExpFloat64(); {
			case i > 0 && r.IntN(4) == 0: // a tie
				copy(v, m.Factor[r.IntN(i)*d:])
			case r.IntN(20) > 0: // else all zeros
				for k := range v {
					v[k] = float32(r.NormFloat64() * scale * scale)
				}
			}
		}
		for i := range n {
			for j, a := range m.Factor[i*d : (i+1)*d] {
				addScaled(a, m.Factor[i*d:(i+1)*d], m.Gram[j*d:(j+1)*d])
			}
		}
		m.prepare()
		q := Query{Skip: func(i int32) bool { return i%7 == int32(round%7) }}
		if round%3 == 0 {
			q.Skip = nil
		}
		for range r.IntN(5) {
			q.History.Item = append(q.History.Item, int32(r.IntN(n)))
		}
		k := r.IntN(50)
		before := []Candidate{{Item: 9}}
		want := FromScorer("all", plain{m}).Candidates(&q, k, slices.Clone(before))
		if got := FromScorer("ials", m).Candidates(&q, k, slices.Clone(before)); !slices.Equal(got, want) {
			t.Fatalf("round %d: %d items, %d of them asked for: %v, want %v", round, n, k, got, want)
		}
	}
	if len(newByLength(nil, 3).item) != 0 {
		t.Error("items of an empty table")
	}
}

// With lengths 8, 4, 2, 1 along the user's direction and the two best asked for, the bound of the third, 2, is below the second's score, 4.
func TestLeadersStopEarly(t *testing.T) {
	table := []float32{1, 0, 8, 0, 2, 0, 4, 0}
	asked := []int32{}
	top := best{k: 2}
	newByLength(table, 2).leaders([]float32{1, 0}, table, func(i int32) bool { asked = append(asked, i); return false }, &top)
	if got := top.sorted(); len(got) != 2 || got[0].Item != 1 || got[1].Item != 3 || !slices.Equal(asked, []int32{1, 3}) {
		t.Errorf("%v, having asked of %v; items 1 and 3 are the best, and no other need be looked at", got, asked)
	}
}
