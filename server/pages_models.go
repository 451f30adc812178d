// Models: which version makes the pages, what each was judged by, and the way from one to another.

package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

type modelsBody struct {
	Versions []versionView
	Heads    []string // of what versions did at a glance
	Done     string   // what was just done
	Current  string
	Previous bool
}

type versionView struct {
	ID, Created, Ago, Program, Data, Size string
	CreatedMS                             int64
	Current, Loaded                       bool
	Problem                               string
	Passed, Forced                        bool
	Won, Lost                             []string
	Metrics                               []metricTable
	Measures                              []metricHead // of all tables, each once, with what it means
	Glances                               []glance     // one for each of the page's heads
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
	v := versionView{ID: m.ID, CreatedMS: m.Created.UnixMilli(), Created: m.Created.In(s.zone).Format("2 January 2006, 15:04"), Ago: agoText(m.Created.UnixMilli(), s.now().In(s.zone)), Program: m.Version, Current: m.Current, Loaded: m.Loaded, Problem: m.Problem,
		Passed: m.Gate.Passed, Forced: m.Gate.Forced}
	for _, why := range m.Gate.Lost {
		v.Lost = append(v.Lost, gateText(why))
	}
	for _, why := range m.Gate.Why {
		if !slices.Contains(m.Gate.Lost, why) {
			v.Won = append(v.Won, gateText(why))
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
	v.Metrics = metricTables(m.Metrics)
	for _, t := range v.Metrics {
		for _, h := range t.Heads {
			name, _, _ := strings.Cut(h.Name, "@")
			if h.Means != "" && !slices.ContainsFunc(v.Measures, func(have metricHead) bool { return have.Name == name }) {
				v.Measures = append(v.Measures, metricHead{name, h.Means, h.Lower})
			}
		}
	}
	v.Glances = glances(v.Metrics)
	return v
}

func (s *site) models(r *http.Request) (*reply, error) {
	versions, err := s.versions(r)
	if err != nil {
		return nil, err
	}
	body := &modelsBody{Versions: versions, Previous: len(versions) > 1}
	for _, v := range versions {
		for _, g := range v.Glances {
			if !slices.Contains(body.Heads, g.Head) { // versions may have been judged by different questions
				body.Heads = append(body.Heads, g.Head)
			}
		}
	}
	for k := range versions {
		told := versions[k].Glances
		versions[k].Glances = nil
		for _, head := range body.Heads {
			g := glance{Head: head}
			if at := slices.IndexFunc(told, func(g glance) bool { return g.Head == head }); at >= 0 {
				g = told[at]
			}
			versions[k].Glances = append(versions[k].Glances, g)
		}
	}
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
	Back    bool   // to the version before
	Now     string // the current version, where Back
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
	return &reply{template: "confirm", title: "Roll back", nav: "/models", body: &confirmBody{Back: true, Now: s.b.Health().Model}}, nil
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
