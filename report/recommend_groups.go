// For whom recommendations work: a method that is good on average may do nothing for newcomers, or for a region.

package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
)

// questionsOf are the questions that methods are judged on by group, in words.
var questionsOf = map[string]string{"truth": "true clicks", "retrieve": "cards found", "rerank": "order of what was shown"}

func recommendGroupsAnswer(r *evaluate.Results) analysis.Answer {
	a := analysis.Answer{ID: "recommend-groups", Title: "For whom do recommendations work?"}
	var drawn []evaluate.GroupTable
	for _, g := range r.Groups {
		if len(g.Groups) > 1 && len(g.Rows) > 0 {
			drawn = append(drawn, g)
		}
	}
	if len(drawn) == 0 {
		a.Off = "there are no two groups with enough users"
		return a
	}
	// First what lists bring, then the order of what was shown: the judge of the whole, then of a part.
	slices.SortStableFunc(drawn, func(x, y evaluate.GroupTable) int { return b2i(x.Question == "rerank") - b2i(y.Question == "rerank") })
	heat := 0
	for i, g := range drawn {
		methods := tellingMethods(g, r)
		if f, ok := groupFinding(g, methods); ok {
			a.Findings = append(a.Findings, f)
		}
		if g.Question != "rerank" && heat == 0 {
			if c, ok := timesPopularity(g); ok {
				a.Charts = append(a.Charts, c)
			}
			heat++
		}
		a.Charts = append(a.Charts, groupChart(fmt.Sprintf("recommend-groups-%d", i+1), g, methods))
	}
	a.Tables = groupTables(drawn)
	a.Caveats = []string{
		"The pictures show the methods that tell most; the table holds all. In brackets is the number of users. Intervals are each of one group, by drawing its users again; of twenty such, one may miss its true value by chance.",
		"Groups differ in how much they click whatever they are shown: compare methods within a group before groups with each other.",
	}
	return a
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// tellingMethods are few enough to tell apart in one picture: what is to be beaten, the best that is not the product, the product, and the best
// there could be.
func tellingMethods(g evaluate.GroupTable, r *evaluate.Results) (out []evaluate.Row) {
	add := func(row *evaluate.Row) {
		if row != nil && len(row.Cells) == len(g.Groups) && !slices.ContainsFunc(out, func(o evaluate.Row) bool { return o.Method == row.Method }) {
			out = append(out, *row)
		}
	}
	add(rowOf(g.Rows, method(evaluate.Popularity)))
	if g.Question == "rerank" {
		if own := rowOf(g.Rows, method(r.Chosen)); own != nil {
			add(own)
		} else {
			add(rowOf(g.Rows, func(row evaluate.Row) bool { return row.Kind == evaluate.Ranker }))
		}
		return out
	}
	best, most := (*evaluate.Row)(nil), math.Inf(-1)
	for i, row := range g.Rows {
		if row.Kind == evaluate.Candidates {
			if v := meanOver(g, row); v > most {
				best, most = &g.Rows[i], v
			}
		}
	}
	add(best)
	add(thePage(g.Rows))
	add(rowOf(g.Rows, func(row evaluate.Row) bool { return row.Kind == evaluate.Ceiling }))
	return out
}

// meanOver is a method's mean over all users of the groups.
func meanOver(g evaluate.GroupTable, row evaluate.Row) float64 {
	sum, users := 0.0, 0.0
	for k, c := range row.Cells {
		if k < len(g.Groups) && known(c.Value) {
			sum, users = sum+c.Value*float64(g.Groups[k].Users), users+float64(g.Groups[k].Users)
		}
	}
	return sum / users
}

// groupFinding says in which group the product does best beside popularity and in which worst.
func groupFinding(g evaluate.GroupTable, methods []evaluate.Row) (f analysis.Finding, ok bool) {
	if len(methods) < 2 || methods[0].Method != evaluate.Popularity {
		return f, false
	}
	own := methods[len(methods)-1]
	if page := thePage(methods); page != nil {
		own = *page
	}
	base := methods[0]
	most, least := -1, -1
	gain := func(k int) float64 { return own.Cells[k].Value / base.Cells[k].Value }
	for k := range g.Groups {
		if !known(gain(k)) {
			continue
		}
		if most < 0 || gain(k) > gain(most) {
			most = k
		}
		if least < 0 || gain(k) < gain(least) {
			least = k
		}
	}
	if most < 0 || most == least {
		return f, false
	}
	m := g.Measure
	at := func(k int) string {
		return fmt.Sprintf("%s against %s", inMeasure(own.Cells[k].Value, m), inMeasure(base.Cells[k].Value, m))
	}
	return analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("By %s, %s does best beside %s among %s (%s: %s) and worst among %s (%s).",
		g.By, quoted(own.Method), quoted(base.Method), quoted(g.Groups[most].Name), lower(m), at(most), quoted(g.Groups[least].Name), at(least))}, true
}

// groupChart is a few methods within each group: bars of what lists bring, and points of the order of what was shown, whose zero means
// nothing.
func groupChart(id string, g evaluate.GroupTable, methods []evaluate.Row) analysis.Chart {
	m := g.Measure
	c := analysis.Chart{ID: id, Title: fmt.Sprintf("%s by %s, with 95%% intervals", m.Label, g.By), Kind: analysis.HBarChart,
		X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(g.Groups, groupName)}, Y: analysis.Axis{Label: labelOf(m), Unit: unitOf(m)},
		Alt: fmt.Sprintf("%d methods with intervals within %d groups by %s.", len(methods), len(g.Groups), g.By)}
	var ends []float64
	for _, row := range methods {
		s := analysis.Series{Name: row.Method}
		for _, v := range row.Cells {
			s.Y, s.Low, s.High = append(s.Y, v.Value), append(s.Low, v.Low), append(s.High, v.High)
		}
		ends = slices.Concat(ends, s.Y, s.Low, s.High)
		c.Series = append(c.Series, s)
	}
	if g.Question == "rerank" {
		c.Kind, c.Small, c.Y.Range = analysis.DotChart, true, roundly(ends...)
	}
	return c
}

// groupName is a group with the number of its users.
func groupName(g evaluate.Group) string {
	return fmt.Sprintf("%s (%s)", g.Name, grouped(int64(g.Users)))
}

// timesPopularity is a heat map, a row a method and a column a group: how many times what popularity reaches there.
func timesPopularity(g evaluate.GroupTable) (c analysis.Chart, ok bool) {
	base := rowOf(g.Rows, method(evaluate.Popularity))
	if base == nil {
		return c, false
	}
	rows := slices.DeleteFunc(slices.Clone(g.Rows), func(r evaluate.Row) bool { return r.Method == evaluate.Popularity || len(r.Cells) != len(g.Groups) })
	slices.SortStableFunc(rows, func(x, y evaluate.Row) int {
		switch a, b := meanOver(g, x), meanOver(g, y); {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	s, widest := analysis.Series{Name: "times popularity"}, 0.0
	for _, r := range rows {
		var line []float64
		for k, v := range r.Cells {
			f := v.Value / cellAt(base.Cells, k).Value
			if !known(f) {
				f = math.NaN()
			} else if f > 0 {
				widest = math.Max(widest, math.Abs(math.Log2(f)))
			}
			line = append(line, f)
		}
		s.Grid = append(s.Grid, line)
	}
	s.Colours = toned(s.Grid, widest)
	return analysis.Chart{ID: "recommend-times", Title: fmt.Sprintf("%s by %s: how many times that of the most popular cards", g.Measure.Label, g.By), Kind: analysis.HeatMap,
		X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(g.Groups, func(x evaluate.Group) string { return x.Name })}, Y: analysis.Axis{Unit: analysis.Text, Categories: ofEach(rows, func(r evaluate.Row) string { return r.Method })},
		Series: []analysis.Series{s}, Alt: fmt.Sprintf("Heat map of %d methods by %d groups by %s.", len(rows), len(g.Groups), g.By)}, true
}

// toned are the colours of factors, by doublings: 1 is in the middle, the factor that is furthest from 1 at an end.
func toned(grid [][]float64, widest float64) [][]float64 {
	out := make([][]float64, len(grid))
	for i, row := range grid {
		for _, f := range row {
			tone := .5
			switch {
			case !known(f):
				tone = math.NaN()
			case f <= 0:
				tone = 0
			case widest > 0:
				tone = .5 + .5*math.Max(-1, math.Min(1, math.Log2(f)/widest))
			}
			out[i] = append(out[i], tone)
		}
	}
	return out
}

func groupTables(groups []evaluate.GroupTable) []analysis.Table {
	type value struct {
		g    evaluate.GroupTable
		in   evaluate.Group
		row  evaluate.Row
		cell evaluate.Cell
	}
	var all []value
	for _, g := range groups {
		for k, in := range g.Groups {
			for _, row := range g.Rows {
				all = append(all, value{g, in, row, cellAt(row.Cells, k)})
			}
		}
	}
	return []analysis.Table{{Name: "recommend_groups", Title: "Methods by group", Columns: []analysis.Column{
		texts("question", "question", all, func(v value) string { return questionsOf[v.g.Question] }),
		texts("by", "by", all, func(v value) string { return v.g.By }),
		texts("group", "group", all, func(v value) string { return v.in.Name }),
		counts("users", "users", all, func(v value) int { return v.in.Users }),
		texts("method", "method", all, func(v value) string { return v.row.Method }),
		texts("measure", "measure", all, func(v value) string { return labelOf(v.g.Measure) }),
		numbers("value", "value", analysis.Plain, all, func(v value) float64 { return v.cell.Value }),
		numbers("low", "95% from", analysis.Plain, all, func(v value) float64 { return v.cell.Low }),
		numbers("high", "to", analysis.Plain, all, func(v value) float64 { return v.cell.High }),
	}}}
}
