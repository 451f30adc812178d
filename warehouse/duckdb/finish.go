// This file ends a load: the newest row of each user, card and creator stays, the totals are made, and the load is
// entered in the list of loads.

package duckdb

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/feedlog"
)

// end runs after all rows are with the engine and before the commit.
func (l *load) end() error {
	l.step("sum up users")
	if err := l.conn.exec(fmt.Sprintf("set threads = %d", l.engine.cfg.Threads)); err != nil {
		return err
	}
	if err := l.statements("load_newest_users", "load_newest_creators", "load_newest_cards", "load_settings"); err != nil {
		return err
	}
	if err := l.enter(); err != nil {
		return err
	}
	if l.visits.totals != nil { // no other load has impressions: the visits wrote the totals, and counted all shows
		return nil
	}
	if err := l.countShows(); err != nil {
		return err
	}
	if l.live {
		if err := l.retellLive(); err != nil {
			return err
		}
	}
	return l.statements("load_clear_totals", "load_user_totals")
}

// countShows counts the shows of a card to a user over all loads, where the visits counted those of this load. It goes from one range of
// users to the next, so that its memory does not grow with the log.
func (l *load) countShows() error {
	load := int64(l.id)
	switch {
	case l.removed: // what was taken out may leave a gap in any user's numbers
		load = 0
	case l.visits.nextID == l.firstImpression:
		return nil
	}
	l.step("count repeats over all loads")
	for from := int64(0); from < int64(l.users.size()); from += usersAStage {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		for _, name := range []string{"load_number_shows", "load_count_repeats"} {
			if err := l.statement(name, from, from+usersAStage, load); err != nil {
				return err
			}
		}
	}
	return nil
}

// statements runs the statements of the names one after the other.
func (l *load) statements(names ...string) error {
	for _, name := range names {
		if err := l.statement(name); err != nil {
			return err
		}
	}
	return nil
}

// statement runs sql/NAME.sql; args are bound to $1, $2, ...
func (l *load) statement(name string, args ...int64) error {
	q, err := text(name)
	if err != nil {
		return err
	}
	if err := l.conn.exec(q, args...); err != nil {
		return fmt.Errorf("query %s: %w", name, err)
	}
	return nil
}

// enter writes the list of loads and the settings.
func (l *load) enter() error {
	w := newWriter(l.ctx, l.conn, l.cancel)
	loads, settings, err := openLists(w)
	if err != nil {
		return err
	}
	for _, f := range l.loaded {
		f.write(loads, l.id, l.begun, l.firstImpression, l.visits.nextID)
	}
	values := [][2]string{{"zone", l.opt.Zone.String()}}
	if !l.month.IsZero() {
		values = append(values, [2]string{"month", l.month.Format("2006-01")})
	}
	if l.opt.ShiftDays != 0 {
		values = append(values, [2]string{"shift_days", strconv.Itoa(l.opt.ShiftDays)})
	}
	for _, kv := range values {
		settings.text(0, kv[0])
		settings.text(1, kv[1])
		settings.next()
	}
	return w.finish(l.ctx)
}

// openLists opens the list of loads and the settings.
func openLists(w *writer) (loads, settings *table, err error) {
	loads, err = w.open("loads", []mapping.Type{mapping.TypeUSmallInt, mapping.TypeVarchar, mapping.TypeVarchar, mapping.TypeVarchar, mapping.TypeVarchar,
		mapping.TypeBigInt, mapping.TypeBigInt, mapping.TypeVarchar, mapping.TypeTimestamp, mapping.TypeBigInt, mapping.TypeBigInt})
	if err != nil {
		return nil, nil, err
	}
	settings, err = w.open("settings", []mapping.Type{mapping.TypeVarchar, mapping.TypeVarchar})
	return loads, settings, err
}

// write writes the line of a file in the list of loads; its impressions have the ids from first to before end.
func (f *loadedFile) write(loads *table, id uint16, at time.Time, first, end int64) {
	put(loads, 0, id)
	loads.text(1, f.Table.String())
	loads.text(2, f.Name)
	loads.text(3, f.head)
	loads.text(4, f.fingerprint)
	put(loads, 5, f.Rows)
	put(loads, 6, f.Rejected)
	loads.text(7, joinRoles(f.absent))
	put(loads, 8, at.UnixMicro())
	put(loads, 9, first)
	put(loads, 10, end)
	loads.next()
}

func joinRoles(roles []feedlog.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ",")
}
