// Scores for everyone seen early: how likely she is to be active, how sure that is, in which segment she is, and why.

package activity

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/parquet-go/parquet-go"

	"github.com/seguefeed/segue/learn"
)

// Score is one user's line of the scores file.
type Score struct {
	User        string  `parquet:"user,dict"`   // as the log spells it
	Probability float64 `parquet:"probability"` // of being active in the late window
	Low         float64 `parquet:"low"`         // 95% interval of the share of the active among tested users with such a probability
	High        float64 `parquet:"high"`
	Back        float64 `parquet:"back"` // probability of being seen in the late window
	Then        float64 `parquet:"then"` // probability of being active there, given that
	Segment     string  `parquet:"segment,dict"`
	Reason1     string  `parquet:"reason_1,dict"` // the features that move her most, with a sign: + towards active
	Reason2     string  `parquet:"reason_2,dict"`
	Reason3     string  `parquet:"reason_3,dict"`
}

// scoreRows is how many users are scored at a time.
const scoreRows = 1 << 15

// Scores calls each with the scores of s's users, some at a time, in the order of their ids; the slice is overwritten after.
// keys are the log's ids by user id; segments may be nil. Reasons are path contributions (Saabas 2014), which cost a descent
// of each tree; Explain has the exact ones.
func (p *Predictor) Scores(ctx context.Context, s *Set, keys []string, segments *Segments, each func([]Score) error) error {
	if err := p.fits(s); err != nil {
		return err
	}
	names := make([][2]string, len(s.Columns))
	for j, c := range s.Columns {
		names[j] = [2]string{"-" + c.Name, "+" + c.Name}
	}
	reasons, ok := inner(p.OneStage).(learn.PathExplainer)
	if !ok {
		return fmt.Errorf("a %T does not say why", inner(p.OneStage))
	}
	out := make([]Score, 0, scoreRows)
	why := make([]float32, scoreRows*len(s.Columns))
	segment := make([]int32, scoreRows)
	for from := 0; from < len(s.Users); from += scoreRows {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		to := min(from+scoreRows, len(s.Users))
		x := &learn.Matrix{Rows: to - from, Cols: s.X.Cols, Data: s.X.Data[from*s.X.Cols : to*s.X.Cols]}
		st, err := p.predict(x, false)
		if err != nil {
			return err
		}
		if err := reasons.PathContributions(x, why[:x.Rows*x.Cols]); err != nil {
			return err
		}
		best := p.better(st)
		if segments != nil {
			if err := segments.Assign(ctx, x, segment[:x.Rows]); err != nil {
				return err
			}
		}
		out = out[:x.Rows]
		var wg sync.WaitGroup
		for half := range 2 {
			wg.Go(func() {
				for i := half * x.Rows / 2; i < (half+1)*x.Rows/2; i++ {
					sc := &out[i]
					*sc = Score{User: keys[s.Users[from+i]], Probability: best[i], Back: st.back[i], Then: st.then[i]}
					sc.Low, sc.High = p.Judged.interval(best[i])
					if segments != nil {
						sc.Segment = segments.Names[segment[i]]
					}
					sc.Reason1, sc.Reason2, sc.Reason3 = top3(why[i*x.Cols:(i+1)*x.Cols], names)
				}
			})
		}
		wg.Wait()
		if err := each(out); err != nil {
			return err
		}
	}
	return nil
}

// top3 are the names of the three largest contributions, "" where there are fewer that are not 0.
func top3(v []float32, names [][2]string) (a, b, c string) {
	var at [3]int
	var size [3]float32
	for j, x := range v {
		m := float32(math.Abs(float64(x)))
		for k := range at {
			if m > size[k] {
				copy(at[k+1:], at[k:2])
				copy(size[k+1:], size[k:2])
				at[k], size[k] = j, m
				break
			}
		}
	}
	name := func(k int) string {
		if size[k] == 0 {
			return ""
		}
		if v[at[k]] > 0 {
			return names[at[k]][1]
		}
		return names[at[k]][0]
	}
	return name(0), name(1), name(2)
}

// inner is the model behind a calibration.
func inner(m learn.Model) learn.Model {
	if c, ok := m.(*learn.CalibratedModel); ok {
		return c.Inner
	}
	return m
}

// WriteScores writes scores as Parquet.
func (p *Predictor) WriteScores(ctx context.Context, w io.Writer, s *Set, keys []string, segments *Segments) error {
	pw := parquet.NewGenericWriter[Score](w, parquet.Compression(&parquet.Snappy))
	err := p.Scores(ctx, s, keys, segments, func(rows []Score) error {
		_, err := pw.Write(rows)
		return err
	})
	if err != nil {
		return err
	}
	return pw.Close()
}
