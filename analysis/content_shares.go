package analysis

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// contentRow gathers one category, or all of them, for all users and for new ones.
type contentRow struct {
	key                         string
	impressions, clicks         int64
	newImpressions, newClicks   int64
	users, newUsers             int64                            // of all categories only
	clickShares, newClickShares float64                          // the case study's: clicks on it over the user's impressions, summed over users
	shownShares, newShownShares float64                          // the same of impressions
	taste, newTaste             float64                          // share of her clicks that falls on it, summed over users with a click; over all categories their number
	groups                      [2][warehouse.UserGroups]float64 // clicks by whether users are new, and group of users
}

func askContentShares(ctx context.Context, env *Env) (Answer, error) {
	uses, err := env.Warehouse.UseByContent(ctx, newMonths)
	if err != nil {
		return Answer{}, err
	}
	clicked, err := env.Warehouse.ClicksByContent(ctx, newMonths)
	if err != nil {
		return Answer{}, err
	}
	rows, whole := contentRows(uses, clicked)
	if whole.impressions == 0 {
		return nothing("The log holds no impressions, so there is no content to compare."), nil
	}
	tenure := env.Contents.Has(feedlog.UserMonths)
	a := Answer{Caveats: []string{
		"The case study's share is clicks on the category over all of the user's impressions, averaged over users: it mixes what is liked with how often a user clicks at all. Beside it stands the share of her own clicks that falls on the category, averaged over users with a click, in which each of them counts alike however much she clicks.",
		"That a category is clicked above its share of impressions says that it is clicked more often when it is shown, to those to whom it is shown; what is shown is chosen by the app.",
	}}
	a.Findings = leadingContent(rows, whole)
	if tenure {
		a.Findings = append(a.Findings, newUsersContent(rows, whole))
		a.Caveats = append(a.Caveats, fmt.Sprintf("New users registered at most %d months before the log. The category named is the one whose shares lie most surely apart, so its difference is larger than that of one named beforehand.", newMonths), byGroups)
	}
	name := func(r *contentRow) string { return contentLabel(r.key) }
	column := func(id, label string, unit Unit, of func(*contentRow) float64) Column {
		return floats(id, label, unit, each(rows, of))
	}
	columns := []Column{
		texts("content", "category", each(rows, name)),
		ints("impressions", "impressions", Count, each(rows, func(r *contentRow) int64 { return r.impressions })),
		ints("clicks", "clicks", Count, each(rows, func(r *contentRow) int64 { return r.clicks })),
		column("ctr", "click-through rate", Rate, func(r *contentRow) float64 { return share(r.clicks, r.impressions) }),
		column("share_of_impressions", "share of impressions", Share, func(r *contentRow) float64 { return share(r.impressions, whole.impressions) }),
		column("share_of_clicks", "share of clicks", Share, func(r *contentRow) float64 { return share(r.clicks, whole.clicks) }),
		column("impressions_per_impression_mean", "share of a user's impressions, mean", Share, func(r *contentRow) float64 { return over(r.shownShares, float64(whole.users)) }),
		column("clicks_per_impression_mean", "clicks on it over a user's impressions, mean", Rate, func(r *contentRow) float64 { return over(r.clickShares, float64(whole.users)) }),
		column("share_of_own_clicks_mean", "share of a clicking user's clicks, mean", Share, func(r *contentRow) float64 { return over(r.taste, whole.taste) }),
	}
	if tenure {
		columns = append(columns,
			column("new_share_of_impressions", "share of impressions, new users", Share, func(r *contentRow) float64 { return share(r.newImpressions, whole.newImpressions) }),
			column("new_share_of_clicks", "share of clicks, new users", Share, func(r *contentRow) float64 { return share(r.newClicks, whole.newClicks) }),
			column("new_impressions_per_impression_mean", "share of a user's impressions, mean, new users", Share, func(r *contentRow) float64 { return over(r.newShownShares, float64(whole.newUsers)) }),
			column("new_clicks_per_impression_mean", "clicks on it over a user's impressions, mean, new users", Rate, func(r *contentRow) float64 { return over(r.newClickShares, float64(whole.newUsers)) }),
			column("new_share_of_own_clicks_mean", "share of a clicking user's clicks, mean, new users", Share, func(r *contentRow) float64 { return over(r.newTaste, whole.newTaste) }))
	}
	a.Tables = []Table{{Name: "content_shares", Title: "Content categories by clicks", Columns: columns}}
	a.Charts = contentCharts(rows, columns, tenure)
	return a, nil
}

// contentRows gathers the categories, the most clicked first, and their sums.
func contentRows(uses []warehouse.ContentUse, clicked []warehouse.ContentClicks) (rows []*contentRow, whole contentRow) {
	byKey := map[string]*contentRow{}
	row := func(key string) *contentRow {
		r := byKey[key]
		if r == nil {
			r = &contentRow{key: key}
			byKey[key] = r
			rows = append(rows, r)
		}
		return r
	}
	seen := map[bool]bool{}
	for _, u := range uses {
		for _, r := range []*contentRow{row(u.Content), &whole} {
			r.impressions, r.clicks = r.impressions+u.Impressions, r.clicks+u.Clicks
			r.clickShares, r.shownShares = r.clickShares+u.ClickShares, r.shownShares+u.ShownShares
			if u.New {
				r.newImpressions, r.newClicks = r.newImpressions+u.Impressions, r.newClicks+u.Clicks
				r.newClickShares, r.newShownShares = r.newClickShares+u.ClickShares, r.newShownShares+u.ShownShares
			}
		}
		if !seen[u.New] { // the same in each row of a group of users
			seen[u.New] = true
			whole.users += u.Users
			if u.New {
				whole.newUsers = u.Users
			}
		}
	}
	for _, c := range clicked {
		for _, r := range []*contentRow{row(c.Content), &whole} {
			r.taste += c.Taste
			r.groups[index(c.New)][c.Group] += float64(c.Clicks)
			if c.New {
				r.newTaste += c.Taste
			}
		}
	}
	sort.SliceStable(rows, func(i, j int) bool {
		if rows[i].clicks != rows[j].clicks {
			return rows[i].clicks > rows[j].clicks
		}
		return rows[i].key < rows[j].key
	})
	return rows, whole
}

// contentCharts show the most clicked categories in three ways: of all impressions and clicks, by the case study's definition, and with each
// clicking user counting alike.
func contentCharts(rows []*contentRow, columns []Column, tenure bool) []Chart {
	var top []int
	for i, r := range rows {
		if r.key != "" && r.clicks > 0 && len(top) < 20 {
			top = append(top, i)
		}
	}
	if len(top) == 0 {
		return nil
	}
	x := Axis{Label: "category", Unit: Text, Categories: each(top, func(i int) string { return contentLabel(rows[i].key) })}
	series := func(name, column string) Series {
		for _, c := range columns {
			if c.Name == column {
				return Series{Name: name, Y: each(top, func(i int) float64 { return c.Floats[i] })}
			}
		}
		return Series{}
	}
	charts := []Chart{
		{ID: "content-shares", Title: "Shares of impressions and clicks of the most clicked categories", Kind: HBarChart, X: x, Y: Axis{Label: "share", Unit: Share},
			Series: []Series{series("of impressions", "share_of_impressions"), series("of clicks", "share_of_clicks")},
			Alt:    "Bars of the most clicked content categories: their share of impressions and of clicks."},
		{ID: "content-clicks-per-impression", Title: "Clicks on a category over a user's impressions, mean over users (the case study's share)", Kind: HBarChart, X: x, Y: Axis{Label: "clicks over the user's impressions", Unit: Rate},
			Series: []Series{series("all users", "clicks_per_impression_mean")},
			Alt:    "Bars of the most clicked content categories: clicks on them over a user's impressions, averaged over users."},
		{ID: "content-own-clicks", Title: "Share of a clicking user's own clicks, mean over users (volume held)", Kind: HBarChart, X: x, Y: Axis{Label: "share of her clicks", Unit: Share},
			Series: []Series{series("all users", "share_of_own_clicks_mean")},
			Alt:    "Bars of the most clicked content categories: the share of a clicking user's own clicks that falls on them, averaged over users."},
	}
	if tenure {
		charts[0].Series = append(charts[0].Series, series("of new users' impressions", "new_share_of_impressions"), series("of new users' clicks", "new_share_of_clicks"))
		charts[1].Series = append(charts[1].Series, series("new users", "new_clicks_per_impression_mean"))
		charts[2].Series = append(charts[2].Series, series("new users", "new_share_of_own_clicks_mean"))
		for i := range charts {
			charts[i].Alt = strings.TrimSuffix(charts[i].Alt, ".") + ", of all and of new users."
		}
	}
	return charts
}

// leadingContent says which category leads.
func leadingContent(rows []*contentRow, whole contentRow) []Finding {
	if whole.clicks == 0 {
		return []Finding{described("Nothing was clicked, so no category is clicked more than another.", nil, 0)}
	}
	lead := rows[0]
	if lead.key == "" && len(rows) > 1 {
		lead = rows[1]
	}
	if lead.key == "" || lead.clicks == 0 {
		return []Finding{described("No card of known category was clicked, so none is clicked more than another.", nil, 0)}
	}
	return []Finding{described(fmt.Sprintf("The most clicked category is %s with %s of the clicks on %s of the impressions; it takes %s of a clicking user's own clicks on average.",
		contentLabel(lead.key), percent(share(lead.clicks, whole.clicks)), percent(share(lead.impressions, whole.impressions)), percent(over(lead.taste, whole.taste))),
		exactly("share of clicks", share(lead.clicks, whole.clicks), Share), 0)}
}

// newUsersContent asks whether new users' clicks fall on other categories. Clicks of one user go together, so the chi-squared of the table of clicks is
// divided by their design effect, from groups of users. Source: Rao and Scott, Annals of Statistics 12 (1984): the first-order correction, as F.
func newUsersContent(rows []*contentRow, whole contentRow) Finding {
	const fresh, settled = 1, 0
	none := "New users' clicks show no difference from longer users' in the categories they fall on."
	n := [2]float64{float64(whole.clicks - whole.newClicks), float64(whole.newClicks)}
	all := n[0] + n[1]
	unknown := Effect{Name: "shares of categories in new users' clicks less those in longer users'", Value: math.NaN()}
	if n[0] == 0 || n[1] == 0 {
		return untested(unknown)
	}
	var chi, design, kept float64
	var most *contentRow
	var apart stat.Grouped
	for _, r := range rows {
		p := float64(r.clicks) / all
		if r.clicks == 0 {
			continue
		}
		kept++
		for k := range n {
			s := stat.GroupRatio(whole.groups[k][:], r.groups[k][:])
			chi += n[k] * (s.Value - p) * (s.Value - p) / p
			if s.SE > 0 && s.Value < 1 {
				design += (1 - n[k]/all) * n[k] * s.SE * s.SE / p // (1 - n/N) (share/p) (1 - share) times var/(share (1-share)/n)
			}
		}
		if r.key == "" || r.clicks < minHourClicks {
			continue
		}
		d := stat.GroupRatioDifference(whole.groups[fresh][:], r.groups[fresh][:], whole.groups[settled][:], r.groups[settled][:])
		if d.SE > 0 && (most == nil || math.Abs(d.Value/d.SE) > math.Abs(apart.Value/apart.SE)) {
			most, apart = r, d
		}
	}
	if most == nil || kept < 2 || !(design > 0) {
		return untested(unknown)
	}
	df := kept - 1
	design /= df
	f := chi / design / df
	test := stat.Test{Statistic: f, DF: df, P: stat.FisherP(f, df, df*(warehouse.UserGroups-1))}
	// Cramer's V with what clicks that go together give by themselves taken off.
	v := math.Sqrt(max(0, chi-design*df) / all)
	e := apart.Estimate()
	return tested("Rao-Scott F over 20 groups of users", test, effectOf("share of "+contentLabel(most.key)+" in new users' clicks less that in longer users'", e, Points), v,
		fmt.Sprintf("New users' clicks fall on other categories than longer users' do (Cramer's V %s): most surely apart is %s, with %s of new users' clicks against %s (%s).",
			figures(v), contentLabel(most.key), percent(stat.GroupRatio(whole.groups[fresh][:], most.groups[fresh][:]).Value), percent(stat.GroupRatio(whole.groups[settled][:], most.groups[settled][:]).Value), pointsInterval(e)),
		none)
}

// contentLabel names a category for people.
func contentLabel(key string) string {
	if key == "" {
		return "(no category)"
	}
	return key
}
