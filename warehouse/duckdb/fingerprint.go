// This file recognises content that was loaded before.

package duckdb

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/warehouse"
)

// headBytes is how much of a file its first fingerprint covers: enough to tell nearly all files apart, and read in no time.
const headBytes = 4 << 20

// hashingReader fingerprints what passes by: its head, and the whole.
type hashingReader struct {
	r    io.Reader
	all  *xxhash.Digest
	n    int64
	head string
}

func (h *hashingReader) Read(p []byte) (int, error) {
	if h.head == "" { // stop at the edge of the head, to take its print there
		p = p[:min(int64(len(p)), headBytes-h.n)]
	}
	n, err := h.r.Read(p)
	_, _ = h.all.Write(p[:n]) // never fails
	h.n += int64(n)
	if h.head == "" && h.n == headBytes {
		h.head = h.print()
	}
	return n, err
}

func (h *hashingReader) print() string { return fmt.Sprintf("xxh64:%016x:%d", h.all.Sum64(), h.n) }

// prints returns both fingerprints once the reader is at its end.
func (h *hashingReader) prints() (head, all string) {
	all = h.print()
	if h.head == "" {
		return all, all
	}
	return h.head, all
}

// readHash reads a stream up to limit bytes (all of it when limit is 0) and returns its prints.
func readHash(ctx context.Context, in warehouse.Input, limit int64) (head, all string, err error) {
	r, err := in.Open(io.Discard)
	if err != nil {
		return "", "", err
	}
	defer r.Close()
	h := &hashingReader{r: r, all: xxhash.New()}
	buf := make([]byte, 1<<20)
	for limit == 0 || h.n < limit {
		if err := ctx.Err(); err != nil {
			return "", "", err
		}
		if _, err := h.Read(buf); err == io.EOF {
			break
		} else if err != nil {
			return "", "", fmt.Errorf("%s: read: %w", in.Name, err)
		}
	}
	head, all = h.prints()
	return head, all, nil
}

// recognise refuses inputs whose content an earlier load brought, or, when they shall be replaced, takes the rows of that
// load out. Only a file whose head is known is read to its end for this.
func (l *load) recognise() error {
	type earlier struct {
		load        int32
		table       string
		file        string
		head, print string
		at          time.Time
	}
	var loads []earlier
	err := l.conn.fetch("select load_id::integer, log_table, file, head, fingerprint, epoch_ms(loaded_at) from loads order by load_id", func(c mapping.DataChunk, n int) error {
		tables, files, heads, prints := textColumn(c, 1, n), textColumn(c, 2, n), textColumn(c, 3, n), textColumn(c, 4, n)
		for i, id := range column[int32](c, 0, n) {
			loads = append(loads, earlier{id, tables[i], files[i], heads[i], prints[i], time.UnixMilli(column[int64](c, 5, n)[i])})
		}
		return nil
	})
	if err != nil || len(loads) == 0 {
		return err
	}
	for _, in := range l.inputs {
		head, _, err := readHash(l.ctx, in, headBytes)
		if err != nil {
			return err
		}
		all := ""
		for _, old := range loads {
			same := old.table == in.Table.String() && old.head == head
			if same && all == "" {
				if _, all, err = readHash(l.ctx, in, 0); err != nil {
					return err
				}
			}
			same = same && old.print == all
			switch {
			case same && !l.opt.Replace:
				return &warehouse.AlreadyLoadedError{Name: in.Name, LoadedAs: old.file, LoadedAt: old.at}
			case l.opt.Replace && old.table == in.Table.String() && (same || old.file == in.Name):
				if err := l.remove(old.load, old.table); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// factTables are the tables that hold rows of a log's table; users, creators and cards keep their ids and take newer rows.
var factTables = map[string][]string{
	"impression_data": {"impression_rows", "swipe_rows", "sessions", "user_days"},
	"mlog_stats":      {"card_days"},
	"creator_stats":   {"creator_days"},
}

// remove takes the rows out that a load brought from one of the log's tables.
func (l *load) remove(load int32, logTable string) error {
	for _, t := range factTables[logTable] {
		if err := l.conn.exec(fmt.Sprintf("delete from %s where load_id = %d", t, load)); err != nil {
			return fmt.Errorf("take out the rows of load %d: %w", load, err)
		}
	}
	return l.conn.exec(fmt.Sprintf("delete from loads where load_id = %d and log_table = '%s'", load, logTable))
}
