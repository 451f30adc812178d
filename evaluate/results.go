// What an evaluation found, in the form that the command prints and the report draws.

package evaluate

import "time"

// Results are what Run found.
type Results struct {
	Split    Split
	Rerank   *Table // of the cards really shown in a session: do those that are clicked rank higher
	Pairs    []Pair // of Rerank, the chosen ranker against what the gate compares it with
	Retrieve *Table // of the whole catalogue as it stood: are the cards she will click among the first
	// Truth is what only a simulated log tells: the true click chance of what each method would show, and the share of the oracle's gain over
	// popularity. nil for real logs.
	Truth *Table

	Groups      []GroupTable // the two questions by group of users, cards, topics and regions
	Position    []Curve      // examination by slot, a curve a kind of visit
	Calibration *Calibration // of the ranker that was chosen
	TradeOffs   []TradeOff   // accuracy against what else a page should be
	Switches    []Switch     // what each step of making a page costs and brings
	Importance  []Gain       // of the features of the ranker that was chosen, largest first
	Pages       []ExamplePage
	Chosen      string // name of the ranker that pages are made with: the first, unless another ordered better beyond chance on the days of choice
	Notes       []string
}

// Split is the days of an evaluation, each part from its first day to its last.
type Split struct {
	TrainFrom, TrainTo   time.Time
	ChooseFrom, ChooseTo time.Time
	JudgeFrom, JudgeTo   time.Time
	Users                int // judged
	Sessions             int
	Impressions, Clicks  int
	NewUsers             int // judged users who were not seen before the judged days
	Cards, NewCards      int // in the judged catalogue, and of these published after training
}

// Kind is what a method is.
type Kind string

// The kinds.
const (
	Baseline   Kind = "baseline"
	Candidates Kind = "candidates"
	Ranker     Kind = "ranker"
	WholePage  Kind = "page"
	Ceiling    Kind = "ceiling"
)

// Table is what methods got on one question.
type Table struct {
	Measures []Measure
	Rows     []Row
	Users    int // over which intervals are drawn
	Lists    int // sessions or requests
}

// Measure is one column of a Table.
type Measure struct {
	Name   string // as in "ndcg@10"
	Label  string // in words
	Unit   string // "share", "s", "bits", "" for a plain number
	Lower  bool   // is less better
	Why    string // what it says, in a sentence
	Paired bool   // are gaps to the best tested
}

// Row is one method.
type Row struct {
	Method  string
	Kind    Kind
	Cells   []Cell  // one a measure
	Seconds float64 // to train it; 0 where nothing is trained
}

// Pair is one method against another in the order of what was shown, over the same users.
type Pair struct {
	Method, Against string
	Gap             float64 // the mean over users of the difference in NDCG at 10, Method less Against; NaN where nothing can be compared
	P               float64 // of a gap as far from 0 where there is none (Student's paired test)
}

// Cell is a measured value with its 95% interval by a bootstrap over users, and how it stands beside the best method of the column.
type Cell struct {
	Value, Low, High float64 // NaN where there is none
	Gap              float64 // Value less the best method's; 0 for the best
	P                float64 // that the gap is none, paired over users, corrected by Holm over the column; NaN for the best and for what is not tested
}

// GroupTable is one measure by group.
type GroupTable struct {
	Question string // "rerank", "retrieve" or "truth"
	By       string // as in "clicks before"
	Measure  Measure
	Groups   []Group
	Rows     []Row // Cells one a group, without gaps
}

// Group is one of a division.
type Group struct {
	Name         string
	Users, Lists int
}

// Curve is examination by slot, relative to the first slot, by methods that let more and more cancel. Cells have no gaps.
type Curve struct {
	Visits  string    // which visits: "browsing", "in passing", or AllVisits, of which there is the raw curve alone
	Slots   []int     // from 0 at the top
	Raw     []Cell    // click-through rates: what misleads; of all visits without intervals
	Within  []Cell    // slots of the same visit: user, hour and mood cancel, and better cards higher up do not
	Swaps   []Cell    // the same card in different slots of visits of equal depth: the card cancels, and keenness as far as depth shows it
	Est     []Cell    // paired: slots of the same visit, given each card's effect; what rankers use
	Truth   []float64 // nil for real logs
	Sources []string  // how it was estimated, in words
}

// Calibration is how far predicted click chances are those that are observed.
type Calibration struct {
	ECE    float64 // expected calibration error, equal-mass bins
	Bins   []Bin
	Slices []Slice
}

// Bin is predictions of about the same size.
type Bin struct {
	N                   int
	Predicted, Observed float64
	Low, High           float64 // interval of Observed
}

// Slice is the calibration of a part of the impressions.
type Slice struct {
	By, Name            string
	N                   int
	Predicted, Observed float64
	ECE                 float64
}

// TradeOff is a curve over the settings of one knob.
type TradeOff struct {
	Knob     string // as in "lambda of mmr"
	Measures []Measure
	Points   []Point
}

// Point is one setting and what pages were like with it, one value a measure.
type Point struct {
	Setting string
	Values  []Cell
}

// Switch is a step of making a page, and what pages are without it.
type Switch struct {
	Step     string
	What     string // what it does, in words
	Measures []Measure
	With     []Cell
	Without  []Cell
	Micros   float64 // it costs a page, median microseconds
}

// Gain is a feature's share of what a ranker learned.
type Gain struct {
	Feature, Why string
	Share        float64
}

// ExamplePage is a page made for one user of the log.
type ExamplePage struct {
	Who   string // "a new user", "a light user", "a heavy user"
	User  string // by the log's own id
	Facts string // what is known of her, in a sentence
	At    time.Time
	Cards []ExampleCard
}

// ExampleCard is a card on an ExamplePage.
type ExampleCard struct {
	Card    string // by the log's own id
	Slot    int
	Column  int
	Content string
	Creator string
	AgeDays int // -1 where unknown
	Click   float64
	Sources []string
	Reason  string
	Clicked bool    // did she click it in the days that followed
	True    float64 // her true click chance; NaN for real logs
}
