// The state: what there is, and events applied to it.

package live

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// State is what is believed now. It is safe for concurrent use; events are applied one batch at a time, and readers wait for one event of one of 256 parts
// of the users at most.
type State struct {
	cfg            Config
	positive, read map[string]bool // types; positive nil: all others
	look           []uint64        // by slot, in 1/lookUnit

	saving sync.Mutex // held while a snapshot is written
	apply  sync.Mutex // held by who changes the state, or copies a part of it
	seq    atomic.Uint64
	global uint64 // of the last event that is in all but the shards
	zone   zone
	clock  int64 // the second it is, while a batch is applied
	second int64 // of the event that is applied, no later than that
	now    int32 // today, while a batch is applied
	fold   folder
	before []row
	after  []row
	mine   []record // of the user whom an event is about

	shards    [shardCount]shard
	genders   *dict
	provinces *dict
	types     *dict
	roles     atomic.Pointer[[]role] // by code of types
	cards     *cards
	counts    *counts
	figures   figures
	relations relations
	lists     lists
	text      atomic.Int64 // bytes of labels and comments
	left      atomic.Uint64
	pause     atomic.Int64 // nanoseconds
}

// New is a state in which nothing is known.
func New(cfg Config) *State {
	s := &State{cfg: cfg.withDefaults(), genders: newDict(math.MaxUint8), provinces: newDict(math.MaxUint16), types: newDict(maxTypes), cards: newCards(),
		counts: newCounts()}
	s.zone = zoneOf(s.cfg.Location)
	for k := range s.shards {
		s.shards[k].keys = newKeys()
	}
	s.read = set(s.cfg.Read)
	if s.cfg.Positive != nil {
		s.positive = set(s.cfg.Positive)
	}
	s.roles.Store(&[]role{noRole})
	s.look = looks(s.cfg.Examination)
	s.lists.s = s
	return s
}

func set(names []string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

// looks are the chances that slots are looked at, in 1/lookUnit, by slot and noSlot.
func looks(examination []float64) []uint64 {
	out := make([]uint64, noSlot+1)
	last := 1.
	for slot := range out {
		if slot < len(examination) && examination[slot] >= 0 && examination[slot] <= 10 { // not NaN
			last = examination[slot]
		}
		out[slot] = uint64(math.Round(last * lookUnit))
	}
	out[noSlot] = lookUnit
	return out
}

// SetExamination changes Config.Examination for shows from now on.
func (s *State) SetExamination(examination []float64) {
	s.apply.Lock()
	defer s.apply.Unlock()
	s.look = looks(examination)
}

// Seq is that of the last event in the state; Apply goes on after it.
func (s *State) Seq() uint64 { return s.seq.Load() }

// Left is how many events, or labels and comments of them, were left out since the state was made, for bounds of Config or since they were no events.
func (s *State) Left() uint64 { return s.left.Load() }

// today is the day now.
func (s *State) today() int32 { return feature.EpochDay(s.cfg.Clock().In(s.cfg.Location)) }

// Apply puts events into the state, in the order of Seq. Those at or below the last are skipped.
func (s *State) Apply(events []stream.Stored) {
	s.apply.Lock()
	defer s.apply.Unlock()
	s.now, s.clock = s.today(), s.cfg.Clock().Unix()
	for i := range events {
		e := &events[i]
		if e.Seq <= s.seq.Load() {
			continue
		}
		s.one(&e.Event, e.Seq)
		s.seq.Store(e.Seq)
		s.global = max(s.global, e.Seq)
	}
}

// flagOf are the flags of kinds that say no more.
var flagOf = map[stream.Kind]uint8{
	stream.Click: uint8(warehouse.Clicked), stream.Like: uint8(warehouse.Liked), stream.Comment: uint8(warehouse.Commented), stream.Share: uint8(warehouse.Shared),
	stream.ReadComments: uint8(warehouse.ViewedComments), stream.Visit: uint8(warehouse.VisitedCreator), stream.Follow: followed,
}

// one applies an event. Parts of the state that have it already are left as they are.
func (s *State) one(e *stream.Event, seq uint64) {
	if e.Check() != nil {
		s.left.Add(1)
		return
	}
	if e.User != "" && s.gone(e.User, e.AtMS) {
		return
	}
	fresh := seq > s.global
	s.second = min(e.AtMS/1000, s.clock)
	second := secondOf(e.AtMS)
	slot := -1
	if e.Slot != nil {
		slot = *e.Slot
	}
	r := record{second: second, request: hashRequest(e.Request), slot: packSlot(slot), view: noView, flags: doing}
	switch e.Kind {
	case stream.Item, stream.ItemDeleted:
		if fresh {
			s.item(e)
		}
		return
	case stream.Served:
		if fresh {
			s.served(e.Page)
		}
		return
	case stream.User:
		s.user(e.User, seq, func(sh *shard, u *user, i uint32) { s.profile(sh, u, i, e) })
		return
	case stream.UserDeleted:
		s.forget(e.User, e.AtMS, seq)
		return
	case stream.Unfeedback:
		s.takeBack(e, seq)
		return
	case stream.Impression:
		r.flags = 0
	case stream.View:
		r.extra, r.view = didView, packSeconds(float32(*e.Value))
	case stream.Swipe:
		var to int32
		var ok bool
		if to, ok = s.card(e.Item); !ok {
			s.left.Add(1)
			return
		}
		if e.From == "" { // it says only that there is the item
			return
		}
		r.extra = didSwipe
		r.setOther(to)
		if r.card, ok = s.card(e.From); !ok {
			s.left.Add(1)
			return
		}
		s.did(e, r, seq)
		return
	case stream.Feedback:
		code, ok := s.typeCode(e.Type)
		if !ok {
			s.left.Add(1)
			return
		}
		r.extra, r.request = didForeign, uint16(code)
	default:
		r.flags |= flagOf[e.Kind]
	}
	var ok bool
	if r.card, ok = s.card(e.Item); !ok {
		s.left.Add(1)
		return
	}
	if r.is(didForeign) {
		s.foreign(e, r, seq)
		return
	}
	s.did(e, r, seq)
}

// secondOf is the second of a moment in milliseconds; moments from 2106 on are of the last there is.
func secondOf(ms int64) uint32 { return uint32(min(ms/1000, math.MaxUint32)) }

// card is the id of an item, made where there is none; false where there is room for no more.
func (s *State) card(key string) (int32, bool) {
	if id, ok := s.cards.ids[key]; ok { // only the one who applies events changes ids
		return id, true
	}
	if len(s.cards.now.keys) >= s.cfg.MaxCards {
		return 0, false
	}
	n := len(s.cards.now.keys) + 1
	s.counts.grow(n) // before readers hear of the id
	s.relations.mu.Lock()
	s.relations.grow(n)
	s.relations.mu.Unlock()
	return s.cards.add(key), true
}

// user does something with a user, made where there is none, unless her shard has the event already.
func (s *State) user(key string, seq uint64, do func(sh *shard, u *user, i uint32)) {
	n := shardOf(key)
	sh := &s.shards[n]
	if seq <= sh.seq {
		return
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.seq = seq
	u, i := sh.find(key)
	if u == nil {
		if sh.keys.live >= s.cfg.MaxUsers/shardCount+16 {
			s.evict(sh, n, seq)
		}
		u, i = sh.add(key)
	}
	do(sh, u, i)
}
