package candidate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// benchMatrix has about so many values, items by a power law as in feeds.
func benchMatrix(users, items, values int) *Matrix {
	random := rand.New(rand.NewPCG(1, 2))
	m := &Matrix{Users: users, Items: items, Start: make([]int64, users+1)}
	for u := range users {
		row := make([]int32, 0, values/users)
		for range values / users {
			row = append(row, int32(float64(items)*math.Pow(random.Float64(), 3)))
		}
		slices.Sort(row)
		m.Item = append(m.Item, slices.Compact(row)...)
		m.Start[u+1] = int64(len(m.Item))
	}
	return m
}

// BenchmarkIALSEpoch is one epoch of training, all threads together.
func BenchmarkIALSEpoch(b *testing.B) {
	const users, items, values = 40_000, 40_000, 4_000_000
	m := benchMatrix(users, items, values)
	t := m.Transpose()
	for _, c := range []IALS{{Dim: 64}, {Dim: 128}, {Dim: 64, Block: 64}, {Dim: 128, Block: 128}} {
		cfg, err := c.defaults(m)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("users=%d/items=%d/values=%d/dim=%d/block=%d", users, items, len(m.Item), cfg.Dim, cfg.Block), func(b *testing.B) {
			v, w := randomTable(1, items, cfg.Dim), make([]float32, users*cfg.Dim)
			for k := range v {
				v[k] /= 10
			}
			for b.Loop() {
				if err := alternate(b.Context(), cfg, m, v, w); err != nil {
					b.Fatal(err)
				}
				if err := alternate(b.Context(), cfg, t, w, v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFactorsFit is a whole fit.
func BenchmarkFactorsFit(b *testing.B) {
	const users, items, values = 40_000, 40_000, 4_000_000
	m := benchMatrix(users, items, values)
	for _, l := range []Learner{PureSVD{}, PureSVD{Dim: 128}, GraphFilter{}, BPR{Epochs: 1}, Embedding{Epochs: 1}} {
		b.Run(fmt.Sprintf("%T%+v/users=%d/items=%d/values=%d", l, l, users, items, len(m.Item)), func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Fit(b.Context(), m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIALSScores is what one request costs: folding in, scoring all items, and with causes the reasons of the 200 best.
func BenchmarkIALSScores(b *testing.B) {
	const items = 40_000
	for _, dim := range []int{64, 128, 256} {
		m := &IALSModel{Dim: dim, Alpha: .1, Reg: .01, RegExponent: 1, Factor: randomTable(1, items, dim)}
		gram, err := gramTable(b.Context(), m.Factor, dim, 0)
		if err != nil {
			b.Fatal(err)
		}
		m.Gram = narrow(gram)
		m.prepare()
		var hs []History
		for u := range int32(64) {
			var h History
			for k := range int32(50) {
				h.Item = append(h.Item, (u*977+k*613)%items)
			}
			hs = append(hs, h)
		}
		out := make([]float32, items)
		at := 0
		b.Run(fmt.Sprintf("scores/dim=%d/items=%d/history=50", dim, items), func(b *testing.B) {
			for b.Loop() {
				at++
				m.Scores(&hs[at%len(hs)], out)
			}
		})
		b.Run(fmt.Sprintf("scores+200 causes/dim=%d/items=%d/history=50", dim, items), func(b *testing.B) {
			for b.Loop() {
				at++
				h := &hs[at%len(hs)]
				m.Scores(h, out)
				for i := range int32(200) {
					m.Because(h, i)
				}
			}
		})
		b.Run(fmt.Sprintf("batch of 64/dim=%d/items=%d/history=50", dim, items), func(b *testing.B) {
			out := make([]float32, len(hs)*items)
			for b.Loop() {
				m.ScoreBatch(hs, out)
			}
		})
	}
}
