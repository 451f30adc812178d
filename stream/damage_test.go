package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// damageLog is a log of 60 groups of 5 events, of about 1 KB, in several files: its MaxBytes are small, so that its files are.
func damageLog(t *testing.T) (cfg Config, paths []string) {
	t.Helper()
	ctx := context.Background()
	cfg = Config{Dir: t.TempDir(), MaxBytes: 120_000} // the server then makes files of 32,000 bytes, 20 groups and more
	l, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(ctx) })
	for g := range 60 {
		events := numbered(fmt.Sprint(g, "-"), 5)
		for k := range events {
			events[k].Comment = strings.Repeat("x", 150)
		}
		appended(t, l, events, fmt.Sprint(5*g+1, " ", 5*g+2, " ", 5*g+3, " ", 5*g+4, " ", 5*g+5))
	}
	closed(t, l)
	paths, err = blockPaths(blocksDir(cfg.Dir, DefaultName))
	if err != nil || len(paths) < 2 {
		t.Fatalf("files %v, error %v; at least 2 are needed", paths, err)
	}
	return cfg, paths
}

// at finds the n-th record (from 0) of a file.
func at(t *testing.T, path string, n int) (data []byte, from, to int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := blockSum(DefaultName, path)
	for k := 0; from < len(data); k++ {
		r, ok := readRecord(data[from:], sum)
		if !ok {
			t.Fatalf("record %d of %s cannot be read", k, path)
		}
		if k == n {
			return data, from, from + r.size
		}
		from += r.size
	}
	t.Fatalf("%s has no record %d", path, n)
	return nil, 0, 0
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDamage harms files in ways of which each is told at Open, by name and with the seqs that are lost; what can be read is kept, also by later
// starts, and seqs are not given again.
func TestDamage(t *testing.T) {
	all := Range{1, 300}
	for _, c := range []struct {
		name  string
		harm  func(t *testing.T, paths []string)
		lost  func(perFile int) []Range // perFile: events in the first file
		fresh bool                      // harm also takes index.db away, as after a crash
	}{
		{name: "a byte of a message", harm: func(t *testing.T, paths []string) {
			data, from, to := at(t, paths[0], 3)
			data[(from+to)/2] ^= 1
			write(t, paths[0], data)
		}, lost: func(int) []Range { return []Range{{16, 20}} }},
		{name: "after a crash", fresh: true, harm: func(t *testing.T, paths []string) {
			data, from, to := at(t, paths[0], 3)
			data[(from+to)/2] ^= 1
			write(t, paths[0], data)
		}, lost: func(int) []Range { return []Range{{16, 20}} }},
		{name: "the first message", harm: func(t *testing.T, paths []string) {
			data, from, _ := at(t, paths[0], 0)
			data[from+100] ^= 0x80
			write(t, paths[0], data)
		}, lost: func(int) []Range { return []Range{{1, 5}} }},
		{name: "a length", harm: func(t *testing.T, paths []string) {
			data, from, _ := at(t, paths[0], 7)
			data[from+1] ^= 0xff
			write(t, paths[0], data)
		}, lost: func(int) []Range { return []Range{{36, 40}} }},
		{name: "two places", harm: func(t *testing.T, paths []string) {
			data, from, _ := at(t, paths[0], 2)
			data[from] ^= 0xff
			_, from, _ = at(t, paths[0], 5)
			data[from+50] ^= 1
			data[from+1500] ^= 1
			write(t, paths[0], data)
		}, lost: func(int) []Range { return []Range{{11, 15}, {26, 35}} }},
		{name: "zeros over messages", harm: func(t *testing.T, paths []string) {
			data, from, _ := at(t, paths[0], 4)
			_, _, to := at(t, paths[0], 8)
			clear(data[from+10 : to-10])
			write(t, paths[0], data)
		}, lost: func(int) []Range { return []Range{{21, 45}} }},
		{name: "the end of the first file", harm: func(t *testing.T, paths []string) {
			data, from, _ := at(t, paths[0], 10)
			write(t, paths[0], data[:from+30])
		}, lost: func(n int) []Range { return []Range{{51, uint64(n)}} }},
		{name: "the first file emptied", harm: func(t *testing.T, paths []string) { write(t, paths[0], nil) }, lost: func(n int) []Range { return []Range{{1, uint64(n)}} }},
		{name: "a file in the middle gone", harm: func(t *testing.T, paths []string) {
			if err := os.Remove(paths[1]); err != nil {
				t.Fatal(err)
			}
		}, lost: func(n int) []Range { return []Range{{uint64(n) + 1, 0}} }},
		{name: "the last message", fresh: true, harm: func(t *testing.T, paths []string) {
			last := paths[len(paths)-1]
			data, err := os.ReadFile(last)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)-300] ^= 1
			write(t, last, data)
		}, lost: func(int) []Range { return []Range{{296, 300}} }},
		{name: "all messages", fresh: true, harm: func(t *testing.T, paths []string) {
			for _, path := range paths {
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				write(t, path, bytes.Repeat([]byte{0xa5}, len(data)))
			}
		}, lost: func(int) []Range { return []Range{all} }},
		{name: "all files gone", harm: func(t *testing.T, paths []string) {
			if err := os.RemoveAll(filepath.Join(filepath.Dir(paths[0]), "..", "..", "..", "..")); err != nil {
				t.Fatal(err)
			}
		}, lost: func(int) []Range { return []Range{all} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			leaves(t)
			ctx := context.Background()
			cfg, paths := damageLog(t)
			data, err := os.ReadFile(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			perFile := 5 * bytes.Count(data, []byte(firstHeader+":"))
			middle := 0
			if data, err = os.ReadFile(paths[1]); err == nil {
				middle = 5 * bytes.Count(data, []byte(firstHeader+":"))
			}
			c.harm(t, paths)
			if c.fresh {
				if err := os.Remove(filepath.Join(filepath.Dir(paths[0]), "index.db")); err != nil {
					t.Fatal(err)
				}
			}
			want := c.lost(perFile)
			for k := range want {
				if want[k].To == 0 {
					want[k].To = uint64(perFile + middle)
				}
			}
			_, err = Open(ctx, cfg)
			var damage *DamageError
			if !errors.Is(err, ErrDamaged) || !errors.As(err, &damage) || !slices.Equal(damage.Lost, want) || damage.Where == "" || damage.Why == "" {
				t.Fatalf("error %v; a loss of %v is expected", err, want)
			}
			if _, again := Open(ctx, cfg); again == nil || again.Error() != err.Error() {
				t.Fatalf("the second time: %v; as before is expected: %v", again, err)
			}

			cfg.AcceptLoss = true
			for start := range 3 {
				l, err := Open(ctx, cfg)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { l.Close(ctx) })
				if got := l.Status().Lost; start < 2 && !slices.Equal(got, inside(want, l.Status().First)) {
					t.Errorf("start %d: status names %v, want %v", start, got, want)
				}
				got, err := read(l, 0, 0)
				if err != nil {
					t.Fatal(err)
				}
				var there []string
				for seq := uint64(1); seq <= 300; seq++ {
					if !slices.ContainsFunc(want, func(r Range) bool { return r.From <= seq && seq <= r.To }) {
						there = append(there, fmt.Sprintf("%d %d-%d", seq, (seq-1)/5, (seq-1)%5))
					}
				}
				for k := range start {
					there = append(there, fmt.Sprintf("%d new%d", 301+k, k))
				}
				if !slices.Equal(got, there) {
					t.Fatalf("start %d: %d events, %d are expected:\n%v\n%v", start, len(got), len(there), got, there)
				}
				appended(t, l, clicks(fmt.Sprint("new", start)), fmt.Sprint(301+start))
				closed(t, l)
				cfg.AcceptLoss = false // the loss is known now
			}
			// What was lost may be sent again, and is then there once.
			seq := want[0].To
			id := fmt.Sprintf("%d-%d", (seq-1)/5, (seq-1)%5)
			for range 2 {
				l, err := Open(ctx, cfg)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { l.Close(ctx) })
				appended(t, l, clicks(id, id), "304 304")
				appended(t, l, clicks(id), "304")
				closed(t, l)
			}
		})
	}
}

// inside are the ranges that end at first or later: what Status names.
func inside(ranges []Range, first uint64) (in []Range) {
	for _, r := range ranges {
		if r.To >= first {
			in = append(in, r)
		}
	}
	return in
}
