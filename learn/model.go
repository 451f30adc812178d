// The two small interfaces that all algorithms share.

package learn

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// Learner is an algorithm with its hyper-parameters: a struct whose zero value has the stated defaults and which can be
// written as JSON (Search names its trials by that).
type Learner interface {
	// Fit learns from d, which it neither changes nor keeps. It ends within a second of ctx, with ctx's cause.
	Fit(ctx context.Context, d *Data) (Model, error)
	// Kind names the algorithm, in a word or two.
	Kind() string
}

// Model is a fitted classifier. It is read-only and safe for concurrent use.
type Model interface {
	// Predict writes to p[i], which has length x.Rows, the probability in [0,1] that row i of x is positive.
	// x must have the columns that the model was fitted on, in their order.
	Predict(x *Matrix, p []float64) error
	// Inputs are the columns that the model was fitted on.
	Inputs() []Column
	// valid says what is wrong with a model that was read from a file.
	valid() error
}

// checkInput says why x cannot be predicted by a model of the given inputs.
func checkInput(x *Matrix, p []float64, inputs []Column) error {
	switch {
	case x.Cols != len(inputs):
		return fmt.Errorf("learn: %d columns where the model was fitted on %d", x.Cols, len(inputs))
	case len(x.Data) != x.Rows*x.Cols:
		return fmt.Errorf("learn: a matrix of %d x %d holds %d values", x.Rows, x.Cols, len(x.Data))
	case len(p) != x.Rows:
		return fmt.Errorf("learn: room for %d probabilities of %d rows", len(p), x.Rows)
	}
	return nil
}

// threadsOf is the number of goroutines that a setting asks for; 0 means one a core.
func threadsOf(setting int) int {
	if setting <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return setting
}

// inBlocks calls do for consecutive blocks of 0..n-1, on up to threads goroutines; which block is which does not depend on
// their number. After ctx ends no further block begins.
func inBlocks(ctx context.Context, n, size, threads int, do func(block, from, to int)) error {
	blocks := (n + size - 1) / size
	if threads = min(threads, blocks); threads <= 1 {
		for b := range blocks {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			do(b, b*size, min(n, (b+1)*size))
		}
		return nil
	}
	var next struct {
		sync.Mutex
		block int
	}
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for ctx.Err() == nil {
				next.Lock()
				b := next.block
				next.block++
				next.Unlock()
				if b >= blocks {
					return
				}
				do(b, b*size, min(n, (b+1)*size))
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
