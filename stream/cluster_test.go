package stream

// What only a log by URL can meet: other writers, a server that goes and comes back, a cluster that loses its leader.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func startNATS(t *testing.T, o server.Options) *server.Server {
	t.Helper()
	o.Host, o.NoSigs, o.NoLog, o.JetStream, o.SyncAlways, o.JetStreamMaxStore, o.JetStreamMaxMemory = "127.0.0.1", true, true, true, true, 1<<50, 1<<20
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not start")
	}
	t.Cleanup(func() { stopNATS(s) })
	return s
}

func stopNATS(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// TestTwoWriters: two logs append to one stream, partly the same events: each is there once, each writer says the same seq, and both are told of all,
// in order.
func TestTwoWriters(t *testing.T) {
	leaves(t)
	h := serverHost(t)
	var mu sync.Mutex
	told := make([][]Stored, 2)
	var logs []*Log
	for w := range 2 {
		logs = append(logs, h.open(t, Config{OnAppend: func(events []Stored) {
			mu.Lock()
			told[w] = append(told[w], events...)
			mu.Unlock()
		}}))
	}
	said := map[string]uint64{}
	var all sync.WaitGroup
	for c := range 8 {
		all.Go(func() {
			for k := range 50 {
				id := fmt.Sprint(c/2, "-", k) // 4 x 50 ids, each by both writers
				seqs, err := logs[c%2].Append(context.Background(), clicks(id))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if before, ok := said[id]; ok && before != seqs[0] {
					t.Errorf("%s: seq %d and %d", id, before, seqs[0])
				}
				said[id] = seqs[0]
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for w := range 2 {
		for tries := 0; ; tries++ {
			mu.Lock()
			n := len(told[w])
			mu.Unlock()
			if n == 200 {
				break
			}
			if n > 200 || tries > 600 {
				t.Fatalf("writer %d was told of %d events, want 200", w, n)
			}
			time.Sleep(50 * time.Millisecond)
		}
		for k, e := range told[w] {
			if e.Seq != uint64(k+1) || said[e.ID] != e.Seq {
				t.Fatalf("writer %d was told of %d %s as event %d; seq %d was said", w, e.Seq, e.ID, k+1, said[e.ID])
			}
		}
	}
}

// TestServerAway: while the server is away events are refused; when it is back they are taken, and those that follow go on.
func TestServerAway(t *testing.T) {
	leaves(t)
	dir := t.TempDir()
	s := startNATS(t, server.Options{Port: -1, StoreDir: dir})
	address, err := url.Parse(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	var port int
	fmt.Sscan(address.Port(), &port)
	ctx := context.Background()
	l := host{cfg: func(c Config) Config { c.URL = address.String(); return c }}.open(t, Config{Dir: t.TempDir(), Timeout: 2 * time.Second})
	appended(t, l, clicks("a"), "1")
	got := make(chan string, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- l.Follow(ctx, 0, func(events []Stored) error {
			for _, e := range events {
				got <- fmt.Sprint(e.Seq, " ", e.ID)
			}
			return nil
		})
	}()
	stopNATS(s)
	if _, err := l.Append(ctx, clicks("b")); !errors.Is(err, ErrRefused) {
		t.Errorf("without the server: %v, want ErrRefused", err)
	}
	if _, err := l.Append(ctx, clicks("b")); !errors.Is(err, ErrRefused) {
		t.Errorf("again: %v, want ErrRefused", err)
	}
	startNATS(t, server.Options{Port: port, StoreDir: dir})
	for tries := 0; ; tries++ {
		_, err := l.Append(ctx, clicks("b"))
		if err == nil {
			break
		}
		if !errors.Is(err, ErrRefused) || tries > 600 {
			t.Fatalf("with the server again: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	appended(t, l, clicks("c", "a"), "3 1")
	for _, want := range []string{"1 a", "2 b", "3 c"} {
		if g := <-got; g != want {
			t.Errorf("followed %q, want %q", g, want)
		}
	}
	closed(t, l)
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("Follow ended with %v", err)
	}
}

// TestServerDamage: a server by URL that has lost a message: reading tells which events, and goes on where the loss is accepted.
func TestServerDamage(t *testing.T) {
	leaves(t)
	dir := t.TempDir()
	s := startNATS(t, server.Options{Port: -1, StoreDir: dir})
	at := func(s *server.Server) host {
		return host{cfg: func(c Config) Config { c.URL = s.ClientURL(); return c }}
	}
	l := at(s).open(t, Config{})
	for g := range 10 {
		appended(t, l, numbered(fmt.Sprint(g, "-"), 2), fmt.Sprint(2*g+1, " ", 2*g+2))
	}
	closed(t, l)
	stopNATS(s)
	paths, err := blockPaths(blocksDir(dir, DefaultName))
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	data, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	data[strings.Index(string(data), `"4-1"`)] ^= 1
	write(t, paths[0], data)

	s = startNATS(t, server.Options{Port: -1, StoreDir: dir})
	l = at(s).open(t, Config{Window: 2}) // so that Open need not read what is lost
	got, err := read(l, 0, 0)
	var damage *DamageError
	if !errors.As(err, &damage) || !slices.Equal(damage.Lost, []Range{{9, 10}}) || len(got) != 8 {
		t.Fatalf("%d events, error %v; 8 and the loss of 9 to 10 are expected", len(got), err)
	}
	closed(t, l)
	if _, err := Open(context.Background(), at(s).cfg(Config{})); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open that reads the ids: %v, want ErrDamaged", err)
	}
	l = at(s).open(t, Config{AcceptLoss: true})
	if got, err = read(l, 0, 0); err != nil || len(got) != 18 {
		t.Fatalf("%d events, error %v; want 18", len(got), err)
	}
	if lost := l.Status().Lost; !slices.Equal(lost, []Range{{9, 10}}) {
		t.Errorf("status names %v", lost)
	}
}

// TestClusterOfThree: three replicas; the leader goes while events are appended; each event that was acknowledged is there once.
func TestClusterOfThree(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for an election")
	}
	leaves(t)
	var servers []*server.Server
	var urls, routes []string
	var ports []int
	for range 3 { // each must know the others' before it starts
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, free.Addr().(*net.TCPAddr).Port)
		routes = append(routes, "nats://"+free.Addr().String())
		free.Close()
	}
	for k := range 3 {
		s := startNATS(t, server.Options{ServerName: fmt.Sprint("n", k), Port: -1, StoreDir: t.TempDir(), Routes: server.RoutesFromStr(strings.Join(routes, ",")),
			Cluster: server.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: ports[k]}})
		servers, urls = append(servers, s), append(urls, s.ClientURL())
	}
	ctx := context.Background()
	cfg := Config{URL: strings.Join(urls, ","), Replicas: 3, MaxBytes: 1 << 30}
	var l *Log
	for tries := 0; ; tries++ { // until the cluster has its first leader
		var err error
		if l, err = Open(ctx, cfg); err == nil {
			break
		}
		if tries > 100 {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Cleanup(func() { l.Close(ctx) })
	said := map[string]uint64{}
	for k := range 300 {
		if k == 100 {
			leader := -1
			for n, s := range servers {
				if s.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, DefaultName) {
					leader = n
				}
			}
			if leader < 0 {
				t.Fatal("the stream has no leader")
			}
			stopNATS(servers[leader])
		}
		id := fmt.Sprint(k)
		for tries := 0; ; tries++ {
			seqs, err := l.Append(ctx, clicks(id, fmt.Sprint("twin of ", id)))
			if err == nil {
				said[id] = seqs[0]
				break
			}
			if !errors.Is(err, ErrRefused) || tries > 600 {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	got, err := read(l, 0, 0)
	if err != nil || len(got) != 600 {
		t.Fatalf("%d events, error %v; want 600", len(got), err)
	}
	for id, seq := range said {
		if want := fmt.Sprint(seq, " ", id); got[seq-1] != want {
			t.Errorf("%q at %d, want %q", got[seq-1], seq, want)
		}
	}
}
