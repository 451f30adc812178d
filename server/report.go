// The full report, one click from the pages. While it serves, the server has the database to itself, so the report is made in this process: on demand, one at a
// time, beside the serving.

package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// ReportConfig says how a report is made and where it stands.
type ReportConfig struct {
	Dir string // of the report: index.html and what it refers to
	// Make makes it anew in Dir, in the place of the one that is there, whole or not at all. tell may be called with how far it is.
	Make     func(ctx context.Context, tell func(step string, done, total int64)) error
	Keep     time.Duration  // how long a report is shown before it is made anew; 0: an hour
	Location *time.Location // in which moments are written; nil: UTC
	Logger   *slog.Logger   // nil: none
}

// Report gives the report at /report/, and makes it when it is asked for and there is none, or an old one. POST /report/ asks for it anew; the last one stays
// at /report/index.html meanwhile.
type Report struct {
	c      ReportConfig
	site   *site
	mux    http.Handler
	work   context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	making  bool
	closed  bool
	began   time.Time
	step    string
	did, of int64
	problem string // why the last one could not be made; "" if it was
}

// NewReport makes the handler. Close it.
func NewReport(b Backend, c ReportConfig) *Report {
	c.Keep = orElse(c.Keep, time.Hour)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Report{c: c, site: newSite(b, PagesConfig{Report: true, Location: c.Location, Logger: c.Logger})}
	r.work, r.cancel = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /report/{$}", r.show)
	mux.HandleFunc("POST /report/{$}", r.anew)
	mux.HandleFunc("GET /report/{file...}", r.file)
	r.mux = http.NewCrossOriginProtection().Handler(mux)
	return r
}

// ServeHTTP implements http.Handler.
func (r *Report) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.mux.ServeHTTP(w, q) }

// Close breaks off what is being made, and waits for it.
func (r *Report) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	r.done.Wait()
}

// made is when the report was made; zero where there is none.
func (r *Report) made() time.Time {
	info, err := os.Stat(filepath.Join(r.c.Dir, "index.html"))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// reportBody is what the page says while there is no report to show.
type reportBody struct {
	Making, Closing bool
	Step, Progress  string
	Took            string
	Problem         string
	Last            string // when the last one was made; "" for none
}

func (r *Report) show(w http.ResponseWriter, q *http.Request) {
	made := r.made()
	r.mu.Lock()
	if !r.making && r.problem == "" && (made.IsZero() || r.site.now().Sub(made) > r.c.Keep) {
		r.start()
	}
	body := &reportBody{Making: r.making, Closing: r.closed && !r.making, Step: r.step, Problem: sentence(r.problem)}
	if r.making {
		body.Took = time.Since(r.began).Truncate(time.Second).String()
		if r.of > 0 {
			body.Progress = meter(float64(r.did) / float64(r.of))
		}
	}
	r.mu.Unlock()
	if !body.Making && !body.Closing && body.Problem == "" {
		r.give(w, q, "index.html")
		return
	}
	if !made.IsZero() {
		body.Last = made.In(r.site.zone).Format("2 January 2006, 15:04")
	}
	if body.Making {
		w.Header().Set("Refresh", "1")
	}
	r.site.serve(w, q, func(*http.Request) (*reply, error) {
		return &reply{template: "report", title: "The report", nav: "/report/", body: body}, nil
	})
}

func (r *Report) anew(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.start()
	r.mu.Unlock()
	r.site.serve(w, q, func(*http.Request) (*reply, error) { return &reply{to: "/report/"}, nil })
}

// start begins a report, unless one is being made. mu must be held.
func (r *Report) start() {
	if r.making || r.closed {
		return
	}
	r.making, r.problem, r.began, r.step, r.did, r.of = true, "", time.Now(), "", 0, 0
	r.done.Go(func() {
		err := r.make()
		took := time.Since(r.began).Round(time.Millisecond)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.making = false
		switch {
		case err == nil:
			r.c.Logger.Info("the report is made", "took", took)
		case r.work.Err() != nil:
			r.c.Logger.Info("the report was broken off, since the server ends")
		default:
			r.problem = err.Error()
			r.c.Logger.Error("the report could not be made", "error", err)
		}
	})
}

// make makes it. What goes wrong in it must not end the server.
func (r *Report) make() (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.c.Logger.Error("the report panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("a fault in the report; the server's log says more")
		}
	}()
	return r.c.Make(r.work, func(step string, done, total int64) {
		r.mu.Lock()
		r.step, r.did, r.of = step, done, total
		r.mu.Unlock()
	})
}

// reportPolicy lets the report run what stands in it, and nothing fetch or send anything.
const reportPolicy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

var reportKinds = map[string]string{".html": "text/html; charset=utf-8", ".json": "application/json", ".csv": "text/csv; charset=utf-8", ".parquet": "application/vnd.apache.parquet"}

func (r *Report) file(w http.ResponseWriter, q *http.Request) { r.give(w, q, q.PathValue("file")) }

// give gives a file of the report.
func (r *Report) give(w http.ResponseWriter, q *http.Request, name string) {
	f, err := r.open(name)
	if err != nil {
		r.site.serve(w, q, func(*http.Request) (*reply, error) { return nil, errNoPage })
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		r.site.serve(w, q, func(*http.Request) (*reply, error) { return nil, errNoPage })
		return
	}
	h := w.Header()
	h.Set("Content-Type", reportKinds[path.Ext(name)])
	h.Set("Content-Security-Policy", reportPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	http.ServeContent(w, q, "", info.ModTime(), f)
}

// open opens a file within Dir, of a kind that reports have.
func (r *Report) open(name string) (*os.File, error) {
	if reportKinds[path.Ext(name)] == "" || strings.HasPrefix(path.Base(name), ".") {
		return nil, fs.ErrNotExist
	}
	root, err := os.OpenRoot(r.c.Dir) // a name cannot lead out of it
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Open(filepath.FromSlash(name))
}
