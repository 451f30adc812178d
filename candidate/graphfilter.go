// A graph filter: users and items are the nodes of a graph, a history is a signal on it, and what is kept of the signal are its smooth parts, which
// neighbours of neighbours share. With R the matrix of positive values, |u| and |i| its row and column sums, and
//
//	|u|^-g R |i|^-g = N = U S V'        scores  x |i|^-g (V (S/S_1)^b V' + w N'N/S_1^2)
//
// with V and S of the main singular vectors. g = 1/2 is the symmetric normalisation of GF-CF (Shen et al., CIKM 2021); a lower g sharpens the
// spectrum, so that noise stands apart, and b > 0 is a filter that falls with frequency rather than ends (Peng, Liu, Sugiyama and Mine, KDD 2024,
// SGFCF, here with one filter for all users). The second part, which GF-CF has too, keeps all frequencies, as they are in the graph's own two steps: on
// sparse data much of what tells items apart lies beyond the main vectors. It needs no matrix of items by items: the steps are walked when someone asks.

package candidate

import (
	"context"
	"fmt"
	"math"
	"sync"
)

// GraphFilter are the settings of a graph filter.
type GraphFilter struct {
	Dim           int     `json:"dim,omitempty"`           // singular vectors, 1..512; 0 means the root of users or items, the fewer, 32 to 128. Never more than users or items
	Normalisation float64 `json:"normalisation,omitempty"` // g, up to 1; 0 means .3, below 0 means none
	Decay         float64 `json:"decay,omitempty"`         // b, up to 4; 0 means 1, below 0 means none: all vectors alike
	Linear        float64 `json:"linear,omitempty"`        // w, what is kept of all frequencies; 0 means what linearPart finds, below 0 none
	Iterations    int     `json:"iterations,omitempty"`    // of the subspace; 0 means 6
	Threads       int     `json:"threads,omitempty"`       // goroutines; 0 means one a processor. They do not change the model
	Seed          uint64  `json:"seed,omitempty"`
}

// GraphFilterModel is a filter of histories. Memory: 4 Dim bytes an item, and where Linear is above 0 also 16 a training value and 4 a user for each call at
// a time.
type GraphFilterModel struct {
	Dim    int
	Factor []float32 // V (S/S_1)^(b/2), Items x Dim
	Scale  []float32 // |i|^-g; 0 for an item without values
	Linear float32   // w/S_1^2
	// Takers is N transposed: a row for each item, a column for each training user. It has no rows where Linear is 0.
	Takers Matrix

	rows *Matrix   // N
	room sync.Pool // of *graphRow
}

// graphRow is the room that one call needs: zeros between calls.
type graphRow struct {
	reached []float32 // how strongly each training user is reached in one step
	touched []int32
}

// Kind is "graphfilter".
func (GraphFilter) Kind() string { return "graphfilter" }

// Fit is FitGraphFilter.
func (c GraphFilter) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return asScorer(FitGraphFilter(ctx, m, c))
}

// Settled makes GraphFilter a Settler, but for Linear: what that comes to is known after the main vectors are found only.
func (c GraphFilter) Settled(m *Matrix) Learner {
	c = c.defaults(m)
	return &c
}

func (c GraphFilter) defaults(m *Matrix) GraphFilter {
	setDefault(&c.Dim, mainVectors(m, 128))
	setDefault(&c.Normalisation, .3)
	setDefault(&c.Decay, 1)
	setDefault(&c.Iterations, 6)
	return c
}

// FitGraphFilter finds the smooth signals of the graph of m's positive values. Beside m it needs three copies of m and
// 4 (Users + 2 Items) (Dim + 16) bytes.
func FitGraphFilter(ctx context.Context, m *Matrix, cfg GraphFilter) (*GraphFilterModel, error) {
	m, err := positive(m)
	if err != nil {
		return nil, err
	}
	cfg = cfg.defaults(m)
	switch {
	case cfg.Dim < 1 || cfg.Dim > maxDim:
		return nil, fmt.Errorf("candidate: graphfilter: %d dimensions; 1 to %d are expected", cfg.Dim, maxDim)
	case !(cfg.Normalisation <= 1):
		return nil, fmt.Errorf("candidate: graphfilter: a normalisation of %v; at most 1 is expected", cfg.Normalisation)
	case !(cfg.Decay <= 4):
		return nil, fmt.Errorf("candidate: graphfilter: a decay of %v; at most 4 is expected", cfg.Decay)
	case !(cfg.Linear < math.Inf(1)):
		return nil, fmt.Errorf("candidate: graphfilter: a linear part of %v; a finite number is expected", cfg.Linear)
	case cfg.Iterations < 1:
		return nil, fmt.Errorf("candidate: graphfilter: %d iterations; 1 or more are expected", cfg.Iterations)
	}
	exponent := -max(0, cfg.Normalisation)
	users, items := make([]float64, m.Users), make([]float64, m.Items)
	for u := range m.Users {
		item, value := m.Row(u)
		for k, i := range item {
			users[u] += float64(value[k])
			items[i] += float64(value[k])
		}
	}
	for _, degrees := range [][]float64{users, items} {
		for k, degree := range degrees {
			if degree > 0 {
				degrees[k] = math.Pow(degree, exponent)
			}
		}
	}
	r := m.scaled(users, items)
	d := min(cfg.Dim, m.Users, m.Items)
	t := r.Transpose()
	v, singular, err := svd(ctx, r, t, d, cfg.Iterations, cfg.Seed, cfg.Threads)
	if err != nil {
		return nil, err
	}
	for k, s := range singular {
		root := float32(math.Pow(float64(s/singular[0]), max(0, cfg.Decay)/2))
		for i := range m.Items {
			v[i*d+k] *= root
		}
	}
	model := &GraphFilterModel{Dim: d, Factor: v, Scale: narrow(items), Takers: Matrix{Start: []int64{0}}}
	setDefault(&cfg.Linear, linearPart(singular))
	if cfg.Linear > 0 {
		model.Linear, model.Takers = float32(cfg.Linear/float64(singular[0])/float64(singular[0])), *t
	}
	model.prepare()
	return model, nil
}

// linearPart is the default for the part that keeps all frequencies, from how flat the spectrum is: with r the 32nd singular value over the first, 150
// (r^4 - .25^4), and none where that is below 0. On dense data what is popular stands far above all else, and what lies beyond the main vectors is mostly
// noise; on sparse data the first vectors are hardly above the next thousand. Validation on parts of the training interactions of seven sets chose none
// for r of .18 and .24 (films), 1 to 3 for .38, 5 for .5, and 10 or more for .43, .54 and .64.
func linearPart(singular []float32) float64 {
	if len(singular) < 32 || singular[0] == 0 {
		return 0
	}
	r := float64(singular[31] / singular[0])
	return max(0, 150*(math.Pow(r, 4)-math.Pow(.25, 4)))
}

// prepare makes what is not kept in files.
func (m *GraphFilterModel) prepare() {
	m.rows = m.Takers.Transpose()
	m.room.New = func() any { return &graphRow{reached: make([]float32, m.rows.Users)} }
}

// Items is the number of items fitted.
func (m *GraphFilterModel) Items() int { return len(m.Scale) }

// scaled is h with the values that the filter takes.
func (m *GraphFilterModel) scaled(h *History) History {
	f := h.folded(m.Items())
	value := make([]float32, len(f.Item))
	for k, i := range f.Item {
		value[k] = f.value(k) * m.Scale[i]
	}
	return History{Item: f.Item, Value: value}
}

// addSteps adds the second part for the scaled history h: from its items to who took them, and from these to what they took. Cost: the users of the items of
// h, and the items of these users.
func (m *GraphFilterModel) addSteps(h *History, out []float32) {
	if m.Linear == 0 {
		return
	}
	room := m.room.Get().(*graphRow)
	defer m.room.Put(room)
	room.touched = room.touched[:0]
	for k, i := range h.Item {
		user, weight := m.Takers.Row(int(i))
		x := m.Linear * h.value(k)
		for n, u := range user {
			if room.reached[u] == 0 {
				room.touched = append(room.touched, u)
			}
			room.reached[u] += x * weight[n]
		}
	}
	for _, u := range room.touched {
		x := room.reached[u]
		room.reached[u] = 0 // so that a user who is listed again, since she was at 0 for a while, adds nothing more
		item, weight := m.rows.Row(int(u))
		for n, i := range item {
			out[i] += x * weight[n]
		}
	}
}

// Scores writes the filtered history.
func (m *GraphFilterModel) Scores(h *History, out []float32) {
	s := m.scaled(h)
	scoreTable(sumVectors(&s, m.Factor, m.Dim, make([]float32, m.Dim)), m.Factor, out)
	m.addSteps(&s, out)
}

// ScoreBatch is Scores of many.
func (m *GraphFilterModel) ScoreBatch(hs []History, out []float32) {
	scaled := make([]History, len(hs))
	for k := range hs {
		scaled[k] = m.scaled(&hs[k])
	}
	scoreTables(sumAll(scaled, m.Factor, m.Dim), m.Factor, m.Dim, out)
	for k := range scaled {
		m.addSteps(&scaled[k], out[k*m.Items():(k+1)*m.Items()])
	}
}

// Because: scores are a sum over the history.
func (m *GraphFilterModel) Because(h *History, item int32) (cause int32, share float32) {
	if item < 0 || int(item) >= m.Items() {
		return -1, 0
	}
	s, v := m.scaled(h), vector(m.Factor, m.Dim, item)
	return mostOf(&s, func(k int) float32 {
		adds := dot(v, vector(m.Factor, m.Dim, s.Item[k]))
		if m.Linear > 0 {
			adds += m.Linear * m.Takers.rowDot(int(item), int(s.Item[k]))
		}
		return s.value(k) * adds
	})
}

// rowDot is the inner product of two rows of m, which has values.
func (m *Matrix) rowDot(a, b int) float32 {
	itemA, valueA := m.Row(a)
	itemB, valueB := m.Row(b)
	sum := float32(0)
	for len(itemA) > 0 && len(itemB) > 0 {
		switch {
		case itemA[0] < itemB[0]:
			itemA, valueA = itemA[1:], valueA[1:]
		case itemA[0] > itemB[0]:
			itemB, valueB = itemB[1:], valueB[1:]
		default:
			sum += valueA[0] * valueB[0]
			itemA, valueA, itemB, valueB = itemA[1:], valueA[1:], itemB[1:], valueB[1:]
		}
	}
	return sum
}

func (m *GraphFilterModel) parts() []any {
	return append([]any{&m.Dim, &m.Factor, &m.Scale, &m.Linear}, matrixParts(&m.Takers)...)
}

func (m *GraphFilterModel) valid() error {
	if err := checkTable(m.Factor, m.Dim); err != nil {
		return err
	}
	if len(m.Scale) != len(m.Factor)/m.Dim {
		return fmt.Errorf("%d scales of %d items", len(m.Scale), len(m.Factor)/m.Dim)
	}
	if err := checkStored(&m.Takers); err != nil {
		return err
	}
	if !(m.Linear >= 0) || math.IsInf(float64(m.Linear), 0) || m.Linear > 0 && (m.Takers.Users != len(m.Scale) || len(m.Takers.Value) != len(m.Takers.Item)) {
		return fmt.Errorf("a linear part of %v with a graph of %d items of %d, %d values for %d edges", m.Linear, m.Takers.Users, len(m.Scale), len(m.Takers.Value),
			len(m.Takers.Item))
	}
	m.prepare()
	return checkFinite(m.Scale)
}
