// What became of explored cards, for the policy that learns from it: a card's context is kept from when it was chosen until it was clicked, or was seen and
// let pass for a while.

package server

import (
	"sync"
	"time"

	"github.com/seguefeed/segue/explore"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/stream"
)

const (
	learnRoom = 100_000          // explored cards that wait; some 150 bytes each
	learnWait = 30 * time.Minute // after which a card that was seen counts as passed over
)

// shownCard is one explored slot of a page.
type shownCard struct {
	request, item string
	at            time.Time
	x             []float32
	seen, done    bool
}

// learning remembers explored cards. It is safe for concurrent use.
type learning struct {
	policy *explore.LinUCB // nil: nothing learns
	mu     sync.Mutex
	by     map[[2]string]*shownCard
	queue  []*shownCard // oldest first
}

func newLearning(policy *explore.LinUCB) *learning {
	return &learning{policy: policy, by: map[[2]string]*shownCard{}}
}

// served takes note of a page's explored cards.
func (l *learning) served(request string, p *feed.Page, keys []string, at time.Time) {
	if l.policy == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) > 0 && (len(l.queue) >= learnRoom || at.Sub(l.queue[0].at) > learnWait) {
		l.forget(l.queue[0])
		l.queue[0] = nil
		l.queue = l.queue[1:]
	}
	for _, c := range p.Cards {
		if !c.Explored || c.Context == nil {
			continue
		}
		s := &shownCard{request: request, item: keys[c.Item], at: at, x: c.Context}
		l.by[[2]string{request, s.item}] = s
		l.queue = append(l.queue, s)
	}
}

// forget counts a card that was seen and not clicked as passed over.
func (l *learning) forget(s *shownCard) {
	if s.done {
		return
	}
	delete(l.by, [2]string{s.request, s.item})
	if s.seen {
		l.observe(s.x, false)
	}
}

// observe cannot fail: the context is of the policy's own length.
func (l *learning) observe(x []float32, clicked bool) { _ = l.policy.Observe(x, clicked, 1) }

// happened hears of events that are durable.
func (l *learning) happened(events []stream.Event) {
	if l.policy == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for k := range events {
		e := &events[k]
		if e.Request == "" {
			continue
		}
		s := l.by[[2]string{e.Request, e.Item}]
		if s == nil {
			continue
		}
		switch e.Kind {
		case stream.Impression:
			s.seen = true
		case stream.Click:
			s.done = true
			delete(l.by, [2]string{e.Request, e.Item})
			l.observe(s.x, true)
		}
	}
}
