// The live figures of the last hour and the last day, so that who opens the overview sees how they came to be what they are.

package server

import (
	"context"
	"sync"
	"time"
)

const (
	historyEvery  = 10 * time.Second // between two samples of the last hour
	historyHour   = int(time.Hour / historyEvery)
	historyCoarse = 5 * time.Minute // between two of the last day
	historyDay    = int(24 * time.Hour / historyCoarse)
)

// History keeps samples of a Backend's live figures: an hour of every tenth second and a day of every fifth minute, 52 kB in all. It is safe for concurrent use.
type History struct {
	b   Backend
	now func() time.Time

	mu           sync.Mutex
	began        time.Time
	fine, coarse []sample // oldest first
}

type sample struct {
	at     time.Time
	values [figureCount]float64
}

// NewHistory is one in which nothing is kept yet.
func NewHistory(b Backend) *History { return &History{b: b, now: time.Now} }

// Keep takes samples until ctx ends.
func (h *History) Keep(ctx context.Context) {
	t := time.NewTicker(historyEvery)
	defer t.Stop()
	for {
		h.take()
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// take takes a sample, and gives it. One that comes sooner after the last than is kept is given alone.
func (h *History) take() (sample, Stats) {
	stats := h.b.Stats()
	s := sample{at: h.now()}
	for k := range liveFigures {
		s.values[k] = liveFigures[k].of(&stats)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.began.IsZero() {
		h.began = s.at
	}
	h.fine = kept(h.fine, s, historyEvery, historyHour)
	h.coarse = kept(h.coarse, s, historyCoarse, historyDay)
	return s, stats
}

// kept adds a sample where the last one is every old, less a tenth for clocks that tick unevenly, and lets those go that are too old, or of a moment that is yet
// to come, since the clock was set back.
func kept(list []sample, s sample, every time.Duration, most int) []sample {
	for len(list) > 0 && !list[len(list)-1].at.Before(s.at) {
		list = list[:len(list)-1]
	}
	if n := len(list); n > 0 && s.at.Sub(list[n-1].at) < every-every/10 {
		return list
	}
	for len(list) > 0 && (len(list) >= most || s.at.Sub(list[0].at) > every*time.Duration(most)) {
		list = list[1:]
	}
	if cap(list) == len(list) {
		list = append(make([]sample, 0, len(list)+len(list)/4+8), list...)
	}
	return append(list, s)
}

// last gives the samples of the last hour or day, oldest first, and since when any are kept.
func (h *History) last(day bool) ([]sample, time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.fine
	if day {
		list = h.coarse
	}
	return append([]sample(nil), list...), h.began
}
