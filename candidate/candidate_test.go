package candidate

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"testing"
)

// TestLearners: each method stands in the list once, by a pointer to defaults, and its models can be saved.
func TestLearners(t *testing.T) {
	m, err := NewMatrix(3, 3, []Entry{{0, 0, 1}, {0, 1, 1}, {1, 1, 1}, {1, 2, 1}, {2, 0, 1}, {2, 2, 1}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, l := range Learners() {
		v := reflect.ValueOf(l)
		if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct || !v.Elem().IsZero() {
			t.Errorf("%s: %T %+v; a pointer to a config of zeros is expected", l.Kind(), l, v)
		}
		if seen[l.Kind()] {
			t.Errorf("%s stands in the list twice", l.Kind())
		}
		seen[l.Kind()] = true
		s, err := l.Fit(context.Background(), m)
		if err != nil {
			t.Errorf("%s: %v", l.Kind(), err)
			continue
		}
		if err := Save(io.Discard, s); err != nil {
			t.Errorf("%s: %v", l.Kind(), err)
		}
	}
}

// fixed scores as it is told, without looking at the history; its causes are the history's first item.
type fixed []float32

func (f fixed) Items() int                       { return len(f) }
func (f fixed) Scores(_ *History, out []float32) { copy(out, f) }

type explained struct{ fixed }

func (explained) Because(h *History, item int32) (int32, float32) {
	if item == 2 || len(h.Item) == 0 {
		return -1, 0
	}
	return h.Item[0], 1
}

type cards []string

func (c cards) Card(item int32) string { return c[item] }
func (cards) Content(int32) string     { return "" }
func (cards) Creator(int32) string     { return "" }

func TestFromScorer(t *testing.T) {
	scores := fixed{.5, 2, .5, 0, -1, 3}
	q := Query{History: History{Item: []int32{1, 99, -1}}, Skip: func(i int32) bool { return i == 5 }}
	// 5 is skipped, 1 is in the history, 3 and 4 are not above 0.
	for _, c := range []struct {
		s    Scorer
		want []Candidate
		why  int32 // the cause of candidate 0
	}{
		{scores, []Candidate{{0, .5, -1, -1}, {2, .5, -1, -1}}, -1},
		{explained{scores}, []Candidate{{0, .5, -1, -1}, {2, .5, -1, -1}}, 1},
	} {
		g := FromScorer("some", c.s)
		if got := g.Candidates(&q, 9, nil); !slices.Equal(got, c.want) || g.Name() != "some" {
			t.Errorf("%T: %v, want %v", c.s, got, c.want)
		}
		if why, other := g.(Lazy).Cause(&q, 0), g.(Lazy).Cause(&q, 2); why != c.why || other != -1 {
			t.Errorf("%T: causes of 0 and 2 are %d and %d, want %d and -1", c.s, why, other, c.why)
		}
	}
	g := FromScorer("some", explained{scores})
	names := cards{"", "A Song"}
	for cause, want := range map[int32]string{-1: "like what you watched", 0: "like what you watched", 1: "because you watched A Song"} {
		if got := g.Reason(Candidate{Item: 3, Cause: cause}, names); got != want {
			t.Errorf("because of %d: %q, want %q", cause, got, want)
		}
	}
}

func ExampleFromScorer() {
	m, _ := NewMatrix(3, 3, []Entry{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}, {2, 2, 1}})
	model, err := ItemKNN{}.Fit(context.Background(), m)
	if err != nil {
		fmt.Println(err)
		return
	}
	g := FromScorer("item kNN", model)
	q := Query{History: History{Item: []int32{0}}}
	for _, c := range g.Candidates(&q, 10, nil) {
		c.Cause = g.(Lazy).Cause(&q, c.Item)
		fmt.Println(c.Item, g.Reason(c, cards{"The First", "The Second", "The Third"}))
	}
	// Output: 1 because you watched The First
}
