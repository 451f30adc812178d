// The profiler, for keys that may write, where Config.Profile asks for it. It is written on runtime/pprof: net/http/pprof would give
// it to everyone who serves http.DefaultServeMux (the embedded log's library does, which is why nothing here serves that).

package server

import (
	"cmp"
	"fmt"
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) profileRoutes() {
	for pattern, answer := range map[string]http.HandlerFunc{"GET /debug/pprof": listProfiles, "GET /debug/pprof/{$}": listProfiles, "GET /debug/pprof/{name}": s.profile} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if v := visitOf(r.Context()); v == nil || v.key == nil || v.key.role != RoleWrite {
				writeProblem(w, problem(http.StatusForbidden, "a key that may write is expected"))
				return
			}
			answer(w, r)
		})
	}
}

// listProfiles names what there is, since the address alone is what people are told. The command line is not among it: an address of --nats may hold a password.
func listProfiles(w http.ResponseWriter, _ *http.Request) {
	profiles := pprof.Profiles()
	slices.SortFunc(profiles, func(a, b *pprof.Profile) int { return cmp.Compare(a.Name(), b.Name()) })
	var text strings.Builder
	for _, p := range profiles {
		fmt.Fprintf(&text, "/debug/pprof/%s\t%d\n", p.Name(), p.Count())
	}
	text.WriteString("/debug/pprof/profile?seconds=10\tof the processor\n/debug/pprof/trace?seconds=10\tof all that goes on\n")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := w.Write([]byte(text.String())); err != nil {
		return // the client is gone
	}
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
