package live

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/stream"
)

func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(record{}); n != 16 {
		t.Errorf("a record has %d bytes", n)
	}
	if n := unsafe.Sizeof(user{}); n != userMemory {
		t.Errorf("a user has %d bytes", n)
	}
	if n := unsafe.Sizeof(cardCount{}); n != 88 {
		t.Errorf("counts of a card have %d bytes", n)
	}
}

func TestSeconds(t *testing.T) {
	for v := range 4088 {
		if got := unpackSeconds(packSeconds(float32(v))); got != float32(v) {
			t.Fatalf("%d s come back as %v", v, got)
		}
	}
	last := uint16(0)
	for v := 0.; v < 700_000; v = v*1.0007 + .0003 {
		p := packSeconds(float32(v))
		got := float64(unpackSeconds(p))
		if math.Abs(got-v) > max(v/4000, 1./2000) || p < last {
			t.Fatalf("%v s come back as %v", v, got)
		}
		last = p
		if v >= 1./16 && v < 100_000 {
			if got := float64(unpackShort(packShort(float32(v)))); math.Abs(got-v) > .03*v {
				t.Fatalf("%v s come back short as %v", v, got)
			}
		}
	}
	if v := unpackSeconds(packSeconds(nan)); v == v {
		t.Errorf("no seconds come back as %v", v)
	}
	for _, v := range []float32{-1, float32(math.Inf(1)), 3e38} {
		if got := unpackSeconds(packSeconds(v)); !(got >= 0 && got < 1e10) {
			t.Errorf("%v s come back as %v", v, got)
		}
	}
	if unpackShort(packShort(0)) != 0 || unpackShort(packShort(nan)) != 0 || packShort(1e30) != 255 {
		t.Error("0, none or too many seconds come back short as something else")
	}
}

func randomRecords(r *rand.Rand, n int) (out []record) {
	for range n {
		x := record{card: int32(r.IntN(8)), second: uint32(1000 + r.IntN(3000)), request: uint16(r.IntN(4)), slot: noSlot, view: noView}
		if r.IntN(2) == 0 {
			x.slot = uint8(r.IntN(20))
		}
		if r.IntN(2) == 0 {
			x.flags = doing
			switch x.extra = uint8(r.IntN(4)); x.extra {
			case didFlags:
				x.flags |= 1 << r.IntN(7)
			case didView:
				x.view = packSeconds(float32(r.IntN(50)))
			case didSwipe:
				x.setOther(int32(r.IntN(8)))
			case didForeign:
				x.request = uint16(1 + r.IntN(3))
				x.setNumber(2)
			}
		}
		out = append(out, x)
	}
	sortRecords(out)
	return slices.Compact(out)
}

var testRoles = []role{noRole, clickRole, readRole, noRole}

// TestSettle: records that are settled make the rows that they made before, but for views of cards that a swipe before led to.
func TestSettle(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	shorter := 0
	for n := range 3000 {
		records := slices.DeleteFunc(randomRecords(r, r.IntN(40)), func(x record) bool { return x.is(didSwipe) })
		f, g := new(folder), new(folder)
		want := slices.Clone(f.fold(records, testRoles))
		before := uint32(1000 + r.IntN(3000))
		if n%2 == 0 {
			before = math.MaxUint32
		}
		left := slices.Clone(records)
		left = left[:g.settle(left, before, testRoles)]
		if len(left) < len(records) {
			shorter++
		}
		if !slices.IsSortedFunc(left, func(a, b record) int { return a.compare(&b) }) {
			t.Fatalf("case %d: not in order", n)
		}
		got := g.fold(left, testRoles)
		clean := func(rows []row) (out []row) {
			for _, w := range rows {
				w.implied, w.foreign = false, false
				out = append(out, w)
			}
			// Rows of one second may stand in another order.
			slices.SortStableFunc(out, func(a, b row) int {
				return (&record{card: a.card, second: a.second, slot: a.slot, request: a.request}).compare(&record{card: b.card, second: b.second, slot: b.slot, request: b.request})
			})
			return out
		}
		if diff := cmp.Diff(clean(want), clean(got), cmp.AllowUnexported(row{}), cmp.Comparer(func(a, b float32) bool { return a == b || a != a && b != b })); diff != "" {
			t.Fatalf("case %d, before %d (-want +got):\n%s\n%+v\n%+v", n, before, diff, records, left)
		}
	}
	if shorter < 1000 {
		t.Errorf("only %d became fewer", shorter)
	}
}

// TestFoldOfOneCard: the rows of a card are those that all records make.
func TestFoldOfOneCard(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 3))
	for range 2000 {
		records := randomRecords(r, r.IntN(40))
		f, g := new(folder), new(folder)
		all := f.fold(records, testRoles)
		for card := range int32(8) {
			var want []row
			for _, w := range all {
				if w.card == card {
					want = append(want, w)
				}
			}
			got := g.of(records, card, testRoles)
			if len(got) != len(want) {
				t.Fatalf("card %d has %d rows, want %d", card, len(got), len(want))
			}
			for k := range got {
				if got[k].second != want[k].second || got[k].flags != want[k].flags || got[k].slot != want[k].slot || got[k].show != want[k].show {
					t.Fatalf("row %d of card %d is %+v, want %+v", k, card, got[k], want[k])
				}
			}
		}
	}
}

func TestPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	for range 300 {
		all := randomRecords(r, 60)
		var got []record
		for _, k := range r.Perm(len(all)) {
			at, there := place(got, &all[k])
			if there {
				t.Fatal("what is not there is found")
			}
			got = slices.Insert(got, at, all[k])
		}
		if !slices.Equal(got, all) {
			t.Fatal("put in one by one, records stand in another order")
		}
		for k := range all {
			if at, there := place(all, &all[k]); at != k || !there {
				t.Fatalf("record %d is found at %d, %v", k, at, there)
			}
		}
	}
}

// TestBlocks: blocks never lie over each other, and those given back are used again.
func TestBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 5))
	var b blocks[uint32]
	type held struct {
		at uint32
		n  int
	}
	var all []held
	mark := func(h held) {
		for k := range b.of(h.at, h.n) {
			b.of(h.at, h.n)[k] = h.at
		}
	}
	for step := range 20_000 {
		if len(all) > 50 || len(all) > 0 && r.IntN(3) == 0 {
			k := r.IntN(len(all))
			h := all[k]
			for _, x := range b.of(h.at, h.n) {
				if x != h.at {
					t.Fatalf("step %d: a block of %d was written over", step, h.n)
				}
			}
			b.give(h.at, h.n)
			all = slices.Delete(all, k, k+1)
			continue
		}
		n := 1 + r.IntN(40)
		if r.IntN(4) == 0 {
			n = 1 + r.IntN(mostInBlock)
		}
		h := held{b.take(n), n}
		if c := cap(b.of(h.at, n)); c != room(n) || c < n {
			t.Fatalf("room for %d where %d are asked for", c, n)
		}
		mark(h)
		all = append(all, h)
	}
	// 50 blocks of 4,352 on the mean, a quarter of them, are 4 pages of 16,384; classes do not share what was given back, and there are 100: without use of it again, 7,000 blocks would be 500.
	if len(b.pages) > 30 {
		t.Errorf("%d pages for 50 blocks", len(b.pages))
	}
	idle := 0
	for class, list := range b.free {
		idle += len(list) * blockSizes[class]
	}
	if b.idle != idle || idle == 0 {
		t.Errorf("%d are said to be idle, %d are", b.idle, idle)
	}
}

// TestShortLists: lists keep what they hold while they and others grow and shrink.
func TestShortLists(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2))
	var l shortLists[int]
	const items = 40
	l.grow(items / 2)
	l.grow(items)
	want := make([][]int, items)
	for step := range 20_000 {
		item := r.IntN(items)
		n := max(0, min(len(want[item])+r.IntN(7)-3, maxNeighbours))
		list := l.resize(int32(item), n)
		if len(list) != n {
			t.Fatalf("step %d: %d long, want %d", step, len(list), n)
		}
		kept := min(n, len(want[item]))
		want[item] = append([]int(nil), want[item][:kept]...)
		for k := kept; k < n; k++ {
			list[k] = step
			want[item] = append(want[item], step)
		}
		for i := range want {
			if got := l.of(int32(i)); !slices.Equal(got, want[i]) {
				t.Fatalf("step %d, which changed list %d: list %d is %v, want %v", step, item, i, got, want[i])
			}
		}
	}
}

// TestLateEventsOfLongHistories: with long histories and events that are late by hours, the end is that of ordered ones, whether doings were settled or not.
func TestLateEventsOfLongHistories(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 5))
	for range 5 {
		var events []stream.Event
		for k := range 900 {
			item := fmt.Sprint("item ", r.IntN(12))
			second := float64(k)*600 - 900*600
			e := at(stream.Impression, "u", item, second, on(fmt.Sprint("page ", k), k%9))
			c := at([]stream.Kind{stream.Click, stream.Like, stream.View, stream.Comment}[r.IntN(4)], "u", item, second+20, on(fmt.Sprint("page ", k), k%9), value(7))
			events = append(events, e)
			if r.IntN(6) == 0 {
				events = append(events, c)
			}
		}
		c := Config{MaxRows: 512, Late: 6 * time.Hour}
		want := apply(newState(c), events...)
		// Each event comes up to 5 hours late.
		type late struct {
			at int64
			e  stream.Event
		}
		var queue []late
		for _, e := range events {
			queue = append(queue, late{e.AtMS + r.Int64N(5*3600_000), e})
		}
		slices.SortStableFunc(queue, func(a, b late) int { return int(a.at - b.at) })
		got := newState(c)
		for k := range 12 { // ids as the ordered ones gave them
			key := want.Catalogue().Keys[k]
			apply(want, at(stream.Item, "", key, 0))
			apply(got, at(stream.Item, "", key, 0))
		}
		for _, l := range queue {
			apply(got, l.e)
		}
		a, b := lines(want, "u"), lines(got, "u")
		n := min(len(a), len(b), 400) // the oldest may have gone at other moments
		if diff := cmp.Diff(a[len(a)-n:], b[len(b)-n:]); diff != "" && n > 300 {
			t.Fatalf("the last %d rows (-want +got):\n%s", n, diff)
		}
		for id := range int32(12) {
			if diff := cmp.Diff(want.Counts(id), got.Counts(id)); diff != "" {
				t.Errorf("counts of card %d (-want +got):\n%s", id, diff)
			}
		}
	}
}
