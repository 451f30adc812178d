// The tables of kernel values and the cache of their rows.

package learn

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The rows of a table are the kernel of its parts' definition, over block borders and with dense and sparse columns, far from 0.
func TestKernelTable(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	x := NewMatrix(2*tableBlock+37, 6)
	for i := range x.Rows {
		for j := range 3 {
			x.Row(i)[j] = float32(r.NormFloat64()) + 100
		}
		x.Row(i)[3+r.IntN(3)] = 1 // 1 in 3: dense
		if r.IntN(20) > 0 {
			x.Row(i)[5] = 0 // and with this, sparse
		}
	}
	for _, k := range []kernelOf{{KernelRBF, .3, 0, 3}, {KernelPoly, .0001, 1, 3}, {KernelLinear, 1, 0, 3}} {
		table := newKernelTable(k, x)
		if len(table.dense) != 5 || len(table.lists) != 1 {
			t.Fatalf("%d dense and %d sparse columns", len(table.dense), len(table.lists))
		}
		var q query
		for _, i := range []int{0, 5, tableBlock, x.Rows - 1} {
			table.prepare(x.Row(i), &q)
			for b := range table.blocks {
				out := make([]float32, table.size(b))
				table.block(&q, b, out)
				for o, got := range out {
					var dot, square float64
					for j, v := range x.Row(b*tableBlock + o) {
						u := float64(x.Row(i)[j])
						dot += u * float64(v)
						square += (u - float64(v)) * (u - float64(v))
					}
					want := dot
					switch k.Kernel {
					case KernelRBF:
						want = math.Exp(-k.Gamma * square)
					case KernelPoly:
						want = math.Pow(k.Gamma*dot+k.Coef0, 3)
					}
					if math.Abs(float64(got)-want) > 3e-6*max(1, math.Abs(want)) {
						t.Fatalf("%s of rows %d and %d: %v, want %v", k.Kernel, i, b*tableBlock+o, got, want)
					}
				}
			}
		}
	}
}

func TestExpAll(t *testing.T) {
	for _, far := range []bool{false, true} {
		for v := float32(1e-6); v > -86; v -= .0137 {
			x := []float32{v, v, v, v, v, v, v, v, v} // eight for the processor's own way, one for ours
			expAll(x, far)
			for _, got := range x {
				want := math.Exp(float64(v))
				if math.Abs(float64(got)/want-1) > 2e-7+1e-7*math.Abs(float64(v)) {
					t.Fatalf("e^%v is %v, want %v", v, got, want)
				}
			}
		}
	}
	x := []float32{-88, -100, -1e30, float32(math.Inf(-1)), -88, -88, -88, -88, -100}
	expAll(x, true)
	for _, v := range x {
		if !(v >= 0 && v < 2e-38) {
			t.Errorf("far below: %v", v)
		}
	}
}

func TestRowCache(t *testing.T) {
	c := newRowCache(5, make([]float32, 10)) // two rows
	fill := func(key int32) {
		row, filled := c.get(key, 0)
		if filled {
			t.Errorf("row %d is there", key)
		}
		for k := range row {
			row[k] = float32(key)
		}
	}
	has := func(key int32) bool { return c.slotOf[key] >= 0 }
	fill(1)
	fill(2)
	if row, filled := c.get(1, 0); !filled || row[4] != 1 {
		t.Errorf("row 1: %v %v", row, filled)
	}
	fill(3) // 2 was used before 1
	if has(2) || !has(1) || !has(3) {
		t.Error("it is not the row used longest ago that went")
	}
	if row, _ := c.get(4, 2); row != nil {
		t.Error("a row that must be kept was given up")
	}
	if row, filled := newRowCache(5, nil).get(1, 0); row != nil || filled {
		t.Error("a row in no room")
	}
}
