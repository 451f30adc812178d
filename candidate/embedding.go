// Item embeddings from sequences: items that are taken near each other get vectors of like direction. Skip-gram with negative sampling (Mikolov
// et al., NIPS 2013) with items as words: item2vec, Barkan and Koenigstein, MLSP 2016. For an item at a place, each other item within a
// random distance of up to Window, and Negative items drawn by chance for the place, steps are taken up the gradient of
//
//	ln sigma(v'c) + sum over the drawn n of ln sigma(-v'c_n)
//
// over vectors v of items at a place and c of items near it. What is kept are the directions of v. A user is the sum of those of her history,
// so that new items of known users, and new users, cost nothing.

package candidate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

// Sequences are items in the order in which users took them, one session or user a sequence: sequence s has the items
// Item[Start[s]:Start[s+1]], each any number of times.
type Sequences struct {
	Items  int // items are 0 to before Items
	Start  []int64
	Item   []int32
	Weight []float32 // as long as Item, how much each counts; nil means 1 each. What is not above 0 is left out
}

// Embedding are the settings of item embeddings.
type Embedding struct {
	Dim       int     `json:"dim,omitempty"`       // numbers a vector, 1..512; 0 means 64
	Window    int     `json:"window,omitempty"`    // how many places apart items may be; 0 means 10
	Negative  int     `json:"negative,omitempty"`  // items drawn for each that is near; 0 means 5
	Power     float64 `json:"power,omitempty"`     // they are drawn by frequency to this power, -2..2; 0 means .75
	Subsample float64 `json:"subsample,omitempty"` // share of all events above which an item's are skipped at times, by 1 - sqrt(Subsample/share); 0 means 3e-3, below 0 never
	Epochs    int     `json:"epochs,omitempty"`    // 0 means 20
	Rate      float64 `json:"rate,omitempty"`      // size of the first steps, > 0, falling to a hundredth; 0 means .1
	Seed      uint64  `json:"seed,omitempty"`
}

// EmbeddingModel is a table of directions.
type EmbeddingModel struct {
	Dim    int
	Factor []float32 // Items x Dim, each vector of length 1; 0 for an item that came in no sequence
}

// Kind is "embedding".
func (Embedding) Kind() string { return "embedding" }

// Fit embeds the positive values of m: each row is a basket, whose order is drawn anew for every epoch.
func (c Embedding) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return asScorer(c.fit(ctx, &Sequences{Items: m.Items, Start: m.Start, Item: m.Item, Weight: m.Value}, true))
}

// FitEmbedding embeds the items of s. An epoch takes up to 2 Window (Negative + 1) x 3 Dim multiplications an event, on one processor. It
// needs 8 bytes an item and number, and a copy of s.
func FitEmbedding(ctx context.Context, s *Sequences, cfg Embedding) (*EmbeddingModel, error) {
	return cfg.fit(ctx, s, false)
}

// Settled makes Embedding a Settler.
func (c Embedding) Settled(*Matrix) Learner {
	c, _ = c.defaults()
	return &c
}

func (c Embedding) defaults() (Embedding, error) {
	setDefault(&c.Dim, 64)
	setDefault(&c.Window, 10)
	setDefault(&c.Negative, 5)
	setDefault(&c.Power, .75)
	setDefault(&c.Subsample, 3e-3)
	setDefault(&c.Epochs, 20)
	setDefault(&c.Rate, .1)
	switch {
	case c.Dim < 1 || c.Dim > maxDim:
		return c, fmt.Errorf("candidate: embedding: %d dimensions; 1 to %d are expected", c.Dim, maxDim)
	case c.Window < 1 || c.Window > 1000:
		return c, fmt.Errorf("candidate: embedding: a window of %d; 1 to 1000 are expected", c.Window)
	case c.Negative < 1 || c.Negative > 1000:
		return c, fmt.Errorf("candidate: embedding: %d drawn items; 1 to 1000 are expected", c.Negative)
	case !(math.Abs(c.Power) <= 2):
		return c, fmt.Errorf("candidate: embedding: items drawn by frequency to the power of %v; -2 to 2 is expected", c.Power)
	case math.IsNaN(c.Subsample):
		return c, fmt.Errorf("candidate: embedding: the share for subsampling is %v", c.Subsample)
	case c.Epochs < 1:
		return c, fmt.Errorf("candidate: embedding: %d epochs; 1 or more are expected", c.Epochs)
	case !(c.Rate > 0 && c.Rate <= 10):
		return c, fmt.Errorf("candidate: embedding: the rate is %v; above 0 and at most 10 is expected", c.Rate)
	}
	return c, nil
}

// known is a copy of s with the events that count.
func (s *Sequences) known() (*Sequences, error) {
	if len(s.Start) == 0 || s.Start[0] != 0 || s.Start[len(s.Start)-1] != int64(len(s.Item)) || s.Weight != nil && len(s.Weight) != len(s.Item) {
		return nil, fmt.Errorf("candidate: sequences with %d starts, %d items and %d weights do not fit together", len(s.Start), len(s.Item), len(s.Weight))
	}
	for n := range len(s.Start) - 1 {
		if s.Start[n] > s.Start[n+1] {
			return nil, fmt.Errorf("candidate: sequence %d ends before it begins", n)
		}
	}
	c := &Sequences{Items: s.Items, Start: []int64{0}}
	for n := range len(s.Start) - 1 {
		for k := s.Start[n]; k < s.Start[n+1]; k++ {
			i, w := s.Item[k], float32(1)
			if s.Weight != nil {
				w = s.Weight[k]
			}
			if i < 0 || int(i) >= s.Items || w-w != 0 {
				return nil, fmt.Errorf("candidate: sequence %d holds item %d of weight %v; items below %d and finite weights are expected", n, i, w, s.Items)
			}
			if w > 0 {
				c.Item, c.Weight = append(c.Item, i), append(c.Weight, w)
			}
		}
		if len(c.Item) > int(c.Start[len(c.Start)-1]) {
			c.Start = append(c.Start, int64(len(c.Item)))
		}
	}
	if len(c.Item) == 0 {
		return nil, ErrEmpty
	}
	return c, nil
}

// embedding is a fit under way.
type embedding struct {
	cfg             Embedding
	items, contexts []float32 // v and c
	alias           alias
	random          *rand.Rand
	drawn           []int32   // the items drawn for a place
	gradient        []float32 // of v
}

func (c Embedding) fit(ctx context.Context, s *Sequences, baskets bool) (*EmbeddingModel, error) {
	cfg, err := c.defaults()
	if err != nil {
		return nil, err
	}
	if s, err = s.known(); err != nil {
		return nil, err
	}
	d, total := cfg.Dim, 0.
	count := make([]float64, s.Items)
	for k, i := range s.Item {
		count[i] += float64(s.Weight[k])
		total += float64(s.Weight[k])
	}
	chance, keep := make([]float64, s.Items), make([]float32, s.Items)
	for i, n := range count {
		if n > 0 {
			chance[i], keep[i] = math.Pow(n, cfg.Power), 1
			if cfg.Subsample > 0 {
				keep[i] = float32(math.Sqrt(cfg.Subsample * total / n))
			}
		}
	}
	e := &embedding{cfg: cfg, items: make([]float32, s.Items*d), contexts: make([]float32, s.Items*d), alias: newAlias(chance),
		random: rand.New(rand.NewPCG(cfg.Seed, 0xe3bed)), drawn: make([]int32, cfg.Negative), gradient: make([]float32, d)}
	for _, table := range [][]float32{e.items, e.contexts} {
		for k := range table {
			table[k] = float32(e.random.NormFloat64() / float64(d))
		}
	}
	var item []int32
	var weight []float32
	events := 0
	for epoch := range cfg.Epochs {
		for n := range len(s.Start) - 1 {
			item, weight = item[:0], weight[:0]
			for k := s.Start[n]; k < s.Start[n+1]; k++ {
				if i := s.Item[k]; keep[i] >= 1 || e.random.Float32() < keep[i] {
					item, weight = append(item, i), append(weight, s.Weight[k])
				}
			}
			if baskets {
				e.random.Shuffle(len(item), func(a, b int) {
					item[a], item[b], weight[a], weight[b] = item[b], item[a], weight[b], weight[a]
				})
			}
			done := (float64(epoch) + float64(s.Start[n])/float64(len(s.Item))) / float64(cfg.Epochs)
			rate := float32(cfg.Rate * max(1-done, .01))
			for at := range item {
				if events++; events%256 == 0 && ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				reach := 1 + e.random.IntN(cfg.Window)
				for n := range e.drawn {
					e.drawn[n] = e.alias.draw(e.random)
				}
				for near := max(0, at-reach); near <= min(len(item)-1, at+reach); near++ {
					if near != at && item[near] != item[at] {
						e.pair(item[at], item[near], rate*min(weight[at], weight[near], 1))
					}
				}
			}
		}
	}
	for i := range s.Items {
		v := vector(e.items, d, int32(i))
		length := float32(math.Sqrt(float64(dot(v, v))))
		switch {
		case length-length != 0:
			return nil, fmt.Errorf("candidate: embedding: the vectors ran out of the range of numbers: a smaller rate than %v is needed", cfg.Rate)
		case count[i] == 0 || length == 0:
			clear(v)
		default:
			for k := range v {
				v[k] /= length
			}
		}
	}
	return &EmbeddingModel{Dim: d, Factor: e.items}, nil
}

// pair takes the step for an item and one near it.
func (e *embedding) pair(item, near int32, rate float32) {
	v := vector(e.items, e.cfg.Dim, item)
	clear(e.gradient)
	e.pull(v, near, 1, rate)
	for _, n := range e.drawn {
		if n != near {
			e.pull(v, n, 0, rate)
		}
	}
	addScaled(1, e.gradient, v)
}

// pull moves c of an item so that v'c comes nearer to what its label asks for, and adds what v should move by to the gradient.
func (e *embedding) pull(v []float32, item int32, label, rate float32) {
	c := vector(e.contexts, e.cfg.Dim, item)
	g := rate * (label - float32(1/(1+math.Exp(-float64(dot(v, c))))))
	addScaled(g, c, e.gradient)
	addScaled(g, v, c)
}

// Items is the number of items embedded.
func (m *EmbeddingModel) Items() int { return len(m.Factor) / m.Dim }

// Scores writes the sum over the history of value times the cosine between its item and each item. For one history that is in the order of
// the cosine with the mean of her items, and it is a sum of reasons.
func (m *EmbeddingModel) Scores(h *History, out []float32) {
	scoreTable(sumVectors(h, m.Factor, m.Dim, make([]float32, m.Dim)), m.Factor, out)
}

// ScoreBatch is Scores of many.
func (m *EmbeddingModel) ScoreBatch(hs []History, out []float32) {
	scoreTables(sumAll(hs, m.Factor, m.Dim), m.Factor, m.Dim, out)
}

// Because: item j of value x adds x cos(i, j).
func (m *EmbeddingModel) Because(h *History, item int32) (cause int32, share float32) {
	return becauseTable(h, m.Factor, m.Dim, item)
}

func (m *EmbeddingModel) parts() []any { return []any{&m.Dim, &m.Factor} }
func (m *EmbeddingModel) valid() error { return checkTable(m.Factor, m.Dim) }
