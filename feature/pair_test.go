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
	for _, d := range []int{1, 2, 9, 30} {
		opt := feature.PairOptions{From: day(d), To: day(d)}
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
	w := villageLog(t)
	c := pairContext(t, w, 1, 30)
	set := pairs(t, w, c, feature.PairOptions{From: day(5), To: day(30), Threads: 3})
	profiles, err := w.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cols := len(set.Columns)
	at := 0
	out := make([]float32, 200*cols)
	err = w.Histories(t.Context(), day(1), day(30), func(h *warehouse.Histories) error {
		for k, u := range h.User {
			p := c.NewPast(feature.TraitsOf(profiles, u))
			for i := h.Start[k]; i < h.Start[k+1]; {
				to := i
				for to < h.Start[k+1] && h.ShownAtMS[to] == h.ShownAtMS[i] {
					to++
				}
				moment := feature.Moment{AtMS: h.ShownAtMS[i], Day: h.Day[i], Hour: h.Hour[i]}
				if n := int(to - i); h.Day[i] >= 18201+4 { // the fifth
					c.Vectors(p, moment, h.Card[i:to], h.Position[i:to], out)
					c.Vectors(p, moment, h.Card[i:to], h.Position[i:to], out) // asking changes nothing
					if at+n > set.Rows {
						return errors.New("more rows are served than were built")
					}
					sameVectors(t, fmt.Sprintf("user %d", u), set.Columns, set.X[at*cols:(at+n)*cols], out[:n*cols])
					at += n
				}
				for ; i < to; i++ {
					p.ObserveEvent(feature.Event{Moment: moment, Card: h.Card[i], Slot: h.Position[i], Flags: h.Flags[i], ViewSeconds: h.ViewSeconds[i], Swipes: h.Swipes[i],
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
	w := villageLog(t)
	c := pairContext(t, w, 1, 30)
	opt := feature.PairOptions{From: day(20), To: day(30), Threads: 1}
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
