// This file decodes one file of a load and counts what could not be read.

package duckdb

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// input decodes one file.
func (l *load) input(in warehouse.Input) error {
	begun := time.Now()
	var stored countingWriter
	r, err := in.Open(&stored)
	if err != nil {
		return err
	}
	defer r.Close()
	hash := &hashingReader{r: r, all: xxhash.New()}
	file := loadedFile{TableLoad: warehouse.TableLoad{Table: in.Table, Name: in.Name}}
	allowed := func(rows int64) int64 {
		switch {
		case l.opt.MaxRejectShare < 0:
			return 0
		case l.opt.MaxRejectShare == 0:
			return max(10, rows/1000)
		}
		return max(10, int64(l.opt.MaxRejectShare*float64(rows)))
	}
	var first *feedlog.RowError
	var rows int64
	swipesBefore := l.swipes
	opt := feedlog.Options{Name: in.Name, Layout: in.Layout, Workers: l.engine.cfg.Threads,
		Reject: func(bad *feedlog.RowError) error {
			if first == nil {
				first = bad
			}
			file.Rejected++
			if l.opt.Reject != nil {
				if err := l.opt.Reject(in.Table, bad); err != nil {
					return err
				}
			}
			// A file that is mostly unreadable is given up early.
			if file.Rejected > 10_000 && file.Rejected > rows {
				return &warehouse.TooManyRejectsError{Name: in.Name, Rejected: file.Rejected, Rows: rows + file.Rejected, Allowed: allowed(rows + file.Rejected), First: first}
			}
			return nil
		},
		Progress: func(_, n int64) {
			rows = n
			l.tell(warehouse.LoadProgress{Step: in.Name, Bytes: stored.n.Load(), Total: in.Bytes, Rows: n})
		},
	}
	stats, err := l.decode(in, hash, opt)
	if err != nil {
		return err
	}
	for _, d := range []*dictionary{l.users.dictionary, l.creators.dictionary, l.cards.dictionary, l.songs, l.artists, l.contents} {
		if d.full {
			return fmt.Errorf("%s: ids of one kind have more than %d bytes in all, which is too many for one database; load fewer months into it", in.Name, maxArena)
		}
	}
	if total := stats.Rows + stats.Rejected; stats.Rejected > allowed(total) {
		return &warehouse.TooManyRejectsError{Name: in.Name, Rejected: stats.Rejected, Rows: total, Allowed: allowed(total), First: first}
	}
	if in.Table == feedlog.Impressions {
		file.Swipes = l.swipes - swipesBefore
	}
	file.Rows, file.Seconds = stats.Rows, time.Since(begun).Seconds()
	file.head, file.fingerprint = hash.prints()
	for _, other := range l.loaded {
		if other.Table == in.Table && other.fingerprint == file.fingerprint && file.Rows > 0 {
			return fmt.Errorf("%s: its content is that of %s, which is loaded with it; name one of them", in.Name, other.Name)
		}
	}
	layout := in.Layout
	if layout == nil {
		layout = feedlog.ReferenceLayout(in.Table)
	}
	for _, role := range feedlog.Roles(in.Table) {
		if !layout.Has(role) {
			file.absent = append(file.absent, role)
		}
	}
	l.loaded = append(l.loaded, file)
	return nil
}

// decode runs the decoder of a file's table.
func (l *load) decode(in warehouse.Input, r io.Reader, opt feedlog.Options) (feedlog.Stats, error) {
	switch in.Table {
	case feedlog.Users:
		return feedlog.DecodeUsers(l.ctx, r, opt, l.addUsers)
	case feedlog.Creators:
		return feedlog.DecodeCreators(l.ctx, r, opt, l.addCreators)
	case feedlog.Cards:
		return feedlog.DecodeCards(l.ctx, r, opt, l.addCards)
	case feedlog.CardDays:
		return feedlog.DecodeCardDays(l.ctx, r, opt, l.addCardDays)
	case feedlog.CreatorDays:
		return feedlog.DecodeCreatorDays(l.ctx, r, opt, l.addCreatorDays)
	}
	return feedlog.DecodeImpressions(l.ctx, r, opt, l.addImpressions)
}

// countingWriter counts what passes by; the count may be read meanwhile.
type countingWriter struct{ n atomic.Int64 }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.n.Add(int64(len(p)))
	return len(p), nil
}
