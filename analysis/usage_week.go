package analysis

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

func askWeekdayWeekend(ctx context.Context, env *Env) (Answer, error) {
	days, err := env.useByDay(ctx)
	if err != nil {
		return Answer{}, err
	}
	if len(days) == 0 {
		return nothing("The log holds no impressions, so weekdays and weekends cannot be compared."), nil
	}
	measures := []struct {
		name, what string
		unit       Unit
		of         func(warehouse.DayUse) float64
	}{
		{"impressions", "impressions a day", Count, func(d warehouse.DayUse) float64 { return float64(d.Impressions) }},
		{"users", "users a day", Count, func(d warehouse.DayUse) float64 { return float64(d.Users) }},
		{"clicks", "clicks a day", Count, func(d warehouse.DayUse) float64 { return float64(d.Clicks) }},
		{"ctr", "click-through rate", Rate, func(d warehouse.DayUse) float64 { return share(d.Clicks, d.Impressions) }},
	}
	a := Answer{Caveats: []string{inZone(env.Contents) + " Saturday and Sunday are the weekend.",
		"The unit is the day: many impressions of one Saturday are one Saturday. Holidays and trends within the log are not taken out."}}
	var names []string
	var weekdayMean, weekendMean, low, high, relative []float64
	var nWeekday, nWeekend int64
	for _, m := range measures {
		var in, out []float64
		for _, d := range days {
			if isWeekend(d.Day) {
				in = append(in, m.of(d))
			} else {
				out = append(out, m.of(d))
			}
		}
		nWeekend, nWeekday = int64(len(in)), int64(len(out))
		end, week := stat.NewMoments(in), stat.NewMoments(out)
		diff, test := stat.WelchT(end, week)
		// As a share of the weekday mean, which is read more easily; the mean's own error is left out of the interval.
		rel := stat.Estimate{Value: over(diff.Value, week.Mean), Low: over(diff.Low, week.Mean), High: over(diff.High, week.Mean)}
		names = append(names, m.what)
		weekdayMean, weekendMean = append(weekdayMean, week.Mean), append(weekendMean, end.Mean)
		low, high, relative = append(low, rel.Low), append(high, rel.High), append(relative, rel.Value)
		if nWeekend == 0 || nWeekday == 0 {
			continue
		}
		write := func(x float64) string {
			if m.unit == Rate {
				return percent(x)
			}
			return grouped(int64(math.Round(x)))
		}
		none := fmt.Sprintf("No difference between weekends and weekdays is seen in the %s (%s against %s on average).", m.what, write(end.Mean), write(week.Mean))
		seen := fmt.Sprintf("On weekends there are %s %s %s than on weekdays (%s against %s; difference %s to %s of the weekday mean).",
			percent(math.Abs(rel.Value)), moreOrLess(diff.Value, "more", "fewer"), m.what, write(end.Mean), write(week.Mean), percent(rel.Low), percent(rel.High))
		if m.unit == Rate {
			seen = fmt.Sprintf("On weekends the %s is %s %s than on weekdays (%s against %s; difference %s).",
				m.what, points(diff.Value), moreOrLess(diff.Value, "higher", "lower"), write(end.Mean), write(week.Mean), pointsInterval(diff))
		}
		effect := effectOf("weekend less weekday, as a share of the weekday mean: "+m.what, rel, Share)
		if m.unit == Rate {
			effect = effectOf("weekend less weekday click-through rate", diff, Points)
		}
		a.Findings = append(a.Findings, tested("Welch t", test, effect, ratioWeight(over(end.Mean, week.Mean)), seen, none))
	}
	if nWeekend == 0 || nWeekday == 0 {
		only := "weekdays"
		if nWeekday == 0 {
			only = "weekend days"
		}
		a.Findings = append(a.Findings, described(fmt.Sprintf("The log holds only %s, so the two cannot be compared.", only), nil, 0))
	}
	a.Tables = []Table{{Name: "weekday_weekend", Title: fmt.Sprintf("Means of %s and %s", counted(nWeekday, "weekday", "weekdays"), counted(nWeekend, "weekend day", "weekend days")), Columns: []Column{
		texts("measure", "measure", names), floats("weekday_mean", "weekday mean", Plain, weekdayMean), floats("weekend_mean", "weekend mean", Plain, weekendMean),
		floats("difference", "difference, share of the weekday mean", Share, relative), floats("difference_low", "lower end", Share, low), floats("difference_high", "upper end", Share, high),
	}}}
	a.Charts = []Chart{
		{ID: "weekday-weekend-difference", Title: "Weekend against weekday, as a share of the weekday mean", Kind: BarChart, X: Axis{Label: "measure", Unit: Text, Categories: names},
			Y: Axis{Label: "weekend less weekday", Unit: Share}, Series: []Series{{Name: "difference", Y: relative, Low: low, High: high}}, Marks: []Mark{{Value: 0, Label: "no difference"}},
			Alt: "How far the mean weekend day lies above or below the mean weekday in impressions, users, clicks and click-through rate, with 95% intervals over days."},
		weekdayBoxes(days),
	}
	return a, nil
}

// weekdayBoxes shows the spread of daily impressions within each day of the week.
func weekdayBoxes(days []warehouse.DayUse) Chart {
	labels, boxes := make([]string, 0, 7), make([]Box, 0, 7)
	for _, w := range weekdays {
		var v []float64
		for _, d := range days {
			if d.Day.Weekday() == w {
				v = append(v, float64(d.Impressions))
			}
		}
		if len(v) > 0 {
			labels, boxes = append(labels, w.String()), append(boxes, boxOf(stat.NewCounted(v, nil)))
		}
	}
	return Chart{ID: "weekday-impressions", Title: "Daily impressions by day of the week", Kind: BoxPlot, X: Axis{Label: "day of the week", Unit: Text, Categories: labels},
		Y: Axis{Label: "impressions a day", Unit: Count}, Series: []Series{{Name: "impressions a day", Boxes: boxes}},
		Alt: "A box plot of the daily impressions for each day of the week in the log."}
}

// boxOf is a sample's box plot.
func boxOf(c stat.Counted) Box {
	b := c.Box()
	return Box{Low: b.Low, Q1: b.Q1, Median: b.Median, Q3: b.Q3, High: b.High, Mean: b.Mean, N: b.N}
}

func askHourByWeekday(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.useByHour(ctx)
	if err != nil {
		return Answer{}, err
	}
	if len(rows) == 0 {
		return nothing("The log holds no impressions, so there is no hour and weekday to show."), nil
	}
	var shown, clicked [7][24]float64
	var days [7]float64
	for i, r := range rows {
		w := (int(r.Day.Weekday()) + 6) % 7 // Monday is 0
		shown[w][r.Hour] += float64(r.Impressions)
		clicked[w][r.Hour] += float64(r.Clicks)
		if i == 0 || !rows[i-1].Day.Equal(r.Day) {
			days[w]++
		}
	}
	var impressions [][]float64
	drawn := make([][]float64, 7)
	var weekday []string
	var hour []int64
	var flatShown, flatCTR []float64
	hours := make([]string, 24)
	labels := make([]string, 7)
	for w := range 7 {
		a, b := make([]float64, 24), make([]float64, 24)
		for h := range 24 {
			hours[h] = hourLabel(h)
			a[h], b[h] = over(shown[w][h], days[w]), over(clicked[w][h], shown[w][h])
			seen := b[h]
			if shown[w][h] < minCell {
				seen = math.NaN() // a rate of a few impressions would be the brightest of all
			}
			drawn[w] = append(drawn[w], seen)
			weekday, hour = append(weekday, weekdays[w].String()), append(hour, int64(h))
		}
		labels[w] = weekdays[w].String()
		impressions = append(impressions, a)
		flatShown, flatCTR = append(flatShown, a...), append(flatCTR, b...)
	}
	bw, bh := -1, 0
	for w := range 7 {
		for h := range 24 {
			if days[w] > 0 && (bw < 0 || impressions[w][h] > impressions[bw][bh]) {
				bw, bh = w, h
			}
		}
	}
	a := Answer{Caveats: []string{inZone(env.Contents), "A cell is the mean over the days of that weekday in the log: four or five of each in a month.",
		fmt.Sprintf("Rates of fewer than %d impressions are left blank in the chart; the table has them.", int(minCell))}}
	a.Findings = append(a.Findings, described(fmt.Sprintf("The busiest hour of the week is %s, %s, with %s impressions on average.",
		weekdays[bw], clock(bh), grouped(int64(math.Round(impressions[bw][bh])))), exactly("impressions in the busiest hour of the week", impressions[bw][bh], Count), 0))
	if f, ok := partsDiffer(partsOf(rows)); ok {
		a.Findings = append(a.Findings, f)
		a.Caveats = append(a.Caveats, "The part of the day named is the one of four that differs most; its p-value is multiplied by four.")
	}
	a.Tables = []Table{{Name: "hour_by_weekday", Title: "Mean impressions and click-through rate by hour and weekday", Columns: []Column{
		texts("weekday", "weekday", weekday), ints("hour", "hour of the day", Plain, hour),
		floats("impressions", "mean impressions", Count, flatShown), floats("ctr", "click-through rate", Rate, flatCTR),
	}}}
	x, y := Axis{Label: "hour of the day", Unit: Text, Categories: hours}, Axis{Label: "weekday", Unit: Text, Categories: labels}
	a.Charts = []Chart{
		{ID: "hour-by-weekday-impressions", Title: "Mean impressions by hour and weekday", Kind: HeatMap, X: x, Y: y, Series: []Series{{Name: "mean impressions", Grid: impressions}},
			Alt: fmt.Sprintf("A heat map of mean impressions by weekday and hour, most on %s from %s.", weekdays[bw], clock(bh))},
		{ID: "hour-by-weekday-ctr", Title: "Click-through rate by hour and weekday", Kind: HeatMap, X: x, Y: y, Series: []Series{{Name: "click-through rate", Grid: drawn}},
			Alt: "A heat map of the click-through rate by weekday and hour."},
	}
	return a, nil
}

// minCell is how many impressions a cell of the map of click-through rates needs.
const minCell = 100.

// dayParts are the impressions of one day by part of the day.
type dayParts struct {
	weekend bool
	total   int64
	part    [4]int64 // from 0, 6, 12 and 18 o'clock
}

var partNames = [4]string{"at night (00:00 to 06:00)", "in the morning (06:00 to 12:00)", "in the afternoon (12:00 to 18:00)", "in the evening (18:00 to 24:00)"}

func partsOf(rows []warehouse.HourUse) []dayParts {
	var days []dayParts
	for i, r := range rows { // ordered by day
		if i == 0 || !rows[i-1].Day.Equal(r.Day) {
			days = append(days, dayParts{weekend: isWeekend(r.Day)})
		}
		d := &days[len(days)-1]
		d.total += r.Impressions
		d.part[r.Hour/6] += r.Impressions
	}
	return days
}

// partsDiffer tests whether weekends spread their impressions over the day as weekdays do, on the part of the day whose
// share differs most for its spread; false when one of the two has no day.
func partsDiffer(days []dayParts) (Finding, bool) {
	best, name := stat.Test{P: math.NaN()}, ""
	var diff stat.Estimate
	var end, week stat.Moments
	for p := range 4 {
		var in, out []float64
		for _, d := range days {
			if s := share(d.part[p], d.total); d.weekend {
				in = append(in, s)
			} else {
				out = append(out, s)
			}
		}
		if len(in) == 0 || len(out) == 0 {
			return Finding{}, false
		}
		e, w := stat.NewMoments(in), stat.NewMoments(out)
		d, test := stat.WelchT(e, w)
		if p == 0 || test.P < best.P || (!best.Known() && test.Known()) {
			best, name, diff, end, week = test, partNames[p], d, e, w
		}
	}
	if best.Known() {
		best.P = min(1, 4*best.P)
	}
	return tested("Welch t, Bonferroni over four parts of the day", best, effectOf("weekend less weekday share of the day's impressions "+name, diff, Points), diff.Value,
		fmt.Sprintf("Weekends spread over the day differently: %s of their impressions fall %s, against %s on weekdays (difference %s).",
			percent(end.Mean), name, percent(week.Mean), pointsInterval(diff)),
		"Weekends and weekdays show no difference in how their impressions spread over the day."), true
}
