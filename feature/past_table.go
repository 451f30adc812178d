// A small hash table of counts by code: each user has several, most of them tiny, and building pairs empties them a million times.

package feature

// book holds one T a code, codes being 0 or above. The zero value is empty and takes no memory. Its order is never read, so results do not
// hang on it.
type book[T any] struct {
	key  []int32 // code+1, 0 where free; the length is a power of two
	val  []T
	used []int32 // places taken
}

const bookSize = 8 // of a first entry

func (b *book[T]) place(code int32) int32 {
	mask := int32(len(b.key) - 1)
	at := int32(uint32(code)*2654435769>>8) & mask // Knuth, TAOCP 6.4: multiplication by the golden ratio spreads runs of codes
	for b.key[at] != 0 && b.key[at] != code+1 {
		at = (at + 1) & mask
	}
	return at
}

// find is the entry of code, nil if there is none.
func (b *book[T]) find(code int32) *T {
	if len(b.used) == 0 || code < 0 {
		return nil
	}
	if at := b.place(code); b.key[at] != 0 {
		return &b.val[at]
	}
	return nil
}

// entry is the entry of code, made if there is none; it holds until the next call of entry.
func (b *book[T]) entry(code int32) *T {
	if 4*(len(b.used)+1) > 3*len(b.key) {
		b.grow()
	}
	at := b.place(code)
	if b.key[at] == 0 {
		b.key[at] = code + 1
		b.used = append(b.used, at)
	}
	return &b.val[at]
}

func (b *book[T]) grow() {
	old := *b
	n := max(bookSize, 2*len(old.key))
	b.key, b.val, b.used = make([]int32, n), make([]T, n), make([]int32, 0, n/4*3)
	for _, from := range old.used {
		at := b.place(old.key[from] - 1)
		b.key[at], b.val[at] = old.key[from], old.val[from]
		b.used = append(b.used, at)
	}
}

// reset empties the book and keeps its memory; it costs as much as there are entries.
func (b *book[T]) reset() {
	var none T
	for _, at := range b.used {
		b.key[at], b.val[at] = 0, none
	}
	b.used = b.used[:0]
}
