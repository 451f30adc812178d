package warehouse

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/seguefeed/segue/feedlog"
)

// Loader takes a log in.
type Loader interface {
	// Load reads all inputs in one transaction: afterwards the warehouse holds all of them, or, on
	// any error, cancellation or kill, exactly what it held before. Rows already held stay; users,
	// cards and creators seen again take the newer row.
	//
	// It returns *AlreadyLoadedError when an input's content was loaded before and opt.Replace is
	// false, and *TooManyRejectsError past opt.MaxRejectShare.
	Load(ctx context.Context, inputs []Input, opt LoadOptions) (LoadReport, error)
}

// Input is one file of one table.
type Input struct {
	Table  feedlog.Table
	Name   string          // for messages, and to recognise the file in the list of loads
	Layout *feedlog.Layout // nil means the reference layout
	Bytes  int64           // size as stored, for progress; 0 when unknown
	// Open starts reading from the beginning, decompressed; stored sees the bytes as they are stored pass by.
	// It is called once or more.
	Open func(stored io.Writer) (io.ReadCloser, error)
}

// MaxShift is the most of LoadOptions.ShiftDays: a hundred years.
const MaxShift = 36_525

// LoadOptions direct one load.
type LoadOptions struct {
	// Zone is the log's time zone: it decides the day and hour of an impression. nil means that of the impressions held, else UTC+8;
	// another than theirs is an error.
	Zone *time.Location
	// Month is the first day of the month that the day numbers of card and creator days count in,
	// and at whose end card ages were taken. Zero means the month that most impressions of this load are in.
	Month time.Time
	// ShiftDays is by how many days, of 24 hours each, all moments of the log are moved, as if it were of another time: of a log of long ago, weeks that bring its end to
	// the days before it is served; MaxShift at most, either way. 0 means what the loads before were moved by; another than theirs is an error.
	ShiftDays int
	// Replace removes what an earlier load brought from the same file before loading it.
	Replace bool
	// MaxRejectShare is the share of a table's rows that may be unreadable before the load fails;
	// 10 rejects are always allowed. Negative means none at all; 0 means the default, 0.001.
	MaxRejectShare float64
	// Reject receives each unreadable row; nil drops them (they are counted all the same).
	Reject func(feedlog.Table, *feedlog.RowError) error
	// Progress is told how far the load is.
	Progress func(LoadProgress)
}

// LoadProgress is one step of a load.
type LoadProgress struct {
	Step  string // "impression_data", "index users", ...: what is being done
	Bytes int64  // of Total, as stored; 0 when the step has no file
	Total int64
	Rows  int64
}

// LoadReport says what a load brought in.
type LoadReport struct {
	Tables  []TableLoad `json:"tables"`
	Seconds float64     `json:"seconds"`
}

// TableLoad is one input of a load.
type TableLoad struct {
	Table    feedlog.Table `json:"table"`
	Name     string        `json:"file"`
	Rows     int64         `json:"rows"` // kept
	Rejected int64         `json:"rejected"`
	Swipes   int64         `json:"swipes"` // of impressions
	Seconds  float64       `json:"seconds"`
	Rejects  string        `json:"rejects,omitempty"` // the file that keeps the rejected rows, where one does
}

// AlreadyLoadedError says that a file's content is in the warehouse already.
type AlreadyLoadedError struct {
	Name     string
	LoadedAs string
	LoadedAt time.Time
}

func (e *AlreadyLoadedError) Error() string {
	return fmt.Sprintf("%s: this content was loaded before, as %s on %s; use --replace to load it anew in place of its rows",
		e.Name, e.LoadedAs, e.LoadedAt.Format("2 January 2006 15:04"))
}

// TooManyRejectsError says that too much of a file could not be read. The warehouse is as it was.
type TooManyRejectsError struct {
	Name     string
	Rejected int64
	Rows     int64 // seen in all, the rejected ones counted
	Allowed  int64
	First    *feedlog.RowError
}

func (e *TooManyRejectsError) Error() string {
	return fmt.Sprintf("%s: %d of %d rows could not be read, %d are allowed (--max-rejects); nothing was loaded. The first: %v",
		e.Name, e.Rejected, e.Rows, e.Allowed, e.First)
}
