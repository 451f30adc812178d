package activity

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/village"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/duckdb"
)

// hamlet is the small village that most tests share: its log loaded, and everyone's features.
type hamlet struct {
	cfg  village.Config
	w    *duckdb.Engine
	set  *Set
	keys []string
	dir  string
}

const hamletUsers = 24_000

var made atomic.Bool

var theHamlet = sync.OnceValues(func() (*hamlet, error) { return found(village.Config{Users: hamletUsers, Seed: 21}) })

func TestMain(m *testing.M) {
	code := m.Run()
	if made.Load() { // do not make it only to take it down
		if h, err := theHamlet(); err == nil {
			h.close()
		}
	}
	os.Exit(code)
}

// home is the shared village; tests must not change it.
func home(t *testing.T) *hamlet {
	t.Helper()
	made.Store(true)
	h, err := theHamlet()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *hamlet) close() {
	h.w.Close()
	os.RemoveAll(h.dir)
}

// found simulates a village and loads its log.
func found(cfg village.Config) (*hamlet, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "village")
	if err != nil {
		return nil, err
	}
	h := &hamlet{cfg: cfg, dir: dir}
	if _, err := village.Write(ctx, dir, cfg); err != nil {
		return nil, err
	}
	if h.w, err = duckdb.Open(ctx, filepath.Join(dir, "village.duckdb"), duckdb.Config{MemoryMB: 500}); err != nil {
		return nil, err
	}
	if _, err := h.w.Load(ctx, inputsOf(dir), warehouse.LoadOptions{}); err != nil {
		return nil, err
	}
	c, err := h.w.Describe(ctx)
	if err != nil {
		return nil, err
	}
	q, err := QuestionOf(c, nil, 0, 0)
	if err != nil {
		return nil, err
	}
	if h.set, err = Prepare(ctx, h.w, Options{Question: q}); err != nil {
		return nil, err
	}
	h.keys, err = h.w.UserKeys(ctx)
	return h, err
}

// inputsOf are the files of a log in a directory.
func inputsOf(dir string) (inputs []warehouse.Input) {
	for _, t := range feedlog.Tables {
		path := filepath.Join(dir, t.String()+".csv")
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		inputs = append(inputs, warehouse.Input{Table: t, Name: filepath.Base(path), Bytes: info.Size(), Open: func(stored io.Writer) (io.ReadCloser, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{io.TeeReader(f, stored), f}, nil
		}})
	}
	return inputs
}

// truth gives the true chances of the village's users.
func (h *hamlet) truth(lives int) func(users []int32) ([]float64, error) {
	late := village.Late{FromDay: int(h.set.AsOf.Sub(h.set.From)/(24*time.Hour)) + 1, Threshold: h.set.Threshold}
	return func(users []int32) ([]float64, error) {
		ids := make([]string, len(users))
		for k, u := range users {
			ids[k] = h.keys[u]
		}
		return village.ChancesOf(context.Background(), h.cfg, ids, late, lives)
	}
}

// day is a day of November 2019, the month of the village and of the fixture.
func day(n int) time.Time { return time.Date(2019, time.November, n, 0, 0, 0, 0, time.UTC) }

// with is the shared village's set with other features.
func (h *hamlet) with(t *testing.T, defs ...feature.Def) *Set {
	t.Helper()
	s, err := Gather(t.Context(), h.w, h.set.Observed, feature.Spec{Defs: defs})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// says fails unless err says all of words.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; expected one with %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func columnOf(t *testing.T, s *Set, name string) int {
	t.Helper()
	j := slices.IndexFunc(s.Table.Defs, func(d feature.Def) bool { return d.Name == name })
	if j < 0 {
		t.Fatalf("there is no feature %s", name)
	}
	return j
}
