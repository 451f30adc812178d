// From durations to a classifier: one row for each period that a person is at risk, whose label says whether it happened then
// (Singer and Willett, Journal of Educational Statistics 18, 1993; Allison, Sociological Methodology 13, 1982). Any Learner's
// probabilities of those rows are hazards.

package learn

import (
	"context"
	"fmt"
	"strconv"
)

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
