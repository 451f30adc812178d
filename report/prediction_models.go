// The models held against each other: which is best, whether that is more than chance, how near it comes to the best there
// could be, and what its scores are good for.

package report

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/learn"
)

// byAUC are the models, the highest AUC first.
func byAUC(c *activity.Comparison) []activity.Judged {
	models := append([]activity.Judged(nil), c.Models...)
	sort.SliceStable(models, func(a, b int) bool { return models[a].AUC.Value > models[b].AUC.Value })
	return models
}

// verdict says in words how a model compares with the best.
func verdict(m, best activity.Judged) string {
	switch {
	case m.Name == best.Name:
		return "the best"
	case m.P <= significant:
		return "worse"
	}
	return "no worse, as far as can be seen"
}

func modelsAnswer(c *activity.Comparison) analysis.Answer {
	models, best := byAUC(c), c.Models[c.Best]
	a := analysis.Answer{ID: "prediction-models", Title: "How well can it be told who will be active?"}
	a.Findings = append(a.Findings, analysis.Finding{Headline: true, Grade: analysis.Descriptive, Effect: aucEffect("AUC", best.AUC), Sentence: fmt.Sprintf(
		"From what users did %s, %s tells who of those who come back will be active %s with an AUC of %s: of an active user and another, it gives the active one the higher score %s of the time.",
		earlyOf(c), best.Name, lateOf(c), auc(best.AUC.Value), percent(best.AUC.Value))})
	var equal, worse []string
	for _, m := range models {
		switch {
		case m.Name == best.Name:
		case m.P <= significant:
			worse = append(worse, m.Name)
		default:
			equal = append(equal, m.Name)
		}
	}
	switch {
	case len(models) < 2:
	case len(equal) == 0:
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Association, Sentence: fmt.Sprintf("%s is better than %s, each time by more than chance gives.", title(best.Name), listed(worse))})
	case len(worse) == 0:
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.NoDifference, Sentence: fmt.Sprintf("No model is seen to be worse than it: %s do no worse on as many users.", listed(equal))})
	default:
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Association, Sentence: fmt.Sprintf("%s cannot be told from it; %s are worse.", title(listed(equal)), listed(worse))})
	}
	for _, m := range models {
		if m.Name == "volume only" && m.Name != best.Name {
			a.Findings = append(a.Findings, analysis.Finding{Grade: grade(m.P), Test: &analysis.Test{Name: "DeLong, corrected by Holm", Statistic: math.NaN(), P: math.NaN(), Q: m.P},
				Sentence: fmt.Sprintf("Counting impressions alone reaches %s; all that is known beyond volume adds %s.", auc(m.AUC.Value), auc(m.FromBest))})
		}
	}
	chart := dotsOf("models", "Area under the ROC curve, with 95% intervals", "AUC", ofEach(models, func(m activity.Judged) string { return m.Name }), ofEach(models, func(m activity.Judged) learn.AUCEstimate { return m.AUC }))
	if cl := c.Ceiling; cl != nil {
		addCeiling(&chart, cl)
		how := fmt.Sprintf("%s is %s short of that", best.Name, auc(cl.Gap))
		if cl.Gap <= 0 {
			how = best.Name + " reaches it"
		}
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Effect: aucEffect("AUC that early behaviour allows", cl.Reachable), Sentence: fmt.Sprintf(
			"Early behaviour allows no more than about %s, which is what a model reaches that is taught the true chances: %s. One who knew each user's hidden traits would reach %s.", auc(cl.Reachable.Value), how, auc(cl.Known.Value))})
		a.Caveats = append(a.Caveats, "The true chances are known because this log is of a simulated village. The model that is taught them has some noise of its own, which makes what is reachable look a little low.")
	}
	a.Charts = append(a.Charts, chart)
	a.Tables = append(a.Tables, analysis.Table{Name: "prediction_models", Title: "Models compared", Columns: []analysis.Column{
		texts("model", "model", models, func(m activity.Judged) string { return m.Name }),
		numbers("auc", "AUC", analysis.Plain, models, func(m activity.Judged) float64 { return m.AUC.Value }),
		numbers("auc_low", "95% from", analysis.Plain, models, func(m activity.Judged) float64 { return m.AUC.Low }),
		numbers("auc_high", "to", analysis.Plain, models, func(m activity.Judged) float64 { return m.AUC.High }),
		numbers("below_best", "below the best", analysis.Plain, models, func(m activity.Judged) float64 { return m.FromBest }),
		numbers("p_holm", "p (Holm)", analysis.Plain, models, func(m activity.Judged) float64 { return m.P }),
		texts("verdict", "than the best", models, func(m activity.Judged) string { return verdict(m, best) }),
		numbers("average_precision", "average precision", analysis.Plain, models, func(m activity.Judged) float64 { return m.PR }),
		numbers("log_loss", "log-loss", analysis.Plain, models, func(m activity.Judged) float64 { return m.LogLoss }),
		numbers("brier", "Brier", analysis.Plain, models, func(m activity.Judged) float64 { return m.Brier }),
		numbers("ece", "calibration error", analysis.Plain, models, func(m activity.Judged) float64 { return m.ECE }),
		numbers("accuracy", "accuracy at .5", analysis.Share, models, func(m activity.Judged) float64 { return m.Accuracy }),
		numbers("f1", "best F1", analysis.Plain, models, func(m activity.Judged) float64 { return m.F1 }),
		numbers("lift", "lift of the top tenth", analysis.Plain, models, func(m activity.Judged) float64 { return m.Lift }),
		numbers("fit_seconds", "fit", analysis.Seconds, models, func(m activity.Judged) float64 { return m.FitSeconds }),
		texts("kind", "kind", models, func(m activity.Judged) string { return m.Kind }),
	}})
	if cl := c.Ceiling; cl != nil {
		type row struct {
			what string
			e    learn.AUCEstimate
		}
		rows := []row{{"the best model", best.AUC}, {"what early behaviour allows", cl.Reachable}, {"all of a user's traits known", cl.Known}}
		a.Tables = append(a.Tables, analysis.Table{Name: "prediction_ceiling", Title: "The best that could be", Columns: []analysis.Column{
			texts("what", "what is known", rows, func(x row) string { return x.what }),
			numbers("auc", "AUC", analysis.Plain, rows, func(x row) float64 { return x.e.Value }),
			numbers("auc_low", "95% from", analysis.Plain, rows, func(x row) float64 { return x.e.Low }),
			numbers("auc_high", "to", analysis.Plain, rows, func(x row) float64 { return x.e.High }),
		}})
	}
	a.Caveats = append(a.Caveats,
		fmt.Sprintf("Users seen in both windows: %s were learned from, and all models judged on the same %s others, of whom %s were active. A leakage audit ran before every fit and found nothing.", grouped(int64(c.Train)), grouped(int64(c.Test)), percent(c.BaseRate)),
		"Differences from the best are tested by DeLong's method and corrected for their number by Holm's. That the best was picked by the same users makes its lead look a little larger than it is.")
	return a
}

// addCeiling puts the best there could be on top of the models, as points of another colour.
func addCeiling(c *analysis.Chart, cl *activity.Ceiling) {
	nan := math.NaN()
	models := &c.Series[0]
	models.Name = "models"
	best := analysis.Series{Name: "the best there could be"}
	add := func(v, low, high float64) {
		best.Y, best.Low, best.High = append(best.Y, v), append(best.Low, low), append(best.High, high)
	}
	tops := []learn.AUCEstimate{cl.Known, cl.Reachable}
	for _, e := range tops {
		add(e.Value, e.Low, e.High)
	}
	for range models.Y {
		add(nan, nan, nan)
	}
	none := func(v []float64) []float64 { return append([]float64{nan, nan}, v...) }
	models.Y, models.Low, models.High = none(models.Y), none(models.Low), none(models.High)
	c.X.Categories = append([]string{"all traits known", "early behaviour allows"}, c.X.Categories...)
	c.Series = append(c.Series, best)
	c.Y.Range = around(.05, slices.Concat(models.Low, models.High, best.Low, best.High)...)
	c.Alt += fmt.Sprintf(" Early behaviour allows %s, all traits known %s.", auc(cl.Reachable.Value), auc(cl.Known.Value))
}

func earlyOf(c *activity.Comparison) string { early, _ := windows(c.Question); return early }
func lateOf(c *activity.Comparison) string  { _, late := windows(c.Question); return late }

// title begins a sentence with a name.
func title(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

func curvesAnswer(c *activity.Comparison) analysis.Answer {
	models, best := byAUC(c), c.Models[c.Best] // every chart has the lines in one order, and so in the same colours
	a := analysis.Answer{ID: "prediction-curves", Title: "What are the scores good for?"}
	tenth := at(best.Gains, .1)
	a.Findings = append(a.Findings,
		analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("The tenth of users with the highest scores of %s holds %s of the active, %s times as many as a tenth drawn by lot.", best.Name, percent(tenth), figures(best.Lift, 2))},
		analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("Its probabilities are off by %s on average: %s.", inUnit(best.ECE, analysis.Points), trust(best.Bins))})
	diagonal := func(name string) analysis.Series {
		return analysis.Series{Name: name, X: []float64{0, 1}, Y: []float64{0, 1}, Line: true}
	}
	lines := func(of func(activity.Judged) learn.Curve) (out []analysis.Series) {
		for _, m := range models {
			if curve := of(m); len(curve.X) > 0 {
				s := curveOf(m.Name, curve)
				s.Pale = m.Name != best.Name
				out = append(out, s)
			}
		}
		return out
	}
	share := func(label string) analysis.Axis {
		return analysis.Axis{Label: label, Unit: analysis.Share, Range: unit()}
	}
	roc, pr, gains := func(m activity.Judged) learn.Curve { return m.ROC }, func(m activity.Judged) learn.Curve { return m.PRCurve }, func(m activity.Judged) learn.Curve { return m.Gains }
	flat := analysis.Series{Name: "by lot", X: []float64{0, 1}, Y: []float64{c.BaseRate, c.BaseRate}, Line: true}
	a.Charts = []analysis.Chart{
		{ID: "roc", Title: "ROC: active found, by others taken along", Kind: analysis.LineChart, Small: true, X: share("share of the others taken along"), Y: share("share of the active found"),
			Series: append(lines(roc), diagonal("by lot")), Alt: fmt.Sprintf("ROC curves of %d models; that of %s has an area of %s.", len(models), best.Name, auc(best.AUC.Value))},
		{ID: "pr", Title: "Precision and recall", Kind: analysis.LineChart, Small: true, X: share("recall: share of the active found"), Y: share("precision: active among the found"),
			Series: append(lines(pr), flat), Alt: fmt.Sprintf("Precision by recall of %d models; the average precision of %s is %s, the base rate %s.", len(models), best.Name, auc(best.PR), auc(c.BaseRate))},
		calibrationChart(models, best),
		{ID: "gains", Title: "Gains: active found, by users taken", Kind: analysis.LineChart, Small: true, X: share("share of users, highest scores first"), Y: share("share of the active found"),
			Series: append(lines(gains), diagonal("by lot")), Alt: fmt.Sprintf("Gains curves of %d models; the first tenth by %s holds %s of the active.", len(models), best.Name, percent(tenth))},
	}
	type point struct {
		model, curve    string
		x, y, threshold float64
	}
	var points []point
	for _, m := range models {
		for _, one := range []struct {
			name string
			c    learn.Curve
		}{{"ROC", m.ROC}, {"precision-recall", m.PRCurve}, {"gains", m.Gains}} {
			for i := range one.c.X {
				threshold := math.NaN()
				if i < len(one.c.Threshold) {
					threshold = one.c.Threshold[i]
				}
				points = append(points, point{m.Name, one.name, one.c.X[i], one.c.Y[i], threshold})
			}
		}
	}
	type bin struct {
		model string
		learn.CalibrationBin
	}
	var bins []bin
	for _, m := range models {
		for _, b := range m.Bins {
			bins = append(bins, bin{m.Name, b})
		}
	}
	a.Tables = []analysis.Table{
		{Name: "prediction_calibration", Title: "Predicted and true shares", Columns: []analysis.Column{
			texts("model", "model", bins, func(b bin) string { return b.model }),
			counts("users", "users", bins, func(b bin) int { return b.Rows }),
			numbers("predicted", "predicted", analysis.Share, bins, func(b bin) float64 { return b.Predicted }),
			numbers("active_share", "active", analysis.Share, bins, func(b bin) float64 { return b.Share }),
			numbers("active_low", "95% from", analysis.Share, bins, func(b bin) float64 { return b.Low }),
			numbers("active_high", "to", analysis.Share, bins, func(b bin) float64 { return b.High }),
		}},
		{Name: "prediction_curves", Title: "Points of the curves", Columns: []analysis.Column{
			texts("model", "model", points, func(p point) string { return p.model }),
			texts("curve", "curve", points, func(p point) string { return p.curve }),
			numbers("x", "x", analysis.Plain, points, func(p point) float64 { return p.x }),
			numbers("y", "y", analysis.Plain, points, func(p point) float64 { return p.y }),
			numbers("threshold", "score from", analysis.Plain, points, func(p point) float64 { return p.threshold }),
		}},
	}
	a.Caveats = []string{"The best model is drawn strongly, the others pale; point at a line for its name. Dashed is what drawing by lot would give, and in the calibration what should be. All of users seen in both windows that no model learned from."}
	return a
}

// trust says in how many bins the true share's interval holds the prediction.
func trust(bins []learn.CalibrationBin) string {
	n := 0
	for _, b := range bins {
		if b.Low <= b.Predicted && b.Predicted <= b.High {
			n++
		}
	}
	return fmt.Sprintf("in %d of %d groups of users of like score, the share that was active is the one that was promised, within its 95%% interval", n, len(bins))
}

// calibrationChart shows the best model with its intervals, the others pale; the axes end where the bins do.
func calibrationChart(models []activity.Judged, best activity.Judged) analysis.Chart {
	ends := []float64{0}
	var series []analysis.Series
	for _, m := range models {
		if len(m.Bins) == 0 {
			continue
		}
		x, y, low, high := binsOf(m.Bins)
		s := analysis.Series{Name: m.Name, X: x, Y: y, Pale: m.Name != best.Name}
		if !s.Pale {
			s.Low, s.High = low, high
			ends = append(ends, high...)
		}
		ends = append(append(ends, x...), y...)
		series = append(series, s)
	}
	limit := around(.2, ends...)
	series = append(series, analysis.Series{Name: "as it should be", X: []float64{limit.Low, limit.High}, Y: []float64{limit.Low, limit.High}, Line: true})
	return analysis.Chart{ID: "calibration", Title: "Calibration: promised, and come true", Kind: analysis.LineChart, Small: true,
		X: analysis.Axis{Label: "probability of being active, as predicted", Unit: analysis.Share, Range: limit}, Y: analysis.Axis{Label: "share that was active", Unit: analysis.Share, Range: limit},
		Series: series, Alt: fmt.Sprintf("Share of active by predicted probability, of %d models, beside the diagonal; %s is off by %s on average.", len(models), best.Name, inUnit(best.ECE, analysis.Points))}
}
