package segue

import (
	"errors"
	"testing"
)

// 300,000 events fail, then 75,000, 18,750, 4,687, 1,171 and 1,000 and 1,000; then they go in, twice as many each time, up to 300,000.
func TestNextBatch(t *testing.T) {
	batch := uint64(warehouseBatch)
	for _, want := range []uint64{75_000, 18_750, 4687, 1171, 1000, 1000} {
		if batch = nextBatch(batch, errors.New("no room")); batch != want {
			t.Fatalf("%d after a failure; want %d", batch, want)
		}
	}
	for _, want := range []uint64{2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000} {
		if batch = nextBatch(batch, nil); batch != want {
			t.Fatalf("%d after a batch; want %d", batch, want)
		}
	}
}
