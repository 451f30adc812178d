package analysis

import (
	"math"
	"slices"
)

// Chart describes a picture by its data; drawing it is the report's business.
type Chart struct {
	ID     string    `json:"id"` // unique in a report
	Title  string    `json:"title"`
	Kind   ChartKind `json:"kind"`
	X      Axis      `json:"x"`
	Y      Axis      `json:"y"`
	Series []Series  `json:"series"`
	Marks  []Mark    `json:"marks,omitempty"`
	// Alt says in one sentence what the picture shows, for those who cannot see it.
	Alt string `json:"alt"`
	// Small pictures stand two in a row where there is room: those that are looked at together.
	Small bool `json:"small,omitempty"`
}

// ChartKind is the form of a chart.
type ChartKind string

const (
	LineChart    ChartKind = "line"    // Series.X or X.Categories, Series.Y, optional Low and High as a band
	AreaChart    ChartKind = "area"    // stacked
	BarChart     ChartKind = "bar"     // side by side; optional Low and High as whiskers
	StackedBar   ChartKind = "stacked" // on top of each other
	HBarChart    ChartKind = "hbar"    // categories on the vertical axis, for many or long names: X stays the category axis, Y the value axis
	ScatterChart ChartKind = "scatter" // Series.X, Series.Y, optional Labels and Sizes
	HeatMap      ChartKind = "heat"    // one series: Grid[row][column], rows are Y.Categories, columns X.Categories
	BoxPlot      ChartKind = "box"     // Series.Boxes, one per X category
	DotChart     ChartKind = "dot"     // as HBarChart, with points in place of bars: for numbers whose zero means nothing
	SwarmChart   ChartKind = "swarm"   // one series: Grid[row] are the points of row Y.Categories[row] on the axis X, Colours[row] their colours; those that would lie on each other are moved apart
)

// Axis is one axis of a chart.
type Axis struct {
	Label      string   `json:"label"`
	Unit       Unit     `json:"unit"`
	Categories []string `json:"categories,omitempty"` // set: a category axis
	Log        bool     `json:"log,omitempty"`
	Range      *Range   `json:"range,omitempty"` // nil: what the values need
}

// Range is the two ends of a value axis.
type Range struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Series is one named set of points.
type Series struct {
	Name   string      `json:"name"`
	X      []float64   `json:"x,omitempty"`
	Y      []float64   `json:"y,omitempty"` // NaN leaves a gap
	Low    []float64   `json:"low,omitempty"`
	High   []float64   `json:"high,omitempty"`
	Labels []string    `json:"labels,omitempty"`
	Sizes  []float64   `json:"sizes,omitempty"`
	Boxes  []Box       `json:"boxes,omitempty"`
	Grid   [][]float64 `json:"grid,omitempty"`
	Line   bool        `json:"line,omitempty"` // draw this series of a bar or scatter chart as a line (a trend)
	Pale   bool        `json:"pale,omitempty"` // of a line chart: beside the series that matter
	Step   bool        `json:"step,omitempty"` // of a line chart: a value holds until the next one
	// Colours of a swarm's points, as Grid: from 0 for the least to 1 for the greatest; NaN for neither. Of a heat map, the cells'
	// colours where these are not to follow the numbers, which then stand in the cells as factors: below and above .5 to either side.
	Colours [][]float64 `json:"colours,omitempty"`
}

// Box is a box plot's five numbers: whiskers at the most extreme values within 1.5 interquartile ranges of the box.
type Box struct {
	Low, Q1, Median, Q3, High float64
	Mean                      float64
	N                         int64
}

// Mark is a labelled reference line across a chart.
type Mark struct {
	OnX   bool    `json:"on_x"`
	Value float64 `json:"value"`
	Label string  `json:"label"`
}

// drawable leaves out series without a number, which a legend would name and nobody find, and charts without a series.
func drawable(charts []Chart) []Chart {
	var kept []Chart
	for _, c := range charts {
		c.Series = slices.DeleteFunc(slices.Clone(c.Series), func(s Series) bool { return !s.drawn() })
		if slices.ContainsFunc(c.Series, func(s Series) bool { return !s.Line || c.Kind == LineChart }) {
			kept = append(kept, c)
		}
	}
	return kept
}

// drawn reports whether a series has a number to draw.
func (s Series) drawn() bool {
	known := func(v float64) bool { return !math.IsNaN(v) }
	return len(s.Boxes) > 0 || slices.ContainsFunc(s.Y, known) || slices.ContainsFunc(s.Grid, func(row []float64) bool { return slices.ContainsFunc(row, known) })
}
