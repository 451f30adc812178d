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

// contentEntry is an entry of the history.
type contentEntry struct {
	card  int32
	value float32
}

// contentWork is the room of one query. Memory: 13 bytes a value of a field and 4 a card.
type contentWork struct {
	speak   [fieldCount][]float32 // by value: what it adds to the likeness of cards that have it
	count   [fieldCount][]int32   // by value: entries of the history above 0 that have it
	cause   [fieldCount][]int32   // by value: the last of these entries' cards, plus 1
	in      [fieldCount][]bool    // by value: whether it is among touched
	touched []contentTouch
	entries []contentEntry // of the history, the last first: twice as many as count, since others count when a card is thought away
	seen    []uint32       // by card: the round in which it was met
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
	w.touched, w.entries = w.touched[:0], w.entries[:0]
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
	weight, fade := 1.0, c.fade()
	left := c.Recent
	for k := len(h.Item) - 1; k >= 0; k-- {
		card, value := h.Item[k], h.value(k)
		if card < 0 || int(card) >= c.Cards || value == 0 || value-value != 0 { // or no number, or no finite one
			continue
		}
		if len(w.entries) == 2*c.Recent {
			break
		}
		w.entries = append(w.entries, contentEntry{card, value})
		if left--; left < 0 {
			continue
		}
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
		weight *= fade
	}
	for i := range w.touched {
		at := &w.touched[i]
		speak := &w.speak[at.field][at.value]
		at.pull = *speak * c.Lists[at.field].Rare[at.value] * c.Weight[at.field]
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
	if s <= 0 {
		return 0, false
	}
	if c.Lift == nil {
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

// reason sets the group and the cause of a candidate: of the cards of the history that share a value with it, that one without which it would be
// least like her, and the field of that one that speaks most. Where no single card makes a difference, none is cited.
func (w *contentWork) reason(c *Content, d *Candidate) {
	values := c.Value[int(d.Item)*int(fieldCount):][:fieldCount]
	whole := w.likenessWithout(c, values, -1)
	least, most := whole, float32(0)
	for f, v := range values {
		if v < 0 || w.count[f][v] == 0 {
			continue
		}
		if speak := w.speak[f][v]; d.Cause < 0 && speak > most {
			most, d.Group = speak, groupOf(cardField(f), v)
		}
		if left := w.likenessWithout(c, values, w.cause[f][v]-1); left < least-1e-6*whole {
			least, d.Cause = left, w.cause[f][v]-1
		}
	}
	if d.Cause < 0 {
		return
	}
	most = 0
	for f, v := range c.Value[int(d.Cause)*int(fieldCount):][:fieldCount] {
		if v >= 0 && v == values[f] && w.speak[f][v] > most {
			most, d.Group = w.speak[f][v], groupOf(cardField(f), v)
		}
	}
}

// likenessWithout is the likeness of a card with the given values, had the card skip not been in the history (-1: as it is).
func (w *contentWork) likenessWithout(c *Content, values []int32, skip int32) float32 {
	var speak [fieldCount]float64
	var count [fieldCount]int32
	weight, fade, left := 1.0, c.fade(), c.Recent
	for _, e := range w.entries {
		if e.card == skip {
			continue
		}
		if left--; left < 0 {
			break
		}
		for f, v := range values {
			if v >= 0 && c.Value[int(e.card)*int(fieldCount)+f] == v {
				speak[f] += weight * float64(e.value)
				if e.value > 0 {
					count[f]++
				}
			}
		}
		weight *= fade
	}
	var sum float32
	for f, v := range values {
		switch {
		case v < 0:
		case c.Lift != nil:
			sum += c.Lift[f*liftSteps+liftStep(count[f])]
		default:
			sum += float32(speak[f]) * c.Lists[f].Rare[v] * c.Weight[f]
		}
	}
	return sum
}

// fade is what an entry weighs of the one after it.
func (c *Content) fade() float64 {
	if c.HalfLife > 0 {
		return math.Exp2(-1 / c.HalfLife)
	}
	return 1
}
