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
	users []user       // by number of the key
	rows  blocks[byte] // records, packed
	texts map[uint32]words
	notes map[note]string  // comments of foreign feedback
	gone  map[uint64]int64 // by hash of the key, of users who were deleted: until when, in milliseconds
	hand  uint32           // where the search for someone to forget goes on
	seq   uint64           // of the last event that is in it

	packed []byte // room to pack in
}

// user is what is kept of one besides her rows; 44 bytes.
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
	size        uint16 // bytes of them
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

// records are those of u, in the memory of to.
func (sh *shard) records(u *user, to []record) []record {
	to, _ = unpack(to[:0], sh.rows.of(u.block, int(u.size)), int(u.n))
	return to
}

// store makes records, which are in order, those of u. The first same of them are as they were.
func (sh *shard) store(u *user, records []record, same int) {
	kept, last := 0, &beforeFirst
	if same > 0 && same == int(u.n) { // only here it is known where the bytes of the next begin
		kept, last = int(u.size), &records[same-1]
	} else {
		same = 0
	}
	sh.packed = pack(sh.packed[:0], last, records[same:])
	size := kept + len(sh.packed)
	u.block = sh.rows.resize(u.block, int(u.size), size)
	u.n, u.size = uint16(len(records)), uint16(size)
	copy(sh.rows.of(u.block, size)[kept:], sh.packed)
	if sh.rows.sparse() {
		sh.gather()
	}
}

// gather puts the blocks of all users together: while histories grow, each leaves blocks behind that fit only shorter ones. Of 8,000 users it takes some milliseconds.
func (sh *shard) gather() {
	var to blocks[byte]
	for i := range sh.users {
		if u := &sh.users[i]; u.n > 0 {
			at := to.take(int(u.size))
			copy(to.of(at, int(u.size)), sh.rows.of(u.block, int(u.size)))
			u.block = at
		}
	}
	to.least = to.idle
	sh.rows = to
}

// traits are what is known of a user.
func (s *State) traits(u *user) feature.Traits {
	return feature.Traits{Gender: s.genders.at(int(u.gender)), Province: s.provinces.at(int(u.province)), Age: u.age, Months: u.months, Follows: u.follows}
}
