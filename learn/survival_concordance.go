// How well a score orders the times until an event, when for some it has not happened yet (Harrell et al., JAMA 247, 1982).

package learn

import (
	"fmt"
	"slices"
)

// ConcordanceIndex counts pairs of rows of which it is known whose event came first: those where the shorter duration ended in an
// event, and of equal durations those where one ended in an event and the other, censored, lasted longer. Two events at the same
// time tell nothing.
type ConcordanceIndex struct {
	Concordant, Discordant int64 // the first event had the higher, the lower risk
	Tied                   int64 // both had the same risk
}

// Value is Harrell's C: the share of concordant pairs, ties counting half; NaN if there are no pairs. It is the AUC of "whose
// event comes first".
func (c ConcordanceIndex) Value() float64 {
	return (float64(c.Concordant) + float64(c.Tied)/2) / float64(c.Concordant+c.Discordant+c.Tied)
}

// Concordance compares durations with a risk score, of which higher means an earlier event. O(n log n).
func Concordance(duration []float64, event []bool, risk []float64) (ConcordanceIndex, error) {
	if err := checkDurations(duration, event, nil, 1); err != nil {
		return ConcordanceIndex{}, err
	}
	if len(risk) != len(duration) {
		return ConcordanceIndex{}, fmt.Errorf("learn: concordance: %d risks of %d rows", len(risk), len(duration))
	}
	for i, r := range risk {
		if r != r {
			return ConcordanceIndex{}, fmt.Errorf("learn: concordance: the risk of row %d is NaN", i)
		}
	}
	// rank[i] numbers the distinct risks from 1, for a Fenwick tree that counts the rows known to last longer, by risk.
	rank, ranks := make([]int32, len(risk)), int32(0)
	eachTime(risk, func(_ float64, rows []int32) {
		ranks++
		for _, i := range rows {
			rank[i] = ranks
		}
	})
	tree := make([]int64, ranks+1)
	upTo := func(r int32) (n int64) {
		for ; r > 0; r &= r - 1 {
			n += tree[r]
		}
		return n
	}
	var inside int64
	enter := func(i int32) {
		inside++
		for r := rank[i]; r <= ranks; r += r & -r {
			tree[r]++
		}
	}
	var c ConcordanceIndex
	var times [][]int32
	eachTime(duration, func(_ float64, rows []int32) { times = append(times, rows) })
	slices.Reverse(times) // the longest first: all that are inside lasted longer
	for _, rows := range times {
		for _, i := range rows {
			if !event[i] {
				enter(i)
			}
		}
		for _, i := range rows {
			if event[i] {
				lower, upper := upTo(rank[i]-1), upTo(rank[i])
				c.Concordant += lower
				c.Tied += upper - lower
				c.Discordant += inside - upper
			}
		}
		for _, i := range rows {
			if event[i] {
				enter(i)
			}
		}
	}
	return c, nil
}
