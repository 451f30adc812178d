package report

import (
	"math"
	"time"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/learn"
)

// predictionSample is a prediction's results made by hand: few models and users, what can be missing, and texts and numbers
// that a page and a JSON file have to survive.
func predictionSample() *activity.Results {
	nan, inf := math.NaN(), math.Inf(1)
	day := func(d int) time.Time { return time.Date(2019, 11, d, 0, 0, 0, 0, time.UTC) }
	q := activity.Question{From: day(1), AsOf: day(11), Until: day(30)}
	estimate := func(v, half float64) learn.AUCEstimate {
		return learn.AUCEstimate{Value: v, SE: half / 2, Low: v - half, High: v + half}
	}
	unknown := learn.AUCEstimate{Value: nan, SE: nan, Low: nan, High: nan}
	line := func(y float64) learn.Curve {
		return learn.Curve{X: []float64{0, .2, 1}, Y: []float64{0, y, 1}, Threshold: []float64{inf, .5, 0}}
	}
	bins := []learn.CalibrationBin{{Rows: 50, Weight: 50, Predicted: .1, Share: .12, Low: .05, High: .2}, {Rows: 50, Weight: 50, Predicted: .5, Share: .3, Low: .2, High: .45}}
	model := func(name string, auc, p float64) activity.Judged {
		return activity.Judged{Name: name, Kind: "kind of " + name, FitSeconds: 1.5, AUC: estimate(auc, .02), PR: auc - .2, LogLoss: .4, Brier: .12, ECE: .011, Accuracy: .8, F1: .6, Lift: 2.5,
			FromBest: .8 - auc, P: p, ROC: line(auc), PRCurve: line(.4), Gains: line(auc - .1), Bins: bins}
	}
	models := []activity.Judged{model("base rate", .5, 1e-30), model("volume only", .68, 1e-9), model("logistic regression", .79, .3), model("tree <b>", .78, .04), model("boosting", .8, nan), model("network", .795, .6)}
	models[0].AUC = learn.AUCEstimate{Value: .5, Low: .5, High: .5}
	aucs := func(v float64) []learn.AUCEstimate {
		out := make([]learn.AUCEstimate, len(models))
		for i := range out {
			out[i] = estimate(v, .03)
		}
		return out
	}
	none := make([]learn.AUCEstimate, len(models))
	for i := range none {
		none[i] = unknown
	}
	curve := func(a, b float64) learn.SurvivalCurve {
		return learn.SurvivalCurve{Rows: 100, Events: 60, Time: []float64{1, 8}, AtRisk: []int{100, 70}, Happened: []int{30, 30}, Survival: []float64{a, b}, SE: []float64{.02, .03}, Low: []float64{a - .05, b - .05}, High: []float64{a + .05, b + .05}}
	}
	return &activity.Results{
		Question: q,
		Funnel:   activity.Funnel{EarlyOnly: 400, LateOnly: 1000, Both: 600, ActiveLateOnly: 150, ActiveOfBoth: 120, Threshold: .024},
		Features: []activity.FeatureNote{{Name: "browsed_sessions", Unit: "sessions", Rule: "rows before the as-of", Why: "habit & <i>more</i>"}, {Name: "age", Unit: "years", Rule: "the user table", Why: "the youngest are most active"}, {Name: "province", Rule: "the user table", Why: "rates differ"}},
		Comparison: &activity.Comparison{Question: q, Threshold: .024, Train: 360, Test: 120, BaseRate: .2, Models: models, Best: 4,
			Groups:  []activity.Group{{By: "tenure", Name: "new", Users: 60, Active: .25, AUC: aucs(.82)}, {By: "tenure", Name: "longer", Users: 60, Active: .15, AUC: aucs(.74)}, {By: "gender", Name: "unknown", Users: 50, Active: 0, AUC: none}},
			Ceiling: &activity.Ceiling{Known: estimate(.87, .01), Reachable: estimate(.81, .02), Gap: .01}},
		Judged: activity.Judgement{Users: 200, Share: .12, BackAUC: estimate(.72, .03), ThenAUC: estimate(.8, .02), OneStageAUC: estimate(.79, .02), TwoStageAUC: estimate(.81, .02),
			Difference:   learn.AUCDifference{A: estimate(.81, .02), B: estimate(.79, .02), Difference: .02, SE: .005, Low: .01, High: .03, Z: 4, P: 6e-5},
			OneStageLoss: .31, TwoStageLoss: .3, OneStageECE: .012, TwoStageECE: .008, Bins: bins, Gains: line(.6), Bands: []activity.Band{{UpTo: .2, Users: 100, Low: .02, High: .1}, {UpTo: .9, Users: 100, Low: .2, High: .3}}},
		TwoStage: true,
		Drivers: &activity.Drivers{Model: "boosting",
			Permutation: []activity.Worth{{Feature: "browsed_sessions", Mean: .05, SD: .004}, {Feature: "age", Mean: .01, SD: .002}, {Feature: "province", Mean: -.0001, SD: .0001}},
			Shap: []activity.Push{{Feature: "browsed_sessions", Mean: .4, Value: []float32{0, 1, 1, 5}, Move: []float32{-.5, .1, .1, .9}}, {Feature: "age", Mean: .2, Value: []float32{20, 30, float32(nan), 40}, Move: []float32{.3, .1, 0, -.4}},
				{Feature: "province", Mean: .1, Value: []float32{0, 1, 2, 0}, Move: []float32{.1, -.1, .1, .1}}},
			Dependence: []activity.Shape{{Feature: "browsed_sessions", Value: []float32{0, 1, 5}, Mean: []float64{.12, .2, .41}}, {Feature: "province", Levels: []string{"bei jing", "unknown"}, Value: []float32{0, 1}, Mean: []float64{.2, .22}}},
			Odds:       []activity.Effect{{Column: "(intercept)", OddsRatio: .2, Low: .1, High: .3, P: 1e-9}, {Column: "browsed_sessions", OddsRatio: 2.5, Low: 2, High: 3.1, P: 1e-12}, {Column: "province=unknown", OddsRatio: 1.5, Low: 0, High: inf, P: .9}, {Column: "age", OddsRatio: .8, Low: .7, High: 1.1, P: .2}}},
		Segments: &activity.Segments{Names: []string{"few impressions, few days", "browse, go deep"}, Features: []string{"impressions", "swipes"}, Profiles: [][]float64{{4, 0}, {40, 0}}, Sizes: []int{700, 300}, Back: []float64{.5, .8}, Active: []float64{.05, .3},
			Choice: learn.ClusterChoice{K: 1, Trials: []learn.ClusterTrial{{K: 2, Inertia: 900, Silhouette: .5, Stability: .95, Valley: 1}}}, MixtureAgreement: .6, MixtureBest: 3},
		Stay: &activity.Stay{Horizon: 14, Users: 1000, Events: 620, Overall: curve(.6, .4), Concordance: .69, Pairs: 123456,
			Groups:  []activity.StayGroup{{By: "gender", Names: []string{"male", "female"}, Curves: []learn.SurvivalCurve{curve(.6, .41), curve(.6, .4)}, Test: learn.LogRankTest{Statistic: .2, DF: 1, P: .65}}, {By: "days seen early", Names: []string{"one", "more", "none gone"}, Curves: []learn.SurvivalCurve{curve(.4, .2), curve(.9, .8), {Rows: 3}}, Test: learn.LogRankTest{Statistic: 90, DF: 2, P: 1e-19}}},
			Effects: []activity.Effect{{Column: "(intercept)", OddsRatio: .3, Low: .2, High: .4, P: 1e-9}, {Column: "active_days", OddsRatio: .4, Low: .3, High: .5, P: 1e-20}, {Column: "gender=female", OddsRatio: 1.02, Low: .9, High: 1.2, P: .4}}},
		Published: &activity.Published{Source: "a study", SourceUsers: 1000, SourceShare: .2, Users: 800, Active: 200,
			Arms: []activity.PublishedArm{{Name: "without leaks"}, {Name: "with both leaks", Alarms: []activity.Alarm{{Check: activity.CheckFuture, Column: "late_impressions", What: "it is another when the log ends"}}}},
			Rows: []activity.PublishedRow{
				{Model: "random forest", Published: .9, Scores: []activity.PublishedScore{{Accuracy: .64, Natural: .78, AUC: .7}, {Accuracy: .88}},
					Both: &activity.Price{Added: .24, Low: .2, High: .28}, LateColumn: &activity.Price{Added: .14, Low: .1, High: .18}, Oversampling: &activity.Price{Added: .08, Low: .04, High: .12}},
				{Model: "network", Published: nan, Scores: []activity.PublishedScore{{Accuracy: .62, Natural: .77, AUC: .69}, {Accuracy: .8}},
					Both: &activity.Price{Added: .18, Low: .1, High: .26}, LateColumn: &activity.Price{Added: .1, Low: .02, High: .18}, Oversampling: &activity.Price{Added: .06, Low: -.02, High: .14}}},
			Notes: []string{"A note."}},
	}
}
