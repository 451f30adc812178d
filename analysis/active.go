package analysis

import (
	"context"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// Who is active is defined here, once, for every theme.

// UserActivity is the population's click-through rates: a user's CTR is her clicks over her impressions in the period of the
// log, and she is active when it is at or above the mean of all users' CTRs (each user counting once).
type UserActivity struct {
	Pairs []warehouse.UserPair // users by impressions and clicks, sorted by both

	Users, Impressions, Clicks int64
	Mean                       float64 // mean of the users' CTRs; NaN without users
	Active                     int64   // users at or above the threshold
}

// Threshold is the CTR from which a user is active. It lies a relative 1e-12 below the mean, so that rounding in the sum does
// not make a population of equals inactive. NaN without users; 0 when nobody clicked, and then everybody is active in name
// only: see AnyClicks.
func (a *UserActivity) Threshold() float64 { return a.Mean * (1 - 1e-12) }

// AnyClicks reports whether the log can tell active from inactive at all.
func (a *UserActivity) AnyClicks() bool { return a.Clicks > 0 }

// ActiveShare is the share of active users, with its interval.
func (a *UserActivity) ActiveShare() stat.Estimate { return stat.Wilson(a.Active, a.Users) }

// CTRs is the distribution of the users' CTRs.
func (a *UserActivity) CTRs() stat.Counted { return ctrs(a.Pairs) }

func ctrs(pairs []warehouse.UserPair) stat.Counted {
	values, users := make([]float64, len(pairs)), make([]int64, len(pairs))
	for i, p := range pairs {
		values[i], users[i] = float64(p.Clicks)/float64(p.Impressions), p.Users
	}
	return stat.NewCounted(values, users)
}

// UserActivity is the population's activity, asked once a run.
func (e *Env) UserActivity(ctx context.Context) (*UserActivity, error) {
	return e.activity.get(ctx, func(ctx context.Context) (*UserActivity, error) {
		pairs, err := e.Warehouse.UserPairs(ctx)
		if err != nil {
			return nil, err
		}
		return activityOf(pairs), nil
	})
}

func activityOf(pairs []warehouse.UserPair) *UserActivity {
	a := &UserActivity{Pairs: pairs}
	var sum float64
	for _, p := range pairs {
		a.Users += p.Users
		a.Impressions += p.Users * p.Impressions
		a.Clicks += p.Users * p.Clicks
		sum += float64(p.Users) * (float64(p.Clicks) / float64(p.Impressions))
	}
	a.Mean = sum / float64(a.Users)
	a.Active = activeAt(pairs, a.Threshold())
	return a
}

// activeAt counts the users whose CTR is at or above a threshold.
func activeAt(pairs []warehouse.UserPair, threshold float64) (n int64) {
	for _, p := range pairs {
		if float64(p.Clicks)/float64(p.Impressions) >= threshold {
			n += p.Users
		}
	}
	return n
}
