// Package load drives a server as users would, to see what it bears: as fast as a number of connections can (closed loop), or at a steady rate whatever
// the server does (open loop), when a request's time counts from the moment it was due, so that a server that stalls does not make its own figures
// better (Schroeder, Wierman and Harchol-Balter, Open Versus Closed, NSDI 2006).
package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/internal/setting"
)

// Kind is what is asked.
type Kind string

// The kinds.
const (
	Feed   Kind = "feed"   // pages
	Events Kind = "events" // batches of made-up impressions and clicks
	Visits Kind = "visits" // a page, then what a user does on it, as one batch of events
)

// Config says what to do.
type Config struct {
	URL         string // of the server, as in http://127.0.0.1:8087
	Key         string // for X-API-Key; "" for none
	Kind        Kind
	Connections int           // at once; 0 means 16
	Rate        float64       // requests (Visits: visits) a second; 0 is a closed loop
	Duration    time.Duration // 0 means 30 s
	WarmUp      time.Duration // before it, not counted
	N           int           // cards of a page, MaxN at most; 0 means 20
	Batch       int           // events of a request of Events, MaxBatch at most; 0 means 100
	Users       int           // that are asked for, of those the server lists; 0 means 20,000
	Seed        uint64
	// Acked is told the ids of events of each request that was acknowledged, from several goroutines; nil: nobody.
	Acked func(ids []string)
	// Transport takes the requests; nil: one of its own.
	Transport http.RoundTripper
}

// Limits of what one request asks and sends: those of the server, which refuses more.
const (
	MaxN     = 200
	MaxBatch = 1000
)

// Check says what in c cannot be. Run says the same, before it asks anybody.
func (c Config) Check() error {
	c.fill()
	bad := func(name, problem string, args ...any) error { return setting.Wrong("load", name, problem, args...) }
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return bad("URL", "%q; one such as http://127.0.0.1:8087 is expected", c.URL)
	case c.Kind != Feed && c.Kind != Events && c.Kind != Visits:
		return bad("Kind", "%q; %s, %s or %s is expected", c.Kind, Feed, Events, Visits)
	case c.Connections < 1 || c.Connections > 10_000:
		return bad("Connections", "%d; 1 to 10,000 are expected", c.Connections)
	case c.Rate != 0 && !(c.Rate >= 1e-3 && c.Rate <= 1e6):
		return bad("Rate", "%v; from .001 to 1,000,000 a second, or 0 for as fast as they go, is expected", c.Rate)
	case c.Duration < 0:
		return bad("Duration", "%v; more than 0 is expected", c.Duration)
	case c.WarmUp < 0:
		return bad("WarmUp", "%v; 0 or more is expected", c.WarmUp)
	case c.N < 1 || c.N > MaxN:
		return bad("N", "%d; 1 to %d are expected", c.N, MaxN)
	case c.Batch < 1 || c.Batch > MaxBatch:
		return bad("Batch", "%d; 1 to %d are expected", c.Batch, MaxBatch)
	case c.Users < 1:
		return bad("Users", "%d; at least 1 is expected", c.Users)
	}
	return nil
}

// fill puts in what is left out.
func (c *Config) fill() {
	if c.Connections == 0 {
		c.Connections = 16
	}
	if c.Duration == 0 {
		c.Duration = 30 * time.Second
	}
	if c.N == 0 {
		c.N = 20
	}
	if c.Batch == 0 {
		c.Batch = 100
	}
	if c.Users == 0 {
		c.Users = 20_000
	}
}

// Result is what was measured.
type Result struct {
	Kind        Kind           `json:"kind"`
	Loop        string         `json:"loop"` // closed or open
	Connections int            `json:"connections"`
	Rate        float64        `json:"rate,omitempty"` // asked for
	Seconds     float64        `json:"seconds"`
	Requests    int            `json:"requests"`
	PerSecond   float64        `json:"per_second"`
	Events      int            `json:"events"` // acknowledged
	EventsPerS  float64        `json:"events_per_second"`
	Failed      map[string]int `json:"failed,omitempty"` // by status or error
	MS          Quantiles      `json:"ms"`
	Late        int            `json:"late,omitempty"` // of an open loop: requests that were due and not sent by its end
}

// Quantiles of times of requests, in milliseconds.
type Quantiles struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

// driver is a run under way.
type driver struct {
	c      Config
	users  []string
	items  []string
	n      atomic.Uint64 // of requests, for ids
	run    string        // tells the ids of this run from those of others
	mu     sync.Mutex
	ms     []float64
	failed map[string]int
	events atomic.Int64
	from   atomic.Int64 // nanoseconds: what is due before it warms up and is not counted
}

// Run asks until the time is over or ctx ends. Requests that fail are counted, their times with the others, and not returned as errors, unless the users
// cannot be listed. Memory: 8 bytes a request.
func Run(ctx context.Context, c Config) (*Result, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c.fill()
	if c.Transport == nil {
		c.Transport = new(Wires)
		if strings.HasPrefix(strings.ToLower(c.URL), "https:") {
			c.Transport = &http.Transport{MaxIdleConns: c.Connections, MaxIdleConnsPerHost: c.Connections, MaxConnsPerHost: c.Connections, DisableCompression: true}
		}
	}
	d := &driver{c: c, failed: map[string]int{}, run: fmt.Sprintf("%x", time.Now().UnixNano())}
	if err := d.whom(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	counted := began.Add(c.WarmUp)
	d.from.Store(counted.UnixNano())
	end := counted.Add(c.Duration)
	due := make(chan time.Time)
	var wg sync.WaitGroup
	for w := range c.Connections {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(c.Seed, uint64(w)))
			if c.Rate == 0 {
				for at := time.Now(); at.Before(end) && ctx.Err() == nil; at = time.Now() {
					d.once(ctx, rng, at)
				}
			}
			for at := range due {
				d.once(ctx, rng, at)
			}
		})
	}
	late := 0
	if c.Rate > 0 {
		late = d.pace(ctx, due, began, end)
	}
	close(due)
	wg.Wait()
	if t, ok := c.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	took := time.Since(counted).Seconds()
	r := &Result{Kind: c.Kind, Loop: "closed", Connections: c.Connections, Rate: c.Rate, Seconds: took, Requests: len(d.ms), Events: int(d.events.Load()), Failed: d.failed, Late: late}
	if c.Rate > 0 {
		r.Loop = "open"
	}
	r.PerSecond, r.EventsPerS = float64(r.Requests)/took, float64(r.Events)/took
	slices.Sort(d.ms)
	at := func(q float64) float64 {
		if len(d.ms) == 0 {
			return 0
		}
		return d.ms[min(int(q*float64(len(d.ms))), len(d.ms)-1)]
	}
	r.MS = Quantiles{at(.5), at(.9), at(.99), at(.999), at(1)}
	return r, ctx.Err()
}

// pace hands out the moments at which requests of an open loop are due.
func (d *driver) pace(ctx context.Context, due chan<- time.Time, began, end time.Time) (late int) {
	gap := time.Duration(float64(time.Second) / d.c.Rate)
	for k := 0; ; k++ {
		at := began.Add(time.Duration(k) * gap)
		if !at.Before(end) {
			return 0
		}
		if !wait(ctx, at) {
			return 0
		}
		if time.Now().After(end.Add(10 * time.Second)) { // the server does not bear the rate
			return int(end.Sub(at) / gap)
		}
		select {
		case due <- at:
		case <-ctx.Done():
			return 0
		}
	}
}

// coarse is how late the runtime's timers may wake an idle process: they are whole milliseconds of epoll. A request that is due and not sent yet counts as
// waiting for the server, so that the rest of a wait is slept through in the system's own call.
const coarse = 2 * time.Millisecond

// wait waits until a moment; false where ctx ended before.
func wait(ctx context.Context, at time.Time) bool {
	if left := time.Until(at) - coarse; left > 0 {
		select {
		case <-time.After(left):
		case <-ctx.Done():
			return false
		}
	}
	for left := time.Until(at); left > 0; left = time.Until(at) {
		nap(left)
	}
	return ctx.Err() == nil
}

// whom finds users, and items for made-up events.
func (d *driver) whom(ctx context.Context) error {
	var err error
	if d.users, err = d.list(ctx, "users", "user", d.c.Users); err != nil {
		return err
	}
	if len(d.users) == 0 {
		for k := range min(d.c.Users, 1000) { // a server that knows nobody
			d.users = append(d.users, fmt.Sprintf("load-%d", k))
		}
	}
	if d.c.Kind == Events {
		if d.items, err = d.list(ctx, "items", "item", 20_000); err != nil {
			return err
		}
		if len(d.items) == 0 {
			for k := range 1000 {
				d.items = append(d.items, fmt.Sprintf("load-%d", k))
			}
		}
	}
	return nil
}

// list pages through what the server lists.
func (d *driver) list(ctx context.Context, what, field string, n int) ([]string, error) {
	var out []string
	cursor := ""
	for len(out) < n {
		var page struct {
			Users, Items []map[string]any
			Next         string
		}
		body, status, err := d.send(ctx, http.MethodGet, "/v1/"+what+"?n=200&cursor="+url.QueryEscape(cursor), nil)
		if err != nil {
			return nil, fmt.Errorf("load: list %s: %w", what, err)
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("load: list %s: status %d: %s", what, status, bytes.TrimSpace(body[:min(len(body), 300)]))
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("load: list %s: %w", what, err)
		}
		for _, row := range append(page.Users, page.Items...) {
			if key, ok := row[field].(string); ok {
				out = append(out, key)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	return out, nil
}

// patience is how long an answer is waited for.
const patience = 30 * time.Second

func (d *driver) send(ctx context.Context, method, path string, body []byte) ([]byte, int, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var from io.Reader
	if body != nil {
		from = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, d.c.URL+path, from)
	if err != nil {
		return nil, 0, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if d.c.Key != "" {
		r.Header.Set("X-API-Key", d.c.Key)
	}
	a, err := d.c.Transport.RoundTrip(r)
	if err != nil {
		return nil, 0, err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(io.LimitReader(a.Body, 8<<20))
	return text, a.StatusCode, err
}

// once does one request, or one visit, that was due at a moment.
func (d *driver) once(ctx context.Context, rng *rand.Rand, due time.Time) {
	user := d.users[rng.IntN(len(d.users))]
	switch d.c.Kind {
	case Events:
		d.sendEvents(ctx, d.madeUp(rng), due)
	default:
		page, ok := d.page(ctx, user, due)
		if d.c.Kind == Visits && ok {
			d.sendEvents(ctx, d.done(rng, user, page), time.Now())
		}
	}
}

func (d *driver) record(due time.Time, status int, err error, want int) bool {
	took := float64(time.Since(due)) / float64(time.Millisecond)
	d.mu.Lock()
	defer d.mu.Unlock()
	if due.UnixNano() >= d.from.Load() {
		d.ms = append(d.ms, took)
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			d.failed[reasonOf(err)]++
		case err == nil && status != want:
			d.failed[fmt.Sprintf("status %d", status)]++
		}
	}
	return err == nil && status == want
}

// reasonOf is why a request had no answer, without the addresses of its connection: there is one for each.
func reasonOf(err error) string {
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		return "no answer in time"
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}
