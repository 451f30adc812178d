// How sure a mean over users is, and whether one model does better than another for the same users. The user is the unit that is drawn
// again: her list's places hang together. All columns see the same draws, so that a difference of two models is a difference
// of what both did for the users drawn.
// The p-value of a mean is Student's: it agrees with that of the bootstrap on ranking measures and, unlike it, says how small it is.
// Sources: Efron, Annals of Statistics 7 (1979); Smucker, Allan and Carterette, CIKM 2007, for the tests.

package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/learn"
)

// Resampling is how means are drawn again.
type Resampling struct {
	Replicates int     // 0 means 1000
	Level      float64 // of the intervals, in (0,1); 0 means .95
	Seed       uint64
	Threads    int // 0 means one a core
}

// MeanInterval is a mean over users with its percentile interval.
type MeanInterval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	P     float64 `json:"-"` // of the hypothesis that the mean is 0, two-sided, by Student's t; 1 where all users count 0
}

// MeanIntervals draws users again, with replacement, and gives the interval of the mean of each column. columns[c][u] is what user u
// counts in column c, finite; all columns are of one length of at least 1. Time: replicates x users x columns; memory: 8 bytes for each
// replicate and column, and 4 a user and thread. The same whatever the number of threads. The error is ctx's cause, or says what is wrong with the columns.
func MeanIntervals(ctx context.Context, columns [][]float64, r Resampling) ([]MeanInterval, error) {
	if r.Replicates == 0 {
		r.Replicates = 1000
	}
	if r.Level == 0 {
		r.Level = .95
	}
	if r.Threads <= 0 {
		r.Threads = runtime.GOMAXPROCS(0)
	}
	if r.Replicates < 2 || !(r.Level > 0 && r.Level < 1) {
		return nil, fmt.Errorf("evaluate: %d replicates at level %v; 2 or more and a level between 0 and 1 are expected", r.Replicates, r.Level)
	}
	if len(columns) == 0 {
		return nil, nil
	}
	users := len(columns[0])
	if users == 0 {
		return nil, errors.New("evaluate: there are no users to draw")
	}
	for c, column := range columns {
		if len(column) != users {
			return nil, fmt.Errorf("evaluate: column %d has %d users and column 0 has %d; as many are expected", c, len(column), users)
		}
		for u, v := range column {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("evaluate: user %d counts %v in column %d; a finite number is expected", u, v, c)
			}
		}
	}
	means := replicateMeans(ctx, columns, r)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	out := make([]MeanInterval, len(columns))
	for c, column := range columns {
		out[c] = intervalOf(column, means[c], r.Level)
	}
	return out, nil
}

// replicateMeans are the means of each column in each replicate. A replicate is drawn and added up by one goroutine from a stream of its own.
func replicateMeans(ctx context.Context, columns [][]float64, r Resampling) [][]float64 {
	users := len(columns[0])
	means := make([][]float64, len(columns))
	for c := range means {
		means[c] = make([]float64, r.Replicates)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(r.Threads, r.Replicates) {
		wg.Go(func() {
			drawn := make([]int32, users)
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= r.Replicates {
					return
				}
				rng := rand.New(rand.NewPCG(r.Seed, uint64(k)))
				clear(drawn)
				for range users {
					drawn[rng.IntN(users)]++
				}
				for c, column := range columns {
					sum := 0.0
					for u, n := range drawn {
						sum += float64(n) * column[u]
					}
					means[c][k] = sum / float64(users)
				}
			}
		})
	}
	wg.Wait()
	return means
}

// intervalOf makes an interval of the replicates' means, which it sorts.
func intervalOf(column, means []float64, level float64) MeanInterval {
	var m MeanInterval
	for _, v := range column {
		m.Value += v
	}
	m.Value /= float64(len(column))
	m.P = meanP(column, m.Value)
	slices.Sort(means)
	at := func(q float64) float64 { // with linear interpolation
		h := q * float64(len(means)-1)
		i := min(int(h), len(means)-2)
		return means[i] + (h-float64(i))*(means[i+1]-means[i])
	}
	m.Low, m.High = at((1-level)/2), at((1+level)/2)
	return m
}

// meanP is the p-value of a column's mean. Where all users count the same there is no spread to test against: then it is 1 for 0 and 0
// for any other number, but for a single user, who shows nothing.
func meanP(column []float64, mean float64) float64 {
	n, square := float64(len(column)), 0.0
	same := true
	for _, v := range column {
		same = same && v == column[0]
		square += (v - mean) * (v - mean)
	}
	switch {
	case n < 2 || same && column[0] == 0:
		return 1
	case same:
		return 0
	}
	return stat.StudentP(mean/math.Sqrt(square/(n-1)/n), n-1)
}

// LeaderGap says how one of several models compares with the one of the highest mean.
type LeaderGap struct {
	Leader bool         // this is the one, the first of them where several are equal
	Gap    MeanInterval // mean over users of the leader's value less this model's; 0 for the leader
	// Adjusted is the p-value of the gap after Holm's correction for all comparisons with the leader; NaN for the leader.
	Adjusted float64
}

// AgainstLeader compares models with the best of them over the same users, in pairs: models[m][u] is what model m achieved for user u. That the leader was
// picked by the same users makes its lead look a little larger than it is. Errors are those of MeanIntervals.
func AgainstLeader(ctx context.Context, models [][]float64, r Resampling) ([]LeaderGap, error) {
	if len(models) == 0 {
		return nil, nil
	}
	leader, best := 0, math.Inf(-1)
	for m, values := range models {
		if len(values) != len(models[0]) {
			return nil, fmt.Errorf("evaluate: model %d has %d users and model 0 has %d; as many are expected", m, len(values), len(models[0]))
		}
		sum := 0.0
		for _, v := range values {
			sum += v
		}
		if sum > best {
			leader, best = m, sum
		}
	}
	gaps := make([][]float64, len(models))
	for m, values := range models {
		gaps[m] = make([]float64, len(values))
		for u, v := range values {
			gaps[m][u] = models[leader][u] - v
		}
	}
	intervals, err := MeanIntervals(ctx, gaps, r)
	if err != nil {
		return nil, err
	}
	out, p := make([]LeaderGap, len(models)), make([]float64, len(models))
	for m := range models {
		out[m] = LeaderGap{Leader: m == leader, Gap: intervals[m]}
		if p[m] = intervals[m].P; m == leader {
			p[m] = math.NaN()
		}
	}
	for m, q := range learn.Holm(p) {
		out[m].Adjusted = q
	}
	return out, nil
}
