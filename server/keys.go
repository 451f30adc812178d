// Who may do what. A key comes in a header, or, for pages, as a session in a cookie. Secrets are kept as hashes alone, and compared without telling by
// the time it takes how much of one was right, how long it is, or which of the keys it is.

package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/seguefeed/segue/internal/setting"
)

// Role is what a key allows.
type Role string

// The roles. Read allows GET and HEAD.
const (
	RoleRead  Role = "read"
	RoleWrite Role = "write"
)

// Key lets its holder in. It is never printed with its secret.
type Key struct {
	Name   string // for logs: letters, digits, dots, dashes and underscores
	Role   Role
	Secret string // MinKey bytes at least, of printable ASCII without spaces
}

// MinKey is the length of a key that nobody guesses.
const MinKey = 16

// String keeps the secret out of prints.
func (k Key) String() string { return fmt.Sprintf("key %s (%s)", k.Name, k.Role) }

// GoString keeps it out of %#v.
func (k Key) GoString() string { return k.String() }

// LogValue keeps it out of logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// heldKey is a Key as the server keeps it.
type heldKey struct {
	name    string
	role    Role
	sum     [sha256.Size]byte
	session [sha256.Size]byte // signs sessions
	limiter *rate.Limiter     // nil: none
}

type keyring []*heldKey

var keyName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func newKeyring(keys []Key, l Limits) (keyring, error) {
	var ring keyring
	for k, key := range keys {
		bad := func(field, problem string) (keyring, error) {
			return nil, setting.Wrong("server", fmt.Sprintf("Keys[%d].%s", k, field), "%s", problem)
		}
		printable := func(r rune) bool { return r <= ' ' || r > '~' }
		switch {
		case !keyName.MatchString(key.Name):
			return bad("Name", "1 to 64 letters, digits, dots, dashes and underscores are expected")
		case key.Role != RoleRead && key.Role != RoleWrite:
			return bad("Role", fmt.Sprintf("%q; %q or %q is expected", key.Role, RoleRead, RoleWrite))
		case len(key.Secret) < MinKey:
			return bad("Secret", fmt.Sprintf("%d bytes; at least %d are expected, so that nobody guesses it", len(key.Secret), MinKey))
		case strings.ContainsFunc(key.Secret, printable):
			return bad("Secret", "printable ASCII without spaces is expected, since it is sent in a header")
		}
		held := &heldKey{name: key.Name, role: key.Role, sum: sha256.Sum256([]byte(key.Secret)), limiter: newLimiter(l)}
		held.session = signed([]byte(key.Secret), []byte("segue session key"))
		for _, other := range ring {
			if other.name == held.name || other.sum == held.sum {
				return bad("Name", "names and secrets of their own are expected; another key has the same")
			}
		}
		ring = append(ring, held)
	}
	return ring, nil
}

func newLimiter(l Limits) *rate.Limiter {
	if l.PerSecond < 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(l.PerSecond), l.Burst)
}

func signed(key, message []byte) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	h.Sum(sum[:0])
	return sum
}

// bySecret gives the key of a secret, nil where there is none. It compares with all of them.
func (ring keyring) bySecret(secret string) (found *heldKey) {
	sum := sha256.Sum256([]byte(secret))
	for _, k := range ring {
		if subtle.ConstantTimeCompare(sum[:], k.sum[:]) == 1 {
			found = k
		}
	}
	return found
}

// A session says until when it holds and is signed by its key: eight bytes of seconds since 1970, then the signature. It needs no memory of the server,
// outlives a restart, and ends with its key.
const (
	sessionCookie = "segue_session"
	sessionLife   = 12 * time.Hour
)

func (k *heldKey) newSession(now time.Time) string {
	until := binary.BigEndian.AppendUint64(nil, uint64(now.Add(sessionLife).Unix()))
	sum := signed(k.session[:], until)
	return base64.RawURLEncoding.EncodeToString(append(until, sum[:]...))
}

// bySession gives the key of a session, nil where it does not hold.
func (ring keyring) bySession(value string, now time.Time) (found *heldKey) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(data) != 8+sha256.Size {
		return nil
	}
	for _, k := range ring {
		sum := signed(k.session[:], data[:8])
		if subtle.ConstantTimeCompare(sum[:], data[8:]) == 1 {
			found = k
		}
	}
	until := binary.BigEndian.Uint64(data)
	if found != nil && (until > 1<<62 || !now.Before(time.Unix(int64(until), 0))) {
		return nil
	}
	return found
}

// refusal is why a request goes no further.
type refusal struct {
	status int
	why    string // for metrics
	detail string
}

// admit finds the key of a request that changes something or does not, and says why it may not be done, if so.
func (s *Server) admit(r *http.Request, writes bool) (*heldKey, *refusal) {
	if len(s.keys) == 0 {
		return nil, s.admitLocal(r, writes)
	}
	key, byCookie, given := s.keyOf(r)
	switch {
	case key == nil && given:
		return nil, &refusal{http.StatusUnauthorized, "key", "this key is not known here"}
	case key == nil:
		return nil, &refusal{http.StatusUnauthorized, "key", "a key is expected, in the header X-API-Key or as Authorization: Bearer"}
	case byCookie && writes && r.Header.Get("Sec-Fetch-Site") != "same-origin" && r.Header.Get("X-Requested-With") == "":
		return key, &refusal{http.StatusForbidden, "cross_site", "a session changes things from this server's own pages alone; use a key in a header"}
	case writes && key.role != RoleWrite:
		return key, &refusal{http.StatusForbidden, "role", "this key may read; one that may write is expected"}
	}
	return key, nil
}

func (s *Server) keyOf(r *http.Request) (key *heldKey, byCookie, given bool) {
	if secret := r.Header.Get("X-API-Key"); secret != "" {
		return s.keys.bySecret(secret), false, true
	}
	if scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return s.keys.bySecret(strings.TrimSpace(secret)), false, true
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		return s.keys.bySession(c.Value, s.now()), true, true
	}
	return nil, false, false
}

// admitLocal holds back what a page of the web might make a browser on this machine do while there are no keys: requests under a foreign name
// (DNS rebinding), and requests from other origins. Those that only read are among them, since reading does things too: a page of cards is logged as
// served, a report is made. A link to a page for people may be followed.
func (s *Server) admitLocal(r *http.Request, writes bool) *refusal {
	if !s.knownHost(r.Host) {
		return &refusal{http.StatusMisdirectedRequest, "host", "without keys the server answers to the names of loopback alone"}
	}
	probe := *r
	probe.Method = http.MethodPost // a GET would pass
	if s.crossOrigin.Check(&probe) != nil && (writes || !followed(r)) {
		return &refusal{http.StatusForbidden, "cross_site", "without keys pages of other origins ask and change nothing here"}
	}
	return nil
}

// followed says whether a person followed a link to a page, or typed it.
func followed(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" && !isAPI(r.URL.Path)
}

func (s *Server) knownHost(hostport string) bool {
	host := hostport
	if k := strings.LastIndexByte(host, ':'); k >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:k]
	}
	if loopback(host) {
		return true
	}
	for _, h := range s.cfg.Hosts {
		if h == "*" || strings.EqualFold(h, host) || strings.EqualFold(h, hostport) {
			return true
		}
	}
	return false
}
