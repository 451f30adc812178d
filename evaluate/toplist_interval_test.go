package evaluate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func normals(n int, mean, sd float64, r *rand.Rand) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = mean + sd*r.NormFloat64()
	}
	return x
}

// The percentile interval of a mean is that of the normal approximation where users are many.
func TestMeanIntervalsAreThoseOfTheMean(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	x := normals(900, 2, 3, r)
	got, err := MeanIntervals(t.Context(), [][]float64{x}, Resampling{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	sum, square := 0.0, 0.0
	for _, v := range x {
		sum += v
	}
	mean := sum / float64(len(x))
	for _, v := range x {
		square += (v - mean) * (v - mean)
	}
	se := math.Sqrt(square/float64(len(x)-1)) / math.Sqrt(float64(len(x)))
	// 1000 replicates place a 2.5% percentile to about .08 standard errors; three times that are allowed.
	m := got[0]
	if m.Value != mean || math.Abs(m.Low-(mean-1.96*se)) > .25*se || math.Abs(m.High-(mean+1.96*se)) > .25*se {
		t.Errorf("%+v, want %v -+ %v", m, mean, 1.96*se)
	}
	if z := mean / se; math.Abs(m.P-math.Erfc(z/math.Sqrt2)) > 1e-12 { // 20 standard errors, with 899 degrees of freedom
		t.Errorf("p is %v at %v standard errors", m.P, z)
	}
}

// By hand: 1, 2, 3 have mean 2 and standard deviation 1, so that t = 2 sqrt(3) with 2 degrees of freedom, where P(|T| > t) = 1 - t/sqrt(2+t^2).
func TestMeanP(t *testing.T) {
	for _, c := range []struct {
		column []float64
		want   float64
	}{
		{[]float64{1, 2, 3}, 1 - math.Sqrt(12./14)}, {[]float64{-1, 1}, 1}, {[]float64{0, 0, 0}, 1}, {[]float64{.1, .1, .1}, 0}, {[]float64{5}, 1},
	} {
		m, err := MeanIntervals(t.Context(), [][]float64{c.column}, Resampling{Replicates: 20})
		if err != nil || math.Abs(m[0].P-c.want) > 1e-12 {
			t.Errorf("%v: %v, %v, want %v", c.column, m, err, c.want)
		}
	}
}

// Intervals at the 80% level contain the truth in about 80 of 100 samples.
func TestMeanIntervalsCover(t *testing.T) {
	const trials = 300
	covered := 0
	for k := range trials {
		x := normals(60, 5, 2, rand.New(rand.NewPCG(11, uint64(k))))
		m, err := MeanIntervals(t.Context(), [][]float64{x}, Resampling{Replicates: 300, Level: .8, Seed: uint64(k)})
		if err != nil {
			t.Fatal(err)
		}
		if m[0].Low <= 5 && 5 <= m[0].High {
			covered++
		}
	}
	// Binomial with 300 trials of .8: standard deviation 6.9.
	if covered < 240-28 || covered > 240+28 {
		t.Errorf("%d of %d intervals cover", covered, trials)
	}
}

func TestMeanIntervalsDoNotHangOnThreads(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	columns := [][]float64{normals(77, 0, 1, r), normals(77, 1, 1, r)}
	one, err := MeanIntervals(t.Context(), columns, Resampling{Seed: 4, Threads: 1, Replicates: 101})
	if err != nil {
		t.Fatal(err)
	}
	seven, err := MeanIntervals(t.Context(), columns, Resampling{Seed: 4, Threads: 7, Replicates: 101})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(one, seven) {
		t.Errorf("%v with one thread, %v with seven", one, seven)
	}
	other, err := MeanIntervals(t.Context(), columns, Resampling{Seed: 5, Threads: 1, Replicates: 101})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(one, other) {
		t.Error("another seed draws the same")
	}
}

// A small lead that every user sees is real, though the intervals of the two models overlap; one by chance is not.
func TestAgainstLeader(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	best := normals(500, 1, 1, r)
	steady, noisy := normals(500, 0, .05, r), normals(500, 0, .5, r)
	centre := func(x []float64, mean float64) { // so that the gaps are .03 and .003 exactly
		sum := 0.0
		for _, v := range x {
			sum += v
		}
		for u := range x {
			x[u] += best[u] + mean - sum/float64(len(x))
		}
	}
	centre(steady, -.03)
	centre(noisy, -.003)
	got, err := AgainstLeader(t.Context(), [][]float64{steady, best, noisy}, Resampling{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if g := got[1]; !g.Leader || g.Gap.Value != 0 || !math.IsNaN(g.Adjusted) {
		t.Errorf("the leader: %+v", g)
	}
	// 2.2 thousandths is the standard error of the first gap, 22 that of the second.
	if g := got[0]; g.Leader || math.Abs(g.Gap.Value-.03) > 1e-12 || !(g.Gap.Low > .02 && g.Gap.High < .04) || g.Adjusted > .01 {
		t.Errorf("a steady gap of .03: %+v", g)
	}
	if g := got[2]; g.Leader || math.Abs(g.Gap.Value-.003) > 1e-12 || g.Gap.Low > 0 || g.Adjusted < .05 {
		t.Errorf("a gap by chance: %+v", g)
	}
}

func TestMeanIntervalsRefuse(t *testing.T) {
	for name, columns := range map[string][][]float64{
		"no users": {{}}, "uneven": {{1, 2}, {1}}, "not a number": {{1, math.NaN()}}, "infinite": {{math.Inf(1)}},
	} {
		if _, err := MeanIntervals(t.Context(), columns, Resampling{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := MeanIntervals(t.Context(), [][]float64{{1}}, Resampling{Level: 1}); err == nil {
		t.Error("level 1: no error")
	}
	if _, err := AgainstLeader(t.Context(), [][]float64{{1, 2}, {1}}, Resampling{}); err == nil {
		t.Error("models of other users: no error")
	}
	why := errors.New("enough")
	ctx, stop := context.WithCancelCause(t.Context())
	stop(why)
	if _, err := MeanIntervals(ctx, [][]float64{{1, 2}}, Resampling{}); !errors.Is(err, why) {
		t.Errorf("cancelled: %v", err)
	}
}

func BenchmarkMeanIntervals(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	columns := make([][]float64, 16)
	for c := range columns {
		columns[c] = normals(40_000, 0, 1, r)
	}
	b.Run("users=40000/columns=16/replicates=100", func(b *testing.B) {
		for b.Loop() {
			if _, err := MeanIntervals(b.Context(), columns, Resampling{Replicates: 100}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
