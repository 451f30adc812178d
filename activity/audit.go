// The leakage audit. A model that saw the future looks good and is worthless; the audit runs before every fit and refuses,
// naming the column or the step.

package activity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
	"github.com/seguefeed/segue/warehouse"
)

// Alarm is one leak that the audit found.
type Alarm struct {
	Check  string // which of Checks
	Column string // or step
	What   string // in a sentence
}

// The audit's checks.
const (
	CheckFuture     = "reads the label's days"
	CheckLevel      = "level is never a predictor"
	CheckOversample = "oversampling before the split"
	CheckBothSides  = "a user on both sides"
	CheckTestRows   = "test rows in what is fitted"
	CheckTooGood    = "one feature predicts almost perfectly"
)

// Checks are all of them, in order.
var Checks = []string{CheckFuture, CheckLevel, CheckOversample, CheckBothSides, CheckTestRows, CheckTooGood}

// LeakError refuses a fit.
type LeakError struct{ Alarms []Alarm }

func (e *LeakError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the leakage audit refuses to fit:")
	for _, a := range e.Alarms {
		fmt.Fprintf(&b, "\n  %s: %s", a.Column, a.What)
	}
	return b.String()
}

// Trail is what a procedure did with rows, in order; it is written down where it is done, and audited before the fit.
type Trail struct{ steps []step }

type step struct {
	name  string
	kind  stepKind
	rows  []int32 // of the Set; one that was oversampled stands several times
	parts []Part  // of a split: by position in rows
}

type stepKind uint8

const (
	stepOversample stepKind = iota
	stepSplit
	stepFit // of a scaler, an encoder, a model: whatever learns from rows
)

// Oversampled notes that rows were multiplied.
func (t *Trail) Oversampled(name string, rows []int32) {
	t.steps = append(t.steps, step{name: name, kind: stepOversample, rows: rows})
}

// Parted notes a split of rows.
func (t *Trail) Parted(name string, rows []int32, parts []Part) {
	t.steps = append(t.steps, step{name: name, kind: stepSplit, rows: rows, parts: parts})
}

// Fitted notes that something learns from rows.
func (t *Trail) Fitted(name string, rows []int32) {
	t.steps = append(t.steps, step{name: name, kind: stepFit, rows: rows})
}

const (
	auditUsers = 50_000 // users whose features are computed again; any leak shows in far fewer
	tooGood    = .98    // AUC of one column alone from which on it is not believed
)

// Audit looks for leaks in the features of s and in a procedure, of which t may be nil where there is none. It returns a
// *LeakError when there are any. level and the like are looked for by name; a feature that reads later rows is found by
// computing it again from a log without them, and a column that no declared feature computes is not believed.
func Audit(ctx context.Context, w warehouse.Training, s *Set, t *Trail) error {
	if s.X.Rows != len(s.Users) || s.X.Cols != len(s.Columns) || len(s.X.Data) != s.X.Rows*s.X.Cols {
		return fmt.Errorf("audit: a matrix of %d x %d with %d values for %d users and %d columns", s.X.Rows, s.X.Cols, len(s.X.Data), len(s.Users), len(s.Columns))
	}
	alarms := s.undeclared()
	future, err := readsFuture(ctx, w, s)
	if err != nil {
		return err
	}
	alarms = append(alarms, future...)
	for _, c := range s.Columns {
		if slices.Contains(strings.FieldsFunc(strings.ToLower(c.Name), func(r rune) bool { return r == '_' || r == ' ' || r == '-' }), "level") {
			alarms = append(alarms, Alarm{CheckLevel, c.Name, "the level is graded after the month, from what the user did in it: it holds the answer"})
		}
	}
	alarms = append(alarms, t.audit(s)...)
	alarms = append(alarms, s.tooGood()...)
	if len(alarms) > 0 {
		return &LeakError{alarms}
	}
	return nil
}

// undeclared names the columns that are not those of the declared features: they cannot be computed again.
func (s *Set) undeclared() (alarms []Alarm) {
	for j, c := range s.Columns {
		if j >= len(s.Table.Defs) || s.Table.Defs[j].Name != c.Name {
			alarms = append(alarms, Alarm{CheckFuture, c.Name, "no declared feature makes this column, so that nobody can say what it reads"})
		}
	}
	return alarms
}

// readsFuture computes features again over a log that ends before the as-of and names the columns that differ.
func readsFuture(ctx context.Context, w warehouse.Training, s *Set) ([]Alarm, error) {
	spec := feature.Spec{From: s.From, AsOf: s.AsOf, Until: s.Until, Defs: s.Table.Defs, MaxUsers: auditUsers}
	again, err := feature.Build(ctx, feature.CutAt(w, s.AsOf), spec)
	if err != nil {
		return nil, err
	}
	row := map[int32]int{}
	for i, u := range again.Users {
		row[u] = i
	}
	differ := make([]int, min(len(s.Columns), len(s.Table.Defs)))
	compared := 0
	for i, u := range s.Users {
		k, ok := row[u]
		if !ok {
			continue
		}
		compared++
		for j, v := range again.Row(k)[:len(differ)] {
			if !alike(v, s.X.Row(i)[j]) {
				differ[j]++
			}
		}
	}
	if compared == 0 && len(s.Users) > 0 {
		return nil, errors.New("audit: none of the users is there in the log before the as-of")
	}
	var alarms []Alarm
	for j, n := range differ {
		if n > 0 {
			alarms = append(alarms, Alarm{CheckFuture, s.Columns[j].Name,
				fmt.Sprintf("for %d of %d users it is another when the log ends on %s, before the days that are to be predicted", n, compared, s.AsOf.AddDate(0, 0, -1).Format("2 January"))})
		}
	}
	return alarms, nil
}

// audit looks at the steps. What is fitted before the split is held against the split that comes: a scaler of all rows has seen
// those that will be tested.
func (t *Trail) audit(s *Set) (alarms []Alarm) {
	if t == nil {
		return nil
	}
	var split *step
	first := t.firstSplit()
	for i := range t.steps {
		st := &t.steps[i]
		switch st.kind {
		case stepOversample:
			if split == nil {
				alarms = append(alarms, Alarm{CheckOversample, st.name, "rows are multiplied before the split: copies of one user fall on both sides"})
			}
		case stepSplit:
			split = st
			if n := bothSides(s, st); n > 0 {
				alarms = append(alarms, Alarm{CheckBothSides, st.name, fmt.Sprintf("%d users have rows both among those that are learned from and among those that are tested", n)})
			}
		case stepFit:
			against := split
			if against == nil {
				against = first
			}
			if against == nil {
				continue // nothing is tested
			}
			if n := testRows(against, st.rows); n > 0 {
				alarms = append(alarms, Alarm{CheckTestRows, st.name, fmt.Sprintf("it learns from %d rows of the test part", n)})
			}
		}
	}
	return alarms
}

// alike says whether two values are the same, but for the last digit: rows of one moment have no order, and sums in another
// order may round differently.
func alike(a, b float32) bool {
	if a != a || b != b {
		return a != a && b != b
	}
	x, y := float64(a), float64(b)
	return math.Abs(x-y) <= 1e-6*max(math.Abs(x), math.Abs(y))
}

func (t *Trail) firstSplit() *step {
	for i := range t.steps {
		if t.steps[i].kind == stepSplit {
			return &t.steps[i]
		}
	}
	return nil
}

// bothSides counts users with a row in the test part and one in another.
func bothSides(s *Set, st *step) int {
	const inTest, elsewhere = 1, 2
	sides := map[int32]uint8{}
	for k, i := range st.rows {
		if st.parts[k] == Test {
			sides[s.Users[i]] |= inTest
		} else {
			sides[s.Users[i]] |= elsewhere
		}
	}
	n := 0
	for _, side := range sides {
		if side == inTest|elsewhere {
			n++
		}
	}
	return n
}

func testRows(split *step, fitted []int32) int {
	only := map[int32]bool{} // rows of the set that are in the test part alone: copies on both sides are told elsewhere
	for k, i := range split.rows {
		if split.parts[k] == Test {
			only[i] = true
		}
	}
	for k, i := range split.rows {
		if split.parts[k] != Test {
			delete(only, i)
		}
	}
	n := 0
	for _, i := range fitted {
		if only[i] {
			n++
		}
	}
	return n
}

// tooGood names the columns whose values alone, or whose missing alone, tell who comes back, or which of those is active.
func (s *Set) tooGood() []Alarm {
	all := rows(len(s.Users), func(int) bool { return true })
	back := rows(len(s.Users), func(i int) bool { return s.Back[i] })
	return append(s.tellsAlone(back, s.Active, "who is active"), s.tellsAlone(all, s.Back, "who comes back")...)
}

// tellsAlone names the columns that alone tell a label of some rows.
func (s *Set) tellsAlone(at []int32, label []bool, what string) (alarms []Alarm) {
	y := make([]bool, len(at))
	for k, i := range at {
		y[k] = label[i]
	}
	p := make([]float64, len(at))
	for j, c := range s.Columns {
		for k, i := range at {
			p[k] = float64(s.X.Row(int(i))[j])
		}
		if c.Categorical() {
			rates(p, y, len(c.Levels))
		}
		for k, v := range p {
			if v != v {
				p[k] = math.Inf(-1)
			}
		}
		if auc := learn.AUC(y, p, nil); math.Max(auc, 1-auc) >= tooGood {
			alarms = append(alarms, Alarm{CheckTooGood, c.Name, fmt.Sprintf("alone it tells %s with an AUC of %.3f: nothing known beforehand does that", what, math.Max(auc, 1-auc))})
		}
	}
	return alarms
}

// rates replaces categories by their share of positives; a category of few rows tells its own label, so that it is drawn to
// the mean by 20 rows.
func rates(p []float64, y []bool, levels int) {
	n, pos := make([]float64, levels+1), make([]float64, levels+1)
	var all, allPos float64
	at := func(v float64) int {
		if v >= 0 && v < float64(levels) {
			return int(v)
		}
		return levels
	}
	for k, v := range p {
		n[at(v)]++
		all++
		if y[k] {
			pos[at(v)]++
			allPos++
		}
	}
	for k, v := range p {
		p[k] = (pos[at(v)] + 20*allPos/all) / (n[at(v)] + 20)
	}
}

// AuditSplit is Audit of the features of s and of the split of users that Compare makes with a seed.
func AuditSplit(ctx context.Context, w warehouse.Training, s *Set, seed uint64) error {
	_, trail := s.backRows(seed)
	return Audit(ctx, w, s, trail)
}
