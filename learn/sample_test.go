package learn

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestOversample(t *testing.T) {
	y := labels(1000, .1, 3)
	var rows []int32 // the even ones are for training
	for i := int32(0); i < 1000; i += 2 {
		rows = append(rows, i)
	}
	before := slices.Clone(rows)
	p := positives(rows, y)
	for _, factor := range []float64{1, 1.5, 3.2, 0} {
		got, err := Oversample(rows, y, factor, 1)
		if err != nil {
			t.Fatal(err)
		}
		want := int(math.Round(factor * float64(p)))
		if factor == 0 {
			want = len(rows) - p // as many as negative ones
		}
		if n := positives(got, y); n != want || len(got) != len(rows)-p+want {
			t.Errorf("factor %v: %d positive rows of %d, want %d", factor, n, len(got), want)
		}
		count := map[int32]int{}
		for _, i := range got {
			count[i]++
		}
		each := want / p
		for _, i := range rows {
			if n := count[i]; y[i] && (n < each || n > each+1) || !y[i] && n != 1 {
				t.Errorf("factor %v: row %d (%v) is there %d times", factor, i, y[i], n)
			}
		}
		if len(count) != len(rows) {
			t.Error("rows that are not for training")
		}
		again, _ := Oversample(rows, y, factor, 1)
		if !reflect.DeepEqual(got, again) {
			t.Error("other rows from the same seed")
		}
	}
	a, _ := Oversample(rows, y, 1.5, 1)
	b, _ := Oversample(rows, y, 1.5, 2)
	if reflect.DeepEqual(a, b) || !reflect.DeepEqual(rows, before) {
		t.Error("the seed does not decide, or the rows given were changed")
	}
	// More positive than negative rows: balance takes none away.
	if got, err := Oversample([]int32{0, 1, 2}, []bool{true, true, false}, 0, 1); err != nil || len(got) != 3 {
		t.Errorf("%v %v", got, err)
	}
}

func TestUndersample(t *testing.T) {
	y := labels(2000, .2, 3)
	var rows []int32
	for i := int32(0); i < 2000; i += 2 {
		rows = append(rows, i)
	}
	p := positives(rows, y)
	for _, ratio := range []float64{0, .5, 2, 1e9} {
		got, err := Undersample(rows, y, ratio, 1)
		if err != nil {
			t.Fatal(err)
		}
		want := p
		if ratio > 0 {
			want = int(min(math.Round(ratio*float64(p)), float64(len(rows)-p)))
		}
		if positives(got, y) != p || len(got)-p != want {
			t.Errorf("ratio %v: %d and %d rows, want %d and %d", ratio, positives(got, y), len(got)-p, p, want)
		}
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) || slices.ContainsFunc(got, func(i int32) bool { return i%2 == 1 }) {
			t.Error("out of order, doubled, or not for training")
		}
	}
}

func TestSampleErrors(t *testing.T) {
	y := []bool{true, false, false}
	all := []int32{0, 1, 2}
	for want, f := range map[string]func() error{
		"factor 0.5":    func() error { _, err := Oversample(all, y, .5, 1); return err },
		"factor NaN":    func() error { _, err := Oversample(all, y, math.NaN(), 1); return err },
		"factor 1e+12":  func() error { _, err := Oversample(all, y, 1e12, 1); return err },
		"row 3 of 3":    func() error { _, err := Oversample([]int32{3}, y, 2, 1); return err },
		"row -1 of 3":   func() error { _, err := Undersample([]int32{-1}, y, 2, 1); return err },
		"leaves none":   func() error { _, err := Undersample(all, y, .1, 1); return err },
		"NaN negative":  func() error { _, err := Undersample(all, y, math.NaN(), 1); return err },
		"same label":    func() error { _, err := Undersample(all[1:], y, 1, 1); return err },
		"2 weights for": func() error { _, err := BalancedWeights(y, make([]float32, 2)); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestBalancedWeights(t *testing.T) {
	// 4 rows, 1 positive: 4/(2*1) = 2 for it, 4/(2*3) = 2/3 for the others.
	got, err := BalancedWeights([]bool{true, false, false, false}, nil)
	if want := []float32{2, 2. / 3, 2. / 3, 2. / 3}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
	// Weights 3 | 1 4, in all 8: 3 times 8/6, 1 and 4 times 8/10.
	got, err = BalancedWeights([]bool{true, false, false}, []float32{3, 1, 4})
	if want := []float32{4, .8, 3.2}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
	if _, err := BalancedWeights([]bool{true, false}, []float32{1, 0}); !errors.Is(err, ErrOneClass) {
		t.Errorf("%v", err)
	}
}
