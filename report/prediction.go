// The theme "Who will be active": what a prediction found, as answers like those of the analysis, so that its cards, charts,
// tables and numbers take the same way onto the page and into the files.

package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/learn"
)

const predictionTheme = "Who will be active"

// predictionAnswers are the theme's cards, from what was asked to what the models were given. What r lacks has no card.
func predictionAnswers(r *activity.Results) []analysis.Answer {
	if r == nil {
		return nil
	}
	answers := []analysis.Answer{funnelAnswer(r)}
	if c := r.Comparison; c != nil && len(c.Models) > 0 {
		answers = append(answers, modelsAnswer(c), curvesAnswer(c), groupsAnswer(c))
	}
	if d := r.Drivers; d != nil {
		answers = append(answers, driversAnswer(d, r.Features))
		if len(withoutIntercept(d.Odds)) > 0 {
			answers = append(answers, oddsAnswer(d))
		}
	}
	if r.Segments != nil {
		answers = append(answers, segmentsAnswer(r.Segments, r.Features))
	}
	if r.Stay != nil || r.StayNote != "" {
		answers = append(answers, stayAnswer(r))
	}
	if r.Published != nil {
		answers = append(answers, publishedAnswer(r.Published))
	}
	if len(r.Features) > 0 {
		answers = append(answers, featuresAnswer(r.Features))
	}
	for i := range answers {
		answers[i].Theme = predictionTheme
	}
	return answers
}

// windows are the two windows in words: "1 to 10 November" and "11 to 30 November".
func windows(q activity.Question) (early, late string) {
	return days(q.From, q.AsOf.AddDate(0, 0, -1)), days(q.AsOf, q.Until)
}

func days(from, to time.Time) string {
	switch {
	case from.Equal(to):
		return to.Format("2 January")
	case from.Month() == to.Month() && from.Year() == to.Year():
		return from.Format("2") + " to " + to.Format("2 January")
	}
	return from.Format("2 January") + " to " + to.Format("2 January")
}

// auc writes an area to three places, as papers do.
func auc(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	return fmt.Sprintf("%.3f", v)
}

// aucEffect is an area with its interval.
func aucEffect(name string, e learn.AUCEstimate) *analysis.Effect {
	return &analysis.Effect{Name: name, Value: e.Value, Low: e.Low, High: e.High, Unit: analysis.Plain}
}

// percent writes a share.
func percent(v float64) string { return inUnit(v, analysis.Share) }

// listed joins names: "a, b and c".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// ofEach gathers a column from rows.
func ofEach[R, V any](rows []R, of func(R) V) []V {
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = of(r)
	}
	return out
}

func texts[R any](name, label string, rows []R, of func(R) string) analysis.Column {
	return analysis.Column{Name: name, Label: label, Unit: analysis.Text, Strings: ofEach(rows, of)}
}

func counts[R any](name, label string, rows []R, of func(R) int) analysis.Column {
	return analysis.Column{Name: name, Label: label, Unit: analysis.Count, Ints: ofEach(rows, func(r R) int64 { return int64(of(r)) })}
}

func numbers[R any](name, label string, unit analysis.Unit, rows []R, of func(R) float64) analysis.Column {
	return analysis.Column{Name: name, Label: label, Unit: unit, Floats: ofEach(rows, of)}
}

// around is an axis that holds values with a margin, its ends at multiples of step; nil where no value is known.
func around(step float64, values ...float64) *analysis.Range {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	if low > high {
		return nil
	}
	// Multiples of a step are not exact: 0.7/0.05 is a little above 14.
	const slack = 1e-9
	down, up := math.Floor(low/step+slack), math.Ceil(high/step-slack)
	if down == up {
		up++
	}
	return &analysis.Range{Low: tidy(down * step), High: tidy(up * step)}
}

// tidy takes the binary dust off a multiple of a step.
func tidy(v float64) float64 { return math.Round(v*1e9) / 1e9 }

// holm corrects the tests of a card among themselves.
func holm[R any](rows []R, p func(R) float64) []float64 { return learn.Holm(ofEach(rows, p)) }

// grade is that of a tested difference.
func grade(q float64) analysis.Grade {
	if q <= significant {
		return analysis.Association
	}
	return analysis.NoDifference
}

// significant is the level below which a corrected p-value counts as a difference, as in the analysis.
const significant = .05
