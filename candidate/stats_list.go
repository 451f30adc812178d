// Lists of cards in order, made once and walked down at each query until enough are found, and the fields by which cards are alike.

package candidate

import "sync"

// Ranked is cards in order, best first, ties in the order of ids. All have the same length.
type Ranked struct {
	Item  []int32
	Score []float32
	Group []int32 // nil: that of the whole list
}

// walk appends the first k cards that are neither skipped nor in the history. Its cost is that of the cards passed over and taken.
func (r *Ranked) walk(q *Query, k int, group int32, dst []Candidate) []Candidate {
	if k <= 0 || len(r.Item) == 0 {
		return dst
	}
	known := takeKnown(&q.History)
	defer known.release()
	for i, item := range r.Item {
		if known.has(item) || q.Skip != nil && q.Skip(item) {
			continue
		}
		c := Candidate{Item: item, Score: r.Score[i], Cause: -1, Group: group}
		if r.Group != nil {
			c.Group = r.Group[i]
		}
		dst = append(dst, c)
		if k--; k == 0 {
			break
		}
	}
	return dst
}

// knownItems is the set of a history's items, in open addressing: the slots hold item+1, 0 where they are free.
type knownItems struct{ slots []uint32 }

var knownPool = sync.Pool{New: func() any { return new(knownItems) }}

// takeKnown makes the set; it must be released.
func takeKnown(h *History) *knownItems {
	s := knownPool.Get().(*knownItems)
	size := 8
	for size < 2*len(h.Item) {
		size *= 2
	}
	if cap(s.slots) < size {
		s.slots = make([]uint32, size)
	}
	s.slots = s.slots[:size]
	clear(s.slots)
	for _, item := range h.Item {
		if item >= 0 {
			s.add(item)
		}
	}
	return s
}

func (s *knownItems) release() { knownPool.Put(s) }

// find is the slot that holds item, or the free one where it would stand.
func (s *knownItems) find(item int32) int {
	mask := len(s.slots) - 1
	at := int(uint32(item)*2654435769>>7) & mask // Knuth's multiplicative hash
	for s.slots[at] != 0 && s.slots[at] != uint32(item)+1 {
		at = (at + 1) & mask
	}
	return at
}

func (s *knownItems) add(item int32) { s.slots[s.find(item)] = uint32(item) + 1 }

// grow makes room for n items.
func (s *knownItems) grow(n int) {
	if 2*n <= len(s.slots) {
		return
	}
	old := s.slots
	s.slots = make([]uint32, 2*len(old))
	for _, v := range old {
		if v != 0 {
			s.add(int32(v - 1))
		}
	}
}

func (s *knownItems) has(item int32) bool { return s.slots[s.find(item)] != 0 }

// cardField is something by which cards are alike.
type cardField uint8

const (
	fieldCreator cardField = iota
	fieldSong
	fieldArtist
	fieldTalk
	fieldContent
	fieldMiddle // the middle level of the content taxonomy
	fieldTop    // its widest level
	fieldType
	fieldCount
)

// fieldValue is the code of a card's value of a field; -1 for none. The levels of the taxonomy have no codes here, see contentFields.
func (s *CardStats) fieldValue(f cardField, card int32) int32 {
	switch f {
	case fieldCreator:
		return s.Cards.Creator[card]
	case fieldSong:
		return s.Cards.Song[card]
	case fieldArtist:
		return s.Cards.Artist[card]
	case fieldTalk:
		return s.Cards.Talk[card]
	case fieldContent:
		return int32(s.Cards.Content[card])
	case fieldType:
		return int32(s.Cards.Type[card])
	}
	return -1
}

// fieldSize is the number of codes of a field.
func (s *CardStats) fieldSize(f cardField) int {
	most := int32(-1)
	for i := range s.Shown {
		most = max(most, s.fieldValue(f, int32(i)))
	}
	return int(most) + 1
}

// A group of what a reason names is the field and its value in one number: value x fieldCount + field.
func groupOf(f cardField, value int32) int32 { return value*int32(fieldCount) + int32(f) }

func ofGroup(group int32) (f cardField, value int32) {
	return cardField(group % int32(fieldCount)), group / int32(fieldCount)
}
