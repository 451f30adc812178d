// What a snapshot holds of each part of the state.

package live

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"slices"

	"github.com/seguefeed/segue/warehouse"
)

const (
	recordSize = 16
	userSize   = 40
)

func (r *record) put(b []byte) {
	_ = b[recordSize-1]
	binary.LittleEndian.PutUint32(b, uint32(r.card))
	binary.LittleEndian.PutUint32(b[4:], r.second)
	binary.LittleEndian.PutUint16(b[8:], r.request)
	binary.LittleEndian.PutUint16(b[10:], r.view)
	b[12], b[13], b[14], b[15] = r.slot, r.listed, r.flags, r.extra
}

func (r *record) get(b []byte) {
	_ = b[recordSize-1]
	*r = record{card: int32(binary.LittleEndian.Uint32(b)), second: binary.LittleEndian.Uint32(b[4:]), request: binary.LittleEndian.Uint16(b[8:]),
		view: binary.LittleEndian.Uint16(b[10:]), slot: b[12], listed: b[13], flags: b[14], extra: b[15]}
}

func (u *user) put(b []byte) {
	_ = b[userSize-1]
	for k, v := range [...]uint32{u.first, u.pastShown, u.pastClicks, uint32(u.follows)} {
		binary.LittleEndian.PutUint32(b[4*k:], v)
	}
	for k, v := range [...]uint16{uint16(u.age), uint16(u.months), u.province, u.n, u.day, u.dayShown, u.dayClicks} {
		binary.LittleEndian.PutUint16(b[16+2*k:], v)
	}
	b[30] = u.gender
	if u.known {
		b[31] = 1
	}
}

func (u *user) get(b []byte) {
	_ = b[userSize-1]
	word := func(k int) uint32 { return binary.LittleEndian.Uint32(b[4*k:]) }
	half := func(k int) uint16 { return binary.LittleEndian.Uint16(b[16+2*k:]) }
	*u = user{first: word(0), pastShown: word(1), pastClicks: word(2), follows: int32(word(3)), age: int16(half(0)), months: int16(half(1)), province: half(2), n: half(3),
		day: half(4), dayShown: half(5), dayClicks: half(6), gender: b[30], known: b[31] != 0}
}

// keep writes a shard, which knows all events up to seq. The shard must not change meanwhile.
func (sh *shard) keep(x *codec, seq uint64) {
	num(x, &seq, 8)
	num(x, &sh.hand, 4)
	nums(x, &sh.keys.size, 2)
	text := 0
	for _, n := range sh.keys.size {
		text += int(n)
	}
	text = x.count(text, 1)
	b := x.take(text)
	for i := range sh.keys.size {
		b = b[copy(b, sh.keys.bytesAt(uint32(i))):]
	}
	records := 0
	b = x.take(len(sh.users) * userSize)
	for i := range sh.users {
		sh.users[i].put(b[i*userSize:])
		records += int(sh.users[i].n)
	}
	b = x.take(records * recordSize)
	for i := range sh.users {
		for _, r := range sh.records(&sh.users[i]) {
			r.put(b)
			b = b[recordSize:]
		}
	}
	sh.keepTexts(x)
}

// restore reads what keep wrote, into a shard that is empty.
func (sh *shard) restore(x *codec, s *State, shard int) {
	num(x, &sh.seq, 8)
	num(x, &sh.hand, 4)
	k := &sh.keys
	nums(x, &k.size, 2)
	n := len(k.size)
	if n > 1<<24 {
		x.fail("%d users in one part", n)
	}
	k.text = slices.Clone(x.take(x.count(0, 1)))
	k.start = make([]uint32, n)
	at := uint64(0)
	for i, size := range k.size {
		k.start[i] = uint32(at)
		at += uint64(size)
		if size > 0 {
			k.live++
		} else {
			k.free = append(k.free, uint32(i))
		}
	}
	slices.Reverse(k.free)
	if at != uint64(len(k.text)) || at > math.MaxUint32 {
		x.fail("keys of %d bytes have %d", at, len(k.text))
	}
	b := x.take(n * userSize)
	if x.err != nil {
		*k = newKeys()
		return
	}
	k.rehash()
	sh.users = make([]user, n)
	genders, provinces := len(s.genders.all()), len(s.provinces.all())
	records := 0
	for i := range sh.users {
		u := &sh.users[i]
		u.get(b[i*userSize:])
		if int(u.n) > maxRecords || k.size[i] == 0 && *u != (user{}) || int(u.gender) >= genders || int(u.province) >= provinces {
			x.fail("user %d of part %d is none", i, shard)
		}
		if key := k.at(uint32(i)); key != "" && (shardOf(key) != shard || k.slots[k.slot(key)] != uint32(i)+1) {
			x.fail("user %d of part %d belongs elsewhere", i, shard)
		}
		records += int(u.n)
	}
	if x.err != nil {
		return
	}
	b = x.take(records * recordSize)
	if b == nil {
		return
	}
	types, cards := len(s.types.all()), int32(s.ItemCount())
	for i := range sh.users {
		u := &sh.users[i]
		if u.n == 0 {
			continue
		}
		u.block = sh.rows.take(int(u.n))
		mine := sh.records(u)
		for j := range mine {
			r := &mine[j]
			r.get(b)
			b = b[recordSize:]
			bad := r.card < 0 || r.card >= cards || j > 0 && mine[j-1].compare(r) >= 0
			if !r.isRow() {
				bad = bad || r.extra > didForeign || r.extra == didSwipe && (r.other() < 0 || r.other() >= cards) || r.extra == didForeign && (int(r.request) >= types || r.number() != r.number())
			}
			if bad {
				x.fail("record %d of user %d of part %d is none", j, i, shard)
				return
			}
		}
	}
	sh.keepTexts(x)
	for i := range sh.texts {
		if int(i) >= n || k.size[i] == 0 {
			x.fail("texts of user %d of part %d, who is not there", i, shard)
		}
	}
	text := 0
	for _, t := range sh.texts {
		text += len(t.labels) + len(t.comment)
	}
	for _, t := range sh.notes {
		text += len(t)
	}
	s.text.Add(int64(text))
}

func (sh *shard) keepTexts(x *codec) {
	who := make([]uint32, 0, len(sh.texts))
	for i := range sh.texts {
		who = append(who, i)
	}
	slices.Sort(who)
	nums(x, &who, 4)
	if x.reading && len(who) > 0 {
		sh.texts = make(map[uint32]userText, len(who))
	}
	for _, i := range who {
		t := sh.texts[i]
		labels := string(t.labels)
		x.text(&labels)
		x.text(&t.comment)
		if x.reading {
			t.labels = rawOf(labels)
			sh.texts[i] = t
		}
	}
	notes := make([]note, 0, len(sh.notes))
	for at := range sh.notes {
		notes = append(notes, at)
	}
	slices.SortFunc(notes, func(a, b note) int { return a.compare(b) })
	n := x.count(len(notes), 4+4+2+8)
	if x.reading && n > 0 {
		sh.notes = make(map[note]string, n)
		notes = make([]note, n)
	}
	for _, at := range notes {
		text := sh.notes[at]
		num(x, &at.user, 4)
		num(x, &at.card, 4)
		num(x, &at.kind, 2)
		x.text(&text)
		if x.reading {
			sh.notes[at] = text
		}
	}
}

// keep writes, or reads, all but the shards.
func (s *State) keep(x *codec) {
	num(x, &s.global, 8)
	for _, d := range []*dict{s.genders, s.provinces, s.types} {
		texts := d.all()
		x.strings(&texts)
		if x.reading {
			if len(texts) == 0 || len(texts) > d.most || texts[0] != "" {
				x.fail("a list of %d texts", len(texts))
				return
			}
			for _, t := range texts[1:] {
				d.add(t)
			}
			if len(d.all()) != len(texts) {
				x.fail("a list of texts that are not all different")
			}
		}
	}
	s.cards.keep(x)
	s.counts.keep(x, len(s.cards.now.keys))
	s.figures.keep(x)
	num(x, &s.relations.base, 8)
	if x.reading {
		s.relations.grow(len(s.cards.now.keys))
	}
}

func (s *State) check() error {
	for _, name := range s.types.all()[1:] {
		roles := append(*s.roles.Load(), s.roleOf(name))
		s.roles.Store(&roles)
	}
	if err := s.cards.valid(); err != nil {
		return err
	}
	for i, hidden := range s.cards.now.hidden {
		if hidden {
			s.counts.of(int32(i)).hidden.Store(1)
		}
	}
	text := 0
	for i, t := range s.cards.texts {
		if i < 0 || int(i) >= len(s.cards.now.keys) {
			return errors.New("texts of an item that is not there")
		}
		text += len(t.labels) + len(t.comment)
	}
	s.text.Add(int64(text))
	return nil
}

func (c *cards) keep(x *codec) {
	t, n := &c.table, &c.now
	num(x, &n.version, 8)
	x.strings(&n.keys)
	nums(x, &n.publishedMS, 8)
	x.bools(&n.hidden)
	x.strings(&n.categories)
	lengths, flat := make([]int32, len(n.in)), []int32(nil)
	for i, list := range n.in {
		lengths[i] = int32(len(list))
		flat = append(flat, list...)
	}
	nums(x, &lengths, 4)
	nums(x, &flat, 4)
	x.bools(&t.Listed)
	nums(x, &t.Published, 4)
	nums(x, &t.Type, 1)
	nums(x, &t.Content, 2)
	nums(x, &t.Song, 4)
	nums(x, &t.Artist, 4)
	nums(x, &t.Creator, 4)
	nums(x, &t.Talk, 4)
	contents := make([]string, len(t.Contents))
	levels := make([]int32, 0, 3*len(t.Contents))
	for i := range t.Contents {
		contents[i] = t.Contents[i].Key
		levels = append(levels, t.Contents[i].Levels[:]...)
	}
	x.strings(&contents)
	nums(x, &levels, 4)
	x.strings(&t.CreatorKeys)
	nums(x, &t.Followers, 8)
	nums(x, &t.Talks, 4)
	if x.reading && x.err == nil {
		if len(levels) != 3*len(contents) {
			x.fail("%d contents have %d levels", len(contents), len(levels))
			return
		}
		t.Contents = make([]warehouse.ContentName, len(contents))
		for i, key := range contents {
			t.Contents[i] = warehouse.ContentName{Key: key, Levels: [3]int32(levels[3*i:])}
		}
		n.in = make([][]int32, len(lengths))
		for i, k := range lengths {
			if k < 0 || int(k) > len(flat) {
				x.fail("categories of item %d", i)
				return
			}
			if k > 0 {
				n.in[i], flat = flat[:k:k], flat[k:]
			}
		}
		c.index()
	}
	keepCodes(x, c.talks, len(t.Talks))
	num(x, &c.songCodes, 4)
	keepCodes(x, c.songs, int(c.songCodes))
	num(x, &c.artCodes, 4)
	keepCodes(x, c.artists, int(c.artCodes))
	if x.reading {
		c.name()
	}
	ids := make([]int32, 0, len(c.texts))
	for id := range c.texts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	nums(x, &ids, 4)
	for _, id := range ids {
		text := c.texts[id]
		labels := string(text.labels)
		x.text(&labels)
		x.text(&text.comment)
		if x.reading {
			text.labels = rawOf(labels)
			c.texts[id] = text
		}
	}
}

// keepCodes keeps which text has which code below most.
func keepCodes(x *codec, codes map[string]int32, most int) {
	texts := make([]string, 0, len(codes))
	for t := range codes {
		texts = append(texts, t)
	}
	slices.Sort(texts)
	of := make([]int32, len(texts))
	for k, t := range texts {
		of[k] = codes[t]
	}
	x.strings(&texts)
	nums(x, &of, 4)
	if !x.reading {
		return
	}
	clear(codes)
	if len(of) != len(texts) {
		x.fail("%d texts have %d codes", len(texts), len(of))
		return
	}
	for k, t := range texts {
		if of[k] < 0 || int(of[k]) >= most {
			x.fail("the text %q has code %d of %d", t, of[k], most)
			return
		}
		codes[t] = of[k]
	}
}

// keep keeps the counts of n cards.
func (c *counts) keep(x *codec, n int) {
	for at := range c.days {
		day := c.days[at].Load()
		num(x, &day, 4)
		c.days[at].Store(day)
	}
	const size = 4 + 4 + 8 + 4 + 4 + 8*ringDays
	if got := x.count(n, size); got != n {
		x.fail("counts of %d items where there are %d", got, n)
		return
	}
	if x.reading {
		c.grow(n)
	}
	for i := range n {
		k := c.of(int32(i))
		b := x.take(size)
		if b == nil {
			return
		}
		if x.reading {
			k.shows.Store(binary.LittleEndian.Uint32(b))
			k.clicks.Store(binary.LittleEndian.Uint32(b[4:]))
			k.looked.Store(binary.LittleEndian.Uint64(b[8:]))
			k.served.Store(binary.LittleEndian.Uint32(b[16:]))
			k.explored.Store(binary.LittleEndian.Uint32(b[20:]))
			for d := range k.day {
				k.day[d].shows.Store(binary.LittleEndian.Uint32(b[24+8*d:]))
				k.day[d].clicks.Store(binary.LittleEndian.Uint32(b[28+8*d:]))
			}
			c.shows.Add(int64(k.shows.Load()))
			c.clicks.Add(int64(k.clicks.Load()))
			c.looked.Add(int64(k.looked.Load()))
			continue
		}
		binary.LittleEndian.PutUint32(b, k.shows.Load())
		binary.LittleEndian.PutUint32(b[4:], k.clicks.Load())
		binary.LittleEndian.PutUint64(b[8:], k.looked.Load())
		binary.LittleEndian.PutUint32(b[16:], k.served.Load())
		binary.LittleEndian.PutUint32(b[20:], k.explored.Load())
		for d := range k.day {
			binary.LittleEndian.PutUint32(b[24+8*d:], k.day[d].shows.Load())
			binary.LittleEndian.PutUint32(b[28+8*d:], k.day[d].clicks.Load())
		}
	}
}

func (f *figures) keep(x *codec) {
	num(x, &f.day, 4)
	num(x, &f.shown, 8)
	num(x, &f.clicks, 8)
	num(x, &f.slots, 8)
	num(x, &f.newOnes, 8)
	at := make([]uint32, 0, len(f.users))
	for k := range f.users {
		at = append(at, uint32(k[0])<<16|uint32(k[1]))
	}
	slices.Sort(at)
	nums(x, &at, 4)
	n := make([]int64, len(at))
	for k, a := range at {
		n[k] = int64(f.users[[2]uint16{uint16(a >> 16), uint16(a)}])
	}
	nums(x, &n, 8)
	if !x.reading {
		return
	}
	if len(n) != len(at) {
		x.fail("figures of %d kinds of users for %d", len(n), len(at))
		return
	}
	f.users = make(map[[2]uint16]int, len(at))
	for k, a := range at {
		if a>>16 == 0 || n[k] <= 0 || n[k] > math.MaxInt32 {
			x.fail("figures of %d users", n[k])
			return
		}
		f.users[[2]uint16{uint16(a >> 16), uint16(a)}] = int(n[k])
	}
}

// keep writes, or reads, the relations of the items of a part, which knows all events up to seq.
func (r *relations) keep(x *codec, part int, seq uint64) {
	num(x, &seq, 8)
	base := r.base
	num(x, &base, 8)
	n := x.count((len(r.near)-part+relationParts-1)/relationParts, 2)
	if x.reading {
		r.seq[part] = seq
		if room := (len(r.near) - part + relationParts - 1) / relationParts; n > room {
			x.fail("relations of %d items where there are %d", n, room)
			return
		}
	}
	lengths := x.take(2 * n)
	if lengths == nil {
		return
	}
	pairs, users := 0, 0
	for k := range n {
		if i := part + k*relationParts; !x.reading {
			lengths[2*k], lengths[2*k+1] = uint8(len(r.near[i])), uint8(len(r.clickers[i]))
		}
		if lengths[2*k] > maxNeighbours || lengths[2*k+1] > maxClickers {
			x.fail("an item has %d neighbours and %d users", lengths[2*k], lengths[2*k+1])
			return
		}
		pairs, users = pairs+int(lengths[2*k]), users+int(lengths[2*k+1])
	}
	if !x.reading {
		lengths = nil // the next bytes may lie elsewhere
	}
	b := x.take(8*pairs + 4*users)
	if b == nil {
		return
	}
	for k := range n {
		i := part + k*relationParts
		if !x.reading {
			for _, p := range r.near[i] {
				binary.LittleEndian.PutUint32(b, uint32(p.card))
				binary.LittleEndian.PutUint32(b[4:], math.Float32bits(p.weight))
				b = b[8:]
			}
			for _, u := range r.clickers[i] {
				binary.LittleEndian.PutUint32(b, uint32(u))
				b = b[4:]
			}
			continue
		}
		if n := lengths[2*k]; n > 0 {
			r.near[i] = make([]neighbour, n)
		}
		shift := float32(math.Exp2(max(-100, min(100, float64(base-r.base)/(pairDays*86400))))) // to the base of all
		for j := range r.near[i] {
			p := neighbour{int32(binary.LittleEndian.Uint32(b)), math.Float32frombits(binary.LittleEndian.Uint32(b[4:])) * shift}
			if p.card < 0 || int(p.card) >= len(r.near) || !(p.weight >= 0) || math.IsInf(float64(p.weight), 0) {
				x.fail("item %d has the neighbour %d of weight %v", i, p.card, p.weight)
				return
			}
			r.near[i][j], b = p, b[8:]
		}
		if n := lengths[2*k+1]; n > 0 {
			r.clickers[i] = make([]userRef, n)
		}
		for j := range r.clickers[i] {
			r.clickers[i][j], b = userRef(binary.LittleEndian.Uint32(b)), b[4:]
		}
	}
}

func (n note) compare(o note) int {
	switch {
	case n.user != o.user:
		return int(int64(n.user) - int64(o.user))
	case n.card != o.card:
		return int(int64(n.card) - int64(o.card))
	}
	return int(n.kind) - int(o.kind)
}

// rawOf is JSON as it was kept; nil for none.
func rawOf(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}
