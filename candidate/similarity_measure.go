// How alike two rows are, given their product and lengths: one formula a measure, shared by item kNN and user kNN.

package candidate

import (
	"fmt"
	"math"
)

// Similarities of a target i, which is scored, and a source j, which speaks for it; p is the product of their weights, |i|^2
// the sum of i's squared weights, h the shrinkage.
const (
	SimilarityCosine  = "cosine"  // p / (|i|^(2-2a) |j|^(2a) + h) with a of Alpha: .5 is the cosine itself
	SimilarityJaccard = "jaccard" // p / (|i|^2 + |j|^2 - p + h): of values 1, what both have over what either has
	SimilarityDice    = "dice"    // 2p / (|i|^2 + |j|^2 + h)
	SimilarityTversky = "tversky" // p / (p + t (|i|^2-p) + s (|j|^2-p) + h), with t of TargetOnly and s of SourceOnly
)

type measure struct {
	similarity             string
	shrink, alpha          float64
	targetOnly, sourceOnly float64
}

// check says which setting is not as expected.
func (m measure) check(kind string) error {
	switch m.similarity {
	case SimilarityCosine, SimilarityJaccard, SimilarityDice, SimilarityTversky:
	default:
		return fmt.Errorf("candidate: %s: Similarity %q; cosine, jaccard, dice or tversky is expected", kind, m.similarity)
	}
	if !(m.alpha > 0 && m.alpha <= 1) {
		return fmt.Errorf("candidate: %s: Alpha is %v; above 0 to 1 is expected", kind, m.alpha)
	}
	return checkSettings(kind, 0, 0, map[string]float64{"Shrink": m.shrink, "TargetOnly": m.targetOnly, "SourceOnly": m.sourceOnly})
}

// lengths are the lengths by which formula wants targets and sources to be given, of their squared ones.
func (m measure) lengths(target, source []float64) (targets, sources []float64) {
	if m.similarity == SimilarityCosine {
		return powers(target, 1-m.alpha), powers(source, m.alpha)
	}
	return target, source
}

// formula is the similarity of a target and a source with product p, given what lengths made of theirs.
func (m measure) formula() func(target, source, p float64) float64 {
	h := m.shrink
	switch m.similarity {
	case SimilarityJaccard:
		return func(target, source, p float64) float64 { return p / (target + source - p + h) }
	case SimilarityDice:
		return func(target, source, p float64) float64 { return 2 * p / (target + source + h) }
	case SimilarityTversky:
		t, s := m.targetOnly, m.sourceOnly
		if t == 0 && s == 0 {
			t, s = .5, .5
		}
		return func(target, source, p float64) float64 { return p / (p + t*(target-p) + s*(source-p) + h) }
	}
	return func(target, source, p float64) float64 { return p / (target*source + h) }
}

// powers is each number to the power e; of 0 it is 0, whatever e.
func powers(x []float64, e float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		if v > 0 {
			out[i] = math.Pow(v, e)
		}
	}
	return out
}
