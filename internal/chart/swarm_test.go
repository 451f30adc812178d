package chart

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/seguefeed/segue/analysis"
)

func TestDots(t *testing.T) {
	nan := math.NaN()
	o, ok := Option(analysis.Chart{Kind: analysis.DotChart, X: analysis.Axis{Unit: analysis.Text, Categories: []string{"a", "long name"}}, Y: analysis.Axis{Unit: analysis.Plain, Range: &analysis.Range{Low: .5, High: .9}},
		Series: []analysis.Series{{Name: "m", Y: []float64{.6, nan}, Low: []float64{.55, nan}, High: []float64{.65, nan}}, {Name: "n", Y: []float64{nan, .8}}}, Marks: []analysis.Mark{{Value: .7, Label: "all"}}})
	if !ok {
		t.Fatal("there is nothing to draw")
	}
	series := o["series"].([]any)
	if len(series) != 3 { // points and their intervals; points
		t.Fatalf("%d series, want 3", len(series))
	}
	if p := part(t, series[0].(map[string]any), "data").([]any); !slices.Equal(p[0].([]any), []any{.6, 0}) || p[1].([]any)[0] != nil {
		t.Errorf("the points are %v", p)
	}
	if w := part(t, series[1].(map[string]any), "data").([]any); !slices.Equal(w[0].([]any), []any{0, .55, .65, 0, 1}) {
		t.Errorf("the intervals are %v", w)
	}
	// .4 in four parts of .1; the mark crosses the axis that lies
	if step := part(t, o, "xAxis", "interval"); step != .1 {
		t.Errorf("ticks every %v", step)
	}
	if m := part(t, series[0].(map[string]any), "markLine", "data").([]any)[0].(map[string]any); m["xAxis"] != .7 {
		t.Errorf("the mark is %v", m)
	}
	if w := part(t, o, "yAxis", "axisLabel", "width"); w != "@names:9" {
		t.Errorf("names have the width %v", w)
	}
	if _, err := json.Marshal(o); err != nil {
		t.Error(err)
	}
}

func TestRatiosHaveTicksAtDoublings(t *testing.T) {
	o, _ := Option(analysis.Chart{Kind: analysis.DotChart, X: analysis.Axis{Categories: []string{"a"}}, Y: analysis.Axis{Log: true}, Series: []analysis.Series{{Y: []float64{1.5}, Low: []float64{.3}, High: []float64{5}}}})
	// .3 lies above 1/4, 5 below 8
	if low, high := part(t, o, "xAxis", "min"), part(t, o, "xAxis", "max"); low != .25 || high != 8. {
		t.Errorf("the axis runs from %v to %v", low, high)
	}
	none, _ := Option(analysis.Chart{Kind: analysis.DotChart, X: analysis.Axis{Categories: []string{"a"}}, Y: analysis.Axis{Log: true}, Series: []analysis.Series{{Y: []float64{1}}}})
	if low, high := part(t, none, "xAxis", "min"), part(t, none, "xAxis", "max"); low != 1. || high != 2. {
		t.Errorf("the axis of 1 alone runs from %v to %v", low, high)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct{ low, high, want float64 }{{0, 1, .2}, {.7, .85, .05}, {.5, .9, .1}, {0, .2, .05}, {0, 7, 0}} {
		if got := between(c.low, c.high); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("from %v to %v there are ticks every %v, want %v", c.low, c.high, got, c.want)
		}
	}
}

func TestSwarm(t *testing.T) {
	nan := math.NaN()
	o, ok := Option(analysis.Chart{Kind: analysis.SwarmChart, Y: analysis.Axis{Categories: []string{"a", "b"}}, Series: []analysis.Series{{
		Grid: [][]float64{{0, 0, 0, 1}, {nan, .5}}, Colours: [][]float64{{0, .5, 1, nan}, {1, 1}}}}})
	if !ok {
		t.Fatal("there is nothing to draw")
	}
	series := o["series"].([]any)
	// three at one place: on the middle, above and below it by one step of at most 2.5 pixels; what is no number is left out
	want := [][]any{{0., 0, 0., 0.}, {0., 0, .5, -2.5}, {0., 0, 1., 2.5}, {.5, 1, 1., 0.}}
	got := part(t, series[0].(map[string]any), "data").([]any)
	if len(got) != len(want) {
		t.Fatalf("the points are %v", got)
	}
	for i := range want {
		if !slices.Equal(got[i].([]any), want[i]) {
			t.Errorf("point %d is %v, want %v", i, got[i], want[i])
		}
	}
	if plain := part(t, series[1].(map[string]any), "data").([]any); len(plain) != 1 || plain[0].([]any)[0] != 1. {
		t.Errorf("the points without a colour are %v", plain)
	}
	// any number of points at one place stays within the row
	many := make([]float64, 500)
	o, _ = Option(analysis.Chart{Kind: analysis.SwarmChart, Y: analysis.Axis{Categories: []string{"a"}}, Series: []analysis.Series{{Grid: [][]float64{many}}}})
	for _, p := range part(t, o["series"].([]any)[1].(map[string]any), "data").([]any) {
		if off := p.([]any)[3].(float64); math.Abs(off) > swarmReach {
			t.Fatalf("a point lies %v pixels off its row", off)
		}
	}
}

func TestPaleLines(t *testing.T) {
	o, _ := Option(analysis.Chart{Kind: analysis.LineChart, X: analysis.Axis{Unit: analysis.Share}, Series: []analysis.Series{
		{Name: "best", X: []float64{0, 1}, Y: []float64{0, 1}, Low: []float64{0, 1}, High: []float64{0, 1}, Step: true}, {Name: "other", X: []float64{0, 1}, Y: []float64{0, 1}, Pale: true}, {Name: "by lot", X: []float64{0, 1}, Y: []float64{0, 1}, Line: true}}})
	series := o["series"].([]any)
	best, band, other, lot := series[0].(map[string]any), series[1].(map[string]any), series[3].(map[string]any), series[4].(map[string]any)
	if best["z"] != 4 || best["step"] != "end" || band["step"] != "end" || other["pale"] != true || other["z"] != nil || lot["reference"] != true {
		t.Errorf("the lines are %v, %v, %v, %v", best, band, other, lot)
	}
}

func TestTonedCells(t *testing.T) {
	nan := math.NaN()
	o, _ := Option(analysis.Chart{Kind: analysis.HeatMap, X: analysis.Axis{Categories: []string{"a", "b"}}, Y: analysis.Axis{Categories: []string{"f"}}, Series: []analysis.Series{{Grid: [][]float64{{4, nan}}, Colours: [][]float64{{.83, .5}}}}})
	cells := o["series"].([]any)[0].(map[string]any)["data"].([]any)
	if len(cells) != 1 || !slices.Equal(cells[0].([]any), []any{0, 0, 4., .83}) {
		t.Errorf("the cells are %v", cells)
	}
}
