package explore

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// windowsHold says whether no window of all that was served has more than most explored slots.
func windowsHold(served []bool, most int) bool {
	count := 0
	for k, s := range served {
		if s {
			count++
		}
		if k >= Window && served[k-Window] {
			count--
		}
		if count > most {
			return false
		}
	}
	return true
}

// TestNoWindowReachesTheCap: pages of any sizes, coins of any bias; the limiter holds every window below the cap, and lets a page explore exactly
// when exploring all that could would hold it too.
func TestNoWindowReachesTheCap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.SampledFrom([]float64{.1, .1, .05, .3, .001}).Draw(t, "cap")
		l, err := NewLimiter(share)
		if err != nil {
			t.Fatal(err)
		}
		most := map[float64]int{.1: 99, .05: 49, .3: 299, .001: 0}[share] // below 100, 50, 300 and 1 of 1,000
		bias := rapid.SampledFrom([]float64{.02, .08, .1, .5, 1}).Draw(t, "bias")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "coins"), 0))
		var served []bool
		for _, n := range rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 300), rapid.SampledFrom([]int{1, 20, 999, 1000, 1001, 2500})), 1, 120).Draw(t, "sizes") {
			may, will := make([]bool, n), make([]bool, n)
			for k := range may {
				may[k] = r.Float64() < .9
				will[k] = may[k] && r.Float64() < bias
			}
			fits := windowsHold(append(served[:len(served):len(served)], may...), most)
			if got := l.Admit(may, will); got != fits {
				t.Fatalf("after %d slots a page of %d is admitted: %v; that all windows hold: %v", len(served), n, got, fits)
			}
			if !fits {
				clear(will)
			}
			served = append(served, will...)
		}
		if !windowsHold(served, most) {
			t.Fatalf("a window of %d slots has more than %d explored", Window, most)
		}
	})
}

// TestSharesReached: pages of 20 slots that explore with chance .08 rest now and then, and keep most of that share.
func TestSharesReached(t *testing.T) {
	for _, c := range []struct {
		slots    int
		share    float64 // of coins
		low, top float64 // of slots explored
	}{
		{20, .02, .019, .021}, // hardly ever rests: 20,000 slots more or less
		{10, .08, .07, .08},
		{20, .08, .065, .08},
		{40, .08, .05, .08},
	} {
		t.Run(fmt.Sprintf("slots=%d/share=%v", c.slots, c.share), func(t *testing.T) {
			l, err := NewLimiter(0)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 1))
			explored, rested, pages := 0, 0, 400_000/c.slots
			may, will := make([]bool, c.slots), make([]bool, c.slots)
			for range pages {
				for k := range may {
					may[k], will[k] = true, r.Float64() < c.share
				}
				if !l.Admit(may, will) {
					rested++
					continue
				}
				for _, w := range will {
					if w {
						explored++
					}
				}
			}
			got := float64(explored) / float64(pages*c.slots)
			t.Logf("%.4f of slots explored, %.3f of pages rested", got, float64(rested)/float64(pages))
			if got < c.low || got > c.top {
				t.Errorf("%.4f of slots explored; %v to %v is expected", got, c.low, c.top)
			}
		})
	}
}

func TestLimiterAtOnce(t *testing.T) {
	l, err := NewLimiter(0)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]bool, 7)
	for k := range all {
		all[k] = true
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	admitted := 0
	for range 4 {
		wg.Go(func() {
			for range 35 { // 4 x 35 x 7 = 980 slots: one window
				if l.Admit(all, all) {
					mu.Lock()
					admitted++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if share, of := l.Share(); admitted != 14 || share != .1 || of != 980 { // 14 x 7 = 98 of at most 99
		t.Errorf("%d pages of 7 explored, a share of %v of %d; want 14, and .1 of 980", admitted, share, of)
	}
}

func TestLimiterRefuses(t *testing.T) {
	nan := 0.0
	for _, share := range []float64{-.1, nan / nan} {
		if _, err := NewLimiter(share); err == nil {
			t.Errorf("a cap of %v: no error", share)
		}
	}
	l, err := NewLimiter(2)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]bool, 3000)
	for k := range all {
		all[k] = true
	}
	if !l.Admit(all, all) {
		t.Error("a limiter without a limit refuses")
	}
}
