// Kernel machines held to reference values of scikit-learn (testdata/kernel/reference.py).

package learn

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
)

// svmReference is what testdata/kernel/reference.py writes.
type svmReference struct {
	X, T  [][]float32
	Y     []bool
	W     []float32
	Cases []struct {
		Setting          string
		Gamma, Intercept float64
		Coef, Decision   []float64
	}
	Shoppers struct {
		Columns        []string
		AUC, Intercept float64
		Decision       []float64
	}
}

func readReference(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func matrixOf(rows [][]float32) *Matrix {
	m := NewMatrix(len(rows), len(rows[0]))
	for i, row := range rows {
		copy(m.Row(i), row)
	}
	return m
}

// shopperRows are the rows of the table of online shoppers, without its head.
func shopperRows(t *testing.T) [][]string {
	t.Helper()
	f, err := os.Open("../../shared/data/online_shoppers/online_shoppers_intention.csv")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the table of online shoppers is not beside the checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// rankAUC is the share of pairs of a positive and a negative row in which the positive one has the greater score, ties as
// half.
func rankAUC(score []float64, y []bool) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if score[a] < score[b] {
			return -1
		} else if score[a] > score[b] {
			return 1
		}
		return 0
	})
	var ranks, positive float64
	for at := 0; at < len(order); {
		end := at
		for end < len(order) && score[order[end]] == score[order[at]] {
			end++
		}
		for _, i := range order[at:end] {
			if y[i] {
				ranks += float64(at+1+end) / 2
				positive++
			}
		}
		at = end
	}
	return (ranks - positive*(positive+1)/2) / (positive * (float64(len(y)) - positive))
}

func TestKernelSVMAgainstReference(t *testing.T) {
	var r svmReference
	readReference(t, "testdata/kernel/reference.json", &r)
	d := &Data{X: matrixOf(r.X), Y: r.Y}
	weighted := &Data{X: d.X, Y: d.Y, Weight: r.W}
	test := matrixOf(r.T)
	for k, c := range []struct {
		d *Data
		c KernelSVM
	}{
		{d, KernelSVM{}},
		{d, KernelSVM{C: 100}},
		{d, KernelSVM{C: 10, Gamma: GammaAuto}},
		{d, KernelSVM{Gamma: 2}},
		{d, KernelSVM{Kernel: KernelPoly, Coef0: 1}},
		{d, KernelSVM{Kernel: KernelPoly, C: .5, Degree: 2, Gamma: .1}},
		{d, KernelSVM{Kernel: KernelLinear}},
		{d, KernelSVM{Balanced: true}},
		{d, KernelSVM{PositiveWeight: 3}},
		{weighted, KernelSVM{C: 2}},
	} {
		want := r.Cases[k]
		t.Run(want.Setting, func(t *testing.T) {
			c.c.Folds, c.c.Tolerance = -1, 1e-5
			m, err := FitKernelSVM(context.Background(), c.d, c.c)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Converged {
				t.Error("not converged")
			}
			if math.Abs(m.Gamma/want.Gamma-1) > 1e-9 {
				t.Errorf("gamma %v, want %v", m.Gamma, want.Gamma)
			}
			if math.Abs(m.Intercept-want.Intercept) > 1e-3 {
				t.Errorf("intercept %v, want %v", m.Intercept, want.Intercept)
			}
			got := make([]float64, len(r.T))
			if err := m.Decision(test, got); err != nil {
				t.Fatal(err)
			}
			for i, w := range want.Decision {
				if math.Abs(got[i]-w) > 1e-3*max(1, math.Abs(w)) {
					t.Errorf("decision of row %d: %v, want %v", i, got[i], w)
				}
			}
			coef, greatest := make([]float64, len(r.Y)), 0.
			for k, i := range m.Rows {
				coef[i] = m.Coef[k]
				if !slices.Equal(m.Support.Row(k), d.X.Row(int(i))) {
					t.Errorf("support vector %d is not row %d", k, i)
				}
			}
			for _, w := range want.Coef {
				greatest = max(greatest, math.Abs(w))
			}
			if c.c.Kernel == KernelLinear || c.c.Degree == 2 {
				return // the kernel matrix has less than full rank: many duals give the one decision
			}
			for i, w := range want.Coef {
				if math.Abs(coef[i]-w) > 1e-3*greatest {
					t.Errorf("dual coefficient of row %d: %v, want %v", i, coef[i], w)
				}
			}
		})
	}
}

func TestKernelSVMOnShoppers(t *testing.T) {
	var r svmReference
	readReference(t, "testdata/kernel/reference.json", &r)
	rows := shopperRows(t)
	var parts [2][][]float64
	var labels [2][]bool
	for i, row := range rows {
		if i%4 > 1 {
			continue
		}
		x := make([]float64, 10)
		for j := range x {
			var err error
			if x[j], err = strconv.ParseFloat(row[j], 64); err != nil {
				t.Fatal(err)
			}
		}
		parts[i%4], labels[i%4] = append(parts[i%4], x), append(labels[i%4], row[17] == "TRUE")
	}
	var sets [2]*Data
	for s := range sets {
		sets[s] = &Data{X: NewMatrix(len(parts[s]), 10), Y: labels[s]}
	}
	for j := range 10 {
		var mean, square float64
		for _, x := range parts[0] {
			mean += x[j] / float64(len(parts[0]))
		}
		for _, x := range parts[0] {
			square += (x[j] - mean) * (x[j] - mean) / float64(len(parts[0]))
		}
		for s := range sets {
			for i, x := range parts[s] {
				sets[s].X.Row(i)[j] = float32((x[j] - mean) / math.Sqrt(square))
			}
		}
	}
	m, err := FitKernelSVM(context.Background(), sets[0], KernelSVM{})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, sets[1].X.Rows)
	if err := m.Decision(sets[1].X, p); err != nil {
		t.Fatal(err)
	}
	for i, want := range r.Shoppers.Decision {
		if math.Abs(p[i]-want) > 3e-3 { // both solvers stop at violations of 1e-3
			t.Errorf("decision of row %d: %v, want %v", i, p[i], want)
		}
	}
	if auc := rankAUC(p, sets[1].Y); math.Abs(auc-r.Shoppers.AUC) > 1e-3 {
		t.Errorf("AUC %v, want %v", auc, r.Shoppers.AUC)
	}
	// Platt's probabilities are near the shares in sum.
	if err := m.Predict(sets[1].X, p); err != nil {
		t.Fatal(err)
	}
	var mean, share float64
	for i, v := range p {
		mean += v / float64(len(p))
		if sets[1].Y[i] {
			share += 1 / float64(len(p))
		}
	}
	if math.Abs(mean-share) > .02 {
		t.Errorf("mean probability %v, share of positives %v", mean, share)
	}
}
