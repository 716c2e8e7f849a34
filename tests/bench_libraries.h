/* bench_libraries.h: the same network in ffnn.h and in what it is measured against

   Every library gets the same problem and the same weights, does the same work (forward, and in
   training the lab's backward: error, delta, W += rate * input^T delta) on one thread, and hands
   its results out, so that bench.c can see that they are the same before it takes the time.
   FANN, OpenBLAS and PyTorch take part where bench.sh has found them. */
#ifndef BENCH_LIBRARIES_H
#define BENCH_LIBRARIES_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef BENCH_OPENBLAS
#include <cblas.h>
#endif
#ifdef BENCH_FANN
#include <fann.h>
#endif

typedef struct bench_problem {
    const char *name;
    size_t inputs, hidden, outputs, batch;
    float rate;             /* of learning */
    bool is_training;
    ffnn_tensor X, y;       /* batch x inputs, batch x outputs */
    ffnn_tensor W1, W2;     /* the weights to begin with */
} bench_problem;

/* A network is whatever a library's open returns; times is how often the work is done. */
typedef struct bench_library {
    void *(*open)(const bench_problem *problem);
    void (*train)(void *network, long times);
    void (*predict)(void *network, long times); /* the whole batch */
    void (*results)(void *network, float *W1, float *W2, float *output); /* of the last run */
    void (*close)(void *network);
} bench_library;

/* Ends the program unless ok. */
static void require(bool ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "bench: %s failed\n", what);
    exit(1);
}

static ffnn_tensor new_tensor(size_t rows, size_t cols) {
    ffnn_tensor t;
    require(ffnn_tensor_init(&t, rows, cols) == FFNN_OK, "allocating a tensor");
    return t;
}

static void copy_out(float *to, ffnn_tensor from) {
    memcpy(to, from.data, from.rows * from.cols * sizeof(float));
}

/* Keeps the compiler from doing once what is to be done many times. */
#define FORGET() __asm__ volatile("" : : : "memory")

/* ---- ffnn.h ------------------------------------------------------------------------------ */

typedef struct header_network {
    const bench_problem *problem;
    ffnn_net net;
    ffnn_tensor output;
} header_network;

static void *header_open(const bench_problem *p) {
    header_network *n = calloc(1, sizeof *n);
    ffnn_desc desc;
    require(n != NULL, "allocating a network");
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = p->inputs;
    desc.sizes[1] = p->hidden;
    desc.sizes[2] = p->outputs;
    require(ffnn_init(&n->net, &desc) == FFNN_OK, "ffnn_init");
    ffnn_copy(n->net.layers[0].weight, p->W1);
    ffnn_copy(n->net.layers[1].weight, p->W2);
    n->problem = p;
    n->output = new_tensor(p->batch, p->outputs);
    return n;
}

static void header_train(void *network, long times) {
    header_network *n = network;
    const bench_problem *p = n->problem;
    for (; times > 0; --times) ffnn_train(&n->net, p->X, p->y, p->rate, NULL);
}

static void header_predict(void *network, long times) {
    header_network *n = network;
    for (; times > 0; --times) {
        ffnn_predict(&n->net, n->problem->X, n->output);
        FORGET();
    }
}

static void header_results(void *network, float *W1, float *W2, float *output) {
    header_network *n = network;
    copy_out(W1, n->net.layers[0].weight);
    copy_out(W2, n->net.layers[1].weight);
    copy_out(output, n->output);
}

static void header_close(void *network) {
    header_network *n = network;
    ffnn_tensor_free(&n->output);
    ffnn_free(&n->net);
    free(n);
}

static const bench_library header_library = {
    header_open, header_train, header_predict, header_results, header_close};

/* ---- plain loops ------------------------------------------------------------------------- */
/* What a C programmer writes down first, with the loops in the order that suits the cache. */

/* c (m x n) = a (m x k) b (k x n) */
static void loops_product(float *c, const float *a, const float *b, size_t m, size_t k, size_t n) {
    for (size_t i = 0; i < m; ++i, c += n, a += k) {
        for (size_t j = 0; j < n; ++j) c[j] = 0;
        for (size_t p = 0; p < k; ++p)
            for (size_t j = 0; j < n; ++j) c[j] += a[p] * b[p * n + j];
    }
}

/* c (m x n) = a (m x k) b^T, where b is n x k */
static void loops_product_transposed(float *c, const float *a, const float *b, size_t m, size_t k,
                                     size_t n) {
    size_t i, j, p;
    for (i = 0; i < m; ++i, a += k) {
        for (j = 0; j < n; ++j) {
            float sum = 0;
            for (p = 0; p < k; ++p) sum += a[p] * b[j * k + p];
            *c++ = sum;
        }
    }
}

/* w (k x n) += rate * a^T b, where a is m x k and b is m x n */
static void loops_update(float *w, const float *a, const float *b, size_t m, size_t k, size_t n,
                         float rate) {
    size_t i, j, p;
    for (p = 0; p < k; ++p, w += n) {
        for (i = 0; i < m; ++i) {
            float factor = rate * a[i * k + p];
            for (j = 0; j < n; ++j) w[j] += factor * b[i * n + j];
        }
    }
}

static void loops_sigmoid(float *x, size_t count) {
    for (size_t i = 0; i < count; ++i) x[i] = 1 / (1 + expf(-x[i]));
}

/* ---- the step, on products from anywhere -------------------------------------------------- */

typedef struct product_set {
    void (*product)(float *c, const float *a, const float *b, size_t m, size_t k, size_t n);
    void (*product_transposed)(float *c, const float *a, const float *b, size_t m, size_t k,
                               size_t n);
    void (*update)(float *w, const float *a, const float *b, size_t m, size_t k, size_t n,
                   float rate);
    void (*sigmoid)(float *x, size_t count);
} product_set;

typedef struct step_network {
    const bench_problem *problem;
    const product_set *use;
    ffnn_tensor W1, W2, a1, a2, delta1, delta2;
} step_network;

static void *step_open(const bench_problem *p, const product_set *use) {
    step_network *n = calloc(1, sizeof *n);
    require(n != NULL, "allocating a network");
    n->problem = p;
    n->use = use;
    n->W1 = new_tensor(p->inputs, p->hidden);
    n->W2 = new_tensor(p->hidden, p->outputs);
    n->a1 = new_tensor(p->batch, p->hidden);
    n->a2 = new_tensor(p->batch, p->outputs);
    n->delta1 = new_tensor(p->batch, p->hidden);
    n->delta2 = new_tensor(p->batch, p->outputs);
    ffnn_copy(n->W1, p->W1);
    ffnn_copy(n->W2, p->W2);
    return n;
}

static void step_forward(step_network *n) {
    const bench_problem *p = n->problem;
    n->use->product(n->a1.data, p->X.data, n->W1.data, p->batch, p->inputs, p->hidden);
    n->use->sigmoid(n->a1.data, p->batch * p->hidden);
    n->use->product(n->a2.data, n->a1.data, n->W2.data, p->batch, p->hidden, p->outputs);
    n->use->sigmoid(n->a2.data, p->batch * p->outputs);
}

static void step_backward(step_network *n) {
    const bench_problem *p = n->problem;
    const float *y = p->y.data, *a1 = n->a1.data, *a2 = n->a2.data;
    float *delta1 = n->delta1.data, *delta2 = n->delta2.data;
    for (size_t i = 0; i < p->batch * p->outputs; ++i)
        delta2[i] = (y[i] - a2[i]) * (a2[i] * (1 - a2[i]));
    n->use->product_transposed(delta1, delta2, n->W2.data, p->batch, p->outputs, p->hidden);
    for (size_t i = 0; i < p->batch * p->hidden; ++i) delta1[i] *= a1[i] * (1 - a1[i]);
    n->use->update(n->W1.data, p->X.data, delta1, p->batch, p->inputs, p->hidden, p->rate);
    n->use->update(n->W2.data, a1, delta2, p->batch, p->hidden, p->outputs, p->rate);
}

static void step_train(void *network, long times) {
    for (; times > 0; --times) {
        step_forward(network);
        step_backward(network);
    }
}

static void step_predict(void *network, long times) {
    for (; times > 0; --times) {
        step_forward(network);
        FORGET();
    }
}

static void step_results(void *network, float *W1, float *W2, float *output) {
    step_network *n = network;
    copy_out(W1, n->W1);
    copy_out(W2, n->W2);
    copy_out(output, n->a2);
}

static void step_close(void *network) {
    step_network *n = network;
    ffnn_tensor_free(&n->W1);
    ffnn_tensor_free(&n->W2);
    ffnn_tensor_free(&n->a1);
    ffnn_tensor_free(&n->a2);
    ffnn_tensor_free(&n->delta1);
    ffnn_tensor_free(&n->delta2);
    free(n);
}

static const product_set loops_products = {loops_product, loops_product_transposed, loops_update,
                                        loops_sigmoid};

static void *loops_open(const bench_problem *p) { return step_open(p, &loops_products); }

static const bench_library loops_library = {
    loops_open, step_train, step_predict, step_results, step_close};

/* ---- plain loops for 3-4-1 alone, all sizes known to the compiler -------------------------- */

enum { INPUTS = 3, HIDDEN = 4, SAMPLES = 3 };

static float fixed_forward(const float x[INPUTS], float W1[INPUTS][HIDDEN], const float W2[HIDDEN],
                           float a1[HIDDEN]) {
    float z2 = 0;
    int i, j;
    for (j = 0; j < HIDDEN; ++j) {
        float z1 = 0;
        for (i = 0; i < INPUTS; ++i) z1 += x[i] * W1[i][j];
        a1[j] = 1 / (1 + expf(-z1));
        z2 += a1[j] * W2[j];
    }
    return 1 / (1 + expf(-z2));
}

static void fixed_train(void *network, long times) {
    step_network *n = network;
    float (*X)[INPUTS] = (float (*)[INPUTS])n->problem->X.data, *y = n->problem->y.data;
    float (*W1)[HIDDEN] = (float (*)[HIDDEN])n->W1.data, *W2 = n->W2.data;
    float rate = n->problem->rate;
    for (; times > 0; --times) {
        float dW1[INPUTS][HIDDEN] = {{0}}, dW2[HIDDEN] = {0}, a1[HIDDEN];
        for (int s = 0; s < SAMPLES; ++s) {
            float a2 = fixed_forward(X[s], W1, W2, a1);
            float delta2 = (y[s] - a2) * (a2 * (1 - a2));
            for (int j = 0; j < HIDDEN; ++j) {
                float delta1 = delta2 * W2[j] * (a1[j] * (1 - a1[j]));
                for (int i = 0; i < INPUTS; ++i) dW1[i][j] += X[s][i] * delta1;
                dW2[j] += a1[j] * delta2;
            }
        }
        for (int j = 0; j < HIDDEN; ++j) {
            for (int i = 0; i < INPUTS; ++i) W1[i][j] += rate * dW1[i][j];
            W2[j] += rate * dW2[j];
        }
    }
}

static void fixed_predict(void *network, long times) {
    step_network *n = network;
    float a1[HIDDEN];
    for (; times > 0; --times) {
        n->a2.data[0] = fixed_forward(n->problem->X.data, (float (*)[HIDDEN])n->W1.data,
                                      n->W2.data, a1);
        FORGET();
    }
}

static bool fixed_fits(const bench_problem *p) {
    return p->inputs == INPUTS && p->hidden == HIDDEN && p->outputs == 1 &&
           p->batch == (p->is_training ? SAMPLES : 1);
}

static const bench_library fixed_library = {
    loops_open, fixed_train, fixed_predict, step_results, step_close};

/* ---- OpenBLAS ---------------------------------------------------------------------------- */
/* One row is a vector: sgemv and sger are then faster than sgemm. The sigmoid is ffnn.h's own, so
   that what is compared is the products. */
#ifdef BENCH_OPENBLAS

static void blas_product(float *c, const float *a, const float *b, size_t m, size_t k, size_t n) {
    int rows = (int)m, depth = (int)k, cols = (int)n;
    if (m == 1)
        cblas_sgemv(CblasRowMajor, CblasTrans, depth, cols, 1, b, cols, a, 1, 0, c, 1);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, cols, depth, 1, a, depth, b,
                    cols, 0, c, cols);
}

static void blas_product_transposed(float *c, const float *a, const float *b, size_t m, size_t k,
                                    size_t n) {
    int rows = (int)m, depth = (int)k, cols = (int)n;
    if (m == 1)
        cblas_sgemv(CblasRowMajor, CblasNoTrans, cols, depth, 1, b, depth, a, 1, 0, c, 1);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, cols, depth, 1, a, depth, b,
                    depth, 0, c, cols);
}

static void blas_update(float *w, const float *a, const float *b, size_t m, size_t k, size_t n,
                        float rate) {
    int rows = (int)m, depth = (int)k, cols = (int)n;
    if (m == 1)
        cblas_sger(CblasRowMajor, depth, cols, rate, a, 1, b, 1, w, cols);
    else
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, depth, cols, rows, rate, a, depth, b,
                    cols, 1, w, cols);
}

static void blas_sigmoid(float *x, size_t count) {
    ffnn_sigmoid(ffnn_view(x, 1, count), ffnn_view(x, 1, count));
}

static void *blas_open(const bench_problem *p) {
    static const product_set products = {blas_product, blas_product_transposed, blas_update,
                                      blas_sigmoid};
    openblas_set_num_threads(1);
    return step_open(p, &products);
}

static const bench_library blas_library = {
    blas_open, step_train, step_predict, step_results, step_close};
#endif

/* ---- FANN -------------------------------------------------------------------------------- */
/* Its layers have biases, which cannot be left out; here they begin at 0. It divides the learning
   rate by the batch, keeps a unit's weights together (W transposed, then the bias), and knows its
   inputs and outputs one sample at a time. */
#ifdef BENCH_FANN

typedef struct fann_network {
    const bench_problem *problem;
    struct fann *ann;
    struct fann_train_data *data;
    ffnn_tensor output;
} fann_network;

static void *fann_open(const bench_problem *p) {
    fann_network *n = calloc(1, sizeof *n);
    unsigned sizes[3], rows = (unsigned)p->batch;
    require(n != NULL, "allocating a network");
    sizes[0] = (unsigned)p->inputs;
    sizes[1] = (unsigned)p->hidden;
    sizes[2] = (unsigned)p->outputs;
    n->problem = p;
    n->ann = fann_create_standard_array(3, sizes);
    n->data = fann_create_train(rows, sizes[0], sizes[2]);
    n->output = new_tensor(p->batch, p->outputs);
    require(n->ann != NULL && n->data != NULL, "FANN");
    fann_type *w = n->ann->weights;
    for (size_t j = 0; j < p->hidden; ++j) {
        for (size_t i = 0; i < p->inputs; ++i) *w++ = *ffnn_at(p->W1, i, j);
        *w++ = 0;
    }
    for (size_t j = 0; j < p->outputs; ++j) {
        for (size_t i = 0; i < p->hidden; ++i) *w++ = *ffnn_at(p->W2, i, j);
        *w++ = 0;
    }
    for (size_t row = 0; row < p->batch; ++row) {
        memcpy(n->data->input[row], ffnn_at(p->X, row, 0), p->inputs * sizeof(float));
        memcpy(n->data->output[row], ffnn_at(p->y, row, 0), p->outputs * sizeof(float));
    }
    fann_set_training_algorithm(n->ann, FANN_TRAIN_BATCH);
    fann_set_train_error_function(n->ann, FANN_ERRORFUNC_LINEAR);
    fann_set_activation_function_hidden(n->ann, FANN_SIGMOID);
    fann_set_activation_function_output(n->ann, FANN_SIGMOID);
    fann_set_learning_rate(n->ann, p->rate * (float)p->batch);
    return n;
}

static void fann_train_network(void *network, long times) {
    fann_network *n = network;
    for (; times > 0; --times) fann_train_epoch(n->ann, n->data);
}

static void fann_predict(void *network, long times) {
    fann_network *n = network;
    size_t outputs = n->problem->outputs;
    for (; times > 0; --times) {
        for (size_t row = 0; row < n->problem->batch; ++row)
            memcpy(n->output.data + row * outputs, fann_run(n->ann, n->data->input[row]),
                   outputs * sizeof(float));
    }
}

static void fann_results(void *network, float *W1, float *W2, float *output) {
    fann_network *n = network;
    const bench_problem *p = n->problem;
    const fann_type *w = n->ann->weights;
    for (size_t j = 0; j < p->hidden; ++j) {
        for (size_t i = 0; i < p->inputs; ++i) W1[i * p->hidden + j] = *w++;
        ++w; /* the bias */
    }
    for (size_t j = 0; j < p->outputs; ++j) {
        for (size_t i = 0; i < p->hidden; ++i) W2[i * p->outputs + j] = *w++;
        ++w;
    }
    copy_out(output, n->output);
}

static void fann_close(void *network) {
    fann_network *n = network;
    fann_destroy_train(n->data);
    fann_destroy(n->ann);
    ffnn_tensor_free(&n->output);
    free(n);
}

static const bench_library fann_library = {
    fann_open, fann_train_network, fann_predict, fann_results, fann_close};
#endif

/* ---- PyTorch ----------------------------------------------------------------------------- */
/* A process of its own, bench_pytorch.py, that takes a command a line and answers with the
   nanoseconds that it took; arrays travel in a file. */

static struct {
    FILE *to, *from;        /* NULL: PyTorch is not there */
    const char *path;       /* of the file for arrays */
    const bench_problem *problem;
    double seconds;         /* of processor time that its commands have taken */
} torch;

static void torch_ask(const char *command, long count) {
    char answer[100], *end;
    fprintf(torch.to, "%s %ld\n", command, count);
    fflush(torch.to);
    require(fgets(answer, sizeof answer, torch.from) != NULL, "PyTorch");
    torch.seconds += 1e-9 * strtod(answer, &end);
    require(end > answer, "PyTorch");
}

static void torch_send(FILE *file, ffnn_tensor t) {
    uint64_t shape[2];
    shape[0] = t.rows;
    shape[1] = t.cols;
    fwrite(shape, sizeof shape, 1, file);
    fwrite(t.data, sizeof(float), t.rows * t.cols, file);
}

/* The arrays that PyTorch's next commands work on. */
static void torch_give(const ffnn_tensor *arrays, size_t count, float rate) {
    FILE *file = fopen(torch.path, "wb");
    require(file != NULL, "writing arrays for PyTorch");
    fwrite(&rate, sizeof rate, 1, file);
    for (size_t i = 0; i < count; ++i) torch_send(file, arrays[i]);
    require(fclose(file) == 0, "writing arrays for PyTorch");
    torch_ask("take", (long)count);
}

static void *torch_open(const bench_problem *p) {
    ffnn_tensor arrays[4];
    arrays[0] = p->X;
    arrays[1] = p->y;
    arrays[2] = p->W1;
    arrays[3] = p->W2;
    torch_give(arrays, 4, p->rate);
    torch.problem = p;
    return &torch;
}

static void torch_train(void *network, long times) {
    (void)network;
    torch_ask("train", times);
}

static void torch_predict(void *network, long times) {
    (void)network;
    torch_ask("predict", times);
}

/* What PyTorch's last command computed. */
static void torch_receive(const ffnn_tensor *arrays, size_t count) {
    torch_ask("results", 1);
    FILE *file = fopen(torch.path, "rb");
    require(file != NULL, "reading PyTorch's results");
    for (size_t i = 0; i < count; ++i) {
        size_t size = arrays[i].rows * arrays[i].cols;
        require(fread(arrays[i].data, sizeof(float), size, file) == size,
                "reading PyTorch's results");
    }
    fclose(file);
}

static void torch_results(void *network, float *W1, float *W2, float *output) {
    const bench_problem *p = torch.problem;
    ffnn_tensor arrays[3];
    (void)network;
    arrays[0] = ffnn_view(W1, p->inputs, p->hidden);
    arrays[1] = ffnn_view(W2, p->hidden, p->outputs);
    arrays[2] = ffnn_view(output, p->batch, p->outputs);
    torch_receive(arrays, 3);
}

static void torch_close(void *network) { (void)network; }

static const bench_library torch_library = {
    torch_open, torch_train, torch_predict, torch_results, torch_close};

#endif
