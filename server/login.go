// How a person in a browser gets in: a key, typed once, becomes a session in a cookie that no script reads and no other site sends.

package server

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed assets/login.html
var loginHTML string

//go:embed assets/login.css
var loginCSS string

var (
	loginPage   = template.Must(template.New("login").Parse(loginHTML))
	loginPolicy = "default-src 'none'; style-src 'sha256-" + hash64(loginCSS) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func hash64(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (s *Server) loginRoutes() {
	s.mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		if len(s.keys) == 0 {
			http.Redirect(w, r, localPath(r.URL.Query().Get("next")), http.StatusSeeOther)
			return
		}
		s.askKey(w, http.StatusOK, r.URL.Query().Get("next"), "")
	})
	s.mux.HandleFunc("POST /login", s.login)
	s.mux.HandleFunc("POST /logout", s.logout)
}

func (s *Server) askKey(w http.ResponseWriter, status int, next, problem string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", loginPolicy)
	w.WriteHeader(status)
	err := loginPage.Execute(w, map[string]any{"Style": template.CSS(loginCSS), "Next": localPath(next), "Problem": problem})
	if err != nil {
		s.log.Warn("the page for keys cannot be written", "error", err)
	}
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		writeProblem(w, problem(http.StatusForbidden, "keys are taken from this server's own page alone"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		s.askKey(w, http.StatusBadRequest, "", "What was sent cannot be read.")
		return
	}
	key := s.keys.bySecret(strings.TrimSpace(r.PostForm.Get("key")))
	if key == nil {
		s.metrics.refused("login")
		s.askKey(w, http.StatusUnauthorized, r.PostForm.Get("next"), "This key is not known here.")
		return
	}
	if v := visitOf(r.Context()); v != nil {
		v.key = key
	}
	s.setSession(w, r, key.newSession(s.now()), int(sessionLife.Seconds()))
	http.Redirect(w, r, localPath(r.PostForm.Get("next")), http.StatusSeeOther)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	s.setSession(w, r, "", -1)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func (s *Server) setSession(w http.ResponseWriter, r *http.Request, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil || s.cfg.BehindTLS,
	})
}

// localPath keeps a redirect on this server.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

func nextQuery(path string) string { return url.Values{"next": {path}}.Encode() }
