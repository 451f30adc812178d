package segue

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/evaluate"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/rank"
	"github.com/seguefeed/segue/village"
)

// loadedVillage is a village of some users in a database, and the directory of its log and truth.
func loadedVillage(t *testing.T, users int) (s *Segue, log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	if _, err := Simulate(t.Context(), log, village.Config{Users: users, Seed: 21, Truth: true}, nil); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Path: filepath.Join(dir, "v.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Ingest(t.Context(), []string{log}, IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	return s, log
}

// quick is a small evaluation: one ranker of few trees, lists for some users.
func quick(log string) RecommendOptions {
	return RecommendOptions{Seed: 1, Truth: log, Users: 150, Algorithms: []rank.Config{{Algorithm: rank.Logistic, Seed: 1}}}
}

func cellOf(t *testing.T, table *evaluate.Table, method, measure string) evaluate.Cell {
	t.Helper()
	for _, r := range table.Rows {
		for k, m := range table.Measures {
			if r.Method == method && m.Name == measure {
				return r.Cells[k]
			}
		}
	}
	t.Fatalf("there is no %s of %q", measure, method)
	return evaluate.Cell{}
}

// TestRecommendations evaluates, trains and shows on one village.
func TestRecommendations(t *testing.T) {
	s, log := loadedVillage(t, 4000)
	r, err := s.EvaluateRecommender(t.Context(), quick(log))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("what was shown", func(t *testing.T) {
		random, popular := cellOf(t, r.Rerank, "random", "auc_user"), cellOf(t, r.Rerank, evaluate.Popularity, "auc_user")
		if math.Abs(random.Value-.5) > .06 || !(popular.Value > random.Value) {
			t.Errorf("AUC within users is %.3f by chance and %.3f by popularity; want .5, and more", random.Value, popular.Value)
		}
		if ece, chance := r.Calibration.ECE, errorByChance(r.Calibration.Bins); !(ece < .01+chance) {
			t.Errorf("calibration error is %v; want below .01 and what chance makes of right chances, %v", ece, chance)
		}
	})
	t.Run("the truth", func(t *testing.T) {
		oracle, random := cellOf(t, r.Truth, evaluate.OracleName, "true_click_rate"), cellOf(t, r.Truth, "random", "true_click_rate")
		for _, row := range r.Truth.Rows {
			if v := cellOf(t, r.Truth, row.Method, "true_click_rate").Value; v > oracle.Value {
				t.Errorf("%s has %.4f true clicks a card, more than the %.4f of the oracle", row.Method, v, oracle.Value)
			}
		}
		for _, better := range []string{evaluate.Popularity, evaluate.ThePage, evaluate.Ranked} {
			if v := cellOf(t, r.Truth, better, "true_click_rate").Value; !(v > 1.2*random.Value) {
				t.Errorf("%s has %.4f true clicks a card and chance %.4f; want a fifth more at least", better, v, random.Value)
			}
		}
		if v := cellOf(t, r.Truth, evaluate.OracleName, "oracle_share").Value; v != 1 {
			t.Errorf("the oracle's share of its own gain is %v", v)
		}
	})
	t.Run("the parts are there", func(t *testing.T) {
		if len(r.Groups) < 6 || len(r.Position) == 0 || len(r.TradeOffs) == 0 || len(r.Switches) == 0 || len(r.Pages) == 0 {
			t.Errorf("%d groups, %d curves, %d trade-offs, %d switches, %d pages", len(r.Groups), len(r.Position), len(r.TradeOffs), len(r.Switches), len(r.Pages))
		}
		for _, c := range r.Position {
			var by []string
			for _, m := range c.By() {
				by = append(by, m.Method)
			}
			want, misses := []string{"raw", "within visits", "swaps", "paired"}, 4
			if c.Visits == evaluate.AllVisits {
				want, misses = want[:1], 0
			}
			if !slices.Equal(by, want) || len(c.Misses()) != misses {
				t.Errorf("visits %s have the curves %q and %v off the truth; want %q", c.Visits, by, c.Misses(), want)
			}
		}
		for _, p := range r.Pages {
			for _, c := range p.Cards {
				if c.Reason == "" || len(c.Sources) == 0 || !(c.True >= 0) {
					t.Errorf("a card of the page of %s says not enough: %+v", p.Who, c)
				}
			}
		}
	})
	t.Run("train and show", func(t *testing.T) { trainAndShow(t, s, log) })
}

// errorByChance is what the calibration error of right chances is below in 99 of 100 draws of the clicks: a small village has few a bin.
func errorByChance(bins []evaluate.Bin) float64 {
	r := rand.New(rand.NewPCG(1, 2))
	var errs []float64
	for range 400 {
		sum, rows := 0.0, 0.0
		for _, b := range bins {
			clicks := 0.0
			for range b.N {
				if r.Float64() < b.Predicted {
					clicks++
				}
			}
			sum += math.Abs(clicks - float64(b.N)*b.Predicted)
			rows += float64(b.N)
		}
		errs = append(errs, sum/rows)
	}
	slices.Sort(errs)
	return errs[len(errs)*99/100]
}

func trainAndShow(t *testing.T, s *Segue, log string) {
	dir := t.TempDir()
	m, err := s.TrainRecommender(t.Context(), dir, quick(log), true)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Current || len(m.Gate.Why) != 4 || len(m.Metrics) == 0 || m.Data.Clicks == 0 {
		t.Errorf("the manifest is %+v", m.Manifest)
	}
	_, rec, err := feed.OpenRecommender(dir, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Settings != feed.Defaults() { // as it was judged
		t.Errorf("pages are made by %+v; want %+v", rec.Settings, feed.Defaults())
	}
	keys, err := s.engine.UserKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{keys[0], keys[len(keys)/2], "nobody the log knows"} {
		p, err := s.ShowPage(t.Context(), dir, "", user, ShowOptions{N: 20})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Cards) != 20 || p.Model != m.ID {
			t.Errorf("the page of %s has %d cards and is of version %s; want 20 of %s", user, len(p.Cards), p.Model, m.ID)
		}
		if user == "nobody the log knows" && !strings.Contains(p.Facts, "never seen before") {
			t.Errorf("of a stranger it says %q", p.Facts)
		}
	}
	narrowed(t, s, dir, keys[0])
	again, err := s.TrainRecommender(t.Context(), dir, quick(log), true)
	if err != nil {
		t.Fatal(err)
	}
	// Same log, same seed: the same bytes.
	for k, f := range again.Files {
		if f != m.Files[k] {
			t.Errorf("trained again, %s has checksum %s and had %s", f.Name, f.SHA256, m.Files[k].SHA256)
		}
	}
	if err := os.WriteFile(filepath.Join(again.Folder, again.Files[0].Name), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ShowPage(t.Context(), dir, "", keys[0], ShowOptions{N: 20}); !errors.Is(err, feed.ErrDamaged) {
		t.Errorf("of a damaged version: %v; want ErrDamaged", err)
	}
	if err := feed.Activate(dir, m.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ShowPage(t.Context(), dir, "", keys[0], ShowOptions{N: 20}); err != nil {
		t.Errorf("back at the first version: %v", err)
	}
}

// TestReasonsHold takes away what reasons cite: the card's standing with the generator that gave the reason must fall.
func TestReasonsHold(t *testing.T) {
	s, log := loadedVillage(t, 3000)
	opt := quick(log)
	o, err := s.evaluateOptions(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	rec, _, err := s.fitRecommender(t.Context(), o, string(rank.Logistic))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.engine.UserKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	removed := map[string]int{}
	for u := 0; u < len(keys); u += 25 {
		r, _, err := s.request(t.Context(), rec, keys[u])
		if err != nil {
			t.Fatal(err)
		}
		r.N = 20
		p, err := rec.Feed.Page(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Cards {
			back, err := rec.Feed.Reconsider(t.Context(), r, c)
			if err != nil {
				t.Fatal(err)
			}
			removed[back.Removed]++
			if strings.Contains(c.Reason, "because you watched") && back.Removed != "card" {
				t.Errorf("%q cites a card and none was taken away", c.Reason)
			}
			if back.Removed == "card" && back.Named && !(back.Without < back.With) {
				t.Errorf("user %s, card %d, %q: %s gives it %v, and %v without the card that the reason cites", keys[u], c.Item, c.Reason, back.Generator, back.With, back.Without)
			}
		}
	}
	if removed["card"] == 0 || removed["traits"] == 0 {
		t.Errorf("reasons cited %v; want cards and traits among them", removed)
	}
}
