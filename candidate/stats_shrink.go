// Rates of cards with few impressions say little, so every generator draws them towards what like cards do, by as much as such
// rates turn out to differ (empirical Bayes). The strength of the pull is estimated by moments, as in Kleinman, Journal of the American
// Statistical Association 68 (1973), 46-54, with the weights of Paule and Mandel, Journal of Research of the NBS 87 (1982).

package candidate

import (
	"math"
	"slices"
)

// rateTally is one unit: trials, successes among them, and the rate that is expected of such a unit.
type rateTally struct{ trials, successes, mean float64 }

const (
	weakestPrior   = .5 // trials
	strongestPrior = 1e6
)

// shrinkStrength is s where units' rates vary about their means m with variance m(1-m)/(s+1), as Beta(m s, (1-m) s) does: how
// many trials a prior about a unit counts for. Units of one trial or fewer say nothing of it. strongestPrior where the units vary no
// more than chance does, or none is left.
func shrinkStrength(units []rateTally) float64 {
	s := 100.0
	for range 50 {
		// With a unit's rate r = successes/n: E (r-m)^2 / (m(1-m)) = 1/n + (1-1/n)/(s+1). Units are weighed by the inverse of that.
		var seen, chance, scale float64
		for _, u := range units {
			if u.trials <= 1 || u.mean <= 0 || u.mean >= 1 {
				continue
			}
			a := 1 / (1/u.trials + 1/s)
			d := u.successes/u.trials - u.mean
			seen += a * d * d / (u.mean * (1 - u.mean))
			chance += a / u.trials
			scale += a * (1 - 1/u.trials)
		}
		next := float64(strongestPrior)
		if excess := (seen - chance) / scale; excess > 0 {
			next = min(max(1/excess-1, weakestPrior), strongestPrior)
		}
		done := math.Abs(math.Log(next/s)) < 1e-4
		if s = next; done {
			break
		}
	}
	return s
}

// wilsonBound is the bound of Wilson's score interval of a rate p that n trials' worth of evidence stands behind: the upper one for
// z > 0, the lower for z < 0. It is in [0, 1] for p in [0, 1] and n > 0. Source: Wilson, JASA 22 (1927).
func wilsonBound(p, n, z float64) float64 {
	half := math.Abs(z) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	mid := p + z*z/(2*n)
	if z < 0 {
		half = -half
	}
	return min(max((mid+half)/(1+z*z/n), 0), 1)
}

// cardPrior is what is known of a card's rate before its own counts: a mean, the pooled rate times the lifts of what the card is of,
// and how many impressions that counts for, the same for all cards.
type cardPrior struct {
	pooled   float64
	strength float64
	mean     []float64 // by card
	field    []int8    // by card: the field that lifts it most; -1 where none lifts it
	from     Source
}

// posterior is the mean of a card's rate with its own counts, and the impressions that stand behind it.
func (p *cardPrior) posterior(s *CardStats, card int) (rate, weight float64) {
	n, c := s.counts(p.from, card)
	weight = n + p.strength
	return (c + p.mean[card]*p.strength) / weight, weight
}

// newCardPrior estimates priors of all cards. Field by field, each value (a creator, a content) has the lift of its cards' rates over
// what is expected of them so far, drawn to 1; a card's own counts are left out of its own lifts. One card of a creator says
// little of the next however often it was shown: n impressions of a card that differs from its like with strength s count as
// 1/(1/n + 1/s).
func newCardPrior(s *CardStats, from Source, fields []cardField) *cardPrior {
	n := s.Len()
	p := &cardPrior{mean: make([]float64, n), field: make([]int8, n), from: from}
	var trials, successes float64
	for i := range n {
		ni, ci := s.counts(from, i)
		trials += ni
		successes += ci
	}
	p.pooled = (successes + .5) / (trials + 1) // so that it is neither 0 nor 1
	most := make([]float64, n)
	for i := range n {
		p.mean[i], p.field[i], most[i] = p.pooled, -1, 1.02
	}
	p.strength = p.cardStrength(s)
	for _, f := range fields {
		p.liftBy(s, f, most)
		p.strength = p.cardStrength(s)
	}
	return p
}

// cardStrength is how far cards differ from their means.
func (p *cardPrior) cardStrength(s *CardStats) float64 {
	units := make([]rateTally, 0, len(p.mean))
	for i, m := range p.mean {
		if n, c := s.counts(p.from, i); n > 1 {
			units = append(units, rateTally{n, c, m})
		}
	}
	return shrinkStrength(units)
}

// liftBy multiplies the means by the lifts of one field's values.
func (p *cardPrior) liftBy(s *CardStats, f cardField, most []float64) {
	type group struct{ weight, seen, expected float64 }
	groups := make([]group, s.fieldSize(f))
	part := func(i int) (group, int32) {
		v := s.fieldValue(f, int32(i))
		n, c := s.counts(p.from, i)
		if v < 0 || n == 0 {
			return group{}, v
		}
		w := 1 / (1/n + 1/p.strength)
		return group{w, w * c / n, w * p.mean[i]}, v
	}
	for i := range p.mean {
		if g, v := part(i); v >= 0 {
			groups[v].weight += g.weight
			groups[v].seen += g.seen
			groups[v].expected += g.expected
		}
	}
	units := make([]rateTally, 0, len(groups))
	for _, g := range groups {
		if g.weight > 0 {
			units = append(units, rateTally{g.weight, g.seen, g.expected / g.weight})
		}
	}
	strength := shrinkStrength(units)
	for i := range p.mean {
		own, v := part(i)
		if v < 0 {
			continue
		}
		g := groups[v]
		g.weight, g.seen, g.expected = g.weight-own.weight, g.seen-own.seen, g.expected-own.expected
		if g.weight < 1e-6 { // no other card of it
			continue
		}
		prior := strength * g.expected / g.weight
		lift := max(0, g.seen+prior) / (g.expected + prior)
		p.mean[i] = min(p.mean[i]*lift, .95)
		if lift > most[i] {
			most[i], p.field[i] = lift, int8(f)
		}
	}
}

// cellRates is the rates of some cards among some users, and how many impressions stand behind each.
type cellRates struct{ rate, weight []float64 }

// pooledRates is the rates among all users, drawn to the pooled one.
func pooledRates(n, c []float64) cellRates {
	var trials, successes float64
	for i := range n {
		trials += n[i]
		successes += c[i]
	}
	pooled := (successes + .5) / (trials + 1)
	units := make([]rateTally, 0, len(n))
	for i := range n {
		units = append(units, rateTally{n[i], c[i], pooled})
	}
	s := shrinkStrength(units)
	r := cellRates{make([]float64, len(n)), make([]float64, len(n))}
	for i := range n {
		r.weight[i] = n[i] + s
		r.rate[i] = (c[i] + pooled*s) / r.weight[i]
	}
	return r
}

// level is the clicks of a cell over those that the rates r expect of its impressions: whether its users click more, whatever the card.
func (r cellRates) level(n, c []float64) float64 {
	const prior = 10 // clicks
	var seen, expected float64
	for i := range n {
		seen += c[i]
		expected += n[i] * r.rate[i]
	}
	return (seen + prior) / (expected + prior)
}

// tallies appends the units of a cell within r, for the strength of its prior.
func (r cellRates) tallies(n, c []float64, units []rateTally) []rateTally {
	level := r.level(n, c)
	for i := range n {
		if n[i] > 1 {
			units = append(units, rateTally{n[i], c[i], min(r.rate[i]*level, .95)})
		}
	}
	return units
}

// within is the rates in a cell within r, drawn to those of r by a strength. What is not sure in r is no surer in the cell.
func (r cellRates) within(n, c []float64, strength float64) cellRates {
	level := r.level(n, c)
	in := cellRates{make([]float64, len(n)), make([]float64, len(n))}
	for i := range n {
		prior := 1 / (1/strength + 1/r.weight[i])
		in.weight[i] = n[i] + prior
		in.rate[i] = (c[i] + prior*min(r.rate[i]*level, .95)) / in.weight[i]
	}
	return in
}

// rank is the best cards by the lower bound of their rates, at most limit.
func (r cellRates) rank(card []int32, z float64, limit int) Ranked {
	t := best{k: min(limit, len(card))}
	for i, id := range card {
		t.offer(Candidate{Item: id, Score: float32(wilsonBound(r.rate[i], r.weight[i], -z))})
	}
	return rankedOf(t.sorted())
}

// rankedOf is candidates in order as a list.
func rankedOf(cs []Candidate) Ranked {
	r := Ranked{Item: make([]int32, len(cs)), Score: make([]float32, len(cs))}
	for i, c := range cs {
		r.Item[i], r.Score[i] = c.Item, c.Score
	}
	return r
}

// orderRanked sorts candidates, best first, ties in the order of ids.
func orderRanked(cs []Candidate) {
	slices.SortFunc(cs, func(a, b Candidate) int {
		if worse(b, a) {
			return -1
		}
		if worse(a, b) {
			return 1
		}
		return 0
	})
}
