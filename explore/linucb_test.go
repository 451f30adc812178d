package explore

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func newLinUCB(tb testing.TB, c LinUCBConfig) *LinUCB {
	tb.Helper()
	l, err := NewLinUCB(c)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func observe(tb testing.TB, l *LinUCB, x []float32, clicked bool, examined float64) {
	tb.Helper()
	if err := l.Observe(x, clicked, examined); err != nil {
		tb.Fatal(err)
	}
}

func TestLinUCBByHand(t *testing.T) {
	l := newLinUCB(t, LinUCBConfig{Context: 2, Alpha: 1, Ridge: 1, Spread: .3})
	// Nothing is known: A is the identity, bounds are the contexts' lengths: 1, sqrt 2, 1. The second has .7, and all have .1.
	pool := &Pool{Items: []int32{5, 6, 7}, X: []float32{1, 0, 1, 1, 0, 1}}
	if diff := cmp.Diff([]float64{.1, .8, .1}, chancesOf(l, pool), closely); diff != "" {
		t.Error(diff)
	}
	// Three shows of (1, 0) in full view, one clicked: A = [4 0; 0 1], b = (1, 0), theta = (1/4, 0).
	for k := range 3 {
		observe(t, l, []float32{1, 0}, k == 0, 1)
	}
	if diff := cmp.Diff([]float64{.25, 0}, l.Theta(), closely); diff != "" {
		t.Error(diff)
	}
	// Bounds: 1/4 + 1/2; 1/4 + sqrt(1/4 + 1) = 1.37; 0 + 1.
	if got := l.bound([]float32{1, 1}); math.Abs(got-(.25+math.Sqrt(1.25))) > 1e-12 {
		t.Errorf("the bound is %v", got)
	}
	// One show of (0, 2) that is looked at by half, and clicked: the row is (0, 1), A = [4 0; 0 2], b = (1, 1), theta = (1/4, 1/2).
	observe(t, l, []float32{0, 2}, true, .5)
	if diff := cmp.Diff([]float64{.25, .5}, l.Theta(), closely); diff != "" {
		t.Error(diff)
	}
	// After a clicked (1, 1), A = [2 1; 1 2] and its inverse [2 -1; -1 2]/3: theta = (1/3, 1/3), and (1, 2) has 1 + sqrt((2 - 4 + 8)/3) = 1 + sqrt 2.
	both := newLinUCB(t, LinUCBConfig{Context: 2, Alpha: 1, Ridge: 1})
	observe(t, both, []float32{1, 1}, true, 1)
	if got := both.bound([]float32{1, 2}); math.Abs(got-(1+math.Sqrt2)) > 1e-12 {
		t.Errorf("the bound is %v; want %v", got, 1+math.Sqrt2)
	}
	if got := chancesOf(l, &Pool{Items: []int32{5}}); got[0] != 0 {
		t.Errorf("a card without a context has chance %v", got)
	}
}

// planted contexts and clicks of a known linear model.
func planted(r *rand.Rand, theta []float64) (x []float32, clicked bool, examined float64) {
	x = make([]float32, len(theta))
	x[0] = 1
	examined = .25 + .75*r.Float64()
	chance := theta[0]
	for k := 1; k < len(theta); k++ {
		x[k] = r.Float32()
		chance += theta[k] * float64(x[k])
	}
	return x, r.Float64() < examined*chance, examined
}

// TestLinUCBRecovers: the planted weights, and an inverse that stays one over many updates, some of them computed anew.
func TestLinUCBRecovers(t *testing.T) {
	theta := []float64{.05, .2, .1, 0, -.04}
	l := newLinUCB(t, LinUCBConfig{Context: len(theta)})
	r := rand.New(rand.NewPCG(7, 8))
	const n = 60_000
	for range n {
		x, clicked, examined := planted(r, theta)
		observe(t, l, x, clicked, examined)
	}
	d := len(theta)
	for i, want := range theta {
		// A click's variance is at most .3*.7 = .21: four standard errors by the inverse of the design matrix.
		if got := l.Theta()[i]; math.Abs(got-want) > 4*math.Sqrt(.21*l.inverse[i*d+i]) {
			t.Errorf("weight %d is %.4f; %.4f was planted", i, got, want)
		}
	}
	if l.Seen() != n || l.since != n%refreshed {
		t.Errorf("%d were seen, %d since the inverse was computed", l.Seen(), l.since)
	}
	for i := range d {
		for j := range d {
			sum, want := 0.0, 0.0
			if i == j {
				want = 1
			}
			for k := range d {
				a := l.design[i*d+k]
				if i == k {
					a += l.c.Ridge
				}
				sum += a * l.inverse[k*d+j]
			}
			if math.Abs(sum-want) > 1e-8 {
				t.Errorf("entry %d, %d of A times its inverse is %v", i, j, sum)
			}
		}
	}
}

// TestLinUCBLearnsWhatIsBest: of two cards the one that is clicked more is chosen in the end, whichever is first.
func TestLinUCBLearnsWhatIsBest(t *testing.T) {
	l := newLinUCB(t, LinUCBConfig{Context: 2})
	r := rand.New(rand.NewPCG(9, 1))
	pool := &Pool{Items: []int32{0, 1}, X: []float32{1, 0, 1, 1}}
	for range 3000 {
		k := draw(chancesOf(l, pool), r.Float64())
		observe(t, l, pool.X[2*k:2*k+2], r.Float64() < []float64{.1, .05}[k], 1)
	}
	if diff := cmp.Diff([]float64{.9, .1}, chancesOf(l, pool), closely); diff != "" {
		t.Error(diff)
	}
}

func TestObserveRefuses(t *testing.T) {
	l := newLinUCB(t, LinUCBConfig{Context: 2})
	nan := float32(math.NaN())
	for _, c := range []struct {
		x        []float32
		examined float64
	}{{[]float32{1}, 1}, {[]float32{1, nan}, 1}, {[]float32{1, 1e7}, 1}, {[]float32{1, 1}, 0}, {[]float32{1, 1}, 1.1}, {[]float32{1, 1}, math.NaN()}} {
		if err := l.Observe(c.x, true, c.examined); err == nil {
			t.Errorf("%v looked at with %v: no error", c.x, c.examined)
		}
	}
	if l.Seen() != 0 || l.Theta()[0] != 0 {
		t.Error("what was refused was learned from")
	}
}

func TestLinUCBAtOnce(t *testing.T) {
	l := newLinUCB(t, LinUCBConfig{Context: 2})
	pool := &Pool{Items: []int32{0, 1}, X: []float32{1, 0, 1, 1}}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for k := range 500 {
				if err := l.Observe([]float32{1, float32(k % 2)}, k%3 == 0, 1); err != nil {
					t.Error(err)
				}
				if c := chancesOf(l, pool); math.Abs(c[0]+c[1]-1) > 1e-12 {
					t.Errorf("chances are %v", c)
				}
				if g == 0 && k%100 == 0 {
					if err := newLinUCB(t, LinUCBConfig{Context: 2}).Load(l.Save(nil), nil); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if l.Seen() != 2000 {
		t.Errorf("%d observations; want 2000", l.Seen())
	}
}

var columns3 = []string{"one", "age", "taste"}

func learnedState(tb testing.TB) *LinUCB {
	l := newLinUCB(tb, LinUCBConfig{Context: 3})
	r := rand.New(rand.NewPCG(2, 3))
	for range 200 {
		x, clicked, examined := planted(r, []float64{.1, .2, .3})
		observe(tb, l, x, clicked, examined)
	}
	return l
}

func TestLinUCBState(t *testing.T) {
	l := learnedState(t)
	b := l.Save(columns3)
	read := newLinUCB(t, LinUCBConfig{Context: 3})
	if err := read.Load(b, columns3); err != nil {
		t.Fatal(err)
	}
	if read.Seen() != 200 {
		t.Errorf("%d observations; want 200", read.Seen())
	}
	if diff := cmp.Diff(l.Theta(), read.Theta(), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("weights (-saved +loaded):\n%s", diff)
	}
	if diff := cmp.Diff(b, read.Save(columns3)); diff != "" {
		t.Errorf("saved again (-first +second):\n%s", diff)
	}
	other := newLinUCB(t, LinUCBConfig{Context: 2})
	for name, err := range map[string]error{
		"nothing":          read.Load(nil, columns3),
		"cut off":          read.Load(b[:len(b)-1], columns3),
		"one byte changed": read.Load(append(append([]byte(nil), b[:40]...), append([]byte{b[40] ^ 1}, b[41:]...)...), columns3),
		"more behind":      read.Load(append(append([]byte(nil), b...), 0), columns3),
		"other columns":    read.Load(b, []string{"one", "age", "tastes"}),
		"names run on":     read.Load(b, []string{"onea", "ge", "taste"}),
		"another length":   other.Load(b, columns3),
	} {
		if !errors.Is(err, ErrState) {
			t.Errorf("%s gives %v", name, err)
		}
	}
	if diff := cmp.Diff(b, read.Save(columns3)); diff != "" {
		t.Errorf("what was refused changed it (-before +after):\n%s", diff)
	}
}

// FuzzLoad: whatever the bytes, also with a right checksum, loading fails with ErrState or leaves a policy that chooses and learns.
func FuzzLoad(f *testing.F) {
	f.Add(learnedState(f).Save(columns3))
	f.Add(newLinUCB(f, LinUCBConfig{Context: 3}).Save(columns3))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, sealed(b)} {
			l := newLinUCB(t, LinUCBConfig{Context: 3})
			if err := l.Load(b, columns3); err != nil {
				if !errors.Is(err, ErrState) {
					t.Fatal(err)
				}
				continue
			}
			observe(t, l, []float32{1, 2, 3}, true, .5)
			c := chancesOf(l, &Pool{Items: []int32{1, 2}, X: []float32{1, 0, 0, 1, 1, 1}})
			if !(math.Abs(c[0]+c[1]-1) < 1e-9) {
				t.Fatalf("chances are %v", c)
			}
		}
	})
}

func BenchmarkLinUCB(b *testing.B) {
	const d, n = 12, 16
	l := newLinUCB(b, LinUCBConfig{Context: d})
	r := rand.New(rand.NewPCG(4, 4))
	pool, out := poolOf(n), make([]float64, n)
	for range d * n {
		pool.X = append(pool.X, r.Float32())
	}
	b.Run("choose/pool=16/context=12", func(b *testing.B) {
		for b.Loop() {
			l.Chances(pool, out)
		}
	})
	b.Run("observe/context=12", func(b *testing.B) {
		for b.Loop() {
			if err := l.Observe(pool.X[:d], true, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// sealed is b with the checksum of what it holds, so that what lies behind it is reached.
func sealed(b []byte) []byte {
	if len(b) < 4 {
		return b
	}
	b = append([]byte(nil), b[:len(b)-4]...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}
