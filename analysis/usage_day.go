package analysis

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

func askUseByDay(ctx context.Context, env *Env) (Answer, error) {
	days, err := env.useByDay(ctx)
	if err != nil {
		return Answer{}, err
	}
	if len(days) == 0 {
		return nothing("The log holds no impressions, so there is no day to show."), nil
	}
	var impressions, clicks int64
	most, least := days[0], days[0]
	for _, d := range days {
		impressions += d.Impressions
		clicks += d.Clicks
		if d.Impressions > most.Impressions {
			most = d
		}
		if d.Impressions < least.Impressions {
			least = d
		}
	}
	a := Answer{Caveats: []string{inZone(env.Contents)}}
	perDay := stat.NewMoments(each(days, func(d warehouse.DayUse) float64 { return float64(d.Impressions) }))
	a.Findings = append(a.Findings, described(fmt.Sprintf("On %s the feed showed %s and was clicked %s: a click-through rate of %s.",
		counted(int64(len(days)), "day", "days"), counted(impressions, "card", "cards"), counted(clicks, "time", "times"), percent(share(clicks, impressions))),
		exactly("click-through rate", share(clicks, impressions), Rate), 0))
	a.Findings[0].Headline = true
	if len(days) > 1 {
		sentence := fmt.Sprintf("Every day had the same %s.", counted(most.Impressions, "impression", "impressions"))
		if most.Impressions > least.Impressions {
			sentence = fmt.Sprintf("The busiest day was %s with %s impressions, %s times those of the quietest, %s; the average day had %s.",
				dated(most.Day), grouped(most.Impressions), figures(float64(most.Impressions)/float64(least.Impressions)), dated(least.Day), grouped(int64(perDay.Mean+.5)))
		}
		a.Findings = append(a.Findings, described(sentence, exactly("busiest over quietest day", float64(most.Impressions)/float64(least.Impressions), Plain), 0))
	}
	if f, ok := dailyTrend(days, perDay.Mean); ok {
		a.Findings = append(a.Findings, f)
		a.Caveats = append(a.Caveats, "The trend takes days as independent; neighbouring days resemble each other, so its interval is if anything too narrow.")
	}

	label := each(days, func(d warehouse.DayUse) string { return dayLabel(d.Day) })
	shown := each(days, func(d warehouse.DayUse) int64 { return d.Impressions })
	users := each(days, func(d warehouse.DayUse) int64 { return d.Users })
	clicked := each(days, func(d warehouse.DayUse) int64 { return d.Clicks })
	ctr := each(days, func(d warehouse.DayUse) float64 { return share(d.Clicks, d.Impressions) })
	perUser := each(days, func(d warehouse.DayUse) float64 { return share(d.Impressions, d.Users) })
	a.Tables = []Table{{Name: "use_by_day", Title: "Impressions, users and clicks by day", Columns: []Column{
		texts("day", "day", label),
		texts("weekday", "weekday", each(days, func(d warehouse.DayUse) string { return d.Day.Weekday().String() })),
		ints("impressions", "impressions", Count, shown), ints("users", "users", Count, users), ints("clicks", "clicks", Count, clicked),
		floats("ctr", "click-through rate", Rate, ctr), floats("impressions_per_user", "impressions a user", Plain, perUser),
	}}}
	x := Axis{Label: "day", Unit: Text, Categories: label}
	a.Charts = []Chart{
		{ID: "use-by-day-impressions", Title: "Impressions by day", Kind: LineChart, X: x, Y: Axis{Label: "impressions", Unit: Count},
			Series: []Series{{Name: "impressions", Y: asFloats(shown)}},
			Marks:  []Mark{{Value: perDay.Mean, Label: "average"}},
			Alt:    fmt.Sprintf("Impressions on each of %s, between %s and %s.", counted(int64(len(days)), "day", "days"), grouped(least.Impressions), grouped(most.Impressions))},
		{ID: "use-by-day-users-clicks", Title: "Users and clicks by day", Kind: LineChart, X: x, Y: Axis{Label: "users, clicks", Unit: Count},
			Series: []Series{{Name: "users", Y: asFloats(users)}, {Name: "clicks", Y: asFloats(clicked)}},
			Alt:    fmt.Sprintf("Users and clicks on each of %s.", counted(int64(len(days)), "day", "days"))},
		{ID: "use-by-day-ctr", Title: "Click-through rate by day", Kind: LineChart, X: x, Y: Axis{Label: "click-through rate", Unit: Rate},
			Series: []Series{{Name: "click-through rate", Y: ctr}},
			Alt:    fmt.Sprintf("The click-through rate of each day around %s.", percent(share(clicks, impressions)))},
	}
	return a, nil
}

// dailyTrend tests whether impressions rise or fall over the days; false below a week, where nothing can be said.
func dailyTrend(days []warehouse.DayUse, mean float64) (Finding, bool) {
	if len(days) < 7 {
		return Finding{}, false
	}
	first := days[0].Day
	x := each(days, func(d warehouse.DayUse) float64 { return d.Day.Sub(first).Hours() / 24 })
	line := stat.FitLine(x, each(days, func(d warehouse.DayUse) float64 { return float64(d.Impressions) / mean }), nil)
	s := line.Slope // its weight, as a factor's: from 1 - d/2 of the average day at one end of the log to 1 + d/2 at the other
	seen := fmt.Sprintf("Daily impressions %s over the log, by %s of an average day each day (%s).",
		moreOrLess(s.Value, "rose", "fell"), percent(math.Abs(s.Value)), pointsInterval(s))
	return tested("t test of the slope", line.Test, effectOf("change a day, as a share of the average day", s, Share), s.Value*(x[len(x)-1]-x[0])/2, seen,
		fmt.Sprintf("Daily impressions show no trend over the %d days.", len(days))), true
}
