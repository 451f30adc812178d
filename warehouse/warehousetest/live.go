package warehousetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// at is a moment of the fixture's month, in its zone, in milliseconds.
func at(d, hour, minute int) int64 {
	return time.Date(2019, time.November, d, hour, minute, 0, 0, feedlog.China).UnixMilli()
}

// did is an event of a user on a card.
func did(kind warehouse.LiveKind, atMS int64, user, card, request string) warehouse.LiveRow {
	return warehouse.LiveRow{Kind: kind, AtMS: atMS, User: user, Card: card, Request: request, Slot: -1}
}

// watched is a view of seconds.
func watched(atMS int64, user, card, request string, seconds float64) warehouse.LiveRow {
	r := did(warehouse.LiveView, atMS, user, card, request)
	r.Value = seconds
	return r
}

// history are a user's impressions in November, a line each: the minute of the month's day, card, slot, show, flags, view seconds, swipes.
func history(t *testing.T, w warehouse.Warehouse, user string) []string {
	t.Helper()
	ctx := context.Background()
	users, err := w.UserKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cards, err := w.CardKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	id := slices.Index(users, user)
	if id < 0 {
		return nil
	}
	h, err := w.HistoryOf(ctx, int32(id), day(1), day(30))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i := range h.Card {
		did := ""
		for f, letter := range "clmsrv" { // clicked, liked, commented, shared, read comments, visited the creator
			if h.Flags[i]&(1<<f) != 0 {
				did += string(letter)
			}
		}
		when := time.UnixMilli(h.ShownAtMS[i]).In(feedlog.China)
		lines = append(lines, fmt.Sprintf("%s %s slot %d show %d %s %v %d", when.Format("2 15:04"), cards[h.Card[i]], h.Position[i], h.Show[i], did,
			h.ViewSeconds[i], h.Swipes[i]))
	}
	return lines
}

func appendLive(t *testing.T, w warehouse.Warehouse, rows ...warehouse.LiveRow) {
	t.Helper()
	offset, err := w.LiveOffset(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		rows[i].Seq = offset + uint64(i) + 1
	}
	if err := w.AppendLive(context.Background(), warehouse.LiveBatches(warehouse.LiveBatch{Rows: rows})); err != nil {
		t.Fatal(err)
	}
}

// testLive holds the live log to cases that can be worked out by hand; that it is as good as a load is tested where a village can be made.
func testLive(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	t.Run("showings", func(t *testing.T) { testShowings(t, open) })
	t.Run("offset", func(t *testing.T) {
		w := open(t)
		seq, err := w.LiveOffset(ctx)
		same(t, "offset of an empty warehouse", uint64(0), seq, err)
		rows := []warehouse.LiveRow{did(warehouse.LiveImpression, at(5, 8, 0), "u1", "c1", "r"), did(warehouse.LiveClick, at(5, 8, 1), "u1", "c1", "r"),
			watched(at(5, 8, 2), "u1", "c1", "r", 3), watched(at(5, 8, 3), "u1", "c1", "r", 4)}
		rows[0].Seq, rows[1].Seq, rows[2].Seq, rows[3].Seq = 7, 9, 10, 12 // numbers may be missing
		for _, b := range []struct {
			from, to int
			last     uint64
			want     uint64
			seconds  string
		}{{0, 2, 0, 9, "NaN"}, {0, 2, 0, 9, "NaN"}, {1, 3, 0, 10, "3"}, {0, 4, 20, 20, "7"}, {0, 4, 20, 20, "7"}, {0, 0, 25, 25, "7"}} {
			err := w.AppendLive(ctx, warehouse.LiveBatches(warehouse.LiveBatch{Rows: rows[b.from:b.to], Last: b.last, Mark: 1<<63 + b.want}))
			seq, offsetErr := w.LiveOffset(ctx)
			mark, markErr := w.LiveMark(ctx)
			if err != nil || offsetErr != nil || markErr != nil || seq != b.want || mark != 1<<63+b.want {
				t.Errorf("rows %d to %d: offset %d, mark %x, %v, %v, %v; want %d", b.from, b.to, seq, mark, err, offsetErr, markErr, b.want)
			}
			same(t, "history", []string{"5 08:00 c1 slot -1 show 1 c " + b.seconds + " 0"}, history(t, w, "u1"), nil)
		}
	})
	t.Run("refused batches", func(t *testing.T) {
		w := loaded(t, open)
		before := snapshot(t, w)
		good := did(warehouse.LiveImpression, at(5, 8, 0), "u1", "c1", "r")
		good.Seq = 1
		change := func(f func(*warehouse.LiveRow)) []warehouse.LiveRow {
			bad := good
			bad.Seq = 2
			f(&bad)
			return []warehouse.LiveRow{good, bad}
		}
		for name, b := range map[string]warehouse.LiveBatch{
			"not ascending":  {Rows: change(func(r *warehouse.LiveRow) { r.Seq = 1 })},
			"no such kind":   {Rows: change(func(r *warehouse.LiveRow) { r.Kind = 99 })},
			"no moment":      {Rows: change(func(r *warehouse.LiveRow) { r.AtMS = 0 })},
			"no user":        {Rows: change(func(r *warehouse.LiveRow) { r.User = "" })},
			"no card":        {Rows: change(func(r *warehouse.LiveRow) { r.Card = "" })},
			"end before":     {Rows: change(func(r *warehouse.LiveRow) {}), Last: 1},
			"another zone":   {Rows: change(func(r *warehouse.LiveRow) {}), Zone: time.UTC},
			"text not UTF-8": {Rows: change(func(r *warehouse.LiveRow) { r.Card = "\xb9\xe3" })},
		} {
			if err := w.AppendLive(ctx, warehouse.LiveBatches(b)); err == nil {
				t.Errorf("%s: taken in", name)
			}
		}
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if err := w.AppendLive(cancelled, warehouse.LiveBatches(warehouse.LiveBatch{Rows: []warehouse.LiveRow{good}})); err == nil {
			t.Error("a cancelled append was taken in")
		}
		seq, err := w.LiveOffset(ctx)
		same(t, "offset", uint64(0), seq, err)
		same(t, "refused", before, snapshot(t, w), nil)
		if err := w.AppendLive(ctx, warehouse.LiveBatches(warehouse.LiveBatch{Rows: []warehouse.LiveRow{good}})); err != nil {
			t.Errorf("after all these: %v", err)
		}
	})
	t.Run("beside a load", func(t *testing.T) {
		w := loaded(t, open)
		// u1 was shown c1 on days 1, 2 and 30 at 23:30; now again on day 30 at 23:50, in the same session at slot 4, and on day 1 at 08:10 in that of 08:00
		appendLive(t, w, did(warehouse.LiveImpression, at(30, 23, 50), "u1", "c1", "r2"), did(warehouse.LiveImpression, at(1, 8, 10), "u1", "c1", "r1"))
		want := []string{"1 08:00 c1 slot 1 show 1  NaN 0", "1 08:00 c2 slot 2 show 1 c 10 2", "1 08:00 c3 slot 3 show 1  NaN 0", "1 08:10 c1 slot -1 show 2  NaN 0",
			"1 09:00 c4 slot 1 show 1 cl 20 0", "2 20:00 c1 slot 1 show 3  NaN 0", "30 23:30 c1 slot 1 show 4 c NaN 0", "30 23:50 c1 slot -1 show 5  NaN 0"}
		same(t, "history", want, history(t, w, "u1"), nil)
		sizes, err := w.SessionSizes(ctx)
		longest := int64(0)
		for _, s := range sizes {
			if s.Measure == warehouse.SessionSeconds {
				longest = max(longest, s.Value)
			}
		}
		same(t, "the session of day 30 goes on", int64(20*60), longest, err)
		// The load is replaced: what it brought goes and comes, and the live rows stay.
		before := snapshot(t, w)
		_, err = w.Load(ctx, Fixture(), warehouse.LoadOptions{Replace: true})
		same(t, "replaced", before, snapshot(t, w), err)
		same(t, "history", want, history(t, w, "u1"), nil)
	})
	t.Run("load after", func(t *testing.T) {
		w := open(t)
		live := []warehouse.LiveRow{did(warehouse.LiveImpression, at(30, 23, 50), "u1", "c1", "r2"), {Kind: warehouse.LiveUser, AtMS: at(1, 0, 0), User: "u1",
			Profile: &warehouse.LiveProfile{Gender: "female", Age: 30, Months: -1, Follows: -1}}}
		appendLive(t, w, live...)
		if _, err := w.Load(ctx, Fixture(), warehouse.LoadOptions{}); err != nil {
			t.Fatal(err)
		}
		other := loaded(t, open)
		appendLive(t, other, live[0])
		same(t, "load after events is as events after the load", snapshot(t, other)[1:], snapshot(t, w)[1:], nil)
		users, err := w.UserKeys(ctx)
		profiles, profilesErr := w.Profiles(ctx)
		if err != nil || profilesErr != nil {
			t.Fatal(err, profilesErr)
		}
		u1 := slices.Index(users, "u1")
		same(t, "the load's row of u1", []any{"male", int16(21)}, []any{profiles.Gender[u1], profiles.Age[u1]}, nil)
	})
	t.Run("list of loads", func(t *testing.T) {
		w := open(t)
		appendLive(t, w, did(warehouse.LiveImpression, at(5, 8, 0), "u1", "c1", "r"), did(warehouse.LiveImpression, at(6, 8, 0), "u1", "c1", "s"))
		appendLive(t, w, did(warehouse.LiveClick, at(5, 8, 1), "u1", "c1", "r"), did(warehouse.LiveClick, at(7, 8, 1), "u2", "c1", ""), did(warehouse.LiveUser, at(5, 8, 0), "u1", "", ""))
		c, err := w.Describe(ctx)
		got := map[feedlog.Table]int64{}
		for _, l := range c.Loads {
			got[l.Table] = l.Rows
		}
		// u1's two impressions and the one that u2's click implies; c1 on days 5, 6 and 7
		same(t, "rows", map[feedlog.Table]int64{feedlog.Impressions: 3, feedlog.Users: 1, feedlog.CardDays: 3}, got, err)
		same(t, "roles", []bool{true, true, false, false}, []bool{c.Has(feedlog.ImpressionLike), c.Has(feedlog.UserAge), c.Has(feedlog.UserLevel), c.Has(feedlog.CardContent)}, nil)
		same(t, "contents", []int64{3, 2, 1, 1}, []int64{c.Impressions, c.Users, c.ListedUsers, c.Cards}, nil)
	})
	t.Run("known", func(t *testing.T) { testKnown(t, open) })
	t.Run("any order", func(t *testing.T) { testLiveOrder(t, open) })
	t.Run("deleted", func(t *testing.T) { testDeleted(t, open) })
	t.Run("card days", func(t *testing.T) {
		w := loaded(t, open) // c3 on day 30: 40 impressions, 4 clicks, 1 follow and so on, in the app's statistics
		swipe := did(warehouse.LiveSwipe, at(30, 10, 1), "u2", "c1", "r")
		swipe.From = "c3"
		appendLive(t, w, did(warehouse.LiveImpression, at(30, 10, 0), "u2", "c3", "r"), swipe, did(warehouse.LiveLike, at(30, 10, 2), "u2", "c1", "r"),
			did(warehouse.LiveFollow, at(30, 10, 3), "u2", "c3", ""), did(warehouse.LiveFollow, at(30, 10, 4), "u2", "c3", ""))
		appendLive(t, w, did(warehouse.LiveShare, at(30, 10, 5), "u2", "c3", "r"))
		cards, err := w.CardKeys(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]warehouse.CardDay{}
		days, err := w.CardDays(ctx, day(30), day(30))
		for _, d := range days {
			key := cards[d.Card]
			d.Card, d.Day = 0, 0
			got[key] = d
		}
		// c3 was opened to be swiped from, shared and followed once; c1 was swiped to, which is no impression: of its like, a day without impressions says nothing
		same(t, "card days", map[string]warehouse.CardDay{"c3": {Impressions: 41, Clicks: 5, Likes: 1, Comments: 1, Shares: 2, CommentViews: 1, CreatorVisits: 1, CreatorFollows: 2}}, got, err)
	})
}

// testShowings: which showing an event is of.
func testShowings(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	const u, c = "", "c1"
	atOnce, oneByOne := open(t), open(t)
	swipe := did(warehouse.LiveSwipe, at(5, 8, 3), u, "c2", "a")
	swipe.From = c
	undo := did(warehouse.LiveUndo, at(5, 9, 0), u, c, "")
	undoClick := undo
	undoClick.Type = "click"
	late := did(warehouse.LiveImpression, at(5, 8, 0), u, c, "a")
	late.Slot = 4
	type rows []warehouse.LiveRow
	const saw, click, like, swiped, follow = warehouse.LiveImpression, warehouse.LiveClick, warehouse.LiveLike, warehouse.LiveSwipe, warehouse.LiveFollow
	ev := func(kind warehouse.LiveKind, d, hour, minute int, card, request string) warehouse.LiveRow {
		return did(kind, at(d, hour, minute), u, card, request)
	}
	for name, test := range map[string]struct {
		rows rows
		want []string
	}{
		"click of a request": {rows{ev(saw, 5, 8, 0, c, "a"), ev(saw, 6, 8, 0, c, "b"), ev(click, 7, 8, 0, c, "a")},
			[]string{"5 08:00 c1 slot -1 show 1 c NaN 0", "6 08:00 c1 slot -1 show 2  NaN 0"}},
		"impression twice": {rows{late, ev(saw, 5, 8, 1, c, "a")},
			[]string{"5 08:00 c1 slot 4 show 1  NaN 0"}},
		"impressions without a request": {rows{ev(saw, 5, 8, 0, c, ""), ev(saw, 5, 8, 1, c, ""), ev(like, 5, 8, 2, c, "")},
			[]string{"5 08:00 c1 slot -1 show 1  NaN 0", "5 08:01 c1 slot -1 show 2 l NaN 0"}},
		"click without an impression": {rows{ev(click, 5, 8, 2, c, "a"), watched(at(5, 8, 5), u, c, "a", 6)},
			[]string{"5 08:02 c1 slot -1 show 1 c 6 0"}},
		"its impression comes late": {rows{ev(click, 5, 8, 2, c, "a"), watched(at(5, 8, 5), u, c, "a", 6), late},
			[]string{"5 08:00 c1 slot 4 show 1 c 6 0"}},
		"like a day later": {rows{late, ev(like, 6, 8, 0, c, "")},
			[]string{"5 08:00 c1 slot 4 show 1 l NaN 0"}},
		"like more than a day later": {rows{late, ev(like, 6, 8, 1, c, "")},
			[]string{"5 08:00 c1 slot 4 show 1  NaN 0", "6 08:01 c1 slot -1 show 2 l NaN 0"}},
		"a clock that is slow": {rows{late, ev(click, 5, 7, 59, c, "")},
			[]string{"5 08:00 c1 slot 4 show 1 c NaN 0"}},
		"a click before": {rows{late, ev(click, 5, 7, 58, c, "")},
			[]string{"5 07:58 c1 slot -1 show 1 c NaN 0", "5 08:00 c1 slot 4 show 2  NaN 0"}},
		"a swipe and its like": {rows{late, ev(saw, 5, 8, 0, "c2", "a"), swipe, ev(like, 5, 8, 4, "c2", "a")},
			[]string{"5 08:00 c2 slot -1 show 1  NaN 0", "5 08:00 c1 slot 4 show 1 c NaN 1"}},
		"a click after the swipe": {rows{late, ev(saw, 5, 8, 0, "c2", "a"), swipe, ev(click, 5, 8, 4, "c2", "a"), ev(like, 5, 8, 5, "c2", "a")},
			[]string{"5 08:00 c2 slot -1 show 1 cl NaN 0", "5 08:00 c1 slot 4 show 1 c NaN 1"}},
		"a swipe alone": {rows{swipe},
			[]string{"5 08:03 c1 slot -1 show 1 c NaN 1"}},
		"a swipe from nowhere": {rows{ev(swiped, 5, 8, 0, c, "a")}, nil},
		"a follow alone":       {rows{ev(follow, 5, 8, 0, c, "")}, nil},
		"a click undone": {rows{late, ev(click, 5, 8, 2, c, "a"), ev(like, 5, 8, 2, c, "a"), undoClick},
			[]string{"5 08:00 c1 slot 4 show 1 l NaN 0"}},
		"all undone": {rows{late, ev(click, 5, 8, 2, c, "a"), undo, ev(saw, 5, 10, 0, c, "")},
			[]string{"5 10:00 c1 slot -1 show 1  NaN 0"}},
		"a stranger's type": {rows{{Kind: warehouse.LiveFeedback, AtMS: at(5, 8, 0), User: u, Card: c, Type: "stars", Value: 4}, did(warehouse.LiveServed, at(5, 8, 0), u, "", "a")}, nil},
	} {
		// Each case has a user of its own, and they share two warehouses.
		rows := slices.Clone(test.rows)
		for i := range rows {
			rows[i].User = name
		}
		appendLive(t, atOnce, rows...)
		same(t, name+", at once", test.want, history(t, atOnce, name), nil)
		for i := range rows {
			appendLive(t, oneByOne, rows[len(rows)-1-i])
		}
		same(t, name+", one by one and the last first", test.want, history(t, oneByOne, name), nil)
	}
}

// testKnown: what is said of users and cards takes the place of what files or others said before, but for days of publication.
func testKnown(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	user := func(atMS int64, p warehouse.LiveProfile) warehouse.LiveRow {
		return warehouse.LiveRow{Kind: warehouse.LiveUser, AtMS: atMS, User: "u1", Profile: &p}
	}
	card := func(key string, atMS int64, c *warehouse.LiveTraits) warehouse.LiveRow {
		kind := warehouse.LiveCard
		if c == nil {
			kind = warehouse.LiveCardDeleted
		}
		return warehouse.LiveRow{Kind: kind, AtMS: atMS, Card: key, Traits: c}
	}
	rows := []warehouse.LiveRow{
		user(at(3, 0, 0), warehouse.LiveProfile{Province: "shang hai", Age: 40, Months: -1, Follows: -1}),
		user(at(2, 0, 0), warehouse.LiveProfile{Province: "bei jing", Gender: "female", Age: -1, Months: -1, Follows: 9}), // earlier, and comes later: it is not the last word
		card("c1", at(2, 0, 0), &warehouse.LiveTraits{Creator: "k9", Talk: "12", Type: -1}),
		card("c7", at(4, 0, 0), &warehouse.LiveTraits{Content: "jazz", Type: 2}),
		card("c7", at(3, 0, 0), &warehouse.LiveTraits{Type: -1}),
		card("c2", at(3, 0, 0), nil),
		card("c3", at(3, 0, 0), &warehouse.LiveTraits{Hidden: true, Type: -1}),
		card("c4", at(3, 0, 0), nil),
		card("c4", at(4, 0, 0), &warehouse.LiveTraits{Type: -1, Song: "s"}),
		card("c8", at(4, 0, 0), &warehouse.LiveTraits{Type: -1, Song: "s", Artist: "a"}),
		card("c8", at(5, 0, 0), &warehouse.LiveTraits{Type: -1, Artist: "a"}),
	}
	check := func(t *testing.T, w warehouse.Warehouse) {
		t.Helper()
		users, err := w.UserKeys(ctx)
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.Profiles(ctx)
		if err != nil {
			t.Fatal(err)
		}
		u1 := slices.Index(users, "u1")
		same(t, "u1", []any{true, "shang hai", "", int16(40), int16(-1), int32(-1), int8(7)},
			[]any{p.Listed[u1], p.Province[u1], p.Gender[u1], p.Age[u1], p.RegisteredMonths[u1], p.Follows[u1], p.Level[u1]}, nil)
		keys, err := w.CardKeys(ctx)
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.Cards(ctx)
		got := map[string][]any{}
		for i, key := range keys {
			content, creator, talk, published := "", "", int32(-1), c.Published[i]-18201 // 1 November 2019 is day 18,201
			if c.Published[i] == warehouse.UnknownDay {
				published = -999
			}
			if c.Content[i] >= 0 {
				content = c.Contents[c.Content[i]].Key
			}
			if c.Creator[i] >= 0 {
				creator = c.CreatorKeys[c.Creator[i]]
			}
			if c.Talk[i] >= 0 {
				talk = c.Talks[c.Talk[i]]
			}
			got[key] = []any{c.Listed[i], published, c.Type[i], content, creator, talk, c.Song[i] >= 0, c.Artist[i] >= 0}
		}
		// The fixture's ages count back from 1 December, day 30 of these: c1 is 31 days old, c2 40, c3 1, c4 30. c7 was first spoken of on the 3rd.
		same(t, "cards", map[string][]any{
			"c1": {true, int32(-1), int8(-1), "", "k9", int32(12), false, false}, "c2": {false, int32(-10), int8(2), "5000,5001,5003", "k1", int32(-1), true, true},
			"c3": {false, int32(29), int8(-1), "", "", int32(-1), false, false}, "c4": {true, int32(0), int8(-1), "", "", int32(-1), true, false},
			"c5": {false, int32(-999), int8(-1), "", "", int32(-1), false, false}, "c7": {true, int32(2), int8(2), "jazz", "", int32(-1), false, false},
			"c8": {true, int32(3), int8(-1), "", "", int32(-1), false, true},
		}, got, err)
	}
	w := loaded(t, open)
	appendLive(t, w, rows...)
	check(t, w)
	w = loaded(t, open)
	for i := range rows {
		appendLive(t, w, rows[len(rows)-1-i])
	}
	check(t, w)
}

// testDeleted: a deleted user leaves nothing, whenever it comes.
func testDeleted(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	gone := warehouse.LiveRow{Kind: warehouse.LiveUserDeleted, AtMS: at(30, 23, 59), User: "u1"}
	rows := []warehouse.LiveRow{did(warehouse.LiveImpression, at(5, 8, 0), "u1", "c1", "r"), did(warehouse.LiveClick, at(5, 8, 0), "u1", "c1", "r"),
		did(warehouse.LiveFollow, at(5, 8, 0), "u1", "c1", "r"), did(warehouse.LiveImpression, at(5, 8, 0), "u2", "c1", "r")}
	// What is left is the fixture without u1's rows, and u2's impression.
	lines := strings.SplitAfter(fixtureImpressions, "\n")
	rest := open(t)
	inputs := append([]warehouse.Input{Input(feedlog.Impressions, "rest.csv", lines[0]+strings.Join(lines[7:], ""))}, others(feedlog.Impressions)...)
	if _, err := rest.Load(ctx, inputs, warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	appendLive(t, rest, rows[3])
	want := snapshot(t, rest)
	for name, batches := range map[string][][]warehouse.LiveRow{
		"after":          {rows, {gone}},
		"in one batch":   {append(slices.Clone(rows), gone)},
		"before":         {{gone}, rows},
		"and told again": {rows, {gone}, {gone}, rows[:2]},
	} {
		t.Run(name, func(t *testing.T) {
			w := loaded(t, open)
			for _, b := range batches {
				appendLive(t, w, slices.Clone(b)...)
			}
			got := snapshot(t, w)
			for _, i := range []int{1, 2, 5, 6} { // those that do not hang on numbers of users
				same(t, fmt.Sprint("part ", i), want[i], got[i], nil)
			}
			users, err := w.UserKeys(ctx)
			if err != nil || slices.Contains(users, "u1") {
				t.Errorf("users %v, %v; u1 is deleted", users, err)
			}
			days, err := w.CardDays(ctx, day(5), day(5))
			if len(days) != 1 || days[0].Impressions != 1 || days[0].CreatorFollows != 0 || err != nil {
				t.Errorf("card days %v, %v; want u2's impression", days, err)
			}
			// She comes back as someone else.
			appendLive(t, w, did(warehouse.LiveImpression, gone.AtMS+1, "u1", "c1", "r"))
			same(t, "history", []string{"30 23:59 c1 slot -1 show 1  NaN 0"}, history(t, w, "u1"), nil)
		})
	}
}
