// Feedback as other systems list it: one line for each type, user and item, doings of our kinds being types too.

package live

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/seguefeed/segue/stream"
)

// Feedback is what a user did with an item, all of one type together.
type Feedback struct {
	Type, User, Item string
	Value            float64 // what the sender's numbers add up to; of a view its seconds, of other kinds of ours how often
	AtMS             int64   // the last time
	Comment          string
}

// FeedbackFilter picks feedback; "" is any.
type FeedbackFilter struct {
	Type, User, Item string
	Cursor           string // "" is the first
	N                int    // at most
}

// Feedback lists what is kept of what users did: of each user's last records (Config.MaxRows), in the order of users as ListUsers has it and of each by time.
// next is "" at the end. Without a user all are looked through until there are N: 0.3 s for 57 million records where there is little to be found. What
// happens to a user while her feedback is listed over more than one page may be missing or come twice. What was done with items that were deleted is not
// listed while they are.
func (s *State) Feedback(ctx context.Context, f FeedbackFilter) (rows []Feedback, next string, err error) {
	at, err := parseCursor(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	number, i := userRef(at >> 16).split()
	skip := int(at & (1<<16 - 1))
	if at>>48 != 0 {
		return nil, "", ErrCursor
	}
	card := int32(-1)
	if f.Item != "" {
		id, ok := s.CardID(f.Item)
		if !ok {
			return nil, "", nil
		}
		card = id
	}
	last := shardCount - 1
	if f.User != "" {
		of := shardOf(f.User)
		if f.Cursor == "" {
			number = of
		}
		if last = of; number != of {
			return nil, "", nil
		}
	}
	l := &lister{s: s, f: &f, card: card, types: s.types.all()}
	for ; number <= last; number, i = number+1, 0 {
		if err := ctx.Err(); err != nil {
			return nil, "", context.Cause(ctx)
		}
		sh := &s.shards[number]
		sh.mu.RLock()
		if f.User != "" && f.Cursor == "" {
			u, own := sh.find(f.User)
			if i = own; u == nil {
				sh.mu.RUnlock()
				return nil, "", nil
			}
		}
		for ; int(i) < len(sh.users); i++ {
			if f.User != "" && string(sh.keys.bytesAt(i)) != f.User {
				break
			}
			list := l.of(sh, i)
			list = list[min(skip, len(list)):]
			room := max(f.N, 0) - len(rows)
			if len(list) > room {
				sh.mu.RUnlock()
				return append(rows, list[:room]...), formatCursor(uint64(refOf(number, i))<<16 | uint64(skip+room)), nil
			}
			rows, skip = append(rows, list...), 0
		}
		sh.mu.RUnlock()
	}
	return rows, "", nil
}

// lister makes the lines of one user after the other.
type lister struct {
	s     *State
	f     *FeedbackFilter
	card  int32 // -1 for any
	types []string
	lines []line

	records []record
}

// line is a Feedback without names.
type line struct {
	kind  stream.Kind // "" for a foreign type
	code  uint16
	card  int32
	at    uint32
	value float64
}

// kindBits are the kinds that flags say.
var kindBits = []struct {
	flag uint8
	kind stream.Kind
}{{1, stream.Click}, {2, stream.Like}, {4, stream.Comment}, {8, stream.Share}, {16, stream.ReadComments}, {32, stream.Visit}, {followed, stream.Follow}}

func (l *lister) add(kind stream.Kind, code uint16, card int32, at uint32, value float64) {
	if l.card >= 0 && card != l.card || l.f.Type != "" && l.f.Type != string(kind) && (kind != "" || l.f.Type != l.types[code]) {
		return
	}
	for k := range l.lines {
		if o := &l.lines[k]; o.kind == kind && o.code == code && o.card == card {
			o.at, o.value = max(o.at, at), o.value+value
			return
		}
	}
	l.lines = append(l.lines, line{kind, code, card, at, value})
}

// once leaves one line for a type that bears the name of one of the kinds, as that of a list that was sent back: the sender's, who says the value.
func (l *lister) once() {
	for k := range l.lines {
		own := &l.lines[k]
		if own.kind != "" {
			continue
		}
		for at := range l.lines {
			if o := &l.lines[at]; o.kind != "" && string(o.kind) == l.types[own.code] && o.card == own.card {
				own.at, o.card = max(own.at, o.at), -1
			}
		}
	}
	l.lines = slices.DeleteFunc(l.lines, func(x line) bool { return x.card < 0 })
}

// of are the lines of user i. The shard must be held.
func (l *lister) of(sh *shard, i uint32) []Feedback {
	l.lines = l.lines[:0]
	u := &sh.users[i]
	if l.card >= 0 && !mayMention(sh.rows.of(u.block, int(u.size)), int(u.n), l.card) {
		return nil
	}
	l.records = sh.records(u, l.records)
	records := l.records
	for k := range records {
		r := &records[k]
		if l.card >= 0 && r.card != l.card && !(r.is(didSwipe) && r.other() == l.card) {
			continue
		}
		switch {
		case r.is(didForeign):
			if int(r.request) < len(l.types) {
				l.add("", r.request, r.card, r.second, float64(r.number()))
			}
			continue
		case r.is(didSwipe):
			l.add(stream.Swipe, 0, r.other(), r.second, 1)
			continue
		case r.isRow():
			l.add(stream.Impression, 0, r.card, r.second, 1)
		}
		for _, b := range kindBits {
			if r.flags&b.flag != 0 {
				l.add(b.kind, 0, r.card, r.second, 1)
			}
		}
		if r.view != noView && (r.isRow() || r.is(didView)) {
			l.add(stream.View, 0, r.card, r.second, float64(unpackSeconds(r.view)))
		}
	}
	l.once()
	if len(l.lines) == 0 {
		return nil
	}
	slices.SortFunc(l.lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.card, b.card), strings.Compare(string(a.kind), string(b.kind)), cmp.Compare(a.code, b.code))
	})
	key := sh.keys.at(i)
	l.s.cards.mu.RLock()
	defer l.s.cards.mu.RUnlock()
	out := make([]Feedback, 0, len(l.lines))
	for _, n := range l.lines {
		if l.s.cards.gone(n.card) {
			continue
		}
		f := Feedback{Type: string(n.kind), User: key, Item: l.s.cards.now.keys[n.card], Value: n.value, AtMS: int64(n.at) * 1000}
		if n.kind == "" {
			f.Type, f.Comment = l.types[n.code], sh.notes[note{i, n.card, n.code}]
		}
		out = append(out, f)
	}
	return out
}
