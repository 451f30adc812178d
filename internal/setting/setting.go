// Package setting is the error of a setting that cannot be. It names the setting as the library does, by its field; a command that took it from a flag finds the
// name there, and says the flag in its place.
package setting

import "fmt"

// Error is what is wrong with a setting.
type Error struct {
	Of   string // whose setting it is
	Name string // of the field, as in Limits.InFlight
	Err  error  // what is wrong with it
	File bool   // it names a file, and it is that which cannot be used: nobody asked for what cannot be
}

// Wrong makes an Error; the problem is formatted as by fmt.Errorf.
func Wrong(of, name, problem string, args ...any) *Error {
	return &Error{Of: of, Name: name, Err: fmt.Errorf(problem, args...)}
}

// WrongFile makes an Error of a file that cannot be used.
func WrongFile(of, name string, err error) *Error {
	return &Error{Of: of, Name: name, Err: err, File: true}
}

// Error implements error.
func (e *Error) Error() string { return e.Of + ": " + e.Name + ": " + e.Err.Error() }

// Unwrap gives what is wrong.
func (e *Error) Unwrap() error { return e.Err }
