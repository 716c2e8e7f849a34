/* The header's implementation for the test programs that share one: see test.h. */
#include "allocator.h"

#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
