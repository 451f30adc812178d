// What tells a model who will be active: what each feature is worth to it, which way it works, and the odds of a logistic
// regression beside it.

package report

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
)

const (
	shownFeatures = 15 // in the charts of importance and contributions
	shownOdds     = 20
)

// units are the features' units by name; those of categories are "".
func units(notes []activity.FeatureNote) map[string]string {
	m := map[string]string{}
	for _, n := range notes {
		m[n.Name] = n.Unit
	}
	return m
}

// spoken is a feature's name in words.
func spoken(name string) string { return strings.NewReplacer("_", " ", "=", ": ").Replace(name) }

func driversAnswer(d *activity.Drivers, notes []activity.FeatureNote) analysis.Answer {
	a := analysis.Answer{ID: "prediction-drivers", Title: "What tells who will be active?"}
	unit := units(notes)
	if n := len(d.Permutation); n > 0 {
		var worth []string
		for _, w := range d.Permutation[:min(3, n)] {
			if w.Mean > w.SD { // not by the luck of the draw
				worth = append(worth, fmt.Sprintf("%s (%s)", spoken(w.Feature), auc(w.Mean)))
			}
		}
		sentence := fmt.Sprintf("%s loses most AUC when these features are dealt out among users anew: %s.", title(d.Model), listed(worth))
		if len(worth) == 0 {
			sentence = fmt.Sprintf("%s loses no AUC, beyond the luck of the draw, when any one feature is dealt out among users anew.", title(d.Model))
		}
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: sentence})
		top := d.Permutation[:min(shownFeatures, n)]
		a.Charts = append(a.Charts, analysis.Chart{ID: "importance", Title: "What each feature is worth: the AUC lost when its values are shuffled", Kind: analysis.HBarChart,
			X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(top, func(w activity.Worth) string { return spoken(w.Feature) })}, Y: analysis.Axis{Label: "loss of AUC", Unit: analysis.Plain},
			Series: []analysis.Series{{Name: "loss of AUC", Y: ofEach(top, func(w activity.Worth) float64 { return w.Mean }),
				Low: ofEach(top, func(w activity.Worth) float64 { return w.Mean - w.SD }), High: ofEach(top, func(w activity.Worth) float64 { return w.Mean + w.SD })}},
			Alt: fmt.Sprintf("Bars of the %d features that are worth most, from %s down.", len(top), spoken(top[0].Feature))})
		a.Tables = append(a.Tables, analysis.Table{Name: "prediction_importance", Title: "What each feature is worth", Columns: []analysis.Column{
			texts("feature", "feature", d.Permutation, func(w activity.Worth) string { return w.Feature }),
			numbers("auc_lost", "AUC lost", analysis.Plain, d.Permutation, func(w activity.Worth) float64 { return w.Mean }),
			numbers("sd", "spread over repeats", analysis.Plain, d.Permutation, func(w activity.Worth) float64 { return w.SD }),
		}})
	}
	if len(d.Shap) > 0 {
		addShap(&a, d, unit)
	}
	for k, s := range d.Dependence {
		if len(s.Value) > 0 {
			a.Charts = append(a.Charts, dependenceChart(k, s, dependenceRange(d.Dependence), unit[s.Feature]))
		}
	}
	if len(d.Dependence) > 0 {
		type point struct {
			feature, level string
			value, mean    float64
		}
		var points []point
		for _, s := range d.Dependence {
			for i, v := range s.Value {
				points = append(points, point{s.Feature, levelOf(s, i), float64(v), s.Mean[i]})
			}
		}
		a.Tables = append(a.Tables, analysis.Table{Name: "prediction_dependence", Title: "Mean prediction by the value of a feature", Columns: []analysis.Column{
			texts("feature", "feature", points, func(p point) string { return p.feature }),
			texts("level", "level", points, func(p point) string { return p.level }),
			numbers("value", "value", analysis.Plain, points, func(p point) float64 { return p.value }),
			numbers("probability", "mean probability", analysis.Share, points, func(p point) float64 { return p.mean }),
		}})
	}
	a.Caveats = append([]string{
		"Features that say much the same share their worth: shuffling one of them costs little while the others stand in for it. What a feature is worth to a model is no cause of activity.",
		"The bars' lines are one standard deviation over the repeats. Dependence varies one feature and leaves all others as they are, also where the two would not go together.",
	}, a.Caveats...)
	return a
}

// addShap shows contributions: a point a user, a row a feature.
func addShap(a *analysis.Answer, d *activity.Drivers, unit map[string]string) {
	top := d.Shap[:min(shownFeatures, len(d.Shap))]
	s := analysis.Series{Name: "contribution"}
	for _, p := range top {
		category := false
		if u, listed := unit[p.Feature]; listed && u == "" {
			category = true // its numbers have no order to colour by
		}
		s.Grid, s.Colours = append(s.Grid, wide(p.Move)), append(s.Colours, ranksOf(p.Value, category))
	}
	first := top[0]
	sentence := fmt.Sprintf("%s moves users most: by %s in log-odds on average", title(spoken(first.Feature)), figures(first.Mean, 2))
	if u, listed := unit[first.Feature]; !listed || u != "" {
		switch r := rankCorrelation(first.Value, first.Move); {
		case r >= .5:
			sentence += ", and the more of it the higher the chance to be active"
		case r <= -.5:
			sentence += ", and the more of it the lower the chance to be active"
		default:
			sentence += ", in no single direction"
		}
	}
	a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: sentence + "."})
	a.Charts = append(a.Charts, analysis.Chart{ID: "contributions", Title: "What features add to a score: a point is a user, its colour how much of the feature she has", Kind: analysis.SwarmChart,
		X: analysis.Axis{Label: "contribution, log-odds", Unit: analysis.Plain}, Y: analysis.Axis{Unit: analysis.Text, Categories: ofEach(top, func(p activity.Push) string { return spoken(p.Feature) })},
		Series: []analysis.Series{s}, Alt: fmt.Sprintf("Contributions of %d features to the scores of %d users; %s moves them most.", len(top), len(first.Move), spoken(first.Feature))})
	a.Charts = append(a.Charts, shapDependence(d, unit)...)
	a.Tables = append(a.Tables, analysis.Table{Name: "prediction_contributions", Title: "Mean size of contributions", Columns: []analysis.Column{
		texts("feature", "feature", d.Shap, func(p activity.Push) string { return p.Feature }),
		numbers("mean_size", "mean size, log-odds", analysis.Plain, d.Shap, func(p activity.Push) float64 { return p.Mean }),
		numbers("rank_correlation", "goes with its value (rank correlation)", analysis.Plain, d.Shap, func(p activity.Push) float64 {
			if u, listed := unit[p.Feature]; listed && u == "" {
				return math.NaN()
			}
			return rankCorrelation(p.Value, p.Move)
		}),
	}})
	a.Caveats = append(a.Caveats, "Contributions are exact Shapley values of the trees before calibration. Grey points are users without a value, or of a category.")
}

// shapDependence draws contributions over values, of the numbers that move users most: the shape of what the model has learned.
func shapDependence(d *activity.Drivers, unit map[string]string) (charts []analysis.Chart) {
	const most = 4
	for _, p := range d.Shap {
		u, listed := unit[p.Feature]
		if listed && u == "" {
			continue // a category
		}
		s := analysis.Series{Name: "contribution"}
		for i, v := range p.Value {
			if v == v {
				s.X, s.Y = append(s.X, float64(v)), append(s.Y, float64(p.Move[i]))
			}
		}
		if len(s.X) == 0 || len(charts) == most {
			continue
		}
		charts = append(charts, analysis.Chart{ID: fmt.Sprintf("contribution-%d", len(charts)+1), Title: title(spoken(p.Feature)), Small: true, Kind: analysis.ScatterChart,
			X: analysis.Axis{Label: u, Unit: analysis.Plain}, Y: analysis.Axis{Label: "contribution, log-odds", Unit: analysis.Plain}, Series: []analysis.Series{s},
			Alt: fmt.Sprintf("What %s adds to the scores of %d users, by its value.", spoken(p.Feature), len(s.X))})
	}
	return charts
}

func wide(v []float32) []float64 {
	return ofEach(v, func(x float32) float64 { return float64(x) })
}

// ranksOf are the mid-ranks of the values that there are, from 0 for the least to 1 for the greatest; NaN for the others.
func ranksOf(v []float32, none bool) []float64 {
	out := make([]float64, len(v))
	var order []int
	for i, x := range v {
		out[i] = math.NaN()
		if x == x && !none {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return v[order[a]] < v[order[b]] })
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = .5
			if len(order) > 1 {
				out[order[k]] = float64(i+j-1) / 2 / float64(len(order)-1)
			}
		}
		i = j
	}
	return out
}

// rankCorrelation is Spearman's rho over the pairs that both have a value; NaN if either does not vary.
func rankCorrelation(x, y []float32) float64 {
	var a, b []float32
	for i := range x {
		if i < len(y) && x[i] == x[i] && y[i] == y[i] {
			a, b = append(a, x[i]), append(b, y[i])
		}
	}
	ra, rb := ranksOf(a, false), ranksOf(b, false)
	var sab, saa, sbb float64
	for i := range ra { // mid-ranks have the mean 1/2
		da, db := ra[i]-.5, rb[i]-.5
		sab, saa, sbb = sab+da*db, saa+da*da, sbb+db*db
	}
	return sab / math.Sqrt(saa*sbb)
}

// dependenceRange is one axis for all small pictures, so that they can be compared.
func dependenceRange(shapes []activity.Shape) *analysis.Range {
	var all []float64
	for _, s := range shapes {
		all = append(all, s.Mean...)
	}
	return around(.05, all...)
}

func levelOf(s activity.Shape, i int) string {
	if k := int(s.Value[i]); s.Levels != nil && k >= 0 && k < len(s.Levels) {
		return s.Levels[k]
	}
	return ""
}

// dependenceChart draws one feature: the values of a number are quantiles, so that each step holds as many users.
func dependenceChart(k int, s activity.Shape, span *analysis.Range, unit string) analysis.Chart {
	label := ""
	if s.Levels == nil {
		label = unit
	}
	c := analysis.Chart{ID: fmt.Sprintf("dependence-%d", k+1), Title: title(spoken(s.Feature)), Small: true, Kind: analysis.LineChart, X: analysis.Axis{Label: label, Unit: analysis.Text}, Y: analysis.Axis{Label: "mean probability", Unit: analysis.Share, Range: span},
		Series: []analysis.Series{{Name: "mean probability", Y: s.Mean}}}
	low, high := 0, 0
	for i, v := range s.Value {
		name := levelOf(s, i)
		if s.Levels == nil {
			name = figures(float64(v), 3)
		}
		c.X.Categories = append(c.X.Categories, name)
		if s.Mean[i] < s.Mean[low] {
			low = i
		}
		if s.Mean[i] > s.Mean[high] {
			high = i
		}
	}
	c.Alt = fmt.Sprintf("Mean prediction by %s: from %s at %s to %s at %s.", spoken(s.Feature), percent(s.Mean[low]), c.X.Categories[low], percent(s.Mean[high]), c.X.Categories[high])
	return c
}

// oddsAnswer is the regression's: what a spread more of a feature does to the odds, the others being equal.
func oddsAnswer(d *activity.Drivers) analysis.Answer {
	odds := withoutIntercept(d.Odds)
	a := analysis.Answer{ID: "prediction-odds", Title: "What do single features do to the odds, the others being equal?"}
	holmed := holm(odds, func(e activity.Effect) float64 { return e.P })
	sure := 0
	for _, q := range holmed {
		if q <= significant {
			sure++
		}
	}
	sentence := fmt.Sprintf("Of %d columns of a logistic regression, %s beyond chance after Holm's correction.", len(odds), areOf(sure))
	var effect *analysis.Effect
	for k, e := range odds { // the largest that is sure
		if holmed[k] <= significant {
			effect = &analysis.Effect{Name: "odds ratio of " + spoken(e.Column), Value: e.OddsRatio, Low: e.Low, High: e.High, Unit: analysis.Plain}
			sentence += fmt.Sprintf(" The largest such ratio is that of %s: %s.", spoken(e.Column), figures(e.OddsRatio, 3))
			break
		}
	}
	kind := analysis.Association
	if sure == 0 {
		kind = analysis.NoDifference
	}
	a.Findings = []analysis.Finding{{Grade: kind, Sentence: sentence, Effect: effect}}
	a.Charts = []analysis.Chart{oddsChart("odds", fmt.Sprintf("Odds ratios of being active, with 95%% intervals: the %d farthest from 1", min(shownOdds, len(odds))), odds)}
	a.Tables = []analysis.Table{oddsTable("prediction_odds", "Odds ratios of being active", odds, holmed)}
	a.Caveats = []string{"For a number, the ratio is for one spread (standard deviation) more of it, of its logarithm where that was taken; for a category, against the first one. Above 1 means more likely active.",
		"Where features say much the same, a ratio says what one adds to the others, which may well be the other way round from what it says alone."}
	return a
}

// withoutIntercept leaves out the constant, whose odds are those of no one in particular.
func withoutIntercept(effects []activity.Effect) (out []activity.Effect) {
	for _, e := range effects {
		if e.Column != "(intercept)" {
			out = append(out, e)
		}
	}
	return out
}

func areOf(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}

// oddsChart shows the effects that are farthest from 1; an interval without an end is none.
func oddsChart(id, title string, effects []activity.Effect) analysis.Chart {
	var top []activity.Effect
	for _, e := range effects {
		if len(top) < shownOdds && e.Low > 0 && e.OddsRatio > 0 && !math.IsInf(e.High, 0) {
			top = append(top, e)
		}
	}
	s := analysis.Series{Name: "odds ratio", Y: ofEach(top, func(e activity.Effect) float64 { return e.OddsRatio }), Low: ofEach(top, func(e activity.Effect) float64 { return e.Low }), High: ofEach(top, func(e activity.Effect) float64 { return e.High })}
	c := analysis.Chart{ID: id, Title: title, Kind: analysis.DotChart, X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(top, func(e activity.Effect) string { return spoken(e.Column) })}, Y: analysis.Axis{Label: "odds ratio", Unit: analysis.Plain, Log: true},
		Series: []analysis.Series{s}, Marks: []analysis.Mark{{Value: 1, Label: "no effect"}}, Alt: "No odds ratio is known."}
	if len(top) > 0 {
		c.Alt = fmt.Sprintf("Odds ratios with intervals of %d columns, from %s with %s on.", len(top), spoken(top[0].Column), figures(top[0].OddsRatio, 3))
	}
	return c
}

func oddsTable(name, title string, effects []activity.Effect, holmed []float64) analysis.Table {
	return analysis.Table{Name: name, Title: title, Columns: []analysis.Column{
		texts("column", "column", effects, func(e activity.Effect) string { return e.Column }),
		numbers("odds_ratio", "odds ratio", analysis.Plain, effects, func(e activity.Effect) float64 { return e.OddsRatio }),
		numbers("odds_low", "95% from", analysis.Plain, effects, func(e activity.Effect) float64 { return e.Low }),
		numbers("odds_high", "to", analysis.Plain, effects, func(e activity.Effect) float64 { return e.High }),
		numbers("p", "p", analysis.Plain, effects, func(e activity.Effect) float64 { return e.P }),
		{Name: "p_holm", Label: "p (Holm)", Unit: analysis.Plain, Floats: holmed},
	}}
}
