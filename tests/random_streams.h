/* ffnn_randn against PyTorch's numbers: test_random.c's in plain C, test_randn.c's with vectors. */
#ifndef RANDOM_STREAMS_H
#define RANDOM_STREAMS_H

#include "reference/random.h"

/* Below 16 elements PyTorch computes in double and rounds once. */
static const int32_t SMALL_TENSOR_ULPS = 1;

/* From 16 on, it takes log, cos and sin of its own, where the processor has AVX2. All bits are its
   where ffnn.h does the same. */
static const double LARGE_TENSOR_DIFFERENCE = 1e-6;

/* Whether ffnn.h does: on x86, if the compiler fuses products into sums, as GCC does from -O2 on.
   Then a product of matrices, -(1 + 2^-11) + (1 + 2^-12)^2, is 2^-24. Otherwise it is 0, as with
   GCC's -march=znver1 and later, which fuses none in sums. */
static inline bool has_all_bits(void) {
#if !defined(__GNUC__) || !defined(__SSE2__) || defined(FFNN_NO_SIMD)
    return false;
#else
    volatile float factor = 1.000244140625f; /* not to be multiplied by the compiler */
    float a[4] = {-1, 0, factor, 0}, b[32], c[8] = {0}; /* two sums may take turns */
    for (size_t i = 0; i < 8; ++i) {
        b[i] = b[8 + i] = b[24 + i] = 1.00048828125f;
        b[16 + i] = factor;
    }
    CHECK_STATUS(FFNN_OK, ffnn_matmul(ffnn_view(c, 1, 8), ffnn_view(a, 1, 4), ffnn_view(b, 4, 8)));
    return c[0] > 0;
#endif
}

/* Units in the last place between two finite floats. */
static inline int64_t ulps_between(float a, float b) {
    int32_t a_bits, b_bits;
    memcpy(&a_bits, &a, sizeof a);
    memcpy(&b_bits, &b, sizeof b);
    /* Negative floats count downwards from zero. */
    int64_t a_place = a_bits < 0 ? -(int64_t)(a_bits & INT32_MAX) : a_bits;
    int64_t b_place = b_bits < 0 ? -(int64_t)(b_bits & INT32_MAX) : b_bits;
    return a_place < b_place ? b_place - a_place : a_place - b_place;
}

static inline void check_numbers(const random_step *step, ffnn_tensor t, bool all_bits) {
    size_t count = t.rows * t.cols;
    for (size_t i = step->first; i < count; ++i) {
        float expected = step->values[i - step->first];
        if (count < 16)
            CHECK(ulps_between(expected, t.data[i]) <= SMALL_TENSOR_ULPS);
        else if (all_bits)
            CHECK(memcmp(&expected, &t.data[i], sizeof expected) == 0);
        else
            CHECK_CLOSE(expected, t.data[i], LARGE_TENSOR_DIFFERENCE);
    }
}

static inline void run_step(const random_step *step, ffnn_rng *rng, bool all_bits) {
    ffnn_tensor t;
    switch (step->kind) {
    case STEP_SEED:
        ffnn_rng_seed(rng, step->count);
        break;
    case STEP_DISCARD:
        ffnn_rng_discard(rng, step->count);
        break;
    case STEP_RANDN:
        CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&t, step->rows, step->cols));
        CHECK_STATUS(FFNN_OK, ffnn_randn(t, rng));
        check_numbers(step, t, all_bits);
        ffnn_tensor_free(&t);
        break;
    }
}

static void test_randn_is_pytorchs(void) {
    bool all_bits = has_all_bits();
    for (size_t i = 0; i < COUNT_OF(random_streams); ++i) {
        const random_stream *stream = &random_streams[i];
        ffnn_rng rng;
        memset(&rng, 0xa5, sizeof rng);              /* seeding is all it takes */
        for (size_t k = 0; k < stream->step_count; ++k) {
            test_case("%s, step %d", stream->name, (int)(k + 1));
            run_step(&stream->steps[k], &rng, all_bits);
        }
    }
}

#endif
