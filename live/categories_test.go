package live

import (
	"math"
	"testing"

	"github.com/seguefeed/segue/stream"
)

func TestCategoryShares(t *testing.T) {
	s := apply(newState(Config{}),
		at(stream.Item, "", "a", 0, card(stream.Card{Categories: []string{"x", "y"}})), at(stream.Item, "", "b", 0, card(stream.Card{Categories: []string{"y"}})),
		at(stream.Item, "", "c", 0), at(stream.Impression, "u", "b", 1), at(stream.Impression, "v", "b", 2))
	c := s.Catalogue()
	// Shows and one more each: a 1, b 3, c 1.
	for k, want := range map[string]float64{"x": 1 / 5., "y": 4 / 5.} {
		for code, name := range c.Categories {
			if got := c.CategoryShare(int32(code)); name == k && math.Abs(got-want) > 1e-12 {
				t.Errorf("category %s has %v of all shows, want %v", k, got, want)
			}
		}
	}
	if len(c.In(0)) != 2 || len(c.In(1)) != 1 || c.In(0)[1] != c.In(1)[0] || len(c.In(2)) != 0 {
		t.Errorf("categories of the items are %v %v %v", c.In(0), c.In(1), c.In(2))
	}
}
