// Package chart turns the analysis's chart descriptions into options of Apache ECharts. An option is plain JSON; where the
// library wants a function, it names one of report.js: "@unit:share" formats a number, "@whisker" draws an interval.
package chart

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seguefeed/segue/analysis"
)

// Option is the chart's option, ready to be marshalled (its keys come out sorted). ok is false when the chart
// has nothing to draw.
func Option(c analysis.Chart) (option map[string]any, ok bool) {
	if !hasData(c) {
		return nil, false
	}
	o := map[string]any{
		"animation": false,
		"aria":      map[string]any{"enabled": false}, // the page states the chart's own description
		"grid":      map[string]any{"left": 16, "right": 24, "top": 48, "bottom": 36, "containLabel": true},
		"tooltip":   map[string]any{"trigger": "axis", "confine": true, "valueFormatter": "@unit:" + string(c.Y.Unit)},
	}
	x, y := axis(c.X, c.Kind == analysis.HeatMap), axis(c.Y, c.Kind == analysis.HeatMap)
	switch c.Kind {
	case analysis.HBarChart, analysis.DotChart:
		x["inverse"] = true // the first category on top
		o["xAxis"], o["yAxis"] = y, x
		delete(x, "name")
		long(x)
	default:
		o["xAxis"], o["yAxis"] = x, y
	}
	var series []any
	switch c.Kind {
	case analysis.HeatMap:
		series = []any{heat(c, o)}
	case analysis.BoxPlot:
		series = boxes(c)
		o["tooltip"].(map[string]any)["trigger"] = "item"
		delete(o["tooltip"].(map[string]any), "valueFormatter")
		o["tooltip"].(map[string]any)["formatter"] = "@box:" + string(c.Y.Unit)
	case analysis.ScatterChart:
		series = points(c)
		x["scale"], y["scale"] = true, true // what matters lies between the points, not between them and zero
		o["tooltip"].(map[string]any)["trigger"] = "item"
		delete(o["tooltip"].(map[string]any), "valueFormatter")
		o["tooltip"].(map[string]any)["formatter"] = "@point:" + string(c.X.Unit) + ":" + string(c.Y.Unit)
	case analysis.DotChart:
		series = dots(c)
		y["scale"] = true
		x["axisTick"] = map[string]any{"show": false}
		x["splitLine"] = map[string]any{"show": true} // leads the eye from a name to its point
		o["tooltip"].(map[string]any)["axisPointer"] = map[string]any{"type": "shadow"}
	case analysis.SwarmChart:
		series = swarm(c, o)
		y["inverse"] = true // the first row on top
		delete(y, "name")
		long(y)
		y["splitLine"] = map[string]any{"show": true}
	default:
		series = lines(c)
		if c.Kind == analysis.LineChart && c.X.Categories == nil {
			x["scale"] = true // ages begin at 11, not at 0
		}
	}
	if c.X.Log {
		x["min"], x["max"] = around(c)
	}
	if c.Y.Log && c.Kind == analysis.DotChart {
		doublings(y, c)
	}
	if c.Y.Unit == analysis.Seconds && !c.Y.Log {
		clock(o, c)
	}
	if slices.ContainsFunc(c.Series, func(s analysis.Series) bool { return s.Pale }) { // many lines: the one that is pointed at tells its name
		o["tooltip"] = map[string]any{"trigger": "item", "confine": true, "formatter": "{a}"}
		for _, one := range series {
			line := one.(map[string]any)
			line["triggerLineEvent"] = true
			if pale, _ := line["pale"].(bool); !pale && line["bandOf"] == nil {
				line["z"] = 4 // over the pale ones
			}
		}
	}
	if len(c.Marks) > 0 && len(series) > 0 {
		series[0].(map[string]any)["markLine"] = marks(c)
	}
	names := legend(c)
	if c.Kind == analysis.BoxPlot {
		names = []string{"mean"} // the box itself needs no name
	}
	if len(names) > 1 || c.Kind == analysis.BoxPlot {
		o["legend"] = map[string]any{"type": "scroll", "top": 4, "left": "center", "data": names}
	}
	o["series"] = series
	headroom(c, o, names)
	return o, true
}

// headroom leaves above the picture what its legend, its marks' names and its axis' name need, and no more.
func headroom(c analysis.Chart, o map[string]any, names []string) {
	legend, ok := o["legend"].(map[string]any)
	top := 48
	switch lying := c.Kind == analysis.HBarChart || c.Kind == analysis.DotChart; {
	case c.Kind == analysis.BoxPlot || c.Kind == analysis.HeatMap || c.Kind == analysis.SwarmChart:
		return
	case !ok && lying && len(c.Marks) == 0:
		top = 10
	case !ok:
		top = 30
	case c.Small && len(names) > 3: // room for two lines of names, which a reader of small pictures shall not have to leaf through
		legend["type"], top = "plain", 68
		legend["itemGap"] = 8
	}
	o["grid"].(map[string]any)["top"] = top
}

func hasData(c analysis.Chart) bool {
	for _, s := range c.Series {
		if len(s.Boxes) > 0 {
			return true
		}
		for _, row := range append(s.Grid, s.Y) {
			for _, v := range row {
				if !math.IsNaN(v) {
					return true
				}
			}
		}
	}
	return false
}

// legend names the series that a reader has to tell apart.
func legend(c analysis.Chart) (names []string) {
	if c.Kind == analysis.HeatMap {
		return nil
	}
	for _, s := range c.Series {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	return names
}

func axis(a analysis.Axis, heat bool) map[string]any {
	out := map[string]any{"name": label(a), "nameLocation": "middle", "nameGap": 32, "nameTextStyle": map[string]any{"fontWeight": "normal"}}
	if a.Categories != nil {
		out["type"], out["data"] = "category", a.Categories
		out["axisTick"] = map[string]any{"show": false}
		label := map[string]any{"hideOverlap": true, "margin": 10}
		if len(a.Categories) <= 40 {
			label["interval"] = 0 // name each that there is room for
		}
		if dates(a.Categories) {
			label["formatter"] = "@day"
			delete(label, "interval")
		}
		out["axisLabel"] = label
		if heat {
			out["splitArea"] = map[string]any{"show": false}
		}
		return out
	}
	out["type"], out["axisLabel"] = "value", map[string]any{"formatter": "@unit:" + string(a.Unit), "hideOverlap": true}
	if a.Log {
		out["type"] = "log"
	}
	if a.Range != nil {
		out["min"], out["max"] = a.Range.Low, a.Range.High
		if step := between(a.Range.Low, a.Range.High); step > 0 {
			out["interval"] = step
		}
	}
	return out
}

// between is the distance of ticks that divides a range into three to six parts of 1, 2 or 5 times a power of ten; 0 if none
// does.
func between(low, high float64) float64 {
	for p := math.Pow(10, math.Floor(math.Log10(high-low))-1); p <= high-low; p *= 10 {
		for _, m := range []float64{1, 2, 5} {
			n := (high - low) / (m * p)
			if whole := math.Round(n); math.Abs(n-whole) < 1e-6 && whole >= 3 && whole <= 6 {
				return short(m*p, 9)
			}
		}
	}
	return 0
}

// label is an axis' title with its unit where the numbers do not carry it.
func label(a analysis.Axis) string {
	switch a.Unit {
	case analysis.Days, analysis.Months, analysis.Years, analysis.Money: // seconds are written with their unit
		if !strings.Contains(a.Label, string(a.Unit)) {
			return a.Label + " (" + string(a.Unit) + ")"
		}
	}
	return a.Label
}

// long lets an axis' names break, so that long ones are not cut off and leave room for the picture.
func long(axis map[string]any) {
	most := 0
	names, _ := axis["data"].([]string)
	for _, n := range names {
		most = max(most, utf8.RuneCountInString(n))
	}
	label := axis["axisLabel"].(map[string]any)
	label["overflow"], label["width"], label["lineHeight"], label["hideOverlap"] = "break", "@names:"+strconv.Itoa(most), 13, false
}

// dates reports whether all categories are days, which an axis writes shorter.
func dates(categories []string) bool {
	for _, c := range categories {
		if _, err := time.Parse(time.DateOnly, c); err != nil {
			return false
		}
	}
	return len(categories) > 0
}

// around are the ends of a logarithmic axis: the powers of ten, or twice or five times those, next to the values.
func around(c analysis.Chart) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range c.Series {
		for _, v := range s.X {
			if v > 0 {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	for p := math.Pow(10, math.Floor(math.Log10(low))); ; p *= 10 {
		for _, m := range []float64{5, 2, 1} {
			if m*p <= low {
				low = m * p
				for q := p; ; q *= 10 {
					for _, n := range []float64{1, 2, 5} {
						if n*q >= high {
							return low, n * q
						}
					}
				}
			}
		}
	}
}

// doublings gives a logarithmic axis of ratios ticks at the powers of two around the values.
func doublings(axis map[string]any, c analysis.Chart) {
	low, high := 1., 1.
	for _, s := range c.Series {
		for _, v := range slices.Concat(s.Y, s.Low, s.High) {
			if v > 0 && !math.IsInf(v, 1) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	axis["logBase"] = 2
	axis["min"], axis["max"] = math.Exp2(math.Floor(math.Log2(low))), math.Exp2(math.Ceil(math.Log2(high)))
	if low == high {
		axis["max"] = 2.
	}
}

// clock gives an axis of seconds ticks at whole minutes or hours where it reaches so far.
func clock(o map[string]any, c analysis.Chart) {
	high := 0.0
	for _, s := range c.Series {
		for _, ys := range [][]float64{s.Y, s.High} {
			for _, v := range ys {
				if v > high { // not NaN
					high = v
				}
			}
		}
		for _, b := range s.Boxes {
			high = math.Max(high, math.Max(b.High, b.Mean))
		}
	}
	for _, step := range []float64{10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 36000} {
		if high > 60 && high/step <= 6 {
			y := o["yAxis"].(map[string]any)
			y["interval"], y["max"] = step, step*math.Ceil(high/step)
			y["axisLabel"].(map[string]any)["formatter"] = "@ticks:" + strconv.FormatFloat(step, 'f', 0, 64)
			return
		}
	}
}

// lines are the series of line, area and bar charts, with their intervals.
func lines(c analysis.Chart) []any {
	var out []any
	for i, s := range c.Series {
		data := values(c, s, s.Y)
		one := map[string]any{"name": s.Name, "data": data}
		bar := !s.Line && (c.Kind == analysis.BarChart || c.Kind == analysis.StackedBar || c.Kind == analysis.HBarChart)
		if bar {
			one["type"], one["barMaxWidth"] = "bar", 36
			if c.Kind == analysis.StackedBar {
				one["stack"] = "all"
			}
		} else {
			one["type"], one["showSymbol"], one["symbolSize"] = "line", len(data) <= 40 && !s.Line, 5
			if s.Line { // a trend or a reference, told from what was measured
				one["lineStyle"], one["symbol"] = map[string]any{"type": "dashed"}, "none"
				one["reference"] = c.Kind == analysis.LineChart && len(c.Series) > 1 && dashed(c) == 1
			}
			if s.Pale {
				one["pale"], one["showSymbol"] = true, false
				one["emphasis"] = map[string]any{"focus": "series"}
			}
			if s.Step {
				one["step"], one["showSymbol"] = "end", false
			}
			if c.Kind == analysis.AreaChart {
				one["stack"], one["areaStyle"] = "all", map[string]any{"opacity": .6}
			}
		}
		out = append(out, one)
		if len(s.Low) == 0 || len(s.Low) != len(s.High) {
			continue
		}
		if bar {
			out = append(out, whiskers(c, s, i))
		} else {
			out = append(out, band(c, s, i)...)
		}
	}
	return out
}

// dashed counts the lines that are trends or references.
func dashed(c analysis.Chart) (n int) {
	for _, s := range c.Series {
		if s.Line {
			n++
		}
	}
	return n
}

// values are a series' points: along the categories, or at their own x.
func values(c analysis.Chart, s analysis.Series, y []float64) []any {
	out := make([]any, len(y))
	for i, v := range y {
		switch {
		case c.Kind == analysis.HBarChart || c.X.Categories != nil || len(s.X) != len(y):
			out[i] = number(v)
		default:
			out[i] = []any{number(s.X[i]), number(v)}
		}
	}
	return out
}

// whiskers draw the intervals of bars: points of category, low, high and which of how many bars they belong to.
func whiskers(c analysis.Chart, s analysis.Series, i int) map[string]any {
	bars, at := 0, 0
	for j, other := range c.Series {
		if !other.Line {
			if j == i {
				at = bars
			}
			bars++
		}
	}
	if c.Kind == analysis.StackedBar {
		bars, at = 1, 0
	}
	var data []any
	for k := range s.Low {
		data = append(data, []any{k, number(s.Low[k]), number(s.High[k]), at, bars})
	}
	encode := map[string]any{"x": 0, "y": []int{1, 2}}
	if c.Kind == analysis.HBarChart || c.Kind == analysis.DotChart {
		encode = map[string]any{"y": 0, "x": []int{1, 2}}
	}
	return map[string]any{"name": s.Name, "type": "custom", "renderItem": "@whisker", "data": data, "encode": encode, "z": 5, "silent": true,
		"tooltip": map[string]any{"show": false}, "dimensions": []string{"at", "low", "high", "bar", "bars"}}
}

// band draws the interval of a line: an unseen line at its low end with the width of the interval stacked on it.
func band(c analysis.Chart, s analysis.Series, i int) []any {
	width := make([]float64, len(s.Low))
	for k := range width {
		width[k] = s.High[k] - s.Low[k]
	}
	part := func(y []float64, opacity float64) map[string]any {
		return map[string]any{"name": s.Name, "type": "line", "data": values(c, s, y), "stack": bandName(i), "stackStrategy": "all", "silent": true, "symbol": "none",
			"lineStyle": map[string]any{"opacity": 0}, "areaStyle": map[string]any{"opacity": opacity, "color": "@series:" + bandName(i)[4:]}, "tooltip": map[string]any{"show": false}, "z": 1, "bandOf": i}
	}
	if s.Step {
		plain := part
		part = func(y []float64, opacity float64) map[string]any {
			one := plain(y, opacity)
			one["step"] = "end"
			return one
		}
	}
	low, high := part(s.Low, 0), part(width, .18)
	return []any{low, high}
}

func bandName(i int) string { return "band" + string(rune('0'+i%10)) }

func boxes(c analysis.Chart) []any {
	var out []any
	for _, s := range c.Series {
		var data []any
		for _, b := range s.Boxes {
			data = append(data, map[string]any{"value": []any{number(b.Low), number(b.Q1), number(b.Median), number(b.Q3), number(b.High)}, "mean": number(b.Mean), "n": b.N})
		}
		out = append(out, map[string]any{"name": s.Name, "type": "boxplot", "data": data, "boxWidth": []any{8, 44}})
		var means []any
		for _, b := range s.Boxes {
			means = append(means, number(b.Mean))
		}
		out = append(out, map[string]any{"name": "mean", "type": "scatter", "data": means, "symbol": "diamond", "symbolSize": 9, "silent": true, "meanOf": true, "z": 4})
	}
	return out
}

func points(c analysis.Chart) []any {
	var out []any
	for _, s := range c.Series {
		if s.Line {
			out = append(out, map[string]any{"name": s.Name, "type": "line", "data": values(c, s, s.Y), "showSymbol": false, "symbol": "none", "silent": true, "lineStyle": map[string]any{"type": "dashed"}})
			continue
		}
		largest := 0.0
		for _, v := range s.Sizes {
			largest = math.Max(largest, v)
		}
		var data []any
		for i := range s.Y {
			p := map[string]any{"value": []any{number(s.X[i]), number(s.Y[i])}}
			if i < len(s.Labels) {
				p["name"] = s.Labels[i]
			}
			if i < len(s.Sizes) && largest > 0 { // areas in proportion
				p["symbolSize"] = math.Max(4, 36*math.Sqrt(s.Sizes[i]/largest))
			}
			data = append(data, p)
		}
		one := map[string]any{"name": s.Name, "type": "scatter", "data": data, "symbolSize": 9, "itemStyle": map[string]any{"opacity": .8}}
		if len(s.Labels) > 0 && len(s.Labels) <= 60 {
			one["label"] = map[string]any{"show": true, "formatter": "{b}", "position": "right", "fontSize": 11}
			one["labelLayout"] = map[string]any{"hideOverlap": true}
		}
		out = append(out, one)
	}
	return out
}

// toned is a heat map whose cells have colours of their own, apart from their numbers, which stand in them.
func toned(c analysis.Chart, o map[string]any) map[string]any {
	s := c.Series[0]
	var data []any
	for y, row := range s.Grid {
		for x, v := range row {
			if number(v) != nil && y < len(s.Colours) && x < len(s.Colours[y]) && number(s.Colours[y][x]) != nil {
				data = append(data, []any{x, y, short(v, 4), short(s.Colours[y][x], 3)})
			}
		}
	}
	o["visualMap"] = map[string]any{"show": false, "dimension": 3, "min": 0, "max": 1, "inRange": map[string]any{"color": "@sides"}}
	o["tooltip"] = map[string]any{"trigger": "item", "confine": true, "formatter": "@cell:" + string(analysis.Plain)}
	o["grid"].(map[string]any)["top"] = 10
	y, x := o["yAxis"].(map[string]any), o["xAxis"].(map[string]any)
	y["inverse"] = true
	delete(y, "name")
	delete(x, "name")
	long(y)
	label := x["axisLabel"].(map[string]any)
	columns := strconv.Itoa(max(1, len(c.X.Categories)))
	label["overflow"], label["width"], label["lineHeight"], label["hideOverlap"], label["rotate"] = "break", "@slot:"+columns, 13, false, "@turn:"+columns
	return map[string]any{"type": "heatmap", "name": s.Name, "data": data, "label": map[string]any{"show": true, "formatter": "@times"}, "itemStyle": map[string]any{"borderWidth": 1, "borderColor": "@card"}}
}

func heat(c analysis.Chart, o map[string]any) map[string]any {
	if len(c.Series) > 0 && c.Series[0].Colours != nil {
		return toned(c, o)
	}
	low, high := math.Inf(1), math.Inf(-1)
	var data []any
	if len(c.Series) > 0 {
		for y, row := range c.Series[0].Grid {
			for x, v := range row {
				if math.IsNaN(v) {
					continue
				}
				low, high = math.Min(low, v), math.Max(high, v)
				data = append(data, []any{x, y, v})
			}
		}
	}
	o["visualMap"] = map[string]any{"min": low, "max": high, "calculable": false, "orient": "horizontal", "left": "center", "top": 2, "itemHeight": 140, "itemWidth": 12,
		"formatter": "@unit:" + string(unitOf(c)), "inRange": map[string]any{"color": "@ramp"}}
	o["tooltip"] = map[string]any{"trigger": "item", "confine": true, "formatter": "@cell:" + string(unitOf(c))}
	o["yAxis"].(map[string]any)["inverse"] = true
	delete(o["yAxis"].(map[string]any), "name") // it would lie on the rows' own names, which tell what they are
	return map[string]any{"type": "heatmap", "name": c.Series[0].Name, "data": data}
}

// unitOf is the unit of a heat map's cells: shares stay below 1 and are written as such, all else are counts.
func unitOf(c analysis.Chart) analysis.Unit {
	for _, row := range c.Series[0].Grid {
		for _, v := range row {
			if v > 1 {
				return analysis.Count
			}
		}
	}
	return analysis.Rate
}

func marks(c analysis.Chart) map[string]any {
	var data []any
	for _, m := range c.Marks {
		key, at := "yAxis", "insideEndTop"
		lying := c.Kind == analysis.HBarChart || c.Kind == analysis.DotChart
		if m.OnX != lying {
			key, at = "xAxis", "end"
			if lying {
				at = "start" // its categories run downwards: the upper end, off the axis' numbers
			}
		}
		data = append(data, map[string]any{key: m.Value, "name": m.Label, "label": map[string]any{"formatter": "{b}", "position": at}})
	}
	return map[string]any{"silent": true, "symbol": "none", "precision": 9, "lineStyle": map[string]any{"type": "dashed", "width": 1.2, "color": "@muted"}, "label": map[string]any{"color": "@muted"}, "data": data}
}

// number is v, or null.
func number(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}
