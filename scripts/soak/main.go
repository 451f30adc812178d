// Soak serves a feed for an hour as users would use it, at half of the load that it bears, and judges: no request may fail, memory and goroutines must
// stay flat, and after `kill -9` and a start on what is left every event that was acknowledged must be in the database, once. It ends with 1 where one of
// these is not so. By the environment:
//
//	SOAK_SECONDS    how long, default 3600
//	SOAK_RATE       visits a second, default 500: a page, and what is done on it
//	SOAK_USERS      of the village that is made for it, default 20000
//	SOAK_DB         a database to use instead, as `segue ingest` makes it: a copy of it is served
//	SOAK_MODELS     its models, as `segue recommend train` makes them; without both, one is trained
//	SOAK_OUT        a line every ten seconds, as CSV; default soak.csv
//	SOAK_GROWTH_MB  by how much memory may grow from the middle to the end; default 64, or a tenth of what it is in the mean if that is more
//	SOAK_MEMORY     of the database, as in --memory; default 1GB
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/seguefeed/segue/internal/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

type settings struct {
	seconds, rate, users, growthMB float64
	db, models, out, memory        string
}

func read(getenv func(string) string) (s settings, err error) {
	number := func(name string, otherwise float64) float64 {
		text := getenv(name)
		if text == "" {
			return otherwise
		}
		v, parseErr := strconv.ParseFloat(text, 64)
		if parseErr != nil || !(v > 0) {
			err = errors.Join(err, fmt.Errorf("%s: %q; a number above 0 is expected", name, text))
		}
		return v
	}
	text := func(name, otherwise string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return otherwise
	}
	s = settings{seconds: number("SOAK_SECONDS", 3600), rate: number("SOAK_RATE", 500), users: number("SOAK_USERS", 20_000), db: getenv("SOAK_DB"), models: getenv("SOAK_MODELS"),
		out: text("SOAK_OUT", "soak.csv"), memory: text("SOAK_MEMORY", "1GB")}
	if getenv("SOAK_GROWTH_MB") != "" {
		s.growthMB = number("SOAK_GROWTH_MB", 0)
	}
	if (s.db == "") != (s.models == "") {
		err = errors.Join(err, errors.New("SOAK_DB and SOAK_MODELS go together"))
	}
	return s, err
}

func run(ctx context.Context) error {
	set, err := read(os.Getenv)
	if err != nil {
		return err
	}
	out, err := os.Create(set.out)
	if err != nil {
		return err
	}
	defer out.Close()
	dir, err := os.MkdirTemp("", "segue-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r := &rig{settings: set, dir: dir, bin: filepath.Join(dir, "segue"), ledger: newLedger(new(load.Wires))}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if err := r.start(ctx); err != nil {
		return err
	}
	defer r.kill()
	samples, result, err := r.soak(ctx, out)
	if err != nil {
		return err
	}
	r.kill()
	fmt.Printf("killed with %d events acknowledged\n", len(r.ledger.acked))
	began := time.Now()
	if err := r.start(ctx); err != nil {
		return fmt.Errorf("after the kill: %w", err)
	}
	fmt.Printf("ready again after %.1f s\n", time.Since(began).Seconds())
	if err := r.end(); err != nil {
		return fmt.Errorf("told to end: %w", err)
	}
	verdicts := []verdict{judgeFailures(r.ledger.failures()), judgeMemory(samples, set.growthMB), judgeGoroutines(samples)}
	found, err := r.account(ctx)
	if err != nil {
		return err
	}
	verdicts = append(verdicts, found)
	fmt.Printf("%.0f s, %.0f visits a second asked for; time of a request in ms: median %.2f, 99%% %.2f, 99.9%% %.2f; a sample every %.0f s in %s\n",
		set.seconds, set.rate, result.MS.P50, result.MS.P99, result.MS.P999, r.every().Seconds(), set.out)
	for _, v := range verdicts {
		fmt.Printf("%-6s %s\n", map[bool]string{true: "ok", false: "FAILED"}[v.ok], v.text)
		if !v.ok {
			err = errors.Join(err, errors.New(v.text))
		}
	}
	return err
}

// rig is a server and who drives it.
type rig struct {
	settings
	dir, bin string
	ledger   *ledger
	cmd      *exec.Cmd
	url      string
	over     chan struct{} // closed once cmd has ended
	began    time.Time     // when the first visit may come
}

// every is the time from sample to sample: ten seconds, or less for there to be thirty.
func (r *rig) every() time.Duration {
	return min(10*time.Second, time.Duration(r.seconds/30*float64(time.Second)))
}

// prepare builds the program, and makes a village and a model of it where none is given.
func (r *rig) prepare(ctx context.Context) error {
	command := func(name string, args ...string) error {
		c := exec.CommandContext(ctx, name, args...)
		c.Stdout, c.Stderr = io.Discard, os.Stderr
		fmt.Println(name, strings.Join(args, " "))
		return c.Run()
	}
	if err := command("go", "build", "-o", r.bin, "./cmd/segue"); err != nil {
		return err
	}
	db := filepath.Join(r.dir, "feed.duckdb")
	if r.db != "" {
		from, err := os.Open(r.db)
		if err != nil {
			return err
		}
		defer from.Close()
		to, err := os.Create(db)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		return errors.Join(err, to.Close())
	}
	log := filepath.Join(r.dir, "log")
	r.models = filepath.Join(r.dir, "models")
	return errors.Join(
		command(r.bin, "simulate", "--users", fmt.Sprint(int(r.users)), "--out", log, "--quiet"),
		command(r.bin, "ingest", log, "--db", db, "--quiet"),
		command(r.bin, "recommend", "train", "--db", db, "--out", r.models, "--force", "--quiet"), // how good it is does not matter here
	)
}

// start starts the server and waits until it is ready.
func (r *rig) start(ctx context.Context) error {
	r.cmd = exec.Command(r.bin, "serve", "--db", filepath.Join(r.dir, "feed.duckdb"), "--dir", filepath.Join(r.dir, "serve"), "--models", r.models, "--listen", "127.0.0.1:0", "--memory", r.memory, "--quiet")
	r.cmd.Stderr = os.Stderr
	said, err := r.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := r.cmd.Start(); err != nil {
		return err
	}
	r.over = make(chan struct{})
	address := make(chan string, 1)
	go func() {
		defer close(r.over)
		for s := bufio.NewScanner(said); s.Scan(); {
			if _, rest, ok := strings.Cut(s.Text(), "http://"); ok {
				at, _, _ := strings.Cut(rest, "/")
				address <- "http://" + at
			}
		}
		close(address)
		_ = r.cmd.Wait() // the exit code is asked for where it matters
	}()
	select {
	case at, ok := <-address:
		if !ok {
			return errors.New("the server ended as it began")
		}
		r.url = at
	case <-ctx.Done():
		return ctx.Err()
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get(r.url + "/health/ready")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("the server is not ready after a minute: %v", err)
		}
	}
}

func (r *rig) kill() {
	_ = r.cmd.Process.Kill() // it may have ended
	<-r.over
}

// stuck is how long the server may bring no events into the database before it is not waited for any longer.
const stuck = 3 * time.Minute

// end waits for as long as events go into the database, and tells the server to end, which brings in the last.
func (r *rig) end() error {
	least, since := int64(math.MaxInt64), time.Now()
	for lag := r.lag(); lag > 0 && time.Since(since) < stuck; lag = r.lag() {
		if lag < least {
			least, since = lag, time.Now()
		}
		time.Sleep(200 * time.Millisecond)
	}
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-r.over
	if code := r.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the server ended with %d", code)
	}
	return nil
}

// lag is how many events are not in the database yet; -1 where that cannot be had.
func (r *rig) lag() int64 {
	answer, err := http.Get(r.url + "/v1/stats")
	if err != nil {
		return -1
	}
	defer answer.Body.Close()
	var s struct {
		Lag int64 `json:"stream_lag"`
	}
	if json.NewDecoder(answer.Body).Decode(&s) != nil {
		return -1
	}
	return s.Lag
}

// soak drives the server, takes samples, and kills it while requests are made.
func (r *rig) soak(ctx context.Context, out io.Writer) ([]sample, *load.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var result *load.Result
	driven := make(chan error, 1)
	r.began = time.Now()
	whole := time.Duration(r.seconds * float64(time.Second))
	go func() {
		var err error
		result, err = load.Run(ctx, load.Config{URL: r.url, Kind: load.Visits, Connections: 32, Rate: r.rate, Duration: whole + time.Minute, Users: int(r.users), Seed: 1, Transport: r.ledger})
		driven <- err
	}()
	var samples []sample
	fmt.Fprintln(out, sampleHeader)
	tick := time.NewTicker(r.every())
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < whole; {
		select {
		case <-tick.C:
		case err := <-driven:
			return nil, nil, fmt.Errorf("the visits ended early: %w", err)
		case <-r.over:
			return nil, nil, errors.New("the server ended while it was used")
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		s, err := r.sample(time.Since(began))
		if err != nil {
			return nil, nil, err
		}
		samples = append(samples, s)
		fmt.Fprintln(out, s)
	}
	r.ledger.killed.Store(true) // what fails from here on is meant to
	r.kill()
	cancel()
	if err := <-driven; result == nil {
		return nil, nil, err
	}
	return samples, result, nil
}
