/* The chain rule: error, delta, the gradient by the inputs and the step of every parameter, for
   every activation and every loss, samples with weights, too, against finite differences of what is
   stepped down, computed here in long double. */
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
    float alpha; /* of LeakyReLU and ELU */
} setup;

/* A network with random parameters and data. y is its targets or, of a loss of the user's, the
   gradient of that. */
typedef struct experiment {
    ffnn_net net;
    ffnn_tensor X, y;
    const float *weights; /* of the samples; NULL: 1 */
} experiment;

/* f of a layer, and its slope, in which alpha counts. */
static real layer_value(const ffnn_layer *layer, real z) {
    real alpha = (real)layer->alpha;
    if (layer->alpha >= 0 && layer->alpha <= 0) return true_activation(layer->activation, z);
    if (z >= 0) return z;
    return alpha * (layer->activation == FFNN_ELU ? REAL(expm1)(z) : z);
}

static real layer_slope(const ffnn_layer *layer, real z) {
    real alpha = (real)layer->alpha;
    if (layer->alpha >= 0 && layer->alpha <= 0) return true_slope(layer->activation, z);
    if (z > 0) return 1;
    return alpha * (layer->activation == FFNN_ELU ? REAL(exp)(z) : 1);
}

static float alpha_for(const setup *s, ffnn_activation activation) {
    return activation == FFNN_LEAKY_RELU || activation == FFNN_ELU ? s->alpha : 0;
}

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
        const ffnn_layer *layer = &net->layers[i];
        ffnn_tensor z = layer->z;
        if (layer->activation == FFNN_SOFTMAX) continue;
        for (size_t k = 0; k < element_count(z); ++k) {
            real below = layer_slope(layer, (real)z.data[k] - near);
            real above = layer_slope(layer, (real)z.data[k] + near);
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
    e->weights = NULL;
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
        for (size_t i = 0; i < LAYERS; ++i) {
            desc.activations[i] = i + 1 < LAYERS ? s->hidden : s->last;
            desc.alphas[i] = alpha_for(s, desc.activations[i]);
        }
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

/* Adds `step` to one number on the way: to element `at` of a layer's weight, bias, z or a, or of
   X. */
typedef enum place { WEIGHT, BIAS, Z, A, INPUT } place;

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
        if (layer->activation != FFNN_SOFTMAX) a[j] = layer_value(layer, z[j]);
        a[j] = changed(c, number, A, sample * outputs + j, a[j]);
    }
}

/* Of one sample; the mean is taken by the caller. */
static real sample_loss(const ffnn_net *net, const real *z, const real *a, const float *y) {
    const ffnn_layer *last = &net->layers[net->layer_count - 1];
    size_t outputs = last->weight.cols;
    real loss = 0;
    for (size_t j = 0; j < outputs; ++j) {
        real target = (real)y[j], distance = REAL(fabs)(target - a[j]);
        if (net->loss == FFNN_CUSTOM) /* one whose gradient is y */
            loss += target * (last->activation == FFNN_SOFTMAX ? z[j] : a[j]);
        else if (last->activation == FFNN_SOFTMAX)
            loss -= target * REAL(log)(a[j]);
        else if (net->loss == FFNN_CROSS_ENTROPY) /* log sigmoid(z) and log sigmoid(-z) */
            loss += target * REAL(log1p)(REAL(exp)(-z[j]))
                + (1 - target) * REAL(log1p)(REAL(exp)(z[j]));
        else if (net->loss == FFNN_L1)
            loss += distance;
        else if (net->loss == FFNN_HUBER)
            loss += distance < 1 ? distance * distance / 2 : distance - (real)0.5;
        else
            loss += distance * distance;
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
        for (size_t i = 0; i < e->X.cols; ++i)
            a[i] = changed(c, 0, INPUT, sample * e->X.cols + i, (real)*ffnn_at(e->X, sample, i));
        for (size_t i = 0; i < net->layer_count; ++i) {
            const real *input = a;
            z = values[2 * (i + 1)];
            a = values[2 * (i + 1) + 1];
            forward_layer(z, a, input, &net->layers[i], i, sample, c);
        }
        real weight = e->weights == NULL ? 1 : (real)e->weights[sample];
        sum += weight * sample_loss(net, z, a, ffnn_at(e->y, sample, 0));
    }
    if (net->loss == FFNN_CUSTOM) return sum;
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

/* What a pass backward has left of each layer, to compare another one with. */
typedef struct trace {
    double error[LAYERS][MAX_ELEMENTS], delta[LAYERS][MAX_ELEMENTS];
} trace;

static void get_trace(trace *t, const ffnn_net *net) {
    for (size_t i = 0; i < net->layer_count; ++i)
        for (size_t k = 0; k < element_count(net->layers[i].delta); ++k) {
            t->error[i][k] = (double)net->layers[i].error.data[k];
            t->delta[i][k] = (double)net->layers[i].delta.data[k];
        }
}

static void check_same(const char *what, const double *expected, const double *got, size_t count) {
    double largest = 1e-3;
    for (size_t k = 0; k < count; ++k) largest = fmax(largest, fabs(expected[k]));
    for (size_t k = 0; k < count; ++k)
        if (!(fabs(got[k] - expected[k]) <= DIFFERENCE * largest) && test_error(__FILE__, __LINE__))
            printf("%s[%d]\n    expected: %.9g\n    got:      %.9g\n", what, (int)k, expected[k],
                   got[k]);
}

/* ffnn_backward takes other loops in small networks: the same but for rounding. */
static void check_same_trace(const trace *expected, const trace *got, const ffnn_net *net) {
    for (size_t i = 0; i < net->layer_count; ++i) {
        size_t count = element_count(net->layers[i].delta);
        check_same("error", expected->error[i], got->error[i], count);
        check_same("delta", expected->delta[i], got->delta[i], count);
    }
}

/* Forgets what passes backward have left. */
static void clear_trace(const ffnn_net *net) {
    for (size_t i = 0; i < net->layer_count; ++i) {
        const ffnn_layer *layer = &net->layers[i];
        memset(layer->error.data, 0x7f, element_count(layer->error) * sizeof(float));
        memset(layer->delta.data, 0x7f, element_count(layer->delta) * sizeof(float));
    }
}

/* By the inputs. It is put into the middle of an array; no parameter changes, and whether the result
   is wanted makes no difference. */
static void check_gradient(experiment *e, trace *wanted) {
    enum { MARGIN = 3 };
    static trace unwanted;
    float room[MAX_ELEMENTS + 2 * MARGIN];
    double got[MAX_ELEMENTS];
    size_t count = element_count(e->X);
    ffnn_net copy;
    ffnn_tensor gradient = ffnn_view(room + MARGIN, e->X.rows, e->X.cols);
    for (size_t k = 0; k < COUNT_OF(room); ++k) room[k] = 77;
    CHECK_STATUS(FFNN_OK, ffnn_init_copy(&copy, &e->net));
    clear_trace(&e->net);
    CHECK_STATUS(FFNN_OK, ffnn_gradient(&e->net, e->X, e->y, gradient));
    get_trace(wanted, &e->net);
    clear_trace(&e->net);
    CHECK_STATUS(FFNN_OK, ffnn_gradient(&e->net, e->X, e->y, ffnn_view(NULL, 0, 0)));
    get_trace(&unwanted, &e->net);
    check_same_trace(wanted, &unwanted, &e->net);
    for (size_t k = 0; k < count; ++k) got[k] = -(double)gradient.data[k];
    check_downhill(e, "X", 0, INPUT, got, count);
    for (size_t k = 0; k < MARGIN; ++k) CHECK(room[k] > 76 && room[MARGIN + count + k] > 76);
    for (size_t i = 0; i < copy.layer_count; ++i) {
        const ffnn_layer *layer = &e->net.layers[i];
        CHECK(same_values(layer->weight, copy.layers[i].weight));
        if (layer->bias.data != NULL) CHECK(same_values(layer->bias, copy.layers[i].bias));
    }
    ffnn_free(&copy);
}

/* What a step added to a tensor of parameters, which gets its old values back, per rate. */
static void take_steps(double *steps, ffnn_tensor now, ffnn_tensor before, float rate) {
    for (size_t k = 0; k < element_count(now); ++k) {
        steps[k] = ((double)now.data[k] - (double)before.data[k]) / (double)rate;
        now.data[k] = before.data[k];
    }
}

/* One step: for samples with weights, by ffnn_fit. */
static void take_step(experiment *e, float rate) {
    ffnn_fit_desc fit;
    memset(&fit, 0, sizeof fit);
    fit.epochs = 1;
    fit.learning_rate = rate;
    fit.batch_size = e->X.rows;
    if (e->weights == NULL) {
        CHECK_STATUS(FFNN_OK, ffnn_backward(&e->net, e->X, e->y, rate));
    } else {
        fit.sample_weights = random_tensor(e->X.rows, 1);
        memcpy(fit.sample_weights.data, e->weights, e->X.rows * sizeof(float));
        CHECK_STATUS(FFNN_OK, ffnn_fit(&e->net, e->X, e->y, &fit));
        ffnn_tensor_free(&fit.sample_weights);
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
    take_step(e, rate);
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
    if (e->net.loss == FFNN_CUSTOM) return; /* the user's */
    if (e->net.loss == FFNN_HALF_SUM_OF_SQUARES && last != FFNN_SOFTMAX)
        expected *= 2 / (double)element_count(e->y);
    CHECK_STATUS(FFNN_OK, ffnn_evaluate(&e->net, e->X, e->y, &evaluated));
    CHECK_CLOSE(expected, evaluated, 2e-6);
    CHECK_STATUS(FFNN_OK, ffnn_train(&e->net, e->X, e->y, 0, &trained));
    CHECK_CLOSE(expected, trained, 2e-6);
}

/* After a forward pass: what ffnn_gradient says, and what the step does. */
static void check_all_gradients(experiment *e) {
    static trace by_gradient, by_step;
    check_gradient(e, &by_gradient);
    clear_trace(&e->net);
    check_steps(e);
    get_trace(&by_step, &e->net);
    check_same_trace(&by_step, &by_gradient, &e->net);
    check_errors_and_deltas(e);
}

static void check_setup(const setup *s, uint64_t seed) {
    experiment e;
    test_case("hidden %s, last %s, loss %d, %s biases, %d samples, alpha %g, seed %d",
              activation_table[s->hidden].name, activation_table[s->last].name, (int)s->loss,
              s->biases ? "with" : "without", (int)s->samples, (double)s->alpha, (int)seed);
    make_experiment(&e, s, seed);
    if (test.errors == 0) {
        check_all_gradients(&e);
        check_loss(&e);
    }
    free_experiment(&e);
}

/* The same with a weight for each sample, one of them 0, one negative. */
static void check_weighted_setup(const setup *s, uint64_t seed) {
    static const float weights[MAX_SAMPLES] = {2, 0, 0.5f, -1, 1, 3, 0.25f, 0.1f, 1.5f};
    experiment e;
    test_case("hidden %s, last %s, loss %d, %d weighted samples, seed %d",
              activation_table[s->hidden].name, activation_table[s->last].name, (int)s->loss,
              (int)s->samples, (int)seed);
    make_experiment(&e, s, seed);
    e.weights = weights;
    if (test.errors == 0) {
        check_steps(&e);
        check_errors_and_deltas(&e);
    }
    free_experiment(&e);
}

/* With and without biases, one sample and several, different sizes. */
static void check_pair(ffnn_activation hidden, ffnn_activation last, ffnn_loss loss) {
    for (uint64_t seed = 1; seed <= 9; ++seed) {
        setup s = {hidden, last, loss, seed % 2 == 0, 1 + seed % 3 * 4, 0};
        check_setup(&s, seed * 1000);
    }
}

/* Fewer of what differs only in the last layer's error. */
static void check_other_loss(ffnn_activation hidden, ffnn_activation last, ffnn_loss loss) {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        setup s = {hidden, last, loss, seed % 2 == 0, 1 + seed % 3 * 4, 0};
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

/* A softmax layer trains by cross-entropy whatever the loss says, but for one's own. */
static void test_gradients_of_cross_entropy(void) {
    static const ffnn_loss losses[] = {FFNN_HALF_SUM_OF_SQUARES, FFNN_MSE, FFNN_CROSS_ENTROPY,
                                       FFNN_L1, FFNN_HUBER};
    for (int hidden = 0; hidden < ELEMENTWISE_ACTIVATIONS; ++hidden) {
        check_pair((ffnn_activation)hidden, FFNN_SOFTMAX, losses[hidden % (int)COUNT_OF(losses)]);
        for (size_t i = 0; i < COUNT_OF(losses); ++i)
            check_other_loss((ffnn_activation)hidden, FFNN_SOFTMAX, losses[i]);
        check_pair((ffnn_activation)hidden, FFNN_SIGMOID, FFNN_CROSS_ENTROPY);
    }
}

static void test_gradients_of_distances(void) {
    static const ffnn_loss losses[] = {FFNN_L1, FFNN_HUBER};
    for (int hidden = 0; hidden < ELEMENTWISE_ACTIVATIONS; ++hidden) {
        for (size_t i = 0; i < COUNT_OF(losses); ++i) {
            check_other_loss((ffnn_activation)hidden, (ffnn_activation)hidden, losses[i]);
            check_other_loss((ffnn_activation)hidden, FFNN_IDENTITY, losses[i]);
        }
    }
}

static void test_gradients_of_a_loss_of_ones_own(void) {
    for (int hidden = 0; hidden < ELEMENTWISE_ACTIVATIONS; ++hidden) {
        check_other_loss((ffnn_activation)hidden, (ffnn_activation)hidden, FFNN_CUSTOM);
        check_other_loss((ffnn_activation)hidden, FFNN_SIGMOID, FFNN_CUSTOM);
        check_other_loss((ffnn_activation)hidden, FFNN_SOFTMAX, FFNN_CUSTOM);
    }
}

/* In hidden layers and in the last one; small networks and others are computed in different ways,
   and so are few samples and many. */
static void test_gradients_with_alphas(void) {
    static const float alphas[] = {0.2f, 1, 2.5f, -0.5f};
    static const ffnn_activation activations[] = {FFNN_LEAKY_RELU, FFNN_ELU};
    for (size_t i = 0; i < COUNT_OF(alphas) * COUNT_OF(activations); ++i) {
        for (uint64_t seed = 1; seed <= 6; ++seed) {
            ffnn_activation activation = activations[i % COUNT_OF(activations)];
            setup s = {activation, seed % 2 == 0 ? FFNN_IDENTITY : activation, FFNN_MSE,
                       seed % 4 < 2, 1 + seed % 3 * 4, alphas[i / COUNT_OF(activations)]};
            check_setup(&s, seed * 1000);
        }
    }
}

/* Rows of a softmax layer's targets that sum to anything: class weights, masks, advantages. */
static void test_gradients_of_rows_of_any_sum(void) {
    static const float factors[] = {2, 0, -1, 0.5f, 1};
    for (uint64_t seed = 1; seed <= 8; ++seed) {
        setup s = {FFNN_TANH, FFNN_SOFTMAX, FFNN_CROSS_ENTROPY, seed % 2 == 0, 9, 0};
        experiment e;
        test_case("seed %d", (int)seed);
        make_experiment(&e, &s, seed * 1000);
        for (size_t k = 0; k < element_count(e.y); ++k) {
            if (seed % 2 == 0) e.y.data[k] *= factors[k / e.y.cols % COUNT_OF(factors)];
            else e.y.data[k] = random_float();
        }
        check_all_gradients(&e);
        change none = {LAYERS, WEIGHT, 0, 0};
        float loss = 0;
        CHECK_STATUS(FFNN_OK, ffnn_evaluate(&e.net, e.X, e.y, &loss));
        CHECK(fabs((double)loss - (double)objective(&e, &none)) < 2e-6);
        free_experiment(&e);
    }
}

static void test_gradients_of_weighted_samples(void) {
    static const struct { ffnn_activation hidden, last; ffnn_loss loss; } kinds[] = {
        {FFNN_SIGMOID, FFNN_SIGMOID, FFNN_HALF_SUM_OF_SQUARES}, {FFNN_TANH, FFNN_IDENTITY, FFNN_MSE},
        {FFNN_RELU, FFNN_IDENTITY, FFNN_L1}, {FFNN_SILU, FFNN_TANH, FFNN_HUBER},
        {FFNN_TANH, FFNN_SIGMOID, FFNN_CROSS_ENTROPY}, {FFNN_TANH, FFNN_SOFTMAX, FFNN_MSE}};
    for (size_t i = 0; i < COUNT_OF(kinds); ++i) {
        for (uint64_t seed = 1; seed <= 6; ++seed) {
            setup s = {kinds[i].hidden, kinds[i].last, kinds[i].loss, seed % 2 == 0,
                       1 + seed % 3 * 4, 0};
            check_weighted_setup(&s, seed * 1000);
        }
    }
}

/* A distance of 0 has the slope 0, Huber's is 1 from a distance of 1 on. Of what is no number the sign
   is 0, as PyTorch has it; Huber's slope is no number either. */
static void test_slopes_of_distances(void) {
    const float nan = not_a_number();
    const struct { ffnn_loss loss; float distance, slope; } cases[] = {
        {FFNN_HUBER, nan, nan}, {FFNN_L1, nan, 0}, {FFNN_L1, (float)HUGE_VAL, 1},
        {FFNN_HUBER, (float)-HUGE_VAL, -1}, {FFNN_L1, 0, 0}, {FFNN_L1, 1e-30f, 1}, {FFNN_L1, -1e-30f, -1}, {FFNN_L1, 5, 1},
        {FFNN_HUBER, 0, 0}, {FFNN_HUBER, 0.5f, 0.5f}, {FFNN_HUBER, -0.5f, -0.5f},
        {FFNN_HUBER, 1, 1}, {FFNN_HUBER, -1, -1}, {FFNN_HUBER, 1.5f, 1}, {FFNN_HUBER, -30, -1}};
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = desc.sizes[1] = 1;
    desc.activations[0] = FFNN_IDENTITY;
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        float input = 0, target = cases[i].distance;
        ffnn_net net;
        test_case("loss %d, distance %g", (int)cases[i].loss, (double)target);
        desc.loss = cases[i].loss;
        CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
        ffnn_tensor X = ffnn_view(&input, 1, 1), y = ffnn_view(&target, 1, 1);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, NULL));
        CHECK_STATUS(FFNN_OK, ffnn_gradient(&net, X, y, ffnn_view(NULL, 0, 0)));
        CHECK_CLOSE(cases[i].slope, net.layers[0].error.data[0], 0);
        CHECK_CLOSE(cases[i].slope, net.layers[0].delta.data[0], 0);
        ffnn_free(&net);
    }
}

/* Nothing changes, neither what the last passes have left nor the output. */
static void test_what_gradient_refuses(void) {
    static float inputs[4 * 3] = {1, -1}, targets[4 * 2] = {1}, gradient[4 * 3];
    ffnn_desc desc;
    ffnn_net net, none;
    float before[4 * 5], *delta;
    memset(&desc, 0, sizeof desc);
    memset(&none, 0, sizeof none);
    desc.sizes[0] = 3;
    desc.sizes[1] = 5;
    desc.sizes[2] = 2;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
    ffnn_tensor X = ffnn_view(inputs, 4, 3), y = ffnn_view(targets, 4, 2);
    ffnn_tensor G = ffnn_view(gradient, 4, 3), unwanted = ffnn_view(NULL, 0, 0);
    CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_gradient(&net, X, y, G)); /* no forward pass yet */
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_gradient(&net, X, y, G));
    for (size_t k = 0; k < COUNT_OF(gradient); ++k) gradient[k] = 77;
    delta = net.layers[0].delta.data;
    memcpy(before, delta, sizeof before);
    memset(targets, 0, sizeof targets); /* which would change all deltas */
    const struct {
        const char *what;
        ffnn_net *net;
        ffnn_tensor X, y, gradient;
        ffnn_status expected;
    } cases[] = {
        {"no network", NULL, X, y, G, FFNN_ERROR_ARGUMENT},
        {"a network of zeros", &none, X, y, G, FFNN_ERROR_ARGUMENT},
        {"no X", &net, ffnn_view(NULL, 4, 3), y, G, FFNN_ERROR_ARGUMENT},
        {"no y", &net, X, ffnn_view(NULL, 4, 2), G, FFNN_ERROR_ARGUMENT},
        {"X too narrow", &net, ffnn_view(inputs, 4, 2), y, G, FFNN_ERROR_SHAPE},
        {"y too narrow", &net, X, ffnn_view(targets, 4, 1), G, FFNN_ERROR_SHAPE},
        {"fewer samples", &net, ffnn_view(inputs, 3, 3), ffnn_view(targets, 3, 2),
         ffnn_view(gradient, 3, 3), FFNN_ERROR_SHAPE},
        {"fewer samples, no gradient", &net, ffnn_view(inputs, 3, 3), ffnn_view(targets, 3, 2),
         unwanted, FFNN_ERROR_SHAPE},
        {"a gradient without data", &net, X, y, ffnn_view(NULL, 4, 3), FFNN_ERROR_ARGUMENT},
        {"a gradient without rows", &net, X, y, ffnn_view(gradient, 0, 3), FFNN_ERROR_ARGUMENT},
        {"a gradient without columns", &net, X, y, ffnn_view(gradient, 4, 0), FFNN_ERROR_ARGUMENT},
        {"no gradient, but rows", &net, X, y, ffnn_view(NULL, 4, 0), FFNN_ERROR_ARGUMENT},
        {"no gradient, but columns", &net, X, y, ffnn_view(NULL, 0, 3), FFNN_ERROR_ARGUMENT},
        {"a gradient of fewer rows", &net, X, y, ffnn_view(gradient, 3, 3), FFNN_ERROR_SHAPE},
        {"a gradient of fewer columns", &net, X, y, ffnn_view(gradient, 4, 2), FFNN_ERROR_SHAPE},
        {"a gradient turned", &net, X, y, ffnn_view(gradient, 3, 4), FFNN_ERROR_SHAPE},
        {"a gradient of y's shape", &net, X, y, ffnn_view(gradient, 4, 2), FFNN_ERROR_SHAPE},
        {"a gradient in X", &net, X, y, X, FFNN_ERROR_ARGUMENT},
        {"a gradient that X begins in", &net, ffnn_view(gradient, 4, 3), y,
         ffnn_view(gradient, 4, 3), FFNN_ERROR_ARGUMENT},
        {"a gradient that y lies in", &net, X, ffnn_view(gradient, 4, 2), G, FFNN_ERROR_ARGUMENT},
        {"a gradient in the weights", &net, X, y, ffnn_view(net.layers[0].weight.data, 4, 3),
         FFNN_ERROR_ARGUMENT},
        {"a gradient in z", &net, X, y, ffnn_view(net.layers[0].z.data, 4, 3), FFNN_ERROR_ARGUMENT},
        {"X in the weights", &net, ffnn_view(net.layers[0].weight.data, 4, 3), y, G,
         FFNN_ERROR_ARGUMENT},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        test_case("%s", cases[i].what);
        CHECK_STATUS(cases[i].expected, ffnn_gradient(cases[i].net, cases[i].X, cases[i].y,
                                                      cases[i].gradient));
        CHECK(net.layers[0].delta.data == delta);
        CHECK(same_bits(before, delta, COUNT_OF(before)));
        for (size_t k = 0; k < COUNT_OF(gradient); ++k) CHECK(gradient[k] > 76);
    }
    ffnn_free(&net);
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
    RUN(test_gradients_of_distances);
    RUN(test_gradients_of_a_loss_of_ones_own);
    RUN(test_gradients_with_alphas);
    RUN(test_gradients_of_rows_of_any_sum);
    RUN(test_gradients_of_weighted_samples);
    RUN(test_slopes_of_distances);
    RUN(test_what_gradient_refuses);
    RUN(test_derivatives_at_0_are_pytorchs);
    return test_summary("test_gradients");
}
