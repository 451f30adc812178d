// Because you watched: for each of the last clicks, the cards that go with it, taken in turns so that what was watched last gets most
// places and no single click fills the list.

package candidate

import (
	"context"
	"errors"
	"math"
)

// NeighbourLists tell which cards go with a card.
type NeighbourLists interface {
	// Neighbours returns the cards most like item, the best first, and how like; none where the item is not known. Not copies.
	Neighbours(item int32) (cards []int32, similarity []float32)
}

// WatchedConfig are the settings of NewWatched.
type WatchedConfig struct {
	// Recent is how many of the last different cards with evidence above 0 are asked. 0 means 10.
	Recent int
	// Fade is what a click's share of the places is of that of the next later one, above 0 and at most 1. 0 means .8.
	Fade float64
}

// Watched names the neighbours of the last clicks. Candidates costs Recent x (the neighbours that it takes or passes over). It is made of
// lists, which a file keeps (CoWatch), and two settings.
type Watched struct {
	Lists  NeighbourLists
	Config WatchedConfig
}

// NewWatched makes the generator.
func NewWatched(lists NeighbourLists, cfg WatchedConfig) (*Watched, error) {
	if lists == nil {
		return nil, errors.New("candidate: watched: there are no lists of neighbours")
	}
	if cfg.Recent == 0 {
		cfg.Recent = 10
	}
	if cfg.Fade == 0 {
		cfg.Fade = .8
	}
	if cfg.Recent < 0 || !(cfg.Fade > 0 && cfg.Fade <= 1) {
		return nil, errors.New("candidate: watched: the number of clicks is from 1, their fading above 0 and at most 1")
	}
	return &Watched{lists, cfg}, nil
}

// Name implements Generator.
func (w *Watched) Name() string { return "watched" }

// watchedTurn is one click in the round.
type watchedTurn struct {
	cause int32
	cards []int32
	at    int     // the next of them
	share float64 // of the turns, relative to the last click
}

// score of the next turn: the inverse of the moment at which it comes, when turns come as often as the share says. Cards that may not be named
// have their turns all the same, so that leaving one out does not change the order of the others.
func (t *watchedTurn) score() float32 { return float32(t.share / float64(t.at+1)) }

// Candidates implements Generator. Click r from the last, of share Fade^r, has its j-th turn with score Fade^r/j; a score is that of the
// turn, and the turns go by score. A click whose next card another one has named already has had its turn with that.
func (w *Watched) Candidates(q *Query, k int, dst []Candidate) []Candidate {
	if k <= 0 || len(q.History.Item) == 0 {
		return dst
	}
	known := takeKnown(&q.History)
	defer known.release()
	var room [16]watchedTurn
	turns := room[:0]
	h := &q.History
	for i := len(h.Item) - 1; i >= 0 && len(turns) < w.Config.Recent; i-- {
		if h.Item[i] < 0 || !(h.value(i) > 0) || alreadyAsked(turns, h.Item[i]) {
			continue
		}
		cards, _ := w.Lists.Neighbours(h.Item[i])
		turns = append(turns, watchedTurn{cause: h.Item[i], cards: cards, share: math.Pow(w.Config.Fade, float64(len(turns)))})
	}
	named := takeKnown(&History{})
	defer named.release()
	for count := 0; count < k; {
		next := -1
		for i := range turns {
			t := &turns[i]
			for t.at < len(t.cards) && (known.has(t.cards[t.at]) || q.Skip != nil && q.Skip(t.cards[t.at])) {
				t.at++
			}
			if t.at == len(t.cards) {
				continue
			}
			if next < 0 || t.score() > turns[next].score() || t.score() == turns[next].score() && t.cards[t.at] < turns[next].cards[turns[next].at] {
				next = i
			}
		}
		if next < 0 {
			break
		}
		t := &turns[next]
		card := t.cards[t.at]
		if !named.has(card) {
			named.grow(count + 1)
			named.add(card)
			dst = append(dst, Candidate{Item: card, Score: t.score(), Cause: t.cause, Group: -1})
			count++
		}
		t.at++
	}
	return dst
}

func alreadyAsked(turns []watchedTurn, item int32) bool {
	for i := range turns {
		if turns[i].cause == item {
			return true
		}
	}
	return false
}

// Reason implements Generator.
func (w *Watched) Reason(c Candidate, n Names) string {
	if c.Cause >= 0 {
		if name := n.Card(c.Cause); name != "" {
			return "because you watched " + name
		}
	}
	return "goes with what you watched"
}

// NeighboursOf makes lists of a fitted model: the n items that it scores highest, above 0, for a history of one item, for each item
// that wanted (nil: all) says yes to. The cost is that of scoring all items for each of them.
func NeighboursOf(ctx context.Context, s Scorer, n int, wanted func(item int32) bool) (*CoWatch, error) {
	if s == nil || n < 1 {
		return nil, errors.New("candidate: neighbours of a model: a model and a number from 1 are expected")
	}
	row := make([]float32, s.Items())
	l := &CoWatch{Start: make([]int64, s.Items()+1)}
	var top []Candidate
	for item := range int32(s.Items()) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if wanted == nil || wanted(item) {
			s.Scores(&History{Item: []int32{item}}, row)
			row[item] = 0
			top = TopK(row, n, nil, top[:0])
			for _, c := range top {
				if c.Score > 0 {
					l.Card, l.Similarity = append(l.Card, c.Item), append(l.Similarity, c.Score)
				}
			}
		}
		l.Start[item+1] = int64(len(l.Card))
	}
	return l, nil
}
