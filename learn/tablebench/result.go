// What a comparison gives out, and what it says in words.

package tablebench

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/seguefeed/segue/learn"
)

// Number is a float64 that JSON writes as null where it is not a finite number.
type Number float64

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// Result is a comparison.
type Result struct {
	TrainRows     int      `json:"train_rows"`
	TrainPositive int      `json:"train_positive"`
	TestRows      int      `json:"test_rows"`
	TestPositive  int      `json:"test_positive"`
	Folds         int      `json:"folds"`
	Tuned         bool     `json:"tuned"`
	Seed          uint64   `json:"seed"`
	Models        []Judged `json:"models"`
	Best          int      `json:"best"` // index of the highest AUC
	Verdict       []string `json:"verdict"`
	Notes         []string `json:"notes"`

	chance float64 // p-value of the best AUC against scores that say nothing, times the number of models that it is the best of
}

// Judged is one model. All measures are of the test rows.
type Judged struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Failed string `json:"failed,omitempty"` // why there are no figures

	AUC              Number `json:"auc"`
	AUCLow           Number `json:"auc_low"` // DeLong's 95% interval
	AUCHigh          Number `json:"auc_high"`
	AveragePrecision Number `json:"average_precision"`
	LogLoss          Number `json:"log_loss"`
	Brier            Number `json:"brier"`
	ECE              Number `json:"ece"`      // over Bins bins of equal mass
	Accuracy         Number `json:"accuracy"` // at a threshold of .5

	Threshold Number `json:"threshold"` // of the highest F1 on the training rows' folds
	F1        Number `json:"f1"`        // at Threshold, as the two below
	Precision Number `json:"precision"`
	Recall    Number `json:"recall"`

	FromBest     Number `json:"from_best"` // AUC of the best less this one's
	FromBestLow  Number `json:"from_best_low"`
	FromBestHigh Number `json:"from_best_high"`
	P            Number `json:"p"` // of that difference, DeLong's test, after Holm's correction; NaN for the best

	FitSeconds     Number `json:"fit_seconds"`     // on all training rows, once
	FoldSeconds    Number `json:"fold_seconds"`    // of the fits for calibration and threshold
	TuneSeconds    Number `json:"tune_seconds"`    // of the grid
	PredictSeconds Number `json:"predict_seconds"` // of all test rows

	Calibrated string          `json:"calibrated"` // how the model's own probabilities were: "", "platt" or "isotonic"
	Settings   json.RawMessage `json:"settings,omitempty"`
	Tried      []Tried         `json:"tried,omitempty"` // where settings were tuned

	Model         learn.Model `json:"-"` // nil for the base rate and for one that failed
	Probabilities []float64   `json:"-"` // of the test rows; nil for one that failed
}

// Tried are settings that were tried on the folds of the training rows.
type Tried struct {
	Settings json.RawMessage `json:"settings"`
	AUC      Number          `json:"auc"` // mean over the folds
	Seconds  Number          `json:"seconds"`
	Failed   string          `json:"failed,omitempty"`
}

// rank finds the best model, holds the others against it, and puts the outcome in words.
func (r *Result) rank(y []bool) error {
	var at []int
	var scores [][]float64
	var reasons []string
	for k := range r.Models {
		m := &r.Models[k]
		nan := Number(math.NaN())
		m.FromBest, m.FromBestLow, m.FromBestHigh, m.P = nan, nan, nan, nan
		if m.Failed != "" {
			for _, v := range []*Number{&m.AUC, &m.AUCLow, &m.AUCHigh, &m.AveragePrecision, &m.LogLoss, &m.Brier, &m.ECE, &m.Accuracy,
				&m.Threshold, &m.F1, &m.Precision, &m.Recall, &m.FitSeconds, &m.FoldSeconds, &m.TuneSeconds, &m.PredictSeconds} {
				*v = nan
			}
			reasons = append(reasons, m.Title+": "+m.Failed)
			continue
		}
		at, scores = append(at, k), append(scores, m.Probabilities)
	}
	if len(at) == 0 {
		return errors.New("no model could be fitted: " + strings.Join(reasons, "; "))
	}
	against, err := learn.CompareWithBest(y, scores)
	if err != nil {
		return err
	}
	p := make([]float64, len(against))
	for k, a := range against {
		m := &r.Models[at[k]]
		if p[k] = a.Difference.P; a.Best {
			r.Best, m.FromBest, p[k] = at[k], 0, math.NaN()
			r.chance = min(1, float64(len(at))*chance(a.Value, r.TestPositive, r.TestRows-r.TestPositive))
			continue
		}
		m.FromBest, m.FromBestLow, m.FromBestHigh = Number(a.Difference.Difference), Number(a.Difference.Low), Number(a.Difference.High)
	}
	for k, a := range against {
		// A difference without any spread is that of rows in perfect order from rows in none.
		if !a.Best && math.IsNaN(p[k]) && a.Value == .5 {
			p[k] = r.chance / float64(len(at)) // Holm corrects it
		}
	}
	for k, q := range learn.Holm(p) {
		r.Models[at[k]].P = Number(q)
	}
	r.say()
	return nil
}

// chance is the p-value, two-sided, of an AUC under the hypothesis that the scores say nothing (Mann and Whitney, Annals of
// Mathematical Statistics 18, 1947, by the normal approximation).
func chance(auc float64, yes, no int) float64 {
	se := math.Sqrt(float64(yes+no+1) / (12 * float64(yes) * float64(no)))
	return math.Erfc(math.Abs(auc-.5) / se / math.Sqrt2)
}

// say writes the verdict.
func (r *Result) say() {
	best := &r.Models[r.Best]
	var worse, alike, unknown []string
	for k := range r.Models {
		switch m := &r.Models[k]; {
		case k == r.Best || m.Failed != "":
		case math.IsNaN(float64(m.P)):
			unknown = append(unknown, m.Title)
		case m.P < .05:
			worse = append(worse, m.Title)
		default:
			alike = append(alike, m.Title)
		}
	}
	if best.AUCLow <= .5 || r.chance >= .05 {
		r.Verdict = append(r.Verdict, fmt.Sprintf("No model is shown to do better than chance, not even the %s, whose AUC is the highest.", best.Title))
	}
	r.Verdict = append(r.Verdict, fmt.Sprintf("Best by AUC: %s, %.4f (95%% interval %.4f to %.4f).", best.Title, best.AUC, best.AUCLow, best.AUCHigh))
	if best.AUC == 1 {
		r.Verdict = append(r.Verdict, "It puts every positive test row above every other one: such an order has no spread to take an interval from. Is a column among them that is only known together with the label?")
	}
	if len(worse) > 0 {
		r.Verdict = append(r.Verdict, fmt.Sprintf("Its lead is real (p below .05 after Holm's correction) over: %s.", strings.Join(worse, ", ")))
	}
	if len(alike) > 0 {
		r.Verdict = append(r.Verdict, fmt.Sprintf("Its lead may be chance over: %s. Of these, take the one that is simplest or quickest.", strings.Join(alike, ", ")))
	}
	if len(unknown) > 0 {
		r.Verdict = append(r.Verdict, fmt.Sprintf("Whether its lead is real cannot be tested, since the difference has no spread, over: %s.", strings.Join(unknown, ", ")))
	}
}
