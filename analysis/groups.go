package analysis

import (
	"fmt"
	"math"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// byGroups says where intervals come from that have the user as the unit.
var byGroups = fmt.Sprintf("Intervals and tests leave out one of %d random groups of users at a time: the user is the unit, however many impressions or sessions she has.", warehouse.UserGroups)

// groupSums is a numerator over a denominator by random groups of users.
type groupSums struct {
	x, y [warehouse.UserGroups]float64
}

func (s *groupSums) add(group int, x, y float64) {
	s.x[group] += x
	s.y[group] += y
}

func (s *groupSums) ratio() stat.Grouped     { return stat.GroupRatio(s.x[:], s.y[:]) }
func (s *groupSums) estimate() stat.Estimate { return s.ratio().Estimate() }
func (s *groupSums) totals() (x, y float64) {
	for g := range s.x {
		x, y = x+s.x[g], y+s.y[g]
	}
	return x, y
}

// less is the difference of two ratios over the same groups.
func (s *groupSums) less(o *groupSums) stat.Grouped {
	return stat.GroupRatioDifference(s.x[:], s.y[:], o.x[:], o.y[:])
}

// surest are the two that are most surely the lowest and the highest: by the upper and the lower ends of their intervals, so that one of few
// users does not win by luck. Only those that count take part; false when there are not two.
func surest(sums []groupSums, counts func(i int) bool) (lo, hi int, ok bool) {
	lo, hi = -1, -1
	var low, high float64
	for i := range sums {
		e := sums[i].estimate()
		if !counts(i) || !e.Known() {
			continue
		}
		if lo < 0 || e.High < low {
			lo, low = i, e.High
		}
		if hi < 0 || e.Low > high {
			hi, high = i, e.Low
		}
	}
	return lo, hi, lo >= 0 && lo != hi
}

// equal tests that the ratios of those that count are one.
func equal(sums []groupSums, counts func(i int) bool) stat.Test {
	var of []stat.Grouped
	var n []float64
	for i := range sums {
		if counts(i) {
			x, _ := sums[i].totals()
			of, n = append(of, sums[i].ratio()), append(n, x)
		}
	}
	return stat.BrownForsythe(n, of)
}

// spread is how far rates of clicks lie apart, as the correlation of a click with belonging to one of them: the square root of the share of
// the variance of clicks that lies between them (Cramer's V of the table of clicks and no clicks), in [0, 1].
func spread(n int, totals func(i int) (x, y float64)) float64 {
	var x, y, between float64
	for i := range n {
		a, b := totals(i)
		x, y = x+a, y+b
	}
	p := over(y, x)
	for i := range n {
		if a, b := totals(i); a > 0 {
			between += a * (b/a - p) * (b/a - p)
		}
	}
	return math.Sqrt(over(between, x*p*(1-p)))
}
