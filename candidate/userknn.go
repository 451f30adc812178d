// User kNN: a user is offered what those took who took what she did. The training users stay in the model, and whoever asks is folded
// in: her history is compared with all of them, and the items of the nearest are added up.
//
// score(i) = sum over the Neighbours users v nearest to the history of near(v)^Power * value(v, i), near(v) = similarity(v) / usual(v).
//
// usual(v) is how similar v's own neighbours are to her. Without it a few users with much of everything are near to all (hubs) and
// speak for them; dividing by it is local scaling. Power is case amplification.
//
// Sources: Resnick et al., CSCW 1994; Breese, Heckerman and Kadie, UAI 1998 (amplification); Schnitzer et al., JMLR 13, 2012, and Knees,
// Schnitzer and Flexer, ICMR 2014 (scaling); similarities and weightings are the grid of Ferrari Dacrema, Cremonesi and Jannach, RecSys 2019.

package candidate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
)

// usualSample is how many training users, spread evenly, usual similarities are found among: enough for a quantile, and a cost that stays
// linear in the log.
const usualSample = 1000

// maxNearness bounds what one user says where powers of small usual similarities would run out of numbers.
const maxNearness = 1e30

// UserKNN is user kNN. The zero value means the defaults.
type UserKNN struct {
	// Neighbours is how many similar users are asked, 1 or more; 0: 100.
	Neighbours int
	// Similarity is one of the Similarity constants, with who asks as the target and the training users as sources; "": cosine.
	Similarity string
	// Weighting is one of the Weighting constants, with users as the documents: items that many take say less. "": tfidf on sparse data, none
	// otherwise; see Matrix.sparse.
	Weighting string
	// Shrink is added to the similarity's denominator, so that users who took little count less; in units of squared weights. 0: none.
	Shrink float64
	// Alpha is the asymmetry of the cosine, above 0 to 1: with more of it, users who took much count less. 0: .5, the cosine itself.
	Alpha float64
	// TargetOnly and SourceOnly are Tversky's weights of what only who asks and only the training user has. Both 0: .5, which is Dice's.
	TargetOnly, SourceOnly float64
	// Power is what nearness is raised to, above 0 to 10: the higher, the more the nearest outweigh the others. 0: 2.
	Power float64
	// Unscaled leaves similarities as they are, not divided by what is usual for a user.
	Unscaled bool
	// Scaled divides them on sparse data too, where it is otherwise left.
	Scaled bool
	// Threads is the number of goroutines; 0: one a core. It does not change the result.
	Threads int
}

// UserKNNModel is a fitted user kNN. Memory: 20 bytes a training value, 20 a user, 24 an item, and 8 a user for each call at a time.
type UserKNNModel struct {
	// Takers has a row for each item: the training users who took it, and their values, above 0. (It is this that files keep,
	// and not its transpose, so that they show both how many items and how many users there are.)
	Takers Matrix
	Usual  []float32 // of each training user, above 0: what her similarities are divided by
	Config UserKNN

	rows   *Matrix // Takers transposed
	weigh  *weighter
	weight []float32 // of the entries of Takers
	source []float64 // of each training user, what measure.lengths makes of her length
	room   sync.Pool // of *userRow
}

// userRow is the room that one call of Scores needs: zeros between calls.
type userRow struct {
	product []float64 // of the history with each training user
	touched []int32
}

func (UserKNN) Kind() string { return "userknn" }

func (c UserKNN) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return asScorer(FitUserKNN(ctx, m, c))
}

// Settled makes UserKNN a Settler.
func (c UserKNN) Settled(m *Matrix) Learner {
	c.settle(m)
	_ = c.defaults() // settings that are refused are shown all the same
	return &c
}

// settle sets what hangs on m.
func (c *UserKNN) settle(m *Matrix) {
	if m.sparse() {
		if c.Weighting == "" {
			c.Weighting = WeightingTFIDF
		}
		c.Unscaled = !c.Scaled
	}
}

func (c *UserKNN) defaults() error {
	if c.Neighbours == 0 {
		c.Neighbours = 100
	}
	if c.Similarity == "" {
		c.Similarity = SimilarityCosine
	}
	if c.Weighting == "" {
		c.Weighting = WeightingNone
	}
	if c.Alpha == 0 {
		c.Alpha = .5
	}
	if c.Power == 0 {
		c.Power = 2
	}
	if !(c.Power > 0 && c.Power <= 10) {
		return fmt.Errorf("candidate: userknn: Power is %v; above 0 to 10 is expected", c.Power)
	}
	if err := c.measure().check("userknn"); err != nil {
		return err
	}
	if err := checkWeighting("userknn", c.Weighting); err != nil {
		return err
	}
	return checkSettings("userknn", c.Neighbours, c.Threads, nil)
}

func (c *UserKNN) measure() measure {
	return measure{c.Similarity, c.Shrink, c.Alpha, c.TargetOnly, c.SourceOnly}
}

// FitUserKNN keeps m's values above 0, makes an index of them by item, and finds what is usual for each user. Cost: for each of m's values, the
// users who took the item, of 1,000. Memory while it runs: 12 bytes a value of m beside the model.
func FitUserKNN(ctx context.Context, m *Matrix, c UserKNN) (*UserKNNModel, error) {
	p, err := positive(m)
	if err != nil {
		return nil, err
	}
	c.settle(p)
	if err := c.defaults(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	model := &UserKNNModel{Takers: *p.Transpose(), Config: c, Usual: make([]float32, p.Users)}
	weighted := model.prepare()
	for u := range model.Usual {
		model.Usual[u] = 1
	}
	if !c.Unscaled {
		err = model.findUsual(ctx, weighted)
	} else if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	return model, nil
}

// prepare makes what is not kept in files, and returns the rows with weights for values.
func (m *UserKNNModel) prepare() *Matrix {
	m.rows = m.Takers.Transpose()
	m.weigh = newWeighter(m.rows, m.Config.Weighting)
	weighted := *m.rows
	weighted.Value = make([]float32, len(m.rows.Item))
	for u := range m.rows.Users {
		item, value := m.rows.Row(u)
		m.weigh.document(item, value, weighted.Value[m.rows.Start[u]:m.rows.Start[u+1]])
	}
	_, m.source = m.Config.measure().lengths(nil, squares(&weighted))
	m.weight = weighted.Transpose().Value
	m.room.New = func() any { return &userRow{product: make([]float64, m.rows.Users)} }
	return &weighted
}

// findUsual sets each user's usual similarity to the one she has to her Neighbours-th nearest, as estimated from a sample: at the same share
// of it, at least the nearest. Who is similar to fewer of the sample gets the mean of the others.
func (m *UserKNNModel) findUsual(ctx context.Context, weighted *Matrix) error {
	step := max(1, m.rows.Users/usualSample)
	sample := Matrix{Users: m.rows.Users, Items: m.rows.Items, Start: make([]int64, m.rows.Users+1)}
	for u := range m.rows.Users {
		if u%step == 0 {
			item, value := weighted.Row(u)
			sample.Item, sample.Value = append(sample.Item, item...), append(sample.Value, value...)
		}
		sample.Start[u+1] = int64(len(sample.Item))
	}
	k := max(1, m.Config.Neighbours/step)
	target, _ := m.Config.measure().lengths(squares(weighted), nil)
	similarity := m.Config.measure().formula()
	near, err := nearest(ctx, weighted, sample.Transpose(), k, m.Config.Threads, func(u, v int32, p float64) float64 {
		return similarity(target[u], m.source[v], p)
	})
	if err != nil {
		return err
	}
	var sum, users float64
	for u := range m.Usual {
		if _, s := near.Row(u); len(s) == k {
			m.Usual[u] = slices.Min(s)
			sum, users = sum+float64(m.Usual[u]), users+1
		}
	}
	for u := range m.Usual {
		if _, s := near.Row(u); len(s) < k && users > 0 {
			m.Usual[u] = float32(sum / users)
		}
	}
	return nil
}

func (m *UserKNNModel) Items() int { return m.Takers.Users }

// Scores compares h with all training users who took any of its items, for or against. Cost: the users of each item of h, and the
// items of the nearest.
func (m *UserKNNModel) Scores(h *History, out []float32) {
	clear(out)
	f := h.folded(m.rows.Items)
	weight := make([]float32, len(f.Item))
	for k := range weight {
		weight[k] = f.value(k)
	}
	m.weigh.document(f.Item, weight, weight)
	row := m.room.Get().(*userRow)
	defer m.room.Put(row)
	row.touched = row.touched[:0]
	var square float64
	for k, i := range f.Item {
		w := float64(weight[k])
		square += w * w
		user, _ := m.Takers.Row(int(i))
		value := m.weight[m.Takers.Start[i]:]
		for n, v := range user {
			if row.product[v] == 0 {
				row.touched = append(row.touched, v)
			}
			row.product[v] += w * float64(value[n])
		}
	}
	target, _ := m.Config.measure().lengths([]float64{square}, nil)
	similarity := m.Config.measure().formula()
	t := best{k: m.Config.Neighbours}
	for _, v := range row.touched {
		p := row.product[v]
		row.product[v] = 0
		if p <= 0 { // also a user who is listed again, since her product was 0 for a while
			continue
		}
		nearness := math.Pow(similarity(target[0], m.source[v], p)/float64(m.Usual[v]), m.Config.Power)
		if s := float32(min(nearness, maxNearness)); s > 0 {
			t.offer(Candidate{Item: v, Score: s})
		}
	}
	near := t.heap
	slices.SortFunc(near, func(a, b Candidate) int { return int(a.Item) - int(b.Item) })
	for _, v := range near {
		item, value := m.rows.Row(int(v.Item))
		for k, i := range item {
			out[i] += v.Score * value[k]
		}
	}
}

func (m *UserKNNModel) parts() []any {
	c := &m.Config
	return append(matrixParts(&m.Takers), &m.Usual, &c.Neighbours, &c.Similarity, &c.Weighting, &c.Shrink, &c.Alpha, &c.TargetOnly, &c.SourceOnly, &c.Power)
}

func (m *UserKNNModel) valid() error {
	if err := checkStored(&m.Takers); err != nil {
		return err
	}
	if len(m.Takers.Value) != len(m.Takers.Item) {
		return fmt.Errorf("%d values of %d items", len(m.Takers.Value), len(m.Takers.Item))
	}
	for k, v := range m.Takers.Value {
		if v <= 0 {
			return fmt.Errorf("value %d is %v; a number above 0 is expected", k, v)
		}
	}
	if len(m.Usual) != m.Takers.Items {
		return fmt.Errorf("%d usual similarities of %d users", len(m.Usual), m.Takers.Items)
	}
	for u, v := range m.Usual {
		if !(v > 0) {
			return fmt.Errorf("the usual similarity of user %d is %v; a number above 0 is expected", u, v)
		}
	}
	if err := m.Config.defaults(); err != nil {
		return err
	}
	m.prepare()
	return nil
}
