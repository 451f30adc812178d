// Views: a session is cut where the page begins anew, and a view is told to be browsing or in passing by whether it went on below the first
// page. The two have different curves of examination: who goes on looks at nearly everything, who leaves the page at once at the top at most.

package rank

import (
	"fmt"

	"github.com/seguefeed/segue/feature"
)

// Log is the impressions that examination is estimated from, in the order of users and time: the columns of a feature.PairSet.
type Log struct {
	User, Card []int32
	Slot       []int32 // as logged, counted from 0 or 1 at the top of the page; -1 when there is none
	AtMS       []int64
	Show       []int16 // 1 the first time the user sees the card; nil when all are
	Clicked    []bool
	Session    []int32 // session k is the rows Session[k] to before Session[k+1]
}

// LogOf are the columns of set, not copied.
func LogOf(set *feature.PairSet) *Log {
	return &Log{set.User, set.Card, set.Slot, set.AtMS, set.Show, set.Clicked, set.Session}
}

func (l *Log) check() error {
	n := len(l.User)
	if len(l.Card) != n || len(l.Slot) != n || len(l.AtMS) != n || len(l.Clicked) != n || l.Show != nil && len(l.Show) != n {
		return fmt.Errorf("rank: a log of %d users has %d cards, %d slots, %d times, %d showings and %d labels: they must be as many",
			n, len(l.Card), len(l.Slot), len(l.AtMS), len(l.Show), len(l.Clicked))
	}
	if len(l.Session) == 0 || l.Session[0] != 0 || int(l.Session[len(l.Session)-1]) != n {
		return fmt.Errorf("rank: the sessions of %d impressions must begin at 0 and end at %d", n, n)
	}
	for k := 1; k < len(l.Session); k++ {
		if l.Session[k] <= l.Session[k-1] {
			return fmt.Errorf("rank: session %d begins at row %d, the one after it at %d: they must rise", k-1, l.Session[k-1], l.Session[k])
		}
	}
	return nil
}

// Kind is the way of a view.
type Kind uint8

// Kinds of views.
const (
	Unplaced Kind = iota // without slots, or begun below the top: nothing is known of what lies above
	Passing              // the first page, and no more
	Browsing             // went on below the first page
)

const (
	topSlots  = 1               // the greatest number that a log gives to the first slot
	firstPage = 4               // cards in sight when a page opens, at most
	screenMS  = 1000            // cards of one screen come into sight within less
	awayMS    = 3 * 3600 * 1000 // a page that was left for longer is not gone on with
)

// views says of each row of a log where and how it was seen.
type views struct {
	start  []int32 // view k is the rows start[k] to before start[k+1]
	kind   []Kind  // of each view
	depth  []int32 // of each view: its deepest offset; -1 when unplaced
	offset []int32 // of each row: its slot counted from 0 at the top of its view; -1 when unplaced
}

// viewsOf cuts the rows of l. A screen, the rows of one moment, begins a view when one of its slots is the top of a page and not below all
// that the view has shown. A session begins one too, unless it goes on below the one before it: then the user was away for as long as what
// she had clicked on took. Cost: one pass; 5 bytes a row.
func viewsOf(l *Log) *views {
	v := &views{offset: make([]int32, len(l.User))}
	view, deepest := 0, int32(-1)
	for k := 0; k+1 < len(l.Session); k++ {
		from, to := int(l.Session[k]), int(l.Session[k+1])
		for i := from; i < to; {
			least, most, end := int32(-1), int32(-1), i
			for ; end < to && l.AtMS[end] == l.AtMS[i]; end++ {
				if s := l.Slot[end]; s >= 0 {
					if least < 0 || s < least {
						least = s
					}
					most = max(most, s)
				}
			}
			begins := least >= 0 && least <= topSlots && least <= deepest
			if i == from {
				begins = i == 0 || l.User[i] != l.User[i-1] || l.AtMS[i]-l.AtMS[i-1] > awayMS || deepest < 0 || least <= max(topSlots, deepest)
			}
			if begins && i > view {
				v.close(l, view, i)
				view, deepest = i, -1
			}
			deepest = max(deepest, most)
			i = end
		}
	}
	if len(l.User) > 0 {
		v.close(l, view, len(l.User))
	}
	v.start = append(v.start, int32(len(l.User)))
	return v
}

// close makes the rows from to before to a view.
func (v *views) close(l *Log, from, to int) {
	top, deepest := int32(-1), int32(-1)
	for _, s := range l.Slot[from:to] {
		if s >= 0 && (top < 0 || s < top) {
			top = s
		}
		deepest = max(deepest, s)
	}
	kind, depth := Unplaced, int32(-1)
	if top >= 0 && top <= topSlots {
		depth = deepest - top
		kind = Browsing
		if l.AtMS[to-1]-l.AtMS[from] < screenMS && depth < firstPage {
			kind = Passing
		}
	}
	v.start, v.kind, v.depth = append(v.start, int32(from)), append(v.kind, kind), append(v.depth, depth)
	for i := from; i < to; i++ {
		v.offset[i] = -1
		if kind != Unplaced && l.Slot[i] >= 0 {
			v.offset[i] = l.Slot[i] - top
		}
	}
}
