package stream

// The part of the suite that is about limits: what is kept, what waits, what is remembered, how large an Append may be.

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// trim: events before a seq are given up, by groups; who asks for them is told, and ids stay known.
func trim(t *testing.T, h host) {
	l := h.open(t, Config{})
	appended(t, l, clicks("a", "b"), "1 2")
	appended(t, l, clicks("c", "d"), "3 4")
	appended(t, l, clicks("e"), "5")
	ctx := context.Background()
	for _, c := range []struct{ trim, first uint64 }{{0, 1}, {2, 1}, {3, 3}, {2, 3}, {4, 3}, {5, 5}, {100, 5}} { // groups begin at 1, 3 and 5, and the last stays
		if err := l.Trim(ctx, c.trim); err != nil {
			t.Fatal(err)
		}
		if s := l.Status(); s.First != c.first || s.Last != 5 {
			t.Errorf("trimmed before %d: first %d, last %d; want %d and 5", c.trim, s.First, s.Last, c.first)
		}
	}
	has(t, l, 0, "5 e")
	has(t, l, 6)
	if _, err := read(l, 4, 0); !errors.Is(err, ErrTrimmed) {
		t.Errorf("reading from 4: %v, want ErrTrimmed", err)
	}
	if err := l.Follow(ctx, 2, func([]Stored) error { return nil }); !errors.Is(err, ErrTrimmed) {
		t.Errorf("following from 2: %v, want ErrTrimmed", err)
	}
	appended(t, l, clicks("a", "f"), "1 6")
	closed(t, l)
	_, err := Open(ctx, h.cfg(Config{From: 3, OnAppend: func([]Stored) {}}))
	if !errors.Is(err, ErrTrimmed) {
		t.Errorf("open from 3: %v, want ErrTrimmed", err)
	}
	l = h.open(t, Config{})
	appended(t, l, clicks("g"), "7")
	has(t, l, 5, "5 e", "6 f", "7 g")
}

// full: beyond MaxBytes new events are refused, what is there stays, and Trim makes room.
func full(t *testing.T, h host) {
	l := h.open(t, Config{MaxBytes: 64 << 10})
	ctx := context.Background()
	n := 0
	var refused error
	for ; n < 1000 && refused == nil; n++ {
		_, refused = l.Append(ctx, numbered(fmt.Sprint(n, "-"), 20)) // 20 events of 50 bytes and more: 1 KiB
	}
	n--
	if want := "stream: new events are refused: the log, or the disk that it is on, is full"; refused.Error() != want {
		t.Errorf("%v; want %s", refused, want)
	}
	if !errors.Is(refused, ErrRefused) || n < 20 || n > 64 {
		t.Fatalf("after %d appends: %v; ErrRefused is expected after 20 to 64", n, refused)
	}
	if s := l.Status(); s.Refusing == nil || s.Last != uint64(20*n) {
		t.Errorf("status: %+v", s)
	}
	if _, err := l.Append(ctx, numbered("again", 20)); !errors.Is(err, ErrRefused) {
		t.Errorf("the next: %v", err)
	}
	appended(t, l, clicks("0-0"), "1") // what is there is acknowledged all the same
	got, err := read(l, 0, 0)
	if err != nil || len(got) != 20*n {
		t.Fatalf("%d events, error %v; want %d", len(got), err, 20*n)
	}
	if err := l.Trim(ctx, uint64(10*n)); err != nil {
		t.Fatal(err)
	}
	appended(t, l, clicks("more"), fmt.Sprint(20*n+1))
	if s := l.Status(); s.Refusing != nil {
		t.Errorf("still refusing: %v", s.Refusing)
	}
}

// busy: beyond MaxPending Append fails at once, and what waited is written.
func busy(t *testing.T, h host) {
	hold, entered := make(chan struct{}), make(chan struct{}, 100)
	l := h.open(t, Config{MaxPending: 10, OnAppend: func([]Stored) {
		entered <- struct{}{}
		<-hold
	}})
	ctx := context.Background()
	done := make(chan error, 2)
	go func() {
		_, err := l.Append(ctx, numbered("a", 4))
		done <- err
	}()
	<-entered // 4 are pending until OnAppend returns
	go func() {
		_, err := l.Append(ctx, numbered("b", 6))
		done <- err
	}()
	for l.Status().Pending != 10 {
		runtime.Gosched()
	}
	if _, err := l.Append(ctx, clicks("c")); !errors.Is(err, ErrBusy) {
		t.Errorf("the eleventh: %v, want ErrBusy", err)
	}
	close(hold)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if s := l.Status(); s.Pending != 0 || s.Last != 10 {
		t.Errorf("status: %+v", s)
	}
}

// window: ids are forgotten when a window of others came after, and not earlier, restarts or not.
func window(t *testing.T, h host) {
	cfg := Config{Window: 10}
	l := h.open(t, cfg)
	for k := range 40 {
		if k%7 == 3 {
			closed(t, l)
			l = h.open(t, cfg)
		}
		appended(t, l, clicks(fmt.Sprint(k)), fmt.Sprint(k+1))
		for old := max(0, k-9); old <= k; old++ { // the newest 10
			appended(t, l, clicks(fmt.Sprint(old)), fmt.Sprint(old+1))
		}
		if n := l.Status().IDs; n > 20 {
			t.Fatalf("%d ids remembered; at most 20 are expected", n)
		}
	}
	appended(t, l, clicks("0"), "41")
}

// large: more events, and more bytes, than one group takes.
func large(t *testing.T, h host) {
	l := h.open(t, Config{})
	r := rand.New(rand.NewPCG(1, 2))
	var events []Event
	for k := range 2500 {
		e := click(fmt.Sprint(k))
		e.Comment = strings.Repeat("x", r.IntN(MaxComment)) // 5 MB in all
		events = append(events, e)
	}
	seqs, err := l.Append(context.Background(), events)
	if err != nil || len(seqs) != 2500 || seqs[0] != 1 || seqs[2499] != 2500 {
		t.Fatalf("%d seqs, error %v", len(seqs), err)
	}
	got, err := read(l, 1700, 100)
	if err != nil || len(got) != 801 || got[0] != "1700 1699" || got[800] != "2500 2499" {
		t.Fatalf("%d events, error %v; want 801 from 1700", len(got), err)
	}
}
