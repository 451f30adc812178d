package analysis

import (
	"math"
	"strings"

	"github.com/seguefeed/segue/internal/stat"
)

// FalseDiscovery is the share of false findings accepted among all tested findings of a run: a q-value above it is "no
// difference seen".
const FalseDiscovery = .05

// Negligible is the standardised size of effect (Finding.Weight: Cramer's V, |r|, Cliff's delta, a difference of shares)
// below which a difference, however certain, is called negligible. With two million users a V of .002 is far
// beyond chance and of no use to anybody; .02 is a fifth of what Cohen calls small.
const Negligible = .02

// described is a finding that counts or states and tests nothing. weight as Finding.Weight.
func described(sentence string, effect *Effect, weight float64) Finding {
	return Finding{Sentence: sentence, Grade: Descriptive, Effect: effect, Weight: bounded(weight)}
}

// tested is a finding that depends on a test. seen is its sentence if the corrected test shows a difference, none if it
// does not; both end with a full stop. Where the data allowed no test, the finding says so: that no difference was seen would claim that one was
// looked for.
func tested(name string, t stat.Test, effect Effect, weight float64, seen, none string) Finding {
	f := Finding{Sentence: seen, Grade: Association, Effect: &effect, Weight: bounded(weight), none: none}
	if !t.Known() {
		return untested(effect)
	}
	f.Test = &Test{Name: name, Statistic: t.Statistic, P: t.P, Q: math.NaN()}
	if !(f.Weight >= Negligible) {
		f.Sentence = strings.TrimSuffix(seen, ".") + "; the size of the effect is negligible."
	}
	return f
}

// untested is the finding of a comparison that the data do not allow.
func untested(effect Effect) Finding {
	f := Finding{Sentence: "Not tested, since there are too few data or nothing in them varies: " + effect.Name + ".", Grade: Descriptive}
	if !math.IsNaN(effect.Value) && !math.IsInf(effect.Value, 0) {
		f.Effect = &effect
	}
	return f
}

// settle grades a tested finding by its q-value.
func (f *Finding) settle(q float64) {
	f.Test.Q = q
	if f.none == "" || q <= FalseDiscovery {
		return
	}
	f.Sentence, f.Grade = f.none, NoDifference
	f.Weight = 0 // what was not seen is not ranked
}

// effectOf is an effect from an estimate.
func effectOf(name string, e stat.Estimate, unit Unit) Effect {
	return Effect{Name: name, Value: e.Value, Low: e.Low, High: e.High, Unit: unit}
}

// exactly is the effect of a figure of the whole log, where nothing was sampled or compared.
func exactly(name string, v float64, unit Unit) *Effect {
	return &Effect{Name: name, Value: v, Low: v, High: v, Unit: unit}
}

// bounded holds a weight in [0, 1]; what is not known weighs nothing.
func bounded(w float64) float64 {
	w = math.Abs(w)
	if !(w > 0) {
		return 0
	}
	return min(1, w)
}

// nothing is the finding of a question for which the log holds no data.
func nothing(sentence string) Answer {
	return Answer{Findings: []Finding{described(sentence, nil, 0)}}
}
