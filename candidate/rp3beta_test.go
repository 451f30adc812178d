package candidate_test

import (
	"context"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/candidate/candidatetest"
)

func TestRP3BetaSuite(t *testing.T) {
	for name, c := range map[string]candidate.RP3Beta{
		"defaults":     {},
		"few":          {Neighbours: 15, Alpha: 1, Beta: .8},
		"unnormalised": {Alpha: 1.5, Beta: .3, Unnormalised: true},
	} {
		t.Run(name, func(t *testing.T) {
			candidatetest.Run(t, "rp3beta", func(testing.TB) candidate.Learner { return c })
		})
	}
}

// TestRP3BetaByHand: small's items have 2, 3, 3 and 1 users, its users 2, 3, 2 and 2 items.
func TestRP3BetaByHand(t *testing.T) {
	item := func(i int32) candidate.History { return candidate.History{Item: []int32{i}} }
	for _, c := range []struct {
		name string
		rp3  candidate.RP3Beta
		h    candidate.History
		want []float64
	}{
		// from 0 with 1/2 each to users 0 and 1; from 0 with 1/2 to 1, from 1 with 1/3 each to 1 and 2
		{"walk", candidate.RP3Beta{Alpha: 1, Beta: -1, Unnormalised: true}, item(0), []float64{0, 1. / 2 * (1./2 + 1./3), 1. / 2 * 1. / 3, 0}},
		{"popularity", candidate.RP3Beta{Alpha: 1, Beta: 1, Unnormalised: true}, item(0), []float64{0, 5. / 12 / 3, 1. / 6 / 3, 0}},
		{"normalised", candidate.RP3Beta{Alpha: 1, Beta: 1}, item(0), []float64{0, 5. / 7, 2. / 7, 0}},
		{"alpha", candidate.RP3Beta{Alpha: 2, Beta: 1, Unnormalised: true}, item(0), []float64{0, 1. / 4 * (1./4 + 1./9) / 3, 1. / 4 * 1. / 9 / 3, 0}},
		{"signed", candidate.RP3Beta{Alpha: 1, Beta: 1, Unnormalised: true}, candidate.History{Item: []int32{3, 0}, Value: []float32{-1, 2}},
			// from 3 to user 3 to 2: 1 * 1/2 / 3
			[]float64{0, 2 * 5. / 36, 2*1./18 - 1./6, 0}},
		// from 1: to 0 with 1/3 (1/2+1/3) / 2 = 5/36, to 2 with 1/3 (1/3+1/2) / 3 = 5/54: 0 is kept. From 2: to 1 with 5/54, to 0 with
		// 1/3 * 1/3 / 2 = 1/18, to 3 with 1/3 * 1/2 / 1 = 1/6: 3 is kept. From 0 to 1 (5/36), from 3 to 2 (1/6).
		{"one neighbour", candidate.RP3Beta{Alpha: 1, Beta: 1, Neighbours: 1, Unnormalised: true}, candidate.History{Item: []int32{0, 1, 2}}, []float64{5. / 36, 5. / 36, 0, 1. / 6}},
	} {
		if got := scoresOf(t, c.rp3, small(t), c.h); !near(got, c.want...) {
			t.Errorf("%s: scores are %v, want %.6f", c.name, got, c.want)
		}
	}
}

// TestRP3BetaValues: a user's walk prefers what she took more of. Users take items 0 and 1 with values 1 and 3.
func TestRP3BetaValues(t *testing.T) {
	m, err := candidate.NewMatrix(1, 2, []candidate.Entry{{Item: 0, Value: 1}, {Item: 1, Value: 3}})
	if err != nil {
		t.Fatal(err)
	}
	// from 0 to 1: 1 * 3/4; from 1 to 0: 1 * 1/4
	got := scoresOf(t, candidate.RP3Beta{Alpha: 1, Beta: 1, Unnormalised: true}, m, candidate.History{Item: []int32{0, 1}})
	if !near(got, .25, .75) {
		t.Errorf("scores are %v, want .25 .75", got)
	}
}

// TestRP3BetaNeighbours: an item leads to at most Neighbours items, and as many lead to it.
func TestRP3BetaNeighbours(t *testing.T) {
	const k = 4
	m, err := candidate.FitRP3Beta(context.Background(), candidatetest.Planted(t), candidate.RP3Beta{Neighbours: k})
	if err != nil {
		t.Fatal(err)
	}
	full := 0
	for _, side := range []*candidate.Matrix{&m.Targets, m.Targets.Transpose()} {
		for i := range side.Users {
			switch item, _ := side.Row(i); {
			case len(item) > k:
				t.Errorf("item %d has %d neighbours", i, len(item))
			case len(item) == k:
				full++
			}
		}
	}
	if full == 0 {
		t.Error("no item has as many neighbours as it may")
	}
}
