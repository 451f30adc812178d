// This file makes rows for the warehouse of what the event log holds: the two packages do not know each other.

package segue

import (
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// liveKinds are the warehouse's kinds by those of the event log.
var liveKinds = map[stream.Kind]warehouse.LiveKind{
	stream.Served: warehouse.LiveServed, stream.Impression: warehouse.LiveImpression, stream.Click: warehouse.LiveClick, stream.Swipe: warehouse.LiveSwipe,
	stream.Like: warehouse.LiveLike, stream.Comment: warehouse.LiveComment, stream.ReadComments: warehouse.LiveReadComments, stream.Share: warehouse.LiveShare,
	stream.Follow: warehouse.LiveFollow, stream.Visit: warehouse.LiveVisit, stream.View: warehouse.LiveView, stream.Feedback: warehouse.LiveFeedback,
	stream.Unfeedback: warehouse.LiveUndo, stream.User: warehouse.LiveUser, stream.UserDeleted: warehouse.LiveUserDeleted, stream.Item: warehouse.LiveCard,
	stream.ItemDeleted: warehouse.LiveCardDeleted,
}

// LiveBatch makes a batch for warehouse.Live of a stretch of the event log, in its order. Events that passed Check are taken whatever they say; a kind that this
// version does not know is an error.
func LiveBatch(events []stream.Stored) (warehouse.LiveBatch, error) {
	b := warehouse.LiveBatch{Rows: make([]warehouse.LiveRow, len(events))}
	for i := range events {
		e := &events[i]
		kind, ok := liveKinds[e.Kind]
		if !ok {
			return warehouse.LiveBatch{}, fmt.Errorf("event %d (%s): %q is no kind of event that this version knows", e.Seq, e.ID, e.Kind)
		}
		r := &b.Rows[i]
		*r = warehouse.LiveRow{Seq: e.Seq, Kind: kind, AtMS: e.AtMS, User: e.User, Card: e.Item, Request: e.Request, Slot: -1, From: e.From, Type: e.Type,
			Replace: e.Replace, Note: e.Comment}
		if e.Slot != nil {
			r.Slot = int32(*e.Slot)
		}
		if e.Value != nil {
			r.Value = *e.Value
		}
		if e.Page != nil {
			r.Page = livePage(e.Page)
		}
		if p := e.Profile; p != nil {
			r.Profile = &warehouse.LiveProfile{Gender: p.Gender, Province: p.Province, Age: orUnsaid(p.Age), Months: orUnsaid(p.Months),
				Follows: orUnsaid(p.Follows), Labels: string(p.Labels)}
		}
		if c := e.Card; c != nil {
			r.Traits = &warehouse.LiveTraits{Creator: c.Creator, Content: c.Content, Song: c.Song, Artist: c.Artist, Talk: c.Talk,
				Type: orUnsaid(c.Type), PublishedMS: c.PublishedMS, Categories: c.Categories, Hidden: c.Hidden, Labels: string(c.Labels)}
		}
		b.Last, b.Mark = e.Seq, markOf(e)
	}
	return b, nil
}

// markOf tells an event from those that other logs have at its number.
func markOf(e *stream.Stored) uint64 { return xxhash.Sum64String(e.ID) }

func livePage(p *stream.Page) *warehouse.LivePage {
	page := &warehouse.LivePage{Model: p.Model, Cards: make([]warehouse.LiveServedCard, len(p.Cards))}
	for slot, c := range p.Cards {
		page.Cards[slot] = warehouse.LiveServedCard{Card: c.Item, Score: c.Score, Propensity: c.Propensity, Explored: c.Explored, By: c.By}
	}
	return page
}

// orUnsaid is a number, or -1 where nothing was said.
func orUnsaid(n *int) int32 {
	if n == nil {
		return -1
	}
	return int32(*n)
}
