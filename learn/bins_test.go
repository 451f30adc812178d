package learn

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

func binsOf(t testing.TB, d *Data) *bins {
	t.Helper()
	b, err := newBins(context.Background(), d, 2)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bin is the bin of row i in column j, back from its code.
func (b *bins) bin(i, j int) int {
	f := &b.features[j]
	if f.column < 0 {
		return f.usual
	}
	c := b.codes[f.column][i]
	for k := range f.width {
		if f.code[k] == c && !(f.shared && k == f.usual) {
			return k
		}
	}
	return f.usual
}

// Every value lies between the bounds of its bin, and missing ones have a bin of their own, in shared columns too.
func TestBinsHoldTheirValues(t *testing.T) {
	d := mixedTrees(5000, 31)
	b := binsOf(t, d)
	for i := range 5000 {
		for j, v := range d.X.Row(i) {
			f, k := &b.features[j], b.bin(i, j)
			switch l := levelOf(v, 6); {
			case v != v || j == 2 && l < 0:
				if k != f.count {
					t.Fatalf("row %d column %d: missing is bin %d of %d", i, j, k, f.count)
				}
			case j == 2:
				if f.level[k] != int32(l) {
					t.Fatalf("row %d: level %d is in the bin of %d", i, l, f.level[k])
				}
			case v < f.low[k] || v > f.high[k]:
				t.Fatalf("row %d column %d: %v is in the bin of %v to %v", i, j, v, f.low[k], f.high[k])
			}
		}
	}
	// The one-hot columns share a column of 4 codes, of which 0 stands for none of them; the constant has no column.
	h := b.features[3]
	if !h.shared || b.features[4].column != h.column || b.features[5].column != h.column || b.widths[h.column] != 4 || b.features[6].column != -1 {
		t.Errorf("columns %d %d %d %d, widths %v", h.column, b.features[4].column, b.features[5].column, b.features[6].column, b.widths)
	}
	if b.features[0].shared || b.features[0].count != 255 {
		t.Errorf("numbers: shared %v, %d bins", b.features[0].shared, b.features[0].count)
	}
}

// 1000 values, a hundredth of the rows each but the value 7, which half of all rows have: it has its own bin, and no other
// bin has more than twice its share of the rest, (half of all rows)/254.
func TestBinsAreQuantiles(t *testing.T) {
	const n = 100_000
	r := rand.New(rand.NewPCG(1, 1))
	d := &Data{X: NewMatrix(n, 1), Y: make([]bool, n)}
	for i := range n {
		if d.X.Data[i] = float32(r.IntN(1000)); i%2 == 0 {
			d.X.Data[i] = 7
		}
	}
	b := binsOf(t, d)
	f := &b.features[0]
	var rows [256]int
	for i := range n {
		rows[b.bin(i, 0)]++
	}
	k := slices.Index(f.high, 7)
	if k < 0 || f.count < 240 {
		t.Fatalf("%d bins, %v", f.count, f.high[:10])
	}
	if f.count > 255 {
		t.Fatalf("%d bins", f.count)
	}
	for i, c := range rows[:f.count] {
		if i != k && c > n/2/254*2 {
			t.Errorf("bin %d of %v to %v has %d rows", i, f.low[i], f.high[i], c)
		}
	}
}

// Of 300 levels the 255 most frequent have bins: level l occurs l+1 times, so those from 45 on.
func TestBinsOfManyLevels(t *testing.T) {
	levels := make([]string, 300)
	var x []float32
	for l := range levels {
		levels[l] = strconv.Itoa(l)
		for range l + 1 {
			x = append(x, float32(l))
		}
	}
	d := &Data{X: &Matrix{Rows: len(x), Cols: 1, Data: x}, Columns: []Column{{"k", levels}}, Y: make([]bool, len(x))}
	b := binsOf(t, d)
	f := &b.features[0]
	if f.count != 255 || f.level[0] != 45 || f.binOf[44] != 255 || f.binOf[45] != 0 {
		t.Errorf("%d bins from level %d", f.count, f.level[0])
	}
	for i := range d.Y {
		d.Y[i] = x[i] < 45 // the levels without bins
	}
	m, err := FitTree(context.Background(), d, Tree{MaxDepth: 1})
	if err != nil {
		t.Fatal(err)
	}
	p := predicted(t, m, d.X)
	for i := range p {
		if (p[i] == 1) != d.Y[i] {
			t.Fatalf("level %v: %v", x[i], p[i])
		}
	}
}

func TestSortKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	values := []float32{0, float32(math.Copysign(0, -1)) + 0, 1e-40, -1e-40, math.MaxFloat32, -math.MaxFloat32}
	for range 5000 {
		values = append(values, float32(r.NormFloat64()*math.Exp(20*r.NormFloat64())))
	}
	keys := make([]uint32, len(values))
	for i, v := range values {
		keys[i] = orderKey(v)
	}
	sortKeys(keys)
	slices.Sort(values)
	for i, k := range keys {
		if keyValue(k) != values[i] {
			t.Fatalf("place %d: %v, want %v", i, keyValue(k), values[i])
		}
	}
}

func TestBetween(t *testing.T) {
	for _, c := range [][3]float32{{1, 2, 1.5}, {1, math.Nextafter32(1, 2), 1}, {-math.MaxFloat32, math.MaxFloat32, 0}} {
		if m := between(c[0], c[1]); m != c[2] {
			t.Errorf("between %v and %v: %v", c[0], c[1], m)
		}
	}
}

func BenchmarkBins(b *testing.B) {
	train, _ := caseStudySplit(b)
	b.Run("rows="+strconv.Itoa(train.X.Rows), func(b *testing.B) {
		for b.Loop() {
			binsOf(b, train)
		}
	})
}
