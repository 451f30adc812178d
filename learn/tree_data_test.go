// The data that tree learners are tried on, and what is measured there.

package learn

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// onlineShoppers are two thirds and one third of the table, words as categories or as their place in the alphabet.
func onlineShoppers(t testing.TB, categories bool) (train, test *Data) {
	file, err := os.Open(filepath.Join("..", "..", "shared", "data", "online_shoppers", "online_shoppers_intention.csv"))
	if err != nil {
		t.Skip("the table online shoppers is not there:", err)
	}
	defer file.Close()
	table, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names, table := table[0], table[1:]
	d := &Data{X: NewMatrix(len(table), 17), Columns: make([]Column, 17)}
	for j := range d.Columns {
		d.Columns[j].Name = names[j]
		var words []string
		if j == 10 || j == 15 || j == 16 {
			for _, row := range table {
				words = append(words, row[j])
			}
			slices.Sort(words)
			words = slices.Compact(words)
			if categories {
				d.Columns[j].Levels = words
			}
		}
		for i, row := range table {
			v := float64(slices.Index(words, row[j]))
			if words == nil {
				if v, err = strconv.ParseFloat(row[j], 32); err != nil {
					t.Fatal(err)
				}
			}
			d.X.Row(i)[j] = float32(v)
		}
	}
	var rows [2][]int32
	for i, row := range table {
		d.Y = append(d.Y, row[17] == "TRUE")
		k := min(1, i%3)
		rows[k] = append(rows[k], int32(i))
	}
	return d.Take(rows[1]), d.Take(rows[0])
}
