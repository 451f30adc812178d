package stream

import (
	"testing"
	"time"
)

// since: the first event that was stored at a time or later.
func since(t *testing.T, h host) {
	l := h.open(t, Config{})
	began := time.Now().Add(-time.Second)
	var between []time.Time
	appended(t, l, clicks("a", "b"), "1 2")
	for _, c := range []struct{ id, seq string }{{"c", "3"}, {"d", "4"}} {
		time.Sleep(20 * time.Millisecond) // the server's clock is this machine's
		between = append(between, time.Now())
		time.Sleep(20 * time.Millisecond)
		appended(t, l, clicks(c.id), c.seq)
	}
	for _, c := range []struct {
		at   time.Time
		want uint64
	}{{began, 1}, {between[0], 3}, {between[1], 4}, {time.Now().Add(time.Second), 5}} {
		if seq, err := l.Since(t.Context(), c.at); err != nil || seq != c.want {
			t.Errorf("since %v: %d, %v; want %d", c.at.Sub(began), seq, err, c.want)
		}
	}
}
