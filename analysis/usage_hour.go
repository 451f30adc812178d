package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/internal/stat"
)

func askUseByHour(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.useByHour(ctx)
	if err != nil {
		return Answer{}, err
	}
	if len(rows) == 0 {
		return nothing("The log holds no impressions, so there is no hour to show."), nil
	}
	byHour, err := env.Warehouse.UsersByHour(ctx)
	if err != nil {
		return Answer{}, err
	}
	var shown, clicked, users [24]int64
	var ratios [24]stat.RatioMoments // the unit is a day's hour
	perDay := map[string]int64{}
	var total int64
	for _, r := range rows {
		shown[r.Hour] += r.Impressions
		clicked[r.Hour] += r.Clicks
		ratios[r.Hour].Add(float64(r.Impressions), float64(r.Clicks), 1)
		perDay[dayLabel(r.Day)] += r.Impressions
		total += r.Impressions
	}
	for _, r := range byHour {
		users[r.Hour] = r.Users
	}
	peak, quiet := 0, 0
	for h := range 24 {
		if shown[h] > shown[peak] {
			peak = h
		}
		if shown[h] < shown[quiet] {
			quiet = h
		}
	}
	// The peak's share of each day gives the interval: days are the units.
	peakShown := map[string]int64{}
	for _, r := range rows {
		if r.Hour == peak {
			peakShown[dayLabel(r.Day)] = r.Impressions
		}
	}
	shares := make([]float64, 0, len(perDay))
	for day, n := range perDay {
		shares = append(shares, share(peakShown[day], n))
	}
	slices.Sort(shares) // sums must not follow map order
	daily := stat.NewMoments(shares).Interval()

	a := Answer{Caveats: []string{inZone(env.Contents)}}
	effect := exactly("share of impressions in the busiest hour", share(shown[peak], total), Share)
	if daily.Known() {
		*effect = effectOf("share of a day's impressions in the busiest hour, mean over days", daily, Share)
	}
	quietest := fmt.Sprintf("%s the quietest with %s", clock(quiet), percent(share(shown[quiet], total)))
	a.Findings = append(a.Findings, described(fmt.Sprintf("The busiest hour is %s with %s of all impressions, and %s; the six busiest hours together have %s.",
		clock(peak), percent(share(shown[peak], total)), quietest, percent(busiest(shown[:], 6, total))), effect, 0))
	if f, ok := hourlyCTR(ratios); ok {
		a.Findings = append(a.Findings, f)
		a.Caveats = append(a.Caveats, "The intervals of the hourly click-through rates take the day as the unit: impressions of one hour of one day are not independent.",
			"The two hours compared are the highest and the lowest of 24, so their difference is larger than that of two hours named beforehand.")
	}

	labels := make([]string, 24)
	ctr, low, high := make([]float64, 24), make([]float64, 24), make([]float64, 24)
	hours := make([]int64, 24)
	for h := range 24 {
		labels[h], hours[h] = hourLabel(h), int64(h)
		e := ratios[h].Ratio()
		ctr[h], low[h], high[h] = e.Value, max(0, e.Low), e.High
	}
	a.Tables = []Table{{Name: "use_by_hour", Title: "Impressions, users and clicks by hour of the day", Columns: []Column{
		ints("hour", "hour of the day", Plain, hours), ints("impressions", "impressions", Count, shown[:]), ints("users", "users seen in the hour on any day", Count, users[:]),
		ints("clicks", "clicks", Count, clicked[:]), floats("ctr", "click-through rate", Rate, ctr), floats("ctr_low", "lower end", Rate, low), floats("ctr_high", "upper end", Rate, high),
	}}}
	x := Axis{Label: "hour of the day", Unit: Text, Categories: labels}
	a.Charts = []Chart{
		{ID: "use-by-hour-impressions", Title: "Impressions by hour of the day", Kind: BarChart, X: x, Y: Axis{Label: "impressions", Unit: Count},
			Series: []Series{{Name: "impressions", Y: asFloats(shown[:])}},
			Alt:    fmt.Sprintf("Impressions in each hour of the day: most at %s, fewest at %s.", clock(peak), clock(quiet))},
		{ID: "use-by-hour-users-clicks", Title: "Users and clicks by hour of the day", Kind: LineChart, X: x, Y: Axis{Label: "users, clicks", Unit: Count},
			Series: []Series{{Name: "users", Y: asFloats(users[:])}, {Name: "clicks", Y: asFloats(clicked[:])}},
			Alt:    "Different users seen, and clicks, in each hour of the day."},
		{ID: "use-by-hour-ctr", Title: "Click-through rate by hour of the day", Kind: LineChart, X: x, Y: Axis{Label: "click-through rate", Unit: Rate},
			Series: []Series{{Name: "click-through rate", Y: ctr, Low: low, High: high}},
			Alt:    "The click-through rate in each hour of the day with its 95% interval over days."},
	}
	return a, nil
}

// busiest is the share of the k largest.
func busiest(n []int64, k int, total int64) float64 {
	sorted := slices.Clone(n)
	slices.Sort(sorted)
	var s int64
	for _, v := range sorted[len(sorted)-k:] {
		s += v
	}
	return share(s, total)
}

// hourlyCTR tests whether the click-through rate differs between hours; false when fewer than two hours have an interval.
func hourlyCTR(ratios [24]stat.RatioMoments) (Finding, bool) {
	values, ses := make([]float64, 24), make([]float64, 24)
	hi, lo := -1, -1
	for h := range ratios {
		values[h], ses[h] = ratios[h].Ratio().Value, ratios[h].SE()
		if math.IsNaN(values[h]) || !(ses[h] > 0) {
			continue
		}
		if hi < 0 || values[h] > values[hi] {
			hi = h
		}
		if lo < 0 || values[h] < values[lo] {
			lo = h
		}
	}
	if hi == lo {
		return Finding{}, false
	}
	d, _ := stat.RatioDifference(ratios[hi], ratios[lo])
	return tested("chi-squared test of equal rates", stat.Homogeneity(values, ses), effectOf("highest less lowest hourly click-through rate", d, Rate), d.Value,
		fmt.Sprintf("The click-through rate depends on the hour: it is highest from %s (%s) and lowest from %s (%s), %s apart (%s).",
			clock(hi), percent(values[hi]), clock(lo), percent(values[lo]), points(d.Value), pointsInterval(d)),
		"The click-through rate shows no difference between the hours of the day."), true
}
