// The first state, from a warehouse.

package live

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// Source is what a warehouse is asked for.
type Source interface {
	Describe(ctx context.Context) (warehouse.Contents, error)
	UserKeys(ctx context.Context) ([]string, error)
	Profiles(ctx context.Context) (*warehouse.Profiles, error)
	Histories(ctx context.Context, from, to time.Time, each func(*warehouse.Histories) error) error
	Cards(ctx context.Context) (*warehouse.Cards, error)
	CardKeys(ctx context.Context) ([]string, error)
	warehouse.Told
}

// Fill puts what a warehouse has into a state in which nothing is known: all users with their last rows, the card table, counts of all rows, and what the live log
// said besides, a number of users at a time. How often cards were served and explored is not in it: their budgets begin anew. offset is the number of the last event that the warehouse has; Apply goes on after it. Cards keep the warehouse's ids. Users are the
// warehouse's in its order, so those who clicked an item last are the ones of the last of these. progress (nil: none) hears how many users are done. After an
// error the state is of no use.
func (s *State) Fill(ctx context.Context, w Source, offset uint64, progress func(done, total int64)) error {
	s.apply.Lock()
	defer s.apply.Unlock()
	if s.seq.Load() != 0 || len(s.cards.now.keys) > 0 {
		return errors.New("live: fill: something is known already; a new state is expected")
	}
	if err := s.fill(ctx, w, progress); err != nil {
		return fmt.Errorf("live: fill: %w", err)
	}
	s.seq.Store(offset)
	s.global = offset
	for k := range s.shards {
		s.shards[k].seq = offset
	}
	return nil
}

func (s *State) fill(ctx context.Context, w Source, progress func(done, total int64)) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	s.now, s.clock = s.today(), s.cfg.Clock().Unix()
	contents, err := w.Describe(ctx)
	if err != nil {
		return err
	}
	if err := s.fillCards(ctx, w); err != nil {
		return err
	}
	keys, err := w.UserKeys(ctx)
	if err != nil {
		return err
	}
	refs, err := s.fillUsers(ctx, w, keys)
	if err != nil {
		return err
	}
	if contents.Impressions > 0 {
		if err := s.fillRows(ctx, w, contents, refs, progress); err != nil {
			return err
		}
	}
	if err := s.fillTold(ctx, w, keys); err != nil {
		return err
	}
	s.dropUnknown()
	return nil
}

// fillRows puts in what users were shown and did.
func (s *State) fillRows(ctx context.Context, w Source, contents warehouse.Contents, refs []userRef, progress func(done, total int64)) error {
	for day := s.now - ringDays + 1; day <= s.now; day++ {
		s.counts.column(day, s.now) // made now, since many count at a time
	}
	s.relations.base = min(contents.LastDay.Unix(), s.clock) // a client's clock may be years ahead
	total := int64(len(refs))
	progress(0, total)
	err := w.Histories(ctx, contents.FirstDay, contents.LastDay, func(h *warehouse.Histories) error {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		var wg sync.WaitGroup
		var next atomic.Int64
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				f := &filler{s: s, h: h}
				for {
					const some = 256
					from := next.Add(some) - some
					if from >= int64(len(h.User)) {
						return
					}
					for k := from; k < min(from+some, int64(len(h.User))); k++ {
						if id := h.User[k]; id >= 0 && int(id) < len(refs) && refs[id] != noRef {
							f.user(refs[id], int(k))
						}
					}
				}
			})
		}
		wg.Wait()
		if len(h.User) > 0 {
			progress(int64(h.User[len(h.User)-1])+1, total)
		}
		return nil
	})
	if err != nil {
		return err
	}
	progress(total, total)
	return nil
}

// noRef is a user whom the state does not take.
const noRef = userRef(math.MaxUint32)

func (s *State) fillCards(ctx context.Context, w Source) error {
	keys, err := w.CardKeys(ctx)
	if err != nil {
		return err
	}
	table, err := w.Cards(ctx)
	if err != nil {
		return err
	}
	if len(keys) > s.cfg.MaxCards {
		return fmt.Errorf("%d cards; settings allow %d", len(keys), s.cfg.MaxCards)
	}
	c := s.cards
	c.mu.Lock()
	defer c.mu.Unlock()
	c.table = *table
	c.toldMS = make([]int64, len(keys))
	c.now = columns{version: 1, keys: keys, publishedMS: make([]int64, len(keys)), hidden: make([]bool, len(keys)), in: make([][]int32, len(keys))}
	for i, day := range table.Published {
		if day != warehouse.UnknownDay && i < len(keys) {
			c.now.publishedMS[i] = time.Date(1970, 1, 1+int(day), 0, 0, 0, 0, s.cfg.Location).UnixMilli()
		}
	}
	c.index()
	if err := c.valid(); err != nil {
		return err
	}
	s.counts.grow(len(keys))
	s.relations.mu.Lock()
	defer s.relations.mu.Unlock()
	s.relations.grow(len(keys))
	return nil
}

// fillUsers makes all users, and says by the warehouse's id which they are.
func (s *State) fillUsers(ctx context.Context, w Source, keys []string) ([]userRef, error) {
	p, err := w.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	refs := make([]userRef, len(keys))
	for k := range s.shards {
		s.shards[k].users = slices.Grow(s.shards[k].users, len(keys)/shardCount+len(keys)/(shardCount*32))
	}
	for id, key := range keys {
		n := shardOf(key)
		sh := &s.shards[n]
		if refs[id] = noRef; key == "" || len(key) > math.MaxUint16 || sh.keys.live >= s.cfg.MaxUsers/shardCount+16 {
			s.left.Add(1)
			continue
		}
		sh.mu.Lock()
		u, i := sh.find(key)
		if u == nil {
			u, i = sh.add(key)
		}
		refs[id] = refOf(n, i)
		if id < len(p.Age) {
			gender, _ := s.genders.add(p.Gender[id])
			province, _ := s.provinces.add(p.Province[id])
			u.known, u.gender, u.province = p.Listed[id], uint8(gender), uint16(province)
			u.age, u.months, u.follows = p.Age[id], p.RegisteredMonths[id], p.Follows[id]
		}
		sh.mu.Unlock()
	}
	return refs, nil
}

// filler puts users' rows in; one goroutine each.
type filler struct {
	s       *State
	h       *warehouse.Histories
	records []record
	last    []int32
	when    []uint32
}

func (f *filler) user(who userRef, k int) {
	s, h := f.s, f.h
	n, i := who.split()
	from, to := int(h.Start[k]), int(h.Start[k+1])
	f.records = f.records[:0]
	cards := int32(len(s.cards.now.keys))
	sh := &s.shards[n]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	u := &sh.users[i]
	if u.n > 0 {
		return // the same key again
	}
	for row := from; row < to; row++ {
		card := h.Card[row]
		if card < 0 || card >= cards {
			s.left.Add(1)
			continue
		}
		second := uint32(max(0, min(h.ShownAtMS[row]/1000, math.MaxUint32)))
		r := record{card: card, second: second, slot: packSlot(int(h.Position[row])), flags: uint8(h.Flags[row]) &^ (followed | doing),
			view:   packSeconds(h.ViewSeconds[row]),
			listed: packShort(h.SwipeViewSeconds[row]), extra: uint8(max(0, min(h.Swipes[row], mostSwipes))) | settled}
		click := uint32(r.flags & uint8(warehouse.Clicked))
		s.counts.add(card, counted{day: h.Day[row], slot: r.slot, clicks: click}, 1, s.now, s.look[r.slot])
		if h.Day[row] == s.now {
			s.figures.move(u, s.now, 1, int32(click), true)
			s.figures.slot(1, s.cards.table.Published[card] > s.now-newDays)
		}
		if to-row > s.cfg.MaxRows {
			u.pastShown++
			u.pastClicks += click
			s.seen(u, second)
			continue
		}
		f.records = append(f.records, r)
	}
	if len(f.records) == 0 {
		return
	}
	if !slices.IsSortedFunc(f.records, func(a, b record) int { return a.compare(&b) }) {
		sortRecords(f.records)
	}
	f.records = slices.CompactFunc(f.records, func(a, b record) bool { return a == b })
	s.seen(u, f.records[0].second)
	sh.store(u, f.records, 0)
	f.relate(who)
}

// relate pairs the items that the user clicked last.
func (f *filler) relate(who userRef) {
	f.last, f.when = f.last[:0], f.when[:0]
	for k := len(f.records) - 1; k >= 0 && len(f.last) < pairWith; k-- {
		if r := &f.records[k]; r.flags&uint8(warehouse.Clicked) != 0 && !slices.Contains(f.last, r.card) {
			f.last, f.when = append(f.last, r.card), append(f.when, r.second)
		}
	}
	if len(f.last) == 0 {
		return
	}
	r := &f.s.relations
	r.mu.Lock()
	defer r.mu.Unlock()
	for a := len(f.last) - 1; a >= 0; a-- {
		r.by(f.last[a], who)
		w := r.weightAt(int64(f.when[a]))
		for b := a + 1; b < len(f.last); b++ { // b was clicked before a
			r.pair(f.last[a], f.last[b], w)
			r.pair(f.last[b], f.last[a], w)
		}
	}
}
