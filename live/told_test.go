package live

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/stream"
)

func TestCountsOfEvents(t *testing.T) {
	s := apply(newState(Config{Examination: []float64{1, .5}}),
		at(stream.Impression, "u", "a", 1, on("p", 0)), // today
		at(stream.Impression, "u", "a", 1, on("p", 0), func(e *stream.Event) { e.ID = "again" }),
		at(stream.Click, "u", "a", 3, on("p", 0)),
		at(stream.Click, "u", "a", 4, on("p", 0)),      // clicked is clicked
		at(stream.Impression, "v", "a", 5, on("q", 7)), // slot 7 is looked at as slot 1 is
		at(stream.Impression, "v", "a", -86400),        // yesterday, in no slot
		at(stream.Impression, "v", "a", -30*86400),     // before what is kept by days
		at(stream.Click, "w", "b", 6),                  // implies that it was shown
		at(stream.Served, "u", "", 7, func(e *stream.Event) {
			e.Page = &stream.Page{Cards: []stream.ServedCard{{Item: "a", Propensity: .5, Explored: true}, {Item: "b", Propensity: 1}, {Item: "c", Propensity: 1}}}
		}),
	)
	// Of a: 4 shows, 1 click, looks 1 + .5 + 1 + 1 = 3.5. Of b: one look and a click. All: 2 clicks of 4.5 looks, so that a makes 2/4.5 x 3.5 = 1.5556 expect.
	for key, want := range map[string]Counts{
		"a": {Shows: 4, Clicks: 1, Looked: 3.5, Expected: 2 / 4.5 * 3.5, TodayShows: 2, TodayClicks: 1, Served: 1, Explored: 1},
		"b": {Shows: 1, Clicks: 1, Looked: 1, Expected: 2 / 4.5, TodayShows: 1, TodayClicks: 1, Served: 1},
		"c": {Served: 1}, // whom a page was made for is not known by that alone
	} {
		id, ok := s.CardID(key)
		if diff := cmp.Diff(want, s.Counts(id), cmpopts.EquateApprox(1e-12, 0)); diff != "" || !ok {
			t.Errorf("counts of %s, %v (-want +got):\n%s", key, ok, diff)
		}
	}
	if diff := cmp.Diff(Counts{}, s.Counts(99)); diff != "" {
		t.Error("counts of a card that is not there:", diff)
	}
	if shows, clicks := s.Totals(); shows != 5 || clicks != 2 {
		t.Errorf("%v shows and %v clicks in all, want 5 and 2", shows, clicks)
	}
	// Today u has 1 of 1, v 0 of 1, w 1 of 1: the mean is 2/3, which u and w reach.
	want := Figures{Day: 18201, Users: 3, Items: 3, UsersToday: 3, ActiveToday: 2, Impressions: 3, Clicks: 2, MeanUserClick: 2. / 3}
	if diff := cmp.Diff(want, s.Figures()); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

func TestTodayGoesBy(t *testing.T) {
	now := time.UnixMilli(noonMS)
	s := New(Config{Clock: func() time.Time { return now }})
	apply(s, at(stream.Item, "", "a", -100, card(stream.Card{})), at(stream.Click, "u", "a", 0))
	if f := s.Figures(); f.Impressions != 1 || f.NewCards != 1 {
		t.Errorf("%+v; an impression of a new card is expected", f)
	}
	now = now.Add(24 * time.Hour)
	if f := s.Figures(); f.Impressions != 0 || f.UsersToday != 0 {
		t.Errorf("%+v on the day after", f)
	}
	apply(s, at(stream.Impression, "u", "a", 86400), at(stream.Impression, "v", "a", 86400), at(stream.Like, "u", "a", 100))
	want := Figures{Day: 18202, Users: 2, Items: 1, UsersToday: 2, Impressions: 2, NewCards: 1}
	if diff := cmp.Diff(want, s.Figures()); diff != "" {
		t.Errorf("figures of the day after (-want +got):\n%s", diff)
	}
	for range 9 { // the ring of days goes round
		now = now.Add(24 * time.Hour)
		apply(s, at(stream.Impression, "u", "a", now.Sub(time.UnixMilli(noonMS)).Seconds()))
	}
	if c := s.Counts(0); c.Shows != 12 || c.TodayShows != 1 {
		t.Errorf("%+v; 12 shows are expected, one of today", c)
	}
}

func TestItemsAreTold(t *testing.T) {
	s := apply(newState(Config{}),
		at(stream.Impression, "u", "a", 0),
		at(stream.Item, "", "a", 4, comment("before"), card(stream.Card{Creator: "j", Artist: "r", Labels: []byte(`{"l":0}`), Categories: []string{"z"}})),
		at(stream.Item, "", "a", 5, comment("words"), card(stream.Card{Creator: "k", Content: "5000,5001,5002", Talk: "77", Type: ptr(2), PublishedMS: noonMS - 86400_000, Categories: []string{"x", "y", "x"}, Labels: []byte(`{"l":1}`)})),
		at(stream.Item, "", "b", 6, card(stream.Card{Creator: "k", Talk: "seven"})),
		at(stream.Item, "", "a", 7, comment("words"), card(stream.Card{Creator: "k", Content: "5000,5001,5002", Talk: "77", Type: ptr(2), Song: "s", Hidden: true, Categories: []string{"y"}, Labels: []byte(`{"l":1}`)})),
	)
	got, _ := s.Item("a")
	want := Item{ID: 0, Key: "a", Listed: true, Creator: "k", Content: "5000,5001,5002", Song: "s", Talk: "77", Type: 2, Categories: []string{"y"}, Hidden: true, PublishedMS: noonMS - 86400_000, Labels: []byte(`{"l":1}`), Comment: "words"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("only the moment of publication stays of what is not told again (-want +got):\n%s", diff)
	}
	if b, _ := s.Item("b"); b.Talk != "seven" || b.Song != "" || b.Artist != "" || b.Type != -1 {
		t.Errorf("of another item: %+v", b)
	}
	c := s.Catalogue()
	if c.Cards.Talk[0] != 0 || c.Cards.Talk[1] != 1 || c.Cards.Talks[0] != 77 || c.Cards.Talks[1] != -1 || c.Cards.Type[0] != 2 || c.Cards.Song[0] != 0 || c.Cards.Published[0] != 18200 || c.Cards.Published[1] != 18201 {
		t.Errorf("the card table is %+v", c.Cards)
	}
	if c.Cards.Contents[0].Levels != [3]int32{5000, 5001, 5002} || !c.Hidden(0) || c.Hidden(1) || !s.Hidden(0) || !c.OfAll(0, []string{"y"}) || c.OfAll(0, []string{"x", "y"}) || !c.OfAll(1, nil) {
		t.Error("levels, hidden or categories are others")
	}
	if share := c.Share(0); share < .9 || c.Share(7) != 0 { // the one show there is
		t.Errorf("its content has %v of all shows", share)
	}
	apply(s, at(stream.Item, "", "b", 7, replaced, comment("other"), card(stream.Card{Artist: "x"}))) // told whole: k and seven are not said again
	if b, _ := s.Item("b"); b.Artist != "x" || b.Creator != "" || b.Talk != "" || b.Comment != "other" || b.PublishedMS != noonMS+6000 {
		t.Errorf("an item that is told whole is what is told, of the same moment: %+v", b)
	}
	apply(s, at(stream.Item, "", "b", 8, replaced))
	if b, _ := s.Item("b"); b.Artist != "" || b.Comment != "" || !b.Listed {
		t.Errorf("told whole and empty: %+v", b)
	}
	before := c.Version
	apply(s, at(stream.ItemDeleted, "", "a", 8), at(stream.ItemDeleted, "", "no such", 9), at(stream.Click, "u", "a", 10))
	if _, ok := s.Item("a"); ok || !s.Hidden(0) || s.Catalogue().Version <= before {
		t.Error("a deleted item is there")
	}
	if c.Cards.Creator[0] != 1 || c.Len() != 2 {
		t.Error("an older catalogue has changed")
	}
	if id, ok := s.CardID("a"); id != 0 || !ok {
		t.Error("a deleted item has lost its id")
	}
	apply(s, at(stream.Item, "", "a", 11))
	if it, ok := s.Item("a"); !ok || it.Hidden || it.Creator != "" || it.Labels != nil || it.Song != "" || it.Talk != "" || it.Type != -1 {
		t.Errorf("told anew after it was deleted it is %+v", it)
	}
}

func TestUsersAreTold(t *testing.T) {
	s := apply(newState(Config{}),
		at(stream.User, "u", "", 0, comment("guest"), who(stream.Profile{Gender: "male", Province: "bei jing", Months: ptr(4), Follows: ptr(5), Labels: []byte(`[0]`)})),
		at(stream.User, "u", "", 1, comment("vip"), who(stream.Profile{Gender: "female", Age: ptr(30), Province: "hai nan", Months: ptr(5), Labels: []byte(`[1]`)})),
		at(stream.Click, "u", "a", 10), at(stream.Impression, "u", "b", -50))
	u, ok := s.User("u")
	want := User{Key: "u", Told: true, Traits: feature.Traits{Gender: "female", Age: 30, Province: "hai nan", Months: 5, Follows: -1}, Labels: []byte(`[1]`), Comment: "vip", Impressions: 2, Clicks: 1,
		FirstMS: noonMS - 50_000, LastMS: noonMS + 10_000}
	if diff := cmp.Diff(want, u); diff != "" || !ok {
		t.Errorf("(-want +got):\n%s", diff)
	}
	apply(s, at(stream.User, "w", "", 2, comment("c"), who(stream.Profile{Gender: "male", Province: "hai nan", Age: ptr(3), Months: ptr(4), Follows: ptr(5), Labels: []byte(`[2]`)})),
		at(stream.User, "w", "", 3, replaced, who(stream.Profile{Gender: "female"})))
	if w, _ := s.User("w"); w.Traits != (feature.Traits{Gender: "female", Age: -1, Months: -1, Follows: -1}) || w.Labels != nil || w.Comment != "" {
		t.Errorf("a profile that is told whole is what is told: %+v", w)
	}
	apply(s, at(stream.UserDeleted, "w", "", 4))
	_, traits, known := s.Rows("nobody")
	if known || traits != feature.NoTraits {
		t.Error("something is known of nobody")
	}
	shows, _ := s.Totals()
	apply(s, at(stream.UserDeleted, "u", "", 11), at(stream.UserDeleted, "nobody", "", 11))
	if _, ok := s.User("u"); ok || s.UserCount() != 0 {
		t.Error("a deleted user is known")
	}
	if after, _ := s.Totals(); after != shows {
		t.Errorf("cards had %v shows and have %v without her", shows, after)
	}
	if f := s.Figures(); f.UsersToday != 0 {
		t.Errorf("%+v without her", f)
	}
	if list := s.relations.clickers.of(0); len(list) != 0 {
		t.Error("she stands among those who clicked an item")
	}
	apply(s, at(stream.Click, "u", "b", 12))
	if u, _ := s.User("u"); u.Told || u.Impressions != 1 || u.Traits != feature.NoTraits || u.Labels != nil {
		t.Errorf("she comes again as %+v", u)
	}
}

func TestBounds(t *testing.T) {
	s := newState(Config{MaxRows: 8, MaxCards: 20, MaxText: 10})
	for k := range 30 {
		apply(s, at(stream.Impression, "u", fmt.Sprint("item ", k%20), float64(100*k)), at(stream.Click, "u", fmt.Sprint("item ", k%20), float64(100*k+1)))
	}
	h, _, _ := s.Rows("u")
	if n := len(h.Card); n > 8 || n < 4 || h.Card[n-1] != 9 {
		t.Errorf("rows of cards %v are kept; the last 8 at most are expected", h.Card)
	}
	if u, _ := s.User("u"); u.Impressions != 30 || u.Clicks != 30 || u.FirstMS != noonMS {
		t.Errorf("%+v; 30 impressions, all clicked, are expected", u)
	}
	for id := range int32(20) {
		want := uint32(1)
		if id < 10 {
			want = 2
		}
		if c := s.Counts(id); c.Shows != want || c.Clicks != want {
			t.Errorf("card %d has %+v; %d shows are expected, all clicked", id, c, want)
		}
	}
	left := s.Left()
	apply(s, at(stream.Impression, "u", "one more", 4000))
	if _, ok := s.CardID("one more"); ok || s.Left() != left+1 {
		t.Error("an item more than there may be")
	}
	apply(s, at(stream.User, "u", "", 1, comment("0123456789")), at(stream.User, "v", "", 1, comment("0")), at(stream.User, "u", "", 1, comment("x"), who(stream.Profile{Age: ptr(3)})))
	u, _ := s.User("u")
	v, _ := s.User("v")
	if u.Comment != "x" || v.Comment != "" || s.text.Load() != 1 {
		t.Errorf("comments %q and %q are kept, %d bytes; x is expected", u.Comment, v.Comment, s.text.Load())
	}
	apply(s, stream.Event{ID: "bad", Kind: "no such", AtMS: 5})
	if s.Left() != left+3 {
		t.Errorf("%d were left out, want 3 more than %d", s.Left(), left)
	}
}

func TestUsersGoWhenThereAreTooMany(t *testing.T) {
	s := newState(Config{MaxUsers: 256}) // 17 in each of 256 parts
	for k := range 20_000 {
		apply(s, at(stream.Click, fmt.Sprint("user ", k), "a", float64(k)-30_000))
	}
	if n := s.UserCount(); n > 17*256 || n < 15*256 {
		t.Errorf("%d users", n)
	}
	if _, ok := s.User("user 19999"); !ok {
		t.Error("the last is not known")
	}
	gone := 0
	for k := range 10_000 {
		if _, ok := s.User(fmt.Sprint("user ", k)); !ok {
			gone++
		}
	}
	if gone < 9_900 {
		t.Errorf("of the first 10,000 %d are gone; of all, 4,352 may stay, the last ones mostly", gone)
	}
}

func TestListsOfUsersAndItems(t *testing.T) {
	s := newState(Config{})
	want := map[string]bool{}
	for k := range 300 {
		apply(s, at(stream.User, fmt.Sprint("user ", k), "", 0), at(stream.Item, "", fmt.Sprint("item ", k), 0, card(stream.Card{Creator: fmt.Sprint("Creator ", k%7), Categories: []string{"CAT"}})))
		want[fmt.Sprint("user ", k)] = true
	}
	apply(s, at(stream.UserDeleted, "user 7", "", 1), at(stream.ItemDeleted, "", "item 9", 1))
	for _, n := range []int{1, 7, 299, 1000} {
		got, cursor := map[string]int{}, ""
		for {
			users, next, err := s.ListUsers("user ", cursor, n)
			if err != nil || len(users) > n {
				t.Fatal(len(users), err)
			}
			for _, u := range users {
				got[u.Key]++
			}
			if cursor = next; next == "" {
				break
			}
		}
		if len(got) != 299 || got["user 7"] != 0 {
			t.Errorf("%d a page: %d users, of whom 299 are expected", n, len(got))
		}
		var items []string
		for cursor = ""; ; {
			page, next, err := s.ListItems("creator 3", cursor, n)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range page {
				items = append(items, i.Key)
			}
			if cursor = next; next == "" {
				break
			}
		}
		if len(items) != 43 || items[0] != "item 3" || items[1] != "item 10" { // 3, 10, ..., 297
			t.Errorf("%d a page: items %q", n, items)
		}
	}
	if users, _, _ := s.ListUsers("user 29", "", 100); len(users) != 11 { // 29 and 290 to 299
		t.Errorf("%d users begin with user 29, want 11", len(users))
	}
	if items, _, _ := s.ListItems("cat", "", 1000); len(items) != 299 {
		t.Errorf("%d items are in cat, want 299", len(items))
	}
	for _, cursor := range []string{"?", "zzzzzzzzzzzz", "-1", "bogus", "BOGUS", "+1", "01"} { // bogus is a number, beyond all of 300 users and items
		if _, _, err := s.ListUsers("", cursor, 1); err != ErrCursor {
			t.Errorf("cursor %q gives %v", cursor, err)
		}
		if _, _, err := s.ListItems("", cursor, 1); err != ErrCursor {
			t.Errorf("cursor %q gives %v", cursor, err)
		}
	}
}

// TestKeys holds keys against a map.
func TestKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	k := newKeys()
	want := map[string]uint32{}
	for n := range 20_000 {
		key := strings.Repeat("k", r.IntN(5)) + fmt.Sprint(r.IntN(500))
		i, ok := k.find(key)
		if was, had := want[key]; had != ok || had && was != i {
			t.Fatalf("step %d: %q is %d %v, want %d %v", n, key, i, ok, was, had)
		}
		switch {
		case !ok:
			want[key] = k.add(key)
		case r.IntN(2) == 0:
			k.remove(i)
			delete(want, key)
		}
	}
	for key, i := range want {
		if got, ok := k.find(key); !ok || got != i || k.at(i) != key {
			t.Fatalf("%q is %d %v, want %d", key, got, ok, i)
		}
	}
	if k.live != len(want) || len(k.text) > 100_000 {
		t.Errorf("%d keys and %d bytes of text for %d keys", k.live, len(k.text), len(want))
	}
}

// TestLargeCatalogue: of a large catalogue new items are there at once, and what is said anew of others after a second.
func TestLargeCatalogue(t *testing.T) {
	now := time.UnixMilli(noonMS)
	s := New(Config{Clock: func() time.Time { return now }})
	var events []stream.Event
	for k := range smallCatalogue + 1 {
		events = append(events, at(stream.Item, "", fmt.Sprint(k), 0, card(stream.Card{Creator: "k"})))
	}
	apply(s, events...)
	first := s.Catalogue()
	apply(s, at(stream.Item, "", "later", 1, card(stream.Card{Creator: "l", Hidden: true})))
	second := s.Catalogue()
	id := int32(smallCatalogue + 1)
	if second.Len() != smallCatalogue+2 || !second.Hidden(id) || second.Cards.CreatorKeys[second.Cards.Creator[id]] != "l" || first.Len() != smallCatalogue+1 {
		t.Error("a new item is not there at once, or in an older catalogue")
	}
	apply(s, at(stream.Item, "", "7", 1, card(stream.Card{Creator: "m", Hidden: true})))
	if c := s.Catalogue(); c.Hidden(7) || !s.Hidden(7) {
		t.Error("what is said anew of an item is there at once; it is expected to wait")
	}
	now = now.Add(time.Second)
	c := s.Catalogue()
	if !c.Hidden(7) || c.Cards.CreatorKeys[c.Cards.Creator[7]] != "m" || second.Hidden(7) || second.Cards.CreatorKeys[second.Cards.Creator[7]] != "k" || c.Version <= second.Version {
		t.Error("what is said anew of an item is not there after a second, or in an older catalogue")
	}
	if s.Catalogue() != c {
		t.Error("without a change there is another catalogue")
	}
}
