package live

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPackedSizes works out the bytes of some records: the head, and what differs.
func TestPackedSizes(t *testing.T) {
	row := func(r record) record { r.view, r.extra = noView, settled; return r }
	for _, c := range []struct {
		name    string
		records []record
		want    int
	}{
		{"none", nil, 0},
		{"the first of a log: head, 4 of the second, 3 of the card, 2 of extra; slot 0 is the one after none", []record{row(record{card: 70_000, second: 1_572_537_600})}, 1 + 4 + 3 + 2},
		{"the next slot in the same second: head and 1 of the card", []record{row(record{second: 9, slot: 3}), row(record{card: 255, second: 9, slot: 4})}, 1 + 1 + 1 + 1 + 2 + 2},
		{"a minute later, of another page: head, 1, 2 of the card, 2 of the request, 1 of the slot",
			[]record{row(record{second: 9}), row(record{card: 256, second: 69, request: 7, slot: 8})}, 1 + 1 + 1 + 2 + 1 + 1 + 2 + 2 + 1},
		{"a view: 3 more", []record{{second: 9, view: 5, extra: settled}}, 1 + 1 + 1 + 2 + 3},
		{"cards swiped to and no view: 3 more", []record{{second: 9, view: noView, listed: 1, extra: settled}}, 1 + 1 + 1 + 2 + 3},
		{"all that can differ", []record{{card: 1 << 24, second: 1 << 16, request: 1, slot: 1, flags: doing, extra: didView, view: 1}}, packedMost},
	} {
		b := pack(nil, &beforeFirst, c.records)
		if len(b) != c.want {
			t.Errorf("%s: %d bytes, want %d", c.name, len(b), c.want)
		}
		if got, whole := unpack(nil, b, len(c.records)); !whole || !slices.Equal(got, c.records) {
			t.Errorf("%s: comes back as %v, whole %v", c.name, got, whole)
		}
	}
}

// anyRecords draws records of which every field may be anything, near the one before or far from it.
func anyRecords(r *rand.Rand, n int) []record {
	out := make([]record, n)
	last := record{}
	for k := range out {
		near := func(was, most uint64) uint64 {
			switch r.IntN(3) {
			case 0:
				return was
			case 1:
				return (was + 1) & most
			}
			return r.Uint64() & (most >> r.IntN(32))
		}
		last = record{card: int32(near(uint64(uint32(last.card)), 1<<32-1)), second: uint32(near(uint64(last.second), 1<<32-1)), request: uint16(near(uint64(last.request), 1<<16-1)),
			view: uint16(near(noView, 1<<16-1)), slot: uint8(near(uint64(last.slot), 255)), listed: uint8(near(0, 255)), flags: uint8(near(uint64(last.flags), 255)), extra: uint8(near(uint64(last.extra), 255))}
		out[k] = last
	}
	return out
}

// TestPackedRecords: any records come back, what is cut off or too long is told, and none takes more than it may.
func TestPackedRecords(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	for range 3000 {
		records := anyRecords(r, r.IntN(30))
		b := pack([]byte("before"), &beforeFirst, records)[len("before"):]
		if len(b) > len(records)*packedMost {
			t.Fatalf("%d records take %d bytes", len(records), len(b))
		}
		got, whole := unpack(records[:len(records):len(records)], b, len(records))
		if !whole || !slices.Equal(got[len(records):], records) {
			t.Fatalf("%v come back as %v, whole %v", records, got[len(records):], whole)
		}
		if len(records) == 0 {
			continue
		}
		if _, whole := unpack(nil, b[:r.IntN(len(b))], len(records)); whole {
			t.Fatalf("%v cut off are whole", records)
		}
		if _, whole := unpack(nil, b, len(records)-1); whole {
			t.Fatalf("%v are whole with one too many", records)
		}
	}
}

func TestBefore(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for range 3000 {
		for _, pair := range [][]record{anyRecords(r, 2), randomRecords(r, 2)} {
			if len(pair) == 2 && (pair[0].before(&pair[1]) != (pair[0].compare(&pair[1]) < 0) || pair[1].before(&pair[0]) != (pair[1].compare(&pair[0]) < 0)) {
				t.Fatalf("%+v", pair)
			}
		}
	}
}

// TestMayMention: what is about a card is never passed over, and what is not is, but for swipes.
func TestMayMention(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 4))
	passed := 0
	for range 5000 {
		records := randomRecords(r, r.IntN(6))
		if r.IntN(2) == 0 {
			records = anyRecords(r, r.IntN(12))
		}
		card := r.Int32N(8)
		if len(records) > 0 && r.IntN(2) == 0 {
			card = records[r.IntN(len(records))].card
		}
		want := slices.ContainsFunc(records, func(x record) bool { return x.card == card || x.is(didSwipe) })
		got := mayMention(pack(nil, &beforeFirst, records), len(records), card)
		if got != want {
			t.Fatalf("card %d in %+v: %v, want %v", card, records, got, want)
		}
		if !got {
			passed++
		}
	}
	if passed < 500 {
		t.Errorf("only %d were passed over", passed)
	}
}

// FuzzUnpack: whatever the bytes, nothing is read beyond them, and what they hold packs into no more.
func FuzzUnpack(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 8 {
		f.Add(pack(nil, &beforeFirst, anyRecords(r, n)), n)
	}
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if n < 0 || n > maxRecords {
			return
		}
		records, whole := unpack(nil, b, n)
		if whole != (len(records) == n && len(b) >= n && slices.Equal(records, again(records)) && sizeOf(b, n) == len(b)) {
			t.Fatalf("%x as %d records: %v, whole %v", b, n, records, whole)
		}
		if whole && len(pack(nil, &beforeFirst, records)) > len(b) {
			t.Fatalf("%x as %d records take %d bytes", b, n, len(pack(nil, &beforeFirst, records)))
		}
	})
}

func again(records []record) []record {
	out, _ := unpack(nil, pack(nil, &beforeFirst, records), len(records))
	return out
}

// sizeOf adds up what the heads of n records say; -1 where b ends before.
func sizeOf(b []byte, n int) (size int) {
	for range n {
		if size >= len(b) {
			return -1
		}
		h := b[size]
		size += 1 + []int{0, 1, 2, 4}[h&3] + 1 + int(h>>2&3) + 2*int(h>>4&1) + int(h>>5&1) + 2*int(h>>6&1) + 3*int(h>>7)
	}
	return size
}

// TestGather: histories that grow together leave blocks behind, which are put together before they are an eighth of all, and no record is lost.
func TestGather(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var sh shard
	sh.users = make([]user, 3000)
	want := make([][]record, len(sh.users))
	live, gathered := 0, 0
	for step := range 60 * len(sh.users) {
		k := step % len(sh.users)
		u := &sh.users[k]
		if r.IntN(40) == 0 {
			want[k] = nil
		} else if len(want[k]) < maxRecords {
			want[k] = append(want[k], record{card: r.Int32N(250_000), second: uint32(step), slot: uint8(r.IntN(20)), view: noView})
		}
		pages := len(sh.rows.pages)
		live -= int(u.size)
		same := len(want[k]) - 1
		if r.IntN(2) == 0 || same < 0 {
			same = 0
		}
		sh.store(u, want[k], same)
		live += int(u.size)
		if len(sh.rows.pages) < pages {
			gathered++
		}
		if len(sh.rows.pages) > 4 && sh.rows.idle-sh.rows.least > len(sh.rows.pages)*pageBytes/8 {
			t.Fatalf("step %d: %d bytes lie idle in %d pages", step, sh.rows.idle, len(sh.rows.pages))
		}
	}
	for k := range want {
		if got := sh.records(&sh.users[k], nil); !slices.Equal(got, want[k]) {
			t.Fatalf("user %d has %d records, want %d", k, len(got), len(want[k]))
		}
	}
	if gathered == 0 {
		t.Error("nothing was ever put together")
	}
	// An eighth idle, a sixteenth of rounding up, the last page.
	if held := int(sh.rows.bytes()); float64(held) > 1.25*float64(live)+pageBytes {
		t.Error(fmt.Sprint(held, " bytes are held for ", live))
	}
}
