// The theme "What to recommend": what an evaluation of recommenders found, as answers like those of the analysis, so that its cards,
// charts, tables and numbers take the same way onto the page and into the files.

package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
)

const recommendTheme = "What to recommend"

// recommendAnswers are the theme's cards, from what matters most to what was judged. What r lacks has no card.
func recommendAnswers(r *evaluate.Results) []analysis.Answer {
	if r == nil {
		return nil
	}
	var answers []analysis.Answer
	for _, one := range []struct {
		known bool
		of    func(*evaluate.Results) analysis.Answer
	}{
		{filled(r.Truth), truthAnswer},
		{filled(r.Retrieve), retrieveAnswer},
		{filled(r.Rerank), rerankAnswer},
		{len(r.Groups) > 0, recommendGroupsAnswer},
		{len(r.Position) > 0, slotsAnswer},
		{r.Calibration != nil, chancesAnswer},
		{len(r.TradeOffs) > 0, tradeOffsAnswer},
		{len(r.Switches) > 0, switchesAnswer},
		{len(r.Importance) > 0, learnedAnswer},
		{len(r.Pages) > 0, examplesAnswer},
		{true, splitAnswer},
	} {
		if one.known {
			a := one.of(r)
			a.Theme = recommendTheme
			answers = append(answers, a)
		}
	}
	return answers
}

// filled says whether a table has a number to show.
func filled(t *evaluate.Table) bool {
	return t != nil && len(t.Measures) > 0 && len(t.Rows) > 0
}

// measureOf is the index of the measure with the name, or of the name at some depth as "ndcg" is that of "ndcg@10"; -1 without.
func measureOf(t *evaluate.Table, name string) int {
	return slices.IndexFunc(t.Measures, func(m evaluate.Measure) bool { return m.Name == name || strings.HasPrefix(m.Name, name+"@") })
}

// depthOf is the depth of a measure, "20" of "recall@20"; "" where it has none.
func depthOf(m evaluate.Measure) string {
	_, depth, _ := strings.Cut(m.Name, "@")
	return depth
}

// cellAt is a row's number k, unknown where it has none.
func cellAt(cells []evaluate.Cell, k int) evaluate.Cell {
	if k < 0 || k >= len(cells) {
		nan := math.NaN()
		return evaluate.Cell{Value: nan, Low: nan, High: nan, Gap: nan, P: nan}
	}
	return cells[k]
}

// rowOf is the row of a method; nil without.
func rowOf(rows []evaluate.Row, is func(evaluate.Row) bool) *evaluate.Row {
	for i := range rows {
		if is(rows[i]) {
			return &rows[i]
		}
	}
	return nil
}

func method(name string) func(evaluate.Row) bool {
	return func(r evaluate.Row) bool { return r.Method == name }
}

// byMeasure are the rows that have a value of measure k, the best first.
func byMeasure(rows []evaluate.Row, m evaluate.Measure, k int) []evaluate.Row {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r evaluate.Row) bool { return !known(cellAt(r.Cells, k).Value) })
	slices.SortStableFunc(rows, func(a, b evaluate.Row) int {
		x, y := a.Cells[k].Value, b.Cells[k].Value
		if m.Lower {
			x, y = y, x
		}
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return rows
}

func known(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// unitOf is the unit of a measure as the page writes numbers.
func unitOf(m evaluate.Measure) analysis.Unit {
	switch m.Unit {
	case "share":
		return analysis.Share
	case "s":
		return analysis.Seconds
	}
	return analysis.Plain
}

// labelOf names a measure, with its unit where the numbers do not carry it.
func labelOf(m evaluate.Measure) string {
	if m.Unit == "" || unitOf(m) != analysis.Plain {
		return m.Label
	}
	return m.Label + ", " + m.Unit
}

// inMeasure writes a value of a measure to three figures.
func inMeasure(v float64, m evaluate.Measure) string {
	if u := unitOf(m); u != analysis.Plain || !known(v) {
		return inUnit(v, u)
	}
	return figures(v, 3)
}

// lower is a measure's name inside a sentence.
func lower(m evaluate.Measure) string {
	if len(m.Label) > 1 && m.Label[1] >= 'A' && m.Label[1] <= 'Z' { // an abbreviation: NDCG
		return m.Label
	}
	return strings.ToLower(m.Label[:min(1, len(m.Label))]) + m.Label[min(1, len(m.Label)):]
}

// interval writes the interval of a cell: "95% interval 0.1 to 0.2", or "" where none is known.
func interval(c evaluate.Cell, m evaluate.Measure) string {
	if !known(c.Low) || !known(c.High) {
		return ""
	}
	return fmt.Sprintf("95%% interval %s to %s", inMeasure(c.Low, m), inMeasure(c.High, m))
}

// withInterval writes a cell with its interval in brackets.
func withInterval(c evaluate.Cell, m evaluate.Measure) string {
	if in := interval(c, m); in != "" {
		return inMeasure(c.Value, m) + " (" + in + ")"
	}
	return inMeasure(c.Value, m)
}

// measured is a cell as the effect behind a finding.
func measured(name string, c evaluate.Cell, m evaluate.Measure) *analysis.Effect {
	return &analysis.Effect{Name: name, Value: c.Value, Low: c.Low, High: c.High, Unit: unitOf(m)}
}

// paired is the test behind the gap of a cell to the best of its column.
func paired(c evaluate.Cell) *analysis.Test {
	return &analysis.Test{Name: "paired over users, corrected by Holm", Statistic: math.NaN(), P: math.NaN(), Q: c.P}
}

// standing divides the methods of a column into those that cannot be told from the best and those that are worse.
func standing(rows []evaluate.Row, k int) (equal, worse []string) {
	for _, r := range rows[1:] {
		switch c := cellAt(r.Cells, k); {
		case !known(c.P):
		case c.P <= significant:
			worse = append(worse, r.Method)
		default:
			equal = append(equal, r.Method)
		}
	}
	return equal, worse
}

// standingFinding says what standing found, rows being those of the column, the best first.
func standingFinding(rows []evaluate.Row, k int) (f analysis.Finding, ok bool) {
	equal, worse := standing(rows, k)
	some := func(names []string) string {
		if len(names) > 5 {
			return fmt.Sprintf("%d other methods", len(names))
		}
		return listed(ofEach(names, quoted))
	}
	are := func(names []string) string {
		if len(names) == 1 {
			return "is"
		}
		return "are"
	}
	best := quoted(rows[0].Method)
	switch {
	case len(equal)+len(worse) == 0:
		return f, false
	case len(equal) == 0:
		return analysis.Finding{Grade: analysis.Association, Sentence: fmt.Sprintf("The lead of %s over every other method is real: each difference, of the same users, is beyond chance.", best)}, true
	case len(worse) == 0:
		return analysis.Finding{Grade: analysis.NoDifference, Sentence: fmt.Sprintf("No method is seen to be worse than %s: the differences to %s are not real as far as can be seen.", best, some(equal))}, true
	}
	return analysis.Finding{Grade: analysis.Association, Sentence: fmt.Sprintf("%s cannot be told from %s: the difference is not real as far as can be seen. %s %s worse, beyond chance.",
		title(some(equal)), best, title(some(worse)), are(worse))}, true
}

// quoted sets a method's name off the sentence, since some are words of the language: "the page".
func quoted(name string) string { return "“" + name + "”" }

// against says in words how a cell stands to the best of its column.
func against(c evaluate.Cell, m evaluate.Measure) string {
	switch {
	case !m.Paired || !known(c.Value):
		return ""
	case !known(c.P) && c.Gap == 0:
		return "the best"
	case !known(c.P):
		return ""
	case c.P <= significant:
		return "worse"
	}
	return "no worse, as far as can be seen"
}

// fileMeasure makes a measure's name fit for a column's.
func fileMeasure(m evaluate.Measure) string { return strings.ReplaceAll(m.Name, "@", "_at_") }

// methodTables are a table of values, a row a method, to be read, and one with everything known of each value, a row a value.
func methodTables(name, caption string, t *evaluate.Table, rows []evaluate.Row) []analysis.Table {
	values := analysis.Table{Name: name, Title: caption, Columns: []analysis.Column{
		texts("method", "method", rows, func(r evaluate.Row) string { return r.Method }),
		texts("kind", "kind", rows, func(r evaluate.Row) string { return string(r.Kind) }),
	}}
	type value struct {
		method string
		m      evaluate.Measure
		c      evaluate.Cell
	}
	var all []value
	for k, m := range t.Measures {
		values.Columns = append(values.Columns, numbers(fileMeasure(m), labelOf(m), unitOf(m), rows, func(r evaluate.Row) float64 { return cellAt(r.Cells, k).Value }))
		for _, r := range rows {
			all = append(all, value{r.Method, m, cellAt(r.Cells, k)})
		}
	}
	values.Columns = append(values.Columns, numbers("train_seconds", "to train", analysis.Seconds, rows, func(r evaluate.Row) float64 { return r.Seconds }))
	return []analysis.Table{values, {Name: name + "_intervals", Title: caption + ": intervals, and gaps to the best", Columns: []analysis.Column{
		texts("measure", "measure", all, func(v value) string { return labelOf(v.m) }),
		texts("method", "method", all, func(v value) string { return v.method }),
		numbers("value", "value", analysis.Plain, all, func(v value) float64 { return v.c.Value }),
		numbers("low", "95% from", analysis.Plain, all, func(v value) float64 { return v.c.Low }),
		numbers("high", "to", analysis.Plain, all, func(v value) float64 { return v.c.High }),
		numbers("gap", "gap to the best", analysis.Plain, all, func(v value) float64 { return v.c.Gap }),
		numbers("p_holm", "p (Holm)", analysis.Plain, all, func(v value) float64 { return v.c.P }),
		texts("verdict", "than the best", all, func(v value) string { return against(v.c, v.m) }),
	}}, measuresTable(name+"_measures", t.Measures)}
}

// measuresTable says what measures mean.
func measuresTable(name string, measures []evaluate.Measure) analysis.Table {
	better := map[bool]string{true: "less", false: "more"}
	return analysis.Table{Name: name, Title: "What the measures say", Columns: []analysis.Column{
		texts("measure", "measure", measures, labelOf),
		texts("better", "better is", measures, func(m evaluate.Measure) string { return better[m.Lower] }),
		texts("says", "what it says", measures, func(m evaluate.Measure) string { return m.Why }),
	}}
}

// kindNames are the kinds of methods in the order of legends.
var kindNames = []struct {
	kind evaluate.Kind
	name string
}{{evaluate.Baseline, "baselines"}, {evaluate.Candidates, "candidate generators"}, {evaluate.Ranker, "rankers"}, {evaluate.WholePage, "whole pages"}, {evaluate.Ceiling, "the best there could be"}}

// methodDots are methods as points with intervals, a colour a kind.
func methodDots(id, caption string, m evaluate.Measure, rows []evaluate.Row, k int, marks ...analysis.Mark) analysis.Chart {
	c := analysis.Chart{ID: id, Title: caption, Kind: analysis.DotChart, X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(rows, func(r evaluate.Row) string { return r.Method })},
		Y: analysis.Axis{Label: labelOf(m), Unit: unitOf(m)}, Marks: marks}
	var ends []float64
	nan := math.NaN()
	for _, kind := range kindNames {
		s := analysis.Series{Name: kind.name}
		for _, r := range rows {
			v := evaluate.Cell{Value: nan, Low: nan, High: nan}
			if r.Kind == kind.kind {
				v = cellAt(r.Cells, k)
			}
			s.Y, s.Low, s.High = append(s.Y, v.Value), append(s.Low, v.Low), append(s.High, v.High)
		}
		if slices.ContainsFunc(s.Y, known) {
			c.Series = append(c.Series, s)
			ends = slices.Concat(ends, s.Y, s.Low, s.High)
		}
	}
	for _, mark := range marks {
		ends = append(ends, mark.Value)
	}
	c.Y.Range = roundly(ends...)
	c.Alt = methodsAlt("Points", m, rows, k)
	return c
}

// methodBars are methods as bars with intervals.
func methodBars(id, caption string, m evaluate.Measure, rows []evaluate.Row, k int) analysis.Chart {
	return analysis.Chart{ID: id, Title: caption, Kind: analysis.HBarChart, X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(rows, func(r evaluate.Row) string { return r.Method })},
		Y: analysis.Axis{Label: labelOf(m), Unit: unitOf(m)}, Alt: methodsAlt("Bars", m, rows, k),
		Series: []analysis.Series{{Name: m.Label, Y: ofEach(rows, func(r evaluate.Row) float64 { return cellAt(r.Cells, k).Value }),
			Low:  ofEach(rows, func(r evaluate.Row) float64 { return cellAt(r.Cells, k).Low }),
			High: ofEach(rows, func(r evaluate.Row) float64 { return cellAt(r.Cells, k).High })}}}
}

func methodsAlt(what string, m evaluate.Measure, rows []evaluate.Row, k int) string {
	if len(rows) == 0 {
		return "No value is known."
	}
	last := rows[len(rows)-1]
	return fmt.Sprintf("%s with intervals of %d methods: %s from %s of %s down to %s of %s.", what, len(rows), lower(m),
		inMeasure(cellAt(rows[0].Cells, k).Value, m), quoted(rows[0].Method), inMeasure(cellAt(last.Cells, k).Value, m), quoted(last.Method))
}

// roundly is an axis that holds values, its ends at round numbers of about a fifth of what lies between them.
func roundly(values ...float64) *analysis.Range {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if known(v) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	if low > high {
		return nil
	}
	span := (high - low) / 5
	if span <= 0 {
		span = math.Max(math.Abs(high)/5, 1e-3)
	}
	power := math.Pow(10, math.Floor(math.Log10(span)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= span {
			return around(m*power, values...)
		}
	}
	return around(10*power, values...)
}
