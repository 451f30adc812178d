// Slices of structs as parts.

package partfile

import "fmt"

// records is a slice of structs of fixed size.
type records[E any] struct {
	s      *[]E
	bytes  int
	encode func(to []byte, e *E)
	decode func(e *E, from []byte)
}

// Records makes a part of a slice of structs that take a fixed number of bytes each, at most 65,536: encode fills these and decode reads
// them. They are written without a copy of the slice.
func Records[E any](s *[]E, bytes int, encode func(to []byte, e *E), decode func(e *E, from []byte)) any {
	return &records[E]{s, bytes, encode, decode}
}

func (p *records[E]) size() (uint64, error) {
	if p.bytes < 1 || p.bytes > fileBuffer {
		return 0, fmt.Errorf("records of %d bytes; 1 to %d are expected", p.bytes, fileBuffer)
	}
	return 1 + 8 + 8 + uint64(p.bytes)*uint64(len(*p.s)), nil
}

func (p *records[E]) write(w *writer) {
	w.byte('R')
	w.word(uint64(p.bytes))
	w.word(uint64(len(*p.s)))
	for k := range *p.s {
		w.room(p.bytes)
		at := len(w.buf)
		w.buf = w.buf[:at+p.bytes]
		p.encode(w.buf[at:], &(*p.s)[k])
	}
}

func (p *records[E]) read(r *reader) {
	r.tag('R')
	if bytes := r.word(); r.err == nil && bytes != uint64(p.bytes) {
		r.err = r.f.damaged("records of %d bytes where %d are expected", bytes, p.bytes)
	}
	if r.err != nil {
		return
	}
	*p.s = slice(r, p.bytes, func(to []E, from []byte) {
		for k := range to {
			p.decode(&to[k], from[k*p.bytes:(k+1)*p.bytes])
		}
	})
}

// each is a slice of structs that have parts.
type each[E any] struct {
	s     *[]E
	parts func(*E) []any
}

// Each makes a part of a slice of structs of which parts lists the parts, at least one and always the same. It suits some thousands of
// them; Records is for more.
func Each[E any](s *[]E, parts func(*E) []any) any { return &each[E]{s, parts} }

func (p *each[E]) size() (uint64, error) {
	var size uint64 = 1 + 8
	for k := range *p.s {
		n, err := sizeOfParts(p.parts(&(*p.s)[k]))
		if err != nil {
			return 0, err
		}
		size += n
	}
	return size, nil
}

func (p *each[E]) write(w *writer) {
	w.byte('E')
	w.word(uint64(len(*p.s)))
	for k := range *p.s {
		for _, q := range p.parts(&(*p.s)[k]) {
			w.part(q)
		}
	}
}

func (p *each[E]) read(r *reader) {
	r.tag('E')
	n := r.word()
	least, err := sizeOfParts(p.parts(new(E))) // of an entry whose slices are empty
	if r.err == nil && (err != nil || least == 0) {
		r.err = fmt.Errorf("entries of a part: %w", err)
	}
	if r.err == nil && n > r.left/least {
		r.err = r.f.damaged("a part is longer than its body")
	}
	*p.s = nil
	for k := uint64(0); k < n && r.err == nil; k++ {
		*p.s = append(*p.s, *new(E))
		for _, q := range p.parts(&(*p.s)[k]) {
			r.part(q)
		}
	}
}
