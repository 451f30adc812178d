// Package partfile keeps fitted values in files, so that a server loads what a training run made. A file is a value's parts in their
// order; large ones go through a small buffer in both directions, so that 400 MB are neither copied to be written nor, where the reader can
// tell its size (a file, a bytes.Reader), held twice while they are read.
//
// Layout, little-endian: the 8 bytes of the format's magic; uint16 version; uint16 length and bytes of the kind; uint64 length of
// the body and the body; uint32 CRC-32C of all that precedes. The body is the parts, each a byte that names its type and then its
// value: numbers in 8 bytes (4 for float32, 1 for bool), slices and strings as a uint64 number of entries and the entries, a slice of
// strings as their lengths (uint32), of which there are as many, and their bytes together. Nothing in it depends on the machine.
//
// A part is a pointer to a field: *int, *int64, *int32, *float32, *float64, *bool, *string, or a pointer to a slice of int8, uint8, int16,
// int32, int64, float32, float64, bool or string; or what Records and Each make of a slice of structs. An empty slice is read as nil.
// Write reads through the pointers and Read writes through them.
package partfile

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Format is one sort of file.
type Format struct {
	Magic   string // 8 bytes
	Version uint16 // that is written, and the only one that is read
	Package string // that errors begin with, as in "candidate"
	Thing   string // what a file holds, as in "saved model"
	Foreign error  // given for other files
	Damaged error  // given for files that are not as they were written
}

const (
	fileBuffer = 1 << 16   // bytes written or read at a time
	maxKind    = 64        // bytes of a kind's name
	firstRoom  = 1 << 20   // bytes that a slice gets before it is known that there are as many
	maxBody    = 256 << 30 // bytes; a dense model of 250,000 items
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// part is one with a layout of its own.
type part interface {
	size() (uint64, error) // bytes in the body
	write(w *writer)
	read(r *reader)
}

// tagged is the byte that names the type of *p and how many bytes it takes in the body.
func tagged(p any) (tag byte, bytes uint64, err error) {
	switch p := p.(type) {
	case *int, *int64, *int32:
		return 'i', 1 + 8, nil
	case *float32:
		return 'f', 1 + 4, nil
	case *float64:
		return 'd', 1 + 8, nil
	case *bool:
		return 'b', 1 + 1, nil
	case *string:
		return 's', 1 + 8 + uint64(len(*p)), nil
	case *[]int8:
		return 'c', 1 + 8 + uint64(len(*p)), nil
	case *[]uint8:
		return 'B', 1 + 8 + uint64(len(*p)), nil
	case *[]bool:
		return 'T', 1 + 8 + uint64(len(*p)), nil
	case *[]int16:
		return 'H', 1 + 8 + 2*uint64(len(*p)), nil
	case *[]int32:
		return 'I', 1 + 8 + 4*uint64(len(*p)), nil
	case *[]int64:
		return 'L', 1 + 8 + 8*uint64(len(*p)), nil
	case *[]float32:
		return 'F', 1 + 8 + 4*uint64(len(*p)), nil
	case *[]float64:
		return 'D', 1 + 8 + 8*uint64(len(*p)), nil
	case *[]string:
		bytes = 1 + 8 + 8
		for _, s := range *p {
			if uint64(len(s)) > maxString {
				return 0, 0, fmt.Errorf("a string of %d bytes among others", len(s))
			}
			bytes += 4 + uint64(len(s))
		}
		return 'S', bytes, nil
	}
	return 0, 0, fmt.Errorf("a part of type %T, which files do not know", p)
}

// maxString is the length of a string among others.
const maxString = 1<<32 - 1

func sizeOfPart(p any) (uint64, error) {
	if own, ok := p.(part); ok {
		return own.size()
	}
	_, n, err := tagged(p)
	return n, err
}

func sizeOfParts(parts []any) (uint64, error) {
	var size uint64
	for _, p := range parts {
		n, err := sizeOfPart(p)
		if err != nil {
			return 0, err
		}
		size += n
	}
	return size, nil
}

// Write writes a file of a kind, which has at most 64 bytes.
func (f *Format) Write(w io.Writer, kind string, parts []any) error {
	if len(kind) > maxKind {
		return fmt.Errorf("a kind with a name of %d bytes", len(kind))
	}
	size, err := sizeOfParts(parts)
	if err != nil {
		return err
	}
	out := writer{w: w, buf: make([]byte, 0, fileBuffer)}
	out.head(f, kind, size)
	for _, p := range parts {
		out.part(p)
	}
	return out.close()
}

// Read reads what Write wrote, and not a byte more, into the parts that open returns for the kind; an error of open ends it. Whatever a
// file claims, no more memory is taken than some times the bytes that it has. Parts may be filled, in part, when an error is returned;
// without one they hold what Write was given, if Write wrote it: what they mean is still to be checked.
func (f *Format) Read(r io.Reader, open func(kind string) ([]any, error)) error {
	in := newReader(f, r)
	kind, err := in.head()
	if err != nil {
		return err
	}
	parts, err := open(kind)
	if err != nil {
		return err
	}
	for _, p := range parts {
		in.part(p)
	}
	return in.close()
}

// damaged is the format's error with a reason.
func (f *Format) damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", f.Damaged, fmt.Errorf(format, args...))
}

func (f *Format) isDamaged(err error) bool { return errors.Is(err, f.Damaged) }
