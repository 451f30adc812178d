// Which rows to train on and which to judge by. All functions return row numbers; none looks at a row's values. The same
// arguments give the same rows.

package learn

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Split are the rows of a training, a validation and a test part, each ascending.
type Split struct{ Train, Valid, Test []int32 }

// Fold is one division of the rows, both parts ascending.
type Fold struct{ Train, Test []int32 }

// checkRows says why n rows cannot be numbered.
func checkRows(n int) error {
	switch {
	case n <= 0:
		return ErrEmpty
	case n > math.MaxInt32:
		return fmt.Errorf("learn: split: %d rows; at most %d can be split", n, math.MaxInt32)
	}
	return nil
}

// ShuffleSplit draws the given shares of n rows for validation and test, rounded to whole rows; the rest is for training. A
// share of 0 leaves its part empty. It is an error if a part with a share, or the training part, would have no row.
func ShuffleSplit(n int, valid, test float64, seed uint64) (Split, error) {
	if err := checkRows(n); err != nil {
		return Split{}, err
	}
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	var s Split
	if err := s.draw(rows, valid, test, rand.New(rand.NewPCG(seed, 1))); err != nil {
		return Split{}, err
	}
	return s.sorted(), nil
}

// StratifiedSplit is ShuffleSplit with the shares drawn from either class by itself. Both must have a row in each part.
func StratifiedSplit(y []bool, valid, test float64, seed uint64) (Split, error) {
	if err := checkRows(len(y)); err != nil {
		return Split{}, err
	}
	var s Split
	r := rand.New(rand.NewPCG(seed, 2))
	for k, rows := range byClass(y) {
		if err := s.draw(rows, valid, test, r); err != nil {
			return Split{}, fmt.Errorf("%w (%s rows)", err, className(k))
		}
	}
	return s.sorted(), nil
}

// draw shuffles rows and adds them to the parts.
func (s *Split) draw(rows []int32, valid, test float64, r *rand.Rand) error {
	if !(valid >= 0 && test >= 0 && valid+test < 1) {
		return fmt.Errorf("learn: split: shares of %v for validation and %v for test; at least 0 each and a sum below 1 are expected", valid, test)
	}
	n := float64(len(rows))
	v, t := int(math.Round(valid*n)), int(math.Round(test*n))
	if valid > 0 && v == 0 || test > 0 && t == 0 || v+t >= len(rows) {
		return fmt.Errorf("learn: split: of %d rows, shares of %v and %v would leave a part empty", len(rows), valid, test)
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	s.Valid = append(s.Valid, rows[:v]...)
	s.Test = append(s.Test, rows[v:v+t]...)
	s.Train = append(s.Train, rows[v+t:]...)
	return nil
}

func (s *Split) sorted() Split {
	slices.Sort(s.Train)
	slices.Sort(s.Valid)
	slices.Sort(s.Test)
	return *s
}

// byClass are the negative and the positive rows.
func byClass(y []bool) (class [2][]int32) {
	for i, positive := range y {
		k := 0
		if positive {
			k = 1
		}
		class[k] = append(class[k], int32(i))
	}
	return class
}

func className(k int) string { return [2]string{"negative", "positive"}[k] }

// StratifiedKFold divides the rows at random into k test parts of which each has a kth of either class, give or take a row.
// It is an error if a class has fewer than k rows.
func StratifiedKFold(y []bool, k int, seed uint64) ([]Fold, error) {
	if err := checkRows(len(y)); err != nil {
		return nil, err
	}
	if k < 2 {
		return nil, fmt.Errorf("learn: split: %d folds; at least 2 are needed", k)
	}
	r := rand.New(rand.NewPCG(seed, 3))
	of := make([]int32, len(y))
	next := 0 // goes on from class to class, so that the parts' sizes differ by a row at most
	for c, rows := range byClass(y) {
		if len(rows) < k {
			return nil, fmt.Errorf("learn: split: %d %s rows cannot be divided among %d folds", len(rows), className(c), k)
		}
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for _, i := range rows {
			of[i] = int32(next % k)
			next++
		}
	}
	return foldsOf(of, k), nil
}

// foldsOf are the k folds of which of[i] is the one that row i is tested in.
func foldsOf(of []int32, k int) []Fold {
	size := make([]int, k)
	for _, f := range of {
		size[f]++
	}
	folds := make([]Fold, k)
	for f := range folds {
		folds[f] = Fold{Train: make([]int32, 0, len(of)-size[f]), Test: make([]int32, 0, size[f])}
		for i, g := range of {
			if int(g) == f {
				folds[f].Test = append(folds[f].Test, int32(i))
			} else {
				folds[f].Train = append(folds[f].Train, int32(i))
			}
		}
	}
	return folds
}

// GroupedKFold divides the rows into k test parts of about the same size so that all rows of a group (a user, say) are in
// the same one: no group is ever on both sides. Groups are placed from the largest on, each into the smallest part so far,
// equal ones in random order. It is an error if there are fewer than k groups.
func GroupedKFold[G ~int32 | ~int64](groups []G, k int, seed uint64) ([]Fold, error) {
	return groupFolds(groups, nil, k, seed)
}

// StratifiedGroupedKFold is GroupedKFold with parts that are also alike in their number of positive rows: a group goes where
// it adds least to the sum, over both classes, of the squared shares of the class that the parts have. It is an error if
// fewer than k groups have a row of each class.
func StratifiedGroupedKFold[G ~int32 | ~int64](y []bool, groups []G, k int, seed uint64) ([]Fold, error) {
	if len(y) != len(groups) {
		return nil, fmt.Errorf("learn: split: %d labels for the groups of %d rows", len(y), len(groups))
	}
	return groupFolds(groups, y, k, seed)
}

// groupFolds places groups by the squared shares of the classes of y; without y all rows are of one class.
func groupFolds[G ~int32 | ~int64](groups []G, y []bool, k int, seed uint64) ([]Fold, error) {
	if err := checkRows(len(groups)); err != nil {
		return nil, err
	}
	if k < 2 {
		return nil, fmt.Errorf("learn: split: %d folds; at least 2 are needed", k)
	}
	type group struct{ size [2]float64 } // rows by class
	number := map[G]int32{}              // in the order of first rows
	var all []group
	var total [2]float64
	for i, g := range groups {
		n, ok := number[g]
		if !ok {
			n = int32(len(all))
			number[g] = n
			all = append(all, group{})
		}
		c := 0
		if y != nil && y[i] {
			c = 1
		}
		all[n].size[c]++
		total[c]++
	}
	if len(all) < k {
		return nil, fmt.Errorf("learn: split: %d groups cannot be divided among %d folds", len(all), k)
	}
	order := make([]int32, len(all))
	for i := range order {
		order[i] = int32(i)
	}
	r := rand.New(rand.NewPCG(seed, 4))
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	share := func(g int32, c int) float64 {
		if total[c] == 0 {
			return 0
		}
		return all[g].size[c] / total[c]
	}
	weight := func(g int32) float64 { return max(share(g, 0), share(g, 1)) }
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(weight(b), weight(a)) })
	fold, has := make([]int32, len(all)), make([][2]float64, k)
	rows := make([]float64, k)
	for _, g := range order {
		best, least := 0, math.Inf(1)
		for f := range k {
			// (h+s)^2 - h^2 = 2hs + s^2, and s is the same for all parts
			cost := has[f][0]*share(g, 0) + has[f][1]*share(g, 1)
			if cost < least || cost == least && rows[f] < rows[best] {
				best, least = f, cost
			}
		}
		fold[g] = int32(best)
		for c := range 2 {
			has[best][c] += share(g, c)
			rows[best] += all[g].size[c]
		}
	}
	for f := range k {
		for c := range 2 {
			if y != nil && has[f][c] == 0 {
				return nil, fmt.Errorf("learn: split: the groups cannot be divided among %d folds so that each has a %s row", k, className(c))
			}
		}
	}
	of := make([]int32, len(groups))
	for i, g := range groups {
		of[i] = fold[number[g]]
	}
	return foldsOf(of, k), nil
}

var errTimeOrder = errors.New("learn: split: the cuts in time must ascend")

// TimeSplit puts the rows before validFrom into training, those before testFrom into validation, the others into test.
// at[i] is the time of row i, in any unit. With validFrom = testFrom there is no validation part. It is an error if another
// part is empty.
func TimeSplit(at []int64, validFrom, testFrom int64) (Split, error) {
	if err := checkRows(len(at)); err != nil {
		return Split{}, err
	}
	if validFrom > testFrom {
		return Split{}, errTimeOrder
	}
	var s Split
	for i, t := range at {
		switch {
		case t < validFrom:
			s.Train = append(s.Train, int32(i))
		case t < testFrom:
			s.Valid = append(s.Valid, int32(i))
		default:
			s.Test = append(s.Test, int32(i))
		}
	}
	if len(s.Train) == 0 || len(s.Test) == 0 || len(s.Valid) == 0 && validFrom < testFrom {
		return Split{}, fmt.Errorf("learn: split: the cuts at %d and %d leave %d rows for training, %d for validation, %d for test; the rows are from %d to %d",
			validFrom, testFrom, len(s.Train), len(s.Valid), len(s.Test), slices.Min(at), slices.Max(at))
	}
	return s, nil
}

// TimeFolds are an expanding window: fold f trains on the rows before cuts[f] and tests on those from there to before
// cuts[f+1]. There are len(cuts)-1 folds; it is an error if one has an empty part.
func TimeFolds(at []int64, cuts []int64) ([]Fold, error) {
	if err := checkRows(len(at)); err != nil {
		return nil, err
	}
	if len(cuts) < 2 {
		return nil, fmt.Errorf("learn: split: %d cuts in time; at least 2 are needed, the last for the end", len(cuts))
	}
	folds := make([]Fold, len(cuts)-1)
	for f := range folds {
		if cuts[f] >= cuts[f+1] {
			return nil, errTimeOrder
		}
		for i, t := range at {
			switch {
			case t < cuts[f]:
				folds[f].Train = append(folds[f].Train, int32(i))
			case t < cuts[f+1]:
				folds[f].Test = append(folds[f].Test, int32(i))
			}
		}
		if len(folds[f].Train) == 0 || len(folds[f].Test) == 0 {
			return nil, fmt.Errorf("learn: split: the fold from %d to %d has %d rows for training and %d for test; the rows are from %d to %d",
				cuts[f], cuts[f+1], len(folds[f].Train), len(folds[f].Test), slices.Min(at), slices.Max(at))
		}
	}
	return folds, nil
}
