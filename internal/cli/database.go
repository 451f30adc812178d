package cli

import (
	"context"

	"github.com/seguefeed/segue"
)

// withDatabase opens the database the flags name, shows the progress of f, and closes both.
func (a *app) withDatabase(ctx context.Context, readOnly bool, f func(*segue.Segue, segue.Progress) error) (err error) {
	mb, err := parseMemory(a.memory)
	if err != nil {
		return err
	}
	if a.threads < 0 {
		return usagef("--threads %d is not a number of threads", a.threads)
	}
	s, err := segue.Open(ctx, segue.Config{Path: a.db, MemoryMB: mb, Threads: a.threads, ReadOnly: readOnly})
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

// withProgress shows the progress of f on standard error.
func (a *app) withProgress(f func(segue.Progress) error) error {
	r := newReporter(a.stderr, a.quiet)
	err := f(r.tell)
	r.close(err != nil)
	return err
}
