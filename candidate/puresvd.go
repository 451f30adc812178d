// PureSVD: the history is projected onto the span V of the matrix's main singular vectors, so that items which move together are seen
// together; scores are x V V'. Sources: Cremonesi, Koren and Turrin, RecSys 2010. Popular items fill the first vectors; dividing columns
// by a power of their length before, as in EigenRec (Nikolakopoulos et al., 2019), gives others room.

package candidate

import (
	"context"
	"fmt"
	"math"
)

// PureSVD are the settings of a projection onto singular vectors.
type PureSVD struct {
	Dim        int     `json:"dim,omitempty"`        // singular vectors, 1..512; 0 means the root of users or items, the fewer, 32 to 256. Never more than users or items
	Damping    float64 `json:"damping,omitempty"`    // columns are divided by this power of their length, up to 2; 0 means .3, below 0 none: the method of 2010
	Iterations int     `json:"iterations,omitempty"` // of the subspace; 0 means 6
	Threads    int     `json:"threads,omitempty"`    // goroutines; 0 means one a processor. They do not change the model
	Seed       uint64  `json:"seed,omitempty"`
}

// PureSVDModel is a projection.
type PureSVDModel struct {
	Dim      int
	Factor   []float32 // right singular vectors, Items x Dim
	Singular []float32 // their singular values, falling
}

// Kind is "puresvd".
func (PureSVD) Kind() string { return "puresvd" }

// Fit is FitPureSVD.
func (c PureSVD) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return asScorer(FitPureSVD(ctx, m, c))
}

// Settled makes PureSVD a Settler.
func (c PureSVD) Settled(m *Matrix) Learner {
	c = c.defaults(m)
	return &c
}

func (c PureSVD) defaults(m *Matrix) PureSVD {
	setDefault(&c.Dim, mainVectors(m, 256))
	setDefault(&c.Damping, .3)
	c.Damping = max(0, c.Damping)
	setDefault(&c.Iterations, 6)
	return c
}

// mainVectors is how many singular vectors are the main ones unless it is said: the root of the smaller side, but at most most. Of seven sets
// two of many places want more and two want no more than 32; the root lies between.
func mainVectors(m *Matrix, most float64) int {
	return int(min(most, max(32, math.Sqrt(float64(min(m.Users, m.Items))))))
}

// FitPureSVD finds the main singular vectors of m, with its negative values. Beside m it needs two copies of m and
// 4 (Users + 2 Items) (Dim + 16) bytes.
func FitPureSVD(ctx context.Context, m *Matrix, cfg PureSVD) (*PureSVDModel, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	cfg = cfg.defaults(m)
	switch {
	case cfg.Dim < 1 || cfg.Dim > maxDim:
		return nil, fmt.Errorf("candidate: puresvd: %d dimensions; 1 to %d are expected", cfg.Dim, maxDim)
	case !(cfg.Damping <= 2):
		return nil, fmt.Errorf("candidate: puresvd: a damping of %v; at most 2 is expected", cfg.Damping)
	case cfg.Iterations < 1:
		return nil, fmt.Errorf("candidate: puresvd: %d iterations; 1 or more are expected", cfg.Iterations)
	}
	if cfg.Damping > 0 {
		length := make([]float64, m.Items)
		for k, i := range m.Item {
			x := 1.
			if m.Value != nil {
				x = float64(m.Value[k])
			}
			length[i] += x * x
		}
		for i, square := range length {
			if square > 0 {
				length[i] = math.Pow(square, -cfg.Damping/2)
			}
		}
		m = m.scaled(ones(m.Users), length)
	}
	d := min(cfg.Dim, m.Users, m.Items)
	v, singular, err := svd(ctx, m, m.Transpose(), d, cfg.Iterations, cfg.Seed, cfg.Threads)
	if err != nil {
		return nil, err
	}
	return &PureSVDModel{Dim: d, Factor: v, Singular: singular}, nil
}

// Items is the number of items fitted.
func (m *PureSVDModel) Items() int { return len(m.Factor) / m.Dim }

// Scores writes the projection of the history.
func (m *PureSVDModel) Scores(h *History, out []float32) {
	scoreTable(sumVectors(h, m.Factor, m.Dim, make([]float32, m.Dim)), m.Factor, out)
}

// ScoreBatch is Scores of many.
func (m *PureSVDModel) ScoreBatch(hs []History, out []float32) {
	scoreTables(sumAll(hs, m.Factor, m.Dim), m.Factor, m.Dim, out)
}

// Because: item j of value x adds x v_i'v_j.
func (m *PureSVDModel) Because(h *History, item int32) (cause int32, share float32) {
	return becauseTable(h, m.Factor, m.Dim, item)
}

func (m *PureSVDModel) parts() []any { return []any{&m.Dim, &m.Factor, &m.Singular} }

func (m *PureSVDModel) valid() error {
	if err := checkTable(m.Factor, m.Dim); err != nil {
		return err
	}
	if len(m.Singular) != m.Dim {
		return fmt.Errorf("%d singular values of %d vectors", len(m.Singular), m.Dim)
	}
	return checkFinite(m.Singular)
}
