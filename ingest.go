package segue

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/feedmap"
	"github.com/seguefeed/segue/internal/logfiles"
	"github.com/seguefeed/segue/warehouse"
)

// IngestOptions direct one ingest.
type IngestOptions struct {
	Map            string         // mapping file of another product's log; "" means the reference layout
	Zone           *time.Location // the log's zone; nil means the mapping's, else UTC+8
	Month          time.Time      // see warehouse.LoadOptions
	ShiftDays      int            // see warehouse.LoadOptions
	Replace        bool           // load files that were loaded before anew
	MaxRejectShare float64        // see warehouse.LoadOptions: 0 means 0.001, negative none at all
	RejectsDir     string         // where unreadable rows are kept; "" means the database's name with .rejects
	Progress       Progress
}

// Ingest loads the files of a log into the database: all of them, or, on an error or cancellation, none. paths are directories, zips
// or single files. Rows that cannot be read are counted, and kept with their reasons under opt.RejectsDir.
func (s *Segue) Ingest(ctx context.Context, paths []string, opt IngestOptions) (warehouse.LoadReport, error) {
	var report warehouse.LoadReport
	match, layout := logfiles.Reference, func(feedlog.Table) *feedlog.Layout { return nil }
	var expected []string
	if opt.Map != "" {
		m, err := feedmap.Read(opt.Map)
		if err != nil {
			return report, err
		}
		match, layout, expected = m.Match, m.Layout, m.Files()
		if opt.Zone == nil {
			opt.Zone = m.Zone
		}
	}
	files, err := logfiles.Find(paths, match, expected)
	if err != nil {
		return report, err
	}
	if opt.RejectsDir == "" {
		opt.RejectsDir = strings.TrimSuffix(s.path, ".duckdb") + ".rejects"
	}
	rejects := newRejects(opt.RejectsDir)
	var inputs []warehouse.Input
	for _, f := range files {
		inputs = append(inputs, warehouse.Input{Table: f.Table, Name: f.Name, Layout: layout(f.Table), Bytes: f.Bytes, Open: f.Open})
		rejects.expect(f)
	}
	report, err = s.engine.Load(ctx, inputs, warehouse.LoadOptions{
		Zone: opt.Zone, Month: opt.Month, ShiftDays: opt.ShiftDays, Replace: opt.Replace, MaxRejectShare: opt.MaxRejectShare, Reject: rejects.write,
		Progress: func(p warehouse.LoadProgress) {
			step := Step{Name: "ingest: " + p.Step, Unit: Steps}
			if p.Total > 0 {
				step = Step{Name: "ingest " + filepath.Base(p.Step), Unit: Bytes, Done: p.Bytes, Total: p.Total, Rows: p.Rows}
			}
			opt.Progress.tell(step)
		},
	})
	if closeErr := rejects.close(); err == nil {
		err = closeErr
	}
	for i := range report.Tables {
		report.Tables[i].Rejects = rejects.writers[report.Tables[i].Name].Path()
	}
	if kept := rejects.paths(); len(kept) > 0 && err != nil {
		return report, fmt.Errorf("%w (the unreadable rows are in %s)", err, strings.Join(kept, ", "))
	}
	return report, err
}

// rejects keeps the unreadable rows of each file of an ingest.
type rejects struct {
	dir     string
	writers map[string]*feedlog.RejectWriter
	names   []string
}

func newRejects(dir string) *rejects {
	return &rejects{dir: dir, writers: map[string]*feedlog.RejectWriter{}}
}

// expect makes ready for a file's rejects, which are kept plain even where the file is compressed.
func (r *rejects) expect(f logfiles.File) {
	base := filepath.Base(f.Name)
	for _, kind := range []string{".gz", ".zst"} {
		base = strings.TrimSuffix(base, kind)
	}
	r.writers[f.Name] = feedlog.NewRejectWriter(r.dir, base)
	r.names = append(r.names, f.Name)
}

func (r *rejects) write(_ feedlog.Table, bad *feedlog.RowError) error {
	return r.writers[bad.File].Write(bad)
}

func (r *rejects) paths() []string {
	var kept []string
	for _, name := range r.names {
		if p := r.writers[name].Path(); p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

func (r *rejects) close() error {
	var errs []error
	for _, name := range r.names {
		errs = append(errs, r.writers[name].Close())
	}
	return errors.Join(errs...)
}

// ParseZone reads a zone as the mapping file and the command line write it: an offset such as +08:00, or a name such
// as Europe/Berlin.
func ParseZone(s string) (*time.Location, error) { return feedmap.ParseZone(s) }
