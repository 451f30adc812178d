// What a server does beside answering: events go into the database, snapshots of the state are taken, and the event log gives up what both have.

package segue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

const (
	// warehouseBatch is how many events go into the database in one transaction, at most. With 57 million impressions in it, events of 300,000 users cost 35 to 40
	// microseconds of a processor each at 100,000 at once, 17 to 21 at 300,000 and 15 at a million; but what is under way when a server ends is waited for, and it
	// takes memory.
	warehouseBatch = 300_000
	leastBatch     = 1000 // after failures
	// warehouseSlice is how many of them are read from the log and handed on, in about a millisecond, before a rest of
	warehouseSlice = 64
	// warehouseRest: a third of a processor, rather than as much as there is, leaves pages theirs.
	warehouseRest = 2 * time.Millisecond
	// warehouseBehind is how many batches may wait before rests become a fourth: pages that take longer are better than a log that is full in the end.
	warehouseBehind = 3
)

func (r *serving) lag() int64 {
	last, stored := r.stream.Status().Last, r.stored.Load()
	return int64(last - min(stored, last))
}

// amiss is what health says of all this.
func (r *serving) amiss() (reasons []string) {
	for _, f := range []struct {
		why  *atomic.Pointer[string]
		what string
	}{
		{&r.drainFails, "events could not go into the database, and wait in the event log: "}, {&r.snapshotFails, "no snapshot could be taken: "},
		{&r.trimFails, "the event log could not give up what the database has: "},
	} {
		if why := f.why.Load(); why != nil {
			reasons = append(reasons, f.what+*why)
		}
	}
	if n := r.skipped.Load(); n > 0 {
		reasons = append(reasons, fmt.Sprintf("%d events are lost to the database: the event log gave them up before", n))
	}
	return reasons
}

// noted keeps why something did not go; nil: it did.
func noted(why *atomic.Pointer[string], err error) {
	if err == nil {
		why.Store(nil)
		return
	}
	text := err.Error()
	why.Store(&text)
}

// intoWarehouse brings events into the database, some at a time, each once: their offset goes with them.
func (r *serving) intoWarehouse(ctx context.Context) {
	for took := time.Duration(0); r.gather(ctx, took); {
		var err error
		took, err = r.drain(ctx, warehouseBatch)
		noted(&r.drainFails, err)
		if err != nil && ctx.Err() == nil {
			r.log.Error("events could not go into the database; they stay in the event log", "behind", r.lag(), "error", err)
		}
		if r.crowded() {
			select {
			case r.wanted <- struct{}{}: // so that they can be given up
			default:
			}
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opt.Drain)
	defer cancel()
	if _, err := r.drain(last, 0); errors.Is(err, context.DeadlineExceeded) {
		r.log.Info("the next start goes on bringing events into the database", "behind", r.lag())
	} else if err != nil {
		r.log.Warn("not all events went into the database; the next start goes on with them", "behind", r.lag(), "error", err)
	}
}

const (
	// drainPart is how many times as long as it took to bring events in the next are left to gather: a batch costs the more the larger the database is, however few
	// its events, and where they are few it is to take no more than a small part of the time. It is
	drainPart = 10
	// drainRest at the longest.
	drainRest = time.Minute
)

// gather lets events gather for WarehouseEvery, and for longer after bringing in those before took long; but no longer than until there are as many as go in at
// once, or the log has little room left, where events are soon refused. False: ctx has ended.
func (r *serving) gather(ctx context.Context, took time.Duration) bool {
	until := time.Now().Add(min(drainPart*took, drainRest))
	for wait := r.opt.WarehouseEvery; ; {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
		left := time.Until(until)
		if left <= 0 || r.lag() >= warehouseBatch || r.filling() {
			return true
		}
		wait = min(left, r.opt.look)
	}
}

// drain brings in events that are there, one batch at least and then until fewer than left of them wait or ctx ends; a batch that is under way then is finished.
// took is how long the database was at it.
func (r *serving) drain(ctx context.Context, left uint64) (took time.Duration, err error) {
	for end := r.stream.Status().Last; r.stored.Load() < end; {
		before, more := r.stored.Load(), time.Duration(0)
		more, err = r.drainBatch(ctx, end)
		took += more
		now := r.stored.Load()
		if err != nil || now == before || end-min(now, end) < left { // nothing came: the log may lack its last events
			break
		}
	}
	if errors.Is(err, stream.ErrTrimmed) { // a cluster drops events of an age, whether or not they were read
		r.skip()
	}
	return took, err
}

// nextBatch is how many events go in at once after a batch of so many did, or failed: what the engine has no room for may go in piece by piece.
func nextBatch(batch uint64, failed error) uint64 {
	if failed != nil {
		return max(batch/4, leastBatch)
	}
	return min(2*batch, warehouseBatch)
}

// drainBatch brings in events up to end, as many as go in at once. Those that could be read go in, also where the log fails at the next.
func (r *serving) drainBatch(ctx context.Context, end uint64) (time.Duration, error) {
	r.still.Lock() // waits for a report: until then events stay in the log
	defer r.still.Unlock()
	began, first, last := time.Now(), r.stored.Load(), uint64(0)
	batch := cmp.Or(r.batch, warehouseBatch)
	rest := warehouseRest
	if r.lag() > warehouseBehind*warehouseBatch {
		rest /= 4
	}
	var unread error
	err := r.s.engine.AppendLive(context.WithoutCancel(ctx), func(yield func(warehouse.LiveBatch, error) bool) {
		full := errors.New("the batch is full")
		unread = r.stream.Read(ctx, first+1, warehouseSlice, func(events []stream.Stored) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			some, err := LiveBatch(events)
			if err != nil {
				return err
			}
			some.Zone = r.zoneOf
			if !yield(some, nil) {
				return full
			}
			if last = some.Last; last >= min(end, first+batch) {
				return full
			}
			time.Sleep(rest) // pages go first
			return nil
		})
		if errors.Is(unread, full) {
			unread = nil
		}
	})
	r.batch = nextBatch(batch, err)
	if err == nil && last > 0 {
		r.stored.Store(last)
	}
	return time.Since(began), cmp.Or(err, unread)
}

// skip gives up bringing events into the database that the log has no more.
func (r *serving) skip() {
	if first := r.stream.Status().First; first > r.stored.Load()+1 {
		r.log.Error("events are lost to the database: the event log has given them up", "from", r.stored.Load()+1, "to", first-1)
		r.skipped.Add(first - 1 - r.stored.Load())
		r.stored.Store(first - 1)
	}
}

// snapshots takes them, and trims the log after each and where it is crowded.
func (r *serving) snapshots(ctx context.Context) {
	every, look := time.NewTicker(r.opt.SnapshotEvery), time.NewTicker(r.opt.look)
	defer every.Stop()
	defer look.Stop()
	var rest time.Time
	for {
		save, due := func(dir string) error { return r.state.SaveBeside(ctx, dir) }, true
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-r.wanted:
			due = r.filling() // else what the last one has can go, and the next comes in its time
			if r.fills(7, 8) {
				save = r.state.Save // events are refused soon, until it is there
			}
		case now := <-look.C:
			if now.Before(rest) || r.untold() < r.opt.SnapshotEvents {
				continue
			}
		}
		if due && r.untold() > 0 {
			began := time.Now()
			err := r.snapshot(save)
			if ctx.Err() != nil {
				return // the last one is taken at the end
			}
			noted(&r.snapshotFails, err)
			rest = time.Now().Add(restAfter(time.Since(began), err))
			every.Reset(r.opt.SnapshotEvery)
			if err != nil {
				r.log.Error("no snapshot could be taken; a restart will take longer", "error", err)
				continue
			}
		}
		err := r.trim(ctx)
		noted(&r.trimFails, err)
		if err != nil && ctx.Err() == nil {
			r.log.Error("the event log could not give up what the database has; it grows on", "error", err)
		}
	}
}

const (
	// snapshotEvents is after how many events a snapshot is taken before its time. A start tells the state each event that the snapshot does not have, which takes 5 to 10
	// microseconds: these take a second at most.
	snapshotEvents = 100_000
	// snapshotPart is how many times as long as a snapshot took none is taken for the number of events alone. One of 2 million users is half a gigabyte, and takes a
	// quarter of a processor for 4 to 8 seconds: so there are three to five a minute at most.
	snapshotPart  = 2
	snapshotRetry = time.Minute // after a snapshot that could not be taken
)

// restAfter is how long, after a snapshot that took so long and perhaps failed, none is taken for the number of events alone.
func restAfter(took time.Duration, failed error) time.Duration {
	if failed != nil {
		return max(snapshotPart*took, snapshotRetry)
	}
	return snapshotPart * took
}

// untold is how many events a start would have to tell the state.
func (r *serving) untold() int { return int(r.state.Seq() - r.kept.Load()) }

// snapshot keeps the state. All events up to kept are in it: Save copies one part of the state after the other, each with what it knows at its turn, so that none
// knows less than all of them did before.
func (r *serving) snapshot(save func(dir string) error) error {
	began := time.Now()
	kept := r.state.Seq()
	if err := save(r.stateDir()); err != nil {
		return err
	}
	r.log.Info("snapshot", "seq", kept, "events", kept-r.kept.Load(), "took", time.Since(began).Round(time.Millisecond))
	r.kept.Store(kept)
	return nil
}

// crowdedPart is the part of its room, one in so many, that the log may fill with events that nobody asks for again: after a crash the server reads all of it, a
// second or more for each GB.
const crowdedPart = 32

// filling says whether the log fills more than half of its room.
func (r *serving) filling() bool { return r.fills(1, 2) }

// fills says whether the log fills more than a part of its room. What a cluster keeps is left to it.
func (r *serving) fills(part, of int64) bool {
	s := r.stream.Status()
	return r.opt.Stream.URL == "" && s.Bytes > s.MaxBytes/of*part
}

// crowded says whether the log is to give up events before their time: it fills more than a thirty-second of its room, and the database has some that are still there.
// What a cluster keeps is left to it (MaxAge), since others may read it.
func (r *serving) crowded() bool {
	return r.fills(1, crowdedPart) && r.stream.Status().First <= r.stored.Load()
}

// trim gives up events that the snapshot and the database have, since neither asks for them again, whatever happens: those of an age, and where room is
// short all.
func (r *serving) trim(ctx context.Context) error {
	end := min(r.kept.Load(), r.stored.Load()) // that one stays: by it the database and the log are known for each other's
	switch {
	case r.opt.Stream.URL != "" || end <= r.stream.Status().First:
		return nil
	case r.crowded():
	case r.opt.Stream.MaxAge > 0:
		young, err := r.stream.Since(ctx, time.Now().Add(-r.opt.Stream.MaxAge))
		if err != nil {
			return err
		}
		end = min(end, young)
	default:
		return nil
	}
	before := r.stream.Status()
	if err := r.stream.Trim(ctx, end); err != nil {
		return err
	}
	if after := r.stream.Status(); after.First > before.First {
		r.log.Info("the event log has given up events that the database has", "events", after.First-before.First, "bytes", before.Bytes-after.Bytes, "first", after.First)
	}
	return nil
}

// close ends what was opened, in the order in which nothing is lost.
func (r *serving) close() error {
	var err error
	if r.engine != nil {
		r.engine.Close()
	}
	if r.stream != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		err = r.stream.Close(ctx)
		err = errors.Join(err, r.snapshot(r.state.Save))
	}
	if r.lock != nil {
		err = errors.Join(err, r.lock.Close())
	}
	return err
}
