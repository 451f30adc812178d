package candidate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// memoryLog is a log in memory, as much of it as generators ask for. Users come in pieces of pieceUsers.
type memoryLog struct {
	warehouse.Training // what is not asked for
	cards              *warehouse.Cards
	profiles           *warehouse.Profiles
	rows               []memoryRow
	swipes             []memorySwipe
}

type memoryRow struct {
	user, card, day, slot int32
	hour                  uint8
	minute                int
	flags                 warehouse.Flag
	view                  float32
	swiped                int32
}

type memorySwipe struct {
	user, opened, day int32
	cards             []int32
}

const pieceUsers = 7

func (r memoryRow) atMS() int64 {
	return int64(r.day)*86_400_000 + int64(r.hour)*3_600_000 + int64(r.minute)*60_000
}

func (l *memoryLog) sorted() []memoryRow {
	rows := slices.Clone(l.rows)
	slices.SortStableFunc(rows, func(a, b memoryRow) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.atMS(), b.atMS())) })
	return rows
}

func (l *memoryLog) Histories(ctx context.Context, from, to time.Time, each func(*warehouse.Histories) error) error {
	first, last := int32(from.Unix()/86400), int32(to.Unix()/86400)
	h := &warehouse.Histories{Start: []int32{0}}
	flush := func() error {
		if len(h.User) == 0 {
			return nil
		}
		err := each(h)
		h = &warehouse.Histories{Start: []int32{0}}
		return err
	}
	for _, r := range l.sorted() {
		if r.day < first || r.day > last {
			continue
		}
		if n := len(h.User); n == 0 || h.User[n-1] != r.user {
			if n == pieceUsers {
				if err := flush(); err != nil {
					return err
				}
			}
			h.User, h.Start = append(h.User, r.user), append(h.Start, h.Start[len(h.Start)-1])
		}
		h.Start[len(h.Start)-1]++
		h.Card, h.ShownAtMS, h.Day, h.Hour = append(h.Card, r.card), append(h.ShownAtMS, r.atMS()), append(h.Day, r.day), append(h.Hour, r.hour)
		h.Position, h.Flags, h.Show = append(h.Position, r.slot), append(h.Flags, r.flags), append(h.Show, 1)
		view := r.view
		if r.flags&warehouse.Clicked == 0 {
			view = float32(math.NaN())
		}
		h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = append(h.ViewSeconds, view), append(h.Swipes, r.swiped), append(h.SwipeViewSeconds, 0)
	}
	return flush()
}

func (l *memoryLog) SwipeLists(_ context.Context, from, to time.Time, each func(*warehouse.SwipeLists) error) error {
	s := &warehouse.SwipeLists{Start: []int32{0}}
	for _, w := range l.swipes {
		if w.day < int32(from.Unix()/86400) || w.day > int32(to.Unix()/86400) {
			continue
		}
		s.User, s.Opened, s.Day = append(s.User, w.user), append(s.Opened, w.opened), append(s.Day, w.day)
		s.Card = append(s.Card, w.cards...)
		s.Start = append(s.Start, int32(len(s.Card)))
	}
	return each(s)
}

func (l *memoryLog) CardContents(context.Context) ([]int16, error) { return l.cards.Content, nil }

func (l *memoryLog) WindowTotals(_ context.Context, from, to time.Time) (*warehouse.WindowTotals, error) {
	n := len(l.profiles.Gender)
	t := &warehouse.WindowTotals{Impressions: make([]int32, n), Clicks: make([]int32, n)}
	for _, r := range l.rows {
		if r.day >= int32(from.Unix()/86400) && r.day <= int32(to.Unix()/86400) {
			t.Impressions[r.user]++
			t.Clicks[r.user] += int32(r.flags & warehouse.Clicked)
		}
	}
	return t, nil
}

// use is the sample's use.
func (l *memoryLog) use() []warehouse.CardUse {
	type key struct{ card, day int32 }
	sum := map[key]warehouse.CardUse{}
	for _, r := range l.rows {
		u := sum[key{r.card, r.day}]
		u.Card, u.Day, u.Impressions, u.Clicks = r.card, r.day, u.Impressions+1, u.Clicks+int32(r.flags&warehouse.Clicked)
		sum[key{r.card, r.day}] = u
	}
	var use []warehouse.CardUse
	for _, u := range sum {
		use = append(use, u)
	}
	return use // in the order of the map: none, as the port says
}

// plainCards is n cards of which the table says nothing but that they are old.
func plainCards(n int) *warehouse.Cards {
	c := &warehouse.Cards{}
	for range n {
		c.Listed, c.Published, c.Type, c.Content = append(c.Listed, true), append(c.Published, 0), append(c.Type, 1), append(c.Content, -1)
		c.Song, c.Artist, c.Creator, c.Talk = append(c.Song, -1), append(c.Artist, -1), append(c.Creator, -1), append(c.Talk, -1)
	}
	return c
}

const plantedDay = 100 // as of which everything is fitted

// plantedLog is users who like cards of one of the contents: a card of it is clicked with chance .4, others with .05, times the card's appeal.
func plantedLog(seed uint64, users, cards int) *memoryLog {
	r := rand.New(rand.NewPCG(seed, 1))
	l := &memoryLog{cards: plainCards(cards), profiles: &warehouse.Profiles{}}
	for i := range 6 {
		l.cards.Contents = append(l.cards.Contents, warehouse.ContentName{Key: fmt.Sprint(i), Levels: [3]int32{int32(10 + i/3), int32(100 + i/2), int32(1000 + i)}})
	}
	l.cards.CreatorKeys = make([]string, cards/4+1)
	appeal := make([]float64, cards)
	for i := range cards {
		appeal[i] = .5 + r.Float64()
		l.cards.Content[i], l.cards.Creator[i], l.cards.Song[i] = int16(r.IntN(6)), int32(r.IntN(cards/4+1)), int32(r.IntN(cards/2+1))
		l.cards.Artist[i], l.cards.Talk[i], l.cards.Type[i] = l.cards.Song[i]/3, int32(r.IntN(11))-1, int8(1+r.IntN(2))
		l.cards.Published[i] = plantedDay - 1 - int32(r.IntN(40))
	}
	for u := range users {
		l.profiles.Gender = append(l.profiles.Gender, []string{"male", "female", ""}[r.IntN(3)])
		l.profiles.Age = append(l.profiles.Age, []int16{-1, 16, 20, 28, 50}[r.IntN(5)])
		l.profiles.Province = append(l.profiles.Province, []string{"guang dong", "bei jing", "zhe jiang", ""}[r.IntN(4)])
		likes := int16(r.IntN(6))
		for range 1 + r.IntN(60) {
			card := int32(r.IntN(cards))
			row := memoryRow{user: int32(u), card: card, day: plantedDay - 1 - int32(r.IntN(10)), hour: uint8(r.IntN(24)), minute: r.IntN(60), slot: int32(r.IntN(12)), view: 20}
			chance := .05
			if l.cards.Content[card] == likes {
				chance = .4
			}
			if l.cards.Published[card] <= row.day {
				if r.Float64() < chance*appeal[card] {
					row.flags = warehouse.Clicked
				}
				l.rows = append(l.rows, row)
			}
		}
	}
	return l
}

func (l *memoryLog) stats(t testing.TB) *CardStats {
	t.Helper()
	s, err := NewCardStats(l.cards, l.use(), nil, plantedDay, StatsConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCardStatsDecayAndLeaveOutTheFuture(t *testing.T) {
	use := []warehouse.CardUse{{Card: 0, Day: 9, Impressions: 10, Clicks: 2}, {Card: 0, Day: 7, Impressions: 8, Clicks: 4},
		{Card: 0, Day: 10, Impressions: 1000, Clicks: 1000}, {Card: 1, Day: 12, Impressions: 5, Clicks: 1}}
	days := []warehouse.CardDay{{Card: 0, Day: 8, Impressions: 100, Clicks: 7}}
	s, err := NewCardStats(plainCards(2), use, days, 10, StatsConfig{HalfLife: 2})
	if err != nil {
		t.Fatal(err)
	}
	// Day 9 is a day before: weight 1. Day 7 is two days older: 1/2. 10 + 8/2 = 14 impressions, 2 + 4/2 = 4 clicks.
	if s.Impressions[0] != 14 || s.Clicks[0] != 4 {
		t.Errorf("%v impressions, %v clicks", s.Impressions[0], s.Clicks[0])
	}
	// Day 8 weighs 1/sqrt 2.
	if math.Abs(s.AppImpressions[0]-100/math.Sqrt2) > 1e-3 || math.Abs(s.AppClicks[0]-7/math.Sqrt2) > 1e-4 {
		t.Errorf("app: %v impressions, %v clicks", s.AppImpressions[0], s.AppClicks[0])
	}
	if s.Shown[0] != 100 || s.FirstSeen[0] != 7 || s.Impressions[1] != 0 || s.FirstSeen[1] != math.MaxInt32 {
		t.Errorf("shown %v, first seen %v", s.Shown, s.FirstSeen)
	}
	if from, _ := s.source(""); from != AppUse {
		t.Errorf("source %q where the app's use is there", from)
	}
}

func TestCardStatsDoNotHangOnTheOrderOfRows(t *testing.T) {
	l := plantedLog(1, 60, 50)
	use := l.use()
	slices.SortFunc(use, func(a, b warehouse.CardUse) int {
		return cmp.Or(cmp.Compare(a.Card, b.Card), cmp.Compare(a.Day, b.Day))
	})
	s, _ := NewCardStats(l.cards, use, nil, plantedDay, StatsConfig{})
	slices.Reverse(use)
	again, _ := NewCardStats(l.cards, use, nil, plantedDay, StatsConfig{})
	if !reflect.DeepEqual(s, again) {
		t.Error("another order, other statistics")
	}
}

func TestCardStatsRefuseWhatDoesNotFit(t *testing.T) {
	short := plainCards(2)
	short.Song = short.Song[:1]
	for name, try := range map[string]func() error{
		"no cards":     func() error { _, err := NewCardStats(nil, nil, nil, 1, StatsConfig{}); return err },
		"short column": func() error { _, err := NewCardStats(short, nil, nil, 1, StatsConfig{}); return err },
		"unknown card": func() error {
			_, err := NewCardStats(plainCards(2), []warehouse.CardUse{{Card: 2, Impressions: 1}}, nil, 1, StatsConfig{})
			return err
		},
		"clicks below 0": func() error {
			_, err := NewCardStats(plainCards(2), nil, []warehouse.CardDay{{Card: 1, Impressions: 1, Clicks: -1}}, 1, StatsConfig{})
			return err
		},
		"source": func() error {
			s, _ := NewCardStats(plainCards(2), nil, nil, 1, StatsConfig{})
			_, err := FitPopular(s, nil, PopularConfig{Source: "others"})
			return err
		},
	} {
		if try() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// betaDraw is Beta(a, b) for whole a and b: the a-th smallest of a+b-1 uniform numbers.
func betaDraw(r *rand.Rand, a, b int) float64 {
	u := make([]float64, a+b-1)
	for i := range u {
		u[i] = r.Float64()
	}
	slices.Sort(u)
	return u[a-1]
}

func TestShrinkStrengthIsRecovered(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, c := range []struct{ a, b int }{{2, 18}, {6, 54}} { // strengths 20 and 60, means .1
		var units []rateTally
		for range 4000 {
			n := 5 + r.IntN(200)
			p, x := betaDraw(r, c.a, c.b), 0
			for range n {
				if r.Float64() < p {
					x++
				}
			}
			units = append(units, rateTally{float64(n), float64(x), .1})
		}
		if want, got := float64(c.a+c.b), shrinkStrength(units); math.Abs(got/want-1) > .12 {
			t.Errorf("Beta(%d, %d): strength %.1f, %.0f is true", c.a, c.b, got, want)
		}
	}
	if s := shrinkStrength(nil); s != strongestPrior {
		t.Errorf("no units: strength %v", s)
	}
	// Two units of which one always and one never succeeds: (r - 1/2)^2 = 1/4 = m(1-m), so 1/(s+1) = 1 and s at its lower end.
	if s := shrinkStrength([]rateTally{{10, 10, .5}, {10, 0, .5}}); s != weakestPrior {
		t.Errorf("all or nothing: strength %v", s)
	}
}

func TestWilsonBound(t *testing.T) {
	// p = .5, n = 10, z = 1: mid .5 + 1/20 = .55, half sqrt(.25/10 + 1/400) = .16583, over 1.1: .34924 and .65076.
	if low, high := wilsonBound(.5, 10, -1), wilsonBound(.5, 10, 1); math.Abs(low-.34924) > 1e-5 || math.Abs(high-.65076) > 1e-5 {
		t.Errorf("%v to %v", low, high)
	}
	if p := wilsonBound(.3, 7, 0); p != .3 {
		t.Errorf("z = 0: %v", p)
	}
	for _, p := range []float64{0, 1e-9, 1} {
		if low, high := wilsonBound(p, .5, -3), wilsonBound(p, .5, 3); low < 0 || high > 1 || low > p+1e-12 || high < p-1e-12 {
			t.Errorf("p = %v: %v to %v", p, low, high)
		}
	}
}

// generators is one of each, fitted on the log.
func generators(t testing.TB, l *memoryLog) []Generator {
	t.Helper()
	s := l.stats(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	popular, err := FitPopular(s, nil, PopularConfig{})
	must(err)
	hours, err := CountHours(ctx, l, s, plantedDay-20, nil, CellConfig{MinImpressions: 1})
	must(err)
	hourly, err := FitPopular(s, hours, PopularConfig{})
	must(err)
	trending, err := FitTrending(s, DaysOf(l.use()), TrendingConfig{Recent: 5, Past: 5, MinClicks: 1, MinImpressions: 1, Z: .1})
	must(err)
	fresh, err := FitFresh(s, FreshConfig{})
	must(err)
	people := NewPeople(l.profiles, PeopleConfig{})
	cells, err := CountPeople(ctx, l, s, plantedDay-20, people, l.profiles, CellConfig{MinImpressions: 1})
	must(err)
	demographic, err := FitDemographic(people, cells, DemographicConfig{MinImpressions: 50})
	must(err)
	content, err := FitContent(s, nil, ContentConfig{})
	must(err)
	lifts, err := CountLifts(ctx, l, s, plantedDay-20, LiftConfig{})
	must(err)
	lifted, err := FitContent(s, lifts, ContentConfig{})
	must(err)
	pairs, err := FitCoWatch(ctx, l, l, s.Len(), plantedDay-20, plantedDay, CoWatchConfig{Gap: -1})
	must(err)
	watched, err := NewWatched(pairs, WatchedConfig{})
	must(err)
	return []Generator{popular, hourly, trending, fresh, demographic, content, lifted, watched}
}

// TestGeneratorsAreFilesAndTheSameEachTime fits twice and keeps one of each pair in a file: all three name the same.
func TestGeneratorsAreFilesAndTheSameEachTime(t *testing.T) {
	l := plantedLog(3, 300, 200)
	first, second := generators(t, l), generators(t, l)
	q := &Query{History: History{Item: []int32{3, 9, 27, 81, 9}, Value: []float32{1, 1, -.1, 2, 1}}, Hour: 13, Traits: Traits{Gender: "female", Age: 20, Province: "bei jing"}}
	for i, g := range first {
		want := g.Candidates(q, 40, nil)
		if len(want) == 0 {
			t.Errorf("%s (%d) names nothing", g.Name(), i)
		}
		if got := second[i].Candidates(q, 40, nil); !slices.Equal(got, want) {
			t.Errorf("%s (%d): fitted again, it names others", g.Name(), i)
		}
		var file bytes.Buffer
		kept, loaded := any(g), reflect.New(reflect.TypeOf(g).Elem()).Interface()
		if w, ok := g.(*Watched); ok {
			kept, loaded = w.Lists, &CoWatch{}
		}
		if err := gob.NewEncoder(&file).Encode(kept); err != nil {
			t.Fatal(err)
		}
		if err := gob.NewDecoder(&file).Decode(loaded); err != nil {
			t.Fatal(err)
		}
		if lists, ok := loaded.(*CoWatch); ok {
			loaded, _ = NewWatched(lists, WatchedConfig{})
		}
		if got := loaded.(Generator).Candidates(q, 40, nil); !slices.Equal(got, want) {
			t.Errorf("%s (%d): from a file, it names others", g.Name(), i)
		}
	}
}

// TestGeneratorsBear holds all to what Generator promises, for queries of all sorts.
func TestGeneratorsBear(t *testing.T) {
	const cards = 200
	r := rand.New(rand.NewPCG(4, 4))
	for i, g := range generators(t, plantedLog(4, 300, cards)) {
		for trial := range 200 {
			q := &Query{Hour: uint8(r.IntN(256)), Traits: Traits{[]string{"", "male", "x"}[r.IntN(3)], int16(r.IntN(120) - 1), []string{"", "hai nan", "Utah"}[r.IntN(3)]}}
			for range r.IntN(1 + trial%80) {
				q.History.Item = append(q.History.Item, int32(r.IntN(cards+20)-10))
				q.History.Value = append(q.History.Value, r.Float32()-.3)
			}
			if trial%3 == 0 {
				q.Skip = func(item int32) bool { return item%3 != 1 }
			}
			if trial%50 == 0 {
				q.Skip = func(int32) bool { return true }
			}
			k := []int{0, 1, 7, 2 * cards}[r.IntN(4)]
			head := []Candidate{{Item: -7}}
			got := g.Candidates(q, k, head)
			if got[0] != head[0] || len(got)-1 > k {
				t.Fatalf("%s (%d): %d candidates of %d after %v", g.Name(), i, len(got)-1, k, got[0])
			}
			got = got[1:]
			for j, c := range got {
				switch {
				case c.Item < 0 || c.Item >= cards || q.Skip != nil && q.Skip(c.Item) || slices.Contains(q.History.Item, c.Item):
					t.Fatalf("%s (%d): names %v", g.Name(), i, c)
				case j > 0 && !worse(c, got[j-1]):
					t.Fatalf("%s (%d): %v after %v", g.Name(), i, c, got[j-1])
				case c.Cause >= 0 && !slices.Contains(q.History.Item, c.Cause):
					t.Fatalf("%s (%d): cause %v is not in the history", g.Name(), i, c)
				case g.Reason(c, noNames{}) == "":
					t.Fatalf("%s (%d): no reason for %v", g.Name(), i, c)
				}
			}
			if short := g.Candidates(q, k/2, nil); len(short) != min(k/2, len(got)) || !slices.Equal(short, got[:len(short)]) {
				t.Fatalf("%s (%d): %d candidates are not the first of %d", g.Name(), i, k/2, k)
			}
		}
	}
}

type noNames struct{}

func (noNames) Card(int32) string    { return "" }
func (noNames) Content(int32) string { return "" }
func (noNames) Creator(int32) string { return "" }

// allNames names everything by its number.
type allNames struct{}

func (allNames) Card(item int32) string       { return fmt.Sprintf("card %d", item) }
func (allNames) Content(content int32) string { return fmt.Sprintf("content %d", content) }
func (allNames) Creator(creator int32) string { return fmt.Sprintf("creator %d", creator) }
