package analysis

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// feedLog answers the content theme, and who comes back, with what a test plants.
type feedLog struct {
	warehouse.Warehouse
	days      int
	positions []warehouse.PositionUse
	shows     []warehouse.ShowUse
	within    []warehouse.RepeatSums
	triples   []warehouse.UserTriple
	swipes    warehouse.SwipeTotals
	types     []warehouse.CardTypeUse
	returns   []warehouse.Return
	retention []warehouse.CohortDay
	contents  []warehouse.ContentUse
	clicked   []warehouse.ContentClicks
	breadth   []warehouse.Breadth
	pairs     []warehouse.UserPair
}

func (l *feedLog) UseByPosition(context.Context, int) ([]warehouse.PositionUse, error) {
	return l.positions, nil
}
func (l *feedLog) UseByShow(context.Context) ([]warehouse.ShowUse, error) { return l.shows, nil }
func (l *feedLog) RepeatsWithinUsers(context.Context) ([]warehouse.RepeatSums, error) {
	return l.within, nil
}
func (l *feedLog) UserTriples(context.Context) ([]warehouse.UserTriple, error) { return l.triples, nil }
func (l *feedLog) SwipeTotals(context.Context) (warehouse.SwipeTotals, error)  { return l.swipes, nil }
func (l *feedLog) UseByCardType(context.Context) ([]warehouse.CardTypeUse, error) {
	return l.types, nil
}
func (l *feedLog) Returns(context.Context) ([]warehouse.Return, error)      { return l.returns, nil }
func (l *feedLog) Retention(context.Context) ([]warehouse.CohortDay, error) { return l.retention, nil }

func (l *feedLog) UserPairs(context.Context) ([]warehouse.UserPair, error) { return l.pairs, nil }
func (l *feedLog) UseByContent(context.Context, int) ([]warehouse.ContentUse, error) {
	return l.contents, nil
}
func (l *feedLog) ClicksByContent(context.Context, int) ([]warehouse.ContentClicks, error) {
	return l.clicked, nil
}
func (l *feedLog) ContentBreadth(context.Context, int) ([]warehouse.Breadth, error) {
	return l.breadth, nil
}

// put asks one question of the log, and settles its tests alone.
func (l *feedLog) put(t *testing.T, ask func(context.Context, *Env) (Answer, error)) Answer {
	t.Helper()
	first := time.Date(2019, 11, 1, 0, 0, 0, 0, time.UTC)
	env := &Env{Warehouse: l, Contents: warehouse.Contents{Impressions: 1, FirstDay: first, LastDay: first.AddDate(0, 0, max(l.days, 1)-1)}}
	a, err := ask(context.Background(), env)
	if err != nil {
		t.Fatal(err)
	}
	answers := []Answer{a}
	settle(answers)
	return answers[0]
}

func says(t *testing.T, a Answer, grade Grade, part string) Finding {
	t.Helper()
	for _, f := range a.Findings {
		if f.Grade == grade && strings.Contains(f.Sentence, part) {
			return f
		}
	}
	for _, f := range a.Findings {
		t.Logf("[%s] %s", f.Grade, f.Sentence)
	}
	t.Fatalf("no finding of grade %q says %q", grade, part)
	return Finding{}
}

// plantPositions makes sessions whose keenness rises with their depth, and slots whose effect falls by the factor fall a slot.
func plantPositions(fall float64) []warehouse.PositionUse {
	r := rand.New(rand.NewPCG(1, 2))
	var rows []warehouse.PositionUse
	for g := range warehouse.UserGroups {
		for depth := 1; depth <= 12; depth++ {
			keen := .01 * math.Pow(1.35, float64(depth))
			for p := 1; p <= depth; p++ {
				n := 4000 / depth
				u := warehouse.PositionUse{Group: g, Depth: depth, Position: p, Impressions: int64(n)}
				for range n {
					if r.Float64() < keen*math.Pow(fall, float64(p-1)) {
						u.Clicks++
					}
				}
				rows = append(rows, u)
			}
		}
	}
	return rows
}

// plantGlances makes sessions that end by slot 4, which click slot 1 four times as often as the others, and sessions that go to slot 30 and click
// all slots alike.
func plantGlances() []warehouse.PositionUse {
	r := rand.New(rand.NewPCG(7, 8))
	var rows []warehouse.PositionUse
	for g := range warehouse.UserGroups {
		for p := 1; p <= 30; p++ {
			rows = append(rows, warehouse.PositionUse{Group: g, Depth: 30, Position: p, Impressions: 300, Clicks: 20 + r.Int64N(9)})
			if p <= 4 {
				clicks := 20 + r.Int64N(5)
				if p == 1 {
					clicks = 82 + r.Int64N(13)
				}
				rows = append(rows, warehouse.PositionUse{Group: g, Depth: 4, Position: p, Impressions: 5000, Clicks: clicks})
			}
		}
	}
	return rows
}

func TestPositionIsToldFromSurvival(t *testing.T) {
	a := (&feedLog{positions: plantPositions(.9)}).put(t, askPosition)
	f := says(t, a, Association, "compared within sessions of the same depth, it is 0.")
	// Every slot below the first has at most .9 of its effect and, weighted by where clicks would be, about the mean of .9 to .9^11.
	if f.Effect.Low < .4 || f.Effect.High > .9 || !strings.HasPrefix(f.Sentence, "Read raw, cards below slot 1 are clicked 2.") && !strings.HasPrefix(f.Sentence, "Read raw, cards below slot 1 are clicked 1.") {
		t.Errorf("planted a fall under a raw rise: %s", f.Sentence)
	}
	f = says(t, a, Association, "clicks fall by")
	if f.Effect.Low > -.1 || f.Effect.High < -.1 || math.Abs(f.Effect.Value/-.1-1) > .1 {
		t.Errorf("the effect of a slot is %v, planted -10%%", f.Effect)
	}
	says(t, a, NoDifference, "show no difference in how clicks fall")
	// From slot 1, the most shown, to slot 11 the planted effect is .9 to the tenth.
	table := a.Tables[0]
	at := slices.Index(table.Columns[0].Ints, 11)
	if want, got := math.Pow(.9, 10), table.Columns[3].Floats[at]; math.Abs(got/want-1) > .1 || table.Columns[4].Floats[at] > want || table.Columns[5].Floats[at] < want {
		t.Errorf("the effect at slot 11 is %v, planted %v", got, want)
	}
	raw := table.Columns[2].Floats
	if raw[len(raw)-1] <= raw[0] {
		t.Errorf("the raw curve does not rise: %v; the test plants nothing to correct", raw)
	}
	says(t, (&feedLog{positions: plantPositions(1)}).put(t, askPosition), NoDifference, "compared within sessions of the same depth, no difference between slots is seen")
	// A fall in the first three slots alone, and only in sessions that end there: a slope over all slots hardly sees it.
	b := (&feedLog{positions: plantGlances()}).put(t, askPosition)
	says(t, b, Association, "compared within sessions of the same depth, it is 0.")
	if f := says(t, b, Association, "In sessions that end by slot 4, slots 2 to 4 are clicked"); math.Abs(f.Effect.Value-.25) > .05 {
		t.Errorf("sessions that end fall to %v of those that go on, planted .25", f.Effect.Value)
	}
	says(t, (&feedLog{}).put(t, askPosition), Descriptive, "No impression has a position")
}

// plantContents plants clicks on 8 categories. Each of the 20 groups is two users, a new and a longer one, who both click one category of
// their own times times, and every category once; with moved, new users click "c0" so much more.
func plantContents(times, moved int64) *feedLog {
	l := &feedLog{}
	use := map[warehouse.ContentUse]int64{}
	for g := range warehouse.UserGroups {
		for k, isNew := range []bool{false, true} {
			for c := range 8 {
				n := int64(1)
				if c == (3*g+5*k)%8 {
					n += times
				}
				if isNew && c == 0 {
					n += moved
				}
				key := string(rune('a'+c)) + "x"
				l.clicked = append(l.clicked, warehouse.ContentClicks{Content: key, New: isNew, Group: g, Clicks: n})
				use[warehouse.ContentUse{Content: key, New: isNew}] += n
			}
		}
	}
	for u, n := range use {
		u.Clicks, u.Impressions, u.Users = n, 10*n, 20
		l.contents = append(l.contents, u)
	}
	return l
}

func TestContentsOfNewUsers(t *testing.T) {
	// Every user has a favourite she clicks 200 times: 8,000 clicks differ between new and longer users far beyond what independent clicks would,
	// and yet they are but 40 users.
	says(t, plantContents(200, 0).put(t, askContentShares), NoDifference, "no difference from longer users' in the categories")
	f := says(t, plantContents(20, 100).put(t, askContentShares), Association, "most surely apart is ax")
	// By hand: new users have 20 x (8 + 20 + 100) clicks, longer ones 20 x 28. Favourites fall on a for groups with 3g+5 = 0 mod 8 (g = 1, 9, 17) and 3g = 0 mod 8 (0, 8, 16).
	if want := (20*101+3*20)/2560. - (20+3*20)/560.; math.Abs(f.Effect.Value-want) > 1e-12 || !(f.Effect.Low < want && want < f.Effect.High) {
		t.Errorf("the difference is %+v, by hand %v", f.Effect, want)
	}
	// Breadth: ten users of as many clicks each explain themselves wholly; that is no finding.
	l := &feedLog{}
	for c := range int64(10) {
		l.breadth = append(l.breadth, warehouse.Breadth{Clicks: c + 1, Users: 1, Categories: float64(c%3 + 1), CategoriesSquared: float64((c%3 + 1) * (c%3 + 1))})
	}
	says(t, l.put(t, askContentBreadth), Descriptive, "they are too few to tell breadth from the number of clicks")
}

func TestRepeats(t *testing.T) {
	l := &feedLog{}
	r := rand.New(rand.NewPCG(3, 4))
	for g := range warehouse.UserGroups {
		// first shows are clicked in 100 to 110 of 2,000 cases, repeats half as often
		firsts := 100 + r.Int64N(11)
		l.shows = append(l.shows, warehouse.ShowUse{Group: g, Show: 1, Impressions: 2000, Clicks: firsts}, warehouse.ShowUse{Group: g, Show: 2, Impressions: 500, Clicks: firsts / 8})
		l.within = append(l.within, warehouse.RepeatSums{Group: g, Users: 10, Repeats: float64(firsts) / 2, Firsts: float64(firsts) + r.Float64()})
	}
	a := l.put(t, askRepeats)
	says(t, a, Descriptive, "20.0% of impressions show a user a card again")
	if f := says(t, a, Association, "a repeat is clicked"); math.Abs(f.Effect.Value-.5) > .01 {
		t.Errorf("the ratio is %v, planted .5", f.Effect.Value)
	}
	says(t, (&feedLog{shows: []warehouse.ShowUse{{Show: 1, Impressions: 5}}}).put(t, askRepeats), Descriptive, "No card was shown to a user twice.")
	says(t, (&feedLog{}).put(t, askRepeats), Descriptive, "The log holds no impressions")
}

func TestSwipes(t *testing.T) {
	l := &feedLog{swipes: warehouse.SwipeTotals{Lists: 2, Swipes: 20, FeedViewSeconds: 30, SwipeViewSeconds: 70, FeedLikes: 1, SwipeLikes: 3},
		// Rates by clicks: .5, .2, 0, 0; mean .175, so two are active. With swipes: 1/2, 22/30, 0, 0; mean .308, the same two: nobody moves.
		triples: []warehouse.UserTriple{{Impressions: 2, Clicks: 1, Users: 1}, {Impressions: 10, Clicks: 2, Swipes: 20, Users: 1}, {Impressions: 5, Users: 2}}}
	a := l.put(t, askSwipes)
	says(t, a, Descriptive, "Swiping holds 70.0% of all view time and 75.0% of all likes: 20 cards, reached from 2 clicks.")
	says(t, a, Descriptive, "changes who is active for 0% of users")
	// A third user who clicks as often as the first but never swipes: .1 beside .2 and .1. Means .133 and, with swipes (.2, 21/30, .1), .333.
	moved := []warehouse.UserTriple{{Impressions: 10, Clicks: 2, Users: 1}, {Impressions: 10, Clicks: 1, Swipes: 20, Users: 1}, {Impressions: 10, Clicks: 1, Users: 1}}
	before, after, changed, total := activeWithSwipes(moved)
	if before != 1 || after != 1 || changed != 2 || total != 3 {
		t.Errorf("%d active before, %d after, %d moved of %d; by hand 1, 1, 2 of 3", before, after, changed, total)
	}
	says(t, (&feedLog{}).put(t, askSwipes), Descriptive, "No click led to swiping")
}

func TestCardTypes(t *testing.T) {
	alike := func(typ int, clicks int64) warehouse.CardTypeUse {
		// 400 cards of 100 impressions each; half of them have two clicks more than the other half
		c := float64(clicks) / 400
		return warehouse.CardTypeUse{Type: typ, Cards: 400, Impressions: 40000, Clicks: clicks, ImpressionsSquared: 400 * 100 * 100,
			ClicksSquared: 200*(c+1)*(c+1) + 200*(c-1)*(c-1), Cross: 100 * float64(clicks)}
	}
	says(t, (&feedLog{types: []warehouse.CardTypeUse{alike(1, 1600), alike(2, 2400)}}).put(t, askCardTypes), Association, "Videos are clicked more often than pictures: 6.00% of impressions against 4.00%")
	says(t, (&feedLog{types: []warehouse.CardTypeUse{alike(1, 1600), alike(2, 1600)}}).put(t, askCardTypes), NoDifference, "no difference in how often they are clicked")
	says(t, (&feedLog{types: []warehouse.CardTypeUse{alike(1, 1600)}}).put(t, askCardTypes), Descriptive, "of one type (pictures)")
}

func TestLifecycle(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2019, 11, n, 0, 0, 0, 0, time.UTC) }
	// 10 users come first on day 1. 4 of them come again on day 3; 2 of these on day 12, nine days later. 5 more come first on day 12.
	l := &feedLog{days: 12, returns: []warehouse.Return{{Day: day(1), Users: 10}, {Day: day(3), Previous: day(1), Users: 4}, {Day: day(12), Users: 5}, {Day: day(12), Previous: day(3), Users: 2}}}
	a := l.put(t, askLifecycle)
	columns := a.Tables[0].Columns
	if got := []int64{columns[1].Ints[0], columns[2].Ints[2], columns[1].Ints[11], columns[3].Ints[11]}; got[0] != 10 || got[1] != 4 || got[2] != 5 || got[3] != 2 {
		t.Errorf("new on day 1, returning on day 3, new and resurrected on day 12: %v; by hand 10, 4, 5, 2", got)
	}
	// Dormant on day 8: the 6 last seen on day 1; on day 10 also the 4 last seen on day 3; on day 12 two of these are back.
	dormant := columns[4].Ints
	if dormant[6] != 0 || dormant[7] != 6 || dormant[9] != 10 || dormant[11] != 8 {
		t.Errorf("dormant on days 7, 8, 10, 12: %d, %d, %d, %d; by hand 0, 6, 10, 8", dormant[6], dormant[7], dormant[9], dormant[11])
	}
	says(t, a, Descriptive, "53.3% of its users have not come for 7 days") // 8 of 15
	says(t, (&feedLog{days: 1}).put(t, askLifecycle), Descriptive, "The log holds no impressions")
}

func TestRetention(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2019, 11, n, 0, 0, 0, 0, time.UTC) }
	// 10 users first seen on day 1, 4 of them on day 2; 6 first seen on day 2, 1 of them on day 3. Day 1 after: 5 of 16; day 2 after: 0 of 10.
	l := &feedLog{days: 3, retention: []warehouse.CohortDay{{FirstDay: day(1), Day: day(1), Users: 10}, {FirstDay: day(1), Day: day(2), Users: 4},
		{FirstDay: day(2), Day: day(2), Users: 6}, {FirstDay: day(2), Day: day(3), Users: 1}}}
	a := l.put(t, askRetention)
	if f := says(t, a, Descriptive, "31.2% of users come again on day 1 after their first"); math.Abs(f.Effect.Value-5./16) > 1e-12 {
		t.Errorf("%v, by hand 5/16", f.Effect.Value)
	}
	if y := a.Charts[0].Series[0].Y; len(y) != 1 {
		t.Errorf("the curve is %v: by hand 5/16 alone, as only the first cohort can be followed for two days", y)
	}
	says(t, (&feedLog{days: 1, retention: []warehouse.CohortDay{{FirstDay: day(1), Day: day(1), Users: 3}}}).put(t, askRetention), Descriptive, "In a log of 1 day nobody can be followed")
	// Users of the first week of a month come every day, those who come first later on every tenth day with nobody left out. The curve follows the latter,
	// and does not rise where only the first week can be followed.
	m := &feedLog{days: 30}
	for c := 1; c <= 30; c++ {
		for d := c; d <= 30; d++ {
			if u := int64(100); c <= 7 || d == c {
				m.retention = append(m.retention, warehouse.CohortDay{FirstDay: day(c), Day: day(d), Users: u})
			} else {
				m.retention = append(m.retention, warehouse.CohortDay{FirstDay: day(c), Day: day(d), Users: u / 10})
			}
		}
	}
	month := m.put(t, askRetention)
	if grid := month.Charts[1].Series[0].Grid; len(grid) != 30 || len(grid[0]) != 30 || len(month.Tables[0].Columns[0].Strings) != 29*30/2 {
		t.Errorf("a month has %d first days and %d rows", len(grid), len(month.Tables[0].Columns[0].Strings))
	}
	y := month.Charts[0].Series[0].Y
	if len(y) != 14 || math.Abs(y[0]-.1) > 1e-12 || math.Abs(y[13]-.1) > 1e-12 {
		t.Errorf("the curve is %v, planted .1 to day 14", y)
	}
	// 500 days, of which only days 1, 2, 450 and 500 are somebody's first: the last 400 begin on day 101, so that two are left, of which one is followed, for 50 days.
	years := &feedLog{days: 500}
	for _, c := range []int{1, 2, 450, 500} {
		years.retention = append(years.retention, warehouse.CohortDay{FirstDay: day(c), Day: day(c), Users: 10}, warehouse.CohortDay{FirstDay: day(c), Day: day(c), Users: 10})
	}
	long := years.put(t, askRetention)
	matrix, table := long.Charts[1], long.Tables[0]
	if grid := matrix.Series[0].Grid; len(grid) != 2 || len(grid[0]) != 93 || len(matrix.Y.Categories) != 2 || len(matrix.X.Categories) != 93 || len(table.Columns[0].Strings) != 50 || len(table.Columns[1].Ints) != 50 {
		t.Errorf("of 500 days: %d first days, %d rows", len(grid), len(table.Columns[0].Strings))
	}
	if !strings.Contains(strings.Join(long.Caveats, " "), "the last 400 first days are shown") {
		t.Errorf("the caveats are %q", long.Caveats)
	}
}
