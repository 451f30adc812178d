// What the models are given of a user, and what keeps each feature from seeing the days that are to be predicted.

package report

import (
	"fmt"
	"strings"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
)

func featuresAnswer(notes []activity.FeatureNote) analysis.Answer {
	var rules []string // in order of appearance
	of := map[string]int{}
	for _, n := range notes {
		if of[n.Rule] == 0 {
			rules = append(rules, n.Rule)
		}
		of[n.Rule]++
	}
	for i, rule := range rules {
		rules[i] = fmt.Sprintf("%d of %s", of[rule], rule)
	}
	return analysis.Answer{ID: "prediction-features", Title: "What do the models know of a user?",
		Findings: []analysis.Finding{{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("%d features, each with the rule that keeps it from the days that are to be predicted: %s.", len(notes), strings.Join(rules, "; "))}},
		Tables: []analysis.Table{{Name: "prediction_features", Title: "Features", Columns: []analysis.Column{
			texts("feature", "feature", notes, func(n activity.FeatureNote) string { return n.Name }),
			texts("unit", "unit", notes, func(n activity.FeatureNote) string { return n.Unit }),
			texts("why", "why it may tell something", notes, func(n activity.FeatureNote) string { return n.Why }),
			texts("reads", "what it reads", notes, func(n activity.FeatureNote) string { return n.Rule }),
		}}},
		Caveats: []string{"The as-of is the first of the days that are to be predicted. The audit computes features again from a log that ends before it, and refuses to fit when one of them changes."}}
}
