// How long until it happens, when for some it has not happened yet? Survival curves by group (Kaplan and Meier, Journal of the
// American Statistical Association 53, 1958), the test that groups have one curve (Mantel, Cancer Chemotherapy Reports 50,
// 1966), how well a score orders the times (Harrell et al., JAMA 247, 1982), and the way from durations to a classifier: one
// row for each period that a person is at risk, whose label says whether it happened then (Singer and Willett, Journal of
// Educational Statistics 18, 1993; Allison, Sociological Methodology 13, 1982). Any Learner's probabilities of those rows are
// hazards.
//
// Throughout, duration[i] > 0 is how long row i was watched and event[i] whether the event ended that; if not, the row is
// censored: all that is known is that it lasted longer.

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/mathext"
)

// SurvivalCurve is the share that the event has not yet happened to, after each time at which it happened to some. All slices
// have one length, 0 if there were no events. Before the first time the share is 1.
type SurvivalCurve struct {
	Rows, Events int
	Time         []float64 // ascending
	AtRisk       []int     // watched until this time or longer
	Happened     []int     // at this time
	Survival     []float64
	SE           []float64 // Greenwood's standard error; 0 where Survival is 0
	// Low and High bound Survival at the 95% level, by the normal approximation to log(-log Survival), which keeps within [0,1]
	// (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1980). Where Survival is 0, which has no such
	// interval, Low is 0 and High that of the time before, or 1.
	Low, High []float64
}

// Median is the first time at which Survival is 1/2 or less; +Inf if it never is.
func (c SurvivalCurve) Median() float64 {
	for i, s := range c.Survival {
		if s <= .5 {
			return c.Time[i]
		}
	}
	return math.Inf(1)
}

// At is Survival at a time.
func (c SurvivalCurve) At(time float64) float64 {
	i, found := slices.BinarySearch(c.Time, time)
	if found {
		i++
	}
	if i == 0 {
		return 1
	}
	return c.Survival[i-1]
}

// checkDurations says what is wrong with durations, events and groups, which may be nil.
func checkDurations(duration []float64, event []bool, group []int32, groups int) error {
	if len(duration) == 0 {
		return errors.New("learn: survival: there are no rows")
	}
	if len(event) != len(duration) || group != nil && len(group) != len(duration) {
		return fmt.Errorf("learn: survival: %d durations, %d events, %d groups: they must be as many", len(duration), len(event), len(group))
	}
	if groups < 1 {
		return fmt.Errorf("learn: survival: %d groups: at least 1 is needed", groups)
	}
	for i, d := range duration {
		if !(d > 0) || math.IsInf(d, 1) {
			return fmt.Errorf("learn: survival: row %d has duration %v: it must be above 0", i, d)
		}
		if group != nil && (group[i] < 0 || int(group[i]) >= groups) {
			return fmt.Errorf("learn: survival: row %d is of group %d of %d", i, group[i], groups)
		}
	}
	return nil
}

// KaplanMeier gives the curve of each of the groups 0, 1, ..., groups-1; group nil means that all rows are of group 0. A row
// censored at the time of an event is at risk of it. O(n log n).
func KaplanMeier(duration []float64, event []bool, group []int32, groups int) ([]SurvivalCurve, error) {
	if err := checkDurations(duration, event, group, groups); err != nil {
		return nil, err
	}
	curves := make([]SurvivalCurve, groups)
	of := func(i int) int {
		if group == nil {
			return 0
		}
		return int(group[i])
	}
	left := make([]int, groups)
	for i := range duration {
		left[of(i)]++
	}
	for g := range curves {
		curves[g].Rows = left[g]
	}
	greenwood := make([]float64, groups) // sum of d/(n(n-d))
	happened, gone := make([]int, groups), make([]int, groups)
	eachTime(duration, func(time float64, rows []int32) {
		for _, i := range rows {
			g := of(int(i))
			gone[g]++
			if event[i] {
				happened[g]++
			}
		}
		for _, i := range rows { // every group among the rows, once
			g := of(int(i))
			if happened[g] > 0 {
				curves[g].add(time, left[g], happened[g], &greenwood[g])
			}
			left[g] -= gone[g]
			happened[g], gone[g] = 0, 0
		}
	})
	return curves, nil
}

// add appends a time; greenwood is the sum up to the time before.
func (c *SurvivalCurve) add(time float64, atRisk, happened int, greenwood *float64) {
	s, high := 1.0, 1.0
	if last := len(c.Time) - 1; last >= 0 {
		s, high = c.Survival[last], c.High[last]
	}
	n, d := float64(atRisk), float64(happened)
	s *= (n - d) / n
	se, low := 0.0, 0.0
	if s > 0 {
		*greenwood += d / (n * (n - d))
		se = s * math.Sqrt(*greenwood)
		// The standard error of log(-log s) is sqrt(greenwood)/|log s|; s^exp(a) is exp(-exp(log(-log s)+a)).
		a := normal95 * math.Sqrt(*greenwood) / -math.Log(s)
		low, high = math.Pow(s, math.Exp(a)), math.Pow(s, math.Exp(-a))
	}
	c.Events += happened
	c.Time, c.AtRisk, c.Happened = append(c.Time, time), append(c.AtRisk, atRisk), append(c.Happened, happened)
	c.Survival, c.SE, c.Low, c.High = append(c.Survival, s), append(c.SE, se), append(c.Low, low), append(c.High, high)
}

// eachTime calls do for each distinct duration, ascending, with its rows, ascending.
func eachTime(duration []float64, do func(time float64, rows []int32)) {
	order := ascending(duration)
	if order == nil {
		order = make([]int32, len(duration))
		for i := range order {
			order[i] = int32(i)
		}
	}
	for from := 0; from < len(order); {
		to, time := from, duration[order[from]]
		for to < len(order) && duration[order[to]] == time {
			to++
		}
		do(time, order[from:to])
		from = to
	}
}

// LogRankTest says whether groups have one survival curve.
type LogRankTest struct {
	Observed, Expected []float64 // events by group, and what they would be if the event came to all groups alike
	Statistic          float64   // chi-squared
	DF                 int       // groups that were ever at risk of an event beside others, less 1
	P                  float64   // NaN if DF is 0
}

// LogRank tests the groups 0, 1, ..., groups-1, of which those without rows are left out. O(n log n + events * groups^2).
func LogRank(duration []float64, event []bool, group []int32, groups int) (LogRankTest, error) {
	if group == nil {
		return LogRankTest{}, errors.New("learn: log-rank: there are no groups")
	}
	if err := checkDurations(duration, event, group, groups); err != nil {
		return LogRankTest{}, err
	}
	t := LogRankTest{Observed: make([]float64, groups), Expected: make([]float64, groups), P: math.NaN()}
	left := make([]float64, groups)
	for _, g := range group {
		left[g]++
	}
	n := float64(len(group))
	covariance := make([][]float64, groups)
	for g := range covariance {
		covariance[g] = make([]float64, groups)
	}
	eachTime(duration, func(_ float64, rows []int32) {
		d := 0.0
		for _, i := range rows {
			if event[i] {
				d++
				t.Observed[group[i]]++
			}
		}
		if d > 0 {
			// Given the margins, the events of a group are hypergeometric.
			common := 0.0
			if n > 1 {
				common = d * (n - d) / (n - 1)
			}
			for g, in := range left {
				t.Expected[g] += d * in / n
				for h, other := range left {
					v := -in / n * other / n
					if g == h {
						v += in / n
					}
					covariance[g][h] += common * v
				}
			}
		}
		for _, i := range rows {
			left[group[i]]--
		}
		n -= float64(len(rows))
	})
	// The differences add up to 0: one group is left out, as is every one that was never at risk beside others.
	var kept []int
	for g := range covariance {
		if covariance[g][g] > 0 {
			kept = append(kept, g)
		}
	}
	if len(kept) < 2 {
		return t, nil
	}
	kept = kept[1:]
	a, z := make([][]float64, len(kept)), make([]float64, len(kept))
	for k, g := range kept {
		z[k] = t.Observed[g] - t.Expected[g]
		for _, h := range kept {
			a[k] = append(a[k], covariance[g][h])
		}
	}
	t.Statistic, t.DF = quadraticForm(a, z)
	if t.DF > 0 {
		t.P = mathext.GammaIncRegComp(float64(t.DF)/2, t.Statistic/2)
	}
	return t, nil
}

// quadraticForm is z' A^- z and the rank of the positive semidefinite A, which it changes, by elimination in the order given;
// directions without variance are left out.
func quadraticForm(a [][]float64, z []float64) (value float64, rank int) {
	start := make([]float64, len(z))
	for i := range a {
		start[i] = a[i][i]
	}
	for i := range a {
		if !(a[i][i] > 1e-10*start[i]) {
			continue
		}
		rank++
		value += z[i] * z[i] / a[i][i]
		for k := i + 1; k < len(a); k++ {
			f := a[k][i] / a[i][i]
			for j := i; j < len(a); j++ {
				a[k][j] -= f * a[i][j]
			}
			z[k] -= f * z[i]
		}
	}
	return value, rank
}

// ConcordanceIndex counts pairs of rows of which it is known whose event came first: those where the shorter duration ended in an
// event, and of equal durations those where one ended in an event and the other, censored, lasted longer. Two events at the same
// time tell nothing.
type ConcordanceIndex struct {
	Concordant, Discordant int64 // the first event had the higher, the lower risk
	Tied                   int64 // both had the same risk
}

// Value is Harrell's C: the share of concordant pairs, ties counting half; NaN if there are no pairs. It is the AUC of "whose
// event comes first".
func (c ConcordanceIndex) Value() float64 {
	return (float64(c.Concordant) + float64(c.Tied)/2) / float64(c.Concordant+c.Discordant+c.Tied)
}

// Concordance compares durations with a risk score, of which higher means an earlier event. O(n log n).
func Concordance(duration []float64, event []bool, risk []float64) (ConcordanceIndex, error) {
	if err := checkDurations(duration, event, nil, 1); err != nil {
		return ConcordanceIndex{}, err
	}
	if len(risk) != len(duration) {
		return ConcordanceIndex{}, fmt.Errorf("learn: concordance: %d risks of %d rows", len(risk), len(duration))
	}
	for i, r := range risk {
		if r != r {
			return ConcordanceIndex{}, fmt.Errorf("learn: concordance: the risk of row %d is NaN", i)
		}
	}
	// rank[i] numbers the distinct risks from 1, for a Fenwick tree that counts the rows known to last longer, by risk.
	rank, ranks := make([]int32, len(risk)), int32(0)
	eachTime(risk, func(_ float64, rows []int32) {
		ranks++
		for _, i := range rows {
			rank[i] = ranks
		}
	})
	tree := make([]int64, ranks+1)
	upTo := func(r int32) (n int64) {
		for ; r > 0; r &= r - 1 {
			n += tree[r]
		}
		return n
	}
	var inside int64
	enter := func(i int32) {
		inside++
		for r := rank[i]; r <= ranks; r += r & -r {
			tree[r]++
		}
	}
	var c ConcordanceIndex
	var times [][]int32
	eachTime(duration, func(_ float64, rows []int32) { times = append(times, rows) })
	slices.Reverse(times) // the longest first: all that are inside lasted longer
	for _, rows := range times {
		for _, i := range rows {
			if !event[i] {
				enter(i)
			}
		}
		for _, i := range rows {
			if event[i] {
				lower, upper := upTo(rank[i]-1), upTo(rank[i])
				c.Concordant += lower
				c.Tied += upper - lower
				c.Discordant += inside - upper
			}
		}
		for _, i := range rows {
			if event[i] {
				enter(i)
			}
		}
	}
	return c, nil
}

// Lives are persons watched for whole periods (days, weeks), numbered from 1. All slices have one length.
type Lives struct {
	Periods []int32   // how many periods the person was at risk in, 1 or more
	Event   []bool    // whether the event came in the last of them
	Weight  []float32 // of the person, nil for 1 each
	X       *Matrix   // what does not change: persons x columns; nil for nothing
	Columns []Column  // of X; nil means that all are numbers
	// Varying writes to row what is known of a person at the start of a period: one number for each of VaryingColumns. Nil for
	// nothing. It is called in ascending order of persons and periods.
	Varying        func(person, period int, row []float32)
	VaryingColumns []Column
	// PeriodLevels 0 makes the period a number. Otherwise it is a category, so that hazards may be any from period to period:
	// levels "1", "2", ..., of which the last, say "12+", stands for all later periods as well.
	PeriodLevels int
}

// Rows is the number of person-periods.
func (l *Lives) Rows() int {
	n := 0
	for _, p := range l.Periods {
		n += int(p)
	}
	return n
}

// RowColumns are the columns of a person-period: the period, those of X, and the varying ones.
func (l *Lives) RowColumns() []Column {
	period := Column{Name: "period"}
	for k := 1; k <= l.PeriodLevels; k++ {
		level := strconv.Itoa(k)
		if k == l.PeriodLevels {
			level += "+"
		}
		period.Levels = append(period.Levels, level)
	}
	columns := []Column{period}
	if l.X != nil {
		columns = append(columns, (&Data{X: l.X, Columns: l.Columns}).columns()...)
	}
	return append(columns, l.VaryingColumns...)
}

func (l *Lives) check() error {
	n := len(l.Periods)
	switch {
	case n == 0:
		return ErrEmpty
	case len(l.Event) != n || l.Weight != nil && len(l.Weight) != n:
		return fmt.Errorf("learn: lives: %d periods, %d events, %d weights: they must be as many", n, len(l.Event), len(l.Weight))
	case l.X != nil && (l.X.Rows != n || len(l.X.Data) != n*l.X.Cols):
		return fmt.Errorf("learn: lives: a matrix of %d x %d with %d values for %d persons", l.X.Rows, l.X.Cols, len(l.X.Data), n)
	case l.X != nil && l.Columns != nil && len(l.Columns) != l.X.Cols:
		return fmt.Errorf("learn: lives: %d columns are described, the matrix has %d", len(l.Columns), l.X.Cols)
	case (l.Varying == nil) != (len(l.VaryingColumns) == 0):
		return fmt.Errorf("learn: lives: Varying and its %d columns go together", len(l.VaryingColumns))
	case l.PeriodLevels < 0:
		return fmt.Errorf("learn: lives: %d levels of the period", l.PeriodLevels)
	}
	for i, p := range l.Periods {
		if p < 1 {
			return fmt.Errorf("learn: lives: person %d has %d periods: at least 1 is needed", i, p)
		}
	}
	return nil
}

// row writes the columns of a person in a period.
func (l *Lives) row(person, period int, row []float32) {
	row[0] = float32(period)
	if l.PeriodLevels > 0 {
		row[0] = float32(min(period, l.PeriodLevels) - 1)
	}
	at := 1
	if l.X != nil {
		at += copy(row[1:], l.X.Row(person))
	}
	if l.Varying != nil {
		l.Varying(person, period, row[at:len(row):len(row)])
	}
}

// Data has a row for each person and period at risk, positive where the event came then. Fitted to it, a model's probability is
// the hazard: the chance of the event in a period given that it has not come before. Memory: Rows x columns x 4 bytes.
func (l *Lives) Data() (*Data, error) {
	var all *Data
	err := l.Each(context.Background(), 0, func(d *Data) error {
		all = d
		return nil
	})
	return all, err
}

// Each gives the rows of Data in parts of at most so many rows (0 for all at once), for learners that take their rows in
// portions. A part is overwritten by the next. It ends with ctx's cause, or with an error of do.
func (l *Lives) Each(ctx context.Context, rows int, do func(*Data) error) error {
	if err := l.check(); err != nil {
		return err
	}
	left := l.Rows()
	if rows <= 0 || rows > left {
		rows = left
	}
	columns := l.RowColumns()
	x, y := NewMatrix(rows, len(columns)), make([]bool, rows)
	var w []float32
	if l.Weight != nil {
		w = make([]float32, rows)
	}
	at := 0
	for i, periods := range l.Periods {
		for t := 1; t <= int(periods); t++ {
			l.row(i, t, x.Row(at))
			y[at] = l.Event[i] && t == int(periods)
			if w != nil {
				w[at] = l.Weight[i]
			}
			at++
			left--
			if at%4096 == 0 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if at < rows && left > 0 {
				continue
			}
			part := &Data{X: &Matrix{at, x.Cols, x.Data[:at*x.Cols]}, Columns: columns, Y: y[:at]}
			if w != nil {
				part.Weight = w[:at]
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := do(part); err != nil {
				return err
			}
			at = 0
		}
	}
	return nil
}

// Survival is the chance that the event has not come to a person by the end of each of the periods 1, 2, ..., by the hazards of
// a model that was fitted to Data. Varying is asked for all of the periods, watched or not.
func (l *Lives) Survival(m Model, person, periods int) ([]float64, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	if person < 0 || person >= len(l.Periods) || periods < 1 {
		return nil, fmt.Errorf("learn: lives: person %d of %d, %d periods", person, len(l.Periods), periods)
	}
	x, hazard := NewMatrix(periods, len(l.RowColumns())), make([]float64, periods)
	for t := range periods {
		l.row(person, t+1, x.Row(t))
	}
	if err := m.Predict(x, hazard); err != nil {
		return nil, err
	}
	return SurvivalOfHazards(hazard), nil
}

// SurvivalOfHazards is the product of 1-hazard up to each period, for hazards in [0,1].
func SurvivalOfHazards(hazard []float64) []float64 {
	survival, s := make([]float64, len(hazard)), 1.0
	for t, h := range hazard {
		s *= 1 - h
		survival[t] = s
	}
	return survival
}
