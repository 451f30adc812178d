package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestDiskFull runs a process that may write no file beyond a size, as on a disk that is full: events are refused, what was acknowledged stays and is
// read meanwhile, and once there is room events are taken again without a restart.
func TestDiskFull(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run", "^TestDiskFullChild$", "-test.v")
	child.Env = append(os.Environ(), "SEGUE_FULL_LOG="+t.TempDir())
	var said bytes.Buffer
	child.Stdout, child.Stderr = &said, &said
	if err := child.Run(); err != nil || !bytes.Contains(said.Bytes(), []byte("--- PASS: TestDiskFullChild")) {
		t.Fatalf("%v\n%s", err, &said)
	}
	t.Log(said.String())
}

func TestDiskFullChild(t *testing.T) {
	dir := os.Getenv("SEGUE_FULL_LOG")
	if dir == "" {
		t.Skip("only TestDiskFull starts it")
	}
	signal.Ignore(syscall.SIGXFSZ)
	ctx := context.Background()
	l, err := Open(ctx, Config{Dir: dir, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	limit := func(bytes uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: math.MaxUint64}); err != nil {
			t.Fatal(err)
		}
	}
	limit(200_000)
	n := 0
	var refused error
	for ; n < 1000 && refused == nil; n++ {
		_, refused = l.Append(ctx, numbered(fmt.Sprint(n, "-"), 20))
	}
	n--
	if !errors.Is(refused, ErrRefused) || n < 50 {
		t.Fatalf("after %d appends: %v; ErrRefused is expected after 50 and more", n, refused)
	}
	t.Logf("after %d appends of 20: %v", n, refused)
	begun := time.Now()
	if _, err := l.Append(ctx, clicks("while full")); !errors.Is(err, ErrRefused) {
		t.Errorf("the next: %v", err)
	}
	t.Logf("the next is refused after %v", time.Since(begun))
	if s := l.Status(); s.Refusing == nil || s.Last != uint64(20*n) {
		t.Errorf("status: %+v", s)
	}
	for tries := 0; ; tries++ { // the server may just be starting anew
		got, err := read(l, 0, 0)
		if err == nil && len(got) >= 20*n {
			break
		}
		var away *unavailableError
		if !errors.As(err, &away) || tries == 100 {
			t.Fatalf("reading while full: %d events, error %v", len(got), err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	limit(math.MaxUint64)
	for tries := 0; l.Status().Refusing != nil; tries++ {
		if tries == 600 {
			t.Fatalf("still refusing: %v", l.Status().Refusing)
		}
		time.Sleep(100 * time.Millisecond)
	}
	// The Append that failed may have been stored or not: sent again it is there once.
	if _, err := l.Append(ctx, numbered(fmt.Sprint(n, "-"), 20)); err != nil {
		t.Fatal(err)
	}
	appended(t, l, clicks("after"), fmt.Sprint(20*(n+1)+1))
	for range 2 {
		got, err := read(l, 0, 0)
		if err != nil || len(got) != 20*(n+1)+1 {
			t.Fatalf("%d events, error %v; want %d", len(got), err, 20*(n+1)+1)
		}
		for k, g := range got[:20*(n+1)] {
			if want := fmt.Sprintf("%d %d-%d", k+1, k/20, k%20); g != want {
				t.Fatalf("%q, want %q", g, want)
			}
		}
		closed(t, l)
		if l, err = Open(ctx, Config{Dir: dir}); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, l)
}

// TestStartOnAFullDisk opens a log where nothing can be written: what was acknowledged is read, new events are refused, and once there is room they are taken.
func TestStartOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run", "^TestStartOnAFullDiskChild$", "-test.v")
	child.Env = append(os.Environ(), "SEGUE_FULL_START="+dir)
	var said bytes.Buffer
	child.Stdout, child.Stderr = &said, &said
	if err := child.Run(); err != nil || !bytes.Contains(said.Bytes(), []byte("--- PASS: TestStartOnAFullDiskChild")) {
		t.Fatalf("%v\n%s", err, &said)
	}
}

func TestStartOnAFullDiskChild(t *testing.T) {
	dir := os.Getenv("SEGUE_FULL_START")
	if dir == "" {
		t.Skip("only TestStartOnAFullDisk starts it")
	}
	signal.Ignore(syscall.SIGXFSZ)
	ctx := context.Background()
	limit := func(bytes uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: math.MaxUint64}); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Config{Dir: dir, Timeout: 5 * time.Second}
	l, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		appended(t, l, clicks(fmt.Sprint(n)), fmt.Sprint(n+1))
	}
	closed(t, l)
	// As a kill may leave it: the ids of the last events are not in their file.
	files, err := filepath.Glob(filepath.Join(dir, "ids", "*", "*.ids"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if err := os.Truncate(files[0], 200); err != nil {
		t.Fatal(err)
	}
	limit(100)
	if l, err = Open(ctx, cfg); err != nil {
		t.Fatalf("on a full disk: %v", err)
	}
	if got, err := read(l, 0, 0); err != nil || len(got) != 20 {
		t.Fatalf("%d events, %v", len(got), err)
	}
	appended(t, l, clicks("19"), "20") // it is known all the same
	if _, err := l.Append(ctx, clicks("new")); !errors.Is(err, ErrRefused) {
		t.Fatalf("a new event on a full disk: %v", err)
	}
	limit(math.MaxUint64)
	for tries := 0; ; tries++ {
		_, err := l.Append(ctx, clicks("new"))
		if err == nil {
			break
		}
		if tries == 300 {
			t.Fatalf("with room again: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	closed(t, l)
	if l, err = Open(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	if got, err := read(l, 0, 0); err != nil || len(got) != 21 {
		t.Fatalf("%d events, %v", len(got), err)
	}
	closed(t, l)
}
