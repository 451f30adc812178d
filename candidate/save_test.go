package candidate

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// everything holds one part of each type; it stands in for models to come.
type everything struct {
	A int
	B int64
	C int32
	D float32
	E float64
	F bool
	G string
	H []int32
	I []int64
	J []float32
	K []float64
	M Matrix
}

func (e *everything) Items() int                 { return 0 }
func (e *everything) Scores(*History, []float32) {}
func (e *everything) parts() []any {
	return append([]any{&e.A, &e.B, &e.C, &e.D, &e.E, &e.F, &e.G, &e.H, &e.I, &e.J, &e.K}, matrixParts(&e.M)...)
}
func (e *everything) valid() error { return checkStored(&e.M) }

// withEverything lets files hold it while the test runs.
func withEverything(tb testing.TB) {
	kinds["everything"] = func() stored { return new(everything) }
	tb.Cleanup(func() { delete(kinds, "everything") })
}

func full(tb testing.TB, n int) *everything {
	tb.Helper()
	m, err := NewMatrix(2, 3, []Entry{{0, 2, 1.5}, {0, 0, -1}, {1, 1, 2}})
	if err != nil {
		tb.Fatal(err)
	}
	e := &everything{
		A: -5, B: math.MinInt64, C: math.MaxInt32, D: .1, E: .1, F: true, G: strings.Repeat("name ", n), M: *m,
		H: make([]int32, n), I: make([]int64, n+1), J: make([]float32, n+2), K: make([]float64, n+3),
	}
	for k := range n {
		e.H[k], e.I[k], e.J[k], e.K[k] = int32(-k), int64(k)<<40, float32(k)/3, float64(k)/3
	}
	return e
}

func saved(tb testing.TB, s Scorer) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := Save(&b, s); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestSaveLoad(t *testing.T) {
	withEverything(t)
	// 300,000 entries are more than the buffer, and more than what is allocated unseen: 1 MiB / 4 = 262,144.
	for _, n := range []int{1, 20, 300_000} {
		e := full(t, n)
		file := saved(t, e)
		rest := []byte("what follows")
		readers := map[string]io.Reader{
			"bytes": bytes.NewReader(append(file[:len(file):len(file)], rest...)),
			// a reader that knows no size, and gives what it has in pieces
			"pipe": io.MultiReader(bytes.NewReader(file[:len(file)/2]), bytes.NewReader(file[len(file)/2:]), bytes.NewReader(rest)),
		}
		for name, r := range readers {
			got, err := Load(r)
			if err != nil || !reflect.DeepEqual(got, e) {
				t.Fatalf("%d entries, %s: another model comes back (%v)", n, name, err)
			}
			if after, _ := io.ReadAll(r); !bytes.Equal(after, rest) {
				t.Errorf("%d entries, %s: %q is left of %q", n, name, after, rest)
			}
		}
	}
}

func TestSaveLayout(t *testing.T) {
	got := saved(t, &PopularityModel{Count: []float32{1, 2}})
	// magic; version 1; 10 bytes "popularity"; 1 + 8 + 2*4 = 17 bytes of body: type F, 2 entries, 1 = 0x3f800000, 2 = 0x40000000
	want := "segueCND\x01\x00\x0a\x00popularity\x11\x00\x00\x00\x00\x00\x00\x00F\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x00\x40"
	want += string(binary.LittleEndian.AppendUint32(nil, crc32.Checksum([]byte(want), crc32.MakeTable(crc32.Castagnoli))))
	if string(got) != want {
		t.Errorf("the file is\n%q, want\n%q", got, want)
	}
}

func TestSaveFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "model")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("before"); err != nil {
		t.Fatal(err)
	}
	want := &PopularityModel{Count: []float32{3, 1, 4}}
	if err := Save(f, want); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(int64(len("before")), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	got, err := Load(f)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("from the middle of a file: %v, %v", got, err)
	}
}

// TestLoadDamaged cuts a file off at each byte and changes each byte.
func TestLoadDamaged(t *testing.T) {
	withEverything(t)
	file := saved(t, full(t, 2))
	for n := range file {
		for name, r := range map[string]io.Reader{"bytes": bytes.NewReader(file[:n]), "pipe": io.MultiReader(bytes.NewReader(file[:n]))} {
			if s, err := Load(r); s != nil || !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
				t.Fatalf("%s: cut off after %d bytes: %v, %v", name, n, s, err)
			}
		}
		for _, bit := range []byte{1, 0x80} {
			changed := bytes.Clone(file)
			changed[n] ^= bit
			if s, err := Load(bytes.NewReader(changed)); s != nil || err == nil {
				t.Fatalf("byte %d changed: %v, %v", n, s, err)
			}
		}
	}
	// A body that goes on after its last part, with what would be the checksum if it did not.
	long := saved(t, &PopularityModel{Count: []float32{1}})
	at := bytes.Index(long, []byte("popularity")) + len("popularity")
	binary.LittleEndian.PutUint64(long[at:], binary.LittleEndian.Uint64(long[at:])+4)
	binary.LittleEndian.PutUint32(long[len(long)-4:], crc32.Checksum(long[:len(long)-4], crc32.MakeTable(crc32.Castagnoli)))
	if s, err := Load(bytes.NewReader(long)); s != nil || !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "4 bytes follow") {
		t.Errorf("a body of more than its parts: %v, %v", s, err)
	}
	if _, err := Load(strings.NewReader("segueLRN and so on")); !errors.Is(err, ErrForeign) {
		t.Errorf("another file gives %v, want ErrForeign", err)
	}
	if _, err := Load(io.MultiReader(bytes.NewReader(file[:40]), failing{})); !errors.Is(err, errDisk) {
		t.Errorf("a failing reader gives %v, want its error", err)
	}
}

var errDisk = errors.New("the disk failed")

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, errDisk }
func (failing) Write([]byte) (int, error) { return 0, errDisk }

func TestSaveErrors(t *testing.T) {
	if err := Save(failing{}, &PopularityModel{}); !errors.Is(err, errDisk) {
		t.Errorf("a failing writer gives %v, want its error", err)
	}
	if err := Save(io.Discard, notKept{}); err == nil || !strings.Contains(err.Error(), "notKept") {
		t.Errorf("a model without a kind gives %v", err)
	}
	file := saved(t, &PopularityModel{Count: []float32{1}})
	at := bytes.Index(file, []byte("popularity"))
	copy(file[at:], "popularitx")
	if _, err := Load(bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), `"popularitx"`) {
		t.Errorf("an unknown kind gives %v", err)
	}
	file[8] = 2
	if _, err := Load(bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("a later version gives %v", err)
	}
}

type notKept struct{ PopularityModel }

func (notKept) Items() int                 { return 0 }
func (notKept) Scores(*History, []float32) {}

// TestLoadClaims gives a file that claims 200 GB and has 100 bytes: no more memory is taken than there are bytes.
func TestLoadClaims(t *testing.T) {
	file := saved(t, &PopularityModel{Count: make([]float32, 10)})
	at := bytes.Index(file, []byte("popularity")) + len("popularity")
	binary.LittleEndian.PutUint64(file[at:], 1+8+200<<30)
	binary.LittleEndian.PutUint64(file[at+9:], 50<<30)
	for name, r := range map[string]io.Reader{"bytes": bytes.NewReader(file), "pipe": io.MultiReader(bytes.NewReader(file))} {
		taken := allocated(func() {
			if _, err := Load(r); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: %v, want ErrDamaged", name, err)
			}
		})
		if taken > 4<<20 {
			t.Errorf("%s: %d bytes were allocated", name, taken)
		}
	}
}

// TestSaveMemory: neither direction copies a large slice.
func TestSaveMemory(t *testing.T) {
	const n = 4 << 20 // float32: 16 MB
	m := &PopularityModel{Count: make([]float32, n)}
	var file bytes.Buffer
	file.Grow(4*n + 1000)
	if taken := allocated(func() { Save(&file, m) }); taken > 1<<20 {
		t.Errorf("%d bytes were allocated to write 16 MB", taken)
	}
	r := bytes.NewReader(file.Bytes())
	if taken := allocated(func() { Load(r) }); taken > 4*n+1<<20 {
		t.Errorf("%d bytes were allocated to read 16 MB", taken)
	}
}

func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestCheckStored(t *testing.T) {
	good := func() *Matrix {
		return &Matrix{Users: 2, Items: 3, Start: []int64{0, 2, 3}, Item: []int32{0, 2, 1}, Value: []float32{1, 2, 3}}
	}
	if err := checkStored(good()); err != nil {
		t.Fatal(err)
	}
	if err := checkStored(&Matrix{Users: 1, Start: []int64{0, 0}}); err != nil {
		t.Errorf("a matrix without entries: %v", err)
	}
	for name, spoil := range map[string]func(*Matrix){
		"users below 0":         func(m *Matrix) { m.Users, m.Start = -1, nil },
		"items below 0":         func(m *Matrix) { m.Items = -1 },
		"too many users":        func(m *Matrix) { m.Users = math.MaxInt },
		"a start too few":       func(m *Matrix) { m.Start = m.Start[:2] },
		"the first start":       func(m *Matrix) { m.Start[0] = 1 },
		"a start beyond":        func(m *Matrix) { m.Start[1] = 100 },
		"a start below 0":       func(m *Matrix) { m.Start[1] = -1 },
		"the last start":        func(m *Matrix) { m.Start[2] = 2 },
		"an item beyond":        func(m *Matrix) { m.Item[1] = 3 },
		"an item below 0":       func(m *Matrix) { m.Item[0] = -1 },
		"items not ascending":   func(m *Matrix) { m.Item[0] = 2 },
		"too few values":        func(m *Matrix) { m.Value = m.Value[:2] },
		"a value that is NaN":   func(m *Matrix) { m.Value[2] = float32(math.NaN()) },
		"a value that is large": func(m *Matrix) { m.Value[2] = float32(math.Inf(1)) },
	} {
		m := good()
		spoil(m)
		if checkStored(m) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzLoad: whatever a file holds, loading it gives an error or a model that scores and explains without a panic. The checksum is put
// right, so that the fuzzer reaches what stands behind it.
func FuzzLoad(f *testing.F) {
	m, err := NewMatrix(4, 4, []Entry{{0, 0, 1}, {0, 1, 1}, {1, 0, 2}, {1, 1, 1}, {1, 2, 1}, {2, 2, 1}, {2, 3, 1}, {3, 3, 1}, {3, 0, -1}})
	if err != nil {
		f.Fatal(err)
	}
	for _, l := range Learners() {
		s, err := l.Fit(context.Background(), m)
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		if Save(&b, s) == nil {
			f.Add(b.Bytes()[:b.Len()-4])
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		file = binary.LittleEndian.AppendUint32(bytes.Clone(file), crc32.Checksum(file, crc32.MakeTable(crc32.Castagnoli)))
		s, err := Load(bytes.NewReader(file))
		if err != nil || s.Items() > 1<<20 {
			return
		}
		n := s.Items()
		out := make([]float32, n)
		for _, h := range []History{{}, {Item: []int32{0, 1, -1, math.MaxInt32, int32(n), 0}}, {Item: []int32{2, 1}, Value: []float32{-1, 3}}} {
			s.Scores(&h, out)
			if e, ok := s.(Explainer); ok {
				for i := range int32(min(n, 100)) {
					if cause, share := e.Because(&h, i); cause >= int32(n) || share < 0 || share > 1 {
						t.Fatalf("item %d because of %d, share %v", i, cause, share)
					}
				}
			}
			if b, ok := s.(BatchScorer); ok {
				b.ScoreBatch([]History{h, {}}, make([]float32, 2*n))
			}
		}
		again, err := Load(bytes.NewReader(saved(t, s)))
		if err != nil || !bytes.Equal(saved(t, again), saved(t, s)) {
			t.Fatalf("a loaded model does not survive another save: %v", err)
		}
	})
}

func BenchmarkSave(b *testing.B) {
	const n = 10_000_000
	m := &PopularityModel{Count: make([]float32, n)}
	var file bytes.Buffer
	file.Grow(4*n + 1000)
	b.Run("save/floats=10000000", func(b *testing.B) {
		b.SetBytes(4 * n)
		for b.Loop() {
			file.Reset()
			if err := Save(&file, m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load/floats=10000000", func(b *testing.B) {
		b.SetBytes(4 * n)
		for b.Loop() {
			if _, err := Load(bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
