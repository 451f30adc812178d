// What the live log said that no row of an impression holds, from a warehouse: as if it were told again.

package live

import (
	"context"
	"math"
	"slices"

	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// fillTold tells it as events, whose numbers end with the filling.
func (s *State) fillTold(ctx context.Context, w Source, users []string) error {
	cards, err := w.ToldCards(ctx)
	if err != nil {
		return err
	}
	for _, t := range cards {
		if t.Card >= 0 && int(t.Card) < len(s.cards.now.keys) {
			s.fillCard(&t)
		}
	}
	told, err := w.ToldUsers(ctx)
	if err != nil {
		return err
	}
	seq := uint64(0)
	for _, t := range told {
		if t.User < 0 || int(t.User) >= len(users) || users[t.User] == "" {
			continue
		}
		seq++
		s.user(users[t.User], seq, func(sh *shard, u *user, i uint32) {
			u.told = secondOf(t.AtMS)
			setWords(s, &sh.texts, i, words{rawOf(t.Labels), t.Note})
		})
	}
	err = w.Feedback(ctx, func(rows []warehouse.ToldFeedback) error {
		for _, f := range rows {
			if f.User < 0 || int(f.User) >= len(users) || f.Card < 0 || int(f.Card) >= len(s.cards.now.keys) {
				s.left.Add(1)
				continue
			}
			if f.Value = max(-math.MaxFloat64, min(math.MaxFloat64, f.Value)); f.Value != f.Value { // sums may outgrow the numbers
				f.Value = 0
			}
			seq++
			s.one(&stream.Event{Version: stream.Version, ID: "fill", Kind: stream.Feedback, AtMS: f.AtMS, User: users[f.User], Item: s.cards.now.keys[f.Card], Type: f.Type, Value: &f.Value, Comment: f.Note}, seq)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	deleted, err := w.Deleted(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(deleted, func(a, b warehouse.ToldDeleted) int { return int(min(1, max(-1, a.AtMS-b.AtMS))) }) // those that have no room are the first
	for _, d := range deleted {
		sh := &s.shards[shardOfHash(d.KeyHash)]
		sh.mu.Lock()
		sh.bury(d.KeyHash, d.AtMS, s.cfg.MaxUsers/shardCount+16)
		sh.mu.Unlock()
	}
	return nil
}

// fillCard puts in what was said of a card besides its row of the card table.
func (s *State) fillCard(t *warehouse.ToldCard) {
	c := s.cards
	if t.Deleted {
		c.remove(t.Card)
	} else {
		card := c.cardOf(t.Card)
		card.Hidden, card.Categories = t.Hidden, t.Categories
		if talkNumber(t.Talk) < 0 { // else it stands in the card table
			card.Talk = t.Talk
		}
		at := t.PublishedMS
		if day, _ := s.zone.at(t.FirstMS / 1000); at == 0 && day == c.table.Published[t.Card] {
			at = t.FirstMS // nobody else knows
		} else if at == 0 {
			at = c.now.publishedMS[t.Card]
		}
		day, _ := s.zone.at(at / 1000)
		s.left.Add(c.set(t.Card, card, at, day, math.MaxInt32))
		s.itemWords(t.Card, words{rawOf(t.Labels), t.Note})
	}
	c.toldMS[t.Card] = t.AtMS
	s.counts.hide(t.Card, t.Deleted || t.Hidden)
}

// cardOf is what the columns say of an item.
func (c *cards) cardOf(id int32) *stream.Card {
	i := c.item(id)
	return &stream.Card{Creator: i.Creator, Content: i.Content, Song: i.Song, Artist: i.Artist, Talk: i.Talk, Type: typeOf(i.Type)}
}

func typeOf(kind int) *int {
	if kind < 0 {
		return nil
	}
	return &kind
}

// dropUnknown drops users of whom there is nothing: whom only pages named, or who were deleted.
func (s *State) dropUnknown() {
	for n := range s.shards {
		sh := &s.shards[n]
		sh.mu.Lock()
		for i := range sh.users {
			if u := &sh.users[i]; sh.keys.size[i] > 0 && !u.known && u.n == 0 && u.pastShown == 0 && u.told == 0 {
				s.drop(sh, n, u, uint32(i), 1)
			}
		}
		sh.mu.Unlock()
	}
}
