// The two baselines that every comparison needs: what is popular for everyone, and chance. A method that does not beat the first has learned
// nothing of who asks; one that does not beat the second has learned nothing.

package candidate

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// Popularity scores an item by how many users took it (values above 0), the same for everyone.
type Popularity struct{}

// PopularityModel is the fitted method. Memory: 4 bytes an item.
type PopularityModel struct {
	Count []float32 // users who took each item
}

// FitPopularity counts.
func FitPopularity(ctx context.Context, m *Matrix, _ Popularity) (*PopularityModel, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	users := make([]int32, m.Items) // not counted in float32, which stops at 2^24
	for u := range m.Users {
		if u%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		item, value := m.Row(u)
		for k, i := range item {
			if value == nil || value[k] > 0 {
				users[i]++
			}
		}
	}
	p := &PopularityModel{Count: make([]float32, m.Items)}
	for i, n := range users {
		p.Count[i] = float32(n)
	}
	return p, nil
}

func (Popularity) Kind() string { return "popularity" }

func (c Popularity) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return asScorer(FitPopularity(ctx, m, c))
}

func (p *PopularityModel) Items() int { return len(p.Count) }

func (p *PopularityModel) Scores(_ *History, out []float32) { copy(out, p.Count) }

func (p *PopularityModel) parts() []any { return []any{&p.Count} }
func (p *PopularityModel) valid() error { return checkFinite(p.Count) }

// Random scores items at random: another order for each set of items that a history speaks for, the same whenever it is asked.
type Random struct {
	Seed uint64
}

// RandomModel is chance over N items.
type RandomModel struct {
	N    int
	Seed int64
}

// FitRandom learns how many items there are.
func FitRandom(ctx context.Context, m *Matrix, c Random) (*RandomModel, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return &RandomModel{N: m.Items, Seed: int64(c.Seed)}, nil
}

func (Random) Kind() string { return "random" }

func (c Random) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return asScorer(FitRandom(ctx, m, c))
}

func (r *RandomModel) Items() int { return r.N }

// Scores are in (0, 1). They do not depend on the order of the history.
func (r *RandomModel) Scores(h *History, out []float32) {
	hash := fnv.New64a()
	f := h.folded(r.N)
	for k, i := range f.Item {
		if f.value(k) > 0 {
			hash.Write([]byte{byte(i), byte(i >> 8), byte(i >> 16), byte(i >> 24)})
		}
	}
	draw := rand.New(rand.NewPCG(uint64(r.Seed), hash.Sum64()))
	for i := range out {
		out[i] = (float32(draw.IntN(1<<23)) + .5) / (1 << 23)
	}
}

func (r *RandomModel) parts() []any { return []any{&r.N, &r.Seed} }

func (r *RandomModel) valid() error {
	if r.N < 0 || r.N > maxRandom {
		return fmt.Errorf("%d items; 0 to %d are expected", r.N, maxRandom)
	}
	return nil
}

// maxRandom bounds what a damaged file can make its user allocate for a row of scores, since nothing else in it shows how many items there are.
const maxRandom = 1 << 28

// asScorer gives a fitted model as a Scorer, and no Scorer at all where there was an error: a nil pointer in an interface is not nil.
func asScorer[M Scorer](m M, err error) (Scorer, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}
