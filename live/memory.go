// How much memory the state takes.

package live

// Memory is about how many bytes the state holds, without what snapshots of the catalogue share.
func (s *State) Memory() int64 {
	var n int64
	for k := range s.shards {
		sh := &s.shards[k]
		sh.mu.RLock()
		n += sh.rows.bytes() + sh.keys.bytes() + int64(cap(sh.users))*int64(userMemory) + int64(len(sh.texts)+len(sh.notes)+len(sh.gone))*64
		sh.mu.RUnlock()
	}
	c := s.cards
	c.mu.RLock()
	items := int64(len(c.now.keys))
	n += items * (16 + 8 + 1 + 24 + 1 + 4 + 1 + 2 + 4*4 + 40) // columns, and the map of ids
	for _, key := range c.now.keys {
		n += int64(len(key))
	}
	c.mu.RUnlock()
	n += int64(len(*s.counts.pages.Load())) * countPage * 88
	r := &s.relations
	r.mu.RLock()
	n += r.near.bytes() + r.clickers.bytes()
	r.mu.RUnlock()
	return n + s.text.Load()
}

const userMemory = 44
