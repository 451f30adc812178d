// What people like the one who asks click most: the best guess about someone without history whose gender, age and place are known.
// A small cell borrows from the next larger one by as much as its cells turn out to differ little.

package candidate

import (
	"fmt"
)

// DemographicConfig are the settings of FitDemographic.
type DemographicConfig struct {
	// Z is how many standard errors the lower bound that orders cards lies below their rates. 0 means 1.28; below 0 the rate orders.
	Z float64
	// Limit is the length of a cell's list. 0 means 500.
	Limit int
	// MinImpressions is what a cell must have, decayed, to have a list of its own; a smaller one takes that of its age band, that one
	// of its gender, and so on. 0 means 2,000.
	MinImpressions float64
}

// Demographic names the cards with the highest rates of clicks among people of a kind. Candidates costs the cards that it walks
// over. Memory: 8 bytes a list and card in it.
type Demographic struct {
	People People
	Lists  []Ranked
	List   []int32 // by cell: which list
	Level  []uint8 // by list: the level of its cells
	Cell   []int32 // by list: the first of its cells
}

// demographicStrengthCards bounds the cards that the strengths are estimated from: what holds of these holds of the others.
const demographicStrengthCards = 2000

// FitDemographic orders the cards of use, which counts the cells of people (CountPeople).
func FitDemographic(people *People, use *CellUse, cfg DemographicConfig) (*Demographic, error) {
	if len(use.Start) != people.Cells()+1 {
		return nil, fmt.Errorf("candidate: demographic: counts of %d cells; the %d of the people are expected", len(use.Start)-1, people.Cells())
	}
	if cfg.Z == 0 {
		cfg.Z = 1.28
	}
	if cfg.Limit == 0 {
		cfg.Limit = 500
	}
	if cfg.MinImpressions == 0 {
		cfg.MinImpressions = 2000
	}
	cfg.Z = max(cfg.Z, 0)
	d := &Demographic{People: *people, List: make([]int32, people.Cells())}
	// The strength of a level needs the rates of the level above, hence its own strength first.
	var strength [byGenderAgeRegion + 1]float64
	some := firstCards(use, demographicStrengthCards)
	for level := byGender; level <= byGenderAgeRegion; level++ {
		var units []rateTally
		walkPeople(people, some, strength, level, func(at, _, _ int, above cellRates, n, c []float64) bool {
			if at == level {
				units = above.tallies(n, c, units)
			}
			return true
		})
		strength[level] = shrinkStrength(units)
	}
	walkPeople(people, use, strength, byGenderAgeRegion, func(level, from, to int, above cellRates, n, c []float64) bool {
		var impressions float64
		for _, v := range n {
			impressions += v
		}
		if level > everyone && impressions < cfg.MinImpressions {
			return false // its cells keep the list of the level above
		}
		rates := above
		if level > everyone {
			rates = above.within(n, c, strength[level])
		}
		for cell := from; cell < to; cell++ {
			d.List[cell] = int32(len(d.Lists))
		}
		d.Lists = append(d.Lists, rates.rank(use.Card, cfg.Z, cfg.Limit))
		d.Level, d.Cell = append(d.Level, uint8(level)), append(d.Cell, int32(from))
		return true
	})
	return d, nil
}

// walkPeople visits everyone, then each gender, its age bands and their regions down to a level, with the cells from to before to,
// their counts and the rates of the level above (of everyone: the own ones). visit says whether to go on into its parts.
func walkPeople(p *People, use *CellUse, strength [byGenderAgeRegion + 1]float64, deepest int,
	visit func(level, from, to int, above cellRates, n, c []float64) bool) {
	parts := [...]int{everyone: peopleGenders, byGender: p.ages(), byGenderAge: p.regions()}
	var into func(level, from, to int, above cellRates)
	into = func(level, from, to int, above cellRates) {
		n, c := use.sum(from, to)
		if level == everyone {
			above = pooledRates(n, c)
		}
		if !visit(level, from, to, above, n, c) || level == deepest {
			return
		}
		if level > everyone {
			above = above.within(n, c, strength[level])
		}
		step := (to - from) / parts[level]
		for at := from; at < to; at += step {
			into(level+1, at, at+step, above)
		}
	}
	into(everyone, 0, p.Cells(), cellRates{})
}

// firstCards is the counts of the cards that were shown most.
func firstCards(u *CellUse, limit int) *CellUse {
	if len(u.Card) <= limit {
		return u
	}
	n, _ := u.sum(0, len(u.Start)-1)
	t := best{k: limit}
	for i, v := range n {
		t.offer(Candidate{Item: int32(i), Score: float32(v)})
	}
	index := make([]int32, len(u.Card))
	for _, c := range t.heap {
		index[c.Item] = 1
	}
	some := &CellUse{Start: make([]int64, len(u.Start))}
	for i, take := range index {
		index[i] = -1
		if take == 1 {
			index[i] = int32(len(some.Card))
			some.Card = append(some.Card, u.Card[i])
		}
	}
	for cell := range len(u.Start) - 1 {
		for k := u.Start[cell]; k < u.Start[cell+1]; k++ {
			if i := index[u.Index[k]]; i >= 0 {
				some.Index = append(some.Index, i)
				some.Impressions = append(some.Impressions, u.Impressions[k])
				some.Clicks = append(some.Clicks, u.Clicks[k])
			}
		}
		some.Start[cell+1] = int64(len(some.Index))
	}
	return some
}

// Name implements Generator.
func (d *Demographic) Name() string { return "demographic" }

// Candidates implements Generator. A candidate's group is the number of its list.
func (d *Demographic) Candidates(q *Query, k int, dst []Candidate) []Candidate {
	if len(d.Lists) == 0 {
		return dst
	}
	list := d.List[d.People.Cell(q.Traits)]
	return d.Lists[list].walk(q, k, list, dst)
}

// Reason implements Generator.
func (d *Demographic) Reason(c Candidate, _ Names) string {
	if c.Group < 0 || int(c.Group) >= len(d.Lists) {
		return "popular with people like you"
	}
	if who := d.People.words(int(d.Level[c.Group]), int(d.Cell[c.Group])); who != "people" {
		return "popular with " + who
	}
	return "popular"
}
