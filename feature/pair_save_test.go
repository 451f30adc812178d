package feature

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

func madeContext(tb testing.TB, l *memoryLog, days int) *PairContext {
	tb.Helper()
	c, err := NewPairContext(tb.Context(), l, memoryDate(0), memoryDate(days-1))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func savedContext(tb testing.TB, c *PairContext) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := c.Save(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// bits are the features of cards, known and unknown, for users with rows of l, at moments before, within and after its days.
func featureBits(c *PairContext, l *memoryLog, users int) []uint32 {
	cards := []int32{-1, int32(len(l.cards.Listed)), math.MaxInt32}
	for i := range l.cards.Listed {
		cards = append(cards, int32(i))
	}
	x := make([]float32, len(cards)*len(c.Columns()))
	var out []uint32
	for u := range users {
		for _, day := range []int32{memoryDay - 5, memoryDay + 1, memoryDay + 4, memoryDay + 400} {
			p := c.NewPast(TraitsOf(l.profiles, int32(u)))
			p.Observe(l.rows, u)
			c.Vectors(p, Moment{AtMS: int64(memoryDay+400) * dayMS, Day: day, Hour: 7}, cards, nil, x)
			for _, v := range x {
				out = append(out, math.Float32bits(v))
			}
		}
	}
	return out
}

// TestContextFromAFile: the same columns and the same features, bit for bit, of logs with and without counts of the app.
func TestContextFromAFile(t *testing.T) {
	for _, app := range []bool{true, false} {
		l := madeLog(60, 80, 6, app)
		c := madeContext(t, l, 6)
		file := savedContext(t, c)
		rest := []byte("what follows")
		for name, r := range map[string]io.Reader{
			"bytes": bytes.NewReader(append(file[:len(file):len(file)], rest...)),
			"pipe":  io.MultiReader(bytes.NewReader(file[:len(file)/2]), bytes.NewReader(file[len(file)/2:]), bytes.NewReader(rest)),
		} {
			got, err := LoadPairContext(r)
			if err != nil {
				t.Fatal(err)
			}
			if after, _ := io.ReadAll(r); !bytes.Equal(after, rest) {
				t.Errorf("%s: %q is left of %q", name, after, rest)
			}
			if got.Cards() != 80 || !reflect.DeepEqual(got.Columns(), c.Columns()) {
				t.Errorf("%s: %d cards and other columns", name, got.Cards())
			}
			want, have := featureBits(c, l, 9), featureBits(got, l, 9)
			if !reflect.DeepEqual(have, want) {
				t.Errorf("%s: other features", name)
			}
			got.Prepare(3, memoryDay+4)
			if !reflect.DeepEqual(featureBits(got, l, 9), want) {
				t.Errorf("%s: other features on a day prepared", name)
			}
			if !bytes.Equal(savedContext(t, got), file) {
				t.Errorf("%s: saved again, it is another file", name)
			}
			if _, err := BuildPairs(t.Context(), l, got, PairOptions{From: memoryDate(1), To: memoryDate(2)}); err == nil || !strings.Contains(err.Error(), "users' traits") {
				t.Errorf("%s: building pairs with it gives %v", name, err)
			}
		}
	}
}

// TestContextOfNothing: a log without cards is kept too.
func TestContextOfNothing(t *testing.T) {
	l := madeLog(0, 0, 0, false)
	l.cards.Contents = nil
	c, err := LoadPairContext(bytes.NewReader(savedContext(t, madeContext(t, l, 1))))
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 2*len(c.Columns()))
	c.Vectors(c.NewPast(NoTraits), Moment{Day: memoryDay}, []int32{0, -1}, nil, x)
}

func TestLoadContextDamaged(t *testing.T) {
	file := savedContext(t, madeContext(t, madeLog(20, 10, 3, true), 3))
	r := rand.New(rand.NewPCG(5, 5))
	for range 1000 {
		n := r.IntN(len(file))
		if c, err := LoadPairContext(bytes.NewReader(file[:n])); c != nil || !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
			t.Fatalf("cut off after %d bytes: %v, %v", n, c, err)
		}
		changed := bytes.Clone(file)
		changed[n] ^= 1 << r.IntN(8)
		if c, err := LoadPairContext(bytes.NewReader(changed)); c != nil || err == nil {
			t.Fatalf("byte %d changed: %v, %v", n, c, err)
		}
	}
	if _, err := LoadPairContext(strings.NewReader("segueCND and so on")); !errors.Is(err, ErrForeign) {
		t.Errorf("another file gives %v", err)
	}
	kind := bytes.Clone(file)
	kind[12] = 'q'
	if _, err := LoadPairContext(bytes.NewReader(kind)); err == nil || !strings.Contains(err.Error(), "train anew") {
		t.Errorf("another kind gives %v", err)
	}
}

func TestContextThatCannotBeUsed(t *testing.T) {
	l := madeLog(20, 10, 3, true)
	for name, spoil := range map[string]func(*PairContext){
		"days that end before they begin": func(c *PairContext) { c.last = c.from - 1 },
		"too many days":                   func(c *PairContext) { c.from, c.last = math.MinInt32, math.MaxInt32 },
		"no provinces":                    func(c *PairContext) { c.provinces = nil },
		"a province twice":                func(c *PairContext) { c.provinces = append(c.provinces, c.provinces[0]) },
		"no types":                        func(c *PairContext) { c.kinds = nil },
		"a type too many":                 func(c *PairContext) { c.kinds = append(c.kinds, "9") },
		"a card too many":                 func(c *PairContext) { c.attrs = append(c.attrs, c.nowhere) },
		"a sum too few":                   func(c *PairContext) { c.cards.at = c.cards.at[1:] },
		"a card's sums too few":           func(c *PairContext) { c.cards.first = c.cards.first[1:] },
		"sums of a card that end early":   func(c *PairContext) { c.cards.first[3] = c.cards.first[2] - 1 },
		"sums of a card that never end":   func(c *PairContext) { c.cards.first[3] = 1 << 40 },
		"no first sums":                   func(c *PairContext) { c.cards.first[0] = 1 },
		"sums from two days on":           func(c *PairContext) { c.cards.since[1] = c.cards.since[0] },
		"sums from before the days":       func(c *PairContext) { c.cards.since[0] = -1 },
		"sums from after the days":        func(c *PairContext) { c.cards.since[len(c.cards.since)-1] = int32(c.days) },
		"a day of slots too few":          func(c *PairContext) { c.slots.rates = c.slots.rates[1:] },
		"a rate of a slot that is NaN":    func(c *PairContext) { c.slots.rates[1][3][1] = nan32 },
		"a sum that is NaN":               func(c *PairContext) { c.cards.at[7].expected = nan32 },
		"a rate too few":                  func(c *PairContext) { c.after[2] = c.after[2][1:] },
		"a strength that is NaN":          func(c *PairContext) { c.study.match[3][1] = nan32 },
		"a group's sum too few":           func(c *PairContext) { c.groups[ofSong].at = c.groups[ofSong].at[1:] },
		"a group's sum that is infinite":  func(c *PairContext) { c.groups[ofSong].at[2].n = float32(math.Inf(1)) },
		"a band too few":                  func(c *PairContext) { c.exposure.at = c.exposure.at[c.days:] },
		"a creator beyond":                func(c *PairContext) { c.attrs[4].codes[ofCreator] = 4 },
		"a talk below -1":                 func(c *PairContext) { c.attrs[4].codes[ofTalk] = -2 },
		"a card without a type":           func(c *PairContext) { c.attrs[4].codes[ofType] = -1 },
		"no type beyond":                  func(c *PairContext) { c.nowhere.codes[ofType] = 3 },
		"a wider content beyond":          func(c *PairContext) { c.wider[0][2] = 99 },
		"a wider content too few":         func(c *PairContext) { c.wider[1] = c.wider[1][1:] },
		"a place beyond":                  func(c *PairContext) { c.study.taste.place[2] = int16(c.study.places) },
		"a place too few":                 func(c *PairContext) { c.study.taste.place = c.study.taste.place[1:] },
		"another number of places":        func(c *PairContext) { c.study.places-- },
		"tastes of a day too few":         func(c *PairContext) { c.study.taste.load = c.study.taste.load[1:] },
		"tastes for a content too few":    func(c *PairContext) { c.study.taste.load[1] = c.study.taste.load[1][1:] },
		"a taste that is NaN":             func(c *PairContext) { c.study.taste.load[1][1][1] = nan32 },
		"a cell too few":                  func(c *PairContext) { c.study.cells.at = c.study.cells.at[c.days:] },
	} {
		c := madeContext(t, l, 3)
		spoil(c)
		if err := c.Save(io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	full := errors.New("the disk is full")
	if err := madeContext(t, l, 3).Save(failing{full}); !errors.Is(err, full) {
		t.Errorf("a failing writer gives %v, want its error", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// FuzzLoadPairContext: whatever a file holds, loading it gives an error or statistics that features can be made of. The checksum is put
// right, so that the fuzzer reaches what stands behind it.
func FuzzLoadPairContext(f *testing.F) {
	l := madeLog(3, 4, 1, true)
	l.cards.Contents = l.cards.Contents[:2]
	for i := range l.cards.Content {
		l.cards.Content[i] = int16(i%3 - 1)
	}
	file := savedContext(f, madeContext(f, l, 1))
	f.Add(file[:len(file)-4])
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := LoadPairContext(bytes.NewReader(binary.LittleEndian.AppendUint32(bytes.Clone(file), crc32.Checksum(file, crc32.MakeTable(crc32.Castagnoli)))))
		if err != nil {
			return
		}
		cards := []int32{-1, 0, 1, 2, 3, math.MaxInt32}
		x := make([]float32, len(cards)*len(c.Columns()))
		for _, traits := range []Traits{NoTraits, {Province: "hai nan", Gender: "male", Age: 200, Months: 1}} {
			p := c.NewPast(traits)
			for k, card := range cards {
				day := memoryDay + int32(k)/2
				p.ObserveEvent(Event{Moment: Moment{AtMS: int64(memoryDay)*dayMS + int64(k)*hourMS/4, Day: day, Hour: uint8(50 * k)}, Card: card, Slot: int32(3*k - 1), Flags: warehouse.Flag(k)})
				c.Vectors(p, Moment{AtMS: int64(memoryDay+1) * dayMS, Day: day, Hour: 255}, cards, nil, x)
			}
		}
		if c.Cards() < 1000 {
			c.Prepare(3, memoryDay)
		}
		again, err := LoadPairContext(bytes.NewReader(savedContext(t, c)))
		if err != nil || again.Cards() != c.Cards() {
			t.Fatalf("loaded statistics do not survive another save: %v", err)
		}
	})
}

func BenchmarkPairContextFile(b *testing.B) {
	const cards, days = 25_000, 30
	c := madeContext(b, madeLog(200, cards, days, true), days)
	file := savedContext(b, c)
	name := fmt.Sprintf("cards=%d/days=%d", cards, days)
	b.Run("save/"+name, func(b *testing.B) {
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			if err := c.Save(io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load/"+name, func(b *testing.B) {
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			if _, err := LoadPairContext(bytes.NewReader(file)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
