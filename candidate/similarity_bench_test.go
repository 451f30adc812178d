package candidate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// powerLaw is a binary matrix of users who took perUser items on average (some a few, some many times that), with chances of items that fall as
// the power -.8 of their rank.
func powerLaw(tb testing.TB, users, items, perUser int) *Matrix {
	tb.Helper()
	draw := rand.New(rand.NewPCG(1, 2))
	upTo := make([]float64, items)
	var sum float64
	for i := range upTo {
		sum += math.Pow(float64(i+10), -.8)
		upTo[i] = sum
	}
	var entries []Entry
	for u := range users {
		n := min(items/2, 1+int(float64(perUser)*draw.ExpFloat64()))
		for range n {
			entries = append(entries, Entry{int32(u), int32(sort.SearchFloat64s(upTo, sum*draw.Float64())), 1})
		}
	}
	m, err := NewMatrix(users, items, entries)
	if err != nil {
		tb.Fatal(err)
	}
	return m.Binary()
}

func BenchmarkFitNeighbours(b *testing.B) {
	for _, size := range [][3]int{{4_000, 4_000, 100}, {40_000, 40_000, 100}} {
		m := powerLaw(b, size[0], size[1], size[2])
		for _, l := range []Learner{ItemKNN{}, RP3Beta{}, UserKNN{}} {
			b.Run(fmt.Sprintf("%s/users=%d/items=%d/values=%d", l.Kind(), m.Users, m.Items, len(m.Item)), func(b *testing.B) {
				for b.Loop() {
					if _, err := l.Fit(context.Background(), m); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkScoreNeighbours(b *testing.B) {
	m := powerLaw(b, 40_000, 40_000, 100)
	for _, l := range []Learner{ItemKNN{Neighbours: 100}, UserKNN{}} {
		s, err := l.Fit(context.Background(), m)
		if err != nil {
			b.Fatal(err)
		}
		out := make([]float32, s.Items())
		b.Run(fmt.Sprintf("%s/users=%d/items=%d/values=%d", l.Kind(), m.Users, m.Items, len(m.Item)), func(b *testing.B) {
			for n := 0; b.Loop(); n++ {
				h := m.History(n % m.Users)
				s.Scores(&h, out)
			}
		})
	}
}
