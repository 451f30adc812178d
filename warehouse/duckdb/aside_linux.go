package duckdb

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// goLast lets all other threads go before the goroutine's, for as long as it lives.
func goLast() {
	runtime.LockOSThread()                         // never unlocked: the thread ends with the goroutine, and nobody inherits its place
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 19) // of the calling thread; where it is not allowed, work is only less polite
}
