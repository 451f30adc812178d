package cli

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/internal/load"
	"github.com/seguefeed/segue/server"
)

// Who says 0 means none, and not the default that options have for it.
func TestExploring(t *testing.T) {
	for _, test := range []struct {
		explore, share float64
		shows          int
		want           float64 // of Explore
		ok             bool
	}{
		{.08, .1, 100, .08, true}, {1, .5, 1, 1, true}, {0, .1, 100, -1, true}, {.08, 0, 100, -1, true}, {.3, 1, 100, .3, true},
		{1.1, .1, 100, 0, false}, {-.5, .1, 100, 0, false}, {-1, .1, 100, 0, false}, {.08, 2, 100, 0, false}, {math.NaN(), .1, 100, 0, false}, {.08, -.1, 100, 0, false}, {.08, math.NaN(), 100, 0, false}, {.08, .1, 0, 0, false}, {.08, .1, -3, 0, false},
	} {
		o := segue.ServeOptions{Explore: test.explore, ExploreCap: test.share, NewShows: test.shows}
		if err := exploring(&o); (err == nil) != test.ok || err == nil && o.Explore != test.want {
			t.Errorf("%+v: explores with %v, %v", test, o.Explore, err)
		}
	}
}

// TestServeUsage: flags that cannot be are wrong usage, which names the flag, before anything is made.
func TestServeUsage(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	good := "reader read 0123456789abcdef-r\n"
	reader := file("reader", good)
	short, twice, spoilt := file("short", "# keys\n\n"+good+"b write short\n"), file("twice", good+"\nother write 0123456789abcdef-r\n"), file("spoilt", good+"b admin 0123456789abcdef\n")
	for flags, says := range map[string]string{
		"--explore -1": "--explore -1: a chance", "--explore-cap 2": "--explore-cap 2: a share", "--candidates 0": "--candidates 0: more than 0", "--candidates -4": "--candidates -4: more than 0", "--new-shows 0": "--new-shows 0: at least 1",
		"--rate 0": "--rate 0: more than 0", "--rate -1": "--rate -1: more than 0", "--rate NaN": "--rate: a number", "--rate +Inf": "--rate: a number", "--in-flight 0": "--in-flight 0: more than 0", "--in-flight -1": "--in-flight -1: more than 0",
		"--events-max-age -1h": "--events-max-age: -1h0m0s", "--events-max-bytes 5": "--events-max-bytes 5: at least 16777216", "--events-max-bytes 0": "--events-max-bytes 0: more than 0",
		"--nats-credentials foo": "--nats-credentials: they are for a cluster", "--replicas 3": "--replicas: 3; the embedded log has one", "--replicas 0": "--replicas 0: more than 0", "--nats 127.0.0.1:1 --replicas 7": "--replicas: 7; 1 to 5",
		"--nats http://127.0.0.1": "--nats: number 1 is no address", "--nats ,": "--nats: there is no address", "--positive like,read": `--positive: "read" counts as an impression`, "--positive look --read look,see": `--positive: "look" counts as an impression, as look, see do`,
		"--cors foo": `--cors: "foo"; such as https://app.example.com`, "--cors *": "--cors: * needs keys", "--profile": "--profile: a key that may write", "--profile --keys " + reader: "--profile: a key that may write",
		"--snapshot-every -1s": "--snapshot-every -1s: more than 0", "--snapshot-every 0s": "--snapshot-every 0s: more than 0", "--snapshot-events 0": "--snapshot-events 0: more than 0", "--database-every -1m": "--database-every -1m0s: more than 0",
		"--listen nonsense": `--listen: "nonsense"; an address such as 127.0.0.1:8087`, "--listen 127.0.0.1:99999": `--listen: "127.0.0.1:99999"`, "--listen nonsense --keys " + reader: `--listen: "nonsense"`, "--listen 0.0.0.0:0": "--keys is expected",
		"--keys " + short: short + ":4: the key: 5 bytes; at least 16", "--keys " + twice: twice + ":3: the name: names and secrets of their own", "--keys " + spoilt: spoilt + ":2: a name, read or write", "--threads -1": "--threads -1",
		"--keys " + dir + "/gone": "--keys: open " + dir + "/gone", "--memory 5": "--memory",
	} {
		code, stdout, stderr := run(t, append(strings.Fields("serve --db "+dir+"/new.duckdb --dir "+dir+"/serve --listen 127.0.0.1:0"), strings.Fields(flags)...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, says) || strings.Contains(stderr, "server:") || strings.Contains(stderr, "0123456789abcdef") {
			t.Errorf("serve %s: exit code %d, want %d and %q in\n%s%s", flags, code, exitUsage, says, stderr, stdout)
		}
		for _, made := range []string{"new.duckdb", "serve"} {
			if _, err := os.Stat(filepath.Join(dir, made)); !os.IsNotExist(err) {
				t.Fatalf("serve %s made %s: %v", flags, made, err)
			}
		}
	}
}

// TestLoadUsage: flags that cannot be are wrong usage, also where no server answers.
func TestLoadUsage(t *testing.T) {
	if load.MaxN != server.MaxN || load.MaxBatch != server.MaxEvents {
		t.Errorf("load asks for %d cards and sends %d events at most; a server takes %d and %d", load.MaxN, load.MaxBatch, server.MaxN, server.MaxEvents)
	}
	for flags, says := range map[string]string{
		"--kind foo": `--kind: "foo"; feed, events or visits`, "--url nonsense": `--url: "nonsense"; one such as http://`, "--rate -1": "--rate: -1; from .001", "--rate NaN": "--rate: NaN", "--n 201": "--n: 201; 1 to 200", "--n 0": "--n 0: more than 0",
		"--batch 2000": "--batch: 2000; 1 to 1000", "--batch 0": "--batch 0: more than 0", "--connections 0": "--connections 0: more than 0", "--connections 10001": "--connections: 10001; 1 to 10,000", "--users 0": "--users 0: more than 0",
		"--users -2": "--users -2: more than 0", "--duration 0s": "--duration 0s: more than 0", "--warm-up -1s": "--warm-up: -1s; 0 or more",
	} {
		code, stdout, stderr := run(t, append(strings.Fields("load --url http://127.0.0.1:1"), strings.Fields(flags)...)...)
		if code != exitUsage || stdout != "" || !strings.HasPrefix(stderr, "segue: "+says) {
			t.Errorf("load %s: exit code %d, want %d and %q in\n%s%s", flags, code, exitUsage, says, stderr, stdout)
		}
	}
}

// A number in the log says what it counts.
func TestLogger(t *testing.T) {
	for _, test := range []struct {
		asJSON, quiet bool
		want          []string // of a line of information, none if it is not told, and of one that warns
	}{
		{false, false, []string{"level=INFO msg=snapshot seq=7 took=302ms", "level=WARN msg=late took=1.5s"}}, {false, true, []string{"level=WARN msg=late took=1.5s"}},
		{true, false, []string{`"level":"INFO","msg":"snapshot","seq":7,"took_ms":302}`, `"level":"WARN","msg":"late","took_ms":1500}`}}, {true, true, []string{`"level":"WARN","msg":"late","took_ms":1500}`}},
	} {
		var said bytes.Buffer
		log := (&app{stderr: &said, quiet: test.quiet}).logger(test.asJSON)
		log.Info("snapshot", "seq", 7, "took", 302*time.Millisecond)
		log.Warn("late", "took", 1500*time.Millisecond)
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		if len(lines) != len(test.want) {
			t.Errorf("%+v: %s", test, &said)
			continue
		}
		for k, line := range lines {
			if !strings.HasSuffix(line, test.want[k]) {
				t.Errorf("%+v: %s", test, line)
			}
		}
	}
}
