// What LinUCB learned, as bytes for a snapshot.

package explore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// Layout, little-endian: the 8 bytes of the magic; uint16 version; uint16 length of contexts; uint64 checksum of what the columns are called; uint64
// observations; the rewards and then the upper triangle of the design matrix, row after row, as float64; uint32 CRC-32C of all that precedes.
const (
	stateMagic   = "SEGLUCB\n"
	stateVersion = 1
	stateHead    = 8 + 2 + 2 + 8 + 8
)

// ErrState is given for bytes that hold nothing that this policy learned.
var ErrState = errors.New("explore: not a state of LinUCB")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// columnsSum tells lists of columns apart.
func columnsSum(columns []string) uint64 {
	sum := uint64(14695981039346656037) // FNV-1a
	for _, c := range columns {
		for k := range len(c) {
			sum = (sum ^ uint64(c[k])) * 1099511628211
		}
		sum *= 1099511628211 // ends a name: "a", "b" is not "ab"
		sum ^= 0xff
	}
	return sum
}

// Save gives what it learned. columns are what the columns of contexts are called: a state is only of use where they are the same.
func (l *LinUCB) Save(columns []string) []byte {
	l.mu.RLock()
	defer l.mu.RUnlock()
	d := l.c.Context
	b := make([]byte, 0, stateHead+8*(d+d*(d+1)/2)+4)
	b = append(b, stateMagic...)
	b = binary.LittleEndian.AppendUint16(b, stateVersion)
	b = binary.LittleEndian.AppendUint16(b, uint16(d))
	b = binary.LittleEndian.AppendUint64(b, columnsSum(columns))
	b = binary.LittleEndian.AppendUint64(b, l.seen)
	for _, r := range l.reward {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(r))
	}
	for i := range d {
		for j := i; j < d; j++ {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(l.design[i*d+j]))
		}
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// Load replaces what it learned by what Save gave, of contexts of the same length and columns; settings stay its own. Other bytes give an ErrState
// and change nothing.
func (l *LinUCB) Load(b []byte, columns []string) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrState, fmt.Sprintf(format, args...))
	}
	d := l.c.Context
	le := binary.LittleEndian
	switch want := stateHead + 8*(d+d*(d+1)/2) + 4; {
	case len(b) < stateHead+4 || string(b[:8]) != stateMagic:
		return bad("it does not begin as one")
	case le.Uint16(b[8:]) != stateVersion:
		return bad("version %d; this program reads version %d", le.Uint16(b[8:]), stateVersion)
	case int(le.Uint16(b[10:])) != d:
		return bad("contexts of length %d; %d is expected", le.Uint16(b[10:]), d)
	case le.Uint64(b[12:]) != columnsSum(columns):
		return bad("contexts of other columns")
	case len(b) != want:
		return bad("%d bytes; %d are expected", len(b), want)
	case le.Uint32(b[want-4:]) != crc32.Checksum(b[:want-4], castagnoli):
		return bad("its checksum is another")
	}
	read, err := NewLinUCB(l.c)
	if err != nil {
		return err
	}
	read.seen = le.Uint64(b[20:])
	b = b[stateHead:]
	next := func() float64 {
		v := math.Float64frombits(le.Uint64(b))
		b = b[8:]
		return v
	}
	for i := range read.reward {
		if read.reward[i] = next(); !finite(read.reward[i]) {
			return bad("reward %d is no number", i)
		}
	}
	for i := range d {
		for j := i; j < d; j++ {
			v := next()
			if !finite(v) || i == j && v < 0 {
				return bad("entry %d, %d of the design matrix is %v", i, j, v)
			}
			read.design[i*d+j], read.design[j*d+i] = v, v
		}
	}
	if err := read.refresh(); err != nil {
		return bad("%v", err)
	}
	for i, v := range read.theta {
		if !finite(v) {
			return bad("its weight %d is no number", i)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen, l.since = read.seen, 0
	l.design, l.reward, l.inverse, l.theta = read.design, read.reward, read.inverse, read.theta
	return nil
}

// finite also refuses numbers that products would overflow with.
func finite(v float64) bool { return math.Abs(v) <= 1e150 }
