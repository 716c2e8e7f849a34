/* helpers.h: what more than one test program needs: networks, numbers, files and folders.
   Include it after ffnn.h. */
#ifndef HELPERS_H
#define HELPERS_H

#include "test.h"

#if HAS_POSIX
#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>
#elif defined(_WIN32)
#include <direct.h>
#endif

/* ---- networks ---------------------------------------------------------------------------- */

/* A network of the sizes up to the first 0, its weights drawn with this seed. */
static inline ffnn_status init_network(ffnn_net *net, const size_t *sizes, uint64_t seed) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    for (size_t i = 0; i <= FFNN_MAX_LAYERS && sizes[i] > 0; ++i) desc.sizes[i] = sizes[i];
    ffnn_rng rng;
    ffnn_rng_seed(&rng, seed);
    desc.rng = &rng;
    return ffnn_init(net, &desc);
}

static inline void make_network(ffnn_net *net, const size_t *sizes, uint64_t seed) {
    CHECK_STATUS(FFNN_OK, init_network(net, sizes, seed));
}

static inline bool is_all_zero(const ffnn_net *net) {
    ffnn_net zero;
    memset(&zero, 0, sizeof zero);
    return memcmp(net, &zero, sizeof zero) == 0;
}

static inline size_t element_count(ffnn_tensor t) {
    return t.rows * t.cols;
}

/* Bit for bit, so that NaN equals itself and 0 does not equal -0. */
static inline bool same_bits(const float *a, const float *b, size_t count) {
    return memcmp(a, b, count * sizeof *a) == 0;
}

static inline bool same_values(ffnn_tensor a, ffnn_tensor b) {
    return a.rows == b.rows && a.cols == b.cols && same_bits(a.data, b.data, element_count(a));
}

static inline bool same_weights(const ffnn_net *a, const ffnn_net *b) {
    if (a->layer_count != b->layer_count) return false;
    for (size_t i = 0; i < a->layer_count; ++i) {
        if (!same_values(a->layers[i].weight, b->layers[i].weight)) return false;
    }
    return true;
}

/* All weights, W1 first; returns how many. */
static inline size_t copy_weights(const ffnn_net *net, float *values) {
    size_t count = 0;
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        memcpy(values + count, weight.data, element_count(weight) * sizeof *values);
        count += element_count(weight);
    }
    return count;
}

/* And biases, if there are some: one without data has no elements. */
static inline void set_all_weights(ffnn_net *net, float value) {
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight, bias = net->layers[i].bias;
        for (size_t k = 0; k < element_count(weight); ++k) weight.data[k] = value;
        for (size_t k = 0; k < element_count(bias); ++k) bias.data[k] = value;
    }
}

static inline bool all_elements_are(ffnn_tensor t, float value) {
    for (size_t k = 0; k < element_count(t); ++k)
        if (!same_bits(&t.data[k], &value, 1))
            return false;
    return true;
}

/* And biases. */
static inline bool all_weights_are(const ffnn_net *net, float value) {
    for (size_t i = 0; i < net->layer_count; ++i) {
        if (!all_elements_are(net->layers[i].weight, value)) return false;
        if (!all_elements_are(net->layers[i].bias, value)) return false;
    }
    return true;
}

/* A tensor that has to be refused, and with which status. */
typedef struct bad_tensor {
    const char *name;
    size_t rows, cols;
    bool has_data;
    ffnn_status status;
} bad_tensor;

static inline ffnn_tensor view_of_bad(const bad_tensor *bad, float *data) {
    return ffnn_view(bad->has_data ? data : NULL, bad->rows, bad->cols);
}

/* ---- numbers ----------------------------------------------------------------------------- */

/* Computed when the program runs, where a compiler cannot warn of it. */
static inline float not_a_number(void) {
    volatile float infinite = (float)HUGE_VAL;
    return infinite - infinite;
}

/* splitmix64: good enough for test data, and the same everywhere. */
static uint64_t random_state;

static inline uint64_t random_bits(void) {
    random_state += 0x9E3779B97F4A7C15u;
    uint64_t z = random_state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* In (-1, 1), and never 0. */
static inline float random_float(void) {
    return ((float)(random_bits() >> 41) + 0.5f) / 4194304.0f - 1.0f;
}

static inline void fill_randomly(ffnn_tensor t) {
    for (size_t i = 0; i < element_count(t); ++i) t.data[i] = random_float();
}

/* A tensor with memory of its own. */
static inline ffnn_tensor random_tensor(size_t rows, size_t cols) {
    ffnn_tensor t;
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&t, rows, cols));
    fill_randomly(t);
    return t;
}

/* ---- files ------------------------------------------------------------------------------- */

typedef struct bytes {
    unsigned char *data;            /* NULL: no such file */
    size_t size;
} bytes;

/* What ffnn_save writes; the caller frees the data. */
static inline bytes saved(const ffnn_net *net) {
    bytes b = {NULL, 0};
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(net, NULL, 0, &b.size));
    b.data = (unsigned char *)calloc(b.size + 1, 1);
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(net, b.data, b.size, &b.size));
    return b;
}

/* All of a file, if it has at most 64 KiB; the caller frees the data. */
static inline bytes read_file(const char *path) {
    enum { LARGEST = 65536 };
    bytes b = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) return b;
    b.data = (unsigned char *)malloc(LARGEST);
    if (b.data != NULL) b.size = fread(b.data, 1, LARGEST, file);
    fclose(file);
    return b;
}

static inline void write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    if (file == NULL) return;
    CHECK(fwrite(data, 1, size, file) == size);
    CHECK(fclose(file) == 0);
}

/* Whether this is what stands in the file. */
static inline bool file_is(const char *path, const void *data, size_t size) {
    bytes got = read_file(path);
    bool same = got.data != NULL && got.size == size && memcmp(got.data, data, size) == 0;
    free(got.data);
    return same;
}

static inline bool file_exists(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    fclose(file);
    return true;
}

/* A number of a weights file. */
static inline float little_endian_float(const unsigned char *at) {
    uint32_t bits = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                    (uint32_t)at[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Elsewhere a weights file in memory is refused as a view. */
static inline bool is_little_endian(void) {
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* The first 8 bytes of a weights file: the size of its header, little-endian. */
static inline void set_header_size(unsigned char *file, uint64_t size) {
    for (size_t i = 0; i < 8; ++i) file[i] = (unsigned char)(size >> (8 * i) & 0xff);
}

/* ---- folders ----------------------------------------------------------------------------- */

static inline void make_folder(const char *path) {
#if HAS_POSIX
    mkdir(path, 0777);
#elif defined(_WIN32)
    _mkdir(path);
#else
    (void)path;
#endif
}

/* Programs run in the repository's root, and each has a folder of its own in here. */
#define SCRATCH "build/tests-tmp/"

static inline void make_scratch_folder(const char *folder) {
    make_folder("build");
    make_folder("build/tests-tmp");
    make_folder(folder);
}

#if HAS_POSIX

static inline int count_entries(const char *folder) {
    DIR *listing = opendir(folder);
    CHECK(listing != NULL);
    if (listing == NULL) return -1;
    int count = 0;
    while (readdir(listing) != NULL) ++count;
    closedir(listing);
    return count - 2;               /* . and .. */
}

/* Removes the files in a folder, and its empty folders, but for the one of the name `kept` ("":
   none); returns how many. */
static inline int remove_files(const char *folder, const char *kept) {
    DIR *listing = opendir(folder);
    if (listing == NULL) return 0;
    int count = 0;
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, kept) == 0) continue;
        char path[1000];
        snprintf(path, sizeof path, "%s/%.255s", folder, name);
        if (remove(path) == 0) ++count;
    }
    closedir(listing);
    return count;
}

#endif
#endif
