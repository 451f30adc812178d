package village

import (
	"math"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// TestOracleAgreesWithTheTruthFiles holds the oracle against what was written beside the log: of first shows, the chance is examination
// x lift x what the oracle says, and lift is the same for all cards of a screen.
func TestOracleAgreesWithTheTruthFiles(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Users: 800, Seed: 5, Truth: true}
	if _, err := Write(t.Context(), dir, cfg); err != nil {
		t.Fatal(err)
	}
	rows, err := parquet.ReadFile[ImpressionTruth](dir + "/" + truthImpressions)
	if err != nil {
		t.Fatal(err)
	}
	users, err := parquet.ReadFile[UserTruth](dir + "/" + truthUsers)
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOracle(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Users([]string{users[7].UserID, "nobody", users[3].UserID}); got[0] != 7 || got[1] != -1 || got[2] != 3 {
		t.Errorf("users are %v; want 7, -1, 3", got)
	}
	type screen struct {
		user int32
		at   int64
	}
	lift := map[screen]float64{}
	seen := map[[2]int32]bool{}
	compared := 0
	for _, r := range rows { // a visit's rows may be reshows, which fatigue lowers: only screens below the first page are compared
		if r.Position < 6 || seen[[2]int32{r.User, r.Card}] || r.ClickChance >= .98 {
			continue
		}
		seen[[2]int32{r.User, r.Card}] = true
		var p [1]float64
		if err := o.Chances(r.User, []int32{r.Card}, p[:]); err != nil {
			t.Fatal(err)
		}
		got := float64(r.ClickChance) / (float64(r.Examination) * p[0])
		key := screen{r.User, r.ShownAtMS}
		if want, ok := lift[key]; ok {
			compared++
			if math.Abs(got/want-1) > 1e-5 {
				t.Fatalf("user %d at %d: the mood's lift is %v on one card and %v on another", r.User, r.ShownAtMS, want, got)
			}
		}
		lift[key] = got
	}
	if compared < 1000 {
		t.Errorf("only %d pairs of cards of one screen were compared", compared)
	}
}

func TestOracleRefusesStrangers(t *testing.T) {
	o, err := NewOracle(Config{Users: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, 1)
	for _, c := range [][2]int32{{-1, 0}, {20, 0}, {0, -1}, {0, 1 << 30}} {
		if err := o.Chances(c[0], []int32{c[1]}, out); err == nil {
			t.Errorf("user %d, card %d: no error", c[0], c[1])
		}
	}
}
