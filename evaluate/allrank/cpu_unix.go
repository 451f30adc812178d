//go:build unix

package allrank

import "syscall"

// userCPU is the time of the processors that this process has used in user code, in seconds.
func userCPU() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return runtimeCPU()
	}
	return float64(u.Utime.Sec) + float64(u.Utime.Usec)/1e6
}
