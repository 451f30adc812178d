// How long users stay: the time from the as-of until a user is seen for the last time.

package activity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seguefeed/segue/learn"
	"github.com/seguefeed/segue/warehouse"
)

// silentDays is how many days without an impression, to the end of the log, make a user disengaged. Those seen later than
// that may come back, or not: they are censored.
const silentDays = 7

// Stay is how long users of the early window stay.
type Stay struct {
	Horizon     int // days after the as-of within which disengagement can be seen
	Users       int
	Events      int // disengaged
	Overall     learn.SurvivalCurve
	Groups      []StayGroup
	Hazard      learn.Model `json:"-"` // of the discrete-time model, by person-period
	Concordance float64     // of the model's expected stay with the true one, among users it was not fitted on
	Pairs       int64       // comparable pairs behind it
	Effects     []Effect    // of the model, by column; none where a penalty was needed to fit it
}

// StayGroup is the curves of one way to group users, and whether they differ.
type StayGroup struct {
	By     string
	Names  []string
	Curves []learn.SurvivalCurve
	Test   learn.LogRankTest
}

// Effect is one column of a logistic model.
type Effect struct {
	Column    string
	OddsRatio float64 // for one spread of a number more, or for a category against none
	Low, High float64 // 95% interval
	P         float64
}

// ErrTooShort is given where the log does not show how long users stay.
var ErrTooShort = errors.New("how long users stay cannot be told")

// stayUsers are those whose person-periods the hazard model learns from: some 20 periods each.
const stayUsers = 40_000

// FollowStay follows the users of s from the as-of on. Time is in days: 1 for those not seen again, 2 for those seen last on
// the as-of day, and so on.
func FollowStay(ctx context.Context, w warehouse.Training, s *Set, seed uint64) (*Stay, error) {
	_, last, err := w.Spans(ctx)
	if err != nil {
		return nil, err
	}
	day := func(t time.Time) int32 { return int32(t.Unix() / 86400) }
	asOf, until := day(s.AsOf), day(s.Until)
	horizon := int(until-silentDays-asOf) + 2 // the last time that can be an event
	if horizon < 2 {
		return nil, fmt.Errorf("%w: %d days after the as-of, of which %d of silence are needed to call a user disengaged", ErrTooShort, until-asOf+1, silentDays)
	}
	st := &Stay{Horizon: horizon, Users: len(s.Users)}
	duration, event := make([]float64, len(s.Users)), make([]bool, len(s.Users))
	for i, u := range s.Users {
		t := max(1, int(last[u]-asOf)+2)
		duration[i], event[i] = float64(min(t, horizon)), t <= horizon
		if event[i] {
			st.Events++
		}
	}
	if st.Events == 0 || st.Events == len(s.Users) {
		return nil, fmt.Errorf("%w: all users, or none, were last seen early enough", ErrTooShort)
	}
	curves, err := learn.KaplanMeier(duration, event, nil, 1)
	if err != nil {
		return nil, err
	}
	st.Overall = curves[0]
	if err := st.byGroup(s, duration, event); err != nil {
		return nil, err
	}
	return st, st.hazard(ctx, s, duration, event, seed)
}

// byGroup draws curves within the groups of models' tables.
func (st *Stay) byGroup(s *Set, duration []float64, event []bool) error {
	groups, err := s.groups()
	if err != nil {
		return err
	}
	by := map[string][]group{}
	var order []string
	for _, g := range groups {
		if by[g.by] == nil {
			order = append(order, g.by)
		}
		by[g.by] = append(by[g.by], g)
	}
	for _, name := range order {
		out := StayGroup{By: name}
		var d []float64
		var e []bool
		var of []int32
		kept := int32(0)
		for _, g := range by[name] {
			n := 0
			for i := range s.Users {
				if g.in(i) {
					d, e, of = append(d, duration[i]), append(e, event[i]), append(of, kept)
					n++
				}
			}
			if n > 0 {
				out.Names = append(out.Names, g.name)
				kept++
			}
		}
		if kept < 2 {
			continue
		}
		if out.Curves, err = learn.KaplanMeier(d, e, of, int(kept)); err != nil {
			return err
		}
		if out.Test, err = learn.LogRank(d, e, of, int(kept)); err != nil {
			return err
		}
		st.Groups = append(st.Groups, out)
	}
	return nil
}

// hazardFeatures are those of the discrete-time model; few, so that its odds ratios can be read.
var hazardFeatures = []string{"impressions", "active_days", "recency", "browsed_share", "click_rate", "registered_months", "age", "gender"}

// hazard fits the chance to be seen for the last time in each period, given that she was there until then, by logistic
// regression over person-periods (Singer and Willett, J. Educ. Stat. 1993), and holds expected stays against true ones.
func (st *Stay) hazard(ctx context.Context, s *Set, duration []float64, event []bool, seed uint64) error {
	parts := Split(s.Users, seed)
	fit := rows(len(s.Users), func(i int) bool { return parts[i] == Train })
	test := rows(len(s.Users), func(i int) bool { return parts[i] == Test })
	pick := func(at []int32) []int32 {
		var out []int32
		for _, k := range every(len(at), stayUsers) {
			out = append(out, at[k])
		}
		return out
	}
	fit, test = pick(fit), pick(test)
	var at []int
	var columns []learn.Column
	for _, name := range hazardFeatures {
		j, err := s.column(name)
		if err != nil {
			return err
		}
		at, columns = append(at, j), append(columns, s.Columns[j])
	}
	view := (&fitted{at: at}).view(s.X.Take(fit))
	lives := &learn.Lives{X: view, Columns: columns, PeriodLevels: st.Horizon}
	for _, i := range fit {
		lives.Periods = append(lives.Periods, int32(duration[i]))
		lives.Event = append(lives.Event, event[i])
	}
	d, err := lives.Data()
	if err != nil {
		return err
	}
	m, effects, err := fitOdds(ctx, d)
	if err != nil {
		return err
	}
	st.Hazard = m
	for _, e := range effects { // the periods' own are the curve that everyone has
		if !strings.HasPrefix(e.Column, "period") {
			st.Effects = append(st.Effects, e)
		}
	}
	// The expected stay is the sum of the survival over periods; a shorter one is a higher risk.
	held := &learn.Lives{X: (&fitted{at: at}).view(s.X.Take(test)), Columns: columns, PeriodLevels: st.Horizon}
	risk, dt, et := make([]float64, len(test)), make([]float64, len(test)), make([]bool, len(test))
	for range test {
		held.Periods, held.Event = append(held.Periods, int32(st.Horizon)), append(held.Event, false)
	}
	for k, i := range test {
		if k%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		curve, err := held.Survival(m, k, st.Horizon)
		if err != nil {
			return err
		}
		for _, share := range curve {
			risk[k] -= share
		}
		dt[k], et[k] = duration[i], event[i]
	}
	c, err := learn.Concordance(dt, et, risk)
	if err != nil {
		return err
	}
	st.Concordance = c.Value()
	st.Pairs = int64(c.Concordant + c.Discordant + c.Tied)
	return nil
}
