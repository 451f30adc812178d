package candidate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

const savedCards = 200

// savedGenerators is one of each kind that files hold, for savedCards cards.
func savedGenerators(tb testing.TB) []Generator {
	tb.Helper()
	l := plantedLog(3, 300, savedCards)
	clicks, err := ClickMatrix(tb.Context(), l, plantedDay-20, plantedDay, MatrixConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	knn, err := ItemKNN{}.Fit(tb.Context(), &clicks.Matrix)
	if err != nil {
		tb.Fatal(err)
	}
	part := FrequentCards(&clicks.Matrix, 2, 60)
	some, err := part.Restrict(&clicks.Matrix)
	if err != nil {
		tb.Fatal(err)
	}
	ease, err := EASE{Neighbours: 20}.Fit(tb.Context(), some)
	if err != nil {
		tb.Fatal(err)
	}
	return append(generators(tb, l), FromScorer("neighbours", knn), part.Generator(FromScorer("ease", ease)))
}

func savedGenerator(tb testing.TB, g Generator) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := SaveGenerator(&b, g); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// randomQuery is of a user with a history of some cards, unknown ones among them, who is not to see a few.
func randomQuery(r *rand.Rand, cards int) *Query {
	q := &Query{Hour: uint8(r.IntN(24)), Traits: Traits{[]string{"", "male", "female"}[r.IntN(3)], int16(r.IntN(70) - 1), []string{"", "hai nan", "bei jing", "Utah"}[r.IntN(4)]}}
	for range r.IntN(60) {
		q.History.Item = append(q.History.Item, int32(r.IntN(cards+20)-10))
		q.History.Value = append(q.History.Value, r.Float32()-.2)
	}
	if hidden := int32(r.IntN(7)); hidden > 0 {
		q.Skip = func(item int32) bool { return item%hidden == 0 }
	}
	return q
}

// TestGeneratorsFromFiles: what is loaded names the same cards, for the same reasons, as what was saved, and nothing after it is read.
func TestGeneratorsFromFiles(t *testing.T) {
	for i, g := range savedGenerators(t) {
		file := savedGenerator(t, g)
		rest := []byte("what follows")
		for name, reader := range map[string]io.Reader{
			"bytes": bytes.NewReader(append(file[:len(file):len(file)], rest...)),
			"pipe":  io.MultiReader(bytes.NewReader(file[:len(file)/2]), bytes.NewReader(file[len(file)/2:]), bytes.NewReader(rest)),
		} {
			loaded, err := LoadGenerator(reader, savedCards)
			if err != nil {
				t.Fatalf("%s (%d), %s: %v", g.Name(), i, name, err)
			}
			if after, _ := io.ReadAll(reader); !bytes.Equal(after, rest) {
				t.Errorf("%s (%d), %s: %q is left of %q", g.Name(), i, name, after, rest)
			}
			if loaded.Name() != g.Name() {
				t.Errorf("%s comes back as %s", g.Name(), loaded.Name())
			}
			r, named := rand.New(rand.NewPCG(9, uint64(i))), 0
			for range 300 {
				q := randomQuery(r, savedCards)
				want, got := g.Candidates(q, 50, nil), loaded.Candidates(q, 50, nil)
				if !slices.Equal(want, got) {
					t.Fatalf("%s (%d), %s: names\n%v, want\n%v", g.Name(), i, name, got, want)
				}
				for _, c := range want {
					if a, b := g.Reason(c, allNames{}), loaded.Reason(c, allNames{}); a != b {
						t.Fatalf("%s (%d): %v because %q, want %q", g.Name(), i, c, b, a)
					}
				}
				named += len(want)
			}
			if named == 0 {
				t.Errorf("%s (%d) names nothing", g.Name(), i)
			}
			if again := savedGenerator(t, loaded); !bytes.Equal(again, file) {
				t.Errorf("%s (%d): saved again, it is another file", g.Name(), i)
			}
		}
		if _, err := LoadGenerator(bytes.NewReader(file), 1); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s (%d) for a catalogue of one card: %v, want ErrDamaged", g.Name(), i, err)
		}
	}
}

// TestLoadGeneratorDamaged cuts files off and changes bytes, at some places each.
func TestLoadGeneratorDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, g := range savedGenerators(t) {
		file := savedGenerator(t, g)
		for range 300 {
			n := r.IntN(len(file))
			if got, err := LoadGenerator(bytes.NewReader(file[:n]), savedCards); got != nil || !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
				t.Fatalf("%s, cut off after %d bytes: %v, %v", g.Name(), n, got, err)
			}
			changed := bytes.Clone(file)
			changed[n] ^= 1 << r.IntN(8)
			if got, err := LoadGenerator(bytes.NewReader(changed), savedCards); got != nil || err == nil {
				t.Fatalf("%s, byte %d changed: %v, %v", g.Name(), n, got, err)
			}
		}
	}
	if _, err := LoadGenerator(bytes.NewReader(saved(t, &PopularityModel{})), 1); !errors.Is(err, ErrForeign) {
		t.Errorf("a model for a generator gives %v, want ErrForeign", err)
	}
}

func TestSaveGeneratorRefuses(t *testing.T) {
	nan := float32(math.NaN())
	content := func(spoil func(*Content)) Generator {
		c, err := FitContent(contentStats(t), nil, ContentConfig{})
		if err != nil {
			t.Fatal(err)
		}
		spoil(c)
		return c
	}
	people := func(spoil func(*Demographic)) Generator {
		d := &Demographic{People: People{Ages: []int16{18}, Regions: []string{"x"}}, Lists: []Ranked{{}}, List: make([]int32, 18), Level: []uint8{0}, Cell: []int32{0}}
		if err := d.valid(1); err != nil {
			t.Fatal(err)
		}
		spoil(d)
		return d
	}
	watched := func(l *CoWatch, c WatchedConfig) Generator { return &Watched{l, c} }
	usual := WatchedConfig{Recent: 10, Fade: .8}
	for name, g := range map[string]Generator{
		"an unknown generator":        struct{ Generator }{},
		"a model that has no kind":    FromScorer("own", notKept{}),
		"no model":                    new(fromScorer),
		"lists that are no CoWatch":   &Watched{rowLists{}, usual},
		"no lists":                    watched(nil, usual),
		"no settings":                 watched(new(CoWatch), WatchedConfig{}),
		"fading above 1":              watched(new(CoWatch), WatchedConfig{Recent: 1, Fade: 2}),
		"neighbours without lists":    watched(&CoWatch{Card: []int32{1}, Similarity: []float32{1}}, usual),
		"lists that fall":             watched(&CoWatch{Start: []int64{0, 2, 1}, Card: []int32{1}, Similarity: []float32{1}}, usual),
		"lists that end beyond":       watched(&CoWatch{Start: []int64{0, 2}, Card: []int32{1}, Similarity: []float32{1}}, usual),
		"a neighbour below 0":         watched(&CoWatch{Start: []int64{0, 1}, Card: []int32{-1}, Similarity: []float32{1}}, usual),
		"a similarity too few":        watched(&CoWatch{Start: []int64{0, 1}, Card: []int32{1}}, usual),
		"a similarity that is NaN":    watched(&CoWatch{Start: []int64{0, 1}, Card: []int32{1}, Similarity: []float32{nan}}, usual),
		"a card twice":                &Trending{Ranked{Item: []int32{1, 1}, Score: []float32{2, 1}}},
		"scores that rise":            &Trending{Ranked{Item: []int32{1, 2}, Score: []float32{1, 2}}},
		"ties out of order":           &Trending{Ranked{Item: []int32{2, 1}, Score: []float32{1, 1}}},
		"a score that is NaN":         &Trending{Ranked{Item: []int32{1}, Score: []float32{nan}}},
		"a score too few":             &Trending{Ranked{Item: []int32{1}}},
		"a group too many":            &Fresh{Ranked{Item: []int32{1}, Score: []float32{1}, Group: []int32{1, 2}}},
		"a card below 0":              &Popular{Lists: []Ranked{{Item: []int32{-1}, Score: []float32{1}}}},
		"23 hours":                    &Popular{Lists: []Ranked{{}}, Cells: make([]uint8, 23)},
		"an hour without a list":      &Popular{Cells: make([]uint8, 24)},
		"ages that fall":              people(func(d *Demographic) { d.People.Ages = []int16{18, 18} }),
		"another number of cells":     people(func(d *Demographic) { d.List = d.List[:9] }),
		"a list beyond":               people(func(d *Demographic) { d.List[3] = 1 }),
		"a level beyond":              people(func(d *Demographic) { d.Level[0] = 4 }),
		"a cell beyond":               people(func(d *Demographic) { d.Cell[0] = 18 }),
		"a level too few":             people(func(d *Demographic) { d.Level = nil }),
		"a value beyond":              content(func(c *Content) { c.Value[9] = 1000 }),
		"a value below -1":            content(func(c *Content) { c.Value[9] = -2 }),
		"a value too few":             content(func(c *Content) { c.Value = c.Value[1:] }),
		"a weight too few":            content(func(c *Content) { c.Weight = c.Weight[1:] }),
		"a lift too few":              content(func(c *Content) { c.Lift = make([]float32, 31) }),
		"no half-life":                content(func(c *Content) { c.HalfLife = math.NaN() }),
		"a quality that is NaN":       content(func(c *Content) { c.Quality[3] = nan }),
		"a rarity that is NaN":        content(func(c *Content) { c.Lists[0].Rare[0] = nan }),
		"a start too few":             content(func(c *Content) { c.Lists[0].Start = c.Lists[0].Start[1:] }),
		"a card in a list beyond":     content(func(c *Content) { c.Lists[7].Card[0] = 40 }),
		"a part that is not in order": (&Subset{Items: 3, Card: []int32{1, 0}}).Generator(&Trending{}),
		"a part beyond":               (&Subset{Items: 3, Card: []int32{1, 3}}).Generator(&Trending{}),
	} {
		if err := SaveGenerator(io.Discard, g); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := SaveGenerator(failing{}, &Trending{}); !errors.Is(err, errDisk) {
		t.Errorf("a failing writer gives %v, want its error", err)
	}
	file := savedGenerator(t, &Trending{})
	copy(file[bytes.Index(file, []byte("trending")):], "trendinx")
	if _, err := LoadGenerator(bytes.NewReader(file), 1); err == nil || !strings.Contains(err.Error(), `"trendinx"`) {
		t.Errorf("an unknown kind gives %v", err)
	}
}

// TestGeneratorsWrapEachOther: a part of a part loads, and a file of thousands of them is refused before it fills the stack.
func TestGeneratorsWrapEachOther(t *testing.T) {
	var g Generator = &Trending{Ranked{Item: []int32{0}, Score: []float32{1}}}
	for _, s := range []*Subset{{1, []int32{0}}, {2, []int32{1}}, {9, []int32{4, 7}}} {
		g = s.Generator(g)
	}
	loaded, err := LoadGenerator(bytes.NewReader(savedGenerator(t, g)), 9)
	if err != nil {
		t.Fatal(err)
	}
	// Item 0 is card 0 of the innermost part, which is card 1 of the next, which is card 7.
	if got := loaded.Candidates(&Query{}, 3, nil); len(got) != 1 || got[0].Item != 7 {
		t.Errorf("named %v, want card 7", got)
	}
	var file bytes.Buffer
	for range 5000 {
		s := &subsetGenerator{part: &Subset{1, []int32{0}}}
		g = (&Subset{1, []int32{0}}).Generator(g)
		if err := generatorFile.Write(&file, "subset", s.parts()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LoadGenerator(&file, 9); !errors.Is(err, ErrDamaged) {
		t.Errorf("5,000 generators around one: %v, want ErrDamaged", err)
	}
	if err := SaveGenerator(io.Discard, g); err == nil {
		t.Error("5,000 generators around one are saved without an error")
	}
	if err := SaveGenerator(io.Discard, (&Subset{1, []int32{0}}).Generator(&Trending{Ranked{Item: []int32{1}, Score: []float32{1}}})); err == nil {
		t.Error("a part of one card with a generator of two is saved without an error")
	}
}

// resum puts the checksums of files that follow each other right.
func resum(files []byte) []byte {
	const fixed = 8 + 2 + 2
	for at := 0; len(files)-at > fixed+8+4; {
		head := fixed + int(binary.LittleEndian.Uint16(files[at+10:]))
		if head+8 > len(files)-at {
			break
		}
		body := binary.LittleEndian.Uint64(files[at+head:])
		if body > uint64(len(files)-at-head-8) || int(body) > len(files)-at-head-8-4 {
			break
		}
		end := at + head + 8 + int(body)
		binary.LittleEndian.PutUint32(files[end:], crc32.Checksum(files[at:end], crc32.MakeTable(crc32.Castagnoli)))
		at = end + 4
	}
	return files
}

// FuzzLoadGenerator: whatever a file holds, loading it gives an error or a generator that keeps what Generator promises. The checksums are
// put right, so that the fuzzer reaches what stands behind them.
func FuzzLoadGenerator(f *testing.F) {
	for _, g := range savedGenerators(f) {
		f.Add(savedGenerator(f, g))
	}
	for _, g := range []Generator{
		&Popular{Lists: []Ranked{{Item: []int32{1, 0}, Score: []float32{2, 1}}, {}}, Cells: make([]uint8, 24)},
		&Fresh{Ranked{Item: []int32{1}, Score: []float32{1}, Group: []int32{4}}},
		&Watched{&CoWatch{Start: []int64{0, 1, 1}, Card: []int32{1}, Similarity: []float32{1}}, WatchedConfig{Recent: 10, Fade: .8}},
		(&Subset{Items: 2, Card: []int32{1}}).Generator(FromScorer("most", &PopularityModel{Count: []float32{1}})),
	} {
		f.Add(savedGenerator(f, g))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		g, err := LoadGenerator(bytes.NewReader(resum(bytes.Clone(file))), savedCards)
		if err != nil {
			return
		}
		r := rand.New(rand.NewPCG(1, 1))
		for k := range 6 {
			q := randomQuery(r, savedCards)
			if k == 0 {
				q = &Query{History: History{Item: []int32{0, 1, math.MaxInt32, -1, 0}}, Hour: 255}
			}
			got := g.Candidates(q, 30, nil)
			if len(got) > 30 {
				t.Fatalf("%d candidates of 30", len(got))
			}
			seen := map[int32]bool{}
			for _, c := range got {
				if c.Item < 0 || c.Item >= savedCards || seen[c.Item] || q.Skip != nil && q.Skip(c.Item) {
					t.Fatalf("names %v, which it may not", c)
				}
				if c.Cause >= 0 && !slices.Contains(q.History.Item, c.Cause) {
					t.Fatalf("cause %v is not in the history", c)
				}
				seen[c.Item] = true
				g.Reason(c, allNames{})
			}
		}
		again, err := LoadGenerator(bytes.NewReader(savedGenerator(t, g)), savedCards)
		if err != nil || again.Name() != g.Name() {
			t.Fatalf("a loaded generator does not survive another save: %v", err)
		}
	})
}
