package candidate

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestSLIMByHand(t *testing.T) {
	// Item 0 was taken by 4 users, item 1 by 3, both by 3. Of two items each weight is (3 - L1) / (square + L2): from 0 to 1 it is (3-1)/(4+4) = .25, from
	// 1 to 0 2/(3+4). With an L1 of 3 there is none.
	m, err := NewMatrix(4, 2, []Entry{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}, {2, 0, 1}, {2, 1, 1}, {3, 0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := FitSLIM(t.Context(), m, SLIM{L1: 1, L2: 4})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "from 0", scoresOf(w, History{Item: []int32{0}}), []float32{0, .25}, 1e-7)
	near(t, "from 1", scoresOf(w, History{Item: []int32{1, 5, -1}, Value: []float32{-7, 1, 1}}), []float32{-2, 0}, 1e-6)
	if w, err = FitSLIM(t.Context(), m, SLIM{L1: 3, L2: 4}); err != nil || len(w.W.Item) != 0 {
		t.Errorf("l1 of 3: %d weights, %v", len(w.W.Item), err)
	}
	// Item 1 against item 0: the product is -3, so (-3 + 1)/(4 + 4), and only if weights may be below 0.
	for k := range m.Item {
		if m.Item[k] == 1 {
			m.Value[k] = -1
		}
	}
	for signed, want := range map[bool]float32{true: -.25, false: 0} {
		w, err := FitSLIM(t.Context(), m, SLIM{L1: 1, L2: 4, Signed: signed})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "against", scoresOf(w, History{Item: []int32{0}}), []float32{0, want}, 1e-7)
	}
}

// Whatever the way, the solution is where no weight can move: with the gradient r_i = (X'(x_j - X w))_i,
// r_i - L2 w_i = L1 where w_i > 0, -L1 where w_i < 0, and r_i <= L1 (and >= -L1 if signed) where w_i = 0.
func TestSLIMSolves(t *testing.T) {
	const n, l1, l2 = 60, 1.5, 3
	for _, values := range []bool{false, true} {
		m := randomClicks(t, 150, n, values)
		for _, signed := range []bool{false, true} {
			model, err := FitSLIM(t.Context(), m, SLIM{L1: l1, L2: l2, Signed: signed, Neighbours: -1, Sweeps: 10000, Tolerance: 1e-9})
			if err != nil {
				t.Fatal(err)
			}
			w := make([]float64, n*n)
			for i := range n {
				item, weight := model.W.Row(i)
				for k, j := range item {
					w[i*n+int(j)] = float64(weight[k])
				}
			}
			r := make([]float64, n*n)
			for u := range m.Users {
				x := make([]float64, n)
				item, value := m.Row(u)
				for k, i := range item {
					x[i] = float64(value[k])
				}
				for j := range n {
					missing := x[j]
					for _, i := range item {
						missing -= x[i] * w[int(i)*n+j]
					}
					for _, i := range item {
						r[int(i)*n+j] += x[i] * missing
					}
				}
			}
			above, below := 0, 0
			for i := range n {
				for j := range n {
					w, r := w[i*n+j], r[i*n+j]
					off := 0.0
					switch {
					case i == j:
						off = math.Abs(w)
					case w > 0:
						off = math.Abs(r - l2*w - l1)
						above++
					case w < 0:
						off = math.Abs(r - l2*w + l1)
						below++
					case signed:
						off = max(0, math.Abs(r)-l1)
					default:
						off = max(0, r-l1)
					}
					// Weights are kept in float32, so that the gradient is off by some 150 * 6e-8 * w.
					if off > 1e-4 {
						t.Fatalf("values %v signed %v: weight %d %d is %g at a gradient of %g", values, signed, i, j, w, r)
					}
				}
			}
			if above == 0 || signed != (below > 0) {
				t.Errorf("signed %v: %d weights above 0 and %d below", signed, above, below)
			}
		}
	}
}

func TestSLIMFindsThePlanted(t *testing.T) {
	m := pairs(t, 20)
	for _, cfg := range []SLIM{{L2: 10}, {L2: 10, Signed: true}, {L2: 10, Neighbours: 1}, {L2: 10, Items: 40}} {
		s, err := cfg.Fit(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		for i := range int32(40) {
			if top := TopK(scoresOf(s, History{Item: []int32{i}}), 1, nil, nil)[0].Item; top != i^1 {
				t.Errorf("%+v: item %d names %d, want %d", cfg, i, top, i^1)
			}
			if cause, share := s.(Explainer).Because(&History{Item: []int32{i, (i + 8) % 40}}, i^1); cause != i || share < .5 || share > 1 {
				t.Errorf("%+v: item %d is named because of %d with a share of %g, want %d", cfg, i^1, cause, share, i)
			}
		}
	}
}

func TestSLIMNeighbours(t *testing.T) {
	m := randomClicks(t, 100, 50, false)
	all, err := FitSLIM(t.Context(), m, SLIM{L2: 5, Neighbours: -1})
	if err != nil {
		t.Fatal(err)
	}
	few, err := FitSLIM(t.Context(), m, SLIM{L2: 5, Neighbours: 3})
	if err != nil {
		t.Fatal(err)
	}
	a, f := all.W.Transpose(), few.W.Transpose()
	for j := range 50 {
		item, weight := a.Row(j)
		w := make([]weighted, len(item))
		for k := range item {
			w[k] = weighted{item[k], weight[k]}
		}
		var got []weighted
		item, weight = f.Row(j)
		for k := range item {
			got = append(got, weighted{item[k], weight[k]})
		}
		if want := keepLargest(w, 3); !reflect.DeepEqual(got, want) || len(got) > 3 {
			t.Errorf("item %d: %v, want %v", j, got, want)
		}
	}
}

func TestKeepLargest(t *testing.T) {
	w := []weighted{{0, 1}, {1, -3}, {2, 2}, {3, -2}, {4, 2}}
	// In size 3, then 2 of the items 2, 3 and 4; the lower ones come first.
	if got, want := keepLargest(w, 3), []weighted{{1, -3}, {2, 2}, {3, -2}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSLIMSameBits(t *testing.T) {
	m := randomClicks(t, 150, 80, true)
	fit := func(threads int) *ItemWeights {
		w, err := FitSLIM(t.Context(), m, SLIM{L2: 5, Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	if !reflect.DeepEqual(fit(1), fit(3)) {
		t.Error("three threads give other weights than one")
	}
}

func TestSLIMStops(t *testing.T) {
	m := pairs(t, 40)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	last := 0
	_, err := FitSLIM(ctx, m, SLIM{Progress: func(done, total int) {
		if done != last+1 || total != 81 {
			t.Errorf("progress says %d of %d after %d, want 81 in all", done, total, last)
		}
		if last = done; done == 5 {
			cancel(cause)
		}
	}})
	// The other threads finish the item that they are at.
	if !errors.Is(err, cause) || last == 81 {
		t.Errorf("after %d items: %v", last, err)
	}
	for want, cfg := range map[string]SLIM{
		"l1 is -1":     {L1: -1},
		"l2 NaN":       {L2: math.NaN()},
		"-2 sweeps":    {Sweeps: -2},
		"-1 items":     {Items: -1},
		"set items to": {MemoryGB: 1e-9},
	} {
		if _, err := cfg.Fit(t.Context(), m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", cfg, err, want)
		}
	}
}
