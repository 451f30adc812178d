// Values to bytes and back, by the same code in both directions.

package live

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrDamaged is given for a snapshot that is not as it was written.
var ErrDamaged = errors.New("live: the snapshot is damaged")

// codec writes values to b, or reads them from it. Little-endian. The first problem stays; after it values are zero.
type codec struct {
	b       []byte
	reading bool
	at      int
	err     error
}

func (x *codec) fail(format string, args ...any) {
	if x.err == nil {
		x.err = fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
	}
}

// take is the next n bytes, to be read or written; nil after a problem.
func (x *codec) take(n int) []byte {
	if x.err != nil || n < 0 {
		return nil
	}
	if !x.reading {
		at := len(x.b)
		x.b = append(x.b, make([]byte, n)...)
		return x.b[at:]
	}
	if n > len(x.b)-x.at {
		x.fail("it ends early")
		return nil
	}
	x.at += n
	return x.b[x.at-n : x.at]
}

// done says whether all was read.
func (x *codec) done() error {
	if x.err == nil && x.reading && x.at != len(x.b) {
		x.fail("%d bytes follow what it holds", len(x.b)-x.at)
	}
	return x.err
}

type number interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int8 | ~int16 | ~int32 | ~int64 | ~int
}

// num is a number in size bytes.
func num[N number](x *codec, p *N, size int) {
	b := x.take(size)
	if b == nil {
		*p = 0
		return
	}
	var w [8]byte
	if x.reading {
		copy(w[:], b)
		*p = N(binary.LittleEndian.Uint64(w[:]))
		return
	}
	binary.LittleEndian.PutUint64(w[:], uint64(*p))
	copy(b, w[:])
}

func (x *codec) count(n int, size int) int {
	w := uint64(n)
	num(x, &w, 8)
	if x.reading && x.err == nil && w > uint64(len(x.b)-x.at)/uint64(max(size, 1)) {
		x.fail("%d entries are claimed, for which it is too short", w)
	}
	if x.err != nil {
		return 0
	}
	return int(w)
}

// nums is a slice of numbers of size bytes each.
func nums[N number](x *codec, p *[]N, size int) {
	n := x.count(len(*p), size)
	b := x.take(n * size)
	if x.reading {
		*p = nil
		if n > 0 && b != nil {
			*p = make([]N, n)
		}
	}
	s := *p
	switch {
	case b == nil:
	case x.reading && size == 1:
		for k := range s {
			s[k] = N(b[k])
		}
	case x.reading && size == 2:
		for k := range s {
			s[k] = N(binary.LittleEndian.Uint16(b[2*k:]))
		}
	case x.reading && size == 4:
		for k := range s {
			s[k] = N(binary.LittleEndian.Uint32(b[4*k:]))
		}
	case x.reading:
		for k := range s {
			s[k] = N(binary.LittleEndian.Uint64(b[8*k:]))
		}
	case size == 1:
		for k := range s {
			b[k] = uint8(s[k])
		}
	case size == 2:
		for k := range s {
			binary.LittleEndian.PutUint16(b[2*k:], uint16(s[k]))
		}
	case size == 4:
		for k := range s {
			binary.LittleEndian.PutUint32(b[4*k:], uint32(s[k]))
		}
	default:
		for k := range s {
			binary.LittleEndian.PutUint64(b[8*k:], uint64(s[k]))
		}
	}
}

func (x *codec) bools(p *[]bool) {
	bits := make([]uint8, len(*p))
	for k, v := range *p {
		if v {
			bits[k] = 1
		}
	}
	nums(x, &bits, 1)
	if x.reading {
		*p = make([]bool, len(bits))
		for k, v := range bits {
			(*p)[k] = v != 0
		}
	}
}

func (x *codec) text(p *string) {
	n := x.count(len(*p), 1)
	b := x.take(n)
	if x.reading {
		*p = string(b)
		return
	}
	copy(b, *p)
}

// strings share one piece of memory when they are read.
func (x *codec) strings(p *[]string) {
	sizes := make([]uint32, len(*p))
	all := 0
	for k, s := range *p {
		sizes[k] = uint32(len(s))
		all += len(s)
	}
	nums(x, &sizes, 4)
	all = x.count(all, 1)
	b := x.take(all)
	if !x.reading {
		for _, s := range *p {
			b = b[copy(b, s):]
		}
		return
	}
	*p = nil
	sum := 0
	for _, n := range sizes {
		sum += int(n)
	}
	if sum != all {
		x.fail("texts of %d bytes have %d", sum, all)
	}
	if x.err != nil || len(sizes) == 0 {
		return
	}
	text := string(b)
	*p = make([]string, len(sizes))
	for k, n := range sizes {
		(*p)[k], text = text[:n], text[n:]
	}
}
