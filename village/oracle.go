// What a village's people would do with any card: the judge of rankers that only a simulator can be.

package village

import (
	"fmt"
	"math"
)

// Oracle knows the true click chances of a village's users and cards. It may be used by one goroutine at a time.
type Oracle struct {
	cat   *catalogue
	pop   *population
	m     *month
	users int
	drawn int // the user that m.u holds; -1 for none
}

// NewOracle knows the village that cfg makes, as Origin tells it of a log's truth. Memory: the catalogue, some 100 bytes a card and day it
// is alive.
func NewOracle(cfg Config) (*Oracle, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	p, err := defaultParams()
	if err != nil {
		return nil, err
	}
	cat, pop := newCatalogue(p, cfg.Seed, cfg.Users), newPopulation(p, cfg.Seed)
	return &Oracle{cat: cat, pop: pop, m: newMonth(p, cat, pop), users: cfg.Users, drawn: -1}, nil
}

// Users are the numbers of the village's users by the ids that a log has for them; -1 stands for an id that is not of the village.
func (o *Oracle) Users(ids []string) []int32 { return numbersOf(ids, o.users, userIDs) }

// Cards are the numbers of the village's cards by the ids that a log has for them; -1 stands for an id that is not of the village.
func (o *Oracle) Cards(ids []string) []int32 { return numbersOf(ids, len(o.cat.cards), cardIDs) }

func numbersOf(ids []string, n int, kind idRange) []int32 {
	at := make(map[string]int32, n)
	var id []byte
	for i := range n {
		id = kind.append(id[:0], int64(i))
		at[string(id)] = int32(i)
	}
	out := make([]int32, len(ids))
	for k, s := range ids {
		i, ok := at[s]
		if !ok {
			i = -1
		}
		out[k] = i
	}
	return out
}

// Chances writes to out, of the length of cards, the chance of a click of a user on each card, both by their numbers in the village,
// shown for the first time in full view while she browses in a mood of the ordinary: her click chance x appeal x match, at most .98.
// Each earlier show of the card to her multiplies it by Fatigue. A number that is not of the village is an error.
func (o *Oracle) Chances(user int32, cards []int32, out []float64) error {
	if user < 0 || int(user) >= o.users {
		return fmt.Errorf("village: there is no user %d among %d", user, o.users)
	}
	if o.drawn != int(user) {
		o.pop.draw(o.m.r, int(user), &o.m.u)
		o.drawn = int(user)
	}
	for k, i := range cards {
		if i < 0 || int(i) >= len(o.cat.cards) {
			return fmt.Errorf("village: there is no card %d among %d", i, len(o.cat.cards))
		}
		c := &o.cat.cards[i]
		out[k] = math.Min(o.m.u.click*float64(c.appeal)*match(&o.m.u, c), .98)
	}
	return nil
}

// Fatigue is the factor on a click chance that each earlier show of the card to the user has.
func (o *Oracle) Fatigue() float64 { return o.m.p.Click.Fatigue }

// Examination are the true chances, by slot from 0 at the top, that a card is looked at by users who browse, and by those who look in passing.
func (o *Oracle) Examination() (browsing, passing []float64) {
	return append([]float64(nil), o.m.examB[:]...), append([]float64(nil), o.m.examG[:]...)
}
