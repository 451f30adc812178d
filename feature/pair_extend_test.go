package feature

import (
	"math"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// A card that came after the statistics were made has the features of one that was there and was never shown, with its content, creator and type.
func TestExtended(t *testing.T) {
	for _, app := range []bool{true, false} {
		const known, all = 80, 87
		l := madeLog(60, known, 6, app)
		grown := *l
		cards := *l.cards
		for k := range int32(all - known) {
			cards.Listed, cards.Published, cards.Type = append(cards.Listed, true), append(cards.Published, memoryDay+1), append(cards.Type, int8(k%3-1))
			cards.Content, cards.Creator = append(cards.Content, int16(k-1)), append(cards.Creator, k%5-1) // none, and each of the six contents
			cards.Song, cards.Artist, cards.Talk = append(cards.Song, -1), append(cards.Artist, -1), append(cards.Talk, -1)
		}
		grown.cards = &cards
		whole, base := madeContext(t, &grown, 6), madeContext(t, l, 6)
		extended := base.Extended(&cards)
		if extended.Cards() != known {
			t.Errorf("statistics of %d cards", extended.Cards())
		}
		items := []int32{0, 5}
		for i := range int32(all - known) {
			items = append(items, known+i)
		}
		width := len(base.Columns())
		of := func(c *PairContext, day int32) []float32 {
			p := c.NewPast(TraitsOf(l.profiles, 4))
			p.Observe(l.rows, 4)
			x := make([]float32, len(items)*width)
			c.Vectors(p, Moment{AtMS: int64(day) * dayMS, Day: day, Hour: 7}, items, nil, x)
			return x
		}
		for _, prepare := range []bool{false, true} {
			if prepare {
				base.Prepare(3, memoryDay+6)
			}
			want, got := of(whole, memoryDay+6), of(extended, memoryDay+6)
			differ := 0
			for j := range got {
				// How widely cards' lifts differ is weighed by cards, seven of which are more in one of the two: it moves strengths of shrinkage a little.
				if a, b := float64(want[j]), float64(got[j]); math.IsNaN(a) != math.IsNaN(b) || math.Abs(a-b) > .02*math.Max(1, math.Abs(a)) {
					t.Errorf("app %v, prepared %v: card %d, %s: %v where it was there, and %v", app, prepare, items[j/width], base.Columns()[j%width].Name, a, b)
				}
				if of := of(base, memoryDay+6); math.Float32bits(of[j]) != math.Float32bits(got[j]) {
					differ++
				}
			}
			if differ < 2*(all-known) { // content and age at least
				t.Errorf("%d features differ from those of cards of whom nothing is known", differ)
			}
		}
	}
}

// Contents and creators that were not there either are none; of a content's wider levels, those that were there count.
func TestExtendedByUnknowns(t *testing.T) {
	l := madeLog(60, 80, 6, true)
	c := madeContext(t, l, 6)
	cards := *l.cards
	cards.Contents = append(cards.Contents[:6:6], warehouse.ContentName{Key: "wider known", Levels: [3]int32{1, 0, 99}}, warehouse.ContentName{Key: "new", Levels: [3]int32{-1, -1, -1}})
	cards.CreatorKeys, cards.Followers = append(cards.CreatorKeys[:4:4], "late"), append(cards.Followers[:4:4], -1)
	for _, content := range []int16{6, 7} {
		cards.Content, cards.Creator, cards.Type, cards.Published = append(cards.Content, content), append(cards.Creator, 4), append(cards.Type, 77), append(cards.Published, memoryDay)
	}
	e := c.Extended(&cards)
	wide, alone := e.attr(80), e.attr(81)
	// The sixth content is of the levels 5, 0 and 1.
	if wide.codes[ofContent1] != -1 || wide.codes[ofContent1+1] != c.wider[0][5] || wide.codes[ofContent1+2] != c.wider[1][c.wider[0][5]] {
		t.Errorf("a content of known wider levels has the codes %v", wide.codes)
	}
	if alone.codes != c.nowhere.codes || alone.published != memoryDay || alone.followers == alone.followers { // NaN
		t.Errorf("a card of nothing known is %+v", alone)
	}
	if e.attr(82) != &e.nowhere || e.attr(-1) != &e.nowhere {
		t.Error("a card beyond the catalogue is known")
	}
}
