/* How much stack each call uses with FFNN_NO_SIMD: see stack.h. */
#ifndef FFNN_NO_SIMD
#define FFNN_NO_SIMD
#endif
#define FFNN_IMPLEMENTATION
#include "stack.h"
