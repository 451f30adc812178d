package activity

import (
	"math"
	"testing"

	"github.com/seguefeed/segue/internal/stat"
)

// Six users with probabilities to be active; a contact pays for those who would not be. A missed one costs 1, a wasted one 3:
// contact below 1/(1+3) = .25.
func TestChooseByHand(t *testing.T) {
	y := []bool{false, false, true, false, true, true}
	p := []float64{.1, .2, .24, .3, .25, .9}
	c, err := Choose(y, p, Costs{Missed: 1, Wasted: 3})
	if err != nil {
		t.Fatal(err)
	}
	// Contacted: the first three, of whom two needed it and one (active) did not; of the three inactive, the fourth is missed.
	want := Choice{Costs: Costs{1, 3}, Threshold: .25, Contacted: 3 / 6., Needed: 2 / 3., MissedShare: 1 / 3., Cost: (1*1 + 1*3) / 6., Everyone: 3 * 3 / 6., Nobody: 3 * 1 / 6.}
	if c != want {
		t.Errorf("%+v, by hand %+v", c, want)
	}
	// A wasted contact is free: contact everyone but the certain; a missed user is free: nobody.
	if c, err = Choose(y, p, Costs{Missed: 2}); err != nil || c.Threshold != 1 || c.Contacted != 1 || c.Cost != 0 || c.Nobody != 3*2/6. {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = Choose(y, p, Costs{Wasted: 2}); err != nil || c.Threshold != 0 || c.Contacted != 0 || c.Cost != 0 || !math.IsNaN(c.Needed) || c.MissedShare != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []Costs{{}, {-1, 2}, {1, math.NaN()}, {math.Inf(1), 1}} {
		_, err := Choose(y, p, bad)
		says(t, err, "costs", "0 or more")
	}
	_, err = Choose(nil, nil, Costs{1, 1})
	says(t, err, "0 labels")
	_, err = Choose(y, p[:2], Costs{1, 1})
	says(t, err, "6 labels for 2")
}

// With calibrated probabilities no other threshold costs less: 1,000 users at each of p = .05, .15, ..., of whom that share is
// active.
func TestChooseIsBest(t *testing.T) {
	var y []bool
	var p []float64
	for k := range 10 {
		q := .05 + .1*float64(k)
		for i := range 1000 {
			y, p = append(y, float64(i) < 1000*q-.5), append(p, q)
		}
	}
	costs := Costs{Missed: 1, Wasted: 2.2} // threshold .3125
	best, err := Choose(y, p, costs)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []float64{0, .1, .2, .4, .5, .7, 1} {
		cost := 0.0
		for i := range y {
			switch contact := p[i] < at; {
			case contact && y[i]:
				cost += costs.Wasted
			case !contact && !y[i]:
				cost += costs.Missed
			}
		}
		if cost/float64(len(y)) <= best.Cost {
			t.Errorf("a threshold of %v costs %v, the chosen one %v", at, cost/float64(len(y)), best.Cost)
		}
	}
}

// 4,000 users in four bands of 1,000; of each band a known share is active.
func TestBands(t *testing.T) {
	var y []bool
	var p []float64
	for k, share := range []int{10, 100, 300, 800} {
		for i := range 1000 {
			y, p = append(y, i < share), append(p, float64(k)/4+float64(i)/4e4)
		}
	}
	bands := bandsOf(y, p)
	if len(bands) != 4 {
		t.Fatalf("%d bands", len(bands))
	}
	for k, share := range []int64{10, 100, 300, 800} {
		want := stat.Wilson(share, 1000)
		if b := bands[k]; b.Users != 1000 || b.Low != want.Low || b.High != want.High || b.UpTo != float64(k)/4+999/4e4 {
			t.Errorf("band %d: %+v", k, b)
		}
	}
	j := &Judgement{Bands: bands}
	if low, high := j.interval(.26); low != bands[1].Low || high != .26 { // the interval of .10 is widened to hold .26
		t.Errorf("interval of .26: %v to %v", low, high)
	}
	if low, high := j.interval(.999); low != bands[3].Low || high != .999 {
		t.Errorf("above all: %v to %v", low, high)
	}
	// Equal probabilities stay together, however many.
	for i := range p {
		p[i] = .5
	}
	if bands = bandsOf(y, p); len(bands) != 1 || bands[0].Users != 4000 {
		t.Errorf("all alike: %+v", bands)
	}
	if bands = bandsOf(y[:10], p[:10]); len(bands) != 1 || bands[0].Users != 10 {
		t.Errorf("ten users: %+v", bands)
	}
}
