// What features are called where a reader sees why: their names and their declarations are for who makes models.

package server

import "strings"

// plain are features in words that a value follows: those of a user and a card (feature.PairColumn), and those of a user's first days (feature.Extended).
var plain = map[string]string{
	// The user and the moment.
	"user_lift": "how readily this user clicks", "user_expected": "clicks to be expected so far: how well this user is known", "user_front_ctr": "share of cards clicked on first pages",
	"user_deep_ctr": "share of cards clicked further down", "user_impressions": "cards shown to this user so far", "user_clicks": "cards this user opened so far",
	"user_days": "days on which this user came", "user_sessions": "visits of this user so far", "user_browsed_share": "share of visits that go beyond the first page",
	"user_mean_depth": "how far down a visit goes on average", "user_hours_since": "time since this user was last here", "user_hours_since_click": "time since this user's last click",
	"user_first_seen": "time since this user first came", "user_dwell": "how long this user stays with what is opened", "user_swipes": "cards this user swipes on to after a click",
	"user_like_rate": "share of this user's clicks that end in a like", "user_comment_view_rate": "share of this user's clicks that lead to the comments",
	"user_part_ctr": "share of cards clicked at this time of day", "user_part_share": "share of cards seen at this time of day",
	"age": "age", "registered_months": "time since registering", "follows": "accounts this user follows", "gender": "gender", "province": "province",
	"hour": "hour of the day", "weekday": "day of the week", "session_new": "whether the visit has just begun", "session_impressions": "cards seen in this visit",
	"session_clicks": "clicks in this visit", "session_seconds": "how long this visit has gone on", "session_screens": "pages seen in this visit",
	"session_depth": "how far down this visit went", "session_pause": "time since the last page of this visit", "session_since_click": "cards passed over since the last click of this visit",
	"session_lift": "clicks in this visit, beside this user's usual",
	// The card.
	"card_lift": "how readily this card is clicked", "card_app_lift": "how readily all users of the app click this card",
	"card_kin_lift": "how readily cards of its topic and its creator are clicked", "content_lift": "how readily cards of its topic are clicked",
	"content2_lift": "how readily cards of its wider topic are clicked", "content3_lift": "how readily cards of its widest topic are clicked",
	"creator_lift": "how readily its creator's other cards are clicked", "song_lift": "how readily other cards with its song are clicked",
	"artist_lift": "how readily other cards with its artist are clicked", "talk_lift": "how readily other cards of its discussion are clicked",
	"type_lift": "how readily cards of its kind, picture or video, are clicked", "card_impressions": "times this card was shown", "card_app_impressions": "times the whole app showed this card",
	"card_app_impressions_1d": "times the whole app showed this card the day before", "card_growth": "shows of the day before, beside its usual day",
	"card_trend_1d": "how readily it was clicked the day before, beside its usual", "card_trend_3d": "how readily it was clicked in the last three days, beside its usual",
	"card_like_rate": "share of its clicks that end in a like", "card_share_rate": "share of its clicks that end in a share", "card_comment_view_rate": "share of its clicks that lead to the comments",
	"card_age": "time since this card was published", "creator_followers": "followers of its creator", "card_type": "kind of card",
	// The user and the card.
	"match_content": "this user's taste for its topic", "match_content2": "this user's taste for its wider topic", "match_content3": "this user's taste for its widest topic",
	"match_creator": "this user's taste for its creator", "match_song": "this user's taste for its song", "match_artist": "this user's taste for its artist",
	"match_talk": "this user's taste for its discussion", "match_type": "this user's taste for pictures or videos", "taste": "what this user's other tastes say of its topic",
	"cell_content_lift": "how people like this user, by gender, age and time in the app, take to its topic", "pair_lift": "what is to be expected of this user with this card",
	"card_shows": "times this user was shown this card", "card_hours_since": "time since this user was shown this card", "card_clicks": "times this user opened this card",
	"content_shows": "cards of its topic shown to this user", "content_hours_since": "time since this user was shown its topic", "session_content_shows": "cards of its topic in this visit",
	"session_content_clicks": "clicks on its topic in this visit", "creator_shows": "cards of its creator shown to this user", "creator_clicks": "this user's clicks on its creator's cards",
	"last_click_content": "whether the last click of this visit was on its topic", "last_click_creator": "whether the last click of this visit was on its creator", "slot": "place on the page",
	// First days.
	"clicks": "cards opened", "comments": "comments written", "creator_visits": "visits to creators' pages", "shares": "cards shared", "comment_views": "times the comments were opened",
	"likes": "cards liked", "view_seconds": "time spent on opened cards", "impressions": "cards shown", "active_days": "days with a visit", "sessions": "visits",
	"browsed_sessions": "visits beyond the first page", "browsed_share": "share of visits beyond the first page", "screens": "pages seen", "scrolled_sessions": "visits of more than one page",
	"scrolled_share": "share of visits of more than one page", "screen_click_rate": "clicks on a page that was scrolled to", "recency": "time since the last visit", "first_seen": "time since the first visit",
	"mean_gap": "time between days with a visit", "longest_gap": "longest time between days with a visit", "mean_position": "place of a card that was seen, on average", "deepest": "farthest place that was seen",
	"mean_depth": "how far down a visit goes on average", "night_share": "share of cards seen from 0 to 6 o'clock", "morning_share": "share of cards seen from 6 to 12 o'clock",
	"afternoon_share": "share of cards seen from 12 to 18 o'clock", "click_rate": "share of cards opened", "first_click_latency": "time from the first card seen to the first click",
	"click_recency": "time since the last click", "click_days": "days with a click", "click_sessions": "visits with a click", "dwell": "how long an opened card holds this user",
	"swipe_sessions": "clicks that went on to swipes", "swipes": "cards swiped on to", "swipe_view_seconds": "time spent on cards swiped on to",
	"content_breadth": "chance that two cards seen were of different topics", "repeat_share": "share of cards seen that had been seen before",
	"shown_quality": "how readily others click the cards that were shown", "click_lift": "how readily this user clicks, wherever on the page cards stood",
	"last3_impressions": "cards shown in the last three of these days", "last3_clicks": "cards opened in the last three of these days",
}

// Plain is what a feature is called for readers; one that nobody has words for, by its name.
func Plain(feature string) string {
	if words, ok := plain[feature]; ok {
		return words
	}
	return strings.ReplaceAll(feature, "_", " ")
}
