// What a snapshot holds of users.

package live

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"slices"
)

const userSize = 38

func (u *user) put(b []byte) {
	_ = b[userSize-1]
	for k, v := range [...]uint32{u.first, u.pastShown, u.pastClicks, uint32(u.follows), u.told} {
		binary.LittleEndian.PutUint32(b[4*k:], v)
	}
	for k, v := range [...]uint16{uint16(u.age), uint16(u.months), u.province, u.n, u.size, u.day, u.dayShown, u.dayClicks} {
		binary.LittleEndian.PutUint16(b[20+2*k:], v)
	}
	b[36] = u.gender
	if u.known {
		b[37] = 1
	}
}

func (u *user) get(b []byte) {
	_ = b[userSize-1]
	word := func(k int) uint32 { return binary.LittleEndian.Uint32(b[4*k:]) }
	half := func(k int) uint16 { return binary.LittleEndian.Uint16(b[20+2*k:]) }
	*u = user{first: word(0), pastShown: word(1), pastClicks: word(2), follows: int32(word(3)), told: word(4), age: int16(half(0)), months: int16(half(1)),
		province: half(2), n: half(3), size: half(4), day: half(5), dayShown: half(6), dayClicks: half(7), gender: b[36], known: b[37] != 0}
}

// keep writes a shard, which knows all events up to seq. The shard must not change meanwhile.
func (sh *shard) keep(x *codec, seq uint64) {
	slices.SortFunc(sh.keys.free, func(a, b uint32) int { return cmp.Compare(b, a) }) // as restore finds them, so that who comes next has one number in both
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
	packed := 0
	b = x.take(len(sh.users) * userSize)
	for i := range sh.users {
		sh.users[i].put(b[i*userSize:])
		packed += int(sh.users[i].size)
	}
	b = x.take(packed)
	for i := range sh.users {
		u := &sh.users[i]
		b = b[copy(b, sh.rows.of(u.block, int(u.size))):]
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
	packed := 0
	for i := range sh.users {
		u := &sh.users[i]
		u.get(b[i*userSize:])
		if int(u.n) > maxRecords || int(u.size) > mostInBlock || (u.n == 0) != (u.size == 0) || k.size[i] == 0 && *u != (user{}) || int(u.gender) >= genders || int(u.province) >= provinces {
			x.fail("user %d of part %d is none", i, shard)
		}
		if key := k.at(uint32(i)); key != "" && (shardOf(key) != shard || k.slots[k.slot(key)] != uint32(i)+1) {
			x.fail("user %d of part %d belongs elsewhere", i, shard)
		}
		packed += int(u.size)
	}
	if x.err != nil {
		return
	}
	b = x.take(packed)
	if b == nil {
		return
	}
	types, cards := len(s.types.all()), int32(s.ItemCount())
	var records []record
	for i := range sh.users {
		u := &sh.users[i]
		if u.n == 0 {
			continue
		}
		u.block = sh.rows.take(int(u.size))
		copy(sh.rows.of(u.block, int(u.size)), b)
		var whole bool
		if records, whole = unpack(records[:0], b[:u.size], int(u.n)); !whole {
			x.fail("the records of user %d of part %d are none", i, shard)
			return
		}
		b = b[u.size:]
		for j := range records {
			r := &records[j]
			bad := r.card < 0 || r.card >= cards || j > 0 && !records[j-1].before(r)
			if !r.isRow() {
				bad = bad || r.extra > didForeign || r.extra == didSwipe && (r.other() < 0 || r.other() >= cards) ||
					r.extra == didForeign && (int(r.request) >= types || r.number() != r.number())
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
	text := wordBytes(sh.texts)
	for _, t := range sh.notes {
		text += int64(len(t))
	}
	s.text.Add(text)
}

func (sh *shard) keepTexts(x *codec) {
	keepWords(x, &sh.texts)
	gone := slices.Sorted(maps.Keys(sh.gone))
	nums(x, &gone, 8)
	if x.reading && len(gone) > 0 {
		sh.gone = make(map[uint64]int64, len(gone))
	}
	for _, hash := range gone {
		until := sh.gone[hash]
		num(x, &until, 8)
		if x.reading {
			sh.gone[hash] = until
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
