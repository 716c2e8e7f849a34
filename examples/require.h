/* require.h - what the examples do about errors: they say what failed and why, and end.
   Include it after ffnn.h, and define PROGRAM as the program's name. */
#ifndef REQUIRE_H
#define REQUIRE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *why) {
    fflush(stdout);
    fprintf(stderr, "%s: %s: %s\n", PROGRAM, what, why);
    exit(EXIT_FAILURE);
}

/* Ends the program unless the status is FFNN_OK; `what` is what was tried, or the file's path. */
static void require(ffnn_status status, const char *what) {
    if (status == FFNN_ERROR_IO) fail(what, strerror(errno));
    if (status != FFNN_OK) fail(what, ffnn_status_string(status));
}

/* Ends the program unless all that it printed has been written. */
static void require_output(void) {
    if (fflush(stdout) != 0 || ferror(stdout)) fail("standard output", strerror(errno));
}

#endif
