// Judging a fitted model by the all-ranking protocol: for each judged user all items of the catalogue that she did not take in training are
// ranked by the model's scores, and the first k places are measured against her test items. No item is sampled away: measures on samples
// order models differently (Krichene and Rendle, KDD 2020).

package allrank

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/evaluate"
)

const (
	scoreBytes = 64 << 20 // of all rows of scores held at a time
	maxBatch   = 128      // users scored together: enough for matrix products, few enough to end soon when cancelled
)

// scored is how a model did.
type scored struct {
	users []int32 // judged, ascending
	// value[c][m][k] is metric m at the c-th cut for users[k].
	value    [][][]float64
	exposure []*evaluate.Exposure // by cut
}

// mean is the mean over users of a metric at the c-th cut.
func (s *scored) mean(c int, m evaluate.Metric) float64 {
	sum := 0.0
	for _, v := range s.value[c][m] {
		sum += v
	}
	return sum / float64(len(s.users))
}

// judge scores all users that have test items. cuts are ascending. Memory: at most 64 MB of scores, or one row a thread where that is
// more, and 64 bytes for each user and cut. The same whatever the number of threads.
func judge(ctx context.Context, model candidate.Scorer, s *Split, cuts []int, threads int, tell func(done, of int)) (*scored, error) {
	if n := model.Items(); n != s.Train.Items {
		return nil, fmt.Errorf("the model knows %d items and was fitted on %d", n, s.Train.Items)
	}
	j := &judging{model: model, split: s, cuts: cuts, out: &scored{users: judgedUsers(s)}}
	j.out.value = make([][][]float64, len(cuts))
	for c := range cuts {
		j.out.value[c] = make([][]float64, len(evaluate.Metrics()))
		for m := range j.out.value[c] {
			j.out.value[c][m] = make([]float64, len(j.out.users))
		}
	}
	j.taken = takenBy(s.Train)
	j.out.exposure = j.exposures()
	j.batch = max(1, min(maxBatch, scoreBytes/threads/(4*s.Train.Items)))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next, done atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range min(threads, (len(j.out.users)+j.batch-1)/j.batch) {
		wg.Go(func() {
			w := j.worker()
			for ctx.Err() == nil {
				from := int(next.Add(1)-1) * j.batch
				if from >= len(j.out.users) {
					break
				}
				to := min(from+j.batch, len(j.out.users))
				if err := w.users(ctx, from, to); err != nil {
					stop(err)
					break
				}
				n := int(done.Add(int64(to - from)))
				if tell != nil {
					mu.Lock()
					tell(n, len(j.out.users))
					mu.Unlock()
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for c, e := range w.exposure {
				j.out.exposure[c].Merge(e)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return j.out, nil
}

// judging is what the workers share.
type judging struct {
	model candidate.Scorer
	split *Split
	cuts  []int
	batch int
	taken []int64 // training users of each item
	out   *scored
}

// worker has the buffers of one goroutine.
type worker struct {
	*judging
	history  []candidate.History
	scores   []float32
	top      []candidate.Candidate
	list     []int32
	hit      []bool
	exposure []*evaluate.Exposure
}

func (j *judging) worker() *worker {
	w := &worker{judging: j, scores: make([]float32, j.batch*j.split.Train.Items)}
	w.exposure = j.exposures()
	return w
}

// exposures begins a count for each cut.
func (j *judging) exposures() (e []*evaluate.Exposure) {
	for range j.cuts {
		e = append(e, evaluate.NewExposure(j.taken, j.split.Train.Users))
	}
	return e
}

// errNoNumber is given for a model whose scores cannot be ranked.
var errNoNumber = errors.New("it scores with what is no number")

// users judges out.users[from:to].
func (w *worker) users(ctx context.Context, from, to int) error {
	items := w.split.Train.Items
	w.history = w.history[:0]
	for _, u := range w.out.users[from:to] {
		w.history = append(w.history, w.split.Train.History(int(u)))
	}
	if b, ok := w.model.(candidate.BatchScorer); ok {
		b.ScoreBatch(w.history, w.scores[:len(w.history)*items])
	} else {
		for k := range w.history {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			w.model.Scores(&w.history[k], w.scores[k*items:(k+1)*items])
		}
	}
	for k := range w.history {
		if err := w.one(from+k, w.scores[k*items:(k+1)*items]); err != nil {
			return err
		}
	}
	return nil
}

// one judges the k-th judged user by her row of scores, which it changes.
func (w *worker) one(k int, row []float32) error {
	u := int(w.out.users[k])
	for i, v := range row {
		if v != v {
			return fmt.Errorf("%w: item %s for user %s", errNoNumber, w.split.Items[i], w.split.Users[u])
		}
	}
	train, _ := w.split.Train.Row(u)
	for _, i := range train {
		row[i] = float32(math.NaN()) // which is never among the best
	}
	w.top = candidate.TopK(row, w.cuts[len(w.cuts)-1], nil, w.top[:0])
	test, _ := w.split.Test.Row(u)
	w.list, w.hit = w.list[:0], w.hit[:0]
	for _, c := range w.top {
		_, is := slices.BinarySearch(test, c.Item)
		w.list, w.hit = append(w.list, c.Item), append(w.hit, is)
	}
	for c, cut := range w.cuts {
		for m, v := range evaluate.ScoreList(w.hit, len(test), cut) {
			w.out.value[c][m][k] = v
		}
		w.exposure[c].Add(w.list[:min(cut, len(w.list))])
	}
	return nil
}

// judgedUsers are the users with test items.
func judgedUsers(s *Split) []int32 {
	var users []int32
	for u := range s.Test.Users {
		if s.Test.Start[u] < s.Test.Start[u+1] {
			users = append(users, int32(u))
		}
	}
	return users
}

// takenBy counts the users of each item.
func takenBy(m *candidate.Matrix) []int64 {
	taken := make([]int64, m.Items)
	for _, i := range m.Item {
		taken[i]++
	}
	return taken
}
