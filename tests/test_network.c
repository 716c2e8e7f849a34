/* The network: its weights, forward, backward, training, prediction, and what it refuses. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"
#include "reference/network.h"

/* Of the largest number in a tensor: float sums come out a little different in another order, and
   an element that is what two large ones leave keeps their error. */
static const double ONE_PASS = 1e-6;
static const double TEN_EPOCHS = 3e-6;
static const double EIGHT_LAYERS_OF_GRADIENT = 1e-5;

enum { REFERENCE_SIZES = FFNN_MAX_LAYERS + 1 };

/* ---- helpers ----------------------------------------------------------------------------- */

static const size_t lab_sizes[REFERENCE_SIZES] = {3, 4, 1};

/* Numbers from 0 to 1 that repeat late. */
static void fill(float *data, size_t count) {
    for (size_t i = 0; i < count; ++i) data[i] = (float)(i * 37 % 101) / 100.0f;
}

static double largest(const float *values, size_t count) {
    double found = 0;
    for (size_t i = 0; i < count; ++i) found = fmax(found, fabs((double)values[i]));
    return found;
}

/* The reference's arrays hold one layer after the other; `*values` moves on. */
static void check_tensor(const char *name, ffnn_tensor t, const float **values, double difference) {
    double allowed = difference * largest(*values, element_count(t));
    CHECK(t.data != NULL);
    for (size_t i = 0; i < element_count(t); ++i) {
        double expected = (double)(*values)[i], got = (double)t.data[i];
        if (!(fabs(got - expected) <= allowed) && test_error(__FILE__, __LINE__))
            printf("%s[%d]\n    expected: %.9g\n    got:      %.9g\n", name, (int)i,
                   expected, got);
    }
    *values += element_count(t);
}

static void set_weights(ffnn_net *net, const float *values) {
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        memcpy(weight.data, values, element_count(weight) * sizeof *values);
        values += element_count(weight);
    }
}

/* Everything of a network, to see whether a call changed it: its struct, its layers, and what they
   hold. */
typedef struct snapshot {
    ffnn_net net;
    ffnn_layer layers[FFNN_MAX_LAYERS];     /* net.layer_count of them */
    float *values;                          /* of all its tensors */
} snapshot;

/* Copies the values of all tensors to `values`, if not NULL; returns how many there are. */
static size_t copy_values(const ffnn_net *net, float *values) {
    size_t count = 0;
    for (size_t i = 0; i < net->layer_count; ++i) {
        const ffnn_layer *layer = &net->layers[i];
        const ffnn_tensor tensors[] = {layer->weight, layer->z, layer->a, layer->error,
                                       layer->delta};
        for (size_t k = 0; k < COUNT_OF(tensors); ++k) {
            if (values != NULL && tensors[k].data != NULL)
                memcpy(values + count, tensors[k].data,
                       element_count(tensors[k]) * sizeof *values);
            count += element_count(tensors[k]);
        }
    }
    return count;
}

static snapshot take_snapshot(const ffnn_net *net) {
    snapshot s;
    s.net = *net;
    memcpy(s.layers, net->layers, net->layer_count * sizeof s.layers[0]);
    s.values = (float *)malloc(copy_values(net, NULL) * sizeof *s.values + 1);
    copy_values(net, s.values);
    return s;
}

static int is_unchanged(const ffnn_net *net, const snapshot *s) {
    if (memcmp(net, &s->net, sizeof *net) != 0
        || memcmp(net->layers, s->layers, net->layer_count * sizeof s->layers[0]) != 0)
        return 0;
    size_t count = copy_values(net, NULL);
    float *values = (float *)malloc(count * sizeof *values + 1);
    copy_values(net, values);
    int same = memcmp(values, s->values, count * sizeof *values) == 0;
    free(values);
    return same;
}

static void free_snapshot(snapshot *s) {
    free(s->values);
}

/* Some batches in memory, whose sizes fit the network. */
typedef struct batch {
    ffnn_tensor X, y, output;
} batch;

static batch make_batch(const ffnn_net *net, size_t rows) {
    batch b;
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&b.X, rows, net->layers[0].weight.rows));
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&b.y, rows,
                                           net->layers[net->layer_count - 1].weight.cols));
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&b.output, b.y.rows, b.y.cols));
    fill(b.X.data, element_count(b.X));
    fill(b.y.data, element_count(b.y));
    return b;
}

static void free_batch(batch *b) {
    ffnn_tensor_free(&b->X);
    ffnn_tensor_free(&b->y);
    ffnn_tensor_free(&b->output);
}

/* ---- a new network ----------------------------------------------------------------------- */

static void check_sizes(const ffnn_net *net, const size_t *sizes) {
    size_t layers = 0;
    while (layers + 1 < REFERENCE_SIZES && sizes[layers + 1] > 0) ++layers;
    CHECK(net->layer_count == layers);
    for (size_t i = 0; i < net->layer_count; ++i) {
        const ffnn_layer *layer = &net->layers[i];
        CHECK(layer->weight.rows == sizes[i] && layer->weight.cols == sizes[i + 1]);
        CHECK(layer->z.data == NULL && layer->a.data == NULL);
        CHECK(layer->error.data == NULL && layer->delta.data == NULL);
        CHECK(element_count(layer->z) + element_count(layer->a) == 0);
        CHECK(element_count(layer->error) + element_count(layer->delta) == 0);
    }
}

/* Below 16 weights to the last bit or one beside it, from there on to 1e-6: see test_random.c. */
static void check_new_weights(const ffnn_net *net, const float *values) {
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        for (size_t k = 0; k < element_count(weight); ++k)
            CHECK_CLOSE(values[k], weight.data[k], element_count(weight) < 16 ? 1.2e-7 : 1e-6);
        values += element_count(weight);
    }
}

static void test_new_weights_are_pytorchs_in_order(void) {
    for (size_t i = 0; i < COUNT_OF(init_cases); ++i) {
        const init_case *c = &init_cases[i];
        ffnn_desc desc;
        ffnn_rng rng;
        ffnn_net net, lab;
        test_case("case %d", (int)i);
        memset(&desc, 0, sizeof desc);
        ffnn_rng_seed(&rng, c->seed);
        desc.rng = &rng;
        memcpy(desc.sizes, c->sizes, sizeof c->sizes);
        CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
        check_sizes(&net, c->sizes);
        check_new_weights(&net, c->weights);
        memset(desc.sizes, 0, sizeof desc.sizes);
        CHECK_STATUS(FFNN_OK, ffnn_init(&lab, &desc));
        check_sizes(&lab, lab_sizes);
        check_new_weights(&lab, c->lab_weights);
        ffnn_free(&net);
        ffnn_free(&lab);
    }
}

static void test_no_description_is_the_lab_seeded_with_0(void) {
    ffnn_desc zero, only_sizes;
    ffnn_net net;
    memset(&zero, 0, sizeof zero);
    memset(&only_sizes, 0, sizeof only_sizes);
    memcpy(only_sizes.sizes, lab_sizes, sizeof lab_sizes);
    const ffnn_desc *descriptions[] = {NULL, &zero, &only_sizes};
    for (size_t i = 0; i < COUNT_OF(descriptions); ++i) {
        test_case("description %d", (int)i);
        memset(&net, 0xa5, sizeof net);
        CHECK_STATUS(FFNN_OK, ffnn_init(&net, descriptions[i]));
        check_sizes(&net, lab_sizes);
        CHECK(init_cases[0].seed == 0);
        check_new_weights(&net, init_cases[0].weights);
        ffnn_free(&net);
        CHECK(is_all_zero(&net));
    }
}

static void test_a_network_as_deep_as_can_be(void) {
    size_t sizes[REFERENCE_SIZES];
    ffnn_net net;
    float first, last;
    for (size_t i = 0; i < REFERENCE_SIZES; ++i) sizes[i] = 2 + i % 3;
    make_network(&net, sizes, 4);
    check_sizes(&net, sizes);
    CHECK(net.layer_count == FFNN_MAX_LAYERS);
    batch b = make_batch(&net, 4);
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, 1, &first));
    for (int epoch = 0; epoch < 100; ++epoch)
        CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, 1, &last));
    CHECK(last < first);
    free_batch(&b);
    ffnn_free(&net);
}

static const struct {
    const char *name;
    size_t sizes[REFERENCE_SIZES];
    ffnn_status status;
} bad_descriptions[] = {
    {"one size only", {3}, FFNN_ERROR_ARGUMENT},
    {"no inputs", {0, 4, 1}, FFNN_ERROR_ARGUMENT},
    {"an empty hidden layer", {3, 0, 1}, FFNN_ERROR_ARGUMENT},
    {"a size after the end", {3, 4, 0, 1}, FFNN_ERROR_ARGUMENT},
    {"the last size after the end", {3, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
     FFNN_ERROR_ARGUMENT},
    {"only a last size", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
     FFNN_ERROR_ARGUMENT},
    {"a product that overflows", {SIZE_MAX / 2 + 1, 2}, FFNN_ERROR_MEMORY},
    {"bytes that overflow", {SIZE_MAX / 4 + 1, 1}, FFNN_ERROR_MEMORY},
    {"a second layer that overflows", {1, 2, SIZE_MAX / 8 + 1}, FFNN_ERROR_MEMORY},
    {"layers that overflow together", {1, SIZE_MAX / 8, 1, SIZE_MAX / 8, 1}, FFNN_ERROR_MEMORY},
};

static void test_bad_descriptions_are_refused(void) {
    ffnn_net net;
    ffnn_desc desc;
    ffnn_rng rng, before;
    memset(&rng, 0, sizeof rng); /* with what lies between the fields */
    ffnn_rng_seed(&rng, 5);
    before = rng;
    for (size_t i = 0; i < COUNT_OF(bad_descriptions); ++i) {
        test_case("%s", bad_descriptions[i].name);
        memset(&desc, 0, sizeof desc);
        memcpy(desc.sizes, bad_descriptions[i].sizes, sizeof desc.sizes);
        desc.rng = &rng;
        memset(&net, 0xa5, sizeof net);
        CHECK_STATUS(bad_descriptions[i].status, ffnn_init(&net, &desc));
        CHECK(is_all_zero(&net));
        CHECK(memcmp(&rng, &before, sizeof rng) == 0);
        ffnn_free(&net);
    }
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init(NULL, &desc));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init(NULL, NULL));
}

static void test_init_without_memory(void) {
    static const size_t sizes[REFERENCE_SIZES] = {2, 3, 3, 2};
    enum { ENOUGH = 1000 };
    ffnn_status status = FFNN_ERROR_MEMORY;
    ffnn_rng rng, before;
    ffnn_desc desc;
    ffnn_net net;
    memset(&desc, 0, sizeof desc);
    memcpy(desc.sizes, sizes, sizeof sizes);
    desc.rng = &rng;
    memset(&rng, 0, sizeof rng); /* with what lies between the fields */
    ffnn_rng_seed(&rng, 5);
    before = rng;
    for (size_t n = 1; status != FFNN_OK && n < ENOUGH; ++n) {
        test_case("allocation %d", (int)n);
        memset(&net, 0xa5, sizeof net);
        test_fail_allocation(n);
        status = ffnn_init(&net, &desc);
        CHECK(status == FFNN_OK ? n > 1 : status == FFNN_ERROR_MEMORY);
        if (status == FFNN_OK) continue;
        CHECK(is_all_zero(&net));
        CHECK(memcmp(&rng, &before, sizeof rng) == 0);
        ffnn_free(&net);
    }
    CHECK_STATUS(FFNN_OK, status);
    ffnn_free(&net);
}

static void test_free_of_nothing_is_harmless(void) {
    ffnn_net net;
    ffnn_free(NULL);
    memset(&net, 0, sizeof net);
    ffnn_free(&net);
    make_network(&net, lab_sizes, 1);
    ffnn_free(&net);
    CHECK(is_all_zero(&net));
    ffnn_free(&net);
    CHECK(is_all_zero(&net));
}

static void test_networks_are_independent(void) {
    ffnn_net one, other;
    make_network(&one, lab_sizes, 1);
    make_network(&other, lab_sizes, 1);
    batch b = make_batch(&one, 3);
    CHECK_STATUS(FFNN_OK, ffnn_forward(&other, b.X, NULL));
    snapshot before = take_snapshot(&other);
    CHECK_STATUS(FFNN_OK, ffnn_train(&one, b.X, b.y, 0.5f, NULL));
    CHECK(is_unchanged(&other, &before));
    free_snapshot(&before);
    free_batch(&b);
    ffnn_free(&one);
    ffnn_free(&other);
}

/* ---- forward, backward and training against PyTorch -------------------------------------- */

/* The reference's data copied, for ffnn_view takes what may be written. */
static batch reference_batch(const network_case *c) {
    ffnn_net net;
    make_network(&net, c->sizes, 0);
    batch b = make_batch(&net, c->batch);
    memcpy(b.X.data, c->X, element_count(b.X) * sizeof *b.X.data);
    memcpy(b.y.data, c->y, element_count(b.y) * sizeof *b.y.data);
    ffnn_free(&net);
    return b;
}

static void check_forward(const network_case *c, const ffnn_net *net, ffnn_tensor output) {
    const float *z = c->z, *a = c->a;
    for (size_t i = 0; i < net->layer_count; ++i) {
        check_tensor("z", net->layers[i].z, &z, ONE_PASS);
        check_tensor("a", net->layers[i].a, &a, ONE_PASS);
    }
    CHECK(output.rows == c->batch);
    CHECK(output.data == net->layers[net->layer_count - 1].a.data);
}

static void check_backward(const network_case *c, const ffnn_net *net) {
    const float *error = c->error, *delta = c->delta, *updated = c->updated;
    for (size_t i = 0; i < net->layer_count; ++i) {
        check_tensor("error", net->layers[i].error, &error, ONE_PASS);
        check_tensor("delta", net->layers[i].delta, &delta, ONE_PASS);
        check_tensor("weight", net->layers[i].weight, &updated, ONE_PASS);
    }
}

static void test_forward_and_backward_are_the_labs(void) {
    for (size_t i = 0; i < COUNT_OF(network_cases); ++i) {
        const network_case *c = &network_cases[i];
        ffnn_tensor output = {0, 0, NULL};
        ffnn_net net;
        test_case("network %d", (int)i);
        batch b = reference_batch(c);
        make_network(&net, c->sizes, 0);
        set_weights(&net, c->weights);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, b.X, &output));
        check_forward(c, &net, output);
        CHECK_STATUS(FFNN_OK, ffnn_backward(&net, b.X, b.y, c->learning_rate));
        check_forward(c, &net, output);
        check_backward(c, &net);
        ffnn_free(&net);
        free_batch(&b);
    }
}

static void test_training_is_the_labs(void) {
    for (size_t i = 0; i < COUNT_OF(network_cases); ++i) {
        const network_case *c = &network_cases[i];
        ffnn_net net;
        test_case("network %d", (int)i);
        batch b = reference_batch(c);
        make_network(&net, c->sizes, 0);
        set_weights(&net, c->weights);
        for (int epoch = 0; epoch < NETWORK_EPOCHS; ++epoch) {
            float loss = -1;
            CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, c->learning_rate, &loss));
            CHECK_CLOSE(c->losses[epoch], loss, TEN_EPOCHS);
            if (epoch == 0) check_backward(c, &net);
        }
        ffnn_free(&net);
        free_batch(&b);
    }
}

/* ---- gradients against finite differences ------------------------------------------------ */

enum { MAX_WEIGHTS = 100, MAX_UNITS = 8 };

/* Half the sum of (y - output)^2 of a network with these weights, all in double. */
static double half_squared_error(const size_t *sizes, const double *weights, const batch *b) {
    double sum = 0;
    for (size_t row = 0; row < b->X.rows; ++row) {
        double a[MAX_UNITS], next[MAX_UNITS];
        const double *weight = weights;
        size_t layer;
        for (size_t i = 0; i < sizes[0]; ++i) a[i] = (double)*ffnn_at(b->X, row, i);
        for (layer = 0; sizes[layer + 1] > 0; ++layer) {
            size_t inputs = sizes[layer], outputs = sizes[layer + 1];
            for (size_t j = 0; j < outputs; ++j) {
                double z = 0;
                for (size_t i = 0; i < inputs; ++i) z += a[i] * weight[i * outputs + j];
                next[j] = 1 / (1 + exp(-z));
            }
            memcpy(a, next, sizeof a);
            weight += inputs * outputs;
        }
        for (size_t j = 0; j < sizes[layer]; ++j) {
            double error = (double)*ffnn_at(b->y, row, j) - a[j];
            sum += error * error / 2;
        }
    }
    return sum;
}

/* One layer's part of -d(half_squared_error)/d(weight), by central differences. */
static void differentiate(const size_t *sizes, double *weights, const batch *b, size_t first,
                          size_t count, float *gradient) {
    const double step = 1e-5;
    for (size_t i = 0; i < count; ++i) {
        double before = weights[first + i], above, below;
        weights[first + i] = before + step;
        above = half_squared_error(sizes, weights, b);
        weights[first + i] = before - step;
        below = half_squared_error(sizes, weights, b);
        weights[first + i] = before;
        gradient[i] = (float)((below - above) / (2 * step));
    }
}

/* A large learning rate, so that the update is not lost in the weight it is added to. */
static void check_gradients(const size_t *sizes) {
    const float learning_rate = 1048576;
    double weights[MAX_WEIGHTS];
    size_t first = 0;
    ffnn_net net;
    make_network(&net, sizes, 11);
    batch b = make_batch(&net, 6);
    for (size_t i = 0; i < net.layer_count; ++i)
        for (size_t k = 0; k < element_count(net.layers[i].weight); ++k)
            weights[first++] = (double)net.layers[i].weight.data[k];
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, b.X, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_backward(&net, b.X, b.y, learning_rate));
    first = 0;
    for (size_t i = 0; i < net.layer_count; ++i) {
        ffnn_tensor weight = net.layers[i].weight;
        size_t count = element_count(weight);
        float gradient[MAX_WEIGHTS];
        const float *expected = gradient;
        differentiate(sizes, weights, &b, first, count, gradient);
        for (size_t k = 0; k < count; ++k)
            weight.data[k] = (float)(((double)weight.data[k] - weights[first + k])
                                     / (double)learning_rate);
        test_case("%d layers, layer %d", (int)net.layer_count, (int)i);
        check_tensor("gradient", weight, &expected, EIGHT_LAYERS_OF_GRADIENT);
        first += count;
    }
    free_batch(&b);
    ffnn_free(&net);
}

static void test_gradients_are_those_of_the_squared_error(void) {
    static const size_t sizes[][REFERENCE_SIZES + 1] = {     /* each ended by a 0 */
        {2, 3}, {3, 4, 1}, {4, 5, 3, 2}, {3, 5, 4, 4, 3, 2}, {2, 2, 2, 2, 2, 2, 2, 2, 2},
    };
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) check_gradients(sizes[i]);
}

/* ---- how the functions belong together --------------------------------------------------- */

static void test_training_is_forward_then_backward(void) {
    static const size_t sizes[][REFERENCE_SIZES] = {{3, 4, 1}, {5, 2}, {3, 17, 9, 2}};
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        ffnn_net trained, stepped;
        ffnn_tensor output;
        test_case("network %d", (int)i);
        make_network(&trained, sizes[i], 3);
        make_network(&stepped, sizes[i], 3);
        batch b = make_batch(&trained, 7);
        for (int epoch = 0; epoch < 5; ++epoch) {
            float loss = -1, loss_before = -2;
            CHECK_STATUS(FFNN_OK, ffnn_train(&trained, b.X, b.y, 0.5f, &loss));
            CHECK_STATUS(FFNN_OK, ffnn_forward(&stepped, b.X, &output));
            CHECK_STATUS(FFNN_OK, ffnn_mse(b.y, output, &loss_before));
            CHECK_STATUS(FFNN_OK, ffnn_backward(&stepped, b.X, b.y, 0.5f));
            CHECK(loss == loss_before);
        }
        for (size_t k = 0; k < trained.layer_count; ++k) {
            const ffnn_layer *t = &trained.layers[k], *s = &stepped.layers[k];
            CHECK(same_values(t->weight, s->weight));
            CHECK(same_values(t->z, s->z) && same_values(t->a, s->a));
            CHECK(same_values(t->error, s->error) && same_values(t->delta, s->delta));
        }
        free_batch(&b);
        ffnn_free(&trained);
        ffnn_free(&stepped);
    }
}

static void test_training_without_a_place_for_the_loss(void) {
    ffnn_net one, other;
    float loss = -1;
    make_network(&one, lab_sizes, 3);
    make_network(&other, lab_sizes, 3);
    batch b = make_batch(&one, 4);
    CHECK_STATUS(FFNN_OK, ffnn_train(&one, b.X, b.y, 0.1f, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_train(&other, b.X, b.y, 0.1f, &loss));
    CHECK(same_values(one.layers[0].weight, other.layers[0].weight));
    free_batch(&b);
    ffnn_free(&one);
    ffnn_free(&other);
}

/* All batches up to a few vectors' worth; any kernel must treat them the same way twice. */
static void test_prediction_is_the_forward_pass(void) {
    static const size_t sizes[][REFERENCE_SIZES] = {
        {3, 4, 1}, {1, 1}, {5, 2}, {3, 16, 1}, {7, 33, 9, 4}, {2, 2, 3, 2, 3, 2, 3, 2, 2},
        {2, 700, 3, 2},
    };
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        ffnn_net net;
        make_network(&net, sizes[i], 3);
        for (size_t rows = 1; rows <= 40; ++rows) {
            ffnn_tensor output;
            test_case("network %d, %d rows", (int)i, (int)rows);
            batch b = make_batch(&net, rows);
            CHECK_STATUS(FFNN_OK, ffnn_forward(&net, b.X, &output));
            CHECK_STATUS(FFNN_OK, ffnn_predict(&net, b.X, b.output));
            CHECK(same_values(output, b.output));
            free_batch(&b);
        }
        ffnn_free(&net);
    }
}

static void test_prediction_only_reads_the_network(void) {
    ffnn_net net;
    make_network(&net, lab_sizes, 3);
    batch small = make_batch(&net, 2), large = make_batch(&net, 50);
    snapshot untrained = take_snapshot(&net);
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, large.X, large.output));    /* before any forward */
    CHECK(is_unchanged(&net, &untrained));
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, small.X, small.y, 0.1f, NULL));
    snapshot trained = take_snapshot(&net);
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, large.X, large.output));
    CHECK(is_unchanged(&net, &trained));
    free_snapshot(&untrained);
    free_snapshot(&trained);
    free_batch(&small);
    free_batch(&large);
    ffnn_free(&net);
}

static void test_inputs_are_only_read(void) {
    ffnn_net net;
    make_network(&net, lab_sizes, 3);
    batch b = make_batch(&net, 5), same = make_batch(&net, 5);
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, 0.1f, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, b.X, b.output));
    CHECK(same_values(b.X, same.X) && same_values(b.y, same.y));
    free_batch(&b);
    free_batch(&same);
    ffnn_free(&net);
}

static void test_a_network_may_learn_its_own_input(void) {
    static const size_t sizes[REFERENCE_SIZES] = {3, 2, 3};
    ffnn_net net;
    float first = -1, last = -1;
    make_network(&net, sizes, 3);
    batch b = make_batch(&net, 5);
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.X, 0.5f, &first));
    for (int epoch = 0; epoch < 50; ++epoch)
        CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.X, 0.5f, &last));
    CHECK(last < first);
    free_batch(&b);
    ffnn_free(&net);
}

/* Before the first backward pass they have the size of the batch, too, and are all zeros. */
static void test_error_and_delta_come_with_backward(void) {
    ffnn_net net;
    make_network(&net, lab_sizes, 3);
    batch b = make_batch(&net, 5);
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, b.X, NULL));
    for (size_t i = 0; i < net.layer_count; ++i) {
        CHECK(net.layers[i].z.rows == 5 && net.layers[i].a.rows == 5);
        for (size_t j = 0; j < 5 * net.layers[i].weight.cols; ++j)
            CHECK(net.layers[i].error.data[j] == 0 && net.layers[i].delta.data[j] == 0);
    }
    CHECK_STATUS(FFNN_OK, ffnn_backward(&net, b.X, b.y, 0.1f));
    for (size_t i = 0; i < net.layer_count; ++i) {
        CHECK(net.layers[i].error.rows == 5 && net.layers[i].delta.rows == 5);
        CHECK(*ffnn_at(net.layers[i].error, 4, 0) != 0 && *ffnn_at(net.layers[i].delta, 4, 0) != 0);
    }
    free_batch(&b);
    ffnn_free(&net);
}

/* A rate of 0 changes nothing, a negative one climbs, NaN and inf are arithmetic like any other. */
static void test_any_learning_rate_is_taken(void) {
    ffnn_net net;
    float loss[3];
    make_network(&net, lab_sizes, 3);
    batch b = make_batch(&net, 5);
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, 0, &loss[0]));
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, -0.01f, &loss[1]));
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, NAN, &loss[2]));
    CHECK(loss[0] == loss[1] && loss[2] > loss[1]);
    CHECK(isnan(net.layers[0].weight.data[0]));
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, INFINITY, &loss[0]));
    CHECK(isnan(loss[0]));
    free_batch(&b);
    ffnn_free(&net);
}

/* ---- batches of changing size ------------------------------------------------------------ */

static void test_batches_may_grow_and_shrink(void) {
    static const size_t rows[] = {3, 1, 8, 2, 8, 33, 5, 1, 64};
    ffnn_net net, fresh;
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        ffnn_tensor output, expected;
        test_case("batch %d", (int)i);
        if (i == 0) make_network(&net, lab_sizes, 3);
        make_network(&fresh, lab_sizes, 0);
        for (size_t k = 0; k < net.layer_count; ++k)
            CHECK_STATUS(FFNN_OK, ffnn_copy(fresh.layers[k].weight, net.layers[k].weight));
        batch b = make_batch(&net, rows[i]);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, b.X, &output));
        CHECK_STATUS(FFNN_OK, ffnn_forward(&fresh, b.X, &expected));
        CHECK(same_values(expected, output));
        CHECK_STATUS(FFNN_OK, ffnn_backward(&net, b.X, b.y, 0.3f));
        CHECK_STATUS(FFNN_OK, ffnn_backward(&fresh, b.X, b.y, 0.3f));
        for (size_t k = 0; k < net.layer_count; ++k) {
            CHECK(same_values(net.layers[k].delta, fresh.layers[k].delta));
            CHECK(same_values(net.layers[k].weight, fresh.layers[k].weight));
        }
        free_batch(&b);
        ffnn_free(&fresh);
    }
    ffnn_free(&net);
}

static void test_only_larger_batches_allocate(void) {
    static const struct {
        size_t rows;
        int grows;
    } steps[] = {{4, 1}, {4, 0}, {1, 0}, {4, 0}, {5, 1}, {2, 0}, {5, 0}, {100, 1}, {99, 0}};
    ffnn_net net;
    make_network(&net, lab_sizes, 3);
    for (size_t i = 0; i < COUNT_OF(steps); ++i) {
        test_case("step %d", (int)i);
        batch b = make_batch(&net, steps[i].rows);
        size_t before = test.allocations;
        CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, 0.1f, NULL));
        CHECK((test.allocations > before) == steps[i].grows);
        before = test.allocations;
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, b.X, NULL));
        CHECK_STATUS(FFNN_OK, ffnn_backward(&net, b.X, b.y, 0.1f));
        CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, 0.1f, NULL));
        CHECK(test.allocations == before);
        free_batch(&b);
    }
    ffnn_free(&net);
}

typedef enum call { FORWARD, TRAIN, PREDICT } call;

static ffnn_status make_call(call which, ffnn_net *net, const batch *b, float *loss) {
    switch (which) {
    case FORWARD: return ffnn_forward(net, b->X, NULL);
    case TRAIN:   return ffnn_train(net, b->X, b->y, 0.1f, loss);
    case PREDICT: return ffnn_predict(net, b->X, b->output);
    }
    return FFNN_ERROR_ARGUMENT;
}

/* Fails the first allocation, then the second, ... until the call has all it needs. */
static void check_call_without_memory(call which, ffnn_net *net, const batch *b) {
    enum { ENOUGH = 1000 };
    ffnn_status status = FFNN_ERROR_MEMORY;
    snapshot before = take_snapshot(net);
    for (size_t n = 1; status != FFNN_OK && n < ENOUGH; ++n) {
        float loss = -1;
        test_case("call %d, allocation %d", (int)which, (int)n);
        b->output.data[0] = -1;
        test_fail_allocation(n);
        status = make_call(which, net, b, &loss);
        test_fail_allocation(0);
        if (status == FFNN_OK) continue;
        CHECK_STATUS(FFNN_ERROR_MEMORY, status);
        CHECK(is_unchanged(net, &before));
        CHECK(loss == -1 && b->output.data[0] == -1);
    }
    CHECK_STATUS(FFNN_OK, status);
    free_snapshot(&before);
}

static void check_growing_without_memory(call which, const size_t *sizes) {
    ffnn_net net, fresh;
    make_network(&net, sizes, 3);
    batch first = make_batch(&net, 2), larger = make_batch(&net, 9);
    check_call_without_memory(which, &net, &first);
    check_call_without_memory(which, &net, &larger);
    ffnn_free(&net);
    test_case("freed after a failure");
    make_network(&fresh, sizes, 3);
    test_fail_allocation(1);
    make_call(which, &fresh, &first, NULL);
    test_fail_allocation(0);
    ffnn_free(&fresh);
    free_batch(&first);
    free_batch(&larger);
}

static void test_growing_without_memory(void) {
    static const size_t sizes[][REFERENCE_SIZES] = {{2, 5, 3, 2}, {2, 700, 2}};
    for (size_t i = 0; i < COUNT_OF(sizes); ++i)
        for (int which = FORWARD; which <= PREDICT; ++which)
            check_growing_without_memory((call)which, sizes[i]);
}

/* The smaller batch's forward pass is still there, so its backward pass goes on. */
static void test_backward_after_a_failed_forward(void) {
    ffnn_net net, undisturbed;
    make_network(&net, lab_sizes, 3);
    make_network(&undisturbed, lab_sizes, 3);
    batch small = make_batch(&net, 2), large = make_batch(&net, 20);
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, small.X, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_forward(&undisturbed, small.X, NULL));
    test_fail_allocation(1);
    CHECK_STATUS(FFNN_ERROR_MEMORY, ffnn_forward(&net, large.X, NULL));
    test_fail_allocation(0);
    CHECK_STATUS(FFNN_OK, ffnn_backward(&net, small.X, small.y, 0.1f));
    CHECK_STATUS(FFNN_OK, ffnn_backward(&undisturbed, small.X, small.y, 0.1f));
    CHECK(same_values(net.layers[0].weight, undisturbed.layers[0].weight));
    free_batch(&small);
    free_batch(&large);
    ffnn_free(&net);
    ffnn_free(&undisturbed);
}

/* ---- refusals: everything stays as it was ------------------------------------------------ */

static const bad_tensor bad_inputs[] = {        /* for the lab's 3 inputs and a batch of 5 */
    {"no data", 5, 3, false, FFNN_ERROR_ARGUMENT},
    {"no rows", 0, 3, true, FFNN_ERROR_ARGUMENT},
    {"no columns", 5, 0, true, FFNN_ERROR_ARGUMENT},
    {"too few columns", 5, 2, true, FFNN_ERROR_SHAPE},
    {"too many columns", 5, 4, true, FFNN_ERROR_SHAPE},
    {"transposed", 3, 5, true, FFNN_ERROR_SHAPE},
    {"overflowing", SIZE_MAX / 6, 3, true, FFNN_ERROR_MEMORY},
};

static const bad_tensor bad_outputs[] = {       /* for its 1 output and a batch of 5 */
    {"no data", 5, 1, false, FFNN_ERROR_ARGUMENT},
    {"no rows", 0, 1, true, FFNN_ERROR_ARGUMENT},
    {"no columns", 5, 0, true, FFNN_ERROR_ARGUMENT},
    {"too few rows", 4, 1, true, FFNN_ERROR_SHAPE},
    {"too many rows", 6, 1, true, FFNN_ERROR_SHAPE},
    {"too many columns", 5, 2, true, FFNN_ERROR_SHAPE},
    {"transposed", 1, 5, true, FFNN_ERROR_SHAPE},
    {"one number", 1, 1, true, FFNN_ERROR_SHAPE},
};

typedef void check_refusal(ffnn_net *net, const batch *b, ffnn_tensor bad, ffnn_status status);

static void check_bad_input(ffnn_net *net, const batch *b, ffnn_tensor bad, ffnn_status status) {
    ffnn_tensor output = b->X;
    float loss = -1;
    CHECK_STATUS(status, ffnn_forward(net, bad, &output));
    CHECK(output.data == b->X.data && output.rows == 5 && output.cols == 3);
    CHECK_STATUS(status, ffnn_backward(net, bad, b->y, 0.1f));
    CHECK_STATUS(status, ffnn_train(net, bad, b->y, 0.1f, &loss));
    b->output.data[0] = -1;
    CHECK_STATUS(status, ffnn_predict(net, bad, b->output));
    CHECK(loss == -1 && b->output.data[0] == -1);
}

static void check_bad_output(ffnn_net *net, const batch *b, ffnn_tensor bad, ffnn_status status) {
    float loss = -1;
    CHECK_STATUS(status, ffnn_backward(net, b->X, bad, 0.1f));
    CHECK_STATUS(status, ffnn_train(net, b->X, bad, 0.1f, &loss));
    CHECK_STATUS(status, ffnn_predict(net, b->X, bad));
    CHECK(loss == -1);
}

static void check_refusals(const bad_tensor *cases, size_t count, check_refusal *check) {
    float data[20], before[20];
    ffnn_net net;
    make_network(&net, lab_sizes, 3);
    batch b = make_batch(&net, 5);
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, 0.1f, NULL));
    snapshot trained = take_snapshot(&net);
    fill(data, 20);
    fill(before, 20);
    for (size_t i = 0; i < count; ++i) {
        test_case("%s", cases[i].name);
        check(&net, &b, view_of_bad(&cases[i], data), cases[i].status);
        CHECK(is_unchanged(&net, &trained));
        CHECK(same_bits(data, before, 20));
    }
    free_snapshot(&trained);
    free_batch(&b);
    ffnn_free(&net);
}

static void test_bad_inputs_are_refused(void) {
    check_refusals(bad_inputs, COUNT_OF(bad_inputs), check_bad_input);
}

static void test_bad_targets_and_outputs_are_refused(void) {
    check_refusals(bad_outputs, COUNT_OF(bad_outputs), check_bad_output);
}

static void test_backward_needs_its_forward_pass(void) {
    ffnn_net net;
    make_network(&net, lab_sizes, 3);
    batch b = make_batch(&net, 5), other = make_batch(&net, 4);
    snapshot before = take_snapshot(&net);
    CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_backward(&net, b.X, b.y, 0.1f));
    CHECK(is_unchanged(&net, &before));
    free_snapshot(&before);
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, b.X, NULL));
    before = take_snapshot(&net);
    CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_backward(&net, other.X, other.y, 0.1f));
    CHECK(is_unchanged(&net, &before));
    free_snapshot(&before);
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, other.X, NULL));
    before = take_snapshot(&net);
    CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_backward(&net, b.X, b.y, 0.1f));
    CHECK(is_unchanged(&net, &before));
    free_snapshot(&before);
    free_batch(&b);
    free_batch(&other);
    ffnn_free(&net);
}

/* They would be overwritten while they are read. */
static void test_a_networks_own_buffers_are_refused(void) {
    static const size_t sizes[REFERENCE_SIZES] = {2, 2, 2};
    ffnn_net net;
    make_network(&net, sizes, 3);
    batch b = make_batch(&net, 5);
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, b.X, b.y, 0.1f, NULL));
    snapshot before = take_snapshot(&net);
    for (size_t i = 0; i < net.layer_count; ++i) {
        const ffnn_tensor own[] = {net.layers[i].z, net.layers[i].a, net.layers[i].error,
                                   net.layers[i].delta};
        for (size_t k = 0; k < COUNT_OF(own); ++k) {
            test_case("layer %d, tensor %d", (int)i, (int)k);
            CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_forward(&net, own[k], NULL));
            CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&net, own[k], b.y, 0.1f, NULL));
            CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&net, b.X, own[k], 0.1f, NULL));
            CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_backward(&net, own[k], b.y, 0.1f));
            CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_backward(&net, b.X, own[k], 0.1f));
            CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                         ffnn_forward(&net, ffnn_view(own[k].data + 2, 4, 2), NULL));
            CHECK(is_unchanged(&net, &before));
        }
    }
    free_snapshot(&before);
    free_batch(&b);
    ffnn_free(&net);
}

static void test_prediction_into_its_input_is_refused(void) {
    static const size_t sizes[REFERENCE_SIZES] = {2, 2};
    float data[12], before[12];
    ffnn_net net;
    make_network(&net, sizes, 3);
    fill(data, 12);
    memcpy(before, data, sizeof data);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                 ffnn_predict(&net, ffnn_view(data, 3, 2), ffnn_view(data, 3, 2)));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                 ffnn_predict(&net, ffnn_view(data, 3, 2), ffnn_view(data + 5, 3, 2)));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                 ffnn_predict(&net, ffnn_view(data + 5, 3, 2), ffnn_view(data, 3, 2)));
    CHECK(memcmp(data, before, sizeof data) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, ffnn_view(data, 3, 2), ffnn_view(data + 6, 3, 2)));
    ffnn_free(&net);
}

static void check_unusable(ffnn_net *net) {
    float data[6] = {0}, loss = -1;
    ffnn_tensor X = ffnn_view(data, 1, 3), y = ffnn_view(data + 3, 1, 1), output = {7, 7, data};
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_forward(net, X, &output));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_backward(net, X, y, 0.1f));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(net, X, y, 0.1f, &loss));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_predict(net, X, y));
    CHECK(output.rows == 7 && loss == -1 && data[3] == 0);
}

static void test_no_network_is_refused(void) {
    ffnn_net net;
    test_case("NULL");
    check_unusable(NULL);
    test_case("all zero");
    memset(&net, 0, sizeof net);
    check_unusable(&net);
    test_case("freed");
    make_network(&net, lab_sizes, 3);
    ffnn_free(&net);
    check_unusable(&net);
    CHECK(is_all_zero(&net));
}

int main(void) {
    RUN(test_new_weights_are_pytorchs_in_order);
    RUN(test_no_description_is_the_lab_seeded_with_0);
    RUN(test_a_network_as_deep_as_can_be);
    RUN(test_bad_descriptions_are_refused);
    RUN(test_init_without_memory);
    RUN(test_free_of_nothing_is_harmless);
    RUN(test_networks_are_independent);

    RUN(test_forward_and_backward_are_the_labs);
    RUN(test_training_is_the_labs);
    RUN(test_gradients_are_those_of_the_squared_error);

    RUN(test_training_is_forward_then_backward);
    RUN(test_training_without_a_place_for_the_loss);
    RUN(test_prediction_is_the_forward_pass);
    RUN(test_prediction_only_reads_the_network);
    RUN(test_inputs_are_only_read);
    RUN(test_a_network_may_learn_its_own_input);
    RUN(test_error_and_delta_come_with_backward);
    RUN(test_any_learning_rate_is_taken);

    RUN(test_batches_may_grow_and_shrink);
    RUN(test_only_larger_batches_allocate);
    RUN(test_growing_without_memory);
    RUN(test_backward_after_a_failed_forward);

    RUN(test_bad_inputs_are_refused);
    RUN(test_bad_targets_and_outputs_are_refused);
    RUN(test_backward_needs_its_forward_pass);
    RUN(test_a_networks_own_buffers_are_refused);
    RUN(test_prediction_into_its_input_is_refused);
    RUN(test_no_network_is_refused);
    return test_summary("test_network");
}
