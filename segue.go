// Package segue turns a content feed's impression log into a report about who engages, when and
// with what. It is the facade over the packages beside it and the only one that chooses an engine:
//
//	s, err := segue.Open(ctx, segue.Config{Path: "feed.duckdb"})
//	...
//	_, err = s.Ingest(ctx, []string{"csv_data"}, segue.IngestOptions{})
//	page, err := s.Report(ctx, "report", segue.ReportOptions{})
package segue

import (
	"context"
	"fmt"
	"time"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
	"github.com/seguefeed/segue/report"
	"github.com/seguefeed/segue/village"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/duckdb"
)

// Version is the version of segue.
const Version = "0.1.0-dev"

// Config says which database to open and bounds its engine.
type Config struct {
	Path     string // the database file, made if it is missing and ReadOnly is false; "" means segue.duckdb
	MemoryMB int    // what the engine may hold in memory before it works on disk; 0 means 2000
	Threads  int    // 0 means all processors
	ReadOnly bool
}

// Segue is an open database and what can be asked of it. Its methods may not be called concurrently with Close.
type Segue struct {
	engine *duckdb.Engine
	path   string
}

// Open opens a database.
func Open(ctx context.Context, cfg Config) (*Segue, error) {
	if cfg.Path == "" {
		cfg.Path = "segue.duckdb"
	}
	if cfg.MemoryMB == 0 {
		cfg.MemoryMB = 2000
	}
	engine, err := duckdb.Open(ctx, cfg.Path, duckdb.Config{MemoryMB: cfg.MemoryMB, Threads: cfg.Threads, ReadOnly: cfg.ReadOnly})
	if err != nil {
		return nil, err
	}
	return &Segue{engine: engine, path: cfg.Path}, nil
}

// Close closes the database.
func (s *Segue) Close() error { return s.engine.Close() }

// Warehouse is the port the open database answers, for questions of one's own.
func (s *Segue) Warehouse() warehouse.Warehouse { return s.engine }

// EngineVersion says which engine this program embeds.
func EngineVersion(ctx context.Context) (string, error) { return duckdb.Version(ctx) }

// Simulate writes a simulated log into dir.
func Simulate(ctx context.Context, dir string, cfg village.Config, progress Progress) (village.Summary, error) {
	if cfg.Progress == nil && progress != nil {
		cfg.Progress = func(done, total int64) {
			progress.tell(Step{Name: "simulate", Unit: Impressions, Done: done, Total: total})
		}
	}
	summary, err := village.Write(ctx, dir, cfg)
	if err == nil { // on the way the number is an estimate
		progress.tell(Step{Name: "simulate", Unit: Impressions, Done: summary.Impressions, Total: summary.Impressions})
	}
	return summary, err
}

// Check runs the data checks over the loaded log.
func (s *Segue) Check(ctx context.Context) ([]warehouse.DataCheck, error) {
	if err := s.needLog(ctx); err != nil {
		return nil, err
	}
	return s.engine.Checks(ctx)
}

// SQL runs one query that only reads.
func (s *Segue) SQL(ctx context.Context, query string) (warehouse.QueryRows, error) {
	return s.engine.SQL(ctx, query)
}

// AnalyzeOptions direct an analysis.
type AnalyzeOptions struct {
	Only     []string // ids of the questions to ask; nil means all
	Progress Progress
}

// Analyze asks the questions.
func (s *Segue) Analyze(ctx context.Context, opt AnalyzeOptions) (*analysis.Results, error) {
	if err := s.needLog(ctx); err != nil {
		return nil, err
	}
	return analysis.Run(ctx, s.engine, analysis.Options{
		Only: opt.Only,
		Progress: func(done, total int, title string) {
			opt.Progress.tell(Step{Name: "analyse", Unit: Questions, Done: int64(done), Total: int64(total)})
		},
	})
}

// ReportOptions direct a report.
type ReportOptions struct {
	Title     string            // "" means one made from the days of the log
	Predict   *PredictOptions   // also say who will be active; nil means not to
	Predictor string            // file to write the predictor to that says so; "" means that it is not kept
	Recommend *RecommendOptions // also say what to recommend, and how good that is; nil means not to
	Progress  Progress
}

// Report analyses the log and writes the report into dir, in place of an earlier report there. It returns the
// path of the page.
func (s *Segue) Report(ctx context.Context, dir string, opt ReportOptions) (string, error) {
	if err := report.CheckDir(dir); err != nil {
		return "", err
	}
	results, err := s.Analyze(ctx, AnalyzeOptions{Progress: opt.Progress})
	if err != nil {
		return "", err
	}
	var prediction *activity.Results
	if opt.Predict != nil {
		p := *opt.Predict
		p.Progress = opt.Progress
		if prediction, err = s.Predict(ctx, p); err != nil {
			return "", err
		}
		if opt.Predictor != "" {
			if err := writeWhole(opt.Predictor, prediction.Predictor.Save); err != nil {
				return "", err
			}
		}
	}
	var recommendation *evaluate.Results
	if opt.Recommend != nil {
		r := *opt.Recommend
		r.Progress = opt.Progress
		if recommendation, err = s.EvaluateRecommender(ctx, r); err != nil {
			return "", err
		}
	}
	opt.Progress.tell(Step{Name: "check the data", Unit: Steps, Total: 1})
	checks, err := s.engine.Checks(ctx)
	if err != nil {
		return "", err
	}
	opt.Progress.tell(Step{Name: "write the report", Unit: Steps, Total: 1})
	contents, err := s.engine.Describe(ctx)
	if err != nil {
		return "", err
	}
	return report.Write(ctx, dir, report.Input{
		Title: opt.Title, Generated: time.Now(), Version: Version, Source: s.path,
		Contents: contents, Checks: checks, Answers: results.Answers, Prediction: prediction, Recommendation: recommendation,
	})
}

// needLog refuses a database that holds no impressions, in words that say what to do.
func (s *Segue) needLog(ctx context.Context) error {
	contents, err := s.engine.Describe(ctx)
	if err != nil {
		return err
	}
	if contents.Impressions == 0 {
		return fmt.Errorf("%s holds no impressions yet; load a log with `segue ingest DIR --db %s`, or try `segue demo`", s.path, s.path)
	}
	return nil
}
