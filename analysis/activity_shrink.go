package analysis

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// volumes are bands of impressions a user.
var volumes = []bin{{"1-2", 1, 3}, {"3-4", 3, 5}, {"5-9", 5, 10}, {"10-19", 10, 20}, {"20-49", 20, 50}, {"50-99", 50, 100}, {"100-199", 100, 200}, {"200 or more", 200, inf}}

// certain is the posterior probability from which a user is called surely active or surely not.
const certain = .9

func askFewImpressions(ctx context.Context, env *Env) (Answer, error) {
	u, err := env.UserActivity(ctx)
	if err != nil {
		return Answer{}, err
	}
	if a, ok := noActivity(u); ok {
		return a, nil
	}
	fit := stat.FitBetaBinomial(each(u.Pairs, func(p warehouse.UserPair) stat.Trials {
		return stat.Trials{Trials: p.Impressions, Successes: p.Clicks, Units: p.Users}
	}))
	a := Answer{Caveats: []string{definition(u),
		"The model: each user has a true rate drawn from one beta distribution, and clicks independently at it on each impression; the distribution is fitted by maximum likelihood. It does not know that users with few impressions may differ from those with many: the last finding says how far off that is, and the share truly above the threshold is only as good as the model.",
		fmt.Sprintf("A user counts as sure when the model gives her a probability of at least %s of having a true rate on one side of the threshold.", percent(certain))}}
	if !fit.Converged {
		a.Findings = []Finding{described(fmt.Sprintf("The rates of the %s show no spread beyond chance that a model could be fitted to, so nothing can be said about how sure their activity is.",
			counted(u.Users, "user", "users")), nil, 0)}
		return a, nil
	}
	type band struct {
		users, active, sure, changed int64
		shown, raw, shrunk, likely   float64
		foretold                     float64 // users the model expects to be counted active
	}
	bands := make([]band, len(volumes))
	var all band
	from := u.Threshold()
	for _, p := range u.Pairs {
		raw := float64(p.Clicks) / float64(p.Impressions)
		shrunk := fit.Shrunk(p.Impressions, p.Clicks)
		likely := mathext.RegIncBeta(fit.Beta+float64(p.Impressions-p.Clicks), fit.Alpha+float64(p.Clicks), 1-from)
		n := float64(p.Users)
		foretold := atLeastClicks(fit, p.Impressions, int64(math.Ceil(from*float64(p.Impressions))))
		for i := range volumes {
			if v := float64(p.Impressions); v < volumes[i].low || v >= volumes[i].high {
				continue
			}
			for _, b := range []*band{&bands[i], &all} {
				b.users += p.Users
				b.raw += n * raw
				b.shrunk += n * shrunk
				b.likely += n * likely
				b.foretold += n * foretold
				b.shown += n * math.Abs(shrunk-raw)
				if raw >= from {
					b.active += p.Users
				}
				if max(likely, 1-likely) >= certain {
					b.sure += p.Users
				}
				if (raw >= from) != (likely >= .5) {
					b.changed += p.Users
				}
			}
		}
	}
	sure, changed := stat.Wilson(all.sure, all.users), stat.Wilson(all.changed, all.users)
	a.Findings = []Finding{
		described(fmt.Sprintf("The model puts users' true rates at %s on average, worth %s impressions of evidence before the first is seen; for %s of users the log is enough to be sure on which side of the threshold they are.",
			percent(fit.Mean()), figures(fit.Strength()), percent(sure.Value)), effectPtr("share of users whose side of the threshold is sure", sure, Share), 0),
		described(fmt.Sprintf("Shrinkage would class %s of users the other way (%s), and puts the share truly at or above the threshold at %s, where %s are counted active.",
			percent(changed.Value), percentInterval(changed), percent(all.likely/float64(all.users)), percent(share(all.active, all.users))),
			effectPtr("share of users classed the other way", changed, Share), 0),
		modelFits(bands[:], func(b band) (users, active int64, foretold float64) { return b.users, b.active, b.foretold }),
	}
	col := func(f func(band) float64) []float64 { return each(bands, f) }
	per := func(f func(band) float64) []float64 {
		return col(func(b band) float64 { return over(f(b), float64(b.users)) })
	}
	foretold := per(func(b band) float64 { return b.foretold })
	raw, likely, surely := per(func(b band) float64 { return float64(b.active) }), per(func(b band) float64 { return b.likely }), per(func(b band) float64 { return float64(b.sure) })
	a.Tables = []Table{
		{Name: "shrinkage", Title: "Activity by impressions of the user, as counted and under the model", Columns: []Column{
			texts("impressions", "impressions", binLabels(volumes)), ints("users", "users", Count, each(bands, func(b band) int64 { return b.users })),
			floats("active_share", "counted active", Share, raw), floats("foretold_share", "counted active, as the model expects", Share, foretold), floats("expected_share", "expected at or above the threshold", Share, likely), floats("sure_share", "sure", Share, surely),
			floats("changed_share", "classed the other way", Share, per(func(b band) float64 { return float64(b.changed) })),
			floats("mean_ctr", "mean rate", Rate, per(func(b band) float64 { return b.raw })), floats("mean_shrunk_ctr", "mean shrunken rate", Rate, per(func(b band) float64 { return b.shrunk })),
			floats("mean_change", "mean change of the rate", Rate, per(func(b band) float64 { return b.shown })),
		}},
		{Name: "beta_binomial", Title: "The fitted distribution of true rates", Columns: []Column{
			texts("parameter", "parameter", []string{"alpha", "beta", "mean", "strength in impressions", "log-likelihood"}),
			floats("value", "value", Plain, []float64{fit.Alpha, fit.Beta, fit.Mean(), fit.Strength(), fit.LogLikelihood}),
		}},
	}
	a.Charts = []Chart{{ID: "shrinkage", Title: "Active share by impressions of the user", Kind: LineChart, X: Axis{Label: "impressions of the user", Unit: Text, Categories: binLabels(volumes)},
		Y: Axis{Label: "share of users", Unit: Share}, Series: []Series{{Name: "counted active", Y: raw}, {Name: "counted active, as the model expects", Y: foretold}, {Name: "truly at or above, by the model", Y: likely}, {Name: "sure", Y: surely}},
		Alt: "By impressions of the user: the share counted active, the share the model expects to be, the share it puts truly at or above the threshold, and the share of whom it is sure."}}
	return a, nil
}

// atLeastClicks is the model's probability that a user with n impressions clicks at least k times: one less the beta-binomial probabilities
// of fewer, each from the one before it. k is small, a few hundredths of n.
func atLeastClicks(fit stat.BetaBinomial, n, k int64) float64 {
	logP := lbeta(fit.Alpha, fit.Beta+float64(n)) - lbeta(fit.Alpha, fit.Beta)
	fewer := 0.
	for i := range k {
		fewer += math.Exp(logP)
		x, m := float64(i), float64(n)
		logP += math.Log((m-x)/(x+1)) + math.Log((fit.Alpha+x)/(fit.Beta+m-x-1))
	}
	return max(0, 1-fewer)
}

func lbeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

// modelFits says how far the model's expectation of who is counted active lies from the count, where that is farthest among the bands of enough users.
func modelFits[B any](bands []B, of func(B) (users, active int64, foretold float64)) Finding {
	worst, off := -1, 0.
	for i, b := range bands {
		users, active, foretold := of(b)
		if users < minCharted {
			continue
		}
		if d := math.Abs(foretold-float64(active)) / float64(users); worst < 0 || d > off {
			worst, off = i, d
		}
	}
	if worst < 0 {
		return described("There are too few users to hold the model against the log.", nil, 0)
	}
	users, active, foretold := of(bands[worst])
	expected := foretold / float64(users)
	where := fmt.Sprintf("it expects %s of users with %s impressions to be counted active, where %s are", percent(expected), volumes[worst].label, percent(share(active, users)))
	effect := exactly("share counted active less the model's, where they are farthest apart", share(active, users)-expected, Share)
	if off > poorFit && off > 3*math.Sqrt(expected*(1-expected)/float64(users)) {
		return described(fmt.Sprintf("The model does not fit: %s. Rates go with the number of impressions, so shrinking everybody to one mean misjudges users with few impressions and users with many.", where), effect, 0)
	}
	return described(fmt.Sprintf("The model fits: at the farthest %s.", where), effect, 0)
}

// poorFit is how far, in shares of users, a band may lie from the model's expectation; three standard errors it may anyway.
const poorFit = .02
