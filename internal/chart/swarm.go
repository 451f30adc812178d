// Points beside names: one with its interval a row (dots), or many of them (swarm), as summaries of contributions have them.

package chart

import (
	"math"

	"github.com/seguefeed/segue/analysis"
)

// dots are points on the value axis, a row each, with their intervals.
func dots(c analysis.Chart) []any {
	var out []any
	for i, s := range c.Series {
		var data []any
		for k, v := range s.Y {
			data = append(data, []any{number(v), k})
		}
		// encode names the axes: without it the tooltip would give the row's number for its value
		out = append(out, map[string]any{"name": s.Name, "type": "scatter", "data": data, "symbolSize": 10, "z": 6, "encode": map[string]any{"x": 0, "y": 1, "tooltip": []int{0}}})
		if len(s.Low) > 0 && len(s.Low) == len(s.High) {
			w := whiskers(c, s, i)
			for _, point := range w["data"].([]any) { // on the points: not beside each other as bars are
				p := point.([]any)
				p[3], p[4] = 0, 1
			}
			out = append(out, w)
		}
	}
	return out
}

const (
	swarmColumns = 120 // into which the value axis is cut to see which points would lie on each other
	swarmReach   = 9   // pixels that a point is moved from its row's middle at most
)

// swarm is the points of all rows, those with a colour as one series and those without as another: value, row, colour and how many pixels the point is moved off its row's
// middle. Of the points in one narrow column, the first stays on the middle and the others go by turns above and below it, the
// closer together the more they are.
func swarm(c analysis.Chart, o map[string]any) []any {
	s := c.Series[0]
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range s.Grid {
		for _, v := range row {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	column := func(v float64) int {
		if high <= low {
			return 0
		}
		return min(swarmColumns-1, int((v-low)/(high-low)*swarmColumns))
	}
	var data, plain []any // plain: without a colour
	for r, row := range s.Grid {
		var in, placed [swarmColumns]int
		for _, v := range row {
			if number(v) != nil {
				in[column(v)]++
			}
		}
		for i, v := range row {
			if number(v) == nil {
				continue
			}
			k := column(v)
			step := math.Min(2.5, 2*swarmReach/float64(in[k]))
			off := step * float64((placed[k]+1)/2)
			if placed[k]%2 == 1 {
				off = -off
			}
			placed[k]++
			point := []any{short(v, 4), r, 0., short(off, 1)}
			if r < len(s.Colours) && i < len(s.Colours[r]) && number(s.Colours[r][i]) != nil {
				point[2] = short(s.Colours[r][i], 2)
				data = append(data, point)
			} else {
				plain = append(plain, point)
			}
		}
	}
	o["visualMap"] = map[string]any{"dimension": 2, "seriesIndex": 0, "min": 0, "max": 1, "calculable": false, "orient": "horizontal", "left": "center", "top": 2, "itemHeight": 140, "itemWidth": 12,
		"text": []string{"most", "least"}, "inRange": map[string]any{"color": "@span"}}
	o["tooltip"] = map[string]any{"trigger": "item", "confine": true, "formatter": "@swarm:" + string(c.X.Unit)}
	series := func(data []any, coloured bool) map[string]any {
		return map[string]any{"name": s.Name, "type": "scatter", "data": data, "symbolSize": 4, "symbolOffset": "@offset", "encode": map[string]any{"x": 0, "y": 1}, "swarm": coloured, "plain": !coloured}
	}
	return []any{series(data, true), series(plain, false)}
}

// short keeps some places of a number: a picture of thousands of points needs no more.
func short(v float64, places int) float64 {
	p := math.Pow(10, float64(places))
	return math.Round(v*p) / p
}
