// What the pages can tell where nobody gives them an Insight: what a Backend's lists hold.

package server

import (
	"context"
	"math/rand/v2"
)

// plainInsight draws from the first users of the list, and counts nothing.
type plainInsight struct{ b Backend }

// SomeUsers implements Insight.
func (p plainInsight) SomeUsers(ctx context.Context, n int) ([]UserView, error) {
	users, _, err := p.b.Users(ctx, "", "", MaxN)
	if err != nil {
		return nil, err
	}
	rand.Shuffle(len(users), func(i, j int) { users[i], users[j] = users[j], users[i] })
	out := make([]UserView, 0, n)
	for _, clicked := range []bool{true, false} {
		for _, u := range users {
			if (u.Clicks > 0) == clicked && len(out) < n {
				out = append(out, u)
			}
		}
	}
	return out, nil
}

// Segments implements Insight.
func (p plainInsight) Segments(context.Context) ([]SegmentView, error) { return nil, nil }

// ItemDays implements Insight.
func (p plainInsight) ItemDays(context.Context, string, int) ([]ItemDay, error) { return nil, nil }

// MeanRate implements Insight.
func (p plainInsight) MeanRate() float64 { return 0 }
