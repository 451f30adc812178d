package live

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// told is a state that has something of everything.
func told(tb testing.TB) *State {
	tb.Helper()
	s := newState(Config{})
	apply(s,
		at(stream.Item, "", "item 3", 0, comment("c"), card(stream.Card{Creator: "k", Content: "x", Song: "s", Artist: "a", Talk: "t", Categories: []string{"y", "z"}, Labels: []byte("{}")})),
		at(stream.Item, "", "hidden", 0, card(stream.Card{Hidden: true, Talk: "12"})),
		at(stream.User, "user 1", "", 0, comment("c"), who(stream.Profile{Gender: "male", Province: "hai nan", Age: ptr(3), Labels: []byte("[]")})),
		at(stream.User, "gone", "", 0), at(stream.Feedback, "user 1", "item 3", 4, typ("star"), value(2), comment("note")))
	apply(s, randomEvents(rand.New(rand.NewPCG(3, 4)), 400)...)
	return apply(s, at(stream.UserDeleted, "gone", "", 1), at(stream.ItemDeleted, "", "item 4", 1))
}

func snapshot(tb testing.TB, s *State) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := s.write(&b, noRest); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func noRest() error { return nil }

func loaded(file []byte) (*State, error) {
	return load(bytes.NewReader(file), int64(len(file)), Config{Clock: testClock})
}

func TestSaveAndLoad(t *testing.T) {
	s := told(t)
	dir := filepath.Join(t.TempDir(), "state")
	if _, err := Load(dir, Config{}); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("without a snapshot: %v", err)
	}
	for range 2 { // the second takes the place of the first, and of what a crash left of a longer one
		if err := s.Save(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, snapshotName+".new"), make([]byte, 1<<20), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Save(dir); err != nil {
		t.Fatal(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%v stand there; one file is expected", files)
	}
	got, err := Load(dir, Config{Clock: testClock})
	if err != nil {
		t.Fatal(err)
	}
	same(t, s, got)
	a, _ := s.Item("item 3")
	b, _ := got.Item("item 3")
	if a.Song != "s" || a.Artist != "a" || a.Talk != "t" {
		t.Errorf("item 3 is %+v", a)
	}
	c, _ := s.User("user 1")
	d, _ := got.User("user 1")
	if diff := cmp.Diff(a, b) + cmp.Diff(c, d) + cmp.Diff(feedbackOf(t, s, FeedbackFilter{N: 50}), feedbackOf(t, got, FeedbackFilter{N: 50})) + cmp.Diff(s.Near([]int32{0, 5}), got.Near([]int32{0, 5})) +
		cmp.Diff(s.Neighbours("user 1", 9), got.Neighbours("user 1", 9)); diff != "" {
		t.Error(diff)
	}
	if s.text.Load() != got.text.Load() {
		t.Errorf("%d bytes of text come back as %d", s.text.Load(), got.text.Load())
	}
	// What comes after is the same, as is another snapshot.
	more := randomEvents(rand.New(rand.NewPCG(5, 4)), 400)
	more = append(more, at(stream.Item, "", "later", 5, card(stream.Card{Song: "s", Artist: "b", Talk: "t", Creator: "k", Categories: []string{"z"}})))
	apply(s, more...)
	apply(got, more...)
	same(t, s, got)
	if !bytes.Equal(snapshot(t, s), snapshot(t, got)) {
		t.Error("a snapshot of each is not the same")
	}
}

func TestDamagedSnapshots(t *testing.T) {
	file := snapshot(t, told(t))
	r := rand.New(rand.NewPCG(9, 9))
	for range 400 {
		n := r.IntN(len(file))
		if _, err := loaded(file[:n]); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
			t.Fatalf("cut off after %d bytes: %v", n, err)
		}
		changed := bytes.Clone(file)
		changed[n] ^= 1 << r.IntN(8)
		if _, err := loaded(changed); err == nil {
			t.Fatalf("byte %d changed: no error", n)
		}
	}
	if _, err := loaded([]byte("PK and so on, something else")); !errors.Is(err, ErrForeign) {
		t.Errorf("another file: %v", err)
	}
	if _, err := loaded(append(bytes.Clone(file), 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("a byte more: %v", err)
	}
	other := bytes.Clone(file)
	other[8] = 9
	if _, err := loaded(other); !errors.Is(err, ErrVersion) {
		t.Errorf("a later version: %v", err)
	}
}

type fullDisk struct{ left int }

var errFull = errors.New("the disk is full")

func (f *fullDisk) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestSaveToAFullDisk(t *testing.T) {
	s := told(t)
	size := len(snapshot(t, s))
	for _, left := range []int{0, 20, size / 2, size - 1} {
		if err := s.write(&fullDisk{left}, noRest); !errors.Is(err, errFull) {
			t.Errorf("with room for %d bytes: %v", left, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(file); err == nil {
		t.Error("a file in the place of the directory: no error")
	}
}

// TestSaveWhileEventsCome takes snapshots while events are applied and readers read. The parts of a snapshot are of different moments; all events told again
// to what was loaded end in the same state.
func TestSaveWhileEventsCome(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	events := randomEvents(r, 6000)
	for k := range 300 { // things that are told and taken back among them
		n := r.IntN(len(events))
		user, item := fmt.Sprint("user ", r.IntN(testUsers)), fmt.Sprint("item ", r.IntN(testItems))
		switch k % 5 {
		case 0:
			events[n] = at(stream.User, user, "", 0, who(stream.Profile{Age: ptr(k % 100), Province: fmt.Sprint(k % 9)}))
		case 1:
			events[n] = at(stream.UserDeleted, user, "", 0)
		case 2:
			events[n] = at(stream.Item, "", item, 0, card(stream.Card{Creator: fmt.Sprint(k)}))
		case 3:
			events[n] = at(stream.Unfeedback, user, item, 0)
		case 4:
			events[n] = at(stream.Feedback, user, item, 0, typ(fmt.Sprint("type ", k)), value(3), comment("why"))
		}
		events[n].ID = fmt.Sprint("more ", k)
	}
	stored := make([]stream.Stored, len(events))
	for k, e := range events {
		stored[k] = stream.Stored{Seq: uint64(k) + 1, Event: e}
	}
	s := newState(Config{})
	dirs := make(chan string, 100)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(dirs)
		for range 8 {
			dir := t.TempDir()
			if err := s.Save(dir); err != nil {
				t.Error(err)
			}
			dirs <- dir
		}
	})
	for range 2 {
		wg.Go(func() {
			h := new(warehouse.Histories)
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				default:
				}
				user := fmt.Sprint("user ", k%testUsers)
				s.RowsTo(h, user)
				s.User(user)
				s.Neighbours(user, 5)
				s.Counts(int32(k % testItems))
				s.Figures()
				s.Similar(int32(k%testItems), 5, nil)
				s.Popular(5, 0, nil)
				s.Item(fmt.Sprint("item ", k%testItems))
				c := s.Catalogue()
				for i := range c.Keys {
					_ = c.Cards.Creator[i]
				}
				s.Feedback(t.Context(), FeedbackFilter{User: user, N: 10})
				s.ListUsers("user", "", 3)
			}
		})
	}
	for k := 0; k < len(stored); k += 7 {
		s.Apply(stored[k:min(k+7, len(stored))])
	}
	close(stop)
	wg.Wait()
	for dir := range dirs {
		got, err := Load(dir, Config{Clock: testClock})
		if err != nil {
			t.Fatal(err)
		}
		first := got.Seq()
		got.Apply(stored)
		same(t, s, got)
		if diff := cmp.Diff(feedbackOf(t, s, FeedbackFilter{N: 5000}), feedbackOf(t, got, FeedbackFilter{N: 5000})); diff != "" {
			t.Fatalf("loaded at %d (-want +got):\n%s", first, diff)
		}
		for k := range int32(testItems) {
			if diff := cmp.Diff(s.Similar(k, 100, nil), got.Similar(k, 100, nil), cmpopts.EquateApprox(1e-6, 0)); diff != "" {
				t.Fatalf("loaded at %d, like item %d (-want +got):\n%s", first, k, diff)
			}
		}
		for u := range testUsers {
			if diff := cmp.Diff(s.Neighbours(fmt.Sprint("user ", u), 100), got.Neighbours(fmt.Sprint("user ", u), 100), cmpopts.EquateApprox(1e-6, 0)); diff != "" {
				t.Fatalf("loaded at %d, like user %d (-want +got):\n%s", first, u, diff)
			}
		}
	}
}

// resummed puts the checksums of a snapshot right, so that a fuzzer reaches what stands behind them.
func resummed(file []byte) []byte {
	const all = sectionCount*indexEntry + tailSize
	if len(file) < all {
		return file
	}
	index := file[len(file)-all : len(file)-tailSize]
	for k := range sectionCount {
		e := index[k*indexEntry:]
		from, size := binary.LittleEndian.Uint64(e[4:]), binary.LittleEndian.Uint64(e[12:])
		if from <= uint64(len(file)) && size <= uint64(len(file))-from {
			binary.LittleEndian.PutUint32(e[20:], crc32.Checksum(file[from:from+size], castagnoli))
		}
	}
	binary.LittleEndian.PutUint32(file[len(file)-tailSize+8:], crc32.Checksum(index, castagnoli))
	return file
}

// use asks a state for everything, and changes it; nothing may panic, whatever file it comes from.
func use(tb testing.TB, s *State) {
	tb.Helper()
	ask(tb, s)
	apply(s, randomEvents(rand.New(rand.NewPCG(3, 4)), 60)...)
	apply(s, at(stream.UserDeleted, "user 1", "", 1), at(stream.Item, "", "item 1", 2, card(stream.Card{Song: "q", Talk: "r", Content: "s"})))
}

// ask asks a state for everything.
func ask(tb testing.TB, s *State) {
	tb.Helper()
	users, _, err := s.ListUsers("", "", 1000)
	if err != nil {
		tb.Fatal(err)
	}
	for _, u := range users {
		s.Rows(u.Key)
		s.Neighbours(u.Key, 5)
	}
	s.ListItems("x", "", 100)
	s.Feedback(tb.Context(), FeedbackFilter{N: 1000})
	s.Figures()
	s.Totals()
	s.Memory()
	c := s.Catalogue()
	for i := range c.Keys {
		s.Counts(int32(i))
		s.Similar(int32(i), 5, nil)
		c.CategoriesOf(int32(i))
	}
	s.Latest(10, 0, nil)
	s.Popular(10, 0, nil)
}

// TestReadersDoNotWaitForASnapshot: while a part is copied, which keeps events waiting, everything that pages ask for is answered.
func TestReadersDoNotWaitForASnapshot(t *testing.T) {
	s := told(t)
	copying, asked := make(chan struct{}), make(chan struct{})
	go s.hold(func() {
		close(copying)
		<-asked
	})
	<-copying
	go func() {
		defer close(asked)
		ask(t, s)
		s.Refresh()
		s.User("user 1")
		s.SomeUsers(3)
		s.Item("item 3")
		s.Card(0)
		for _, g := range s.Generators() {
			g.Candidates(query([]int32{0, 1, 2}), 10, nil)
		}
	}()
	select {
	case <-asked:
	case <-time.After(time.Minute):
		t.Fatal("who reads waits for a snapshot")
	}
}

// FuzzLoad changes a snapshot at some place of some section, and puts the checksums right.
func FuzzLoad(f *testing.F) {
	file := snapshot(f, told(f))
	index, err := readIndex(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(globalSection), uint32(8), []byte{1, 0, 0, 0}, false)
	f.Add(uint16(shardOf("user 1")), uint32(8), []byte{255, 0, 0, 0}, true)
	f.Fuzz(func(t *testing.T, section uint16, at uint32, bytesThere []byte, cut bool) {
		where := index[int(section)%sectionCount]
		if where.size == 0 {
			return
		}
		from := where.at + uint64(at)%where.size
		changed := bytes.Clone(file)
		n := copy(changed[from:where.at+where.size], bytesThere)
		if cut { // the section ends there, and what follows moves up
			gone := where.at + where.size - from - uint64(n)
			changed = append(changed[:from+uint64(n)], changed[where.at+where.size:]...)
			entries := changed[len(changed)-sectionCount*indexEntry-tailSize:]
			for k := range sectionCount {
				e := entries[k*indexEntry:]
				if k == int(section)%sectionCount {
					binary.LittleEndian.PutUint64(e[12:], where.size-gone)
				} else if k > int(section)%sectionCount {
					binary.LittleEndian.PutUint64(e[4:], index[k].at-gone)
				}
			}
			binary.LittleEndian.PutUint64(changed[len(changed)-tailSize:], uint64(len(changed)-sectionCount*indexEntry-tailSize))
		}
		s, err := loaded(resummed(changed))
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("%v; damage is expected", err)
			}
			return
		}
		again, err := loaded(snapshot(t, s))
		if err != nil {
			t.Fatalf("what was loaded does not survive another snapshot: %v", err)
		}
		if s.Seq() < 1<<62 {
			use(t, again)
		}
	})
}
