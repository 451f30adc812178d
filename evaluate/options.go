// What an evaluation is asked.

package evaluate

import (
	"errors"
	"fmt"
	"time"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/rank"
)

// Options direct a run.
type Options struct {
	From, To time.Time // the log's first and last day
	// ChooseDays before JudgeDays, at the end of the log: on the first rankers are compared and one is chosen, on the last all is judged. 0
	// means 3 and 4 of a log of 20 days or more, a tenth and an eighth of a shorter one, at least one each.
	ChooseDays, JudgeDays int

	ListLength int             // cards of the lists that are judged; 0 means 20
	Users      int             // that lists are made for, chosen by a hash; 0 means 2,000
	TrainRows  int             // impressions that rankers learn from at most, of users chosen by a hash; 0 means 3 million
	JudgeRows  int             // impressions that are judged at most; 0 means 1 million
	Algorithms []rank.Config   // rankers to compare; nil means Rankers(Seed)
	Only       []string        // generators, nil for all
	Settings   feed.Settings   // of the page; the zero value means feed.Defaults
	Names      candidate.Names // nil: numbers
	Resampling Resampling
	Brief      bool // only the tables: no trade-offs, switches and example pages
	Seed       uint64
	Threads    int

	// Truth is what a simulator knows; nil for real logs.
	Truth *Knowledge

	Progress func(step string, done, total int)
}

// Knowledge is what only a simulator knows.
type Knowledge struct {
	Chance Truth
	// Shown writes the true chance of a click in full view on each of the cards that a user was shown, shows[k] being the how-manieth show of
	// cards[k] to her. It may be called from one goroutine at a time.
	Shown               func(user int32, cards []int32, shows []int16, out []float64) error
	Browsing, InPassing []float64 // examination by slot from the top
}

// RankerNames are the names of Rankers, in their order.
func RankerNames() []string {
	var out []string
	for _, c := range Rankers(0) {
		out = append(out, rankerName(c))
	}
	return out
}

// rankerName is the name of a setting in tables.
func rankerName(c rank.Config) string {
	name := string(c.Algorithm)
	if name == "" {
		name = string(rank.Hybrid)
	}
	switch c.Position {
	case rank.PositionNone:
		return name + " without position"
	case rank.PositionWeights:
		return name + " by weights"
	}
	return name
}

// Rankers are the settings that are compared when nobody says which: the hybrid with each way of allowing for position, each of its parts alone, and a
// linear score that learns an order. The one with the best order of what was shown is chosen; LambdaMART, which may be best at that and order
// the whole catalogue worse than popularity does, is left to those who ask for it.
func Rankers(seed uint64) []rank.Config {
	return []rank.Config{
		{Algorithm: rank.Hybrid, Seed: seed},
		{Algorithm: rank.Hybrid, Position: rank.PositionWeights, Seed: seed},
		{Algorithm: rank.Hybrid, Position: rank.PositionNone, Seed: seed},
		{Algorithm: rank.Logistic, Seed: seed},
		{Algorithm: rank.Boosted, Seed: seed},
		{Algorithm: rank.LambdaMART, Seed: seed},
		{Algorithm: rank.Pairwise, Seed: seed},
	}
}

// ErrTooShort is given for a log with too few days to learn, to choose and to judge.
var ErrTooShort = errors.New("evaluate: the log is too short: 5 days at least are needed to learn, to choose and to judge")

// settle puts the defaults in and cuts the days.
func (o *Options) settle() (Split, error) {
	days := int(o.To.Sub(o.From)/(24*time.Hour)) + 1
	if days < 5 {
		return Split{}, fmt.Errorf("%w; it has %d", ErrTooShort, days)
	}
	if o.ChooseDays == 0 {
		if o.ChooseDays = 3; days < 20 {
			o.ChooseDays = max(1, days/10)
		}
	}
	if o.JudgeDays == 0 {
		if o.JudgeDays = 4; days < 20 {
			o.JudgeDays = max(1, days/8)
		}
	}
	if o.ChooseDays < 1 || o.JudgeDays < 1 || days-o.ChooseDays-o.JudgeDays < 3 {
		return Split{}, fmt.Errorf("evaluate: %d days to choose and %d to judge of %d; at least one each and three to learn from are expected", o.ChooseDays, o.JudgeDays, days)
	}
	for _, d := range []struct {
		value *int
		usual int
	}{{&o.ListLength, 20}, {&o.Users, 2000}, {&o.TrainRows, 3_000_000}, {&o.JudgeRows, 1_000_000}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
		if *d.value < 1 {
			return Split{}, fmt.Errorf("evaluate: %d given where at least 1 is expected", *d.value)
		}
	}
	o.Settings = o.Settings.OrDefaults()
	if err := o.Settings.Check(); err != nil { // before anything is trained
		return Split{}, err
	}
	if err := feed.CheckGenerators(o.Only); err != nil {
		return Split{}, err
	}
	if o.Algorithms == nil {
		o.Algorithms = Rankers(o.Seed)
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	o.Resampling.Seed, o.Resampling.Threads = o.Seed, o.Threads
	judge := o.To.AddDate(0, 0, 1-o.JudgeDays)
	choose := judge.AddDate(0, 0, -o.ChooseDays)
	return Split{TrainFrom: o.From, TrainTo: choose.AddDate(0, 0, -1), ChooseFrom: choose, ChooseTo: judge.AddDate(0, 0, -1), JudgeFrom: judge, JudgeTo: o.To}, nil
}

// warmUp is the share of the training days that only fill users' pasts and cards' statistics before the first impression is learned from.
const warmUp = .3

// learnFrom is the first day whose impressions rankers learn from.
func learnFrom(s Split) time.Time {
	days := int(s.TrainTo.Sub(s.TrainFrom)/(24*time.Hour)) + 1
	return s.TrainFrom.AddDate(0, 0, int(warmUp*float64(days)))
}

// Source is what an evaluation reads of a warehouse.
type Source = feature.Source
