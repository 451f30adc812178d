// The rows of the kernel matrix that were used last.

package learn

// rowCache keeps rows of n float32 for the keys 0..n-1, as many as its bound allows, and gives up the one whose use lies
// longest back. Memory: 4 bytes a key and 12 a slot beside the arena, whose pages count when they are first written.
type rowCache struct {
	n, most int
	used    int       // slots that have a key
	arena   []float32 // slot s is arena[s*n : (s+1)*n]
	keyOf   []int32   // by slot
	slotOf  []int32   // by key; -1 for a row that is not here
	// A ring of the slots from the one used last to the one used first; its head is slot number most.
	next, before []int32
}

// newRowCache makes an empty cache of rows of length n in the given memory.
func newRowCache(n int, arena []float32) *rowCache {
	c := &rowCache{n: n, most: min(n, len(arena)/n), arena: arena, slotOf: make([]int32, n)}
	for i := range c.slotOf {
		c.slotOf[i] = -1
	}
	c.keyOf = make([]int32, c.most)
	c.next, c.before = make([]int32, c.most+1), make([]int32, c.most+1)
	c.next[c.most], c.before[c.most] = int32(c.most), int32(c.most)
	return c
}

// get returns the row of key, and whether it is filled; if not, the caller fills it. keep is the number of rows, among those
// that were got last, that must not be given up for it: where all are such, get returns nil.
func (c *rowCache) get(key int32, keep int) (row []float32, filled bool) {
	if s := c.slotOf[key]; s >= 0 {
		c.unlink(s)
		c.first(s)
		return c.slot(s), true
	}
	if keep >= c.most {
		return nil, false
	}
	var s int32
	if c.used < c.most {
		s = int32(c.used)
		c.used++
	} else {
		s = c.before[c.most]
		c.unlink(s)
		c.slotOf[c.keyOf[s]] = -1
	}
	c.keyOf[s], c.slotOf[key] = key, s
	c.first(s)
	return c.slot(s), false
}

// slot is the memory of slot s.
func (c *rowCache) slot(s int32) []float32 {
	return c.arena[int(s)*c.n : (int(s)+1)*c.n : (int(s)+1)*c.n]
}

func (c *rowCache) unlink(s int32) {
	c.next[c.before[s]], c.before[c.next[s]] = c.next[s], c.before[s]
}

func (c *rowCache) first(s int32) {
	head := int32(c.most)
	c.next[s], c.before[s] = c.next[head], head
	c.before[c.next[s]], c.next[head] = s, s
}
