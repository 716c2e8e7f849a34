/* An activation of every float there is, all 2^32, against one computed in double.

    activation_all NAME            tanh, for example; all of them: some minutes
    activation_all NAME I PARTS    the I-th (0, 1, ...) of so many parts, to use more processors
    activation_all --list          the names of those of one number, a line each
    activation_all --truth NAME    reads numbers, prints what that activation truly is of each

   Each result is as near to the truth as tests/activations.h asks: 3 ulp, the sigmoid's 2; within
   its bounds; NaN for NaN. The sigmoid is as good as monotone, too: where it goes down at all, then
   by less than half a unit in the sixth decimal digit. It tests the kernels that this build would
   use; with -DFFNN_TEST_KERNELS=ffnn__kernels_avx2, for example, those, and with -DFFNN_NO_SIMD
   plain C. */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

#define TEST_IN_DOUBLE
#include "activations.h"

#include <stdlib.h>

enum { BLOCK = 4096 }; /* floats at a time; 2^32 is a whole number of blocks */

static const double MAX_SIGMOID_ULPS = 2;
static const double MAX_SIGMOID_STEP_DOWN = 5e-7; /* relative */

/* What was seen so far. */
typedef struct findings {
    ffnn_activation activation;
    uint64_t nans, failures;
    double worst_ulps, worst_relative, worst_absolute; /* where the truth is a normal number */
    float worst_at;
    double highest; /* result, of all smaller arguments */
    double worst_step_down; /* relative to the value */
} findings;

/* The number-th float from below: NaN, -inf, ..., -0, 0, ..., inf, NaN. */
static float float_number(uint64_t number) {
    uint32_t bits = (uint32_t)(number < 0x80000000u ? 0xffffffffu - number : number - 0x80000000u);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void fail(findings *all, float z, float got, const char *what) {
    if (++all->failures <= 10)
        printf("%s of %.9g is %.9g: %s\n", activation_table[all->activation].name, (double)z,
               (double)got, what);
}

/* Of two numbers that are 1e-7 apart near a zero one may be many ulps from the other: the relative
   error is only recorded where it counts. */
static void record_error(findings *all, float z, double truth, double error) {
    double ulps = error / float_step(truth);
    if (ulps > all->worst_ulps) {
        all->worst_ulps = ulps;
        all->worst_at = z;
    }
    if (error > all->worst_absolute && fabs(truth) < 1) all->worst_absolute = error;
    if (error > 1e-7 && error / fabs(truth) > all->worst_relative)
        all->worst_relative = error / fabs(truth);
}

static void look_at(findings *all, float z, float got) {
    double truth = true_activation(all->activation, (real)z), step_down;
    bool is_normal = fabs(truth) >= (double)FLT_MIN && !isinf(truth);
    if (isnan(z)) ++all->nans;
    if (!is_activation_of(all->activation, z, got)) fail(all, z, got, "too far from the truth");
    if (isnan(z) || isnan(got) || isinf(got)) return;
    if (is_normal) record_error(all, z, truth, fabs((double)got - truth));
    if (all->activation != FFNN_SIGMOID) return;
    step_down = (all->highest - (double)got) / truth;
    if ((double)got > all->highest) all->highest = (double)got;
    if (!is_normal) return; /* so few digits that one ulp is a large step */
    if (fabs((double)got - truth) > MAX_SIGMOID_ULPS * float_step(truth))
        fail(all, z, got, "more than 2 ulp");
    if (step_down > MAX_SIGMOID_STEP_DOWN) fail(all, z, got, "a step down");
    if (step_down > all->worst_step_down) all->worst_step_down = step_down;
}

static int test_part(ffnn_activation activation, uint64_t part, uint64_t parts) {
    static float z[BLOCK], got[BLOCK];
    const uint64_t all_blocks = ((uint64_t)1 << 32) / BLOCK;
    findings all;
    memset(&all, 0, sizeof all);
    all.activation = activation;
    /* Each part begins with the block before its own, for the steps between parts. */
    uint64_t block = part * all_blocks / parts;
    if (block > 0) --block;
    for (; block < (part + 1) * all_blocks / parts; ++block) {
        for (size_t i = 0; i < BLOCK; ++i) z[i] = float_number(block * BLOCK + i);
        ffnn_tensor dst = ffnn_view(got, 1, BLOCK);
        if (ffnn_activate(dst, ffnn_view(z, 1, BLOCK), activation) != FFNN_OK) return 1;
        for (size_t i = 0; i < BLOCK; ++i) look_at(&all, z[i], got[i]);
    }
    printf("%s: %.3f ulp at most, at %.9g; above 1e-7 %.3g relative; below 1 %.3g absolute; "
           "largest step down %.3g; %lu NaN; %lu failures\n", activation_table[activation].name,
           all.worst_ulps, (double)all.worst_at, all.worst_relative, all.worst_absolute,
           all.worst_step_down, (unsigned long)all.nans, (unsigned long)all.failures);
    return all.failures > 0;
}

static int list(void) {
    for (int i = 0; i < ELEMENTWISE_ACTIVATIONS; ++i) puts(activation_table[i].name);
    return 0;
}

static int print_truth(ffnn_activation activation) {
    double z;
    while (scanf("%lf", &z) == 1) printf("%.17g\n", (double)true_activation(activation, (real)z));
    return 0;
}

int main(int argc, char **argv) {
    bool is_truth = argc == 3 && strcmp(argv[1], "--truth") == 0;
    const char *name = argc > 1 ? argv[is_truth ? 2 : 1] : "";
    int activation = find_activation(name, strlen(name));
    uint64_t part = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
    uint64_t parts = argc == 4 ? strtoull(argv[3], NULL, 10) : 1;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) return list();
    if (activation < ELEMENTWISE_ACTIVATIONS) {
        if (is_truth) return print_truth((ffnn_activation)activation);
        if ((argc == 2 || argc == 4) && part < parts)
            return test_part((ffnn_activation)activation, part, parts);
    }
    fprintf(stderr, "usage: activation_all NAME [I PARTS] | --list | --truth NAME\n");
    return 2;
}
