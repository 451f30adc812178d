package warehouse

import (
	"context"
	"time"
)

// Catalogue is the theme of what there is to recommend. Cards, creators and users are dense ids from 0.
type Catalogue interface {
	// Cards returns what the card table says, by card id.
	Cards(ctx context.Context) (*Cards, error)
	// CardKeys returns the log's own ids of cards, by card id.
	CardKeys(ctx context.Context) ([]string, error)
	// CardDays returns what all users of the app, not the sample alone, did with each card on each day of the days from..to, both
	// included, in the order of cards and days; days without impressions are left out.
	CardDays(ctx context.Context, from, to time.Time) ([]CardDay, error)
	// SwipeLists gives the swipes of the days from..to, both included, to each, a number of users at a time, in the order of
	// users and time. The columns are overwritten after each returns. An error of each ends the reading and is returned.
	SwipeLists(ctx context.Context, from, to time.Time, each func(*SwipeLists) error) error
}

// Cards are the card table, by card id: all columns have the same length. Codes are dense from 0 and -1 where there is none.
type Cards struct {
	Listed    []bool
	Published []int32 // days since 1970-01-01 in the log's zone; UnknownDay where there is none
	Type      []int8  // as logged (1 pictures, 2 video in the reference log); -1 for none
	Content   []int16 // code of the content category, of which Contents names each
	Song      []int32
	Artist    []int32
	Creator   []int32
	Talk      []int32

	Contents    []ContentName // by code
	Songs       []string      // the log's own ids, by code
	Artists     []string      // the log's own ids, by code
	CreatorKeys []string      // the log's own ids, by creator id
	Followers   []int64       // of creators, by creator id; -1 for none
	Talks       []int32       // the log's own numbers of topics, by code
}

// UnknownDay is the publication day of cards that have none: before all others.
const UnknownDay = -1 << 31

// ContentName is a content category as logged, and the levels of the taxonomy where its spelling has them, else -1.
type ContentName struct {
	Key    string
	Levels [3]int32 // from the widest to the narrowest
}

// CardDay is one card on one day, over all users of the app.
type CardDay struct {
	Card                        int32
	Day                         int32 // days since 1970-01-01 in the log's zone
	Impressions, Clicks         int32
	Likes, Comments, Shares     int32
	CommentViews, CreatorVisits int32
	CreatorFollows              int32
}

// SwipeLists are swipe sessions: list k is of user User[k], began with the card Opened[k] that she clicked, and has the rows Start[k] to
// before Start[k+1], in order.
type SwipeLists struct {
	User   []int32
	Opened []int32
	Day    []int32 // of the click
	Start  []int32 // one longer than User

	Card        []int32
	Flags       []Flag    // Clicked is never set
	ViewSeconds []float32 // NaN when there is none
}
