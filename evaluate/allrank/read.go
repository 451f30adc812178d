// Reading a split: a training and a test file of who took what, with ids of any text, as two matrices over the same users and items.
// Ids are numbered in their order, as numbers where all are, so that no figure hangs on the order of a file's lines, not even
// by ties, which go to the lower number.

package allrank

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seguefeed/segue/candidate"
)

// Input is a file to read.
type Input struct {
	Name   string // as errors say it
	Format Format // "" is Auto
	io.Reader
}

// ReadConfig says what of the files counts. The zero value takes every interaction, whatever its rating.
type ReadConfig struct {
	// MinRating, where not nil, leaves out the rows of both files with a lower rating. It needs rows with ratings. Ratings
	// count for nothing else: an interaction is there or is not.
	MinRating *float64
}

// Split is what models are fitted to and judged on.
type Split struct {
	Train *candidate.Matrix // binary
	// Test has the same users and items as Train; none of its interactions is in Train. Users without any are not judged.
	Test         *candidate.Matrix
	Users, Items []string // the files' ids, by number
	Counts       Counts
}

// Counts says what was read and what of it was left out.
type Counts struct {
	Users            int   `json:"users"` // with an interaction in training
	Items            int   `json:"items"` // in training or in the tests of these users
	Train            int64 `json:"train_interactions"`
	Test             int64 `json:"test_interactions"`      // judged
	Judged           int   `json:"judged_users"`           // with an interaction in the test
	Repeated         int64 `json:"repeated"`               // interactions that stand in a file again
	LowRated         int64 `json:"below_min_rating"`       // rows left out for their rating
	Seen             int64 `json:"seen_in_training"`       // test interactions that are in training too: left out, since what a user took is not ranked
	UnknownUsers     int   `json:"unknown_users"`          // of the test file, without training: not judged, since models know nothing of them
	UnknownUserRows  int64 `json:"unknown_user_rows"`      // their interactions
	ColdItems        int   `json:"cold_items"`             // of the catalogue, that no one took in training
	ColdInteractions int64 `json:"cold_item_interactions"` // judged, with such items: no model can foresee them, and they count as missed
}

// maxLine bounds a line, and with it what a file that is no text can make the reader hold.
const maxLine = 64 << 20

// Read reads a split. A test item that no one took in training belongs to the catalogue all the same; a test user without
// training is left out. Errors name the file, the line, and what was expected there. Time is linear in the files but for a sort of each
// user's items; memory: 24 bytes an interaction at most, and the ids.
func Read(ctx context.Context, train, test Input, cfg ReadConfig) (*Split, error) {
	r := &reader{cfg: cfg, users: newNames(), items: newNames()}
	trained, err := r.file(ctx, train, true)
	if err != nil {
		return nil, err
	}
	if len(trained) == 0 {
		return nil, fmt.Errorf("%s: there is no interaction to learn from%s", train.Name, r.lowRated())
	}
	trainItems := len(r.items.ids)
	tested, err := r.file(ctx, test, false)
	if err != nil {
		return nil, err
	}
	s := &Split{Counts: r.counts}
	s.Counts.UnknownUsers = len(r.unknown)
	var cold []bool
	userRank, itemRank := r.users.order(), r.items.order()
	s.Users, s.Items = r.users.ids, r.items.ids
	cold = make([]bool, len(s.Items))
	for k, rank := range itemRank {
		cold[rank] = k >= trainItems
	}
	if s.Train, err = s.matrix(trained, userRank, itemRank); err != nil {
		return nil, err
	}
	if s.Test, err = s.matrix(tested, userRank, itemRank); err != nil {
		return nil, err
	}
	s.count(cold)
	if s.Counts.Judged == 0 {
		return nil, fmt.Errorf("%s: no user can be judged: %d users have no training interactions, %d test interactions stand in %s too%s; are the files of one split?",
			test.Name, s.Counts.UnknownUsers, s.Counts.Seen, train.Name, r.lowRated())
	}
	return s, nil
}

// count takes the interactions of Train out of Test and counts what is left.
func (s *Split) count(cold []bool) {
	c := &s.Counts
	c.Users, c.Items, c.Train = s.Train.Users, s.Train.Items, int64(len(s.Train.Item))
	for _, is := range cold {
		if is {
			c.ColdItems++
		}
	}
	kept, from := s.Test.Item[:0], int64(0)
	for u := range s.Test.Users {
		to := s.Test.Start[u+1]
		before := len(kept)
		row, _ := s.Train.Row(u)
		for _, i := range s.Test.Item[from:to] {
			if _, seen := slices.BinarySearch(row, i); seen {
				c.Seen++
				continue
			}
			if cold[i] {
				c.ColdInteractions++
			}
			kept = append(kept, i)
		}
		if len(kept) > before {
			c.Judged++
		}
		s.Test.Start[u+1], from = int64(len(kept)), to
	}
	s.Test.Item = kept
	c.Test = int64(len(kept))
}

// matrix makes a binary matrix of pairs, counting those that come again. It changes pairs.
func (s *Split) matrix(pairs []pair, userRank, itemRank []int32) (*candidate.Matrix, error) {
	if len(userRank) > math.MaxInt32 || len(itemRank) > math.MaxInt32 {
		return nil, fmt.Errorf("%d users and %d items; up to %d of each are possible", len(userRank), len(itemRank), math.MaxInt32)
	}
	m := &candidate.Matrix{Users: len(userRank), Items: len(itemRank), Start: make([]int64, len(userRank)+1), Item: make([]int32, len(pairs))}
	for _, p := range pairs {
		m.Start[userRank[p.user]+1]++
	}
	for u := range m.Users {
		m.Start[u+1] += m.Start[u]
	}
	next := slices.Clone(m.Start)
	for _, p := range pairs {
		u := userRank[p.user]
		m.Item[next[u]] = itemRank[p.item]
		next[u]++
	}
	kept, from := m.Item[:0], int64(0)
	for u := range m.Users {
		to := m.Start[u+1]
		row := m.Item[from:to]
		slices.Sort(row)
		row = slices.Compact(row)
		s.Counts.Repeated += to - from - int64(len(row))
		kept = append(kept, row...)
		m.Start[u+1], from = int64(len(kept)), to
	}
	m.Item = slices.Clip(kept)
	return m, nil
}

// pair is an interaction by numbers of first sight.
type pair struct{ user, item int32 }

// reader reads the files of a split.
type reader struct {
	cfg          ReadConfig
	users, items *names
	unknown      map[string]bool // users of the test file without training
	counts       Counts
}

func (r *reader) lowRated() string {
	if r.counts.LowRated == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d rows have a rating below %v", r.counts.LowRated, *r.cfg.MinRating)
}

// file reads one file. Users that are new in the test file are only counted.
func (r *reader) file(ctx context.Context, in Input, isTrain bool) ([]pair, error) {
	b := bufio.NewReaderSize(in.Reader, 1<<18)
	lay, err := begin(b, in)
	if err != nil {
		return nil, err
	}
	if r.cfg.MinRating != nil && lay.format == Lines {
		return nil, fmt.Errorf("%s: a lowest rating was asked for, and one line a user (user item item ...) has none; rows of user item rating are expected", in.Name)
	}
	if r.unknown == nil {
		r.unknown = map[string]bool{}
	}
	var pairs []pair
	var fields [][]byte
	var long []byte
	for line := 1; ; line++ {
		if line%4096 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		text, err := b.ReadSlice('\n')
		for long = long[:0]; errors.Is(err, bufio.ErrBufferFull); {
			if long = append(long, text...); len(long) > maxLine {
				return nil, fmt.Errorf("%s:%d: a line of more than %d MB; is this a text file?", in.Name, line, maxLine>>20)
			}
			text, err = b.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s:%d: %w", in.Name, line, err)
		}
		if len(long) > 0 {
			long = append(long, text...)
			text = long
		}
		if body := trimLine(text); len(body) > 0 && !(line == 1 && lay.header) {
			fields = lay.split(body, fields[:0])
			problem := ""
			if pairs, problem = r.line(&lay, fields, isTrain, pairs); problem != "" {
				return nil, fmt.Errorf("%s:%d: %s", in.Name, line, problem)
			}
		}
		if err != nil {
			return pairs, nil
		}
	}
}

// begin finds a file's layout.
func begin(b *bufio.Reader, in Input) (layout, error) {
	format, err := ParseFormat(string(in.Format))
	if err != nil {
		return layout{}, err
	}
	start, err := b.Peek(b.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return layout{}, fmt.Errorf("%s: %w", in.Name, err)
	}
	if end := bytes.LastIndexByte(start, '\n'); err == nil && end >= 0 { // the last line may be cut off
		start = start[:end+1]
	}
	if bytes.IndexByte(start, 0) >= 0 {
		return layout{}, fmt.Errorf("%s: this is no text file; lines of user item item ... or rows of user item [rating [time]] are expected", in.Name)
	}
	lay, err := layoutOf(start, format)
	if err != nil {
		return layout{}, fmt.Errorf("%s: %w", in.Name, err)
	}
	return lay, nil
}

// line takes a line's interactions, or says what is wrong with it.
func (r *reader) line(lay *layout, fields [][]byte, isTrain bool, pairs []pair) ([]pair, string) {
	for k, f := range fields {
		if len(f) == 0 && (k < 2 || lay.format == Lines) {
			return nil, fmt.Sprintf("field %d is empty; an id is expected", k+1)
		}
	}
	items := fields[1:]
	if lay.format == Rows {
		if len(fields) < 2 || len(fields) > 4 {
			return nil, fmt.Sprintf("%d fields; user item [rating [time]] are expected (or, with format lines, user item item ...)", len(fields))
		}
		low, problem := r.isLow(fields)
		if problem != "" {
			return nil, problem
		}
		if low {
			r.counts.LowRated++
			return pairs, ""
		}
		items = fields[1:2]
	}
	if len(items) == 0 {
		return pairs, "" // a user without items
	}
	user, known := r.users.number[string(fields[0])]
	switch {
	case !known && isTrain:
		user = r.users.add(fields[0])
	case !known:
		if !r.unknown[string(fields[0])] {
			r.unknown[string(fields[0])] = true
		}
		r.counts.UnknownUserRows += int64(len(items))
		return pairs, ""
	}
	for _, f := range items {
		item, known := r.items.number[string(f)]
		if !known {
			item = r.items.add(f)
		}
		pairs = append(pairs, pair{user, item})
	}
	return pairs, ""
}

// isLow says whether a row's rating is below the lowest that counts.
func (r *reader) isLow(fields [][]byte) (low bool, problem string) {
	if len(fields) < 3 {
		if r.cfg.MinRating != nil {
			return false, "2 fields; a lowest rating was asked for, and user item rating are expected"
		}
		return false, ""
	}
	rating, err := strconv.ParseFloat(string(fields[2]), 64)
	if err != nil || math.IsNaN(rating) {
		return false, fmt.Sprintf("the rating %.40q is not a number; user item [rating [time]] are expected (or, with format lines, user item item ...)",
			fields[2])
	}
	return r.cfg.MinRating != nil && rating < *r.cfg.MinRating, ""
}

// names number ids by first sight.
type names struct {
	number map[string]int32
	ids    []string
}

func newNames() *names { return &names{number: map[string]int32{}} }

func (n *names) add(id []byte) int32 {
	s := string(id)
	k := int32(len(n.ids))
	n.number[s] = k
	n.ids = append(n.ids, s)
	return k
}

// order sorts the ids, as numbers where all are whole numbers, and returns the rank of each number of first sight.
func (n *names) order() []int32 {
	numeric := true
	for _, id := range n.ids {
		numeric = numeric && isWhole(id)
	}
	sorted := make([]int32, len(n.ids))
	for k := range sorted {
		sorted[k] = int32(k)
	}
	slices.SortFunc(sorted, func(a, b int32) int {
		x, y := n.ids[a], n.ids[b]
		if numeric && len(x) != len(y) {
			return len(x) - len(y)
		}
		return strings.Compare(x, y)
	})
	rank, ids := make([]int32, len(n.ids)), make([]string, len(n.ids))
	for r, k := range sorted {
		rank[k], ids[r] = int32(r), n.ids[k]
	}
	n.ids, n.number = ids, nil
	return rank
}

// isWhole says whether an id is a whole number as programs write it, without a sign or zeros before it: then the longer is the greater.
func isWhole(id string) bool {
	if id == "0" {
		return true
	}
	if id == "" || id[0] == '0' {
		return false
	}
	for _, c := range []byte(id) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
