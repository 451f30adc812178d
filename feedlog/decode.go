package feedlog

import (
	"context"
	"io"
	"math"
)

// Options bound and direct one decoding. The zero value reads the reference layout.
type Options struct {
	// Name is the file's name as errors shall print it.
	Name string
	// Layout says which column of the file plays which role; nil means the reference layout.
	Layout *Layout
	// Workers is how many goroutines parse; 0 means GOMAXPROCS.
	Workers int
	// MaxLineBytes bounds one record without its line end, with all lines of its quoted fields; a longer one is
	// rejected unread. 0 means 4 MiB.
	MaxLineBytes int
	// Reject receives each row that cannot be read, in file order, from the goroutine
	// that calls emit. A non-nil result stops the decoding with that error. nil means
	// that the first reject stops the decoding.
	Reject func(*RowError) error
	// Progress, when set, is told now and then how many bytes of the input are behind us and
	// how many records were emitted.
	Progress func(bytes, rows int64)

	blockBytes int // size of a block in tests; 0 means 1 MiB
}

// Stats counts what a decoding has seen.
type Stats struct {
	Bytes    int64 // of the decompressed input
	Rows     int64 // emitted
	Rejected int64
}

// DecodeImpressions reads impression_data from r and hands its rows to emit in file order,
// a batch at a time, always from the calling goroutine. The batch is reused after emit returns;
// the strings in it stay valid but pin the block of input they were cut from: strings.Clone what
// is kept. An error of emit stops the decoding and is returned as it is.
//
// The nested list may stand quoted or bare with all its commas. At most Workers+4 blocks of 1 MiB are in memory, with
// their records; more only where one record is longer than that.
//
// When ctx ends, so does the decoding with its error, after the Read that is under way: a reader that can block for
// long (a pipe, a connection) should end with ctx too.
func DecodeImpressions(ctx context.Context, r io.Reader, opt Options, emit func([]Impression) error) (Stats, error) {
	return decode(ctx, r, opt, Impressions, newImpressionParser, emit)
}

// DecodeCards reads mlog_demographics; see DecodeImpressions for the contract of emit.
func DecodeCards(ctx context.Context, r io.Reader, opt Options, emit func([]Card) error) (Stats, error) {
	return decode(ctx, r, opt, Cards, newCardParser, emit)
}

// DecodeCardDays reads mlog_stats; see DecodeImpressions for the contract of emit.
func DecodeCardDays(ctx context.Context, r io.Reader, opt Options, emit func([]CardDay) error) (Stats, error) {
	return decode(ctx, r, opt, CardDays, newCardDayParser, emit)
}

// DecodeCreators reads creator_demographics; see DecodeImpressions for the contract of emit.
func DecodeCreators(ctx context.Context, r io.Reader, opt Options, emit func([]Creator) error) (Stats, error) {
	return decode(ctx, r, opt, Creators, newCreatorParser, emit)
}

// DecodeCreatorDays reads creator_stats; see DecodeImpressions for the contract of emit.
func DecodeCreatorDays(ctx context.Context, r io.Reader, opt Options, emit func([]CreatorDay) error) (Stats, error) {
	return decode(ctx, r, opt, CreatorDays, newCreatorDayParser, emit)
}

// DecodeUsers reads user_demographics; see DecodeImpressions for the contract of emit.
func DecodeUsers(ctx context.Context, r io.Reader, opt Options, emit func([]User) error) (Stats, error) {
	return decode(ctx, r, opt, Users, newUserParser, emit)
}

var nan32 = float32(math.NaN())
