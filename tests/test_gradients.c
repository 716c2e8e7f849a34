/* The chain rule: error, delta and the step of every parameter, for every activation and every
   loss, against finite differences of what is stepped down, computed here in long double. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#include "activations.h"

enum { MAX_UNITS = 8, MAX_SAMPLES = 9, LAYERS = 3 };

/* Of the largest number in a tensor: float sums of some ten products, which may cancel. */
static const double DIFFERENCE = 1e-5;

/* ---- experiments ------------------------------------------------------------------------- */

typedef struct setup {
    ffnn_activation hidden, last;
    ffnn_loss loss;
    bool biases;
    size_t samples;
} setup;

/* A network with random parameters and data. */
typedef struct experiment {
    ffnn_net net;
    ffnn_tensor X, y;
} experiment;

/* Targets as the loss wants them: probabilities for cross-entropy, with softmax rows of them. */
static void make_targets(ffnn_tensor y, bool is_softmax, bool is_cross_entropy) {
    for (size_t i = 0; i < element_count(y) && (is_softmax || is_cross_entropy); ++i)
        y.data[i] = (y.data[i] + 1) / 2;
    for (size_t row = 0; row < y.rows && is_softmax; ++row) {
        float sum = 0;
        for (size_t col = 0; col < y.cols; ++col) sum += *ffnn_at(y, row, col);
        for (size_t col = 0; col < y.cols; ++col) *ffnn_at(y, row, col) /= sum;
    }
}

static void free_experiment(experiment *e) {
    ffnn_free(&e->net);
    ffnn_tensor_free(&e->X);
    ffnn_tensor_free(&e->y);
}

/* Is any z so near to where a slope jumps, as ReLU's at 0, that a step of the finite differences
   might cross it? There is no derivative to compare with. */
static bool is_near_a_kink(const ffnn_net *net) {
    const real near = (real)1e-3, jump = (real)1e-2;
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_activation activation = net->layers[i].activation;
        ffnn_tensor z = net->layers[i].z;
        if (activation == FFNN_SOFTMAX) continue;
        for (size_t k = 0; k < element_count(z); ++k) {
            real below = true_slope(activation, (real)z.data[k] - near);
            real above = true_slope(activation, (real)z.data[k] + near);
            if (REAL(fabs)(above - below) > jump) return true;
        }
    }
    return false;
}

/* Is an output so near to its target that few digits are left of their difference? */
static bool is_near_its_target(const experiment *e) {
    ffnn_tensor a = e->net.layers[e->net.layer_count - 1].a;
    for (size_t k = 0; k < element_count(a); ++k)
        if (fabs((double)a.data[k] - (double)e->y.data[k]) < 1e-2)
            return true;
    return false;
}

/* With the first seed from `seed` on that keeps clear of both. After it the forward pass is done. */
static void make_experiment(experiment *e, const setup *s, uint64_t seed) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.biases = s->biases;
    desc.loss = s->loss;
    for (;; ++seed) {
        random_state = seed;
        for (size_t i = 0; i <= LAYERS; ++i)
            desc.sizes[i] = 1 + (size_t)(random_bits() % MAX_UNITS);
        if (seed % 3 == 0) { /* as the default network, whose sizes have code of their own */
            desc.sizes[LAYERS - 2] = 3;
            desc.sizes[LAYERS - 1] = 4;
            desc.sizes[LAYERS] = 1;
        }
        if (s->last == FFNN_SOFTMAX && desc.sizes[LAYERS] == 1) desc.sizes[LAYERS] = 2;
        for (size_t i = 0; i < LAYERS; ++i)
            desc.activations[i] = i + 1 < LAYERS ? s->hidden : s->last;
        CHECK_STATUS(FFNN_OK, ffnn_init(&e->net, &desc));
        for (size_t i = 0; i < e->net.layer_count; ++i) {
            fill_randomly(e->net.layers[i].weight);
            if (s->biases) fill_randomly(e->net.layers[i].bias);
        }
        e->X = random_tensor(s->samples, desc.sizes[0]);
        e->y = random_tensor(s->samples, desc.sizes[LAYERS]);
        make_targets(e->y, s->last == FFNN_SOFTMAX, s->loss == FFNN_CROSS_ENTROPY);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&e->net, e->X, NULL));
        if (test.errors > 0 || !(is_near_a_kink(&e->net) || is_near_its_target(e))) return;
        free_experiment(e);
    }
}

/* ---- what is stepped down, in long double ------------------------------------------------- */

/* Adds `step` to one number on the way: to element `at` of a layer's weight, bias, z or a. */
typedef enum place { WEIGHT, BIAS, Z, A } place;

typedef struct change {
    size_t layer;
    place part;
    size_t at;
    real step;
} change;

static real changed(const change *c, size_t layer, place part, size_t at, real value) {
    return c->layer == layer && c->part == part && c->at == at ? value + c->step : value;
}

static void forward_layer(real *z, real *a, const real *input, const ffnn_layer *layer,
                          size_t number, size_t sample, const change *c) {
    size_t inputs = layer->weight.rows, outputs = layer->weight.cols;
    for (size_t j = 0; j < outputs; ++j) {
        z[j] = layer->bias.data == NULL ? 0
            : changed(c, number, BIAS, j, (real)layer->bias.data[j]);
        for (size_t i = 0; i < inputs; ++i)
            z[j] += input[i] * changed(c, number, WEIGHT, i * outputs + j,
                                       (real)layer->weight.data[i * outputs + j]);
        z[j] = changed(c, number, Z, sample * outputs + j, z[j]);
    }
    if (layer->activation == FFNN_SOFTMAX) true_softmax(a, z, outputs);
    for (size_t j = 0; j < outputs; ++j) {
        if (layer->activation != FFNN_SOFTMAX) a[j] = true_activation(layer->activation, z[j]);
        a[j] = changed(c, number, A, sample * outputs + j, a[j]);
    }
}

/* Of one sample; the mean is taken by the caller. */
static real sample_loss(const ffnn_net *net, const real *z, const real *a, const float *y) {
    const ffnn_layer *last = &net->layers[net->layer_count - 1];
    size_t outputs = last->weight.cols;
    real loss = 0;
    for (size_t j = 0; j < outputs; ++j) {
        real target = (real)y[j];
        if (last->activation == FFNN_SOFTMAX)
            loss -= target * REAL(log)(a[j]);
        else if (net->loss == FFNN_CROSS_ENTROPY) /* log sigmoid(z) and log sigmoid(-z) */
            loss += target * REAL(log1p)(REAL(exp)(-z[j]))
                + (1 - target) * REAL(log1p)(REAL(exp)(z[j]));
        else
            loss += (target - a[j]) * (target - a[j]);
    }
    return loss;
}

/* What a step goes down: half the sum of squares, or the mean. */
static real objective(const experiment *e, const change *c) {
    const ffnn_net *net = &e->net;
    ffnn_activation last = net->layers[net->layer_count - 1].activation;
    real values[2 * (LAYERS + 1)][MAX_UNITS], sum = 0;
    for (size_t sample = 0; sample < e->X.rows; ++sample) {
        real *z = values[0], *a = values[1];
        for (size_t i = 0; i < e->X.cols; ++i) a[i] = (real)*ffnn_at(e->X, sample, i);
        for (size_t i = 0; i < net->layer_count; ++i) {
            const real *input = a;
            z = values[2 * (i + 1)];
            a = values[2 * (i + 1) + 1];
            forward_layer(z, a, input, &net->layers[i], i, sample, c);
        }
        sum += sample_loss(net, z, a, ffnn_at(e->y, sample, 0));
    }
    if (last == FFNN_SOFTMAX) return sum / (real)e->X.rows;
    if (net->loss == FFNN_HALF_SUM_OF_SQUARES) return sum / 2;
    return sum / (real)element_count(e->y);
}

/* Minus the objective's derivative by one number. */
static real downhill(const experiment *e, size_t layer, place part, size_t at) {
    change forth = {layer, part, at, (real)1 / 65536}, back = forth;
    back.step = -forth.step;
    return (objective(e, &back) - objective(e, &forth)) / (2 * forth.step);
}

/* ---- comparing --------------------------------------------------------------------------- */

enum { MAX_ELEMENTS = MAX_UNITS * MAX_SAMPLES };

static void check_downhill(const experiment *e, const char *what, size_t layer, place part,
                           const double *got, size_t count) {
    double expected[MAX_ELEMENTS], largest = 1e-3; /* all may be 0, behind ReLU */
    for (size_t i = 0; i < count; ++i) {
        expected[i] = (double)downhill(e, layer, part, i);
        largest = fmax(largest, fabs(expected[i]));
    }
    for (size_t i = 0; i < count; ++i)
        if (!(fabs(got[i] - expected[i]) <= DIFFERENCE * largest) && test_error(__FILE__, __LINE__))
            printf("%s[%d] of layer %d\n    expected: %.9g\n    got:      %.9g\n", what, (int)i,
                   (int)layer, expected[i], got[i]);
}

static void check_errors_and_deltas(const experiment *e) {
    double got[MAX_ELEMENTS];
    const ffnn_net *net = &e->net;
    for (size_t i = 0; i < net->layer_count; ++i) {
        const ffnn_layer *layer = &net->layers[i];
        size_t count = element_count(layer->delta);
        bool is_last = i + 1 == net->layer_count;
        CHECK(count == e->X.rows * layer->weight.cols && element_count(layer->error) == count);
        for (size_t k = 0; k < count; ++k) got[k] = (double)layer->delta.data[k];
        check_downhill(e, "delta", i, Z, got, count);
        for (size_t k = 0; k < count; ++k) got[k] = (double)layer->error.data[k];
        if (is_last && (net->loss == FFNN_CROSS_ENTROPY || layer->activation == FFNN_SOFTMAX))
            CHECK(memcmp(layer->error.data, layer->delta.data, count * sizeof(float)) == 0);
        else
            check_downhill(e, "error", i, A, got, count);
    }
}

/* What a step added to a tensor of parameters, which gets its old values back, per rate. */
static void take_steps(double *steps, ffnn_tensor now, ffnn_tensor before, float rate) {
    for (size_t k = 0; k < element_count(now); ++k) {
        steps[k] = ((double)now.data[k] - (double)before.data[k]) / (double)rate;
        now.data[k] = before.data[k];
    }
}

/* At this rate a step is so much larger than the weight that rounding the sum loses nothing. */
static void check_steps(experiment *e) {
    const float rate = 65536;
    double steps[2][LAYERS][MAX_UNITS * MAX_UNITS];
    ffnn_net *net = &e->net;
    ffnn_tensor weights[LAYERS], biases[LAYERS];
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight, bias = net->layers[i].bias;
        weights[i] = random_tensor(weight.rows, weight.cols);
        biases[i] = random_tensor(1, weight.cols);
        CHECK_STATUS(FFNN_OK, ffnn_copy(weights[i], weight));
        if (bias.data != NULL) CHECK_STATUS(FFNN_OK, ffnn_copy(biases[i], bias));
    }
    CHECK_STATUS(FFNN_OK, ffnn_backward(net, e->X, e->y, rate));
    for (size_t i = 0; i < net->layer_count; ++i) {
        take_steps(steps[0][i], net->layers[i].weight, weights[i], rate);
        if (net->layers[i].bias.data != NULL)
            take_steps(steps[1][i], net->layers[i].bias, biases[i], rate);
    }
    for (size_t i = 0; i < net->layer_count; ++i) {
        check_downhill(e, "weight", i, WEIGHT, steps[0][i], element_count(weights[i]));
        if (net->layers[i].bias.data != NULL)
            check_downhill(e, "bias", i, BIAS, steps[1][i], element_count(biases[i]));
        ffnn_tensor_free(&weights[i]);
        ffnn_tensor_free(&biases[i]);
    }
}

/* What is reported: the mean, of the squares too. */
static void check_loss(experiment *e) {
    change none = {LAYERS, WEIGHT, 0, 0};
    double expected = (double)objective(e, &none);
    float trained = 0, evaluated = 0;
    ffnn_activation last = e->net.layers[e->net.layer_count - 1].activation;
    if (e->net.loss == FFNN_HALF_SUM_OF_SQUARES && last != FFNN_SOFTMAX)
        expected *= 2 / (double)element_count(e->y);
    CHECK_STATUS(FFNN_OK, ffnn_evaluate(&e->net, e->X, e->y, &evaluated));
    CHECK_CLOSE(expected, evaluated, 2e-6);
    CHECK_STATUS(FFNN_OK, ffnn_train(&e->net, e->X, e->y, 0, &trained));
    CHECK_CLOSE(expected, trained, 2e-6);
}

static void check_setup(const setup *s, uint64_t seed) {
    experiment e;
    test_case("hidden %s, last %s, loss %d, %s biases, %d samples, seed %d",
              activation_table[s->hidden].name, activation_table[s->last].name, (int)s->loss,
              s->biases ? "with" : "without", (int)s->samples, (int)seed);
    make_experiment(&e, s, seed);
    if (test.errors == 0) {
        check_steps(&e);
        check_errors_and_deltas(&e);
        check_loss(&e);
    }
    free_experiment(&e);
}

/* With and without biases, one sample and several, different sizes. */
static void check_pair(ffnn_activation hidden, ffnn_activation last, ffnn_loss loss) {
    for (uint64_t seed = 1; seed <= 12; ++seed) {
        setup s = {hidden, last, loss, seed % 2 == 0, 1 + seed % 3 * 4};
        check_setup(&s, seed * 1000);
    }
}

static void test_gradients_of_squares(void) {
    static const ffnn_loss losses[] = {FFNN_HALF_SUM_OF_SQUARES, FFNN_MSE};
    for (int hidden = 0; hidden < ELEMENTWISE_ACTIVATIONS; ++hidden) {
        for (size_t i = 0; i < COUNT_OF(losses); ++i) {
            check_pair((ffnn_activation)hidden, (ffnn_activation)hidden, losses[i]);
            check_pair((ffnn_activation)hidden, FFNN_IDENTITY, losses[i]);
        }
    }
}

/* A softmax layer trains by cross-entropy whatever the loss says. */
static void test_gradients_of_cross_entropy(void) {
    static const ffnn_loss losses[] = {FFNN_HALF_SUM_OF_SQUARES, FFNN_MSE, FFNN_CROSS_ENTROPY};
    for (int hidden = 0; hidden < ELEMENTWISE_ACTIVATIONS; ++hidden) {
        for (size_t i = 0; i < COUNT_OF(losses); ++i)
            check_pair((ffnn_activation)hidden, FFNN_SOFTMAX, losses[i]);
        check_pair((ffnn_activation)hidden, FFNN_SIGMOID, FFNN_CROSS_ENTROPY);
    }
}

/* One layer each of 1 x 1, where z is the input: delta is minus a - y times the derivative. */
static void test_derivatives_at_0_are_pytorchs(void) {
    for (int i = 0; i < ELEMENTWISE_ACTIVATIONS; ++i) {
        ffnn_activation activation = (ffnn_activation)i;
        for (int is_negative = 0; is_negative < 2; ++is_negative) {
            float input = is_negative ? -0.0f : 0.0f, target = 3;
            ffnn_tensor X = ffnn_view(&input, 1, 1), y = ffnn_view(&target, 1, 1);
            ffnn_desc desc;
            ffnn_net net;
            test_case("%s", activation_table[i].name);
            memset(&desc, 0, sizeof desc);
            desc.sizes[0] = desc.sizes[1] = 1;
            desc.activations[0] = activation;
            CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
            net.layers[0].weight.data[0] = 1;
            CHECK_STATUS(FFNN_OK, ffnn_train(&net, X, y, 0, NULL));
            CHECK_CLOSE((double)net.layers[0].error.data[0] * (double)true_slope(activation, 0),
                        net.layers[0].delta.data[0], 1e-7);
            ffnn_free(&net);
        }
    }
}

int main(void) {
    RUN(test_gradients_of_squares);
    RUN(test_gradients_of_cross_entropy);
    RUN(test_derivatives_at_0_are_pytorchs);
    return test_summary("test_gradients");
}
