// The suite of candidate generators, whatever they go by.

package candidatetest

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seguefeed/segue/candidate"
)

// RunGenerator holds a generator of items 0 to before items to the contract. make gives it, fitted, the same each time; queries are some
// that it has answers for.
func RunGenerator(t *testing.T, name string, make func(tb testing.TB) candidate.Generator, items int, queries ...candidate.Query) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		g := make(t)
		if g.Name() == "" {
			t.Error("it has no name")
		}
		for k := range queries {
			if len(ask(t, g, &queries[k], items, items)) == 0 {
				t.Errorf("query %d has no answer", k)
			}
		}
		t.Run("how many", func(t *testing.T) { howMany(t, g, items, queries) })
		t.Run("filtered", func(t *testing.T) { filtered(t, g, items, queries) })
		t.Run("odd queries", func(t *testing.T) { odd(t, g, items, queries) })
		t.Run("same again", func(t *testing.T) {
			again := make(t)
			for k := range queries {
				if a, b := ask(t, g, &queries[k], 20, items), ask(t, again, &queries[k], 20, items); !slices.Equal(a, b) {
					t.Errorf("query %d: made again it answers\n%v, before\n%v", k, b, a)
				}
			}
		})
		t.Run("concurrent", func(t *testing.T) { askMany(t, g, items, queries) })
		t.Run("reasons", func(t *testing.T) { reasons(t, g, items, queries) })
	})
}

// ask is the answer to q, and fails where it breaks the contract.
func ask(tb testing.TB, g candidate.Generator, q *candidate.Query, k, items int) []candidate.Candidate {
	tb.Helper()
	item, value, traits := slices.Clone(q.History.Item), slices.Clone(q.History.Value), q.Traits
	first := candidate.Candidate{Item: -7, Score: 1, Cause: -7, Group: -7}
	// Room for what is appended, with what must not be read in it.
	dst := append(make([]candidate.Candidate, 0, 4), first, candidate.Candidate{Item: 3, Score: 1e9}, candidate.Candidate{Item: 3, Score: 1e9})[:1]
	got := g.Candidates(q, k, dst)
	if len(got) < 1 || got[0] != first {
		tb.Fatal("what dst held was changed")
	}
	got = got[1:]
	if len(got) > max(k, 0) {
		tb.Fatalf("%d candidates where %d were asked for", len(got), k)
	}
	named := map[int32]bool{}
	for n, c := range got {
		switch {
		case c.Item < 0 || int(c.Item) >= items:
			tb.Fatalf("candidate %d is item %d of %d", n, c.Item, items)
		case named[c.Item]:
			tb.Fatalf("item %d is named twice", c.Item)
		case q.Skip != nil && q.Skip(c.Item):
			tb.Fatalf("item %d is named, which the query skips", c.Item)
		case math.IsNaN(float64(c.Score)):
			tb.Fatalf("item %d has score NaN", c.Item)
		case n > 0 && (c.Score > got[n-1].Score || c.Score == got[n-1].Score && c.Item < got[n-1].Item):
			tb.Fatalf("item %d with score %v stands after item %d with %v", c.Item, c.Score, got[n-1].Item, got[n-1].Score)
		case c.Cause != -1 && !slices.Contains(q.History.Item, c.Cause):
			tb.Fatalf("item %d because of %d, which is not in the history", c.Item, c.Cause)
		}
		named[c.Item] = true
	}
	if !slices.Equal(item, q.History.Item) || !sameBits(value, q.History.Value) || traits != q.Traits {
		tb.Fatal("the query was changed")
	}
	return got
}

func howMany(t *testing.T, g candidate.Generator, items int, queries []candidate.Query) {
	for n := range queries {
		q := &queries[n]
		all := ask(t, g, q, items, items)
		for _, k := range []int{-1, 0, 1, 2, 5, len(all), len(all) + 1, items + 1, 1000 * items} {
			if got := ask(t, g, q, k, items); !slices.Equal(got, all[:min(max(k, 0), len(all))]) {
				t.Errorf("query %d: the best %d are not the first of all: %v, want %v", n, k, got, all[:min(max(k, 0), len(all))])
			}
		}
		if got := g.Candidates(q, 3, nil); !slices.Equal(got, all[:min(3, len(all))]) {
			t.Errorf("query %d: appended to nil: %v, want %v", n, got, all[:min(3, len(all))])
		}
	}
}

func filtered(t *testing.T, g candidate.Generator, items int, queries []candidate.Query) {
	for n, q := range queries {
		all := ask(t, g, &q, items, items)
		q.Skip = func(int32) bool { return true }
		if got := ask(t, g, &q, 10, items); len(got) > 0 {
			t.Errorf("query %d: %d candidates where all is skipped", n, len(got))
		}
		if len(all) == 0 {
			continue
		}
		// Without the best the others move up.
		was := queries[n].Skip
		q.Skip = func(i int32) bool { return i == all[0].Item || was != nil && was(i) }
		got := ask(t, g, &q, len(all), items)
		if len(got) < len(all)-1 || !slices.EqualFunc(got[:len(all)-1], all[1:], func(a, b candidate.Candidate) bool { return a.Item == b.Item }) {
			t.Errorf("query %d: without the best there are %v, want %v and perhaps more", n, got, all[1:])
		}
	}
}

// odd asks for users of whom little or nothing is known, and at odd moments.
func odd(t *testing.T, g candidate.Generator, items int, queries []candidate.Query) {
	for _, h := range histories(items) {
		ask(t, g, &candidate.Query{History: h.History}, 10, items)
		for _, q := range queries {
			q.History = h.History
			ask(t, g, &q, 10, items)
		}
	}
	ask(t, g, &candidate.Query{Traits: candidate.Traits{Age: -1}}, 10, items)
	for _, q := range queries {
		q.Traits = candidate.Traits{Gender: "no such", Age: math.MaxInt16, Province: "no such"}
		ask(t, g, &q, 10, items)
		q.AtMS, q.Day, q.Hour = math.MinInt64, math.MinInt32, 255
		ask(t, g, &q, 10, items)
		q.AtMS, q.Day = math.MaxInt64, math.MaxInt32
		ask(t, g, &q, 10, items)
	}
}

func askMany(t *testing.T, g candidate.Generator, items int, queries []candidate.Query) {
	want := map[int][]candidate.Candidate{}
	for n := range queries {
		want[n] = ask(t, g, &queries[n], 10, items)
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for round := range 10 * len(queries) {
				n := (round + worker) % len(queries)
				q := queries[n]
				if got := g.Candidates(&q, 10, nil); !slices.Equal(got, want[n]) {
					t.Errorf("query %d: %v when many ask at a time, %v alone", n, got, want[n])
				}
			}
		})
	}
	wg.Wait()
}

// names call every thing the same, or nothing at all.
type names string

func (n names) Card(int32) string    { return string(n) }
func (n names) Content(int32) string { return string(n) }
func (n names) Creator(int32) string { return string(n) }

func reasons(t *testing.T, g candidate.Generator, items int, queries []candidate.Query) {
	for n := range queries {
		for _, c := range ask(t, g, &queries[n], items, items) {
			if lazy, ok := g.(candidate.Lazy); ok {
				c.Cause = lazy.Cause(&queries[n], c.Item)
			}
			if c.Cause >= 0 && !slices.Contains(queries[n].History.Item, c.Cause) {
				t.Fatalf("query %d: item %d is named because of item %d, which is not in the history", n, c.Item, c.Cause)
			}
			for _, names := range []names{"", "100% %d %s"} {
				reason := g.Reason(c, names)
				if strings.TrimSpace(reason) != reason || reason == "" || strings.Contains(reason, "%!") {
					t.Fatalf("query %d: the reason for item %d is %q, with names %q", n, c.Item, reason, names)
				}
				if again := g.Reason(c, names); !reflect.DeepEqual(again, reason) {
					t.Fatalf("query %d: the reason for item %d is %q and then %q", n, c.Item, reason, again)
				}
			}
		}
	}
}
