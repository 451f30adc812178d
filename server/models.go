// Which version of the recommender makes the pages: loaded beside the one in use and swapped in whole, so that no request waits for it or sees half of
// it. One that cannot be loaded changes nothing.

package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/internal/durable"
)

// loaded is a version in memory. It is read only.
type loaded struct {
	id       string
	manifest feed.Manifest
	rec      *feed.Recommender
	cards    map[string]int32 // by the log's own ids
}

// models are the versions of a folder.
type models struct {
	dir  string
	log  *slog.Logger
	days func() []int32 // to be ready for, see daysAt

	now atomic.Pointer[loaded] // nil while none is in use

	mu sync.Mutex // of loading, one at a time

	told    sync.Mutex
	problem map[string]string // by version: why it could not be loaded
	refused string            // the version that the folder calls current, if it could not be loaded
}

// tell notes why a version cannot be used; "" takes that back.
func (m *models) tell(id, why string) {
	m.told.Lock()
	defer m.told.Unlock()
	if why == "" {
		delete(m.problem, id)
		if m.refused == id {
			m.refused = ""
		}
		return
	}
	m.problem[id] = why
}

// refuses is the problem of the version that the folder calls current; "" where there is none.
func (m *models) refuses() (id, why string) {
	m.told.Lock()
	defer m.told.Unlock()
	return m.refused, m.problem[m.refused]
}

// known says whether a version was tried before and is of no use, and notes whether that is the current one.
func (m *models) known(current string) bool {
	m.told.Lock()
	defer m.told.Unlock()
	m.refused = ""
	if m.problem[current] == "" {
		return false
	}
	m.refused = current
	return true
}

func openModels(dir string, log *slog.Logger, days func() []int32) *models {
	return &models{dir: dir, log: log, days: days, problem: map[string]string{}}
}

// Loading is a version that is being loaded.
type Loading struct {
	models *models
	done   chan struct{}
	err    error // once done
}

// LoadModels begins to load the version in use. That needs neither the event log nor the state, which can be made ready meanwhile: NewEngine takes it as Loading. Who
// does not come so far calls Wait, so that nothing goes on behind.
func (c EngineConfig) LoadModels() *Loading {
	c.settle()
	l := &Loading{models: openModels(c.Models, c.Logger, func() []int32 { return daysAt(c.Now().In(c.Zone)) }), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.err = l.models.follow()
	}()
	return l
}

// Wait waits until it is loaded, or gives why there is none.
func (l *Loading) Wait() error {
	<-l.done
	return l.err
}

// dayAhead is how long before midnight the day after is made ready, so that its first request waits for nothing. It takes half a second for 250,000 cards.
const dayAhead = 10 * time.Minute

// daysAt are the days to be ready for at a moment in the log's zone: today, and shortly before midnight tomorrow too.
func daysAt(now time.Time) []int32 {
	today, soon := feature.EpochDay(now), feature.EpochDay(now.Add(dayAhead))
	if soon != today {
		return []int32{today, soon}
	}
	return []int32{today}
}

// previousFile names the versions that were in use before the current one, a line each, the latest last: at most mostPrevious.
const (
	previousFile = "previous"
	mostPrevious = 50
)

// errNoneBefore is of a folder in which one version alone was ever in use.
var errNoneBefore error = &modelError{"no version was in use before this one", ErrUnknownModel}

// words are what clients are told of an error: where the folder is on this machine is for the log alone.
func (m *models) words(err error) string {
	return strings.TrimPrefix(strings.ReplaceAll(err.Error(), filepath.Clean(m.dir)+string(filepath.Separator), ""), "feed: ")
}

// load reads a version and swaps it in. On an error the one in use stays.
func (m *models) load(id string) (err error) {
	began := time.Now()
	defer func() {
		if err != nil {
			m.tell(id, m.words(err))
			m.log.Error("a model was refused; the one in use stays", "model", id, "error", err)
		}
	}()
	threads := 1 // beside pages
	if m.now.Load() == nil {
		threads = runtime.GOMAXPROCS(0)
	}
	v, rec, err := feed.OpenRecommender(m.dir, id, threads)
	if err != nil {
		return err
	}
	if err := rec.Prepare(threads, m.days()...); err != nil {
		return err
	}
	l := &loaded{id: v.ID, manifest: v.Manifest, rec: rec, cards: make(map[string]int32, len(rec.CardKeys))}
	for i, key := range rec.CardKeys {
		l.cards[key] = int32(i)
	}
	m.tell(id, "")
	m.now.Store(l)
	m.log.Info("a model is in use", "model", id, "cards", len(rec.CardKeys), "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// follow loads the version that the folder calls current, if it is not the one in use: somebody trained or activated it beside the server.
func (m *models) follow() error {
	if m.dir == "" {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	id, err := feed.Current(m.dir) // while nobody activates another
	if err != nil {
		if m.empty() {
			return nil // none was trained yet
		}
		return err
	}
	used := m.now.Load()
	if m.known(id) || used != nil && used.id == id {
		return nil
	}
	err = m.load(id)
	m.known(id)
	if err == nil && used != nil { // somebody trained beside the server: what made the pages until now is what to go back to
		err = m.setPrevious(append(m.previous(), used.id))
	}
	return err
}

// empty says whether the folder has no version in use, or is not there itself: it may come.
func (m *models) empty() bool {
	_, err := os.Stat(filepath.Join(m.dir, "current"))
	return errors.Is(err, fs.ErrNotExist)
}

// watch follows until ctx ends, and gets each day ready as it comes.
func (m *models) watch(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	days := m.days()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := m.follow(); err != nil && ctx.Err() == nil {
			m.log.Warn("the folder of models cannot be read", "error", err)
		}
		if l := m.now.Load(); l != nil && !slices.Equal(m.days(), days) {
			days = m.days()
			if err := l.rec.Prepare(1, days...); err != nil {
				m.log.Error("the day could not be made ready", "error", err)
			}
		}
	}
}

// activate makes a version the one in use, here and for the next start.
func (m *models) activate(id string, force bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	manifest, err := m.manifest(id)
	if err != nil {
		return err
	}
	if !manifest.Gate.Passed && !manifest.Gate.Forced && !force {
		return fmt.Errorf("%w: %s", ErrGate, strings.Join(manifest.Gate.Lost, "; "))
	}
	previous := m.previous()
	if before, _ := feed.Current(m.dir); before != "" && before != id {
		previous = append(previous, before)
	}
	return m.use(id, previous)
}

// use makes a version the one in use, and others those before it. mu must be held.
func (m *models) use(id string, previous []string) error {
	used := m.now.Load()
	if used == nil || used.id != id {
		if err := m.load(id); err != nil {
			return err
		}
	}
	err := m.setPrevious(previous)
	if err == nil {
		err = feed.Activate(m.dir, id)
	}
	if err != nil {
		m.now.Store(used)
	}
	return err
}

// previous are the versions that were in use before the current one, the latest last; none where there is no telling.
func (m *models) previous() []string {
	text, _ := os.ReadFile(filepath.Join(m.dir, previousFile)) // to go back no further is better than not to go on
	return strings.Fields(string(text))
}

func (m *models) setPrevious(ids []string) error {
	ids = slices.Compact(ids)
	ids = ids[max(0, len(ids)-mostPrevious):]
	if slices.Equal(ids, m.previous()) {
		return nil
	}
	return durable.Write(filepath.Join(m.dir, previousFile), 0o644, []byte(strings.Join(ids, "\n")+"\n"))
}

func (m *models) manifest(id string) (feed.Manifest, error) {
	all, err := m.versions()
	if err != nil {
		return feed.Manifest{}, err
	}
	for _, v := range all {
		if v.ID == id {
			return v, nil
		}
	}
	return feed.Manifest{}, fmt.Errorf("%w: %q", ErrUnknownModel, id)
}

func (m *models) versions() ([]feed.Manifest, error) {
	if m.dir == "" {
		return nil, nil
	}
	if _, err := os.Stat(m.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return feed.Versions(m.dir)
}

// rollback makes the version that was in use before the current one the one in use: after two, the one before that. Activating goes forward again.
func (m *models) rollback() (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	previous := m.previous()
	current, _ := feed.Current(m.dir)
	for len(previous) > 0 && previous[len(previous)-1] == current { // a crash between the two files
		previous = previous[:len(previous)-1]
	}
	if m.dir == "" || len(previous) == 0 {
		return "", errNoneBefore
	}
	id := previous[len(previous)-1]
	if _, err := m.manifest(id); err != nil {
		return id, err
	}
	return id, m.use(id, previous[:len(previous)-1]) // it was in use, whatever the gate said
}

func (m *models) views() ([]ModelView, error) {
	all, err := m.versions()
	if err != nil {
		return nil, err
	}
	current, _ := feed.Current(m.dir)
	used := ""
	if l := m.now.Load(); l != nil {
		used = l.id
	}
	m.told.Lock()
	defer m.told.Unlock()
	out := make([]ModelView, 0, len(all))
	for _, v := range all {
		out = append(out, ModelView{Manifest: v, Current: v.ID == current, Loaded: v.ID == used, Problem: m.problem[v.ID]})
	}
	for _, id := range slices.Sorted(maps.Keys(m.problem)) { // whose manifests cannot be read
		if !slices.ContainsFunc(all, func(v feed.Manifest) bool { return v.ID == id }) {
			out = append(out, ModelView{Manifest: feed.Manifest{ID: id}, Current: id == current, Problem: m.problem[id]})
		}
	}
	return out, nil
}
