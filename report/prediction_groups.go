// For whom a prediction works: a model that is good on average may know nothing of newcomers.

package report

import (
	"fmt"
	"math"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/learn"
)

func groupsAnswer(c *activity.Comparison) analysis.Answer {
	best := c.Models[c.Best]
	a := analysis.Answer{ID: "prediction-groups", Title: "For whom do predictions work?"}
	estimate := func(g activity.Group, k int) learn.AUCEstimate {
		if k < len(g.AUC) {
			return g.AUC[k]
		}
		nan := math.NaN()
		return learn.AUCEstimate{Value: nan, SE: nan, Low: nan, High: nan}
	}
	named := func(g activity.Group) string { return g.By + ": " + g.Name }
	var known []activity.Group // with a value for the best model
	for _, g := range c.Groups {
		if v := estimate(g, c.Best).Value; v == v {
			known = append(known, g)
		}
	}
	if len(known) == 0 {
		a.Off = "no group has enough tested users, both active and not"
		return a
	}
	low, high := known[0], known[0]
	for _, g := range known {
		if estimate(g, c.Best).Value < estimate(low, c.Best).Value {
			low = g
		}
		if estimate(g, c.Best).Value > estimate(high, c.Best).Value {
			high = g
		}
	}
	var below []string // groups whose whole interval lies under the AUC of all
	for _, g := range known {
		if estimate(g, c.Best).High < best.AUC.Value {
			below = append(below, fmt.Sprintf("\"%s\"", named(g)))
		}
	}
	l, h := estimate(low, c.Best), estimate(high, c.Best)
	a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Effect: aucEffect("AUC of "+named(low), l), Sentence: fmt.Sprintf(
		"%s tells users apart best within \"%s\" (AUC %s, %s to %s) and least within \"%s\" (%s, %s to %s); among all users it is %s.",
		title(best.Name), named(high), auc(h.Value), auc(h.Low), auc(h.High), named(low), auc(l.Value), auc(l.Low), auc(l.High), auc(best.AUC.Value))})
	if len(below) > 0 {
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("Users are told apart less well than all together, the whole interval being below, within %s.", listed(below))})
	}
	a.Charts = []analysis.Chart{dotsOf("groups", fmt.Sprintf("AUC of %s within groups, with 95%% intervals", best.Name), "AUC",
		ofEach(known, named), ofEach(known, func(g activity.Group) learn.AUCEstimate { return estimate(g, c.Best) }), analysis.Mark{Value: best.AUC.Value, Label: "all users"})}
	table := analysis.Table{Name: "prediction_groups", Title: "AUC by group and model", Columns: []analysis.Column{
		texts("by", "by", c.Groups, func(g activity.Group) string { return g.By }),
		texts("group", "group", c.Groups, func(g activity.Group) string { return g.Name }),
		counts("users", "users", c.Groups, func(g activity.Group) int { return g.Users }),
		numbers("active_share", "active", analysis.Share, c.Groups, func(g activity.Group) float64 { return g.Active }),
		numbers("best_low", best.Name+": 95% from", analysis.Plain, c.Groups, func(g activity.Group) float64 { return estimate(g, c.Best).Low }),
		numbers("best_high", "to", analysis.Plain, c.Groups, func(g activity.Group) float64 { return estimate(g, c.Best).High }),
	}}
	for k, m := range c.Models {
		table.Columns = append(table.Columns, numbers("auc_"+fileName(m.Name), m.Name, analysis.Plain, c.Groups, func(g activity.Group) float64 { return estimate(g, k).Value }))
	}
	a.Tables = []analysis.Table{table}
	a.Caveats = []string{"Within a group that was made by how much users did, volume tells less than among all users: an AUC is lower there even where nothing is wrong.",
		"The intervals are each of one group; of twenty such, one may miss its true value by chance."}
	return a
}

// fileName makes a model's name fit for a column's.
func fileName(s string) string {
	b := []byte(slug(s))
	for i := range b {
		if b[i] == '-' {
			b[i] = '_'
		}
	}
	return string(b)
}
