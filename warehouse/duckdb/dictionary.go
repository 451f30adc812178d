// This file turns the log's ids into dense integers, and holds the rows of users, creators and cards until the
// end of a load, when it is known which ids were only mentioned.

package duckdb

import (
	"sort"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// dictionary gives each key the next integer at first sight.
type dictionary struct {
	ids  map[string]int32
	keys []string // of ids given in this load, from base on
	base int32    // ids below it were given by earlier loads
}

// known reads the ids of earlier loads.
func known(c *rawConn, table, id, key string) (*dictionary, error) {
	d := &dictionary{ids: map[string]int32{}}
	err := c.fetch("select "+id+", "+key+" from "+table, func(chunk mapping.DataChunk, n int) error {
		ids, keys := column[int32](chunk, 0, n), textColumn(chunk, 1, n)
		for i, id := range ids {
			d.ids[keys[i]] = id
			d.base = max(d.base, id+1)
		}
		return nil
	})
	return d, err
}

// id returns the key's integer, giving it one if it has none. The key is copied when it is kept.
func (d *dictionary) id(key string) int32 {
	if id, ok := d.ids[key]; ok {
		return id
	}
	id := d.base + int32(len(d.keys))
	key = strings.Clone(key)
	d.ids[key] = id
	d.keys = append(d.keys, key)
	return id
}

// dimension is a table of one row an id: the attributes of ids given in this load, and newer attributes
// of ids that earlier loads gave.
type dimension[A any] struct {
	*dictionary
	attrs  []A // of ids from base on
	listed []bool
	newer  map[int32]A
	twice  map[int32]int // listed more than once in this load: how often
}

func newDimension[A any](d *dictionary) *dimension[A] {
	return &dimension[A]{dictionary: d, newer: map[int32]A{}, twice: map[int32]int{}}
}

// list records the attributes an id is listed with; the first listing of a load holds.
func (d *dimension[A]) list(key string, attrs A) {
	id := d.id(key)
	if id < d.base {
		if _, again := d.newer[id]; again {
			d.again(id)
			return
		}
		d.newer[id] = attrs
		return
	}
	i := int(id - d.base)
	for len(d.attrs) <= i {
		var none A
		d.attrs = append(d.attrs, none)
		d.listed = append(d.listed, false)
	}
	if d.listed[i] {
		d.again(id)
		return
	}
	d.attrs[i], d.listed[i] = attrs, true
}

func (d *dimension[A]) again(id int32) {
	if d.twice[id] == 0 {
		d.twice[id] = 1
	}
	d.twice[id]++
}

// each visits the rows to append: first those given in this load, in order, then the newer rows of earlier ids.
func (d *dimension[A]) each(visit func(id int32, key string, attrs A, listed bool)) {
	for i, key := range d.keys {
		var attrs A
		listed := i < len(d.listed) && d.listed[i]
		if listed {
			attrs = d.attrs[i]
		}
		visit(d.base+int32(i), key, attrs, listed)
	}
	if len(d.newer) == 0 {
		return
	}
	keys := map[int32]string{}
	for key, id := range d.ids {
		if _, ok := d.newer[id]; ok {
			keys[id] = key
		}
	}
	for _, id := range sortedIDs(d.newer) {
		visit(id, keys[id], d.newer[id], true)
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

// interner keeps one copy of each of a few short texts, so that attributes do not pin the input.
type interner map[string]string

func (in interner) keep(s string) string {
	if kept, ok := in[s]; ok {
		return kept
	}
	s = strings.Clone(s)
	in[s] = s
	return s
}
