package evaluate

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestScoreListByHand(t *testing.T) {
	const (
		l2 = .6309297535714575 // 1/log2(3), what a hit at place 2 is worth
		l4 = .4306765580733931 // 1/log2(5)
	)
	for _, c := range []struct {
		name        string
		hit         string // h is a hit, . a miss
		relevant, k int
		want        ListScore
	}{
		// Hits at places 1 and 3 of 5, 4 items relevant. AP: (1/1 + 2/3)/4. DCG: 1 + 1/log2(4) = 1.5; ideal: 1 + l2 + .5 + l4.
		{"two of four", "h.h..", 4, 5, ListScore{Recall: .5, RecallCapped: .5, Precision: .4, HitRate: 1, AveragePrecision: (1 + 2./3) / 4,
			ReciprocalRank: 1, NDCG: 1.5 / (1.5 + l2 + l4), NDCGAll: 1.5 / (1.5 + l2 + l4)}},
		// The same list cut at 2: one hit of min(2, 4) = 2 that can be had. The two ideals part: 1 + l2, and as before.
		{"cut before all", "h.h..", 4, 2, ListScore{Recall: .25, RecallCapped: .5, Precision: .5, HitRate: 1, AveragePrecision: .5,
			ReciprocalRank: 1, NDCG: 1 / (1 + l2), NDCGAll: 1 / (1.5 + l2 + l4)}},
		// One relevant item at place 2 of 3: AP is 1/2, and precision cannot exceed 1/3.
		{"one relevant", ".h.", 1, 3, ListScore{Recall: 1, RecallCapped: 1, Precision: 1. / 3, HitRate: 1, AveragePrecision: .5, ReciprocalRank: .5, NDCG: l2, NDCGAll: l2}},
		// A list of 1 where 4 places were asked for: the missing places are misses.
		{"short list", "h", 2, 4, ListScore{Recall: .5, RecallCapped: .5, Precision: .25, HitRate: 1, AveragePrecision: .5, ReciprocalRank: 1,
			NDCG: 1 / (1 + l2), NDCGAll: 1 / (1 + l2)}},
		{"no hit", "...", 2, 3, ListScore{}},
		{"empty list", "", 2, 3, ListScore{}},
		{"nothing relevant", "...", 0, 3, ListScore{}},
		// All of 2 places hit, 3 relevant: all measures but recall and NDCGAll reach 1; the ideal of three is 1 + l2 + .5.
		{"perfect", "hh", 3, 2, ListScore{Recall: 2. / 3, RecallCapped: 1, Precision: 1, HitRate: 1, AveragePrecision: 1, ReciprocalRank: 1,
			NDCG: 1, NDCGAll: (1 + l2) / (1.5 + l2)}},
	} {
		hit := make([]bool, len(c.hit))
		for i, r := range c.hit {
			hit[i] = r == 'h'
		}
		got := ScoreList(hit, c.relevant, c.k)
		for _, m := range Metrics() {
			if math.Abs(got[m]-c.want[m]) > 1e-12 {
				t.Errorf("%s: %v is %v, want %v", c.name, m, got[m], c.want[m])
			}
		}
	}
}

// A hit moved up never lowers a measure, each stays within 0 and 1, and each convention is at least the one that divides by more.
func TestScoreListProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		hit := make([]bool, 1+r.IntN(30))
		hits := 0
		for i := range hit {
			if hit[i] = r.IntN(4) == 0; hit[i] {
				hits++
			}
		}
		relevant, k := max(1, hits+r.IntN(5)), 1+r.IntN(35)
		before := ScoreList(hit, relevant, k)
		for m, v := range before {
			if v < 0 || v > 1+1e-12 {
				t.Fatalf("%v of %v, %d relevant, at %d is %v", Metric(m), hit, relevant, k, v)
			}
		}
		if before[Recall] > before[RecallCapped] || before[NDCGAll] > before[NDCG] || before[Precision] > before[RecallCapped] {
			t.Fatalf("conventions out of order: %v", before)
		}
		i := r.IntN(len(hit))
		if i == 0 || !hit[i] || hit[i-1] {
			continue
		}
		hit[i-1], hit[i] = true, false
		for m, v := range ScoreList(hit, relevant, k) {
			if v < before[m]-1e-12 {
				t.Fatalf("%v falls from %v to %v when the hit at %d moves up in %v", Metric(m), before[m], v, i, hit)
			}
		}
	}
}

func TestIdealBeyondTheTable(t *testing.T) {
	const n = 3000
	sum := 0.0
	for i := 1; i <= n; i++ {
		sum += 1 / math.Log2(1+float64(i))
	}
	if got := idealDCG(n); math.Abs(got-sum) > 1e-9 {
		t.Errorf("%v, want %v", got, sum)
	}
}

func TestParseMetric(t *testing.T) {
	for _, m := range Metrics() {
		if got, err := ParseMetric(m.String()); err != nil || got != m {
			t.Errorf("%v: %v, %v", m, got, err)
		}
	}
	if m, err := ParseMetric("NDCG"); err != nil || m != NDCG {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := ParseMetric("auc"); err == nil {
		t.Error("no error for a metric that does not exist")
	}
}

func TestExposureByHand(t *testing.T) {
	// Four items, taken by 8, 4, 1 and 0 of 16 users. Three lists of two: items 0 and 1 three and two times, item 3 once.
	e := NewExposure([]int64{8, 4, 1, 0}, 16)
	e.Add([]int32{0, 1})
	e.Add([]int32{0, 3})
	other := NewExposure([]int64{8, 4, 1, 0}, 16)
	other.Add([]int32{1, 0})
	e.Merge(other)
	got := e.Score()
	want := ExposureScore{
		Coverage: 3. / 4,
		// Counts in order: 0, 1, 2, 3. G = ((-3)*0 + (-1)*1 + 1*2 + 3*3) / (4*6) = 10/24.
		Gini: 10. / 24,
		// -log2(8/16) = 1 three times, -log2(4/16) = 2 twice, and as taken by one of 16: 4 once. (3*1 + 2*2 + 4)/6.
		Novelty: 11. / 6,
		// (3*8 + 2*4 + 1*0)/6.
		Popularity: 32. / 6,
	}
	for _, v := range [][2]float64{{got.Coverage, want.Coverage}, {got.Gini, want.Gini}, {got.Novelty, want.Novelty}, {got.Popularity, want.Popularity}} {
		if math.Abs(v[0]-v[1]) > 1e-12 {
			t.Errorf("%+v, want %+v", got, want)
			break
		}
	}
	even := NewExposure([]int64{1, 1, 1}, 3)
	even.Add([]int32{0, 1, 2})
	if g := even.Score(); g.Gini != 0 || g.Coverage != 1 {
		t.Errorf("each item once: %+v", g)
	}
	if g := NewExposure([]int64{1, 1}, 1).Score(); g != (ExposureScore{}) {
		t.Errorf("no lists: %+v", g)
	}
}

func BenchmarkScoreList(b *testing.B) {
	hit := make([]bool, 20)
	hit[3], hit[11] = true, true
	for b.Loop() {
		ScoreList(hit, 30, 20)
	}
}
