// What a click depends on beside the card: the slot it lay in, and whether the chance that a ranker gives can be taken at its word.

package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
)

func slotsAnswer(r *evaluate.Results) analysis.Answer {
	a := analysis.Answer{ID: "recommend-slots", Title: "How much less is looked at further down?"}
	type point struct {
		c *evaluate.Curve
		k int
	}
	var points []point
	truth := false
	for i := range r.Position {
		c := &r.Position[i]
		if len(c.Slots) == 0 {
			continue
		}
		for k := range c.Slots {
			points = append(points, point{c, k})
		}
		truth = truth || c.Truth != nil
		a.Findings = append(a.Findings, slotFindings(c)...)
		a.Charts = append(a.Charts, slotChart(fmt.Sprintf("slots-%d", i+1), c))
	}
	if len(points) == 0 {
		a.Off = "no slot could be compared with the top of the page"
		return a
	}
	of := func(v []float64, k int) float64 {
		if k < len(v) {
			return v[k]
		}
		return math.NaN()
	}
	table := analysis.Table{Name: "recommend_slots", Title: "Looks by slot, relative to the top", Columns: []analysis.Column{
		texts("visits", "visits", points, func(p point) string { return p.c.Visits }),
		counts("slot", "slot, 0 the top", points, func(p point) int { return p.c.Slots[p.k] }),
	}}
	for _, m := range []struct {
		name, label string
		of          func(c *evaluate.Curve) []evaluate.Cell
	}{
		{"raw", "raw clicks", func(c *evaluate.Curve) []evaluate.Cell { return c.Raw }},
		{"within", "within visits", func(c *evaluate.Curve) []evaluate.Cell { return c.Within }},
		{"swaps", "swaps", func(c *evaluate.Curve) []evaluate.Cell { return c.Swaps }},
		{"estimated", "paired", func(c *evaluate.Curve) []evaluate.Cell { return c.Est }},
	} {
		table.Columns = append(table.Columns,
			numbers(m.name, m.label, analysis.Plain, points, func(p point) float64 { return cellAt(m.of(p.c), p.k).Value }),
			numbers(m.name+"_low", "95% from", analysis.Plain, points, func(p point) float64 { return cellAt(m.of(p.c), p.k).Low }),
			numbers(m.name+"_high", "to", analysis.Plain, points, func(p point) float64 { return cellAt(m.of(p.c), p.k).High }))
	}
	if truth {
		table.Columns = append(table.Columns, numbers("true", "true looks", analysis.Plain, points, func(p point) float64 { return of(p.c.Truth, p.k) }))
	}
	a.Tables = []analysis.Table{table}
	a.Caveats = []string{"Read raw, clicks by slot mix what a slot does with who gets as far as that: few do, and they are the keen ones. Within visits, slots of the same visit are compared, so that the user and her mood cancel; swaps compare the same card in different slots of visits as deep, so that the card cancels; paired does both, and is what rankers use. Intervals leave out random groups of users. The last slot stands for all below it too."}
	if truth {
		a.Caveats = append(a.Caveats, "Dashed is the truth that was planted in this simulated log. No ranker saw it.")
	}
	if slices.ContainsFunc(r.Position, func(c evaluate.Curve) bool { return len(c.Sources) > 0 }) {
		for _, c := range r.Position {
			a.Caveats = append(a.Caveats, c.Sources...)
		}
	}
	return a
}

// slotFindings say what the deepest slot that is known is worth, and how near the estimate comes to a planted truth.
func slotFindings(c *evaluate.Curve) (out []analysis.Finding) {
	last := -1
	for k := range c.Slots {
		if k < len(c.Est) && known(c.Est[k].Value) && c.Slots[k] > 0 {
			last = k
		}
	}
	if last < 0 {
		return rawFindings(c)
	}
	e := c.Est[last]
	m := evaluate.Measure{}
	sentence := fmt.Sprintf("%s: what lies in slot %d is looked at %s times as often as what lies on top (%s)", title(c.Visits), c.Slots[last], figures(e.Value, 2), interval(e, m))
	if !known(e.Low) || !known(e.High) {
		sentence = fmt.Sprintf("%s: what lies in slot %d is looked at %s times as often as what lies on top", title(c.Visits), c.Slots[last], figures(e.Value, 2))
	}
	if raw := cellAt(c.Raw, last).Value; known(raw) {
		sentence += fmt.Sprintf("; read raw, clicks there would say %s times", figures(raw, 2))
	}
	out = append(out, analysis.Finding{Grade: analysis.Descriptive, Effect: measured("looks at the deepest slot, relative to the top", e, m), Sentence: sentence + "."})
	if misses := c.Misses(); len(misses) > 1 {
		paired, others := misses[len(misses)-1], []string{}
		for _, m := range misses[:len(misses)-1] {
			name := map[string]string{"raw": "the raw curve", "within visits": "that within visits", "swaps": "swaps"}[m.Method]
			others = append(others, fmt.Sprintf("%s by %s", name, figures(m.Off, 2)))
		}
		out = append(out, analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("%s: the estimate is off the planted truth by %s on average over the slots below the top, %s; its interval holds the truth in %d of %d slots.",
			title(c.Visits), figures(paired.Off, 2), listed(others), paired.Inside, paired.Slots)})
	}
	return out
}

// rawFindings say what a curve of raw clicks alone would make believe.
func rawFindings(c *evaluate.Curve) []analysis.Finding {
	last := len(c.Raw) - 1
	if last < 1 || !known(c.Raw[last].Value) {
		return nil
	}
	return []analysis.Finding{{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("%s, read raw: a card in slot %d or below is clicked %s times as often as one on top, which says who comes as far, not what a slot does.",
		title(c.Visits), c.Slots[last], figures(c.Raw[last].Value, 2))}}
}

func slotChart(id string, c *evaluate.Curve) analysis.Chart {
	x := ofEach(c.Slots, func(s int) float64 { return float64(s) })
	est := analysis.Series{Name: "paired", X: x}
	ends := []float64{0}
	for k := range c.Slots {
		e := cellAt(c.Est, k)
		est.Y, est.Low, est.High = append(est.Y, e.Value), append(est.Low, e.Low), append(est.High, e.High)
	}
	value := func(c evaluate.Cell) float64 { return c.Value }
	raw := ofEach(c.Raw, value)
	ends = slices.Concat(ends, est.Y, est.High, raw, ofEach(c.Within, value), ofEach(c.Swaps, value), c.Truth)
	out := analysis.Chart{ID: id, Title: title(c.Visits) + ": looks, relative to the top", Kind: analysis.LineChart, Small: true,
		X: analysis.Axis{Label: "slot, 0 the top", Unit: analysis.Count}, Y: analysis.Axis{Label: "relative to the top", Unit: analysis.Plain, Range: roundly(ends...)},
		Series: []analysis.Series{est}, Alt: fmt.Sprintf("Looks by slot, %s, paired with an interval and by simpler methods, over %d slots.", c.Visits, len(c.Slots))}
	if !slices.ContainsFunc(est.Y, known) { // raw clicks alone, to show what they would have said
		out.Series, out.Title = nil, title(c.Visits)+": clicks, relative to the top"
		out.Alt = fmt.Sprintf("Raw clicks by slot, %s, over %d slots.", c.Visits, len(c.Slots))
	}
	for _, o := range []struct {
		name  string
		cells []evaluate.Cell
	}{{"raw clicks", c.Raw}, {"within visits", c.Within}, {"swaps", c.Swaps}} {
		if len(o.cells) == len(x) {
			out.Series = append(out.Series, analysis.Series{Name: o.name, X: x, Y: ofEach(o.cells, value)})
		}
	}
	if c.Truth != nil && len(c.Truth) == len(x) {
		out.Series = append(out.Series, analysis.Series{Name: "planted truth", X: x, Y: c.Truth, Line: true})
	}
	return out
}

func chancesAnswer(r *evaluate.Results) analysis.Answer {
	c := r.Calibration
	a := analysis.Answer{ID: "recommend-calibration", Title: "Can the click chances be taken at their word?"}
	if len(c.Bins) == 0 {
		a.Off = "there are no chances to hold against clicks"
		return a
	}
	held := 0
	for _, b := range c.Bins {
		if b.Low <= b.Predicted && b.Predicted <= b.High {
			held++
		}
	}
	a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Effect: &analysis.Effect{Name: "expected calibration error", Value: c.ECE, Low: c.ECE, High: c.ECE, Unit: analysis.Points}, Sentence: fmt.Sprintf(
		"The chances of %s are off by %s on average (expected calibration error); in %d of %d groups of impressions of like chance, the share that was clicked is the one that was promised, within its 95%% interval.", quoted(r.Chosen), inUnit(c.ECE, analysis.Points), held, len(c.Bins))})
	worst, off := -1, 0.0
	for i, s := range c.Slices {
		if d := math.Abs(s.Observed - s.Predicted); known(d) && (worst < 0 || d > off) {
			worst, off = i, d
		}
	}
	if worst >= 0 {
		s := c.Slices[worst]
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("Of all the parts that were looked at, the mean is furthest off in %s: %s promised, %s clicked, over %s impressions.",
			quoted(spoken(s.By)+": "+s.Name), percent(s.Predicted), percent(s.Observed), grouped(int64(s.N)))})
	}
	x, y := ofEach(c.Bins, func(b evaluate.Bin) float64 { return b.Predicted }), ofEach(c.Bins, func(b evaluate.Bin) float64 { return b.Observed })
	low, high := ofEach(c.Bins, func(b evaluate.Bin) float64 { return b.Low }), ofEach(c.Bins, func(b evaluate.Bin) float64 { return b.High })
	limit := roundly(slices.Concat([]float64{0}, x, y, high)...)
	a.Charts = []analysis.Chart{{ID: "click-chances", Title: "Promised, and come true: share clicked by chance", Kind: analysis.LineChart,
		X: analysis.Axis{Label: "chance of a click, as predicted", Unit: analysis.Share, Range: limit}, Y: analysis.Axis{Label: "share that was clicked", Unit: analysis.Share, Range: limit},
		Series: []analysis.Series{{Name: "impressions by chance", X: x, Y: y, Low: low, High: high}, {Name: "as it should be", X: []float64{limit.Low, limit.High}, Y: []float64{limit.Low, limit.High}, Line: true}},
		Alt:    fmt.Sprintf("Share clicked by predicted chance in %d groups with intervals, beside the diagonal; off by %s on average.", len(c.Bins), inUnit(c.ECE, analysis.Points))}}
	a.Tables = []analysis.Table{
		{Name: "recommend_calibration_slices", Title: "Calibration by part of the impressions", Columns: []analysis.Column{
			texts("by", "by", c.Slices, func(s evaluate.Slice) string { return spoken(s.By) }),
			texts("part", "part", c.Slices, func(s evaluate.Slice) string { return s.Name }),
			counts("impressions", "impressions", c.Slices, func(s evaluate.Slice) int { return s.N }),
			numbers("predicted", "promised", analysis.Share, c.Slices, func(s evaluate.Slice) float64 { return s.Predicted }),
			numbers("observed", "clicked", analysis.Share, c.Slices, func(s evaluate.Slice) float64 { return s.Observed }),
			numbers("ece", "calibration error", analysis.Points, c.Slices, func(s evaluate.Slice) float64 { return s.ECE }),
		}},
		{Name: "recommend_calibration", Title: "Chances and shares clicked", Columns: []analysis.Column{
			counts("impressions", "impressions", c.Bins, func(b evaluate.Bin) int { return b.N }),
			{Name: "predicted", Label: "promised", Unit: analysis.Share, Floats: x},
			{Name: "observed", Label: "clicked", Unit: analysis.Share, Floats: y},
			{Name: "observed_low", Label: "95% from", Unit: analysis.Share, Floats: low},
			{Name: "observed_high", Label: "to", Unit: analysis.Share, Floats: high},
		}},
	}
	a.Caveats = []string{"Chances are those of a click in the slot in which a card was shown; groups have equally many impressions of the judged days. On a page, and when pages are planned, chances are those of a card in full view, which are higher."}
	return a
}
