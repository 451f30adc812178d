package segue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/internal/durable"
	"github.com/seguefeed/segue/village"
)

// PredictOptions direct predictions of who will be active.
type PredictOptions struct {
	Early     int      // days that features are read from, from the log's first, or that of a stretch (activity.QuestionOf); 0 means 10
	Threshold float64  // CTR in the days that follow from which on a user is active; 0 means the mean over users
	Seed      uint64   // of the split of users, and of what models draw
	Models    []string // to compare; nil means all, see activity.ModelNames
	Published bool     // repeat the case study's procedure too
	Leaks     bool     // with its two leaks
	Grids     bool     // choosing its hyper-parameters from its grids anew, not as it chose them
	Truth     string   // directory of a simulated log's truth; "" means that nobody knows it
	Progress  Progress
}

// truthLives is how often each user's month is lived to know her chance: the error of a chance is some eight points, which a
// ceiling over thousands of users averages out.
const truthLives = 12

// activityOptions resolves what is asked of the loaded log.
func (s *Segue) activityOptions(ctx context.Context, opt PredictOptions) (activity.Options, error) {
	out := activity.Options{Seed: opt.Seed, Models: opt.Models, Published: opt.Published, PublishedLeaks: opt.Leaks, PublishedGrids: opt.Grids}
	if err := s.needLog(ctx); err != nil {
		return out, err
	}
	contents, err := s.engine.Describe(ctx)
	if err != nil {
		return out, err
	}
	logged, err := s.engine.LoggedDays(ctx, contents.FirstDay, contents.LastDay)
	if err != nil {
		return out, err
	}
	if out.Question, err = activity.QuestionOf(contents, logged, opt.Early, opt.Threshold); err != nil {
		return out, err
	}
	out.Progress = func(step string, done, total int64) {
		unit := Steps
		if step == activity.StepFeatures {
			unit = Users
		}
		opt.Progress.tell(Step{Name: "predict: " + step, Unit: unit, Done: done, Total: total})
	}
	if opt.Truth == "" {
		return out, nil
	}
	cfg, err := village.Origin(opt.Truth)
	if err != nil {
		return out, err
	}
	keys, err := s.engine.UserKeys(ctx)
	if err != nil {
		return out, err
	}
	out.Truth = func(o *activity.Observed, users []int32) ([]float64, error) {
		ids := make([]string, len(users))
		for k, u := range users {
			ids[k] = keys[u]
		}
		late := village.Late{FromDay: int(o.AsOf.Sub(o.From)/(24*time.Hour)) + 1, Threshold: o.Threshold}
		chances, err := village.ChancesOf(ctx, cfg, ids, late, truthLives)
		if err != nil {
			return nil, err
		}
		return fillMean(chances), nil
	}
	return out, nil
}

// fillMean puts the mean in the place of NaN: of users who came in none of their lives nothing is known.
func fillMean(v []float64) []float64 {
	var sum, n float64
	for _, x := range v {
		if !math.IsNaN(x) {
			sum, n = sum+x, n+1
		}
	}
	for i, x := range v {
		if math.IsNaN(x) {
			v[i] = sum / n
		}
	}
	return v
}

// Predict compares all models at telling who will be active, and finds what drives it, segments, and how long users stay.
func (s *Segue) Predict(ctx context.Context, opt PredictOptions) (*activity.Results, error) {
	o, err := s.activityOptions(ctx, opt)
	if err != nil {
		return nil, err
	}
	return activity.Run(ctx, s.engine, o)
}

// Audit runs the leakage audit over the features and the split that Predict would use. A nil error with no alarms is a pass.
func (s *Segue) Audit(ctx context.Context, opt PredictOptions) ([]activity.Alarm, error) {
	o, err := s.activityOptions(ctx, opt)
	if err != nil {
		return nil, err
	}
	set, err := activity.Prepare(ctx, s.engine, o)
	if err != nil {
		return nil, err
	}
	var leak *activity.LeakError
	if err := activity.AuditSplit(ctx, s.engine, set, opt.Seed); errors.As(err, &leak) {
		return leak.Alarms, nil
	} else if err != nil {
		return nil, err
	}
	return nil, nil
}

// TrainPredictor trains the predictor and writes it to file.
func (s *Segue) TrainPredictor(ctx context.Context, file string, opt PredictOptions) (*activity.Predictor, error) {
	o, err := s.activityOptions(ctx, opt)
	if err != nil {
		return nil, err
	}
	set, err := activity.Prepare(ctx, s.engine, o)
	if err != nil {
		return nil, err
	}
	p, err := activity.TrainPredictor(ctx, s.engine, set, activity.TrainOptions{Seed: opt.Seed, Progress: func(done, total int, _ string) {
		opt.Progress.tell(Step{Name: "predict: train the predictor", Unit: Steps, Done: int64(done), Total: int64(total)})
	}})
	if err != nil {
		return nil, err
	}
	return p, writeWhole(file, p.Save)
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(file string, write func(io.Writer) error) error {
	if err := durable.Replace(file, 0o644, func(f *os.File) error { return write(f) }); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

// LoadPredictor reads a predictor that TrainPredictor wrote.
func LoadPredictor(file string) (*activity.Predictor, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("load the predictor: %w; make one with `segue predict train`", err)
	}
	defer f.Close()
	p, err := activity.LoadPredictor(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// scoring is what scores and explanations begin with: the features that a predictor reads, of the log that is loaded.
func (s *Segue) scoring(ctx context.Context, p *activity.Predictor, opt PredictOptions) (*activity.Set, []string, error) {
	opt.Early = int(p.Question.AsOf.Sub(p.Question.From) / (24 * time.Hour))
	opt.Threshold = p.Threshold
	o, err := s.activityOptions(ctx, opt)
	if err != nil {
		return nil, nil, err
	}
	set, err := activity.Prepare(ctx, s.engine, o)
	if err != nil {
		return nil, nil, err
	}
	keys, err := s.engine.UserKeys(ctx)
	return set, keys, err
}

// Score writes the scores of everyone seen early to a Parquet file and returns how many there are.
func (s *Segue) Score(ctx context.Context, p *activity.Predictor, file string, opt PredictOptions) (int, error) {
	set, keys, err := s.scoring(ctx, p, opt)
	if err != nil {
		return 0, err
	}
	opt.Progress.tell(Step{Name: "predict: score users", Unit: Steps})
	return len(set.Users), writeWhole(file, func(w io.Writer) error { return p.WriteScores(ctx, w, set, keys, p.Segments) })
}

// Explain says why a user, by the log's own id, has her score.
func (s *Segue) Explain(ctx context.Context, p *activity.Predictor, user string, opt PredictOptions) (*activity.Why, error) {
	set, keys, err := s.scoring(ctx, p, opt)
	if err != nil {
		return nil, err
	}
	for id, key := range keys {
		if key != user {
			continue
		}
		row, ok := set.RowOf(int32(id))
		if !ok {
			return nil, fmt.Errorf("user %s was not seen from %s to %s: there is nothing to predict her from", user, set.From.Format(time.DateOnly), set.AsOf.AddDate(0, 0, -1).Format(time.DateOnly))
		}
		return p.Explain(ctx, set, row, key, p.Segments)
	}
	return nil, fmt.Errorf("there is no user %q in the log; `segue sql \"select user_key from users limit 5\"` shows how it spells them", user)
}
