/* test.h: the whole test harness.

   A test program includes this file before ffnn.h, writes functions without arguments that CHECK
   things, and lists them:

       static void test_addition(void) { CHECK(1 + 1 == 2); }

       int main(void)
       {
           RUN(test_addition);
           return test_summary("test_arithmetic");
       }

   A failed check is printed and the function goes on. The program's last line counts functions.
   FFNN_MALLOC and FFNN_FREE are set to the allocator below, which can be told to fail; a test that
   does not give back all of its memory has failed.

   A program builds with one cc line: ffnn.h brings its implementation. make compiles that only
   once (implementation.c, SHARED_IMPLEMENTATION) for all programs but those that the Makefile
   names in OWN_IMPLEMENTATION: they change how it is compiled, or look inside. */
#ifndef TEST_H
#define TEST_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#ifndef SHARED_IMPLEMENTATION
#define FFNN_IMPLEMENTATION
#endif

#if defined(__unix__) || defined(__APPLE__)
#define HAS_POSIX 1
#else
#define HAS_POSIX 0
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct {
    int passed, failed;                 /* test functions */
    int errors, skipped;                /* in the function that runs */
    char where[200];                    /* what test_case said last */
    size_t allocations, live;           /* ever made, and not yet freed */
    size_t largest;                     /* allocation, in bytes; a test may set it to 0, */
    size_t bytes;                       /* as the sum of all allocations */
    size_t fail_at;                     /* refuse the allocation with this number, 1 is the first */
} test;

void *test_malloc(size_t size) {
    void *p = NULL;
    ++test.allocations;
    if (size > test.largest) test.largest = size;
    test.bytes += size;
    if (test.allocations != test.fail_at) p = malloc(size);
    test.live += p != NULL;
    return p;
}

void test_free(void *p) {
    test.live -= p != NULL;
    free(p);
}

/* Makes the allocation `number` (1 is the next one) fail; 0: none. */
static inline void test_fail_allocation(size_t number) {
    test.fail_at = number > 0 ? test.allocations + number : 0;
}

/* Names the row of a table, the seed, the size, ... that the next checks are about. */
static inline void test_case(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(test.where, sizeof test.where, format, arguments);
    va_end(arguments);
}

/* Counts an error; returns 1 if it shall be printed. */
static inline int test_error(const char *file, int line) {
    enum { PRINTED_ERRORS = 10 };
    ++test.errors;
    if (test.errors > PRINTED_ERRORS) return 0;
    printf("%s:%d: ", file, line);
    if (test.where[0] != '\0') printf("%s: ", test.where);
    return 1;
}

#define CHECK(condition) \
    do { \
        if (!(condition) && test_error(__FILE__, __LINE__)) \
            printf("not true: %s\n", #condition); \
    } while (0)

#define CHECK_STATUS(expected, call) \
    do { \
        ffnn_status test_expected = (expected), test_got = (call); \
        if (test_got != test_expected && test_error(__FILE__, __LINE__)) \
            printf("%s\n    expected: %s\n    got:      %s\n", #call, \
                   ffnn_status_string(test_expected), ffnn_status_string(test_got)); \
    } while (0)

/* Both are NaN, or equal, or no more than `relative` times the expected value apart. */
#define CHECK_CLOSE(expected, got, relative) \
    do { \
        double test_expected = (double)(expected), test_got = (double)(got); \
        if (!test_close(test_expected, test_got, relative) && test_error(__FILE__, __LINE__)) \
            printf("%s\n    expected: %.9g\n    got:      %.9g\n", #got, \
                   test_expected, test_got); \
    } while (0)

static inline int test_close(double expected, double got, double relative) {
    if (isnan(expected) || isnan(got)) return isnan(expected) && isnan(got);
    return expected == got || fabs(got - expected) <= relative * fabs(expected);
}

/* For what this machine cannot test: says so, and the function does not count as passed. */
static inline void test_skip(const char *why) {
    test.skipped = 1;
    printf("skipped: %s\n", why);
}

#define RUN(function) test_run(function, #function)

static inline void test_run(void (*function)(void), const char *name) {
    size_t live = test.live;
    test.errors = test.skipped = 0;
    test.where[0] = '\0';
    function();
    test_fail_allocation(0);
    test.where[0] = '\0';
    if (test.live != live && test_error(name, 0))
        printf("%lu allocations more than were freed\n", (unsigned long)(test.live - live));
    if (test.errors > 0) printf("FAILED: %s, %d checks\n", name, test.errors);
    test.failed += test.errors > 0;
    test.passed += test.errors == 0 && !test.skipped;
    fflush(stdout);
}

static inline int test_summary(const char *name) {
    printf("%s: %d passed, %d failed\n", name, test.passed, test.failed);
    return test.failed > 0;
}

#endif
