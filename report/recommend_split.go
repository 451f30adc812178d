// What a ranker learned from, and which days, users and cards it was judged on.

package report

import (
	"fmt"
	"time"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
)

func learnedAnswer(r *evaluate.Results) analysis.Answer {
	a := analysis.Answer{ID: "recommend-learned", Title: "What did the ranker learn from?"}
	top := r.Importance[:min(shownFeatures, len(r.Importance))]
	sum := 0.0
	for _, g := range top[:min(3, len(top))] {
		sum += g.Share
	}
	a.Findings = []analysis.Finding{{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("%s of what %s gained by looking at features came from %s.", percent(sum), quoted(r.Chosen),
		listed(ofEach(top[:min(3, len(top))], func(g evaluate.Gain) string { return fmt.Sprintf("%s (%s)", spoken(g.Feature), percent(g.Share)) })))}}
	a.Charts = []analysis.Chart{{ID: "gains-of-features", Title: "Features by their share of what was gained", Kind: analysis.HBarChart,
		X: analysis.Axis{Unit: analysis.Text, Categories: ofEach(top, func(g evaluate.Gain) string { return spoken(g.Feature) })}, Y: analysis.Axis{Label: "share of the gain", Unit: analysis.Share},
		Series: []analysis.Series{{Name: "share of the gain", Y: ofEach(top, func(g evaluate.Gain) float64 { return g.Share })}},
		Alt:    fmt.Sprintf("Bars of the %d features with the largest gain, from %s down.", len(top), spoken(top[0].Feature))}}
	a.Tables = []analysis.Table{{Name: "recommend_features", Title: "Features, and why they are given", Columns: []analysis.Column{
		texts("feature", "feature", r.Importance, func(g evaluate.Gain) string { return g.Feature }),
		numbers("share", "share of the gain", analysis.Share, r.Importance, func(g evaluate.Gain) float64 { return g.Share }),
		texts("why", "what it says, and why it is given", r.Importance, func(g evaluate.Gain) string { return g.Why }),
	}}}
	a.Caveats = []string{"The gain is how much better the splits of trees on a feature tell clicks apart where the ranker learned. Features that say much the same share it. It is no cause of clicks."}
	return a
}

func splitAnswer(r *evaluate.Results) analysis.Answer {
	s := r.Split
	a := analysis.Answer{ID: "recommend-split", Title: "What was learned from, and what was judged?"}
	type part struct {
		name, what string
		from, to   time.Time
	}
	var parts []part
	for _, p := range []part{{"learn", "rankers are fitted", s.TrainFrom, s.TrainTo}, {"choose", "rankers are compared, and one is chosen", s.ChooseFrom, s.ChooseTo}, {"judge", "everything on this page is measured", s.JudgeFrom, s.JudgeTo}} {
		if !p.from.IsZero() {
			parts = append(parts, p)
		}
	}
	if len(parts) == 3 {
		sentence := fmt.Sprintf("Rankers learned from what happened %s, one was chosen by what happened %s, and all is judged on %s", days(s.TrainFrom, s.TrainTo), days(s.ChooseFrom, s.ChooseTo), days(s.JudgeFrom, s.JudgeTo))
		if s.Users > 0 {
			sentence += fmt.Sprintf(": %s users, %s of them never seen before, in %s sessions with %s impressions and %s clicks", grouped(int64(s.Users)), grouped(int64(s.NewUsers)), grouped(int64(s.Sessions)), grouped(int64(s.Impressions)), grouped(int64(s.Clicks)))
		}
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: sentence + "."})
		a.Tables = append(a.Tables, analysis.Table{Name: "recommend_split", Title: "Days", Columns: []analysis.Column{
			texts("part", "part", parts, func(p part) string { return p.name }),
			texts("from", "from", parts, func(p part) string { return p.from.Format(time.DateOnly) }),
			texts("to", "to", parts, func(p part) string { return p.to.Format(time.DateOnly) }),
			counts("days", "days", parts, func(p part) int { return int(p.to.Sub(p.from)/(24*time.Hour)) + 1 }),
			texts("what", "what happens", parts, func(p part) string { return p.what }),
		}})
	}
	if s.Cards > 0 {
		a.Findings = append(a.Findings, analysis.Finding{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("%s cards could be shown by the last day; %s of them (%s) were published after the days that were learned from.", grouped(int64(s.Cards)), grouped(int64(s.NewCards)), percent(float64(s.NewCards)/float64(s.Cards)))})
	}
	type count struct {
		what string
		n    int
	}
	all := []count{{"users judged", s.Users}, {"of them never seen before", s.NewUsers}, {"sessions", s.Sessions}, {"impressions", s.Impressions}, {"clicks", s.Clicks}, {"cards that could be shown", s.Cards}, {"of them new", s.NewCards}}
	a.Tables = append(a.Tables, analysis.Table{Name: "recommend_judged", Title: "What was judged", Columns: []analysis.Column{
		texts("what", "what", all, func(c count) string { return c.what }),
		counts("number", "number", all, func(c count) int { return c.n }),
	}})
	a.Caveats = append([]string{"Time only runs forward: nothing of a judged day is known to what is judged on it, and cards' numbers are those of the day before. Generators, which are fitted every night, know all days before the judged ones."}, r.Notes...)
	return a
}
