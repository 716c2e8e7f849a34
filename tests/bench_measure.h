/* bench_measure.h: taking times, making problems, comparing results

   All times are medians of rounds in which everyone takes a turn (A B C A B C ...), so that a busy
   moment of the machine meets all alike. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench_libraries.h"

#include <sys/resource.h>
#include <time.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- measuring --------------------------------------------------------------------------- */

typedef struct bench_work {
    void (*run)(void *state, long times);   /* NULL: not done */
    void *state;
    double seconds;     /* once; 0 until measured */
} bench_work;

typedef double bench_clock(void);

enum { MAX_ROUNDS = 15, MAX_WORK = 10 };

typedef struct bench_pace {
    int rounds;         /* at most MAX_ROUNDS */
    double turn;        /* seconds that a turn lasts at least */
} bench_pace;

static const bench_pace usual_pace = {15, 0.01}, slow_pace = {5, 0.01};

static double read_clock(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double wall_clock(void) { return read_clock(CLOCK_MONOTONIC); }

/* What finished child processes have used. */
static double children_clock(void) {
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* What this process has used, and PyTorch's. */
static double processor_clock(void) {
    return read_clock(CLOCK_PROCESS_CPUTIME_ID) + torch.seconds;
}

static double seconds_for(const bench_work *work, long times, bench_clock *clock) {
    double start = clock();
    work->run(work->state, times);
    return clock() - start;
}

/* How often the work has to be done to last a turn; warms it up, too. It has to last one twice: the
   first time it may have been slow for another reason. */
static long times_per_turn(const bench_work *work, double turn, bench_clock *clock) {
    long times = 1;
    int turns = 0;
    while (turns < 2) {
        double seconds = seconds_for(work, times, clock);
        turns = seconds < turn ? 0 : turns + 1;
        if (seconds < turn / 8) times *= 4;
        else if (seconds < turn) times = (long)((double)times * 1.2 * turn / seconds) + 1;
    }
    return times;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Everyone in turn, round after round; then each one's median. */
static void measure(bench_work *work, size_t count, const bench_pace *pace, bench_clock *clock) {
    double seconds[MAX_WORK][MAX_ROUNDS];
    long times[MAX_WORK] = {0};
    for (size_t i = 0; i < count; ++i)
        if (work[i].run != NULL) times[i] = times_per_turn(&work[i], pace->turn, clock);
    for (int round = 0; round < pace->rounds; ++round)
        for (size_t i = 0; i < count; ++i)
            if (times[i] > 0)
                seconds[i][round] = seconds_for(&work[i], times[i], clock) / (double)times[i];
    for (size_t i = 0; i < count; ++i) {
        if (times[i] == 0) continue;
        qsort(seconds[i], (size_t)pace->rounds, sizeof seconds[i][0], compare_doubles);
        work[i].seconds = seconds[i][pace->rounds / 2];
    }
}

/* ---- problems, and whether results are the same ------------------------------------------- */

static ffnn_rng rng;    /* of all arrays: seeded with 0 */

static void fill_uniform(ffnn_tensor t, float low, float high) {
    for (size_t i = 0; i < t.rows * t.cols; ++i)
        t.data[i] = low + (high - low) * ((float)(ffnn__rng_next(&rng) >> 8) / 16777216.0f);
}

/* Weights of a variance that keeps the units of any layer out of saturation. */
static ffnn_tensor new_weights(size_t inputs, size_t outputs) {
    ffnn_tensor W = new_tensor(inputs, outputs);
    ffnn_randn(W, &rng);
    ffnn_scale(W, W, 1 / sqrtf((float)inputs));
    return W;
}

static bench_problem new_problem(const char *name, bool is_training, size_t inputs, size_t hidden,
                           size_t outputs, size_t batch) {
    bench_problem p;
    p.name = name;
    p.is_training = is_training;
    p.inputs = inputs;
    p.hidden = hidden;
    p.outputs = outputs;
    p.batch = batch;
    p.rate = 1 / (float)batch;
    p.X = new_tensor(batch, inputs);
    p.y = new_tensor(batch, outputs);
    fill_uniform(p.X, 0, 1);
    fill_uniform(p.y, 0.1f, 0.9f);
    p.W1 = new_weights(inputs, hidden);
    p.W2 = new_weights(hidden, outputs);
    return p;
}

static void free_problem(bench_problem *p) {
    ffnn_tensor_free(&p->X);
    ffnn_tensor_free(&p->y);
    ffnn_tensor_free(&p->W1);
    ffnn_tensor_free(&p->W2);
}

static float largest_difference(const float *a, const float *b, size_t count) {
    float largest = 0;
    for (size_t i = 0; i < count; ++i) {
        float difference = fabsf(a[i] - b[i]);
        if (!(difference <= largest)) largest = difference; /* NaN stays */
    }
    return largest;
}

typedef struct bench_results {
    ffnn_tensor W1, W2, output;
} bench_results;

/* The results of doing the work once. */
static bench_results results_of(const bench_problem *p, const bench_library *library,
                                void *network) {
    bench_results r;
    r.W1 = new_tensor(p->inputs, p->hidden);
    r.W2 = new_tensor(p->hidden, p->outputs);
    r.output = new_tensor(p->batch, p->outputs);
    (p->is_training ? library->train : library->predict)(network, 1);
    library->results(network, r.W1.data, r.W2.data, r.output.data);
    return r;
}

static void free_results(bench_results *r) {
    ffnn_tensor_free(&r->W1);
    ffnn_tensor_free(&r->W2);
    ffnn_tensor_free(&r->output);
}

/* Whether two epochs changed weights alike: apart by less than this part of the largest change. */
static bool same_change(ffnn_tensor before, ffnn_tensor a, ffnn_tensor b, float part) {
    size_t count = before.rows * before.cols;
    float change = largest_difference(before.data, a.data, count);
    return change > 0 && largest_difference(a.data, b.data, count) < change * part;
}

static void check_same(const bench_problem *p, const char *name, const bench_results *ours,
                       const bench_results *theirs) {
    bool same = p->is_training ? same_change(p->W1, ours->W1, theirs->W1, 1e-4f) &&
                                     same_change(p->W2, ours->W2, theirs->W2, 1e-4f)
                               : largest_difference(ours->output.data, theirs->output.data,
                                                    p->batch * p->outputs) < 5e-7f;
    if (same) return;
    fprintf(stderr, "bench: %s, %s: the results are not ffnn.h's\n", p->name, name);
    exit(1);
}

#endif
