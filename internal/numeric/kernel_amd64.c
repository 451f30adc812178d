//go:build cgo && amd64 && !windows

// The innermost loops of matrix products for processors with AVX2 or AVX-512: C += A B on packed panels, as described in pack.go.
// Go cuts the work, packs and runs the threads; here is only what a compiler of Go cannot say, vectors. The two kernels add the
// same products in the same order, so their results are equal bit for bit.

#include "kernel_amd64.h"

// MICRO defines a function that adds the product of one panel of A (kc steps of ROWS values) and one of B (kc steps of two vectors) to the
// tile of ROWS rows at c. Its 2*ROWS sums, x0 y0 x1 y1 and so on, have a name each, as compilers keep arrays in memory; so they stay in
// registers for the kc steps: 24 of 32 with AVX-512, 12 of 16 with AVX2.
#define EACH6(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define EACH12(DO) EACH6(DO) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define BEGIN(I) vec x##I = {0}, y##I = {0};
#define STEP(I) x##I += a[I] * b0, y##I += a[I] * b1;
#define END(I) *(at *)c += x##I, *(at *)(c + FLOATS(at)) += y##I, c += ldc;
#define FLOATS(TYPE) (long)(sizeof(TYPE) / sizeof(float))
#define MICRO(NAME, ISA, BYTES, ROWS)                                                                                \
	__attribute__((target(ISA))) static void NAME(long kc, const float *a, const float *b, float *c, long ldc) { \
		typedef float vec __attribute__((vector_size(BYTES)));                                               \
		typedef float at __attribute__((vector_size(BYTES), aligned(4), may_alias)); /* at any address */    \
		for (int i = 0; i < ROWS; i++) {                                                                     \
			__builtin_prefetch(c + i * ldc, 1);                                                          \
			__builtin_prefetch(c + i * ldc + FLOATS(at), 1);                                             \
		}                                                                                                    \
		EACH##ROWS(BEGIN)                                                                                    \
		for (long k = 0; k < kc; k++, a += ROWS, b += 2 * FLOATS(at)) {                                      \
			vec b0 = *(const at *)b, b1 = *(const at *)(b + FLOATS(at));                                 \
			EACH##ROWS(STEP)                                                                             \
		}                                                                                                    \
		EACH##ROWS(END)                                                                                      \
	}

MICRO(micro_avx512, "avx512f", 64, 12)
MICRO(micro_avx2, "avx2,fma", 32, 6)

int segue_kernel(void) {
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f")) {
		return SEGUE_AVX512;
	}
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
		return SEGUE_AVX2;
	}
	return SEGUE_NONE;
}

// tiles walks over the panels: a panel of A (24 KB at the most) stays in the first cache while those of B come from the second. A tile that
// reaches beyond C is summed in a scratch of its full size, of which the part inside is added.
static inline __attribute__((always_inline)) void tiles(void (*micro)(long, const float *, const float *, float *, long), long rows, long cols,
	long m, long n, long kc, const float *a, const float *b, float *c, long ldc) {
	for (long i = 0; i < m; i += rows) {
		for (long j = 0; j < n; j += cols) {
			float *to = c + i * ldc + j;
			if (i + rows <= m && j + cols <= n) {
				micro(kc, a + i * kc, b + j * kc, to, ldc);
				continue;
			}
			float edge[SEGUE_AVX512_ROWS * SEGUE_AVX512_COLS] = {0};
			micro(kc, a + i * kc, b + j * kc, edge, cols);
			for (long r = 0; r < rows && i + r < m; r++) {
				for (long s = 0; s < cols && j + s < n; s++) {
					to[r * ldc + s] += edge[r * cols + s];
				}
			}
		}
	}
}

void segue_multiply(int kernel, long m, long n, long kc, const float *a, const float *b, float *c, long ldc) {
	if (kernel == SEGUE_AVX512) {
		tiles(micro_avx512, SEGUE_AVX512_ROWS, SEGUE_AVX512_COLS, m, n, kc, a, b, c, ldc);
	} else {
		tiles(micro_avx2, SEGUE_AVX2_ROWS, SEGUE_AVX2_COLS, m, n, kc, a, b, c, ldc);
	}
}
