package cli

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is what a command writes while it runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// A demo ends by serving what it made, until it is told to end, which is no failure.
func TestDemoServes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, problems output
	code := make(chan int, 1)
	go func() {
		code <- Run(ctx, []string{"demo", "--users", "300", "--dir", dir, "--listen", "127.0.0.1:0", "--quiet"}, strings.NewReader(""), &out, &problems)
	}()
	address := regexp.MustCompile(`served at (http://\S+/) `)
	var home string
	for end := time.Now().Add(2 * time.Minute); home == "" && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if m := address.FindStringSubmatch(out.String()); m != nil {
			home = m[1]
		}
		select {
		case c := <-code:
			t.Fatalf("it ends with %d: %s", c, problems.String())
		default:
		}
	}
	if !strings.Contains(out.String(), "The report is in") {
		t.Errorf("it says %q", out.String())
	}
	for _, path := range []string{"", "overview", "v1/users/somebody-new/feed?n=6", "report/"} {
		r, err := http.Get(home + path)
		if err != nil {
			t.Fatal(err)
		}
		if r.Body.Close(); r.StatusCode != http.StatusOK {
			t.Errorf("/%s is answered %d", path, r.StatusCode)
		}
	}
	cancel()
	if c := <-code; c != exitDone {
		t.Errorf("it ends with %d: %s", c, problems.String())
	}
}

func TestDemoRefusesAddresses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{taken.Addr().String(): "choose another address, or --no-serve", "0.0.0.0:0": "no API key", "nowhere": "--listen"} {
		dir := filepath.Join(t.TempDir(), "demo")
		var out, problems output
		if code := Run(t.Context(), []string{"demo", "--users", "10", "--dir", dir, "--listen", address}, strings.NewReader(""), &out, &problems); code != exitUsage || !strings.Contains(problems.String(), want) {
			t.Errorf("%s: exit code %d, %q", address, code, problems.String())
		}
		if out.String() != "" {
			t.Errorf("%s: something was made first: %q", address, out.String())
		}
	}
}

func TestShiftRefuses(t *testing.T) {
	for _, args := range [][]string{{"demo", "--shift-days", "36526"}, {"ingest", "log", "--shift-days", "-36526"}} {
		var out, problems output
		if code := Run(t.Context(), args, strings.NewReader(""), &out, &problems); code != exitUsage || !strings.Contains(problems.String(), "--shift-days") {
			t.Errorf("%v: exit code %d, %q", args, code, problems.String())
		}
	}
}

// Memory is one variable of all commands; what serving takes by default must not be what others do.
func TestMemoryOfOthers(t *testing.T) {
	a := &app{}
	root := a.command()
	if a.memory != "2GB" {
		t.Errorf("the default of all commands is %s", a.memory)
	}
	cmd, _, err := root.Find([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	if got := cmd.Flags().Lookup("memory").DefValue; got != servingMemory {
		t.Errorf("the help of serve says %s", got)
	}
}
