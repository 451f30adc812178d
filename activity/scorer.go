// Scores of one user at a time, as a server asks for them.

package activity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
	"github.com/seguefeed/segue/warehouse"
)

// Scorer scores users by their first days: see feature.FirstDays for which these are. It is safe for concurrent use. Memory: 8 bytes a card and day of the
// days that the predictor learned from. A score takes a millisecond, most of it the exact reasons.
type Scorer struct {
	p     *Predictor
	first *feature.FirstDays
	defs  []feature.Def
}

// ErrOtherLog is given where a warehouse has no impressions of the days that a predictor learned from.
var ErrOtherLog = errors.New("the database has no impressions of the days that the predictor learned from; train one on it with `segue predict train`")

// Scorer reads what p's features know of cards and slots from the log that p was trained on. Provinces that p never heard of count as unknown ones.
func (p *Predictor) Scorer(ctx context.Context, w warehouse.Training) (*Scorer, error) {
	provinces := &warehouse.Profiles{}
	for _, c := range p.Features {
		if c.Name == "province" {
			provinces.Province = c.Levels
		}
	}
	c, err := feature.NewContext(ctx, w, p.Question.From, p.Question.AsOf, provinces)
	if err != nil {
		return nil, err
	}
	if c.Impressions == 0 {
		return nil, fmt.Errorf("%w: %s to %s", ErrOtherLog, p.Question.From.Format(time.DateOnly), p.Question.AsOf.AddDate(0, 0, -1).Format(time.DateOnly))
	}
	defs := feature.Extended()
	columns := columnsOf(&feature.Table{Defs: defs, Context: c})
	if !slices.EqualFunc(p.Features, columns, sameColumn) {
		return nil, errOtherFeatures
	}
	return &Scorer{p, feature.NewFirstDays(c, defs), defs}, nil
}

// Score says how likely a user is to be active in the days after her first ones, and why. u's rows must be all that she ever had. nil where nothing can be
// said: she was never seen, or her first days are not over on today (days since 1970-01-01).
func (s *Scorer) Score(ctx context.Context, u *feature.User, cards feature.ServedCards, today int32, key string) (*Why, error) {
	x := learn.NewMatrix(1, len(s.defs))
	if !s.first.Of(u, cards, today, x.Row(0)) {
		return nil, nil
	}
	return s.p.explain(ctx, x, s.defs, key, s.p.Segments)
}
