package duckdb

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

func open(t *testing.T) warehouse.Warehouse {
	t.Helper()
	e, err := Open(context.Background(), filepath.Join(t.TempDir(), "test.duckdb"), Config{MemoryMB: 500})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// linesOf are the rows of a query with one column of text.
func linesOf(t *testing.T, e *Engine, query string) (out []string) {
	t.Helper()
	rows, err := e.db().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSuite(t *testing.T) { warehousetest.Run(t, open) }

func TestOpenRefuses(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.duckdb")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	made := func(name, change string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		e, err := Open(ctx, path, Config{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Load(ctx, warehousetest.Fixture(), warehouse.LoadOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.db().ExecContext(ctx, change); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	newer := made("newer.duckdb", "update settings set value = '1000' where name = 'schema_version'")
	older := made("older.duckdb", "update settings set value = '1' where name = 'schema_version'")
	foreign := made("foreign.duckdb", "drop table settings")
	cut := made("cut.duckdb", "select 1")
	if info, err := os.Stat(cut); err != nil || os.Truncate(cut, info.Size()/2) != nil {
		t.Fatal("cannot cut a database off")
	}
	for _, c := range []struct {
		path     string
		readOnly bool
		want     string
	}{
		{filepath.Join(dir, "missing.duckdb"), true, "there is no such database"},
		{text, false, "this is not a database"},
		{":memory:", false, "is not a file name"},
		{"", false, "is not a file name"},
		{dir, false, "this is a directory; name a file, such as --db " + filepath.Join(dir, "segue.duckdb")},
		{dir, true, "this is a directory"},
		{filepath.Join(dir, "no", "a.duckdb"), false, "there is no directory " + filepath.Join(dir, "no")},
		{newer, true, "a newer segue made it"},
		{older, false, "load the log again into a new database"},
		{foreign, false, "was not made by segue"},
		{cut, true, "damaged"},
	} {
		e, err := Open(ctx, c.path, Config{ReadOnly: c.readOnly})
		if err == nil {
			e.Close()
			t.Errorf("%s: opened, want an error that says %q", c.path, c.want)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to say %q", c.path, err, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "missing.duckdb")); err == nil {
		t.Error("opening for reading only made a file")
	}
}

// A database that a failed first load has made is taken away; one that was there stays.
func TestNothingLoadedNothingKept(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	path := filepath.Join(t.TempDir(), "new.duckdb")
	e, err := Open(ctx, path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := e.Load(ctx, warehousetest.Fixture(), warehouse.LoadOptions{}); err == nil {
		t.Fatal("a cancelled load gives no error")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty database is still there: %v", err)
	}
	for _, load := range []bool{true, false} { // the second time it is there before
		e, err := Open(t.Context(), path, Config{})
		if err != nil {
			t.Fatal(err)
		}
		if load {
			if _, err := e.Load(t.Context(), warehousetest.Fixture(), warehouse.LoadOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the database is gone: %v", err)
		}
	}
}

// A database that was limited has so many threads, what it had, and takes what comes.
func TestLimit(t *testing.T) {
	ctx := t.Context()
	e := open(t).(*Engine)
	if _, err := e.Load(ctx, warehousetest.Fixture(), warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	before, err := e.Describe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	threads := func() (n int) {
		t.Helper()
		if err := e.db().QueryRowContext(ctx, "select current_setting('threads')").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, want := range []int{1, 3} {
		if err := e.Limit(ctx, want); err != nil {
			t.Fatal(err)
		}
		if got := threads(); got != want {
			t.Errorf("%d threads, want %d", got, want)
		}
		batch := warehouse.LiveBatch{Rows: []warehouse.LiveRow{{Seq: uint64(want), Kind: warehouse.LiveImpression, AtMS: 1572600000000, User: "u", Card: "c", Request: string(rune('a' + want)), Slot: 1}}}
		if err := e.AppendLive(ctx, warehouse.LiveBatches(batch)); err != nil {
			t.Fatal(err)
		}
	}
	after, err := e.Describe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if after.Impressions != before.Impressions+2 {
		t.Errorf("%d impressions became %d; two came", before.Impressions, after.Impressions)
	}
	if err := e.Limit(ctx, 0); err == nil {
		t.Error("no threads at all are taken")
	}
}

// What bounds the opening does not bound what comes after: the pool makes connections later too.
func TestOpenedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	e, err := Open(ctx, filepath.Join(t.TempDir(), "test.duckdb"), Config{MemoryMB: 500})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	cancel()
	for range 3 { // held together, so that each is another
		conn, err := e.db().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
	}
}
