/* The generator, and randn in plain C, against PyTorch's numbers. */
#include "test.h"

#ifndef FFNN_NO_SIMD
#define FFNN_NO_SIMD /* it compiles sooner; test_randn.c draws with vectors */
#endif
#include "../ffnn.h"

#include "random_streams.h"

/* The 32-bit outputs are not public, but they are the one thing that all else stands on. */
static void test_raw_outputs_are_pytorchs(void) {
    for (size_t i = 0; i < COUNT_OF(raw_cases); ++i) {
        const raw_case *c = &raw_cases[i];
        ffnn_rng rng;
        test_case("case %d", (int)i);
        ffnn_rng_seed(&rng, c->seed);
        ffnn_rng_discard(&rng, c->first_output);
        for (size_t k = 0; k < COUNT_OF(c->outputs); ++k)
            CHECK(ffnn__rng_next(&rng) == c->outputs[k]);
    }
}

/* What PyTorch 2 does for 214 million samples or more, too many for a test, done for few: from an
   empty list, i goes to a place drawn from the first i + 1, and what was there to the end. */
static void test_huge_counts_are_shuffled_otherwise(void) {
    static const size_t counts[] = {1, 2, 3, 100};
    for (size_t c = 0; c < COUNT_OF(counts); ++c) {
        size_t order[100], expected[100];
        ffnn_rng rng, other;
        test_case("%d samples", (int)counts[c]);
        ffnn_rng_seed(&rng, 5);
        ffnn_rng_seed(&other, 5);
        ffnn__shuffle_huge(order, counts[c], &rng);
        for (size_t i = 0; i < counts[c]; ++i) {
            uint64_t bits = (uint64_t)ffnn__rng_next(&other) << 32;
            bits |= ffnn__rng_next(&other);
            size_t place = (size_t)(bits % (i + 1));
            if (place < i) expected[i] = expected[place];
            expected[place] = i;
        }
        CHECK(memcmp(order, expected, counts[c] * sizeof order[0]) == 0);
        CHECK(memcmp(&rng, &other, sizeof rng) == 0); /* 64 bits for each */
    }
}

/* Draws three numbers by each of two generators: are they the same, bit for bit? */
static int same_stream(ffnn_rng *a, ffnn_rng *b) {
    float from_a[3], from_b[3];
    CHECK_STATUS(FFNN_OK, ffnn_randn(ffnn_view(from_a, 1, 3), a));
    CHECK_STATUS(FFNN_OK, ffnn_randn(ffnn_view(from_b, 1, 3), b));
    return memcmp(from_a, from_b, sizeof from_a) == 0;
}

static void test_only_the_low_32_bits_of_a_seed_count(void) {
    ffnn_rng a, b;
    ffnn_rng_seed(&a, 5);
    ffnn_rng_seed(&b, 5 + (UINT64_C(1) << 32));
    CHECK(same_stream(&a, &b));
    ffnn_rng_seed(&a, UINT32_MAX);
    ffnn_rng_seed(&b, UINT64_MAX);
    CHECK(same_stream(&a, &b));
    ffnn_rng_seed(&a, 5);
    ffnn_rng_seed(&b, 6);
    CHECK(!same_stream(&a, &b));
}

static void test_a_zero_generator_is_seeded_with_0(void) {
    ffnn_rng zero, seeded;
    memset(&zero, 0, sizeof zero);
    ffnn_rng_seed(&seeded, 0);
    CHECK(same_stream(&zero, &seeded));
    memset(&zero, 0, sizeof zero);
    ffnn_rng_discard(&zero, 700);
    ffnn_rng_seed(&seeded, 0);
    ffnn_rng_discard(&seeded, 700);
    CHECK(same_stream(&zero, &seeded));
}

static void test_no_generator_is_left_alone(void) {
    float one[1] = {7};
    ffnn_rng_seed(NULL, 1);
    ffnn_rng_discard(NULL, 1);
    CHECK(ffnn_randn(ffnn_view(one, 1, 1), NULL) == FFNN_ERROR_ARGUMENT && one[0] == 7);
}

static void test_a_copied_generator_goes_on_the_same(void) {
    float odd[3];
    ffnn_rng rng, copy;
    ffnn_rng_seed(&rng, 1);
    CHECK_STATUS(FFNN_OK, ffnn_randn(ffnn_view(odd, 3, 1), &rng));
    copy = rng;
    CHECK(same_stream(&rng, &copy));
}

/* A number of a small tensor takes four outputs when none is kept, so 2n numbers take 4n. */
static void test_discarding_skips_what_drawing_would_use(void) {
    static const uint64_t pairs[] = {0, 1, 5, 155, 156, 157, 500};
    float two[2];
    for (size_t i = 0; i < COUNT_OF(pairs); ++i) {
        ffnn_rng drawing, discarding;
        test_case("%d pairs", (int)pairs[i]);
        ffnn_rng_seed(&drawing, 2026);
        ffnn_rng_seed(&discarding, 2026);
        for (uint64_t pair = 0; pair < pairs[i]; ++pair)
            CHECK_STATUS(FFNN_OK, ffnn_randn(ffnn_view(two, 1, 2), &drawing));
        ffnn_rng_discard(&discarding, 4 * pairs[i]);
        CHECK(same_stream(&drawing, &discarding));
    }
}

static void test_discarding_in_parts_is_discarding_at_once(void) {
    static const uint64_t parts[][2] = {{0, 5}, {1, 622}, {1, 623}, {624, 624}, {623, 2},
                                        {700, 746}, {99999, 1}};
    for (size_t i = 0; i < COUNT_OF(parts); ++i) {
        ffnn_rng a, b;
        test_case("%d and %d", (int)parts[i][0], (int)parts[i][1]);
        ffnn_rng_seed(&a, 9);
        ffnn_rng_seed(&b, 9);
        ffnn_rng_discard(&a, parts[i][0]);
        ffnn_rng_discard(&a, parts[i][1]);
        ffnn_rng_discard(&b, parts[i][0] + parts[i][1]);
        CHECK(same_stream(&a, &b));
    }
}

/* Of 2 * 10^5 standard normal numbers: mean within 5, variance within 5 of their deviations. */
static void test_randn_is_standard_normal(void) {
    enum { COUNT = 200000 };
    const double count = COUNT;
    double sum = 0, squares = 0;
    ffnn_tensor t;
    ffnn_rng rng;
    ffnn_rng_seed(&rng, 12345);
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&t, COUNT, 1));
    CHECK_STATUS(FFNN_OK, ffnn_randn(t, &rng));
    for (size_t i = 0; i < COUNT; ++i) {
        sum += (double)t.data[i];
        squares += (double)t.data[i] * (double)t.data[i];
    }
    CHECK(fabs(sum / count) < 5 * sqrt(1 / count));
    CHECK(fabs(squares / count - 1) < 5 * sqrt(2 / count));
    ffnn_tensor_free(&t);
}

static void test_randn_writes_nothing_but_its_tensor(void) {
    float data[40];
    ffnn_rng rng;
    ffnn_rng_seed(&rng, 1);
    for (size_t count = 1; count <= 38; ++count) {
        test_case("%d elements", (int)count);
        data[0] = data[count + 1] = -12345;
        CHECK_STATUS(FFNN_OK, ffnn_randn(ffnn_view(data + 1, 1, count), &rng));
        CHECK(data[0] == -12345 && data[count + 1] == -12345);
    }
}

static void test_randn_refusals(void) {
    float data[4] = {1, 2, 3, 4};
    const float before[4] = {1, 2, 3, 4};
    ffnn_rng rng, untouched;
    ffnn_rng_seed(&rng, 1);
    ffnn_rng_seed(&untouched, 1);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_randn(ffnn_view(data, 2, 2), NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_randn(ffnn_view(NULL, 2, 2), &rng));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_randn(ffnn_view(data, 0, 2), &rng));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_randn(ffnn_view(data, 2, 0), &rng));
    CHECK_STATUS(FFNN_ERROR_MEMORY, ffnn_randn(ffnn_view(data, SIZE_MAX / 2 + 2, 2), &rng));
    CHECK(memcmp(data, before, sizeof data) == 0);
    CHECK(same_stream(&rng, &untouched));
}

int main(void) {
    RUN(test_raw_outputs_are_pytorchs);
    RUN(test_huge_counts_are_shuffled_otherwise);
    RUN(test_randn_is_pytorchs);
    RUN(test_only_the_low_32_bits_of_a_seed_count);
    RUN(test_a_zero_generator_is_seeded_with_0);
    RUN(test_no_generator_is_left_alone);
    RUN(test_a_copied_generator_goes_on_the_same);
    RUN(test_discarding_skips_what_drawing_would_use);
    RUN(test_discarding_in_parts_is_discarding_at_once);
    RUN(test_randn_is_standard_normal);
    RUN(test_randn_writes_nothing_but_its_tensor);
    RUN(test_randn_refusals);
    return test_summary("test_random");
}
