package live

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/seguefeed/segue/stream"
)

func keysOf(s *State, list []Scored) (out []string) {
	for _, c := range list {
		out = append(out, s.Catalogue().Keys[c.Card])
	}
	return out
}

func TestLatestAndPopular(t *testing.T) {
	s := newState(Config{})
	var events []stream.Event
	for k, key := range []string{"old", "new", "middle", "hidden"} {
		events = append(events, at(stream.Item, "", key, 0, card(stream.Card{PublishedMS: noonMS - []int64{300, 100, 200, 50}[k]*3600_000, Hidden: key == "hidden"})))
	}
	click := func(key string, day, clicks, shows int) {
		for k := range shows {
			user := fmt.Sprint(key, day, k)
			events = append(events, at(stream.Impression, user, key, float64(-86400*day)))
			if k < clicks {
				events = append(events, at(stream.Click, user, key, float64(-86400*day)+1))
			}
		}
	}
	click("old", 0, 10, 20)
	click("new", 4, 10, 20) // weighs a quarter: 2.5 clicks of 5 shows, whose lower bound is less
	click("middle", 0, 5, 20)
	click("told of by events", 0, 20, 40) // the same rate as old's, surer
	click("hidden", 0, 50, 100)
	click("by one", 0, 1, 1) // the one user who was shown it clicked it
	apply(s, events...)
	if got := keysOf(s, s.Latest(10, 0, nil)); !slices.Equal(got, []string{"new", "middle", "old"}) {
		t.Errorf("the latest are %q", got)
	}
	if got := keysOf(s, s.Popular(10, 0, nil)); !slices.Equal(got, []string{"told of by events", "old", "by one", "new", "middle"}) {
		t.Errorf("the popular are %q", got)
	}
	notOld := func(card int32) bool { return card == 0 }
	if got := keysOf(s, s.Popular(1, 1, notOld)); !slices.Equal(got, []string{"by one"}) {
		t.Errorf("after the first, without old, comes %q", got)
	}
	if got := s.Latest(0, 0, nil); got != nil {
		t.Errorf("none of the latest are %v", got)
	}
	// 10 clicks of 20, and 50 more shows at the rate of all, 96 of 201: n = 70, p = (10 + 50 x 96/201) / 70, z2 = 1.6384
	n, p := 70., (10+50*96./201)/70
	want := (p + 1.6384/(2*n) - 1.28*math.Sqrt(p*(1-p)/n+1.6384/(4*n*n))) / (1 + 1.6384/n)
	if got := s.Popular(1, 1, nil)[0].Score; math.Abs(got-want) > 1e-6 {
		t.Errorf("old has score %v, want %v", got, want)
	}
}

// TestMoreThanListsHold asks a catalogue that is larger than its lists.
func TestMoreThanListsHold(t *testing.T) {
	s := newState(Config{})
	var events []stream.Event
	for k := range listLength + 50 {
		events = append(events, at(stream.Item, "", fmt.Sprint(k), 0, card(stream.Card{PublishedMS: noonMS - int64(k)*1000})))
	}
	apply(s, events...)
	got := s.Latest(20, listLength+40, nil)
	if len(got) != 10 || got[9].Card != listLength+49 {
		t.Errorf("at the end stand %v", got)
	}
	got = s.Latest(20, 0, func(card int32) bool { return card < listLength+45 })
	if len(got) != 5 || got[0].Card != listLength+45 {
		t.Errorf("of the last five there are %v", got)
	}
}

func TestSimilarAndNeighbours(t *testing.T) {
	s := newState(Config{})
	var events []stream.Event
	for u := range 6 { // a and b together, four times; a and c, twice
		user := fmt.Sprint("user ", u)
		events = append(events, at(stream.Click, user, "a", float64(10*u)))
		if u < 4 {
			events = append(events, at(stream.Click, user, "b", float64(10*u+1)))
		} else {
			events = append(events, at(stream.Click, user, "c", float64(10*u+1)))
		}
	}
	apply(s, events...)
	// Four pairs of a, clicked 6 times, and b, clicked 4 times: 4 / sqrt(11 x 9). Of c 2 / sqrt(11 x 7).
	got := s.Similar(0, 5, nil)
	if len(got) != 2 || got[0].Card != 1 || math.Abs(got[0].Score-4/math.Sqrt(99)) > 1e-3 || math.Abs(got[1].Score-2/math.Sqrt(77)) > 1e-3 {
		t.Errorf("like a are %v", got)
	}
	if got := s.Similar(0, 5, func(card int32) bool { return card == 1 }); len(got) != 1 || got[0].Card != 2 {
		t.Errorf("like a without b are %v", got)
	}
	near := s.Near([]int32{1, 2}) // a goes with both
	if want := 1 - (1-4/math.Sqrt(99))*(1-2/math.Sqrt(77)); math.Abs(near[0]-want) > 1e-3 || near[1] != 0 {
		t.Errorf("near b and c are %v, want a with %v", near, want)
	}
	// user 0 shares a and b with users 1 to 3, a alone with 4 and 5.
	users := s.Neighbours("user 0", 10)
	if len(users) != 5 || math.Abs(users[0].Score-1) > 1e-9 || users[3].Score >= .9 || users[4].Score != users[3].Score {
		t.Errorf("like user 0 are %v", users)
	}
	if got := s.Neighbours("nobody", 3); got != nil {
		t.Errorf("like nobody are %v", got)
	}
	for _, id := range []int32{-1, 3, math.MaxInt32} {
		if got := s.Similar(id, 3, nil); len(got) != 0 {
			t.Errorf("like card %d are %v", id, got)
		}
	}
}

func TestPairsFade(t *testing.T) {
	now := time.UnixMilli(noonMS)
	s := New(Config{Clock: func() time.Time { return now }})
	apply(s, at(stream.Click, "u", "a", 0), at(stream.Click, "u", "b", 0))
	first := s.Similar(0, 1, nil)[0].Score
	now = now.Add(pairDays * 24 * time.Hour)
	if half := s.Similar(0, 1, nil)[0].Score; math.Abs(half-first/2) > 1e-4 {
		t.Errorf("after %d days %v is %v, want half", pairDays, first, half)
	}
	// Weights begin anew after 60 half-lives, and what is new is worth what it was.
	now = now.Add(62 * pairDays * 24 * time.Hour)
	later := now.Sub(time.UnixMilli(noonMS)).Seconds()
	apply(s, at(stream.Click, "v", "c", later), at(stream.Click, "v", "d", later))
	if s.relations.base != now.Unix() {
		t.Errorf("weights begin at %d, want %d", s.relations.base, now.Unix())
	}
	if again := s.Similar(2, 1, nil)[0].Score; math.Abs(again-first) > 1e-4 {
		t.Errorf("a new pair is worth %v, want %v", again, first)
	}
	if old := s.Similar(0, 1, nil)[0].Score; old > 1e-12 || old < 0 {
		t.Errorf("the old pair is worth %v", old)
	}
}

func TestRelationsAreBounded(t *testing.T) {
	s := newState(Config{})
	for u := range 300 {
		apply(s, at(stream.Click, fmt.Sprint(u), "a", float64(u)), at(stream.Click, fmt.Sprint(u), fmt.Sprint("item ", u), float64(u)))
	}
	a, _ := s.CardID("a")
	if n := len(s.relations.near.of(a)); n != maxNeighbours {
		t.Errorf("%d neighbours, want %d", n, maxNeighbours)
	}
	if n := len(s.relations.clickers.of(a)); n != maxClickers {
		t.Errorf("%d users, want %d", n, maxClickers)
	}
	last, _ := s.CardID("item 299")
	if !slices.ContainsFunc(s.relations.near.of(a), func(n neighbour) bool { return n.card == last }) {
		t.Error("the last pair is not among them")
	}
}
