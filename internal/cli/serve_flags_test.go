package cli

import (
	"math"
	"testing"

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
