// The overview: how the feed and the server do at this moment.

package server

import (
	"net/http"
	"time"
)

// overviewBody is the live figures.
type overviewBody struct {
	Ready          bool
	State          string
	Reasons        []string
	Tiles          []liveTile
	Model, Age     string
	Events         string // stored in all
	NoModel, Empty bool
	Since, At      string
	Report         bool
}

// liveTile is a figure, with its value for the curve that the script draws of it.
type liveTile struct {
	Key, Value, Name, Note, Number, Colour string
	Warn                                   bool
}

func (s *site) overviewBody() *overviewBody {
	h, t := s.b.Health(), s.b.Stats()
	now := s.now().In(s.zone)
	b := &overviewBody{Ready: h.Ready, Events: countText(t.LastSeq), Model: h.Model, Age: ageText(t.ModelAge), NoModel: h.Model == "", Empty: t.Items == 0, At: now.Format("15:04:05"), Report: s.report}
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
	share := func(a, of int64) float64 {
		if of == 0 {
			return 0
		}
		return float64(a) / float64(of)
	}
	add := func(key, colour, name, value string, number float64, note string, warn bool) {
		b.Tiles = append(b.Tiles, liveTile{key, value, name, note, numberText(number, 8), colour, warn})
	}
	ctr, active := share(t.Clicks, t.Impressions), share(int64(t.ActiveToday), int64(t.UsersToday))
	add("users", "1", "users today", countText(t.UsersToday), float64(t.UsersToday), "of "+countText(t.Users)+" known", false)
	add("active", "3", "active users today", countText(t.ActiveToday), float64(t.ActiveToday), shareText(active)+" of those here today", false)
	add("ctr", "1", "click-through rate today", shareText(ctr), ctr, countText(t.Clicks)+" clicks, "+countText(t.Impressions)+" impressions", false)
	add("explored", "2", "exploration share", shareText(t.Explored), t.Explored, "of the last 1,000 slots; the cap is below 10%", t.Explored >= .1)
	add("new", "4", "new-card exposure", shareText(t.NewCards), t.NewCards, "of slots hold cards of the last three days", false)
	add("pages", "1", "pages a second", numberText(t.PagesPerSecond, 2), t.PagesPerSecond, "over the last minute", false)
	add("median", "3", "median latency", millisText(t.MedianMS), t.MedianMS, "from request to page", false)
	add("p99", "2", "latency, 99th percentile", millisText(t.P99MS), t.P99MS, "1 page in 100 takes longer", t.P99MS > 100)
	add("lag", "4", "stream lag", countText(t.StreamLag), float64(t.StreamLag), "events stored, not yet in the warehouse", t.StreamLag > 100_000)
	return b
}

func (s *site) overview(*http.Request) (*reply, error) {
	return &reply{template: "overview", title: "Overview", nav: "/overview", body: s.overviewBody()}, nil
}

func (s *site) overviewLive(*http.Request) (*reply, error) {
	return &reply{template: "overview-live", part: true, body: s.overviewBody()}, nil
}

// ageText writes a duration in words; what is none stays as it is.
func ageText(text string) string {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return text
	case d < time.Hour:
		return countOf(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return countOf(int(d.Hours()), "hour")
	}
	return countOf(int(d.Hours()/24), "day")
}
