// Models whose size is the square of the catalogue, as EASE's, can only know a part of it: the cards with clicks enough. This file numbers
// these anew for the model and speaks the catalogue's ids outside.

package candidate

import (
	"fmt"
	"slices"
	"sync"
)

// Subset is a part of the catalogue: a model's item i is the card Card[i].
type Subset struct {
	Items int     // of the catalogue
	Card  []int32 // ascending
}

// FrequentCards are the cards that at least min users took (values above 0); at most limit of them, those that most users took, ties in the
// order of ids. limit 0 means no bound.
func FrequentCards(m *Matrix, min int, limit int) *Subset {
	users := make([]int32, m.Items)
	for k, i := range m.Item {
		if m.Value == nil || m.Value[k] > 0 {
			users[i]++
		}
	}
	if limit <= 0 || limit > m.Items {
		limit = m.Items
	}
	t := best{k: limit}
	for i, n := range users {
		if n > 0 && int(n) >= min {
			t.offer(Candidate{Item: int32(i), Score: float32(n)})
		}
	}
	s := &Subset{Items: m.Items, Card: []int32{}}
	for _, c := range t.heap {
		s.Card = append(s.Card, c.Item)
	}
	slices.Sort(s.Card)
	return s
}

// Index is the model's item of a card; -1 where it does not know it.
func (s *Subset) Index(card int32) int32 {
	if i, ok := slices.BinarySearch(s.Card, card); ok {
		return int32(i)
	}
	return -1
}

// Restrict is m with the subset's columns only, numbered anew. All rows stay, so that they are the same users; those without a value left
// are empty. An m of another catalogue is an error.
func (s *Subset) Restrict(m *Matrix) (*Matrix, error) {
	if m.Items != s.Items {
		return nil, fmt.Errorf("candidate: a matrix of %d items restricted to a part of %d", m.Items, s.Items)
	}
	index := make([]int32, s.Items)
	for i := range index {
		index[i] = -1
	}
	for i, card := range s.Card {
		if card < 0 || int(card) >= s.Items || i > 0 && s.Card[i-1] >= card {
			return nil, fmt.Errorf("candidate: a part of %d cards holds card %d; cards in ascending order are expected", s.Items, card)
		}
		index[card] = int32(i)
	}
	r := &Matrix{Users: m.Users, Items: len(s.Card), Start: make([]int64, m.Users+1)}
	if m.Value != nil {
		r.Value = []float32{}
	}
	for u := range m.Users {
		for k := m.Start[u]; k < m.Start[u+1]; k++ {
			if i := index[m.Item[k]]; i >= 0 {
				r.Item = append(r.Item, i)
				if m.Value != nil {
					r.Value = append(r.Value, m.Value[k])
				}
			}
		}
		r.Start[u+1] = int64(len(r.Item))
	}
	return r, nil
}

// history is h in the model's numbers, in the given room.
func (s *Subset) history(h *History, room *History) {
	room.Item, room.Value = room.Item[:0], room.Value[:0]
	for k, card := range h.Item {
		if i := s.Index(card); i >= 0 {
			room.Item, room.Value = append(room.Item, i), append(room.Value, h.value(k))
		}
	}
}

// Expand is a model of the subset as one of the whole catalogue: other cards score 0. It explains where the model does. A model of
// another number of items is an error.
func (s *Subset) Expand(model Scorer) (Scorer, error) {
	if model.Items() != len(s.Card) {
		return nil, fmt.Errorf("candidate: a model of %d items on a part of %d cards", model.Items(), len(s.Card))
	}
	e := &expanded{part: s, model: model}
	e.rooms.New = func() any { return &expandedRoom{row: make([]float32, len(s.Card))} }
	if x, ok := model.(Explainer); ok {
		return &expandedExplainer{e, x}, nil
	}
	return e, nil
}

type expanded struct {
	part  *Subset
	model Scorer
	rooms sync.Pool
}

type expandedRoom struct {
	row     []float32
	history History
}

func (e *expanded) Items() int { return e.part.Items }

func (e *expanded) Scores(h *History, out []float32) {
	room := e.rooms.Get().(*expandedRoom)
	defer e.rooms.Put(room)
	e.part.history(h, &room.history)
	e.model.Scores(&room.history, room.row)
	clear(out)
	for i, card := range e.part.Card {
		out[card] = room.row[i]
	}
}

type expandedExplainer struct {
	*expanded
	explainer Explainer
}

func (e *expandedExplainer) Because(h *History, item int32) (int32, float32) {
	i := e.part.Index(item)
	if i < 0 {
		return -1, 0
	}
	var room History
	e.part.history(h, &room)
	cause, share := e.explainer.Because(&room, i)
	if cause < 0 || int(cause) >= len(e.part.Card) {
		return -1, 0
	}
	return e.part.Card[cause], share
}

// Generator is a generator over the model's items as one over cards, as in s.Generator(FromScorer("ease", model)): it looks at the
// subset only, where FromScorer of an expanded model looks at the whole catalogue.
func (s *Subset) Generator(g Generator) Generator { return &subsetGenerator{part: s, Generator: g} }

type subsetGenerator struct {
	Generator
	part *Subset
}

// Cause implements Lazy.
func (g *subsetGenerator) Cause(q *Query, item int32) int32 {
	lazy, ok := g.Generator.(Lazy)
	i := g.part.Index(item)
	if !ok || i < 0 {
		return -1
	}
	inner := *q
	inner.History = History{}
	g.part.history(&q.History, &inner.History)
	if cause := lazy.Cause(&inner, i); cause >= 0 {
		return g.part.Card[cause]
	}
	return -1
}

func (g *subsetGenerator) Candidates(q *Query, k int, dst []Candidate) []Candidate {
	var room History
	g.part.history(&q.History, &room)
	inner := *q
	inner.History = room
	if q.Skip != nil {
		inner.Skip = func(i int32) bool { return q.Skip(g.part.Card[i]) }
	}
	from := len(dst)
	dst = g.Generator.Candidates(&inner, k, dst)
	for i := from; i < len(dst); i++ {
		dst[i].Item = g.part.Card[dst[i].Item]
		if cause := dst[i].Cause; cause >= 0 {
			dst[i].Cause = g.part.Card[cause]
		}
	}
	return dst
}
