package candidate

import (
	"bufio"
	"context"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// movieLens reads the 80/20 split of MovieLens-100k from the directory that the variable SEGUE_ML100K names. It is that of Hu et al. (KDD 2018)
// as kept by github.com/MaurizioFD/RecSys2019_DeepLearning_Evaluation, Conferences/KDD/MCRec_github/data; its licence does not let us pass it on.
func movieLens(t *testing.T) (train *Matrix, test [][]int32) {
	t.Helper()
	dir := os.Getenv("SEGUE_ML100K")
	if dir == "" {
		t.Skip("SEGUE_ML100K names no directory with ml-100k.train.rating and ml-100k.test.rating")
	}
	const users, items = 944, 1683 // numbered from 1
	var entries []Entry
	readNumbers(t, filepath.Join(dir, "ml-100k.train.rating"), func(row []int32) {
		entries = append(entries, Entry{row[0], row[1], 1})
	})
	train, err := NewMatrix(users, items, entries)
	if err != nil {
		t.Fatal(err)
	}
	test = make([][]int32, users)
	readNumbers(t, filepath.Join(dir, "ml-100k.test.rating"), func(row []int32) { test[row[0]] = row[1:] })
	return train.Binary(), test
}

func readNumbers(t *testing.T, name string, row func([]int32)) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var numbers []int32
		for _, field := range strings.Fields(lines.Text()) {
			n, err := strconv.ParseInt(field, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, int32(n))
		}
		row(numbers)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// quality is the mean over users with test items of precision, recall and NDCG at 10, of all items that are not in train. The ideal of
// NDCG has all test items of a user at the top, more than 10 if there are.
func quality(s Scorer, train *Matrix, test [][]int32) (precision, recall, ndcg float64) {
	row := make([]float32, s.Items())
	users := 0.0
	for u, wanted := range test {
		if len(wanted) == 0 {
			continue
		}
		users++
		h := train.History(u)
		s.Scores(&h, row)
		for _, i := range h.Item {
			row[i] = float32(math.NaN())
		}
		is := map[int32]bool{}
		ideal := 0.0
		for k, i := range wanted {
			is[i] = true
			ideal += 1 / math.Log2(float64(k)+2)
		}
		hits, gain := 0.0, 0.0
		for k, c := range TopK(row, 10, nil, nil) {
			if is[c.Item] {
				hits++
				gain += 1 / math.Log2(float64(k)+2)
			}
		}
		precision += hits / 10
		recall += hits / float64(len(wanted))
		ndcg += gain / ideal
	}
	return precision / users, recall / users, ndcg / users
}

// Published by Ferrari Dacrema et al., "A Troubling Analysis of Reproducibility and Progress in Recommender Systems Research", TOIS 2021.
func TestEASEAsPublished(t *testing.T) {
	train, test := movieLens(t)
	s, err := EASE{L2: 458}.Fit(context.Background(), train)
	if err != nil {
		t.Fatal(err)
	}
	p, r, n := quality(s, train, test)
	t.Logf("P %.5f R %.5f NDCG %.5f", p, r, n)
}
