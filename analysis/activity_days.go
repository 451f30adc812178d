package analysis

import (
	"context"
	"fmt"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

func askPowerUsers(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.UsersByDaysActive(ctx)
	if err != nil {
		return Answer{}, err
	}
	var users, impressions, clicks, once int64
	for _, r := range rows {
		users += r.Users
		impressions += r.Impressions
		clicks += r.Clicks
		if r.Days == 1 {
			once = r.Users
		}
	}
	if users == 0 {
		return nothing("The log holds no impressions, so nobody came on any day."), nil
	}
	days := env.Contents.Days()
	// Power users come on at least a third of the days.
	often := max(2, (days+2)/3)
	var power, powerImpressions, powerClicks int64
	for _, r := range rows {
		if r.Days >= often {
			power += r.Users
			powerImpressions += r.Impressions
			powerClicks += r.Clicks
		}
	}
	one, many := stat.Wilson(once, users), stat.Wilson(power, users)
	a := Answer{Caveats: []string{fmt.Sprintf("A day counts when the user was shown anything on it. The log has %s; who came before or after it is not seen.", counted(int64(days), "day", "days"))}}
	a.Findings = append(a.Findings, described(fmt.Sprintf("%s of users come on one day only (%s).", percent(one.Value), percentInterval(one)),
		&Effect{Name: "share of users seen on one day", Value: one.Value, Low: one.Low, High: one.High, Unit: Share}, 0))
	if power == 0 {
		a.Findings = append(a.Findings, described(fmt.Sprintf("Nobody comes on %d days or more.", often), nil, 0))
	} else {
		clicked := ""
		if clicks > 0 {
			clicked = fmt.Sprintf(" and make %s of the clicks", percent(share(powerClicks, clicks)))
		}
		a.Findings = append(a.Findings, described(fmt.Sprintf("%s of users come on at least %d of %d days; they see %s of the impressions%s.",
			percent(many.Value), often, days, percent(share(powerImpressions, impressions)), clicked),
			&Effect{Name: fmt.Sprintf("share of users seen on %d days or more", often), Value: many.Value, Low: many.Low, High: many.High, Unit: Share}, share(powerImpressions, impressions)-many.Value))
	}
	day := each(rows, func(r warehouse.DaysActive) int64 { return int64(r.Days) })
	ofUsers := each(rows, func(r warehouse.DaysActive) float64 { return share(r.Users, users) })
	ofClicks := each(rows, func(r warehouse.DaysActive) float64 { return share(r.Clicks, clicks) })
	ofImpressions := each(rows, func(r warehouse.DaysActive) float64 { return share(r.Impressions, impressions) })
	a.Tables = []Table{{Name: "power_users", Title: "Users by the number of days on which they come", Columns: []Column{
		ints("days", "days", Days, day), ints("users", "users", Count, each(rows, func(r warehouse.DaysActive) int64 { return r.Users })),
		floats("share_of_users", "share of users", Share, ofUsers), floats("share_of_impressions", "share of impressions", Share, ofImpressions), floats("share_of_clicks", "share of clicks", Share, ofClicks),
		floats("ctr", "click-through rate", Rate, each(rows, func(r warehouse.DaysActive) float64 { return share(r.Clicks, r.Impressions) })),
	}}}
	a.Charts = []Chart{{ID: "power-users", Title: "Users, impressions and clicks by the number of days on which users come", Kind: LineChart, X: Axis{Label: "days on which the user comes", Unit: Days}, Y: Axis{Label: "share", Unit: Share},
		Series: []Series{{Name: "of users", X: asFloats(day), Y: ofUsers}, {Name: "of impressions", X: asFloats(day), Y: ofImpressions}},
		Alt:    "The power-user curve: the share of users, impressions and clicks by the number of days on which users come."}}
	if clicks > 0 {
		a.Charts[0].Series = append(a.Charts[0].Series, Series{Name: "of clicks", X: asFloats(day), Y: ofClicks})
	}
	return a, nil
}

func askStickiness(ctx context.Context, env *Env) (Answer, error) {
	days, err := env.useByDay(ctx)
	if err != nil {
		return Answer{}, err
	}
	activity, err := env.UserActivity(ctx)
	if err != nil {
		return Answer{}, err
	}
	if activity.Users == 0 {
		return nothing("The log holds no impressions, so there is nobody to stick."), nil
	}
	weeks, err := env.Warehouse.WindowPairs(ctx, 7)
	if err != nil {
		return Answer{}, err
	}
	weekly := map[int]int64{}
	for _, w := range weeks {
		weekly[w.Window] += w.Users
	}
	first := env.Contents.FirstDay
	week := func(d warehouse.DayUse) int { return int(d.Day.Sub(first).Hours()/24) / 7 }
	whole := env.Contents.Days() / 7 // the last window may be cut short
	ofMonth := each(days, func(d warehouse.DayUse) float64 { return share(d.Users, activity.Users) })
	var ofWeek []float64
	for _, d := range days {
		if w := week(d); w < whole {
			ofWeek = append(ofWeek, share(d.Users, weekly[w]))
		}
	}
	mean := stat.NewMoments(ofMonth).Interval()
	a := Answer{Caveats: []string{inZone(env.Contents), "Stickiness is the share of a period's users who come on an average day of it. The users of the period are those the log holds, a sample's own."}}
	a.Findings = append(a.Findings, described(fmt.Sprintf("On an average day %s of the log's users come%s; the most on %s with %s.", percent(mean.Value), inBrackets(mean), dated(days[fullest(days)].Day), percent(ofMonth[fullest(days)])),
		effectPtr("daily over all users", mean, Share), 0))
	if len(ofWeek) > 0 {
		w := stat.NewMoments(ofWeek).Interval()
		a.Findings = append(a.Findings, described(fmt.Sprintf("Of the users of a week, %s come on an average day of it%s.", percent(w.Value), inBrackets(w)), effectPtr("daily over weekly users", w, Share), 0))
	}
	labels := each(days, func(d warehouse.DayUse) string { return dayLabel(d.Day) })
	a.Tables = []Table{{Name: "stickiness", Title: "Share of the log's users who come, by day", Columns: []Column{
		texts("day", "day", labels), ints("users", "users", Count, each(days, func(d warehouse.DayUse) int64 { return d.Users })), floats("share", "share of the log's users", Share, ofMonth),
	}}}
	a.Charts = []Chart{{ID: "stickiness", Title: "Share of the log's users who come, by day", Kind: LineChart, X: Axis{Label: "day", Unit: Text, Categories: labels}, Y: Axis{Label: "share of users", Unit: Share},
		Series: []Series{{Name: "share of the log's users", Y: ofMonth}}, Marks: []Mark{{Value: mean.Value, Label: "average"}}, Alt: "The share of all users of the log who come on each day, with the average."}}
	return a, nil
}

// fullest is the day with the most users; the first of equals.
func fullest(days []warehouse.DayUse) int {
	best := 0
	for i, d := range days {
		if d.Users > days[best].Users {
			best = i
		}
	}
	return best
}
