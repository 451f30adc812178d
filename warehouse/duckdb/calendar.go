// This file tells the local day and hour of an instant, quickly: the loader asks for every impression.

package duckdb

import "time"

// calendar knows a zone's offsets. They change at most at the quarters of hours, so an offset found once serves all
// instants of that quarter.
type calendar struct {
	zone     *time.Location
	quarter  int64 // the quarter of an hour whose offset is at hand
	offsetMS int64
}

const quarterMS = 15 * 60 * 1000

func newCalendar(zone *time.Location) *calendar {
	return &calendar{zone: zone, quarter: -1 << 62}
}

// local returns the local day (days since 1970-01-01), the hour of the day and the day of the month of an instant.
func (c *calendar) local(ms int64) (day int32, hour int8) {
	if q := floorDiv(ms, quarterMS); q != c.quarter {
		_, offset := time.UnixMilli(ms).In(c.zone).Zone()
		c.quarter, c.offsetMS = q, int64(offset)*1000
	}
	local := ms + c.offsetMS
	day = int32(floorDiv(local, 86_400_000))
	return day, int8((local - int64(day)*86_400_000) / 3_600_000)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// dayNumber is a date as days since 1970-01-01.
func dayNumber(year int, month time.Month, day int) int32 {
	return int32(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), 86_400))
}

// dayOfMonth is that of a day number, from 1.
func dayOfMonth(day int32) int8 { return int8(time.Unix(int64(day)*86_400, 0).UTC().Day()) }

// monthOf is the first day of the month that a day number lies in.
func monthOf(day int32) time.Time {
	t := time.Unix(int64(day)*86_400, 0).UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}
