package segue

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/seguefeed/segue/village"
)

// Files that are loaded between two runs of a server are known in the second, and so is what happened in the first.
func TestServeAfterALoad(t *testing.T) {
	dir := t.TempDir()
	village1, village2, village3 := filepath.Join(dir, "one"), filepath.Join(dir, "two"), filepath.Join(dir, "three")
	for at, users := range map[string]int{village1: 300, village2: 600, village3: 700} {
		if _, err := Simulate(t.Context(), at, village.Config{Users: users, Seed: uint64(users)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), Config{Path: filepath.Join(dir, "feed.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Ingest(t.Context(), []string{village1}, IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	type stats struct{ Users, Items int }
	run := func(events bool) (got stats) {
		v := serve(t, s, ServeOptions{Dir: filepath.Join(dir, "serve")})
		defer v.stop()
		if events {
			v.send(20)
		}
		if _, body := v.get("/v1/stats"); json.Unmarshal([]byte(body), &got) != nil {
			t.Fatalf("figures: %s", body)
		}
		return got
	}
	first := run(true)
	if again := run(false); again != first {
		t.Errorf("%+v, and in the next run %+v", first, again)
	}
	if _, err := s.Ingest(t.Context(), []string{village2}, IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	second := run(false)
	if first.Users != 320 || second.Users != 620 { // villages name their users alike; 20 more were told of by events
		t.Errorf("%+v before 300 users more were loaded, %+v after", first, second)
	}
	if again := run(true); again != second {
		t.Errorf("%+v, and in the next run %+v", second, again)
	}
	// A crash before what was loaded was noted, and then another load.
	if err := os.Remove(filepath.Join(dir, "serve", "loaded")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ingest(t.Context(), []string{village3}, IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	if third := run(false); third.Users != 720 {
		t.Errorf("%+v after 100 users more were loaded", third)
	}
}
