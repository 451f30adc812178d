package learn

import (
	"context"
	"math"
	"testing"
)

// The contributions of a row's way down sum to the prediction less that of the root.
func TestPathContributionsSumToThePrediction(t *testing.T) {
	d := caseStudy(3000, 5)
	m, err := FitBoost(context.Background(), d, Boost{Trees: 20})
	if err != nil {
		t.Fatal(err)
	}
	odds, out := make([]float64, d.X.Rows), make([]float32, len(d.X.Data))
	if err := m.LogOdds(d.X, odds); err != nil {
		t.Fatal(err)
	}
	if err := m.PathContributions(d.X, out); err != nil {
		t.Fatal(err)
	}
	base := m.Base
	for _, tree := range m.Trees {
		base += float64(tree.Value[0])
	}
	for i, want := range odds {
		got := base
		for j := range d.X.Cols {
			got += float64(out[i*d.X.Cols+j])
		}
		if math.Abs(got-want) > 1e-4 { // float32 sums of 20 trees
			t.Fatalf("row %d: %v, the prediction is %v", i, got, want)
		}
	}
	if err := m.PathContributions(d.X, out[1:]); err == nil {
		t.Error("too little room is taken")
	}
}
