// Methods that name cards of the whole catalogue, compared: by the truth where a simulator knows it, and by the clicks of the log.

package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
)

// thePage is the row of the page as users would get it: the last of the whole pages of an evaluation's own rows.
func thePage(t []evaluate.Row) *evaluate.Row {
	var page *evaluate.Row
	for i := range t {
		if t[i].Kind == evaluate.WholePage {
			page = &t[i]
		}
	}
	return page
}

// notCeiling are the methods that can be had.
func notCeiling(rows []evaluate.Row) []evaluate.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r evaluate.Row) bool { return r.Kind == evaluate.Ceiling })
}

func truthAnswer(r *evaluate.Results) analysis.Answer {
	t := r.Truth
	a := analysis.Answer{ID: "recommend-truth", Title: "How near do pages come to the best there could be?"}
	rate, share := max(0, measureOf(t, "true_click_rate")), measureOf(t, "oracle_share")
	m := t.Measures[rate]
	rows := byMeasure(t.Rows, m, rate)
	if len(rows) == 0 {
		a.Off = "no true click rate is known"
		return a
	}
	if share >= 0 {
		a.Findings = truthFindings(t, rows, rate, share)
		s := t.Measures[share]
		below := byMeasure(notCeiling(rows), s, share)
		a.Charts = append(a.Charts, methodBars("oracle-share", fmt.Sprintf("Of what could be gained over %s by knowing every true chance, how much is gained? With 95%% intervals", quoted(evaluate.Popularity)), s, below, share))
	}
	a.Charts = append(a.Charts, methodDots("true-clicks", "True click rate of what each method names, with 95% intervals", m, rows, rate))
	a.Tables = methodTables("recommend_truth", "Methods by the truth", t, rows)
	a.Caveats = []string{
		fmt.Sprintf("The true chances are known because this log is of a simulated village: they are those of a click on a listed card by this user at this moment, if she looks at it. On a log of real users nobody knows them. %s users, one list each; intervals draw the users again.", grouped(int64(t.Users))),
		"The best there could be names the cards with the highest true chances of all that could be shown. It knows each user's hidden tastes, which no log tells in full, so that nobody reaches all of it.",
	}
	if m.Paired {
		a.Caveats = append(a.Caveats, "Gaps in the table are to the best there could be, which is the best of its column. Whether a method gains anything over popularity is told by the interval of its share: it draws both over the same users.")
	}
	return a
}

func truthFindings(t *evaluate.Table, rows []evaluate.Row, rate, share int) (out []analysis.Finding) {
	m, s := t.Measures[rate], t.Measures[share]
	popular, oracle := rowOf(rows, method(evaluate.Popularity)), rowOf(rows, func(r evaluate.Row) bool { return r.Kind == evaluate.Ceiling })
	gained := byMeasure(notCeiling(rows), s, share)
	if popular == nil || oracle == nil || len(gained) == 0 {
		return nil
	}
	page := thePage(t.Rows)
	if page == nil || !known(cellAt(page.Cells, share).Value) {
		page = &gained[0]
	}
	g := cellAt(page.Cells, share)
	sentence := fmt.Sprintf("Cards of %s are clicked %s of the times they are looked at, the most popular cards %s, and the best there could be %s: it makes %s of the gain that there is to make, %s.",
		quoted(page.Method), inMeasure(cellAt(page.Cells, rate).Value, m), inMeasure(cellAt(popular.Cells, rate).Value, m), inMeasure(cellAt(oracle.Cells, rate).Value, m), inMeasure(g.Value, s), interval(g, s))
	kind := gainGrade(g)
	if kind == analysis.NoDifference {
		sentence = strings.TrimSuffix(sentence, ".") + ", which cannot be told from none."
	}
	out = append(out, analysis.Finding{Headline: true, Grade: kind, Sentence: sentence, Effect: measured("share of the gain that could be made", g, s)})
	if best := gained[0]; best.Method != page.Method {
		c := cellAt(best.Cells, share)
		out = append(out, analysis.Finding{Grade: gainGrade(c), Effect: measured("share of the gain that could be made", c, s), Sentence: fmt.Sprintf("The most is gained by %s: %s.", quoted(best.Method), withInterval(c, s))})
	}
	if f, ok := stepsFinding(t, gained, s, share); ok {
		out = append(out, f)
	}
	var none, below []string
	for _, r := range gained {
		switch c := cellAt(r.Cells, share); {
		case r.Method == popular.Method || !known(c.Low) || !known(c.High):
		case c.High < 0:
			below = append(below, quoted(r.Method))
		case c.Low <= 0:
			none = append(none, quoted(r.Method))
		}
	}
	if len(below) > 0 {
		out = append(out, analysis.Finding{Grade: analysis.Association, Sentence: fmt.Sprintf("Worse than the most popular cards, the whole interval below it: %s.", listed(below))})
	}
	if len(none) > 0 {
		out = append(out, analysis.Finding{Grade: analysis.NoDifference, Sentence: fmt.Sprintf("Not to be told from the most popular cards: %s.", listed(none))})
	}
	return out
}

// gainGrade is that of a gain over popularity, which is none at 0.
func gainGrade(c evaluate.Cell) analysis.Grade {
	switch {
	case !known(c.Low) || !known(c.High):
		return analysis.Descriptive
	case c.Low > 0 || c.High < 0:
		return analysis.Association
	}
	return analysis.NoDifference
}

// stepsFinding says what a measure is on the way from the best single generator over the ranked catalogue to the page, rows being those of t
// that have it, the best first.
func stepsFinding(t *evaluate.Table, rows []evaluate.Row, m evaluate.Measure, k int) (f analysis.Finding, ok bool) {
	var parts []string
	say := func(r *evaluate.Row, doing string) {
		if r != nil {
			parts = append(parts, fmt.Sprintf("%s for %s", inMeasure(cellAt(r.Cells, k).Value, m), doing))
		}
	}
	if generator := rowOf(rows, func(r evaluate.Row) bool { return r.Kind == evaluate.Candidates }); generator != nil {
		say(generator, fmt.Sprintf("the best generator alone (%s)", quoted(generator.Method)))
	}
	say(rowOf(rows, func(r evaluate.Row) bool { return r.Kind == evaluate.Ranker }), "ranking the whole catalogue")
	if page := thePage(t.Rows); page != nil {
		say(rowOf(rows, func(r evaluate.Row) bool { return r.Kind == evaluate.WholePage && r.Method != page.Method }), "ranking what the generators name")
		say(rowOf(rows, method(page.Method)), "the page with its rules")
	}
	if len(parts) < 2 {
		return f, false
	}
	return analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("Step by step, %s is %s.", lower(m), listed(parts))}, true
}

func retrieveAnswer(r *evaluate.Results) analysis.Answer {
	t := r.Retrieve
	a := analysis.Answer{ID: "recommend-candidates", Title: "Which method finds the cards that users will click?"}
	k := max(0, measureOf(t, "recall"))
	m := t.Measures[k]
	rows := byMeasure(t.Rows, m, k)
	if len(rows) == 0 {
		a.Off = "no user clicked a card in the judged days that could have been listed"
		return a
	}
	best, popular := rows[0], rowOf(rows, method(evaluate.Popularity))
	b := cellAt(best.Cells, k)
	f := analysis.Finding{Headline: r.Truth == nil, Grade: analysis.Descriptive, Effect: measured(labelOf(m)+" of "+best.Method, b, m),
		Sentence: fmt.Sprintf("%s finds most: %s of the cards that a user clicks in the judged days are among the %s it names her (%s).", title(quoted(best.Method)), inUnit(b.Value, analysis.Share), depthOf(m), interval(b, asShare(m)))}
	if popular != nil && popular.Method != best.Method {
		c := cellAt(popular.Cells, k)
		f.Sentence = fmt.Sprintf("%s finds most: of the cards that a user clicks in the judged days, %s are among the %s it names her (%s); of the most popular cards, %s are.",
			title(quoted(best.Method)), inUnit(b.Value, analysis.Share), depthOf(m), interval(b, asShare(m)), inUnit(c.Value, analysis.Share))
		if known(c.P) {
			f.Grade, f.Test = grade(c.P), paired(c)
			if f.Grade == analysis.NoDifference {
				f.Sentence = strings.TrimSuffix(f.Sentence, ".") + ", a difference that is not real as far as can be seen."
			}
		}
	}
	a.Findings = append(a.Findings, f)
	if f, ok := standingFinding(rows, k); ok {
		a.Findings = append(a.Findings, f)
	}
	if f, ok := stepsFinding(t, rows, asShare(m), k); ok {
		a.Findings = append(a.Findings, f)
	}
	a.Charts = append(a.Charts, methodBars("retrieval", fmt.Sprintf("Of the cards she clicks, how many are among the %s named? With 95%% intervals", depthOf(m)), asShare(m), rows, k))
	if c := measureOf(t, "coverage"); c >= 0 {
		if f, ok := coverageFinding(rows, t.Measures[c], c, best, popular); ok {
			a.Findings = append(a.Findings, f)
		}
		a.Charts = append(a.Charts, beyondChart(t, rows, k, c))
	}
	a.Tables = methodTables("recommend_candidates", "Methods that name cards", t, rows)
	a.Caveats = []string{
		"A log of what another system showed cannot credit a card that nobody was shown: nobody could click it. Every share here is too low, and lowest for methods that find other cards than that system did; a method that looks worse may not be.",
	}
	if r.Truth != nil {
		a.Caveats = append(a.Caveats, "This log is simulated: the card on the best there could be judges the same lists without that doubt. Where the two disagree, it is right.")
	}
	a.Caveats = append(a.Caveats, fmt.Sprintf("%s users, each at her first page in the judged days. Differences are tested on the same users and corrected by Holm's method for the number of methods. Random, popular and topic baselines are there to be beaten.", grouped(int64(t.Users))))
	return a
}

// asShare is a measure between 0 and 1 that is read more easily in hundredths.
func asShare(m evaluate.Measure) evaluate.Measure {
	m.Unit = "share"
	return m
}

func coverageFinding(rows []evaluate.Row, m evaluate.Measure, k int, best evaluate.Row, popular *evaluate.Row) (f analysis.Finding, ok bool) {
	all := byMeasure(rows, m, k)
	if popular == nil || popular.Method == best.Method || len(all) == 0 || !known(cellAt(popular.Cells, k).Value) || !known(cellAt(best.Cells, k).Value) {
		return f, false
	}
	return analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("All lists of %s together show %s of the cards that could be shown, those of the most popular cards %s.",
		quoted(best.Method), inMeasure(cellAt(best.Cells, k).Value, m), inMeasure(cellAt(popular.Cells, k).Value, m))}, true
}

// beyondChart lays methods out by how much they find and how much of the catalogue they show.
func beyondChart(t *evaluate.Table, rows []evaluate.Row, found, shown int) analysis.Chart {
	x, y := t.Measures[shown], asShare(t.Measures[found])
	c := analysis.Chart{ID: "coverage", Title: "Does a method that finds much also show much of the catalogue?", Kind: analysis.ScatterChart,
		X: analysis.Axis{Label: "share of the cards that could be shown, shown to anybody", Unit: unitOf(x)}, Y: analysis.Axis{Label: labelOf(y), Unit: unitOf(y)},
		Alt: fmt.Sprintf("Points of %d methods by coverage and recall.", len(rows))}
	for _, kind := range kindNames {
		s := analysis.Series{Name: kind.name}
		for _, r := range rows {
			if v := cellAt(r.Cells, shown).Value; r.Kind == kind.kind && known(v) {
				s.X, s.Y, s.Labels = append(s.X, v), append(s.Y, cellAt(r.Cells, found).Value), append(s.Labels, r.Method)
			}
		}
		if len(s.X) > 0 {
			c.Series = append(c.Series, s)
		}
	}
	return c
}
