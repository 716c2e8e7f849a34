/* The sigmoid of every float there is, all 2^32, against one computed in double.

    sigmoid_all            all of them: some minutes
    sigmoid_all I PARTS    the I-th (0, 1, ...) of so many parts, to use more processors

   At most 2 ulp from the truth, always within [0, 1], NaN for NaN alone, and as good as monotone:
   where it goes down at all, then by less than half a unit in the sixth decimal digit. A result
   below the smallest normal float may be 0. It tests the kernels that this build would use; with
   -DFFNN_TEST_KERNELS=ffnn__kernels_avx2, for example, those, and with -DFFNN_NO_SIMD plain C. */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

#include <float.h>
#include <stdlib.h>

enum { BLOCK = 4096 }; /* floats at a time; 2^32 is a whole number of blocks */

static const double MOST_ULPS = 2;
static const double MOST_STEP_DOWN = 5e-7; /* relative */

/* What was seen so far. */
typedef struct findings {
    uint64_t nans, failures;
    double worst_ulps, worst_step_down; /* the latter relative to the value */
    float worst_at, step_down_at;
    float highest; /* result, of all smaller arguments */
} findings;

/* The number-th float from below: NaN, -inf, ..., -0, 0, ..., inf, NaN. */
static float float_number(uint64_t number) {
    uint32_t bits = (uint32_t)(number < 0x80000000u ? 0xffffffffu - number : number - 0x80000000u);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The true value, to about 1e-16 relative. */
static double truth_of(float x) {
    double power = exp(-fabs((double)x));
    return (x < 0 ? power : 1) / (1 + power);
}

/* The distance from one float to the next, where this number is; it is not above 1. */
static double float_step(double size) {
    uint64_t bits;
    if (size < (double)FLT_MIN) return (double)FLT_MIN * (double)FLT_EPSILON;
    memcpy(&bits, &size, sizeof bits);
    bits = (bits & 0x7ff0000000000000u) - ((uint64_t)(FLT_MANT_DIG - 1) << 52);
    memcpy(&size, &bits, sizeof size); /* the power of two below it, times FLT_EPSILON */
    return size;
}

static void fail(findings *all, float x, float got, const char *what) {
    if (++all->failures <= 10)
        printf("sigmoid of %.9g is %.9g: %s\n", (double)x, (double)got, what);
}

static void look_at(findings *all, float x, float got) {
    if (isnan(x)) {
        ++all->nans;
        if (!isnan(got)) fail(all, x, got, "not NaN");
        return;
    }
    if (!(got >= 0 && got <= 1)) fail(all, x, got, "not within [0, 1]");
    double truth = truth_of(x);
    double ulps = fabs((double)got - truth) / float_step(truth);
    double step_down = ((double)all->highest - (double)got) / truth;
    if (got > all->highest) all->highest = got;
    if (truth < (double)FLT_MIN && got <= 0) return;
    if (ulps > MOST_ULPS) fail(all, x, got, "too far from the truth");
    if (ulps > all->worst_ulps) {
        all->worst_ulps = ulps;
        all->worst_at = x;
    }
    if (truth < (double)FLT_MIN) return; /* so few digits that one ulp is a large step */
    if (step_down > MOST_STEP_DOWN) fail(all, x, got, "a step down");
    if (step_down > all->worst_step_down) {
        all->worst_step_down = step_down;
        all->step_down_at = x;
    }
}

int main(int argc, char **argv) {
    static float x[BLOCK], got[BLOCK];
    const uint64_t all_blocks = ((uint64_t)1 << 32) / BLOCK;
    uint64_t part = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t parts = argc == 3 ? strtoull(argv[2], NULL, 10) : 1;
    if ((argc != 1 && argc != 3) || part >= parts) {
        fprintf(stderr, "usage: sigmoid_all [I PARTS]\n");
        return 2;
    }
    /* Each part begins with the block before its own, for the steps between parts. */
    uint64_t first = part * all_blocks / parts, end = (part + 1) * all_blocks / parts;
    if (first > 0) --first;
    findings all;
    memset(&all, 0, sizeof all);
    for (uint64_t block = first; block < end; ++block) {
        for (uint64_t i = 0; i < BLOCK; ++i) x[i] = float_number(block * BLOCK + i);
        if (ffnn_sigmoid(ffnn_view(got, 1, BLOCK), ffnn_view(x, 1, BLOCK)) != FFNN_OK) return 1;
        for (uint64_t i = 0; i < BLOCK; ++i) look_at(&all, x[i], got[i]);
    }
    printf("%.3f ulp at most, at %.9g; largest step down %.3g, at %.9g; %lu NaN; %lu failures\n",
           all.worst_ulps, (double)all.worst_at, all.worst_step_down, (double)all.step_down_at,
           (unsigned long)all.nans, (unsigned long)all.failures);
    return all.failures > 0;
}
