// Networks in files, and what a network makes of bad input and an early end.

package learn

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestNetworkBadInput(t *testing.T) {
	d := caseStudy(300, 1)
	for want, cfg := range map[string]NetworkConfig{
		"hidden layer of 0 units":    {Hidden: []int{4, 0}},
		"no hidden layer":            {Hidden: []int{}},
		"more than 268435456":        {Hidden: []int{65536, 65536}},
		"none can be negative":       {Batch: -1},
		"learning rate NaN":          {Rate: math.NaN()},
		"L2 -1":                      {L2: -1},
		"dropout 1":                  {Dropout: 1},
		"held-out share 1":           {ValidShare: 1},
		"cannot be held out":         {ValidShare: .001},
		"no longer a finite number":  {Rate: 1e30},
		"are no longer finite":       {Rate: 1e300, Batch: 300, Epochs: 1},
		"lower the learning rate 1e": {Rate: 1e25},
	} {
		if _, err := FitNetwork(t.Context(), d, cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	m, err := FitNetwork(t.Context(), d, NetworkConfig{Epochs: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		x := d.X.Take([]int32{4, 5})
		x.Row(1)[3] = v
		if err := m.Predict(x, make([]float64, 2)); err == nil || !strings.Contains(err.Error(), "row 1 holds") {
			t.Errorf("%v: %v", v, err)
		}
	}
	far := d.X.Take([]int32{4})
	for j := range far.Data {
		far.Data[j] = 3e38
	}
	p := []float64{7}
	if err := m.Predict(far, p); err == nil && !(p[0] >= 0 && p[0] <= 1) {
		t.Errorf("a probability of %v", p[0])
	}
	if err := m.Predict(NewMatrix(2, 3), make([]float64, 2)); err == nil {
		t.Error("a matrix of three columns is predicted")
	}
}

// A batch of more rows than there are is one of all, whatever its size says.
func TestNetworkFullBatch(t *testing.T) {
	d := caseStudy(700, 1)
	var layers [2][]NetworkLayer
	for k, batch := range []int{700, 1 << 40} {
		m, err := FitNetwork(t.Context(), d, NetworkConfig{Batch: batch, Epochs: 3})
		if err != nil {
			t.Fatal(err)
		}
		layers[k] = m.Layers
	}
	if !reflect.DeepEqual(layers[0], layers[1]) {
		t.Error("other weights")
	}
	// Of the positive rows only one has a weight: it cannot be on both sides.
	d.Weight = make([]float32, 700)
	one := false
	for i, y := range d.Y {
		if !y || !one {
			d.Weight[i] = 1
			one = one || y
		}
	}
	if _, err := FitNetwork(t.Context(), d, NetworkConfig{ValidShare: .3, Balanced: true}); !errors.Is(err, ErrOneClass) {
		t.Errorf("%v", err)
	}
}

func TestNetworkCancelled(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	d := caseStudy(20000, 1)
	var at time.Time
	_, err := FitNetwork(ctx, d, NetworkConfig{Epochs: 100000, Progress: func(epoch int, _, _ float64) {
		if epoch == 2 {
			at = time.Now()
			cancel(why)
		}
	}})
	if !errors.Is(err, why) {
		t.Errorf("%v, want the cause", err)
	}
	if took := time.Since(at); took > time.Second {
		t.Errorf("ended %v after", took)
	}
	for i := 0; runtime.NumGoroutine() > before; i++ {
		if i == 100 {
			t.Fatal("goroutines are left")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestNetworkSaved(t *testing.T) {
	d := caseStudy(500, 1)
	m, err := FitNetwork(t.Context(), d, NetworkConfig{Epochs: 2})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Save(&b, m); err != nil {
		t.Fatal(err)
	}
	got, err := Load(&b)
	if err != nil {
		t.Fatal(err)
	}
	samePredictions(t, m, got, d.X)

	damage := map[string]func(*NetworkModel){
		"no layers":  func(m *NetworkModel) { m.Layers = nil },
		"one layer":  func(m *NetworkModel) { m.Layers = m.Layers[3:] },
		"no columns": func(m *NetworkModel) { m.Columns = nil },
		"short W":    func(m *NetworkModel) { m.Layers[1].W = m.Layers[1].W[:10] },
		"short B":    func(m *NetworkModel) { m.Layers[0].B = nil },
		"wide":       func(m *NetworkModel) { m.Layers[0].Out = 1 << 40 },
		"negative":   func(m *NetworkModel) { m.Layers[2].Out = -6 },
		"no units":   func(m *NetworkModel) { m.Layers[2].Out = 0 },
		"other in":   func(m *NetworkModel) { m.Layers[1].In = 27 },
		"NaN":        func(m *NetworkModel) { m.Layers[3].B[0] = float32(math.NaN()) },
		"outputs":    func(m *NetworkModel) { m.Layers = m.Layers[:3] },
	}
	for name, f := range damage {
		bad, err := FitNetwork(t.Context(), d, NetworkConfig{Epochs: 1})
		if err != nil {
			t.Fatal(err)
		}
		f(bad)
		if bad.valid() == nil {
			t.Errorf("%s: taken as valid", name)
		}
	}
}

// samePredictions holds the predictions of b to those of a, bit for bit.
func samePredictions(t *testing.T, a, b Model, x *Matrix) {
	t.Helper()
	p, q := make([]float64, x.Rows), make([]float64, x.Rows)
	if err := a.Predict(x, p); err != nil {
		t.Fatal(err)
	}
	if err := b.Predict(x, q); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, q) {
		t.Error("other predictions")
	}
	if !reflect.DeepEqual(a.Inputs(), b.Inputs()) {
		t.Error("other columns")
	}
}
