// The published protocol: what the case study did, step by step, and what its two leaks were worth.

package activity

import (
	"context"
	"errors"

	"github.com/seguefeed/segue/warehouse"
)

// PublishedOptions direct a repetition of the case study.
type PublishedOptions struct {
	Seed     uint64
	Progress func(done, total int64)
}

// Published is the case study's table, with its leaks and without.
type Published struct {
	Rows []PublishedRow
}

// PublishedRow is one model.
type PublishedRow struct {
	Model     string
	Published float64 // accuracy that the case study reports; NaN where it reports none
	Leaky     float64 // accuracy here by the same steps, leaks and all
	Sound     float64 // the same steps without the leaks
}

// RunPublished repeats the case study.
func RunPublished(ctx context.Context, w warehouse.Training, q Question, opt PublishedOptions) (*Published, error) {
	return nil, errors.New("not yet")
}
