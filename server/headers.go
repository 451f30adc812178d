// What browsers are told on every answer, and which pages of other origins may call.

package server

import (
	"net/http"
	"slices"
	"strings"
)

// Policies of content: of data, nothing; of pages, what this server holds.
var (
	dataPolicy = []string{"default-src 'none'; frame-ancestors 'none'"}
	pagePolicy = []string{"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}

	noSniff    = []string{"nosniff"}
	deny       = []string{"DENY"}
	noReferrer = []string{"no-referrer"}
	sameOrigin = []string{"same-origin"}
	noStore    = []string{"no-store"}
)

// isAPI says whether path is of data rather than of pages.
func isAPI(path string) bool {
	for _, prefix := range []string{"/v1/", "/api/", "/health/", "/metrics", "/openapi", "/debug/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// setSecurity sets what handlers may still replace: a page that needs another policy, a picture that may be kept. The slices are shared and never changed.
func setSecurity(h http.Header, path string) {
	policy := pagePolicy
	if isAPI(path) {
		policy = dataPolicy
	}
	h["Content-Security-Policy"] = policy
	h["X-Content-Type-Options"] = noSniff
	h["X-Frame-Options"] = deny
	h["Referrer-Policy"] = noReferrer // paths hold users' ids
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	h["Cache-Control"] = noStore
}

// Headers that docs/HTTP.md and docs/GORSE.md name: a browser neither sends nor shows the script others, beyond those of every request.
const (
	askHeaders    = "Authorization, Content-Type, Idempotency-Key, Traceparent, Tracestate, X-API-Key, X-API-Version, X-Request-Id"
	answerHeaders = "Allow, Retry-After, X-Request-Id, X-Write-Back"
)

// cors lets the pages of Config.Origins call, and answers a browser that asks first. Cookies are never let through.
func (s *Server) cors(w http.ResponseWriter, r *http.Request) (preflight bool) {
	if len(s.cfg.Origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !slices.Contains(s.cfg.Origins, origin) && !slices.Contains(s.cfg.Origins, "*") {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", answerHeaders)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	h.Set("Access-Control-Allow-Headers", askHeaders)
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
