package learn

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// labels are n labels of which about share are positive.
func labels(n int, share float64, seed uint64) []bool {
	y := make([]bool, n)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range y {
		y[i] = r.Float64() < share
	}
	return y
}

func positives(rows []int32, y []bool) (n int) {
	for _, i := range rows {
		if y[i] {
			n++
		}
	}
	return n
}

// together says whether the parts hold each of 0..n-1 once, and each ascends.
func together(t *testing.T, n int, parts ...[]int32) {
	t.Helper()
	seen := make([]int, n)
	for _, p := range parts {
		if !slices.IsSorted(p) {
			t.Error("a part does not ascend")
		}
		for _, i := range p {
			seen[i]++
		}
	}
	for i, k := range seen {
		if k != 1 {
			t.Fatalf("row %d is there %d times", i, k)
		}
	}
}

func TestShuffleSplit(t *testing.T) {
	s, err := ShuffleSplit(1000, .2, .1, 1)
	if err != nil {
		t.Fatal(err)
	}
	together(t, 1000, s.Train, s.Valid, s.Test)
	if len(s.Train) != 700 || len(s.Valid) != 200 || len(s.Test) != 100 {
		t.Errorf("%d, %d, %d rows", len(s.Train), len(s.Valid), len(s.Test))
	}
	// Drawn at random: the mean row of 100 is 500, give or take 4 times 289/10.
	var sum float64
	for _, i := range s.Test {
		sum += float64(i)
	}
	if mean := sum / 100; mean < 384 || mean > 616 {
		t.Errorf("the mean row of the test part is %v", mean)
	}
	again, _ := ShuffleSplit(1000, .2, .1, 1)
	other, _ := ShuffleSplit(1000, .2, .1, 2)
	if !reflect.DeepEqual(s, again) || reflect.DeepEqual(s, other) {
		t.Error("the seed does not decide")
	}

	y := labels(1000, .07, 1)
	s, err = StratifiedSplit(y, .2, .3, 1)
	if err != nil {
		t.Fatal(err)
	}
	together(t, 1000, s.Train, s.Valid, s.Test)
	all := float64(positives(append(append(slices.Clone(s.Train), s.Valid...), s.Test...), y))
	for share, rows := range map[float64][]int32{.5: s.Train, .2: s.Valid, .3: s.Test} {
		if got := float64(positives(rows, y)); got < share*all-1 || got > share*all+1 {
			t.Errorf("%v of %v positive rows where a share of %v is expected", got, all, share)
		}
	}
}

func TestStratifiedKFold(t *testing.T) {
	y := labels(1003, .1, 1)
	folds, err := StratifiedKFold(y, 4, 9)
	if err != nil {
		t.Fatal(err)
	}
	var tests [][]int32
	for _, f := range folds {
		together(t, 1003, f.Train, f.Test)
		tests = append(tests, f.Test)
		total := positives(f.Train, y) + positives(f.Test, y)
		if n := positives(f.Test, y); n < total/4 || n > total/4+1 {
			t.Errorf("%d of %d positive rows", n, total)
		}
		if len(f.Test) < 250 || len(f.Test) > 251 {
			t.Errorf("%d rows of 1003 in one of 4 parts", len(f.Test))
		}
	}
	together(t, 1003, sortedRows(tests[0]), tests[1], tests[2], tests[3])
}

func sortedRows(rows []int32) []int32 { return slices.Sorted(slices.Values(rows)) }

func TestGroupedKFold(t *testing.T) {
	// 400 users; the larger the number, the fewer rows, and the likelier positive.
	r := rand.New(rand.NewPCG(1, 1))
	var user []int64
	var y []bool
	for u := range 400 {
		rate := r.Float64()
		for range 1 + r.IntN(1+4000/(10+u)) {
			user, y = append(user, int64(u)*1_000_000_007), append(y, r.Float64() < rate*rate)
		}
	}
	n := len(user)
	check := func(folds []Fold, err error) (spread int) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		of, least, most := map[int64]int{}, n, 0
		var tests [][]int32
		for f, fold := range folds {
			together(t, n, fold.Train, fold.Test)
			tests = append(tests, fold.Test)
			for _, i := range fold.Test {
				if g, ok := of[user[i]]; ok && g != f {
					t.Fatalf("user %d is tested in folds %d and %d", user[i], g, f)
				}
				of[user[i]] = f
			}
			if size := len(fold.Test); size < n/5-n/100 || size > n/5+n/100 {
				t.Errorf("%d of %d rows in one of 5 parts", size, n)
			}
			p := positives(fold.Test, y)
			least, most = min(least, p), max(most, p)
		}
		together(t, n, tests...)
		return most - least
	}
	check(GroupedKFold(user, 5, 1))
	if spread := check(StratifiedGroupedKFold(y, user, 5, 1)); spread > n/100 {
		t.Errorf("positive rows differ by %d of %d", spread, n)
	}

	// By hand: sizes 3 2 2 1, the largest first: 3 | 2, then 2 to the second (2 < 3): 3 | 4, then 1: 4 | 4.
	folds, err := GroupedKFold([]int32{7, 7, 7, 5, 5, 6, 6, 8}, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	parts := [][]int32{folds[0].Test, folds[1].Test}
	slices.SortFunc(parts, func(a, b []int32) int { return int(a[0] - b[0]) })
	if want := [][]int32{{0, 1, 2, 7}, {3, 4, 5, 6}}; !reflect.DeepEqual(parts, want) {
		t.Errorf("%v, want %v", parts, want)
	}
}

func TestTimeSplit(t *testing.T) {
	at := []int64{50, 10, 20, 30, 40, 30}
	s, err := TimeSplit(at, 30, 50)
	if want := (Split{Train: []int32{1, 2}, Valid: []int32{3, 4, 5}, Test: []int32{0}}); err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("%v %v, want %v", s, err, want)
	}
	s, err = TimeSplit(at, 30, 30)
	if want := (Split{Train: []int32{1, 2}, Test: []int32{0, 3, 4, 5}}); err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("%v %v, want %v", s, err, want)
	}
	folds, err := TimeFolds(at, []int64{20, 40, 60})
	want := []Fold{{Train: []int32{1}, Test: []int32{2, 3, 5}}, {Train: []int32{1, 2, 3, 5}, Test: []int32{0, 4}}}
	if err != nil || !reflect.DeepEqual(folds, want) {
		t.Errorf("%v %v, want %v", folds, err, want)
	}
}

func TestSplitErrors(t *testing.T) {
	y := []bool{true, false, false, false, true}
	at := []int64{1, 2, 3, 4, 5}
	for want, f := range map[string]func() error{
		"no rows":           func() error { _, err := ShuffleSplit(0, .1, .1, 1); return err },
		"0.6 for test":      func() error { _, err := ShuffleSplit(10, .5, .6, 1); return err },
		"-0.1 for":          func() error { _, err := ShuffleSplit(10, -.1, .6, 1); return err },
		"part empty":        func() error { _, err := ShuffleSplit(10, .01, .5, 1); return err },
		"(positive rows)":   func() error { _, err := StratifiedSplit(y, .2, .2, 1); return err },
		"(negative rows)":   func() error { _, err := StratifiedSplit([]bool{true, true, true}, .34, 0, 1); return err },
		"1 folds":           func() error { _, err := StratifiedKFold(y, 1, 1); return err },
		"2 positive rows":   func() error { _, err := StratifiedKFold(y, 3, 1); return err },
		"0 folds":           func() error { _, err := GroupedKFold(at, 0, 1); return err },
		"5 groups cannot":   func() error { _, err := GroupedKFold(at, 6, 1); return err },
		"each has a posit":  func() error { _, err := StratifiedGroupedKFold(y, []int32{1, 2, 3, 4, 1}, 2, 1); return err },
		"5 labels for":      func() error { _, err := StratifiedGroupedKFold(y, at[:4], 2, 1); return err },
		"must ascend":       func() error { _, err := TimeSplit(at, 4, 3); return err },
		"are from 1 to 5":   func() error { _, err := TimeSplit(at, 1, 3); return err },
		"0 for validation":  func() error { _, err := TimeSplit([]int64{1, 9}, 3, 5); return err },
		"1 cuts":            func() error { _, err := TimeFolds(at, []int64{3}); return err },
		"cuts in time must": func() error { _, err := TimeFolds(at, []int64{3, 3}); return err },
		"0 for test; the":   func() error { _, err := TimeFolds(at, []int64{7, 9}); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
