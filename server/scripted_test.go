package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/stream"
)

// scripted is a Backend that knows what it was told and makes pages of a fixed list. Its errors are what a test puts in fail.
type scripted struct {
	mu     sync.Mutex
	users  map[string]UserView
	items  map[string]ItemView
	seen   map[string]bool // ids of events
	events []stream.Event
	asked  []FeedRequest

	forgetful bool // asked is not kept
	health    Health
	model     string

	fail func(method string) error              // nil: nothing fails
	wait func(ctx context.Context, what string) // called before the work
	page *FeedPage                              // what Feed gives; nil: pageOf
}

func newScripted() *scripted {
	return &scripted{users: map[string]UserView{}, items: map[string]ItemView{}, seen: map[string]bool{}, health: Health{Ready: true, Events: true, Model: "m1", Reasons: []string{}}, model: "m1"}
}

func (f *scripted) begin(ctx context.Context, method string) error {
	if f.wait != nil {
		f.wait(ctx, method)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail(method)
	}
	return nil
}

// pageOf makes a page of n cards of which every tenth was explored.
func pageOf(user string, n int) *FeedPage {
	p := &FeedPage{Request: "page-1", User: user, Model: "m1", AtMS: 1_700_000_000_000, Seed: 42, Columns: 2}
	for k := range n {
		p.Cards = append(p.Cards, FeedCard{
			Item: fmt.Sprintf("MLOG%08d", 1000+k), Slot: k, Column: k % 2, Score: .04 / float64(k+1), Click: .0317 / float64(k+1), Propensity: .93, Explored: k%10 == 9,
			Reason: "Because you liked “Nocturne”: people who like it like this", By: "item-knn", Cause: "MLOG00000007", Content: "piano covers", Creator: "creator-77",
			Sources: []Source{{"item-knn", k}, {"ials", 2 * k}, {"popular", 3 * k}},
		})
	}
	return p
}

func (f *scripted) Feed(ctx context.Context, r FeedRequest) (*FeedPage, error) {
	if err := f.begin(ctx, "Feed"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	if !f.forgetful {
		f.asked = append(f.asked, r)
	}
	page := f.page
	f.mu.Unlock()
	if page == nil {
		page = pageOf(r.User, r.N)
	}
	if r.Explain {
		for k := range page.Cards {
			page.Cards[k].Why = &Why{Base: -3, Parts: []Part{{Feature: "card_lift", Value: "1.4", Adds: .3, Means: "its clicks over those of its slot"}}}
		}
	}
	return page, nil
}

func (f *scripted) Append(ctx context.Context, events []stream.Event) (Taken, error) {
	if err := f.begin(ctx, "Append"); err != nil {
		return Taken{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var t Taken
	for k := range events {
		if err := events[k].Check(); err != nil {
			return Taken{}, &EventError{k, err}
		}
	}
	for _, e := range events {
		if f.seen[e.ID] {
			t.Duplicates++
			continue
		}
		t.Accepted++
		f.seen[e.ID] = true
		f.events = append(f.events, e)
		switch e.Kind {
		case stream.User:
			p := e.Profile
			f.users[e.User] = UserView{User: e.User, Known: true, Gender: p.Gender, Age: p.Age, Province: p.Province, Months: p.Months, Follows: p.Follows, Labels: p.Labels, Comment: e.Comment}
		case stream.UserDeleted:
			delete(f.users, e.User)
		case stream.Item:
			c := e.Card
			f.items[e.Item] = ItemView{Item: e.Item, Creator: c.Creator, Content: c.Content, Song: c.Song, Artist: c.Artist, Talk: c.Talk, Type: c.Type, Categories: c.Categories,
				Hidden: c.Hidden, PublishedMS: c.PublishedMS, Labels: c.Labels, Comment: e.Comment}
		case stream.ItemDeleted:
			delete(f.items, e.Item)
		}
	}
	return t, nil
}

func (f *scripted) User(ctx context.Context, key string, _ int) (*UserView, error) {
	if err := f.begin(ctx, "User"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	u, ok := f.users[key]
	if !ok {
		return nil, fmt.Errorf("%q: %w", key, ErrUnknownUser)
	}
	slot, seconds := 3, 12.5
	u.Tastes = []Taste{{Content: "piano", Shown: 10, Clicks: 2, Lift: 1.3}}
	u.History = []Doing{{Item: "i", AtMS: 5, Slot: &slot, Did: []string{"click"}, Seconds: &seconds}, {Item: "j", AtMS: 4}}
	u.Activity = &Activity{Score: .4, Why: []Part{{Feature: "f", Value: "1", Adds: .1, Means: "m"}}}
	return &u, nil
}

func (f *scripted) Profile(ctx context.Context, key string) (*stream.Profile, string, error) {
	u, err := f.User(ctx, key, 0)
	if err != nil {
		return nil, "", err
	}
	return &stream.Profile{Gender: u.Gender, Age: u.Age, Province: u.Province, Months: u.Months, Follows: u.Follows, Labels: u.Labels}, u.Comment, nil
}

func (f *scripted) Card(ctx context.Context, key string) (*stream.Card, string, error) {
	i, err := f.Item(ctx, key)
	if err != nil {
		return nil, "", err
	}
	return &stream.Card{Creator: i.Creator, Content: i.Content, Song: i.Song, Artist: i.Artist, Talk: i.Talk, Type: i.Type, PublishedMS: i.PublishedMS, Categories: i.Categories, Hidden: i.Hidden,
		Labels: i.Labels}, i.Comment, nil
}

// rowsAfter gives a page of a list by key.
func rowsAfter[T any](all map[string]T, match func(string) bool, cursor string, n int) (rows []T, next string) {
	var keys []string
	for k := range all {
		if match(k) && k > cursor {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	if len(keys) > n {
		keys = keys[:n]
		next = keys[n-1]
	}
	for _, k := range keys {
		rows = append(rows, all[k])
	}
	return rows, next
}

func (f *scripted) Users(ctx context.Context, prefix, cursor string, n int) ([]UserView, string, error) {
	if err := f.begin(ctx, "Users"); err != nil {
		return nil, "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	rows, next := rowsAfter(f.users, func(k string) bool { return strings.HasPrefix(k, prefix) }, cursor, n)
	return rows, next, nil
}

func (f *scripted) Item(ctx context.Context, key string) (*ItemView, error) {
	if err := f.begin(ctx, "Item"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.items[key]
	if !ok {
		return nil, fmt.Errorf("%q: %w", key, ErrUnknownItem)
	}
	return &i, nil
}

func (f *scripted) Items(ctx context.Context, q, cursor string, n int) ([]ItemView, string, error) {
	if err := f.begin(ctx, "Items"); err != nil {
		return nil, "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	rows, next := rowsAfter(f.items, func(k string) bool { return strings.Contains(k, q) }, cursor, n)
	return rows, next, nil
}

func (f *scripted) scored(ctx context.Context, method string, n int) ([]Scored, error) {
	if err := f.begin(ctx, method); err != nil {
		return nil, err
	}
	var out []Scored
	for k := range min(n, 3) {
		out = append(out, Scored{fmt.Sprintf("%s-%d", strings.ToLower(method), k), 1 / float64(k+1)})
	}
	return out, nil
}

func (f *scripted) Similar(ctx context.Context, item string, n int, _ []string, _ string) ([]Scored, error) {
	if item == "unknown" {
		return nil, ErrUnknownItem
	}
	return f.scored(ctx, "Similar", n)
}

func (f *scripted) Latest(ctx context.Context, n, _ int, _ []string, _ string) ([]Scored, error) {
	return f.scored(ctx, "Latest", n)
}

func (f *scripted) Popular(ctx context.Context, n, _ int, _ []string, _ string) ([]Scored, error) {
	return f.scored(ctx, "Popular", n)
}

func (f *scripted) Neighbours(ctx context.Context, _ string, n int) ([]Scored, error) {
	return f.scored(ctx, "Neighbours", n)
}

func (f *scripted) Feedback(context.Context, FeedbackFilter) ([]FeedbackRow, string, error) {
	return nil, "", nil
}

func (f *scripted) Models(ctx context.Context) ([]ModelView, error) {
	if err := f.begin(ctx, "Models"); err != nil {
		return nil, err
	}
	made := time.Date(2026, 11, 3, 4, 5, 6, 0, time.UTC)
	return []ModelView{{Manifest: feed.Manifest{ID: "m1", Created: made, Settings: json.RawMessage(`{"a":1}`), Metrics: []feed.Metric{{Method: "m", Name: "auc", Value: .7}}}, Current: true, Loaded: true},
		{Manifest: feed.Manifest{ID: "m0", Created: made}}}, nil
}

func (f *scripted) Activate(ctx context.Context, id string, force bool) error {
	if err := f.begin(ctx, "Activate"); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case id == "damaged":
		return feed.ErrDamaged
	case id == "poor" && !force:
		return fmt.Errorf("%w: clicks: it did not win", ErrGate)
	case !slices.Contains([]string{"m0", "m1", "poor"}, id):
		return ErrUnknownModel
	}
	f.model = id
	return nil
}

func (f *scripted) Rollback(ctx context.Context) (string, error) {
	if err := f.begin(ctx, "Rollback"); err != nil {
		return "", err
	}
	return "m0", nil
}

func (f *scripted) Health() Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.health
}

func (f *scripted) Stats() Stats {
	return Stats{Since: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC), Users: 12, Items: 34, UsersToday: 5, ActiveToday: 2, Impressions: 100, Clicks: 4, Explored: .06, ExploredOf: 1000, NewCards: .1, StreamLag: 7, LastSeq: 99}
}

func (f *scripted) Telemetry() Telemetry {
	return Telemetry{Candidates: map[string]int64{"ials": 100}, FatigueDrops: 3, ModelMade: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)}
}

const feedRoute = "GET /v1/users/{id}/feed"
