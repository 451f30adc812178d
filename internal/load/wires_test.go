package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// counting is a server that counts its connections and answers with what it was sent.
func counting(t *testing.T, h http.HandlerFunc) (url string, connections *atomic.Int32, s *httptest.Server) {
	connections = new(atomic.Int32)
	s = httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, connections, s
}

func ask(t *testing.T, rt http.RoundTripper, ctx context.Context, url string, body io.Reader) (string, error) {
	t.Helper()
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rt.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return fmt.Sprint(a.StatusCode, " ", string(text)), err
}

// Bodies of a known length and in pieces, with and without one sent, all on one connection.
func TestWiresKeepAConnection(t *testing.T) {
	long := strings.Repeat("0123456789", 20_000)
	url, connections, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		case "/pieces":
			for range 2 {
				fmt.Fprint(w, long)
				_ = http.NewResponseController(w).Flush()
			}
		case "/echo":
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write(body)
		}
	})
	wires := new(Wires)
	for _, test := range []struct {
		path, send, want string
	}{{"/none", "", "204 "}, {"/pieces", "", "200 " + long + long}, {"/echo", long, "418 " + long}, {"/echo", "short", "418 short"}, {"/other", "", "200 "}} {
		var body io.Reader
		if test.send != "" {
			body = strings.NewReader(test.send)
		}
		if got, err := ask(t, wires, t.Context(), url+test.path, body); err != nil || got != test.want {
			t.Errorf("%s: %.40q, %v; %.40q is expected", test.path, got, err, test.want)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A connection that the server closed while it was idle is not a failure: what was sent on it is sent again, with its body. One that a server closes in place
// of the first answer is.
func TestWiresAskAgain(t *testing.T) {
	url, connections, s := counting(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slam" {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.Copy(w, r.Body)
	})
	wires := new(Wires)
	for k := range int32(3) {
		if got, err := ask(t, wires, t.Context(), url, bytes.NewReader([]byte("said"))); err != nil || got != "200 said" {
			t.Fatalf("%q, %v", got, err)
		}
		if n := connections.Load(); n != k+1 {
			t.Errorf("%d connections after %d requests", n, k+1)
		}
		s.CloseClientConnections()
	}
	if _, err := ask(t, new(Wires), t.Context(), url+"/slam", nil); !errors.Is(err, io.EOF) {
		t.Errorf("%v; the end of the connection is expected", err)
	}
}

// A context that ends ends the request, with its cause; the connection is not used again.
func TestWiresEndWithTheContext(t *testing.T) {
	let := make(chan struct{})
	url, connections, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			select {
			case <-let:
			case <-r.Context().Done():
			}
		}
	})
	defer close(let)
	wires := new(Wires)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	time.AfterFunc(20*time.Millisecond, func() { cancel(enough) })
	if _, err := ask(t, wires, ctx, url+"/wait", nil); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	late, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	_, err := ask(t, wires, late, url+"/wait", nil)
	if why := reasonOf(err); why != "no answer in time" {
		t.Errorf("%v is told as %q", err, why)
	}
	if got, err := ask(t, wires, t.Context(), url, nil); err != nil || got != "200 " {
		t.Errorf("after them: %q, %v", got, err)
	}
	if n := connections.Load(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

func TestWiresTakeNoTLS(t *testing.T) {
	if _, err := ask(t, new(Wires), t.Context(), "https://127.0.0.1:1", nil); err == nil || !strings.Contains(err.Error(), "https") {
		t.Errorf("%v", err)
	}
}
