// Regressions and ranking metrics held to reference values of scikit-learn (testdata/rank/reference.py).

package learn

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

type rankReference struct {
	X      [][]float32
	Y      []float32
	Weight []float32
	Boost  []struct {
		Weighted             bool
		Trees, Leaves, Depth int
		Rate, MinLeaf        float64
		Predicted            []float64
	}
	Ridge []struct {
		Weighted      bool
		L2, Intercept float64
		Coef          []float64
	}
	NDCG []struct {
		Grade               []float32
		Score               []float64
		K                   int
		Exponential, Linear float64
	}
	AUC []struct {
		Grade           []float32
		Score           []float64
		Weight          []float32
		Plain, Weighted float64
	}
	Loss []struct {
		Y             []float32
		Predicted     []float64
		Weight        []float32
		RMSE, MAE, R2 float64
		Deviance      [][2]float64
	}
}

func loadRankReference(t *testing.T) (r rankReference) {
	t.Helper()
	b, err := os.ReadFile("testdata/rank/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Boost) < 6 || len(r.Ridge) < 6 || len(r.NDCG) < 100 || len(r.AUC) < 20 || len(r.Loss) < 2 {
		t.Fatal("the reference is not whole")
	}
	return r
}

func TestRegressionsAgainstReference(t *testing.T) {
	r := loadRankReference(t)
	d := &RegressionData{X: NewMatrix(len(r.X), 4), Y: r.Y}
	for i, row := range r.X {
		copy(d.X.Row(i), row)
	}
	weighted := func(yes bool) *RegressionData {
		d.Weight = nil
		if yes {
			d.Weight = r.Weight
		}
		return d
	}
	for k, c := range r.Boost {
		cfg := BoostRegression{Trees: c.Trees, LearningRate: c.Rate, MaxLeaves: c.Leaves, MaxDepth: c.Depth, MinLeaf: c.MinLeaf}
		if c.Leaves == 0 {
			cfg.MaxLeaves = 1 << 20
		}
		if c.MinLeaf == 1 {
			cfg.MinLeaf = 1e-9
		}
		m, err := FitBoostRegression(t.Context(), weighted(c.Weighted), cfg)
		if err != nil {
			t.Fatal(err)
		}
		linearNear(t, "boosted "+strconv.Itoa(k), predicted(t, m, d.X), c.Predicted, 1e-6)
	}
	for _, c := range r.Ridge {
		m, err := FitLinearRegression(t.Context(), weighted(c.Weighted), LinearRegression{L2: c.L2})
		if err != nil {
			t.Fatal(err)
		}
		linearNear(t, "ridge", append(m.Coef, m.Intercept), append(c.Coef, c.Intercept), 1e-9)
	}
	for _, c := range r.Loss {
		linearNear(t, "losses", []float64{RMSE(c.Y, c.Predicted, c.Weight), MAE(c.Y, c.Predicted, c.Weight), R2(c.Y, c.Predicted, c.Weight)}, []float64{c.RMSE, c.MAE, c.R2}, 1e-12)
		for _, v := range c.Deviance {
			linearNear(t, "deviance", []float64{MeanDeviance(v[0], c.Y, c.Predicted, c.Weight)}, v[1:], 1e-12)
		}
	}
}

func TestRankMetricsAgainstReference(t *testing.T) {
	r := loadRankReference(t)
	one := func(v []float64, err error) float64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v[0]
	}
	for _, c := range r.NDCG {
		g := &Ranked{Group: []int32{0, int32(len(c.Score))}, Score: c.Score, Grade: c.Grade}
		linearNear(t, "NDCG", []float64{one(g.NDCG(c.K, nil)), one(g.NDCG(c.K, LinearGain))}, []float64{c.Exponential, c.Linear}, 1e-12)
	}
	for _, c := range r.AUC {
		g := &Ranked{Group: []int32{0, int32(len(c.Score))}, Score: c.Score, Grade: c.Grade}
		plain := one(g.AUC())
		g.Weight = c.Weight
		linearNear(t, "AUC", []float64{plain, one(g.AUC())}, []float64{c.Plain, c.Weighted}, 1e-12)
	}
}
