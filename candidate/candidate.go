// The interfaces: what is asked of a generator, what it answers, and how an item-side model becomes one.

package candidate

import (
	"context"
)

// History is what a user did with items lately, oldest first. Values above 0 are evidence for an item (1 for a click), below 0 evidence
// against it (a card shown and passed over weighs a fraction of a click). An item may come more than once, and items that a model
// does not know are skipped.
type History struct {
	Item  []int32
	Value []float32 // as long as Item; nil means 1 each
}

// value is the weight of entry k.
func (h *History) value(k int) float32 {
	if h.Value == nil {
		return 1
	}
	return h.Value[k]
}

// Scorer is a fitted item-side model. It is safe for concurrent use.
type Scorer interface {
	// Items is the number of items the model knows, 0 to before Items.
	Items() int
	// Scores writes the score of every item for a user with history h to out, of length Items: the higher the better; 0 where nothing
	// speaks for or against. Scores of different models or users are not comparable.
	Scores(h *History, out []float32)
}

// Explainer is a Scorer that can say which item of the history speaks most for an item.
type Explainer interface {
	// Because returns the item of h that adds most to the score of item, -1 where none adds anything, and what it adds as a
	// share of all that adds, 0..1. Removing the item from h lowers the score of item.
	Because(h *History, item int32) (cause int32, share float32)
}

// BatchScorer is a Scorer that scores many users faster together than one by one.
type BatchScorer interface {
	// ScoreBatch writes the scores for hs[k] to out[k*Items():(k+1)*Items()], the same as Scores within rounding.
	ScoreBatch(hs []History, out []float32)
}

// Learner is an item-side method and its settings. A config struct whose zero value means the documented defaults is one; its
// exported fields are its parameters, set by name from JSON.
type Learner interface {
	Kind() string // its name, as in "ease"
	Fit(ctx context.Context, m *Matrix) (Scorer, error)
}

// Query asks for candidates.
type Query struct {
	History History
	Traits  Traits
	AtMS    int64 // the moment, milliseconds since 1970 UTC
	Day     int32 // of it, days since 1970-01-01 in the log's zone
	Hour    uint8 // of it in the log's zone, 0..23

	// Skip says which items may not be named: seen, blocked, not published yet. nil: none. It must be cheap.
	Skip func(item int32) bool
}

// Traits is what the user table says of who asks; "" and -1 where it says nothing.
type Traits struct {
	Gender   string
	Age      int16
	Province string
}

// Candidate is one card that a generator names.
type Candidate struct {
	Item  int32
	Score float32 // comparable within one answer of one generator only
	// Cause is the item of the history that speaks most for it; -1 where the reason lies elsewhere.
	Cause int32
	// Group is what else the reason names, as a code of the generator's (the demographic cell, the content, the creator); -1 for nothing.
	Group int32
}

// Generator names candidates. It is safe for concurrent use and never fails: a user without history, with unknown cards only, or for
// whom all is filtered gets fewer candidates, or none.
type Generator interface {
	Name() string // as settings and reports call it, as in "popular"
	// Candidates appends at most k candidates to dst, best first, each item once, ties in the order of ids, none that q skips.
	Candidates(q *Query, k int, dst []Candidate) []Candidate
	// Reason puts c's reason in words a user can read, as in "because you watched %s", with names from n.
	Reason(c Candidate, n Names) string
}

// Lazy is a generator whose candidates come without their cause, since finding it costs more than naming them: it is asked for those that are
// shown.
type Lazy interface {
	// Cause is the item of q's history that speaks most for item, which the generator named for q; -1 where none does.
	Cause(q *Query, item int32) int32
}

// Dated is a generator whose reason hangs on how long ago a card was published: it was fitted on another day than it is asked on.
type Dated interface {
	// ReasonAt is Reason for a card of so many days.
	ReasonAt(c Candidate, n Names, days int64) string
}

// Names are what words call things; "" where there is no name.
type Names interface {
	Card(item int32) string
	Content(content int32) string
	Creator(creator int32) string
}
