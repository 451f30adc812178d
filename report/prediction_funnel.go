// Who of the early users comes back, and who is then active; and whether that is better asked in one step or in two.

package report

import (
	"fmt"
	"math"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/learn"
)

func funnelAnswer(r *activity.Results) analysis.Answer {
	f := r.Funnel
	early, late := windows(r.Question)
	inEarly, inLate := f.EarlyOnly+f.Both, f.LateOnly+f.Both
	why := "the mean over the users seen in them"
	if r.Question.Threshold != 0 {
		why = "the threshold that was asked for"
	}
	a := analysis.Answer{ID: "prediction-funnel", Title: "Who of the early users comes back, and who is then active?", Caveats: []string{
		fmt.Sprintf("Active is who was seen %s with a click-through rate of %s or more in those days, which is %s.", late, percent(f.Threshold), why),
	}}
	ratio := func(k, n int64) float64 { return float64(k) / float64(n) } // NaN of none
	if inEarly > 0 {
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf(
			"Of the %s users seen %s, %s came back %s, and %s of those were then active: %s of all early users.",
			grouped(inEarly), early, percent(ratio(f.Both, inEarly)), late, percent(ratio(f.ActiveOfBoth, f.Both)), percent(ratio(f.ActiveOfBoth, inEarly)))})
	}
	if inLate > 0 && f.LateOnly > 0 {
		a.Caveats = append(a.Caveats, fmt.Sprintf("%s of the users seen %s were not seen before. Their first days are still to come: nothing is predicted of them.", percent(ratio(f.LateOnly, inLate)), late))
	}
	type row struct {
		name                           string
		users, notSeen, active, others int64
	}
	rows := []row{
		{"only " + early, f.EarlyOnly, f.EarlyOnly, 0, 0},
		{"in both", f.Both, 0, f.ActiveOfBoth, f.Both - f.ActiveOfBoth},
		{"only " + late, f.LateOnly, 0, f.ActiveLateOnly, f.LateOnly - f.ActiveLateOnly},
	}
	count := func(name, label string, of func(row) int64) analysis.Column {
		return analysis.Column{Name: name, Label: label, Unit: analysis.Count, Ints: ofEach(rows, of)}
	}
	a.Tables = append(a.Tables, analysis.Table{Name: "prediction_funnel", Title: "Users by when they were seen", Columns: []analysis.Column{
		texts("seen", "seen", rows, func(x row) string { return x.name }),
		count("users", "users", func(x row) int64 { return x.users }),
		count("active", "active later", func(x row) int64 { return x.active }),
		numbers("active_share", "share active later", analysis.Share, rows, func(x row) float64 { return ratio(x.active, x.users) }),
	}})
	series := func(name string, of func(row) int64) analysis.Series {
		return analysis.Series{Name: name, Y: ofEach(rows, func(x row) float64 { return float64(of(x)) })}
	}
	a.Charts = append(a.Charts, analysis.Chart{ID: "seen", Title: "Users by when they were seen", Kind: analysis.StackedBar,
		X:      analysis.Axis{Unit: analysis.Text, Categories: ofEach(rows, func(x row) string { return x.name })},
		Y:      analysis.Axis{Label: "users", Unit: analysis.Count},
		Series: []analysis.Series{series("active later", func(x row) int64 { return x.active }), series("seen later, not active", func(x row) int64 { return x.others }), series("not seen later", func(x row) int64 { return x.notSeen })},
		Alt:    fmt.Sprintf("Stacked bars: %s users only early, %s in both windows, %s only later.", grouped(f.EarlyOnly), grouped(f.Both), grouped(f.LateOnly))})
	if r.Judged.Users > 0 {
		addStages(&a, r)
	}
	return a
}

// addStages says how the two ways of asking do, and how far the score that is kept can be trusted.
func addStages(a *analysis.Answer, r *activity.Results) {
	j := r.Judged
	d := j.Difference
	kind := grade(d.P)
	kept := "asks once"
	if r.TwoStage {
		kept = "asks in two stages"
	}
	sentence := fmt.Sprintf("Asking in two stages, whether she will come back and whether she will then be active, tells the active among all early users with an AUC of %s; asking once, whether she will be active, with one of %s", auc(j.TwoStageAUC.Value), auc(j.OneStageAUC.Value))
	if kind == analysis.NoDifference {
		sentence += ": no difference that can be seen"
	}
	sentence += fmt.Sprintf(". The score that is kept %s: it did better on users set aside for that choice.", kept)
	a.Findings = append(a.Findings,
		analysis.Finding{Grade: kind, Sentence: sentence, Effect: &analysis.Effect{Name: "AUC in two stages less that in one", Value: d.Difference, Low: d.Low, High: d.High, Unit: analysis.Plain},
			Test: &analysis.Test{Name: "DeLong", Statistic: d.Z, P: d.P, Q: d.P}},
		analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("Coming back is foretold with an AUC of %s, being active then with one of %s.", auc(j.BackAUC.Value), auc(j.ThenAUC.Value)),
			Effect: aucEffect("AUC of coming back", j.BackAUC)})
	type row struct {
		question  string
		auc       learn.AUCEstimate
		loss, ece float64
	}
	nan := math.NaN()
	rows := []row{
		{"comes back", j.BackAUC, nan, nan},
		{"active, of those back", j.ThenAUC, nan, nan},
		{"active, in two stages", j.TwoStageAUC, j.TwoStageLoss, j.TwoStageECE},
		{"active, asked once", j.OneStageAUC, j.OneStageLoss, j.OneStageECE},
	}
	a.Charts = append(a.Charts, dotsOf("stages", "How well each question is answered", "AUC", ofEach(rows, func(x row) string { return x.question }), ofEach(rows, func(x row) learn.AUCEstimate { return x.auc })))
	if len(j.Bins) > 0 {
		x, y, low, high := binsOf(j.Bins)
		limit := around(.2, append(append([]float64{0}, x...), high...)...)
		a.Charts = append(a.Charts, analysis.Chart{ID: "score-calibration", Title: "What the score promised, and came true", Kind: analysis.LineChart, Small: true,
			X: analysis.Axis{Label: "probability of being active, as predicted", Unit: analysis.Share, Range: limit}, Y: analysis.Axis{Label: "share that was active", Unit: analysis.Share, Range: limit},
			Series: []analysis.Series{{Name: "the score", X: x, Y: y, Low: low, High: high}, {Name: "as it should be", X: []float64{limit.Low, limit.High}, Y: []float64{limit.Low, limit.High}, Line: true}},
			Alt:    fmt.Sprintf("Line of the active share by predicted probability, in %d bins, beside the diagonal.", len(j.Bins))})
	}
	if len(j.Gains.X) > 0 {
		a.Charts = append(a.Charts, analysis.Chart{ID: "score-gains", Title: "The active among those of highest score", Kind: analysis.LineChart, Small: true,
			X: analysis.Axis{Label: "share of early users, highest scores first", Unit: analysis.Share, Range: unit()}, Y: analysis.Axis{Label: "share of the active among them", Unit: analysis.Share, Range: unit()},
			Series: []analysis.Series{curveOf("the score", j.Gains), {Name: "by lot", X: []float64{0, 1}, Y: []float64{0, 1}, Line: true}},
			Alt:    fmt.Sprintf("Gains curve: the tenth of users with the highest scores holds %s of the active.", percent(at(j.Gains, .1)))})
	}
	a.Tables = append(a.Tables,
		analysis.Table{Name: "prediction_stages", Title: "Two stages beside one", Columns: []analysis.Column{
			texts("question", "question", rows, func(x row) string { return x.question }),
			numbers("auc", "AUC", analysis.Plain, rows, func(x row) float64 { return x.auc.Value }),
			numbers("auc_low", "95% from", analysis.Plain, rows, func(x row) float64 { return x.auc.Low }),
			numbers("auc_high", "to", analysis.Plain, rows, func(x row) float64 { return x.auc.High }),
			numbers("log_loss", "log-loss", analysis.Plain, rows, func(x row) float64 { return x.loss }),
			numbers("ece", "calibration error", analysis.Plain, rows, func(x row) float64 { return x.ece }),
		}},
		analysis.Table{Name: "prediction_bands", Title: "What became of users by their score", Columns: []analysis.Column{
			numbers("up_to", "probability up to", analysis.Share, j.Bands, func(b activity.Band) float64 { return b.UpTo }),
			counts("users", "users", j.Bands, func(b activity.Band) int { return b.Users }),
			numbers("active_low", "active: 95% from", analysis.Share, j.Bands, func(b activity.Band) float64 { return b.Low }),
			numbers("active_high", "to", analysis.Share, j.Bands, func(b activity.Band) float64 { return b.High }),
		}})
	a.Caveats = append(a.Caveats, fmt.Sprintf("Judged on %s early users that no model learned from, whether they came back or not: who did not come back was not active. AUC is the chance that of an active and another user the active one has the higher score; 0.5 is guessing.", grouped(int64(j.Users))))
}

// dotsOf is a chart of areas with their intervals, a row each.
func dotsOf(id, title, label string, names []string, areas []learn.AUCEstimate, marks ...analysis.Mark) analysis.Chart {
	s := analysis.Series{Name: label}
	var ends []float64
	best := 0
	for i, e := range areas {
		s.Y, s.Low, s.High = append(s.Y, e.Value), append(s.Low, e.Low), append(s.High, e.High)
		ends = append(ends, e.Value, e.Low, e.High)
		if e.Value > areas[best].Value {
			best = i
		}
	}
	for _, m := range marks {
		ends = append(ends, m.Value)
	}
	alt := "No value is known."
	if len(names) > 0 {
		alt = fmt.Sprintf("Points with intervals, %d rows; the highest is %s with %s.", len(names), names[best], auc(areas[best].Value))
	}
	return analysis.Chart{ID: id, Title: title, Kind: analysis.DotChart, X: analysis.Axis{Unit: analysis.Text, Categories: names}, Y: analysis.Axis{Label: label, Unit: analysis.Plain, Range: around(.05, ends...)},
		Series: []analysis.Series{s}, Marks: marks, Alt: alt}
}

// unit is the axis from 0 to 1.
func unit() *analysis.Range { return &analysis.Range{High: 1} }

// binsOf are calibration bins as a line with a band.
func binsOf(bins []learn.CalibrationBin) (x, y, low, high []float64) {
	for _, b := range bins {
		x, y, low, high = append(x, b.Predicted), append(y, b.Share), append(low, b.Low), append(high, b.High)
	}
	return x, y, low, high
}

// curveOf is a curve as a line.
func curveOf(name string, c learn.Curve) analysis.Series {
	fine := func(v float64) float64 { return math.Round(v*1e4) / 1e4 } // finer than a pixel; the tables hold all
	return analysis.Series{Name: name, X: ofEach(c.X, fine), Y: ofEach(c.Y, fine)}
}

// at is the height of a curve at x, between its points along a straight line; NaN off its ends.
func at(c learn.Curve, x float64) float64 {
	for i := 1; i < len(c.X); i++ {
		if c.X[i-1] <= x && x <= c.X[i] {
			if c.X[i] == c.X[i-1] {
				return c.Y[i]
			}
			return c.Y[i-1] + (c.Y[i]-c.Y[i-1])*(x-c.X[i-1])/(c.X[i]-c.X[i-1])
		}
	}
	return math.NaN()
}
