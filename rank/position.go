// Examination: how the chance that a card is looked at falls with its slot, from the log alone. The click-through rate by slot does not tell:
// only keen visits reach deep slots, and what lies at the top was put there because it is good. What is estimated is the position-based
// model (Chuklin, Markov and de Rijke, Click Models for Web Search, 2015, 3.3; Wang et al., WSDM 2018)
//
//	chance of a click = a[stratum] e[slot] c[card]
//
// where strata are such that what they share cancels (effects.go). The two kinds of views have a curve each.

package rank

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/seguefeed/segue/internal/splitmix"
	"github.com/seguefeed/segue/internal/stat"
)

// Method is a way to estimate a curve of examination.
type Method string

const (
	// Raw is the click-through rate by slot: shown for contrast.
	Raw Method = "raw"
	// Within compares the slots of one view, so that user, hour and mood cancel. Whether better cards stand higher does not.
	Within Method = "within views"
	// Swaps compares the same card in different slots of views of equal depth (intervention harvesting: Agarwal et al., WSDM 2019): the card
	// cancels, the keenness of views as far as it shows in their depth.
	Swaps Method = "swaps"
	// Paired compares the slots of one view given the effect of each card, which other views tell: user, mood and card cancel.
	Paired Method = "views and cards"
)

// ExaminationConfig is how to estimate examination.
type ExaminationConfig struct {
	Method  Method // "" means Paired
	MaxSlot int    // the deepest slot with an effect of its own, counted from 0; those below it share one more; 0 means 20, at most 200
	Threads int    // 0 means one a core; they do not change the result
}

// Effect is the examination of one slot.
type Effect struct {
	Slot    int   // counted from 0 at the top of the page; the last stands for all below it too
	Shown   int64 // impressions of the kind of view
	Clicked int64
	// Value is relative to the top of the same kind of view, with its 95% interval from 20 random groups of users. Value is NaN where nothing
	// compares the slot with the top; the bounds are NaN where the groups cannot tell.
	Value stat.Estimate
}

// Examination is a curve for each kind of view.
type Examination struct {
	Method            Method
	Browsing, Passing []Effect // by slot
	// Level is the top of the page in passing over that in browsing, of the same users; NaN when no user clicked in both ways.
	Level stat.Estimate

	BrowsingViews, PassingViews int
	Unplaced                    int // views that were left out: without slots, or begun below the top
}

const (
	examinationGroups = 20
	deepestSlot       = 200
)

// ErrNoSlots is given for a log that has no view with clicks in it whose slots are known.
var ErrNoSlots = errors.New("rank: no view with a click has slots from the top of the page on: examination cannot be estimated")

// EstimateExamination estimates the curves. Impressions of a card that the user had seen before are left out: that they are clicked less is
// fatigue. Cost: some tens of passes over the views with a click for each of 21 fits; memory 30 bytes a row of these views.
func EstimateExamination(ctx context.Context, l *Log, cfg ExaminationConfig) (*Examination, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	return estimateExamination(ctx, l, viewsOf(l), cfg)
}

func estimateExamination(ctx context.Context, l *Log, v *views, cfg ExaminationConfig) (*Examination, error) {
	switch cfg.Method {
	case "":
		cfg.Method = Paired
	case Raw, Within, Swaps, Paired:
	default:
		return nil, fmt.Errorf("rank: examination by %q: expected %q, %q, %q or %q", cfg.Method, Raw, Within, Swaps, Paired)
	}
	if cfg.MaxSlot == 0 {
		cfg.MaxSlot = 20
	}
	if cfg.MaxSlot < 1 || cfg.MaxSlot > deepestSlot {
		return nil, fmt.Errorf("rank: examination down to slot %d: expected 1 to %d", cfg.MaxSlot, deepestSlot)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	e := &Examination{Method: cfg.Method}
	for _, k := range v.kind {
		switch k {
		case Browsing:
			e.BrowsingViews++
		case Passing:
			e.PassingViews++
		default:
			e.Unplaced++
		}
	}
	if err := e.curves(ctx, l, v, cfg); err != nil {
		return nil, err
	}
	e.Level = passingLevel(l, v)
	return e, nil
}

// At is the examination at a slot counted from 0 at the top, relative to the top of a browsing view: in (0,1] but for noise. A slot below the
// curve has the value of its last known one; 1 where nothing is known.
func (e *Examination) At(kind Kind, slot int) float64 {
	effects, level := e.Browsing, 1.0
	switch kind {
	case Passing:
		effects = e.Passing
		if level = e.Level.Value; !(level > 0) {
			level = 1
		}
	case Unplaced:
		return 1
	}
	for k := min(max(slot, 0), len(effects)-1); k >= 0; k-- {
		if x := effects[k].Value.Value; x > 0 {
			return level * x
		}
	}
	return level
}

// curves estimates the effects of both kinds of views.
func (e *Examination) curves(ctx context.Context, l *Log, v *views, cfg ExaminationConfig) error {
	slots := cfg.MaxSlot + 1
	var curve [2][]Effect
	for k := range v.kind {
		for i := v.start[k]; i < v.start[k+1]; i++ {
			if !usable(l, v, int(i)) {
				continue
			}
			c, s := &curve[v.kind[k]-Passing], min(int(v.offset[i]), slots-1)
			for len(*c) <= s {
				*c = append(*c, Effect{Slot: len(*c)})
			}
			(*c)[s].Shown++
			if l.Clicked[i] {
				(*c)[s].Clicked++
			}
		}
	}
	t := tableOf(l, v, cfg.Method, slots)
	if len(t.slot) == 0 {
		return ErrNoSlots
	}
	all, err := t.fit(ctx, -1, nil)
	if err != nil {
		return err
	}
	left := make([]*effects, examinationGroups)
	errs := make([]error, examinationGroups)
	if err := eachGroup(ctx, cfg.Threads, func(g int) { left[g], errs[g] = t.fit(ctx, g, all) }); err != nil {
		return err
	}
	if k := slices.IndexFunc(errs, func(err error) bool { return err != nil }); k >= 0 {
		return errs[k]
	}
	for way := range curve {
		for s := range curve[way] {
			at, top := way*slots+s, way*slots
			without := make([]float64, 0, examinationGroups)
			for _, e := range left {
				without = append(without, e.slot[at]/e.slot[top])
			}
			curve[way][s].Value = ratioInterval(all.slot[at]/all.slot[top], without)
		}
	}
	e.Passing, e.Browsing = curve[0], curve[1]
	return nil
}

// usable says whether row i tells of examination.
func usable(l *Log, v *views, i int) bool {
	return v.offset[i] >= 0 && (l.Show == nil || l.Show[i] <= 1)
}

// groupOf puts users into random groups, the same in every log.
func groupOf(user int32) int { return int(splitmix.Next(uint64(uint32(user))) % examinationGroups) }

// ratioInterval is a ratio with the interval of the delete-a-group jackknife of its logarithm (Wolter, Introduction to Variance Estimation,
// 2007, 4.2). Bounds are NaN unless the ratio stays above 0 without each group.
func ratioInterval(ratio float64, without []float64) stat.Estimate {
	out := stat.Estimate{Value: ratio, Low: math.NaN(), High: math.NaN()}
	n := float64(len(without))
	var mean, ss float64
	for _, x := range without {
		mean += math.Log(x) / n
	}
	for _, x := range without {
		ss += (math.Log(x) - mean) * (math.Log(x) - mean)
	}
	g := stat.Grouped{Value: math.Log(ratio), SE: math.Sqrt(ss * (n - 1) / n), DF: n - 1}
	if e := g.Estimate(); !math.IsNaN(e.Low) && !math.IsInf(e.Low, 0) && !math.IsInf(e.High, 0) {
		out.Low, out.High = math.Exp(e.Low), math.Exp(e.High)
	}
	return out
}

// passingLevel compares the top of the page in passing and in browsing within users, by the rate ratio of Mantel and Haenszel (Greenland and Robins,
// Biometrics 41, 1985).
func passingLevel(l *Log, v *views) stat.Estimate {
	type sums struct{ up, down float64 }
	var groups [examinationGroups]sums
	var n, x [2]float64
	flush := func(user int32) {
		if n[0] > 0 && n[1] > 0 {
			g := &groups[groupOf(user)]
			g.up += x[1] * n[0] / (n[0] + n[1])
			g.down += x[0] * n[1] / (n[0] + n[1])
		}
		n, x = [2]float64{}, [2]float64{}
	}
	user := int32(-1)
	for k := range v.kind {
		if v.kind[k] == Unplaced {
			continue
		}
		for i := v.start[k]; i < v.start[k+1]; i++ {
			if l.User[i] != user {
				flush(user)
				user = l.User[i]
			}
			if v.offset[i] != 0 || !usable(l, v, int(i)) {
				continue
			}
			way := 0
			if v.kind[k] == Passing {
				way = 1
			}
			n[way]++
			if l.Clicked[i] {
				x[way]++
			}
		}
	}
	flush(user)
	var all sums
	for _, g := range groups {
		all.up, all.down = all.up+g.up, all.down+g.down
	}
	if all.down == 0 || all.up == 0 {
		return stat.Estimate{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
	}
	without := make([]float64, examinationGroups)
	for k, g := range groups {
		without[k] = (all.up - g.up) / (all.down - g.down)
	}
	return ratioInterval(all.up/all.down, without)
}

// eachGroup calls do for every group, on up to threads goroutines, until ctx ends.
func eachGroup(ctx context.Context, threads int, do func(g int)) error {
	next := make(chan int)
	var wg sync.WaitGroup
	for range threadsOf(threads) {
		wg.Go(func() {
			for g := range next {
				do(g)
			}
		})
	}
	for g := range examinationGroups {
		if ctx.Err() != nil {
			break
		}
		next <- g
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
