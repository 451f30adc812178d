// Kinds of users by what they did early, and whether there are any.

package report

import (
	"fmt"
	"math"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/learn"
)

func segmentsAnswer(sg *activity.Segments, notes []activity.FeatureNote) analysis.Answer {
	a := analysis.Answer{ID: "prediction-segments", Title: "Are there kinds of users?"}
	if len(sg.Names) == 0 {
		a.Off = "no segments were made"
		return a
	}
	index := make([]int, len(sg.Names))
	total, most, least := 0, 0, 0
	for c := range sg.Names {
		index[c] = c
		total += sg.Sizes[c]
		if sg.Active[c] > sg.Active[most] {
			most = c
		}
		if sg.Active[c] < sg.Active[least] {
			least = c
		}
	}
	share := func(c int) float64 { return float64(sg.Sizes[c]) / float64(total) }
	a.Findings = []analysis.Finding{{Grade: analysis.Descriptive, Sentence: sg.Remark()}, {Grade: analysis.Descriptive, Sentence: fmt.Sprintf(
		"Of the segment \"%s\" (%s of early users) %s are active later, of \"%s\" (%s) %s.", sg.Names[most], percent(share(most)), percent(sg.Active[most]), sg.Names[least], percent(share(least)), percent(sg.Active[least]))}}
	name := func(c int) string { return sg.Names[c] }
	names := ofEach(index, name)
	a.Charts = append(a.Charts, analysis.Chart{ID: "segments", Title: "Size of segments, and what became of their users", Kind: analysis.HBarChart, X: analysis.Axis{Unit: analysis.Text, Categories: names}, Y: analysis.Axis{Label: "share", Unit: analysis.Share, Range: unit()},
		Series: []analysis.Series{{Name: "of early users", Y: ofEach(index, share)}, {Name: "seen later", Y: sg.Back}, {Name: "active later", Y: sg.Active}},
		Alt:    fmt.Sprintf("Bars of %d segments: \"%s\" has the highest share of active users, %s.", len(names), sg.Names[most], percent(sg.Active[most]))})
	unit := units(notes)
	// A row a feature, a column a segment. The colour goes by doublings: eight times the mean, or an eighth, is at its end.
	grid, colours := make([][]float64, len(sg.Features)), make([][]float64, len(sg.Features))
	for f := range sg.Features {
		mean := 0.0
		for c := range index {
			mean += share(c) * sg.Profiles[c][f]
		}
		for c := range index {
			factor := math.NaN()
			if mean != 0 {
				factor = sg.Profiles[c][f] / mean
			}
			grid[f] = append(grid[f], factor)
			colours[f] = append(colours[f], min(1, max(0, .5+math.Log2(factor)/6)))
		}
	}
	a.Charts = append(a.Charts, analysis.Chart{ID: "profiles", Title: "Profiles: how many times the mean of all early users a segment's mean is", Kind: analysis.HeatMap,
		X: analysis.Axis{Unit: analysis.Text, Categories: names}, Y: analysis.Axis{Unit: analysis.Text, Categories: ofEach(sg.Features, spoken)},
		Series: []analysis.Series{{Name: "times the mean", Grid: grid, Colours: colours}}, Alt: fmt.Sprintf("Heat map of %d features by %d segments.", len(sg.Features), len(names))})
	table := analysis.Table{Name: "prediction_segments", Title: "Segments", Columns: []analysis.Column{
		texts("segment", "segment", index, name),
		counts("users", "users", index, func(c int) int { return sg.Sizes[c] }),
		numbers("share", "share", analysis.Share, index, share),
		numbers("back_share", "seen later", analysis.Share, index, func(c int) float64 { return sg.Back[c] }),
		numbers("active_share", "active later", analysis.Share, index, func(c int) float64 { return sg.Active[c] }),
	}}
	for f, feature := range sg.Features {
		label := "mean " + spoken(feature)
		if u := unit[feature]; u != "" && u != spoken(feature) {
			label += ", " + u
		}
		table.Columns = append(table.Columns, numbers("mean_"+feature, label, analysis.Plain, index, func(c int) float64 { return sg.Profiles[c][f] }))
	}
	a.Tables = append(a.Tables, table)
	if trials := sg.Choice.Trials; len(trials) > 0 {
		a.Tables = append(a.Tables, analysis.Table{Name: "prediction_segment_choice", Title: "How many segments: what speaks for and against each number", Columns: []analysis.Column{
			counts("segments", "segments", trials, func(t learn.ClusterTrial) int { return t.K }),
			numbers("stability", "stability (adjusted Rand)", analysis.Plain, trials, func(t learn.ClusterTrial) float64 { return t.Stability }),
			numbers("silhouette", "silhouette", analysis.Plain, trials, func(t learn.ClusterTrial) float64 { return t.Silhouette }),
			numbers("valley", "shallowest valley", analysis.Plain, trials, func(t learn.ClusterTrial) float64 { return t.Valley }),
			numbers("inertia", "inertia", analysis.Plain, trials, func(t learn.ClusterTrial) float64 { return t.Inertia }),
			texts("separate", "separate groups", trials, func(t learn.ClusterTrial) string { return map[bool]string{true: "yes", false: "no"}[t.Separate] }),
		}})
	}
	a.Caveats = []string{
		"Stability is how alike clusterings of other samples of the users are, 1 being the same; a silhouette of 1 is a user far nearer to her own segment than to any other, 0 one between two; a valley is how much emptier it is between two segments than within them: 0 is empty, 1 or more is none. Groups are separate when stability is 0.8 or more, the silhouette 0.25 or more and the valley 0.5 or less.",
		fmt.Sprintf("A Gaussian mixture of as many components puts users together as k-means does to a degree of %s (adjusted Rand); of the numbers of components tried, it prefers %d (least BIC).", figures(sg.MixtureAgreement, 2), sg.MixtureBest),
	}
	return a
}
