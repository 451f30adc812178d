package learn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// plantedRanking makes groups of 4 to 20 rows whose base rates differ: by two columns of the user, and by how keen she is, which
// no column says. Of a group's rows those of a certain taste, of a certain kind and of a lower age are better; but keen users
// see the older rows, so that over all rows an old one is clicked more often. Kinds and noise are missing at times. Grades are
// 0, 1 and 2. truth is what the rows of a group should be ordered by.
func plantedRanking(groups int, seed uint64) (d *RankData, truth []float64) {
	r := rand.New(rand.NewPCG(seed, 77))
	nan := float32(math.NaN())
	d = &RankData{Group: []int32{0}, Columns: []Column{{Name: "user a"}, {Name: "user b"}, {Name: "taste"}, {Name: "age"},
		{Name: "kind", Levels: []string{"p", "q", "r", "s"}}, {Name: "noise"}}}
	var x []float32
	for range groups {
		a, b := r.NormFloat64(), r.NormFloat64()
		keen := r.NormFloat64()
		base := -.5 + math.Sin(2*a)*math.Cos(2*b) + 1.5*keen
		for range 4 + r.IntN(17) {
			taste, age, kind := r.NormFloat64(), r.Float64()+.5*keen, r.IntN(4)
			score := .8*math.Cos(2*taste) - .8*age
			if kind == 2 {
				score += .5
			}
			row := []float32{float32(a), float32(b), float32(taste), float32(age), float32(kind), float32(r.NormFloat64())}
			if r.Float64() < .1 {
				row[4] = nan
			}
			if r.Float64() < .1 {
				row[5] = nan
			}
			x = append(x, row...)
			truth = append(truth, score)
			grade := float32(0)
			if r.Float64() < 1/(1+math.Exp(-base-score)) {
				grade = 1
				if r.Float64() < 1/(1+math.Exp(1-score)) {
					grade = 2
				}
			}
			d.Grade = append(d.Grade, grade)
		}
		d.Group = append(d.Group, int32(len(truth)))
	}
	d.X = &Matrix{Rows: len(truth), Cols: 6, Data: x}
	return d, truth
}

// ranked judges scores of d.
func (d *RankData) ranked(score []float64) *Ranked {
	return &Ranked{Group: d.Group, Score: score, Grade: d.Grade, Weight: d.Weight}
}

// judged is the AUC and NDCG@10 of each group.
func judged(t testing.TB, d *RankData, score []float64) (auc, ndcg []float64) {
	t.Helper()
	auc, err := d.ranked(score).AUC()
	if err != nil {
		t.Fatal(err)
	}
	if ndcg, err = d.ranked(score).NDCG(10, nil); err != nil {
		t.Fatal(err)
	}
	return auc, ndcg
}

// ahead is by how many standard errors the mean over groups of a is above that of b.
func ahead(a, b []float64) float64 {
	var n, sum, squares float64
	for g := range a {
		if d := a[g] - b[g]; d == d {
			n++
			sum += d
			squares += d * d
		}
	}
	return sum / n / math.Sqrt((squares/n-sum/n*sum/n)/n)
}

// A pointwise model learns what the groups differ by, and with it what misleads within them. Pairs do not see that, and come near
// to the true order.
func TestLambdaMARTBeatsPointwise(t *testing.T) {
	d, _ := plantedRanking(2000, 1)
	test, truth := plantedRanking(3000, 2)
	point := &Data{X: d.X, Columns: d.Columns}
	for _, v := range d.Grade {
		point.Y = append(point.Y, v > 0)
	}
	boost, err := FitBoost(t.Context(), point, Boost{Trees: 60, MaxLeaves: 7})
	if err != nil {
		t.Fatal(err)
	}
	bestAUC, bestNDCG := judged(t, test, truth)
	pointAUC, pointNDCG := judged(t, test, predicted(t, boost, test.X))
	tell := func(name string, auc, ndcg []float64) {
		t.Logf("%-10s AUC %.4f (%+.1f standard errors), NDCG@10 %.4f (%+.1f)", name, MeanOfGroups(auc, nil).Mean, ahead(auc, pointAUC),
			MeanOfGroups(ndcg, nil).Mean, ahead(ndcg, pointNDCG))
	}
	tell("true order", bestAUC, bestNDCG)
	tell("pointwise", pointAUC, pointNDCG)
	for _, o := range []RankObjective{RankNDCG, RankPairs, RankGroups} {
		m, err := FitLambdaMART(t.Context(), d, LambdaMART{Objective: o, Trees: 60, MaxLeaves: 7})
		if err != nil {
			t.Fatal(err)
		}
		auc, ndcg := judged(t, test, predicted(t, m, test.X))
		tell(string(o), auc, ndcg)
		if !(ahead(auc, pointAUC) > 10 && ahead(ndcg, pointNDCG) > 10 && ahead(bestAUC, auc) > 0) {
			t.Errorf("%s is not well ahead, or ahead of the truth", o)
		}
		// Most of what is lost to the true order is found again.
		best := MeanOfGroups(bestAUC, nil).Mean
		if lost, still := best-MeanOfGroups(pointAUC, nil).Mean, best-MeanOfGroups(auc, nil).Mean; still > lost/4 {
			t.Errorf("%s: an AUC %.4f below the true order, where pointwise is %.4f below it", o, still, lost)
		}
	}
}

// Data of a linear truth give its coefficients, whatever is constant within the groups.
func TestLinearRankingRecoversTheTruth(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	truth := []float64{1, -.5, 0, 0}
	d := &RankData{X: NewMatrix(20000, 4), Grade: make([]float32, 20000), Group: []int32{0}}
	for i := range 20000 {
		row := d.X.Row(i)
		row[0], row[1], row[2] = float32(r.NormFloat64()), float32(r.NormFloat64()*2), float32(r.NormFloat64())
		row[3] = float32(i / 2) // of the group
		if i%2 == 1 {
			margin := 0.0
			for j, w := range truth {
				margin += w * float64(row[j]-d.X.Row(i - 1)[j])
			}
			if r.Float64() < 1/(1+math.Exp(-margin)) {
				d.Grade[i] = 1
			} else {
				d.Grade[i-1] = 1
			}
			d.Group = append(d.Group, int32(i+1))
		}
	}
	m, err := FitLinearRanking(t.Context(), d, LinearRanking{C: 1e8})
	if err != nil || !m.Converged {
		t.Fatal(err, m)
	}
	for j, w := range truth {
		if !(math.Abs(m.Coef[j]-w) < .05) {
			t.Errorf("coefficients %v, want %v", m.Coef, truth)
		}
	}
	// The same by logistic regression of the differences, of groups of two without an intercept: both signs of each.
	twice := &Data{X: NewMatrix(20000, 4), Y: make([]bool, 20000)}
	for k := range 10000 {
		for j := range 4 {
			v := d.X.Row(2 * k)[j] - d.X.Row(2*k + 1)[j]
			twice.X.Row(2 * k)[j], twice.X.Row(2*k + 1)[j] = v, -v
		}
		twice.Y[2*k], twice.Y[2*k+1] = d.Grade[2*k] == 1, d.Grade[2*k] == 0
	}
	l, err := FitLogistic(t.Context(), twice, Logistic{C: 1e8, Tol: 1e-10})
	if err != nil {
		t.Fatal(err)
	}
	for j := range 3 {
		if !(math.Abs(m.Coef[j]-l.Coef[j]) < 1e-5) {
			t.Errorf("coefficients %v, by differences %v", m.Coef, l.Coef)
		}
	}
}

// rankers fit d with each of the rankers.
func rankers(ctx context.Context, d *RankData, threads int) (models []Model, errs []error) {
	for _, o := range []RankObjective{RankNDCG, RankPairs, RankGroups} {
		m, err := FitLambdaMART(ctx, d, LambdaMART{Objective: o, Trees: 15, Features: .7, Holdout: .2, Seed: 4, Threads: threads})
		models, errs = append(models, m), append(errs, err)
	}
	numbers := &RankData{X: NewMatrix(d.X.Rows, 2), Grade: d.Grade, Group: d.Group, Weight: d.Weight, GroupWeight: d.GroupWeight}
	for i := range d.X.Rows {
		copy(numbers.X.Row(i), d.X.Row(i)[2:4])
	}
	for _, o := range []RankObjective{RankPairs, RankGroups} {
		m, err := FitLinearRanking(ctx, numbers, LinearRanking{Objective: o, Threads: threads})
		models, errs = append(models, m), append(errs, err)
	}
	return models, errs
}

func TestRankersDoNotDependOnThreads(t *testing.T) {
	d, _ := plantedRanking(1200, 5)
	d.Weight = make([]float32, d.X.Rows)
	for i := range d.Weight {
		d.Weight[i] = float32(i%4) / 3
	}
	d.GroupWeight = make([]float32, d.Groups())
	for g := range d.GroupWeight {
		d.GroupWeight[g] = float32(1 + g%3)
	}
	one, errs := rankers(t.Context(), d, 1)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, threads := range []int{2, 5} {
		more, _ := rankers(t.Context(), d, threads)
		for k := range one {
			if !reflect.DeepEqual(one[k], more[k]) {
				t.Errorf("model %d is another with %d threads", k, threads)
			}
		}
	}
	for _, m := range one {
		var file bytes.Buffer
		if err := Save(&file, m); err != nil {
			t.Fatal(err)
		}
		again, err := Load(&file)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(m, again) {
			t.Errorf("a %T is another when loaded", m)
		}
	}
}

// Rows of weight 0, groups of weight 0 and groups of one grade teach nothing: without them the trees are the same.
func TestRankersIgnoreWhatDoesNotTell(t *testing.T) {
	d, _ := plantedRanking(400, 6)
	more := &RankData{X: &Matrix{Cols: 6}, Columns: d.Columns, Group: []int32{0}}
	add := func(row []float32, grade, weight float32) {
		more.X.Data = append(more.X.Data, row...)
		more.X.Rows++
		more.Grade, more.Weight = append(more.Grade, grade), append(more.Weight, weight)
	}
	end := func(weight float32) {
		more.Group, more.GroupWeight = append(more.Group, int32(more.X.Rows)), append(more.GroupWeight, weight)
	}
	for g := range d.Groups() {
		for i := d.Group[g]; i < d.Group[g+1]; i++ {
			add(d.X.Row(int(i)), d.Grade[i], 1)
			if i%5 == 0 {
				add(d.X.Row(int(i)), 2, 0)
			}
		}
		end(1)
		switch g % 10 {
		case 0:
			add(d.X.Row(0), 0, 1)
			add(d.X.Row(1), 1, 1)
			end(0)
		case 1:
			add(d.X.Row(0), 1, 1)
			add(d.X.Row(1), 1, 1)
			end(1)
		case 2:
			end(1)
		}
	}
	// Quantiles are of all rows; so let all values have bins of their own.
	for _, x := range []*Matrix{d.X, more.X} {
		for i := range x.Data {
			x.Data[i] = float32(math.Round(float64(x.Data[i])*10) / 10)
		}
	}
	plain, err := FitLambdaMART(t.Context(), d, LambdaMART{Trees: 10})
	if err != nil {
		t.Fatal(err)
	}
	m, err := FitLambdaMART(t.Context(), more, LambdaMART{Trees: 10})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(predicted(t, plain, d.X), predicted(t, m, d.X)) {
		t.Error("other predictions")
	}
}

func TestLambdaMARTStopsEarly(t *testing.T) {
	d, _ := plantedRanking(300, 7)
	m, err := FitLambdaMART(t.Context(), d, LambdaMART{Trees: 400, LearningRate: .3, Holdout: .3, Patience: 6, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	best := 0
	for k, l := range m.Losses {
		if l < m.Losses[best] {
			best = k
		}
	}
	if len(m.Trees) != best+1 || len(m.Losses) != best+1+6 || !(m.Losses[best] < m.Losses[0]) || !(m.Losses[best] > 0) {
		t.Errorf("%d trees kept of %d, the best is %d", len(m.Trees), len(m.Losses), best+1)
	}
}

// Scores that are monotone in a column, and rows that no order fits, keep the numbers finite.
func TestLambdaMARTConstraints(t *testing.T) {
	d, _ := plantedRanking(500, 8)
	m, err := FitLambdaMART(t.Context(), d, LambdaMART{Monotone: map[string]int{"age": 1}, LearningRate: 1, MinLeaf: 1, Trees: 80})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.valid(); err != nil {
		t.Fatal(err)
	}
	x := NewMatrix(50, 6)
	for k := range 40 {
		for i := range 50 {
			copy(x.Row(i), d.X.Row(k*11))
			x.Row(i)[3] = float32(i) / 50
		}
		if !slices.IsSorted(predicted(t, m, x)) {
			t.Fatalf("row %d: the score falls with age, which it must not", k*11)
		}
	}
}

func TestRankersOfBadData(t *testing.T) {
	good := func() *RankData { d, _ := plantedRanking(20, 9); return d }
	n := good().X.Rows
	for want, damage := range map[string]func(d *RankData){
		"no rows":                 func(d *RankData) { d.X = nil },
		"grades for":              func(d *RankData) { d.Grade = d.Grade[1:] },
		"has grade":               func(d *RankData) { d.Grade[3] = float32(math.NaN()) },
		"row 4 has grade 31":      func(d *RankData) { d.Grade[4] = 31 },
		"weights for":             func(d *RankData) { d.Weight = make([]float32, 3) },
		"row 2 has weight":        func(d *RankData) { d.Weight = make([]float32, n); d.Weight[2] = -1 },
		"weights for 20 groups":   func(d *RankData) { d.GroupWeight = make([]float32, 19) },
		"group 1 has weight":      func(d *RankData) { d.GroupWeight = make([]float32, 20); d.GroupWeight[1] = float32(math.Inf(1)) },
		"bounds of groups must":   func(d *RankData) { d.Group = d.Group[:5] },
		"these are 0 bounds":      func(d *RankData) { d.Group = nil },
		"ends at row":             func(d *RankData) { d.Group[3] = 1 },
		"no order to learn":       func(d *RankData) { clear(d.Grade) },
		"infinite":                func(d *RankData) { d.X.Data[9] = float32(math.Inf(-1)) },
		"columns are described":   func(d *RankData) { d.Columns = d.Columns[:2] },
		"none of 20 groups has t": func(d *RankData) { d.GroupWeight = make([]float32, 20) },
	} {
		d := good()
		damage(d)
		if _, err := FitLambdaMART(t.Context(), d, LambdaMART{}); err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, c := range []LambdaMART{{Trees: -1}, {Truncation: -1}, {Objective: "auc"}, {Holdout: 1}, {Holdout: .01}, {LearningRate: math.NaN()}, {Monotone: map[string]int{"nobody": 1}}} {
		if _, err := FitLambdaMART(t.Context(), good(), c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	if _, err := FitLinearRanking(t.Context(), good(), LinearRanking{}); err == nil {
		t.Error("categories in a linear ranking")
	}
	plain := good()
	plain.Columns = nil
	for i, v := range plain.X.Data {
		if v != v {
			plain.X.Data[i] = 0
		}
	}
	for _, c := range []LinearRanking{{Objective: RankNDCG}, {C: -1}, {Tol: math.NaN()}, {MaxIter: -1}} {
		if _, err := FitLinearRanking(t.Context(), plain, c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if models, errs := rankers(ctx, good(), 2); len(models) > 0 {
		for k, err := range errs {
			if !errors.Is(err, why) {
				t.Errorf("ranker %d: %v of a cancelled context", k, err)
			}
		}
	}
}

// A fit that is cancelled on its way gives the cause and no model.
func TestRankersAreCancelledOnTheWay(t *testing.T) {
	d, _ := plantedRanking(300, 11)
	seconds, _ := viewSeconds(2000, 8)
	why := errors.New("enough")
	for name, fit := range map[string]func(ctx context.Context, progress func(done, total int)) (bool, error){
		"lambdamart": func(ctx context.Context, p func(int, int)) (bool, error) {
			m, err := FitLambdaMART(ctx, d, LambdaMART{Trees: 50, Progress: p})
			return m != nil, err
		},
		"boosted regression": func(ctx context.Context, p func(int, int)) (bool, error) {
			m, err := FitBoostRegression(ctx, seconds, BoostRegression{Trees: 50, Progress: p})
			return m != nil, err
		},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		calls := 0
		got, err := fit(ctx, func(done, _ int) {
			if calls++; done == 3 {
				cancel(why)
			}
		})
		if !errors.Is(err, why) || got || calls != 3 {
			t.Errorf("%s: %v after %d trees", name, err, calls)
		}
	}
}

func BenchmarkFitLambdaMART(b *testing.B) {
	d, _ := plantedRanking(8000, 10)
	for _, o := range []RankObjective{RankNDCG, RankPairs} {
		b.Run(fmt.Sprintf("objective=%s/rows=%d/columns=6/trees=100", o, d.X.Rows), func(b *testing.B) {
			for b.Loop() {
				if _, err := FitLambdaMART(b.Context(), d, LambdaMART{Objective: o}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
