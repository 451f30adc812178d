package segue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/rank"
	"github.com/seguefeed/segue/village"
)

// DemoOptions size a demo.
type DemoOptions struct {
	Users int // at least 1
	Seed  uint64
	// ShiftDays moves the log's days, see IngestOptions: the village's are those of November 2019, and cards of that age are new to nobody. DemoShift brings them to now.
	ShiftDays int
	MemoryMB  int // as in Config
	Threads   int // as in Config
	Progress  Progress
}

// DemoResult says where a demo's parts are.
type DemoResult struct {
	Log      string    `json:"log"` // directory of the six files
	Database string    `json:"database"`
	Page     string    `json:"page"`             // the report's page
	Models   string    `json:"models,omitempty"` // folder of the recommender's versions; "" on a village of a handful
	Gate     feed.Gate `json:"gate"`             // what stood between the recommender and its use
	// Predictor is the file of the predictor of who will be active; "" on a village of a handful.
	Predictor string `json:"predictor,omitempty"`
	Serve     string `json:"serve"` // folder for what a server of it keeps; the demo makes none
	// FirstDay and LastDay are those of the log as the database has it, moved or not: 2019-11-01 to 2019-11-30.
	FirstDay string `json:"first_day"`
	LastDay  string `json:"last_day"`
}

// DemoShift is by how many days a demo's log is moved, so that it ends within the seven days before the day of now: whole weeks, so that its weekends stay weekends.
func DemoShift(now time.Time) int {
	_, last := village.Days()
	today := now.In(feedlog.China)
	days := int(time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC).Sub(last) / (24 * time.Hour))
	return max(0, (days-1)/7*7)
}

// demoMarker names the file that marks a directory as a demo's, which the next demo may replace.
const demoMarker = ".segue-demo"

// Demo simulates a log under dir, ingests it into a database there, writes the report and trains a recommender. A directory that
// holds anything else than an earlier demo is refused.
func Demo(ctx context.Context, dir string, opt DemoOptions) (DemoResult, error) {
	first, last := village.Days()
	day := func(d time.Time) string { return d.AddDate(0, 0, opt.ShiftDays).Format(time.DateOnly) }
	res := DemoResult{Log: filepath.Join(dir, "log"), Database: filepath.Join(dir, "segue.duckdb"), Serve: filepath.Join(dir, "serve"), FirstDay: day(first), LastDay: day(last)}
	if err := clearDemo(dir, res); err != nil {
		return res, err
	}
	cfg := village.Config{Users: opt.Users, Seed: opt.Seed, Threads: opt.Threads, Null: village.NullNA, Truth: true}
	if _, err := Simulate(ctx, res.Log, cfg, opt.Progress); err != nil {
		return res, err
	}
	s, err := Open(ctx, Config{Path: res.Database, MemoryMB: opt.MemoryMB, Threads: opt.Threads})
	if err != nil {
		return res, err
	}
	predict := opt.predict(res.Log)
	if predict != nil {
		res.Predictor = filepath.Join(dir, demoPredictor)
	}
	if _, err = s.Ingest(ctx, []string{res.Log}, IngestOptions{ShiftDays: opt.ShiftDays, Progress: opt.Progress}); err == nil {
		res.Page, err = s.Report(ctx, filepath.Join(dir, "report"), ReportOptions{Title: "A simulated village", Predict: predict, Predictor: res.Predictor, Recommend: opt.recommend(res.Log),
			Progress: opt.Progress})
	}
	if r := opt.recommend(res.Log); err == nil && r != nil {
		res.Models = filepath.Join(dir, demoModels)
		r.Progress = opt.Progress
		var m *TrainedModel
		if m, err = s.TrainRecommender(ctx, res.Models, *r, true); err == nil { // whatever the gate says, a demo shows a page
			res.Gate = m.Gate
		}
	}
	return res, errors.Join(err, s.Close())
}

// What a demo keeps of what it learned.
const (
	demoModels    = "models"
	demoPredictor = "segue.predictor"
)

// predictUsers are those of the smallest village that has enough active users to learn from, to calibrate and to judge.
const predictUsers = 3000

// predict is what a demo predicts: on a village of a handful, nothing.
func (opt DemoOptions) predict(log string) *PredictOptions {
	if opt.Users < predictUsers {
		return nil
	}
	return &PredictOptions{Seed: opt.Seed, Truth: log}
}

// recommend is what a demo evaluates: two rankers, and lists for some hundred users, so that it stays a matter of seconds.
func (opt DemoOptions) recommend(log string) *RecommendOptions {
	if opt.Users < predictUsers {
		return nil
	}
	return &RecommendOptions{Seed: opt.Seed, Truth: log, Threads: opt.Threads, Users: 200, TrainRows: 400_000,
		Algorithms: []rank.Config{{Algorithm: rank.Hybrid, Seed: opt.Seed}, {Algorithm: rank.Logistic, Seed: opt.Seed}}}
}

// clearDemo makes dir, or empties an earlier demo in it.
func clearDemo(dir string, res DemoResult) error {
	marker := filepath.Join(dir, demoMarker)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("demo: %w", err)
	}
	if len(entries) > 0 {
		if _, err := os.Stat(marker); err != nil {
			return fmt.Errorf("demo: %s holds other files; choose another directory with --dir", dir)
		}
	}
	for _, old := range []string{res.Database, res.Database + ".wal", filepath.Join(dir, "report"), filepath.Join(dir, demoModels), filepath.Join(dir, demoPredictor), res.Serve, res.Log} {
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return os.WriteFile(marker, []byte("made by segue demo; the next one may replace it\n"), 0o644)
}
