//go:build !(cgo && amd64 && !windows)

package numeric

func vectorKernels() []kernel { return nil }
