// A served feed over https, and what keeps it from starting.

package cli

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificates writes files of a certificate for 127.0.0.1, valid for as long from now, and its key into dir, and gives the certificate.
func certificates(t *testing.T, dir, cert, key string, valid time.Duration) []byte {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(valid), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for file, data := range map[string][]byte{cert: public, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})} {
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return public
}

// TestServeTLS: over https, by either protocol, there are pages; without TLS there is none.
func TestServeTLS(t *testing.T) {
	dir := t.TempDir()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificates(t, dir, "cert.pem", "key.pem", time.Hour))
	s := serveWith(t, dir, nil, "--tls-cert", "cert.pem", "--tls-key", "key.pem")
	address, ok := strings.CutPrefix(s.url, "https://")
	if !ok {
		t.Fatalf("it says that it is served at %s", s.url)
	}
	for protocol := 1; protocol <= 2; protocol++ {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: protocol == 2}
		defer transport.CloseIdleConnections()
		s.client = &http.Client{Transport: transport}
		s.must("PUT", "/v1/items/card", `{"content": "songs"}`)
		var page struct{ Cards []struct{ Item string } }
		if s.get("/v1/users/somebody/feed", &page); len(page.Cards) != 1 || page.Cards[0].Item != "card" {
			t.Errorf("by HTTP %d the page is %+v", protocol, page)
		}
		r, err := s.client.Get(s.url + "/")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK || r.ProtoMajor != protocol || !bytes.Contains(text, []byte("Music Square")) {
			t.Errorf("the page for people: %s %s, %v: %.200s", r.Proto, r.Status, err, text)
		}
	}

	r, err := http.Get("http://" + address + "/health/live")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil || r.StatusCode != http.StatusBadRequest || json.Valid(text) {
		t.Errorf("without TLS: %s, %v: %s", r.Status, err, text)
	}
	if r, err := http.Get(s.url + "/health/live"); err == nil {
		r.Body.Close()
		t.Error("a client that does not know who signed the certificate gets an answer")
	}
	if s.end(); strings.Contains(s.said.String(), "no longer valid") {
		t.Errorf("the certificate is valid: %s", &s.said)
	}

	certificates(t, dir, "old.pem", "old-key.pem", -time.Hour)
	s = serveWith(t, dir, nil, "--tls-cert", "old.pem", "--tls-key", "old-key.pem")
	s.until("an old certificate is told of", func() bool { return strings.Contains(s.said.String(), "no longer valid") })
	s.end()
}

// TestServeRefusesToStart: what cannot be served with is said before a database is made, and names the file or the address.
func TestServeRefusesToStart(t *testing.T) {
	dir := t.TempDir()
	certificates(t, dir, "cert.pem", "key.pem", time.Hour)
	certificates(t, dir, "other.pem", "other-key.pem", time.Hour)
	if err := os.WriteFile(filepath.Join(dir, "text.pem"), []byte("no key at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := func(name string) string { return filepath.Join(dir, name) }
	for name, test := range map[string]struct {
		flags []string
		code  int
		says  []string
	}{
		"no file of the key":         {[]string{"--tls-cert", file("cert.pem"), "--tls-key", file("gone.pem")}, exitFailed, []string{file("gone.pem"), "key", "no such file"}},
		"no file of the certificate": {[]string{"--tls-cert", file("gone.pem"), "--tls-key", file("key.pem")}, exitFailed, []string{file("gone.pem"), "certificate", "no such file"}},
		"another's key":              {[]string{"--tls-cert", file("cert.pem"), "--tls-key", file("other-key.pem")}, exitFailed, []string{file("cert.pem"), file("other-key.pem"), "does not match"}},
		"no key in the file":         {[]string{"--tls-cert", file("cert.pem"), "--tls-key", file("text.pem")}, exitFailed, []string{file("text.pem"), "PEM"}},
		"files the other way round":  {[]string{"--tls-cert", file("key.pem"), "--tls-key", file("cert.pem")}, exitFailed, []string{file("key.pem"), file("cert.pem")}},
		"a certificate alone":        {[]string{"--tls-cert", file("cert.pem")}, exitUsage, []string{"--tls-cert", "--tls-key"}},
		"a key alone":                {[]string{"--tls-key", file("key.pem")}, exitUsage, []string{"--tls-cert", "--tls-key"}},
		"everywhere, without keys":   {[]string{"--listen", "0.0.0.0:0"}, exitUsage, []string{"--listen 0.0.0.0:0", "--keys"}},
		"everywhere by no host":      {[]string{"--listen", ":0"}, exitUsage, []string{"--listen :0", "--keys"}},
		"everywhere with TLS alone":  {[]string{"--listen", "[::]:0", "--tls-cert", file("cert.pem"), "--tls-key", file("key.pem")}, exitUsage, []string{"--listen [::]:0", "--keys"}},
		"less than no time":          {[]string{"--snapshot-every", "-1s"}, exitUsage, []string{"--snapshot-every -1s"}},
		"no predictor":               {[]string{"--activity", file("gone.predictor")}, exitFailed, []string{"--activity", file("gone.predictor"), "no such file"}},
		"no predictor in the file":   {[]string{"--activity", file("text.pem")}, exitFailed, []string{"--activity", file("text.pem")}},
		"no credentials":             {[]string{"--nats", "127.0.0.1:1", "--nats-credentials", file("gone.creds")}, exitFailed, []string{"--nats-credentials", file("gone.creds"), "no such file"}},
		"an address of another's":    {[]string{"--listen", taken.Addr().String()}, exitFailed, []string{taken.Addr().String(), "in use"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out, said bytes.Buffer
			code := Run(t.Context(), append([]string{"serve", "--db", file("new.duckdb"), "--dir", file("serve"), "--listen", "127.0.0.1:0"}, test.flags...), nil, &out, &said)
			if code != test.code || out.Len() > 0 {
				t.Errorf("it ends with %d, says %s", code, &out)
			}
			for _, part := range test.says {
				if !strings.Contains(said.String(), part) {
					t.Errorf("%q is not in %s", part, &said)
				}
			}
			for _, made := range []string{"new.duckdb", "serve"} {
				if _, err := os.Stat(file(made)); !os.IsNotExist(err) {
					t.Errorf("%s is there: %v", made, err)
				}
			}
		})
	}
}

// TestServeElsewhere: with keys it listens everywhere, and answers who has one.
func TestServeElsewhere(t *testing.T) {
	dir := t.TempDir()
	const secret = "a-key-of-some-length"
	if err := os.WriteFile(filepath.Join(dir, "keys"), []byte("me write "+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveWith(t, dir, nil, "--listen", "0.0.0.0:0", "--keys", "keys")
	at := strings.LastIndexByte(s.url, ':')
	s.url = "http://127.0.0.1" + s.url[at:]
	if status, _ := s.ask("GET", "/v1/stats", ""); status != http.StatusUnauthorized {
		t.Errorf("without a key it answers %d", status)
	}
	r, err := http.NewRequest("GET", s.url+"/v1/stats", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", secret)
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if s.end(); answer.StatusCode != http.StatusOK || strings.Contains(s.said.String(), secret) {
		t.Errorf("with a key it answers %s: %s", answer.Status, &s.said)
	}
}
