package server

import (
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/feed"
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
	for name, kind := range map[string]string{"app.css": "text/css", "square.css": "text/css", "app.js": "text/javascript", "square.js": "text/javascript", "theme.js": "text/javascript", "icon.svg": "image/svg+xml"} {
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
	if body := asked(h, "/?user="+ids[0], nil).Body.String(); !strings.Contains(body, "<h1>Mira 2</h1>") || !strings.Contains(body, "woman, 24 years, Zhejiang, new this month") {
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

func TestNumbersInWords(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) string { return agoText(now.Add(-d).UnixMilli(), now) }
	for _, c := range []struct{ got, want string }{
		{countText(0), "0"}, {countText(999), "999"}, {countText(-1234567), "-1,234,567"}, {countText(uint64(1000)), "1,000"},
		{numberText(.05467, 3), "0.0547"}, {numberText(12, 3), "12"}, {numberText(1234.6, 6), "1,235"}, {numberText(math.NaN(), 3), "–"}, {numberText(math.Inf(1), 3), "–"}, {numberText(0, 3), "0"},
		{shareText(.0547), "5.47%"}, {shareText(1), "100%"}, {shareText(math.NaN()), "–"},
		{timesText(1.8), "1.80×"}, {timesText(12.34), "12×"}, {timesText(math.NaN()), "–"},
		{secondsText(2.54), "2.5 s"}, {secondsText(300), "5 min"}, {secondsText(7200), "2 h"},
		{millisText(1.94), "1.9 ms"}, {millisText(0), "–"},
		{ageText("1m0s"), "1 minute"}, {ageText("26h10m"), "26 hours"}, {ageText("72h0m0s"), "3 days"}, {ageText("some days"), "some days"}, {countOf(1, "show"), "1 show"}, {countOf(1200, "show"), "1,200 shows"},
		{measureText(.42), "0.4200"}, {measureText(4321), "4,321"},
		{agoText(0, now), "never"}, {ago(time.Second), "just now"}, {ago(30 * time.Second), "30 seconds ago"}, {ago(time.Minute), "1 minute ago"}, {ago(26 * time.Hour), "26 hours ago"}, {ago(72 * time.Hour), "3 days ago"}, {ago(100 * 24 * time.Hour), "22 Aug 2026"}, {ago(-time.Hour), "30 Nov 2026 13:00"},
		{shortID("short"), "short"}, {shortID("GCPCGCKCOCPCLCNCIC"), "GCPCGCK…LCNCIC"},
		{topicText(""), "No topic"}, {topicText("5002,5015,5089"), "Topic 5089"}, {topicText("rock/indie"), "indie"}, {topicText("folk"), "folk"}, {topicText("odd,"), "odd,"},
		{meter(.5), "50"}, {meter(2), "100"}, {meter(-1), "0"}, {meter(math.NaN()), "0"}, {meter(.1234), "12.3"},
		{sentence("no such thing"), "No such thing."}, {sentence(""), ""}, {sentence("Done."), "Done."}, {sentence("étude"), "Étude."},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if !utf8.ValidString(shortID(strings.Repeat("歌", 40))) {
		t.Error("an id was cut within a letter")
	}
	seconds := 41.2
	for _, c := range []struct {
		d      Doing
		want   string
		passed bool
	}{
		{Doing{Did: []string{"impression"}}, "saw it, went on", true},
		{Doing{}, "saw it, went on", true},
		{Doing{Did: []string{"view", "impression", "like", "click"}, Seconds: &seconds}, "clicked, liked, watched 41 s", false},
		{Doing{Did: []string{"click"}, Seconds: &seconds}, "clicked, watched 41 s", false},
		{Doing{Did: []string{"impression"}, Seconds: &seconds}, "watched 41 s", false},
		{Doing{Did: []string{"feedback_star"}}, "feedback star", false},
	} {
		if got, passed := didText(c.d); got != c.want || passed != c.passed {
			t.Errorf("%v: %q, passed %v", c.d.Did, got, passed)
		}
	}
}

// TestPartsOfAScore: what adds 0.7 doubles the odds (e^0.6931 = 2), and fills half the bar to the right; what takes half of that fills a quarter to the left.
func TestPartsOfAScore(t *testing.T) {
	rows, rest := partRows([]Part{{Feature: "day_of_week", Adds: -math.Ln2 / 2}, {Feature: "a", Means: "clicks", Value: "3", Adds: math.Ln2}, {Feature: "b", Adds: .001}}, 2)
	want := []partRow{{Means: "clicks", Value: "3", Factor: "2.00×", Up: true, Left: "50", Width: "50"}, {Means: "day of week", Factor: "0.71×", Left: "25", Width: "25"}}
	if !slices.Equal(rows, want) || rest != 1 {
		t.Errorf("%+v and %d more", rows, rest)
	}
}

// TestLifeOf draws a bar at its day: of three days the second is missing, so that the last stands at 2 x 64 + 6.4.
func TestLifeOf(t *testing.T) {
	if lifeOf(nil) != nil {
		t.Error("a life without days")
	}
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	v := lifeOf([]ItemDay{{day, 50, 5}, {day.AddDate(0, 0, 2), 100, 20}})
	// 640 / 3 days is above 64 a day, so that a day is 64 wide; 50 of 100 shows are 75 of 150 pixels, 5 clicks 7.5.
	want := []lifeBar{{X: "6.4", W: "51.2", Y: "75.0", H: "75.0", ClickY: "142.5", ClickH: "7.5", Title: "1 November: 50 shows, 5 clicks"},
		{X: "134.4", W: "51.2", Y: "0.0", H: "150.0", ClickY: "120.0", ClickH: "30.0", Title: "3 November: 100 shows, 20 clicks"}}
	if !slices.Equal(v.Bars, want) {
		t.Errorf("%+v", v.Bars)
	}
	if one := lifeOf([]ItemDay{{day, 1, 0}}); one.Summary != "1 show and 0 clicks on 1 November." {
		t.Error(one.Summary)
	}
	if v.Summary != "150 shows and 25 clicks between 1 Nov and 3 Nov; most on 3 November, with 100 shows. 16.7% of the shows were clicked." {
		t.Error(v.Summary)
	}
}

// TestMetricTables: each question has a table; of the log-loss the least is best.
func TestMetricTables(t *testing.T) {
	got := metricTables([]feed.Metric{{Method: "a", Name: "shown ndcg@10", Value: .5, Low: .4, High: .6}, {Method: "a", Name: "shown log_loss", Value: .2, Low: .2, High: .2}, {Method: "b", Name: "shown log_loss", Value: .1}, {Method: "c", Name: "odd", Value: 1234}})
	want := []metricTable{
		{Title: "In which order: what was shown", Heads: []metricHead{{"NDCG@10", false}, {"log-loss", true}}, Rows: []metricRow{
			{"a", []metricCell{{"0.5000", "0.4000 to 0.6000", true}, {"0.2000", "", false}}}, {"b", []metricCell{{Value: "–"}, {"0.1000", "", true}}}}},
		{Title: "Metrics", Heads: []metricHead{{"odd", false}}, Rows: []metricRow{{"c", []metricCell{{Value: "1,234"}}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if metricTables(nil) != nil {
		t.Error("tables of nothing")
	}
}
