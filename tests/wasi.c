/* wasi.c - what the tests need of C's library and WASI's does not have. */
#include <stdio.h>

FILE *tmpfile(void) {
    FILE *file = fopen("tmpfile", "w+b");
    if (file != NULL) remove("tmpfile"); /* it lives until it is closed */
    return file;
}
