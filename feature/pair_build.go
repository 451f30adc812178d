// The rows that rankers learn from: the impressions of some users, each with its features as of the page it stood on.

package feature

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/seguefeed/segue/internal/splitmix"
	"github.com/seguefeed/segue/warehouse"
)

// PairOptions says which rows to build.
type PairOptions struct {
	StatsFrom time.Time // first day from which users' rows count as their past; the zero value means the context's first
	From, To  time.Time // days whose impressions become rows, both included
	UserShare float64   // of users, by a hash of the user and Seed; 0 means all
	Seed      uint64
	AsOf      AsOf                    // the moment of a row's features
	MaxRows   int                     // more are refused before memory is taken; 0 means 5 million
	Threads   int                     // 0 means one a core
	Progress  func(done, total int64) // in users, if set
}

// AsOf is the moment of which the features of a row are.
type AsOf uint8

const (
	// EachScreen is the row's own: rows of one time are a page, and what was done on those above it is known.
	EachScreen AsOf = iota
	// SessionStart is that of the first row of the row's session, though it may lie before PairOptions.From: the cards of a session are seen with
	// the same eyes, as by a server that makes a page of all of them at once. What she does on the way down tells of her mood and of what came
	// first, which rows that are compared with each other must not know.
	SessionStart
)

const defaultMaxRows = 5_000_000

// Sampled says whether a user is among the share of users that o takes.
func (o *PairOptions) Sampled(user int32) bool {
	return o.UserShare <= 0 || o.UserShare >= 1 || float64(splitmix.Next(uint64(user)^splitmix.Next(o.Seed))>>11)/(1<<53) < o.UserShare
}

// BuildPairs builds rows in one pass over the log, with the features of what was known just before opt.AsOf.
// Cards' statistics are c's, which should reach to the day before opt.To; where it ends earlier, later days are served what it has.
// Memory: 4 bytes a row and column and 40 a row, and a piece of the log of some 50 MB. Cost: linear in the rows from StatsFrom to To.
func BuildPairs(ctx context.Context, w Source, c *PairContext, opt PairOptions) (*PairSet, error) {
	statsFrom := opt.StatsFrom
	if statsFrom.IsZero() {
		statsFrom = time.Unix(int64(c.from)*86400, 0).UTC()
	}
	from, to := EpochDay(opt.From), EpochDay(opt.To)
	switch {
	case c.profiles == nil:
		return nil, errors.New("pairs of statistics from a file, which holds no users' traits; read the statistics from the warehouse")
	case to < from:
		return nil, fmt.Errorf("pairs from %s to %s: no day is left", opt.From.Format(time.DateOnly), opt.To.Format(time.DateOnly))
	case EpochDay(statsFrom) > from:
		return nil, fmt.Errorf("pairs from %s with users' past from %s: the past cannot begin later", opt.From.Format(time.DateOnly), statsFrom.Format(time.DateOnly))
	case opt.AsOf > SessionStart:
		return nil, fmt.Errorf("pairs as of moment %d: %d (each screen) or %d (the session's start) is expected", opt.AsOf, EachScreen, SessionStart)
	case math.IsNaN(opt.UserShare) || opt.UserShare < 0 || opt.UserShare > 1:
		return nil, fmt.Errorf("pairs of a share %v of users: 0 (all) to 1 is expected", opt.UserShare)
	}
	totals, err := w.WindowTotals(ctx, opt.From, opt.To)
	if err != nil {
		return nil, err
	}
	rows := 0
	for u, n := range totals.Impressions {
		if opt.Sampled(int32(u)) {
			rows += int(n)
		}
	}
	limit := opt.MaxRows
	if limit <= 0 {
		limit = defaultMaxRows
	}
	if rows > limit {
		share := opt.UserShare
		if share == 0 {
			share = 1
		}
		return nil, fmt.Errorf("pairs from %s to %s: %d rows of %d columns take %d MB, and MaxRows allows %d; set UserShare to %.3g, or MaxRows to %d",
			opt.From.Format(time.DateOnly), opt.To.Format(time.DateOnly), rows, pairColumns, rows*pairColumns*4>>20, limit, .95*share*float64(limit)/float64(rows), rows)
	}
	b := &pairBuilder{c: c, from: from, to: to, asOf: opt.AsOf, set: newPairSet(c, rows)}
	b.set.AsOf = opt.AsOf
	threads := opt.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	for range threads {
		b.pasts = append(b.pasts, c.NewPast(NoTraits))
	}
	err = w.Histories(ctx, statsFrom, opt.To, func(h *warehouse.Histories) error {
		err := b.add(ctx, h, &opt)
		if opt.Progress != nil {
			opt.Progress(int64(h.User[len(h.User)-1])+1, int64(len(totals.Impressions)))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if b.next != rows {
		return nil, fmt.Errorf("pairs from %s to %s: %d rows were counted and %d came; was the log changed meanwhile?", opt.From.Format(time.DateOnly), opt.To.Format(time.DateOnly), rows, b.next)
	}
	b.set.Session = append(b.set.Session, int32(rows))
	return b.set, context.Cause(ctx)
}

func newPairSet(c *PairContext, rows int) *PairSet {
	return &PairSet{Columns: c.Columns(), Rows: rows, X: make([]float32, rows*pairColumns), User: make([]int32, rows), Card: make([]int32, rows), Slot: make([]int32, rows),
		Depth: make([]int32, rows), AtMS: make([]int64, rows), Day: make([]int32, rows), Show: make([]int16, rows), Clicked: make([]bool, rows), Liked: make([]bool, rows),
		Shared: make([]bool, rows), ViewSeconds: make([]float32, rows)}
}

type pairBuilder struct {
	c        *PairContext
	from, to int32
	asOf     AsOf
	set      *PairSet
	next     int // rows so far
	pasts    []*Past
}

// add builds the rows of one piece of the log. Each user's go to places counted beforehand, so threads do not meet.
func (b *pairBuilder) add(ctx context.Context, h *warehouse.Histories, opt *PairOptions) error {
	type job struct{ user, first, at int }
	var jobs []job
	for u := range h.User {
		if !opt.Sampled(h.User[u]) {
			continue
		}
		first := int(h.Start[u])
		for first < int(h.Start[u+1]) && h.Day[first] < b.from {
			first++
		}
		if n := int(h.Start[u+1]) - first; n > 0 {
			if b.next+n > b.set.Rows {
				return fmt.Errorf("pairs: more rows came than were counted; was the log changed meanwhile?")
			}
			jobs = append(jobs, job{u, first, b.next})
			b.next += n
		}
	}
	const block = 64
	blocks := make(chan int, len(jobs)/block+1)
	for at := 0; at < len(jobs); at += block {
		blocks <- at
	}
	close(blocks)
	var wg sync.WaitGroup
	for _, p := range b.pasts {
		wg.Go(func() {
			for at := range blocks {
				if ctx.Err() != nil {
					return
				}
				for _, j := range jobs[at:min(at+block, len(jobs))] {
					b.user(p, h, j.user, j.first, j.at)
				}
			}
		})
	}
	wg.Wait()
	for _, j := range jobs {
		b.sessions(h, j.user, j.first, j.at)
	}
	return context.Cause(ctx)
}

// user writes the rows of one user from the first on to places from at on.
func (b *pairBuilder) user(p *Past, h *warehouse.Histories, u, first, at int) {
	b.c.PastIn(p, TraitsOf(b.c.profiles, h.User[u]))
	begin, end := first, int(h.Start[u+1])
	if b.asOf == SessionStart {
		begin = sessionOf(h, u, first)
	}
	p.observeRows(h, h.Start[u], int32(begin))
	for begin < end {
		to := begin + 1
		for to < end && (h.ShownAtMS[to] == h.ShownAtMS[begin] || b.asOf == SessionStart && h.ShownAtMS[to]-h.ShownAtMS[to-1] <= sessionGapMS) {
			to++
		}
		from := max(begin, first)
		n := to - from
		b.c.Vectors(p, Moment{AtMS: h.ShownAtMS[begin], Day: h.Day[begin], Hour: h.Hour[begin]}, h.Card[from:to], h.Position[from:to], b.set.X[at*pairColumns:(at+n)*pairColumns])
		p.observeRows(h, int32(begin), int32(to))
		begin, at = to, at+n
	}
}

// sessionOf is the first row of the session that row i of user u is in.
func sessionOf(h *warehouse.Histories, u, i int) int {
	for i > int(h.Start[u]) && h.ShownAtMS[i]-h.ShownAtMS[i-1] <= sessionGapMS {
		i--
	}
	return i
}

// sessions writes the other columns, and where sessions begin. Depths of the first session count rows of the day before, too.
func (b *pairBuilder) sessions(h *warehouse.Histories, u, first, at int) {
	s := b.set
	begin := sessionOf(h, u, first)
	end := int(h.Start[u+1])
	for begin < end {
		to, depth := begin, int32(-1)
		for ; to < end && (to == begin || h.ShownAtMS[to]-h.ShownAtMS[to-1] <= sessionGapMS); to++ {
			depth = max(depth, h.Position[to])
		}
		begin = max(begin, first)
		s.Session = append(s.Session, int32(at))
		for i := begin; i < to; i, at = i+1, at+1 {
			f := h.Flags[i]
			s.User[at], s.Card[at], s.Slot[at], s.Depth[at], s.AtMS[at], s.Day[at], s.Show[at] = h.User[u], h.Card[i], h.Position[i], depth, h.ShownAtMS[i], h.Day[i], h.Show[i]
			s.Clicked[at], s.Liked[at], s.Shared[at] = f&warehouse.Clicked != 0, f&warehouse.Liked != 0, f&warehouse.Shared != 0
			if f&warehouse.Clicked != 0 {
				s.ViewSeconds[at] = or(h.ViewSeconds[i], 0) + h.SwipeViewSeconds[i]
			}
		}
		begin = to
	}
}
