package segue_test

import (
	"context"
	"errors"
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

// An open database answers typed questions, and queries of one's own when it is open for reading only.
func ExampleSegue_Warehouse() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "segue")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "news.duckdb")

	s, err := segue.Open(ctx, segue.Config{Path: path})
	if err != nil {
		log.Fatal(err)
	}
	_, err = s.Ingest(ctx, []string{"examples/generic"}, segue.IngestOptions{Map: "examples/generic/feed.toml"})
	if err := errors.Join(err, s.Close()); err != nil {
		log.Fatal(err)
	}

	s, err = segue.Open(ctx, segue.Config{Path: path, ReadOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	contents, err := s.Warehouse().Describe(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(contents.Impressions, "impressions on", contents.Days(), "days in", contents.Zone)
	rows, err := s.SQL(ctx, "select sum(clicks) from user_totals")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		cells, err := rows.Values()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(cells[0], "clicks")
	}
	// Output:
	// 422 impressions on 14 days in Europe/Berlin
	// 111 clicks
}
