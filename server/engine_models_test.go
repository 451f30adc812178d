package server

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/stream"
)

// spoil changes one byte in the middle of a file.
func spoil(tb testing.TB, file string) {
	tb.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	b[len(b)/2] ^= 0x10
	if err := os.WriteFile(file, b, 0o644); err != nil {
		tb.Fatal(err)
	}
}

// modelNamed is what is told of a version.
func (r *rig) modelNamed(id string) ModelView {
	r.tb.Helper()
	all, err := r.Models(context.Background())
	if err != nil {
		r.tb.Fatal(err)
	}
	for _, m := range all {
		if m.ID == id {
			return m
		}
	}
	return ModelView{}
}

// A folder without a model, or none at all, is told at the start, since one that is misspelled looks the same.
func TestEngineWithoutAModel(t *testing.T) {
	for name, test := range map[string]struct {
		model string
		set   func(*EngineConfig)
		told  bool
	}{
		"no such folder": {"", func(c *EngineConfig) { c.Models += "/gone" }, true}, "an empty one": {"", calm, true}, "none asked for": {"", func(c *EngineConfig) { c.Models = "" }, false}, "one in use": {"a", calm, false},
	} {
		r := newRig(t, rigOf{model: test.model, log: newLog(1, false), engine: test.set})
		if told := strings.Contains(r.logged.String(), "no model is in use: there is none in the folder"); told != test.told {
			t.Errorf("%s: the log has %s", name, &r.logged)
		}
	}
}

func TestEngineActivatesAndRollsBack(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	if _, err := r.Rollback(ctx); !errors.Is(err, ErrUnknownModel) || err.Error() != "no version was in use before this one" {
		t.Errorf("rolling back from the first model: %v", err)
	}
	writeModel(t, r.models, "b", "b")
	rec, err := trained["c"]()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := feed.WriteVersion(r.models, feed.Manifest{ID: "lost", Gate: feed.Gate{Lost: []string{"popularity was better"}}}, rec.Parts()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"nothing", "", "../a", "a/../b", "."} {
		if err := r.Activate(ctx, id, true); !errors.Is(err, ErrUnknownModel) {
			t.Errorf("activating %q: %v", id, err)
		}
	}
	if err := r.Activate(ctx, "lost", false); !errors.Is(err, ErrGate) || !strings.Contains(err.Error(), "popularity was better") {
		t.Errorf("a model that did not pass the gate: %v", err)
	}
	is := func(when, current string) {
		t.Helper()
		if p := r.page(FeedRequest{User: userKey(1)}); p.Model != current {
			t.Errorf("%s: a page of %s; %s is expected", when, p.Model, current)
		}
		if m := r.modelNamed(current); !m.Current || !m.Loaded || m.Problem != "" || r.Health().Model != current || len(r.Health().Reasons) > 0 {
			t.Errorf("%s: %+v with health %+v", when, m, r.Health())
		}
		if on, err := feed.Current(r.models); err != nil || on != current {
			t.Errorf("%s: the next start takes %s, %v", when, on, err)
		}
	}
	is("at first", "a")
	for _, step := range []struct{ activate, then string }{{"b", "b"}, {"", "a"}, {"b", "b"}, {"b", "b"}, {"lost", "lost"}, {"", "b"}, {"", "a"}} {
		if step.activate != "" {
			err = r.Activate(ctx, step.activate, true)
		} else {
			_, err = r.Rollback(ctx)
		}
		if err != nil {
			t.Fatalf("%+v: %v", step, err)
		}
		is(fmt.Sprintf("%+v", step), step.then)
	}
	if _, err := r.Rollback(ctx); !errors.Is(err, ErrUnknownModel) {
		t.Errorf("rolling back from what was the first: %v", err)
	}
	is("then", "a")
	// A version that was trained beside the server, and made current there.
	if err := feed.Activate(r.models, "b"); err != nil {
		t.Fatal(err)
	}
	if err := r.Engine.models.follow(); err != nil {
		t.Fatal(err)
	}
	is("trained beside", "b")
	if id, err := r.Rollback(ctx); err != nil || id != "a" {
		t.Errorf("rolling back from what was trained beside: %q, %v", id, err)
	}
	is("back", "a")
}

// A damaged version is refused, whichever way it is asked for; the one in use goes on, and why is told.
func TestEngineRefusesDamage(t *testing.T) {
	ctx := context.Background()
	for _, file := range []string{"ranker.bin", "statistics.bin", "catalogue.bin", "recommender.json", "generator-1.bin", "manifest.json"} {
		t.Run(file, func(t *testing.T) {
			r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
			before := r.page(FeedRequest{User: userKey(1)}).items()
			writeModel(t, r.models, "b", "b")
			if file == "manifest.json" {
				if err := os.WriteFile(filepath.Join(r.models, "b", file), []byte(`{"format": 1, "id": "b", "fi`), 0o644); err != nil {
					t.Fatal(err)
				}
			} else {
				spoil(t, filepath.Join(r.models, "b", file))
			}
			err := r.Activate(ctx, "b", true)
			if file == "manifest.json" {
				if !errors.Is(err, ErrUnknownModel) {
					t.Errorf("a version without a manifest: %v", err)
				}
			} else {
				if !errors.Is(err, feed.ErrDamaged) || strings.Contains(err.Error(), r.models) {
					t.Errorf("activating it: %v", err)
				}
				if m := r.modelNamed("b"); m.Loaded || m.Current || !strings.Contains(m.Problem, "damaged") || strings.Contains(m.Problem, r.models) {
					t.Errorf("it is told as %+v", m)
				}
			}
			// Somebody else makes it current all the same.
			if err := os.WriteFile(filepath.Join(r.models, "current"), []byte("b\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			r.Engine.models.follow()
			if m := r.modelNamed("b"); m.Loaded || !m.Current || !strings.Contains(m.Problem, "damaged") {
				t.Errorf("when it is current, it is told as %+v", m)
			}
			if m := r.modelNamed("a"); !m.Loaded {
				t.Errorf("the one in use is told as %+v", m)
			}
			h := r.Health()
			if !h.Ready || h.Model != "a" || len(h.Reasons) != 1 || !strings.Contains(h.Reasons[0], "model b") {
				t.Errorf("health: %+v", h)
			}
			if diff := gocmp.Diff(before, r.page(FeedRequest{User: userKey(1)}).items()); diff != "" {
				t.Errorf("pages changed (-before +after):\n%s", diff)
			}
			if lines := strings.Count(r.logged.String(), "was refused"); lines > 2 {
				t.Errorf("the log says so %d times", lines)
			}
			// The next good one is taken, and all is well.
			writeModel(t, r.models, "c", "c")
			if err := r.Activate(ctx, "c", false); err != nil {
				t.Fatal(err)
			}
			r.Engine.models.follow()
			if h := r.Health(); h.Model != "c" || len(h.Reasons) > 0 {
				t.Errorf("health with a good model: %+v", h)
			}
		})
	}
}

// An engine whose model is damaged at the start makes pages of live counts, and says so.
func TestEngineStartsWithDamage(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: func(c *EngineConfig) { spoil(t, filepath.Join(c.Models, "a", "ranker.bin")) }})
	p := r.page(FeedRequest{User: userKey(1)})
	if h := r.Health(); p.Model != "" || len(p.Cards) != 10 || !h.Ready || h.Model != "" || len(h.Reasons) != 2 {
		t.Errorf("a page of %d cards by %q; health %+v", len(p.Cards), p.Model, h)
	}
}

// A version that is trained beside the server is in use within seconds of being made current.
func TestEngineFollowsTheFolder(t *testing.T) {
	r := newRig(t, rigOf{log: newLog(1, false), engine: calm})
	if p := r.page(FeedRequest{User: userKey(1)}); p.Model != "" {
		t.Fatalf("a page of model %q", p.Model)
	}
	writeModel(t, r.models, "b", "b")
	if err := feed.Activate(r.models, "b"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "pages are not made with b", func() bool { return r.page(FeedRequest{User: userKey(1)}).Model == "b" })
	if m := r.modelNamed("b"); !m.Loaded || !m.Current {
		t.Errorf("%+v", m)
	}
}

// Activating and following at once: the folder's word is read while nobody changes it, so that what was activated is never undone.
func TestEngineFollowDoesNotUndo(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	writeModel(t, r.models, "b", "b")
	var stop atomic.Bool
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for !stop.Load() {
				if err := r.Engine.models.follow(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for k := range 60 {
		id := []string{"b", "a"}[k%2]
		if err := r.Activate(ctx, id, false); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if p := r.page(FeedRequest{User: userKey(1), N: 1}); p.Model != id {
				t.Fatalf("a page of %s after %s was activated", p.Model, id)
			}
		}
	}
	stop.Store(true)
	all.Wait()
}

// Versions are activated in turn while 2,000 requests are made: all are answered, each page is wholly of the version that it names, and so is its explanation.
// The third version numbers the cards from the other end, so that an id of one that reached another would show.
func TestEngineReloadsUnderLoad(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	versions := []string{"a", "b", "c"}
	writeModel(t, r.models, "b", "b")
	writeModel(t, r.models, "c", "c")
	r.send(r.did(stream.Item, "", "brand new", ofCard(stream.Card{Content: "novel", Creator: "creator 1"}))) // so that views have a card more than models
	const users = 12
	want := map[string][]*FeedPage{}
	distinct := map[string]bool{}
	for _, id := range versions {
		if err := r.Activate(ctx, id, false); err != nil {
			t.Fatal(err)
		}
		for u := range users {
			seed := uint64(u)
			want[id] = append(want[id], r.page(FeedRequest{User: userKey(u), N: 20, Seed: &seed, Silent: true}))
		}
		distinct[strings.Join(want[id][1].items(), "|")] = true
	}
	if len(distinct) != len(versions) {
		t.Fatalf("%d versions make %d pages: the test shows nothing", len(versions), len(distinct))
	}
	var asked, done atomic.Int64
	var all sync.WaitGroup
	seen := map[string]*atomic.Int64{"a": {}, "b": {}, "c": {}}
	const requests = 2000
	for w := range 8 {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(w)))
			for asked.Add(1) <= requests {
				u := rng.IntN(users)
				seed := uint64(u)
				p, err := r.Feed(ctx, FeedRequest{User: userKey(u), N: 20, Seed: &seed, Silent: true})
				done.Add(1)
				if err != nil {
					t.Errorf("a request failed: %v", err)
					continue
				}
				if want[p.Model] == nil {
					t.Errorf("a page of version %q", p.Model)
					continue
				}
				seen[p.Model].Add(1)
				w := *want[p.Model][u]
				w.Request = p.Request
				if diff := gocmp.Diff(&w, p); diff != "" {
					t.Errorf("a page that says it is of %s (-of it +got):\n%s", p.Model, diff)
				}
			}
		})
	}
	for k := 0; done.Load() < requests; k++ {
		if err := r.Activate(ctx, versions[k%3], false); err != nil {
			t.Error(err)
			break
		}
		if slices.Contains([]string{"", "a", "b", "c"}, r.Health().Model) && k%5 == 4 {
			if _, err := r.Rollback(ctx); err != nil {
				t.Error(err)
			}
		}
	}
	all.Wait()
	for id, n := range seen {
		if n.Load() == 0 {
			t.Errorf("no page of %s: the test shows little", id)
		}
	}
}

// A version that cannot be noted as the current one is not used either: the next start, and other servers of the folder, would use another.
func TestEngineActivatesWholly(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	writeModel(t, r.models, "b", "b")
	if err := os.MkdirAll(filepath.Join(r.models, previousFile, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := r.Activate(context.Background(), "b", false); err == nil {
		t.Fatal("a version is activated that cannot be noted")
	}
	if p := r.page(FeedRequest{User: userKey(1)}); p.Model != "a" {
		t.Errorf("a page of %s", p.Model)
	}
}

// A catalogue that no view can be made of with the model changes nothing.
func TestEngineKeepsItsView(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	before := r.page(FeedRequest{User: userKey(1)}).items()
	// A model whose settings a feed refuses: what loading does not find.
	broken := *r.Engine.models.now.Load()
	rec := *broken.rec
	rec.Settings.Lambda = 2
	broken.rec, broken.id = &rec, "broken"
	r.Engine.models.now.Store(&broken)
	for range 3 {
		if diff := gocmp.Diff(before, r.page(FeedRequest{User: userKey(1)}).items()); diff != "" {
			t.Fatalf("(-before +after):\n%s", diff)
		}
	}
	if h := r.Health(); !h.Ready || h.Model != "a" || len(h.Reasons) != 1 || !strings.Contains(h.Reasons[0], "lambda") {
		t.Errorf("%+v", h)
	}
	if n := strings.Count(r.logged.String(), "no view can be made"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	good := *r.Engine.models.now.Load()
	good.rec, good.id = r.now.Load().model.rec, "mended"
	r.Engine.models.now.Store(&good)
	if p := r.page(FeedRequest{User: userKey(1)}); p.Model != "mended" || len(r.Health().Reasons) > 0 {
		t.Errorf("a page of %s with health %+v", p.Model, r.Health())
	}
}

// Days are made ready as they come, by the log's own zone, and tomorrow before it is there.
func TestEngineAcrossMidnight(t *testing.T) {
	east := time.FixedZone("", 8*3600)
	for at, want := range map[time.Time][]int32{
		time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC):     {18262},
		time.Date(2020, 1, 1, 23, 49, 59, 0, time.UTC):  {18262},
		time.Date(2020, 1, 1, 23, 50, 0, 0, time.UTC):   {18262, 18263},
		time.Date(2020, 1, 1, 15, 55, 0, 0, time.UTC):   {18262},
		time.Date(2020, 1, 1, 23, 55, 0, 0, east):       {18262, 18263},
		time.Date(2020, 1, 1, 7, 55, 0, 0, east):        {18262},
		time.Date(2020, 1, 2, 0, 0, 0, 0, east):         {18263},
		time.Date(1969, 12, 31, 23, 59, 0, 0, time.UTC): {-1, 0},
	} {
		if got := daysAt(at); !slices.Equal(got, want) {
			t.Errorf("at %v: %v; want %v", at, got, want)
		}
	}
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	for range 4 {
		r.clock.pass(8 * time.Hour)
		p := r.page(FeedRequest{User: userKey(1)})
		if len(p.Cards) != 10 || p.AtMS != r.clock.now().UnixMilli() {
			t.Errorf("at %v: %d cards at %d", r.clock.now(), len(p.Cards), p.AtMS)
		}
	}
}
