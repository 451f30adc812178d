// Whether the server lives, and whether it can do its work.

package server

import (
	"net/http"
)

func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	s.writeJSON(w, http.StatusOK, map[string]bool{"live": true})
}

// ready answers 503 with the reasons while pages cannot be made, and while the server ends, so that whoever spreads requests sends none.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	h := s.backend.Health()
	if s.draining.Load() {
		h.Ready = false
		h.Reasons = append([]string{"the server is ending"}, h.Reasons...)
	}
	status := http.StatusOK
	if !h.Ready {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	}
	s.writeJSON(w, status, h)
}

// writeJSON answers outside of /v1.
func (s *Server) writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := s.marshal(w, v); err != nil {
		s.log.Error("an answer cannot be written", "error", err)
	}
}
