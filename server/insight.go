// What the pages show of all users and of a card's days.

package server

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// segmentNames are the segments, the least engaged first.
var segmentNames = []string{"never seen", "looks in passing", "browses", "clicks", "clicks a lot"}

// segmented is a count of users by segment, with when it was made and how long that took.
type segmented struct {
	mu   sync.Mutex
	at   time.Time
	took time.Duration
	of   []SegmentView
}

// segmentsPart is the share of the time that may go into counting segments.
const segmentsPart = 100

// SomeUsers implements Insight.
func (e *Engine) SomeUsers(ctx context.Context, n int) ([]UserView, error) {
	out := []UserView{}
	for _, u := range e.c.State.SomeUsers(n) {
		out = append(out, *userView(&u))
	}
	return out, ctx.Err()
}

// Segments implements Insight. The count is kept for a minute, and longer where it takes long.
func (e *Engine) Segments(ctx context.Context) ([]SegmentView, error) {
	s := &e.segments
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != nil && time.Since(s.at) < max(time.Minute, segmentsPart*s.took) {
		return s.of, nil
	}
	began := time.Now()
	by := map[string]int{}
	if err := e.c.State.EachUser(ctx, func(impressions, clicks int) { by[segmentOf(impressions, clicks)]++ }); err != nil {
		return nil, err
	}
	s.of = nil
	for _, name := range segmentNames {
		s.of = append(s.of, SegmentView{name, by[name]})
	}
	s.at, s.took = time.Now(), time.Since(began)
	return s.of, nil
}

// ItemDays implements Insight.
func (e *Engine) ItemDays(ctx context.Context, key string, n int) ([]ItemDay, error) {
	id, ok := e.c.State.CardID(key)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownItem, key)
	}
	out := []ItemDay{}
	for _, d := range e.c.State.CardDays(id) {
		year, month, day := time.Unix(int64(d.Day)*24*3600, 0).UTC().Date()
		out = append(out, ItemDay{time.Date(year, month, day, 0, 0, 0, 0, e.c.Zone), int(d.Shows), int(d.Clicks)})
	}
	return out[max(0, len(out)-n):], ctx.Err()
}

var _ Insight = (*Engine)(nil)
