// Mixtures of Gaussians: the rows' density is a weighted sum of K normal densities, and the likelihood of the rows,
//
//	max sum_i log sum_k weight_k N(x_i; mean_k, covariance_k),
//
// is climbed by EM (Dempster, Laird and Rubin, Journal of the Royal Statistical Society B 39, 1977), in logarithms so that
// nothing underflows, from k-means clusters. Unlike k-means it finds long and unequal clusters and gives a row's probability of
// each; BIC (Schwarz, Annals of Statistics 6, 1978) compares numbers of clusters.

package learn

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// MixtureConfig is how to fit a mixture.
type MixtureConfig struct {
	K          int     // 1 or more
	Diagonal   bool    // covariances are diagonal: columns are independent within a component
	Iterations int     // at most; 0 means 200
	Tolerance  float64 // stop when the mean log-likelihood of a row gains less; 0 means 1e-4
	// Ridge is added to all variances, so that no component shrinks to a point or a plane; 0 means 1e-6. It is in the square
	// of the columns' unit: bring them to one scale first.
	Ridge float64
	// Starts is how often EM is started; the highest likelihood is kept. The first start is at the best clusters of k-means,
	// each further one at those of a single run of k-means. 0 means 1.
	Starts  int
	Seed    uint64
	Threads int // 0 means one a core
}

func (c *MixtureConfig) settle() error {
	if c.Iterations == 0 {
		c.Iterations = 200
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1e-4
	}
	if c.Ridge == 0 {
		c.Ridge = 1e-6
	}
	if c.Starts == 0 {
		c.Starts = 1
	}
	if c.K < 1 || c.Iterations < 1 || c.Starts < 1 || !(c.Tolerance >= 0) || !(c.Ridge >= 0) {
		return fmt.Errorf("learn: mixture with K %d, %d iterations, %d starts, tolerance %v, ridge %v: K, iterations and starts are 1 or more, the others not negative",
			c.K, c.Iterations, c.Starts, c.Tolerance, c.Ridge)
	}
	return nil
}

// Mixture is a fitted mixture; components stand in the order of the k-means clusters that they grew from.
type Mixture struct {
	Components    []Component
	LogLikelihood float64 // mean of the rows that it was fitted on, in nats
	BIC           float64 // -2 log-likelihood + parameters*log(rows): less is better
	Iterations    int
	Converged     bool // or the iterations ran out
}

// Component is one normal density.
type Component struct {
	Weight     float64 // in (0,1]
	Mean       []float64
	Covariance [][]float64 // columns x columns; with Diagonal one row, of variances
	// factor is the inverse of the lower Cholesky factor of Covariance, row by row, without its upper half; for a diagonal one
	// the inverse standard deviations. constant is log weight plus the logarithm of the density at the mean.
	factor   []float64
	constant float64
}

// FitMixture fits a mixture to the rows of x, which must all be finite numbers. Memory: 20 bytes a row beside x, for k-means, and
// for 64 partial sums of K means and covariances.
func FitMixture(ctx context.Context, x *Matrix, cfg MixtureConfig) (*Mixture, error) {
	if err := cfg.settle(); err != nil {
		return nil, err
	}
	var best *Mixture
	for start := range cfg.Starts {
		clusters := KMeansConfig{K: cfg.K, Seed: cfg.Seed + uint64(start), Threads: cfg.Threads}
		if start > 0 {
			clusters.Restarts = 1
		}
		km, err := FitKMeans(ctx, x, clusters)
		if err != nil {
			return nil, err
		}
		m, err := climb(ctx, x, km, cfg)
		if err != nil {
			return nil, err
		}
		if best == nil || m.LogLikelihood > best.LogLikelihood {
			best = m
		}
	}
	p, k := float64(x.Cols), float64(cfg.K)
	parameters := k*(p+p*(p+1)/2) + k - 1
	if cfg.Diagonal {
		parameters = 2*k*p + k - 1
	}
	best.BIC = -2*best.LogLikelihood*float64(x.Rows) + parameters*math.Log(float64(x.Rows))
	return best, nil
}

// climb is EM from the clusters of km.
func climb(ctx context.Context, x *Matrix, km *KMeans, cfg MixtureConfig) (*Mixture, error) {
	m := &Mixture{Components: make([]Component, cfg.K)}
	for k := range m.Components {
		m.Components[k].Mean = km.Centers[k]
	}
	sums, _, err := m.sum(ctx, x, cfg, km.Assignment)
	if err != nil {
		return nil, err
	}
	last := math.Inf(-1)
	for {
		if err := m.update(sums, x.Rows, cfg); err != nil {
			return nil, err
		}
		if sums, m.LogLikelihood, err = m.sum(ctx, x, cfg, nil); err != nil {
			return nil, err
		}
		m.Converged = m.LogLikelihood-last < cfg.Tolerance
		if m.Iterations++; m.Converged || m.Iterations >= cfg.Iterations {
			break
		}
		last = m.LogLikelihood
	}
	return m, nil
}

// moments are sums over rows, weighted by the responsibility of one component: of 1, of x-mean and of its products, of which
// the lower half, row by row (diagonal: the squares). The mean is the component's before the update, so that no digits are
// lost to a large mean.
type moments struct {
	weight float64
	first  []float64
	second []float64
}

// sum is the E step: responsibilities of all rows, summed to moments as they come, and the mean log-likelihood. Where at is
// given, the rows belong to those components instead.
func (m *Mixture) sum(ctx context.Context, x *Matrix, cfg MixtureConfig, at []int32) ([]moments, float64, error) {
	p, size := x.Cols, max(1024, (x.Rows+63)/64)
	second := p * (p + 1) / 2
	if cfg.Diagonal {
		second = p
	}
	empty := func() []moments {
		s := make([]moments, len(m.Components))
		for k := range s {
			s[k] = moments{0, make([]float64, p), make([]float64, second)}
		}
		return s
	}
	parts := make([][]moments, (x.Rows+size-1)/size)
	likelihood := make([]float64, len(parts))
	err := inBlocks(ctx, x.Rows, size, threadsOf(cfg.Threads), func(b, from, to int) {
		parts[b] = empty()
		r, d := make([]float64, len(m.Components)), make([]float64, p)
		for i := from; i < to; i++ {
			if i%256 == 0 && ctx.Err() != nil {
				return
			}
			row := x.Row(i)
			if at != nil {
				clear(r)
				r[at[i]] = 1
			} else {
				likelihood[b] += m.responsibilities(row, d, r)
			}
			for k, w := range r {
				if w > 1e-300 { // less adds nothing
					parts[b][k].add(w, row, m.Components[k].Mean, d, cfg.Diagonal)
				}
			}
		}
	})
	if err != nil {
		return nil, 0, err
	}
	total, all := empty(), 0.0
	for b, part := range parts {
		all += likelihood[b]
		for k := range part {
			total[k].weight += part[k].weight
			for j, v := range part[k].first {
				total[k].first[j] += v
			}
			for j, v := range part[k].second {
				total[k].second[j] += v
			}
		}
	}
	return total, all / float64(x.Rows), nil
}

// add adds a row of weight w; d is room for len(row) numbers.
func (s *moments) add(w float64, row []float32, mean, d []float64, diagonal bool) {
	s.weight += w
	for j, v := range row {
		d[j] = float64(v) - mean[j]
		s.first[j] += w * d[j]
	}
	if diagonal {
		for j, v := range d {
			s.second[j] += w * v * v
		}
		return
	}
	at := 0
	for a, v := range d {
		v *= w
		to := s.second[at : at+a+1]
		for b := range to {
			to[b] += v * d[b]
		}
		at += a + 1
	}
}

// update is the M step.
func (m *Mixture) update(sums []moments, rows int, cfg MixtureConfig) error {
	for k := range m.Components {
		c, s := &m.Components[k], sums[k]
		p := len(c.Mean)
		c.Weight = max(s.weight, 1e-12) / float64(rows) // a component that has lost all rows stays as a ghost
		n := max(s.weight, 1e-12)
		shift := make([]float64, p)
		for j := range shift {
			shift[j] = s.first[j] / n
		}
		if cfg.Diagonal {
			variance := make([]float64, p)
			for j := range variance {
				variance[j] = max(0, s.second[j]/n-shift[j]*shift[j]) + cfg.Ridge
			}
			c.Covariance = [][]float64{variance}
		} else {
			c.Covariance = make([][]float64, p)
			for a := range p {
				c.Covariance[a] = make([]float64, p)
			}
			at := 0
			for a := range p {
				for b := 0; b <= a; b++ {
					v := s.second[at]/n - shift[a]*shift[b]
					at++
					if a == b {
						v = max(0, v) + cfg.Ridge
					}
					c.Covariance[a][b], c.Covariance[b][a] = v, v
				}
			}
		}
		mean := make([]float64, p)
		for j := range mean {
			mean[j] = c.Mean[j] + shift[j]
		}
		c.Mean = mean
		if !c.prepare(cfg.Diagonal) {
			return fmt.Errorf("learn: mixture: component %d of weight %.3g has a singular covariance: columns hang together exactly, or Ridge %.3g is too small for their scale",
				k, c.Weight, cfg.Ridge)
		}
	}
	return nil
}

// prepare computes what the density needs; false if the covariance is not positive definite.
func (c *Component) prepare(diagonal bool) bool {
	p := len(c.Mean)
	c.constant = math.Log(c.Weight) - float64(p)/2*math.Log(2*math.Pi)
	if diagonal {
		c.factor = make([]float64, p)
		for j, v := range c.Covariance[0] {
			c.factor[j] = 1 / math.Sqrt(v)
			c.constant -= math.Log(v) / 2
			if !(v > 0) || math.IsInf(v, 0) {
				return false
			}
		}
		return true
	}
	lower := make([][]float64, p)
	for a := range p {
		lower[a] = make([]float64, a+1)
		for b := 0; b <= a; b++ {
			s := c.Covariance[a][b]
			for k := range b {
				s -= lower[a][k] * lower[b][k]
			}
			if a == b {
				if !(s > 0) || math.IsInf(s, 0) {
					return false
				}
				lower[a][a] = math.Sqrt(s)
				c.constant -= math.Log(lower[a][a])
			} else {
				lower[a][b] = s / lower[b][b]
			}
		}
	}
	// Column by column, the inverse solves lower * inverse = identity by substitution.
	c.factor = make([]float64, p*(p+1)/2)
	for b := range p {
		for a := b; a < p; a++ {
			s := 0.0
			if a == b {
				s = 1
			}
			for k := b; k < a; k++ {
				s -= lower[a][k] * c.factor[k*(k+1)/2+b]
			}
			c.factor[a*(a+1)/2+b] = s / lower[a][a]
		}
	}
	return true
}

// logDensity is the logarithm of weight times density at row; d is room for len(row) numbers.
func (c *Component) logDensity(row []float32, d []float64) float64 {
	for j, v := range row {
		d[j] = float64(v) - c.Mean[j]
	}
	square := 0.0
	if len(c.factor) == len(d) && len(c.Covariance) == 1 {
		for j, v := range d {
			v *= c.factor[j]
			square += v * v
		}
		return c.constant - square/2
	}
	at := 0
	for a := range d {
		s := 0.0
		for b, f := range c.factor[at : at+a+1] {
			s += f * d[b]
		}
		square += s * s
		at += a + 1
	}
	return c.constant - square/2
}

// responsibilities writes the probability of each component given the row, and gives the row's log-likelihood.
func (m *Mixture) responsibilities(row []float32, d, r []float64) float64 {
	top := math.Inf(-1)
	for k := range m.Components {
		r[k] = m.Components[k].logDensity(row, d)
		top = max(top, r[k])
	}
	sum := 0.0
	for k, v := range r {
		r[k] = math.Exp(v - top)
		sum += r[k]
	}
	for k := range r {
		r[k] /= sum
	}
	return top + math.Log(sum)
}

// Responsibilities writes to r, of length rows x K, the probability of each component for each row of x, which has the columns
// that the mixture was fitted on, and gives the mean log-likelihood of the rows.
func (m *Mixture) Responsibilities(ctx context.Context, x *Matrix, r []float64, threads int) (float64, error) {
	if err := clusterable(x); err != nil {
		return 0, err
	}
	k := len(m.Components)
	if k == 0 || len(r) != x.Rows*k {
		return 0, fmt.Errorf("learn: mixture: %d columns and room for %d numbers of %d rows: the %d components do not match", x.Cols, len(r), x.Rows, k)
	}
	// The mixture may come from a file, which holds no factors.
	m = &Mixture{Components: slices.Clone(m.Components)}
	for i := range m.Components {
		c := &m.Components[i]
		other := func(row []float64) bool { return len(row) != x.Cols }
		rows := len(c.Covariance)
		if other(c.Mean) || rows != 1 && rows != x.Cols || slices.ContainsFunc(c.Covariance, other) || !(c.Weight > 0) || !c.prepare(rows == 1) {
			return 0, fmt.Errorf("learn: mixture: component %d is not a density of %d columns", i, x.Cols)
		}
	}
	parts := make([]float64, (x.Rows+clusterBlock-1)/clusterBlock)
	err := inBlocks(ctx, x.Rows, clusterBlock, threadsOf(threads), func(b, from, to int) {
		d := make([]float64, x.Cols)
		for i := from; i < to; i++ {
			parts[b] += m.responsibilities(x.Row(i), d, r[i*k:(i+1)*k])
		}
	})
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, v := range parts {
		total += v
	}
	return total / float64(x.Rows), nil
}
