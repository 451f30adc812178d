package cli

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue"
)

// Who says 0 means none, and not the default that options have for it.
func TestExploring(t *testing.T) {
	for _, test := range []struct {
		explore, share float64
		shows          int
		want           float64 // of Explore
		ok             bool
	}{
		{.08, .1, 100, .08, true}, {1, .5, 1, 1, true}, {0, .1, 100, -1, true}, {-.5, .1, 100, -1, true}, {.08, 0, 100, -1, true}, {.3, 7, 100, .3, true},
		{1.1, .1, 100, 0, false}, {math.NaN(), .1, 100, 0, false}, {.08, -.1, 100, 0, false}, {.08, math.NaN(), 100, 0, false}, {.08, .1, 0, 0, false}, {.08, .1, -3, 0, false},
	} {
		o := segue.ServeOptions{Explore: test.explore, ExploreCap: test.share, NewShows: test.shows}
		if err := exploring(&o); (err == nil) != test.ok || err == nil && o.Explore != test.want {
			t.Errorf("%+v: explores with %v, %v", test, o.Explore, err)
		}
	}
}

// A number in the log says what it counts.
func TestLogger(t *testing.T) {
	for _, test := range []struct {
		asJSON, quiet bool
		want          []string // of a line of information, none if it is not told, and of one that warns
	}{
		{false, false, []string{"level=INFO msg=snapshot seq=7 took=302ms", "level=WARN msg=late took=1.5s"}}, {false, true, []string{"level=WARN msg=late took=1.5s"}},
		{true, false, []string{`"level":"INFO","msg":"snapshot","seq":7,"took_ms":302}`, `"level":"WARN","msg":"late","took_ms":1500}`}}, {true, true, []string{`"level":"WARN","msg":"late","took_ms":1500}`}},
	} {
		var said bytes.Buffer
		log := (&app{stderr: &said, quiet: test.quiet}).logger(test.asJSON)
		log.Info("snapshot", "seq", 7, "took", 302*time.Millisecond)
		log.Warn("late", "took", 1500*time.Millisecond)
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		if len(lines) != len(test.want) {
			t.Errorf("%+v: %s", test, &said)
			continue
		}
		for k, line := range lines {
			if !strings.HasSuffix(line, test.want[k]) {
				t.Errorf("%+v: %s", test, line)
			}
		}
	}
}
