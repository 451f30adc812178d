package analysis

import (
	"context"
	"fmt"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// A third of the log to know a user by and two thirds to see what she does, as in the published study of days 1-10 and 11-30.
func askActiveAgain(ctx context.Context, env *Env) (Answer, error) {
	u, err := env.UserActivity(ctx)
	if err != nil {
		return Answer{}, err
	}
	if a, ok := noActivity(u); ok {
		return a, nil
	}
	days := env.Contents.Days()
	first := days / 3
	if first < 1 {
		return nothing(fmt.Sprintf("A log of %s cannot be cut into an earlier and a later part.", counted(int64(days), "day", "days"))), nil
	}
	split := env.Contents.FirstDay.AddDate(0, 0, first)
	parts := fmt.Sprintf("days 1-%d and %d-%d", first, first+1, days)
	rows, err := env.Warehouse.SplitPairs(ctx, split)
	if err != nil {
		return Answer{}, err
	}
	var before, after []warehouse.UserPair
	for _, r := range rows {
		p := warehouse.UserPair{Impressions: r.Impressions, Clicks: r.Clicks, Users: r.Users}
		if r.After {
			after = append(after, p)
		} else {
			before = append(before, p)
		}
	}
	b, f := activityOf(before), activityOf(after)
	a := Answer{Caveats: []string{fmt.Sprintf("Counted are the users seen in both parts, %s; active in a part is at or above the mean rate of these users in it.", parts),
		"That activity lasts does not say what it comes from: a user keeps her tastes, her habits and her place in the feed."}}
	if b.Users == 0 {
		return nothing(fmt.Sprintf("No user was seen in both %s.", parts)), nil
	}
	if !b.AnyClicks() || !f.AnyClicks() {
		return nothing(fmt.Sprintf("The users seen in both %s did not click in both, so staying active cannot be judged.", parts)), nil
	}
	cells, err := env.Warehouse.ActiveTwice(ctx, split, b.Threshold(), f.Threshold())
	if err != nil {
		return Answer{}, err
	}
	var n [2][2]int64 // [active before][active after]
	for _, c := range cells {
		n[index(c.Before)][index(c.After)] += c.Users
	}
	later := stat.Wilson(f.Active, f.Users)
	a.Findings = append(a.Findings, described(fmt.Sprintf("%s of the %s seen in both %s are active in the later part (%s).",
		percent(later.Value), counted(f.Users, "user", "users"), parts, percentInterval(later)), effectPtr("share active in the later part", later, Share), 0))
	odds := stat.OddsRatio(n[1][1], n[1][0], n[0][1], n[0][0])
	chi := stat.ChiSquared([][]int64{n[1][:], n[0][:]})
	stay, start := stat.Wilson(n[1][1], n[1][0]+n[1][1]), stat.Wilson(n[0][1], n[0][0]+n[0][1])
	a.Findings = append(a.Findings, tested("chi-squared", chi.Test, effectOf("odds ratio of being active later, active before against not", odds, Plain), chi.CramersV.Value,
		fmt.Sprintf("Of those active in the earlier part %s are active in the later, of the others %s: the odds are %s times as high (%s).",
			percent(stay.Value), percent(start.Value), figures(odds.Value), figuresInterval(odds)),
		fmt.Sprintf("Being active in the earlier part shows no connection with being active in the later (%s).", parts)))
	names := []string{"active in the earlier part", "not active in the earlier part"}
	a.Tables = []Table{{Name: "active_again", Title: "Activity in the earlier and the later part", Columns: []Column{
		texts("earlier", "earlier part", names), ints("users", "users", Count, []int64{n[1][0] + n[1][1], n[0][0] + n[0][1]}),
		ints("active_later", "active in the later part", Count, []int64{n[1][1], n[0][1]}), floats("share", "share", Share, []float64{stay.Value, start.Value}),
		floats("share_low", "lower end", Share, []float64{stay.Low, start.Low}), floats("share_high", "upper end", Share, []float64{stay.High, start.High}),
	}}}
	a.Charts = []Chart{{ID: "active-again", Title: "Share active in the later part", Kind: BarChart, X: Axis{Label: "", Unit: Text, Categories: names}, Y: Axis{Label: "share active later", Unit: Share},
		Series: []Series{{Name: "active later", Y: []float64{stay.Value, start.Value}, Low: []float64{stay.Low, start.Low}, High: []float64{stay.High, start.High}}},
		Alt:    fmt.Sprintf("Share active in the later part: %s of those active before, %s of the others.", percent(stay.Value), percent(start.Value))}}
	return a, nil
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}
