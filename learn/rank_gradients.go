// The lambdas of LambdaMART: for a pair of rows i, j of a group with grade_i > grade_j, and rho = 1/(1 + exp(s_i - s_j)), row i is
// pulled up by w_ij rho and row j down by as much, and both have the curvature w_ij rho (1 - rho) (Burges, MSR-TR-2010-82,
// sections 4.1 and 7).

package learn

import (
	"cmp"
	"context"
	"math"
	"slices"
)

const (
	lambdaGroups = 64   // groups of a block
	lambdaCheck  = 256  // rows between two looks at the context
	leastOdds    = -600 // log of the least exp(s_i) beside the greatest of the group: both of a pair must not become 0
)

// lambdas are the groups of a fit and what their rows are pulled by.
type lambdas struct {
	d        *RankData
	c        LambdaMART
	learn    rankedRows
	held     rankedRows
	discount []float64 // of place r: 1/log2(r+2), for the first Truncation ones
	gain     []float64 // of each row of d: 2^grade - 1; for RankNDCG
	a, b     []float64 // of each row of d: the pull upwards, and the curvature
}

// rankedRows are the rows of some groups, in an order of their own within each group.
type rankedRows struct {
	groups []int32
	start  []int32   // of each group in rows; one more at the end
	rows   []int32   // of weight above 0
	odds   []float64 // of each place in rows: exp of its score less the greatest of its group
	gain   []float64 // of each place in rows; for RankNDCG
	factor []float64 // of each group: what each of its pairs weighs
	total  float64   // the weight of all groups, or pairs
}

func newLambdas(d *RankData, c LambdaMART, learn, held []int32) *lambdas {
	l := &lambdas{d: d, c: c, a: make([]float64, d.X.Rows), b: make([]float64, d.X.Rows)}
	longest := 0
	for _, g := range learn {
		longest = max(longest, int(d.Group[g+1]-d.Group[g]))
	}
	for r := range min(longest, c.Truncation) {
		l.discount = append(l.discount, 1/math.Log2(float64(r+2)))
	}
	if c.Objective == RankNDCG {
		l.gain = make([]float64, d.X.Rows)
		for i, v := range d.Grade {
			l.gain[i] = ExponentialGain(float64(v))
		}
	}
	l.learn, l.held = newRankedRows(d, c, learn), newRankedRows(d, c, held)
	return l
}

// newRankedRows has the rows of each group from the highest grade to the lowest.
func newRankedRows(d *RankData, c LambdaMART, groups []int32) rankedRows {
	s := rankedRows{groups: groups, start: []int32{0}}
	for _, g := range groups {
		from := len(s.rows)
		s.rows = append(s.rows, d.rowsOf([]int32{g})...)
		rows := s.rows[from:]
		slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(d.Grade[b], d.Grade[a]) })
		s.start = append(s.start, int32(len(s.rows)))
		factor := d.groupWeight(int(g))
		switch c.Objective {
		case RankNDCG:
			ideal := 0.0
			for r, i := range rows[:min(len(rows), c.Truncation)] {
				ideal += ExponentialGain(float64(d.Grade[i])) / math.Log2(float64(r+2))
			}
			s.total += factor
			factor /= ideal
		case RankPairs:
			s.total += factor * pairWeight(d, rows)
		case RankGroups:
			s.total += factor
			factor /= pairWeight(d, rows)
		}
		s.factor = append(s.factor, factor)
	}
	s.odds, s.gain = make([]float64, len(s.rows)), make([]float64, len(s.rows))
	return s
}

// pairWeight is the weight of all pairs of different grades among rows, which stand from the highest grade to the lowest.
func pairWeight(d *RankData, rows []int32) float64 {
	above, same, sum := 0.0, 0.0, 0.0
	for k, i := range rows {
		if k > 0 && d.Grade[i] != d.Grade[rows[k-1]] {
			above, same = above+same, 0
		}
		sum += above * d.weight(int(i))
		same += d.weight(int(i))
	}
	return sum
}

// pass finds the pulls at the given scores, one for each row of the data.
func (l *lambdas) pass(ctx context.Context, scores []float64, threads int) error {
	groups := len(l.learn.factor)
	err := inBlocks(ctx, groups, lambdaGroups, threads, func(_, from, to int) {
		for g := from; g < to && ctx.Err() == nil; g++ {
			if l.c.Objective == RankNDCG {
				l.places(ctx, g, scores)
			} else {
				l.pairs(ctx, g, scores)
			}
		}
	})
	if err == nil && ctx.Err() != nil { // it may have ended within the last blocks
		err = context.Cause(ctx)
	}
	return err
}

// begin clears the pulls of group g and prepares its odds. It returns its rows and theirs.
func (l *lambdas) begin(g int, scores []float64) (rows []int32, odds []float64) {
	from, to := l.learn.start[g], l.learn.start[g+1]
	rows, odds = l.learn.rows[from:to], l.learn.odds[from:to]
	top := math.Inf(-1)
	for _, i := range rows {
		top = max(top, scores[i])
		l.a[i], l.b[i] = 0, 0
	}
	for k, i := range rows {
		odds[k] = math.Exp(max(leastOdds, scores[i]-top))
	}
	return rows, odds
}

// places pulls the rows of group g for NDCG. Changing the places of two rows that are both beyond the truncation changes
// nothing.
func (l *lambdas) places(ctx context.Context, g int, scores []float64) {
	from, to := l.learn.start[g], l.learn.start[g+1]
	slices.SortFunc(l.learn.rows[from:to], func(a, b int32) int {
		if o := cmp.Compare(scores[b], scores[a]); o != 0 {
			return o
		}
		return cmp.Compare(a, b)
	})
	rows, odds := l.begin(g, scores)
	gain := l.learn.gain[from:to]
	for k, i := range rows {
		gain[k] = l.gain[i]
	}
	factor := l.learn.factor[g]
	for r, i := range rows[:min(len(rows), len(l.discount))] {
		if r%lambdaCheck == 0 && ctx.Err() != nil {
			return
		}
		pull, curve := 0.0, 0.0
		weight := factor * l.d.weight(int(i))
		for s := r + 1; s < len(rows); s++ {
			change := gain[r] - gain[s]
			if change == 0 {
				continue
			}
			discount := l.discount[r]
			if s < len(l.discount) {
				discount -= l.discount[s]
			}
			j := rows[s]
			w := weight * l.d.weight(int(j)) * discount * math.Abs(change)
			rho := odds[s] / (odds[r] + odds[s]) // the chance, by the scores, that s belongs above r
			h := w * rho * (1 - rho)
			p := w * rho
			if change < 0 {
				p -= w
			}
			pull += p
			curve += h
			l.a[j] -= p
			l.b[j] += h
		}
		l.a[i] += pull
		l.b[i] += curve
	}
}

// pairs pulls the rows of group g for its pairs; they stand from the highest grade to the lowest.
func (l *lambdas) pairs(ctx context.Context, g int, scores []float64) {
	rows, odds := l.begin(g, scores)
	below := 0 // the first row of a lower grade
	for r, i := range rows {
		if r%lambdaCheck == 0 && ctx.Err() != nil {
			return
		}
		for below < len(rows) && l.d.Grade[rows[below]] == l.d.Grade[i] {
			below++
		}
		pull, curve := 0.0, 0.0
		weight := l.learn.factor[g] * l.d.weight(int(i))
		for s := below; s < len(rows); s++ {
			j := rows[s]
			w := weight * l.d.weight(int(j))
			rho := odds[s] / (odds[r] + odds[s])
			p, h := w*rho, w*rho*(1-rho)
			pull += p
			curve += h
			l.a[j] -= p
			l.b[j] += h
		}
		l.a[i] += pull
		l.b[i] += curve
	}
}

// heldLoss is what the groups held out lose at the given scores.
func (l *lambdas) heldLoss(ctx context.Context, scores []float64, threads int) (float64, error) {
	groups := len(l.held.factor)
	blocks := make([]float64, (groups+lambdaGroups-1)/lambdaGroups)
	err := inBlocks(ctx, groups, lambdaGroups, threads, func(block, from, to int) {
		for g := from; g < to && ctx.Err() == nil; g++ {
			blocks[block] += l.groupLoss(ctx, g, scores)
		}
	})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	sum := 0.0
	for _, v := range blocks {
		sum += v
	}
	return sum / l.held.total, err
}

// groupLoss is what group g of those held out loses, times its weight.
func (l *lambdas) groupLoss(ctx context.Context, g int, scores []float64) float64 {
	s := &l.held
	rows := s.rows[s.start[g]:s.start[g+1]]
	if l.c.Objective == RankNDCG {
		own, grade, weight := make([]float64, len(rows)), make([]float32, len(rows)), make([]float32, len(rows))
		for k, i := range rows {
			own[k], grade[k], weight[k] = scores[i], l.d.Grade[i], float32(l.d.weight(int(i)))
		}
		return l.d.groupWeight(int(s.groups[g])) * (1 - groupNDCG(own, grade, weight, l.c.Truncation, ExponentialGain))
	}
	loss, below := 0.0, 0
	for r, i := range rows {
		if r%lambdaCheck == 0 && ctx.Err() != nil {
			return 0
		}
		for below < len(rows) && l.d.Grade[rows[below]] == l.d.Grade[i] {
			below++
		}
		for _, j := range rows[below:] {
			margin := scores[i] - scores[j]
			loss += l.d.weight(int(i)) * l.d.weight(int(j)) * (max(0, -margin) + math.Log1p(math.Exp(-math.Abs(margin))))
		}
	}
	return s.factor[g] * loss
}
