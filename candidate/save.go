// Fitted models in files. Layout, little-endian: the 8 bytes "segueCND"; uint16 version; uint16 length and bytes of the kind; uint64
// length of the body and the body; uint32 CRC-32C of all that precedes. The body is the model's parts in their order, each a
// byte that names its type and then its value: numbers in 8 bytes (4 for float32, 1 for bool), slices and strings as a uint64 number
// of entries and the entries. Nothing in it depends on the machine.
//
// To make a model savable: one line in kinds, and two methods on its pointer:
//
//	func (m *EASEModel) parts() []any { return []any{&m.N, &m.Weights} }
//	func (m *EASEModel) valid() error { ... }
//
// parts lists pointers to every field that is kept, always in the same order; Save reads through them and Load writes through
// them. They may be *int, *int64, *int32, *float32, *float64, *bool, *string, *[]int32, *[]int64, *[]float32 and *[]float64; an empty slice is
// loaded as nil. A *Matrix is kept by matrixParts and checked by checkStored. valid is called once after loading, on parts that may hold
// anything at all. It says why the model cannot be used, so thoroughly that Scores and Because cannot panic afterwards (lengths that fit
// together, indices in range, numbers finite: checkFinite), and it may prepare what is not kept. A model whose parts change gets another kind, as in
// "ease 2", so that old files are refused by name.
//
// Large slices go through a small buffer in both directions: a matrix of 400 MB is neither copied to be written nor, where the reader
// can tell its size (a file, a bytes.Reader), held twice while it is read.

package candidate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"reflect"
)

const (
	fileMagic   = "segueCND"
	fileVersion = 1
	fileBuffer  = 1 << 16   // bytes written or read at a time
	maxKind     = 64        // bytes of a kind's name
	firstRoom   = 1 << 20   // bytes that a slice gets before it is known that there are as many
	maxBody     = 256 << 30 // bytes; a dense model of 250,000 items
)

// stored is a model that files may hold; the head of this file says what its methods are for.
type stored interface {
	Scorer
	parts() []any
	valid() error
}

// kinds are the models that a file may hold, by the name it gives them.
var kinds = map[string]func() stored{
	// one line a kind
	"popularity":   func() stored { return new(PopularityModel) },
	"random":       func() stored { return new(RandomModel) },
	"itemknn":      func() stored { return new(ItemKNNModel) },
	"userknn":      func() stored { return new(UserKNNModel) },
	"rp3beta":      func() stored { return new(RP3BetaModel) },
	"ials":         func() stored { return new(IALSModel) },
	"bpr":          func() stored { return new(BPRModel) },
	"puresvd":      func() stored { return new(PureSVDModel) },
	"graphfilter":  func() stored { return new(GraphFilterModel) },
	"embedding":    func() stored { return new(EmbeddingModel) },
	"ease":         func() stored { return new(EASEModel) },
	"item weights": func() stored { return new(ItemWeights) },
}

// ErrForeign is given for a file that is not one of our models.
var ErrForeign = errors.New("candidate: this is not a saved model")

// ErrDamaged is given for a saved model that is not as it was written.
var ErrDamaged = errors.New("candidate: the saved model is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Save writes s. A model that has no place in files is an error.
func Save(w io.Writer, s Scorer) error {
	for kind, empty := range kinds {
		if reflect.TypeOf(empty()) == reflect.TypeOf(s) {
			if err := save(w, kind, s.(stored)); err != nil {
				return fmt.Errorf("candidate: save a model of kind %q: %w", kind, err)
			}
			return nil
		}
	}
	return fmt.Errorf("candidate: a %T cannot be saved", s)
}

func save(w io.Writer, kind string, s stored) error {
	parts := s.parts()
	var size uint64
	for _, p := range parts {
		_, bytes, err := partSize(p)
		if err != nil {
			return err
		}
		size += bytes
	}
	out := fileWriter{w: w, buf: make([]byte, 0, fileBuffer)}
	out.buf = append(out.buf, fileMagic...)
	out.buf = binary.LittleEndian.AppendUint16(out.buf, fileVersion)
	out.buf = binary.LittleEndian.AppendUint16(out.buf, uint16(len(kind)))
	out.buf = append(out.buf, kind...)
	out.buf = binary.LittleEndian.AppendUint64(out.buf, size)
	for _, p := range parts {
		out.part(p)
	}
	out.flush()
	out.buf = binary.LittleEndian.AppendUint32(out.buf, out.sum)
	out.flush()
	return out.err
}

// partSize is the byte that names the type of *p and how many bytes it takes in the body.
func partSize(p any) (tag byte, bytes uint64, err error) {
	switch p := p.(type) {
	case *int:
		return 'i', 1 + 8, nil
	case *int64:
		return 'i', 1 + 8, nil
	case *int32:
		return 'i', 1 + 8, nil
	case *float32:
		return 'f', 1 + 4, nil
	case *float64:
		return 'd', 1 + 8, nil
	case *bool:
		return 'b', 1 + 1, nil
	case *string:
		return 's', 1 + 8 + uint64(len(*p)), nil
	case *[]int32:
		return 'I', 1 + 8 + 4*uint64(len(*p)), nil
	case *[]int64:
		return 'L', 1 + 8 + 8*uint64(len(*p)), nil
	case *[]float32:
		return 'F', 1 + 8 + 4*uint64(len(*p)), nil
	case *[]float64:
		return 'D', 1 + 8 + 8*uint64(len(*p)), nil
	}
	return 0, 0, fmt.Errorf("a part of type %T, which files do not know", p)
}

// fileWriter gathers small pieces, keeps the checksum and remembers the first error.
type fileWriter struct {
	w   io.Writer
	buf []byte
	sum uint32
	err error
}

func (f *fileWriter) flush() {
	f.sum = crc32.Update(f.sum, castagnoli, f.buf)
	if f.err == nil {
		_, f.err = f.w.Write(f.buf)
	}
	f.buf = f.buf[:0]
}

// room makes sure that n more bytes fit.
func (f *fileWriter) room(n int) {
	if len(f.buf)+n > cap(f.buf) {
		f.flush()
	}
}

func (f *fileWriter) word(v uint64) {
	f.room(8)
	f.buf = binary.LittleEndian.AppendUint64(f.buf, v)
}

func (f *fileWriter) half(v uint32) {
	f.room(4)
	f.buf = binary.LittleEndian.AppendUint32(f.buf, v)
}

func (f *fileWriter) part(p any) {
	tag, _, _ := partSize(p)
	f.room(1)
	f.buf = append(f.buf, tag)
	switch p := p.(type) {
	case *int:
		f.word(uint64(*p))
	case *int64:
		f.word(uint64(*p))
	case *int32:
		f.word(uint64(*p))
	case *float32:
		f.half(math.Float32bits(*p))
	case *float64:
		f.word(math.Float64bits(*p))
	case *bool:
		f.room(1)
		f.buf = append(f.buf, 0)
		if *p {
			f.buf[len(f.buf)-1] = 1
		}
	case *string:
		f.word(uint64(len(*p)))
		for s := *p; len(s) > 0; {
			f.room(1)
			n := min(len(s), cap(f.buf)-len(f.buf))
			f.buf = append(f.buf, s[:n]...)
			s = s[n:]
		}
	case *[]int32:
		f.word(uint64(len(*p)))
		for _, v := range *p {
			f.half(uint32(v))
		}
	case *[]int64:
		f.word(uint64(len(*p)))
		for _, v := range *p {
			f.word(uint64(v))
		}
	case *[]float32:
		f.word(uint64(len(*p)))
		for _, v := range *p {
			f.half(math.Float32bits(v))
		}
	case *[]float64:
		f.word(uint64(len(*p)))
		for _, v := range *p {
			f.word(math.Float64bits(v))
		}
	}
}

// matrixParts are the parts of a matrix that is part of a model.
func matrixParts(m *Matrix) []any {
	return []any{&m.Users, &m.Items, &m.Start, &m.Item, &m.Value}
}

// checkStored says why a loaded matrix cannot be used; one without entries can.
func checkStored(m *Matrix) error {
	if m.Users < 0 || m.Items < 0 || int64(m.Users) > math.MaxInt32 || int64(m.Items) > math.MaxInt32 || len(m.Start) != m.Users+1 ||
		m.Start[0] != 0 || m.Start[m.Users] != int64(len(m.Item)) || m.Value != nil && len(m.Value) != len(m.Item) {
		return fmt.Errorf("a matrix of %d x %d with %d row starts, %d items and %d values does not fit together", m.Users, m.Items, len(m.Start), len(m.Item), len(m.Value))
	}
	for u := range m.Users {
		if m.Start[u] > m.Start[u+1] {
			return fmt.Errorf("row %d of the matrix ends before it begins", u)
		}
	}
	if err := m.check(); !errors.Is(err, ErrEmpty) {
		return err
	}
	return nil
}

// checkFinite says which of the values is no finite number.
func checkFinite(values []float32) error {
	for k, v := range values {
		if v-v != 0 {
			return fmt.Errorf("value %d is %v; a finite number is expected", k, v)
		}
	}
	return nil
}
