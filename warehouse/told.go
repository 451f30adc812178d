package warehouse

import "context"

// Told is the theme of what the live log said that no table of a load holds: who brings back what was believed of users and cards asks for it.
type Told interface {
	// ToldCards returns what was said of cards, one for each of which something was said since it was deleted last, in the order of cards.
	ToldCards(ctx context.Context) ([]ToldCard, error)
	// ToldUsers returns what was said of users, in the order of users.
	ToldUsers(ctx context.Context) ([]ToldUser, error)
	// Feedback gives the feedback of senders' own types that holds to each, some rows at a time, in the order of users and time. What each is given is its own. An
	// error of each ends the reading and is returned.
	Feedback(ctx context.Context, each func([]ToldFeedback) error) error
	// Deleted returns which users were deleted.
	Deleted(ctx context.Context) ([]ToldDeleted, error)
}

// ToldCard is what was said of a card last, beside what Cards tells of it.
type ToldCard struct {
	Card            int32
	AtMS            int64 // of what was said last
	Deleted, Hidden bool
	PublishedMS     int64 // the last that was said of it; 0 if nothing was
	FirstMS         int64 // when it was first spoken of; 0 of one that is deleted
	Talk            string
	Categories      []string
	Labels, Note    string
}

// ToldUser is what was said of a user last, beside what Profiles tell of her.
type ToldUser struct {
	User         int32
	AtMS         int64 // of what was said last
	Labels, Note string
}

// ToldFeedback is a feedback that holds: one for each user, card and type.
type ToldFeedback struct {
	User, Card int32
	Type       string
	Value      float64
	AtMS       int64 // the last time
	Note       string
}

// ToldDeleted is a user who was deleted: what she did up to AtMS is not taken in any more.
type ToldDeleted struct {
	KeyHash uint64 // xxhash64 of her id as the log spelled it
	AtMS    int64
}
