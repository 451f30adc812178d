package segue_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/village"
)

// From a log to the report: here of a small simulated village.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "segue")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	logDir := filepath.Join(dir, "log")
	if _, err := segue.Simulate(ctx, logDir, village.Config{Users: 500, Seed: 1}, nil); err != nil {
		log.Fatal(err)
	}
	s, err := segue.Open(ctx, segue.Config{Path: filepath.Join(dir, "feed.duckdb")})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Ingest(ctx, []string{logDir}, segue.IngestOptions{}); err != nil {
		log.Fatal(err)
	}
	page, err := s.Report(ctx, filepath.Join(dir, "report"), segue.ReportOptions{})
	if err != nil {
		log.Fatal(err)
	}
	rel, err := filepath.Rel(dir, page)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(filepath.ToSlash(rel))
	// Output: report/index.html
}
