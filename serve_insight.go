// What a server asks of the analysis while it serves: the full report, and how active each user will be.

package segue

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/server"
	"github.com/seguefeed/segue/warehouse"
)

var errNothingYet = errors.New("the database holds no impressions yet: what users are shown and do goes into it some seconds later")

// makeReport analyses the database as it stands. Events go on into the log meanwhile, and from there into the database when it is done. The analysis of 57 million
// impressions takes both of two cores 12 seconds, or one, which the database has while it serves, 23.
func (r *serving) makeReport(ctx context.Context, tell func(step string, done, total int64)) error {
	r.still.Lock()
	defer r.still.Unlock()
	contents, err := r.s.engine.Describe(ctx)
	if err != nil {
		return err
	}
	if contents.Impressions == 0 {
		return errNothingYet
	}
	_, err = r.s.Report(ctx, filepath.Join(r.opt.Dir, "report"), ReportOptions{Progress: func(s Step) { tell(s.Name, s.Done, s.Total) }})
	return err
}

// cardDays are the days of a card that the database has.
func (r *serving) cardDays(ctx context.Context, card string, before time.Time) ([]server.ItemDay, error) {
	days, err := r.s.engine.DaysOf(ctx, card, before)
	if err != nil {
		return nil, err
	}
	out := make([]server.ItemDay, len(days))
	for k, d := range days {
		year, month, day := d.Day.Date()
		out[k] = server.ItemDay{Day: time.Date(year, month, day, 0, 0, 0, 0, r.zoneOf), Shows: int(d.Impressions), Clicks: int(d.Clicks)}
	}
	return out, nil
}

// scoring of users as an engine asks for it.
type userScores = func(ctx context.Context, rows *warehouse.Histories, traits feature.Traits, cards *warehouse.Cards) (*server.Activity, error)

// activity makes the engine's activity scores; nil without a predictor.
func (r *serving) activity(ctx context.Context) (userScores, error) {
	if r.predictor == nil {
		return nil, nil
	}
	scorer, err := r.predictor.Scorer(ctx, r.s.engine)
	if err != nil {
		return nil, fmt.Errorf("serve: %s: %w", r.opt.Activity, err)
	}
	ids, err := r.cardIDs(ctx)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, rows *warehouse.Histories, traits feature.Traits, cards *warehouse.Cards) (*server.Activity, error) {
		if len(rows.Start) < 2 {
			return nil, nil
		}
		u := feature.User{Rows: rows, From: rows.Start[0], To: rows.Start[1], Province: traits.Province, Gender: traits.Gender, Age: traits.Age, Months: traits.Months, Follows: traits.Follows}
		today := feature.EpochDay(time.Now().In(r.zoneOf))
		why, err := scorer.Score(ctx, &u, feature.ServedCards{Content: cards.Content, ID: ids}, today, "")
		if why == nil || err != nil {
			return nil, err
		}
		return activityOf(why), nil
	}, nil
}

// cardIDs are the database's numbers of the state's cards: those that both had at the start.
func (r *serving) cardIDs(ctx context.Context) ([]int32, error) {
	keys, err := r.s.engine.CardKeys(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int32, r.state.Catalogue().Len())
	for k := range ids {
		ids[k] = -1
	}
	for id, key := range keys {
		if card, ok := r.state.CardID(key); ok && int(card) < len(ids) {
			ids[card] = int32(id)
		}
	}
	return ids, nil
}

// activityReasons is how many features of a score are told, those that move her most first.
const activityReasons = 8

func activityOf(why *activity.Why) *server.Activity {
	out := &server.Activity{Score: why.Score.Probability, Why: []server.Part{}}
	for k, f := range why.Features {
		if k >= activityReasons || f.Move == 0 {
			out.Rest += f.Move
			continue
		}
		out.Why = append(out.Why, server.Part{Feature: f.Feature, Value: valueText(f.Value, f.Unit), Adds: f.Move, Means: server.Plain(f.Feature)})
	}
	return out
}

// valueText is a feature's value with its unit, shares in percent.
func valueText(value, unit string) string {
	v, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil: // a category, or none
		return value
	case unit == "share":
		return fmt.Sprintf("%.3g%%", 100*v)
	case unit == "ratio":
		return fmt.Sprintf("%.3g times", v)
	}
	return strings.TrimSpace(value + " " + unit)
}
