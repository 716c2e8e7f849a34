/* allocator.h: the header's memory comes from the test harness, test.h. */
#include <stddef.h>

void *test_malloc(size_t size);
void test_free(void *p);

#define FFNN_MALLOC(size) test_malloc(size)
#define FFNN_FREE(p) test_free(p)
