// This file settles the zone of a load and by how many days it is moved: the days of a database are all of one zone, and all moved alike.

package duckdb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// settleZone gives a load without a zone that of the impressions that are there, and refuses another: their days are cut already.
func (l *load) settleZone() error {
	held := ""
	err := l.conn.fetch("select coalesce(max(value), '') from settings where name = 'zone' and exists (from impression_rows)", func(c mapping.DataChunk, n int) error {
		held = textColumn(c, 0, n)[0]
		return nil
	})
	switch {
	case err != nil:
		return err
	case held == "" && l.opt.Zone == nil:
		l.opt.Zone = feedlog.China
	case held == "":
	case l.opt.Zone == nil:
		l.opt.Zone, err = zoneNamed(held)
	case l.opt.Zone.String() != held:
		err = fmt.Errorf("load into %s: its days are those of %s, and these would be of %s; leave --zone and the mapping's zone out, or load into another database",
			l.engine.path, held, l.opt.Zone)
	}
	return err
}

// settleShift gives a load that says nothing the shift of those that are there, and refuses another.
func (l *load) settleShift() error {
	loads, held := false, int64(0)
	err := l.conn.fetch("select exists (from loads where load_id > 0), (select coalesce(max(value::bigint), 0) from settings where name = 'shift_days')", func(c mapping.DataChunk, n int) error {
		loads, held = column[bool](c, 0, n)[0], column[int64](c, 1, n)[0]
		return nil
	})
	switch given := int64(l.opt.ShiftDays); {
	case err != nil:
		return err
	case given < -warehouse.MaxShift || given > warehouse.MaxShift:
		return fmt.Errorf("load into %s: its days are to be moved by %d; %d either way are the most", l.engine.path, given, warehouse.MaxShift)
	case !loads || given == held:
	case given == 0:
		l.opt.ShiftDays = int(held)
	default:
		return fmt.Errorf("load into %s: what it holds is moved by %d days, and this would be by %d; leave --shift-days out, or load into another database", l.engine.path, held, given)
	}
	return nil
}

// Zone is that of the impressions in the database, nil where there are none.
func (e *Engine) Zone(ctx context.Context) (*time.Location, error) {
	d, err := e.Describe(ctx)
	if err != nil || d.Zone == "" {
		return nil, err
	}
	return zoneNamed(d.Zone)
}

// zoneNamed is the zone whose String is name: "UTC+08:00" or "Europe/Berlin".
func zoneNamed(name string) (*time.Location, error) {
	if t, err := time.Parse("-07:00", strings.TrimPrefix(name, "UTC")); err == nil {
		_, offset := t.Zone()
		return time.FixedZone(name, offset), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("the database's zone %s is not known here; state it with --zone", name)
	}
	return zone, nil
}
