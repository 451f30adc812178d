package warehousetest

import (
	"context"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// testOddities plants what each data check looks for and reads the check's count and example.
func testOddities(t *testing.T, w warehouse.Warehouse) {
	ctx := context.Background()
	// 1572570000000 is 1 November 2019, 09:00 in UTC+8
	impressions := FixtureHeader +
		"NA,1,1,1572570000000,0,0,0,0,0,0,c1,NA,stranger\n" +
		"NA,1,1,1572570000000,0,0,0,0,0,0,c1,NA,u1\n" +
		"NA,1,2,1572570000001,0,0,0,0,0,0,unlisted,NA,u1\n" +
		"NA,2,3,1572570000002,0,0,0,0,0,0,c2,NA,u1\n" + // 1 November by its time
		"NA,1,3,1572537599999,1,0,0,0,0,0,c3,NA,u1\n" + // a millisecond before 1 November
		"NA,1,4,1572570000003,0,0,0,0,0,0,c4,5.5,u1\n" +
		"NA,1,5,1572570000004,0,0,0,0,0,1,c5,NA,u1\n" +
		"NA,1,6,1572570000005,0,0,0,1,0,0,c6,NA,u1\n" +
		"NA,1,7,1572570000006,0,0,0,0,0,0,c1,NA,u1\n" +
		"NA,1,8,-5,0,0,0,0,0,0,c7,NA,u1\n" + // 1 January 1970, 07:59
		"NA,1,9,1572570000007,1,0,0,0,0,0,c8,-2,u1\n"
	users := "userId,province,age,gender,registeredMonthCnt,followCnt,level\nu1,,,,81,,\nu2,,,,80,,\nu2,,,,80,,\nu2,,,,80,,\n"
	cards := "mlogId,songId,artistId,creatorId,publishTime,type,contentId,talkId\n"
	for _, id := range strings.Fields("c1 c2 c3 c4 c5 c6 c7 c8 c8") {
		cards += id + ",,,,,,,\n"
	}
	_, err := w.Load(ctx, []warehouse.Input{
		Input(feedlog.Impressions, "impressions.csv", impressions), Input(feedlog.Users, "users.csv", users), Input(feedlog.Cards, "cards.csv", cards),
	}, warehouse.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checks, err := w.Checks(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]warehouse.DataCheck{}
	for _, c := range checks {
		got[c.ID] = c
	}
	for id, want := range map[string]struct {
		count, of int64
		example   string
	}{
		"impressions-without-user": {1, 11, "user stranger"},
		"impressions-without-card": {1, 11, "card unlisted"},
		"users-twice":              {1, 2, "user u2, 3 rows"},
		"cards-twice":              {1, 8, "card c8, 2 rows"},
		"wrong-day":                {2, 11, "card c3, shown at 1572537599999 (2019-10-31), day stated 1"},
		"view-without-click":       {1, 11, "card c4, shown at 1572570000003, viewed for 5.5 s"},
		"action-without-click":     {2, 11, "card c5"},
		"repeats":                  {1, 11, "card c1, shown at 1572570000006, show 2"},
		"tenure-over-80":           {1, 2, "user u1, 81 months"},
		"negative-times":           {2, 11, "card c7, shown at -5"},
	} {
		c := got[id]
		if c.Count != want.count || c.Of != want.of || !strings.Contains(strings.Join(c.Examples, "\n"), want.example) {
			t.Errorf("%s: %d of %d, for example %q; want %d of %d and %q", id, c.Count, c.Of, c.Examples, want.count, want.of, want.example)
		}
	}
	if len(got) != 10 {
		t.Errorf("%d checks, want 10", len(got))
	}
}

// testCheckOfOneAction: a log that knows one of the five actions is checked for that one.
func testCheckOfOneAction(t *testing.T, w warehouse.Warehouse) {
	ctx := context.Background()
	in := Input(feedlog.Impressions, "shares.csv", "userId,mlogId,impressTime,isClick,isShare\nu1,c1,1572570000000,0,1\n")
	in.Layout = &feedlog.Layout{Table: feedlog.Impressions}
	for _, c := range feedlog.ReferenceLayout(feedlog.Impressions).Columns {
		switch c.Role {
		case feedlog.ImpressionUser, feedlog.ImpressionCard, feedlog.ImpressionTime, feedlog.ImpressionClicked, feedlog.ImpressionShare:
			in.Layout.Columns = append(in.Layout.Columns, c)
		}
	}
	if _, err := w.Load(ctx, []warehouse.Input{in}, warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	checks, err := w.Checks(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		switch c.ID {
		case "action-without-click":
			if c.Off != "" || c.Count != 1 {
				t.Errorf("a share without a click: %d, off %q; want 1", c.Count, c.Off)
			}
		case "users-twice", "wrong-day", "view-without-click", "tenure-over-80":
			if c.Off == "" {
				t.Errorf("%s ran on a log that has no such column", c.ID)
			}
		}
	}
}
