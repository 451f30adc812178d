// The inner loops of Flat: 64 rows as the bits of a word.

package learn

import "math"

// block sums the trees for 1 to flatRows rows.
func (f *Flat) block(room *flatRoom, rows []float32, n int) {
	p := len(f.inputs)
	for k := range f.columns {
		if c := &f.columns[k]; c.categories {
			f.testCategories(c, rows, p, n, room)
		} else {
			f.testNumbers(c, rows, p, n, room)
		}
	}
	clear(room.tally[:])
	var slots [2 * flatLeaves]uint64
	for k := range f.tree {
		t := &f.tree[k]
		if t.grown != nil {
			x := Matrix{Rows: n, Cols: p, Data: rows}
			room.untally()
			t.grown.addTo(room.sum[:n], &x, f.inputs, 0, n)
			room.retally()
			continue
		}
		slots[0], slots[flatLeaves] = ^uint64(0), ^uint64(0) // the root, be it a leaf or not
		for _, test := range f.tests[t.test : t.test+t.tests] {
			here, pass := slots[test.at], room.words[test.word]
			slots[test.left], slots[test.right] = here&^pass, here&pass
		}
		clear(slots[t.tests+1 : 1<<t.planes])
		addLeaves((*[flatLeaves]uint64)(slots[:]), int(t.planes), (*[flatLeaves]float64)(f.values[t.value:]), &room.tally)
	}
	room.untally()
}

// untally and retally go between the two orders of rows.
func (r *flatRoom) untally() {
	for row := range r.sum {
		r.sum[row] = r.tally[row&7<<3|row>>3]
	}
}

func (r *flatRoom) retally() {
	for row := range r.sum {
		r.tally[row&7<<3|row>>3] = r.sum[row]
	}
}

// testNumbers makes the words of a column of numbers.
func (f *Flat) testNumbers(c *flatColumn, rows []float32, p, n int, room *flatRoom) {
	cuts := (*[flatCuts + 1]int32)(f.cuts[c.cut:])
	var value [flatRows]float32
	at, same := int(c.column), true
	for i := range value[:n] {
		value[i] = rows[at]
		same = same && value[i] == value[0]
		at += p
	}
	if same {
		n = 1
	}
	above := &room.above
	clear(above[:c.count+1])
	missing, first := uint64(0), 1<<c.steps
	for i := 0; i < n; i += 4 { // rows beyond n are no one's
		v := (*[4]float32)(value[i:])
		key0, key1, key2, key3 := flatKeyOf(v[0]), flatKeyOf(v[1]), flatKeyOf(v[2]), flatKeyOf(v[3])
		k0, k1, k2, k3 := 1, 1, 1, 1
		for range c.steps {
			// Down a tree of cuts in which node k has the children 2k and 2k+1; a difference below 0 has a sign bit.
			k0 = 2*k0 + int(uint64(int64(cuts[k0&flatCuts])-key0)>>63)
			k1 = 2*k1 + int(uint64(int64(cuts[k1&flatCuts])-key1)>>63)
			k2 = 2*k2 + int(uint64(int64(cuts[k2&flatCuts])-key2)>>63)
			k3 = 2*k3 + int(uint64(int64(cuts[k3&flatCuts])-key3)>>63)
		}
		above[(k0-first)&flatCuts] |= 1 << (i & 63)
		above[(k1-first)&flatCuts] |= 2 << (i & 63)
		above[(k2-first)&flatCuts] |= 4 << (i & 63)
		above[(k3-first)&flatCuts] |= 8 << (i & 63)
	}
	if c.high >= 0 {
		for i, v := range value[:n] {
			if v != v {
				missing |= 1 << i
			}
		}
	}
	if same { // what holds of the first row holds of all
		for k := range above[:c.count+1] {
			above[k] = -(above[k] & 1)
		}
		missing = -missing
	}
	low := room.words[c.low : c.low+c.count]
	pass := uint64(0)
	for k := len(low) - 1; k >= 0; k-- {
		pass |= above[(k+1)&flatCuts]
		low[k] = pass
	}
	if c.high >= 0 {
		high := room.words[c.high : c.high+c.count]
		for k, w := range low {
			high[k] = w | missing
		}
	}
}

// flatKeyOf is a whole number that is ordered as v; a missing value is below all others.
func flatKeyOf(v float32) int64 {
	bits := int32(math.Float32bits(v + 0)) // -0 becomes 0
	if v != v {
		return math.MinInt32
	}
	return int64(bits ^ bits>>31&math.MaxInt32)
}

// testCategories makes the words of a column of categories.
func (f *Flat) testCategories(c *flatColumn, rows []float32, p, n int, room *flatRoom) {
	var levels [flatRows]int32 // that are there
	var of [flatRows]uint64    // the rows of each
	there := 0
	for i := range n {
		l := levelOf(rows[i*p+int(c.column)], int(c.levels))
		if l < 0 {
			l = int(c.levels)
		}
		if room.seen[l] == 0 {
			levels[there] = int32(l)
			there++
			room.seen[l] = uint8(there)
		}
		of[room.seen[l]-1] |= 1 << i
	}
	for _, l := range levels[:there] {
		room.seen[l] = 0
	}
	for k, set := range f.sets[c.cut : c.cut+c.count] {
		pass := uint64(0)
		for q, l := range levels[:there] {
			pass |= of[q] & -(set[l>>6] >> (l & 63) & 1)
		}
		room.words[int(c.low)+k] = pass
	}
}

// addLeaves adds to each row the value of the leaf in whose word it is; the words from the number of leaves to 1<<planes are 0.
func addLeaves(leaf *[flatLeaves]uint64, planes int, value *[flatLeaves]float64, tally *[flatRows]float64) {
	var w [8]uint64 // w[b]: the rows the number of whose leaf has bit b
	for b := range planes {
		half := 1 << (planes - b - 1)
		bit := uint64(0)
		for k := range leaf[:half] {
			even, odd := leaf[(2*k)&(flatLeaves-1)], leaf[(2*k+1)&(flatLeaves-1)]
			bit |= odd
			leaf[k] = even | odd
		}
		w[b] = bit
	}
	// Three rounds of exchanges turn the eight rows by eight bits of each byte: then byte k of w[i] is the leaf of row 8k+i.
	w0, w1, w2, w3, w4, w5, w6, w7 := w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]
	w0, w4 = exchange(w0, w4, 4, 0x0f0f0f0f0f0f0f0f)
	w1, w5 = exchange(w1, w5, 4, 0x0f0f0f0f0f0f0f0f)
	w2, w6 = exchange(w2, w6, 4, 0x0f0f0f0f0f0f0f0f)
	w3, w7 = exchange(w3, w7, 4, 0x0f0f0f0f0f0f0f0f)
	w0, w2 = exchange(w0, w2, 2, 0x3333333333333333)
	w1, w3 = exchange(w1, w3, 2, 0x3333333333333333)
	w4, w6 = exchange(w4, w6, 2, 0x3333333333333333)
	w5, w7 = exchange(w5, w7, 2, 0x3333333333333333)
	w0, w1 = exchange(w0, w1, 1, 0x5555555555555555)
	w2, w3 = exchange(w2, w3, 1, 0x5555555555555555)
	w4, w5 = exchange(w4, w5, 1, 0x5555555555555555)
	w6, w7 = exchange(w6, w7, 1, 0x5555555555555555)
	for i, v := range [8]uint64{w0, w1, w2, w3, w4, w5, w6, w7} {
		to := (*[8]float64)(tally[8*i:])
		to[0] += value[v&(flatLeaves-1)]
		to[1] += value[v>>8&(flatLeaves-1)]
		to[2] += value[v>>16&(flatLeaves-1)]
		to[3] += value[v>>24&(flatLeaves-1)]
		to[4] += value[v>>32&(flatLeaves-1)]
		to[5] += value[v>>40&(flatLeaves-1)]
		to[6] += value[v>>48&(flatLeaves-1)]
		to[7] += value[v>>56&(flatLeaves-1)]
	}
}

// exchange swaps the bits of a that are shift places above mask with those of b in mask.
func exchange(a, b uint64, shift uint, mask uint64) (uint64, uint64) {
	d := (a>>shift ^ b) & mask
	return a ^ d<<shift, b ^ d
}
