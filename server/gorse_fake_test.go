package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/seguefeed/segue/stream"
)

// fakeBackend is a Backend in memory that keeps its promises: events count once by id, User and Item events take the place of what was said before, Feedback adds up
// or replaces, what is named is known. Pages are the latest items that the user has not done anything with.
type fakeBackend struct {
	mu       sync.Mutex
	nowMS    int64
	refuse   error // of Append
	down     error // of all reading
	unready  bool
	seen     map[string]bool
	log      []stream.Event
	batches  []int // events of each Append
	users    map[string]fakeUser
	items    map[string]fakeItem
	feedback map[[3]string]FeedbackRow // type, user, item
	pages    []FeedRequest
}

type fakeUser struct {
	profile stream.Profile
	comment string
}

type fakeItem struct {
	card    stream.Card
	comment string
}

func newGorseFake(nowMS int64) *fakeBackend {
	return &fakeBackend{nowMS: nowMS, seen: map[string]bool{}, users: map[string]fakeUser{}, items: map[string]fakeItem{}, feedback: map[[3]string]FeedbackRow{}}
}

func (f *fakeBackend) Append(_ context.Context, events []stream.Event) (Taken, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return Taken{}, f.refuse
	}
	if len(events) > MaxEvents {
		return Taken{}, fmt.Errorf("%d events", len(events))
	}
	for i := range events {
		if err := events[i].Check(); err != nil {
			return Taken{}, &EventError{i, err}
		}
	}
	f.batches = append(f.batches, len(events))
	var taken Taken
	for _, e := range events {
		if f.seen[e.ID] {
			taken.Duplicates++
			continue
		}
		taken.Accepted++
		f.seen[e.ID] = true
		f.log = append(f.log, e)
		f.apply(e)
	}
	return taken, nil
}

func (f *fakeBackend) apply(e stream.Event) {
	switch e.Kind {
	case stream.User:
		f.users[e.User] = fakeUser{*e.Profile, e.Comment}
		return
	case stream.Item:
		f.items[e.Item] = fakeItem{*e.Card, e.Comment}
		if e.Card.PublishedMS == 0 {
			f.publish(e.Item, e.AtMS)
		}
		return
	case stream.UserDeleted:
		delete(f.users, e.User)
		maps.DeleteFunc(f.feedback, func(k [3]string, _ FeedbackRow) bool { return k[1] == e.User })
		return
	case stream.ItemDeleted:
		delete(f.items, e.Item)
		maps.DeleteFunc(f.feedback, func(k [3]string, _ FeedbackRow) bool { return k[2] == e.Item })
		return
	case stream.Unfeedback:
		maps.DeleteFunc(f.feedback, func(k [3]string, _ FeedbackRow) bool {
			return k[1] == e.User && k[2] == e.Item && (e.Type == "" || k[0] == e.Type)
		})
		return
	}
	if _, ok := f.users[e.User]; !ok {
		f.users[e.User] = fakeUser{}
	}
	if _, ok := f.items[e.Item]; !ok {
		f.items[e.Item] = fakeItem{}
		f.publish(e.Item, e.AtMS)
	}
	key := [3]string{cmp.Or(e.Type, string(e.Kind)), e.User, e.Item}
	row := f.feedback[key]
	if e.Replace {
		row.Value = 0
	}
	row.Type, row.User, row.Item, row.AtMS, row.Comment = key[0], e.User, e.Item, e.AtMS, e.Comment
	if e.Value != nil {
		row.Value += *e.Value
	}
	f.feedback[key] = row
}

func (f *fakeBackend) publish(item string, atMS int64) {
	i := f.items[item]
	i.card.PublishedMS = atMS
	f.items[item] = i
}

func (f *fakeBackend) Feed(_ context.Context, r FeedRequest) (*FeedPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down != nil {
		return nil, f.down
	}
	if r.N < 1 || r.N > MaxN {
		return nil, &InputError{"n", "1 to 200 is expected"}
	}
	f.pages = append(f.pages, r)
	done := map[string]bool{}
	for _, e := range r.Session {
		done[e.Item] = true
	}
	page := &FeedPage{Request: fmt.Sprintf("page%d", len(f.pages)), User: r.User}
	for k, s := range f.lately(r.Categories, r.User, done, r.N, r.Offset) {
		page.Cards = append(page.Cards, FeedCard{Item: s.Item, Slot: k, Score: s.Score})
	}
	return page, nil
}

// lately are the items shown to all that user has done nothing with until now, newest first; an item's score is its moment in seconds.
func (f *fakeBackend) lately(categories []string, user string, done map[string]bool, n, offset int) []Scored {
	done = maps.Clone(done)
	if done == nil {
		done = map[string]bool{}
	}
	for key, row := range f.feedback {
		if user != "" && key[1] == user && row.AtMS <= f.nowMS {
			done[key[2]] = true
		}
	}
	var scored []Scored
	for key, i := range f.items {
		if !i.card.Hidden && !done[key] && hasAll(i.card.Categories, categories) {
			scored = append(scored, Scored{key, float64(i.card.PublishedMS) / 1000})
		}
	}
	return cut(scored, n, offset)
}

func hasAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(c string) bool { return !slices.Contains(have, c) })
}

func cut(scored []Scored, n, offset int) []Scored {
	slices.SortFunc(scored, func(a, b Scored) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item)) })
	scored = scored[min(offset, len(scored)):]
	return scored[:min(n, len(scored))]
}

func (f *fakeBackend) Profile(_ context.Context, key string) (*stream.Profile, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u, ok := f.users[key]
	if !ok {
		return nil, "", fmt.Errorf("%q: %w", key, cmp.Or(f.down, ErrUnknownUser))
	}
	return &u.profile, u.comment, f.down
}

func (f *fakeBackend) Card(_ context.Context, key string) (*stream.Card, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.items[key]
	if !ok {
		return nil, "", fmt.Errorf("%q: %w", key, cmp.Or(f.down, ErrUnknownItem))
	}
	return &i.card, i.comment, f.down
}

func (f *fakeBackend) User(ctx context.Context, key string, _ int) (*UserView, error) {
	p, comment, err := f.Profile(ctx, key)
	if err != nil {
		return nil, err
	}
	return &UserView{User: key, Known: true, Labels: p.Labels, Comment: comment}, nil
}

func (f *fakeBackend) Item(ctx context.Context, key string) (*ItemView, error) {
	c, comment, err := f.Card(ctx, key)
	if err != nil {
		return nil, err
	}
	return &ItemView{Item: key, Categories: c.Categories, Hidden: c.Hidden, PublishedMS: c.PublishedMS, Labels: c.Labels, Comment: comment}, nil
}

// after gives at most n of the sorted keys that come after cursor, and the last of them if there are more.
func after(keys []string, cursor string, n int) (page []string, next string) {
	from, found := slices.BinarySearch(keys, cursor)
	if found {
		from++
	}
	page = keys[from:]
	if len(page) > n {
		page = page[:n]
		next = page[n-1]
	}
	return page, next
}

func (f *fakeBackend) Users(ctx context.Context, prefix, cursor string, n int) (users []UserView, next string, err error) {
	f.mu.Lock()
	keys := slices.Sorted(maps.Keys(f.users))
	f.mu.Unlock()
	keys = slices.DeleteFunc(keys, func(k string) bool { return !strings.HasPrefix(k, prefix) })
	keys, next = after(keys, cursor, n)
	for _, k := range keys {
		u, err := f.User(ctx, k, 0)
		if err != nil {
			return nil, "", err
		}
		users = append(users, *u)
	}
	return users, next, f.down
}

func (f *fakeBackend) Items(ctx context.Context, q, cursor string, n int) (items []ItemView, next string, err error) {
	f.mu.Lock()
	var keys []string
	for key, i := range f.items {
		if strings.Contains(key+"\n"+strings.Join(i.card.Categories, "\n")+"\n"+string(i.card.Labels)+"\n"+i.comment, q) {
			keys = append(keys, key)
		}
	}
	f.mu.Unlock()
	slices.Sort(keys)
	keys, next = after(keys, cursor, n)
	for _, k := range keys {
		i, err := f.Item(ctx, k)
		if err != nil {
			return nil, "", err
		}
		items = append(items, *i)
	}
	return items, next, f.down
}

// Similar counts common categories.
func (f *fakeBackend) Similar(_ context.Context, item string, n int, categories []string, forUser string) ([]Scored, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	of, ok := f.items[item]
	if !ok {
		return nil, ErrUnknownItem
	}
	var scored []Scored
	for key, i := range f.items {
		common := 0
		for _, c := range i.card.Categories {
			if slices.Contains(of.card.Categories, c) {
				common++
			}
		}
		had := false
		for k := range f.feedback {
			had = had || forUser != "" && k[1] == forUser && k[2] == key
		}
		if key != item && !had && common > 0 && hasAll(i.card.Categories, categories) {
			scored = append(scored, Scored{key, float64(common)})
		}
	}
	return cut(scored, n, 0), f.down
}

func (f *fakeBackend) Latest(_ context.Context, n, offset int, categories []string, forUser string) ([]Scored, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lately(categories, forUser, nil, n, offset), f.down
}

// Popular counts feedback.
func (f *fakeBackend) Popular(_ context.Context, n, offset int, categories []string, forUser string) ([]Scored, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	scored := f.lately(categories, forUser, nil, len(f.items), 0)
	for k := range scored {
		scored[k].Score = 0
		for key := range f.feedback {
			if key[2] == scored[k].Item {
				scored[k].Score++
			}
		}
	}
	return cut(scored, n, offset), f.down
}

// Neighbours counts common items.
func (f *fakeBackend) Neighbours(_ context.Context, user string, n int) ([]Scored, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.users[user]; !ok {
		return nil, ErrUnknownUser
	}
	did := func(who string) map[string]bool {
		items := map[string]bool{}
		for key := range f.feedback {
			if key[1] == who {
				items[key[2]] = true
			}
		}
		return items
	}
	mine := did(user)
	var scored []Scored
	for other := range f.users {
		common := 0
		for item := range did(other) {
			if mine[item] {
				common++
			}
		}
		if other != user && common > 0 {
			scored = append(scored, Scored{other, float64(common)})
		}
	}
	return cut(scored, n, 0), f.down
}

func (f *fakeBackend) Feedback(_ context.Context, filter FeedbackFilter) (rows []FeedbackRow, next string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	byKey := map[string]FeedbackRow{}
	for key, row := range f.feedback {
		if (filter.Type == "" || filter.Type == key[0]) && (filter.User == "" || filter.User == key[1]) && (filter.Item == "" || filter.Item == key[2]) {
			byKey[strings.Join(key[:], "\x01")] = row
		}
	}
	keys, next := after(slices.Sorted(maps.Keys(byKey)), filter.Cursor, filter.N)
	for _, k := range keys {
		rows = append(rows, byKey[k])
	}
	return rows, next, f.down
}

func (f *fakeBackend) Models(context.Context) ([]ModelView, error)  { return nil, nil }
func (f *fakeBackend) Activate(context.Context, string, bool) error { return ErrUnknownModel }
func (f *fakeBackend) Rollback(context.Context) (string, error)     { return "", ErrUnknownModel }
func (f *fakeBackend) Stats() Stats                                 { return Stats{} }
func (f *fakeBackend) Health() Health {
	if f.unready {
		return Health{Reasons: []string{"no model is loaded", "the disk is full"}}
	}
	return Health{Ready: true, Events: f.refuse == nil, Model: "m"}
}
