package analysis

import (
	"context"
	"fmt"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// What users do, by activity and by tenure: the same question of five measures.

// behaviour is one measure of users and how it is spoken of.
type behaviour struct {
	measure  warehouse.Measure
	id       string // of the question
	title    string
	what     string // "impressions"
	perUser  string // "impressions a user", on axes
	unit     Unit
	needs    []feedlog.Role
	entailed bool // being active entails it, so that comparing active with inactive users tests nothing
	caveat   string
}

var behaviours = []behaviour{
	{warehouse.UserImpressions, "impressions-per-user", "Do active users see more?", "impressions", "impressions a user", Count, nil, false,
		"A user with few impressions is active as soon as she clicks once, and inactive if she does not: the two groups differ in impressions for that reason too."},
	{warehouse.UserClicks, "clicks-per-user", "How much do active and new users click?", "clicks", "clicks a user", Count, nil, true, ""},
	{warehouse.UserViewSeconds, "view-time-per-user", "How long do active and new users watch?", "view time", "view time a user", Seconds, []feedlog.Role{feedlog.ImpressionView}, true,
		"View time is that of the cards clicked in the feed, over the whole log; cards reached by swiping are not in it."},
	{warehouse.UserMeanPosition, "feed-length-per-user", "Do active users go further down the feed?", "feed length", "mean position of a user's impressions", Plain, []feedlog.Role{feedlog.ImpressionPosition}, false,
		"Feed length is the mean position of a user's impressions, so it tells how far down she goes. Impressions without a position are left out."},
	{warehouse.UserFollows, "follows-per-user", "Do active users follow more?", "follows", "follows a user", Count, []feedlog.Role{feedlog.UserFollows}, false,
		"Follows are those of the user table, made at any time; users without a number are left out."},
}

func behaviourQuestions() []Question {
	return each(behaviours, func(b behaviour) Question {
		return Question{ID: b.id, Theme: Content, Title: b.title, Needs: b.needs, Ask: b.ask}
	})
}

func (b behaviour) ask(ctx context.Context, env *Env) (Answer, error) {
	u, err := env.UserActivity(ctx)
	if err != nil {
		return Answer{}, err
	}
	if a, off := noActivity(u); off {
		return a, nil
	}
	rows, err := env.Warehouse.UsersByMeasure(ctx, b.measure, u.Threshold(), newMonths)
	if err != nil {
		return Answer{}, err
	}
	if len(rows) == 0 {
		return nothing(fmt.Sprintf("The log does not tell the %s of any user.", b.what)), nil
	}
	sample := func(keep func(warehouse.MeasureUse) bool) stat.Counted {
		var values []float64
		var users []int64
		for _, r := range rows {
			if keep(r) {
				values, users = append(values, r.Value), append(users, r.Users)
			}
		}
		return stat.NewCounted(values, users)
	}
	active, inactive := sample(func(r warehouse.MeasureUse) bool { return r.Active }), sample(func(r warehouse.MeasureUse) bool { return !r.Active })
	all := sample(func(warehouse.MeasureUse) bool { return true })
	labels, samples := []string{"active", "inactive", "all"}, []stat.Counted{active, inactive, all}
	var a Answer
	a.Caveats = []string{definition(u)}
	if b.caveat != "" {
		a.Caveats = append(a.Caveats, b.caveat)
	}
	a.Findings = []Finding{b.compare("active", "inactive", active, inactive, b.entailed)}
	if env.Contents.Has(feedlog.UserMonths) {
		fresh, others := sample(func(r warehouse.MeasureUse) bool { return r.New }), sample(func(r warehouse.MeasureUse) bool { return !r.New })
		labels, samples = append(labels, "new"), append(samples, fresh)
		a.Findings = append(a.Findings, b.compare("new", "other", fresh, others, false))
		a.Caveats = append(a.Caveats, fmt.Sprintf("New users registered at most %d months ago.", newMonths))
	}
	if b.entailed {
		a.Caveats = append(a.Caveats, "Being active is decided by clicks, so that the active have more "+b.what+" is true by definition; it is described and not tested.")
	}
	a.Tables = []Table{momentsTable(string(b.measure)+"_by_activity", upperFirst(b.perUser)+", by activity", b.unit, labels, samples)}
	a.Charts = []Chart{boxChart(b.id, upperFirst(b.perUser), b.perUser, b.unit, labels, samples)}
	return a, nil
}

// write is a value of the measure in a sentence.
func (b behaviour) write(x float64) string {
	if b.unit == Seconds {
		return duration(x)
	}
	return figures(x)
}

// quantile is a value that users have, or the middle of two.
func (b behaviour) quantile(x float64) string {
	if b.unit == Count {
		return short(x)
	}
	return b.write(x)
}

// compare sets one group of users against another. When the difference is entailed it is described.
func (b behaviour) compare(one, other string, x, y stat.Counted, entailed bool) Finding {
	if x.N() == 0 || y.N() == 0 {
		empty := one
		if x.N() > 0 {
			empty = other
		}
		if empty == "other" {
			empty += " than " + one
		}
		return described(fmt.Sprintf("No user whose %s could be told is %s, so there is nothing to compare.", b.what, empty), nil, 0)
	}
	mx, my := x.Moments().Mean, y.Moments().Mean
	numbers := fmt.Sprintf("median %s against %s, mean %s against %s", b.quantile(x.Quantile(.5)), b.quantile(y.Quantile(.5)), b.write(mx), b.write(my))
	if entailed {
		return described(fmt.Sprintf("The %s of %s and %s users: %s.", b.what, one, other, numbers), exactly("mean "+b.what+" of "+one+" users less that of "+other+" users", mx-my, b.unit), 0)
	}
	rank := stat.MannWhitney(x, y)
	return tested("Mann-Whitney U", rank.Test, effectOf("Cliff's delta of the "+b.what+" of "+one+" against "+other+" users", rank.Delta, Plain), rank.Delta.Value,
		fmt.Sprintf("%s users have %s %s than %s ones: %s (Cliff's delta %s, %s).", upperFirst(one), moreOrLess(rank.Delta.Value, b.more(), b.less()), b.what, other, numbers,
			figures(rank.Delta.Value), figuresInterval(rank.Delta)),
		fmt.Sprintf("%s and %s users show no difference in their %s (%s).", upperFirst(one), other, b.what, numbers))
}

func (b behaviour) more() string {
	if b.measure == warehouse.UserMeanPosition {
		return "a greater"
	}
	return "more"
}

func (b behaviour) less() string {
	switch {
	case b.measure == warehouse.UserMeanPosition:
		return "a smaller"
	case b.unit == Count:
		return "fewer"
	}
	return "less"
}
