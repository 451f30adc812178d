package report

import (
	"math"
	"time"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// sample is a report with every kind of chart and column, nulls, hostile texts, and what can be missing.
func sample() Input {
	nan := math.NaN()
	cats := []string{"a", "b <script>alert(1)</script>", "c"}
	x := analysis.Axis{Label: "kind", Unit: analysis.Text, Categories: cats}
	share := analysis.Axis{Label: "active share", Unit: analysis.Share}
	long := analysis.Table{Name: "long", Title: "More rows than the page shows", Columns: []analysis.Column{{Name: "n", Label: "n", Unit: analysis.Count}}}
	for i := range int64(150) {
		long.Columns[0].Ints = append(long.Columns[0].Ints, i)
	}
	three := []float64{.1, nan, .3}
	charts := []analysis.Chart{
		{ID: "line", Title: "Line with a band", Kind: analysis.LineChart, X: analysis.Axis{Label: "day", Unit: analysis.Days}, Y: share, Alt: "a line",
			Series: []analysis.Series{{Name: "one", X: []float64{1, 2, 3}, Y: three, Low: []float64{.05, nan, .2}, High: []float64{.15, nan, .4}}, {Name: "two", X: []float64{1, 2, 3}, Y: []float64{.2, .2, .1}}},
			Marks:  []analysis.Mark{{Value: .2, Label: "mean"}}},
		{ID: "area", Title: "Area", Kind: analysis.AreaChart, X: x, Y: share, Series: []analysis.Series{{Name: "s", Y: []float64{.1, .2, .3}}}},
		{ID: "bar", Title: "Bars with whiskers", Kind: analysis.BarChart, X: x, Y: share, Series: []analysis.Series{{Name: "s", Y: three, Low: three, High: three}, {Name: "trend", Y: three, Line: true}}},
		{ID: "stacked", Title: "Stacked", Kind: analysis.StackedBar, X: x, Y: share, Series: []analysis.Series{{Name: "s", Y: three}, {Name: "t", Y: three}}},
		{ID: "hbar", Title: "Lying bars", Kind: analysis.HBarChart, X: x, Y: share, Series: []analysis.Series{{Name: "s", Y: three, Low: three, High: three}}, Marks: []analysis.Mark{{Value: .2, Label: "mean"}}},
		{ID: "scatter", Title: "Points", Kind: analysis.ScatterChart, X: analysis.Axis{Label: "product", Unit: analysis.Money, Log: true}, Y: share,
			Series: []analysis.Series{{Name: "provinces", X: []float64{10, 200, 3000}, Y: []float64{.1, .2, .3}, Labels: cats, Sizes: []float64{1, 4, 9}}, {Name: "trend", X: []float64{10, 3000}, Y: []float64{.1, .3}, Line: true}}},
		{ID: "heat", Title: "Heat", Kind: analysis.HeatMap, X: x, Y: analysis.Axis{Label: "hour", Unit: analysis.Text, Categories: []string{"0", "1"}}, Series: []analysis.Series{{Name: "n", Grid: [][]float64{{1, 2, nan}, {4, 5, 6}}}}},
		{ID: "box", Title: "Boxes", Kind: analysis.BoxPlot, X: x, Y: analysis.Axis{Label: "view time", Unit: analysis.Seconds}, Series: []analysis.Series{{Name: "s", Boxes: []analysis.Box{{Low: 1, Q1: 2, Median: 3, Q3: 4, High: 9, Mean: 3.5, N: 7}, {}, {Low: 100, Q1: 200, Median: 300, Q3: 400, High: 900, Mean: 350, N: 7}}}}},
	}
	empty := analysis.Chart{ID: "empty", Title: "Nothing to draw", Kind: analysis.LineChart, X: x, Y: share, Series: []analysis.Series{{Name: "s", Y: []float64{nan, nan}}}}
	return Input{
		Title: "A <b>sample</b>", Generated: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Version: "test", Source: "sample.duckdb",
		Contents: warehouse.Contents{Impressions: 1234567, Users: 2000, Cards: 30, FirstDay: time.Date(2019, 11, 1, 0, 0, 0, 0, time.UTC), LastDay: time.Date(2019, 11, 30, 0, 0, 0, 0, time.UTC),
			Zone: "UTC+08:00", Absent: []feedlog.Role{feedlog.UserAge}, Loads: []warehouse.LoadedFile{{Table: feedlog.Impressions, Name: "impression_data.csv", Rows: 1234567, Rejected: 3}}},
		Checks: []warehouse.DataCheck{{ID: "repeats", Title: "repeats", Count: 5, Of: 100, Examples: []string{"user </script><script>alert(2)</script>"}}, {ID: "off", Title: "not run", Off: "the log has no column for x"}},
		Answers: []analysis.Answer{
			{ID: "every-chart", Theme: "Usage", Title: "Every kind of chart?", Charts: append(charts, empty), Caveats: []string{"a caveat"}, Queries: []analysis.Query{{Name: "q", Text: "select 1 < 2"}},
				Findings: []analysis.Finding{
					{Sentence: "Strong.", Grade: analysis.Association, Weight: .9, Effect: &analysis.Effect{Name: "difference", Value: .1, Low: .05, High: .15, Unit: analysis.Share}, Test: &analysis.Test{Name: "z", Statistic: 5, P: 1e-9, Q: 1e-8}},
					{Sentence: "Headline.", Grade: analysis.Descriptive, Headline: true},
					{Sentence: "Unranked.", Grade: analysis.Descriptive},
				},
				Tables: []analysis.Table{{Name: "mixed", Title: "Every kind of column", Columns: []analysis.Column{
					{Name: "name", Label: "name", Unit: analysis.Text, Strings: cats}, {Name: "n", Label: "users", Unit: analysis.Count, Ints: []int64{1, 20000, 3}}, {Name: "share", Label: "share", Unit: analysis.Share, Floats: three}}}, long}},
			{ID: "weak", Theme: "Usage", Title: "A weaker one?", Findings: []analysis.Finding{{Sentence: "Weak.", Grade: analysis.NoDifference, Weight: .1}}},
			{ID: "none", Theme: "Usage", Title: "Nothing seen?", Findings: []analysis.Finding{{Sentence: "No difference.", Grade: analysis.NoDifference, Test: &analysis.Test{Name: "z", Statistic: .5, P: .6, Q: .7},
				Effect: &analysis.Effect{Name: "one less the other", Value: .0277, Low: -.01, High: .06, Unit: analysis.Points}}}},
			{ID: "switched-off", Theme: "Demographics", Title: "Asked?", Off: "the log has no column for user.age"},
		},
	}
}
