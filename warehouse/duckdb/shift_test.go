package duckdb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// rowsMovedBack are the rows of all tables as text, with every day less days and every moment less as many times 24 hours.
func rowsMovedBack(t *testing.T, e *Engine, days int) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, table := range []string{"impressions", "swipes", "sessions", "user_days", "user_totals", "card_days", "creator_days", "cards", "creators", "users"} {
		var columns []string
		for _, c := range linesOf(t, e, "select column_name || ' ' || data_type from information_schema.columns where table_name = '"+table+"' order by ordinal_position") {
			name, kind, _ := strings.Cut(c, " ")
			switch {
			case kind == "DATE":
				name = fmt.Sprintf("%s - %d", name, days)
			case strings.HasSuffix(name, "_at_ms"):
				name = fmt.Sprintf("%s - %d", name, int64(days)*dayMS)
			case name == "dt":
				name = "dt = day(day)" // as the file says, right or wrong
			}
			columns = append(columns, "coalesce(("+name+")::varchar, '-')")
		}
		out[table] = linesOf(t, e, "select concat_ws(' ', "+strings.Join(columns, ", ")+") as line from "+table+" order by line")
		if len(out[table]) == 0 {
			t.Fatalf("no rows in %s", table)
		}
	}
	return out
}

// TestShift: a log that is moved by days is the log, moved: every table has the same rows, with later days and moments. One day of the month of the file is stated wrongly,
// and stays so.
func TestShift(t *testing.T) {
	const wrong = "NA,5,1,1572786000001,0,0,0,0,0,0,c2,NA,u3\n" // of 3 November
	of := func(days int) *Engine {
		e := openWith(t)
		inputs := warehousetest.Fixture()
		for i := range inputs {
			if inputs[i].Table == feedlog.Impressions {
				inputs = append(inputs, warehousetest.Input(feedlog.Impressions, "wrong.csv", warehousetest.FixtureHeader+wrong))
				break
			}
		}
		if _, err := e.Load(t.Context(), inputs, warehouse.LoadOptions{ShiftDays: days}); err != nil {
			t.Fatal(err)
		}
		return e
	}
	plain := of(0)
	want := rowsMovedBack(t, plain, 0)
	for _, days := range []int{9, 2555, -400} { // 9 days on, 30 November is 9 December
		e := of(days)
		if d := cmp.Diff(want, rowsMovedBack(t, e, days)); d != "" {
			t.Errorf("moved by %d days (-plain +moved back)\n%s", days, d)
		}
		c, err := e.Describe(t.Context())
		if err != nil || c.ShiftDays != days {
			t.Errorf("moved by %d days, it says %d: %v", days, c.ShiftDays, err)
		}
		checks := func(e *Engine) (found []int64) {
			list, err := e.Checks(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list {
				found = append(found, c.Count)
			}
			return found
		}
		if d := cmp.Diff(checks(plain), checks(e)); d != "" {
			t.Errorf("checks of what is moved by %d days (-plain +moved)\n%s", days, d)
		}
	}
}

// TestShiftOfLaterLoads: what is loaded beside is moved alike, and no other way.
func TestShiftOfLaterLoads(t *testing.T) {
	e := openWith(t)
	load := func(name, row string, days int, replace bool) error {
		_, err := e.Load(t.Context(), []warehouse.Input{warehousetest.Input(feedlog.Impressions, name, warehousetest.FixtureHeader+row)}, warehouse.LoadOptions{ShiftDays: days, Replace: replace})
		return err
	}
	last := func(want string) {
		t.Helper()
		c, err := e.Describe(t.Context())
		if got := c.LastDay.Format("2006-01-02"); err != nil || got != want {
			t.Errorf("the last day is %s, %v; want %s", got, err, want)
		}
	}
	const first, second = "NA,1,1,1572566400000,0,0,0,0,0,0,c1,NA,u1\n", "NA,2,1,1572696000000,0,0,0,0,0,0,c1,NA,u1\n" // of 1 and 2 November 2019
	if err := load("a.csv", first, 7, false); err != nil {
		t.Fatal(err)
	}
	last("2019-11-08")
	if err := load("b.csv", second, 14, false); err == nil || !strings.Contains(err.Error(), "moved by 7 days") {
		t.Errorf("a load that is moved otherwise: %v; want it to say by how much the database is", err)
	}
	if err := load("b.csv", second, 0, false); err != nil {
		t.Fatal(err)
	}
	last("2019-11-09")
	e = openWith(t)
	if err := load("a.csv", first, 0, false); err != nil {
		t.Fatal(err)
	}
	if err := load("b.csv", second, 7, false); err == nil || !strings.Contains(err.Error(), "moved by 0 days") {
		t.Errorf("a load that is moved beside one that is not: %v", err)
	}
	if err := load("a.csv", first, 7, true); err != nil { // all there was is replaced
		t.Fatal(err)
	}
	last("2019-11-08")
	if err := load("b.csv", second, 40_000, true); err == nil || !strings.Contains(err.Error(), "36525") {
		t.Errorf("a load that is moved by a hundred years and more: %v", err)
	}
}
