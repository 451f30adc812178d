package analysis

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

const whyNotLevel = "Level is the product's own grade of activity, measured after the log ends: it knows the outcome. It is shown here and is never used to predict or to explain who is active."

// useByLevel is the levels of the users, asked once a run.
func (e *Env) useByLevel(ctx context.Context, u *UserActivity) ([]warehouse.LevelUse, error) {
	return e.levels.get(ctx, func(ctx context.Context) ([]warehouse.LevelUse, error) {
		return e.Warehouse.UseByLevel(ctx, u.Threshold())
	})
}

func levelRatio(l warehouse.LevelUse) stat.RatioMoments {
	return stat.RatioMoments{N: l.Users, X: float64(l.Impressions), Y: float64(l.Clicks), XX: l.ImpressionsSquared, YY: l.ClicksSquared, XY: l.Cross}
}

func askLevel(ctx context.Context, env *Env) (Answer, error) {
	u, err := env.UserActivity(ctx)
	if err != nil {
		return Answer{}, err
	}
	if u.Users == 0 {
		return nothing("The log holds no users with impressions."), nil
	}
	rows, err := env.useByLevel(ctx, u)
	if err != nil {
		return Answer{}, err
	}
	var known []warehouse.LevelUse
	var without, total int64
	for _, r := range rows {
		if r.Level < 0 {
			without += r.Users
			continue
		}
		known = append(known, r)
		total += r.Users
	}
	if len(known) == 0 {
		return nothing("No user with impressions has a known level."), nil
	}
	a := Answer{Caveats: []string{whyNotLevel, definition(u), "Click-through rates are clicks over impressions of a level's users together, with intervals that take the user as the unit."}}
	if without > 0 {
		a.Caveats = append(a.Caveats, fmt.Sprintf("%s with impressions without a known level are left out.", counted(without, "user", "users")))
	}
	most := known[0]
	for _, r := range known {
		if r.Users > most.Users {
			most = r
		}
	}
	span := fmt.Sprintf("Levels run from %d to %d; the most common is", known[0].Level, known[len(known)-1].Level)
	if len(known) == 1 {
		span = "There is one level,"
	}
	a.Findings = append(a.Findings, described(fmt.Sprintf("%s %d with %s of the %s whose level is known.", span,
		most.Level, percent(share(most.Users, total)), counted(total, "user", "users")), exactly("share of the most common level", share(most.Users, total), Share), 0))
	if u.AnyClicks() && len(known) > 1 {
		a.Findings = append(a.Findings, levelActive(known), levelCTR(known))
		a.Caveats = append(a.Caveats, "The two levels named are the extremes of all, so their difference is larger than that of two levels named beforehand.")
	}
	levels := each(known, func(r warehouse.LevelUse) string { return fmt.Sprint(r.Level) })
	users := each(known, func(r warehouse.LevelUse) int64 { return r.Users })
	ctr := each(known, func(r warehouse.LevelUse) stat.Estimate { return levelRatio(r).Ratio() })
	active := each(known, func(r warehouse.LevelUse) stat.Estimate { return stat.Wilson(r.Active, r.Users) })
	val := func(e stat.Estimate) float64 { return e.Value }
	low := func(e stat.Estimate) float64 { return max(0, e.Low) }
	high := func(e stat.Estimate) float64 { return e.High }
	columns := []Column{ints("level", "level", Plain, each(known, func(r warehouse.LevelUse) int64 { return int64(r.Level) })), ints("users", "users", Count, users),
		ints("impressions", "impressions", Count, each(known, func(r warehouse.LevelUse) int64 { return r.Impressions })), ints("clicks", "clicks", Count, each(known, func(r warehouse.LevelUse) int64 { return r.Clicks })),
		floats("ctr", "click-through rate", Rate, each(ctr, val)), floats("ctr_low", "lower end", Rate, each(ctr, low)), floats("ctr_high", "upper end", Rate, each(ctr, high)),
		ints("active", "active users", Count, each(known, func(r warehouse.LevelUse) int64 { return r.Active })), floats("active_share", "active share", Share, each(active, val)),
		floats("comment_view_rate", "comment views over impressions", Rate, each(known, func(r warehouse.LevelUse) float64 { return share(r.CommentViews, r.Impressions) })),
		floats("like_rate", "likes over impressions", Rate, each(known, func(r warehouse.LevelUse) float64 { return share(r.Likes, r.Impressions) }))}
	a.Tables = []Table{{Name: "users_by_level", Title: "Users by level", Columns: columns}}
	x := Axis{Label: "level", Unit: Text, Categories: levels}
	a.Charts = []Chart{
		{ID: "users-by-level", Title: "Users by level", Kind: BarChart, X: x, Y: Axis{Label: "users", Unit: Count}, Series: []Series{{Name: "users", Y: asFloats(users)}},
			Alt: fmt.Sprintf("Users by level; most have level %d.", most.Level)},
		{ID: "ctr-by-level", Title: "Click-through rate by level", Kind: BarChart, X: x, Y: Axis{Label: "click-through rate", Unit: Rate}, Series: []Series{{Name: "click-through rate", Y: each(ctr, val), Low: each(ctr, low), High: each(ctr, high)}},
			Alt: "Clicks over impressions of the users of each level, with 95% intervals over users."},
		{ID: "active-by-level", Title: "Active share by level", Kind: BarChart, X: x, Y: Axis{Label: "active share", Unit: Share}, Series: []Series{{Name: "active share", Y: each(active, val), Low: each(active, low), High: each(active, high)}},
			Alt: "The share of active users at each level, with 95% intervals."},
	}
	return a, nil
}

func levelActive(known []warehouse.LevelUse) Finding {
	table := make([][]int64, len(known))
	hi, lo := known[0], known[0]
	rate := func(r warehouse.LevelUse) float64 { return share(r.Active, r.Users) }
	for i, r := range known {
		table[i] = []int64{r.Active, r.Users - r.Active}
		if rate(r) > rate(hi) {
			hi = r
		}
		if rate(r) < rate(lo) {
			lo = r
		}
	}
	chi := stat.ChiSquared(table)
	return tested("chi-squared", chi.Test, effectOf("Cramer's V of level and being active", chi.CramersV, Plain), chi.CramersV.Value,
		fmt.Sprintf("The active share differs between levels, from %s at level %d to %s at level %d (Cramer's V %s).", percent(rate(lo)), lo.Level, percent(rate(hi)), hi.Level, figures(chi.CramersV.Value)),
		"The active share shows no difference between levels.")
}

func levelCTR(known []warehouse.LevelUse) Finding {
	var values, impressions []float64
	var rates []stat.Grouped
	hi, lo := -1, -1
	for i, r := range known {
		m := levelRatio(r)
		v, se := m.Ratio().Value, m.SE()
		values, impressions = append(values, v), append(impressions, float64(r.Impressions))
		rates = append(rates, stat.Grouped{Value: v, SE: se, DF: float64(r.Users - 1)})
		if math.IsNaN(v) || !(se > 0) {
			continue
		}
		if hi < 0 || v > values[hi] {
			hi = i
		}
		if lo < 0 || v < values[lo] {
			lo = i
		}
	}
	none := "The click-through rate shows no difference between levels."
	if hi < 0 {
		return untested(Effect{Name: "click-through rates of the levels", Value: math.NaN()})
	}
	d, _ := stat.RatioDifference(levelRatio(known[hi]), levelRatio(known[lo]))
	return tested("Brown-Forsythe F, users as units", stat.BrownForsythe(impressions, rates), effectOf("highest less lowest click-through rate of a level", d, Points),
		spread(len(known), func(i int) (x, y float64) { return float64(known[i].Impressions), float64(known[i].Clicks) }),
		fmt.Sprintf("The click-through rate differs between levels: highest at level %d (%s), lowest at level %d (%s), %s apart (%s).",
			known[hi].Level, percent(values[hi]), known[lo].Level, percent(values[lo]), points(d.Value), pointsInterval(d)), none)
}

// topClickers is how many users the question of that name lists.
const topClickers = 10

func askTopClickers(ctx context.Context, env *Env) (Answer, error) {
	u, err := env.UserActivity(ctx)
	if err != nil {
		return Answer{}, err
	}
	if a, ok := noActivity(u); ok {
		return a, nil
	}
	top, err := env.Warehouse.TopClickers(ctx, topClickers)
	if err != nil {
		return Answer{}, err
	}
	var clicks int64
	var levels []float64
	for _, c := range top {
		clicks += c.Clicks
		if c.Level >= 0 {
			levels = append(levels, float64(c.Level))
		}
	}
	if len(top) == 0 {
		return nothing(noClicks), nil
	}
	a := Answer{Caveats: []string{whyNotLevel, "Users who click hundreds of times in a month may be automatic."}}
	a.Findings = append(a.Findings, described(fmt.Sprintf("The %s most made %s, %s of all; the first alone made %s on %s.",
		counted(int64(len(top)), "user who clicks", "users who click"), counted(clicks, "click", "clicks"), percent(share(clicks, u.Clicks)), grouped(top[0].Clicks), counted(top[0].Impressions, "impression", "impressions")),
		exactly("share of all clicks", share(clicks, u.Clicks), Share), 0))
	if len(levels) > 0 {
		f, err := topLevels(ctx, env, u, levels)
		if err != nil {
			return Answer{}, err
		}
		a.Findings = append(a.Findings, f)
	}
	level := each(top, func(c warehouse.Clicker) float64 {
		if c.Level < 0 {
			return math.NaN()
		}
		return float64(c.Level)
	})
	rank := make([]int64, len(top))
	labels := make([]string, len(top))
	for i, c := range top {
		rank[i] = int64(i + 1)
		labels[i] = fmt.Sprint(i + 1)
		if c.Level >= 0 {
			labels[i] += fmt.Sprintf(" (level %d)", c.Level)
		}
	}
	a.Tables = []Table{{Name: "top_clickers", Title: "The users who click most", Columns: []Column{
		ints("rank", "rank", Plain, rank), texts("user", "user", each(top, func(c warehouse.Clicker) string { return c.User })), ints("clicks", "clicks", Count, each(top, func(c warehouse.Clicker) int64 { return c.Clicks })),
		ints("impressions", "impressions", Count, each(top, func(c warehouse.Clicker) int64 { return c.Impressions })),
		floats("ctr", "click-through rate", Rate, each(top, func(c warehouse.Clicker) float64 { return share(c.Clicks, c.Impressions) })), floats("level", "level", Plain, level),
	}}}
	a.Charts = []Chart{{ID: "top-clickers", Title: "Clicks of the users who click most", Kind: HBarChart, X: Axis{Label: "user", Unit: Text, Categories: labels}, Y: Axis{Label: "clicks", Unit: Count},
		Series: []Series{{Name: "clicks", Y: each(top, func(c warehouse.Clicker) float64 { return float64(c.Clicks) })}},
		Alt:    fmt.Sprintf("Clicks of the %s who click most, from %s down to %s.", counted(int64(len(top)), "user", "users"), grouped(top[0].Clicks), grouped(top[len(top)-1].Clicks))}}
	return a, nil
}

// topLevels compares the levels of the top clickers with those of all users.
func topLevels(ctx context.Context, env *Env, u *UserActivity, levels []float64) (Finding, error) {
	rows, err := env.useByLevel(ctx, u)
	if err != nil {
		return Finding{}, err
	}
	var values []float64
	var users []int64
	for _, r := range rows {
		if r.Level >= 0 {
			values, users = append(values, float64(r.Level)), append(users, r.Users)
		}
	}
	all := stat.NewCounted(values, users)
	top := stat.NewCounted(levels, nil)
	// The few top users are in the population too; out of it they must come, or they are compared with themselves.
	rest := stat.Counted{Values: all.Values, Counts: append([]int64(nil), all.Counts...)}
	for i, v := range rest.Values {
		for _, l := range levels {
			if l == v && rest.Counts[i] > 0 {
				rest.Counts[i]--
			}
		}
	}
	rest = stat.NewCounted(rest.Values, rest.Counts)
	if rest.N() == 0 {
		return described("There are no other users to compare their levels with.", nil, 0), nil
	}
	test := stat.MannWhitney(top, rest)
	f := tested("Mann-Whitney U", test.Test, effectOf("Cliff's delta of the levels of top clickers against all others", test.Delta, Plain), test.Delta.Value,
		fmt.Sprintf("The users who click most have %s levels than other users: median %s against %s (Cliff's delta %s).", moreOrLess(test.Delta.Value, "higher", "lower"),
			figures(top.Quantile(.5)), figures(rest.Quantile(.5)), figures(test.Delta.Value)),
		fmt.Sprintf("The levels of the users who click most show no difference from those of other users (median %s against %s).", figures(top.Quantile(.5)), figures(rest.Quantile(.5))))
	f.Weight = 0 // a handful of extremes, by a grade that knows the outcome: not for the summary
	return f, nil
}
