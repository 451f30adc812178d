package learn

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// caseStudy makes n rows of the shape that the speed comparison uses: 47 columns, of which 9 are standardised logs of
// heavy-tailed counts that hang together, 2 are standardised numbers and 36 are the one-hot columns of three categories;
// about 22% of the rows are positive, by a rule with a bend and an interaction. The rule's own AUC is about .79.
func caseStudy(n int, seed uint64) *Data {
	d, _ := caseStudyRule(n, seed)
	return d
}

// caseStudyRule is caseStudy with each row's true chance of being positive.
func caseStudyRule(n int, seed uint64) (*Data, []float64) {
	const counts, numbers, p = 9, 2, 47
	levels := []int{24, 8, 4}
	r := rand.New(rand.NewPCG(seed, 47))
	d, chance := &Data{X: NewMatrix(n, p), Y: make([]bool, n)}, make([]float64, n)
	effect := make([]float64, 36)
	for k := range effect {
		effect[k] = .25 * r.NormFloat64()
	}
	for i := range n {
		row := d.X.Row(i)
		keen := r.NormFloat64()
		for j := range counts {
			x := math.Floor(math.Exp(.8*keen + .9*r.NormFloat64() - .4*float64(j)))
			row[j] = float32((math.Log1p(x) - .6) / .7)
		}
		for j := range numbers {
			row[counts+j] = float32(r.NormFloat64())
		}
		score := -.95 + .9*float64(row[0]) + .5*float64(row[1]) - .35*float64(row[0])*float64(row[0])*.4 +
			.5*float64(row[2])*float64(row[counts]) - .4*math.Abs(float64(row[counts+1]))
		at := counts + numbers
		for _, l := range levels {
			k := int(float64(l) * math.Pow(r.Float64(), 1.6))
			row[at+k] = 1
			score += effect[at+k-counts-numbers]
			at += l
		}
		chance[i] = 1 / (1 + math.Exp(-score))
		d.Y[i] = r.Float64() < chance[i]
	}
	return d, chance
}

// The shape is as its comment states, whatever the seed.
func TestCaseStudyIsAsStated(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		d, chance := caseStudyRule(100_000, seed)
		positive := 0
		for _, y := range d.Y {
			if y {
				positive++
			}
		}
		// The effects of the categories are drawn too, so that the share differs between seeds by more than the rows' chance.
		if share := float64(positive) / 100_000; math.Abs(share-.22) > .015 {
			t.Errorf("seed %d: %.3f of the rows are positive", seed, share)
		}
		if auc := AUC(d.Y, chance, nil); math.Abs(auc-.79) > .01 {
			t.Errorf("seed %d: the rule's AUC is %.4f", seed, auc)
		}
	}
}

// TestWriteCaseStudy writes the rows for testdata/bench/bench.py where SEGUE_LEARN_BENCH names a directory: X.f32 (row by row,
// little-endian) and y.u8, SEGUE_LEARN_ROWS of them (71306 by default), and X.test.f32 and y.test.u8, 20,000 others.
func TestWriteCaseStudy(t *testing.T) {
	dir := os.Getenv("SEGUE_LEARN_BENCH")
	if dir == "" {
		t.Skip("SEGUE_LEARN_BENCH names no directory to write to")
	}
	write := func(name string, d *Data) {
		var x, y []byte
		for _, v := range d.X.Data {
			x = binary.LittleEndian.AppendUint32(x, math.Float32bits(v))
		}
		for _, v := range d.Y {
			if v {
				y = append(y, 1)
			} else {
				y = append(y, 0)
			}
		}
		for file, b := range map[string][]byte{"X" + name + ".f32": x, "y" + name + ".u8": y} {
			if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	train, test := caseStudySplit(t)
	write("", train)
	write(".test", test)
}

// caseStudySplit is the training and the test part of the comparison.
func caseStudySplit(t testing.TB) (train, test *Data) {
	n := 71306
	if s := os.Getenv("SEGUE_LEARN_ROWS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	all := caseStudy(n+20000, 1)
	rows := make([]int32, n+20000)
	for i := range rows {
		rows[i] = int32(i)
	}
	return all.Take(rows[:n]), all.Take(rows[n:])
}
