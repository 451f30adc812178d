package feature_test

import (
	"slices"
	"testing"

	"github.com/seguefeed/segue/feature"
)

// All features of the fixture's first user by hand, from her five impressions of days 1 and 2.
func TestByHand(t *testing.T) {
	w := fixture(t)
	tab := table(t, w, 1, 3, append(feature.Extended(), feature.LateImpressions()))
	if len(tab.Users) != 3 || !slices.IsSorted(tab.Users) {
		t.Fatalf("users %v: u1, u2 and u3 were seen on days 1 and 2, and nobody else", tab.Users)
	}
	provinces := tab.Context.Provinces
	if !slices.Equal(provinces, []string{"bei jing", "guang dong", "shang hai", "unknown"}) {
		t.Fatalf("provinces %v", provinces)
	}
	// Slots, over all users of days 1 and 2, all of whose days go down to 4 at most: slot 1 has u1 three times (one click), u2 and
	// u3; slot 2 u1 and u3, both clicked, and u2; slot 3 u1: 9 impressions with 3 clicks.
	slot1, slot2, slot3 := (1+50/3.)/(5+50), (2+50/3.)/(3+50), (50/3.)/(1+50)
	// Card c1 had 2 impressions without a click on day 1, when 2 of 6 impressions were clicked. On day 1 nothing was known before.
	quality := (0 + 50*2/6.) / (2 + 50)
	u1 := map[string]float64{
		"clicks": 2, "comments": 0, "creator_visits": 0, "shares": 0, "comment_views": 0, "likes": 1, "view_seconds": 10 + 20,
		"province": 1, "age": 21, "gender": 0, "registered_months": 3, "follows": 5,
		"impressions": 5, "active_days": 2,
		"sessions":         3, // 8:00; 9:00, an hour later; 20:00 of day 2
		"browsed_sessions": 0, // none below slot 4
		"browsed_share":    .3 / 4,
		"screens":          3, "scrolled_sessions": 0, "scrolled_share": .3 / 4, "screen_click_rate": 2.1 / 1, // no screen beyond the first of each session
		"recency": 4 / 24., "first_seen": (24 + 16) / 24., // 20:00 of day 2 and 8:00 of day 1 to midnight after day 2
		"mean_gap": 1, "longest_gap": 1,
		"mean_position": (1 + 2 + 3 + 1 + 1) / 5., "deepest": 3, "mean_depth": (3 + 1 + 1) / 3.,
		"night_share": 0, "morning_share": 4 / 5., "afternoon_share": 0,
		"click_rate": 2.5 / 15, "first_click_latency": 0, "click_recency": 39 / 24., "click_days": 1, "click_sessions": 2,
		"dwell": 15, "swipe_sessions": 1, "swipes": 2, "swipe_view_seconds": 5 + 15,
		"content_breadth": 1 - 3/6., // c1, c4 and c1 are of one content, c2 of another, c3 of none: 3 of 6 pairs are alike
		"repeat_share":    1 / 5., "shown_quality": quality,
		"click_lift":        2.5 / (3*slot1 + slot2 + slot3 + .5),
		"last3_impressions": 5, "last3_clicks": 2,
		"late_impressions": 1, // on day 30
	}
	got := of(t, w, tab, "u1")
	expect(t, "u1", got, u1)
	if len(u1) != len(got) {
		t.Errorf("%d features are worked out by hand, there are %d", len(u1), len(got))
	}
	// Two impressions on one day, no click.
	expect(t, "u2", of(t, w, tab, "u2"), map[string]float64{"clicks": 0, "gender": 1, "age": 30, "impressions": 2, "sessions": 1, "mean_gap": none, "longest_gap": none,
		"first_click_latency": none, "click_recency": none, "dwell": none, "view_seconds": 0, "recency": 39.5 / 24, "click_lift": .5 / (slot1 + slot2 + .5),
		"shown_quality": none, "content_breadth": 1, "late_impressions": 0})
	// Her age is null; of her two cards one has a content: there is no pair.
	expect(t, "u3", of(t, w, tab, "u3"), map[string]float64{"age": none, "clicks": 1, "comment_views": 1, "content_breadth": none, "recency": 3 / 24., "late_impressions": 1,
		// c1 on day 2 as above; c5 was never shown before: the prior
		"shown_quality": (quality + 2/6.) / 2})
	// u4 has neither province nor gender, u6 no line in the user table.
	late := table(t, w, 3, 5, feature.CaseStudy())
	expect(t, "u4", of(t, w, late, "u4"), map[string]float64{"province": 3, "gender": 2, "age": 25, "shares": 1, "view_seconds": 30})
	expect(t, "u6", of(t, w, late, "u6"), map[string]float64{"province": 3, "gender": 2, "age": none, "registered_months": none, "follows": none})
}

// A session that goes on over midnight is one session on two days, unless the as-of is that midnight: then only what came
// before it is known.
func TestOverMidnight(t *testing.T) {
	w := opened(t)
	load(t, w, lines(t, "impression_data.csv",
		shown{"m", "c1", 2, "23:50", "0", "", ""}, shown{"m", "c2", 2, "23:50", "1", "", ""}, // one screen
		shown{"m", "c3", 2, "23:55", "5", "", ""},   // the next, below the first page
		shown{"m", "c4", 3, "00:05", "6", "c", "7"}, // the third, ten minutes later
		shown{"m", "c1", 3, "00:35", "2", "", ""},   // 30 minutes after: still the same session
		shown{"m", "c1", 3, "01:06", "3", "", ""},   // 31 minutes: another
	))
	expect(t, "as of day 4", of(t, w, table(t, w, 1, 4, feature.Extended()), "m"), map[string]float64{
		"impressions": 6, "active_days": 2, "sessions": 2, "screens": 5, "browsed_sessions": 1, "browsed_share": 1.3 / 3, "scrolled_sessions": 1, "scrolled_share": 1.3 / 3,
		"mean_depth": (6 + 3) / 2., "click_sessions": 1, "screen_click_rate": 1.1 / (5 - 2 + 1), "first_click_latency": 15 * 60,
		"recency": (24 - 1.1) / 24, "click_recency": (24 - 5/60.) / 24, "first_seen": (24 + 10/60.) / 24, "night_share": 3 / 6., "repeat_share": 2 / 6., "mean_gap": 1})
	expect(t, "as of day 3", of(t, w, table(t, w, 1, 3, append(feature.Extended(), feature.LateImpressions())), "m"), map[string]float64{
		"impressions": 3, "active_days": 1, "sessions": 1, "screens": 2, "clicks": 0, "mean_depth": 5, "recency": 5 / 1440., "click_recency": none, "mean_gap": none, "late_impressions": 3})
	// Three days to the as-of count as the last: of day 5, days 2 to 4; of day 6, days 3 to 5.
	expect(t, "as of day 5", of(t, w, table(t, w, 1, 5, feature.Extended()), "m"), map[string]float64{"last3_impressions": 6, "last3_clicks": 1})
	expect(t, "as of day 6", of(t, w, table(t, w, 1, 6, feature.Extended()), "m"), map[string]float64{"last3_impressions": 3, "last3_clicks": 1})
}

// Rows without a position, far below, or with a view time and no click.
func TestOddRows(t *testing.T) {
	w := opened(t)
	load(t, w, lines(t, "impression_data.csv",
		shown{"n", "c1", 1, "10:00", "", "c", "4"}, shown{"n", "c2", 1, "10:10", "", "", "6"},
		shown{"f", "c1", 1, "10:00", "200", "c", ""}, shown{"f", "c2", 1, "10:01", "40", "", ""},
	))
	tab := table(t, w, 1, 2, feature.Extended())
	expect(t, "no positions", of(t, w, tab, "n"), map[string]float64{"mean_position": none, "deepest": none, "mean_depth": 0, "view_seconds": 10, "dwell": 5, "clicks": 1,
		"click_lift": 1}) // nothing is expected, and no click is in a slot: .5/.5
	// f's day goes beyond 64, and both positions count as 15, the last: 2 impressions, 1 click; a half is also what its depth has
	slot := (1 + 50*.5) / (2 + 50.)
	expect(t, "far down", of(t, w, tab, "f"), map[string]float64{"mean_position": 120, "deepest": 200, "click_lift": 1.5 / (2*slot + .5), "browsed_sessions": 1})
}

// A card's quality counts the days before the row's own, and nothing of the day itself.
func TestQualityAsOf(t *testing.T) {
	w := opened(t)
	load(t, w, lines(t, "impression_data.csv",
		shown{"a", "x", 1, "10:00", "1", "c", ""}, shown{"b", "x", 1, "11:00", "1", "c", ""}, shown{"b", "y", 1, "11:00", "2", "", ""},
		shown{"a", "x", 2, "10:00", "1", "", ""}, shown{"b", "x", 2, "09:00", "1", "", ""},
		shown{"q", "x", 2, "12:00", "1", "", ""},  // day 1: 2 of 2 clicked on x, 2 of 3 in all
		shown{"q", "x", 3, "12:00", "1", "", ""},  // days 1 and 2: 2 of 5 on x, 2 of 6 in all
		shown{"z", "x", 4, "12:00", "1", "c", ""}, // not before the as-of
	))
	day2, day3 := (2+50*2/3.)/(2+50), (2+50*2/6.)/(5+50)
	expect(t, "q", of(t, w, table(t, w, 1, 4, feature.Extended()), "q"), map[string]float64{"shown_quality": (day2 + day3) / 2})
	// From day 2 on, day 1 is unknown: nothing on day 2; 3 impressions without a click before day 3.
	expect(t, "q from day 2", of(t, w, table(t, w, 2, 4, feature.Extended()), "q"), map[string]float64{"shown_quality": 0})
}

// A log that comes in several loads, the earlier days last, gives what it gives at once.
func TestSeveralLoads(t *testing.T) {
	rows := []shown{
		{"a", "c1", 1, "10:00", "1", "c", "3"}, {"a", "c2", 1, "10:00", "2", "", ""}, {"b", "c1", 1, "12:00", "1", "l", ""},
		{"a", "c1", 2, "10:20", "1", "", ""}, {"a", "c3", 2, "10:21", "6", "cv", "9"}, {"b", "c2", 2, "23:59", "1", "c", ""},
		{"a", "c1", 3, "00:10", "1", "", ""}, {"c", "c1", 3, "08:00", "1", "", ""}, {"b", "c2", 3, "00:01", "5", "", ""},
	}
	once, parts := opened(t), opened(t)
	load(t, once, lines(t, "impression_data.csv", rows...))
	load(t, parts, lines(t, "late.csv", rows[6:]...))
	load(t, parts, lines(t, "early.csv", rows[:3]...))
	load(t, parts, lines(t, "middle.csv", rows[3:6]...))
	for _, asOf := range []int{2, 3, 4} {
		a, b := table(t, once, 1, asOf, feature.Extended()), table(t, parts, 1, asOf, feature.Extended())
		if len(a.Users) != len(b.Users) {
			t.Fatalf("as of day %d: %d users at once, %d in parts", asOf, len(a.Users), len(b.Users))
		}
		for _, user := range []string{"a", "b"} {
			expect(t, user, of(t, parts, b, user), of(t, once, a, user))
		}
	}
	if got := of(t, parts, table(t, parts, 1, 4, feature.Extended()), "a"); got["repeat_share"] != float64(float32(2/5.)) || got["impressions"] != 5 {
		t.Errorf("a saw c1 three times in 5 impressions: repeats %v of %v", got["repeat_share"], got["impressions"])
	}
}

// Each feature says what it is.
func TestDeclared(t *testing.T) {
	seen := map[string]bool{}
	w := fixture(t)
	c := table(t, w, 1, 3, feature.CaseStudy()).Context
	if n := len(feature.CaseStudy()); n != 12 {
		t.Errorf("the case study had 12 features, here are %d", n)
	}
	for _, d := range append(feature.Extended(), feature.LateImpressions()) {
		if d.Name == "" || d.Rule == "" || d.Why == "" || d.Of == nil || (d.Unit == "") != (d.Levels != nil) {
			t.Errorf("%q: unit %q, rule %q, reason %q: a feature has all, and a unit unless it is a category", d.Name, d.Unit, d.Rule, d.Why)
		}
		if seen[d.Name] {
			t.Errorf("two features are called %s", d.Name)
		}
		seen[d.Name] = true
		if d.Levels != nil && len(d.Levels(c)) < 2 {
			t.Errorf("%s has levels %v", d.Name, d.Levels(c))
		}
	}
	if seen["level"] {
		t.Error("level is never a feature")
	}
}
