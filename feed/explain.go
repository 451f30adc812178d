// Why the ranker gives a card its chance: the score taken apart feature by feature, each beside what it was for this user and card.

package feed

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/seguefeed/segue/feature"
)

// Explanation is a card's chance of a click in full view, as the ranker sees it: Base, the log-odds of the average card, and what the features
// add sum to LogOdds.
type Explanation struct {
	Base, LogOdds float64
	Calibrated    bool           // is LogOdds that of the chance that pages show; else of the chance before an isotonic curve
	Of            []Contribution // of features that add something, by size, largest first
}

// Contribution is what a feature adds to the log-odds: its Shapley value.
type Contribution struct {
	Feature string
	X       float32 // what the ranker sees; NaN where the feature does not exist
	Value   string  // the same in words: a number, of logarithms what they are of, with its unit; a category; or "none"
	Why     string  // what the feature is
	User    bool    // is it of the user and the moment: then it is the same for all cards of the page
	LogOdds float64
}

// Explain takes the score of one card apart, of the catalogue, for whom q asks; what the page does with cards beyond that (fatigue, diversity,
// caps) is not in it. Cost: some milliseconds, by the size of the model; for explanations on demand.
func (r *Recommender) Explain(ctx context.Context, q *Request, item int32) (*Explanation, error) {
	if item < 0 || int(item) >= len(r.Cards.Creator) {
		return nil, fmt.Errorf("feed: explain card %d of a catalogue of %d", item, len(r.Cards.Creator))
	}
	x := make([]float32, len(r.Model.Columns))
	r.Pairs.Vectors(pastOf(q, r.Pairs), q.At, []int32{item}, []int32{-1}, x)
	e, err := r.Model.Explain(ctx, x)
	if err != nil {
		return nil, err
	}
	out := &Explanation{Base: e.Base, LogOdds: e.LogOdds, Calibrated: e.Calibrated}
	columns := r.Pairs.Columns()
	at := make(map[string]int, len(columns))
	for j, c := range columns {
		at[c.Name] = j
	}
	for _, c := range e.Of {
		if c.LogOdds == 0 {
			continue
		}
		j := at[c.Name]
		out.Of = append(out.Of, Contribution{c.Name, x[j], featureText(columns[j], x[j]), columns[j].Why, j < feature.UserColumns, c.LogOdds})
	}
	return out, nil
}

// featureText is a feature's value in words. Logarithms are turned back: of ratios, and of counts and times plus 1.
func featureText(c feature.PairColumn, v float32) string {
	switch of, isLog := strings.CutPrefix(c.Unit, "log "); {
	case v != v:
		return "none"
	case c.Levels != nil && v >= 0 && int(v) < len(c.Levels):
		return c.Levels[int(v)]
	case c.Levels != nil:
		return "none"
	case isLog && strings.HasPrefix(of, "ratio"):
		return fmt.Sprintf("%.3g times", math.Exp(float64(v)))
	case isLog:
		return numberText(math.Expm1(float64(v))) + " " + of
	case c.Unit == "share":
		return fmt.Sprintf("%.3g%%", 100*v)
	case c.Unit == "0 or 1":
		return map[bool]string{true: "yes", false: "no"}[v != 0]
	}
	return strings.TrimSpace(numberText(float64(v)) + " " + c.Unit)
}

// numberText is a number without an exponent, of four digits where it has a fraction.
func numberText(v float64) string {
	if math.Abs(v) >= 1000 && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	return fmt.Sprintf("%.4g", v)
}
