package cli

import (
	"context"

	"github.com/seguefeed/segue"
)

// withDatabase opens the database the flags name, shows the progress of f, and closes both.
func (a *app) withDatabase(ctx context.Context, readOnly bool, f func(*segue.Segue, segue.Progress) error) (err error) {
	s, err := a.openDatabase(ctx, readOnly)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := s.Close(); err == nil {
			err = closeErr
		}
	}()
	return a.withProgress(func(progress segue.Progress) error { return f(s, progress) })
}

// openDatabase opens the database the flags name.
func (a *app) openDatabase(ctx context.Context, readOnly bool) (*segue.Segue, error) {
	if a.db == "" {
		return nil, usagef("--db is empty; name the database's file")
	}
	mb, err := parseMemory(a.memory)
	if err != nil {
		return nil, err
	}
	if err := a.checkThreads(); err != nil {
		return nil, err
	}
	return segue.Open(ctx, segue.Config{Path: a.db, MemoryMB: mb, Threads: a.threads, ReadOnly: readOnly})
}

// withProgress shows the progress of f on standard error.
func (a *app) withProgress(f func(segue.Progress) error) error {
	r := newReporter(a.stderr, a.quiet)
	err := f(r.tell)
	r.close(err != nil)
	return err
}

// maxThreads is more than any machine gains from, and less than what a system refuses to start.
const maxThreads = 1024

func (a *app) checkThreads() error {
	if a.threads < 0 || a.threads > maxThreads {
		return usagef("--threads %d is not a number of threads from 1 to %d; leave it out to use all processors", a.threads, maxThreads)
	}
	return nil
}
