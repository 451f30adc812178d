// Everything a server needs, in one value and in the files of one version.

package feed

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/rank"
	"github.com/seguefeed/segue/warehouse"
)

// Recommender is a feed with all that it was made of. It is read only and safe for concurrent use.
type Recommender struct {
	Cards       *warehouse.Cards
	CardKeys    []string        // the log's own ids, by card id
	Names       candidate.Names // nil: by the log's own ids
	Generators  []candidate.Generator
	Quota       []int // see Config
	Model       *rank.Model
	Pairs       *feature.PairContext // the statistics that the model's features are made from
	Settings    Settings
	Examination []float64 // the chance that each slot is looked at, relative to the first: what evidence is weighed by; nil, and NaN, where it is not known

	Feed *Feed // made by NewRecommender
}

// NewRecommender checks r, makes its feed and puts defaults in. Feed is not read. What could not be kept in files is an error already here, but for generators.
func NewRecommender(r Recommender) (*Recommender, error) {
	switch {
	case r.Cards == nil || r.Model == nil || r.Pairs == nil:
		return nil, errors.New("feed: a recommender needs a catalogue, a ranker and its statistics")
	case r.Pairs.Cards() != len(r.Cards.Creator):
		return nil, fmt.Errorf("feed: statistics of %d cards for a catalogue of %d", r.Pairs.Cards(), len(r.Cards.Creator))
	}
	if err := (&keptCatalogue{cards: *r.Cards, keys: r.CardKeys}).valid(); err != nil {
		return nil, fmt.Errorf("feed: the catalogue: %w", err)
	}
	if r.Names == nil {
		r.Names = KeyNames(r.Cards, r.CardKeys)
	}
	r.Generators = slices.Clone(r.Generators)
	for k, g := range r.Generators {
		if f, ok := g.(Fitted); ok {
			r.Generators[k] = f.Generator
		}
	}
	ranker, err := NewRanker(r.Model, r.Pairs, r.Cards)
	if err != nil {
		return nil, err
	}
	r.Feed, err = New(Config{Cards: r.Cards, Names: r.Names, Generators: r.Generators, Quota: r.Quota, Ranker: ranker, Settings: r.Settings})
	if err != nil {
		return nil, err
	}
	r.Settings = r.Feed.Settings()
	return &r, nil
}

// The files of a version; generators are numbered from 1.
const (
	recommenderFile = "recommender.json"
	cardsFile       = "catalogue.bin"
	statisticsFile  = "statistics.bin"
	rankerFile      = "ranker.bin"
	generatorFile   = "generator-%d.bin"

	recommenderFormat = 1
	recommenderLimit  = 1 << 20 // bytes of its JSON
)

// recommenderHead is what people may want to read.
type recommenderHead struct {
	Format      int        `json:"format"`
	Settings    Settings   `json:"settings"`
	Examination []*float64 `json:"examination"` // null where it is not known
	Generators  []string   `json:"generators"`
	Quota       []int      `json:"quota,omitempty"`
}

// Parts are the files of r for WriteVersion. Writing gives an error for generators that candidate.SaveGenerator does not know.
func (r *Recommender) Parts() []Part {
	parts := []Part{
		{recommenderFile, r.writeHead},
		{cardsFile, func(w io.Writer) error { return SaveCatalogue(w, r.Cards, r.CardKeys, r.Names) }},
		{statisticsFile, r.Pairs.Save},
		{rankerFile, r.Model.Save},
	}
	for k, g := range r.Generators {
		parts = append(parts, Part{fmt.Sprintf(generatorFile, k+1), func(w io.Writer) error { return candidate.SaveGenerator(w, g) }})
	}
	return parts
}

func (r *Recommender) writeHead(w io.Writer) error {
	h := recommenderHead{Format: recommenderFormat, Settings: r.Settings, Quota: r.Quota}
	for k, e := range r.Examination {
		h.Examination = append(h.Examination, nil)
		if !math.IsNaN(e) && !math.IsInf(e, 0) {
			h.Examination[k] = &e
		}
	}
	for _, g := range r.Generators {
		h.Generators = append(h.Generators, g.Name())
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(h)
}

func readHead(r io.Reader) (*recommenderHead, error) {
	h := new(recommenderHead)
	d := json.NewDecoder(io.LimitReader(r, recommenderLimit))
	d.DisallowUnknownFields() // a setting that is not known here would change pages
	if err := d.Decode(h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if h.Format != recommenderFormat {
		return nil, fmt.Errorf("a recommender of format %d; this program reads format %d: train one anew", h.Format, recommenderFormat)
	}
	return h, nil
}

// OpenRecommender loads the recommender of a version under dir ("" is the current one) and checks its files, so many of them at a time: its pages are those of
// the one written. Files that are not what they should be give ErrDamaged.
func OpenRecommender(dir, id string, threads int) (*Version, *Recommender, error) {
	v, err := findVersion(dir, id)
	if err != nil {
		return nil, nil, err
	}
	// Files are read before it is known that they are as they were written; what reads them takes nothing for granted.
	var r Recommender
	var head *recommenderHead
	begun := v.load(recommenderFile, func(f io.Reader) (err error) { head, err = readHead(f); return err })
	if begun == nil {
		begun = v.load(cardsFile, func(f io.Reader) (err error) { r.Cards, r.CardKeys, r.Names, err = LoadCatalogue(f); return err })
	}
	var loads []func() error
	if begun == nil {
		loads = v.loads(&r, head)
	}
	checks := make([]func() error, len(v.Files))
	for k, f := range v.Files {
		checks[k] = func() error { return v.verify(f) }
	}
	failed := together(threads, append(loads, checks...))
	if err := cmp.Or(cmp.Or(failed[len(loads):]...), begun, cmp.Or(failed[:len(loads)]...)); err != nil {
		return nil, nil, err
	}
	r.Settings, r.Quota = head.Settings, head.Quota
	for _, e := range head.Examination {
		value := math.NaN()
		if e != nil {
			value = *e
		}
		r.Examination = append(r.Examination, value)
	}
	out, err := NewRecommender(r)
	if err != nil {
		return nil, nil, fmt.Errorf("feed: model %s: %w", v.ID, err)
	}
	return v, out, nil
}

// loads are what loads the parts of r that know the catalogue.
func (v *Version) loads(r *Recommender, head *recommenderHead) []func() error {
	loads := []func() error{func() error { // the largest
		err := v.load(statisticsFile, func(f io.Reader) (err error) { r.Pairs, err = feature.LoadPairContext(f); return err })
		if err != nil {
			return err
		}
		return v.load(rankerFile, func(f io.Reader) (err error) { r.Model, err = rank.Load(f, r.Pairs.Columns()); return err })
	}}
	r.Generators = make([]candidate.Generator, len(head.Generators))
	for k, name := range head.Generators {
		loads = append(loads, func() error {
			return v.load(fmt.Sprintf(generatorFile, k+1), func(f io.Reader) (err error) {
				g, err := candidate.LoadGenerator(f, len(r.Cards.Creator))
				if err == nil && g.Name() != name {
					err = fmt.Errorf("%w: the generator is called %q where %q is expected", ErrDamaged, g.Name(), name)
				}
				r.Generators[k] = g
				return err
			})
		})
	}
	return loads
}

// together does tasks, so many at a time, and returns what became of each.
func together(threads int, tasks []func() error) []error {
	failed := make([]error, len(tasks))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(max(threads, 1), len(tasks)) {
		wg.Go(func() {
			for k := int(next.Add(1)) - 1; k < len(tasks); k = int(next.Add(1)) - 1 {
				failed[k] = tasks[k]()
			}
		})
	}
	wg.Wait()
	return failed
}

// load reads a file whole; what its reader finds wrong with it is ErrDamaged too.
func (v *Version) load(name string, read func(io.Reader) error) error {
	return v.Read(name, func(f io.Reader) error {
		err := read(f)
		if err == nil {
			if n, _ := io.CopyN(io.Discard, f, 1); n > 0 {
				return fmt.Errorf("%w: more follows what it holds", ErrDamaged)
			}
		}
		for _, damage := range []error{candidate.ErrDamaged, candidate.ErrForeign, feature.ErrDamaged, feature.ErrForeign, rank.ErrModel, ErrForeign} {
			if errors.Is(err, damage) {
				return fmt.Errorf("%w: %w", ErrDamaged, err)
			}
		}
		return err
	})
}
