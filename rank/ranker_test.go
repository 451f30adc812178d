package rank

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

// hamlet is enough where nothing is measured.
var hamlet = sync.OnceValue(func() *planted { return plant(600, 3) })

var feed = sync.OnceValue(func() *planted { return plant(2500, 1) })

func quick(a Algorithm, p Position) Config {
	return Config{Algorithm: a, Position: p, Trees: 40, MaxLeaves: 8, MinLeaf: 50, Seed: 3}
}

func train(t testing.TB, set *feature.PairSet, cfg Config) *Model {
	t.Helper()
	m, err := Train(t.Context(), set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPositionIsLearnedAway: where cards stand by show, a ranker that takes clicks as they are orders by it, and one that knows of places does
// not.
func TestPositionIsLearnedAway(t *testing.T) {
	x, quality := page(300, 2)
	for _, a := range []Algorithm{Hybrid, Boosted, Logistic, LambdaMART, Pairwise} {
		got := map[Position]float64{}
		for _, p := range []Position{PositionInput, PositionWeights, PositionNone} {
			m := train(t, feed().set, quick(a, p))
			score := make([]float32, len(quality))
			if err := m.Score(x, score); err != nil {
				t.Fatal(err)
			}
			got[p] = concordance(score, quality)
		}
		if got[PositionInput] < .9 || got[PositionWeights] < .9 {
			t.Errorf("%s: the true order is met for %v of pairs", a, got)
		}
		if got[PositionNone] > min(got[PositionInput], got[PositionWeights])-.04 {
			t.Errorf("%s: nothing is lost by taking clicks as they are: %v", a, got)
		}
	}
}

// TestScoresAreChances holds scores to the planted chances in full view, and calibration to clicks where the cards were.
func TestScoresAreChances(t *testing.T) {
	fresh := plant(800, 77)
	for _, cfg := range []Config{quick(Hybrid, PositionInput), quick(Hybrid, PositionWeights), quick(Boosted, PositionInput), quick(Logistic, PositionInput), quick(Boosted, PositionWeights)} {
		cfg.Trees = 100
		m := train(t, feed().set, cfg)
		score := make([]float32, fresh.set.Rows)
		if err := m.Score(fresh.set.X, score); err != nil {
			t.Fatal(err)
		}
		var want, got float64
		for i, c := range fresh.chance {
			want += c
			got += float64(score[i])
		}
		if r := got / want; r < .85 || r > 1.15 {
			t.Errorf("%s, %s: the mean score is %.3f of the chance in full view", cfg.Algorithm, cfg.Position, r)
		}
		j, err := m.Judge(t.Context(), fresh.set, "keen", "colour")
		if err != nil {
			t.Fatal(err)
		}
		if j.ECE > .01 {
			t.Errorf("%s, %s: ECE %v", cfg.Algorithm, cfg.Position, j.ECE)
		}
		if !(j.PlacedAUC > j.AUC && j.AUC > .6 && j.ScreenAUC > .6 && j.NDCG > j.ScreenAUC) {
			t.Errorf("%s, %s: %+v", cfg.Algorithm, cfg.Position, j)
		}
		rows := map[string]int{}
		for _, s := range j.Slices {
			rows[s.Column] += s.Rows
		}
		for _, column := range []string{"place", "keen", "colour"} {
			if rows[column] != fresh.set.Rows {
				t.Errorf("the slices by %s hold %d of %d rows", column, rows[column], fresh.set.Rows)
			}
		}
	}
	m := train(t, feed().set, quick(Logistic, PositionInput))
	if _, err := m.Judge(t.Context(), fresh.set, "size"); err == nil {
		t.Error("a slice by a feature that is not there is no error")
	}
}

// TestRatiosOnlyRaise: a feature of unit "ratio" never lowers a score, unless that is asked for.
func TestRatiosOnlyRaise(t *testing.T) {
	falls := func(cfg Config) (n int) {
		m := train(t, plant(300, 12).set, cfg)
		nan := float32(math.NaN())
		score := make([]float32, 1)
		last := float32(0)
		for q := float32(-3); q < 3; q += .05 {
			if err := m.Score([]float32{q, .5, -.5, nan, 0, nan}, score); err != nil {
				t.Fatal(err)
			}
			if score[0] < last {
				n++
			}
			last = score[0]
		}
		return n
	}
	cfg := Config{Trees: 60, MaxLeaves: 31, MinLeaf: 10}
	if n := falls(cfg); n > 0 {
		t.Errorf("the score falls %d times while quality rises", n)
	}
	cfg.Monotone = map[string]int{}
	if n := falls(cfg); n == 0 {
		t.Error("without the constraint the score never falls, so that the test shows nothing")
	}
}

func TestIsotonicKeepsTheOrder(t *testing.T) {
	cfg := quick(Boosted, PositionInput)
	platt := train(t, feed().set, cfg)
	cfg.Calibration = learn.IsotonicScaling
	iso := train(t, feed().set, cfg)
	x, _ := page(200, 5)
	a, b := make([]float32, 200), make([]float32, 200)
	if err := errors.Join(platt.Score(x, a), iso.Score(x, b)); err != nil {
		t.Fatal(err)
	}
	for i := range a {
		for j := range i {
			if (a[i] > a[j]) != (b[i] > b[j]) && math.Abs(float64(a[i]-a[j])) > 1e-4 {
				t.Fatalf("cards %d and %d: %v, %v by Platt, %v, %v by steps", i, j, a[i], a[j], b[i], b[j])
			}
		}
	}
}

// TestValue: likes and views hang on show, which is found, and shares on nothing.
func TestValue(t *testing.T) {
	m := train(t, feed().set, quick(Boosted, PositionInput))
	if m.Trained.ViewTrees == 0 || m.Trained.LikeTrees == 0 {
		t.Errorf("trees of what follows a click: %+v", m.Trained)
	}
	nan := float32(math.NaN())
	x := []float32{0, -1, 0, nan, 1, nan, 0, 1, 0, nan, 1, nan} // quality 0, show -1 and 1
	out := make([]Parts, 2)
	w := Weights{Click: 1, View: .5, Like: 2, Share: 10}
	if err := m.Value(x, w, out); err != nil {
		t.Fatal(err)
	}
	if d := out[1].View - out[0].View; d < 1 || d > 1.8 { // truly 1.4
		t.Errorf("views of log %v and %v", out[0].View, out[1].View)
	}
	if out[1].Like < out[0].Like+.4 { // truly .73 and .05
		t.Errorf("likes %v and %v", out[0].Like, out[1].Like)
	}
	if out[0].Share < 0 || out[0].Share > .05 {
		t.Errorf("shares %v", out[0].Share)
	}
	score := make([]float32, 2)
	if err := m.Score(x, score); err != nil {
		t.Fatal(err)
	}
	for k, o := range out {
		if o.Click != score[k] {
			t.Errorf("card %d: a click of %v, scored %v", k, o.Click, score[k])
		}
		want := float64(o.Click) * (1 + .5*float64(o.View) + 2*float64(o.Like) + 10*float64(o.Share))
		if math.Abs(float64(o.Value)/want-1) > 1e-5 {
			t.Errorf("card %d: %+v, of value %v", k, o, want)
		}
	}
	// The zero weights are the model's: a click alone.
	if err := m.Value(x, Weights{}, out); err != nil || out[0].Value != out[0].Click {
		t.Errorf("%+v, %v", out[0], err)
	}
	if err := m.Value(x, Weights{Click: -1}, out); err == nil {
		t.Error("a weight below 0 is no error")
	}
}

// TestExplain: parts sum to the score, and what was planted leads.
func TestExplain(t *testing.T) {
	for _, a := range []Algorithm{Hybrid, Boosted, Logistic, LambdaMART, Pairwise} {
		m := train(t, feed().set, quick(a, PositionInput))
		nan := float32(math.NaN())
		x := []float32{2, .1, .1, nan, 2, nan}
		e, err := m.Explain(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		sum := e.Base
		for _, c := range e.Of {
			sum += c.LogOdds
		}
		score := make([]float32, 1)
		if err := m.Score(x, score); err != nil {
			t.Fatal(err)
		}
		p := float64(score[0])
		if want := math.Log(p / (1 - p)); math.Abs(sum-want) > 1e-3 || math.Abs(e.LogOdds-want) > 1e-3 {
			t.Errorf("%s: parts sum to %v, log-odds %v, the score's %v", a, sum, e.LogOdds, want)
		}
		if e.Of[0].Name != "quality" || e.Of[0].LogOdds < .3 || len(e.Of) != plantedColumns {
			t.Errorf("%s: %+v", a, e.Of)
		}
		g := e.Grouped(func(name string) string {
			if name == "keen" {
				return "user"
			}
			return "card"
		})
		if len(g) != 2 || math.Abs(g[0].LogOdds+g[1].LogOdds-(e.LogOdds-e.Base)) > 1e-9 {
			t.Errorf("%s: grouped %+v", a, g)
		}
	}
}

func TestTrainErrors(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	for _, a := range []Algorithm{Hybrid, Boosted, Logistic, LambdaMART, Pairwise} {
		if _, err := Train(ctx, hamlet().set, quick(a, PositionInput)); !errors.Is(err, why) {
			t.Errorf("%s: a cancelled context gives %v", a, err)
		}
	}
	// Cancelled half-way: no model comes out.
	ctx, cancel = context.WithCancelCause(t.Context())
	cfg := quick(Boosted, PositionInput)
	cfg.Progress = func(done, total int) {
		if done == 5 {
			cancel(why)
		}
	}
	if _, err := Train(ctx, hamlet().set, cfg); !errors.Is(err, why) {
		t.Errorf("cancelled at the fifth tree it gives %v", err)
	}
	small := plant(200, 6).set
	for name, spoil := range map[string]func(s *feature.PairSet, c *Config){
		"no rows":                func(s *feature.PairSet, c *Config) { *s = feature.PairSet{} },
		"too few values":         func(s *feature.PairSet, c *Config) { s.X = s.X[1:] },
		"too few labels":         func(s *feature.PairSet, c *Config) { s.Clicked = s.Clicked[1:] },
		"no clicks":              func(s *feature.PairSet, c *Config) { s.Clicked = make([]bool, s.Rows) },
		"an unknown algorithm":   func(s *feature.PairSet, c *Config) { c.Algorithm = "magic" },
		"an unknown position":    func(s *feature.PairSet, c *Config) { c.Position = "magic" },
		"an unknown calibration": func(s *feature.PairSet, c *Config) { c.Calibration = "magic" },
		"nobody held out":        func(s *feature.PairSet, c *Config) { c.Valid = -1 },
		"everybody held out":     func(s *feature.PairSet, c *Config) { c.Valid = 1 },
		"weights below 0":        func(s *feature.PairSet, c *Config) { c.Weights.Like = -1 },
		"a feature of our name":  func(s *feature.PairSet, c *Config) { s.Columns[0].Name = placeColumn },
		"weights without slots": func(s *feature.PairSet, c *Config) {
			c.Position = PositionWeights
			s.Slot = make([]int32, s.Rows)
			for i := range s.Slot {
				s.Slot[i] = -1
			}
		},
	} {
		s, c := *small, Config{Trees: 3}
		s.Columns = append([]feature.PairColumn(nil), small.Columns...)
		spoil(&s, &c)
		if _, err := Train(t.Context(), &s, c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	m := train(t, small, Config{Trees: 3})
	if err := m.Score(make([]float32, 7), make([]float32, 1)); err == nil {
		t.Error("too many values are no error")
	}
	if _, err := m.Explain(t.Context(), make([]float32, 2)); err == nil {
		t.Error("too few values to explain are no error")
	}
	if err := m.Value(make([]float32, 7), Weights{}, make([]Parts, 1)); err == nil {
		t.Error("too many values to value are no error")
	}
}

// TestALogWithoutSlots still trains a ranker, of clicks as they are.
func TestALogWithoutSlots(t *testing.T) {
	s := *plant(300, 6).set
	s.Slot = make([]int32, s.Rows)
	for i := range s.Slot {
		s.Slot[i] = -1
	}
	m := train(t, &s, Config{Trees: 10})
	if m.Examination != nil {
		t.Error("examination without slots")
	}
	x, quality := page(100, 3)
	score := make([]float32, 100)
	if err := m.Score(x, score); err != nil {
		t.Fatal(err)
	}
	if c := concordance(score, quality); c < .7 {
		t.Errorf("the true order is met for %v of pairs", c)
	}
}

// TestFoldedModelsAgree: trees without the place predict what the model does at the place.
func TestFoldedModelsAgree(t *testing.T) {
	for _, a := range []Algorithm{Hybrid, Boosted, Logistic, Pairwise} {
		m := train(t, hamlet().set, quick(a, PositionInput))
		x, _ := page(150, 9)
		p := plantedColumns
		full := learn.NewMatrix(150, p+1)
		for i := range 150 {
			copy(full.Row(i), x[i*p:(i+1)*p])
			full.Row(i)[p] = fullView
		}
		want, got := make([]float64, 150), make([]float64, 150)
		err := errors.Join(m.click.Predict(full, want), folded(m.click, m.Columns, fullView).Predict(&learn.Matrix{Rows: 150, Cols: p, Data: x}, got))
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-9 {
				t.Fatalf("%s: row %d: %v folded, %v whole", a, i, got[i], want[i])
			}
		}
	}
}

func TestScoringDoesNotAllocate(t *testing.T) {
	for _, a := range []Algorithm{Hybrid, Boosted} {
		testScoringDoesNotAllocate(t, train(t, hamlet().set, quick(a, PositionInput)))
	}
}

func testScoringDoesNotAllocate(t *testing.T, m *Model) {
	x, _ := page(500, 9)
	out, parts := make([]float32, 500), make([]Parts, 500)
	w := Weights{Click: 1, View: 1, Like: 1}
	for name, f := range map[string]func() error{"Score": func() error { return m.Score(x, out) }, "Value": func() error { return m.Value(x, w, parts) }} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(20, func() { _ = f() }); n >= 1 && !raceEnabled() {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

// raceEnabled says whether the pool that compiled models take their room from drops it at random, as it does under the race detector.
func raceEnabled() bool {
	p := sync.Pool{}
	for range 100 {
		p.Put(new(int))
		if p.Get() == nil {
			return true
		}
	}
	return false
}

func BenchmarkScore(b *testing.B) {
	m := train(b, feed().set, Config{Trees: 150, MinLeaf: 50})
	x, _ := page(500, 9)
	out, parts := make([]float32, 500), make([]Parts, 500)
	b.Run(fmt.Sprintf("cards=500/trees=%d", m.Trained.Trees), func(b *testing.B) {
		for b.Loop() {
			_ = m.Score(x, out)
		}
	})
	b.Run(fmt.Sprintf("value/cards=500/trees=%d", m.Trained.Trees), func(b *testing.B) {
		for b.Loop() {
			_ = m.Value(x, Weights{Click: 1, View: 1, Like: 1, Share: 1}, parts)
		}
	})
}
