// Linear models compiled for scoring, with the encoder before them: the columns that an encoder makes of a row are never written
// down. A number adds what its encoding times its coefficient is, a category a number out of a table.

package learn

import (
	"fmt"
	"math"
	"slices"
)

// flatLinear is a linear score of raw rows.
type flatLinear struct {
	intercept float64
	terms     []flatTerm
}

// flatTerm is what one column adds.
type flatTerm struct {
	column   int32
	log      bool
	category bool
	mean     float64
	scale    float64 // 1 over the standard deviation: products cost less than quotients
	coef     float64
	missing  float64   // added where the value is missing, or an unknown category
	level    []float64 // added for each category
}

// linearParts are the coefficients of a linear model, and what it makes of its score; ok is false for another model.
func linearParts(m Model) (coef []float64, intercept float64, link flatLink, ok bool) {
	switch m := m.(type) {
	case *LogisticModel:
		return m.Coef, m.Intercept, flatLogistic, true
	case *LinearRankingModel:
		return m.Coef, 0, flatSum, true
	case *LinearRegressionModel:
		return m.Coef, m.Intercept, flatSum, true
	}
	return nil, 0, flatSum, false
}

// compileLinear compiles a linear model, of rows that are encoded first unless e is nil.
func compileLinear(coef []float64, intercept float64, e *Encoder) *flatLinear {
	f := &flatLinear{intercept: intercept}
	if e == nil {
		for j, w := range coef {
			f.terms = append(f.terms, flatTerm{column: int32(j), scale: 1, coef: w, missing: math.NaN()})
		}
		return f
	}
	for j, s := range e.Steps {
		t := flatTerm{column: int32(j), log: s.Log, mean: s.Mean, scale: 1 / s.SD}
		if s.Levels == nil {
			t.coef = coef[s.Output]
			t.missing = float64(float32((s.Fill-s.Mean)/s.SD)) * t.coef
		} else {
			t.category, t.level = true, make([]float64, len(e.In[j].Levels))
			for l, o := range s.Levels {
				if o >= 0 {
					t.level[l] = coef[o]
				}
			}
		}
		if s.Missing >= 0 {
			t.missing += coef[s.Missing]
		}
		if t.coef != 0 || t.missing != 0 || slices.ContainsFunc(t.level, func(w float64) bool { return w != 0 }) { // a part of a model may leave most columns to the others
			f.terms = append(f.terms, t)
		}
	}
	return f
}

// score is the score of a row.
func (f *flatLinear) score(row []float32) float64 {
	sum := f.intercept
	for j := range f.terms {
		t := &f.terms[j]
		v := row[t.column]
		switch {
		case v != v:
			sum += t.missing
		case t.category:
			if v >= 0 && v < float32(len(t.level)) { // as in Encoder, which takes the whole part
				sum += t.level[int(v)]
			}
		default:
			z := float64(v)
			if t.log {
				z = signedLog(z)
			}
			sum += float64(float32((z-t.mean)*t.scale)) * t.coef
		}
	}
	return sum
}

// linearScores writes what the model says of rows.
func (f *Flat) linearScores(rows, out []float32) error {
	p := len(f.inputs)
	for i := range out {
		v := f.linear.score(rows[i*p : (i+1)*p])
		if v-v != 0 {
			return fmt.Errorf("learn: row %d has a missing or infinite value: fill it first (Encoder)", i)
		}
		out[i] = float32(f.finish(v))
	}
	return nil
}
