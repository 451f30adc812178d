package cli

import (
	"runtime"
	"testing"
)

func TestBoundsOfTheCollector(t *testing.T) {
	const mb = 1 << 20
	for _, test := range []struct {
		alive, beside uint64
		percent       int
		held          float64 // of the limit
	}{
		{0, 10 * mb, 100, (0 + 0 + 10 + 64) * mb},
		{20 * mb, 10 * mb, 100, (20 + 20 + 10 + 64) * mb},
		{256 * mb, 10 * mb, 100, (256 + 256 + 10 + 64) * mb},
		{512 * mb, 10 * mb, 50, (512 + 256 + 10 + 64) * mb},
		{2560 * mb, 30 * mb, 10, (2560 + 256 + 30 + 64) * mb},
		{10240 * mb, 30 * mb, 10, (10240 + 1024 + 30 + 64) * mb}, // 256 of 10,240 would be 2.5%
	} {
		got := boundsFor(test.alive, test.beside)
		if got.percent != test.percent || got.limit != int64(test.held/.95) {
			t.Errorf("alive %d, beside %d: %+v; %d%% and %d are expected", test.alive, test.beside, got, test.percent, int64(test.held/.95))
		}
		// The limit is for what is idle: the collector is to be led by percent. Go takes 3% of a limit for its own unevenness.
		if goal := .97*float64(got.limit) - float64(test.beside); goal < float64(test.alive)*(1+float64(got.percent)/100) {
			t.Errorf("alive %d, beside %d: within the limit there are %.0f for the heap", test.alive, test.beside, goal)
		}
	}
}

func TestMemoryNow(t *testing.T) {
	kept := make([]byte, 50<<20)
	runtime.GC()
	alive, beside := memoryNow()
	runtime.KeepAlive(kept)
	if alive < 50<<20 || alive > 500<<20 || beside == 0 || beside > 500<<20 {
		t.Errorf("alive %d, beside %d, with 50 MB kept", alive, beside)
	}
}
