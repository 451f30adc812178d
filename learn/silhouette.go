// Are there groups, and how many? Three looks at a clustering, and a choice among numbers of clusters by all three.
//
//   - Silhouette (Rousseeuw, Journal of Computational and Applied Mathematics 20, 1987): how much nearer rows are to their own
//     cluster than to the next. Kaufman and Rousseeuw (Finding Groups in Data, 1990) read .25 and below as no structure.
//   - Stability (Hennig, Computational Statistics & Data Analysis 52, 2007; Fang and Wang, ibid. 56, 2012): two bootstrap samples
//     are clustered, and all rows assigned by both; the adjusted Rand index (Hubert and Arabie, Journal of Classification 2,
//     1985) says how alike.
//   - Valley: k-means cuts anything into stable, compact pieces, also one long cloud; but between the centers of two pieces of
//     one cloud the rows are as dense as at the centers, while separate groups have a valley there.

package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Silhouette is the mean over rows of (b-a)/max(a,b), in [-1,1]: a is the mean Euclidean distance to the other rows of the
// row's cluster, b that to the rows of the nearest other cluster; 0 for a row alone in its cluster. a holds a cluster 0, 1, ...
// for each row. It looks at all pairs of at most so many (most) rows (0 means 5000), drawn by seed where there are more. NaN if
// fewer than 2 clusters are among them.
func Silhouette(ctx context.Context, x *Matrix, a []int32, most int, seed uint64, threads int) (float64, error) {
	if err := clusterable(x); err != nil {
		return 0, err
	}
	if len(a) != x.Rows {
		return 0, fmt.Errorf("learn: silhouette: clusters of %d rows where there are %d", len(a), x.Rows)
	}
	if most <= 0 {
		most = 5000
	}
	if x.Rows > most {
		rows := drawRows(x.Rows, most, rand.New(rand.NewPCG(seed, 0x511)))
		x = x.Take(rows)
		of := make([]int32, len(rows))
		for k, i := range rows {
			of[k] = a[i]
		}
		a = of
	}
	a, k := denseGroups(a, len(a))
	if k < 2 {
		return math.NaN(), nil
	}
	size := make([]float64, k)
	for _, c := range a {
		size[c]++
	}
	const together = 16 // rows whose distances are looked at between two looks at the context
	width := make([]float64, x.Rows)
	err := inBlocks(ctx, x.Rows, together, threadsOf(threads), func(_, from, to int) {
		sum := make([]float64, k)
		for i := from; i < to; i++ {
			clear(sum)
			center := wide(x.Row(i))
			for o, c := range a {
				sum[c] += math.Sqrt(squaredDistance(x.Row(o), center))
			}
			own := a[i]
			if size[own] < 2 {
				continue
			}
			within, next := sum[own]/(size[own]-1), math.Inf(1)
			for c, s := range sum {
				if int32(c) != own {
					next = min(next, s/size[c])
				}
			}
			if larger := max(within, next); larger > 0 {
				width[i] = (next - within) / larger
			}
		}
	})
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, w := range width {
		total += w
	}
	return total / float64(x.Rows), nil
}

// AdjustedRand says how alike two clusterings of the same rows are: 1 if equal but for the names of clusters, 0 on average for
// random ones, and less if less alike than random. NaN if the lengths differ or are 0.
func AdjustedRand(a, b []int32) float64 {
	if len(a) != len(b) || len(a) == 0 {
		return math.NaN()
	}
	a, ka := denseGroups(a, len(a))
	b, kb := denseGroups(b, len(b))
	inA, inB := make([]int, ka), make([]int, kb)
	both := make(map[[2]int32]int)
	for i := range a {
		inA[a[i]]++
		inB[b[i]]++
		both[[2]int32{a[i], b[i]}]++
	}
	pairs := func(n int) float64 { return float64(n) * float64(n-1) } // ordered
	var together, pairsA, pairsB float64                              // sums of whole numbers: their order does not matter
	for _, n := range both {
		together += pairs(n)
	}
	for _, n := range inA {
		pairsA += pairs(n)
	}
	for _, n := range inB {
		pairsB += pairs(n)
	}
	if pairsA == together && pairsB == together {
		return 1
	}
	expected := pairsA / pairs(len(a)) * pairsB
	return (together - expected) / ((pairsA+pairsB)/2 - expected)
}

// ClusterChoiceConfig is how to choose a number of clusters.
type ClusterChoiceConfig struct {
	Most       int // clusters tried: 2 to Most; 0 means 8
	Pairs      int // of bootstrap samples for each number; 0 means 10
	SampleRows int // all looks are at a sample of at most so many rows; 0 means 5000
	Restarts   int // of each k-means; 0 means 3
	Seed       uint64
	Threads    int // 0 means one a core
}

// ClusterTrial is what speaks for and against a number of clusters.
type ClusterTrial struct {
	K          int
	Inertia    float64 // of the sample
	Silhouette float64
	Stability  float64 // mean adjusted Rand index of the pairs
	Valley     float64 // the shallowest valley between two clusters (see valley): 0 is empty, 1 or more is none
	Separate   bool    // Stability >= .8, Silhouette >= .25 and Valley <= .5
}

// What a number of clusters needs to count as separate groups.
const (
	leastStability  = .8
	leastSilhouette = .25
	highestValley   = .5
)

// ClusterChoice is the table of all numbers tried and what follows from it.
type ClusterChoice struct {
	Trials []ClusterTrial // K = 2, 3, ...
	// K is the number with the highest silhouette among those that are separate, or 1 if none is: then the rows are one cloud,
	// and clusters of it are cuts through a gradient.
	K int
}

// ChooseClusters tries k-means with 2, 3, ... clusters on a sample of x. It asks for at least 2 distinct rows; numbers of
// clusters above that of distinct rows are not tried. k-means knows round groups of like spread: bring the columns to one scale,
// and take logarithms of heavy-tailed ones, first.
func ChooseClusters(ctx context.Context, x *Matrix, cfg ClusterChoiceConfig) (*ClusterChoice, error) {
	if err := clusterable(x); err != nil {
		return nil, err
	}
	for _, s := range []struct {
		setting  *int
		standard int
	}{{&cfg.Most, 8}, {&cfg.Pairs, 10}, {&cfg.SampleRows, 5000}, {&cfg.Restarts, 3}} {
		if *s.setting == 0 {
			*s.setting = s.standard
		}
	}
	if cfg.Most < 2 || cfg.Pairs < 1 || cfg.SampleRows < 2 || cfg.Restarts < 1 {
		return nil, fmt.Errorf("learn: choose clusters: up to %d clusters, %d pairs, %d sample rows, %d restarts: 2, 1, 2 and 1 are the least", cfg.Most, cfg.Pairs, cfg.SampleRows, cfg.Restarts)
	}
	if x.Rows > cfg.SampleRows {
		x = x.Take(drawRows(x.Rows, cfg.SampleRows, rand.New(rand.NewPCG(cfg.Seed, 0xc1))))
	}
	most := min(cfg.Most, distinctRows(x))
	if most < 2 {
		return nil, fmt.Errorf("learn: choose clusters: all %d rows are equal", x.Rows)
	}
	choice := &ClusterChoice{K: 1}
	highest := math.Inf(-1)
	for k := 2; k <= most; k++ {
		t, err := tryClusters(ctx, x, k, cfg)
		if err != nil {
			return nil, err
		}
		choice.Trials = append(choice.Trials, t)
		if t.Separate && t.Silhouette > highest {
			choice.K, highest = k, t.Silhouette
		}
	}
	return choice, nil
}

func tryClusters(ctx context.Context, x *Matrix, k int, cfg ClusterChoiceConfig) (ClusterTrial, error) {
	t := ClusterTrial{K: k}
	m, err := FitKMeans(ctx, x, KMeansConfig{K: k, Restarts: cfg.Restarts, Seed: cfg.Seed, Threads: cfg.Threads})
	if err != nil {
		return t, err
	}
	t.Inertia = m.Inertia
	if t.Silhouette, err = Silhouette(ctx, x, m.Assignment, x.Rows, 0, cfg.Threads); err != nil {
		return t, err
	}
	for a := range k {
		for b := range a {
			t.Valley = max(t.Valley, m.valley(x, int32(b), int32(a)))
		}
	}
	alike, errs := make([]float64, cfg.Pairs), make([]error, cfg.Pairs)
	err = inBlocks(ctx, cfg.Pairs, 1, threadsOf(cfg.Threads), func(pair, _, _ int) {
		alike[pair], errs[pair] = samplePair(ctx, x, k, cfg, uint64(pair))
	})
	if err != nil {
		return t, err
	}
	for pair, v := range alike {
		if errs[pair] != nil {
			return t, errs[pair]
		}
		t.Stability += v / float64(cfg.Pairs)
	}
	t.Separate = t.Stability >= leastStability && t.Silhouette >= leastSilhouette && t.Valley <= highestValley
	return t, nil
}

// samplePair clusters two bootstrap samples and says how alike they assign all rows. A sample of too few distinct rows makes
// an unstable clustering: 0.
func samplePair(ctx context.Context, x *Matrix, k int, cfg ClusterChoiceConfig, pair uint64) (float64, error) {
	var of [2][]int32
	for s := range of {
		r := rand.New(rand.NewPCG(cfg.Seed, 0xb007+2*pair+uint64(s)))
		rows := make([]int32, x.Rows)
		for i := range rows {
			rows[i] = int32(r.IntN(x.Rows))
		}
		slices.Sort(rows) // nearer in memory; their order does not matter
		sample := x.Take(rows)
		if distinctRows(sample) < k {
			return 0, nil
		}
		m, err := FitKMeans(ctx, sample, KMeansConfig{K: k, Restarts: cfg.Restarts, Seed: r.Uint64(), Threads: 1})
		if err != nil {
			return 0, err
		}
		of[s] = make([]int32, x.Rows)
		if err := m.Assign(ctx, x, of[s], 1); err != nil {
			return 0, err
		}
	}
	return AdjustedRand(of[0], of[1]), nil
}

// distinctRows is the number of different rows.
func distinctRows(x *Matrix) int {
	order := make([]int32, x.Rows)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return slices.Compare(x.Row(int(a)), x.Row(int(b))) })
	n := 1
	for k := 1; k < len(order); k++ {
		if slices.Compare(x.Row(int(order[k-1])), x.Row(int(order[k]))) != 0 {
			n++
		}
	}
	return n
}

// valley projects the rows of clusters a and b on the line through their centers, where a's is 0 and b's is 1, and compares
// the rows about the middle, in [.4,.6), with those in the fullest window of that width on either side, whichever is less:
// below 1 there is a valley. If the density has one peak this is 1 or more, wherever that is, but for chance: few rows make
// windows that are full by chance, so that 2 standard errors of the difference are granted.
func (m *KMeans) valley(x *Matrix, a, b int32) float64 {
	from, to := m.Centers[a], m.Centers[b]
	var length float64
	for j := range from {
		length += (to[j] - from[j]) * (to[j] - from[j])
	}
	if length == 0 {
		return 1
	}
	var along []float64
	for i, c := range m.Assignment {
		if c == a || c == b {
			var s float64
			for j, v := range x.Row(i) {
				s += (float64(v) - from[j]) * (to[j] - from[j])
			}
			along = append(along, s/length)
		}
	}
	slices.Sort(along)
	const width = .2
	var middle, left, right float64
	end := 0
	for start, v := range along { // the fullest windows begin at a row
		for end < len(along) && along[end] < v+width {
			end++
		}
		switch n := float64(end - start); {
		case v+width <= .5:
			left = max(left, n)
		case v >= .5:
			right = max(right, n)
		}
		if v >= .5-width/2 && v < .5+width/2 {
			middle++
		}
	}
	peak := min(left, right)
	if peak == 0 {
		return 1
	}
	if peak-middle <= 2*math.Sqrt(peak+middle) {
		return 1
	}
	return middle / peak
}
