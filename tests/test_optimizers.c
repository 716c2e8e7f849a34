/* Optimizers: steps, clipped ones, too, against the same in plain double loops; what becomes of
   their state, in copies as well; losses that are multiplied by weights of the samples. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

enum { INPUTS = 5, HIDDEN = 8, OUTPUTS = 3, SAMPLES = 12, MAX_STEPS = 60 };
enum { FIRST_WEIGHTS = INPUTS * HIDDEN, LAST_WEIGHTS = HIDDEN * OUTPUTS };
enum { PARAMETERS = FIRST_WEIGHTS + HIDDEN + LAST_WEIGHTS + OUTPUTS };

/* Of the largest parameter, after all steps: the network computes in float. */
static const double DIFFERENCE = 1e-5;

/* ---- helpers ----------------------------------------------------------------------------- */

static float X_data[SAMPLES * INPUTS], y_data[SAMPLES * OUTPUTS];

static ffnn_tensor X_all(void) {
    return ffnn_view(X_data, SAMPLES, INPUTS);
}

static ffnn_tensor y_all(void) {
    return ffnn_view(y_data, SAMPLES, OUTPUTS);
}

static void make_data(void) {
    random_state = 5;
    for (size_t i = 0; i < COUNT_OF(X_data); ++i) X_data[i] = random_float();
    for (size_t i = 0; i < COUNT_OF(y_data); ++i) y_data[i] = 2 * random_float();
}

/* 5-8-3 with biases, tanh and a linear output: its steps go down the mean squared error. */
static void make_5_8_3(ffnn_net *net, ffnn_optimizer optimizer, float momentum, float decay,
                       float clip_norm) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = INPUTS;
    desc.sizes[1] = HIDDEN;
    desc.sizes[2] = OUTPUTS;
    desc.activations[0] = FFNN_TANH;
    desc.activations[1] = FFNN_IDENTITY;
    desc.biases = true;
    desc.loss = FFNN_MSE;
    desc.optimizer = optimizer;
    desc.momentum = momentum;
    desc.weight_decay = decay;
    desc.clip_norm = clip_norm;
    CHECK_STATUS(FFNN_OK, ffnn_init(net, &desc));
}

/* The four tensors of parameters, in the order of the reference's arrays. */
static ffnn_tensor part_of(const ffnn_net *net, int part) {
    const ffnn_layer *layer = &net->layers[part / 2];
    return part % 2 == 0 ? layer->weight : layer->bias;
}

static void get_parameters(const ffnn_net *net, float *values) {
    for (int part = 0; part < 4; ++part) {
        ffnn_tensor t = part_of(net, part);
        memcpy(values, t.data, t.rows * t.cols * sizeof *values);
        values += t.rows * t.cols;
    }
}

static void set_parameters(ffnn_net *net, const float *values) {
    for (int part = 0; part < 4; ++part) {
        ffnn_tensor t = part_of(net, part);
        memcpy(t.data, values, t.rows * t.cols * sizeof *values);
        values += t.rows * t.cols;
    }
}

static bool same_parameters(const ffnn_net *a, const ffnn_net *b) {
    float of_a[PARAMETERS], of_b[PARAMETERS];
    get_parameters(a, of_a);
    get_parameters(b, of_b);
    return memcmp(of_a, of_b, sizeof of_a) == 0;
}

static void train(ffnn_net *net, int steps, float rate) {
    for (int i = 0; i < steps; ++i)
        CHECK_STATUS(FFNN_OK, ffnn_train(net, X_all(), y_all(), rate, NULL));
}

/* ---- the reference ----------------------------------------------------------------------- */

/* The network in double, with what an optimizer keeps. */
typedef struct reference {
    double w[PARAMETERS], m[PARAMETERS], v[PARAMETERS];
    int step; /* of Adam, from 1 */
} reference;

static void make_reference(reference *r, const ffnn_net *net) {
    float values[PARAMETERS];
    memset(r, 0, sizeof *r);
    get_parameters(net, values);
    for (size_t i = 0; i < PARAMETERS; ++i) r->w[i] = (double)values[i];
}

/* The gradient of the mean squared error by every parameter. */
static void reference_gradient(const reference *r, double *gradient) {
    const double *w1 = r->w, *b1 = w1 + FIRST_WEIGHTS, *w2 = b1 + HIDDEN, *b2 = w2 + LAST_WEIGHTS;
    double *g1 = gradient, *h1 = g1 + FIRST_WEIGHTS, *g2 = h1 + HIDDEN, *h2 = g2 + LAST_WEIGHTS;
    memset(gradient, 0, PARAMETERS * sizeof *gradient);
    for (size_t sample = 0; sample < SAMPLES; ++sample) {
        const float *x = X_data + sample * INPUTS, *y = y_data + sample * OUTPUTS;
        double hidden[HIDDEN], back[HIDDEN] = {0};
        for (size_t j = 0; j < HIDDEN; ++j) {
            double z = b1[j];
            for (size_t i = 0; i < INPUTS; ++i) z += (double)x[i] * w1[i * HIDDEN + j];
            hidden[j] = tanh(z);
        }
        for (size_t k = 0; k < OUTPUTS; ++k) {
            double a = b2[k], by_a;
            for (size_t j = 0; j < HIDDEN; ++j) a += hidden[j] * w2[j * OUTPUTS + k];
            by_a = 2 * (a - (double)y[k]) / (SAMPLES * OUTPUTS);
            h2[k] += by_a;
            for (size_t j = 0; j < HIDDEN; ++j) {
                g2[j * OUTPUTS + k] += by_a * hidden[j];
                back[j] += by_a * w2[j * OUTPUTS + k];
            }
        }
        for (size_t j = 0; j < HIDDEN; ++j) {
            double by_z = back[j] * (1 - hidden[j] * hidden[j]);
            h1[j] += by_z;
            for (size_t i = 0; i < INPUTS; ++i) g1[i * HIDDEN + j] += by_z * (double)x[i];
        }
    }
}

/* torch.nn.utils.clip_grad_norm_; 0: none */
static void clip_gradient(double *gradient, double most) {
    double sum = 0;
    for (size_t i = 0; i < PARAMETERS; ++i) sum += gradient[i] * gradient[i];
    double factor = most / (sqrt(sum) + 1e-6);
    for (size_t i = 0; i < PARAMETERS && most > 0 && factor < 1; ++i) gradient[i] *= factor;
}

/* torch.optim.SGD */
static void reference_sgd(reference *r, double rate, double momentum, double decay, double clip) {
    double gradient[PARAMETERS];
    reference_gradient(r, gradient);
    clip_gradient(gradient, clip);
    for (size_t i = 0; i < PARAMETERS; ++i) {
        r->v[i] = momentum * r->v[i] + gradient[i] + decay * r->w[i];
        r->w[i] -= rate * r->v[i];
    }
}

/* torch.optim.AdamW; Adam where decay is 0 */
static void reference_adam(reference *r, double rate, double decay, double clip) {
    double gradient[PARAMETERS];
    ++r->step;
    reference_gradient(r, gradient);
    clip_gradient(gradient, clip);
    for (size_t i = 0; i < PARAMETERS; ++i) {
        double g = gradient[i];
        r->w[i] *= 1 - rate * decay;
        r->m[i] = 0.9 * r->m[i] + 0.1 * g;
        r->v[i] = 0.999 * r->v[i] + 0.001 * g * g;
        r->w[i] -= rate / (1 - pow(0.9, r->step)) * r->m[i]
            / (sqrt(r->v[i]) / sqrt(1 - pow(0.999, r->step)) + 1e-8);
    }
}

static void reference_step(reference *r, const ffnn_net *net, float rate) {
    double decay = (double)net->weight_decay, clip = (double)net->clip_norm;
    if (net->optimizer == FFNN_ADAM) reference_adam(r, (double)rate, decay, clip);
    else reference_sgd(r, (double)rate, (double)net->momentum, decay, clip);
}

static void check_parameters(const ffnn_net *net, const reference *r) {
    float values[PARAMETERS];
    double largest = 0;
    get_parameters(net, values);
    for (size_t i = 0; i < PARAMETERS; ++i) largest = fmax(largest, fabs(r->w[i]));
    for (size_t i = 0; i < PARAMETERS; ++i)
        if (!(fabs((double)values[i] - r->w[i]) <= DIFFERENCE * largest) &&
            test_error(__FILE__, __LINE__))
            printf("parameter %d\n    expected: %.9g\n    got:      %.9g\n", (int)i, r->w[i],
                   (double)values[i]);
}

/* One step of both. */
static void step_both(ffnn_net *net, reference *r, float rate) {
    train(net, 1, rate);
    reference_step(r, net, rate);
    check_parameters(net, r);
}

/* ---- steps ------------------------------------------------------------------------------- */

static const struct {
    ffnn_optimizer optimizer;
    float momentum, weight_decay, rate, clip_norm;
} optimizers[] = {
    {FFNN_SGD, 0, 0, 0.2f, 0},         {FFNN_SGD, 0.9f, 0, 0.05f, 0},
    {FFNN_SGD, 0.5f, 0, 0.2f, 0},      {FFNN_SGD, 0, 0.1f, 0.2f, 0},
    {FFNN_SGD, 0.9f, 0.1f, 0.05f, 0},  {FFNN_SGD, 0.99f, 0.001f, 0.01f, 0},
    {FFNN_ADAM, 0, 0, 0.01f, 0},       {FFNN_ADAM, 0, 0.1f, 0.01f, 0},
    {FFNN_ADAM, 0, 0.01f, 0.001f, 0},  {FFNN_SGD, 0, 0, 0.2f, 0.05f},
    {FFNN_SGD, 0, 0, 0.2f, 0.5f},      {FFNN_SGD, 0.9f, 0.1f, 0.05f, 0.3f},
    {FFNN_ADAM, 0, 0, 0.01f, 0.01f},   {FFNN_ADAM, 0, 0.1f, 0.01f, 0.7f},
    {FFNN_SGD, 0, 0, 0.2f, 1e-30f},    {FFNN_SGD, 0.5f, 0, 0.2f, 1e30f},
};

static void make_optimizer_network(ffnn_net *net, size_t i) {
    test_case("optimizer %d", (int)i);
    make_data();
    make_5_8_3(net, optimizers[i].optimizer, optimizers[i].momentum, optimizers[i].weight_decay,
               optimizers[i].clip_norm);
}

static void test_steps_are_the_references(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        ffnn_net net;
        reference r;
        make_optimizer_network(&net, i);
        make_reference(&r, &net);
        for (int step = 0; step < MAX_STEPS; ++step) step_both(&net, &r, optimizers[i].rate);
        ffnn_free(&net);
    }
}

/* Another rate at every step, weights edited on the way, decay and momentum changed: the state goes
   on with what it has. */
static void test_state_survives_what_is_changed(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        ffnn_net net;
        reference r;
        make_optimizer_network(&net, i);
        make_reference(&r, &net);
        for (int step = 0; step < 20; ++step)
            step_both(&net, &r, optimizers[i].rate / (float)(step + 1));
        net.layers[0].weight.data[3] = -1;
        net.layers[1].bias.data[1] = 2;
        r.w[3] = -1;
        r.w[PARAMETERS - OUTPUTS + 1] = 2;
        for (int step = 0; step < 20; ++step) step_both(&net, &r, optimizers[i].rate);
        net.weight_decay += 0.05f;
        if (net.clip_norm > 0) net.clip_norm *= 0.5f;
        if (net.momentum > 0) net.momentum = 0.7f;
        for (int step = 0; step < 20; ++step) step_both(&net, &r, optimizers[i].rate);
        ffnn_free(&net);
    }
}

/* error and delta are filled, no parameter changes, and the moments go on. */
static void test_a_rate_of_0(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        ffnn_net net;
        reference r;
        float before[PARAMETERS], after[PARAMETERS];
        make_optimizer_network(&net, i);
        make_reference(&r, &net);
        for (int step = 0; step < 12; ++step) {
            float rate = step % 3 == 0 ? 0 : optimizers[i].rate;
            for (size_t k = 0; k < 2 && step > 0; ++k) {
                memset(net.layers[k].error.data, 0, SAMPLES * sizeof(float));
                memset(net.layers[k].delta.data, 0, SAMPLES * sizeof(float));
            }
            get_parameters(&net, before);
            step_both(&net, &r, rate);
            get_parameters(&net, after);
            bool is_changed = step % 3 != 0 && (net.clip_norm <= 0 || net.clip_norm > 1e-9f);
            CHECK((memcmp(before, after, sizeof before) != 0) == is_changed);
            for (size_t k = 0; k < 2; ++k) {
                CHECK(fabsf(net.layers[k].error.data[0]) > 0);
                CHECK(fabsf(net.layers[k].delta.data[0]) > 0);
            }
        }
        ffnn_free(&net);
    }
}

/* ---- clipping ---------------------------------------------------------------------------- */

/* 5-8-3 for the i-th optimizer, with a clip_norm of its own. */
static void make_clipped(ffnn_net *net, size_t i, float clip_norm) {
    make_data();
    make_5_8_3(net, optimizers[i].optimizer, optimizers[i].momentum, optimizers[i].weight_decay,
               clip_norm);
}

/* A norm that is not reached changes no bit of a step by the same loops: of all but plain SGD. */
static void test_a_norm_that_is_not_reached_changes_nothing(void) {
    for (size_t i = 1; i < COUNT_OF(optimizers); ++i) {
        bool is_plain = !(optimizers[i].momentum > 0 || optimizers[i].weight_decay > 0) &&
                        optimizers[i].optimizer == FFNN_SGD;
        ffnn_net free_net, clipped;
        test_case("optimizer %d", (int)i);
        if (is_plain) continue;
        make_clipped(&free_net, i, 0);
        make_clipped(&clipped, i, 1e6f);
        for (int step = 0; step < 10; ++step) {
            train(&free_net, 1, optimizers[i].rate);
            train(&clipped, 1, optimizers[i].rate);
            CHECK(same_parameters(&free_net, &clipped));
        }
        ffnn_free(&free_net);
        ffnn_free(&clipped);
    }
}

/* The step of plain SGD is no longer than rate times clip_norm: just that long if it is clipped. */
static void test_a_clipped_step_is_as_long_as_it_may_be(void) {
    static const float norms[] = {1e-6f, 0.001f, 0.1f, 0.5f};
    for (size_t i = 0; i < COUNT_OF(norms); ++i) {
        float before[PARAMETERS], after[PARAMETERS];
        double sum = 0, gradient[PARAMETERS], norm = 0;
        ffnn_net net;
        reference r;
        test_case("%g", (double)norms[i]);
        make_clipped(&net, 0, norms[i]);
        make_reference(&r, &net);
        reference_gradient(&r, gradient);
        for (size_t k = 0; k < PARAMETERS; ++k) norm += gradient[k] * gradient[k];
        CHECK(sqrt(norm) > (double)norms[i]); /* else nothing is clipped */
        get_parameters(&net, before);
        train(&net, 1, 4096);
        get_parameters(&net, after);
        for (size_t k = 0; k < PARAMETERS; ++k) {
            double step = ((double)after[k] - (double)before[k]) / 4096;
            sum += step * step;
        }
        double expected = (double)norms[i] * sqrt(norm) / (sqrt(norm) + 1e-6);
        CHECK_CLOSE(expected, sqrt(sum), 1e-4);
        ffnn_free(&net);
    }
}

/* As torch.nn.utils.clip_grad_norm_: where the norm is no number, no gradient stays one. */
static void test_a_gradient_that_is_no_number(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        float values[PARAMETERS];
        ffnn_net net;
        test_case("optimizer %d", (int)i);
        make_clipped(&net, i, 0.5f);
        y_data[4] = not_a_number();
        train(&net, 1, 0.1f);
        get_parameters(&net, values);
        for (size_t k = 0; k < PARAMETERS; ++k) CHECK(isnan(values[k]));
        ffnn_free(&net);
    }
    make_data();
}

/* Where it is infinite the finite ones become 0, and infinity times 0 is no number. The first output
   of one sample is infinitely far off: the gradients of its weights and bias, and behind it those of
   all hidden units, are infinite. */
static void test_a_gradient_that_is_infinite(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        float before[PARAMETERS], after[PARAMETERS];
        ffnn_net net;
        test_case("optimizer %d", (int)i);
        make_clipped(&net, i, 0.5f);
        net.weight_decay = 0;
        get_parameters(&net, before);
        y_data[0] = (float)HUGE_VAL;
        train(&net, 1, 0.1f);
        get_parameters(&net, after);
        for (size_t k = 0; k < PARAMETERS; ++k) {
            size_t output = (k - FIRST_WEIGHTS - HIDDEN) % OUTPUTS;
            if (k >= FIRST_WEIGHTS + HIDDEN && output != 0)
                CHECK(same_bits(&before[k], &after[k], 1));
            else
                CHECK(isnan(after[k]));
        }
        ffnn_free(&net);
    }
    make_data();
}

/* ---- weights of samples ------------------------------------------------------------------ */

static float sample_weights[SAMPLES];

static void fit_weighted(ffnn_net *net, float rate, bool is_weighted, bool is_shuffled) {
    ffnn_rng rng;
    ffnn_fit_desc fit;
    memset(&fit, 0, sizeof fit);
    fit.epochs = 4;
    fit.learning_rate = rate;
    fit.batch_size = 5;
    ffnn_rng_seed(&rng, 9);
    if (is_shuffled) fit.rng = &rng;
    if (is_weighted) fit.sample_weights = ffnn_view(sample_weights, SAMPLES, 1);
    CHECK_STATUS(FFNN_OK, ffnn_fit(net, X_all(), y_all(), &fit));
}

/* All of them 1: the same bits, with every loss and optimizer. */
static void test_sample_weights_of_1_change_nothing(void) {
    static const ffnn_loss losses[] = {FFNN_HALF_SUM_OF_SQUARES, FFNN_MSE, FFNN_L1, FFNN_HUBER,
                                       FFNN_CROSS_ENTROPY};
    for (size_t i = 0; i < COUNT_OF(optimizers) * COUNT_OF(losses) * 2; ++i) {
        size_t number = i / 2 % COUNT_OF(optimizers);
        ffnn_net nets[2];
        make_optimizer_network(&nets[0], number);
        make_optimizer_network(&nets[1], number);
        test_case("optimizer %d, loss %d", (int)number, (int)(i / 2 / COUNT_OF(optimizers)));
        for (size_t k = 0; k < SAMPLES; ++k) sample_weights[k] = 1;
        for (size_t k = 0; k < 2; ++k) {
            nets[k].loss = losses[i / 2 / COUNT_OF(optimizers)];
            if (nets[k].loss == FFNN_CROSS_ENTROPY) nets[k].layers[1].activation = FFNN_SOFTMAX;
            fit_weighted(&nets[k], 0.01f, k == 1, i % 2 == 1);
        }
        CHECK(same_parameters(&nets[0], &nets[1]));
        ffnn_free(&nets[0]);
        ffnn_free(&nets[1]);
    }
}

/* Weights of 2 are a rate of 2 times the one, for plain SGD: exactly. */
static void test_sample_weights_are_factors_of_the_rate(void) {
    static const float factors[] = {2, 0.25f, -1, 0};
    for (size_t i = 0; i < COUNT_OF(factors); ++i) {
        ffnn_net by_weight, by_rate;
        test_case("%g", (double)factors[i]);
        make_optimizer_network(&by_weight, 0);
        make_optimizer_network(&by_rate, 0);
        for (size_t k = 0; k < SAMPLES; ++k) sample_weights[k] = factors[i];
        fit_weighted(&by_weight, 0.125f, true, false);
        for (int epoch = 0; epoch < 4; ++epoch)
            for (size_t first = 0; first < SAMPLES; first += 5) {
                size_t rows = SAMPLES - first < 5 ? SAMPLES - first : 5;
                CHECK_STATUS(FFNN_OK,
                             ffnn_train(&by_rate, ffnn_view(X_data + first * INPUTS, rows, INPUTS),
                                        ffnn_view(y_data + first * OUTPUTS, rows, OUTPUTS),
                                        0.125f * factors[i], NULL));
            }
        CHECK(same_parameters(&by_weight, &by_rate));
        ffnn_free(&by_weight);
        ffnn_free(&by_rate);
    }
}

/* ---- calls ------------------------------------------------------------------------------- */

/* forward and backward, train, and fit in one call or many: the same bits. */
static void test_state_survives_calls(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        ffnn_net net, halves, once, many;
        ffnn_fit_desc fit;
        make_optimizer_network(&net, i);
        make_optimizer_network(&halves, i);
        make_optimizer_network(&once, i);
        make_optimizer_network(&many, i);
        memset(&fit, 0, sizeof fit);
        fit.learning_rate = optimizers[i].rate;
        fit.batch_size = SAMPLES;
        fit.epochs = 12;
        train(&net, 12, optimizers[i].rate);
        CHECK_STATUS(FFNN_OK, ffnn_fit(&once, X_all(), y_all(), &fit));
        for (int k = 0; k < 12; ++k) {
            CHECK_STATUS(FFNN_OK, ffnn_forward(&halves, X_all(), NULL));
            CHECK_STATUS(FFNN_OK, ffnn_backward(&halves, X_all(), y_all(), optimizers[i].rate));
        }
        fit.epochs = 4;
        for (int k = 0; k < 3; ++k)
            CHECK_STATUS(FFNN_OK, ffnn_fit(&many, X_all(), y_all(), &fit));
        CHECK(same_parameters(&net, &halves));
        CHECK(same_parameters(&net, &once));
        CHECK(same_parameters(&net, &many));
        ffnn_free(&net);
        ffnn_free(&halves);
        ffnn_free(&once);
        ffnn_free(&many);
    }
}

/* A step a batch, of which the last is smaller, and predictions between them. */
static void test_fit_steps_once_a_batch(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        ffnn_net net, by_hand;
        ffnn_fit_desc fit;
        float output[SAMPLES * OUTPUTS], loss;
        make_optimizer_network(&net, i);
        make_optimizer_network(&by_hand, i);
        memset(&fit, 0, sizeof fit);
        fit.learning_rate = optimizers[i].rate;
        fit.batch_size = 5;
        fit.epochs = 6;
        CHECK_STATUS(FFNN_OK, ffnn_fit(&net, X_all(), y_all(), &fit));
        for (size_t epoch = 0; epoch < fit.epochs; ++epoch) {
            for (size_t first = 0; first < SAMPLES; first += fit.batch_size) {
                size_t rows = SAMPLES - first < fit.batch_size ? SAMPLES - first : fit.batch_size;
                CHECK_STATUS(FFNN_OK,
                             ffnn_train(&by_hand, ffnn_view(X_data + first * INPUTS, rows, INPUTS),
                                        ffnn_view(y_data + first * OUTPUTS, rows, OUTPUTS),
                                        fit.learning_rate, NULL));
            }
            CHECK_STATUS(FFNN_OK, ffnn_predict(&by_hand, X_all(),
                                               ffnn_view(output, SAMPLES, OUTPUTS)));
            CHECK_STATUS(FFNN_OK, ffnn_evaluate(&by_hand, X_all(), y_all(), &loss));
        }
        CHECK(same_parameters(&net, &by_hand));
        ffnn_free(&net);
        ffnn_free(&by_hand);
    }
}

/* 0.1 for SGD, 0.001 for Adam; 32 samples a batch where there are more. */
static void test_defaults_of_fit(void) {
    enum { ROWS = 40 };
    float inputs[ROWS * INPUTS], targets[ROWS * OUTPUTS];
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        ffnn_net net, by_hand;
        ffnn_fit_desc fit;
        make_optimizer_network(&net, i);
        make_optimizer_network(&by_hand, i);
        for (size_t k = 0; k < COUNT_OF(inputs); ++k) inputs[k] = random_float();
        for (size_t k = 0; k < COUNT_OF(targets); ++k) targets[k] = random_float();
        memset(&fit, 0, sizeof fit);
        fit.epochs = 3;
        CHECK_STATUS(FFNN_OK, ffnn_fit(&net, ffnn_view(inputs, ROWS, INPUTS),
                                       ffnn_view(targets, ROWS, OUTPUTS), &fit));
        fit.batch_size = 32;
        fit.learning_rate = optimizers[i].optimizer == FFNN_ADAM ? 0.001f : 0.1f;
        CHECK_STATUS(FFNN_OK, ffnn_fit(&by_hand, ffnn_view(inputs, ROWS, INPUTS),
                                       ffnn_view(targets, ROWS, OUTPUTS), &fit));
        CHECK(same_parameters(&net, &by_hand));
        ffnn_free(&net);
        ffnn_free(&by_hand);
    }
}

/* ---- a new start ------------------------------------------------------------------------- */

/* Both networks' next steps are the same, bit for bit: their states are, too. */
static void check_same_steps(ffnn_net *a, ffnn_net *b, float rate) {
    CHECK(same_parameters(a, b));
    for (int step = 0; step < 5; ++step) {
        train(a, 1, rate);
        train(b, 1, rate);
        CHECK(same_parameters(a, b));
    }
}

static void check_different_steps(ffnn_net *a, ffnn_net *b, float rate) {
    CHECK(same_parameters(a, b));
    train(a, 2, rate);
    train(b, 2, rate);
    CHECK(!same_parameters(a, b));
}

/* A network with the parameters of another, and no state yet. */
static void make_fresh(ffnn_net *fresh, const ffnn_net *net, size_t i) {
    float values[PARAMETERS];
    get_parameters(net, values);
    make_optimizer_network(fresh, i);
    set_parameters(fresh, values);
}

static bool has_state(size_t i) {
    return optimizers[i].optimizer == FFNN_ADAM || optimizers[i].momentum > 0;
}

/* Weights that are set by hand keep the state, weights that are loaded do not; a load that fails
   changes nothing. */
static void test_a_load_starts_anew(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        unsigned char file[2048];
        size_t size = 0;
        ffnn_net net, other, fresh;
        make_optimizer_network(&net, i);
        make_optimizer_network(&other, i);
        train(&net, 5, optimizers[i].rate);
        train(&other, 5, optimizers[i].rate);
        CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, file, sizeof file, &size));
        CHECK_STATUS(FFNN_ERROR_FORMAT, ffnn_load_memory(&net, file, size - 1));
        file[8] = '[';
        CHECK_STATUS(FFNN_ERROR_FORMAT, ffnn_load_memory(&net, file, size));
        check_same_steps(&net, &other, optimizers[i].rate);

        make_fresh(&fresh, &net, i);
        if (has_state(i)) check_different_steps(&other, &fresh, optimizers[i].rate);
        ffnn_free(&fresh);

        CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, file, sizeof file, &size));
        CHECK_STATUS(FFNN_OK, ffnn_load_memory(&net, file, size));
        make_fresh(&fresh, &net, i);
        check_same_steps(&net, &fresh, optimizers[i].rate);
        ffnn_free(&fresh);
        ffnn_free(&other);
        ffnn_free(&net);
    }
}

/* Steps with another optimizer, and then with the first again; momentum is SGD's. */
static void check_another_optimizer(size_t i, float momentum) {
    bool is_adam = optimizers[i].optimizer == FFNN_ADAM;
    ffnn_net net, fresh;
    make_optimizer_network(&net, i);
    train(&net, 5, optimizers[i].rate);
    make_fresh(&fresh, &net, i);
    for (int way = 0; way < 2; ++way) { /* there and back */
        bool is_other = way == 0;
        ffnn_net *nets[] = {&net, &fresh};
        for (size_t k = 0; k < 2; ++k) {
            nets[k]->optimizer = is_adam == is_other ? FFNN_SGD : FFNN_ADAM;
            nets[k]->momentum = nets[k]->optimizer == FFNN_SGD ? momentum : 0;
            if (momentum <= 0) nets[k]->weight_decay = 0;
        }
        check_same_steps(&net, &fresh, 0.01f);
        ffnn_free(&fresh);
        make_fresh(&fresh, &net, i);
    }
    ffnn_free(&fresh);
    ffnn_free(&net);
}

static void test_another_optimizer_starts_anew(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        test_case("optimizer %d", (int)i);
        check_another_optimizer(i, 0.5f);
        test_case("optimizer %d, other steps without a state", (int)i);
        if (optimizers[i].optimizer == FFNN_ADAM) check_another_optimizer(i, 0);
    }
}

/* z, a, error and delta of every layer are those of another network. */
static void check_same_pass(const ffnn_net *a, const ffnn_net *b) {
    for (size_t i = 0; i < a->layer_count; ++i) {
        const ffnn_layer *of_a = &a->layers[i], *of_b = &b->layers[i];
        CHECK(same_values(of_a->z, of_b->z) && same_values(of_a->a, of_b->a));
        CHECK(same_values(of_a->error, of_b->error) && same_values(of_a->delta, of_b->delta));
    }
}

/* A plain network gets Adam, or momentum, later: the state is made by the first step that needs it.
   Where there is no memory for it the step fails and changes nothing: not even what is left of a
   forward pass of other samples, fewer than there is room for or more. */
static void test_state_is_made_when_it_is_needed(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        ffnn_net net, fresh, passed;
        ffnn_tensor few = ffnn_view(X_data, i % 2 == 0 ? 4 : SAMPLES - 1, INPUTS);
        size_t allocation = 1;
        float before[PARAMETERS], after[PARAMETERS];
        make_data();
        make_5_8_3(&net, FFNN_SGD, 0, 0, 0);
        make_5_8_3(&passed, FFNN_SGD, 0, 0, 0);
        if (i % 2 == 0) train(&net, 3, 0.1f); /* room for all */
        make_fresh(&fresh, &net, i);
        get_parameters(&net, before);
        set_parameters(&passed, before);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, few, NULL));
        CHECK_STATUS(FFNN_OK, ffnn_backward(&net, few, ffnn_view(y_data, few.rows, OUTPUTS), 0));
        CHECK_STATUS(FFNN_OK, ffnn_forward(&passed, few, NULL));
        CHECK_STATUS(FFNN_OK, ffnn_backward(&passed, few, ffnn_view(y_data, few.rows, OUTPUTS), 0));
        net.optimizer = optimizers[i].optimizer;
        net.momentum = optimizers[i].momentum;
        net.weight_decay = optimizers[i].weight_decay;
        net.clip_norm = optimizers[i].clip_norm;
        get_parameters(&net, before);
        for (;; ++allocation) {
            float loss = 7;
            ffnn_status status;
            test_fail_allocation(allocation);
            status = ffnn_train(&net, X_all(), y_all(), optimizers[i].rate, &loss);
            test_fail_allocation(0);
            if (status == FFNN_OK || allocation > 100) break;
            get_parameters(&net, after);
            CHECK_STATUS(FFNN_ERROR_MEMORY, status);
            CHECK(memcmp(before, after, sizeof before) == 0);
            CHECK(loss >= 7 && loss <= 7);
            check_same_pass(&net, &passed);
            test_fail_allocation(1);
            status = ffnn_backward(&net, few, ffnn_view(y_data, few.rows, OUTPUTS), 0);
            test_fail_allocation(0);
            bool needs_memory = has_state(i) || optimizers[i].weight_decay > 0 ||
                                optimizers[i].clip_norm > 0;
            CHECK_STATUS(needs_memory ? FFNN_ERROR_MEMORY : FFNN_OK, status);
            check_same_pass(&net, &passed);
        }
        CHECK(allocation <= 100);
        ffnn_free(&passed);
        train(&fresh, 1, optimizers[i].rate);
        check_same_steps(&net, &fresh, optimizers[i].rate);
        ffnn_free(&fresh);
        ffnn_free(&net);
    }
}

/* ---- whose state it is ------------------------------------------------------------------- */

static void test_states_are_independent(void) {
    ffnn_net alone, first, second;
    make_optimizer_network(&alone, 6);
    make_optimizer_network(&first, 6);
    make_optimizer_network(&second, 6);
    train(&alone, 10, 0.01f);
    for (int i = 0; i < 10; ++i) {
        train(&first, 1, 0.01f);
        train(&second, 2, 0.02f);
    }
    CHECK(same_parameters(&alone, &first));
    CHECK(!same_parameters(&alone, &second));
    ffnn_free(&alone);
    ffnn_free(&first);
    ffnn_free(&second);
}

/* Weights and biases in the user's arrays: the same steps, written there and nowhere else. */
static void test_steps_of_parameters_elsewhere(void) {
    enum { MARGIN = 8 };
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        ffnn_net net, other;
        float room[4][FIRST_WEIGHTS + 2 * MARGIN];
        make_optimizer_network(&net, i);
        make_optimizer_network(&other, i);
        train(&net, 3, optimizers[i].rate);
        train(&other, 3, optimizers[i].rate);
        for (int part = 0; part < 4; ++part) {
            ffnn_layer *layer = &other.layers[part / 2];
            ffnn_tensor *t = part % 2 == 0 ? &layer->weight : &layer->bias;
            for (size_t k = 0; k < COUNT_OF(room[part]); ++k) room[part][k] = 12345;
            memcpy(room[part] + MARGIN, t->data, t->rows * t->cols * sizeof(float));
            t->data = room[part] + MARGIN;
        }
        check_same_steps(&net, &other, optimizers[i].rate);
        for (int part = 0; part < 4; ++part) {
            ffnn_tensor t = part_of(&other, part);
            for (size_t k = 0; k < MARGIN; ++k) {
                float before = room[part][k], behind = t.data[t.rows * t.cols + k];
                CHECK(fabsf(before - 12345) <= 0 && fabsf(behind - 12345) <= 0);
            }
        }
        ffnn_free(&net);
        ffnn_free(&other);
    }
}

/* ---- copies ------------------------------------------------------------------------------ */

/* A copy goes on as its original does, whatever is done to the other one. */
static void test_a_copy_has_the_state(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        ffnn_net net, other, copy;
        make_optimizer_network(&net, i);
        make_optimizer_network(&other, i);
        train(&net, 5, optimizers[i].rate);
        train(&other, 5, optimizers[i].rate);
        memset(&copy, 0xa5, sizeof copy);
        CHECK_STATUS(FFNN_OK, ffnn_init_copy(&copy, &net));
        CHECK(copy.layer_count == 2 && copy.sizes[0] == INPUTS && copy.sizes[2] == OUTPUTS);
        CHECK(copy.loss == FFNN_MSE && copy.optimizer == net.optimizer);
        CHECK(same_bits(&copy.momentum, &net.momentum, 1));
        CHECK(same_bits(&copy.weight_decay, &net.weight_decay, 1));
        CHECK(same_bits(&copy.clip_norm, &net.clip_norm, 1));
        CHECK(copy.layers[0].activation == FFNN_TANH && copy.layers[1].activation == FFNN_IDENTITY);
        CHECK(copy.layers[0].weight.data != net.layers[0].weight.data);
        train(&net, 3, 10);
        ffnn_free(&net);
        check_same_steps(&copy, &other, optimizers[i].rate);
        ffnn_free(&copy);
        ffnn_free(&other);
    }
}

/* A network whose optimizer has been changed since its last step, and one that has taken none. */
static void test_a_copy_of_a_state_that_rests(void) {
    for (size_t i = 0; i < COUNT_OF(optimizers); ++i) {
        for (int steps = 0; steps < 2; ++steps) {
            ffnn_net net, copy;
            make_optimizer_network(&net, i);
            train(&net, steps, optimizers[i].rate);
            net.optimizer = net.optimizer == FFNN_ADAM ? FFNN_SGD : FFNN_ADAM;
            net.momentum = 0;
            CHECK_STATUS(FFNN_OK, ffnn_init_copy(&copy, &net));
            check_same_steps(&net, &copy, 0.01f);
            ffnn_free(&net);
            ffnn_free(&copy);
        }
    }
}

static void test_copies_that_are_refused(void) {
    ffnn_net net, copy, none;
    make_optimizer_network(&net, 6);
    memset(&none, 0, sizeof none);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init_copy(NULL, &net));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init_copy(&net, &net));
    CHECK(net.layer_count == 2);
    memset(&copy, 0xa5, sizeof copy);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init_copy(&copy, NULL));
    CHECK(is_all_zero(&copy));
    memset(&copy, 0xa5, sizeof copy);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init_copy(&copy, &none));
    CHECK(is_all_zero(&copy));
    net.layers[0].weight.rows += 1;
    memset(&copy, 0xa5, sizeof copy);
    CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_init_copy(&copy, &net));
    CHECK(is_all_zero(&copy));
    net.layers[0].weight.rows -= 1;
    ffnn_free(&net);
}

int main(void) {
    RUN(test_steps_are_the_references);
    RUN(test_state_survives_what_is_changed);
    RUN(test_a_rate_of_0);
    RUN(test_a_norm_that_is_not_reached_changes_nothing);
    RUN(test_a_clipped_step_is_as_long_as_it_may_be);
    RUN(test_a_gradient_that_is_no_number);
    RUN(test_a_gradient_that_is_infinite);
    RUN(test_sample_weights_of_1_change_nothing);
    RUN(test_sample_weights_are_factors_of_the_rate);
    RUN(test_a_copy_has_the_state);
    RUN(test_a_copy_of_a_state_that_rests);
    RUN(test_copies_that_are_refused);
    RUN(test_state_survives_calls);
    RUN(test_fit_steps_once_a_batch);
    RUN(test_defaults_of_fit);
    RUN(test_a_load_starts_anew);
    RUN(test_another_optimizer_starts_anew);
    RUN(test_state_is_made_when_it_is_needed);
    RUN(test_states_are_independent);
    RUN(test_steps_of_parameters_elsewhere);
    return test_summary("test_optimizers");
}
