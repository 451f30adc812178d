// What a snapshot holds of counts and relations of items.

package live

import (
	"encoding/binary"
	"math"
)

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

// keep writes, or reads, the relations of the items of a part, which knows all events up to seq.
func (r *relations) keep(x *codec, part int, seq uint64) {
	num(x, &seq, 8)
	base := r.base
	num(x, &base, 8)
	n := x.count((len(r.near.heads)-part+relationParts-1)/relationParts, 2)
	if x.reading {
		r.seq[part] = seq
		if room := (len(r.near.heads) - part + relationParts - 1) / relationParts; n > room {
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
			lengths[2*k], lengths[2*k+1] = uint8(r.near.heads[i].n), uint8(r.clickers.heads[i].n)
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
	if x.reading { // parts are read side by side
		r.mu.Lock()
		defer r.mu.Unlock()
	}
	for k := range n {
		i := int32(part + k*relationParts)
		if !x.reading {
			for _, p := range r.near.of(i) {
				binary.LittleEndian.PutUint32(b, uint32(p.card))
				binary.LittleEndian.PutUint32(b[4:], math.Float32bits(p.weight))
				b = b[8:]
			}
			for _, u := range r.clickers.of(i) {
				binary.LittleEndian.PutUint32(b, uint32(u))
				b = b[4:]
			}
			continue
		}
		near := r.near.resize(i, int(lengths[2*k]))
		shift := float32(math.Exp2(max(-100, min(100, float64(base-r.base)/(pairDays*86400))))) // to the base of all
		for j := range near {
			p := neighbour{int32(binary.LittleEndian.Uint32(b)), math.Float32frombits(binary.LittleEndian.Uint32(b[4:])) * shift}
			if p.card < 0 || int(p.card) >= len(r.near.heads) || !(p.weight >= 0) || math.IsInf(float64(p.weight), 0) {
				x.fail("item %d has the neighbour %d of weight %v", i, p.card, p.weight)
				return
			}
			near[j], b = p, b[8:]
		}
		clickers := r.clickers.resize(i, int(lengths[2*k+1]))
		for j := range clickers {
			clickers[j], b = userRef(binary.LittleEndian.Uint32(b)), b[4:]
		}
	}
}
