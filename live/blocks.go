// Where records lie: in pages, in blocks of a few sizes, so that a user's records grow without a piece of memory of their own each.

package live

import (
	"slices"
)

// blocks are the records of one shard. A block is named by where it begins.
type blocks struct {
	pages [][]record
	used  uint32     // records of the last page
	free  [][]uint32 // blocks that were given back, by class
}

const pageRecords = 2048

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

// classOf is the smallest class for a number of records.
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

// room is how many records a block holds that was taken for n.
func room(n int) int { return blockSizes[classOf[n]] }

// take gives a block for n records, at most maxRecords.
func (b *blocks) take(n int) uint32 {
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
		b.pages = append(b.pages, make([]record, pageRecords))
		b.used = 0
	}
	at := uint32(len(b.pages)-1)*pageRecords + b.used
	b.used += size
	return at
}

// scrap cuts what is left of the last page into blocks.
func (b *blocks) scrap() {
	for class := len(blockSizes) - 1; class >= 0; class-- {
		for size := uint32(blockSizes[class]); b.used+size <= pageRecords; b.used += size {
			b.free[class] = append(b.free[class], uint32(len(b.pages)-1)*pageRecords+b.used)
		}
	}
}

// give takes back a block that was taken for n records.
func (b *blocks) give(at uint32, n int) { b.free[classOf[n]] = append(b.free[classOf[n]], at) }

// of are the n records of a block.
func (b *blocks) of(at uint32, n int) []record {
	if n == 0 {
		return nil
	}
	from := at % pageRecords
	return b.pages[at/pageRecords][from : int(from)+n : int(from)+room(n)]
}

// bytes is the memory held.
func (b *blocks) bytes() int64 {
	n := int64(len(b.pages)) * pageRecords * 16
	for _, list := range b.free {
		n += int64(cap(list)) * 4
	}
	return n
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
