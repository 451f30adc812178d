// Counts of cards among kinds of users, or at kinds of hours, in one pass over the log. Most cards are shown too rarely to say
// anything of one cell, so only the most shown are counted; that bounds the memory, whatever the log.

package candidate

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/warehouse"
)

// CellUse is decayed impressions and clicks of some cards in each of some cells, as sparse rows: cell k has the entries Start[k] to
// before Start[k+1]. Memory: 12 bytes an entry.
type CellUse struct {
	Card  []int32 // those that were counted, in ascending order
	Start []int64 // one longer than there are cells

	Index       []int32 // into Card, ascending in each cell
	Impressions []float32
	Clicks      []float32

	Hours []uint8 // of hours: the cell of each of the 24; nil where cells are of users
}

// CellConfig are the settings of CountCells.
type CellConfig struct {
	// MinImpressions is what a card must have been shown, decayed, to be counted. 0 means 50.
	MinImpressions float64
	// MaxCards is how many cards are counted, the most shown first. 0 means 50,000. Counting takes 8 bytes a card and cell: 80 MB with
	// 200 cells.
	MaxCards int
	// HalfLife is the days after which an impression weighs half. 0 means 7; below 0 they do not decay.
	HalfLife float64
	// Examination, where given, is the chance that a slot is looked at, relative to the first: an impression weighs that much, so that
	// a card is not blamed for where it was shown. See Examination.
	Examination []float64
}

// maxCells bounds what CountCells makes room for.
const maxCells = 4096

// CountCells counts the impressions from the day first to before the day of the statistics. cellOf gives the cell of an
// impression, 0 to before cells, -1 to leave it out. The cost is linear in the log.
func CountCells(ctx context.Context, w warehouse.Training, s *CardStats, first int32, cells int, cellOf func(user int32, hour uint8) int, cfg CellConfig) (*CellUse, error) {
	if cells < 1 || cells > maxCells {
		return nil, fmt.Errorf("candidate: counts of %d cells; 1 to %d are expected", cells, maxCells)
	}
	if first >= s.AsOf {
		return nil, fmt.Errorf("candidate: counts of cells from day %d to before day %d: no day is left", first, s.AsOf)
	}
	u := &CellUse{Card: mostShown(s, cfg), Start: make([]int64, cells+1)}
	index := make([]int32, s.Len())
	for i := range index {
		index[i] = -1
	}
	for k, card := range u.Card {
		index[card] = int32(k)
	}
	type use struct{ impressions, clicks float32 }
	table := make([]use, cells*len(u.Card))
	weight := decayWeights(s.AsOf, cfg.HalfLife)
	err := w.Histories(ctx, asOfDay(first), asOfDay(s.AsOf-1), func(h *warehouse.Histories) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for k, user := range h.User {
			for row := h.Start[k]; row < h.Start[k+1]; row++ {
				card := h.Card[row]
				if card < 0 || int(card) >= len(index) || index[card] < 0 || h.Day[row] >= s.AsOf || h.Day[row] < first {
					continue
				}
				cell := cellOf(user, h.Hour[row])
				if cell < 0 || cell >= cells {
					continue
				}
				at := &table[cell*len(u.Card)+int(index[card])]
				day := float32(weight(h.Day[row])) / decayUnit
				at.impressions += day * float32(examinationAt(cfg.Examination, h.Position[row]))
				if h.Flags[row]&warehouse.Clicked != 0 {
					at.clicks += day
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for cell := range cells {
		for k := range u.Card {
			if v := table[cell*len(u.Card)+k]; v.impressions > 0 {
				u.Index = append(u.Index, int32(k))
				u.Impressions = append(u.Impressions, v.impressions)
				u.Clicks = append(u.Clicks, min(v.clicks, v.impressions))
			}
		}
		u.Start[cell+1] = int64(len(u.Index))
	}
	return u, nil
}

// mostShown is the cards that the sample was shown often enough, by id.
func mostShown(s *CardStats, cfg CellConfig) []int32 {
	if cfg.MinImpressions == 0 {
		cfg.MinImpressions = 50
	}
	if cfg.MaxCards == 0 {
		cfg.MaxCards = 50_000
	}
	t := best{k: cfg.MaxCards}
	for i, n := range s.Impressions {
		if n >= cfg.MinImpressions && s.servable(i) {
			t.offer(Candidate{Item: int32(i), Score: float32(n)})
		}
	}
	var cards []int32
	for _, c := range t.heap {
		cards = append(cards, c.Item)
	}
	slices.Sort(cards)
	return cards
}

// sum is the impressions and clicks of the cells from to before to, by index of Card.
func (u *CellUse) sum(from, to int) (n, c []float64) {
	n, c = make([]float64, len(u.Card)), make([]float64, len(u.Card))
	for k := u.Start[from]; k < u.Start[to]; k++ {
		n[u.Index[k]] += float64(u.Impressions[k])
		c[u.Index[k]] += float64(u.Clicks[k])
	}
	return n, c
}

// CountHours counts by parts of the day that begin at the given hours, ascending; the hours before the first belong to the last part.
// nil means those that begin at 5, 11, 17 and 22: morning, day, evening and night.
func CountHours(ctx context.Context, w warehouse.Training, s *CardStats, first int32, begins []int, cfg CellConfig) (*CellUse, error) {
	if begins == nil {
		begins = []int{5, 11, 17, 22}
	}
	hours := make([]uint8, 24)
	for k, b := range begins {
		if b < 0 || b > 23 || k > 0 && begins[k-1] >= b {
			return nil, fmt.Errorf("candidate: parts of the day that begin at %v; hours from 0 to 23 in ascending order are expected", begins)
		}
	}
	for h := range hours {
		hours[h] = uint8(max(len(begins)-1, 0))
		for k, b := range begins {
			if h >= b {
				hours[h] = uint8(k)
			}
		}
	}
	u, err := CountCells(ctx, w, s, first, max(len(begins), 1), func(_ int32, hour uint8) int { return int(hours[hour%24]) }, cfg)
	if err != nil {
		return nil, err
	}
	u.Hours = hours
	return u, nil
}

// examinationAt is the weight of a slot: 1 where nothing is known of it; slots below the last known are looked at like that.
func examinationAt(examination []float64, position int32) float64 {
	if len(examination) == 0 || position < 0 {
		return 1
	}
	e := examination[min(int(position), len(examination)-1)]
	if !(e > 0) || math.IsInf(e, 0) {
		return 1
	}
	return e
}

// CountPeople counts by the cells of people, whose users have the given profiles.
func CountPeople(ctx context.Context, w warehouse.Training, s *CardStats, first int32, people *People, profiles *warehouse.Profiles, cfg CellConfig) (*CellUse, error) {
	cell := people.CellsOf(profiles)
	return CountCells(ctx, w, s, first, people.Cells(), func(user int32, _ uint8) int {
		if user < 0 || int(user) >= len(cell) {
			return -1
		}
		return int(cell[user])
	}, cfg)
}
