package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestKaplanMeierByHand(t *testing.T) {
	// Six rows: events at 1, 3, 3, 5; censored at 3 and 4.
	// t=1: 6 at risk, 5/6. t=3: 5 at risk, 2 events, 5/6*3/5 = 1/2 (the one censored at 3 is at risk). t=5: 1 at risk: 0.
	c, err := KaplanMeier([]float64{3, 1, 4, 3, 5, 3}, []bool{true, true, false, false, true, true}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	k := c[0]
	if fmt.Sprint(k.Time, k.AtRisk, k.Happened, k.Rows, k.Events) != "[1 3 5] [6 5 1] [1 2 1] 6 4" {
		t.Errorf("%+v", k)
	}
	agreeAll(t, "survival", k.Survival, []float64{5. / 6, .5, 0}, 1e-15)
	// Greenwood: 1/(6*5) = 1/30; + 2/(5*3) = 1/6.
	agreeAll(t, "SE", k.SE, []float64{5. / 6 * math.Sqrt(1./30), .5 * math.Sqrt(1./6), 0}, 1e-15)
	// The interval is where |log(-log s) - log(-log .5)| = z SE/|log .5|.
	half := normal95 * math.Sqrt(1./6) / math.Ln2
	for _, end := range []float64{k.Low[1], k.High[1]} {
		agree(t, "distance of the end", math.Abs(math.Log(-math.Log(end))-math.Log(math.Ln2)), half, 1e-12)
	}
	if !(k.Low[1] < .5 && k.High[1] > .5) || k.Low[2] != 0 || k.High[2] != k.High[1] {
		t.Errorf("interval %v to %v", k.Low, k.High)
	}
	if k.Median() != 3 || k.At(.5) != 1 || k.At(3) != k.Survival[1] || k.At(4.9) != k.Survival[1] || k.At(99) != 0 {
		t.Error("the median or a value between times is wrong")
	}
}

// Freireich et al. (Blood 21, 1963): weeks in remission of leukemia, with 6-mercaptopurine and with placebo, as in most
// textbooks. With + censored: 6 6 6 7 10 13 16 22 23 6+ 9+ 10+ 11+ 17+ 19+ 20+ 25+ 32+ 32+ 34+ 35+.
func remission() (duration []float64, event []bool, group []int32) {
	for _, d := range []float64{6, 6, 6, 7, 10, 13, 16, 22, 23, -6, -9, -10, -11, -17, -19, -20, -25, -32, -32, -34, -35} {
		duration, event, group = append(duration, math.Abs(d)), append(event, d > 0), append(group, 0)
	}
	for _, d := range []float64{1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23} {
		duration, event, group = append(duration, d), append(event, true), append(group, 1)
	}
	return duration, event, group
}

func TestRemissionAsInTheTextbooks(t *testing.T) {
	duration, event, group := remission()
	c, err := KaplanMeier(duration, event, group, 2)
	if err != nil {
		t.Fatal(err)
	}
	// Published: .857 .807 .753 .690 .627 .538 .448, medians 23 and 8.
	agreeAll(t, "survival", c[0].Survival, []float64{.857, .807, .753, .690, .627, .538, .448}, .0006)
	agreeAll(t, "SE", c[0].SE, []float64{.0764, .0869, .0963, .1068, .1141, .1282, .1346}, .0001)
	if low, _ := KaplanMeier(duration[:10], event[:10], nil, 1); !math.IsInf((SurvivalCurve{Survival: low[0].Survival[:1]}).Median(), 1) {
		t.Error("a curve that stays above 1/2 has a median")
	}
	if c[0].Median() != 23 || c[1].Median() != 8 {
		t.Errorf("medians %v, %v", c[0].Median(), c[1].Median())
	}
	l, err := LogRank(duration, event, group, 2)
	if err != nil {
		t.Fatal(err)
	}
	// Published: expected 19.25 and 10.75, chi-squared 16.79.
	agreeAll(t, "expected", l.Expected, []float64{19.25, 10.75}, .005)
	agreeAll(t, "observed", l.Observed, []float64{9, 21}, 0)
	agree(t, "chi-squared", l.Statistic, 16.79, .005)
	agree(t, "p", l.P, math.Erfc(math.Sqrt(l.Statistic/2)), 1e-12) // a chi-squared of 1 degree is a squared normal
}

func TestLogRankByHand(t *testing.T) {
	// A: event at 1; B: events at 2 and 3.
	// t=1: 1 of 3 in A: expected 1/3, variance 1/3*2/3 = 2/9. Then A is empty: nothing more.
	// (1-1/3)^2 / (2/9) = 2.
	l, err := LogRank([]float64{2, 1, 3}, []bool{true, true, true}, []int32{1, 0, 1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "chi-squared", l.Statistic, 2, 1e-12)
	agreeAll(t, "expected", l.Expected, []float64{1. / 3, 8. / 3}, 1e-12)

	// The names of the groups and groups without rows do not matter.
	r := rand.New(rand.NewPCG(8, 1))
	var duration []float64
	var event []bool
	var group, renamed []int32
	for i := range 300 {
		g := int32(i % 3)
		duration, event = append(duration, math.Ceil(r.ExpFloat64()*10)), append(event, r.IntN(4) > 0)
		group, renamed = append(group, g), append(renamed, []int32{4, 0, 2}[g])
	}
	a, err := LogRank(duration, event, group, 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := LogRank(duration, event, renamed, 6)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "renamed", b.Statistic, a.Statistic, 1e-10)
	if a.DF != 2 || b.DF != 2 {
		t.Errorf("%d and %d degrees of freedom", a.DF, b.DF)
	}
	agree(t, "p", a.P, math.Exp(-a.Statistic/2), 1e-12) // a chi-squared of 2 degrees is exponential
	if one, err := LogRank(duration, event, make([]int32, 300), 2); err != nil || one.DF != 0 || one.P == one.P {
		t.Errorf("one group: %+v, %v", one, err)
	}
}

// Under equality, p-values are uniform; under a doubled hazard they are small.
func TestLogRankHoldsItsLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	rejected := 0
	const trials = 800
	for range trials {
		var duration []float64
		var event []bool
		var group []int32
		for i := range 90 {
			d, c := r.ExpFloat64(), 1.5*r.ExpFloat64()
			duration, event, group = append(duration, min(d, c)), append(event, d <= c), append(group, int32(i%3))
		}
		l, err := LogRank(duration, event, group, 3)
		if err != nil {
			t.Fatal(err)
		}
		if l.P < .05 {
			rejected++
		}
	}
	if rejected < 22 || rejected > 62 { // binomial: 40, standard deviation 6.2
		t.Errorf("%d of %d trials rejected at 5%%", rejected, trials)
	}
}

func TestConcordanceAgainstBruteForce(t *testing.T) {
	// By hand: events at 1 (risk 3) and 2 (risk 1), censored at 2 (risk 1) and 3 (risk 5). The event at 1 is before three: risk
	// above two of them. The event at 2 is before the one censored at 2, tied in risk, and that at 3, below it.
	c, err := Concordance([]float64{1, 2, 2, 3}, []bool{true, true, false, false}, []float64{3, 1, 1, 5})
	if err != nil || c != (ConcordanceIndex{2, 2, 1}) {
		t.Errorf("%+v, %v", c, err)
	}
	agree(t, "C", c.Value(), 2.5/5, 1e-15)

	r := rand.New(rand.NewPCG(4, 4))
	for n := 1; n < 200; n += 7 {
		duration, event, risk := make([]float64, n), make([]bool, n), make([]float64, n)
		for i := range n {
			duration[i], event[i], risk[i] = float64(1+r.IntN(20)), r.IntN(3) > 0, float64(r.IntN(12))
		}
		var want ConcordanceIndex
		for i := range n {
			for j := range n {
				if event[i] && (duration[i] < duration[j] || duration[i] == duration[j] && !event[j]) {
					switch {
					case risk[i] > risk[j]:
						want.Concordant++
					case risk[i] < risk[j]:
						want.Discordant++
					default:
						want.Tied++
					}
				}
			}
		}
		if got, err := Concordance(duration, event, risk); err != nil || got != want {
			t.Fatalf("%d rows: %+v, want %+v (%v)", n, got, want, err)
		}
	}
	// Without censoring, and with two times only, it is the AUC of the earlier.
	y, p := scoredRows(500, 6)
	duration, all := make([]float64, 500), make([]bool, 500)
	for i, v := range y {
		all[i], duration[i] = true, 2
		if v {
			duration[i] = 1
		}
	}
	c, err = Concordance(duration, all, p)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "AUC", c.Value(), AUC(y, p, nil), 1e-14)
}

func TestSurvivalRefuses(t *testing.T) {
	one, yes := []float64{1}, []bool{true}
	for what, f := range map[string]func() error{
		"no rows":        func() error { _, err := KaplanMeier(nil, nil, nil, 1); return err },
		"fewer events":   func() error { _, err := KaplanMeier(one, nil, nil, 1); return err },
		"no groups":      func() error { _, err := KaplanMeier(one, yes, nil, 0); return err },
		"a duration 0":   func() error { _, err := KaplanMeier([]float64{0}, yes, nil, 1); return err },
		"a duration NaN": func() error { _, err := KaplanMeier([]float64{math.NaN()}, yes, nil, 1); return err },
		"group 2 of 2":   func() error { _, err := LogRank(one, yes, []int32{2}, 2); return err },
		"group nil":      func() error { _, err := LogRank(one, yes, nil, 2); return err },
		"fewer risks":    func() error { _, err := Concordance(one, yes, nil); return err },
		"a risk NaN":     func() error { _, err := Concordance(one, yes, []float64{math.NaN()}); return err },
	} {
		if f() == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

func TestPersonPeriodsByHand(t *testing.T) {
	l := &Lives{
		Periods: []int32{2, 1, 3}, Event: []bool{true, false, false}, Weight: []float32{1, 2, 3},
		X: &Matrix{3, 1, []float32{7, 8, 9}}, Columns: []Column{{Name: "age"}},
		Varying:        func(person, period int, row []float32) { row[0] = float32(10*person + period) },
		VaryingColumns: []Column{{Name: "clicks"}}, PeriodLevels: 2,
	}
	d, err := l.Data()
	if err != nil {
		t.Fatal(err)
	}
	// period (category 0 is "1", 1 is "2+"), age, clicks
	want := []float32{0, 7, 1, 1, 7, 2, 0, 8, 11, 0, 9, 21, 1, 9, 22, 1, 9, 23}
	if fmt.Sprint(d.X.Data) != fmt.Sprint(want) || fmt.Sprint(d.Y) != "[false true false false false false]" || fmt.Sprint(d.Weight) != "[1 1 2 3 3 3]" {
		t.Errorf("%+v of %v", d, d.X.Data)
	}
	if fmt.Sprint(d.Columns) != "[{period [1 2+]} {age []} {clicks []}]" {
		t.Errorf("columns %v", d.Columns)
	}
	for _, part := range []int{1, 4, 6, 100} {
		var x []float32
		var y []bool
		if err := l.Each(context.Background(), part, func(d *Data) error {
			if err := d.check(acceptsCategories); err != nil && !errors.Is(err, ErrOneClass) {
				return err
			}
			if d.X.Rows > part {
				return fmt.Errorf("a part of %d rows", d.X.Rows)
			}
			x, y = append(x, d.X.Data...), append(y, d.Y...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(x, y) != fmt.Sprint(want, d.Y) {
			t.Errorf("in parts of %d: %v", part, x)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	if err := l.Each(ctx, 2, func(*Data) error { return nil }); !errors.Is(err, why) {
		t.Errorf("cancelled: %v", err)
	}
	for what, bad := range map[string]*Lives{
		"nobody": {}, "no periods": {Periods: []int32{0}, Event: []bool{true}}, "fewer events": {Periods: []int32{1}},
		"columns without Varying": {Periods: []int32{1}, Event: []bool{true}, VaryingColumns: []Column{{}}},
		"a matrix of two":         {Periods: []int32{1}, Event: []bool{true}, X: NewMatrix(2, 1)},
	} {
		if _, err := bad.Data(); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

// hazardTable is the simplest model of person-periods: the share of events among the rows of a period.
type hazardTable struct {
	Columns []Column
	Hazard  map[float32]float64
}

func (m *hazardTable) Inputs() []Column { return m.Columns }
func (m *hazardTable) valid() error     { return nil }
func (m *hazardTable) Predict(x *Matrix, p []float64) error {
	if err := checkInput(x, p, m.Columns); err != nil {
		return err
	}
	for i := range p {
		p[i] = m.Hazard[x.Row(i)[0]]
	}
	return nil
}

// With a hazard of its own for each period, the survival curve of person-periods is Kaplan's and Meier's.
func TestSurvivalOfHazardsIsKaplanMeier(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 2))
	l := new(Lives)
	var duration []float64
	for range 400 {
		p := int32(1 + r.IntN(9))
		l.Periods, l.Event, duration = append(l.Periods, p), append(l.Event, r.IntN(2) == 0), append(duration, float64(p))
	}
	d, err := l.Data()
	if err != nil || d.X.Rows != l.Rows() {
		t.Fatal(err)
	}
	m := &hazardTable{l.RowColumns(), map[float32]float64{}}
	rows := map[float32]float64{}
	for i, y := range d.Y {
		rows[d.X.Row(i)[0]]++
		if y {
			m.Hazard[d.X.Row(i)[0]]++
		}
	}
	for period, n := range rows {
		m.Hazard[period] /= n
	}
	s, err := l.Survival(m, 0, 9)
	if err != nil {
		t.Fatal(err)
	}
	c, err := KaplanMeier(duration, l.Event, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range s {
		agree(t, fmt.Sprint("after period ", k+1), v, c[0].At(float64(k+1)), 1e-12)
	}
	if _, err := l.Survival(m, 400, 9); err == nil {
		t.Error("a person who is not there was accepted")
	}
}

func BenchmarkConcordance(b *testing.B) {
	y, p := scoredRows(600_000, 1)
	duration := make([]float64, len(p))
	r := rand.New(rand.NewPCG(1, 1))
	for i := range duration {
		duration[i] = math.Ceil(30 * r.Float64())
	}
	b.Run("rows=600000", func(b *testing.B) {
		for b.Loop() {
			if _, err := Concordance(duration, y, p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
