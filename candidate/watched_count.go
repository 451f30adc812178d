// Which cards are watched together: those that one user clicked in one sitting, or swiped through after one click.

package candidate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// CoWatch is the cards that go with each card: those of card i are Start[i] to before Start[i+1], the best first. Memory: 8
// bytes an entry.
type CoWatch struct {
	Start      []int64
	Card       []int32
	Similarity []float32
}

// Neighbours implements NeighbourLists.
func (c *CoWatch) Neighbours(item int32) ([]int32, []float32) {
	if item < 0 || int(item)+1 >= len(c.Start) {
		return nil, nil
	}
	from, to := c.Start[item], c.Start[item+1]
	return c.Card[from:to], c.Similarity[from:to]
}

// CoWatchConfig are the settings of FitCoWatch.
type CoWatchConfig struct {
	Neighbours int     // of each card. 0 means 50
	Gap        float64 // minutes without an impression that end a sitting. 0 means 30; below 0 a sitting is a user's day
	// Swipe is what a card swiped to weighs, where a click weighs 1: it was put before the user, who did not choose it. 0 means .5;
	// below 0 swipes are not read.
	Swipe float64
	// MaxBasket is how many cards of a sitting or a swipe session count, the first ones. 0 means 40.
	MaxBasket int
	// Shrink is the weight of co-watching at which a similarity counts half. 0 means 5; below 0 none.
	Shrink float64
	// HalfLife is the days after which a basket weighs half. 0 means 14; below 0 they do not decay.
	HalfLife float64
	Threads  int // 0 means those of the machine; the result is the same
}

func (c CoWatchConfig) withDefaults() CoWatchConfig {
	if c.Neighbours == 0 {
		c.Neighbours = 50
	}
	if c.Gap == 0 {
		c.Gap = 30
	}
	if c.Swipe == 0 {
		c.Swipe = .5
	}
	if c.MaxBasket == 0 {
		c.MaxBasket = 40
	}
	if c.Shrink == 0 {
		c.Shrink = 5
	}
	if c.HalfLife == 0 {
		c.HalfLife = 14
	}
	if c.Threads == 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	return c
}

// SwipeReader is the part of warehouse.Catalogue that swipes come from.
type SwipeReader interface {
	SwipeLists(ctx context.Context, from, to time.Time, each func(*warehouse.SwipeLists) error) error
}

// FitCoWatch counts the days from first to before asOf. swipes may be nil. With the weight v of a card in a basket, and the weight w of a
// basket, its decay over the log of its size, so that long ones do not outweigh all others,
//
//	together(i, j) = sum of w v_i v_j over baskets       n(i) = sum of w v_i^2
//	similarity     = together/sqrt(n(i) n(j)) x together/(together + shrink)
//
// The cost is linear in the log and MaxBasket; memory: 16 bytes a click or swipe.
func FitCoWatch(ctx context.Context, w warehouse.Training, swipes SwipeReader, cards int, first, asOf int32, cfg CoWatchConfig) (*CoWatch, error) {
	if first >= asOf {
		return nil, fmt.Errorf("candidate: watched together from day %d to before day %d: no day is left", first, asOf)
	}
	cfg = cfg.withDefaults()
	if cfg.Neighbours < 1 || cfg.MaxBasket < 2 || cfg.Threads < 1 {
		return nil, errors.New("candidate: watched together: neighbours and threads from 1 and baskets from 2 cards are expected")
	}
	b := &watchedBaskets{cards: cards, cfg: cfg, asOf: asOf, decay: decayWeights(asOf, cfg.HalfLife), start: []int64{0}}
	from, to := asOfDay(first), asOfDay(asOf-1)
	err := w.Histories(ctx, from, to, func(h *warehouse.Histories) error {
		for k := range h.User {
			if k%1024 == 0 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			b.sittings(h, int(h.Start[k]), int(h.Start[k+1]))
		}
		return nil
	})
	if err == nil && swipes != nil && cfg.Swipe > 0 {
		err = swipes.SwipeLists(ctx, from, to, func(l *warehouse.SwipeLists) error {
			for k := range l.User {
				if k%1024 == 0 && ctx.Err() != nil {
					return context.Cause(ctx)
				}
				b.swiped(l, k)
			}
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	return b.neighbours(ctx)
}

// watchedBaskets are sittings and swipe sessions: basket k has the cards start[k] to before start[k+1].
type watchedBaskets struct {
	cards int
	cfg   CoWatchConfig
	asOf  int32
	decay func(day int32) int64

	start  []int64
	card   []int32
	value  []float32
	weight []float32 // by basket
}

// add puts a card in the basket that is being filled, once.
func (b *watchedBaskets) add(card int32, value float32) {
	last := b.start[len(b.start)-1]
	if card < 0 || int(card) >= b.cards || len(b.card)-int(last) >= b.cfg.MaxBasket {
		return
	}
	if at := slices.Index(b.card[last:], card); at >= 0 {
		b.value[int(last)+at] = max(b.value[int(last)+at], value)
		return
	}
	b.card, b.value = append(b.card, card), append(b.value, value)
}

// close ends the basket; one of a single card says nothing.
func (b *watchedBaskets) close(day int32) {
	last := b.start[len(b.start)-1]
	size := len(b.card) - int(last)
	if size < 2 {
		b.card, b.value = b.card[:last], b.value[:last]
		return
	}
	b.start = append(b.start, int64(len(b.card)))
	b.weight = append(b.weight, float32(float64(b.decay(day))/decayUnit/math.Log2(float64(size)))) // a pair weighs 1
}

// sittings adds one user's rows.
func (b *watchedBaskets) sittings(h *warehouse.Histories, from, to int) {
	gap := int64(b.cfg.Gap * 60_000)
	for row := from; row < to; row++ {
		if row > from {
			ends := h.Day[row] != h.Day[row-1]
			if gap > 0 {
				ends = h.ShownAtMS[row]-h.ShownAtMS[row-1] > gap
			}
			if ends {
				b.close(h.Day[row-1])
			}
		}
		if h.Day[row] >= b.asOf {
			break
		}
		if h.Flags[row]&warehouse.Clicked != 0 {
			b.add(h.Card[row], 1)
		}
	}
	if to > from {
		b.close(h.Day[to-1])
	}
}

// swiped adds one swipe session.
func (b *watchedBaskets) swiped(l *warehouse.SwipeLists, k int) {
	if l.Day[k] >= b.asOf {
		return
	}
	b.add(l.Opened[k], 1)
	for row := l.Start[k]; row < l.Start[k+1]; row++ {
		b.add(l.Card[row], float32(b.cfg.Swipe))
	}
	b.close(l.Day[k])
}

// neighbours multiplies the baskets out, card by card.
func (b *watchedBaskets) neighbours(ctx context.Context) (*CoWatch, error) {
	of := make([]int64, b.cards+1) // baskets of each card, in order
	for _, card := range b.card {
		of[card+1]++
	}
	for i := range b.cards {
		of[i+1] += of[i]
	}
	basket := make([]int32, len(b.card))
	own := make([]float32, len(b.card)) // the card's value in it
	norm := make([]float64, b.cards)
	next := slices.Clone(of)
	for k := range b.weight {
		for at := b.start[k]; at < b.start[k+1]; at++ {
			card := b.card[at]
			basket[next[card]], own[next[card]] = int32(k), b.value[at]
			next[card]++
			norm[card] += float64(b.weight[k]) * float64(b.value[at]) * float64(b.value[at])
		}
	}
	const block = 256 // cards
	blocks := (b.cards + block - 1) / block
	found := make([][][]Candidate, blocks)
	work := make(chan int)
	var wait sync.WaitGroup
	for range min(b.cfg.Threads, max(blocks, 1)) {
		wait.Go(func() {
			together := make([]float64, b.cards)
			var met []int32
			for at := range work {
				lists := make([][]Candidate, 0, block)
				for i := at * block; i < min((at+1)*block, b.cards) && ctx.Err() == nil; i++ {
					met = met[:0]
					for k := of[i]; k < of[i+1]; k++ {
						w := float64(b.weight[basket[k]]) * float64(own[k])
						for e := b.start[basket[k]]; e < b.start[basket[k]+1]; e++ {
							j := b.card[e]
							if together[j] == 0 {
								met = append(met, j)
							}
							together[j] += w * float64(b.value[e])
						}
					}
					lists = append(lists, b.nearest(int32(i), met, together, norm))
				}
				found[at] = lists
			}
		})
	}
	for at := 0; at < blocks && ctx.Err() == nil; at++ {
		work <- at
	}
	close(work)
	wait.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c := &CoWatch{Start: make([]int64, 1, b.cards+1)}
	for _, lists := range found {
		for _, list := range lists {
			for _, n := range list {
				c.Card, c.Similarity = append(c.Card, n.Item), append(c.Similarity, n.Score)
			}
			c.Start = append(c.Start, int64(len(c.Card)))
		}
	}
	return c, nil
}

// nearest is the best of the cards met together with card i; it clears together.
func (b *watchedBaskets) nearest(i int32, met []int32, together, norm []float64) []Candidate {
	t := best{k: b.cfg.Neighbours}
	for _, j := range met {
		both := together[j]
		together[j] = 0
		if j == i || both <= 0 {
			continue
		}
		s := both / math.Sqrt(norm[i]*norm[j]) * both / (both + max(b.cfg.Shrink, 0))
		t.offer(Candidate{Item: j, Score: float32(s)})
	}
	return t.sorted()
}
