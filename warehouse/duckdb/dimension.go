// This file holds the rows of users, creators and cards until the end of a load, when it is known which ids were
// only mentioned and which card has which creator.

package duckdb

import "sort"

// attrBlock is how many attributes are kept together: growing never copies.
const attrBlock = 1 << 14

// dimension is a table of one row an id: the attributes of ids given in this load, and newer attributes
// of ids that earlier loads gave.
type dimension[A any] struct {
	*dictionary
	blocks []*[attrBlock]listing[A] // of ids from base on
	newer  map[int32]A
	twice  map[int32]int // listed more than once in this load: how often
}

type listing[A any] struct {
	attrs  A
	listed bool
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
	for len(d.blocks) <= i/attrBlock {
		d.blocks = append(d.blocks, new([attrBlock]listing[A]))
	}
	l := &d.blocks[i/attrBlock][i%attrBlock]
	if l.listed {
		d.again(id)
		return
	}
	*l = listing[A]{attrs, true}
}

func (d *dimension[A]) again(id int32) {
	if d.twice[id] == 0 {
		d.twice[id] = 1
	}
	d.twice[id]++
}

// each visits the rows to append: first those given in this load, in order, then the newer rows of earlier ids.
func (d *dimension[A]) each(visit func(id int32, key string, attrs *A, listed bool)) {
	var none listing[A]
	for i := range int(d.size() - d.base) {
		l := &none
		if i/attrBlock < len(d.blocks) {
			l = &d.blocks[i/attrBlock][i%attrBlock]
		}
		id := d.base + int32(i)
		visit(id, d.key(id), &l.attrs, l.listed)
	}
	for _, id := range sortedIDs(d.newer) {
		attrs := d.newer[id]
		visit(id, d.key(id), &attrs, true)
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
