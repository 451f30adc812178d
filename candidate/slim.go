// SLIM: every item predicted from few others, by regression with an elastic net,
//
//	min over w of  |x_j - X w|^2 / 2 + L2 |w|^2 / 2 + L1 |w|_1,  w_j = 0, w >= 0 unless Signed,
//
// for each item j by itself. Ning and Karypis, "SLIM: Sparse Linear Methods for Top-N Recommender Systems", ICDM 2011. It is solved by coordinate
// descent on the Gram matrix (Friedman, Hastie and Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate Descent", Journal of
// Statistical Software 2010), so that the number of users does not matter once that is made.
//
// It is here beside EASE because its weights are sparse from the start: they take little memory to serve, and every one is a reason that can be shown.

package candidate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seguefeed/segue/internal/numeric"
)

// SLIM are the settings of the method.
type SLIM struct {
	L1         float64 `json:"l1,omitempty"`         // weight of the sum of the weights, in interactions, above 0; 0 means a fortieth of the mean number of an item's, 1 at most
	L2         float64 `json:"l2,omitempty"`         // weight of half the sum of their squares, in interactions, above 0; 0 means 2.4 times the mean history
	Signed     bool    `json:"signed,omitempty"`     // whether weights may be below 0
	Neighbours int     `json:"neighbours,omitempty"` // the weights of each item that are kept, those largest in size; 0 means 200, below 0 all
	// Items is how many items are modelled, those that most users took; others score 0. 0 means all. Only Fit looks at it: FitSLIM models
	// all items of the matrix.
	Items     int     `json:"items,omitempty"`
	Sweeps    int     `json:"sweeps,omitempty"`    // the most rounds over the weights of an item; 0 means 200
	Tolerance float64 `json:"tolerance,omitempty"` // an item is done when no weight moves by more than that share of the largest; 0 means 1e-3
	MemoryGB  float64 `json:"memory_gb,omitempty"` // a fit that would take more than that times 1e9 bytes is refused; 0 means 8
	Threads   int     `json:"threads,omitempty"`   // goroutines; 0 means one a processor. They do not change the model

	Progress func(done, total int) `json:"-"` // told how many items are done, by one goroutine at a time; nil means nobody
}

// Kind is "slim".
func (SLIM) Kind() string { return "slim" }

// Fit is FitSLIM of the items that are to be modelled.
func (c SLIM) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return fitPart(m, "slim", c.Items, func(m *Matrix) (Scorer, error) { return asScorer(FitSLIM(ctx, m, c)) })
}

// Settled makes SLIM a Settler.
func (c SLIM) Settled(m *Matrix) Learner {
	c, _ = c.defaults(m)
	return &c
}

func (c SLIM) defaults(m *Matrix) (SLIM, error) {
	// On parts of the training interactions of films 1 and 200 or so were best, where items have few, less: two items that two users share must count there.
	setDefault(&c.L1, min(1, max(.1, float64(len(m.Item))/float64(m.Items)/40)))
	setDefault(&c.L2, 2.4*max(1, m.meanHistory()))
	setDefault(&c.Neighbours, 200)
	setDefault(&c.Sweeps, 200)
	setDefault(&c.Tolerance, 1e-3)
	switch {
	case !(c.L1 > 0) || math.IsInf(c.L1, 1) || !(c.L2 > 0) || math.IsInf(c.L2, 1):
		return c, fmt.Errorf("candidate: slim: l1 is %v and l2 %v; finite numbers above 0 are expected", c.L1, c.L2)
	case !(c.Tolerance > 0) || c.Sweeps < 1:
		return c, fmt.Errorf("candidate: slim: %d sweeps to a tolerance of %v; numbers above 0 are expected", c.Sweeps, c.Tolerance)
	}
	return c, nil
}

// FitSLIM learns from m with its values; Matrix.Binary makes it one of clicks. It takes 4*n^2 bytes, n being the number of items.
func FitSLIM(ctx context.Context, m *Matrix, c SLIM) (*ItemWeights, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	c, err := c.defaults(m)
	if err != nil {
		return nil, err
	}
	g, err := itemGram(ctx, m, "slim", c.MemoryGB, c.Threads)
	if err != nil {
		return nil, err
	}
	// Where no value is below 0, no weight above 0 can come from an item whose product with the target is not above L1: what the others
	// explain is taken away from it.
	screened := !c.Signed && (m.Value == nil || slices.Min(m.Value) >= 0)
	found := make([][]weighted, g.Rows)
	if err := eachItem(ctx, g.Rows, c.Threads, c.Progress, func() func(j int) {
		d := descent{SLIM: c, gram: g, screened: screened}
		return func(j int) { found[j] = d.fit(ctx, j) }
	}); err != nil {
		return nil, err
	}
	return bySource(found), nil
}

// descent fits one item after another.
type descent struct {
	SLIM
	gram     numeric.Dense
	screened bool

	at       []int32   // the items that may have a weight
	w        []float64 // theirs
	gradient []float64 // theirs: (X'(x_j - X w))_i
	on       []int32   // which of at have a weight
	onW      []float64 // theirs
	onGram   []float64 // X'X of these alone
}

// fit is the weights for item j.
func (d *descent) fit(ctx context.Context, j int) []weighted {
	target := d.gram.Row(j)
	d.at, d.w, d.gradient = d.at[:0], d.w[:0], d.gradient[:0]
	for i, g := range target {
		if i == j || d.gram.Row(i)[i] == 0 || d.screened && float64(g) <= d.L1 {
			continue
		}
		d.at, d.w, d.gradient = append(d.at, int32(i)), append(d.w, 0), append(d.gradient, float64(g))
	}
	// Between rounds over all go rounds over those that have a weight, which are few, until they are still.
	for left := d.Sweeps; left > 0 && ctx.Err() == nil; {
		left--
		if d.roundOfAll() {
			break
		}
		left = d.roundsOfFew(ctx, target, left)
	}
	var found []weighted
	for c, w := range d.w {
		if w != 0 {
			found = append(found, weighted{d.at[c], float32(w)})
		}
	}
	return keepLargest(found, d.Neighbours)
}

// wanted is where a weight is best if the others stay: without is its gradient if it were zero, square the square of its column.
func (d *descent) wanted(without, square float64) float64 {
	switch {
	case without > d.L1:
		return (without - d.L1) / (square + d.L2)
	case without < -d.L1 && d.Signed:
		return (without + d.L1) / (square + d.L2)
	}
	return 0
}

// roundOfAll puts each weight where the others want it and reports whether none moved by more than the tolerance.
func (d *descent) roundOfAll() (still bool) {
	moved, largest := 0.0, 0.0
	for c, item := range d.at {
		square := float64(d.gram.Row(int(item))[item])
		w := d.wanted(d.gradient[c]+square*d.w[c], square)
		by := w - d.w[c]
		if by != 0 {
			d.w[c] = w
			d.take(int(item), by)
		}
		moved, largest = max(moved, math.Abs(by)), max(largest, math.Abs(w))
	}
	return moved <= d.Tolerance*largest
}

// take brings the gradients up to date after the weight of item moved.
func (d *descent) take(item int, by float64) {
	row := d.gram.Row(item)
	for k, i := range d.at {
		d.gradient[k] -= by * float64(row[i])
	}
}

// roundsOfFew goes at most left rounds over those that have a weight, and returns how many are left then. Meanwhile no gradients are
// kept: those of the few are inner products of a small matrix.
func (d *descent) roundsOfFew(ctx context.Context, target []float32, left int) int {
	d.on, d.onW, d.onGram = d.on[:0], d.onW[:0], d.onGram[:0]
	for c, w := range d.w {
		if w != 0 {
			d.on, d.onW = append(d.on, int32(c)), append(d.onW, w)
		}
	}
	for _, c := range d.on {
		row := d.gram.Row(int(d.at[c]))
		for _, other := range d.on {
			d.onGram = append(d.onGram, float64(row[d.at[other]]))
		}
	}
	n := len(d.on)
	for still := false; !still && left > 0 && ctx.Err() == nil; left-- {
		moved, largest := 0.0, 0.0
		for k, c := range d.on {
			square := d.onGram[k*n+k]
			explained := numeric.Dot64(d.onGram[k*n:(k+1)*n], d.onW) - square*d.onW[k]
			w := d.wanted(float64(target[d.at[c]])-explained, square)
			moved, largest = max(moved, math.Abs(w-d.onW[k])), max(largest, math.Abs(w))
			d.onW[k] = w
		}
		still = moved <= d.Tolerance*largest
	}
	for c, i := range d.at {
		d.gradient[c] = float64(target[i])
	}
	for k, c := range d.on {
		d.w[c] = d.onW[k]
		if d.onW[k] != 0 {
			d.take(int(d.at[c]), d.onW[k])
		}
	}
	return left
}

// eachItem calls a function of its own thread for each item.
func eachItem(ctx context.Context, items, threads int, progress func(done, total int), begin func() func(item int)) error {
	var next atomic.Int64
	var told sync.Mutex
	done := 0
	var wg sync.WaitGroup
	for range numeric.Threads(threads) {
		wg.Go(func() {
			do := begin()
			for ctx.Err() == nil {
				j := int(next.Add(1)) - 1
				if j >= items {
					return
				}
				do(j)
				if progress != nil {
					told.Lock()
					done++
					progress(done, items)
					told.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
