// Fitted generators in files of package partfile, with the magic "segueGEN" and the generator's kind. A generator that wraps another
// fitted value is followed by the file of that: FromScorer by its model (save.go), Subset.Generator by its generator.
//
// To make a generator savable: one line in generatorKinds, and two methods on its pointer, as for models. Here valid is told how many cards
// the catalogue has, and answers for Candidates and Reason: they can neither panic nor loop for ever nor name a card beyond, whatever the
// parts held. A generator whose parts change gets another kind.

package candidate

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"

	"github.com/seguefeed/segue/internal/partfile"
)

// storedGenerator is a generator that files may hold.
type storedGenerator interface {
	Generator
	parts() []any
	valid(cards int) error
}

// wrapper is a stored generator with another fitted value in it, whose file follows its own. depth is how many wrap this one.
type wrapper interface {
	saveInner(w io.Writer, depth int) error
	loadInner(r io.Reader, depth int) error
}

// maxDepth is how many generators may wrap each other.
const maxDepth = 4

// generatorKinds are the generators that a file may hold, by the name it gives them.
var generatorKinds = map[string]func() storedGenerator{
	// one line a kind
	"popular":     func() storedGenerator { return new(Popular) },
	"trending":    func() storedGenerator { return new(Trending) },
	"fresh":       func() storedGenerator { return new(Fresh) },
	"demographic": func() storedGenerator { return new(Demographic) },
	"content":     func() storedGenerator { return new(Content) },
	"watched":     func() storedGenerator { return &Watched{Lists: new(CoWatch)} },
	"scorer":      func() storedGenerator { return new(fromScorer) },
	"subset":      func() storedGenerator { return &subsetGenerator{part: new(Subset)} },
}

var generatorFile = partfile.Format{Magic: "segueGEN", Version: 1, Package: "candidate", Thing: "saved generator", Foreign: ErrForeign, Damaged: ErrDamaged}

// SaveGenerator writes g: a Popular, Trending, Fresh, Demographic or Content, a Watched whose lists are a CoWatch, what FromScorer makes
// of a model that Save writes, or what Subset.Generator makes of any of these. Others are an error, and so is a generator that
// could not be loaded again.
func SaveGenerator(w io.Writer, g Generator) error { return saveGenerator(w, g, math.MaxInt32, 0) }

func saveGenerator(w io.Writer, g Generator, cards, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("candidate: more than %d generators wrap each other", maxDepth)
	}
	for kind, empty := range generatorKinds {
		if reflect.TypeOf(empty()) != reflect.TypeOf(g) {
			continue
		}
		s := g.(storedGenerator)
		err := s.valid(cards)
		if err == nil {
			err = generatorFile.Write(w, kind, s.parts())
		}
		if inner, ok := g.(wrapper); ok && err == nil {
			err = inner.saveInner(w, depth+1)
		}
		if err != nil {
			return fmt.Errorf("candidate: save a generator of kind %q: %w", kind, err)
		}
		return nil
	}
	return fmt.Errorf("candidate: a %T cannot be saved", g)
}

// LoadGenerator reads what SaveGenerator wrote, and not a byte more, for a catalogue of the given number of cards. Another file gives ErrForeign,
// one that was cut off or changed, or that names cards beyond the catalogue, ErrDamaged, one of a later version or of an unknown
// kind an error that says so. As with Load, no more memory is taken than some times the bytes that the file has.
func LoadGenerator(r io.Reader, cards int) (Generator, error) {
	return loadGenerator(r, min(max(cards, 0), math.MaxInt32), 0)
}

func loadGenerator(r io.Reader, cards, depth int) (Generator, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: more than %d generators wrap each other", ErrDamaged, maxDepth)
	}
	var g storedGenerator
	if err := generatorFile.Read(r, func(kind string) ([]any, error) {
		empty, ok := generatorKinds[kind]
		if !ok {
			return nil, fmt.Errorf("candidate: a generator of kind %q, which this program does not know", kind)
		}
		g = empty()
		return g.parts(), nil
	}); err != nil {
		return nil, err
	}
	if inner, ok := g.(wrapper); ok {
		if err := inner.loadInner(r, depth+1); err != nil {
			return nil, err
		}
	}
	if err := g.valid(cards); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return g, nil
}

func rankedParts(l *Ranked) []any { return []any{&l.Item, &l.Score, &l.Group} }

// checkRanked says why lists cannot be walked.
func checkRanked(lists []Ranked, cards int) error {
	most := int32(-1)
	for k, l := range lists {
		if len(l.Score) != len(l.Item) || l.Group != nil && len(l.Group) != len(l.Item) {
			return fmt.Errorf("list %d has %d cards, %d scores and %d groups", k, len(l.Item), len(l.Score), len(l.Group))
		}
		if err := checkIDs(l.Item, cards); err != nil {
			return fmt.Errorf("list %d: %w", k, err)
		}
		for _, item := range l.Item {
			most = max(most, item)
		}
	}
	in := make([]int32, most+1) // by card: the last list that has it, from 1
	for k, l := range lists {
		for i, item := range l.Item {
			if in[item] == int32(k+1) {
				return fmt.Errorf("list %d has card %d twice", k, item)
			}
			in[item] = int32(k + 1)
			if l.Score[i] != l.Score[i] || i > 0 && !worse(Candidate{Item: item, Score: l.Score[i]}, Candidate{Item: l.Item[i-1], Score: l.Score[i-1]}) {
				return fmt.Errorf("list %d: card %d with score %v does not come after the one before it", k, item, l.Score[i])
			}
		}
	}
	return nil
}

// checkIDs says which of the ids is not below limit.
func checkIDs(ids []int32, limit int) error {
	for k, id := range ids {
		if id < 0 || int(id) >= limit {
			return fmt.Errorf("entry %d is %d; 0 to before %d is expected", k, id, limit)
		}
	}
	return nil
}

// checkStarts says why starts do not part n entries.
func checkStarts[I int32 | int64](starts []I, n int) error {
	if len(starts) == 0 || starts[0] != 0 || int64(starts[len(starts)-1]) != int64(n) || !slices.IsSorted(starts) {
		return fmt.Errorf("%d starts of rows do not go from 0 up to %d", len(starts), n)
	}
	return nil
}

func (p *Popular) parts() []any { return []any{partfile.Each(&p.Lists, rankedParts), &p.Cells} }

func (p *Popular) valid(cards int) error {
	if p.Cells != nil && len(p.Cells) != 24 {
		return fmt.Errorf("parts of the day of %d hours; 24 or none are expected", len(p.Cells))
	}
	for hour, cell := range p.Cells {
		if int(cell) >= len(p.Lists) {
			return fmt.Errorf("hour %d has list %d of %d", hour, cell, len(p.Lists))
		}
	}
	return checkRanked(p.Lists, cards)
}

func (t *Trending) parts() []any { return rankedParts(&t.List) }

func (t *Trending) valid(cards int) error { return checkRanked([]Ranked{t.List}, cards) }

func (f *Fresh) parts() []any { return rankedParts(&f.List) }

func (f *Fresh) valid(cards int) error { return checkRanked([]Ranked{f.List}, cards) }

func (d *Demographic) parts() []any {
	return []any{&d.People.Ages, &d.People.Regions, partfile.Each(&d.Lists, rankedParts), &d.List, &d.Level, &d.Cell}
}

func (d *Demographic) valid(cards int) error {
	for k := 1; k < len(d.People.Ages); k++ {
		if d.People.Ages[k-1] >= d.People.Ages[k] {
			return fmt.Errorf("bounds of ages %v; ascending ones are expected", d.People.Ages)
		}
	}
	cells := len(d.List)
	if step := peopleGenders * d.People.ages(); cells%step != 0 || cells/step != d.People.regions() { // no product that overflows
		return fmt.Errorf("lists of %d cells for %d bands of age and %d regions", cells, d.People.ages(), d.People.regions())
	}
	if len(d.Level) != len(d.Lists) || len(d.Cell) != len(d.Lists) {
		return fmt.Errorf("%d lists with %d levels and %d cells", len(d.Lists), len(d.Level), len(d.Cell))
	}
	for k, level := range d.Level {
		if level > byGenderAgeRegion {
			return fmt.Errorf("list %d is of level %d; at most %d is expected", k, level, byGenderAgeRegion)
		}
	}
	if err := checkIDs(d.List, len(d.Lists)); err != nil {
		return fmt.Errorf("lists of cells: %w", err)
	}
	if err := checkIDs(d.Cell, cells); err != nil {
		return fmt.Errorf("cells of lists: %w", err)
	}
	return checkRanked(d.Lists, cards)
}

func (w *Watched) parts() []any {
	l := w.Lists.(*CoWatch) // as valid makes sure before saving
	return []any{&w.Config.Recent, &w.Config.Fade, &l.Start, &l.Card, &l.Similarity}
}

func (w *Watched) valid(cards int) error {
	l, ok := w.Lists.(*CoWatch)
	if !ok || l == nil {
		return fmt.Errorf("lists of neighbours that are a %T have no place in a file; a *CoWatch is expected, which NeighboursOf makes of a model", w.Lists)
	}
	if _, err := NewWatched(l, w.Config); err != nil {
		return err
	}
	if w.Config.Recent == 0 || w.Config.Fade == 0 {
		return errors.New("watched without its settings")
	}
	if len(l.Similarity) != len(l.Card) || len(l.Start) > cards+1 {
		return fmt.Errorf("%d lists of %d neighbours and %d similarities for %d cards", len(l.Start)-1, len(l.Card), len(l.Similarity), cards)
	}
	if len(l.Start) > 0 || len(l.Card) > 0 {
		if err := checkStarts(l.Start, len(l.Card)); err != nil {
			return err
		}
	}
	if err := checkIDs(l.Card, cards); err != nil {
		return fmt.Errorf("neighbours: %w", err)
	}
	return checkFinite(l.Similarity)
}

func (g *fromScorer) parts() []any { return []any{&g.name} }

func (g *fromScorer) saveInner(w io.Writer, _ int) error { return Save(w, g.Scorer) }

func (g *fromScorer) loadInner(r io.Reader, _ int) error {
	s, err := Load(r)
	if err == nil {
		g.set(s)
	}
	return err
}

func (g *fromScorer) valid(cards int) error {
	if g.Scorer == nil {
		return errors.New("there is no model")
	}
	if n := g.Items(); n < 0 || n > cards {
		return fmt.Errorf("a model of %d items for %d cards", n, cards)
	}
	return nil
}

func (g *subsetGenerator) parts() []any { return []any{&g.part.Items, &g.part.Card} }

func (g *subsetGenerator) saveInner(w io.Writer, depth int) error {
	return saveGenerator(w, g.Generator, len(g.part.Card), depth)
}

func (g *subsetGenerator) loadInner(r io.Reader, depth int) (err error) {
	g.Generator, err = loadGenerator(r, len(g.part.Card), depth)
	return err
}

func (g *subsetGenerator) valid(cards int) error {
	s := g.part
	if s.Items < 0 || s.Items > cards {
		return fmt.Errorf("a part of a catalogue of %d cards for %d cards", s.Items, cards)
	}
	for k, card := range s.Card {
		if card < 0 || int(card) >= s.Items || k > 0 && s.Card[k-1] >= card {
			return fmt.Errorf("a part of %d cards holds card %d; cards in ascending order are expected", s.Items, card)
		}
	}
	return nil
}
