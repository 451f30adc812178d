package stream

// The connection to the server, whichever it is, and what is done when it fails.

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seguefeed/segue/internal/durable"
)

func subjectOf(name string) string { return name + ".events" }
func wakeOf(name string) string    { return name + ".appended" }

// connect starts the embedded server, if it is that, and makes the stream or brings its settings up to date.
func (l *Log) connect(ctx context.Context) error {
	opts := []nats.Option{nats.Name("segue"), nats.Timeout(l.cfg.Timeout), nats.ReconnectBufSize(-1), nats.NoEcho(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { l.log.Warn("the log's connection", "error", err) })}
	if l.cfg.URL == "" {
		server, err := startServer(filepath.Join(l.cfg.Dir), l.log)
		if err != nil {
			return fmt.Errorf("stream: %s: %w", l.cfg.Dir, err)
		}
		l.server = server
		opts = append(opts, nats.InProcessServer(server.nats), nats.NoReconnect())
	} else {
		// A server that refuses the name or the password for now, since it is being set up, may let us in later.
		opts = append(opts, nats.MaxReconnects(-1), nats.ReconnectWait(500*time.Millisecond), nats.IgnoreAuthErrorAbort(),
			nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
				if err != nil { // else we closed it
					l.log.Warn("the cluster is gone", "error", err)
				}
			}),
			nats.ReconnectHandler(func(c *nats.Conn) { l.log.Info("the cluster is back", "server", c.ConnectedServerName()) }))
		if l.cfg.Credentials != "" {
			opts = append(opts, nats.UserCredentials(l.cfg.Credentials))
		}
	}
	nc, err := nats.Connect(l.cfg.URL, opts...)
	if err != nil {
		return fmt.Errorf("stream: connecting to %s: %w", strings.Join(l.cfg.hosts(), ", "), err)
	}
	at := &link{nc: nc}
	if err := l.prepare(ctx, at); err != nil {
		nc.Close()
		return fmt.Errorf("stream: stream %q: %w", l.cfg.Name, hinted(err, l.cfg))
	}
	l.groupBytes.Store(min(MaxGroupBytes, nc.MaxPayload()-1024)) // of which headers need some
	if l.groupBytes.Load() < MaxEvent+1 {
		nc.Close()
		return fmt.Errorf("stream: the cluster takes messages of %d bytes at most; %d are needed", nc.MaxPayload(), MaxEvent+1025)
	}
	l.conn.Store(at)
	return nil
}

// hinted says what to look at, where a server cannot keep the stream.
func hinted(err error, cfg Config) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("the server at %s does not answer for JetStream; it is to be started with it, and the account allowed it: %w", strings.Join(cfg.hosts(), ", "), err)
	case errors.As(err, &api) && api.ErrorCode == codeNoRoom:
		return fmt.Errorf("there is no room for MaxBytes, %d bytes, which are set aside: %w", cfg.MaxBytes, err)
	}
	return err
}

const codeNoRoom = 10047

// hosts are those of URL, in its order and without the names and passwords that it may hold: the only part of it that may be told.
func (c *Config) hosts() (hosts []string) {
	for address := range strings.SplitSeq(c.URL, ",") {
		if address = strings.TrimSpace(address); address == "" {
			continue
		}
		if !strings.Contains(address, "://") {
			address = "nats://" + address
		}
		host := ""
		if u, err := url.Parse(address); err == nil && (u.Scheme == "nats" || u.Scheme == "tls" || u.Scheme == "ws" || u.Scheme == "wss") && u.Hostname() != "" {
			host = u.Host
		}
		hosts = append(hosts, host) // "" is that of no address
	}
	return hosts
}

// reason is err in words of the log, where those of the connection mislead.
func reason(err error) error {
	var said *jetstream.APIError
	switch {
	case errors.Is(err, nats.ErrReconnectBufExceeded):
		return errAway
	case errors.Is(err, nats.ErrTimeout):
		return errSilent
	case errors.As(err, &said) && said.ErrorCode == codeStoreFailed:
		return errFull
	}
	return err
}

// Reasons in words for who sends events, where the library's are codes.
var (
	errAway   = errors.New("the cluster cannot be reached")
	errSilent = errors.New("the log does not answer")
	errFull   = errors.New("the log, or the disk that it is on, is full")
)

func (l *Log) prepare(ctx context.Context, at *link) (err error) {
	if at.js, err = jetstream.New(at.nc, jetstream.WithDefaultTimeout(l.cfg.Timeout)); err != nil {
		return err
	}
	want := jetstream.StreamConfig{Name: l.cfg.Name, Description: "what segue served and what happened", Subjects: []string{subjectOf(l.cfg.Name)},
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, MaxBytes: l.cfg.MaxBytes, MaxAge: l.cfg.MaxAge,
		Replicas: l.cfg.Replicas, AllowDirect: true, AllowAtomicPublish: true, DenyDelete: true}
	at.stream, err = at.js.Stream(ctx, l.cfg.Name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		at.stream, err = at.js.CreateStream(ctx, want)
	case err == nil:
		is := at.stream.CachedInfo().Config
		if is.Storage != want.Storage || !is.AllowDirect || !is.AllowAtomicPublish || is.Discard != want.Discard || is.MaxBytes != want.MaxBytes || is.MaxAge != want.MaxAge || is.Replicas != want.Replicas {
			at.stream, err = at.js.UpdateStream(ctx, want)
		}
	}
	if err != nil {
		return err
	}
	if l.cfg.URL != "" {
		_, err = at.nc.Subscribe(wakeOf(l.cfg.Name), func(*nats.Msg) {
			select {
			case l.wake <- struct{}{}:
			default:
			}
		})
	}
	return err
}

// info asks the stream how it is.
func (l *Log) info(ctx context.Context) (*jetstream.StreamInfo, error) {
	at := l.conn.Load()
	if at == nil {
		return nil, ErrClosed
	}
	ctx, stop := context.WithTimeout(ctx, l.cfg.Timeout)
	defer stop()
	info, err := at.stream.Info(ctx)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.state = info.State
	l.mu.Unlock()
	return info, nil
}

// measure finds the seq of the first event, which changes as events are dropped.
func (l *Log) measure(ctx context.Context) error {
	info, err := l.info(ctx)
	if err != nil {
		return l.unavailable(err)
	}
	l.mu.Lock()
	same := info.State.Msgs > 0 && info.State.FirstSeq == l.firstMsg
	l.mu.Unlock()
	if same {
		return nil
	}
	var head *group
	if info.State.Msgs > 0 {
		if head, err = l.head(ctx, info.State.FirstSeq, info.State.LastSeq); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first, l.firstMsg = l.last+1, 0
	if head != nil {
		l.first, l.firstMsg = head.first, head.msg
	}
	return nil
}

// catchUp reads what others appended.
func (l *Log) catchUp() error {
	ctx := context.Background()
	info, err := l.info(ctx)
	if err != nil {
		return l.unavailable(err)
	}
	switch last := info.State.LastSeq; {
	case last < l.lastMsg:
		return &DamageError{Where: l.where(), Why: fmt.Sprintf("the log ends at message %d; message %d was acknowledged", last, l.lastMsg)}
	case last == l.lastMsg:
		return nil
	}
	at := place{l.lastMsg + 1, l.last + 1}
	for at.msg <= info.State.LastSeq && err == nil {
		var groups []group
		if groups, err = l.fetch(ctx, at.msg, info.State.LastSeq, fetchGroups, true); len(groups) == 0 && err == nil {
			err = l.unavailable(errors.New("a message that was written cannot be read yet"))
		}
		for _, g := range groups {
			if g.msg > at.msg && g.first > at.event {
				if err := l.missing(ctx, at.msg, Range{at.event, g.first - 1}); err != nil {
					return err
				}
			}
			events, err := g.next(g.left())
			if err != nil {
				return fmt.Errorf("stream: stream %q: %w", l.cfg.Name, err)
			}
			l.learn(g.msg, events)
			at = place{g.msg + 1, g.first + uint64(g.count)}
		}
	}
	return err
}

// tick is how often the writer looks, between writes.
const tick = time.Second

// look is what the writer does between writes: it sees what others appended, and tries to heal what is broken.
func (l *Log) look() {
	l.mu.Lock()
	refusing, hold := l.refusing, l.hold
	l.mu.Unlock()
	if errors.Is(refusing, ErrDamaged) {
		return // a start that accepts the loss heals it
	}
	if hold && l.server != nil {
		if l.patience > 0 {
			l.patience--
			return
		}
		if err := l.restart(); err != nil {
			l.refuse(true, err)
			return
		}
		l.tries = min(l.tries+1, 5) // it may fail again: after 1, 3, 7, 15, 31 ticks
		l.patience = 1<<l.tries - 1
	}
	err := l.catchUp()
	if err == nil {
		err = l.measure(context.Background())
	}
	if err != nil {
		l.refuse(true, err)
		return
	}
	l.mu.Lock()
	full := int64(l.state.Bytes) > l.cfg.MaxBytes-l.cfg.MaxBytes/64
	l.mu.Unlock()
	if hold || refusing != nil && !full {
		l.accept()
	}
}

// restart starts the embedded server anew, which after a failed write is the only way to go on, once the disk takes writes again.
func (l *Log) restart() error {
	if err := probe(l.cfg.Dir); err != nil {
		return err
	}
	if at := l.conn.Load(); at != nil {
		at.nc.Close()
	}
	l.server.stop()
	ctx, stop := context.WithTimeout(context.Background(), l.cfg.Timeout)
	defer stop()
	return l.connect(ctx)
}

// probe writes a MiB to a file of dir, syncs it and takes it away.
func probe(dir string) error {
	path := filepath.Join(dir, "probe")
	if err := durable.Write(path, 0o600, make([]byte, 1<<20)); err != nil {
		return err
	}
	return os.Remove(path)
}
