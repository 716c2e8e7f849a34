/* stack.h: how much stack each call uses, a test program for test_stack.c and test_stack_plain.c.

   A thread makes the call on a stack that has been painted, and the lowest byte that is no longer
   paint tells. The limits are the manual's, of a build with optimization for x86-64, and other
   processors are held to them, too, but for one with larger frames by its ABI; where there are no
   POSIX threads, or a sanitizer adds to the stack, nothing can be said. Files land in
   build/tests-tmp; the program runs in the repository's root. */
#ifndef STACK_H
#define STACK_H

#if defined(__unix__) || defined(__APPLE__)
#define HAVE_STACKS
#define _GNU_SOURCE /* for mmap's MAP_ANONYMOUS, which -std=c99 hides */
#endif

#include "test.h"
#include "../ffnn.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define IS_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED
#endif

#if !defined(HAVE_STACKS)
static const char why_not[] = "there are no POSIX threads here";
#elif defined(IS_SANITIZED)
static const char why_not[] = "a sanitizer has its own idea of the stack";
#elif !defined(__OPTIMIZE__)
static const char why_not[] = "the limits are for builds with optimization";
#endif

#if defined(HAVE_STACKS) && !defined(IS_SANITIZED) && defined(__OPTIMIZE__)

#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define FOLDER "build/tests-tmp"
#define SAVED  FOLDER "/stack.safetensors"
#define STATE  FOLDER "/stack_optimizer.safetensors"

enum { KIB = 1024, STACK = 256 * KIB, PAINT = 0xA5 };

#ifdef __s390x__ /* each function that calls another leaves it 160 bytes: in predict, seven do */
enum { SAVE_AREAS = 7 * 160 };
#else
enum { SAVE_AREAS = 0 };
#endif

/* Bytes. Those of a network like the lab's: each layer has at most 64 weights. */
#ifdef FFNN_NO_SIMD
#define NAME "test_stack, FFNN_NO_SIMD"
enum { SMALL_LIMIT = 2 * KIB + SAVE_AREAS, LOAD_LIMIT = 2 * KIB, SAVE_LIMIT = 14 * KIB };
enum { LARGE_LIMIT = SMALL_LIMIT };
#else
#define NAME "test_stack"
enum { SMALL_LIMIT = 4 * KIB + SAVE_AREAS, LOAD_LIMIT = 14 * KIB, SAVE_LIMIT = 14 * KIB };
enum { LARGE_LIMIT = 40 * KIB };
#endif

/* ---- calls --------------------------------------------------------------------------------- */

enum { MAX_ROWS = 300, MAX_UNITS = 784 };

static ffnn_net net, other;
static ffnn_desc desc;
static ffnn_rng rng;
static ffnn_tensor X, y, output;
static float inputs[MAX_ROWS * MAX_UNITS], targets[MAX_ROWS * 40], outputs[MAX_ROWS * 40], loss;
static float products[MAX_ROWS * MAX_UNITS];
static unsigned char *file;
static size_t file_size;
static ffnn_status status;

static void call_nothing(void) { status = FFNN_OK; }
static void call_forward(void) { status = ffnn_forward(&net, X, NULL); }
static void call_backward(void) { status = ffnn_backward(&net, X, y, 0.001f); }
static void call_train(void) { status = ffnn_train(&net, X, y, 0.001f, &loss); }
static void call_predict(void) { status = ffnn_predict(&net, X, output); }
static void call_save(void) { status = ffnn_save(&net, SAVED); }
static void call_load(void) { status = ffnn_load(&net, SAVED); }
static void call_load_memory(void) { status = ffnn_load_memory(&net, file, file_size); }
static void call_randn(void) { status = ffnn_randn(X, &rng); }
static void call_sigmoid(void) { status = ffnn_sigmoid(output, y); }
static void call_mse(void) { status = ffnn_mse(output, y, &loss); }
static void call_max(void) { status = ffnn_max(ffnn_view(outputs, 1, y.cols), y); }

static void call_init(void) {
    ffnn_free(&other);
    status = ffnn_init(&other, &desc);
}

static void call_init_without_rng(void) {
    ffnn_desc without = desc;
    without.rng = NULL;
    ffnn_free(&other);
    status = ffnn_init(&other, &without);
}

static void call_init_from_file(void) {
    ffnn_free(&other);
    status = ffnn_init_from_file(&other, SAVED);
}

static void call_save_memory(void) {
    status = ffnn_save_memory(&net, file, file_size, &file_size);
}

static void fit(ffnn_rng *order) {
    ffnn_fit_desc fit_desc;
    memset(&fit_desc, 0, sizeof fit_desc);
    fit_desc.epochs = 1;
    fit_desc.learning_rate = 0.001f;
    fit_desc.rng = order;
    status = ffnn_fit(&net, X, y, &fit_desc);
}

static void call_gradient(void) { status = ffnn_gradient(&net, X, y, ffnn_view(NULL, 0, 0)); }
static void call_save_optimizer(void) { status = ffnn_save_optimizer(&net, STATE); }
static void call_load_optimizer(void) { status = ffnn_load_optimizer(&net, STATE); }

static void call_init_copy(void) {
    ffnn_free(&other);
    status = ffnn_init_copy(&other, &net);
}

static void call_fit(void) { fit(NULL); }
static void call_fit_shuffled(void) { fit(&rng); }

static void call_matmul(void) {
    ffnn_tensor weight = net.layers[0].weight;
    status = ffnn_matmul(ffnn_view(products, X.rows, weight.cols), X, weight);
}

static void call_transpose(void) {
    status = ffnn_transpose(ffnn_view(outputs, y.cols, y.rows), y);
}

static struct {
    const char *name;
    void (*call)(void);
    size_t small_limit, large_limit;
    size_t small_most, large_most; /* what was measured */
} calls[] = {
    {"init", call_init, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"init without a generator", call_init_without_rng, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"forward", call_forward, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"backward", call_backward, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"gradient", call_gradient, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"init_copy", call_init_copy, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"train", call_train, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"predict", call_predict, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"fit", call_fit, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"fit in a new order", call_fit_shuffled, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"save", call_save, SAVE_LIMIT, SAVE_LIMIT, 0, 0},
    {"load", call_load, LOAD_LIMIT, LOAD_LIMIT, 0, 0},
    {"init_from_file", call_init_from_file, LOAD_LIMIT, LOAD_LIMIT, 0, 0},
    {"save_optimizer", call_save_optimizer, SAVE_LIMIT, SAVE_LIMIT, 0, 0},
    {"load_optimizer", call_load_optimizer, LOAD_LIMIT, LOAD_LIMIT, 0, 0},
    {"save_memory", call_save_memory, SAVE_LIMIT, SAVE_LIMIT, 0, 0},
    {"load_memory", call_load_memory, LOAD_LIMIT, LOAD_LIMIT, 0, 0},
    {"randn", call_randn, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"sigmoid", call_sigmoid, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"matmul", call_matmul, LARGE_LIMIT, LARGE_LIMIT, 0, 0},
    {"transpose", call_transpose, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"mse", call_mse, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
    {"max", call_max, SMALL_LIMIT, LARGE_LIMIT, 0, 0},
};

/* ---- measuring ----------------------------------------------------------------------------- */

static void (*wanted)(void);

static void *make_call(void *argument) {
    wanted();
    return argument;
}

/* The bytes of a new thread's stack that are used when the call is all that it makes. */
static size_t stack_of(void (*call)(void)) {
    pthread_attr_t attributes;
    pthread_t thread;
    size_t unused = 0;
    unsigned char *stack = (unsigned char *)mmap(NULL, STACK, PROT_READ | PROT_WRITE,
                                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(stack != MAP_FAILED);
    memset(stack, PAINT, STACK);
    wanted = call;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstack(&attributes, stack, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, make_call, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
    while (unused < STACK && stack[unused] == PAINT)
        unused++;
    munmap(stack, STACK);
    return STACK - unused;
}

static int is_like_the_labs(void) {
    for (size_t i = 0; i < net.layer_count; i++)
        if (net.layers[i].weight.rows * net.layers[i].weight.cols > 64)
            return 0;
    return 1;
}

static void check_call(size_t which, size_t nothing) {
    int is_small = is_like_the_labs();
    size_t limit = is_small ? calls[which].small_limit : calls[which].large_limit;
    size_t *most = is_small ? &calls[which].small_most : &calls[which].large_most;
    size_t all = stack_of(calls[which].call);
    /* musl's threads use more before and after a call than a small one does. */
    size_t used = all > nothing ? all - nothing : 0;
    test_case("%d-%d-..., %d rows, %s: %d bytes of stack, %d allowed", (int)desc.sizes[0],
              (int)desc.sizes[1], (int)X.rows, calls[which].name, (int)used, (int)limit);
    CHECK_STATUS(FFNN_OK, status);
    CHECK(used <= limit);
    if (used > *most)
        *most = used;
}

static void make_network(const size_t *sizes, size_t rows) {
    size_t last = 0;
    memset(&desc, 0, sizeof desc);
    for (; sizes[last] > 0; last++)
        desc.sizes[last] = sizes[last];
    desc.rng = &rng;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
    X = ffnn_view(inputs, rows, sizes[0]);
    y = ffnn_view(targets, rows, sizes[last - 1]);
    output = ffnn_view(outputs, rows, sizes[last - 1]);
}

/* A call is made twice before it is measured, for the second one also frees what the first one has
   made: see test_the_first_calls_of_a_program. */
static void check_network(const size_t *sizes, size_t rows) {
    size_t nothing;
    make_network(sizes, rows);
    net.momentum = 0.5f; /* moments, which rest in what is measured, but are copied and saved */
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, X, y, 0, NULL));
    net.momentum = 0;
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK_STATUS(FFNN_OK, ffnn_save_optimizer(&net, STATE));
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, NULL, 0, &file_size));
    file = (unsigned char *)malloc(file_size);
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, file, file_size, &file_size));
    stack_of(call_nothing);
    nothing = stack_of(call_nothing);
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        calls[i].call();
        calls[i].call();
        check_call(i, nothing);
    }
    free(file);
    ffnn_free(&other);
    ffnn_free(&net);
    remove(SAVED);
    remove(STATE);
}

static void test_small_networks(void) {
    static const size_t sizes[][5] = {{3, 4, 1}, {8, 8, 8, 1}, {16, 4, 16, 4}, {2, 2}};
    static const size_t rows[] = {1, 3, 64, MAX_ROWS};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (size_t k = 0; k < COUNT_OF(rows); k++)
            check_network(sizes[i], rows[k]);
}

static void test_larger_networks(void) {
    static const size_t sizes[][6] = {{24, 64, 64, 4}, {64, 16, 10},   {784, 128, 10},
                                      {3, 600, 1},     {300, 520, 40}, {9, 17, 33, 5, 2}};
    static const size_t rows[] = {1, 3, 65}; /* from 65 on, a wide layer's step is added by blocks */
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (size_t k = 0; k < COUNT_OF(rows); k++)
            check_network(sizes[i], rows[k]);
}

static void test_as_many_layers_as_there_can_be(void) {
    size_t sizes[FFNN_MAX_LAYERS + 2];
    for (size_t i = 0; i <= FFNN_MAX_LAYERS; i++)
        sizes[i] = 5;
    sizes[FFNN_MAX_LAYERS + 1] = 0;
    check_network(sizes, 3);
}

#ifndef FFNN_NO_SIMD

/* The first time that a function of the C library is called, the dynamic linker looks for it, on
   the same stack: that takes 3 KB, whatever the function. The limits are for first calls, too, but
   for those of FFNN_NO_SIMD, which are lower than that. */
static void test_the_first_calls_of_a_program(void) {
    static const size_t sizes[2][4] = {{3, 4, 1}, {784, 128, 10}};
    static const char *const first[] = {"train", "predict", "save", "load"};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t nothing = stack_of(call_nothing);
        make_network(sizes[i], i == 0 ? 3 : 64);
        for (size_t k = 0; k < COUNT_OF(first); k++)
            for (size_t which = 0; which < COUNT_OF(calls); which++)
                if (strcmp(calls[which].name, first[k]) == 0)
                    check_call(which, nothing);
        ffnn_free(&net);
    }
    remove(SAVED);
}

#else

static void test_the_first_calls_of_a_program(void) {
}

#endif

static void print_figures(void) {
    printf("%-24s  like the lab's  any size\n", "bytes of stack");
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        printf("%-24s  %14d  %8d\n", calls[i].name, (int)calls[i].small_most,
               (int)calls[i].large_most);
}

int main(void) {
    mkdir("build", 0777);
    mkdir(FOLDER, 0777);
    RUN(test_the_first_calls_of_a_program); /* before any other */
    RUN(test_small_networks);
    RUN(test_larger_networks);
    RUN(test_as_many_layers_as_there_can_be);
    print_figures();
    return test_summary(NAME);
}

#else

int main(void) {
    test_skip(why_not);
    return test_summary("test_stack");
}

#endif
#endif
