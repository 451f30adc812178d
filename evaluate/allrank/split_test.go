package allrank

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seguefeed/segue/candidate"
)

// village makes a split of users in groups, who take mostly items of their group and of these mostly the first: both popularity
// and company tell something.
func village(users, items, groups, each int, seed uint64) (train, test string) {
	r := rand.New(rand.NewPCG(seed, 1))
	var a, b strings.Builder
	for u := range users {
		taken := map[int]bool{}
		var order []int
		for len(order) < each {
			x := r.Float64()
			k := int(x * x * float64(items/groups))
			i := k*groups + u%groups
			if r.IntN(5) == 0 {
				i = r.IntN(items)
			}
			if i < items && !taken[i] {
				taken[i], order = true, append(order, i)
			}
		}
		held := each/5 + u%2 // not all as many: that could be rows
		for _, part := range []struct {
			to    *strings.Builder
			items []int
		}{{&a, order[held:]}, {&b, order[:held]}} {
			fmt.Fprintf(part.to, "u%d", u)
			for _, i := range part.items {
				fmt.Fprintf(part.to, " i%d", i)
			}
			part.to.WriteByte('\n')
		}
	}
	return a.String(), b.String()
}

func read(t testing.TB, train, test string, cfg ReadConfig) *Split {
	t.Helper()
	s, err := Read(context.Background(), Input{"train", Auto, strings.NewReader(train)}, Input{"test", Auto, strings.NewReader(test)}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// company is a method for tests: an item scores by how often it was taken along with the history's, less Penalty times its popularity, with
// a disturbance that is least where Tuning is 3.
type company struct {
	Tuning  float64
	Penalty float32
	Mode    string // "nan", "fail", "wait" or "few" misbehave; "hang" waits unless Tuning is 0
	Wide    int8
	Loud    bool
	Seed    uint64
	Threads int
	Lists   []int // no parameter, as the next

	Progress func(done, total int) `json:"-"`

	hidden int
}

func (company) Kind() string { return "company" }

func (c company) Fit(ctx context.Context, m *candidate.Matrix) (candidate.Scorer, error) {
	f := &fitted{c: c, items: m.Items, along: make([]float32, m.Items*m.Items), count: make([]float32, m.Items)}
	switch c.Mode {
	case "fail":
		return nil, fmt.Errorf("it was told to")
	case "wait", "hang":
		if c.Mode == "wait" || c.Tuning != 0 {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
	case "few":
		f.items--
	}
	for u := range m.Users {
		if c.Progress != nil {
			c.Progress(u+1, m.Users)
		}
		row, _ := m.Row(u)
		for _, i := range row {
			f.count[i]++
			for _, j := range row {
				f.along[int(i)*m.Items+int(j)]++
			}
		}
	}
	return f, nil
}

type fitted struct {
	c            company
	items        int
	along, count []float32
}

func (f *fitted) Items() int { return f.items }

func (f *fitted) Scores(h *candidate.History, out []float32) {
	clear(out)
	for _, i := range h.Item {
		for j, v := range f.along[int(i)*f.items : (int(i)+1)*f.items] {
			out[j] += v
		}
	}
	off := float32(f.c.Tuning - 3)
	for j := range out {
		out[j] -= f.c.Penalty * f.count[j]
		out[j] -= off * off * float32(j*7919%13)
		if f.c.Mode == "nan" && j == 2 {
			out[j] = out[j] / 0 * 0
		}
	}
}

// batched is company with batches.
type batched struct{ company }

func (batched) Kind() string { return "batched" }

func (b batched) Fit(ctx context.Context, m *candidate.Matrix) (candidate.Scorer, error) {
	s, err := b.company.Fit(ctx, m)
	if err != nil {
		return nil, err
	}
	return &batchedModel{s.(*fitted)}, nil
}

type batchedModel struct{ *fitted }

func (b *batchedModel) ScoreBatch(hs []candidate.History, out []float32) {
	for k := range hs {
		b.Scores(&hs[k], out[k*b.items:(k+1)*b.items])
	}
}
