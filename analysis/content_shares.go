package analysis

import (
	"context"
	"fmt"
	"math"
	"sort"

	"github.com/seguefeed/segue/internal/stat"
)

// contentRow gathers one category for all users and for new ones.
type contentRow struct {
	key                          string
	impressions, clicks          int64
	newImpressions, newClicks    int64
	shownShare, clickShare       float64 // of all impressions and clicks
	newShownShare, newClickShare float64
	perUser, newPerUser          float64 // the case study's: clicks on it over the user's impressions, mean over users
}

func askContentShares(ctx context.Context, env *Env) (Answer, error) {
	uses, err := env.Warehouse.UseByContent(ctx, newMonths)
	if err != nil {
		return Answer{}, err
	}
	byKey := map[string]*contentRow{}
	var rows []*contentRow
	var users, newUsers int64
	var clickSums, newClickSums = map[string]float64{}, map[string]float64{}
	var impressions, clicks, newImpressions, newClicks int64
	seen := map[bool]bool{}
	for _, u := range uses {
		r := byKey[u.Content]
		if r == nil {
			r = &contentRow{key: u.Content}
			byKey[u.Content] = r
			rows = append(rows, r)
		}
		r.impressions += u.Impressions
		r.clicks += u.Clicks
		impressions += u.Impressions
		clicks += u.Clicks
		clickSums[u.Content] += u.ClickShares
		if u.New {
			r.newImpressions, r.newClicks = u.Impressions, u.Clicks
			newImpressions += u.Impressions
			newClicks += u.Clicks
			newClickSums[u.Content] = u.ClickShares
		}
		if !seen[u.New] {
			seen[u.New] = true
			users += u.Users
			if u.New {
				newUsers = u.Users
			}
		}
	}
	if impressions == 0 {
		return nothing("The log holds no impressions, so there is no content to compare."), nil
	}
	for _, r := range rows {
		r.shownShare, r.clickShare = share(r.impressions, impressions), share(r.clicks, clicks)
		r.newShownShare, r.newClickShare = share(r.newImpressions, newImpressions), share(r.newClicks, newClicks)
		r.perUser, r.newPerUser = over(clickSums[r.key], float64(users)), over(newClickSums[r.key], float64(newUsers))
	}
	sort.SliceStable(rows, func(i, j int) bool {
		if rows[i].clicks != rows[j].clicks {
			return rows[i].clicks > rows[j].clicks
		}
		return rows[i].key < rows[j].key
	})

	a := Answer{Caveats: []string{
		fmt.Sprintf("New users registered at most %d months before the log. The case study's share is clicks on the category over the user's impressions, averaged over users: it mixes what is liked with how often a user clicks at all, so shares of clicks and of impressions stand beside it.", newMonths),
		"That a category is clicked above its share of impressions says that it is clicked more often when it is shown, to those to whom it is shown; what is shown is chosen by the app.",
	}}
	a.Findings = contentFindings(rows, clicks, newClicks)
	name := func(r *contentRow) string { return contentLabel(r.key) }
	a.Tables = []Table{{Name: "content_shares", Title: "Content categories by clicks", Columns: []Column{
		texts("content", "category", each(rows, name)),
		ints("impressions", "impressions", Count, each(rows, func(r *contentRow) int64 { return r.impressions })),
		ints("clicks", "clicks", Count, each(rows, func(r *contentRow) int64 { return r.clicks })),
		floats("ctr", "click-through rate", Rate, each(rows, func(r *contentRow) float64 { return share(r.clicks, r.impressions) })),
		floats("share_of_impressions", "share of impressions", Share, each(rows, func(r *contentRow) float64 { return r.shownShare })),
		floats("share_of_clicks", "share of clicks", Share, each(rows, func(r *contentRow) float64 { return r.clickShare })),
		floats("new_share_of_impressions", "share of impressions, new users", Share, each(rows, func(r *contentRow) float64 { return r.newShownShare })),
		floats("new_share_of_clicks", "share of clicks, new users", Share, each(rows, func(r *contentRow) float64 { return r.newClickShare })),
		floats("clicks_per_impression_mean", "clicks on it over a user's impressions, mean", Rate, each(rows, func(r *contentRow) float64 { return r.perUser })),
		floats("new_clicks_per_impression_mean", "the same, new users", Rate, each(rows, func(r *contentRow) float64 { return r.newPerUser })),
	}}}
	var top []*contentRow
	for _, r := range rows {
		if r.key != "" && len(top) < 20 {
			top = append(top, r)
		}
	}
	if len(top) > 0 {
		a.Charts = []Chart{{ID: "content-shares", Title: "Shares of impressions and clicks of the most clicked categories", Kind: HBarChart,
			X: Axis{Label: "category", Unit: Text, Categories: each(top, name)}, Y: Axis{Label: "share", Unit: Share},
			Series: []Series{
				{Name: "of impressions", Y: each(top, func(r *contentRow) float64 { return r.shownShare })},
				{Name: "of clicks", Y: each(top, func(r *contentRow) float64 { return r.clickShare })},
				{Name: "of new users' clicks", Y: each(top, func(r *contentRow) float64 { return r.newClickShare })},
			}, Alt: "Bars of the most clicked content categories: their share of impressions, of clicks, and of the clicks of new users."}}
	}
	return a, nil
}

// contentFindings says which category leads, and whether new users click otherwise.
func contentFindings(rows []*contentRow, clicks, newClicks int64) []Finding {
	if clicks == 0 {
		return []Finding{described("Nothing was clicked, so no category is clicked more than another.", nil, 0)}
	}
	var out []Finding
	lead := rows[0]
	if lead.key == "" && len(rows) > 1 {
		lead = rows[1]
	}
	out = append(out, described(fmt.Sprintf("The most clicked category is %s with %s of the clicks on %s of the impressions.",
		contentLabel(lead.key), percent(lead.clickShare), percent(lead.shownShare)), exactly("share of clicks", lead.clickShare, Share), 0))

	// Do new users' clicks fall on other categories? Clicks of one user go together, so the test overstates its certainty; the effect does not.
	var table [][]int64
	var moved *contentRow
	for _, r := range rows {
		table = append(table, []int64{r.newClicks, r.clicks - r.newClicks})
		if d := math.Abs(r.newClickShare - otherShare(r, clicks, newClicks)); r.key != "" && (moved == nil || d > math.Abs(moved.newClickShare-otherShare(moved, clicks, newClicks))) {
			moved = r
		}
	}
	if newClicks == 0 || newClicks == clicks || moved == nil {
		return append(out, described("All clicks are of one group, so new users cannot be compared with longer ones.", nil, 0))
	}
	c := stat.ChiSquared(table)
	other := otherShare(moved, clicks, newClicks)
	out = append(out, tested("chi-squared", c.Test, effectOf("Cramer's V of category and being new, over clicks", c.CramersV, Plain), c.CramersV.Value,
		fmt.Sprintf("New users' clicks fall on other categories than longer users' do (Cramer's V %s); most apart is %s, with %s of their clicks against %s.",
			figures(c.CramersV.Value), contentLabel(moved.key), percent(moved.newClickShare), percent(other)),
		"New users' clicks show no difference from longer users' in the categories they fall on."))
	return out
}

// otherShare is a category's share of the clicks of users who are not new.
func otherShare(r *contentRow, clicks, newClicks int64) float64 {
	return share(r.clicks-r.newClicks, clicks-newClicks)
}

// contentLabel names a category for people.
func contentLabel(key string) string {
	if key == "" {
		return "(no category)"
	}
	return key
}

func askContentBreadth(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.ContentBreadth(ctx, newMonths)
	if err != nil {
		return Answer{}, err
	}
	// By number of clicks: users and their categories, all and by group.
	type cell struct {
		users, categories float64
		squares           float64
	}
	type stratum struct {
		clicks  int64
		all     cell
		fresh   cell
		settled cell
	}
	var strata []*stratum
	for _, r := range rows {
		if len(strata) == 0 || strata[len(strata)-1].clicks != r.Clicks {
			strata = append(strata, &stratum{clicks: r.Clicks})
		}
		s := strata[len(strata)-1]
		g := &s.settled
		if r.New {
			g = &s.fresh
		}
		for _, c := range []*cell{&s.all, g} {
			c.users += float64(r.Users)
			c.categories += r.Categories
			c.squares += r.CategoriesSquared
		}
	}
	if len(strata) == 0 {
		return nothing("Nobody clicked a card of known category, so breadth of taste cannot be seen."), nil
	}
	var users, clicks, categories float64
	for _, s := range strata {
		users += s.all.users
		clicks += s.all.users * float64(s.clicks)
		categories += s.all.categories
	}
	// Share of the variance of users' breadth that their number of clicks explains.
	mean := categories / users
	var total, between float64
	for _, s := range strata {
		total += s.all.squares
		between += s.all.users * (s.all.categories / s.all.users) * (s.all.categories / s.all.users)
	}
	total -= users * mean * mean
	between -= users * mean * mean
	explained := over(between, total)

	a := Answer{Caveats: []string{
		"Only users with at least one click on a card of known category take part. Someone who clicks once has one category by arithmetic: without holding the number of clicks, breadth measures volume.",
		"The comparison of new with longer users holds the number of clicks: within each number of clicks the two groups' mean breadths are compared, and the differences weighted by how many of the smaller group there are.",
	}}
	if math.IsNaN(explained) {
		a.Findings = append(a.Findings, described(fmt.Sprintf("All %s who clicked chose %s categories.", counted(int64(users), "user", "users"), figures(mean)), nil, 0))
	} else {
		a.Findings = append(a.Findings, described(fmt.Sprintf("How many categories a user clicks is mostly how much she clicks: the number of clicks alone explains %s of the differences in breadth between users (mean %s categories over %s clicks).",
			percent(explained), figures(mean), figures(clicks/users)), exactly("share of the variance of breadth explained by the number of clicks", explained, Share), explained/2))
	}
	// New against longer users, raw and with clicks held.
	var raw [2]cell
	var diff, weight, variance float64
	for _, s := range strata {
		for i, c := range []cell{s.fresh, s.settled} {
			raw[i].users += c.users
			raw[i].categories += c.categories
		}
		n, m := s.fresh.users, s.settled.users
		if n < 2 || m < 2 || s.clicks < 2 { // with one click everybody has one category
			continue
		}
		k := n * m / (n + m)
		va := (s.fresh.squares - s.fresh.categories*s.fresh.categories/n) / (n - 1)
		vb := (s.settled.squares - s.settled.categories*s.settled.categories/m) / (m - 1)
		diff += k * (s.fresh.categories/n - s.settled.categories/m)
		variance += k * k * (va/n + vb/m)
		weight += k
	}
	if raw[0].users > 0 && raw[1].users > 0 && weight > 0 {
		d, se := diff/weight, math.Sqrt(variance)/weight
		test := stat.Test{Statistic: d / se, P: stat.NormalP(d / se)}
		if se == 0 {
			test = stat.Test{Statistic: math.NaN(), P: math.NaN()}
		}
		e := stat.Estimate{Value: d, Low: d - stat.Z*se, High: d + stat.Z*se}
		rawDiff := raw[0].categories/raw[0].users - raw[1].categories/raw[1].users
		a.Findings = append(a.Findings, tested("stratified z", test, effectOf("new less longer users' categories at an equal number of clicks", e, Plain), math.Abs(d)/math.Max(mean, 1),
			fmt.Sprintf("At an equal number of clicks, new users click %s categories %s than longer ones (%s; without holding clicks the difference is %s).",
				figures(math.Abs(d)), moreOrLess(d, "more", "fewer"), figuresInterval(e), figures(rawDiff)),
			fmt.Sprintf("At an equal number of clicks, new and longer users show no difference in how many categories they click (without holding clicks it is %s).", figures(rawDiff))))
	}
	clicksOf := func(s *stratum) int64 { return s.clicks }
	breadth := func(pick func(*stratum) cell) []float64 {
		return each(strata, func(s *stratum) float64 { c := pick(s); return over(c.categories, c.users) })
	}
	all, fresh, settled := breadth(func(s *stratum) cell { return s.all }), breadth(func(s *stratum) cell { return s.fresh }), breadth(func(s *stratum) cell { return s.settled })
	a.Tables = []Table{{Name: "content_breadth", Title: "Categories clicked by number of clicks", Columns: []Column{
		ints("clicks", "clicks on cards of known category", Count, each(strata, clicksOf)),
		ints("users", "users", Count, each(strata, func(s *stratum) int64 { return int64(s.all.users) })),
		floats("categories", "mean categories", Plain, all), floats("categories_new", "mean categories, new users", Plain, fresh), floats("categories_longer", "mean categories, longer users", Plain, settled),
	}}}
	// The chart leaves out means over too few users to mean anything.
	enough := func(pick func(*stratum) cell) []float64 {
		return each(strata, func(s *stratum) float64 {
			c := pick(s)
			if c.users < 20 {
				return math.NaN()
			}
			return c.categories / c.users
		})
	}
	xs := asFloats(each(strata, clicksOf))
	a.Charts = []Chart{{ID: "content-breadth", Title: "Categories clicked by number of clicks", Kind: LineChart, X: Axis{Label: "clicks of the user", Unit: Count, Log: true}, Y: Axis{Label: "categories, mean", Unit: Plain},
		Series: []Series{{Name: "new users", X: xs, Y: enough(func(s *stratum) cell { return s.fresh })}, {Name: "longer users", X: xs, Y: enough(func(s *stratum) cell { return s.settled })}},
		Alt:    "Mean number of categories clicked against the number of clicks, for new and longer users: both rise together with the clicks."}}
	return a, nil
}
