// What senders tell besides users' doings: items, profiles, feedback of their own types, and what is to be forgotten.

package live

import (
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// item puts an item in, or takes it out. What an event says takes the place of what was said before, so that what it leaves out is known no more, but for the
// moment of publication, since known items do not become new. What comes late says nothing any more.
func (s *State) item(e *stream.Event) {
	c := s.cards
	id, ok := s.card(e.Item)
	if !ok {
		s.left.Add(1)
		return
	}
	if e.AtMS < c.toldMS[id] {
		return
	}
	c.toldMS[id] = e.AtMS
	if e.Kind == stream.ItemDeleted {
		c.remove(id)
		s.itemWords(id, words{})
		s.counts.hide(id, true)
		return
	}
	card := e.Card
	if card == nil {
		card = new(stream.Card)
	}
	at := card.PublishedMS
	if at == 0 {
		at = c.now.publishedMS[id]
	}
	if at == 0 {
		at = e.AtMS
	}
	day, _ := s.zone.at(at / 1000)
	s.left.Add(c.set(id, card, at, day, s.cfg.MaxCards))
	s.itemWords(id, words{slices.Clone(card.Labels), e.Comment})
	s.counts.hide(id, card.Hidden)
}

func (s *State) itemWords(id int32, w words) {
	s.cards.mu.Lock()
	defer s.cards.mu.Unlock()
	setWords(s, &s.cards.texts, id, w)
}

// setWords puts words in the place of those that there are, where there is room for them.
func setWords[K int32 | uint32](s *State, to *map[K]words, k K, w words) {
	old := (*to)[k]
	if !s.roomFor(len(w.labels)+len(w.comment), len(old.labels)+len(old.comment)) {
		w = words{}
	}
	if len(w.labels)+len(w.comment) == 0 {
		delete(*to, k)
		return
	}
	if *to == nil {
		*to = map[K]words{}
	}
	(*to)[k] = w
}

// roomFor accounts for texts that come in the place of others; false where there is no room, so that none come.
func (s *State) roomFor(now, was int) bool {
	if now > was && s.text.Load()+int64(now-was) > s.cfg.MaxText {
		s.text.Add(-int64(was))
		s.left.Add(1)
		return false
	}
	s.text.Add(int64(now - was))
	return true
}

// served counts a page for the budgets of exploration.
func (s *State) served(p *stream.Page) {
	for _, c := range p.Cards {
		id, ok := s.card(c.Item)
		if !ok {
			s.left.Add(1)
			continue
		}
		k := s.counts.of(id)
		k.served.Add(1)
		if c.Explored {
			k.explored.Add(1)
		}
	}
}

// profile is what a user is known by from now on: what it leaves out is known no more. What comes late says nothing any more.
func (s *State) profile(sh *shard, u *user, i uint32, e *stream.Event) {
	second := secondOf(e.AtMS)
	if second < u.told {
		return
	}
	u.told = second
	p := e.Profile
	if p == nil {
		p = new(stream.Profile)
	}
	u.known = true
	gender, _ := s.genders.add(p.Gender)
	province, _ := s.provinces.add(p.Province)
	u.gender, u.province = uint8(gender), uint16(province)
	u.age, u.months, u.follows = int16(orNone(p.Age)), int16(orNone(p.Months)), int32(orNone(p.Follows))
	setWords(s, &sh.texts, i, words{slices.Clone(p.Labels), e.Comment})
}

// orNone is a number, or the -1 of what is not known.
func orNone(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

// Positive says whether an event counts as a click.
func (s *State) Positive(e stream.Event) bool {
	if e.Kind == stream.Feedback {
		return s.roleOf(e.Type) == clickRole
	}
	return flagOf[e.Kind]&uint8(warehouse.Clicked) != 0
}

// typeCode is the code of a type of feedback.
func (s *State) typeCode(name string) (int, bool) {
	if code, ok := s.types.codes[name]; ok {
		return code, true
	}
	code, ok := s.types.add(name)
	if ok {
		roles := append(*s.roles.Load(), s.roleOf(name))
		s.roles.Store(&roles)
	}
	return code, ok
}

func (s *State) roleOf(name string) role {
	switch {
	case name == "":
		return noRole
	case s.read[name]:
		return readRole
	case s.positive == nil || s.positive[name]:
		return clickRole
	}
	return noRole
}

// foreign keeps a feedback of a sender's own type: one for each type, user and item.
func (s *State) foreign(e *stream.Event, r record, seq uint64) {
	value := float32(0)
	if e.Value != nil {
		value = float32(max(-math.MaxFloat32, min(math.MaxFloat32, *e.Value)))
	}
	s.user(e.User, seq, func(sh *shard, u *user, i uint32) {
		s.makeRoom(sh, u, i, r.second)
		s.change(sh, refOf(shardOf(e.User), i), u, seq, r.card, -1, func(records []record) ([]record, int) {
			for k := range records {
				if old := &records[k]; old.is(didForeign) && old.request == r.request && old.card == r.card {
					if !e.Replace {
						value = max(-math.MaxFloat32, min(math.MaxFloat32, value+old.number()))
						r.second = max(r.second, old.second)
					}
					records = slices.Delete(records, k, k+1)
					break
				}
			}
			r.setNumber(value)
			at, _ := place(records, &r)
			return slices.Insert(records, at, r), 0
		})
		s.seen(u, r.second)
		s.note(sh, note{i, r.card, r.request}, e.Comment)
	})
}

func (s *State) note(sh *shard, at note, text string) {
	if text == "" && sh.notes[at] == "" {
		return
	}
	if !s.roomFor(len(text), len(sh.notes[at])) || text == "" {
		delete(sh.notes, at)
		return
	}
	if sh.notes == nil {
		sh.notes = map[note]string{}
	}
	sh.notes[at] = text
}

func (s *State) dropNote(sh *shard, i uint32, r *record) {
	s.note(sh, note{i, r.card, r.request}, "")
}

// takeBack takes back feedback up to a moment: of one type, which may be a kind of event, or all that a user did with an item. What is told only later of
// a time before stays.
func (s *State) takeBack(e *stream.Event, seq uint64) {
	card, known := s.cards.ids[e.Item]
	code, named := s.types.codes[e.Type]
	kind := stream.Kind(e.Type)
	n := shardOf(e.User)
	sh := &s.shards[n]
	if seq <= sh.seq {
		return
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.seq = seq
	u, i := sh.find(e.User)
	if u == nil || !known {
		return
	}
	s.change(sh, refOf(n, i), u, seq, card, -1, func(records []record) ([]record, int) {
		left := records[:0]
		for _, r := range records {
			if r.card != card || int64(r.second) > e.AtMS/1000 || !r.without(e.Type, kind, code, named) {
				left = append(left, r)
				continue
			}
			if r.is(didForeign) {
				s.dropNote(sh, i, &r)
				continue
			}
			if r.isRow() && e.Type != "" { // what is left of an impression
				if kind == stream.View {
					r.view = noView
				}
				if r.flags &^= flagOf[kind]; kind != stream.Impression || r.flags != 0 {
					left = append(left, r)
				}
			}
		}
		slices.SortFunc(left, func(a, b record) int { return a.compare(&b) })
		return slices.Compact(left), 0
	})
}

// without says whether taking back a type bears on a record; "" is all types.
func (r *record) without(typ string, kind stream.Kind, code int, named bool) bool {
	switch {
	case typ == "":
		return true
	case r.is(didForeign):
		return named && int(r.request) == code
	case r.is(didView):
		return kind == stream.View
	case r.is(didSwipe):
		return kind == stream.Swipe
	case r.isRow():
		return kind == stream.Impression || kind == stream.View || r.flags&flagOf[kind] != 0
	}
	return r.flags&flagOf[kind] != 0
}

// gone says whether what a user did at a moment is of before she was deleted: it came late, and is not taken in.
func (s *State) gone(key string, atMS int64) bool {
	hash := xxhash.Sum64String(key)
	until, ok := s.shards[shardOfHash(hash)].gone[hash] // only the one who applies events changes it
	return ok && atMS <= until
}

// forget forgets what a user did and who she was up to a moment, and what comes late of before it.
func (s *State) forget(key string, atMS int64, seq uint64) {
	hash := xxhash.Sum64String(key)
	n := shardOfHash(hash)
	sh := &s.shards[n]
	if seq <= sh.seq {
		return
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.seq = seq
	sh.bury(hash, atMS, s.cfg.MaxUsers/shardCount+16)
	u, i := sh.find(key)
	if u == nil {
		return
	}
	until := secondOf(atMS)
	s.mine = sh.records(u, s.mine)
	records := s.mine
	left := 0
	for left < len(records) && records[left].second <= until {
		left++
	}
	if left == len(records) && u.told <= until {
		s.drop(sh, n, u, i, seq)
		return
	}
	// She came again since.
	s.unclick(refOf(n, i), records[:left], seq)
	for k := range records[:left] {
		if records[k].is(didForeign) {
			s.dropNote(sh, i, &records[k])
		}
	}
	sh.store(u, records[left:], 0)
	u.first, u.pastShown, u.pastClicks = 0, 0, 0
	if left < len(records) {
		u.first = records[left].second
	}
	if u.told <= until {
		u.known, u.gender, u.province, u.age, u.months, u.follows, u.told = false, 0, 0, -1, -1, -1, 0
		setWords(s, &sh.texts, i, words{})
	}
}

// bury remembers until when a user is gone: of most users at most, those who were deleted last.
func (sh *shard) bury(hash uint64, atMS int64, most int) {
	if sh.gone == nil {
		sh.gone = map[uint64]int64{}
	}
	sh.gone[hash] = max(sh.gone[hash], atMS)
	if len(sh.gone) <= most {
		return
	}
	first := hash
	for h, at := range sh.gone {
		if at < sh.gone[first] || at == sh.gone[first] && h < first {
			first = h
		}
	}
	delete(sh.gone, first)
}

// drop forgets user i. What she did stays in the counts of cards, which name no one.
func (s *State) drop(sh *shard, shard int, u *user, i uint32, seq uint64) {
	s.mine = sh.records(u, s.mine)
	records := s.mine
	if seq > s.global {
		s.figures.leave(u)
	}
	s.unclick(refOf(shard, i), records, seq)
	for k := range records {
		if records[k].is(didForeign) {
			s.dropNote(sh, i, &records[k])
		}
	}
	setWords(s, &sh.texts, i, words{})
	clear(sh.rows.of(u.block, int(u.size)))
	sh.store(u, nil, 0)
	*u = user{}
	sh.keys.remove(i)
}

// evict forgets the one of 16 users whose last doing is longest ago.
func (s *State) evict(sh *shard, shard int, seq uint64) {
	var out uint32
	oldest := uint32(math.MaxUint32)
	looked := 0
	for range len(sh.users) {
		i := sh.hand % uint32(len(sh.users))
		sh.hand = i + 1
		if sh.keys.size[i] == 0 {
			continue
		}
		u := &sh.users[i]
		last := u.first
		if s.mine = sh.records(u, s.mine); len(s.mine) > 0 {
			last = s.mine[len(s.mine)-1].second
		}
		if last < oldest {
			out, oldest = i, last
		}
		if looked++; looked == 16 {
			break
		}
	}
	if looked > 0 {
		s.drop(sh, shard, &sh.users[out], out, seq)
	}
}
