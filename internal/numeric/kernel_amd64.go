//go:build cgo && amd64 && !windows

// The kernel of kernel_amd64.c. Not on Windows, where its compiler does not align the stack for vectors that it keeps there.

package numeric

// #cgo CFLAGS: -O2 -Wall
// #include "kernel_amd64.h"
import "C"

// vectorKernels are the kernels that this processor can run, the best one first.
func vectorKernels() []kernel {
	avx2 := kernel{name: "AVX2", rows: C.SEGUE_AVX2_ROWS, cols: C.SEGUE_AVX2_COLS, add: addWith(C.SEGUE_AVX2)}
	avx512 := kernel{name: "AVX-512", rows: C.SEGUE_AVX512_ROWS, cols: C.SEGUE_AVX512_COLS, add: addWith(C.SEGUE_AVX512)}
	switch C.segue_kernel() {
	case C.SEGUE_AVX512:
		return []kernel{avx512, avx2}
	case C.SEGUE_AVX2:
		return []kernel{avx2}
	}
	return nil
}

func addWith(which C.int) func(m, n, kc int, a, b, c []float32, ldc int) {
	return func(m, n, kc int, a, b, c []float32, ldc int) {
		C.segue_multiply(which, C.long(m), C.long(n), C.long(kc), (*C.float)(&a[0]), (*C.float)(&b[0]), (*C.float)(&c[0]), C.long(ldc))
	}
}
