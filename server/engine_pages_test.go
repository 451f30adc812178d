package server

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/stream"
)

// A moment at which nobody can have done something is refused, and the whole request with it.
func TestEngineMoments(t *testing.T) {
	r := newRig(t, rigOf{})
	now := r.clock.now()
	for _, c := range []struct {
		kind stream.Kind
		atMS int64
		says string // "": it is taken
	}{
		{stream.Click, now.UnixMilli(), ""},
		{stream.Click, now.Add(-19 * 365 * 24 * time.Hour).UnixMilli(), ""},
		{stream.Click, now.Add(23 * time.Hour).UnixMilli(), ""},
		{stream.Click, now.Add(25 * time.Hour).UnixMilli(), "a moment from 2000 to a day from now is expected"},
		{stream.Impression, now.Unix(), "January 1970; a moment from 2000 to a day from now is expected, in milliseconds since 1970 (these may be seconds)"},
		{stream.View, 1, "1 is 1 January 1970"},
		{stream.Feedback, 1, ""},
		{stream.User, now.Add(300 * 24 * time.Hour).UnixMilli(), ""},
	} {
		seconds := 3.
		e := r.did(c.kind, "u", "an item", func(e *stream.Event) { e.AtMS = c.atMS })
		switch c.kind {
		case stream.View:
			e.Value = &seconds
		case stream.Feedback:
			e.Type = "star"
		case stream.User:
			e.Item = ""
		}
		before := r.log.Status().Last
		_, err := r.Append(t.Context(), []stream.Event{r.did(stream.Click, "u", "another"), e})
		var field *stream.FieldError
		var event *EventError
		if c.says == "" {
			if err != nil {
				t.Errorf("%s at %d: %v", c.kind, c.atMS, err)
			}
			continue
		}
		if !errors.As(err, &field) || field.Field != "at_ms" || !strings.Contains(field.Problem, c.says) || !errors.As(err, &event) || event.Index != 1 {
			t.Errorf("%s at %d: %v; %q of the second is expected", c.kind, c.atMS, err, c.says)
		}
		if after := r.log.Status().Last; after != before {
			t.Errorf("%s at %d: %d events were taken", c.kind, c.atMS, after-before)
		}
	}
}

// What is to happen only later (of a clock that is wrong by years, taken in elsewhere, or written back with a delay) does not count before: fatigue goes by days before the moment,
// and would be over. Five minutes are clocks that differ.
func TestEngineEventsOfTheFuture(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm})
			first := r.page(FeedRequest{User: "u"}).items()
			in := func(d time.Duration) func(*stream.Event) {
				return func(e *stream.Event) { e.AtMS += d.Milliseconds() }
			}
			if _, err := r.log.Append(t.Context(), []stream.Event{r.did(stream.Click, "u", first[0], in(10*365*24*time.Hour))}); err != nil {
				t.Fatal(err)
			}
			r.send(r.did(stream.Click, "u", first[1], in(time.Hour)), r.did(stream.Click, "u", first[2], in(time.Minute)))
			for range 2 {
				r.send(r.did(stream.Impression, "u", first[3]))
			}
			there := func(at time.Duration) (out []bool) {
				var items []string
				for offset := 0; offset < logCards; offset += 20 {
					items = append(items, r.page(FeedRequest{User: "u", N: 20, Offset: offset, AtMS: r.clock.now().Add(at).UnixMilli()}).items()...)
				}
				for _, i := range first[:4] {
					out = append(out, slices.Contains(items, i))
				}
				return out
			}
			for at, want := range map[time.Duration][]bool{
				-time.Hour:         {true, true, true, true}, // before she was shown anything
				0:                  {true, true, false, false},
				2 * time.Hour:      {true, false, false, false},
				8 * 24 * time.Hour: {true, false, false, true}, // what was passed over is forgotten
			} {
				if model == "" && at > 24*time.Hour {
					continue // without a model nothing comes a second time
				}
				if got := there(at); !slices.Equal(got, want) {
					t.Errorf("after %v: %v; want %v", at, got, want)
				}
			}
		})
	}
}

// Pages of the same ranking join without a gap, each with the caps of a page of its own, until there are no cards left.
func TestEngineOffset(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm})
			const n = 10
			seen := map[string]bool{}
			for offset := 0; offset < 100; offset += n { // of 200 candidates at least half are left
				p := r.page(FeedRequest{User: "pages", N: n, Offset: offset})
				contents, creators := map[string]int{}, map[string]int{}
				for k, c := range p.Cards {
					contents[c.Content]++
					creators[c.Creator]++
					if seen[c.Item] || c.Slot != k || c.Column != k%2 || contents[c.Content] > 5 || creators[c.Creator] > 2 {
						t.Fatalf("from %d: %+v in place %d; seen before: %v; %d of its content, %d of its creator", offset, c, k, seen[c.Item], contents[c.Content], creators[c.Creator])
					}
					seen[c.Item] = true
				}
				if left := logCards - len(seen); len(p.Cards) < n && left > n { // the last pages have what the caps of those before left over
					t.Fatalf("from %d: %d cards, and %d are left", offset, len(p.Cards), left)
				}
			}
			if p := r.page(FeedRequest{User: userKey(5), N: 5, Offset: 2000}); len(p.Cards) != 0 {
				t.Errorf("%d cards beyond the end", len(p.Cards))
			}
		})
	}
	// Whoever asks on until a page is empty is shown about all that there is, and no page before the last is empty or short of what is left.
	deep := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: func(c *EngineConfig) { calm(c); c.Candidates = 20 }})
	seen := map[string]bool{}
	for offset := 0; ; offset += 10 {
		items := deep.page(FeedRequest{User: "deep", N: 10, Offset: offset}).items()
		for _, i := range items {
			seen[i] = true
		}
		if left := logCards - len(seen); len(items) < 10 && left > logCards/4 {
			t.Fatalf("from %d: %d cards; %d of %d have not been shown", offset, len(items), left, logCards)
		}
		if len(items) == 0 {
			break
		}
	}
	// Pages explore in their own slots alone: those before were other requests' to show, and to log.
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore, c.ExploreCap = 1, 2 }})
	all := 0
	for offset := range 3 {
		explored := 0
		for _, c := range r.page(FeedRequest{User: "pages", N: 10, Offset: 10 * offset}).Cards {
			if c.Explored {
				explored++
			}
		}
		// The limiter knows of all the pages before.
		if all += explored; explored < 8 || r.Stats().Explored != float64(all)/float64(10*(offset+1)) {
			t.Errorf("from %d: %d of 10 slots explored; %v of all so far", 10*offset, explored, r.Stats().Explored)
		}
	}
}
