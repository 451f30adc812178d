// What is clicked most whenever it is shown: the baseline that every other generator has to beat, and what a user without history
// gets. Rates are smoothed and ordered by their lower bounds, so that a card with one click in one impression does not lead.

package candidate

import (
	"fmt"
)

// PopularConfig are the settings of FitPopular.
type PopularConfig struct {
	Source Source // "" means the app's where the statistics have it, else the sample's
	// Z is how many standard errors the lower bound lies below the rate. 0 means 1.28, a one-sided 90% bound; below 0 the rate itself
	// orders.
	Z float64
	// Limit is the length of a list. 0 means that of the catalogue, or 5,000 by hour.
	Limit int
}

// Popular names the cards with the highest rates of clicks. Candidates costs the cards that it walks over: k, those skipped and
// those of the history. Memory: 8 bytes a card and list.
type Popular struct {
	Lists []Ranked // one, or one a cell of the hours
	Cells []uint8  // by hour of the day, which list; nil where there is one
}

// FitPopular orders the cards of s that were shown. With hours (HourCells), whose counts may be adjusted for positions, it orders the
// cards that these count, in each cell of hours, by rates that are drawn to those of the whole day.
func FitPopular(s *CardStats, hours *CellUse, cfg PopularConfig) (*Popular, error) {
	if cfg.Z == 0 {
		cfg.Z = 1.28
	}
	cfg.Z = max(cfg.Z, 0)
	if hours != nil {
		return fitPopularHours(s, hours, cfg)
	}
	from, err := s.source(cfg.Source)
	if err != nil {
		return nil, err
	}
	prior := newCardPrior(s, from, nil)
	var cs []Candidate
	for i := range s.Len() {
		if n, _ := s.counts(from, i); n > 0 && s.servable(i) {
			rate, weight := prior.posterior(s, i)
			cs = append(cs, Candidate{Item: int32(i), Score: float32(wilsonBound(rate, weight, -cfg.Z))})
		}
	}
	orderRanked(cs)
	if cfg.Limit > 0 && cfg.Limit < len(cs) {
		cs = cs[:cfg.Limit]
	}
	return &Popular{Lists: []Ranked{rankedOf(cs)}}, nil
}

func fitPopularHours(s *CardStats, hours *CellUse, cfg PopularConfig) (*Popular, error) {
	cells := len(hours.Start) - 1
	if cells < 1 || hours.Hours != nil && len(hours.Hours) != 24 {
		return nil, fmt.Errorf("candidate: popular by hour: counts of %d cells and %d hours; one cell or more, and those of 24 hours or none are expected", cells, len(hours.Hours))
	}
	if hours.Hours == nil && cells != 1 {
		return nil, fmt.Errorf("candidate: popular by hour: counts of %d cells that are not of hours", cells)
	}
	if cfg.Limit == 0 {
		cfg.Limit = 5000
	}
	n, c := hours.sum(0, cells)
	all := pooledRates(n, c)
	p := &Popular{Cells: hours.Hours}
	if cells == 1 {
		p.Cells, p.Lists = nil, []Ranked{all.rank(hours.Card, cfg.Z, cfg.Limit)}
		return p, nil
	}
	var units []rateTally
	for cell := range cells {
		cn, cc := hours.sum(cell, cell+1)
		units = all.tallies(cn, cc, units)
	}
	strength := shrinkStrength(units)
	for cell := range cells {
		cn, cc := hours.sum(cell, cell+1)
		p.Lists = append(p.Lists, all.within(cn, cc, strength).rank(hours.Card, cfg.Z, cfg.Limit))
	}
	return p, nil
}

// Name implements Generator.
func (p *Popular) Name() string { return "popular" }

// Candidates implements Generator.
func (p *Popular) Candidates(q *Query, k int, dst []Candidate) []Candidate {
	list := 0
	if len(p.Cells) > 0 {
		list = int(p.Cells[int(q.Hour)%len(p.Cells)])
	}
	if list >= len(p.Lists) {
		return dst
	}
	return p.Lists[list].walk(q, k, -1, dst)
}

// Reason implements Generator.
func (p *Popular) Reason(Candidate, Names) string {
	if p.Cells != nil {
		return "popular at this hour"
	}
	return "popular"
}
