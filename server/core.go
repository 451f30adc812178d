// The engine: a model, a live state and an event log put together. Reading asks the state and the model in memory; writing goes through the log first, which
// moves the state on before it acknowledges, so that the next page knows of it.

package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/explore"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/live"
	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// EngineConfig is what an Engine is made of.
type EngineConfig struct {
	Log    *stream.Log // whose OnAppend is State.Apply
	State  *live.State
	Models string // folder of versions; "" makes pages from live counts alone
	// Loading is what LoadModels began, of the same settings; nil: NewEngine loads the version in use.
	Loading *Loading
	Zone    *time.Location // that days and hours are told in; nil: UTC
	// Explore is the share of slots that explore in the mean; 0 means feed.ServedExplore, below 0 none does. ExploreCap is the most, over any 1,000 slots; 0 means .1.
	Explore, ExploreCap float64
	// Candidates are ranked for a page; 0 means 200. Evaluation ranks 500, and sees no difference.
	Candidates int
	// NewShows is how often a new card is to be shown before it has to stand on its own; 0 means 100.
	NewShows int
	Logger   *slog.Logger     // nil: none
	Now      func() time.Time // nil: time.Now
	// Activity is the chance that a user will be active, and why; nil: nobody says.
	Activity func(ctx context.Context, rows *warehouse.Histories, traits feature.Traits, cards *warehouse.Cards) (*Activity, error)
	// CardDays are the days of an item before one of which the state counts days no more, oldest first; nil: nobody knows.
	CardDays func(ctx context.Context, item string, before time.Time) ([]ItemDay, error)
	Learned  string // file of what exploration learned of clicks; "": that is forgotten at the end
	// Lag is how many events are stored and not yet in the warehouse; nil: not known.
	Lag func() int64
	// Amiss is what is amiss with what is done beside pages and events, for Health; nil: nothing.
	Amiss func() []string
}

// Engine answers a Backend's questions. It is safe for concurrent use.
type Engine struct {
	c        EngineConfig
	models   *models
	journal  *journal
	explorer *explore.Explorer
	learning *learning
	learned  uint64 // observations that the file of Learned has
	now      atomic.Pointer[view]
	making   sync.Mutex // of now
	spoilt   spoilt     // while making is held
	amiss    atomic.Pointer[string]
	pages    rateOf
	traces   traces
	segments segmented
	work     context.Context // until Close
	stop     context.CancelFunc
	done     sync.WaitGroup
}

var _ Backend = (*Engine)(nil)

const (
	followEvery = 3 * time.Second // for models made current by others
	viewEvery   = time.Second     // for large catalogues that change
	listsTicks  = 5               // of viewEvery, between two makings of the lists of live counts
	smallView   = 20_000          // cards: a changed catalogue of no more is taken up by the next page
)

// settle fills in what else has nobody's word.
func (c *EngineConfig) settle() {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

// NewEngine starts an engine. A model that cannot be loaded is logged and shown among the models; pages are then made from live counts.
func NewEngine(c EngineConfig) (*Engine, error) {
	if c.Log == nil || c.State == nil {
		return nil, errors.New("server: an engine needs an event log and a state")
	}
	if c.Loading == nil {
		c.Loading = c.LoadModels()
	}
	noModel := c.Loading.Wait()
	c.settle()
	if c.Explore == 0 {
		c.Explore = feed.ServedExplore
	}
	c.Explore = max(c.Explore, 0)
	if c.Candidates == 0 {
		c.Candidates = 200
	}
	e := &Engine{c: c, models: c.Loading.models}
	if err := e.newExplorer(); err != nil {
		return nil, err
	}
	if noModel != nil {
		c.Logger.Warn("no model is in use", "error", noModel)
	} else if c.Models != "" && e.models.now.Load() == nil && e.models.empty() {
		c.Logger.Warn("no model is in use: there is none in the folder; pages are made from live counts until one is trained into it", "models", c.Models)
	}
	if _, err := e.view(); err != nil {
		return nil, err
	}
	e.journal = newJournal(c.Log, c.Logger)
	e.work, e.stop = context.WithCancel(context.Background())
	e.done.Go(func() { e.models.watch(e.work, followEvery) })
	e.done.Go(func() { e.keepView(e.work) })
	return e, nil
}

// newExplorer shows new cards first, then cards that may be better than is known, then any.
func (e *Engine) newExplorer() error {
	explorer, linucb, err := explore.Standard((*counts)(e), explore.StandardConfig{Cap: e.c.ExploreCap, Budget: explore.BudgetConfig{Shows: max(e.c.NewShows, 0)}, Context: len(feed.ContextColumns())})
	if err != nil {
		return err
	}
	e.explorer, e.learning = explorer, newLearning(linucb)
	e.recall()
	return nil
}

// counts are the state's by the feed's numbers of cards.
type counts Engine

// Card implements explore.Counts.
func (c *counts) Card(item int32) (shows, clicks, expected float64) {
	v := c.now.Load()
	if v == nil {
		return 0, 0, 0
	}
	if i := v.stateCard(item); i >= 0 {
		return c.c.State.Card(i)
	}
	return 0, 0, 0
}

// Close ends the engine's goroutines and writes what is left of served pages. The log and the state are their owner's to close.
func (e *Engine) Close() {
	e.segments.mu.Lock() // no count begins from here on
	e.stop()
	e.segments.mu.Unlock()
	e.done.Wait()
	e.keepLearned()
	e.journal.close()
}

// view is what pages are made from now. A request waits for a new one only where the catalogue is small.
func (e *Engine) view() (*view, error) {
	v, m, c := e.now.Load(), e.models.now.Load(), e.c.State.Catalogue()
	if v != nil && (v.model == m && v.catalogue.Version == c.Version || len(c.Keys) > smallView) {
		return v, nil // a large catalogue, and a model for it, is taken up by keepView
	}
	return e.renew()
}

// spoilt is what no view could be made of.
type spoilt struct {
	model   *loaded
	version uint64 // of the catalogue
	err     error
}

// renew makes a view of what there is now. Where that cannot be done, the one before goes on, and Health says why; there is an error only when there is none.
func (e *Engine) renew() (*view, error) {
	e.making.Lock()
	defer e.making.Unlock()
	v, m, c := e.now.Load(), e.models.now.Load(), e.c.State.Catalogue()
	if v != nil && v.model == m && v.catalogue.Version == c.Version {
		return v, nil
	}
	if s := &e.spoilt; v != nil && s.err != nil && s.model == m && s.version == c.Version {
		return v, nil
	}
	next, err := e.newView(m, c)
	if err != nil {
		e.spoilt = spoilt{m, c.Version, err}
		text := err.Error()
		e.amiss.Store(&text)
		e.c.Logger.Error("no view can be made of the model and the catalogue; the one before goes on", "error", err)
		if v == nil {
			return nil, err
		}
		return v, nil
	}
	e.spoilt = spoilt{}
	e.amiss.Store(nil)
	e.now.Store(next)
	return next, nil
}

func (e *Engine) newView(m *loaded, c *live.Catalogue) (*view, error) {
	v, err := newView(m, c, e.c.State, feed.Settings{Explore: e.c.Explore, Candidates: e.c.Candidates})
	if err == nil && v.feed != nil {
		v.feed, err = v.feed.Exploring(e.explorer)
	}
	return v, err
}

// keepView takes up changes of large catalogues, so that no request waits for that.
func (e *Engine) keepView(ctx context.Context) {
	t := time.NewTicker(viewEvery)
	defer t.Stop()
	for tick := 0; ; tick++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if tick%listsTicks == 0 {
			e.c.State.Refresh() // so that no request has to make the lists
		}
		if tick%learnedTicks == 0 {
			e.keepLearned()
		}
		_, _ = e.renew() // it logs what is wrong
	}
}

// moment is a time in the log's zone; 0 is now.
func (e *Engine) moment(atMS int64) feature.Moment {
	t := e.c.Now()
	if atMS != 0 {
		t = time.UnixMilli(atMS)
	}
	t = t.In(e.c.Zone)
	return feature.Moment{AtMS: t.UnixMilli(), Day: feature.EpochDay(t), Hour: uint8(t.Hour())}
}

// newID is 96 random bits.
func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Append implements Backend.
func (e *Engine) Append(ctx context.Context, events []stream.Event) (Taken, error) {
	if len(events) == 0 {
		return Taken{}, nil
	}
	now := e.c.Now()
	for k := range events {
		if err := cmp.Or(events[k].Check(), checkWhen(&events[k], now)); err != nil {
			return Taken{}, &EventError{k, err}
		}
	}
	_, fresh, err := e.c.Log.AppendNew(ctx, toldBy(events, now.UnixMilli()))
	if err != nil {
		return Taken{}, err
	}
	e.learning.happened(events)
	return Taken{Accepted: fresh, Duplicates: len(events) - fresh}, nil
}

// When users can have done something. One event of a clock or a unit that is wrong would stretch the log over decades, for the report and for whoever is trained on it.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

const ahead = 24 * time.Hour // of this clock: a sender's may be wrong by a zone

// checkWhen refuses moments at which nobody did anything. Feedback of a sender's own types may be older than all feeds.
func checkWhen(e *stream.Event, now time.Time) error {
	switch e.Kind {
	case stream.Feedback, stream.Unfeedback, stream.User, stream.UserDeleted, stream.Item, stream.ItemDeleted:
		return nil
	}
	latest := now.Add(ahead)
	can := func(ms int64) bool { return ms >= earliest.UnixMilli() && ms <= latest.UnixMilli() }
	if can(e.AtMS) {
		return nil
	}
	problem := fmt.Sprintf("%d is %s; a moment from %d to a day from now is expected, in milliseconds since 1970", e.AtMS, time.UnixMilli(e.AtMS).UTC().Format("2 January 2006"), earliest.Year())
	if can(e.AtMS * 1000) {
		problem += " (these may be seconds)"
	}
	return &stream.FieldError{Field: "at_ms", Problem: problem}
}

// toldBy are the events with what they tell of users and items told by a moment: it holds until something later is told, which a clock that is ahead would keep off.
func toldBy(events []stream.Event, atMS int64) []stream.Event {
	own := false
	for k := range events {
		switch e := &events[k]; {
		case e.AtMS <= atMS:
		case e.Kind == stream.User || e.Kind == stream.UserDeleted || e.Kind == stream.Item || e.Kind == stream.ItemDeleted:
			if !own {
				events, own = slices.Clone(events), true
			}
			events[k].AtMS = atMS
		}
	}
	return events
}

// seedOf is the seed of a request, drawn where it has none.
func seedOf(r *FeedRequest) uint64 {
	if r.Seed != nil {
		return *r.Seed
	}
	return mrand.Uint64() >> 11 // exact in the numbers of JSON
}

// ownSeed is what exploration draws by for a user: one seed gives different users different coins, and each the same again.
func ownSeed(seed uint64, user string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(user))
	return seed ^ h.Sum64()
}

// rateOf counts what happened in the last minute.
type rateOf struct {
	mu    sync.Mutex
	slots [60]struct{ second, n int64 }
}

func (r *rateOf) add(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.slots[at.Unix()%60]
	if s.second != at.Unix() {
		s.second, s.n = at.Unix(), 0
	}
	s.n++
}

func (r *rateOf) perSecond(at time.Time) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := int64(0)
	for _, s := range r.slots {
		if at.Unix()-s.second < 60 {
			n += s.n
		}
	}
	return float64(n) / 60
}

// Health implements Backend.
func (e *Engine) Health() Health {
	h := Health{Events: true, Reasons: []string{}}
	v, err := e.view()
	switch {
	case err != nil:
		h.Reasons = append(h.Reasons, "pages cannot be made: "+err.Error())
	case v.feed == nil:
		h.Ready = true
		h.Reasons = append(h.Reasons, "the catalogue is empty: send items")
	default:
		h.Ready = true
	}
	if why := e.amiss.Load(); err == nil && why != nil {
		h.Reasons = append(h.Reasons, "the newest model and items cannot be used: "+*why)
	}
	if v != nil && v.model != nil {
		h.Model = v.model.id
	} else if e.c.Models != "" {
		h.Reasons = append(h.Reasons, "no model is in use: pages are made from live counts")
	}
	if id, why := e.models.refuses(); id != "" {
		h.Reasons = append(h.Reasons, fmt.Sprintf("model %s, the current one, cannot be used: %s", id, why))
	}
	s := e.c.Log.Status()
	if s.Refusing != nil {
		h.Events = false
		h.Reasons = append(h.Reasons, "events are refused: "+strings.TrimPrefix(s.Refusing.Error(), stream.ErrRefused.Error()+": "))
	}
	if len(s.Lost) > 0 {
		h.Reasons = append(h.Reasons, fmt.Sprintf("events are lost to damage: %v", s.Lost))
	}
	if n := e.journal.lost.Load(); n > 0 {
		h.Reasons = append(h.Reasons, fmt.Sprintf("%d served pages could not be logged", n))
	}
	if e.c.Amiss != nil {
		h.Reasons = append(h.Reasons, e.c.Amiss()...)
	}
	return h
}
