// What a page gives up to be more varied, fresher and fairer: each knob as a curve, and each step of making a page switched off in turn.

package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
)

const (
	moving  = .25 // of what all knobs together move a measure, the share that makes a knob one of it
	cheaply = .01 // what may be lost of the first measure, as a share of it, for a setting to be called cheap
)

// moves is how far a knob moves a measure: from its least to its greatest value.
func moves(points []evaluate.Point, k int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range points {
		if v := cellAt(p.Values, k).Value; known(v) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	return low, high
}

// movedMost is the measure beside the first that a knob moves most, as a share of what all knobs move it; -1 for none.
func movedMost(t evaluate.TradeOff, share []float64) int {
	best, most := -1, 0.0
	for k := 1; k < len(t.Measures); k++ {
		if !t.Measures[k].Lower && k < len(share) && share[k] > most {
			best, most = k, share[k]
		}
	}
	return best
}

// movedShares are, by knob and measure, how far the knob moves it as a share of how far all together do.
func movedShares(all []evaluate.TradeOff) [][]float64 {
	var every []evaluate.Point
	for _, t := range all {
		every = append(every, t.Points...)
	}
	out := make([][]float64, len(all))
	for i, t := range all {
		for k := range t.Measures {
			lo, hi := moves(every, k)
			low, high := moves(t.Points, k)
			share := 0.0
			if hi > lo && high > low {
				share = (high - low) / (hi - lo)
			}
			out[i] = append(out[i], share)
		}
	}
	return out
}

func tradeOffsAnswer(r *evaluate.Results) analysis.Answer {
	a := analysis.Answer{ID: "recommend-tradeoffs", Title: "What does a more varied, fresher page cost?"}
	all := slices.DeleteFunc(slices.Clone(r.TradeOffs), func(t evaluate.TradeOff) bool { return len(t.Measures) < 2 || len(t.Points) == 0 })
	if len(all) == 0 {
		a.Off = "no setting was tried"
		return a
	}
	share, measures := movedShares(all), all[0].Measures
	drawn := make([]bool, len(all))
	for k := 1; k < len(measures); k++ {
		var knobs []evaluate.TradeOff
		for i, t := range all {
			if k < len(share[i]) && !measures[k].Lower && share[i][k] >= moving {
				knobs, drawn[i] = append(knobs, t), true
			}
		}
		if len(knobs) > 0 {
			a.Charts = append(a.Charts, tradeOffChart(knobs, measures, k))
		}
	}
	for i, t := range all {
		if !drawn[i] {
			a.Charts = append(a.Charts, settingChart(fmt.Sprintf("setting-%d", i+1), t))
		}
		if k := movedMost(t, share[i]); k > 0 {
			a.Findings = append(a.Findings, knobFinding(t, k))
		}
	}
	type point struct {
		t evaluate.TradeOff
		p evaluate.Point
	}
	var points []point
	for _, t := range all {
		for _, p := range t.Points {
			points = append(points, point{t, p})
		}
	}
	table := analysis.Table{Name: "recommend_tradeoffs", Title: "Pages by setting", Columns: []analysis.Column{
		texts("knob", "knob", points, func(p point) string { return p.t.Knob }),
		texts("setting", "setting", points, func(p point) string { return p.p.Setting }),
	}}
	for k, m := range measures {
		table.Columns = append(table.Columns, valueColumns(m, points, func(p point) evaluate.Cell { return cellAt(p.p.Values, k) })...)
	}
	a.Tables = []analysis.Table{table, measuresTable("recommend_page_measures", measures)}
	a.Caveats = []string{
		"One knob is turned at a time. Caps on creators and topics and the floor of fresh cards are off, save where they are the knob: they would hide what it does. Numbers at the points are its settings.",
		"All settings are judged on the same users, so that differences between points are surer than their intervals, which stand in the table, make them look.",
	}
	return a
}

// valueColumns are a measure of every row with its interval.
func valueColumns[R any](m evaluate.Measure, rows []R, of func(R) evaluate.Cell) []analysis.Column {
	name := fileMeasure(m)
	out := []analysis.Column{numbers(name, labelOf(m), unitOf(m), rows, func(r R) float64 { return of(r).Value })}
	if slices.ContainsFunc(rows, func(r R) bool { c := of(r); return known(c.Low) && known(c.High) }) {
		out = append(out, numbers(name+"_low", "95% from", unitOf(m), rows, func(r R) float64 { return of(r).Low }), numbers(name+"_high", "to", unitOf(m), rows, func(r R) float64 { return of(r).High }))
	}
	return out
}

// tradeOffChart is the first measure by measure k, a curve a knob, a point a setting.
func tradeOffChart(knobs []evaluate.TradeOff, measures []evaluate.Measure, k int) analysis.Chart {
	first, other := measures[0], measures[k]
	what := "settings change"
	if len(knobs) == 1 {
		what = quoted(knobs[0].Knob) + " changes"
	}
	c := analysis.Chart{ID: "tradeoff-" + other.Name, Title: fmt.Sprintf("%s by %s, as %s", first.Label, lower(other), what), Kind: analysis.LineChart,
		X: analysis.Axis{Label: labelOf(other), Unit: unitOf(other)}, Y: analysis.Axis{Label: labelOf(first), Unit: unitOf(first)},
		Alt: fmt.Sprintf("Curves of %d knobs: %s by %s.", len(knobs), lower(first), lower(other))}
	var x, y []float64
	for _, t := range knobs {
		s := analysis.Series{Name: t.Knob}
		for _, p := range t.Points {
			v, w := cellAt(p.Values, k).Value, cellAt(p.Values, 0).Value
			if known(v) && known(w) {
				s.X, s.Y, s.Labels = append(s.X, v), append(s.Y, w), append(s.Labels, p.Setting)
			}
		}
		x, y = append(x, s.X...), append(y, s.Y...)
		c.Series = append(c.Series, s)
	}
	c.X.Range, c.Y.Range = roundly(x...), roundly(aired(y)...)
	return c
}

// aired adds room above values for the labels of points.
func aired(v []float64) []float64 {
	if len(v) == 0 {
		return v
	}
	return append(slices.Clone(v), slices.Max(v)+.12*(slices.Max(v)-slices.Min(v)))
}

// settingChart is the first measure by setting, of a knob that moves little else.
func settingChart(id string, t evaluate.TradeOff) analysis.Chart {
	m := t.Measures[0]
	s := analysis.Series{Name: m.Label}
	for _, p := range t.Points {
		v := cellAt(p.Values, 0)
		s.Y, s.Low, s.High = append(s.Y, v.Value), append(s.Low, v.Low), append(s.High, v.High)
	}
	return analysis.Chart{ID: id, Title: fmt.Sprintf("%s by %s", m.Label, t.Knob), Kind: analysis.LineChart, Small: true,
		X: analysis.Axis{Label: t.Knob, Unit: analysis.Text, Categories: ofEach(t.Points, func(p evaluate.Point) string { return p.Setting })},
		Y: analysis.Axis{Label: labelOf(m), Unit: unitOf(m), Range: roundly(slices.Concat(s.Y, s.Low, s.High)...)}, Series: []analysis.Series{s},
		Alt: fmt.Sprintf("%s by %d settings of %s.", m.Label, len(t.Points), t.Knob)}
}

// knobFinding says what a knob moves from one end to the other, what that costs, and how far it can be turned cheaply.
func knobFinding(t evaluate.TradeOff, k int) analysis.Finding {
	first, other := t.Measures[0], t.Measures[k]
	from, to := t.Points[0], t.Points[len(t.Points)-1]
	cost := func(p evaluate.Point) evaluate.Cell { return cellAt(p.Values, 0) }
	sentence := fmt.Sprintf("%s from %s to %s takes %s from %s to %s, and %s from %s to %s", title(t.Knob), from.Setting, to.Setting,
		lower(other), inMeasure(cellAt(from.Values, k).Value, other), inMeasure(cellAt(to.Values, k).Value, other),
		lower(first), inMeasure(cost(from).Value, first), inMeasure(cost(to).Value, first))
	// The cheap end: of the settings that keep nearly all of the first measure, the one that moves the other furthest from where it was.
	most := math.Inf(-1)
	for _, p := range t.Points {
		most = math.Max(most, cost(p).Value)
	}
	best, moved := -1, 0.0
	for i, p := range t.Points {
		if d := math.Abs(cellAt(p.Values, k).Value - cellAt(from.Values, k).Value); cost(p).Value >= (1-cheaply)*most && d > moved {
			best, moved = i, d
		}
	}
	if best > 0 {
		p := t.Points[best]
		sentence += fmt.Sprintf("; at %s it is %s with no more than %s of the highest %s lost", p.Setting, inMeasure(cellAt(p.Values, k).Value, other), percent(cheaply), lower(first))
	}
	return analysis.Finding{Grade: analysis.Descriptive, Sentence: sentence + "."}
}

func switchesAnswer(r *evaluate.Results) analysis.Answer {
	a := analysis.Answer{ID: "recommend-switches", Title: "What does each step of making a page bring, and what does it cost?"}
	measures := r.Switches[0].Measures
	if len(measures) == 0 {
		a.Off = "nothing was measured"
		return a
	}
	first := measures[0]
	value := func(c []evaluate.Cell, k int) float64 { return cellAt(c, k).Value }
	dear, slow := 0, 0
	for i, s := range r.Switches {
		if lost(s) > lost(r.Switches[dear]) {
			dear = i
		}
		if s.Micros > r.Switches[slow].Micros {
			slow = i
		}
	}
	a.Findings = append(a.Findings, changesFinding(r.Switches))
	if s := r.Switches[dear]; lost(s) > 0 {
		a.Findings = append([]analysis.Finding{{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("The dearest step is %s (%s): without it, %s would be %s rather than %s.",
			quoted(s.Step), s.What, lower(first), inMeasure(value(s.Without, 0), first), inMeasure(value(s.With, 0), first))}}, a.Findings...)
	}
	if s := r.Switches[slow]; s.Micros > 0 {
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("Most time goes into %s: %s a page.", quoted(s.Step), micros(s.Micros))})
	}
	heat, widest := analysis.Series{Name: "with it, times without it"}, 0.0
	for _, s := range r.Switches {
		var row []float64
		for k := range measures {
			f := value(s.With, k) / value(s.Without, k)
			if !known(f) {
				f = math.NaN()
			} else if f > 0 {
				widest = math.Max(widest, math.Abs(math.Log2(f)))
			}
			row = append(row, f)
		}
		heat.Grid = append(heat.Grid, row)
	}
	heat.Colours = toned(heat.Grid, math.Min(widest, 2))
	a.Charts = []analysis.Chart{{ID: "switches", Title: "What pages are like with a step: how many times what they are without it", Kind: analysis.HeatMap,
		X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(measures, labelOf)}, Y: analysis.Axis{Unit: analysis.Text, Categories: ofEach(r.Switches, func(s evaluate.Switch) string { return s.Step })},
		Series: []analysis.Series{heat}, Alt: fmt.Sprintf("Heat map of %d steps by %d measures.", len(r.Switches), len(measures))}}
	type row struct {
		name, what string
		cells      []evaluate.Cell
		micros     float64
	}
	rows := []row{{"the whole page", "", r.Switches[0].With, math.NaN()}}
	for _, s := range r.Switches {
		rows = append(rows, row{"without " + s.Step, s.What, s.Without, s.Micros})
	}
	table := analysis.Table{Name: "recommend_switches", Title: "Pages with all steps, and without one of them", Columns: []analysis.Column{texts("page", "page", rows, func(x row) string { return x.name })}}
	for k, m := range measures {
		columns := valueColumns(m, rows, func(x row) evaluate.Cell { return cellAt(x.cells, k) })
		if k > 0 {
			columns = columns[:1]
		}
		table.Columns = append(table.Columns, columns...)
	}
	table.Columns = append(table.Columns, numbers("step_micros", "the step takes, µs a page", analysis.Plain, rows, func(x row) float64 { return x.micros }), texts("step", "what the step does", rows, func(x row) string { return x.what }))
	a.Tables = []analysis.Table{table}
	a.Caveats = []string{
		"One step is taken away at a time, all others stay. What a step brings may show on later visits, which these pages do not see: that a user tires of what comes again is not in the chance of a first click.",
		"The time of a step is the median time of a page less that without it, on one core. It may be below zero: a step that drops cards spares later ones work.",
	}
	return a
}

// lost is what a step takes of the first measure.
func lost(s evaluate.Switch) float64 {
	d := cellAt(s.Without, 0).Value - cellAt(s.With, 0).Value
	if len(s.Measures) > 0 && s.Measures[0].Lower {
		d = -d
	}
	if !known(d) {
		return 0
	}
	return d
}

// changesFinding says what each step is for: the measure beside the first that it changes most.
func changesFinding(all []evaluate.Switch) analysis.Finding {
	var changes, none []string
	for _, s := range all {
		best, most := -1, math.Log(1+cheaply)
		for k := 1; k < len(s.Measures); k++ {
			with, without := cellAt(s.With, k).Value, cellAt(s.Without, k).Value
			if d := math.Abs(math.Log(with / without)); with != without && d > most { // an infinite factor too: from none to some
				best, most = k, d
			}
		}
		if best < 0 {
			none = append(none, quoted(s.Step))
			continue
		}
		m := s.Measures[best]
		changes = append(changes, fmt.Sprintf("%s by %s (%s with it, %s without)", lower(m), quoted(s.Step), inMeasure(cellAt(s.With, best).Value, m), inMeasure(cellAt(s.Without, best).Value, m)))
	}
	var sentences []string
	if len(changes) > 0 {
		sentences = append(sentences, fmt.Sprintf("What each step changes most: %s.", listed(changes)))
	}
	if len(none) > 0 {
		sentences = append(sentences, fmt.Sprintf("On these pages next to nothing is changed by %s.", listed(none)))
	}
	return analysis.Finding{Grade: analysis.Descriptive, Sentence: strings.Join(sentences, " ")}
}

// micros writes microseconds.
func micros(v float64) string {
	if v >= 1000 {
		return figures(v/1000, 2) + " ms"
	}
	return strings.TrimSpace(figures(v, 2) + " µs")
}
