// Rankers and regressions in files that somebody else has had a hand in.

package learn

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"
)

// sealed is a file of any body with a checksum that fits.
func sealed(kind string, body []byte) []byte {
	b := []byte(fileMagic)
	b = binary.LittleEndian.AppendUint16(b, fileVersion)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(kind)))
	b = append(b, kind...)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(body)))
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

var savedScorers = []string{"lambdamart", "linear ranking", "boosted regression", "linear regression"}

// growOn grows two small trees, so that a fuzzer changes what matters.
func growOn(d *RankData) []GrownTree {
	r := rand.New(rand.NewPCG(1, 1))
	return []GrownTree{randomTree(r, d.Columns, 4), randomTree(r, d.Columns, 3)}
}

// Whatever a file with a fitting checksum holds: it is refused, or the model can be asked and compiled, and trees say the same
// both ways.
func FuzzLoadScorer(f *testing.F) {
	d, _ := plantedRanking(60, 1)
	trees := growOn(d)
	seeds := []Model{
		&LambdaMARTModel{Columns: d.Columns, Trees: trees},
		&LinearRankingModel{Columns: d.Columns[:2], Coef: []float64{1, -2}},
		&BoostRegressionModel{Columns: d.Columns, Base: 3, Log: true, Trees: trees},
		&LinearRegressionModel{Columns: d.Columns[:2], Intercept: 1, Coef: []float64{1, -2}},
	}
	for _, m := range seeds {
		if err := m.valid(); err != nil {
			f.Fatal(err)
		}
		kind, ok := kindOf(m)
		if !ok {
			f.Fatalf("a %T has no kind", m)
		}
		var body bytes.Buffer
		if err := gob.NewEncoder(&body).Encode(m); err != nil {
			f.Fatal(err)
		}
		for k, name := range savedScorers {
			if name == kind {
				f.Add(uint8(k), body.Bytes())
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		m, err := Load(bytes.NewReader(sealed(savedScorers[int(kind)%len(savedScorers)], body)))
		if err != nil {
			return
		}
		if len(m.Inputs()) > 1000 {
			return
		}
		x := NewMatrix(3, len(m.Inputs()))
		for i := range x.Data {
			x.Data[i] = float32(i%7) - 2
		}
		p, out := make([]float64, 3), make([]float32, 3)
		predictErr := m.Predict(x, p)
		flat, err := Compile(m)
		if err != nil {
			t.Fatalf("a %T that was loaded is not compiled: %v", m, err)
		}
		scoreErr := flat.Score(x.Data, out)
		if flat.linear != nil {
			return // coefficients beyond reason overflow in one order of adding and not in another
		}
		for i, v := range out {
			if predictErr != nil || scoreErr != nil || float32(p[i]) != v {
				t.Fatalf("row %d: %v (%v) and, compiled, %v (%v)", i, p[i], predictErr, v, scoreErr)
			}
		}
	})
}

// A damaged model is refused, not asked.
func TestValidScorers(t *testing.T) {
	d, _ := plantedRanking(60, 1)
	seconds, _ := viewSeconds(300, 1)
	fit := func() []Model {
		models, errs := rankers(t.Context(), d, 1)
		more, others := regressors(t.Context(), seconds, 1)
		for _, err := range append(errs, others...) {
			if err != nil {
				t.Fatal(err)
			}
		}
		return append(models, more...)
	}
	damage := map[string]func(m Model) bool{ // true: it has such a thing
		"no columns": func(m Model) bool {
			switch m := m.(type) {
			case *LambdaMARTModel:
				m.Columns = nil
			case *LinearRankingModel:
				m.Columns = nil
			case *BoostRegressionModel:
				m.Columns = nil
			case *LinearRegressionModel:
				m.Columns = nil
			}
			return true
		},
		"a value": func(m Model) bool {
			nan, inf := math.NaN(), math.Inf(1)
			switch m := m.(type) {
			case *LambdaMARTModel:
				m.Trees[0].Value[0] = float32(nan)
			case *LinearRankingModel:
				m.Coef[1] = inf
			case *BoostRegressionModel:
				m.Base = nan
			case *LinearRegressionModel:
				m.Intercept = inf
			}
			return true
		},
		"a tree": func(m Model) bool {
			switch m := m.(type) {
			case *LambdaMARTModel:
				m.Trees[0].Nodes[0].Left = 0
			case *BoostRegressionModel:
				m.Trees[0].Depth++
			default:
				return false
			}
			return true
		},
	}
	for name, f := range damage {
		for _, m := range fit() {
			if err := m.valid(); err != nil {
				t.Fatal(err)
			}
			if f(m) && m.valid() == nil {
				t.Errorf("%s of a %T: no error", name, m)
			}
		}
	}
}
