package rank

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/village"
)

// logOfVillage reads a village's log and sorts it by users and time; sessions end with gaps over 30 minutes.
func logOfVillage(t testing.TB, dir string) *Log {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "impression_data.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type row struct {
		user, card, slot int32
		at               int64
		clicked          bool
	}
	var rows []row
	users, cards := map[string]int32{}, map[string]int32{}
	id := func(of map[string]int32, key string) int32 {
		n, ok := of[key]
		if !ok {
			n = int32(len(of))
			of[key] = n
		}
		return n
	}
	if _, err := feedlog.DecodeImpressions(context.Background(), f, feedlog.Options{}, func(batch []feedlog.Impression) error {
		for _, r := range batch {
			rows = append(rows, row{id(users, r.UserID), id(cards, r.CardID), int32(r.Position), r.ShownAtMS, r.Clicked})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		switch {
		case a.user != b.user:
			return int(a.user) - int(b.user)
		case a.at != b.at:
			return int(a.at - b.at)
		}
		return int(a.slot) - int(b.slot)
	})
	l := &Log{}
	seen := map[[2]int32]int16{}
	for i, r := range rows {
		if i == 0 || r.user != rows[i-1].user || r.at-rows[i-1].at > 30*60*1000 {
			l.Session = append(l.Session, int32(i))
		}
		seen[[2]int32{r.user, r.card}]++
		l.User, l.Card, l.Slot, l.AtMS = append(l.User, r.user), append(l.Card, r.card), append(l.Slot, r.slot), append(l.AtMS, r.at)
		l.Clicked, l.Show = append(l.Clicked, r.clicked), append(l.Show, seen[[2]int32{r.user, r.card}])
	}
	l.Session = append(l.Session, int32(len(rows)))
	return l
}

func examinationTruth(t testing.TB, dir string) []village.ExaminationTruth {
	t.Helper()
	rows, err := parquet.ReadFile[village.ExaminationTruth](filepath.Join(dir, "examination.truth.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
