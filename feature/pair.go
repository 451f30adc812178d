// User-card features: what they are made of, and the rows that rankers learn from. Everything is as of the moment at which the page
// was asked for.

package feature

// Moment is when a page is asked for.
type Moment struct {
	AtMS int64 // milliseconds since 1970 UTC
	Day  int32 // days since 1970-01-01 in the log's zone
	Hour uint8 // in the log's zone, 0..23
}

// PairSet is impressions with the features of their user and card just before they were shown, or their session began, in the order of users and time. All row
// columns have length Rows.
type PairSet struct {
	Columns []PairColumn
	Rows    int
	AsOf    AsOf
	X       []float32 // Rows x len(Columns), row after row; NaN where a feature does not exist

	User, Card  []int32
	Slot        []int32 // -1 when there is none
	Depth       []int32 // the largest slot of the session; -1 when no impression of it has one
	AtMS        []int64
	Day         []int32 // days since 1970-01-01 in the log's zone
	Show        []int16 // 1 the first time the user sees the card, 2 the second, ...
	Clicked     []bool
	Liked       []bool
	Shared      []bool
	ViewSeconds []float32 // of the click and the swipes that followed; 0 without one

	// Session k, impressions of one user with no gap over 30 minutes, is the rows Session[k] to before Session[k+1].
	Session []int32
}

// PairColumn declares one user-card feature.
type PairColumn struct {
	Name   string
	Unit   string
	Rule   Rule
	Why    string
	Levels []string // of a category, whose value is the index; nil for numbers
}
