// What features know beside the user's own rows: cards and slots, as all users before the as-of made them look.

package feature

import (
	"context"
	"fmt"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// Context is what is the same for all users at one as-of. It is read-only once made. Memory: 8 bytes a card and day.
type Context struct {
	From, AsOf  int32    // days since 1970-01-01: features read From to before AsOf
	Provinces   []string // of the user table, in order; "unknown" for none
	Impressions float64  // of all users in these days

	province map[string]int
	card     []int16 // content by card; -1 none
	contents int
	days     int32
	use      []uses    // by card and day: impressions and clicks of the days before
	prior    []float64 // by day: pooled CTR of the days before; -1 on the first
	slots    [slotPositions][slotDepths]float64

	// Of a FirstDays' copies:
	ids    []int32 // by card: its number in use; nil: the same
	frozen bool    // cards are known as on the last of the days, whatever the day
}

type uses struct{ impressions, clicks int32 }

const (
	qualityPrior  = 50 // impressions that a card's CTR is smoothed by
	slotPositions = 16 // positions from the last on count as one
	slotDepths    = 6
	slotPrior     = 50 // impressions by which a slot's rate is smoothed towards that of its depth
)

// slotDepth is the band of a user-day's depth.
func slotDepth(depth int32) int {
	switch {
	case depth <= firstPage:
		return 0
	case depth <= 8:
		return 1
	case depth <= 16:
		return 2
	case depth <= 32:
		return 3
	case depth <= 64:
		return 4
	}
	return 5
}

// NewContext reads what features need of all users' rows in the days from to before asOf.
func NewContext(ctx context.Context, w warehouse.Training, from, asOf time.Time, profiles *warehouse.Profiles) (*Context, error) {
	c := &Context{From: EpochDay(from), AsOf: EpochDay(asOf), Provinces: provincesOf(profiles), province: map[string]int{}}
	if c.days = c.AsOf - c.From; c.days < 1 {
		return nil, fmt.Errorf("features from %s to before %s: no day is left", from.Format(time.DateOnly), asOf.Format(time.DateOnly))
	}
	for i, p := range c.Provinces {
		c.province[p] = i
	}
	c.province[""] = c.province[unknown]
	var err error
	if c.card, err = w.CardContents(ctx); err != nil {
		return nil, err
	}
	for _, content := range c.card {
		c.contents = max(c.contents, int(content)+1)
	}
	last := asOf.AddDate(0, 0, -1)
	if err := c.readCards(ctx, w, from, last); err != nil {
		return nil, err
	}
	return c, c.readSlots(ctx, w, from, last)
}

// EpochDay is the number of days from 1970-01-01 to the day of t, as columns of days hold it.
func EpochDay(t time.Time) int32 {
	return int32(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (c *Context) readCards(ctx context.Context, w warehouse.Training, from, last time.Time) error {
	rows, err := w.CardUse(ctx, from, last)
	if err != nil {
		return err
	}
	d := int(c.days)
	c.use = make([]uses, len(c.card)*d)
	perDay := make([]uses, d)
	for _, r := range rows {
		k := int(r.Day - c.From)
		if k+1 < d { // what a day adds is known from the next on
			u := &c.use[int(r.Card)*d+k+1]
			u.impressions += r.Impressions
			u.clicks += r.Clicks
		}
		perDay[k].impressions += r.Impressions
		perDay[k].clicks += r.Clicks
	}
	for card := range c.card {
		for k := 1; k < d; k++ {
			u, before := &c.use[card*d+k], c.use[card*d+k-1]
			u.impressions += before.impressions
			u.clicks += before.clicks
		}
	}
	c.prior = make([]float64, d)
	var impressions, clicks float64
	for k := range c.prior {
		c.prior[k] = -1
		if impressions > 0 {
			c.prior[k] = clicks / impressions
		}
		impressions += float64(perDay[k].impressions)
		clicks += float64(perDay[k].clicks)
	}
	c.Impressions = impressions
	return nil
}

// quality is a card's smoothed CTR over the days before a day; -1 when there are none.
func (c *Context) quality(card, day int32) float64 {
	k := day - c.From
	if c.frozen {
		k = c.days - 1
	}
	if k < 0 || k >= c.days || c.prior[k] < 0 || int(card) >= len(c.card) {
		return -1
	}
	if c.ids != nil {
		card = idOf(c.ids, card)
	}
	var u uses
	if card >= 0 {
		u = c.use[int(card)*int(c.days)+int(k)]
	}
	return (float64(u.clicks) + qualityPrior*c.prior[k]) / (float64(u.impressions) + qualityPrior)
}

func (c *Context) content(card int32) int16 {
	if int(card) >= len(c.card) {
		return -1
	}
	return c.card[card]
}

func (c *Context) readSlots(ctx context.Context, w warehouse.Training, from, last time.Time) error {
	rows, err := w.SlotUse(ctx, from, last)
	if err != nil {
		return err
	}
	var n, clicks [slotPositions][slotDepths]float64
	var depthN, depthClicks [slotDepths]float64
	for _, r := range rows {
		p, d := min(max(r.Position, 0), slotPositions-1), slotDepth(r.Depth)
		n[p][d] += float64(r.Impressions)
		clicks[p][d] += float64(r.Clicks)
		depthN[d] += float64(r.Impressions)
		depthClicks[d] += float64(r.Clicks)
	}
	for p := range n {
		for d := range depthN {
			prior := 0.0
			if depthN[d] > 0 {
				prior = depthClicks[d] / depthN[d]
			}
			c.slots[p][d] = (clicks[p][d] + slotPrior*prior) / (n[p][d] + slotPrior)
		}
	}
	return nil
}

// slotRate is the CTR of all users in a slot of user-days that went as far down; rows without a position expect nothing.
func (c *Context) slotRate(position, depth int32) float64 {
	if position < 0 {
		return 0
	}
	return c.slots[min(position, slotPositions-1)][slotDepth(depth)]
}
