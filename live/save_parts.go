// What a snapshot holds of all but users, counts and relations.

package live

import (
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/seguefeed/segue/warehouse"
)

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
		s.counts.hide(int32(i), hidden)
	}
	for i := range s.cards.texts {
		if i < 0 || int(i) >= len(s.cards.now.keys) {
			return errors.New("texts of an item that is not there")
		}
	}
	s.text.Add(wordBytes(s.cards.texts))
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
	x.strings(&t.Songs)
	x.strings(&t.Artists)
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
	if x.reading {
		for key, k := range c.talks {
			c.topic(k, key)
		}
	}
	nums(x, &c.toldMS, 8)
	keepWords(x, &c.texts)
}

// keepWords keeps words by whom they are of.
func keepWords[K int32 | uint32](x *codec, of *map[K]words) {
	who := slices.Sorted(maps.Keys(*of))
	nums(x, &who, 4)
	if x.reading && len(who) > 0 {
		*of = make(map[K]words, len(who))
	}
	for _, k := range who {
		w := (*of)[k]
		labels := string(w.labels)
		x.text(&labels)
		x.text(&w.comment)
		if x.reading {
			w.labels = rawOf(labels)
			(*of)[k] = w
		}
	}
}

// wordBytes are those that words take.
func wordBytes[K int32 | uint32](of map[K]words) (n int64) {
	for _, w := range of {
		n += int64(len(w.labels) + len(w.comment))
	}
	return n
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
