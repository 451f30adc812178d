// This file writes the rows of users, creators and cards: listed ones as they come, and at the end of a load a row for each id that
// was only mentioned.

package duckdb

import "sort"

// dimension is a table of one row an id. A load appends a row for each id it lists, also for ids of earlier loads, whose
// older rows go at the end of the load (load_newest_*.sql).
type dimension struct {
	*dictionary
	table  *table
	listed bitset
	twice  map[int32]int // listed more than once in this load: how often
}

func newDimension(d *dictionary) *dimension { return &dimension{dictionary: d, twice: map[int32]int{}} }

// list starts the row of a listed id; false when it has one in this load already: the first listing holds.
func (d *dimension) list(load uint16, key string) bool {
	id := d.id(key)
	if d.listed.has(id) {
		d.twice[id] = max(d.twice[id], 1) + 1
		return false
	}
	d.listed.add(id)
	d.begin(load, id, key, true)
	return true
}

func (d *dimension) begin(load uint16, id int32, key string, listed bool) {
	put(d.table, 0, load)
	put(d.table, 1, id)
	d.table.text(2, key)
	put(d.table, 3, listed)
}

// mention appends the rows of ids that this load gave and did not list. All other columns are null.
func (d *dimension) mention(load uint16) {
	for id := d.base; id < d.size(); id++ {
		if d.listed.has(id) {
			continue
		}
		d.begin(load, id, d.key(id), false)
		for _, col := range d.table.nullable {
			d.table.null(col)
		}
		d.table.next()
	}
}

func sortedIDs[V any](m map[int32]V) []int32 {
	ids := make([]int32, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	return ids
}
