// The fit's last part. A round of fit.go follows slopes of a loss; what is asked of a village is how many figures it meets.
// Once the loss is low, figures that pull against each other are settled by that: a knob is kept where more of them pass.

package village

import (
	"context"
	"math"
	"slices"
	"strings"
)

// checkUsers are those of the village for which a polish counts the figures that pass.
const checkUsers = 200_000

// expected is how many figures are expected to pass in a village of checkUsers, and a little more for those that are nearer
// to passing: of a residual with mean e and spread s between villages, in tolerances,
//
//	P(-1 < e + s N < 1) + .15/(1 + (e/3)^2)
func (f *fit) expected(r residuals) float64 {
	var sum float64
	for i, e := range r.error {
		if r.weight[i] == 0 {
			continue
		}
		// No spread would leave no slope to climb.
		s := math.Max(.1, math.Sqrt(f.spread[i]*float64(f.cfg.Users)/checkUsers)) * math.Sqrt2
		sum += (math.Erf((1-e)/s)-math.Erf((-1-e)/s))/2 + .15/(1+e*e/9)
	}
	return sum
}

// polish goes over all knobs, one after another, and moves each as long as more figures are expected to pass over all
// villages. What a knob moves by grows where that helps and halves where it does not.
func (f *fit) polish(ctx context.Context) error {
	size := make([]float64, len(knobs)) // in steps of the knob, with the sign that helped last
	for k := range size {
		size[k] = 1
	}
	for sweep := range f.cfg.Sweeps {
		if err := f.match(ctx); err != nil {
			return err
		}
		if _, err := f.trial(ctx); err != nil { // how much villages differ
			return err
		}
		n := f.cfg.Villages
		if n == 0 {
			n = villages
		}
		now, err := f.trialOf(ctx, n)
		if err != nil {
			return err
		}
		best := f.expected(now)
		start := best
		for k, knob := range knobs {
			if len(f.cfg.Knobs) > 0 && !slices.ContainsFunc(f.cfg.Knobs, func(s string) bool { return strings.HasPrefix(knob.path, s) }) {
				continue
			}
			old, err := get(f.p, k)
			if err != nil {
				return err
			}
			moved := false
			for try := 0; try < 4; try++ {
				x := math.Max(knob.low, math.Min(knob.high, old+size[k]*knob.step))
				set(f.p, k, x)
				r, err := f.trialOf(ctx, n)
				if err != nil {
					return err
				}
				if e := f.expected(r); x != old && e > best {
					best, old, moved = e, x, true
					size[k] *= 1.5
					continue
				}
				set(f.p, k, old)
				if moved || try > 0 {
					break
				}
				size[k] = -size[k]
			}
			if !moved {
				size[k] /= 2
			}
			f.tellSweep(sweep, k+1, start)
			if f.cfg.Round != nil && (k+1)%20 == 0 {
				if err := f.hand(); err != nil {
					return err
				}
			}
		}
		if err := f.hand(); err != nil {
			return err
		}
	}
	return nil
}

func (f *fit) tellSweep(sweep, done int, expected float64) {
	if f.cfg.Progress != nil {
		f.cfg.Progress(f.cfg.Rounds+sweep+1, int64(done), int64(len(knobs)), expected)
	}
}

// hand gives the parameters as they are to the caller.
func (f *fit) hand() error {
	if f.cfg.Round == nil {
		return nil
	}
	b, err := f.parameters()
	if err != nil {
		return err
	}
	return f.cfg.Round(b)
}
