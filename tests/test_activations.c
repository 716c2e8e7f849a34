/* Activations and losses, for ordinary numbers and for the most awkward ones: against what they
   truly are, computed here in long double. tests/activation_all.c tries every float there is. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#include "activations.h"

/* ---- numbers ----------------------------------------------------------------------------- */

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Any float at all; every 256th is NaN or infinite. */
static float any_float(void) {
    return float_of_bits((uint32_t)(random_bits() >> 32));
}

/* Of NaN, any counts as the same. */
static bool is_same(float a, float b) {
    return same_bits(&a, &b, 1) || (isnan(a) && isnan(b));
}

/* Awkward ones by their bits: zeros, denormal, smallest and largest normal, 1e30, infinite, NaN,
   and where activations saturate, underflow, or change from one way of computing to another. */
static const uint32_t awkward[] = {
    0x00000000u, 0x80000000u, 0x00000001u, 0x80000001u, 0x007fffffu, 0x807fffffu, 0x00800000u,
    0x80800000u, 0x7149f2cau, 0xf149f2cau, 0x7f7fffffu, 0xff7fffffu, 0x7f800000u, 0xff800000u,
    0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffabcdefu, 0x33800000u, 0xb3800000u, 0x3f800000u,
    0xbf800000u, 0x41100000u, 0xc1100000u, 0x41880000u, 0xc1880000u, 0x42ae0000u, 0xc2ae0000u,
    0x42b00000u, 0xc2b00000u, 0x42cf0000u, 0xc2cf0000u, 0xc2d00000u, 0x43480000u, 0xc3480000u,
    0x4b800000u, 0xcb800000u, 0xc0b00000u, 0xc1500000u, 0xc1600000u,
};

enum { NUMBERS = 60000 };
static float numbers[NUMBERS], results[NUMBERS];

/* The awkward ones, numbers in steps of 1/64 from -128 to 128, numbers of all sizes, near 0 and
   everywhere. */
static void make_numbers(void) {
    for (size_t i = 0; i < NUMBERS; ++i) {
        if (i < COUNT_OF(awkward)) numbers[i] = float_of_bits(awkward[i]);
        else if (i < 20000) numbers[i] = ((float)i - 10000) / 64;
        else if (i < 30000) numbers[i] = random_float();
        else if (i < 40000) numbers[i] = 20 * random_float();
        else numbers[i] = any_float();
    }
}

/* ---- activations of tensors -------------------------------------------------------------- */

static void test_activations_are_near_the_truth(void) {
    make_numbers();
    for (int i = 0; i < ELEMENTWISE_ACTIVATIONS; ++i) {
        ffnn_activation activation = (ffnn_activation)i;
        CHECK_STATUS(FFNN_OK, ffnn_activate(ffnn_view(results, 1, NUMBERS),
                                            ffnn_view(numbers, 1, NUMBERS), activation));
        for (size_t k = 0; k < NUMBERS; ++k)
            if (!is_activation_of(activation, numbers[k], results[k]) &&
                test_error(__FILE__, __LINE__))
                printf("%s of %.9g\n    expected: %.9g\n    got:      %.9g\n",
                       activation_table[i].name, (double)numbers[k],
                       (double)true_activation(activation, (real)numbers[k]), (double)results[k]);
    }
}

static void test_ffnn_sigmoid_is_an_activation(void) {
    static float sigmoids[NUMBERS];
    make_numbers();
    CHECK_STATUS(FFNN_OK, ffnn_sigmoid(ffnn_view(sigmoids, 1, NUMBERS),
                                       ffnn_view(numbers, 1, NUMBERS)));
    CHECK_STATUS(FFNN_OK, ffnn_activate(ffnn_view(results, 1, NUMBERS),
                                        ffnn_view(numbers, 1, NUMBERS), FFNN_SIGMOID));
    for (size_t k = 0; k < NUMBERS; ++k)
        CHECK(is_same(sigmoids[k], results[k]));
}

/* Wherever a number stands, among as many others as there may be, in place or not; and nothing
   before and behind the tensor is touched. */
static void test_an_activation_does_not_depend_on_the_place(void) {
    enum { MOST = 70, MARGIN = 32 };
    float room[MARGIN + MOST + MARGIN], alone[MOST];
    make_numbers();
    for (int i = 0; i < ELEMENTWISE_ACTIVATIONS; ++i) {
        ffnn_activation activation = (ffnn_activation)i;
        test_case("%s", activation_table[i].name);
        for (size_t k = 0; k < MOST; ++k)
            CHECK_STATUS(FFNN_OK, ffnn_activate(ffnn_view(&alone[k], 1, 1),
                                                ffnn_view(&numbers[k], 1, 1), activation));
        for (size_t count = 1; count <= MOST; ++count) {
            for (int in_place = 0; in_place < 2; ++in_place) {
                ffnn_tensor dst = ffnn_view(room + MARGIN, count, 1);
                for (size_t k = 0; k < COUNT_OF(room); ++k) room[k] = 12345;
                if (in_place) memcpy(dst.data, numbers, count * sizeof *numbers);
                CHECK_STATUS(FFNN_OK, ffnn_activate(dst, in_place ? dst
                                                    : ffnn_view(numbers, count, 1), activation));
                for (size_t k = 0; k < count; ++k)
                    CHECK(is_same(dst.data[k], alone[k]));
                for (size_t k = 0; k < MARGIN; ++k)
                    CHECK(is_same(room[k], 12345) && is_same(dst.data[count + k], 12345));
            }
        }
    }
}

static void test_activate_refusals(void) {
    static const int outside[] = {ACTIVATIONS, 99, -1, 0x40404040}; /* enums may be bytes */
    float data[8] = {1, 2, 3, 4, 5, 6, 7, 8}, out[8] = {0};
    ffnn_tensor z = ffnn_view(data, 2, 3), dst = ffnn_view(out, 2, 3);
    for (int i = 0; i < ACTIVATIONS; ++i) {
        ffnn_activation activation = (ffnn_activation)i;
        test_case("%s", activation_table[i].name);
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_activate(ffnn_view(NULL, 2, 3), z, activation));
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_activate(dst, ffnn_view(NULL, 2, 3), activation));
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_activate(dst, ffnn_view(data, 0, 3), activation));
        CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_activate(dst, ffnn_view(data, 3, 2), activation));
        CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_activate(dst, ffnn_view(data, 1, 6), activation));
        CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                     ffnn_activate(ffnn_view(data + 1, 2, 3), z, activation));
    }
    for (size_t i = 0; i < COUNT_OF(outside); ++i) {
        ffnn_activation activation;
        memcpy(&activation, &outside[i], sizeof activation); /* no cast: C++ has no such value */
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_activate(dst, z, activation));
    }
    for (size_t i = 0; i < COUNT_OF(data); ++i)
        CHECK(is_same(data[i], (float)(i + 1)) && is_same(out[i], 0));
}

/* ---- softmax ----------------------------------------------------------------------------- */

enum { MAX_COLS = 100 };

/* Differences between two z are taken as they are, not rounded: the rounding of a large one
   would cost many units in the last place. */
static void check_softmax_row(const float *z, const float *a, size_t cols) {
    real exact[MAX_COLS], truth[MAX_COLS];
    double sum = 0;
    for (size_t j = 0; j < cols; ++j) exact[j] = (real)z[j];
    true_softmax(truth, exact, cols);
    for (size_t j = 0; j < cols; ++j) {
        sum += (double)a[j];
        if (!(a[j] >= 0 && a[j] <= 1 &&
              (double)REAL(fabs)((real)a[j] - truth[j])
                  <= allowed_error(FFNN_SOFTMAX, (double)truth[j])) &&
            test_error(__FILE__, __LINE__))
            printf("a[%d], z %.9g\n    expected: %.9g\n    got:      %.9g\n", (int)j,
                   (double)z[j], (double)truth[j], (double)a[j]);
    }
    CHECK(fabs(sum - 1) < 1e-6);
}

static void test_softmax_is_near_the_truth(void) {
    static const float sizes[] = {1e-3f, 1, 10, 60, 300, 1e4f, 1e30f};
    static const size_t widths[] = {1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 33, 64, MAX_COLS};
    enum { ROWS = 20 };
    static float z[ROWS * MAX_COLS], a[ROWS * MAX_COLS];
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        for (size_t w = 0; w < COUNT_OF(widths); ++w) {
            size_t cols = widths[w];
            test_case("%d columns, up to %g", (int)cols, (double)sizes[i]);
            for (size_t k = 0; k < ROWS * cols; ++k) z[k] = sizes[i] * random_float();
            CHECK_STATUS(FFNN_OK, ffnn_activate(ffnn_view(a, ROWS, cols),
                                                ffnn_view(z, ROWS, cols), FFNN_SOFTMAX));
            for (size_t row = 0; row < ROWS; ++row)
                check_softmax_row(z + row * cols, a + row * cols, cols);
        }
    }
    /* found among millions: 3.2 units off, once */
    static const uint32_t hard[] = {0x401ebaaeu, 0x3fa7ef4au, 0xbfe2417du, 0x400404f2u, 0xbe90a9aau};
    for (size_t j = 0; j < COUNT_OF(hard); ++j) z[j] = float_of_bits(hard[j]);
    CHECK_STATUS(FFNN_OK, ffnn_activate(ffnn_view(a, 1, 5), ffnn_view(z, 1, 5), FFNN_SOFTMAX));
    check_softmax_row(z, a, 5);
}

/* A row's result is its own: alone, among others and in place it has the same bits. */
static void test_softmax_is_by_rows(void) {
    enum { ROWS = 9, MARGIN = 32 };
    static float z[ROWS * MAX_COLS], room[MARGIN + ROWS * MAX_COLS + MARGIN];
    float alone[MAX_COLS];
    for (size_t cols = 1; cols <= 40; ++cols) {
        ffnn_tensor in_place = ffnn_view(room + MARGIN, ROWS, cols);
        test_case("%d columns", (int)cols);
        for (size_t k = 0; k < COUNT_OF(room); ++k) room[k] = 12345;
        for (size_t k = 0; k < ROWS * cols; ++k) z[k] = in_place.data[k] = 5 * random_float();
        CHECK_STATUS(FFNN_OK, ffnn_activate(in_place, in_place, FFNN_SOFTMAX));
        for (size_t row = 0; row < ROWS; ++row) {
            CHECK_STATUS(FFNN_OK, ffnn_activate(ffnn_view(alone, 1, cols),
                                                ffnn_view(z + row * cols, 1, cols), FFNN_SOFTMAX));
            CHECK(memcmp(alone, in_place.data + row * cols, cols * sizeof *alone) == 0);
        }
        for (size_t k = 0; k < MARGIN; ++k)
            CHECK(is_same(room[k], 12345) && is_same(in_place.data[ROWS * cols + k], 12345));
    }
}

static void test_softmax_of_extremes(void) {
    const float inf = float_of_bits(0x7f800000u), nan = float_of_bits(0x7fc00000u);
    const float largest = float_of_bits(0x7f7fffffu), denormal = float_of_bits(1);
    const struct { float z[3], a[3]; } cases[] = {
        {{1e30f, -1e30f, 0}, {1, 0, 0}},
        {{-1e30f, -1e30f, -1e30f}, {1.0f / 3, 1.0f / 3, 1.0f / 3}},
        {{1e30f, 1e30f, -1e30f}, {0.5f, 0.5f, 0}},
        {{largest, -largest, 0}, {1, 0, 0}},
        {{-largest, -largest, largest}, {0, 0, 1}},
        {{denormal, -denormal, 0}, {1.0f / 3, 1.0f / 3, 1.0f / 3}},
        {{-inf, 0, 0}, {0, 0.5f, 0.5f}},
        {{-inf, -inf, -200}, {0, 0, 1}},
        {{nan, 0, 0}, {nan, nan, nan}},
        {{0, nan, 1e30f}, {nan, nan, nan}},
        {{-1e30f, 1, nan}, {nan, nan, nan}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        float z[6], a[6];
        test_case("row %d", (int)i);
        memcpy(z, cases[i].z, sizeof cases[i].z);
        z[3] = z[4] = z[5] = 0; /* the next row is not infected */
        CHECK_STATUS(FFNN_OK, ffnn_activate(ffnn_view(a, 2, 3), ffnn_view(z, 2, 3), FFNN_SOFTMAX));
        for (size_t j = 0; j < 3; ++j) {
            CHECK_CLOSE(cases[i].a[j], a[j], 3e-7);
            CHECK_CLOSE(1.0 / 3, a[3 + j], 3e-7);
        }
    }
}

/* ---- in a network ------------------------------------------------------------------------ */

/* One layer that hands its inputs on as z. */
static void make_layer(ffnn_net *net, size_t units, ffnn_activation activation, ffnn_loss loss) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = desc.sizes[1] = units;
    desc.activations[0] = activation;
    desc.loss = loss;
    CHECK_STATUS(FFNN_OK, ffnn_init(net, &desc));
    for (size_t i = 0; i < units; ++i)
        for (size_t j = 0; j < units; ++j)
            *ffnn_at(net->layers[0].weight, i, j) = i == j ? 1.0f : 0.0f;
}

/* Far out a careless slope multiplies zero by infinity. */
static void test_layers_activate_extremes(void) {
    static const float far[] = {1e30f, 1e20f, 1e10f, 200, 150, -150, -200, -1e10f, -1e20f, -1e30f};
    for (int i = 0; i < ELEMENTWISE_ACTIVATIONS; ++i) {
        ffnn_activation activation = (ffnn_activation)i;
        ffnn_net net;
        make_layer(&net, 1, activation, FFNN_HALF_SUM_OF_SQUARES);
        for (size_t k = 0; k < COUNT_OF(far) + COUNT_OF(awkward); ++k) {
            bool is_far = k < COUNT_OF(far);
            float z = is_far ? far[k] : float_of_bits(awkward[k - COUNT_OF(far)]), y = 0, a;
            ffnn_tensor X = ffnn_view(&z, 1, 1);
            const ffnn_layer *layer = net.layers;
            test_case("%s of %.9g", activation_table[i].name, (double)z);
            CHECK_STATUS(FFNN_OK, ffnn_predict(&net, X, ffnn_view(&a, 1, 1)));
            CHECK(is_activation_of(activation, z, a));
            CHECK_STATUS(FFNN_OK, ffnn_train(&net, X, ffnn_view(&y, 1, 1), 0, NULL));
            CHECK(is_same(layer->a.data[0], a));
            if (is_far && !(fabs((double)a) <= 0))
                CHECK(fabs((double)(layer->delta.data[0] / layer->error.data[0])
                           - (double)true_slope(activation, (real)z)) < 1e-6);
            if (is_far) CHECK(!isnan(layer->delta.data[0]) && !isinf(layer->delta.data[0]));
            if (isnan(z)) CHECK(isnan(layer->delta.data[0]));
            net.layers[0].weight.data[0] = 1;
        }
        ffnn_free(&net);
    }
}

/* Slopes as delta / error, where no step is taken. */
static void test_slopes_are_near_the_truth(void) {
    enum { SLOPES = 40000 }; /* the numbers of ordinary size */
    static float targets[SLOPES];
    make_numbers();
    for (size_t k = 0; k < SLOPES; ++k) targets[k] = -2;
    for (int i = 0; i < ELEMENTWISE_ACTIVATIONS; ++i) {
        ffnn_activation activation = (ffnn_activation)i;
        ffnn_net net;
        make_layer(&net, 1, activation, FFNN_HALF_SUM_OF_SQUARES);
        CHECK_STATUS(FFNN_OK, ffnn_train(&net, ffnn_view(numbers, SLOPES, 1),
                                         ffnn_view(targets, SLOPES, 1), 0, NULL));
        for (size_t k = COUNT_OF(awkward); k < SLOPES; ++k) {
            float error = net.layers[0].error.data[k], delta = net.layers[0].delta.data[k];
            double truth = (double)true_slope(activation, (real)numbers[k]);
            double slope = (double)delta / (double)error;
            double allowed = activation_table[i].is_slope_relative ? 6e-7 * truth : 4e-7;
            if (fabsf(numbers[k]) > 80 || fabsf(error) < 1e-3f) continue; /* not subnormal */
            if (fabs(slope - truth) > allowed && test_error(__FILE__, __LINE__))
                printf("slope of %s at %.9g\n    expected: %.9g\n    got:      %.9g\n",
                       activation_table[i].name, (double)numbers[k], truth, slope);
        }
        ffnn_free(&net);
    }
}

/* The loss of two samples, the second one quiet: half of what the first one costs. */
static void check_cross_entropy(ffnn_activation last, size_t units, const float *z, const float *y,
                                double expected) {
    float inputs[6] = {0}, targets[6] = {0}, loss = -1, trained = -1;
    ffnn_tensor X = ffnn_view(inputs, 2, units), Y = ffnn_view(targets, 2, units);
    ffnn_net net;
    double quiet = last == FFNN_SOFTMAX ? log((double)units) : log(2);
    make_layer(&net, units, last, FFNN_CROSS_ENTROPY);
    memcpy(inputs, z, units * sizeof *z);
    memcpy(targets, y, units * sizeof *y);
    targets[units] = 1;
    CHECK_STATUS(FFNN_OK, ffnn_evaluate(&net, X, Y, &loss));
    CHECK_CLOSE((expected + quiet) / 2, loss, 2e-6);
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, X, Y, 0, &trained));
    CHECK_CLOSE((expected + quiet) / 2, trained, 2e-6);
    for (size_t j = 0; j < 2 * units && !isnan(expected); ++j)
        CHECK(fabs((double)net.layers[0].delta.data[j]) <= 0.5);
    for (size_t j = 0; j < units && isnan(expected); ++j)
        CHECK(last != FFNN_SOFTMAX || isnan(net.layers[0].delta.data[j]));
    ffnn_free(&net);
}

static void test_cross_entropy_of_extremes(void) {
    const float nan = float_of_bits(0x7fc00000u), denormal = float_of_bits(1);
    const struct { float z[3], y[3]; double loss; } rows[] = {
        {{0, 0, 0}, {0, 1, 0}, log(3)},
        {{200, 0, 0}, {1, 0, 0}, 0},
        {{200, 0, 0}, {0, 1, 0}, 200},
        {{-200, -200, 0}, {0.5f, 0.25f, 0.25f}, 150},
        {{1e30f, -1e30f, 0}, {1, 0, 0}, 0},
        {{1e30f, -1e30f, 0}, {0, 1, 0}, 2e30},
        {{1e30f, -1e30f, 0}, {0, 0, 1}, 1e30},
        {{-1e30f, -1e30f, -1e30f}, {0, 0, 1}, log(3)},
        {{1e30f, 1e30f, 1e30f}, {0.25f, 0.25f, 0.5f}, log(3)},
        {{denormal, 0, -denormal}, {0, 0, 1}, log(3)},
        {{nan, 0, 0}, {1, 0, 0}, (double)nan},
        {{0, nan, 1e30f}, {1, 0, 0}, (double)nan},
    };
    const struct { float z, y; double loss; } numbers_of_sigmoid[] = {
        {0, 1, log(2)}, {0, 0, log(2)}, {0, 0.25f, log(2)}, {50, 1, exp(-50)}, {50, 0, 50},
        {-50, 0, exp(-50)}, {-50, 1, 50}, {200, 1, 0}, {200, 0, 200}, {-200, 1, 200},
        {1e30f, 1, 0}, {1e30f, 0, 1e30}, {-1e30f, 0, 0}, {-1e30f, 1, 1e30}, {1e30f, 0.5f, 5e29},
        {-1e30f, 0.75f, 7.5e29}, {denormal, 1, log(2)}, {-denormal, 0, log(2)},
        {nan, 0, (double)nan}, {nan, 1, (double)nan}};
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        test_case("row %d of softmax", (int)i);
        check_cross_entropy(FFNN_SOFTMAX, 3, rows[i].z, rows[i].y, rows[i].loss);
    }
    for (size_t i = 0; i < COUNT_OF(numbers_of_sigmoid); ++i) {
        test_case("number %d of sigmoid", (int)i);
        check_cross_entropy(FFNN_SIGMOID, 1, &numbers_of_sigmoid[i].z, &numbers_of_sigmoid[i].y,
                            numbers_of_sigmoid[i].loss);
    }
}

/* Targets below 0, which are no probabilities, count like others. */
static void test_cross_entropy_of_negative_targets(void) {
    float z[3] = {0, 0, 0}, y[3] = {-1, 1, 1}, loss = -1;
    ffnn_net net;
    make_layer(&net, 3, FFNN_SOFTMAX, FFNN_CROSS_ENTROPY);
    CHECK_STATUS(FFNN_OK, ffnn_evaluate(&net, ffnn_view(z, 1, 3), ffnn_view(y, 1, 3), &loss));
    CHECK_CLOSE(log(3), loss, 1e-6);
    ffnn_free(&net);
}

/* For any z that is finite, but for those so large that their difference overflows. */
static void test_cross_entropy_is_finite(void) {
    static const ffnn_activation lasts[] = {FFNN_SOFTMAX, FFNN_SIGMOID};
    for (size_t k = 0; k < COUNT_OF(lasts); ++k) {
        ffnn_net net;
        make_layer(&net, 3, lasts[k], FFNN_CROSS_ENTROPY);
        for (int i = 0; i < 10000; ++i) {
            float z[3], y[3] = {0, 0, 0}, loss = -1;
            for (size_t j = 0; j < 3; ++j) {
                do z[j] = any_float(); while (!(fabsf(z[j]) < 1e38f));
            }
            y[random_bits() % 3] = 1;
            CHECK_STATUS(FFNN_OK, ffnn_evaluate(&net, ffnn_view(z, 1, 3), ffnn_view(y, 1, 3),
                                                &loss));
            CHECK(loss >= 0 && !isinf(loss));
        }
        ffnn_free(&net);
    }
}

int main(void) {
    RUN(test_activations_are_near_the_truth);
    RUN(test_ffnn_sigmoid_is_an_activation);
    RUN(test_an_activation_does_not_depend_on_the_place);
    RUN(test_activate_refusals);
    RUN(test_softmax_is_near_the_truth);
    RUN(test_softmax_is_by_rows);
    RUN(test_softmax_of_extremes);
    RUN(test_layers_activate_extremes);
    RUN(test_slopes_are_near_the_truth);
    RUN(test_cross_entropy_of_extremes);
    RUN(test_cross_entropy_of_negative_targets);
    RUN(test_cross_entropy_is_finite);
    return test_summary("test_activations");
}
