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
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// FitConfig directs a fit.
type FitConfig struct {
	Users   int    // of the villages that are tried; the more, the less sampling error is fitted
	Seed    uint64 // of the first round; each round goes on with the next, so that no one village's accidents are fitted
	Rounds  int    // steps of all knobs at once
	Threads int    // 0 means one a core
	// Progress, if set, is told of each trial: the round, from 1, how many of its trials are done, and the loss where it began.
	Progress func(round int, done, total int64, loss float64)
}

// knob is one or more numbers that the fit moves: their places in parameters.json, a step that can be felt, and bounds.
type knob struct {
	path      string // several, moved by the same, are parted by commas
	step      float64
	low, high float64
}

// knobs are what the fit may move.
var knobs = []knob{
	// how much is seen
	{"arrival.visit_mu", .1, -5, 3}, {"arrival.visit_sd", .1, .1, 3}, {"arrival.visit_keen", .1, -1, 2}, {"arrival.visit_tail", .1, -1, 2}, {"arrival.visit_cap", 40, 50, 1000},
	{"arrival.visit_new", .1, -2, 2}, {"arrival.same_day", .03, 0, 1},
	{"appetite.mu", .15, -6, 3}, {"appetite.sd", .15, .1, 6}, {"appetite.depth_mu", .1, -2, 4}, {"appetite.depth_sd", .1, 0, 2},
	{"appetite.depth_keen", .1, -1, 2}, {"appetite.visit_sd", .1, 0, 2}, {"appetite.depth_cap", 25, 20, 2000},
	{"page.four", .03, 0, 1}, {"page.habit", .05, 0, 1}, {"page.streams", .03, 0, 1}, {"page.start_zero", .03, 0, 1}, {"page.skip", .03, 0, .9}, {"page.reshow", .05, 0, 1},
	// what is clicked, and what follows
	{"click.mu", .05, -6, 0}, {"click.sd", .1, 0, 3}, {"click.volume", .05, -2, 1}, {"click.floor", .05, 0, 1}, {"click.decay", .5, .1, 50}, {"click.mood", .1, 0, 2},
	{"click.glance_top", .02, 0, 1}, {"click.glance_fall", .1, 0, 5},
	{"click.like", .002, 0, 1}, {"click.like_slope", .05, -2, 2}, {"click.like_bend", .05, -1, 1},
	{"click.read", .01, 0, 1}, {"click.read_slope", .05, -2, 2}, {"click.read_bend", .05, -1, 1},
	{"click.swipe", .01, 0, 1}, {"click.swipe_mu", .1, -1, 5}, {"click.swipe_like", .004, 0, 1}, {"click.view_median", .5, 1, 60}, {"click.view_sd", .05, .1, 3},
	{"click.tenure.0", .05, -2, 2}, {"click.tenure.1", .05, -2, 2}, {"click.tenure.2", .05, -2, 2}, {"click.tenure.3", .05, -2, 2}, {"click.tenure.4", .05, -2, 2},
	{"click.tenure.5", .05, -2, 2}, {"click.tenure.6", .05, -2, 2},
	// who differs from whom
	{"people.keen_male", .1, -2, 2}, {"people.keen_female", .1, -2, 2}, {"people.keen_age_m", .02, -.3, .3}, {"people.keen_age_f", .02, -.3, .3},
	{"people.keen_tenure.0", .1, -2, 2}, {"people.keen_tenure.1", .1, -2, 2}, {"people.keen_tenure.2", .1, -2, 2}, {"people.keen_tenure.3", .1, -2, 2},
	{"people.keen_tenure.4", .1, -2, 2}, {"people.keen_tenure.5", .1, -2, 2}, {"people.keen_tenure.6", .1, -2, 2}, {"people.keen_null", .1, -2, 2}, {"people.male", .01, 0, 1}, {"people.no_profile", .01, 0, 1},
	{"people.provinces.bei jing.keen,people.provinces.shang hai.keen,people.provinces.guang dong.keen", .2, -3, 3},
	{"people.provinces.xin jiang.keen,people.provinces.xi cang.keen,people.provinces.qing hai.keen", .2, -3, 3},
	{"people.follows.x.6", 2, 12, 34}, {"people.follows.x.8", 10, 45, 300},
	{"level.tenure", .05, 0, 1}, {"level.volume", .05, -2, 2}, {"level.clicky", .05, 0, 1}, {"level.shift", .1, -3, 3},
	// how a card spreads through the app
	{"cards.weight_sd", .2, .1, 6}, {"cards.life", .1, 0, 4}, {"cards.merit", .1, 0, .9}, {"cards.content_lift", .1, 0, 3}, {"cards.app_per_shown", 2, 1, 200}, {"cards.app_click", .002, 0, .5},
}

// aims are what the fit heads for where the check counts, and a count has no slope: how far the rates of the provinces
// that the case study names lie from the mean over provinces, where Tibet's published rate is 1.5 points above it; a clear
// majority of contents below 5%; and the three contents of the highest rate a tenth above all others.
var aims = []target{
	{Group: "activity by province", Name: lowGroup, Value: -.015, Share: true},
	{Group: "activity by province", Name: highGroup, Value: .015, Share: true},
	{Group: "content", Name: belowFive, Value: .65, Share: true, Error: .02},
	{Group: "content", Name: threeOverRest, Value: 1.1},
}

// counted are the figures that aims stand for, and one that hangs on the sampling error of small provinces.
var counted = []string{"Beijing, Shanghai, Guangdong below the mean (of 3)", "Xinjiang, Tibet, Qinghai above the mean (of 3)", "share of provinces at or above their mean",
	"most contents have a CTR below 5% (1 = yes)", "of the three of the highest CTR, published ones"}

// Fit returns parameters.json anew, and how the village of its last round stands. Cost: Rounds x (knobs + 5) villages of
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
	if parameters, err = json.MarshalIndent(f.p, "", " "); err != nil {
		return nil, nil, err
	}
	return append(parameters, '\n'), f.figures, nil
}

type fit struct {
	cfg     FitConfig
	p       *params
	targets []target
	figures []Figure // of the newest trial
	seed    uint64   // of this round
	damping float64
}

func newFit(p *params, cfg FitConfig) (*fit, error) {
	all, err := targets()
	if err != nil {
		return nil, err
	}
	if cfg.Threads <= 0 {
		cfg.Threads = runtime.GOMAXPROCS(0)
	}
	return &fit{cfg: cfg, p: p, targets: append(all, aims...), seed: cfg.Seed, damping: .1}, nil
}

// tries are how many steps, each shorter than the one before, a round may take for one that helps.
const tries = 5

// Residuals are a trial's: error over tolerance of each figure, and the figure's weight in the loss.
type residuals struct{ error, weight []float64 }

// loss is the mean of rho(e) = 9 log(1 + e^2/9), Cauchy's: it grows like a square near 0 and slower and slower from 3
// on, so that a figure the model cannot meet does not outweigh all others, and one far off is still felt.
func (r residuals) loss() float64 {
	var sum, n float64
	for i, e := range r.error {
		sum += r.weight[i] * 9 * math.Log1p(e*e/9)
		n += r.weight[i]
	}
	return sum / n
}

// run takes all rounds. The knobs end at their means over the later half of the rounds: each round is drawn a little to the
// accidents of its own village, and the mean is not.
func (f *fit) run(ctx context.Context) error {
	sums := make([]float64, len(knobs))
	for round := range f.cfg.Rounds {
		f.seed = f.cfg.Seed + uint64(round)
		if err := f.round(ctx, round); err != nil {
			return err
		}
		for k := range knobs {
			x, err := get(f.p, k)
			if err != nil {
				return err
			}
			if round >= f.cfg.Rounds/2 {
				sums[k] += x / float64(f.cfg.Rounds-f.cfg.Rounds/2)
			}
		}
	}
	for k := range knobs {
		set(f.p, k, sums[k])
	}
	if err := f.match(ctx, f.cfg.Rounds); err != nil {
		return err
	}
	_, err := f.trial(ctx)
	return err
}

// round sets outright what can be, measures how each knob moves the figures, and takes the step that promises most.
func (f *fit) round(ctx context.Context, round int) error {
	if err := f.match(ctx, round); err != nil {
		return err
	}
	now, err := f.trial(ctx)
	if err != nil {
		return err
	}
	start := now.loss()
	n := len(knobs)
	old := make([]float64, n)
	for k := range knobs {
		if old[k], err = get(f.p, k); err != nil {
			return err
		}
	}
	slope, err := f.slopes(ctx, now, old, func(done int) { f.tell(round, done, start) })
	if err != nil {
		return err
	}
	for try := range tries {
		step, err := f.step(now, slope)
		if err != nil {
			return err
		}
		for k, knob := range knobs {
			set(f.p, k, math.Max(knob.low, math.Min(knob.high, old[k]+step[k]*knob.step)))
		}
		r, err := f.trial(ctx)
		if err != nil {
			return err
		}
		f.tell(round, n+try+1, start)
		if r.loss() < start {
			f.tell(round, n+tries, start)
			f.damping = math.Max(f.damping/3, 1e-3)
			return nil
		}
		f.damping = math.Min(f.damping*5, 1e3)
	}
	for k := range knobs { // no step helped: the next round's village may show the way
		set(f.p, k, old[k])
	}
	f.damping = .3
	return nil
}

// slopes measures how the residuals change by a step of each knob: a row each, a column a knob. Knobs are tried side by side.
func (f *fit) slopes(ctx context.Context, now residuals, old []float64, told func(done int)) (*mat.Dense, error) {
	slope := mat.NewDense(len(now.error), len(knobs), nil)
	var mu sync.Mutex
	done := 0
	err := inOrder(ctx, len(knobs), f.cfg.Threads, func(_, k int, _ *block) error {
		p, err := f.p.clone()
		if err != nil {
			return err
		}
		moved := old[k] + knobs[k].step
		if moved > knobs[k].high {
			moved = old[k] - knobs[k].step
		}
		set(p, k, moved)
		r, _, err := f.try(ctx, p, 1)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for i := range r.error {
			if d := (r.error[i] - now.error[i]) / ((moved - old[k]) / knobs[k].step); !math.IsNaN(d) {
				slope.Set(i, k, d)
			}
		}
		done++
		told(done)
		return nil
	}, func(int, *block) error { return nil })
	return slope, err
}

func (f *fit) tell(round, done int, loss float64) {
	if f.cfg.Progress != nil {
		f.cfg.Progress(round+1, int64(done), int64(len(knobs)+tries), loss)
	}
}

// step solves (J'WJ + damping (D + 1)) s = -J'We for the knobs' steps s, D the diagonal of J'WJ, W the weights under
// the loss's rho, and cuts it at two steps of a knob.
func (f *fit) step(now residuals, slope *mat.Dense) ([]float64, error) {
	rows, n := slope.Dims()
	a, b := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for i := range rows {
		e := now.error[i]
		w := now.weight[i] / (1 + e*e/9)
		row := slope.RawRowView(i)
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

// match sets what can be set outright: relative rates of days and hours by their ratio to the published ones, less of
// it each round, so that many villages' accidents average out; and the cuts between levels by the scores.
func (f *fit) match(ctx context.Context, round int) error {
	l, err := watch(ctx, f.p, f.seed, f.cfg.Users, f.cfg.Threads, false, nil)
	if err != nil {
		return err
	}
	have := l.figures(false)
	var shares [11]float64
	share := math.Max(.2, 1/float64(round+1))
	for _, t := range f.targets {
		ratio := t.Value / have.value[[2]string{t.Group, t.Name}]
		n, err := strconv.Atoi(t.Name)
		if err != nil || math.IsNaN(ratio) || math.IsInf(ratio, 0) {
			continue
		}
		switch t.Group {
		case "share of impressions by day":
			f.p.Arrival.Day[n-1] *= math.Pow(ratio, share)
		case "share of impressions by hour":
			f.p.Arrival.Hour[n] *= math.Pow(ratio, share)
		case "users by level":
			shares[n] = t.Value
		}
	}
	var scores sample
	l.seen(func(u *userMonth) {
		if u.hasRow {
			scores = append(scores, float64(u.score))
		}
	})
	slices.Sort(scores)
	below := 0.0
	for k := range f.p.Level.Cut {
		below += shares[k]
		f.p.Level.Cut[k] = scores.quantile(math.Min(1, below))
	}
	return nil
}

// trial simulates with the parameters as they are.
func (f *fit) trial(ctx context.Context) (r residuals, err error) {
	r, f.figures, err = f.try(ctx, f.p, f.cfg.Threads)
	return r, err
}

// try simulates with p. Each group of figures weighs by the root of their number.
func (f *fit) try(ctx context.Context, p *params, threads int) (residuals, []Figure, error) {
	l, err := watch(ctx, p, f.seed, f.cfg.Users, threads, true, nil)
	if err != nil {
		return residuals{}, nil, err
	}
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
		if math.IsNaN(e) || slices.Contains(counted, g.Name) {
			e, w = 0, 0
		}
		r.error, r.weight = append(r.error, e), append(r.weight, w)
	}
	return r, figures, nil
}

// get reads a knob: the first of its numbers.
func get(p *params, k int) (float64, error) {
	path, _, _ := strings.Cut(knobs[k].path, ",")
	v, err := at(p, path)
	if err != nil {
		return math.NaN(), err
	}
	return *v, nil
}

// set sets all numbers of a knob, which get has found to be there.
func set(p *params, k int, x float64) {
	for path := range strings.SplitSeq(knobs[k].path, ",") {
		if v, err := at(p, path); err == nil {
			*v = x
		}
	}
}

// at finds the number at a path of parameters.json, such as "click.tenure.0" or "people.provinces.bei jing.keen".
func at(p *params, path string) (*float64, error) {
	v := reflect.ValueOf(p).Elem()
next:
	for name := range strings.SplitSeq(path, ".") {
		switch v.Kind() {
		case reflect.Array, reflect.Slice:
			if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < v.Len() {
				v = v.Index(i)
				continue next
			}
			for i := range v.Len() {
				if one, ok := v.Index(i).Interface().(province); ok && one.Name == name {
					v = v.Index(i)
					continue next
				}
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).Tag.Get("json") == name {
					v = v.Field(i)
					continue next
				}
			}
		}
		return nil, fmt.Errorf("parameters.json has no %s", path)
	}
	x, ok := v.Addr().Interface().(*float64)
	if !ok {
		return nil, fmt.Errorf("parameters.json: %s is no number", path)
	}
	return x, nil
}
