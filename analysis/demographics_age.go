package analysis

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// youngAge is the age up to which the case study counts the young.
const youngAge = 25

func ageOf(t warehouse.TraitUse) int { return t.Age }

// agesOf is the distribution of the ages of those who are kept.
func agesOf(rows []warehouse.TraitUse, keep func(warehouse.TraitUse) bool) stat.Counted {
	var ages []float64
	var users []int64
	for _, r := range rows {
		if keep(r) {
			ages, users = append(ages, float64(r.Age)), append(users, r.Users)
		}
	}
	return stat.NewCounted(ages, users)
}

func isActive(t warehouse.TraitUse) bool   { return t.Active }
func isInactive(t warehouse.TraitUse) bool { return !t.Active }
func isAnybody(warehouse.TraitUse) bool    { return true }

func askAge(ctx context.Context, env *Env) (Answer, error) {
	p, a, ok, err := env.knownPeople(ctx)
	if !ok {
		return a, err
	}
	keys, groups := tallies(p.known, ageOf)
	all, active, inactive := agesOf(p.known, isAnybody), agesOf(p.known, isActive), agesOf(p.known, isInactive)
	a.Caveats = append(p.caveats(), "Ages are what users stated.")
	young := 1 - all.ShareAtLeast(youngAge+1).Value
	if active.N() > 0 && inactive.N() > 0 {
		a.Findings = append(a.Findings, agesDiffer(active, inactive))
	} else {
		a.Findings = append(a.Findings, described("The users with known traits are all active or all inactive, so their ages cannot be compared.", nil, 0))
	}
	if len(groups) > 1 {
		a.Findings = append(a.Findings, agesActive(keys, groups))
		a.Caveats = append(a.Caveats, "Where two ages are named, they are those whose intervals lie lowest and highest of all, so their difference is larger than that of two named beforehand.")
	}
	a.Findings = append(a.Findings, described(fmt.Sprintf("Half of the users are %s to %s years old (median %s); %s are %d or younger.",
		short(all.Quantile(.25)), short(all.Quantile(.75)), short(all.Quantile(.5)), percent(young), youngAge), exactly(fmt.Sprintf("share of users of %d or younger", youngAge), young, Share), 0))
	a.Tables = []Table{
		{Name: "active_by_age", Title: "Users and active users by age", Columns: append([]Column{ints("age", "age", Years, each(keys, func(k int) int64 { return int64(k) }))}, shareColumns(groups)...)},
		momentsTable("age_by_activity", "Age of active and inactive users", Years, []string{"all", "active", "inactive"}, []stat.Counted{all, active, inactive}),
	}
	labels := each(keys, func(k int) string { return fmt.Sprint(k) })
	kept, few := charted(groups)
	if few != "" {
		a.Caveats = append(a.Caveats, few)
	}
	a.Charts = []Chart{
		{ID: "active-by-age", Title: "Active share by age", Kind: BarChart, X: Axis{Label: "age", Unit: Years, Categories: at(labels, kept)}, Y: Axis{Label: "active share", Unit: Share},
			Series: []Series{shareSeries("active share", at(groups, kept))}, Marks: []Mark{{Value: total(p.known).share().Value, Label: "all"}}, Alt: "The share of active users at each age with its 95% interval."},
		{ID: "users-by-age", Title: "Users by age and activity", Kind: StackedBar, X: Axis{Label: "age", Unit: Years, Categories: labels}, Y: Axis{Label: "users", Unit: Count}, Series: []Series{
			{Name: "active", Y: each(groups, func(t tally) float64 { return float64(t.active) })}, {Name: "inactive", Y: each(groups, func(t tally) float64 { return float64(t.users - t.active) })}},
			Alt: "Active and inactive users at each age, on top of each other."},
		boxChart("age-by-activity", "Age by activity", "age", Years, []string{"active", "inactive", "all"}, []stat.Counted{active, inactive, all}),
	}
	return a, nil
}

// agesDiffer compares the mean ages of the active and the others.
func agesDiffer(active, inactive stat.Counted) Finding {
	a, b := active.Moments(), inactive.Moments()
	d, test := stat.WelchT(a, b)
	delta := stat.MannWhitney(active, inactive).Delta
	return tested("Welch t", test, effectOf("mean age of active less that of inactive users", d, Years), delta.Value,
		fmt.Sprintf("Active users are %s years %s than inactive ones on average (%s against %s; difference %s years; Cliff's delta %s).",
			figures(math.Abs(d.Value)), moreOrLess(d.Value, "older", "younger"), figures(a.Mean), figures(b.Mean), figuresInterval(d), figures(delta.Value)),
		fmt.Sprintf("No difference is seen between the mean ages of active and inactive users (%s and %s years).", figures(a.Mean), figures(b.Mean)))
}

// agesActive compares the active shares of the ages.
func agesActive(keys []int, groups []tally) Finding {
	chi := stat.ChiSquared(byActivity(groups))
	lo, hi := extremes(groups)
	return tested("chi-squared", chi.Test, effectOf("Cramer's V of age and being active", chi.CramersV, Plain), chi.CramersV.Value,
		fmt.Sprintf("The active share differs between ages: most surely highest at %d (%s) and lowest at %d (%s); Cramer's V is %s.", keys[hi], percent(groups[hi].share().Value),
			keys[lo], percent(groups[lo].share().Value), figures(chi.CramersV.Value)),
		fmt.Sprintf("The active share shows no difference between the %d ages.", len(keys)))
}

// short writes a quantile of counts, which mostly is a whole number, without decimals that say nothing: 19, 2.5.
func short(x float64) string {
	s := figures(x)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// momentsTable describes samples: size, mean, deviation, quartiles and ends.
func momentsTable(name, title string, unit Unit, labels []string, samples []stat.Counted) Table {
	of := func(f func(stat.Counted) float64) []float64 { return each(samples, f) }
	end := func(last bool) func(stat.Counted) float64 {
		return func(c stat.Counted) float64 {
			switch {
			case len(c.Values) == 0:
				return math.NaN()
			case last:
				return c.Values[len(c.Values)-1]
			}
			return c.Values[0]
		}
	}
	return Table{Name: name, Title: title, Columns: []Column{
		texts("users", "users", labels), ints("n", "number of users", Count, each(samples, func(c stat.Counted) int64 { return c.N() })),
		floats("mean", "mean", unit, of(func(c stat.Counted) float64 { return c.Moments().Mean })), floats("sd", "standard deviation", unit, of(func(c stat.Counted) float64 { return c.Moments().SD() })),
		floats("min", "smallest", unit, of(end(false))), floats("q1", "first quartile", unit, of(func(c stat.Counted) float64 { return c.Quantile(.25) })),
		floats("median", "median", unit, of(func(c stat.Counted) float64 { return c.Quantile(.5) })), floats("q3", "third quartile", unit, of(func(c stat.Counted) float64 { return c.Quantile(.75) })),
		floats("max", "largest", unit, of(end(true))),
	}}
}

// boxChart is a box for each sample that is not empty.
func boxChart(id, title, what string, unit Unit, labels []string, samples []stat.Counted) Chart {
	c := Chart{ID: id, Title: title, Kind: BoxPlot, X: Axis{Label: "users", Unit: Text}, Y: Axis{Label: what, Unit: unit}}
	var boxes []Box
	for i, s := range samples {
		if s.N() > 0 {
			c.X.Categories, boxes = append(c.X.Categories, labels[i]), append(boxes, boxOf(s))
		}
	}
	c.Series = []Series{{Name: what, Boxes: boxes}}
	c.Alt = fmt.Sprintf("Box plots of %s: %s.", what, listed(each(c.X.Categories, func(s string) string { return s + " users" })))
	return c
}
