// Items: what the card table says of them, as columns that grow, and snapshots of these that never change.

package live

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// Catalogue is all items at one moment. It never changes; a later one has the same ids and perhaps more.
type Catalogue struct {
	Version     uint64 // grows with every change
	Cards       *warehouse.Cards
	Keys        []string // by card id
	PublishedMS []int64  // by card id; 0 where it is not known
	Categories  []string // by code

	hidden []bool    // by card id
	in     [][]int32 // by card id: codes of categories
	counts *counts
	share  struct {
		once, categories sync.Once
		of               []float64 // by content
		ofCategory       []float64 // by code
	}
}

// Len is the number of items.
func (c *Catalogue) Len() int { return len(c.Keys) }

// Hidden says whether a card is not to be shown, or deleted.
func (c *Catalogue) Hidden(card int32) bool { return c.hidden[card] }

// CategoriesOf are the names of the categories that a card is in.
func (c *Catalogue) CategoriesOf(card int32) []string {
	out := make([]string, len(c.in[card]))
	for k, code := range c.in[card] {
		out[k] = c.Categories[code]
	}
	return out
}

// In are the codes of the categories that a card is in.
func (c *Catalogue) In(card int32) []int32 { return c.in[card] }

// CategoryShare is the part of all shows that cards in a category, by its code, had when it was first asked for. Each card counts one show more than it had: where there
// were few it is the part of all cards.
func (c *Catalogue) CategoryShare(category int32) float64 {
	c.share.categories.Do(func() {
		of, all := make([]float64, len(c.Categories)), 0.
		for i, in := range c.in {
			n := float64(c.counts.of(int32(i)).shows.Load()) + 1
			all += n
			for _, k := range in {
				of[k] += n
			}
		}
		for k := range of {
			of[k] /= all
		}
		c.share.ofCategory = of
	})
	return c.share.ofCategory[category]
}

// OfAll says whether a card is in all of the categories.
func (c *Catalogue) OfAll(card int32, categories []string) bool {
	for _, want := range categories {
		if !slices.ContainsFunc(c.in[card], func(code int32) bool { return c.Categories[code] == want }) {
			return false
		}
	}
	return true
}

// Share is the part of all shows that cards of a content had when it was first asked for; where there were no shows, of all cards. -1 is the content of
// cards that have none.
func (c *Catalogue) Share(content int16) float64 {
	c.share.once.Do(func() {
		of := make([]float64, len(c.Cards.Contents)+1)
		all := 0.
		for i, k := range c.Cards.Content {
			n := float64(c.counts.of(int32(i)).shows.Load()) + 1e-3
			of[k+1] += n
			all += n
		}
		for k := range of {
			of[k] /= max(all, 1e-3)
		}
		c.share.of = of
	})
	if content < -1 || int(content)+1 >= len(c.share.of) {
		return 0
	}
	return c.share.of[content+1]
}

// cards are the items of a state. One goroutine changes them, under mu where what is shared changes.
//
// Columns only grow at their ends, so a snapshot shares them; what it shares is copied before it is changed.
type cards struct {
	mu       sync.RWMutex
	ids      map[string]int32
	now      columns
	table    warehouse.Cards
	shared   bool // the last snapshot has the columns
	shown    int  // items that it has
	edited   bool // since then, in what it has
	creators map[string]int32
	contents map[string]int16
	songs    map[string]int32
	artists  map[string]int32
	talks    map[string]int32
	category map[string]int32
	topics   map[int32]string // by code, those that are no numbers
	toldMS   []int64          // by id, of the event that says what is known of it; 0: the warehouse does
	texts    map[int32]words
	snapshot atomic.Pointer[Catalogue]
	taken    time.Time // when snapshot was
}

// topic keeps the name of a topic that is no number.
func (c *cards) topic(k int32, key string) {
	if talkNumber(key) < 0 {
		c.topics[k] = key
	}
}

// columns are what a Catalogue has besides the table.
type columns struct {
	version     uint64
	keys        []string
	publishedMS []int64
	hidden      []bool
	in          [][]int32
	categories  []string
}

// words are a sender's own, of an item or a user.
type words struct {
	labels  json.RawMessage
	comment string
}

func newCards() *cards {
	c := &cards{}
	c.index()
	return c
}

// index makes what finds codes by name from the columns.
func (c *cards) index() {
	c.ids, c.creators, c.category = codesOf(c.now.keys), codesOf(c.table.CreatorKeys), codesOf(c.now.categories)
	c.contents = make(map[string]int16, len(c.table.Contents))
	for i, content := range c.table.Contents {
		c.contents[content.Key] = int16(i)
	}
	c.talks = make(map[string]int32, len(c.table.Talks))
	for i, talk := range c.table.Talks {
		c.talks[strconv.Itoa(int(talk))] = int32(i)
	}
	c.songs, c.artists = codesOf(c.table.Songs), codesOf(c.table.Artists)
	c.topics, c.texts = map[int32]string{}, map[int32]words{}
}

// codesOf finds codes by name.
func codesOf(names []string) map[string]int32 {
	codes := make(map[string]int32, len(names))
	for k, name := range names {
		codes[name] = int32(k)
	}
	return codes
}

// add makes an item of which nothing is known.
func (c *cards) add(key string) int32 {
	t := &c.table
	c.mu.Lock()
	defer c.mu.Unlock()
	id := int32(len(c.now.keys))
	c.ids[key] = id
	c.now.keys, c.now.publishedMS = append(c.now.keys, key), append(c.now.publishedMS, 0)
	c.now.hidden, c.now.in = append(c.now.hidden, false), append(c.now.in, nil)
	t.Listed, t.Published, t.Type = append(t.Listed, false), append(t.Published, warehouse.UnknownDay), append(t.Type, -1)
	t.Content, t.Song, t.Artist = append(t.Content, -1), append(t.Song, -1), append(t.Artist, -1)
	t.Creator, t.Talk = append(t.Creator, -1), append(t.Talk, -1)
	c.toldMS = append(c.toldMS, 0)
	c.now.version++
	return id
}

// edit makes the columns those of c alone as far as item id, if a snapshot knows it. mu must be held.
func (c *cards) edit(id int32) {
	c.now.version++
	if int(id) >= c.shown {
		return
	}
	c.edited = true
	if !c.shared {
		return
	}
	c.shared = false
	t, n := &c.table, &c.now
	t.Listed, t.Published, t.Type, t.Content = slices.Clone(t.Listed), slices.Clone(t.Published), slices.Clone(t.Type), slices.Clone(t.Content)
	t.Song, t.Artist, t.Creator, t.Talk = slices.Clone(t.Song), slices.Clone(t.Artist), slices.Clone(t.Creator), slices.Clone(t.Talk)
	n.publishedMS, n.hidden, n.in = slices.Clone(n.publishedMS), slices.Clone(n.hidden), slices.Clone(n.in)
}

// set is what a card says of item id, in the place of what was said before. Names of one kind are most at most; it returns how many found no room.
func (c *cards) set(id int32, card *stream.Card, atMS int64, day int32, most int) (left uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.edit(id)
	t := &c.table
	t.Listed[id] = true
	t.Published[id], c.now.publishedMS[id] = day, atMS
	t.Type[id] = int8(orNone(card.Type))
	name := func(codes map[string]int32, text string, made func(string), next int) int32 {
		k := code(codes, text, made, int32(next), int32(most))
		if k < 0 && text != "" {
			left++
		}
		return k
	}
	t.Creator[id] = name(c.creators, card.Creator, func(key string) {
		t.CreatorKeys, t.Followers = append(t.CreatorKeys, key), append(t.Followers, -1)
	}, len(t.CreatorKeys))
	t.Content[id] = code(c.contents, card.Content, func(key string) { t.Contents = append(t.Contents, contentName(key)) }, int16(len(t.Contents)), math.MaxInt16)
	t.Talk[id] = name(c.talks, card.Talk, func(key string) {
		c.topic(int32(len(t.Talks)), key)
		t.Talks = append(t.Talks, talkNumber(key))
	}, len(t.Talks))
	t.Song[id] = name(c.songs, card.Song, func(key string) { t.Songs = append(t.Songs, key) }, len(t.Songs))
	t.Artist[id] = name(c.artists, card.Artist, func(key string) { t.Artists = append(t.Artists, key) }, len(t.Artists))
	c.now.hidden[id] = card.Hidden
	c.now.in[id] = nil
	for _, category := range card.Categories {
		k := name(c.category, category, func(key string) { c.now.categories = append(c.now.categories, key) }, len(c.now.categories))
		if k >= 0 && !slices.Contains(c.now.in[id], k) {
			c.now.in[id] = append(c.now.in[id], k)
		}
	}
	return left
}

// code is that of a text, given anew as next where it has none; -1 for "", and where there are too many.
func code[I int16 | int32](codes map[string]I, text string, made func(string), next, most I) I {
	if text == "" {
		return -1
	}
	k, ok := codes[text]
	if !ok {
		if next >= most {
			return -1
		}
		k = next
		codes[text] = k
		made(text)
	}
	return k
}

// contentName is a category of content with the levels that its spelling has: numbers apart by commas, from the widest to the narrowest.
func contentName(key string) warehouse.ContentName {
	out := warehouse.ContentName{Key: key, Levels: [3]int32{-1, -1, -1}}
	parts := strings.Split(key, ",")
	if len(parts) != 3 {
		return out
	}
	var levels [3]int32
	for k, part := range parts {
		n, err := strconv.ParseInt(part, 10, 32)
		if err != nil || n < 0 {
			return out
		}
		levels[k] = int32(n)
	}
	out.Levels = levels
	return out
}

// talkNumber is the log's number of a topic; -1 where it is spelled otherwise.
func talkNumber(key string) int32 {
	n, err := strconv.ParseInt(key, 10, 32)
	if err != nil || n < 0 || strconv.Itoa(int(n)) != key {
		return -1
	}
	return int32(n)
}

// remove takes an item out of the catalogue. Its id stays hers, since rows name it.
func (c *cards) remove(id int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.edit(id)
	t := &c.table
	t.Listed[id], t.Published[id], t.Type[id], t.Content[id] = false, warehouse.UnknownDay, -1, -1
	t.Song[id], t.Artist[id], t.Creator[id], t.Talk[id] = -1, -1, -1, -1
	c.now.publishedMS[id], c.now.hidden[id], c.now.in[id] = 0, true, nil
}

// Large catalogues are copied before an edit where a snapshot was taken, so that is not done more often than this.
const (
	smallCatalogue = 10_000
	editEvery      = time.Second
)

// Catalogue is all items now. New items are in it at once; where it has more than 10,000, what is said anew of known ones (a new content, hidden) comes up
// to a second later, and with it what is new since: who reads rows besides may find cards in them that are not in it yet. It costs nothing while nothing changed.
func (s *State) Catalogue() *Catalogue {
	c := s.cards
	old := c.snapshot.Load()
	c.mu.RLock()
	fresh := old != nil && old.Version == c.now.version
	c.mu.RUnlock()
	if fresh {
		return old
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := s.cfg.Clock()
	if old = c.snapshot.Load(); old != nil && (old.Version == c.now.version || c.edited && len(c.now.keys) > smallCatalogue && now.Sub(c.taken).Abs() < editEvery) {
		return old
	}
	t := c.table
	n := &Catalogue{Version: c.now.version, Cards: &t, Keys: c.now.keys, PublishedMS: c.now.publishedMS, Categories: c.now.categories,
		hidden: c.now.hidden, in: c.now.in, counts: s.counts}
	c.shared, c.shown, c.edited, c.taken = true, len(n.Keys), false, now
	c.snapshot.Store(n)
	return n
}

// CardID is the id of an item; false where there is none. Ids are dense from 0 and never change.
func (s *State) CardID(key string) (int32, bool) {
	s.cards.mu.RLock()
	defer s.cards.mu.RUnlock()
	id, ok := s.cards.ids[key]
	return id, ok
}

// valid says why columns do not fit together.
func (c *cards) valid() error {
	t, n := &c.table, len(c.now.keys)
	for name, got := range map[string]int{"listings": len(t.Listed), "days": len(t.Published), "types": len(t.Type), "contents": len(t.Content), "songs": len(t.Song),
		"artists": len(t.Artist), "creators": len(t.Creator), "topics": len(t.Talk), "moments of publication": len(c.now.publishedMS), "hidden": len(c.now.hidden),
		"categories": len(c.now.in), "moments of what was told": len(c.toldMS)} {
		if got != n {
			return fmt.Errorf("%d items have %d %s", n, got, name)
		}
	}
	if len(t.Followers) != len(t.CreatorKeys) || len(t.Contents) > math.MaxInt16 {
		return fmt.Errorf("%d creators have followers of %d, and there are %d contents", len(t.CreatorKeys), len(t.Followers), len(t.Contents))
	}
	for i := range n {
		if t.Content[i] < -1 || int(t.Content[i]) >= len(t.Contents) || t.Creator[i] < -1 || int(t.Creator[i]) >= len(t.CreatorKeys) || t.Talk[i] < -1 ||
			int(t.Talk[i]) >= len(t.Talks) || t.Song[i] < -1 || int(t.Song[i]) >= len(t.Songs) || t.Artist[i] < -1 || int(t.Artist[i]) >= len(t.Artists) || t.Type[i] < -1 {
			return fmt.Errorf("item %d has codes that there are not", i)
		}
		for _, k := range c.now.in[i] {
			if k < 0 || int(k) >= len(c.now.categories) {
				return fmt.Errorf("item %d is in category %d of %d", i, k, len(c.now.categories))
			}
		}
	}
	if len(c.ids) != n {
		return fmt.Errorf("%d items have %d keys", n, len(c.ids))
	}
	return nil
}
