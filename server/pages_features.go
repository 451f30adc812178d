// Features in words: what a reader of the pages is told a feature is, which theme it belongs to, and how its value is written. Models know features by names
// of their own, and declare them for those who build models.

package server

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Themes are what features are about, in the order in which equals are told.
const (
	themeCard   = "how well the card does"
	themeKin    = "how well similar cards do"
	themeTrend  = "whether it rises or falls"
	themeTaste  = "her own taste"
	themePeople = "what people like her click"
	themeHabit  = "how readily she clicks"
	themeVisit  = "this visit and its hour"
	themeSeen   = "what she has seen of it"
)

type featureWord struct{ theme, means string }

// cardFeatures are those of a user and a card, as a ranker knows them.
var cardFeatures = map[string]featureWord{
	"card_lift":               {themeCard, "its clicks here, against others in its slots"},
	"card_app_lift":           {themeCard, "its clicks in the whole app"},
	"card_impressions":        {themeCard, "how often it was shown here"},
	"card_app_impressions":    {themeCard, "how often the app showed it"},
	"card_like_rate":          {themeCard, "likes for each click on it"},
	"card_share_rate":         {themeCard, "shares for each click on it"},
	"card_comment_view_rate":  {themeCard, "comments read for each click on it"},
	"creator_followers":       {themeCard, "followers of its creator"},
	"card_kin_lift":           {themeKin, "clicks on cards of its topic and creator"},
	"content_lift":            {themeKin, "clicks on its topic"},
	"content2_lift":           {themeKin, "clicks on its wider topic"},
	"content3_lift":           {themeKin, "clicks on its widest topic"},
	"creator_lift":            {themeKin, "clicks on its creator's other cards"},
	"song_lift":               {themeKin, "clicks on other cards with its song"},
	"artist_lift":             {themeKin, "clicks on other cards with its artist"},
	"talk_lift":               {themeKin, "clicks on its subject of talk"},
	"type_lift":               {themeKin, "clicks on its kind, picture or video"},
	"card_type":               {themeKin, "picture or video"},
	"card_app_impressions_1d": {themeTrend, "how often the app showed it yesterday"},
	"card_growth":             {themeTrend, "yesterday's shows against its days so far"},
	"card_trend_1d":           {themeTrend, "yesterday's clicks against its days so far"},
	"card_trend_3d":           {themeTrend, "clicks of three days against its days so far"},
	"card_age":                {themeTrend, "days since it was published"},
	"match_content":           {themeTaste, "her clicks on this topic"},
	"match_content2":          {themeTaste, "her clicks on the wider topic"},
	"match_content3":          {themeTaste, "her clicks on the widest topic"},
	"match_creator":           {themeTaste, "her clicks on this creator"},
	"match_song":              {themeTaste, "her clicks on this song"},
	"match_artist":            {themeTaste, "her clicks on this artist"},
	"match_talk":              {themeTaste, "her clicks on this subject of talk"},
	"match_type":              {themeTaste, "her clicks on pictures or videos"},
	"taste":                   {themeTaste, "what her clicks on other topics say of this one"},
	"last_click_content":      {themeTaste, "her last click was on this topic"},
	"last_click_creator":      {themeTaste, "her last click was on this creator"},
	"creator_clicks":          {themeTaste, "clicks on this creator's cards"},
	"pair_lift":               {themeTaste, "she and the card together"},
	"cell_content_lift":       {themePeople, "clicks of her age and gender on this topic"},
	"age":                     {themePeople, "age"},
	"gender":                  {themePeople, "gender"},
	"province":                {themePeople, "province"},
	"registered_months":       {themePeople, "months since she signed up"},
	"follows":                 {themePeople, "accounts that she follows"},
	"user_lift":               {themeHabit, "her clicks, against others in such slots"},
	"user_expected":           {themeHabit, "how much is known of her"},
	"user_front_ctr":          {themeHabit, "her click-through rate on first screens"},
	"user_deep_ctr":           {themeHabit, "her click-through rate further down"},
	"user_impressions":        {themeHabit, "cards that she was shown"},
	"user_clicks":             {themeHabit, "clicks so far"},
	"user_days":               {themeHabit, "days on which she came"},
	"user_sessions":           {themeHabit, "visits so far"},
	"user_browsed_share":      {themeHabit, "visits that went below the first screen"},
	"user_mean_depth":         {themeHabit, "how far down her visits go"},
	"user_hours_since":        {themeHabit, "time since she was last here"},
	"user_hours_since_click":  {themeHabit, "time since her last click"},
	"user_first_seen":         {themeHabit, "time since she was first here"},
	"user_dwell":              {themeHabit, "how long cards hold her"},
	"user_swipes":             {themeHabit, "cards swiped to after a click"},
	"user_like_rate":          {themeHabit, "likes for each click of hers"},
	"user_comment_view_rate":  {themeHabit, "comments read for each click of hers"},
	"user_part_ctr":           {themeHabit, "her click-through rate at this time of day"},
	"user_part_share":         {themeHabit, "how much she is here at this time of day"},
	"hour":                    {themeVisit, "hour of the day"},
	"weekday":                 {themeVisit, "day of the week"},
	"session_new":             {themeVisit, "first screen of a visit"},
	"session_impressions":     {themeVisit, "cards shown in this visit"},
	"session_clicks":          {themeVisit, "clicks in this visit"},
	"session_seconds":         {themeVisit, "how long this visit is"},
	"session_screens":         {themeVisit, "screens in this visit"},
	"session_depth":           {themeVisit, "how far down this visit went"},
	"session_pause":           {themeVisit, "pause since the last screen"},
	"session_since_click":     {themeVisit, "cards since the last click"},
	"session_lift":            {themeVisit, "clicks of this visit, against those expected"},
	"session_content_shows":   {themeSeen, "cards of this topic in this visit"},
	"session_content_clicks":  {themeSeen, "clicks on this topic in this visit"},
	"card_shows":              {themeSeen, "how often she was shown this card"},
	"card_hours_since":        {themeSeen, "time since she was shown it"},
	"card_clicks":             {themeSeen, "clicks of hers on this card"},
	"content_shows":           {themeSeen, "how often she was shown this topic"},
	"content_hours_since":     {themeSeen, "time since she was shown this topic"},
	"creator_shows":           {themeSeen, "how often she was shown this creator"},
	"slot":                    {themeVisit, "slot of the page"},
}

// userFeatures are those of a user's first days, as a predictor of activity knows them, beyond those that cardFeatures has as well.
var userFeatures = map[string]string{
	"clicks": "clicks", "comments": "comments written", "creator_visits": "visits to creators", "shares": "cards shared", "comment_views": "comments read", "likes": "likes", "view_seconds": "time on cards that she opened",
	"impressions": "cards that she was shown", "active_days": "days on which she came", "sessions": "visits", "browsed_sessions": "visits below the first screen", "browsed_share": "share of visits below the first screen, drawn to what is usual where visits are few",
	"screens": "screens that she looked at", "scrolled_sessions": "visits with a second screen", "scrolled_share": "share of visits with a second screen, drawn to what is usual where visits are few", "screen_click_rate": "clicks for each screen that she went on to, drawn to what is usual",
	"recency": "days since she was last here", "first_seen": "days since she was first here", "mean_gap": "days between her visits", "longest_gap": "longest absence", "mean_position": "how far down she looks", "deepest": "farthest slot that she saw",
	"mean_depth": "how far down a visit goes", "night_share": "cards seen from 0 to 6 o'clock", "morning_share": "cards seen from 6 to 12 o'clock", "afternoon_share": "cards seen from 12 to 18 o'clock", "click_rate": "click-through rate, drawn to what is usual where she saw little",
	"first_click_latency": "time to her first click", "click_recency": "days since her last click", "click_days": "days with a click", "click_sessions": "visits with a click", "dwell": "time on an opened card", "swipe_sessions": "clicks that led to swiping",
	"swipes": "cards that she swiped to", "swipe_view_seconds": "time on cards swiped to", "content_breadth": "how mixed the topics are that she saw", "repeat_share": "cards that she had seen before", "shown_quality": "how well the cards do that she was shown",
	"click_lift": "her clicks, against others in such slots", "last3_impressions": "cards shown in the last three days", "last3_clicks": "clicks in the last three days", "late_impressions": "cards shown later on",
}

// Plain is what a feature is, for readers; one that there are no words for is called by its name.
func Plain(feature string) string { return meansText(Part{Feature: feature}) }

// meansText says what a feature is; as its declaration does where nothing is known of it here.
func meansText(p Part) string {
	if w, ok := cardFeatures[p.Feature]; ok {
		return w.means
	}
	if w := userFeatures[p.Feature]; w != "" {
		return w
	}
	if p.Means != "" {
		return p.Means
	}
	return strings.ReplaceAll(p.Feature, "_", " ")
}

// shareFeatures and ratioFeatures are those whose values come as bare numbers.
func isShare(feature string) bool {
	return strings.HasSuffix(feature, "_share") || strings.HasSuffix(feature, "_rate") || feature == "shown_quality" || feature == "content_breadth"
}

// units of values, as they are declared, and how many digits tell something.
var unitWords = map[string]struct{ one, other string }{
	"slots": {"slot", "slots"}, "days": {"day", "days"}, "years": {"year", "years"}, "months": {"month", "months"}, "clicks": {"click", "clicks"}, "impressions": {"card", "cards"}, "cards": {"card", "cards"}, "sessions": {"visit", "visits"},
	"screens": {"screen", "screens"}, "accounts": {"account", "accounts"}, "likes": {"like", "likes"}, "shares": {"share", "shares"}, "comments": {"comment", "comments"}, "visits": {"visit", "visits"}, "views": {"view", "views"}, "times": {"time", "times"},
}

// valueText writes a feature's value: shares as percentages, factors as 1.8×, times in units that suit them.
func valueText(feature, value string) string {
	number, unit, _ := strings.Cut(value, " ")
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		if value == "none" {
			return "none yet"
		}
		if feature == "province" {
			return placeText(value)
		}
		return value
	}
	switch {
	case unit == "times" && feature != "card_shows", unit == "ratio", unit == "" && feature == "click_lift":
		return timesText(v)
	case unit == "share", unit == "" && isShare(feature):
		return shareText(v)
	case unit == "0 or 1":
		return map[bool]string{true: "yes", false: "no"}[v > .5]
	case feature == "hour":
		return strconv.FormatFloat(math.Floor(v), 'f', 0, 64) + ":00"
	case unit == "h" && v >= 48:
		return numberText(v/24, 2) + " days"
	case unit == "h":
		return numberText(v, 2) + " h"
	case unit == "s":
		return secondsText(v)
	}
	text := numberText(v, 3)
	if v < 1000 {
		text = numberText(math.Round(v*10)/10, 4)
	}
	if w, ok := unitWords[unit]; ok {
		if unit = w.other; text == "1" {
			unit = w.one
		}
	}
	return strings.TrimSpace(text + " " + unit)
}

// placeText writes a place that is spelled in small letters alone as names are: "he bei" as "He Bei".
func placeText(name string) string {
	for _, c := range name {
		if c > unicode.MaxASCII || unicode.IsUpper(c) {
			return name
		}
	}
	words := strings.Fields(name)
	for k, w := range words {
		words[k] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}
