// How long users stay: survival curves by group, whether they differ, and a model of the day on which a user is seen last.

package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/learn"
)

func stayAnswer(r *activity.Results) analysis.Answer {
	a := analysis.Answer{ID: "prediction-stay", Title: "How long do users stay?"}
	st := r.Stay
	if st == nil {
		a.Off = r.StayNote
		return a
	}
	_, late := windows(r.Question)
	gone := 1 - st.Overall.At(1)
	sentence := fmt.Sprintf("Of %s early users, %s are not seen again %s", grouped(int64(st.Users)), percent(gone), late)
	if m := st.Overall.Median(); m > 1 && !math.IsInf(m, 1) {
		sentence += fmt.Sprintf(", and half are gone by day %s", figures(m, 3))
	}
	last := len(st.Overall.Time) - 1
	var effect *analysis.Effect
	if last >= 0 {
		sentence += fmt.Sprintf("; %s are still seen on day %s or later", percent(st.Overall.Survival[last]), figures(st.Overall.Time[last], 3))
		effect = &analysis.Effect{Name: "share still seen", Value: st.Overall.Survival[last], Low: st.Overall.Low[last], High: st.Overall.High[last], Unit: analysis.Share}
	}
	a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: sentence + ".", Effect: effect})
	q := holm(st.Groups, func(g activity.StayGroup) float64 { return g.Test.P })
	for k, g := range st.Groups {
		a.Findings = append(a.Findings, stayFinding(g, q[k]))
	}
	if c := st.Concordance; c == c && st.Pairs > 0 {
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("A model of each day's risk orders the stays of two users rightly %s of the time (concordance %s, over %s pairs of users it was not fitted on; by lot it is a half).", percent(c), auc(c), grouped(st.Pairs))})
	}
	axis := analysis.Axis{Label: "day (1 is " + r.Question.AsOf.Format("2 January") + ")", Unit: analysis.Plain}
	for k, g := range st.Groups {
		c := analysis.Chart{ID: fmt.Sprintf("stay-%d", k+1), Title: "By " + g.By, Kind: analysis.LineChart, Small: true, X: axis, Y: analysis.Axis{Label: "share still seen", Unit: analysis.Share, Range: unit()},
			Alt: fmt.Sprintf("Survival curves of %d groups by %s.", len(g.Names), g.By)}
		for i, curve := range g.Curves {
			c.Series = append(c.Series, survival(g.Names[i], curve))
		}
		a.Charts = append(a.Charts, c)
	}
	if len(st.Groups) == 0 {
		a.Charts = append(a.Charts, analysis.Chart{ID: "stay-all", Title: "All early users", Kind: analysis.LineChart, X: axis, Y: analysis.Axis{Label: "share still seen", Unit: analysis.Share, Range: unit()},
			Series: []analysis.Series{survival("all", st.Overall)}, Alt: "Survival curve of all early users."})
	}
	a.Tables = append(a.Tables, stayTables(st, q)...)
	if len(st.Effects) > 0 {
		effects := withoutIntercept(st.Effects)
		slices.SortStableFunc(effects, func(x, y activity.Effect) int {
			switch dx, dy := math.Abs(math.Log(x.OddsRatio)), math.Abs(math.Log(y.OddsRatio)); {
			case dx > dy:
				return -1
			case dx < dy:
				return 1
			}
			return 0
		})
		a.Charts = append(a.Charts, oddsChart("hazard", "Odds, on a day, of having been seen for the last time: ratios with 95% intervals", effects))
		a.Tables = append(a.Tables, oddsTable("prediction_hazard", "Hazard odds ratios", effects, holm(effects, func(e activity.Effect) float64 { return e.P })))
	}
	a.Caveats = []string{
		fmt.Sprintf("A curve gives the share of early users who are seen on that day or later, by Kaplan and Meier, with 95%% intervals. Who was seen within the log's last days may or may not come back after it: she counts as still there (censored) after day %d.", st.Horizon),
		"The groups' curves are compared by the log-rank test, corrected by Holm for the number of groupings. A ratio of odds above 1 means a shorter stay; for a number it is for one spread more of it, of its logarithm where that was taken, for a category against the first one.",
	}
	return a
}

// survival is a curve from day 0, on which all are there.
func survival(name string, c learn.SurvivalCurve) analysis.Series {
	one := func(v []float64) []float64 { return append([]float64{1}, v...) }
	return analysis.Series{Name: name, X: append([]float64{0}, c.Time...), Y: one(c.Survival), Low: one(c.Low), High: one(c.High), Step: true}
}

// stayFinding says which group stays longest, by the share that is still seen at the end.
func stayFinding(g activity.StayGroup, q float64) analysis.Finding {
	end := func(c learn.SurvivalCurve) float64 {
		if n := len(c.Survival); n > 0 {
			return c.Survival[n-1]
		}
		return 1
	}
	high, low := 0, 0
	for i, c := range g.Curves {
		if end(c) > end(g.Curves[high]) {
			high = i
		}
		if end(c) < end(g.Curves[low]) {
			low = i
		}
	}
	f := analysis.Finding{Grade: grade(q), Test: &analysis.Test{Name: "log-rank, " + degrees(g.Test.DF), Statistic: g.Test.Statistic, P: g.Test.P, Q: q}}
	f.Sentence = fmt.Sprintf("By %s, stays differ: at the end %s of \"%s\" are still there, and %s of \"%s\".", g.By, percent(end(g.Curves[high])), g.Names[high], percent(end(g.Curves[low])), g.Names[low])
	if f.Grade == analysis.NoDifference {
		f.Sentence = fmt.Sprintf("By %s, no difference in how long users stay is seen.", g.By)
	}
	return f
}

func stayTables(st *activity.Stay, q []float64) []analysis.Table {
	type point struct {
		by, name string
		c        learn.SurvivalCurve
		i        int
	}
	var points []point
	each := func(by, name string, c learn.SurvivalCurve) {
		for i := range c.Time {
			points = append(points, point{by, name, c, i})
		}
	}
	each("all", "all", st.Overall)
	type test struct {
		by string
		t  learn.LogRankTest
	}
	var tests []test
	for _, g := range st.Groups {
		for i, c := range g.Curves {
			each(g.By, g.Names[i], c)
		}
		tests = append(tests, test{g.By, g.Test})
	}
	tables := []analysis.Table{{Name: "prediction_stay", Title: "Share still seen, by day and group", Columns: []analysis.Column{
		texts("by", "by", points, func(p point) string { return p.by }),
		texts("group", "group", points, func(p point) string { return p.name }),
		numbers("day", "day", analysis.Plain, points, func(p point) float64 { return p.c.Time[p.i] }),
		counts("at_risk", "at risk", points, func(p point) int { return p.c.AtRisk[p.i] }),
		counts("gone", "seen for the last time", points, func(p point) int { return p.c.Happened[p.i] }),
		numbers("share", "still seen", analysis.Share, points, func(p point) float64 { return p.c.Survival[p.i] }),
		numbers("share_low", "95% from", analysis.Share, points, func(p point) float64 { return p.c.Low[p.i] }),
		numbers("share_high", "to", analysis.Share, points, func(p point) float64 { return p.c.High[p.i] }),
	}}}
	if len(tests) > 0 {
		tables = append(tables, analysis.Table{Name: "prediction_stay_tests", Title: "Do the groups' stays differ?", Columns: []analysis.Column{
			texts("by", "by", tests, func(t test) string { return t.by }),
			numbers("chi_squared", "log-rank chi-squared", analysis.Plain, tests, func(t test) float64 { return t.t.Statistic }),
			counts("degrees_of_freedom", "degrees of freedom", tests, func(t test) int { return t.t.DF }),
			numbers("p", "p", analysis.Plain, tests, func(t test) float64 { return t.t.P }),
			{Name: "p_holm", Label: "p (Holm)", Unit: analysis.Plain, Floats: q},
		}})
	}
	return tables
}

func degrees(n int) string {
	if n == 1 {
		return "1 degree of freedom"
	}
	return fmt.Sprintf("%d degrees of freedom", n)
}
