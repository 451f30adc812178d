// The overview: how the feed and the server do at this moment, and how they did before it.

package server

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seguefeed/segue/explore"
)

// liveFigure is a figure of the overview.
type liveFigure struct {
	key, colour, name, unit string
	of                      func(*Stats) float64
	text                    func(float64) string
	note                    func(*Stats) string
	least                   float64                      // what its scale reaches at least
	bound                   func(*Stats) (float64, bool) // where it is not to be beyond, and whether it is
}

const figureCount = 9

// shareOf is NaN of nothing.
func shareOf(a, of int64) float64 {
	if of == 0 {
		return math.NaN()
	}
	return float64(a) / float64(of)
}

// tookOf is a latency; NaN while no page was made.
func tookOf(ms float64) float64 {
	if ms <= 0 {
		return math.NaN()
	}
	return ms
}

func wholeText(v float64) string { return countText(int64(v + .5)) }

// liveFigures are those of the overview, in order.
var liveFigures = [figureCount]liveFigure{
	{key: "users", colour: "1", name: "users today", unit: "count", least: 4, text: wholeText, of: func(t *Stats) float64 { return float64(t.UsersToday) },
		note: func(t *Stats) string {
			switch {
			case t.Users == 0:
				return "nobody is known yet"
			case t.UsersToday == 0:
				return "nobody yet, of " + countText(t.Users) + " known"
			}
			return "of " + countText(t.Users) + " known"
		}},
	{key: "active", colour: "3", name: "active users today", unit: "count", least: 4, text: wholeText, of: func(t *Stats) float64 { return float64(t.ActiveToday) },
		note: func(t *Stats) string {
			if t.Clicks == 0 {
				return "nobody clicked yet"
			}
			return shareText(shareOf(int64(t.ActiveToday), int64(t.UsersToday))) + " of today's users click at the day's mean rate or above"
		}},
	{key: "ctr", colour: "1", name: "click-through rate today", unit: "share", least: .04, text: shareText, of: func(t *Stats) float64 { return shareOf(t.Clicks, t.Impressions) },
		note: func(t *Stats) string {
			if t.Impressions == 0 {
				return "no card was seen yet"
			}
			return countOf(int(t.Clicks), "click") + " on " + countOf(int(t.Impressions), "card") + " seen"
		}},
	{key: "explored", colour: "2", name: "exploration share", unit: "share", least: .04, text: shareText, of: func(t *Stats) float64 { return t.Explored },
		note: func(t *Stats) string {
			if t.ExploredOf == 0 {
				return "no page was served yet; " + shareText(capOf(t)) + " of 1,000 slots is the cap"
			}
			return "of the last " + countOf(t.ExploredOf, "slot") + " tried something out; " + shareText(capOf(t)) + " of 1,000 is the cap"
		},
		bound: func(t *Stats) (float64, bool) {
			return capOf(t), t.Explored > capOf(t) && t.ExploredOf >= explore.Window
		}},
	{key: "new", colour: "4", name: "new-card exposure", unit: "share", least: .04, text: shareText, of: func(t *Stats) float64 { return t.NewCards },
		note: func(*Stats) string { return "of today's slots held cards of the last three days" }},
	{key: "pages", colour: "1", name: "pages served", unit: "rate", least: 10. / 60, text: rateText, of: func(t *Stats) float64 { return t.PagesPerSecond },
		note: func(*Stats) string { return "over the last minute" }},
	{key: "median", colour: "3", name: "median latency", unit: "ms", least: 4, text: millisText, of: func(t *Stats) float64 { return tookOf(t.MedianMS) },
		note: func(t *Stats) string { return latencyNote(t, "half of the last pages, 2,048 at most, took longer") }},
	{key: "p99", colour: "2", name: "latency, 99th percentile", unit: "ms", least: 10, text: millisText, of: func(t *Stats) float64 { return tookOf(t.P99MS) },
		note:  func(t *Stats) string { return latencyNote(t, "1 page in 100 took longer; 100 ms is the bound") },
		bound: func(t *Stats) (float64, bool) { return 100, t.P99MS > 100 }},
	{key: "lag", colour: "4", name: "stream lag", unit: "count", least: 10, text: wholeText, of: func(t *Stats) float64 { return float64(t.StreamLag) },
		note:  func(*Stats) string { return "events stored, not in the warehouse yet" },
		bound: func(t *Stats) (float64, bool) { return 100_000, t.StreamLag > 100_000 }},
}

func latencyNote(t *Stats, note string) string {
	if t.MedianMS <= 0 {
		return "no page was made yet"
	}
	return note
}

// capOf is the most that exploration may be, where the backend says it.
func capOf(t *Stats) float64 {
	if t.ExploreCap > 0 {
		return t.ExploreCap
	}
	return .1
}

// rateText writes a number of a second; of a minute where that is a small one.
func rateText(v float64) string {
	if v >= 2 {
		return numberText(v, 3) + " / s"
	}
	return numberText(v*60, 3) + " / min"
}

// overviewBody is the live figures.
type overviewBody struct {
	Ready          bool
	State          string
	Reasons        []string
	Tiles          []liveTile
	Span           string // hour or day
	From, Kept     string // when the curves begin, and why so late
	Model, Age     string
	Events         string // stored in all
	NoModel, Empty bool
	Since, At      string
	Report         bool

	Segments []segmentRow // of whole pages, as Popular
	Popular  []cardRow
	Mean     string       // click-through rate of all cards
	Version  *versionView // the one that makes the pages; nil where it is not known
}

// liveTile is a figure and its curve.
type liveTile struct {
	Key, Value, Name, Note, Colour string
	Warn                           bool
	Chart                          *chart
}

func (s *site) overviewBody(span string) *overviewBody {
	now, t := s.history.take()
	h := s.b.Health()
	at := now.at.In(s.zone)
	b := &overviewBody{Ready: h.Ready, Events: countText(t.LastSeq), Model: h.Model, Age: ageText(t.ModelAge), NoModel: h.Model == "", Empty: t.Items == 0, At: at.Format("15:04:05 MST"), Report: s.report, Span: "hour"}
	for _, reason := range h.Reasons {
		b.Reasons = append(b.Reasons, sentence(reason))
	}
	switch {
	case h.Ready && h.Events && len(h.Reasons) == 0:
		b.State = "All is well"
	case h.Ready && h.Events:
		b.State = "Serving, with something amiss"
	case h.Ready:
		b.State = "Serving pages; new events are not taken"
	default:
		b.State = "Not ready"
	}
	if !t.Since.IsZero() {
		b.Since = t.Since.In(s.zone).Format("2 January, 15:04")
	}
	length := time.Hour
	if span == "day" {
		b.Span, length = "day", 24*time.Hour
	}
	past, began := s.history.last(b.Span == "day")
	from := now.at.Add(-length)
	if began.After(from) {
		from, b.Kept = began, "when the server began to keep them"
	}
	from = minTime(from, now.at.Add(-time.Minute))
	b.From = momentText(from.In(s.zone), at)
	past = append(slices.DeleteFunc(past, func(p sample) bool { return p.at.Before(from) || !p.at.Before(now.at) }), now)
	moments := make([]time.Time, len(past))
	for j := range past {
		moments[j] = past[j].at
	}
	for k := range liveFigures {
		f := &liveFigures[k]
		tile := liveTile{Key: f.key, Value: f.text(now.values[k]), Name: f.name, Note: f.note(&t), Colour: f.colour}
		values := make([]float64, len(past))
		for j := range past {
			values[j] = past[j].values[k]
		}
		bound := 0.
		if f.bound != nil {
			bound, tile.Warn = f.bound(&t)
		}
		tile.Chart = lineChart(slices.Clone(moments), values, from, now.at, f.least, bound, f)
		tile.Chart.Label += " since " + b.From
		b.Tiles = append(b.Tiles, tile)
	}
	return b
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// momentText is a moment of today, or of another day, as seen from now.
func momentText(at, now time.Time) string {
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format("15:04")
	}
	return at.Format("2 Jan, 15:04")
}

// popularShown is how many cards the overview shows.
const popularShown = 6

func (s *site) overview(r *http.Request) (*reply, error) {
	body := s.overviewBody(r.FormValue("span"))
	counts, err := s.more.Segments(r.Context())
	if err != nil {
		return nil, err
	}
	for _, row := range segmentRows(counts, "") {
		if row.Users != "" {
			body.Segments = append(body.Segments, row)
		}
	}
	popular, err := s.b.Popular(r.Context(), popularShown, 0, nil, "")
	if err != nil {
		return nil, err
	}
	if body.Popular, err = s.scoredRows(r, popular); err != nil {
		return nil, err
	}
	if mean := s.more.MeanRate(); mean > 0 {
		body.Mean = shareText(mean)
	}
	if body.Version, err = s.version(r, body.Model); err != nil && !errors.Is(err, ErrUnknownModel) {
		return nil, err
	}
	return &reply{template: "overview", title: "Overview", nav: "/overview", body: body}, nil
}

func (s *site) overviewLive(r *http.Request) (*reply, error) {
	return &reply{template: "overview-live", part: true, body: s.overviewBody(r.FormValue("span"))}, nil
}

// ageText writes a duration in words; what is none stays as it is.
func ageText(text string) string {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil && strings.HasPrefix(text, "0 "):
		return "less than a minute"
	case err != nil:
		return text
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return countOf(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return countOf(int(d.Hours()), "hour")
	}
	return countOf(int(d.Hours()/24), "day")
}
