package segue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/evaluate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/rank"
)

// TrainedModel is a version of a recommender that was trained and written.
type TrainedModel struct {
	feed.Manifest
	Folder   string    // of the version
	Current  bool      // is it the one in use now
	JudgedTo time.Time // the last day that was judged by; days after it have too few impressions, and count in what was trained
}

// ErrGate is given for a model that does not beat popularity and its own candidates. It was written, and is not current.
var ErrGate = errors.New("the model did not pass the gate")

// TrainRecommender trains a recommender on the whole log and writes it as a version under dir. Before, the same is trained without the last days,
// ChooseDays of them to choose a ranker and as many to pass the gate on; a model that does not pass is written but not made current, and
// the error is ErrGate, unless force says to make it current all the same.
func (s *Segue) TrainRecommender(ctx context.Context, dir string, opt RecommendOptions, force bool) (*TrainedModel, error) {
	if opt.ChooseDays == 0 {
		opt.ChooseDays = 2
	}
	opt.JudgeDays = opt.ChooseDays
	o, err := s.evaluateOptions(ctx, opt)
	if err != nil {
		return nil, err
	}
	o.Brief = true
	judged, err := evaluate.Run(ctx, s.engine, o)
	if err != nil {
		return nil, err
	}
	rec, data, err := s.fitRecommender(ctx, o, judged.Chosen)
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(map[string]any{"ranker": judged.Chosen, "page": rec.Settings, "generators": generatorNames(rec.Generators)})
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	t := &TrainedModel{JudgedTo: o.To, Manifest: feed.Manifest{ID: now.Format("20060102-150405.000"), Created: now, Version: Version, Seed: opt.Seed, Data: data,
		Settings: settings, Metrics: metricsOf(judged), Gate: feed.Gate{Passed: true}}}
	for _, h := range evaluate.Gate(judged) {
		t.Gate.Passed = t.Gate.Passed && h.Passed
		t.Gate.Why = append(t.Gate.Why, h.Text)
		if !h.Passed {
			t.Gate.Lost = append(t.Gate.Lost, h.Text)
		}
	}
	t.Gate.Forced = force && !t.Gate.Passed
	t.Current = t.Gate.Passed || t.Gate.Forced
	opt.Progress.tell(Step{Name: "recommend: write the model", Unit: Steps, Total: 1})
	if t.Folder, err = feed.WriteVersion(dir, t.Manifest, rec.Parts()); err != nil {
		return nil, err
	}
	if t.Manifest, err = feed.ReadManifest(t.Folder); err != nil {
		return nil, err
	}
	if !t.Current {
		return t, fmt.Errorf("%w: version %s stands in %s but is not current; --force makes it so", ErrGate, t.ID, t.Folder)
	}
	return t, feed.Activate(dir, t.ID)
}

// fitRecommender fits everything on all days of the log.
func (s *Segue) fitRecommender(ctx context.Context, o evaluate.Options, chosen string) (*feed.Recommender, feed.DataRange, error) {
	data := feed.DataRange{From: o.From}
	contents, err := s.engine.Describe(ctx)
	if err != nil {
		return nil, data, err
	}
	o.To = contents.LastDay // also of days that have too few impressions to judge by
	data.To = o.To
	data.Users, data.Cards, data.Impressions = int(contents.Users), int(contents.Cards), contents.Impressions
	totals, err := s.engine.WindowTotals(ctx, o.From, o.To)
	if err != nil {
		return nil, data, err
	}
	for _, n := range totals.Clicks {
		data.Clicks += int64(n)
	}
	cards, err := s.engine.Cards(ctx)
	if err != nil {
		return nil, data, err
	}
	keys, err := s.engine.CardKeys(ctx)
	if err != nil {
		return nil, data, err
	}
	o.Progress("statistics", 0, 0)
	pairs, err := feature.NewPairContext(ctx, s.engine, o.From, o.To)
	if err != nil {
		return nil, data, err
	}
	o.Progress("train the ranker", 0, 0)
	model, err := evaluate.FitChosen(ctx, s.engine, pairs, o, chosen)
	if err != nil {
		return nil, data, err
	}
	fitted, err := feed.FitGenerators(ctx, s.engine, cards, feed.Fitting{From: o.From, AsOf: o.To.AddDate(0, 0, 1), Only: o.Only, Seed: o.Seed, Threads: o.Threads,
		Progress: func(done, total int, _ string) { o.Progress("fit generators", done, total) }})
	if err != nil {
		return nil, data, err
	}
	var generators []candidate.Generator
	for _, f := range fitted {
		generators = append(generators, f.Generator)
	}
	rec, err := feed.NewRecommender(feed.Recommender{Cards: cards, CardKeys: keys, Generators: generators, Model: model, Pairs: pairs, Settings: o.Settings,
		Examination: browsingCurve(model)})
	return rec, data, err
}

// browsingCurve is the examination by slot that evidence is weighed by; nil where the model knows none.
func browsingCurve(m *rank.Model) []float64 {
	if m.Examination == nil {
		return nil
	}
	var out []float64
	for _, e := range m.Examination.Browsing {
		out = append(out, e.Value.Value)
	}
	return out
}

func generatorNames(gs []candidate.Generator) []string {
	var out []string
	for _, g := range gs {
		out = append(out, g.Name())
	}
	return out
}

// metricsOf are the measured cells of the tables.
func metricsOf(r *evaluate.Results) []feed.Metric {
	var out []feed.Metric
	for _, t := range []struct {
		question string
		table    *evaluate.Table
	}{{"shown", r.Rerank}, {"catalogue", r.Retrieve}, {"truth", r.Truth}} {
		if t.table == nil {
			continue
		}
		for _, row := range t.table.Rows {
			for k, c := range row.Cells {
				if c.Value == c.Value && c.Low == c.Low && c.High == c.High {
					out = append(out, feed.Metric{Method: row.Method, Name: t.question + " " + t.table.Measures[k].Name, Value: c.Value, Low: c.Low, High: c.High})
				}
			}
		}
	}
	return out
}
