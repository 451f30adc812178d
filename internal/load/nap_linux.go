package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// nap sleeps for some time, to within a tenth of a millisecond where a processor is free; a signal ends it early.
func nap(d time.Duration) {
	t := unix.NsecToTimespec(d.Nanoseconds())
	_ = unix.Nanosleep(&t, nil) // who calls looks at the clock
}
