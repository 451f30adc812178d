// The ranker as one more source of candidates. Generators name cards by means of their own, and what they name need not be what the ranker
// would choose; but to score a whole catalogue for everybody who asks takes too long. So it is scored once a day, for someone of whom nothing
// is known, and listed by content. Who asks is then told apart by one card of each content: a ranker in which what is known of her meets the
// card by its content, as taste does, orders all cards of a content alike for everybody, so that the lists need only be weighed against each
// other. What else it knows of a user and one card, it says when it ranks the candidates.

package feed

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
)

// Shortlister is a Ranker that can name cards as well.
type Shortlister interface {
	Ranker
	// Shortlist appends at most k cards that it is likely to score highest of the catalogue to dst, best first, none that skip forbids.
	Shortlist(r *Request, k int, skip func(item int32) bool, dst []candidate.Candidate) ([]candidate.Candidate, error)
}

// ShortlistName is what the ranker's own candidates are called among the sources.
const ShortlistName = "shortlist"

// shortlistReason is said of a card that nobody else named. It cites nothing, since nothing that the user did speaks for the card.
const shortlistReason = "one of the most promising cards now"

// shortDay is the catalogue as the ranker sees it on a day. Read only.
type shortDay struct {
	day   int32
	value []float32 // by card: its value for someone of whom nothing is known
	lists []shortList
}

// shortList is the cards of one content, the most valued first.
type shortList struct {
	content int32 // -1: of none
	cards   []int32
	values  []float32 // of the cards
}

const (
	scoredTogether = 512
	// weighedContents are told apart for each user, those with the best cards first. The others count as their mean.
	weighedContents = 64
	// seenBefore is how far down a list a card is looked for that she was not shown yet: one that she was shown says less of the others.
	seenBefore = 5
)

// strangersHour is when the list of a day is made for: evening, when most people browse.
const strangersHour = 20

// shortDays are the days that there are lists of. A value of it is read only.
type shortDays struct {
	days     []*shortDay // by day
	prepared bool        // those of Prepare: no others are made
}

// of is the lists of a day, and where that was not prepared but others were, of the one nearest to it; nil where they are to be made.
func (s *shortDays) of(day int32) (near *shortDay) {
	if s == nil {
		return nil
	}
	for _, d := range s.days {
		if d.day == day {
			return d
		}
		if near == nil || abs(int64(d.day)-int64(day)) < abs(int64(near.day)-int64(day)) {
			near = d
		}
	}
	if !s.prepared {
		return nil
	}
	return near
}

func abs(v int64) int64 { return max(v, -v) }

// prepare makes the lists of days, in whose place those of no other day are made from then on: which cards are worth a look hardly changes from one day to
// another, and who asks for some other day is not to make everybody wait. Memory: 12 bytes a card and day.
func (r *modelRanker) prepare(threads int, days ...int32) error {
	r.making.Lock()
	defer r.making.Unlock()
	next := &shortDays{prepared: true}
	for _, day := range days {
		d := r.short.Load().of(day)
		if d == nil || d.day != day {
			var err error
			if d, err = r.listDay(threads, day); err != nil {
				return err
			}
		}
		next.days = append(next.days, d)
	}
	r.short.Store(next)
	return nil
}

// shortlist is the lists for a day, made by the first who asks where none were prepared.
func (r *modelRanker) shortlist(day int32) (*shortDay, error) {
	if d := r.short.Load().of(day); d != nil {
		return d, nil
	}
	r.making.Lock()
	defer r.making.Unlock()
	if d := r.short.Load().of(day); d != nil {
		return d, nil
	}
	d, err := r.listDay(1, day)
	if err == nil {
		r.short.Store(&shortDays{days: []*shortDay{d}})
	}
	return d, err
}

// listDay makes the lists of a day.
func (r *modelRanker) listDay(threads int, day int32) (*shortDay, error) {
	n := len(r.cards.Content)
	d := &shortDay{day: day, value: make([]float32, n)}
	at := feature.Moment{AtMS: int64(day)*dayMS + strangersHour*dayMS/24, Day: day, Hour: strangersHour}
	var parts []func() error
	part := n/max(threads, 1) + 1
	for from := 0; from < n; from += part {
		parts = append(parts, func() error { return r.valueAll(at, from, d.value[from:min(from+part, n)]) })
	}
	if err := cmp.Or(together(threads, parts)...); err != nil {
		return nil, err
	}
	byContent := map[int32][]int32{}
	for i, c := range r.cards.Content {
		byContent[int32(c)] = append(byContent[int32(c)], int32(i))
	}
	for c, cards := range byContent {
		slices.SortFunc(cards, func(a, b int32) int { return cmp.Or(cmp.Compare(d.value[b], d.value[a]), cmp.Compare(a, b)) })
		values := make([]float32, len(cards))
		for k, i := range cards {
			values[k] = d.value[i]
		}
		d.lists = append(d.lists, shortList{c, cards, values})
	}
	slices.SortFunc(d.lists, func(a, b shortList) int {
		return cmp.Or(cmp.Compare(d.value[b.cards[0]], d.value[a.cards[0]]), cmp.Compare(a.content, b.content))
	})
	return d, nil
}

// valueAll sets values to those that cards from a number on have for someone of whom nothing is known.
func (r *modelRanker) valueAll(at feature.Moment, first int, values []float32) error {
	stranger := &Request{At: at, Traits: candidate.Traits{Age: -1}}
	items, worth := make([]int32, 0, scoredTogether), make([]Worth, scoredTogether)
	for from := 0; from < len(values); from += scoredTogether {
		items = items[:0]
		for i := from; i < min(len(values), from+scoredTogether); i++ {
			items = append(items, int32(first+i))
		}
		if err := r.Rank(stranger, items, worth[:len(items)]); err != nil {
			return err
		}
		for k := range items {
			if v := worth[k].Value; v > 0 && !math.IsInf(float64(v), 0) {
				values[from+k] = v
			}
		}
	}
	return nil
}

const dayMS = 24 * 3600 * 1000

// Shortlist implements Shortlister. Memory of all requests together: 12 bytes a card and day that is held.
func (r *modelRanker) Shortlist(q *Request, k int, skip func(int32) bool, dst []candidate.Candidate) ([]candidate.Candidate, error) {
	if k <= 0 {
		return dst, nil
	}
	d, err := r.shortlist(q.At.Day)
	if err != nil {
		return dst, err
	}
	room := r.shortRooms.Get().(*shortRoom)
	defer r.shortRooms.Put(room)
	heads, samples, next := room.heads[:0], room.samples[:0], 0
	for ; next < len(d.lists) && len(heads) < weighedContents; next++ {
		h := shortHead{shortList: d.lists[next]}
		if !h.advance(skip) {
			continue
		}
		samples = append(samples, h.sample(q, skip))
		heads = append(heads, h)
	}
	worth := slices.Grow(room.worth[:0], len(samples))[:len(samples)]
	room.heads, room.samples, room.worth = heads, samples, worth
	if err := r.Rank(q, samples, worth); err != nil {
		return dst, err
	}
	mean, known := 0.0, 0
	for i := range samples {
		ratio := float64(worth[i].Value / d.value[samples[i]])
		if !(ratio > 0) || math.IsInf(ratio, 0) {
			ratio = math.NaN()
		} else {
			mean += math.Log(ratio)
			known++
		}
		heads[i].ratio = ratio
	}
	mean = math.Exp(mean / float64(max(known, 1)))
	for i := range heads {
		if heads[i].ratio != heads[i].ratio {
			heads[i].ratio = mean
		}
	}
	heap.Init(&heads)
	for ; k > 0; k-- {
		// The lists that are left have one ratio and are in order, so that none is looked at before its best could be next.
		for next < len(d.lists) && (len(heads) == 0 || float64(d.lists[next].values[0])*mean >= heads[0].score()) {
			h := shortHead{shortList: d.lists[next], ratio: mean}
			next++
			if h.advance(skip) {
				heap.Push(&heads, h)
			}
		}
		if len(heads) == 0 {
			break
		}
		h := &heads[0]
		dst = append(dst, candidate.Candidate{Item: h.cards[0], Score: float32(h.score()), Cause: -1, Group: -1})
		h.pass()
		if h.advance(skip) {
			heap.Fix(&heads, 0)
		} else {
			heap.Pop(&heads)
		}
	}
	room.heads = heads
	return dst, nil
}

// shortRoom is what one request needs.
type shortRoom struct {
	heads   shortHeads
	samples []int32
	worth   []Worth
}

// shortHead is what is left of a list; its first card may be named.
type shortHead struct {
	shortList
	ratio float64 // of the value for her to that for a stranger
}

func (h *shortHead) score() float64 { return float64(h.values[0]) * h.ratio }

func (h *shortHead) pass() { h.cards, h.values = h.cards[1:], h.values[1:] }

// advance goes on to the next card that may be named; false where there is none.
func (h *shortHead) advance(skip func(int32) bool) bool {
	for len(h.cards) > 0 && (h.values[0] == 0 || skip(h.cards[0])) {
		h.pass()
	}
	return len(h.cards) > 0
}

// sample is a card that stands for the list.
func (h *shortHead) sample(q *Request, skip func(int32) bool) int32 {
	if q.Past == nil {
		return h.cards[0]
	}
	for k, i := range h.cards[:min(len(h.cards), seenBefore)] {
		if h.values[k] > 0 && (k == 0 || !skip(i)) {
			if times, _ := q.Past.Shown(i); times == 0 {
				return i
			}
		}
	}
	return h.cards[0]
}

// shortHeads is a heap, the best on top.
type shortHeads []shortHead

func (h shortHeads) Len() int { return len(h) }
func (h shortHeads) Less(i, j int) bool {
	if a, b := h[i].score(), h[j].score(); a != b {
		return a > b
	}
	return h[i].cards[0] < h[j].cards[0]
}
func (h shortHeads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *shortHeads) Push(x any)   { *h = append(*h, x.(shortHead)) }
func (h *shortHeads) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
