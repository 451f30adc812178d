package live

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// source is a warehouse of one batch, and fails where told so.
type source struct {
	*madeSource
	h   *warehouse.Histories
	err map[string]error
}

func (s *source) Describe(context.Context) (warehouse.Contents, error) {
	first := time.Unix(18172*86400, 0).UTC()
	return warehouse.Contents{Impressions: int64(len(s.h.Card)), FirstDay: first, LastDay: first.AddDate(0, 0, 29)}, s.err["describe"]
}

func (s *source) UserKeys(ctx context.Context) ([]string, error) {
	keys, _ := s.madeSource.UserKeys(ctx)
	return keys, s.err["keys"]
}

func (s *source) Histories(_ context.Context, _, _ time.Time, each func(*warehouse.Histories) error) error {
	if err := each(s.h); err != nil {
		return err
	}
	return s.err["histories"]
}

// drawnSource has users with 0 to 700 rows of the 30 days to noon of 1 November 2019.
func drawnSource(users int) *source {
	r := rand.New(rand.NewPCG(1, 7))
	h := &warehouse.Histories{}
	for u := range users {
		n := []int{0, 1, 20, 600 + u}[u%4]
		if n == 0 {
			continue
		}
		h.User, h.Start = append(h.User, int32(u)), append(h.Start, int32(len(h.Card)))
		times := make([]int64, n)
		for k := range times {
			times[k] = noonMS/1000 - 29*86400 + int64(k)*29*86400/int64(n) + int64(r.IntN(60))
		}
		shows := map[int32]int16{}
		for _, second := range times {
			card := int32(r.IntN(90))
			shows[card]++
			flags, view, swipes, listed := warehouse.Flag(0), nan, int32(0), float32(0)
			if r.IntN(4) == 0 {
				flags, view = warehouse.Clicked|warehouse.Flag(r.IntN(64)), float32(r.IntN(4000))
				if r.IntN(2) == 0 {
					swipes, listed = int32(r.IntN(100)), float32(r.IntN(1000))
				}
			}
			h.Card, h.ShownAtMS, h.Day = append(h.Card, card), append(h.ShownAtMS, second*1000), append(h.Day, int32(second/86400))
			h.Hour, h.Position, h.Show = append(h.Hour, uint8(second/3600%24)), append(h.Position, int32(r.IntN(300))-1), append(h.Show, shows[card])
			h.Flags, h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = append(h.Flags, flags), append(h.ViewSeconds, view), append(h.Swipes, swipes), append(h.SwipeViewSeconds, listed)
		}
	}
	h.Start = append(h.Start, int32(len(h.Card)))
	return &source{&madeSource{users: users, cards: 100}, h, map[string]error{}}
}

func TestFill(t *testing.T) {
	w := drawnSource(40)
	s := newState(Config{})
	var told []int64
	if err := s.Fill(context.Background(), w, 77, func(done, total int64) {
		if total != 40 {
			t.Errorf("%d users in all", total)
		}
		told = append(told, done)
	}); err != nil {
		t.Fatal(err)
	}
	if s.Seq() != 77 || s.UserCount() != 40 || s.ItemCount() != 100 || len(told) < 3 || told[len(told)-1] != 40 {
		t.Errorf("event %d, %d users, %d items, progress %v", s.Seq(), s.UserCount(), s.ItemCount(), told)
	}
	h := w.h
	var shows, clicks [100]uint32
	var today int64
	at := 0
	for u := range 40 {
		got, traits, known := s.Rows(madeKey(u))
		if want := (feature.Traits{Province: "guang dong", Gender: "female", Age: 20, Months: 3, Follows: 4}); traits != want || !known {
			t.Errorf("user %d: %+v, known %v", u, traits, known)
		}
		from, to := 0, 0
		if at < len(h.User) && int(h.User[at]) == u {
			from, to = int(h.Start[at]), int(h.Start[at+1])
			at++
		}
		for row := from; row < to; row++ {
			shows[h.Card[row]]++
			clicks[h.Card[row]] += uint32(h.Flags[row] & warehouse.Clicked)
			if h.Day[row] == noonMS/86400_000 {
				today++
			}
		}
		info, _ := s.User(madeKey(u))
		if info.Impressions != to-from {
			t.Errorf("user %d has %d impressions, want %d", u, info.Impressions, to-from)
		}
		from = max(from, to-maxRecords)
		if len(got.Card) != to-from {
			t.Fatalf("user %d has %d rows, want %d", u, len(got.Card), to-from)
		}
		before := map[int32]int16{}
		for i := range got.Card {
			row := from + i
			before[got.Card[i]]++
			near := func(a, b, by float32) bool { return a != a && b != b || math.Abs(float64(a-b)) <= float64(by*b) }
			if got.Card[i] != h.Card[row] || got.ShownAtMS[i] != h.ShownAtMS[row] || got.Day[i] != h.Day[row] || got.Hour[i] != h.Hour[row] || got.Position[i] != min(h.Position[row], 254) ||
				got.Flags[i] != h.Flags[row] || got.Swipes[i] != min(h.Swipes[row], mostSwipes) || got.Show[i] != before[got.Card[i]] ||
				!near(got.ViewSeconds[i], h.ViewSeconds[row], 0) || !near(got.SwipeViewSeconds[i], h.SwipeViewSeconds[row], .03) {
				t.Fatalf("row %d of user %d is another", i, u)
			}
		}
	}
	for card := range shows {
		if c := s.Counts(int32(card)); c.Shows != shows[card] || c.Clicks != clicks[card] {
			t.Errorf("card %d has %+v, want %d and %d", card, c, shows[card], clicks[card])
		}
	}
	if f := s.Figures(); f.Impressions != today || today == 0 {
		t.Errorf("%d impressions of today, want %d", f.Impressions, today)
	}
	if len(s.Popular(5, 0, nil)) != 5 || len(s.Latest(5, 0, nil)) != 5 || len(s.Near([]int32{1, 2, 3})) == 0 || len(s.Neighbours(madeKey(3), 5)) == 0 {
		t.Error("lists or relations are empty")
	}
	if c := s.Catalogue(); c.Cards.Content[3] != 3 || c.PublishedMS[0] != int64(madeDay)*86400_000 {
		t.Error("the card table is another")
	}

	// Events go on after the warehouse's.
	s.Apply([]stream.Stored{{Seq: 77, Event: stream.Event{ID: "x", Kind: stream.Click, AtMS: noonMS, User: madeKey(0), Item: "old"}},
		{Seq: 78, Event: stream.Event{ID: "y", Kind: stream.Click, AtMS: noonMS, User: madeKey(0), Item: fmt.Sprintf("card-%011d", 5)}},
		{Seq: 79, Event: stream.Event{ID: "z", Kind: stream.Item, AtMS: noonMS, Item: "one", Card: &stream.Card{Content: "content 7", Creator: "creator 3", Song: "s"}}}})
	if h, _, _ := s.Rows(madeKey(0)); len(h.Card) != 1 || h.Card[0] != 5 {
		t.Errorf("rows of cards %v", h.Card)
	}
	if c := s.Catalogue(); c.Cards.Content[100] != 7 || c.Cards.Creator[100] != 3 || c.Cards.Song[100] != 34 { // songs 0 to 33 are the warehouse's
		t.Errorf("a new card has content %d, creator %d, song %d", c.Cards.Content[100], c.Cards.Creator[100], c.Cards.Song[100])
	}
	if old, _ := s.Item(fmt.Sprintf("card-%011d", 5)); old.Song != "song 1" || old.Artist != "artist 0" { // three cards a song, seven an artist
		t.Errorf("a card of the warehouse's has song %q and artist %q", old.Song, old.Artist)
	}
	if one, _ := s.Item("one"); one.Song != "s" || one.Artist != "" {
		t.Errorf("a new card is %+v", one)
	}
	if err := s.Fill(context.Background(), w, 80, nil); err == nil {
		t.Error("a state that knows something is filled")
	}
	dir := t.TempDir()
	if err := s.Save(dir); err != nil {
		t.Fatal(err)
	}
	back, err := Load(dir, s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	for u := range 40 {
		a, _, _ := s.Rows(madeKey(u))
		b, _, _ := back.Rows(madeKey(u))
		if diff := cmp.Diff(a.Card, b.Card) + cmp.Diff(a.Flags, b.Flags); diff != "" {
			t.Errorf("user %d after a restart:\n%s", u, diff)
		}
	}
}

func TestFillFails(t *testing.T) {
	for _, at := range []string{"describe", "keys", "histories"} {
		w := drawnSource(4)
		w.err[at] = errors.New("no " + at)
		if err := newState(Config{}).Fill(context.Background(), w, 1, nil); !errors.Is(err, w.err[at]) {
			t.Errorf("%s: %v", at, err)
		}
	}
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stopped)
	if err := newState(Config{}).Fill(ctx, drawnSource(4), 1, nil); !errors.Is(err, stopped) {
		t.Errorf("cancelled: %v", err)
	}
	if err := newState(Config{MaxCards: 9}).Fill(context.Background(), drawnSource(4), 1, nil); err == nil {
		t.Error("more cards than settings allow: no error")
	}
	odd := drawnSource(4)
	odd.h.Card[0] = 5000
	s := newState(Config{})
	if err := s.Fill(context.Background(), odd, 1, nil); err != nil || s.Left() != 1 {
		t.Errorf("a row of no card: %v, %d left out", err, s.Left())
	}
	empty := &source{&madeSource{}, &warehouse.Histories{Start: []int32{0}}, nil}
	if err := newState(Config{}).Fill(context.Background(), empty, 0, nil); err != nil {
		t.Errorf("an empty warehouse: %v", err)
	}
}
