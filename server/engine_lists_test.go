package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seguefeed/segue/stream"
)

// Lists go on from the cursors that they gave, each row once, in the order that the description tells, and from no others.
func TestEngineCursors(t *testing.T) {
	r := newRig(t, rigOf{engine: calm})
	c := newClient(t, Config{Backend: r.Engine})
	var items []string
	for k := range 25 {
		items = append(items, fmt.Sprintf("item %d", (k*7+3)%25))
		r.send(r.did(stream.Item, "", items[k], ofCard(stream.Card{})), r.did(stream.Impression, fmt.Sprint("user ", k), items[k]))
	}
	for _, path := range []string{"/v1/items", "/v1/users"} {
		var got []string
		for cursor := ""; ; {
			w := c.ask("GET", path+"?n=4&cursor="+cursor, "")
			var page struct {
				Items, Users []struct{ Item, User string }
				Next         string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 {
				t.Fatalf("%s after %q: %d %s", path, cursor, w.Code, w.Body)
			}
			for _, row := range append(page.Items, page.Users...) {
				got = append(got, row.Item+row.User)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if path == "/v1/items" && strings.Join(got, ",") != strings.Join(items, ",") || len(got) != 25 {
			t.Errorf("%s: %q; want %q", path, got, items)
		}
		for _, cursor := range []string{"bogus", "-1", "?", "A"} {
			w := c.ask("GET", path+"?cursor="+cursor, "")
			if at, all := problemOf(t, w); w.Code != 422 || strings.Join(at, " ") != "query.cursor" || strings.Contains(all, "live") {
				t.Errorf("%s after %q: %d %s", path, cursor, w.Code, all)
			}
		}
	}
	g := GorseHandler(r.Engine)
	for _, path := range []string{"/api/users", "/api/items", "/api/feedback"} {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest("GET", path+"?cursor="+base64.RawURLEncoding.EncodeToString([]byte("-1")), nil))
		if w.Code != 400 || w.Body.String() != "cursor: what an answer of the same list gave is expected" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// A page of an empty catalogue has the columns of any other.
func TestEngineColumnsOfNothing(t *testing.T) {
	r := newRig(t, rigOf{engine: calm})
	for asked, want := range map[int]int{0: 2, 3: 3} {
		if p := r.page(FeedRequest{User: "u", Columns: asked}); p.Columns != want || len(p.Cards) != 0 {
			t.Errorf("%d asked for: %d columns and %d cards", asked, p.Columns, len(p.Cards))
		}
	}
	r.send(r.did(stream.Item, "", "i", ofCard(stream.Card{})))
	if p := r.page(FeedRequest{User: "u"}); p.Columns != 2 {
		t.Errorf("of one item: %d columns", p.Columns)
	}
}

// A content is of the catalogue's own, so that another is a mistake; a category is a word of whoever sends items, of which there may be none yet.
func TestEngineUnknownFilters(t *testing.T) {
	r := newRig(t, rigOf{engine: calm})
	c := newClient(t, Config{Backend: r.Engine})
	r.send(r.did(stream.Item, "", "i", ofCard(stream.Card{Content: "piano", Categories: []string{"quiet"}})))
	for query, want := range map[string]string{"content=piano&category=quiet": `"item":"i"`, "category=nosuch": `"cards":[]`, "content=nosuch": `"location":"query.content"`} {
		if w := c.ask("GET", "/v1/users/u/feed?"+query, ""); (w.Code == 422) != strings.Contains(query, "content=nosuch") || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	feed := c.doc.Paths.Find("/v1/users/{id}/feed").Get.Parameters
	if what := feed.GetByInAndName("query", "content").Description; !strings.Contains(what, "is an error") {
		t.Errorf("content is described as %q", what)
	}
}
