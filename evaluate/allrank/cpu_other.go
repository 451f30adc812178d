//go:build !unix

package allrank

// userCPU is the time of the processors that this process has used in user code, in seconds.
func userCPU() float64 { return runtimeCPU() }
