package warehouse

import (
	"context"
	"iter"
	"time"
)

// Live takes in what happens while it happens: the events of a durable log, a batch at a time, so that what is asked of the warehouse
// afterwards is answered as if the same log had been loaded from files with these events as rows.
type Live interface {
	// LiveOffset is the last sequence number of the log whose events are in the warehouse; 0 when there are none.
	LiveOffset(ctx context.Context) (seq uint64, err error)
	// LiveMark is the LiveBatch.Mark of the event that LiveOffset names, 0 where none was said: whether a log is the one that the warehouse has the events of.
	LiveMark(ctx context.Context) (uint64, error)
	// AppendLive stores batches, one after the other, and the offset after the last in one transaction: afterwards, also after a kill at any moment, all of
	// it is in or nothing is; nor is anything when batches ends with an error, which AppendLive returns. Rows up to the offset that is there are passed
	// over, so that a batch may be given again, whole or with others.
	//
	// The outcome does not hang on how the log was cut into batches, nor on the order in which events came: what a showing was and what
	// became of it is decided by the times of all events of the user that are in by then (see LiveRow).
	//
	// It reads all that the users of the batches did before, which for any thousands of them is most of the warehouse: the more events a call brings, the less
	// each costs. Its memory is that of one batch, of the ids that the warehouse knows (they are kept between calls), of some bytes for each user and each
	// card and day of the batches, and of the rows of some thousands of these users at a time.
	AppendLive(ctx context.Context, batches iter.Seq2[LiveBatch, error]) error
}

// LiveBatches gives batches, one after the other.
func LiveBatches(batches ...LiveBatch) iter.Seq2[LiveBatch, error] {
	return func(yield func(LiveBatch, error) bool) {
		for _, b := range batches {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// LiveName is what the log is called among Contents.Loads.
const LiveName = "live events"

// LiveBatch is a stretch of the log.
type LiveBatch struct {
	Rows []LiveRow // by ascending Seq
	Last uint64    // the offset after the batch, for events at its end that are no rows; 0 means the Seq of the last row
	Mark uint64    // tells the last event from those that other logs have at its number; 0 says nothing
	// Zone is that of a warehouse without impressions, and otherwise checked against the one that is there. nil means the one that is there,
	// else UTC+8. Of several batches that come together the first one's counts.
	Zone *time.Location
}

// LiveKind says what a LiveRow tells. The numbers stand in databases.
type LiveKind uint8

// The kinds.
//
// A showing of a card to a user is a LiveImpression, told from others by user, card and request, or, without a request, the row itself; or a
// LiveSwipe, which is of the impression of its From that it came from. What a user does with a card (LiveClick to LiveView) is of the showing
// with its request; of several the latest that she saw or clicked before, a click always being of an impression. Without a request, it is of
// the latest showing of the card in the 24 hours before, or one that a client's clock puts up to a minute later. Where there is no such showing,
// it makes one: an impression at its own time, which a later LiveImpression of the same request completes. Rows of files are complete and never
// changed by events. View seconds of a showing add up. What is opened to be swiped from counts as clicked.
const (
	LiveImpression   LiveKind = 1 + iota
	LiveClick                 // 2
	LiveSwipe                 // 3: from the card From, the user went on to Card; without From it is kept and says nothing
	LiveLike                  // 4
	LiveComment               // 5
	LiveReadComments          // 6
	LiveShare                 // 7
	LiveVisit                 // 8: to the page of the card's creator
	LiveView                  // 9: of Value seconds
	LiveFollow                // 10: of the card's creator; counts in the card's day only
	// LiveUndo takes back what the user did with the card up to its time: that of Type, one of the names in LiveNames or what a sender calls
	// a LiveFeedback, or everything where Type is "".
	LiveUndo
	LiveFeedback    // 12: of Type, Value and Note; kept in a table of its own, see LiveRow.Replace
	LiveServed      // 13: Page was made for the user
	LiveUser        // 14: is known by Profile
	LiveUserDeleted // 15: with all that she did up to then
	LiveCard        // 16: is known by Traits
	LiveCardDeleted // 17: it is not listed any more; what users did with it stays
)

// LiveNames are the names by which LiveUndo takes back rows of other kinds than LiveFeedback.
var LiveNames = map[string]LiveKind{
	"impression": LiveImpression, "click": LiveClick, "swipe": LiveSwipe, "like": LiveLike, "comment": LiveComment, "read_comments": LiveReadComments,
	"share": LiveShare, "visit": LiveVisit, "view": LiveView, "follow": LiveFollow,
}

// LiveRow is one event. Fields that its kind does not use are zero.
type LiveRow struct {
	Seq        uint64 // its number in the log, from 1
	Kind       LiveKind
	AtMS       int64  // when it happened, milliseconds since 1970 UTC
	User, Card string // ids as the log spells them; both for what users do, one for what is known of it

	Request string  // the page that it belongs to
	Slot    int32   // of the card on that page, or in a list of swipes; negative: not known
	From    string  // of a LiveSwipe: the card that had been opened
	Type    string  // of a LiveFeedback or LiveUndo
	Value   float64 // seconds of a LiveView, a number of a LiveFeedback
	Replace bool    // of a LiveFeedback: Value takes the place of what was sent before, where it else adds to it
	Note    string  // of a LiveFeedback, LiveUser or LiveCard: the sender's words

	Page    *LivePage
	Profile *LiveProfile
	Traits  *LiveTraits
}

// LivePage is what a user was served.
type LivePage struct {
	Model string
	Cards []LiveServedCard // by slot
}

// LiveServedCard is a card of a LivePage.
type LiveServedCard struct {
	Card              string
	Score, Propensity float64
	Explored          bool
	By                string // the source that named it
}

// LiveProfile is what is known of a user, and takes the place of what was: what is "", or a negative number, is known no more. The latest one counts; a load
// of files that lists the user takes the place of what was said before it.
type LiveProfile struct {
	Gender, Province     string
	Age, Months, Follows int32
	Labels               string // JSON of the sender's; "" for none
}

// LiveTraits is what is known of a card; as LiveProfile, but that the day of publication stays where none is said.
type LiveTraits struct {
	Creator, Content, Song, Artist string
	Talk                           string // topic; in the card table where it is a whole number
	Type                           int32  // from 0, of which 0 is not known, nor is a negative one
	PublishedMS                    int64  // 0: when the card was first spoken of, unless the card table knows
	Categories                     []string
	Hidden                         bool // not to be shown: not listed until a later row says otherwise
	Labels                         string
}
