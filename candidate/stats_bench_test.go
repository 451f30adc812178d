package candidate

import (
	"math/rand/v2"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// benchLog is a catalogue of the reference log's size with statistics of the app and neighbours; nobody's rows.
func benchLog(cards int) (*memoryLog, *CardStats, []warehouse.CardDay) {
	r := rand.New(rand.NewPCG(12, 12))
	l := &memoryLog{cards: plainCards(cards), profiles: &warehouse.Profiles{}}
	for k := range 122 {
		l.cards.Contents = append(l.cards.Contents, warehouse.ContentName{Levels: [3]int32{int32(k / 25), int32(100 + k/5), int32(1000 + k)}})
	}
	var days []warehouse.CardDay
	skewed := func(n int) int32 { u := r.Float64(); return int32(u * u * u * float64(n)) }
	for i := range cards {
		l.cards.Content[i], l.cards.Creator[i], l.cards.Song[i] = int16(skewed(122)), skewed(cards*2/5), skewed(cards/3)
		l.cards.Artist[i], l.cards.Talk[i], l.cards.Type[i] = l.cards.Song[i]/4, skewed(300), int8(1+r.IntN(2))
		l.cards.Published[i] = plantedDay - int32(r.IntN(60))
		for day := range 1 + r.IntN(6) {
			n := 1 + 2000/int32(1+r.IntN(1000))
			days = append(days, warehouse.CardDay{Card: int32(i), Day: int32(plantedDay - 1 - day), Impressions: n, Clicks: int32(float64(n) * .3 * r.Float64() * r.Float64())})
		}
	}
	s, err := NewCardStats(l.cards, nil, days, plantedDay, StatsConfig{})
	if err != nil {
		panic(err)
	}
	return l, s, days
}

func BenchmarkGenerators(b *testing.B) {
	const cards = 250_000
	_, s, days := benchLog(cards)
	r := rand.New(rand.NewPCG(13, 13))
	popular, _ := FitPopular(s, nil, PopularConfig{})
	trending, _ := FitTrending(s, days, TrendingConfig{MinClicks: 1, MinImpressions: 1, Z: .01})
	fresh, _ := FitFresh(s, FreshConfig{})
	content, _ := FitContent(s, nil, ContentConfig{})
	lifts := &ContentLifts{}
	for f := range lifts.Lift {
		lifts.Lift[f] = [liftSteps]float64{1, 1.5, 2, 3}
	}
	lifted, _ := FitContent(s, lifts, ContentConfig{})
	people := &People{Ages: []int16{18, 25, 31, 41}, Regions: []string{"South China"}}
	demographic := &Demographic{People: *people, Lists: popular.Lists, List: make([]int32, people.Cells()), Level: make([]uint8, 1), Cell: make([]int32, 1)}
	pairs := &CoWatch{Start: []int64{0}}
	for range cards {
		for range 50 {
			pairs.Card, pairs.Similarity = append(pairs.Card, int32(r.IntN(cards))), append(pairs.Similarity, 1)
		}
		pairs.Start = append(pairs.Start, int64(len(pairs.Card)))
	}
	watched, _ := NewWatched(pairs, WatchedConfig{})
	var queries []Query
	for range 64 {
		q := Query{Skip: func(item int32) bool { return item%8 == 0 }}
		for range 60 {
			u := r.Float64()
			q.History.Item = append(q.History.Item, int32(u*u*cards))
		}
		queries = append(queries, q)
	}
	for _, g := range []struct {
		name string
		Generator
	}{{"popular", popular}, {"trending", trending}, {"fresh", fresh}, {"demographic", demographic}, {"content", content}, {"content-lifts", lifted}, {"watched", watched}} {
		b.Run(g.name+"/k=100/items=250000", func(b *testing.B) {
			b.ReportAllocs()
			var dst []Candidate
			for i := 0; b.Loop(); i++ {
				dst = g.Candidates(&queries[i%len(queries)], 100, dst[:0])
			}
			if len(dst) == 0 {
				b.Fatal("nothing is named")
			}
		})
	}
}

func BenchmarkFits(b *testing.B) {
	for _, cards := range []int{25_000, 250_000} {
		name := map[int]string{25_000: "/items=25000", 250_000: "/items=250000"}[cards]
		_, s, days := benchLog(cards)
		b.Run("popular"+name, func(b *testing.B) {
			for b.Loop() {
				FitPopular(s, nil, PopularConfig{})
			}
		})
		b.Run("trending"+name, func(b *testing.B) {
			for b.Loop() {
				FitTrending(s, days, TrendingConfig{})
			}
		})
		b.Run("fresh"+name, func(b *testing.B) {
			for b.Loop() {
				FitFresh(s, FreshConfig{})
			}
		})
		b.Run("content"+name, func(b *testing.B) {
			for b.Loop() {
				FitContent(s, nil, ContentConfig{})
			}
		})
	}
}
