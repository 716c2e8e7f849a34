/* Models of the C library: trusted, not proved. README.md says so. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*@ requires \valid_read(s + (0 .. n - 1));
    terminates \true;
    assigns \result \from s, c, n, s[0 .. n - 1];
    ensures \result == \null || (\exists integer k; 0 <= k < n && \result == s + k &&
        (s[k] - c) % 256 == 0); // equal as bytes */
const char *memchr(const char *s, int c, size_t n);

/*@ requires \valid_read(a + (0 .. n - 1)) && \valid_read(b + (0 .. n - 1));
    terminates \true;
    assigns \result \from a[0 .. n - 1], b[0 .. n - 1], n; */
int memcmp(const char *a, const char *b, size_t n);

/*@ requires \valid_read(a + (0 .. n - 1)) && \valid_read(b + (0 .. n - 1));
    terminates \true;
    assigns \result \from a[0 .. n - 1], b[0 .. n - 1], n; */
int memcmp_unsigned(const unsigned char *a, const char *b, size_t n);

/*@ terminates \true;
    assigns \result \from s;
    ensures 1 <= \result <= 12 && \valid_read(s + (0 .. \result)); */
size_t strlen(const char *s); /* every call has a literal */

/*@ terminates \true;
    assigns \result \from size;
    ensures \result == \null || \valid(\result + (0 .. size - 1)); */
char *allocate(size_t size);
#define FFNN_MALLOC(size) allocate(size)

