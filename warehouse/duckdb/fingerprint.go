// This file recognises content that was loaded before.

package duckdb

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/feedlog"
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
	err := l.conn.fetch("select load_id::integer, log_table, file, head, fingerprint, epoch_ms(loaded_at) from loads where load_id > 0 order by load_id", func(c mapping.DataChunk, n int) error {
		tables, files, heads, prints := textColumn(c, 1, n), textColumn(c, 2, n), textColumn(c, 3, n), textColumn(c, 4, n)
		for i, id := range column[int32](c, 0, n) {
			loads = append(loads, earlier{id, tables[i], files[i], heads[i], prints[i], time.UnixMilli(column[int64](c, 5, n)[i])})
		}
		return nil
	})
	if err != nil || len(loads) == 0 {
		return err
	}
	replaced := make([]bool, len(loads))
	for _, in := range l.inputs {
		head, _, err := readHash(l.ctx, in, headBytes)
		if err != nil {
			return err
		}
		all := ""
		for i, old := range loads {
			same := old.table == in.Table.String() && old.head == head
			if same && all == "" {
				if _, all, err = readHash(l.ctx, in, 0); err != nil {
					return err
				}
			}
			same = same && old.print == all
			if same && !l.opt.Replace {
				return &warehouse.AlreadyLoadedError{Name: in.Name, LoadedAs: old.file, LoadedAt: old.at}
			}
			replaced[i] = replaced[i] || l.opt.Replace && old.table == in.Table.String() && (same || old.file == in.Name)
		}
	}
	for i, old := range loads {
		if !replaced[i] {
			continue
		}
		for j, other := range loads { // rows tell their load, not their file
			if other.load == old.load && other.table == old.table && !replaced[j] {
				return fmt.Errorf("%s: it was loaded together with %s, and the two can only be replaced together; name both", old.file, other.file)
			}
		}
		if err := l.remove(old.load, old.table); err != nil {
			return err
		}
	}
	return nil
}

// ofLoad holds of the impressions, and their swipes, that load $ brought.
const ofLoad = "impression_id >= (select min(first_impression) from loads where load_id = $ and log_table = 'impression_data') and " +
	"impression_id < (select max(end_impression) from loads where load_id = $ and log_table = 'impression_data')"

// removals take out what a load, $, brought from one of the log's tables. Users, creators and cards keep their ids, which other rows
// name; they are not listed any more.
var removals = map[string][]string{
	"impression_data": {"delete from impression_rows where " + ofLoad, "delete from swipe_rows where " + ofLoad, "delete from sessions where load_id = $",
		"delete from user_days where load_id = $"},
	"mlog_stats":    {"delete from card_days where load_id = $"},
	"creator_stats": {"delete from creator_days where load_id = $"},
	"user_demographics": {"update users set listed = false, province = null, age = null, gender = null, registered_months = null, follows = null, " +
		"level = null where listed and load_id = $"},
	"creator_demographics": {"update creators set listed = false, gender = null, registered_months = null, follows = null, followers = null, " +
		"creator_type = null, level = null where listed and load_id = $"},
	"mlog_demographics": {"update cards set listed = false, song_id = null, artist_id = null, creator_id = null, published = null, card_type = null, " +
		"content_id = null, talk_id = null where listed and load_id = $"},
}

// remove takes the rows out that a load brought from one of the log's tables.
func (l *load) remove(load int32, logTable string) error {
	from := fmt.Sprintf(" where load_id = %d and log_table = '%s'", load, logTable)
	var statements []string
	for _, s := range removals[logTable] {
		statements = append(statements, strings.ReplaceAll(s, "$", fmt.Sprint(load)))
	}
	statements = append(statements, "delete from duplicates"+from, "delete from loads"+from)
	l.removed = l.removed || logTable == feedlog.Impressions.String()
	for _, s := range statements {
		if err := l.conn.exec(s); err != nil {
			return fmt.Errorf("take out the rows of load %d: %w", load, err)
		}
	}
	return nil
}
