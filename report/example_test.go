package report_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/report"
	"github.com/seguefeed/segue/warehouse"
)

// A report of one answer of one's own: the page, the numbers and each table.
func ExampleWrite() {
	dir, err := os.MkdirTemp("", "segue")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	answer := analysis.Answer{ID: "shares", Theme: "usage", Title: "Where do users come from?",
		Findings: []analysis.Finding{{Sentence: "Two in three users come by the app.", Grade: analysis.Descriptive}},
		Tables: []analysis.Table{{Name: "sources", Title: "Users by source", Columns: []analysis.Column{
			{Name: "source", Label: "source", Unit: analysis.Text, Strings: []string{"app", "web"}},
			{Name: "users", Label: "users", Unit: analysis.Count, Ints: []int64{2000, 1000}},
		}}}}
	if _, err := report.Write(context.Background(), filepath.Join(dir, "report"), report.Input{Title: "Sources", Generated: time.Now(), Contents: warehouse.Contents{}, Answers: []analysis.Answer{answer}}); err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"index.html", "report.json", "tables/sources.csv", "tables/sources.parquet"} {
		if _, err := os.Stat(filepath.Join(dir, "report", name)); err != nil {
			log.Fatal(err)
		}
		fmt.Println(name)
	}
	// Output:
	// index.html
	// report.json
	// tables/sources.csv
	// tables/sources.parquet
}
