// This file turns the log's ids into dense integers. A full log looks 120 million ids up, so the table holds no pointers for
// the garbage collector to follow, and a look-up touches two cache lines.

package duckdb

import (
	"math"
	"unsafe"

	"github.com/cespare/xxhash/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// dictionary gives each key the next integer at first sight.
type dictionary struct {
	slots []slot // open addressing, a power of two of them, at most two thirds full
	arena []byte // the keys, one after the other
	at    []span // of key i in arena
	base  int32  // ids below it were given by earlier loads
	full  bool   // a key was left out: the arena holds no more than its spans can tell
	seen  uint32 // what fetch read, so that the reading is not left out
}

// slot is one place of the hash table; id is stored plus one, so that an empty slot is all zeros.
type slot struct {
	hash uint32
	id   uint32
	span
}

// span is a key's place in the arena.
type span struct{ from, length uint32 }

// maxArena bounds the text of one kind of ids: 4 GiB, 200 million of 20 bytes. A variable for its test.
var maxArena = math.MaxUint32

func newDictionary() *dictionary { return &dictionary{slots: make([]slot, 1<<10)} }

// known reads the ids of earlier loads, which are dense from 0.
func known(c *rawConn, table, id, key string) (*dictionary, error) {
	d := newDictionary()
	err := c.fetch("select count(*), coalesce(sum(strlen("+key+")), 0)::bigint from "+table, func(chunk mapping.DataChunk, n int) error {
		d.reserve(column[int64](chunk, 0, n)[0], column[int64](chunk, 1, n)[0])
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = c.fetch("select "+id+", "+key+" from "+table+" order by 1", func(chunk mapping.DataChunk, n int) error {
		keys := texts(chunk, 1, n)
		for i := range n {
			if b := keys.at(i); len(b) > 0 {
				d.id(unsafe.String(&b[0], len(b))) // which copies what it keeps
			} else {
				d.id("")
			}
		}
		c.rest()
		return nil
	})
	d.base = d.size()
	return d, err
}

// reserve makes room in an empty dictionary for keys of so many bytes in all, and some more.
func (d *dictionary) reserve(keys, bytes int64) {
	keys, bytes = keys+keys/32, min(bytes+bytes/32, int64(maxArena))
	size := len(d.slots)
	for int64(size)*2 < keys*3 {
		size *= 2
	}
	d.slots, d.at, d.arena = make([]slot, size), make([]span, 0, keys), make([]byte, 0, bytes)
}

func (d *dictionary) size() int32 { return int32(len(d.at)) }

// key is the log's own id of an integer.
func (d *dictionary) key(id int32) string {
	s := d.at[id]
	return string(d.arena[s.from : s.from+s.length])
}

// fetch brings what look-ups of the keys will read from memory into the cache, all at once instead of one after the other.
func (d *dictionary) fetch(sums []uint64) {
	mask := uint64(len(d.slots) - 1)
	seen := d.seen
	for _, sum := range sums {
		seen += d.slots[sum&mask].id
	}
	for _, sum := range sums {
		if s := d.slots[sum&mask]; s.id != 0 {
			seen += uint32(d.arena[s.from])
		}
	}
	d.seen = seen
}

// id returns the key's integer, giving it one if it has none.
func (d *dictionary) id(key string) int32 { return d.idOf(key, xxhash.Sum64String(key)) }

// find returns the key's integer, if it has one.
func (d *dictionary) find(key string) (id int32, ok bool) {
	sum := xxhash.Sum64String(key)
	hash, mask := uint32(sum>>32), uint64(len(d.slots)-1)
	for i := sum & mask; d.slots[i].id != 0; i = (i + 1) & mask {
		if s := &d.slots[i]; s.hash == hash && string(d.arena[s.from:s.from+s.length]) == key {
			return int32(s.id - 1), true
		}
	}
	return 0, false
}

// idOf is id for a key whose hash is known.
func (d *dictionary) idOf(key string, sum uint64) int32 {
	hash := uint32(sum >> 32)
	mask := uint64(len(d.slots) - 1)
	i := sum & mask
	for ; ; i = (i + 1) & mask {
		s := &d.slots[i]
		if s.id == 0 {
			break
		}
		if s.hash == hash && int(s.length) == len(key) && string(d.arena[s.from:s.from+s.length]) == key {
			return int32(s.id - 1)
		}
	}
	if len(d.arena)+len(key) > maxArena {
		d.full = true
		return 0
	}
	sp := span{uint32(len(d.arena)), uint32(len(key))}
	d.arena = append(d.arena, key...)
	d.at = append(d.at, sp)
	d.slots[i] = slot{hash, uint32(len(d.at)), sp}
	if 3*len(d.at) > 2*len(d.slots) {
		d.grow()
	}
	return int32(len(d.at) - 1)
}

func (d *dictionary) grow() {
	old := d.slots
	d.slots = make([]slot, 2*len(old))
	mask := uint64(len(d.slots) - 1)
	for _, s := range old {
		if s.id == 0 {
			continue
		}
		i := xxhash.Sum64(d.arena[s.from:s.from+s.length]) & mask
		for d.slots[i].id != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = s
	}
}
