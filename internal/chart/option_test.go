package chart

import (
	"encoding/json"
	"testing"

	"github.com/seguefeed/segue/analysis"
)

// part digs into an option by keys.
func part(t *testing.T, option map[string]any, keys ...string) any {
	t.Helper()
	var at any = option
	for _, k := range keys {
		m, ok := at.(map[string]any)
		if !ok {
			t.Fatalf("no %s in %v", k, at)
		}
		at = m[k]
	}
	return at
}

func TestAxes(t *testing.T) {
	x := func(categories ...string) analysis.Axis {
		return analysis.Axis{Label: "x", Unit: analysis.Text, Categories: categories}
	}
	days, _ := Option(analysis.Chart{Kind: analysis.LineChart, X: x("2019-11-01", "2019-11-02"), Series: []analysis.Series{{Y: []float64{1, 2}}}})
	if f := part(t, days, "xAxis", "axisLabel", "formatter"); f != "@day" {
		t.Errorf("days are written by %v", f)
	}
	bins, _ := Option(analysis.Chart{Kind: analysis.BarChart, X: x("1", "2-4", "5 or more"), Series: []analysis.Series{{Y: []float64{1, 2, 3}}}})
	if i := part(t, bins, "xAxis", "axisLabel", "interval"); i != 0 {
		t.Errorf("of three bins every one is to be named; the interval is %v", i)
	}
	// 170 to 10,800 lie within 100 and 20,000; no decade is left empty
	gdp, _ := Option(analysis.Chart{Kind: analysis.ScatterChart, X: analysis.Axis{Unit: analysis.Money, Log: true}, Series: []analysis.Series{{X: []float64{170, 10800}, Y: []float64{1, 2}}}})
	if low, high := part(t, gdp, "xAxis", "min"), part(t, gdp, "xAxis", "max"); low != 100. || high != 20000. {
		t.Errorf("the logarithmic axis runs from %v to %v", low, high)
	}
	// up to 280 s: ticks at whole minutes, five of them
	view, _ := Option(analysis.Chart{Kind: analysis.BoxPlot, X: x("all"), Y: analysis.Axis{Label: "view time", Unit: analysis.Seconds}, Series: []analysis.Series{{Boxes: []analysis.Box{{High: 280, Mean: 90}}}}})
	if step, f := part(t, view, "yAxis", "interval"), part(t, view, "yAxis", "axisLabel", "formatter"); step != 60. || f != "@ticks:60" {
		t.Errorf("seconds have ticks every %v, written by %v", step, f)
	}
	if s := view["series"].([]any); len(s) != 2 || s[1].(map[string]any)["data"].([]any)[0] != 90. {
		t.Errorf("a box plot marks the mean: %v", s)
	}
	if name := part(t, view, "yAxis", "name"); name != "view time" {
		t.Errorf("an axis whose numbers bear their unit is called %v", name)
	}
	for want, label := range map[string]string{"days since publication": "days since publication", "age (days)": "age"} {
		if got := labelOf(label); got != want {
			t.Errorf("%q is called %q", label, got)
		}
	}
	trend, _ := Option(analysis.Chart{Kind: analysis.LineChart, Series: []analysis.Series{{X: []float64{1, 2}, Y: []float64{1, 2}, Line: true}}})
	if b, _ := json.Marshal(trend["series"]); !json.Valid(b) || part(t, trend["series"].([]any)[0].(map[string]any), "lineStyle", "type") != "dashed" {
		t.Errorf("a trend is told from what was measured: %s", b)
	}
}

func labelOf(s string) string { return label(analysis.Axis{Label: s, Unit: analysis.Days}) }
