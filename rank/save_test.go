package rank

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

func saved(t testing.TB, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSameBytesWhateverTheThreads(t *testing.T) {
	small := plant(400, 4)
	for _, a := range []Algorithm{Hybrid, Boosted, Logistic, LambdaMART, Pairwise} {
		cfg := quick(a, PositionWeights)
		cfg.Trees = 10
		var first []byte
		for _, threads := range []int{1, 3} {
			cfg.Threads = threads
			m := train(t, small.set, cfg)
			b := saved(t, m)
			if first == nil {
				first = b
			} else if !bytes.Equal(first, b) {
				t.Errorf("%s: %d threads give another model", a, threads)
			}
		}
	}
}

func TestSaveAndLoad(t *testing.T) {
	x, _ := page(100, 8)
	for _, cfg := range []Config{quick(Hybrid, PositionInput), quick(Hybrid, PositionWeights), quick(Boosted, PositionInput), quick(Logistic, PositionWeights), {Algorithm: LambdaMART, Trees: 5, Calibration: learn.IsotonicScaling}, quick(Pairwise, PositionNone)} {
		m := train(t, hamlet().set, cfg)
		b := saved(t, m)
		l, err := Load(bytes.NewReader(b), hamlet().set.Columns)
		if err != nil {
			t.Fatal(err)
		}
		w := Weights{Click: 1, View: 1, Like: 1, Share: 1}
		one, two := make([]Parts, 100), make([]Parts, 100)
		if err := errors.Join(m.Value(x, w, one), l.Value(x, w, two)); err != nil {
			t.Fatal(err)
		}
		for i := range one {
			if one[i] != two[i] {
				t.Fatalf("%s: card %d has %+v, loaded %+v", cfg.Algorithm, i, one[i], two[i])
			}
		}
		if !bytes.Equal(b, saved(t, l)) {
			t.Errorf("%s: saved again it has other bytes", cfg.Algorithm)
		}
		for _, at := range []int{0, 9, 40, len(b) / 2, len(b) - 1} {
			bad := bytes.Clone(b)
			bad[at] ^= 0x10
			if _, err := Load(bytes.NewReader(bad), nil); err == nil {
				t.Errorf("%s: byte %d changed is no error", cfg.Algorithm, at)
			}
		}
		if _, err := Load(bytes.NewReader(b[:len(b)-9]), nil); !errors.Is(err, ErrModel) {
			t.Errorf("%s: cut off it gives %v", cfg.Algorithm, err)
		}
	}
	m := train(t, hamlet().set, quick(Logistic, PositionInput))
	other := append([]feature.PairColumn(nil), hamlet().set.Columns...)
	other[4].Levels = []string{"red", "blue"}
	if _, err := Load(bytes.NewReader(saved(t, m)), other); err == nil || !strings.Contains(err.Error(), "colour") {
		t.Errorf("other levels of a feature give %v", err)
	}
	if _, err := Load(bytes.NewReader(saved(t, m)), other[:3]); err == nil {
		t.Error("fewer features are no error")
	}
}

func FuzzLoad(f *testing.F) {
	m := train(f, plant(150, 4).set, Config{Trees: 2, MinLeaf: 20})
	b := saved(f, m)
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte(modelMagic))
	f.Add(saved(f, train(f, plant(150, 4).set, Config{Algorithm: Logistic, Position: PositionNone})))
	x, _ := page(3, 1)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Load(bytes.NewReader(b), nil)
		if err != nil {
			return
		}
		if len(m.Columns) == plantedColumns {
			if err := m.Value(x, Weights{Click: 1, View: 1, Like: 1, Share: 1}, make([]Parts, 3)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
