// Work divided among threads, its results used in order: same seed, same bytes, whatever the core count.

package village

import (
	"context"
	"sync"
	"sync/atomic"
)

// inOrder has blocks 0..n-1 made by threads goroutines and used in their order
// by one. It returns the first error, or ctx's, when all goroutines have ended.
func inOrder(ctx context.Context, n, threads int, make func(worker, i int, o *block) error, use func(i int, o *block) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type made struct {
		i int
		o *block
	}
	var next atomic.Int64
	out := newChan[made](threads)
	ahead := newChan[struct{}](threads * 2) // blocks made but not yet used
	var wg sync.WaitGroup
	for worker := 0; worker < threads; worker++ {
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case ahead <- struct{}{}:
				}
				i := int(next.Add(1) - 1)
				if i >= n {
					return
				}
				o := blocks.Get().(*block)
				*o = block{a: o.a[:0], b: o.b[:0], seen: o.seen[:0], people: o.people[:0], cards: o.cards[:0]}
				if err := make(worker, i, o); err != nil {
					cancel(err)
					return
				}
				select {
				case <-ctx.Done():
					return
				case out <- made{i, o}:
				}
			}
		})
	}
	defer wg.Wait()
	defer cancel(nil)
	waiting := map[int]*block{}
	for i := 0; i < n; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case m := <-out:
			waiting[m.i] = m.o
		}
		for o := waiting[i]; o != nil; o = waiting[i] {
			if err := use(i, o); err != nil {
				return err
			}
			delete(waiting, i)
			blocks.Put(o)
			<-ahead
			i++
		}
	}
	return nil
}

func newChan[T any](n int) chan T { return make(chan T, n) }
