package analysis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// traitTally is the users with and without one trait.
type traitTally struct {
	name           string
	known, missing tally
}

func askMissing(ctx context.Context, env *Env) (Answer, error) {
	p, a, ok, err := env.people(ctx)
	if !ok {
		return a, err
	}
	if len(p.traits) == 0 {
		return nothing("The log says nothing of its users: it has no province, age, gender or tenure."), nil
	}
	if len(p.all) == 0 {
		return nothing("The log tells nothing of any user."), nil
	}
	all, known := total(p.all), total(p.known)
	who := fmt.Sprintf("Of %s with impressions, %s (%s) have %s known", counted(all.users, "user", "users"), grouped(known.users), percent(share(known.users, all.users)), p.fields())
	if known.users > 0 {
		who += fmt.Sprintf("; %s of them are active, %s of all", percent(known.share().Value), percent(all.share().Value))
	}
	a.Findings = append(a.Findings, described(who+".", exactly("share of users with all traits known", share(known.users, all.users), Share), 0))
	a.Caveats = []string{definition(p.activity), fmt.Sprintf("A gender stated as unknown and a tenure outside 0 to %d months count as missing. Users without a row in the user table miss everything.", maxMonths),
		"Users choose what they state, so those who state nothing are another kind of user: what the questions of this theme find holds of those who are known."}
	rows := make([]traitTally, len(p.traits))
	for i, t := range p.traits {
		rows[i].name = t.name
		for _, u := range p.all {
			if t.known(u) {
				rows[i].known = rows[i].known.plus(u)
			} else {
				rows[i].missing = rows[i].missing.plus(u)
			}
		}
		a.Findings = append(a.Findings, missingMeans(rows[i]))
	}
	if wrong := wrongTenure(p.all); wrong > 0 {
		a.Findings = append(a.Findings, described(fmt.Sprintf("%s a tenure outside 0 to %d months, which the service is too young for.", haveUsers(wrong), maxMonths),
			exactly("share of users with an impossible tenure", share(wrong, all.users), Share), 0))
	}
	a.Tables = []Table{missingTable(rows), p.patterns()}
	names := each(rows, func(r traitTally) string { return r.name })
	x := Axis{Label: "trait", Unit: Text, Categories: names}
	a.Charts = []Chart{
		{ID: "missing-fields", Title: "Users of whom a trait is missing", Kind: BarChart, X: x, Y: Axis{Label: "share of users", Unit: Share},
			Series: []Series{{Name: "missing", Y: each(rows, func(r traitTally) float64 { return share(r.missing.users, all.users) })}}, Alt: "The share of users of whom each trait is missing."},
	}
	var both []traitTally // a trait that nearly everybody or nearly nobody states has no second bar to compare
	for _, r := range rows {
		if r.known.users >= minCharted && r.missing.users >= minCharted {
			both = append(both, r)
		}
	}
	if len(both) > 0 {
		a.Charts = append(a.Charts, Chart{ID: "active-by-missing", Title: "Active share where a trait is known and where it is missing", Kind: BarChart,
			X: Axis{Label: "trait", Unit: Text, Categories: each(both, func(r traitTally) string { return r.name })}, Y: Axis{Label: "active share", Unit: Share}, Series: []Series{
				shareSeries("known", each(both, func(r traitTally) tally { return r.known })), shareSeries("missing", each(both, func(r traitTally) tally { return r.missing }))},
			Alt: "The share of active users among those of whom a trait is known and those of whom it is missing, with 95% intervals."})
		a.Caveats = append(a.Caveats, fmt.Sprintf("The chart of active shares shows traits that at least %d users state and at least %d do not.", minCharted, minCharted))
	}
	return a, nil
}

// haveUsers begins a sentence on what n users have.
func haveUsers(n int64) string {
	if n == 1 {
		return "1 user has"
	}
	return grouped(n) + " users have"
}

func wrongTenure(rows []warehouse.TraitUse) (n int64) {
	for _, r := range rows {
		if r.Tenure == warehouse.TenureWrong {
			n += r.Users
		}
	}
	return n
}

// missingMeans compares users of whom a trait is missing with the others.
func missingMeans(r traitTally) Finding {
	switch {
	case r.missing.users == 0:
		return described(fmt.Sprintf("The %s of every user is known.", r.name), nil, 0)
	case r.known.users == 0:
		return described(fmt.Sprintf("The %s of no user is known.", r.name), nil, 0)
	}
	d, test := stat.ProportionDifference(r.missing.active, r.missing.users, r.known.active, r.known.users)
	v := stat.ChiSquared(byActivity([]tally{r.missing, r.known})).CramersV
	return tested("z test of two proportions", test, effectOf("active share of users whose "+r.name+" is missing less that of others", d, Points), v.Value,
		fmt.Sprintf("Users whose %s is missing (%s) are %s often active: %s against %s of the others, a difference of %s (%s; Cramer's V %s).", r.name, percent(share(r.missing.users, r.missing.users+r.known.users)),
			moreOrLess(d.Value, "more", "less"), percent(r.missing.share().Value), percent(r.known.share().Value), points(d.Value), pointsInterval(d), figures(v.Value)),
		fmt.Sprintf("Users whose %s is missing (%s) show no difference in the active share (%s against %s of the others).", r.name, percent(share(r.missing.users, r.missing.users+r.known.users)),
			percent(r.missing.share().Value), percent(r.known.share().Value)))
}

func missingTable(rows []traitTally) Table {
	of := func(f func(traitTally) int64) []int64 { return each(rows, f) }
	d := each(rows, func(r traitTally) stat.Estimate {
		e, _ := stat.ProportionDifference(r.missing.active, r.missing.users, r.known.active, r.known.users)
		return e
	})
	return Table{Name: "missing_fields", Title: "Users and active users by whether a trait is known", Columns: []Column{
		texts("trait", "trait", each(rows, func(r traitTally) string { return r.name })),
		ints("known", "users, known", Count, of(func(r traitTally) int64 { return r.known.users })), ints("missing", "users, missing", Count, of(func(r traitTally) int64 { return r.missing.users })),
		floats("active_share_known", "active share, known", Share, each(rows, func(r traitTally) float64 { return r.known.share().Value })),
		floats("active_share_missing", "active share, missing", Share, each(rows, func(r traitTally) float64 { return r.missing.share().Value })),
		floats("difference", "missing less known", Share, each(d, estimated)), floats("difference_low", "lower end", Share, each(d, lower)), floats("difference_high", "upper end", Share, each(d, upper)),
	}}
}

// patterns is the table of which traits are missing together, the most frequent first.
func (p people) patterns() Table {
	keys, groups := tallies(p.all, func(u warehouse.TraitUse) string {
		var missing []string
		for _, t := range p.traits {
			if !t.known(u) {
				missing = append(missing, t.name)
			}
		}
		if len(missing) == 0 {
			return "nothing"
		}
		return strings.Join(missing, ", ")
	})
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return int(groups[j].users - groups[i].users) })
	return Table{Name: "missing_together", Title: "Which traits are missing together", Columns: append([]Column{
		texts("missing", "what is missing", each(order, func(i int) string { return keys[i] }))}, shareColumns(each(order, func(i int) tally { return groups[i] }))...)}
}
