package server

// The interface of Gorse 0.5 under /api, so that services written for it point their client here and go on. Handlers translate: what is written becomes stream
// events, what is read comes from the Backend. docs/GORSE.md says what differs and why. This file finds the route, reads parameters and tells errors;
// gorse_rows.go holds the rows on the wire, the other gorse files the routes by theme.

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seguefeed/segue/stream"
)

// Limits of the Gorse interface. One request holds at most gorseMaxBody of JSON, gorseMaxRows rows and their events: some 100 MB at the very worst, and a
// bulk request one line and MaxEvents rows at a time whatever its length. Limits.HeldBytes bounds all requests together.
const (
	gorseDefaultN  = 10
	gorseMaxN      = 1000   // rows of a list; larger n are taken for it
	gorseMaxOffset = 10_000 // beyond it lists are empty
	gorseMaxBody   = mostHeld
	gorseMaxRows   = 50_000    // of one request
	gorseMaxLine   = 256 << 10 // bytes of a line of a bulk request
	gorseMaxKey    = 255       // bytes of an Idempotency-Key
)

// GorseHandler answers the paths of Gorse's REST interface, which begin with /api/, on b. Who may ask is for the caller to say: GorseOpen and GorseWrites tell what a
// request needs, GorseUnauthorized refuses as Gorse does. It sets r.Pattern to the route for whoever counts requests.
func GorseHandler(b Backend) http.Handler { return newGorse(b, time.Now) }

// GorseOpen reports whether Gorse answers r without a key: only health is.
func GorseOpen(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/health/") }

// GorseWrites reports whether r changes what is stored. Recommendations for a session are asked for by POST and change nothing; a GET that asks for write-back does.
func GorseWrites(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return r.URL.Query().Get("write-back-type") != ""
	case http.MethodPost:
		return !strings.HasPrefix(r.URL.Path, "/api/session/recommend")
	}
	return true
}

// GorseUnauthorized answers a request whose key is missing, wrong or not good for what it asks.
func GorseUnauthorized(w http.ResponseWriter) { gorseText(w, http.StatusUnauthorized, "unauthorized") }

type gorse struct {
	b      Backend
	now    func() time.Time
	change keyLocks // held from reading what is known of a user or item to having changed it
	routes map[string][]gorseRoute
}

type gorseRoute struct {
	pattern  string   // GET /api/user/{id}
	segments []string // of the path below /api
	do       func(*gorseCall) error
}

// gorseCall is one request.
type gorseCall struct {
	*gorse
	w     http.ResponseWriter
	r     *http.Request
	query url.Values
	id    string // of the request: the events' ids begin with it
	waits bool   // patient was called
}

func newGorse(b Backend, now func() time.Time) *gorse {
	g := &gorse{b: b, now: now, routes: map[string][]gorseRoute{}}
	for pattern, do := range map[string]func(*gorseCall) error{
		"GET /health/live": (*gorseCall).live, "GET /health/ready": (*gorseCall).ready,

		"POST /user": (*gorseCall).postUser, "POST /users": (*gorseCall).postUsers, "GET /users": (*gorseCall).getUsers,
		"GET /user/{user}": (*gorseCall).getUser, "PATCH /user/{user}": (*gorseCall).patchUser, "DELETE /user/{user}": (*gorseCall).deleteUser,

		"POST /item": (*gorseCall).postItem, "POST /items": (*gorseCall).postItems, "GET /items": (*gorseCall).getItems,
		"GET /item/{item}": (*gorseCall).getItem, "PATCH /item/{item}": (*gorseCall).patchItem, "DELETE /item/{item}": (*gorseCall).deleteItem,
		"PUT /item/{item}/category/{category}": (*gorseCall).putCategory, "DELETE /item/{item}/category/{category}": (*gorseCall).deleteCategory,

		"POST /feedback": (*gorseCall).postFeedback, "PUT /feedback": (*gorseCall).putFeedback,
		"GET /feedback": (*gorseCall).listFeedback, "GET /feedback/{type}": (*gorseCall).listFeedback,
		"GET /feedback/{user}/{item}": (*gorseCall).allFeedback, "GET /feedback/{type}/{user}/{item}": (*gorseCall).oneFeedback,
		"DELETE /feedback/{user}/{item}": (*gorseCall).deleteFeedback, "DELETE /feedback/{type}/{user}/{item}": (*gorseCall).deleteFeedback,
		"GET /user/{user}/feedback": (*gorseCall).allFeedback, "GET /user/{user}/feedback/{type}": (*gorseCall).allFeedback,
		"GET /item/{item}/feedback": (*gorseCall).allFeedback, "GET /item/{item}/feedback/{type}": (*gorseCall).allFeedback,

		"GET /recommend/{user}": (*gorseCall).recommend, "GET /recommend/{user}/{category}": (*gorseCall).recommend,
		"POST /session/recommend": (*gorseCall).session, "POST /session/recommend/{category}": (*gorseCall).session,
		"GET /collaborative-filtering/{user}": (*gorseCall).collaborative, "GET /collaborative-filtering/{user}/{category}": (*gorseCall).collaborative,
		"GET /latest": (*gorseCall).latest, "GET /latest/{category}": (*gorseCall).latest,
		"GET /popular": (*gorseCall).popular, "GET /popular/{category}": (*gorseCall).popular,
		"GET /non-personalized/{name}": (*gorseCall).nonPersonalized,
		"GET /item/{item}/neighbors":   (*gorseCall).similar, "GET /item/{item}/neighbors/{category}": (*gorseCall).similar,
		"GET /item-to-item/{name}/{item}": (*gorseCall).similar,
		"GET /user/{user}/neighbors":      (*gorseCall).neighbours, "GET /user-to-user/{name}/{user}": (*gorseCall).neighbours,

		"GET /bulk/users": (*gorseCall).exportUsers, "POST /bulk/users": (*gorseCall).importUsers,
		"GET /bulk/items": (*gorseCall).exportItems, "POST /bulk/items": (*gorseCall).importItems,
		"GET /bulk/feedback": (*gorseCall).exportFeedback, "POST /bulk/feedback": (*gorseCall).importFeedback,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		g.routes[method] = append(g.routes[method], gorseRoute{method + " /api" + path, strings.Split(path[1:], "/"), do})
	}
	return g
}

// ServeHTTP implements http.Handler.
func (g *gorse) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(strings.TrimRight(r.URL.EscapedPath(), "/"), "/api/")
	if !ok {
		gorseText(w, http.StatusNotFound, "there is nothing at this path")
		return
	}
	segments := strings.Split(path, "/")
	for k, s := range segments {
		var err error
		if segments[k], err = url.PathUnescape(s); err != nil || segments[k] == "" {
			gorseText(w, http.StatusNotFound, "there is nothing at this path")
			return
		}
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	route := g.match(method, segments)
	if route == nil {
		allow := g.allowed(segments)
		if allow == "" {
			gorseText(w, http.StatusNotFound, "there is nothing at this path")
			return
		}
		w.Header().Set("Allow", allow)
		gorseText(w, http.StatusMethodNotAllowed, "at this path "+allow+" is expected")
		return
	}
	r.Pattern = route.pattern
	for k, s := range route.segments {
		if s[0] == '{' {
			r.SetPathValue(s[1:len(s)-1], segments[k])
		}
	}
	c := &gorseCall{gorse: g, w: w, r: r, query: r.URL.Query()}
	err := c.identify()
	if err == nil {
		err = route.do(c)
	}
	if err != nil {
		c.fail(err)
	}
	if c.waits {
		c.hurry()
	}
}

func (g *gorse) match(method string, segments []string) *gorseRoute {
	routes := g.routes[method]
next:
	for i := range routes {
		if len(routes[i].segments) != len(segments) {
			continue
		}
		for k, s := range routes[i].segments {
			if s[0] != '{' && s != segments[k] {
				continue next
			}
		}
		return &routes[i]
	}
	return nil
}

func (g *gorse) allowed(segments []string) string {
	var methods []string
	for method := range g.routes {
		if g.match(method, segments) != nil {
			methods = append(methods, method)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// identify gives the request the id that its events' ids begin with: drawn, since a POST of feedback that is sent again counts again in Gorse; of its Idempotency-Key
// where it has one, so that a client which is not sure may send it again and it counts once.
func (c *gorseCall) identify() error {
	key := c.r.Header.Get("Idempotency-Key")
	switch {
	case len(key) > gorseMaxKey:
		return badRequest("Idempotency-Key: %d bytes; at most %d are expected", len(key), gorseMaxKey)
	case key != "":
		sum := sha256.Sum256([]byte(c.r.Pattern + "\x00" + key))
		c.id = "gorse-key-" + hex.EncodeToString(sum[:16])
	case c.r.Method != http.MethodGet:
		c.id = "gorse-" + rand.Text()
	}
	return nil
}

// eventID is that of the request's event of index i.
func (c *gorseCall) eventID(i int) string { return c.id + "-" + strconv.Itoa(i) }

// httpError is an answer other than 200.
type httpError struct {
	status int
	text   string
}

func (e *httpError) Error() string { return e.text }

func badRequest(format string, args ...any) error {
	return &httpError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// fail answers with what err means. Gorse has 500 for all that is not the client's doing; where it will pass, 503 tells clients that look to come again.
func (c *gorseCall) fail(err error) {
	var (
		he    *httpError
		field *stream.FieldError
		input *InputError
	)
	switch {
	case errors.As(err, &he):
		gorseText(c.w, he.status, he.text)
	case errors.As(err, &field):
		gorseText(c.w, http.StatusBadRequest, gorseField(field))
	case errors.As(err, &input):
		gorseText(c.w, http.StatusBadRequest, input.Error())
	case errors.Is(err, ErrUnknownUser):
		gorseText(c.w, http.StatusNotFound, c.r.PathValue("user")+": user not found")
	case errors.Is(err, ErrUnknownItem):
		gorseText(c.w, http.StatusNotFound, c.r.PathValue("item")+": item not found")
	case errors.Is(err, ErrNotReady), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled): // or the client is gone
		c.w.Header().Set("Retry-After", "1")
		gorseText(c.w, http.StatusServiceUnavailable, clientText(err))
	default:
		text := err.Error()
		if v := visitOf(c.r.Context()); v != nil { // a Server logs what it is about, which may hold names of files
			v.cause = err
			text = "the server could not do it; its log says why under request " + v.id
		}
		gorseText(c.w, http.StatusInternalServerError, text)
	}
}

// gorseText answers in plain text, without the line's end that http.Error gives: clients hand on the body as the error's text.
func gorseText(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	io.WriteString(w, text)
}

func (c *gorseCall) json(v any) error { return c.jsonStatus(http.StatusOK, v) }

func (c *gorseCall) jsonStatus(status int, v any) error {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.w.WriteHeader(status)
	c.w.Write(body.Bytes())
	return nil
}

// affected answers a write.
func (c *gorseCall) affected(rows int) error { return c.json(gorseSuccess{rows}) }

// number reads a parameter that counts, from 0; beyond most it is most.
func (c *gorseCall) number(name string, missing, most int) (int, error) {
	text := c.query.Get(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, badRequest("%s: %q; a number from 0 is expected", name, text)
	}
	return min(n, most), nil
}

// page reads n, at most most, and offset; beyond reach n is 0.
func (c *gorseCall) page(most, reach int) (n, offset int, err error) {
	if n, err = c.number("n", gorseDefaultN, most); err != nil {
		return 0, 0, err
	}
	if offset, err = c.number("offset", 0, reach+1); err != nil {
		return 0, 0, err
	}
	if offset > reach {
		n = 0
	}
	return n, offset, nil
}

// cursor reads n and where to go on. Cursors travel in base64, since clients put them into the next request's URL as they are. The TypeScript client writes Cursor.
func (c *gorseCall) cursor() (cursor string, n int, err error) {
	if n, err = c.number("n", gorseDefaultN, gorseMaxN); err != nil {
		return "", 0, err
	}
	text := cmp.Or(c.query.Get("cursor"), c.query.Get("Cursor"))
	at, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", 0, badRequest("cursor: %q; the Cursor of an answer is expected", text)
	}
	return string(at), n, nil
}

func cursorText(next string) string { return base64.RawURLEncoding.EncodeToString([]byte(next)) }

// categories are those of the path and of the query.
func (c *gorseCall) categories() []string {
	var all []string
	for _, category := range append([]string{c.r.PathValue("category")}, c.query["category"]...) {
		if category != "" && !slices.Contains(all, category) {
			all = append(all, category)
		}
	}
	return all
}
