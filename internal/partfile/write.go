// The writing side: parts to bytes, and their checksum.

package partfile

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
)

// writer gathers small pieces, keeps the checksum and remembers the first error.
type writer struct {
	w   io.Writer
	buf []byte
	sum uint32
	err error
}

func (w *writer) head(f *Format, kind string, body uint64) {
	w.buf = append(w.buf, f.Magic...)
	w.buf = binary.LittleEndian.AppendUint16(w.buf, f.Version)
	w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(len(kind)))
	w.buf = append(w.buf, kind...)
	w.buf = binary.LittleEndian.AppendUint64(w.buf, body)
}

func (w *writer) close() error {
	w.flush()
	w.buf = binary.LittleEndian.AppendUint32(w.buf, w.sum)
	w.flush()
	return w.err
}

func (w *writer) flush() {
	w.sum = crc32.Update(w.sum, castagnoli, w.buf)
	if w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// room makes sure that n more bytes fit.
func (w *writer) room(n int) {
	if len(w.buf)+n > cap(w.buf) {
		w.flush()
	}
}

func (w *writer) byte(v byte) {
	w.room(1)
	w.buf = append(w.buf, v)
}

func (w *writer) half(v uint32) {
	w.room(4)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, v)
}

func (w *writer) word(v uint64) {
	w.room(8)
	w.buf = binary.LittleEndian.AppendUint64(w.buf, v)
}

func (w *writer) text(s string) {
	for len(s) > 0 {
		w.room(1)
		n := min(len(s), cap(w.buf)-len(w.buf))
		w.buf = append(w.buf, s[:n]...)
		s = s[n:]
	}
}

// entries writes the number of entries and each of them.
func entries[E any](w *writer, s []E, write func(E)) {
	w.word(uint64(len(s)))
	for _, v := range s {
		write(v)
	}
}

func (w *writer) part(p any) {
	if own, ok := p.(part); ok {
		own.write(w)
		return
	}
	tag, _, _ := tagged(p)
	w.byte(tag)
	switch p := p.(type) {
	case *int:
		w.word(uint64(*p))
	case *int64:
		w.word(uint64(*p))
	case *int32:
		w.word(uint64(*p))
	case *float32:
		w.half(math.Float32bits(*p))
	case *float64:
		w.word(math.Float64bits(*p))
	case *bool:
		w.byte(bit(*p))
	case *string:
		w.word(uint64(len(*p)))
		w.text(*p)
	case *[]int8:
		entries(w, *p, func(v int8) { w.byte(byte(v)) })
	case *[]uint8:
		entries(w, *p, w.byte)
	case *[]bool:
		entries(w, *p, func(v bool) { w.byte(bit(v)) })
	case *[]int16:
		entries(w, *p, func(v int16) {
			w.room(2)
			w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(v))
		})
	case *[]int32:
		w.word(uint64(len(*p)))
		for _, v := range *p {
			w.half(uint32(v))
		}
	case *[]int64:
		w.word(uint64(len(*p)))
		for _, v := range *p {
			w.word(uint64(v))
		}
	case *[]float32:
		w.word(uint64(len(*p)))
		for _, v := range *p {
			w.half(math.Float32bits(v))
		}
	case *[]float64:
		w.word(uint64(len(*p)))
		for _, v := range *p {
			w.word(math.Float64bits(v))
		}
	case *[]string:
		entries(w, *p, func(s string) { w.half(uint32(len(s))) })
		var bytes uint64
		for _, s := range *p {
			bytes += uint64(len(s))
		}
		w.word(bytes)
		for _, s := range *p {
			w.text(s)
		}
	}
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}
