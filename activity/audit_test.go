package activity

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

// alarmsOf are the alarms of an audit.
func alarmsOf(t *testing.T, err error) []Alarm {
	t.Helper()
	var leak *LeakError
	if err != nil && !errors.As(err, &leak) {
		t.Fatal(err)
	}
	if leak == nil {
		return nil
	}
	return leak.Alarms
}

// alone fails unless exactly one alarm of a check names a column or step, and there are no others.
func alone(t *testing.T, got []Alarm, check, column string) {
	t.Helper()
	if len(got) != 1 || got[0].Check != check || got[0].Column != column || got[0].What == "" {
		t.Errorf("alarms %+v; expected one, %q of %s", got, check, column)
	}
}

func TestCleanPipelineRaisesNoAlarm(t *testing.T) {
	h := home(t)
	_, trail := h.set.backRows(1)
	if err := Audit(t.Context(), h.w, h.set, trail); err != nil {
		t.Errorf("the features and steps of a comparison: %v", err)
	}
	all := rows(len(h.set.Users), func(int) bool { return true })
	_, trail = h.set.split(all, 1)
	trail.Oversampled("inside the training part", trail.steps[1].rows) // after the split it is allowed
	if err := Audit(t.Context(), h.w, h.set, trail); err != nil {
		t.Errorf("the steps of a training: %v", err)
	}
}

func TestAuditRefusesTheFuture(t *testing.T) {
	h := home(t)
	clean := feature.Extended()[:8]
	late := feature.LateImpressions()
	_, trail := h.set.backRows(1)

	// Impressions counted in days 11 to 30: they also tell who comes back.
	got := alarmsOf(t, Audit(t.Context(), h.w, h.with(t, append(clean, late)...), trail))
	if len(got) != 2 || got[0].Check != CheckFuture || got[1].Check != CheckTooGood || got[0].Column != late.Name || got[1].Column != late.Name {
		t.Errorf("a count of late impressions: %+v", got)
	}
	// A feature that says it reads rows before the as-of, and hides in another number that late rows move it. (Rows from the
	// as-of on reach a summary only where some feature says that it reads them.)
	inner := late.Of
	hidden := feature.Def{Name: "mean_gap_smoothed", Unit: "days", Rule: feature.BeforeAsOf, Why: "planted",
		Of: func(s *feature.Summary) float32 { return float32(s.Impressions) + .01*inner(s) }}
	got = alarmsOf(t, Audit(t.Context(), h.w, h.with(t, hidden, late), trail))
	if !slices.ContainsFunc(got, func(a Alarm) bool { return a.Check == CheckFuture && a.Column == hidden.Name }) {
		t.Errorf("a hidden late column: %+v", got)
	}
	if got = alarmsOf(t, Audit(t.Context(), h.w, h.with(t, hidden), trail)); got != nil {
		t.Errorf("where no late row is read, none can leak: %+v", got)
	}
	// One user's value written over by hand.
	s := h.with(t, clean...)
	s.X.Data[3*len(clean)+2]++
	alone(t, alarmsOf(t, Audit(t.Context(), h.w, s, trail)), CheckFuture, clean[2].Name)
	// A column that no feature makes.
	s = h.with(t, clean...)
	s.Columns = append(slices.Clone(s.Columns[:7]), learn.Column{Name: "from elsewhere"})
	alone(t, alarmsOf(t, Audit(t.Context(), h.w, s, trail)), CheckFuture, "from elsewhere")
}

func TestAuditRefusesLevel(t *testing.T) {
	h := home(t)
	for _, name := range []string{"level", "User Level", "level_at_end"} {
		d := feature.Extended()[10]
		d.Name = name
		alone(t, alarmsOf(t, Audit(t.Context(), h.w, h.with(t, d), nil)), CheckLevel, name)
	}
	d := feature.Extended()[10]
	d.Name = "levelled_months" // another word
	if got := alarmsOf(t, Audit(t.Context(), h.w, h.with(t, d), nil)); got != nil {
		t.Errorf("%+v", got)
	}
}

// The plan of each test is over four users, rows 0 to 3, of whom row 3 is tested.
func TestAuditRefusesSteps(t *testing.T) {
	s := &Set{Users: []int32{10, 11, 12, 13}}
	all, parts := []int32{0, 1, 2, 3}, []Part{Train, Train, Valid, Test}
	for _, c := range []struct {
		name, check, step string
		plan              func(tr *Trail)
	}{
		{"clean", "", "", func(tr *Trail) {
			tr.Parted("split", all, parts)
			tr.Oversampled("more", []int32{0, 0, 1})
			tr.Fitted("scaler", []int32{0, 0, 1})
			tr.Fitted("model", []int32{0, 1, 2})
		}},
		{"oversampling before the split", CheckOversample, "more", func(tr *Trail) {
			tr.Oversampled("more", []int32{0, 0, 1, 2, 3})
			tr.Parted("split", []int32{0, 0, 1, 2, 3}, []Part{Train, Train, Train, Valid, Test})
		}},
		{"a user on both sides", CheckBothSides, "split", func(tr *Trail) {
			tr.Parted("split", []int32{0, 1, 2, 3, 3}, []Part{Train, Train, Valid, Test, Train})
		}},
		{"test rows in the scaler", CheckTestRows, "scaler", func(tr *Trail) {
			tr.Parted("split", all, parts)
			tr.Fitted("scaler", all)
		}},
		{"a scaler of all rows, before the split", CheckTestRows, "scaler", func(tr *Trail) {
			tr.Fitted("scaler", all)
			tr.Parted("split", all, parts)
			tr.Fitted("model", []int32{0, 1})
		}},
		{"validation rows are no test rows", "", "", func(tr *Trail) {
			tr.Parted("split", all, parts)
			tr.Fitted("calibration", []int32{2})
		}},
	} {
		tr := new(Trail)
		c.plan(tr)
		if got := tr.audit(s); c.check == "" && got != nil {
			t.Errorf("%s: %+v", c.name, got)
		} else if c.check != "" {
			alone(t, got, c.check, c.step)
		}
	}
	// Two users with two rows each, one row of each on either side.
	twice := &Set{Users: []int32{10, 11, 10, 11}}
	tr := new(Trail)
	tr.Parted("split of rows", all, []Part{Train, Train, Test, Test})
	alone(t, tr.audit(twice), CheckBothSides, "split of rows")
}

// 200 users, all back, half of them active; x is what one column holds.
func planted(x func(i int) float32, levels []string) *Set {
	s := &Set{Columns: []learn.Column{{Name: "noise"}, {Name: "x", Levels: levels}}, X: learn.NewMatrix(200, 2)}
	for i := range 200 {
		s.Users, s.Back, s.Active = append(s.Users, int32(i)), append(s.Back, i%5 != 0), append(s.Active, i%5 != 0 && i%2 == 0)
		s.X.Row(i)[0], s.X.Row(i)[1] = float32((i*37)%101), x(i)
	}
	return s
}

func TestAuditRefusesTooGood(t *testing.T) {
	nan := float32(math.NaN())
	active := func(yes, no float32) func(int) float32 {
		return func(i int) float32 {
			if i%5 != 0 && i%2 == 0 {
				return yes
			}
			return no
		}
	}
	for name, s := range map[string]*Set{
		"a number":                planted(active(1, 0), nil),
		"the other way":           planted(active(-3, 2), nil),
		"missing for the active":  planted(active(nan, 2), nil),
		"a category":              planted(active(1, 0), []string{"a", "b"}),
		"an unknown category":     planted(active(7, 0), []string{"a", "b"}),
		"missing for the others ": planted(active(1, nan), nil),
	} {
		got := s.tooGood()
		if len(got) != 1 || got[0].Column != "x" || got[0].Check != CheckTooGood {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// Who comes back: another label that no column may tell.
	alone(t, planted(func(i int) float32 { return float32(min(i%5, 1)) }, nil).tooGood(), CheckTooGood, "x")
	// Half of the active told: the AUC is .5 + .5/2.
	if got := planted(func(i int) float32 {
		if i%5 != 0 && i%4 == 0 {
			return 1
		}
		return 0
	}, nil).tooGood(); got != nil {
		t.Errorf("a good feature is no leak: %+v", got)
	}
}

func TestRefusalStopsEveryFit(t *testing.T) {
	h := home(t)
	s := h.with(t, append(feature.Extended(), feature.LateImpressions())...)
	_, err := Compare(t.Context(), h.w, s, CompareOptions{Seed: 1})
	says(t, err, "refuses to fit", "late_impressions", "10 November")
	_, err = TrainPredictor(t.Context(), h.w, s, TrainOptions{Seed: 1})
	says(t, err, "refuses to fit", "late_impressions")
}
