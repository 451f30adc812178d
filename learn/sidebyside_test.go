// Our side of the comparison with scikit-learn: testdata/bench/bench.py runs it.

package learn

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// sideBySide are the learners of the comparison, by the names that bench.py gives their counterparts. As there, support vector
// machines are fitted without probabilities: folds for these are no part of what is compared.
var sideBySide = map[string]Learner{
	"logistic":   Logistic{},
	"elasticnet": Logistic{Penalty: PenaltyElasticNet},
	"linearsvm":  LinearSVM{Folds: 1},
	"hingesvm":   LinearSVM{Loss: LossHinge, Folds: 1},
	"rbfsvm":     KernelSVM{Folds: -1},
	"rbfsvm100":  KernelSVM{C: 100, Folds: -1},
	"nystroem":   MappedSVM{Map: KernelMap{Components: 300, Seed: 1}, Folds: -1},
	"bayes":      NaiveBayes{},
	"tree":       Tree{MaxDepth: 10},
	"forest":     Forest{Trees: 1000, MaxDepth: 10, Seed: 1},
	"boosting":   Boost{},
	"network":    NetworkConfig{Epochs: 20, Batch: 256, L2: 1e-4, Seed: 1},
}

// TestSideBySide fits the learner named by SEGUE_LEARN_MODEL to the rows that TestWriteCaseStudy wrote to the directory
// SEGUE_LEARN_BENCH and prints one line of JSON.
func TestSideBySide(t *testing.T) {
	dir, name := os.Getenv("SEGUE_LEARN_BENCH"), os.Getenv("SEGUE_LEARN_MODEL")
	if dir == "" || name == "" {
		t.Skip("SEGUE_LEARN_BENCH and SEGUE_LEARN_MODEL name no directory and model")
	}
	learner, ok := sideBySide[name]
	if !ok {
		t.Fatalf("there is no model %q", name)
	}
	train, test := readCaseStudy(t, dir, ""), readCaseStudy(t, dir, ".test")
	runtime.GC()
	began, cpu := time.Now(), processorSeconds(t)
	m, err := learner.Fit(t.Context(), train)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{"fit": time.Since(began).Seconds(), "cpu": processorSeconds(t) - cpu}
	p := make([]float64, test.X.Rows)
	began = time.Now()
	if err := m.Predict(test.X, p); err != nil {
		t.Fatal(err)
	}
	out["predict"], out["auc"] = time.Since(began).Seconds(), AUC(test.Y, p, nil)
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	out["mb"] = float64(use.Maxrss) / 1024
	line, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(line))
}

func processorSeconds(t *testing.T) float64 {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	return float64(use.Utime.Nano()+use.Stime.Nano()) / 1e9
}

func readCaseStudy(t *testing.T, dir, name string) *Data {
	x, err := os.ReadFile(filepath.Join(dir, "X"+name+".f32"))
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(filepath.Join(dir, "y"+name+".u8"))
	if err != nil {
		t.Fatal(err)
	}
	d := &Data{X: NewMatrix(len(y), len(x)/4/len(y)), Y: make([]bool, len(y))}
	for i := range d.X.Data {
		d.X.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(x[4*i:]))
	}
	for i, v := range y {
		d.Y[i] = v != 0
	}
	return d
}
