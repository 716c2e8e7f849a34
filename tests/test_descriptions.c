/* Descriptions: the first weights of torch.nn's layers, every description that is refused or
   accepted, and what is changed later, which each call that uses it checks. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#include "activations.h"

#include <float.h>

#include "reference/linear.h"

/* ---- helpers ----------------------------------------------------------------------------- */

/* 4-5-3 with biases, tanh, then identity. */
static ffnn_desc good_description(void) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = 4;
    desc.sizes[1] = 5;
    desc.sizes[2] = 3;
    desc.activations[0] = FFNN_TANH;
    desc.activations[1] = FFNN_IDENTITY;
    desc.biases = true;
    desc.loss = FFNN_MSE;
    return desc;
}

static const float INFINITE = (float)HUGE_VAL;

/* Fields that no cast may give a value outside of their enumeration: C++ has no such value. */
static void set_number(void *field, int number) {
    memcpy(field, &number, sizeof(ffnn_activation)); /* of some processors' enums a byte */
}

/* ---- first weights ----------------------------------------------------------------------- */

/* With biases: torch.nn.Linear's, bit for bit, whose weight is outputs x inputs. */
static void test_first_weights_are_linears(void) {
    for (size_t i = 0; i < COUNT_OF(linear_cases); ++i) {
        const linear_case *c = &linear_cases[i];
        const uint32_t *bits = c->bits;
        ffnn_desc desc;
        ffnn_rng rng;
        ffnn_net net;
        float next = 0;
        test_case("case %d", (int)i);
        memset(&desc, 0, sizeof desc);
        memcpy(desc.sizes, c->sizes, sizeof c->sizes);
        desc.biases = true;
        desc.rng = &rng;
        ffnn_rng_seed(&rng, c->seed);
        CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
        for (size_t k = 0; k < net.layer_count; ++k) {
            const ffnn_layer *layer = &net.layers[k];
            CHECK(layer->weight.rows == c->sizes[k] && layer->weight.cols == c->sizes[k + 1]);
            CHECK(layer->bias.rows == 1 && layer->bias.cols == c->sizes[k + 1]);
            CHECK(!layer->transposed && layer->activation == FFNN_SIGMOID);
            for (size_t output = 0; output < layer->weight.cols; ++output)
                for (size_t input = 0; input < layer->weight.rows; ++input)
                    CHECK(memcmp(ffnn_at(layer->weight, input, output), bits++, 4) == 0);
            for (size_t output = 0; output < layer->weight.cols; ++output)
                CHECK(memcmp(&layer->bias.data[output], bits++, 4) == 0);
        }
        CHECK_STATUS(FFNN_OK, ffnn_randn(ffnn_view(&next, 1, 1), &rng)); /* draws nothing more */
        CHECK_CLOSE(c->next_normal, next, 1.2e-7);
        ffnn_free(&net);
    }
}

/* Whatever else is described: the lab's weights without biases, Linear's with them. */
static void test_only_biases_change_first_weights(void) {
    for (int biases = 0; biases < 2; ++biases) {
        ffnn_desc desc, plain;
        ffnn_net net, expected;
        memset(&plain, 0, sizeof plain);
        desc = good_description();
        memcpy(plain.sizes, desc.sizes, sizeof desc.sizes);
        desc.biases = plain.biases = biases != 0;
        desc.optimizer = FFNN_ADAM;
        CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
        CHECK_STATUS(FFNN_OK, ffnn_init(&expected, &plain));
        for (size_t i = 0; i < 2; ++i) {
            ffnn_tensor weight = net.layers[i].weight, bias = net.layers[i].bias;
            CHECK(memcmp(weight.data, expected.layers[i].weight.data,
                         weight.rows * weight.cols * sizeof(float)) == 0);
            if (biases)
                CHECK(memcmp(bias.data, expected.layers[i].bias.data,
                             bias.cols * sizeof(float)) == 0);
            else
                CHECK(bias.rows == 0 && bias.cols == 0 && bias.data == NULL);
        }
        ffnn_free(&net);
        ffnn_free(&expected);
    }
}

static void test_a_network_has_what_is_described(void) {
    ffnn_desc desc = good_description();
    ffnn_net net;
    desc.momentum = 0.5f;
    desc.weight_decay = 0.25f;
    desc.clip_norm = 2;
    desc.activations[1] = FFNN_ELU;
    desc.alphas[1] = 0.75f;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
    CHECK(net.layer_count == 2);
    CHECK(net.loss == FFNN_MSE && net.optimizer == FFNN_SGD);
    CHECK_CLOSE(0.5, net.momentum, 0);
    CHECK_CLOSE(0.25, net.weight_decay, 0);
    CHECK_CLOSE(2, net.clip_norm, 0);
    CHECK(net.layers[0].activation == FFNN_TANH && net.layers[1].activation == FFNN_ELU);
    CHECK_CLOSE(0, net.layers[0].alpha, 0);
    CHECK_CLOSE(0.75, net.layers[1].alpha, 0);
    CHECK(net.sizes[0] == 4 && net.sizes[1] == 5 && net.sizes[2] == 3);
    ffnn_free(&net);
    CHECK(is_all_zero(&net));
    ffnn_free(&net);
}

/* ---- refused and accepted ---------------------------------------------------------------- */

/* What a case changes of a good description. */
typedef enum field {
    NOTHING, ACTIVATION, BOTH_ACTIVATIONS, LOSS, OPTIMIZER, MOMENTUM, DECAY, ADAM_MOMENTUM,
    ADAM_DECAY, CLIP_NORM, ADAM_CLIP_NORM, ALPHA /* and its activation, if that is not 0 */
} field;

static void change_description(ffnn_desc *desc, field what, size_t at, int number, float value) {
    switch (what) {
    case NOTHING: break;
    case ACTIVATION: set_number(&desc->activations[at], number); break;
    case BOTH_ACTIVATIONS: set_number(&desc->activations[0], number);
        set_number(&desc->activations[1], number); break;
    case LOSS: set_number(&desc->loss, number); break;
    case OPTIMIZER: set_number(&desc->optimizer, number); break;
    case MOMENTUM: desc->momentum = value; break;
    case DECAY: desc->weight_decay = value; break;
    case ADAM_MOMENTUM: desc->optimizer = FFNN_ADAM; desc->momentum = value; break;
    case ADAM_DECAY: desc->optimizer = FFNN_ADAM; desc->weight_decay = value; break;
    case CLIP_NORM: desc->clip_norm = value; break;
    case ADAM_CLIP_NORM: desc->optimizer = FFNN_ADAM; desc->clip_norm = value; break;
    case ALPHA:
        if (number != 0) set_number(&desc->activations[at], number);
        desc->alphas[at] = value;
        break;
    }
}

typedef struct description_case {
    const char *name;
    field what;
    size_t at;
    int number;
    float value;
} description_case;

static void test_descriptions_that_are_accepted(void) {
    const description_case accepted[] = {
        {"as it is", NOTHING, 0, 0, 0},
        {"half the sum of squares", LOSS, 0, FFNN_HALF_SUM_OF_SQUARES, 0},
        {"Adam", OPTIMIZER, 0, FFNN_ADAM, 0},
        {"no momentum", MOMENTUM, 0, 0, 0},
        {"minus no momentum", MOMENTUM, 0, 0, -0.0f},
        {"the least momentum", MOMENTUM, 0, 0, FLT_MIN},
        {"the most momentum", MOMENTUM, 0, 0, 1 - FLT_EPSILON / 2},
        {"a decay", DECAY, 0, 0, 0.01f},
        {"a large decay", DECAY, 0, 0, FLT_MAX},
        {"minus no decay", DECAY, 0, 0, -0.0f},
        {"AdamW", ADAM_DECAY, 0, 0, 0.01f},
        {"L1", LOSS, 0, FFNN_L1, 0},
        {"Huber", LOSS, 0, FFNN_HUBER, 0},
        {"a loss of one's own", LOSS, 0, FFNN_CUSTOM, 0},
        {"clipping", CLIP_NORM, 0, 0, 1},
        {"clipping with Adam", ADAM_CLIP_NORM, 0, 0, 0.5f},
        {"the least norm", CLIP_NORM, 0, 0, FLT_MIN / 8388608},
        {"the largest norm", CLIP_NORM, 0, 0, FLT_MAX},
        {"minus no norm", CLIP_NORM, 0, 0, -0.0f},
        {"a LeakyReLU's alpha", ALPHA, 0, FFNN_LEAKY_RELU, 0.2f},
        {"an ELU's alpha at the end", ALPHA, 1, FFNN_ELU, 0.5f},
        {"a negative alpha", ALPHA, 0, FFNN_LEAKY_RELU, -1},
        {"an alpha above 1", ALPHA, 1, FFNN_LEAKY_RELU, 5},
        {"the least alpha", ALPHA, 0, FFNN_ELU, FLT_MIN / 8388608},
        {"the largest alpha", ALPHA, 0, FFNN_ELU, FLT_MAX},
        {"the most negative alpha", ALPHA, 0, FFNN_LEAKY_RELU, -FLT_MAX},
        {"minus no alpha", ALPHA, 0, FFNN_LEAKY_RELU, -0.0f},
        {"minus no alpha of a tanh", ALPHA, 0, FFNN_TANH, -0.0f},
        {"minus no alpha behind the last layer", ALPHA, 2, 0, -0.0f},
    };
    for (size_t i = 0; i < COUNT_OF(accepted); ++i) {
        const description_case *c = &accepted[i];
        ffnn_desc desc = good_description();
        ffnn_net net;
        test_case("%s", c->name);
        change_description(&desc, c->what, c->at, c->number, c->value);
        CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
        ffnn_free(&net);
    }
}

/* In either layer and in both; softmax at the end only. */
static void test_every_activation_is_accepted(void) {
    for (int hidden = 0; hidden < ELEMENTWISE_ACTIVATIONS; ++hidden) {
        for (int last = 0; last < ACTIVATIONS; ++last) {
            ffnn_desc desc = good_description();
            ffnn_net net;
            test_case("%s %s", activation_table[hidden].name, activation_table[last].name);
            desc.activations[0] = (ffnn_activation)hidden;
            desc.activations[1] = (ffnn_activation)last;
            CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
            ffnn_free(&net);
        }
    }
}

/* Only LeakyReLU and ELU have one. */
static void test_alphas_of_every_activation(void) {
    for (int layer = 0; layer < 2; ++layer) {
        for (int i = 0; i < ACTIVATIONS - (layer == 0); ++i) {
            bool has_alpha = i == FFNN_LEAKY_RELU || i == FFNN_ELU;
            ffnn_desc desc = good_description();
            ffnn_net net;
            test_case("%s in layer %d", activation_table[i].name, layer);
            desc.activations[layer] = (ffnn_activation)i;
            desc.alphas[layer] = 0.3f;
            CHECK_STATUS(has_alpha ? FFNN_OK : FFNN_ERROR_ARGUMENT, ffnn_init(&net, &desc));
            ffnn_free(&net);
        }
    }
}

static void check_refused(const ffnn_desc *desc, ffnn_rng *rng) {
    ffnn_rng before = *rng;
    ffnn_net net;
    memset(&net, 0xa5, sizeof net);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init(&net, desc));
    CHECK(is_all_zero(&net));
    CHECK(memcmp(&before, rng, sizeof before) == 0); /* nothing was drawn */
    ffnn_free(&net);
}

static void test_descriptions_that_are_refused(void) {
    const float nan = not_a_number();
    const description_case refused[] = {
        {"an activation above the last one", ACTIVATION, 0, FFNN_SOFTMAX + 1, 0},
        {"a last activation above the last one", ACTIVATION, 1, FFNN_SOFTMAX + 1, 0},
        {"a large activation", ACTIVATION, 0, 0x404040, 0}, /* enums may be bytes */
        {"a negative activation", ACTIVATION, 1, -1, 0},
        {"softmax before the last layer", ACTIVATION, 0, FFNN_SOFTMAX, 0},
        {"softmax twice", BOTH_ACTIVATIONS, 0, FFNN_SOFTMAX, 0},
        {"an activation behind the last layer", ACTIVATION, 2, FFNN_TANH, 0},
        {"a softmax behind the last layer", ACTIVATION, 2, FFNN_SOFTMAX, 0},
        {"an activation far behind the last layer", ACTIVATION, FFNN_MAX_LAYERS - 1, FFNN_RELU, 0},
        {"no activation behind the last layer", ACTIVATION, 5, 77, 0},
        {"a loss above the last one", LOSS, 0, FFNN_CUSTOM + 1, 0},
        {"a negative loss", LOSS, 0, -1, 0},
        {"cross-entropy of an identity", LOSS, 0, FFNN_CROSS_ENTROPY, 0},
        {"an optimizer above the last one", OPTIMIZER, 0, FFNN_ADAM + 1, 0},
        {"a negative optimizer", OPTIMIZER, 0, -1, 0},
        {"a momentum of 1", MOMENTUM, 0, 0, 1},
        {"a momentum above 1", MOMENTUM, 0, 0, 1.5f},
        {"a negative momentum", MOMENTUM, 0, 0, -0.5f},
        {"a momentum just below 0", MOMENTUM, 0, 0, -FLT_MIN},
        {"an infinite momentum", MOMENTUM, 0, 0, INFINITE},
        {"a momentum that is no number", MOMENTUM, 0, 0, nan},
        {"momentum with Adam", ADAM_MOMENTUM, 0, 0, 0.9f},
        {"no number as momentum with Adam", ADAM_MOMENTUM, 0, 0, nan},
        {"a negative decay", DECAY, 0, 0, -0.01f},
        {"an infinite decay", DECAY, 0, 0, INFINITE},
        {"minus infinity as decay", DECAY, 0, 0, -INFINITE},
        {"a decay that is no number", DECAY, 0, 0, nan},
        {"a negative decay with Adam", ADAM_DECAY, 0, 0, -0.01f},
        {"an infinite decay with Adam", ADAM_DECAY, 0, 0, INFINITE},
        {"a negative norm", CLIP_NORM, 0, 0, -1},
        {"a norm just below 0", CLIP_NORM, 0, 0, -FLT_MIN / 8388608},
        {"an infinite norm", CLIP_NORM, 0, 0, INFINITE},
        {"minus infinity as norm", CLIP_NORM, 0, 0, -INFINITE},
        {"a norm that is no number", CLIP_NORM, 0, 0, nan},
        {"a negative norm with Adam", ADAM_CLIP_NORM, 0, 0, -1},
        {"an infinite norm with Adam", ADAM_CLIP_NORM, 0, 0, INFINITE},
        {"an infinite alpha", ALPHA, 0, FFNN_LEAKY_RELU, INFINITE},
        {"minus infinity as alpha", ALPHA, 1, FFNN_ELU, -INFINITE},
        {"an alpha that is no number", ALPHA, 0, FFNN_ELU, nan},
        {"an alpha that is no number at the end", ALPHA, 1, FFNN_LEAKY_RELU, nan},
        {"a tanh's alpha", ALPHA, 0, FFNN_TANH, 0.2f},
        {"an identity's alpha", ALPHA, 1, FFNN_IDENTITY, 1},
        {"a sigmoid's alpha, the least", ALPHA, 1, FFNN_SIGMOID, FLT_MIN / 8388608},
        {"no number as a tanh's alpha", ALPHA, 0, FFNN_TANH, nan},
        {"an alpha behind the last layer", ALPHA, 2, 0, 0.2f},
        {"a LeakyReLU behind the last layer", ALPHA, 2, FFNN_LEAKY_RELU, 0.2f},
        {"an alpha far behind the last layer", ALPHA, FFNN_MAX_LAYERS - 1, 0, -1},
        {"no number behind the last layer", ALPHA, 5, 0, nan},
    };
    ffnn_rng rng;
    memset(&rng, 0, sizeof rng);
    ffnn_rng_seed(&rng, 5);
    for (size_t i = 0; i < COUNT_OF(refused); ++i) {
        const description_case *c = &refused[i];
        ffnn_desc desc = good_description();
        test_case("%s", c->name);
        desc.rng = &rng;
        change_description(&desc, c->what, c->at, c->number, c->value);
        check_refused(&desc, &rng);
        desc.biases = false;
        check_refused(&desc, &rng);
    }
}

/* Of every activation at the end with every loss. */
static void test_cross_entropy_wants_probabilities(void) {
    for (int last = 0; last <= FFNN_SOFTMAX; ++last) {
        for (int loss = 0; loss <= FFNN_CUSTOM; ++loss) {
            bool is_good = loss != FFNN_CROSS_ENTROPY || last == FFNN_SOFTMAX ||
                last == FFNN_SIGMOID;
            ffnn_desc desc = good_description();
            ffnn_net net;
            test_case("activation %d, loss %d", last, loss);
            set_number(&desc.activations[1], last);
            set_number(&desc.loss, loss);
            CHECK_STATUS(is_good ? FFNN_OK : FFNN_ERROR_ARGUMENT, ffnn_init(&net, &desc));
            ffnn_free(&net);
        }
    }
}

/* Without sizes it is 3-4-1, and that has two layers, too. */
static void test_descriptions_without_sizes(void) {
    ffnn_desc desc;
    ffnn_net net;
    memset(&desc, 0, sizeof desc);
    desc.activations[0] = FFNN_RELU;
    desc.activations[1] = FFNN_IDENTITY;
    desc.biases = true;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
    CHECK(net.layer_count == 2 && net.layers[0].weight.rows == 3);
    CHECK(net.layers[1].bias.cols == 1 && net.layers[1].activation == FFNN_IDENTITY);
    ffnn_free(&net);
    desc.activations[2] = FFNN_RELU;
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init(&net, &desc));
    desc.activations[2] = FFNN_SIGMOID;
    desc.activations[0] = FFNN_SOFTMAX;
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init(&net, &desc));
}

static void test_as_many_layers_as_there_may_be(void) {
    ffnn_desc desc;
    ffnn_net net;
    float in[2] = {1, -1}, out[2] = {0, 0};
    memset(&desc, 0, sizeof desc);
    CHECK(FFNN_MAX_LAYERS == 16);
    for (size_t i = 0; i <= FFNN_MAX_LAYERS; ++i) desc.sizes[i] = 2;
    for (size_t i = 0; i < FFNN_MAX_LAYERS; ++i)
        desc.activations[i] = i + 1 < FFNN_MAX_LAYERS ? FFNN_ELU : FFNN_SOFTMAX;
    desc.biases = true;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
    CHECK(net.layer_count == FFNN_MAX_LAYERS);
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, ffnn_view(in, 1, 2), ffnn_view(out, 1, 2)));
    CHECK_CLOSE(1, out[0] + out[1], 1e-6);
    ffnn_free(&net);
}

static void test_failing_allocations(void) {
    ffnn_desc desc = good_description();
    size_t number = 1;
    ffnn_status status = FFNN_ERROR_MEMORY;
    desc.optimizer = FFNN_ADAM;
    for (; status != FFNN_OK && number < 100; ++number) {
        ffnn_net net;
        test_fail_allocation(number);
        status = ffnn_init(&net, &desc);
        test_fail_allocation(0);
        if (status != FFNN_OK) {
            CHECK_STATUS(FFNN_ERROR_MEMORY, status);
            CHECK(is_all_zero(&net));
        }
        ffnn_free(&net);
    }
    CHECK(number > 2 && number < 100);
}

#define OPTIMIZER SCRATCH "test_descriptions.safetensors"

/* ---- what is changed later --------------------------------------------------------------- */

enum { ROWS = 2 };

typedef struct calls {
    float X[ROWS * 4], y[ROWS * 3], output[ROWS * 3];
    unsigned char file[2048];
    size_t file_size;
} calls;

static ffnn_tensor X_of(calls *c) {
    return ffnn_view(c->X, ROWS, 4);
}

static ffnn_tensor y_of(calls *c) {
    return ffnn_view(c->y, ROWS, 3);
}

static void make_calls(calls *c, ffnn_net *net) {
    ffnn_desc desc = good_description();
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < COUNT_OF(c->X); ++i) c->X[i] = (float)i / 8;
    for (size_t i = 0; i < ROWS; ++i) c->y[i * 3] = 1;
    CHECK_STATUS(FFNN_OK, ffnn_init(net, &desc));
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(net, c->file, sizeof c->file, &c->file_size));
    CHECK_STATUS(FFNN_OK, ffnn_forward(net, X_of(c), NULL));
}

/* What uses activations only: forward, predict, save. */
static void check_reading_calls(ffnn_status expected, calls *c, ffnn_net *net) {
    size_t size = 0;
    unsigned char saved[2048];
    CHECK_STATUS(expected, ffnn_predict(net, X_of(c), ffnn_view(c->output, ROWS, 3)));
    CHECK_STATUS(expected, ffnn_forward(net, X_of(c), NULL));
    CHECK_STATUS(expected, ffnn_save_memory(net, NULL, 0, &size));
    CHECK_STATUS(expected, ffnn_save_memory(net, saved, sizeof saved, &size));
    ffnn_net copy;
    CHECK_STATUS(expected, ffnn_init_copy(&copy, net));
    ffnn_free(&copy);
}

/* The optimizer's file: what is no optimizer has none. */
static void check_optimizer_files(ffnn_status save, ffnn_status load, ffnn_net *net) {
    CHECK_STATUS(save, ffnn_save_optimizer(net, OPTIMIZER));
    CHECK_STATUS(load, ffnn_load_optimizer(net, OPTIMIZER));
}

/* What steps, too. */
static void check_steps(ffnn_status expected, calls *c, ffnn_net *net) {
    ffnn_fit_desc fit;
    float loss;
    memset(&fit, 0, sizeof fit);
    fit.epochs = 1;
    CHECK_STATUS(expected, ffnn_train(net, X_of(c), y_of(c), 0.1f, &loss));
    CHECK_STATUS(expected, ffnn_train(net, X_of(c), y_of(c), 0, NULL));
    CHECK_STATUS(expected, ffnn_backward(net, X_of(c), y_of(c), 0.1f));
    CHECK_STATUS(expected, ffnn_fit(net, X_of(c), y_of(c), &fit));
    CHECK_STATUS(expected, ffnn_fit(net, X_of(c), y_of(c), NULL));
}

/* A refusal has changed nothing, neither weights nor what the last forward pass left. */
static void check_refused_steps(calls *c, ffnn_net *net) {
    float before[4 * 5 + 5 * 3 + ROWS * 3], after[COUNT_OF(before)];
    float *copies[] = {before, after};
    for (int i = 0; i < 2; ++i) {
        memcpy(copies[i], net->layers[0].weight.data, 4 * 5 * sizeof(float));
        memcpy(copies[i] + 4 * 5, net->layers[1].weight.data, 5 * 3 * sizeof(float));
        memcpy(copies[i] + 4 * 5 + 5 * 3, net->layers[1].a.data, ROWS * 3 * sizeof(float));
        if (i == 0) check_steps(FFNN_ERROR_ARGUMENT, c, net);
    }
    CHECK(memcmp(before, after, sizeof before) == 0);
}

static void check_every_call_refuses(calls *c, ffnn_net *net) {
    float loss = 0;
    check_reading_calls(FFNN_ERROR_ARGUMENT, c, net);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_evaluate(net, X_of(c), y_of(c), &loss));
    check_refused_steps(c, net);
    check_optimizer_files(FFNN_ERROR_ARGUMENT, FFNN_ERROR_ARGUMENT, net);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                 ffnn_gradient(net, X_of(c), y_of(c), ffnn_view(NULL, 0, 0)));
    CHECK(ffnn_load_memory(net, c->file, c->file_size) != FFNN_OK);
}

static void test_changed_activations_are_checked(void) {
    static const struct { size_t layer; int activation; } bad[] = {
        {0, FFNN_SOFTMAX}, {0, FFNN_SOFTMAX + 1}, {1, FFNN_SOFTMAX + 1}, {0, -1}, {1, 0x404040}};
    for (size_t i = 0; i < COUNT_OF(bad); ++i) {
        calls c;
        ffnn_net net;
        ffnn_layer *layer;
        ffnn_activation before;
        test_case("activation %d of layer %d", bad[i].activation, (int)bad[i].layer);
        make_calls(&c, &net);
        layer = &net.layers[bad[i].layer];
        before = layer->activation;
        set_number(&layer->activation, bad[i].activation);
        check_every_call_refuses(&c, &net);
        layer->activation = before;
        check_reading_calls(FFNN_OK, &c, &net);
        check_steps(FFNN_OK, &c, &net);
        ffnn_free(&net);
    }
}

/* As an activation is: by every call. */
static void test_changed_alphas_are_checked(void) {
    const struct { size_t layer; ffnn_activation activation; float alpha; } bad[] = {
        {0, FFNN_TANH, 0.5f}, {1, FFNN_IDENTITY, -1}, {0, FFNN_LEAKY_RELU, INFINITE},
        {0, FFNN_LEAKY_RELU, -INFINITE}, {1, FFNN_ELU, not_a_number()},
        {1, FFNN_RELU, FLT_MIN / 8388608}, {1, FFNN_SOFTMAX, 1}};
    for (size_t i = 0; i < COUNT_OF(bad); ++i) {
        calls c;
        ffnn_net net;
        test_case("alpha %g of layer %d", (double)bad[i].alpha, (int)bad[i].layer);
        make_calls(&c, &net);
        net.layers[bad[i].layer].activation = bad[i].activation;
        net.layers[bad[i].layer].alpha = bad[i].alpha;
        check_every_call_refuses(&c, &net);
        net.layers[bad[i].layer].alpha = 0;
        check_reading_calls(FFNN_OK, &c, &net);
        check_steps(FFNN_OK, &c, &net);
        ffnn_free(&net);
    }
}

/* A softmax layer of one unit could only say 1, and has nothing to learn. */
static void test_softmax_of_one_unit_is_refused(void) {
    static const size_t sizes[][4] = {{3, 1}, {3, 4, 1}, {1, 1, 1, 1}};
    float inputs[6] = {0}, ones[2] = {1, 1}, loss = 0;
    ffnn_tensor x = ffnn_view(inputs, 2, 3), y = ffnn_view(ones, 2, 1);
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        for (int loss_kind = 0; loss_kind <= FFNN_CUSTOM; ++loss_kind) {
            ffnn_rng rng;
            ffnn_desc desc;
            size_t last = 0;
            test_case("sizes %d, loss %d", (int)i, loss_kind);
            memset(&desc, 0, sizeof desc);
            memcpy(desc.sizes, sizes[i], sizeof sizes[i]);
            while (desc.sizes[last + 2] != 0) ++last;
            ffnn_rng_seed(&rng, 1);
            desc.rng = &rng;
            set_number(&desc.loss, loss_kind);
            desc.activations[last] = FFNN_SOFTMAX;
            check_refused(&desc, &rng);
        }
    }

    ffnn_net net;
    size_t size = 0;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, x, NULL));
    net.layers[1].activation = FFNN_SOFTMAX;
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_forward(&net, x, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_backward(&net, x, y, 0.1f));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&net, x, y, 0.1f, &loss));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_fit(&net, x, y, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_predict(&net, x, y));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_evaluate(&net, x, y, &loss));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_memory(&net, NULL, 0, &size));
    ffnn_free(&net);
}

/* The loss is none of predict's, forward's and save's business. */
static void test_a_changed_loss_is_checked(void) {
    static const int bad[] = {FFNN_CROSS_ENTROPY, FFNN_CUSTOM + 1, -1};
    for (size_t i = 0; i < COUNT_OF(bad); ++i) {
        calls c;
        ffnn_net net;
        float loss = 7;
        test_case("loss %d", bad[i]);
        make_calls(&c, &net);
        set_number(&net.loss, bad[i]);
        check_reading_calls(FFNN_OK, &c, &net);
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_evaluate(&net, X_of(&c), y_of(&c), &loss));
        CHECK_CLOSE(7, loss, 0);
        CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                     ffnn_gradient(&net, X_of(&c), y_of(&c), ffnn_view(NULL, 0, 0)));
        check_refused_steps(&c, &net);
        check_optimizer_files(FFNN_OK, FFNN_OK, &net);
        net.loss = FFNN_MSE;
        check_steps(FFNN_OK, &c, &net);
        ffnn_free(&net);
    }
}

/* And an optimizer is none of evaluate's, either. */
static void test_a_changed_optimizer_is_checked(void) {
    const struct { int optimizer; float momentum, weight_decay, clip_norm; } bad[] = {
        {FFNN_ADAM + 1, 0, 0, 0}, {-1, 0, 0, 0}, {FFNN_ADAM, 0.5f, 0, 0}, {FFNN_SGD, 1, 0, 0},
        {FFNN_SGD, -0.5f, 0, 0}, {FFNN_SGD, INFINITE, 0, 0}, {FFNN_SGD, not_a_number(), 0, 0},
        {FFNN_SGD, 0, -1, 0}, {FFNN_ADAM, 0, -1, 0}, {FFNN_SGD, 0, INFINITE, 0},
        {FFNN_ADAM, 0, not_a_number(), 0}, {FFNN_SGD, 0, 0, -1}, {FFNN_ADAM, 0, 0, -1},
        {FFNN_SGD, 0, 0, INFINITE}, {FFNN_ADAM, 0, 0, INFINITE}, {FFNN_SGD, 0, 0, not_a_number()},
        {FFNN_SGD, 0.5f, 0.5f, -INFINITE}, {FFNN_ADAM + 1, 0.5f, 0, 0}, {-1, 0, 0.5f, 0.5f}};
    for (size_t i = 0; i < COUNT_OF(bad); ++i) {
        calls c;
        ffnn_net net;
        float loss = 0;
        test_case("case %d", (int)i);
        make_calls(&c, &net);
        set_number(&net.optimizer, bad[i].optimizer);
        net.momentum = bad[i].momentum;
        net.weight_decay = bad[i].weight_decay;
        net.clip_norm = bad[i].clip_norm;
        check_reading_calls(FFNN_OK, &c, &net);
        CHECK_STATUS(FFNN_OK, ffnn_evaluate(&net, X_of(&c), y_of(&c), &loss));
        CHECK_STATUS(FFNN_OK, ffnn_gradient(&net, X_of(&c), y_of(&c), ffnn_view(NULL, 0, 0)));
        check_refused_steps(&c, &net);
        check_optimizer_files(FFNN_ERROR_ARGUMENT, FFNN_ERROR_ARGUMENT, &net);
        net.optimizer = FFNN_SGD;
        net.momentum = net.weight_decay = net.clip_norm = 0.5f;
        check_steps(FFNN_OK, &c, &net);
        check_optimizer_files(FFNN_OK, FFNN_OK, &net);
        ffnn_free(&net);
    }
}

/* What a loss of one's own has no use for: what would have to compute it. */
static void test_a_loss_of_ones_own_is_never_computed(void) {
    for (int last = 0; last < ACTIVATIONS; ++last) {
        calls c;
        ffnn_net net;
        ffnn_fit_desc fit;
        float loss = 7;
        test_case("%s", activation_table[last].name);
        memset(&fit, 0, sizeof fit);
        fit.epochs = 1;
        make_calls(&c, &net);
        net.layers[1].activation = (ffnn_activation)last;
        net.loss = FFNN_CUSTOM;
        check_reading_calls(FFNN_OK, &c, &net);
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_evaluate(&net, X_of(&c), y_of(&c), &loss));
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&net, X_of(&c), y_of(&c), 0.1f, &loss));
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&net, X_of(&c), y_of(&c), 0, NULL));
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_fit(&net, X_of(&c), y_of(&c), &fit));
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_fit(&net, X_of(&c), y_of(&c), NULL));
        CHECK_CLOSE(7, loss, 0);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X_of(&c), NULL));
        CHECK_STATUS(FFNN_OK, ffnn_gradient(&net, X_of(&c), y_of(&c), ffnn_view(NULL, 0, 0)));
        CHECK_STATUS(FFNN_OK, ffnn_backward(&net, X_of(&c), y_of(&c), 0.1f));
        check_optimizer_files(FFNN_OK, FFNN_OK, &net);
        ffnn_free(&net);
    }
}

/* Below 0 LeakyReLU is z times alpha, ELU expm1(z) times it: in predictions as in training, of few
   samples and many, in small networks and large ones. 0 is torch.nn's. */
static void test_alphas_are_followed(void) {
    enum { MANY = 40, INPUTS = 4 };
    static float X_data[MANY * INPUTS], output[MANY * 70];
    static const float alphas[] = {0, 0.2f, 1, -0.5f, 3, 1e-30f};
    random_state = 41;
    for (size_t i = 0; i < COUNT_OF(X_data); ++i) X_data[i] = 3 * random_float();
    for (size_t i = 0; i < COUNT_OF(alphas) * 2 * 2 * MANY; ++i) {
        float alpha = alphas[i % COUNT_OF(alphas)];
        bool is_elu = i / COUNT_OF(alphas) % 2 == 0, is_large = i / COUNT_OF(alphas) / 2 % 2 == 0;
        size_t rows = 1 + i / COUNT_OF(alphas) / 4;
        if (rows > 9 && rows % 13 != 0) continue;
        ffnn_desc desc = good_description();
        ffnn_net net;
        test_case("%s, alpha %g, %d rows", is_elu ? "elu" : "leaky_relu", (double)alpha, (int)rows);
        desc.sizes[1] = is_large ? 70 : 5;
        desc.sizes[2] = 0;
        desc.activations[0] = is_elu ? FFNN_ELU : FFNN_LEAKY_RELU;
        desc.activations[1] = FFNN_SIGMOID;
        CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
        net.layers[0].alpha = alpha;
        ffnn_tensor X = ffnn_view(X_data, rows, INPUTS);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, NULL));
        CHECK_STATUS(FFNN_OK, ffnn_predict(&net, X, ffnn_view(output, rows, desc.sizes[1])));
        double factor = alpha < 0 || alpha > 0 ? (double)alpha : is_elu ? 1 : (double)0.01f;
        for (size_t k = 0; k < rows * desc.sizes[1]; ++k) {
            double z = (double)net.layers[0].z.data[k];
            double expected = z > 0 ? z : factor * (is_elu ? expm1(z) : z);
            CHECK_CLOSE(expected, net.layers[0].a.data[k], 5e-7);
            CHECK(fabs((double)output[k] - expected) <= 1e-5 * fmax(1, fabs(factor)));
        }
        ffnn_free(&net);
    }
}

/* Good changes are followed by the next call. */
static void test_changes_are_followed(void) {
    calls c;
    ffnn_net net;
    float sum = 0;
    make_calls(&c, &net);
    net.layers[1].activation = FFNN_SOFTMAX;
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, X_of(&c), ffnn_view(c.output, ROWS, 3)));
    for (size_t i = 0; i < 3; ++i) sum += c.output[i];
    CHECK_CLOSE(1, sum, 1e-6);
    net.loss = FFNN_CROSS_ENTROPY;
    check_steps(FFNN_OK, &c, &net);
    net.layers[0].activation = FFNN_RELU;
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X_of(&c), NULL));
    for (size_t i = 0; i < ROWS * 5; ++i)
        CHECK_CLOSE(fmax(0, (double)net.layers[0].z.data[i]), net.layers[0].a.data[i], 0);
    ffnn_free(&net);
}

/* ---- evaluate ---------------------------------------------------------------------------- */

static void test_evaluate_refusals(void) {
    calls c;
    ffnn_net net, none;
    float loss = 7;
    make_calls(&c, &net);
    memset(&none, 0, sizeof none);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_evaluate(NULL, X_of(&c), y_of(&c), &loss));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_evaluate(&none, X_of(&c), y_of(&c), &loss));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_evaluate(&net, X_of(&c), y_of(&c), NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                 ffnn_evaluate(&net, ffnn_view(NULL, ROWS, 4), y_of(&c), &loss));
    CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_evaluate(&net, ffnn_view(c.X, 1, 4), y_of(&c), &loss));
    CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_evaluate(&net, ffnn_view(c.X, ROWS, 3), y_of(&c), &loss));
    CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_evaluate(&net, X_of(&c), ffnn_view(c.y, ROWS, 2), &loss));
    CHECK_CLOSE(7, loss, 0);
    ffnn_free(&net);
}

/* The loss before a step, of as many samples as there are, and nothing of the network changes. */
static void test_evaluate_is_trainings_loss(void) {
    enum { MANY = 700 };
    static float inputs[MANY * 4], targets[MANY * 3];
    static const struct { ffnn_activation last; ffnn_loss loss; } kinds[] = {
        {FFNN_IDENTITY, FFNN_MSE}, {FFNN_TANH, FFNN_HALF_SUM_OF_SQUARES},
        {FFNN_SOFTMAX, FFNN_MSE}, {FFNN_SOFTMAX, FFNN_CROSS_ENTROPY},
        {FFNN_SIGMOID, FFNN_CROSS_ENTROPY}, {FFNN_SIGMOID, FFNN_HALF_SUM_OF_SQUARES},
        {FFNN_IDENTITY, FFNN_L1}, {FFNN_RELU, FFNN_HUBER}, {FFNN_SOFTMAX, FFNN_L1}};
    for (size_t i = 0; i < MANY * 4; ++i) inputs[i] = (float)(i * 37 % 101) / 50 - 1;
    for (size_t i = 0; i < MANY * 3; ++i) targets[i] = i % 3 == i / 3 % 3 ? 1.0f : 0.0f;
    for (size_t i = 0; i < COUNT_OF(kinds); ++i) {
        for (size_t rows = 1; rows <= MANY; rows = rows * 3 + 1) {
            ffnn_tensor X = ffnn_view(inputs, rows, 4), y = ffnn_view(targets, rows, 3);
            ffnn_desc desc = good_description();
            ffnn_net net;
            float evaluated, again, trained;
            test_case("kind %d, %d samples", (int)i, (int)rows);
            desc.activations[1] = kinds[i].last;
            desc.loss = kinds[i].loss;
            CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
            CHECK_STATUS(FFNN_OK, ffnn_evaluate(&net, X, y, &evaluated));
            CHECK(net.layers[0].z.data == NULL);
            CHECK_STATUS(FFNN_OK, ffnn_train(&net, X, y, 0.125f, &trained));
            CHECK_CLOSE(trained, evaluated, 1e-6);
            CHECK_STATUS(FFNN_OK, ffnn_evaluate(&net, X, y, &evaluated));
            CHECK_STATUS(FFNN_OK, ffnn_evaluate(&net, X, y, &again));
            CHECK(memcmp(&evaluated, &again, sizeof again) == 0);
            ffnn_free(&net);
        }
    }
}

int main(void) {
    make_scratch_folder(SCRATCH);
    RUN(test_first_weights_are_linears);
    RUN(test_only_biases_change_first_weights);
    RUN(test_a_network_has_what_is_described);
    RUN(test_descriptions_that_are_accepted);
    RUN(test_every_activation_is_accepted);
    RUN(test_alphas_of_every_activation);
    RUN(test_descriptions_that_are_refused);
    RUN(test_cross_entropy_wants_probabilities);
    RUN(test_descriptions_without_sizes);
    RUN(test_as_many_layers_as_there_may_be);
    RUN(test_failing_allocations);
    RUN(test_changed_activations_are_checked);
    RUN(test_changed_alphas_are_checked);
    RUN(test_softmax_of_one_unit_is_refused);
    RUN(test_a_changed_loss_is_checked);
    RUN(test_a_changed_optimizer_is_checked);
    RUN(test_a_loss_of_ones_own_is_never_computed);
    RUN(test_alphas_are_followed);
    RUN(test_changes_are_followed);
    RUN(test_evaluate_refusals);
    RUN(test_evaluate_is_trainings_loss);
    remove(OPTIMIZER);
    return test_summary("test_descriptions");
}
