package server

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkFeed is what the server adds to the engine's work: routing, key, limits, checks, JSON, metrics and the line of the log, for 20 cards.
func BenchmarkFeed(b *testing.B) {
	for _, c := range []struct {
		name, query string
		cfg         Config
	}{
		{"cards=20", "", Config{}},
		{"cards=20/key/log", "?n=20&seed=7", Config{Keys: testKeys, Logger: slog.New(slog.NewJSONHandler(io.Discard, nil))}},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := newScripted()
			f.forgetful, f.page = true, pageOf("u1", 20)
			c.cfg.Backend, c.cfg.Limits.PerSecond = f, -1
			s, err := New(c.cfg)
			if err != nil {
				b.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "http://localhost/v1/users/u1/feed"+c.query, nil)
			if len(c.cfg.Keys) > 0 {
				r.Header.Set("X-API-Key", c.cfg.Keys[0].Secret)
			}
			b.ReportAllocs()
			for b.Loop() {
				s.ServeHTTP(&discard{http.Header{}}, r)
			}
		})
	}
}

// BenchmarkFeedOverLoopback is the same over TCP with clients in this process, which take about as much of the machine as the server does.
func BenchmarkFeedOverLoopback(b *testing.B) {
	for _, clients := range []int{1, 16} {
		b.Run(fmt.Sprintf("cards=20/clients=%d", clients), func(b *testing.B) {
			f := newScripted()
			f.forgetful, f.page = true, pageOf("u1", 20)
			s, err := New(Config{Backend: f, Keys: testKeys, Limits: Limits{PerSecond: -1}, Logger: slog.New(slog.NewJSONHandler(io.Discard, nil))})
			if err != nil {
				b.Fatal(err)
			}
			address, end := listening(b, s)
			transport := &http.Transport{MaxIdleConnsPerHost: clients}
			client := &http.Client{Transport: transport}
			work := make(chan bool)
			done := make(chan error, clients)
			for range clients {
				go func() {
					for range work {
						r, err := http.NewRequest(http.MethodGet, "http://"+address+"/v1/users/u1/feed?n=20", nil)
						if err != nil {
							done <- err
							return
						}
						r.Header.Set("X-API-Key", readSecret)
						res, err := client.Do(r)
						if err != nil {
							done <- err
							return
						}
						if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
							done <- fmt.Errorf("%s: %w", res.Status, err)
							return
						}
						res.Body.Close()
					}
					done <- nil
				}()
			}
			for b.Loop() {
				work <- true
			}
			close(work)
			for range clients {
				if err := <-done; err != nil {
					b.Error(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			transport.CloseIdleConnections()
			if err := end(); err != nil {
				b.Error(err)
			}
		})
	}
}
