package analysis

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

func askSessions(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.SessionSizes(ctx)
	if err != nil {
		return Answer{}, err
	}
	if len(rows) == 0 {
		return nothing("The log holds no impressions, so there are no sessions."), nil
	}
	hours, err := env.Warehouse.SessionsByHour(ctx)
	if err != nil {
		return Answer{}, err
	}
	byGroup, err := env.Warehouse.SessionsByGroup(ctx)
	if err != nil {
		return Answer{}, err
	}
	lengths := sessionLengths(byGroup)
	size := map[warehouse.SessionMeasure]stat.Counted{}
	for _, m := range []warehouse.SessionMeasure{warehouse.SessionSeconds, warehouse.SessionImpressions, warehouse.SessionClicks, warehouse.SessionDepth} {
		var values []float64
		var counts []int64
		for _, r := range rows {
			if r.Measure == m {
				values, counts = append(values, float64(r.Value)), append(counts, r.Sessions)
			}
		}
		size[m] = stat.NewCounted(values, counts)
	}
	seconds, shown, clicked, depth := size[warehouse.SessionSeconds], size[warehouse.SessionImpressions], size[warehouse.SessionClicks], size[warehouse.SessionDepth]
	n := seconds.N()
	a := Answer{Caveats: []string{inZone(env.Contents),
		"A session is a user's impressions with no gap over 30 minutes; its length runs from its first impression to its last, so what she did after the last one is not in it.",
		"Sessions are of very different users; a few users have many of them."}}
	still := 1 - seconds.ShareAtLeast(1).Value
	a.Findings = append(a.Findings, sessionLength(n, seconds.Quantile(.5), still),
		described(fmt.Sprintf("A session shows %s on average, half show %s or fewer, and %s of sessions bring a click.",
			cardsWord(shown.Moments().Mean), short(shown.Quantile(.5)), percent(clicked.ShareAtLeast(1).Value)),
			exactly("share of sessions with a click", clicked.ShareAtLeast(1).Value, Share), 0))
	if depth.N() > 0 {
		a.Findings = append(a.Findings, described(fmt.Sprintf("Half of the sessions reach position %s of the feed or less, one in ten goes to %s or beyond.",
			short(math.Floor(depth.Quantile(.5))), short(math.Floor(depth.Quantile(.9)))), exactly("median deepest position", depth.Quantile(.5), Plain), 0))
	} else {
		a.Caveats = append(a.Caveats, "The log has no positions, so the depth of sessions is not known.")
	}
	if f, ok := sessionTimes(lengths, hours); ok {
		a.Findings = append(a.Findings, f)
		a.Caveats = append(a.Caveats, byGroups, fmt.Sprintf("The two hours named are, of those with at least %d sessions and one in a hundred of all, the ones that lie most surely highest and lowest.", minHourSessions))
	}
	a.Tables = []Table{sessionTable(seconds, shown, clicked, depth), sessionHours(hours, lengths)}
	a.Charts = sessionCharts(seconds, shown, depth, hours, lengths)
	return a, nil
}

// sessionLength says how long sessions are. In a feed most are one screen, whose cards bear one time: they have no length to speak of.
func sessionLength(n int64, median, still float64) Finding {
	sessions := counted(n, "session", "sessions")
	if median < 1 {
		return described(fmt.Sprintf("The log has %s; %s of them are over within a second, a single screen of cards.", sessions, percent(still)),
			exactly("share of sessions over within a second", still, Share), 0)
	}
	return described(fmt.Sprintf("The log has %s; half of them last %s or less, and %s are over within a second.", sessions, duration(median), percent(still)),
		exactly("median session length", median, Seconds), 0)
}

func cardsWord(n float64) string {
	if n == 1 {
		return "1 card"
	}
	return figures(n) + " cards"
}

// sessionLengths are seconds over sessions by starting hour.
func sessionLengths(rows []warehouse.GroupSessions) (hours [24]groupSums) {
	for _, r := range rows {
		hours[r.Hour].add(r.Group, float64(r.Sessions), float64(r.Seconds))
	}
	return hours
}

// minHourSessions is how many sessions an hour needs to be compared with others.
const minHourSessions = 30

// sessionTimes tests whether the mean length depends on the hour of the start.
func sessionTimes(lengths [24]groupSums, hours []warehouse.SessionHour) (Finding, bool) {
	var all float64
	for h := range lengths {
		n, _ := lengths[h].totals()
		all += n
	}
	counts := func(h int) bool { n, _ := lengths[h].totals(); return n >= max(minHourSessions, all/100) }
	lo, hi, ok := surest(lengths[:], counts)
	if !ok {
		return Finding{}, false
	}
	d := lengths[hi].less(&lengths[lo]).Estimate()
	return tested("Brown-Forsythe F over 20 groups of users", equal(lengths[:], counts), effectOf("longest less shortest mean session of an hour", d, Seconds), lengthsApart(hours),
		fmt.Sprintf("Sessions that start from %s are most surely the longest (%s on average), those from %s the shortest (%s); difference %s to %s.",
			clock(hi), duration(lengths[hi].estimate().Value), clock(lo), duration(lengths[lo].estimate().Value), duration(d.Low), duration(d.High)),
		"The length of a session shows no difference between the hours in which it starts."), true
}

// lengthsApart is the correlation ratio of a session's length and its hour: the root of the share of its variance between hours, in [0, 1].
func lengthsApart(hours []warehouse.SessionHour) float64 {
	var n, sum, squares, between float64
	for _, h := range hours {
		n, sum, squares = n+float64(h.Sessions), sum+float64(h.Seconds), squares+h.SecondsSquared
	}
	mean := over(sum, n)
	for _, h := range hours {
		d := float64(h.Seconds)/float64(h.Sessions) - mean
		between += float64(h.Sessions) * d * d
	}
	return math.Sqrt(over(between, squares-n*mean*mean))
}

func sessionTable(seconds, shown, clicked, depth stat.Counted) Table {
	names := []string{"length in seconds", "impressions", "clicks", "deepest position"}
	cs := []stat.Counted{seconds, shown, clicked, depth}
	at := func(p float64) []float64 { return each(cs, func(c stat.Counted) float64 { return c.Quantile(p) }) }
	return Table{Name: "session_sizes", Title: "Sizes of sessions", Columns: []Column{
		texts("measure", "measure", names), ints("sessions", "sessions", Count, each(cs, stat.Counted.N)),
		floats("mean", "mean", Plain, each(cs, func(c stat.Counted) float64 { return c.Moments().Mean })),
		floats("p25", "first quartile", Plain, at(.25)), floats("median", "median", Plain, at(.5)), floats("p75", "third quartile", Plain, at(.75)),
		floats("p90", "90th percentile", Plain, at(.9)), floats("p99", "99th percentile", Plain, at(.99)), floats("max", "largest", Plain, at(1)),
	}}
}

func sessionHours(hours []warehouse.SessionHour, lengths [24]groupSums) Table {
	length := each(hours, func(h warehouse.SessionHour) stat.Estimate { return lengths[h.Hour].estimate() })
	return Table{Name: "sessions_by_hour", Title: "Sessions by the hour in which they start", Columns: []Column{
		ints("hour", "hour of the day", Plain, each(hours, func(h warehouse.SessionHour) int64 { return int64(h.Hour) })),
		ints("sessions", "sessions", Count, each(hours, func(h warehouse.SessionHour) int64 { return h.Sessions })),
		floats("mean_seconds", "mean length", Seconds, each(length, func(e stat.Estimate) float64 { return e.Value })),
		floats("mean_seconds_low", "lower end", Seconds, each(length, func(e stat.Estimate) float64 { return e.Low })),
		floats("mean_seconds_high", "upper end", Seconds, each(length, func(e stat.Estimate) float64 { return e.High })),
		floats("impressions_per_session", "impressions a session", Plain, each(hours, func(h warehouse.SessionHour) float64 { return share(h.Impressions, h.Sessions) })),
		floats("clicks_per_session", "clicks a session", Plain, each(hours, func(h warehouse.SessionHour) float64 { return share(h.Clicks, h.Sessions) })),
	}}
}

// bin is a range of values, low included and high not.
type bin struct {
	label     string
	low, high float64
}

// binned is the share of a sample in each bin.
func binned(c stat.Counted, bins []bin) (shares []float64, counts []int64) {
	counts = make([]int64, len(bins))
	for i, v := range c.Values {
		for b, r := range bins {
			if v >= r.low && v < r.high {
				counts[b] += c.Counts[i]
				break
			}
		}
	}
	n := c.N()
	return each(counts, func(k int64) float64 { return share(k, n) }), counts
}

func binLabels(bins []bin) []string { return each(bins, func(b bin) string { return b.label }) }

var inf = math.Inf(1)

var secondBins = []bin{{"0 s", 0, 1}, {"1-9 s", 1, 10}, {"10-29 s", 10, 30}, {"30-59 s", 30, 60}, {"1-2 min", 60, 120}, {"2-5 min", 120, 300},
	{"5-10 min", 300, 600}, {"10-20 min", 600, 1200}, {"20-60 min", 1200, 3600}, {"over 1 h", 3600, inf}}

var cardBins = []bin{{"0", 0, 1}, {"1", 1, 2}, {"2", 2, 3}, {"3", 3, 4}, {"4", 4, 5}, {"5-6", 5, 7}, {"7-9", 7, 10}, {"10-19", 10, 20}, {"20-49", 20, 50},
	{"50-99", 50, 100}, {"100 or more", 100, inf}}

func sessionCharts(seconds, shown, depth stat.Counted, hours []warehouse.SessionHour, byHour [24]groupSums) []Chart {
	lengths, _ := binned(seconds, secondBins)
	cards, _ := binned(shown, cardBins[1:])
	charts := []Chart{
		{ID: "session-lengths", Title: "Length of sessions", Kind: BarChart, X: Axis{Label: "first to last impression", Unit: Text, Categories: binLabels(secondBins)},
			Y: Axis{Label: "share of sessions", Unit: Share}, Series: []Series{{Name: "sessions", Y: lengths}},
			Alt: fmt.Sprintf("The share of sessions by length; half last %s or less.", duration(seconds.Quantile(.5)))},
		{ID: "session-impressions", Title: "Cards shown in a session", Kind: BarChart, X: Axis{Label: "impressions", Unit: Text, Categories: binLabels(cardBins[1:])},
			Y: Axis{Label: "share of sessions", Unit: Share}, Series: []Series{{Name: "sessions", Y: cards}},
			Alt: fmt.Sprintf("The share of sessions by number of cards shown; half show %s or fewer.", figures(shown.Quantile(.5)))},
	}
	if depth.N() > 0 {
		deep, _ := binned(depth, cardBins)
		charts = append(charts, Chart{ID: "session-depth", Title: "Deepest position of a session", Kind: BarChart, X: Axis{Label: "position", Unit: Text, Categories: binLabels(cardBins)},
			Y: Axis{Label: "share of sessions", Unit: Share}, Series: []Series{{Name: "sessions", Y: deep}},
			Alt: fmt.Sprintf("The share of sessions by the deepest position reached; half go to %s or less.", figures(depth.Quantile(.5)))})
	}
	x := Axis{Label: "hour of the day in which it starts", Unit: Text, Categories: each(hours, func(h warehouse.SessionHour) string { return hourLabel(h.Hour) })}
	length := each(hours, func(h warehouse.SessionHour) stat.Estimate { return byHour[h.Hour].estimate() })
	return append(charts,
		Chart{ID: "sessions-by-hour", Title: "Sessions by starting hour", Kind: BarChart, X: x, Y: Axis{Label: "sessions", Unit: Count},
			Series: []Series{{Name: "sessions", Y: each(hours, func(h warehouse.SessionHour) float64 { return float64(h.Sessions) })}},
			Alt:    "Sessions by the hour of the day in which they start."},
		Chart{ID: "session-length-by-hour", Title: "Mean length of sessions by starting hour", Kind: LineChart, X: x, Y: Axis{Label: "mean length", Unit: Seconds},
			Series: []Series{{Name: "mean length", Y: each(length, func(e stat.Estimate) float64 { return e.Value }),
				Low: each(length, func(e stat.Estimate) float64 { return max(0, e.Low) }), High: each(length, func(e stat.Estimate) float64 { return e.High })}},
			Alt: "The mean length of sessions by the hour in which they start, with 95% intervals over users."})
}
