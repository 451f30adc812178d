package warehousetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// FixtureHeader is the header line of the fixture's impressions.
var FixtureHeader = strings.SplitAfter(fixtureImpressions, "\n")[0]

// testSeveralLoads holds loads that follow one another to what one load of everything would give.
func testSeveralLoads(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	t.Run("second month", func(t *testing.T) {
		w := loaded(t, open)
		// one impression of 1 December, 12:00, and u1 with another age; u7 is new
		_, err := w.Load(ctx, []warehouse.Input{
			Input(feedlog.Impressions, "december.csv", FixtureHeader+"NA,1,1,1575172800000,1,0,0,0,0,0,c1,3,u7\n"),
			Input(feedlog.Users, "users_december.csv", "userId,province,age,gender,registeredMonthCnt,followCnt,level\nu1,guang dong,22,male,4,5,7\nu7,,,,,,\n"),
		}, warehouse.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.Describe(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if c.Impressions != 14 || c.Users != 7 || c.ListedUsers != 6 || !c.LastDay.Equal(day(31)) { // 31 November is 1 December
			t.Errorf("after a second month: %+v", c)
		}
	})
	t.Run("repeats count over loads", func(t *testing.T) {
		w := loaded(t, open)
		load := func(name, rows string, opt warehouse.LoadOptions) {
			t.Helper()
			if _, err := w.Load(ctx, []warehouse.Input{Input(feedlog.Impressions, name, FixtureHeader+rows)}, opt); err != nil {
				t.Fatal(err)
			}
		}
		// per user with n impressions, c clicks, r repeats and rc clicks on them: rc(n-r)/n and (c-rc)r/n
		repeats := func(what string, count, users int64, ofRepeats, ofFirsts float64) {
			t.Helper()
			checks, err := w.Checks(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range checks {
				if c.ID == "repeats" && c.Count != count {
					t.Errorf("%s: %d repeats, want %d", what, c.Count, count)
				}
			}
			groups, err := w.RepeatsWithinUsers(ctx)
			var sum warehouse.RepeatSums
			for _, g := range groups {
				sum.Users += g.Users
				sum.Repeats += g.Repeats
				sum.Firsts += g.Firsts
			}
			same(t, what, warehouse.RepeatSums{Users: users, Repeats: ofRepeats, Firsts: ofFirsts}, sum, err)
		}
		// u1: n = 6, c = 3, r = 2 (c1 on days 2 and 30), rc = 1
		repeats("November", 2, 1, 1*4./6, 2*2./6)
		// Loaded after November and earlier in time: u1's first show of c1 in November is a repeat now, and u2's of c2.
		load("october.csv", "NA,31,1,1572450000000,1,0,0,0,0,0,c1,3,u1\nNA,31,1,1572450000000,1,0,0,0,0,0,c2,3,u2\n", warehouse.LoadOptions{})
		// u1: 7, 4, 3, 1; u2: 3, 1, 1, 0
		repeats("October too", 4, 2, 1*4./7, 3*3./7+1*1./3)
		// One impression of 1 December: a clicked repeat for u3, who saw c1 on 2 November. u3: 4, 2, 1, 1
		load("december.csv", "NA,1,1,1575172800000,1,0,0,0,0,0,c1,3,u3\n", warehouse.LoadOptions{})
		repeats("December too", 5, 3, 1*4./7+1*3./4, 3*3./7+1*1./3+1*1./4)
		// October once more, without u2: her show of c2 in November is the first again.
		load("october.csv", "NA,31,1,1572450000000,1,0,0,0,0,0,c1,3,u1\n", warehouse.LoadOptions{Replace: true})
		repeats("October replaced", 4, 2, 1*4./7+1*3./4, 3*3./7+1*1./4)
	})
	t.Run("one zone", func(t *testing.T) {
		w := open(t)
		berlin := time.FixedZone("UTC+01:00", 3600)
		load := func(name, row string, zone *time.Location, replace bool) error {
			_, err := w.Load(ctx, []warehouse.Input{Input(feedlog.Impressions, name, FixtureHeader+row)}, warehouse.LoadOptions{Zone: zone, Replace: replace})
			return err
		}
		// 1572537600000 is 1 November 00:00 in UTC+8 and 31 October 17:00 in UTC+1
		const row, later = "NA,,1,1572537600000,1,0,0,0,0,0,c1,3,u1\n", "NA,,1,1572537600001,1,0,0,0,0,0,c1,3,u1\n"
		if err := load("a.csv", row, berlin, false); err != nil {
			t.Fatal(err)
		}
		if err := load("b.csv", later, feedlog.China, false); err == nil || !strings.Contains(err.Error(), "UTC+01:00") {
			t.Errorf("a load in another zone: %v, want it to name the zone of the days that are there", err)
		}
		if err := load("b.csv", later, nil, false); err != nil {
			t.Fatal(err)
		}
		c, err := w.Describe(ctx)
		same(t, "a load that states no zone takes the one that is there", []any{int64(2), day(0), day(0), "UTC+01:00"}, []any{c.Impressions, c.FirstDay, c.LastDay, c.Zone}, err)
		// Once all impressions are replaced the zone is free.
		w = open(t)
		if err := load("a.csv", row, berlin, false); err != nil {
			t.Fatal(err)
		}
		err = load("a.csv", row, feedlog.China, true)
		if err != nil {
			t.Fatal(err)
		}
		c, err = w.Describe(ctx)
		same(t, "replaced in another zone", []any{int64(1), day(1), "UTC+08:00"}, []any{c.Impressions, c.FirstDay, c.Zone}, err)
	})
}
