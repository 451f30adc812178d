package analysis

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/internal/stat"
)

// tenureRange is the users of a range of tenures: their months one by one, and together.
type tenureRange struct {
	months []rates
	all    rates
	active int64
}

func (t tenures) between(from, to int) (g tenureRange) {
	for _, m := range t.months {
		if m.months >= from && m.months <= to {
			g.months = append(g.months, m.all())
			g.all = g.all.plus(m.all())
			g.active += m.active.users
		}
	}
	return g
}

// monthly is the mean over the months of each month's mean rate, with its standard error: months of few users count as
// much as others. The users' variance within months is taken for the same in each.
func (g tenureRange) monthly() (mean, se float64) {
	var within, df, parts float64
	for _, m := range g.months {
		v := m.moments()
		mean += v.Mean
		if v.N > 1 {
			within, df = within+v.Variance*float64(v.N-1), df+float64(v.N-1)
		}
		parts += 1 / float64(v.N)
	}
	k := float64(len(g.months))
	return mean / k, math.Sqrt(over(within, df)*parts) / k
}

func askNewUsers(ctx context.Context, env *Env) (Answer, error) {
	t, a, ok, err := env.tenures(ctx)
	if !ok {
		return a, err
	}
	fresh, old := t.between(0, newMonths), t.between(newMonths+1, maxMonths)
	a.Caveats = append(t.caveats(), fmt.Sprintf("New users registered at most %d months ago.", newMonths))
	freshName, oldName := fmt.Sprintf("new (0 to %d months)", newMonths), fmt.Sprintf("longer (%d to %d months)", newMonths+1, maxMonths)
	freshTally, oldTally := tally{fresh.all.users, fresh.active}, tally{old.all.users, old.active}
	freshMonthly, freshSE := fresh.monthly()
	oldMonthly, oldSE := old.monthly()
	if len(fresh.months) == 0 || len(old.months) == 0 {
		only := "longer than that"
		if len(old.months) == 0 {
			only = "new"
		}
		a.Findings = []Finding{described(fmt.Sprintf("All users with a believable tenure are %s, so new users cannot be compared with others.", only), nil, 0)}
	} else {
		a.Findings = []Finding{newMeans(fresh.all.moments(), old.all.moments()), newActive(freshTally, oldTally), newMonthly(freshMonthly, freshSE, oldMonthly, oldSE)}
		a.Caveats = append(a.Caveats, "The mean over months gives a month of few users the weight of a month of many; it is the published case study's figure. The mean over users does not.")
	}
	groups := []tally{freshTally, oldTally}
	means := []stat.Estimate{fresh.all.moments().Interval(), old.all.moments().Interval()}
	a.Tables = []Table{{Name: "new_users", Title: "New users and longer ones", Columns: append(append([]Column{texts("tenure", "tenure", []string{freshName, oldName})}, shareColumns(groups)...),
		floats("mean_ctr", "mean of the users' click-through rates", Rate, each(means, estimated)), floats("mean_ctr_low", "lower end", Rate, each(means, lower)), floats("mean_ctr_high", "upper end", Rate, each(means, upper)),
		floats("monthly_ctr", "mean over months of the mean click-through rate", Rate, []float64{freshMonthly, oldMonthly}),
		floats("pooled_ctr", "clicks over impressions", Rate, []float64{share(fresh.all.clicks, fresh.all.impressions), share(old.all.clicks, old.all.impressions)}))}}
	x := Axis{Label: "users", Unit: Text, Categories: []string{freshName, oldName}}
	a.Charts = []Chart{
		{ID: "new-users-ctr", Title: "Mean click-through rate of new users and longer ones", Kind: BarChart, X: x, Y: Axis{Label: "mean click-through rate", Unit: Rate},
			Series: []Series{{Name: "mean click-through rate", Y: each(means, estimated), Low: each(means, lower), High: each(means, upper)}}, Alt: "The mean click-through rate of new users and of longer ones, with 95% intervals."},
		{ID: "new-users-active", Title: "Active share of new users and longer ones", Kind: BarChart, X: x, Y: Axis{Label: "active share", Unit: Share}, Series: []Series{shareSeries("active share", groups)},
			Alt: "The share of active users among new users and longer ones, with 95% intervals."},
	}
	return a, nil
}

// asCorrelation turns a standardised difference of means into a correlation, for groups of like size. Source: Cohen,
// Statistical Power Analysis (1988), 2.2.
func asCorrelation(d float64) float64 { return d / math.Sqrt(d*d+4) }

// newMeans compares the users' mean rates, each user counting once.
func newMeans(fresh, old stat.Moments) Finding {
	d, test := stat.WelchT(fresh, old)
	return tested("Welch t", test, effectOf("mean click-through rate of new users less that of longer ones", d, Points), asCorrelation(stat.HedgesG(fresh, old)),
		fmt.Sprintf("New users click on %s of what they see: a mean click-through rate of %s against %s of longer users, %s apart (%s).", moreOrLess(d.Value, "more", "less"), percent(fresh.Mean), percent(old.Mean), points(d.Value), pointsInterval(d)),
		fmt.Sprintf("The mean click-through rates of new and longer users show no difference (%s and %s).", percent(fresh.Mean), percent(old.Mean)))
}

func newActive(fresh, old tally) Finding {
	d, test := stat.ProportionDifference(fresh.active, fresh.users, old.active, old.users)
	return tested("z test of two proportions", test, effectOf("active share of new users less that of longer ones", d, Points), stat.ChiSquared(byActivity([]tally{fresh, old})).CramersV.Value,
		fmt.Sprintf("New users are %s often active than longer ones: %s against %s, a difference of %s (%s).", moreOrLess(d.Value, "more", "less"), percent(fresh.share().Value), percent(old.share().Value), points(d.Value), pointsInterval(d)),
		fmt.Sprintf("The active shares of new and longer users show no difference (%s and %s).", percent(fresh.share().Value), percent(old.share().Value)))
}

// newMonthly compares the means over months, as a ratio with its interval by the delta method on the logarithm.
func newMonthly(fresh, freshSE, old, oldSE float64) Finding {
	se := math.Hypot(freshSE/fresh, oldSE/old)
	z := math.Log(fresh/old) / se
	test := stat.Test{Statistic: math.NaN(), P: math.NaN()}
	rel := stat.Estimate{Value: over(fresh, old) - 1, Low: math.NaN(), High: math.NaN()}
	if fresh > 0 && old > 0 && se > 0 {
		test = stat.Test{Statistic: z, P: stat.NormalP(z)}
		rel.Low, rel.High = fresh/old*math.Exp(-stat.Z*se)-1, fresh/old*math.Exp(stat.Z*se)-1
	}
	return tested("z test of the logarithm of a ratio", test, effectOf("mean over months of the mean click-through rate: new users against longer ones, relative", rel, Share), ratioWeight(1+rel.Value),
		fmt.Sprintf("Averaged month by month, the click-through rate of new users is %s %s than that of longer ones (%s to %s).", percent(math.Abs(rel.Value)), moreOrLess(rel.Value, "higher", "lower"), percent(rel.Low), percent(rel.High)),
		"Averaged month by month, the click-through rates of new and longer users show no difference.")
}
