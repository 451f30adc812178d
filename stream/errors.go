package stream

// What can go wrong, as a caller tells it apart: what passes, what does not, and what is lost.

import (
	"errors"
	"fmt"
)

// Errors of a Log. Those of ErrRefused and ErrBusy pass: the sender is to try again.
var (
	ErrRefused = errors.New("stream: new events are refused")             // the reason follows: the disk is full, the cluster does not answer, ...
	ErrBusy    = errors.New("stream: too many events wait to be written") //
	ErrDamaged = errors.New("stream: events are lost")                    // a DamageError says which
	ErrTrimmed = errors.New("stream: the events asked for are no longer kept")
	ErrClosed  = errors.New("stream: the log is closed")
	ErrOther   = errors.New("stream: this is not the log that was read before")
	ErrInUse   = errors.New("stream: another process has this log open")
)

// Range is of seqs, both ends included.
type Range struct{ From, To uint64 }

// DamageError names events that were acknowledged and cannot be read. It is an ErrDamaged.
type DamageError struct {
	Lost  []Range
	Where string // a file or a stream
	Why   string
}

// Error implements error.
func (e *DamageError) Error() string {
	s := fmt.Sprintf("%v: %s: %s:", ErrDamaged, e.Where, e.Why)
	for k, r := range e.Lost {
		if k == 8 {
			return fmt.Sprintf("%s and %d ranges more", s, len(e.Lost)-k)
		}
		s += fmt.Sprintf(" seq %d to %d", r.From, r.To)
	}
	return s
}

// Unwrap makes it an ErrDamaged.
func (e *DamageError) Unwrap() error { return ErrDamaged }
