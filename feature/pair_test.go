package feature_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/village"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/duckdb"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// hamlet is a small simulated log with all its tables, shared by tests that only read.
var hamlet = sync.OnceValues(func() (*duckdb.Engine, error) {
	ctx := context.Background()
	dir := filepath.Join(sharedDir, "village")
	if err := os.Mkdir(dir, 0o777); err != nil {
		return nil, err
	}
	if _, err := village.Write(ctx, dir, village.Config{Users: 1500, Seed: 5}); err != nil {
		return nil, err
	}
	var inputs []warehouse.Input
	for _, t := range feedlog.Tables {
		path := filepath.Join(dir, t.String()+".csv")
		inputs = append(inputs, warehouse.Input{Table: t, Name: filepath.Base(path), Open: func(stored io.Writer) (io.ReadCloser, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{io.TeeReader(f, stored), f}, nil
		}})
	}
	w, err := duckdb.Open(ctx, filepath.Join(sharedDir, "village.duckdb"), duckdb.Config{MemoryMB: 300})
	if err != nil {
		return nil, err
	}
	_, err = w.Load(ctx, inputs, warehouse.LoadOptions{})
	return w, err
})

func villageLog(t testing.TB) *duckdb.Engine {
	t.Helper()
	w, err := hamlet()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func pairContext(t testing.TB, w feature.Source, from, last int) *feature.PairContext {
	t.Helper()
	c, err := feature.NewPairContext(t.Context(), w, day(from), day(last))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func pairs(t testing.TB, w feature.Source, c *feature.PairContext, opt feature.PairOptions) *feature.PairSet {
	t.Helper()
	s, err := feature.BuildPairs(t.Context(), w, c, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// forgetful is a log of which everything from a day on is gone, what the app counted too.
type forgetful struct {
	warehouse.Training
	warehouse.Catalogue
	day time.Time
}

func forget(w feature.Source, day time.Time) feature.Source {
	return forgetful{feature.CutAt(w, day), w, day}
}

func (f forgetful) CardDays(ctx context.Context, from, to time.Time) ([]warehouse.CardDay, error) {
	if !to.Before(f.day) {
		to = f.day.AddDate(0, 0, -1)
	}
	if to.Before(from) {
		return nil, nil
	}
	return f.Catalogue.CardDays(ctx, from, to)
}

// Rows of a day are the same whether the log ends with it or goes on: nothing of later days reaches a feature, neither through rows nor through
// statistics of cards.
func TestPairsOfALogThatEnds(t *testing.T) {
	w := villageLog(t)
	whole := pairContext(t, w, 1, 30)
	for k, d := range []int{1, 2, 9, 30, 2, 9} {
		opt := feature.PairOptions{From: day(d), To: day(d)}
		if k >= 4 {
			opt.AsOf = feature.SessionStart
		}
		a := pairs(t, w, whole, opt)
		cut := forget(w, day(d+1))
		b := pairs(t, cut, pairContext(t, cut, 1, 30), opt)
		if a.Rows == 0 || !slices.Equal(a.User, b.User) || !slices.Equal(a.Card, b.Card) {
			t.Fatalf("day %d: %d rows of the whole log, %d of one that ends", d, a.Rows, b.Rows)
		}
		sameVectors(t, fmt.Sprintf("day %d", d), a.Columns, a.X, b.X)
		// Nor does the statistics' own day tell anything: they may as well end with the day before.
		if d > 1 {
			sameVectors(t, fmt.Sprintf("day %d, statistics to the day before", d), a.Columns, a.X, pairs(t, w, pairContext(t, w, 1, d-1), opt).X)
		}
	}
}

// sameVectors holds vectors to be the same bit by bit, and names the first column that is not.
func sameVectors(t *testing.T, what string, columns []feature.PairColumn, a, b []float32) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%s: %d and %d values", what, len(a), len(b))
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			t.Fatalf("%s: row %d, %s: %v and %v", what, i/len(columns), columns[i%len(columns)].Name, a[i], b[i])
		}
	}
}

// A server that hears of impressions one by one and asks before each page has the rows that were learned from, bit by bit; also one that is told
// of the past at once, in one piece.
func TestServingPairs(t *testing.T) {
	for _, asOf := range []feature.AsOf{feature.EachScreen, feature.SessionStart} {
		testServingPairs(t, asOf)
	}
}

func testServingPairs(t *testing.T, asOf feature.AsOf) {
	w := villageLog(t)
	c := pairContext(t, w, 1, 30)
	set := pairs(t, w, c, feature.PairOptions{From: day(5), To: day(30), AsOf: asOf, Threads: 3})
	profiles, err := w.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cols := len(set.Columns)
	at := 0
	out := make([]float32, 2000*cols)
	err = w.Histories(t.Context(), day(1), day(30), func(h *warehouse.Histories) error {
		for k, u := range h.User {
			p := c.NewPast(feature.TraitsOf(profiles, u))
			for i := h.Start[k]; i < h.Start[k+1]; {
				to := i
				for to < h.Start[k+1] && (h.ShownAtMS[to] == h.ShownAtMS[i] || asOf == feature.SessionStart && h.ShownAtMS[to]-h.ShownAtMS[to-1] <= 30*60_000) {
					to++
				}
				moment := feature.Moment{AtMS: h.ShownAtMS[i], Day: h.Day[i], Hour: h.Hour[i]}
				from := i
				for from < to && h.Day[from] < 18201+4 { // the fifth
					from++
				}
				if n := int(to - from); n > 0 {
					c.Vectors(p, moment, h.Card[from:to], h.Position[from:to], out)
					c.Vectors(p, moment, h.Card[from:to], h.Position[from:to], out) // asking changes nothing
					if at+n > set.Rows {
						return errors.New("more rows are served than were built")
					}
					sameVectors(t, fmt.Sprintf("user %d", u), set.Columns, set.X[at*cols:(at+n)*cols], out[:n*cols])
					at += n
				}
				for ; i < to; i++ {
					p.ObserveEvent(feature.Event{Moment: feature.Moment{AtMS: h.ShownAtMS[i], Day: h.Day[i], Hour: h.Hour[i]}, Card: h.Card[i], Slot: h.Position[i], Flags: h.Flags[i], ViewSeconds: h.ViewSeconds[i], Swipes: h.Swipes[i],
						SwipeViewSeconds: h.SwipeViewSeconds[i]})
				}
			}
			// All at once, and asked of later, with and without slots.
			q := c.NewPast(feature.TraitsOf(profiles, u))
			q.Observe(h, k)
			last := h.Start[k+1] - 1
			later := feature.Moment{AtMS: h.ShownAtMS[last] + 1000, Day: h.Day[last], Hour: h.Hour[last]}
			cards, slots := []int32{0, 1, -1, 1 << 30}, []int32{-1, -1, -1, -1}
			c.Vectors(p, later, cards, slots, out)
			other := make([]float32, len(cards)*cols)
			c.Vectors(q, later, cards, nil, other)
			sameVectors(t, fmt.Sprintf("user %d later", u), set.Columns, out[:len(other)], other)
		}
		return nil
	})
	if err != nil || at != set.Rows {
		t.Errorf("%d rows served, %d built, %v", at, set.Rows, err)
	}
}

// Rows do not hang on the number of threads, and a share of users has the rows these have among all.
func TestPairsOfSomeUsers(t *testing.T) {
	for _, asOf := range []feature.AsOf{feature.EachScreen, feature.SessionStart} {
		testPairsOfSomeUsers(t, asOf)
	}
}

func testPairsOfSomeUsers(t *testing.T, asOf feature.AsOf) {
	w := villageLog(t)
	c := pairContext(t, w, 1, 30)
	opt := feature.PairOptions{From: day(20), To: day(30), AsOf: asOf, Threads: 1}
	all := pairs(t, w, c, opt)
	opt.UserShare, opt.Seed, opt.Threads = .3, 7, 2
	some := pairs(t, w, c, opt)
	if some.Rows == 0 || float64(some.Rows) > .6*float64(all.Rows) {
		t.Fatalf("%d of %d rows are of a share of .3 of users", some.Rows, all.Rows)
	}
	var x []float32
	for i, u := range all.User {
		if opt.Sampled(u) {
			x = append(x, all.X[i*len(all.Columns):(i+1)*len(all.Columns)]...)
		}
	}
	sameVectors(t, "a share of users", all.Columns, x, some.X)
	opt.Seed = 8
	if other := pairs(t, w, c, opt); slices.Equal(other.User, some.User) {
		t.Error("another seed takes the same users")
	}
	// Sessions part the rows: within one, no gap over 30 minutes and one user; between two, another user or such a gap.
	for k := range len(all.Session) - 1 {
		from, to := all.Session[k], all.Session[k+1]
		for i := from; i < to; i++ {
			if i > from && (all.User[i] != all.User[from] || all.AtMS[i]-all.AtMS[i-1] > 30*60_000) || all.Slot[i] > all.Depth[i] {
				t.Fatalf("row %d does not belong to its session", i)
			}
		}
		if int(to) < all.Rows && all.User[to] == all.User[from] && all.AtMS[to]-all.AtMS[to-1] <= 30*60_000 {
			t.Fatalf("session %d ends for no reason", k)
		}
	}
	if n := len(all.Session); all.Session[0] != 0 || int(all.Session[n-1]) != all.Rows {
		t.Errorf("sessions go from %d to %d of %d rows", all.Session[0], all.Session[n-1], all.Rows)
	}
}

func TestPairsRefuse(t *testing.T) {
	w := villageLog(t)
	c := pairContext(t, w, 1, 3)
	for word, opt := range map[string]feature.PairOptions{
		"no day is left":     {From: day(3), To: day(2)},
		"cannot begin later": {StatsFrom: day(3), From: day(2), To: day(3)},
		"0 (all) to 1":       {From: day(2), To: day(3), UserShare: 1.5},
		"set UserShare":      {From: day(2), To: day(3), MaxRows: 10},
		"as of moment 2":     {From: day(2), To: day(3), AsOf: 2},
	} {
		if _, err := feature.BuildPairs(t.Context(), w, c, opt); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error %v; expected one with %q", err, word)
		}
	}
	if _, err := feature.NewPairContext(t.Context(), w, day(3), day(2)); err == nil || !strings.Contains(err.Error(), "no day is left") {
		t.Errorf("a context without days: %v", err)
	}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if _, err := feature.NewPairContext(ctx, w, day(1), day(2)); !errors.Is(err, gone) && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, a context: %v", err)
	}
	if _, err := feature.BuildPairs(ctx, w, c, feature.PairOptions{From: day(2), To: day(3)}); !errors.Is(err, gone) && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, pairs: %v", err)
	}
	// What the advice says to set is enough.
	all := pairs(t, w, c, feature.PairOptions{From: day(2), To: day(3)})
	if again := pairs(t, w, c, feature.PairOptions{From: day(2), To: day(3), MaxRows: all.Rows}); again.Rows != all.Rows {
		t.Errorf("%d rows, then %d", all.Rows, again.Rows)
	}
	empty := opened(t)
	if set := pairs(t, empty, pairContext(t, empty, 1, 3), feature.PairOptions{From: day(2), To: day(3)}); set.Rows != 0 || len(set.Session) != 1 {
		t.Errorf("pairs of an empty log: %+v", set)
	}
}

// What a page of a small log knows, by hand.
func TestPairsByHand(t *testing.T) {
	w := opened(t)
	inputs := []warehouse.Input{lines(t, "impression_data.csv",
		shown{"a", "c1", 1, "10:00", "1", "", ""}, shown{"a", "c2", 1, "10:00", "2", "c", "9"}, shown{"a", "c3", 1, "10:01", "5", "", ""},
		shown{"a", "c1", 2, "20:00", "1", "cl", "19"},
		shown{"a", "c4", 2, "20:10", "6", "", ""}, shown{"a", "c2", 2, "20:10", "7", "c", ""},
		shown{"b", "c4", 2, "08:00", "", "", ""},
	)}
	for _, in := range warehousetest.Fixture() {
		if in.Table != feedlog.Impressions && in.Table != feedlog.CardDays {
			inputs = append(inputs, in)
		}
	}
	inputs = append(inputs, warehousetest.Input(feedlog.Users, "more.csv", "userId,province,age,gender,registeredMonthCnt,followCnt,level\na,guang dong,21,male,3,5,7\n"))
	load(t, w, inputs...)
	c := pairContext(t, w, 1, 2)
	set := pairs(t, w, c, feature.PairOptions{From: day(2), To: day(2)})
	users, err := w.UserKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cards, err := w.CardKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	vectors := map[string]map[string]float64{}
	for i := range set.Rows {
		v := map[string]float64{}
		for j, col := range set.Columns {
			v[col.Name] = float64(set.X[i*len(set.Columns)+j])
		}
		vectors[users[set.User[i]]+" "+cards[set.Card[i]]] = v
	}
	if set.Rows != 4 || len(set.Session) != 3 {
		t.Fatalf("%d rows and sessions %v: day 2 has one session of a's with three impressions, and one of b's with one", set.Rows, set.Session)
	}
	ln := math.Log
	// a's first page of day 2: 33 h 59 min after her last impression, 34 h after her first and her only click. c1 and c4 are one content, c1 and c2 of one creator.
	expect(t, "a c1", vectors["a c1"], map[string]float64{
		"user_impressions": ln(1 + 3), "user_clicks": ln(1 + 1), "user_days": 1, "user_sessions": ln(2), "user_browsed_share": 1.3 / 2, "user_mean_depth": 5,
		"user_hours_since": 33 + 59/60., "user_hours_since_click": 34, "user_first_seen": 34 / 24., "user_dwell": ln(1 + 9), "user_swipes": 1 / 2., "user_like_rate": .1 / 3,
		"user_comment_view_rate": .3 / 3, "user_front_ctr": 1.5 / (2 + 25), "user_deep_ctr": .5 / (1 + 10), "user_part_ctr": .5 / 15, "user_part_share": 1. / (3 + 4),
		"age": 21, "registered_months": 3, "follows": ln(6), "gender": 0, "province": float64(slices.Index(set.Columns[slices.IndexFunc(set.Columns, func(c feature.PairColumn) bool { return c.Name == "province" })].Levels, "guang dong")), "hour": 20, "weekday": 5, // 2 November 2019 was a Saturday
		"session_new": 1, "session_impressions": 0, "session_clicks": 0, "session_seconds": 0, "session_screens": 0, "session_depth": none, "session_pause": none, "session_since_click": none,
		"card_shows": 1, "card_hours_since": 34, "card_clicks": 0, "content_shows": ln(2), "content_hours_since": 34, "creator_shows": ln(3), "creator_clicks": 1,
		"session_content_shows": 0, "session_content_clicks": 0, "last_click_content": none, "last_click_creator": none,
		"card_impressions": ln(2), "card_app_impressions": 0, "card_age": 2, "creator_followers": ln(29), "card_type": 1, "slot": 1,
	})
	// Ten minutes later, below the first page: the session has one click, on c1.
	expect(t, "a c4", vectors["a c4"], map[string]float64{
		"user_impressions": ln(1 + 4), "user_clicks": ln(1 + 2), "user_days": 2, "user_sessions": ln(3), "user_browsed_share": 1.3 / 2, "user_mean_depth": 5,
		"user_dwell": ln(1 + 14), "user_like_rate": 1.1 / 4, "user_front_ctr": 2.5 / (3 + 25), "user_part_ctr": 1.5 / 16, "user_part_share": 2. / (4 + 4),
		"session_new": 0, "session_impressions": ln(2), "session_clicks": 1, "session_seconds": ln(601), "session_screens": ln(2), "session_depth": 1, "session_pause": ln(601),
		"session_since_click": 0, "card_shows": 0, "card_hours_since": none, "card_clicks": 0, "content_shows": ln(3), "content_hours_since": 10 / 60., "creator_shows": 0, "creator_clicks": 0,
		"session_content_shows": 1, "session_content_clicks": 1, "last_click_content": 1, "last_click_creator": 0, "card_impressions": 0, "card_age": 1, "creator_followers": 0, "card_type": 1, "slot": 6,
	})
	// On the same page: what happens on it is not known yet.
	expect(t, "a c2", vectors["a c2"], map[string]float64{"user_clicks": ln(1 + 2), "session_clicks": 1, "card_shows": 1, "card_clicks": 1, "last_click_content": 0, "last_click_creator": 1, "creator_shows": ln(4), "creator_clicks": 2,
		"card_type": 2, "slot": 7})
	// b is not in the user table, was never seen before, and her row has no slot.
	expect(t, "b c4", vectors["b c4"], map[string]float64{"user_lift": 0, "user_expected": 0, "user_impressions": 0, "user_hours_since": none, "user_dwell": none, "age": none, "gender": 2, "session_lift": 0, "match_content": 0,
		"taste": 0, "content_shows": 0, "content_hours_since": none, "slot": none})
	// On the first day nothing is known of any card.
	first := pairs(t, w, c, feature.PairOptions{From: day(1), To: day(1)})
	for j, col := range first.Columns {
		if strings.HasPrefix(col.Name, "card_") && strings.HasSuffix(col.Name, "_lift") && first.X[j] != 0 {
			t.Errorf("on the first day %s is %v", col.Name, first.X[j])
		}
	}
	if !set.Clicked[0] || !set.Liked[0] || set.ViewSeconds[0] != 19 || set.Slot[3] != -1 || set.Depth[0] != 7 || set.Depth[3] != -1 {
		t.Errorf("clicked %v, liked %v, viewed %v, slots %v, depths %v", set.Clicked, set.Liked, set.ViewSeconds, set.Slot, set.Depth)
	}
}

// A day that was prepared has the same numbers, and other days are not touched by it.
func TestPrepare(t *testing.T) {
	w := villageLog(t)
	c := pairContext(t, w, 1, 29)
	opt := feature.PairOptions{From: day(28), To: day(30)}
	before := pairs(t, w, c, opt)
	for _, d := range []int32{29, 30} {
		c.Prepare(3, 18201+d-1)
		sameVectors(t, fmt.Sprintf("day %d prepared", d), before.Columns, before.X, pairs(t, w, c, opt).X)
	}
	c.Prepare(3, 18201+28, 18201+29)
	sameVectors(t, "two days prepared", before.Columns, before.X, pairs(t, w, c, opt).X)
	p, at := c.NewPast(feature.NoTraits), feature.Moment{AtMS: 1575100000000, Day: 18230}
	out := make([]float32, 3*len(before.Columns))
	c.Vectors(p, at, []int32{-1, 1 << 30, 0}, nil, out)
	if allocs := testing.AllocsPerRun(20, func() { c.Vectors(p, at, []int32{-1, 1 << 30, 0}, nil, out) }); allocs != 0 {
		t.Errorf("a page allocates %v times", allocs)
	}
}

// Breaking off on the way ends both with the cause.
func TestPairsAreCancelledOnTheWay(t *testing.T) {
	w := villageLog(t)
	gone := errors.New("gone")
	for n := range 2 { // the log is passed over twice
		ctx, cancel := context.WithCancelCause(t.Context())
		if _, err := feature.NewPairContext(ctx, &breaking{w, n, func() { cancel(gone) }}, day(1), day(30)); !errors.Is(err, gone) {
			t.Errorf("a context cancelled in pass %d: %v", n, err)
		}
	}
	c := pairContext(t, w, 1, 30)
	ctx, cancel := context.WithCancelCause(t.Context())
	if _, err := feature.BuildPairs(ctx, &breaking{w, 0, func() { cancel(gone) }}, c, feature.PairOptions{From: day(1), To: day(30)}); !errors.Is(err, gone) {
		t.Errorf("pairs cancelled on the way: %v", err)
	}
}

// breaking is a log that calls off once its nth pass has begun.
type breaking struct {
	*duckdb.Engine
	n    int
	stop func()
}

func (b *breaking) Histories(ctx context.Context, from, to time.Time, each func(*warehouse.Histories) error) error {
	n := b.n
	b.n--
	return b.Engine.Histories(ctx, from, to, func(h *warehouse.Histories) error {
		if n == 0 {
			b.stop()
		}
		return each(h)
	})
}

// Each column says what it is, and its place is kept.
func TestPairColumns(t *testing.T) {
	cols := pairContext(t, fixture(t), 1, 3).Columns()
	seen := map[string]bool{}
	for i, c := range cols {
		if c.Name == "" || c.Rule == "" || c.Why == "" || (c.Unit == "") != (c.Levels != nil) {
			t.Errorf("column %d, %q: unit %q, rule %q, reason %q: a column has all, and a unit unless it is a category", i, c.Name, c.Unit, c.Rule, c.Why)
		}
		if seen[c.Name] || c.Name == "level" {
			t.Errorf("column %s should not be there", c.Name)
		}
		seen[c.Name] = true
	}
	if cols[len(cols)-1].Name != "slot" {
		t.Errorf("the last column is %s, not the slot", cols[len(cols)-1].Name)
	}
}
