// The fit finds the parameters that parameters.json holds: it moves one number
// at a time and keeps what brings the village's figures nearer to the published
// ones. Nothing in parameters.json that is listed in knobs is typed in by hand.

package village

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// FitConfig directs a fit.
type FitConfig struct {
	Users   int    // of the villages that are tried; the more, the less sampling error is fitted
	Seed    uint64 // the same for every trial, so that two trials differ by their parameters alone
	Rounds  int    // passes over all knobs
	Threads int    // 0 means one a core
	// Progress, if set, is told after each knob how many of all are done, and the loss.
	Progress func(done, total int64, loss float64)
}

// knob is one number the fit may move: its place in parameters.json, its first
// step and its bounds.
type knob struct {
	path      string
	step      float64
	low, high float64
}

// knobs are moved in this order: how much is seen first, then what is clicked,
// then who differs from whom.
var knobs = []knob{
	{"arrival.visit_mu", .15, -5, 3}, {"arrival.visit_sd", .1, .1, 3}, {"arrival.visit_keen", .1, -1, 2}, {"arrival.visit_tail", .1, -1, 2},
	{"arrival.passing", .05, 0, 1}, {"arrival.span_days", .5, .1, 30}, {"arrival.same_day", .03, 0, 1},
	{"appetite.mu", .15, -6, 3}, {"appetite.sd", .1, .1, 4}, {"appetite.depth_mu", .15, -2, 4}, {"appetite.depth_sd", .1, 0, 2},
	{"appetite.depth_keen", .1, -1, 2}, {"appetite.visit_sd", .1, 0, 2},
	{"page.four", .05, 0, 1}, {"page.streams", .03, 0, 1}, {"page.start_zero", .03, 0, 1}, {"page.skip", .03, 0, .9}, {"page.reshow", .05, 0, 1},
	{"click.mu", .1, -6, 0}, {"click.sd", .1, 0, 3}, {"click.volume", .05, -1, 1}, {"click.floor", .05, 0, 1}, {"click.decay", .5, .1, 50},
	{"click.glance_top", .02, 0, 1}, {"click.glance_fall", .1, 0, 5},
	{"click.like", .002, 0, 1}, {"click.like_slope", .05, -2, 2}, {"click.like_bend", .05, -1, 1},
	{"click.read", .01, 0, 1}, {"click.read_slope", .05, -2, 2}, {"click.read_bend", .05, -1, 1},
	{"click.swipe", .02, 0, 1}, {"click.swipe_mu", .1, -1, 5}, {"click.swipe_like", .002, 0, 1},
	{"click.tenure.0", .05, -2, 2}, {"click.tenure.1", .05, -2, 2}, {"click.tenure.2", .05, -2, 2}, {"click.tenure.3", .05, -2, 2}, {"click.tenure.4", .05, -2, 2},
	{"people.keen_male", .05, -2, 2}, {"people.keen_female", .05, -2, 2}, {"people.keen_age_m", .01, -.3, .3}, {"people.keen_age_f", .01, -.3, .3},
	{"people.keen_tenure.0", .05, -2, 2}, {"people.keen_tenure.1", .05, -2, 2}, {"people.keen_tenure.2", .05, -2, 2}, {"people.keen_tenure.3", .05, -2, 2},
	{"people.keen_tenure.4", .05, -2, 2}, {"people.keen_null", .05, -2, 2}, {"people.male", .01, 0, 1},
	{"level.tenure", .05, 0, 1}, {"level.volume", .05, -2, 2}, {"level.clicky", .05, 0, 1}, {"level.shift", .1, -3, 3},
}

// Fit returns parameters.json anew, and how the village of its last trial
// stands. Cost: about 2 x Rounds x knobs villages of cfg.Users users.
func Fit(ctx context.Context, cfg FitConfig) (parameters []byte, figures []Figure, err error) {
	p, err := defaultParams()
	if err != nil {
		return nil, nil, err
	}
	all, err := targets()
	if err != nil {
		return nil, nil, err
	}
	f := &fit{cfg: cfg, p: p, targets: all}
	if f.cfg.Threads <= 0 {
		f.cfg.Threads = runtime.GOMAXPROCS(0)
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
	figures []Figure
}

func (f *fit) run(ctx context.Context) error {
	best, err := f.trial(ctx)
	if err != nil {
		return err
	}
	steps := make([]float64, len(knobs))
	for i, k := range knobs {
		steps[i] = k.step
	}
	total := int64(f.cfg.Rounds * len(knobs))
	for round := range f.cfg.Rounds {
		if best, err = f.match(ctx, best); err != nil {
			return err
		}
		for i, k := range knobs {
			v, err := at(f.p, k.path)
			if err != nil {
				return err
			}
			old, moved := *v, false
			for _, sign := range []float64{1, -1} {
				*v = math.Max(k.low, math.Min(k.high, old+sign*steps[i]))
				loss, err := f.trial(ctx)
				if err != nil {
					return err
				}
				if loss < best {
					best, moved = loss, true
					steps[i] *= 1.4 * sign // go on this way next time
					break
				}
				*v = old
			}
			if !moved {
				steps[i] *= .5
			}
			if f.cfg.Progress != nil {
				f.cfg.Progress(int64(round*len(knobs)+i+1), total, best)
			}
		}
	}
	_, err = f.trial(ctx)
	return err
}

// match sets what can be set outright: relative rates of days and hours by
// their ratio to the published ones, and the cuts between levels by the scores.
// It is kept only if it brings the figures nearer.
func (f *fit) match(ctx context.Context, best float64) (float64, error) {
	day, hour, cut := f.p.Arrival.Day, f.p.Arrival.Hour, f.p.Level.Cut
	l, err := f.watch(ctx)
	if err != nil {
		return best, err
	}
	have := l.figures()
	var shares [11]float64
	for _, t := range f.targets {
		ratio := t.Value / have[[2]string{t.Group, t.Name}]
		n, err := strconv.Atoi(t.Name)
		if err != nil || math.IsNaN(ratio) || math.IsInf(ratio, 0) {
			continue
		}
		switch t.Group {
		case "share of impressions by day":
			f.p.Arrival.Day[n-1] *= ratio
		case "share of impressions by hour":
			f.p.Arrival.Hour[n] *= ratio
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
	loss, err := f.trial(ctx)
	if err != nil || loss < best {
		return loss, err
	}
	f.p.Arrival.Day, f.p.Arrival.Hour, f.p.Level.Cut = day, hour, cut
	return best, nil
}

func (f *fit) watch(ctx context.Context) (*ledger, error) {
	return watch(ctx, f.p, f.cfg.Seed, f.cfg.Users, f.cfg.Threads, false, nil)
}

// trial simulates with the parameters as they are and returns the loss: the mean
// over groups of the mean square of error over tolerance, cut off so that a
// figure the model cannot meet does not outweigh all others.
func (f *fit) trial(ctx context.Context) (float64, error) {
	l, err := f.watch(ctx)
	if err != nil {
		return math.NaN(), err
	}
	have := l.figures()
	var some []target
	for _, t := range f.targets {
		// Cards and creators are not simulated in a trial.
		if v, ok := have[[2]string{t.Group, t.Name}]; ok && !math.IsNaN(v) && !slices.Contains([]string{"card-days", "cards", "creators"}, t.Group) {
			some = append(some, t)
		}
	}
	if f.figures, err = compare(some, have); err != nil {
		return math.NaN(), err
	}
	sums, counts := map[string]float64{}, map[string]float64{}
	var groups []string
	for _, g := range f.figures {
		if counts[g.Group] == 0 {
			groups = append(groups, g.Group)
		}
		e := g.Error / g.Tolerance
		sums[g.Group] += math.Min(e*e, 25)
		counts[g.Group]++
	}
	var loss float64
	for _, g := range groups { // not over the map: the sum must not depend on its order
		loss += sums[g] / math.Sqrt(counts[g])
	}
	return loss / float64(len(groups)), nil
}

// at finds the number at a path of parameters.json, such as "click.tenure.0".
func at(p *params, path string) (*float64, error) {
	v := reflect.ValueOf(p).Elem()
next:
	for _, name := range strings.Split(path, ".") {
		if v.Kind() == reflect.Array {
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= v.Len() {
				return nil, fmt.Errorf("parameters.json has no %s", path)
			}
			v = v.Index(i)
			continue
		}
		if v.Kind() == reflect.Struct {
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
