package allrank

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/evaluate"
)

// fixed scores items the same for everyone.
type fixed []float32

func (f fixed) Items() int                                 { return len(f) }
func (f fixed) Scores(_ *candidate.History, out []float32) { copy(out, f) }

func TestJudgeByHand(t *testing.T) {
	// Items a..e in this order; two users.
	s := read(t, "1 a\n1 b\n2 c\n2 d\n2 e\n1 d\n", "1 c e\n2 a\n", ReadConfig{})
	// The order by score: b, c, a, e, d; c and a are equal, so that a, the lower, comes first: b, a, c, e, d.
	model := fixed{.5, .9, .5, .3, .4}
	got, err := judge(t.Context(), model, s, []int{1, 2}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	// User 1 took a, b and d: her list is c, e, both relevant. User 2 took c, d, e: hers is b, a, of which a is relevant.
	for _, c := range []struct {
		cut, user int
		m         evaluate.Metric
		want      float64
	}{
		{0, 0, evaluate.Recall, .5}, {0, 0, evaluate.RecallCapped, 1}, {0, 0, evaluate.NDCG, 1}, {1, 0, evaluate.Recall, 1}, {1, 0, evaluate.Precision, 1},
		{0, 1, evaluate.HitRate, 0}, {1, 1, evaluate.HitRate, 1}, {1, 1, evaluate.ReciprocalRank, .5}, {1, 1, evaluate.NDCG, 1 / math.Log2(3)},
	} {
		if v := got.value[c.cut][c.m][c.user]; math.Abs(v-c.want) > 1e-12 {
			t.Errorf("%v at cut %d of user %d: %v, want %v", c.m, c.cut, c.user, v, c.want)
		}
	}
	if m := got.mean(1, evaluate.Recall); m != 1 {
		t.Errorf("mean recall %v", m)
	}
	// Of five items, one place shows b and c; two places show a, b, c and e.
	if a, b := got.exposure[0].Score().Coverage, got.exposure[1].Score().Coverage; a != 2./5 || b != 4./5 {
		t.Errorf("coverage %v and %v", a, b)
	}
}

func TestJudgeDoesNotHangOnThreadsOrBatches(t *testing.T) {
	s := read(t, firstOf(village(400, 60, 4, 15, 2)), secondOf(village(400, 60, 4, 15, 2)), ReadConfig{})
	one, err := company{}.Fit(t.Context(), s.Train)
	if err != nil {
		t.Fatal(err)
	}
	many, err := batched{}.Fit(t.Context(), s.Train)
	if err != nil {
		t.Fatal(err)
	}
	a, err := judge(t.Context(), one, s, []int{5, 10}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	b, err := judge(t.Context(), many, s, []int{5, 10}, 3, func(done, of int) { told = max(told, done) })
	if err != nil {
		t.Fatal(err)
	}
	for c := range a.value {
		for m := range a.value[c] {
			if !slices.Equal(a.value[c][m], b.value[c][m]) {
				t.Errorf("cut %d, %v differs", c, evaluate.Metric(m))
			}
		}
		if a.exposure[c].Score() != b.exposure[c].Score() {
			t.Errorf("cut %d: exposure differs", c)
		}
	}
	if told != len(a.users) || len(a.users) != 400 {
		t.Errorf("told of %d users, judged %d", told, len(a.users))
	}
}

func firstOf(a, _ string) string  { return a }
func secondOf(_, b string) string { return b }

func TestJudgeRefuses(t *testing.T) {
	s := read(t, "1 a\n1 b\n2 c\n", "1 c\n2 a\n", ReadConfig{})
	if _, err := judge(t.Context(), fixed{1, 2}, s, []int{1}, 1, nil); err == nil || !strings.Contains(err.Error(), "knows 2 items and was fitted on 3") {
		t.Errorf("%v", err)
	}
	if _, err := judge(t.Context(), fixed{1, float32(math.NaN()), 0}, s, []int{1}, 2, nil); !errors.Is(err, errNoNumber) || !strings.Contains(err.Error(), "item b for user 1") {
		t.Errorf("%v", err)
	}
	why := errors.New("enough")
	ctx, stop := context.WithCancelCause(t.Context())
	stop(why)
	if _, err := judge(ctx, fixed{1, 2, 3}, s, []int{1}, 1, nil); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}

func BenchmarkJudge(b *testing.B) {
	train, test := village(2000, 5000, 10, 30, 1)
	s := read(b, train, test, ReadConfig{})
	model := make(fixed, s.Train.Items)
	for i := range model {
		model[i] = float32(i * 7919 % 5003)
	}
	b.Run("users=2000/items=5000", func(b *testing.B) {
		for b.Loop() {
			if _, err := judge(b.Context(), model, s, []int{10, 20}, 2, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
