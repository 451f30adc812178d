// What a feature is, and the lists of them.

package feature

import "github.com/seguefeed/segue/warehouse"

// Rule says what keeps a feature from seeing what comes after the as-of.
type Rule string

// The rules.
const (
	// BeforeAsOf features read the user's rows before the as-of.
	BeforeAsOf Rule = "rows before the as-of"
	// CardsBefore features read, for each of the user's rows before the as-of, all users' rows of that card on earlier days.
	CardsBefore Rule = "rows before the as-of; of its card, the days before the row's"
	// SlotsBefore features read the user's rows before the as-of, and all users' rows before it.
	SlotsBefore Rule = "rows before the as-of, of all users"
	// Snapshot features read the user table, of which the log keeps one state: they are taken not to change within the month.
	Snapshot Rule = "the user table, of which one state is kept"
	// AfterAsOf features read the user's rows from the as-of on. No sound model has one; the case study's had.
	AfterAsOf Rule = "rows from the as-of on"
)

// Def declares one feature.
type Def struct {
	Name   string
	Unit   string // of its values
	Rule   Rule
	Why    string                  // the reason it may tell something
	Levels func(*Context) []string // of a category, whose value is the index; nil for numbers
	Of     func(*Summary) float32  // NaN when it does not exist for this user
}

func number(f func(*Summary) float64) func(*Summary) float32 {
	return func(s *Summary) float32 { return float32(f(s)) }
}

// CaseStudy is the twelve features of the published case study (PUBLISHED, source A 2.5), its nulls being as it had them:
// no view time is 0, an unknown province or gender a level "unknown"; a missing age is a group of its own.
func CaseStudy() []Def {
	return []Def{
		{"clicks", "clicks", BeforeAsOf, "who clicked will click", nil, number(func(s *Summary) float64 { return s.Clicks })},
		{"comments", "comments", BeforeAsOf, "effort beyond a click", nil, number(func(s *Summary) float64 { return s.Comments })},
		{"creator_visits", "visits", BeforeAsOf, "interest in a creator outlasts a card", nil, number(func(s *Summary) float64 { return s.CreatorVisits })},
		{"shares", "shares", BeforeAsOf, "effort beyond a click", nil, number(func(s *Summary) float64 { return s.Shares })},
		{"comment_views", "views", BeforeAsOf, "who reads on stays", nil, number(func(s *Summary) float64 { return s.CommentViews })},
		{"likes", "likes", BeforeAsOf, "effort beyond a click", nil, number(func(s *Summary) float64 { return s.Likes })},
		{"view_seconds", "s", BeforeAsOf, "how long the clicked cards held her", nil, number(func(s *Summary) float64 { return s.ViewSeconds })},
		{"province", "", Snapshot, "active rates differ by province", func(c *Context) []string { return c.Provinces }, func(s *Summary) float32 { return float32(s.Province) }},
		{"age", "years", Snapshot, "the youngest are most active", nil, number(func(s *Summary) float64 { return s.Age })},
		{"gender", "", Snapshot, "active rates differ by gender", func(*Context) []string { return genders }, func(s *Summary) float32 { return float32(s.Gender) }},
		{"registered_months", "months", Snapshot, "newcomers click more", nil, number(func(s *Summary) float64 { return s.RegisteredMonths })},
		{"follows", "accounts", Snapshot, "how settled she is in the app", nil, number(func(s *Summary) float64 { return s.Follows })},
	}
}

// LateImpressions is the case study's mistake: it counts impressions of the days that the label is about. The published
// protocol has it, and the audit refuses it.
func LateImpressions() Def {
	return Def{"late_impressions", "impressions", AfterAsOf, "the case study's twelve columns were joined with counts over days 11-30", nil,
		number(func(s *Summary) float64 { return s.LateImpressions })}
}

// Extended is the case study's features and what its log knew beside them.
func Extended() []Def {
	return append(CaseStudy(), []Def{
		{"impressions", "impressions", BeforeAsOf, "a click needs an impression: volume comes first", nil, number(func(s *Summary) float64 { return s.Impressions })},
		{"active_days", "days", BeforeAsOf, "habit", nil, number(func(s *Summary) float64 { return s.Days })},
		{"sessions", "sessions", BeforeAsOf, "habit", nil, number(func(s *Summary) float64 { return s.Sessions })},
		{"browsed_sessions", "sessions", BeforeAsOf, "sessions that went on beyond the first page: what clicks come from", nil, number(func(s *Summary) float64 { return s.Browsed })},
		{"browsed_share", "share", BeforeAsOf, "the same, net of how often she came: (browsed + 0.3) / (sessions + 1)", nil, number(func(s *Summary) float64 { return (s.Browsed + .3) / (s.Sessions + 1) })},
		{"screens", "screens", BeforeAsOf, "moments at which cards were shown to her: how often she went on", nil, number(func(s *Summary) float64 { return s.Screens })},
		{"scrolled_sessions", "sessions", BeforeAsOf, "sessions of more than one screen", nil, number(func(s *Summary) float64 { return s.Scrolled })},
		{"scrolled_share", "share", BeforeAsOf, "the same, net of how often she came: (scrolled + 0.3) / (sessions + 1)", nil, number(func(s *Summary) float64 { return (s.Scrolled + .3) / (s.Sessions + 1) })},
		{"screen_click_rate", "share", BeforeAsOf, "clicks in a screen that she went on to, smoothed: (clicks + 0.1) / (screens - sessions + 1)", nil, number(func(s *Summary) float64 { return (s.Clicks + .1) / (s.Screens - s.Sessions + 1) })},
		{"recency", "days", BeforeAsOf, "days from her last impression to the as-of", nil, number(func(s *Summary) float64 { return s.Recency })},
		{"first_seen", "days", BeforeAsOf, "days from her first impression to the as-of", nil, number(func(s *Summary) float64 { return s.FirstSeen })},
		{"mean_gap", "days", BeforeAsOf, "days between days with impressions; none for users of one day", nil, number(func(s *Summary) float64 { return s.meanGap() })},
		{"longest_gap", "days", BeforeAsOf, "the longest of them", nil, number(func(s *Summary) float64 { return s.LongestGap })},
		{"mean_position", "slots", BeforeAsOf, "how far down she looks", nil, number(func(s *Summary) float64 { return s.PositionSum / s.Positions })},
		{"deepest", "slots", BeforeAsOf, "the farthest she went", nil, number(func(s *Summary) float64 { return s.Deepest })},
		{"mean_depth", "slots", BeforeAsOf, "how far a session goes, on average", nil, number(func(s *Summary) float64 { return s.DepthSum / s.Sessions })},
		{"night_share", "share", BeforeAsOf, "impressions from 0 to 6 o'clock", nil, number(func(s *Summary) float64 { return s.Parts[0] / s.Impressions })},
		{"morning_share", "share", BeforeAsOf, "from 6 to 12", nil, number(func(s *Summary) float64 { return s.Parts[1] / s.Impressions })},
		{"afternoon_share", "share", BeforeAsOf, "from 12 to 18", nil, number(func(s *Summary) float64 { return s.Parts[2] / s.Impressions })},
		{"click_rate", "share", BeforeAsOf, "smoothed: (clicks + 0.5) / (impressions + 10)", nil, number(func(s *Summary) float64 { return (s.Clicks + .5) / (s.Impressions + 10) })},
		{"first_click_latency", "s", BeforeAsOf, "from her first impression to her first click; none without a click", nil, number(func(s *Summary) float64 { return s.FirstClick })},
		{"click_recency", "days", BeforeAsOf, "from her last click to the as-of; none without a click", nil, number(func(s *Summary) float64 { return s.ClickRecency })},
		{"click_days", "days", BeforeAsOf, "days with a click: one burst is no habit", nil, number(func(s *Summary) float64 { return s.ClickDays })},
		{"click_sessions", "sessions", BeforeAsOf, "sessions with a click", nil, number(func(s *Summary) float64 { return s.ClickSessions })},
		{"dwell", "s", BeforeAsOf, "mean view time of impressions that have one", nil, number(func(s *Summary) float64 { return s.ViewSeconds / s.Views })},
		{"swipe_sessions", "sessions", BeforeAsOf, "clicks followed by swipes", nil, number(func(s *Summary) float64 { return s.SwipeLists })},
		{"swipes", "cards", BeforeAsOf, "most viewing happens there", nil, number(func(s *Summary) float64 { return s.Swipes })},
		{"swipe_view_seconds", "s", BeforeAsOf, "most viewing happens there", nil, number(func(s *Summary) float64 { return s.SwipeViewSeconds })},
		{"content_breadth", "share", BeforeAsOf, "chance that two of her impressions are of different contents: breadth net of volume", nil, number(func(s *Summary) float64 { return s.breadth() })},
		{"repeat_share", "share", BeforeAsOf, "impressions of cards she had seen: she leaves the first page as it is", nil, number(func(s *Summary) float64 { return s.Repeats / s.Impressions })},
		{"shown_quality", "share", CardsBefore, "mean smoothed CTR of the cards she was shown: did she pass over good ones?", nil, number(func(s *Summary) float64 { return s.QualitySum / s.Qualities })},
		{"click_lift", "ratio", SlotsBefore, "position-adjusted clicks: those of impressions with a position over what the same slots of days as deep give to all users, (clicks + 0.5) / (expected + 0.5)", nil,
			number(func(s *Summary) float64 { return (s.PlacedClicks + .5) / (s.Expected + .5) })},
		{"last3_impressions", "impressions", BeforeAsOf, "the last three days: is she coming or going?", nil, number(func(s *Summary) float64 { return s.LastImpressions })},
		{"last3_clicks", "clicks", BeforeAsOf, "the same of clicks", nil, number(func(s *Summary) float64 { return s.LastClicks })},
	}...)
}

// Gender and province as categories.
var genders = []string{"male", "female", "unknown"}

const unknown = "unknown"

// genderOf is the level of a gender as the log spells it.
func genderOf(s string) int16 {
	switch s {
	case "male":
		return 0
	case "female":
		return 1
	}
	return 2
}

// provincesOf are the provinces of the user table in alphabetical order, and "unknown" for none.
func provincesOf(p *warehouse.Profiles) []string {
	seen := map[string]bool{unknown: true}
	for _, s := range p.Province {
		if s != "" {
			seen[s] = true
		}
	}
	return sortedKeys(seen)
}
