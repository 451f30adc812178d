// How a served feed ends, and what a second one beside it is told.

package cli

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seguefeed/segue"
)

// shownInDatabase counts the impressions that the database itself has of the events of a feed that is no longer served.
func shownInDatabase(t *testing.T, dir string) int {
	t.Helper()
	db, err := segue.Open(context.Background(), segue.Config{Path: filepath.Join(dir, "feed.duckdb"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.SQL(context.Background(), "select count(*) from live_events")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	row, err := rows.Values()
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(fmt.Sprint(row[0]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestServeEnds: by either signal events go on into the database, and a snapshot is taken of all, so that the next start has none to tell.
func TestServeEnds(t *testing.T) {
	dir := t.TempDir()
	flags := []string{"--database-every", "1h", "--snapshot-every", "1h"}
	sent := 0
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		s := serveWith(t, dir, nil, flags...)
		s.must("POST", "/v1/events", shown(t, "her", sent, sent+700))
		sent += 700
		if err := s.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		<-s.done
		said := s.said.String()
		if code := s.cmd.ProcessState.ExitCode(); code != exitDone || !strings.Contains(said, fmt.Sprintf("msg=snapshot seq=%d events=700", sent)) {
			t.Errorf("after %v it ends with %d: %s", signal, code, said)
		}
		if n := shownInDatabase(t, dir); n != sent {
			t.Errorf("after %v the database has %d events of %d", signal, n, sent)
		}
	}
	s := serveWith(t, dir, nil, flags...)
	if n := s.impressions("her"); n != sent || !strings.Contains(s.said.String(), fmt.Sprintf("last=%d in_database=%d told=0", sent, sent)) {
		t.Errorf("she has %d impressions of %d: %s", n, sent, &s.said)
	}
	s.end()
}

// TestServeEndsAtOnce: while it waits for a request whose body does not come, a second Ctrl-C ends it, and nothing that was acknowledged is lost.
func TestServeEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	flags := []string{"--database-every", "1h", "--snapshot-every", "1h"}
	s := serveWith(t, dir, nil, flags...)
	s.must("POST", "/v1/events", shown(t, "her", 0, 500))
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[")
	s.must("GET", "/health/live", "") // that one was seen
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	s.until("it says that another Ctrl-C would end it", func() bool { return strings.Contains(s.said.String(), "Ctrl-C again ends it at once") })
	select {
	case <-s.done:
		t.Fatalf("it has ended: %s", &s.said)
	default:
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-s.done
	if how := s.cmd.ProcessState.Sys().(syscall.WaitStatus); !how.Signaled() || how.Signal() != syscall.SIGINT || strings.Contains(s.said.String(), "msg=snapshot") {
		t.Errorf("it ends with %v: %s", s.cmd.ProcessState, &s.said)
	}
	s = serveWith(t, dir, nil, flags...)
	if n := s.impressions("her"); n != 500 {
		t.Errorf("she has %d impressions of 500", n)
	}
	if s.end(); shownInDatabase(t, dir) != 500 {
		t.Errorf("the database has %d events of 500", shownInDatabase(t, dir))
	}
}

// TestServeTwice: who starts a second server on the same database, folder or address is told so, and the first goes on.
func TestServeTwice(t *testing.T) {
	dir := t.TempDir()
	s := serveWith(t, dir, nil)
	s.must("POST", "/v1/events", shown(t, "her", 0, 10))
	address := strings.TrimPrefix(s.url, "http://")
	for name, test := range map[string]struct{ db, dir, listen, says string }{
		"the same database": {"feed.duckdb", "other", "127.0.0.1:0", fmt.Sprintf("another process is using this database (segue, process %d)", s.cmd.Process.Pid)},
		"all the same":      {"feed.duckdb", "segue-serve", "127.0.0.1:0", "another process is using this database"},
		"the same folder":   {"other.duckdb", "segue-serve", "127.0.0.1:0", "another server has the folder segue-serve"},
		"the same address":  {"other.duckdb", "other", address, "another program, perhaps another server, answers at " + address},
	} {
		t.Run(name, func(t *testing.T) {
			var out, said bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // should it serve
			defer cancel()
			second := exec.CommandContext(ctx, "segue", "serve", "--db", test.db, "--dir", test.dir, "--listen", test.listen)
			second.Dir, second.Stdout, second.Stderr = dir, &out, &said
			err := second.Run()
			if code := second.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(said.String(), test.says) || out.Len() > 0 {
				t.Errorf("%v: it ends with %d: %s%s", err, code, &said, &out)
			}
		})
	}
	s.must("POST", "/v1/events", shown(t, "her", 10, 20))
	s.kill() // what the others may have done to its files would show now
	s = serveWith(t, dir, nil)
	if n := s.impressions("her"); n != 20 {
		t.Errorf("she has %d impressions of 20", n)
	}
	s.end()
}

// TestServeEndsLate: an end that is not a good one is told as what it is, and not as an interruption.
func TestServeEndsLate(t *testing.T) {
	dir := t.TempDir()
	s := serveWith(t, dir, nil, "--snapshot-every", "1h")
	s.must("POST", "/v1/events", shown(t, "her", 0, 10))
	state := filepath.Join(dir, "segue-serve", "state")
	if err := os.RemoveAll(state); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state, nil, 0o600); err != nil { // a snapshot has no place
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.done
	if code, said := s.cmd.ProcessState.ExitCode(), s.said.String(); code != exitFailed || !strings.Contains(said, "live: save") || strings.Contains(said, "nothing half-done") {
		t.Errorf("it ends with %d: %s", code, said)
	}
}

// TestServeKilledSoon: a snapshot is also taken after a number of events, so that a start after a kill has few to tell.
func TestServeKilledSoon(t *testing.T) {
	dir := t.TempDir()
	flags := []string{"--snapshot-every", "1h", "--snapshot-events", "2000", "--database-every", "1h"}
	s := serveWith(t, dir, nil, flags...)
	for k := range 5 {
		s.must("POST", "/v1/events", shown(t, fmt.Sprint("visitor", k%2), k*1000, k*1000+1000))
	}
	s.until("a snapshot is taken", func() bool { return strings.Contains(s.said.String(), "msg=snapshot") })
	s.kill()
	s = serveWith(t, dir, nil, flags...)
	if n := s.impressions("visitor0") + s.impressions("visitor1"); n != 5000 {
		t.Errorf("after the kill they have %d impressions of 5000", n)
	}
	// The one who is told knows between 2,000 and all of the 5,000.
	told := regexp.MustCompile(`last=5000 in_database=\d+ told=(\d+)`).FindStringSubmatch(s.said.String())
	if told == nil {
		t.Fatalf("the start does not say how many events it told: %s", &s.said)
	}
	if n, err := strconv.Atoi(told[1]); err != nil || n > 3000 {
		t.Errorf("the start told %d events, %v", n, err)
	}
	s.end()
}
