/* Weights files of networks with biases or activations: PyTorch's names and layout, activations in
   the metadata, and what is no network's.

    test_mlp_files                  the tests; run it from the top of the repository
    test_mlp_files --save FOLDER    writes networks of many kinds there, each with a text file of
                                    inputs and predictions, for tests/pytorch_files.py

   A file lands in build/tests-tmp/ and is removed at the end. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#include "activations.h"
#include "reference/mlp_files.h"

#include <locale.h>

#define FOLDER SCRATCH "test_mlp_files"
#define SCRATCH_FILE FOLDER "/mlp.safetensors"

/* ---- files ------------------------------------------------------------------------------- */

enum { MAX_BYTES = 1 << 16 };

/* ---- networks ---------------------------------------------------------------------------- */

/* Of the sizes up to the first 0. */
static void make_described(ffnn_net *net, const size_t *sizes, const char *activations,
                           bool biases) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    for (size_t i = 0; i <= FFNN_MAX_LAYERS && sizes[i] > 0; ++i) desc.sizes[i] = sizes[i];
    set_activations(&desc, activations);
    desc.biases = biases;
    CHECK_STATUS(FFNN_OK, ffnn_init(net, &desc));
}

/* Of a layer, which in a view of PyTorch's layout is transposed. */
static size_t layer_inputs(const ffnn_layer *layer) {
    return layer->transposed ? layer->weight.cols : layer->weight.rows;
}

static size_t layer_outputs(const ffnn_layer *layer) {
    return layer->transposed ? layer->weight.rows : layer->weight.cols;
}

static size_t inputs_of(const ffnn_net *net) {
    return net->layer_count == 0 ? 0 : layer_inputs(&net->layers[0]);
}

static size_t outputs_of(const ffnn_net *net) {
    return net->layer_count == 0 ? 0 : layer_outputs(&net->layers[net->layer_count - 1]);
}

/* Bit for bit. */
static bool same_networks(const ffnn_net *a, const ffnn_net *b) {
    if (a->layer_count != b->layer_count) return false;
    for (size_t i = 0; i < a->layer_count; ++i) {
        const ffnn_layer *x = &a->layers[i], *y = &b->layers[i];
        bool has_bias = x->bias.data != NULL;
        if (x->activation != y->activation || has_bias != (y->bias.data != NULL)) return false;
        if (!same_bits(&x->alpha, &y->alpha, 1)) return false;
        if (!same_values(x->weight, y->weight)) return false;
        if (has_bias && !same_values(x->bias, y->bias)) return false;
    }
    return true;
}

/* A new network from a file says nothing of training. */
static void check_new(const ffnn_net *net) {
    CHECK(net->loss == FFNN_HALF_SUM_OF_SQUARES && net->optimizer == FFNN_SGD);
    CHECK(fabsf(net->momentum) <= 0 && fabsf(net->weight_decay) <= 0);
}

/* ---- files that PyTorch wrote ------------------------------------------------------------ */

static const char *path_of(const char *file) {
    static char path[512];
    snprintf(path, sizeof path, "tests/reference/%s", file);
    return path;
}

static void check_predictions(const ffnn_net *net, const mlp_file *file) {
    float X[MLP_FILE_ROWS * 16], output[MLP_FILE_ROWS * 16];
    size_t inputs = inputs_of(net), outputs = outputs_of(net);
    if (net->layer_count == 0) return; /* that it could not be made is an error already */
    CHECK(outputs <= 16 && inputs <= 16);
    memcpy(X, file->X, MLP_FILE_ROWS * inputs * sizeof *X);
    CHECK_STATUS(FFNN_OK, ffnn_predict(net, ffnn_view(X, MLP_FILE_ROWS, inputs),
                                       ffnn_view(output, MLP_FILE_ROWS, outputs)));
    for (size_t i = 0; i < MLP_FILE_ROWS * outputs; ++i)
        CHECK(fabs((double)output[i] - (double)file->expected[i])
              <= 2e-6 * fmax(1, fabs((double)file->expected[i])));
}

static void check_described(const ffnn_net *net, const mlp_file *file) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    set_activations(&desc, file->activations);
    for (size_t i = 0; i < net->layer_count; ++i) {
        const ffnn_layer *layer = &net->layers[i];
        CHECK(layer_inputs(layer) == file->sizes[i]);
        CHECK(layer_outputs(layer) == file->sizes[i + 1]);
        CHECK((layer->bias.data != NULL) == (file->has_biases != 0));
        CHECK(layer->activation == desc.activations[i]);
    }
    CHECK(net->layer_count <= FFNN_MAX_LAYERS && file->sizes[net->layer_count + 1] == 0);
}

/* Into a network of its description. */
static void test_pytorchs_files_are_loaded(void) {
    for (size_t i = 0; i < COUNT_OF(mlp_files); ++i) {
        const mlp_file *file = &mlp_files[i];
        ffnn_net net, from_memory;
        bytes b = read_file(path_of(file->file));
        test_case("%s", file->file);
        make_described(&net, file->sizes, file->activations, file->has_biases != 0);
        CHECK_STATUS(FFNN_OK, ffnn_load(&net, path_of(file->file)));
        check_described(&net, file);
        check_predictions(&net, file);
        make_described(&from_memory, file->sizes, file->activations, file->has_biases != 0);
        CHECK_STATUS(FFNN_OK, ffnn_load_memory(&from_memory, b.data, b.size));
        CHECK(same_networks(&net, &from_memory));
        ffnn_free(&net);
        ffnn_free(&from_memory);
        free(b.data);
    }
}

/* Into a new network, if it says its activations. */
static void test_pytorchs_files_make_networks(void) {
    for (size_t i = 0; i < COUNT_OF(mlp_files); ++i) {
        const mlp_file *file = &mlp_files[i];
        ffnn_status expected = file->says_activations ? FFNN_OK : FFNN_ERROR_MISMATCH;
        ffnn_net nets[3];
        bytes b = read_file(path_of(file->file));
        test_case("%s", file->file);
        memset(nets, 0xa5, sizeof nets);
        CHECK_STATUS(expected, ffnn_init_from_file(&nets[0], path_of(file->file)));
        CHECK_STATUS(expected, ffnn_init_from_memory(&nets[1], b.data, b.size));
        /* A file that is no network at all is reported as that, on big-endian machines, too. */
        bool can_be_a_view = is_little_endian() && file->are_floats;
        bool cannot_be_a_view = expected == FFNN_OK && !can_be_a_view;
        CHECK_STATUS(cannot_be_a_view ? FFNN_ERROR_ARGUMENT : expected,
                     ffnn_init_view(&nets[2], b.data, b.size));
        for (size_t k = 0; k < COUNT_OF(nets); ++k) {
            if (k == 2 && !can_be_a_view) continue;
            if (expected != FFNN_OK) {
                CHECK(is_all_zero(&nets[k]));
                continue;
            }
            check_described(&nets[k], file);
            check_predictions(&nets[k], file);
            check_new(&nets[k]);
        }
        for (size_t k = 0; k < COUNT_OF(nets); ++k) ffnn_free(&nets[k]);
        free(b.data);
    }
}

/* The lab's weights as Linear layers without biases hold them: they can be loaded into the lab's
   network, but do not say that they are of sigmoids. */
static void test_linear_layers_are_the_labs(void) {
    static const size_t sizes[] = {3, 4, 1, 0};
    ffnn_net net, lab;
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&lab, path_of("lab.safetensors")));
    make_described(&net, sizes, "sigmoid sigmoid", false);
    CHECK_STATUS(FFNN_OK, ffnn_load(&net, path_of("linear.safetensors")));
    CHECK(same_networks(&net, &lab));
    ffnn_free(&net);
    ffnn_free(&lab);
    CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_init_from_file(&net, path_of("linear.safetensors")));
}

static void test_pytorchs_other_files_are_mismatches(void) {
    static const size_t sizes[] = {4, 8, 3, 0};
    ffnn_net net, before, fresh;
    make_described(&net, sizes, "relu identity", true);
    make_described(&before, sizes, "relu identity", true);
    for (size_t i = 0; i < COUNT_OF(mlp_mismatches); ++i) {
        const char *path = path_of(mlp_mismatches[i]);
        test_case("%s", mlp_mismatches[i]);
        memset(&fresh, 0xa5, sizeof fresh);
        CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_init_from_file(&fresh, path));
        CHECK(is_all_zero(&fresh));
        CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_load(&net, path));
        CHECK(same_networks(&net, &before));
    }
    test_case("seventeen layers");
    CHECK_STATUS(FFNN_ERROR_ARGUMENT,
                 ffnn_init_from_file(&fresh, path_of("mlp_seventeen.safetensors")));
    CHECK(is_all_zero(&fresh));
    CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_load(&net, path_of("mlp_seventeen.safetensors")));
    ffnn_free(&before);
    ffnn_free(&net);
}

static void test_a_mismatch_says_what_it_may_be(void) {
    CHECK(strstr(ffnn_status_string(FFNN_ERROR_MISMATCH), "activations") != NULL);
}

/* ---- files made by hand ------------------------------------------------------------------ */

/* A file of tensors "NAME=SHAPE NAME=DTYPE:SHAPE ...", one behind the other, and of metadata, which
   stands where "@" does, or first. In both texts ` stands for a double quote, in names ~ for a
   space; "!" before a name: its bytes are the next tensor's, too. Each tensor's numbers follow from
   its shape, so that the same network results from every way of writing it down: see number_of. */
static size_t count_of(const char *shape) {
    size_t count = 1;
    while (*shape >= '0' && *shape <= '9') {
        char *end;
        count *= strtoul(shape, &end, 10);
        shape = end + (*end == ',');
    }
    return count;
}

/* The network is 2-3-1. weight[input][output] is 10 output + input in its first layer and 200 +
   input in the second; a bias is 100 + output in the first, 300 in the second. */
static float number_of(const char *shape, size_t at) {
    size_t by_2 = at / 2, by_3 = at / 3; /* whole rows before */
    if (strncmp(shape, "3,2", 3) == 0) return (float)(10 * by_2 + at % 2);
    if (strncmp(shape, "2,3", 3) == 0) return (float)(10 * (at % 3) + by_3);
    if (strncmp(shape, "1,3", 3) == 0 || strncmp(shape, "3,1", 3) == 0) return (float)(200 + at);
    return (float)((count_of(shape) == 3 ? 100 : 300) + at);
}

static void put_little_endian(unsigned char *to, uint64_t number, size_t size) {
    for (size_t k = 0; k < size; ++k) to[k] = (unsigned char)(number >> (8 * k));
}

static void put_float(unsigned char *to, float value) {
    uint32_t number;
    memcpy(&number, &value, sizeof number);
    put_little_endian(to, number, sizeof number);
}

/* A whole number from 0 to 300, of which BF16 would round some of those above 256; integers are
   zeros. */
static void put_number(unsigned char *to, const char *dtype, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t exponent = bits >> 23, fraction = bits & 0x7fffff; /* 127 above that of value */
    bool is_zero = bits == 0;
    if (strncmp(dtype, "F32", 3) == 0)
        put_little_endian(to, bits, 4);
    else if (strncmp(dtype, "BF16", 4) == 0)
        put_little_endian(to, bits >> 16, 2);
    else if (strncmp(dtype, "F16", 3) == 0 && !is_zero)
        put_little_endian(to, (exponent - 127 + 15) << 10 | fraction >> 13, 2);
    else if (strncmp(dtype, "F64", 3) == 0 && !is_zero)
        put_little_endian(to, (exponent - 127 + 1023) << 52 | fraction << 29, 8);
}

static size_t element_size(const char *dtype, size_t length) {
    if (length == 0 || strncmp(dtype, "F32", 3) == 0) return 4;
    return strncmp(dtype, "F64", 3) == 0 || strncmp(dtype, "I64", 3) == 0 ? 8 : 2;
}

typedef struct builder {
    char header[MAX_BYTES / 2];
    unsigned char data[MAX_BYTES / 2];
    size_t header_size, data_size;
} builder;

static void put_text(builder *b, const char *text, size_t length) {
    for (size_t i = 0; i < length; ++i) {
        char *c = &b->header[b->header_size++];
        *c = text[i];
        if (*c == '`') *c = '"';
    }
}

static void put_comma(builder *b) {
    if (b->header[b->header_size - 1] != '{') put_text(b, ",", 1);
}

static void put_metadata(builder *b, const char *metadata) {
    put_comma(b);
    put_text(b, "`__metadata__`:", 15);
    put_text(b, metadata, strlen(metadata));
}

/* `name=dtype:shape`, without a dtype F32; returns what is behind it. */
static const char *put_tensor(builder *b, const char *text) {
    bool is_shared = *text == '!';
    const char *equals = strchr(text, '='), *colon, *shape;
    size_t length = strcspn(text, " "), dtype_length, each;
    char rest[200];
    colon = (const char *)memchr(equals, ':', (size_t)(text + length - equals));
    shape = colon == NULL ? equals + 1 : colon + 1;
    dtype_length = colon == NULL ? 0 : (size_t)(colon - equals - 1);
    each = element_size(equals + 1, dtype_length);
    for (size_t i = 0; i < count_of(shape); ++i)
        put_number(b->data + b->data_size + each * i, dtype_length == 0 ? "F32" : equals + 1,
                   number_of(shape, i));
    put_comma(b);
    put_text(b, "`", 1);
    for (const char *c = text + is_shared; c < equals; ++c) put_text(b, *c == '~' ? " " : c, 1);
    snprintf(rest, sizeof rest, "`:{`dtype`:`%.*s`,`shape`:[%.*s],`data_offsets`:[%d,%d]}",
             dtype_length == 0 ? 3 : (int)dtype_length, dtype_length == 0 ? "F32" : equals + 1,
             (int)(text + length - shape), shape, (int)b->data_size,
             (int)(b->data_size + each * count_of(shape)));
    put_text(b, rest, strlen(rest));
    b->data_size += is_shared ? 0 : each * count_of(shape);
    return text + length + (text[length] == ' ');
}

static bytes make_file(const char *metadata, const char *tensors) {
    static builder b;
    bytes file;
    memset(&b, 0, sizeof b);
    put_text(&b, "{", 1);
    if (metadata != NULL && strchr(tensors, '@') == NULL) put_metadata(&b, metadata);
    while (*tensors != '\0') {
        if (*tensors == '@') {
            put_metadata(&b, metadata);
            tensors += 1 + (tensors[1] == ' ');
        } else {
            tensors = put_tensor(&b, tensors);
        }
    }
    put_text(&b, "}", 1);
    while (b.header_size % 8 != 0) put_text(&b, " ", 1);
    file.size = 8 + b.header_size + b.data_size;
    file.data = (unsigned char *)calloc(file.size + 1, 1);
    for (size_t i = 0; i < 8; ++i)
        file.data[i] = (unsigned char)((uint64_t)b.header_size >> (8 * i));
    memcpy(file.data + 8, b.header, b.header_size);
    memcpy(file.data + 8 + b.header_size, b.data, b.data_size);
    return file;
}

static void check_numbers(const ffnn_net *net) {
    for (size_t layer = 0; layer < 2; ++layer) {
        ffnn_tensor weight = net->layers[layer].weight, bias = net->layers[layer].bias;
        CHECK(weight.rows == (layer == 0 ? 2u : 3u) && weight.cols == (layer == 0 ? 3u : 1u));
        for (size_t output = 0; output < weight.cols; ++output) {
            for (size_t input = 0; input < weight.rows; ++input)
                CHECK_CLOSE(layer == 0 ? 10 * output + input : 200 + input,
                            *ffnn_at(weight, input, output), 0);
            if (bias.data != NULL)
                CHECK_CLOSE(layer == 0 ? 100 + output : 300, bias.data[output], 0);
        }
    }
}

/* Who takes a file, one bit each: a new network, which becomes what the file says, and networks of
   four kinds. To the others it is a mismatch. */
enum {
    NOBODY = 0,
    NEW = 1,
    BIASED_RELU = 2,
    BIASED_SIGMOID = 4,
    UNBIASED_RELU = 8,
    UNBIASED_SIGMOID = 16,
    MALFORMED = 32, /* nobody, and it is no mismatch: the format is broken */
    UNFIT = 64,     /* nobody: the network that it describes is one that cannot be made */
    COPIED = 128    /* a new network, but no view, whose numbers must be floats */
};

static const struct {
    int kind;
    bool biases;
    const char *activations;
} kinds[] = {{BIASED_RELU, true, "relu identity"}, {BIASED_SIGMOID, true, "sigmoid sigmoid"},
             {UNBIASED_RELU, false, "relu identity"}, {UNBIASED_SIGMOID, false, "sigmoid sigmoid"}};

static ffnn_status status_for(int kind, int takers) {
    if (takers == MALFORMED) return FFNN_ERROR_FORMAT;
    if (takers == UNFIT && kind == NEW) return FFNN_ERROR_ARGUMENT;
    if ((takers & COPIED) != 0 && kind == NEW) return FFNN_OK;
    return (takers & kind) != 0 ? FFNN_OK : FFNN_ERROR_MISMATCH;
}

/* In every way that there is to load a file. */
static void check_takers(bytes file, int takers) {
    static const size_t sizes[] = {2, 3, 1, 0};
    ffnn_status init = status_for(NEW, takers);
    ffnn_net net, other;
    write_file(SCRATCH_FILE, file.data, file.size);
    for (int way = 0; way < 3; ++way) {
        memset(&net, 0xa5, sizeof net);
        if (way == 2 && !is_little_endian()) continue;
        if (way == 2 && (takers & COPIED) != 0) init = FFNN_ERROR_ARGUMENT;
        CHECK_STATUS(init, way == 0 ? ffnn_init_from_file(&net, SCRATCH_FILE)
                     : way == 1 ? ffnn_init_from_memory(&net, file.data, file.size)
                                : ffnn_init_view(&net, file.data, file.size));
        if (init != FFNN_OK)
            CHECK(is_all_zero(&net));
        else if (way < 2 && net.layer_count == 2 && net.layers[0].weight.rows == 2 &&
                 net.layers[1].weight.cols == 1)
            check_numbers(&net);
        ffnn_free(&net);
    }
    for (size_t i = 0; i < COUNT_OF(kinds); ++i) {
        ffnn_status load = status_for(kinds[i].kind, takers);
        make_described(&net, sizes, kinds[i].activations, kinds[i].biases);
        make_described(&other, sizes, kinds[i].activations, kinds[i].biases);
        for (int way = 0; way < 2; ++way) {
            CHECK_STATUS(load, way == 0 ? ffnn_load(&net, SCRATCH_FILE)
                         : ffnn_load_memory(&net, file.data, file.size));
            if (load == FFNN_OK)
                check_numbers(&net);
            else
                CHECK(same_networks(&net, &other));
        }
        ffnn_free(&net);
        ffnn_free(&other);
    }
}

#define SAYS(text) "{`activations`:`" text "`}"
#define SAYS_RELU SAYS("relu identity")
#define BIASED "0.weight=3,2 0.bias=3 2.weight=1,3 2.bias=1"
#define UNBIASED "0.weight=3,2 2.weight=1,3"
#define LAB "W1=2,3 W2=3,1"
#define NAMED(first, second) \
    first ".weight=3,2 " first ".bias=3 " second ".weight=1,3 " second ".bias=1"
#define TURNED(first, second) \
    second ".weight=1,3 " second ".bias=1 " first ".weight=3,2 " first ".bias=3"
#define LONG_40 "a_name_that_is_too_long_for_a_small_buf."
#define LONG LONG_40 LONG_40 LONG_40 LONG_40 LONG_40 LONG_40 LONG_40

static const struct {
    const char *rule, *metadata, *tensors;
    int takers;
} files[] = {
    {"what is saved", SAYS_RELU, BIASED, NEW | BIASED_RELU},
    {"the lab's, of sigmoids", NULL, LAB, NEW | UNBIASED_SIGMOID},
    {"the lab's, that says sigmoids", SAYS("sigmoid sigmoid"), LAB, NEW | UNBIASED_SIGMOID},
    {"the lab's, that says others", SAYS_RELU, LAB, NEW | UNBIASED_RELU},
    {"the lab's, turned in the header", NULL, "W2=3,1 W1=2,3", NEW | UNBIASED_SIGMOID},
    {"Linear without bias", SAYS_RELU, UNBIASED, NEW | UNBIASED_RELU},
    {"Linear without bias, that says sigmoids", SAYS("sigmoid sigmoid"), UNBIASED,
     NEW | UNBIASED_SIGMOID},
    {"Linear without bias, that says nothing", NULL, UNBIASED, UNBIASED_RELU | UNBIASED_SIGMOID},
    {"says nothing", NULL, BIASED, BIASED_RELU | BIASED_SIGMOID},
    {"says sigmoids", SAYS("sigmoid sigmoid"), BIASED, NEW | BIASED_SIGMOID},
    {"no metadata", "null", BIASED, BIASED_RELU | BIASED_SIGMOID},
    {"empty metadata", "{}", BIASED, BIASED_RELU | BIASED_SIGMOID},
    {"other metadata", "{`format`:`pt`}", BIASED, BIASED_RELU | BIASED_SIGMOID},
    {"other metadata before and behind", "{`a`:`b`,`activations`:`relu identity`,`c`:`tanh`}",
     BIASED, NEW | BIASED_RELU},
    {"metadata in the middle", SAYS_RELU, "0.weight=3,2 0.bias=3 @ 2.weight=1,3 2.bias=1",
     NEW | BIASED_RELU},
    {"metadata at the end", SAYS_RELU, BIASED " @", NEW | BIASED_RELU},

    {"biases first", SAYS_RELU, "0.bias=3 0.weight=3,2 2.bias=1 2.weight=1,3", NEW | BIASED_RELU},
    {"biases first, then weights", SAYS_RELU, "0.bias=3 2.bias=1 0.weight=3,2 2.weight=1,3",
     NEW | BIASED_RELU},
    {"turned in the header", SAYS_RELU, TURNED("0", "2"), NEW | BIASED_RELU},
    {"any numbers", SAYS_RELU, NAMED("1", "7"), NEW | BIASED_RELU},
    {"numbers by value", SAYS_RELU, TURNED("2", "10"), NEW | BIASED_RELU},
    {"names", SAYS_RELU, NAMED("fc1", "fc2"), NEW | BIASED_RELU},
    {"names, numbered by value", SAYS_RELU, TURNED("fc2", "fc10"), NEW | BIASED_RELU},
    {"names, numbered by value, without order in the header", SAYS_RELU,
     "fc10.bias=1 fc2.weight=3,2 fc10.weight=1,3 fc2.bias=3", NEW | BIASED_RELU},
    {"numbers in the middle", SAYS_RELU, TURNED("net.2.linear", "net.10.linear"),
     NEW | BIASED_RELU},
    {"two numbers", SAYS_RELU, TURNED("a9.b1", "a10.b0"), NEW | BIASED_RELU},
    {"the second number", SAYS_RELU, TURNED("a9.b9", "a9.b10"), NEW | BIASED_RELU},
    {"a number above 2^64", SAYS_RELU, TURNED("fc9", "fc18446744073709551617"), NEW | BIASED_RELU},
    {"two numbers above 2^64", SAYS_RELU,
     TURNED("fc99999999999999999999", "fc100000000000000000000"), NEW | BIASED_RELU},
    {"numbers, not bytes behind them", SAYS_RELU, NAMED("h1-x", "h2-x"), NEW | BIASED_RELU},
    {"a byte below digits before a digit", SAYS_RELU, TURNED("h-", "h1"), NEW | BIASED_RELU},
    {"a digit behind a byte below digits", SAYS_RELU, NAMED("h-", "h1"), NEW | BIASED_RELU},
    {"the same number twice, without biases", SAYS_RELU, "1.weight=1,3 01.weight=3,2",
     NEW | UNBIASED_RELU},
    {"letters", SAYS_RELU, TURNED("decoder", "encoder"), NEW | BIASED_RELU},
    {"capital letters before small ones", SAYS_RELU, TURNED("Z", "a"), NEW | BIASED_RELU},
    {"digits before letters", SAYS_RELU, TURNED("9", "a"), NEW | BIASED_RELU},
    {"a name that the other begins with", SAYS_RELU, TURNED("fc", "fc1"), NEW | BIASED_RELU},
    {"a name that begins with the other", SAYS_RELU, TURNED("fc1", "fc"), NEW | BIASED_RELU},
    {"a name that the other begins with, and bytes below a point", SAYS_RELU, TURNED("fc", "fc-1"),
     NEW | BIASED_RELU},
    {"a name that the other begins with, and a space", SAYS_RELU, TURNED("fc", "fc~b"),
     NEW | BIASED_RELU},
    {"a module inside of another", SAYS_RELU, TURNED("fc", "fc.next"), NEW | BIASED_RELU},
    {"letters beyond ASCII behind those within", SAYS_RELU, TURNED("z", "\xc3\xa4"),
     NEW | BIASED_RELU},
    {"letters beyond ASCII by their bytes", SAYS_RELU, TURNED("\xc3\xa4", "\xc3\xb6"),
     NEW | BIASED_RELU},
    {"no name is the first", SAYS_RELU, "0.weight=1,3 0.bias=1 weight=3,2 bias=3",
     NEW | BIASED_RELU},
    {"long names", SAYS_RELU, TURNED(LONG "1", LONG "2"), NEW | BIASED_RELU},
    {"escapes in names", SAYS_RELU,
     "\\u0030.weight=3,2 0.bi\\u0061s=3 2.w\\u0065ight=1,3 2\\u002ebias=1", NEW | BIASED_RELU},
    {"escapes in names beyond ASCII", SAYS_RELU,
     "\\u00e4.weight=3,2 \xc3\xa4.bias=3 \\u00f6.weight=1,3 \xc3\xb6.bias=1", NEW | BIASED_RELU},
    {"a name twice, of which the last counts", SAYS_RELU,
     "!0.weight=F16:2,1 0.weight=3,2 !2.bias=5 0.bias=3 2.weight=1,3 2.bias=1", NEW | BIASED_RELU},
    {"a name twice, once with an escape", SAYS_RELU,
     "!0\\u002eweight=F16:2,1 0.weight=3,2 0.bias=3 2.weight=1,3 2.bias=1", NEW | BIASED_RELU},

    {"words by their sizes", SAYS_RELU, NAMED("second", "first"), NEW | BIASED_RELU},
    {"numbers that sort the wrong way", SAYS_RELU, NAMED("10", "2"), NOBODY},
    {"a square network of words", SAYS_RELU, "a.weight=3,3 b.weight=3,3", NOBODY},
    {"an autoencoder of words", SAYS_RELU,
     "encoder.weight=1,3 encoder.bias=1 decoder.weight=3,1 decoder.bias=3", NOBODY},
    {"a square network of equal numbers", SAYS_RELU, "1.weight=3,3 01.weight=3,3", NOBODY},
    {"numbers and a word that fits in two places", SAYS("relu relu identity"),
     "fc1.weight=3,3 fc2.weight=3,3 out.weight=3,3", NOBODY},
    {"numbers and a word that fits in one", SAYS("relu relu identity"),
     "fc1.weight=3,3 fc2.weight=3,3 out.weight=2,3", NEW},
    {"two groups of numbers, the one inside of the other", SAYS("relu relu relu identity"),
     "a1.weight=3,2 b1.weight=4,3 b2.weight=5,4 a2.weight=1,5", NEW},
    {"two groups of numbers that fit in two orders", SAYS("relu relu relu identity"),
     "a1.weight=3,3 a2.weight=3,3 b1.weight=3,3 b2.weight=3,3", NOBODY},
    {"a dot without a name", SAYS("relu"), ".weight=3,2", NOBODY},

    {"layers", "{`activations`:`relu identity`,`layers`:`0 2`}", BIASED, NEW | BIASED_RELU},
    {"layers without activations", "{`layers`:`0 2`}", BIASED, BIASED_RELU | BIASED_SIGMOID},
    {"layers of words", "{`activations`:`relu identity`,`layers`:`first second`}",
     NAMED("first", "second"), NEW | BIASED_RELU},
    {"layers against numbers", "{`activations`:`relu identity`,`layers`:`10 2`}", NAMED("10", "2"),
     NEW | BIASED_RELU},
    {"layers and others", "{`activations`:`relu identity`,`layers`:`0 2`}",
     "w=I64:7 0.weight=3,2 00.bias=2 0.bias=3 c.weight=3,3,3 2.weight=1,3 2.bias=1 W1=4,4",
     NEW | BIASED_RELU},
    {"layers and what is behind them", "{`activations`:`relu identity`,`layers`:`0 2`}",
     "0.weight=3,2 0.bias=3 2.weight=1,3 2.bias=1 z=F64:9", NEW | BIASED_RELU},
    {"layers, turned in the data", "{`activations`:`relu identity`,`layers`:`0 2`}",
     "2.bias=1 z=9 2.weight=1,3 0.bias=3 y=8 0.weight=3,2", NEW | BIASED_RELU},
    {"layers without biases", "{`activations`:`relu identity`,`layers`:`0 2`}", UNBIASED,
     NEW | UNBIASED_RELU},
    {"a layer without a name", "{`activations`:`identity`,`layers`:``}", "weight=3,2 bias=3", NEW},
    {"a shared layer", "{`activations`:`relu tanh relu`,`layers`:`a b a`}",
     "a.weight=3,2 a.bias=3 b.weight=2,3 b.bias=2", NEW},
    {"a layer that is not there", "{`activations`:`relu identity`,`layers`:`0 1`}", BIASED, NOBODY},
    {"a layer's bias alone", "{`activations`:`relu identity`,`layers`:`0 2`}",
     "0.weight=3,2 0.bias=3 2.bias=1", NOBODY},
    {"layers of which one has a bias", "{`activations`:`relu identity`,`layers`:`0 2`}",
     "0.weight=3,2 0.bias=3 2.weight=1,3", NOBODY},
    {"layers that do not chain", "{`activations`:`relu identity`,`layers`:`2 0`}", BIASED, NOBODY},
    {"more layers than activations", "{`activations`:`relu`,`layers`:`0 2`}", BIASED, NOBODY},
    {"layers, the lab's", "{`activations`:`relu identity`,`layers`:`W1 W2`}", LAB, NOBODY},
    {"layers with two spaces", "{`activations`:`relu identity`,`layers`:`0  2`}", BIASED, NOBODY},
    {"layers with a space behind", "{`activations`:`relu identity`,`layers`:`0 2 `}", BIASED, NOBODY},
    {"layers with a dot", "{`activations`:`relu identity`,`layers`:`0. 2.`}", BIASED, NOBODY},
    {"layers with a comma", "{`activations`:`relu identity`,`layers`:`0,2`}", BIASED, NOBODY},
    {"layers with an escape", "{`activations`:`relu identity`,`layers`:`\\u0030 2`}", BIASED,
     NEW | BIASED_RELU},
    {"layers twice, of which the last counts",
     "{`layers`:`x`,`activations`:`relu identity`,`layers`:`0 2`}", BIASED, NEW | BIASED_RELU},
    {"seventeen layers", "{`activations`:`relu`,`layers`:`0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0`}",
     "0.weight=3,3", UNFIT},

    {"halves", SAYS_RELU, "0.weight=F16:3,2 0.bias=F16:3 2.weight=F16:1,3 2.bias=F16:1",
     COPIED | BIASED_RELU},
    {"bfloat16", SAYS_RELU, "0.weight=BF16:3,2 0.bias=BF16:3 2.weight=3,1 2.bias=1", NOBODY},
    {"bfloat16", SAYS_RELU, "0.weight=BF16:3,2 0.bias=BF16:3 2.weight=BF16:1,3 2.bias=1",
     COPIED | BIASED_RELU},
    {"doubles", SAYS_RELU, "0.weight=F64:3,2 0.bias=F64:3 2.weight=F64:1,3 2.bias=F64:1",
     COPIED | BIASED_RELU},
    {"all dtypes", SAYS_RELU, "0.weight=F16:3,2 0.bias=3 2.weight=F64:1,3 2.bias=BF16:1",
     COPIED | BIASED_RELU},
    {"the lab's of halves and doubles", NULL, "W1=F16:2,3 W2=F64:3,1", COPIED | UNBIASED_SIGMOID},
    {"halves, without activations", NULL, "0.weight=F16:3,2 0.bias=3 2.weight=1,3 2.bias=1",
     BIASED_RELU | BIASED_SIGMOID},
    {"another tensor", SAYS_RELU, BIASED " 1.running_mean=3", NOBODY},
    {"another tensor of another dtype", SAYS_RELU, BIASED " 1.num_batches_tracked=I64:", NOBODY},
    {"another tensor of the lab's", SAYS_RELU, LAB " b1=3", NOBODY},
    {"a tensor without a point", SAYS_RELU, BIASED " scale=1", NOBODY},
    {"weights of another name", SAYS_RELU, "0.weights=3,2 0.bias=3 2.weight=1,3 2.bias=1", NOBODY},
    {"a capital letter", SAYS_RELU, "0.Weight=3,2 0.bias=3 2.weight=1,3 2.bias=1", NOBODY},
    {"weight_g", SAYS_RELU, BIASED " 0.weight_g=3,1", NOBODY},
    {"a weight of integers", SAYS_RELU, "0.weight=I64:3,2 0.bias=3 2.weight=1,3 2.bias=1", NOBODY},
    {"a bias of integers", SAYS_RELU, "0.weight=3,2 0.bias=I64:3 2.weight=1,3 2.bias=1", NOBODY},
    {"a weight of three dimensions", SAYS_RELU, "0.weight=3,2,1 0.bias=3 2.weight=1,3 2.bias=1",
     NOBODY},
    {"a weight of one dimension", SAYS_RELU, "0.weight=3,2 0.bias=3 2.weight=3 2.bias=1", NOBODY},
    {"a bias of two dimensions", SAYS_RELU, "0.weight=3,2 0.bias=1,3 2.weight=1,3 2.bias=1",
     NOBODY},
    {"a bias of no dimension", SAYS_RELU, "0.weight=3,2 0.bias=3 2.weight=1,3 2.bias=", NOBODY},
    {"a bias of another length", SAYS_RELU, "0.weight=3,2 0.bias=2 2.weight=1,3 2.bias=1", NOBODY},
    {"the same number twice, by their sizes", SAYS_RELU, NAMED("01", "1"), NEW | BIASED_RELU},
    {"a bias in front of all weights", SAYS_RELU, "0.bias=3 1.weight=3,2 2.bias=1 2.weight=1,3",
     NOBODY},
    {"weights, then biases", SAYS_RELU, "0.weight=3,2 1.weight=1,3 2.bias=3 3.bias=1", NOBODY},
    {"a bias of another name", SAYS_RELU, "0.weight=3,2 1.bias=3 2.weight=1,3 2.bias=1", NOBODY},
    {"a bias of a longer name", SAYS_RELU, "0.weight=3,2 00.bias=3 2.weight=1,3 2.bias=1", NOBODY},
    {"weights without a point", SAYS_RELU, "0weight=3,2 0bias=3 2weight=1,3 2bias=1", NOBODY},
    {"words without a point", SAYS_RELU, "inweight=3,2 inbias=3 outweight=1,3 outbias=1", NOBODY},
    {"no bias in the first layer", SAYS_RELU, "0.weight=3,2 2.weight=1,3 2.bias=1", NOBODY},
    {"no bias in the second layer", SAYS_RELU, "0.weight=3,2 0.bias=3 2.weight=1,3", NOBODY},
    {"a bias without a weight", SAYS_RELU, UNBIASED " 4.bias=1", NOBODY},
    {"a bias alone", SAYS_RELU, "0.bias=1", NOBODY},
    {"a bias without a weight among others", SAYS_RELU, BIASED " 1.bias=3", NOBODY},
    {"sizes that do not chain", SAYS_RELU, "0.weight=3,2 0.bias=3 2.weight=1,2 2.bias=1", NOBODY},
    {"inputs x outputs", SAYS_RELU, "0.weight=2,3 0.bias=3 2.weight=3,1 2.bias=1", NOBODY},
    {"outputs x inputs", SAYS_RELU, "W1=3,2 W2=1,3", NOBODY},
    {"no inputs", SAYS("relu"), "0.weight=3,0 0.bias=3", NOBODY},
    {"no outputs", SAYS("relu"), "0.weight=0,3 0.bias=0", NOBODY},
    {"both kinds of names", SAYS_RELU, "W1=2,3 2.weight=1,3", NOBODY},
    {"both kinds of names, each a whole network", SAYS_RELU, LAB " " BIASED, NOBODY},
    {"the lab's with a bias", SAYS_RELU, LAB " W1.bias=3", NOBODY},
    {"the lab's second alone", SAYS("relu"), "W2=2,3", NOBODY},
    {"no tensor", SAYS_RELU, "", NOBODY},

    {"one layer more", SAYS("relu identity tanh"), BIASED " 4.weight=1,1 4.bias=1", NEW},
    {"one layer less", SAYS("relu"), "0.weight=3,2 0.bias=3", NEW},
    {"other sizes", SAYS_RELU, "0.weight=3,4 0.bias=3 2.weight=1,3 2.bias=1", NEW},

    {"another activation", SAYS("relu tanh"), BIASED, NEW},
    {"turned activations", SAYS("identity relu"), BIASED, NEW},
    {"every other one", SAYS("leaky_relu elu"), BIASED, NEW},
    {"every other one", SAYS("silu gelu"), BIASED, NEW},
    {"softmax at the end", SAYS("tanh softmax"), "0.weight=3,2 0.bias=3 2.weight=2,3 2.bias=2", NEW},
    {"softmax of one unit", SAYS("tanh softmax"), BIASED, UNFIT},
    {"softmax of one unit, the lab's", SAYS("tanh softmax"), LAB, UNFIT},
    {"softmax of one unit, one layer", SAYS("softmax"), "weight=1,3 bias=1", UNFIT},
    {"softmax too early", SAYS("softmax identity"), BIASED, NOBODY},
    {"softmax twice", SAYS("softmax softmax"), BIASED, NOBODY},
    {"an unknown activation", SAYS("relu no_such"), BIASED, NOBODY},
    {"an unknown activation of the lab's", SAYS("sigmoid no_such"), LAB, NOBODY},
    {"too few", SAYS("relu"), BIASED, NOBODY},
    {"too many", SAYS("relu identity identity"), BIASED, NOBODY},
    {"too few of the lab's", SAYS("sigmoid"), LAB, NOBODY},
    {"none", SAYS(""), BIASED, NOBODY},
    {"none of the lab's", SAYS(""), LAB, NOBODY},
    {"a space", SAYS(" "), BIASED, NOBODY},
    {"two spaces", SAYS("relu  identity"), BIASED, NOBODY},
    {"a space before", SAYS(" relu identity"), BIASED, NOBODY},
    {"a space behind", SAYS("relu identity "), BIASED, NOBODY},
    {"a comma", SAYS("relu,identity"), BIASED, NOBODY},
    {"a comma and a space", SAYS("relu, identity"), BIASED, NOBODY},
    {"a tab", SAYS("relu\\tidentity"), BIASED, NOBODY},
    {"a no-break space", SAYS("relu\xc2\xa0identity"), BIASED, NOBODY},
    {"capital letters", SAYS("ReLU Identity"), BIASED, NOBODY},
    {"a name's beginning", SAYS("relu ident"), BIASED, NOBODY},
    {"a name and more", SAYS("relu identity2"), BIASED, NOBODY},
    {"a zero behind", SAYS("relu identity\\u0000"), BIASED, NOBODY},
    {"a zero between", SAYS("relu\\u0000identity"), BIASED, NOBODY},
    {"a letter beyond ASCII", SAYS("relu identit\xc3\xbd"), BIASED, NOBODY},
    {"very many", SAYS("relu identity identity identity identity identity identity identity "
     "identity identity identity identity identity identity identity identity identity identity "
     "identity identity identity identity identity identity identity identity identity identity "
     "identity identity identity identity identity identity identity identity identity identity"),
     BIASED, NOBODY},
    {"a very long name", SAYS("relu " LONG LONG LONG), BIASED, NOBODY},
    {"escapes", SAYS("r\\u0065lu\\u0020identit\\u0079"), BIASED, NEW | BIASED_RELU},
    {"escapes of the key", "{`activation\\u0073`:`relu identity`}", BIASED, NEW | BIASED_RELU},
    {"a capital key", "{`Activations`:`relu identity`}", BIASED, BIASED_RELU | BIASED_SIGMOID},
    {"a key's beginning", "{`activation`:`relu identity`}", BIASED, BIASED_RELU | BIASED_SIGMOID},
    {"a key and more", "{`activations2`:`relu identity`}", BIASED, BIASED_RELU | BIASED_SIGMOID},
    {"a key and a zero", "{`activations\\u0000`:`relu identity`}", BIASED,
     BIASED_RELU | BIASED_SIGMOID},
    {"a very long key", "{`activations" LONG LONG "`:`relu identity`}", BIASED,
     BIASED_RELU | BIASED_SIGMOID},
    {"twice, the last is good", "{`activations`:`tanh tanh`,`activations`:`relu identity`}", BIASED,
     NEW | BIASED_RELU},
    {"twice, the first is unknown", "{`activations`:`what`,`activations`:`relu identity`}", BIASED,
     NEW | BIASED_RELU},
    {"twice, the first was very long",
     "{`activations`:`" LONG LONG LONG "`,`activations`:`relu identity`}", BIASED,
     NEW | BIASED_RELU},
    {"twice, the last is another", "{`activations`:`relu identity`,`activations`:`tanh tanh`}",
     BIASED, NEW},
    {"twice, the last is unknown", "{`activations`:`relu identity`,`activations`:`what`}", BIASED,
     NOBODY},
    {"twice, once with an escape",
     "{`activations`:`tanh tanh`,`\\u0061ctivations`:`relu identity`}", BIASED, NEW | BIASED_RELU},
    {"twice, something between",
     "{`activations`:`tanh tanh`,`format`:`pt`,`activations`:`relu identity`,`a`:`b`}", BIASED,
     NEW | BIASED_RELU},

    {"alpha is 0: relu", SAYS("leaky_relu:0 identity"), BIASED, NEW | BIASED_RELU},
    {"an ELU's alpha is 0: relu", SAYS("elu:0.0e5 identity"), BIASED, NEW | BIASED_RELU},
    {"alpha is 0 in many digits", SAYS("leaky_relu:-0.000000000000000000000000000 identity"), BIASED,
     NEW | BIASED_RELU},
    {"alpha is 0 as a float", SAYS("leaky_relu:7.0e-46 identity"), BIASED, NEW | BIASED_RELU},
    {"alpha with an escape", SAYS("leaky_relu\\u003a0 identity"), BIASED, NEW | BIASED_RELU},
    {"alpha at the end", SAYS("relu elu:0.5"), BIASED, NEW},
    {"a negative alpha", SAYS("leaky_relu:-1 elu:1E+1"), BIASED, NEW},
    {"the largest alpha", SAYS("relu elu:3.4028235e38"), BIASED, NEW},
    {"alpha is torch.nn's", SAYS("leaky_relu:0.01 elu:1"), BIASED, NEW},
    {"no alpha behind the colon", SAYS("leaky_relu: identity"), BIASED, NOBODY},
    {"alpha and a letter", SAYS("leaky_relu:0.2x identity"), BIASED, NOBODY},
    {"an alpha that is too large", SAYS("leaky_relu:1e999 identity"), BIASED, NOBODY},
    {"an alpha just above the largest float", SAYS("leaky_relu:3.4028236e38 identity"), BIASED,
     NOBODY},
    {"an alpha of very many digits",
     SAYS("leaky_relu:10000000000000000000000000000000000000000 identity"), BIASED, NOBODY},
    {"an alpha that is no number", SAYS("leaky_relu:nan identity"), BIASED, NOBODY},
    {"an infinite alpha", SAYS("leaky_relu:inf identity"), BIASED, NOBODY},
    {"alpha true", SAYS("leaky_relu:true identity"), BIASED, NOBODY},
    {"a string as alpha", SAYS("leaky_relu:\\`0\\` identity"), BIASED, NOBODY},
    {"alpha with a plus", SAYS("leaky_relu:+0 identity"), BIASED, NOBODY},
    {"alpha is a minus", SAYS("leaky_relu:- identity"), BIASED, NOBODY},
    {"two minuses", SAYS("leaky_relu:--0 identity"), BIASED, NOBODY},
    {"alpha in hexadecimal", SAYS("leaky_relu:0x0 identity"), BIASED, NOBODY},
    {"alpha with a zero before", SAYS("leaky_relu:00 identity"), BIASED, NOBODY},
    {"alpha with a comma", SAYS("leaky_relu:0,0 identity"), BIASED, NOBODY},
    {"alpha without digits behind its point", SAYS("leaky_relu:0. identity"), BIASED, NOBODY},
    {"alpha without digits before its point", SAYS("leaky_relu:.0 identity"), BIASED, NOBODY},
    {"alpha with a letter for an exponent", SAYS("leaky_relu:0ex identity"), BIASED, NOBODY},
    {"alpha with a letter behind its exponent", SAYS("leaky_relu:0e1x identity"), BIASED, NOBODY},
    {"alpha without digits in its exponent", SAYS("leaky_relu:0e identity"), BIASED, NOBODY},
    {"alpha with a broken exponent", SAYS("leaky_relu:0e1.0 identity"), BIASED, NOBODY},
    {"two alphas", SAYS("leaky_relu:0:0 identity"), BIASED, NOBODY},
    {"a space before alpha", SAYS("leaky_relu: 0 identity"), BIASED, NOBODY},
    {"a tab before alpha", SAYS("leaky_relu:\\t0 identity"), BIASED, NOBODY},
    {"a tab behind alpha", SAYS("leaky_relu:0\\t identity"), BIASED, NOBODY},
    {"a line's end behind alpha", SAYS("leaky_relu:0\\n identity"), BIASED, NOBODY},
    {"a zero behind alpha", SAYS("leaky_relu:0\\u0000 identity"), BIASED, NOBODY},
    {"a relu's alpha", SAYS("relu:0.2 identity"), BIASED, NOBODY},
    {"a relu's alpha of 0", SAYS("relu:0 identity"), BIASED, NOBODY},
    {"an identity's alpha", SAYS("relu identity:1"), BIASED, NOBODY},
    {"a colon behind another name", SAYS("relu: identity"), BIASED, NOBODY},
    {"alpha of no name", SAYS(":0.2 identity"), BIASED, NOBODY},
    {"alpha of an unknown name", SAYS("prelu:0.2 identity"), BIASED, NOBODY},

    {"activations that are a list", "{`activations`:[`relu`,`identity`]}", BIASED, MALFORMED},
    {"activations that are a number", "{`activations`:1}", BIASED, MALFORMED},
    {"activations that are nothing", "{`activations`:null}", BIASED, MALFORMED},
    {"activations with a bad escape", "{`activations`:`relu \\identity`}", BIASED, MALFORMED},
    {"activations with a control character", SAYS("relu\tidentity"), BIASED, MALFORMED},
    {"metadata that is a list", "[`activations`,`relu identity`]", BIASED, MALFORMED},
    {"metadata twice", SAYS_RELU ",`__metadata__`:" SAYS_RELU, BIASED, MALFORMED},
    {"an unknown dtype", SAYS_RELU, "0.weight=F20:3,2 0.bias=3 2.weight=1,3 2.bias=1", MALFORMED},
};

static void test_files_made_by_hand(void) {
    for (size_t i = 0; i < COUNT_OF(files); ++i) {
        bytes file = make_file(files[i].metadata, files[i].tensors);
        test_case("%s: %s", files[i].rule, files[i].tensors);
        check_takers(file, files[i].takers);
        free(file.data);
    }
}

/* Malformed is malformed, whatever else is wrong with the file. */
static void test_malformed_comes_before_mismatched(void) {
    for (size_t i = 0; i < COUNT_OF(files); ++i) {
        bytes file = make_file(files[i].metadata, files[i].tensors);
        test_case("%s: %s", files[i].rule, files[i].tensors);
        ++file.size; /* make_file left a byte more */
        check_takers(file, MALFORMED);
        file.size -= 2;
        check_takers(file, MALFORMED);
        free(file.data);
    }
}

/* ---- what is saved ----------------------------------------------------------------------- */

static const unsigned char *check_float(const unsigned char *at, float expected) {
    unsigned char four[4];
    put_float(four, expected);
    CHECK(memcmp(at, four, sizeof four) == 0);
    return at + 4;
}

/* The header, then each layer's weight, with biases outputs x inputs, and its bias. */
static void check_saved(const ffnn_net *net, const char *expected_header) {
    bytes file = saved(net), on_disk;
    const unsigned char *at = file.data + 8;
    size_t length = strlen(expected_header), padded = (length + 7) / 8 * 8;
    CHECK(file.size > 8 + padded);
    for (size_t i = 0; i < 8; ++i)
        CHECK(file.data[i] == (unsigned char)((uint64_t)padded >> (8 * i)));
    for (size_t i = 0; i < padded; ++i, ++at)
        CHECK(*at == (i >= length ? ' ' : expected_header[i] == '`' ? '"' : expected_header[i]));
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight, bias = net->layers[i].bias;
        if (bias.data == NULL) {
            for (size_t k = 0; k < weight.rows * weight.cols; ++k)
                at = check_float(at, weight.data[k]);
            continue;
        }
        for (size_t output = 0; output < weight.cols; ++output)
            for (size_t input = 0; input < weight.rows; ++input)
                at = check_float(at, *ffnn_at(weight, input, output));
        for (size_t output = 0; output < weight.cols; ++output)
            at = check_float(at, bias.data[output]);
    }
    CHECK(at == file.data + file.size);
    CHECK_STATUS(FFNN_OK, ffnn_save(net, SCRATCH_FILE));
    on_disk = read_file(SCRATCH_FILE);
    CHECK(on_disk.size == file.size && memcmp(on_disk.data, file.data, file.size) == 0);
    free(on_disk.data);
    free(file.data);
}

static void test_saved_files_in_full(void) {
    static const struct {
        size_t sizes[5];
        const char *activations;
        bool biases;
        const char *header;
    } cases[] = {
        {{4, 8, 3}, "relu identity", true,
         "{`__metadata__`:{`activations`:`relu identity`},"
         "`0.weight`:{`dtype`:`F32`,`shape`:[8,4],`data_offsets`:[0,128]},"
         "`0.bias`:{`dtype`:`F32`,`shape`:[8],`data_offsets`:[128,160]},"
         "`2.weight`:{`dtype`:`F32`,`shape`:[3,8],`data_offsets`:[160,256]},"
         "`2.bias`:{`dtype`:`F32`,`shape`:[3],`data_offsets`:[256,268]}}"},
        {{3, 4, 1}, "sigmoid sigmoid", true,
         "{`__metadata__`:{`activations`:`sigmoid sigmoid`},"
         "`0.weight`:{`dtype`:`F32`,`shape`:[4,3],`data_offsets`:[0,48]},"
         "`0.bias`:{`dtype`:`F32`,`shape`:[4],`data_offsets`:[48,64]},"
         "`2.weight`:{`dtype`:`F32`,`shape`:[1,4],`data_offsets`:[64,80]},"
         "`2.bias`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[80,84]}}"},
        {{3, 4, 1}, "sigmoid sigmoid", false,
         "{`W1`:{`dtype`:`F32`,`shape`:[3,4],`data_offsets`:[0,48]},"
         "`W2`:{`dtype`:`F32`,`shape`:[4,1],`data_offsets`:[48,64]}}"},
        {{3, 4, 1}, "sigmoid identity", false,
         "{`__metadata__`:{`activations`:`sigmoid identity`},"
         "`W1`:{`dtype`:`F32`,`shape`:[3,4],`data_offsets`:[0,48]},"
         "`W2`:{`dtype`:`F32`,`shape`:[4,1],`data_offsets`:[48,64]}}"},
        {{2, 2, 2, 2, 2}, "leaky_relu elu silu softmax", false,
         "{`__metadata__`:{`activations`:`leaky_relu elu silu softmax`},"
         "`W1`:{`dtype`:`F32`,`shape`:[2,2],`data_offsets`:[0,16]},"
         "`W2`:{`dtype`:`F32`,`shape`:[2,2],`data_offsets`:[16,32]},"
         "`W3`:{`dtype`:`F32`,`shape`:[2,2],`data_offsets`:[32,48]},"
         "`W4`:{`dtype`:`F32`,`shape`:[2,2],`data_offsets`:[48,64]}}"},
        {{2, 1}, "gelu", true,
         "{`__metadata__`:{`activations`:`gelu`},"
         "`0.weight`:{`dtype`:`F32`,`shape`:[1,2],`data_offsets`:[0,8]},"
         "`0.bias`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[8,12]}}"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        ffnn_net net;
        size_t sizes[FFNN_MAX_LAYERS + 1] = {0};
        test_case("case %d", (int)i);
        memcpy(sizes, cases[i].sizes, sizeof cases[i].sizes);
        make_described(&net, sizes, cases[i].activations, cases[i].biases);
        check_saved(&net, cases[i].header);
        ffnn_free(&net);
    }
}

/* The header's names are those of the tests' list. */
static void test_activations_are_saved_by_their_names(void) {
    static const size_t sizes[] = {2, 3, 0};
    for (int i = 0; i < ACTIVATIONS; ++i) {
        const char *name = activation_table[i].name;
        char expected[60];
        ffnn_net net;
        test_case("%s", name);
        make_described(&net, sizes, name, true);
        bytes file = saved(&net);
        snprintf(expected, sizeof expected, "\"activations\":\"%s\"", name);
        CHECK(strstr((const char *)file.data + 8, expected) != NULL);
        free(file.data);
        ffnn_free(&net);
    }
}

/* Activations are saved as they are now. */
static void test_changed_activations_are_saved(void) {
    static const size_t sizes[] = {2, 1, 0};
    ffnn_net net, loaded;
    bytes file;
    make_described(&net, sizes, "sigmoid", false);
    net.layers[0].activation = FFNN_TANH;
    file = saved(&net);
    CHECK_STATUS(FFNN_OK, ffnn_init_from_memory(&loaded, file.data, file.size));
    CHECK(same_networks(&net, &loaded) && loaded.layers[0].activation == FFNN_TANH);
    CHECK_STATUS(FFNN_OK, ffnn_load_memory(&net, file.data, file.size));
    net.layers[0].activation = FFNN_SIGMOID;
    CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_load_memory(&net, file.data, file.size));
    free(file.data);
    ffnn_free(&loaded);
    ffnn_free(&net);
}

/* ---- alpha ------------------------------------------------------------------------------- */

/* The alpha of a layer with this text behind "leaky_relu:" in a file of 1-1; status is what
   ffnn_init_from_memory says. The activation is set, too. */
static float read_alpha(const char *text, ffnn_status *status, ffnn_activation *activation) {
    static unsigned char file[4000];
    ffnn_net net;
    int length = snprintf((char *)file + 8, sizeof file - 8,
                          "{\"__metadata__\":{\"activations\":\"leaky_relu:%s\"},\"W1\":"
                          "{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]}}", text);
    set_header_size(file, (uint64_t)length);
    memset(file + 8 + length, 0, 4);
    *status = ffnn_init_from_memory(&net, file, (size_t)length + 12);
    float alpha = *status == FFNN_OK ? net.layers[0].alpha : 0;
    *activation = *status == FFNN_OK ? net.layers[0].activation : FFNN_SOFTMAX;
    ffnn_free(&net);
    return alpha;
}

/* The float that a text is, as C reads it: where two are equally near, either is right. */
static void check_read(const char *text) {
    float expected = strtof(text, NULL);
    double exact = strtod(text, NULL);
    ffnn_status status;
    ffnn_activation activation;
    float got = read_alpha(text, &status, &activation);
    bool is_zero = expected >= 0 && expected <= 0;
    if (isinf(expected)) {
        CHECK_STATUS(FFNN_ERROR_MISMATCH, status);
        return;
    }
    CHECK_STATUS(FFNN_OK, status);
    CHECK(activation == (is_zero ? FFNN_RELU : FFNN_LEAKY_RELU));
    bool is_as_near = fabs((double)got - exact) <= fabs((double)expected - exact);
    if (!is_as_near && test_error(__FILE__, __LINE__))
        printf("%s is read as %.9g, not as %.9g\n", text, (double)got, (double)expected);
}

static void test_alphas_are_read(void) {
    static const char *const texts[] = {
        "0.2", "2e-1", "2E-1", "20e-2", "0.002e2", "0.002e+2", "-0.2", "1", "-1", "100", "16777216",
        "16777217", "16777218", "16777219", "33554433", "33554434", "33554435", "0.1", "0.3", "1e10",
        "1e-10", "123456789", "0.123456789012345678", "0.12345678901234567890123456789012345",
        "12345678901234567890123456789", "3.4028235e38", "3.4028234e38", "3.40282356e38",
        "3.40282357e38", "-3.40282357e38", "340282346638528859811704183484516925440", "1e38", "1e39",
        "1e40", "1e41", "1e999999999999999999999", "1.1754944e-38", "1.17549435e-38", "1.1754942e-38",
        "1.4e-45", "1e-45", "2e-45", "-1e-45", "7.1e-46", "7.0065e-46", "7.0064e-46", "7e-46",
        "1e-46", "1e-60", "1e-99", "1e-999999999999999999999", "0e999999999999999999999", "2.1e-45",
        "4.2e-45", "1.2621775e-29", "1.5474251e26", "1.2379401e27",
        "1000000000000000000000000000000000000000000000000000000000000e-60",
        "0.00000000000000000000000000000000000000000000000000000000000000000000000000000001e80",
        "0.00000000000000000000000000000000000000000000000000000000000000000000000000000001e118"};
    for (size_t i = 0; i < COUNT_OF(texts); ++i) {
        test_case("%s", texts[i]);
        check_read(texts[i]);
    }
}

/* So many zeros that their number counts as much as any digit. */
static void test_very_long_alphas_are_read(void) {
    static const int counts[] = {15, 18, 100, 997, 999, 1000, 1001, 1500, 3000};
    char zeros[3001], text[3600];
    for (size_t i = 0; i < COUNT_OF(counts); ++i) {
        memset(zeros, '0', (size_t)counts[i]);
        zeros[counts[i]] = '\0';
        for (int more = -3; more <= 3; ++more) {
            test_case("%d zeros, %d", counts[i], more);
            snprintf(text, sizeof text, "0.%s25e%d", zeros, counts[i] + more);
            check_read(text);
            snprintf(text, sizeof text, "25%s.0e-%d", zeros, counts[i] + more);
            check_read(text);
        }
    }
}

/* Of up to 17 digits and any exponent. */
static void test_random_alphas_are_read(void) {
    random_state = 31;
    for (int i = 0; i < 8000; ++i) {
        char text[64];
        uint64_t limit = 10;
        for (uint64_t digits = random_bits() % 17; digits > 0; --digits) limit *= 10;
        snprintf(text, sizeof text, "%s%lu.%lue%d", random_bits() % 2 == 0 ? "-" : "",
                 (unsigned long)(random_bits() % 10), (unsigned long)(random_bits() % limit),
                 (int)(random_bits() % 100) - 55);
        test_case("%s", text);
        check_read(text);
    }
}

/* The digits of a number in a file, without zeros before or behind them. */
static int count_digits(const char *text, size_t length) {
    int count = 0, zeros = 0;
    for (size_t i = 0; i < length && text[i] != 'e'; ++i) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (!is_digit || (count == 0 && text[i] == '0')) continue;
        ++count;
        zeros = text[i] == '0' ? zeros + 1 : 0;
    }
    return count - zeros;
}

/* Whether a number of so many digits, the nearest one below or above the value, is read as it. */
static bool is_enough(float value, int digits) {
    char text[40];
    snprintf(text, sizeof text, "%.*e", digits - 1, (double)value);
    float nearest = strtof(text, NULL);
    if (same_bits(&nearest, &value, 1)) return true;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffff) != 0) return false; /* only around powers of 2 it may be the other one */
    char *exponent = strchr(text, 'e'), other[40];
    long mantissa = 0, power = strtol(exponent + 1, NULL, 10) - (digits - 1);
    for (const char *c = text; c < exponent; ++c)
        if (*c >= '0' && *c <= '9') mantissa = 10 * mantissa + (*c - '0');
    snprintf(other, sizeof other, "%s%lde%ld", value < 0 ? "-" : "", mantissa + 1, power);
    float above = strtof(other, NULL);
    return same_bits(&above, &value, 1);
}

static void check_digits(float value, const char *text, size_t length) {
    int digits = count_digits(text, length);
    float read = strtof(text, NULL);
    CHECK(length < 20 && (text[length] == ' ' || text[length] == '"'));
    bool is_good = same_bits(&read, &value, 1) && digits >= 1 && is_enough(value, digits) &&
                   (digits == 1 || !is_enough(value, digits - 1));
    if (!is_good && test_error(__FILE__, __LINE__))
        printf("%.9g is saved as %.*s\n", (double)value, (int)length, text);
}

/* A network of 16 layers with these alphas, of which none is 0 or torch.nn's, is saved with the
   fewest digits that are read as the same floats, and comes back. */
static void check_alphas(ffnn_net *net, const float *alphas) {
    static unsigned char file[8192];
    size_t size;
    ffnn_net loaded;
    for (size_t i = 0; i < FFNN_MAX_LAYERS; ++i) {
        net->layers[i].activation = i % 2 == 0 ? FFNN_LEAKY_RELU : FFNN_ELU;
        net->layers[i].alpha = alphas[i];
    }
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(net, file, sizeof file, &size));
    const char *text = strstr((const char *)file + 8, "\"activations\":\"");
    CHECK(text != NULL);
    if (text == NULL) return;
    text += strlen("\"activations\":\"");
    for (size_t i = 0; i < FFNN_MAX_LAYERS; ++i) {
        const char *name = i % 2 == 0 ? "leaky_relu:" : "elu:";
        size_t length = strcspn(text, " \"");
        CHECK(strncmp(text, name, strlen(name)) == 0);
        check_digits(alphas[i], text + strlen(name), length - strlen(name));
        text += length + 1;
    }
    CHECK_STATUS(FFNN_OK, ffnn_init_from_memory(&loaded, file, size));
    CHECK(same_networks(net, &loaded));
    CHECK_STATUS(FFNN_OK, ffnn_load_memory(net, file, size));
    ffnn_free(&loaded);
}

/* Collects alphas, and checks them as soon as there are 16. */
typedef struct collection {
    ffnn_net net;
    float alphas[FFNN_MAX_LAYERS];
    size_t count;
} collection;

static void collect(collection *c, uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    const float usual[] = {0, -0.0f, 0.01f, 1};
    for (size_t i = 0; i < COUNT_OF(usual); ++i)
        if (same_bits(&value, &usual[i], 1))
            return;
    if (isnan(value) || isinf(value)) return;
    c->alphas[c->count++] = value;
    if (c->count < FFNN_MAX_LAYERS) return;
    check_alphas(&c->net, c->alphas);
    c->count = 0;
}

/* Powers of 2 and their neighbours, the least and largest numbers, what people write, and floats of
   random bits, every sixteenth of them below the least normal one. */
static void test_alphas_come_back(void) {
    static const float common[] = {0.1f, 0.2f, 0.3f, 0.25f, 0.05f, 0.001f, 1.5f, 2, 10, 100, 1e10f,
                                   123456.789f, -0.2f, -1, 1e-5f, 1e-4f, 12345678, 999999.94f,
                                   1e12f, 1e13f, 9.999999e11f, 3.14159274f};
    size_t sizes[FFNN_MAX_LAYERS + 2] = {0};
    collection c;
    memset(&c, 0, sizeof c);
    for (size_t i = 0; i <= FFNN_MAX_LAYERS; ++i) sizes[i] = 1;
    make_described(&c.net, sizes, "", false);
    for (uint32_t exponent = 0; exponent < 255; ++exponent)
        for (uint32_t near = 0; near < 5; ++near)
            collect(&c, (exponent << 23) + near - 2);
    for (uint32_t i = 1; i < 64; ++i) collect(&c, i);
    for (uint32_t i = 1; i < 23; ++i) collect(&c, 1u << i);
    for (size_t i = 0; i < COUNT_OF(common); ++i) {
        uint32_t bits;
        memcpy(&bits, &common[i], sizeof bits);
        collect(&c, bits);
    }
    random_state = 32;
    for (int i = 0; i < 8000; ++i) {
        uint32_t bits = (uint32_t)random_bits();
        collect(&c, i % 16 == 0 ? bits & 0x807fffff : bits);
    }
    while (c.count > 0) collect(&c, 3);
    ffnn_free(&c.net);
}

/* Written down as people would. */
static void test_alphas_in_full(void) {
    static const size_t sizes[] = {1, 1, 0};
    static const struct { float alpha; const char *text; } cases[] = {
        {0, "leaky_relu"}, {0.01f, "leaky_relu"}, {-0.0f, "leaky_relu"}, {0.2f, "leaky_relu:0.2"},
        {1, "leaky_relu:1"}, {-0.5f, "leaky_relu:-0.5"}, {100, "leaky_relu:100"},
        {0.00012f, "leaky_relu:0.00012"}, {1e-7f, "leaky_relu:1e-7"}, {1e20f, "leaky_relu:1e20"},
        {1.4e-45f, "leaky_relu:1e-45"}, {0.001f, "leaky_relu:0.001"}, {1.25f, "leaky_relu:1.25"},
        {123456.7f, "leaky_relu:123456.7"}};
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        char expected[80];
        ffnn_net net;
        test_case("%s", cases[i].text);
        make_described(&net, sizes, "leaky_relu", false);
        net.layers[0].alpha = cases[i].alpha;
        bytes file = saved(&net);
        snprintf(expected, sizeof expected, "\"activations\":\"%s\"", cases[i].text);
        CHECK(strstr((const char *)file.data + 8, expected) != NULL);
        free(file.data);
        ffnn_free(&net);
    }
}

/* A comma is no decimal point, whatever the program's locale says. */
static void test_alphas_in_another_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8",
                                        "fr_FR", "German_Germany.1252"};
    bool found = false;
    for (size_t i = 0; i < COUNT_OF(names) && !found; ++i)
        found = setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] == ',';
    if (!found) {
        test_skip("no locale with a decimal comma");
    } else {
        test_alphas_in_full();
        ffnn_status status;
        ffnn_activation activation;
        float expected = 0.2f, got = read_alpha("0.2", &status, &activation);
        CHECK(status == FFNN_OK && same_bits(&expected, &got, 1));
        read_alpha("0,2", &status, &activation);
        CHECK_STATUS(FFNN_ERROR_MISMATCH, status);
    }
    setlocale(LC_ALL, "C");
}

/* A file that says its alphas is of networks with the same ones. */
static void test_other_alphas_are_mismatches(void) {
    static const size_t sizes[] = {2, 3, 3, 1, 0};
    static const char *const texts[] = {
        "leaky_relu elu:0.5 identity", "leaky_relu:0.2 elu:0.5 identity",
        "leaky_relu:0.2 elu identity", "leaky_relu:0.2 elu:-0.5 identity", "relu elu:0.5 identity",
        "leaky_relu:0.20000002 elu:0.5 identity", "elu:0.2 elu:0.5 identity"};
    for (size_t i = 0; i < COUNT_OF(texts); ++i) {
        for (size_t k = 0; k < COUNT_OF(texts); ++k) {
            ffnn_net net, other, before;
            test_case("%s into %s", texts[i], texts[k]);
            make_described(&net, sizes, texts[i], i % 2 == 0);
            make_described(&other, sizes, texts[k], i % 2 == 0);
            make_described(&before, sizes, texts[k], i % 2 == 0);
            net.layers[0].weight.data[0] = 5;
            bytes file = saved(&net);
            CHECK_STATUS(i == k ? FFNN_OK : FFNN_ERROR_MISMATCH,
                         ffnn_load_memory(&other, file.data, file.size));
            CHECK(same_networks(&other, i == k ? &net : &before));
            free(file.data);
            ffnn_free(&net);
            ffnn_free(&other);
            ffnn_free(&before);
        }
    }
}

/* 0 is torch.nn's alpha, which may be written down, too. */
static void test_the_usual_alpha_is_0(void) {
    static const size_t sizes[] = {2, 3, 1, 0};
    ffnn_net zeros, numbers, loaded;
    make_described(&zeros, sizes, "leaky_relu elu", true);
    make_described(&numbers, sizes, "leaky_relu:0.01 elu:1", true);
    bytes of_zeros = saved(&zeros), of_numbers = saved(&numbers);
    CHECK(of_zeros.size == of_numbers.size &&
          memcmp(of_zeros.data, of_numbers.data, of_zeros.size) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_load_memory(&zeros, of_numbers.data, of_numbers.size));
    CHECK_STATUS(FFNN_OK, ffnn_load_memory(&numbers, of_zeros.data, of_zeros.size));
    CHECK_STATUS(FFNN_OK, ffnn_init_from_memory(&loaded, of_zeros.data, of_zeros.size));
    CHECK(same_networks(&zeros, &loaded));
    bytes written = make_file(SAYS("leaky_relu:0.01 elu:1"), BIASED);
    CHECK_STATUS(FFNN_OK, ffnn_load_memory(&zeros, written.data, written.size));
    free(written.data);
    free(of_zeros.data);
    free(of_numbers.data);
    ffnn_free(&zeros);
    ffnn_free(&numbers);
    ffnn_free(&loaded);
}

/* ---- numbers of other dtypes ------------------------------------------------------------- */

/* Loads a 1-1 network's weight from such a number. */
static float read_number(const char *dtype, uint64_t number, size_t size) {
    char tensor[40];
    ffnn_net net;
    snprintf(tensor, sizeof tensor, "W1=%s:1,1", dtype);
    bytes file = make_file(NULL, tensor);
    put_little_endian(file.data + file.size - size, number, size);
    CHECK_STATUS(FFNN_OK, ffnn_init_from_memory(&net, file.data, file.size));
    float value = net.layers[0].weight.data[0];
    ffnn_free(&net);
    free(file.data);
    return value;
}

/* sign, exponent and fraction of a format, computed in double, which has all numbers of the three. */
static double value_of(uint64_t number, int exponent_bits, int fraction_bits) {
    int max_exponent = (1 << exponent_bits) - 1;
    int exponent = (int)(number >> fraction_bits) & max_exponent;
    double fraction = (double)(number & (((uint64_t)1 << fraction_bits) - 1));
    double sign = (number >> (exponent_bits + fraction_bits) & 1) != 0 ? -1 : 1;
    if (exponent == max_exponent) return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent > 0) fraction += ldexp(1, fraction_bits);
    else exponent = 1;
    return sign * ldexp(fraction, exponent - max_exponent / 2 - fraction_bits);
}

static void check_number(const char *dtype, uint64_t number, size_t size, double expected) {
    float read = read_number(dtype, number, size), nearest = (float)expected;
    bool is_same = memcmp(&read, &nearest, sizeof read) == 0;
    if (isnan(expected)) is_same = isnan(read);
    if (!is_same && test_error(__FILE__, __LINE__))
        printf("%s %016llx: %.9g, not %.9g\n", dtype, (unsigned long long)number, (double)read,
               (double)nearest);
}

static void test_halves_are_read(void) {
    for (uint64_t number = 0; number <= 0xffff; ++number) {
        check_number("F16", number, 2, value_of(number, 5, 10));
        check_number("BF16", number, 2, value_of(number, 8, 7));
    }
}

/* All exponents; halfway between two floats, and just beside; where floats end and where they are
   subnormal. */
static void test_doubles_are_read(void) {
    static const uint64_t fractions[] = {0, 1, 0x10000000, 0x10000001, 0x0fffffff, 0x20000000,
        0x30000000, 0x2fffffff, 0x30000001, 0xfffffffffffff, 0xfffffe0000000, 0xffffff0000000,
        0xfffffefffffff, 0x8000000000000, 0x8000000000001, 0x7ffffffffffff};
    for (uint64_t exponent = 0; exponent < 2048; ++exponent) {
        bool is_near_a_float = exponent > 1023 - 160 && exponent < 1023 + 130;
        for (size_t i = 0; i < COUNT_OF(fractions) + 4; ++i) {
            uint64_t fraction = i < COUNT_OF(fractions) ? fractions[i] : random_bits() >> 12;
            uint64_t number = (uint64_t)(i % 2) << 63 | exponent << 52 | fraction;
            if (i > 2 && !is_near_a_float && exponent < 2047) continue;
            check_number("F64", number, 8, value_of(number, 11, 52));
        }
    }
}

/* More of them than are read at a time: a megabyte. */
static void test_large_weights_of_other_dtypes(void) {
    static const size_t shapes[][2] = {{1, 600000}, {600000, 1}, {700, 801}, {20, 30011}};
    static const char *const dtypes[] = {"F16", "F64"};
    for (size_t i = 0; i < COUNT_OF(shapes); ++i) {
        for (size_t k = 0; k < COUNT_OF(dtypes); ++k) {
            size_t outputs = shapes[i][0], inputs = shapes[i][1], each = k == 0 ? 2 : 8;
            size_t size = outputs * inputs * each;
            char header[200];
            ffnn_net net;
            snprintf(header, sizeof header,
                     "{\"w.weight\":{\"dtype\":\"%s\",\"shape\":[%lu,%lu],\"data_offsets\":[0,%lu]},"
                     "\"__metadata__\":{\"activations\":\"relu\"}}", dtypes[k],
                     (unsigned long)outputs, (unsigned long)inputs, (unsigned long)size);
            size_t length = strlen(header);
            unsigned char *file = (unsigned char *)calloc(8 + length + size, 1);
            set_header_size(file, length);
            memcpy(file + 8, header, length);
            for (size_t n = 0; n < outputs * inputs; ++n)
                put_number(file + 8 + length + n * each, dtypes[k], (float)(n % 251));
            write_file(SCRATCH_FILE, file, 8 + length + size);
            for (int from_file = 0; from_file < 2; ++from_file) {
                test_case("%lu x %lu, %s, %d", (unsigned long)outputs, (unsigned long)inputs,
                          dtypes[k], from_file);
                CHECK_STATUS(FFNN_OK,
                             from_file ? ffnn_init_from_file(&net, SCRATCH_FILE)
                                       : ffnn_init_from_memory(&net, file, 8 + length + size));
                size_t same = 0;
                for (size_t n = 0; n < outputs * inputs && net.layer_count == 1; ++n) {
                    const float *number = ffnn_at(net.layers[0].weight, n % inputs, n / inputs);
                    same += (size_t)*number == n % 251;
                }
                CHECK(same == outputs * inputs);
                ffnn_free(&net);
            }
            free(file);
        }
    }
}

/* ---- there and back ---------------------------------------------------------------------- */

/* The i-th of many kinds of networks, of 1 to 16 layers, its parameters numbers of all kinds. */
static void make_kind(ffnn_net *net, size_t i, bool all_bits) {
    size_t sizes[FFNN_MAX_LAYERS + 1] = {0}, layers = 1 + i % FFNN_MAX_LAYERS;
    char activations[FFNN_MAX_LAYERS * 12] = "";
    for (size_t k = 0; k <= layers; ++k) sizes[k] = 1 + (i * 5 + k * 3) % 11;
    if (i % ACTIVATIONS == FFNN_SOFTMAX && sizes[layers] == 1) sizes[layers] = 2;
    for (size_t k = 0; k < layers; ++k) {
        size_t number = k + 1 < layers ? (i + k) % ELEMENTWISE_ACTIVATIONS : i % ACTIVATIONS;
        if (k > 0) strcat(activations, " ");
        strcat(activations, activation_table[number].name);
    }
    make_described(net, sizes, activations, i % 3 != 0);
    for (size_t k = 0; k < layers && all_bits; ++k) {
        const ffnn_tensor parts[] = {net->layers[k].weight, net->layers[k].bias};
        for (size_t p = 0; p < 2; ++p) {
            for (size_t at = 0; at < parts[p].rows * parts[p].cols; ++at) {
                uint32_t number = (uint32_t)(at + i + k + p) * 2654435761u;
                memcpy(&parts[p].data[at], &number, sizeof number);
            }
        }
    }
}

enum { KINDS = 48 };

/* Saves net and loads it in every way; loaded is a network of its kind with other parameters. */
static void check_there_and_back(const ffnn_net *net, ffnn_net *loaded) {
    ffnn_net from_file, from_memory;
    bytes file = saved(net);
    CHECK_STATUS(FFNN_OK, ffnn_save(net, SCRATCH_FILE));
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&from_file, SCRATCH_FILE));
    CHECK_STATUS(FFNN_OK, ffnn_init_from_memory(&from_memory, file.data, file.size));
    CHECK_STATUS(FFNN_OK, ffnn_load_memory(loaded, file.data, file.size));
    CHECK(same_networks(net, &from_file));
    CHECK(same_networks(net, &from_memory));
    CHECK(same_networks(net, loaded));
    CHECK_STATUS(FFNN_OK, ffnn_load(loaded, SCRATCH_FILE));
    CHECK(same_networks(net, loaded));
    check_new(&from_file);
    bytes again = saved(&from_file);
    CHECK(again.size == file.size && memcmp(again.data, file.data, file.size) == 0);
    free(again.data);
    free(file.data);
    ffnn_free(&from_file);
    ffnn_free(&from_memory);
}

static void test_what_is_saved_is_loaded(void) {
    for (size_t i = 0; i < KINDS; ++i) {
        ffnn_net net, loaded;
        test_case("kind %d", (int)i);
        make_kind(&net, i, true);
        make_kind(&loaded, i, false);
        check_there_and_back(&net, &loaded);
        ffnn_free(&net);
        ffnn_free(&loaded);
    }
}

/* Weights of more than the megabyte that is read and transposed at a time: of one output fewer than
   a piece has, of just as many, of one more, of some; few inputs, and so many that a piece is one
   output's, or a part of that. */
static void test_large_weights_are_loaded(void) {
    static const size_t sizes[][4] = {{20003, 12, 3},  {20003, 13, 20003}, {20003, 14, 5},
                                      {16384, 32, 1},  {1000, 255, 2},     {1000, 256, 257},
                                      {3, 90000, 2},   {1, 270000},        {270000, 3, 1},
                                      {262144, 2},     {262143, 2},        {262145, 2},
                                      {1001, 1003, 7}, {7, 1003, 1001}};
    ffnn_tensor room;
    if (ffnn_tensor_init(&room, 8192, 1024) != FFNN_OK) { /* 32 MB: copies of the largest network */
        puts("skipped: no memory for large weights");
        return;
    }
    ffnn_tensor_free(&room);
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        for (int biases = 0; biases < 2; ++biases) {
            ffnn_net net, loaded;
            test_case("sizes %d, biases %d", (int)i, biases);
            make_described(&net, sizes[i], "", biases);
            make_described(&loaded, sizes[i], "", biases);
            net.layers[0].weight.data[0] = 2;
            CHECK(!same_networks(&net, &loaded));
            check_there_and_back(&net, &loaded);
            ffnn_free(&net);
            ffnn_free(&loaded);
        }
    }
}

/* A file whose size is known is read straight into the new network. What has to be transposed goes
   through memory for a piece of it, and through memory for all of it what has to be swapped. */
static void test_a_new_network_takes_little_memory(void) {
    static const size_t sizes[][3] = {{1000, 1000}, {500000, 2}};
    const size_t network = 1000 * 1000 * sizeof(float), piece = 262144 * sizeof(float);
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        for (int biases = 0; biases < 2; ++biases) {
            size_t beside = is_little_endian() ? 0 : network;
            ffnn_net net, loaded;
            test_case("%d inputs, biases %d", (int)sizes[i][0], biases);
            if (biases) beside = piece;
            make_described(&net, sizes[i], "", biases);
            CHECK_STATUS(FFNN_OK, ffnn_save(&net, SCRATCH_FILE));
            test.bytes = 0;
            CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&loaded, SCRATCH_FILE));
            CHECK(test.bytes < network + beside + 10000);
            CHECK(same_networks(&net, &loaded));
            ffnn_free(&net);
            ffnn_free(&loaded);
        }
    }
}

/* A loaded network can be trained, once it is told how. */
static void test_a_loaded_network_trains(void) {
    for (size_t i = 0; i < KINDS; ++i) {
        ffnn_net net, loaded;
        bytes file;
        float X[11] = {0.5f, -0.25f}, y[11] = {0.25f, 0.75f};
        test_case("kind %d", (int)i);
        make_kind(&net, i, false);
        file = saved(&net);
        CHECK_STATUS(FFNN_OK, ffnn_init_from_memory(&loaded, file.data, file.size));
        loaded.optimizer = net.optimizer = FFNN_ADAM;
        for (int step = 0; step < 3; ++step) {
            ffnn_tensor inputs = ffnn_view(X, 1, inputs_of(&net));
            ffnn_tensor targets = ffnn_view(y, 1, outputs_of(&net));
            CHECK_STATUS(FFNN_OK, ffnn_train(&net, inputs, targets, 0.01f, NULL));
            CHECK_STATUS(FFNN_OK, ffnn_train(&loaded, inputs, targets, 0.01f, NULL));
        }
        CHECK(same_networks(&net, &loaded));
        free(file.data);
        ffnn_free(&net);
        ffnn_free(&loaded);
    }
}

/* Names are not kept: what a module calls fc1 is saved as 0. */
static void test_names_are_not_kept(void) {
    bytes file = make_file(SAYS_RELU, NAMED("fc1", "fc2")), again;
    bytes plain = make_file(SAYS_RELU, BIASED);
    bytes linear = make_file(SAYS_RELU, UNBIASED), lab = make_file(SAYS_RELU, LAB);
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init_from_memory(&net, file.data, file.size));
    again = saved(&net);
    CHECK(again.size == plain.size && memcmp(again.data, plain.data, plain.size) == 0);
    free(again.data);
    ffnn_free(&net);
    CHECK_STATUS(FFNN_OK, ffnn_init_from_memory(&net, linear.data, linear.size));
    again = saved(&net);
    CHECK(again.size == lab.size && memcmp(again.data, lab.data, lab.size) == 0);
    free(again.data);
    ffnn_free(&net);
    free(file.data);
    free(plain.data);
    free(linear.data);
    free(lab.data);
}

/* A view of either layout is saved as what it was made from, in the layout of its kind. */
static void test_views_are_saved(void) {
    if (!is_little_endian()) {
        test_skip("views are for little-endian machines");
        return;
    }
    for (size_t i = 0; i < KINDS; ++i) {
        ffnn_net net, view;
        bytes file, again;
        test_case("kind %d", (int)i);
        make_kind(&net, i, true);
        file = saved(&net);
        CHECK_STATUS(FFNN_OK, ffnn_init_view(&view, file.data, file.size));
        CHECK(view.layer_count == net.layer_count);
        for (size_t k = 0; k < view.layer_count; ++k)
            CHECK(view.layers[k].transposed == (net.layers[k].bias.data != NULL));
        again = saved(&view);
        CHECK(again.size == file.size && memcmp(again.data, file.data, file.size) == 0);
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load_memory(&view, file.data, file.size));
        free(again.data);
        ffnn_free(&view);
        free(file.data);
        ffnn_free(&net);
    }
}

/* A view predicts and passes forward; it is not trained. */
static void test_views_are_not_trained(void) {
    static const size_t sizes[] = {5, 7, 2, 0};
    float inputs[3 * 5] = {0.5f, -1}, targets[3 * 2] = {0}, outputs[3 * 2], loss;
    ffnn_tensor X = ffnn_view(inputs, 3, 5), y = ffnn_view(targets, 3, 2);
    ffnn_tensor predicted = ffnn_view(outputs, 3, 2), passed = predicted;
    ffnn_net net, view;
    bytes file;
    if (!is_little_endian()) {
        test_skip("views are for little-endian machines");
        return;
    }
    make_described(&net, sizes, "relu identity", true);
    file = saved(&net);
    CHECK_STATUS(FFNN_OK, ffnn_init_view(&view, file.data, file.size));
    CHECK_STATUS(FFNN_OK, ffnn_predict(&view, X, predicted));
    CHECK_STATUS(FFNN_OK, ffnn_forward(&view, X, &passed));
    CHECK(memcmp(passed.data, predicted.data, sizeof outputs) == 0);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_backward(&view, X, y, 0.1f));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&view, X, y, 0.1f, &loss));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_fit(&view, X, y, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_gradient(&view, X, y, ffnn_view(NULL, 0, 0)));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_optimizer(&view, SCRATCH_FILE));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load_optimizer(&view, SCRATCH_FILE));
    view.momentum = view.clip_norm = 0.5f;
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&view, X, y, 0.1f, &loss));
    CHECK_STATUS(FFNN_OK, ffnn_evaluate(&view, X, y, &loss));
    ffnn_free(&view);
    net.layers[0].transposed = true; /* what only a view's layer may be */
    net.layers[0].weight = ffnn_view(net.layers[0].weight.data, 7, 5);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_predict(&net, X, predicted));
    ffnn_free(&net);
    free(file.data);
}

/* A copy of a view has memory of its own, in the one layout that can be trained: it is the network
   that the file was saved from. */
static void test_copies_of_views_are_trained(void) {
    if (!is_little_endian()) {
        test_skip("views are for little-endian machines");
        return;
    }
    for (size_t i = 0; i < KINDS; ++i) {
        float inputs[4 * 16], targets[4 * 16];
        ffnn_net net, view, copy;
        test_case("kind %d", (int)i);
        make_kind(&net, i, false);
        for (size_t k = 0; k < COUNT_OF(inputs); ++k) inputs[k] = (float)(k % 7) / 4 - 1;
        for (size_t k = 0; k < COUNT_OF(targets); ++k) targets[k] = (float)(k % 3) / 4;
        if (net.layers[0].activation == FFNN_ELU) net.layers[0].alpha = 0.5f;
        bytes file = saved(&net);
        CHECK_STATUS(FFNN_OK, ffnn_init_view(&view, file.data, file.size));
        CHECK_STATUS(FFNN_OK, ffnn_init_copy(&copy, &view));
        ffnn_free(&view);
        bytes again = saved(&copy);
        CHECK(again.size == file.size && memcmp(again.data, file.data, file.size) == 0);
        memset(file.data, 0xff, file.size);
        free(file.data);
        CHECK(same_networks(&copy, &net));
        check_new(&copy);
        ffnn_tensor X = ffnn_view(inputs, 4, inputs_of(&net));
        ffnn_tensor y = ffnn_view(targets, 4, outputs_of(&net));
        for (int step = 0; step < 2; ++step) {
            CHECK_STATUS(FFNN_OK, ffnn_train(&copy, X, y, 0.1f, NULL));
            CHECK_STATUS(FFNN_OK, ffnn_train(&net, X, y, 0.1f, NULL));
        }
        CHECK(same_networks(&copy, &net));
        free(again.data);
        ffnn_free(&copy);
        ffnn_free(&net);
    }
}

/* NULL, an odd address, no memory: a network that has not come to be is all zeros. */
static void test_refusals_of_memory(void) {
    static const size_t sizes[] = {5, 7, 2, 0};
    ffnn_net net, fresh;
    bytes file;
    make_described(&net, sizes, "relu identity", true);
    file = saved(&net);
    for (int is_view = 0; is_view < 2; ++is_view) {
        ffnn_status (*init)(ffnn_net *, const void *, size_t) =
            is_view ? ffnn_init_view : ffnn_init_from_memory;
        ffnn_status status = FFNN_ERROR_MEMORY;
        if (is_view && !is_little_endian()) continue;
        test_case(is_view ? "view" : "copy");
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, init(NULL, file.data, file.size));
        memset(&fresh, 0xa5, sizeof fresh);
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, init(&fresh, NULL, file.size));
        CHECK(is_all_zero(&fresh));
        for (size_t i = 1; i < 100 && status != FFNN_OK; ++i) {
            memset(&fresh, 0xa5, sizeof fresh);
            test_fail_allocation(i);
            status = init(&fresh, file.data, file.size);
            test_fail_allocation(0);
            CHECK(status == FFNN_OK || status == FFNN_ERROR_MEMORY);
            CHECK(status == FFNN_OK || is_all_zero(&fresh));
        }
        CHECK_STATUS(FFNN_OK, status);
        ffnn_free(&fresh);
    }
    if (is_little_endian()) {
        unsigned char *odd = (unsigned char *)malloc(file.size + 1);
        memcpy(odd + 1, file.data, file.size);
        memset(&fresh, 0xa5, sizeof fresh);
        CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init_view(&fresh, odd + 1, file.size));
        CHECK(is_all_zero(&fresh));
        free(odd);
    }
    free(file.data);
    ffnn_free(&net);
}

/* A sample of a view in PyTorch's layout gets the same bits in every batch of at least 8. */
static void test_views_do_not_depend_on_the_batch(void) {
    enum { INPUTS = 512, OUTPUTS = 4, MOST = 520 };
    static const size_t sizes[] = {INPUTS, 8, OUTPUTS, 0};
    static const size_t batches[] = {250, 255, 256, 257, 258, 260, 263, 264, 265, 272,
                                     511, 512, 513, 519, MOST};
    static float X[MOST * INPUTS], all[MOST * OUTPUTS], some[8 * OUTPUTS];
    ffnn_net net, view;
    bytes file;
    if (!is_little_endian()) {
        test_skip("views are for little-endian machines");
        return;
    }
    make_described(&net, sizes, "sigmoid sigmoid", true);
    for (size_t k = 0; k < COUNT_OF(X); ++k) X[k] = (float)(k * 37 % 1009) / 500 - 1;
    file = saved(&net);
    CHECK_STATUS(FFNN_OK, ffnn_init_view(&view, file.data, file.size));
    for (size_t i = 0; i < COUNT_OF(batches); ++i) {
        size_t rows = batches[i];
        test_case("batch of %d", (int)rows);
        CHECK_STATUS(FFNN_OK, ffnn_predict(&view, ffnn_view(X, rows, INPUTS),
                                           ffnn_view(all, rows, OUTPUTS)));
        for (size_t first = rows - 16; first <= rows - 8; ++first) {
            CHECK_STATUS(FFNN_OK, ffnn_predict(&view, ffnn_view(X + first * INPUTS, 8, INPUTS),
                                               ffnn_view(some, 8, OUTPUTS)));
            CHECK(memcmp(all + first * OUTPUTS, some, sizeof some) == 0);
        }
    }
    ffnn_free(&view);
    free(file.data);
    ffnn_free(&net);
}

/* ---- what is in a file ------------------------------------------------------------------- */

/* What ffnn_print_file prints; the caller frees it. */
static char *printed_file(ffnn_status expected, const char *path) {
    FILE *file = tmpfile();
    char *text = (char *)calloc(MAX_BYTES, 1);
    if (file == NULL) return text;
    CHECK_STATUS(expected, ffnn_print_file(file, path));
    rewind(file);
    CHECK(fread(text, 1, MAX_BYTES - 1, file) < MAX_BYTES - 1);
    fclose(file);
    return text;
}

/* The tensors' lines, in the header's order; the form of the metadata's lines is not asked for. */
static void check_printed(const char *path, const char *lines, const char *metadata) {
    char *text = printed_file(FFNN_OK, path);
    CHECK(strncmp(text, lines, strlen(lines)) == 0);
    CHECK(strstr(text, metadata) != NULL);
    free(text);
}

static void test_print_file(void) {
    bytes file = make_file("{`activations`:`relu identity`,`a`:`\\u0001\\u001b\\n\\u007fb`}",
                           "0.weight=3,2 \\u0007.bias=F16:3 W1=2,3 x=I64:");
    char *text;
    check_printed("tests/reference/mlp_sequential.safetensors",
                  "0.bias F32 [8]\n0.weight F32 [8, 4]\n2.bias F32 [3]\n2.weight F32 [3, 8]\n",
                  "relu identity");
    check_printed("tests/reference/lab.safetensors", "W1 F32 [3, 4]\nW2 F32 [4, 1]\n", "");
    check_printed("tests/reference/mlp_float16.safetensors", "0.bias F16 [8]\n0.weight F16 [8, 4]\n",
                  "activations");
    check_printed("tests/reference/mlp_batch_norm.safetensors", /* more than is read at once */
                  "1.num_batches_tracked I64 []\n0.bias F32 [8]\n0.weight F32 [8, 4]\n", "relu");
    write_file(SCRATCH_FILE, file.data, file.size);
    text = printed_file(FFNN_OK, SCRATCH_FILE);
    CHECK(strncmp(text, "0.weight F32 [3, 2]\n", 20) == 0);
    CHECK(strstr(text, ".bias F16 [3]\nW1 F32 [2, 3]\nx I64 []\n") != NULL);
    for (size_t i = 0; text[i] != '\0'; ++i)
        CHECK(text[i] == '\n' || ((unsigned char)text[i] >= ' ' && text[i] != 0x7f));
    free(text);
    --file.size;
    write_file(SCRATCH_FILE, file.data, file.size);
    text = printed_file(FFNN_ERROR_FORMAT, SCRATCH_FILE);
    CHECK(text[0] == '\0');
    free(text);
    text = printed_file(FFNN_ERROR_IO, FOLDER "/none.safetensors");
    CHECK(text[0] == '\0');
    free(text);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_print_file(NULL, SCRATCH_FILE));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_print_file(stdout, NULL));
    free(file.data);
}

/* The last line: the network, or the first reason why there is none. Each reason has a file here, but
   for an activation that is left out, see test_has_activation, and a size that is no size_t, of which
   a file would have to be as large. */
static void test_networks_and_reasons(void) {
    static const struct {
        const char *metadata, *tensors, *line;
    } printed[] = {
        {SAYS("relu softmax"), "0.weight=16,8 0.bias=16 2.weight=3,16 2.bias=3",
         "network: 8-16-3, relu softmax"},
        {NULL, LAB, "network: 2-3-1, sigmoid sigmoid"},
        {SAYS("leaky_relu:0.20 elu:1e-10"), NAMED("fc1", "fc2"),
         "network: 2-3-1, leaky_relu:0.2 elu:1e-10"},
        {SAYS("leaky_relu:0 elu:1.0"), NAMED("fc1", "fc2"), "network: 2-3-1, relu elu"},
        {"{`activations`:`relu identity`,`layers`:`b a`}",
         "a.weight=3,2 b.weight=F16:2,3 x=I64:1", "network: 3-2-3, relu identity"},

        /* The only order of these words is found in 888 of the 1000 steps that are tried. */
        {SAYS("relu relu relu relu relu relu relu relu relu relu identity"),
         "a.weight=5,5 b.weight=3,3 c.weight=4,4 d.weight=2,1 e.weight=7,6 f.weight=5,4 "
         "g.weight=2,2 h.weight=1,6 i.weight=6,5 j.weight=4,3 k.weight=3,2",
         "network: 6-1-2-2-3-3-4-4-5-5-6-7, "
         "relu relu relu relu relu relu relu relu relu relu identity"},

        {NULL, "", "no network: it has no tensors"},
        {SAYS_RELU, BIASED " criterion.weight=3",
         "no network: criterion.weight [3] is no layer's weight or bias"},
        {SAYS_RELU, "x\\n=1,2,3 " BIASED, "no network: x\\u000a [1, 2, 3] is no layer's weight or bias"},
        {SAYS("relu"), "0.weight=0,3", "no network: 0.weight [0, 3] is no layer's weight or bias"},
        {SAYS_RELU, BIASED " W1=2,3", "no network: W1 and 0.weight are names of two kinds"},
        {NULL, "W1=2,3 0.bias=3", "no network: 0.bias and W1 are names of two kinds"},
        {SAYS("relu"), "0.weight=I64:3,2", "no network: 0.weight is I64"},
        {SAYS("relu"), "0.weight=3,2 0.bias=I64:3", "no network: 0.bias is I64"},
        {SAYS("relu"), "0.weight=3,2 0.bias=3 1.bias=2",
         "no network: 1.bias is a bias without a weight"},
        {NULL, "W1=2,3 W3=3,1", "no network: W2 is missing"},
        {NULL, "W0=2,3", "no network: W0 [2, 3] is no layer's weight or bias"},
        {"{`layers`:`0 1`}", BIASED,
         "no network: the metadata's \"layers\" names \"1\", which has no weight here"},
        {SAYS("relu"), "0.weight=3,2 0.bias=2", "no network: 0.bias [2] is no bias of 3 outputs"},
        {SAYS_RELU, "a.weight=3,2 b.weight=1,3 b.bias=1", "no network: b has a bias, a has none"},
        {SAYS_RELU, "weight=3,2 b.weight=1,3 b.bias=1",
         "no network: b has a bias, weight has none"},
        {SAYS_RELU, NAMED("10", "2"), "no network: 2 has 1 outputs, 10 has 2 inputs"},
        {SAYS_RELU, "fc1.weight=3,2 fc2.weight=4,3 fc3.weight=5,3",
         "no network: fc2 has 4 outputs, fc3 has 3 inputs"},
        {"{`layers`:`2 0`}", BIASED, "no network: 2 has 1 outputs, 0 has 2 inputs"},
        {NULL, "x.weight=9,8 fc2.weight=4,3 fc1.weight=3,2",
         "no network: fc2 has 4 outputs, x has 8 inputs"},
        {SAYS_RELU, "encoder.weight=2,3 decoder.weight=3,2",
         "no network: encoder and decoder fit in several orders: name \"layers\" in the metadata"},
        {SAYS("relu relu identity"), "fc1.weight=3,3 fc2.weight=3,3 out.weight=3,3",
         "no network: fc2 and out fit in several orders: name \"layers\" in the metadata"},
        {SAYS_RELU, "a.weight=2,1 b.weight=1,2 c.weight=2,1 d.weight=1,2 e.weight=2,1 f.weight=1,2 "
         "g.weight=2,1 h.weight=1,2 i.weight=2,1 j.weight=1,2 k.weight=2,1 l.weight=1,2 "
         "m.weight=9,8",
         "no network: the order of its layers is too hard to find: name \"layers\" in the metadata"},
        {NULL, BIASED, "no network: its activations are not named"},
        {SAYS("relu swish"), BIASED, "no network: \"swish\" is no activation"},
        {SAYS("relu\\t identity"), BIASED, "no network: \"relu\\u0009\" is no activation"},
        {SAYS("relu  identity"), BIASED, "no network: \"\" is no activation"},
        {SAYS("relu:0.2 identity"), BIASED, "no network: \"relu:0.2\" is no activation"},
        {SAYS("relu identity tanh"), BIASED, "no network: 3 activations for 2 layers"},
        {SAYS("relu"), BIASED, "no network: 1 activations for 2 layers"},
        {SAYS("softmax identity"), BIASED, "no network: softmax stands before the last layer"},
        {"{`layers`:`0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0`}", BIASED,
         "no network: 17 layers are more than 16"},
        {SAYS("relu softmax"), BIASED, "no network: softmax of one output is always 1"},
    };
    for (size_t i = 0; i < COUNT_OF(printed); ++i) {
        bytes file = make_file(printed[i].metadata, printed[i].tensors);
        test_case("%s", printed[i].line);
        write_file(SCRATCH_FILE, file.data, file.size);
        char *text = printed_file(FFNN_OK, SCRATCH_FILE);
        size_t length = strlen(text), line = length > 0 ? length - 1 : 0;
        CHECK(length > 0 && text[length - 1] == '\n');
        text[line] = '\0';
        while (line > 0 && text[line - 1] != '\n') --line;
        if (strcmp(text + line, printed[i].line) != 0 && test_error(__FILE__, __LINE__))
            printf("printed: %s\n", text + line);
        ffnn_net net;
        bool is_network = ffnn_init_from_memory(&net, file.data, file.size) == FFNN_OK;
        CHECK(is_network == (strncmp(printed[i].line, "network: ", 9) == 0));
        ffnn_free(&net);
        free(text);
        free(file.data);
    }
}

/* ---- for pytorch_files.py ---------------------------------------------------------------- */

enum { SAVED_ROWS = 3 };

/* Prints a tensor's numbers, each row on a line. */
static void write_rows(FILE *out, ffnn_tensor t) {
    for (size_t i = 0; i < t.rows; ++i)
        for (size_t j = 0; j < t.cols; ++j)
            fprintf(out, "%.9g%c", (double)*ffnn_at(t, i, j), j + 1 < t.cols ? ' ' : '\n');
}

/* N.safetensors, and N.txt: sizes, activations, whether there are biases, then inputs and outputs
   in rows. */
static int save_kind(const char *folder, size_t i) {
    char path[512];
    ffnn_net net;
    ffnn_tensor X, output;
    FILE *out;
    make_kind(&net, i, false);
    snprintf(path, sizeof path, "%s/%d.safetensors", folder, (int)i);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, path));
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&X, SAVED_ROWS, inputs_of(&net)));
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&output, SAVED_ROWS, outputs_of(&net)));
    for (size_t k = 0; k < X.rows * X.cols; ++k) X.data[k] = (float)(k * 37 % 101) / 50 - 1;
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, X, output));
    snprintf(path, sizeof path, "%s/%d.txt", folder, (int)i);
    out = fopen(path, "w");
    CHECK(out != NULL);
    if (out != NULL) {
        fprintf(out, "%d", (int)inputs_of(&net));
        for (size_t k = 0; k < net.layer_count; ++k)
            fprintf(out, " %d", (int)net.layers[k].weight.cols);
        for (size_t k = 0; k < net.layer_count; ++k)
            fprintf(out, "%c%s", k == 0 ? '\n' : ' ', activation_table[net.layers[k].activation].name);
        fprintf(out, "\n%d\n", net.layers[0].bias.data != NULL);
        write_rows(out, X);
        write_rows(out, output);
        CHECK(fclose(out) == 0);
    }
    ffnn_tensor_free(&X);
    ffnn_tensor_free(&output);
    ffnn_free(&net);
    return test.errors == 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--save") == 0) {
        for (size_t i = 0; i < KINDS; ++i)
            if (!save_kind(argv[2], i))
                return 1;
        return 0;
    }
    make_scratch_folder(FOLDER);
    RUN(test_pytorchs_files_are_loaded);
    RUN(test_pytorchs_files_make_networks);
    RUN(test_linear_layers_are_the_labs);
    RUN(test_pytorchs_other_files_are_mismatches);
    RUN(test_a_mismatch_says_what_it_may_be);
    RUN(test_files_made_by_hand);
    RUN(test_malformed_comes_before_mismatched);
    RUN(test_saved_files_in_full);
    RUN(test_activations_are_saved_by_their_names);
    RUN(test_changed_activations_are_saved);
    RUN(test_alphas_are_read);
    RUN(test_very_long_alphas_are_read);
    RUN(test_random_alphas_are_read);
    RUN(test_alphas_come_back);
    RUN(test_alphas_in_full);
    RUN(test_alphas_in_another_locale);
    RUN(test_other_alphas_are_mismatches);
    RUN(test_the_usual_alpha_is_0);
    RUN(test_halves_are_read);
    RUN(test_doubles_are_read);
    RUN(test_large_weights_of_other_dtypes);
    RUN(test_what_is_saved_is_loaded);
    RUN(test_large_weights_are_loaded);
    RUN(test_a_new_network_takes_little_memory);
    RUN(test_a_loaded_network_trains);
    RUN(test_names_are_not_kept);
    RUN(test_views_are_saved);
    RUN(test_views_are_not_trained);
    RUN(test_copies_of_views_are_trained);
    RUN(test_refusals_of_memory);
    RUN(test_views_do_not_depend_on_the_batch);
    RUN(test_print_file);
    RUN(test_networks_and_reasons);
    remove(SCRATCH_FILE);
    return test_summary("test_mlp_files");
}
