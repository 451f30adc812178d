// The first question: of the cards that were really shown in a session, do those that are clicked rank higher? It is answered on the
// log alone, for any score, and is bound to what was shown: it says nothing of cards that nobody was shown.

package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

// Scored is what a method says of every row of a PairSet.
type Scored struct {
	Method  string
	Kind    Kind
	Score   []float64 // by row: the higher, the further up
	Chance  []float64 // by row: probability of the click in the slot it was shown in; nil where the method gives none
	Seconds float64   // to train it
}

// rerankDepth is the place up to which a session's order counts: what a user of the reference log sees of most sessions.
const rerankDepth = 10

// calibrationBins are equal-mass bins of ECE.
const calibrationBins = 15

// Rerank judges methods on the same rows. examination, if not nil, is the chance by row that its slot was looked at, relative to the first
// slot, for the corrected measure. Users are the units of all intervals. Sessions without a click, and for AUC users without both kinds of rows,
// say nothing of an order and are left out of it.
func Rerank(ctx context.Context, set *feature.PairSet, methods []Scored, examination []float64, r Resampling) (*Table, error) {
	if set.Rows == 0 {
		return nil, errors.New("evaluate: no impressions fall into the days that are judged")
	}
	for _, m := range methods {
		if len(m.Score) != set.Rows || m.Chance != nil && len(m.Chance) != set.Rows {
			return nil, fmt.Errorf("evaluate: %s gives %d scores and %d chances for %d impressions", m.Method, len(m.Score), len(m.Chance), set.Rows)
		}
	}
	if examination != nil && len(examination) != set.Rows {
		return nil, fmt.Errorf("evaluate: %d examinations for %d impressions", len(examination), set.Rows)
	}
	j := newRerank(set, examination)
	t := &Table{Users: len(j.userRows) - 1, Lists: len(set.Session) - 1}
	for _, m := range methods {
		t.Rows = append(t.Rows, Row{Method: m.Method, Kind: m.Kind, Seconds: m.Seconds})
	}
	paired := []struct {
		Measure
		of func(Scored) ([]float64, error)
	}{
		{Measure{Name: fmt.Sprintf("ndcg@%d", rerankDepth), Label: fmt.Sprintf("NDCG at %d", rerankDepth), Why: "clicked cards far up in a session count most; mean over users of the mean over her sessions with a click", Paired: true},
			func(m Scored) ([]float64, error) { return j.ndcg(m.Score) }},
		{Measure{Name: "mrr", Label: "Reciprocal rank", Why: "1 over the place of the first clicked card of a session", Paired: true},
			func(m Scored) ([]float64, error) { return j.mrr(m.Score) }},
		{Measure{Name: "auc_user", Label: "AUC within users", Why: "the chance that a card she clicked scores above one she passed over; knowing which users click more gains nothing", Paired: true},
			func(m Scored) ([]float64, error) { return j.userAUC(m.Score) }},
	}
	if examination != nil {
		paired = append(paired, struct {
			Measure
			of func(Scored) ([]float64, error)
		}{Measure{Name: fmt.Sprintf("dcg_ips@%d", rerankDepth), Label: fmt.Sprintf("DCG at %d, corrected for position", rerankDepth),
			Why: "clicks weighted by one over the chance that their slot was looked at (Joachims, Swaminathan and Schnabel, WSDM 2017)", Paired: true},
			func(m Scored) ([]float64, error) { return j.correctedDCG(m.Score) }})
	}
	for _, p := range paired {
		columns := make([][]float64, len(methods))
		for k, m := range methods {
			var err error
			if columns[k], err = p.of(m); err != nil {
				return nil, fmt.Errorf("evaluate: %s of %s: %w", p.Name, m.Method, err)
			}
		}
		cells, err := cellsBelow(ctx, t.Rows, columns, r)
		if err != nil {
			return nil, fmt.Errorf("evaluate: %s: %w", p.Name, err)
		}
		t.add(p.Measure, cells)
	}
	return t, j.pooled(ctx, t, methods, r)
}

// pairs compares a method with each of others by NDCG.
func pairs(ctx context.Context, set *feature.PairSet, methods []Scored, method string, others []string, r Resampling) ([]Pair, error) {
	j := newRerank(set, nil)
	column := func(name string) ([]float64, error) {
		for _, m := range methods {
			if m.Method == name {
				return j.ndcg(m.Score)
			}
		}
		return nil, fmt.Errorf("evaluate: there is no method %q", name)
	}
	own, err := column(method)
	if err != nil {
		return nil, err
	}
	var out []Pair
	for _, name := range others {
		other, err := column(name)
		if err != nil {
			return nil, err
		}
		cells, err := cellsOf(ctx, [][]float64{own, other}, r)
		if err != nil {
			return nil, err
		}
		p := Pair{Method: method, Against: name, Gap: cells[0].Value - cells[1].Value, P: cells[0].P}
		if !math.IsNaN(cells[1].P) { // the one that does not lead has it
			p.P = cells[1].P
		}
		out = append(out, p)
	}
	return out, nil
}

// add appends a column.
func (t *Table) add(m Measure, cells []Cell) {
	t.Measures = append(t.Measures, m)
	for k := range t.Rows {
		t.Rows[k].Cells = append(t.Rows[k].Cells, cells[k])
	}
}

// cellsOf makes cells of columns of values by user, NaN where a user does not count; users who count for some and not for others count for none.
func cellsOf(ctx context.Context, columns [][]float64, r Resampling) ([]Cell, error) {
	var kept [][]float64
	for range columns {
		kept = append(kept, nil)
	}
	for u := range columns[0] {
		known := true
		for _, c := range columns {
			known = known && !math.IsNaN(c[u])
		}
		if !known {
			continue
		}
		for k, c := range columns {
			kept[k] = append(kept[k], c[u])
		}
	}
	cells := make([]Cell, len(columns))
	if len(kept[0]) == 0 {
		for k := range cells {
			cells[k] = noCell()
		}
		return cells, nil
	}
	means, err := MeanIntervals(ctx, kept, r)
	if err != nil {
		return nil, err
	}
	gaps, err := AgainstLeader(ctx, kept, r)
	if err != nil {
		return nil, err
	}
	for k := range cells {
		cells[k] = Cell{Value: means[k].Value, Low: means[k].Low, High: means[k].High, Gap: -gaps[k].Gap.Value, P: gaps[k].Adjusted}
		if gaps[k].Leader {
			cells[k].Gap = 0
		}
	}
	return cells, nil
}

// cellsBelow is cellsOf with ceilings left out of the comparison: they are beside the methods that can be had, not among them. Users count for all
// or for none all the same.
func cellsBelow(ctx context.Context, rows []Row, columns [][]float64, r Resampling) ([]Cell, error) {
	all, err := cellsOf(ctx, columns, r)
	if err != nil {
		return nil, err
	}
	var had [][]float64
	var place []int
	for k := range rows {
		if rows[k].Kind != Ceiling {
			place, had = append(place, k), append(had, slices.Clone(columns[k]))
		}
	}
	if len(had) == len(rows) || len(had) == 0 {
		return all, nil
	}
	for u := range columns[0] { // users that do not count for a ceiling
		for _, c := range columns {
			if math.IsNaN(c[u]) {
				had[0][u] = math.NaN()
			}
		}
	}
	below, err := cellsOf(ctx, had, r)
	if err != nil {
		return nil, err
	}
	best := math.Inf(-1)
	for n, k := range place {
		all[k] = below[n]
		best = math.Max(best, below[n].Value)
	}
	for k := range rows {
		if rows[k].Kind == Ceiling {
			all[k].Gap, all[k].P = all[k].Value-best, math.NaN()
		}
	}
	return all, nil
}

func noCell() Cell { n := math.NaN(); return Cell{n, n, n, n, n} }

// rerank is the rows of a set, arranged for judging.
type rerank struct {
	set      *feature.PairSet
	grade    []float32
	weight   []float32 // of clicked rows, by examination; nil without
	userRows []int32   // rows of user k, in order: userRows[k] to before userRows[k+1]
	userOf   []int32   // by session: k
}

func newRerank(set *feature.PairSet, examination []float64) *rerank {
	j := &rerank{set: set, grade: make([]float32, set.Rows)}
	for i, c := range set.Clicked {
		if c {
			j.grade[i] = 1
		}
		if i == 0 || set.User[i] != set.User[i-1] {
			j.userRows = append(j.userRows, int32(i))
		}
	}
	user := int32(0)
	for _, from := range set.Session[:len(set.Session)-1] {
		for int(user+1) < len(j.userRows) && j.userRows[user+1] <= from {
			user++
		}
		j.userOf = append(j.userOf, user)
	}
	j.userRows = append(j.userRows, int32(set.Rows))
	if examination != nil {
		j.weight = make([]float32, set.Rows)
		for i, e := range examination {
			j.weight[i] = float32(1 / math.Max(e, leastExamination))
		}
	}
	return j
}

// leastExamination bounds the weight of a click: rarer looks are taken to be as rare as this, which costs bias and saves variance.
const leastExamination = .05

// overUsers averages values of sessions within each user; NaN where none of hers has one.
func (j *rerank) overUsers(bySession []float64) []float64 {
	sum, n := make([]float64, len(j.userRows)-1), make([]float64, len(j.userRows)-1)
	for s, v := range bySession {
		if !math.IsNaN(v) {
			sum[j.userOf[s]] += v
			n[j.userOf[s]]++
		}
	}
	for u := range sum {
		sum[u] /= n[u] // 0/0 is NaN
	}
	return sum
}

func (j *rerank) ranked(score []float64, weight []float32) *learn.Ranked {
	return &learn.Ranked{Group: j.set.Session, Score: score, Grade: j.grade, Weight: weight}
}

func (j *rerank) ndcg(score []float64) ([]float64, error) {
	v, err := j.ranked(score, nil).NDCG(rerankDepth, nil)
	return j.overUsers(v), err
}

func (j *rerank) mrr(score []float64) ([]float64, error) {
	v, err := j.ranked(score, nil).ReciprocalRank(0)
	return j.overUsers(v), err
}

// correctedDCG leaves out sessions without a click, as ndcg does: they add 0 whatever the order.
func (j *rerank) correctedDCG(score []float64) ([]float64, error) {
	v, err := j.ranked(score, j.weight).DCG(rerankDepth, nil)
	for s := range v {
		if v[s] == 0 && !j.anyClick(s) {
			v[s] = math.NaN()
		}
	}
	return j.overUsers(v), err
}

func (j *rerank) anyClick(session int) bool {
	for i := j.set.Session[session]; i < j.set.Session[session+1]; i++ {
		if j.set.Clicked[i] {
			return true
		}
	}
	return false
}

func (j *rerank) userAUC(score []float64) ([]float64, error) {
	return (&learn.Ranked{Group: j.userRows, Score: score, Grade: j.grade}).AUC()
}

// pooled adds the measures over all rows together: AUC, and of methods that give chances log-loss and calibration.
func (j *rerank) pooled(ctx context.Context, t *Table, methods []Scored, r Resampling) error {
	if r.Replicates == 0 || r.Replicates > pooledReplicates {
		r.Replicates = pooledReplicates
	}
	cfg := learn.BootstrapConfig{Replicates: r.Replicates, Level: r.Level, Seed: r.Seed, Threads: r.Threads}
	column := func(of func(Scored) []float64, metric learn.Metric) ([]Cell, error) {
		cells := make([]Cell, len(methods))
		for k, m := range methods {
			cells[k] = noCell()
			p := of(m)
			if p == nil {
				continue
			}
			v, err := learn.Bootstrap(ctx, j.set.Clicked, p, nil, j.set.User, metric, cfg)
			if err != nil {
				return nil, fmt.Errorf("evaluate: %s: %w", m.Method, err)
			}
			cells[k] = Cell{Value: v.Value, Low: v.Low, High: v.High, Gap: math.NaN(), P: math.NaN()}
		}
		return cells, nil
	}
	score, chance := func(m Scored) []float64 { return m.Score }, func(m Scored) []float64 { return m.Chance }
	ece := func(y []bool, p []float64, w []float32) float64 {
		return learn.ECE(y, p, w, calibrationBins, learn.EqualMass)
	}
	for _, c := range []struct {
		Measure
		of     func(Scored) []float64
		metric learn.Metric
	}{
		{Measure{Name: "auc", Label: "AUC over all", Why: "the chance that a clicked impression scores above one that is not, whoever's: what says who clicks and when counts too"}, score, learn.AUC},
		{Measure{Name: "log_loss", Label: "Log-loss", Unit: "nats", Lower: true, Why: "of the chances in the slots that were shown"}, chance, learn.LogLoss},
		{Measure{Name: "ece", Label: "Calibration error", Lower: true, Why: "mean distance of predicted chances from clicked shares, in 15 bins of equal mass"}, chance, ece},
	} {
		cells, err := column(c.of, c.metric)
		if err != nil {
			return err
		}
		t.add(c.Measure, cells)
	}
	return nil
}

// pooledReplicates is how often measures over all rows are drawn again: each costs a pass over them.
const pooledReplicates = 200

// RerankGroups divides the judged users by a name, "" leaving a user out, and gives each method's NDCG in each group, in the order of names
// given.
func RerankGroups(ctx context.Context, set *feature.PairSet, methods []Scored, by string, names []string, of func(user int32) string, r Resampling) (*GroupTable, error) {
	j := newRerank(set, nil)
	g := &GroupTable{Question: "rerank", By: by, Measure: Measure{Name: fmt.Sprintf("ndcg@%d", rerankDepth), Label: fmt.Sprintf("NDCG at %d", rerankDepth)}}
	values := make([][]float64, len(methods))
	for k, m := range methods {
		var err error
		if values[k], err = j.ndcg(m.Score); err != nil {
			return nil, fmt.Errorf("evaluate: %s: %w", m.Method, err)
		}
		g.Rows = append(g.Rows, Row{Method: m.Method, Kind: m.Kind})
	}
	group := make([]string, len(j.userRows)-1)
	for u := range group {
		group[u] = of(set.User[j.userRows[u]])
	}
	return g, g.divide(ctx, names, group, values, r)
}

// divide fills in the groups: values[method][user], NaN where a user does not count.
func (g *GroupTable) divide(ctx context.Context, names, group []string, values [][]float64, r Resampling) error {
	for _, name := range names {
		columns := make([][]float64, len(values))
		n := 0
		for u, in := range group {
			if in != name {
				continue
			}
			if !math.IsNaN(values[0][u]) {
				n++
			}
			for k := range values {
				columns[k] = append(columns[k], values[k][u])
			}
		}
		if n == 0 {
			continue
		}
		cells, err := cellsOf(ctx, columns, r)
		if err != nil {
			return fmt.Errorf("evaluate: %s: %w", name, err)
		}
		g.Groups = append(g.Groups, Group{Name: name, Users: n})
		for k := range g.Rows {
			g.Rows[k].Cells = append(g.Rows[k].Cells, cells[k])
		}
	}
	return nil
}
