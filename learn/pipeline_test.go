package learn

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// mixed are n rows with a number, some missing, and a category; the positive rows have a high number or the level "hot".
func mixed(n int, seed uint64) *Data {
	d := &Data{X: NewMatrix(n, 2), Columns: []Column{{Name: "x"}, {Name: "c", Levels: []string{"cold", "hot", "mild"}}}, Y: make([]bool, n)}
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range n {
		row := d.X.Row(i)
		row[0], row[1] = float32(100+20*r.NormFloat64()), float32(r.IntN(3))
		d.Y[i] = row[0] > 115 || row[1] == 1
		if r.IntN(20) == 0 {
			row[0] = nan32
		}
	}
	return d
}

var quick = NetworkConfig{Hidden: []int{6}, Epochs: 20, Batch: 32, Rate: .02}

func TestPipeline(t *testing.T) {
	d, test := mixed(9000, 1), mixed(9000, 2) // more than two blocks
	p := Pipeline{Encoder: EncoderConfig{Indicator: true}, Learner: quick}
	m, err := FitPipeline(t.Context(), d, p)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, test.X.Rows)
	if err := m.Predict(test.X, got); err != nil {
		t.Fatal(err)
	}
	if auc := AUC(test.Y, got, nil); auc < .96 {
		t.Errorf("AUC %v", auc)
	}
	// Block by block and at once are the same.
	all, err := m.Encoder.Encode(t.Context(), test)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float64, test.X.Rows)
	if err := m.Model.Predict(all.X, want); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("row %d: %v in blocks, %v at once", i, got[i], want[i])
		}
	}
	var b bytes.Buffer
	if err := Save(&b, m); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(&b)
	if err != nil {
		t.Fatal(err)
	}
	samePredictions(t, m, loaded, test.X)
	if p.Kind() != "network" || (Pipeline{}).Kind() != "pipeline" {
		t.Errorf("kinds %q, %q", p.Kind(), (Pipeline{}).Kind())
	}
	config, err := json.Marshal(p)
	if err != nil || !strings.Contains(string(config), `"Indicator":true`) || !strings.Contains(string(config), `"Rate":0.02`) {
		t.Errorf("as JSON %s, %v", config, err)
	}
}

func TestPipelineErrors(t *testing.T) {
	d := mixed(200, 1)
	for want, p := range map[string]Pipeline{
		"no learner":       {},
		"another pipeline": {Learner: Pipeline{Learner: quick}},
		"impute":           {Learner: quick, Encoder: EncoderConfig{Impute: "x"}},
		"dropout 2":        {Learner: NetworkConfig{Dropout: 2}},
	} {
		if m, err := p.Fit(t.Context(), d); err == nil || m != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v, want %q", m, err, want)
		}
	}
	m, err := FitPipeline(t.Context(), d, Pipeline{Learner: quick})
	if err != nil {
		t.Fatal(err)
	}
	x := mixed(5000, 3).X
	x.Row(4500)[0] = float32(math.Inf(1))
	if err := m.Predict(x, make([]float64, 5000)); err == nil || !strings.Contains(err.Error(), "rows from 4096 on: learn: network: row 404 ") {
		t.Errorf("an infinite number: %v", err) // 4500 - 4096
	}
	if err := m.Predict(NewMatrix(1, 3), make([]float64, 1)); err == nil {
		t.Error("three columns are predicted")
	}

	// What a damaged or a nested file gives is an error, not a panic.
	for name, bad := range map[string]*PipelineModel{
		"nested":       {Encoder: m.Encoder, Model: m},
		"other inputs": {Encoder: &Encoder{In: m.Encoder.In[:1], Out: m.Encoder.Out[:1], Source: m.Encoder.Source[:1], Steps: m.Encoder.Steps[:1]}, Model: m.Model},
	} {
		var b bytes.Buffer
		if err := Save(&b, bad); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(&b); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Save(new(bytes.Buffer), &PipelineModel{}); err == nil {
		t.Error("an empty pipeline is saved")
	}
}

// The whole way on a real table: read, split by class, fit on raw rows, judge. The AUC of a logistic regression there is
// about .90, of forests and boosted trees about .93.
func TestPipelineOnOnlineShoppers(t *testing.T) {
	tab := readShoppers(t)
	s, err := StratifiedSplit(tab.Data.Y, 0, .3, 1)
	if err != nil {
		t.Fatal(err)
	}
	test := tab.Data.Take(s.Test)
	m, err := FitPipeline(t.Context(), tab.Data.Take(s.Train), Pipeline{Encoder: EncoderConfig{Log: "auto"}, Learner: NetworkConfig{Epochs: 8, Seed: 1}})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, test.X.Rows)
	if err := m.Predict(test.X, p); err != nil {
		t.Fatal(err)
	}
	if auc := AUC(test.Y, p, nil); auc < .90 {
		t.Errorf("AUC %v", auc)
	}
}

// readShoppers is the table online shoppers, which lies beside the checkout.
func readShoppers(t *testing.T) *Table {
	t.Helper()
	const path = "../../shared/data/online_shoppers/online_shoppers_intention.csv"
	f, err := os.Open(path)
	if err != nil {
		t.Skip("the table online shoppers is not here: ", err)
	}
	defer f.Close()
	tab, err := ReadTable(f, "online_shoppers_intention.csv", TableConfig{Label: "Revenue", Categorical: []string{"OperatingSystems", "Browser", "Region", "TrafficType"}})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}
