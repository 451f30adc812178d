// Package analysis asks the warehouse the questions of an engagement analysis and turns the
// rows into numbers, findings and chart descriptions. One question stands in one file, named
// as its question. Nothing here knows SQL or pixels.
package analysis

// Answer is what one question found.
type Answer struct {
	ID    string `json:"id"`    // "impressions-by-day"; stable, used in links and file names
	Theme string `json:"theme"` // section of the report
	Title string `json:"title"` // the question, in words

	Findings []Finding `json:"findings"`
	Tables   []Table   `json:"tables,omitempty"`
	Charts   []Chart   `json:"charts,omitempty"`
	Caveats  []string  `json:"caveats,omitempty"`
	Queries  []Query   `json:"queries,omitempty"` // what the engine ran
	Off      string    `json:"off,omitempty"`     // why the question was not asked ("the log has no column for position"); then all else is empty
	Seconds  float64   `json:"-"`
}

// Query is one query behind an answer, in the engine's own language.
type Query struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Grade says how much a finding may be trusted to mean.
type Grade string

const (
	Descriptive  Grade = "descriptive"        // a count or a share of this log; no comparison was tested
	Association  Grade = "association"        // a tested difference or correlation; says nothing of causes
	NoDifference Grade = "no difference seen" // tested, and the data do not show one
)

// Finding is one sentence made from the numbers, and what stands behind it.
type Finding struct {
	Sentence string  `json:"sentence"`
	Grade    Grade   `json:"grade"`
	Effect   *Effect `json:"effect,omitempty"`
	Test     *Test   `json:"test,omitempty"`
	// Weight ranks findings on the summary page: a standardised size of effect in [0, 1]
	// (Cramer's V, |r|, Cliff's delta, |difference of shares|, Gini, ...), 0 for a finding that is not ranked.
	Weight float64 `json:"weight"`

	// Headline marks what a reader of the summary must know first, whatever its weight.
	Headline bool `json:"headline,omitempty"`

	none string // the sentence if the corrected test shows no difference; see tested
}

// Effect is the size of what a finding says, with its 95% confidence interval (Low = High = Value when the log is
// the whole population and nothing was sampled or compared).
type Effect struct {
	Name  string  `json:"name"` // "difference in active share", "odds ratio", "Spearman's rho"
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Unit  Unit    `json:"unit"`
}

// Test is the hypothesis test behind a finding.
type Test struct {
	Name      string  `json:"name"` // "chi-squared", "Mann-Whitney U", "Welch t"
	Statistic float64 `json:"statistic"`
	P         float64 `json:"p"`
	// Q is P after Benjamini-Hochberg over all tests of one run of the analysis; the grade follows from it.
	Q float64 `json:"q"`
}

// Unit says how a number is to be written.
type Unit string

const (
	Count   Unit = "count"                // 1,234
	Share   Unit = "share"                // 0.1916 -> 19.16%
	Points  Unit = "difference of shares" // 0.0277 -> 2.77 points
	Rate    Unit = "rate"                 // as Share, for rates below a few percent: 0.000312 -> 0.031%
	Seconds Unit = "seconds"              // 1.5 s, 3 min
	Days    Unit = "days"
	Months  Unit = "months"
	Years   Unit = "years"
	Plain   Unit = "number" // no unit
	Money   Unit = "billion yuan"
	Text    Unit = "text"
)

// Table is numbers in columns of one length. It is written as JSON, CSV and Parquet under its name.
type Table struct {
	Name    string   `json:"name"` // file-name safe, unique in a report
	Title   string   `json:"title"`
	Columns []Column `json:"columns"`
}

// Column is one column of a Table; exactly one of Ints, Floats and Strings is set. A NaN is a null.
type Column struct {
	Name    string    `json:"name"`  // "active_users": snake case, unit in the name where it helps
	Label   string    `json:"label"` // "active users"
	Unit    Unit      `json:"unit"`
	Ints    []int64   `json:"ints,omitempty"`
	Floats  []float64 `json:"floats,omitempty"`
	Strings []string  `json:"strings,omitempty"`
}

// Len is the column's number of rows.
func (c Column) Len() int { return max(len(c.Ints), len(c.Floats), len(c.Strings)) }

// Rows is the table's number of rows.
func (t Table) Rows() int {
	if len(t.Columns) == 0 {
		return 0
	}
	return t.Columns[0].Len()
}
