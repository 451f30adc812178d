package analysis

import (
	"context"
	"fmt"
	"strings"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

func genderOf(t warehouse.TraitUse) string { return t.Gender }

// genderPeople names the users of a gender: "men", "women"; other spellings as "users of gender x".
func genderPeople(gender string) string {
	switch strings.ToLower(gender) {
	case "male", "m":
		return "men"
	case "female", "f":
		return "women"
	}
	return "users of gender " + gender
}

func askGender(ctx context.Context, env *Env) (Answer, error) {
	p, a, ok, err := env.knownPeople(ctx)
	if !ok {
		return a, err
	}
	genders, groups := tallies(p.known, genderOf)
	a.Caveats = p.caveats()
	all := total(p.known)
	lo, hi := extremes(groups)
	switch {
	case len(groups) == 1:
		a.Findings = append(a.Findings, described(fmt.Sprintf("All users with known traits are %s: %s of them are active (%s).", genderPeople(genders[0]),
			percent(groups[0].share().Value), percentInterval(groups[0].share())), exactly("active share", groups[0].share().Value, Share), 0))
	case len(groups) == 2:
		a.Findings = append(a.Findings, twoGenders(genders[hi], genders[lo], groups[hi], groups[lo]))
	default:
		chi := stat.ChiSquared(byActivity(groups))
		a.Findings = append(a.Findings, tested("chi-squared", chi.Test, effectOf("Cramer's V of gender and being active", chi.CramersV, Plain), chi.CramersV.Value,
			fmt.Sprintf("The active share differs between genders, from %s of %s to %s of %s (Cramer's V %s).", percent(groups[lo].share().Value), genderPeople(genders[lo]),
				percent(groups[hi].share().Value), genderPeople(genders[hi]), figures(chi.CramersV.Value)),
			fmt.Sprintf("The active share shows no difference between the %d genders.", len(groups))))
	}
	if len(groups) > 1 {
		a.Findings = append(a.Findings, genderMix(genders, groups, all))
	}
	inactive := each(groups, func(t tally) int64 { return t.users - t.active })
	a.Tables = []Table{{Name: "active_by_gender", Title: "Users and active users by gender", Columns: append(append([]Column{texts("gender", "gender, as logged", genders)}, shareColumns(groups)...),
		ints("inactive", "inactive users", Count, inactive))}}
	x := Axis{Label: "gender", Unit: Text, Categories: genders}
	a.Charts = []Chart{
		{ID: "active-by-gender", Title: "Active share by gender", Kind: BarChart, X: x, Y: Axis{Label: "active share", Unit: Share}, Series: []Series{shareSeries("active share", groups)},
			Marks: []Mark{{Value: all.share().Value, Label: "all"}}, Alt: "The share of active users of each gender with its 95% interval."},
		{ID: "users-by-gender", Title: "Users by gender and activity", Kind: StackedBar, X: x, Y: Axis{Label: "users", Unit: Count}, Series: []Series{
			{Name: "active", Y: each(groups, func(t tally) float64 { return float64(t.active) })}, {Name: "inactive", Y: asFloats(inactive)}},
			Alt: "Active and inactive users of each gender, on top of each other."},
	}
	return a, nil
}

// twoGenders compares the more active gender with the other.
func twoGenders(more, less string, a, b tally) Finding {
	if a.share().Value < b.share().Value {
		more, less, a, b = less, more, b, a
	}
	d, test := stat.ProportionDifference(a.active, a.users, b.active, b.users)
	v := stat.ChiSquared(byActivity([]tally{a, b})).CramersV
	odds := stat.OddsRatio(a.active, a.users-a.active, b.active, b.users-b.active)
	return tested("z test of two proportions", test, effectOf(fmt.Sprintf("active share of %s less that of %s", genderPeople(more), genderPeople(less)), d, Points), v.Value,
		fmt.Sprintf("%s are more often active than %s: %s against %s, a difference of %s (%s; odds ratio %s, Cramer's V %s).", upperFirst(genderPeople(more)), genderPeople(less),
			percent(a.share().Value), percent(b.share().Value), points(d.Value), pointsInterval(d), figures(odds.Value), figures(v.Value)),
		fmt.Sprintf("No difference is seen between the active shares of %s and %s (%s and %s).", genderPeople(more), genderPeople(less), percent(a.share().Value), percent(b.share().Value)))
}

// genderMix says how users, and active users, divide over the genders.
func genderMix(genders []string, groups []tally, all tally) Finding {
	parts := make([]string, len(groups))
	for i, g := range groups {
		parts[i] = fmt.Sprintf("%s are %s of all and %s of the active", genderPeople(genders[i]), percent(share(g.users, all.users)), percent(share(g.active, all.active)))
	}
	return described("Of the users with known traits, "+strings.Join(parts, "; ")+".", nil, 0)
}

// upperFirst is a sentence's first word.
func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
