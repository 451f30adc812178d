// Package duckdb is the embedded engine: DuckDB in one file. Questions run through database/sql; a load
// runs through the engine's C interface, whole columns at a time (see load.go).
package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/warehouse"
)

// schemaVersion changes with every change of schema.sql.
const schemaVersion = 2

//go:embed sql/*.sql
var queries embed.FS

// Config bounds an engine.
type Config struct {
	MemoryMB int  // what the engine may hold before it works on disk; 0 means 2000
	Threads  int  // 0 means all processors
	ReadOnly bool // several processes may read one database at a time; one that writes is alone
}

var _ warehouse.Warehouse = (*Engine)(nil)

// Engine is an open database.
type Engine struct {
	path string
	cfg  Config

	mu     sync.Mutex // held by Load, which closes and opens the pool, and by AppendLive, which may have to
	pool   atomic.Pointer[sql.DB]
	empty  bool       // Open made the database, and nothing was loaded since
	live   *liveKnown // what appends of live events keep between them; nil: nothing
	broken bool       // the pool is of no more use: see mend
	guest  bool       // AppendLive lets all others go first
}

// db is the pool of connections.
func (e *Engine) db() *sql.DB { return e.pool.Load() }

// Version says which engine this is.
func Version(context.Context) (string, error) { return "DuckDB " + mapping.LibraryVersion(), nil }

// Open opens the database at path, making it if it is missing and cfg.ReadOnly is false; Close removes it again if nothing
// was loaded. A file that is not a database of segue's, or one of another version of its tables, is refused.
func Open(ctx context.Context, path string, cfg Config) (*Engine, error) {
	if cfg.MemoryMB == 0 {
		cfg.MemoryMB = 2000
	}
	if cfg.Threads == 0 {
		cfg.Threads = runtime.NumCPU()
	}
	if path == "" || strings.HasPrefix(path, ":") {
		return nil, fmt.Errorf("open database: %q is not a file name", path)
	}
	if strings.ContainsAny(path, "?#") { // they end the name in what the driver is given
		return nil, fmt.Errorf("open %s: the name of a database may hold no ? and no #; choose another --db", path)
	}
	info, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing && cfg.ReadOnly:
		return nil, fmt.Errorf("open %s: there is no such database; make one with `segue ingest DIR --db %s`", path, path)
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("open %s: this is a directory; name a file, such as --db %s", path, filepath.Join(path, "segue.duckdb"))
	case missing:
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("open %s: there is no directory %s; make it, or choose another --db", path, filepath.Dir(path))
		}
	}
	e := &Engine{path: path, cfg: cfg, empty: missing}
	if err := e.connect(ctx); err != nil {
		return nil, err
	}
	if err := e.prepare(ctx, missing); err != nil {
		e.db().Close()
		return nil, err
	}
	return e, nil
}

// Close closes the database and removes what the engine wrote beside it for the time being.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := e.db().Close()
	e.removeTemp()
	if e.empty { // a first load that failed leaves the space it took, and nothing to keep
		err = errors.Join(err, os.Remove(e.path))
		e.empty = err != nil
	}
	return err
}

// Limit makes the engine a guest among others who go first: it closes the database and opens it again for at most so many threads, since the engine's settings
// are locked once it is open, and from then on AppendLive works in a thread that the system runs after all others. Nothing may be asked of e meanwhile.
func (e *Engine) Limit(ctx context.Context, threads int) error {
	if threads < 1 {
		return fmt.Errorf("open %s: %d threads; at least 1 is expected", e.path, threads)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.db().Close(); err != nil {
		return fmt.Errorf("open %s again: %w", e.path, err)
	}
	e.live, e.cfg.Threads, e.guest = nil, threads, true
	return e.connect(context.WithoutCancel(ctx))
}

// tempDir is where the engine puts what does not fit in memory. Several processes may read one database, and each needs a place of its own.
func (e *Engine) tempDir() string {
	if e.cfg.ReadOnly {
		return fmt.Sprintf("%s.tmp-%d", e.path, os.Getpid())
	}
	return e.path + ".tmp"
}

// removeTemp takes out what the engine put beside the database, and nothing else that someone may keep under that name. A failure leaves
// rubbish and no harm.
func (e *Engine) removeTemp() {
	dir := e.tempDir()
	for _, pattern := range []string{"duckdb_temp_*", filepath.Join("stages", "stage-*")} {
		files, _ := filepath.Glob(filepath.Join(escapeGlob(dir), pattern)) // the pattern is a good one
		for _, f := range files {
			_ = os.Remove(f)
		}
	}
	_ = os.Remove(filepath.Join(dir, "stages"))
	_ = os.Remove(dir)
}

// escapeGlob makes a path a pattern that only it matches.
func escapeGlob(path string) string {
	if runtime.GOOS == "windows" { // has no escapes in patterns
		return path
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// settings are the engine's own settings, as name and value.
func (e *Engine) settings() [][2]string {
	abs, err := filepath.Abs(e.tempDir())
	if err != nil {
		abs = e.tempDir()
	}
	s := [][2]string{
		{"memory_limit", fmt.Sprintf("%dMB", e.cfg.MemoryMB)},
		{"threads", fmt.Sprint(e.cfg.Threads)},
		{"temp_directory", abs},
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
	}
	if e.cfg.ReadOnly {
		s = append(s, [2]string{"access_mode", "READ_ONLY"})
	}
	return s
}

// connect opens the database for questions: once open, it can reach no other file and its settings are locked.
func (e *Engine) connect(ctx context.Context) error {
	var dsn strings.Builder
	dsn.WriteString(e.path)
	sep := "?"
	for _, kv := range e.settings() {
		dsn.WriteString(sep + kv[0] + "=" + url.QueryEscape(kv[1]))
		sep = "&"
	}
	later := context.WithoutCancel(ctx) // the pool makes connections as long as it lives
	connector, err := duckdb.NewConnector(dsn.String(), func(c driver.ExecerContext) error {
		for _, set := range []string{"set enable_external_access = false", "set lock_configuration = true"} {
			if _, err := c.ExecContext(later, set, nil); err != nil && !strings.Contains(err.Error(), "locked") {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return e.explainOpen(err)
	}
	pool := sql.OpenDB(connector)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return e.explainOpen(err)
	}
	e.pool.Store(pool)
	return nil
}

// failed takes note of an error of a write. After some the engine answers nothing until the database is opened anew: a disk without room for its checkpoint is
// enough.
func (e *Engine) failed(err error) {
	if e.broken = e.broken || strings.Contains(err.Error(), "FATAL Error"); e.broken {
		_ = e.mend() // questions are answered again at once, if it can be; otherwise the next append tries
	}
}

// mend opens a database anew that the engine gave up. What was committed is in it: the engine's write-ahead log has it.
func (e *Engine) mend() error {
	if !e.broken {
		return nil
	}
	e.live = nil
	_ = e.db().Close() // says again why it was given up
	if err := e.connect(context.Background()); err != nil {
		return err
	}
	e.broken = false
	return nil
}

// explainOpen says what to do about a database that cannot be opened.
func (e *Engine) explainOpen(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "Could not set lock") || strings.Contains(text, "Conflicting lock"):
		return fmt.Errorf("open %s: another process is using this database%s; a server that takes events in, or a load, has it for itself: wait for it to end, or stop it",
			e.path, lockedBy(text))
	case strings.Contains(text, "not a valid DuckDB database"):
		return fmt.Errorf("open %s: this is not a database; choose another --db", e.path)
	case strings.Contains(text, "Permission denied"):
		return fmt.Errorf("open %s: permission denied; choose another --db, or have its permissions changed", e.path)
	case strings.Contains(text, "Could not read enough bytes") || strings.Contains(text, "Corrupt"):
		return fmt.Errorf("open %s: the database is damaged or was cut off in copying; load the log again into a new one (%w)", e.path, err)
	}
	return fmt.Errorf("open %s: %w", e.path, err)
}

// holder is what the engine says of a process that has the file.
var holder = regexp.MustCompile(`held in (.+) \(PID (\d+)\)`)

// lockedBy names the process that has the file, where the engine's error tells.
func lockedBy(text string) string {
	m := holder.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return fmt.Sprintf(" (%s, process %s)", filepath.Base(m[1]), m[2])
}

// prepare makes the tables of a new database, or checks the version of an old one.
func (e *Engine) prepare(ctx context.Context, fresh bool) error {
	var tables int
	if err := e.db().QueryRowContext(ctx, "select count(*) from duckdb_tables() where not internal").Scan(&tables); err != nil {
		return fmt.Errorf("open %s: %w", e.path, err)
	}
	if tables == 0 {
		if e.cfg.ReadOnly {
			return fmt.Errorf("open %s: the database is empty; load a log with `segue ingest DIR --db %s`", e.path, e.path)
		}
		return e.create(ctx)
	}
	var version string
	err := e.db().QueryRowContext(ctx, "select value from settings where name = 'schema_version'").Scan(&version)
	if err != nil {
		return fmt.Errorf("open %s: this database was not made by segue; choose another --db", e.path)
	}
	switch its, err := strconv.Atoi(version); {
	case err == nil && its > schemaVersion:
		return fmt.Errorf("open %s: a newer segue made it (its tables are of version %d, this segue reads version %d); use that one, or load the log into a new database",
			e.path, its, schemaVersion)
	case err != nil || its < schemaVersion:
		return fmt.Errorf("open %s: its tables are of version %s and this segue reads version %d; load the log again into a new database", e.path, version, schemaVersion)
	}
	if e.cfg.ReadOnly {
		return nil
	}
	live, err := text("live_schema") // an older database may lack them
	if err != nil {
		return err
	}
	if _, err := e.db().ExecContext(ctx, live); err != nil {
		return fmt.Errorf("open %s: %w", e.path, err)
	}
	return nil
}

// create makes the tables, all of them or none.
func (e *Engine) create(ctx context.Context) error {
	schema, err := queries.ReadFile("sql/schema.sql")
	if err != nil {
		return err
	}
	tx, err := e.db().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("make %s: %w", e.path, err)
	}
	defer tx.Rollback()
	live, err := text("live_schema")
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(schema)+live); err != nil {
		return fmt.Errorf("make %s: %w", e.path, err)
	}
	if _, err := tx.ExecContext(ctx, "insert into settings values ('schema_version', ?)", strconv.Itoa(schemaVersion)); err != nil {
		return fmt.Errorf("make %s: %w", e.path, err)
	}
	return tx.Commit()
}
