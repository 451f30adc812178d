package cli

import "testing"

// 256 MB beside 1,600 MB are 16%; a small heap may double, and a huge one grows by a tenth.
func TestRubbishPercent(t *testing.T) {
	for alive, want := range map[uint64]int{0: 100, 50 << 20: 100, 1600 << 20: 16, 3200 << 20: 10, 64 << 30: 10} {
		if got := rubbishPercent(alive); got != want {
			t.Errorf("%d MB alive: %d%%; %d%% is expected", alive>>20, got, want)
		}
	}
}
