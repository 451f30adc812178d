package learn

import (
	"fmt"
	"testing"
)

func BenchmarkNetworkEpoch(b *testing.B) {
	d := caseStudy(71306, 1)
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d/layers=47-28-10-6-1/rows=71306/batch=256", threads), func(b *testing.B) {
			for b.Loop() {
				if _, err := FitNetwork(b.Context(), d, NetworkConfig{Epochs: 1, Threads: threads}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
