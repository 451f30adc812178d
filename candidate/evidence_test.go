package candidate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// evidenceLog is one user: a card passed over in slot 1 a week before plantedDay at noon, a plain click, a click with all there is, and
// what happens on plantedDay itself.
func evidenceLog() *memoryLog {
	l := &memoryLog{cards: plainCards(5), profiles: &warehouse.Profiles{Gender: make([]string, 2)}}
	l.rows = []memoryRow{
		{card: 3, day: plantedDay - 7, hour: 0, slot: 1},
		{card: 1, day: plantedDay - 2, hour: 3, flags: warehouse.Clicked, view: 5},
		{card: 4, day: plantedDay - 1, hour: 3, flags: warehouse.Clicked | warehouse.Liked | warehouse.Shared | warehouse.Commented | warehouse.ViewedComments | warehouse.VisitedCreator, view: 30, swiped: 3},
		{card: 1, day: plantedDay - 1, hour: 4, slot: 0},
		{card: 2, day: plantedDay, hour: 1, flags: warehouse.Clicked, view: 5},
	}
	return l
}

var fullEvidence = Evidence{Like: 1, Share: 2, Comment: 4, ViewComments: 8, VisitCreator: 16, FullView: 32, Swipe: 32, Examination: []float64{1, .5}, Passed: -.1}

func TestEvidenceByHand(t *testing.T) {
	err := evidenceLog().Histories(t.Context(), asOfDay(plantedDay-30), asOfDay(plantedDay), func(h *warehouse.Histories) error {
		got, err := EvidenceOf(h, 0, int64(plantedDay)*86_400_000, fullEvidence)
		if err != nil {
			t.Fatal(err)
		}
		// Passed over in slot 1, seven days ago: -.1 x .5 x .5. The full click: 1 + 1 + 2 + 4 + 8 + 16 + 32 + 32 log2 4. Passed over in slot 0 20 hours ago.
		want := History{Item: []int32{3, 1, 4, 1}, Value: []float32{-.025, 1, 128, -.1 * float32(math.Exp2(-20./24/7))}}
		if !slices.Equal(got.Item, want.Item) {
			t.Errorf("items %v, want %v", got.Item, want.Item)
		}
		for k, v := range want.Value {
			if math.Abs(float64(got.Value[k]-v)) > 1e-6 {
				t.Errorf("entry %d: %v, want %v", k, got.Value[k], v)
			}
		}
		if got, _ = EvidenceOf(h, 0, int64(plantedDay)*86_400_000, Evidence{NoPassed: true, HalfLife: 1}); !slices.Equal(got.Item, []int32{1, 4}) {
			t.Errorf("clicks alone: %v", got.Item)
		}
		// 21 hours old, half in a day.
		if v := got.Value[1]; math.Abs(float64(v)-math.Exp2(-21./24)) > 1e-6 {
			t.Errorf("a fading click: %v", v)
		}
		if _, err := EvidenceOf(h, 1, 0, Evidence{}); err == nil {
			t.Error("a user who is not there, and no error")
		}
		for _, bad := range []Evidence{{Passed: .1}, {Click: float32(math.NaN())}, {Like: float32(math.Inf(1))}} {
			if _, err := EvidenceOf(h, 0, 0, bad); err == nil {
				t.Errorf("%+v: no error", bad)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestClickMatrixByHand(t *testing.T) {
	l := evidenceLog()
	m, err := ClickMatrix(t.Context(), l, plantedDay-30, plantedDay, MatrixConfig{Evidence: fullEvidence, Negative: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.check(); err != nil {
		t.Fatal(err)
	}
	item, value := m.Row(0)
	if m.Users != 1 || m.Items != 5 || !slices.Equal(m.User, []int32{0}) || !slices.Equal(item, []int32{1, 3, 4}) {
		t.Fatalf("users %v, items %v", m.User, item)
	}
	// Card 1: a click and later passed over.
	if want := 1 - .1*math.Exp2(-20./24/7); math.Abs(float64(value[0])-want) > 1e-6 {
		t.Errorf("card 1: %v, want %v", value[0], want)
	}
	if m, err = ClickMatrix(t.Context(), l, plantedDay-30, plantedDay, MatrixConfig{}); err != nil || !slices.Equal(m.Item, []int32{1, 4}) || !slices.Equal(m.Value, []float32{1, 1}) {
		t.Errorf("clicks alone: %v %v, %v", m.Item, m.Value, err)
	}
}

// TestClickMatrixChoosesUsers takes about a share, the same each time, and no more than allowed; another seed takes others.
func TestClickMatrixChoosesUsers(t *testing.T) {
	l := plantedLog(10, 400, 60)
	take := func(cfg MatrixConfig) []int32 {
		m, err := ClickMatrix(t.Context(), l, plantedDay-20, plantedDay, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if m.check() != nil || len(m.User) != m.Users || !slices.IsSorted(m.User) {
			t.Fatalf("users %v", m.User)
		}
		return m.User
	}
	all, half := take(MatrixConfig{MinClicks: 3}), take(MatrixConfig{MinClicks: 3, Share: .5})
	if d := 2*len(half) - len(all); d < -1 || d > 1 {
		t.Errorf("half of %d users are %d", len(all), len(half))
	}
	if !slices.Equal(half, take(MatrixConfig{MinClicks: 3, Share: .5})) || slices.Equal(half, take(MatrixConfig{MinClicks: 3, Share: .5, Seed: 1})) {
		t.Error("the same seed takes others, or another the same")
	}
	if few := take(MatrixConfig{MinClicks: 3, MaxUsers: 10}); len(few) != 10 {
		t.Errorf("%d users, 10 are allowed", len(few))
	}
}

func TestClickMatrixRefusesAndStops(t *testing.T) {
	l := evidenceLog()
	for _, cfg := range []MatrixConfig{{Share: 2}, {Share: math.NaN()}, {MaxUsers: -1}, {Evidence: Evidence{Passed: 1}}} {
		if _, err := ClickMatrix(t.Context(), l, 0, plantedDay, cfg); err == nil {
			t.Errorf("%+v: no error", cfg)
		}
	}
	if _, err := ClickMatrix(t.Context(), l, 5, 5, MatrixConfig{}); err == nil {
		t.Error("no day is left, and no error")
	}
	if _, err := ClickMatrix(t.Context(), l, 0, plantedDay, MatrixConfig{MinClicks: 50}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no user is left: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStopped)
	if _, err := ClickMatrix(ctx, l, 0, plantedDay, MatrixConfig{}); err != errStopped {
		t.Errorf("stopped: %v", err)
	}
}

// TestExaminationIsRecovered: slots are looked at with 1, .5, .25, ... and users who go deep click three times as much.
func TestExaminationIsRecovered(t *testing.T) {
	var use []warehouse.SlotUse
	truth := []float64{1, .8, .5, .3, .2, .15}
	for _, depth := range []struct {
		last int32
		rate float64
	}{{1, .03}, {3, .05}, {5, .09}} {
		for slot := range depth.last + 1 {
			n := int64(10_000_000)
			use = append(use, warehouse.SlotUse{Position: slot, Depth: depth.last, Impressions: n, Clicks: int64(float64(n) * depth.rate * truth[slot])})
		}
	}
	e := Examination(use)
	for slot, want := range truth {
		if math.Abs(e[slot]/want-1) > .001 {
			t.Errorf("slot %d: %.4f, %v is true", slot, e[slot], want)
		}
	}
	// Deeper slots were never seen: each as the one before it.
	if e[40] != e[6] || math.Abs(e[6]-e[5]) > 1e-9 {
		t.Errorf("slots never seen: %v, %v", e[6], e[40])
	}
	slices.Reverse(use)
	if !slices.Equal(e, Examination(use)) {
		t.Error("another order, other weights")
	}
	if Examination(nil) != nil || Examination([]warehouse.SlotUse{{Impressions: 10}}) != nil {
		t.Error("no clicks, and weights")
	}
}

// randomMatrix is a matrix of random values.
func randomMatrix(seed uint64, users, items, entries int) *Matrix {
	r := rand.New(rand.NewPCG(seed, 5))
	var es []Entry
	for range entries {
		es = append(es, Entry{int32(r.IntN(users)), int32(r.IntN(1 + r.IntN(items))), r.Float32() - .2})
	}
	m, _ := NewMatrix(users, items, es)
	return m
}

func TestSubsetRestrictsAndExpands(t *testing.T) {
	m := randomMatrix(11, 50, 30, 600)
	s := FrequentCards(m, 5, 10)
	if len(s.Card) != 10 {
		t.Fatalf("%d cards, 10 are wanted", len(s.Card))
	}
	taken := make([]int, m.Items)
	for k, i := range m.Item {
		if m.Value[k] > 0 {
			taken[i]++
		}
	}
	least := m.Users
	for _, card := range s.Card {
		least = min(least, taken[card])
	}
	for card, n := range taken {
		if n > least && s.Index(int32(card)) < 0 {
			t.Errorf("card %d with %d users is left out, one of %d is in", card, n, least)
		}
	}
	r, err := s.Restrict(m)
	if err != nil || r.check() != nil || r.Users != m.Users || r.Items != 10 {
		t.Fatalf("restricted: %v, %v", err, r)
	}
	for u := range m.Users {
		var items []int32
		var values []float32
		row, value := m.Row(u)
		for k, i := range row {
			if s.Index(i) >= 0 {
				items, values = append(items, i), append(values, value[k])
			}
		}
		got, value := r.Row(u)
		if len(got) != len(items) || !slices.Equal(value, values) {
			t.Fatalf("row %d: %v %v, want %v %v", u, got, value, items, values)
		}
		for k, i := range got {
			if s.Card[i] != items[k] {
				t.Fatalf("row %d: item %d is card %d, want %d", u, i, s.Card[i], items[k])
			}
		}
	}
	if _, err := s.Restrict(randomMatrix(1, 5, 5, 5)); err == nil {
		t.Error("a matrix of another catalogue, and no error")
	}
	if r, err = s.Restrict(m.Binary()); err != nil || r.Value != nil {
		t.Errorf("a binary matrix: %v", err)
	}
}

func TestSubsetModelsSpeakOfCards(t *testing.T) {
	s := &Subset{Items: 30, Card: []int32{2, 3, 5, 7, 11, 13, 17, 19, 23, 29}}
	model, err := s.Expand(linkedScorer{})
	if err != nil {
		t.Fatal(err)
	}
	h := History{Item: []int32{4, 11, 400, -1, 2}, Value: []float32{9, 2, 9, 9, 1}}
	inner, out := make([]float32, 10), make([]float32, 30)
	linkedScorer{}.Scores(&History{Item: []int32{4, 0}, Value: []float32{2, 1}}, inner)
	model.Scores(&h, out)
	for card, v := range out {
		want := float32(0)
		if i := s.Index(int32(card)); i >= 0 {
			want = inner[i]
		}
		if v != want {
			t.Errorf("card %d: %v, want %v", card, v, want)
		}
	}
	if cause, _ := model.(Explainer).Because(&h, 13); cause != 11 {
		t.Errorf("cause of 13: %d", cause)
	}
	if cause, _ := model.(Explainer).Because(&h, 12); cause != -1 {
		t.Errorf("cause of an unknown card: %d", cause)
	}
	// Both ways to a generator name the same.
	q := &Query{History: h, Skip: func(card int32) bool { return card == 7 }}
	a, b := FromScorer("linked", model).Candidates(q, 6, nil), s.Generator(FromScorer("linked", linkedScorer{})).Candidates(q, 6, nil)
	if len(a) != 6 || !reflect.DeepEqual(a, b) {
		t.Errorf("%v\nand %v", a, b)
	}
	if _, err := (&Subset{Items: 30}).Expand(linkedScorer{}); err == nil {
		t.Error("a model of another size, and no error")
	}
}

// TestEvidenceIsRecent: of six rows, alternately clicked and passed over, Recent 2 leaves the last two of either kind, in order of time.
func TestEvidenceIsRecent(t *testing.T) {
	h := &warehouse.Histories{User: []int32{7}, Start: []int32{0, 6}, Card: []int32{1, 2, 3, 4, 5, 6}, ShownAtMS: []int64{1, 2, 3, 4, 5, 6}, Position: make([]int32, 6),
		Flags: []warehouse.Flag{warehouse.Clicked, 0, warehouse.Clicked, 0, warehouse.Clicked, 0}, ViewSeconds: make([]float32, 6), Swipes: make([]int32, 6)}
	for recent, want := range map[int][]int32{2: {3, 4, 5, 6}, -1: {1, 2, 3, 4, 5, 6}, 0: {1, 2, 3, 4, 5, 6}} {
		got, err := EvidenceOf(h, 0, 100, Evidence{Recent: recent})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Item, want) {
			t.Errorf("Recent %d: cards %v, want %v", recent, got.Item, want)
		}
	}
}
