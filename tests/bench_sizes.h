/* bench_sizes.h: how fast ffnn.h is at sizes of every kind, a line for each sweep

   Beside OpenBLAS: products of many shapes, and steps and predictions of small and large networks.
   Beside ffnn.h itself: whether small networks are worth their own kernels, and what a prediction
   costs that is not part of a batch. */
#ifndef BENCH_SIZES_H
#define BENCH_SIZES_H

#include "bench_libraries.h"
#include "bench_measure.h"
#include "bench_modules.h"

/* For some hundred measurements. */
static const bench_pace brief_pace = {7, 0.001};

/* The ratios of a sweep: how many times as fast as the other ffnn.h is. */
typedef struct bench_sweep {
    int count, below_half, below_1, below_1_1;
    double log_sum;
    double log_lost;        /* of the ratios below 1 alone */
    double worst;           /* 0 before the first */
    char worst_name[100];
} bench_sweep;

/* work: ffnn.h, then the other. */
static void add_to_sweep(bench_sweep *sweep, const bench_work work[2], const char *name) {
    double ratio = work[1].seconds / work[0].seconds;
    ++sweep->count;
    if (ratio < 0.5) ++sweep->below_half;
    if (ratio < 1) ++sweep->below_1;
    if (ratio < 1.1) ++sweep->below_1_1;
    sweep->log_sum += log(ratio);
    sweep->log_lost += log(fmin(ratio, 1));
    if (sweep->worst > 0 && sweep->worst <= ratio) return;
    sweep->worst = ratio;
    snprintf(sweep->worst_name, sizeof sweep->worst_name, "%s", name);
}

static double geometric_mean(const bench_sweep *sweep) {
    return exp(sweep->log_sum / sweep->count);
}

#ifdef BENCH_OPENBLAS

/* ---- products ---------------------------------------------------------------------------- */

typedef struct bench_product {
    ffnn_tensor a, b, ours, theirs;
} bench_product;

static void run_header_product(void *product, long times) {
    bench_product *x = product;
    for (; times > 0; --times) ffnn_matmul(x->ours, x->a, x->b);
}

static void run_blas_product(void *product, long times) {
    bench_product *x = product;
    int m = (int)x->a.rows, k = (int)x->a.cols, n = (int)x->b.cols;
    for (; times > 0; --times)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, x->a.data, k,
                    x->b.data, n, 0, x->theirs.data, n);
}

/* m x k times k x n */
static void sweep_product(bench_sweep *sweep, size_t m, size_t k, size_t n) {
    bench_product x = {new_tensor(m, k), new_weights(k, n), new_tensor(m, n), new_tensor(m, n)};
    bench_work work[2] = {{run_header_product, &x, 0}, {run_blas_product, &x, 0}};
    char name[100];
    fill_uniform(x.a, -1, 1);
    snprintf(name, sizeof name, "%zu x %zu x %zu", m, k, n);
    run_header_product(&x, 1);
    run_blas_product(&x, 1);
    require(largest_difference(x.ours.data, x.theirs.data, m * n) < 1e-5f, name);
    measure(work, 2, &brief_pace, processor_clock);
    add_to_sweep(sweep, work, name);
    ffnn_tensor_free(&x.a);
    ffnn_tensor_free(&x.b);
    ffnn_tensor_free(&x.ours);
    ffnn_tensor_free(&x.theirs);
}

static void sweep_products(void) {
    static const size_t rows[] = {1, 2, 3, 4, 8, 17, 64, 256}, depths[] = {3, 16, 64, 250, 784},
                        cols[] = {1, 2, 3, 4, 8, 10, 16, 17, 32, 64, 128, 500, 1000};
    bench_sweep sweep;
    memset(&sweep, 0, sizeof sweep);
    openblas_set_num_threads(1);
    for (size_t m = 0; m < COUNT_OF(rows); ++m)
        for (size_t k = 0; k < COUNT_OF(depths); ++k)
            for (size_t n = 0; n < COUNT_OF(cols); ++n)
                sweep_product(&sweep, rows[m], depths[k], cols[n]);
    printf("ffnn_matmul beside cblas_sgemm, %d shapes, 1 x 3 x 1 to 256 x 784 x 1000: %.2f times "
           "as fast in the geometric mean, %.2f at the worst shape (%s), below 1 at %d shapes, "
           "below a half at %d.\n", sweep.count, geometric_mean(&sweep), sweep.worst,
           sweep.worst_name, sweep.below_1, sweep.below_half);
}

/* ---- networks beside OpenBLAS -------------------------------------------------------------- */

/* The step as a program has it that knows OpenBLAS, but not ffnn.h's sigmoid. */
static void *open_expf_step(const bench_problem *p) {
    static const product_set products = {blas_product, blas_product_transposed, blas_update,
                                         loops_sigmoid};
    return step_open(p, &products);
}

static const bench_library expf_library = {open_expf_step, step_train, step_predict, step_results,
                                           step_close};

static void sweep_network(bench_sweep *sweep, bool is_training, const size_t sizes[3],
                          size_t batch) {
    char name[100];
    snprintf(name, sizeof name, "%zu-%zu-%zu, batch %zu", sizes[0], sizes[1], sizes[2], batch);
    bench_problem p = new_problem(name, is_training, sizes[0], sizes[1], sizes[2], batch);
    bench_work work[2] = {{is_training ? header_library.train : header_library.predict,
                           header_library.open(&p), 0},
                          {is_training ? expf_library.train : expf_library.predict,
                           expf_library.open(&p), 0}};
    bench_results ours = results_of(&p, &header_library, work[0].state);
    bench_results theirs = results_of(&p, &expf_library, work[1].state);
    check_same(&p, "OpenBLAS with expf", &ours, &theirs);
    measure(work, 2, &brief_pace, processor_clock);
    add_to_sweep(sweep, work, name);
    header_library.close(work[0].state);
    expf_library.close(work[1].state);
    free_results(&ours);
    free_results(&theirs);
    free_problem(&p);
}

static void sweep_networks(const char *which, bool is_training, const size_t (*networks)[3],
                           size_t count) {
    static const size_t batches[] = {1, 2, 3, 4, 8, 64};
    bench_sweep sweep;
    memset(&sweep, 0, sizeof sweep);
    openblas_set_num_threads(1);
    for (size_t i = 0; i < count; ++i)
        for (size_t j = 0; j < COUNT_OF(batches); ++j)
            sweep_network(&sweep, is_training, networks[i], batches[j]);
    printf("%s beside the same on OpenBLAS with expf, %d %s, at batches 1, 2, 3, 4, 8, 64: %.2f "
           "times as fast in the geometric mean, %.2f at worst (%s), below 1.1 at %d of %d.\n",
           is_training ? "Training" : "Prediction", (int)count, which, geometric_mean(&sweep),
           sweep.worst, sweep.worst_name, sweep.below_1_1, sweep.count);
}

static void sweep_beside_openblas(void) {
    static const size_t networks[][3] = {{3, 4, 1},     {8, 16, 1},    {17, 33, 5},
                                         {24, 64, 4},   {30, 50, 2},   {64, 16, 10},
                                         {100, 100, 1}, {784, 32, 10}, {784, 128, 10}},
                        small[][3] = {{2, 8, 1},   {2, 8, 2},  {4, 16, 4}, {8, 8, 1},  {8, 4, 2},
                                      {12, 12, 3}, {16, 4, 1}, {16, 8, 8}, {10, 6, 10}};
    sweep_networks("networks, 3-4-1 to 784-128-10", true, networks, COUNT_OF(networks));
    for (int is_training = 1; is_training >= 0; --is_training)
        sweep_networks("small networks, 2-8-1 to 16-8-8", is_training, small, COUNT_OF(small));
}

#endif

/* ---- small networks ------------------------------------------------------------------------ */
#ifdef FFNN__SIMD

/* One network twice: all its layers at once, and layer by layer, as if it were not small. */
static void sweep_small_network(bench_sweep sweeps[2], const bench_module *m) {
    bench_module at_once = *m, by_layer = *m;
    bench_work train[2] = {{train_module, &at_once, 0}, {train_module, &by_layer, 0}};
    bench_work predict[2] = {{predict_module, &at_once, 0}, {predict_module, &by_layer, 0}};
    open_module(&at_once);
    open_module(&by_layer);
    require(at_once.net.max_weights <= FFNN__SMALL, "choosing a small network");
    by_layer.net.max_weights = FFNN__SMALL + 1;
    ffnn_copy(by_layer.X, at_once.X);
    ffnn_copy(by_layer.y, at_once.y);
    for (int i = 0; i < 2; ++i) {
        train[i].run(train[i].state, 1);
        predict[i].run(predict[i].state, 1);
    }
    require(largest_difference(at_once.output.data, by_layer.output.data,
                               at_once.output.rows * at_once.output.cols) < 1e-6f, m->name);
    measure(train, 2, &brief_pace, processor_clock);
    measure(predict, 2, &brief_pace, processor_clock);
    add_to_sweep(&sweeps[0], train, m->name);
    add_to_sweep(&sweeps[1], predict, m->name);
    close_module(&at_once);
    close_module(&by_layer);
}

/* hidden_layers: 1, the lab's sigmoids; or 2 of the same size, tanh with biases. */
static void sweep_small_sizes(bench_sweep sweeps[2], size_t inputs, size_t hidden,
                              size_t hidden_layers, size_t outputs) {
    static const size_t batches[] = {1, 3, 8, 64};
    for (size_t i = 0; i < COUNT_OF(batches); ++i) {
        bench_module m = {.desc = {.sizes = {inputs, hidden, outputs}}, .batch = batches[i]};
        char name[100];
        if (hidden_layers == 2) {
            const ffnn_desc deep = {.sizes = {inputs, hidden, hidden, outputs},
                                    .activations = {FFNN_TANH, FFNN_TANH, FFNN_IDENTITY},
                                    .biases = true};
            m.desc = deep;
        }
        snprintf(name, sizeof name, "%zu-%zu%s-%zu, batch %zu", inputs, hidden,
                 hidden_layers == 2 ? "-the same" : "", outputs, batches[i]);
        m.name = name;
        m.rate = 1 / (float)m.batch;
        sweep_small_network(sweeps, &m);
    }
}

static void sweep_small_networks(void) {
    static const size_t inputs[] = {1, 2, 3, 5, 8, 16}, hidden[] = {1, 3, 4, 6, 8, 16},
                        outputs[] = {1, 3, 8};
    bench_sweep sweeps[2];
    memset(sweeps, 0, sizeof sweeps);
    for (size_t i = 0; i < COUNT_OF(inputs); ++i)
        for (size_t j = 0; j < COUNT_OF(hidden); ++j)
            for (size_t k = 0; k < COUNT_OF(outputs); ++k)
                for (size_t layers = 1; layers <= 2; ++layers)
                    if (inputs[i] * hidden[j] <= FFNN__SMALL &&
                        hidden[j] * (layers == 2 ? hidden[j] : 1) <= FFNN__SMALL &&
                        hidden[j] * outputs[k] <= FFNN__SMALL)
                        sweep_small_sizes(sweeps, inputs[i], hidden[j], layers, outputs[k]);
    for (int i = 0; i < 2; ++i)
        printf("%s small networks, 1 to 16 units a layer, 1 or 2 hidden layers, at batches 1, 3, 8, "
               "64: all layers at once is %.2f times as fast as layer by layer in the geometric mean "
               "(%.2f with 1 for all above), %.2f at worst (%s), below 1 at %d of %d.\n",
               i == 0 ? "Training" : "Predicting with", geometric_mean(&sweeps[i]),
               exp(sweeps[i].log_lost / sweeps[i].count), sweeps[i].worst, sweeps[i].worst_name,
               sweeps[i].below_1, sweeps[i].count);
}

#endif

/* ---- predictions of few samples ----------------------------------------------------------- */

/* A sample's cost alone and as one of two, in multiples of its cost as one of 64. */
static void print_few_samples(const bench_module *m) {
    static const size_t batches[3] = {64, 1, 2};
    bench_module copies[3];
    bench_work work[3];
    double seconds[3];      /* a sample */
    for (int i = 0; i < 3; ++i) {
        copies[i] = *m;
        copies[i].batch = batches[i];
        open_module(&copies[i]);
        work[i].run = predict_module;
        work[i].state = &copies[i];
    }
    measure(work, 3, &usual_pace, processor_clock);
    for (int i = 0; i < 3; ++i) {
        seconds[i] = work[i].seconds / (double)batches[i];
        close_module(&copies[i]);
    }
    printf(" %s %.1f and %.1f", m->name, seconds[1] / seconds[0], seconds[2] / seconds[0]);
}

static void print_predictions(void) {
    static const bench_module networks[] = {
        {.name = "24-64-64-4", .desc = {.sizes = {24, 64, 64, 4}}},
        {.name = "12-32-32-1", .desc = {.sizes = {12, 32, 32, 1}}},
        {.name = "64-16-10", .desc = {.sizes = {64, 16, 10}}},
        {.name = "784-128-10", .desc = {.sizes = {784, 128, 10}}}};
    printf("Predicting a sample alone and as one of two costs so many times as much as one of 64:");
    for (size_t i = 0; i < COUNT_OF(networks); ++i) {
        print_few_samples(&networks[i]);
        printf(i + 1 < COUNT_OF(networks) ? "," : ".\n");
    }
}

static void print_tanh_prediction(void) {
    bench_module m = {.desc = {.sizes = {24, 64, 64, 4},
                               .activations = {FFNN_TANH, FFNN_TANH, FFNN_IDENTITY},
                               .biases = true},
                      .batch = 1};
    bench_work work = {predict_module, NULL, 0};
    work.state = &m;
    open_module(&m);
    measure(&work, 1, &usual_pace, processor_clock);
    printf("One prediction of 24-64-64-4 with biases and tanh: %.0f ns.\n", work.seconds * 1e9);
    close_module(&m);
}

static void print_sizes(void) {
#ifdef BENCH_OPENBLAS
    sweep_products();
    sweep_beside_openblas();
#endif
#ifdef FFNN__SIMD
    sweep_small_networks();
#endif
    print_predictions();
    print_tanh_prediction();
}

#endif
