package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// served is a `segue serve` of its own process.
type served struct {
	t      *testing.T
	cmd    *exec.Cmd
	client *http.Client
	url    string // without a path
	said   syncText
	done   chan struct{}
}

// syncText is text that is written while others read it.
type syncText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncText) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// serve starts the program in dir; its events go on into the database and snapshots all the time.
func serve(t *testing.T, dir string) *served {
	t.Helper()
	return serveWith(t, dir, nil, "--database-every", "150ms", "--snapshot-every", "250ms")
}

// serveWith starts the program in dir, with more in its environment and other flags, and waits until it answers.
func serveWith(t *testing.T, dir string, env []string, flags ...string) *served {
	t.Helper()
	// TestMain put a copy of this program into PATH that is the command.
	s := &served{t: t, client: http.DefaultClient, done: make(chan struct{})}
	s.cmd = exec.Command("segue", append([]string{"serve", "--db", "feed.duckdb", "--listen", "127.0.0.1:0"}, flags...)...)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = dir, append(os.Environ(), env...), &s.said
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	line := make(chan string, 1)
	go func() {
		defer close(s.done)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			if scheme, rest, ok := strings.Cut(scan.Text(), "://"); ok {
				line <- scheme[strings.LastIndexByte(scheme, ' ')+1:] + "://" + rest[:strings.IndexByte(rest, '/')]
			}
		}
		close(line)
		s.cmd.Wait()
	}()
	var ok bool
	if s.url, ok = <-line; !ok {
		t.Fatalf("the server ended: %s", &s.said)
	}
	return s
}

func (s *served) kill() {
	s.cmd.Process.Kill()
	<-s.done
}

// end asks the server to end, which it must do well.
func (s *served) end() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	<-s.done
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("after SIGTERM it ends with %d: %s", code, &s.said)
	}
}

// ask sends a request and gives the answer's status and body.
func (s *served) ask(method, path, body string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

// get reads JSON from the server.
func (s *served) get(path string, into any) {
	s.t.Helper()
	status, body := s.ask("GET", path, "")
	if err := json.Unmarshal([]byte(body), into); err != nil || status != http.StatusOK {
		s.t.Fatalf("%s: %d, %v: %s", path, status, err, body)
	}
}

// must sends a request that is to be answered with 200, and gives the body.
func (s *served) must(method, path, body string) string {
	s.t.Helper()
	status, text := s.ask(method, path, body)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: %d: %s\n%s", method, path, status, text, &s.said)
	}
	return text
}

// until asks again and again.
func (s *served) until(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	s.t.Fatalf("%s: not within half a minute: %s", what, &s.said)
}
