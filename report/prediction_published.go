// The case study's procedure repeated, with its leaks and without: what of the published accuracy was the leaks'.

package report

import (
	"fmt"
	"math"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
)

func publishedAnswer(p *activity.Published) analysis.Answer {
	a := analysis.Answer{ID: "prediction-published", Title: "What were the case study's leaks worth?"}
	if len(p.Rows) == 0 {
		a.Off = "the repetition has no model"
		return a
	}
	row := func(name, label string, of func(activity.PublishedRow) float64) analysis.Column {
		return numbers(name, label, analysis.Share, p.Rows, of)
	}
	published, leaky, sound := func(r activity.PublishedRow) float64 { return r.Published }, func(r activity.PublishedRow) float64 { return r.Leaky }, func(r activity.PublishedRow) float64 { return r.Sound }
	price := func(r activity.PublishedRow) float64 { return r.Leaky - r.Sound }
	var sum, n float64
	most := -1
	for i, r := range p.Rows {
		if v := price(r); !math.IsNaN(v) {
			sum, n = sum+v, n+1
			if most < 0 || v > price(p.Rows[most]) {
				most = i
			}
		}
	}
	if most >= 0 {
		m := p.Rows[most]
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf(
			"By the case study's own steps the leaks are worth %s of accuracy on average, and most to %s: %s with them, %s without.", inUnit(sum/n, analysis.Points), m.Model, percent(m.Leaky), percent(m.Sound))})
	}
	bar := func(name string, of func(activity.PublishedRow) float64) analysis.Series {
		return analysis.Series{Name: name, Y: ofEach(p.Rows, of)}
	}
	a.Charts = []analysis.Chart{{ID: "published", Title: "Accuracy: as published, repeated with the leaks, and without", Kind: analysis.HBarChart,
		X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(p.Rows, func(r activity.PublishedRow) string { return r.Model })}, Y: analysis.Axis{Label: "accuracy", Unit: analysis.Share, Range: unit()},
		Series: []analysis.Series{bar("published", published), bar("with leaks", leaky), bar("without", sound)},
		Alt:    fmt.Sprintf("Bars of the accuracy of %d models, three each.", len(p.Rows))}}
	a.Tables = []analysis.Table{{Name: "prediction_published", Title: "Published against sound", Columns: []analysis.Column{
		texts("model", "model", p.Rows, func(r activity.PublishedRow) string { return r.Model }),
		row("published", "published", published), row("leaky", "with the leaks", leaky), row("sound", "without", sound),
		numbers("price", "price of the leaks", analysis.Points, p.Rows, price),
	}}}
	a.Caveats = []string{"The procedure of the case study: sums of the first days, its twelve features, oversampling before the split and impressions counted in the days to be predicted. Without the leaks means the same steps with these two undone. Accuracies of this log are not those of the published one: what can be compared is the price."}
	return a
}
