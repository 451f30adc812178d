// k-means: k centers that minimise the inertia, the sum over rows of the squared distance to the nearest center. Seeding: greedy
// k-means++ (Arthur and Vassilvitskii, SODA 2007; the best of 2+log k draws for each center, as in scikit-learn). The
// iterations are in cluster_lloyd.go.

package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// KMeansConfig is how to cluster.
type KMeansConfig struct {
	K          int     // 1 or more
	Restarts   int     // 0 means 10; the one of least inertia is kept
	Iterations int     // at most, in each restart; 0 means 300
	Tolerance  float64 // stop when the squared moves of all centers are at most this share of the columns' mean variance; 0 means 1e-4
	// SampleRows bounds the rows that restarts compete on; 0 means 20,000. With more rows, the best centers of a sample are
	// refined on all rows.
	SampleRows int
	Seed       uint64
	Threads    int // 0 means one a core
}

func (c *KMeansConfig) settle() error {
	if c.Restarts == 0 {
		c.Restarts = 10
	}
	if c.Iterations == 0 {
		c.Iterations = 300
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1e-4
	}
	if c.SampleRows == 0 {
		c.SampleRows = 20_000
	}
	if c.K < 1 || c.Restarts < 1 || c.Iterations < 1 || !(c.Tolerance >= 0) || c.SampleRows < c.K {
		return fmt.Errorf("learn: k-means with K %d, %d restarts, %d iterations, tolerance %v, %d sample rows: K, restarts and iterations are 1 or more, sample rows K or more",
			c.K, c.Restarts, c.Iterations, c.Tolerance, c.SampleRows)
	}
	return nil
}

// KMeans is a clustering: the largest cluster first, those of equal size by their first row.
type KMeans struct {
	Centers    [][]float64 // K x columns
	Assignment []int32     // of each row, the nearest center
	Sizes      []int       // K; 0 only where the iterations ended before an empty cluster was given a row
	Inertia    float64
	Iterations int  // of the restart kept
	Converged  bool // or the iterations ran out
}

// FitKMeans clusters the rows of x, which must all be finite numbers; columns count by their spread, so bring them to one scale
// first. It needs at least K distinct rows. Memory: 20 bytes a row beside x, and the sample.
func FitKMeans(ctx context.Context, x *Matrix, cfg KMeansConfig) (*KMeans, error) {
	if err := cfg.settle(); err != nil {
		return nil, err
	}
	if err := clusterable(x); err != nil {
		return nil, err
	}
	if x.Rows < cfg.K {
		return nil, fmt.Errorf("learn: k-means: %d clusters of %d rows", cfg.K, x.Rows)
	}
	stop := cfg.Tolerance * meanVariance(x)
	race := x
	if x.Rows > cfg.SampleRows {
		race = x.Take(drawRows(x.Rows, cfg.SampleRows, rand.New(rand.NewPCG(cfg.Seed, 0x5a))))
	}
	var best *lloyd
	for restart := range cfg.Restarts {
		r := rand.New(rand.NewPCG(cfg.Seed, 1+uint64(restart)))
		centers, err := seedCenters(ctx, race, cfg.K, cfg.Threads, r)
		if err != nil {
			return nil, err
		}
		l := newLloyd(race, centers, cfg.Threads)
		if err := l.run(ctx, cfg.Iterations, stop); err != nil {
			return nil, err
		}
		if best == nil || l.inertia < best.inertia {
			best = l
		}
	}
	if race != x {
		best = newLloyd(x, best.centers, cfg.Threads)
		if err := best.run(ctx, cfg.Iterations, stop); err != nil {
			return nil, err
		}
	}
	return best.result(), nil
}

// Assign writes to a[i] the nearest center of row i, the first of several at equal distance. x has the columns that the
// centers were fitted on.
func (m *KMeans) Assign(ctx context.Context, x *Matrix, a []int32, threads int) error {
	if err := clusterable(x); err != nil {
		return err
	}
	other := func(c []float64) bool { return len(c) != x.Cols }
	if len(m.Centers) == 0 || slices.ContainsFunc(m.Centers, other) || len(a) != x.Rows {
		return fmt.Errorf("learn: k-means: %d columns and room for %d of %d rows: the centers do not match", x.Cols, len(a), x.Rows)
	}
	return inBlocks(ctx, x.Rows, clusterBlock, threadsOf(threads), func(_, from, to int) {
		for i := from; i < to; i++ {
			a[i], _, _ = nearestTwo(x.Row(i), m.Centers)
		}
	})
}

const clusterBlock = 2048 // rows whose sums are one partial sum

// clusterable says why x cannot be clustered.
func clusterable(x *Matrix) error {
	if x == nil || x.Rows == 0 || x.Cols == 0 {
		return ErrEmpty
	}
	if len(x.Data) != x.Rows*x.Cols {
		return fmt.Errorf("learn: a matrix of %d x %d holds %d values", x.Rows, x.Cols, len(x.Data))
	}
	for k, v := range x.Data {
		if v-v != 0 {
			return fmt.Errorf("learn: row %d, column %d: %v: clusters need finite numbers", k/x.Cols, k%x.Cols, v)
		}
	}
	return nil
}

// meanVariance is the mean of the columns' variances.
func meanVariance(x *Matrix) float64 {
	mean, sum := make([]float64, x.Cols), 0.0
	for i := range x.Rows {
		for j, v := range x.Row(i) {
			mean[j] += float64(v)
		}
	}
	for j := range mean {
		mean[j] /= float64(x.Rows)
	}
	for i := range x.Rows {
		for j, v := range x.Row(i) {
			sum += (float64(v) - mean[j]) * (float64(v) - mean[j])
		}
	}
	return sum / float64(x.Rows) / float64(x.Cols)
}

// sampleRows draws m of n rows without replacement, in ascending order.
func drawRows(n, m int, r *rand.Rand) []int32 {
	rows := make([]int32, 0, m)
	for i := range n { // row i is among those wanted of those left
		if r.IntN(n-i) < m-len(rows) {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// squaredDistance is of float32 rows and float64 centers.
func squaredDistance(row []float32, center []float64) float64 {
	var s0, s1 float64
	center = center[:len(row)]
	j := 0
	for ; j+1 < len(row); j += 2 {
		d0, d1 := float64(row[j])-center[j], float64(row[j+1])-center[j+1]
		s0 += d0 * d0
		s1 += d1 * d1
	}
	if j < len(row) {
		d := float64(row[j]) - center[j]
		s0 += d * d
	}
	return s0 + s1
}

// nearestTwo is the nearest center, the first of equals, and the squared distances to it and to the next.
func nearestTwo(row []float32, centers [][]float64) (at int32, first, second float64) {
	first, second = math.Inf(1), math.Inf(1)
	for c, center := range centers {
		switch d := squaredDistance(row, center); {
		case d < first:
			at, first, second = int32(c), d, first
		case d < second:
			second = d
		}
	}
	return at, first, second
}

// seedCenters draws k rows as centers, each with a chance in proportion to its squared distance from those drawn before.
func seedCenters(ctx context.Context, x *Matrix, k, threads int, r *rand.Rand) ([][]float64, error) {
	n := x.Rows
	tries := 2 + int(math.Log(float64(k)))
	distance, least := make([]float64, n), make([]float64, n) // squared, to the nearest center
	trial := make([]float64, n)
	sums := make([]float64, (n+clusterBlock-1)/clusterBlock)
	for i := range distance {
		distance[i] = math.Inf(1)
	}
	var centers [][]float64
	total := 0.0
	for len(centers) < k {
		bestSum, bestRow := math.Inf(1), -1
		for try := range tries {
			row := r.IntN(n)
			if len(centers) > 0 {
				if total == 0 {
					return nil, fmt.Errorf("learn: k-means: there are only %d distinct rows for %d clusters", len(centers), k)
				}
				row = drawByWeight(distance, total*r.Float64())
			} else if try > 0 {
				break // the first center is any row
			}
			center := wide(x.Row(row))
			err := inBlocks(ctx, n, clusterBlock, threadsOf(threads), func(b, from, to int) {
				var s float64
				for i := from; i < to; i++ {
					trial[i] = min(distance[i], squaredDistance(x.Row(i), center))
					s += trial[i]
				}
				sums[b] = s
			})
			if err != nil {
				return nil, err
			}
			sum := 0.0
			for _, s := range sums {
				sum += s
			}
			if sum < bestSum {
				bestSum, bestRow = sum, row
				least, trial = trial, least
			}
		}
		distance, least = least, distance
		total = bestSum
		centers = append(centers, wide(x.Row(bestRow)))
	}
	return centers, nil
}

// drawByWeight is the first row at which the running sum of the weights exceeds mark.
func drawByWeight(weight []float64, mark float64) int {
	last := 0
	for i, w := range weight {
		if w > 0 {
			last = i
			if mark -= w; mark < 0 {
				break
			}
		}
	}
	return last
}

func wide(row []float32) []float64 {
	c := make([]float64, len(row))
	for j, v := range row {
		c[j] = float64(v)
	}
	return c
}
