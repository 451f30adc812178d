// Keys of users: one piece of text and numbers, in place of a map of strings.

package live

import (
	"hash/maphash"
)

// keys gives dense numbers to keys, of at most 65,535 bytes each and 4 GB together. Numbers of keys that were removed are given anew. Memory: the keys'
// text and 6 bytes each, and 4 to 11 for finding them.
type keys struct {
	seed  maphash.Seed
	text  []byte
	start []uint32 // of each key in text
	size  []uint16 // of each key; 0: removed
	slots []uint32 // number + 1, 0 where free, in open addressing
	free  []uint32
	live  int
	waste int // bytes of text that belong to no key
}

func newKeys() keys { return keys{seed: maphash.MakeSeed()} }

// len is how many numbers were given, of removed keys too.
func (k *keys) len() int { return len(k.start) }

func (k *keys) bytesAt(i uint32) []byte { return k.text[k.start[i] : k.start[i]+uint32(k.size[i])] }

// at is a copy of key i; "" where it was removed.
func (k *keys) at(i uint32) string { return string(k.bytesAt(i)) }

func (k *keys) slot(key string) uint32 {
	mask := uint32(len(k.slots) - 1)
	at := uint32(maphash.String(k.seed, key)) & mask
	for k.slots[at] != 0 && string(k.bytesAt(k.slots[at]-1)) != key {
		at = (at + 1) & mask
	}
	return at
}

// find is the number of a key.
func (k *keys) find(key string) (uint32, bool) {
	if len(k.slots) == 0 || key == "" {
		return 0, false
	}
	at := k.slot(key)
	return k.slots[at] - 1, k.slots[at] != 0
}

// add gives a number to a key that has none and is not empty.
func (k *keys) add(key string) uint32 {
	var i uint32
	if n := len(k.free); n > 0 {
		i, k.free = k.free[n-1], k.free[:n-1]
	} else {
		i = uint32(len(k.start))
		k.start, k.size = append(k.start, 0), append(k.size, 0)
	}
	k.start[i], k.size[i] = uint32(len(k.text)), uint16(len(key))
	k.text = append(k.text, key...)
	k.live++
	if 8*k.live > 7*len(k.slots) {
		k.rehash()
	} else {
		k.slots[k.slot(key)] = i + 1
	}
	return i
}

// rehash makes the slots anew, for half as many keys again as there are.
func (k *keys) rehash() {
	size := 8
	for 2*size < 3*k.live {
		size *= 2
	}
	if 8*k.live > 7*size {
		size *= 2
	}
	k.slots = make([]uint32, size)
	mask := uint32(size - 1)
	for i := range k.start {
		if k.size[i] == 0 {
			continue
		}
		at := uint32(maphash.Bytes(k.seed, k.bytesAt(uint32(i)))) & mask
		for k.slots[at] != 0 {
			at = (at + 1) & mask
		}
		k.slots[at] = uint32(i) + 1
	}
}

// remove forgets key i.
func (k *keys) remove(i uint32) {
	if k.size[i] == 0 {
		return
	}
	mask := uint32(len(k.slots) - 1)
	hole := k.slot(k.at(i))
	// Those that follow move up where the hole lies on their way (Knuth, The Art of Computer Programming 3, 6.4, algorithm R).
	for at := (hole + 1) & mask; k.slots[at] != 0; at = (at + 1) & mask {
		home := uint32(maphash.Bytes(k.seed, k.bytesAt(k.slots[at]-1))) & mask
		if (at-home)&mask >= (at-hole)&mask {
			k.slots[hole] = k.slots[at]
			hole = at
		}
	}
	k.slots[hole] = 0
	clear(k.bytesAt(i))
	k.waste += int(k.size[i])
	k.size[i] = 0
	k.live--
	k.free = append(k.free, i)
	if k.waste > 4096 && 2*k.waste > len(k.text) {
		k.compact()
	}
}

// compact closes the gaps in text.
func (k *keys) compact() {
	text := make([]byte, 0, len(k.text)-k.waste)
	for i := range k.start {
		b := k.bytesAt(uint32(i))
		k.start[i] = uint32(len(text))
		text = append(text, b...)
	}
	k.text, k.waste = text, 0
}

// bytes is the memory held.
func (k *keys) bytes() int64 {
	return int64(cap(k.text)) + 4*int64(cap(k.start)+cap(k.slots)+cap(k.free)) + 2*int64(cap(k.size))
}
