package cli

import (
	"runtime"
	"testing"
)

func TestBoundsOfTheCollector(t *testing.T) {
	const mb = 1 << 20
	for _, test := range []struct {
		memory
		percent int
		held    float64 // of the limit
	}{
		{memory{0, 0, 10 * mb}, 100, (0 + 0 + 10 + 64) * mb},
		{memory{20 * mb, 30 * mb, 10 * mb}, 100, (20 + 20 + 10 + 64) * mb},
		{memory{256 * mb, 256 * mb, 10 * mb}, 100, (256 + 256 + 10 + 64) * mb},
		{memory{512 * mb, 700 * mb, 10 * mb}, 50, (512 + 256 + 10 + 64) * mb},
		{memory{2560 * mb, 2800 * mb, 30 * mb}, 10, (2560 + 256 + 30 + 64) * mb},
		{memory{10240 * mb, 0, 30 * mb}, 10, (10240 + 1024 + 30 + 64) * mb}, // 256 of 10,240 would be 2.5%
		{memory{1000 * mb, 1900 * mb, 30 * mb}, 25, (1900 + 256 + 30 + 64) * mb},
	} {
		got := boundsFor(test.memory)
		if got.percent != test.percent || got.limit != int64(test.held/.95) {
			t.Errorf("%+v: %+v; %d%% and %d are expected", test.memory, got, test.percent, int64(test.held/.95))
		}
		// The limit is for what is idle: the collector is to be led by percent. Go takes 3% of a limit for its own unevenness.
		goal, want := .97*float64(got.limit)-float64(test.beside), max(float64(test.alive)*(1+float64(got.percent)/100), float64(test.heap))
		if goal < want {
			t.Errorf("%+v: within the limit there are %.0f for a heap of %.0f", test.memory, goal, want)
		}
	}
}

func TestMemoryNow(t *testing.T) {
	kept := make([]byte, 50<<20)
	runtime.GC()
	m := memoryNow()
	runtime.KeepAlive(kept)
	if m.alive < 50<<20 || m.alive > 500<<20 || m.heap < 50<<20 || m.heap > m.alive+100<<20 || m.beside == 0 || m.beside > 500<<20 {
		t.Errorf("%+v, with 50 MB kept", m)
	}
}
