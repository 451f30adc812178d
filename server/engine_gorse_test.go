// The Gorse interface on an engine: what its clients write counts in what they read next. The routes and their bytes are tested over a fake.

package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/live"
)

// gorse asks the interface and reads an answer of 200 into v, unless that is nil.
func (r *rig) gorse(method, path, body string, v any) {
	r.tb.Helper()
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	q.Header.Set("X-API-Version", "2")
	w := httptest.NewRecorder()
	newGorse(r.Engine, r.clock.now).ServeHTTP(w, q)
	if w.Code != http.StatusOK {
		r.tb.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	if v == nil {
		return
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		r.tb.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}
}

// listed are the ids of a list of the interface, in its order.
func (r *rig) listed(method, path, body string) []string {
	r.tb.Helper()
	var scores []gorseScore
	r.gorse(method, path, body, &scores)
	ids := make([]string, len(scores))
	for k, s := range scores {
		ids[k] = s.Id
	}
	return ids
}

// feed tells feedback of now, of which a second passes.
func (r *rig) feed(user, kind string, items ...string) {
	r.tb.Helper()
	r.clock.pass(time.Second)
	var rows []string
	for _, item := range items {
		rows = append(rows, fmt.Sprintf(`{"FeedbackType":%q,"UserId":%q,"ItemId":%q}`, kind, user, item))
	}
	r.gorse("POST", "/api/feedback", "["+strings.Join(rows, ",")+"]", nil)
}

// A like counts in the very next recommendation: of each content in turn, somebody new likes one card, the last on her page. It is gone, and cards of its content rise. With models
// that knew the card when they were trained, and from live counts.
func TestGorseALikeMovesTheNextPage(t *testing.T) {
	for _, model := range []string{"a", "b", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm})
			were, are := 0, 0
			for content := range logContents {
				user := fmt.Sprint("newcomer ", content)
				path := fmt.Sprintf("/api/recommend/newcomer%%20%d?n=100", content)
				of := func(id string) bool {
					var i int
					_, err := fmt.Sscanf(id, "card %d", &i)
					return err == nil && i%logContents == content
				}
				among := func(ids []string) (n int) {
					for _, id := range ids[:10] {
						if of(id) {
							n++
						}
					}
					return n
				}
				before := r.listed("GET", path, "")
				liked := cardKey(logContents + content)
				for _, id := range before {
					if of(id) {
						liked = id
					}
				}
				r.feed(user, "like", liked)
				after := r.listed("GET", path, "")
				if slices.Contains(after, liked) {
					t.Errorf("%s was liked and comes again", liked)
				}
				b, a := among(before), among(after)
				if a < b || a == 0 {
					t.Errorf("of content %d stood %d among the first 10, and after a like of it %d", content, b, a)
				}
				were, are = were+b, are+a
			}
			if are < were+8 { // a page has at most five of a content: 30 in all
				t.Errorf("of the liked contents stood %d cards among the first 10 of six pages, and after the likes %d", were, are)
			}
		})
	}
}

// From nothing, by a client of Gorse alone: items have categories and no content, and a like raises its categories.
func TestGorseALikeRaisesItsCategory(t *testing.T) {
	r := newRig(t, rigOf{engine: calm})
	var rows []string
	for i := range 40 {
		rows = append(rows, fmt.Sprintf(`{"ItemId":"%d","Categories":["c%d"],"Timestamp":"2019-04-0%d"}`, i, i%4, 1+i/10))
	}
	r.gorse("POST", "/api/items", "["+strings.Join(rows, ",")+"]", nil)
	for k := range 8 {
		r.feed(fmt.Sprint("other ", k), "star", fmt.Sprint(k), fmt.Sprint(k+8)) // two of each category clicked
	}
	for c := range 4 {
		liked := fmt.Sprint(20 + c)
		r.feed(fmt.Sprint("fan", c), "star", liked)
		ids := r.listed("GET", fmt.Sprintf("/api/recommend/fan%d?n=9", c), "")
		for _, id := range ids[:3] {
			var i int
			if fmt.Sscan(id, &i); i%4 != c || id == liked {
				t.Errorf("after a star for %s, of category c%d, come %v", liked, c, ids)
				break
			}
		}
	}
}

// What has feedback of any type is not recommended again, nor listed for who gave it, from its moment on and until it is taken back: neither what counts as a click or an
// impression nor, as hate here, what counts as nothing.
func TestGorseWhatWasReadDoesNotComeAgain(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm, state: func(c *live.Config) { c.Positive = []string{"like"} }})
			none := func(what string, ids, of []string) {
				t.Helper()
				for _, id := range of {
					if slices.Contains(ids, id) {
						t.Errorf("%s: %s comes again", what, id)
					}
				}
			}
			page := "/api/recommend/reader?n=100"
			first := r.listed("GET", page, "")
			r.feed("reader", "read", first[0], first[1])
			r.feed("reader", "hate", first[2])
			next := r.listed("GET", page, "")
			none("recommended", next, first[:3])
			none("collaborative", r.listed("GET", "/api/collaborative-filtering/reader?n=100", ""), first[:3])
			if model == "" && !slices.Contains(r.listed("GET", "/api/recommend/other?n=100", ""), first[0]) {
				t.Errorf("%s does not come to somebody else", first[0])
			}
			for _, list := range []string{"/api/latest", "/api/popular", "/api/item/" + strings.ReplaceAll(next[0], " ", "%20") + "/neighbors"} {
				all := r.listed("GET", list+"?n=200", "")
				if !slices.ContainsFunc(first[:3], func(id string) bool { return slices.Contains(all, id) }) {
					t.Errorf("%s has none of %v", list, first[:3])
				}
				none(list, r.listed("GET", list+"?n=200&user-id=reader", ""), first[:3])
			}
			r.gorse("DELETE", "/api/feedback/reader/"+strings.ReplaceAll(first[0], " ", "%20"), "", nil)
			if !slices.Contains(r.listed("GET", page, ""), first[0]) {
				t.Errorf("%s does not come though its feedback was taken back", first[0])
			}

			seen := map[string]bool{}
			for round := range 5 {
				r.clock.pass(time.Second)
				for _, id := range r.listed("GET", "/api/recommend/scroller?n=10&write-back-type=read", "") {
					if seen[id] {
						t.Errorf("page %d: %s was written back and comes again", round, id)
					}
					seen[id] = true
				}
			}
			if len(seen) != 50 {
				t.Errorf("five pages of ten have %d cards", len(seen))
			}

			// Nothing caps a shelf of items of one category: all that may come do.
			var rows []string
			for i := range 20 {
				rows = append(rows, fmt.Sprintf(`{"ItemId":"new %d","Categories":["shelf"],"Timestamp":"2019-04-12"}`, i))
			}
			r.gorse("POST", "/api/items", "["+strings.Join(rows, ",")+"]", nil)
			shelf := func(user, query string, want int) []string {
				t.Helper()
				ids := r.listed("GET", "/api/recommend/"+user+"/shelf?n="+query, "")
				if len(ids) != want {
					t.Errorf("%s asks for %s and gets %d of 20, %d are expected", user, query, len(ids), want)
				}
				return ids
			}
			r.feed("x", "read", "new 3")
			r.feed("x", "hate", "new 4")
			r.feed("x", "like", "new 5")
			none("on the shelf", shelf("x", "100", 17), []string{"new 3", "new 4", "new 5"})
			shelf("y", "100", 20)
			read := shelf("y", "5&write-back-type=read", 5)
			none("written back", shelf("y", "100", 15), read)
			later := shelf("z", "5&write-back-type=read&write-back-delay=10m", 5)
			shelf("z", "100", 20)
			r.clock.pass(10*time.Minute - 2*time.Second)
			shelf("z", "100", 20)
			r.clock.pass(3 * time.Second)
			none("ten minutes later", shelf("z", "100", 15), later)

			ids := r.listed("POST", "/api/session/recommend/shelf?n=100", `[{"FeedbackType":"hate","UserId":"u","ItemId":"new 3"},{"FeedbackType":"like","UserId":"u","ItemId":"new 4"}]`)
			if len(ids) != 18 {
				t.Errorf("a session has %d of the 18 that are left", len(ids))
			}
			none("a session", ids, []string{"new 3", "new 4"})
		})
	}
}

// Items told through the interface: the newest is the first of the latest, categories hold, a hidden one never comes, and one that is deleted is gone with its feedback.
func TestGorseItemsOnAnEngine(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm})
			moment := r.clock.now().Format(time.RFC3339)
			var rows []string
			for i := range 60 {
				rows = append(rows, fmt.Sprintf(`{"ItemId":"new %d","Categories":["shelf","shelf %d"],"Timestamp":"2019-04-12"}`, i, i%2))
			}
			r.gorse("POST", "/api/items", "["+strings.Join(rows, ",")+"]", nil)
			r.gorse("POST", "/api/item", `{"ItemId":"newest","Categories":["shelf"],"Timestamp":"`+moment+`"}`, nil)
			if got := r.listed("GET", "/api/latest?n=1", ""); !slices.Equal(got, []string{"newest"}) {
				t.Errorf("the latest is %v", got)
			}
			// Ever more of a category, to the last of it.
			for n, want := range map[int]int{10: 10, 50: 50, 100: 61} {
				if got := r.listed("GET", fmt.Sprintf("/api/recommend/u/shelf?n=%d", n), ""); len(got) != want {
					t.Errorf("of the 61 on the shelf, %d of %d asked for come", len(got), n)
				}
			}
			paged := map[string]bool{}
			for offset := 0; offset < 70; offset += 10 {
				for _, id := range r.listed("GET", fmt.Sprintf("/api/recommend/u/shelf?n=10&offset=%d", offset), "") {
					paged[id] = true
				}
			}
			if len(paged) != 61 {
				t.Errorf("seven pages of ten of the 61 on the shelf have %d of them", len(paged))
			}
			for _, list := range []string{"/api/recommend/u", "/api/latest", "/api/collaborative-filtering/u"} {
				got := r.listed("GET", list+"?n=100&category=shelf&category=shelf%201", "")
				if len(got) != 30 || slices.ContainsFunc(got, func(id string) bool { var i int; fmt.Sscanf(id, "new %d", &i); return i%2 != 1 }) {
					t.Errorf("%s in two categories: %d, %v", list, len(got), got)
				}
			}
			places := func() (n int) {
				for _, list := range []string{"/api/recommend/u/shelf?n=100", "/api/latest?n=100", "/api/recommend/v?n=200", "/api/user/u/neighbors"} {
					if slices.Contains(r.listed("GET", list, ""), "newest") {
						n++
					}
				}
				return n
			}
			if places() != 3 {
				t.Errorf("the newest item is in %d of 3 lists", places())
			}
			r.gorse("PATCH", "/api/item/newest", `{"IsHidden":true}`, nil)
			if places() != 0 {
				t.Errorf("hidden it is in %d lists", places())
			}
			r.gorse("PATCH", "/api/item/newest", `{"IsHidden":false}`, nil)
			if places() != 3 {
				t.Errorf("shown again it is in %d of 3 lists", places())
			}
			r.feed("w", "star", "newest")
			r.gorse("DELETE", "/api/item/newest", "", nil)
			var rest []gorseFeedback
			if r.gorse("GET", "/api/user/w/feedback", "", &rest); places() != 0 || len(rest) != 0 {
				t.Errorf("deleted it is in %d lists, and has feedback %+v", places(), rest)
			}
		})
	}
}

// POST takes the place of all that Gorse's clients can say, PATCH changes what it has, to nothing too. What they cannot say stays.
func TestGorseOverwritesOnAnEngine(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false)})
	run(t, newGorse(r.Engine, r.clock.now),
		step{"POST /api/user", `{"UserId":"user 3","Labels":["l"],"Comment":"c"}`, `200 {"RowAffected":1}`},
		step{"PATCH /api/user/user%203", `{"Comment":""}`, `200 {"RowAffected":1}`},
		step{"GET /api/user/user%203", "", `200 {"UserId":"user 3","Labels":["l"],"Comment":""}`},
		step{"POST /api/user", `{"UserId":"user 3"}`, `200 {"RowAffected":1}`},
		step{"GET /api/user/user%203", "", `200 {"UserId":"user 3","Labels":null,"Comment":""}`},
		step{"POST /api/item", `{"ItemId":"card 3","Labels":["l"],"Comment":"c","Categories":["k"],"Timestamp":"2019-04-01"}`, `200 {"RowAffected":1}`},
		step{"PATCH /api/item/card%203", `{"Comment":"","Categories":[]}`, `200 {"RowAffected":1}`},
		step{"GET /api/item/card%203", "", `200 {"ItemId":"card 3","IsHidden":false,"Categories":[],"Timestamp":"2019-04-01T00:00:00Z","Labels":["l"],"Comment":""}`},
		step{"POST /api/item", `{"ItemId":"card 3"}`, `200 {"RowAffected":1}`},
		step{"GET /api/item/card%203", "", `200 {"ItemId":"card 3","IsHidden":false,"Categories":[],"Timestamp":"2019-04-01T00:00:00Z","Labels":null,"Comment":""}`},
	)
	if u, err := r.User(t.Context(), "user 3", 0); err != nil || u.Gender != "female" || u.Age == nil || *u.Age != 18 {
		t.Errorf("the user is now %+v, %v", u, err)
	}
	if i, err := r.Item(t.Context(), "card 3"); err != nil || i.Creator != "creator 3" || i.Content != "1,1,3" {
		t.Errorf("the item is now %+v, %v", i, err)
	}
}

// Beyond what a list has it is empty, however deep; clients ask on until it is.
func TestEngineGorseBeyondTheEnd(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	for _, path := range []string{"/api/recommend/u", "/api/collaborative-filtering/u", "/api/latest", "/api/popular"} {
		for _, offset := range []int{maxOffset, maxOffset + 1, gorseMaxOffset, gorseMaxOffset + 1, 1_000_000} {
			var list []any
			if r.gorse("GET", fmt.Sprintf("%s?n=2&offset=%d", path, offset), "", &list); len(list) != 0 {
				t.Errorf("%s from %d: %v", path, offset, list)
			}
		}
	}
	if list := r.listed("POST", fmt.Sprintf("/api/session/recommend?n=2&offset=%d", maxOffset+1), "[]"); len(list) != 0 {
		t.Errorf("of a session: %v", list)
	}
}
