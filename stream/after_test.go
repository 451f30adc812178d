package stream

import (
	"errors"
	"testing"
)

// A new log counts on from what its reader has; one that has events and ends before that is another log.
func TestAfter(t *testing.T) {
	one := func(id string) []Event {
		return []Event{{ID: id, Kind: Click, AtMS: 1, User: "u", Item: "i"}}
	}
	dir := t.TempDir()
	var told []uint64
	open := func(after uint64) (*Log, error) {
		return Open(t.Context(), Config{Dir: dir, After: after, From: after + 1, OnAppend: func(events []Stored) {
			for _, e := range events {
				told = append(told, e.Seq)
			}
		}})
	}
	l, err := open(1000)
	if err != nil {
		t.Fatal(err)
	}
	seqs, err := l.Append(t.Context(), append(one("a"), one("b")...))
	if err != nil || len(seqs) != 2 || seqs[0] != 1001 || seqs[1] != 1002 {
		t.Fatalf("seqs %v, %v", seqs, err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	told = nil
	l, err = open(1001) // the reader has the first
	if err != nil {
		t.Fatal(err)
	}
	seqs, err = l.Append(t.Context(), one("c"))
	if err != nil || seqs[0] != 1003 || len(told) != 2 || told[0] != 1002 {
		t.Fatalf("seqs %v, told %v, %v", seqs, told, err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := open(5000); !errors.Is(err, ErrOther) {
		t.Fatalf("%v; ErrOther is expected", err)
	}
}
