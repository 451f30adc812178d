// A feed in memory for tests of the pages: tastes move with clicks, and the next page follows the tastes.

package server

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/stream"
)

// pagesFake is a Backend and an Insight. Its methods may be called by many at once.
type pagesFake struct {
	Backend  // nil: what the pages never ask
	mu       sync.Mutex
	now      func() time.Time
	ids      map[string]bool
	items    map[string]*fakePageItem
	keys     []string // of items
	users    map[string]*fakePageUser
	versions []ModelView
	before   string
	health   Health
	refuse   error // what Append answers
	taken    []stream.Event
	pages    int
	noModel  bool
}

type fakePageItem struct {
	ItemView
	appeal float64
	days   []ItemDay
}

type fakePageUser struct {
	key, name string
	profile   stream.Profile
	events    []stream.Event
}

const fakeRate = .1 // the mean of all

var fakeContents = []string{"5001,5012,5074", "5002,5015,5089", "folk", "jazz", "5000,5006,5036", "electronic", "piano", "5003,5021,5115", "hip-hop", "5004,5027,5147", "guitar covers", "1003,3000,1026"}

func newPagesFake(items, users int) *pagesFake {
	f := &pagesFake{now: time.Now, ids: map[string]bool{}, items: map[string]*fakePageItem{}, users: map[string]*fakePageUser{}, health: Health{Ready: true, Events: true}}
	at := f.now()
	for k := range items {
		key := fakeKey("item", k)
		content := fakeContents[k*7%len(fakeContents)]
		it := &fakePageItem{appeal: .04 + .12*float64(hashOf(key)%1000)/1000}
		it.ItemView = ItemView{Item: key, Content: content, Creator: fakeKey("creator", k/5), Categories: []string{}, PublishedMS: at.AddDate(0, 0, -int(hashOf(key)%40)).UnixMilli()}
		for d := range 14 {
			shows := int(900 * it.appeal * math.Exp(-math.Pow(float64(d)-4, 2)/12) * 10)
			it.days = append(it.days, ItemDay{Day: at.AddDate(0, 0, d-14).Truncate(24 * time.Hour), Shows: shows, Clicks: int(float64(shows) * it.appeal)})
			it.Shows += float64(shows)
			it.Clicks += float64(int(float64(shows) * it.appeal))
		}
		it.Rate = (it.Clicks + 10*fakeRate) / (it.Shows + 10)
		f.items[key], f.keys = it, append(f.keys, key)
	}
	slices.Sort(f.keys)
	for k := range users {
		key, age := fakeKey("user", k), 17+int(hashOf("age", fmt.Sprint(k))%30)
		months := int(hashOf("months", fmt.Sprint(k)) % 60)
		u := &fakePageUser{key: key, profile: stream.Profile{Gender: []string{"female", "male", ""}[k%3], Age: &age, Province: []string{"Zhejiang", "Sichuan", "Hunan", "Beijing"}[k%4], Months: &months}}
		f.users[key] = u
		for j := range k % 37 {
			item := f.keys[hashOf(key, fmt.Sprint(j))%uint64(len(f.keys))]
			ms := at.Add(-time.Duration(j*j+1) * time.Hour).UnixMilli()
			u.events = append(u.events, stream.Event{Kind: stream.Impression, Item: item, User: key, AtMS: ms})
			if hashOf(key, item)%9 == 0 || f.items[item].Content == fakeContents[k%len(fakeContents)] {
				seconds := 3 + float64(j)
				u.events = append(u.events, stream.Event{Kind: stream.Click, Item: item, User: key, AtMS: ms}, stream.Event{Kind: stream.View, Item: item, User: key, AtMS: ms, Value: &seconds})
			}
		}
	}
	created := at.Add(-26 * time.Hour)
	metrics := func(n float64) (out []feed.Metric) {
		for _, m := range []struct {
			method   string
			ndcg, ap float64
		}{{"popular", .42, .31}, {"candidates, ranked", n, n - .12}, {"the page", n - .01, n - .125}} {
			out = append(out, feed.Metric{Method: m.method, Name: "shown ndcg@10", Value: m.ndcg, Low: m.ndcg - .006, High: m.ndcg + .006}, feed.Metric{Method: m.method, Name: "catalogue map@10", Value: m.ap, Low: m.ap - .005, High: m.ap + .005}, feed.Metric{Method: m.method, Name: "shown log_loss", Value: 1 - m.ndcg})
		}
		return out
	}
	data := feed.DataRange{From: at.AddDate(0, 0, -30), To: at.AddDate(0, 0, -1), Users: 200_000, Cards: 12_129, Impressions: 2_769_204, Clicks: 135_369}
	version := func(id string, age time.Duration, ndcg float64, gate feed.Gate) ModelView {
		return ModelView{Manifest: feed.Manifest{ID: id, Created: created.Add(-age), Version: "0.3.0", Data: data, Metrics: metrics(ndcg), Gate: gate, Files: []feed.File{{Name: "ranker", Bytes: 48_230_100}}}}
	}
	won := []string{"NDCG at 10 of what was shown: 0.5546 of boosted trees (95% interval 0.5489 to 0.5603) is above 0.4213 of popular", "recall at 20 of the catalogue: 0.1834 of candidates, ranked (95% interval 0.1790 to 0.1879) is above 0.1102 of popular"}
	lost := "NDCG at 10 of what was shown: 0.4190 of logistic regression (95% interval 0.4131 to 0.4249) is not above 0.4213 of popular"
	f.versions = []ModelView{version("20261129-1204-a1", 0, .5546, feed.Gate{Passed: true, Why: won}), version("20261128-0910-c4", 30*time.Hour, .5390, feed.Gate{Passed: true, Why: won}),
		version("20261127-2231-f7", 48*time.Hour, .4190, feed.Gate{Why: append([]string{lost}, won[1]), Lost: []string{lost}})}
	f.versions[0].Current, f.versions[0].Loaded = true, true
	return f
}

// fakeKey spells a number as the reference log does: each digit a letter followed by C.
func fakeKey(kind string, k int) string {
	var b strings.Builder
	for _, d := range fmt.Sprint(hashOf(kind, fmt.Sprint(k)) % 1_000_000_000) {
		b.WriteByte("OPNMLKJIHG"[d-'0'])
		b.WriteByte('C')
	}
	return b.String()
}

func (u *fakePageUser) count() (shown, clicks int, byItem map[string]*Doing) {
	byItem = map[string]*Doing{}
	for _, e := range u.events {
		d := byItem[e.Item]
		if d == nil {
			d = &Doing{Item: e.Item}
			byItem[e.Item] = d
		}
		d.AtMS = max(d.AtMS, e.AtMS)
		if !slices.Contains(d.Did, string(e.Kind)) {
			d.Did = append(d.Did, string(e.Kind))
		}
		switch e.Kind {
		case stream.Impression:
			shown++
		case stream.Click:
			clicks++
		case stream.View:
			d.Seconds = e.Value
		}
	}
	return shown, clicks, byItem
}

// tastes have lift (clicks + 1) / (shown x fakeRate + 1): 3 of 3 clicked is 4 / 1.3 = 3.08.
func (f *pagesFake) tastes(u *fakePageUser) []Taste {
	at := map[string]int{}
	out := []Taste{}
	_, _, byItem := u.count()
	for item, d := range byItem {
		it := f.items[item]
		if it == nil {
			continue
		}
		k, ok := at[it.Content]
		if !ok {
			k = len(out)
			at[it.Content], out = k, append(out, Taste{Content: it.Content})
		}
		out[k].Shown++
		if slices.Contains(d.Did, string(stream.Click)) {
			out[k].Clicks++
		}
	}
	for k := range out {
		out[k].Lift = (float64(out[k].Clicks) + 1) / (float64(out[k].Shown)*fakeRate + 1)
	}
	slices.SortFunc(out, func(a, b Taste) int { return cmp.Or(cmp.Compare(b.Lift, a.Lift), cmp.Compare(a.Content, b.Content)) })
	return out
}

func (f *pagesFake) view(u *fakePageUser, history int) UserView {
	shown, clicks, byItem := u.count()
	v := UserView{User: u.key, Known: true, Gender: u.profile.Gender, Age: u.profile.Age, Province: u.profile.Province, Months: u.profile.Months, Comment: u.name, Impressions: shown, Clicks: clicks, Tastes: f.tastes(u), History: []Doing{}}
	for _, d := range byItem {
		v.History = append(v.History, *d)
		v.LastMS = max(v.LastMS, d.AtMS)
		if v.FirstMS == 0 || d.AtMS < v.FirstMS {
			v.FirstMS = d.AtMS
		}
	}
	slices.SortFunc(v.History, func(a, b Doing) int { return cmp.Or(cmp.Compare(b.AtMS, a.AtMS), cmp.Compare(a.Item, b.Item)) })
	v.History = v.History[:min(history, len(v.History))]
	step := 0
	for k, at := range []int{1, 4, 12, 30} {
		if shown+8*clicks >= at {
			step = k + 1
		}
	}
	v.Segment = segmentsOf[step]
	if shown > 0 {
		rate := float64(clicks+1) / float64(shown+10)
		odds := math.Log(rate/(1-rate)) + 1.2
		v.Activity = &Activity{Score: chanceOf(odds), Why: []Part{{Feature: "click_rate", Value: shareText(rate), Adds: odds - .4, Means: "how often she clicked what she was shown"},
			{Feature: "days", Value: "3", Adds: .34, Means: "days on which she came"}, {Feature: "months", Adds: -.21, Means: "how long she has been here"}}}
	}
	return v
}

func (f *pagesFake) Feed(_ context.Context, r FeedRequest) (*FeedPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pages++
	page := &FeedPage{Request: fmt.Sprint("page-", f.pages), User: r.User, AtMS: f.now().UnixMilli(), Columns: 2, Cards: []FeedCard{}}
	if !f.noModel {
		page.Model = f.current()
	}
	u := f.users[r.User]
	if u == nil {
		u = &fakePageUser{key: r.User}
	}
	lift := map[string]float64{}
	for _, t := range f.tastes(u) {
		lift[t.Content] = t.Lift
	}
	_, _, byItem := u.count()
	type scored struct {
		key   string
		score float64
	}
	var all []scored
	for _, key := range f.keys {
		it := f.items[key]
		if slices.Contains(r.Exclude, key) || it.Hidden || byItem[key] != nil && slices.Contains(byItem[key].Did, string(stream.Click)) {
			continue
		}
		l := 1.0
		if v, ok := lift[it.Content]; ok {
			l = v
		}
		score := it.appeal * l
		if byItem[key] != nil {
			score *= .7
		}
		all = append(all, scored{key, score})
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.key, b.key)) })
	for k, s := range all[:min(r.N, len(all))] {
		it := f.items[s.key]
		why := &Why{Base: math.Log(fakeRate / (1 - fakeRate)), Parts: []Part{{Feature: "taste", Value: timesText(max(lift[it.Content], .01)), Adds: math.Log(max(lift[it.Content], 1)), Means: "her clicks on this topic"},
			{Feature: "card_lift", Value: shareText(it.appeal), Adds: math.Log(it.appeal / fakeRate), Means: "how often others click this card"}, {Feature: "age", Value: "12 days", Adds: -.11, Means: "days since it was published"}}}
		click := chanceOf(why.Base + why.Parts[0].Adds + why.Parts[1].Adds + why.Parts[2].Adds)
		c := FeedCard{Item: s.key, Slot: k, Column: k % 2, Score: s.score * 1.1, Click: click, Propensity: .93, Content: it.Content, Creator: it.Creator, Reason: "popular this week", By: "popular", Sources: []Source{{"popular", k}, {"shortlist", 2 * k}}}
		if lift[it.Content] > 1.2 {
			for item, d := range byItem { // the last in order
				if f.items[item].Content == it.Content && slices.Contains(d.Did, string(stream.Click)) && item > c.Cause {
					c.Cause = item
				}
			}
			c.Reason, c.By, c.Sources = "because you play "+topicText(it.Content), "content", append([]Source{{"content", k}}, c.Sources...)
		}
		if k%9 == 7 {
			c.Explored, c.Propensity, c.Reason = true, .04, "new here: tell us whether you like it"
		}
		if r.Explain {
			c.Why = why
		}
		page.Cards = append(page.Cards, c)
	}
	return page, nil
}

func (f *pagesFake) Append(_ context.Context, events []stream.Event) (Taken, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return Taken{}, f.refuse
	}
	for k := range events {
		if err := events[k].Check(); err != nil {
			return Taken{}, &EventError{k, err}
		}
	}
	var t Taken
	for _, e := range events {
		if f.ids[e.ID] {
			t.Duplicates++
			continue
		}
		f.ids[e.ID] = true
		t.Accepted++
		f.taken = append(f.taken, e)
		u := f.users[e.User]
		if u == nil {
			u = &fakePageUser{key: e.User}
			f.users[e.User] = u
		}
		if e.Kind == stream.User {
			u.name, u.profile = e.Comment, *e.Profile
			continue
		}
		u.events = append(u.events, e)
	}
	return t, nil
}

func (f *pagesFake) User(_ context.Context, key string, history int) (*UserView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.users[key]
	if u == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownUser, key)
	}
	v := f.view(u, history)
	return &v, nil
}

func (f *pagesFake) Users(_ context.Context, prefix, cursor string, n int) (out []UserView, next string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for key := range f.users {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	from := 0
	if cursor != "" { // which is a number that means nothing to others
		if from, err = strconv.Atoi(cursor); err != nil {
			return nil, "", &InputError{"cursor", err.Error()}
		}
	}
	keys = keys[min(from, len(keys)):]
	if len(keys) > n {
		keys, next = keys[:n], strconv.Itoa(from+n)
	}
	for _, key := range keys {
		v := f.view(f.users[key], 0)
		v.Activity, v.Tastes = nil, []Taste{} // lists are of what is quickly told
		out = append(out, v)
	}
	return out, next, nil
}

func (f *pagesFake) Item(_ context.Context, key string) (*ItemView, error) {
	if it := f.items[key]; it != nil {
		v := it.ItemView
		return &v, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownItem, key)
}

func (f *pagesFake) Items(_ context.Context, q, cursor string, n int) (out []ItemView, next string, err error) {
	for _, key := range f.keys {
		if it := f.items[key]; key > cursor && strings.Contains(key+" "+it.Content+" "+it.Creator, q) {
			if len(out) == n {
				return out, out[n-1].Item, nil
			}
			out = append(out, it.ItemView)
		}
	}
	return out, "", nil
}

func (f *pagesFake) listed(n, offset int, score func(*fakePageItem) float64) (out []Scored, err error) {
	for _, key := range f.keys {
		out = append(out, Scored{key, score(f.items[key])})
	}
	slices.SortFunc(out, func(a, b Scored) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item)) })
	return out[min(offset, len(out)):min(offset+n, len(out))], nil
}

func (f *pagesFake) Similar(_ context.Context, item string, n int, _ []string, _ string) ([]Scored, error) {
	if f.noModel {
		return nil, ErrNotReady
	}
	return f.listed(n, 0, func(it *fakePageItem) float64 {
		if it.Content == f.items[item].Content && it.Item != item {
			return it.appeal
		}
		return it.appeal / 100
	})
}

func (f *pagesFake) Latest(_ context.Context, n, offset int, _ []string, _ string) ([]Scored, error) {
	return f.listed(n, offset, func(it *fakePageItem) float64 { return float64(it.PublishedMS) })
}

func (f *pagesFake) Popular(_ context.Context, n, offset int, _ []string, _ string) ([]Scored, error) {
	return f.listed(n, offset, func(it *fakePageItem) float64 { return it.Rate })
}

func (f *pagesFake) Neighbours(_ context.Context, user string, n int) (out []Scored, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key := range f.users {
		if key != user {
			out = append(out, Scored{key, float64(hashOf(user, key)%1000) / 1000})
		}
	}
	slices.SortFunc(out, func(a, b Scored) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item)) })
	return out[:min(n, len(out))], nil
}

// pagesServer is the pages with the route of events that stands beside them.
func pagesServer(f *pagesFake) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", PagesHandler(f, PagesConfig{Insight: f, Report: true}))
	mux.HandleFunc("POST /v1/events", func(w http.ResponseWriter, r *http.Request) {
		var events []stream.Event
		if err := json.NewDecoder(r.Body).Decode(&events); err != nil {
			http.Error(w, `{"detail":"JSON is expected"}`, http.StatusBadRequest)
			return
		}
		taken, err := f.Append(r.Context(), events)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			err = json.NewEncoder(w).Encode(map[string]any{"detail": err.Error()})
		} else {
			err = json.NewEncoder(w).Encode(taken)
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	})
	mux.HandleFunc("GET /report/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the report") })
	return mux
}
