// The reading side. A file is outside data: what it claims is believed as far as it has bytes.

package partfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// reader reads small pieces, keeps the checksum and remembers the first error.
type reader struct {
	f    *Format
	r    io.Reader
	size int64  // bytes that r had at first, -1 where unknown
	left uint64 // bytes of the body, or of what is read, that are not read yet
	buf  []byte
	sum  uint32
	err  error
}

func newReader(f *Format, r io.Reader) *reader {
	return &reader{f: f, r: r, size: sizeOf(r), left: math.MaxUint64, buf: make([]byte, fileBuffer)}
}

// sizeOf is the number of bytes that r still has, -1 where it cannot tell.
func sizeOf(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Len() int }: // bytes.Reader, bytes.Buffer, strings.Reader
		return int64(r.Len())
	case io.Seeker:
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return -1 // a pipe
		}
		end, err := r.Seek(0, io.SeekEnd)
		if err != nil {
			return -1
		}
		if _, err := r.Seek(at, io.SeekStart); err != nil {
			return -1
		}
		return end - at
	}
	return -1
}

// head reads what stands before the body.
func (r *reader) head() (kind string, err error) {
	f := r.f
	head := r.bytes(len(f.Magic) + 4)
	switch {
	case r.err != nil && !f.isDamaged(r.err):
		return "", r.err
	case r.err != nil || string(head[:len(f.Magic)]) != f.Magic:
		return "", f.Foreign
	}
	version, kindLength := binary.LittleEndian.Uint16(head[len(f.Magic):]), binary.LittleEndian.Uint16(head[len(f.Magic)+2:])
	if version != f.Version {
		return "", fmt.Errorf("%s: the %s has version %d; this program reads version %d: save it anew", f.Package, f.Thing, version, f.Version)
	}
	if kindLength > maxKind {
		return "", f.damaged("its kind has a name of %d bytes", kindLength)
	}
	kind = string(r.bytes(int(kindLength)))
	r.left = r.word()
	if r.err != nil {
		return "", r.err
	}
	if r.left > maxBody {
		return "", f.damaged("a body of %d bytes", r.left)
	}
	return kind, nil
}

// close reads the checksum, which is to follow.
func (r *reader) close() error {
	if r.err == nil && r.left != 0 {
		r.err = r.f.damaged("%d bytes follow the last part", r.left)
	}
	r.left = 4
	sum := r.sum
	if last := r.bytes(4); r.err == nil && binary.LittleEndian.Uint32(last) != sum {
		r.err = r.f.damaged("its checksum is another")
	}
	return r.err
}

// bytes reads n bytes, at most as many as the buffer holds; they stay until the next call. After an error they are zeros.
func (r *reader) bytes(n int) []byte {
	b := r.buf[:n]
	if r.err == nil && uint64(n) > r.left {
		r.err = r.f.damaged("a part is longer than its body")
	}
	if r.err == nil {
		switch _, err := io.ReadFull(r.r, b); {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			r.err = r.f.damaged("it ends early")
		case err != nil:
			r.err = fmt.Errorf("%s: load the %s: %w", r.f.Package, r.f.Thing, err)
		}
	}
	if r.err != nil {
		clear(b)
		return b
	}
	r.left -= uint64(n)
	r.sum = crc32.Update(r.sum, castagnoli, b)
	return b
}

func (r *reader) word() uint64 { return binary.LittleEndian.Uint64(r.bytes(8)) }

// tag reads the byte that names a part's type.
func (r *reader) tag(want byte) {
	if got := r.bytes(1)[0]; r.err == nil && got != want {
		r.err = r.f.damaged("a part of type %q where %q is expected", got, want)
	}
}

// part reads one part to *p.
func (r *reader) part(p any) {
	if r.err != nil {
		return
	}
	if own, ok := p.(part); ok {
		own.read(r)
		return
	}
	tag, _, err := tagged(p)
	if err != nil {
		r.err = err
		return
	}
	if r.tag(tag); r.err != nil {
		return
	}
	switch p := p.(type) {
	case *int:
		*p = int(r.word())
	case *int64:
		*p = int64(r.word())
	case *int32:
		*p = int32(r.word())
	case *float32:
		*p = math.Float32frombits(binary.LittleEndian.Uint32(r.bytes(4)))
	case *float64:
		*p = math.Float64frombits(r.word())
	case *bool:
		*p = r.bytes(1)[0] != 0
	case *string:
		*p = string(slice(r, 1, func(to, from []byte) { copy(to, from) }))
	case *[]string:
		*p = r.strings()
	case *[]int8:
		*p = slice(r, 1, func(to []int8, from []byte) {
			for k := range to {
				to[k] = int8(from[k])
			}
		})
	case *[]uint8:
		*p = slice(r, 1, func(to, from []byte) { copy(to, from) })
	case *[]bool:
		*p = slice(r, 1, func(to []bool, from []byte) {
			for k := range to {
				to[k] = from[k] != 0
			}
		})
	case *[]int16:
		*p = slice(r, 2, func(to []int16, from []byte) {
			for k := range to {
				to[k] = int16(binary.LittleEndian.Uint16(from[2*k:]))
			}
		})
	case *[]int32:
		*p = slice(r, 4, func(to []int32, from []byte) {
			for k := range to {
				to[k] = int32(binary.LittleEndian.Uint32(from[4*k:]))
			}
		})
	case *[]int64:
		*p = slice(r, 8, func(to []int64, from []byte) {
			for k := range to {
				to[k] = int64(binary.LittleEndian.Uint64(from[8*k:]))
			}
		})
	case *[]float32:
		*p = slice(r, 4, func(to []float32, from []byte) {
			for k := range to {
				to[k] = math.Float32frombits(binary.LittleEndian.Uint32(from[4*k:]))
			}
		})
	case *[]float64:
		*p = slice(r, 8, func(to []float64, from []byte) {
			for k := range to {
				to[k] = math.Float64frombits(binary.LittleEndian.Uint64(from[8*k:]))
			}
		})
	}
}

// slice reads a number of entries of size bytes each and the entries. Room for all is taken at once only where r has as many bytes;
// otherwise it grows with what arrives.
func slice[E any](r *reader, size int, decode func(to []E, from []byte)) []E {
	n := r.word()
	if r.err == nil && n > r.left/uint64(size) {
		r.err = r.f.damaged("a part is longer than its body")
	}
	if r.err != nil || n == 0 {
		return nil
	}
	room := min(n, uint64(firstRoom/size))
	if r.size >= 0 {
		if n > uint64(r.size)/uint64(size) {
			r.err = r.f.damaged("it ends early")
			return nil
		}
		room = n
	}
	s := make([]E, 0, room)
	for n > uint64(len(s)) {
		b := r.bytes(int(min(n-uint64(len(s)), uint64(fileBuffer/size))) * size)
		if r.err != nil {
			return nil
		}
		at := len(s)
		if at+len(b)/size > cap(s) {
			grown := make([]E, at, min(n, 2*uint64(cap(s))))
			copy(grown, s)
			s = grown
		}
		s = s[:at+len(b)/size]
		clear(s[at:]) // new memory is cheaper to write to than to look at first, which a check for nil does: the system would give it twice
		decode(s[at:], b)
	}
	return s
}

// strings reads strings that share one piece of memory.
func (r *reader) strings() []string {
	lengths := slice(r, 4, func(to []uint32, from []byte) {
		for k := range to {
			to[k] = binary.LittleEndian.Uint32(from[4*k:])
		}
	})
	all := string(slice(r, 1, func(to, from []byte) { copy(to, from) }))
	var sum uint64
	for _, n := range lengths {
		sum += uint64(n)
	}
	if r.err == nil && sum != uint64(len(all)) {
		r.err = r.f.damaged("strings of %d bytes together have %d", sum, len(all))
	}
	if r.err != nil || len(lengths) == 0 {
		return nil
	}
	out := make([]string, len(lengths))
	for k, n := range lengths {
		out[k], all = all[:n], all[n:]
	}
	return out
}
