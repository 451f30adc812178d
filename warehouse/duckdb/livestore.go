// This file writes the events of a batch as they are said, and gives their users, cards and the rest ids.

package duckdb

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"

	"github.com/cespare/xxhash/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/warehouse"
)

// liveTables are the tables of events.
type liveTables struct {
	events, feedback, pages, profiles, traits, deleted *table
	touched, spokenUsers, spokenCards                  *table
}

func openLive(w *writer) (*liveTables, error) {
	const (
		big, ubig, i32, i16, i8, u8 = mapping.TypeBigInt, mapping.TypeUBigInt, mapping.TypeInteger, mapping.TypeSmallInt, mapping.TypeTinyInt, mapping.TypeUTinyInt
		text, yes, real, date       = mapping.TypeVarchar, mapping.TypeBoolean, mapping.TypeDouble, mapping.TypeDate
	)
	t := &liveTables{}
	for _, o := range []struct {
		dst      **table
		name     string
		types    []mapping.Type
		nullable []int
	}{
		{&t.events, "live_events", []mapping.Type{ubig, i32, i32, big, u8, i32, text, i32, real}, []int{5, 7}},
		{&t.feedback, "live_feedback", []mapping.Type{ubig, i32, i32, big, text, real, yes, yes, text}, []int{8}},
		{&t.pages, "live_pages", []mapping.Type{ubig, i32, big, text, text, i16, i32, real, real, yes, text}, nil},
		{&t.profiles, "live_profiles", []mapping.Type{ubig, i32, big, text, i16, text, i16, i32, text, text}, []int{3, 4, 5, 6, 7, 8, 9}},
		{&t.traits, "live_traits", []mapping.Type{ubig, i32, big, date, yes, yes, i32, i32, i32, date, i8, i16, text, text, text, text, big},
			[]int{6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
		{&t.deleted, "live_deleted", []mapping.Type{ubig, big}, nil},
		{&t.touched, "live_touched", []mapping.Type{i32}, nil},
		{&t.spokenUsers, "live_spoken_users", []mapping.Type{i32}, nil},
		{&t.spokenCards, "live_spoken_cards", []mapping.Type{i32}, nil},
	} {
		var err error
		if *o.dst, err = w.open(o.name, o.types, o.nullable...); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// store writes the events of all batches and the rows of ids that they are the first to name, and leaves in a what changes with them.
func (a *liveAppend) store() (err error) {
	for batch, failed := range a.batches {
		if err = failed; err == nil {
			err = a.storeBatch(&batch)
		}
		if err != nil {
			break
		}
	}
	if a.w == nil { // there were no rows
		return err
	}
	if err == nil {
		err = a.storeEnd()
	}
	if finished := a.w.finish(a.ctx); err == nil {
		err = finished
	}
	return err
}

// storeBatch writes the events of a batch that are not in yet.
func (a *liveAppend) storeBatch(batch *warehouse.LiveBatch) error {
	if err := checkLive(batch); err != nil {
		return err
	}
	if batch.Last <= a.offset {
		return nil
	}
	rows := batch.Rows[sort.Search(len(batch.Rows), func(i int) bool { return batch.Rows[i].Seq > a.offset }):]
	if len(rows) > 0 && a.w == nil {
		if err := a.begin(batch.Zone); err != nil {
			return err
		}
	}
	for i := range rows {
		if i%rowsACheck == 0 && a.ctx.Err() != nil {
			return a.ctx.Err()
		}
		a.storeRow(&rows[i])
	}
	a.offset, a.mark = batch.Last, batch.Mark
	return nil
}

func (a *liveAppend) storeRow(r *warehouse.LiveRow) {
	t := a.tables
	if r.Kind == warehouse.LiveUserDeleted {
		hash := xxhash.Sum64String(r.User)
		a.known.deleted[hash] = max(a.known.deleted[hash], r.AtMS)
		put(t.deleted, 0, hash)
		put(t.deleted, 1, r.AtMS)
		t.deleted.next()
		if user, ok := a.users.find(r.User); ok { // else whatever she did until then comes after, and is passed over
			a.cutoff[user] = max(a.cutoff[user], r.AtMS)
			a.touched[user], a.spokenUsers[user] = true, true
		}
		return
	}
	if r.Kind < warehouse.LiveCard && a.known.gone(r.User, r.AtMS) {
		return
	}
	switch {
	case r.Kind == warehouse.LiveUser:
		user := a.users.id(r.User)
		a.profile(t.profiles, r, user)
		a.spokenUsers[user] = true
		a.spoken[0]++
	case r.Kind == warehouse.LiveCard || r.Kind == warehouse.LiveCardDeleted:
		card := a.cards.id(r.Card)
		a.traits(t.traits, r, card)
		a.spokenCards[card] = true
		a.spoken[1]++
	case r.Kind == warehouse.LiveServed:
		a.page(t.pages, r, a.users.id(r.User))
	case r.Kind == warehouse.LiveFeedback:
		a.feedback(t.feedback, r, a.users.id(r.User), a.cards.id(r.Card), false)
	case r.Kind <= warehouse.LiveUndo:
		user := a.users.id(r.User)
		if a.event(t, r, user, a.cards.id(r.Card)) {
			a.touched[user] = true
		}
	}
}

// storeEnd writes whose rows change, and the rows of ids that are new.
func (a *liveAppend) storeEnd() error {
	t := a.tables
	for _, s := range []struct {
		table *table
		ids   map[int32]bool
	}{{t.touched, a.touched}, {t.spokenUsers, a.spokenUsers}, {t.spokenCards, a.spokenCards}} {
		for _, id := range sortedIDs(s.ids) {
			put(s.table, 0, id)
			s.table.next()
		}
	}
	for _, d := range []*dictionary{a.users.dictionary, a.creators.dictionary, a.cards.dictionary, a.songs, a.artists, a.contents} {
		if d.full {
			return fmt.Errorf("ids of one kind have more than %d bytes in all, which is too many for one database", maxArena)
		}
	}
	return a.writeMentioned()
}

// event writes an event of a user on a card; false when it changes no impressions.
func (a *liveAppend) event(t *liveTables, r *warehouse.LiveRow, user, card int32) bool {
	value := r.Value
	if r.Kind == warehouse.LiveUndo {
		kind, ours := warehouse.LiveNames[r.Type]
		if !ours || r.Type == "" {
			a.feedback(t.feedback, r, user, card, true)
		}
		if !ours && r.Type != "" {
			return false
		}
		value = float64(kind)
	}
	e := t.events
	put(e, 0, r.Seq)
	put(e, 1, user)
	put(e, 2, card)
	put(e, 3, r.AtMS)
	put(e, 4, uint8(r.Kind))
	if r.Kind == warehouse.LiveSwipe && r.From != "" {
		put(e, 5, a.cards.id(r.From))
	} else {
		e.null(5)
	}
	e.text(6, r.Request)
	putOr(e, 7, r.Slot, r.Slot < 0)
	put(e, 8, value)
	e.next()
	return true
}

func (a *liveAppend) feedback(t *table, r *warehouse.LiveRow, user, card int32, deleted bool) {
	put(t, 0, r.Seq)
	put(t, 1, user)
	put(t, 2, card)
	put(t, 3, r.AtMS)
	t.text(4, r.Type)
	put(t, 5, r.Value)
	put(t, 6, r.Replace)
	put(t, 7, deleted)
	t.textOr(8, r.Note)
	t.next()
}

func (a *liveAppend) page(t *table, r *warehouse.LiveRow, user int32) {
	if r.Page == nil {
		return
	}
	for slot := range r.Page.Cards {
		c := &r.Page.Cards[slot]
		put(t, 0, r.Seq)
		put(t, 1, user)
		put(t, 2, r.AtMS)
		t.text(3, r.Request)
		t.text(4, r.Page.Model)
		put(t, 5, int16(min(slot, math.MaxInt16)))
		put(t, 6, a.cards.id(c.Card))
		put(t, 7, c.Score)
		put(t, 8, c.Propensity)
		put(t, 9, c.Explored)
		t.text(10, c.By)
		t.next()
	}
}

func (a *liveAppend) profile(t *table, r *warehouse.LiveRow, user int32) {
	p := r.Profile
	if p == nil {
		p = &warehouse.LiveProfile{Age: -1, Months: -1, Follows: -1}
	}
	put(t, 0, r.Seq)
	put(t, 1, user)
	put(t, 2, r.AtMS)
	t.textOr(3, p.Province)
	putOr(t, 4, int16(min(p.Age, math.MaxInt16)), p.Age < 0)
	t.textOr(5, p.Gender)
	putOr(t, 6, int16(min(p.Months, math.MaxInt16)), p.Months < 0)
	putOr(t, 7, p.Follows, p.Follows < 0)
	t.textOr(8, p.Labels)
	t.textOr(9, r.Note)
	t.next()
}

func (a *liveAppend) traits(t *table, r *warehouse.LiveRow, card int32) {
	c := r.Traits
	if c == nil {
		c = &warehouse.LiveTraits{Type: -1}
	}
	day, _ := a.cal.local(r.AtMS)
	put(t, 0, r.Seq)
	put(t, 1, card)
	put(t, 2, r.AtMS)
	put(t, 3, day)
	put(t, 4, r.Kind == warehouse.LiveCardDeleted)
	put(t, 5, c.Hidden)
	for _, ref := range []struct {
		col  int
		dict *dictionary
		key  string
	}{{6, a.songs, c.Song}, {7, a.artists, c.Artist}, {8, a.creators.dictionary, c.Creator}} {
		if ref.key == "" {
			t.null(ref.col)
		} else {
			put(t, ref.col, ref.dict.id(ref.key))
		}
	}
	published, _ := a.cal.local(c.PublishedMS)
	putOr(t, 9, published, c.PublishedMS == 0)
	putOr(t, 10, int8(min(c.Type, math.MaxInt8)), c.Type < 0)
	content := int32(-1)
	if c.Content != "" {
		// A log may not come to a stop because a sender's categories are too many: past the room of the column, new ones are left out.
		if known, ok := a.contents.find(c.Content); ok || a.contents.size() <= math.MaxInt16 {
			if content = known; !ok {
				content = a.contents.id(c.Content)
			}
		}
	}
	putOr(t, 11, int16(content), content < 0)
	t.textOr(12, c.Talk)
	if len(c.Categories) > 0 {
		list, _ := json.Marshal(c.Categories) // texts can always be written
		t.text(13, string(list))
	} else {
		t.null(13)
	}
	t.textOr(14, c.Labels)
	t.textOr(15, r.Note)
	putOr(t, 16, c.PublishedMS, c.PublishedMS == 0)
	t.next()
}
