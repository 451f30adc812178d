// The catalogue of a recommender in a file of package partfile, with the magic "segueCAT": the card table, the log's own ids of cards, and
// what cards, contents and creators are called.

package feed

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/internal/partfile"
	"github.com/seguefeed/segue/warehouse"
)

// ErrForeign is given for a file that is not a saved catalogue.
var ErrForeign = errors.New("this is no saved catalogue")

var catalogueFile = partfile.Format{Magic: "segueCAT", Version: 1, Package: "feed", Thing: "saved catalogue", Foreign: ErrForeign, Damaged: ErrDamaged}

// catalogueKind changes with the parts, so that old files are refused by name.
const catalogueKind = "catalogue"

// Titles are names by id; "" where there is none.
type Titles struct {
	Cards, Contents, Creators []string
}

// Card implements candidate.Names.
func (t *Titles) Card(i int32) string { return titleAt(t.Cards, i) }

// Content implements candidate.Names.
func (t *Titles) Content(c int32) string { return titleAt(t.Contents, c) }

// Creator implements candidate.Names.
func (t *Titles) Creator(c int32) string { return titleAt(t.Creators, c) }

func titleAt(titles []string, i int32) string {
	if i < 0 || int(i) >= len(titles) {
		return ""
	}
	return titles[i]
}

// titlesOf asks n for the names of all that is in the catalogue.
func titlesOf(c *warehouse.Cards, n candidate.Names) Titles {
	ask := func(count int, name func(int32) string) []string {
		out := make([]string, count)
		for i := range out {
			out[i] = name(int32(i))
		}
		return out
	}
	return Titles{Cards: ask(len(c.Creator), n.Card), Contents: ask(len(c.Contents), n.Content), Creators: ask(len(c.CreatorKeys), n.Creator)}
}

// keptCatalogue is what a file holds.
type keptCatalogue struct {
	cards  warehouse.Cards
	keys   []string
	titled bool // by other names than the log's own ids
	titles Titles
}

func (k *keptCatalogue) parts() []any {
	c := &k.cards
	return []any{&c.Listed, &c.Published, &c.Type, &c.Content, &c.Song, &c.Artist, &c.Creator, &c.Talk,
		partfile.Each(&c.Contents, func(n *warehouse.ContentName) []any {
			return []any{&n.Key, &n.Levels[0], &n.Levels[1], &n.Levels[2]}
		}),
		&c.CreatorKeys, &c.Followers, &c.Talks, &k.keys, &k.titled, &k.titles.Cards, &k.titles.Contents, &k.titles.Creators}
}

// SaveCatalogue writes the card table, the log's own ids of cards, by card id, and the names; nil names, and those of KeyNames, are made of the two
// when they are loaded. A catalogue whose columns do not fit together is an error.
func SaveCatalogue(w io.Writer, c *warehouse.Cards, keys []string, names candidate.Names) error {
	k := &keptCatalogue{cards: *c, keys: keys}
	if _, byKey := names.(keyNames); names != nil && !byKey {
		k.titled, k.titles = true, titlesOf(c, names)
	}
	if err := k.valid(); err != nil {
		return fmt.Errorf("feed: save the catalogue: %w", err)
	}
	if err := catalogueFile.Write(w, catalogueKind, k.parts()); err != nil {
		return fmt.Errorf("feed: save the catalogue: %w", err)
	}
	return nil
}

// LoadCatalogue reads what SaveCatalogue wrote, and not a byte more. Another file gives ErrForeign, one that was cut off or changed ErrDamaged, one of
// a later version an error that says so. Whatever a file claims, no more memory is taken than some times the bytes that it has.
func LoadCatalogue(r io.Reader) (c *warehouse.Cards, keys []string, names candidate.Names, err error) {
	k := new(keptCatalogue)
	if err := catalogueFile.Read(r, func(kind string) ([]any, error) {
		if kind != catalogueKind {
			return nil, fmt.Errorf("feed: a catalogue of kind %q; this program reads %q: train anew", kind, catalogueKind)
		}
		return k.parts(), nil
	}); err != nil {
		return nil, nil, nil, err
	}
	if err := k.valid(); err != nil {
		return nil, nil, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if k.titled {
		return &k.cards, k.keys, &k.titles, nil
	}
	return &k.cards, k.keys, KeyNames(&k.cards, k.keys), nil
}

// valid says why pages cannot be made of a catalogue.
func (k *keptCatalogue) valid() error {
	c := &k.cards
	n := len(c.Creator)
	if n > math.MaxInt32 || len(c.Contents) > math.MaxInt16 || len(c.CreatorKeys) > math.MaxInt32 || len(c.Talks) > math.MaxInt32 {
		return fmt.Errorf("%d cards with %d contents, %d creators and %d topics, which are too many for their ids", n, len(c.Contents), len(c.CreatorKeys), len(c.Talks))
	}
	for _, column := range []struct {
		name string
		got  int
		want int
	}{
		{"listings", len(c.Listed), n}, {"days of publication", len(c.Published), n}, {"types", len(c.Type), n}, {"contents", len(c.Content), n}, {"songs", len(c.Song), n},
		{"artists", len(c.Artist), n}, {"topics", len(c.Talk), n}, {"ids of the log", len(k.keys), n}, {"followers of creators", len(c.Followers), len(c.CreatorKeys)},
	} {
		if column.got != column.want {
			return fmt.Errorf("%d cards of %d creators have %d %s; %d are expected", n, len(c.CreatorKeys), column.got, column.name, column.want)
		}
	}
	for i := range n {
		content, creator, talk := c.Content[i], c.Creator[i], c.Talk[i]
		if content < -1 || int(content) >= len(c.Contents) || creator < -1 || int(creator) >= len(c.CreatorKeys) || talk < -1 || int(talk) >= len(c.Talks) ||
			c.Song[i] < -1 || c.Artist[i] < -1 || c.Type[i] < -1 {
			return fmt.Errorf("card %d has content %d of %d, creator %d of %d, topic %d of %d, song %d, artist %d and type %d; codes from 0, or -1, are expected",
				i, content, len(c.Contents), creator, len(c.CreatorKeys), talk, len(c.Talks), c.Song[i], c.Artist[i], c.Type[i])
		}
	}
	counts := []int{len(k.titles.Cards), len(k.titles.Contents), len(k.titles.Creators)}
	want := []int{0, 0, 0}
	if k.titled {
		want = []int{n, len(c.Contents), len(c.CreatorKeys)}
	}
	if !slices.Equal(counts, want) {
		return fmt.Errorf("names of %v cards, contents and creators; %v are expected", counts, want)
	}
	return nil
}
