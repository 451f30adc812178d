// Bins: every column of the matrix as one byte a row, made once a fit and shared by all trees and threads. A tree that looks
// for a split then adds up rows by byte instead of sorting values.
//
// Numbers are cut at quantiles into at most 255 bins (every value has its own where there are no more than that, so that
// nothing is lost), categories have a bin a level, and a missing value has a bin of its own. Columns of which no two ever
// differ from their usual value in the same row, such as the one-hot columns of one category, share one byte: their usual
// value is code 0, and each of their other bins a code of its own ("exclusive feature bundling", Ke et al., LightGBM, NIPS
// 2017, section 4, here without any conflict allowed, and so without loss).

package learn

import (
	"context"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

const (
	maxBins      = 255     // of values; code 255 is left for the missing ones
	binSample    = 200_000 // rows that the quantiles are taken from, at most
	openBundles  = 32      // bundles that a column is tried with
	binBlockRows = 1024
)

// bins is a matrix in bytes: at most rows bytes for each column of the matrix, and twice that while it is made.
type bins struct {
	rows     int
	features []binned  // one for each column of the matrix
	codes    [][]uint8 // code columns; each has a byte for each row
	members  [][]int32 // of each code column: the features in it
	widths   []int     // of each code column: the codes in use, at most 256
	offsets  []int     // of each code column: the place of its cells in a histogram of cells cells
	cells    int
}

// binned is one column of the matrix.
type binned struct {
	column int // its code column, or -1 where it has one value only
	count  int // bins of values, 0..count-1; bin count is that of missing values
	width  int // count, or one more if any is missing

	low, high []float32 // of numbers: the least and the greatest value of each bin, ascending
	level     []int32   // of categories: the level of each bin, ascending
	levels    int       // of categories: the levels that the column has; 0 for numbers

	shared bool       // does it share its code column
	usual  int        // then: the bin whose code is 0
	code   [256]uint8 // the code of each bin

	edge  [256]float32 // edge[k] lies between bins k and k+1; +Inf where there is no bin k+1
	binOf []uint8      // of categories: the bin of each level
}

// newBins bins d.
func newBins(ctx context.Context, d *Data, threads int) (*bins, error) {
	n, p := d.X.Rows, d.X.Cols
	b := &bins{rows: n, features: make([]binned, p)}
	sample := sampleRows(n)
	err := inBlocks(ctx, p, 1, threads, func(j, _, _ int) {
		if c := d.column(j); c.Categorical() {
			b.features[j].cutLevels(d.X, j, len(c.Levels))
		} else {
			b.features[j].cutNumbers(d.X, j, sample)
		}
	})
	if err != nil {
		return nil, err
	}
	raw := make([][]uint8, p)
	for j := range raw {
		raw[j] = make([]uint8, n)
	}
	// A block of rows stays in the cache while its columns are taken out of it one after the other.
	err = inBlocks(ctx, n, binBlockRows, threads, func(_, from, to int) {
		for j := range p {
			b.features[j].encode(d.X, j, from, to, raw[j])
		}
	})
	if err != nil {
		return nil, err
	}
	counts := make([][256]int32, p)
	err = inBlocks(ctx, p, 1, threads, func(j, _, _ int) {
		for _, c := range raw[j] {
			counts[j][c]++
		}
	})
	if err != nil {
		return nil, err
	}
	return b, b.bundle(ctx, raw, counts)
}

// sampleRows are the rows that the quantiles are taken from: all, or one at random of each of binSample equal stretches.
func sampleRows(n int) []int32 {
	rows := make([]int32, min(n, binSample))
	r := rand.New(rand.NewPCG(1, 0xb1))
	for k := range rows {
		if n <= binSample {
			rows[k] = int32(k)
			continue
		}
		from, to := k*n/binSample, (k+1)*n/binSample
		rows[k] = int32(from + r.IntN(to-from))
	}
	return rows
}

// cutNumbers cuts column j of x at its quantiles among the sampled rows.
func (f *binned) cutNumbers(x *Matrix, j int, sample []int32) {
	keys := make([]uint32, 0, len(sample))
	for _, i := range sample {
		if v := x.Data[int(i)*x.Cols+j]; v == v {
			keys = append(keys, orderKey(v+0)) // -0 becomes 0
		}
	}
	sortKeys(keys)
	distinct := 0
	for k, key := range keys {
		if k == 0 || key != keys[k-1] {
			distinct++
		}
	}
	// A bin is closed when it holds its share of what the bins before it left over, so that a value that fills a bin by
	// itself makes those after it finer, not fewer.
	left, open, inBin := len(keys), maxBins, 0
	for k := 0; k < len(keys); {
		end := k + 1
		for end < len(keys) && keys[end] == keys[k] {
			end++
		}
		v := keyValue(keys[k])
		if inBin == 0 {
			f.low, f.high = append(f.low, v), append(f.high, v)
		}
		f.high[len(f.high)-1] = v
		inBin += end - k
		if distinct <= maxBins || open > 1 && inBin*open >= left {
			left, open, inBin = left-inBin, open-1, 0
		}
		k = end
	}
	if len(f.low) == 0 { // nothing but missing values in the sample
		f.low, f.high = []float32{0}, []float32{0}
	}
	f.count = len(f.low)
	for k := range f.edge {
		f.edge[k] = float32(math.Inf(1))
		if k+1 < f.count {
			f.edge[k] = between(f.high[k], f.low[k+1])
		}
	}
}

// between is the middle of low < high, and never high itself.
func between(low, high float32) float32 {
	if m := float32((float64(low) + float64(high)) / 2); m < high {
		return m
	}
	return low
}

// cutLevels gives bins to the levels that occur, the 255 most frequent ones where there are more; the others are as missing.
func (f *binned) cutLevels(x *Matrix, j, levels int) {
	f.levels = levels
	seen := make([]int, levels)
	for i := range x.Rows {
		if l := levelOf(x.Data[i*x.Cols+j], levels); l >= 0 {
			seen[l]++
		}
	}
	for l, c := range seen {
		if c > 0 {
			f.level = append(f.level, int32(l))
		}
	}
	slices.SortStableFunc(f.level, func(a, b int32) int { return seen[b] - seen[a] })
	f.level = f.level[:min(len(f.level), maxBins)]
	slices.Sort(f.level)
	f.count = len(f.level)
	f.binOf = make([]uint8, levels)
	for l := range f.binOf {
		f.binOf[l] = uint8(f.count)
	}
	for k, l := range f.level {
		f.binOf[l] = uint8(k)
	}
}

// levelOf is the level that v stands for among levels, or -1.
func levelOf(v float32, levels int) int {
	if v >= 0 && v < float32(levels) {
		if l := int(v); float32(l) == v && l < levels {
			return l
		}
	}
	return -1
}

// encode writes the bins of rows from..to-1 of column j.
func (f *binned) encode(x *Matrix, j, from, to int, out []uint8) {
	at, step := from*x.Cols+j, x.Cols
	out = out[from:to]
	if f.levels > 0 {
		for i := range out {
			out[i] = uint8(f.count)
			if l := levelOf(x.Data[at], f.levels); l >= 0 {
				out[i] = f.binOf[l]
			}
			at += step
		}
		return
	}
	top := 1 << bits.Len(uint(f.count-1)) >> 1 // half of the edges, rounded up to a power of two; 0 for one bin
	for i := range out {
		v := x.Data[at]
		at += step
		bin := 0 // the number of edges below v
		for half := top; half > 0; half >>= 1 {
			next := bin + half
			if f.edge[(next-1)&255] >= v {
				next = bin
			}
			bin = next
		}
		if v != v {
			bin = f.count
		}
		out[i] = uint8(bin)
	}
}

// bundle lays the columns out: those with one value only have no codes, and columns that never differ from their usual bin in
// the same row share theirs.
func (b *bins) bundle(ctx context.Context, raw [][]uint8, counts [][256]int32) error {
	type bundle struct {
		column, rows int
		codes        []uint8 // what the shared column would be
	}
	var open []bundle
	for j := range b.features {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		f := &b.features[j]
		f.column, f.width = -1, f.count
		if counts[j][f.count] > 0 && f.count < 256 {
			f.width++
		}
		for k, c := range counts[j] {
			f.code[k] = uint8(k)
			if c > counts[j][f.usual] {
				f.usual = k
			}
		}
		unusual := b.rows - int(counts[j][f.usual])
		if unusual == 0 {
			continue
		}
		sparse := 2*unusual <= b.rows
		joined := false
		for k := range open {
			o := &open[k]
			c := o.column
			if !sparse || b.widths[c]+f.width-1 > 256 || o.rows+unusual > b.rows || clash(o.codes, raw[j], uint8(f.usual)) {
				continue
			}
			if len(b.members[c]) == 1 { // its first member was alone until now
				b.features[b.members[c][0]].share(1)
				b.codes[c] = o.codes
			}
			f.share(b.widths[c])
			for i, k := range raw[j] {
				if k != uint8(f.usual) {
					o.codes[i] = f.code[k]
				}
			}
			o.rows += unusual
			f.column = c
			b.members[c] = append(b.members[c], int32(j))
			b.widths[c] += f.width - 1
			joined = true
			break
		}
		if joined {
			continue
		}
		f.column = len(b.codes)
		b.codes = append(b.codes, raw[j])
		b.members = append(b.members, []int32{int32(j)})
		b.widths = append(b.widths, f.width)
		if sparse && len(open) < openBundles {
			as := *f
			as.share(1)
			codes := make([]uint8, b.rows)
			for i, k := range raw[j] {
				codes[i] = as.code[k]
			}
			open = append(open, bundle{f.column, unusual, codes})
		}
	}
	for _, w := range b.widths {
		b.offsets = append(b.offsets, b.cells)
		b.cells += w
	}
	return nil
}

// clash says whether any row is taken in both a shared column and one of bins.
func clash(taken, bin []uint8, usual uint8) bool {
	taken = taken[:len(bin)]
	for i, k := range bin {
		if k != usual && taken[i] != 0 {
			return true
		}
	}
	return false
}

// share gives code 0 to the usual bin and codes from first to the others.
func (f *binned) share(first int) {
	f.shared = true
	next := first
	for k := range f.width {
		f.code[k] = 0
		if k != f.usual {
			f.code[k] = uint8(next)
			next++
		}
	}
}

// orderKey is an integer that is ordered as v, which is not NaN; keyValue is its inverse.
func orderKey(v float32) uint32 {
	k := math.Float32bits(v)
	if k>>31 != 0 {
		return ^k
	}
	return k | 1<<31
}

func keyValue(k uint32) float32 {
	if k>>31 != 0 {
		return math.Float32frombits(k &^ (1 << 31))
	}
	return math.Float32frombits(^k)
}

// sortKeys sorts by three passes over 11 bits each, which takes a fifth of the time of comparing.
func sortKeys(keys []uint32) {
	from, to := keys, make([]uint32, len(keys))
	for shift := 0; shift < 33; shift += 11 {
		var place [2048]int32
		for _, k := range from {
			place[k>>shift&2047]++
		}
		sum := int32(0)
		for d, c := range place {
			place[d], sum = sum, sum+c
		}
		for _, k := range from {
			d := k >> shift & 2047
			to[place[d]] = k
			place[d]++
		}
		from, to = to, from
	}
	copy(keys, from)
}
