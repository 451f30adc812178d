// EASE: every item predicted from all others by ridge regression, in closed form. With P = inv(X'X + D), D diagonal, the weights of
// least squared error among those with a zero diagonal are B_ij = -P_ij / P_jj.
//
// Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019. With Dropout: Steck, "Autoencoders that don't overfit towards the
// Identity", NeurIPS 2020, where D grows with the items' popularity.
//
// It is here because on sparse clicks few models come near it, none is simpler, and what it learned can be read: weight ij is what
// having taken i says of j, all else being equal.

package candidate

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/internal/numeric"
)

// EASE are the settings of the method.
type EASE struct {
	// L2 is the weight of the ridge, in interactions, above 0. 0 means 6 times the mean history, so that it is what six users are to an item of theirs all
	// of whose histories lie elsewhere: near what validation chose on four sets of .07% to 4% of all pairs.
	L2 float64 `json:"l2,omitempty"`
	// Dropout is the share of a history that is imagined missing while learning, 0 to below 1; its weights rely less on popular items.
	// D_jj = L2 + Dropout/(1-Dropout) * (X'X)_jj.
	Dropout float64 `json:"dropout,omitempty"`
	// Items is how many items are modelled, those that most users took; others score 0. 0 means all. Only Fit looks at it: FitEASE models
	// all items of the matrix.
	Items int `json:"items,omitempty"`
	// Neighbours is how many weights of each item Fit keeps to serve, those largest in size; 0 means all. FitEASE keeps all: see Largest.
	Neighbours int     `json:"neighbours,omitempty"`
	MemoryGB   float64 `json:"memory_gb,omitempty"` // a fit that would take more than that times 1e9 bytes is refused; 0 means 8
	Threads    int     `json:"threads,omitempty"`   // goroutines; 0 means one a processor. They do not change the model

	Progress func(done, total int) `json:"-"` // told of each of total parts of the inverse, nearly all of the work; nil means nobody
}

// EASEModel is a fitted EASE: what having each item adds to the score of each. Memory: 4 bytes a pair of items.
type EASEModel struct {
	N      int       // items
	Weight []float32 // N x N: row i holds what having i adds to each item. The diagonal is zero, so that no item speaks for itself
}

// Kind is "ease".
func (EASE) Kind() string { return "ease" }

// Fit is FitEASE of the items that are to be modelled, with the weights that are to be kept.
func (c EASE) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return fitPart(m, "ease", c.Items, func(m *Matrix) (Scorer, error) {
		if c.Neighbours < 0 {
			return nil, fmt.Errorf("candidate: ease: %d neighbours; 0 or more are expected", c.Neighbours)
		}
		model, err := FitEASE(ctx, m, c)
		if err != nil || c.Neighbours == 0 || c.Neighbours >= model.N {
			return asScorer(model, err)
		}
		return asScorer(model.Largest(ctx, c.Neighbours))
	})
}

// Settled makes EASE a Settler.
func (c EASE) Settled(m *Matrix) Learner {
	c = c.defaults(m)
	return &c
}

func (c EASE) defaults(m *Matrix) EASE {
	setDefault(&c.L2, 6*max(1, m.meanHistory()))
	return c
}

// FitEASE learns from m with its values; Matrix.Binary makes it one of clicks. It takes n^3 operations and 4*n^2 bytes, n being the
// number of items: at 41,000, 6.7 GB.
func FitEASE(ctx context.Context, m *Matrix, c EASE) (*EASEModel, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	c = c.defaults(m)
	switch {
	case !(c.L2 > 0) || math.IsInf(c.L2, 1):
		return nil, fmt.Errorf("candidate: ease: l2 is %v; a finite number above 0 is expected", c.L2)
	case !(c.Dropout >= 0 && c.Dropout < 1):
		return nil, fmt.Errorf("candidate: ease: dropout is %v; 0 to below 1 is expected", c.Dropout)
	}
	b, err := itemGram(ctx, m, "ease", c.MemoryGB, c.Threads)
	if err != nil {
		return nil, err
	}
	for j := range b.Rows {
		row := b.Row(j)
		row[j] += float32(c.L2 + c.Dropout/(1-c.Dropout)*float64(row[j]))
	}
	if err := numeric.InvertSPD(ctx, c.Threads, b, c.Progress); err != nil {
		return nil, fmt.Errorf("candidate: ease with l2 %v: %w", c.L2, err)
	}
	// Columns are divided by what stands on the diagonal, so that is read before anything is written.
	scale := make([]float32, b.Rows)
	for j := range scale {
		scale[j] = -1 / b.Row(j)[j]
	}
	for i := range b.Rows {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		row := b.Row(i)
		for j, s := range scale {
			row[j] *= s
		}
		row[i] = 0
	}
	return &EASEModel{N: m.Items, Weight: b.Data}, nil
}

// fitPart fits a model of the items that most users took, all of them if items is 0, and makes it one of the whole catalogue.
func fitPart(m *Matrix, method string, items int, fit func(m *Matrix) (Scorer, error)) (Scorer, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if items < 0 {
		return nil, fmt.Errorf("candidate: %s: %d items; 0 or more are expected", method, items)
	}
	if items == 0 || items >= m.Items {
		return fit(m)
	}
	part := FrequentCards(m, 1, items)
	restricted, err := part.Restrict(m)
	if err != nil {
		return nil, err
	}
	model, err := fit(restricted)
	if err != nil {
		return nil, err
	}
	return part.Expand(model)
}

// itemGram is X'X of m, unless it is too large.
func itemGram(ctx context.Context, m *Matrix, method string, memoryGB float64, threads int) (numeric.Dense, error) {
	setDefault(&memoryGB, 8)
	if !(memoryGB > 0) {
		return numeric.Dense{}, fmt.Errorf("candidate: %s: %v GB of memory; more than 0 are expected", method, memoryGB)
	}
	if n := float64(m.Items); 4*n*n > memoryGB*1e9 {
		return numeric.Dense{}, fmt.Errorf("candidate: %s: %d items take %.1f GB and memory_gb is %v: set items to %.0f or less, or memory_gb to more",
			method, m.Items, 4*n*n/1e9, memoryGB, math.Floor(math.Sqrt(memoryGB*1e9/4)))
	}
	g := numeric.NewDense(m.Items, m.Items)
	x := numeric.Sparse{Rows: m.Users, Cols: m.Items, Start: m.Start, Index: m.Item, Value: m.Value}
	if err := numeric.GramSparse(ctx, threads, &x, g); err != nil {
		return numeric.Dense{}, err
	}
	return g, nil
}

// Items is the number of items.
func (e *EASEModel) Items() int { return e.N }

// row is what having an item adds to each; nil if it is not known.
func (e *EASEModel) row(item int32) []float32 {
	if item < 0 || int(item) >= e.N {
		return nil
	}
	return e.Weight[int(item)*e.N : (int(item)+1)*e.N]
}

// Scores reads a row of weights for each entry of the history, some microseconds each. Many users at once are not faster than one by one:
// neither a product of dense matrices, most of whose entries would be zeros, nor blocks of columns that stay in the cache.
func (e *EASEModel) Scores(h *History, out []float32) {
	clear(out)
	for k, item := range h.Item {
		if row := e.row(item); row != nil {
			numeric.Axpy(h.value(k), row, out)
		}
	}
}

// Because weighs the items of the history by their weights for item.
func (e *EASEModel) Because(h *History, item int32) (int32, float32) {
	if item < 0 || int(item) >= e.N {
		return -1, 0
	}
	return strongest(h, func(i int32) float32 {
		if row := e.row(i); row != nil {
			return row[item]
		}
		return 0
	})
}

// Largest is a model of the k weights of each item, k above 0, that are the largest in size. It takes 8 bytes a weight.
func (e *EASEModel) Largest(ctx context.Context, k int) (*ItemWeights, error) {
	return largestWeights(ctx, numeric.Dense{Rows: e.N, Cols: e.N, Stride: e.N, Data: e.Weight}, k)
}

func (e *EASEModel) parts() []any { return []any{&e.N, &e.Weight} }

func (e *EASEModel) valid() error {
	if e.N < 0 || e.N > math.MaxInt32 || len(e.Weight) != e.N*e.N {
		return fmt.Errorf("%d weights of %d items; their square is expected", len(e.Weight), e.N)
	}
	return checkFinite(e.Weight)
}
