package live

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seguefeed/segue/stream"
)

// noon of 1 November 2019, UTC.
const noonMS = 1572609600000

// testClock is a minute after noon.
func testClock() time.Time { return time.UnixMilli(noonMS + 60_000).UTC() }

func newState(c Config) *State {
	if c.Clock == nil {
		c.Clock = testClock
	}
	return New(c)
}

func ptr[T any](v T) *T { return &v }

// at is an event so many seconds after noon.
func at(kind stream.Kind, user, item string, seconds float64, more ...func(*stream.Event)) stream.Event {
	e := stream.Event{ID: fmt.Sprint(kind, user, item, seconds), Kind: kind, AtMS: noonMS + int64(1000*seconds), User: user, Item: item}
	for _, f := range more {
		f(&e)
	}
	return e
}

func on(request string, slot int) func(*stream.Event) {
	return func(e *stream.Event) { e.Request, e.Slot = request, &slot }
}
func value(v float64) func(*stream.Event)      { return func(e *stream.Event) { e.Value = &v } }
func from(item string) func(*stream.Event)     { return func(e *stream.Event) { e.From = item } }
func typ(t string) func(*stream.Event)         { return func(e *stream.Event) { e.Type = t } }
func replaced(e *stream.Event)                 { e.Replace = true }
func comment(c string) func(*stream.Event)     { return func(e *stream.Event) { e.Comment = c } }
func card(c stream.Card) func(*stream.Event)   { return func(e *stream.Event) { e.Card = &c } }
func who(p stream.Profile) func(*stream.Event) { return func(e *stream.Event) { e.Profile = &p } }

// apply applies events with the numbers that follow.
func apply(s *State, events ...stream.Event) *State {
	seq := s.Seq()
	stored := make([]stream.Stored, len(events))
	for k, e := range events {
		stored[k] = stream.Stored{Seq: seq + uint64(k) + 1, Event: e}
	}
	s.Apply(stored)
	return s
}

// line is a row in words: seconds after noon, card, slot, flags, view, swipes and seconds of cards swiped to, and the show.
func lines(s *State, user string) (out []string) {
	h, _, _ := s.Rows(user)
	keys := s.Catalogue().Keys
	for i := range h.Card {
		out = append(out, fmt.Sprintf("%d %s slot %d flags %d view %v swipes %d %.0f show %d", h.ShownAtMS[i]/1000-noonMS/1000, keys[h.Card[i]], h.Position[i], h.Flags[i],
			h.ViewSeconds[i], h.Swipes[i], h.SwipeViewSeconds[i], h.Show[i]))
	}
	return out
}

func TestRowsOfEvents(t *testing.T) {
	const like, visit = 2, 32
	for name, c := range map[string]struct {
		events []stream.Event
		want   []string
	}{
		"an impression": {[]stream.Event{at(stream.Impression, "u", "a", 1, on("p", 3))}, []string{"1 a slot 3 flags 0 view NaN swipes 0 0 show 1"}},
		"told again on the same page": {
			[]stream.Event{at(stream.Impression, "u", "a", 1, on("p", 3)), at(stream.Impression, "u", "a", 40, on("p", 3))},
			[]string{"1 a slot 3 flags 0 view NaN swipes 0 0 show 1"}},
		"shown on three pages in a second": { // a client that catches up
			[]stream.Event{at(stream.Impression, "u", "a", 1, on("p", 3)), at(stream.Impression, "u", "a", 1.5, on("q", 3)), at(stream.Impression, "u", "a", 1.9, on("r", 4)), at(stream.Impression, "u", "a", 2.9)},
			[]string{"1 a slot 3 flags 0 view NaN swipes 0 0 show 1", "1 a slot 3 flags 0 view NaN swipes 0 0 show 2", "1 a slot 4 flags 0 view NaN swipes 0 0 show 3", "2 a slot -1 flags 0 view NaN swipes 0 0 show 4"}},
		"what feedback calls read is the impression of that second": {
			[]stream.Event{at(stream.Impression, "u", "a", 1, on("p", 3)), at(stream.Feedback, "u", "a", 2, typ("read"))},
			[]string{"1 a slot 3 flags 0 view NaN swipes 0 0 show 1"}},
		"shown again on another page": {
			[]stream.Event{at(stream.Impression, "u", "a", 1, on("p", 0)), at(stream.Impression, "u", "a", 40, on("q", 1))},
			[]string{"1 a slot 0 flags 0 view NaN swipes 0 0 show 1", "40 a slot 1 flags 0 view NaN swipes 0 0 show 2"}},
		"done on the last row at or before": {
			[]stream.Event{at(stream.Impression, "u", "a", 1), at(stream.Impression, "u", "a", 40), at(stream.Impression, "u", "a", 90), at(stream.Click, "u", "a", 50), at(stream.Like, "u", "a", 90)},
			[]string{"1 a slot -1 flags 0 view NaN swipes 0 0 show 1", "40 a slot -1 flags 1 view NaN swipes 0 0 show 2", "90 a slot -1 flags 2 view NaN swipes 0 0 show 3"}},
		"done on the row of the same page": {
			[]stream.Event{at(stream.Impression, "u", "a", 1, on("p", 0)), at(stream.Impression, "u", "a", 40, on("q", 1)), at(stream.Click, "u", "a", 50, on("p", 0)), at(stream.Share, "u", "a", 50, on("r", 0))},
			[]string{"1 a slot 0 flags 1 view NaN swipes 0 0 show 1", "40 a slot 1 flags 8 view NaN swipes 0 0 show 2"}},
		"what is not known to have been shown": {
			[]stream.Event{at(stream.Visit, "u", "a", 5, on("p", 2)), at(stream.Like, "u", "b", 6), at(stream.View, "u", "c", 7, value(12.5)),
				at(stream.Follow, "u", "d", 8), at(stream.Swipe, "u", "e", 9), at(stream.Click, "u", "f", 10)},
			[]string{fmt.Sprintf("5 a slot 2 flags %d view NaN swipes 0 0 show 1", visit), fmt.Sprintf("6 b slot -1 flags %d view NaN swipes 0 0 show 1", like),
				"7 c slot -1 flags 0 view 12.5 swipes 0 0 show 1", "10 f slot -1 flags 1 view NaN swipes 0 0 show 1"}},
		"the impression of what was done comes later": {
			[]stream.Event{at(stream.Click, "u", "a", 5, on("p", 2)), at(stream.Impression, "u", "a", 3, on("p", 2)), at(stream.Click, "u", "b", 5), at(stream.Impression, "u", "b", 2)},
			[]string{"2 b slot -1 flags 1 view NaN swipes 0 0 show 1", "3 a slot 2 flags 1 view NaN swipes 0 0 show 1"}},
		"views add up": {
			[]stream.Event{at(stream.Impression, "u", "a", 1), at(stream.Click, "u", "a", 2), at(stream.View, "u", "a", 10, value(8)), at(stream.View, "u", "a", 30, value(4))},
			[]string{"1 a slot -1 flags 1 view 12 swipes 0 0 show 1"}},
		"swipes, and what is done after them": { // 16 s are exact: 2^(96/12 - 4)
			[]stream.Event{at(stream.Impression, "u", "a", 1), at(stream.Click, "u", "a", 2), at(stream.Swipe, "u", "b", 9, from("a")), at(stream.View, "u", "b", 26, value(16)),
				at(stream.Swipe, "u", "c", 27, from("a")), at(stream.Like, "u", "c", 28), at(stream.Like, "u", "a", 29), at(stream.Click, "u", "c", 30)},
			[]string{"1 a slot -1 flags 3 view NaN swipes 2 16 show 1", "30 c slot -1 flags 1 view NaN swipes 0 0 show 1"}},
		"feedback of foreign types": {
			[]stream.Event{at(stream.Feedback, "u", "a", 1, typ("read")), at(stream.Feedback, "u", "a", 4, typ("star")), at(stream.Feedback, "u", "b", 9, typ("star"), value(3))},
			[]string{"1 a slot -1 flags 1 view NaN swipes 0 0 show 1", "9 b slot -1 flags 1 view NaN swipes 0 0 show 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := apply(newState(Config{}), c.events...)
			if diff := cmp.Diff(c.want, lines(s, "u")); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			for range 20 {
				shuffled := append([]stream.Event(nil), c.events...)
				rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				if diff := cmp.Diff(c.want, lines(apply(newState(Config{}), shuffled...), "u")); diff != "" {
					t.Fatalf("in another order (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// same compares all that can be read of two states.
func same(t *testing.T, want, got *State) {
	t.Helper()
	if want.Seq() != got.Seq() {
		t.Errorf("the last event is %d, want %d", got.Seq(), want.Seq())
	}
	a, b := want.Catalogue(), got.Catalogue()
	if diff := cmp.Diff(a, b, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Catalogue{})) + cmp.Diff(a.hidden, b.hidden) + cmp.Diff(a.in, b.in, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("the catalogue (-want +got):\n%s", diff)
	}
	for id := range a.Keys {
		if diff := cmp.Diff(want.Counts(int32(id)), got.Counts(int32(id))); diff != "" {
			t.Fatalf("counts of %s (-want +got):\n%s", a.Keys[id], diff)
		}
	}
	if diff := cmp.Diff(want.Figures(), got.Figures(), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	for u := range testUsers {
		key := fmt.Sprint("user ", u)
		h1, t1, k1 := want.Rows(key)
		h2, t2, k2 := got.Rows(key)
		if diff := cmp.Diff(h1, h2, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b float32) bool {
			return a == b || a != a && b != b || math.Abs(float64(a-b)) < 1e-3
		})); diff != "" || t1 != t2 || k1 != k2 {
			t.Fatalf("user %d, %v %v and %v %v (-want +got):\n%s", u, t1, k1, t2, k2, diff)
		}
	}
}

const testUsers, testItems = 40, 30

// randomEvents are n events of all kinds but those that take things back.
func randomEvents(r *rand.Rand, n int) (out []stream.Event) {
	kinds := []stream.Kind{stream.Impression, stream.Impression, stream.Impression, stream.Impression, stream.Click, stream.Click, stream.Like, stream.View, stream.Swipe, stream.Follow,
		stream.Share, stream.Feedback, stream.Visit, stream.Comment, stream.ReadComments}
	for k := range n {
		e := at(kinds[r.IntN(len(kinds))], fmt.Sprint("user ", r.IntN(testUsers)), fmt.Sprint("item ", r.IntN(testItems)), float64(r.IntN(4000))-10000)
		e.ID = fmt.Sprint(k)
		if r.IntN(2) == 0 {
			e.Request = fmt.Sprint("page ", r.IntN(5))
			e.Slot = ptr(r.IntN(20))
		}
		switch e.Kind {
		case stream.View:
			e.Value = ptr(float64(r.IntN(100)))
		case stream.Swipe:
			e.From = fmt.Sprint("item ", r.IntN(testItems))
		case stream.Feedback:
			e.Type, e.Value = []string{"read", "star", "buy"}[r.IntN(3)], ptr(float64(r.IntN(5)))
		}
		out = append(out, e)
	}
	return out
}

func TestEventsInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		// Ids of items are given in order of first sight, so items come first.
		var items []stream.Event
		for k := range testItems {
			items = append(items, at(stream.Item, "", fmt.Sprint("item ", k), -20000, card(stream.Card{Creator: fmt.Sprint(k % 3)})))
		}
		events := randomEvents(r, 2000)
		want := apply(apply(newState(Config{}), items...), events...)
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		same(t, want, apply(apply(newState(Config{}), items...), events...))
	}
}
