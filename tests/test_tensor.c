/* Tensors: every operation against values worked out by hand, all of them exact in float. */
#include "test.h"

#include <float.h>

#include "../ffnn.h"
#include "helpers.h"
#include "reference/sigmoid.h"

typedef ffnn_status (*unary_operation)(ffnn_tensor dst, ffnn_tensor a);
typedef ffnn_status (*binary_operation)(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b);

static ffnn_status scale_by_3(ffnn_tensor dst, ffnn_tensor a) {
    return ffnn_scale(dst, a, 3.0f);
}

/* Written here for each operation again, plainly. */
static float plus(float a, float b) { return a + b; }
static float minus(float a, float b) { return a - b; }
static float times(float a, float b) { return a * b; }
static float over(float a, float b) { return a / b; }

static const struct {
    const char *name;
    binary_operation apply;
    float (*of_one)(float a, float b);
} elementwise[] = {
    {"add", ffnn_add, plus},
    {"sub", ffnn_sub, minus},
    {"mul", ffnn_mul, times},
    {"div", ffnn_div, over},
};

static const struct {
    const char *name;
    unary_operation apply;
} same_size[] = {
    {"copy", ffnn_copy},
    {"scale", scale_by_3},
    {"sigmoid", ffnn_sigmoid},
    {"sigmoid_derivative", ffnn_sigmoid_derivative},
};

/* 1, 2, 3, ... */
static void count_up(float *data, size_t count) {
    for (size_t i = 0; i < count; ++i) data[i] = (float)(i + 1);
}

/* ---- the type ---------------------------------------------------------------------------- */

static void test_view_shares_memory_both_ways(void) {
    float data[6] = {1, 2, 3, 4, 5, 6};
    ffnn_tensor t = ffnn_view(data, 2, 3);
    CHECK(t.rows == 2 && t.cols == 3 && t.data == data);
    data[0] = 999;
    CHECK(*ffnn_at(t, 0, 0) == 999);
    *ffnn_at(t, 1, 2) = -1;
    CHECK(data[5] == -1);
    CHECK_STATUS(FFNN_OK, ffnn_scale(t, t, 2));
    CHECK(data[0] == 1998 && data[1] == 4 && data[5] == -2);
}

static void test_at_is_row_major(void) {
    float data[6];
    ffnn_tensor t = ffnn_view(data, 2, 3);
    for (size_t row = 0; row < 2; ++row)
        for (size_t col = 0; col < 3; ++col)
            CHECK(ffnn_at(t, row, col) == data + row * 3 + col);
}

static void test_at_outside_is_null(void) {
    float data[6];
    ffnn_tensor t = ffnn_view(data, 2, 3), none = {0, 0, NULL};
    CHECK(ffnn_at(t, 2, 0) == NULL);
    CHECK(ffnn_at(t, 0, 3) == NULL);
    CHECK(ffnn_at(t, SIZE_MAX, SIZE_MAX) == NULL);
    CHECK(ffnn_at(none, 0, 0) == NULL);
    CHECK(ffnn_at(ffnn_view(NULL, 2, 3), 0, 0) == NULL);
}

static bool is_empty(ffnn_tensor t) {
    return t.rows == 0 && t.cols == 0 && t.data == NULL;
}

static void test_owned_tensor_starts_with_zeros(void) {
    ffnn_tensor t;
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&t, 5, 7));
    CHECK(t.rows == 5 && t.cols == 7 && t.data != NULL);
    for (size_t i = 0; t.data != NULL && i < 35; ++i) CHECK(t.data[i] == 0 && !signbit(t.data[i]));
    ffnn_tensor_free(&t);
    CHECK(is_empty(t));
}

static void test_free_of_nothing_is_harmless(void) {
    ffnn_tensor t = {0, 0, NULL};
    ffnn_tensor_free(NULL);
    ffnn_tensor_free(&t);
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&t, 1, 1));
    ffnn_tensor_free(&t);
    ffnn_tensor_free(&t);
    CHECK(is_empty(t));
}

static void test_tensor_that_cannot_be_made_is_zero(void) {
    static const struct {
        size_t rows, cols;
        ffnn_status status;
    } cases[] = {
        {0, 3, FFNN_ERROR_ARGUMENT},
        {3, 0, FFNN_ERROR_ARGUMENT},
        {0, 0, FFNN_ERROR_ARGUMENT},
        {SIZE_MAX / 2 + 1, 2, FFNN_ERROR_MEMORY},           /* rows * cols is 0 again */
        {SIZE_MAX / 4 + 1, 1, FFNN_ERROR_MEMORY},           /* ... * 4 is */
        {(SIZE_MAX >> 2) / 2 + 1, 2, FFNN_ERROR_MEMORY},
        {SIZE_MAX, SIZE_MAX, FFNN_ERROR_MEMORY},
    };
    float elsewhere = 1;
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        ffnn_tensor t = {4, 4, &elsewhere};
        test_case("case %d", (int)i);
        CHECK_STATUS(cases[i].status, ffnn_tensor_init(&t, cases[i].rows, cases[i].cols));
        CHECK(is_empty(t));
        ffnn_tensor_free(&t);
    }
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_tensor_init(NULL, 1, 1));
}

static void test_failed_allocation_is_reported(void) {
    float elsewhere = 1;
    ffnn_tensor t = {4, 4, &elsewhere};
    test_fail_allocation(1);
    CHECK_STATUS(FFNN_ERROR_MEMORY, ffnn_tensor_init(&t, 2, 2));
    CHECK(is_empty(t));
    ffnn_tensor_free(&t);
}

static void test_every_status_has_its_own_text(void) {
    for (int i = FFNN_OK; i <= FFNN_ERROR_MISMATCH; ++i) {
        const char *text = ffnn_status_string((ffnn_status)i);
        test_case("status %d", i);
        CHECK(text != NULL && text[0] != '\0');
        for (int other = FFNN_OK; text != NULL && other < i; ++other)
            CHECK(strcmp(text, ffnn_status_string((ffnn_status)other)) != 0);
    }
}

static void test_unknown_status_has_a_text_too(void) {
    static const int unknown[] = {FFNN_ERROR_MISMATCH + 1, 7000, -1};
    for (size_t i = 0; i < COUNT_OF(unknown); ++i) {
        const char *text = ffnn_status_string((ffnn_status)unknown[i]);
        test_case("status %d", unknown[i]);
        CHECK(text != NULL && text[0] != '\0');
        CHECK(text != NULL && strcmp(text, ffnn_status_string(FFNN_OK)) != 0);
    }
}

/* ---- what the operations compute --------------------------------------------------------- */

static void test_copy(void) {
    float a[4] = {1, -0.0f, INFINITY, 4}, dst[4] = {9, 9, 9, 9};
    CHECK_STATUS(FFNN_OK, ffnn_copy(ffnn_view(dst, 2, 2), ffnn_view(a, 2, 2)));
    CHECK(same_bits(dst, a, 4));
}

static void test_scale(void) {
    float a[4] = {1, -2, 0.5f, INFINITY}, dst[4];
    const float expected[4] = {-1.5f, 3, -0.75f, -INFINITY};
    CHECK_STATUS(FFNN_OK, ffnn_scale(ffnn_view(dst, 4, 1), ffnn_view(a, 4, 1), -1.5f));
    CHECK(same_bits(dst, expected, 4));
}

static void test_add_sub_mul_div(void) {
    static const float expected[4][4] = {
        {3, 2.5f, 4, 0},
        {-1, 3.5f, -12, -2},
        {2, -1.5f, -32, -1},
        {0.5f, -6, -0.5f, -1},
    };
    float a[4] = {1, 3, -4, -1}, b[4] = {2, -0.5f, 8, 1}, dst[4];
    for (size_t i = 0; i < COUNT_OF(elementwise); ++i) {
        test_case("%s", elementwise[i].name);
        CHECK_STATUS(FFNN_OK, elementwise[i].apply(ffnn_view(dst, 2, 2), ffnn_view(a, 2, 2),
                                                   ffnn_view(b, 2, 2)));
        CHECK(same_bits(dst, expected[i], 4));
    }
}

static void test_division_by_zero_is_arithmetic(void) {
    float a[3] = {1, -1, 0}, zero[1] = {0}, dst[3];
    CHECK_STATUS(FFNN_OK, ffnn_div(ffnn_view(dst, 1, 3), ffnn_view(a, 1, 3),
                                   ffnn_view(zero, 1, 1)));
    CHECK(dst[0] == INFINITY && dst[1] == -INFINITY && isnan(dst[2]));
}

static void test_one_row_is_used_for_every_row(void) {
    static const float expected[4][6] = {
        {3, 0, 3.5f, 6, 3, 6.5f},
        {-1, 4, 2.5f, 2, 7, 5.5f},
        {2, -4, 1.5f, 8, -10, 3},
        {0.5f, -1, 6, 2, -2.5f, 12},
    };
    float a[6] = {1, 2, 3, 4, 5, 6}, row[3] = {2, -2, 0.5f}, dst[6];
    for (size_t i = 0; i < COUNT_OF(elementwise); ++i) {
        test_case("%s", elementwise[i].name);
        CHECK_STATUS(FFNN_OK, elementwise[i].apply(ffnn_view(dst, 2, 3), ffnn_view(a, 2, 3),
                                                   ffnn_view(row, 1, 3)));
        CHECK(same_bits(dst, expected[i], 6));
    }
}

static void test_one_number_is_used_everywhere(void) {
    static const float expected[4][6] = {
        {5, 6, 7, 8, 9, 10},
        {-3, -2, -1, 0, 1, 2},
        {4, 8, 12, 16, 20, 24},
        {0.25f, 0.5f, 0.75f, 1, 1.25f, 1.5f},
    };
    float a[6] = {1, 2, 3, 4, 5, 6}, one[1] = {4}, dst[6];
    for (size_t i = 0; i < COUNT_OF(elementwise); ++i) {
        test_case("%s", elementwise[i].name);
        CHECK_STATUS(FFNN_OK, elementwise[i].apply(ffnn_view(dst, 3, 2), ffnn_view(a, 3, 2),
                                                   ffnn_view(one, 1, 1)));
        CHECK(same_bits(dst, expected[i], 6));
    }
}

/* Every length up to some vectors' worth, from an odd address, b in full, as a row, as a number;
   nothing outside dst is written. */
static void test_elementwise_at_every_length(void) {
    enum { LONGEST = 70, ROWS = 3, SIZE = ROWS * LONGEST };
    static float a[SIZE + 1], b[SIZE + 1], dst[SIZE + 2];
    const float guard = -12345;
    for (size_t i = 0; i <= SIZE; ++i) {
        a[i] = (float)i - 20;
        b[i] = 0.25f + (float)(i % 7);
    }
    for (size_t i = 0; i < COUNT_OF(elementwise); ++i) {
        for (size_t cols = 1; cols <= LONGEST; ++cols) {
            const struct { size_t rows, cols; } spreads[] = {{ROWS, cols}, {1, cols}, {1, 1}};
            for (size_t s = 0; s < COUNT_OF(spreads); ++s) {
                test_case("%s, %d columns, spread %d", elementwise[i].name, (int)cols, (int)s);
                dst[0] = dst[1 + ROWS * cols] = guard;
                CHECK_STATUS(FFNN_OK, elementwise[i].apply(
                    ffnn_view(dst + 1, ROWS, cols), ffnn_view(a + 1, ROWS, cols),
                    ffnn_view(b + 1, spreads[s].rows, spreads[s].cols)));
                for (size_t k = 0; k < ROWS * cols; ++k) {
                    const size_t places_in_b[] = {k, k % cols, 0};
                    size_t k_b = places_in_b[s];
                    CHECK(dst[1 + k] == elementwise[i].of_one(a[1 + k], b[1 + k_b]));
                }
                CHECK(dst[0] == guard && dst[1 + ROWS * cols] == guard);
            }
        }
    }
}

/* -0 + -0 is -0, but 0 + -0 is 0. */
static void test_elementwise_negative_zero(void) {
    enum { COUNT = 21 };
    float a[COUNT], expected[COUNT], zero[1] = {-0.0f}, dst[COUNT];
    for (size_t i = 0; i < COUNT; ++i) a[i] = expected[i] = -0.0f;
    CHECK_STATUS(FFNN_OK, ffnn_add(ffnn_view(dst, 1, COUNT), ffnn_view(a, 1, COUNT),
                                   ffnn_view(zero, 1, 1)));
    CHECK(same_bits(dst, expected, COUNT));
    CHECK_STATUS(FFNN_OK, ffnn_add(ffnn_view(dst, COUNT, 1), ffnn_view(a, COUNT, 1),
                                   ffnn_view(a, COUNT, 1)));
    CHECK(same_bits(dst, expected, COUNT));
}

static void test_matmul(void) {
    float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {7, 8, 9, 10, 11, 12}, dst[4];
    const float expected[4] = {58, 64, 139, 154};
    CHECK_STATUS(FFNN_OK, ffnn_matmul(ffnn_view(dst, 2, 2), ffnn_view(a, 2, 3),
                                      ffnn_view(b, 3, 2)));
    CHECK(same_bits(dst, expected, 4));
}

static void test_matmul_of_row_and_column(void) {
    float a[3] = {1, 2, 3}, b[3] = {4, 5, 6}, inner[1], outer[9];
    const float expected[9] = {4, 5, 6, 8, 10, 12, 12, 15, 18};
    CHECK_STATUS(FFNN_OK, ffnn_matmul(ffnn_view(inner, 1, 1), ffnn_view(a, 1, 3),
                                      ffnn_view(b, 3, 1)));
    CHECK(inner[0] == 32);
    CHECK_STATUS(FFNN_OK, ffnn_matmul(ffnn_view(outer, 3, 3), ffnn_view(a, 3, 1),
                                      ffnn_view(b, 1, 3)));
    CHECK(same_bits(outer, expected, 9));
}

static void test_matmul_of_a_matrix_with_itself(void) {
    float a[4] = {1, 2, 3, 4}, dst[4];
    const float expected[4] = {7, 10, 15, 22};
    ffnn_tensor t = ffnn_view(a, 2, 2);
    CHECK_STATUS(FFNN_OK, ffnn_matmul(ffnn_view(dst, 2, 2), t, t));
    CHECK(same_bits(dst, expected, 4));
}

/* Small whole numbers: any order of summation is exact. */
static void check_matmul(size_t rows, size_t inner, size_t cols) {
    enum { LARGEST = 80 * 80 };
    static float a[LARGEST + 1], b[LARGEST + 1], dst[LARGEST + 2];
    const float guard = -12345;
    test_case("%d x %d times %d x %d", (int)rows, (int)inner, (int)inner, (int)cols);
    for (size_t i = 0; i <= rows * inner; ++i) a[i] = (float)(i * 7 % 11) - 5;
    for (size_t i = 0; i <= inner * cols; ++i) b[i] = (float)(i * 5 % 13) - 6;
    dst[0] = dst[1 + rows * cols] = guard;
    CHECK_STATUS(FFNN_OK, ffnn_matmul(ffnn_view(dst + 1, rows, cols),
                                      ffnn_view(a + 1, rows, inner),
                                      ffnn_view(b + 1, inner, cols)));
    for (size_t i = 0; i < rows; ++i) {
        for (size_t j = 0; j < cols; ++j) {
            float sum = 0;
            for (size_t k = 0; k < inner; ++k) sum += a[1 + i * inner + k] * b[1 + k * cols + j];
            CHECK(dst[1 + i * cols + j] == sum);
        }
    }
    CHECK(dst[0] == guard && dst[1 + rows * cols] == guard);
}

static void test_matmul_of_every_size(void) {
    static const size_t larger[] = {1, 3, 16, 17, 31, 33, 64, 79};
    for (size_t rows = 1; rows <= 9; ++rows)
        for (size_t inner = 1; inner <= 9; ++inner)
            for (size_t cols = 1; cols <= 9; ++cols)
                check_matmul(rows, inner, cols);
    for (size_t i = 0; i < COUNT_OF(larger); ++i)
        for (size_t k = 0; k < COUNT_OF(larger); ++k)
            for (size_t j = 0; j < COUNT_OF(larger); ++j)
                check_matmul(larger[i], larger[k], larger[j]);
}

static void test_matmul_carries_nan_and_inf(void) {
    float a[4] = {0, 1, 0, 0}, b[4] = {INFINITY, 2, 3, NAN}, dst[4];
    CHECK_STATUS(FFNN_OK, ffnn_matmul(ffnn_view(dst, 2, 2), ffnn_view(a, 2, 2),
                                      ffnn_view(b, 2, 2)));
    for (size_t i = 0; i < 4; ++i)                       /* 0 * inf and anything + nan are nan */
        CHECK(isnan(dst[i]));
}

static void test_transpose(void) {
    float a[6] = {1, 2, 3, 4, 5, 6}, dst[6], row[6];
    const float expected[6] = {1, 4, 2, 5, 3, 6};
    CHECK_STATUS(FFNN_OK, ffnn_transpose(ffnn_view(dst, 3, 2), ffnn_view(a, 2, 3)));
    CHECK(same_bits(dst, expected, 6));
    CHECK_STATUS(FFNN_OK, ffnn_transpose(ffnn_view(row, 1, 6), ffnn_view(a, 6, 1)));
    CHECK(same_bits(row, a, 6));
}

static void test_transpose_of_every_size(void) {
    enum { LARGEST = 20 };
    float a[LARGEST * LARGEST], dst[LARGEST * LARGEST];
    count_up(a, COUNT_OF(a));
    for (size_t rows = 1; rows <= LARGEST; ++rows) {
        for (size_t cols = 1; cols <= LARGEST; ++cols) {
            test_case("%d x %d", (int)rows, (int)cols);
            CHECK_STATUS(FFNN_OK, ffnn_transpose(ffnn_view(dst, cols, rows),
                                                 ffnn_view(a, rows, cols)));
            for (size_t i = 0; i < rows * cols; ++i) CHECK(dst[i % cols * rows + i / cols] == a[i]);
        }
    }
}

static void test_max_is_per_column(void) {
    float a[9] = {2, 9, 0, 1, 5, 1, 3, 6, 2}, dst[3];
    const float expected[3] = {3, 9, 2};
    CHECK_STATUS(FFNN_OK, ffnn_max(ffnn_view(dst, 1, 3), ffnn_view(a, 3, 3)));
    CHECK(same_bits(dst, expected, 3));
}

static void test_max_of_negative_and_infinite(void) {
    float a[8] = {-3, -INFINITY, -INFINITY, 1, -2, -INFINITY, -1, INFINITY}, dst[4];
    const float expected[4] = {-2, -INFINITY, -1, INFINITY};
    CHECK_STATUS(FFNN_OK, ffnn_max(ffnn_view(dst, 1, 4), ffnn_view(a, 2, 4)));
    CHECK(same_bits(dst, expected, 4));
}

static void test_max_of_one_row_is_the_row(void) {
    float a[3] = {3, -1, 2}, dst[3];
    CHECK_STATUS(FFNN_OK, ffnn_max(ffnn_view(dst, 1, 3), ffnn_view(a, 1, 3)));
    CHECK(same_bits(dst, a, 3));
    CHECK_STATUS(FFNN_OK, ffnn_max(ffnn_view(dst, 1, 3), ffnn_view(dst, 1, 3)));
    CHECK(same_bits(dst, a, 3));
}

/* As torch.max does: a NaN anywhere in a column is its maximum. */
static void test_max_carries_nan(void) {
    float a[12] = {NAN, 1, 2, 3, 4, NAN, 5, INFINITY, 6, 7, NAN, 8}, dst[4];
    CHECK_STATUS(FFNN_OK, ffnn_max(ffnn_view(dst, 1, 4), ffnn_view(a, 3, 4)));
    CHECK(isnan(dst[0]) && isnan(dst[1]) && isnan(dst[2]) && dst[3] == INFINITY);
}

static void test_mse(void) {
    float a[4] = {1, 2, 3, 4}, b[4] = {1, 4, 0, 3}, mse = -1;
    CHECK_STATUS(FFNN_OK, ffnn_mse(ffnn_view(a, 2, 2), ffnn_view(b, 2, 2), &mse));
    CHECK(mse == 3.5f);                                  /* (0 + 4 + 9 + 1) / 4 */
    CHECK_STATUS(FFNN_OK, ffnn_mse(ffnn_view(a, 2, 2), ffnn_view(a, 2, 2), &mse));
    CHECK(mse == 0);
}

static void test_mse_with_a_row_and_a_number(void) {
    float a[4] = {1, 2, 3, 4}, row[2] = {1, 4}, one[1] = {2}, mse = -1;
    CHECK_STATUS(FFNN_OK, ffnn_mse(ffnn_view(a, 2, 2), ffnn_view(row, 1, 2), &mse));
    CHECK(mse == 2);                                     /* (0 + 4 + 4 + 0) / 4 */
    CHECK_STATUS(FFNN_OK, ffnn_mse(ffnn_view(a, 2, 2), ffnn_view(one, 1, 1), &mse));
    CHECK(mse == 1.5f);                                  /* (1 + 0 + 1 + 4) / 4 */
}

static void test_mse_of_many_does_not_lose_digits(void) {
    enum { COUNT = 300000 };
    ffnn_tensor a, b;
    float mse = -1;
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&a, COUNT, 1));
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&b, COUNT, 1));
    for (size_t i = 0; i < COUNT; ++i) b.data[i] = 0.1f;
    CHECK_STATUS(FFNN_OK, ffnn_mse(a, b, &mse));
    CHECK_CLOSE((double)0.1f * (double)0.1f, mse, 2e-7);
    ffnn_tensor_free(&a);
    ffnn_tensor_free(&b);
}

static void test_mse_carries_nan(void) {
    float a[2] = {1, NAN}, b[2] = {1, 2}, mse = -1;
    CHECK_STATUS(FFNN_OK, ffnn_mse(ffnn_view(a, 1, 2), ffnn_view(b, 1, 2), &mse));
    CHECK(isnan(mse));
}

/* The lab's 1 / (1 + exp(-s)) in float: exp(100) is infinite there, exp(-100) lost beside 1. */
static void test_sigmoid_at_extremes(void) {
    float a[7] = {0, -0.0f, INFINITY, -INFINITY, 100, -100, NAN}, dst[7];
    const float expected[6] = {0.5f, 0.5f, 1, 0, 1, 0};
    CHECK_STATUS(FFNN_OK, ffnn_sigmoid(ffnn_view(dst, 7, 1), ffnn_view(a, 7, 1)));
    CHECK(same_bits(dst, expected, 6));
    CHECK(isnan(dst[6]));
}

/* 3e-7 is between 3 and 5 units in the last place: two correct exp differ by that much. Results
   below the smallest normal float may be 0, as the manual says. */
static void test_sigmoid_is_pytorchs(void) {
    float inputs[COUNT_OF(sigmoid_inputs)], dst[COUNT_OF(sigmoid_inputs)];
    memcpy(inputs, sigmoid_inputs, sizeof inputs);
    CHECK_STATUS(FFNN_OK, ffnn_sigmoid(ffnn_view(dst, 1, COUNT_OF(dst)),
                                       ffnn_view(inputs, 1, COUNT_OF(inputs))));
    for (size_t i = 0; i < COUNT_OF(dst); ++i) {
        test_case("sigmoid(%.9g)", (double)inputs[i]);
        if (sigmoid_outputs[i] >= FLT_MIN || dst[i] != 0)
            CHECK_CLOSE(sigmoid_outputs[i], dst[i], 3e-7);
    }
}

static void test_sigmoid_derivative_takes_the_output(void) {
    float a[5] = {0, 0.5f, 1, 0.25f, 3}, dst[5];
    const float expected[5] = {0, 0.25f, 0, 0.1875f, -6};
    CHECK_STATUS(FFNN_OK, ffnn_sigmoid_derivative(ffnn_view(dst, 1, 5), ffnn_view(a, 1, 5)));
    CHECK(same_bits(dst, expected, 5));
}

static void test_sigmoid_derivative_is_pytorchs(void) {
    float outputs[COUNT_OF(sigmoid_outputs)], dst[COUNT_OF(sigmoid_outputs)];
    memcpy(outputs, sigmoid_outputs, sizeof outputs);
    CHECK_STATUS(FFNN_OK, ffnn_sigmoid_derivative(ffnn_view(dst, 1, COUNT_OF(dst)),
                                                  ffnn_view(outputs, 1, COUNT_OF(outputs))));
#if FLT_EVAL_METHOD == 0
    CHECK(same_bits(dst, sigmoid_derivatives, COUNT_OF(dst)));
#else /* the x87 and s390x round once where PyTorch rounds twice */
    for (size_t i = 0; i < COUNT_OF(dst); ++i) CHECK_CLOSE(sigmoid_derivatives[i], dst[i], 1.2e-7);
#endif
}

/* ---- aliasing ---------------------------------------------------------------------------- */

static void test_result_may_be_an_input(void) {
    static const float a[4] = {1, 3, -4, -1}, b[4] = {2, -0.5f, 8, 1};
    float expected[4], x[4], y[4];
    ffnn_tensor in_x = ffnn_view(x, 2, 2), in_y = ffnn_view(y, 2, 2);
    for (size_t i = 0; i < COUNT_OF(elementwise); ++i) {
        for (size_t k = 0; k < 4; ++k) expected[k] = elementwise[i].of_one(a[k], b[k]);
        test_case("%s, dst is a", elementwise[i].name);
        memcpy(x, a, sizeof x);
        memcpy(y, b, sizeof y);
        CHECK_STATUS(FFNN_OK, elementwise[i].apply(in_x, in_x, in_y));
        CHECK(same_bits(x, expected, 4) && same_bits(y, b, 4));
        test_case("%s, dst is b", elementwise[i].name);
        memcpy(x, a, sizeof x);
        CHECK_STATUS(FFNN_OK, elementwise[i].apply(in_y, in_x, in_y));
        CHECK(same_bits(y, expected, 4) && same_bits(x, a, 4));
        test_case("%s, dst is a and b", elementwise[i].name);
        for (size_t k = 0; k < 4; ++k) expected[k] = elementwise[i].of_one(a[k], a[k]);
        CHECK_STATUS(FFNN_OK, elementwise[i].apply(in_x, in_x, in_x));
        CHECK(same_bits(x, expected, 4));
    }
}

static void test_result_may_be_the_only_input(void) {
    static const float a[4] = {0.5f, 0.25f, -4, 1};
    float expected[4], x[4], source[4];
    for (size_t i = 0; i < COUNT_OF(same_size); ++i) {
        test_case("%s", same_size[i].name);
        memcpy(x, a, sizeof x);
        memcpy(source, a, sizeof source);
        CHECK_STATUS(FFNN_OK, same_size[i].apply(ffnn_view(expected, 2, 2),
                                                 ffnn_view(source, 2, 2)));
        CHECK_STATUS(FFNN_OK, same_size[i].apply(ffnn_view(x, 2, 2), ffnn_view(x, 2, 2)));
        CHECK(same_bits(x, expected, 4));
    }
}

static void test_inputs_may_overlap_each_other(void) {
    float a[5] = {1, 2, 3, 4, 5}, dst[4];
    const float expected[4] = {3, 5, 7, 9};
    CHECK_STATUS(FFNN_OK, ffnn_add(ffnn_view(dst, 2, 2), ffnn_view(a, 2, 2),
                                   ffnn_view(a + 1, 2, 2)));
    CHECK(same_bits(dst, expected, 4));
}

/* Tensors in one array of numbers; `at` is where they begin. */
typedef struct placed {
    size_t at, rows, cols;
} placed;

static const struct {
    const char *name;
    placed dst, a, b;
} overlaps[] = {
    {"a begins inside dst", {0, 2, 2}, {3, 2, 2}, {20, 2, 2}},
    {"dst begins inside a", {3, 2, 2}, {0, 2, 2}, {20, 2, 2}},
    {"b begins inside dst", {0, 2, 2}, {20, 2, 2}, {1, 2, 2}},
    {"dst begins inside b", {1, 2, 2}, {20, 2, 2}, {0, 2, 2}},
    {"the spread b is the first row of dst", {0, 2, 2}, {20, 2, 2}, {0, 1, 2}},
    {"the spread b is the last row of dst", {0, 2, 2}, {20, 2, 2}, {2, 1, 2}},
    {"the spread b is a row of dst and a", {0, 2, 2}, {0, 2, 2}, {2, 1, 2}},
    {"the spread number is in dst", {0, 2, 2}, {20, 2, 2}, {0, 1, 1}},
};

static void test_partial_overlap_is_refused(void) {
    float data[30], before[30];
    count_up(data, 30);
    memcpy(before, data, sizeof data);
    for (size_t i = 0; i < COUNT_OF(overlaps); ++i) {
        placed dst = overlaps[i].dst, a = overlaps[i].a, b = overlaps[i].b;
        for (size_t k = 0; k < COUNT_OF(elementwise); ++k) {
            test_case("%s, %s", elementwise[k].name, overlaps[i].name);
            CHECK_STATUS(FFNN_ERROR_ARGUMENT, elementwise[k].apply(
                ffnn_view(data + dst.at, dst.rows, dst.cols),
                ffnn_view(data + a.at, a.rows, a.cols), ffnn_view(data + b.at, b.rows, b.cols)));
            CHECK(same_bits(data, before, 30));
        }
    }
}

static void test_partial_overlap_with_one_input_is_refused(void) {
    float data[8], before[8];
    count_up(data, 8);
    memcpy(before, data, sizeof data);
    for (size_t i = 0; i < COUNT_OF(same_size); ++i) {
        test_case("%s", same_size[i].name);
        CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                     same_size[i].apply(ffnn_view(data + 1, 2, 2), ffnn_view(data, 2, 2)));
        CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                     same_size[i].apply(ffnn_view(data, 2, 2), ffnn_view(data + 3, 2, 2)));
        CHECK(same_bits(data, before, 8));
    }
    test_case("max into a row of its input");
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_max(ffnn_view(data, 1, 2), ffnn_view(data, 2, 2)));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_max(ffnn_view(data + 2, 1, 2), ffnn_view(data, 2, 2)));
    CHECK(same_bits(data, before, 8));
}

static void test_neighbours_do_not_overlap(void) {
    float data[8];
    count_up(data, 8);
    CHECK_STATUS(FFNN_OK, ffnn_copy(ffnn_view(data, 2, 2), ffnn_view(data + 4, 2, 2)));
    CHECK_STATUS(FFNN_OK, ffnn_add(ffnn_view(data + 4, 2, 2), ffnn_view(data, 2, 2),
                                   ffnn_view(data + 2, 1, 2)));
    CHECK(data[4] == 5 + 7 && data[7] == 8 + 8);
}

static void test_matmul_and_transpose_into_an_input_are_refused(void) {
    float x[4] = {1, 2, 3, 4}, y[4] = {5, 6, 7, 8}, one[1] = {3};
    const float x_before[4] = {1, 2, 3, 4}, y_before[4] = {5, 6, 7, 8};
    ffnn_tensor in_x = ffnn_view(x, 2, 2), in_y = ffnn_view(y, 2, 2);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_matmul(in_x, in_x, in_y));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_matmul(in_y, in_x, in_y));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_matmul(in_x, in_x, in_x));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_transpose(in_x, in_x));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_transpose(ffnn_view(x, 1, 3), ffnn_view(x + 1, 3, 1)));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_transpose(ffnn_view(one, 1, 1), ffnn_view(one, 1, 1)));
    CHECK(same_bits(x, x_before, 4) && same_bits(y, y_before, 4) && one[0] == 3);
}

/* ---- refusals: dst stays as it was ------------------------------------------------------- */

typedef struct size { size_t rows, cols; } size;

static float refused_dst[40], refused_a[40], refused_b[40];

static void prepare_refusal(void) {
    count_up(refused_dst, 40);
    count_up(refused_a, 40);
    count_up(refused_b, 40);
}

static int dst_is_untouched(void) {
    for (size_t i = 0; i < 40; ++i)
        if (refused_dst[i] != (float)(i + 1))
            return 0;
    return 1;
}

static void test_elementwise_wrong_shapes(void) {
    static const struct {
        size dst, a, b;
    } cases[] = {
        {{2, 3}, {2, 2}, {2, 3}},
        {{2, 3}, {3, 2}, {2, 3}},
        {{2, 3}, {1, 3}, {2, 3}},        /* only b is spread, never a */
        {{2, 3}, {1, 1}, {2, 3}},
        {{2, 3}, {3, 3}, {3, 3}},
        {{2, 3}, {2, 3}, {3, 2}},
        {{2, 3}, {2, 3}, {2, 1}},        /* nor a column */
        {{2, 3}, {2, 3}, {2, 2}},
        {{2, 3}, {2, 3}, {1, 2}},
        {{2, 3}, {2, 3}, {1, 6}},
        {{2, 3}, {2, 3}, {3, 3}},
        {{4, 3}, {4, 3}, {2, 3}},
        {{1, 3}, {2, 3}, {1, 3}},
        {{3, 2}, {2, 3}, {2, 3}},
        {{6, 1}, {2, 3}, {2, 3}},
    };
    prepare_refusal();
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        for (size_t k = 0; k < COUNT_OF(elementwise); ++k) {
            test_case("%s, case %d", elementwise[k].name, (int)i);
            CHECK_STATUS(FFNN_ERROR_SHAPE, elementwise[k].apply(
                ffnn_view(refused_dst, cases[i].dst.rows, cases[i].dst.cols),
                ffnn_view(refused_a, cases[i].a.rows, cases[i].a.cols),
                ffnn_view(refused_b, cases[i].b.rows, cases[i].b.cols)));
            CHECK(dst_is_untouched());
        }
    }
}

static void test_same_size_wrong_shapes(void) {
    static const size cases[] = {{3, 2}, {1, 6}, {6, 1}, {2, 2}, {1, 3}, {3, 3}, {1, 1}};
    prepare_refusal();
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        for (size_t k = 0; k < COUNT_OF(same_size); ++k) {
            test_case("%s, case %d", same_size[k].name, (int)i);
            CHECK_STATUS(FFNN_ERROR_SHAPE, same_size[k].apply(
                ffnn_view(refused_dst, 2, 3),
                ffnn_view(refused_a, cases[i].rows, cases[i].cols)));
            CHECK(dst_is_untouched());
        }
    }
}

static void test_matmul_wrong_shapes(void) {
    static const struct {
        size dst, a, b;
    } cases[] = {
        {{2, 4}, {2, 3}, {4, 3}},
        {{2, 4}, {2, 3}, {2, 4}},
        {{2, 4}, {3, 2}, {3, 4}},
        {{4, 2}, {2, 3}, {3, 4}},
        {{2, 3}, {2, 3}, {3, 4}},
        {{1, 8}, {2, 3}, {3, 4}},
        {{3, 4}, {2, 3}, {3, 4}},
        {{2, 4}, {2, 3}, {1, 4}},        /* no spreading here */
        {{2, 4}, {2, 3}, {1, 1}},
    };
    prepare_refusal();
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        test_case("case %d", (int)i);
        CHECK_STATUS(FFNN_ERROR_SHAPE,
                     ffnn_matmul(ffnn_view(refused_dst, cases[i].dst.rows, cases[i].dst.cols),
                                 ffnn_view(refused_a, cases[i].a.rows, cases[i].a.cols),
                                 ffnn_view(refused_b, cases[i].b.rows, cases[i].b.cols)));
        CHECK(dst_is_untouched());
    }
}

static void test_transpose_and_max_wrong_shapes(void) {
    static const size not_3_x_2[] = {{2, 3}, {6, 1}, {1, 6}, {3, 3}, {2, 2}};
    static const size not_1_x_3[] = {{2, 3}, {3, 1}, {1, 2}, {1, 4}, {2, 1}, {1, 1}};
    ffnn_tensor a = ffnn_view(refused_a, 2, 3);
    prepare_refusal();
    for (size_t i = 0; i < COUNT_OF(not_3_x_2); ++i) {
        test_case("transpose, case %d", (int)i);
        CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_transpose(
            ffnn_view(refused_dst, not_3_x_2[i].rows, not_3_x_2[i].cols), a));
    }
    for (size_t i = 0; i < COUNT_OF(not_1_x_3); ++i) {
        test_case("max, case %d", (int)i);
        CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_max(
            ffnn_view(refused_dst, not_1_x_3[i].rows, not_1_x_3[i].cols), a));
    }
    CHECK(dst_is_untouched());
}

static void test_mse_refusals(void) {
    static const size wrong[] = {{3, 2}, {2, 1}, {1, 2}, {3, 3}, {1, 6}};
    float mse = -1;
    ffnn_tensor a = ffnn_view(refused_a, 2, 3), none = {0, 0, NULL};
    for (size_t i = 0; i < COUNT_OF(wrong); ++i) {
        test_case("case %d", (int)i);
        CHECK_STATUS(FFNN_ERROR_SHAPE,
                     ffnn_mse(a, ffnn_view(refused_b, wrong[i].rows, wrong[i].cols), &mse));
    }
    test_case("a is never spread");
    CHECK_STATUS(FFNN_ERROR_SHAPE, ffnn_mse(ffnn_view(refused_a, 1, 3), a, &mse));
    test_case("no tensor");
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_mse(a, none, &mse));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_mse(none, a, &mse));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_mse(ffnn_view(NULL, 2, 3), a, &mse));
    test_case("nowhere to put it");
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_mse(a, a, NULL));
    CHECK(mse == -1);
}

/* Each of these in the place of each operand; the others are 2 x 2, a size that fits everywhere
   but for max, whose refusals come first all the same. */
static const bad_tensor invalid[] = {
    {"no data", 2, 2, false, FFNN_ERROR_ARGUMENT},
    {"no rows", 0, 2, true, FFNN_ERROR_ARGUMENT},
    {"no columns", 2, 0, true, FFNN_ERROR_ARGUMENT},
    {"nothing at all", 0, 0, false, FFNN_ERROR_ARGUMENT},
};

static void test_invalid_tensors_with_two_inputs(void) {
    ffnn_tensor dst = ffnn_view(refused_dst, 2, 2), a = ffnn_view(refused_a, 2, 2);
    ffnn_tensor b = ffnn_view(refused_b, 2, 2);
    binary_operation operations[] = {ffnn_add, ffnn_sub, ffnn_mul, ffnn_div, ffnn_matmul};
    prepare_refusal();
    for (size_t i = 0; i < COUNT_OF(invalid); ++i) {
        for (size_t k = 0; k < COUNT_OF(operations); ++k) {
            test_case("operation %d, %s", (int)k, invalid[i].name);
            ffnn_status status = invalid[i].status;
            ffnn_tensor bad_dst = view_of_bad(&invalid[i], refused_dst);
            ffnn_tensor bad_a = view_of_bad(&invalid[i], refused_a);
            ffnn_tensor bad_b = view_of_bad(&invalid[i], refused_b);
            CHECK_STATUS(status, operations[k](bad_dst, a, b));
            CHECK_STATUS(status, operations[k](dst, bad_a, b));
            CHECK_STATUS(status, operations[k](dst, a, bad_b));
            CHECK(dst_is_untouched());
        }
    }
}

static void test_invalid_tensors_with_one_input(void) {
    ffnn_tensor dst = ffnn_view(refused_dst, 2, 2), a = ffnn_view(refused_a, 2, 2);
    unary_operation operations[] = {ffnn_copy, scale_by_3, ffnn_transpose, ffnn_max,
                                    ffnn_sigmoid, ffnn_sigmoid_derivative};
    prepare_refusal();
    for (size_t i = 0; i < COUNT_OF(invalid); ++i) {
        for (size_t k = 0; k < COUNT_OF(operations); ++k) {
            test_case("operation %d, %s", (int)k, invalid[i].name);
            ffnn_status status = invalid[i].status;
            ffnn_tensor bad_dst = view_of_bad(&invalid[i], refused_dst);
            ffnn_tensor bad_a = view_of_bad(&invalid[i], refused_a);
            CHECK_STATUS(status, operations[k](bad_dst, a));
            CHECK_STATUS(status, operations[k](dst, bad_a));
            CHECK(dst_is_untouched());
        }
    }
}

/* No such tensor can exist; its size in bytes would be small again if it were not checked. */
static void test_impossible_sizes_are_memory_errors(void) {
    const size_t rows = SIZE_MAX / 4 + 2, wrapped = SIZE_MAX / 2 + 2;
    float mse = -1;
    unary_operation unary[] = {ffnn_copy, scale_by_3, ffnn_sigmoid, ffnn_sigmoid_derivative};
    prepare_refusal();
    for (size_t k = 0; k < COUNT_OF(unary); ++k) {
        test_case("one input, operation %d", (int)k);
        CHECK_STATUS(FFNN_ERROR_MEMORY, unary[k](ffnn_view(refused_dst, rows, 1),
                                                 ffnn_view(refused_a, rows, 1)));
    }
    for (size_t k = 0; k < COUNT_OF(elementwise); ++k) {
        test_case("%s", elementwise[k].name);
        CHECK_STATUS(FFNN_ERROR_MEMORY, elementwise[k].apply(
            ffnn_view(refused_dst, wrapped, 2), ffnn_view(refused_a, wrapped, 2),
            ffnn_view(refused_b, 1, 2)));
    }
    test_case("others");
    CHECK_STATUS(FFNN_ERROR_MEMORY, ffnn_transpose(ffnn_view(refused_dst, 2, wrapped),
                                                   ffnn_view(refused_a, wrapped, 2)));
    CHECK_STATUS(FFNN_ERROR_MEMORY, ffnn_max(ffnn_view(refused_dst, 1, 2),
                                             ffnn_view(refused_a, wrapped, 2)));
    CHECK_STATUS(FFNN_ERROR_MEMORY, ffnn_matmul(ffnn_view(refused_dst, wrapped, 2),
                                                ffnn_view(refused_a, wrapped, 1),
                                                ffnn_view(refused_b, 1, 2)));
    CHECK_STATUS(FFNN_ERROR_MEMORY, ffnn_mse(ffnn_view(refused_a, wrapped, 2),
                                             ffnn_view(refused_b, wrapped, 2), &mse));
    CHECK(dst_is_untouched() && mse == -1);
}

int main(void) {
    RUN(test_view_shares_memory_both_ways);
    RUN(test_at_is_row_major);
    RUN(test_at_outside_is_null);
    RUN(test_owned_tensor_starts_with_zeros);
    RUN(test_free_of_nothing_is_harmless);
    RUN(test_tensor_that_cannot_be_made_is_zero);
    RUN(test_failed_allocation_is_reported);
    RUN(test_every_status_has_its_own_text);
    RUN(test_unknown_status_has_a_text_too);

    RUN(test_copy);
    RUN(test_scale);
    RUN(test_add_sub_mul_div);
    RUN(test_division_by_zero_is_arithmetic);
    RUN(test_one_row_is_used_for_every_row);
    RUN(test_one_number_is_used_everywhere);
    RUN(test_elementwise_at_every_length);
    RUN(test_elementwise_negative_zero);
    RUN(test_matmul);
    RUN(test_matmul_of_row_and_column);
    RUN(test_matmul_of_a_matrix_with_itself);
    RUN(test_matmul_of_every_size);
    RUN(test_matmul_carries_nan_and_inf);
    RUN(test_transpose);
    RUN(test_transpose_of_every_size);
    RUN(test_max_is_per_column);
    RUN(test_max_of_negative_and_infinite);
    RUN(test_max_of_one_row_is_the_row);
    RUN(test_max_carries_nan);
    RUN(test_mse);
    RUN(test_mse_with_a_row_and_a_number);
    RUN(test_mse_of_many_does_not_lose_digits);
    RUN(test_mse_carries_nan);
    RUN(test_sigmoid_at_extremes);
    RUN(test_sigmoid_is_pytorchs);
    RUN(test_sigmoid_derivative_takes_the_output);
    RUN(test_sigmoid_derivative_is_pytorchs);

    RUN(test_result_may_be_an_input);
    RUN(test_result_may_be_the_only_input);
    RUN(test_inputs_may_overlap_each_other);
    RUN(test_partial_overlap_is_refused);
    RUN(test_partial_overlap_with_one_input_is_refused);
    RUN(test_neighbours_do_not_overlap);
    RUN(test_matmul_and_transpose_into_an_input_are_refused);

    RUN(test_elementwise_wrong_shapes);
    RUN(test_same_size_wrong_shapes);
    RUN(test_matmul_wrong_shapes);
    RUN(test_transpose_and_max_wrong_shapes);
    RUN(test_mse_refusals);
    RUN(test_invalid_tensors_with_two_inputs);
    RUN(test_invalid_tensors_with_one_input);
    RUN(test_impossible_sizes_are_memory_errors);
    return test_summary("test_tensor");
}
