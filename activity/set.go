// Features and labels joined: what models learn from and are judged on.

package activity

import (
	"context"
	"fmt"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/internal/splitmix"
	"github.com/seguefeed/segue/learn"
	"github.com/seguefeed/segue/warehouse"
)

// Set is one row a user seen early: her features and what she did later.
type Set struct {
	*Observed
	Table   *feature.Table
	Columns []learn.Column
	X       *learn.Matrix // len(Users) x len(Columns)
	Users   []int32       // warehouse ids, rising
	Back    []bool        // seen late
	Active  []bool        // seen late, and active then
}

// Gather computes the features of everyone seen early and joins the labels.
func Gather(ctx context.Context, w warehouse.Training, o *Observed, spec feature.Spec) (*Set, error) {
	spec.From, spec.AsOf, spec.Until = o.From, o.AsOf, o.Until
	t, err := feature.Build(ctx, w, spec)
	if err != nil {
		return nil, err
	}
	s := &Set{Observed: o, Table: t, Columns: columnsOf(t), X: &learn.Matrix{Rows: len(t.Users), Cols: len(t.Defs), Data: t.Data}, Users: t.Users,
		Back: make([]bool, len(t.Users)), Active: make([]bool, len(t.Users))}
	for i, u := range t.Users {
		s.Back[i], s.Active[i] = o.Back(u), o.Active(u)
	}
	return s, nil
}

func columnsOf(t *feature.Table) []learn.Column {
	c := make([]learn.Column, len(t.Defs))
	for j, d := range t.Defs {
		c[j].Name = d.Name
		if d.Levels != nil {
			c[j].Levels = d.Levels(t.Context)
		}
	}
	return c
}

// column is the index of a column, which must be there.
func (s *Set) column(name string) (int, error) {
	for j, c := range s.Columns {
		if c.Name == name {
			return j, nil
		}
	}
	return 0, fmt.Errorf("there is no feature %s", name)
}

// Part says what a user's row is for.
type Part uint8

// The parts of a split.
const (
	Train Part = iota
	Valid
	Test
)

func (p Part) String() string { return [...]string{"train", "valid", "test"}[p] }

// Split parts users by a hash of their id and the seed: 60% train, 20% validate, 20% test. A user keeps her part when the log
// grows, and all her rows are in it.
func Split(users []int32, seed uint64) []Part {
	parts := make([]Part, len(users))
	for i, u := range users {
		switch h := splitmix.Mix(uint64(uint32(u)) ^ splitmix.Next(seed)); {
		case h < 1<<63/5*6: // .6 of 2^64
			parts[i] = Train
		case h < 1<<63/5*8:
			parts[i] = Valid
		default:
			parts[i] = Test
		}
	}
	return parts
}

// rows are the indices of rows that keep holds for, rising.
func rows(n int, keep func(i int) bool) []int32 {
	var out []int32
	for i := range n {
		if keep(i) {
			out = append(out, int32(i))
		}
	}
	return out
}
