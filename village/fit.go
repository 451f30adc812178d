// The fit finds the parameters that parameters.json holds: it moves all knobs at once towards the published figures, by
// Gauss-Newton steps under Levenberg and Marquardt's damping (Marquardt 1963, SIAM J. 11:431-441). Nothing in
// parameters.json that is listed in knobs is typed in by hand.

package village

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// FitConfig directs a fit.
type FitConfig struct {
	Users  int    // of each village that is tried; the more, the less sampling error is fitted
	Seed   uint64 // of the first village; the others have the seeds that follow
	Rounds int    // of measuring the slopes and following them
	Sweeps int    // then, over all parameters, one after another, by how many figures pass
	// Villages that a sweep's step must help, on average; 0 means 8, as for rounds. Sweeps want villages of the size that is
	// checked, since heavy users of a small village run out of good cards, and a few of those do.
	Villages int
	Threads  int      // 0 means one a core
	Knobs    []string // sweeps move only parameters whose names begin with one of these; none means all
	// Round, if set, is given the parameters, as parameters.json, after each round; an error ends the fit.
	Round func(parameters []byte) error
	// Progress, if set, is told of each trial: the round, from 1, with the sweeps counting on, how many of its trials are done,
	// and the loss where it began or, of a sweep, how many figures pass.
	Progress func(round int, done, total int64, score float64)
}

// Fit returns parameters.json anew, and how the last of its villages stands. Cost: Rounds x (knobs + 7 x 8) + Sweeps x knobs x 8 x about 2 villages of
// cfg.Users users.
func Fit(ctx context.Context, cfg FitConfig) (parameters []byte, figures []Figure, err error) {
	p, err := defaultParams()
	if err != nil {
		return nil, nil, err
	}
	f, err := newFit(p, cfg)
	if err != nil {
		return nil, nil, err
	}
	if err := f.run(ctx); err != nil {
		return nil, nil, err
	}
	parameters, err = f.parameters()
	return parameters, f.figures, err
}

// parameters is parameters.json as the fit has it now.
func (f *fit) parameters() ([]byte, error) {
	b, err := json.MarshalIndent(f.p, "", " ")
	return append(b, '\n'), err
}

type fit struct {
	cfg     FitConfig
	p       *params
	targets []target
	figures []Figure   // of the newest trial, in its last village
	spread  []float64  // variance of each residual between villages
	slope   *mat.Dense // change of residuals by a knob's step: a row a figure, a column a knob
	damping float64
	width   float64 // c of the loss
}

func newFit(p *params, cfg FitConfig) (*fit, error) {
	all, err := targets()
	if err != nil {
		return nil, err
	}
	if cfg.Threads <= 0 {
		cfg.Threads = runtime.GOMAXPROCS(0)
	}
	return &fit{cfg: cfg, p: p, targets: append(all, aims...), damping: .1}, nil
}

const (
	villages = 8 // that a step must bring nearer to the figures on average: no one village's accidents are fitted
	tries    = 5 // steps along the slopes of one round
	stride   = 3 // steps of a knob over which a slope is measured
)

// Residuals are a trial's: error over tolerance of each figure, and the figure's weight in the loss.
type residuals struct{ error, weight []float64 }

// loss is the mean of rho(e) = c^2 log(1 + (e/c)^2), Cauchy's: it grows like a square near 0 and slower and slower from c
// on, so that a figure the model cannot meet does not outweigh those it can, and one far off is still felt.
func (r residuals) loss(c float64) float64 {
	var sum, n float64
	for i, e := range r.error {
		sum += r.weight[i] * c * c * math.Log1p(e*e/(c*c))
		n += r.weight[i]
	}
	return sum / n
}

func (f *fit) run(ctx context.Context) error {
	for round := range f.cfg.Rounds {
		// First everything is to come near, then as much as can be within its tolerance.
		f.width = 3
		if round >= f.cfg.Rounds/2 {
			f.width = 1
		}
		if err := f.round(ctx, round); err != nil {
			return err
		}
		if err := f.hand(); err != nil {
			return err
		}
	}
	if err := f.polish(ctx); err != nil {
		return err
	}
	_, err := f.trial(ctx)
	return err
}

// round sets outright what can be, measures in one village how each knob moves the figures, and takes steps along those
// slopes for as long as they bring the figures of all villages nearer.
func (f *fit) round(ctx context.Context, round int) error {
	if err := f.match(ctx); err != nil {
		return err
	}
	now, err := f.trial(ctx)
	if err != nil {
		return err
	}
	start, n := now.loss(f.width), len(knobs)
	if err := f.measure(ctx, round, func(done int) { f.tell(round, done, start) }); err != nil {
		return err
	}
	for try := range tries {
		step, err := f.step(now)
		if err != nil {
			return err
		}
		old := make([]float64, n)
		for k, knob := range knobs {
			if old[k], err = get(f.p, k); err != nil {
				return err
			}
			set(f.p, k, math.Max(knob.low, math.Min(knob.high, old[k]+step[k]*knob.step)))
		}
		r, err := f.trial(ctx)
		if err != nil {
			return err
		}
		f.tell(round, n+try+1, start)
		if r.loss(f.width) < now.loss(f.width) {
			now = r
			f.damping = math.Max(f.damping/3, 1e-3)
			continue
		}
		for k := range knobs {
			set(f.p, k, old[k])
		}
		f.damping = math.Min(f.damping*4, 1e3)
	}
	return nil
}

// measure finds how the residuals change by a step of each knob, in a village of the round's own; what earlier rounds found
// counts for half. Knobs are tried side by side.
func (f *fit) measure(ctx context.Context, round int, told func(done int)) error {
	seed := f.cfg.Seed + villages + uint64(round)
	now, _, err := f.try(ctx, f.p, seed, f.cfg.Threads)
	if err != nil {
		return err
	}
	slope := mat.NewDense(len(now.error), len(knobs), nil)
	var mu sync.Mutex
	done := 0
	err = inOrder(ctx, len(knobs), f.cfg.Threads, func(_, k int, _ *block) error {
		p, err := f.p.clone()
		if err != nil {
			return err
		}
		old, err := get(p, k)
		if err != nil {
			return err
		}
		moved := old + stride*knobs[k].step
		if moved > knobs[k].high {
			moved = math.Max(knobs[k].low, old-stride*knobs[k].step)
		}
		set(p, k, moved)
		r, _, err := f.try(ctx, p, seed, 1)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for i := range r.error {
			change := r.error[i] - now.error[i]
			// Two villages of one seed draw alike until something differs: what is left of the noise would pull each knob
			// somewhere by way of the figures that are noisiest, hence the shrinkage (Wiener's).
			noise := f.spread[i] / 2
			change *= change * change / (change*change + noise)
			if d := change / ((moved - old) / knobs[k].step); !math.IsNaN(d) {
				slope.Set(i, k, d)
			}
		}
		done++
		told(done)
		return nil
	}, func(int, *block) error { return nil })
	if err != nil {
		return err
	}
	if f.slope != nil {
		slope.Add(slope, f.slope)
		slope.Scale(.5, slope)
	}
	f.slope = slope
	return nil
}

func (f *fit) tell(round, done int, loss float64) {
	if f.cfg.Progress != nil {
		f.cfg.Progress(round+1, int64(done), int64(len(knobs)+tries), loss)
	}
}

// step solves (J'WJ + damping (D + 1)) s = -J'We for the knobs' steps s, D the diagonal of J'WJ, W the weights under
// the loss's rho, and cuts it at two steps of a knob.
func (f *fit) step(now residuals) ([]float64, error) {
	rows, n := f.slope.Dims()
	a, b := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for i := range rows {
		e := now.error[i]
		w := now.weight[i] / (1 + e*e/(f.width*f.width))
		row := f.slope.RawRowView(i)
		for j, x := range row {
			b.SetVec(j, b.AtVec(j)-w*x*e)
			for k := j; k < n; k++ {
				a.SetSym(j, k, a.At(j, k)+w*x*row[k])
			}
		}
	}
	for j := range n {
		a.SetSym(j, j, a.At(j, j)*(1+f.damping)+f.damping)
	}
	var chol mat.Cholesky
	if !chol.Factorize(a) {
		return nil, errors.New("village: the fit's equations cannot be solved")
	}
	var s mat.VecDense
	if err := chol.SolveVecTo(&s, b); err != nil {
		return nil, fmt.Errorf("village: the fit's equations: %w", err)
	}
	step := make([]float64, n)
	for j := range step {
		step[j] = math.Max(-2, math.Min(2, s.AtVec(j)))
	}
	return step, nil
}

// match sets what can be set outright, from all villages together: relative rates of days and hours by their ratio to the
// published ones, and the cuts between levels by the scores.
func (f *fit) match(ctx context.Context) error {
	have := make([]*figures, villages)
	scores := make([]sample, villages)
	err := inOrder(ctx, villages, f.cfg.Threads, func(_, i int, _ *block) error {
		l, err := watch(ctx, f.p, f.cfg.Seed+uint64(i), f.cfg.Users, 1, false, nil)
		if err != nil {
			return err
		}
		have[i] = l.figures(false)
		l.seen(func(u *userMonth) {
			if u.hasRow {
				scores[i] = append(scores[i], float64(u.score))
			}
		})
		return nil
	}, func(int, *block) error { return nil })
	if err != nil {
		return err
	}
	for _, t := range f.targets {
		var mean float64
		for _, h := range have {
			mean += h.value[[2]string{t.Group, t.Name}] / villages
		}
		n, err := strconv.Atoi(t.Name)
		if err != nil || !(mean > 0) {
			continue
		}
		switch t.Group {
		case "share of impressions by day":
			f.p.Arrival.Day[n-1] *= t.Value / mean
		case "share of impressions by hour":
			f.p.Arrival.Hour[n] *= t.Value / mean
		}
	}
	f.p.Level.Cut = cutsOf(slices.Concat(scores...), f.levelShares())
	return nil
}

// cutsOf are the scores between levels that give the published shares of users.
func cutsOf(scores sample, shares [11]float64) (cuts [10]float64) {
	slices.Sort(scores)
	below := 0.0
	for k := range cuts {
		below += shares[k]
		cuts[k] = scores.quantile(math.Min(1, below))
	}
	return cuts
}

// regrade cuts a village's own scores by the published shares, as match will once the parameters stand: a knob that moves
// scores moves nobody to another level by that alone.
func (f *fit) regrade(l *ledger) {
	var scores sample
	l.seen(func(u *userMonth) {
		if u.hasRow {
			scores = append(scores, float64(u.score))
		}
	})
	cuts := cutsOf(scores, f.levelShares())
	l.seen(func(u *userMonth) { u.level = gradeOf(float64(u.score), &cuts) })
}

// levelShares are the published shares of users by level.
func (f *fit) levelShares() (shares [11]float64) {
	for _, t := range f.targets {
		if n, err := strconv.Atoi(t.Name); err == nil && t.Group == "users by level" {
			shares[n] = t.Value
		}
	}
	return shares
}

// trial simulates all villages with the parameters as they are: the residuals are means over them.
func (f *fit) trial(ctx context.Context) (residuals, error) { return f.trialOf(ctx, villages) }

// trialOf simulates the first n villages. The first trial must be one of all of them.
func (f *fit) trialOf(ctx context.Context, n int) (residuals, error) {
	all := make([]residuals, n)
	err := inOrder(ctx, n, f.cfg.Threads, func(_, i int, _ *block) error {
		r, figures, err := f.try(ctx, f.p, f.cfg.Seed+uint64(i), 1)
		if i == n-1 {
			f.figures = figures
		}
		all[i] = r
		return err
	}, func(int, *block) error { return nil })
	if err != nil {
		return residuals{}, err
	}
	mean := residuals{make([]float64, len(all[0].error)), make([]float64, len(all[0].error))}
	var over sample
	for i := range mean.error {
		over = over[:0]
		for _, r := range all {
			over = append(over, r.error[i])
		}
		mean.error[i] = over.mean()
		// What a figure says of the parameters is drowned by what it says of these villages where it differs between villages
		// by more than the tolerance.
		mean.weight[i] = all[0].weight[i] / (1 + f.noise(i, over)/4)
	}
	return mean, nil
}

// noise is the variance of a figure's residual between villages, as the first trial found it: a loss whose weights move with
// the parameters could be lowered by noise.
func (f *fit) noise(i int, over sample) float64 {
	if i == len(f.spread) {
		sd := over.sd()
		f.spread = append(f.spread, sd*sd)
	}
	return f.spread[i]
}

// try simulates one village with p. Each group of figures weighs by the root of their number.
func (f *fit) try(ctx context.Context, p *params, seed uint64, threads int) (residuals, []Figure, error) {
	l, err := watch(ctx, p, seed, f.cfg.Users, threads, true, nil)
	if err != nil {
		return residuals{}, nil, err
	}
	f.regrade(l)
	have := l.figures(true)
	figures, err := compare(f.targets, have)
	if err != nil {
		return residuals{}, nil, err
	}
	counts := map[string]float64{}
	for _, g := range figures {
		counts[g.Group]++
	}
	var r residuals
	for _, g := range figures {
		e := g.Error / g.Tolerance
		if half := have.half[[2]string{g.Group, g.Name}]; half > 0 {
			e = (g.Simulated - g.Published) / math.Max(half, g.Tolerance*g.Published)
		}
		w := 1 / math.Sqrt(counts[g.Group])
		if math.IsNaN(e) || slices.Contains(counted, g.Name) || slices.Contains(matched, g.Group) {
			e, w = 0, 0
		}
		r.error, r.weight = append(r.error, e), append(r.weight, w)
	}
	return r, figures, nil
}
