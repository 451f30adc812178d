package feature_test

import (
	"fmt"
	"testing"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

// One user's page among many cards, as a ranker is asked.
func BenchmarkPairVectors(b *testing.B) {
	w := villageLog(b)
	c := pairContext(b, w, 1, 29)
	p := heaviest(b, w, c)
	at := feature.Moment{AtMS: 1572537600000 + 29*86400_000 + 20*3600_000, Day: 18201 + 29, Hour: 20}
	for _, n := range []int{10, 500} {
		cards := make([]int32, n)
		for i := range cards {
			cards[i] = int32(i * 7 % 180)
		}
		out := make([]float32, n*len(c.Columns()))
		b.Run(fmt.Sprintf("cards=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Vectors(p, at, cards, nil, out)
			}
		})
	}
}

// heaviest is the user with most impressions, up to day 29.
func heaviest(b *testing.B, w feature.Source, c *feature.PairContext) (p *feature.Past) {
	most := int32(0)
	err := w.Histories(b.Context(), day(1), day(29), func(h *warehouse.Histories) error {
		for k := range h.User {
			if n := h.Start[k+1] - h.Start[k]; n > most {
				most = n
				p = c.NewPast(feature.NoTraits)
				p.Observe(h, k)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func BenchmarkBuildPairs(b *testing.B) {
	w := villageLog(b)
	c := pairContext(b, w, 1, 30)
	for b.Loop() {
		s := pairs(b, w, c, feature.PairOptions{From: day(8), To: day(30)})
		b.ReportMetric(float64(s.Rows)/b.Elapsed().Seconds()*float64(b.N), "rows/s")
	}
}

func BenchmarkPairContext(b *testing.B) {
	w := villageLog(b)
	for b.Loop() {
		pairContext(b, w, 1, 30)
	}
}
