package live

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/stream"
)

func feedbackOf(tb testing.TB, s *State, f FeedbackFilter) (out []string) {
	tb.Helper()
	for pages := 0; ; pages++ {
		rows, next, err := s.Feedback(context.Background(), f)
		if err != nil || pages > 1000 {
			tb.Fatal(pages, err)
		}
		for _, r := range rows {
			out = append(out, fmt.Sprintf("%s %s %s %v at %d %s", r.Type, r.User, r.Item, r.Value, r.AtMS/1000-noonMS/1000, r.Comment))
		}
		if f.Cursor = next; next == "" {
			return out
		}
	}
}

func TestFeedback(t *testing.T) {
	s := apply(newState(Config{}),
		at(stream.Feedback, "u", "a", 1, typ("star"), value(2), comment("good")),
		at(stream.Feedback, "u", "a", 9, typ("star"), value(3)),
		at(stream.Feedback, "u", "a", 5, typ("read")),
		at(stream.Feedback, "u", "b", 6, typ("star"), value(4)),
		at(stream.Feedback, "u", "b", 7, typ("star"), value(1), replaced, comment("bad")),
		at(stream.Impression, "u", "b", 5), at(stream.Like, "u", "b", 8), at(stream.View, "u", "b", 9, value(4)), at(stream.View, "u", "b", 10, value(5)),
		at(stream.Swipe, "u", "c", 11, from("b")),
		at(stream.Click, "v", "a", 3),
	)
	for n := 1; n < 10; n++ { // pages of any size tell the same
		want := []string{"read u a 0 at 5 ", "impression u b 1 at 5 ", "star u b 1 at 7 bad", "like u b 1 at 8 ", "star u a 5 at 9 ", "view u b 9 at 10 ", "swipe u c 1 at 11 "}
		if diff := cmp.Diff(want, feedbackOf(t, s, FeedbackFilter{User: "u", N: n})); diff != "" {
			t.Errorf("of u, %d a page (-want +got):\n%s", n, diff)
		}
		if got := feedbackOf(t, s, FeedbackFilter{Item: "a", N: n}); len(got) != 3 || !strings.Contains(strings.Join(got, "|"), "click v a 1 at 3") {
			t.Errorf("of a: %q", got)
		}
		if got := feedbackOf(t, s, FeedbackFilter{Type: "star", N: n}); len(got) != 2 {
			t.Errorf("of type star: %q", got)
		}
		if got := feedbackOf(t, s, FeedbackFilter{N: n}); len(got) != 8 {
			t.Errorf("all: %q", got)
		}
	}
	for _, f := range []FeedbackFilter{{User: "w", N: 5}, {Item: "w", N: 5}, {Type: "w", N: 5}, {User: "v", Item: "b", N: 5}} {
		if got := feedbackOf(t, s, f); len(got) != 0 {
			t.Errorf("%+v: %q", f, got)
		}
	}
	if _, _, err := s.Feedback(context.Background(), FeedbackFilter{Cursor: "?!", N: 4}); err == nil {
		t.Error("a cursor that is none gives no error")
	}
	// a of u: shown by its feedback and clicked. b: an impression, clicked for star. c is none of hers.
	if diff := cmp.Diff([]string{"5 b slot -1 flags 3 view 9 swipes 1 0 show 1", "5 a slot -1 flags 1 view NaN swipes 0 0 show 1"}, lines(s, "u")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}

	apply(s, at(stream.ItemDeleted, "", "b", 12))
	if got := feedbackOf(t, s, FeedbackFilter{N: 2}); strings.Contains(strings.Join(got, "|"), " b ") || len(got) != 4 {
		t.Errorf("without b, which was deleted: %q", got)
	}
	apply(s, at(stream.Item, "", "b", 13))
	if got := feedbackOf(t, s, FeedbackFilter{N: 2}); len(got) != 8 {
		t.Errorf("with b, which is there again: %q", got)
	}

	back := func(item, typ string) stream.Event {
		return at(stream.Unfeedback, "u", item, 20, func(e *stream.Event) { e.Type, e.ID = typ, "back"+item+typ })
	}
	apply(s, at(stream.Unfeedback, "u", "b", 4), back("b", "star"), back("b", "view"), back("a", "read"), back("a", "no such"), back("no such", ""))
	if diff := cmp.Diff([]string{"5 b slot -1 flags 3 view NaN swipes 1 0 show 1", "9 a slot -1 flags 1 view NaN swipes 0 0 show 1"}, lines(s, "u")); diff != "" {
		t.Errorf("rows after some was taken back (-want +got):\n%s", diff)
	}
	apply(s, back("a", ""), back("b", "like"), back("b", "swipe"))
	if diff := cmp.Diff([]string{"5 b slot -1 flags 0 view NaN swipes 0 0 show 1"}, lines(s, "u")); diff != "" {
		t.Errorf("rows after more (-want +got):\n%s", diff)
	}
	apply(s, back("b", "impression"))
	if got := lines(s, "u"); len(got) != 0 {
		t.Errorf("rows after all was taken back: %q", got)
	}
	a, _ := s.CardID("a")
	if c := s.Counts(a); c.Shows != 1 || c.Clicks != 1 {
		t.Errorf("of a only v's click is left: %+v", c)
	}
	if s.text.Load() != 0 {
		t.Errorf("%d bytes of comments are kept of feedback that is taken back", s.text.Load())
	}
}

// A list that is sent back as feedback does not tell the same twice.
func TestFeedbackSentBack(t *testing.T) {
	s := apply(newState(Config{}),
		at(stream.Impression, "u", "a", 1), at(stream.Like, "u", "a", 2), at(stream.Like, "u", "b", 3),
		at(stream.Feedback, "u", "a", 5, typ("like"), value(1), replaced, comment("exported")),
	)
	want := []string{"impression u a 1 at 1 ", "like u b 1 at 3 ", "like u a 1 at 5 exported"}
	if diff := cmp.Diff(want, feedbackOf(t, s, FeedbackFilter{User: "u", N: 10})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is told of a moment to come counts when it has come; until then it is listed, as what was told.
func TestFeedbackToCome(t *testing.T) {
	now := time.UnixMilli(noonMS)
	s := apply(newState(Config{Clock: func() time.Time { return now }}),
		at(stream.Feedback, "u", "now", 0, typ("like")), at(stream.Feedback, "u", "now", 0, typ("read")),
		at(stream.Feedback, "u", "soon", 600, typ("read")), at(stream.Feedback, "u", "later", 601, typ("hate")), at(stream.Click, "u", "clicked", 700)) // clocks of senders differ
	fed := func() (out []string) {
		for _, id := range s.Fed("u") {
			out = append(out, s.Catalogue().Keys[id])
		}
		return out
	}
	for _, c := range []struct {
		after int
		rows  int // of now and clicked, of soon, and of later, which counts as clicked
		fed   []string
	}{{0, 2, []string{"now"}}, {599, 2, []string{"now"}}, {600, 3, []string{"now", "soon"}}, {601, 4, []string{"now", "soon", "later"}}} {
		now = time.UnixMilli(noonMS).Add(time.Duration(c.after) * time.Second)
		if rows := lines(s, "u"); len(rows) != c.rows {
			t.Errorf("after %d s: %q", c.after, rows)
		}
		if diff := cmp.Diff(c.fed, fed()); diff != "" {
			t.Errorf("after %d s (-want +got):\n%s", c.after, diff)
		}
	}
	if got := feedbackOf(t, s, FeedbackFilter{User: "u", N: 10}); len(got) != 5 {
		t.Errorf("listed are %q", got)
	}
	if s.Fed("nobody") != nil {
		t.Error("nobody gave feedback")
	}
}

func TestRolesOfTypes(t *testing.T) {
	s := newState(Config{Positive: []string{"buy"}, Read: []string{"look"}})
	for typ, want := range map[string]role{"buy": clickRole, "look": readRole, "read": noRole, "hate": noRole} {
		if got := s.roleOf(typ); got != want {
			t.Errorf("type %s has role %d, want %d", typ, got, want)
		}
		if got := s.Positive(stream.Event{Kind: stream.Feedback, Type: typ}); got != (want == clickRole) {
			t.Errorf("type %s is positive: %v", typ, got)
		}
	}
	apply(s, at(stream.Feedback, "u", "a", 1, typ("hate")), at(stream.Feedback, "u", "b", 1, typ("look")), at(stream.Feedback, "u", "c", 2, typ("buy")))
	if diff := cmp.Diff([]string{"1 b slot -1 flags 0 view NaN swipes 0 0 show 1", "2 c slot -1 flags 1 view NaN swipes 0 0 show 1"}, lines(s, "u")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if !s.Positive(stream.Event{Kind: stream.Click}) || s.Positive(stream.Event{Kind: stream.Impression}) {
		t.Error("a click is positive, an impression is not")
	}
}
