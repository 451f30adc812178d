package server

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	readSecret  = "reader-secret-0123456789"
	writeSecret = "writer-secret-0123456789"
)

func TestCheckAddress(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:8080": true, "127.9.9.9:1": true, "localhost:8080": true, "LOCALHOST:1": true, "[::1]:8080": true, "[::ffff:127.0.0.1]:80": true, "/run/segue.sock": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "192.168.1.2:80": false, "example.com:80": false, "localhost.example.com:80": false, "8080": false, "": false,
	} {
		if err := CheckAddress(addr, nil); (err == nil) != ok {
			t.Errorf("%q without keys: %v", addr, err)
		}
		if err := CheckAddress(addr, testKeys); err != nil {
			t.Errorf("%q with keys: %v", addr, err)
		}
	}
	if err := CheckAddress("0.0.0.0:1", nil); !errors.Is(err, ErrOpen) {
		t.Errorf("%v is not ErrOpen", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	key := func(name string, role Role, secret string) []Key { return []Key{{name, role, secret}} }
	for want, cfg := range map[string]Config{
		"Backend":             {},
		"Keys[0].Secret":      {Backend: newScripted(), Keys: key("a", RoleRead, "short")},
		"ASCII":               {Backend: newScripted(), Keys: key("a", RoleRead, "sixteen bytes or more")},
		"Keys[0].Role":        {Backend: newScripted(), Keys: key("a", "admin", readSecret)},
		"Keys[0].Name":        {Backend: newScripted(), Keys: key("a b", RoleRead, readSecret)},
		"another key":         {Backend: newScripted(), Keys: append(key("a", RoleRead, readSecret), key("b", RoleWrite, readSecret)...)},
		"Limits.N":            {Backend: newScripted(), Limits: Limits{N: MaxN + 1}},
		"Limits.Events":       {Backend: newScripted(), Limits: Limits{Events: MaxEvents + 1}},
		"Limits.BodyBytes":    {Backend: newScripted(), Limits: Limits{BodyBytes: -1}},
		"Limits.InFlight":     {Backend: newScripted(), Limits: Limits{InFlight: -1}},
		"Limits.HeldBytes":    {Backend: newScripted(), Limits: Limits{HeldBytes: -1}},
		"Limits.PerSecond":    {Backend: newScripted(), Limits: Limits{PerSecond: math.NaN()}},
		"Limits.PerSecond: a": {Backend: newScripted(), Limits: Limits{PerSecond: math.Inf(1)}},
		"Origins: *":          {Backend: newScripted(), Origins: []string{"*"}},
		"Origins: \"app.ex":   {Backend: newScripted(), Origins: []string{"app.example.com"}},
		"Origins: \"https:/":  {Backend: newScripted(), Origins: []string{"https://app.example.com/"}},
		"TLSCert":             {Backend: newScripted(), TLSCert: "x"},
		"Profile":             {Backend: newScripted(), Profile: true},
		"Profile: a key":      {Backend: newScripted(), Profile: true, Keys: key("a", RoleRead, readSecret)},
	} {
		if err := cfg.Check(); cfg.Backend != nil && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("without a Backend: %v; %q is expected in it", err, want)
		}
		_, err := New(cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; %q is expected in it", err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "short") || strings.Contains(err.Error(), readSecret)) {
			t.Errorf("%v tells a secret", err)
		}
	}
}

// Who may do what, by role and by where the key stands.
func TestKeys(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys, Profile: true})
	c.Mount("/api/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "mounted") }))
	c.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") }))
	gets := []string{"/v1/stats", "/v1/users/u/feed", "/health/ready", "/metrics", "/docs", "/docs/docs.js", "/openapi.json", "/api/x", "/", "/any/page", "/debug/pprof/goroutine", "/v1/nothing"}
	for _, path := range gets {
		for _, h := range [][]string{nil, {"X-API-Key", "wrong-secret-0123456789"}, {"X-API-Key", readSecret[:len(readSecret)-1]}, {"X-API-Key", readSecret + "x"}, {"Authorization", "Bearer "}, {"Authorization", "Basic " + readSecret},
			{"Cookie", sessionCookie + "=" + readSecret}, {"X-API-Key", "wrong", "Authorization", "Bearer " + readSecret}} {
			if w := c.ask("GET", path, "", h...); w.Code != 401 || w.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s with %v: %d", path, h, w.Code)
			}
		}
		for _, h := range [][]string{{"X-API-Key", readSecret}, {"Authorization", "Bearer " + readSecret}, {"Authorization", "bearer  " + writeSecret}} {
			want := 200
			switch {
			case strings.HasPrefix(path, "/debug/") && strings.Contains(h[1], readSecret):
				want = 403
			case path == "/v1/nothing":
				want = 404
			}
			if w := c.ask("GET", path, "", h...); w.Code != want {
				t.Errorf("%s with %v: %d, want %d", path, h, w.Code, want)
			}
		}
	}
	for _, test := range []struct{ method, path, body string }{
		{"POST", "/v1/events", click}, {"PUT", "/v1/users/u", "{}"}, {"DELETE", "/v1/users/u", ""}, {"PATCH", "/v1/users/u", "{}"}, {"POST", "/v1/models/m0/activate", ""}, {"POST", "/v1/models/rollback", ""}, {"POST", "/api/x", ""},
		{"OPTIONS", "/api/x", ""}, {"TRACE", "/api/x", ""},
	} {
		if w := c.ask(test.method, test.path, test.body); w.Code != 401 {
			t.Errorf("%v without a key: %d", test, w.Code)
		}
		if w := c.ask(test.method, test.path, test.body, "X-API-Key", readSecret); w.Code != 403 {
			t.Errorf("%v with a key to read: %d", test, w.Code)
		}
		if w := c.ask(test.method, test.path, test.body, "X-API-Key", writeSecret); w.Code == 401 || w.Code == 403 {
			t.Errorf("%v with a key to write: %d", test, w.Code)
		}
	}
	if w := c.ask("GET", "/health/live", ""); w.Code != 200 {
		t.Errorf("/health/live without a key: %d", w.Code)
	}
	if w := c.ask("POST", "/health/live", ""); w.Code != 401 {
		t.Errorf("POST /health/live without a key: %d", w.Code)
	}
	if w := c.ask("HEAD", "/v1/stats", "", "X-API-Key", readSecret); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

// A mounted interface has rules of its own, which hold for its paths alone, however these are spelled.
func TestRules(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys, Limits: Limits{BodyBytes: 10}})
	var got string
	record := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			got = fmt.Sprint(name, " ", n, " ", err)
		})
	}
	c.Mount("/", record("page"))
	c.MountAs("/api/", record("api"), Rules{
		Open:   func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/health/") },
		Writes: func(r *http.Request) bool { return r.URL.Query().Has("write") },
		Refuse: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "unauthorized", http.StatusUnauthorized) }, BodyBytes: 20,
	})
	c.MountAs("/bulk/", record("bulk"), Rules{BodyBytes: -1})
	for _, test := range []struct {
		method, path, key string
		body              int
		status            int
		got               string
	}{
		{"GET", "/api/health/live", "", 0, 200, "api 0 <nil>"},
		{"GET", "/%61pi/health/live", "", 0, 200, "api 0 <nil>"},
		{"GET", "/api/x", "", 0, 401, ""},
		{"POST", "/api/x", readSecret, 20, 200, "api 20 <nil>"},
		{"POST", "/api/x", readSecret, 21, 413, ""},
		{"GET", "/api/x?write", readSecret, 0, 401, ""},
		{"GET", "/%61pi/x?write", readSecret, 0, 401, ""},
		{"GET", "/api/x?write", writeSecret, 0, 200, "api 0 <nil>"},
		{"POST", "/bulk/x", writeSecret, 5000, 200, "bulk 5000 <nil>"},
		{"POST", "/bulk/x", readSecret, 1, 403, ""},
		{"POST", "/x", writeSecret, 11, 413, ""},
		{"GET", "/api%2Fhealth%2Flive", "", 0, 401, ""}, // a page by the mux
		{"GET", "/health%2Flive", "", 0, 401, ""},
		{"GET", "/health/live%2F..", "", 0, 401, ""},
		{"GET", "//health/live", "", 0, 404, ""},
		{"GET", "/x/../health/live", "", 0, 404, ""},
		{"GET", "/login%2F", "", 0, 401, ""},
		{"GET", "/metrics%2F", "", 0, 401, ""},
	} {
		got = ""
		w := c.ask(test.method, test.path, strings.Repeat("x", test.body), "X-API-Key", test.key)
		if w.Code != test.status || got != test.got {
			t.Errorf("%s %s with %q: %d, %q; want %d, %q", test.method, test.path, test.key, w.Code, got, test.status, test.got)
		}
		if plain := strings.HasPrefix(w.Body.String(), "unauthorized"); w.Code == 401 && plain != (strings.HasPrefix(test.path, "/api/") || strings.HasPrefix(test.path, "/%61pi/")) {
			t.Errorf("%s is refused with %s", test.path, w.Body)
		}
	}
}

// A person logs in with a key, goes on where she was, changes things from this server's pages alone, and is out after twelve hours.
func TestSessions(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys})
	c.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") }))
	w := c.ask("GET", "/models", "", "Accept", "text/html")
	if w.Code != 303 || w.Header().Get("Location") != "/login?next=%2Fmodels" {
		t.Fatalf("a page without a key: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := c.ask("GET", "/login?next=%2Fmodels", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `value="/models"`) {
		t.Errorf("the form: %d %s", w.Code, w.Body)
	}
	form := func(key, next string) string { return url.Values{"key": {key}, "next": {next}}.Encode() }
	login := func(key, next string, more ...string) *httptest.ResponseRecorder {
		return c.ask("POST", "/login", form(key, next), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, more...)...)
	}
	for key, next := range map[string]string{"": "/", "wrong-secret-0123456789": "/", readSecret[:20]: "/"} {
		if w := login(key, next); w.Code != 401 || len(w.Result().Cookies()) > 0 {
			t.Errorf("key %q: %d", key, w.Code)
		}
	}
	if w := login(writeSecret, "/", "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("from another site: %d", w.Code)
	}
	for next, want := range map[string]string{"/models?x=1": "/models?x=1", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/", "": "/"} {
		if w := login(readSecret, next, "Sec-Fetch-Site", "same-origin"); w.Code != 303 || w.Header().Get("Location") != want {
			t.Errorf("next %q: %d to %q, want %q", next, w.Code, w.Header().Get("Location"), want)
		}
	}
	cookieOf := func(w *httptest.ResponseRecorder) *http.Cookie {
		t.Helper()
		cookies := w.Result().Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%d cookies", len(cookies))
		}
		return cookies[0]
	}
	cookie := cookieOf(login(writeSecret, "/"))
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Secure || strings.Contains(cookie.String(), writeSecret) {
		t.Errorf("the cookie is %v", cookie)
	}
	has := []string{"Cookie", cookie.Name + "=" + cookie.Value}
	if w := c.ask("GET", "/models", "", has...); w.Code != 200 || w.Body.String() != "page" {
		t.Errorf("a page with a session: %d", w.Code)
	}
	for status, header := range map[int][]string{403: nil, 200: {"Sec-Fetch-Site", "same-origin"}} {
		if w := c.ask("POST", "/v1/models/rollback", "", append(header, has...)...); w.Code != status {
			t.Errorf("a change with %v: %d, want %d", header, w.Code, status)
		}
	}
	for _, site := range []string{"cross-site", "same-site", "none"} {
		if w := c.ask("POST", "/v1/models/rollback", "", append([]string{"Sec-Fetch-Site", site}, has...)...); w.Code != 403 {
			t.Errorf("a change from %s: %d", site, w.Code)
		}
	}
	if w := c.ask("POST", "/v1/models/rollback", "", append([]string{"X-Requested-With", "docs"}, has...)...); w.Code != 200 {
		t.Errorf("a change with a header of one's own: %d", w.Code)
	}
	reader := cookieOf(login(readSecret, "/"))
	if w := c.ask("POST", "/v1/models/rollback", "", "Sec-Fetch-Site", "same-origin", "Cookie", reader.Name+"="+reader.Value); w.Code != 403 {
		t.Errorf("a change by a reader: %d", w.Code)
	}
	if w := c.ask("POST", "/logout", "", append([]string{"Sec-Fetch-Site", "same-origin"}, has...)...); w.Code != 303 || cookieOf(w).MaxAge >= 0 {
		t.Errorf("logging out: %d", w.Code)
	}

	raw, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		t.Fatal(err)
	}
	for k := range raw { // any bit that differs
		other := slices.Clone(raw)
		other[k] ^= 1
		if w := c.ask("GET", "/models", "", "Cookie", cookie.Name+"="+base64.RawURLEncoding.EncodeToString(other)); w.Code != 401 {
			t.Errorf("with byte %d of the session changed: %d", k, w.Code)
		}
	}
	other := newClient(t, Config{Backend: newScripted(), Keys: testKeys[:1]})
	if w := other.ask("GET", "/v1/stats", "", has...); w.Code != 401 {
		t.Errorf("where the key is gone: %d", w.Code)
	}
	c.now = func() time.Time { return time.Now().Add(sessionLife - time.Minute) }
	if w := c.ask("GET", "/models", "", has...); w.Code != 200 {
		t.Errorf("a minute before its end: %d", w.Code)
	}
	c.now = func() time.Time { return time.Now().Add(sessionLife + time.Minute) }
	if w := c.ask("GET", "/models", "", has...); w.Code != 401 {
		t.Errorf("a minute after its end: %d", w.Code)
	}
	behind := newClient(t, Config{Backend: newScripted(), Keys: testKeys, BehindTLS: true})
	w = behind.ask("POST", "/login", form(readSecret, "/"), "Content-Type", "application/x-www-form-urlencoded")
	if !cookieOf(w).Secure {
		t.Error("behind TLS the cookie is not marked for it")
	}
}

// Without keys a browser on this machine is not made use of by pages of the web.
func TestWithoutKeys(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Hosts: []string{"box.internal"}, Origins: []string{"https://app.example.com"}})
	c.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") }))
	for host, status := range map[string]int{"localhost:80": 200, "127.0.0.1:9": 200, "[::1]:9": 200, "[::1]": 200, "box.internal:80": 200, "evil.example": 421, "evil.example:80": 421, "": 421, "127.0.0.1.evil.example": 421} {
		r := httptest.NewRequest("GET", "/v1/stats", nil)
		r.Host = host
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		c.described(r, w)
		if w.Code != status {
			t.Errorf("Host %q: %d, want %d", host, w.Code, status)
		}
	}
	for _, test := range []struct {
		site, origin string
		status       int
	}{{"", "", 200}, {"same-origin", "http://localhost", 200}, {"none", "", 200}, {"cross-site", "https://evil.example", 403}, {"same-site", "http://localhost:1", 403}, {"", "https://evil.example", 403},
		{"cross-site", "https://app.example.com", 200}} {
		if w := c.ask("POST", "/v1/models/rollback", "", "Sec-Fetch-Site", test.site, "Origin", test.origin); w.Code != test.status {
			t.Errorf("%+v: %d", test, w.Code)
		}
	}
	c.MountAs("/api/", http.NotFoundHandler(), Rules{Writes: func(r *http.Request) bool { return r.URL.Query().Has("write") }})
	for _, path := range []string{"/api/x", "/api/x?write"} {
		for origin, status := range map[string]int{"https://app.example.com": 404, "https://evil.example": 403} {
			if w := c.ask("GET", path, "", "Sec-Fetch-Site", "cross-site", "Origin", origin); w.Code != status {
				t.Errorf("%s from %s: %d", path, origin, w.Code)
			}
		}
	}
	// A page that is asked for is logged as served, and a report may be made for who asks for it: pages of other origins have their browser ask for nothing,
	// be it as a picture, and follow links to pages alone.
	for _, test := range []struct {
		path, site, mode, dest string
		status                 int
	}{
		{"/v1/users/u/feed", "cross-site", "no-cors", "image", 403}, {"/v1/users/u/feed", "same-site", "no-cors", "image", 403}, {"/v1/users/u/feed", "cross-site", "cors", "empty", 403},
		{"/v1/users/u/feed", "cross-site", "navigate", "document", 403}, {"/api/x", "cross-site", "navigate", "document", 403}, {"/metrics", "cross-site", "no-cors", "script", 403},
		{"/v1/users/u/feed", "same-origin", "cors", "empty", 200}, {"/v1/users/u/feed", "none", "navigate", "document", 200}, {"/v1/users/u/feed", "", "", "", 200},
		{"/overview", "cross-site", "navigate", "document", 200}, {"/overview", "cross-site", "navigate", "iframe", 403}, {"/overview", "cross-site", "no-cors", "image", 403},
		{"/docs", "same-site", "navigate", "document", 200}, {"/health/live", "cross-site", "no-cors", "image", 200},
	} {
		w := c.ask("GET", test.path, "", "Sec-Fetch-Site", test.site, "Sec-Fetch-Mode", test.mode, "Sec-Fetch-Dest", test.dest)
		if w.Code != test.status {
			t.Errorf("%+v: %d", test, w.Code)
		}
	}
	if w := c.ask("GET", "/v1/stats", "", "Origin", "https://evil.example"); w.Code != 403 { // of a browser that does not tell of sites
		t.Errorf("from another origin: %d", w.Code)
	}
	if w := c.ask("GET", "/login?next=/x", ""); w.Code != 303 || w.Header().Get("Location") != "/x" {
		t.Errorf("/login without keys: %d", w.Code)
	}
	if w := c.ask("POST", "/login", "key=x", "Content-Type", "application/x-www-form-urlencoded"); w.Code != 401 {
		t.Errorf("POST /login without keys: %d", w.Code)
	}
}

func TestCORS(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys, Origins: []string{"https://app.example.com"}})
	ask := []string{"Origin", "https://app.example.com", "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "x-api-key"}
	w := c.ask("OPTIONS", "/v1/users/u", "", ask...)
	h := w.Header()
	if w.Code != 204 || h.Get("Access-Control-Allow-Origin") != ask[1] || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "PUT") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "X-API-Key") {
		t.Errorf("preflight: %d %v", w.Code, h)
	}
	for _, name := range []string{"Authorization", "Content-Type", "X-Request-Id", "Traceparent", "X-API-Version", "Idempotency-Key"} { // what docs/HTTP.md and docs/GORSE.md name
		if !slices.Contains(strings.Split(h.Get("Access-Control-Allow-Headers"), ", "), name) {
			t.Errorf("preflight: a page may not send %s", name)
		}
	}
	w = c.ask("GET", "/v1/stats", "", "Origin", ask[1], "X-API-Key", readSecret)
	for _, name := range []string{"X-Request-Id", "Retry-After", "Allow", "X-Write-Back"} {
		if !slices.Contains(strings.Split(w.Header().Get("Access-Control-Expose-Headers"), ", "), name) {
			t.Errorf("a page is not shown %s", name)
		}
	}
	if w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != ask[1] || w.Header().Get("Access-Control-Allow-Credentials") != "" || w.Header().Get("Vary") != "Origin" {
		t.Errorf("a page that may: %d %v", w.Code, w.Header())
	}
	ask[1] = "https://evil.example"
	if w := c.ask("OPTIONS", "/v1/users/u", "", ask...); w.Code != 401 || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a page that may not: %d", w.Code)
	}
	if w := newClient(t, Config{Backend: newScripted()}).ask("GET", "/v1/stats", "", "Origin", "https://app.example.com"); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("CORS is open by default")
	}
}

func TestSecurityHeaders(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys})
	c.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") }))
	for _, path := range []string{"/v1/stats", "/v1/nothing", "/", "/docs", "/docs/docs.css", "/login", "/metrics", "/health/live", "/openapi.json"} {
		for _, key := range []string{"", readSecret} {
			h := c.ask("GET", path, "", "X-API-Key", key).Header()
			policy := h.Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
				t.Errorf("%s: %q", path, policy)
			}
			if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Frame-Options") != "DENY" || h.Get("X-Request-Id") == "" {
				t.Errorf("%s: %v", path, h)
			}
		}
	}
}

// syncBuffer is a writer for a logger that several goroutines use.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Wherever a key stands, right or wrong, no line of the log, figure or answer holds it, nor any part of it.
func TestKeysAreNotTold(t *testing.T) {
	var out syncBuffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	f := newScripted()
	c := newClient(t, Config{Backend: f, Keys: testKeys, Logger: log})
	c.Mount("/broken/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }))
	const wrong = "mistyped-secret-0123456789"
	var answers strings.Builder
	take := func(w *httptest.ResponseRecorder) {
		body := w.Body.String()
		for _, values := range w.Header() {
			body += strings.Join(values, " ")
		}
		answers.WriteString(body)
	}
	for _, secret := range []string{readSecret, writeSecret, wrong} {
		for _, path := range []string{"/v1/stats", "/broken/", "/v1/users/nobody", "/nothing/" + secret, "/v1/stats?key=" + secret, "/v1/users/u/feed?n=" + secret} {
			take(c.ask("GET", path, "", "X-API-Key", secret))
			take(c.ask("GET", path, "", "Authorization", "Bearer "+secret))
			take(c.ask("GET", path, "", "Cookie", sessionCookie+"="+secret))
		}
		take(c.ask("POST", "/v1/events", `{"`+secret+`"`, "X-API-Key", writeSecret))
		take(c.ask("POST", "/login", "key="+secret, "Content-Type", "application/x-www-form-urlencoded"))
		f.fail = func(string) error { return errors.New("broken") }
		take(c.ask("GET", "/v1/stats", "", "X-API-Key", secret))
		take(c.ask("GET", "/v1/models", "", "X-API-Key", secret))
		f.fail = nil
	}
	take(c.ask("GET", "/metrics", "", "X-API-Key", readSecret))
	log.Info("keys", "one", testKeys[0], "all", fmt.Sprintf("%v %+v %#v %s", testKeys, testKeys, testKeys, testKeys[1]))
	if lines := strings.Count(out.String(), "\n"); lines < 50 {
		t.Fatalf("only %d lines were logged: the test looks at nothing", lines)
	}
	for _, secret := range []string{readSecret, writeSecret, wrong} {
		if strings.Contains(out.String(), secret[:14]) {
			t.Errorf("the log holds %s", secret)
		}
		if strings.Contains(answers.String(), secret[:14]) {
			t.Errorf("an answer holds %s", secret)
		}
	}
	if !strings.Contains(out.String(), `"key":"reader"`) || !strings.Contains(out.String(), `"refused":"key"`) {
		t.Error("the log does not name keys")
	}
}

func TestProfile(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys, Profile: true})
	for path, status := range map[string]int{"heap": 200, "goroutine": 200, "profile?seconds=1": 200, "trace?seconds=1": 200, "nothing": 404, "profile?seconds=0": 422, "profile?seconds=x": 422} {
		if w := c.ask("GET", "/debug/pprof/"+path, "", "X-API-Key", writeSecret); w.Code != status {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/debug/pprof", "/debug/pprof/"} { // which is what is offered
		w := c.ask("GET", path, "", "X-API-Key", writeSecret)
		if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, "/debug/pprof/heap\t") || !strings.Contains(body, "/debug/pprof/profile?seconds=10\t") || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %d: %s", path, w.Code, body)
		}
		for _, line := range strings.Split(strings.TrimSpace(w.Body.String()), "\n") {
			if name, _, _ := strings.Cut(line, "\t"); !strings.Contains(name, "?") && c.ask("GET", name, "", "X-API-Key", writeSecret).Code != 200 {
				t.Errorf("%s names %s, which is not there", path, name)
			}
		}
		if w := c.ask("GET", path, "", "X-API-Key", readSecret); w.Code != 403 {
			t.Errorf("%s with a key to read: %d", path, w.Code)
		}
	}
	if w := newClient(t, Config{Backend: newScripted(), Keys: testKeys}).ask("GET", "/debug/pprof/heap", "", "X-API-Key", writeSecret); w.Code != 404 {
		t.Errorf("not asked for: %d", w.Code)
	}
}
