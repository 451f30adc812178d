package activity

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The case study, leaks and all, on the shared village: whose chances are those of the real log, more or less.
func TestPublished(t *testing.T) {
	h := home(t)
	opt := PublishedOptions{Seed: 2, Leaks: true, Share: .15, KernelRows: 1000}
	p, err := RunPublished(t.Context(), h.w, h.set.Question, opt)
	if err != nil {
		t.Fatal(err)
	}
	if p.Users != int(h.set.Funnel().Both) || p.Active != int(h.set.Funnel().ActiveOfBoth) { // all users of a village have a row in the user table
		t.Errorf("%d users, %d active; the funnel has %+v", p.Users, p.Active, h.set.Funnel())
	}
	if len(p.Arms) != 4 || len(p.Rows) != 6 {
		t.Fatalf("%d arms, %d models", len(p.Arms), len(p.Rows))
	}
	checks := func(a PublishedArm) (out []string) {
		for _, alarm := range a.Alarms {
			out = append(out, alarm.Check+": "+alarm.Column)
		}
		return out
	}
	late := []string{CheckFuture + ": late_impressions", CheckTooGood + ": late_impressions"}
	copied := []string{CheckOversample + ": copies of active users", CheckBothSides + ": split of rows"}
	for k, want := range [][]string{nil, {late[0], copied[0], copied[1], late[1]}, late, copied} {
		a := p.Arms[k]
		if !slices.Equal(checks(a), want) {
			t.Errorf("%s: alarms %q, expected %q", a.Name, checks(a), want)
		}
		if (a.Shared > 0) != a.Copies {
			t.Errorf("%s: %d users on both sides", a.Name, a.Shared)
		}
	}
	if p.Arms[1].Columns != p.Arms[3].Columns+1 || p.Arms[2].Columns != p.Arms[0].Columns+1 { // arms of the same rows, with the late column and without
		t.Errorf("columns of the arms: %+v", p.Arms)
	}
	// 60/20/20 of a share of the rows with copies: five for each active user, one for each other.
	pool := int(.15 * float64(p.Users+copies*p.Active))
	for _, a := range p.Arms {
		if abs(a.Learned-pool*4/5) > 4 || abs(a.Test-pool/5) > 4 {
			t.Errorf("%s: %d rows learned from, %d tested, of %d", a.Name, a.Learned, a.Test, pool)
		}
		// the share of the active: in the population, or with copies; three standard errors
		q := float64(p.Active) / float64(p.Users)
		if a.Copies {
			q = 5 * q / (1 + 4*q)
		}
		if math.Abs(a.Share-q) > 3*math.Sqrt(q*(1-q)/float64(a.Test)) {
			t.Errorf("%s: %v of the test part are active, by hand %v", a.Name, a.Share, q)
		}
	}
	rise := 0.0
	for _, r := range p.Rows {
		if r.Published < .6 || len(r.Scores) != 4 || r.Both == nil || r.LateColumn == nil || r.Oversampling == nil {
			t.Fatalf("%+v", r)
		}
		for k, price := range []*Price{r.Both, r.LateColumn, r.Oversampling} {
			if added := r.Scores[k+1].Accuracy - r.Sound; price.Added != added || !(price.Low <= added && added <= price.High) {
				t.Errorf("%s: price %+v, the accuracies differ by %v", r.Model, price, added)
			}
		}
		if kernel := strings.HasPrefix(r.Model, "SVM"); kernel != (r.Scores[0].Rows == opt.KernelRows) {
			t.Errorf("%s learned from %d rows", r.Model, r.Scores[0].Rows)
		}
		rise += r.Both.Added / float64(len(p.Rows))
	}
	// What the issue says: the numbers are too good. The forest is near the published .7507 with the leaks, and nowhere near without.
	forest := p.Rows[4]
	if forest.Model != "random forest" || forest.Both.Low < 0 || rise < .03 || math.Abs(forest.Leaky-forest.Published) > .06 {
		t.Errorf("%s: published %v, with leaks %v, without %v; on average leaks add %v", forest.Model, forest.Published, forest.Leaky, forest.Sound, rise)
	}
	if !slices.ContainsFunc(p.Notes, func(s string) bool { return strings.Contains(s, "The SVMs learn from 1000 rows") }) {
		t.Errorf("notes %q do not tell the limit", p.Notes)
	}

	// Without the flag there is no leak, the numbers without leaks are the same, and nothing is said of others.
	sound, err := RunPublished(t.Context(), h.w, h.set.Question, PublishedOptions{Seed: 2, Share: .15, KernelRows: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if len(sound.Arms) != 1 || sound.Arms[0].Alarms != nil || slices.Contains(sound.Columns, "late_impressions") {
		t.Fatalf("%+v", sound.Arms)
	}
	for k, r := range sound.Rows {
		if r.Both != nil || r.Scores[0] != p.Rows[k].Scores[0] || !math.IsNaN(r.Leaky) {
			t.Errorf("%s: %+v, beside leaks %+v", r.Model, r.Scores[0], p.Rows[k].Scores[0])
		}
	}
}

func TestPublishedJSON(t *testing.T) {
	for leaky, want := range map[float64]string{.75: `"leaky":0.75`, math.NaN(): `"leaky":null`} {
		b, err := json.Marshal(Plain(&Published{Rows: []PublishedRow{{Model: "m", Leaky: leaky, Sound: .6}}}))
		if err != nil || !strings.Contains(string(b), want) || !strings.Contains(string(b), `"sound":0.6`) || strings.Count(string(b), "leaky") != 1 {
			t.Errorf("%s, %v; expected one with %s", b, err, want)
		}
	}
}

// Its columns: 11 numbers with the late one, provinces and genders without the first.
func TestPublishedColumns(t *testing.T) {
	h := home(t)
	p, err := drawnArm(t, h)
	if err != nil {
		t.Fatal(err)
	}
	province, gender := columnOf(t, p.set, "province"), columnOf(t, p.set, "gender")
	levels := func(j int) int {
		seen := map[float32]bool{}
		for _, i := range p.train {
			seen[p.set.X.Row(int(i))[j]] = true
		}
		return len(seen)
	}
	if want := 10 + levels(province) - 1 + levels(gender) - 1; p.Columns != want {
		t.Errorf("%d columns, by hand %d: %v", p.Columns, want, p.columns)
	}
	// An age that is missing is 0, some spreads below all others.
	age, at := columnOf(t, p.set, "age"), slices.Index(p.columns, "age")
	missing, present := float32(math.NaN()), float32(math.Inf(1))
	for k, i := range p.train {
		if v := p.encoded.train.X.Row(k)[at]; p.set.X.Row(int(i))[age] != p.set.X.Row(int(i))[age] {
			missing = v
		} else {
			present = min(present, v)
		}
	}
	if !(missing < present-.5) {
		t.Errorf("a missing age is %v spreads, the least other one %v", missing, present)
	}
	// The standardisation is that of the training part.
	sum := 0.0
	for k := range p.train {
		sum += float64(p.encoded.train.X.Row(k)[at])
	}
	if mean := sum / float64(len(p.train)); math.Abs(mean) > 1e-5 {
		t.Errorf("the mean age of the training part is %v spreads from 0", mean)
	}
}

func drawnArm(t *testing.T, h *hamlet) (*publishedArm, error) {
	t.Helper()
	population := rows(len(h.set.Users), func(i int) bool { return h.set.Back[i] })
	s := h.with(t, h.set.Table.Defs[:12]...)
	a, err := drawArm(s, population, PublishedArm{Name: "without leaks"}, PublishedOptions{Seed: 2, Share: .5})
	if err != nil {
		return nil, err
	}
	return a, a.encode(t.Context())
}

// Search takes the best of a grid on the validation part.
func TestPublishedSearch(t *testing.T) {
	a, err := drawnArm(t, home(t))
	if err != nil {
		t.Fatal(err)
	}
	m := publishedModels(PublishedOptions{Seed: 2})[0]
	got, err := a.search(t.Context(), m, a.encoded.train)
	if err != nil {
		t.Fatal(err)
	}
	accuracy := func(s publishedSetting) float64 {
		model, err := s.learner.Fit(t.Context(), a.encoded.train)
		if err != nil {
			return 0
		}
		p := make([]float64, len(a.valid))
		if err := model.Predict(a.encoded.valid.X, p); err != nil {
			t.Fatal(err)
		}
		right := 0
		for k, i := range a.valid {
			if (p[k] >= .5) == a.set.Active[i] {
				right++
			}
		}
		return float64(right) / float64(len(p))
	}
	for _, s := range m.grid {
		if accuracy(s) > accuracy(got) {
			t.Errorf("%s is right in %v, %s, which was chosen, in %v", s.text, accuracy(s), got.text, accuracy(got))
		}
	}
	if len(m.grid) != 11 { // five costs with l1 and l2, and none
		t.Errorf("%d settings", len(m.grid))
	}
}

func TestMultiplied(t *testing.T) {
	active := []bool{true, false, false, true}
	got := multiplied([]int32{0, 1, 2, 3}, active, rand.New(rand.NewPCG(1, 1)))
	if len(got) != 4+4*2 || !slices.Equal(got[:4], []int32{0, 1, 2, 3}) || slices.ContainsFunc(got[4:], func(i int32) bool { return !active[i] }) {
		t.Errorf("%v", got)
	}
}

// An active user right for five of 9 rows' weight, by hand: weights 5, 1, 1, 1, 1 with the first, the second and the third
// right: 7/9, and its error from the users' parts.
func TestPrice(t *testing.T) {
	parts := func(acc float64, right ...float64) (out []float64) {
		for k, r := range right {
			w := []float64{5, 1, 1, 1, 1}[k]
			out = append(out, w*(r-acc)/9)
		}
		return out
	}
	a, b := PublishedScore{Accuracy: 7. / 9}, PublishedScore{Accuracy: 5. / 9}
	got := priceOf(a, b, parts(7./9, 1, 1, 1, 0, 0), parts(5./9, 1, 0, 0, 0, 0))
	// user by user: (5(2/9) - 5(4/9))/9, (2/9 + 5/9)/9 twice, (-7/9 + 5/9)/9 twice
	se := math.Sqrt(10./9*10/9+2*7./9*7/9+2*2./9*2/9) / 9
	if math.Abs(got.Added-2./9) > 1e-15 || math.Abs(got.High-got.Added-1.959963984540054*se) > 1e-12 || math.Abs(got.Added-got.Low-1.959963984540054*se) > 1e-12 {
		t.Errorf("%+v, by hand %v with an error of %v", got, 2./9, se)
	}
}

func TestPublishedRefuses(t *testing.T) {
	h := home(t)
	for _, opt := range []PublishedOptions{{Share: 2}, {Share: -1}, {Share: math.NaN()}, {KernelRows: 10}} {
		_, err := RunPublished(t.Context(), h.w, h.set.Question, opt)
		says(t, err, "published protocol", "expected")
	}
	q := h.set.Question
	q.Threshold = 1 // hardly anyone clicks on all
	_, err := RunPublished(t.Context(), h.w, q, PublishedOptions{Seed: 1})
	says(t, err, "at least 50 of either kind")
	ctx, cancel := context.WithCancel(t.Context())
	_, err = RunPublished(ctx, h.w, h.set.Question, PublishedOptions{Seed: 1, Progress: func(done, _ int64) {
		if done == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
