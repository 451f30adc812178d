package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestSilhouetteByHand(t *testing.T) {
	// 0 2 | 10: for 0, a = 2 and b = 10: .8; for 2, a = 2 and b = 8: .75; 10 is alone: 0.
	x := &Matrix{3, 1, []float32{0, 2, 10}}
	v, err := Silhouette(context.Background(), x, []int32{5, 5, 9}, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "silhouette", v, (.8+.75)/3, 1e-15)
	if v, err = Silhouette(context.Background(), x, []int32{1, 1, 1}, 0, 0, 0); err != nil || v == v {
		t.Errorf("of one cluster: %v, %v", v, err)
	}
	if _, err = Silhouette(context.Background(), x, []int32{1}, 0, 0, 0); err == nil {
		t.Error("fewer clusters were accepted")
	}
	big, of := blobs(6000, 3, 3, 6, 2)
	all, err := Silhouette(context.Background(), big, of, 6000, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	some, err := Silhouette(context.Background(), big, of, 1500, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "of a sample", some, all, .02)
}

func TestAdjustedRandAgainstReference(t *testing.T) {
	for _, c := range clusterReferences(t).Rand {
		agree(t, fmt.Sprint(len(c.A), " rows"), AdjustedRand(c.A, c.B), c.Value, 1e-12)
	}
	if v := AdjustedRand(nil, nil); v == v {
		t.Errorf("of nothing: %v", v)
	}
	if v := AdjustedRand([]int32{1, 2, 2}, []int32{7, 0, 0}); v != 1 {
		t.Errorf("of other names: %v", v)
	}
}

func TestChooseClustersFindsBlobs(t *testing.T) {
	for _, k := range []int{2, 3, 5} {
		x, _ := blobs(3000, 6, k, 6, uint64(k))
		c, err := ChooseClusters(context.Background(), x, ClusterChoiceConfig{Most: 6, Pairs: 4, SampleRows: 1500, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if c.K != k {
			t.Errorf("%d groups chosen where %d were planted: %+v", c.K, k, c.Trials)
		}
		if k > 2 {
			continue
		}
		one, err := ChooseClusters(context.Background(), x, ClusterChoiceConfig{Most: 6, Pairs: 4, SampleRows: 1500, Seed: 1, Threads: 1})
		if err != nil || !reflect.DeepEqual(one, c) {
			t.Errorf("one thread gives %+v, several %+v (%v)", one, c, err)
		}
	}
}

// One cloud, whether round, long (which k-means cuts in two stably, with a silhouette above .5) or skewed, is no groups.
func TestChooseClustersOfOneCloud(t *testing.T) {
	for name, row := range map[string]func(r *rand.Rand) []float64{
		"round": func(r *rand.Rand) []float64 { return []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()} },
		"long":  func(r *rand.Rand) []float64 { return []float64{6 * r.NormFloat64(), r.NormFloat64(), r.NormFloat64()} },
		"even":  func(r *rand.Rand) []float64 { return []float64{9 * r.Float64(), r.Float64(), r.Float64()} },
		"skewed": func(r *rand.Rand) []float64 {
			f := r.NormFloat64()
			return []float64{math.Exp(f + .5*r.NormFloat64()), math.Exp(f + .5*r.NormFloat64()), r.NormFloat64()}
		},
	} {
		for seed := range uint64(2) {
			r := rand.New(rand.NewPCG(seed, 15))
			x := NewMatrix(1500, 3)
			for i := range x.Rows {
				for j, v := range row(r) {
					x.Row(i)[j] = float32(v)
				}
			}
			c, err := ChooseClusters(context.Background(), x, ClusterChoiceConfig{Most: 5, Pairs: 3, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			if c.K != 1 || len(c.Trials) != 4 {
				t.Errorf("%s: %d groups: %+v", name, c.K, c.Trials)
			}
			if first := c.Trials[0]; name == "long" && (first.Stability < leastStability || first.Silhouette < leastSilhouette) {
				t.Errorf("a long cloud should look grouped but for the valley: %+v", first)
			}
		}
	}
}

func TestChooseClustersOfFewRows(t *testing.T) {
	if _, err := ChooseClusters(context.Background(), NewMatrix(10, 2), ClusterChoiceConfig{}); err == nil {
		t.Error("equal rows were accepted")
	}
	x := NewMatrix(10, 1)
	for i := range 5 {
		x.Data[i] = 1
	}
	x.Data[9] = 2
	c, err := ChooseClusters(context.Background(), x, ClusterChoiceConfig{}) // three distinct rows; some samples have but two
	if err != nil || len(c.Trials) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := ChooseClusters(context.Background(), x, ClusterChoiceConfig{Most: 1}); err == nil {
		t.Error("at most one cluster was accepted")
	}
}
