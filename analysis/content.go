package analysis

import (
	"math"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// Content is the theme that asks what is shown, where and how often, and what becomes of it.
const Content = "Behaviour and content"

// newMonths is how long a user counts as new, in months since registration: the case study's bound.
const newMonths = 6

func contentQuestions() []Question {
	return []Question{
		{ID: "content-shares", Theme: Content, Title: "What is shown and clicked, by everybody and by new users?", Needs: []feedlog.Role{feedlog.CardContent}, Ask: askContentShares},
		{ID: "content-breadth", Theme: Content, Title: "Is breadth of taste more than volume?", Needs: []feedlog.Role{feedlog.CardContent}, Ask: askContentBreadth},
		{ID: "card-types", Theme: Content, Title: "Are videos clicked more than pictures?", Needs: []feedlog.Role{feedlog.CardType}, Ask: askCardTypes},
		{ID: "creator-concentration", Theme: Content, Title: "How concentrated are creators?", Needs: []feedlog.Role{feedlog.CardCreator}, Ask: askCreatorConcentration},
		{ID: "position", Theme: Content, Title: "What does the position in the feed do?", Needs: []feedlog.Role{feedlog.ImpressionPosition}, Ask: askPosition},
		{ID: "swipes", Theme: Content, Title: "What changes when swipes are counted?", Needs: []feedlog.Role{feedlog.ImpressionSwipes}, Ask: askSwipes},
		{ID: "repeats", Theme: Content, Title: "What becomes of a card that is shown again?", Ask: askRepeats},
		{ID: "card-life", Theme: Content, Title: "How long does a card live?", Needs: []feedlog.Role{feedlog.CardAge, feedlog.CardDayShown}, Ask: askCardLife},
		{ID: "creators-by-day", Theme: Content, Title: "Who publishes, and who stops?", Needs: []feedlog.Role{feedlog.CreatorDayPublished}, Ask: askCreatorsByDay},
	}
}

// jackknifed is an estimate with its interval and its test against null, from the estimate with each of the random groups left
// out in turn. statistic is given a function that says whether a group takes part.
func jackknifed(statistic func(in func(group int) bool) float64, null float64) (stat.Estimate, stat.Test) {
	left := make([]float64, warehouse.UserGroups)
	for out := range left {
		left[out] = statistic(func(g int) bool { return g != out })
	}
	return jackknife(statistic(func(int) bool { return true }), left, null)
}

// jackknife is jackknifed for a statistic whose values are at hand: of all groups, and with each left out. Source: Wolter,
// Introduction to Variance Estimation (2007), 4.2: the delete-a-group jackknife, with one degree of freedom less than groups.
// Unless every value is known, only the estimate itself is.
func jackknife(full float64, left []float64, null float64) (stat.Estimate, stat.Test) {
	n := float64(len(left))
	unknown := stat.Test{Statistic: math.NaN(), DF: n - 1, P: math.NaN()}
	for _, v := range append([]float64{full}, left...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return stat.Estimate{Value: full, Low: math.NaN(), High: math.NaN()}, unknown
		}
	}
	// (n-1)/n times the sum of squares about the mean is (n-1)^2/n times their variance.
	se := math.Sqrt(stat.NewMoments(left).Variance * (n - 1) * (n - 1) / n)
	if se == 0 {
		return stat.Estimate{Value: full, Low: full, High: full}, unknown
	}
	t := (full - null) / se
	return stat.Estimate{Value: full, Low: full - student19*se, High: full + student19*se}, stat.Test{Statistic: t, DF: n - 1, P: stat.StudentP(t, n-1)}
}

// student19 is the two-sided 95% point of Student's t with 19 degrees of freedom, for the 20 groups.
const student19 = 2.093024054408263

// jackknifedRatio is jackknifed for a ratio: on its logarithm, so that the interval is one of factors. The test is against 1.
func jackknifedRatio(ratio func(in func(group int) bool) float64) (stat.Estimate, stat.Test) {
	e, test := jackknifed(func(in func(int) bool) float64 { return math.Log(ratio(in)) }, 0)
	return stat.Estimate{Value: math.Exp(e.Value), Low: math.Exp(e.Low), High: math.Exp(e.High)}, test
}

// times writes a factor: "1.8 times", "a third less" is left to the reader.
func times(x float64) string { return figures(x) + " times" }

// timesInterval writes the ends of an interval of factors.
func timesInterval(e stat.Estimate) string { return figuresInterval(e) }

// ratioWeight is the weight of a factor: Yule's Y of two small rates in that ratio, which is the correlation (phi) their table would have if both groups
// and both outcomes were as frequent as each other. So it stands on the scale of the other weights: 0 for 1; .17 for twice or half as much, .5 for
// nine times. Source: Yule, Journal of the Royal Statistical Society 75 (1912).
func ratioWeight(r float64) float64 { return math.Abs(math.Sqrt(r)-1) / (math.Sqrt(r) + 1) }
