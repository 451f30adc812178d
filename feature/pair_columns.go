// The list of user-card features. Each is declared here and computed in pair_vectors.go, at the place its constant names.

package feature

import "slices"

// Rules of user-card features.
const (
	// PastRows features read the user's rows before the moment and, for each, its card's and slot's days before.
	PastRows Rule = "the user's rows before the moment; of their cards and slots, the days before the row's"
	// DaysBefore features read all users' rows of the days before the moment's.
	DaysBefore Rule = "all users' rows of the days before the moment's"
	// CardTable features read the card table, of which the log keeps one state: they are taken not to change within the month.
	CardTable Rule = "the card and creator tables, of which one state is kept"
	// TheMoment features are known when the page is asked for.
	TheMoment Rule = "the moment itself"
	// SlotShown is decided with the page: it is given to learn from and left out to predict.
	SlotShown Rule = "the slot: given where a shown page is learned from, left out where one is made"
)

// Columns of the user and the moment: the same for all cards of a page.
const (
	uLift = iota
	uEvidence
	uFrontCTR
	uDeepCTR
	uImpressions
	uClicks
	uDays
	uSessions
	uBrowsedShare
	uDepth
	uRecency
	uClickRecency
	uFirstSeen
	uDwell
	uSwipes
	uLikes
	uReads
	uPartCTR
	uPartShare
	uAge
	uMonths
	uFollows
	uGender
	uProvince
	mHour
	mWeekday
	sNew
	sImpressions
	sClicks
	sSeconds
	sScreens
	sDepth
	sSincePage
	sSinceClick
	sLift
	userColumns
)

// Columns of the card. Those of groups stand in the order of their kinds.
const (
	cLift = iota
	cAppLift
	cKin
	cContent1
	cContent2
	cContent3
	cCreator
	cSong
	cArtist
	cTalk
	cType
	cShown
	cAppShown
	cAppShown1
	cGrowth
	cTrend1
	cTrend3
	cLikes
	cShares
	cComments
	cAge
	cFollowers
	cKind
	cardColumns
)

// Columns of the user and the card. Those of groups stand in the order of their kinds.
const (
	xContent1 = iota
	xContent2
	xContent3
	xCreator
	xSong
	xArtist
	xTalk
	xType
	xTaste
	xCell
	xPrior
	xShows
	xShownAgo
	xCardClicks
	xContentShown
	xContentAgo
	xContentVisit
	xContentVisitClicks
	xCreatorShown
	xCreatorClicks
	xLastContent
	xLastCreator
	xSlot // last, so that a ranker can drop it
	matchColumns
)

const pairColumns = userColumns + cardColumns + matchColumns

// withinLift is the unit of log ratios that card_lift, or user_lift and taste, hold already: a sum in which they stood beside it would count them twice.
const withinLift = "log ratio, held in another"

// UserColumns is how many of the columns, the first, are of the user and the moment: they are the same for all cards of a page.
const UserColumns = userColumns

var weekdays = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

// userList is the columns of the user and the moment, in order. Ratios are given as natural logs, so that what multiplies adds up; levels of categories that hang on the log are filled in by Columns.
var userList = [userColumns]PairColumn{
	uLift:         {Name: "user_lift", Unit: "log ratio", Rule: PastRows, Why: "clicks over those expected of such cards in such slots, shrunk to 1: how readily she clicks"},
	uEvidence:     {Name: "user_expected", Unit: "log clicks", Rule: PastRows, Why: "log(1 + expected clicks): how much is known of her"},
	uFrontCTR:     {Name: "user_front_ctr", Unit: "share", Rule: PastRows, Why: "on first pages, smoothed: (clicks + 0.5) / (impressions + 25)"},
	uDeepCTR:      {Name: "user_deep_ctr", Unit: "share", Rule: PastRows, Why: "below the first page, smoothed: (clicks + 0.5) / (impressions + 10)"},
	uImpressions:  {Name: "user_impressions", Unit: "log impressions", Rule: PastRows, Why: "log(1 + n): who comes often behaves otherwise"},
	uClicks:       {Name: "user_clicks", Unit: "log clicks", Rule: PastRows, Why: "log(1 + n)"},
	uDays:         {Name: "user_days", Unit: "days", Rule: PastRows, Why: "habit"},
	uSessions:     {Name: "user_sessions", Unit: "log sessions", Rule: PastRows, Why: "log(1 + n): habit"},
	uBrowsedShare: {Name: "user_browsed_share", Unit: "share", Rule: PastRows, Why: "of sessions that ended, those that went below the first page: (browsed + 0.3) / (sessions + 1)"},
	uDepth:        {Name: "user_mean_depth", Unit: "slots", Rule: PastRows, Why: "how far her sessions go; none before one has ended"},
	uRecency:      {Name: "user_hours_since", Unit: "h", Rule: PastRows, Why: "since her last impression"},
	uClickRecency: {Name: "user_hours_since_click", Unit: "h", Rule: PastRows, Why: "since her last click"},
	uFirstSeen:    {Name: "user_first_seen", Unit: "days", Rule: PastRows, Why: "since her first impression: how long rows could gather"},
	uDwell:        {Name: "user_dwell", Unit: "log s", Rule: PastRows, Why: "log(1 + mean view time): whether what she opens holds her"},
	uSwipes:       {Name: "user_swipes", Unit: "cards", Rule: PastRows, Why: "swiped to, a click: (swipes + 1) / (clicks + 1)"},
	uLikes:        {Name: "user_like_rate", Unit: "share", Rule: PastRows, Why: "likes a click, smoothed: (likes + 0.1) / (clicks + 2)"},
	uReads:        {Name: "user_comment_view_rate", Unit: "share", Rule: PastRows, Why: "comments opened a click, smoothed: (views + 0.3) / (clicks + 2)"},
	uPartCTR:      {Name: "user_part_ctr", Unit: "share", Rule: PastRows, Why: "in this quarter of the day, smoothed: (clicks + 0.5) / (impressions + 15)"},
	uPartShare:    {Name: "user_part_share", Unit: "share", Rule: PastRows, Why: "of her impressions, those in this quarter of the day: (n + 1) / (impressions + 4)"},
	uAge:          {Name: "age", Unit: "years", Rule: Snapshot, Why: "click rates differ by age"},
	uMonths:       {Name: "registered_months", Unit: "months", Rule: Snapshot, Why: "newcomers click more, and other contents"},
	uFollows:      {Name: "follows", Unit: "log accounts", Rule: Snapshot, Why: "log(1 + n): how settled she is"},
	uGender:       {Name: "gender", Rule: Snapshot, Why: "click rates differ by gender", Levels: genders},
	uProvince:     {Name: "province", Rule: Snapshot, Why: "click rates differ by province"},
	mHour:         {Name: "hour", Unit: "h", Rule: TheMoment, Why: "people browse at night and look in passing by day"},
	mWeekday:      {Name: "weekday", Rule: TheMoment, Why: "weekends differ", Levels: weekdays},
	sNew:          {Name: "session_new", Unit: "0 or 1", Rule: PastRows, Why: "1 on the first page of a session: most visits end there"},
	sImpressions:  {Name: "session_impressions", Unit: "log impressions", Rule: PastRows, Why: "log(1 + n) in this session so far"},
	sClicks:       {Name: "session_clicks", Unit: "clicks", Rule: PastRows, Why: "in this session so far: the mood of the visit"},
	sSeconds:      {Name: "session_seconds", Unit: "log s", Rule: PastRows, Why: "log(1 + s) since the session began; 0 on its first page"},
	sScreens:      {Name: "session_screens", Unit: "log screens", Rule: PastRows, Why: "log(1 + n) in this session so far"},
	sDepth:        {Name: "session_depth", Unit: "slots", Rule: PastRows, Why: "the largest slot so far; none on its first page"},
	sSincePage:    {Name: "session_pause", Unit: "log s", Rule: PastRows, Why: "log(1 + s) since the last page of the session; none on its first"},
	sSinceClick:   {Name: "session_since_click", Unit: "impressions", Rule: PastRows, Why: "since the last click of the session; none without one"},
	sLift:         {Name: "session_lift", Unit: "log ratio", Rule: PastRows, Why: "clicks of the session over those expected of her, (clicks + 0.5) / (expected + 0.5)"},
}

var cardList = [cardColumns]PairColumn{
	cLift:      {Name: "card_lift", Unit: "log ratio", Rule: DaysBefore, Why: "the sample's clicks on the card over those of its slots, shrunk towards card_app_lift"},
	cAppLift:   {Name: "card_app_lift", Unit: withinLift, Rule: DaysBefore, Why: "the same over all users of the app, shrunk towards its kin"},
	cKin:       {Name: "card_kin_lift", Unit: withinLift, Rule: DaysBefore, Why: "of its content and its creator's other cards: what is thought of a card nobody has seen"},
	cContent1:  {Name: "content_lift", Unit: withinLift, Rule: DaysBefore, Why: "of the narrowest level of its content, shrunk towards the wider"},
	cContent2:  {Name: "content2_lift", Unit: withinLift, Rule: DaysBefore, Why: "of the middle level"},
	cContent3:  {Name: "content3_lift", Unit: withinLift, Rule: DaysBefore, Why: "of the widest level"},
	cCreator:   {Name: "creator_lift", Unit: withinLift, Rule: DaysBefore, Why: "of its creator's other cards"},
	cSong:      {Name: "song_lift", Unit: "log ratio", Rule: DaysBefore, Why: "of other cards with its song"},
	cArtist:    {Name: "artist_lift", Unit: "log ratio", Rule: DaysBefore, Why: "of other cards with its artist"},
	cTalk:      {Name: "talk_lift", Unit: "log ratio", Rule: DaysBefore, Why: "of other cards of its topic"},
	cType:      {Name: "type_lift", Unit: "log ratio", Rule: DaysBefore, Why: "of pictures or videos as such"},
	cShown:     {Name: "card_impressions", Unit: "log impressions", Rule: DaysBefore, Why: "log(1 + n) in the sample: how sure card_lift is"},
	cAppShown:  {Name: "card_app_impressions", Unit: "log impressions", Rule: DaysBefore, Why: "log(1 + n) in the app: the app shows what it thinks well of"},
	cAppShown1: {Name: "card_app_impressions_1d", Unit: "log impressions", Rule: DaysBefore, Why: "log(1 + n) on the day before"},
	cGrowth:    {Name: "card_growth", Unit: "log ratio", Rule: DaysBefore, Why: "impressions of the day before over the mean of days so far: rising or falling"},
	cTrend1:    {Name: "card_trend_1d", Unit: "log ratio", Rule: DaysBefore, Why: "card_app_lift of the day before alone, shrunk towards that of all days, over it"},
	cTrend3:    {Name: "card_trend_3d", Unit: "log ratio", Rule: DaysBefore, Why: "the same of three days"},
	cLikes:     {Name: "card_like_rate", Unit: "share", Rule: DaysBefore, Why: "likes a click in the app, shrunk towards that of all cards"},
	cShares:    {Name: "card_share_rate", Unit: "share", Rule: DaysBefore, Why: "shares a click"},
	cComments:  {Name: "card_comment_view_rate", Unit: "share", Rule: DaysBefore, Why: "comments opened a click"},
	cAge:       {Name: "card_age", Unit: "days", Rule: CardTable, Why: "since its publication: cards fade"},
	cFollowers: {Name: "creator_followers", Unit: "log accounts", Rule: CardTable, Why: "log(1 + n): known creators are clicked"},
	cKind:      {Name: "card_type", Rule: CardTable, Why: "pictures and videos are looked at otherwise"},
}

var matchList = [matchColumns]PairColumn{
	xContent1:           {Name: "match_content", Unit: "log ratio", Rule: PastRows, Why: "her clicks on cards of this content over those expected of her there, shrunk to 1: her taste"},
	xContent2:           {Name: "match_content2", Unit: "log ratio", Rule: PastRows, Why: "the same of the middle level: more rows, less to the point"},
	xContent3:           {Name: "match_content3", Unit: "log ratio", Rule: PastRows, Why: "the same of the widest level"},
	xCreator:            {Name: "match_creator", Unit: "log ratio", Rule: PastRows, Why: "the same of this creator"},
	xSong:               {Name: "match_song", Unit: "log ratio", Rule: PastRows, Why: "the same of this song"},
	xArtist:             {Name: "match_artist", Unit: "log ratio", Rule: PastRows, Why: "the same of this artist"},
	xTalk:               {Name: "match_talk", Unit: "log ratio", Rule: PastRows, Why: "the same of this topic"},
	xType:               {Name: "match_type", Unit: "log ratio", Rule: PastRows, Why: "the same of pictures or videos"},
	xTaste:              {Name: "taste", Unit: "log ratio", Rule: PastRows, Why: "what her clicks on all contents say of this one, as tastes go together among all users"},
	xCell:               {Name: "cell_content_lift", Unit: "log ratio", Rule: DaysBefore, Why: "people of her gender, age and tenure on this content, over what is expected of each"},
	xPrior:              {Name: "pair_lift", Unit: withinLift, Rule: PastRows, Why: "user_lift, card_lift and taste together: what is expected of her and this card where all cards are looked at alike"},
	xShows:              {Name: "card_shows", Unit: "times", Rule: PastRows, Why: "how often she was shown the card: seen once, it is passed over"},
	xShownAgo:           {Name: "card_hours_since", Unit: "h", Rule: PastRows, Why: "since she was shown it; none if never"},
	xCardClicks:         {Name: "card_clicks", Unit: "clicks", Rule: PastRows, Why: "she opened it before"},
	xContentShown:       {Name: "content_shows", Unit: "log impressions", Rule: PastRows, Why: "log(1 + n) of this content: how sure match_content is, and fatigue"},
	xContentAgo:         {Name: "content_hours_since", Unit: "h", Rule: PastRows, Why: "since she was shown this content; none if never"},
	xContentVisit:       {Name: "session_content_shows", Unit: "impressions", Rule: PastRows, Why: "of this content in this session so far: what she is in the mood for, or has enough of"},
	xContentVisitClicks: {Name: "session_content_clicks", Unit: "clicks", Rule: PastRows, Why: "the same of clicks"},
	xCreatorShown:       {Name: "creator_shows", Unit: "log impressions", Rule: PastRows, Why: "log(1 + n) of this creator"},
	xCreatorClicks:      {Name: "creator_clicks", Unit: "clicks", Rule: PastRows, Why: "on this creator's cards"},
	xLastContent:        {Name: "last_click_content", Unit: "0 or 1", Rule: PastRows, Why: "the session's last click was on this content; none without one"},
	xLastCreator:        {Name: "last_click_creator", Unit: "0 or 1", Rule: PastRows, Why: "the session's last click was on this creator; none without one"},
	xSlot:               {Name: "slot", Unit: "slots", Rule: SlotShown, Why: "cards further down are looked at less"},
}

// Columns declares the columns of Vectors, the slot being the last.
func (c *PairContext) Columns() []PairColumn {
	out := slices.Concat(userList[:], cardList[:], matchList[:])
	out[uProvince].Levels = c.provinces
	out[userColumns+cKind].Levels = c.kinds
	return out
}
