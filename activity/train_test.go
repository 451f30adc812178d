package activity

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

var thePredictor = sync.OnceValues(func() (*Predictor, error) {
	h, err := theHamlet()
	if err != nil {
		return nil, err
	}
	return TrainPredictor(context.Background(), h.w, h.set, TrainOptions{Seed: 3})
})

func predictor(t *testing.T) (*hamlet, *Predictor) {
	t.Helper()
	h := home(t)
	p, err := thePredictor()
	if err != nil {
		t.Fatal(err)
	}
	return h, p
}

// chanceECE is the expected calibration error of a forecaster who is right about every probability: what the luck of so many
// users alone makes of it.
func chanceECE(p []float64, seed uint64) float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	sum, y := 0.0, make([]bool, len(p))
	const draws = 100
	for range draws {
		for i, q := range p {
			y[i] = r.Float64() < q
		}
		sum += learn.ECE(y, p, nil, 15, learn.EqualMass) / draws
	}
	return sum
}

// What the judgement says, computed again from the predictions for the test part.
func TestJudgement(t *testing.T) {
	h, p := predictor(t)
	s := h.set
	all := rows(len(s.Users), func(int) bool { return true })
	parts, _ := s.split(all, 3)
	test := s.data(parts.test, s.Active)
	st, err := p.stages(test.X)
	if err != nil {
		t.Fatal(err)
	}
	j := p.Judged
	if j.Users != len(parts.test) || j.Share != share(test.Y) {
		t.Errorf("%d users, share %v", j.Users, j.Share)
	}
	for i := range st.two {
		if st.two[i] != st.back[i]*st.then[i] {
			t.Fatal("the two stages are not multiplied")
		}
	}
	if got := learn.AUC(test.Y, st.one, nil); math.Abs(got-j.OneStageAUC.Value) > 1e-12 {
		t.Errorf("one stage: AUC %v, judged %v", got, j.OneStageAUC.Value)
	}
	if got := learn.AUC(test.Y, st.two, nil); math.Abs(got-j.TwoStageAUC.Value) > 1e-12 {
		t.Errorf("two stages: AUC %v, judged %v", got, j.TwoStageAUC.Value)
	}
	if p.TwoStage != (j.ValidTwoStage < j.ValidOneStage) {
		t.Error("the way that did worse on the validation part was taken")
	}
	// Calibrated to within .02 beyond what chance gives with so few users. The larger village of TestLargeVillage is held to .02 itself.
	best := p.better(st)
	ece := learn.ECE(test.Y, best, nil, 15, learn.EqualMass)
	if luck := chanceECE(best, 1); ece-luck > .02 {
		t.Errorf("expected calibration error %.4f, of which chance makes %.4f", ece, luck)
	}
	// Both better than a guess by far, the first question easier than none.
	for name, auc := range map[string]learn.AUCEstimate{"back": j.BackAUC, "then": j.ThenAUC, "one": j.OneStageAUC, "two": j.TwoStageAUC} {
		if auc.Low < .6 {
			t.Errorf("%s: AUC %+v", name, auc)
		}
	}
	users := 0
	for k, b := range j.Bands {
		users += b.Users
		if k > 0 && b.UpTo <= j.Bands[k-1].UpTo || b.Low > b.High {
			t.Errorf("bands %+v", j.Bands)
		}
	}
	if users != j.Users {
		t.Errorf("%d users in bands, %d tested", users, j.Users)
	}
}

func saved(t *testing.T, p *Predictor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPredictorRoundTrip(t *testing.T) {
	h, p := predictor(t)
	file := saved(t, p)
	q, err := LoadPredictor(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	x := h.set.X.Take(every(len(h.set.Users), 500))
	a, errA := p.stages(x)
	b, errB := q.stages(x)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	for _, pair := range [][2][]float64{{a.back, b.back}, {a.then, b.then}, {a.one, b.one}, {p.better(a), q.better(b)}} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Fatal("the loaded predictor predicts otherwise")
		}
	}
	if !q.Question.AsOf.Equal(p.Question.AsOf) || q.Threshold != p.Threshold || q.Seed != p.Seed || len(q.Judged.Bands) != len(p.Judged.Bands) || q.Judged.Users != p.Judged.Users {
		t.Errorf("%+v was loaded as %+v", p.Question, q.Question)
	}
	if !bytes.Equal(file, saved(t, q)) {
		t.Error("saved again it is another file")
	}
}

func TestDamagedPredictor(t *testing.T) {
	_, p := predictor(t)
	file := saved(t, p)
	refused := func(what string, b []byte) {
		t.Helper()
		if _, err := LoadPredictor(bytes.NewReader(b)); err == nil {
			t.Errorf("%s: loaded", what)
		} else if !errors.Is(err, ErrPredictor) && !errors.Is(err, learn.ErrDamaged) && !errors.Is(err, learn.ErrForeign) {
			t.Errorf("%s: %v", what, err)
		}
	}
	sealed := func(b []byte) []byte { // with a checksum that is right
		b = slices.Clone(b[:len(b)-4])
		return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	}
	for _, n := range []int{0, 1, 7, 9, 13, 14, 100, len(file) / 2, len(file) - 5, len(file) - 1} {
		refused("cut off", file[:n])
		if n > 20 {
			refused("cut off, with a checksum", sealed(file[:n]))
		}
	}
	r := rand.New(rand.NewPCG(5, 5))
	for range 100 {
		b := slices.Clone(file)
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		if _, err := LoadPredictor(bytes.NewReader(b)); err == nil {
			t.Fatal("a flipped bit was not seen")
		}
	}
	refused("another file", []byte(strings.Repeat("user,probability\n", 100)))
	refused("a saved model", func() []byte { var b bytes.Buffer; learn.Save(&b, p.Back); return b.Bytes() }())
	refused("something after it", sealed(append(slices.Clone(file[:len(file)-4]), make([]byte, 12)...)))
	for _, at := range []int{10, 11, 15, 17} { // the length of the first part
		b := slices.Clone(file)
		b[at] ^= 0x40
		refused("a wrong length", sealed(b))
	}
	b := slices.Clone(file)
	b[8] = 99
	_, err := LoadPredictor(bytes.NewReader(sealed(b)))
	says(t, err, "version 99", "train it anew")
}

func TestPredictorRefusesOtherFeatures(t *testing.T) {
	h, p := predictor(t)
	each := func([]Score) error { return nil }
	says(t, p.Scores(t.Context(), h.with(t, feature.CaseStudy()...), h.keys, nil, each), "other features", "segue predict train")
	other := *h.set
	o := *h.set.Observed
	o.AsOf = o.AsOf.AddDate(0, 0, -3)
	other.Observed = &o
	says(t, p.Scores(t.Context(), &other, h.keys, nil, each), "10 days", "of 7")
	_, err := p.Explain(t.Context(), &other, 0, "x", nil)
	says(t, err, "10 days")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Scores(ctx, h.set, h.keys, nil, each); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Scores come back from Parquet as they were given, one line a user seen early.
func TestScoresRoundTrip(t *testing.T) {
	h, p := predictor(t)
	some := *h.set // segments of the first users, found sooner
	n := 1500
	some.Users, some.Back, some.Active, some.X = some.Users[:n], some.Back[:n], some.Active[:n], some.X.Take(rows(n, func(int) bool { return true }))
	sg, err := FindSegments(t.Context(), &some, 3)
	if err != nil {
		t.Fatal(err)
	}
	var want []Score
	if err := p.Scores(t.Context(), h.set, h.keys, sg, func(s []Score) error { want = append(want, s...); return nil }); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := p.WriteScores(t.Context(), &file, h.set, h.keys, sg); err != nil {
		t.Fatal(err)
	}
	got, err := parquet.Read[Score](bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) || len(got) != len(h.set.Users) {
		t.Fatalf("%d scores were written, %d read, of %d users", len(want), len(got), len(h.set.Users))
	}
	for i, s := range got {
		ok := s.User == h.keys[h.set.Users[i]] && s.Low <= s.Probability && s.Probability <= s.High && 0 <= s.Low && s.High <= 1 && slices.Contains(sg.Names, s.Segment) && s.Reason1 != ""
		if !ok {
			t.Fatalf("row %d: %+v", i, s)
		}
	}
	// One user's score by itself is the one in the file, and its parts sum to the one-stage model's log-odds.
	e := inner(p.OneStage)
	for _, i := range []int{0, len(got) / 2} {
		w, err := p.Explain(t.Context(), h.set, i, got[i].User, sg)
		if err != nil {
			t.Fatal(err)
		}
		if w.Score.Probability != got[i].Probability || w.Score.Segment != got[i].Segment || w.Score.Low != got[i].Low {
			t.Errorf("explained %+v, scored %+v", w.Score, got[i])
		}
		one := []float64{0}
		if err := e.Predict(h.set.X.Take([]int32{int32(i)}), one); err != nil {
			t.Fatal(err)
		}
		if math.Abs(w.Log-math.Log(one[0]/(1-one[0]))) > 1e-4 {
			t.Errorf("the contributions make log-odds of %v, the model says %v", w.Log, math.Log(one[0]/(1-one[0])))
		}
		if !sort.SliceIsSorted(w.Features, func(a, b int) bool { return math.Abs(w.Features[a].Move) > math.Abs(w.Features[b].Move) }) || len(w.Features) != len(h.set.Columns) {
			t.Error("contributions are not in the order of their size, or not all there")
		}
	}
	broken := errors.New("disk full")
	if err := p.Scores(t.Context(), h.set, h.keys, nil, func([]Score) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("an error of the writer came back as %v", err)
	}
}

func TestTop3(t *testing.T) {
	names := [][2]string{{"-a", "+a"}, {"-b", "+b"}, {"-c", "+c"}, {"-d", "+d"}}
	if a, b, c := top3([]float32{.1, -.4, .2, -.3}, names); a != "-b" || b != "-d" || c != "+c" {
		t.Errorf("%s %s %s", a, b, c)
	}
	if a, b, c := top3([]float32{0, 0, .2, 0}, names); a != "+c" || b != "" || c != "" {
		t.Errorf("%q %q %q", a, b, c)
	}
}

// Too few users for any saying are refused in words, naming the part and what is missing there.
func TestTooFew(t *testing.T) {
	h := home(t)
	few := *h.set
	n := 60
	few.Users, few.Back, few.Active = few.Users[:n], few.Back[:n], few.Active[:n]
	few.X = few.X.Take(rows(n, func(int) bool { return true }))
	_, err := Compare(t.Context(), h.w, &few, CompareOptions{Seed: 1})
	says(t, err, "the train part", "who were active", "at least 10", "larger log")
	_, err = TrainPredictor(t.Context(), h.w, &few, TrainOptions{Seed: 1})
	says(t, err, "part has", "at least 10")
	says(t, enough(Test, "who came back", make([]bool, 40)), "the test part has 0 users who came back and 40 others")
	if enough(Train, "", append(make([]bool, 10), slices.Repeat([]bool{true}, 10)...)) != nil {
		t.Error("ten of each are enough")
	}
}
