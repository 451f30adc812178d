// The series of a chart: what its lines, bars, boxes, points and cells are in ECharts' own terms.

package chart

import (
	"math"
	"strconv"

	"github.com/seguefeed/segue/analysis"
)

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
