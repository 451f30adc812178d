package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// Tenure is the theme that asks what the time since registration has to do with activity.
const Tenure = "Tenure"

func tenureQuestions() []Question {
	needs := []feedlog.Role{feedlog.UserMonths}
	return []Question{
		{ID: "active-by-tenure", Theme: Tenure, Title: "Does the share of active users change with the time since registration?", Needs: needs, Ask: askTenureActive},
		{ID: "ctr-by-tenure", Theme: Tenure, Title: "Does the click-through rate change with the time since registration?", Needs: needs, Ask: askTenureCTR},
		{ID: "new-users", Theme: Tenure, Title: "Do new users click more than longer ones?", Needs: needs, Ask: askNewUsers},
	}
}

// rates are the click-through rates of a group of users, by their sums.
type rates struct {
	users, impressions, clicks int64
	ctr, ctrSquared            float64
}

func (r rates) plus(o rates) rates {
	return rates{r.users + o.users, r.impressions + o.impressions, r.clicks + o.clicks, r.ctr + o.ctr, r.ctrSquared + o.ctrSquared}
}

// moments are those of the users' rates.
func (r rates) moments() stat.Moments {
	m := stat.Moments{N: r.users, Mean: over(r.ctr, float64(r.users)), Variance: math.NaN()}
	if r.users > 1 {
		m.Variance = max(0, (r.ctrSquared-r.ctr*m.Mean)/float64(r.users-1))
	}
	return m
}

// activityRates are the same sums of a variable that is 1 for the active and 0 for the others.
func activityRates(users, active int64) rates {
	return rates{users: users, ctr: float64(active), ctrSquared: float64(active)}
}

// month is the users of one tenure.
type month struct {
	months           int // 0..maxMonths
	active, inactive rates
}

func (m month) all() rates   { return m.active.plus(m.inactive) }
func (m month) tally() tally { return tally{m.all().users, m.active.users} }

// tenures are the users with a believable tenure, by month; the others are counted.
type tenures struct {
	activity       *UserActivity
	months         []month
	unknown, wrong int64
}

// tenures asks for the users by tenure. When the log cannot answer questions about it, ok is false and the answer says why.
func (e *Env) tenures(ctx context.Context) (t tenures, a Answer, ok bool, err error) {
	if t.activity, err = e.UserActivity(ctx); err != nil {
		return t, a, false, err
	}
	if a, off := noActivity(t.activity); off {
		return t, a, false, nil
	}
	rows, err := e.months.get(ctx, func(ctx context.Context) ([]warehouse.MonthUse, error) {
		return e.Warehouse.UsersByMonths(ctx, t.activity.Threshold())
	})
	if err != nil {
		return t, a, false, err
	}
	for _, r := range rows { // ordered by month
		switch {
		case r.Months == -1:
			t.unknown += r.Users
			continue
		case r.Months < 0 || r.Months > maxMonths:
			t.wrong += r.Users
			continue
		}
		if n := len(t.months); n == 0 || t.months[n-1].months != r.Months {
			t.months = append(t.months, month{months: r.Months})
		}
		of := rates{r.Users, r.Impressions, r.Clicks, r.CTR, r.CTRSquared}
		if m := &t.months[len(t.months)-1]; r.Active {
			m.active = m.active.plus(of)
		} else {
			m.inactive = m.inactive.plus(of)
		}
	}
	if len(t.months) == 0 {
		return t, nothing(fmt.Sprintf("No user with impressions has a tenure of 0 to %d months.", maxMonths)), false, nil
	}
	return t, a, true, nil
}

func (t tenures) caveats() []string {
	var n int64
	for _, m := range t.months {
		n += m.all().users
	}
	return []string{definition(t.activity), fmt.Sprintf("Counted are %s with a tenure of 0 to %d months. Left out: %s with a tenure outside these, which is an error of the data, and %s without one.",
		counted(n, "user", "users"), maxMonths, counted(t.wrong, "user", "users"), counted(t.unknown, "user", "users")),
		"Users of one month joined at one time: a trend over tenure may as well be one over the years in which they joined, and those who left are not in the log."}
}

func (t tenures) labels() []float64 {
	return each(t.months, func(m month) float64 { return float64(m.months) })
}

// userLine is the least-squares line of a variable over tenure with the user as the unit, from each month's sums.
type userLine struct {
	intercept float64
	slope     stat.Estimate // a month
	r         float64       // the users' correlation, in [-1, 1]
	stat.Test               // that the slope is 0
}

func (l userLine) at(month float64) float64 { return l.intercept + l.slope.Value*month }

// fitUsers fits the line. of gives a month's sums; months without users do not count. NaN with fewer than three users or when
// tenure does not vary.
func (t tenures) fitUsers(of func(month) rates) userLine {
	var n, sx, sy, syy float64
	for _, m := range t.months {
		r := of(m)
		u := float64(r.users)
		n, sx, sy, syy = n+u, sx+u*float64(m.months), sy+r.ctr, syy+r.ctrSquared
	}
	nan := math.NaN()
	none := userLine{nan, stat.Estimate{Value: nan, Low: nan, High: nan}, nan, stat.Test{Statistic: nan, DF: nan, P: nan}}
	if n < 3 {
		return none
	}
	mx, my := sx/n, sy/n
	var xx, xy float64
	for _, m := range t.months {
		r, dx := of(m), float64(m.months)-mx
		xx += float64(r.users) * dx * dx
		xy += dx * r.ctr
	}
	if xx <= 0 {
		return none
	}
	yy := max(0, syy-n*my*my)
	slope := xy / xx
	l := userLine{intercept: my - slope*mx, r: over(xy, math.Sqrt(xx*yy)), Test: none.Test}
	l.slope = stat.Estimate{Value: slope, Low: nan, High: nan}
	if se := math.Sqrt(max(0, yy-slope*xy) / (n - 2) / xx); se > 0 {
		l.slope.Low, l.slope.High = slope-stat.Z*se, slope+stat.Z*se // a log's users are enough for the normal distribution
		l.Test = stat.Test{Statistic: slope / se, DF: n - 2, P: stat.StudentP(slope/se, n-2)}
	}
	return l
}

// trend is the line as a series of a chart over the months.
func (l userLine) trend(name string, months []float64) (Series, bool) {
	if math.IsNaN(l.intercept) || len(months) < 2 {
		return Series{}, false
	}
	from, to := slices.Min(months), slices.Max(months)
	return Series{Name: name, X: []float64{from, to}, Y: []float64{l.at(from), l.at(to)}, Line: true}, true
}

// perYear is the change over twelve months.
func (l userLine) perYear() stat.Estimate {
	return stat.Estimate{Value: 12 * l.slope.Value, Low: 12 * l.slope.Low, High: 12 * l.slope.High}
}

func askTenureActive(ctx context.Context, env *Env) (Answer, error) {
	t, a, ok, err := env.tenures(ctx)
	if !ok {
		return a, err
	}
	groups := each(t.months, month.tally)
	active := func(m month) rates { return activityRates(m.tally().users, m.tally().active) }
	line := t.fitUsers(active)
	e := line.perYear()
	a.Findings = []Finding{tested("t test of a slope, user by user", line.Test, effectOf("change of the active share in a year of tenure", e, Points), line.r,
		fmt.Sprintf("The share of active users %s by %s with each year since registration (%s; the users' correlation is %s).", moreOrLess(e.Value, "rises", "falls"), points(e.Value), pointsInterval(e), figures(line.r)),
		"The share of active users shows no trend over the time since registration.")}
	if lo, hi := extremes(groups); len(groups) > 1 {
		chi := stat.ChiSquared(byActivity(groups))
		a.Findings = append(a.Findings, tested("chi-squared", chi.Test, effectOf("Cramer's V of tenure and being active", chi.CramersV, Plain), chi.CramersV.Value,
			fmt.Sprintf("Month by month the active share is most surely highest at %d months (%s) and lowest at %d (%s); Cramer's V is %s.", t.months[hi].months, percent(groups[hi].share().Value),
				t.months[lo].months, percent(groups[lo].share().Value), figures(chi.CramersV.Value)),
			fmt.Sprintf("The active share shows no difference between the %d months of tenure.", len(groups))))
	}
	a.Caveats = t.caveats()
	columns := append([]Column{ints("months", "months since registration", Months, each(t.months, func(m month) int64 { return int64(m.months) }))}, shareColumns(groups)...)
	a.Tables = []Table{{Name: "active_by_tenure", Title: "Users and active users by months since registration", Columns: append(columns,
		floats("active_to_inactive", "active over inactive users", Plain, each(groups, func(g tally) float64 { return share(g.active, g.users-g.active) })))}}
	kept, few := charted(groups)
	if few != "" {
		a.Caveats = append(a.Caveats, few)
	}
	s := shareSeries("active share", at(groups, kept))
	s.X = at(t.labels(), kept)
	a.Charts = []Chart{{ID: "active-by-tenure", Title: "Active share by months since registration", Kind: LineChart, X: Axis{Label: "months since registration", Unit: Months}, Y: Axis{Label: "active share", Unit: Share},
		Series: []Series{s}, Alt: "The share of active users by months since registration, with 95% intervals and the trend."},
		{ID: "users-by-tenure", Title: "Users by months since registration", Kind: LineChart, X: Axis{Label: "months since registration", Unit: Months}, Y: Axis{Label: "users", Unit: Count},
			Series: []Series{{Name: "users", X: t.labels(), Y: each(groups, func(g tally) float64 { return float64(g.users) })}}, Alt: "The number of users by months since registration."}}
	if trend, ok := line.trend("trend", s.X); ok {
		a.Charts[0].Series = append(a.Charts[0].Series, trend)
	}
	return a, nil
}
