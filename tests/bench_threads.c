/* bench_threads.c: how many times as fast a training step is on two of OpenMP's threads as on one, by
   a clock on the wall. bench.sh builds it with -fopenmp and runs it. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

#include "bench_libraries.h"
#include "bench_measure.h"

typedef struct bench_threads {
    int threads;
    void *network;
} bench_threads;

static void run_threads(void *state, long times) {
    const bench_threads *x = state;
    omp_set_num_threads(x->threads);
    header_library.train(x->network, times);
}

static void compare(size_t inputs, size_t hidden, size_t outputs, size_t batch) {
    bench_problem p = new_problem("training", true, inputs, hidden, outputs, batch);
    bench_threads threads[2] = {{1, header_library.open(&p)}, {2, header_library.open(&p)}};
    bench_work work[2] = {{run_threads, &threads[0], 0}, {run_threads, &threads[1], 0}};
    bench_results results[2];
    for (int i = 0; i < 2; ++i) {
        omp_set_num_threads(threads[i].threads);
        results[i] = results_of(&p, &header_library, threads[i].network);
    }
    check_same(&p, "two threads", &results[0], &results[1]);
    measure(work, 2, &usual_pace, wall_clock);
    printf("On two threads, training %d-%d-%d at batch %d is %.2f times as fast as on one.\n",
           (int)inputs, (int)hidden, (int)outputs, (int)batch, work[0].seconds / work[1].seconds);
    for (int i = 0; i < 2; ++i) {
        free_results(&results[i]);
        header_library.close(threads[i].network);
    }
    free_problem(&p);
}

int main(void) {
    compare(512, 512, 512, 256);
    compare(784, 128, 10, 64);
    return 0;
}
