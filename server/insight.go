// What the pages show of all users and of a card's days.

package server

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// segmented is a count of users by segment, with when it was made and how long that took.
type segmented struct {
	mu       sync.Mutex
	at       time.Time
	took     time.Duration
	of       []SegmentView
	counting chan struct{} // closed when the count under way is done; nil: none is
}

const (
	segmentsPart     = 100             // the share of the time that may go into counting segments: one in so many
	segmentsPatience = time.Second / 2 // how long who asks waits for a count
)

// SomeUsers implements Insight.
func (e *Engine) SomeUsers(ctx context.Context, n int) ([]UserView, error) {
	out := []UserView{}
	for _, u := range e.c.State.SomeUsers(n) {
		out = append(out, *userView(&u))
	}
	return out, ctx.Err()
}

// Segments implements Insight. The count is kept for a minute, and longer where it takes long. It is made beside who asks: who does not get it in time gets
// the one before, or none.
func (e *Engine) Segments(ctx context.Context) ([]SegmentView, error) {
	s := &e.segments
	s.mu.Lock()
	if s.of != nil && time.Since(s.at) < max(time.Minute, segmentsPart*s.took) {
		defer s.mu.Unlock()
		return s.of, nil
	}
	if s.counting == nil && e.work.Err() == nil {
		s.counting = make(chan struct{})
		e.done.Go(e.countSegments)
	}
	made := s.counting
	s.mu.Unlock()
	patience := time.NewTimer(segmentsPatience)
	defer patience.Stop()
	select {
	case <-made: // nil, and never, where the engine ends
	case <-patience.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of, nil
}

func (e *Engine) countSegments() {
	began := time.Now()
	by := map[string]int{}
	err := e.c.State.EachUser(e.work, func(impressions, clicks int) { by[segmentOf(impressions, clicks)]++ })
	s := &e.segments
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.counting)
	s.counting = nil
	if err != nil { // the engine ends
		return
	}
	s.of = nil
	for _, name := range segmentsOf {
		s.of = append(s.of, SegmentView{name, by[name]})
	}
	s.at, s.took = time.Now(), time.Since(began)
}

// daysPatience is how long the warehouse is waited for; without its answer the page has the days that the state counts.
const daysPatience = 3 * time.Second

// ItemDays implements Insight: the last days from the state, those before from the warehouse.
func (e *Engine) ItemDays(ctx context.Context, key string, n int) ([]ItemDay, error) {
	id, ok := e.c.State.CardID(key)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownItem, key)
	}
	first, counted := e.c.State.CardDays(id)
	out := []ItemDay{}
	if e.c.CardDays != nil {
		bounded, cancel := context.WithTimeout(ctx, daysPatience)
		older, err := e.c.CardDays(bounded, key, e.dayOf(first))
		cancel()
		if err != nil {
			e.c.Logger.WarnContext(ctx, "the warehouse did not tell the days of an item; those that the state counts are shown", "error", err)
		}
		out = append(out, older...)
	}
	for _, d := range counted {
		out = append(out, ItemDay{e.dayOf(d.Day), int(d.Shows), int(d.Clicks)})
	}
	return out[max(0, len(out)-n):], ctx.Err()
}

// dayOf is the start of a day that is counted from 1970-01-01, in the log's zone.
func (e *Engine) dayOf(day int32) time.Time {
	return time.Date(1970, 1, 1+int(day), 0, 0, 0, 0, e.c.Zone)
}

// MeanRate implements Insight.
func (e *Engine) MeanRate() float64 {
	shows, clicks := e.c.State.Totals()
	if shows == 0 {
		return 0
	}
	return clicks / shows
}

var _ Insight = (*Engine)(nil)
