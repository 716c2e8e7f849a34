/* ffnn_randn with vectors, against PyTorch's numbers: all of their bits, where both use AVX2. */
#include "test.h"

#include "../ffnn.h"

#include "random_streams.h"

/* FNV-1a of the numbers' bits, a word at a time. */
static uint64_t checksum_of(ffnn_tensor t) {
    uint64_t checksum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < t.rows * t.cols; ++i) {
        uint32_t bits;
        memcpy(&bits, &t.data[i], sizeof bits);
        checksum = (checksum ^ bits) * UINT64_C(0x100000001b3);
    }
    return checksum;
}

static void test_a_million_numbers_are_pytorchs(void) {
    ffnn_tensor t;
    ffnn_rng rng;
    if (!has_all_bits()) {
        test_skip("without fused products on x86, last bits differ");
        return;
    }
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&t, 1000, 1001));
    for (size_t i = 0; i < COUNT_OF(randn_checksums); ++i) {
        test_case("seed %d", (int)randn_checksums[i].seed);
        ffnn_rng_seed(&rng, randn_checksums[i].seed);
        CHECK_STATUS(FFNN_OK, ffnn_randn(t, &rng));
        CHECK(checksum_of(t) == randn_checksums[i].checksum);
    }
    ffnn_tensor_free(&t);
}

int main(void) {
    RUN(test_randn_is_pytorchs);
    RUN(test_a_million_numbers_are_pytorchs);
    return test_summary("test_randn");
}
