/* Numbers: what must hold for any network, any shape and any float.

    test_properties              some hundred random networks, some thousand shapes
    test_properties --all        all 64,000 shapes of products up to 40 x 40 x 40: some seconds
    test_properties --seed N     only the random network N, as a failure names it

   The reference is computed here in long double, from the definitions; in double where long double
   is made by software, and slow. Both hold the product of two floats exactly. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#include <fenv.h>
#include <float.h>
#include <stdint.h>

#if LDBL_MANT_DIG == 64 && !defined(TEST_IN_DOUBLE) /* as the x87 computes it */
typedef long double real;
#define REAL_EPSILON LDBL_EPSILON
#define REAL_EXP expl
#define REAL_ABS fabsl
#else
typedef double real;
#define REAL_EPSILON DBL_EPSILON
#define REAL_EXP exp
#define REAL_ABS fabs
#endif

/* How far one rounding to float goes, relative to the result. */
static const real ROUNDING = (real)FLT_EPSILON / 2;

static int all_shapes = 0;
static uint64_t first_seed = 1, seed_count = 400;

/* ---- helpers ----------------------------------------------------------------------------- */

/* From first to last, both included. */
static size_t random_size(size_t first, size_t last) {
    return first + (size_t)(random_bits() % (last - first + 1));
}

/* A network of the sizes up to the first 0, weights drawn from `random_float`. */
static void make_random_network(ffnn_net *net, const size_t *sizes) {
    make_network(net, sizes, 0);
    for (size_t i = 0; i < net->layer_count; ++i) fill_randomly(net->layers[i].weight);
}

static real at(ffnn_tensor t, size_t row, size_t col) {
    return (real)t.data[row * t.cols + col];
}

static const float INFINITE = (float)HUGE_VAL;

/* ---- gradients --------------------------------------------------------------------------- */

enum { MAX_UNITS = 7, MAX_SAMPLES = 6 };

/* A random network, its data, and the weights that it had before the update. */
typedef struct experiment {
    ffnn_net net;
    ffnn_tensor X, y;
    ffnn_tensor before[FFNN_MAX_LAYERS];
} experiment;

/* Targets are out of the sigmoid's reach, so that the error is never a small difference. */
static void make_experiment(experiment *e, uint64_t seed) {
    size_t sizes[FFNN_MAX_LAYERS + 1] = {0}, layers, rows;
    random_state = seed;
    layers = random_size(1, FFNN_MAX_LAYERS);
    rows = random_size(1, MAX_SAMPLES);
    for (size_t i = 0; i <= layers; ++i) sizes[i] = random_size(1, MAX_UNITS);
    make_random_network(&e->net, sizes);
    e->X = random_tensor(rows, sizes[0]);
    e->y = random_tensor(rows, sizes[layers]);
    for (size_t i = 0; i < element_count(e->X); ++i) e->X.data[i] *= 0.5f;
    for (size_t i = 0; i < element_count(e->y); ++i)
        e->y.data[i] += e->y.data[i] < 0 ? -1.0f : 2.0f;
    for (size_t i = 0; i < layers; ++i) {
        ffnn_tensor weight = e->net.layers[i].weight;
        e->before[i] = random_tensor(weight.rows, weight.cols);
        CHECK_STATUS(FFNN_OK, ffnn_copy(e->before[i], weight));
    }
}

static void free_experiment(experiment *e) {
    for (size_t i = 0; i < e->net.layer_count; ++i) ffnn_tensor_free(&e->before[i]);
    ffnn_tensor_free(&e->X);
    ffnn_tensor_free(&e->y);
    ffnn_free(&e->net);
}

/* Half the sum of (y - output)^2, with `step` added to one weight. */
static real error_with(const experiment *e, size_t layer, size_t weight, real step) {
    real sum = 0;
    for (size_t row = 0; row < e->X.rows; ++row) {
        real input[MAX_UNITS], output[MAX_UNITS];
        for (size_t i = 0; i < e->X.cols; ++i) input[i] = at(e->X, row, i);
        for (size_t l = 0; l < e->net.layer_count; ++l) {
            ffnn_tensor W = e->before[l];
            for (size_t j = 0; j < W.cols; ++j) {
                real z = 0;
                for (size_t i = 0; i < W.rows; ++i)
                    z += input[i] * (at(W, i, j)
                                     + (l == layer && weight == i * W.cols + j ? step : 0));
                output[j] = 1 / (1 + REAL_EXP(-z));
            }
            memcpy(input, output, sizeof input);
        }
        for (size_t j = 0; j < e->y.cols; ++j)
            sum += (at(e->y, row, j) - output[j]) * (at(e->y, row, j) - output[j]) / 2;
    }
    return sum;
}

/* The slope of the error along one weight, by the five-point formula. Its own error, from the
   rounding of the sums and from the fifth derivative, is about *uncertainty. */
static real slope(const experiment *e, size_t layer, size_t weight,
                         real *uncertainty) {
    const real h = (real)pow((double)REAL_EPSILON, 0.2);
    real near = error_with(e, layer, weight, h) - error_with(e, layer, weight, -h);
    real far = error_with(e, layer, weight, 2 * h) - error_with(e, layer, weight, -2 * h);
    *uncertainty = 10 * REAL_EPSILON / h * error_with(e, layer, weight, 0);
    return (8 * near - far) / (12 * h);
}

/* How large the terms are that a layer's slopes are sums of, with no sign to cancel: the backward
   pass over absolute values. size (rows x units) belongs to the deltas of that layer. */
static void delta_sizes(const experiment *e, size_t layer, real *size) {
    const ffnn_layer *last = &e->net.layers[e->net.layer_count - 1];
    real next[MAX_SAMPLES * MAX_UNITS];
    for (size_t i = 0; i < element_count(last->delta); ++i)
        size[i] = REAL_ABS((real)last->delta.data[i]);
    for (size_t l = e->net.layer_count - 1; l-- > layer;) {
        ffnn_tensor a = e->net.layers[l].a, W = e->before[l + 1];
        memcpy(next, size, sizeof next);
        for (size_t row = 0; row < a.rows; ++row) {
            for (size_t i = 0; i < a.cols; ++i) {
                real sum = 0;
                for (size_t j = 0; j < W.cols; ++j)
                    sum += next[row * W.cols + j] * REAL_ABS(at(W, i, j));
                size[row * a.cols + i] = sum * at(a, row, i) * (1 - at(a, row, i));
            }
        }
    }
}

/* The update of a layer, or of some of its weights, against the slope of the error. */
static void check_layer(const experiment *e, size_t layer, float learning_rate) {
    const size_t most_checked = 12, roundings_a_layer = 8;
    ffnn_tensor before = e->before[layer], after = e->net.layers[layer].weight;
    ffnn_tensor input = layer == 0 ? e->X : e->net.layers[layer - 1].a;
    size_t count = element_count(before), checked = count < most_checked ? count : most_checked;
    size_t first = random_size(0, count - checked);
    real roundings = (real)(roundings_a_layer * e->net.layer_count);
    real sizes[MAX_SAMPLES * MAX_UNITS];
    delta_sizes(e, layer, sizes);
    for (size_t i = first; i < first + checked; ++i) {
        real update = (real)after.data[i] - (real)before.data[i];
        real got = -update / (real)learning_rate, size = 0, uncertainty;
        real expected = slope(e, layer, i, &uncertainty);
        for (size_t row = 0; row < input.rows; ++row)
            size += REAL_ABS(at(input, row, i / before.cols))
                * sizes[row * before.cols + i % before.cols];
        real sum_rounding = REAL_ABS((real)after.data[i]) * ROUNDING / (real)learning_rate;
        CHECK(REAL_ABS(got - expected) <=
              roundings * ROUNDING * size + sum_rounding + uncertainty);
    }
}

/* A large learning rate, so that nearly all updates drown the rounding of the weight they are added
   to: not those of the first of 16 layers, whose gradients are very small. */
static void test_gradients(void) {
    const float learning_rate = 1048576;
    for (uint64_t seed = first_seed; seed < first_seed + seed_count; ++seed) {
        experiment e;
        test_case("--seed %lu", (unsigned long)seed);
        make_experiment(&e, seed);
        CHECK_STATUS(FFNN_OK, ffnn_train(&e.net, e.X, e.y, learning_rate, NULL));
        for (size_t layer = 0; layer < e.net.layer_count; ++layer)
            check_layer(&e, layer, learning_rate);
        free_experiment(&e);
    }
}

/* ---- products ---------------------------------------------------------------------------- */

/* A product of which one side may be turned over, and what it is to be compared with. */
typedef struct product {
    ffnn_tensor a, b;
    int a_transposed, b_transposed;
    real factor;
    ffnn_tensor plus; /* added to it, if it has data */
} product;

/* got = factor a b + plus. However the terms are summed, with or without fused operations, each
   passes through at most `inner` roundings, and two more with a factor and a summand. */
static void check_product(const char *name, ffnn_tensor got, const product *p) {
    size_t inner = p->a_transposed ? p->a.rows : p->a.cols;
    real roundings = (real)(inner + (p->plus.data != NULL ? 2 : 0)) * ROUNDING;
    real worst = 0;
    for (size_t row = 0; row < got.rows; ++row) {
        for (size_t col = 0; col < got.cols; ++col) {
            real sum = 0, size = 0;
            for (size_t i = 0; i < inner; ++i) {
                real term = (p->a_transposed ? at(p->a, i, row) : at(p->a, row, i))
                                 * (p->b_transposed ? at(p->b, col, i) : at(p->b, i, col));
                sum += term;
                size += REAL_ABS(term);
            }
            sum *= p->factor;
            size *= REAL_ABS(p->factor);
            if (p->plus.data != NULL) {
                sum += at(p->plus, row, col);
                size += REAL_ABS(at(p->plus, row, col));
            }
            sum = REAL_ABS(at(got, row, col) - sum);
            if (!(sum <= worst * size)) worst = sum / size; /* NaN too */
        }
    }
    if (!(worst <= roundings / (1 - roundings)) && test_error(__FILE__, __LINE__))
        printf("%s: %.2f roundings of error, at most %.0f allowed\n", name,
               (double)(worst / ROUNDING), (double)(roundings / ROUNDING));
}

/* ffnn_matmul, and the four products of one epoch of a k-n-k network with a batch of m. */
static void check_shape(size_t m, size_t k, size_t n) {
    const float learning_rate = 0.375f;
    size_t sizes[FFNN_MAX_LAYERS + 1] = {0};
    ffnn_net net;
    ffnn_tensor a = random_tensor(m, k), b = random_tensor(k, n), c = random_tensor(m, n);
    ffnn_tensor y = random_tensor(m, k), W1 = random_tensor(k, n), W2 = random_tensor(n, k);
    const ffnn_tensor none = ffnn_view(NULL, 0, 0);
    const ffnn_layer *first, *second;
    test_case("%lu x %lu times %lu x %lu", (unsigned long)m, (unsigned long)k, (unsigned long)k,
              (unsigned long)n);
    CHECK_STATUS(FFNN_OK, ffnn_matmul(c, a, b));
    {
        const product forward = {a, b, 0, 0, 1, none};
        check_product("matmul", c, &forward);
    }
    sizes[0] = sizes[2] = k;
    sizes[1] = n;
    make_random_network(&net, sizes);
    first = &net.layers[0];
    second = &net.layers[1];
    ffnn_copy(W1, first->weight);
    ffnn_copy(W2, second->weight);
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, a, y, learning_rate, NULL));
    {
        const product z1 = {a, W1, 0, 0, 1, none}, z2 = {first->a, W2, 0, 0, 1, none};
        const product error = {second->delta, W2, 0, 1, 1, none};
        const product update1 = {a, first->delta, 1, 0, (real)learning_rate, W1};
        const product update2 = {first->a, second->delta, 1, 0, (real)learning_rate, W2};
        check_product("first z", first->z, &z1);
        check_product("second z", second->z, &z2);
        check_product("first error", first->error, &error);
        check_product("first weights", first->weight, &update1);
        check_product("second weights", second->weight, &update2);
    }
    ffnn_free(&net);
    ffnn_tensor_free(&a);
    ffnn_tensor_free(&b);
    ffnn_tensor_free(&c);
    ffnn_tensor_free(&y);
    ffnn_tensor_free(&W1);
    ffnn_tensor_free(&W2);
}

/* All shapes up to 40 x 40 x 40; or all up to 6 x 6 x 6, all that are 1 in two places, and every
   41st of the others, which meets every size in every place and every remainder of a division by a
   block's size. */
static void test_products_of_small_shapes(void) {
    size_t number = 0;
    random_state = 1;
    for (size_t m = 1; m <= 40; ++m)
        for (size_t k = 1; k <= 40; ++k)
            for (size_t n = 1; n <= 40; ++n)
                if (number++ % 41 == 0 || all_shapes || (m <= 6 && k <= 6 && n <= 6) ||
                    (m == 1) + (k == 1) + (n == 1) >= 2)
                    check_shape(m, k, n);
}

/* Kernels may read an element twice and count it once: what they leave out is no infinity times 0,
   which would be NaN. */
static void check_infinity(size_t k, size_t n, size_t place) {
    const float infinity = (float)HUGE_VAL;
    ffnn_tensor a = random_tensor(5, k), b = random_tensor(k, n), c = random_tensor(5, n);
    test_case("5 x %lu times %lu x %lu, infinity at %lu", (unsigned long)k, (unsigned long)k,
              (unsigned long)n, (unsigned long)place);
    for (size_t i = 0; i < 5 * k; ++i) a.data[i] = i % k == place ? infinity : 1;
    for (size_t i = 0; i < k * n; ++i) b.data[i] = 1;
    CHECK_STATUS(FFNN_OK, ffnn_matmul(c, a, b));
    for (size_t i = 0; i < 5 * n; ++i) CHECK(c.data[i] == infinity);
    for (size_t i = 0; i < 5 * k; ++i) a.data[i] = 1;
    for (size_t i = 0; i < k * n; ++i) b.data[i] = i / n == place ? infinity : 1;
    CHECK_STATUS(FFNN_OK, ffnn_matmul(c, a, b));
    for (size_t i = 0; i < 5 * n; ++i) CHECK(c.data[i] == infinity);
    ffnn_tensor_free(&a);
    ffnn_tensor_free(&b);
    ffnn_tensor_free(&c);
}

static void test_products_of_an_infinity(void) {
    for (size_t k = 1; k <= 40; ++k)
        for (size_t n = 1; n <= 8; ++n)
            for (size_t place = 0; place < k; ++place) check_infinity(k, n, place);
}

/* Sizes just below, at and above those that a kernel may cut its work into. */
static void test_products_around_blocks(void) {
    static const size_t near[] = {47, 48, 49, 63, 64, 65, 95, 96, 97, 127, 128, 129,
                                  191, 192, 193, 255, 256, 257, 383, 384, 385, 511, 512, 513,
                                  1023, 1024, 1025};
    random_state = 2;
    for (size_t i = 0; i < COUNT_OF(near); ++i) {
        check_shape(near[i], 1, 1);
        check_shape(1, near[i], 1);
        check_shape(1, 1, near[i]);
        check_shape(near[i], near[(i + 1) % 6], 1);
        check_shape(1, near[i], near[(i + 1) % 6]);
        check_shape(near[(i + 1) % 6], 1, near[i]);
        check_shape(near[i], 3, 5);
        check_shape(3, near[i], 5);
        check_shape(5, 3, near[i]);
        check_shape(near[i], near[(i + 1) % 6], 2);
        check_shape(2, near[i], near[(i + 1) % 6]);
        check_shape(near[(i + 1) % 6], 2, near[i]);
    }
    for (size_t m = 1; m <= 5; ++m) { /* a layer of 4 units that is not small, and few samples */
        check_shape(m, 17, 4);
        check_shape(m, 30, 4);
    }
    check_shape(3, 2100, 3); /* deeper than a block of dot products */
    check_shape(2, 4500, 1);
    check_shape(40, 200, 520); /* rows of b that lie far apart */
    for (size_t n = 66; n <= 72; ++n) check_shape(8, 10, n); /* blocks of columns, and a few */
    for (size_t n = 513; n <= 520; ++n) check_shape(8, 64, n);
    check_shape(65, 129, 97);
    check_shape(128, 64, 96);
    check_shape(63, 257, 49);
}

/* ---- NaN and infinity -------------------------------------------------------------------- */

static int row_is_nan(ffnn_tensor t, size_t row) {
    for (size_t col = 0; col < t.cols; ++col)
        if (!isnan(t.data[row * t.cols + col]))
            return 0;
    return 1;
}

/* All rows of a and b but one have the same bits. */
static int same_but_for_row(ffnn_tensor a, ffnn_tensor b, size_t row) {
    size_t before = row * a.cols, after = before + a.cols;
    return same_bits(a.data, b.data, before)
        && same_bits(a.data + after, b.data + after, element_count(a) - after);
}

/* Wherever it stands, also where a kernel handles what is left over from its blocks. */
static void test_nan_in_a_sample_spoils_that_sample_only(void) {
    enum { ROWS = 21, INPUTS = 19, OUTPUTS = 18 };
    static const size_t sizes[FFNN_MAX_LAYERS + 1] = {INPUTS, 23, OUTPUTS};
    ffnn_net net;
    ffnn_tensor X = random_tensor(ROWS, INPUTS), clean = random_tensor(ROWS, OUTPUTS);
    ffnn_tensor predicted = random_tensor(ROWS, OUTPUTS), output = clean;
    make_random_network(&net, sizes);
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, &output));
    ffnn_copy(clean, output);
    for (size_t i = 0; i < element_count(X); ++i) {
        float kept = X.data[i];
        size_t row = i / INPUTS;
        test_case("element %lu", (unsigned long)i);
        X.data[i] = not_a_number();
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, &output));
        CHECK(row_is_nan(output, row) && same_but_for_row(output, clean, row));
        CHECK_STATUS(FFNN_OK, ffnn_predict(&net, X, predicted));
        CHECK(row_is_nan(predicted, row) && same_but_for_row(predicted, clean, row));
        X.data[i] = kept;
    }
    ffnn_free(&net);
    ffnn_tensor_free(&X);
    ffnn_tensor_free(&clean);
    ffnn_tensor_free(&predicted);
}

/* A product is not left out because one of its sides is 0. */
static void test_matmul_multiplies_zeros(void) {
    enum { M = 11, K = 13, N = 19 };
    ffnn_tensor a = random_tensor(M, K), b = random_tensor(K, N), c = random_tensor(M, N);
    memset(a.data, 0, sizeof(float) * M * K);
    for (int infinite = 0; infinite < 2; ++infinite) {
        for (size_t i = 0; i < element_count(b); ++i) {
            float kept = b.data[i];
            test_case("element %lu, %s", (unsigned long)i, infinite ? "infinite" : "NaN");
            b.data[i] = infinite ? INFINITE : not_a_number();
            CHECK_STATUS(FFNN_OK, ffnn_matmul(c, a, b));
            for (size_t j = 0; j < element_count(c); ++j)
                CHECK(!!isnan(c.data[j]) == (j % N == i % N));
            b.data[i] = kept;
        }
    }
    ffnn_tensor_free(&a);
    ffnn_tensor_free(&b);
    ffnn_tensor_free(&c);
}

/* Infinite inputs meet weights of either sign, and of none: inf * 0 is NaN, inf - inf is NaN. */
static void test_infinite_inputs(void) {
    static const size_t sizes[FFNN_MAX_LAYERS + 1] = {2, 3};
    float inputs[4][2] = {{INFINITE, 1}, {-INFINITE, 1}, {INFINITE, INFINITE}, {1, -INFINITE}};
    const float weights[2][3] = {{2, -3, 0}, {1, 1, 1}};
    const float nan = not_a_number();
    const float expected[4][3] = {{1, 0, nan}, {0, 1, nan}, {1, nan, nan}, {0, 0, 0}};
    ffnn_net net;
    ffnn_tensor output = ffnn_view(NULL, 0, 0);
    make_random_network(&net, sizes);
    memcpy(net.layers[0].weight.data, weights, sizeof weights);
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, ffnn_view(inputs[0], 4, 2), &output));
    for (size_t i = 0; i < element_count(output); ++i) {
        test_case("element %lu", (unsigned long)i);
        CHECK_CLOSE(expected[i / 3][i % 3], output.data[i], 0);
    }
    ffnn_free(&net);
}

/* One NaN in y: the delta of that sample's output, so all weights into that output. Those into the
   others stay as they would have been; those of earlier layers get it from all sides. */
static void test_nan_in_a_target(void) {
    enum { ROWS = 6, OUTPUTS = 5, BAD = 3 };
    static const size_t sizes[FFNN_MAX_LAYERS + 1] = {4, 7, OUTPUTS};
    ffnn_net net, clean;
    ffnn_tensor X = random_tensor(ROWS, 4), y = random_tensor(ROWS, OUTPUTS);
    float loss;
    make_random_network(&net, sizes);
    make_random_network(&clean, sizes);
    for (size_t i = 0; i < 2; ++i) ffnn_copy(clean.layers[i].weight, net.layers[i].weight);
    CHECK_STATUS(FFNN_OK, ffnn_train(&clean, X, y, 0.5f, NULL));
    y.data[2 * OUTPUTS + BAD] = not_a_number();
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, X, y, 0.5f, &loss));
    CHECK(isnan(loss));
    for (size_t i = 0; i < element_count(net.layers[0].weight); ++i)
        CHECK(isnan(net.layers[0].weight.data[i]));
    for (size_t i = 0; i < element_count(net.layers[1].weight); ++i) {
        const float *got = net.layers[1].weight.data + i;
        CHECK(i % OUTPUTS == BAD ? isnan(*got)
                                 : same_bits(got, clean.layers[1].weight.data + i, 1));
    }
    ffnn_free(&net);
    ffnn_free(&clean);
    ffnn_tensor_free(&X);
    ffnn_tensor_free(&y);
}

/* Programs that unmask floating-point traps live on: finite data of ordinary size raises neither
   invalid nor division by zero nor overflow. (NaN, infinite and huge data raise what IEEE 754
   says; with traps unmasked they trap, as they would in any other code.) */
static void test_ordinary_data_raises_no_exception(void) {
#if defined(FE_INVALID) && defined(FE_DIVBYZERO) && defined(FE_OVERFLOW)
    enum { WATCHED = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW };
    for (size_t units = 1; units < 40; ++units) {
        size_t sizes[FFNN_MAX_LAYERS + 1] = {0};
        ffnn_net net;
        ffnn_tensor X = random_tensor(units % 11 + 1, units), y = random_tensor(X.rows, 2), answers;
        sizes[0] = sizes[1] = units;
        sizes[2] = 2;
        ffnn_tensor_init(&answers, X.rows, 2);
        make_random_network(&net, sizes);
        test_case("%lu units", (unsigned long)units);
        feclearexcept(FE_ALL_EXCEPT);
        for (int epoch = 0; epoch < 3; ++epoch) ffnn_train(&net, X, y, 0.1f, NULL);
        ffnn_predict(&net, X, answers);
        CHECK(fetestexcept(WATCHED) == 0);
        ffnn_free(&net);
        ffnn_tensor_free(&X);
        ffnn_tensor_free(&y);
        ffnn_tensor_free(&answers);
    }
#else
    test_skip("no floating-point exception flags on this platform");
#endif
}

/* ---- weights and learning rates ---------------------------------------------------------- */

/* Weights below the smallest normal float count as what they are. */
static void test_denormal_weights(void) {
    enum { INPUTS = 20, OUTPUTS = 17 };
    static const size_t sizes[FFNN_MAX_LAYERS + 1] = {INPUTS, OUTPUTS};
    ffnn_net net;
    ffnn_tensor X = random_tensor(9, INPUTS), y = random_tensor(9, OUTPUTS);
    ffnn_tensor before = random_tensor(INPUTS, OUTPUTS), weight, z;
    make_random_network(&net, sizes);
    weight = net.layers[0].weight;
    for (size_t i = 0; i < element_count(weight); ++i) weight.data[i] = (float)(i + 1) * 1e-42f;
    ffnn_copy(before, weight);
    for (size_t i = 0; i < element_count(X); ++i)
        X.data[i] = (float)(i % 4); /* so that all products and sums are exact */
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, NULL));
    z = net.layers[0].z;
    for (size_t row = 0; row < z.rows; ++row) {
        for (size_t col = 0; col < OUTPUTS; ++col) {
            real expected = 0;
            for (size_t i = 0; i < INPUTS; ++i) expected += at(X, row, i) * at(weight, i, col);
            CHECK(expected > 0 && at(z, row, col) == expected);
            CHECK(net.layers[0].a.data[row * OUTPUTS + col] == 0.5f);
        }
    }
    CHECK_STATUS(FFNN_OK, ffnn_backward(&net, X, y, 0));
    CHECK(same_bits(weight.data, before.data, element_count(weight)));
    ffnn_free(&net);
    ffnn_tensor_free(&X);
    ffnn_tensor_free(&y);
    ffnn_tensor_free(&before);
}

/* A network and data of middling size, for one epoch at some learning rate. */
static const size_t rate_sizes[FFNN_MAX_LAYERS + 1] = {13, 21, 3};

static void train_at(ffnn_net *net, float learning_rate) {
    random_state = 7;
    make_random_network(net, rate_sizes);
    ffnn_tensor X = random_tensor(10, 13);
    ffnn_tensor y = random_tensor(10, 3);
    CHECK_STATUS(FFNN_OK, ffnn_train(net, X, y, learning_rate, NULL));
    ffnn_tensor_free(&X);
    ffnn_tensor_free(&y);
}

static void test_learning_rate_0(void) {
    ffnn_net net, untrained;
    train_at(&net, 0);
    random_state = 7;
    make_random_network(&untrained, rate_sizes);
    for (size_t i = 0; i < 2; ++i) {
        ffnn_tensor weight = net.layers[i].weight;
        CHECK(same_bits(weight.data, untrained.layers[i].weight.data, element_count(weight)));
    }
    ffnn_free(&net);
    ffnn_free(&untrained);
}

/* One epoch at a negative rate goes as far in the other direction. */
static void test_negative_learning_rate(void) {
    ffnn_net down, up, start;
    train_at(&down, 0.25f);
    train_at(&up, -0.25f);
    train_at(&start, 0);
    for (size_t i = 0; i < 2; ++i) {
        for (size_t w = 0; w < element_count(start.layers[i].weight); ++w) {
            double before = (double)start.layers[i].weight.data[w];
            double there = (double)down.layers[i].weight.data[w];
            double back = (double)up.layers[i].weight.data[w];
            double size = fmax(fabs(there), fabs(back));
            CHECK(fabs((there - before) + (back - before)) <= 2 * size * (double)ROUNDING);
        }
    }
    CHECK(!same_bits(down.layers[0].weight.data, up.layers[0].weight.data, 13 * 21));
    ffnn_free(&down);
    ffnn_free(&up);
    ffnn_free(&start);
}

/* The weights become huge, infinite or NaN, and everything still returns. */
static void test_huge_learning_rates(void) {
    const float rates[] = {1e10f, 1e30f, FLT_MAX, -FLT_MAX, INFINITE, -INFINITE};
    for (size_t i = 0; i < COUNT_OF(rates); ++i) {
        ffnn_net net;
        ffnn_tensor X = random_tensor(4, 13), y = random_tensor(4, 3), output = X;
        test_case("learning rate %g", (double)rates[i]);
        train_at(&net, rates[i]);
        for (size_t layer = 0; layer < 2; ++layer) { /* the update alone is that large */
            ffnn_tensor weight = net.layers[layer].weight;
            for (size_t w = 0; w < element_count(weight); ++w)
                CHECK(!(fabsf(weight.data[w]) < fabsf(rates[i]) * 1e-7f));
        }
        for (int epoch = 0; epoch < 3; ++epoch)
            CHECK_STATUS(FFNN_OK, ffnn_train(&net, X, y, rates[i], NULL));
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, &output));
        for (size_t w = 0; w < element_count(output); ++w)
            CHECK(isnan(output.data[w]) || (output.data[w] >= 0 && output.data[w] <= 1));
        ffnn_free(&net);
        ffnn_tensor_free(&X);
        ffnn_tensor_free(&y);
    }
}

static void test_learning_rate_nan(void) {
    ffnn_net net;
    train_at(&net, not_a_number());
    for (size_t layer = 0; layer < 2; ++layer)
        for (size_t w = 0; w < element_count(net.layers[layer].weight); ++w)
            CHECK(isnan(net.layers[layer].weight.data[w]));
    ffnn_free(&net);
}

static void test_batch_of_nothing(void) {
    float number = 0.5f;
    ffnn_net net;
    ffnn_tensor X = ffnn_view(&number, 0, 13), y = ffnn_view(&number, 0, 3);
    ffnn_tensor output = ffnn_view(NULL, 0, 0);
    make_random_network(&net, rate_sizes);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_forward(&net, X, &output));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_backward(&net, X, y, 0.5f));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&net, X, y, 0.5f, &number));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_predict(&net, X, y));
    CHECK(number == 0.5f && output.data == NULL && net.layers[0].z.data == NULL);
    ffnn_free(&net);
}

/* What a step adds to a weight is summed up over the batch and rounded once. With x = 1 and
   y - a = 1, all of this is exact but for that. */
static void test_small_steps_are_not_lost(void) {
    static const size_t outputs[] = {1, 2, 5, 16, 64, 504, 511, 512, 600, 1030};
    static const size_t batches[] = {1, 5, 64, 65, 112, 128, 129, 300, 1120};
    const double rate = 1.0 / 2147483648.0; /* 2^-31, where 1 + 2^-23 is the next float to 1 */
    for (size_t n = 0; n < COUNT_OF(outputs); ++n) {
        for (size_t i = 0; i < COUNT_OF(batches); ++i) {
            size_t sizes[FFNN_MAX_LAYERS + 1] = {2, 0};
            float expected = (float)(1 + rate * (double)batches[i]);
            ffnn_net net;
            ffnn_tensor x = random_tensor(batches[i], 2), y = random_tensor(batches[i], outputs[n]);
            test_case("%d outputs, batch of %d", (int)outputs[n], (int)batches[i]);
            sizes[1] = outputs[n];
            make_random_network(&net, sizes);
            net.layers[0].activation = FFNN_IDENTITY;
            set_all_weights(&net, 1);
            for (size_t row = 0; row < x.rows; ++row) {
                *ffnn_at(x, row, 0) = 1;
                *ffnn_at(x, row, 1) = 0;
            }
            for (size_t k = 0; k < element_count(y); ++k) y.data[k] = 2;
            CHECK_STATUS(FFNN_OK, ffnn_train(&net, x, y, (float)rate, NULL));
            for (size_t k = 0; k < outputs[n]; ++k) {
                CHECK(*ffnn_at(net.layers[0].weight, 0, k) == expected);
                CHECK(*ffnn_at(net.layers[0].weight, 1, k) == 1);
            }
            ffnn_free(&net);
            ffnn_tensor_free(&x);
            ffnn_tensor_free(&y);
        }
    }
}

/* ---- batches ----------------------------------------------------------------------------- */

/* A sample gets the same bits alone and in any batch, of any size and at any place; and the same
   from forward and predict. */
static void test_results_do_not_depend_on_the_batch(void) {
    enum { ROWS = 600 };
    static const size_t shapes[][FFNN_MAX_LAYERS + 1] = {
        {3, 4, 1}, {5, 7, 6}, {40, 33, 2}, {70, 1, 50}, {100, 1}, {9, 200, 130, 3}, {1, 300, 1},
        {64, 524, 2}, {150, 604}, {65, 650}, {70, 1000}, {40, 600}, {64, 1}, {1, 64, 1},
        {8, 8, 8, 8, 3},
        {4, 1, 4, 1}, {7, 9, 5, 2}, {64, 2}, {300, 4}, {21, 4}, {300, 3}, {31, 3}, {15, 2}, {17, 5},
        {100, 6}, {64, 7}, {20, 25}, {9, 80}, {33, 48}, {3, 1, 4}, {7, 7, 1}, {3, 69, 3},
        {64, 517, 2},
    };
    for (size_t shape = 0; shape < COUNT_OF(shapes); ++shape) {
        static const size_t batches[] = {1, 2, 3, 5, 6, 7, 8, 31, 64, 255, 256, 257, ROWS};
        ffnn_net net;
        ffnn_tensor X = random_tensor(ROWS, shapes[shape][0]), all, some, output = X;
        make_random_network(&net, shapes[shape]);
        size_t outputs = net.layers[net.layer_count - 1].weight.cols;
        all = random_tensor(ROWS, outputs);
        some = random_tensor(ROWS, outputs);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, &output));
        ffnn_copy(all, output);
        for (size_t i = 0; i < COUNT_OF(batches); ++i) {
            size_t rows = batches[i], first = random_size(0, ROWS - rows);
            const float *expected = all.data + first * outputs;
            ffnn_tensor batch = ffnn_view(X.data + first * X.cols, rows, X.cols);
            test_case("shape %lu, rows %lu to %lu", (unsigned long)shape, (unsigned long)first,
                      (unsigned long)(first + rows));
            some.rows = rows;
            CHECK_STATUS(FFNN_OK, ffnn_predict(&net, batch, some));
            CHECK(same_bits(some.data, expected, rows * outputs));
            CHECK_STATUS(FFNN_OK, ffnn_forward(&net, batch, &output));
            CHECK(same_bits(output.data, expected, rows * outputs));
        }
        ffnn_free(&net);
        ffnn_tensor_free(&X);
        ffnn_tensor_free(&all);
        ffnn_tensor_free(&some);
    }
}

/* A batch whose activations would be more bytes than a size_t can count. It does not get as far as
   to be read; X lies on the stack, so that it does not seem to cover the network's memory. */
static void test_a_batch_too_large_for_memory(void) {
    static const size_t sizes[FFNN_MAX_LAYERS + 1] = {1, 1000};
    float number = 1;
    ffnn_net net;
    ffnn_tensor X = ffnn_view(&number, SIZE_MAX / 64, 1);
    make_random_network(&net, sizes);
    ffnn_status status = ffnn_forward(&net, X, NULL);
    /* where the stack lies below the memory the network seems to be covered after all */
    CHECK(status == FFNN_ERROR_MEMORY || status == FFNN_ERROR_ARGUMENT);
    CHECK(net.layers[0].z.data == NULL);
    ffnn_free(&net);
}

/* Many samples of wide layers take memory; without it neither output nor loss is touched. */
static void test_no_memory_for_a_pass(void) {
    static const size_t sizes[FFNN_MAX_LAYERS + 1] = {3, 100, 2};
    ffnn_net net;
    ffnn_tensor X = random_tensor(50, 3), y = random_tensor(50, 2), output = random_tensor(50, 2);
    float loss = 7;
    make_random_network(&net, sizes);
    ffnn_copy(output, y);
    for (int is_predict = 0; is_predict < 2; ++is_predict) {
        test_fail_allocation(1);
        ffnn_status status = is_predict ? ffnn_predict(&net, X, output)
                                        : ffnn_evaluate(&net, X, y, &loss);
        test_fail_allocation(0);
        CHECK_STATUS(FFNN_ERROR_MEMORY, status);
        CHECK(same_values(output, y) && loss == 7);
    }
    ffnn_free(&net);
    ffnn_tensor_free(&X);
    ffnn_tensor_free(&y);
    ffnn_tensor_free(&output);
}

/* ---- sigmoid ----------------------------------------------------------------------------- */

static float sigmoid(float x) {
    CHECK_STATUS(FFNN_OK, ffnn_sigmoid(ffnn_view(&x, 1, 1), ffnn_view(&x, 1, 1)));
    return x;
}

/* The distance from one float to the next, where this number is. */
static double float_step(double size) {
    int exponent;
    frexp(size, &exponent);
    return ldexp(1, (exponent < FLT_MIN_EXP ? FLT_MIN_EXP : exponent) - FLT_MANT_DIG);
}

/* Within [0, 1], never lower than before by more than the rounding of both, and at most 2 ulp from
   the truth. Below the smallest normal float it may be 0. activation_all.c sees all floats. */
static void test_sigmoid_on_a_dense_sample(void) {
    enum { COUNT = 4096, BLOCKS = 128 };
    static float x[COUNT], got[COUNT];
    float before = 0;
    for (int block = 0; block < BLOCKS; ++block) {
        for (int i = 0; i < COUNT; ++i) /* from -110 to 110 */
            x[i] = (float)((block * COUNT + i) * (220.0 / (BLOCKS * COUNT)) - 110);
        CHECK_STATUS(FFNN_OK, ffnn_sigmoid(ffnn_view(got, 1, COUNT), ffnn_view(x, 1, COUNT)));
        for (int i = 0; i < COUNT; ++i) {
            double truth = 1 / (1 + exp(-(double)x[i])), step = float_step(truth);
            test_case("sigmoid of %.9g is %.9g", (double)x[i], (double)got[i]);
            CHECK(got[i] >= 0 && got[i] <= 1);
            CHECK(fabs((double)got[i] - truth) <= 2 * step
                  || (truth < (double)FLT_MIN && got[i] == 0));
            CHECK((double)got[i] >= (double)before - 4 * step);
            before = got[i];
        }
    }
}

static void test_sigmoid_at_its_ends(void) {
    CHECK(sigmoid(0.0f) == 0.5f && sigmoid(-0.0f) == 0.5f);
    CHECK(sigmoid(INFINITE) == 1 && sigmoid(-INFINITE) == 0);
    CHECK(sigmoid(FLT_MAX) == 1 && sigmoid(-FLT_MAX) == 0);
    CHECK(sigmoid(FLT_MIN) == 0.5f && sigmoid(1e-45f) == 0.5f && sigmoid(-1e-45f) == 0.5f);
    CHECK(isnan(sigmoid(not_a_number())) && isnan(sigmoid(-not_a_number())));
    CHECK(sigmoid(17.5f) == 1 && sigmoid(-104.0f) == 0);
    CHECK(sigmoid(-87) >= FLT_MIN && sigmoid(-87) < 2e-38f);
}

/* sigmoid(x) + sigmoid(-x) is 1, but for 2 ulp of each: at most 2^-24 each ulp below 1. */
static void test_sigmoid_is_symmetric(void) {
    for (int i = 0; i < 20000; ++i) {
        float x = (float)i * 0.001f;
        test_case("x = %g", (double)x);
        CHECK(fabs((double)sigmoid(x) + (double)sigmoid(-x) - 1) <= 4 * (double)ROUNDING);
    }
}

int main(int argc, char **argv) {
    all_shapes = argc == 2 && strcmp(argv[1], "--all") == 0;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0) {
        first_seed = strtoull(argv[2], NULL, 10);
        seed_count = 1;
    } else if (argc != 1 && !all_shapes) {
        fprintf(stderr, "usage: test_properties [--all | --seed N]\n");
        return 2;
    }
    RUN(test_gradients);
    RUN(test_products_of_small_shapes);
    RUN(test_products_of_an_infinity);
    RUN(test_products_around_blocks);
    RUN(test_nan_in_a_sample_spoils_that_sample_only);
    RUN(test_matmul_multiplies_zeros);
    RUN(test_infinite_inputs);
    RUN(test_nan_in_a_target);
    RUN(test_ordinary_data_raises_no_exception);
    RUN(test_denormal_weights);
    RUN(test_learning_rate_0);
    RUN(test_negative_learning_rate);
    RUN(test_huge_learning_rates);
    RUN(test_learning_rate_nan);
    RUN(test_batch_of_nothing);
    RUN(test_small_steps_are_not_lost);
    RUN(test_results_do_not_depend_on_the_batch);
    RUN(test_a_batch_too_large_for_memory);
    RUN(test_no_memory_for_a_pass);
    RUN(test_sigmoid_on_a_dense_sample);
    RUN(test_sigmoid_at_its_ends);
    RUN(test_sigmoid_is_symmetric);
    return test_summary("test_properties");
}
