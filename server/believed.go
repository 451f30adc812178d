// What is believed of users and items, in the words of the interface.

package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/live"
	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// User implements Backend.
func (e *Engine) User(ctx context.Context, key string, history int) (*UserView, error) {
	u, ok := e.c.State.User(key)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownUser, key)
	}
	out := userView(&u)
	rows, traits, _ := e.c.State.Rows(key)
	c := e.c.State.Catalogue()
	renumbered(rows, func(card int32) int32 { // a large catalogue may be a second behind: rows of a card that came since are told then
		if int(card) < c.Len() {
			return card
		}
		return -1
	})
	out.Tastes = e.tastes(rows, c)
	out.History = doings(rows, c, history)
	var err error
	if u.Past == 0 { // else what she did first is not there any more
		out.Activity, err = e.activity(ctx, rows, traits)
	}
	return out, err
}

func userView(u *live.User) *UserView {
	out := &UserView{User: u.Key, Known: true, Gender: u.Traits.Gender, Province: u.Traits.Province, Labels: u.Labels, Comment: u.Comment,
		Impressions: u.Impressions, Clicks: u.Clicks, FirstMS: u.FirstMS, LastMS: u.LastMS, Segment: segmentOf(u.Impressions, u.Clicks), Tastes: []Taste{}, History: []Doing{}}
	number := func(v int) *int {
		if v < 0 {
			return nil
		}
		return &v
	}
	out.Age, out.Months, out.Follows = number(int(u.Traits.Age)), number(int(u.Traits.Months)), number(int(u.Traits.Follows))
	return out
}

// segmentOf is a rough word for how somebody uses the feed. The reference log's median user never clicks.
func segmentOf(impressions, clicks int) string {
	switch {
	case impressions == 0:
		return "never seen"
	case clicks == 0 && impressions <= 8:
		return "looks in passing"
	case clicks == 0:
		return "browses"
	case clicks < 10:
		return "clicks"
	}
	return "clicks a lot"
}

const (
	tastesTold = 12
	tasteDraw  = 1 // expected clicks by which a lift is drawn to 1
)

// tastes are the contents that a user was shown, the most liked first. What was to be expected of each is her own shows of it at the rate of all users.
func (e *Engine) tastes(rows *warehouse.Histories, c *live.Catalogue) []Taste {
	shows, clicks := e.c.State.Totals()
	rate := (clicks + 1) / (shows + 20)
	by := map[int16]*Taste{}
	for k, card := range rows.Card {
		content := c.Cards.Content[card]
		if content < 0 {
			continue
		}
		t := by[content]
		if t == nil {
			t = &Taste{Content: c.Cards.Contents[content].Key}
			by[content] = t
		}
		t.Shown++
		if rows.Flags[k]&warehouse.Clicked != 0 {
			t.Clicks++
		}
	}
	out := make([]Taste, 0, len(by))
	for _, t := range by {
		t.Lift = (float64(t.Clicks) + tasteDraw) / (float64(t.Shown)*rate + tasteDraw)
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Taste) int { return cmp.Or(cmp.Compare(b.Lift, a.Lift), cmp.Compare(a.Content, b.Content)) })
	return out[:min(len(out), tastesTold)]
}

// did are the kinds of events that flags stand for.
var did = []struct {
	flag warehouse.Flag
	kind stream.Kind
}{{warehouse.Clicked, stream.Click}, {warehouse.Liked, stream.Like}, {warehouse.Commented, stream.Comment}, {warehouse.Shared, stream.Share},
	{warehouse.ViewedComments, stream.ReadComments}, {warehouse.VisitedCreator, stream.Visit}}

// doings are rows, the latest first.
func doings(rows *warehouse.Histories, c *live.Catalogue, n int) []Doing {
	out := []Doing{}
	for k := len(rows.Card) - 1; k >= 0 && len(out) < n; k-- {
		d := Doing{Item: c.Keys[rows.Card[k]], AtMS: rows.ShownAtMS[k], Did: []string{}}
		if slot := int(rows.Position[k]); slot >= 0 {
			d.Slot = &slot
		}
		for _, x := range did {
			if rows.Flags[k]&x.flag != 0 {
				d.Did = append(d.Did, string(x.kind))
			}
		}
		if s := float64(rows.ViewSeconds[k]); !math.IsNaN(s) {
			s = math.Round(s*10) / 10
			d.Seconds = &s
		}
		out = append(out, d)
	}
	return out
}

// Users implements Backend. The order is the state's own.
func (e *Engine) Users(ctx context.Context, prefix, cursor string, n int) ([]UserView, string, error) {
	users, next, err := e.c.State.ListUsers(prefix, cursor, n)
	if err != nil {
		return nil, "", wrongCursor(err)
	}
	out := make([]UserView, 0, len(users))
	for k := range users {
		out = append(out, *userView(&users[k]))
	}
	return out, next, ctx.Err()
}

// wrongCursor says of a list's error, where that is the cursor, what is expected in the interface's words.
func wrongCursor(err error) error {
	if errors.Is(err, live.ErrCursor) {
		return &InputError{"cursor", "what an answer of the same list gave is expected"}
	}
	return err
}

// Profile implements Backend.
func (e *Engine) Profile(_ context.Context, key string) (*stream.Profile, string, error) {
	u, ok := e.c.State.User(key)
	if !ok {
		return nil, "", fmt.Errorf("%w: %q", ErrUnknownUser, key)
	}
	v := userView(&u)
	return &stream.Profile{Gender: v.Gender, Age: v.Age, Province: v.Province, Months: v.Months, Follows: v.Follows, Labels: v.Labels}, v.Comment, nil
}

// Item implements Backend.
func (e *Engine) Item(_ context.Context, key string) (*ItemView, error) {
	i, ok := e.c.State.Item(key)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownItem, key)
	}
	v := e.itemView(&i)
	return &v, nil
}

// itemShows are the shows by which an item's rate is drawn to the mean.
const itemShows = 20

func (e *Engine) itemView(i *live.Item) ItemView {
	all, taken := e.c.State.Totals()
	mean := (taken + 1) / (all + 20)
	shows, clicks, _ := e.c.State.Card(i.ID)
	out := ItemView{Item: i.Key, Creator: i.Creator, Content: i.Content, Song: i.Song, Artist: i.Artist, Talk: i.Talk, Type: typeOf(i), Categories: i.Categories, Hidden: i.Hidden, PublishedMS: i.PublishedMS, Labels: i.Labels, Comment: i.Comment,
		Shows: shows, Clicks: clicks, Rate: (clicks + mean*itemShows) / (shows + itemShows)}
	if out.Categories == nil {
		out.Categories = []string{}
	}
	return out
}

// typeOf is the type of an item; nil for none.
func typeOf(i *live.Item) *int {
	if i.Type < 0 {
		return nil
	}
	return &i.Type
}

// Card implements Backend.
func (e *Engine) Card(_ context.Context, key string) (*stream.Card, string, error) {
	i, ok := e.c.State.Item(key)
	if !ok {
		return nil, "", fmt.Errorf("%w: %q", ErrUnknownItem, key)
	}
	return &stream.Card{Creator: i.Creator, Content: i.Content, Song: i.Song, Artist: i.Artist, Talk: i.Talk, Type: typeOf(&i), PublishedMS: i.PublishedMS, Categories: i.Categories, Hidden: i.Hidden, Labels: i.Labels}, i.Comment, nil
}

// Items implements Backend.
func (e *Engine) Items(ctx context.Context, q, cursor string, n int) ([]ItemView, string, error) {
	items, next, err := e.c.State.ListItems(q, cursor, n)
	if err != nil {
		return nil, "", wrongCursor(err)
	}
	out := make([]ItemView, 0, len(items))
	for k := range items {
		out = append(out, e.itemView(&items[k]))
	}
	return out, next, ctx.Err()
}

// similarBy are the model's generators that go from card to card, in the order in which they are asked.
var similarBy = []string{"watched", "ease", "ials", "content"}

// Similar implements Backend: cards that go with one, by the model's generators, which are merged by rank, then by what users did lately, and where that
// is not enough, such as for a new card, the popular ones and the latest of its content and its creator.
func (e *Engine) Similar(ctx context.Context, item string, n int, categories []string, forUser string) ([]Scored, error) {
	id, ok := e.c.State.CardID(item)
	if _, known := e.c.State.Item(item); !ok || !known {
		return nil, fmt.Errorf("%w: %q", ErrUnknownItem, item)
	}
	v, err := e.view()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotReady, err)
	}
	out, has, had := []Scored{}, map[string]bool{item: true}, e.had(forUser)
	if at := v.feedCard(id); v.model != nil && at >= 0 && int(at) < v.known {
		skip := e.skip(v, categories)
		moment := e.moment(0)
		q := candidate.Query{History: candidate.History{Item: []int32{at}}, Traits: candidate.Traits{Age: -1}, AtMS: moment.AtMS, Day: moment.Day, Hour: moment.Hour,
			Skip: func(i int32) bool { return i == at || had[v.stateCard(i)] || skip(i) }}
		best := map[int32]int{}
		var order []int32
		for _, g := range v.model.rec.Generators {
			if !slices.Contains(similarBy, g.Name()) {
				continue
			}
			for rank, c := range g.Candidates(&q, n, nil) {
				if old, ok := best[c.Item]; !ok {
					best[c.Item] = rank
					order = append(order, c.Item)
				} else if rank < old {
					best[c.Item] = rank
				}
			}
		}
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(best[a], best[b]), cmp.Compare(a, b)) })
		for _, i := range order[:min(len(order), n)] {
			has[v.keys[i]] = true
			out = append(out, Scored{v.keys[i], 1 / float64(1+best[i])})
		}
	}
	c := e.c.State.Catalogue()
	hides := e.hides(c, categories, had)
	add := func(more []live.Scored, weight float64) {
		for _, s := range more {
			if key := c.Keys[s.Card]; len(out) < n && !has[key] {
				has[key] = true
				out = append(out, Scored{key, weight * s.Score})
			}
		}
	}
	add(e.c.State.Similar(id, n, hides), 1)
	if len(out) < n { // of a card that few or none have clicked
		other := func(card int32) bool { return hides(card) || !kin(c, id, card) }
		add(e.c.State.Popular(n, 0, other), 0)
		add(e.c.State.Latest(n, 0, other), 0)
	}
	return out, ctx.Err()
}

// kin says whether two of the state's cards are of one content or of one creator.
func kin(c *live.Catalogue, a, b int32) bool {
	if int(max(a, b)) >= c.Len() {
		return false
	}
	content, creator := c.Cards.Content, c.Cards.Creator
	return content[a] >= 0 && content[a] == content[b] || creator[a] >= 0 && creator[a] == creator[b]
}

// had are the state's cards that a user clicked or has feedback of a sender's own type on; nil for nobody.
func (e *Engine) had(user string) map[int32]bool {
	if user == "" {
		return nil
	}
	had := map[int32]bool{}
	rows, _, _ := e.c.State.Rows(user)
	for k, card := range rows.Card {
		if rows.Flags[k]&warehouse.Clicked != 0 {
			had[card] = true
		}
	}
	for _, card := range e.c.State.Fed(user) {
		had[card] = true
	}
	return had
}

// hides says which of the state's cards are not to be listed: hidden ones, those not of all categories, and those that a user had.
func (e *Engine) hides(c *live.Catalogue, categories []string, had map[int32]bool) func(int32) bool {
	return func(card int32) bool {
		return int(card) >= c.Len() || e.c.State.Hidden(card) || !c.OfAll(card, categories) || had[card]
	}
}

// listed are cards by key.
func listed(c *live.Catalogue, cards []live.Scored) []Scored {
	out := make([]Scored, 0, len(cards))
	for _, s := range cards {
		out = append(out, Scored{c.Keys[s.Card], s.Score})
	}
	return out
}

// listFor is what a list leaves out for a user.
func (e *Engine) listFor(categories []string, user string) (*live.Catalogue, func(int32) bool) {
	c := e.c.State.Catalogue()
	return c, e.hides(c, categories, e.had(user))
}

// Latest implements Backend.
func (e *Engine) Latest(ctx context.Context, n, offset int, categories []string, forUser string) ([]Scored, error) {
	c, skip := e.listFor(categories, forUser)
	return listed(c, e.c.State.Latest(n, offset, skip)), ctx.Err()
}

// Popular implements Backend.
func (e *Engine) Popular(ctx context.Context, n, offset int, categories []string, forUser string) ([]Scored, error) {
	c, skip := e.listFor(categories, forUser)
	return listed(c, e.c.State.Popular(n, offset, skip)), ctx.Err()
}

// Neighbours implements Backend.
func (e *Engine) Neighbours(ctx context.Context, user string, n int) ([]Scored, error) {
	out := []Scored{}
	for _, s := range e.c.State.Neighbours(user, n) {
		out = append(out, Scored{s.Key, s.Score})
	}
	return out, ctx.Err()
}

// Feedback implements Backend.
func (e *Engine) Feedback(ctx context.Context, f FeedbackFilter) ([]FeedbackRow, string, error) {
	rows, next, err := e.c.State.Feedback(ctx, live.FeedbackFilter{Type: f.Type, User: f.User, Item: f.Item, Cursor: f.Cursor, N: f.N})
	if err != nil {
		return nil, "", wrongCursor(err)
	}
	out := make([]FeedbackRow, len(rows))
	for k, r := range rows {
		out[k] = FeedbackRow(r)
	}
	return out, next, nil
}

// Models implements Backend.
func (e *Engine) Models(ctx context.Context) ([]ModelView, error) {
	views, err := e.models.views()
	if err != nil {
		return nil, err
	}
	return views, ctx.Err()
}

// modelError is an error in words for clients.
type modelError struct {
	words string
	err   error
}

func (e *modelError) Error() string { return e.words }
func (e *modelError) Unwrap() error { return e.err }

// Activate implements Backend.
func (e *Engine) Activate(_ context.Context, id string, force bool) error {
	if err := e.models.activate(id, force); err != nil {
		return &modelError{e.models.words(err), err}
	}
	_, err := e.renew()
	return err
}

// Rollback implements Backend.
func (e *Engine) Rollback(_ context.Context) (string, error) {
	id, err := e.models.rollback()
	if err != nil {
		return "", &modelError{e.models.words(err), err}
	}
	_, err = e.renew()
	return id, err
}

// activity asks the predictor that the engine was given.
func (e *Engine) activity(ctx context.Context, rows *warehouse.Histories, traits feature.Traits) (*Activity, error) {
	if e.c.Activity == nil {
		return nil, nil
	}
	return e.c.Activity(ctx, rows, traits, e.c.State.Catalogue().Cards)
}
