package analysis

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

var ctrBins = []bin{{"0", 0, 1e-12}, {"under 1%", 1e-12, .01}, {"1-2%", .01, .02}, {"2-3%", .02, .03}, {"3-5%", .03, .05}, {"5-7.5%", .05, .075}, {"7.5-10%", .075, .1},
	{"10-15%", .1, .15}, {"15-20%", .15, .2}, {"20-30%", .2, .3}, {"30-50%", .3, .5}, {"50% or more", .5, inf}}

const noClicks = "Nobody clicked, so active users cannot be told from others."

// noActivity is the answer when the log cannot tell who is active.
func noActivity(u *UserActivity) (Answer, bool) {
	switch {
	case u.Users == 0:
		return nothing("The log holds no users with impressions."), true
	case !u.AnyClicks():
		return nothing(fmt.Sprintf("None of the %s clicked, so active users cannot be told from others.", counted(u.Users, "user", "users"))), true
	}
	return Answer{}, false
}

// definition says what active means in this log.
func definition(u *UserActivity) string {
	return fmt.Sprintf("A user is active when her clicks over her impressions in the whole log are at or above the mean of all users' rates, here %s.", percent(u.Mean))
}

func askActiveUsers(ctx context.Context, env *Env) (Answer, error) {
	u, err := env.UserActivity(ctx)
	if err != nil {
		return Answer{}, err
	}
	if a, ok := noActivity(u); ok {
		return a, nil
	}
	c := u.CTRs()
	mean, pooled, active := c.Moments().Interval(), pooledRatio(u.Pairs).Ratio(), u.ActiveShare()
	silent := 1 - c.ShareAtLeast(1e-12).Value
	var activeShown, activeClicks int64
	clicks, impressions := pairTotals(u.Pairs)
	for _, p := range u.Pairs {
		if float64(p.Clicks)/float64(p.Impressions) >= u.Threshold() {
			activeShown += p.Users * p.Impressions
			activeClicks += p.Users * p.Clicks
		}
	}
	a := Answer{Caveats: []string{definition(u),
		"The mean of users' rates lets each user count once; the pooled rate lets each impression count once, so that heavy users decide it."}}
	a.Findings = []Finding{
		described(fmt.Sprintf("%s of %s are active (%s): they see %s of the impressions and make %s of the clicks.",
			percent(active.Value), counted(u.Users, "user", "users"), percentInterval(active), percent(share(activeShown, u.Impressions)), percent(share(activeClicks, u.Clicks))),
			effectPtr("share of users active", active, Share), 0),
		described(fmt.Sprintf("The mean of the users' click-through rates is %s%s while the pooled rate is %s; %s of users never clicked.",
			percent(mean.Value), inBrackets(mean), percent(pooled.Value), percent(silent)), effectPtr("mean click-through rate of users", mean, Rate), 0),
		clicksConcentrated(clicks, impressions),
	}
	a.Findings[0].Headline = true
	rows := []struct {
		name string
		keep func(ctr float64) bool
	}{
		{"active", func(r float64) bool { return r >= u.Threshold() }},
		{"inactive", func(r float64) bool { return r < u.Threshold() }},
		{"all", func(float64) bool { return true }},
	}
	var names []string
	var users, shown, clicked []int64
	var shares, pooledCTR, meanCTR, median []float64
	for _, r := range rows {
		var kept []warehouse.UserPair
		for _, p := range u.Pairs {
			if r.keep(float64(p.Clicks) / float64(p.Impressions)) {
				kept = append(kept, p)
			}
		}
		_, imp := pairTotals(kept)
		sub := ctrs(kept)
		m := pooledRatio(kept)
		names, users = append(names, r.name), append(users, sub.N())
		shown, clicked = append(shown, int64(m.X)), append(clicked, int64(m.Y))
		shares = append(shares, share(sub.N(), u.Users))
		pooledCTR, meanCTR, median = append(pooledCTR, m.Ratio().Value), append(meanCTR, sub.Moments().Mean), append(median, imp.Quantile(.5))
	}
	bins, counts := binned(c, ctrBins)
	a.Tables = []Table{
		{Name: "active_users", Title: "Active and inactive users", Columns: []Column{
			texts("group", "group", names), ints("users", "users", Count, users), floats("share", "share of users", Share, shares), ints("impressions", "impressions", Count, shown),
			ints("clicks", "clicks", Count, clicked), floats("pooled_ctr", "clicks over impressions", Rate, pooledCTR), floats("mean_ctr", "mean of users' rates", Rate, meanCTR),
			floats("median_impressions", "median impressions a user", Plain, median),
		}},
		{Name: "users_by_ctr", Title: "Users by click-through rate", Columns: []Column{
			texts("ctr", "click-through rate", binLabels(ctrBins)), ints("users", "users", Count, counts), floats("share", "share of users", Share, bins),
		}},
		quantileTable("user_impressions_clicks", "Impressions, clicks and click-through rate of users", []string{"impressions", "clicks", "click-through rate"}, impressions, clicks, c),
	}
	pop, held := clicks.Lorenz(100)
	pop2, held2 := impressions.Lorenz(100)
	a.Charts = []Chart{
		{ID: "users-by-ctr", Title: "Users by click-through rate", Kind: BarChart, X: Axis{Label: "click-through rate of the user", Unit: Text, Categories: binLabels(ctrBins)},
			Y: Axis{Label: "share of users", Unit: Share}, Series: []Series{{Name: "users", Y: bins}},
			Alt: fmt.Sprintf("The share of users by click-through rate: %s have none; the mean is %s.", percent(silent), percent(mean.Value))},
		{ID: "click-concentration", Title: "Concentration of clicks and impressions over users", Kind: LineChart, X: Axis{Label: "users, from those with least", Unit: Share}, Y: Axis{Label: "share held", Unit: Share},
			Series: []Series{{Name: "clicks", X: pop, Y: held}, {Name: "impressions", X: pop2, Y: held2}, {Name: "equality", X: []float64{0, 1}, Y: []float64{0, 1}, Line: true}},
			Alt:    fmt.Sprintf("Lorenz curves of clicks and impressions over users; the Gini coefficients are %s and %s.", figures(clicks.Gini()), figures(impressions.Gini()))},
	}
	return a, nil
}

// clicksConcentrated says how unequally clicks lie on users; below twenty users there is no top twentieth to speak of.
func clicksConcentrated(clicks, impressions stat.Counted) Finding {
	gini := clicks.Gini()
	if clicks.N() < 20 {
		return described(fmt.Sprintf("With %s it cannot be said how clicks lie on users.", counted(clicks.N(), "user", "users")), nil, 0)
	}
	verdict := "Clicks are concentrated"
	if gini < .5 {
		verdict = "Clicks are spread over users"
	}
	return described(fmt.Sprintf("%s: the 5%% of users who click most make %s of them (Gini coefficient %s; of impressions %s).",
		verdict, percent(clicks.TopShare(.05)), figures(gini), figures(impressions.Gini())), exactly("Gini coefficient of clicks over users", gini, Plain), gini)
}

// inBrackets is a share's interval for a sentence, nothing when it is not known.
func inBrackets(e stat.Estimate) string {
	if !e.Known() {
		return ""
	}
	return " (" + percentInterval(e) + ")"
}

// effectPtr is effectOf for a finding that was not tested; ends that are not known are the value.
func effectPtr(name string, e stat.Estimate, unit Unit) *Effect {
	if !e.Known() {
		e.Low, e.High = e.Value, e.Value
	}
	f := effectOf(name, e, unit)
	return &f
}

// pairTotals are the distributions of users' clicks and impressions.
func pairTotals(pairs []warehouse.UserPair) (clicks, impressions stat.Counted) {
	users := each(pairs, func(p warehouse.UserPair) int64 { return p.Users })
	return stat.NewCounted(each(pairs, func(p warehouse.UserPair) float64 { return float64(p.Clicks) }), users),
		stat.NewCounted(each(pairs, func(p warehouse.UserPair) float64 { return float64(p.Impressions) }), users)
}

// pooledRatio is clicks over impressions with the user as the unit.
func pooledRatio(pairs []warehouse.UserPair) (m stat.RatioMoments) {
	for _, p := range pairs {
		m.Add(float64(p.Impressions), float64(p.Clicks), p.Users)
	}
	return m
}

func quantileTable(name, title string, names []string, cs ...stat.Counted) Table {
	at := func(p float64) []float64 { return each(cs, func(c stat.Counted) float64 { return c.Quantile(p) }) }
	return Table{Name: name, Title: title, Columns: []Column{
		texts("measure", "measure", names), floats("mean", "mean", Plain, each(cs, func(c stat.Counted) float64 { return c.Moments().Mean })),
		floats("sd", "standard deviation", Plain, each(cs, func(c stat.Counted) float64 { return c.Moments().SD() })),
		floats("p25", "first quartile", Plain, at(.25)), floats("median", "median", Plain, at(.5)), floats("p75", "third quartile", Plain, at(.75)),
		floats("p90", "90th percentile", Plain, at(.9)), floats("p99", "99th percentile", Plain, at(.99)), floats("max", "largest", Plain, at(1)),
	}}
}

// High rates of few impressions: a user with one click on two cards has a rate of 50%.
const manyImpressions = 20

func askActiveByCTR(ctx context.Context, env *Env) (Answer, error) {
	u, err := env.UserActivity(ctx)
	if err != nil {
		return Answer{}, err
	}
	if a, ok := noActivity(u); ok {
		return a, nil
	}
	var active, many []warehouse.UserPair
	for _, p := range u.Pairs {
		if float64(p.Clicks)/float64(p.Impressions) >= u.Threshold() {
			active = append(active, p)
			if p.Impressions >= manyImpressions {
				many = append(many, p)
			}
		}
	}
	c, cm := ctrs(active), ctrs(many)
	high, highMany := c.ShareAtLeast(.2), cm.ShareAtLeast(.2)
	var bins []bin
	for _, b := range ctrBins {
		if b.high > u.Threshold() {
			bins = append(bins, b)
		}
	}
	shares, counts := binned(c, bins)
	manyShares, manyCounts := binned(cm, bins)
	a := Answer{Caveats: []string{definition(u), fmt.Sprintf("A high rate often rests on few impressions: one click on four cards is 25%%. Beside all active users stand those with %d impressions or more.", manyImpressions)}}
	a.Findings = []Finding{described(fmt.Sprintf("Of the %s, %s have a click-through rate of 20%% or more (%s); the median active user has %s.",
		counted(c.N(), "active user", "active users"), percent(high.Value), percentInterval(high), percent(c.Quantile(.5))), effectPtr("share of active users with a rate of 20% or more", high, Share), 0)}
	if cm.N() > 0 {
		var rest []warehouse.UserPair
		for _, p := range active {
			if p.Impressions < manyImpressions {
				rest = append(rest, p)
			}
		}
		few := ctrs(rest)
		if few.N() > 0 {
			d, test := stat.ProportionDifference(atLeast(few, .2), few.N(), atLeast(cm, .2), cm.N())
			f := tested("z test of two shares", test, effectOf("share with a rate of 20% or more, few less many impressions", d, Points), d.Value,
				fmt.Sprintf("Among active users with fewer than %d impressions %s reach a rate of 20%%, among those with more %s (difference %s).",
					manyImpressions, percent(few.ShareAtLeast(.2).Value), percent(highMany.Value), pointsInterval(d)),
				fmt.Sprintf("Whether an active user has more or fewer than %d impressions makes no visible difference to reaching a rate of 20%%.", manyImpressions))
			f.Weight = 0 // arithmetic more than behaviour: one click on four cards is 25%
			a.Findings = append(a.Findings, f)
		}
	}
	a.Tables = []Table{{Name: "active_users_by_ctr", Title: "Active users by click-through rate", Columns: []Column{
		texts("ctr", "click-through rate", binLabels(bins)), ints("users", "active users", Count, counts), floats("share", "share of active users", Share, shares),
		ints("users_many_impressions", fmt.Sprintf("with %d impressions or more", manyImpressions), Count, manyCounts), floats("share_many_impressions", "share of these", Share, manyShares),
	}}}
	a.Charts = []Chart{{ID: "active-users-by-ctr", Title: "Active users by click-through rate", Kind: BarChart, X: Axis{Label: "click-through rate of the user", Unit: Text, Categories: binLabels(bins)},
		Y: Axis{Label: "share of active users", Unit: Share}, Series: []Series{{Name: "all active users", Y: shares}, {Name: fmt.Sprintf("with %d impressions or more", manyImpressions), Y: manyShares}},
		Alt: fmt.Sprintf("Active users by click-through rate; %s have 20%% or more.", percent(high.Value))}}
	return a, nil
}

// atLeast counts the sample at or above x.
func atLeast(c stat.Counted, x float64) (n int64) {
	for i, v := range c.Values {
		if v >= x {
			n += c.Counts[i]
		}
	}
	return n
}

// thresholds of active to compare, the lowest first: those of the case study. At 0 a user needs a click, or all would be active.
func thresholds(mean float64) (labels []string, at []float64) {
	type threshold struct {
		label string
		at    float64
	}
	all := []threshold{{"any click", math.SmallestNonzeroFloat64}, {"1%", .01}, {"mean (" + percent(mean) + ")", mean * (1 - 1e-12)}, {"5%", .05}, {"10%", .1}}
	slices.SortStableFunc(all, func(a, b threshold) int { return cmp.Compare(a.at, b.at) })
	return each(all, func(t threshold) string { return t.label }), each(all, func(t threshold) float64 { return t.at })
}

func askThreshold(ctx context.Context, env *Env) (Answer, error) {
	u, err := env.UserActivity(ctx)
	if err != nil {
		return Answer{}, err
	}
	if a, ok := noActivity(u); ok {
		return a, nil
	}
	labels, at := thresholds(u.Mean)
	names := each(labels, func(s string) string { name, _, _ := strings.Cut(s, " ("); return name }) // without the mean's value, which differs by window
	own := slices.Index(names, "mean")
	days := env.Contents.Days()
	type window struct {
		label string
		pairs []warehouse.UserPair
	}
	var windows []window
	for _, length := range []int{7, 15} {
		if days <= length {
			continue
		}
		rows, err := env.Warehouse.WindowPairs(ctx, length)
		if err != nil {
			return Answer{}, err
		}
		for i := 0; (i+1)*length <= days; i++ { // whole windows only
			w := window{label: fmt.Sprintf("days %d-%d", i*length+1, (i+1)*length)}
			for _, r := range rows {
				if r.Window == i {
					w.pairs = append(w.pairs, warehouse.UserPair{Impressions: r.Impressions, Clicks: r.Clicks, Users: r.Users})
				}
			}
			if len(w.pairs) > 0 {
				windows = append(windows, w)
			}
		}
	}
	windows = append(windows, window{label: fmt.Sprintf("all %s", counted(int64(days), "day", "days")), pairs: u.Pairs})

	a := Answer{Caveats: []string{definition(u), "Each window counts the users seen in it, and its mean row uses the window's own mean. \"Any click\" is a rate above 0: at a threshold of 0 itself everybody is active.",
		"Windows of one log share users, so their intervals are not independent of each other."}}
	var wName, tName []string
	var users, active []int64
	var shares, low, high, means []float64
	var series []Series
	byWindow := make([]float64, len(windows))
	for i, w := range windows {
		wa := activityOf(w.pairs)
		s := Series{Name: w.label}
		for k := range at {
			from := at[k]
			if k == own {
				from = wa.Threshold()
			}
			n := activeAt(w.pairs, from)
			if k == own && !wa.AnyClicks() {
				n = 0 // nobody clicked in the window: its mean of 0 makes nobody active
			}
			e := stat.Wilson(n, wa.Users)
			wName, tName = append(wName, w.label), append(tName, names[k])
			users, active = append(users, wa.Users), append(active, n)
			shares, low, high, means = append(shares, e.Value), append(low, e.Low), append(high, e.High), append(means, wa.Mean)
			s.Y, s.Low, s.High = append(s.Y, e.Value), append(s.Low, e.Low), append(s.High, e.High)
			if k == own {
				byWindow[i] = e.Value
			}
		}
		series = append(series, s)
	}
	whole := series[len(series)-1]
	spoken := make([]string, len(names))
	for k, name := range names {
		switch name {
		case "any click":
			spoken[k] = percent(whole.Y[k]) + " with any click"
		case "mean":
			spoken[k] = percent(whole.Y[k]) + " at the mean"
		default:
			spoken[k] = percent(whole.Y[k]) + " at " + name
		}
	}
	a.Findings = append(a.Findings, described(fmt.Sprintf("Depending on the threshold between %s and %s of users are active: %s.",
		percent(minOf(whole.Y)), percent(maxOf(whole.Y)), strings.Join(spoken, ", ")),
		exactly("highest less lowest active share of the thresholds", maxOf(whole.Y)-minOf(whole.Y), Share), 0))
	if len(windows) > 1 {
		shorter := byWindow[:len(byWindow)-1]
		span := percent(minOf(shorter)) + " to " + percent(maxOf(shorter))
		if minOf(shorter) == maxOf(shorter) {
			span = percent(minOf(shorter))
		}
		a.Findings = append(a.Findings, described(fmt.Sprintf("Measured over a week or a fortnight instead of all %d days, %s of the users seen are at or above that window's mean, against %s over all.",
			days, span, percent(whole.Y[own])), exactly("active share over the whole log", whole.Y[own], Share), 0))
	}
	a.Tables = []Table{{Name: "active_by_threshold", Title: "Active share by threshold and window", Columns: []Column{
		texts("window", "window", wName), texts("threshold", "threshold", tName), ints("users", "users", Count, users), ints("active", "active users", Count, active),
		floats("share", "active share", Share, shares), floats("share_low", "lower end", Share, low), floats("share_high", "upper end", Share, high), floats("mean_ctr", "mean of users' rates", Rate, means),
	}}}
	a.Charts = []Chart{
		{ID: "active-by-threshold", Title: "Active share by threshold", Kind: BarChart, X: Axis{Label: "active from a click-through rate of", Unit: Text, Categories: labels}, Y: Axis{Label: "active share", Unit: Share},
			Series: []Series{whole}, Alt: fmt.Sprintf("The active share over the whole log at five thresholds, from %s at the lowest to %s at the highest.", percent(whole.Y[0]), percent(whole.Y[len(whole.Y)-1]))},
		{ID: "active-by-window", Title: "Active share by window, at each window's own mean", Kind: BarChart, X: Axis{Label: "window", Unit: Text, Categories: each(windows, func(w window) string { return w.label })},
			Y: Axis{Label: "active share", Unit: Share}, Series: []Series{{Name: "active share", Y: byWindow,
				Low: each(series, func(s Series) float64 { return s.Low[own] }), High: each(series, func(s Series) float64 { return s.High[own] })}},
			Alt: "The share of users at or above the mean of the window, for each week, each fortnight and the whole log."},
	}
	return a, nil
}

func minOf(v []float64) float64 {
	m := math.NaN()
	for _, x := range v {
		if !(x >= m) {
			m = x
		}
	}
	return m
}

func maxOf(v []float64) float64 {
	m := math.NaN()
	for _, x := range v {
		if !(x <= m) {
			m = x
		}
	}
	return m
}
