// Lists of items in order: the latest, and those that are popular now.

package live

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Settings of lists.
const (
	listLength      = 5000 // of large catalogues; what is asked beyond is found by looking at all
	popularHalfLife = 2    // days after which shows and clicks weigh half
	popularZ        = 1.28 // standard errors from the rate down to the score
	popularShrink   = 50   // shows at the rate of all items that each is taken to have had: one click of one user is no rate
	listsEvery      = 5 * time.Second
	listsOfFew      = time.Second
	listsSmall      = 100 * time.Millisecond // of a catalogue up to smallCatalogue
	listsAtOnce     = 1000                   // items up to which lists are of this moment
)

// lists are made now and then, from which readers take what they ask for.
type lists struct {
	s    *State
	only func(card int32) bool // nil: all; else a matter of few cards
	mu   sync.Mutex
	made atomic.Pointer[madeLists]
}

type madeLists struct {
	at            time.Time
	version       uint64
	shows, clicks int64
	catalogue     *Catalogue
	latest        []Scored // the score is the moment of publication in seconds
	popular       []Scored
}

// current are the lists. Where they are old enough and what they were made of is other, one reader makes them anew while others go on with those there are.
// In a large catalogue that is left to Refresh, as long as it is called, but for lists of few cards.
func (l *lists) current() *madeLists {
	old := l.made.Load()
	if old == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.remake(0)
	}
	every := 2 * listsEvery
	switch n := l.s.ItemCount(); {
	case n <= listsAtOnce:
		every = 0
	case n <= smallCatalogue:
		every = listsSmall
	case l.only != nil:
		every = listsOfFew
	}
	if time.Since(old.at) < every || !l.mu.TryLock() {
		return old
	}
	defer l.mu.Unlock()
	return l.remake(every)
}

// Refresh makes the lists of the latest and the popular anew if they are older than five seconds and what they are made of has changed: 20 ms for 250,000
// items. Who serves pages from a large catalogue should call it every few seconds, or else a reader does it every ten.
func (s *State) Refresh() {
	s.lists.mu.Lock()
	defer s.lists.mu.Unlock()
	s.lists.remake(listsEvery)
}

// remake makes the lists anew if they are older than every. mu must be held.
func (l *lists) remake(every time.Duration) *madeLists {
	s := l.s
	c := s.Catalogue()
	shows, clicks := s.counts.shows.Load(), s.counts.clicks.Load()
	if old := l.made.Load(); old != nil {
		age := time.Since(old.at)
		if age < every || old.version == c.Version && old.shows == shows && old.clicks == clicks && age < time.Minute {
			return old
		}
	}
	var skip func(int32) bool
	if l.only != nil {
		skip = func(card int32) bool { return !l.only(card) }
	}
	made := &madeLists{at: time.Now(), version: c.Version, shows: shows, clicks: clicks, catalogue: c}
	made.latest = s.latest(c, listLength, skip)
	made.popular = s.popular(c, listLength, skip)
	l.made.Store(made)
	return made
}

// best keeps the k best of what is offered, in a heap whose root is the worst kept.
type best struct {
	k    int
	heap []Scored
}

func (t *best) offer(c Scored) {
	if len(t.heap) < t.k {
		t.heap = append(t.heap, c)
		for i := len(t.heap) - 1; i > 0 && t.heap[i].compare(t.heap[(i-1)/2]) > 0; i = (i - 1) / 2 {
			t.heap[i], t.heap[(i-1)/2] = t.heap[(i-1)/2], t.heap[i]
		}
		return
	}
	if t.k <= 0 || c.Score < t.heap[0].Score || t.heap[0].compare(c) <= 0 {
		return
	}
	t.heap[0] = c
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(t.heap) {
			return
		}
		if child+1 < len(t.heap) && t.heap[child+1].compare(t.heap[child]) > 0 {
			child++
		}
		if t.heap[child].compare(t.heap[i]) <= 0 {
			return
		}
		t.heap[i], t.heap[child] = t.heap[child], t.heap[i]
		i = child
	}
}

// sorted are those kept, best first; the heap is none any more.
func (t *best) sorted() []Scored {
	slices.SortFunc(t.heap, Scored.compare)
	return t.heap
}

// top are the k best of n cards by a score; of is false for cards that have none.
func top(n, k int, of func(card int32) (float64, bool)) []Scored {
	t := best{k: k}
	for card := range int32(n) {
		if score, ok := of(card); ok {
			t.offer(Scored{card, score})
		}
	}
	return t.sorted()
}

func (s *State) latest(c *Catalogue, k int, skip func(int32) bool) []Scored {
	return top(c.Len(), k, func(card int32) (float64, bool) {
		if c.PublishedMS[card] == 0 || c.hidden[card] || skip != nil && skip(card) {
			return 0, false
		}
		return float64(c.PublishedMS[card]) / 1000, true
	})
}

// popular goes by the lower bound of Wilson's interval of clicks over shows, both of the last days, each day weighing half of what one two days later
// does; all before them weighs as if it were of the day before these. Rates are shrunk to that of all items.
func (s *State) popular(c *Catalogue, k int, skip func(int32) bool) []Scored {
	today := s.today()
	var weight [ringDays]float64
	for at := range weight {
		if age := today - s.counts.days[at].Load(); age >= 0 && age < ringDays {
			weight[at] = math.Exp2(-float64(age) / popularHalfLife)
		}
	}
	past := math.Exp2(-float64(ringDays) / popularHalfLife)
	all := min(1, float64(s.counts.clicks.Load())/float64(max(1, s.counts.shows.Load())))
	return top(c.Len(), k, func(card int32) (float64, bool) {
		if c.hidden[card] || skip != nil && skip(card) {
			return 0, false
		}
		n := s.counts.of(card)
		clicks := float64(n.clicks.Load())
		if clicks == 0 {
			return 0, false
		}
		shows := float64(n.shows.Load())
		var inShows, inClicks, ofShows, ofClicks float64
		for at, w := range weight {
			if w > 0 {
				s, c := float64(n.day[at].shows.Load()), float64(n.day[at].clicks.Load())
				inShows, inClicks = inShows+w*s, inClicks+w*c
				ofShows, ofClicks = ofShows+s, ofClicks+c
			}
		}
		inShows += past * max(0, shows-ofShows)
		inClicks += past * max(0, clicks-ofClicks)
		score := float64(float32(wilson(inClicks+popularShrink*all, inShows+popularShrink))) // generators' scores are float32, and ties go by id
		return score, score > 0
	})
}

// wilson is the lower bound of clicks/n, popularZ standard errors down (Wilson, JASA 1927).
func wilson(clicks, n float64) float64 {
	if !(n > 0) {
		return 0
	}
	const z = popularZ
	p := min(clicks/n, 1)
	return max(0, (p+z*z/(2*n)-z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n)))/(1+z*z/n))
}

// Latest are items by the moment of their publication, the latest first: n of them after offset, none that are hidden or that skip (nil: none) leaves out. The
// score is that moment in seconds since 1970. Items of which only events told are not among them.
func (s *State) Latest(n, offset int, skip func(int32) bool) []Scored {
	m := s.lists.current()
	return m.part(m.latest, n, offset, s.shown(skip), s.latest)
}

// Popular are items by how readily they are clicked now, the most first; as Latest. The score is the lower bound of the rate of clicks, shrunk to
// that of all items.
func (s *State) Popular(n, offset int, skip func(int32) bool) []Scored {
	m := s.lists.current()
	return m.part(m.popular, n, offset, s.shown(skip), s.popular)
}

// shown is skip, and cards that were hidden after a list was made.
func (s *State) shown(skip func(int32) bool) func(int32) bool {
	return func(card int32) bool { return s.Hidden(card) || skip != nil && skip(card) }
}

func (m *madeLists) part(list []Scored, n, offset int, skip func(int32) bool, all func(*Catalogue, int, func(int32) bool) []Scored) []Scored {
	if n <= 0 || offset < 0 {
		return nil
	}
	take := func(list []Scored) (out []Scored) {
		left := offset
		for _, c := range list {
			if skip(c.Card) {
				continue
			}
			if left > 0 {
				left--
				continue
			}
			if out = append(out, c); len(out) == n {
				break
			}
		}
		return out
	}
	out := take(list)
	if len(out) < n && len(list) == listLength {
		// More than the list has is asked for.
		return take(all(m.catalogue, min(offset+n, m.catalogue.Len()), skip))
	}
	return out
}
