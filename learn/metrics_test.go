package learn

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// metricCase holds rows and what scikit-learn makes of them; testdata/metrics/reference.py made it.
type metricCase struct {
	Y                     []bool
	P                     []float64
	W                     []float32
	AUC, AP, LogLoss, MSE float64
	At                    [][]float64
	FPR, TPR              []float64
	Precision, Recall     []float64
	Calibration           map[string][][]float64
	IsoX, IsoY            []float64
	IsoAt                 [][]float64
}

type metricReference struct {
	Cases []metricCase
	Platt struct {
		F  []float64
		Y  []bool
		W  []float32
		AB [][]float64
	}
	Binomial [][]float64
	Shoppers struct {
		AUC, AUCExits, AP, LogLoss, MSE, IsoMSE float64
		IsoPoints                               int
		Calibration                             [][]float64
	}
}

func readStored(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func metricReferences(t *testing.T) (r metricReference) {
	t.Helper()
	readStored(t, "testdata/metrics/reference.json", &r)
	return r
}

// agree holds got to want within an absolute error.
func agree(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

func agreeAll(t *testing.T, what string, got, want []float64, within float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		agree(t, fmt.Sprintf("%s[%d]", what, i), got[i], want[i], within)
	}
}

func TestMetricsAgainstReference(t *testing.T) {
	for i, c := range metricReferences(t).Cases {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			agree(t, "AUC", AUC(c.Y, c.P, c.W), c.AUC, 1e-12)
			agree(t, "average precision", AveragePrecision(c.Y, c.P, c.W), c.AP, 1e-12)
			agree(t, "log loss", LogLoss(c.Y, c.P, c.W), c.LogLoss, 1e-12)
			agree(t, "MSE", MSE(c.Y, c.P, c.W), c.MSE, 1e-12)
			for _, at := range c.At {
				m := ConfusionAt(c.Y, c.P, c.W, at[0])
				agreeAll(t, fmt.Sprint("at ", at[0]), []float64{m.TP, m.FP, m.FN, m.TN, Accuracy(c.Y, c.P, c.W, at[0]),
					Precision(c.Y, c.P, c.W, at[0]), Recall(c.Y, c.P, c.W, at[0]), F1(c.Y, c.P, c.W, at[0])}, at[1:], 1e-9)
			}
		})
	}
}

func TestMetricsByHand(t *testing.T) {
	y := []bool{true, false, true, false}
	p := []float64{.9, .5, .5, .2}
	// Pairs: .9 beats both negatives, .5 ties with .5 and beats .2: (1 + 1 + .5 + 1) / 4.
	agree(t, "AUC", AUC(y, p, nil), 3.5/4, 1e-15)
	// At .9: precision 1, recall gained 1/2. At .5: precision 2/3, recall gained 1/2.
	agree(t, "average precision", AveragePrecision(y, p, nil), .5+1./3, 1e-15)
	// (.01 + .25 + .25 + .04) / 4
	agree(t, "MSE", MSE(y, p, nil), .55/4, 1e-15)
	// The weight 3 on the tied negative: positives 2, negatives 4: (4 + 3/2 + 1) / 8.
	agree(t, "weighted AUC", AUC(y, p, []float32{1, 3, 1, 1}), 6.5/8, 1e-15)
	// Of the top half: .9 whole and one of the two at .5, which is positive half the time: 1.5 of 2.
	agree(t, "gain", Gain(y, p, nil, .5), .75, 1e-15)
	agree(t, "lift", Lift(y, p, nil, .5), 1.5, 1e-15)
	agree(t, "gain of all", Gain(y, p, nil, 1), 1, 0)
	agree(t, "log loss of a certain error", LogLoss([]bool{true}, []float64{0}, nil), 52*math.Ln2, 1e-12)
	if got := At(.5, F1)(y, p, nil); got != .8 { // 2 right of 3 picked, 2 of 2 found: 4/5
		t.Errorf("F1 %v", got)
	}
}

func TestMetricsThatHaveNoValue(t *testing.T) {
	all := map[string]Metric{"AUC": AUC, "AveragePrecision": AveragePrecision, "MSE": MSE, "LogLoss": LogLoss,
		"Accuracy": At(.5, Accuracy), "Precision": At(.5, Precision), "Recall": At(.5, Recall), "F1": At(.5, F1), "Gain": At(.5, Gain), "Lift": At(.5, Lift),
		"ECE": func(y []bool, p []float64, w []float32) float64 { return ECE(y, p, w, 5, EqualMass) }}
	y, p := []bool{true, false}, []float64{.7, .4}
	nan := math.NaN()
	for name, m := range all {
		if v := m(y, p, nil); v != v {
			t.Errorf("%s of good rows is NaN", name)
		}
		for what, v := range map[string]float64{
			"no rows": m(nil, nil, nil), "fewer scores": m(y, p[:1], nil), "fewer weights": m(y, p, []float32{1}), "a score NaN": m(y, []float64{.1, nan}, nil),
			"a negative weight": m(y, p, []float32{1, -1}), "an infinite weight": m(y, p, []float32{1, float32(math.Inf(1))}), "no weight": m(y, p, []float32{0, 0}),
		} {
			if v == v {
				t.Errorf("%s with %s: %v, want NaN", name, what, v)
			}
		}
	}
	for what, v := range map[string]float64{
		"AUC of positives": AUC([]bool{true, true}, p, nil), "AUC of negatives": AUC([]bool{false, false}, p, nil), "AP without positives": AveragePrecision([]bool{false, false}, p, nil),
		"precision of nothing": Precision(y, p, nil, .8), "recall without positives": Recall([]bool{false, false}, p, nil, .5), "lift at 0": Lift(y, p, nil, 0),
		"log loss of 1.5": LogLoss(y, []float64{1.5, 0}, nil), "MSE of -1": MSE(y, []float64{-1, 0}, nil), "gain at 2": Gain(y, p, nil, 2),
	} {
		if v == v {
			t.Errorf("%s: %v, want NaN", what, v)
		}
	}
}

// A weight of k is k equal rows, for every metric; and the order of the rows does not matter.
func TestMetricsOfWeightsAndRepeatedRows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 0))
	var y, y2 []bool
	var p, p2 []float64
	var w []float32
	for range 300 {
		v, yes, k := math.Round(r.Float64()*40)/40, r.IntN(3) == 0, r.IntN(4)
		y, p, w = append(y, yes), append(p, v), append(w, float32(k))
		for range k {
			y2, p2 = append(y2, yes), append(p2, v)
		}
	}
	r.Shuffle(len(y2), func(i, j int) { y2[i], y2[j] = y2[j], y2[i]; p2[i], p2[j] = p2[j], p2[i] })
	for name, m := range map[string]Metric{"AUC": AUC, "AP": AveragePrecision, "MSE": MSE, "LogLoss": LogLoss, "F1": At(.4, F1), "Gain": At(.13, Gain),
		"ECE": func(y []bool, p []float64, w []float32) float64 { return ECE(y, p, w, 7, EqualWidth) }} {
		agree(t, name, m(y, p, w), m(y2, p2, nil), 1e-12)
	}
}

func TestAscending(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 0))
	p := []float64{math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 5e-324, -5e-324, 1, -1}
	for range 2000 {
		p = append(p, math.Round(r.NormFloat64()*100)/7, r.NormFloat64()*math.Exp(20*r.NormFloat64()))
	}
	want := make([]int32, len(p))
	for i := range want {
		want[i] = int32(i)
	}
	slices.SortStableFunc(want, func(a, b int32) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	if got := ascending(p); !slices.Equal(got, want) {
		t.Error("the order is not that of a stable sort")
	}
	slices.Sort(p)
	if ascending(p) != nil {
		t.Error("sorted scores need no order")
	}
}

// scoredRows makes n rows with scores of an AUC near .8.
func scoredRows(n int, seed uint64) (y []bool, p []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	y, p = make([]bool, n), make([]float64, n)
	for i := range n {
		f := 1.4*r.NormFloat64() - 1
		p[i] = 1 / (1 + math.Exp(-f))
		y[i] = r.Float64() < p[i]
	}
	return y, p
}

// shopperNumbers are columns of the real table of online shoppers, and whether they bought.
func shopperNumbers(t *testing.T, columns ...string) (x [][]float64, bought []bool) {
	t.Helper()
	f, err := os.Open("../../shared/data/online_shoppers/online_shoppers_intention.csv")
	if err != nil {
		t.Skip("the table of online shoppers is not beside the checkout: ", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	x = make([][]float64, len(columns))
	for _, row := range rows[1:] {
		for j, c := range columns {
			v, err := strconv.ParseFloat(row[slices.Index(rows[0], c)], 64)
			if err != nil {
				t.Fatal(err)
			}
			x[j] = append(x[j], v)
		}
		bought = append(bought, row[slices.Index(rows[0], "Revenue")] == "TRUE")
	}
	return x, bought
}

func TestMetricsOfOnlineShoppers(t *testing.T) {
	x, y := shopperNumbers(t, "PageValues", "ExitRates")
	want := metricReferences(t).Shoppers
	value, stay, p := x[0], make([]float64, len(y)), make([]float64, len(y))
	for i := range y {
		stay[i], p[i] = -x[1][i], 1/(1+math.Exp(2.5-value[i]/10))
	}
	agree(t, "AUC", AUC(y, value, nil), want.AUC, 1e-12)
	agree(t, "AUC of exits", AUC(y, stay, nil), want.AUCExits, 1e-12)
	agree(t, "average precision", AveragePrecision(y, value, nil), want.AP, 1e-12)
	agree(t, "log loss", LogLoss(y, p, nil), want.LogLoss, 1e-12)
	agree(t, "MSE", MSE(y, p, nil), want.MSE, 1e-12)
	var share, predicted []float64
	for _, b := range Calibration(y, p, nil, 10, EqualWidth) {
		share, predicted = append(share, b.Share), append(predicted, b.Predicted)
	}
	agreeAll(t, "shares", share, want.Calibration[0], 1e-12)
	agreeAll(t, "predicted", predicted, want.Calibration[1], 1e-12)
	m, err := FitIsotonic(y, value, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range value {
		p[i] = m.At(v)
	}
	agree(t, "MSE of isotonic regression", MSE(y, p, nil), want.IsoMSE, 1e-12)
	if len(m.X) != want.IsoPoints {
		t.Errorf("%d points, want %d", len(m.X), want.IsoPoints)
	}
	// DeLong and the bootstrap must agree also with nine tenths of the scores tied at 0.
	d, err := CompareAUC(y, value, stay)
	if err != nil {
		t.Fatal(err)
	}
	b, err := BootstrapDifference(context.Background(), y, value, stay, nil, nil, AUC, BootstrapConfig{Replicates: 400})
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "SE of the difference", b.Difference.SE, d.SE, .12*d.SE) // 400 replicates know it within 3.5%
	agree(t, "SE", b.A.SE, d.A.SE, .12*d.A.SE)
}

func BenchmarkAUC(b *testing.B) {
	for _, n := range []int{70_000, 600_000} {
		y, p := scoredRows(n, 1)
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			for b.Loop() {
				AUC(y, p, nil)
			}
		})
	}
}
