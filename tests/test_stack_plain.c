/* How much stack each call uses with FFNN_NO_SIMD: test_stack.c with other limits. */
#define FFNN_NO_SIMD
#define FFNN_IMPLEMENTATION
#include "test_stack.c"
