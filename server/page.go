// A page: from what a client asks, by the log's own ids, to what the feed is asked, and back.

package server

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// maxList bounds the lists of ids of a request.
const maxList = 1000

// maxOffset is how deep pages go.
const maxOffset = 10 * MaxN

// check says what is wrong with r.
func (r *FeedRequest) check() error {
	switch {
	case r.User == "" && r.Session == nil:
		return &InputError{"user", "an id is expected"}
	case len(r.User) > stream.MaxID:
		return &InputError{"user", fmt.Sprintf("%d bytes; at most %d are expected", len(r.User), stream.MaxID)}
	case !utf8.ValidString(r.User) || strings.ContainsRune(r.User, 0): // the page could not be logged, nor those that are written with it
		return &InputError{"user", "text in UTF-8 without NUL is expected"}
	case r.N < 1 || r.N > MaxN:
		return &InputError{"n", fmt.Sprintf("%d; a number of cards from 1 to %d is expected", r.N, MaxN)}
	case r.Columns < 0 || r.Columns > 10:
		return &InputError{"columns", fmt.Sprintf("%d; a number from 1 to 10 is expected", r.Columns)}
	case r.Offset < 0 || r.Offset > maxOffset:
		return &InputError{"offset", fmt.Sprintf("%d; a number from 0 to %d is expected", r.Offset, maxOffset)}
	case r.AtMS < 0 || r.AtMS > 1<<43:
		return &InputError{"at_ms", fmt.Sprintf("%d is no moment in milliseconds since 1970", r.AtMS)}
	case len(r.Device) > stream.MaxID || !utf8.ValidString(r.Device) || strings.ContainsRune(r.Device, 0):
		return &InputError{"device", fmt.Sprintf("text in UTF-8 without NUL, of at most %d bytes, is expected", stream.MaxID)}
	}
	for _, l := range []struct {
		field string
		list  []string
	}{{"exclude", r.Exclude}, {"block", r.BlockedCreators}, {"content", r.Contents}, {"category", r.Categories}} {
		if len(l.list) > maxList {
			return &InputError{l.field, fmt.Sprintf("%d values; at most %d are expected", len(l.list), maxList)}
		}
	}
	return nil
}

// logged says whether the page goes into the log as served.
func (r *FeedRequest) logged() bool { return !r.Silent && r.User != "" }

// Feed implements Backend.
func (e *Engine) Feed(ctx context.Context, r FeedRequest) (*FeedPage, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	v, err := e.view()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotReady, err)
	}
	at := e.moment(r.AtMS)
	out := &FeedPage{Request: newID(), User: r.User, AtMS: at.AtMS, Seed: seedOf(&r), Columns: r.Columns, Cards: []FeedCard{}}
	if v.model != nil {
		out.Model = v.model.id
	}
	if v.feed == nil { // the catalogue is empty
		out.Columns = cmp.Or(r.Columns, feed.Defaults().Columns)
		return out, nil
	}
	room := askRooms.Get().(*askRoom)
	defer askRooms.Put(room) // a page holds nothing of it
	q, err := e.request(v, &r, at, room)
	if err != nil {
		return nil, err
	}
	q.Seed, q.User = ownSeed(out.Seed, r.User), ownSeed(0, r.User)
	q.N, q.Before = r.N, r.Offset
	page, err := v.page(ctx, &r, q)
	if err != nil {
		return nil, err
	}
	columns := v.feed.Settings().Columns
	if r.Columns > 0 {
		columns = r.Columns
	}
	out.Columns, out.Rested = columns, page.Trace.Rested
	e.learning.served(out.Request, page, v.keys, e.c.Now())
	e.traces.add(page)
	out.Cards = make([]FeedCard, 0, len(page.Cards))
	sources := 0
	for k := range page.Cards {
		sources += len(page.Cards[k].Sources)
	}
	named := make([]Source, 0, sources) // of all cards
	var why []*Why
	if r.Explain && v.model != nil {
		if why, err = explained(ctx, v, q, page.Cards); err != nil {
			return nil, err
		}
	}
	for k, c := range page.Cards {
		card := FeedCard{Item: v.keys[c.Item], Slot: k, Column: k % columns, Score: c.Score, Click: float64(c.Click), Propensity: c.Propensity, Explored: c.Explored, Reason: c.Reason, By: c.By}
		if c.Cause >= 0 {
			card.Cause = v.keys[c.Cause]
		}
		if k := v.cards.Content[c.Item]; k >= 0 {
			card.Content = v.cards.Contents[k].Key
		}
		if k := v.cards.Creator[c.Item]; k >= 0 {
			card.Creator = v.cards.CreatorKeys[k]
		}
		from := len(named)
		for _, s := range c.Sources {
			named = append(named, Source{s.Name, s.Rank})
		}
		card.Sources = named[from:len(named):len(named)]
		if why != nil {
			card.Why = why[k]
		}
		out.Cards = append(out.Cards, card)
	}
	if r.logged() {
		e.journal.add(servedEvent(out, r.Device))
	}
	e.pages.add(e.c.Now())
	return out, nil
}

// categoryReach is how many cards of a category, or a multiple of it, each generator is to name.
const categoryReach = 100

// mostWidened is how many times as many candidates a page is made of, at most, where it is not full.
const mostWidened = 16

// page makes what r asks for. Half of the candidates at least are left over for caps and diversity to choose from: where a page goes deeper they are doubled, seldom
// rather than by and by, since among more candidates the pages before might have been others. Generators name the same cards, and have no more than they have: a page
// that is not full is made again among more, until there are none.
func (v *view) page(ctx context.Context, r *FeedRequest, q *feed.Request) (*feed.Page, error) {
	candidates := v.feed.Settings().Candidates
	for candidates < 2*(r.Offset+r.N) {
		candidates *= 2
	}
	most := mostWidened * candidates // what comes then is not worth the time
	for before := 0; ; candidates *= 2 {
		maker, err := v.maker(r, candidates)
		if err != nil {
			return nil, err
		}
		page, err := maker.Page(ctx, q)
		if err != nil || len(page.Cards) == r.N || page.Trace.Distinct <= before || candidates >= most {
			return page, err
		}
		before = page.Trace.Distinct
	}
}

// maker is the feed that makes what r asks for among so many candidates.
func (v *view) maker(r *FeedRequest, candidates int) (*feed.Feed, error) {
	set, own := v.feed.Settings(), v.feed.Settings()
	if len(r.Contents) > 0 { // who asks for one content wants a page of it, not TopicCap cards
		set.TopicCap = 0
	}
	if !r.logged() { // propensities that nobody can look up are of no use, and the slots would count towards the cap
		set.Explore = 0
	}
	set.Candidates = candidates
	maker, err := v.feed, error(nil)
	if set != own {
		maker, err = maker.With(set)
	}
	if err == nil && len(r.Categories)+len(r.Contents) > 0 {
		maker, err = maker.Reaching((r.Offset + r.N + categoryReach - 1) / categoryReach * categoryReach)
	}
	return maker, err
}

// servedEvent is the event of a page. Its id is the page's.
func servedEvent(p *FeedPage, device string) stream.Event {
	page := &stream.Page{Model: p.Model, Seed: p.Seed, Columns: p.Columns, Device: device, Cards: make([]stream.ServedCard, len(p.Cards))}
	for k, c := range p.Cards {
		page.Cards[k] = stream.ServedCard{Item: c.Item, Score: c.Score, Propensity: c.Propensity, Explored: c.Explored, By: c.By}
	}
	return stream.Event{ID: "page-" + p.Request, Kind: stream.Served, AtMS: p.AtMS, User: p.User, Request: p.Request, Page: page}
}

// askRoom is where what is known of who asks lies while a page is made: memory that is used again.
type askRoom struct {
	rows warehouse.Histories
	past feature.Past
}

var askRooms = sync.Pool{New: func() any { return new(askRoom) }}

// request is what the feed is asked for a user: of what she did up to the moment, or, where clocks differ by minutes, up to her last row.
func (e *Engine) request(v *view, r *FeedRequest, at feature.Moment, room *askRoom) (*feed.Request, error) {
	rows := &room.rows
	traits, known := e.c.State.RowsTo(rows, r.User) // "" is nobody's id
	if !known {
		rows.Start = append(rows.Start[:0], 0)
	}
	v.rows(rows)
	until(rows, at.AtMS)
	if err := e.session(v, r, at, rows); err != nil {
		return nil, err
	}
	if len(rows.Card) == 0 { // all that she did is of cards that the view does not know
		rows.User, rows.Start = rows.User[:0], append(rows.Start[:0], 0)
	}
	var q *feed.Request
	if v.model != nil {
		var err error
		if q, err = v.rec.RequestAt(rows, traits, at, &room.past); err != nil {
			return nil, err
		}
	} else {
		q = &feed.Request{At: at, Traits: candidate.Traits{Gender: traits.Gender, Age: traits.Age, Province: traits.Province}}
		if len(rows.User) > 0 {
			var err error
			if q.History, err = candidate.EvidenceOf(rows, 0, max(at.AtMS, lastOf(rows)+1), feed.Evidence(nil)); err != nil {
				return nil, err
			}
		}
		q.Shown = shownOf(rows, at.AtMS-int64(v.feed.Settings().FatigueDays)*24*int64(time.Hour/time.Millisecond))
	}
	q.Exclude = v.ofKeys(r.Exclude, e.c.State)
	if r.Unread {
		q.Exclude = append(q.Exclude, e.read(v, r)...)
	}
	for _, key := range r.BlockedCreators {
		if id, ok := v.creator(key); ok { // a creator without cards has none to hide
			q.BlockedCreators = append(q.BlockedCreators, id)
		}
	}
	var err error
	if q.Contents, err = v.contentCodes(r.Contents); err != nil {
		return nil, err
	}
	q.Skip = e.skip(v, r.Categories)
	return q, nil
}

// read are the cards on which there is feedback of a sender's own type, of the user or of the request's session.
func (e *Engine) read(v *view, r *FeedRequest) (out []int32) {
	for _, i := range e.c.State.Fed(r.User) {
		if at := v.feedCard(i); at >= 0 {
			out = append(out, at)
		}
	}
	keys := make([]string, len(r.Session))
	for k := range r.Session {
		keys[k] = r.Session[k].Item
	}
	return append(out, v.ofKeys(keys, e.c.State)...)
}

func lastOf(rows *warehouse.Histories) int64 { return rows.ShownAtMS[len(rows.ShownAtMS)-1] }

// skip says which cards are hidden, gone, or not of all the categories.
func (e *Engine) skip(v *view, categories []string) func(int32) bool {
	c := v.catalogue
	return func(item int32) bool {
		i := v.stateCard(item)
		return i >= 0 && (e.c.State.Hidden(i) || !c.OfAll(i, categories)) || i < 0 && len(categories) > 0
	}
}

// shownOf is what rows say of cards.
func shownOf(rows *warehouse.Histories, since int64) func(int32) feed.Shown {
	shown := make(map[int32]feed.Shown, len(rows.Card))
	for k, card := range rows.Card {
		s := shown[card]
		if rows.ShownAtMS[k] >= since {
			s.Times++
		}
		s.Clicked = s.Clicked || rows.Flags[k]&warehouse.Clicked != 0
		shown[card] = s
	}
	return func(item int32) feed.Shown { return shown[item] }
}

// session adds the doings of the request itself to the rows, as clicks and impressions after all others; those without a moment are of the page's own.
func (e *Engine) session(v *view, r *FeedRequest, now feature.Moment, rows *warehouse.Histories) error {
	if len(r.Session) == 0 {
		return nil
	}
	if len(r.Session) > maxList {
		return &InputError{"session", fmt.Sprintf("%d doings; at most %d are expected", len(r.Session), maxList)}
	}
	doings := slices.Clone(r.Session)
	slices.SortStableFunc(doings, func(a, b stream.Event) int { return cmp.Compare(a.AtMS, b.AtMS) })
	if len(rows.User) == 0 {
		rows.User, rows.Start = []int32{0}, []int32{0, 0}
	}
	for _, d := range doings {
		items := v.ofKeys([]string{d.Item}, e.c.State)
		if len(items) == 0 {
			continue
		}
		at := now
		if d.AtMS > 0 {
			at = e.moment(d.AtMS)
		}
		if n := len(rows.ShownAtMS); n > 0 && at.AtMS < rows.ShownAtMS[n-1] {
			at = e.moment(rows.ShownAtMS[n-1])
		}
		flags := warehouse.Flag(0)
		if e.c.State.Positive(d) {
			flags = warehouse.Clicked
		}
		rows.Card, rows.ShownAtMS, rows.Day, rows.Hour, rows.Position = append(rows.Card, items[0]), append(rows.ShownAtMS, at.AtMS), append(rows.Day, at.Day), append(rows.Hour, at.Hour), append(rows.Position, -1)
		rows.Show, rows.Flags, rows.ViewSeconds = append(rows.Show, 1), append(rows.Flags, flags), append(rows.ViewSeconds, float32(math.NaN()))
		rows.Swipes, rows.SwipeViewSeconds = append(rows.Swipes, 0), append(rows.SwipeViewSeconds, 0)
	}
	rows.Start[1] = int32(len(rows.Card))
	return nil
}
