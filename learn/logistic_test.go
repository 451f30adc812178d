package learn

import (
	"fmt"
	"testing"
)

func BenchmarkLogistic(b *testing.B) {
	for _, n := range []int{71306, 628788} {
		d := caseStudy(n, 1)
		for _, p := range []string{PenaltyL2, PenaltyNone, PenaltyL1, PenaltyElasticNet} {
			b.Run(fmt.Sprintf("penalty=%s/rows=%d/columns=47", p, n), func(b *testing.B) {
				for b.Loop() {
					m, err := FitLogistic(b.Context(), d, Logistic{Penalty: p})
					if err != nil || !m.Converged {
						b.Fatal(err, m)
					}
					b.ReportMetric(float64(m.Iterations), "steps")
				}
			})
		}
	}
}
