// Users: 256 shards by a hash of the key, each with a lock of its own, so that readers hardly meet the one who applies events.

package live

import (
	"math"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/seguefeed/segue/feature"
)

// shard is a part of the users. What is in it changes under mu.
type shard struct {
	mu    sync.RWMutex
	keys  keys
	users []user // by number of the key
	rows  blocks[record]
	texts map[uint32]words
	notes map[note]string  // comments of foreign feedback
	gone  map[uint64]int64 // by hash of the key, of users who were deleted: until when, in milliseconds
	hand  uint32           // where the search for someone to forget goes on
	seq   uint64           // of the last event that is in it
}

// user is what is kept of one besides her rows; 40 bytes.
type user struct {
	block       uint32
	first       uint32 // second in which she was first seen; 0: not yet
	told        uint32 // second of the profile; 0: it is the warehouse's, or there is none
	pastShown   uint32 // rows that are kept no more
	pastClicks  uint32
	follows     int32
	age, months int16
	province    uint16
	n           uint16 // records
	gender      uint8
	known       bool // a profile was told
	day         uint16
	dayShown    uint16 // rows of that day
	dayClicks   uint16
}

// note names a foreign feedback.
type note struct {
	user uint32
	card int32
	kind uint16
}

// userRef names a user across shards: the shard's number and hers in it.
type userRef uint32

func refOf(shard int, i uint32) userRef { return userRef(uint32(shard)<<24 | i) }
func (r userRef) split() (int, uint32)  { return int(r >> 24), uint32(r) & (1<<24 - 1) }
func shardOf(key string) int            { return shardOfHash(xxhash.Sum64String(key)) }
func shardOfHash(hash uint64) int       { return int(hash >> 56) }
func hashRequest(request string) uint16 {
	if request == "" {
		return 0
	}
	return uint16(xxhash.Sum64String(request)%math.MaxUint16) + 1
}

// find is a user by key; nil for none. mu must be held.
func (sh *shard) find(key string) (*user, uint32) {
	i, ok := sh.keys.find(key)
	if !ok {
		return nil, 0
	}
	return &sh.users[i], i
}

// add makes a user.
func (sh *shard) add(key string) (*user, uint32) {
	i := sh.keys.add(key)
	if int(i) == len(sh.users) {
		sh.users = append(sh.users, user{})
	}
	sh.users[i] = user{age: -1, months: -1, follows: -1}
	return &sh.users[i], i
}

func (sh *shard) records(u *user) []record { return sh.rows.of(u.block, int(u.n)) }

// insert puts r among the records of u, at a place.
func (sh *shard) insert(u *user, at int, r record) {
	n := int(u.n)
	old := sh.records(u)
	if n == 0 || n == cap(old) {
		block := sh.rows.take(n + 1)
		u.n = uint16(n + 1)
		to := sh.rows.of(block, n+1)
		copy(to, old[:at])
		copy(to[at+1:], old[at:])
		to[at] = r
		if n > 0 {
			sh.rows.give(u.block, n)
		}
		u.block = block
		return
	}
	u.n++
	all := sh.records(u)
	copy(all[at+1:], all[at:n])
	all[at] = r
}

// replace makes records those of u: a part of those she has, or others.
func (sh *shard) replace(u *user, records []record) {
	n := len(records)
	switch {
	case n > 0 && u.n > 0 && classOf[n] == classOf[u.n]:
		u.n = uint16(n)
		copy(sh.records(u), records)
		return
	case n == 0:
		if u.n > 0 {
			sh.rows.give(u.block, int(u.n))
		}
		u.n, u.block = 0, 0
		return
	}
	block := sh.rows.take(n)
	copy(sh.rows.of(block, n), records)
	if u.n > 0 {
		sh.rows.give(u.block, int(u.n))
	}
	u.block, u.n = block, uint16(n)
}

// traits are what is known of a user.
func (s *State) traits(u *user) feature.Traits {
	return feature.Traits{Gender: s.genders.at(int(u.gender)), Province: s.provinces.at(int(u.province)), Age: u.age, Months: u.months, Follows: u.follows}
}
