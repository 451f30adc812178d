package analysis

import (
	"math"
	"testing"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

func TestAtLeastClicks(t *testing.T) {
	// With alpha = beta = 1 every number of clicks of 9 is as likely as another: 4 or more are 6 of 10.
	if got := atLeastClicks(stat.BetaBinomial{Alpha: 1, Beta: 1}, 9, 4); math.Abs(got-.6) > 1e-12 {
		t.Errorf("%v, by hand .6", got)
	}
	// One trial: alpha/(alpha+beta). None needed: certain.
	fit := stat.BetaBinomial{Alpha: .5, Beta: 7.5}
	if got := atLeastClicks(fit, 1, 1); math.Abs(got-.0625) > 1e-12 {
		t.Errorf("%v, by hand 1/16", got)
	}
	if got := atLeastClicks(fit, 20000, 0); got != 1 {
		t.Errorf("%v, by hand 1", got)
	}
}

// clicksAt plants users of n impressions whose clicks have the distribution of a rate drawn from beta(a, b).
func clicksAt(n, users int64, a, b float64) (pairs []warehouse.UserPair) {
	fit := stat.BetaBinomial{Alpha: a, Beta: b}
	for k := int64(0); k <= n; k++ {
		p := atLeastClicks(fit, n, k) - atLeastClicks(fit, n, k+1)
		if u := int64(math.Round(float64(users) * p)); u > 0 {
			pairs = append(pairs, warehouse.UserPair{Impressions: n, Clicks: k, Users: u})
		}
	}
	return pairs
}

func TestShrinkageSaysWhetherItsModelFits(t *testing.T) {
	alike := append(clicksAt(4, 50000, 1, 19), clicksAt(40, 50000, 1, 19)...)
	a := (&feedLog{pairs: alike}).put(t, askFewImpressions)
	says(t, a, Descriptive, "The model fits: ")
	// Users of few impressions click at a fifth of the rate of the others.
	apart := append(clicksAt(4, 50000, 1, 99), clicksAt(40, 50000, 1, 19)...)
	says(t, (&feedLog{pairs: apart}).put(t, askFewImpressions), Descriptive, "The model does not fit: ")
}
