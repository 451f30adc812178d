// What is asked, and the page that answers.

package feed

import (
	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
)

// Request asks for a page for one user at one moment.
type Request struct {
	History candidate.History // what she did lately, oldest first; none for someone unknown
	Traits  candidate.Traits
	At      feature.Moment
	Past    *feature.Past // what is known of her up to the moment, for the ranker

	// Shown says how often she was shown a card within the days of fatigue, and whether she ever clicked it. nil: what Past says, where it
	// is given, a card counting with all of its shows while the last is within those days.
	Shown func(item int32) Shown

	N int // cards of the page, at least 1
	// Before is how many cards stand on the pages of N before this one, for those who page. They are placed as they would be there, each page with caps and a
	// floor of fresh cards of its own, and are not among the answer's. Candidates must be enough for them, too.
	Before int

	Exclude         []int32 // cards not to show
	BlockedCreators []int32
	Contents        []int32 // codes of content categories: only cards of these; nil for all
	// Skip says of further cards that they are not to be shown; nil: of none. It must be cheap.
	Skip func(item int32) bool

	// User tells her from others of the same history, as a hash of her id does: the few cards that are new to everybody are tried out in other slots of hers.
	User uint64
	// Seed is what exploration draws by: the same request, with the same seed, to an explorer that knows the same, gets the same page, unless one
	// of them rested. A server takes one by chance for each request. Where all are the same, those explore alike that are of one day and one history:
	// who asks for several users by one seed should mix what tells them apart into it.
	Seed uint64
}

// Shown is what a user was shown of a card.
type Shown struct {
	Times   int // within the days of fatigue
	Clicked bool
}

// Page is the answer to a Request.
type Page struct {
	Cards []Placed // at most Request.N: fewer where the catalogue, the filters or the caps leave no more
	Trace Trace
}

// Placed is a card on the page.
type Placed struct {
	Item   int32
	Slot   int // from 0, row after row
	Column int
	Worth
	Score   float64  // value after fatigue: what re-ranking weighed
	Sources []Source // the generators that named it, best rank first
	Reason  string
	By      string // the generator that gives the reason
	Cause   int32  // the card of her history that the reason names, -1 for none
	Fresh   bool   // placed to keep the floor of fresh cards

	// Propensity is the chance with which this slot of this page showed this card, above 0; 1 where nothing could explore. Slots are independent of
	// each other.
	Propensity float64
	Explored   bool      // drawn from the slot's exploration pool
	Context    []float32 `json:",omitempty"` // of an explored card, where the policy reads contexts: what it learns from, with the click
}

// Source is a generator that named a card.
type Source struct {
	Name string
	Rank int // from 0, among what the generator named
}

// Worth is what a ranker says of a card for a user.
type Worth struct {
	Value   float32 // what cards are ordered by, at least 0
	Click   float32 // chance of a click in full view, 0..1
	Seconds float32 // expected view seconds after a click; 0 where the ranker does not say
	Like    float32 // chance of a like after a click
	Share   float32 // chance of a share after a click
}

// Trace tells what each step of making a page did.
type Trace struct {
	Named    []Named // by source
	Distinct int     // candidates after merging
	Filtered int     // cards that generators were told to skip: excluded, blocked, of other categories, not published yet
	Dropped  int     // candidates dropped by fatigue
	Clicked  int     // candidates hidden since they were clicked before
	Faded    int     // candidates that fatigue made worth less
	Capped   int     // times a card was passed over for a cap
	Fresh    int     // cards placed for the floor of fresh cards

	Exploring int  // slots with a pool to explore
	Explored  int  // slots that did
	Rested    bool // none could, since the cap on explored slots was near
}

// Named is how many candidates a source gave.
type Named struct {
	Name string
	N    int
}
