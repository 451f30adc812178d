// What a policy that learns of its own is told of a card for a user: a dozen numbers of like size. They are few so that a linear model learns
// them from thousands of clicks, and leave what cards are worth to the ranker, whose word is one of them.

package feed

import (
	"math"
	"slices"
)

// contextColumns are the columns of a context, in order. A change of their meaning takes a new name: what was learned of the old ones is not used then.
var contextColumns = []string{"one", "click", "score", "faded", "age", "new", "followers", "named", "history", "content taste", "creator taste", "topic taste"}

// ContextColumns are what the columns of a card's context are called.
func ContextColumns() []string { return slices.Clone(contextColumns) }

// contexts is what the contexts of a request share.
type contexts struct {
	f        *Feed
	r        *Request
	top      float64 // score
	total    float64 // weight of what she liked
	contents map[int16]float64
	creators map[int32]float64
	topics   map[int64]float64
}

func (f *Feed) newContexts(r *Request, pool []*pooled) *contexts {
	c := &contexts{f: f, r: r, contents: map[int16]float64{}, creators: map[int32]float64{}, topics: map[int64]float64{}}
	for k := range pool {
		c.top = max(c.top, pool[k].score)
	}
	for k, item := range r.History.Item {
		v := 1.0
		if r.History.Value != nil {
			v = float64(r.History.Value[k])
		}
		if item < 0 || int(item) >= len(f.c.Cards.Creator) || !(v > 0) || v > 1e6 {
			continue
		}
		c.total += v
		c.contents[f.c.Cards.Content[item]] += v
		c.creators[f.c.Cards.Creator[item]] += v
		c.topics[f.topic(item)] += v
	}
	return c
}

// row writes a candidate's context: every value is finite, and mostly between 0 and 1.
func (c *contexts) row(p *pooled, x []float32) {
	cards, day := c.f.c.Cards, c.f.age(c.r, p.item)
	share := func(weight float64) float32 { return float32(weight / max(c.total, 1)) }
	click := min(max(float64(p.worth.Click), 1e-4), 1-1e-4) // of a number that is none: 1e-4
	if math.IsNaN(click) {
		click = 1e-4
	}
	clear(x)
	x[0] = 1
	x[1] = float32(math.Log(click/(1-click)) / 4)
	if c.top > 0 {
		x[2] = float32(p.score / c.top)
	}
	if v := float64(p.worth.Value); v > 0 && p.score < v {
		x[3] = float32(1 - p.score/v)
	}
	x[4] = float32(math.Log1p(float64(min(max(day, 0), 3650))) / 8)
	if c.f.fresh(c.r, p.item) {
		x[5] = 1
	}
	creator := cards.Creator[p.item]
	if creator >= 0 && int(creator) < len(cards.Followers) {
		x[6] = float32(math.Log1p(float64(max(cards.Followers[creator], 0))) / 16)
	}
	x[7] = float32(min(len(p.named), 8)) / 8
	x[8] = float32(math.Log1p(c.total) / 8)
	if content := cards.Content[p.item]; content >= 0 {
		x[9] = share(c.contents[content])
	}
	if creator >= 0 {
		x[10] = share(c.creators[creator])
	}
	if topic := c.f.topic(p.item); topic >= 0 {
		x[11] = share(c.topics[topic])
	}
}
