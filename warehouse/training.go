package warehouse

import (
	"context"
	"time"
)

// Training is the theme of features and labels: what users did as plain columns, in pieces of bounded size. Users and cards
// are the warehouse's dense ids, from 0.
type Training interface {
	// Histories gives the impressions of the days from..to, both included, to each, a number of users at a time, in the order
	// of their ids; a user's rows come together, in order of time. The columns are overwritten after each returns. An error of
	// each ends the reading and is returned.
	Histories(ctx context.Context, from, to time.Time, each func(*Histories) error) error
	// LoggedDays returns the days from..to, both included, that have impressions, in days since 1970-01-01, ascending.
	LoggedDays(ctx context.Context, from, to time.Time) ([]int32, error)
	// Profiles returns what the user table says, by user id.
	Profiles(ctx context.Context) (*Profiles, error)
	// WindowTotals returns impressions and clicks of every user in the days from..to, both included, by user id.
	WindowTotals(ctx context.Context, from, to time.Time) (*WindowTotals, error)
	// Spans returns the first and the last day on which each user was seen, in days since 1970-01-01, by user id; of users who
	// were never seen, first is the larger.
	Spans(ctx context.Context) (first, last []int32, err error)
	// CardUse returns impressions and clicks by card and day of the days from..to, both included, those without impressions
	// left out, in no particular order.
	CardUse(ctx context.Context, from, to time.Time) ([]CardUse, error)
	// CardContents returns the content category of every card, by card id; -1 where there is none.
	CardContents(ctx context.Context) ([]int16, error)
	// SlotUse returns impressions and clicks of the days from..to by position and by how far down the user went that day.
	SlotUse(ctx context.Context, from, to time.Time) ([]SlotUse, error)
	// UserKeys returns the log's own ids of users, by user id.
	UserKeys(ctx context.Context) ([]string, error)
}

// Histories are impressions of some users: user k has the rows Start[k] to before Start[k+1]. A History's row columns all
// have the same length.
type Histories struct {
	User  []int32
	Start []int32 // one longer than User

	Card             []int32
	ShownAtMS        []int64
	Day              []int32 // days since 1970-01-01 in the log's zone
	Hour             []uint8 // of the day in the log's zone, 0..23
	Position         []int32 // -1 when there is none
	Show             []int16 // 1 the first time the user sees the card, 2 the second, ...
	Flags            []Flag
	ViewSeconds      []float32 // NaN when there is none
	Swipes           []int32   // cards swiped to after a click
	SwipeViewSeconds []float32 // spent on them
}

// Flag are the actions of an impression.
type Flag uint8

// The actions, one bit each.
const (
	Clicked Flag = 1 << iota
	Liked
	Commented
	Shared
	ViewedComments
	VisitedCreator
)

// Profiles are the user table, by user id: all columns have the same length.
type Profiles struct {
	Listed           []bool
	Province         []string // "" when null
	Gender           []string // "" when null
	Age              []int16  // -1 when null, as the following
	RegisteredMonths []int16
	Follows          []int32
	Level            []int8
}

// WindowTotals are by user id; 0 for users who were not seen.
type WindowTotals struct {
	Impressions, Clicks []int32
}

// CardUse is one card on one day.
type CardUse struct {
	Card        int32
	Day         int32 // days since 1970-01-01 in the log's zone
	Impressions int32
	Clicks      int32
}

// SlotUse is one position on the user-days that went down to one depth.
type SlotUse struct {
	Position, Depth     int32 // Depth is the largest position of the user-day; rows without a position are left out
	Impressions, Clicks int64
}
