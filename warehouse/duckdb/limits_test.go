package duckdb

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// More ids than the dictionary can tell apart fail the load; none is mixed up with another, and nothing panics.
func TestTooManyIDs(t *testing.T) {
	maxArena = 40
	defer func() { maxArena = math.MaxUint32 }()
	ctx := context.Background()
	e := open(t)
	users := "userId,province,age,gender,registeredMonthCnt,followCnt,level\n"
	for i := range 9 { // 9 of 5 bytes are 45
		users += fmt.Sprintf("user%d,,,,,,\n", i)
	}
	in := []warehouse.Input{warehousetest.Input(feedlog.Users, "users.csv", users)}
	if _, err := e.Load(ctx, in, warehouse.LoadOptions{}); err == nil || !strings.Contains(err.Error(), "too many for one database") {
		t.Errorf("45 bytes of ids where 40 are allowed: %v", err)
	}
	c, err := e.Describe(ctx)
	if err != nil || c.Users != 0 {
		t.Errorf("%d users were kept (%v)", c.Users, err)
	}
}

// A log that is not grouped by user is sorted; a cancellation meanwhile does not wait for the end of it.
func TestCancelWhileSorting(t *testing.T) {
	const rows = 300_000
	var b strings.Builder
	b.WriteString(warehousetest.FixtureHeader)
	for i := range rows { // the users take turns
		fmt.Fprintf(&b, "NA,1,1,%d,0,0,0,0,0,0,c%d,NA,u%d\n", 1572566400000+i, i%50, i%1000)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e, err := Open(ctx, filepath.Join(t.TempDir(), "sort.duckdb"), Config{MemoryMB: 500})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	cancelled := false
	_, err = e.Load(ctx, []warehouse.Input{warehousetest.Input(feedlog.Impressions, "impressions.csv", b.String())}, warehouse.LoadOptions{
		Progress: func(p warehouse.LoadProgress) {
			if p.Step == "sort by user" {
				cancelled = true
				cancel()
			}
		},
	})
	if err == nil || !cancelled {
		t.Fatalf("the load was not cancelled while it sorted: %v", err)
	}
	if files, _ := filepath.Glob(e.path + ".tmp/stages/*"); len(files) > 0 {
		t.Errorf("%v are left", files)
	}
}
