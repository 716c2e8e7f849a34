/* models.h: trains a torch.nn MLP and prints the transcript that PyTorch prints. mlp.c and train.c have
   lists of models; tests/reference/mlp.py and train.py are the same programs on real PyTorch. As
   there, one generator draws the weights of a model and then the order of its samples before each
   epoch. */
#ifndef TEST_MODELS_H
#define TEST_MODELS_H

#include "test.h" /* the implementation that make shares takes its memory from there */
#include "../ffnn.h"

#include "../examples/require.h"
#include "activations.h"

enum { EPOCHS = 80, SHOWN_SAMPLES = 5, SHOWN_INPUTS = 6 };

static const size_t shown_epochs[] = {1, 2, 3, 5, 10, 20, 40, EPOCHS};

typedef struct model {
    size_t sizes[4];
    const char *activations, *loss, *optimizer;
    float learning_rate, momentum, weight_decay, clip_norm;
    size_t samples, batch_size; /* 0: all samples */
    const char *flags;          /* shuffled, weighted, soft, with one space between */
    bool is_gradient_shown;     /* and clip_norm */
} model;

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

/* Row i times (i mod 4) / 2. */
static void soften(ffnn_tensor y) {
    for (size_t i = 0; i < y.rows; ++i)
        for (size_t j = 0; j < y.cols; ++j) *ffnn_at(y, i, j) *= (float)(i % 4) / 2;
}

static void fill_targets(const ffnn_net *net, ffnn_tensor y, ffnn_tensor X) {
    if (net->loss != FFNN_CROSS_ENTROPY) fill_regression(y, X);
    else if (net->layers[net->layer_count - 1].activation == FFNN_SOFTMAX) fill_classes(y, X);
    else fill_binary(y, X);
}

/* ---- the models -------------------------------------------------------------------------- */

static ffnn_loss loss_named(const char *name) {
    static const char *const names[] = {"sum", "mse", "cross-entropy", "l1", "huber", "custom"};
    size_t i = 0;
    while (i + 1 < COUNT_OF(names) && strcmp(names[i], name) != 0) ++i;
    return (ffnn_loss)i;
}

static ffnn_desc describe(const model *m, ffnn_rng *rng) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    memcpy(desc.sizes, m->sizes, sizeof m->sizes);
    set_activations(&desc, m->activations);
    desc.rng = rng;
    desc.biases = true;
    desc.loss = loss_named(m->loss);
    desc.optimizer = strcmp(m->optimizer, "sgd") == 0 ? FFNN_SGD : FFNN_ADAM;
    desc.momentum = m->momentum;
    desc.weight_decay = m->weight_decay;
    desc.clip_norm = m->clip_norm;
    return desc;
}

static void print_title(const model *m) {
    printf("%d", (int)m->sizes[0]);
    for (size_t i = 1; i < 4 && m->sizes[i] > 0; ++i) printf("-%d", (int)m->sizes[i]);
    printf(" %s, %s, %s %g momentum %g decay %g", m->activations, m->loss, m->optimizer,
           (double)m->learning_rate, (double)m->momentum, (double)m->weight_decay);
    if (m->is_gradient_shown) printf(" clip %g", (double)m->clip_norm);
    printf(", %d samples, batch %d", (int)m->samples,
           (int)(m->batch_size != 0 ? m->batch_size : m->samples));
    for (const char *flag = m->flags; *flag != '\0'; flag += strspn(flag, " ")) {
        int length = (int)strcspn(flag, " ");
        printf(", %.*s", length, flag);
        flag += length;
    }
    printf("\n");
}

static void print_loss(size_t epoch, double loss) {
    for (size_t i = 0; i < COUNT_OF(shown_epochs); ++i)
        if (shown_epochs[i] == epoch) printf("epoch %d: %.5f\n", (int)epoch, loss);
}

static bool print_progress(void *user, const ffnn_progress *progress) {
    (void)user;
    print_loss(progress->epoch, (double)progress->loss);
    return true;
}

/* The pinball loss of quantile 0.75, the mean of max(0.75 (y - a), 0.25 (a - y)), of softmax's z in
   a's place; its gradient goes to gradient. */
static double pinball(const ffnn_net *net, ffnn_tensor y, ffnn_tensor gradient) {
    const ffnn_layer *last = &net->layers[net->layer_count - 1];
    const float *a = last->activation == FFNN_SOFTMAX ? last->z.data : last->a.data;
    size_t count = y.rows * y.cols;
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
        double d = (double)y.data[i] - (double)a[i];
        sum += d > 0 ? 0.75 * d : -0.25 * d;
        gradient.data[i] = (float)((d > 0 ? -0.75 : 0.25) / (double)count);
    }
    return sum / (double)count;
}

/* The loss of the user's, on all samples at once. */
static void train_by_pinball(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate) {
    ffnn_tensor gradient;
    require(ffnn_tensor_init(&gradient, y.rows, y.cols), "gradient");
    for (size_t epoch = 1; epoch <= EPOCHS; ++epoch) {
        require(ffnn_forward(net, X, NULL), "forward");
        print_loss(epoch, pinball(net, y, gradient));
        require(ffnn_backward(net, X, gradient, learning_rate), "backward");
    }
    ffnn_tensor_free(&gradient);
}

static void train(const model *m, ffnn_net *net, ffnn_tensor X, ffnn_tensor y, ffnn_rng *rng) {
    static float weights[256];
    ffnn_fit_desc fit;
    memset(&fit, 0, sizeof fit);
    fit.epochs = EPOCHS;
    fit.learning_rate = m->learning_rate;
    fit.batch_size = m->batch_size != 0 ? m->batch_size : m->samples;
    fit.rng = strstr(m->flags, "shuffled") != NULL ? rng : NULL;
    fit.progress = print_progress;
    for (size_t i = 0; i < X.rows; ++i) weights[i] = (float)(i % 5) / 2;
    if (strstr(m->flags, "weighted") != NULL)
        fit.sample_weights = ffnn_view(weights, X.rows, 1);
    if (net->loss == FFNN_CUSTOM) train_by_pinball(net, X, y, m->learning_rate);
    else require(ffnn_fit(net, X, y, &fit), "training");
}

static void print_outputs(const ffnn_net *net, ffnn_tensor X, size_t outputs) {
    ffnn_tensor output;
    require(ffnn_tensor_init(&output, X.rows, outputs), "output");
    require(ffnn_predict(net, X, output), "prediction");
    for (size_t i = 0; i < output.rows; ++i)
        for (size_t j = 0; j < output.cols; ++j)
            printf("%.4f%c", (double)*ffnn_at(output, i, j), j + 1 < output.cols ? ' ' : '\n');
    ffnn_tensor_free(&output);
}

/* -0.00000 is printed as 0.00000, as train.py does. */
static void print_gradients(ffnn_net *net, ffnn_tensor X, ffnn_tensor y) {
    ffnn_tensor gradient, of_outputs;
    require(ffnn_tensor_init(&gradient, X.rows, X.cols), "gradient");
    require(ffnn_tensor_init(&of_outputs, y.rows, y.cols), "gradient");
    require(ffnn_forward(net, X, NULL), "forward");
    if (net->loss == FFNN_CUSTOM) pinball(net, y, of_outputs);
    require(ffnn_gradient(net, X, net->loss == FFNN_CUSTOM ? of_outputs : y, gradient), "gradient");
    for (size_t i = 0; i < X.rows; ++i) {
        printf("gradient:");
        for (size_t j = 0; j < X.cols && j < SHOWN_INPUTS; ++j) {
            double value = (double)*ffnn_at(gradient, i, j);
            printf(" %.5f", fabs(value) < 0.000005 ? 0 : value);
        }
        printf("\n");
    }
    ffnn_tensor_free(&gradient);
    ffnn_tensor_free(&of_outputs);
}

static void run_model(const model *m, uint64_t seed) {
    ffnn_rng rng;
    ffnn_desc desc = describe(m, &rng);
    ffnn_net net;
    ffnn_tensor X, y;
    print_title(m);
    ffnn_rng_seed(&rng, seed);
    require(ffnn_init(&net, &desc), "network");
    require(ffnn_tensor_init(&X, m->samples, net.sizes[0]), "data");
    require(ffnn_tensor_init(&y, m->samples, net.sizes[net.layer_count]), "data");
    ffnn_tensor shown_X = ffnn_view(X.data, SHOWN_SAMPLES, X.cols);
    ffnn_tensor shown_y = ffnn_view(y.data, SHOWN_SAMPLES, y.cols);
    fill_inputs(X);
    fill_targets(&net, y, X);
    if (strstr(m->flags, "soft") != NULL) soften(y);
    train(m, &net, X, y, &rng);
    print_outputs(&net, shown_X, y.cols);
    memset(y.data, 0, y.rows * y.cols * sizeof(float));
    fill_targets(&net, y, X); /* hard ones */
    if (m->is_gradient_shown) print_gradients(&net, shown_X, shown_y);
    printf("\n");
    ffnn_free(&net);
    ffnn_tensor_free(&X);
    ffnn_tensor_free(&y);
}

/* The main function of a program with a list of models: [--seed N] */
static int run_models(const model *models, size_t count, int argc, char **argv) {
    uint64_t seed = 0;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0) {
        seed = strtoull(argv[2], NULL, 10);
    } else if (argc != 1) {
        fprintf(stderr, "usage: %s [--seed N]\n", PROGRAM);
        return 2;
    }
    for (size_t i = 0; i < count; ++i) run_model(&models[i], seed);
    require_output();
    return 0;
}

#endif
