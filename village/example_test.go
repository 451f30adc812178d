package village_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/seguefeed/segue/village"
)

// A village of any size, the same bytes for the same seed.
func ExampleWrite() {
	dir, err := os.MkdirTemp("", "village")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	summary, err := village.Write(context.Background(), dir, village.Config{Users: 200, Seed: 1, Null: village.NullNA})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Join(summary.Files, "\n"))
	// Output:
	// impression_data.csv
	// user_demographics.csv
	// mlog_demographics.csv
	// mlog_stats.csv
	// creator_demographics.csv
	// creator_stats.csv
}

// Check holds a village against what is published of the reference data set.
func ExampleCheck() {
	figures, err := village.Check(context.Background(), village.Config{Users: 2000, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range figures {
		if f.Group == "click-through rate" {
			fmt.Printf("%s: published %.4f\n", f.Name, f.Published)
		}
	}
	// Output:
	// mean over users: published 0.0234
	// pooled: published 0.0515
}
