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
