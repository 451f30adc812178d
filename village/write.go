// Writing a village: blocks of users are simulated side by side and written in
// order, so that the bytes do not depend on the number of threads.

package village

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// Nested is how impression_data spells its nested list.
type Nested string

// The two spellings in circulation.
const (
	Quoted Nested = "quoted" // in CSV double quotes
	Bare   Nested = "bare"   // unquoted, commas and all
)

// Null is how impression_data writes a null.
type Null string

// The two spellings of a null.
const (
	NullNA    Null = "NA"
	NullEmpty Null = ""
)

// Config says what village to simulate.
type Config struct {
	Users   int    // users of the sample, at least 1; cards, creators and daily statistics scale along
	Seed    uint64 // same seed, same bytes
	Nested  Nested // "" means Quoted
	Null    Null   // spelling of nulls in impression_data; the zero value is empty, NullNA is the reference
	Threads int    // 0 means one a core; the result does not depend on it
	Truth   bool   // write the truth beside the log (see UserTruth, CardTruth, ImpressionTruth, ExaminationTruth)

	// Progress, if set, is called from one goroutine at a time with the work
	// done and the work in all, both in expected impressions.
	Progress func(done, total int64)
}

// Summary counts what was written.
type Summary struct {
	Users       int64    `json:"users"` // with a row in user_demographics
	Impressions int64    `json:"impressions"`
	Clicks      int64    `json:"clicks"`
	Swipes      int64    `json:"swipes"`
	Cards       int64    `json:"cards"`
	CardDays    int64    `json:"card_days"`
	Creators    int64    `json:"creators"`
	CreatorDays int64    `json:"creator_days"`
	Files       []string `json:"files"` // base names, in the order written
	Bytes       int64    `json:"bytes"`
}

const (
	blockUsers   = 4096
	meanPerUser  = 27 // impressions, for the progress
	firstPageTop = 5
)

func (cfg *Config) check() error {
	if cfg.Users < 1 || cfg.Users > 1<<31-1 {
		return fmt.Errorf("village: %d users: expected 1 to 2147483647", cfg.Users)
	}
	switch cfg.Nested {
	case "":
		cfg.Nested = Quoted
	case Quoted, Bare:
	default:
		return fmt.Errorf("village: nested list spelling %q: expected %q or %q", cfg.Nested, Quoted, Bare)
	}
	if cfg.Null != NullNA && cfg.Null != NullEmpty {
		return fmt.Errorf("village: null spelling %q: expected %q or \"\"", cfg.Null, NullNA)
	}
	if cfg.Threads <= 0 {
		cfg.Threads = runtime.GOMAXPROCS(0)
	}
	return nil
}

// Write simulates a village and writes its six files into dir, which is made if
// missing, and the five of the truth when cfg asks for it. Files get their names only when all are complete; when ctx ends or a
// write fails, nothing of them stays.
func Write(ctx context.Context, dir string, cfg Config) (sum Summary, err error) {
	if err := cfg.check(); err != nil {
		return sum, err
	}
	p, err := defaultParams()
	if err != nil {
		return sum, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return sum, fmt.Errorf("village: %w", err)
	}
	w := &writing{cfg: cfg, p: p, dir: dir}
	defer func() {
		if e := w.finish(err == nil); err == nil && e != nil {
			err = e
		}
		if err == nil {
			sum = w.sum
		}
	}()
	return sum, w.all(ctx)
}

// writing is one Write under way.
type writing struct {
	cfg   Config
	p     *params
	dir   string
	files []*outFile
	sum   Summary
}

// outFile is a file under a temporary name.
type outFile struct {
	*bufio.Writer
	f        *os.File
	name     string       // final
	complete func() error // writes what its format ends with; nil for CSV
}

func (w *writing) create(name, head string) (*outFile, error) {
	f, err := os.CreateTemp(w.dir, "."+name+".*.tmp")
	if err != nil {
		return nil, fmt.Errorf("village: %w", err)
	}
	o := &outFile{Writer: bufio.NewWriterSize(f, 1<<18), f: f, name: name}
	w.files = append(w.files, o)
	_, err = o.WriteString(head)
	return o, err
}

// finish gives all files their names, or removes them.
func (w *writing) finish(keep bool) error {
	var errs []error
	for _, o := range w.files {
		if keep {
			if o.complete != nil {
				errs = append(errs, o.complete())
			}
			errs = append(errs, o.Flush(), o.f.Chmod(0o644))
			if s, err := o.f.Stat(); err == nil {
				w.sum.Bytes += s.Size()
			}
		}
		errs = append(errs, o.f.Close())
	}
	if err := errors.Join(errs...); keep && err != nil {
		keep = false
		defer w.finish(false)
		return fmt.Errorf("village: writing to %s: %w", w.dir, err)
	}
	for _, o := range w.files {
		if !keep {
			os.Remove(o.f.Name())
			continue
		}
		if err := os.Rename(o.f.Name(), filepath.Join(w.dir, o.name)); err != nil {
			return fmt.Errorf("village: %w", err)
		}
		w.sum.Files = append(w.sum.Files, o.name)
	}
	return nil
}

// block is the output of one block of users or cards.
type block struct {
	a, b            []byte
	front, deep     [monthDays]int64
	rows, clicks, n int64
	swipes          int64
	seen            []ImpressionTruth
	people          []UserTruth
	cards           []CardTruth
}

func (w *writing) all(ctx context.Context) error {
	cfg, p := w.cfg, w.p
	cat := newCatalogue(p, cfg.Seed, cfg.Users)
	pop := newPopulation(p, cfg.Seed)

	imps, err := w.create("impression_data.csv", headImpressions)
	if err != nil {
		return err
	}
	users, err := w.create("user_demographics.csv", headUsers)
	if err != nil {
		return err
	}
	usersWork := int64(cfg.Users) * meanPerUser
	total := usersWork + int64(len(cat.cards))*monthDays
	progress := func(done int64) {
		if cfg.Progress != nil {
			cfg.Progress(done, total)
		}
	}

	months := make([]*month, cfg.Threads)
	tally := make([]*counts, cfg.Threads)
	for i := range months {
		months[i], tally[i] = newMonth(p, cat, pop), newCounts(len(cat.cards))
	}
	var truth struct {
		impressions *truthFile[ImpressionTruth]
		users       *truthFile[UserTruth]
	}
	if cfg.Truth {
		if truth.impressions, err = createTruth[ImpressionTruth](w, truthImpressions); err != nil {
			return err
		}
		if truth.users, err = createTruth[UserTruth](w, truthUsers); err != nil {
			return err
		}
		if err := w.writeOrigin(); err != nil {
			return err
		}
		examination, err := createTruth[ExaminationTruth](w, truthExamination)
		if err != nil {
			return err
		}
		if err := examination.write(months[0].examinationTruth()); err != nil {
			return err
		}
	}
	sp := speller{string(cfg.Null), cfg.Nested == Quoted}
	var front, deep [monthDays]int64
	err = inOrder(ctx, (cfg.Users+blockUsers-1)/blockUsers, cfg.Threads, func(worker, i int, o *block) error {
		m, t := months[worker], tally[worker]
		for u := i * blockUsers; u < min(cfg.Users, (i+1)*blockUsers); u++ {
			m.run(u)
			if cfg.Truth {
				o.people = append(o.people, userTruth(u, &m.u))
			}
			for k := range m.rows {
				row := &m.rows[k]
				o.a = sp.impression(o.a, int64(u), row, m.swipe[row.swipes:row.swipes+row.swiped], uint64(u)<<20+uint64(k))
				if cfg.Truth {
					o.seen = append(o.seen, impressionTruth(u, row))
				}
				d := int(row.at / daySeconds)
				t.shown[d*len(cat.cards)+int(row.card)]++
				if row.flags&flagClick != 0 {
					t.clicks[d*len(cat.cards)+int(row.card)]++
				}
				if row.position < firstPageTop {
					o.front[d]++
				} else {
					o.deep[d]++
				}
			}
			o.rows += int64(len(m.rows))
			o.clicks += int64(m.clicks)
			o.swipes += int64(len(m.swipe))
			if m.u.hasRow {
				o.b = appendUser(o.b, p, int64(u), &m.u, m.level)
				o.n++
			}
		}
		return nil
	}, func(i int, o *block) error {
		w.sum.Users += o.n
		w.sum.Impressions += o.rows
		w.sum.Clicks += o.clicks
		w.sum.Swipes += o.swipes
		for d := range front {
			front[d] += o.front[d]
			deep[d] += o.deep[d]
		}
		if _, err := imps.Write(o.a); err != nil {
			return err
		}
		if cfg.Truth {
			if err := errors.Join(truth.impressions.write(o.seen), truth.users.write(o.people)); err != nil {
				return err
			}
		}
		_, err := users.Write(o.b)
		progress(min(usersWork, int64(i+1)*blockUsers*meanPerUser))
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range tally[1:] {
		tally[0].add(t)
	}

	if err := w.cards(ctx, cat, newAppStats(p, cfg.Seed, cat, tally[0], front, deep), func(cards int) { progress(usersWork + int64(cards)*monthDays) }); err != nil {
		return err
	}
	return w.creators(ctx, cat)
}

// cards writes mlog_demographics and mlog_stats.
func (w *writing) cards(ctx context.Context, cat *catalogue, stats *appStats, progress func(int)) error {
	cards, err := w.create("mlog_demographics.csv", headCards)
	if err != nil {
		return err
	}
	days, err := w.create("mlog_stats.csv", headCardDays)
	if err != nil {
		return err
	}
	var truth *truthFile[CardTruth]
	if w.cfg.Truth {
		if truth, err = createTruth[CardTruth](w, truthCards); err != nil {
			return err
		}
	}
	rs := make([]*rng, w.cfg.Threads)
	for i := range rs {
		rs[i] = newRNG()
	}
	return inOrder(ctx, (len(cat.cards)+blockUsers-1)/blockUsers, w.cfg.Threads, func(worker, i int, o *block) error {
		var s cardDay
		for c := i * blockUsers; c < min(len(cat.cards), (i+1)*blockUsers); c++ {
			o.a = appendCard(o.a, cat, int64(c))
			if truth != nil {
				o.cards = append(o.cards, cardTruth(c, &cat.cards[c]))
			}
			for d := 0; d < monthDays; d++ {
				if stats.draw(rs[worker], c, d, &s) {
					o.b = appendCardDay(o.b, int64(c), &s)
					o.n++
				}
			}
		}
		return nil
	}, func(i int, o *block) error {
		w.sum.Cards = min(int64(len(cat.cards)), int64(i+1)*blockUsers)
		w.sum.CardDays += o.n
		if _, err := cards.Write(o.a); err != nil {
			return err
		}
		if truth != nil {
			if err := truth.write(o.cards); err != nil {
				return err
			}
		}
		_, err := days.Write(o.b)
		progress(int(w.sum.Cards))
		return err
	})
}

// creators writes creator_demographics and creator_stats.
func (w *writing) creators(ctx context.Context, cat *catalogue) error {
	creators, err := w.create("creator_demographics.csv", headCreators)
	if err != nil {
		return err
	}
	days, err := w.create("creator_stats.csv", headCreatorDays)
	if err != nil {
		return err
	}
	level := newAlias(w.p.Creators.Level[:])
	rs := make([]*rng, w.cfg.Threads)
	for i := range rs {
		rs[i] = newRNG()
	}
	return inOrder(ctx, (cat.creators+blockUsers-1)/blockUsers, w.cfg.Threads, func(worker, i int, o *block) error {
		var c creator
		for k := i * blockUsers; k < min(cat.creators, (i+1)*blockUsers); k++ {
			drawCreator(rs[worker], w.p, w.cfg.Seed, &level, k, &c)
			o.a = appendCreator(o.a, int64(k), &c)
			for d := 0; d < monthDays; d++ {
				if n, ok := published(rs[worker], w.p, &c); ok {
					o.b = appendCreatorDay(o.b, int64(k), d+1, n)
					o.n++
				}
			}
		}
		return nil
	}, func(i int, o *block) error {
		w.sum.Creators = min(int64(cat.creators), int64(i+1)*blockUsers)
		w.sum.CreatorDays += o.n
		if _, err := creators.Write(o.a); err != nil {
			return err
		}
		_, err := days.Write(o.b)
		return err
	})
}

// blocks keeps the buffers of blocks for the next.
var blocks = sync.Pool{New: func() any { return new(block) }}

var _ io.Writer = (*outFile)(nil)
