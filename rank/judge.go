// How good is a ranker on impressions it has not seen? Order is judged among the cards of one moment, or of one session
// if their features are as of its start, by scores in full view; chances where the cards were.

package rank

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

// Judgement is how a ranker did on a set.
type Judgement struct {
	Rows, Clicks int64
	Screens      int // cards shown to a user at one moment, or sessions of a set as of their start, with an order: a click and an impression without one

	AUC       float64 // of all rows, by scores in full view
	PlacedAUC float64 // by chances where the cards were: what it gains is known of places, not of cards
	ScreenAUC float64 // mean over screens, by scores in full view
	NDCG      float64 // the same, of all cards of a screen

	Predicted, Observed float64 // mean chance and share of clicks
	ECE                 float64 // over 20 bins of equal size, of chances where the cards were
	Slices              []Slice
}

// Slice is a part of the rows.
type Slice struct {
	Column string // of the features, or "place"
	Name   string // of the part: a level, a range, or "unknown"
	learn.Reliability
}

const reliabilityBins = 20

// Judge judges m on set. slices names features to look at the calibration by: categories by level, numbers by quarters of the rows; "place" is always
// looked at. It holds 32 bytes a row beside blocks of features.
func (m *Model) Judge(ctx context.Context, set *feature.PairSet, slices ...string) (*Judgement, error) {
	if err := checkSet(set); err != nil {
		return nil, err
	}
	if err := m.Fits(set.Columns); err != nil {
		return nil, err
	}
	full, placed, in, err := m.chances(ctx, set)
	if err != nil {
		return nil, err
	}
	j := &Judgement{Rows: int64(set.Rows), AUC: learn.AUC(set.Clicked, full, nil), PlacedAUC: learn.AUC(set.Clicked, placed, nil)}
	grade := make([]float32, set.Rows)
	for i, y := range set.Clicked {
		if y {
			j.Clicks++
			grade[i] = 1
		}
	}
	ranked := &learn.Ranked{Group: screens(set), Score: full, Grade: grade}
	auc, err := ranked.AUC()
	if err != nil {
		return nil, err
	}
	ndcg, err := ranked.NDCG(set.Rows, learn.LinearGain)
	if err != nil {
		return nil, err
	}
	for g := range ndcg { // a screen without an order says nothing, whatever its NDCG
		if math.IsNaN(auc[g]) {
			ndcg[g] = math.NaN()
		}
	}
	mean := learn.MeanOfGroups(auc, nil)
	j.Screens, j.ScreenAUC, j.NDCG = mean.Groups, mean.Mean, learn.MeanOfGroups(ndcg, nil).Mean
	all, err := learn.ReliabilityOf(set.Clicked, placed, nil, reliabilityBins)
	if err != nil {
		return nil, err
	}
	j.Predicted, j.Observed, j.ECE = all.Predicted, all.Observed, all.ECE
	return j, j.slice(set, in, placed, slices)
}

// chances are those of each row, in full view and where it was.
func (m *Model) chances(ctx context.Context, set *feature.PairSet) (full, placed []float64, in *inputs, err error) {
	cfg := m.Config
	in = &inputs{cfg: &cfg, set: set, columns: m.Columns, model: m.click.Inputs(), views: viewsOf(LogOf(set)), exam: m.Examination}
	in.slotColumns = slotColumns(set)
	in.placeRows()
	full, placed = make([]float64, set.Rows), make([]float64, set.Rows)
	own := cfg.placesItself()
	const together = 4096
	p := len(m.Columns)
	score := make([]float32, together)
	for from := 0; from < set.Rows; from += together {
		if ctx.Err() != nil {
			return nil, nil, nil, context.Cause(ctx)
		}
		to := min(set.Rows, from+together)
		if err := m.Score(set.X[from*p:to*p], score[:to-from]); err != nil {
			return nil, nil, nil, err
		}
		for i := from; i < to; i++ {
			full[i] = float64(score[i-from])
			placed[i] = full[i]
			if in.expose != nil {
				placed[i] *= float64(in.expose[i])
			}
		}
		if !own {
			continue
		}
		places := make([]int32, to-from)
		for k := range places {
			places[k] = int32(from + k)
		}
		at := placed[from:to]
		if err := m.click.Predict(in.data(places, false).X, at); err != nil {
			return nil, nil, nil, err
		}
		for k, v := range at {
			at[k] = m.curve.at(math.Log(v) - math.Log1p(-v))
		}
	}
	return full, placed, in, nil
}

// slice looks at calibration by parts of the rows.
func (j *Judgement) slice(set *feature.PairSet, in *inputs, p []float64, columns []string) error {
	names := []string{"top of a browsing view", "slots 1 to 3 of it", "slots 4 to 9", "deeper", "in passing", "unknown"}
	of := make([]int32, set.Rows)
	for i, place := range in.place {
		switch {
		case place != place:
			of[i] = 5
		case place > float32(in.cfg.MaxSlot):
			of[i] = 4
		case place >= 10:
			of[i] = 3
		case place >= 4:
			of[i] = 2
		case place >= 1:
			of[i] = 1
		}
	}
	if err := j.add(set, "place", names, of, p); err != nil {
		return err
	}
	for _, name := range columns {
		c := slices.IndexFunc(set.Columns, func(c feature.PairColumn) bool { return c.Name == name })
		if c < 0 {
			return fmt.Errorf("rank: there is no feature %q to look at the calibration by", name)
		}
		names, of := parts(set, c)
		if err := j.add(set, name, names, of, p); err != nil {
			return err
		}
	}
	return nil
}

func (j *Judgement) add(set *feature.PairSet, column string, names []string, of []int32, p []float64) error {
	rs, err := learn.ReliabilityBySlice(set.Clicked, p, nil, of, len(names), reliabilityBins)
	if err != nil {
		return err
	}
	for k, r := range rs {
		if r.Rows > 0 {
			j.Slices = append(j.Slices, Slice{column, names[k], r})
		}
	}
	return nil
}

// parts are the levels of column c, or the quarters of its numbers; the last part is what has none.
func parts(set *feature.PairSet, c int) (names []string, of []int32) {
	of = make([]int32, set.Rows)
	p := len(set.Columns)
	value := func(i int) float32 { return set.X[i*p+c] }
	if levels := set.Columns[c].Levels; levels != nil {
		for i := range of {
			of[i] = int32(len(levels))
			if v := value(i); v >= 0 && v < float32(len(levels)) {
				of[i] = int32(v)
			}
		}
		return append(slices.Clone(levels), "unknown"), of
	}
	var known []float32
	for i := range of {
		if v := value(i); v == v {
			known = append(known, v)
		}
	}
	slices.Sort(known)
	var upTo []float32
	for q := 1; q <= 4 && len(known) > 0; q++ {
		upTo = append(upTo, known[(len(known)*q+3)/4-1])
	}
	upTo = slices.Compact(upTo)
	for _, x := range upTo {
		names = append(names, fmt.Sprintf("up to %.4g", x))
	}
	for i := range of {
		of[i] = int32(len(upTo))
		if v := value(i); v == v {
			k, _ := slices.BinarySearch(upTo, v)
			of[i] = int32(k)
		}
	}
	return append(names, "unknown"), of
}
