package activity

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/duckdb"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// The fixture by hand, days 1 and 2 against 3 to 30. Late: u1 one impression, clicked (CTR 1); u3 one, not clicked (0); u4 one,
// clicked (1); u6 one (0). The mean of these is 1/2.
func TestFunnelByHand(t *testing.T) {
	w, err := duckdb.Open(context.Background(), filepath.Join(t.TempDir(), "f.duckdb"), duckdb.Config{MemoryMB: 200})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Load(t.Context(), warehousetest.Fixture(), warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	keys, err := w.UserKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o, err := Observe(t.Context(), w, Question{From: day(1), AsOf: day(3), Until: day(30)})
	if err != nil {
		t.Fatal(err)
	}
	if o.Threshold != .5 {
		t.Errorf("the mean CTR is %v, by hand 1/2", o.Threshold)
	}
	// Early only: u2. Late only: u4 and u6, of whom u4 is active. Both: u1, active, and u3.
	if got, want := o.Funnel(), (Funnel{EarlyOnly: 1, LateOnly: 2, Both: 2, ActiveLateOnly: 1, ActiveOfBoth: 1, Threshold: .5}); got != want || got.Seen() != 5 {
		t.Errorf("%+v, by hand %+v, 5 seen", got, want)
	}
	for u, key := range keys {
		back, active := slices.Contains([]string{"u1", "u3", "u4", "u6"}, key), key == "u1" || key == "u4"
		if o.Back(int32(u)) != back || o.Active(int32(u)) != active {
			t.Errorf("%s: back %v, active %v", key, o.Back(int32(u)), o.Active(int32(u)))
		}
	}
	// To day 29 only u3, u4 and u6 are left: mean 1/3. A threshold of one's own takes its place.
	if o, err = Observe(t.Context(), w, Question{From: day(1), AsOf: day(3), Until: day(29)}); err != nil || o.Threshold != 1/3. {
		t.Errorf("threshold %v, %v; by hand 1/3", o.Threshold, err)
	}
	if o, err = Observe(t.Context(), w, Question{From: day(1), AsOf: day(3), Until: day(30), Threshold: .01}); err != nil || o.Threshold != .01 {
		t.Errorf("threshold %v, %v", o.Threshold, err)
	}
	// Two users of the same CTR as all are at the mean, whatever the sum of thirds rounds to.
	third := &Observed{Late: &warehouse.WindowTotals{Impressions: []int32{3, 3, 3, 3, 3, 3, 3}, Clicks: []int32{1, 1, 1, 1, 1, 1, 1}}}
	third.Threshold = meanCTR(third.Late)
	for u := range int32(7) {
		if !third.Active(u) {
			t.Errorf("user %d has the mean CTR and is not active", u)
		}
	}
}

func TestQuestionOf(t *testing.T) {
	c := warehouse.Contents{Impressions: 1, FirstDay: day(1), LastDay: day(30)}
	q, err := QuestionOf(c, nil, 0, 0)
	if err != nil || !q.From.Equal(day(1)) || !q.AsOf.Equal(day(11)) || !q.Until.Equal(day(30)) {
		t.Errorf("%v, %v", q, err)
	}
	if got := q.String(); got != "seen 1 Nov to 10 Nov, active 11 Nov to 30 Nov 2019" {
		t.Errorf("%q", got)
	}
	q.Until = q.Until.AddDate(7, 0, 0)
	if got := q.String(); got != "seen 1 Nov 2019 to 10 Nov 2019, active 11 Nov 2019 to 30 Nov 2026" {
		t.Errorf("over years the question reads %q", got)
	}
	if q, err = QuestionOf(c, nil, 29, .5); err != nil || !q.AsOf.Equal(day(30)) || q.Threshold != .5 {
		t.Errorf("%v, %v", q, err)
	}
	_, err = QuestionOf(c, nil, 30, 0)
	says(t, err, "30 days", "from 1 to 29")
	_, err = QuestionOf(c, nil, -1, 0)
	says(t, err, "from 1 to 29")
	_, err = QuestionOf(c, nil, 5, 1.5)
	says(t, err, "1.5", "click-through rate")
	_, err = QuestionOf(warehouse.Contents{}, nil, 5, 0)
	says(t, err, "no impressions")
}

// TestQuestionOfStretches: days are of November 2019, from 18201 on; a gap of more than seven days parts them.
func TestQuestionOfStretches(t *testing.T) {
	days := func(spans ...int32) (out []int32) { // from, to, from, to
		for k := 0; k < len(spans); k += 2 {
			for d := spans[k]; d <= spans[k+1]; d++ {
				out = append(out, 18200+d)
			}
		}
		return out
	}
	at := func(d int32) time.Time { return day(1).AddDate(0, 0, int(d)-1) }
	for _, c := range []struct {
		name              string
		logged            []int32
		early             int
		from, asOf, until int32
	}{
		{"one stretch", days(1, 30), 10, 1, 11, 30},
		{"seven days without a log are of it", days(1, 12, 20, 30), 10, 1, 11, 30}, // 13 to 19 November
		{"eight are not: the last stretch has 20 days for 10 early ones", days(1, 31, 40, 59), 10, 40, 50, 59},
		{"19 would be too few, and there is a longer one", days(1, 31, 40, 58), 10, 1, 11, 31},
		{"a month, and a day seven years later", days(1, 30, 2557, 2557), 10, 1, 11, 30},
		{"none has twice the early days: the longest", days(1, 12, 40, 54, 80, 90), 10, 40, 50, 54},
	} {
		contents := warehouse.Contents{Impressions: 1, FirstDay: at(c.logged[0] - 18200), LastDay: at(c.logged[len(c.logged)-1] - 18200)}
		q, err := QuestionOf(contents, c.logged, c.early, 0)
		if err != nil || !q.From.Equal(at(c.from)) || !q.AsOf.Equal(at(c.asOf)) || !q.Until.Equal(at(c.until)) {
			t.Errorf("%s: %v, %v", c.name, q, err)
		}
	}
	logged := days(1, 5, 60, 69)
	_, err := QuestionOf(warehouse.Contents{Impressions: 1, FirstDay: at(1), LastDay: at(69)}, logged, 10, 0)
	says(t, err, "from 30 December 2019 on", "10 days", "from 1 to 9") // day 60 of November
}

func TestSplit(t *testing.T) {
	users := make([]int32, 50_000)
	for i := range users {
		users[i] = int32(i)
	}
	parts, n := Split(users, 7), [3]int{}
	for _, p := range parts {
		n[p]++
	}
	// binomial: three standard errors of the shares are 330, 270 and 270
	if abs(n[0]-30_000) > 330 || abs(n[1]-10_000) > 270 || abs(n[2]-10_000) > 270 {
		t.Errorf("parts of %v", n)
	}
	// A user keeps her part whoever else is there; another seed deals anew.
	if some := Split([]int32{4, 40_000}, 7); some[0] != parts[4] || some[1] != parts[40_000] {
		t.Error("a user's part hangs on the others")
	}
	same := 0
	for i, p := range Split(users, 8) {
		if p == parts[i] {
			same++
		}
	}
	if want := .6*.6 + .2*.2 + .2*.2; abs(same-int(want*50_000)) > 350 { // three standard errors: 3 sqrt(50000 .44 .56) = 333
		t.Errorf("with another seed %d users of 50,000 keep their part, by chance %v do", same, want*50_000)
	}
}

func abs(n int) int { return max(n, -n) }
