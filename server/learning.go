// What became of explored cards, for the policy that learns from it: a card's context is kept from when it was chosen until it was clicked, or was seen and
// let pass for a while.

package server

import (
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/seguefeed/segue/explore"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/stream"
)

const (
	learnRoom = 100_000          // explored cards that wait; some 100 bytes each
	learnWait = 30 * time.Minute // after which a card that was seen counts as passed over
)

// shownCard is one explored slot of a page. Its context lies in learning.x at its place.
type shownCard struct {
	key        uint64
	atMS       int64
	seen, done bool
}

// learning remembers explored cards, in a ring without pointers: what waits for half an hour is not to be gone through by every garbage collection. It
// is safe for concurrent use.
type learning struct {
	policy *explore.LinUCB // nil: nothing learns
	room   int
	mu     sync.Mutex
	by     map[uint64]int32 // place in ring
	ring   []shownCard      // grows up to room; first is the oldest
	x      []float32        // of each place, as long as the policy's contexts
	first  int
	n      int
}

func newLearning(policy *explore.LinUCB) *learning {
	return &learning{policy: policy, room: learnRoom, by: map[uint64]int32{}}
}

// slotKey stands for an item of a request: of 100,000 that wait, two have the same once in four billion times, and then one is not learned from.
func slotKey(request, item string) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.WriteString(request) // never fails
	_, _ = d.WriteString("\x00")
	_, _ = d.WriteString(item)
	return d.Sum64()
}

// served takes note of a page's explored cards.
func (l *learning) served(request string, p *feed.Page, keys []string, at time.Time) {
	if l.policy == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.n > 0 && at.UnixMilli()-l.ring[l.first].atMS > learnWait.Milliseconds() {
		l.forget()
	}
	for k := range p.Cards {
		if c := &p.Cards[k]; c.Explored && len(c.Context) == l.policy.Context() {
			l.remember(shownCard{key: slotKey(request, keys[c.Item]), atMS: at.UnixMilli()}, c.Context)
		}
	}
}

// remember puts a card behind all others.
func (l *learning) remember(c shownCard, x []float32) {
	if l.n == l.room {
		l.forget()
	}
	if l.n == len(l.ring) { // then first is 0 unless the ring is full grown
		l.grow()
	}
	place := (l.first + l.n) % len(l.ring)
	l.n++
	l.ring[place] = c
	copy(l.x[place*len(x):], x)
	l.by[c.key] = int32(place)
}

// grow makes the ring larger, the oldest first.
func (l *learning) grow() {
	width, n := l.policy.Context(), min(l.room, max(1024, 2*len(l.ring)))
	ring, x := make([]shownCard, n), make([]float32, n*width)
	for k := range l.n {
		from := (l.first + k) % len(l.ring)
		ring[k] = l.ring[from]
		copy(x[k*width:(k+1)*width], l.x[from*width:])
		if l.by[ring[k].key] == int32(from) && !ring[k].done {
			l.by[ring[k].key] = int32(k)
		}
	}
	l.ring, l.x, l.first = ring, x, 0
}

// forget lets the oldest go, which counts as passed over where it was seen and not clicked.
func (l *learning) forget() {
	c := &l.ring[l.first]
	if !c.done {
		if l.by[c.key] == int32(l.first) {
			delete(l.by, c.key)
		}
		if c.seen {
			l.observe(l.first, false)
		}
	}
	l.first = (l.first + 1) % len(l.ring)
	l.n--
}

// observe cannot fail: the context is of the policy's own length.
func (l *learning) observe(place int, clicked bool) {
	width := l.policy.Context()
	_ = l.policy.Observe(l.x[place*width:(place+1)*width], clicked, 1)
}

// happened hears of events that are durable.
func (l *learning) happened(events []stream.Event) {
	if l.policy == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for k := range events {
		e := &events[k]
		if e.Request == "" || e.Kind != stream.Impression && e.Kind != stream.Click {
			continue
		}
		place, ok := l.by[slotKey(e.Request, e.Item)]
		if !ok {
			continue
		}
		if e.Kind == stream.Impression {
			l.ring[place].seen = true
			continue
		}
		l.ring[place].done = true
		delete(l.by, slotKey(e.Request, e.Item))
		l.observe(int(place), true)
	}
}
