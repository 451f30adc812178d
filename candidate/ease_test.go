package candidate

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/internal/numeric"
)

// randomClicks has users who take about a fifth of the items each, some items more often than others.
func randomClicks(t testing.TB, users, items int, values bool) *Matrix {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(users), uint64(items)))
	var entries []Entry
	for u := range users {
		for i := range items {
			if rng.Float64() < .1+.2*float64(i%5)/4 {
				e := Entry{int32(u), int32(i), 1}
				if values {
					e.Value = float32(rng.NormFloat64())
				}
				entries = append(entries, e)
			}
		}
	}
	m, err := NewMatrix(users, items, entries)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// pairs has items of which 2k and 2k+1 are mostly taken together, and an item that nobody takes.
func pairs(t testing.TB, couples int) *Matrix {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	var entries []Entry
	for u := range 300 {
		for c := range couples {
			if rng.Float64() < .2 {
				entries = append(entries, Entry{int32(u), int32(2 * c), 1})
				if rng.Float64() < .8 {
					entries = append(entries, Entry{int32(u), int32(2*c + 1), 1})
				}
			}
		}
	}
	m, err := NewMatrix(300, 2*couples+1, entries)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func scoresOf(s Scorer, h History) []float32 {
	out := slices.Repeat([]float32{99}, s.Items())
	s.Scores(&h, out)
	return out
}

func near(t *testing.T, what string, got, want []float32, by float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(float64(got[i]-want[i])) <= by) {
			t.Fatalf("%s: value %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

func TestEASEByHand(t *testing.T) {
	// Item 0 was taken by 3 users, item 1 by 2, both by 1. Of two items each weight is a ridge regression on the other alone:
	// from 0 to 1 it is 1/(3+2) = .2, from 1 to 0 1/(2+2) = .25. With dropout of a half D is L2 and once more the square: 1/(3+3+2)
	// and 1/(2+2+2).
	m, err := NewMatrix(4, 2, []Entry{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {2, 0, 1}, {3, 1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cfg  EASE
		want []float32
	}{
		{EASE{L2: 2}, []float32{0, .2, .25, 0}},
		{EASE{L2: 2, Dropout: .5}, []float32{0, 1. / 8, 1. / 6, 0}},
	} {
		e, err := FitEASE(t.Context(), m, c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "weights", e.Weight, c.want, 1e-7)
	}
	// A history with both, the second at half its weight and of evidence against: 2 * 0 - .5 * .25 and 2 * .2.
	e, err := FitEASE(t.Context(), m, EASE{L2: 2})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "scores", scoresOf(e, History{Item: []int32{0, 1, 7, -1}, Value: []float32{2, -.5, 1, 1}}), []float32{-.125, .4}, 1e-7)
}

// Each column of the weights is the ridge regression of its item on all others, here solved by itself in float64.
func TestEASEIsRidge(t *testing.T) {
	const n, l2, dropout = 40, 15, .2
	for _, values := range []bool{false, true} {
		m := randomClicks(t, 200, n, values)
		e, err := FitEASE(t.Context(), m, EASE{L2: l2, Dropout: dropout})
		if err != nil {
			t.Fatal(err)
		}
		g := make([]float64, n*n)
		for u := range m.Users {
			item, value := m.Row(u)
			for a, i := range item {
				for b, j := range item {
					g[int(i)*n+int(j)] += float64(value[a]) * float64(value[b])
				}
			}
		}
		for j := range n {
			var a, b []float64
			for i := range n {
				if i == j {
					continue
				}
				for k := range n {
					if k == j {
						continue
					}
					x := g[i*n+k]
					if i == k {
						x += l2 + dropout/(1-dropout)*x
					}
					a = append(a, x)
				}
				b = append(b, g[i*n+j])
			}
			if err := numeric.SolveSPD(n-1, a, b); err != nil {
				t.Fatal(err)
			}
			want := make([]float32, 0, n)
			for _, x := range b {
				want = append(want, float32(x))
			}
			want = slices.Insert(want, j, 0)
			got := make([]float32, n)
			for i := range n {
				got[i] = e.Weight[i*n+j]
			}
			near(t, "column", got, want, 1e-5)
		}
	}
}

func TestEASEFindsThePlanted(t *testing.T) {
	m := pairs(t, 20)
	for _, cfg := range []EASE{{L2: 10}, {L2: 10, Dropout: .3}, {L2: 10, Neighbours: 3}, {L2: 10, Items: 40}} {
		s, err := cfg.Fit(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		for i := range int32(40) {
			scores := scoresOf(s, History{Item: []int32{i}})
			if top := TopK(scores, 1, nil, nil)[0].Item; top != i^1 {
				t.Errorf("%+v: item %d names %d, want %d", cfg, i, top, i^1)
			}
			if scores[40] != 0 {
				t.Errorf("%+v: the item that nobody takes scores %g", cfg, scores[40])
			}
			cause, share := s.(Explainer).Because(&History{Item: []int32{(i + 8) % 40, i, (i + 20) % 40}}, i^1)
			if cause != i || share < .5 || share > 1 {
				t.Errorf("%+v: item %d is named because of %d with a share of %g, want %d", cfg, i^1, cause, share, i)
			}
		}
	}
}

func TestEASEBecause(t *testing.T) {
	// Three items; what they add to item 2: .5, -1, 0.
	e := &EASEModel{N: 3, Weight: []float32{0, 0, .5, 0, 0, -1, 0, 0, 0}}
	for _, c := range []struct {
		h     History
		cause int32
		share float32
	}{
		{History{Item: []int32{0, 1}}, 0, 1},
		// Item 1, passed over, adds 3; it is no cause, but takes its part of the whole: .5*2 of 1 + 3.
		{History{Item: []int32{0, 1, 0}, Value: []float32{1, -3, 1}}, 0, .25},
		{History{Item: []int32{1}, Value: []float32{-3}}, -1, 0},
		// An item taken and then passed over as much.
		{History{Item: []int32{0, 0}, Value: []float32{1, -1}}, -1, 0},
		{History{Item: []int32{9, -4}}, -1, 0},
		{History{}, -1, 0},
	} {
		if cause, share := e.Because(&c.h, 2); cause != c.cause || share != c.share {
			t.Errorf("%v: %d with %g, want %d with %g", c.h, cause, share, c.cause, c.share)
		}
	}
	for _, item := range []int32{-1, 3} {
		if cause, _ := e.Because(&History{Item: []int32{0}}, item); cause != -1 {
			t.Errorf("item %d: because of %d", item, cause)
		}
	}
}

func TestEASELargest(t *testing.T) {
	m := randomClicks(t, 100, 70, true)
	e, err := FitEASE(t.Context(), m, EASE{L2: 20})
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Largest(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	h := m.History(5)
	near(t, "all weights", scoresOf(all, h), scoresOf(e, h), 1e-5)
	few, err := e.Largest(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	kept := few.W.Transpose()
	for j := range 70 {
		item, weight := kept.Row(j)
		if len(item) != 5 {
			t.Fatalf("item %d keeps %d weights, want 5", j, len(item))
		}
		least := math.Inf(1)
		for k, i := range item {
			if weight[k] != e.Weight[int(i)*70+j] {
				t.Errorf("weight %d of item %d changed", i, j)
			}
			least = min(least, math.Abs(float64(weight[k])))
		}
		for i := range int32(70) {
			if !slices.Contains(item, i) && math.Abs(float64(e.Weight[int(i)*70+j])) > least {
				t.Errorf("item %d leaves out weight %d, larger than one it keeps", j, i)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Largest(ctx, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// EASE of a part is EASE of the matrix with that part only.
func TestEASEItems(t *testing.T) {
	m := pairs(t, 6)
	var all, entries []Entry
	for u := range m.Users {
		item, _ := m.Row(u)
		for _, i := range item {
			if i%2 == 0 {
				entries = append(entries, Entry{int32(u), i / 2, 1})
			}
			// The second of a couple by half of the users only, so that the six first are those taken most often.
			if i%2 == 0 || u%2 == 0 {
				all = append(all, Entry{int32(u), i, 1})
			}
		}
	}
	m, err := NewMatrix(m.Users, m.Items, all)
	if err != nil {
		t.Fatal(err)
	}
	s, err := EASE{L2: 10, Items: 6}.Fit(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	part, err := NewMatrix(m.Users, 6, entries)
	if err != nil {
		t.Fatal(err)
	}
	small, err := FitEASE(t.Context(), part, EASE{L2: 10})
	if err != nil {
		t.Fatal(err)
	}
	got, want := scoresOf(s, History{Item: []int32{0, 1, 8}}), scoresOf(small, History{Item: []int32{0, 4}})
	for i, x := range got {
		w := float32(0)
		if i%2 == 0 && i < 12 {
			w = want[i/2]
		}
		if x != w {
			t.Errorf("item %d scores %g, want %g", i, x, w)
		}
	}
}

func TestEASESameBits(t *testing.T) {
	m := randomClicks(t, 150, 500, true)
	one, err := FitEASE(t.Context(), m, EASE{L2: 20, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	three, err := FitEASE(t.Context(), m, EASE{L2: 20, Threads: 3})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(one.Weight, three.Weight) {
		t.Error("three threads give other weights than one")
	}
}

func TestEASERefuses(t *testing.T) {
	m := pairs(t, 3)
	for want, cfg := range map[string]EASE{
		"l2 is -1":         {L2: -1},
		"l2 is NaN":        {L2: math.NaN()},
		"dropout is 1":     {Dropout: 1},
		"dropout is -0.1":  {Dropout: -.1},
		"-1 items":         {Items: -1},
		"-1 neighbours":    {Neighbours: -1},
		"set items to 5 ":  {MemoryGB: 100e-9}, // 100 bytes are 25 weights: 5 x 5
		"-3 GB":            {MemoryGB: -3},
		"7 items take 0.0": {MemoryGB: 100e-9},
	} {
		if _, err := cfg.Fit(t.Context(), m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", cfg, err, want)
		}
	}
	if _, err := (EASE{}).Fit(t.Context(), &Matrix{Start: []int64{0}}); !errors.Is(err, ErrEmpty) {
		t.Errorf("nothing to learn from: %v", err)
	}
	// A ridge of less than float32 tells beside counts of a million is none: item 1 is taken whenever item 0 is.
	same, err := NewMatrix(1, 2, []Entry{{0, 0, 1000}, {0, 1, 1000}})
	if err != nil {
		t.Fatal(err)
	}
	var not *numeric.NotPositiveDefiniteError
	if _, err := (EASE{L2: 1e-3}).Fit(t.Context(), same); !errors.As(err, &not) || not.Pivot != 1 {
		t.Errorf("a singular matrix: %v", err)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for _, l := range []Learner{EASE{}, SLIM{}} {
		if s, err := l.Fit(ctx, m); s != nil || !errors.Is(err, cause) {
			t.Errorf("%s, cancelled: %v, %v", l.Kind(), s, err)
		}
	}
}

func TestEASESaves(t *testing.T) {
	m := randomClicks(t, 50, 30, false)
	for _, l := range []Learner{EASE{L2: 20}, EASE{L2: 20, Neighbours: 4}, SLIM{L1: 1, L2: 5}} {
		s, err := l.Fit(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := Save(&file, s); err != nil {
			t.Fatal(err)
		}
		got, err := Load(&file)
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%T: another model comes back (%v)", s, err)
		}
	}
	nan := float32(math.NaN())
	for name, s := range map[string]stored{
		"size":      &EASEModel{N: 2, Weight: make([]float32, 3)},
		"negative":  &EASEModel{N: -2, Weight: make([]float32, 4)},
		"overflow":  &EASEModel{N: 1 << 32},
		"NaN":       &EASEModel{N: 1, Weight: []float32{nan}},
		"sides":     &ItemWeights{Matrix{Users: 1, Items: 2, Start: []int64{0, 0}}},
		"no values": &ItemWeights{Matrix{Users: 1, Items: 1, Start: []int64{0, 1}, Item: []int32{0}}},
		"beyond":    &ItemWeights{Matrix{Users: 1, Items: 1, Start: []int64{0, 1}, Item: []int32{1}, Value: []float32{1}}},
	} {
		if s.valid() == nil {
			t.Errorf("%s: a broken model is valid", name)
		}
	}
}

func BenchmarkEASEScores(b *testing.B) {
	const n = 10000
	e := &EASEModel{N: n, Weight: make([]float32, n*n)}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range e.Weight {
		e.Weight[i] = rng.Float32()
	}
	var h History
	for range 50 {
		h.Item = append(h.Item, rng.Int32N(n))
	}
	out := make([]float32, n)
	b.Run("items=10000/history=50", func(b *testing.B) {
		for b.Loop() {
			e.Scores(&h, out)
		}
	})
}
