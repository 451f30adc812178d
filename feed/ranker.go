// The ranker of a log's feed: features of the asking user and each candidate, scored by a model of package rank.

package feed

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/rank"
	"github.com/seguefeed/segue/warehouse"
)

// modelRanker is a rank.Model with the statistics that its features are made from.
type modelRanker struct {
	model *rank.Model
	pairs *feature.PairContext
	cards *warehouse.Cards
	*rankerShared
}

// rankerShared is what a ranker shares with those that know of more cards.
type rankerShared struct {
	rooms      sync.Pool // of *rankRoom
	short      atomic.Pointer[shortDays]
	making     sync.Mutex // of short
	shortRooms sync.Pool  // of *shortRoom
}

// rankRoom is what one request needs.
type rankRoom struct {
	x     []float32
	slots []int32
	parts []rank.Parts
}

// NewRanker makes a ranker of a model whose columns are those of pairs, for a catalogue. Cards are scored in full view, whatever their slot will
// be. A request without a Past is one of a user without rows.
func NewRanker(model *rank.Model, pairs *feature.PairContext, cards *warehouse.Cards) (Shortlister, error) {
	if err := model.Fits(pairs.Columns()); err != nil {
		return nil, err
	}
	r := &modelRanker{model, pairs, cards, new(rankerShared)}
	r.rooms.New = func() any { return new(rankRoom) }
	r.shortRooms.New = func() any { return new(shortRoom) }
	return r, nil
}

// extended is r with features of more cards than its catalogue has. Shortlists, which are of the catalogue's cards, serve both.
func (r *modelRanker) extended(pairs *feature.PairContext) *modelRanker {
	return &modelRanker{r.model, pairs, r.cards, r.rankerShared}
}

// Rank implements Ranker.
func (r *modelRanker) Rank(q *Request, cards []int32, out []Worth) error {
	if len(cards) == 0 {
		return nil
	}
	room := r.rooms.Get().(*rankRoom)
	defer r.rooms.Put(room)
	columns := len(r.model.Columns)
	room.resize(len(cards), columns)
	r.pairs.Vectors(pastOf(q, r.pairs), q.At, cards, room.slots, room.x)
	if err := r.model.Value(room.x, rank.Weights{}, room.parts); err != nil {
		return err
	}
	for k, p := range room.parts {
		out[k] = Worth{Value: p.Value, Click: p.Click, Seconds: float32(math.Expm1(float64(p.View))), Like: p.Like, Share: p.Share}
	}
	return nil
}

// pastOf is what is known of her who asks: one without a Past is a user without rows.
func pastOf(q *Request, pairs *feature.PairContext) *feature.Past {
	if q.Past != nil {
		return q.Past
	}
	return pairs.NewPast(feature.Traits{Province: q.Traits.Province, Gender: q.Traits.Gender, Age: q.Traits.Age, Months: -1, Follows: -1})
}

func (r *rankRoom) resize(cards, columns int) {
	if cap(r.slots) < cards {
		r.slots = make([]int32, cards)
		for k := range r.slots {
			r.slots[k] = -1
		}
		r.parts = make([]rank.Parts, cards)
		r.x = make([]float32, cards*columns)
	}
	r.slots, r.parts, r.x = r.slots[:cards], r.parts[:cards], r.x[:cards*columns]
}
