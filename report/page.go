package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/internal/chart"
	"github.com/seguefeed/segue/internal/webui"
	"github.com/seguefeed/segue/warehouse"
)

// maxRows is how many rows of a table the page shows; the files hold all.
const maxRows = 100

// topFindings is how many findings the summary ranks.
const topFindings = 10

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.Must(template.New("page").Parse(pageText)).Parse(examplesText))

// page is what the template shows: everything is written out, so that it only places.
type page struct {
	Title, Lede, Source, Generated, Version string
	CSS                                     template.CSS
	ECharts, Script                         template.JS
	Tiles                                   []tile
	Headlines                               []finding // what to know first
	Top                                     []finding
	Unseen                                  []finding // the first of each question whose tests all saw no difference
	Themes                                  []theme
	Checks                                  []check
	Loads                                   []load
	Absent                                  []string
	Prediction, Recommendation              bool
}

type tile struct{ Value, Label string }

type theme struct {
	ID, Name string
	Cards    []card
}

type card struct {
	ID, Title, Off string
	Findings       []finding
	Charts         []figure
	Pages          []examplePage // of the feed, between charts and tables
	Tables         []table
	Caveats        []string
	Queries        []analysis.Query
}

type finding struct {
	Sentence, Grade, Class string
	Effect, Test           string
	Size                   string // in words, of the effect
	Anchor, Question       string
}

type figure struct {
	ID, Title, Alt string
	Tall, Small    bool
	Key            []keyEntry  // names that this picture and those after it share; their legends are left out
	Option         template.JS // "" when there is nothing to draw
}

type keyEntry struct {
	Name string
	Pale bool
}

type table struct {
	Name, Title string
	Open        bool
	Heads       []head
	Rows        [][]tableCell
	More        string
}

type head struct {
	Label string
	Text  bool
}

type tableCell struct {
	Written string
	Value   string // for sorting; "" when it is no number or not known
	Text    bool
}

type check struct {
	Title, Count, Of, Share, Off string
	Zero                         bool
	Examples                     []string
}

type load struct{ File, Table, Rows, Rejected string }

func writePage(path string, in Input) error {
	p, err := pageOf(in)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, p); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

func pageOf(in Input) (*page, error) {
	c := in.Contents
	p := &page{Title: in.Title, Source: in.Source, Prediction: in.Prediction != nil, Recommendation: in.Recommendation != nil, Version: in.Version, Generated: in.Generated.Format("2 January 2006 15:04 MST"),
		CSS: template.CSS(webui.ReportCSS), ECharts: template.JS(webui.ECharts), Script: template.JS(webui.ReportJS)}
	if p.Recommendation {
		p.CSS += template.CSS(examplesCSS)
	}
	if c.Impressions > 0 {
		p.Lede = fmt.Sprintf("%s, %d days, time zone %s%s", period(c), c.Days(), c.Zone, moved(c))
	}
	for _, t := range []struct {
		n     int64
		label string
	}{{c.Impressions, "impressions"}, {c.Users, "users"}, {c.Cards, "cards"}, {c.Creators, "creators"}, {c.Swipes, "swipes"}, {int64(c.Days()), "days"}} {
		if t.n > 0 {
			p.Tiles = append(p.Tiles, tile{grouped(t.n), t.label})
		}
	}
	for _, a := range in.Answers {
		one, err := cardOf(a)
		if err != nil {
			return nil, err
		}
		if a.ID == examplesID && p.Recommendation {
			one.Pages = examplePages(in.Recommendation)
		}
		if n := len(p.Themes); n == 0 || p.Themes[n-1].Name != a.Theme {
			p.Themes = append(p.Themes, theme{ID: "theme-" + slug(a.Theme), Name: a.Theme})
		}
		last := &p.Themes[len(p.Themes)-1]
		last.Cards = append(last.Cards, one)
	}
	p.Top = ranked(in.Answers)
	for _, a := range in.Answers {
		for _, f := range a.Findings {
			if f.Headline {
				p.Headlines = append(p.Headlines, findingOf(a, f))
			}
		}
		if f, ok := unseen(a); ok && !slices.ContainsFunc(p.Top, func(top finding) bool { return top.Anchor == a.ID }) {
			p.Unseen = append(p.Unseen, findingOf(a, f))
		}
	}
	for _, d := range in.Checks {
		p.Checks = append(p.Checks, checkOf(d))
	}
	for _, l := range c.Loads {
		p.Loads = append(p.Loads, load{l.Name, l.Table.String(), grouped(l.Rows), grouped(l.Rejected)})
	}
	for _, r := range c.Absent {
		p.Absent = append(p.Absent, string(r))
	}
	return p, nil
}

// ranked are the findings that matter most, by weight; one of each question, so that no question fills the page.
func ranked(answers []analysis.Answer) []finding {
	type weighed struct {
		finding
		weight float64
	}
	var all []weighed
	for _, a := range answers {
		for _, f := range a.Findings {
			if f.Weight > 0 {
				all = append(all, weighed{findingOf(a, f), f.Weight})
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].weight > all[j].weight })
	var top []finding
	told := map[string]bool{}
	for _, w := range all {
		if !told[w.Anchor] && len(top) < topFindings {
			told[w.Anchor] = true
			top = append(top, w.finding)
		}
	}
	return top
}

// unseen is the first finding of a question that tested something and saw no difference in anything.
func unseen(a analysis.Answer) (first analysis.Finding, ok bool) {
	for _, f := range a.Findings {
		switch {
		case f.Test == nil:
		case f.Grade != analysis.NoDifference:
			return f, false
		case !ok:
			first, ok = f, true
		}
	}
	return first, ok
}

// sizeOf is a weight in words. The bounds are those of Cohen for a correlation (Statistical Power Analysis, 1988, 3.2).
func sizeOf(weight float64) string {
	switch {
	case weight >= .5:
		return "large"
	case weight >= .3:
		return "medium"
	case weight >= .1:
		return "small"
	}
	return "slight"
}

func cardOf(a analysis.Answer) (card, error) {
	c := card{ID: a.ID, Title: a.Title, Off: a.Off, Caveats: a.Caveats, Queries: a.Queries}
	for _, f := range a.Findings {
		c.Findings = append(c.Findings, findingOf(a, f))
	}
	keys := sharedKeys(a.Charts)
	for i, ch := range a.Charts {
		f := figure{ID: "chart-" + slug(a.ID+"-"+ch.ID), Title: ch.Title, Alt: ch.Alt, Small: ch.Small, Tall: rowsOf(ch) > 12}
		if option, ok := chart.Option(ch); ok {
			labelPoints(ch, option)
			if names := keys[i]; names != nil {
				delete(option, "legend")
				option["grid"].(map[string]any)["top"] = 30
				if i == 0 || keys[i-1] == nil {
					f.Key = names
				}
			}
			b, err := json.Marshal(option) // escapes <, > and &: safe inside a script element
			if err != nil {
				return c, fmt.Errorf("chart %s: %w", ch.ID, err)
			}
			f.Option = template.JS(b)
		}
		c.Charts = append(c.Charts, f)
	}
	for _, t := range a.Tables {
		c.Tables = append(c.Tables, tableOf(t))
	}
	return c, nil
}

// labelPoints writes the labels of a line chart's points at them: the settings that a curve goes through.
func labelPoints(c analysis.Chart, option map[string]any) {
	if c.Kind != analysis.LineChart || !slices.ContainsFunc(c.Series, func(s analysis.Series) bool { return len(s.Labels) > 0 }) {
		return
	}
	option["tooltip"] = map[string]any{"trigger": "item", "confine": true, "formatter": "@point:" + string(c.X.Unit) + ":" + string(c.Y.Unit)}
	next := 0
	for _, one := range option["series"].([]any) {
		line := one.(map[string]any)
		if line["bandOf"] != nil {
			continue
		}
		s := c.Series[next]
		next++
		data := line["data"].([]any)
		if len(s.Labels) != len(data) {
			continue
		}
		for i, v := range data {
			data[i] = map[string]any{"value": v, "name": s.Labels[i]}
		}
		line["showSymbol"], line["symbolSize"] = true, 8
		line["label"] = map[string]any{"show": true, "formatter": "{b}", "position": "top", "fontSize": 11}
		line["labelLayout"] = map[string]any{"hideOverlap": true}
	}
}

// sharedKeys finds small pictures in a row that show the same many lines, which one key can name for all of them: by picture,
// the names, or nil. Dashed references are no part of it.
func sharedKeys(charts []analysis.Chart) [][]keyEntry {
	const many = 5
	own := make([][]keyEntry, len(charts))
	for i, c := range charts {
		if !c.Small || c.Kind != analysis.LineChart {
			continue
		}
		for _, s := range c.Series {
			if !s.Line {
				own[i] = append(own[i], keyEntry{s.Name, s.Pale})
			}
		}
	}
	out := make([][]keyEntry, len(charts))
	for i := 1; i < len(charts); i++ {
		if len(own[i]) >= many && slices.Equal(own[i-1], own[i]) {
			out[i-1], out[i] = own[i-1], own[i]
		}
	}
	return out
}

// rowsOf is how many names a chart has below each other.
func rowsOf(c analysis.Chart) int {
	switch c.Kind {
	case analysis.HBarChart, analysis.DotChart:
		return len(c.X.Categories)
	case analysis.SwarmChart:
		return len(c.Y.Categories)
	case analysis.HeatMap:
		if len(c.Series) > 0 && c.Series[0].Colours != nil { // numbers stand in its cells
			return len(c.Y.Categories)
		}
	}
	return 0
}

func findingOf(a analysis.Answer, f analysis.Finding) finding {
	out := finding{Sentence: f.Sentence, Grade: string(f.Grade), Class: strings.Fields(string(f.Grade) + " none")[0], Anchor: a.ID, Question: a.Title, Size: sizeOf(f.Weight)}
	if e := f.Effect; e != nil {
		out.Effect = e.Name + ": " + withUnit(e.Value, e.Unit)
		if e.Low != e.High && !math.IsNaN(e.Low) && !math.IsNaN(e.High) {
			out.Effect += fmt.Sprintf(" (95%% interval %s to %s)", inUnit(e.Low, e.Unit), withUnit(e.High, e.Unit))
		}
	}
	if t := f.Test; t != nil {
		out.Test = t.Name + ": "
		if !math.IsNaN(t.Statistic) {
			out.Test += fmt.Sprintf("statistic %s, p %s, ", figures(t.Statistic, 4), pValue(t.P))
		}
		out.Test += "q " + pValue(t.Q)
	}
	return out
}

// openTables are those that answer their question by themselves.
var openTables = map[string]bool{"recommend_switches": true, "recommend_split": true, "recommend_judged": true}

func tableOf(t analysis.Table) table {
	out := table{Name: t.Name, Title: t.Title, Open: openTables[t.Name]}
	for _, c := range t.Columns {
		out.Heads = append(out.Heads, head{c.Label, c.Strings != nil})
	}
	n := min(t.Rows(), maxRows)
	for r := range n {
		row := make([]tableCell, len(t.Columns))
		for i, c := range t.Columns {
			switch {
			case c.Strings != nil:
				row[i] = tableCell{Written: c.Strings[r], Text: true}
			case c.Ints != nil:
				row[i] = tableCell{Written: grouped(c.Ints[r]), Value: cell(c, r)}
			default:
				row[i] = tableCell{Written: inUnit(c.Floats[r], c.Unit), Value: cell(c, r)}
			}
		}
		out.Rows = append(out.Rows, row)
	}
	if t.Rows() > n {
		out.More = fmt.Sprintf("The first %d of %s rows; the files hold all.", n, grouped(int64(t.Rows())))
	}
	return out
}

func checkOf(d warehouse.DataCheck) check {
	c := check{Title: d.Title, Off: d.Off, Zero: d.Count == 0, Examples: d.Examples, Count: grouped(d.Count), Of: grouped(d.Of), Share: "–"}
	if d.Of > 0 {
		c.Share = inUnit(float64(d.Count)/float64(d.Of), analysis.Share)
	}
	return c
}

// slug makes a name fit for an id.
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			b.WriteRune(r)
		} else if r == ' ' {
			b.WriteByte('-')
		}
	}
	return b.String()
}
