package feature_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/duckdb"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// opened is an engine with nothing in it.
func opened(t *testing.T) *duckdb.Engine {
	t.Helper()
	e, err := duckdb.Open(context.Background(), filepath.Join(t.TempDir(), "test.duckdb"), duckdb.Config{MemoryMB: 200})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func load(t *testing.T, e *duckdb.Engine, inputs ...warehouse.Input) {
	t.Helper()
	if _, err := e.Load(t.Context(), inputs, warehouse.LoadOptions{Month: day(1)}); err != nil {
		t.Fatal(err)
	}
}

// fixture is the hand-made log of warehousetest, whose file says what is in it. All tests share it and only read.
func fixture(t *testing.T) *duckdb.Engine {
	t.Helper()
	if shared == nil {
		e, err := duckdb.Open(context.Background(), filepath.Join(sharedDir, "fixture.duckdb"), duckdb.Config{MemoryMB: 200})
		if err != nil {
			t.Fatal(err)
		}
		load(t, e, warehousetest.Fixture()...)
		shared = e
	}
	return shared
}

var (
	shared    *duckdb.Engine
	sharedDir string
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if sharedDir, err = os.MkdirTemp("", "feature"); err != nil {
			fmt.Println(err)
			return 1
		}
		defer os.RemoveAll(sharedDir)
		code := m.Run()
		if shared != nil {
			shared.Close()
		}
		return code
	}())
}

// shown is a line of an impression file: who was shown what, when (day and clock time in UTC+8), where, and what she did:
// letters of "c" click, "l" like, "m" comment, "h" homepage visit, "s" share, "v" comment view.
type shown struct {
	user, card string
	day        int
	clock      string // hh:mm
	position   string // "" for none
	did        string
	view       string // seconds, "" for none
}

// lines are impressions as an input of a load.
func lines(t *testing.T, name string, rows ...shown) warehouse.Input {
	t.Helper()
	var b strings.Builder
	b.WriteString(warehousetest.FixtureHeader)
	flag := func(did, which string) int { return strings.Count(did, which) }
	for _, r := range rows {
		at, err := time.Parse("15:04", r.clock)
		if err != nil {
			t.Fatal(err)
		}
		ms := int64(1572537600000) + (int64(r.day-1)*1440+int64(at.Hour()*60+at.Minute()))*60000
		na := func(s string) string {
			if s == "" {
				return "NA"
			}
			return s
		}
		fmt.Fprintf(&b, "NA,%d,%s,%d,%d,%d,%d,%d,%d,%d,%s,%s,%s\n", r.day, na(r.position), ms, flag(r.did, "c"), flag(r.did, "m"), flag(r.did, "h"), flag(r.did, "s"),
			flag(r.did, "v"), flag(r.did, "l"), r.card, na(r.view), r.user)
	}
	return warehousetest.Input(feedlog.Impressions, name, b.String())
}

// day is a day of the fixture's month.
func day(n int) time.Time { return time.Date(2019, time.November, n, 0, 0, 0, 0, time.UTC) }

// table is everyone's features of the days from to before asOf, with those after it to the end of the month where defs ask.
func table(t *testing.T, w warehouse.Training, from, asOf int, defs []feature.Def) *feature.Table {
	t.Helper()
	tab, err := feature.Build(t.Context(), w, feature.Spec{From: day(from), AsOf: day(asOf), Until: day(30), Defs: defs})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// of is one user's features by name.
func of(t *testing.T, w warehouse.Training, tab *feature.Table, user string) map[string]float64 {
	t.Helper()
	keys, err := w.UserKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(tab.Users, int32(slices.Index(keys, user)))
	if i < 0 {
		t.Fatalf("user %s is not in the table of %v", user, tab.Users)
	}
	out := map[string]float64{}
	for j, d := range tab.Defs {
		out[d.Name] = float64(tab.Row(i)[j])
	}
	return out
}

// expect holds features to values worked out by hand; NaN stands for none.
func expect(t *testing.T, who string, got, want map[string]float64) {
	t.Helper()
	for name, w := range want {
		g, ok := got[name]
		if !ok {
			t.Errorf("%s: there is no feature %s", who, name)
			continue
		}
		if math.IsNaN(w) != math.IsNaN(g) || math.Abs(g-w) > 1e-6*math.Max(1, math.Abs(w)) { // values are float32
			t.Errorf("%s: %s is %v, by hand %v", who, name, g, w)
		}
	}
}

var none = math.NaN()
