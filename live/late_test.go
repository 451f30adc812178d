package live

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/stream"
)

// orders calls each with all orders of n things.
func orders(n int, each func(order []int)) {
	var next func(order []int)
	next = func(order []int) {
		if len(order) == n {
			each(order)
			return
		}
		for k := range n {
			if !slices.Contains(order, k) {
				next(append(order, k))
			}
		}
	}
	next(make([]int, 0, n))
}

// What is told of items and users, and that they are gone, ends in the same state in whatever order it comes.
func TestToldInAnyOrder(t *testing.T) {
	of := func(stage int) stream.Card {
		return stream.Card{Creator: fmt.Sprint("creator ", stage), PublishedMS: noonMS, Hidden: stage == 1, Categories: []string{fmt.Sprint("category ", stage)}}
	}
	for name, events := range map[string][]stream.Event{
		"told again": {at(stream.Item, "", "i", 1, card(of(0))), at(stream.Item, "", "i", 2, card(of(1))), at(stream.Item, "", "i", 3, comment("c"), card(of(2)))},
		"hidden":     {at(stream.Item, "", "i", 1, card(of(0))), at(stream.Item, "", "i", 3, card(of(1))), at(stream.Item, "", "i", 2, card(of(2)))},
		"gone":       {at(stream.Item, "", "i", 1, card(of(0))), at(stream.Item, "", "i", 2, card(of(2))), at(stream.ItemDeleted, "", "i", 3), at(stream.Click, "v", "i", 4)},
		"back":       {at(stream.Item, "", "i", 1, card(of(0))), at(stream.ItemDeleted, "", "i", 2), at(stream.Item, "", "i", 3, card(of(2)))},
		"user":       {at(stream.User, "u", "", 1, who(stream.Profile{Age: ptr(1)})), at(stream.User, "u", "", 2, comment("c"), who(stream.Profile{Gender: "female"})), at(stream.Click, "u", "i", 3)},
		"user gone":  {at(stream.User, "u", "", 1, who(stream.Profile{Age: ptr(1)})), at(stream.Click, "u", "i", 2), at(stream.Feedback, "u", "i", 3, typ("star"), value(2), comment("n")), at(stream.UserDeleted, "u", "", 4)},
		"user back": {at(stream.User, "u", "", 1, comment("c"), who(stream.Profile{Age: ptr(1)})), at(stream.Click, "u", "i", 2), at(stream.UserDeleted, "u", "", 3), at(stream.Click, "u", "j", 4),
			at(stream.User, "u", "", 5, who(stream.Profile{Gender: "male"}))},
		"user seen again": {at(stream.User, "u", "", 1, comment("c"), who(stream.Profile{Age: ptr(1)})), at(stream.Feedback, "u", "i", 2, typ("star"), value(2), comment("n")), at(stream.UserDeleted, "u", "", 3), at(stream.Click, "u", "j", 4)},
	} {
		believed := func(order []int) map[string]any {
			s := newState(Config{})
			if name != "gone" { // what a deleted user did is not told again to name an item
				apply(s, at(stream.Impression, "w", "i", 0), at(stream.Impression, "w", "j", 0))
			}
			for _, k := range order {
				apply(s, events[k])
			}
			out := map[string]any{}
			item, known := s.Item("i")
			item.ID = 0 // by first sight
			out["item"], out["item known"] = item, known
			id, ok := s.CardID("i")
			out["hidden"] = ok && s.Hidden(id)
			out["user"], out["user known"] = func() (User, bool) { return s.User("u") }()
			out["feedback"] = feedbackOf(t, s, FeedbackFilter{User: "u", N: 9})
			out["text"] = s.text.Load()
			var rows []string
			if h, _, known := s.Rows("u"); known {
				for k, c := range h.Card {
					rows = append(rows, fmt.Sprint(s.Catalogue().Keys[c], h.ShownAtMS[k], h.Flags[k]))
				}
			}
			out["rows"] = rows
			return out
		}
		inOrder := make([]int, len(events))
		for k := range inOrder {
			inOrder[k] = k
		}
		slices.SortFunc(inOrder, func(a, b int) int { return int(events[a].AtMS - events[b].AtMS) })
		want := believed(inOrder)
		orders(len(events), func(order []int) {
			if d := cmp.Diff(want, believed(order)); d != "" {
				t.Errorf("%s, in the order %v (-in order +so)\n%s", name, order, d)
			}
		})
	}
}
