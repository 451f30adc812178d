package candidate

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestIALSFoldInByHand: items of 1 and 2 in one dimension, so that sum v v' = 5; A = .5, no scaling, L = 1.
func TestIALSFoldInByHand(t *testing.T) {
	m := &IALSModel{Dim: 1, Alpha: .5, Reg: 1, Factor: []float32{1, 2}, Gram: []float32{5}}
	m.prepare()
	for _, c := range []struct {
		h    History
		user float64
	}{
		// (.5*5 + 2*2 + 1) w = 2
		{History{Item: []int32{1}}, 2 / 7.5},
		// Twice as sure: (.5*5 + 2*4 + 1) w = 2*2
		{History{Item: []int32{1}, Value: []float32{2}}, 4 / 11.5},
		// Against item 0 with .3: (.5*5 + 4 + .3*1 + 1) w = 2
		{History{Item: []int32{1, 0}, Value: []float32{1, -.3}}, 2 / 7.8},
		{History{Item: []int32{5, 1, -2}}, 2 / 7.5},
		{History{}, 0},
	} {
		out := make([]float32, 2)
		m.Scores(&c.h, out)
		if !within(float64(out[0]), c.user, 1e-6) || !within(float64(out[1]), 2*c.user, 1e-6) {
			t.Errorf("%v: scores %v, want %v and twice that", c.h, out, c.user)
		}
	}
}

// ialsObjective is the sum at the head of ials.go, term by term.
func ialsObjective(cfg IALS, scale float64, m *Matrix, users, items []float32) float64 {
	d := cfg.Dim
	sum := 0.
	userMass, itemMass := make([]float64, m.Users), make([]float64, m.Items)
	for u := range m.Users {
		h := m.History(u)
		for i := range m.Items {
			s := float64(dot(users[u*d:(u+1)*d], items[i*d:(i+1)*d]))
			sum += cfg.Alpha * s * s
			if k, ok := slices.BinarySearch(h.Item, int32(i)); ok {
				c, target := math.Abs(float64(h.value(k))), 0.
				if h.value(k) > 0 {
					target = 1
				}
				sum += c * (target - s) * (target - s)
				userMass[u] += c
				itemMass[i] += c
			}
		}
	}
	for u, mass := range userMass {
		w := users[u*d : (u+1)*d]
		sum += scale * math.Pow(mass+cfg.Alpha*float64(m.Items), cfg.RegExponent) * float64(dot(w, w))
	}
	for i, mass := range itemMass {
		v := items[i*d : (i+1)*d]
		sum += scale * math.Pow(mass+cfg.Alpha*float64(m.Users), cfg.RegExponent) * float64(dot(v, v))
	}
	return sum
}

// TestIALSDescends: each half of an epoch lowers the objective, whole or in blocks, and both come to the same.
func TestIALSDescends(t *testing.T) {
	for _, signed := range []bool{false, true} {
		m := drawnMatrix(t, 4, 60, 40, .15, signed)
		var ends []float64
		for _, block := range []int{7, 2, 1} {
			cfg, err := IALS{Dim: 7, Block: block, RegExponent: .5, Reg: .02}.defaults(m)
			if err != nil {
				t.Fatal(err)
			}
			tr := m.Transpose()
			scale := ialsScale(cfg, m, tr)
			cfg.Reg = scale
			users, items := randomTable(1, m.Users, 7), randomTable(2, m.Items, 7)
			last := ialsObjective(cfg, scale, m, users, items)
			for range 400 {
				for _, half := range []func() error{
					func() error { return alternate(t.Context(), cfg, m, items, users) },
					func() error { return alternate(t.Context(), cfg, tr, users, items) },
				} {
					if err := half(); err != nil {
						t.Fatal(err)
					}
					now := ialsObjective(cfg, scale, m, users, items)
					if now > last*(1+1e-5) {
						t.Fatalf("signed %v, blocks of %d: the objective rose from %v to %v", signed, block, last, now)
					}
					last = now
				}
			}
			ends = append(ends, last)
		}
		for _, end := range ends[1:] {
			if !within(end, ends[0], .005*ends[0]) {
				t.Errorf("signed %v: by blocks of 7, 2 and 1 the objective comes to %v", signed, ends)
			}
		}
	}
}

// TestIALSFoldInIsTraining: who is folded in with a row gets the vector that training would give that row, solved in float64 here.
func TestIALSFoldInIsTraining(t *testing.T) {
	m := drawnMatrix(t, 8, 50, 30, .2, true)
	const d = 6
	for _, exponent := range []float64{-1, .5, 1} {
		model, err := FitIALS(t.Context(), m, IALS{Dim: d, Block: d, RegExponent: exponent})
		if err != nil {
			t.Fatal(err)
		}
		v := dense(model.Factor, d)
		for u := range 5 {
			h := m.History(u)
			var a mat.Dense
			a.Mul(v.T(), v)
			a.Scale(model.Alpha, &a)
			b, mass := mat.NewVecDense(d, nil), 0.
			for k, i := range h.Item {
				value := float64(h.value(k))
				var one mat.Dense
				one.Outer(math.Abs(value), v.RowView(int(i)), v.RowView(int(i)))
				a.Add(&a, &one)
				mass += math.Abs(value)
				if value > 0 {
					b.AddScaledVec(b, value, v.RowView(int(i)))
				}
			}
			for p := range d {
				a.Set(p, p, a.At(p, p)+model.Reg*math.Pow(mass+model.Alpha*float64(m.Items), model.RegExponent))
			}
			var w, want mat.VecDense
			if err := w.SolveVec(&a, b); err != nil {
				t.Fatal(err)
			}
			want.MulVec(v, &w)
			got := make([]float32, m.Items)
			model.Scores(&h, got)
			for i, s := range got {
				if !within(float64(s), want.AtVec(i), 1e-4) {
					t.Errorf("exponent %v, user %d, item %d: %v, want %v", exponent, u, i, s, want.AtVec(i))
				}
			}
		}
	}
}

// TestIALSRegIsAlike: the sum of the regularisation's factors is the same whatever the exponent.
func TestIALSRegIsAlike(t *testing.T) {
	// Two users of 1 and 2 values, three items of 1 each; A = .5. Users' masses are 1 + 1.5 and 2 + 1.5, items' 1 + 1: in all 12.
	// With an exponent of 2 the squares are 6.25 + 12.25 + 3*4 = 30.5, so that L = Reg * 12/30.5.
	m, err := NewMatrix(2, 3, []Entry{{0, 0, 1}, {1, 1, 1}, {1, 2, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for exponent, want := range map[float64]float64{1: .1, 2: .1 * 12 / 30.5, 0: .1 * 12 / 5} {
		if got := ialsScale(IALS{Alpha: .5, Reg: .1, RegExponent: exponent}, m, m.Transpose()); !within(got, want, 1e-12) {
			t.Errorf("exponent %v: %v, want %v", exponent, got, want)
		}
	}
}

// TestIALSBlocksOfRows: rows longer than a panel, and with values, are summed like short ones.
func TestIALSBlocksOfRows(t *testing.T) {
	const users, d = 3*gramPanel + 17, 4
	var entries []Entry
	for u := range int32(users) {
		entries = append(entries, Entry{u, 0, 1}, Entry{u, 1 + u%3, 2})
	}
	m, err := NewMatrix(users, 4, entries)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := IALS{Dim: d, Block: d}.defaults(m)
	if err != nil {
		t.Fatal(err)
	}
	tr := m.Transpose()
	vectors, items := randomTable(3, users, d), make([]float32, 4*d)
	if err := alternate(t.Context(), cfg, tr, vectors, items); err != nil {
		t.Fatal(err)
	}
	best := ialsObjective(cfg, cfg.Reg, m, vectors, items)
	for k := range items {
		for _, step := range []float32{-.01, .01} {
			items[k] += step
			if other := ialsObjective(cfg, cfg.Reg, m, vectors, items); other <= best {
				t.Errorf("number %d: a step of %v makes the objective %v, which should be least at %v", k, step, other, best)
			}
			items[k] -= step
		}
	}
}
