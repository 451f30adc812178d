package feed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/warehouse"
)

func savedCatalogue(tb testing.TB, c *warehouse.Cards, keys []string, n candidate.Names) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := SaveCatalogue(&b, c, keys, n); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestCatalogueFromAFile(t *testing.T) {
	l := madeLog(1, 40)
	for name, n := range map[string]candidate.Names{"none": nil, "by key": KeyNames(l.cards, l.keys), "titled": names{}} {
		file := savedCatalogue(t, l.cards, l.keys, n)
		rest := []byte("what follows")
		r := bytes.NewReader(append(bytes.Clone(file), rest...))
		cards, keys, got, err := LoadCatalogue(r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(l.cards, cards) + cmp.Diff(l.keys, keys); diff != "" {
			t.Errorf("%s (-saved +loaded):\n%s", name, diff)
		}
		if after, _ := io.ReadAll(r); !bytes.Equal(after, rest) {
			t.Errorf("%s: %q is left of %q", name, after, rest)
		}
		want := n
		if n == nil {
			want = KeyNames(l.cards, l.keys)
		}
		for i := int32(-1); i <= 40; i++ {
			if i >= 0 && i < 40 && got.Card(i) != want.Card(i) || i >= 0 && i < 6 && got.Content(i) != want.Content(i) || i >= 0 && i < 10 && got.Creator(i) != want.Creator(i) {
				t.Errorf("%s: %d is called %q, %q and %q", name, i, got.Card(i), got.Content(i), got.Creator(i))
			}
		}
		if n != nil && (got.Card(-1) != "" || got.Content(6) != "" || got.Creator(10) != "") {
			t.Errorf("%s: what there is not has a name", name)
		}
		if !bytes.Equal(savedCatalogue(t, cards, keys, got), file) {
			t.Errorf("%s: saved again, it is another file", name)
		}
	}
}

func TestLoadCatalogueDamaged(t *testing.T) {
	l := madeLog(1, 8)
	file := savedCatalogue(t, l.cards, l.keys, names{})
	r := rand.New(rand.NewPCG(5, 5))
	for n := range file {
		if c, _, _, err := LoadCatalogue(bytes.NewReader(file[:n])); c != nil || !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
			t.Fatalf("cut off after %d bytes: %v, %v", n, c, err)
		}
		changed := bytes.Clone(file)
		changed[n] ^= 1 << r.IntN(8)
		if c, _, _, err := LoadCatalogue(bytes.NewReader(changed)); c != nil || err == nil {
			t.Fatalf("byte %d changed: %v, %v", n, c, err)
		}
	}
	kind := bytes.Clone(file)
	copy(kind[bytes.Index(file, []byte(catalogueKind)):], "Catalogue")
	if _, _, _, err := LoadCatalogue(bytes.NewReader(kind)); err == nil || !strings.Contains(err.Error(), "train anew") {
		t.Errorf("another kind gives %v", err)
	}
}

func TestCatalogueThatDoesNotFit(t *testing.T) {
	for name, spoil := range map[string]func(*memoryLog){
		"a column too short":     func(l *memoryLog) { l.cards.Song = l.cards.Song[1:] },
		"a key too few":          func(l *memoryLog) { l.keys = l.keys[1:] },
		"followers too few":      func(l *memoryLog) { l.cards.Followers = l.cards.Followers[1:] },
		"a content beyond":       func(l *memoryLog) { l.cards.Content[2] = 6 },
		"a creator beyond":       func(l *memoryLog) { l.cards.Creator[2] = 10 },
		"a topic below -1":       func(l *memoryLog) { l.cards.Talk[2] = -2 },
		"too many contents":      func(l *memoryLog) { l.cards.Contents = make([]warehouse.ContentName, 1<<15) },
		"a song below -1":        func(l *memoryLog) { l.cards.Song[2] = -7 },
		"an artist below -1":     func(l *memoryLog) { l.cards.Artist[2] = -7 },
		"no days of publication": func(l *memoryLog) { l.cards.Published = nil },
	} {
		l := madeLog(1, 40)
		spoil(l)
		if err := SaveCatalogue(io.Discard, l.cards, l.keys, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	full := errors.New("the disk is full")
	l := madeLog(1, 40)
	if err := SaveCatalogue(failing{full}, l.cards, l.keys, nil); !errors.Is(err, full) {
		t.Errorf("a failing writer gives %v, want its error", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// FuzzLoadCatalogue: whatever a file holds, loading it gives an error or a catalogue that a feed can be made of. The checksum is put right,
// so that the fuzzer reaches what stands behind it.
func FuzzLoadCatalogue(f *testing.F) {
	l := madeLog(1, 8)
	for _, n := range []candidate.Names{nil, names{}} {
		file := savedCatalogue(f, l.cards, l.keys, n)
		f.Add(file[:len(file)-4])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		file = binary.LittleEndian.AppendUint32(bytes.Clone(file), crc32.Checksum(file, crc32.MakeTable(crc32.Castagnoli)))
		cards, keys, names, err := LoadCatalogue(bytes.NewReader(file))
		if err != nil {
			return
		}
		if len(cards.Creator) > 0 {
			made, err := New(Config{Cards: cards, Names: names, Generators: []candidate.Generator{listed{"all", ids(0, int32(min(8, len(cards.Creator)))), -1}}, Ranker: fixed{1, 2, 3},
				Settings: Defaults()})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := made.Page(t.Context(), &Request{N: 5}); err != nil {
				t.Fatal(err)
			}
		}
		for i := int32(-1); i < 9; i++ {
			names.Card(i)
			names.Content(i)
			names.Creator(i)
		}
		if _, _, _, err := LoadCatalogue(bytes.NewReader(savedCatalogue(t, cards, keys, names))); err != nil {
			t.Fatalf("a loaded catalogue does not survive another save: %v", err)
		}
	})
}
