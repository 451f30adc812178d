package analysis

import (
	"math"
	"strings"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// monthOf plants users of one tenure: half of them lie spread above the mean rate, half below.
func (l *peopleLog) monthOf(months int, active bool, users int64, mean, spread float64) {
	n := float64(users)
	l.months = append(l.months, warehouse.MonthUse{Months: months, Active: active, Users: users, Impressions: 100 * users, Clicks: int64(math.Round(100 * n * mean)),
		CTR: n * mean, CTRSquared: n * (mean*mean + spread*spread)})
}

func TestPlantedTrendOfTenure(t *testing.T) {
	l := &peopleLog{pairs: somebodyClicks}
	l.monthOf(-1, true, 7, .1, .01)
	for m := range 10 {
		// Of 1,000 users a month, 30% less 2 points a month are active; their rates rise by a tenth of a point a month.
		active := int64(300 - 20*m)
		l.monthOf(m, false, 1000-active, .001, .0005)
		l.monthOf(m, true, active, .1+.001*float64(m), .01)
	}
	l.monthOf(300, false, 50, .001, .0005)
	by := answers(t, l)

	f := expect(t, by["active-by-tenure"], Association, "falls by 24.0 points with each year")
	if math.Abs(f.Effect.Value+.24) > 1e-12 {
		t.Errorf("the active share changes by %v a year, planted -.24", f.Effect.Value)
	}
	// The users' correlation by hand: slope -.02 times the deviation of 0..9, sqrt(8.25), over that of a share of .21, sqrt(.21 * .79).
	if want := .02 * math.Sqrt(8.25) / math.Sqrt(.21*.79); math.Abs(f.Weight-want) > 1e-12 {
		t.Errorf("the weight is %v, by hand %v", f.Weight, want)
	}
	expect(t, by["active-by-tenure"], Association, "highest at 0 months (30.0%) and lowest at 9 (12.0%)")
	if c := strings.Join(by["active-by-tenure"].Caveats, " "); !strings.Contains(c, "Counted are 10,000 users") || !strings.Contains(c, "50 users with a tenure outside") || !strings.Contains(c, "7 users without one") {
		t.Errorf("caveats: %s", c)
	}
	if n := by["active-by-tenure"].Tables[0].Rows(); n != 10 {
		t.Errorf("the table has %d months", n)
	}

	f = expect(t, by["ctr-by-tenure"], Association, "The click-through rate of active users rises by 1.20 points")
	if math.Abs(f.Effect.Value-.012) > 1e-12 {
		t.Errorf("the rate of the active changes by %v a year, planted .012", f.Effect.Value)
	}
	expect(t, by["ctr-by-tenure"], NoDifference, "The click-through rate of inactive users shows no trend")
}

func TestNewUsersAgainstLonger(t *testing.T) {
	l := &peopleLog{pairs: somebodyClicks}
	// Months 0..6 have a mean rate of 6%, the others of 5%, but for month 7, of two users only, with 11%.
	for m := range 12 {
		switch {
		case m <= newMonths:
			l.monthOf(m, true, 1000, .06, .01)
		case m == 7:
			l.monthOf(m, true, 2, .11, .01)
		default:
			l.monthOf(m, false, 500, .05, .01)
			l.monthOf(m, true, 500, .05, .01)
		}
	}
	a := answers(t, l)["new-users"]
	// Mean over months of the longer: (11 + 4 * 5) / 5 = 6.2%; 6 / 6.2 - 1 = -3.226%.
	// Its interval: two users whose rates lie .01 apart from the mean weigh a fifth: far too wide to tell.
	expect(t, a, NoDifference, "Averaged month by month")
	// By user the two hardly count: (2 * .11 + 4000 * .05) / 4002 = .05002999; .06 less that is .00997001.
	f := expect(t, a, Association, "click on more of what they see: a mean click-through rate of 6.00% against 5.00%")
	if want := .06 - (2*.11+4000*.05)/4002; math.Abs(f.Effect.Value-want) > 1e-12 {
		t.Errorf("the difference is %v, by hand %v", f.Effect.Value, want)
	}
	// All of the new are active, and 2002 of 4002 of the longer.
	expect(t, a, Association, "New users are more often active than longer ones: 100% against 50.0%")
	monthly := a.Tables[0].Columns[9]
	if monthly.Name != "monthly_ctr" || math.Abs(monthly.Floats[0]-.06) > 1e-12 || math.Abs(monthly.Floats[1]-.062) > 1e-12 {
		t.Errorf("%+v", monthly)
	}

	// Without month 7 the longer have 5% in each month: 6/5 is 20% more.
	l.months = append(l.months[:7:7], l.months[8:]...)
	f = expect(t, answers(t, l)["new-users"], Association, "Averaged month by month, the click-through rate of new users is 20.0% higher")
	if math.Abs(f.Effect.Value-.2) > 1e-12 {
		t.Errorf("the ratio less 1 is %v, planted .2", f.Effect.Value)
	}
}

func TestOneMonthOfTenure(t *testing.T) {
	l := &peopleLog{pairs: somebodyClicks}
	l.monthOf(3, false, 1, 0, 0)
	l.monthOf(3, true, 1, .5, 0)
	by := answers(t, l)
	expect(t, by["active-by-tenure"], Descriptive, "Not tested", "active share in a year")
	expect(t, by["new-users"], Descriptive, "All users with a believable tenure are new")
	l.months = nil
	l.monthOf(300, true, 9, .5, .1)
	expect(t, answers(t, l)["ctr-by-tenure"], Descriptive, "No user with impressions has a tenure of 0 to 80 months.")
}
