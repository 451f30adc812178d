package stream

import (
	"context"
	"fmt"
	"testing"
)

func click(id string) Event {
	return Event{ID: id, Kind: Click, AtMS: 1, User: "u", Item: "i"}
}

func TestThin(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l, err := Open(ctx, Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	seqs, err := l.Append(ctx, []Event{click("a"), click("b"), click("a")})
	if err != nil || fmt.Sprint(seqs) != "[1 2 1]" {
		t.Fatal(seqs, err)
	}
	seqs, err = l.Append(ctx, []Event{click("b")})
	if err != nil || fmt.Sprint(seqs) != "[2]" {
		t.Fatal(seqs, err)
	}
	seqs, err = l.Append(ctx, []Event{click("c")})
	if err != nil || fmt.Sprint(seqs) != "[3]" {
		t.Fatal(seqs, err)
	}
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	l, err = Open(ctx, Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(ctx)
	seqs, err = l.Append(ctx, []Event{click("d"), click("b")})
	if err != nil || fmt.Sprint(seqs) != "[4 2]" {
		t.Fatal(seqs, err)
	}
	var got []string
	if err := l.Read(ctx, 0, 2, func(s []Stored) error {
		for _, e := range s {
			got = append(got, fmt.Sprint(e.Seq, e.ID))
		}
		return nil
	}); err != nil || fmt.Sprint(got) != "[1a 2b 3c 4d]" {
		t.Fatal(got, err)
	}
	t.Logf("%+v", l.Status())
}
