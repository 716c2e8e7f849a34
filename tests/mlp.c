/* mlp --seed N: trains twelve torch.nn MLPs and prints the transcript that PyTorch prints.

   tests/reference/mlp.py is the same program on real PyTorch, and tests/transcripts_mlp/seed-N.txt
   is what it prints. As there, one generator draws the weights of a model and then the order of
   its samples before each epoch. */
#include "test.h" /* the implementation that make shares takes its memory from there */
#include "../ffnn.h"

#define PROGRAM "mlp"
#include "../examples/require.h"
#include "activations.h"

enum { EPOCHS = 80, SHOWN_SAMPLES = 5 };

static const size_t shown_epochs[] = {1, 2, 3, 5, 10, 20, 40, EPOCHS};

typedef struct model {
    size_t sizes[4];
    const char *activations, *loss, *optimizer;
    float learning_rate, momentum, weight_decay;
    size_t samples, batch_size; /* 0: all samples */
    bool is_shuffled;
} model;

static const model models[] = {
    {{8, 1}, "identity", "mse", "sgd", 0.05f, 0, 0, 62, 0, false},
    {{2, 8, 1}, "tanh sigmoid", "mse", "sgd", 0.5f, 0, 0, 31, 0, false},
    {{8, 16, 1}, "relu identity", "mse", "sgd", 0.02f, 0.9f, 0, 62, 0, false},
    {{8, 16, 1}, "leaky_relu identity", "mse", "sgd", 0.02f, 0.9f, 0.001f, 62, 0, false},
    {{8, 16, 1}, "elu identity", "mse", "adam", 0.01f, 0, 0, 62, 0, false},
    {{8, 16, 1}, "silu identity", "mse", "adam", 0.01f, 0, 0.01f, 62, 0, false},
    {{8, 16, 2}, "gelu tanh", "mse", "adam", 0.01f, 0, 0, 62, 0, false},
    {{8, 16, 1}, "sigmoid sigmoid", "cross-entropy", "adam", 0.01f, 0, 0, 62, 0, false},
    {{8, 16, 3}, "relu softmax", "cross-entropy", "adam", 0.01f, 0, 0, 62, 0, false},
    {{8, 12, 12, 3}, "tanh tanh softmax", "cross-entropy", "sgd", 0.1f, 0, 0, 62, 20, false},
    {{8, 16, 3}, "tanh softmax", "cross-entropy", "sgd", 0.05f, 0.9f, 0, 62, 16, true},
    {{20, 33, 10}, "relu softmax", "cross-entropy", "adam", 0.002f, 0, 0, 155, 32, true},
};

/* ---- the data ---------------------------------------------------------------------------- */

/* Whole eighths from -15/8 to 15/8: exact in float. */
static void fill_inputs(ffnn_tensor X) {
    for (size_t i = 0; i < X.rows; ++i)
        for (size_t j = 0; j < X.cols; ++j)
            *ffnn_at(X, i, j) = (float)((int)((i * 7 + j * 13 + i * j * 3) % 31) - 15) / 8;
}

/* x0 x1 / 4 */
static void fill_regression(ffnn_tensor y, ffnn_tensor X) {
    for (size_t i = 0; i < y.rows; ++i)
        for (size_t j = 0; j < y.cols; ++j)
            *ffnn_at(y, i, j) = *ffnn_at(X, i, 0) * *ffnn_at(X, i, 1) / 4;
}

/* One-hot: the class is the number of inputs above 0, modulo the number of classes. */
static void fill_classes(ffnn_tensor y, ffnn_tensor X) {
    for (size_t i = 0; i < y.rows; ++i) {
        size_t above = 0;
        for (size_t j = 0; j < X.cols; ++j) above += *ffnn_at(X, i, j) > 0;
        *ffnn_at(y, i, above % y.cols) = 1;
    }
}

/* Whether x0 x1 > 0 */
static void fill_binary(ffnn_tensor y, ffnn_tensor X) {
    for (size_t i = 0; i < y.rows; ++i)
        *ffnn_at(y, i, 0) = *ffnn_at(X, i, 0) * *ffnn_at(X, i, 1) > 0 ? 1.0f : 0.0f;
}

/* ---- the models -------------------------------------------------------------------------- */

static ffnn_desc describe(const model *m, ffnn_rng *rng) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    memcpy(desc.sizes, m->sizes, sizeof m->sizes);
    set_activations(&desc, m->activations);
    desc.rng = rng;
    desc.biases = true;
    desc.loss = strcmp(m->loss, "mse") == 0 ? FFNN_MSE : FFNN_CROSS_ENTROPY;
    desc.optimizer = strcmp(m->optimizer, "sgd") == 0 ? FFNN_SGD : FFNN_ADAM;
    desc.momentum = m->momentum;
    desc.weight_decay = m->weight_decay;
    return desc;
}

static void print_title(const model *m) {
    printf("%d", (int)m->sizes[0]);
    for (size_t i = 1; i < 4 && m->sizes[i] > 0; ++i) printf("-%d", (int)m->sizes[i]);
    printf(" %s, %s, %s %g momentum %g decay %g, %d samples, batch %d%s\n", m->activations,
           m->loss, m->optimizer, (double)m->learning_rate, (double)m->momentum,
           (double)m->weight_decay, (int)m->samples,
           (int)(m->batch_size != 0 ? m->batch_size : m->samples),
           m->is_shuffled ? ", shuffled" : "");
}

static bool print_loss(void *user, const ffnn_progress *progress) {
    (void)user;
    for (size_t i = 0; i < COUNT_OF(shown_epochs); ++i)
        if (shown_epochs[i] == progress->epoch)
            printf("epoch %d: %.5f\n", (int)progress->epoch, (double)progress->loss);
    return true;
}

static void print_outputs(const ffnn_net *net, ffnn_tensor X, size_t outputs) {
    ffnn_tensor output;
    require(ffnn_tensor_init(&output, SHOWN_SAMPLES, outputs), "output");
    require(ffnn_predict(net, ffnn_view(X.data, SHOWN_SAMPLES, X.cols), output), "prediction");
    for (size_t i = 0; i < output.rows; ++i)
        for (size_t j = 0; j < output.cols; ++j)
            printf("%.4f%c", (double)*ffnn_at(output, i, j), j + 1 < output.cols ? ' ' : '\n');
    ffnn_tensor_free(&output);
}

static void run(const model *m, uint64_t seed) {
    ffnn_rng rng;
    ffnn_desc desc = describe(m, &rng);
    ffnn_fit_desc fit;
    ffnn_net net;
    ffnn_tensor X, y;
    size_t layers = 0;
    while (layers < 3 && m->sizes[layers + 1] > 0) ++layers;
    print_title(m);
    require(ffnn_tensor_init(&X, m->samples, m->sizes[0]), "data");
    require(ffnn_tensor_init(&y, m->samples, m->sizes[layers]), "data");
    fill_inputs(X);
    if (desc.loss == FFNN_MSE) fill_regression(y, X);
    else if (desc.activations[layers - 1] == FFNN_SOFTMAX) fill_classes(y, X);
    else fill_binary(y, X);

    ffnn_rng_seed(&rng, seed);
    require(ffnn_init(&net, &desc), "network");
    memset(&fit, 0, sizeof fit);
    fit.epochs = EPOCHS;
    fit.learning_rate = m->learning_rate;
    fit.batch_size = m->batch_size != 0 ? m->batch_size : m->samples;
    fit.rng = m->is_shuffled ? &rng : NULL;
    fit.progress = print_loss;
    require(ffnn_fit(&net, X, y, &fit), "training");
    print_outputs(&net, X, y.cols);
    printf("\n");
    ffnn_free(&net);
    ffnn_tensor_free(&X);
    ffnn_tensor_free(&y);
}

int main(int argc, char **argv) {
    uint64_t seed = 0;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0) {
        seed = strtoull(argv[2], NULL, 10);
    } else if (argc != 1) {
        fprintf(stderr, "usage: mlp [--seed N]\n");
        return 2;
    }
    for (size_t i = 0; i < COUNT_OF(models); ++i) run(&models[i], seed);
    require_output();
    return 0;
}
