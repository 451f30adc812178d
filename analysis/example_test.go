package analysis_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/duckdb"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// One question, asked of the hand-made log that the engines are tested with: its users' click-through rates are .5, 0, .333, 1 and 0,
// their mean is .367, and two are at or above it.
func ExampleRun() {
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
	results, err := analysis.Run(ctx, w, analysis.Options{Only: []string{"active-users"}})
	if err != nil {
		log.Fatal(err)
	}
	a := results.Answers[0]
	fmt.Println(a.Title)
	fmt.Println(a.Findings[0].Sentence)
	// Output:
	// How many users are active?
	// 40.0% of 5 users are active (11.8% to 76.9%): they see 53.8% of the impressions and make 80.0% of the clicks.
}
