package analysis

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

func askSwipes(ctx context.Context, env *Env) (Answer, error) {
	t, err := env.Warehouse.SwipeTotals(ctx)
	if err != nil {
		return Answer{}, err
	}
	if t.Swipes == 0 {
		return nothing("No click led to swiping, so counting swipes changes nothing."), nil
	}
	users, err := env.Warehouse.UserTriples(ctx)
	if err != nil {
		return Answer{}, err
	}
	viewed := over(t.SwipeViewSeconds, t.FeedViewSeconds+t.SwipeViewSeconds)
	liked := share(t.SwipeLikes, t.FeedLikes+t.SwipeLikes)
	a := Answer{Caveats: []string{
		"A swipe is a card reached after a click, without going back to the feed; it is not an impression of the feed and has no click of its own.",
		"Counted in, a user's rate is (clicks + cards swiped to) over (impressions + cards swiped to), and active means at or above the mean of that rate.",
	}}
	holds := []string{}
	if !math.IsNaN(viewed) {
		holds = append(holds, percent(viewed)+" of all view time")
	}
	if !math.IsNaN(liked) {
		holds = append(holds, percent(liked)+" of all likes")
	}
	reached := fmt.Sprintf("%s, reached from %s", counted(t.Swipes, "card", "cards"), counted(t.Lists, "click", "clicks"))
	if len(holds) > 0 {
		a.Findings = append(a.Findings, described("Swiping holds "+listed(holds)+": "+reached+".", exactly("share of view time in swipes", viewed, Share), viewed))
	} else {
		a.Findings = append(a.Findings, described("Users swiped to "+reached+"; neither view time nor likes are known of any card.", nil, 0))
	}

	before, after, moved, total := activeWithSwipes(users)
	e := stat.Wilson(moved, total)
	a.Findings = append(a.Findings, described(fmt.Sprintf("Counting swipes as engagement changes who is active for %s of users (%s): the active share goes from %s to %s.",
		percent(e.Value), percentInterval(e), percent(share(before, total)), percent(share(after, total))), &Effect{Name: "share of users whose activity changes", Value: e.Value, Low: e.Low, High: e.High, Unit: Share}, e.Value))

	what := []string{"view hours", "likes", "comments", "shares"}
	feed := []float64{t.FeedViewSeconds / 3600, float64(t.FeedLikes), float64(t.FeedComments), float64(t.FeedShares)}
	swiped := []float64{t.SwipeViewSeconds / 3600, float64(t.SwipeLikes), float64(t.SwipeComments), float64(t.SwipeShares)}
	shares := make([]float64, len(what))
	rest := make([]float64, len(what))
	for i := range what {
		shares[i] = over(swiped[i], feed[i]+swiped[i])
		rest[i] = 1 - shares[i]
	}
	a.Tables = []Table{{Name: "swipes", Title: "What happens on cards of the feed and on cards swiped to", Columns: []Column{
		texts("measure", "measure", what), floats("feed", "on cards of the feed", Count, feed), floats("swipes", "on cards swiped to", Count, swiped), floats("swipe_share", "share in swipes", Share, shares),
	}}}
	a.Charts = []Chart{{ID: "swipes", Title: "Where view time and actions happen", Kind: StackedBar, X: Axis{Label: "measure", Unit: Text, Categories: what}, Y: Axis{Label: "share", Unit: Share},
		Series: []Series{{Name: "on cards of the feed", Y: rest}, {Name: "on cards swiped to", Y: shares}}, Alt: "The shares of view time, likes, comments and shares on cards of the feed and on cards reached by swiping."}}
	return a, nil
}

// activeWithSwipes counts the users who are active by clicks, by clicks and swipes, and by only one of the two.
func activeWithSwipes(users []warehouse.UserTriple) (before, after, moved, total int64) {
	plain := func(u warehouse.UserTriple) float64 { return share(u.Clicks, u.Impressions) }
	swiped := func(u warehouse.UserTriple) float64 { return share(u.Clicks+u.Swipes, u.Impressions+u.Swipes) }
	threshold := func(rate func(warehouse.UserTriple) float64) float64 {
		var sum, n float64
		for _, u := range users {
			sum += rate(u) * float64(u.Users)
			n += float64(u.Users)
		}
		return sum / n * (1 - 1e-12)
	}
	from, fromSwiped := threshold(plain), threshold(swiped)
	for _, u := range users {
		a, b := plain(u) >= from, swiped(u) >= fromSwiped
		total += u.Users
		if a {
			before += u.Users
		}
		if b {
			after += u.Users
		}
		if a != b {
			moved += u.Users
		}
	}
	return before, after, moved, total
}

var showLabels = []string{"1st", "2nd", "3rd", "4th", "5th and later"}

func askRepeats(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.UseByShow(ctx)
	if err != nil {
		return Answer{}, err
	}
	within, err := env.Warehouse.RepeatsWithinUsers(ctx)
	if err != nil {
		return Answer{}, err
	}
	var shown, clicked [6]int64
	var impressions int64
	for _, r := range rows {
		shown[r.Show] += r.Impressions
		clicked[r.Show] += r.Clicks
		impressions += r.Impressions
	}
	if impressions == 0 {
		return nothing("The log holds no impressions, so repeats cannot be seen."), nil
	}
	repeats := impressions - shown[1]
	if repeats == 0 {
		return nothing("No card was shown to a user twice."), nil
	}
	ctr := func(show int) func(in func(int) bool) float64 {
		return func(in func(int) bool) float64 {
			var c, i float64
			for _, r := range rows {
				if r.Show == show && in(r.Group) {
					c += float64(r.Clicks)
					i += float64(r.Impressions)
				}
			}
			return over(c, i)
		}
	}
	var rates []stat.Estimate
	for show := 1; show <= 5; show++ {
		e, _ := jackknifed(ctr(show), 0)
		rates = append(rates, e)
	}
	var users int64
	for _, w := range within {
		users += w.Users
	}
	ratio, test := jackknifedRatio(func(in func(int) bool) float64 {
		var r, f float64
		for _, w := range within {
			if in(w.Group) {
				r += w.Repeats
				f += w.Firsts
			}
		}
		return over(r, f)
	})
	a := Answer{Caveats: []string{
		"A repeat is an impression of a card that the user was shown before within the log.",
		"Within users: each user is compared with herself (Mantel-Haenszel, a user a stratum), since users who are shown repeats differ from those who are not. What is repeated may still differ from what is not: a card that was clicked may be shown again less.",
	}}
	a.Findings = append(a.Findings, described(fmt.Sprintf("%s of impressions show a user a card again; they are clicked in %s of cases, first shows in %s.",
		percent(share(repeats, impressions)), percent(share(sum(clicked[2:]), repeats)), percent(rates[0].Value)), exactly("share of impressions that are repeats", share(repeats, impressions), Share), 0))
	if ratio.Known() {
		a.Findings = append(a.Findings, tested("jackknife t over 20 groups of users", test, effectOf("repeats' click-through rate over first shows', within users", ratio, Plain), ratioWeight(ratio.Value),
			fmt.Sprintf("Compared within the same users (%s), a repeat is clicked %s as often as a first show (%s).", counted(users, "user", "users"), times(ratio.Value), timesInterval(ratio)),
			fmt.Sprintf("Compared within the same users (%s), repeats and first shows show no difference in how often they are clicked.", counted(users, "user", "users"))))
	} else {
		a.Findings = append(a.Findings, described("There are too few clicks on repeats to compare them with first shows within the same users.", nil, 0))
	}
	value, low, high := rateEnds(rates)
	a.Tables = []Table{{Name: "repeats", Title: "Click-through rate by how often the user has been shown the card", Columns: []Column{
		texts("show", "showing", showLabels), ints("impressions", "impressions", Count, shown[1:]), ints("clicks", "clicks", Count, clicked[1:]),
		floats("ctr", "click-through rate", Rate, value), floats("ctr_low", "lower end", Rate, low), floats("ctr_high", "upper end", Rate, high),
	}}}
	a.Charts = []Chart{{ID: "repeats", Title: "Click-through rate by showing of the card to the user", Kind: BarChart, X: Axis{Label: "showing", Unit: Text, Categories: showLabels}, Y: Axis{Label: "click-through rate", Unit: Rate},
		Series: []Series{{Name: "click-through rate", Y: value, Low: low, High: high}}, Alt: "Click-through rate of first, second and later showings of a card to the same user, with 95% intervals over users."}}
	return a, nil
}

func sum(v []int64) (s int64) {
	for _, n := range v {
		s += n
	}
	return s
}
