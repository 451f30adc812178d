// What a Server is told at its start: the keys, the limits, the times. Zero values are safe ones.

package server

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seguefeed/segue/internal/setting"
)

// Config says what is served, to whom and how much. Backend is needed.
type Config struct {
	Backend Backend
	Keys    []Key // none: the server may listen on loopback only, and everyone who reaches it may do everything

	// Hosts are, while there are no keys, names beyond those of loopback that a request's Host may have, "*" for any. Others are refused, since a page
	// of the web could have made the request under a name of its own (DNS rebinding).
	Hosts   []string
	Origins []string // of pages that may call from a browser (CORS), such as https://app.example.com, or "*"; none by default

	Limits   Limits
	Timeouts Timeouts

	TLSCert, TLSKey string // files; "": plain HTTP
	BehindTLS       bool   // someone before the server speaks TLS: cookies are marked for it

	Profile bool         // /debug/pprof, for keys that may write
	Version string       // of the program, for the description of the interface
	Logger  *slog.Logger // nil: none. One line a request: never a key, a path, a query or a body
	Traces  *Tracer      // nil: none
}

// Limits bound what one request and all of them together may take.
type Limits struct {
	BodyBytes int64   // of a request's body; 0: 1 MB
	Events    int     // of one request, and rows of an upsert; 0: MaxEvents, which is also the most
	N         int     // cards or rows that are answered; 0: MaxN, which is also the most
	PerSecond float64 // requests of one key, and of all that need none; 0: 20,000; below 0: any number
	Burst     int     // that may come at once; 0: PerSecond
	InFlight  int     // requests at a time, those beyond are answered 503; 0: 512. An eighth besides is for who has no key. Memory: each holds its answer, and its body, of which see HeldBytes
	HeldBytes int64   // of the bodies of all requests together, those beyond are answered 503; 0: 128 MB. A body whose length is not said counts as the longest that is taken. Memory: up to six times as much, as JSON is read
}

// Timeouts of connections.
type Timeouts struct {
	ReadHeader time.Duration // 0: 5 s
	Read       time.Duration // of a whole request; 0: 30 s
	Write      time.Duration // from the end of the request's header to the end of the answer; 0: 60 s
	Idle       time.Duration // between requests; 0: 2 min
	Grace      time.Duration // for requests in flight when Serve is told to end; 0: 20 s
}

func orElse[T int | int64 | float64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// Check says what in c cannot be, of what can be told before there is a Backend. New says the same.
func (c Config) Check() error {
	c, err := c.checked()
	if err != nil {
		return err
	}
	_, err = newKeyring(c.Keys, c.Limits)
	return err
}

// checked fills in what is left out, and says what cannot be.
func (c Config) checked() (Config, error) {
	l, t := &c.Limits, &c.Timeouts
	l.BodyBytes = orElse(l.BodyBytes, 1<<20)
	l.Events = orElse(l.Events, MaxEvents)
	l.N = orElse(l.N, MaxN)
	l.PerSecond = orElse(l.PerSecond, 20_000)
	l.Burst = orElse(l.Burst, max(1, int(l.PerSecond)))
	l.InFlight = orElse(l.InFlight, 512)
	l.HeldBytes = orElse(l.HeldBytes, 128<<20)
	t.ReadHeader = orElse(t.ReadHeader, 5*time.Second)
	t.Read = orElse(t.Read, 30*time.Second)
	t.Write = orElse(t.Write, time.Minute)
	t.Idle = orElse(t.Idle, 2*time.Minute)
	t.Grace = orElse(t.Grace, 20*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	bad := func(field, format string, args ...any) (Config, error) {
		return c, setting.Wrong("server", field, format, args...)
	}
	switch {
	case l.BodyBytes < 1:
		return bad("Limits.BodyBytes", "%d; at least 1 is expected", l.BodyBytes)
	case l.Events < 1 || l.Events > MaxEvents:
		return bad("Limits.Events", "%d; 1 to %d are expected", l.Events, MaxEvents)
	case l.N < 1 || l.N > MaxN:
		return bad("Limits.N", "%d; 1 to %d are expected", l.N, MaxN)
	case math.IsNaN(l.PerSecond) || math.IsInf(l.PerSecond, 0):
		return bad("Limits.PerSecond", "a number is expected")
	case l.InFlight < 1:
		return bad("Limits.InFlight", "%d; at least 1 is expected", l.InFlight)
	case l.HeldBytes < 1:
		return bad("Limits.HeldBytes", "%d; at least 1 is expected", l.HeldBytes)
	case l.Burst < 1:
		return bad("Limits.Burst", "%d; at least 1 is expected", l.Burst)
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return bad("TLSCert, TLSKey", "both or neither are expected")
	case c.Profile && !slices.ContainsFunc(c.Keys, func(k Key) bool { return k.Role == RoleWrite }):
		return bad("Profile", "a key that may write is expected with it")
	case min(t.ReadHeader, t.Read, t.Write, t.Idle, t.Grace) < 0:
		return bad("Timeouts", "durations of at least 0 are expected")
	}
	for _, o := range c.Origins {
		u, err := url.Parse(o)
		switch {
		case o == "*" && len(c.Keys) == 0:
			return bad("Origins", "* needs keys: without them every page of the web could read what is served here")
		case o != "*" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != o):
			return bad("Origins", "%q; such as https://app.example.com is expected", o)
		}
	}
	return c, nil
}

// ErrOpen is given for an address that others than this machine reach, without a key to keep them out.
var ErrOpen = errors.New("server: others than this machine reach this address, and there is no API key")

// CheckAddress refuses an address that is not loopback while there are no keys. addr is host:port as for net.Listen, or the path of a socket.
func CheckAddress(addr string, keys []Key) error {
	if len(keys) > 0 || strings.HasPrefix(addr, "/") || strings.HasPrefix(addr, "@") {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("server: address %q: %w", addr, err)
	}
	if !loopback(host) {
		return fmt.Errorf("%w: %q; listen on 127.0.0.1 or set a key", ErrOpen, addr)
	}
	return nil
}

// loopback says whether host, a name or an address without a port, is this machine alone.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return err == nil && ip.Unmap().IsLoopback()
}
