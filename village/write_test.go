package village

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/seguefeed/segue/feedlog"
)

// hashes are the SHA-256 sums of the files in dir, by name.
func hashes(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = fmt.Sprintf("%x", sha256.Sum256(b))
	}
	return out
}

func write(t *testing.T, cfg Config) (string, Summary) {
	t.Helper()
	dir := t.TempDir()
	s, err := Write(context.Background(), dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return dir, s
}

func TestSameSeedSameBytes(t *testing.T) {
	one, _ := write(t, Config{Users: 9000, Seed: 7, Threads: 1})
	want := hashes(t, one)
	if len(want) != 6 {
		t.Fatalf("%d files, want six", len(want))
	}
	for _, threads := range []int{2, 3} {
		dir, _ := write(t, Config{Users: 9000, Seed: 7, Threads: threads})
		for name, sum := range hashes(t, dir) {
			if sum != want[name] {
				t.Errorf("%s differs with %d threads", name, threads)
			}
		}
	}
	other, _ := write(t, Config{Users: 9000, Seed: 8, Threads: 1})
	if hashes(t, other)["impression_data.csv"] == want["impression_data.csv"] {
		t.Error("another seed gives the same impressions")
	}
}

// TestTheLogReads decodes what was written, in each spelling, without a reject, and counts it.
func TestTheLogReads(t *testing.T) {
	ctx := context.Background()
	var first []feedlog.Impression
	for _, cfg := range []Config{{Nested: Quoted, Null: NullNA}, {Nested: Bare, Null: NullNA}, {Nested: Quoted}, {Nested: Bare}} {
		cfg.Users, cfg.Seed = 1500, 3
		dir, s := write(t, cfg)
		f, err := os.Open(filepath.Join(dir, "impression_data.csv"))
		if err != nil {
			t.Fatal(err)
		}
		var rows []feedlog.Impression
		var clicks, swipes int64
		_, err = feedlog.DecodeImpressions(ctx, f, feedlog.Options{}, func(batch []feedlog.Impression) error {
			for _, r := range batch {
				if r.Clicked {
					clicks++
				}
				swipes += int64(len(r.Swipes))
				r.Swipes = nil
				rows = append(rows, r)
			}
			return nil
		})
		f.Close()
		if err != nil {
			t.Fatalf("%s, nulls %q: %v", cfg.Nested, cfg.Null, err)
		}
		if int64(len(rows)) != s.Impressions || clicks != s.Clicks || swipes != s.Swipes {
			t.Errorf("%s, nulls %q: %d impressions, %d clicks, %d swipes read; the summary says %+v", cfg.Nested, cfg.Null, len(rows), clicks, swipes, s)
		}
		if first == nil {
			first = rows
		}
		for i := range rows {
			if rows[i].UserID != first[i].UserID || rows[i].CardID != first[i].CardID || rows[i].ShownAtMS != first[i].ShownAtMS {
				t.Fatalf("%s, nulls %q: row %d is another", cfg.Nested, cfg.Null, i)
			}
		}
	}
}

func TestCancelLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir := filepath.Join(t.TempDir(), "village")
	_, err := Write(ctx, dir, Config{Users: 50_000, Seed: 1, Progress: func(done, total int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled simulation returned %v", err)
	}
	if left, err := os.ReadDir(dir); err == nil && len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

// TestEveryTargetHasAFigure runs the check on a small village: every published figure is computed, and shares of one whole sum to 1.
func TestEveryTargetHasAFigure(t *testing.T) {
	figures, err := Check(context.Background(), Config{Users: 5000, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(figures) < 40 {
		t.Fatalf("%d figures, want at least 40", len(figures))
	}
	wholes := map[string]float64{}
	for _, f := range figures {
		wholes[f.Group] += f.Simulated
	}
	for _, group := range []string{"share of impressions by day", "share of impressions by hour", "users by level", "users by province"} {
		if d := wholes[group] - 1; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s sums to %v", group, wholes[group])
		}
	}
}

func TestCompare(t *testing.T) {
	have := &figures{value: map[[2]string]float64{{"g", "a"}: 104, {"g", "b"}: .212, {"g", "c"}: 120}}
	got, err := compare([]target{{Group: "g", Name: "a", Value: 100}, {Group: "g", Name: "b", Value: .2, Share: true}, {Group: "g", Name: "c", Value: 100, Error: 11}}, have)
	if err != nil {
		t.Fatal(err)
	}
	// 4% of 5%; 1.2 points of 1; 20% of twice 11%
	if !got[0].Pass || got[1].Pass || !got[2].Pass {
		t.Errorf("%+v", got)
	}
	if _, err := compare([]target{{Group: "g", Name: "none"}}, have); err == nil {
		t.Error("a target without a figure passes in silence")
	}
}

// TestTruthOfTheLog holds the truth files to the log they stand beside: the same impressions in the same order, chances
// that the clicks bear out, and the formula that makes them from taste, appeal and examination.
func TestTruthOfTheLog(t *testing.T) {
	dir, s := write(t, Config{Users: 3000, Seed: 5, Truth: true})
	if len(s.Files) != 11 {
		t.Errorf("files: %v", s.Files)
	}
	plain, _ := write(t, Config{Users: 3000, Seed: 5})
	with := hashes(t, dir)
	for name, sum := range hashes(t, plain) {
		if with[name] != sum {
			t.Errorf("%s is another with the truth beside it", name)
		}
	}
	impressions := readTruth[ImpressionTruth](t, dir, truthImpressions)
	users := readTruth[UserTruth](t, dir, truthUsers)
	cards := readTruth[CardTruth](t, dir, truthCards)
	slots := readTruth[ExaminationTruth](t, dir, truthExamination)
	if int64(len(impressions)) != s.Impressions || len(users) != 3000 || int64(len(cards)) != s.Cards || len(slots) != 64 {
		t.Fatalf("%d impressions, %d users, %d cards, %d slots; the summary says %+v", len(impressions), len(users), len(cards), len(slots), s)
	}
	f, err := os.Open(filepath.Join(dir, "impression_data.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	k := 0
	var chance, variance, clicks float64
	if _, err := feedlog.DecodeImpressions(t.Context(), f, feedlog.Options{}, func(batch []feedlog.Impression) error {
		for _, r := range batch {
			v := impressions[k]
			k++
			if users[v.User].UserID != r.UserID || cards[v.Card].CardID != r.CardID || v.ShownAtMS != r.ShownAtMS || v.Clicked != r.Clicked {
				return fmt.Errorf("impression %d is %+v in the log and %+v in the truth", k, r, v)
			}
			chance += float64(v.ClickChance)
			variance += float64(v.ClickChance) * (1 - float64(v.ClickChance))
			if v.Clicked {
				clicks++
			}
			u, c := users[v.User], cards[v.Card]
			match := -float64(c.Norm)
			for d := range u.Taste {
				match += float64(u.Taste[d]) * float64(c.Topic[d])
			}
			// The rest is a visit's mood when she browses (lognormal) and fatigue when she was shown the card before (at most 1).
			rest := float64(v.ClickChance) / (float64(v.Examination) * u.ClickChance * float64(c.Appeal) * math.Exp(match))
			if v.ClickChance < .98 && (rest <= 0 || rest > 20) {
				return fmt.Errorf("impression %d: the factors of its chance leave %v", k, rest)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if z := (clicks - chance) / math.Sqrt(variance); math.Abs(z) > 4 {
		t.Errorf("%v clicks where the chances give %v, %.1f standard deviations off", clicks, chance, z)
	}
}

func readTruth[T any](t *testing.T, dir, name string) []T {
	t.Helper()
	rows, err := parquet.ReadFile[T](filepath.Join(dir, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows
}
