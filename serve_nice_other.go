//go:build !linux

package segue

// stepBack does nothing where threads have no places of their own.
func stepBack() {}
