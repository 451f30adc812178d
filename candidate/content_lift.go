// How much more a card is clicked for sharing a creator, a song, a content with earlier clicks: counted over the log, for one, two
// or three, and more such clicks. Fields go together (a creator has her songs and contents), so their lifts are fitted jointly.

package candidate

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/warehouse"
)

// liftSteps are the steps of how many earlier clicks share a value: none, one, two or three, more.
const liftSteps = 4

func liftStep(clicks int32) int {
	switch {
	case clicks <= 0:
		return 0
	case clicks == 1:
		return 1
	case clicks <= 3:
		return 2
	}
	return 3
}

// ContentLifts are factors on the chance of a click.
type ContentLifts struct {
	Lift        [fieldCount][liftSteps]float64 // over the first step of the same field, which is 1
	Clicks      [fieldCount][liftSteps]float64 // the evidence
	Impressions int64                          // of users with an earlier click
}

// LiftConfig are the settings of CountLifts.
type LiftConfig struct {
	Source Source // of cards' rates; "" means the app's where the statistics have it, else the sample's
	// MaxUsers bounds the users with a click whose rows are counted, the first by id. 0 means 200,000.
	MaxUsers int
	// Strength is the expected clicks that a lift of 1 is believed like. 0 means 20.
	Strength float64
}

// CountLifts reads the impressions from the day first to before the day of the statistics. A row counts by what was clicked before its
// moment, and against the clicks that its user's rate and its card's let expect; so users who click everything, and cards that
// everyone clicks, lift nothing. Rates are then fitted by turns (iterative proportional fitting, Deming and Stephan, Annals of
// Mathematical Statistics 11, 1940): with patterns x of steps, expected clicks E and clicks C,
//
//	lift[f][b] = (sum of C over x_f = b, + strength) / (sum of E times the other fields' lifts over x_f = b, + strength)
//
// Linear in the log; memory 16 bytes a pattern of the 65,536.
func CountLifts(ctx context.Context, w warehouse.Training, s *CardStats, first int32, cfg LiftConfig) (*ContentLifts, error) {
	if first >= s.AsOf {
		return nil, fmt.Errorf("candidate: lifts of contents from day %d to before day %d: no day is left", first, s.AsOf)
	}
	from, err := s.source(cfg.Source)
	if err != nil {
		return nil, err
	}
	if cfg.MaxUsers == 0 {
		cfg.MaxUsers = 200_000
	}
	if cfg.Strength == 0 {
		cfg.Strength = 20
	}
	c := newLiftCounter(s, from)
	err = w.Histories(ctx, asOfDay(first), asOfDay(s.AsOf-1), func(h *warehouse.Histories) error {
		for k := range h.User {
			if k%256 == 0 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if c.users < cfg.MaxUsers {
				c.user(h, int(h.Start[k]), int(h.Start[k+1]), s.AsOf)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l := c.fit(cfg.Strength)
	l.Impressions = c.rows
	return l, nil
}

type liftCounter struct {
	value  []int32   // cards x fields
	ease   []float64 // by card: its rate over the pooled one
	pooled float64

	seen, expected []float64 // by pattern: clicks, and those that user and card let expect
	users          int
	rows           int64

	count   [fieldCount][]int32 // by value: earlier clicks of the user
	touched []contentTouch
	pattern []uint16 // of the user's rows that count
	weight  []float64
	clicked []bool
}

func newLiftCounter(s *CardStats, from Source) *liftCounter {
	c := &liftCounter{value: contentFields(s), ease: make([]float64, s.Len())}
	prior := newCardPrior(s, from, freshFields)
	c.pooled = prior.pooled
	for card := range c.ease {
		rate, _ := prior.posterior(s, card)
		c.ease[card] = rate / prior.pooled
	}
	patterns := 1
	for f := range fieldCount {
		patterns *= liftSteps
		most := int32(-1)
		for at := int(f); at < len(c.value); at += int(fieldCount) {
			most = max(most, c.value[at])
		}
		c.count[f] = make([]int32, most+1)
	}
	c.seen, c.expected = make([]float64, patterns), make([]float64, patterns)
	return c
}

// user counts one user's rows.
func (c *liftCounter) user(h *warehouse.Histories, from, to int, asOf int32) {
	c.pattern, c.weight, c.clicked = c.pattern[:0], c.weight[:0], c.clicked[:0]
	waiting := from // clicks from here on are not counted as earlier yet
	for row := from; row < to; row++ {
		for ; waiting < row && h.ShownAtMS[waiting] < h.ShownAtMS[row]; waiting++ {
			if h.Flags[waiting]&warehouse.Clicked != 0 {
				c.take(h.Card[waiting])
			}
		}
		card := h.Card[row]
		if len(c.touched) == 0 || card < 0 || int(card) >= len(c.ease) || h.Day[row] >= asOf {
			continue
		}
		pattern := 0
		for f := int(fieldCount) - 1; f >= 0; f-- {
			step := 0
			if v := c.value[int(card)*int(fieldCount)+f]; v >= 0 {
				step = liftStep(c.count[f][v])
			}
			pattern = pattern*liftSteps + step
		}
		c.pattern = append(c.pattern, uint16(pattern))
		c.weight = append(c.weight, c.ease[card])
		c.clicked = append(c.clicked, h.Flags[row]&warehouse.Clicked != 0)
	}
	for _, at := range c.touched {
		c.count[at.field][at.value] = 0
	}
	c.touched = c.touched[:0]
	if len(c.pattern) == 0 {
		return
	}
	c.users++
	c.rows += int64(len(c.pattern))
	const prior = 20 // impressions of an average card
	clicks, ease := prior*c.pooled, float64(prior)
	for k, clicked := range c.clicked {
		ease += c.weight[k]
		if clicked {
			clicks++
		}
	}
	for k, p := range c.pattern {
		c.expected[p] += clicks / ease * c.weight[k]
		if c.clicked[k] {
			c.seen[p]++
		}
	}
}

// take counts a click as an earlier one.
func (c *liftCounter) take(card int32) {
	if card < 0 || int(card) >= len(c.ease) {
		return
	}
	for f := range fieldCount {
		if v := c.value[int(card)*int(fieldCount)+int(f)]; v >= 0 {
			if c.count[f][v]++; c.count[f][v] == 1 {
				c.touched = append(c.touched, contentTouch{field: f, value: v})
			}
		}
	}
}

func (c *liftCounter) fit(strength float64) *ContentLifts {
	var l ContentLifts
	for f := range l.Lift {
		for b := range l.Lift[f] {
			l.Lift[f][b] = 1
		}
	}
	var met []int
	for p, e := range c.expected {
		if e > 0 {
			met = append(met, p)
		}
	}
	step := func(p int, f int) int { return p >> (2 * f) & (liftSteps - 1) }
	product := slices.Clone(c.expected) // with the lifts of all fields
	for range 100 {
		moved := 0.0
		for f := range l.Lift {
			var seen, expected [liftSteps]float64
			for _, p := range met {
				seen[step(p, f)] += c.seen[p]
				expected[step(p, f)] += product[p] / l.Lift[f][step(p, f)]
			}
			var change [liftSteps]float64
			for b := range seen {
				next := (seen[b] + strength) / (expected[b] + strength)
				change[b] = next / l.Lift[f][b]
				l.Lift[f][b], l.Clicks[f][b] = next, seen[b]
				moved = max(moved, math.Abs(change[b]-1))
			}
			for _, p := range met {
				product[p] *= change[step(p, f)]
			}
		}
		if moved < 1e-6 {
			break
		}
	}
	for f := range l.Lift {
		for b := liftSteps - 1; b >= 0; b-- {
			l.Lift[f][b] /= l.Lift[f][0]
		}
	}
	return &l
}

// logs is the logarithms, field by field, drawn together where noise has them fall with more clicks (pool adjacent violators, by their clicks) and
// never below 0: having clicked more of something is taken to speak for it or to say nothing, so that no reason is given that would count
// against a card.
func (l *ContentLifts) logs() []float32 {
	logs := make([]float32, 0, int(fieldCount)*liftSteps)
	for f := range l.Lift {
		var level, weight [liftSteps]float64
		var size [liftSteps]int
		n := 0
		logs = append(logs, 0)
		for b := 1; b < liftSteps; b++ {
			v := l.Lift[f][b] / l.Lift[f][0]
			level[n], weight[n], size[n] = math.Log(v), math.Max(l.Clicks[f][b], 1e-9), 1
			n++
			for n > 1 && level[n-2] > level[n-1] {
				sum := weight[n-2] + weight[n-1]
				level[n-2] = (level[n-2]*weight[n-2] + level[n-1]*weight[n-1]) / sum
				weight[n-2], size[n-2] = sum, size[n-2]+size[n-1]
				n--
			}
		}
		for k := range n {
			for range size[k] {
				logs = append(logs, float32(math.Max(level[k], 0)))
			}
		}
	}
	return logs
}
