// Cards that came after the statistics were made: what they belong to is known, and so is how that does.

package feature

import (
	"math"
	"slices"
	"strconv"

	"github.com/seguefeed/segue/warehouse"
)

// Extended is c for a catalogue that begins with c's own cards, contents and creators and goes on with others. Of cards beyond c's there are no statistics of their own,
// but those of their content, creator and type, as of a card that nobody has seen; where the content is a new one, of its wider levels. Songs,
// artists and topics are taken for none, since a live catalogue numbers them otherwise. c is shared, and what Prepare makes of either serves both.
func (c *PairContext) Extended(cards *warehouse.Cards) *PairContext {
	out := *c
	out.more = nil
	known := len(c.wider[0]) // contents
	levels := [2]map[int32]int32{{}, {}}
	for i, name := range cards.Contents[:min(known, len(cards.Contents))] {
		code := int32(i)
		for l := range levels {
			if code = c.wider[l][code]; code < 0 {
				break
			}
			levels[l][name.Levels[1-l]] = code
		}
	}
	for i := len(c.attrs); i < len(cards.Content); i++ {
		a := c.nowhere
		a.published = cards.Published[i]
		if k := cards.Content[i]; k >= 0 {
			if int(k) < known {
				a.codes[ofContent1] = int32(k)
			}
			for l, number := range levels {
				if code, ok := number[cards.Contents[k].Levels[1-l]]; ok && cards.Contents[k].Levels[1-l] >= 0 {
					a.codes[ofContent1+1+l] = code
				}
			}
		}
		if k := cards.Creator[i]; k >= 0 {
			if int(k) < c.groups[ofCreator].codes() {
				a.codes[ofCreator] = k
			}
			if int(k) < len(cards.Followers) && cards.Followers[k] >= 0 {
				a.followers = float32(math.Log1p(float64(cards.Followers[k])))
			}
		}
		if k := slices.Index(c.kinds, strconv.Itoa(int(cards.Type[i]))); k >= 0 {
			a.codes[ofType] = int32(k)
		}
		out.more = append(out.more, a)
	}
	return &out
}

// codes is how many there are.
func (t *tallies) codes() int {
	if t.days == 0 {
		return 0
	}
	return len(t.at) / t.days
}
