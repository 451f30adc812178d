package duckdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// readOnly is the fixture's database, open for reading only.
func readOnly(t *testing.T) (e *Engine, dir string) {
	t.Helper()
	ctx := context.Background()
	dir = t.TempDir()
	path := filepath.Join(dir, "log.duckdb")
	w, err := Open(ctx, path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Load(ctx, warehousetest.Fixture(), warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	e, err = Open(ctx, path, Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e, dir
}

func TestQueriesOfOnesOwnOnlyRead(t *testing.T) {
	e, dir := readOnly(t)
	for _, q := range []string{
		"select 1; select 2", "", "-- nothing", "delete from users", "create table t (x int)", "create temp table t (x int)",
		"insert into settings values ('a', 'b') returning name", "set memory_limit = '9GB'", "reset threads", "checkpoint", "load json", "install httpfs",
		"copy users to '" + dir + "/users.csv'", "export database '" + dir + "/copy'", "attach '" + dir + "/other.duckdb' as other",
		"select * from read_text('/etc/hostname')", "select * from glob('/*')",
	} {
		if rows, err := e.SQL(context.Background(), q); err == nil {
			rows.Close()
			t.Errorf("%q ran", q)
		}
	}
	for _, q := range []string{"select 1;", "from users limit 2", "with a as (select 1 as n) select n from a", "describe users", "show tables", "summarize users", "explain select 1", "values (1)"} {
		rows, err := e.SQL(context.Background(), q)
		if err != nil {
			t.Errorf("%q: %v", q, err)
			continue
		}
		n := 0
		for rows.Next() {
			if _, err := rows.Values(); err != nil {
				t.Errorf("%q: %v", q, err)
			}
			n++
		}
		if n == 0 || rows.Err() != nil {
			t.Errorf("%q: %d rows, %v", q, n, rows.Err())
		}
		if err := rows.Close(); err != nil {
			t.Errorf("%q: %v", q, err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%v beside the database, want it alone", files)
	}
}

// Every type of the engine comes as one that a table, CSV and JSON can show.
func TestCellsOfEveryType(t *testing.T) {
	e, _ := readOnly(t)
	for q, want := range map[string]any{
		"1::tinyint": int64(1), "1::usmallint": uint64(1), "sum(1)": int64(1), "123456789012345678901234567890::hugeint": "123456789012345678901234567890",
		"0.1::float": 0.1, "1.5::decimal(10, 2)": 1.5, "true": true, "null": nil, "'a'": "a", "'ab'::blob": "6162",
		"date '2019-11-01'": "2019-11-01", "timestamp '2019-11-01 10:00:00.5'": "2019-11-01 10:00:00.5", "time '10:00'": "10:00:00",
		"interval '14 months 1 day 90 minutes'": "1 year 2 months 1 day 01:30:00", "interval 0 day": "00:00:00", "interval '-1500 milliseconds'": "-00:00:01.5",
		"'52b8ec3f-3f5c-4e3c-9d5e-8b0e9d6b1c11'::uuid": "52b8ec3f-3f5c-4e3c-9d5e-8b0e9d6b1c11",
		"[1, null, 0.5]": warehouse.Nested(`[1,null,0.5]`),
		"{'a': [0.1::float], 'b': 'inf'::double}": warehouse.Nested(`{"a":[0.1],"b":null}`),
		"map {1: 'x'}":        warehouse.Nested(`{"1":"x"}`),
		"'x'::enum('x', 'y')": "x",
		"union_value(n := 2)": warehouse.Nested(`2`),
	} {
		rows, err := e.SQL(context.Background(), "select "+q)
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		for rows.Next() {
			got, err := rows.Values()
			if err != nil || got[0] != want {
				t.Errorf("%s is %#v (%v), want %#v", q, got, err, want)
			}
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNamesOfDatabases(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"plain.duckdb", "a b+c & d%41[e].duckdb", "音乐.duckdb"} {
		dir := t.TempDir()
		e, err := Open(ctx, filepath.Join(dir, name), Config{MemoryMB: 512})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var temp, memory string
		if err := e.db().QueryRow("select current_setting('temp_directory'), current_setting('memory_limit')").Scan(&temp, &memory); err != nil {
			t.Error(err)
		}
		// 512 MB are 488.2 MiB
		if temp != filepath.Join(dir, name+".tmp") || memory != "488.2 MiB" {
			t.Errorf("%s: works in %s with %s", name, temp, memory)
		}
		if _, err := e.Load(ctx, warehousetest.Fixture(), warehouse.LoadOptions{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if files, _ := os.ReadDir(dir); len(files) != 1 || files[0].Name() != name {
			t.Errorf("%s: %v is left", name, files)
		}
	}
	for _, name := range []string{"a?b.duckdb", "a#b.duckdb"} {
		if e, err := Open(ctx, filepath.Join(t.TempDir(), name), Config{}); err == nil || !strings.Contains(err.Error(), "--db") {
			t.Errorf("%s: %v, want a refusal that says what to do", name, err)
			if err == nil {
				e.Close()
			}
		}
	}
}

// TestTempIsOnesOwn: what others keep beside the database stays, and two processes that read do not work in one directory.
func TestTempIsOnesOwn(t *testing.T) {
	e, dir := readOnly(t)
	if want := fmt.Sprintf("log.duckdb.tmp-%d", os.Getpid()); filepath.Base(e.tempDir()) != want {
		t.Errorf("a reader works in %s, want %s", e.tempDir(), want)
	}
	e.Close()
	temp := filepath.Join(dir, "log.duckdb.tmp")
	if err := os.Mkdir(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"thesis.txt", "duckdb_temp_storage_DEFAULT-0.tmp"} {
		if err := os.WriteFile(filepath.Join(temp, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Open(context.Background(), e.path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	files, err := os.ReadDir(temp)
	if err != nil || len(files) != 1 || files[0].Name() != "thesis.txt" {
		t.Errorf("%v is left (%v), want thesis.txt alone", files, err)
	}
}
