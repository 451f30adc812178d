package server

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/stream"
)

// TestItemDays: what the warehouse knows of the days before those that the state counts stands before these, and without its answer these are shown alone.
func TestItemDays(t *testing.T) {
	var asked time.Time
	var fails error
	older := []ItemDay{{logDate(1).AddDate(0, -1, 0), 40, 4}, {logDate(1).AddDate(0, -1, 1), 30, 1}}
	r := newRig(t, rigOf{engine: func(c *EngineConfig) {
		calm(c)
		c.CardDays = func(ctx context.Context, item string, before time.Time) ([]ItemDay, error) {
			if _, bounded := ctx.Deadline(); !bounded || item != "a" {
				t.Errorf("asked of %q, bounded: %v", item, bounded)
			}
			asked = before
			return older, fails
		}
	}})
	r.send(r.did(stream.Item, "", "a"), r.did(stream.Impression, "u", "a"), r.did(stream.Click, "v", "a"))
	now := r.clock.now().UTC()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	get := func(n int) []ItemDay {
		t.Helper()
		days, err := r.ItemDays(t.Context(), "a", n)
		if err != nil {
			t.Fatal(err)
		}
		return days
	}
	live := ItemDay{today, 2, 1} // a click is an impression as well
	if diff := cmp.Diff(append(older[:2:2], live), get(60)); diff != "" {
		t.Error(diff)
	}
	if want := today.AddDate(0, 0, -7); !asked.Equal(want) {
		t.Errorf("days before %s were asked for; the state counts from %s on", asked, want)
	}
	if diff := cmp.Diff([]ItemDay{older[1], live}, get(2)); diff != "" {
		t.Error(diff)
	}
	older, fails = nil, errors.New("the database is gone")
	if diff := cmp.Diff([]ItemDay{live}, get(60)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(r.logged.String(), "the database is gone") {
		t.Error("the log does not say that the warehouse failed")
	}
	if got := r.MeanRate(); got != .5 {
		t.Errorf("a mean rate of %v; 1 click on 2 shows is expected", got)
	}
}

// TestSegments counts everyone once, and is done when the engine ends.
func TestSegments(t *testing.T) {
	r := newRig(t, rigOf{engine: calm})
	r.send(r.did(stream.Item, "", "a"), r.did(stream.User, "new", ""), r.did(stream.Impression, "u", "a"), r.did(stream.Click, "v", "a"))
	want := []SegmentView{{"never seen", 1}, {"looks in passing", 1}, {"browses", 0}, {"clicks", 1}, {"clicks a lot", 0}}
	var got []SegmentView
	for end := time.Now().Add(time.Minute); got == nil && time.Now().Before(end); { // on a busy machine a count may come too late for who asks first
		var err error
		if got, err = r.Segments(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r.Close()
	r.segments.at = time.Time{}
	if got, err := r.Segments(t.Context()); err != nil || len(got) != 5 {
		t.Errorf("of an engine that ended: %v, %v", got, err)
	}
}
