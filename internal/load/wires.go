// Connections that cost the driver little: it shares its processors with the server that it measures.

package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Wires is an http.RoundTripper for HTTP/1.1 without TLS that writes a request and reads its answer where it is asked to, where that of net/http hands both to goroutines of
// the connection. There are as many connections as requests at once, and they are kept; bodies are read whole, and nothing is unpacked, retried on another address or
// taken from a proxy. It ends a request when its context ends. It may be used by several goroutines; the zero value is ready.
type Wires struct {
	mu   sync.Mutex
	idle []*wire
	dial net.Dialer
}

type wire struct {
	host string
	conn net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	used bool // has brought an answer
}

// RoundTrip implements http.RoundTripper.
func (s *Wires) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if r.URL.Scheme != "http" {
		return nil, errors.New("load: connections without TLS were asked for " + r.URL.Scheme)
	}
	for {
		c, err := s.take(r.Context(), r.URL.Host)
		if err != nil {
			return nil, causeOf(r.Context(), err)
		}
		used := c.used
		a, began, err := c.ask(r)
		if err == nil {
			if !a.Close {
				s.give(c)
			} else {
				_ = c.conn.Close() // it has told all
			}
			return a, nil
		}
		_ = c.conn.Close() // the error before is the one that matters
		// A server closes connections that were idle for long; what was asked just then was not heard, and is asked again.
		if unheard := used && !began && r.Context().Err() == nil; !unheard || r.Body != nil && r.GetBody == nil {
			return nil, causeOf(r.Context(), err)
		}
		if r.Body != nil {
			again := *r // the caller's stays as it is
			if again.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
			r = &again
		}
	}
}

// causeOf is why the context ended, if it did, in place of what the connection met then.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (s *Wires) take(ctx context.Context, host string) (*wire, error) {
	s.mu.Lock()
	for k := len(s.idle) - 1; k >= 0; k-- { // the one that was used last
		if c := s.idle[k]; c.host == host {
			s.idle = append(s.idle[:k], s.idle[k+1:]...)
			s.mu.Unlock()
			return c, nil
		}
	}
	s.mu.Unlock()
	address := host
	if _, _, err := net.SplitHostPort(host); err != nil {
		address = net.JoinHostPort(host, "80")
	}
	conn, err := s.dial.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &wire{host: host, conn: conn, r: bufio.NewReaderSize(conn, 16<<10), w: bufio.NewWriterSize(conn, 16<<10)}, nil
}

func (s *Wires) give(c *wire) {
	c.used = true
	s.mu.Lock()
	s.idle = append(s.idle, c)
	s.mu.Unlock()
}

// CloseIdleConnections closes those that no request uses.
func (s *Wires) CloseIdleConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.idle {
		_ = c.conn.Close() // nothing is under way
	}
	s.idle = nil
}

// ask writes a request and reads its answer; began says whether any of that came.
func (c *wire) ask(r *http.Request) (a *http.Response, began bool, err error) {
	if err := c.conn.SetDeadline(time.Time{}); err != nil {
		return nil, false, err
	}
	stop := context.AfterFunc(r.Context(), func() { _ = c.conn.SetDeadline(time.Unix(1, 0)) }) // reading or writing fails, and says why
	defer func() {
		if !stop() && err == nil { // the deadline may be set at any moment: the connection is not for the next
			a.Close = true
		}
	}()
	if err = r.Write(c.w); err == nil {
		err = c.w.Flush()
	}
	if err != nil {
		return nil, false, err
	}
	if _, err = c.r.Peek(1); err != nil {
		return nil, false, err
	}
	if a, err = http.ReadResponse(c.r, r); err != nil {
		return nil, true, err
	}
	defer a.Body.Close()
	body := bytes.NewBuffer(make([]byte, 0, max(a.ContentLength, 512)))
	if _, err = body.ReadFrom(a.Body); err != nil {
		return nil, true, err
	}
	a.Body = io.NopCloser(body)
	return a, true, nil
}
