package analysis

import (
	"context"
	"fmt"
	"slices"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
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
	byGroup, err := env.Warehouse.HoursByGroup(ctx)
	if err != nil {
		return Answer{}, err
	}
	rates := hourRates(byGroup)
	var shown, clicked, users [24]int64
	perDay := map[string]int64{}
	var total int64
	for _, r := range rows {
		shown[r.Hour] += r.Impressions
		clicked[r.Hour] += r.Clicks
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
	if f, ok := hourlyCTR(rates); ok {
		a.Findings = append(a.Findings, f)
		a.Caveats = append(a.Caveats, byGroups, fmt.Sprintf("The two hours compared are, of those with at least %d clicks, the ones that lie most surely highest and lowest, so their difference is larger than that of two hours named beforehand. Other users come at other hours: that the rate differs between hours does not say that the hour does it.", minHourClicks))
	}

	labels := make([]string, 24)
	ctr, low, high := make([]float64, 24), make([]float64, 24), make([]float64, 24)
	hours := make([]int64, 24)
	for h := range 24 {
		labels[h], hours[h] = hourLabel(h), int64(h)
		e := rates[h].estimate()
		ctr[h], low[h], high[h] = e.Value, max(0, e.Low), min(1, e.High)
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
			Alt:    "The click-through rate in each hour of the day with its 95% interval over users."},
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

func hourRates(rows []warehouse.GroupHour) (rates [24]groupSums) {
	for _, r := range rows {
		rates[r.Hour].add(r.Group, float64(r.Impressions), float64(r.Clicks))
	}
	return rates
}

// minHourClicks is how many clicks an hour of the day needs to be compared with others.
const minHourClicks = 20

// hourlyCTR tests whether the click-through rate differs between hours; false when fewer than two hours can be compared.
func hourlyCTR(rates [24]groupSums) (Finding, bool) {
	counts := func(h int) bool { _, clicks := rates[h].totals(); return clicks >= minHourClicks }
	lo, hi, ok := surest(rates[:], counts)
	if !ok {
		return Finding{}, false
	}
	least, most := rates[lo].estimate().Value, rates[hi].estimate().Value
	d := rates[hi].less(&rates[lo]).Estimate()
	return tested("Brown-Forsythe F over 20 groups of users", equal(rates[:], counts), effectOf("highest less lowest hourly click-through rate", d, Points), spread(24, func(h int) (x, y float64) { return rates[h].totals() }),
		fmt.Sprintf("The click-through rate differs between hours: it is most surely highest from %s (%s) and lowest from %s (%s), %s apart (%s).",
			clock(hi), percent(most), clock(lo), percent(least), points(d.Value), pointsInterval(d)),
		"The click-through rate shows no difference between the hours of the day."), true
}
