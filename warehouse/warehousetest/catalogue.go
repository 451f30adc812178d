package warehousetest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// testCatalogue holds what there is to recommend to the fixture.
func testCatalogue(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	w := loaded(t, open)
	keys, err := w.CardKeys(ctx)
	same(t, "CardKeys", []string{"c1", "c2", "c3", "c4", "c5"}, slices.Sorted(slices.Values(keys)), err)
	id := func(key string) int32 { return int32(slices.Index(keys, key)) }
	const first = 18201 // 1 November 2019, as in testTraining

	cards, err := w.Cards(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// One line a card with its codes spelled out; songs and artists have no names here and are compared below.
	type line struct {
		Listed           bool
		Published        int32 // of November; a card of age 31 is of 31-31 = 0, the last day of October
		Type             int8
		Content, Creator string
		Talk             int32
		Followers        int64
	}
	of := func(key string) line {
		c := id(key)
		l := line{Listed: cards.Listed[c], Published: cards.Published[c], Type: cards.Type[c], Talk: -1, Followers: -1}
		if l.Published != warehouse.UnknownDay {
			l.Published -= first - 1
		}
		if k := cards.Content[c]; k >= 0 {
			l.Content = cards.Contents[k].Key
		}
		if k := cards.Creator[c]; k >= 0 {
			l.Creator, l.Followers = cards.CreatorKeys[k], cards.Followers[k]
		}
		if k := cards.Talk[c]; k >= 0 {
			l.Talk = cards.Talks[k]
		}
		return l
	}
	same(t, "Cards", []line{
		{true, 0, 1, "5000,5001,5002", "k1", 7, 28},
		{true, 31 - 40, 2, "5000,5001,5003", "k1", -1, 28},
		{true, 31 - 1, 2, "", "k2", 8, 2000000},
		{true, 31 - 30, 1, "5000,5001,5002", "k3", -1, 0},
		{false, warehouse.UnknownDay, -1, "", "", -1, -1}, // c5 is only mentioned
	}, []line{of("c1"), of("c2"), of("c3"), of("c4"), of("c5")}, nil)
	levels := map[string][3]int32{}
	for _, c := range cards.Contents {
		levels[c.Key] = c.Levels
	}
	same(t, "levels", map[string][3]int32{"5000,5001,5002": {5000, 5001, 5002}, "5000,5001,5003": {5000, 5001, 5003}}, levels, nil)
	same(t, "Talks", []int32{7, 8}, cards.Talks, nil)
	// s1 is of c1 and c2, s2 of c3; a1 of all three; c4 and c5 have none
	song, artist := cards.Song, cards.Artist
	if song[id("c1")] < 0 || song[id("c1")] != song[id("c2")] || song[id("c3")] < 0 || song[id("c3")] == song[id("c1")] || song[id("c4")] != -1 || song[id("c5")] != -1 {
		t.Errorf("songs %v of cards %v", song, keys)
	}
	if artist[id("c1")] < 0 || artist[id("c1")] != artist[id("c2")] || artist[id("c1")] != artist[id("c3")] || artist[id("c4")] != -1 || artist[id("c5")] != -1 {
		t.Errorf("artists %v of cards %v", artist, keys)
	}

	days, err := w.CardDays(ctx, day(1), day(29))
	c1 := id("c1")
	same(t, "CardDays", []warehouse.CardDay{{Card: c1, Day: first, Impressions: 100, Clicks: 5, Likes: 1, CommentViews: 1}, {Card: c1, Day: first + 1, Impressions: 60, Clicks: 3}}, days, err)
	days, err = w.CardDays(ctx, day(30), day(30))
	same(t, "CardDays of day 30", []warehouse.CardDay{{Card: id("c3"), Day: first + 29, Impressions: 40, Clicks: 4, Likes: 1, Comments: 1, Shares: 1, CommentViews: 1, CreatorVisits: 1, CreatorFollows: 1}}, days, err)

	testSwipeLists(t, open)

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := w.Cards(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, Cards returned %v", err)
	}
	if _, err := w.CardDays(cancelled, day(1), day(2)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, CardDays returned %v", err)
	}
	if err := w.SwipeLists(cancelled, day(1), day(2), func(*warehouse.SwipeLists) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, SwipeLists returned %v", err)
	}

	none := open(t)
	if c, err := none.Cards(ctx); err != nil || len(c.Listed) != 0 || len(c.Contents) != 0 || len(c.CreatorKeys) != 0 {
		t.Errorf("cards of an empty warehouse: %+v, %v", c, err)
	}
	if d, err := none.CardDays(ctx, day(1), day(30)); err != nil || len(d) != 0 {
		t.Errorf("days of an empty warehouse: %v, %v", d, err)
	}
	if err := none.SwipeLists(ctx, day(1), day(30), func(*warehouse.SwipeLists) error { return errors.New("a list") }); err != nil {
		t.Errorf("swipes of an empty warehouse: %v", err)
	}
}

// testSwipeLists reads the fixture's one swipe session, and two more of another user, the later one standing first in its file.
func testSwipeLists(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	w := loaded(t, open)
	swipe := func(card, position string, liked string) string {
		return "{'mlogId': '" + card + "', 'position': '" + position + "', 'isZan': '" + liked + "', 'isComment': '0', 'isShare': '0', 'isViewComment': '0', 'isIntoPersonalHomepage': '0'}"
	}
	more := FixtureHeader + // 2 November, 00:01 and 00:00
		`"[` + swipe("c1", "1", "0") + `]",2,1,1572624060000,1,0,0,0,0,0,c3,3,late` + "\n" +
		`"[` + swipe("c5", "1", "0") + ", " + swipe("c2", "2", "1") + `]",2,1,1572624000000,1,0,0,0,0,0,c4,3,late` + "\n"
	if _, err := w.Load(ctx, []warehouse.Input{Input(feedlog.Impressions, "more.csv", more)}, warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	users, err := w.UserKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := w.CardKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	read := func(from, to int) (lists []string) {
		err := w.SwipeLists(ctx, day(from), day(to), func(s *warehouse.SwipeLists) error {
			for k, u := range s.User {
				l := users[u] + " " + keys[s.Opened[k]] + ":"
				for i := s.Start[k]; i < s.Start[k+1]; i++ {
					l += " " + keys[s.Card[i]]
					if s.Flags[i]&warehouse.Liked != 0 {
						l += " liked"
					}
					if s.Flags[i]&warehouse.Clicked != 0 {
						t.Errorf("a swipe is marked as clicked")
					}
					if math.IsNaN(float64(s.ViewSeconds[i])) {
						l += " unseen"
					}
				}
				lists = append(lists, l)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return lists
	}
	same(t, "SwipeLists", []string{"u1 c2: c3 liked c4", "late c4: c5 unseen c2 liked unseen", "late c3: c1 unseen"}, read(1, 30), nil)
	same(t, "SwipeLists of day 2", 2, len(read(2, 2)), nil)
	if l := strings.Join(read(3, 30), "; "); l != "" {
		t.Errorf("days 3 to 30 have swipe lists %s", l)
	}
	stop := errors.New("enough")
	if err := w.SwipeLists(ctx, day(1), day(2), func(*warehouse.SwipeLists) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the reader came back as %v", err)
	}
}
