// The interface described: /openapi.json, and /docs, a page of our own that reads it and lets one try each operation. Nothing comes from outside.

package server

import (
	"embed"
	"net/http"
)

//go:embed assets/docs.html assets/docs.js assets/docs.css
var docsFiles embed.FS

func (s *Server) docsRoutes() {
	s.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
		if _, err := w.Write(s.describe()); err != nil {
			return // the client is gone
		}
	})
	for path, file := range map[string]struct{ name, kind string }{
		"/docs":          {"assets/docs.html", "text/html; charset=utf-8"},
		"/docs/docs.js":  {"assets/docs.js", "text/javascript; charset=utf-8"},
		"/docs/docs.css": {"assets/docs.css", "text/css; charset=utf-8"},
	} {
		s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			data, err := docsFiles.ReadFile(file.name)
			if err != nil {
				writeProblem(w, problem(http.StatusInternalServerError, "the page is missing"))
				return
			}
			w.Header().Set("Content-Type", file.kind)
			if _, err := w.Write(data); err != nil {
				return // the client is gone
			}
		})
	}
}
