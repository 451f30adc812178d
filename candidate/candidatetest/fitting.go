// What is asked of a method while it is fitted: settings, bad and little data, cancellation, and the same model whatever the threads.

package candidatetest

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/seguefeed/segue/candidate"
)

func settings(t *testing.T, name string, l candidate.Learner) {
	if l.Kind() != name {
		t.Errorf("its kind is %q, want %q", l.Kind(), name)
	}
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	typ := reflect.TypeOf(l)
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	got, want := reflect.New(typ), reflect.ValueOf(l)
	if want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	if err := json.Unmarshal(text, got.Interface()); err != nil || !reflect.DeepEqual(got.Elem().Interface(), want.Interface()) {
		t.Errorf("through JSON, %s, come back %+v (%v)", text, got.Elem(), err)
	}
}

func empty(t *testing.T, l candidate.Learner) {
	for name, m := range map[string]*candidate.Matrix{
		"nil":                {},
		"no users, no items": {Start: []int64{0}},
		"no values":          {Users: 3, Items: 4, Start: make([]int64, 4)},
	} {
		if s, err := l.Fit(context.Background(), m); s != nil || !errors.Is(err, candidate.ErrEmpty) {
			t.Errorf("%s: %v, %v; want ErrEmpty", name, s, err)
		}
	}
	if s, err := l.Fit(context.Background(), nil); s != nil || !errors.Is(err, candidate.ErrEmpty) {
		t.Errorf("no matrix: %v, %v; want ErrEmpty", s, err)
	}
	// What speaks against items only may be learned from or not.
	m := matrix(t, 3, 4, []candidate.Entry{{User: 0, Item: 1, Value: -1}, {User: 2, Item: 3, Value: -.5}})
	if s, err := l.Fit(context.Background(), m); err == nil {
		row(t, s, candidate.History{Item: []int32{1, 2}})
	}
}

func broken(t *testing.T, l candidate.Learner) {
	for name, spoil := range map[string]func(*candidate.Matrix){
		"a row too few":       func(m *candidate.Matrix) { m.Start = m.Start[:m.Users] },
		"a row before begin":  func(m *candidate.Matrix) { m.Start[1] = -1 },
		"a row beyond":        func(m *candidate.Matrix) { m.Start[1] = int64(len(m.Item)) + 5 },
		"too few values":      func(m *candidate.Matrix) { m.Value = make([]float32, 3) },
		"an item beyond":      func(m *candidate.Matrix) { m.Item[m.Start[1]-1] = int32(m.Items) },
		"an item below 0":     func(m *candidate.Matrix) { m.Item[0] = -1 },
		"items not ascending": func(m *candidate.Matrix) { m.Item[0], m.Item[1] = m.Item[1], m.Item[0] },
		"an item twice":       func(m *candidate.Matrix) { m.Item[1] = m.Item[0] },
	} {
		m := Planted(t)
		spoil(m)
		if s, err := l.Fit(context.Background(), m); s != nil || err == nil {
			t.Errorf("%s: %v, %v; want an error", name, s, err)
		}
	}
}

var errStopped = errors.New("stopped by the test")

func cancelled(t *testing.T, l candidate.Learner) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errStopped)
	if s, err := l.Fit(ctx, Planted(t)); s != nil || !errors.Is(err, errStopped) {
		t.Errorf("cancelled before it began: %v, %v; want the cause", s, err)
	}
	// Cancelled somewhere on the way, or not in time.
	m := Planted(t)
	for _, after := range []time.Duration{0, 50 * time.Microsecond, time.Millisecond} {
		ctx, cancel := context.WithCancelCause(context.Background())
		timer := time.AfterFunc(after, func() { cancel(errStopped) })
		s, err := l.Fit(ctx, m)
		if err != nil && (s != nil || !errors.Is(err, errStopped)) || err == nil && s == nil {
			t.Errorf("cancelled after %v: %v, %v; want a model or the cause", after, s, err)
		}
		timer.Stop()
		cancel(nil)
	}
	for wait := 0; runtime.NumGoroutine() > before && wait < 500; wait++ {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines are left of %d", n, before)
	}
}

// threads gives l that many goroutines: by its field Threads where it has one, by the processors it may use otherwise.
func threads(tb testing.TB, l candidate.Learner, n int) candidate.Learner {
	was := runtime.GOMAXPROCS(n)
	tb.Cleanup(func() { runtime.GOMAXPROCS(was) })
	v := reflect.ValueOf(l)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	changed := reflect.New(v.Type())
	changed.Elem().Set(v)
	f := changed.Elem().FieldByName("Threads")
	if !f.IsValid() || !f.CanInt() {
		return l
	}
	f.SetInt(int64(n))
	return changed.Interface().(candidate.Learner)
}

func same(t *testing.T, learner func(tb testing.TB) candidate.Learner) {
	for _, m := range []*candidate.Matrix{Planted(t), signed(t)} {
		item, value, start := slices.Clone(m.Item), slices.Clone(m.Value), slices.Clone(m.Start)
		first := fit(t, threads(t, learner(t), 1), m)
		for _, n := range []int{1, 2, 5} {
			again := fit(t, threads(t, learner(t), n), m)
			for _, h := range histories(m.Items) {
				if !sameBits(row(t, first, h.History), row(t, again, h.History)) {
					t.Fatalf("fitted again with %d threads: other scores for %s", n, h.name)
				}
			}
		}
		if !slices.Equal(item, m.Item) || !sameBits(value, m.Value) || !slices.Equal(start, m.Start) {
			t.Fatal("the matrix was changed")
		}
	}
}

// few fits on next to nothing.
func few(t *testing.T, l candidate.Learner) {
	one := candidate.Entry{Value: 1}
	for name, m := range map[string]*candidate.Matrix{
		"one user, one item":           matrix(t, 1, 1, []candidate.Entry{one}),
		"one user of many took one":    matrix(t, 50, 30, []candidate.Entry{{User: 20, Item: 7, Value: 1}}),
		"one user took all":            matrix(t, 1, 3, []candidate.Entry{one, {Item: 1, Value: 1}, {Item: 2, Value: 1}}),
		"two users, nothing in common": matrix(t, 2, 2, []candidate.Entry{one, {User: 1, Item: 1, Value: 1}}),
		"all took all":                 matrix(t, 2, 2, []candidate.Entry{one, {Item: 1, Value: 1}, {User: 1, Value: 1}, {User: 1, Item: 1, Value: 1}}),
		"values nil":                   {Users: 2, Items: 3, Start: []int64{0, 2, 4}, Item: []int32{0, 1, 1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			s := fit(t, l, m)
			for _, h := range []candidate.History{{}, {Item: []int32{0}}, {Item: []int32{2, 0, 1, 100}, Value: []float32{-1, 1, 1, 1}}} {
				row(t, s, h)
			}
		})
	}
}
