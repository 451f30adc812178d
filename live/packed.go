// How records lie in memory and in a snapshot: one after the other, each by what differs from the one before it. That takes six to seven bytes of most, where
// a record has sixteen: the rows of all users are most of what the state holds.
//
// A record is a head, and then what the head says follows: seconds since the one before (0, 1, 2 or 4 bytes), the card (1 to 4), the request (2), the slot (1),
// flags and extra (2), view and listed (3). What is left out is as it was before, but for the slot, which is the next one, and for view and listed, which are none.
// Numbers are little-endian.

package live

import "encoding/binary"

// The head of a packed record.
const (
	headSeconds = 0b11 // of secondsSize
	headCard    = 2    // bits to its number of bytes less one, in two bits
	headRequest = 1 << 4
	headSlot    = 1 << 5
	headFlags   = 1 << 6
	headView    = 1 << 7

	packedMost = 1 + 4 + 4 + 2 + 1 + 2 + 3 // bytes of one record
	packedPad  = packedMost + 3            // numbers are read four bytes at a time
)

var (
	secondsSize = [4]int{0, 1, 2, 4}
	secondsMask = [4]uint32{0, 0xff, 0xffff, 0xffffffff}
	cardMask    = [4]uint32{0xff, 0xffff, 0xffffff, 0xffffffff}
)

// beforeFirst is what the first record is told from.
var beforeFirst = record{slot: noSlot, view: noView}

// pack appends records, which are in order and come after last.
func pack(b []byte, last *record, records []record) []byte {
	for k := range records {
		r := &records[k]
		b = packOne(b, last, r)
		last = r
	}
	return b
}

// packOne appends r, which comes after last.
func packOne(b []byte, last, r *record) []byte {
	var p [packedPad]byte
	head, n := uint8(0), 1
	seconds := r.second - last.second
	switch {
	case seconds == 0:
	case seconds <= 0xff:
		head = 1
	case seconds <= 0xffff:
		head = 2
	default:
		head = 3
	}
	binary.LittleEndian.PutUint32(p[n:], seconds)
	n += secondsSize[head]
	card := uint32(r.card)
	binary.LittleEndian.PutUint32(p[n:], card)
	size := 0
	for card > cardMask[size] {
		size++
	}
	head |= uint8(size) << headCard
	n += size + 1
	if r.request != last.request {
		head |= headRequest
		binary.LittleEndian.PutUint16(p[n:], r.request)
		n += 2
	}
	if r.slot != last.slot+1 {
		head |= headSlot
		p[n] = r.slot
		n++
	}
	if r.flags != last.flags || r.extra != last.extra {
		head |= headFlags
		p[n], p[n+1] = r.flags, r.extra
		n += 2
	}
	if r.view != noView || r.listed != 0 {
		head |= headView
		binary.LittleEndian.PutUint16(p[n:], r.view)
		p[n+2] = r.listed
		n += 3
	}
	p[0] = head
	return append(b, p[:n]...)
}

// padded is b's beginning where it is long enough to read all of a record's numbers, or else a copy of b and zeros, in pad.
func padded(b []byte, pad *[packedPad]byte) *[packedPad]byte {
	if len(b) >= packedPad {
		return (*[packedPad]byte)(b)
	}
	clear(pad[copy(pad[:], b):])
	return pad
}

// unpack appends the n records that b holds, and says whether it holds so many and nothing else.
func unpack(to []record, b []byte, n int) ([]record, bool) {
	r := beforeFirst
	var pad [packedPad]byte
	for range n {
		p := padded(b, &pad)
		head, at := p[0], 1
		seconds := head & headSeconds
		r.second += binary.LittleEndian.Uint32(p[at:]) & secondsMask[seconds]
		at += secondsSize[seconds]
		size := head >> headCard & 0b11
		r.card = int32(binary.LittleEndian.Uint32(p[at:]) & cardMask[size])
		at += int(size) + 1
		if head&headRequest != 0 {
			r.request = binary.LittleEndian.Uint16(p[at:])
			at += 2
		}
		r.slot++
		if head&headSlot != 0 {
			r.slot = p[at]
			at++
		}
		if head&headFlags != 0 {
			r.flags, r.extra = p[at], p[at+1]
			at += 2
		}
		r.view, r.listed = noView, 0
		if head&headView != 0 {
			r.view, r.listed = binary.LittleEndian.Uint16(p[at:]), p[at+2]
			at += 3
		}
		if at > len(b) {
			return to, false
		}
		b = b[at:]
		to = append(to, r)
	}
	return to, len(b) == 0
}

// packedSize is the bytes of a record by its head.
var packedSize = func() (out [256]uint8) {
	for head := range out {
		n := 1 + secondsSize[head&headSeconds] + head>>headCard&0b11 + 1
		for _, more := range [...]struct{ bit, bytes int }{{headRequest, 2}, {headSlot, 1}, {headFlags, 2}, {headView, 3}} {
			if head&more.bit != 0 {
				n += more.bytes
			}
		}
		out[head] = uint8(n)
	}
	return out
}()

// mayMention says whether the n records that b holds whole may be about a card: one is of it, or one is a swipe, to whatever card. It takes a third of the time of unpacking them.
func mayMention(b []byte, n int, card int32) bool {
	var pad [packedPad]byte
	for range n {
		p := padded(b, &pad)
		head := p[0]
		size := int(packedSize[head])
		if head&headFlags != 0 {
			at := size - 2
			if head&headView != 0 {
				at -= 3
			}
			if p[at]&doing != 0 && p[at+1] == didSwipe {
				return true
			}
		}
		if int32(binary.LittleEndian.Uint32(p[1+secondsSize[head&headSeconds]:])&cardMask[head>>headCard&0b11]) == card {
			return true
		}
		b = b[size:]
	}
	return false
}
