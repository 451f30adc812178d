// How long until it happens, when for some it has not happened yet? Survival curves by group (Kaplan and Meier, Journal of the
// American Statistical Association 53, 1958) and the test that groups have one curve (Mantel, Cancer Chemotherapy Reports 50,
// 1966). survival_concordance.go says how well a score orders the times, survival_periods.go makes a classifier's rows of them.
//
// Throughout, duration[i] > 0 is how long row i was watched and event[i] whether the event ended that; if not, the row is
// censored: all that is known is that it lasted longer.

package learn

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// SurvivalCurve is the share that the event has not yet happened to, after each time at which it happened to some. All slices
// have one length, 0 if there were no events. Before the first time the share is 1.
type SurvivalCurve struct {
	Rows, Events int
	Time         []float64 // ascending
	AtRisk       []int     // watched until this time or longer
	Happened     []int     // at this time
	Survival     []float64
	SE           []float64 // Greenwood's standard error; 0 where Survival is 0
	// Low and High bound Survival at the 95% level, by the normal approximation to log(-log Survival), which keeps within [0,1]
	// (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1980). Where Survival is 0, which has no such
	// interval, Low is 0 and High that of the time before, or 1.
	Low, High []float64
}

// Median is the first time at which Survival is 1/2 or less; +Inf if it never is.
func (c SurvivalCurve) Median() float64 {
	for i, s := range c.Survival {
		if s <= .5 {
			return c.Time[i]
		}
	}
	return math.Inf(1)
}

// At is Survival at a time.
func (c SurvivalCurve) At(time float64) float64 {
	i, found := slices.BinarySearch(c.Time, time)
	if found {
		i++
	}
	if i == 0 {
		return 1
	}
	return c.Survival[i-1]
}

// checkDurations says what is wrong with durations, events and groups, which may be nil.
func checkDurations(duration []float64, event []bool, group []int32, groups int) error {
	if len(duration) == 0 {
		return errors.New("learn: survival: there are no rows")
	}
	if len(event) != len(duration) || group != nil && len(group) != len(duration) {
		return fmt.Errorf("learn: survival: %d durations, %d events, %d groups: they must be as many", len(duration), len(event), len(group))
	}
	if groups < 1 {
		return fmt.Errorf("learn: survival: %d groups: at least 1 is needed", groups)
	}
	for i, d := range duration {
		if !(d > 0) || math.IsInf(d, 1) {
			return fmt.Errorf("learn: survival: row %d has duration %v: it must be above 0", i, d)
		}
		if group != nil && (group[i] < 0 || int(group[i]) >= groups) {
			return fmt.Errorf("learn: survival: row %d is of group %d of %d", i, group[i], groups)
		}
	}
	return nil
}

// KaplanMeier gives the curve of each of the groups 0, 1, ..., groups-1; group nil means that all rows are of group 0. A row
// censored at the time of an event is at risk of it. O(n log n).
func KaplanMeier(duration []float64, event []bool, group []int32, groups int) ([]SurvivalCurve, error) {
	if err := checkDurations(duration, event, group, groups); err != nil {
		return nil, err
	}
	curves := make([]SurvivalCurve, groups)
	of := func(i int) int {
		if group == nil {
			return 0
		}
		return int(group[i])
	}
	left := make([]int, groups)
	for i := range duration {
		left[of(i)]++
	}
	for g := range curves {
		curves[g].Rows = left[g]
	}
	greenwood := make([]float64, groups) // sum of d/(n(n-d))
	happened, gone := make([]int, groups), make([]int, groups)
	eachTime(duration, func(time float64, rows []int32) {
		for _, i := range rows {
			g := of(int(i))
			gone[g]++
			if event[i] {
				happened[g]++
			}
		}
		for _, i := range rows { // every group among the rows, once
			g := of(int(i))
			if happened[g] > 0 {
				curves[g].add(time, left[g], happened[g], &greenwood[g])
			}
			left[g] -= gone[g]
			happened[g], gone[g] = 0, 0
		}
	})
	return curves, nil
}

// add appends a time; greenwood is the sum up to the time before.
func (c *SurvivalCurve) add(time float64, atRisk, happened int, greenwood *float64) {
	s, high := 1.0, 1.0
	if last := len(c.Time) - 1; last >= 0 {
		s, high = c.Survival[last], c.High[last]
	}
	n, d := float64(atRisk), float64(happened)
	s *= (n - d) / n
	se, low := 0.0, 0.0
	if s > 0 {
		*greenwood += d / (n * (n - d))
		se = s * math.Sqrt(*greenwood)
		// The standard error of log(-log s) is sqrt(greenwood)/|log s|; s^exp(a) is exp(-exp(log(-log s)+a)).
		a := normal95 * math.Sqrt(*greenwood) / -math.Log(s)
		low, high = math.Pow(s, math.Exp(a)), math.Pow(s, math.Exp(-a))
	}
	c.Events += happened
	c.Time, c.AtRisk, c.Happened = append(c.Time, time), append(c.AtRisk, atRisk), append(c.Happened, happened)
	c.Survival, c.SE, c.Low, c.High = append(c.Survival, s), append(c.SE, se), append(c.Low, low), append(c.High, high)
}

// eachTime calls do for each distinct duration, ascending, with its rows, ascending.
func eachTime(duration []float64, do func(time float64, rows []int32)) {
	order := ascending(duration)
	if order == nil {
		order = make([]int32, len(duration))
		for i := range order {
			order[i] = int32(i)
		}
	}
	for from := 0; from < len(order); {
		to, time := from, duration[order[from]]
		for to < len(order) && duration[order[to]] == time {
			to++
		}
		do(time, order[from:to])
		from = to
	}
}

// LogRankTest says whether groups have one survival curve.
type LogRankTest struct {
	Observed, Expected []float64 // events by group, and what they would be if the event came to all groups alike
	Statistic          float64   // chi-squared
	DF                 int       // groups that were ever at risk of an event beside others, less 1
	P                  float64   // NaN if DF is 0
}

// LogRank tests the groups 0, 1, ..., groups-1, of which those without rows are left out. O(n log n + events * groups^2).
func LogRank(duration []float64, event []bool, group []int32, groups int) (LogRankTest, error) {
	if group == nil {
		return LogRankTest{}, errors.New("learn: log-rank: there are no groups")
	}
	if err := checkDurations(duration, event, group, groups); err != nil {
		return LogRankTest{}, err
	}
	t := LogRankTest{Observed: make([]float64, groups), Expected: make([]float64, groups), P: math.NaN()}
	left := make([]float64, groups)
	for _, g := range group {
		left[g]++
	}
	n := float64(len(group))
	covariance := make([][]float64, groups)
	for g := range covariance {
		covariance[g] = make([]float64, groups)
	}
	eachTime(duration, func(_ float64, rows []int32) {
		d := 0.0
		for _, i := range rows {
			if event[i] {
				d++
				t.Observed[group[i]]++
			}
		}
		if d > 0 {
			// Given the margins, the events of a group are hypergeometric.
			common := 0.0
			if n > 1 {
				common = d * (n - d) / (n - 1)
			}
			for g, in := range left {
				t.Expected[g] += d * in / n
				for h, other := range left {
					v := -in / n * other / n
					if g == h {
						v += in / n
					}
					covariance[g][h] += common * v
				}
			}
		}
		for _, i := range rows {
			left[group[i]]--
		}
		n -= float64(len(rows))
	})
	// The differences add up to 0: one group is left out, as is every one that was never at risk beside others.
	var kept []int
	for g := range covariance {
		if covariance[g][g] > 0 {
			kept = append(kept, g)
		}
	}
	if len(kept) < 2 {
		return t, nil
	}
	kept = kept[1:]
	a, z := make([][]float64, len(kept)), make([]float64, len(kept))
	for k, g := range kept {
		z[k] = t.Observed[g] - t.Expected[g]
		for _, h := range kept {
			a[k] = append(a[k], covariance[g][h])
		}
	}
	t.Statistic, t.DF = quadraticForm(a, z)
	if t.DF > 0 {
		t.P = mathext.GammaIncRegComp(float64(t.DF)/2, t.Statistic/2)
	}
	return t, nil
}

// quadraticForm is z' A^- z and the rank of the positive semidefinite A, which it changes, by elimination in the order given;
// directions without variance are left out.
func quadraticForm(a [][]float64, z []float64) (value float64, rank int) {
	start := make([]float64, len(z))
	for i := range a {
		start[i] = a[i][i]
	}
	for i := range a {
		if !(a[i][i] > 1e-10*start[i]) {
			continue
		}
		rank++
		value += z[i] * z[i] / a[i][i]
		for k := i + 1; k < len(a); k++ {
			f := a[k][i] / a[i][i]
			for j := i; j < len(a); j++ {
				a[k][j] -= f * a[i][j]
			}
			z[k] -= f * z[i]
		}
	}
	return value, rank
}
