package live

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// together are keys of users of one shard.
func together(n int) (keys []string) {
	for k := 0; len(keys) < n; k++ {
		if key := fmt.Sprint("person ", k); shardOf(key) == 5 {
			keys = append(keys, key)
		}
	}
	return keys
}

// interrupted is a file that events come to between two of its sections.
type interrupted struct {
	bytes.Buffer
	writes int
	after  int
	do     func()
}

func (w *interrupted) Write(b []byte) (int, error) {
	if w.writes++; w.writes == w.after {
		w.do()
	}
	return w.Buffer.Write(b)
}

// A user who comes while a snapshot is written, in the place of one who was deleted, has the same number after a load: what relations tell of the number is of her.
func TestPlacesOfUsersInASnapshot(t *testing.T) {
	u := together(6)
	var stored []stream.Stored
	tell := func(s *State, events ...stream.Event) {
		for _, e := range events {
			stored = append(stored, stream.Stored{Seq: uint64(len(stored) + 1), Event: e})
		}
		s.Apply(stored)
	}
	s := newState(Config{})
	tell(s, at(stream.User, u[0], "", 0), at(stream.User, u[1], "", 0), at(stream.User, u[2], "", 0), at(stream.User, u[3], "", 0), at(stream.Click, "other", "item", 1),
		at(stream.UserDeleted, u[0], "", 2), at(stream.UserDeleted, u[2], "", 2))
	file := &interrupted{after: 1 + shardCount, do: func() { // the head and the shards are written, the relations are not
		tell(s, at(stream.Click, u[4], "item", 3), at(stream.User, u[5], "", 4))
	}}
	if err := s.write(file, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	got, err := loaded(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got.Apply(stored)
	want := []ScoredUser{{u[4], 1}}
	if a, b := s.Neighbours("other", 5), got.Neighbours("other", 5); cmp.Diff(want, a)+cmp.Diff(want, b) != "" {
		t.Errorf("neighbours %v, after a load %v, want %v", a, b, want)
	}
}

// Users who are gone are not counted, and not shown.
func TestNobodyIsNobody(t *testing.T) {
	u := together(3)
	s := apply(newState(Config{}), at(stream.Click, u[0], "i", 1), at(stream.Click, u[1], "i", 1), at(stream.Click, u[2], "i", 1), at(stream.UserDeleted, u[1], "", 2))
	n := 0
	if err := s.EachUser(context.Background(), func(impressions, clicks int) {
		if n++; impressions != 1 || clicks != 1 {
			t.Errorf("a user with %d clicks of %d", clicks, impressions)
		}
	}); err != nil || n != 2 {
		t.Errorf("%d users, %v; want 2", n, err)
	}
	for range 20 {
		for _, some := range s.SomeUsers(50) {
			if some.Key != u[0] && some.Key != u[2] {
				t.Fatalf("some user is %+v", some)
			}
		}
	}
}

// A clock that was ahead for a while does not keep the days from being counted once it is right.
func TestClockThatWasAhead(t *testing.T) {
	now := testClock()
	s := newState(Config{Clock: func() time.Time { return now }})
	click := func(n int) {
		e := at(stream.Click, fmt.Sprint("user ", n), "i", 0)
		e.AtMS = now.UnixMilli()
		apply(s, e)
	}
	click(1)
	right := now
	now = right.AddDate(0, 0, 3*ringDays) // the day has the same place
	click(2)
	now = right
	click(3)
	if c := s.Counts(0); c.Shows != 3 || c.TodayShows != 1 { // what stood in its place is gone
		t.Errorf("%+v: one show of today is expected", c)
	}
	if _, days := s.CardDays(0); len(days) != 1 || days[0].Shows != 1 {
		t.Errorf("days %+v", days)
	}
}

// Names of items have as much room as items.
func TestRoomForNames(t *testing.T) {
	s := newState(Config{MaxCards: 3})
	for k := range 9 {
		apply(s, at(stream.Item, "", "i", float64(k), card(stream.Card{Song: fmt.Sprint("song ", k), Artist: fmt.Sprint("artist ", k), Creator: fmt.Sprint("creator ", k), Talk: fmt.Sprint("talk ", k), Categories: []string{fmt.Sprint("category ", k)}})))
	}
	c := s.Catalogue()
	if n := []int{len(c.Cards.Songs), len(c.Cards.Artists), len(c.Cards.CreatorKeys), len(c.Cards.Talks), len(c.Categories)}; !cmp.Equal(n, []int{3, 3, 3, 3, 3}) || s.Left() != 6*5 {
		t.Errorf("%v names, and %d left out of 9 times 5", n, s.Left())
	}
	if i, _ := s.Item("i"); i.Song != "" || len(i.Categories) != 0 {
		t.Errorf("%+v has names for which there was no room", i)
	}
}

// fed is a warehouse with feedback.
type fed struct {
	*source
	rows []warehouse.ToldFeedback
}

func (w fed) Feedback(_ context.Context, each func([]warehouse.ToldFeedback) error) error {
	return each(w.rows)
}

// Sums of feedback that outgrew the numbers are the largest there are, and rows that name nobody are left out.
func TestFillOfFeedback(t *testing.T) {
	s := newState(Config{})
	w := fed{drawnSource(40), []warehouse.ToldFeedback{{User: 0, Card: 1, Type: "a", AtMS: noonMS, Value: math.Inf(1)}, {User: 0, Card: 2, Type: "a", AtMS: noonMS, Value: math.Inf(-1)},
		{User: 0, Card: 3, Type: "a", AtMS: noonMS, Value: math.NaN()}, {User: 40, Card: 3, Type: "a", AtMS: noonMS}, {User: 0, Card: 100, Type: "a", AtMS: noonMS}, {User: 0, Card: -1, Type: "a", AtMS: noonMS}}}
	if err := s.Fill(t.Context(), w, 1, nil); err != nil {
		t.Fatal(err)
	}
	var values []float64
	rows, _, err := s.Feedback(t.Context(), FeedbackFilter{User: madeKey(0), N: 9})
	for _, r := range rows {
		values = append(values, r.Value)
	}
	if d := cmp.Diff([]float64{math.MaxFloat32, -math.MaxFloat32, 0}, values); d != "" || err != nil || s.Left() != 3 {
		t.Errorf("%v, %d left out (-want +got)\n%s", err, s.Left(), d)
	}
	if u, _ := s.User(madeKey(0)); u.Impressions != 3 || u.Clicks != 3 { // the type counts as a click
		t.Errorf("%+v", u)
	}
}

// tomorrow is a warehouse with a row of a client's clock that is far ahead.
type tomorrow struct{ *source }

func (w tomorrow) Describe(ctx context.Context) (warehouse.Contents, error) {
	c, err := w.source.Describe(ctx)
	c.LastDay = c.LastDay.AddDate(200, 0, 0)
	return c, err
}

func TestFillOfALogAhead(t *testing.T) {
	likeness := func(w Source) map[int32]float64 {
		s := newState(Config{})
		if err := s.Fill(t.Context(), w, 1, nil); err != nil {
			t.Fatal(err)
		}
		return s.Near([]int32{1, 2, 3})
	}
	w := drawnSource(40)
	want, got := likeness(w), likeness(tomorrow{w})
	for card, x := range want {
		if y := got[card]; x-y > 1e-4 || y-x > 1e-4 {
			t.Fatalf("card %d goes with them by %v, and where the log ends in 200 years by %v", card, x, y)
		}
	}
}
