package segue

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

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
		Settings: opt.Settings.OrDefaults(), Seed: opt.Seed, Threads: opt.Threads} // the page that is saved is the one that is judged
	if err := s.needLog(ctx); err != nil {
		return o, err
	}
	contents, err := s.engine.Describe(ctx)
	if err != nil {
		return o, err
	}
	use, err := s.engine.UseByDay(ctx)
	if err != nil {
		return o, err
	}
	o.From, o.To = contents.FirstDay, judgedTo(use, opt.ChooseDays, opt.JudgeDays)
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

// thinDay is the part of the median day's impressions below which a day says too little to judge by: of the day that goes on while it is asked, or of one on which only
// somebody tried the server out.
const thinDay = .1

// judgedTo is the last day to judge by: that at the end of the last run of days that are not thin, of as many as are needed to choose and to judge, or as there are.
func judgedTo(use []warehouse.DayUse, choose, judge int) time.Time {
	need := 7 // at most, where it is left open: see evaluate.Options
	if choose > 0 && judge > 0 {
		need = choose + judge
	}
	count := make([]int64, len(use))
	for k, d := range use {
		count[k] = d.Impressions
	}
	slices.Sort(count)
	least := thinDay * float64(count[len(count)/2])
	end, longest, run := 0, 0, 0
	for k, d := range use {
		if k > 0 && d.Day.Sub(use[k-1].Day) > 24*time.Hour {
			run = 0
		}
		if run++; float64(d.Impressions) < least {
			run = 0
		}
		if run > 0 && run >= min(need, longest) {
			end = k
		}
		longest = max(longest, run)
	}
	return use[end].Day
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
