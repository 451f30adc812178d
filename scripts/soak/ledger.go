// What was acknowledged, and how long it took: the ledger stands between the visits and the network.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue"
)

// ledger notes every acknowledged event by a hash, 8 bytes each: two of an hour's 20 million are alike with a chance of one in 90,000.
type ledger struct {
	next   http.RoundTripper
	seed   maphash.Seed
	killed atomic.Bool

	mu     sync.Mutex
	acked  []uint64
	took   []float64 // ms, of pages since the last sample
	failed map[string]int
}

func newLedger(next http.RoundTripper) *ledger {
	return &ledger{next: next, seed: maphash.MakeSeed(), failed: map[string]int{}}
}

// kinds are the database's numbers of what visits send.
var kinds = map[string]uint8{"impression": 1, "click": 2, "view": 9}

func (l *ledger) hash(kind any, user, item string, at any, request string) uint64 {
	return maphash.String(l.seed, fmt.Sprintf("%v\x00%s\x00%s\x00%v\x00%s", kind, user, item, at, request))
}

// RoundTrip implements http.RoundTripper.
func (l *ledger) RoundTrip(r *http.Request) (*http.Response, error) {
	var events []struct {
		Kind, User, Item, Request string
		AtMS                      int64 `json:"at_ms"`
	}
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &events)
		}
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	began := time.Now()
	answer, err := l.next.RoundTrip(r)
	took := time.Since(began)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case (err != nil || answer.StatusCode != http.StatusOK) && l.killed.Load():
	case err != nil:
		l.failed[err.Error()]++
	case answer.StatusCode != http.StatusOK:
		l.failed[answer.Status]++
	case events == nil:
		l.took = append(l.took, float64(took)/float64(time.Millisecond))
	default:
		for _, e := range events {
			l.acked = append(l.acked, l.hash(kinds[e.Kind], e.User, e.Item, e.AtMS, e.Request))
		}
	}
	return answer, err
}

// since are the times of pages since the last call, sorted, and how many events were acknowledged in all.
func (l *ledger) since() (took []float64, acked, failed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	took, l.took = l.took, nil
	for _, n := range l.failed {
		failed += n
	}
	slices.Sort(took)
	return took, len(l.acked), failed
}

func (l *ledger) failures() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// found is what of the ledger is in rows of a database.
type found struct{ missing, twice, foreign int }

// against looks for what was acknowledged among hashes; each calls its argument with one at a time.
func (l *ledger) against(each func(func(hash uint64)) error) (found, error) {
	want := slices.Clone(l.acked)
	slices.Sort(want)
	times := make([]uint8, len(want))
	var f found
	err := each(func(hash uint64) {
		k, ok := slices.BinarySearch(want, hash)
		if !ok {
			f.foreign++ // sent, and not acknowledged when the server was killed
			return
		}
		times[k] = min(times[k]+1, 2)
	})
	for _, n := range times {
		switch n {
		case 0:
			f.missing++
		case 2:
			f.twice++
		}
	}
	return f, err
}

// account looks for every acknowledged event in the database.
func (r *rig) account(ctx context.Context) (verdict, error) {
	db, err := segue.Open(ctx, segue.Config{Path: filepath.Join(r.dir, "feed.duckdb"), ReadOnly: true})
	if err != nil {
		return verdict{}, err
	}
	defer db.Close()
	rows, err := db.SQL(ctx, fmt.Sprintf(`select e.kind, u.user_key, c.card_key, e.at_ms, e.request from live_events e join users u using (user_id) join cards c using (card_id)
where e.at_ms >= %d`, r.began.UnixMilli())) // SOAK_DB may have events of before
	if err != nil {
		return verdict{}, err
	}
	defer rows.Close()
	f, err := r.ledger.against(func(take func(uint64)) error {
		for rows.Next() {
			v, err := rows.Values()
			if err != nil {
				return err
			}
			user, _ := v[1].(string)
			item, _ := v[2].(string)
			request, _ := v[4].(string)
			take(r.ledger.hash(v[0], user, item, v[3], request))
		}
		return rows.Err()
	})
	text := fmt.Sprintf("%d events were acknowledged: %d are not in the database, %d are there more than once; %d more were stored whose answer the kill cut off", len(r.ledger.acked), f.missing, f.twice, f.foreign)
	if len(r.ledger.acked) == 0 {
		err = errors.Join(err, errors.New("no event was acknowledged"))
	}
	return verdict{f.missing == 0 && f.twice == 0, text}, err
}
