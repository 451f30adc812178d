// The second question: of the whole catalogue as it stood at the moment, does a method put the cards she will click among its first? On a
// log of what another system showed, an answer is bound to be too low, and lowest for methods that find other cards than that system:
// nobody can click what she was not shown. Where the truth is known (truth.go) that doubt is gone.

package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/warehouse"
)

// Ask is one user at the moment of her first page in the judged days.
type Ask struct {
	feed.Request // as a server would get it; N is the length of the lists
	User         int32
	Relevant     []int32 // the cards she clicked in the judged days and not before, ascending
}

// Lister names cards for a request, best first, at most r.N of them. It is called from several goroutines at once.
type Lister struct {
	Method  string
	Kind    Kind
	List    func(ctx context.Context, r *feed.Request) ([]int32, error)
	Seconds float64 // to train it
}

// Lists are what one method named: one list an ask.
type Lists [][]int32

// ListAll asks every method for every ask, on threads (0: one a core). Memory: 4 bytes a card listed.
func ListAll(ctx context.Context, asks []Ask, methods []Lister, threads int, progress func(done, total int)) ([]Lists, error) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	out := make([]Lists, len(methods))
	done := 0
	for m, method := range methods {
		out[m] = make(Lists, len(asks))
		if err := listOne(ctx, asks, method, out[m], threads); err != nil {
			return nil, fmt.Errorf("evaluate: %s: %w", method.Method, err)
		}
		done++
		if progress != nil {
			progress(done, len(methods))
		}
	}
	return out, nil
}

func listOne(ctx context.Context, asks []Ask, method Lister, out Lists, threads int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= len(asks) || ctx.Err() != nil {
					return
				}
				list, err := method.List(ctx, &asks[k].Request)
				if err != nil {
					cancel(err)
					return
				}
				out[k] = list[:min(len(list), asks[k].N)]
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// Catalogue is what lists are judged against beside the clicks.
type Catalogue struct {
	Cards     *warehouse.Cards
	Day       int32                           // cards published from NewFrom on are new
	NewFrom   int32                           // first day after training
	Taken     []int64                         // clicks by card in the training days, for novelty
	Takers    int                             // users with clicks there
	Alive     int                             // cards that could be named
	Alike     func(a, b int32) float64        // likeness of two cards, 0..1
	ShownEver func(ask *Ask, card int32) bool // was she shown it before
}

// Retrieve judges lists. Users with no relevant card count for what is said of the lists alone.
func Retrieve(ctx context.Context, asks []Ask, methods []Lister, lists []Lists, c *Catalogue, r Resampling) (*Table, error) {
	if len(asks) == 0 {
		return nil, errors.New("evaluate: no user comes in the judged days")
	}
	k := asks[0].N
	t := &Table{Users: len(asks), Lists: len(asks)}
	for _, m := range methods {
		t.Rows = append(t.Rows, Row{Method: m.Method, Kind: m.Kind, Seconds: m.Seconds})
	}
	hits := make([][]ListScore, len(methods))
	for m := range methods {
		hits[m] = make([]ListScore, len(asks))
		for a := range asks {
			hits[m][a] = scoreAsk(&asks[a], lists[m][a], k)
		}
	}
	for _, c := range []struct {
		metric Metric
		why    string
	}{
		{Recall, "of the cards she clicks in the judged days, those that were listed"},
		{NDCG, "the same, those far up counting most"},
		{HitRate, "users for whom one at least was listed"},
	} {
		columns := make([][]float64, len(methods))
		for m := range methods {
			columns[m] = make([]float64, len(asks))
			for a := range asks {
				columns[m][a] = math.NaN()
				if len(asks[a].Relevant) > 0 {
					columns[m][a] = hits[m][a][c.metric]
				}
			}
		}
		cells, err := cellsOf(ctx, columns, r)
		if err != nil {
			return nil, err
		}
		t.add(Measure{Name: fmt.Sprintf("%s@%d", c.metric, k), Label: fmt.Sprintf("%s at %d", c.metric, k), Why: c.why, Paired: true}, cells)
	}
	return t, beyondAccuracy(ctx, t, asks, lists, c, r)
}

func scoreAsk(a *Ask, list []int32, k int) ListScore {
	hit := make([]bool, len(list))
	for i, card := range list {
		hit[i] = contains(a.Relevant, card)
	}
	return ScoreList(hit, len(a.Relevant), k)
}

// contains looks for v in ascending s.
func contains(s []int32, v int32) bool {
	lo, hi := 0, len(s)
	for lo < hi {
		mid := (lo + hi) / 2
		if s[mid] < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(s) && s[lo] == v
}

// beyondAccuracy adds what lists are like, whoever clicks.
func beyondAccuracy(ctx context.Context, t *Table, asks []Ask, lists []Lists, c *Catalogue, r Resampling) error {
	each := func(m Measure, of func(a int, list []int32) float64) error {
		columns := make([][]float64, len(lists))
		for k := range lists {
			columns[k] = make([]float64, len(asks))
			for a, list := range lists[k] {
				if columns[k][a] = 0; len(list) > 0 {
					columns[k][a] = of(a, list)
				}
			}
		}
		cells, err := cellsOf(ctx, columns, r)
		t.add(m, cells)
		return err
	}
	share := func(is func(a int, card int32) bool) func(int, []int32) float64 {
		return func(a int, list []int32) float64 {
			n := 0
			for _, card := range list {
				if is(a, card) {
					n++
				}
			}
			return float64(n) / float64(len(list))
		}
	}
	if err := each(Measure{Name: "new_cards", Label: "New cards", Unit: "share", Why: "of the listed, cards published after the training days"},
		share(func(_ int, card int32) bool { return c.Cards.Published[card] >= c.NewFrom })); err != nil {
		return err
	}
	if err := each(Measure{Name: "repeats", Label: "Repeats", Unit: "share", Lower: true, Why: "of the listed, cards she was shown before"},
		share(func(a int, card int32) bool { return c.ShownEver(&asks[a], card) })); err != nil {
		return err
	}
	if err := each(Measure{Name: "diversity", Label: "Diversity", Why: "1 less the mean likeness of two listed cards (creator, song, artist, topic, content)"},
		func(_ int, list []int32) float64 { return 1 - meanLikeness(list, c.Alike) }); err != nil {
		return err
	}
	if err := each(Measure{Name: "novelty", Label: "Novelty", Unit: "bits", Why: "mean of -log2 of the share of users who clicked the card in the training days"},
		func(_ int, list []int32) float64 { return novelty(list, c.Taken, c.Takers) }); err != nil {
		return err
	}
	coverage, creators := make([]Cell, len(lists)), make([]Cell, len(lists))
	for k := range lists {
		coverage[k], creators[k] = noCell(), noCell()
		coverage[k].Value, creators[k].Value = exposureOf(lists[k], c)
	}
	t.add(Measure{Name: "coverage", Label: "Coverage", Unit: "share", Why: "of the cards that could be listed, those that were, for anybody"}, coverage)
	t.add(Measure{Name: "creator_top", Label: "Top creators", Unit: "share", Lower: true, Why: "of all places, those of the 1% of creators with the most"}, creators)
	return nil
}

func meanLikeness(list []int32, alike func(a, b int32) float64) float64 {
	if len(list) < 2 {
		return 0
	}
	sum := 0.0
	for i, a := range list {
		for _, b := range list[:i] {
			sum += alike(a, b)
		}
	}
	return sum / float64(len(list)*(len(list)-1)/2)
}

// novelty takes cards that nobody clicked to be as rare as half a click.
func novelty(list []int32, taken []int64, takers int) float64 {
	sum := 0.0
	for _, card := range list {
		sum -= math.Log2(math.Max(float64(taken[card]), .5) / math.Max(float64(takers), 1))
	}
	return sum / float64(len(list))
}
