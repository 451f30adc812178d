// The methods with factors on MovieLens-100k, held against published figures. The data are not ours to pass on: SEGUE_ML100K names a
// directory with ml-100k.train.rating and ml-100k.test.rating as in github.com/MaurizioFD/RecSys2019_DeepLearning_Evaluation,
// Conferences/KDD/MCRec_github/data.

package candidate

import (
	"bufio"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// readML100K reads the split: the train ratings as ones, and each test user's items.
func readML100K(t *testing.T) (train *Matrix, test map[int][]int32) {
	t.Helper()
	dir := os.Getenv("SEGUE_ML100K")
	if dir == "" {
		t.Skip("SEGUE_ML100K names no directory with the MovieLens-100k split")
	}
	rows := func(name string, row func([]int)) {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var numbers []int
			for word := range strings.FieldsSeq(lines.Text()) {
				n, err := strconv.Atoi(word)
				if err != nil {
					t.Fatal(err)
				}
				numbers = append(numbers, n)
			}
			row(numbers)
		}
		if lines.Err() != nil {
			t.Fatal(lines.Err())
		}
	}
	var entries []Entry
	users, items := 0, 0
	rows("ml-100k.train.rating", func(n []int) {
		entries = append(entries, Entry{int32(n[0]), int32(n[1]), 1})
		users, items = max(users, n[0]+1), max(items, n[1]+1)
	})
	test = map[int][]int32{}
	rows("ml-100k.test.rating", func(n []int) {
		for _, i := range n[1:] {
			test[n[0]] = append(test[n[0]], int32(i))
			items = max(items, i+1)
		}
	})
	train, err := NewMatrix(users, items, entries)
	if err != nil {
		t.Fatal(err)
	}
	return train, test
}

// judge is the mean precision, recall and NDCG of the first ten of the items that are not in a user's row; the ideal gain is that of
// all her test items.
func judge(s Scorer, train *Matrix, test map[int][]int32) (precision, recall, ndcg float64) {
	scores, users := make([]float32, s.Items()), 0.
	for u := range train.Users {
		if len(test[u]) == 0 {
			continue
		}
		users++
		h := train.History(u)
		s.Scores(&h, scores)
		for _, i := range h.Item {
			scores[i] = float32(math.Inf(-1))
		}
		wanted := map[int32]bool{}
		for _, i := range test[u] {
			wanted[i] = true
		}
		hits, gain, ideal := 0., 0., 0.
		for place, c := range TopK(scores, 10, nil, nil) {
			if wanted[c.Item] {
				hits++
				gain += 1 / math.Log2(float64(place)+2)
			}
		}
		for place := range len(test[u]) {
			ideal += 1 / math.Log2(float64(place)+2)
		}
		precision += hits / 10
		recall += hits / float64(len(test[u]))
		ndcg += gain / ideal
	}
	return precision / users, recall / users, ndcg / users
}

// holdOut parts a fifth of each user's items from m, to choose settings by.
func holdOut(t *testing.T, m *Matrix, seed uint64) (*Matrix, map[int][]int32) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	var kept []Entry
	held := map[int][]int32{}
	for u := range m.Users {
		item, _ := m.Row(u)
		order := random.Perm(len(item))
		for k, at := range order {
			if k < len(item)/5 {
				held[u] = append(held[u], item[at])
			} else {
				kept = append(kept, Entry{int32(u), item[at], 1})
			}
		}
	}
	train, err := NewMatrix(m.Users, m.Items, kept)
	if err != nil {
		t.Fatal(err)
	}
	return train, held
}

// TestML100K holds the defaults, which were chosen on parts of the train ratings, against the published figures of the same method
// on the same split (Ferrari Dacrema, Cremonesi and Jannach, RecSys 2019): precision, recall and NDCG at 10.
func TestML100K(t *testing.T) {
	train, test := readML100K(t)
	for _, c := range []struct {
		learner                 Learner
		precision, recall, ndcg float64 // at least
	}{
		{IALS{}, .3596, .2283, .2759},
		{PureSVD{Dim:20}, .3545, .2247, .2719},
		{PureSVD{Dim:24}, .3545, .2247, .2719},
		{PureSVD{Dim:32}, .3545, .2247, .2719},
		{PureSVD{Dim:32,Damping:.3}, .3545, .2247, .2719},
		{GraphFilter{}, .3596, .2283, .2759},
	} {
		s, err := c.learner.Fit(t.Context(), train)
		if err != nil {
			t.Fatal(err)
		}
		p, r, n := judge(s, train, test)
		t.Logf("%s: P %.4f R %.4f NDCG %.4f", c.learner.Kind(), p, r, n)
		if p < c.precision || r < c.recall || n < c.ndcg {
			t.Errorf("%s: P %.4f R %.4f NDCG %.4f, below the published %.4f %.4f %.4f", c.learner.Kind(), p, r, n, c.precision, c.recall, c.ndcg)
		}
	}
}
