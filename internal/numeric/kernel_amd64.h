// See kernel_amd64.c.

#ifndef SEGUE_KERNEL_H
#define SEGUE_KERNEL_H

enum { SEGUE_NONE, SEGUE_AVX2, SEGUE_AVX512 };

// The tile of C that a kernel holds in registers. The file's panels are as tall and as wide.
enum { SEGUE_AVX2_ROWS = 6, SEGUE_AVX2_COLS = 16, SEGUE_AVX512_ROWS = 12, SEGUE_AVX512_COLS = 32 };

// segue_kernel is the best kernel of this processor.
int segue_kernel(void);

// segue_multiply adds the product of packed a (m x kc) and b (kc x n) to c, whose rows are ldc apart.
void segue_multiply(int kernel, long m, long n, long kc, const float *a, const float *b, float *c, long ldc);

#endif
