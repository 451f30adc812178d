// Package feedlog holds the record types of a feed's impression log and reads
// them from CSV, exactly and with bounded memory. It depends on the standard
// library only, so that any other tool can use it to read this kind of log.
//
// A log has six tables (see Table). Each has one record type in record.go and
// one decoder. What cannot be read becomes a RowError that says where.
package feedlog

// Impression is one card shown to one user: a row of impression_data.
type Impression struct {
	UserID string // opaque, never empty
	CardID string // opaque, never empty

	ShownAtMS int64 // milliseconds since 1970-01-01 UTC
	DT        int16 // day of the month as the file states it, 1..31; 0 when absent or null
	Position  int32 // slot in the feed, >= 0; -1 when the log has no positions

	Clicked        bool
	Commented      bool // isComment
	VisitedCreator bool // isIntoPersonalHomepage
	Shared         bool // isShare
	ViewedComments bool // isViewComment
	Liked          bool // isLike

	ViewSeconds float32 // NaN when null: normally null off-click

	HasSwipes bool    // the nested list is there, possibly empty
	Swipes    []Swipe // in the order of the list; valid as long as the batch is
}

// Swipe is one entry of an impression's nested list: a card the user reached by
// swiping on after a click, without going back to the feed.
type Swipe struct {
	CardID string

	SwipedAtMS int64 // logtime; milliseconds since 1970-01-01 UTC; 0 when absent
	Position   int32 // as logged; -1 when absent

	Commented      bool
	VisitedCreator bool
	Shared         bool
	ViewedComments bool
	Liked          bool // isZan

	ViewSeconds float32 // NaN when null
}

// Card is one card: a row of mlog_demographics.
type Card struct {
	CardID    string
	SongID    string // "" when null
	ArtistID  string // "" when null
	CreatorID string // "" when null

	AgeDays int32  // publishTime: days from publication to the reference day; NullInt when null
	Type    int16  // 1 pictures, 2 video; 0 when null
	Content string // contentId: "5000,5006,5036", three levels from coarse to fine, or another product's category; "" when null
	TalkID  int32  // topic; -1 none; NullInt when null
}

// CardDay is one card on one day, counted over all users of the app: a row of mlog_stats.
type CardDay struct {
	CardID         string
	DT             int16 // day of the month
	Impressions    int64
	Clicks         int64
	Likes          int64
	Comments       int64
	Shares         int64
	CommentViews   int64
	CreatorVisits  int64
	CreatorFollows int64
}

// Creator is one creator: a row of creator_demographics.
type Creator struct {
	CreatorID        string
	Gender           string // "" when null
	RegisteredMonths int32  // NullInt when null
	Follows          int64  // NullInt when null
	Followers        int64  // followeds; NullInt when null
	CreatorType      int32  // NullInt when null
	Level            int32  // NullInt when null
}

// CreatorDay is one creator on one day: a row of creator_stats.
type CreatorDay struct {
	CreatorID string
	DT        int16
	Published int64 // PushlishMlogCnt
}

// User is one user: a row of user_demographics.
type User struct {
	UserID           string
	Province         string // "" when null
	Age              int32  // years; NullInt when null
	Gender           string // "male", "female", "unknown" as logged; "" when null
	RegisteredMonths int32  // months since registration; NullInt when null
	Follows          int32  // NullInt when null
	Level            int32  // the app's activity grade, measured after the month: never a predictor; NullInt when null
}

// NullInt stands for a null in the integer fields that say so.
const NullInt = -1 << 31
