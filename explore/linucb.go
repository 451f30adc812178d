// LinUCB: a linear guess of the click from what is known of card and user, and a bonus for where that guess is unsure.

package explore

import (
	"errors"
	"fmt"
	"math"
	"sync"
)

// LinUCBConfig are the settings of NewLinUCB.
type LinUCBConfig struct {
	Context int     // length of contexts, 1 to MaxContext
	Alpha   float64 // standard errors of the bonus; 0 means .3
	Ridge   float64 // of the design matrix; 0 means 1
	// Spread is the part of the choices that goes to all cards of a pool alike, so that every card keeps a chance; 0 means .2.
	Spread float64
}

// MaxContext is the longest context that LinUCB takes.
const MaxContext = 256

// LinUCB is the upper confidence bound of a linear model (Li, Chu, Langford and Schapire, WWW 2010, with one model for all cards: a catalogue has
// too many for one each, and what is learned of a card would not serve the next; Chu, Li, Reyzin and Schapire, AISTATS 2011, analyse it so). The
// card with the largest x'theta + Alpha sqrt(x' A^-1 x) has 1-Spread of the chance, and all share the rest. It learns from observed clicks: the
// inverse of the design matrix A follows each by the formula of Sherman and Morrison. Memory: 24 bytes a pair of context columns. Cost of a pool:
// its cards times the square of the context's length.
type LinUCB struct {
	c LinUCBConfig

	mu       sync.RWMutex
	seen     uint64    // observations
	design   []float64 // sum of x x', d x d row-major; without the ridge
	reward   []float64 // sum of x times click
	inverse  []float64 // of design + ridge
	theta    []float64 // inverse times reward
	since    int       // observations since the inverse was computed from the design matrix
	column   []float64 // inverse times x, of Observe
	computed []float64 // room for the Cholesky factor
}

// refreshed is the number of observations after which the inverse is computed anew, so that rounding does not add up.
const refreshed = 4096

// NewLinUCB checks the settings.
func NewLinUCB(c LinUCBConfig) (*LinUCB, error) {
	if c.Alpha == 0 {
		c.Alpha = .3
	}
	if c.Ridge == 0 {
		c.Ridge = 1
	}
	if c.Spread == 0 {
		c.Spread = .2
	}
	switch {
	case c.Context < 1 || c.Context > MaxContext:
		return nil, fmt.Errorf("explore: LinUCB with contexts of length %d; 1 to %d is expected", c.Context, MaxContext)
	case !(c.Alpha > 0) || math.IsInf(c.Alpha, 0):
		return nil, fmt.Errorf("explore: LinUCB with alpha %v; a number from 0 is expected", c.Alpha)
	case !(c.Ridge >= 1e-3 && c.Ridge <= 1e9):
		return nil, fmt.Errorf("explore: LinUCB with a ridge of %v; .001 to 1e9 is expected", c.Ridge)
	case !(c.Spread > 0 && c.Spread <= 1):
		return nil, fmt.Errorf("explore: LinUCB with a spread of %v; above 0 and at most 1 is expected", c.Spread)
	}
	d := c.Context
	l := &LinUCB{c: c, design: make([]float64, d*d), reward: make([]float64, d), inverse: make([]float64, d*d), theta: make([]float64, d), column: make([]float64, d),
		computed: make([]float64, d*d)}
	return l, l.refresh()
}

// Name implements Policy.
func (l *LinUCB) Name() string { return "linucb" }

// Context implements Policy.
func (l *LinUCB) Context() int { return l.c.Context }

// Chances implements Policy. Of equal bounds the first counts. A pool without contexts has none to choose.
func (l *LinUCB) Chances(p *Pool, out []float64) {
	d := l.c.Context
	if len(p.X) != d*len(out) {
		return
	}
	best, top := 0, math.Inf(-1)
	l.mu.RLock()
	for k := range out {
		if b := l.bound(p.X[k*d : (k+1)*d]); b > top {
			best, top = k, b
		}
	}
	l.mu.RUnlock()
	for k := range out {
		out[k] = l.c.Spread / float64(len(out))
	}
	out[best] += 1 - l.c.Spread
}

// bound is the upper confidence bound of a context; no number where x has one that is none.
func (l *LinUCB) bound(x []float32) float64 {
	d := l.c.Context
	guess, square := 0.0, 0.0
	for i, v := range x {
		xi := float64(v)
		row := l.inverse[i*d : (i+1)*d]
		// The matrix is symmetric: its diagonal once, what is below it twice.
		below := 0.0
		for j, w := range x[:i] {
			below += row[j] * float64(w)
		}
		square += xi * (row[i]*xi + 2*below)
		guess += xi * l.theta[i]
	}
	return guess + l.c.Alpha*math.Sqrt(max(square, 0))
}

// largestContext bounds the values of contexts: sums of squares stay finite.
const largestContext = 1e6

// Observe tells what became of a card that was shown: its context when it was chosen, whether it was clicked, and the chance that its slot was
// looked at, relative to a card in full view, above 0 and at most 1. The click's chance is taken as that chance times x'theta: contexts say
// nothing of slots. Cards that were not explored may be told as well.
func (l *LinUCB) Observe(x []float32, clicked bool, examined float64) error {
	d := l.c.Context
	if len(x) != d {
		return fmt.Errorf("explore: a context of length %d; %d is expected", len(x), d)
	}
	if !(examined > 0 && examined <= 1) {
		return fmt.Errorf("explore: a slot looked at with chance %v; above 0 and at most 1 is expected", examined)
	}
	for i, v := range x {
		if !(v >= -largestContext && v <= largestContext) {
			return fmt.Errorf("explore: context[%d] is %v; a number from %g to %g is expected", i, v, -largestContext, largestContext)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen++
	for i, v := range x {
		xi := examined * float64(v)
		for j, w := range x {
			l.design[i*d+j] += xi * examined * float64(w)
		}
		if clicked {
			l.reward[i] += xi
		}
	}
	if l.since++; l.since >= refreshed {
		if l.refresh() == nil {
			return nil
		}
	}
	l.shermanMorrison(x, examined)
	l.solve()
	return nil
}

// shermanMorrison brings the inverse up to date: (A + x x')^-1 = A^-1 - A^-1 x x' A^-1 / (1 + x' A^-1 x).
func (l *LinUCB) shermanMorrison(x []float32, scale float64) {
	d := l.c.Context
	square := 0.0
	for i := range d {
		sum := 0.0
		for j, w := range x {
			sum += l.inverse[i*d+j] * scale * float64(w)
		}
		l.column[i] = sum
		square += sum * scale * float64(x[i])
	}
	over := 1 / (1 + max(square, 0))
	for i := range d {
		for j := range d {
			l.inverse[i*d+j] -= l.column[i] * l.column[j] * over
		}
	}
}

func (l *LinUCB) solve() {
	d := l.c.Context
	for i := range d {
		sum := 0.0
		for j, r := range l.reward {
			sum += l.inverse[i*d+j] * r
		}
		l.theta[i] = sum
	}
}

// errDesign is given for a matrix that no contexts add up to.
var errDesign = errors.New("the design matrix is not positive definite")

// refresh computes the inverse from the design matrix, by its Cholesky factor. After an error the old one stands.
func (l *LinUCB) refresh() error {
	d, f := l.c.Context, l.computed
	for i := range d {
		for j := range i + 1 {
			sum := l.design[i*d+j]
			if i == j {
				sum += l.c.Ridge
			}
			for k := range j {
				sum -= f[i*d+k] * f[j*d+k]
			}
			switch {
			case i != j:
				f[i*d+j] = sum / f[j*d+j]
			case sum > 0 && !math.IsInf(sum, 0):
				f[i*d+i] = math.Sqrt(sum)
			default:
				return errDesign
			}
		}
	}
	for c := range d { // column c of the inverse: forward, then back
		for i := range d {
			sum := 0.0
			if i == c {
				sum = 1
			}
			for k := range i {
				sum -= f[i*d+k] * l.column[k]
			}
			l.column[i] = sum / f[i*d+i]
		}
		for i := d - 1; i >= 0; i-- {
			sum := l.column[i]
			for k := i + 1; k < d; k++ {
				sum -= f[k*d+i] * l.column[k]
			}
			l.column[i] = sum / f[i*d+i]
		}
		for i := range d {
			l.inverse[i*d+c] = l.column[i]
		}
	}
	l.since = 0
	l.solve()
	return nil
}

// Seen is how many observations it learned from.
func (l *LinUCB) Seen() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.seen
}

// Theta is a copy of the linear model's weights.
func (l *LinUCB) Theta() []float64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return append([]float64(nil), l.theta...)
}
