package activity

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/duckdb"
)

// One user at a time has the score and the reasons that she has in the whole table.
func TestScorer(t *testing.T) {
	h, p := predictor(t)
	var file bytes.Buffer
	if err := p.Save(&file); err != nil {
		t.Fatal(err)
	}
	kept, err := LoadPredictor(&file)
	if err != nil {
		t.Fatal(err)
	}
	scorer, err := kept.Scorer(t.Context(), h.w)
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := h.w.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	contents, err := h.w.CardContents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cards := feature.ServedCards{Content: contents}
	today := feature.EpochDay(h.set.Until) + 1
	early, late := 0, 0
	err = h.w.Histories(t.Context(), h.set.From, h.set.Until, func(rows *warehouse.Histories) error {
		for k := 0; k < len(rows.User); k += 401 {
			id := rows.User[k]
			u := &feature.User{Rows: rows, From: rows.Start[k], To: rows.Start[k+1], Province: profiles.Province[id], Gender: profiles.Gender[id], Age: profiles.Age[id],
				Months: profiles.RegisteredMonths[id], Follows: profiles.Follows[id]}
			got, err := scorer.Score(t.Context(), u, cards, today, h.keys[id])
			if err != nil {
				return err
			}
			row, seen := h.set.RowOf(id)
			if !seen { // ten days from her first on
				first := rows.Day[u.From]
				if (got != nil) != (first+10 <= today) || got != nil && !(got.Score.Probability > 0 && got.Score.Probability < 1) {
					t.Errorf("user %d, first seen on day %d of %d: %+v", id, first, today, got)
				}
				late++
				continue
			}
			early++
			want, err := p.Explain(t.Context(), h.set, row, h.keys[id], p.Segments)
			if err != nil {
				return err
			}
			if got == nil || got.Score != want.Score || !slices.Equal(got.Features, want.Features) || got.Log != want.Log {
				t.Errorf("user %d has %+v, in the table %+v", id, got, want)
			}
			sum := got.Base
			for _, f := range got.Features {
				sum += f.Move
			}
			if math.Abs(sum-got.Log) > 1e-9 {
				t.Errorf("user %d: the reasons add up to %v, not %v", id, sum, got.Log)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if early < 10 || late < 3 {
		t.Errorf("%d users of the early days and %d later ones were asked", early, late)
	}
}

func TestScorerOfAnotherLog(t *testing.T) {
	h, p := predictor(t)
	other, err := duckdb.Open(t.Context(), filepath.Join(t.TempDir(), "other.duckdb"), duckdb.Config{MemoryMB: 200})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := p.Scorer(t.Context(), other); !errors.Is(err, ErrOtherLog) || !strings.Contains(err.Error(), "2019-11-01 to 2019-11-10") {
		t.Errorf("of a database with nothing in it: %v", err)
	}
	odd := *p
	odd.Features = slices.Clone(p.Features)[1:]
	if _, err := odd.Scorer(t.Context(), h.w); !errors.Is(err, errOtherFeatures) {
		t.Errorf("of a predictor of other features: %v", err)
	}
}
