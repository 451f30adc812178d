// Features of one user at a time, from the days in which she was new: what a server asks for.

package feature

import "sync"

// FirstDays makes features of users' first days, by the code and the knowledge of cards and slots that a model learned with. It is safe for concurrent use.
//
// Who was first seen in the days of the context gets features of just these days, the same as Build gives. Who came later gets those of as many days, from her
// first on; what is known of cards is then what was known on the last of the context's days, and what slots give is what they gave in these: a server learns
// both anew with the next model, not under the one in use.
type FirstDays struct {
	c    *Context
	defs []Def
	pool sync.Pool // of *Vectors
}

// NewFirstDays keeps c, which must not change.
func NewFirstDays(c *Context, defs []Def) *FirstDays {
	f := &FirstDays{c: c, defs: defs}
	f.pool.New = func() any { return NewVectors(c, defs) }
	return f
}

// ServedCards are cards as a server numbers them.
type ServedCards struct {
	Content []int16 // by the server's number; -1 for none
	ID      []int32 // the warehouse's number of each, -1 for none, as for those beyond its end; nil: the same numbers
}

// Days are those from From to before AsOf that Of reads of someone first seen on a day; ok is false for days before all that is known.
func (f *FirstDays) Days(first int32) (from, asOf int32, ok bool) {
	switch {
	case first < f.c.From:
		return 0, 0, false
	case first < f.c.AsOf:
		return f.c.From, f.c.AsOf, true
	}
	return first, first + f.c.days, true
}

// Of writes the features of u to out, which has the length of defs. u's rows must be all that she ever had. It is false, and out is left as it was, where
// nothing can be said: she was never seen, or the days that are to be read are not over on today.
func (f *FirstDays) Of(u *User, cards ServedCards, today int32, out []float32) bool {
	if u.To <= u.From {
		return false
	}
	from, asOf, ok := f.Days(u.Rows.Day[u.From])
	if !ok || today < asOf {
		return false
	}
	c := *f.c
	c.frozen = from != c.From
	c.From, c.AsOf, c.card, c.contents, c.ids = from, asOf, cards.Content, 0, cards.ID
	for k := u.From; k < u.To; k++ { // of her cards alone: a catalogue is large
		c.contents = max(c.contents, int(c.content(u.Rows.Card[k]))+1)
	}
	v := f.pool.Get().(*Vectors)
	defer f.pool.Put(v)
	v.c = &c
	v.Of(u, out)
	v.c = f.c
	return true
}

func idOf(ids []int32, card int32) int32 {
	if int(card) >= len(ids) {
		return -1
	}
	return ids[card]
}
