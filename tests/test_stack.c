/* How much stack each call uses: see stack.h. */
#include "stack.h"
