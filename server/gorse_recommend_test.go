package server

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/stream"
)

// withItems puts items a to e, of moments 1 to 5 s, all of category "all", those but c of "most"; x is hidden.
func withItems(f *fakeBackend) {
	for k, key := range []string{"a", "b", "c", "d", "e", "x"} {
		categories := []string{"all", "most"}
		if key == "c" {
			categories = categories[:1]
		}
		f.items[key] = fakeItem{stream.Card{Categories: categories, PublishedMS: int64(k+1) * 1000, Hidden: key == "x"}, ""}
	}
}

func TestGorseRecommend(t *testing.T) {
	g, f := newTestGorse()
	withItems(f)
	run(t, g,
		step{"GET /api/recommend/u", "", `200 ["e","d","c","b","a"]`}, // nobody knows u
		step{"GET /api/recommend/u/?n=2", "", `200 ["e","d"]`},
		step{"GET /api/recommend/u?n=2&offset=3", "", `200 ["b","a"]`},
		step{"GET /api/recommend/u?n=2&offset=9", "", `200 []`},
		step{"GET /api/recommend/u?n=2&offset=1000000", "", `200 []`},
		step{"GET /api/recommend/u?n=0", "", `200 []`},
		step{"GET /api/recommend/u?n=2\nX-API-Version: 2", "", `200 [{"Id":"e","Score":5},{"Id":"d","Score":4}]`},
		step{"GET /api/recommend/u?n=0\nX-API-Version: 2", "", `200 []`},
		step{"GET /api/recommend/u?n=1\nX-API-Version: 1", "", `200 ["e"]`},
		step{"GET /api/recommend/u/most?n=3", "", `200 ["e","d","b"]`},
		step{"GET /api/recommend/u?n=3&category=most&category=all", "", `200 ["e","d","b"]`},
		step{"GET /api/recommend/u/none", "", `200 []`},
		step{"GET /api/recommend/u/?n=500&offset=0", "", `200 ["e","d","c","b","a"]`},
	)
	last := f.pages[len(f.pages)-1]
	if last.N != MaxN || last.User != "u" || last.Silent || last.Categories != nil {
		t.Errorf("asked for %+v; want a page of u of %d cards, logged", last, MaxN)
	}
	if len(f.log) != 0 {
		t.Errorf("pages wrote %d events", len(f.log))
	}
	run(t, g,
		step{"GET /api/collaborative-filtering/u?n=1", "", `200 [{"Id":"e","Score":5}]`},
		step{"GET /api/collaborative-filtering/u/most?n=1&offset=2", "", `200 [{"Id":"b","Score":2}]`},
	)
	if last := f.pages[len(f.pages)-1]; !last.Silent || last.User != "u" {
		t.Errorf("asked for %+v; want a page of u that is not logged", last)
	}
}

func TestGorseWriteBack(t *testing.T) {
	g, f := newTestGorse()
	withItems(f)
	run(t, g,
		step{"GET /api/recommend/u?n=2&write-back-type=read", "", `200 ["e","d"]`},
		step{"GET /api/recommend/u?n=2&write-back-type=read&write-back-delay=1h0m30s", "", `200 ["c","b"]`}, // e, d were read
		step{"GET /api/recommend/u?n=2", "", `200 ["c","b"]`},                                               // to be read in an hour
		step{"GET /api/recommend/u?n=2&write-back-delay=10m", "", `200 ["c","b"]`},                          // no type: nothing is written
		step{"GET /api/feedback/read/u/e", "", `200 {"FeedbackType":"read","UserId":"u","ItemId":"e","Value":0,"Timestamp":"2024-05-06T07:08:09Z","Comment":""}`},
		step{"GET /api/feedback/read/u/c", "", `200 {"FeedbackType":"read","UserId":"u","ItemId":"c","Value":0,"Timestamp":"2024-05-06T08:08:39Z","Comment":""}`},
	)
	if len(f.log) != 4 {
		t.Errorf("%d events; want 2 + 2", len(f.log))
	}
	f.nowMS += 3_630_000 // 1 h 30 s later
	run(t, g, step{"GET /api/recommend/u?n=2", "", `200 ["a"]`})
}

func TestGorseSession(t *testing.T) {
	g, f := newTestGorse()
	withItems(f)
	run(t, g,
		step{"POST /api/session/recommend", "[]", `200 [{"Id":"e","Score":5},{"Id":"d","Score":4},{"Id":"c","Score":3},{"Id":"b","Score":2},{"Id":"a","Score":1}]`},
		step{"POST /api/session/recommend/?n=1", `[{"FeedbackType":"star","ItemId":"e","UserId":"u","Timestamp":"2022-02-24"}]`, `200 [{"Id":"d","Score":4}]`},
		step{"POST /api/session/recommend/most?n=2&offset=1", `[{"FeedbackType":"star","ItemId":"e"}]`, `200 [{"Id":"b","Score":2},{"Id":"a","Score":1}]`},
		step{"POST /api/session/recommend?n=0", `[]`, `200 []`},
	)
	last := f.pages[2]
	if !last.Silent || last.User != "" || len(last.Session) != 1 || last.Session[0].Type != "star" || len(f.log) != 0 {
		t.Errorf("asked for %+v, with %d events; want a page of nobody, not logged", last, len(f.log))
	}
	run(t, g, step{"POST /api/session/recommend", "[" + strings.Repeat(`{"FeedbackType":"t","ItemId":"e"},`, MaxEvents) + `{"FeedbackType":"t","ItemId":"e"}]`,
		fmt.Sprintf("413 body: more than %d rows", MaxEvents)})
}

func TestGorseLists(t *testing.T) {
	g, f := newTestGorse()
	withItems(f)
	run(t, g,
		// a has 2 users, b 1. u did a and b, v did a: they have a in common.
		step{"POST /api/feedback", `[{"FeedbackType":"t","UserId":"u","ItemId":"a"},{"FeedbackType":"t","UserId":"v","ItemId":"a"},{"FeedbackType":"t","UserId":"u","ItemId":"b"}]`, `200 {"RowAffected":3}`},
		step{"GET /api/latest?n=2", "", `200 [{"Id":"e","Score":5},{"Id":"d","Score":4}]`},
		step{"GET /api/latest/most?n=1&offset=2", "", `200 [{"Id":"b","Score":2}]`},
		step{"GET /api/latest?category=most&n=1&offset=2&user-id=u", "", `200 []`}, // e, d; u knows a and b
		step{"GET /api/latest/?n=0", "", `200 []`},
		step{"GET /api/popular?n=2", "", `200 [{"Id":"a","Score":2},{"Id":"b","Score":1}]`},
		step{"GET /api/popular/all?n=1&user-id=u", "", `200 [{"Id":"c","Score":0}]`},
		step{"GET /api/non-personalized/most_starred_weekly?n=1&offset=1", "", `200 [{"Id":"b","Score":1}]`},
		step{"GET /api/non-personalized/Latest?n=1", "", `200 [{"Id":"e","Score":5}]`},
		// In common with a: d, e and b both categories, c one; x is hidden, and the fake's Similar lists it all the same.
		step{"GET /api/item/a/neighbors?n=2&offset=1", "", `200 [{"Id":"d","Score":2},{"Id":"e","Score":2}]`},
		step{"GET /api/item/c/neighbors/most/?n=1", "", `200 [{"Id":"a","Score":1}]`},
		step{"GET /api/item-to-item/neighbors/a?n=1", "", `200 [{"Id":"b","Score":2}]`},
		step{"GET /api/item/a/neighbors?offset=99", "", `200 []`},
		step{"GET /api/item/a/neighbors?n=1&user-id=u", "", `200 [{"Id":"d","Score":2}]`}, // u knows b
		step{"GET /api/item/nobody/neighbors", "", `200 []`},
		step{"GET /api/user/u/neighbors", "", `200 [{"Id":"v","Score":1}]`},
		step{"GET /api/user/u/neighbors?offset=1", "", `200 []`},
		step{"GET /api/user-to-user/neighbors/v/", "", `200 [{"Id":"u","Score":1}]`},
		step{"GET /api/user/nobody/neighbors", "", `200 []`},
		step{"GET /api/health/live", "", `200 {"Ready":true,"DataStoreError":null,"CacheStoreError":null,"DataStoreConnected":true,"CacheStoreConnected":true}`},
	)
}

func TestParseGorseTime(t *testing.T) {
	const may6 = 1714953600_000 // 2024-05-06 00:00 UTC: 19,849 days
	hms := func(h, m, s int64) int64 { return ((h*60+m)*60 + s) * 1000 }
	for text, want := range map[string]gorseTime{
		"": {}, "0001-01-01T00:00:00Z": {}, "0001-01-01": {},
		"2024-05-06":                       {may6, true},
		"2024-05-06T07:08:09Z":             {may6 + hms(7, 8, 9), true},
		"2024-05-06T07:08:09.5Z":           {may6 + hms(7, 8, 9) + 500, true},
		"2024-05-06T07:08:09+02:00":        {may6 + hms(5, 8, 9), true},
		"2024-05-06T07:08:09":              {may6 + hms(7, 8, 9), true}, // no zone: UTC
		"2024-05-06T07:08:09.123456":       {may6 + hms(7, 8, 9) + 123, true},
		"2024-05-06 07:08:09":              {may6 + hms(7, 8, 9), true},
		"2024-05-06 07:08:09+00:00":        {may6 + hms(7, 8, 9), true},
		"2024-05-06 07:08:09.25 +0000 UTC": {may6 + hms(7, 8, 9) + 250, true},
		"2024-05-06 07:08 ":                {may6 + hms(7, 8, 0), true},
		"2024/05/06":                       {may6, true},
		"2024-5-6":                         {may6, true},
		"Mon, 06 May 2024 07:08:09 GMT":    {may6 + hms(7, 8, 9), true},
		"1714953600":                       {may6, true},
		"1714953600123":                    {may6 + 123, true},
		"1714953600123456":                 {may6 + 123, true},
		"1714953600123456789":              {may6 + 123, true},
		"1970-01-01":                       {0, true},
		"1950-01-01":                       {-7305 * 86400_000, true}, // 20 years with 5 leap days
	} {
		got, err := parseGorseTime(text)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"tomorrow", "2024-13-01", "2024-05-06T25:00:00Z", "12", "-1714953600", "2024-05-06T07:08:09Z and more"} {
		if got, err := parseGorseTime(text); err == nil {
			t.Errorf("%q was taken for %+v", text, got)
		}
	}
}

func TestKeyLocks(t *testing.T) {
	var l keyLocks
	keys := make([]string, 500) // more keys than locks, and each twice
	for k := range keys {
		keys[k] = fmt.Sprint(k / 2)
	}
	l.lock(keys...)() // would wait for itself if a lock were taken twice
	done := make(chan bool)
	count := 0
	for range 4 {
		go func() {
			backwards := slices.Clone(keys)
			slices.Reverse(backwards)
			for range 200 {
				unlock := l.lock(keys...)
				count++
				unlock()
				unlock = l.lock(backwards...) // would wait in a circle if locks were taken as the keys come
				count++
				unlock()
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
	if count != 1600 {
		t.Errorf("counted %d of 4 * 200 * 2 = 1600", count)
	}
}

// Behind a Server, what nobody foresaw is for its log, not for the client.
func TestGorseKeepsFaultsToTheLog(t *testing.T) {
	f := newGorseFake(gorseNow.UnixMilli())
	f.down = errors.New("the file /srv/secret is broken")
	var logged syncBuffer
	c := newClient(t, Config{Backend: f, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	c.Mount("/api/", GorseHandler(c.Backend()))
	w := c.ask("GET", "/api/latest", "", "X-Request-Id", "the-request")
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), "the-request") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if text := logged.String(); !strings.Contains(text, "secret is broken") || !strings.Contains(text, "the-request") {
		t.Errorf("logged: %s", text)
	}
}
