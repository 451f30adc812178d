package learn

import (
	"fmt"
	"testing"
)

func BenchmarkLinearSVM(b *testing.B) {
	for _, n := range []int{71306, 628788} {
		d := caseStudy(n, 1)
		for _, loss := range []string{LossHinge, LossSquaredHinge} {
			for _, folds := range []int{1, 3} {
				b.Run(fmt.Sprintf("loss=%s/folds=%d/rows=%d/columns=47", loss, folds, n), func(b *testing.B) {
					for b.Loop() {
						m, err := FitLinearSVM(b.Context(), d, LinearSVM{Loss: loss, Folds: folds})
						if err != nil {
							b.Fatal(err)
						}
						b.ReportMetric(float64(m.Iterations), "passes")
					}
				})
			}
		}
	}
}
