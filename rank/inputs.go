// What the models of a ranker learn from: the rows of a feature.PairSet, cut into views, with the place on the page as one more column
// where it is an input, and the users that are held out apart.

package rank

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

// placeColumn is the name of the place on the page among the inputs.
const placeColumn = "place on the page"

// placeLevels are the places: those of a browsing view come first, so that 0 is the one in full view.
func placeLevels(maxSlot int) []string {
	var levels []string
	for s := range maxSlot + 1 {
		levels = append(levels, fmt.Sprintf("browsing, slot %d", s))
	}
	for s := range firstPage {
		levels = append(levels, fmt.Sprintf("in passing, slot %d", s))
	}
	return levels
}

// fullView is the place that predictions are for.
const fullView = 0

// inputs is a set made ready.
type inputs struct {
	cfg         *Config
	set         *feature.PairSet
	columns     []learn.Column // those of the set
	model       []learn.Column // those that models of clicks take: columns, and the place where it is an input
	views       *views
	slotColumns []int     // of the set, that tell the slot
	place       []float32 // of each row: its place, NaN for none
	expose      []float32 // of each row: its examination relative to full view; nil without one
	exam        *Examination
	train       []int32 // rows
	valid       []int32
}

// columnsOf are the columns of a set as learn names them.
func columnsOf(columns []feature.PairColumn) []learn.Column {
	out := make([]learn.Column, len(columns))
	for j, c := range columns {
		out[j] = learn.Column{Name: c.Name, Levels: c.Levels}
	}
	return out
}

// Errors of sets that no ranker can be trained on.
var (
	ErrNoRows   = errors.New("rank: there are no impressions, or no features of them, to learn from")
	ErrNoClicks = errors.New("rank: the impressions of the users learned from, or of those held out, are all clicked or all not")
)

func checkSet(set *feature.PairSet) error {
	if set == nil || set.Rows == 0 || len(set.Columns) == 0 {
		return ErrNoRows
	}
	n := set.Rows
	for _, c := range []struct {
		name string
		len  int
	}{{"User", len(set.User)}, {"Card", len(set.Card)}, {"Slot", len(set.Slot)}, {"AtMS", len(set.AtMS)}, {"Clicked", len(set.Clicked)},
		{"Liked", len(set.Liked)}, {"Shared", len(set.Shared)}, {"ViewSeconds", len(set.ViewSeconds)}} {
		if c.len != n {
			return fmt.Errorf("rank: a set of %d impressions has %d of %s: expected as many", n, c.len, c.name)
		}
	}
	if len(set.X) != n*len(set.Columns) {
		return fmt.Errorf("rank: %d values of %d impressions with %d features: expected %d", len(set.X), n, len(set.Columns), n*len(set.Columns))
	}
	for j, c := range set.Columns {
		if c.Name == placeColumn {
			return fmt.Errorf("rank: feature %d is called %q, which is the ranker's own", j, placeColumn)
		}
	}
	return LogOf(set).check()
}

// prepare cuts the views, estimates examination and parts the users.
func prepare(ctx context.Context, set *feature.PairSet, cfg *Config) (*inputs, error) {
	if err := checkSet(set); err != nil {
		return nil, err
	}
	in := &inputs{cfg: cfg, set: set, columns: columnsOf(set.Columns)}
	in.slotColumns = slotColumns(set)
	l := LogOf(set)
	in.views = viewsOf(l)
	in.model = in.columns
	if cfg.Position == PositionInput {
		in.model = append(append([]learn.Column(nil), in.columns...), learn.Column{Name: placeColumn, Levels: placeLevels(cfg.MaxSlot)})
	}
	if cfg.Position != PositionNone {
		var err error
		in.exam, err = estimateExamination(ctx, l, in.views, ExaminationConfig{MaxSlot: cfg.MaxSlot, Threads: cfg.Threads})
		if err != nil && !(errors.Is(err, ErrNoSlots) && cfg.Position == PositionInput) {
			return nil, err
		}
	}
	in.placeRows()
	var count [2][2]int
	for i, u := range set.User {
		held, y := 0, 0
		if cfg.heldOut(u) {
			held = 1
			in.valid = append(in.valid, int32(i))
		} else {
			in.train = append(in.train, int32(i))
		}
		if set.Clicked[i] {
			y = 1
		}
		count[held][y]++
	}
	for _, c := range count {
		if c[0] == 0 || c[1] == 0 {
			return nil, ErrNoClicks
		}
	}
	return in, nil
}

// slotColumns are the features of set that tell the slot.
func slotColumns(set *feature.PairSet) (out []int) {
	for j, c := range set.Columns {
		if c.Rule == feature.SlotShown {
			out = append(out, j)
		}
	}
	return out
}

// placeRows says of each row where it was and how likely it was looked at.
func (in *inputs) placeRows() {
	v, n := in.views, in.set.Rows
	in.place = make([]float32, n)
	if in.exam != nil {
		in.expose = make([]float32, n)
	}
	for k := range v.kind {
		for i := v.start[k]; i < v.start[k+1]; i++ {
			in.place[i] = placeOf(v.kind[k], v.offset[i], in.cfg.MaxSlot)
			if in.expose != nil {
				in.expose[i] = 1
				if v.offset[i] >= 0 {
					in.expose[i] = float32(min(1, in.exam.At(v.kind[k], int(v.offset[i]))))
				}
			}
		}
	}
}

// placeOf is the index of a place in placeLevels; NaN for none.
func placeOf(kind Kind, offset int32, maxSlot int) float32 {
	switch {
	case offset < 0 || kind == Unplaced:
		return float32(math.NaN())
	case kind == Passing:
		return float32(maxSlot + 1 + int(min(offset, firstPage-1)))
	}
	return float32(min(int(offset), maxSlot))
}

// data are rows with the columns of the click models: in full view or at their own place.
func (in *inputs) data(rows []int32, inFullView bool) *learn.Data {
	p := len(in.columns)
	d := &learn.Data{X: learn.NewMatrix(len(rows), len(in.model)), Columns: in.model, Y: make([]bool, len(rows))}
	for k, i := range rows {
		row := d.X.Row(k)
		copy(row, in.set.X[int(i)*p:(int(i)+1)*p])
		in.blank(row)
		if len(row) > p {
			row[p] = in.place[i]
			if inFullView {
				row[p] = fullView
			}
		}
		d.Y[k] = in.set.Clicked[i]
	}
	return d
}

// blank takes the slot out of a row of features: where a page is made there is none, and the place says it better.
func (in *inputs) blank(row []float32) {
	for _, j := range in.slotColumns {
		row[j] = float32(math.NaN())
	}
}

// exposures are the weights of rows by which the chance of a click is that in full view: 1 with a click, examination without.
func (in *inputs) exposures(rows []int32) []float32 {
	w := make([]float32, len(rows))
	for k, i := range rows {
		w[k] = 1
		if in.expose != nil && !in.set.Clicked[i] {
			w[k] = in.expose[i]
		}
	}
	return w
}

// screens are the rows of set that are compared with each other, those that a user was shown at one moment: screen k is the rows screens[k] to before
// screens[k+1]. Rows further down a view know what was clicked above them, which raises what is known of the user there but not on
// the card that was clicked, so that a model could tell clicked cards of a view by that. Where all rows know what was known when their session
// began, sessions are compared whole.
func screens(set *feature.PairSet) []int32 {
	if set.AsOf == feature.SessionStart {
		return set.Session
	}
	out := []int32{0}
	for i := 1; i < set.Rows; i++ {
		if set.User[i] != set.User[i-1] || set.AtMS[i] != set.AtMS[i-1] {
			out = append(out, int32(i))
		}
	}
	return append(out, int32(set.Rows))
}

// ranked are the screens of rows, which ascend and hold screens whole, that have an order: a click and an impression without one.
func (in *inputs) ranked(ctx context.Context, rows []int32) (*learn.RankData, error) {
	var taken []int32
	group := []int32{0}
	at := 0
	for _, end := range screens(in.set)[1:] {
		from, clicks := at, 0
		for ; at < len(rows) && rows[at] < end; at++ {
			if in.set.Clicked[rows[at]] {
				clicks++
			}
		}
		if clicks > 0 && clicks < at-from {
			taken = append(taken, rows[from:at]...)
			group = append(group, int32(len(taken)))
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(taken) == 0 {
		return nil, ErrNoClicks
	}
	d := in.data(taken, false)
	r := &learn.RankData{X: d.X, Columns: d.Columns, Grade: make([]float32, len(taken)), Group: group}
	for k, y := range d.Y {
		if y {
			r.Grade[k] = 1
		}
	}
	if in.cfg.Position == PositionWeights {
		// Within a view its kind does not matter, so that the top of each has weight 1.
		r.Weight = make([]float32, len(taken))
		for k, i := range taken {
			r.Weight[k] = 1
			if d.Y[k] && in.views.offset[i] >= 0 {
				kind := in.kindOf(i)
				r.Weight[k] = float32(min(in.cfg.MostWeight, max(1, in.exam.At(kind, 0)/in.exam.At(kind, int(in.views.offset[i])))))
			}
		}
	}
	return r, nil
}

// kindOf is the kind of view of a placed row.
func (in *inputs) kindOf(row int32) Kind {
	if in.place[row] > float32(in.cfg.MaxSlot) {
		return Passing
	}
	return Browsing
}
