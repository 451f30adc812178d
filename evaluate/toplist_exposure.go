// What the lists of all users together show of the catalogue: a model may be accurate for each and show everyone the same few items.
// Sources: Zhou, Kuscsik, Liu, Medo, Wakeling and Zhang, PNAS 107 (2010), for novelty as self-information; Castells, Hurley and
// Vargas, Recommender Systems Handbook (2015), chapter 26, for coverage and the Gini index.

package evaluate

import (
	"math"
	"slices"
)

// Exposure counts how often each item of the catalogue stands in the lists. It is not safe for concurrent use; counts of parts of the users are
// added by Merge, in any order to the same result.
type Exposure struct {
	shown []int64
	taken []int64
	users int
}

// NewExposure begins a count. taken has, for each item of the catalogue, the number of users who took it in training, of so many users;
// it is not copied.
func NewExposure(taken []int64, users int) *Exposure {
	return &Exposure{shown: make([]int64, len(taken)), taken: taken, users: users}
}

// Add counts one user's list; items are numbers below the catalogue's length.
func (e *Exposure) Add(list []int32) {
	for _, i := range list {
		e.shown[i]++
	}
}

// Merge adds the counts of another part of the users over the same catalogue.
func (e *Exposure) Merge(o *Exposure) {
	for i, n := range o.shown {
		e.shown[i] += n
	}
}

// ExposureScore says what all lists show together.
type ExposureScore struct {
	// Coverage is the share of the catalogue that stands in at least one list.
	Coverage float64 `json:"coverage"`
	// Gini is the Gini index of the numbers of lists over all items of the catalogue, those in none included: 0 where each item is
	// shown equally often, near 1 where a few fill all lists.
	Gini float64 `json:"gini"`
	// Novelty is the mean over all places of the self-information -log2(share of the training users who took the item), in
	// bits. An item that none took counts as taken by one.
	Novelty float64 `json:"novelty"`
	// Popularity is the mean over all places of the number of training users who took the item.
	Popularity float64 `json:"popularity"`
}

// Score measures what was counted; all is 0 where no list named an item.
func (e *Exposure) Score() ExposureScore {
	var s ExposureScore
	var places, covered int64
	var bits, popularity float64
	for i, n := range e.shown {
		if n == 0 {
			continue
		}
		covered++
		places += n
		share := float64(max(1, e.taken[i])) / float64(max(1, e.users))
		bits -= float64(n) * math.Log2(share)
		popularity += float64(n) * float64(e.taken[i])
	}
	if places == 0 {
		return s
	}
	s.Coverage = float64(covered) / float64(len(e.shown))
	s.Novelty, s.Popularity = bits/float64(places), popularity/float64(places)
	// With n counts in ascending order x_1..x_n, G = sum of (2i - n - 1) x_i / (n sum of x).
	order := slices.Sorted(slices.Values(e.shown))
	n := float64(len(order))
	for i, x := range order {
		s.Gini += (2*float64(i+1) - n - 1) * float64(x)
	}
	s.Gini /= n * float64(places)
	return s
}
