// The profiler, for keys that may write, where Config.Profile asks for it. It is written on runtime/pprof: net/http/pprof would give
// it to everyone who serves http.DefaultServeMux (the embedded log's library does, which is why nothing here serves that).

package server

import (
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

func (s *Server) profileRoutes() {
	s.mux.HandleFunc("GET /debug/pprof/{name}", func(w http.ResponseWriter, r *http.Request) {
		if v := visitOf(r.Context()); v == nil || v.key == nil || v.key.role != RoleWrite {
			writeProblem(w, problem(http.StatusForbidden, "a key that may write is expected"))
			return
		}
		s.profile(w, r)
	})
}

func (s *Server) profile(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	seconds, err := strconv.Atoi(orText(r.URL.Query().Get("seconds"), "10"))
	if err != nil || seconds < 1 || seconds > 300 {
		writeProblem(w, invalid(field("query.seconds", "a whole number from 1 to 300 is expected")))
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	wait := func() {
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
		case <-r.Context().Done():
		}
	}
	busy := func(err error) {
		writeProblem(w, problem(http.StatusConflict, "another profile is being taken: "+err.Error()))
	}
	if name == "profile" || name == "trace" {
		deadline := time.Now().Add(time.Duration(seconds)*time.Second + s.cfg.Timeouts.Write)
		if err := http.NewResponseController(w).SetWriteDeadline(deadline); err != nil {
			s.log.Debug("the profile may be cut", "error", err)
		}
	}
	switch name {
	case "profile":
		if err := pprof.StartCPUProfile(w); err != nil {
			busy(err)
			return
		}
		wait()
		pprof.StopCPUProfile()
	case "trace":
		if err := trace.Start(w); err != nil {
			busy(err)
			return
		}
		wait()
		trace.Stop()
	default:
		p := pprof.Lookup(name)
		if p == nil {
			writeProblem(w, problem(http.StatusNotFound, "there is no such profile"))
			return
		}
		if err := p.WriteTo(w, 0); err != nil {
			s.log.Debug("a profile was not written whole", "error", err)
		}
	}
}
