package duckdb_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/duckdb"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// A log goes in, typed answers come out.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "segue")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w, err := duckdb.Open(ctx, filepath.Join(dir, "feed.duckdb"), duckdb.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Load(ctx, warehousetest.Fixture(), warehouse.LoadOptions{}); err != nil {
		log.Fatal(err)
	}
	days, err := w.UseByDay(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range days {
		fmt.Printf("%s: %d impressions, %d clicks, %d users\n", d.Day.Format("2 January"), d.Impressions, d.Clicks, d.Users)
	}
	// Output:
	// 1 November: 6 impressions, 2 clicks, 2 users
	// 2 November: 3 impressions, 1 clicks, 2 users
	// 3 November: 3 impressions, 1 clicks, 3 users
	// 30 November: 1 impressions, 1 clicks, 1 users
}
