package segue

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/evaluate"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/rank"
	"github.com/seguefeed/segue/village"
	"github.com/seguefeed/segue/warehouse"
)

// RecommendOptions direct how recommenders are trained and evaluated.
type RecommendOptions struct {
	ChooseDays, JudgeDays int           // see evaluate.Options; 0 means 3 and 4
	ListLength            int           // cards of the lists that are judged; 0 means 20
	Users                 int           // that lists are made for; 0 means 2,000
	TrainRows             int           // impressions that rankers learn from at most; 0 means 3 million
	Generators            []string      // feed.GeneratorNames; nil means all
	Algorithms            []rank.Config // rankers to compare; nil means all
	Settings              feed.Settings // of the page; the zero value means feed.Defaults
	Seed                  uint64
	Threads               int    // 0 means all processors
	Truth                 string // directory of a simulated log's truth; "" means that nobody knows it
	Progress              Progress
}

// EvaluateRecommender learns on the log's first days, chooses on the next and judges on the last: rankers on what was shown, lists on what was
// clicked and, of a simulated log, on the truth.
func (s *Segue) EvaluateRecommender(ctx context.Context, opt RecommendOptions) (*evaluate.Results, error) {
	o, err := s.evaluateOptions(ctx, opt)
	if err != nil {
		return nil, err
	}
	return evaluate.Run(ctx, s.engine, o)
}

func (s *Segue) evaluateOptions(ctx context.Context, opt RecommendOptions) (evaluate.Options, error) {
	o := evaluate.Options{ChooseDays: opt.ChooseDays, JudgeDays: opt.JudgeDays, ListLength: opt.ListLength, Users: opt.Users, TrainRows: opt.TrainRows, Only: opt.Generators, Algorithms: opt.Algorithms,
		Settings: opt.Settings, Seed: opt.Seed, Threads: opt.Threads}
	if err := s.needLog(ctx); err != nil {
		return o, err
	}
	contents, err := s.engine.Describe(ctx)
	if err != nil {
		return o, err
	}
	o.From, o.To = contents.FirstDay, contents.LastDay
	o.Progress = func(step string, done, total int) {
		opt.Progress.tell(Step{Name: "recommend: " + step, Unit: Steps, Done: int64(done), Total: int64(total)})
	}
	cards, err := s.engine.Cards(ctx)
	if err != nil {
		return o, err
	}
	keys, err := s.engine.CardKeys(ctx)
	if err != nil {
		return o, err
	}
	o.Names = feed.KeyNames(cards, keys)
	if opt.Truth != "" {
		o.Truth, err = s.knowledge(ctx, opt.Truth, keys)
	}
	return o, err
}

// knowledge is the truth of the village that the log is of.
func (s *Segue) knowledge(ctx context.Context, dir string, cardKeys []string) (*evaluate.Knowledge, error) {
	cfg, err := village.Origin(dir)
	if err != nil {
		return nil, err
	}
	oracle, err := village.NewOracle(cfg)
	if err != nil {
		return nil, err
	}
	userKeys, err := s.engine.UserKeys(ctx)
	if err != nil {
		return nil, err
	}
	users, cards := oracle.Users(userKeys), oracle.Cards(cardKeys)
	for id, n := range cards {
		if n < 0 {
			return nil, fmt.Errorf("card %s is not of the village whose truth is in %s: the log is of another one", cardKeys[id], dir)
		}
	}
	k := &evaluate.Knowledge{}
	k.Browsing, k.InPassing = oracle.Examination()
	var numbers []int32
	chances := func(user int32, items []int32, out []float64) error {
		if users[user] < 0 {
			return fmt.Errorf("user %s is not of the village whose truth is in %s: the log is of another one", userKeys[user], dir)
		}
		numbers = numbers[:0]
		for _, i := range items {
			numbers = append(numbers, cards[i])
		}
		return oracle.Chances(users[user], numbers, out)
	}
	k.Chance = func(a *evaluate.Ask, items []int32, out []float64) error {
		if err := chances(a.User, items, out); err != nil {
			return err
		}
		for n, i := range items {
			times, _ := a.Past.Shown(i)
			out[n] *= math.Pow(oracle.Fatigue(), float64(times))
		}
		return nil
	}
	k.Shown = func(user int32, items []int32, shows []int16, out []float64) error {
		if err := chances(user, items, out); err != nil {
			return err
		}
		for n, s := range shows {
			out[n] *= math.Pow(oracle.Fatigue(), float64(s-1))
		}
		return nil
	}
	return k, nil
}

var _ evaluate.Source = warehouse.Warehouse(nil)
