/* bench.c: how fast ffnn.h is, beside plain C, FANN, OpenBLAS and PyTorch

    make bench      bench.sh finds out which libraries there are, builds this and runs it

   Prints one table in Markdown and draws its ratios as an SVG picture; under the table, a line for
   each of the sweeps over many sizes. All times are processor time, except for files, where a clock
   on the wall counts. Before a library's time is taken its results are compared with ffnn.h's. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime, fsync */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

#include "bench_libraries.h"
#include "bench_measure.h"
#include "bench_modules.h"
#include "bench_sizes.h"

#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

enum { FFNN, PLAIN, FANN, OPENBLAS, PYTORCH, COLUMNS };
static const char *const column_names[COLUMNS] = {"ffnn.h", "plain C", "FANN", "OpenBLAS",
                                                  "PyTorch"};

enum { MAX_ROWS = 21 };

/* ---- the table --------------------------------------------------------------------------- */

typedef struct bench_row {
    const char *name;
    double seconds[COLUMNS];    /* 0: not measured */
    double flops;               /* if not 0, shown per second in place of the time */
} bench_row;

static bench_row rows[MAX_ROWS];
static size_t row_count;

static double ratio_of(const bench_row *row, int column) {
    return row->seconds[column] / row->seconds[FFNN];
}

static void print_header(void) {
    printf("| ffnn.h is so many times as fast as |");
    for (int column = PLAIN; column < COLUMNS; ++column) printf(" %s |", column_names[column]);
    printf(" the figures: ffnn.h |");
    for (int column = PLAIN; column < COLUMNS; ++column) printf(" %s |", column_names[column]);
    printf("\n|---|");
    for (int column = PLAIN; column < 2 * COLUMNS; ++column) printf("--:|");
    printf("\n");
}

static void print_ratio(double ratio) {
    printf(" %.*f |", ratio < 10 ? 2 : ratio < 100 ? 1 : 0, ratio);
}

static void print_figure(double seconds, double flops) {
    double figure = flops > 0 ? flops / seconds * 1e-9 : seconds * 1e9;
    const char *unit = flops > 0         ? "GFLOP/s"
                       : seconds < 1e-6  ? "ns"
                       : seconds < 1e-3  ? "us"
                                         : "ms";
    if (flops <= 0 && seconds >= 1e-6) figure *= seconds < 1e-3 ? 1e-3 : 1e-6;
    printf(" %.*f %s |", figure < 10 ? 2 : figure < 100 ? 1 : 0, figure, unit);
}

/* Prints the row and keeps it for the picture. parts: times are shown per so many parts of work. */
static void add_row(const char *name, const bench_work *work, double parts, double flops) {
    bench_row *row = &rows[row_count++];
    require(row_count <= MAX_ROWS, "finding room for a row");
    row->name = name;
    row->flops = flops;
    for (int column = 0; column < COLUMNS; ++column)
        row->seconds[column] = work[column].seconds / parts;
    printf("| %s |", name);
    for (int column = PLAIN; column < COLUMNS; ++column)
        if (row->seconds[column] > 0) print_ratio(ratio_of(row, column));
        else printf(" - |");
    for (int column = 0; column < COLUMNS; ++column)
        if (row->seconds[column] > 0) print_figure(row->seconds[column], flops);
        else printf(" - |");
    printf("\n");
    fflush(stdout);
}

/* ---- networks ---------------------------------------------------------------------------- */

/* NULL: it was not there when this was built. */
static const bench_library *library_of(int column, const bench_problem *p) {
    switch (column) {
    case FFNN: return &header_library;
    case PLAIN: return fixed_fits(p) ? &fixed_library : &loops_library;
#ifdef BENCH_FANN
    case FANN: return &fann_library;
#endif
#ifdef BENCH_OPENBLAS
    case OPENBLAS: return &blas_library;
#endif
    case PYTORCH: return torch.to != NULL ? &torch_library : NULL;
    default: return NULL;
    }
}

static void bench_network(bench_problem p) {
    const bench_library *libraries[COLUMNS];
    bench_work work[COLUMNS] = {{NULL, NULL, 0}};
    bench_results ours, theirs;
    for (int column = 0; column < COLUMNS; ++column) {
        const bench_library *library = libraries[column] = library_of(column, &p);
        if (library == NULL) continue;
        work[column].state = library->open(&p);
        work[column].run = p.is_training ? library->train : library->predict;
        theirs = results_of(&p, library, work[column].state);
        if (column == FFNN) {
            ours = theirs;
        } else {
            check_same(&p, column_names[column], &ours, &theirs);
            free_results(&theirs);
        }
    }
    measure(work, COLUMNS, &usual_pace, processor_clock);
    add_row(p.name, work, p.inputs == INPUTS ? 1 : (double)p.batch, 0);
    for (int column = 0; column < COLUMNS; ++column)
        if (work[column].run != NULL) libraries[column]->close(work[column].state);
    free_results(&ours);
    free_problem(&p);
}

static void bench_networks(void) {
    bench_network(new_problem("training 3-4-1, an epoch of 3 samples", true, 3, 4, 1, 3));
    bench_network(new_problem("training 64-16-10, batch 32, a sample", true, 64, 16, 10, 32));
    bench_network(new_problem("training 784-128-10, batch 1, a sample", true, 784, 128, 10, 1));
    bench_network(new_problem("training 784-128-10, batch 64, a sample", true, 784, 128, 10, 64));
    bench_network(new_problem("training 512-512-512, batch 256, a sample", true, 512, 512, 512,
                              256));
    bench_network(new_problem("prediction 3-4-1, 1 sample", false, 3, 4, 1, 1));
    bench_network(new_problem("prediction 784-128-10, 1 sample", false, 784, 128, 10, 1));
    bench_network(new_problem("prediction 784-128-10, batch 64, a sample", false, 784, 128, 10,
                              64));
}

/* Time per multiply-add of training, of the slowest width in relation to the fastest. */
static double cost_growth(void) {
    static const size_t hidden[] = {128, 256, 512, 1024, 2048};
    bench_work work[COUNT_OF(hidden)];
    bench_problem problems[COUNT_OF(hidden)];
    double least = HUGE_VAL, most = 0;
    for (size_t i = 0; i < COUNT_OF(hidden); ++i) {
        problems[i] = new_problem("", true, 784, hidden[i], 10, 64);
        work[i].run = header_library.train;
        work[i].state = header_library.open(&problems[i]);
    }
    measure(work, COUNT_OF(hidden), &usual_pace, processor_clock);
    for (size_t i = 0; i < COUNT_OF(hidden); ++i) {
        /* forward and update are as much work in both layers, the error only in the second */
        double each = work[i].seconds / (double)(hidden[i] * 64 * (2 * 784 + 3 * 10));
        least = fmin(least, each);
        most = fmax(most, each);
        header_library.close(work[i].state);
        free_problem(&problems[i]);
    }
    return most / least;
}

/* ---- networks as torch.nn describes them ------------------------------------------------- */

enum { CLASSES_SGD, CLASSES_ADAM, LAB_SIZES, REGRESSION, MODULES };

static const bench_module modules[MODULES] = {
    [CLASSES_SGD] = {.name = "784-128-10, ReLU, softmax, SGD, batch 64, a sample",
                     .torch = "ReLU,Identity CrossEntropyLoss SGD",
                     .desc = {.sizes = {784, 128, 10}, .activations = {FFNN_RELU, FFNN_SOFTMAX},
                              .biases = true},
                     .batch = 64, .rate = 0.1f},
    [CLASSES_ADAM] = {.name = "784-128-10, ReLU, softmax, Adam, batch 64, a sample",
                      .torch = "ReLU,Identity CrossEntropyLoss Adam",
                      .desc = {.sizes = {784, 128, 10}, .activations = {FFNN_RELU, FFNN_SOFTMAX},
                               .biases = true, .optimizer = FFNN_ADAM},
                      .batch = 64, .rate = 0.001f},
    [LAB_SIZES] = {.name = "3-4-1, biases, tanh, SGD, an epoch of 3 samples",
                   .torch = "Tanh,Tanh MSELoss SGD",
                   .desc = {.sizes = {3, 4, 1}, .activations = {FFNN_TANH, FFNN_TANH},
                            .biases = true, .loss = FFNN_MSE},
                   .batch = 3, .rate = 0.1f},
    [REGRESSION] = {.name = "24-64-64-4, tanh, MSE, SGD, batch 32, a sample",
                    .torch = "Tanh,Tanh,Identity MSELoss SGD",
                    .desc = {.sizes = {24, 64, 64, 4},
                             .activations = {FFNN_TANH, FFNN_TANH, FFNN_IDENTITY},
                             .biases = true, .loss = FFNN_MSE},
                    .batch = 32, .rate = 0.1f}};

/* Returns the time of a step beside the lab's network of the same sizes. */
static double bench_module_row(bench_module m) {
    bench_work work[COLUMNS + 1] = {{NULL, NULL, 0}}, *lab_work = &work[COLUMNS];
    bench_module lab = open_lab_module(&m);
    open_module(&m);
    work[FFNN].run = lab_work->run = train_module;
    work[FFNN].state = &m;
    lab_work->state = &lab;
    if (torch.to != NULL) {
        check_torch_module(&m);
        work[PYTORCH].run = train_torch_module;
    }
    measure(work, COUNT_OF(work), &usual_pace, processor_clock);
    add_row(m.name, work, m.desc.sizes[0] == INPUTS ? 1 : (double)m.batch, 0);
    close_module(&m);
    close_module(&lab);
    return work[FFNN].seconds / lab_work->seconds;
}

/* ---- arrays ------------------------------------------------------------------------------ */

typedef struct bench_arrays {
    ffnn_tensor a, b, dst;
    const char *torch_command;
} bench_arrays;

static void header_sigmoid(void *state, long times) {
    bench_arrays *x = state;
    for (; times > 0; --times) ffnn_sigmoid(x->dst, x->a);
}

static void plain_sigmoid(void *state, long times) {
    bench_arrays *x = state;
    const float *a = x->a.data;
    float *dst = x->dst.data;
    size_t i, count = x->a.cols;
    for (; times > 0; --times)
        for (i = 0; i < count; ++i) dst[i] = 1 / (1 + expf(-a[i]));
}

static void header_div(void *state, long times) {
    bench_arrays *x = state;
    for (; times > 0; --times) ffnn_div(x->dst, x->a, x->b);
}

static void header_add(void *state, long times) {
    bench_arrays *x = state;
    for (; times > 0; --times) ffnn_add(x->dst, x->a, x->b);
}

static void header_randn(void *state, long times) {
    bench_arrays *x = state;
    for (; times > 0; --times) {
        ffnn_rng_seed(&rng, 1);
        ffnn_randn(x->dst, &rng);
    }
}

static void header_matmul(void *state, long times) {
    bench_arrays *x = state;
    for (; times > 0; --times) ffnn_matmul(x->dst, x->a, x->b);
}

static void plain_matmul(void *state, long times) {
    bench_arrays *x = state;
    for (; times > 0; --times)
        loops_product(x->dst.data, x->a.data, x->b.data, x->a.rows, x->a.cols, x->b.cols);
}

#ifdef BENCH_OPENBLAS
static void blas_matmul(void *state, long times) {
    bench_arrays *x = state;
    openblas_set_num_threads(1);
    for (; times > 0; --times)
        blas_product(x->dst.data, x->a.data, x->b.data, x->a.rows, x->a.cols, x->b.cols);
}
#endif

static void torch_arrays(void *state, long times) {
    torch_ask(((bench_arrays *)state)->torch_command, times);
}

/* Has everyone compute once, into an array of its own, and compares. */
static void check_arrays(const char *what, bench_work work[COLUMNS], bench_arrays arrays[COLUMNS],
                         float tolerance) {
    ffnn_tensor a = arrays[FFNN].a, b = arrays[FFNN].b, dst = arrays[FFNN].dst;
    if (torch.to != NULL) {
        torch_give(&arrays[FFNN].a, 2, 0);
        work[PYTORCH].run = torch_arrays;
    }
    for (int column = 0; column < COLUMNS; ++column) {
        bench_arrays *mine = &arrays[column];
        work[column].state = mine;
        if (work[column].run == NULL) continue;
        mine->torch_command = what;
        mine->a = a;
        mine->b = b;
        if (column != FFNN) mine->dst = new_tensor(dst.rows, dst.cols);
        work[column].run(mine, 1);
        if (column == PYTORCH) torch_receive(&mine->dst, 1);
        require(largest_difference(dst.data, mine->dst.data, dst.rows * dst.cols) < tolerance,
                what);
    }
}

static void free_arrays(bench_arrays arrays[COLUMNS]) {
    ffnn_tensor_free(&arrays[FFNN].a);
    ffnn_tensor_free(&arrays[FFNN].b);
    for (int column = 0; column < COLUMNS; ++column) ffnn_tensor_free(&arrays[column].dst);
}

/* command is bench_pytorch.py's; run and plain, if any, do the same. */
static void bench_elements(const char *name, const char *command, void (*run)(void *, long),
                           void (*plain)(void *, long), size_t m, size_t n, size_t b_rows) {
    bench_arrays arrays[COLUMNS] = {{{0, 0, NULL}, {0, 0, NULL}, {0, 0, NULL}, NULL}};
    bench_work work[COLUMNS] = {{NULL, NULL, 0}};
    arrays[FFNN].a = new_tensor(m, n);
    arrays[FFNN].b = new_tensor(b_rows, n);
    arrays[FFNN].dst = new_tensor(m, n);
    fill_uniform(arrays[FFNN].a, -10, 10);
    fill_uniform(arrays[FFNN].b, 1, 2);
    work[FFNN].run = run;
    work[PLAIN].run = plain;
    check_arrays(command, work, arrays, run == header_randn ? 1e-6f : 2e-7f);
    measure(work, COLUMNS, &usual_pace, processor_clock);
    add_row(name, work, (double)(m * n), 0);
    free_arrays(arrays);
}

/* ---- the multiply-add peak --------------------------------------------------------------- */
/* 12 sums that do not wait for each other keep all of a processor's multipliers busy; they begin
   differently, or the compiler would make them one. */

enum { SUMS = 12 };

#define DEFINE_PEAK(name, target, vector, all, multiply_add)                                    \
    target static void name(void *state, long times) {                                            \
        vector x = all(0.999f), y = all(0.001f), s0 = all(0), s1 = all(1), s2 = all(2),         \
               s3 = all(3), s4 = all(4), s5 = all(5), s6 = all(6), s7 = all(7), s8 = all(8),    \
               s9 = all(9), s10 = all(10), s11 = all(11);                                       \
        for (; times > 0; --times) {                                                            \
            s0 = multiply_add(s0, x, y);                                                        \
            s1 = multiply_add(s1, x, y);                                                        \
            s2 = multiply_add(s2, x, y);                                                        \
            s3 = multiply_add(s3, x, y);                                                        \
            s4 = multiply_add(s4, x, y);                                                        \
            s5 = multiply_add(s5, x, y);                                                        \
            s6 = multiply_add(s6, x, y);                                                        \
            s7 = multiply_add(s7, x, y);                                                        \
            s8 = multiply_add(s8, x, y);                                                        \
            s9 = multiply_add(s9, x, y);                                                        \
            s10 = multiply_add(s10, x, y);                                                      \
            s11 = multiply_add(s11, x, y);                                                      \
        }                                                                                       \
        s0 = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;                       \
        memcpy(state, &s0, sizeof s0);                                                          \
    }

#if defined(__x86_64__) || defined(__i386__)
#define SSE_MULTIPLY_ADD(s, x, y) _mm_add_ps(_mm_mul_ps(s, x), y)
DEFINE_PEAK(peak_baseline, __attribute__((target("sse2"))), __m128, _mm_set1_ps, SSE_MULTIPLY_ADD)
DEFINE_PEAK(peak_avx2, __attribute__((target("avx2,fma"))), __m256, _mm256_set1_ps,
            _mm256_fmadd_ps)
DEFINE_PEAK(peak_avx512, __attribute__((target("avx512f"))), __m512, _mm512_set1_ps,
            _mm512_fmadd_ps)
#elif defined(__ARM_NEON)
#define NEON_MULTIPLY_ADD(s, x, y) vfmaq_f32(y, s, x)
DEFINE_PEAK(peak_baseline, , float32x4_t, vdupq_n_f32, NEON_MULTIPLY_ADD)
#else
#define FLOAT_ALL(x) (x)
#define FLOAT_MULTIPLY_ADD(s, x, y) ((s) * (x) + (y))
DEFINE_PEAK(peak_baseline, , float, FLOAT_ALL, FLOAT_MULTIPLY_ADD)
#endif

typedef struct core_peak {
    const char *name;
    void (*run)(void *state, long times);
    double lanes;
} core_peak;

/* What this processor can run, the best last; NULL ends them. */
static const core_peak *peaks_here(void) {
    static core_peak peaks[4];
    core_peak *at = peaks;
#if defined(__x86_64__) || defined(__i386__)
    static const core_peak sse2 = {"SSE2", peak_baseline, 4}, avx2 = {"AVX2", peak_avx2, 8},
                      avx512 = {"AVX-512", peak_avx512, 16};
    *at++ = sse2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) *at++ = avx2;
    if (__builtin_cpu_supports("avx512f")) *at++ = avx512;
#elif defined(__ARM_NEON)
    static const core_peak neon = {"NEON", peak_baseline, 4};
    *at++ = neon;
#else
    static const core_peak plain = {"plain C", peak_baseline, 1};
    *at++ = plain;
#endif
    return peaks;
}

/* The speed of each kind, and the share of the best one that ffnn_matmul reaches. */
typedef struct core_speed {
    const core_peak *peaks;
    double gflops[4];
    double share;
} core_speed;

/* The products and the peaks take turns, so that both meet the same clock rate. */
static core_speed bench_matmul(void) {
    enum { SIZE = 512 };
    const double flops = 2.0 * SIZE * SIZE * SIZE;
    bench_arrays arrays[COLUMNS] = {{{0, 0, NULL}, {0, 0, NULL}, {0, 0, NULL}, NULL}};
    bench_work work[COLUMNS + 4] = {{NULL, NULL, 0}};
    float sink[16];
    core_speed speed = {NULL, {0}, 0};
    arrays[FFNN].a = new_weights(SIZE, SIZE);
    arrays[FFNN].b = new_weights(SIZE, SIZE);
    arrays[FFNN].dst = new_tensor(SIZE, SIZE);
    work[FFNN].run = header_matmul;
    work[PLAIN].run = plain_matmul;
#ifdef BENCH_OPENBLAS
    work[OPENBLAS].run = blas_matmul;
#endif
    check_arrays("matmul", work, arrays, 2e-6f);
    speed.peaks = peaks_here();
    for (int i = 0; speed.peaks[i].run != NULL; ++i) {
        work[COLUMNS + i].run = speed.peaks[i].run;
        work[COLUMNS + i].state = sink;
    }
    measure(work, COUNT_OF(work), &usual_pace, processor_clock);
    add_row("matmul 512 x 512 x 512", work, 1, flops);
    for (int i = 0; speed.peaks[i].run != NULL; ++i) {
        speed.gflops[i] = 2 * SUMS * speed.peaks[i].lanes / work[COLUMNS + i].seconds * 1e-9;
        speed.share = flops / work[FFNN].seconds * 1e-9 / speed.gflops[i];
    }
    free_arrays(arrays);
    return speed;
}

/* ---- files ------------------------------------------------------------------------------- */

typedef struct file_state {
    ffnn_net net;
    ffnn_tensor weights;        /* the same bytes, for plain C */
    char path[500], plain_path[500];
} file_state;

static void header_save(void *state, long times) {
    file_state *f = state;
    for (; times > 0; --times) require(ffnn_save(&f->net, f->path) == FFNN_OK, "ffnn_save");
}

static void header_load(void *state, long times) {
    file_state *f = state;
    for (; times > 0; --times) require(ffnn_load(&f->net, f->path) == FFNN_OK, "ffnn_load");
}

/* Like ffnn_save, it waits for the disk. */
static void plain_save(void *state, long times) {
    file_state *f = state;
    size_t count = f->weights.rows * f->weights.cols;
    for (; times > 0; --times) {
        FILE *file = fopen(f->plain_path, "wb");
        require(file != NULL && fwrite(f->weights.data, sizeof(float), count, file) == count &&
                fflush(file) == 0 && fsync(fileno(file)) == 0 && fclose(file) == 0, "fwrite");
    }
}

static void plain_load(void *state, long times) {
    file_state *f = state;
    size_t count = f->weights.rows * f->weights.cols;
    for (; times > 0; --times) {
        FILE *file = fopen(f->plain_path, "rb");
        require(file != NULL && fread(f->weights.data, sizeof(float), count, file) == count &&
                fclose(file) == 0, "fread");
    }
}

static void bench_files(const char *folder) {
    enum { SIZE = 5000 };
    file_state f;
    bench_work save[COLUMNS] = {{NULL, NULL, 0}}, load[COLUMNS] = {{NULL, NULL, 0}};
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = desc.sizes[1] = SIZE;
    require(ffnn_init(&f.net, &desc) == FFNN_OK, "ffnn_init");
    f.weights = new_tensor(SIZE, SIZE);
    ffnn_copy(f.weights, f.net.layers[0].weight);
    snprintf(f.path, sizeof f.path, "%s/network.safetensors", folder);
    snprintf(f.plain_path, sizeof f.plain_path, "%s/network.raw", folder);
    save[FFNN].run = header_save;
    save[PLAIN].run = plain_save;
    load[FFNN].run = header_load;
    load[PLAIN].run = plain_load;
    save[FFNN].state = save[PLAIN].state = load[FFNN].state = load[PLAIN].state = &f;
    measure(save, COLUMNS, &slow_pace, wall_clock);
    add_row("saving a network of 100 MB", save, 1, 0);
    measure(load, COLUMNS, &slow_pace, wall_clock);
    require(largest_difference(f.net.layers[0].weight.data, f.weights.data,
                               (size_t)SIZE * SIZE) <= 0, "comparing the files");
    add_row("loading a network of 100 MB", load, 1, 0);
    remove(f.path);
    remove(f.plain_path);
    ffnn_tensor_free(&f.weights);
    ffnn_free(&f.net);
}

/* The file of a new network, and reading its bytes into new memory. */
typedef struct new_state {
    char path[500];
    size_t size;
} new_state;

static void header_new(void *state, long times) {
    new_state *n = state;
    for (; times > 0; --times) {
        ffnn_net net;
        require(ffnn_init_from_file(&net, n->path) == FFNN_OK, "ffnn_init_from_file");
        ffnn_free(&net);
    }
}

static void plain_new(void *state, long times) {
    new_state *n = state;
    for (; times > 0; --times) {
        FILE *file = fopen(n->path, "rb");
        void *bytes = malloc(n->size);
        require(file != NULL && bytes != NULL && fread(bytes, 1, n->size, file) == n->size &&
                fclose(file) == 0, "fread");
        free(bytes);
    }
}

/* With biases, its weights lie in the file as PyTorch has them: they have to be transposed. */
static void bench_new_network(const char *name, const char *folder, bool biases) {
    new_state n;
    bench_work work[COLUMNS] = {{NULL, NULL, 0}};
    ffnn_net net;
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = desc.sizes[1] = 5000;
    desc.biases = biases;
    require(ffnn_init(&net, &desc) == FFNN_OK, "ffnn_init");
    require(ffnn_save_memory(&net, NULL, 0, &n.size) == FFNN_OK, "ffnn_save_memory");
    snprintf(n.path, sizeof n.path, "%s/new.safetensors", folder);
    require(ffnn_save(&net, n.path) == FFNN_OK, "ffnn_save");
    ffnn_free(&net);
    work[FFNN].run = header_new;
    work[PLAIN].run = plain_new;
    work[FFNN].state = work[PLAIN].state = &n;
    measure(work, COLUMNS, &slow_pace, wall_clock);
    add_row(name, work, 1, 0);
    remove(n.path);
}

/* ---- the picture ------------------------------------------------------------------------- */
/* A bar for each ratio, on a logarithmic axis; it begins at 1, where a library is as fast as
   ffnn.h. Tenths of a pixel, whole numbers only: the program's locale cannot spoil the file. */

enum { PICTURE_WIDTH = 9000, AXIS_LEFT = 3900, AXIS_RIGHT = 8300, AXIS_TOP = 760, BAR = 110,
       ROW_GAP = 110 };

typedef struct bar_axis {
    double low, high;   /* logarithms */
} bar_axis;

static int axis_x(bar_axis axis, double ratio) {
    double part = (log10(ratio) - axis.low) / (axis.high - axis.low);
    return AXIS_LEFT + (int)lround((AXIS_RIGHT - AXIS_LEFT) * part);
}

static bar_axis make_axis(void) {
    bar_axis axis = {0, 1};
    for (size_t i = 0; i < row_count; ++i)
        for (int column = PLAIN; column < COLUMNS; ++column)
            if (rows[i].seconds[column] > 0) {
                axis.low = fmin(axis.low, log10(ratio_of(&rows[i], column)) - 0.02);
                axis.high = fmax(axis.high, log10(ratio_of(&rows[i], column)));
            }
    return axis;
}

static void draw_style(FILE *out) {
    static const char *const schemes[2][7] = {
        /* background, text, grid, then the libraries */
        {"#ffffff", "#24292f", "#d8dee4", "#05909a", "#ed5d0d", "#a010f0", "#352779"},
        {"#161b22", "#d6dde4", "#373e47", "#41feab", "#c85a08", "#9850e4", "#d4fa27"}};
    static const char *const rules[7] = {".b{fill:", "text{fill:", ".g{stroke:", ".c1{fill:",
                                         ".c2{fill:", ".c3{fill:", ".c4{fill:"};
    fputs("<style>\ntext{font:130px sans-serif}.t{font-weight:bold}.e{text-anchor:end}"
          ".m{text-anchor:middle}\n.s{font-size:105px}.g{stroke-width:10}\n", out);
    for (int scheme = 0; scheme < 2; ++scheme) {
        fputs(scheme ? "@media (prefers-color-scheme:dark){" : "", out);
        for (int i = 0; i < 7; ++i) fprintf(out, "%s%s}", rules[i], schemes[scheme][i]);
        fputs(scheme ? "}\n</style>\n" : "\n", out);
    }
}

static void draw_axis(FILE *out, bar_axis axis, int bottom) {
    static const char *const ticks[] = {"0.1", "0.2", "0.5", "1",   "2",   "5",   "10",
                                        "20",  "50",  "100", "200", "500", "1000", "2000"};
    static const double values[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000,
                                    2000};
    for (size_t i = 0; i < COUNT_OF(ticks); ++i) {
        int x = axis_x(axis, values[i]);
        if (log10(values[i]) < axis.low || log10(values[i]) > axis.high) continue;
        fprintf(out, "<path class=\"g\" d=\"M%d %dV%d\"/><text class=\"m\" x=\"%d\" y=\"%d\">%s"
                "</text>\n", x, AXIS_TOP, bottom, x, bottom + 170, ticks[i]);
    }
}

static void draw_bar(FILE *out, bar_axis axis, int column, double ratio, int y) {
    int x = axis_x(axis, ratio), one = axis_x(axis, 1);
    long hundredths = lround(ratio * 100), tenths = lround(ratio * 10);
    fprintf(out, "<rect class=\"c%d\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", column,
            x < one ? x : one, y, x < one ? one - x : x - one, BAR - 10);
    fprintf(out, "<text class=\"s\" x=\"%d\" y=\"%d\">", (x < one ? one : x) + 50, y + BAR - 25);
    if (hundredths < 1000)
        fprintf(out, "%ld.%02ld</text>\n", hundredths / 100, hundredths % 100);
    else if (tenths < 1000)
        fprintf(out, "%ld.%ld</text>\n", tenths / 10, tenths % 10);
    else
        fprintf(out, "%ld</text>\n", lround(ratio));
}

/* Returns where the next row begins. */
static int draw_row(FILE *out, bar_axis axis, const bench_row *row, int top) {
    int y = top;
    for (int column = PLAIN; column < COLUMNS; ++column) {
        if (row->seconds[column] <= 0) continue;
        draw_bar(out, axis, column, ratio_of(row, column), y);
        y += BAR;
    }
    fprintf(out, "<text class=\"e\" x=\"%d\" y=\"%d\">%s</text>\n", AXIS_LEFT - 100,
            (top + y) / 2 + 40, row->name);
    return y + ROW_GAP;
}

static void draw_legend(FILE *out) {
    int x = AXIS_LEFT;
    for (int column = PLAIN; column < COLUMNS; ++column) {
        bool used = false;
        for (size_t i = 0; i < row_count; ++i) used = used || rows[i].seconds[column] > 0;
        if (!used) continue;
        fprintf(out, "<rect class=\"c%d\" x=\"%d\" y=\"420\" width=\"200\" height=\"%d\"/>"
                "<text x=\"%d\" y=\"520\">%s</text>\n", column, x, BAR, x + 270,
                column_names[column]);
        x += 1150;
    }
}

static void draw(const char *path) {
    FILE *out = fopen(path, "w");
    bar_axis axis = make_axis();
    int bottom = AXIS_TOP + ROW_GAP, column;
    require(out != NULL, "opening the picture");
    for (size_t i = 0; i < row_count; ++i, bottom += ROW_GAP)
        for (column = PLAIN; column < COLUMNS; ++column)
            if (rows[i].seconds[column] > 0) bottom += BAR;
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\">\n", PICTURE_WIDTH / 10, (bottom + 300) / 10, PICTURE_WIDTH,
            bottom + 300);
    draw_style(out);
    fputs("<rect class=\"b\" width=\"100%\" height=\"100%\"/>\n", out);
    fprintf(out, "<text class=\"t\" x=\"%d\" y=\"260\">ffnn.h is so many times as fast as</text>\n",
            AXIS_LEFT);
    draw_legend(out);
    draw_axis(out, axis, bottom);
    bottom = AXIS_TOP + ROW_GAP;
    for (size_t i = 0; i < row_count; ++i) bottom = draw_row(out, axis, &rows[i], bottom);
    fputs("</svg>\n", out);
    require(fclose(out) == 0, "writing the picture");
}

/* ---- the whole --------------------------------------------------------------------------- */

static void compile(void *command, long times) {
    for (; times > 0; --times) /* bench.sh's own command; NOLINTNEXTLINE(cert-env33-c) */
        require(system(command) == 0, "compiling the header");
}

static void print_notes(const double costs[MODULES], core_speed speed, double growth,
                        double compile_seconds, const char *code_size) {
    printf("\nMultiply-add peak of this core:");
    for (int i = 0; speed.peaks[i].run != NULL; ++i)
        printf("%s %s %.0f GFLOP/s", i > 0 ? "," : "", speed.peaks[i].name, speed.gflops[i]);
    printf("; ffnn_matmul reaches %.0f %% of the last.\n", 100 * speed.share);
    printf("A step with biases takes so many times as long as the lab's at the same sizes: "
           "784-128-10, batch 64, ReLU, softmax %.2f with SGD, %.2f with Adam; 3-4-1 with tanh "
           "%.2f.\n", costs[CLASSES_SGD], costs[CLASSES_ADAM], costs[LAB_SIZES]);
    printf("Time per multiply-add, training 784-H-10, batch 64, H from 128 to 2048: the slowest is "
           "%.2f times the fastest.\n", growth);
    printf("The implementation compiles in %.2f s to %s of code, all paths together.\n",
           compile_seconds, code_size);
#ifdef BENCH_OPENBLAS
    printf("%s; the sigmoid in its column is ffnn.h's.\n", openblas_get_config());
#endif
}

/* bench FOLDER CODE_SIZE COMPILE_COMMAND [TO_PYTORCH FROM_PYTORCH] */
int main(int argc, char **argv) {
    char path[500], arrays_path[500];
    bench_work compiling = {compile, NULL, 0};
    double costs[MODULES];
    core_speed speed;
    require(argc == 4 || argc == 6, "the command line of bench.sh");
    snprintf(arrays_path, sizeof arrays_path, "%s/arrays", argv[1]);
    torch.path = arrays_path;
    if (argc == 6) {
        torch.to = fopen(argv[4], "w");
        torch.from = fopen(argv[5], "r");
        require(torch.to != NULL && torch.from != NULL, "opening the pipes to PyTorch");
    }
    print_header();
    bench_networks();
    for (int i = 0; i < MODULES; ++i) costs[i] = bench_module_row(modules[i]);
    bench_elements("sigmoid of 1,000,000 numbers, each", "sigmoid", header_sigmoid, plain_sigmoid, 1,
                   1000000, 1);
    bench_elements("randn of 100,000 numbers, each", "randn", header_randn, NULL, 1000, 100, 1);
    bench_elements("100,000 quotients, each", "div", header_div, NULL, 1000, 100, 1000);
    bench_elements("a row added to 1000 of 100, a number", "add", header_add, NULL, 1000, 100, 1);
    speed = bench_matmul();
    bench_files(argv[1]);
    bench_new_network("a new network of 100 MB from its file", argv[1], false);
    bench_new_network("the same, its weights transposed", argv[1], true);
    double growth = cost_growth();
    compiling.state = argv[3];
    measure(&compiling, 1, &slow_pace, children_clock);
    print_notes(costs, speed, growth, compiling.seconds, argv[2]);
    print_sizes();
    snprintf(path, sizeof path, "%s/bench.svg", argv[1]);
    draw(path);
    return 0;
}
