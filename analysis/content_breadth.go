package analysis

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/stat"
)

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

	// Strata of one user explain themselves: what so many strata explain of mere noise is taken off (adjusted R squared).
	k := float64(len(strata))
	adjusted := max(0, 1-(1-explained)*over(users-1, users-k))
	tenure := env.Contents.Has(feedlog.UserMonths)

	a := Answer{Caveats: []string{
		"Only users with at least one click on a card of known category take part. Someone who clicks once has one category by arithmetic: without holding the number of clicks, breadth measures volume.",
	}}
	if tenure {
		a.Caveats = append(a.Caveats, "The comparison of new with longer users holds the number of clicks: within each number of clicks the two groups' mean breadths are compared, and the differences weighted by how many of the smaller group there are.")
	}
	who := fmt.Sprintf("%s who clicked chose %s on average", counted(int64(users), "user", "users"), categoriesWord(mean))
	switch {
	case math.IsNaN(explained):
		a.Findings = append(a.Findings, described(who+".", nil, 0))
	case math.IsNaN(adjusted) || users <= k+1:
		a.Findings = append(a.Findings, described(who+"; they are too few to tell breadth from the number of clicks.", nil, 0))
	default:
		verdict := "How many categories a user clicks is mostly how much she clicks"
		if adjusted < .5 {
			verdict = "How many categories a user clicks is more than how much she clicks"
		}
		a.Findings = append(a.Findings, described(fmt.Sprintf("%s: the number of clicks alone explains %s of the differences in breadth between users (mean %s over %s clicks).",
			verdict, percent(adjusted), categoriesWord(mean), figures(clicks/users)), exactly("share of the variance of breadth explained by the number of clicks", adjusted, Share), adjusted/2))
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
	if tenure && raw[0].users > 0 && raw[1].users > 0 && weight > 0 {
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
	columns := []Column{
		ints("clicks", "clicks on cards of known category", Count, each(strata, clicksOf)),
		ints("users", "users", Count, each(strata, func(s *stratum) int64 { return int64(s.all.users) })),
		floats("categories", "mean categories", Plain, all),
	}
	if tenure {
		columns = append(columns, floats("categories_new", "mean categories, new users", Plain, fresh), floats("categories_longer", "mean categories, longer users", Plain, settled))
	}
	a.Tables = []Table{{Name: "content_breadth", Title: "Categories clicked by number of clicks", Columns: columns}}
	// The chart leaves out means over too few users to mean anything; the table has them.
	curve := func(name string, pick func(*stratum) cell) Series {
		out := Series{Name: name}
		for _, s := range strata {
			if c := pick(s); c.users >= minBreadthUsers {
				out.X, out.Y = append(out.X, float64(s.clicks)), append(out.Y, c.categories/c.users)
			}
		}
		return out
	}
	series := []Series{curve("all users", func(s *stratum) cell { return s.all })}
	if tenure {
		series = append(series, curve("new users", func(s *stratum) cell { return s.fresh }), curve("longer users", func(s *stratum) cell { return s.settled }))
	}
	c := Chart{ID: "content-breadth", Title: "Categories clicked by number of clicks", Kind: LineChart, X: Axis{Label: "clicks of the user", Unit: Count, Log: true}, Y: Axis{Label: "categories, mean", Unit: Plain},
		Alt: "Mean number of categories clicked against the number of clicks of the user."}
	for _, s := range series {
		if len(s.Y) > 1 {
			c.Series = append(c.Series, s)
		}
	}
	if len(c.Series) > 0 {
		a.Charts = []Chart{c}
		a.Caveats = append(a.Caveats, fmt.Sprintf("The chart shows numbers of clicks that at least %d users have.", minBreadthUsers))
	}
	return a, nil
}

// minBreadthUsers is how many users a point of the curve needs.
const minBreadthUsers = 20

func categoriesWord(n float64) string {
	if n == 1 {
		return "1 category"
	}
	return figures(n) + " categories"
}
