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
	a.Findings = append(a.Findings,
		described(fmt.Sprintf("The log has %s; half of them last %s or less, and %s are over within a second.",
			counted(n, "session", "sessions"), duration(seconds.Quantile(.5)), percent(still)), exactly("median session length", seconds.Quantile(.5), Seconds), 0),
		described(fmt.Sprintf("A session shows %s cards on average, half show %s or fewer, and %s bring a click.",
			figures(shown.Moments().Mean), figures(shown.Quantile(.5)), percent(clicked.ShareAtLeast(1).Value)),
			exactly("share of sessions with a click", clicked.ShareAtLeast(1).Value, Share), 0))
	if depth.N() > 0 {
		a.Findings = append(a.Findings, described(fmt.Sprintf("Half of the sessions reach position %s of the feed or less, one in ten goes to %s or beyond.",
			figures(depth.Quantile(.5)), figures(depth.Quantile(.9))), exactly("median deepest position", depth.Quantile(.5), Plain), 0))
	} else {
		a.Caveats = append(a.Caveats, "The log has no positions, so the depth of sessions is not known.")
	}
	if f, ok := sessionTimes(hours); ok {
		a.Findings = append(a.Findings, f)
		a.Caveats = append(a.Caveats, "The comparison of hours takes sessions as independent; the two hours named are the extremes of all.")
	}
	a.Tables = []Table{sessionTable(seconds, shown, clicked, depth), sessionHours(hours)}
	a.Charts = sessionCharts(seconds, shown, depth, hours)
	return a, nil
}

// meanLength is the mean length of the sessions of an hour, in seconds, with its interval.
func meanLength(h warehouse.SessionHour) (stat.Estimate, stat.Moments) {
	n := float64(h.Sessions)
	m := stat.Moments{N: h.Sessions, Mean: over(float64(h.Seconds), n), Variance: math.NaN()}
	if h.Sessions > 1 {
		m.Variance = max(0, h.SecondsSquared-n*m.Mean*m.Mean) / (n - 1)
	}
	return m.Interval(), m
}

// sessionTimes tests whether the mean length depends on the hour of the start.
func sessionTimes(hours []warehouse.SessionHour) (Finding, bool) {
	var values, ses []float64
	var hi, lo warehouse.SessionHour
	var top, bottom stat.Moments
	for _, h := range hours {
		_, m := meanLength(h)
		if !(m.Variance > 0) {
			continue
		}
		values, ses = append(values, m.Mean), append(ses, math.Sqrt(m.Variance/float64(m.N)))
		if len(values) == 1 || m.Mean > top.Mean {
			hi, top = h, m
		}
		if len(values) == 1 || m.Mean < bottom.Mean {
			lo, bottom = h, m
		}
	}
	if len(values) < 2 {
		return Finding{}, false
	}
	d, _ := stat.WelchT(top, bottom)
	g := stat.HedgesG(top, bottom)
	return tested("chi-squared test of equal means", stat.Homogeneity(values, ses), effectOf("longest less shortest mean session of an hour", d, Seconds), g/math.Sqrt(g*g+4),
		fmt.Sprintf("Sessions that start from %s are the longest (%s on average), those from %s the shortest (%s); difference %s to %s.",
			clock(hi.Hour), duration(top.Mean), clock(lo.Hour), duration(bottom.Mean), duration(d.Low), duration(d.High)),
		"The length of a session shows no difference between the hours in which it starts."), true
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

func sessionHours(hours []warehouse.SessionHour) Table {
	length := each(hours, func(h warehouse.SessionHour) stat.Estimate { e, _ := meanLength(h); return e })
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

func sessionCharts(seconds, shown, depth stat.Counted, hours []warehouse.SessionHour) []Chart {
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
	length := each(hours, func(h warehouse.SessionHour) stat.Estimate { e, _ := meanLength(h); return e })
	return append(charts,
		Chart{ID: "sessions-by-hour", Title: "Sessions by starting hour", Kind: BarChart, X: x, Y: Axis{Label: "sessions", Unit: Count},
			Series: []Series{{Name: "sessions", Y: each(hours, func(h warehouse.SessionHour) float64 { return float64(h.Sessions) })}},
			Alt:    "Sessions by the hour of the day in which they start."},
		Chart{ID: "session-length-by-hour", Title: "Mean length of sessions by starting hour", Kind: LineChart, X: x, Y: Axis{Label: "mean length", Unit: Seconds},
			Series: []Series{{Name: "mean length", Y: each(length, func(e stat.Estimate) float64 { return e.Value }),
				Low: each(length, func(e stat.Estimate) float64 { return e.Low }), High: each(length, func(e stat.Estimate) float64 { return e.High })}},
			Alt: "The mean length of sessions by the hour in which they start, with 95% intervals."})
}
