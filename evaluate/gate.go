// The gate: what a ranker has to show on days it has not seen before pages are made with it.

package evaluate

import (
	"fmt"
	"math"
)

// Unranked is the row of the candidates in the order in which the generators named them, merged by rank.
const Unranked = "candidates, as named"

// Hurdle is one comparison that a ranker has to win.
type Hurdle struct {
	Passed bool
	Text   string // the comparison in a sentence, with its numbers
}

// Gate compares the chosen ranker with popularity on what was shown, and its lists with popularity and with its own candidates on what was
// clicked. Each has to be won; that on what was shown beyond chance, since there all methods had the same cards to order. A measure without
// a value, for want of clicks, is not won.
func Gate(r *Results) []Hurdle {
	var out []Hurdle
	for _, p := range r.Pairs {
		out = append(out, compare(r.Rerank, "ndcg@10", "NDCG at 10 of what was shown", p.Method, p.Against, &p))
	}
	if r.Retrieve == nil || len(r.Retrieve.Measures) < 2 {
		return out
	}
	m := r.Retrieve.Measures[1]
	for _, against := range []string{Popularity, Unranked} {
		out = append(out, compare(r.Retrieve, m.Name, m.Label+" of the catalogue", Ranked, against, nil))
	}
	return out
}

// compare is won by a larger value; with a pair, by one that is larger beyond chance over the same users.
func compare(t *Table, measure, label, method, against string, sure *Pair) Hurdle {
	a, b := t.cell(method, measure), t.cell(against, measure)
	if math.IsNaN(a.Value) || math.IsNaN(b.Value) {
		return Hurdle{false, fmt.Sprintf("%s: %s and %s could not be compared: too few clicks", label, method, against)}
	}
	h := Hurdle{Passed: a.Value > b.Value}
	verdict := "is above"
	switch {
	case !h.Passed:
		verdict = "is not above"
	case sure != nil && !(sure.P < significant):
		h.Passed, verdict = false, fmt.Sprintf("is above, by no more than chance (p = %.2g),", sure.P)
	case sure != nil:
		verdict = fmt.Sprintf("is above, beyond chance (p = %.2g),", sure.P)
	}
	h.Text = fmt.Sprintf("%s: %.4f of %s (95%% interval %.4f to %.4f) %s %.4f of %s", label, a.Value, method, a.Low, a.High, verdict, b.Value, against)
	return h
}

// cell is a method's value of a measure; unknown where the table has not got it.
func (t *Table) cell(method, measure string) Cell {
	for _, r := range t.Rows {
		if r.Method != method {
			continue
		}
		for k, m := range t.Measures {
			if m.Name == measure {
				return r.Cells[k]
			}
		}
	}
	return noCell()
}

// Ranked is the row of the candidates in the order of the ranker, without re-ranking.
const Ranked = "candidates, ranked"

// ThePage is the row of whole pages.
const ThePage = "the page"
