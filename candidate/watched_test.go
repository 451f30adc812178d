package candidate

import (
	"context"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// rowLists is neighbour lists by hand.
type rowLists map[int32][]int32

func (l rowLists) Neighbours(item int32) ([]int32, []float32) {
	return l[item], make([]float32, len(l[item]))
}

// TestWatchedTakesTurns: with fading .5, the last click's turns score 1, 1/2, 1/3, 1/4 ..., the one before's 1/2, 1/4, ...; ties go to the lower card.
func TestWatchedTakesTurns(t *testing.T) {
	w, err := NewWatched(rowLists{1: {10, 11, 12, 13}, 2: {20, 21, 10, 22}}, WatchedConfig{Fade: .5})
	if err != nil {
		t.Fatal(err)
	}
	got := w.Candidates(&Query{History: History{Item: []int32{1, 7, 2, 2}}}, 10, nil)
	// Card 2 was last; card 7, unknown, has the share 1/2 and nothing to name; card 1 has 1/4.
	//   score 1: 20   1/2: 21   1/3: 10   1/4: 10 again, for card 1, whose turn is spent, and 22   1/8: 11   1/12: 12   1/16: 13
	want := []Candidate{{20, 1, 2, -1}, {21, .5, 2, -1}, {10, float32(1. / 3), 2, -1}, {22, .25, 2, -1}, {11, .125, 1, -1}, {12, float32(.25 / 3), 1, -1}, {13, .0625, 1, -1}}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if r := w.Reason(got[0], allNames{}); r != "because you watched card 2" {
		t.Errorf("reason %q", r)
	}
}

// TestWatchedGivesNoClickAllPlaces: ten clicks with 50 neighbours each share 30 places, and the last has most.
func TestWatchedGivesNoClickAllPlaces(t *testing.T) {
	lists, h := rowLists{}, History{}
	for i := range int32(12) {
		for j := range int32(50) {
			lists[i] = append(lists[i], 100+50*i+j)
		}
		h.Item = append(h.Item, i)
	}
	w, _ := NewWatched(lists, WatchedConfig{})
	places := map[int32]int{}
	for _, c := range w.Candidates(&Query{History: h}, 30, nil) {
		places[c.Cause]++
	}
	if places[11] <= places[2] || places[11] > 8 || places[2] == 0 || places[1] != 0 {
		t.Errorf("places by click: %v", places)
	}
}

func TestWatchedRefuses(t *testing.T) {
	for _, c := range []WatchedConfig{{Fade: 1.5}, {Fade: -1}, {Fade: math.NaN()}, {Recent: -1}} {
		if _, err := NewWatched(rowLists{}, c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	if _, err := NewWatched(nil, WatchedConfig{}); err == nil {
		t.Error("no lists, and no error")
	}
}

// coWatchLog: user 0 clicks 0, 1 and 2 in a sitting and 3 after a break; user 1 clicks 0 and 1; user 2 opens 4 and swipes to 5 and 4.
func coWatchLog() *memoryLog {
	click := func(user, card int32, minute int) memoryRow {
		return memoryRow{user: user, card: card, day: plantedDay - 1, hour: 5, minute: minute, flags: warehouse.Clicked}
	}
	l := &memoryLog{cards: plainCards(7), profiles: &warehouse.Profiles{Gender: make([]string, 3)}}
	l.rows = []memoryRow{click(0, 0, 0), click(0, 1, 10), {user: 0, card: 6, day: plantedDay - 1, hour: 5, minute: 12}, click(0, 2, 20), click(0, 3, 55), click(1, 0, 1), click(1, 1, 2), click(1, 1, 3)}
	l.swipes = []memorySwipe{{user: 2, opened: 4, day: plantedDay - 1, cards: []int32{5, 4}}, {user: 2, opened: 4, day: plantedDay, cards: []int32{6}}}
	return l
}

func TestCoWatchByHand(t *testing.T) {
	l := coWatchLog()
	c, err := FitCoWatch(t.Context(), l, l, 7, plantedDay-3, plantedDay, CoWatchConfig{Shrink: 2})
	if err != nil {
		t.Fatal(err)
	}
	// Baskets: {0, 1, 2} of weight 1/log2 3 = .63093, {0, 1} of 1, {4, 5: .5} of 1. n(0) = n(1) = 1.63093, n(2) = .63093, n(4) = 1, n(5) = .25.
	w := 1 / math.Log2(3)
	want := map[int32]map[int32]float64{
		0: {1: 1 * (1 + w) / (3 + w), 2: w / math.Sqrt(w*(1+w)) * w / (w + 2)}, // together(0, 1) = n(0), so the cosine is 1
		4: {5: .5 / math.Sqrt(.25) * .5 / 2.5},
		6: {}, 3: {},
	}
	for item, others := range want {
		cards, similarity := c.Neighbours(item)
		if len(cards) != len(others) {
			t.Errorf("card %d: neighbours %v, want %v", item, cards, others)
			continue
		}
		for k, card := range cards {
			if math.Abs(float64(similarity[k])-others[card]) > 1e-6 {
				t.Errorf("cards %d and %d: %v, want %v", item, card, similarity[k], others[card])
			}
		}
	}
	// A day is one sitting: 3 goes with the others.
	if c, _ = FitCoWatch(t.Context(), l, nil, 7, plantedDay-3, plantedDay, CoWatchConfig{Gap: -1}); c != nil {
		if cards, _ := c.Neighbours(3); len(cards) != 3 {
			t.Errorf("card 3 within the day: %v", cards)
		}
		if cards, _ := c.Neighbours(4); len(cards) != 0 {
			t.Errorf("card 4 without swipes: %v", cards)
		}
	}
	if cards, _ := c.Neighbours(-1); cards != nil {
		t.Error("card -1 has neighbours")
	}
	if cards, _ := c.Neighbours(7); cards != nil {
		t.Error("card 7 of 7 has neighbours")
	}
}

func TestCoWatchIsTheSameOnAnyThreads(t *testing.T) {
	l := plantedLog(9, 200, 600)
	fit := func(threads int) *CoWatch {
		c, err := FitCoWatch(t.Context(), l, nil, 600, plantedDay-20, plantedDay, CoWatchConfig{Gap: -1, Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if one := fit(1); len(one.Card) == 0 || !reflect.DeepEqual(one, fit(3)) {
		t.Error("three threads, other neighbours")
	}
}

func TestCoWatchRefusesAndStops(t *testing.T) {
	l := coWatchLog()
	if _, err := FitCoWatch(t.Context(), l, l, 7, plantedDay, plantedDay, CoWatchConfig{}); err == nil {
		t.Error("no day is left, and no error")
	}
	if _, err := FitCoWatch(t.Context(), l, l, 7, 0, plantedDay, CoWatchConfig{MaxBasket: 1}); err == nil {
		t.Error("baskets of one card, and no error")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStopped)
	if _, err := FitCoWatch(ctx, l, l, 7, 0, plantedDay, CoWatchConfig{}); err != errStopped {
		t.Errorf("stopped: %v", err)
	}
	if _, err := NeighboursOf(ctx, linkedScorer{}, 2, nil); err != errStopped {
		t.Errorf("neighbours of a model, stopped: %v", err)
	}
}

// linkedScorer has ten items; it scores an item by its distance to those of the history, the next highest.
type linkedScorer struct{}

func (linkedScorer) Items() int { return 10 }
func (linkedScorer) Scores(h *History, out []float32) {
	clear(out)
	for k, i := range h.Item {
		for j := range out {
			out[j] += h.value(k) * float32(10-max(int(i)-j, j-int(i)))
		}
	}
}
func (linkedScorer) Because(h *History, item int32) (int32, float32) {
	cause, nearest := int32(-1), int32(100)
	for _, i := range h.Item {
		if d := max(i-item, item-i); d < nearest {
			cause, nearest = i, d
		}
	}
	return cause, 1
}

func TestNeighboursOfAModel(t *testing.T) {
	c, err := NeighboursOf(t.Context(), linkedScorer{}, 2, func(item int32) bool { return item != 4 })
	if err != nil {
		t.Fatal(err)
	}
	for item, want := range map[int32][]int32{0: {1, 2}, 5: {4, 6}, 9: {8, 7}, 4: {}} {
		if cards, _ := c.Neighbours(item); !slices.Equal(cards, want) {
			t.Errorf("item %d: %v, want %v", item, cards, want)
		}
	}
}
