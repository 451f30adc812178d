package analysis

import "github.com/seguefeed/segue/feedlog"

// Activity is the theme that asks who clicks how much, and who comes back.
const Activity = "Activity"

func activityQuestions() []Question {
	return []Question{
		{ID: "active-users", Theme: Activity, Title: "How many users are active?", Ask: askActiveUsers},
		{ID: "active-users-by-ctr", Theme: Activity, Title: "How high are the click-through rates of active users?", Ask: askActiveByCTR},
		{ID: "active-threshold", Theme: Activity, Title: "What if active were defined otherwise?", Ask: askThreshold},
		{ID: "active-again", Theme: Activity, Title: "Do active users stay active?", Ask: askActiveAgain},
		{ID: "few-impressions", Theme: Activity, Title: "How sure is it that a user with few impressions is active?", Ask: askFewImpressions},
		{ID: "level", Theme: Activity, Title: "Are users of a higher level more active?", Needs: []feedlog.Role{feedlog.UserLevel}, Ask: askLevel},
		{ID: "top-clickers", Theme: Activity, Title: "Who clicks most?", Ask: askTopClickers},
		{ID: "power-users", Theme: Activity, Title: "On how many days do users come?", Ask: askPowerUsers},
		{ID: "stickiness", Theme: Activity, Title: "How sticky is the feed?", Ask: askStickiness},
		{ID: "lifecycle", Theme: Activity, Title: "Who is new, who returns, who has gone?", Ask: askLifecycle},
		{ID: "retention", Theme: Activity, Title: "How many users come back after their first day?", Ask: askRetention},
	}
}
