package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/stream"
)

// inDatabase looks for every event of the log in the database's own table of them.
func (l *ledger) inDatabase(t *testing.T, dir string, stored map[string]stream.Stored) {
	t.Helper()
	db, err := segue.Open(context.Background(), segue.Config{Path: filepath.Join(dir, "feed.duckdb"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.SQL(context.Background(), `
		select e.seq, u.user_key, c.card_key, e.at_ms, e.request from live_events e join users u using (user_id) join cards c using (card_id)
		union all select seq, user_key, '', at_ms, '' from live_profiles join users using (user_id)
		union all select seq, '', card_key, at_ms, '' from live_traits join cards using (card_id)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	there := map[string]int{}
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			t.Fatal(err)
		}
		there[fmt.Sprintln(row...)]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	missing := 0
	for _, e := range stored {
		if e.Kind == stream.Served { // is a row a card
			continue
		}
		key := fmt.Sprintln(e.Seq, e.User, e.Item, e.AtMS, e.Request)
		if there[key] != 1 {
			missing++
			if missing < 5 {
				t.Errorf("%s (%s) is in the database %d times", e.ID, key, there[key])
			}
		}
		delete(there, key)
	}
	if missing > 0 || len(there) > 0 {
		t.Errorf("%d events are not in the database once; %d rows of it are of none", missing, len(there))
	}
	if _, err := os.Stat(filepath.Join(dir, "segue-serve", "state")); err != nil {
		t.Error(err)
	}
}
