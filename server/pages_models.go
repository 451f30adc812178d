// Models and the overview: which version makes the pages, what it was judged by, and how the server does at this moment.

package server

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

type modelsBody struct {
	Versions []versionView
	Done     string // what was just done
	Current  string
	Previous bool
}

type versionView struct {
	ID, Created, Ago, Program, Data, Size string
	Current, Loaded                       bool
	Problem                               string
	Passed, Forced                        bool
	Won, Lost                             []string
	Metrics                               *metricTable
}

// metricTable has a row a method and a column a measure.
type metricTable struct {
	Names []string
	Rows  []metricRow
}

type metricRow struct {
	Method string
	Cells  []metricCell
}

type metricCell struct {
	Value, Interval string
	Best            bool
}

func (s *site) versions(r *http.Request) ([]versionView, error) {
	models, err := s.b.Models(r.Context())
	if err != nil {
		return nil, err
	}
	out := make([]versionView, len(models))
	for k := range models {
		out[k] = s.versionView(&models[k])
	}
	slices.SortStableFunc(out, func(a, b versionView) int {
		switch {
		case a.Current == b.Current:
			return 0
		case a.Current:
			return -1
		}
		return 1
	})
	return out, nil
}

func (s *site) versionView(m *ModelView) versionView {
	v := versionView{ID: m.ID, Created: m.Created.In(s.zone).Format("2 January 2006, 15:04"), Ago: agoText(m.Created.UnixMilli(), s.now().In(s.zone)), Program: m.Version, Current: m.Current, Loaded: m.Loaded, Problem: m.Problem,
		Passed: m.Gate.Passed, Forced: m.Gate.Forced, Lost: m.Gate.Lost}
	for _, why := range m.Gate.Why {
		if !slices.Contains(m.Gate.Lost, why) {
			v.Won = append(v.Won, why)
		}
	}
	d := m.Data
	if !d.To.IsZero() {
		v.Data = fmt.Sprintf("%s to %s: %s users, %s cards, %s impressions, %s clicks", d.From.Format("2 January"), d.To.Format("2 January 2006"), countText(d.Users), countText(d.Cards), countText(d.Impressions), countText(d.Clicks))
	}
	var bytes int64
	for _, f := range m.Files {
		bytes += f.Bytes
	}
	if bytes > 0 {
		v.Size = numberText(float64(bytes)/1e6, 3) + " MB"
	}
	table := &metricTable{}
	at := map[string]int{}
	best := map[string]float64{}
	for _, one := range m.Metrics {
		if !slices.Contains(table.Names, one.Name) {
			table.Names = append(table.Names, one.Name)
		}
		if _, ok := at[one.Method]; !ok {
			at[one.Method] = len(table.Rows)
			table.Rows = append(table.Rows, metricRow{Method: one.Method})
		}
		if b, ok := best[one.Name]; !ok || one.Value > b {
			best[one.Name] = one.Value
		}
	}
	for k := range table.Rows {
		table.Rows[k].Cells = make([]metricCell, len(table.Names))
		for j := range table.Names {
			table.Rows[k].Cells[j].Value = "–"
		}
	}
	for _, one := range m.Metrics {
		c := &table.Rows[at[one.Method]].Cells[slices.Index(table.Names, one.Name)]
		c.Value = measureText(one.Value)
		c.Best = one.Value == best[one.Name] && len(table.Rows) > 1
		if one.Low != one.High {
			c.Interval = measureText(one.Low) + " to " + measureText(one.High)
		}
	}
	if len(table.Rows) > 0 {
		v.Metrics = table
	}
	return v
}

// measureText writes measures of one column with the same digits.
func measureText(v float64) string {
	if math.IsNaN(v) || math.Abs(v) >= 100 {
		return numberText(v, 4)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

func (s *site) models(r *http.Request) (*reply, error) {
	versions, err := s.versions(r)
	if err != nil {
		return nil, err
	}
	body := &modelsBody{Versions: versions, Previous: len(versions) > 1}
	for _, v := range versions {
		if v.Current {
			body.Current = v.ID
		}
	}
	switch id := r.FormValue("now"); {
	case id != "" && id == body.Current:
		body.Done = "Version " + id + " makes the pages now."
	case id != "":
		body.Done = "Version " + id + " was asked for; the server has not taken it over yet."
	}
	return &reply{template: "models", title: "Models", nav: "/models", body: body}, nil
}

type confirmBody struct {
	versionView
	Back    bool // to the version before
	Refused string
	Needs   bool // force
}

func (s *site) version(r *http.Request, id string) (*versionView, error) {
	versions, err := s.versions(r)
	if err != nil {
		return nil, err
	}
	for k := range versions {
		if versions[k].ID == id {
			return &versions[k], nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownModel, id)
}

func (s *site) confirm(r *http.Request) (*reply, error) {
	v, err := s.version(r, r.FormValue("id"))
	if err != nil {
		return nil, err
	}
	return &reply{template: "confirm", title: "Activate " + v.ID, nav: "/models", body: &confirmBody{versionView: *v, Needs: !v.Passed && !v.Forced}}, nil
}

func (s *site) confirmBack(r *http.Request) (*reply, error) {
	return &reply{template: "confirm", title: "Roll back", nav: "/models", body: &confirmBody{Back: true}}, nil
}

func (s *site) activate(r *http.Request) (*reply, error) {
	id, force := r.PostFormValue("id"), r.PostFormValue("force") == "yes"
	v, err := s.version(r, id)
	if err != nil {
		return nil, err
	}
	if err := s.b.Activate(r.Context(), id, force); err != nil {
		s.log.WarnContext(r.Context(), "a version was not activated", "model", id, "error", err)
		out := &reply{template: "confirm", title: "Activate " + id, nav: "/models", status: http.StatusConflict, body: &confirmBody{versionView: *v, Needs: errors.Is(err, ErrGate), Refused: sentence(err.Error())}}
		return out, nil
	}
	return &reply{to: "/models?now=" + url.QueryEscape(id)}, nil
}

func (s *site) rollBack(r *http.Request) (*reply, error) {
	id, err := s.b.Rollback(r.Context())
	if err != nil {
		s.log.WarnContext(r.Context(), "no roll-back", "error", err)
		return &reply{template: "confirm", title: "Roll back", nav: "/models", status: http.StatusConflict, body: &confirmBody{Back: true, Refused: sentence(err.Error())}}, nil
	}
	return &reply{to: "/models?now=" + url.QueryEscape(id)}, nil
}

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
	b := &overviewBody{Ready: h.Ready, Events: countText(t.LastSeq), Model: h.Model, Age: t.ModelAge, NoModel: h.Model == "", Empty: t.Items == 0, At: now.Format("15:04:05"), Report: s.report}
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
	add("pages", "1", "pages a second", numberText(t.PagesPerSecond, 3), t.PagesPerSecond, "over the last minute", false)
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
