package village

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The chances of users to be active add up to those who are: a village's own month is one of the lives it might have had.
func TestChancesAddUpToTheActive(t *testing.T) {
	ctx := context.Background()
	cfg := Config{Users: 4000, Seed: 9}
	late := Late{FromDay: 11, Threshold: .02}
	p, err := defaultParams()
	if err != nil {
		t.Fatal(err)
	}
	m := newMonth(p, newCatalogue(p, cfg.Seed, cfg.Users), newPopulation(p, cfg.Seed))
	var users []int32
	var ids []string
	active := 0.
	for u := range cfg.Users {
		m.run(u)
		var shown, clicks float64
		for i := range m.rows {
			if m.rows[i].at >= 10*daySeconds {
				shown++
				clicks += float64(m.rows[i].flags & flagClick)
			}
		}
		if shown == 0 {
			continue
		}
		users, ids = append(users, int32(u)), append(ids, string(userIDs.append(nil, int64(u))))
		if clicks/shown >= late.Threshold {
			active++
		}
	}
	chances, err := ActiveChances(ctx, cfg, users, late, 20)
	if err != nil {
		t.Fatal(err)
	}
	var sum, variance float64
	for _, c := range chances {
		if math.IsNaN(c) {
			c = active / float64(len(users))
		}
		if c <= 0 || c >= 1 {
			t.Fatalf("a chance of %v", c)
		}
		sum, variance = sum+c, variance+c*(1-c)
	}
	// Half a month of either kind draws each chance towards .5 by 1/21 of its distance: allowed for beside four standard errors.
	if off := math.Abs(sum - active); off > 4*math.Sqrt(variance)+float64(len(users))*.5/21 {
		t.Errorf("chances add up to %.0f, %.0f of %d are active", sum, active, len(users))
	}
	again, err := ChancesOf(ctx, cfg, ids, late, 20)
	if err != nil {
		t.Fatal(err)
	}
	for k := range again {
		if again[k] != chances[k] && !math.IsNaN(chances[k]) {
			t.Fatalf("user %s has the chance %v by id and %v by number", ids[k], again[k], chances[k])
		}
	}
	if _, err := ChancesOf(ctx, cfg, []string{"nobody"}, late, 1); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("an unknown user: %v", err)
	}
	if _, err := ActiveChances(ctx, cfg, []int32{4000}, late, 1); err == nil {
		t.Error("user 4000 of 4000 is taken")
	}
}

func TestOriginNamesTheVillage(t *testing.T) {
	dir := t.TempDir()
	if _, err := Origin(dir); err == nil || !strings.Contains(err.Error(), "segue simulate") {
		t.Errorf("no file: %v", err)
	}
	cfg := Config{Users: 50, Seed: 5, Truth: true}
	if _, err := Write(context.Background(), dir, cfg); err != nil {
		t.Fatal(err)
	}
	got, err := Origin(dir)
	if err != nil || got.Users != 50 || got.Seed != 5 {
		t.Errorf("%+v, %v", got, err)
	}
	file := filepath.Join(dir, truthOrigin)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(b), parametersSum(), "00000000", 1)
	if err := os.WriteFile(file, []byte(other), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Origin(dir); err == nil || !strings.Contains(err.Error(), "other parameters") {
		t.Errorf("a village of other parameters: %v", err)
	}
}
