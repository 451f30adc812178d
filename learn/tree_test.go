package learn

import (
	"context"
	"sort"
	"testing"
)

func BenchmarkFitTree(b *testing.B) {
	train, test := caseStudySplit(b)
	b.ResetTimer()
	for range b.N {
		m, err := FitTree(context.Background(), train, Tree{MaxDepth: 10})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		b.ReportMetric(aucOf(b, m, test), "auc")
		b.StartTimer()
	}
}

func BenchmarkBins(b *testing.B) {
	train, _ := caseStudySplit(b)
	b.ResetTimer()
	for range b.N {
		if _, err := newBins(context.Background(), train, 2); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFitForest(b *testing.B) {
	train, test := caseStudySplit(b)
	b.ResetTimer()
	for range b.N {
		m, err := FitForest(context.Background(), train, Forest{Trees: 100, MaxDepth: 10})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		b.ReportMetric(aucOf(b, m, test), "auc")
		b.StartTimer()
	}
}

func BenchmarkFitBoost(b *testing.B) {
	train, test := caseStudySplit(b)
	b.ResetTimer()
	for range b.N {
		m, err := FitBoost(context.Background(), train, Boost{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		b.ReportMetric(aucOf(b, m, test), "auc")
		b.StartTimer()
	}
}

// aucOf is the area under the ROC curve of m on d.
func aucOf(t testing.TB, m Model, d *Data) float64 {
	t.Helper()
	p := make([]float64, d.X.Rows)
	if err := m.Predict(d.X, p); err != nil {
		t.Fatal(err)
	}
	return pairsInOrder(p, d.Y)
}

// pairsInOrder is the share of pairs of a positive and a negative row of which the positive one has the higher p, ties half.
func pairsInOrder(p []float64, y []bool) float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return p[order[a]] < p[order[b]] })
	var below, pairs, positives float64
	for i := 0; i < len(order); {
		j, pos := i, 0.0
		for ; j < len(order) && p[order[j]] == p[order[i]]; j++ {
			if y[order[j]] {
				pos++
			}
		}
		neg := float64(j-i) - pos
		pairs += pos * (below + neg/2)
		below += neg
		positives += pos
		i = j
	}
	return pairs / positives / below
}
