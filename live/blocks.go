// Where short lists lie, the bytes of users' records and what goes with items: in pages, in blocks of a few sizes, so that each grows without a piece of memory of its own.
// The collector looks at every piece there is: with one for each item it took most of its time for these.

package live

import (
	"slices"
	"unsafe"
)

// blocks are lists of at most mostInBlock, and no more than a page holds. A block is named by where it begins.
type blocks[T any] struct {
	pages [][]T
	used  uint32     // of the last page
	free  [][]uint32 // blocks that were given back, by class
	idle  int        // how much these hold
	least int        // that much was idle when the blocks had been put together last, at the ends of pages
}

const (
	pageBytes   = 1 << 16
	mostInBlock = maxRecords * packedMost
)

// blockSizes are the sizes of blocks: steps of a sixteenth to an eighth, so that 5% of a block is free on the average.
var blockSizes = func() (out []int) {
	for n, step := 2, 2; n < mostInBlock; n += step {
		out = append(out, n)
		if n >= 16*step {
			step *= 2
		}
	}
	return append(out, mostInBlock)
}()

// classOf is the smallest class for a number.
var classOf = func() (out [mostInBlock + 1]uint8) {
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

// perPage is how many a page holds.
func (b *blocks[T]) perPage() uint32 {
	var one T
	return uint32(pageBytes / unsafe.Sizeof(one))
}

// take gives a block for n, at most mostInBlock.
func (b *blocks[T]) take(n int) uint32 {
	class := classOf[n]
	if b.free == nil {
		b.free = make([][]uint32, len(blockSizes))
	}
	if list := b.free[class]; len(list) > 0 {
		b.free[class] = list[:len(list)-1]
		b.idle -= blockSizes[class]
		return list[len(list)-1]
	}
	size, page := uint32(blockSizes[class]), b.perPage()
	if len(b.pages) == 0 || b.used+size > page {
		if len(b.pages) > 0 {
			b.scrap()
		}
		b.pages = append(b.pages, make([]T, page))
		b.used = 0
	}
	at := uint32(len(b.pages)-1)*page + b.used
	b.used += size
	return at
}

// scrap cuts what is left of the last page into blocks.
func (b *blocks[T]) scrap() {
	page := b.perPage()
	for class := len(blockSizes) - 1; class >= 0; class-- {
		for size := uint32(blockSizes[class]); b.used+size <= page; b.used += size {
			b.giveClass(uint32(len(b.pages)-1)*page+b.used, class)
		}
	}
}

// give takes back a block that was taken for n.
func (b *blocks[T]) give(at uint32, n int) { b.giveClass(at, int(classOf[n])) }

func (b *blocks[T]) giveClass(at uint32, class int) {
	b.free[class] = append(b.free[class], at)
	b.idle += blockSizes[class]
}

// resize is a block for n in the place of one for old, either of which may be 0: the same one, or another that has what it had, as far as there is room.
func (b *blocks[T]) resize(at uint32, old, n int) uint32 {
	if old > 0 && n > 0 && classOf[n] == classOf[old] {
		return at
	}
	to := uint32(0)
	if n > 0 {
		to = b.take(n)
		copy(b.of(to, n), b.of(at, old))
	}
	if old > 0 {
		b.give(at, old)
	}
	return to
}

// sparse says whether so much was given back that is not used again that it is worth putting the blocks together anew.
func (b *blocks[T]) sparse() bool {
	return len(b.pages) > 4 && b.idle-b.least > len(b.pages)*int(b.perPage())/8
}

// of are the n of a block.
func (b *blocks[T]) of(at uint32, n int) []T {
	if n == 0 {
		return nil
	}
	page := b.perPage()
	from := at % page
	return b.pages[at/page][from : int(from)+n : int(from)+room(n)]
}

// bytes is the memory held.
func (b *blocks[T]) bytes() int64 {
	n := int64(len(b.pages)) * pageBytes
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
	*h = head{l.blocks.resize(h.block, int(h.n), n), uint16(n)}
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
