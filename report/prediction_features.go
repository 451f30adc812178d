// What the models are given of a user, and what keeps each feature from seeing the days that are to be predicted.

package report

import (
	"fmt"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
)

func featuresAnswer(notes []activity.FeatureNote) analysis.Answer {
	return analysis.Answer{ID: "prediction-features", Title: "What do the models know of a user?",
		Findings: []analysis.Finding{{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("%d features, each read only from what was known before the days that are to be predicted began.", len(notes))}},
		Tables: []analysis.Table{{Name: "prediction_features", Title: "Features", Columns: []analysis.Column{
			texts("feature", "feature", notes, func(n activity.FeatureNote) string { return n.Name }),
			texts("unit", "unit", notes, func(n activity.FeatureNote) string { return n.Unit }),
			texts("why", "why it may tell something", notes, func(n activity.FeatureNote) string { return n.Why }),
			texts("reads", "what it reads", notes, func(n activity.FeatureNote) string { return n.Rule }),
		}}},
		Caveats: []string{"The audit computes features again from a log that ends where the days to be predicted begin, and refuses to fit when one of them changes."}}
}
