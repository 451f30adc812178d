package learn

import (
	"context"
	"math"
	"strconv"
	"testing"
)

// The rows that a tree was not drawn for stand for new ones: their AUC is near that on other rows.
func TestForestOutOfBag(t *testing.T) {
	train, test := mixedTrees(4000, 11), mixedTrees(4000, 12)
	calls := 0
	m, err := FitForest(context.Background(), train, Forest{Trees: 150, MaxDepth: 8, OutOfBag: true, Progress: func(done, total int) {
		if calls++; done != calls || total != 150 {
			t.Errorf("tree %d of %d is the call %d", done, total, calls)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if calls != 150 || m.OOB.Rows != 4000 {
		t.Errorf("%d calls, %d rows out of the bag", calls, m.OOB.Rows)
	}
	if oob, new := pairsInOrder(m.OutOfBag(), train.Y), aucOf(t, m, test); math.Abs(oob-new) > .025 || new < .75 {
		t.Errorf("AUC %.4f out of the bag, %.4f on other rows", oob, new)
	}
	right, squares := 0.0, 0.0
	for i, p := range predicted(t, m, test.X) {
		label := 0.0
		if test.Y[i] {
			label = 1
		}
		if (p > .5) == test.Y[i] {
			right++
		}
		squares += (p - label) * (p - label)
	}
	if math.Abs(m.OOB.Accuracy-right/4000) > .03 || math.Abs(m.OOB.Brier-squares/4000) > .015 {
		t.Errorf("%+v, on other rows accuracy %v and Brier %v", m.OOB, right/4000, squares/4000)
	}
}

// Without a bootstrap and with all columns, every tree is the tree.
func TestForestOfEqualTrees(t *testing.T) {
	d := mixedTrees(800, 13)
	f, err := FitForest(context.Background(), d, Forest{Trees: 3, Features: 7, NoBootstrap: true, MaxDepth: 5})
	if err != nil {
		t.Fatal(err)
	}
	one, err := FitTree(context.Background(), d, Tree{MaxDepth: 5})
	if err != nil {
		t.Fatal(err)
	}
	want := predicted(t, one, d.X)
	for i, p := range predicted(t, f, d.X) {
		if math.Abs(p-want[i]) > 1e-12 {
			t.Fatalf("row %d: %v, want %v", i, p, want[i])
		}
	}
}

// Balanced classes: the mean probability is near one half though a tenth of the rows are positive.
func TestForestBalanced(t *testing.T) {
	d := mixedTrees(5000, 14)
	var rows []int32
	for i, y := range d.Y {
		if !y || i%8 == 0 {
			rows = append(rows, int32(i))
		}
	}
	d = d.Take(rows)
	mean := func(c Forest) (m float64) {
		f, err := FitForest(context.Background(), d, c)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range predicted(t, f, d.X) {
			m += p / float64(len(d.Y))
		}
		return m
	}
	share := 0.0
	for _, y := range d.Y {
		if y {
			share += 1 / float64(len(d.Y))
		}
	}
	plain, balanced := mean(Forest{Trees: 30, MaxDepth: 4}), mean(Forest{Trees: 30, MaxDepth: 4, Balanced: true})
	if math.Abs(plain-share) > .01 || balanced < .4 || balanced > .55 {
		t.Errorf("mean probability %v and balanced %v of a share of %v", plain, balanced, share)
	}
}

func BenchmarkFitForest(b *testing.B) {
	for _, trees := range []int{100, 1000} {
		b.Run("trees="+strconv.Itoa(trees), func(b *testing.B) { benchmarkFit(b, Forest{Trees: trees, MaxDepth: 10}) })
	}
}

func BenchmarkPredictForest(b *testing.B) {
	d := caseStudy(100000, 2)
	m, err := FitForest(context.Background(), d, Forest{Trees: 1000, MaxDepth: 10})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("trees=1000/rows=100000", func(b *testing.B) {
		for b.Loop() {
			predicted(b, m, d.X)
		}
	})
}
