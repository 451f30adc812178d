package server

import (
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
			f.page = pageOf("u1", 20)
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
				f.asked = f.asked[:0]
			}
		})
	}
}
