// The case study's procedure repeated, without its leaks and, where that was asked for, with them: what of the published accuracy
// was the leaks'.

package report

import (
	"fmt"
	"math"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
)

func publishedAnswer(p *activity.Published) analysis.Answer {
	a := analysis.Answer{ID: "prediction-published", Title: "What were the case study's leaks worth?"}
	if len(p.Rows) == 0 || len(p.Arms) == 0 {
		a.Off = "the repetition has no model"
		return a
	}
	published, sound := func(r activity.PublishedRow) float64 { return r.Published }, func(r activity.PublishedRow) float64 { return r.Scores[0].Accuracy }
	leaky := func(r activity.PublishedRow) float64 { return math.NaN() }
	withLeaks := len(p.Arms) > 1
	if withLeaks {
		leaky = func(r activity.PublishedRow) float64 { return r.Scores[1].Accuracy }
	}
	a.Findings = append(a.Findings, publishedFinding(p, withLeaks))
	bar := func(name string, of func(activity.PublishedRow) float64) analysis.Series {
		return analysis.Series{Name: name, Y: ofEach(p.Rows, of)}
	}
	chart := analysis.Chart{ID: "published", Title: "Accuracy: as published, and repeated", Kind: analysis.HBarChart,
		X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(p.Rows, func(r activity.PublishedRow) string { return r.Model })}, Y: analysis.Axis{Label: "accuracy", Unit: analysis.Share, Range: unit()},
		Series: []analysis.Series{bar("published", published)}, Alt: fmt.Sprintf("Bars of the accuracy of %d models.", len(p.Rows))}
	if withLeaks {
		chart.Series = append(chart.Series, bar("repeated with the leaks", leaky))
	}
	chart.Series = append(chart.Series, bar("repeated without", sound))
	a.Charts = []analysis.Chart{chart}

	share := func(name, label string, of func(activity.PublishedRow) float64) analysis.Column {
		return numbers(name, label, analysis.Share, p.Rows, of)
	}
	columns := []analysis.Column{texts("model", "model", p.Rows, func(r activity.PublishedRow) string { return r.Model }), share("published", "published", published)}
	if withLeaks {
		columns = append(columns, share("leaky", "with both leaks", leaky))
	}
	columns = append(columns, share("sound", "without", sound), share("sound_natural", "without, at natural shares", func(r activity.PublishedRow) float64 { return r.Scores[0].Natural }),
		numbers("sound_auc", "AUC without", analysis.Plain, p.Rows, func(r activity.PublishedRow) float64 { return r.Scores[0].AUC }))
	if withLeaks {
		for _, leak := range []struct {
			name, label string
			of          func(activity.PublishedRow) *activity.Price
		}{
			{"both", "both leaks add", func(r activity.PublishedRow) *activity.Price { return r.Both }},
			{"late", "the late column adds", func(r activity.PublishedRow) *activity.Price { return r.LateColumn }},
			{"copies", "copies before the split add", func(r activity.PublishedRow) *activity.Price { return r.Oversampling }},
		} {
			columns = append(columns,
				numbers(leak.name, leak.label, analysis.Points, p.Rows, func(r activity.PublishedRow) float64 { return leak.of(r).Added }),
				numbers(leak.name+"_low", "from", analysis.Points, p.Rows, func(r activity.PublishedRow) float64 { return leak.of(r).Low }),
				numbers(leak.name+"_high", "to", analysis.Points, p.Rows, func(r activity.PublishedRow) float64 { return leak.of(r).High }))
		}
	}
	a.Tables = []analysis.Table{{Name: "prediction_published", Title: "Published against repeated", Columns: columns}}
	if alarms := alarmsOf(p); len(alarms) > 0 {
		a.Tables = append(a.Tables, analysis.Table{Name: "prediction_published_alarms", Title: "What the leakage audit says of the plans with leaks", Columns: []analysis.Column{
			texts("plan", "plan", alarms, func(r alarm) string { return r.plan }),
			texts("step", "column or step", alarms, func(r alarm) string { return r.Column }),
			texts("what", "alarm", alarms, func(r alarm) string { return r.What }),
		}})
	}
	a.Caveats = append([]string{fmt.Sprintf("Reported figures: %s; of %d users, %s of them active. Here: %d users, %s active. Accuracies of this log are not those of the published one; what can be compared is what the leaks add.",
		p.Source, p.SourceUsers, percent(p.SourceShare), p.Users, percent(float64(p.Active)/float64(p.Users)))}, p.Notes...)
	return a
}

// publishedFinding says what the leaks add on average and to whom most; without them, how the repetition stands to what was reported.
func publishedFinding(p *activity.Published, withLeaks bool) analysis.Finding {
	most := 0
	if !withLeaks {
		for i, r := range p.Rows {
			if r.Scores[0].Accuracy > p.Rows[most].Sound {
				most = i
			}
		}
		r := p.Rows[most]
		return analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("By the case study's own steps without its leaks, the best is the %s with an accuracy of %s; it was reported with %s.",
			r.Model, percent(r.Scores[0].Accuracy), percent(r.Published))}
	}
	var sum float64
	for i, r := range p.Rows {
		sum += r.Both.Added
		if r.Both.Added > p.Rows[most].Both.Added {
			most = i
		}
	}
	m := p.Rows[most]
	return analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf(
		"By the case study's own steps the leaks are worth %s of accuracy on average, and most to the %s: %s with them, %s without.",
		inUnit(sum/float64(len(p.Rows)), analysis.Points), m.Model, percent(m.Scores[1].Accuracy), percent(m.Scores[0].Accuracy))}
}

type alarm struct {
	plan string
	activity.Alarm
}

func alarmsOf(p *activity.Published) (out []alarm) {
	for _, arm := range p.Arms {
		for _, al := range arm.Alarms {
			out = append(out, alarm{arm.Name, al})
		}
	}
	return out
}
