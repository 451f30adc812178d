// Figures for Prometheus, in a registry of the server's own. What requests tell is counted as they pass; what the engine knows is asked for when the
// figures are.

package server

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/seguefeed/segue/stream"
)

// Telemetry is what a Backend may tell beyond Stats and Health, counted since it began.
type Telemetry struct {
	Candidates   map[string]int64 // cards that each source named
	FatigueDrops int64            // candidates that fatigue took off the page
	ModelMade    time.Time        // of the model that pages are made with; zero: none
}

// Telemeter is a Backend that tells it.
type Telemeter interface{ Telemetry() Telemetry }

// counted is a Backend that counts what passes, and traces it.
type counted struct {
	Backend
	m *metrics
}

// Feed implements Backend.
func (c *counted) Feed(ctx context.Context, r FeedRequest) (*FeedPage, error) {
	part := below(ctx, "make page")
	began := time.Now()
	page, err := c.Backend.Feed(ctx, r)
	if err == nil && page != nil {
		c.m.page(page, time.Since(began))
		if part != nil {
			part.page = page.Request
		}
	}
	part.endPart(err)
	return page, err
}

// Stats implements Backend: with the time that the last pages took.
func (c *counted) Stats() Stats {
	out := c.Backend.Stats()
	median, p99 := c.m.latency()
	out.MedianMS, out.P99MS = float64(median.Microseconds())/1000, float64(p99.Microseconds())/1000
	return out
}

// Append implements Backend.
func (c *counted) Append(ctx context.Context, events []stream.Event) (Taken, error) {
	part := below(ctx, "store events")
	taken, err := c.Backend.Append(ctx, events)
	if part != nil {
		part.events = len(events)
	}
	part.endPart(err)
	if err != nil {
		c.refuse(len(events))
	}
	c.m.accepted.Add(float64(taken.Accepted))
	c.m.duplicates.Add(float64(taken.Duplicates))
	return taken, err
}

// refuse counts events that were not taken.
func (c *counted) refuse(n int) { c.m.refusedEvents.Add(float64(n)) }

// latencyWindow is how many of the last pages the quantiles of Stats are over.
const latencyWindow = 2048

type metrics struct {
	registry                            *prometheus.Registry
	took                                *prometheus.HistogramVec
	turnedAway                          *prometheus.CounterVec
	accepted, duplicates, refusedEvents prometheus.Counter
	cards                               *prometheus.CounterVec
	explored                            prometheus.Counter

	mu     sync.Mutex
	last   [latencyWindow]time.Duration // of pages, in a ring
	placed int                          // pages since the start
}

func newMetrics(s *Server) *metrics {
	byLabel := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "segue_http_request_seconds", Help: "Time from a request's header to the end of its answer.",
			Buckets: []float64{.0005, .001, .002, .003, .005, .0075, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"route", "status"}),
		turnedAway:    byLabel("segue_http_refused_total", "Requests that did not reach a route, by reason.", "why"),
		accepted:      counter("segue_events_accepted_total", "Events that were stored."),
		duplicates:    counter("segue_events_duplicate_total", "Events that came again."),
		refusedEvents: counter("segue_events_refused_total", "Events that were not taken: wrong ones, those beside them, and those for which there was no room."),
		cards:         byLabel("segue_cards_total", "Cards on pages, by the source that gives the reason.", "by"),
		explored:      counter("segue_cards_explored_total", "Cards on pages that exploration chose."),
	}
	inFlight := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "segue_http_in_flight", Help: "Requests that are being answered."}, func() float64 {
		return float64(s.active.Load())
	})
	m.registry.MustRegister(m.took, m.turnedAway, m.accepted, m.duplicates, m.refusedEvents, m.cards, m.explored, inFlight, &engineCollector{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.backend.m = m
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) refused(why string) { m.turnedAway.WithLabelValues(why).Inc() }

func (m *metrics) observe(pattern string, status int, took time.Duration) {
	code := "200"
	if status != http.StatusOK {
		code = strconv.Itoa(status)
	}
	m.took.WithLabelValues(routeOf(pattern), code).Observe(took.Seconds())
}

// page counts the cards of p, and what it took. Cards of a source mostly stand together, so that a run is counted at once.
func (m *metrics) page(p *FeedPage, took time.Duration) {
	m.mu.Lock()
	m.last[m.placed%latencyWindow] = took
	m.placed++
	m.mu.Unlock()
	explored, run := 0, 0
	for k := range p.Cards {
		if p.Cards[k].Explored {
			explored++
		}
		if run++; k+1 == len(p.Cards) || p.Cards[k+1].By != p.Cards[k].By {
			m.cards.WithLabelValues(p.Cards[k].By).Add(float64(run))
			run = 0
		}
	}
	if explored > 0 {
		m.explored.Add(float64(explored))
	}
}

// latency gives the median and the 99th percentile of the last pages; 0 while there were none.
func (m *metrics) latency() (median, p99 time.Duration) {
	m.mu.Lock()
	last := slices.Clone(m.last[:min(m.placed, latencyWindow)])
	m.mu.Unlock()
	if len(last) == 0 {
		return 0, 0
	}
	slices.Sort(last)
	return last[len(last)/2], last[(len(last)*99)/100]
}

// engineCollector asks the backend when figures are asked for.
type engineCollector struct{ s *Server }

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	readyDesc      = gauge("segue_ready", "Whether pages are made: 1 or 0.")
	takesDesc      = gauge("segue_events_taken", "Whether new events are taken: 1 or 0.")
	reasonsDesc    = gauge("segue_health_reasons", "What is amiss, by /health/ready: how many reasons it gives.")
	exploredDesc   = gauge("segue_exploration_share", "Share of the last 1,000 slots, or of those since the start, that exploration filled.")
	newCardsDesc   = gauge("segue_new_card_share", "Share of today's slots that held cards published within three days.")
	lagDesc        = gauge("segue_stream_lag_events", "Events that are stored and not yet in the warehouse.")
	seqDesc        = gauge("segue_stream_last_seq", "Number of the last event.")
	usersDesc      = gauge("segue_users", "Known users.")
	itemsDesc      = gauge("segue_items", "Items.")
	activeDesc     = gauge("segue_users_active_today", "Users seen today at or above the mean click-through rate of the day.")
	usersTodayDesc = gauge("segue_users_today", "Users seen today.")
	modelAgeDesc   = gauge("segue_model_age_seconds", "Time since the model that pages are made with was made.")
	candidatesDesc = gauge("segue_candidates_total", "Cards that a source named.", "source")
	dropsDesc      = gauge("segue_fatigue_drops_total", "Candidates that fatigue took off the page.")
)

// Describe implements prometheus.Collector.
func (c *engineCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		readyDesc, takesDesc, reasonsDesc, exploredDesc, newCardsDesc, lagDesc, seqDesc, usersDesc, itemsDesc, activeDesc, usersTodayDesc, modelAgeDesc, candidatesDesc, dropsDesc,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *engineCollector) Collect(ch chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	truth := func(v bool) float64 {
		if v {
			return 1
		}
		return 0
	}
	h, st := c.s.backend.Health(), c.s.backend.Stats()
	tell(readyDesc, prometheus.GaugeValue, truth(h.Ready && !c.s.draining.Load()))
	tell(takesDesc, prometheus.GaugeValue, truth(h.Events))
	tell(reasonsDesc, prometheus.GaugeValue, float64(len(h.Reasons)))
	tell(exploredDesc, prometheus.GaugeValue, st.Explored)
	tell(newCardsDesc, prometheus.GaugeValue, st.NewCards)
	tell(lagDesc, prometheus.GaugeValue, float64(st.StreamLag))
	tell(seqDesc, prometheus.GaugeValue, float64(st.LastSeq))
	tell(usersDesc, prometheus.GaugeValue, float64(st.Users))
	tell(itemsDesc, prometheus.GaugeValue, float64(st.Items))
	tell(activeDesc, prometheus.GaugeValue, float64(st.ActiveToday))
	tell(usersTodayDesc, prometheus.GaugeValue, float64(st.UsersToday))
	t, ok := c.s.backend.Backend.(Telemeter)
	if !ok {
		return
	}
	more := t.Telemetry()
	for source, n := range more.Candidates {
		tell(candidatesDesc, prometheus.CounterValue, float64(n), source)
	}
	tell(dropsDesc, prometheus.CounterValue, float64(more.FatigueDrops))
	if !more.ModelMade.IsZero() {
		tell(modelAgeDesc, prometheus.GaugeValue, c.s.now().Sub(more.ModelMade).Seconds())
	}
}
