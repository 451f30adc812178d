package rank

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

// TestHybridGoesOn: among cards better than any that was shown, trees alone give all the same score, and the hybrid orders them.
func TestHybridGoesOn(t *testing.T) {
	nan := float32(math.NaN())
	var x []float32
	var quality []float64
	for k := range 40 {
		q := 4 + .1*float64(k) // what was shown is N(0,1)
		quality = append(quality, q)
		x = append(x, float32(q), .3, .2, nan, 1, nan)
	}
	for a, want := range map[Algorithm]float64{Hybrid: 1, Boosted: 0} {
		score := make([]float32, len(quality))
		if err := train(t, feed().set, quick(a, PositionInput)).Score(x, score); err != nil {
			t.Fatal(err)
		}
		if c := concordance(score, quality); c != want {
			t.Errorf("%s: the true order is met for %v of pairs of the best, expected %v", a, c, want)
		}
	}
}

// Four rows of one card and one of another, with a power of 1/2: weights 4^-.5 = .5 each and 1, in all 3; five thirds of that have a mean of 1.
func TestSpread(t *testing.T) {
	in := &inputs{cfg: &Config{Spread: .5}, set: &feature.PairSet{Card: []int32{7, 7, 3, 7, 7}}}
	d := &learn.Data{}
	in.spread(d, []int32{0, 1, 2, 3, 4})
	for k, want := range []float64{5. / 6, 5. / 6, 5. / 3, 5. / 6, 5. / 6} {
		if math.Abs(float64(d.Weight[k])-want) > 1e-6 {
			t.Errorf("row %d has weight %v, expected %v", k, d.Weight[k], want)
		}
	}
	// On top of weights that are there: 2 of the first row makes (2 .5 + 3 .5 + 1) = 3.5.
	d.Weight = []float32{2, 1, 1, 1, 1}
	if in.spread(d, []int32{0, 1, 2, 3, 4}); math.Abs(float64(d.Weight[0])-5/3.5) > 1e-6 {
		t.Errorf("row 0 has weight %v, expected %v", d.Weight[0], 5/3.5)
	}
}

// A part sees its features and no others: the rest may be anything.
func TestPartsOfFeatures(t *testing.T) {
	cfg := quick(Hybrid, PositionInput)
	cfg.Linear, cfg.Bent = []string{"colour", "quality"}, []string{"keen"}
	m := train(t, hamlet().set, cfg)
	x, _ := page(50, 4)
	one, two := make([]float32, 50), make([]float32, 50)
	if err := m.Score(x, one); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		x[i*plantedColumns+1], x[i*plantedColumns+3] = 9, -5 // show and noise
	}
	if err := m.Score(x, two); err != nil {
		t.Fatal(err)
	}
	for i := range one {
		if one[i] != two[i] {
			t.Fatalf("card %d has %v, and %v when features change that nobody sees", i, one[i], two[i])
		}
	}
	both := m.click.(*learn.BoostOnModel)
	for j, share := range both.Trees.Importance() {
		if name := both.Trees.Columns[j].Name; share > 0 && name != "keen" && name != placeColumn {
			t.Errorf("trees split on %s", name)
		}
	}
	// By unit: ratios for both, counts for trees.
	in := &inputs{cfg: &Config{}, set: &feature.PairSet{Columns: []feature.PairColumn{{Name: "hour", Unit: "h"}, {Name: "lift", Unit: "log ratio"}, {Name: "shown", Unit: "log impressions"}}}}
	linear, bent, err := in.parts()
	if err != nil || len(linear) != 1 || linear[0] != 1 || len(bent) != 2 || bent[0] != 1 || bent[1] != 2 {
		t.Errorf("linear %v, trees %v, %v: expected 1, and 1 and 2", linear, bent, err)
	}
	cfg.Bent = []string{"glamour"}
	if _, err := Train(t.Context(), hamlet().set, cfg); err == nil || !strings.Contains(err.Error(), "glamour") {
		t.Errorf("a feature that is not there: %v", err)
	}
}

// Rows of a user at one moment are a screen, and a session where all rows know the same of her.
func TestScreens(t *testing.T) {
	set := &feature.PairSet{Rows: 5, User: []int32{1, 1, 1, 1, 2}, AtMS: []int64{5, 5, 9, 99, 99}, Session: []int32{0, 3, 4, 5}}
	if got := screens(set); !slices.Equal(got, []int32{0, 2, 3, 4, 5}) {
		t.Errorf("screens %v", got)
	}
	set.AsOf = feature.SessionStart
	if got := screens(set); !slices.Equal(got, set.Session) {
		t.Errorf("sessions %v", got)
	}
}
