package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// noneLeft fails the test where goroutines of it outlive it.
func noneLeft(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				stacks := make([]byte, 1<<20)
				t.Errorf("%d goroutines are left of %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
	})
}

// listening starts s on a port of loopback; end ends it and gives what Serve returned.
func listening(t testing.TB, s *Server) (address string, end func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Serve(ctx, l) }()
	var ended bool
	end = func() error {
		if ended {
			return nil
		}
		ended = true
		cancel()
		return <-result
	}
	t.Cleanup(func() { end() })
	return l.Addr().String(), end
}

// Told to end, the server finishes what it has begun and takes nothing new.
func TestServeDrains(t *testing.T) {
	noneLeft(t)
	f := newScripted()
	entered, leave := make(chan bool), make(chan bool)
	f.wait = func(ctx context.Context, what string) {
		if what == "Feed" {
			entered <- true
			<-leave
			if ctx.Err() != nil {
				t.Error("a request in flight was cut")
			}
		}
	}
	s, err := New(Config{Backend: f})
	if err != nil {
		t.Fatal(err)
	}
	address, end := listening(t, s)
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + address + "/v1/users/u/feed?n=1")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		answer <- res.Status + string(data)
		if err != nil {
			t.Error(err)
		}
	}()
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- end() }()
	for !s.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) { // until the listener is closed
		c, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		c.Close()
		if time.Now().After(end) {
			t.Fatal("new connections are taken")
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("Serve ended before the request: %v", err)
	default:
	}
	close(leave)
	if got := <-answer; !strings.HasPrefix(got, "200 OK{") {
		t.Errorf("the request in flight got %s", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Requests that outlast the grace are cut, their contexts end, and Serve says how many.
func TestServeCuts(t *testing.T) {
	noneLeft(t)
	f := newScripted()
	entered, left := make(chan bool), make(chan bool, 1)
	f.wait = func(ctx context.Context, what string) {
		if what == "Feed" {
			entered <- true
			<-ctx.Done()
			left <- true
		}
	}
	s, err := New(Config{Backend: f, Timeouts: Timeouts{Grace: 20 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	address, end := listening(t, s)
	done := make(chan error, 1)
	go func() {
		res, err := http.Get("http://" + address + "/v1/users/u/feed")
		if err == nil {
			res.Body.Close()
		}
		done <- err
	}()
	<-entered
	if err := end(); err == nil || !strings.Contains(err.Error(), "1 requests were cut") {
		t.Errorf("Serve says %v", err)
	}
	<-left
	<-done // an error or a 503, as the connection's end and the answer race
}

func TestServeRefuses(t *testing.T) {
	s, err := New(Config{Backend: newScripted()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(context.Background(), l); !errors.Is(err, ErrOpen) {
		t.Errorf("an open address without a key: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener is open")
	}
	if s, err = New(Config{Backend: newScripted(), TLSCert: "missing.pem", TLSKey: "missing.key"}); err != nil {
		t.Fatal(err)
	}
	if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(context.Background(), l); err == nil || !strings.Contains(err.Error(), "missing.pem") {
		t.Errorf("a certificate that is missing: %v", err)
	}
	if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = New(Config{Backend: newScripted()}); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(context.Background(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed listener: %v", err)
	}
}

func TestServeUnixSocket(t *testing.T) {
	noneLeft(t)
	s, err := New(Config{Backend: newScripted()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Serve(ctx, l) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", l.Addr().String()) }}}
	res, err := client.Get("http://localhost/health/live")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	cancel()
	if err := <-result; err != nil || res.StatusCode != 200 {
		t.Errorf("%d, %v", res.StatusCode, err)
	}
}

func TestServeTLS(t *testing.T) {
	noneLeft(t)
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(Config{Backend: newScripted(), TLSCert: certFile, TLSKey: keyFile})
	if err != nil {
		t.Fatal(err)
	}
	address, end := listening(t, s)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	for _, protocol := range []int{1, 2} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: protocol == 2}
		res, err := (&http.Client{Transport: transport}).Get("https://" + address + "/v1/stats")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Error(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 || res.ProtoMajor != protocol {
			t.Errorf("%s: %d", res.Proto, res.StatusCode)
		}
		transport.CloseIdleConnections()
	}
	old := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}}
	if res, err := (&http.Client{Transport: old}).Get("https://" + address + "/v1/stats"); err == nil {
		res.Body.Close()
		t.Error("TLS 1.1 is spoken")
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// Many clients at once, of all kinds of requests, over a network, while the server ends: each gets a whole answer or none.
func TestServeManyAtOnce(t *testing.T) {
	noneLeft(t)
	f := newScripted()
	s, err := New(Config{Backend: f, Keys: testKeys})
	if err != nil {
		t.Fatal(err)
	}
	address, end := listening(t, s)
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	client := &http.Client{Transport: transport}
	results := make(chan error, 8)
	for k := range 8 {
		go func() {
			for n := 0; ; n++ {
				method, path, body := "GET", "/v1/users/u/feed", ""
				if (k+n)%4 == 0 {
					method, path, body = "POST", "/v1/events", click
				}
				r, err := http.NewRequest(method, "http://"+address+path, strings.NewReader(body))
				if err != nil {
					results <- err
					return
				}
				r.Header.Set("X-API-Key", writeSecret)
				res, err := client.Do(r)
				if err != nil { // the server has ended
					results <- nil
					return
				}
				data, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || res.StatusCode != 200 || len(data) == 0 || data[len(data)-1] != '\n' {
					results <- errors.Join(err, errors.New(res.Status+" "+string(data)))
					return
				}
				if k == 0 && n == 50 {
					go func() { s.draining.Store(true) }()
				}
			}
		}()
	}
	for !s.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	for range 8 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	transport.CloseIdleConnections()
}
