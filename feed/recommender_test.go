package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/rank"
)

// learned is the memory log with all that is fitted on it, shared by tests that only read.
var learned = sync.OnceValues(func() (Recommender, error) {
	ctx, l := context.Background(), madeLog(150, 80)
	r := Recommender{Cards: l.cards, CardKeys: l.keys, Settings: Defaults(), Examination: []float64{1, .8, math.NaN()}}
	fitted, err := FitGenerators(ctx, l, l.cards, Fitting{From: memoryDate(0), AsOf: memoryDate(memoryDays), Seed: 1})
	if err != nil {
		return r, err
	}
	for _, f := range fitted {
		r.Generators = append(r.Generators, f)
	}
	if r.Pairs, err = feature.NewPairContext(ctx, l, memoryDate(0), memoryDate(memoryDays-1)); err != nil {
		return r, err
	}
	set, err := feature.BuildPairs(ctx, l, r.Pairs, feature.PairOptions{From: memoryDate(2), To: memoryDate(memoryDays - 1)})
	if err != nil {
		return r, err
	}
	r.Model, err = rank.Train(ctx, set, rank.Config{Trees: 8, MinLeaf: 20, Weights: rank.Weights{Click: 1, View: .2}})
	return r, err
})

func recommender(tb testing.TB) *Recommender {
	tb.Helper()
	parts, err := learned()
	if err != nil {
		tb.Fatal(err)
	}
	r, err := NewRecommender(parts)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// pagesOf are the pages of users whom the log knows, and of one whom it does not.
func pagesOf(t *testing.T, r *Recommender) []*Page {
	t.Helper()
	l := madeLog(150, 80)
	var pages []*Page
	for u := range int32(20) {
		q, _, err := r.Request(l.where(func(user, _ int32) bool { return user == u }), feature.TraitsOf(l.profiles, u), memoryDate(memoryDays))
		if err != nil {
			t.Fatal(err)
		}
		q.N = 12
		p, err := r.Feed.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p)
	}
	p, err := r.Feed.Page(t.Context(), &Request{N: 12, At: feature.Moment{AtMS: memoryDate(memoryDays).UnixMilli(), Day: memoryDay + memoryDays, Hour: 3}, Traits: candidate.Traits{Age: -1}})
	if err != nil {
		t.Fatal(err)
	}
	return append(pages, p)
}

// TestRecommenderFromAVersion: what is opened makes the same pages as what was written, to the last digit and reason.
func TestRecommenderFromAVersion(t *testing.T) {
	r := recommender(t)
	if names := GeneratorNames(); len(r.Generators) != len(names) {
		t.Fatalf("%d generators; all %d are expected", len(r.Generators), len(names))
	}
	known := pagesOf(t, r)
	sources := map[string]bool{}
	for k, p := range known {
		if len(p.Cards) != 12 {
			t.Fatalf("page %d has %d cards", k, len(p.Cards))
		}
		for _, c := range p.Cards {
			for _, s := range c.Sources {
				sources[s.Name] = true
			}
		}
	}
	if len(sources) != len(r.Generators)+1 { // and the shortlist
		t.Errorf("cards come from %v only", sources)
	}
	for name, n := range map[string]candidate.Names{"by key": nil, "titled": names{}} {
		t.Run(name, func(t *testing.T) {
			r, want := *r, known
			if r.Names = n; n != nil {
				titled, err := NewRecommender(r)
				if err != nil {
					t.Fatal(err)
				}
				r = *titled
				want = pagesOf(t, titled)
			}
			dir := t.TempDir()
			if _, err := WriteVersion(dir, Manifest{ID: "a"}, r.Parts()); err != nil {
				t.Fatal(err)
			}
			v, got, err := OpenRecommender(dir, "a", 3)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, pagesOf(t, got)); diff != "" {
				t.Errorf("pages (-written +opened):\n%s", diff)
			}
			if diff := cmp.Diff(r.Settings, got.Settings); diff != "" {
				t.Errorf("settings (-written +opened):\n%s", diff)
			}
			if diff := cmp.Diff([][]float64{r.Examination}, [][]float64{got.Examination}, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("examination (-written +opened):\n%s", diff)
			}
			if diff := cmp.Diff(r.CardKeys, got.CardKeys) + cmp.Diff(r.Cards, got.Cards); diff != "" {
				t.Errorf("catalogue (-written +opened):\n%s", diff)
			}
			if _, err := WriteVersion(dir, Manifest{ID: "b"}, got.Parts()); err != nil {
				t.Fatal(err)
			}
			again, err := OpenVersion(dir, "b")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(v.Files, again.Files); diff != "" {
				t.Errorf("files when written again (-first +second):\n%s", diff)
			}
		})
	}
}

func TestRecommenderRefuses(t *testing.T) {
	good := recommender(t)
	other := madeLog(5, 40)
	for name, spoil := range map[string]func(*Recommender){
		"no catalogue":              func(r *Recommender) { r.Cards = nil },
		"no ranker":                 func(r *Recommender) { r.Model = nil },
		"no statistics":             func(r *Recommender) { r.Pairs = nil },
		"no generators":             func(r *Recommender) { r.Generators = nil },
		"statistics of other cards": func(r *Recommender) { r.Cards, r.CardKeys = other.cards, other.keys },
		"a key too few":             func(r *Recommender) { r.CardKeys = r.CardKeys[1:] },
		"settings":                  func(r *Recommender) { r.Settings.Lambda = 2 },
		"quotas":                    func(r *Recommender) { r.Quota = []int{1} },
	} {
		r := *good
		spoil(&r)
		if _, err := NewRecommender(r); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	r := *good
	r.Generators = append(r.Generators[:1:1], listed{"all", ids(0, 8), -1})
	odd, err := NewRecommender(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := WriteVersion(t.TempDir(), Manifest{ID: "a"}, odd.Parts()); err == nil || !strings.Contains(err.Error(), "cannot be saved") {
		t.Errorf("a generator that no file holds gives %v", err)
	}
}

// TestOpenRecommenderOfOtherFiles: files whose checksums are right and that do not belong together.
func TestOpenRecommenderOfOtherFiles(t *testing.T) {
	r := recommender(t)
	replaced := func(name string, write func(io.Writer) error) []Part {
		parts := r.Parts()
		for k := range parts {
			if parts[k].Name == name {
				parts[k].Write = write
			}
		}
		return parts
	}
	l := madeLog(5, 40)
	for name, c := range map[string]struct {
		parts   []Part
		damaged bool
	}{
		"a file missing":                {r.Parts()[1:], false},
		"text for a catalogue":          {replaced(cardsFile, text("cards")), true},
		"text for statistics":           {replaced(statisticsFile, text("statistics")), true},
		"text for a ranker":             {replaced(rankerFile, text("ranker")), true},
		"text for a generator":          {replaced("generator-1.bin", text("generator")), true},
		"text for settings":             {replaced(recommenderFile, text("settings")), true},
		"a setting that is not known":   {replaced(recommenderFile, text(`{"format": 1, "settings": {"Colour": 3}}`)), true},
		"another format":                {replaced(recommenderFile, text(`{"format": 2}`)), false},
		"another generator":             {replaced("generator-1.bin", r.Parts()[len(r.Parts())-1].Write), true},
		"a catalogue of fewer cards":    {replaced(cardsFile, func(w io.Writer) error { return SaveCatalogue(w, l.cards, l.keys, nil) }), true},
		"something after the catalogue": {replaced(cardsFile, func(w io.Writer) error { return errors.Join(r.Parts()[1].Write(w), text("more")(w)) }), true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := WriteVersion(dir, Manifest{ID: "a"}, c.parts); err != nil {
				t.Fatal(err)
			}
			for threads := range 4 {
				if _, _, err := OpenRecommender(dir, "a", threads); err == nil || errors.Is(err, ErrDamaged) != c.damaged {
					t.Errorf("opening with %d threads gives %v; ErrDamaged is expected: %v", threads, err, c.damaged)
				}
			}
		})
	}
}

// TestHeadIsForPeople: the file that people read says what was chosen.
func TestHeadIsForPeople(t *testing.T) {
	dir := t.TempDir()
	folder, err := WriteVersion(dir, Manifest{ID: "a"}, recommender(t).Parts())
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(folder, recommenderFile))
	if err != nil {
		t.Fatal(err)
	}
	var h struct {
		Settings    map[string]any
		Examination []*float64
		Generators  []string
	}
	if err := json.Unmarshal(b, &h); err != nil {
		t.Fatal(err)
	}
	if h.Settings["Lambda"] != Defaults().Lambda || len(h.Examination) != 3 || *h.Examination[1] != .8 || h.Examination[2] != nil || !cmp.Equal(h.Generators, GeneratorNames()) {
		t.Errorf("it says\n%s", b)
	}
}

// FuzzReadHead: whatever stands there, reading it gives an error or settings that a feed can be asked to take.
func FuzzReadHead(f *testing.F) {
	var b bytes.Buffer
	r := Recommender{Settings: Defaults(), Examination: []float64{1, math.NaN()}}
	if err := r.writeHead(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"format":1,"settings":{"Candidates":9223372036854775807,"FatigueDays":9223372036854775807},"quota":[-1]}`))
	made, err := New(Config{Cards: catalogue(8), Names: names{}, Generators: []candidate.Generator{listed{"all", ids(0, 8), -1}}, Ranker: fixed{1, 2, 3}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := readHead(bytes.NewReader(b))
		if err != nil {
			return
		}
		set, err := made.With(h.Settings)
		if err != nil {
			return
		}
		p, err := set.Page(t.Context(), &Request{N: 5, At: feature.Moment{Day: 20}})
		if err != nil || len(p.Cards) > 5 {
			t.Fatalf("a page of %+v: %v", h.Settings, err)
		}
	})
}

// TestOpenChecksFiles: a file that reads well and is not the one that was written is found.
func TestOpenChecksFiles(t *testing.T) {
	dir := t.TempDir()
	folder, err := WriteVersion(dir, Manifest{ID: "a"}, recommender(t).Parts())
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{1, 2} {
		if _, _, err := OpenRecommender(dir, "a", threads); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(folder, recommenderFile)
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(b, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{1, 2} {
		if _, _, err := OpenRecommender(dir, "a", threads); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "the manifest says") {
			t.Errorf("opening with %d threads gives %v", threads, err)
		}
	}
}
