package segue

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServeOnAFullDisk runs a server that may write no file beyond a size, as on a disk that is full, from its start on and again while it serves: pages are
// made, events are refused with 503, health and figures say so, and once there is room all goes on without a restart, each event counting once.
func TestServeOnAFullDisk(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run", "^TestServeOnAFullDiskChild$", "-test.v")
	child.Env = append(os.Environ(), "SEGUE_FULL_SERVE="+t.TempDir())
	var said bytes.Buffer
	child.Stdout, child.Stderr = &said, &said
	if err := child.Run(); err != nil || !bytes.Contains(said.Bytes(), []byte("--- PASS: TestServeOnAFullDiskChild")) {
		t.Fatalf("%v\n%s", err, &said)
	}
}

func TestServeOnAFullDiskChild(t *testing.T) {
	dir := os.Getenv("SEGUE_FULL_SERVE")
	if dir == "" {
		t.Skip("only TestServeOnAFullDisk starts it")
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(bytes uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: math.MaxUint64}); err != nil {
			t.Fatal(err)
		}
	}
	s := emptyDatabase(t, dir)
	opt := ServeOptions{Dir: filepath.Join(dir, "serve"), WarehouseEvery: 10 * time.Millisecond, SnapshotEvery: 10 * time.Millisecond, Explore: -1}
	v := serve(t, s, opt)
	var items []string
	for k := range 10 {
		items = append(items, fmt.Sprintf(`{"id": "item %d", "kind": "item", "at_ms": %d, "item": "thing %d"}`, k, time.Now().UnixMilli(), k))
	}
	if r, err := http.Post(v.home+"/v1/events", "application/json", strings.NewReader("["+strings.Join(items, ",")+"]")); err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(err)
	}
	v.send(100)
	v.until("events go into the database", func() bool { return v.offset() == 110 })
	says := func(words ...string) {
		t.Helper()
		v.until("health says "+strings.Join(words, " and "), func() bool {
			code, body := v.get("/health/ready")
			if code != http.StatusOK {
				t.Fatalf("it is not ready: %s", body)
			}
			for _, w := range words {
				if !strings.Contains(body, w) {
					return false
				}
			}
			return true
		})
	}
	full := func(why ...string) {
		t.Helper()
		v.until("events are refused", func() bool {
			switch status := v.send(20); status {
			case http.StatusServiceUnavailable:
				return true
			case http.StatusOK:
			default:
				t.Fatalf("status %d", status)
			}
			return false
		})
		says(append(why, "events are refused")...)
		if _, body := v.get("/metrics"); !strings.Contains(body, "segue_events_taken 0\n") || !strings.Contains(body, "segue_health_reasons") {
			t.Errorf("the figures do not say it: %s", body)
		}
		if code, body := v.get("/v1/users/someone/feed?n=5"); code != http.StatusOK || strings.Count(body, `"item"`) != 5 {
			t.Errorf("a page on a full disk: %d %s", code, body)
		}
	}
	healed := func() {
		t.Helper()
		limit(math.MaxUint64)
		v.until("events are taken again", func() bool { return v.send(20) == http.StatusOK })
		v.until("events go into the database again", func() bool { return v.offset() >= uint64(len(items)+v.sent) })
		v.until("nothing is amiss", func() bool {
			_, body := v.get("/health/ready")
			return !strings.Contains(body, "refused") && !strings.Contains(body, "snapshot") && !strings.Contains(body, "database")
		})
	}
	// While it serves.
	limit(30_000)
	full("no snapshot could be taken")
	says("events could not go into the database")
	healed()
	v.stop()
	sent := v.sent

	// From its start on.
	limit(1000)
	v = serve(t, s, opt)
	v.sent = sent
	full() // no event came since the last snapshot, so that none need be taken
	healed()
	sent = v.sent
	v.stop()
	if n := impressions(t, s); n != int64(sent) {
		t.Errorf("the database has %d impressions; %d were acknowledged", n, sent)
	}
}
