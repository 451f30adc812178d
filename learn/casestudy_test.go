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
// 22% of the rows are positive, by a rule with a bend and an interaction. The rule's own AUC is about .83.
func caseStudy(n int, seed uint64) *Data {
	const counts, numbers, p = 9, 2, 47
	levels := []int{24, 8, 4}
	r := rand.New(rand.NewPCG(seed, 47))
	d := &Data{X: NewMatrix(n, p), Y: make([]bool, n)}
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
		score := -2.1 + .9*float64(row[0]) + .5*float64(row[1]) - .35*float64(row[0])*float64(row[0])*.4 +
			.5*float64(row[2])*float64(row[counts]) - .4*math.Abs(float64(row[counts+1]))
		at := counts + numbers
		for _, l := range levels {
			k := int(float64(l) * math.Pow(r.Float64(), 1.6))
			row[at+k] = 1
			score += effect[at+k-counts-numbers]
			at += l
		}
		d.Y[i] = r.Float64() < 1/(1+math.Exp(-score))
	}
	return d
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
