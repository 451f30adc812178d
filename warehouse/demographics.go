package warehouse

import "context"

// Demographics asks who the users are and how those who are active differ from the others: the themes of demographics and tenure, and what
// users do by activity. All questions are about users with at least one impression, whether or not they have a row in the user table; a user
// counts as active from a CTR (clicks over impressions in the whole log) of activeFrom on. An empty warehouse answers with no rows.
type Demographics interface {
	// UsersByTraits counts users by what is known of them and by whether they are active, ordered by province, age, gender, tenure (what is
	// not known first) and activity. maxMonths is the largest tenure taken for one, see Tenure.
	UsersByTraits(ctx context.Context, activeFrom float64, maxMonths int) ([]TraitUse, error)
	// UsersByMonths returns one row for each tenure and whether users are active, in their order, those of unknown tenure first.
	UsersByMonths(ctx context.Context, activeFrom float64) ([]MonthUse, error)
	// UsersByMeasure counts users by a measure of theirs, whether they are active and whether they are new (registered for at most
	// newMonths months; not so when that is unknown), in their order. Users for whom the measure is unknown are left out.
	UsersByMeasure(ctx context.Context, m Measure, activeFrom float64, newMonths int) ([]MeasureUse, error)
}

// Tenure says whether a registered month can be used.
type Tenure int

const (
	TenureUnknown Tenure = iota // no value
	TenureKnown                 // 0..maxMonths
	TenureWrong                 // outside these: older than the service, an error of the data
)

// TraitUse is how many users are alike in their traits.
type TraitUse struct {
	Province string // as logged; "" when there is none
	Age      int    // years; -1 when there is none
	Gender   string // as logged; "" when there is none
	Tenure   Tenure
	Active   bool
	Users    int64
}

// MonthUse is the users of one tenure, active or not. The sums are over users; those of squares give intervals with the user as the unit.
type MonthUse struct {
	Months              int // since registration; -1 when there is none
	Active              bool
	Users               int64
	Impressions, Clicks int64
	CTR, CTRSquared     float64 // sums of the users' CTRs and of their squares
}

// Measure is something counted for each user.
type Measure string

const (
	UserImpressions  Measure = "impressions"
	UserClicks       Measure = "clicks"
	UserViewSeconds  Measure = "view_seconds" // all her view time, to a tenth of a second; swipes not counted
	UserMeanPosition Measure = "feed_length"  // mean position of her impressions with a position, to a thousandth
	UserFollows      Measure = "follows"      // as stated in the user table
)

// MeasureUse is how many users share a value of a measure.
type MeasureUse struct {
	Value       float64
	Active, New bool
	Users       int64
}
