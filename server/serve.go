// Listening, and ending without dropping a request.

package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// Serve answers on l until ctx ends; then it takes no more, lets the requests in flight end for at most Timeouts.Grace, and returns nil, or an error
// that says how many were cut. It closes l, and refuses an l that others than this machine reach while there are no keys. Serve once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if l.Addr().Network() != "unix" {
		if err := CheckAddress(l.Addr().String(), s.cfg.Keys); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	if s.cfg.TLSCert != "" {
		cert, err := certificate(s.cfg.TLSCert, s.cfg.TLSKey)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		if over := cert.Leaf.NotAfter; time.Now().After(over) {
			s.log.Warn("the certificate is no longer valid; clients will refuse it", "file", s.cfg.TLSCert, "ended", over)
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	t := s.cfg.Timeouts
	hs := &http.Server{
		Handler: s, ReadHeaderTimeout: t.ReadHeader, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return requests },
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // broken connections, which are of their clients
	}
	ended := make(chan error, 1)
	go func() { ended <- hs.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("server: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), t.Grace)
	defer stop()
	err := hs.Shutdown(grace)
	<-ended
	if err == nil {
		return nil
	}
	left := s.active.Load()
	cut()
	if closeErr := hs.Close(); closeErr != nil {
		s.log.Warn("connections were not closed", "error", closeErr)
	}
	for end := time.Now().Add(time.Second); s.active.Load() > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // handlers see their context end
	}
	return fmt.Errorf("server: %d requests were cut after %v: %w", left, t.Grace, err)
}

// CheckTLS says why the files of a certificate and its key cannot be served with; nil where both are "".
func CheckTLS(cert, key string) error {
	if cert == "" && key == "" {
		return nil
	}
	_, err := certificate(cert, key)
	return err
}

// certificate reads a certificate and its key. Errors name the file that is to be looked at; no message holds anything of the key.
func certificate(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("server: TLSCert, the file of the certificate: %w", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("server: TLSKey, the file of the certificate's key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("server: TLSCert %s and TLSKey %s are no certificate with its key, in PEM: %w", certFile, keyFile, err)
	}
	return pair, nil
}
