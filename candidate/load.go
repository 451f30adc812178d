// The reading side of save.go. A file is outside data: whatever it claims, no more memory is taken than it has bytes, and nothing is handed
// out before the checksum was right and the model found itself valid.

package candidate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// Load reads what Save wrote, and not a byte more. Another file gives ErrForeign, one that was cut off or changed ErrDamaged, one of
// a later version or of an unknown kind an error that says so.
func Load(r io.Reader) (Scorer, error) {
	f := fileReader{r: r, size: sizeOf(r), left: math.MaxUint64, buf: make([]byte, fileBuffer)}
	head := f.bytes(len(fileMagic) + 4)
	switch {
	case f.err != nil && !errors.Is(f.err, ErrDamaged):
		return nil, f.err
	case f.err != nil || string(head[:len(fileMagic)]) != fileMagic:
		return nil, ErrForeign
	}
	version, kindLength := binary.LittleEndian.Uint16(head[len(fileMagic):]), binary.LittleEndian.Uint16(head[len(fileMagic)+2:])
	if version != fileVersion {
		return nil, fmt.Errorf("candidate: the saved model has version %d; this program reads version %d: save it anew", version, fileVersion)
	}
	if kindLength > maxKind {
		return nil, fmt.Errorf("%w: its kind has a name of %d bytes", ErrDamaged, kindLength)
	}
	kind := string(f.bytes(int(kindLength)))
	f.left = f.word()
	if f.err != nil {
		return nil, f.err
	}
	if f.left > maxBody {
		return nil, fmt.Errorf("%w: a body of %d bytes", ErrDamaged, f.left)
	}
	empty, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("candidate: a model of kind %q, which this program does not know", kind)
	}
	m := empty()
	for _, p := range m.parts() {
		f.part(p)
	}
	if f.err == nil && f.left != 0 {
		f.err = fmt.Errorf("%w: %d bytes follow the last part", ErrDamaged, f.left)
	}
	f.left = 4
	sum := f.sum
	if last := f.bytes(4); f.err == nil && binary.LittleEndian.Uint32(last) != sum {
		f.err = fmt.Errorf("%w: its checksum is another", ErrDamaged)
	}
	if f.err != nil {
		return nil, f.err
	}
	if err := m.valid(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return m, nil
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

// fileReader reads small pieces, keeps the checksum and remembers the first error.
type fileReader struct {
	r    io.Reader
	size int64  // bytes that r had at first, -1 where unknown
	left uint64 // bytes of the body, or of what is read, that are not read yet
	buf  []byte
	sum  uint32
	err  error
}

// bytes reads n bytes, at most as many as the buffer holds; they stay until the next call. After an error they are zeros.
func (f *fileReader) bytes(n int) []byte {
	b := f.buf[:n]
	if f.err == nil && uint64(n) > f.left {
		f.err = fmt.Errorf("%w: a part is longer than its body", ErrDamaged)
	}
	if f.err == nil {
		switch _, err := io.ReadFull(f.r, b); {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			f.err = fmt.Errorf("%w: it ends early", ErrDamaged)
		case err != nil:
			f.err = fmt.Errorf("candidate: load a model: %w", err)
		}
	}
	if f.err != nil {
		clear(b)
		return b
	}
	f.left -= uint64(n)
	f.sum = crc32.Update(f.sum, castagnoli, b)
	return b
}

func (f *fileReader) word() uint64 { return binary.LittleEndian.Uint64(f.bytes(8)) }

// part reads one part to *p.
func (f *fileReader) part(p any) {
	tag, _, err := partSize(p)
	if err != nil {
		f.err = errors.Join(f.err, err)
	}
	if got := f.bytes(1)[0]; f.err == nil && got != tag {
		f.err = fmt.Errorf("%w: a part of type %q where %q is expected", ErrDamaged, got, tag)
	}
	if f.err != nil {
		return
	}
	switch p := p.(type) {
	case *int:
		*p = int(f.word())
	case *int64:
		*p = int64(f.word())
	case *int32:
		*p = int32(f.word())
	case *float32:
		*p = math.Float32frombits(binary.LittleEndian.Uint32(f.bytes(4)))
	case *float64:
		*p = math.Float64frombits(f.word())
	case *bool:
		*p = f.bytes(1)[0] != 0
	case *string:
		*p = string(slice(f, 1, func(to, from []byte) { copy(to, from) }))
	case *[]int32:
		*p = slice(f, 4, func(to []int32, from []byte) {
			for k := range to {
				to[k] = int32(binary.LittleEndian.Uint32(from[4*k:]))
			}
		})
	case *[]int64:
		*p = slice(f, 8, func(to []int64, from []byte) {
			for k := range to {
				to[k] = int64(binary.LittleEndian.Uint64(from[8*k:]))
			}
		})
	case *[]float32:
		*p = slice(f, 4, func(to []float32, from []byte) {
			for k := range to {
				to[k] = math.Float32frombits(binary.LittleEndian.Uint32(from[4*k:]))
			}
		})
	case *[]float64:
		*p = slice(f, 8, func(to []float64, from []byte) {
			for k := range to {
				to[k] = math.Float64frombits(binary.LittleEndian.Uint64(from[8*k:]))
			}
		})
	}
}

// slice reads a number of entries of size bytes each and the entries. Room for all is taken at once only where r has as many bytes;
// otherwise it grows with what arrives.
func slice[E any](f *fileReader, size int, decode func(to []E, from []byte)) []E {
	n := f.word()
	if f.err == nil && n > f.left/uint64(size) {
		f.err = fmt.Errorf("%w: a part is longer than its body", ErrDamaged)
	}
	if f.err != nil || n == 0 {
		return nil
	}
	room := min(n, uint64(firstRoom/size))
	if f.size >= 0 {
		if n > uint64(f.size)/uint64(size) {
			f.err = fmt.Errorf("%w: it ends early", ErrDamaged)
			return nil
		}
		room = n
	}
	s := make([]E, 0, room)
	for n > uint64(len(s)) {
		b := f.bytes(int(min(n-uint64(len(s)), uint64(fileBuffer/size))) * size)
		if f.err != nil {
			return nil
		}
		at := len(s)
		if at+len(b)/size > cap(s) {
			grown := make([]E, at, min(n, 2*uint64(cap(s))))
			copy(grown, s)
			s = grown
		}
		s = s[:at+len(b)/size]
		decode(s[at:], b)
	}
	return s
}
