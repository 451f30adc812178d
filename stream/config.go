package stream

// The settings of a log, and which of them cannot be.

import (
	"errors"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/seguefeed/segue/internal/setting"
)

// Limits and defaults of a log.
const (
	MaxEvent          = 512 << 10 // bytes of an event as it is written
	MaxGroup          = 1000      // events that are written at once, all or none
	MaxGroupBytes     = 4 << 20   // of these; less where a cluster takes smaller messages (1 MiB by its default)
	DefaultName       = "segue"   //
	DefaultMaxBytes   = 16 << 30  // of the files
	DefaultMaxPending = 50_000    // events
	DefaultWindow     = 3_000_000 // ids
	DefaultTimeout    = 10 * time.Second

	leastMaxBytes = 64 << 10 // a page and what is done on it have room
)

// Config is where a log is kept and how much of it. Either Dir or URL is needed.
type Config struct {
	Dir         string // of the files of the embedded log; with URL, where ids are remembered between runs ("": they are read from the log at Open)
	URL         string // of a NATS cluster in place of the embedded server: several, parted by commas, are tried in turn. Names and passwords in it are never told
	Credentials string // file, for URL
	Name        string // of the stream; "": DefaultName
	Replicas    int    // in a cluster; 0: 1

	// What is kept. Nothing is dropped to make room: when MaxBytes are full, new events are refused until Trim gives up old ones. MaxAge drops
	// events of that age whether or not they were read; 0 drops none.
	MaxBytes int64 // 64 KiB at least; 0: DefaultMaxBytes
	MaxAge   time.Duration

	MaxPending int           // events that wait to be written; beyond it Append fails with ErrBusy, as does one of more. 0: DefaultMaxPending. Memory: twice their size; a page of 20 cards has 3 KB
	Window     int           // ids remembered, the newest at least (up to twice as many), in at most 86 bytes for each of Window; 128 MiB at the default. 0: DefaultWindow
	Timeout    time.Duration // of one write; then events are refused until the log answers again. 0: DefaultTimeout

	// AcceptLoss opens a log whose files are damaged, with what can be read of it; Status names what is lost. Without it Open fails with a DamageError.
	AcceptLoss bool

	// OnAppend is told of every event once it is durable, in the order of Seq and without gaps but for those of Status().Lost, from one goroutine and
	// before Append returns: also of events that other processes appended to the same stream of a cluster. Open tells it of all stored events from
	// From on before it returns, and fails with ErrTrimmed where some of them are no longer kept; 0 for none of these. It must not call the Log's Append, and what it is given must not be changed.
	OnAppend func([]Stored)
	From     uint64
	// After is the seq of the last event that whoever reads the log already has: a log that begins empty counts on from it, so that new events are not
	// taken for old ones. One that has events and ends before it is another log: ErrOther.
	After uint64
	// Begin, where there is one, tells After and From once Open has read the log's files, so that what takes long to know them is done meanwhile. Its error is Open's.
	Begin func() (after, from uint64, err error)

	Logger *slog.Logger // nil: none
}

var names = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Check says what in c cannot be, of what can be told before anything is opened. Open says the same.
func (c Config) Check() error { return c.complete() }

func (c *Config) complete() error {
	if c.Dir == "" && c.URL == "" {
		return errors.New("stream: a Dir for the files, or the URL of a NATS cluster, is expected")
	}
	defaults(&c.Name, DefaultName)
	defaults(&c.Replicas, 1)
	defaults(&c.MaxBytes, DefaultMaxBytes)
	defaults(&c.MaxPending, DefaultMaxPending)
	defaults(&c.Window, DefaultWindow)
	defaults(&c.Timeout, DefaultTimeout)
	defaults(&c.Logger, slog.New(slog.DiscardHandler))
	if at := slices.Index(c.hosts(), ""); at >= 0 { // not to be told, since it may hold a password
		return setting.Wrong("stream", "URL", "number %d is no address such as nats://host:4222; characters of a name or password that have a meaning there are written in percent", at+1)
	}
	bad := func(field, problem string, args ...any) error {
		return setting.Wrong("stream", field, problem, args...)
	}
	switch {
	case c.URL != "" && len(c.hosts()) == 0:
		return bad("URL", "there is no address in it; one such as nats://host:4222 is expected")
	case !names.MatchString(c.Name):
		return bad("Name", "%q; 1 to 64 letters, digits, - and _ are expected", c.Name)
	case c.URL == "" && c.Credentials != "":
		return bad("Credentials", "they are for a cluster; its address is expected too")
	case c.URL == "" && c.Replicas != 1:
		return bad("Replicas", "%d; the embedded log has one, and more need the address of a cluster", c.Replicas)
	case c.Replicas < 1 || c.Replicas > 5:
		return bad("Replicas", "%d; 1 to 5 are expected", c.Replicas)
	case c.MaxBytes < leastMaxBytes:
		return bad("MaxBytes", "%d; at least %d are expected: with less new events are refused from the start", c.MaxBytes, leastMaxBytes)
	case c.MaxAge < 0:
		return bad("MaxAge", "%v; 0, for none, or more is expected", c.MaxAge)
	case c.MaxPending < 1:
		return bad("MaxPending", "%d; at least 1 is expected", c.MaxPending)
	case c.Window < 1 || c.Window > 1<<30:
		return bad("Window", "%d; 1 to %d are expected", c.Window, 1<<30)
	case c.Timeout < 0:
		return bad("Timeout", "%v; more than 0 is expected", c.Timeout)
	}
	if c.Credentials != "" { // the connection would say so, after folders were made
		f, err := os.Open(c.Credentials)
		if err != nil {
			return setting.WrongFile("stream", "Credentials", err)
		}
		return f.Close()
	}
	return nil
}

func defaults[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}
