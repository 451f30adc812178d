// What is known of one user, as the features take it.

package live

import (
	"slices"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

// Rows are the impressions of a user, the last ones, in order of time, with the state's card ids; known is false for users of whom there is nothing.
// Histories hold at most one user, number 0, and none without rows. Seconds of views are kept to within 1/4096, those of cards swiped to within 3%;
// slots beyond 254 are 254, and more than 63 swipes 63; moments are whole seconds. Feedback of senders' own types whose moment is still to come is not
// among them until it comes.
func (s *State) Rows(key string) (h *warehouse.Histories, t feature.Traits, known bool) {
	h = new(warehouse.Histories)
	t, known = s.RowsTo(h, key)
	return h, t, known
}

// RowsTo is Rows in memory that is used again: all of h is overwritten.
func (s *State) RowsTo(h *warehouse.Histories, key string) (feature.Traits, bool) {
	h.User, h.Start, h.Card, h.ShownAtMS, h.Day, h.Hour = h.User[:0], h.Start[:0], h.Card[:0], h.ShownAtMS[:0], h.Day[:0], h.Hour[:0]
	h.Position, h.Show, h.Flags = h.Position[:0], h.Show[:0], h.Flags[:0]
	h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = h.ViewSeconds[:0], h.Swipes[:0], h.SwipeViewSeconds[:0]
	f := folders.Get().(*folder)
	defer folders.Put(f)
	sh := &s.shards[shardOf(key)]
	sh.mu.RLock()
	u, _ := sh.find(key)
	if u == nil {
		sh.mu.RUnlock()
		return feature.NoTraits, false
	}
	f.mine = sh.records(u, f.mine)
	t := s.traits(u)
	sh.mu.RUnlock()
	now := s.cfg.Clock().Unix()
	f.mine = slices.DeleteFunc(f.mine, func(r record) bool { return r.is(didForeign) && int64(r.second) > now })
	rows := f.fold(f.mine, *s.roles.Load())
	if len(rows) == 0 {
		h.Start = append(h.Start, 0)
		return t, true
	}
	z := zoneOf(s.cfg.Location)
	h.User, h.Start = append(h.User, 0), append(h.Start, 0, int32(len(rows)))
	for i := range rows {
		w := &rows[i]
		day, hour := z.at(int64(w.second))
		h.Card, h.ShownAtMS = append(h.Card, w.card), append(h.ShownAtMS, int64(w.second)*1000)
		h.Day, h.Hour = append(h.Day, day), append(h.Hour, hour)
		h.Position, h.Show, h.Flags = append(h.Position, unpackSlot(w.slot)), append(h.Show, w.show), append(h.Flags, warehouse.Flag(w.flags&^followed))
		h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = append(h.ViewSeconds, w.view), append(h.Swipes, int32(w.swipes)), append(h.SwipeViewSeconds, w.listed)
	}
	return t, true
}

// Fed are the items, by the state's ids and each once, on which a user gave feedback of a sender's own type, whatever it means, up to now: of her last records
// (Config.MaxRows).
func (s *State) Fed(key string) []int32 {
	now := s.cfg.Clock().Unix()
	sh := &s.shards[shardOf(key)]
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	u, _ := sh.find(key)
	if u == nil {
		return nil
	}
	var out []int32
	for _, r := range sh.records(u, nil) {
		if r.is(didForeign) && int64(r.second) <= now {
			out = append(out, r.card)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
