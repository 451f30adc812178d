// Package filelock keeps a folder for one process: whoever holds the lock of a file in it has it for itself, until it closes the file or ends, however that comes about.
package filelock
