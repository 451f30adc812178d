// Which items go together and who clicked them: what is told by clicks alone, as they come.

package live

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/seguefeed/segue/warehouse"
)

// Bounds of relations.
const (
	pairWith      = 20  // a click pairs with so many items that its user clicked last
	maxNeighbours = 100 // of an item: the least goes where another comes
	maxClickers   = 32  // users of an item: the last ones
	pairDays      = 14  // days after which a pair weighs half
	alikeShrink   = 5   // clicks by which the likeness of items is shrunk
)

// neighbour is an item that users clicked besides another.
type neighbour struct {
	card   int32
	weight float32 // pairs, each by 2^((when it was - base) / pairDays)
}

// relationParts is into how many parts a snapshot takes items apart.
const relationParts = 64

// relations are those of items. One goroutine changes them, under mu. Memory: at most 832 bytes an item and 128, and 16 for items that nobody clicked.
//
// Weights grow with the time of pairs, in place of all falling with every moment (forward decay: Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009).
type relations struct {
	mu       sync.RWMutex
	base     int64                 // second
	seq      [relationParts]uint64 // of the last event that a part of the items, by id modulo relationParts, is known to have; only after a load it matters
	near     shortLists[neighbour]
	clickers shortLists[userRef] // the last is the latest
}

// grow makes room for n items.
func (r *relations) grow(n int) {
	r.near.grow(n)
	r.clickers.grow(n)
}

// weightAt is that of a pair at a second. mu must be held.
func (r *relations) weightAt(second int64) float32 {
	const half = pairDays * 86400
	if r.base == 0 {
		r.base = second
	}
	if second-r.base > 60*half { // float32 has room for 127
		shift := float32(math.Exp2(-float64(second-r.base) / half))
		for item := range r.near.heads {
			list := r.near.of(int32(item))
			for k := range list {
				list[k].weight *= shift
			}
		}
		r.base = second
	}
	return float32(math.Exp2(max(-100, float64(second-r.base)/half)))
}

// decay is what turns weights into pairs of now.
func (r *relations) decay(second int64) float64 {
	return math.Exp2(-float64(second-r.base) / (pairDays * 86400))
}

// pair counts two items that a user clicked.
func (r *relations) pair(a, b int32, w float32) {
	list := r.near.of(a)
	least := 0
	for k := range list {
		if list[k].card == b {
			list[k].weight += w
			return
		}
		if list[k].weight < list[least].weight {
			least = k
		}
	}
	switch {
	case len(list) < maxNeighbours:
		r.near.resize(a, len(list)+1)[len(list)] = neighbour{b, w}
	case list[least].weight <= w:
		list[least] = neighbour{b, w}
	}
}

// by says that a user clicked an item.
func (r *relations) by(card int32, who userRef) {
	list := r.clickers.of(card)
	goes := slices.Index(list, who)
	switch {
	case goes >= 0:
	case len(list) < maxClickers:
		list = r.clickers.resize(card, len(list)+1)
		goes = len(list) - 1
	default:
		goes = 0
	}
	copy(list[goes:], list[goes+1:])
	list[len(list)-1] = who
}

// clicked hears of a new click among the records at hand.
func (s *State) clicked(who userRef, card int32, seq uint64) {
	var last [pairWith]int32
	others := s.clicksOf(s.mine, card, last[:0])
	r := &s.relations
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.weightAt(s.second)
	if seq > r.seq[card%relationParts] {
		r.by(card, who)
	}
	for _, o := range others {
		if seq > r.seq[card%relationParts] {
			r.pair(card, o, w)
		}
		if seq > r.seq[o%relationParts] {
			r.pair(o, card, w)
		}
	}
}

// clicksOf appends the items clicked last, each once, without one, the latest first, until out is full.
func (s *State) clicksOf(records []record, without int32, out []int32) []int32 {
	roles := *s.roles.Load()
	for k := len(records) - 1; k >= 0 && len(out) < cap(out); k-- {
		r := &records[k]
		if r.card != without && r.isClick(roles) && !slices.Contains(out, r.card) {
			out = append(out, r.card)
		}
	}
	return out
}

// isClick says whether r makes its row a clicked one.
func (r *record) isClick(roles []role) bool {
	switch {
	case r.isRow() || r.kind() == didFlags:
		return r.flags&uint8(warehouse.Clicked) != 0
	case r.kind() == didSwipe:
		return true
	case r.kind() == didForeign:
		return int(r.request) < len(roles) && roles[r.request] == clickRole
	}
	return false
}

// unclick takes a user out of who clicked the items of records.
func (s *State) unclick(who userRef, records []record, seq uint64) {
	r := &s.relations
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range records {
		card := records[k].card
		if seq <= r.seq[card%relationParts] {
			continue
		}
		list := r.clickers.of(card)
		if at := slices.Index(list, who); at >= 0 {
			copy(list[at:], list[at+1:])
			r.clickers.resize(card, len(list)-1)
		}
	}
}

// Scored is an item with a score.
type Scored struct {
	Card  int32
	Score float64
}

// compare orders by score, best first, and by id.
func (a Scored) compare(b Scored) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Card, b.Card))
}

// Similar are the items that users clicked besides one, best first: at most n, at most 100, none that skip (nil: none) leaves out. The score, 0 to 1, is
// the cosine of who clicked them, shrunk where clicks are few; pairs weigh half after 14 days.
func (s *State) Similar(card int32, n int, skip func(int32) bool) []Scored {
	out := s.alike(card, nil)
	if skip != nil {
		out = slices.DeleteFunc(out, func(c Scored) bool { return skip(c.Card) })
	}
	slices.SortFunc(out, Scored.compare)
	return out[:min(max(n, 0), len(out))]
}

// alike appends the neighbours of a card to out.
func (s *State) alike(card int32, out []Scored) []Scored {
	r := &s.relations
	now := s.cfg.Clock().Unix()
	r.mu.RLock()
	defer r.mu.RUnlock()
	if card < 0 || int(card) >= len(r.near.heads) {
		return out
	}
	decay := r.decay(now)
	of := float64(s.counts.of(card).clicks.Load()) + alikeShrink
	for _, near := range r.near.of(card) {
		if s.counts.isHidden(near.card) {
			continue
		}
		k := s.counts.of(near.card)
		out = append(out, Scored{near.card, min(1, float64(near.weight)*decay/math.Sqrt(of*(float64(k.clicks.Load())+alikeShrink)))})
	}
	return out
}

// Near says how much items go with those of a history together: 0 for not at all, to 1. It is 1 less the product of 1 less each likeness.
func (s *State) Near(history []int32) map[int32]float64 {
	out := map[int32]float64{}
	var list []Scored
	for _, card := range history {
		list = s.alike(card, list[:0])
		for _, c := range list {
			out[c.Card] = 1 - (1-out[c.Card])*(1-c.Score)
		}
	}
	return out
}

// ScoredUser is a user with a score.
type ScoredUser struct {
	Key   string
	Score float64
}

// Neighbours are the users who lately clicked what a user clicked last, 20 items, most alike first, at most n: each item that both clicked counts the less
// the more it is clicked, and the score is the part of all that counts that both have. The last 32 who clicked an item are known.
func (s *State) Neighbours(key string, n int) []ScoredUser {
	sh, number := &s.shards[shardOf(key)], shardOf(key)
	sh.mu.RLock()
	u, i := sh.find(key)
	if u == nil {
		sh.mu.RUnlock()
		return nil
	}
	cards := s.clicksOf(sh.records(u, nil), -1, make([]int32, 0, pairWith))
	sh.mu.RUnlock()
	me := refOf(number, i)
	sum := map[userRef]float64{}
	all := 0.
	r := &s.relations
	r.mu.RLock()
	for _, card := range cards {
		w := 1 / math.Log2(2+float64(s.counts.of(card).clicks.Load()))
		all += w
		if int(card) < len(r.clickers.heads) {
			for _, other := range r.clickers.of(card) {
				sum[other] += w
			}
		}
	}
	r.mu.RUnlock()
	delete(sum, me)
	type ref struct {
		who   userRef
		score float64
	}
	refs := make([]ref, 0, len(sum))
	for who, score := range sum {
		refs = append(refs, ref{who, score / all})
	}
	slices.SortFunc(refs, func(a, b ref) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.who, b.who)) })
	var out []ScoredUser
	for _, c := range refs {
		if len(out) >= n {
			break
		}
		number, i := c.who.split()
		sh := &s.shards[number]
		sh.mu.RLock()
		name := ""
		if int(i) < sh.keys.len() {
			name = sh.keys.at(i)
		}
		sh.mu.RUnlock()
		if name != "" {
			out = append(out, ScoredUser{name, c.score})
		}
	}
	return out
}
