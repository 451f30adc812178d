// The best k of a row of scores.

package candidate

import (
	"sync"
)

// best keeps the k best of what is offered, in a heap whose root is the worst kept. Ties go to the lower item.
type best struct {
	k    int
	heap []Candidate
}

// worse says whether a comes after b.
func worse(a, b Candidate) bool {
	return a.Score < b.Score || a.Score == b.Score && a.Item > b.Item
}

func (t *best) offer(c Candidate) {
	if c.Score != c.Score || t.k <= 0 {
		return
	}
	if len(t.heap) < t.k {
		t.heap = append(t.heap, c)
		for i := len(t.heap) - 1; i > 0 && worse(t.heap[i], t.heap[(i-1)/2]); i = (i - 1) / 2 {
			t.heap[i], t.heap[(i-1)/2] = t.heap[(i-1)/2], t.heap[i]
		}
		return
	}
	if !worse(t.heap[0], c) {
		return
	}
	t.heap[0] = c
	t.sink(len(t.heap))
}

// sink lets the root sink in the first n of the heap.
func (t *best) sink(n int) {
	for i := 0; ; {
		child := 2*i + 1
		if child >= n {
			return
		}
		if child+1 < n && worse(t.heap[child+1], t.heap[child]) {
			child++
		}
		if !worse(t.heap[child], t.heap[i]) {
			return
		}
		t.heap[i], t.heap[child] = t.heap[child], t.heap[i]
		i = child
	}
}

// sorted orders what was kept, best first, and returns it; the heap is none any more.
func (t *best) sorted() []Candidate {
	for n := len(t.heap) - 1; n > 0; n-- {
		t.heap[0], t.heap[n] = t.heap[n], t.heap[0]
		t.sink(n)
	}
	return t.heap
}

// TopK appends the k best of scores that skip (nil: none) does not leave out, best first, ties in the order of items. NaN is
// never among them.
func TopK(scores []float32, k int, skip func(int32) bool, dst []Candidate) []Candidate {
	from := len(dst)
	t := best{k: min(k, len(scores)), heap: dst[from:]}
	for i, s := range scores {
		if len(t.heap) == t.k && t.k > 0 && s < t.heap[0].Score || skip != nil && skip(int32(i)) {
			continue
		}
		t.offer(Candidate{Item: int32(i), Score: s, Cause: -1, Group: -1})
	}
	return append(dst[:from], t.sorted()...)
}

// fromScorer is a Scorer as a Generator.
type fromScorer struct {
	name string
	Scorer
	rows sync.Pool // of *[]float32 of length Items
}

// FromScorer makes a generator of an item-side model: the items with the highest scores above 0 that are not in the history.
// Its reason is "because you watched" the item that adds most, where the model can tell: it is Lazy.
func FromScorer(name string, s Scorer) Generator {
	g := &fromScorer{name: name}
	g.set(s)
	return g
}

func (g *fromScorer) set(s Scorer) {
	g.Scorer = s
	g.rows.New = func() any { row := make([]float32, s.Items()); return &row }
}

func (g *fromScorer) Name() string { return g.name }

func (g *fromScorer) Candidates(q *Query, k int, dst []Candidate) []Candidate {
	if l, ok := g.Scorer.(leading); ok {
		known := takeKnown(&q.History)
		defer known.release()
		t := best{k: min(k, g.Items()), heap: dst[len(dst):]}
		if t.k <= 0 {
			return dst
		}
		l.leaders(&q.History, func(i int32) bool { return known.has(i) || q.Skip != nil && q.Skip(i) }, &t)
		return append(dst, t.sorted()...)
	}
	row := g.rows.Get().(*[]float32)
	defer g.rows.Put(row)
	g.Scores(&q.History, *row)
	for _, i := range q.History.Item {
		if i >= 0 && int(i) < len(*row) {
			(*row)[i] = 0
		}
	}
	from := len(dst)
	scores := *row
	dst = TopK(scores, k, func(i int32) bool { return !(scores[i] > 0) || q.Skip != nil && q.Skip(i) }, dst) // most scores are 0, and q.Skip is dear
	n := from
	for n < len(dst) && dst[n].Score > 0 {
		n++
	}
	return dst[:n]
}

func (g *fromScorer) Cause(q *Query, item int32) int32 {
	e, ok := g.Scorer.(Explainer)
	if !ok {
		return -1
	}
	cause, _ := e.Because(&q.History, item)
	return cause
}

func (g *fromScorer) Reason(c Candidate, n Names) string {
	if c.Cause >= 0 {
		if name := n.Card(c.Cause); name != "" {
			return "because you watched " + name
		}
	}
	return "like what you watched"
}
