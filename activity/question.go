// The days of the question, who was seen in them, and who was active.

package activity

import (
	"context"
	"fmt"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// Question asks, of users seen in the days From to before AsOf, who is active in the days AsOf to Until, both included.
type Question struct {
	From, AsOf, Until time.Time
	// Threshold is the CTR in the days AsOf to Until from which on a user is active; 0 means the mean over users seen in them.
	Threshold float64
}

// DefaultEarly is how many days features are read from, as in the case study.
const DefaultEarly = 10

// LongestGap is how many days without any impression one stretch of a log may have. Of a longer gap nobody knows who would have been active: nothing was recorded.
const LongestGap = 7

// QuestionOf cuts the days of a log: the first early days (0 means DefaultEarly), and those that follow. logged are the days that have impressions, since
// 1970-01-01 and ascending, as warehouse.Training.LoggedDays tells them; where they lie in stretches with more than LongestGap days between them, the question is of
// one: the last that has twice as many days as the early ones, or else the longest. nil: the log is one stretch.
func QuestionOf(c warehouse.Contents, logged []int32, early int, threshold float64) (Question, error) {
	if early == 0 {
		early = DefaultEarly
	}
	if c.Impressions == 0 {
		return Question{}, fmt.Errorf("the log holds no impressions")
	}
	from, until := stretch(c, logged, early)
	days := int(until.Sub(from)/(24*time.Hour)) + 1
	switch {
	case early < 1:
		return Question{}, fmt.Errorf("%d early days: choose --early from 1 to %d", early, days-1)
	case early >= days:
		what := "the log covers"
		if days < c.Days() {
			what = fmt.Sprintf("the longest stretch of the log without a gap of more than %d days, from %s on, covers", LongestGap, from.Format("2 January 2006"))
		}
		return Question{}, fmt.Errorf("%s %d days: of %d early ones, none would be left to predict; choose --early from 1 to %d", what, days, early, days-1)
	}
	if threshold < 0 || threshold > 1 {
		return Question{}, fmt.Errorf("threshold %v is not a click-through rate, from 0 to 1", threshold)
	}
	return Question{From: from, AsOf: from.AddDate(0, 0, early), Until: until, Threshold: threshold}, nil
}

// stretch is the one of the log's that a question is of, by its first and last day.
func stretch(c warehouse.Contents, logged []int32, early int) (from, until time.Time) {
	from, until = c.FirstDay, c.LastDay
	day := func(n int32) time.Time { return time.Unix(int64(n)*24*3600, 0).UTC() }
	most, begin := 0, 0
	for k := range logged {
		if k+1 < len(logged) && logged[k+1]-logged[k]-1 <= LongestGap {
			continue
		}
		if days := int(logged[k]-logged[begin]) + 1; days >= 2*early || days > most {
			most = max(days, most)
			from, until = day(logged[begin]), day(logged[k])
		}
		begin = k + 1
	}
	return from, until
}

// String says the windows in words.
func (q Question) String() string {
	short := func(day time.Time) string { // the last day has its year, and those before where it is another
		if day.Year() == q.Until.Year() {
			return day.Format("2 Jan")
		}
		return day.Format("2 Jan 2006")
	}
	return fmt.Sprintf("seen %s to %s, active %s to %s", short(q.From), short(q.AsOf.AddDate(0, 0, -1)), short(q.AsOf), q.Until.Format("2 Jan 2006"))
}

// Observed is who was seen in the two windows, by user id.
type Observed struct {
	Question
	Threshold   float64 // resolved: never 0 unless nobody clicked
	Early, Late *warehouse.WindowTotals
}

// Observe reads the two windows.
func Observe(ctx context.Context, w warehouse.Training, q Question) (*Observed, error) {
	o := &Observed{Question: q, Threshold: q.Threshold}
	var err error
	if o.Early, err = w.WindowTotals(ctx, q.From, q.AsOf.AddDate(0, 0, -1)); err != nil {
		return nil, err
	}
	if o.Late, err = w.WindowTotals(ctx, q.AsOf, q.Until); err != nil {
		return nil, err
	}
	if o.Threshold == 0 {
		o.Threshold = meanCTR(o.Late)
	}
	return o, nil
}

// meanCTR is the mean over users with impressions of clicks / impressions; 0 when there are none.
func meanCTR(w *warehouse.WindowTotals) float64 {
	var sum, n float64
	for u, shown := range w.Impressions {
		if shown > 0 {
			sum += float64(w.Clicks[u]) / float64(shown)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// Back says whether user u was seen in the late window.
func (o *Observed) Back(u int32) bool { return o.Late.Impressions[u] > 0 }

// Active says whether user u was active in the late window: seen, and with a CTR at or above the threshold. The mean is a
// sum of many quotients: a user at the mean itself, but for the rounding of that sum, is active.
func (o *Observed) Active(u int32) bool {
	n := o.Late.Impressions[u]
	return n > 0 && float64(o.Late.Clicks[u])/float64(n) >= o.Threshold*(1-1e-12)
}

// Funnel counts users by the windows they were seen in.
type Funnel struct {
	EarlyOnly, LateOnly, Both    int64
	ActiveLateOnly, ActiveOfBoth int64   // active in the late window
	Threshold                    float64 // CTR from which on a user of the late window is active
}

// Seen is how many users were seen at all.
func (f Funnel) Seen() int64 { return f.EarlyOnly + f.LateOnly + f.Both }

// Funnel counts o's users.
func (o *Observed) Funnel() Funnel {
	f := Funnel{Threshold: o.Threshold}
	for u := range o.Early.Impressions {
		early, late, active := o.Early.Impressions[u] > 0, o.Back(int32(u)), o.Active(int32(u))
		switch {
		case early && late:
			f.Both++
			if active {
				f.ActiveOfBoth++
			}
		case early:
			f.EarlyOnly++
		case late:
			f.LateOnly++
			if active {
				f.ActiveLateOnly++
			}
		}
	}
	return f
}
