package analysis

import (
	"context"
	"fmt"
	"time"

	"github.com/seguefeed/segue/internal/stat"
)

// dormantDays is how long a user stays away before she counts as dormant.
const dormantDays = 7

// lifeDay is one day of the users' lifecycle.
type lifeDay struct {
	day                               time.Time
	fresh, returning, raised, dormant int64
}

func (d lifeDay) seen() int64 { return d.fresh + d.returning + d.raised }

func askLifecycle(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.Returns(ctx)
	if err != nil {
		return Answer{}, err
	}
	n := env.Contents.Days()
	if len(rows) == 0 || n == 0 {
		return nothing("The log holds no impressions, so there is no lifecycle to follow."), nil
	}
	first := env.Contents.FirstDay
	number := func(t time.Time) int { return int(t.Sub(first) / (24 * time.Hour)) }
	days := make([]lifeDay, n)
	left := make([]int64, n) // users by day who were not seen in the dormantDays that follow
	for i := range days {
		days[i].day = first.AddDate(0, 0, i)
	}
	for _, r := range rows {
		y := number(r.Day)
		left[y] += r.Users
		if r.Previous.IsZero() {
			days[y].fresh += r.Users
			continue
		}
		x := number(r.Previous)
		if y-x <= dormantDays {
			days[y].returning += r.Users
			left[x] -= r.Users
		} else {
			days[y].raised += r.Users
		}
	}
	// Dormant on a day: last seen at least dormantDays before it, and not yet back. Who comes back after longer was.
	for d := 1; d < n; d++ {
		days[d].dormant = days[d-1].dormant - days[d].raised
		if d >= dormantDays {
			days[d].dormant += left[d-dormantDays]
		}
	}
	a := Answer{Caveats: []string{
		fmt.Sprintf("New: seen for the first time in the log. Returning: seen within the %d days before. Resurrected: seen before, but longer ago. Dormant: seen before, and not for %d days.", dormantDays, dormantDays),
		"The log begins for everybody on its first day: in its first weeks many who count as new are old users not seen yet, so its last week is the one to read.",
	}}
	last := days[max(0, n-7):]
	var week lifeDay
	for _, d := range last {
		week.fresh += d.fresh
		week.returning += d.returning
		week.raised += d.raised
	}
	a.Findings = append(a.Findings, described(fmt.Sprintf("In the last %s, %s of the users of a day are new to the log, %s return within %d days and %s are back after longer.",
		counted(int64(len(last)), "day", "days"), percent(share(week.fresh, week.seen())), percent(share(week.returning, week.seen())), dormantDays, percent(share(week.raised, week.seen()))),
		exactly("share of new users among a day's users, last week", share(week.fresh, week.seen()), Share), 0))
	var all int64
	for _, d := range days {
		all += d.fresh
	}
	asleep := stat.Wilson(days[n-1].dormant, all)
	a.Findings = append(a.Findings, described(fmt.Sprintf("At the end of the log %s of its users have not come for %d days (%s).", percent(asleep.Value), dormantDays, percentInterval(asleep)),
		&Effect{Name: "share of users dormant on the last day", Value: asleep.Value, Low: asleep.Low, High: asleep.High, Unit: Share}, 0))
	labels := each(days, func(d lifeDay) string { return dayLabel(d.day) })
	column := func(of func(lifeDay) int64) []int64 { return each(days, of) }
	fresh, returning := column(func(d lifeDay) int64 { return d.fresh }), column(func(d lifeDay) int64 { return d.returning })
	raised, dormant := column(func(d lifeDay) int64 { return d.raised }), column(func(d lifeDay) int64 { return d.dormant })
	a.Tables = []Table{{Name: "lifecycle", Title: "Users by day: new, returning, resurrected, dormant", Columns: []Column{
		texts("day", "day", labels), ints("new", "new", Count, fresh), ints("returning", "returning", Count, returning), ints("resurrected", "resurrected", Count, raised), ints("dormant", "dormant", Count, dormant),
	}}}
	x := Axis{Label: "day", Unit: Text, Categories: labels}
	a.Charts = []Chart{
		{ID: "lifecycle", Title: "Who comes: new, returning and resurrected users by day", Kind: StackedBar, X: x, Y: Axis{Label: "users", Unit: Count},
			Series: []Series{{Name: "returning", Y: asFloats(returning)}, {Name: "resurrected", Y: asFloats(raised)}, {Name: "new", Y: asFloats(fresh)}},
			Alt:    "The users of each day, stacked by whether they are new, returning or back after more than a week."},
		{ID: "dormant", Title: "Who stays away: dormant users by day", Kind: LineChart, X: x, Y: Axis{Label: "dormant users", Unit: Count}, Series: []Series{{Name: "dormant users", Y: asFloats(dormant)}},
			Alt: "The number of users who have been seen and have not come for a week, by day."},
	}
	return a, nil
}

// washIn is how many days a log of three weeks or more takes to tell who is new: who is seen on them may have come before.
const washIn = 7

// followed says from which day of the log on (from 0) the cohorts of the retention curve begin, and for how many days each is followed: about
// half of the days that are left, and not over four weeks.
func followed(days int) (from, horizon int) {
	if days >= 3*washIn {
		from = washIn
	}
	horizon = min(28, (days-from)/2)
	if horizon >= 14 {
		return from, horizon
	}
	if horizon >= 11 { // a month: a fortnight can be seen, by fewer cohorts
		return from, 14
	}
	return from, horizon
}

// What is shown of a log of years: its triangle would be of the square of its days.
const (
	longestFollowed = 93  // days from the first on
	longestShown    = 400 // first days
)

func askRetention(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.Retention(ctx)
	if err != nil {
		return Answer{}, err
	}
	n := env.Contents.Days()
	if len(rows) == 0 || n == 0 {
		return nothing("The log holds no impressions, so nobody can come back."), nil
	}
	first := env.Contents.FirstDay
	number := func(t time.Time) int { return int(t.Sub(first) / (24 * time.Hour)) }
	users := make([][]int64, n) // by first day and days since
	for i := range users {
		users[i] = make([]int64, n-i)
	}
	for _, r := range rows {
		c := number(r.FirstDay)
		users[c][number(r.Day)-c] = r.Users
	}
	var day []string
	var since, size, back []int64
	var rate []float64
	var grid [][]float64
	var labels []string
	ages := make([]string, min(n, longestFollowed))
	for k := range ages {
		ages[k] = fmt.Sprint(k)
	}
	for c := max(0, n-longestShown); c < n; c++ {
		if users[c][0] == 0 && n > longestFollowed { // a log of years may have gaps
			continue
		}
		row := make([]float64, len(ages))
		for k := range row {
			row[k] = share(0, 0)
			if k > 0 && k < len(users[c]) && users[c][0] > 0 { // day 0 is everybody
				row[k] = share(users[c][k], users[c][0])
				day, since = append(day, dayLabel(first.AddDate(0, 0, c))), append(since, int64(k))
				size, back, rate = append(size, users[c][0]), append(back, users[c][k]), append(rate, row[k])
			}
		}
		grid, labels = append(grid, row), append(labels, dayLabel(first.AddDate(0, 0, c)))
	}
	// The curve follows one and the same set of users, or it would rise at its end, where only the first cohorts are left.
	from, horizon := followed(n)
	var curve []stat.Estimate
	var at []float64
	var could int64
	for c := from; c+horizon < n; c++ {
		could += users[c][0]
	}
	for k := 1; k <= horizon && could > 0; k++ {
		var came int64
		for c := from; c+horizon < n; c++ {
			came += users[c][k]
		}
		curve, at = append(curve, stat.Wilson(came, could)), append(at, float64(k))
	}
	a := Answer{Caveats: []string{"A cohort is the users first seen on one day. The log begins for everybody on its first day, so early cohorts hold old users too, who come back more."}}
	if n > longestFollowed {
		a.Caveats = append(a.Caveats, fmt.Sprintf("Each first day is followed for %d days, and the last %d first days are shown.", longestFollowed-1, longestShown))
	}
	if could > 0 {
		whom := fmt.Sprintf("The curve follows one set of users to day %d: the %s first seen on days %d to %d of the log.", horizon, counted(could, "user", "users"), from+1, n-horizon)
		if from > 0 {
			whom += fmt.Sprintf(" Who was seen in its first %d days is left out, as she may have come long before.", from)
		}
		a.Caveats = append(a.Caveats, whom)
	}
	for _, k := range []int{1, 7, 14} {
		if k <= len(curve) && curve[k-1].Known() {
			e := curve[k-1]
			a.Findings = append(a.Findings, described(fmt.Sprintf("%s of users come again on day %d after their first (%s).", percent(e.Value), k, percentInterval(e)),
				&Effect{Name: fmt.Sprintf("share seen on day %d", k), Value: e.Value, Low: e.Low, High: e.High, Unit: Share}, 0))
		}
	}
	if len(a.Findings) == 0 {
		return nothing(fmt.Sprintf("In a log of %s nobody can be followed to another day.", counted(int64(n), "day", "days"))), nil
	}
	value, low, high := ends(curve)
	a.Tables = []Table{{Name: "retention", Title: "Users of each first day who are seen again, by days since", Columns: []Column{
		texts("first_day", "first day", day), ints("days_since", "days since", Days, since), ints("cohort", "users of the first day", Count, size), ints("users", "users seen", Count, back), floats("share", "share", Share, rate),
	}}}
	a.Charts = []Chart{
		{ID: "retention-curve", Title: "Share of users who come so many days after their first", Kind: LineChart, X: Axis{Label: "days since the first", Unit: Days}, Y: Axis{Label: "share of users", Unit: Share},
			Series: []Series{{Name: "share of users", X: at, Y: value, Low: low, High: high}}, Alt: "The share of users seen again by days since their first day, of one set of users followed all along."},
		{ID: "retention-matrix", Title: "Retention by first day", Kind: HeatMap, X: Axis{Label: "days since the first", Unit: Text, Categories: ages}, Y: Axis{Label: "first day", Unit: Text, Categories: labels},
			Series: []Series{{Name: "share of users", Grid: grid}}, Alt: "A triangle of shares: for each first day, how many of its users come on each later day."},
	}
	return a, nil
}
