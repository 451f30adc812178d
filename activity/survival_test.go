package activity

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
	"github.com/seguefeed/segue/warehouse"
)

// lastDays is a warehouse that knows nothing but when users were seen last.
type lastDays struct {
	warehouse.Training
	last []int32
}

func (w lastDays) Spans(context.Context) (first, last []int32, err error) {
	return make([]int32, len(w.last)), w.last, nil
}

// stayers plants users whose chance to be seen for the last time is the same every day: hazard(i) of user i. The as-of is
// 11 November, the end the 30th: disengaged is who was last seen by the 23rd.
func stayers(n int, hazard func(i int) float64, group func(i int) float32) (*Set, lastDays) {
	r := rand.New(rand.NewPCG(4, 4))
	asOf := int32(day(11).Unix() / 86400)
	s := &Set{Observed: &Observed{Question: Question{From: day(1), AsOf: day(11), Until: day(30)}}}
	for _, d := range feature.Extended() {
		c := learn.Column{Name: d.Name}
		switch d.Name {
		case "gender":
			c.Levels = []string{"male", "female", "unknown"}
		case "province":
			c.Levels = []string{"bei jing", "guang dong"}
		}
		s.Columns = append(s.Columns, c)
	}
	s.X = learn.NewMatrix(n, len(s.Columns))
	w := lastDays{}
	for i := range n {
		s.Users = append(s.Users, int32(i))
		for j := range s.Columns {
			s.X.Row(i)[j] = float32(r.IntN(2))
			if s.Columns[j].Name == "active_days" {
				s.X.Row(i)[j] = group(i)
			} else if !s.Columns[j].Categorical() {
				s.X.Row(i)[j] = float32(r.NormFloat64())
			}
		}
		t := 1 // 1: not seen from the as-of on
		for t < 21 && r.Float64() >= hazard(i) {
			t++
		}
		w.last = append(w.last, asOf+int32(t)-2)
	}
	return s, w
}

func TestStayRecoversHazards(t *testing.T) {
	const n = 20_000
	// One half leaves with a chance of .04 a day, the other with .12; active_days tells which.
	hazard := func(i int) float64 { return []float64{.04, .12}[i%2] }
	s, w := stayers(n, hazard, func(i int) float32 { return float32(4 - 3*(i%2)) })
	st, err := FollowStay(t.Context(), w, s, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Last seen on the 23rd, 12 days after the as-of, is t = 14: the last that 7 silent days show.
	if st.Horizon != 14 || st.Users != n {
		t.Fatalf("horizon %d, %d users", st.Horizon, st.Users)
	}
	left := func(h float64, t int) float64 { return math.Pow(1-h, float64(t)) }
	events := n/2*(1-left(.04, 14)) + n/2*(1-left(.12, 14))
	if math.Abs(float64(st.Events)-events) > 3*math.Sqrt(n*.25) {
		t.Errorf("%d disengaged, by hand %v", st.Events, events)
	}
	// The curve of all, and of the two groups, against the planted ones; three standard errors.
	for _, k := range []int{1, 5, 10, 14} {
		want := (left(.04, k) + left(.12, k)) / 2
		if got := st.Overall.At(float64(k)); math.Abs(got-want) > 3*math.Sqrt(want*(1-want)/n) {
			t.Errorf("after %d days %v stay, planted %v", k, got, want)
		}
	}
	found := false
	for _, g := range st.Groups {
		if g.By != "days seen early" {
			continue
		}
		found = true
		if len(g.Names) != 2 || g.Test.P > 1e-10 {
			t.Fatalf("%+v", g)
		}
		for k, h := range []float64{.12, .04} { // "one", "four or more"
			if got, want := g.Curves[k].At(10), left(h, 10); math.Abs(got-want) > 3*math.Sqrt(want*(1-want)/(n/2)) {
				t.Errorf("%s: after 10 days %v stay, planted %v", g.Names[k], got, want)
			}
		}
	}
	if !found {
		t.Error("there are no curves by days seen")
	}
	// The model's odds ratio is for one spread of active_days over person-days, of which the group of hazard h has
	// (1-(1-h)^14)/h a user: with a share q of them, the spread is sqrt(q(1-q)) of the way from one group to the other. Its
	// interval must hold the planted one; those of the other columns must hold 1, all but one of them.
	a, b := (1-left(.04, 14))/.04, (1-left(.12, 14))/.12
	q := a / (a + b)
	planted := math.Pow((.04/.96)/(.12/.88), math.Sqrt(q*(1-q)))
	off := 0
	for _, e := range st.Effects {
		switch {
		case e.Column == "active_days":
			if e.Low > planted || e.High < planted || e.P > 1e-10 {
				t.Errorf("active days: odds ratio %v (%v to %v), planted %v", e.OddsRatio, e.Low, e.High, planted)
			}
		case e.Column != "(intercept)" && (e.Low > 1 || e.High < 1):
			off++
		}
	}
	if off > 1 {
		t.Errorf("%d of the columns that say nothing have an effect: %+v", off, st.Effects)
	}
	// One of hazard h is the first of a pair, at t, with chance h (1-h)^(t-1), if the other, of hazard g, lasts beyond t: (1-g)^t.
	first := func(h, g float64) (sum float64) {
		for k := 1; k <= 14; k++ {
			sum += h * left(h, k-1) * left(g, k)
		}
		return sum
	}
	right, wrong, within := first(.12, .04), first(.04, .12), first(.04, .04)+first(.12, .12) // pairs within a group are right by chance
	want := (right + within/2) / (right + wrong + within)
	if math.Abs(st.Concordance-want) > .015 || st.Pairs < 1e6 {
		t.Errorf("concordance %v of %d pairs, planted %v", st.Concordance, st.Pairs, want)
	}
}

// Of a small log in which, on some day, nobody was seen for the last time.
func TestStayOfFew(t *testing.T) {
	s, w := stayers(400, func(int) float64 { return .05 }, func(i int) float32 { return float32(1 + i%5) })
	asOf := int32(day(11).Unix() / 86400)
	for i, last := range w.last {
		if last == asOf+3 {
			w.last[i]++
		}
	}
	st, err := FollowStay(t.Context(), w, s, 1)
	if err != nil {
		t.Fatal(err)
	}
	if st.Hazard == nil || st.Effects != nil || !(st.Concordance > .3 && st.Concordance < .7) {
		t.Errorf("effects %v, concordance %v", st.Effects, st.Concordance)
	}
}

func TestStayTooShort(t *testing.T) {
	s, w := stayers(100, func(int) float64 { return .1 }, func(int) float32 { return 1 })
	s.Until = day(16) // 6 days
	if _, err := FollowStay(t.Context(), w, s, 1); !errors.Is(err, ErrTooShort) {
		t.Errorf("%v", err)
	}
	s.Until = day(30)
	for i := range w.last {
		w.last[i] = int32(day(30).Unix() / 86400)
	}
	if _, err := FollowStay(t.Context(), w, s, 1); !errors.Is(err, ErrTooShort) {
		t.Errorf("nobody left: %v", err)
	}
}
