// A Server as an http.Handler: what stands before every route. requests.go follows one request through it, api*.go hold the routes of /v1.

package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"

	"github.com/seguefeed/segue/internal/setting"
)

// Server answers over HTTP. New makes one; its methods may be called by many at once. It has no goroutine of its own but those of Serve.
type Server struct {
	cfg         Config
	backend     *counted
	log         *slog.Logger
	keys        keyring
	unkeyed     *rate.Limiter // of all requests that need no key; nil: none
	crossOrigin *http.CrossOriginProtection
	mux         *http.ServeMux
	api         huma.API
	describe    func() []byte // the interface's description in JSON
	metrics     *metrics
	upserts     [64]sync.Mutex // held while one user or item is read, changed and written
	ids         requestIDs
	now         func() time.Time
	rules       map[string]Rules // by prefix
	rootTaken   bool             // by Mount("/")
	sealed      sync.Once        // at the first request

	active   atomic.Int64 // requests in the server
	limited  atomic.Int64 // of them, those that count towards Limits.InFlight
	guests   atomic.Int64 // and those that count towards the part of it for who has no key
	held     atomic.Int64 // bytes of bodies, towards Limits.HeldBytes
	draining atomic.Bool
}

// New checks cfg and makes the routes. Handlers of other interfaces join by Mount.
func New(cfg Config) (*Server, error) {
	if cfg.Backend == nil {
		return nil, setting.Wrong("server", "Backend", "one is expected")
	}
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, log: cfg.Logger, mux: http.NewServeMux(), crossOrigin: http.NewCrossOriginProtection(), now: time.Now, ids: newRequestIDs(), rules: map[string]Rules{},
	}
	if s.keys, err = newKeyring(cfg.Keys, cfg.Limits); err != nil {
		return nil, err
	}
	s.unkeyed = newLimiter(cfg.Limits)
	for _, o := range cfg.Origins {
		if o == "*" {
			continue
		}
		if err := s.crossOrigin.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("server: Origins: %w", err)
		}
	}
	s.backend = &counted{Backend: cfg.Backend}
	s.metrics = newMetrics(s)
	s.routes()
	return s, nil
}

// Backend is the one of Config, counting for /metrics what passes through it. Handlers that are mounted should ask this one.
func (s *Server) Backend() Backend { return s.backend }

// Rules are what a mounted interface has of its own. Zero: those of the server.
type Rules struct {
	Open      func(r *http.Request) bool                   // whether r needs no key; nil: all need one
	Writes    func(r *http.Request) bool                   // whether r needs a key that may write; nil: all but GET and HEAD
	Refuse    func(w http.ResponseWriter, r *http.Request) // answers where the key is missing or may not; nil: problem details
	BodyBytes int64                                        // 0: Limits.BodyBytes; below 0: the handler bounds what it reads itself
}

// Mount gives all paths under prefix to h, behind the same keys, limits and headers as the server's own routes. prefix begins and ends with a slash and
// is not taken away; of two, the longer one gets a request. Mount before the first request; it panics on a prefix that is taken, as http.ServeMux does.
func (s *Server) Mount(prefix string, h http.Handler) { s.MountAs(prefix, h, Rules{}) }

// MountAs is Mount with rules.
func (s *Server) MountAs(prefix string, h http.Handler, rules Rules) {
	if !strings.HasPrefix(prefix, "/") || !strings.HasSuffix(prefix, "/") {
		panic(fmt.Sprintf("server: Mount(%q): a slash at both ends is expected", prefix))
	}
	s.rootTaken = s.rootTaken || prefix == "/"
	s.mux.Handle(prefix, h)
	s.rules[prefix] = rules
}

// rulesOf are those of the handler that gets r. The mux says which that is: a prefix of the path would not tell, since paths may be escaped.
func (s *Server) rulesOf(r *http.Request) Rules {
	if len(s.rules) == 0 {
		return Rules{}
	}
	_, pattern := s.mux.Handler(r)
	return s.rules[pattern]
}

// seal gives what no route matches to notFound.
func (s *Server) seal() {
	if !s.rootTaken {
		s.mux.HandleFunc("/", s.notFound)
	}
}

// routes registers what the server answers itself.
func (s *Server) routes() {
	s.mux.HandleFunc("GET /health/live", s.live)
	s.mux.HandleFunc("GET /health/ready", s.ready)
	s.mux.Handle("GET /metrics", s.metrics.handler())
	s.loginRoutes()
	s.docsRoutes()
	if s.cfg.Profile {
		s.profileRoutes()
	}
	s.apiRoutes()
	for _, prefix := range []string{"/v1/", "/health/", "/docs/", "/debug/"} { // also where Mount took the root
		s.mux.HandleFunc(prefix, s.notFound)
	}
}

// methods that a path may have.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// notFound answers where no route matches, with 405 where one of another method does.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	if again := withSlashes(r); again != nil {
		defer func() { r.Pattern = again.Pattern }() // what the log and the metrics tell
		s.mux.ServeHTTP(w, again)
		return
	}
	var allowed []string
	for _, method := range methods {
		probe := *r
		probe.Method = method
		if _, pattern := s.mux.Handler(&probe); strings.HasPrefix(pattern, method+" ") {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		writeProblem(w, problem(http.StatusNotFound, "there is nothing at this path"))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeProblem(w, problem(http.StatusMethodNotAllowed, fmt.Sprintf("%s is not possible here; %s is", r.Method, strings.Join(allowed, ", "))))
}
