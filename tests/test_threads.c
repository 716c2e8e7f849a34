/* Threads: what one network, and networks of their own, give in many threads at once is what they
   give in one, bit for bit. Worth most when built with -fsanitize=thread. */
#define _POSIX_C_SOURCE 200112L /* -std=c99 hides pthread_rwlock_t */

#include "test.h"

/* The harness counts allocations without a lock, and one would order the threads: the sanitizer
   could miss a race. So these tests take their memory from malloc itself. */
#undef FFNN_MALLOC
#undef FFNN_FREE

#ifndef FFNN_NO_SIMD
#define FFNN_NO_SIMD /* compiles sooner; kernels of all kinds know only their arguments */
#endif
#include "../ffnn.h"
#include "helpers.h"

#if HAS_POSIX
#include <pthread.h>

enum { THREADS = 8 };

/* ---- helpers ----------------------------------------------------------------------------- */

/* What one thread does: fills its result from its input. number is 0, 1, 2, ... */
typedef struct job {
    void (*run)(struct job *job);
    int number;
    const ffnn_net *net;
    float result[4096];
    size_t count; /* of floats in result */
} job;

static pthread_rwlock_t gate = PTHREAD_RWLOCK_INITIALIZER;
static job jobs[THREADS], expected;
static char folder_and_name[1000]; /* of this program: test files lie beside it */

static void *run_behind_gate(void *argument) {
    job *mine = (job *)argument;
    pthread_rwlock_rdlock(&gate);
    pthread_rwlock_unlock(&gate);
    mine->run(mine);
    return NULL;
}

/* Runs one job in every thread; all wait until the last one has been started. */
static void run_at_once(void (*run)(job *job), const ffnn_net *net) {
    pthread_t threads[THREADS];
    int started = 0;
    pthread_rwlock_wrlock(&gate);
    for (; started < THREADS; ++started) {
        memset(&jobs[started], 0, sizeof jobs[started]);
        jobs[started].run = run;
        jobs[started].number = started;
        jobs[started].net = net;
        if (pthread_create(&threads[started], NULL, run_behind_gate, &jobs[started]) != 0) break;
    }
    pthread_rwlock_unlock(&gate);
    CHECK(started == THREADS);
    while (started > 0) pthread_join(threads[--started], NULL);
}

/* Does the same jobs again, one after the other: each gives the same bits. */
static void check_against_one_thread(void) {
    for (int i = 0; i < THREADS; ++i) {
        memset(&expected, 0, sizeof expected);
        expected.number = i;
        expected.net = jobs[i].net;
        jobs[i].run(&expected);
        test_case("thread %d", i);
        CHECK(expected.count > 0 && expected.count <= COUNT_OF(expected.result));
        CHECK(jobs[i].count == expected.count);
        CHECK(memcmp(jobs[i].result, expected.result, sizeof expected.result) == 0);
    }
}

/* Makes room for rows x cols more floats of a job's result. */
static ffnn_tensor new_result(job *mine, size_t rows, size_t cols) {
    ffnn_tensor t = ffnn_view(mine->result + mine->count, rows, cols);
    mine->count += rows * cols;
    return t;
}

/* Normal numbers as the seed has them. */
static void draw(float *data, size_t count, int seed) {
    ffnn_rng rng;
    ffnn_rng_seed(&rng, (uint64_t)seed);
    ffnn_randn(ffnn_view(data, 1, count), &rng);
}

/* ---- tests ------------------------------------------------------------------------------- */

/* Every operation that may look at the processor before it chooses how to compute. */
static void use_tensors(job *mine) {
    enum { ROWS = 9, COLS = 37 };
    float a[ROWS * COLS], b[COLS * ROWS];
    ffnn_tensor A = ffnn_view(a, ROWS, COLS), B = ffnn_view(b, COLS, ROWS);
    draw(a, COUNT_OF(a), mine->number);
    draw(b, COUNT_OF(b), mine->number + 100);
    ffnn_sigmoid(new_result(mine, ROWS, COLS), A);
    ffnn_matmul(new_result(mine, ROWS, ROWS), A, B);
    ffnn_transpose(new_result(mine, COLS, ROWS), A);
    ffnn_add(new_result(mine, ROWS, COLS), A, ffnn_view(b, 1, COLS));
    ffnn_div(new_result(mine, ROWS, COLS), A, ffnn_view(b, ROWS, COLS));
    ffnn_scale(new_result(mine, ROWS, COLS), A, 3.0f);
    ffnn_sigmoid_derivative(new_result(mine, ROWS, COLS), A);
    ffnn_max(new_result(mine, 1, COLS), A);
    ffnn_mse(A, ffnn_view(b, ROWS, COLS), new_result(mine, 1, 1).data);
}

/* Must be the first test: nothing of the header has run in this process yet. */
static void test_first_use_at_once(void) {
    run_at_once(use_tensors, NULL);
    check_against_one_thread();
}

/* Batches of other sizes in each thread, again and again. */
static void predict(job *mine) {
    float samples[40 * 12];
    size_t rows = 1 + 5 * (size_t)mine->number, inputs = mine->net->layers[0].weight.rows;
    size_t outputs = mine->net->layers[mine->net->layer_count - 1].weight.cols;
    ffnn_tensor X = ffnn_view(samples, rows, inputs);
    int failures = 0;
    draw(samples, rows * inputs, mine->number);
    for (int repeat = 0; repeat < 5; ++repeat)
        failures += ffnn_predict(mine->net, X, new_result(mine, rows, outputs)) != FFNN_OK;
    if (failures > 0) mine->count = 0;
}

static void test_predict_on_one_network(void) {
    static const size_t shapes[][5] = {
        {3, 4, 1}, {12, 7, 65, 33, 5}, {12, 20}, {5, 600, 2}, /* 600: predict allocates */
    };
    for (size_t i = 0; i < COUNT_OF(shapes); ++i) {
        size_t sizes[6] = {0};
        ffnn_net net;
        memcpy(sizes, shapes[i], sizeof shapes[i]);
        make_network(&net, sizes, 1);
        run_at_once(predict, &net);
        check_against_one_thread();
        ffnn_free(&net);
    }
}

/* One network a thread: each copies the same one, which is only read, and trains its copy on data of
   its own. */
static void train_copy(job *mine) {
    float samples[10 * 3], targets[10];
    ffnn_tensor X = ffnn_view(samples, 10, 3), y = ffnn_view(targets, 10, 1);
    ffnn_net copy;
    int failures = 0;
    draw(samples, COUNT_OF(samples), mine->number);
    draw(targets, COUNT_OF(targets), mine->number + 100);
    failures += ffnn_init_copy(&copy, mine->net) != FFNN_OK;
    for (int step = 0; step < 5; ++step)
        failures += ffnn_train(&copy, X, y, 0.01f, NULL) != FFNN_OK;
    failures += ffnn_forward(&copy, X, NULL) != FFNN_OK;
    failures += ffnn_gradient(&copy, X, y, new_result(mine, 10, 3)) != FFNN_OK;
    failures += ffnn_predict(&copy, X, new_result(mine, 10, 1)) != FFNN_OK;
    ffnn_free(&copy);
    if (failures > 0) mine->count = 0;
}

static void test_copies_of_one_network(void) {
    static const size_t shapes[][4] = {{3, 4, 1, 0}, {3, 17, 1, 0}};
    for (size_t i = 0; i < COUNT_OF(shapes); ++i) {
        float samples[6] = {1, 2, 3, -1, 0, 1}, targets[2] = {0, 1};
        ffnn_net net;
        make_network(&net, shapes[i], 1);
        net.optimizer = FFNN_ADAM;
        net.clip_norm = 0.5f;
        for (int step = 0; step < 3; ++step) /* so that it has a state to copy */
            CHECK_STATUS(FFNN_OK, ffnn_train(&net, ffnn_view(samples, 2, 3),
                                             ffnn_view(targets, 2, 1), 0.01f, NULL));
        run_at_once(train_copy, &net);
        check_against_one_thread();
        ffnn_free(&net);
    }
}

/* A whole life of a network: drawn, trained on its own data, asked. */
static void train_own_network(job *mine) {
    static const size_t shapes[][5] = {{3, 4, 1}, {3, 17, 6, 1}, {3, 8, 1}, {3, 5, 5, 5, 1}};
    size_t sizes[6] = {0};
    float samples[10 * 3], targets[10];
    ffnn_tensor X = ffnn_view(samples, 10, 3), y = ffnn_view(targets, 10, 1);
    ffnn_net net;
    int failures = 0;
    memcpy(sizes, shapes[mine->number % 4], sizeof shapes[0]);
    failures += init_network(&net, sizes, (uint64_t)mine->number) != FFNN_OK;
    draw(samples, COUNT_OF(samples), mine->number + 50);
    draw(targets, COUNT_OF(targets), mine->number + 60);
    failures += ffnn_sigmoid(y, y) != FFNN_OK;
    for (int epoch = 0; epoch < 200; ++epoch) {
        float *loss = new_result(mine, 1, 1).data;
        failures += ffnn_train(&net, X, y, 0.5f, loss) != FFNN_OK;
    }
    for (size_t i = 0; i < net.layer_count; ++i) {
        ffnn_tensor weight = net.layers[i].weight;
        failures += ffnn_copy(new_result(mine, weight.rows, weight.cols), weight) != FFNN_OK;
    }
    failures += ffnn_predict(&net, X, new_result(mine, 10, 1)) != FFNN_OK;
    if (failures > 0) mine->count = 0;
    ffnn_free(&net);
}

static void test_separate_networks(void) {
    run_at_once(train_own_network, NULL);
    check_against_one_thread();
}

#ifndef FFNN_NO_STDIO

static void file_name(char name[1100], const char *ending) {
    snprintf(name, 1100, "%s%s", folder_and_name, ending);
}

/* Saves its own network under a name that all threads share, and again. */
static void save_to_one_path(job *mine) {
    static const size_t sizes[] = {30, 30, 0};
    char name[1100];
    ffnn_net net;
    int failures = init_network(&net, sizes, (uint64_t)mine->number) != FFNN_OK;
    file_name(name, ".safetensors");
    for (int repeat = 0; repeat < 10; ++repeat) failures += ffnn_save(&net, name) != FFNN_OK;
    if (failures == 0) ffnn_copy(new_result(mine, 30, 30), net.layers[0].weight);
    ffnn_free(&net);
}

static void test_saves_to_one_path(void) {
    char name[1100];
    ffnn_net net;
    int same = 0;
    file_name(name, ".safetensors");
    run_at_once(save_to_one_path, NULL);
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&net, name)); /* of some thread, whole */
    for (int i = 0; i < THREADS; ++i) {
        test_case("thread %d", i);
        CHECK(jobs[i].count == 900);
        same += net.layer_count == 1
            && memcmp(jobs[i].result, net.layers[0].weight.data, 900 * sizeof(float)) == 0;
    }
    CHECK(same == 1);
    ffnn_free(&net);
    remove(name);
}

/* Loads a file that all threads read. */
static void load_one_path(job *mine) {
    char name[1100];
    ffnn_net net;
    file_name(name, ".safetensors");
    if (ffnn_init_from_file(&net, name) == FFNN_OK)
        ffnn_copy(new_result(mine, net.layers[0].weight.rows, net.layers[0].weight.cols),
                  net.layers[0].weight);
    ffnn_free(&net);
}

static void test_loads_from_one_path(void) {
    static const size_t sizes[] = {50, 40, 0};
    char name[1100];
    ffnn_net net;
    file_name(name, ".safetensors");
    make_network(&net, sizes, 3);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, name));
    run_at_once(load_one_path, NULL);
    check_against_one_thread();
    CHECK(memcmp(jobs[0].result, net.layers[0].weight.data, 2000 * sizeof(float)) == 0);
    ffnn_free(&net);
    remove(name);
}

#endif

int main(int argc, char **argv) {
    snprintf(folder_and_name, sizeof folder_and_name, "%s", argc > 0 ? argv[0] : "test_threads");
    RUN(test_first_use_at_once);
    RUN(test_predict_on_one_network);
    RUN(test_copies_of_one_network);
    RUN(test_separate_networks);
#ifndef FFNN_NO_STDIO
    RUN(test_saves_to_one_path);
    RUN(test_loads_from_one_path);
#endif
    return test_summary("test_threads");
}

#else

static void test_threads(void) { test_skip("no POSIX threads on this platform"); }

int main(void) {
    RUN(test_threads);
    return test_summary("test_threads");
}

#endif
