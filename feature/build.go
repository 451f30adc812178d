// The table of everyone's features, computed piece by piece from a warehouse.

package feature

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// Spec says which features to compute of whom.
type Spec struct {
	From, AsOf time.Time // days: features read From to before AsOf
	Until      time.Time // last day that AfterAsOf features read; the zero value means that there are none
	Defs       []Def
	MaxUsers   int                     // no further users are read once as many are there; 0 means all
	Threads    int                     // 0 means one a core
	Progress   func(done, total int64) // in users, if set
}

// Table is features of users: row i, of user Users[i], stands in Data[i*len(Defs):].
type Table struct {
	Defs    []Def
	Users   []int32 // warehouse ids of all with an impression from From to before AsOf, rising
	Data    []float32
	Context *Context
}

// Row is the features of row i.
func (t *Table) Row(i int) []float32 { return t.Data[i*len(t.Defs) : (i+1)*len(t.Defs)] }

var errEnough = errors.New("enough users")

// Build computes a table. Memory: 4 bytes a user and feature, and a piece of the log of some 50 MB. Cost: linear in the rows
// of the days from From to before AsOf.
func Build(ctx context.Context, w warehouse.Training, spec Spec) (*Table, error) {
	profiles, err := w.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	c, err := NewContext(ctx, w, spec.From, spec.AsOf, profiles)
	if err != nil {
		return nil, err
	}
	t := &Table{Defs: spec.Defs, Context: c}
	last := spec.AsOf.AddDate(0, 0, -1)
	for _, d := range spec.Defs {
		if d.Rule == AfterAsOf {
			if spec.Until.Before(spec.AsOf) {
				return nil, errors.New("feature " + d.Name + " reads rows from the as-of on, and Spec.Until does not say how far")
			}
			last = spec.Until
		}
	}
	threads := spec.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	err = w.Histories(ctx, spec.From, last, func(h *warehouse.Histories) error {
		t.add(h, profiles, threads)
		if spec.Progress != nil {
			spec.Progress(int64(h.User[len(h.User)-1])+1, int64(len(profiles.Age)))
		}
		if spec.MaxUsers > 0 && len(t.Users) >= spec.MaxUsers {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return t, nil
}

// add appends the rows of one piece of the log.
func (t *Table) add(h *warehouse.Histories, profiles *warehouse.Profiles, threads int) {
	var seen []int // users of the piece with a row before the as-of
	for k := range h.User {
		if h.Day[h.Start[k]] < t.Context.AsOf {
			seen = append(seen, k)
			t.Users = append(t.Users, h.User[k])
		}
	}
	p, base := len(t.Defs), len(t.Data)
	t.Data = append(t.Data, make([]float32, len(seen)*p)...)
	out := t.Data[base:]
	const block = 512
	var wg sync.WaitGroup
	next := make(chan int, len(seen)/block+1)
	for from := 0; from < len(seen); from += block {
		next <- from
	}
	close(next)
	for range threads {
		wg.Go(func() {
			v := NewVectors(t.Context, t.Defs)
			for from := range next {
				for i := from; i < min(from+block, len(seen)); i++ {
					k := seen[i]
					id := h.User[k]
					u := User{Rows: h, From: h.Start[k], To: h.Start[k+1], Province: profiles.Province[id], Gender: profiles.Gender[id],
						Age: profiles.Age[id], Months: profiles.RegisteredMonths[id], Follows: profiles.Follows[id]}
					v.Of(&u, out[i*p:(i+1)*p])
				}
			}
		})
	}
	wg.Wait()
}

// Vectors computes features of one user after another; each goroutine needs its own.
type Vectors struct {
	c    *Context
	defs []Def
	s    Summary
	scr  scratch
}

// NewVectors returns what computes defs at the as-of of c.
func NewVectors(c *Context, defs []Def) *Vectors { return &Vectors{c: c, defs: defs} }

// Of writes the features of u to out, which has length len(defs).
func (v *Vectors) Of(u *User, out []float32) {
	v.c.Summarise(u, &v.s, &v.scr)
	for j := range v.defs {
		out[j] = v.defs[j].Of(&v.s)
	}
}
