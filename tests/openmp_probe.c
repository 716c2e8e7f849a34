/* openmp_probe.c: trains networks whose products are shared among threads and prints the bits of what
   comes out; openmp.sh compares them for several numbers of threads. Then the number of threads that
   this process has, where the system tells. */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

static void fail(const char *call, ffnn_status status) {
    printf("%s: %s\n", call, ffnn_status_string(status));
}

/* FNV-1a: differs where a bit does. */
static uint32_t hash(ffnn_tensor t) {
    const unsigned char *bytes = (const unsigned char *)t.data;
    uint32_t value = 2166136261u;
    for (size_t i = 0; i < t.rows * t.cols * sizeof(float); ++i)
        value = (value ^ bytes[i]) * 16777619u;
    return value;
}

static void print_threads(const char *when) {
#if defined(__linux__)
    char line[200];
    int count = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "Threads: %d", &count) == 1) break;
    }
    if (status != NULL) fclose(status);
    printf("threads after %s: %d\n", when, count);
#else
    printf("threads after %s: not known\n", when);
#endif
}

static void train(const size_t sizes[4], size_t rows) {
    ffnn_rng rng;
    ffnn_desc desc;
    ffnn_net net;
    ffnn_tensor x, y;
    memset(&desc, 0, sizeof desc);
    memcpy(desc.sizes, sizes, 4 * sizeof sizes[0]);
    desc.biases = true;
    desc.activations[0] = desc.activations[1] = FFNN_TANH;
    desc.rng = &rng;
    ffnn_rng_seed(&rng, 1);
    ffnn_status status = ffnn_init(&net, &desc);
    if (status != FFNN_OK) fail("ffnn_init", status);
    if (ffnn_tensor_init(&x, rows, sizes[0]) != FFNN_OK) fail("x", FFNN_ERROR_MEMORY);
    if (ffnn_tensor_init(&y, rows, sizes[3]) != FFNN_OK) fail("y", FFNN_ERROR_MEMORY);
    ffnn_randn(x, &rng);
    for (int step = 0; step < 3; ++step) {
        status = ffnn_train(&net, x, y, 0.001f, NULL);
        if (status != FFNN_OK) fail("ffnn_train", status);
    }
    for (size_t i = 0; i < 3; ++i) printf(" %08lx", (unsigned long)hash(net.layers[i].weight));
    status = ffnn_predict(&net, x, y);
    if (status != FFNN_OK) fail("ffnn_predict", status);
    printf(" %08lx\n", (unsigned long)hash(y));
    ffnn_free(&net);
    ffnn_tensor_free(&x);
    ffnn_tensor_free(&y);
}

int main(void) {
    static const size_t small[4] = {24, 64, 64, 4}, large[][4] = {
        {300, 200, 100, 70}, {129, 530, 61, 35}, {64, 1100, 3, 256}, {700, 90, 90, 1},
    };
    train(small, 64);
    print_threads("a small network");
    for (size_t i = 0; i < sizeof large / sizeof large[0]; ++i) train(large[i], 131 + 40 * i);
    print_threads("large ones");
    return 0;
}
