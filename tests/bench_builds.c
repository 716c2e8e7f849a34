/* bench_builds.c: some networks' times in one build of ffnn.h

   bench_builds.sh builds it in many ways and compares what it prints, a line for each network:
   its name, the nanoseconds that a sample takes in training and in prediction, and the loss after
   a few steps, by which the script sees that all builds compute the same. Standard C for a strange
   compiler's sake, but for a clock that is fine enough under Wine. */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __wasi__
#include <wasi/api.h>
#endif

typedef struct build_case {
    const char *name;
    size_t sizes[4], batch;
    ffnn_net net;
    ffnn_tensor X, y, output;
} build_case;

/* Processor time, which other programs do not lengthen. */
#if defined(_WIN32)
/* Wine's clocks count other programs' time, too, or are coarse. But a program in Wine is a process
   of Linux, which answers it: system call 228 of x86-64 is clock_gettime, clock 2 is the process's. */
static double seconds_now(void) {
    long long result = 228, clock_id = 2, time[2] = {0, 0};
    __asm__ volatile("syscall" : "+a"(result) : "D"(clock_id), "S"(time) : "rcx", "r11", "memory");
    return (double)time[0] + 1e-9 * (double)time[1];
}
#elif defined(__wasi__)
static double seconds_now(void) { /* WASI's clock() counts other programs' time, too */
    __wasi_timestamp_t nanoseconds = 0;
    (void)__wasi_clock_time_get(__WASI_CLOCKID_PROCESS_CPUTIME_ID, 1, &nanoseconds);
    return 1e-9 * (double)nanoseconds;
}
#else
static double seconds_now(void) { return (double)clock() / CLOCKS_PER_SEC; }
#endif

static void require(int ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "bench_builds: %s failed\n", what);
    exit(1);
}

static ffnn_tensor new_tensor(size_t rows, size_t cols) {
    ffnn_tensor t;
    require(ffnn_tensor_init(&t, rows, cols) == FFNN_OK, "allocating a tensor");
    return t;
}

/* Numbers of no pattern that matters, between low and low + 0.8. */
static void fill(ffnn_tensor t, float low) {
    for (size_t i = 0; i < t.rows * t.cols; ++i) t.data[i] = low + 0.8f * (float)(i * 37 % 101) / 101;
}

/* The first weights get the variance that keeps the units of any layer out of saturation. */
static void open_case(build_case *c) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    memcpy(desc.sizes, c->sizes, sizeof c->sizes);
    require(ffnn_init(&c->net, &desc) == FFNN_OK, "ffnn_init");
    for (size_t i = 0; i < c->net.layer_count; ++i) {
        ffnn_tensor W = c->net.layers[i].weight;
        ffnn_scale(W, W, 1 / sqrtf((float)W.rows));
    }
    size_t outputs = c->net.layers[c->net.layer_count - 1].weight.cols;
    c->X = new_tensor(c->batch, c->sizes[0]);
    c->y = new_tensor(c->batch, outputs);
    c->output = new_tensor(c->batch, outputs);
    fill(c->X, 0);
    fill(c->y, 0.1f);
}

static void close_case(build_case *c) {
    ffnn_free(&c->net);
    ffnn_tensor_free(&c->X);
    ffnn_tensor_free(&c->y);
    ffnn_tensor_free(&c->output);
}

static void train(build_case *c, long times) {
    float rate = 1 / (float)c->batch;
    for (; times > 0; --times) ffnn_train(&c->net, c->X, c->y, rate, NULL);
}

static void predict(build_case *c, long times) {
    for (; times > 0; --times) ffnn_predict(&c->net, c->X, c->output);
}

static double seconds_for(build_case *c, void (*run)(build_case *, long), long times) {
    double start = seconds_now();
    run(c, times);
    return seconds_now() - start;
}

/* So often that it lasts long enough; warms it up, too. It has to last twice: the first time it may
   have been slow for another reason. */
static long times_per_turn(build_case *c, void (*run)(build_case *, long)) {
    const double turn = 0.01;
    long times = 1;
    int turns = 0;
    while (turns < 2) {
        double seconds = seconds_for(c, run, times);
        turns = seconds < turn ? 0 : turns + 1;
        if (seconds < turn / 8) times *= 4;
        else if (seconds < turn) times = (long)((double)times * 1.2 * turn / seconds) + 1;
    }
    return times;
}

/* Of a sample: the median of three turns. */
static double nanoseconds_of(build_case *c, void (*run)(build_case *, long)) {
    long times = times_per_turn(c, run);
    double first = seconds_for(c, run, times), second = seconds_for(c, run, times);
    double third = seconds_for(c, run, times);
    double median = fmax(fmin(first, second), fmin(fmax(first, second), third));
    return median / (double)times / (double)c->batch * 1e9;
}

int main(void) {
    static build_case cases[] = {{.name = "784-128-10,64", .sizes = {784, 128, 10}, .batch = 64},
                                 {.name = "784-128-10,1", .sizes = {784, 128, 10}, .batch = 1},
                                 {.name = "24-64-64-4,1", .sizes = {24, 64, 64, 4}, .batch = 1},
                                 {.name = "64-16-10,32", .sizes = {64, 16, 10}, .batch = 32},
                                 {.name = "512-512-512,128", .sizes = {512, 512, 512}, .batch = 128},
                                 {.name = "3-4-1,3", .sizes = {3, 4, 1}, .batch = 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        build_case *c = &cases[i];
        float loss;
        open_case(c);
        train(c, 5);
        require(ffnn_evaluate(&c->net, c->X, c->y, &loss) == FFNN_OK, "ffnn_evaluate");
        double training = nanoseconds_of(c, train), prediction = nanoseconds_of(c, predict);
        printf("%s %.4g %.4g %.6f\n", c->name, training, prediction, (double)loss);
        close_case(c);
    }
    return 0;
}
