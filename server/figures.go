// The engine's live figures.

package server

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/seguefeed/segue/feed"
)

// traces adds up what making pages told.
type traces struct {
	mu    sync.Mutex
	named map[string]int64
	drops int64
}

func (t *traces) add(p *feed.Page) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.named == nil {
		t.named = map[string]int64{}
	}
	for _, n := range p.Trace.Named {
		t.named[n.Name] += int64(n.N)
	}
	t.drops += int64(p.Trace.Dropped)
}

// Telemetry implements Telemeter.
func (e *Engine) Telemetry() Telemetry {
	e.traces.mu.Lock()
	defer e.traces.mu.Unlock()
	out := Telemetry{Candidates: maps.Clone(e.traces.named), FatigueDrops: e.traces.drops}
	if l := e.models.now.Load(); l != nil {
		out.ModelMade = l.manifest.Created
	}
	return out
}

// Stats implements Backend.
func (e *Engine) Stats() Stats {
	f, now := e.c.State.Figures(), e.c.Now().In(e.c.Zone)
	year, month, day := now.Date()
	explored, of := e.explorer.Share()
	out := Stats{Since: time.Date(year, month, day, 0, 0, 0, 0, e.c.Zone), Users: f.Users, Items: f.Items, UsersToday: f.UsersToday, ActiveToday: f.ActiveToday,
		Impressions: f.Impressions, Clicks: f.Clicks, NewCards: f.NewCards, Explored: explored, ExploredOf: of, ExploreCap: orElse(e.c.ExploreCap, .1), LastSeq: e.c.Log.Status().Last, PagesPerSecond: e.pages.perSecond(now)}
	if e.c.Lag != nil {
		out.StreamLag = e.c.Lag()
	}
	if l := e.models.now.Load(); l != nil {
		out.ModelAge = inWords(now.Sub(l.manifest.Created))
	}
	return out
}

// inWords is a time as people say it.
func inWords(d time.Duration) string {
	for _, u := range []struct {
		of         time.Duration
		most       int
		one, other string
	}{{time.Minute, 120, "minute", "minutes"}, {time.Hour, 48, "hour", "hours"}, {24 * time.Hour, 1 << 30, "day", "days"}} {
		n := int(d / u.of)
		if n == 1 {
			return "1 " + u.one
		}
		if n < u.most {
			return fmt.Sprintf("%d %s", n, u.other)
		}
	}
	return d.String()
}
