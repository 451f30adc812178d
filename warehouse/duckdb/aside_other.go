//go:build !linux

package duckdb

// goLast does nothing where threads have no places of their own.
func goLast() {}
