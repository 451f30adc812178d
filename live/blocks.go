// Where short lists lie, of records of users and of what goes with items: in pages, in blocks of a few sizes, so that each grows without a piece of memory of its own. The
// collector looks at every piece there is: with one for each item it took most of its time for these.

package live

import (
	"slices"
	"unsafe"
)

// blocks are lists of at most maxRecords. A block is named by where it begins.
type blocks[T any] struct {
	pages [][]T
	used  uint32     // of the last page
	free  [][]uint32 // blocks that were given back, by class
}

const pageRecords = 4096

// blockSizes are the sizes of blocks: steps of an eighth to a quarter, so that 7% of a block is free on the average.
var blockSizes = func() (out []int) {
	for n := 2; n < maxRecords; {
		out = append(out, n)
		switch {
		case n < 16:
			n += 2
		case n < 32:
			n += 4
		case n < 64:
			n += 8
		case n < 128:
			n += 16
		case n < 256:
			n += 32
		default:
			n += 64
		}
	}
	return append(out, maxRecords)
}()

// classOf is the smallest class for a number.
var classOf = func() (out [maxRecords + 1]uint8) {
	class := 0
	for n := range out {
		if n > blockSizes[class] {
			class++
		}
		out[n] = uint8(class)
	}
	return out
}()

// room is how many a block holds that was taken for n.
func room(n int) int { return blockSizes[classOf[n]] }

// take gives a block for n, at most maxRecords.
func (b *blocks[T]) take(n int) uint32 {
	class := classOf[n]
	if b.free == nil {
		b.free = make([][]uint32, len(blockSizes))
	}
	if list := b.free[class]; len(list) > 0 {
		b.free[class] = list[:len(list)-1]
		return list[len(list)-1]
	}
	size := uint32(blockSizes[class])
	if len(b.pages) == 0 || b.used+size > pageRecords {
		if len(b.pages) > 0 {
			b.scrap()
		}
		b.pages = append(b.pages, make([]T, pageRecords))
		b.used = 0
	}
	at := uint32(len(b.pages)-1)*pageRecords + b.used
	b.used += size
	return at
}

// scrap cuts what is left of the last page into blocks.
func (b *blocks[T]) scrap() {
	for class := len(blockSizes) - 1; class >= 0; class-- {
		for size := uint32(blockSizes[class]); b.used+size <= pageRecords; b.used += size {
			b.free[class] = append(b.free[class], uint32(len(b.pages)-1)*pageRecords+b.used)
		}
	}
}

// give takes back a block that was taken for n.
func (b *blocks[T]) give(at uint32, n int) { b.free[classOf[n]] = append(b.free[classOf[n]], at) }

// of are the n of a block.
func (b *blocks[T]) of(at uint32, n int) []T {
	if n == 0 {
		return nil
	}
	from := at % pageRecords
	return b.pages[at/pageRecords][from : int(from)+n : int(from)+room(n)]
}

// bytes is the memory held.
func (b *blocks[T]) bytes() int64 {
	var one T
	n := int64(len(b.pages)) * pageRecords * int64(unsafe.Sizeof(one))
	for _, list := range b.free {
		n += int64(cap(list)) * 4
	}
	return n
}

// shortLists are one list an item, of at most maxRecords each.
type shortLists[T any] struct {
	blocks blocks[T]
	heads  []head // by item
}

// head says where a list is.
type head struct {
	block uint32
	n     uint16
}

// grow makes room for n items.
func (l *shortLists[T]) grow(n int) {
	if n > len(l.heads) {
		l.heads = append(l.heads, make([]head, n-len(l.heads))...)
	}
}

// of is the list of an item.
func (l *shortLists[T]) of(item int32) []T {
	return l.blocks.of(l.heads[item].block, int(l.heads[item].n))
}

// resize makes the list of an item n long, and gives it: what it had first, and whatever lay there.
func (l *shortLists[T]) resize(item int32, n int) []T {
	h := &l.heads[item]
	old := l.of(item)
	if n > 0 && len(old) > 0 && classOf[n] == classOf[len(old)] {
		h.n = uint16(n)
		return l.of(item)
	}
	now := head{n: uint16(n)}
	if n > 0 {
		now.block = l.blocks.take(n)
		copy(l.blocks.of(now.block, n), old)
	}
	if len(old) > 0 {
		l.blocks.give(h.block, len(old))
	}
	*h = now
	return l.of(item)
}

// bytes is the memory held.
func (l *shortLists[T]) bytes() int64 {
	return l.blocks.bytes() + int64(cap(l.heads))*int64(unsafe.Sizeof(head{}))
}

func sortRecords(r []record) {
	slices.SortFunc(r, func(a, b record) int { return a.compare(&b) })
}

// place is where r stands among records, or would, and whether it does.
func place(records []record, r *record) (int, bool) {
	at := len(records)
	for at > 0 && records[at-1].compare(r) > 0 { // it mostly comes last
		if len(records)-at == 8 {
			return slices.BinarySearchFunc(records, r, func(a record, r *record) int { return a.compare(r) })
		}
		at--
	}
	if at > 0 && records[at-1] == *r {
		return at - 1, true
	}
	return at, false
}
