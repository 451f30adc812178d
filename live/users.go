// Users one by one and in lists.

package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/seguefeed/segue/feature"
)

// User is what is known of one besides her rows.
type User struct {
	Key                 string
	Told                bool // a profile was told, or stood in the user table
	Traits              feature.Traits
	Labels              json.RawMessage
	Comment             string
	Impressions, Clicks int   // of all time
	Past                int   // impressions among them whose rows are kept no more
	FirstMS, LastMS     int64 // of impressions and doings; 0 where there are none
}

// User is what is known of a user; false where there is none.
func (s *State) User(key string) (User, bool) {
	sh := &s.shards[shardOf(key)]
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	i, ok := sh.keys.find(key)
	if !ok {
		return User{}, false
	}
	f := folders.Get().(*folder)
	defer folders.Put(f)
	return s.userAt(sh, i, f), true
}

func (s *State) userAt(sh *shard, i uint32, f *folder) User {
	u := &sh.users[i]
	text := sh.texts[i]
	f.mine = sh.records(u, f.mine)
	records := f.mine
	shown, clicks := totals(f.fold(records, *s.roles.Load()))
	out := User{Key: sh.keys.at(i), Told: u.known, Traits: s.traits(u), Labels: text.labels, Comment: text.comment,
		Impressions: shown + int(u.pastShown), Clicks: clicks + int(u.pastClicks), Past: int(u.pastShown), FirstMS: int64(u.first) * 1000}
	if len(records) > 0 {
		out.LastMS = int64(records[len(records)-1].second) * 1000
	}
	return out
}

// ErrCursor is given for a cursor that no list gave.
var ErrCursor = fmt.Errorf("live: the cursor is not one that a list gave")

// Cursors are numbers in base 36, of what comes next.
func parseCursor(cursor string) (uint64, error) {
	if cursor == "" {
		return 0, nil
	}
	at, err := strconv.ParseUint(cursor, 36, 64)
	if err != nil || formatCursor(at) != cursor {
		return 0, ErrCursor
	}
	return at, nil
}

func formatCursor(at uint64) string { return strconv.FormatUint(at, 36) }

// ListUsers are at most n users whose keys begin with prefix, those after cursor, "" being the first; next is "" at the end. The order is that of 256 parts
// by a hash of the key and in each of first sight, since 2 million keys that change are not sorted; users who are there from the first page of a list to
// the last are in it once. A prefix that few have costs 20 ms for 2 million users.
func (s *State) ListUsers(prefix, cursor string, n int) (users []User, next string, err error) {
	at, err := parseCursor(cursor)
	if err != nil || at>>32 != 0 {
		return nil, "", ErrCursor
	}
	f := folders.Get().(*folder)
	defer folders.Put(f)
	number, i := userRef(at).split()
	for ; number < shardCount; number, i = number+1, 0 {
		sh := &s.shards[number]
		sh.mu.RLock()
		if i > 0 && int(i) >= sh.keys.len() { // of the cursor: parts only grow
			sh.mu.RUnlock()
			return nil, "", ErrCursor
		}
		for ; int(i) < sh.keys.len(); i++ {
			key := sh.keys.bytesAt(i)
			if len(key) == 0 || len(prefix) > len(key) || !bytes.HasPrefix(key, []byte(prefix)) {
				continue
			}
			if len(users) >= n {
				sh.mu.RUnlock()
				return users, formatCursor(uint64(refOf(number, i))), nil
			}
			users = append(users, s.userAt(sh, i, f))
		}
		sh.mu.RUnlock()
	}
	return users, "", nil
}
