package server

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
)

func TestNumbersInWords(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) string { return agoText(now.Add(-d).UnixMilli(), now) }
	for _, c := range []struct{ got, want string }{
		{countText(0), "0"}, {countText(999), "999"}, {countText(-1234567), "-1,234,567"}, {countText(uint64(1000)), "1,000"},
		{numberText(.05467, 3), "0.0547"}, {numberText(12, 3), "12"}, {numberText(1234.6, 6), "1,235"}, {numberText(math.NaN(), 3), "–"}, {numberText(math.Inf(1), 3), "–"}, {numberText(0, 3), "0"},
		{shareText(.0547), "5.5%"}, {shareText(.00357), "0.36%"}, {shareText(.0099), "0.99%"}, {shareText(.00999), "1.0%"}, {shareText(.00003), "<0.01%"}, {shareText(0), "0%"}, {shareText(1), "100%"}, {shareText(.9999), "99.9%"}, {shareText(math.NaN()), "–"},
		{timesText(1.8), "1.80×"}, {timesText(12.34), "12×"}, {timesText(math.NaN()), "–"}, {changeText(math.Ln2), "×2.00"}, {changeText(-math.Ln2), "÷2.00"}, {changeText(math.Log(12)), "×12"}, {changeText(0), "×1.00"}, {changeText(math.Inf(1)), "–"},
		{rateText(0), "0 / min"}, {rateText(.067), "4.02 / min"}, {rateText(41.26), "41.3 / s"},
		{secondsText(2.54), "2.5 s"}, {secondsText(300), "5 min"}, {secondsText(7200), "2 h"},
		{millisText(1.94), "1.9 ms"}, {millisText(0), "–"},
		{ageText("1m0s"), "1 minute"}, {ageText("26h10m"), "26 hours"}, {ageText("72h0m0s"), "3 days"}, {ageText("some days"), "some days"}, {ageText("30s"), "less than a minute"}, {ageText("0 minutes"), "less than a minute"}, {countOf(1, "show"), "1 show"}, {countOf(1200, "show"), "1,200 shows"},
		{measureText(.42), "0.420"}, {measureText(4321), "4,321"},
		{agoText(0, now), "never"}, {ago(time.Second), "just now"}, {ago(30 * time.Second), "30 seconds ago"}, {ago(time.Minute), "1 minute ago"}, {ago(26 * time.Hour), "26 hours ago"}, {ago(72 * time.Hour), "3 days ago"}, {ago(100 * 24 * time.Hour), "22 Aug 2026"}, {ago(-time.Hour), "30 Nov 2026 13:00"},
		{shortID("short"), "short"}, {shortID("GCPCGCKCOCPCLCNCIC"), "GCPCGCK…LCNCIC"},
		{topicText(""), "No topic"}, {topicText("5002,5015,5089"), "Topic 5089"}, {topicText("rock/indie"), "indie"}, {topicText("folk"), "folk"}, {topicText("odd,"), "odd,"},
		{meter(.5), "50"}, {meter(2), "100"}, {meter(-1), "0"}, {meter(math.NaN()), "0"}, {meter(.1234), "12.3"},
		{sentence("no such thing"), "No such thing."}, {sentence(""), ""}, {sentence("Done."), "Done."}, {sentence("étude"), "Étude."}, {capital(""), ""},
		{placeText("he bei"), "He Bei"}, {placeText("Zhejiang"), "Zhejiang"}, {placeText("浙江"), "浙江"}, {gapText(10), "9 days"}, {gapText(400), "13 months"}, {gapText(2556), "7 years"},
		{gateText("ndcg at 20 of the catalogue: .5 is above, beyond chance (p = 8.1e-11), .4"), "NDCG at 20 of the catalogue: .5 is above, beyond chance (p < 0.001), .4"}, {gateText("x (p = 0.03)"), "X (p = 0.03)"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if !utf8.ValidString(shortID(strings.Repeat("歌", 40))) {
		t.Error("an id was cut within a letter")
	}
	seconds := 41.2
	for _, c := range []struct {
		d      Doing
		want   string
		passed bool
	}{
		{Doing{Did: []string{"impression"}}, "saw it, went on", true},
		{Doing{}, "saw it, went on", true},
		{Doing{Did: []string{"view", "impression", "like", "click"}, Seconds: &seconds}, "clicked, liked, watched 41 s", false},
		{Doing{Did: []string{"click"}, Seconds: &seconds}, "clicked, watched 41 s", false},
		{Doing{Did: []string{"impression"}, Seconds: &seconds}, "watched 41 s", false},
		{Doing{Did: []string{"feedback_star"}}, "feedback star", false},
	} {
		if got, passed := didText(c.d); got != c.want || passed != c.passed {
			t.Errorf("%v: %q, passed %v", c.d.Did, got, passed)
		}
	}
}

// TestFeaturesInWords: whatever a model may be made of is told in words of its own, and no name of a program is in them.
func TestFeaturesInWords(t *testing.T) {
	of := func(name, why string) string { return meansText(Part{Feature: name, Means: why}) }
	for _, d := range append(feature.Extended(), feature.LateImpressions()) {
		if got := of(d.Name, "not told"); got == "not told" || strings.Contains(got, "_") {
			t.Errorf("%s is %q", d.Name, got)
		}
	}
	for _, c := range new(feature.PairContext).Columns() {
		w, ok := cardFeatures[c.Name]
		if !ok || w.theme == "" || w.means == "" || strings.Contains(w.means, "_") {
			t.Errorf("%s is %+v", c.Name, w)
		}
	}
	if got := of("odd_one", "what its maker says"); got != "what its maker says" {
		t.Error(got)
	}
	if got := of("odd_one", ""); got != "odd one" {
		t.Error(got)
	}
	for _, c := range []struct{ feature, value, want string }{
		{"scrolled_share", "0.65", "65.0%"}, {"user_front_ctr", "0.0123 share", "1.2%"}, {"card_lift", "2.9 times", "2.90×"}, {"click_lift", "1.5", "1.50×"}, {"first_seen", "4.417 days", "4.4 days"}, {"sessions", "1 sessions", "1 visit"},
		{"card_shows", "2 times", "2 times"}, {"user_hours_since", "240 h", "10 days"}, {"user_hours_since", "5.26 h", "5.3 h"}, {"dwell", "12.7 s", "13 s"}, {"dwell", "none", "none yet"}, {"province", "he bei", "He Bei"}, {"province", "none", "none yet"},
		{"hour", "16 h", "16:00"}, {"session_new", "1 0 or 1", "yes"}, {"session_new", "0 0 or 1", "no"}, {"weekday", "Monday", "Monday"}, {"user_impressions", "1234.5 impressions", "1,235 cards"}, {"odd_one", "3 apples", "3 apples"}, {"odd_one", "", ""},
	} {
		if got := valueText(c.feature, c.value); got != c.want {
			t.Errorf("%s of %q: %q, want %q", c.feature, c.value, got, c.want)
		}
	}
}

// TestWhoUsersAre: what is known of them makes their names, and what is left stands beside.
func TestWhoUsersAre(t *testing.T) {
	age, months, follows := 24, 18, 1
	for _, c := range []struct {
		u     UserView
		title string
	}{
		{UserView{User: "x"}, "Someone"}, {UserView{Province: "he bei"}, "Someone from He Bei"}, {UserView{Gender: "female", Age: &age, Province: "he bei"}, "Woman, 24, He Bei"}, {UserView{Age: &age}, "Someone, 24"},
		{UserView{Gender: "M"}, "Man"}, {UserView{User: "invented-1", Comment: "Mira"}, "Mira"}, {UserView{User: "real", Comment: "Mira"}, "Someone"}, {UserView{User: "invented-1", Comment: strings.Repeat("a", 41)}, "Someone"},
	} {
		if got := titleText(&c.u); got != c.title {
			t.Errorf("%q, want %q", got, c.title)
		}
	}
	if got := factsText(&UserView{Gender: "male", Age: &age, Months: &months, Follows: &follows}); got != "man, 24 years, here for 18 months, follows 1 account" {
		t.Error(got)
	}
}

// TestReasonsWithoutIDs: what a reason names by its id stands beside it as a picture, and is called what it is.
func TestReasonsWithoutIDs(t *testing.T) {
	for _, c := range []struct {
		card FeedCard
		want string
	}{
		{FeedCard{Reason: "because you watched card KCGC", Cause: "KCGC"}, "Because you watched this card"}, {FeedCard{Reason: "new in content 5036", Content: "5000,5006,5036"}, "New in Topic 5036"},
		{FeedCard{Reason: "more of content folk", Content: "folk"}, "More of folk"}, {FeedCard{Reason: "new from creator HCOC", Creator: "HCOC"}, "New from this creator"}, {FeedCard{}, "Picked for this user"}, {FeedCard{Reason: "popular", Cause: "KCGC"}, "Popular"},
	} {
		if got := reasonText(&c.card); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestPartsOfAScore: what adds 0.7 doubles the odds (e^0.6931 = 2), and fills half the bar to the right; what takes half of that fills a quarter to the left.
// What is too small to tell, or one too many, goes with the rest: .001 + .3 = .301 of .6931 are 21.7 of a bar's 50.
func TestPartsOfAScore(t *testing.T) {
	parts := []Part{{Feature: "day_of_week", Adds: -math.Ln2 / 2}, {Feature: "a", Means: "its plays", Value: "3", Adds: math.Ln2}, {Feature: "b", Adds: .001}}
	rows, rest := partRows(parts, .3, scaleOf(parts, .3), 5)
	want := []partRow{{Means: "its plays", Value: "3", Change: "×2.00", Up: true, Left: "50", Width: "50"}, {Means: "day of week", Change: "÷1.41", Left: "25", Width: "25"}}
	if !slices.Equal(rows, want) || rest == nil || *rest != (partRow{Means: "all that is smaller, together", Change: "×1.35", Up: true, Left: "50", Width: "21.7"}) {
		t.Errorf("%+v and %+v", rows, rest)
	}
	if rows, rest := partRows(parts, 0, 1, 1); len(rows) != 1 || rest == nil || rest.Change != "÷1.41" { // -.3466 + .001
		t.Errorf("%+v and %+v", rows, rest)
	}
	if _, rest := partRows(parts[:2], .001, 1, 5); rest != nil {
		t.Errorf("%+v is told", rest)
	}
	// Odds of 1 to 9, doubled: 2 to 9 are 18.2%.
	why := whyOf(&Why{Base: math.Log(1. / 9), Parts: parts[1:2], Themes: []Theme{{themeCard, math.Ln2}, {themeTaste, .001}}}, 2./11)
	if why.Base != "10.0%" || why.Chance != "18.2%" || why.Off || len(why.Themes) != 1 || why.Themes[0].Means != themeCard || why.Themes[0].Change != "×2.00" {
		t.Errorf("%+v", why)
	}
	if !whyOf(&Why{Base: 0}, .4).Off {
		t.Error("a chance of 0.4 is told to be the 0.5 of its parts")
	}
}

// TestLifeOf draws a bar at its day: of three days the second is missing, and a width holds 14 at least, so that a day is 100/14 = 7.143 wide.
func TestLifeOf(t *testing.T) {
	if lifeOf(nil, 0, time.Time{}) != nil {
		t.Error("a life without days")
	}
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	v := lifeOf([]ItemDay{{day, 50, 5}, {day.AddDate(0, 0, 2), 100, 20}}, .05, day)
	// 50 of 100 shows are 65 of 130 pixels above 140, 5 clicks 6.5. The rates are 10% and 25 of 150, 16.7%, on a scale up to 20%: 30 and 50 of 60 pixels.
	want := []lifeBar{{X: "1", W: "5.143", Middle: "3.571", SlotX: "0", SlotW: "7.143", Y: "75", H: "65", ClickY: "133.5", ClickH: "6.5", RateY: "198", Day: "Sunday, 1 November 2026", Shows: "50", Clicks: "5", Share: "10.0%", Pooled: "10.0%"},
		{X: "15.286", W: "5.143", Middle: "17.857", SlotX: "14.286", SlotW: "7.143", Y: "10", H: "130", ClickY: "114", ClickH: "26", RateY: "178", Day: "Tuesday, 3 November 2026", Shows: "100", Clicks: "20", Share: "20.0%", Pooled: "16.7%"}}
	if diff := cmp.Diff(want, v.Bars); diff != "" {
		t.Error(diff)
	}
	if v.Published != "0" || v.Mean != "213" || v.Rates[1].Text != "20%" || v.Ticks[2].Text != "100" || len(v.Lines) != 1 || v.Lines[0] != (lifeLine{"3.571", "198", "17.857", "178"}) {
		t.Errorf("%+v", v)
	}
	if v.Summary != "150 shows and 25 clicks on 2 days from 1 November to 3 November 2026; most on 3 November, with 100 shows. 16.7% of the shows were clicked." {
		t.Error(v.Summary)
	}
	if one := lifeOf([]ItemDay{{day, 1, 0}}, 0, time.Time{}); one.Summary != "1 show and 0 clicks on 1 November 2026." || one.Bars[0].RateY != "" || one.Mean != "" || one.Published != "" {
		t.Errorf("%+v", one)
	}
	// Seven years without a show take three days' room, no line crosses them, and both years are named.
	v = lifeOf([]ItemDay{{day.AddDate(-7, 0, 0), 20, 2}, {day, 20, 2}}, 0, time.Time{})
	if len(v.Gaps) != 1 || v.Gaps[0].Text != "7 years" || v.Bars[1].SlotX != "28.571" || len(v.Lines) != 0 || len(v.Days) != 2 || v.Days[0].Text != "1 Nov 2019" || v.Days[1].Text != "1 Nov 2026" {
		t.Errorf("%+v", v)
	}
}

// TestMetricTables: each question has a table; of the log-loss the least is best, and what knows the truth is no rival.
func TestMetricTables(t *testing.T) {
	got := metricTables([]feed.Metric{{Method: "popularity", Name: "shown ndcg@10", Value: .5, Low: .4, High: .6}, {Method: "popularity", Name: "shown log_loss", Value: .2, Low: .2, High: .2}, {Method: "ease", Name: "shown log_loss", Value: .1},
		{Method: "oracle", Name: "shown ndcg@10", Value: .9}, {Method: "c", Name: "odd", Value: 1234}})
	// The scale goes from .4 to .9 and 3% of that beyond: .385 to .915. Half of what is between .4 and .6 stands at (.5 - .385) / .53 = 21.7%.
	want := []metricTable{
		{Title: metricQuestions["shown"].title, About: metricQuestions["shown"].about, Heads: []metricHead{{"NDCG@10", metricNames["ndcg"].means, false}, {"log-loss", metricNames["log_loss"].means, true}}, Rows: []metricRow{
			{Method: "popularity", Kind: "plain", At: "21.7", Low: "2.83", High: "40.57", Wide: "37.74", Cells: []metricCell{{"0.500", "0.400–0.600", true, "0.5"}, {"0.200", "", false, "0.2"}}},
			{Method: "EASE", About: "clicked by the same people", Cells: []metricCell{{Value: "–", Number: "-1e9"}, {"0.100", "", true, "0.1"}}},
			{Method: "oracle", About: "knows the true chances", Kind: "best", At: "97.17", Cells: []metricCell{{"0.900", "", false, "0.9"}, {Value: "–", Number: "-1e9"}}}},
			Plot: &metricPlot{Name: "NDCG@10", From: "0.385", To: "0.915", Base: "21.7", BaseName: "popularity"}},
		{Title: "Metrics", Heads: []metricHead{{"odd", "", false}}, Rows: []metricRow{{Method: "c", Cells: []metricCell{{Value: "1,234", Number: "1234"}}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if metricTables(nil) != nil {
		t.Error("tables of nothing")
	}
	if diff := cmp.Diff([]glance{{Head: "NDCG@10, what was shown", Against: "0.500"}, {Head: "odd", Value: "1,234", Method: "c"}}, glances(got)); diff != "" {
		t.Error(diff)
	}
}

func TestRoundUp(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, -3: 1, .9: 1, 1: 1, 1.01: 2, 3: 4, 4.5: 5, 7: 8, 8.1: 10, 10: 10, 123: 200, .034: .04, 2.2: 2.5, 99: 100} {
		if got := roundUp(v); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v up to %v, want %v", v, got, want)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		if got := roundUp(v); got != 1 {
			t.Errorf("%v up to %v", v, got)
		}
	}
}

// TestLineChart: of a scale of 0 to 4 in 30, 1 stands at 30 - 29/4 = 22.75 and 3 at 8.25.
func TestLineChart(t *testing.T) {
	f, at := &liveFigures[0], func(second int) time.Time { return time.Unix(int64(second), 0) }
	c := lineChart([]time.Time{at(0), at(50), at(60), at(100)}, []float64{1, math.NaN(), 2, 3}, at(0), at(100), 4, 3, f)
	if c.Line != "M0 22.75L60 15.5L100 8.25" || c.Area != c.Line+"V30H0z" || c.Values != "1,2,3" || c.Top != "4" || c.Bound != "8.25" || c.Label != "users today: 3 now, between 1 and 3" {
		t.Errorf("%+v", c)
	}
	if c := lineChart([]time.Time{at(100)}, []float64{2}, at(0), at(100), 4, 5, f); c.Line != "M98 15.5L100 15.5" || c.Bound != "" {
		t.Errorf("of a moment: %+v", c)
	}
	if c := lineChart(nil, nil, at(0), at(100), 4, 0, f); c.Line != "" || c.Label != "users today: not known yet" {
		t.Errorf("of nothing: %+v", c)
	}
	var moments []time.Time
	for k := range 361 {
		moments = append(moments, at(k))
	}
	if n := strings.Count(lineChart(moments, make([]float64, 361), at(0), at(360), 4, 0, f).Line, "L"); n > chartPoints {
		t.Errorf("%d pieces of a line", n)
	}
}

// TestHistory: an hour of every ten seconds is 360 samples, a day of every five minutes 288; what comes sooner is told and not kept.
func TestHistory(t *testing.T) {
	f := newPagesFake(0, 0)
	h, now := NewHistory(f), time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	h.now = func() time.Time { return now }
	h.take()
	now = now.Add(3 * time.Second)
	if s, _ := h.take(); !s.at.Equal(now) {
		t.Errorf("the sample is of %s", s.at)
	}
	if list, began := h.last(false); len(list) != 1 || !began.Equal(now.Add(-3*time.Second)) {
		t.Errorf("%d samples since %s", len(list), began)
	}
	for range 2 * 24 * 360 {
		now = now.Add(historyEvery)
		h.take()
	}
	fine, _ := h.last(false)
	coarse, _ := h.last(true)
	if len(fine) != historyHour || len(coarse) != historyDay || now.Sub(fine[0].at) > time.Hour || now.Sub(coarse[0].at) > 24*time.Hour {
		t.Errorf("%d samples since %s, %d since %s; now it is %s", len(fine), fine[0].at, len(coarse), coarse[0].at, now)
	}
	now = now.Add(-30 * time.Minute) // the clock is set back
	h.take()
	if fine, _ := h.last(false); !fine[len(fine)-1].at.Equal(now) || !slices.IsSortedFunc(fine, func(a, b sample) int { return a.at.Compare(b.at) }) {
		t.Errorf("the last of %d samples is of %s, now it is %s", len(fine), fine[len(fine)-1].at, now)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.Keep(ctx) // ends at once
}
