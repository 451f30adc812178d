package server

import (
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/stream"
)

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// asked asks h as a browser would: a GET, or a POST of a form where there is one.
func asked(h http.Handler, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k := 0; k+1 < len(header); k += 2 {
		r.Header.Set(header[k], header[k+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestEveryPage is whole, says what it may load, and holds nothing inline.
func TestEveryPage(t *testing.T) {
	f := newPagesFake(60, 40)
	h := PagesHandler(f, PagesConfig{Insight: f, Report: true})
	plain := PagesHandler(f, PagesConfig{})
	pages := readPages(f)
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		for _, h := range []http.Handler{h, plain} {
			w := asked(h, pages[name], nil)
			body := w.Body.String()
			if w.Code != http.StatusOK || !strings.HasSuffix(body, "</html>\n") {
				t.Errorf("%s: status %d, ends with %q", name, w.Code, body[max(0, len(body)-30):])
			}
			if got := w.Header().Get("Content-Security-Policy"); got != pagesPolicy {
				t.Errorf("%s: the policy is %q", name, got)
			}
			for _, never := range []string{" style=", " onclick=", "<script>", "javascript:", "http://", "https://", "ZgotmplZ", "<no value>"} {
				if strings.Contains(body, never) {
					t.Errorf("%s holds %q", name, never)
				}
			}
		}
	}
	if w := asked(h, "/", nil); strings.Count(w.Body.String(), `href="/report/"`) != 1 {
		t.Error("the report is not in the menu")
	}
	if w := asked(PagesHandler(f, PagesConfig{Keys: true}), "/", nil); !strings.Contains(w.Body.String(), `action="/logout"`) {
		t.Error("there is no way out")
	}
	if w := asked(plain, "/", nil); strings.Contains(w.Body.String(), "/report/") {
		t.Error("a report that is not there is in the menu")
	}
}

func TestAssets(t *testing.T) {
	f := newPagesFake(1, 1)
	h := PagesHandler(f, PagesConfig{Insight: f})
	for name, kind := range map[string]string{"app.css": "text/css", "data.css": "text/css", "square.css": "text/css", "app.js": "text/javascript", "data.js": "text/javascript", "path.js": "text/javascript", "square.js": "text/javascript", "theme.js": "text/javascript", "icon.svg": "image/svg+xml"} {
		w := asked(h, "/pages/"+name, nil)
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || w.Body.Len() == 0 {
			t.Errorf("%s: status %d, %s, %d bytes", name, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
		if w := asked(h, "/pages/"+name, nil, "If-None-Match", w.Header().Get("Etag")); w.Code != http.StatusNotModified {
			t.Errorf("%s asked for again: status %d", name, w.Code)
		}
	}
	for _, path := range []string{"/pages/layout.html", "/pages/nothing.js", "/pages/../pages.go"} {
		if w := asked(h, path, nil); w.Code == http.StatusOK {
			t.Errorf("%s is served", path)
		}
	}
}

// TestWhatPeopleWriteIsText: ids, names and topics are shown as they are, and are never markup.
func TestWhatPeopleWriteIsText(t *testing.T) {
	const evil = `"><script>alert(1)</script>&'`
	f := newPagesFake(1, 0)
	it := &fakePageItem{ItemView: ItemView{Item: evil, Content: evil, Creator: evil, Comment: evil, Categories: []string{evil}}, appeal: .9}
	f.items, f.keys = map[string]*fakePageItem{evil: it}, []string{evil}
	seconds := 2.5
	f.users[evil] = &fakePageUser{key: evil, name: evil, profile: stream.Profile{Gender: evil, Province: evil}, events: []stream.Event{{Kind: stream.Click, Item: evil}, {Kind: stream.View, Item: evil, Value: &seconds}, {Kind: stream.Kind(evil), Item: evil}}}
	h := PagesHandler(f, PagesConfig{Insight: f})
	q := url.QueryEscape(evil)
	for _, path := range []string{"/", "/?q=" + q, "/?user=" + q, "/users?q=" + q, "/users?segment=" + q, "/user?id=" + q, "/user?id=x" + q, "/cards?order=all", "/cards?q=" + q, "/card?id=" + q, "/card?id=x" + q, "/models/activate?id=" + q, "/square/cards?user=" + q, "/square/believes?user=" + q, "/" + url.PathEscape(evil)} {
		body := asked(h, path, nil).Body.String()
		if strings.Contains(body, "<script>alert") || strings.Contains(body, `"><script`) {
			t.Errorf("%s: what was written became markup", path)
		}
	}
}

func TestTroublesInWords(t *testing.T) {
	f := newPagesFake(10, 5)
	h := PagesHandler(f, PagesConfig{Insight: f})
	for _, c := range []struct {
		path   string
		form   url.Values
		status int
		want   string
	}{
		{"/nothing", nil, 404, "There is no such page"},
		{"/?user=nobody", nil, 404, "Nobody of this name is known"},
		{"/user?id=nobody", nil, 404, `The user &#34;nobody&#34; was never seen`},
		{"/card?id=none", nil, 404, "There is no such card"},
		{"/models/activate?id=none", nil, 404, "There is no such version"},
		{"/square/cards", nil, 422, "User: an id is expected"},
		{"/square/invent", url.Values{"age": {"old"}}, 422, "a number of years from 0 to 120"},
		{"/square/invent", url.Values{"age": {"121"}}, 422, "a number of years from 0 to 120"},
		{"/square/invent", url.Values{"name": {strings.Repeat("a", 101)}}, 422, "Name: at most 100 bytes"},
		{"/models/rollback", url.Values{}, 409, "no version was in use before"},
	} {
		w := asked(h, c.path, c.form)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: status %d, want %d with %q: %s", c.path, w.Code, c.status, c.want, w.Body)
		}
	}
	if w := asked(h, "/square/believes?user=nobody", nil, partHeader, "1"); w.Code != 404 || strings.Contains(w.Body.String(), "<html") {
		t.Errorf("a part that fails: status %d, %s", w.Code, w.Body)
	}
	f.health.Events = false
	if w := asked(h, "/overview", nil); !strings.Contains(w.Body.String(), "new events are not taken") {
		t.Error("the overview does not say that events are not taken")
	}
}

// TestModelsPage activates, is refused, forces and rolls back.
func TestModelsPage(t *testing.T) {
	f := newPagesFake(10, 5)
	h := PagesHandler(f, PagesConfig{Insight: f})
	good, lost, first := f.versions[1].ID, f.versions[2].ID, f.versions[0].ID
	if body := asked(h, "/models/activate?id="+good, nil).Body.String(); strings.Contains(body, "force") {
		t.Error("a version that passed asks to be forced")
	}
	w := asked(h, "/models/activate", url.Values{"id": {good}})
	if w.Code != http.StatusSeeOther || f.current() != good {
		t.Errorf("status %d, %s is current", w.Code, f.current())
	}
	if body := asked(h, w.Header().Get("Location"), nil).Body.String(); !strings.Contains(body, "Version "+good+" makes the pages now.") {
		t.Error("the page does not say what was done")
	}
	if body := asked(h, "/models/activate?id="+lost, nil).Body.String(); !strings.Contains(body, "did not pass the gate") || !strings.Contains(body, "is not above 0.4213 of popular") || !strings.Contains(body, `name="force" value="yes" required`) {
		t.Error("a version that did not pass is not shown as one")
	}
	if w := asked(h, "/models/activate", url.Values{"id": {lost}}); w.Code != http.StatusConflict || f.current() != good || !strings.Contains(w.Body.String(), "It was refused") {
		t.Errorf("without force: status %d, %s is current", w.Code, f.current())
	}
	if w := asked(h, "/models/activate", url.Values{"id": {first}}, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden || f.current() != good {
		t.Errorf("from another origin: status %d, %s is current", w.Code, f.current())
	}
	if w := asked(h, "/models/activate", url.Values{"id": {lost}, "force": {"yes"}}); w.Code != http.StatusSeeOther || f.current() != lost {
		t.Errorf("with force: status %d, %s is current", w.Code, f.current())
	}
	if w := asked(h, "/models/activate", url.Values{"id": {lost}, "force": {"yes"}}, partHeader, "1"); w.Code != http.StatusNoContent || w.Header().Get(toHeader) != "/models?now="+lost {
		t.Errorf("by the script: status %d to %q", w.Code, w.Header().Get(toHeader))
	}
	f.before = good
	if w := asked(h, "/models/rollback", url.Values{}); w.Code != http.StatusSeeOther || f.current() != good {
		t.Errorf("roll back: status %d, %s is current", w.Code, f.current())
	}
	if w := asked(h, "/models/activate?id="+first, nil); w.Code != 200 || f.current() != good {
		t.Errorf("looking at a version made it current: %s", f.current())
	}
}

// TestUsersOfASegment lists them by pages, and the CSV has the same.
func TestUsersOfASegment(t *testing.T) {
	f := newPagesFake(50, 900)
	f.users["=cmd"] = &fakePageUser{key: "=cmd"}
	all, _, err := f.Users(t.Context(), "", "", math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for _, u := range all {
		want[u.Segment] = append(want[u.Segment], u.User)
		want[""] = append(want[""], u.User)
	}
	s := &site{b: f}
	for segment, users := range want {
		for _, most := range []int{1, 250, 100_000} {
			var got []string
			next := ""
			for {
				some, on, _, err := s.usersOf(t.Context(), "", segment, next, 7, most)
				if err != nil {
					t.Fatal(err)
				}
				for _, u := range some {
					got = append(got, u.User)
				}
				if next = on; next == "" {
					break
				}
			}
			if !slices.Equal(got, users) {
				t.Errorf("segment %q, looking through %d: %d users, want %d", segment, most, len(got), len(users))
			}
		}
		w := asked(PagesHandler(f, PagesConfig{Insight: f}), "/users.csv?segment="+url.QueryEscape(segment), nil)
		rows, err := csv.NewReader(w.Body).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != len(users)+1 || rows[0][0] != "user" {
			t.Fatalf("segment %q: %d rows in the CSV, want %d and a head", segment, len(rows), len(users))
		}
		for k, u := range users {
			if cell := strings.TrimPrefix(rows[k+1][0], "'"); cell != u {
				t.Errorf("row %d is of %q, want %q", k+1, cell, u)
			}
			if c := rows[k+1][0]; strings.HasPrefix(c, "=") {
				t.Errorf("%q would be taken for a formula", c)
			}
		}
	}
	if w := asked(PagesHandler(f, PagesConfig{}), "/users.csv?segment=clicks+a+lot", nil); w.Header().Get("Content-Disposition") != `attachment; filename="users-clicksalot.csv"` {
		t.Errorf("the file is %s", w.Header().Get("Content-Disposition"))
	}
}

// brokenUsers fails after the first rows.
type brokenUsers struct{ *pagesFake }

func (b brokenUsers) Users(ctx context.Context, prefix, cursor string, n int) ([]UserView, string, error) {
	if cursor != "" {
		return nil, "", errors.New("the disk is gone")
	}
	return b.pagesFake.Users(ctx, prefix, cursor, n)
}

// TestACSVThatBreaksOff is seen to be cut by who reads it.
func TestACSVThatBreaksOff(t *testing.T) {
	server := httptest.NewServer(PagesHandler(brokenUsers{newPagesFake(5, 500)}, PagesConfig{}))
	server.Config.ErrorLog = nil
	defer server.Close()
	res, err := http.Get(server.URL + "/users.csv")
	if err != nil {
		return // cut before the head
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("half a file was taken for a whole one")
	}
}

// goneUsers are asked for by a client that breaks off after the first rows, as head does; cards too.
type goneUsers struct {
	*pagesFake
	gone context.CancelFunc
}

func (g goneUsers) Users(ctx context.Context, prefix, cursor string, n int) ([]UserView, string, error) {
	if cursor != "" {
		g.gone()
		return nil, "", ctx.Err()
	}
	return g.pagesFake.Users(ctx, prefix, cursor, n)
}

// TestACSVWhoseClientIsGone: that it breaks off is an error of the server's only where the server is the one that fails.
func TestACSVWhoseClientIsGone(t *testing.T) {
	for _, gone := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var b Backend = brokenUsers{newPagesFake(5, 500)}
		if gone {
			b = goneUsers{newPagesFake(5, 500), cancel}
		}
		var logged strings.Builder
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler {
					t.Errorf("gone %v: it ends with %v", gone, p)
				}
			}()
			h := PagesHandler(b, PagesConfig{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/users.csv", nil))
		}()
		if told := strings.Contains(logged.String(), "level=ERROR"); told == gone {
			t.Errorf("gone %v: the log has %q", gone, &logged)
		}
	}
}

// TestInvent makes users of their own names and keeps what was said of them.
func TestInvent(t *testing.T) {
	f := newPagesFake(5, 0)
	h := PagesHandler(f, PagesConfig{Insight: f})
	form := url.Values{"name": {"Mira 2"}, "age": {"24"}, "gender": {"female"}, "province": {"Zhejiang"}}
	var ids []string
	for range 2 {
		w := asked(h, "/square/invent", form)
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusSeeOther {
			t.Fatalf("status %d to %s: %v", w.Code, to, err)
		}
		ids = append(ids, to.Query().Get("user"))
	}
	if ids[0] == ids[1] || !strings.HasPrefix(ids[0], "invented-mira2-") {
		t.Errorf("ids %q", ids)
	}
	p := f.users[ids[0]].profile
	if p.Gender != "female" || p.Province != "Zhejiang" || *p.Age != 24 || *p.Months != 0 {
		t.Errorf("the profile is %+v", p)
	}
	if body := asked(h, "/?user="+ids[0], nil).Body.String(); !strings.Contains(body, "<h1>Mira 2</h1>") || !strings.Contains(body, "Woman, 24 years, Zhejiang, new this month") {
		t.Error("the feed does not say whose it is")
	}
	if got := *f.users[ids[0]].profile.Months; got != 0 {
		t.Errorf("%d months", got)
	}
}

func TestCoverArt(t *testing.T) {
	seen := map[string]string{}
	for k := range 400 {
		content, creator, item := fmt.Sprint("c", k%40), fmt.Sprint("m", k%90), fmt.Sprint("i", k)
		art := string(coverArt(content, creator, item))
		if again := string(coverArt(content, creator, item)); again != art {
			t.Fatalf("card %d has two pictures", k)
		}
		if other, ok := seen[art]; ok {
			t.Errorf("cards %s and %s look the same", other, item)
		}
		seen[art] = item
		if len(art) > 6000 {
			t.Errorf("card %d: %d bytes", k, len(art))
		}
		d := xml.NewDecoder(strings.NewReader(art))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("card %d: %v in %s", k, err, art)
			}
			if e, ok := token.(xml.StartElement); ok {
				for _, a := range e.Attr {
					if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "%!") || a.Name.Local == "style" {
						t.Fatalf("card %d: %s=%q", k, a.Name.Local, a.Value)
					}
				}
			}
		}
	}
	ground := func(s string) string { return s[strings.Index(s, `fill="`)+6:][:7] }
	if a, b := ground(string(coverArt("folk", "x", "1"))), ground(string(coverArt("folk", "y", "2"))); a != b {
		t.Errorf("cards of a topic stand on %s and %s", a, b)
	}
}
