package partfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

var (
	errForeign = errors.New("another file")
	errDamaged = errors.New("a damaged file")
	testFile   = Format{Magic: "segueTST", Version: 3, Package: "test", Thing: "saved test", Foreign: errForeign, Damaged: errDamaged}
)

type point struct {
	X int16
	Y float32
}

type named struct {
	Name   string
	Values []int32
}

// everything holds one part of each type.
type everything struct {
	A int
	B int64
	C int32
	D float32
	E float64
	F bool
	G string
	H []int8
	I []uint8
	J []int16
	K []int32
	L []int64
	M []float32
	N []float64
	O []bool
	P []string
	Q []point
	R []named
}

func (e *everything) parts() []any {
	return []any{&e.A, &e.B, &e.C, &e.D, &e.E, &e.F, &e.G, &e.H, &e.I, &e.J, &e.K, &e.L, &e.M, &e.N, &e.O, &e.P,
		Records(&e.Q, 6, func(to []byte, p *point) {
			binary.LittleEndian.PutUint16(to, uint16(p.X))
			binary.LittleEndian.PutUint32(to[2:], math.Float32bits(p.Y))
		}, func(p *point, from []byte) {
			p.X, p.Y = int16(binary.LittleEndian.Uint16(from)), math.Float32frombits(binary.LittleEndian.Uint32(from[2:]))
		}),
		Each(&e.R, func(n *named) []any { return []any{&n.Name, &n.Values} })}
}

// full has n entries and a few in each slice.
func full(n int) *everything {
	e := &everything{A: -5, B: math.MinInt64, C: math.MaxInt32, D: .1, E: .1, F: true, G: strings.Repeat("name ", n),
		H: make([]int8, n), I: make([]uint8, n+1), J: make([]int16, n+2), K: make([]int32, n+3), L: make([]int64, n+4), M: make([]float32, n+5), N: make([]float64, n+6),
		O: make([]bool, n+7), P: make([]string, n+8), Q: make([]point, n+9), R: []named{{"", nil}, {"a", []int32{1, 2}}, {"b", nil}}}
	for k := range n {
		e.H[k], e.I[k], e.J[k], e.K[k], e.L[k] = int8(-k), uint8(k), int16(-k), int32(-k), int64(k)<<40
		e.M[k], e.N[k], e.O[k], e.P[k], e.Q[k] = float32(k)/3, float64(k)/3, k%3 == 0, strings.Repeat("x", k%5), point{int16(k), float32(k) / 7}
	}
	return e
}

func written(tb testing.TB, e *everything) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := testFile.Write(&b, "all", e.parts()); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func read(r io.Reader) (*everything, error) {
	e := new(everything)
	return e, testFile.Read(r, func(string) ([]any, error) { return e.parts(), nil })
}

func TestWriteRead(t *testing.T) {
	// 300,000 entries are more than the buffer, and more than what is allocated unseen: 1 MiB / 4 = 262,144.
	for _, n := range []int{1, 20, 300_000} {
		e := full(n)
		file := written(t, e)
		rest := []byte("what follows")
		readers := map[string]io.Reader{
			"bytes": bytes.NewReader(append(file[:len(file):len(file)], rest...)),
			// a reader that knows no size, and gives what it has in pieces
			"pipe": io.MultiReader(bytes.NewReader(file[:len(file)/2]), bytes.NewReader(file[len(file)/2:]), bytes.NewReader(rest)),
		}
		for name, r := range readers {
			got, err := read(r)
			if err != nil || !reflect.DeepEqual(got, e) {
				t.Fatalf("%d entries, %s: other values come back (%v)", n, name, err)
			}
			if after, _ := io.ReadAll(r); !bytes.Equal(after, rest) {
				t.Errorf("%d entries, %s: %q is left of %q", n, name, after, rest)
			}
		}
	}
	got, err := read(bytes.NewReader(written(t, new(everything))))
	if err != nil || !reflect.DeepEqual(got, new(everything)) {
		t.Errorf("empty values come back as %+v, %v", got, err)
	}
}

func TestLayout(t *testing.T) {
	var b bytes.Buffer
	names, points, lists := []string{"ab", ""}, []point{{1, 2}}, []named{{"c", []int32{5}}}
	all := &everything{P: names, Q: points, R: lists}
	if err := testFile.Write(&b, "k", all.parts()[15:]); err != nil {
		t.Fatal(err)
	}
	n := func(v uint64) string { return string(binary.LittleEndian.AppendUint64(nil, v)) }
	// Two strings: 1 + 8 + 2*4 + 8 + 2 = 27 bytes; one record: 1 + 8 + 8 + 6 = 23; one entry: 1 + 8 + (1 + 8 + 1) + (1 + 8 + 4) = 32; 82 in all.
	want := "segueTST\x03\x00\x01\x00k" + n(82) +
		"S" + n(2) + "\x02\x00\x00\x00" + "\x00\x00\x00\x00" + n(2) + "ab" +
		"R" + n(6) + n(1) + "\x01\x00" + "\x00\x00\x00\x40" +
		"E" + n(1) + "s" + n(1) + "c" + "I" + n(1) + "\x05\x00\x00\x00"
	want += string(binary.LittleEndian.AppendUint32(nil, crc32.Checksum([]byte(want), castagnoli)))
	if b.String() != want {
		t.Errorf("the file is\n%q, want\n%q", b.String(), want)
	}
}

// TestDamage cuts a file off at each byte and changes each byte.
func TestDamage(t *testing.T) {
	file := written(t, full(2))
	for n := range file {
		for name, r := range map[string]io.Reader{"bytes": bytes.NewReader(file[:n]), "pipe": io.MultiReader(bytes.NewReader(file[:n]))} {
			if _, err := read(r); !errors.Is(err, errDamaged) && !errors.Is(err, errForeign) {
				t.Fatalf("%s: cut off after %d bytes: %v", name, n, err)
			}
		}
		for _, flip := range []byte{1, 0x80} {
			changed := bytes.Clone(file)
			changed[n] ^= flip
			if _, err := read(bytes.NewReader(changed)); err == nil {
				t.Fatalf("byte %d changed: no error", n)
			}
		}
	}
}

var errDisk = errors.New("the disk failed")

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, errDisk }
func (failing) Write([]byte) (int, error) { return 0, errDisk }

func TestErrors(t *testing.T) {
	if err := testFile.Write(failing{}, "all", full(1).parts()); !errors.Is(err, errDisk) {
		t.Errorf("a failing writer gives %v, want its error", err)
	}
	if _, err := read(io.MultiReader(bytes.NewReader(written(t, full(1))[:40]), failing{})); !errors.Is(err, errDisk) {
		t.Errorf("a failing reader gives %v, want its error", err)
	}
	if err := testFile.Write(io.Discard, "all", []any{&struct{}{}}); err == nil || !strings.Contains(err.Error(), "*struct {}") {
		t.Errorf("a part of an unknown type gives %v", err)
	}
	if err := testFile.Write(io.Discard, strings.Repeat("k", 65), nil); err == nil {
		t.Error("a kind of 65 bytes: no error")
	}
	if err := testFile.Write(io.Discard, "all", []any{Records(&[]point{{}}, 1<<17, nil, nil)}); err == nil {
		t.Error("records larger than the buffer: no error")
	}
	no := errors.New("no such kind")
	if err := testFile.Read(bytes.NewReader(written(t, full(1))), func(kind string) ([]any, error) {
		if kind != "all" {
			t.Errorf("kind %q", kind)
		}
		return nil, no
	}); !errors.Is(err, no) {
		t.Errorf("a kind that is refused gives %v", err)
	}
	file := written(t, full(1))
	file[8] = 4
	if _, err := read(bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), "version 4") {
		t.Errorf("a later version gives %v", err)
	}
	if _, err := read(strings.NewReader("segueLRN and so on")); !errors.Is(err, errForeign) {
		t.Errorf("another file gives %v", err)
	}
}

func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestClaims gives files that claim many gigabytes and have a hundred bytes: no more memory is taken than some times these.
func TestClaims(t *testing.T) {
	head := "segueTST\x03\x00\x01\x00k" + string(binary.LittleEndian.AppendUint64(nil, 200<<30))
	many := string(binary.LittleEndian.AppendUint64(nil, 6<<30))
	e := new(everything)
	all := e.parts()
	for name, c := range map[string]struct {
		body string
		part any
	}{
		"numbers": {"D" + many, all[13]},
		"strings": {"S" + many, all[15]},
		"records": {"R\x06\x00\x00\x00\x00\x00\x00\x00" + many, all[16]},
		"entries": {"E" + many, all[17]},
	} {
		file := []byte(head + c.body + strings.Repeat("\x00", 100))
		for kind, r := range map[string]io.Reader{"bytes": bytes.NewReader(file), "pipe": io.MultiReader(bytes.NewReader(file))} {
			taken := allocated(func() {
				if err := testFile.Read(r, func(string) ([]any, error) { return []any{c.part}, nil }); !errors.Is(err, errDamaged) {
					t.Errorf("%s, %s: %v, want an error of damage", name, kind, err)
				}
			})
			if taken > 4<<20 {
				t.Errorf("%s, %s: %d bytes were allocated", name, kind, taken)
			}
		}
	}
}

// TestMemory: neither direction copies a large slice.
func TestMemory(t *testing.T) {
	const n = 2 << 20 // records of 8 bytes in memory: 16 MB
	e := &everything{Q: make([]point, n)}
	var file bytes.Buffer
	file.Grow(6*n + 1000)
	if taken := allocated(func() { testFile.Write(&file, "all", e.parts()) }); taken > 1<<20 {
		t.Errorf("%d bytes were allocated to write 16 MB", taken)
	}
	r := bytes.NewReader(file.Bytes())
	if taken := allocated(func() { read(r) }); taken > 8*n+1<<20 {
		t.Errorf("%d bytes were allocated to read 16 MB", taken)
	}
}

// FuzzRead: whatever a file holds, reading it gives an error or values that survive another round. The checksum is put right, so that the
// fuzzer reaches what stands behind it.
func FuzzRead(f *testing.F) {
	for _, n := range []int{0, 3} {
		file := written(f, full(n))
		f.Add(file[:len(file)-4])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		file = binary.LittleEndian.AppendUint32(bytes.Clone(file), crc32.Checksum(file, castagnoli))
		e, err := read(bytes.NewReader(file))
		if err != nil {
			return
		}
		first := written(t, e)
		again, err := read(bytes.NewReader(first))
		if err != nil || !bytes.Equal(written(t, again), first) {
			t.Fatalf("what was read does not survive another round: %v", err)
		}
	})
}
