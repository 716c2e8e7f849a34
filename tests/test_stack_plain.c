/* How much stack each call uses with FFNN_NO_SIMD: test_stack.c with other limits. */
#ifndef FFNN_NO_SIMD
#define FFNN_NO_SIMD
#endif
#define FFNN_IMPLEMENTATION
#include "test_stack.c"
