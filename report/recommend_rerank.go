// Rankers compared on what was really shown: do clicked cards come out above those that were passed over?

package report

import (
	"fmt"
	"math"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
)

func rerankAnswer(r *evaluate.Results) analysis.Answer {
	t := r.Rerank
	a := analysis.Answer{ID: "recommend-rankers", Title: "Which ranker puts the cards that are clicked higher?"}
	k := max(0, measureOf(t, "ndcg"))
	m := t.Measures[k]
	all := byMeasure(t.Rows, m, k)
	rows := notCeiling(all)
	if len(rows) == 0 {
		a.Off = "no session of the judged days has a click"
		return a
	}
	a.Findings = append(a.Findings, chosenFinding(r, rows, m, k))
	if f, ok := standingFinding(rows, k); ok {
		a.Findings = append(a.Findings, f)
	}
	if f, ok := positionFinding(rows, m, k, r.Chosen); ok {
		a.Findings = append(a.Findings, f)
	}
	if f, ok := reachFinding(all, m, k, r.Chosen); ok {
		a.Findings = append(a.Findings, f)
	}
	a.Charts = append(a.Charts, methodDots("rankers", fmt.Sprintf("%s within sessions, with 95%% intervals", m.Label), m, all, k))
	if u := measureOf(t, "auc_user"); u >= 0 {
		um := t.Measures[u]
		if sorted := byMeasure(rows, um, u); len(sorted) > 0 {
			chosen, popular := rowOf(sorted, method(r.Chosen)), rowOf(sorted, method(evaluate.Popularity))
			if chosen != nil && popular != nil {
				c := cellAt(chosen.Cells, u)
				a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Effect: measured(um.Label, c, um), Sentence: fmt.Sprintf(
					"Of a card that a user clicked and one that she passed over, %s gives the clicked one the higher score %s of the time, %s %s.", quoted(r.Chosen), percent(c.Value), quoted(evaluate.Popularity), percent(cellAt(popular.Cells, u).Value))})
			}
			a.Charts = append(a.Charts, methodDots("rankers-users", "Of a card she clicked and one she passed over, how often does the clicked one score higher? With 95% intervals", um, sorted, u, analysis.Mark{Value: .5, Label: "by lot"}))
		}
	}
	a.Tables = methodTables("recommend_rankers", "Rankers and baselines on what was shown", t, all)
	a.Caveats = []string{
		"Only the cards that were shown are put in another order. It says nothing of cards that nobody was shown, and the order in which they stood has an advantage: what lay on top was looked at more.",
		fmt.Sprintf("%s users, %s sessions of the judged days; sessions without a click say nothing of an order. Differences from the best are tested on the same users and corrected by Holm's method; the best was picked by these users, which makes its lead look a little larger than it is.", grouped(int64(t.Users)), grouped(int64(t.Lists))),
	}
	if r.Chosen != "" {
		a.Caveats = append(a.Caveats, fmt.Sprintf("%s makes the pages: on the days of choice, before any of those judged here, none ordered better beyond chance.", title(quoted(r.Chosen))))
	}
	return a
}

// chosenFinding holds the ranker that was chosen against popularity, and against the best where that is another.
func chosenFinding(r *evaluate.Results, rows []evaluate.Row, m evaluate.Measure, k int) analysis.Finding {
	best := rows[0]
	chosen := rowOf(rows, method(r.Chosen))
	if chosen == nil {
		chosen = &best
	}
	c := cellAt(chosen.Cells, k)
	f := analysis.Finding{Headline: true, Grade: analysis.Descriptive, Effect: measured(m.Label+" of "+chosen.Method, c, m), Sentence: fmt.Sprintf("%s ranks the cards of a session with %s of %s", title(quoted(chosen.Method)), article(m.Label), withInterval(c, m))}
	popular := rowOf(rows, method(evaluate.Popularity))
	switch {
	case popular == nil || popular.Method == chosen.Method:
	case cellAt(popular.Cells, k).Value < c.Value:
		p := cellAt(popular.Cells, k)
		words := "%s ranks clicked cards higher than %s: %s is %s against %s, and %s"
		if p.P > significant {
			words = "%s and %s cannot be told apart at ranking clicked cards: %s is %s against %s, and %s"
		}
		f.Sentence = fmt.Sprintf(words, title(quoted(chosen.Method)), quoted(evaluate.Popularity), m.Label, inMeasure(c.Value, m), inMeasure(p.Value, m), gapWords(p))
		if chosen.Method == best.Method && known(p.P) {
			f.Grade, f.Test = grade(p.P), paired(p)
		} else {
			f.Sentence = fmt.Sprintf("%s ranks clicked cards higher than %s: %s is %s against %s (%s)", title(quoted(chosen.Method)), quoted(evaluate.Popularity), m.Label, withInterval(c, m), inMeasure(p.Value, m), interval(p, m))
		}
	default:
		f.Sentence = fmt.Sprintf("%s does not rank clicked cards higher than %s: %s is %s against %s", title(quoted(chosen.Method)), quoted(evaluate.Popularity), m.Label, inMeasure(c.Value, m), inMeasure(cellAt(popular.Cells, k).Value, m))
	}
	if chosen.Method != best.Method {
		f.Sentence += fmt.Sprintf("; %s has %s, and %s", quoted(best.Method), inMeasure(cellAt(best.Cells, k).Value, m), gapWords(c))
		if known(c.P) {
			f.Test = paired(c)
			if f.Grade == analysis.Descriptive {
				f.Grade = grade(c.P)
			}
		}
	}
	f.Sentence += "."
	return f
}

// gapWords say whether a gap to the best is real.
func gapWords(c evaluate.Cell) string {
	switch {
	case !known(c.P):
		return "the difference was not tested"
	case c.P <= significant:
		return fmt.Sprintf("the difference of %s is real (p %s)", figures(math.Abs(c.Gap), 2), pValue(c.P))
	}
	return fmt.Sprintf("the difference of %s is not real as far as can be seen (p %s)", figures(math.Abs(c.Gap), 2), pValue(c.P))
}

// article is a measure's name with its article.
func article(label string) string {
	if len(label) > 0 {
		switch label[0] {
		case 'A', 'E', 'I', 'O', 'N': // an NDCG, an AUC
			return "an " + label
		}
	}
	return "a " + label
}

// reachFinding says how far the order of cards could be bettered at all, where the truth is known.
func reachFinding(all []evaluate.Row, m evaluate.Measure, k int, chosen string) (f analysis.Finding, ok bool) {
	oracle, own, popular := rowOf(all, func(r evaluate.Row) bool { return r.Kind == evaluate.Ceiling }), rowOf(all, method(chosen)), rowOf(all, method(evaluate.Popularity))
	if oracle == nil || own == nil || popular == nil {
		return f, false
	}
	top, at, from := cellAt(oracle.Cells, k).Value, cellAt(own.Cells, k).Value, cellAt(popular.Cells, k).Value
	if !(top > from) {
		return f, false
	}
	return analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("Who knew all true chances would have %s of %s: of what could be gained over %s on what was shown, %s has %s.",
		article(m.Label), inMeasure(top, m), quoted(evaluate.Popularity), quoted(chosen), percent((at-from)/(top-from)))}, true
}

// positionFinding holds the chosen ranker against the order that was shown, which the clicks themselves favour.
func positionFinding(rows []evaluate.Row, m evaluate.Measure, k int, chosen string) (f analysis.Finding, ok bool) {
	shown, own := rowOf(rows, method("logged order")), rowOf(rows, method(chosen))
	if shown == nil || own == nil {
		return f, false
	}
	than := "better than"
	if cellAt(own.Cells, k).Value < cellAt(shown.Cells, k).Value {
		than = "no better than"
	}
	return analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("That is %s the order in which the cards really lay (%s), though clicks favour what lies on top.", than, inMeasure(cellAt(shown.Cells, k).Value, m))}, true
}
