// Small charts: scales that end in round numbers, and the paths of lines over them. Pictures are stretched to where they stand, so that words and
// numbers are never part of them.

package server

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// roundUp is the smallest of 1, 2, 2.5, 4, 5, 6, 8 and 10 times a power of ten that is v at least; 1 for none.
func roundUp(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 2.5, 4, 5, 6, 8} {
		if v <= step*power*(1+1e-9) {
			return step * power
		}
	}
	return 10 * power
}

// chart is a line over time, in a picture of 100 by 30 with 0 at the bottom.
type chart struct {
	Line, Area  string // paths
	Values      string // of the line's points, for who points at one
	Unit        string // how to write them: count, share, ms or rate
	From, To    int64  // moments at the ends, in milliseconds
	Top, Bottom string // of the scale, in words
	Bound       string // height of a bound; "" for none in sight
	Label       string // all of it in words
}

const (
	chartTall   = 30.
	chartPoints = 120 // of a line at most
)

// lineChart draws what was at some moments, oldest first, over the time from..to; values never are below 0, and NaN where they are not known. It changes both
// slices. least is what the scale reaches at least.
func lineChart(at []time.Time, values []float64, from, to time.Time, least, bound float64, f *liveFigure) *chart {
	c := &chart{Unit: f.unit, From: from.UnixMilli(), To: to.UnixMilli(), Bottom: f.text(0)}
	high, low := 0., math.Inf(1)
	known := 0
	for k, v := range values {
		if math.IsNaN(v) {
			continue
		}
		at[known], values[known], known = at[k], v, known+1
	}
	at, values = at[:known], values[:known]
	for _, v := range values {
		high, low = max(high, v), min(low, v)
	}
	top := roundUp(max(high, least))
	c.Top = f.text(top)
	y := func(v float64) string { return fixed(chartTall-(chartTall-1)*min(max(v/top, 0), 1), 2) }
	if bound > 0 && bound <= top {
		c.Bound = y(bound)
	}
	span := max(to.Sub(from).Seconds(), 1e-9)
	step := max(1, (len(values)+chartPoints-1)/chartPoints)
	var line, numbers []string
	first := ""
	for k := range values {
		if (len(values)-1-k)%step != 0 { // so that the last is there
			continue
		}
		x := fixed(100*min(max(at[k].Sub(from).Seconds()/span, 0), 1), 2)
		if first == "" {
			first = x
		}
		line, numbers = append(line, x+" "+y(values[k])), append(numbers, strconv.FormatFloat(values[k], 'g', 5, 64))
	}
	if len(line) == 0 {
		c.Label = f.name + ": not known yet"
		return c
	}
	if len(line) == 1 { // a moment alone: a line as short as can be seen
		line, numbers, first = []string{"98 " + y(values[len(values)-1]), line[0]}, append(numbers, numbers[0]), "98"
	}
	c.Line = "M" + strings.Join(line, "L")
	c.Area = c.Line + "V30H" + first + "z"
	c.Values = strings.Join(numbers, ",")
	c.Label = f.name + ": " + f.text(values[len(values)-1]) + " now, between " + f.text(low) + " and " + f.text(high)
	return c
}

// fixed writes a coordinate.
func fixed(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
