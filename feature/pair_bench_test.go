package feature_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

// bigCatalogue is a log of as many cards as the reference log has, of which the app counted every second on each of ten days, and of no users.
type bigCatalogue struct {
	feature.Source
	cards *warehouse.Cards
	days  []warehouse.CardDay
}

const bigCards, bigCreators = 250_000, 90_000

func newBigCatalogue() *bigCatalogue {
	r := rand.New(rand.NewPCG(1, 2))
	b := &bigCatalogue{cards: &warehouse.Cards{Listed: make([]bool, bigCards), CreatorKeys: make([]string, bigCreators), Followers: make([]int64, bigCreators)}}
	for i := range 122 {
		b.cards.Contents = append(b.cards.Contents, warehouse.ContentName{Levels: [3]int32{int32(i / 40), int32(i / 8), int32(i)}})
	}
	for i := range bigCards {
		c := b.cards
		c.Published, c.Type, c.Content = append(c.Published, 18190), append(c.Type, int8(1+r.IntN(2))), append(c.Content, int16(r.IntN(122)))
		c.Song, c.Artist, c.Creator, c.Talk = append(c.Song, r.Int32N(bigCards/2)), append(c.Artist, r.Int32N(bigCards/4)), append(c.Creator, r.Int32N(bigCreators)), append(c.Talk, r.Int32N(5000))
		for d := range 10 {
			if r.IntN(2) == 0 {
				n := r.Int32N(1000)
				b.days = append(b.days, warehouse.CardDay{Card: int32(i), Day: int32(18201 + d), Impressions: 1 + n, Clicks: n / 20})
			}
		}
	}
	return b
}

func (b *bigCatalogue) Profiles(context.Context) (*warehouse.Profiles, error) {
	return &warehouse.Profiles{}, nil
}

func (b *bigCatalogue) Cards(context.Context) (*warehouse.Cards, error) { return b.cards, nil }

func (b *bigCatalogue) CardDays(context.Context, time.Time, time.Time) ([]warehouse.CardDay, error) {
	return b.days, nil
}

func (b *bigCatalogue) LoggedDays(context.Context, time.Time, time.Time) ([]int32, error) {
	return nil, nil // users did nothing
}

func (b *bigCatalogue) SlotUse(context.Context, time.Time, time.Time) ([]warehouse.SlotUse, error) {
	return []warehouse.SlotUse{{Position: 1, Depth: 1, Impressions: 1000, Clicks: 20}, {Position: 9, Depth: 9, Impressions: 1000, Clicks: 80}}, nil
}

func (b *bigCatalogue) Histories(context.Context, time.Time, time.Time, func(*warehouse.Histories) error) error {
	return nil
}

// A page of one user with 300 impressions, among cards all over a catalogue of the reference log's size, on one core.
func BenchmarkPairVectors(b *testing.B) {
	c := pairContext(b, newBigCatalogue(), 1, 10)
	r := rand.New(rand.NewPCG(3, 4))
	p := c.NewPast(feature.NoTraits)
	at := feature.Moment{AtMS: 1573400000000, Day: 18211, Hour: 20}
	for i := range 300 {
		e := feature.Event{Moment: at, Card: r.Int32N(bigCards), Slot: int32(i)}
		if i%15 == 0 {
			e.Flags = warehouse.Clicked
		}
		p.ObserveEvent(e)
	}
	pages := make([][]int32, 64) // so that cards are not at hand
	for i := range pages {
		for range 500 {
			pages[i] = append(pages[i], r.Int32N(bigCards))
		}
	}
	for _, prepared := range []bool{false, true} {
		if prepared {
			c.Prepare(1, at.Day)
		}
		for _, n := range []int{10, 500} {
			out := make([]float32, n*len(c.Columns()))
			b.Run(fmt.Sprintf("cards=%d/catalogue=%d/prepared=%v", n, bigCards, prepared), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					c.Vectors(p, at, pages[i%len(pages)][:n], nil, out)
				}
			})
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	w := villageLog(b)
	c := pairContext(b, w, 1, 29)
	rows, start := 0, time.Now()
	for b.Loop() {
		err := w.Histories(b.Context(), day(1), day(29), func(h *warehouse.Histories) error {
			for k := range h.User {
				c.NewPast(feature.NoTraits).Observe(h, k)
			}
			rows += len(h.Card)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/time.Since(start).Seconds(), "rows/s")
}

func BenchmarkBuildPairs(b *testing.B) {
	w := villageLog(b)
	c := pairContext(b, w, 1, 30)
	rows, start := 0, time.Now()
	for b.Loop() {
		rows += pairs(b, w, c, feature.PairOptions{From: day(8), To: day(30)}).Rows
	}
	b.ReportMetric(float64(rows)/time.Since(start).Seconds(), "rows/s")
}

func BenchmarkPairContext(b *testing.B) {
	w := villageLog(b)
	for b.Loop() {
		pairContext(b, w, 1, 30)
	}
}
