package analysis

import (
	"context"
	"fmt"
	"slices"

	"github.com/seguefeed/segue/internal/stat"
)

func askTenureCTR(ctx context.Context, env *Env) (Answer, error) {
	t, a, ok, err := env.tenures(ctx)
	if !ok {
		return a, err
	}
	months := t.labels()
	a.Caveats = append(t.caveats(), "A group's click-through rate is the mean of its users' rates. Who is active is decided by the rate itself, so that the two groups differ is no finding; how each moves with tenure is.")
	columns := []Column{ints("months", "months since registration", Months, each(t.months, func(m month) int64 { return int64(m.months) }))}
	for _, g := range []struct {
		id, name string
		of       func(month) rates
	}{
		{"active", "active users", func(m month) rates { return m.active }},
		{"inactive", "inactive users", func(m month) rates { return m.inactive }},
		{"all", "all users", month.all},
	} {
		line := t.fitUsers(g.of)
		e := line.perYear()
		a.Findings = append(a.Findings, tested("t test of a slope, user by user", line.Test, effectOf("change of the click-through rate of "+g.name+" in a year of tenure", e, Points), line.r,
			fmt.Sprintf("The click-through rate of %s %s by %s with each year since registration (%s; the users' correlation is %s).", g.name, moreOrLess(e.Value, "rises", "falls"),
				points(e.Value), pointsInterval(e), figures(line.r)),
			fmt.Sprintf("The click-through rate of %s shows no trend over the time since registration.", g.name)))
		ctr := each(t.months, func(m month) stat.Estimate { return g.of(m).moments().Interval() })
		columns = append(columns, ints(g.id+"_users", g.name, Count, each(t.months, func(m month) int64 { return g.of(m).users })),
			floats(g.id+"_ctr", "mean click-through rate of "+g.name, Rate, each(ctr, estimated)), floats(g.id+"_ctr_low", "lower end", Rate, each(ctr, lower)), floats(g.id+"_ctr_high", "upper end", Rate, each(ctr, upper)))
		kept, few := charted(each(t.months, func(m month) tally { return tally{users: g.of(m).users} }))
		if few != "" && !slices.Contains(a.Caveats, few) {
			a.Caveats = append(a.Caveats, few)
		}
		shown := at(ctr, kept)
		chart := Chart{ID: "ctr-by-tenure-" + g.id, Title: "Mean click-through rate of " + g.name + " by months since registration", Kind: LineChart,
			X: Axis{Label: "months since registration", Unit: Months}, Y: Axis{Label: "mean click-through rate", Unit: Rate},
			Series: []Series{{Name: g.name, X: at(months, kept), Y: each(shown, estimated), Low: each(shown, func(e stat.Estimate) float64 { return max(0, e.Low) }), High: each(shown, func(e stat.Estimate) float64 { return min(1, e.High) })}},
			Alt:    "The mean click-through rate of " + g.name + " by months since registration, with 95% intervals and the trend."}
		if trend, ok := line.trend("trend", at(months, kept)); ok {
			chart.Series = append(chart.Series, trend)
		}
		a.Charts = append(a.Charts, chart)
	}
	a.Tables = []Table{{Name: "ctr_by_tenure", Title: "Mean click-through rate by months since registration", Columns: columns}}
	return a, nil
}
