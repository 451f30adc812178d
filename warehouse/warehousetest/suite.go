package warehousetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// Run holds an engine to the port. open returns a new, empty warehouse, and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	t.Run("load", func(t *testing.T) { testLoad(t, open) })
	t.Run("several loads", func(t *testing.T) { testSeveralLoads(t, open) })
	t.Run("checks", func(t *testing.T) { testChecks(t, loaded(t, open)) })
	t.Run("planted oddities", func(t *testing.T) { testOddities(t, open(t)) })
	t.Run("check of one action", func(t *testing.T) { testCheckOfOneAction(t, open(t)) })
	t.Run("usage", func(t *testing.T) { testUsage(t, loaded(t, open)) })
	t.Run("activity", func(t *testing.T) { testActivity(t, open) })
	t.Run("content", func(t *testing.T) { testContent(t, loaded(t, open)) })
	t.Run("demographics", func(t *testing.T) { testDemographics(t, open) })
	t.Run("groups", func(t *testing.T) { testGroups(t, loaded(t, open), open(t)) })
	t.Run("training", func(t *testing.T) { testTraining(t, open) })
	t.Run("catalogue", func(t *testing.T) { testCatalogue(t, open) })
	t.Run("live", func(t *testing.T) { testLive(t, open) })
	t.Run("told", func(t *testing.T) { testTold(t, open) })
	t.Run("empty", func(t *testing.T) { testEmpty(t, open(t)) })
}

// loaded is a warehouse that holds the fixture.
func loaded(t *testing.T, open func(t *testing.T) warehouse.Warehouse) warehouse.Warehouse {
	t.Helper()
	w := open(t)
	if _, err := w.Load(context.Background(), Fixture(), warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	return w
}

func same(t *testing.T, what string, want, got any, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-9)); d != "" {
		t.Errorf("%s (-want +got)\n%s", what, d)
	}
}

// snapshot is what a warehouse says of itself: enough to see any row that came or went.
func snapshot(t *testing.T, w warehouse.Warehouse) []any {
	t.Helper()
	ctx := context.Background()
	c, err := w.Describe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Loads {
		c.Loads[i].LoadedAt = c.LastDay // differs from run to run
		c.Loads[i].Name = ""
	}
	days, err := w.UseByDay(ctx)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := w.UserTriples(ctx)
	if err != nil {
		t.Fatal(err)
	}
	positions, err := w.UseByPosition(ctx, 30)
	if err != nil {
		t.Fatal(err)
	}
	shows, err := w.UseByShow(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sizes, err := w.SessionSizes(ctx)
	if err != nil {
		t.Fatal(err)
	}
	swipes, err := w.SwipeTotals(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return []any{c, days, pairs, positions, shows, sizes, swipes}
}

func testLoad(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	t.Run("report", func(t *testing.T) {
		w := open(t)
		report, err := w.Load(ctx, Fixture(), warehouse.LoadOptions{})
		want := map[feedlog.Table]int64{feedlog.Users: 6, feedlog.Creators: 3, feedlog.Cards: 4, feedlog.Impressions: 13, feedlog.CardDays: 3, feedlog.CreatorDays: 7}
		got := map[feedlog.Table]int64{}
		for _, l := range report.Tables {
			got[l.Table] = l.Rows
			if l.Table == feedlog.Impressions && l.Swipes != 2 {
				t.Errorf("%d swipes, want 2", l.Swipes)
			}
		}
		same(t, "rows", want, got, err)
		c, err := w.Describe(ctx)
		// cards c1 to c5; users u1 to u6, of whom u6 is not listed; all roles are there
		same(t, "contents", warehouse.Contents{Impressions: 13, Swipes: 2, Users: 6, Cards: 5, Creators: 3, ListedUsers: 5, ListedCards: 4, ListedCreators: 3,
			CardDays: 3, CreatorDays: 7, FirstDay: day(1), LastDay: day(30), Zone: "UTC+08:00", Loads: c.Loads}, c, err)
		if c.Days() != 30 {
			t.Errorf("%d days, want 30", c.Days())
		}
	})
	t.Run("same log in other forms", func(t *testing.T) {
		want := snapshot(t, loaded(t, open))
		lines := strings.SplitAfter(fixtureImpressions, "\n")
		for name, text := range map[string]string{
			"bare list":       strings.ReplaceAll(fixtureImpressions, `"`, ""),
			"CRLF":            strings.ReplaceAll(fixtureImpressions, "\n", "\r\n"),
			"BOM, no last NL": "\ufeff" + strings.TrimSuffix(fixtureImpressions, "\n"),
			"empty for NA":    strings.ReplaceAll(fixtureImpressions, "NA", ""),
			// two of u1's rows come after u6's: the log is not grouped by user any more
			"not grouped": lines[0] + strings.Join(lines[3:], "") + lines[1] + lines[2],
		} {
			w := open(t)
			inputs := append([]warehouse.Input{Input(feedlog.Impressions, "impression_data.csv", text)}, others(feedlog.Impressions)...)
			if _, err := w.Load(ctx, inputs, warehouse.LoadOptions{}); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if d := cmp.Diff(want, snapshot(t, w), cmpopts.EquateApprox(0, 1e-9)); d != "" && name != "not grouped" {
				t.Errorf("%s (-want +got)\n%s", name, d)
			} else if d != "" {
				// Ids are given in order of first sight, so users fall into other groups: all but that is the same.
				got := snapshot(t, w)
				for _, i := range []int{0, 1, 2, 5, 6} {
					if d := cmp.Diff(want[i], got[i], cmpopts.EquateApprox(0, 1e-9)); d != "" {
						t.Errorf("%s, part %d (-want +got)\n%s", name, i, d)
					}
				}
			}
		}
	})
	t.Run("twice", func(t *testing.T) {
		w := loaded(t, open)
		before := snapshot(t, w)
		_, err := w.Load(ctx, Fixture(), warehouse.LoadOptions{})
		var already *warehouse.AlreadyLoadedError
		if !errors.As(err, &already) {
			t.Fatalf("loading the same files again returned %v", err)
		}
		same(t, "refused", before, snapshot(t, w), nil)
		_, err = w.Load(ctx, Fixture(), warehouse.LoadOptions{Replace: true})
		same(t, "replaced", before, snapshot(t, w), err)
	})
	t.Run("replaced files leave nothing", func(t *testing.T) {
		w := loaded(t, open)
		if _, err := w.Load(ctx, Fixture(), warehouse.LoadOptions{Replace: true}); err != nil {
			t.Fatal(err)
		}
		testChecks(t, w) // u5 is listed twice once, not once a load
		mended := Input(feedlog.Users, "user_demographics.csv", "userId,province,age,gender,registeredMonthCnt,followCnt,level\nu1,guang dong,21,male,3,5,7\n")
		if _, err := w.Load(ctx, []warehouse.Input{mended}, warehouse.LoadOptions{Replace: true}); err != nil {
			t.Fatal(err)
		}
		c, err := w.Describe(ctx)
		// u1 is listed; u2 to u4 and u6 have impressions and u5 had a row: they keep their ids
		same(t, "users listed, users", []int64{1, 6}, []int64{c.ListedUsers, c.Users}, err)
	})
	t.Run("one of two files replaced", func(t *testing.T) {
		w := open(t)
		lines := strings.SplitAfter(fixtureImpressions, "\n")
		first := Input(feedlog.Impressions, "first.csv", lines[0]+strings.Join(lines[1:7], ""))  // u1's
		second := Input(feedlog.Impressions, "second.csv", lines[0]+strings.Join(lines[7:], "")) // the others'
		if _, err := w.Load(ctx, []warehouse.Input{first, second}, warehouse.LoadOptions{}); err != nil {
			t.Fatal(err)
		}
		before := snapshot(t, w)
		if _, err := w.Load(ctx, []warehouse.Input{second}, warehouse.LoadOptions{Replace: true}); err == nil || !strings.Contains(err.Error(), "first.csv") {
			t.Errorf("replacing one of two files that came together: %v, want it to name the other", err)
		}
		same(t, "refused", before, snapshot(t, w), nil)
	})
	t.Run("same content twice in one load", func(t *testing.T) {
		w := open(t)
		before := snapshot(t, w)
		twin := Input(feedlog.Impressions, "twin.csv", fixtureImpressions)
		if _, err := w.Load(ctx, append(Fixture(), twin), warehouse.LoadOptions{}); err == nil || !strings.Contains(err.Error(), "twin.csv") {
			t.Errorf("a file and its copy: %v, want the copy to be refused", err)
		}
		same(t, "refused", before, snapshot(t, w), nil)
	})
	t.Run("rejects of a log that is not grouped", func(t *testing.T) {
		lines := strings.SplitAfter(fixtureImpressions, "\n")
		var told []string
		_, err := open(t).Load(ctx, []warehouse.Input{
			Input(feedlog.Users, "users.csv", "userId,province,age,gender,registeredMonthCnt,followCnt,level\nu8,,old,,,,\n"),
			// u1, u2, u1 again, and then a row that cannot be read
			Input(feedlog.Impressions, "impressions.csv", lines[0]+lines[1]+lines[7]+lines[2]+"NA,1,1,never,0,0,0,0,0,0,c1,NA,u1\n"),
		}, warehouse.LoadOptions{Reject: func(_ feedlog.Table, e *feedlog.RowError) error { told = append(told, e.Column); return nil }})
		same(t, "rejects, each once", []string{"age", "impressTime"}, told, err)
	})
	t.Run("text that is not UTF-8", func(t *testing.T) {
		w := loaded(t, open)
		before := snapshot(t, w)
		// "guang dong" in GBK: refused as a row or as a file, but never taken for null
		report, err := w.Load(ctx, []warehouse.Input{Input(feedlog.Users, "gbk.csv", "userId,province,age,gender,registeredMonthCnt,followCnt,level\nu9,\xb9\xe3\xb6\xab,,,,,\n")}, warehouse.LoadOptions{})
		switch {
		case err == nil && report.Tables[0].Rejected != 1:
			t.Error("a province in another encoding was taken in without a word")
		case err != nil && !strings.Contains(err.Error(), "UTF-8"):
			t.Errorf("a province in another encoding: %v, want it to say UTF-8", err)
		case err != nil:
			same(t, "refused", before, snapshot(t, w), nil)
		}
	})
	t.Run("too many rejects", func(t *testing.T) {
		w := loaded(t, open)
		before := snapshot(t, w)
		bad := Input(feedlog.Users, "bad.csv", "userId,province,age,gender,registeredMonthCnt,followCnt,level\nu8,,old,,,,\n")
		_, err := w.Load(ctx, []warehouse.Input{bad}, warehouse.LoadOptions{MaxRejectShare: -1})
		var many *warehouse.TooManyRejectsError
		if !errors.As(err, &many) || many.Rejected != 1 || many.First.Column != "age" {
			t.Fatalf("one reject of none allowed returned %v", err)
		}
		same(t, "after a failed load", before, snapshot(t, w), nil)
		var kept []string
		report, err := w.Load(ctx, []warehouse.Input{bad}, warehouse.LoadOptions{Reject: func(_ feedlog.Table, e *feedlog.RowError) error { kept = append(kept, e.Raw); return nil }})
		if err != nil || report.Tables[0].Rejected != 1 {
			t.Errorf("one reject of ten allowed: %+v, %v", report, err)
		}
		same(t, "rejects", []string{"u8,,old,,,,"}, kept, nil)
	})
	t.Run("cancelled", func(t *testing.T) {
		w := loaded(t, open)
		before := snapshot(t, w)
		ctx, cancel := context.WithCancel(ctx)
		more := Input(feedlog.Users, "more.csv", "userId,province,age,gender,registeredMonthCnt,followCnt,level\nu9,,,,,,\n")
		_, err := w.Load(ctx, []warehouse.Input{more}, warehouse.LoadOptions{Progress: func(warehouse.LoadProgress) { cancel() }})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("a cancelled load returned %v", err)
		}
		same(t, "after a cancelled load", before, snapshot(t, w), nil)
	})
	t.Run("days without a month", func(t *testing.T) {
		_, err := open(t).Load(ctx, []warehouse.Input{Input(feedlog.CardDays, "mlog_stats.csv", fixtureCardDays)}, warehouse.LoadOptions{})
		if err == nil || !strings.Contains(err.Error(), "--month") {
			t.Errorf("day numbers without a month: %v, want it to ask for --month", err)
		}
	})
}

// others is the fixture without one table.
func others(without feedlog.Table) []warehouse.Input {
	var inputs []warehouse.Input
	for _, in := range Fixture() {
		if in.Table != without {
			inputs = append(inputs, in)
		}
	}
	return inputs
}

func testChecks(t *testing.T, w warehouse.Warehouse) {
	checks, err := w.Checks(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	type found struct{ Count, Of int64 }
	got := map[string]found{}
	for _, c := range checks {
		got[c.ID] = found{c.Count, c.Of}
		if int64(len(c.Examples)) != min(c.Count, 5) {
			t.Errorf("%s: %d examples of %d", c.ID, len(c.Examples), c.Count)
		}
	}
	same(t, "checks", map[string]found{
		"impressions-without-user": {1, 13}, // u6's
		"impressions-without-card": {1, 13}, // of c5
		"users-twice":              {1, 5},  // u5
		"cards-twice":              {0, 4},
		"wrong-day":                {0, 13},
		"view-without-click":       {0, 13},
		"action-without-click":     {0, 13},
		"repeats":                  {2, 13}, // c1 to u1 on days 2 and 30
		"tenure-over-80":           {1, 5},  // u3, 90 months
		"negative-times":           {0, 13},
	}, got, nil)
}
