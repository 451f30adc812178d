package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

func askAgeByGender(ctx context.Context, env *Env) (Answer, error) {
	p, a, ok, err := env.knownPeople(ctx)
	if !ok {
		return a, err
	}
	genders, _ := tallies(p.known, genderOf)
	ages, _ := tallies(p.known, ageOf)
	a.Caveats = append(p.caveats(), "Ages and genders are what users stated.")
	var labels []string
	var samples []stat.Counted
	for _, g := range genders {
		for _, active := range []bool{true, false} {
			name := "inactive " + g
			if active {
				name = "active " + g
			}
			labels = append(labels, name)
			samples = append(samples, agesOf(p.known, func(t warehouse.TraitUse) bool { return t.Gender == g && t.Active == active }))
		}
	}
	// One row an age and gender, ages first.
	var rowAge []int64
	var rowGender []string
	var cells []tally
	users, active := Chart{ID: "users-by-age-and-gender", Title: "Users by age and gender", Kind: LineChart, Y: Axis{Label: "users", Unit: Count}},
		Chart{ID: "active-by-age-and-gender", Title: "Active share by age and gender", Kind: LineChart, Y: Axis{Label: "active share", Unit: Share}}
	byGender := make([][]tally, len(genders))
	for i, g := range genders {
		byGender[i] = make([]tally, len(ages))
		for _, t := range p.known {
			if t.Gender == g {
				at, _ := slices.BinarySearch(ages, t.Age)
				byGender[i][at] = byGender[i][at].plus(t)
			}
		}
		x := each(ages, func(k int) float64 { return float64(k) })
		users.Series = append(users.Series, Series{Name: g, X: x, Y: each(byGender[i], func(t tally) float64 { return float64(t.users) })})
		kept, few := charted(byGender[i])
		s := shareSeries(g, at(byGender[i], kept))
		s.X = at(x, kept)
		active.Series = append(active.Series, s)
		if few != "" && !slices.Contains(a.Caveats, few) {
			a.Caveats = append(a.Caveats, few)
		}
	}
	for j, k := range ages {
		for i, g := range genders {
			if byGender[i][j].users > 0 {
				rowAge, rowGender, cells = append(rowAge, int64(k)), append(rowGender, g), append(cells, byGender[i][j])
			}
		}
	}
	users.X, active.X = Axis{Label: "age", Unit: Years}, Axis{Label: "age", Unit: Years}
	users.Alt, active.Alt = "Users of each gender by age.", "The share of active users of each gender by age, with 95% intervals."
	if len(genders) == 2 {
		a.Findings = append(a.Findings, genderAges(genders, p.known), ageGapByActivity(genders, samples))
		if f, ok := crossing(genders, ages, byGender); ok {
			a.Findings = append(a.Findings, f)
		}
	} else {
		a.Findings = append(a.Findings, described(fmt.Sprintf("The users with known traits are of %s, so no two are compared.", counted(int64(len(genders)), "gender", "genders")), nil, 0))
	}
	a.Tables = []Table{
		{Name: "active_by_age_and_gender", Title: "Users and active users by age and gender", Columns: append([]Column{ints("age", "age", Years, rowAge), texts("gender", "gender, as logged", rowGender)}, shareColumns(cells)...)},
		momentsTable("age_by_activity_and_gender", "Age by activity and gender", Years, labels, samples),
	}
	a.Charts = []Chart{users, active, boxChart("age-by-activity-and-gender", "Age by activity and gender", "age", Years, labels, samples)}
	return a, nil
}

// genderAges compares the ages of two genders.
func genderAges(genders []string, known []warehouse.TraitUse) Finding {
	of := func(g string) stat.Counted {
		return agesOf(known, func(t warehouse.TraitUse) bool { return t.Gender == g })
	}
	first, second := of(genders[0]), of(genders[1])
	d, test := stat.WelchT(first.Moments(), second.Moments())
	delta := stat.MannWhitney(first, second).Delta
	one, other := genderPeople(genders[0]), genderPeople(genders[1])
	return tested("Welch t", test, effectOf("mean age of "+one+" less that of "+other, d, Years), delta.Value,
		fmt.Sprintf("%s are %s years %s than %s on average (%s against %s; difference %s years; Cliff's delta %s).", upperFirst(one), figures(math.Abs(d.Value)), moreOrLess(d.Value, "older", "younger"), other,
			figures(first.Moments().Mean), figures(second.Moments().Mean), figuresInterval(d), figures(delta.Value)),
		fmt.Sprintf("No difference is seen between the mean ages of %s and %s (%s and %s years).", one, other, figures(first.Moments().Mean), figures(second.Moments().Mean)))
}

// ageGapByActivity asks whether being active goes with age more in one gender than in the other. samples are the ages of the
// active and inactive of the first gender, then of the second.
func ageGapByActivity(genders []string, samples []stat.Counted) Finding {
	m := each(samples, stat.Counted.Moments)
	first, _ := stat.WelchT(m[0], m[1])
	second, _ := stat.WelchT(m[2], m[3])
	one, other := genderPeople(genders[0]), genderPeople(genders[1])
	var se2 float64
	for _, x := range m {
		se2 += x.Variance / float64(x.N)
	}
	none := fmt.Sprintf("The age gap between active and inactive users shows no difference between %s and %s.", one, other)
	se := math.Sqrt(se2)
	gap := first.Value - second.Value
	name := "active less inactive mean age of " + one + ", less that of " + other
	if !(se > 0) { // an empty group, or one user in it
		return untested(Effect{Name: name, Value: gap, Low: math.NaN(), High: math.NaN(), Unit: Years})
	}
	// Four independent means; with as many users as a log has, the normal distribution does.
	e := stat.Estimate{Value: gap, Low: gap - stat.Z*se, High: gap + stat.Z*se}
	z := gap / se
	describe := func(d stat.Estimate) string {
		return fmt.Sprintf("%s years %s", figures(math.Abs(d.Value)), moreOrLess(d.Value, "older", "younger"))
	}
	// The gap in standard deviations.
	g := gap / math.Sqrt(meanOf(each(m, func(x stat.Moments) float64 { return x.Variance })))
	return tested("z test of the difference of two differences", stat.Test{Statistic: z, P: stat.NormalP(z)}, effectOf(name, e, Years), asCorrelation(g),
		fmt.Sprintf("Active %s are %s than inactive ones, active %s %s; the two gaps are %s years apart (%s).", one, describe(first), other, describe(second), figures(math.Abs(gap)), figuresInterval(e)), none)
}

// crossing names the age from which the other gender is the more numerous: the first of the ages at and after which one
// gender outnumbers the other at every age that has at least a thousandth of all users. False when there is none.
func crossing(genders []string, ages []int, byGender [][]tally) (Finding, bool) {
	var all int64
	for _, g := range byGender {
		for _, t := range g {
			all += t.users
		}
	}
	var lead []int // per age kept: the gender in front
	var kept []int
	for j := range ages {
		a, b := byGender[0][j].users, byGender[1][j].users
		if 1000*(a+b) < all || a == b {
			continue
		}
		front := 0
		if b > a {
			front = 1
		}
		lead, kept = append(lead, front), append(kept, ages[j])
	}
	if len(lead) == 0 {
		return Finding{}, false
	}
	last := len(lead) - 1
	from := last
	for from > 0 && lead[from-1] == lead[last] {
		from--
	}
	front, back := genderPeople(genders[lead[last]]), genderPeople(genders[1-lead[last]])
	if from == 0 {
		return described(fmt.Sprintf("%s outnumber %s at every age from %d to %d.", upperFirst(front), back, kept[0], kept[last]), nil, 0), true
	}
	for _, l := range lead[:from] {
		if l == lead[last] {
			return described(fmt.Sprintf("From age %d on %s outnumber %s; below it either may be in front.", kept[from], front, back), nil, 0), true
		}
	}
	return described(fmt.Sprintf("Up to age %d %s outnumber %s, from %d on it is the other way round.", kept[from-1], back, front, kept[from]), nil, 0), true
}
