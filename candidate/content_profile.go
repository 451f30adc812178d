// A user's profile over the fields of cards while her query runs: dense arrays that are cleared by what was touched.

package candidate

import (
	"math"
	"sync"
)

// contentTouch is a value that entries of the history have.
type contentTouch struct {
	field cardField
	value int32
	pull  float32 // tf x idf: the lists of the values that pull most are walked
}

// contentWork is the room of one query. Memory: 13 bytes a value of a field and 4 a card.
type contentWork struct {
	speak   [fieldCount][]float32 // by value: what it adds to the likeness of cards that have it
	count   [fieldCount][]int32   // by value: entries of the history above 0 that have it
	cause   [fieldCount][]int32   // by value: the last of these entries' cards, plus 1
	in      [fieldCount][]bool    // by value: whether it is among touched
	touched []contentTouch
	seen    []uint32 // by card: the round in which it was met
	round   uint32
}

type contentPool struct{ pool sync.Pool }

func (p *contentPool) take(c *Content) *contentWork {
	w, _ := p.pool.Get().(*contentWork)
	if w == nil {
		w = &contentWork{seen: make([]uint32, c.Cards)}
		for f := range w.speak {
			n := len(c.Lists[f].Rare)
			w.speak[f], w.count[f], w.cause[f], w.in[f] = make([]float32, n), make([]int32, n), make([]int32, n), make([]bool, n)
		}
	}
	if w.round++; w.round == 0 { // after 2^32 queries
		clear(w.seen)
		w.round = 1
	}
	return w
}

func (p *contentPool) put(w *contentWork) { p.pool.Put(w) }

func (w *contentWork) clear() {
	for _, at := range w.touched {
		w.speak[at.field][at.value], w.count[at.field][at.value] = 0, 0
		w.cause[at.field][at.value], w.in[at.field][at.value] = 0, false
	}
	w.touched = w.touched[:0]
}

// met says whether the card was met in this round, and marks it.
func (w *contentWork) met(card int32) bool {
	if w.seen[card] == w.round {
		return true
	}
	w.seen[card] = w.round
	return false
}

// profile fills speak from the last entries of the history.
func (w *contentWork) profile(c *Content, h *History) {
	var total float64
	weight, fade := 1.0, 1.0
	if c.HalfLife > 0 {
		fade = math.Exp2(-1 / c.HalfLife)
	}
	left := c.Recent
	for k := len(h.Item) - 1; k >= 0 && left > 0; k-- {
		card, value := h.Item[k], h.value(k)
		if card < 0 || int(card) >= c.Cards || value == 0 || value-value != 0 { // or no number, or no finite one
			continue
		}
		left--
		for f := range fieldCount {
			v := c.Value[int(card)*int(fieldCount)+int(f)]
			if v < 0 {
				continue
			}
			if !w.in[f][v] {
				w.in[f][v] = true
				w.touched = append(w.touched, contentTouch{field: f, value: v})
			}
			w.speak[f][v] += float32(weight) * value
			if value > 0 {
				if w.cause[f][v] == 0 {
					w.cause[f][v] = card + 1
				}
				w.count[f][v]++
			}
		}
		if value > 0 {
			total += weight * float64(value)
		}
		weight *= fade
	}
	if total == 0 {
		total = math.Inf(1)
	}
	for i := range w.touched {
		at := &w.touched[i]
		speak := &w.speak[at.field][at.value]
		at.pull = *speak * float32(1/total) * c.Lists[at.field].Rare[at.value] * c.Weight[at.field]
		if *speak = at.pull; c.Lift != nil {
			*speak = c.Lift[int(at.field)*liftSteps+liftStep(w.count[at.field][at.value])]
		}
	}
}

// likeness is the sum of what the card's values add.
func (w *contentWork) likeness(c *Content, card int32) (sum float32) {
	for f, v := range c.Value[int(card)*int(fieldCount):][:fieldCount] {
		if v >= 0 {
			sum += w.speak[f][v]
		}
	}
	return sum
}

// score is the logarithm of likeness times quality; not ok where, all in all, nothing is alike.
func (w *contentWork) score(c *Content, card int32) (score float32, ok bool) {
	s := w.likeness(c, card)
	if c.Lift == nil {
		if s <= 0 {
			return 0, false
		}
		s = float32(math.Log(float64(s)))
	}
	return s + c.Quality[card], true
}

// ceiling is a bound of every card's score less its quality: the values that speak most, one a field, all on one card. The margin is for
// rounding, as sums go in another order.
func (w *contentWork) ceiling(c *Content) float32 {
	var most [fieldCount]float32
	for _, at := range w.touched {
		most[at.field] = max(most[at.field], w.speak[at.field][at.value])
	}
	var sum float32
	for _, v := range most {
		sum += v
	}
	if c.Lift == nil {
		sum = float32(math.Log(float64(sum)))
	}
	return sum + 1e-4
}

// reason sets the group and the cause of a candidate.
func (w *contentWork) reason(c *Content, d *Candidate) {
	most := float32(math.Inf(-1))
	for f, v := range c.Value[int(d.Item)*int(fieldCount):][:fieldCount] {
		if v >= 0 && w.count[f][v] > 0 && w.speak[f][v] > most {
			most = w.speak[f][v]
			d.Group, d.Cause = groupOf(cardField(f), v), w.cause[f][v]-1
		}
	}
}
