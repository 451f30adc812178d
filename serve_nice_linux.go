package segue

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// stepBack lets all other threads go first for as long as the goroutine lives, which keeps its thread for itself. What the engine does for it with one
// thread, it does in this one.
func stepBack() {
	runtime.LockOSThread()                         // never unlocked: the thread ends with the goroutine, and nobody inherits its place
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 19) // of the calling thread; where it is not allowed, work is only less polite
}
