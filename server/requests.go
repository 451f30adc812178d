// One request's way: id, headers, key, limits, route; and whatever happens, a line in the log, a count in the metrics, and an answer.

package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// visit is what is known of a request while it is answered.
type visit struct {
	id      string
	key     *heldKey
	refused string // why it went no further
	cause   error  // of an answer of 500 that says no more; nil: it is logged where it arose
	refuse  func(http.ResponseWriter, *http.Request)
	counts  *atomic.Int64 // towards Limits.InFlight: with all others, or with those without a key; nil: not
	held    int64         // bytes of its body, towards Limits.HeldBytes
	slashes bool          // a segment of its path is written as slashMark
	span    *span
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// RequestID is the id of the request that ctx belongs to: that of its X-Request-Id, or the server's. "" outside of requests.
func RequestID(ctx context.Context) string {
	if v := visitOf(ctx); v != nil {
		return v.id
	}
	return ""
}

// requestIDs makes ids: eight hexadecimal digits of this run, then a number.
type requestIDs struct {
	run  string
	next *atomic.Uint64
}

func newRequestIDs() requestIDs {
	var run [4]byte
	rand.Read(run[:])
	return requestIDs{hex.EncodeToString(run[:]) + "-", new(atomic.Uint64)}
}

// of takes the client's id when it is at most 64 letters, digits, dots, dashes and underscores.
func (ids requestIDs) of(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 64 && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == "" {
		return id
	}
	return ids.run + strconv.FormatUint(ids.next.Add(1), 36)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	v := &visit{id: s.ids.of(r)}
	s.active.Add(1)
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	res := &response{ResponseWriter: w}
	v.span = s.cfg.Traces.begin(r, began)
	defer func() {
		p := recover()
		broken := p != nil && (res.sent || p == http.ErrAbortHandler) // what was sent is not whole, which the client is to see
		if p != nil && p != http.ErrAbortHandler {
			s.log.Error("a handler panicked", "request", v.id, "route", r.Pattern, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if !broken {
				writeProblem(res, problem(http.StatusInternalServerError, "the server could not do it; its log says why under request "+v.id))
			}
		}
		if !broken {
			res.commit()
		}
		if v.counts != nil {
			v.counts.Add(-1)
		}
		s.held.Add(-v.held)
		took := time.Since(began)
		s.metrics.observe(r.Pattern, res.code(), took)
		s.note(r, v, res, took)
		v.span.end(r.Pattern, res.code(), v, took)
		s.active.Add(-1)
		if broken {
			panic(http.ErrAbortHandler)
		}
	}()
	h := w.Header()
	h["X-Request-Id"] = []string{v.id}
	setSecurity(h, r.URL.Path)
	if refused := s.gate(res, r, v); refused != nil {
		v.refused = refused.why
		s.metrics.refused(refused.why)
		s.turnAway(res, r, refused)
		return
	}
	if r.Method == http.MethodOptions && res.status != 0 {
		return // a preflight, answered by gate
	}
	s.sealed.Do(s.seal)
	s.mux.ServeHTTP(res, r)
}

// gate lets a request in, or says why not. It looks at paths as they were sent, as the mux does: what is open under one spelling is not under another.
func (s *Server) gate(w *response, r *http.Request, v *visit) *refusal {
	p := r.URL.EscapedPath()
	if p == "" || p[0] != '/' || cleaned(p) != p {
		return &refusal{http.StatusNotFound, "path", "there is nothing at this path; in ids /, . and .. are written as %2F, %2E and %2E%2E"}
	}
	if preflight := s.cors(w, r); preflight {
		return nil
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if p == "/health/live" && reads {
		return nil
	}
	rules := s.rulesOf(r)
	v.refuse = rules.Refuse
	limiter := s.unkeyed
	open := p == "/login" && len(s.keys) > 0 || rules.Open != nil && rules.Open(r)
	if !open {
		writes := !reads
		if rules.Writes != nil {
			writes = rules.Writes(r)
		}
		key, refused := s.admit(r, writes)
		if v.key = key; refused != nil {
			return refused
		}
		if key != nil {
			limiter = key.limiter
		}
	}
	if p == "/health/ready" || p == "/metrics" {
		return nil // also while too much else is asked
	}
	if limiter != nil && !limiter.Allow() {
		return &refusal{http.StatusTooManyRequests, "rate", "more requests a second than this key may make"}
	}
	room := s.cfg.Limits.InFlight
	v.counts = &s.limited
	if open && len(s.keys) > 0 { // who has no key does not take the room of those who have
		room = max(1, room/guestPart)
		v.counts = &s.guests
	}
	if v.counts.Add(1) > int64(room) {
		return &refusal{http.StatusServiceUnavailable, "busy", "too many requests at a time"}
	}
	most := orElse(rules.BodyBytes, s.cfg.Limits.BodyBytes)
	if most > 0 && r.ContentLength > most {
		return &refusal{http.StatusRequestEntityTooLarge, "body", tooLarge(most)}
	}
	if most > 0 && r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, r.Body, most+1) // the one byte more tells routes that count for themselves
	}
	if !open { // what is open reads little: see login
		v.held = heldOf(r, most)
		if all := s.held.Add(v.held); all > s.cfg.Limits.HeldBytes && all > v.held { // one alone may always be
			return &refusal{http.StatusServiceUnavailable, "busy", "too much is sent at a time"}
		}
	}
	return nil
}

func tooLarge(most int64) string {
	return "the body is too large; at most " + strconv.FormatInt(most, 10) + " bytes are expected"
}

// mostHeld is how much of a body is in memory at a time, in bytes; what may be longer is read piece by piece.
const mostHeld = 16 << 20

// heldOf is how much of a request's body is in memory at a time, of which most bytes are taken, or any number where that is not above 0: routes that take so
// much read it piece by piece.
func heldOf(r *http.Request, most int64) int64 {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return 0
	}
	size := r.ContentLength
	if size < 0 {
		size = most
	}
	if size <= 0 || size > mostHeld {
		size = mostHeld
	}
	return size
}

// guestPart is the part of Limits.InFlight, one in so many, that requests may have besides which need no key and have none.
const guestPart = 8

// cleaned is p as ServeMux would redirect to.
func cleaned(p string) string {
	c := path.Clean(p)
	if p[len(p)-1] == '/' && c != "/" {
		c += "/"
	}
	return c
}

func (s *Server) turnAway(w *response, r *http.Request, refused *refusal) {
	h := w.Header()
	if v := visitOf(r.Context()); v.refuse != nil && (refused.status == http.StatusUnauthorized || refused.status == http.StatusForbidden) {
		v.refuse(w, r)
		return
	}
	switch refused.status {
	case http.StatusUnauthorized:
		if r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") && !isAPI(r.URL.Path) {
			http.Redirect(w, r, "/login?"+nextQuery(r.URL.EscapedPath()), http.StatusSeeOther)
			return
		}
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	writeProblem(w, problem(refused.status, refused.detail))
}

// note writes the request's line.
func (s *Server) note(r *http.Request, v *visit, res *response, took time.Duration) {
	level := slog.LevelInfo
	switch code := res.code(); {
	case code >= 500 && code != http.StatusServiceUnavailable:
		level = slog.LevelError
	case code >= 400:
		level = slog.LevelWarn
	case r.Pattern == "GET /health/live", r.Pattern == "GET /health/ready", r.Pattern == "GET /metrics":
		level = slog.LevelDebug
	}
	if !s.log.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs, slog.String("request", v.id), slog.String("route", routeOf(r.Pattern)), slog.Int("status", res.code()), slog.Int64("bytes", res.bytes),
		slog.Float64("ms", float64(took.Microseconds())/1000))
	if v.key != nil {
		attrs = append(attrs, slog.String("key", v.key.name))
	}
	if v.cause != nil {
		attrs = append(attrs, slog.Any("error", v.cause))
	}
	if v.refused != "" {
		attrs = append(attrs, slog.String("refused", v.refused))
	}
	s.log.LogAttrs(r.Context(), level, "request", attrs...)
}

func routeOf(pattern string) string {
	if pattern == "" {
		return "none"
	}
	return pattern
}

// response holds the status back until there is something to send, so that a failure on the way can still say so, and counts what was sent.
type response struct {
	http.ResponseWriter
	status int
	sent   bool // the header
	bytes  int64
}

func (w *response) WriteHeader(status int) {
	switch {
	case status < 200:
		w.ResponseWriter.WriteHeader(status)
	case !w.sent:
		w.status = status
	}
}

func (w *response) commit() {
	if !w.sent {
		w.sent = true
		w.ResponseWriter.WriteHeader(w.code())
	}
}

func (w *response) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// Write implements io.Writer.
func (w *response) Write(p []byte) (int, error) {
	w.commit()
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// FlushError implements what http.ResponseController flushes with.
func (w *response) FlushError() error {
	w.commit()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// writeProblem answers with p.
func writeProblem(w http.ResponseWriter, p *huma.ErrorModel) {
	data, err := json.Marshal(p)
	if err != nil {
		data = []byte("{}")
	}
	h := w.Header()
	h.Del("Content-Length")
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	if _, err := w.Write(append(data, '\n')); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		return // the client is gone
	}
}
