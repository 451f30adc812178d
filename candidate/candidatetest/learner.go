// The suite of item-side methods: what the contract of package candidate says of Learner, Scorer, Explainer, BatchScorer and files,
// and a planted answer that a method which learns anything finds.

package candidatetest

import (
	"bytes"
	"context"
	"math"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/seguefeed/segue/candidate"
)

// Run holds a method to the contract and to the planted answer. learner gives it with settings fit for 120 users and 40 items, the same
// each time.
func Run(t *testing.T, name string, learner func(tb testing.TB) candidate.Learner) {
	t.Helper()
	RunBaseline(t, name, learner)
	t.Run(name, func(t *testing.T) {
		t.Run("nothing to go by", func(t *testing.T) { nothing(t, learner(t)) })
		t.Run("planted", func(t *testing.T) { finds(t, learner(t)) })
		t.Run("evidence against", func(t *testing.T) { against(t, learner(t)) })
	})
}

// RunBaseline holds a method to the contract alone: for those that need not know who asks.
func RunBaseline(t *testing.T, name string, learner func(tb testing.TB) candidate.Learner) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Run("settings", func(t *testing.T) { settings(t, name, learner(t)) })
		t.Run("empty", func(t *testing.T) { empty(t, learner(t)) })
		t.Run("broken matrix", func(t *testing.T) { broken(t, learner(t)) })
		t.Run("cancelled", func(t *testing.T) { cancelled(t, learner(t)) })
		t.Run("same again", func(t *testing.T) { same(t, learner) })
		t.Run("few", func(t *testing.T) { few(t, learner(t)) })
		for _, data := range []struct {
			name string
			m    *candidate.Matrix
		}{{"binary", Planted(t)}, {"signed", signed(t)}} {
			s := fit(t, learner(t), data.m)
			t.Run(data.name, func(t *testing.T) {
				t.Run("scores", func(t *testing.T) { scores(t, s) })
				t.Run("concurrent", func(t *testing.T) { concurrent(t, s) })
				t.Run("because", func(t *testing.T) { because(t, s) })
				t.Run("batch", func(t *testing.T) { batch(t, s) })
				t.Run("saved", func(t *testing.T) { saved(t, s) })
				t.Run("best", func(t *testing.T) { bestOf(t, s) })
			})
		}
		RunGenerator(t, "as a generator", func(tb testing.TB) candidate.Generator {
			return candidate.FromScorer(name, fit(tb, learner(tb), Planted(tb)))
		}, planted, candidate.Query{History: newcomer(0, 1)}, candidate.Query{History: newcomer(1, 2)})
	})
}

func fit(tb testing.TB, l candidate.Learner, m *candidate.Matrix) candidate.Scorer {
	tb.Helper()
	s, err := l.Fit(context.Background(), m)
	if err != nil {
		tb.Fatal(err)
	}
	if s.Items() != m.Items {
		tb.Fatalf("the model knows %d items of a matrix of %d", s.Items(), m.Items)
	}
	return s
}

// row is the scores for h, and fails where one is not written, the history is changed, or a plain history gives what is no number.
func row(tb testing.TB, s candidate.Scorer, h candidate.History) []float32 {
	tb.Helper()
	item, value := slices.Clone(h.Item), slices.Clone(h.Value)
	a, b := make([]float32, s.Items()), make([]float32, s.Items())
	for i := range a {
		a[i], b[i] = 12345, -54321
	}
	s.Scores(&h, a)
	s.Scores(&h, b)
	if !sameBits(a, b) {
		tb.Fatal("scores depend on what the row held before, or differ from one call to the next")
	}
	for i, v := range a {
		if v-v != 0 && plain(&h) {
			tb.Fatalf("item %d has score %v", i, v)
		}
	}
	if !slices.Equal(item, h.Item) || !sameBits(value, h.Value) {
		tb.Fatal("the history was changed")
	}
	return a
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

func scores(t *testing.T, s candidate.Scorer) {
	none := row(t, s, candidate.History{})
	for _, h := range histories(s.Items()) {
		t.Run(h.name, func(t *testing.T) {
			got := row(t, s, h.History)
			var known candidate.History
			for k, i := range h.Item {
				if i < 0 || int(i) >= s.Items() {
					continue
				}
				known.Item = append(known.Item, i)
				if h.Value != nil {
					known.Value = append(known.Value, h.Value[k])
				}
			}
			if !sameBits(got, row(t, s, known)) {
				t.Error("unknown items change the scores")
			}
			if len(known.Item) == 0 && !sameBits(got, none) {
				t.Error("scores differ from those of no history")
			}
		})
	}
}

func concurrent(t *testing.T, s candidate.Scorer) {
	all := histories(s.Items())
	want := make([][]float32, len(all))
	for k, h := range all {
		want[k] = row(t, s, h.History)
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			out := make([]float32, s.Items())
			for round := range 3 * len(all) {
				k := (round + 5*worker) % len(all)
				h := all[k].History
				s.Scores(&h, out)
				if e, ok := s.(candidate.Explainer); ok {
					e.Because(&h, int32(round%s.Items()))
				}
				if !sameBits(out, want[k]) {
					t.Errorf("scores of %s differ when many ask at a time", all[k].name)
				}
			}
		})
	}
	wg.Wait()
}

// because checks the claim of a reason: without the cause the item would have scored less.
func because(t *testing.T, s candidate.Scorer) {
	e, ok := s.(candidate.Explainer)
	if !ok {
		t.Skip("it gives no causes")
	}
	found := 0
	for _, h := range histories(s.Items()) {
		score := row(t, s, h.History)
		for item := range int32(s.Items()) {
			cause, share := e.Because(&h.History, item)
			if cause == -1 {
				if share != 0 {
					t.Fatalf("%s: item %d has no cause, with a share of %v", h.name, item, share)
				}
				continue
			}
			if !slices.Contains(h.Item, cause) || cause < 0 || int(cause) >= s.Items() || !(share > 0 && share <= 1) {
				t.Fatalf("%s: item %d because of %d with a share of %v", h.name, item, cause, share)
			}
			if !plain(&h.History) {
				continue
			}
			found++
			if less := row(t, s, without(h.History, cause))[item]; less >= score[item] {
				t.Fatalf("%s: item %d scores %v because of %d (share %v), and %v without it", h.name, item, score[item], cause, share, less)
			}
		}
	}
	if found == 0 {
		t.Error("no item of any history had a cause")
	}
}

func without(h candidate.History, item int32) candidate.History {
	var w candidate.History
	for k, i := range h.Item {
		if i == item {
			continue
		}
		w.Item = append(w.Item, i)
		if h.Value != nil {
			w.Value = append(w.Value, h.Value[k])
		}
	}
	return w
}

func batch(t *testing.T, s candidate.Scorer) {
	b, ok := s.(candidate.BatchScorer)
	if !ok {
		t.Skip("it scores one by one")
	}
	var hs []candidate.History
	for _, h := range histories(s.Items()) {
		if plain(&h.History) {
			hs = append(hs, h.History)
		}
	}
	for _, n := range []int{0, 1, len(hs), 5 * len(hs)} {
		var some []candidate.History
		for k := range n {
			some = append(some, hs[k%len(hs)])
		}
		out := make([]float32, n*s.Items())
		for i := range out {
			out[i] = 12345
		}
		b.ScoreBatch(some, out)
		for k := range some {
			want, got := row(t, s, some[k]), out[k*s.Items():(k+1)*s.Items()]
			var largest float64
			for _, v := range want {
				largest = max(largest, math.Abs(float64(v)))
			}
			for i := range want {
				if !(math.Abs(float64(got[i]-want[i])) <= 1e-4*largest) {
					t.Fatalf("of %d together, history %d: item %d scores %v, %v alone", n, k, i, got[i], want[i])
				}
			}
		}
	}
}

func saved(t *testing.T, s candidate.Scorer) {
	var file, again bytes.Buffer
	if err := candidate.Save(&file, s); err != nil {
		t.Fatal(err)
	}
	if err := candidate.Save(&again, s); err != nil || !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Errorf("saved again: other bytes (%v)", err)
	}
	loaded, err := candidate.Load(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if reflect.TypeOf(loaded) != reflect.TypeOf(s) {
		t.Fatalf("a %T comes back of a %T", loaded, s)
	}
	for _, h := range histories(s.Items()) {
		if !sameBits(row(t, s, h.History), row(t, loaded, h.History)) {
			t.Errorf("%s: other scores after loading", h.name)
		}
		e, ok := s.(candidate.Explainer)
		if !ok {
			continue
		}
		for item := range int32(s.Items()) {
			cause, share := e.Because(&h.History, item)
			if c, p := loaded.(candidate.Explainer).Because(&h.History, item); c != cause || p != share {
				t.Errorf("%s: item %d because of %d (%v) after loading, of %d (%v) before", h.name, item, c, p, cause, share)
			}
		}
	}
}

// bestOf holds the candidates of a Scorer against a plain sort of its scores.
func bestOf(t *testing.T, s candidate.Scorer) {
	g := candidate.FromScorer("x", s)
	for _, h := range histories(s.Items()) {
		if !plain(&h.History) {
			continue
		}
		score := row(t, s, h.History)
		skip := func(i int32) bool { return i%5 == 3 }
		var want []int32
		for i := range int32(s.Items()) {
			if score[i] > 0 && !skip(i) && !slices.Contains(h.Item, i) {
				want = append(want, i)
			}
		}
		slices.SortStableFunc(want, func(a, b int32) int {
			switch {
			case score[a] > score[b]:
				return -1
			case score[a] < score[b]:
				return 1
			}
			return 0
		})
		for _, k := range []int{1, 7, s.Items(), 10 * s.Items()} {
			var got []int32
			for _, c := range g.Candidates(&candidate.Query{History: h.History, Skip: skip}, k, nil) {
				got = append(got, c.Item)
				if c.Score != score[c.Item] {
					t.Errorf("%s: candidate %d has score %v, want %v", h.name, c.Item, c.Score, score[c.Item])
				}
			}
			if !slices.Equal(got, want[:min(k, len(want))]) {
				t.Errorf("%s, the best %d: %v, want %v", h.name, k, got, want[:min(k, len(want))])
			}
		}
	}
}

func nothing(t *testing.T, l candidate.Learner) {
	s := fit(t, l, Planted(t))
	for i, v := range row(t, s, candidate.History{}) {
		if v != 0 {
			t.Fatalf("item %d scores %v for a user without history; want 0, since nothing speaks for it", i, v)
		}
	}
}

// finds: newcomers with five items of one community get its other fifteen ranked above the other community's twenty. Of all such pairs of
// items nineteen in twenty must stand in that order.
func finds(t *testing.T, l candidate.Learner) {
	s := fit(t, l, Planted(t))
	for community := range 2 {
		var right, pairs float64
		for seed := range 20 {
			h := newcomer(community, seed)
			score := row(t, s, h)
			for own := community * blockItems; own < (community+1)*blockItems; own++ {
				if slices.Contains(h.Item, int32(own)) {
					continue
				}
				for other := (1 - community) * blockItems; other < (2-community)*blockItems; other++ {
					pairs++
					if score[own] > score[other] {
						right++
					}
				}
			}
		}
		if right < .95*pairs {
			t.Errorf("community %d: %.3f of the pairs of an item of her own community and one of the other are in this order; .95 is expected", community, right/pairs)
		}
	}
}

// against: evidence against an item never raises the item that the same users take, and lowers it on the whole.
func against(t *testing.T, l candidate.Learner) {
	s := fit(t, l, Planted(t))
	for _, weight := range []float32{-.1, -.5, -1} {
		var before, after float64
		for seed := range 20 {
			h := newcomer(0, seed)
			was := row(t, s, h)[TwinB]
			item := append(slices.Clone(h.Item), TwinA)
			value := []float32{1, 1, 1, 1, 1, weight}
			is := row(t, s, candidate.History{Item: item, Value: value})[TwinB]
			// A millionth for rounding where a model solves for the user.
			if is > was+1e-6*float32(math.Abs(float64(was))) {
				t.Errorf("%v on item %d raises item %d from %v to %v", weight, TwinA, TwinB, was, is)
			}
			before, after = before+float64(was), after+float64(is)
		}
		if after >= before {
			t.Errorf("%v on item %d leaves item %d at %v, %v without", weight, TwinA, TwinB, after/20, before/20)
		}
	}
}
