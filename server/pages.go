// The pages: what people see of the server. Templates are filled here, on the server; a little script of our own sends what was done and asks for parts
// of a page again. Everything is embedded, nothing comes from elsewhere, and no page needs an inline script or style.

package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"
)

// Insight is what the pages ask beyond a Backend.
type Insight interface {
	// SomeUsers draws at most n known users at random, those who have clicked something where there are such.
	SomeUsers(ctx context.Context, n int) ([]UserView, error)
	// Segments counts the known users by segment, the least engaged first. It may be a minute old; none while they are counted for the first time.
	Segments(ctx context.Context) ([]SegmentView, error)
	// ItemDays are the last days of an item on which it was shown, oldest first, at most n. ErrUnknownItem.
	ItemDays(ctx context.Context, key string, n int) ([]ItemDay, error)
	// MeanRate is the clicks a show of all items; 0 where that is not known.
	MeanRate() float64
}

// SegmentView is a group of users who do alike.
type SegmentView struct {
	Name  string `json:"name"`
	Users int    `json:"users"`
}

// ItemDay is a day in an item's life.
type ItemDay struct {
	Day    time.Time `json:"day"` // its start in the log's zone
	Shows  int       `json:"shows"`
	Clicks int       `json:"clicks"`
}

// PagesConfig says what the pages show beside what the Backend knows.
type PagesConfig struct {
	Insight  Insight        // nil: what the Backend itself tells; then there are no segment counts and no life cycles of cards
	Report   bool           // the full report is at /report/: see Report
	Keys     bool           // people come in by a key, so that there is a way out: POST /logout, which the pages do not answer themselves
	Activity bool           // an activity model is in use
	History  *History       // of the live figures; nil: they are those since someone first looked
	Location *time.Location // in which moments are written; nil: UTC
	Logger   *slog.Logger   // nil: none
}

//go:embed pages/*.html pages/*.css pages/*.js pages/*.svg
var pagesFiles embed.FS

// site is the handler of the pages. It is read only.
type site struct {
	b      Backend
	more   Insight
	report bool
	keys   bool
	scores bool // an activity model is in use
	zone   *time.Location
	log    *slog.Logger
	pages  *template.Template
	assets map[string]asset
	now    func() time.Time

	history *History
}

type asset struct {
	kind string
	data []byte
	tag  string
}

// pagesPolicy lets the browser take what this server holds and nothing else, and no script or style that stands in a page.
const pagesPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// PagesHandler gives the pages: Music Square at /, /overview, /users, /cards and /models, and their assets under /pages/. What is done in Music Square is
// sent to /v1/events of the same server, which the pages do not answer themselves. Forms that change something are taken from this origin alone.
func PagesHandler(b Backend, c PagesConfig) http.Handler { return newSite(b, c).handler() }

func newSite(b Backend, c PagesConfig) *site {
	s := &site{b: b, more: c.Insight, report: c.Report, keys: c.Keys, scores: c.Activity, zone: c.Location, log: c.Logger, assets: map[string]asset{}, now: time.Now, history: c.History}
	if s.history == nil {
		s.history = NewHistory(b)
	}
	if s.more == nil {
		s.more = plainInsight{b}
	}
	if s.zone == nil {
		s.zone = time.UTC
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	version := s.loadAssets()
	s.pages = template.Must(template.New("").Funcs(template.FuncMap{"asset": func(name string) string { return "/pages/" + name + "?v=" + version },
		"icon": icon, "short": shortID, "capital": capital, "heroArt": heroArt}).ParseFS(pagesFiles, "pages/*.html"))
	return s
}

func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pages/{name}", s.asset)
	for pattern, answer := range map[string]func(*http.Request) (*reply, error){
		"GET /{$}": s.square, "POST /square/invent": s.invent, "GET /square/cards": s.squareCards, "GET /square/believes": s.squareBelieves, "GET /square/random": s.randomUser,
		"GET /overview": s.overview, "GET /overview/live": s.overviewLive,
		"GET /users": s.users, "GET /user": s.user, "GET /cards": s.cards, "GET /card": s.card,
		"GET /models": s.models, "GET /models/activate": s.confirm, "POST /models/activate": s.activate, "GET /models/rollback": s.confirmBack, "POST /models/rollback": s.rollBack,
		"GET /": func(*http.Request) (*reply, error) { return nil, errNoPage },
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, answer) })
	}
	mux.HandleFunc("GET /users.csv", s.usersCSV)
	mux.HandleFunc("GET /cards.csv", s.cardsCSV)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (s *site) loadAssets() (version string) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	all := sha256.New()
	entries, err := pagesFiles.ReadDir("pages")
	for _, e := range entries {
		kind := kinds[path.Ext(e.Name())]
		if kind == "" {
			continue
		}
		data, readErr := pagesFiles.ReadFile("pages/" + e.Name())
		err = errors.Join(err, readErr)
		sum := sha256.Sum256(data)
		all.Write(sum[:])
		s.assets[e.Name()] = asset{kind, data, `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	if err != nil {
		panic(err) // they are part of the program
	}
	return hex.EncodeToString(all.Sum(nil)[:6])
}

func (s *site) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Etag", a.tag)
	h.Set("Cache-Control", "private, max-age=31536000, immutable") // pages name them with their sum
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
}

// reply is what a page answers: a template with its data, or a way to go on.
type reply struct {
	template string // a whole page, or a part of one where part is set
	part     bool
	title    string
	nav      string // the path of the entry of the menu
	body     any
	status   int    // 0: 200
	to       string // redirect
}

// frame is what templates of whole pages see.
type frame struct {
	Title, Nav string
	Menu       []menuEntry
	Alerts     []string
	Keys       bool
	Body       any
}

type menuEntry struct {
	Path, Name string
	Here       bool
}

// partHeader is set by the script when it asks for a part of a page; then errors are parts as well.
const partHeader = "X-Segue-Part"

// toHeader says where to go on, in answers to forms that the script sent.
const toHeader = "X-Segue-To"

func (s *site) serve(w http.ResponseWriter, r *http.Request, answer func(*http.Request) (*reply, error)) {
	out, err := answer(r)
	if err != nil {
		out = s.failure(r, err)
	}
	if out.to != "" && r.Header.Get(partHeader) != "" {
		w.Header().Set(toHeader, out.to) // the script goes there itself: a redirect would make the page twice
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if out.to != "" {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, out.to, http.StatusSeeOther)
		return
	}
	var text bytes.Buffer
	if out.part {
		err = s.pages.ExecuteTemplate(&text, out.template, out.body)
	} else {
		err = s.pages.ExecuteTemplate(&text, out.template, s.frame(out))
	}
	if err != nil {
		s.log.ErrorContext(r.Context(), "a page could not be written", "page", out.template, "error", err)
		http.Error(w, "the page could not be written; the server's log says why", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagesPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if out.status != 0 {
		w.WriteHeader(out.status)
	}
	if _, err := text.WriteTo(w); err != nil {
		s.log.DebugContext(r.Context(), "the client went away", "error", err)
	}
}

func (s *site) frame(out *reply) *frame {
	f := &frame{Title: out.title, Nav: out.nav, Keys: s.keys, Body: out.body}
	for _, e := range []menuEntry{{Path: "/", Name: "Music Square"}, {Path: "/overview", Name: "Overview"}, {Path: "/users", Name: "Users"}, {Path: "/cards", Name: "Cards"}, {Path: "/models", Name: "Models"}} {
		e.Here = e.Path == out.nav
		f.Menu = append(f.Menu, e)
	}
	if s.report {
		f.Menu = append(f.Menu, menuEntry{Path: "/report/", Name: "Report", Here: out.nav == "/report/"})
	}
	if out.nav != "/overview" { // which says it itself
		f.Alerts = alerts(s.b.Health())
	}
	return f
}

// alerts are what every page says of the server's health: nothing while all is well.
func alerts(h Health) (out []string) {
	if !h.Events {
		out = append(out, "New events are not taken at the moment: what you do in Music Square is kept here and sent again.")
	}
	for _, reason := range h.Reasons {
		out = append(out, sentence(reason))
	}
	return out
}

var errNoPage = errors.New("there is no such page")

// trouble is an error in words.
type trouble struct {
	Status             int
	Head, Detail, Hint string
	Back, BackName     string
	Other, OtherName   string // another way to go on
}

// failure says in words what went wrong. What nobody foresaw goes to the log alone.
func (s *site) failure(r *http.Request, err error) *reply {
	t := trouble{Status: http.StatusInternalServerError, Head: "That did not work", Detail: "The server could not do it; its log says why.", Back: "/", BackName: "To Music Square"}
	var input *InputError
	switch {
	case errors.Is(err, errNoPage):
		t.Status, t.Head, t.Detail = http.StatusNotFound, "There is no such page", "Nothing stands at "+r.URL.Path+"."
	case errors.Is(err, ErrUnknownUser):
		t.Status, t.Head, t.Detail, t.Hint = http.StatusNotFound, "Nobody of this name is known", fmt.Sprintf("The user %q was never seen here.", r.FormValue("id")), "Users become known by what they do, or by POST /v1/users. In Music Square you can invent one."
		t.Other, t.OtherName = "/users", "All users"
	case errors.Is(err, ErrUnknownItem):
		t.Status, t.Head, t.Detail, t.Hint = http.StatusNotFound, "There is no such card", fmt.Sprintf("The card %q is not in the catalogue.", r.FormValue("id")), "Cards become known by POST /v1/items."
		t.Back, t.BackName = "/cards", "To the cards"
	case errors.Is(err, ErrUnknownModel):
		t.Status, t.Head, t.Detail = http.StatusNotFound, "There is no such version", sentence(err.Error())
		t.Back, t.BackName = "/models", "To the models"
	case errors.Is(err, ErrNotReady):
		t.Status, t.Head, t.Detail, t.Hint = http.StatusServiceUnavailable, "Not ready yet", sentence(err.Error()), "Wait a moment and load the page again."
	case errors.As(err, &input):
		t.Status, t.Head, t.Detail = http.StatusUnprocessableEntity, "That cannot be taken", sentence(input.Error())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		t.Status, t.Detail = http.StatusServiceUnavailable, "It took too long."
	default:
		s.log.ErrorContext(r.Context(), "a page failed", "path", r.URL.Path, "error", err)
	}
	if r.Header.Get(partHeader) != "" {
		return &reply{template: "trouble-part", part: true, status: t.Status, body: t}
	}
	return &reply{template: "trouble", title: t.Head, status: t.Status, body: t}
}

// sentence writes an error as one.
func sentence(s string) string {
	if s = capital(s); s != "" && !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
