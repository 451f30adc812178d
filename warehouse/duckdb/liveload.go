// This file keeps the live log right when files are loaded beside it.

package duckdb

import "github.com/duckdb/duckdb-go/v2/mapping"

// retellLive tells users of the live log anew of whom a load brought or took impressions: their sessions and days may hold rows of both. What the load
// lists takes the place of what events said before; where a load was taken out, what events said of those it listed holds again.
func (l *load) retellLive() error {
	load := int64(l.id)
	if err := l.statements("live_temporary"); err != nil {
		return err
	}
	for _, name := range []string{"live_supersede_users", "live_supersede_cards"} {
		if err := l.statement(name, load); err != nil {
			return err
		}
	}
	if l.removed {
		load = 0
	}
	if err := l.statement("live_touch_loaded", load); err != nil {
		return err
	}
	var touched []int32
	err := l.conn.fetch("select user_id from live_touched order by user_id", func(c mapping.DataChunk, n int) error {
		touched = append(touched, column[int32](c, 0, n)...)
		return nil
	})
	if err != nil {
		return err
	}
	if len(touched) > 0 {
		if err := newTeller(l, newCalendar(l.opt.Zone)).tell(touched); err != nil {
			return err
		}
	}
	if !l.removed {
		return nil
	}
	return l.statements("live_speak_all", "live_profiles", "live_traits")
}
