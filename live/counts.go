// How often cards were shown and clicked, in numbers that readers see without waiting.

package live

import (
	"sync/atomic"
)

// Counts are what all users did with one card.
type Counts struct {
	Shows, Clicks uint32
	// Looked is the shows weighed by the chance that their slots are looked at.
	Looked float64
	// Expected is how many clicks so many looks bring on the average of all cards.
	Expected                float64
	TodayShows, TodayClicks uint32
	Served, Explored        uint32 // slots of pages that were made with it, and those of them in which it was tried out
}

// cardCount is what is counted of a card; 88 bytes. Days are a ring: the day d stands at d mod 8. Eight are kept since popular weighs what is older by a
// sixteenth at most, and all alike; a card's longer past is the warehouse's to tell (Catalogue.CardDays).
type cardCount struct {
	shows, clicks    atomic.Uint32
	looked           atomic.Uint64 // in 1/1024
	served, explored atomic.Uint32
	day              [ringDays]dayCount
}

type dayCount struct{ shows, clicks atomic.Uint32 }

const (
	ringDays  = 8
	countPage = 1024
	lookUnit  = 1024
)

// counts are those of all cards, in pages that never move. One goroutine counts, any number read.
type counts struct {
	pages                 atomic.Pointer[[]*[countPage]cardCount]
	n                     atomic.Int32
	hidden                atomic.Pointer[[]atomic.Uint64] // a bit a card, so that what every page asks of some hundred cards stays in the cache
	days                  [ringDays]atomic.Int32          // which day each place of the rings has
	shows, clicks, looked atomic.Int64                    // of all cards
}

func newCounts() *counts {
	c := &counts{}
	c.pages.Store(new([]*[countPage]cardCount))
	c.hidden.Store(new([]atomic.Uint64))
	return c
}

// grow makes room for n cards.
func (c *counts) grow(n int) {
	pages := *c.pages.Load()
	if need := (n + countPage - 1) / countPage; need > len(pages) {
		for len(pages) < need {
			pages = append(pages, new([countPage]cardCount))
		}
		c.pages.Store(&pages)
	}
	if old := *c.hidden.Load(); n > 64*len(old) {
		bits := make([]atomic.Uint64, max((n+63)/64, 2*len(old)))
		for i := range old {
			bits[i].Store(old[i].Load())
		}
		c.hidden.Store(&bits)
	}
	c.n.Store(int32(n))
}

// hide says whether a card is hidden from now on.
func (c *counts) hide(card int32, hidden bool) {
	word, bit := &(*c.hidden.Load())[card/64], uint64(1)<<(card%64)
	if hidden {
		word.Or(bit)
	} else {
		word.And(^bit)
	}
}

// isHidden says whether a card is hidden, or unknown.
func (c *counts) isHidden(card int32) bool {
	return card < 0 || card >= c.n.Load() || (*c.hidden.Load())[card/64].Load()>>(card%64)&1 != 0
}

// of is the count of a card; nil where there is no such card.
func (c *counts) of(card int32) *cardCount {
	if card < 0 || card >= c.n.Load() {
		return nil
	}
	return &(*c.pages.Load())[card/countPage][card%countPage]
}

// column is the place of a day in the rings, which is cleared if another has it: an older one, or one that a clock which was ahead took for today; -1 for days that
// have none.
func (c *counts) column(day, today int32) int {
	if day > today || day <= today-ringDays || day < 0 {
		return -1
	}
	at := int(day) % ringDays
	if c.days[at].Load() != day {
		for _, page := range *c.pages.Load() {
			for i := range page {
				page[i].day[at].shows.Store(0)
				page[i].day[at].clicks.Store(0)
			}
		}
		c.days[at].Store(day)
	}
	return at
}

// counted is one row of a card as counts see it.
type counted struct {
	day    int32
	slot   uint8
	clicks uint32
}

// add counts a row, or takes it back where by is -1.
func (c *counts) add(card int32, r counted, by int32, today int32, look uint64) {
	k := c.of(card)
	n, clicks := uint32(by), uint32(by)*r.clicks
	k.shows.Add(n)
	k.clicks.Add(clicks)
	k.looked.Add(uint64(int64(by)) * look)
	c.shows.Add(int64(by))
	c.clicks.Add(int64(by) * int64(r.clicks))
	c.looked.Add(int64(by) * int64(look))
	if at := c.column(r.day, today); at >= 0 {
		k.day[at].shows.Add(n)
		k.day[at].clicks.Add(clicks)
	}
}

// rate is the clicks that a look brings on the average.
func (c *counts) rate() float64 {
	if looked := c.looked.Load(); looked > 0 {
		return float64(c.clicks.Load()) * lookUnit / float64(looked)
	}
	return 0
}

// Counts are those of a card, which is an id of the state's.
func (s *State) Counts(card int32) Counts {
	k := s.counts.of(card)
	if k == nil {
		return Counts{}
	}
	out := Counts{Shows: k.shows.Load(), Clicks: k.clicks.Load(), Looked: float64(k.looked.Load()) / lookUnit, Served: k.served.Load(), Explored: k.explored.Load()}
	out.Expected = out.Looked * s.counts.rate()
	if today := s.today(); s.counts.days[today%ringDays].Load() == today {
		out.TodayShows, out.TodayClicks = k.day[today%ringDays].shows.Load(), k.day[today%ringDays].clicks.Load()
	}
	return out
}

// Card is how often a card was shown and clicked, and how many clicks its slots make expect.
func (s *State) Card(card int32) (shows, clicks, expected float64) {
	k := s.counts.of(card)
	if k == nil {
		return 0, 0, 0
	}
	return float64(k.shows.Load()), float64(k.clicks.Load()), float64(k.looked.Load()) / lookUnit * s.counts.rate()
}

// Totals are the shows and clicks of all cards.
func (s *State) Totals() (shows, clicks float64) {
	return float64(s.counts.shows.Load()), float64(s.counts.clicks.Load())
}

// Hidden says whether an item is not to be shown: at once, where Catalogue may take a second.
func (s *State) Hidden(card int32) bool {
	return s.counts.isHidden(card)
}
