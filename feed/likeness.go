// How alike two cards are, for diversity: by the fields of the card table they share.

package feed

import (
	"math"

	"github.com/seguefeed/segue/warehouse"
)

// fields of a card that make it like another, and what each weighs. A missing value is like nothing.
const (
	fieldCreator = iota
	fieldSong
	fieldArtist
	fieldTalk
	fieldLeaf
	fieldMiddle
	fieldTop
	fields
)

var fieldWeight = [fields]float64{fieldCreator: .25, fieldSong: .15, fieldArtist: .1, fieldTalk: .2, fieldLeaf: .15, fieldMiddle: .1, fieldTop: .05}

// likeness knows every card's fields. Two cards' likeness is the cosine of their vectors of fields, one dimension a value of a field, so
// that a matrix of likenesses is positive semi-definite, as a determinantal point process needs it.
type likeness struct {
	field [][fields]int32 // by card; -1 for none
	norm  []float32       // by card: root of the weights of the fields it has
}

// newLikeness reads the cards' fields. Memory: 32 bytes a card.
func newLikeness(c *warehouse.Cards) *likeness {
	l := &likeness{field: make([][fields]int32, len(c.Creator)), norm: make([]float32, len(c.Creator))}
	for i := range l.field {
		f := &l.field[i]
		*f = [fields]int32{fieldCreator: c.Creator[i], fieldSong: c.Song[i], fieldArtist: c.Artist[i], fieldTalk: c.Talk[i], fieldLeaf: -1, fieldMiddle: -1, fieldTop: -1}
		if k := c.Content[i]; k >= 0 {
			levels := c.Contents[k].Levels
			f[fieldTop], f[fieldMiddle], f[fieldLeaf] = levels[0], levels[1], int32(k)
		}
		var sum float64
		for k, v := range f {
			if v >= 0 {
				sum += fieldWeight[k]
			}
		}
		l.norm[i] = float32(math.Sqrt(sum))
	}
	return l
}

// of is the likeness of two cards, 0..1; 1 for a card and itself, also when it has no fields.
func (l *likeness) of(a, b int32) float64 {
	if a == b {
		return 1
	}
	fa, fb := &l.field[a], &l.field[b]
	var sum float64
	for k := range fields {
		if fa[k] >= 0 && fa[k] == fb[k] {
			sum += fieldWeight[k]
		}
	}
	if sum == 0 {
		return 0
	}
	return sum / (float64(l.norm[a]) * float64(l.norm[b]))
}

// Likeness is how alike two cards are to the re-ranking, 0..1.
func (f *Feed) Likeness(a, b int32) float64 { return f.like.of(a, b) }
