/* Files from anywhere against ffnn_load and its kin. One target, three ways to run it:

       clang -g -O2 -fsanitize=fuzzer,address,undefined -DFUZZER tests/fuzz_load.c -o fuzz_load -lm
       ./fuzz_load -max_len=1024 -dict=tests/fuzz_load.dict new-corpus tests/corpus

       afl-clang-fast -g -O2 -fsanitize=fuzzer -DFUZZER tests/fuzz_load.c -o fuzz_load -lm
       afl-fuzz -i tests/corpus -o findings -x tests/fuzz_load.dict ./fuzz_load

       cc -O2 tests/fuzz_load.c -o fuzz_load -lm
       ./fuzz_load seconds=3 seed=1 FILE...      (those of tests/corpus)

   The last one is `make test`'s: without -DFUZZER there is a mutator in this file that knows what
   weights files look like. The same seed makes the same files, in the same order. With runs=N
   it makes N files instead of watching the clock; with runs=0 it only reads those it is given.

   For every input the checker says what the functions have to answer; see check_input(). */
#if defined(__linux__)
#define _GNU_SOURCE /* for files of this test's own making; a test needs it */
#endif
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <wchar.h>

#ifndef FFNN_NO_SIMD
#define FFNN_NO_SIMD /* it compiles sooner, and loads the same */
#endif

/* The functions under test get their files from this test, too. */
static FILE *fuzz_open(const char *path, const char *mode);

#define fopen(path, mode) fuzz_open(path, mode)
#define _wfopen(path, mode) fuzz_open("", "") /* Windows' */
#include "../ffnn.h"
#undef fopen
#undef _wfopen

#include "activations.h"
#include "safetensors_checker.h"

#include "helpers.h"

/* ---- random choices ------------------------------------------------------------------------ */

static size_t below(size_t count) { return (size_t)(random_bits() % count); }
static bool one_in(size_t count) { return below(count) == 0; }

#define ONE_OF(array) ((array)[below(COUNT_OF(array))])

/* ---- the input that is being checked ------------------------------------------------------- */

enum {
    MAX_SIZE = 16384, /* bytes of an input */
    MAX_SAVED = 2 * CHECKER_MAX_LAYERS * MAX_SIZE + 4096 /* each layer is all the input, in halves */
};

static const unsigned char *input;
static size_t input_size;

static void fail(const char *what) {
    fprintf(stderr, "fuzz_load: FAILED: %s\n", what);
    fprintf(stderr, "fuzz_load: the checker says: %s\n",
            checker.flaw != NULL ? checker.flaw : "well formed");
    abort();
}

/* How the files behave that are opened next: all zeros is an ordinary file. */
static struct {
    bool is_pipe;      /* nobody can seek in it, so that its size is not known */
    long lie;          /* what it says of its size is wrong by so much */
    size_t piece;      /* a read gets so many bytes at the most; 0: as many as it likes */
    size_t fails_from; /* reads from this byte on fail; 0: none does */
} manner;

#if defined(__GLIBC__)

static size_t cookie_at; /* of the input */

static ssize_t cookie_read(void *cookie, char *to, size_t size) {
    size_t left = cookie_at < input_size ? input_size - cookie_at : 0;
    (void)cookie;
    if (size > left) size = left;
    if (manner.piece > 0 && size > manner.piece) size = manner.piece;
    if (manner.fails_from > 0 && cookie_at + size >= manner.fails_from) {
        errno = EIO;
        return -1;
    }
    if (size > 0) memcpy(to, input + cookie_at, size);
    cookie_at += size;
    return (ssize_t)size;
}

static int cookie_seek(void *cookie, off64_t *offset, int origin) {
    off64_t to = *offset;
    (void)cookie;
    if (origin == SEEK_CUR) to += (off64_t)cookie_at;
    if (origin == SEEK_END) to += (off64_t)input_size + manner.lie;
    if (to < 0) {
        errno = EINVAL;
        return -1;
    }
    cookie_at = (size_t)to;
    *offset = to;
    return 0;
}

/* A file with the input's bytes, whatever the path. */
static FILE *fuzz_open(const char *path, const char *mode) {
    cookie_io_functions_t functions = {cookie_read, NULL, cookie_seek, NULL};
    (void)path;
    (void)mode;
    if (manner.is_pipe) functions.seek = NULL;
    cookie_at = 0;
    FILE *file = fopencookie(&cookie_at, "rb", functions);
    if (file == NULL) fail("this test cannot make a file");
    if (manner.piece > 0) setvbuf(file, NULL, _IONBF, 0);
    return file;
}

#else

/* The same; it goes away when it is closed. */
static FILE *fuzz_open(const char *path, const char *mode) {
    FILE *file = tmpfile();
    (void)path;
    (void)mode;
    if (file == NULL || fwrite(input, 1, input_size, file) != input_size)
        fail("this test cannot make a temporary file");
    rewind(file);
    return file;
}

#endif

/* ---- what the functions have to answer ----------------------------------------------------- */

/* Answers that are good, one bit each. */
#define ANSWER(status) (1u << (status))

static bool is_layer_of(const checker_layer *layer, const ffnn_layer *own) {
    size_t rows = own->weight.rows, cols = own->weight.cols;
    if (layer->inputs != (own->transposed ? cols : rows)) return false;
    if (layer->outputs != (own->transposed ? rows : cols)) return false;
    if ((layer->bias != NULL) != (own->bias.data != NULL)) return false;
    if (!checker.says_activations && checker_net.is_pytorchs) return true;
    bool has_alpha = own->activation == FFNN_LEAKY_RELU || own->activation == FFNN_ELU;
    float usual = own->activation == FFNN_LEAKY_RELU ? 0.01f : 1.0f;
    float alpha = fabsf(own->alpha) > 0 ? own->alpha : usual;
    if (has_alpha && !same_bits(&layer->alpha, &alpha, 1)) return false;
    return layer->activation == (int)own->activation;
}

static bool is_of(const ffnn_net *net) {
    if (checker_net.flaw != NULL || checker_net.count != net->layer_count) return false;
    for (size_t i = 0; i < net->layer_count; ++i)
        if (!is_layer_of(&checker_net.layers[i], &net->layers[i])) return false;
    return true;
}

/* Where a number lies between two floats, neither answer is wrong; the search for an order may be
   given up. */
static unsigned or_a_mismatch(unsigned answers) {
    const unsigned good = ANSWER(FFNN_OK), mismatch = ANSWER(FFNN_ERROR_MISMATCH);
    if (checker_net.is_doubtful && (answers & (good | mismatch)) != 0) answers |= good | mismatch;
    return checker_net.is_hard ? answers | mismatch : answers;
}

/* Where reads or allocations are made to fail, to say so is right, too. */
static unsigned or_a_failure(unsigned answers) {
    if (manner.fails_from > 0) answers |= ANSWER(FFNN_ERROR_IO);
    if (test.fail_at > 0) answers |= ANSWER(FFNN_ERROR_MEMORY);
    return answers;
}

static unsigned answers_to_load(const ffnn_net *net) {
    if (checker.flaw != NULL) return ANSWER(FFNN_ERROR_FORMAT);
    return or_a_mismatch(is_of(net) ? ANSWER(FFNN_OK) : ANSWER(FFNN_ERROR_MISMATCH));
}

static unsigned answers_to_init(void) {
    if (checker.flaw != NULL) return ANSWER(FFNN_ERROR_FORMAT);
    if (checker_net.is_too_deep) return ANSWER(FFNN_ERROR_ARGUMENT);
    if (checker_net.flaw != NULL || (checker_net.is_pytorchs && !checker.says_activations))
        return or_a_mismatch(ANSWER(FFNN_ERROR_MISMATCH));
    const checker_layer *last = &checker_net.layers[checker_net.count - 1];
    bool is_softmax = checker.says_activations && last->activation == FFNN_SOFTMAX;
    bool is_good = !is_softmax || last->outputs > 1;
    return or_a_mismatch(is_good ? ANSWER(FFNN_OK) : ANSWER(FFNN_ERROR_ARGUMENT));
}

/* ---- networks ------------------------------------------------------------------------------ */

static const struct {
    size_t sizes[4];
    ffnn_activation activations[3];
    float alphas[3];
    bool biases;
    ffnn_optimizer optimizer;
} shapes[] = {
    {{3, 4, 1, 0}, {FFNN_SIGMOID, FFNN_SIGMOID, FFNN_SIGMOID}, {0}, false, FFNN_ADAM}, /* the lab's */
    {{2, 3, 0, 0}, {FFNN_SIGMOID, FFNN_SIGMOID, FFNN_SIGMOID}, {0}, false, FFNN_SGD},
    {{1, 2, 1, 1}, {FFNN_SIGMOID, FFNN_SIGMOID, FFNN_SIGMOID}, {0}, false, FFNN_SGD},
    {{2, 3, 1, 0}, {FFNN_RELU, FFNN_IDENTITY, FFNN_SIGMOID}, {0}, true, FFNN_SGD},
    {{2, 2, 2, 2}, {FFNN_LEAKY_RELU, FFNN_TANH, FFNN_SOFTMAX}, {0}, true, FFNN_SGD},
    {{3, 4, 1, 0}, {FFNN_TANH, FFNN_SIGMOID, FFNN_SIGMOID}, {0}, false, FFNN_SGD},
    {{2, 3, 1, 0}, {FFNN_LEAKY_RELU, FFNN_ELU, FFNN_SIGMOID}, {0.2f, 0.5f, 0}, true, FFNN_ADAM},
};

static ffnn_net nets[COUNT_OF(shapes)];

/* All weights and biases before a file is loaded: what no file is likely to hold. */
static const float UNTOUCHED = -7.6543218e-21f;

static void make_networks(void) {
    if (nets[0].layer_count > 0) return;
    for (size_t i = 0; i < COUNT_OF(nets); ++i) {
        ffnn_desc desc;
        memset(&desc, 0, sizeof desc);
        memcpy(desc.sizes, shapes[i].sizes, sizeof shapes[i].sizes);
        memcpy(desc.activations, shapes[i].activations, sizeof shapes[i].activations);
        memcpy(desc.alphas, shapes[i].alphas, sizeof shapes[i].alphas);
        desc.biases = shapes[i].biases;
        desc.optimizer = shapes[i].optimizer;
        desc.momentum = desc.optimizer == FFNN_SGD ? 0.5f : 0;
        if (ffnn_init(&nets[i], &desc) != FFNN_OK) fail("this test cannot make its networks");
        set_all_weights(&nets[i], UNTOUCHED);
    }
}

/* ---- checks -------------------------------------------------------------------------------- */

static uint32_t bits_of(const float *number) {
    uint32_t bits;
    memcpy(&bits, number, sizeof bits);
    return bits;
}

/* One number is the file's: a float byte for byte, any other one rounded to the nearest. */
static void check_number(const float *number, const checker_tensor *tensor, size_t index) {
    const unsigned char *at = input + checker.data + tensor->begin + 4 * index;
    if (checker_is_float(tensor)) {
        uint32_t bits = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                        (uint32_t)at[3] << 24;
        if (bits_of(number) != bits) fail("the weights are not those of the file");
        return;
    }
    int is_negative;
    double element = checker_element(input, tensor, index, &is_negative);
    float expected = (float)element;
    bool is_right = bits_of(&expected) == bits_of(number) % (1u << 31);
    if (isnan(element)) is_right = isnan(*number);
    if (!is_right || is_negative != (int)(bits_of(number) >> 31))
        fail("the weights are not the nearest floats to those of the file");
}

/* Where the file has the element of a weight. */
static size_t index_of(ffnn_tensor weight, size_t row, size_t col) {
    return checker_net.is_pytorchs ? col * weight.rows + row : row * weight.cols + col;
}

/* All of them, wherever the file has them. */
static void check_weights(const ffnn_net *net) {
    if (checker_net.is_doubtful) return;
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight, bias = net->layers[i].bias;
        const checker_layer *layer = &checker_net.layers[i];
        for (size_t row = 0; row < weight.rows; ++row) {
            for (size_t col = 0; col < weight.cols; ++col)
                check_number(ffnn_at(weight, row, col), layer->weight, index_of(weight, row, col));
        }
        for (size_t col = 0; col < bias.cols; ++col)
            check_number(&bias.data[col], layer->bias, col);
    }
}

/* What is saved is well formed, loads, and is the same weights and the same bytes again. */
static void check_saved_again(ffnn_net *net) {
    static unsigned char first[MAX_SAVED], second[MAX_SAVED];
    size_t size = 0, again = 0, made = test.allocations;
    if (ffnn_save_memory(net, first, sizeof first, &size) != FFNN_OK)
        fail("what was loaded cannot be saved");
    if (test.allocations != made) fail("ffnn_save_memory has allocated memory");
    set_all_weights(net, UNTOUCHED);
    if (ffnn_load_memory(net, first, size) != FFNN_OK) fail("what was saved cannot be loaded");
    check_weights(net);
    if (ffnn_save_memory(net, second, sizeof second, &again) != FFNN_OK || again != size ||
        memcmp(first, second, size) != 0)
        fail("the same weights are saved as other bytes");
}

static ffnn_status check_load(ffnn_net *net, ffnn_status status, unsigned answers) {
    if ((answers & ANSWER(status)) == 0) fail(ffnn_status_string(status));
    if (status == FFNN_OK)
        check_weights(net);
    else if (!all_weights_are(net, UNTOUCHED))
        fail("a refused file has changed weights");
    return status;
}

/* Bytes of the floats that a network has whose layers come twice, or more often, in the input. */
static size_t size_of_shared(void) {
    uint64_t count = 0;
    if (checker.flaw != NULL || checker_net.flaw != NULL || checker.layers.at == NULL) return 0;
    for (size_t i = 0; i < checker_net.count; ++i)
        count += (checker_net.layers[i].inputs + 1) * checker_net.layers[i].outputs;
    return (size_t)count * sizeof(float);
}

/* Everything since then has been freed, and was not more than the input is worth: an index that
   grows with the header, never with what the header only claims. */
static void check_allocated(size_t live_before) {
    if (test.live != live_before) fail("memory was not freed");
    size_t lie = manner.lie > 0 ? (size_t)manner.lie : 0; /* a file is believed, a header is not */
    if (test.largest > 4 * (input_size + lie) + size_of_shared() + 2048)
        fail("memory was allocated for what the header only claims");
}

static void check_memory(ffnn_net *net, unsigned answers) {
    size_t live = test.live;
    test.largest = 0;
    if (check_load(net, ffnn_load_memory(net, input, input_size), answers) == FFNN_OK) {
        check_saved_again(net);
        set_all_weights(net, UNTOUCHED);
    }
    check_allocated(live);
}

static void check_file(ffnn_net *net, unsigned answers) {
    if (check_load(net, ffnn_load(net, "input"), or_a_failure(answers)) == FFNN_OK)
        set_all_weights(net, UNTOUCHED);
}

static void check_new_network(ffnn_net *net, ffnn_status status, unsigned answers) {
    static const ffnn_net zeros;
    if ((or_a_failure(answers) & ANSWER(status)) == 0) fail(ffnn_status_string(status));
    test.fail_at = 0;
    if (status == FFNN_OK) {
        if ((answers_to_load(net) & ANSWER(FFNN_OK)) == 0)
            fail("the new network is not the file's");
        check_weights(net);
        check_saved_again(net);
    } else if (memcmp(net, &zeros, sizeof *net) != 0) {
        fail("a network that could not be initialised is not all zeros");
    }
    ffnn_free(net);
}

/* Whether a view can have a tensor's numbers: floats that stand where floats can. */
static bool is_viewable(const checker_tensor *tensor) {
    const uint16_t one = 1;
    uintptr_t address = (uintptr_t)(input + checker.data + tensor->begin);
    bool is_little_endian = *(const unsigned char *)&one == 1;
    return checker_is_float(tensor) && address % sizeof(float) == 0 && is_little_endian;
}

static bool points_at(const float *data, const checker_tensor *tensor) {
    return (const unsigned char *)data == input + checker.data + tensor->begin;
}

/* A view's weights are the input's bytes, which the checker has found. */
static void check_view(void) {
    ffnn_net net;
    size_t size;
    unsigned answers = answers_to_init();
    bool is_network = (answers & ANSWER(FFNN_OK)) != 0;
    for (size_t i = 0; i < checker_net.count && is_network; ++i) {
        const checker_layer *layer = &checker_net.layers[i];
        bool are_viewable = is_viewable(layer->weight) &&
                            (layer->bias == NULL || is_viewable(layer->bias));
        if (!are_viewable) answers = (answers & ~ANSWER(FFNN_OK)) | ANSWER(FFNN_ERROR_ARGUMENT);
    }
    ffnn_status status = ffnn_init_view(&net, input, input_size);
    if ((answers & ANSWER(status)) == 0) fail(ffnn_status_string(status));
    for (size_t i = 0; i < net.layer_count; ++i) {
        const checker_layer *layer = &checker_net.layers[i];
        if (!is_layer_of(layer, &net.layers[i])) fail("a view is not the file's network");
        if (!points_at(net.layers[i].weight.data, layer->weight) ||
            (layer->bias != NULL && !points_at(net.layers[i].bias.data, layer->bias)))
            fail("a view is not of the file's bytes");
    }
    if (status == FFNN_OK && ffnn_save_memory(&net, NULL, 0, &size) != FFNN_OK)
        fail("a view cannot be saved");
    ffnn_free(&net);
}

/* ---- what ffnn_print_file says ------------------------------------------------------------- */

/* Takes a text off the front of another; whether it was there. */
static bool take_text(const char **at, const char *text) {
    size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0) return false;
    *at += length;
    return true;
}

static bool take_number(const char **at, uint64_t number) {
    char text[32];
    sprintf(text, "%lu", (unsigned long)number);
    return take_text(at, text);
}

/* relu, or leaky_relu:0.2 where the parameter is not torch.nn's. */
static bool take_activation(const char **at, const checker_layer *layer) {
    char *end;
    bool has_alpha = layer->activation == FFNN_LEAKY_RELU || layer->activation == FFNN_ELU;
    float usual = layer->activation == FFNN_LEAKY_RELU ? 0.01f : 1.0f;
    if (!take_text(at, activation_table[layer->activation].name)) return false;
    bool is_usual = !has_alpha || same_bits(&layer->alpha, &usual, 1);
    if (is_usual && !checker_net.is_doubtful) return true;
    if (!take_text(at, ":")) return checker_net.is_doubtful;
    float alpha = strtof(*at, &end);
    *at = end;
    return checker_net.is_doubtful || same_bits(&layer->alpha, &alpha, 1);
}

/* network: 2-3-1, relu identity */
static bool is_network_line(const char *line) {
    bool is_good = take_text(&line, "network: ") && take_number(&line, checker_net.layers[0].inputs);
    for (size_t i = 0; i < checker_net.count && is_good; ++i)
        is_good = take_text(&line, "-") && take_number(&line, checker_net.layers[i].outputs);
    is_good = is_good && take_text(&line, ",");
    for (size_t i = 0; i < checker_net.count && is_good; ++i)
        is_good = take_text(&line, " ") && take_activation(&line, &checker_net.layers[i]);
    return is_good && strcmp(line, "\n") == 0;
}

/* The last line says which network ffnn_init_from_memory makes of the input, or that there is none
   and why. */
static void check_last_line(const char *printed) {
    ffnn_net net;
    const char *line = printed + strlen(printed);
    if (line == printed || line[-1] != '\n') fail("what is in a file ends within a line");
    for (--line; line > printed && line[-1] != '\n';) --line;
    ffnn_status status = ffnn_init_from_memory(&net, input, input_size);
    ffnn_free(&net);
    if (status == FFNN_OK) {
        if (!is_network_line(line)) fail("ffnn_print_file tells of another network");
    } else if (!take_text(&line, "no network: ") || strlen(line) < 2) {
        fail("ffnn_print_file does not say why there is no network");
    }
}

static void check_print_file(void) {
    static char printed[MAX_SIZE * 16];
    unsigned answers = or_a_failure(ANSWER(checker.flaw == NULL ? FFNN_OK : FFNN_ERROR_FORMAT));
#if defined(__GLIBC__)
    FILE *out = fmemopen(printed, sizeof printed, "w"); /* sooner done than a file */
#else
    FILE *out = tmpfile();
#endif
    if (out == NULL) fail("this test cannot make a temporary file");
    ffnn_status status = ffnn_print_file(out, "input");
    test.fail_at = 0;
    if ((answers & ANSWER(status)) == 0) fail("ffnn_print_file");
    long size = ftell(out);
    if (status != FFNN_OK && size != 0) fail("what is in a malformed file was printed");
#if !defined(__GLIBC__)
    rewind(out);
    if (fread(printed, 1, (size_t)size, out) != (size_t)size) fail("this test cannot read a file");
#endif
    fclose(out);
    printed[size] = '\0';
    if (status == FFNN_OK) check_last_line(printed);
}

/* ---- optimizers' files --------------------------------------------------------------------- */

static bool has_biases(const ffnn_net *net) {
    return net->layers[0].bias.data != NULL;
}

static size_t moments_of(const ffnn_net *net) {
    return net->optimizer == FFNN_ADAM ? 2 : 1;
}

static size_t parameters_of(const ffnn_net *net) {
    return net->layer_count * (has_biases(net) ? 2 : 1);
}

static const char *suffix_of(const ffnn_net *net, size_t moment) {
    static const char *const adams[] = {".exp_avg", ".exp_avg_sq"};
    return net->optimizer == FFNN_ADAM ? adams[moment] : ".momentum_buffer";
}

/* The file's tensor of a moment of the number-th parameter; weights with biases are turned. */
static const checker_tensor *find_moment(const ffnn_net *net, size_t number, size_t moment) {
    char name[100];
    size_t layer = has_biases(net) ? number / 2 : number;
    const char *suffix = suffix_of(net, moment);
    size_t inputs = net->sizes[layer], outputs = net->sizes[layer + 1];
    if (!has_biases(net)) {
        sprintf(name, "W%lu%s", (unsigned long)layer + 1, suffix);
        return checker_find(name, inputs, outputs);
    }
    bool is_bias = number % 2 == 1;
    sprintf(name, "%lu.%s%s", (unsigned long)layer * 2, is_bias ? "bias" : "weight", suffix);
    return is_bias ? checker_find(name, 0, outputs) : checker_find(name, outputs, inputs);
}

static unsigned answers_to_load_optimizer(const ffnn_net *net) {
    uint64_t steps = 0;
    if (checker.flaw != NULL) return ANSWER(FFNN_ERROR_FORMAT);
    bool is_good = checker_steps(net->optimizer == FFNN_ADAM ? "adam" : "sgd", &steps);
    size_t expected = steps == 0 ? 0 : parameters_of(net) * moments_of(net);
    is_good = is_good && checker.count == expected;
    for (size_t i = 0; i < expected && is_good; ++i)
        is_good = find_moment(net, i / moments_of(net), i % moments_of(net)) != NULL;
    return ANSWER(is_good ? FFNN_OK : FFNN_ERROR_MISMATCH);
}

enum { STEPS_BEFORE = 77 };

/* Moments and steps that no file is likely to hold. */
static void reset_optimizer(ffnn_net *net) {
    if (net->moments.data == NULL && ffnn__reserve_step(net, 0) != FFNN_OK)
        fail("this test cannot make its networks' moments");
    for (size_t k = 0; k < element_count(net->moments); ++k) net->moments.data[k] = UNTOUCHED;
    net->steps = STEPS_BEFORE;
}

/* Without vectors nothing stands between the moments of one parameter and of the next. */
static void check_moments(const ffnn_net *net) {
    uint64_t steps = 0;
    checker_steps(net->optimizer == FFNN_ADAM ? "adam" : "sgd", &steps);
    if (net->steps != steps) fail("the steps are not those of the file");
    if (steps == 0) {
        if (net->moments.data != NULL) fail("there are moments before any step");
        return;
    }
    for (size_t moment = 0; moment < moments_of(net); ++moment) {
        const float *at = net->moments.data + (moment + 1) * net->moments.cols;
        for (size_t number = 0; number < parameters_of(net); ++number) {
            const checker_tensor *tensor = find_moment(net, number, moment);
            bool is_bias = has_biases(net) && number % 2 == 1;
            size_t layer = has_biases(net) ? number / 2 : number;
            size_t rows = is_bias ? 1 : net->sizes[layer], cols = net->sizes[layer + 1];
            for (size_t k = 0; k < rows * cols; ++k, ++at) {
                size_t turned = k % cols * rows + k / cols;
                check_number(at, tensor, has_biases(net) && !is_bias ? turned : k);
            }
        }
    }
}

/* A file that is refused has changed nothing. */
static void check_optimizer(ffnn_net *net, size_t failing) {
    reset_optimizer(net);
    const float *before = net->moments.data;
    unsigned answers = answers_to_load_optimizer(net);
    test_fail_allocation(failing);
    ffnn_status status = ffnn_load_optimizer(net, "input");
    if ((or_a_failure(answers) & ANSWER(status)) == 0) fail(ffnn_status_string(status));
    test_fail_allocation(0);
    if (!all_weights_are(net, UNTOUCHED)) fail("an optimizer's file has changed weights");
    if (status == FFNN_OK) check_moments(net);
    else if (net->moments.data != before || net->steps != STEPS_BEFORE ||
             !all_elements_are(net->moments, UNTOUCHED))
        fail("a refused file has changed an optimizer's state");
    reset_optimizer(net);
}

static void check_files(void) {
    ffnn_net net;
    size_t live = test.live;
    test.largest = 0;
    for (size_t i = 0; i < COUNT_OF(nets); ++i) check_file(&nets[i], answers_to_load(&nets[i]));
    for (size_t i = 0; i < COUNT_OF(nets); ++i) check_optimizer(&nets[i], 0);
    check_new_network(&net, ffnn_init_from_file(&net, "input"), answers_to_init());
    check_new_network(&net, ffnn_init_from_memory(&net, input, input_size), answers_to_init());
    check_view();
    check_print_file();
    check_allocated(live);
}

#if defined(__GLIBC__)

/* Reads the input as a file of this manner; of each call the number-th allocation fails, 0: none. */
static void check_manner(ffnn_net *net, size_t number) {
    ffnn_net fresh;
    size_t live = test.live;
    test.largest = 0;
    test_fail_allocation(number);
    check_new_network(&fresh, ffnn_init_from_file(&fresh, "input"), answers_to_init());
    test_fail_allocation(number);
    check_file(net, answers_to_load(net));
    test_fail_allocation(number);
    check_print_file();
    test_fail_allocation(0);
    check_optimizer(net, number);
    check_allocated(live);
}

/* Files that nobody can seek in, that lie about their size, that cannot be read to their end; and
   memory that runs out. */
static void check_manners(void) {
    static const long lies[] = {1, -1, 4, -4, 8, 48, -48, 1000, -1000000, 1000000};
    const uint64_t max_claimed = 1000000; /* of bytes that a file is said to have */
    ffnn_net *net = &nets[below(COUNT_OF(nets))];
    manner.piece = one_in(4) ? 1 + below(61) : 0;
    manner.is_pipe = true;
    check_manner(net, 0);
    manner.is_pipe = false;
    manner.lie = ONE_OF(lies);
    check_manner(net, 0);
    if (checker.claimed > 0 && checker.claimed < max_claimed) { /* what the header needs */
        manner.lie = (long)checker.claimed - (long)input_size;
        check_manner(net, 0);
    }
    manner.lie = 0;
    manner.is_pipe = one_in(2);
    check_manner(net, 1 + below(6));
    manner.fails_from = 1 + below(input_size + 2);
    check_manner(net, 0);
    memset(&manner, 0, sizeof manner);
}

#else

static void check_manners(void) {} /* this C library makes no files of one's own */

#endif

/* One input in so many is read from files, too. */
#ifdef FUZZER
enum { FILES_OF = 1 };
#else
enum { FILES_OF = 8 };
#endif

/* What the input does not say is drawn, from its own bits: an input that fails does so again. */
static void seed_with_input(void) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < input_size; ++i) hash = (hash ^ input[i]) * 1099511628211u;
    random_state = hash;
}

static void check_input(const unsigned char *data, size_t size) {
    input = data;
    input_size = size;
    make_networks();
    checker_read(data, size);
    if (checker.flaw == NULL) checker_read_network();
    for (size_t i = 0; i < COUNT_OF(nets); ++i) check_memory(&nets[i], answers_to_load(&nets[i]));
    seed_with_input();
    if (!one_in(FILES_OF)) return;
    check_files();
    check_manners();
}

#ifdef FUZZER

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    if (size <= MAX_SIZE) check_input(data, size);
    return 0;
}

#else

/* ---- a file that is being made ------------------------------------------------------------- */

static struct {
    unsigned char bytes[MAX_SIZE];
    size_t size;
} made;

/* Replaces `removed` bytes by `count` others, unless there is no room for them. */
static void replace(size_t at, size_t removed, const void *added, size_t count) {
    if (made.size - removed + count > sizeof made.bytes) return;
    memmove(made.bytes + at + count, made.bytes + at + removed, made.size - at - removed);
    if (count > 0) memcpy(made.bytes + at, added, count);
    made.size += count - removed;
}

static void append(const char *text) { replace(made.size, 0, text, strlen(text)); }

static void append_number(uint64_t number) {
    char text[32];
    sprintf(text, "%lu", (unsigned long)number);
    append(text);
}

static uint64_t get_header_size(void) {
    uint64_t size = 0;
    for (size_t i = 0; i < 8 && i < made.size; ++i) size |= (uint64_t)made.bytes[i] << 8 * i;
    return size;
}

/* Where the header ends, or the file if that comes first. */
static size_t header_end(void) {
    uint64_t size = get_header_size();
    if (made.size < 8 || size > made.size - 8) return made.size;
    return 8 + (size_t)size;
}

/* ---- new files ----------------------------------------------------------------------------- */
/* Most are well formed, and many are of one of the networks; each part may go wrong. */

static const char *const values[] = {
    "null", "true", "-0.5e+3", "1e400", "\"\\u00e9\\ud834\\udd1e\"", "[]", "{}",
    "[[[]]]", "{\"a\":{\"a\":[1,{}]},\"a\":2}", "[1,2", "01", "+1", "nan", "\"\\ud834\"", "'a'",
};

static const char *const numbers[] = {
    "0", "1", "2", "3", "4", "8", "12", "16", "48", "64", "-1", "-0", "4.0", "4e0", "04", "null",
    "65536", "4294967295", "4294967296", "1152921504606846976", "4611686018427387904",
    "9223372036854775808", "18446744073709551615", "18446744073709551616", "99999999999999999999",
};

static const char *const names[] = {
    "W1", "W2", "W3", "W4", "W8", "W9", "W16", "W17", "W01", "W", "", "w1", "W10000000",
    "\\u0057\\u0031", "weight", "bias", ".weight", "0.weight", "0.bias", "00.weight", "2.weight",
    "2.bias", "10.weight", "fc1.weight", "fc1.bias", "fc2.bias", "fc.weights", "a.b.weight",
    "W1.weight", "18446744073709551617.weight", ".bias", "a..weight", "encoder.weight", "01.weight"};

/* What may stand beside the layers that "layers" names. */
static const char *const ignored_names[] = {"criterion.weight", "1.running_mean", "log_std", "W1",
                                            "1.num_batches_tracked", "value.0.weight", ".weight",
                                            "embed.weight", "x.bias", ""};

/* What the metadata may say of layers, if that is no plan's. */
static const char *const layer_lists[] = {"", " ", "0", "0 2", "2 0", "0 0", "fc1 fc2", "0.weight",
                                          "W1 W2", "0  2", "0 2 ", " 0 2", "0\\u0020\\u0032",
                                          "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
                                          "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"};

/* What stands before the names of PyTorch's layers, in order. */
static const char *const prefixes[][3] = {
    {"0.", "2.", "4."}, {"fc1.", "fc2.", "fc10."}, {"", "0.", "a."}, {"a.", "b.", "c."},
    {"net.9.", "net.10.", "net.11."}, {"x.1.y2.", "x.1.y10.", "x.2.y1."}, {"Z.", "a.", "\\u00e9."},
    {"h.99999999999999999999.", "h.100000000000000000000.", "i."}, {"01.", "1.", "2."},
    {"a1.", "a1b.", "a1b2."}, {"1a.", "1.1.", "11."}};

/* Names that have no order, and what may stand before numbers. */
static const char *const words[] = {"input.", "hidden.", "output.", "encoder.", "decoder.", "head.",
                                    "l.", "x y.", "a.b.", ""};
static const char *const groups[] = {"net.", "enc.", "net.1.", "net.2.", "fc", "1.fc", "", "dec.l"};

/* Activations, most of them of a network that there is. */
static const char *const activations[] = {
    "relu identity", "leaky_relu tanh softmax", "tanh sigmoid", "sigmoid sigmoid", "sigmoid",
    "sigmoid sigmoid sigmoid", "gelu", "elu silu", "softmax softmax", "softmax", "relu", "",
    " ", "relu  identity", "relu identity ", "relu identity tanh", "re\\u006cu\\u0020identity",
    "ReLU", "what ever", "leaky_relu tanh softmax sigmoid", "leaky_relu:0.2 elu:0.5",
    "leaky_relu:2e-1 elu:5E-01", "leaky_relu:0 identity", "leaky_relu:-0.20 elu:0.5"};

/* What may stand behind them. */
static const char *const alphas[] = {":0.2", ":0.5", ":0", ":-0", ":1e-3", ":0.01", ":1", ":",
                                     ":0.2x", ":1e999", ":01", ":0.2000001", ":1e-45", ":+1",
                                     ":3.4028235e38", ":1e-99", ":0.2:0.2"};

/* Half of the new files keep the rules of the format, however many tensors they have: which network
   they are of is what may go wrong. */
static bool is_careful;

static bool slips(size_t count) { return !is_careful && one_in(count); }

static void append_space(void) {
    static const char *const spaces[] = {" ", "\n", "\t", "\r\n", "    "};
    while (one_in(16)) append(ONE_OF(spaces));
}

static void append_token(const char *token) {
    append_space();
    append(slips(200) ? ONE_OF(values) : token);
    append_space();
}

static void append_size(uint64_t size) {
    append_space();
    if (slips(100))
        append(ONE_OF(numbers));
    else
        append_number(size);
    append_space();
}

/* A string, with some of its characters as escapes. */
static void append_string(const char *string) {
    char escape[8];
    append_space();
    append("\"");
    for (; *string != '\0'; ++string) {
        sprintf(escape, one_in(30) ? "\\u%04x" : "%c", (unsigned)(unsigned char)*string);
        append(escape);
    }
    append("\"");
    append_space();
}

enum { MAX_LAYERS = 9, MAX_RANK = 3 };

typedef struct planned_tensor {
    char name[64];
    checker_dtype dtype;
    size_t rank;               /* a weight has 2, a bias 1 */
    uint64_t shape[MAX_RANK];
    uint64_t begin, end;
} planned_tensor;

/* The network that a new file is of. */
static struct {
    size_t count; /* of layers; 0: it is of none */
    size_t sizes[MAX_LAYERS + 1];
    bool biases, pytorchs;
    bool says_layers, says_activations;
    bool is_mixed;               /* numbers are of any dtype that becomes floats */
    char names[MAX_LAYERS][48];  /* what stands before "weight", as PyTorch has it */
} planned;

static void append_field(const planned_tensor *tensor, size_t field) {
    if (field == 0) {
        append("\"dtype\":");
        append_string(tensor->dtype.name);
    } else if (field == 1) {
        append("\"shape\":");
        append_token("[");
        for (size_t i = 0; i < tensor->rank; ++i) {
            if (i > 0) append_token(",");
            append_size(tensor->shape[i]);
        }
        append_token("]");
    } else if (field == 2) {
        append("\"data_offsets\":");
        append_token("[");
        append_size(tensor->begin);
        append_token(",");
        append_size(tensor->end);
        append_token("]");
    } else {
        append_string("other");
        append(":");
        append(ONE_OF(values));
    }
}

static void append_tensor(const planned_tensor *tensor) {
    size_t first = below(3);
    append_string(tensor->name);
    append_token(":");
    append_token("{");
    for (size_t i = 0; i < 3; ++i) {
        if (i > 0) append_token(",");
        if (slips(30)) {
            append_field(tensor, below(4));
            append_token(",");
        }
        append_field(tensor, (first + i) % 3);
    }
    append_token("}");
}

static checker_dtype any_dtype(void) {
    static const checker_dtype unknown[] = {{"f32", 32}, {"", 8}};
    return slips(12) ? ONE_OF(unknown) : ONE_OF(checker_dtypes);
}

/* Of numbers that become floats. */
static checker_dtype any_float(void) {
    static const checker_dtype floats[] = {{"F32", 32}, {"F16", 16}, {"BF16", 16}, {"F64", 64}};
    return planned.is_mixed ? ONE_OF(floats) : checker_float;
}

/* A tensor of two sizes or, if rows is 0, of one. */
static planned_tensor plan_matrix(size_t rows, size_t cols) {
    planned_tensor tensor;
    memset(&tensor, 0, sizeof tensor);
    tensor.dtype = one_in(60) ? any_dtype() : any_float();
    if (rows > 0) tensor.shape[tensor.rank++] = rows;
    tensor.shape[tensor.rank++] = cols;
    return tensor;
}

static planned_tensor plan_any_tensor(const char *name) {
    planned_tensor tensor;
    memset(&tensor, 0, sizeof tensor);
    sprintf(tensor.name, "%s", name);
    tensor.dtype = any_dtype();
    tensor.rank = one_in(8) ? 0 : one_in(8) ? 3 : 1 + below(2);
    for (size_t i = 0; i < tensor.rank; ++i) tensor.shape[i] = below(4);
    return tensor;
}

/* Names for the layers of PyTorch: some that stand in order, or words, or words with numbers. */
static void name_layers(void) {
    const char *const *prefix = ONE_OF(prefixes);
    size_t style = below(3), word = below(COUNT_OF(words));
    size_t group = below(COUNT_OF(groups)), number = below(12);
    for (size_t i = 0; i < planned.count; ++i) {
        if (style == 0 && planned.count <= COUNT_OF(prefixes[0])) {
            sprintf(planned.names[i], "%s", prefix[i]);
        } else if (style == 1) {
            sprintf(planned.names[i], "%s", words[(word + i) % COUNT_OF(words)]);
        } else {
            sprintf(planned.names[i], "%s%s%lu.", groups[group % COUNT_OF(groups)],
                    one_in(20) ? "0" : "", (unsigned long)number);
            number += 1 + below(2);
            if (one_in(4)) {
                ++group;
                number = one_in(2) ? number : below(12);
            }
        }
    }
}

/* One of the networks that there are, or layers of any sizes. */
static void plan_network(void) {
    const ffnn_net *net = &nets[below(COUNT_OF(nets))];
    bool is_known = one_in(2);
    memset(&planned, 0, sizeof planned);
    planned.count = is_known ? net->layer_count : 1 + below(one_in(4) ? MAX_LAYERS : 4);
    size_t most = 1 + below(6);
    for (size_t i = 0; i <= planned.count; ++i)
        planned.sizes[i] = is_known ? net->sizes[i] : 1 + below(most);
    planned.biases = is_known ? has_biases(net) : one_in(2);
    planned.pytorchs = planned.biases ? !one_in(20) : one_in(2);
    planned.says_layers = planned.pytorchs && one_in(3);
    planned.says_activations = !one_in(4);
    planned.is_mixed = one_in(3);
    name_layers();
    for (size_t i = 1; i < planned.count && planned.says_layers; ++i) {
        bool is_as_last = planned.sizes[i + 1] == planned.sizes[i] &&
                          planned.sizes[i] == planned.sizes[i - 1];
        if (is_as_last && one_in(3)) strcpy(planned.names[i], planned.names[i - 1]);
    }
}

enum { MAX_PLANNED = 24 }; /* tensors of a new file */

static planned_tensor planned_tensors[MAX_PLANNED];
static size_t planned_count;

static void add_planned(planned_tensor tensor, const char *name, const char *ending) {
    if (planned_count == MAX_PLANNED) return;
    if (one_in(100)) name = ONE_OF(names), ending = "";
    sprintf(tensor.name, "%s%s", name, ending);
    planned_tensors[planned_count++] = tensor;
}

static void plan_layer(size_t layer) {
    size_t inputs = planned.sizes[layer], outputs = planned.sizes[layer + 1];
    if (one_in(60)) inputs = 1 + below(4); /* it does not fit */
    if (!planned.pytorchs) {
        char name[32];
        sprintf(name, "W%lu", (unsigned long)layer + 1);
        add_planned(plan_matrix(inputs, outputs), name, "");
        return;
    }
    bool is_shared = layer > 0 && strcmp(planned.names[layer], planned.names[layer - 1]) == 0;
    if (is_shared) return;
    add_planned(plan_matrix(outputs, inputs), planned.names[layer], "weight");
    if (planned.biases) add_planned(plan_matrix(0, outputs), planned.names[layer], "bias");
}

/* The moments of a network's optimizer. */
static void plan_optimizer(const ffnn_net *net) {
    for (size_t i = 0; i < parameters_of(net) * moments_of(net); ++i) {
        char name[32];
        size_t number = i / moments_of(net), layer = has_biases(net) ? number / 2 : number;
        size_t inputs = net->sizes[layer], outputs = net->sizes[layer + 1];
        bool is_bias = has_biases(net) && number % 2 == 1;
        const char *kind = is_bias ? "bias" : "weight";
        if (has_biases(net)) sprintf(name, "%lu.%s", (unsigned long)layer * 2, kind);
        else sprintf(name, "W%lu", (unsigned long)layer + 1);
        size_t rows = is_bias ? 0 : has_biases(net) ? outputs : inputs;
        add_planned(plan_matrix(rows, has_biases(net) && !is_bias ? inputs : outputs), name,
                    one_in(50) ? "" : suffix_of(net, i % moments_of(net)));
    }
}

/* The tensors of a network, of an optimizer if there is one, or some others, in any order. */
static void plan(const ffnn_net *optimizers) {
    planned_count = 0;
    memset(&planned, 0, sizeof planned);
    if (optimizers != NULL) {
        planned.is_mixed = one_in(10);
        if (!one_in(8)) plan_optimizer(optimizers);
    } else if (one_in(6)) {
        planned.says_activations = one_in(2);
        while (planned_count < 8 && !one_in(3)) add_planned(plan_any_tensor(""), ONE_OF(names), "");
    } else {
        plan_network();
        for (size_t i = 0; i < planned.count; ++i) plan_layer(i);
        bool has_others = one_in(planned.says_layers ? 2 : 50);
        for (size_t i = 0; has_others && i < COUNT_OF(ignored_names); ++i)
            if (one_in(3)) add_planned(plan_any_tensor(""), ignored_names[i], "");
    }
    for (size_t i = 0; i < planned_count; ++i) {
        size_t other = i + below(planned_count - i);
        planned_tensor swapped = planned_tensors[i];
        planned_tensors[i] = planned_tensors[other];
        planned_tensors[other] = swapped;
    }
}

/* As many as there are layers, or nearly, or a text from the list. */
static void append_activations(void) {
    char known[400] = "";
    size_t count = planned.count > 0 && !one_in(12) ? planned.count : 1 + below(3);
    if (one_in(3)) {
        append_string(ONE_OF(activations));
        return;
    }
    for (; count > 0; --count) {
        size_t activation = below(ACTIVATIONS);
        if (activation == FFNN_SOFTMAX && count > 1 && !one_in(10)) activation = FFNN_RELU;
        bool has_alpha = activation == FFNN_LEAKY_RELU || activation == FFNN_ELU;
        strcat(known, activation_table[activation].name);
        if (one_in(has_alpha ? 2 : 40)) strcat(known, ONE_OF(alphas));
        if (count > 1) strcat(known, " ");
    }
    append_string(known);
}

/* The names of the planned layers, in their order; now and then something else. */
static void append_layers(void) {
    char text[2 * MAX_LAYERS * sizeof planned.names[0]] = "";
    if (planned.count == 0 || one_in(10)) {
        append_string(ONE_OF(layer_lists));
        return;
    }
    for (size_t i = 0; i < planned.count; ++i) {
        const char *name = planned.names[one_in(40) ? below(planned.count) : i];
        bool has_dot = strlen(name) > 0;
        if (one_in(60)) continue;
        for (size_t times = one_in(60) ? 2 : 1; times > 0; --times) {
            if (strlen(text) > 0) strcat(text, one_in(80) ? "  " : " ");
            sprintf(text + strlen(text), "%.*s", (int)(strlen(name) - has_dot), name);
        }
    }
    if (one_in(50)) strcat(text, " ");
    append_string(text);
}

static void append_entry(bool *with_comma, const char *key) {
    if (*with_comma) append(",");
    *with_comma = true;
    append_string(key);
    append(":");
}

static void append_metadata(bool with_comma) {
    static const char *const keys[] = {"activations", "layers", "format", "activation",
                                       "activation\\u0073"};
    bool has_entry = false, is_turned = one_in(2);
    append(with_comma ? "," : "");
    append_string("__metadata__");
    if (one_in(30)) {
        append(":null");
        return;
    }
    append(":{");
    if (one_in(12)) {
        append_entry(&has_entry, ONE_OF(keys));
        append_activations();
    }
    for (int i = 0; i < 2; ++i) {
        bool is_layers = (i == 0) == is_turned;
        if (is_layers && (planned.says_layers || one_in(30))) {
            append_entry(&has_entry, "layers");
            append_layers();
        } else if (!is_layers && planned.says_activations) {
            append_entry(&has_entry, "activations");
            append_activations();
        }
    }
    append("}");
}

/* Of an optimizer. */
static void append_steps(const ffnn_net *net, bool with_comma) {
    static const char *const steps[] = {"1", "3", "120", "18446744073709551615", "0", "01", "-1",
                                        "1e3", "18446744073709551616", "", "3 ", "x"};
    bool is_turned = one_in(2);
    append(with_comma ? "," : "");
    append_string("__metadata__");
    append(":{");
    for (int i = 0; i < 2; ++i) {
        if (i > 0) append(",");
        if ((i == 0) == is_turned) {
            append_string("steps");
            append(":");
            append_string(with_comma ? one_in(3) ? ONE_OF(steps) : "7" : one_in(3) ? "7" : "0");
        } else {
            append_string("optimizer");
            append(":");
            append_string((net->optimizer == FFNN_ADAM) != one_in(12) ? "adam" : "sgd");
        }
    }
    append("}");
}

/* A number in the middle between two floats, or a little beside that; one that is almost a float, or
   just too large; or a NaN that says so with one bit, which floats may not have. */
static double any_double(void) {
    uint32_t bits = (uint32_t)random_bits();
    float a, b;
    if (one_in(8)) {
        uint64_t nan = (uint64_t)0x7ff << 52 | (uint64_t)1 << below(52) | (uint64_t)one_in(2) << 63;
        double number;
        memcpy(&number, &nan, sizeof nan);
        return number;
    }
    if (one_in(8)) return ldexp((double)bits, 96 + (int)below(3));
    if (one_in(3)) bits &= 0x80ffffffu; /* small ones */
    memcpy(&a, &bits, sizeof a);
    if (isnan(a) || isinf(a)) return (double)a * (one_in(2) ? 1 : -1);
    b = nextafterf(a, INFINITY);
    double between = isinf(b) ? ldexp(1, 128) - ldexp(1, 103) : ((double)a + (double)b) / 2;
    return one_in(3) ? nextafter(between, one_in(2) ? HUGE_VAL : -HUGE_VAL) : between;
}

/* The little-endian bytes of a number of so many. */
static void append_bytes(size_t count) {
    static const unsigned char special[] = {0x00, 0x01, 0x80, 0x7f, 0xff, 0x7c, 0xfc, 0xf0, 0x10};
    bool is_special = one_in(8);
    unsigned char number[8];
    uint64_t bits = random_bits();
    if (count == sizeof bits && one_in(2)) {
        double a = any_double();
        memcpy(&bits, &a, sizeof bits);
        is_special = false;
    }
    for (size_t i = 0; i < count; ++i) {
        number[i] = (unsigned char)(bits >> 8 * i);
        if (is_special) number[i] = ONE_OF(special);
    }
    replace(made.size, 0, number, count);
}

static void append_data(const planned_tensor *tensor) {
    size_t size = tensor->dtype.bits < 8 ? 1 : tensor->dtype.bits / 8;
    for (uint64_t at = tensor->begin; at < tensor->end; at += size)
        append_bytes(tensor->end - at < size ? (size_t)(tensor->end - at) : size);
}

/* Puts the tensors one behind the other, and their bytes behind the header. */
static void make_new(void) {
    const ffnn_net *optimizers = one_in(4) ? &nets[below(COUNT_OF(nets))] : NULL;
    uint64_t end = 0;
    is_careful = one_in(2);
    plan(optimizers);
    for (size_t i = 0; i < planned_count; ++i) {
        planned_tensor *tensor = &planned_tensors[i];
        uint64_t bits = tensor->dtype.bits;
        for (size_t k = 0; k < tensor->rank; ++k) bits *= tensor->shape[k];
        if (is_careful && bits % 8 != 0) {
            tensor->dtype = checker_dtypes[0];
            bits = 32;
            for (size_t k = 0; k < tensor->rank; ++k) bits *= tensor->shape[k];
        }
        tensor->begin = end;
        tensor->end = end += bits / 8;
    }
    made.size = 0;
    append("12345678{");
    size_t first = planned_count > 0 ? below(planned_count) : 0;
    for (size_t i = 0; i < planned_count; ++i) {
        if (i > 0) append_token(",");
        append_tensor(&planned_tensors[(first + i) % planned_count]);
    }
    if (optimizers != NULL && !one_in(20)) append_steps(optimizers, planned_count > 0);
    else if (!one_in(5)) append_metadata(planned_count > 0);
    append_token("}");
    set_header_size(made.bytes, made.size - 8);
    for (size_t i = 0; i < planned_count; ++i) append_data(&planned_tensors[i]);
}

/* ---- changed files ------------------------------------------------------------------------- */

static const char *const tokens[] = {
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0057", "\\ud834\\udd1e", "\\ud834", "\"W1\"",
    "\"W2\"", "\"W3\"", "\"dtype\"", "\"F32\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"",
    "weight", "bias", ".", "0.", "2.", "fc10.", "\"activations\":\"relu identity\"", "relu",
    "softmax", ":0.2", "leaky_relu:", ".exp_avg", ".momentum_buffer", "\"steps\":\"7\"",
    "\"optimizer\":\"adam\"", "\"layers\":\"0 2\"", "\"layers\":\"0 0\",", "\"F16\"", "\"BF16\"",
    "\"F64\"", "encoder", "fc2.", "01",
    "{\"dtype\":\"F32\",\"shape\":[0,1],\"data_offsets\":[0,0]}", "\xC3\xA9", "\xC0\x80",
    "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xEF\xBB\xBF", "/**/",
    "\x7F", "\x1F", " ", "\\ud834\\ue000", "\\udd1e",
};

/* The place of some byte of the header that is one of these, or any place if there is none. */
static size_t find_one_of(const char *characters, size_t end) {
    size_t count = end - 8, first = below(count);
    for (size_t i = 0; i < count; ++i) {
        size_t at = 8 + (first + i) % count;
        if (made.bytes[at] != '\0' && strchr(characters, made.bytes[at]) != NULL) return at;
    }
    return 8 + first;
}

static void change_number(size_t end) {
    const char *number = ONE_OF(numbers);
    size_t at = find_one_of("0123456789", end), length = 0;
    while (at > 8 && made.bytes[at - 1] >= '0' && made.bytes[at - 1] <= '9') --at;
    while (at + length < end && made.bytes[at + length] >= '0' && made.bytes[at + length] <= '9')
        ++length;
    replace(at, length, number, strlen(number));
}

/* Removes what is between two marks, or writes it a second time, or somewhere else. */
static void change_span(size_t end) {
    static const char marks[] = "{}[],:\"";
    static unsigned char span[MAX_SIZE];
    size_t from = find_one_of(marks, end), to = find_one_of(marks, end);
    if (from > to) {
        size_t swapped = from;
        from = to;
        to = swapped;
    }
    size_t length = to - from;
    memcpy(span, made.bytes + from, length);
    if (one_in(2))
        replace(from, length, NULL, 0);
    else
        replace(one_in(2) ? to : find_one_of(marks, end), 0, span, length);
}

static void change_header(size_t end) {
    const char *token = ONE_OF(tokens);
    size_t at = 8 + below(end - 8);
    switch (below(8)) {
    case 0: made.bytes[at] ^= (unsigned char)(1 << below(8)); break;
    case 1: replace(at, 1, NULL, 0); break;
    case 2: replace(at, 0, token, strlen(token)); break;
    case 3: replace(at, 1, token, strlen(token)); break;
    case 4: replace(find_one_of("{}[],:\"", end), below(2), token, strlen(token)); break;
    case 5: change_number(end); break;
    case 6: change_span(end); break;
    default: replace(find_one_of("{}[],:\"", end), 0, ONE_OF(tokens), 1); break;
    }
}

/* The header's size, or the bytes behind the header. */
static void change_sizes(void) {
    static const unsigned char zeros[64];
    switch (below(5)) {
    case 0: set_header_size(made.bytes, get_header_size() + 1); break;
    case 1: set_header_size(made.bytes, get_header_size() - 1); break;
    case 2: set_header_size(made.bytes, random_bits() >> below(64)); break;
    case 3: replace(made.size, 0, zeros, below(sizeof zeros)); break;
    default: made.size -= below(made.size < 64 ? made.size + 1 : 64); break;
    }
}

static void change(void) {
    size_t end = header_end(), size = made.size;
    if (end <= 8 || one_in(12)) {
        change_sizes();
        return;
    }
    change_header(end);
    if (!one_in(50)) /* else the header's size goes wrong */
        set_header_size(made.bytes, end - 8 + made.size - size);
}

/* ---- the run ------------------------------------------------------------------------------- */

static bytes corpus[256];
static size_t corpus_count;

static void read_corpus_file(const char *path) {
    bytes file = read_file(path);
    if (file.data == NULL || file.size > MAX_SIZE || corpus_count == COUNT_OF(corpus)) {
        fprintf(stderr, "fuzz_load: %s cannot be read\n", path);
        exit(1);
    }
    corpus[corpus_count] = file;
    ++corpus_count;
}

/* Checks a copy of just the input's size, so that a sanitizer sees a read beyond its end. */
static void check_copy(const unsigned char *data, size_t size) {
    unsigned char *copy = (unsigned char *)malloc(size + (size == 0));
    if (copy == NULL) exit(1);
    if (size > 0) memcpy(copy, data, size);
    check_input(copy, size);
    free(copy);
}

static void check_corpus_file(size_t i) {
    check_input(corpus[i].data, corpus[i].size);
    check_files(); /* whether it is a sample or not */
    check_manners();
    check_copy(corpus[i].data, corpus[i].size);
}

/* The files of a seed do not depend on one another: each has a state of its own to start from. */
static void run(uint64_t seed, uint64_t number) {
    random_state = seed * 0xD1342543DE82EF95u + number * 0x2545F4914F6CDD1Du;
    if (corpus_count == 0 || one_in(2)) {
        make_new();
        if (is_careful && !one_in(4)) {
            check_copy(made.bytes, made.size);
            return;
        }
    } else {
        size_t chosen = below(corpus_count);
        made.size = 0;
        replace(0, 0, corpus[chosen].data, corpus[chosen].size);
        change();
    }
    while (one_in(2)) change();
    check_copy(made.bytes, made.size);
}

/* After a signal, too: the program is lost, and trying can do no more harm. */
/* NOLINTBEGIN(bugprone-signal-handler,cert-sig30-c) */
static void save_input(void) {
    static const char path[] = "build/fuzz_load-failed.safetensors";
    FILE *file = fopen(path, "wb");
    if (file == NULL) return;
    fwrite(input, 1, input_size, file);
    if (fclose(file) == 0) fprintf(stderr, "fuzz_load: the input is in %s\n", path);
}
/* NOLINTEND(bugprone-signal-handler,cert-sig30-c) */

static void on_signal(int number) {
    (void)number;
    save_input();
    _Exit(1);
}

int main(int count, char **arguments) {
    unsigned long seed = 1, runs = ~0ul, done;
    double seconds = 0;
    clock_t start = clock();
    signal(SIGABRT, on_signal);
    signal(SIGSEGV, on_signal);
    signal(SIGFPE, on_signal);
    make_networks();
    for (int a = 1; a < count; ++a) {
        if (strncmp(arguments[a], "seconds=", 8) == 0)
            seconds = strtod(arguments[a] + 8, NULL);
        else if (strncmp(arguments[a], "runs=", 5) == 0)
            runs = strtoul(arguments[a] + 5, NULL, 10);
        else if (strncmp(arguments[a], "seed=", 5) == 0)
            seed = strtoul(arguments[a] + 5, NULL, 10);
        else
            read_corpus_file(arguments[a]);
    }
    if (seconds == 0 && runs == ~0ul) runs = 100000;
    printf("fuzz_load: seed=%lu, %lu files given", seed, (unsigned long)corpus_count);
    fflush(stdout); /* so that it is seen if the next line never comes */
    for (size_t i = 0; i < corpus_count; ++i) check_corpus_file(i);
    for (done = 0; done < runs; ++done) {
        if (seconds > 0 && (double)(clock() - start) > seconds * CLOCKS_PER_SEC) break;
        run(seed, done);
    }
    printf(", %lu made: all answers are right\n", done);
    for (size_t i = 0; i < corpus_count; ++i) free(corpus[i].data);
    for (size_t i = 0; i < COUNT_OF(nets); ++i) ffnn_free(&nets[i]);
    return test.live > 0;
}

#endif
