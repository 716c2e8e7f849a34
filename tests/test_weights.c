/* The weights file: what is saved, what is loaded, what is refused, and what a failure leaves.
   Files land in build/tests-tmp/weights; the program runs in the repository's root. */
#define _XOPEN_SOURCE 700       /* for what makes links, pipes and full disks; a test needs them */

#include "test.h"
#include "../ffnn.h"
#include "helpers.h"
#include "reference/weights.h"

#include <errno.h>
#if HAS_POSIX
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

#define FOLDER       SCRATCH "weights"
#define SCRATCH_FILE FOLDER "/test.safetensors"

/* ---- networks ---------------------------------------------------------------------------- */

enum { MAX_WEIGHTS = 200 };

static const size_t lab_sizes[] = {3, 4, 1, 0};

static int has_weights(const ffnn_net *net, const void *expected) {
    float values[MAX_WEIGHTS];
    size_t count = copy_weights(net, values);
    return memcmp(values, expected, count * sizeof *values) == 0;
}

/* In every way there is: memory, file, new network. The network keeps what it had. */
static void check_not_loaded(ffnn_net *net, bytes file, ffnn_status load, ffnn_status init) {
    float before[MAX_WEIGHTS];
    ffnn_net fresh;
    copy_weights(net, before);
    CHECK_STATUS(load, ffnn_load_memory(net, file.data, file.size));
    CHECK(has_weights(net, before));
    write_file(SCRATCH_FILE, file.data, file.size);
    CHECK_STATUS(load, ffnn_load(net, SCRATCH_FILE));
    CHECK(has_weights(net, before));
    memset(&fresh, 0xa5, sizeof fresh);
    CHECK_STATUS(init, ffnn_init_from_file(&fresh, SCRATCH_FILE));
    if (init != FFNN_OK) CHECK(is_all_zero(&fresh));
    ffnn_free(&fresh);
}

static void check_loaded(const size_t *sizes, bytes file, const void *weights) {
    ffnn_net net, fresh;
    make_network(&net, sizes, 1);
    CHECK_STATUS(FFNN_OK, ffnn_load_memory(&net, file.data, file.size));
    CHECK(has_weights(&net, weights));
    ffnn_free(&net);
    make_network(&net, sizes, 1);
    write_file(SCRATCH_FILE, file.data, file.size);
    CHECK_STATUS(FFNN_OK, ffnn_load(&net, SCRATCH_FILE));
    CHECK(has_weights(&net, weights));
    memset(&fresh, 0xa5, sizeof fresh);
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&fresh, SCRATCH_FILE));
    CHECK(same_weights(&fresh, &net));
    ffnn_free(&fresh);
    ffnn_free(&net);
}

/* ---- what is in a saved file -------------------------------------------------------------- */

/* The size of the header, the header as Python's safetensors writes it, the weights. */
static void check_saved_file(bytes file, const ffnn_net *net) {
    char header[1000] = "{";
    size_t end = 0; /* of the tensors so far */
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        size_t length = strlen(header), begin = end;
        end += 4 * element_count(weight);
        snprintf(header + length, sizeof header - length,
                 "%s\"W%d\":{\"dtype\":\"F32\",\"shape\":[%d,%d],\"data_offsets\":[%d,%d]}",
                 i == 0 ? "" : ",", (int)i + 1, (int)weight.rows, (int)weight.cols, (int)begin,
                 (int)end);
    }
    strcat(header, "}");
    while (strlen(header) % 8 != 0) strcat(header, " ");

    unsigned char header_size[8];
    size_t length = strlen(header);
    set_header_size(header_size, length);
    CHECK(file.size == 8 + length + end);
    if (file.size != 8 + length + end) return;
    CHECK(memcmp(file.data, header_size, 8) == 0);
    CHECK(memcmp(file.data + 8, header, length) == 0);
    const unsigned char *at = file.data + 8 + length;
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        for (size_t k = 0; k < element_count(weight); ++k) {
            float value = little_endian_float(at);
            CHECK(same_bits(&value, &weight.data[k], 1));
            at += 4;
        }
    }
}

static const size_t many_sizes[][10] = {
    {3, 4, 1}, {1, 1}, {5, 2}, {3, 16, 1}, {10, 12, 3}, {2, 3, 4, 5, 4, 3, 2, 2, 1},
};

static void test_saved_files_are_as_specified(void) {
    for (size_t i = 0; i < COUNT_OF(many_sizes); ++i) {
        ffnn_net net;
        bytes in_memory;
        test_case("network %d", (int)i);
        make_network(&net, many_sizes[i], i);
        in_memory = saved(&net);
        check_saved_file(in_memory, &net);
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SCRATCH_FILE));
        CHECK(file_is(SCRATCH_FILE, in_memory.data, in_memory.size));
        free(in_memory.data);
        ffnn_free(&net);
    }
}

static void test_the_labs_file_in_full(void) {
    static const char header[] =
        "\x78\0\0\0\0\0\0\0"
        "{\"W1\":{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":[0,48]},"
        "\"W2\":{\"dtype\":\"F32\",\"shape\":[4,1],\"data_offsets\":[48,64]}}    ";
    ffnn_net net;
    make_network(&net, lab_sizes, 0);
    bytes file = saved(&net);
    CHECK(sizeof header - 1 == 8 + 0x78);
    CHECK(file.size == 8 + 0x78 + 64 && memcmp(file.data, header, 8 + 0x78) == 0);
    free(file.data);
    ffnn_free(&net);
}

/* ---- there and back ---------------------------------------------------------------------- */

static void test_what_is_saved_is_loaded(void) {
    for (size_t i = 0; i < COUNT_OF(many_sizes); ++i) {
        float weights[MAX_WEIGHTS];
        ffnn_net net;
        test_case("network %d", (int)i);
        make_network(&net, many_sizes[i], i + 100);
        copy_weights(&net, weights);
        bytes file = saved(&net);
        check_loaded(many_sizes[i], file, weights);
        free(file.data);
        ffnn_free(&net);
    }
}

static void test_every_bit_of_a_weight_survives(void) {
    static const uint32_t special[16] = {
        0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffabcdefu,     /* NaN, quiet and signaling */
        0x7f800000u, 0xff800000u, 0x00000000u, 0x80000000u,     /* inf, 0, both signs */
        0x00000001u, 0x807fffffu, 0x00800000u, 0x7f7fffffu,     /* denormal, smallest, largest */
        0xff7fffffu, 0x3f800001u, 0x01020304u, 0xfffefdfcu,
    };
    ffnn_net net;
    make_network(&net, lab_sizes, 0);
    memcpy(net.layers[0].weight.data, special, 12 * sizeof *special);
    memcpy(net.layers[1].weight.data, special + 12, 4 * sizeof *special);
    bytes file = saved(&net);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SCRATCH_FILE));
    CHECK(file_is(SCRATCH_FILE, file.data, file.size));
    check_loaded(lab_sizes, file, special);
    free(file.data);
    ffnn_free(&net);
}

static void test_saving_changes_nothing(void) {
    ffnn_net net, before;
    ffnn_layer layers[2];
    float weights[MAX_WEIGHTS];
    size_t size;
    make_network(&net, lab_sizes, 1);
    before = net;
    memcpy(layers, net.layers, sizeof layers);
    copy_weights(&net, weights);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SCRATCH_FILE));
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, NULL, 0, &size));
    CHECK(memcmp(&before, &net, sizeof net) == 0 && has_weights(&net, weights));
    CHECK(memcmp(layers, net.layers, sizeof layers) == 0);
    ffnn_free(&net);
}

static void test_a_loaded_network_computes_the_same(void) {
    float data[6] = {1, 0.5f, 0, -1, 2, 0.25f}, expected[2], got[2], more[2];
    ffnn_net net, loaded, fresh;
    make_network(&net, lab_sizes, 1);
    make_network(&loaded, lab_sizes, 2);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SCRATCH_FILE));
    CHECK_STATUS(FFNN_OK, ffnn_load(&loaded, SCRATCH_FILE));
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&fresh, SCRATCH_FILE));
    ffnn_tensor X = ffnn_view(data, 2, 3);
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, X, ffnn_view(expected, 2, 1)));
    CHECK_STATUS(FFNN_OK, ffnn_predict(&loaded, X, ffnn_view(got, 2, 1)));
    CHECK_STATUS(FFNN_OK, ffnn_predict(&fresh, X, ffnn_view(more, 2, 1)));
    CHECK(memcmp(expected, got, sizeof got) == 0 && memcmp(expected, more, sizeof more) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_train(&fresh, X, ffnn_view(more, 2, 1), 0.1f, NULL));
    ffnn_free(&net);
    ffnn_free(&loaded);
    ffnn_free(&fresh);
}

static void test_saving_to_memory_never_writes_too_much(void) {
    enum { MARGIN = 16, GUARD = 0x5a };
    unsigned char buffer[300];
    size_t needed = 0, size;
    ffnn_net net;
    make_network(&net, lab_sizes, 1);
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, NULL, 0, &needed));
    CHECK(needed == 8 + 0x78 + 64);
    size = 0;
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, NULL, SIZE_MAX, &size));
    CHECK(size == needed);
    for (size_t capacity = 0; capacity <= needed + MARGIN; ++capacity) {
        size_t written = capacity >= needed ? needed : 0;
        test_case("capacity %d", (int)capacity);
        memset(buffer, GUARD, sizeof buffer);
        size = 0;
        CHECK_STATUS(capacity >= needed ? FFNN_OK : FFNN_ERROR_ARGUMENT,
                     ffnn_save_memory(&net, buffer, capacity, &size));
        CHECK(size == needed);
        for (size_t i = written; i < sizeof buffer; ++i) CHECK(buffer[i] == GUARD);
    }
    ffnn_free(&net);
}

/* From any address. */
static void test_loading_from_unaligned_memory(void) {
    unsigned char moved[300];
    ffnn_net net, other;
    make_network(&net, lab_sizes, 1);
    bytes file = saved(&net);
    for (size_t shift = 0; shift < 8; ++shift) {
        test_case("shifted by %d", (int)shift);
        memcpy(moved + shift, file.data, file.size);
        make_network(&other, lab_sizes, 2);
        CHECK_STATUS(FFNN_OK, ffnn_load_memory(&other, moved + shift, file.size));
        CHECK(same_weights(&net, &other));
        ffnn_free(&other);
        CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, moved + shift, file.size, &file.size));
        CHECK(memcmp(moved + shift, file.data, file.size) == 0);
    }
    free(file.data);
    ffnn_free(&net);
}

/* ---- files from PyTorch ------------------------------------------------------------------ */

static void test_pytorchs_files_are_loaded(void) {
    for (size_t i = 0; i < COUNT_OF(weights_cases); ++i) {
        size_t sizes[COUNT_OF(weights_cases[i].sizes) + 1] = {0};
        test_case("%s", weights_cases[i].path);
        memcpy(sizes, weights_cases[i].sizes, sizeof weights_cases[i].sizes);
        bytes file = read_file(weights_cases[i].path);
        CHECK(file.data != NULL);
        if (file.data != NULL) check_loaded(sizes, file, weights_cases[i].bits);
        free(file.data);
    }
}

/* Byte for byte what save_file would have written, but for its metadata; halves are saved as
   floats. */
static void test_pytorchs_files_are_written(void) {
    static const char *const others[] = {"metadata", "half", "mixed"};
    for (size_t i = 0; i < COUNT_OF(weights_cases); ++i) {
        ffnn_net net;
        bool is_other = false;
        test_case("%s", weights_cases[i].path);
        for (size_t k = 0; k < COUNT_OF(others); ++k)
            is_other |= strstr(weights_cases[i].path, others[k]) != NULL;
        if (is_other) continue;
        CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&net, weights_cases[i].path));
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SCRATCH_FILE));
        bytes file = read_file(weights_cases[i].path);
        CHECK(file_is(SCRATCH_FILE, file.data, file.size));
        free(file.data);
        ffnn_free(&net);
    }
}

static void test_other_tensors_from_pytorch_are_mismatches(void) {
    ffnn_net net;
    make_network(&net, lab_sizes, 1);
    for (size_t i = 0; i < COUNT_OF(mismatched_files); ++i) {
        test_case("%s", mismatched_files[i]);
        bytes file = read_file(mismatched_files[i]);
        CHECK(file.data != NULL);
        if (file.data != NULL)
            check_not_loaded(&net, file, FFNN_ERROR_MISMATCH, FFNN_ERROR_MISMATCH);
        free(file.data);
    }
    ffnn_free(&net);
}

/* ---- files made by hand ------------------------------------------------------------------ */

/* The reference implementation judges all of these files as it is said here, but for two that are
   stricter: it would follow 125 brackets, and take a tensor that is the list of its fields.

   In the texts below ` stands for a double quote and ~ for a zero byte. They describe W1, 2 x 1,
   and sometimes W2, 1 x 1; the data is 1, 2, 3, ... */
static const size_t one_layer[] = {2, 1, 0}, two_layers[] = {2, 1, 1, 0};

static bytes make_file(const char *text, size_t data_size) {
    size_t length = strlen(text);
    bytes file;
    file.size = 8 + length + data_size;
    file.data = (unsigned char *)calloc(file.size, 1);
    set_header_size(file.data, length);
    for (size_t i = 0; i < length; ++i)
        file.data[8 + i] = (unsigned char)(text[i] == '`' ? '"' : text[i] == '~' ? '\0' : text[i]);
    for (size_t i = 0; i < data_size / 4; ++i) {
        float value = (float)(i + 1);
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        for (size_t k = 0; k < 4; ++k)
            file.data[8 + length + 4 * i + k] = (unsigned char)(bits >> (8 * k));
    }
    return file;
}

#define DTYPE   "`dtype`:`F32`"
#define SHAPE   "`shape`:[2,1]"
#define OFFSETS "`data_offsets`:[0,8]"
#define TENSOR(dtype, shape, offsets) \
    "{`dtype`:`" dtype "`,`shape`:[" shape "],`data_offsets`:[" offsets "]}"
#define W1      "`W1`:" TENSOR("F32", "2,1", "0,8")
#define W2      "`W2`:" TENSOR("F32", "1,1", "8,12")
#define ENTRY(fields)    "{`W1`:{" fields "}}"
#define WITH(field)      ENTRY(DTYPE "," SHAPE "," OFFSETS "," field)
#define OFFSETS_OF(list) ENTRY(DTYPE "," SHAPE ",`data_offsets`:" list)
#define SHAPE_OF(list)   ENTRY(DTYPE "," OFFSETS ",`shape`:" list)
#define DTYPE_OF(value)  ENTRY(SHAPE "," OFFSETS ",`dtype`:" value)

#define NESTED_8(inner)  "[[[[[[[[" inner "]]]]]]]]"
#define NESTED_64(inner) NESTED_8(NESTED_8(NESTED_8(NESTED_8(NESTED_8(NESTED_8(NESTED_8(NESTED_8( \
                             inner))))))))

static const struct {
    const char *rule, *text;
    size_t data_size;
} refused[] = {
    {"no JSON at all", "", 8},
    {"only white space", "   ", 8},
    {"no object", "[]", 0},
    {"no object", "null", 0},
    {"no object", "`W1`", 0},
    {"not ended", "{" W1, 8},
    {"not ended in a string", "{`W1", 0},
    {"not ended in a number", "{`W1`:{`shape`:[1", 0},

    {"a comma after the last tensor", "{" W1 ",}", 8},
    {"a comma before the first tensor", "{," W1 "}", 8},
    {"a comma after the last field", ENTRY(DTYPE "," SHAPE "," OFFSETS ","), 8},
    {"a comma after the last size", SHAPE_OF("[2,1,]"), 8},
    {"a comma too many", "{" W1 ",," W2 "}", 12},
    {"no comma between tensors", "{" W1 W2 "}", 12},
    {"no comma between fields", ENTRY(DTYPE SHAPE "," OFFSETS), 8},
    {"no comma between sizes", SHAPE_OF("[2 1]"), 8},
    {"no colon", "{`W1`" TENSOR("F32", "2,1", "0,8") "}", 8},
    {"a bracket closed by a brace", SHAPE_OF("[2,1}"), 8},
    {"single quotes", "{'W1':" TENSOR("F32", "2,1", "0,8") "}", 8},
    {"no quotes", "{W1:" TENSOR("F32", "2,1", "0,8") "}", 8},
    {"a comment", "{" W1 "/* */}", 8},
    {"a line comment", "{" W1 "//\n}", 8},
    {"text after the brace", "{" W1 "}x", 8},
    {"a second object after the brace", "{" W1 "}{}", 8},
    {"a second brace", "{" W1 "}}", 8},
    {"a comma after the brace", "{" W1 "},", 8},
    {"zero bytes as padding", "{" W1 "}~~~", 8},
    {"a zero byte before the brace", "~{" W1 "}", 8},
    {"a form feed is no white space", "{" W1 "}\f", 8},
    {"a vertical tab is no white space", "\v{" W1 "}", 8},
    {"a no-break space is no white space", "{" W1 "}\xc2\xa0", 8},
    {"a byte order mark", "\xef\xbb\xbf{" W1 "}", 8},

    {"a leading zero", SHAPE_OF("[02,1]"), 8},
    {"two zeros", OFFSETS_OF("[00,8]"), 8},
    {"a plus sign", SHAPE_OF("[+2,1]"), 8},
    {"hexadecimal", SHAPE_OF("[0x2,1]"), 8},
    {"a leading zero where it is ignored", WITH("`x`:01"), 8},
    {"a minus sign alone where it is ignored", WITH("`x`:-"), 8},
    {"a plus sign where it is ignored", WITH("`x`:+1"), 8},
    {"no digit before the point", WITH("`x`:.5"), 8},
    {"no digit after the point", WITH("`x`:5."), 8},
    {"no digit in the exponent", WITH("`x`:5e"), 8},
    {"no digit in the signed exponent", WITH("`x`:5e+"), 8},
    {"NaN is no JSON", WITH("`x`:NaN"), 8},
    {"Infinity is no JSON", WITH("`x`:-Infinity"), 8},
    {"a word that JSON does not know", WITH("`x`:nul"), 8},
    {"a word too long", WITH("`x`:truely"), 8},
    {"True is no JSON", WITH("`x`:True"), 8},
    {"nothing after a colon", WITH("`x`:"), 8},
    {"a comma in an ignored list", WITH("`x`:[1,]"), 8},
    {"a comma in an ignored object", WITH("`x`:{`a`:1,}"), 8},
    {"an ignored object without a name", WITH("`x`:{1:1}"), 8},
    {"an ignored object without a value", WITH("`x`:{`a`}"), 8},
    {"an ignored list closed by a brace", WITH("`x`:[1}"), 8},
    {"an ignored list that is not closed", WITH("`x`:[[1]"), 8},
    {"nesting that a reader need not follow", WITH("`x`:[" NESTED_64("") "]"), 8},

    {"another tensor of the wrong size", "{" W1 ",`x`:" TENSOR("F32", "2", "8,12") "}", 12},

    {"a tab in a string", WITH("`x`:`\t`"), 8},
    {"a newline in a string", WITH("`x`:`\n`"), 8},
    {"a zero byte in a string", WITH("`x`:`~`"), 8},
    {"a zero byte in a name", "{`W1~`:" TENSOR("F32", "2,1", "0,8") "}", 8},
    {"a control character in a name", "{`W1\x1f`:" TENSOR("F32", "2,1", "0,8") "}", 8},
    {"an escape that JSON does not know", WITH("`x`:`\\x41`"), 8},
    {"an escaped single quote", WITH("`x`:`\\'`"), 8},
    {"an escaped zero byte", WITH("`x`:`\\~`"), 8},
    {"too few digits", WITH("`x`:`\\u12`"), 8},
    {"digits that are none", WITH("`x`:`\\u12g4`"), 8},
    {"a capital U", WITH("`x`:`\\U0041`"), 8},
    {"a lone high surrogate", WITH("`x`:`\\ud800`"), 8},
    {"a high surrogate before a letter", WITH("`x`:`\\ud800a`"), 8},
    {"a high surrogate before another escape", WITH("`x`:`\\ud800\\n`"), 8},
    {"two high surrogates", WITH("`x`:`\\ud800\\ud800`"), 8},
    {"a high surrogate before a character that is none", WITH("`x`:`\\ud800\\ue000`"), 8},
    {"a lone low surrogate", WITH("`x`:`\\udc00`"), 8},
    {"surrogates the wrong way round", WITH("`x`:`\\udc00\\ud800`"), 8},
    {"a lone surrogate in a tensor's name",
     "{`\\udfff`:" TENSOR("F32", "2,1", "0,8") "}", 8},

    {"not UTF-8: a byte that none begins with", WITH("`x`:`\xff`"), 8},
    {"not UTF-8: a continuation alone", WITH("`x`:`\x80`"), 8},
    {"not UTF-8: no continuation", WITH("`x`:`\xc3`"), 8},
    {"not UTF-8: one continuation too few", WITH("`x`:`\xe2\x82`"), 8},
    {"not UTF-8: too long for a slash", WITH("`x`:`\xc0\xaf`"), 8},
    {"not UTF-8: three bytes where two do", WITH("`x`:`\xe0\x80\xaf`"), 8},
    {"not UTF-8: four bytes where three do", WITH("`x`:`\xf0\x80\x80\xaf`"), 8},
    {"not UTF-8: a surrogate", WITH("`x`:`\xed\xa0\x80`"), 8},
    {"not UTF-8: above U+10FFFF", WITH("`x`:`\xf4\x90\x80\x80`"), 8},
    {"not UTF-8: five bytes", WITH("`x`:`\xf8\x88\x80\x80\x80`"), 8},
    {"not UTF-8 in a name", "{`W1\xff`:" TENSOR("F32", "2,1", "0,8") "}", 8},
    {"not UTF-8 outside of strings", "{" W1 "}\xff", 8},

    {"a tensor that is no object", "{`W1`:[]}", 0},
    {"a tensor that is no object", "{`W1`:null}", 0},
    {"a tensor that is no object", "{`W1`:`F32`}", 0},
    {"a tensor that is no object", "{`W1`:1}", 0},
    {"a tensor that is no object", "{`W1`:[`F32`,[2,1],[0,8]]}", 8},
    {"another tensor that is no object", "{" W1 ",`x`:1}", 8},
    {"no field at all", "{`W1`:{}}", 0},
    {"no dtype", ENTRY(SHAPE "," OFFSETS), 8},
    {"no shape", ENTRY(DTYPE "," OFFSETS), 8},
    {"no data_offsets", ENTRY(DTYPE "," SHAPE), 8},
    {"fields of another case", ENTRY("`Dtype`:`F32`," SHAPE "," OFFSETS), 8},
    {"dtype twice", WITH(DTYPE), 8},
    {"shape twice", WITH(SHAPE), 8},
    {"data_offsets twice", WITH(OFFSETS), 8},
    {"shape twice, once with an escape", WITH("`sh\\u0061pe`:[2,1]"), 8},

    {"a dtype that is not known", DTYPE_OF("`F31`"), 8},
    {"a dtype in small letters", DTYPE_OF("`f32`"), 8},
    {"a dtype with a space", DTYPE_OF("`F32 `"), 8},
    {"PyTorch's name for the dtype", DTYPE_OF("`float32`"), 8},
    {"an empty dtype", DTYPE_OF("``"), 8},
    {"a dtype that is no string", DTYPE_OF("32"), 8},
    {"a dtype that is no string", DTYPE_OF("null"), 8},
    {"a dtype that is no string", DTYPE_OF("[`F32`]"), 8},
    {"a very long dtype", DTYPE_OF("`F32F32F32F32F32F32F32F32F32F32F32F32F32F32F32F32F32`"), 8},

    {"a shape that is no list", SHAPE_OF("2"), 8},
    {"a shape that is no list", SHAPE_OF("null"), 8},
    {"a shape that is no list", SHAPE_OF("{}"), 8},
    {"a shape that is no list", SHAPE_OF("`2,1`"), 8},
    {"a size that is no number", SHAPE_OF("[`2`,1]"), 8},
    {"a size that is no number", SHAPE_OF("[null,1]"), 8},
    {"a size that is no number", SHAPE_OF("[[2],1]"), 8},
    {"a size that is no number", SHAPE_OF("[true,1]"), 8},
    {"a size with a point", SHAPE_OF("[2.0,1]"), 8},
    {"a size with an exponent", SHAPE_OF("[2e0,1]"), 8},
    {"a negative size", SHAPE_OF("[-2,-1]"), 8},
    {"a negative zero", OFFSETS_OF("[-0,8]"), 8},
    {"2^64", SHAPE_OF("[18446744073709551616,0]"), 0},
    {"2^64 and more", SHAPE_OF("[99999999999999999999999,0]"), 0},
    {"2^64 + 2, which is 2 again", SHAPE_OF("[18446744073709551618,1]"), 8},
    {"offsets that are no list", OFFSETS_OF("8"), 8},
    {"offsets that are no list", OFFSETS_OF("{}"), 8},
    {"no offset", OFFSETS_OF("[]"), 8},
    {"one offset", OFFSETS_OF("[8]"), 8},
    {"three offsets", OFFSETS_OF("[0,8,8]"), 8},
    {"an offset with a point", OFFSETS_OF("[0,8.0]"), 8},
    {"an offset with an exponent", OFFSETS_OF("[0,8e0]"), 8},
    {"an offset that is no number", OFFSETS_OF("[0,`8`]"), 8},
    {"an offset that is no number", OFFSETS_OF("[null,8]"), 8},
    {"a negative offset", OFFSETS_OF("[-8,0]"), 8},
    {"an offset of 2^64", OFFSETS_OF("[18446744073709551616,18446744073709551624]"), 8},

    {"an element count that overflows", SHAPE_OF("[9223372036854775808,2,2]"), 8},
    {"an element count that overflows before a zero", SHAPE_OF("[9223372036854775808,2,0]"), 0},
    {"an element count of 2^64 + 2", SHAPE_OF("[2,9223372036854775809]"), 8},
    {"a byte count that overflows to 8", SHAPE_OF("[4611686018427387906,1]"), 8},
    {"a bit count that overflows", SHAPE_OF("[576460752303423490,1]"), 8},
    {"elements that do not end with a byte",
     "{`W1`:" TENSOR("F4", "1,1", "0,1") "}", 1},

    {"more bytes than the shape has", OFFSETS_OF("[0,12]"), 12},
    {"fewer bytes than the shape has", OFFSETS_OF("[0,4]"), 4},
    {"offsets the wrong way round", OFFSETS_OF("[8,0]"), 8},
    {"another dtype's byte count", DTYPE_OF("`F64`"), 8},
    {"a number has one element", SHAPE_OF("[]"), 8},
    {"not from 0", OFFSETS_OF("[4,12]"), 12},
    {"not to the end", "{" W1 "}", 12},
    {"past the end", "{" W1 "}", 7},
    {"no data", "{" W1 "}", 0},
    {"data without a tensor", "{}", 8},
    {"data of no tensor", "{`W1`:" TENSOR("F32", "0,1", "0,0") "}", 8},
    {"a hole", "{" W1 ",`W2`:" TENSOR("F32", "1,1", "12,16") "}", 16},
    {"an overlap", "{" W1 ",`W2`:" TENSOR("F32", "1,1", "4,8") "}", 8},
    {"an overlap in the middle", "{" W1 ",`W2`:" TENSOR("F32", "1,1", "4,8") "}", 12},
    {"the same bytes twice", "{`W1`:" TENSOR("F32", "1,1", "0,4") ",`W2`:"
     TENSOR("F32", "1,1", "0,4") "}", 4},
    {"an overlap as large as a hole", "{" W1 ",`W2`:" TENSOR("F32", "2,1", "4,12") ",`W3`:"
     TENSOR("F32", "1,1", "16,20") "}", 20},
    {"a hole before another tensor", "{" W1 ",`x`:" TENSOR("F32", "1,1", "12,16") "}", 16},
    {"no elements inside of another tensor", "{" W1 ",`W2`:" TENSOR("F32", "0,1", "4,4") "}", 8},
    {"no elements past the end", "{" W1 ",`x`:" TENSOR("F32", "0,1", "12,12") "}", 8},
    {"another tensor past the end", "{" W1 ",`x`:" TENSOR("U8", "9", "8,17") "}", 16},
    {"another tensor of no known dtype", "{" W1 ",`x`:" TENSOR("Q8", "8", "8,16") "}", 16},

    {"metadata twice", "{`__metadata__`:{},`__metadata__`:{}," W1 "}", 8},
    {"metadata twice, once null", "{`__metadata__`:null,`__metadata__`:{}," W1 "}", 8},
    {"metadata with a number", "{`__metadata__`:{`a`:1}," W1 "}", 8},
    {"metadata with null", "{`__metadata__`:{`a`:null}," W1 "}", 8},
    {"metadata with an object", "{`__metadata__`:{`a`:{}}," W1 "}", 8},
    {"metadata with a list", "{`__metadata__`:{`a`:[`b`]}," W1 "}", 8},
    {"metadata that is a list", "{`__metadata__`:[]," W1 "}", 8},
    {"metadata that is a string", "{`__metadata__`:``," W1 "}", 8},
    {"metadata that is a number", "{`__metadata__`:0," W1 "}", 8},
    {"metadata with a comma at its end", "{`__metadata__`:{`a`:`b`,}," W1 "}", 8},
    {"metadata with a bad escape", "{`__metadata__`:{`a`:`\\q`}," W1 "}", 8},
    {"metadata in escapes, with a number", "{`__metadat\\u0061__`:{`a`:1}," W1 "}", 8},
    {"metadata that is a tensor", "{`__metadata__`:" TENSOR("F32", "2,1", "0,8") "}", 8},
};

static void test_malformed_files_are_refused(void) {
    ffnn_net one, two;
    make_network(&one, one_layer, 1);
    make_network(&two, two_layers, 1);
    for (size_t i = 0; i < COUNT_OF(refused); ++i) {
        test_case("%s", refused[i].rule);
        bytes file = make_file(refused[i].text, refused[i].data_size);
        check_not_loaded(&one, file, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT);
        check_not_loaded(&two, file, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT);
        free(file.data);
    }
    ffnn_free(&one);
    ffnn_free(&two);
}

/* Malformed, or not, among tensors that no network has: the file is refused for one reason or for
   the other, and a reader need not remember all of them to tell which. */
static const struct {
    const char *name, *text;
    size_t data_size;
} strangers[] = {
    {"one overlaps, as much as is left out", "{" W1 ",`x`:" TENSOR("F32", "2,1", "0,8")
     ",`y`:" TENSOR("F32", "1,1", "16,20") "}", 20},
    {"two overlap, as much as is left out", "{`x`:" TENSOR("F32", "1,1", "0,4") ",`y`:"
     TENSOR("F32", "1,1", "0,4") ",`z`:" TENSOR("F32", "1,1", "8,12") "}", 12},
    {"one without elements inside of W1", "{" W1 ",`x`:" TENSOR("F32", "0,1", "4,4") "}", 8},
    {"the same name twice", "{" W1 ",`x`:" TENSOR("F32", "9", "0,36") ",`x`:"
     TENSOR("F32", "1", "8,12") "}", 12},
};

static void test_malformed_strangers_are_refused(void) {
    ffnn_net net;
    make_network(&net, one_layer, 1);
    for (size_t i = 0; i < COUNT_OF(strangers); ++i) {
        ffnn_status status;
        test_case("%s", strangers[i].name);
        bytes file = make_file(strangers[i].text, strangers[i].data_size);
        status = ffnn_load_memory(&net, file.data, file.size);
        CHECK(status == FFNN_ERROR_FORMAT || status == FFNN_ERROR_MISMATCH);
        check_not_loaded(&net, file, status, status);
        free(file.data);
    }
    ffnn_free(&net);
}

static const struct {
    const char *name, *text;
    const size_t *sizes;
    float weights[3];               /* W1, then W2, as the data 1, 2, 3 is spread over them */
} accepted[] = {
    {"no padding", "{" W1 "}", one_layer, {1, 2}},
    {"any number of spaces", "{" W1 "}                   ", one_layer, {1, 2}},
    {"white space before and after", " \t\r\n{" W1 "}\n\r\t ", one_layer, {1, 2}},
    {"white space everywhere",
     "{ `W1`\n:\t{ `dtype` : `F32` ,\r\n`shape` : [ 2 , 1 ] , `data_offsets` : [ 0 , 8 ] } }",
     one_layer, {1, 2}},
    {"fields in another order", ENTRY(OFFSETS "," DTYPE "," SHAPE), one_layer, {1, 2}},
    {"two tensors", "{" W1 "," W2 "}", two_layers, {1, 2, 3}},
    {"two tensors in another order", "{" W2 "," W1 "}", two_layers, {1, 2, 3}},
    {"data in another order", "{`W1`:" TENSOR("F32", "2,1", "4,12") ",`W2`:"
     TENSOR("F32", "1,1", "0,4") "}", two_layers, {2, 3, 1}},
    {"both in another order", "{`W2`:" TENSOR("F32", "1,1", "0,4") ",`W1`:"
     TENSOR("F32", "2,1", "4,12") "}", two_layers, {2, 3, 1}},

    {"metadata", "{`__metadata__`:{`format`:`pt`}," W1 "}", one_layer, {1, 2}},
    {"metadata in the end", "{" W1 ",`__metadata__`:{`a`:`b`,`c`:``}}", one_layer, {1, 2}},
    {"metadata without entries", "{`__metadata__`:{}," W1 "}", one_layer, {1, 2}},
    {"metadata that is null", "{`__metadata__`:null," W1 "}", one_layer, {1, 2}},
    {"metadata with a key twice", "{`__metadata__`:{`a`:`1`,`a`:`2`}," W1 "}", one_layer, {1, 2}},
    {"metadata that describes a tensor", "{`__metadata__`:{`W1`:`{}`,`dtype`:`F64`}," W1 "}",
     one_layer, {1, 2}},
    {"metadata in escapes", "{`__metadat\\u0061__`:{}," W1 "}", one_layer, {1, 2}},

    {"an escaped name", "{`\\u0057\\u0031`:" TENSOR("F32", "2,1", "0,8") "}", one_layer, {1, 2}},
    {"an escaped dtype", DTYPE_OF("`F\\u00332`"), one_layer, {1, 2}},
    {"escaped fields", ENTRY("`\\u0064type`:`F32`,`s\\u0068ape`:[2,1],`data\\u005Foffsets`:[0,8]"),
     one_layer, {1, 2}},
    {"a field that is not known", WITH("`x`:1"), one_layer, {1, 2}},
    {"such a field first", ENTRY("`x`:{`shape`:[9]}," DTYPE "," SHAPE "," OFFSETS), one_layer,
     {1, 2}},
    {"such fields of any kind", WITH("`a`:-0.5e-3,`b`:[],`c`:{},`d`:true,`e`:[null,false,``,{`f`:"
     "[[1],{}]}],`g`:0,`h`:-1,`i`:1E+2,`j`:123456789012345678901234567890,`k`:0.0,`l`:-0"),
     one_layer, {1, 2}},
    {"such a field twice", WITH("`x`:1,`x`:2"), one_layer, {1, 2}},
    {"such a field without a name", WITH("``:1"), one_layer, {1, 2}},
    {"such a field with braces in a string", WITH("`x`:`}]\\`{[`"), one_layer, {1, 2}},
    {"such a field 64 deep", WITH("`x`:" NESTED_64("")), one_layer, {1, 2}},
    {"every escape", WITH("`x`:`\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uABCD\\uabcd\\ud83d\\ude00`"),
     one_layer, {1, 2}},
    {"the ends of the surrogates", WITH("`x`:`\\ud800\\udc00\\udbff\\udfff\\ud7ff\\ue000`"),
     one_layer, {1, 2}},
    {"UTF-8 of one to four bytes", WITH("`x`:`\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee"
     "\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf`"), one_layer, {1, 2}},
    {"a very long name", WITH("`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`:1"), one_layer,
     {1, 2}},

    {"a name twice: the last one counts", "{`W1`:" TENSOR("F32", "1,1", "0,4") "," W1 "}",
     one_layer, {1, 2}},
    {"a name twice: the first one's place does not count",
     "{`W1`:" TENSOR("F32", "2,1", "800,808") "," W1 "}", one_layer, {1, 2}},
    {"a name twice: nor does its size", "{`W1`:" TENSOR("F32", "2,1", "0,4") "," W1 "}",
     one_layer, {1, 2}},
    {"a name twice, once in escapes", "{`\\u00571`:" TENSOR("F64", "1", "0,8") "," W1 "}",
     one_layer, {1, 2}},
};

static void test_well_formed_oddities_are_accepted(void) {
    for (size_t i = 0; i < COUNT_OF(accepted); ++i) {
        test_case("%s", accepted[i].name);
        bytes file = make_file(accepted[i].text, accepted[i].sizes == one_layer ? 8 : 12);
        check_loaded(accepted[i].sizes, file, accepted[i].weights);
        free(file.data);
    }
}

static const struct {
    const char *name, *text;
    size_t data_size;
    ffnn_status init;               /* of ffnn_init_from_file; loading is a mismatch in any case */
} mismatched[] = {
    {"no tensor", "{}", 0, FFNN_ERROR_MISMATCH},
    {"no tensor but metadata", "{`__metadata__`:{`format`:`pt`}}", 0, FFNN_ERROR_MISMATCH},
    {"one layer too many", "{" W1 "," W2 "}", 12, FFNN_OK},
    {"another shape", "{`W1`:" TENSOR("F32", "1,2", "0,8") "}", 8, FFNN_OK},
    {"more rows", "{`W1`:" TENSOR("F32", "3,1", "0,12") "}", 12, FFNN_OK},
    {"a vector", "{`W1`:" TENSOR("F32", "2", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"a number", "{`W1`:" TENSOR("F32", "", "0,4") "}", 4, FFNN_ERROR_MISMATCH},
    {"three dimensions", "{`W1`:" TENSOR("F32", "2,1,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"no rows", "{`W1`:" TENSOR("F32", "0,1", "0,0") "}", 0, FFNN_ERROR_MISMATCH},
    {"no columns, many rows", "{`W1`:" TENSOR("F32", "18446744073709551615,0", "0,0") "}", 0,
     FFNN_ERROR_MISMATCH},
    {"a zero before what would overflow",
     "{`W1`:" TENSOR("F32", "0,9223372036854775808,4", "0,0") "}", 0, FFNN_ERROR_MISMATCH},
    {"another dtype of the same size", DTYPE_OF("`I32`"), 8, FFNN_ERROR_MISMATCH},
    {"another name", "{`w1`:" TENSOR("F32", "2,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"W0", "{`W0`:" TENSOR("F32", "2,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"W01", "{`W01`:" TENSOR("F32", "2,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"W", "{`W`:" TENSOR("F32", "2,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"a space before W1", "{` W1`:" TENSOR("F32", "2,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"a space after W1", "{`W1 `:" TENSOR("F32", "2,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"a zero character after W1", "{`W1\\u0000`:" TENSOR("F32", "2,1", "0,8") "}", 8,
     FFNN_ERROR_MISMATCH},
    {"no name", "{``:" TENSOR("F32", "2,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"W2 without W1", "{`W2`:" TENSOR("F32", "2,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"W1 and W3", "{" W1 ",`W3`:" TENSOR("F32", "1,1", "8,12") "}", 12, FFNN_ERROR_MISMATCH},
    {"W4294967297", "{`W4294967297`:" TENSOR("F32", "2,1", "0,8") "}", 8, FFNN_ERROR_MISMATCH},
    {"W18446744073709551617", "{`W18446744073709551617`:" TENSOR("F32", "2,1", "0,8") "}", 8,
     FFNN_ERROR_MISMATCH},
    {"a bias", "{" W1 ",`b1`:" TENSOR("F32", "1", "8,12") "}", 12, FFNN_ERROR_MISMATCH},
    {"another tensor without elements", "{" W1 ",`x`:" TENSOR("F32", "0", "8,8") "}", 8,
     FFNN_ERROR_MISMATCH},
    {"layers that do not chain", "{" W1 ",`W2`:" TENSOR("F32", "2,1", "8,16") "}", 16,
     FFNN_ERROR_MISMATCH},
    {"a name twice: the last one counts", "{" W1 ",`W1`:" TENSOR("F32", "1,2", "0,8") "}", 8,
     FFNN_OK},
};

static void test_other_tensors_are_mismatches(void) {
    ffnn_net net;
    make_network(&net, one_layer, 1);
    for (size_t i = 0; i < COUNT_OF(mismatched); ++i) {
        test_case("%s", mismatched[i].name);
        bytes file = make_file(mismatched[i].text, mismatched[i].data_size);
        check_not_loaded(&net, file, FFNN_ERROR_MISMATCH, mismatched[i].init);
        free(file.data);
    }
    test_case("one layer too few");
    ffnn_free(&net);
    make_network(&net, two_layers, 1);
    bytes file = make_file("{" W1 "}", 8);
    check_not_loaded(&net, file, FFNN_ERROR_MISMATCH, FFNN_OK);
    free(file.data);
    ffnn_free(&net);
}

static void test_every_dtype_is_known(void) {
    static const struct {
        const char *dtype;
        size_t bits;
    } known[] = {
        {"BOOL", 8}, {"F4", 4}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8}, {"I8", 8},
        {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
        {"F8_E5M2FNUZ", 8}, {"I16", 16}, {"U16", 16}, {"F16", 16}, {"BF16", 16}, {"I32", 32},
        {"U32", 32}, {"C64", 64}, {"F64", 64}, {"I64", 64}, {"U64", 64},
    };
    static const char *const loaded[] = {"F16", "BF16", "F64"}; /* beside F32: become floats */
    ffnn_net net;
    make_network(&net, one_layer, 1);
    for (size_t i = 0; i < COUNT_OF(known); ++i) {
        char text[120];
        ffnn_status init = FFNN_ERROR_MISMATCH;
        for (size_t k = 0; k < COUNT_OF(loaded); ++k)
            if (strcmp(known[i].dtype, loaded[k]) == 0) init = FFNN_OK;
        test_case("%s", known[i].dtype);
        snprintf(text, sizeof text, "{`W1`:" TENSOR("%s", "4,1", "0,%d") "}", known[i].dtype,
                 (int)(4 * known[i].bits / 8));
        bytes file = make_file(text, 4 * known[i].bits / 8);
        check_not_loaded(&net, file, FFNN_ERROR_MISMATCH, init);
        free(file.data);
        file = make_file(text, 4 * known[i].bits / 8 + 1);
        check_not_loaded(&net, file, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT);
        free(file.data);
    }
    ffnn_free(&net);
}

/* Well formed, but more than an ffnn_net can have; with one layer missing, no network at all. */
static void test_too_many_layers(void) {
    ffnn_net net;
    make_network(&net, one_layer, 1);
    for (int missing = 0; missing <= FFNN_MAX_LAYERS; ++missing) { /* 0: none is */
        char text[(FFNN_MAX_LAYERS + 2) * 80] = "{";
        int begin = 0;
        for (int i = 1; i <= FFNN_MAX_LAYERS + 1; ++i) {
            if (i == missing) continue;
            snprintf(text + strlen(text), sizeof text - strlen(text),
                     "%s`W%d`:" TENSOR("F32", "1,1", "%d,%d"), begin == 0 ? "" : ",", i, begin,
                     begin + 4);
            begin += 4;
        }
        strcat(text, "}");
        bytes file = make_file(text, (size_t)begin);
        test_case("W%d is missing", missing);
        check_not_loaded(&net, file, FFNN_ERROR_MISMATCH,
                         missing == 0 ? FFNN_ERROR_ARGUMENT : FFNN_ERROR_MISMATCH);
        free(file.data);
    }
    ffnn_free(&net);
}

static void test_header_lengths_that_lie(void) {
    static const uint64_t lengths[] = {0, 1, 60, 62, 64, 69, 70, 1000, 99999999, 100000000,
                                       100000001, UINT32_MAX, UINT64_C(1) << 32,
                                       (UINT64_C(1) << 32) + 61, UINT64_C(1) << 63,
                                       UINT64_MAX - 8, UINT64_MAX - 7, UINT64_MAX};
    ffnn_net net;
    make_network(&net, one_layer, 1);
    bytes file = make_file("{" W1 "}", 8);
    for (size_t i = 0; i < COUNT_OF(lengths); ++i) {
        test_case("a length of %lu", (unsigned long)lengths[i]);
        CHECK(lengths[i] != file.size - 16);
        set_header_size(file.data, lengths[i]);
        check_not_loaded(&net, file, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT);
    }
    free(file.data);
    ffnn_free(&net);
}

/* The largest header that the reference reader takes, and one byte more. */
static void test_the_largest_header(void) {
    const size_t largest = 100000000;
    bytes file, small = make_file("{" W1 "}", 8);
    ffnn_net net;
    make_network(&net, one_layer, 1);
    file.data = (unsigned char *)malloc(8 + largest + 1 + 8);
    if (file.data == NULL) {
        test_skip("no memory for a header of 100 MB");
    } else {
        memset(file.data, ' ', 8 + largest + 1 + 8);
        memcpy(file.data + 8, small.data + 8, small.size - 16);
        for (size_t more = 0; more <= 1; ++more) {
            test_case("%d bytes too many", (int)more);
            set_header_size(file.data, largest + more);
            CHECK_STATUS(more == 0 ? FFNN_OK : FFNN_ERROR_FORMAT,
                         ffnn_load_memory(&net, file.data, 8 + largest + more + 8));
        }
    }
    free(file.data);
    free(small.data);
    ffnn_free(&net);
}

static void test_truncated_files_are_refused(void) {
    ffnn_net net, other;
    make_network(&net, lab_sizes, 1);
    make_network(&other, lab_sizes, 2);
    bytes whole = saved(&other);
    for (bytes part = whole; part.size > 0;) {
        part.size--;
        test_case("%d bytes of %d", (int)part.size, (int)whole.size);
        check_not_loaded(&net, part, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT);
    }
    test_case("a byte too many");
    bytes longer = {(unsigned char *)calloc(whole.size + 1, 1), whole.size + 1};
    memcpy(longer.data, whole.data, whole.size);
    check_not_loaded(&net, longer, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT);
    free(longer.data);
    free(whole.data);
    ffnn_free(&net);
    ffnn_free(&other);
}

/* Whatever comes of it: a network that is not loaded keeps its weights. */
static void test_damaged_headers_do_no_harm(void) {
    ffnn_net net, other;
    float before[MAX_WEIGHTS];
    size_t loaded = 0, kept = 0;
    make_network(&net, lab_sizes, 1);
    make_network(&other, lab_sizes, 2);
    bytes file = saved(&other);
    copy_weights(&net, before);
    for (size_t i = 0; i < file.size - 64; ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            ffnn_status status;
            test_case("byte %d, bit %d", (int)i, bit);
            file.data[i] ^= (unsigned char)(1 << bit);
            status = ffnn_load_memory(&net, file.data, file.size);
            file.data[i] ^= (unsigned char)(1 << bit);
            CHECK(status == FFNN_OK || status == FFNN_ERROR_FORMAT
                  || status == FFNN_ERROR_MISMATCH);
            CHECK(has_weights(&net, before) == (status != FFNN_OK));
            loaded += status == FFNN_OK;
            kept += status != FFNN_OK;
            if (status == FFNN_OK) {
                memcpy(net.layers[0].weight.data, before, 12 * sizeof *before);
                memcpy(net.layers[1].weight.data, before + 12, 4 * sizeof *before);
            }
        }
    }
    CHECK(loaded == 0 && kept > 1000);       /* no single bit is without meaning: even padding */
    free(file.data);
    ffnn_free(&net);
    ffnn_free(&other);
}

/* ---- refusals and failures --------------------------------------------------------------- */

static void check_unusable(ffnn_net *net) {
    size_t size = 7;
    unsigned char data[8] = {0};
    remove(SCRATCH_FILE);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save(net, SCRATCH_FILE));
    CHECK(!file_exists(SCRATCH_FILE));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load(net, "tests/reference/lab.safetensors"));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_memory(net, NULL, 0, &size));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_memory(net, data, sizeof data, &size));
    CHECK(size == 7);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load_memory(net, data, sizeof data));
}

static void test_no_network_is_refused(void) {
    ffnn_net net;
    test_case("NULL");
    check_unusable(NULL);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init_from_file(NULL, "tests/reference/lab.safetensors"));
    test_case("all zero");
    memset(&net, 0, sizeof net);
    check_unusable(&net);
    CHECK(is_all_zero(&net));
    test_case("freed");
    make_network(&net, lab_sizes, 1);
    ffnn_free(&net);
    check_unusable(&net);
}

static void test_no_place_is_refused(void) {
    unsigned char data[300];
    float before[MAX_WEIGHTS];
    ffnn_net net, fresh;
    make_network(&net, lab_sizes, 1);
    copy_weights(&net, before);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save(&net, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load(&net, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_memory(&net, NULL, 0, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_memory(&net, data, sizeof data, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load_memory(&net, NULL, 200));
    memset(&fresh, 0xa5, sizeof fresh);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_init_from_file(&fresh, NULL));
    CHECK(is_all_zero(&fresh));
    CHECK(has_weights(&net, before));
    ffnn_free(&net);
}

static void test_missing_files_and_folders(void) {
    float before[MAX_WEIGHTS];
    ffnn_net net, fresh;
    make_network(&net, lab_sizes, 1);
    copy_weights(&net, before);
    errno = 0;
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_load(&net, FOLDER "/missing.safetensors"));
    CHECK(errno == ENOENT);
    errno = 0;
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&net, FOLDER "/missing/x.safetensors"));
    CHECK(errno == ENOENT);
    errno = 0;
    memset(&fresh, 0xa5, sizeof fresh);
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_init_from_file(&fresh, FOLDER "/missing.safetensors"));
    CHECK(errno == ENOENT);
    CHECK(is_all_zero(&fresh));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_load(&net, ""));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&net, ""));
    CHECK(has_weights(&net, before));
    ffnn_free(&net);
}

/* Fails the first allocation, then the second, ... until the call has all it needs. */
static void test_loading_without_memory(void) {
    enum { ENOUGH = 1000 };
    for (int is_new = 0; is_new <= 1; ++is_new) {
        ffnn_status status = FFNN_ERROR_MEMORY;
        for (size_t n = 1; status != FFNN_OK && n < ENOUGH; ++n) {
            float before[MAX_WEIGHTS];
            ffnn_net net;
            test_case("%s, allocation %d", is_new ? "new" : "loaded", (int)n);
            memset(&net, 0xa5, sizeof net);
            if (!is_new) {
                make_network(&net, lab_sizes, 1);
                copy_weights(&net, before);
            }
            test_fail_allocation(n);
            status = is_new ? ffnn_init_from_file(&net, "tests/reference/lab.safetensors")
                            : ffnn_load(&net, "tests/reference/lab.safetensors");
            test_fail_allocation(0);
            if (status != FFNN_OK) {
                CHECK_STATUS(FFNN_ERROR_MEMORY, status);
                CHECK(is_new ? is_all_zero(&net) : has_weights(&net, before));
            }
            ffnn_free(&net);
        }
        CHECK_STATUS(FFNN_OK, status);
    }
}

static void test_saving_needs_no_memory_to_fail(void) {
    enum { ENOUGH = 1000 };
    ffnn_status status = FFNN_ERROR_MEMORY;
    ffnn_net net;
    make_network(&net, lab_sizes, 1);
    for (size_t n = 1; status != FFNN_OK && n < ENOUGH; ++n) {
        test_case("allocation %d", (int)n);
        write_file(SCRATCH_FILE, "old", 3);
        test_fail_allocation(n);
        status = ffnn_save(&net, SCRATCH_FILE);
        test_fail_allocation(0);
        if (status != FFNN_OK) {
            CHECK_STATUS(FFNN_ERROR_MEMORY, status);
            CHECK(file_is(SCRATCH_FILE, "old", 3));
        }
    }
    CHECK_STATUS(FFNN_OK, status);
    ffnn_free(&net);
}

static void test_saving_over_another_file(void) {
    static const char longer[1000] = "an old and longer file";
    ffnn_net net;
    make_network(&net, lab_sizes, 1);
    bytes expected = saved(&net);
    write_file(SCRATCH_FILE, longer, sizeof longer);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SCRATCH_FILE));
    CHECK(file_is(SCRATCH_FILE, expected.data, expected.size));
    write_file(SCRATCH_FILE, "", 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SCRATCH_FILE));
    CHECK(file_is(SCRATCH_FILE, expected.data, expected.size));
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SCRATCH_FILE));
    CHECK(file_is(SCRATCH_FILE, expected.data, expected.size));
    free(expected.data);
    ffnn_free(&net);
}

/* ---- links, pipes, devices, full disks, rights ------------------------------------------- */

#if HAS_POSIX

#define HERE FOLDER "/posix"

/* What the tests below save, and what it looks like in a file. */
static ffnn_net posix_net;
static bytes posix_bytes;

static void begin_posix(void) {
    make_network(&posix_net, lab_sizes, 1);
    posix_bytes = saved(&posix_net);
    remove_files(HERE "/other", "");    /* of a run that was stopped */
    remove_files(HERE, "");
    rmdir(HERE);
    CHECK(mkdir(HERE, 0777) == 0);
    CHECK(mkdir(HERE "/other", 0777) == 0);
}

static void end_posix(void) {
    CHECK(count_entries(HERE "/other") == 0); /* nothing was left behind */
    CHECK(count_entries(HERE) == 1);
    remove_files(HERE "/other", "");
    remove_files(HERE, "");
    rmdir(HERE);
    free(posix_bytes.data);
    ffnn_free(&posix_net);
}

static int is_link_to(const char *path, const char *target) {
    char text[200] = "";
    ssize_t length = readlink(path, text, sizeof text - 1);
    return length == (ssize_t)strlen(target) && strcmp(text, target) == 0;
}

static mode_t mode_of(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? info.st_mode & 07777 : 0;
}

static void test_the_old_file_is_replaced_not_overwritten(void) {
    char text[32] = "";
    FILE *old;
    begin_posix();
    write_file(HERE "/x", "the old weights", 15);
    old = fopen(HERE "/x", "rb");
    CHECK(old != NULL);
    CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, HERE "/x"));
    CHECK(file_is(HERE "/x", posix_bytes.data, posix_bytes.size));
    if (old != NULL) {
        CHECK(fread(text, 1, sizeof text - 1, old) == 15);
        CHECK(strcmp(text, "the old weights") == 0);
        fclose(old);
    }
    CHECK(count_entries(HERE) == 2);
    unlink(HERE "/x");
    end_posix();
}

static void test_a_path_without_a_folder(void) {
    char back[4096];
    begin_posix();
    CHECK(getcwd(back, sizeof back) != NULL);
    CHECK(chdir(HERE) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, "x"));
    CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, "x"));
    CHECK_STATUS(FFNN_OK, ffnn_load(&posix_net, "x"));
    CHECK(file_is("x", posix_bytes.data, posix_bytes.size));
    CHECK(count_entries(".") == 2);
    unlink("x");
    CHECK(chdir(back) == 0);
    end_posix();
}

/* Saving to HERE/link, which holds this text: the file is replaced, the link stays. */
static void check_link(const char *text, const char *target, const char *target_folder) {
    for (int exists = 0; exists <= 1; ++exists) {
        int links_in_folder = strcmp(target_folder, HERE) == 0 ? 2 : 0;
        test_case("%s link to %s", exists ? "a" : "a dangling", text);
        CHECK(symlink(text, HERE "/link") == 0);
        if (exists) write_file(target, "old", 3);
        CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, HERE "/link"));
        CHECK(is_link_to(HERE "/link", text));
        CHECK(file_is(target, posix_bytes.data, posix_bytes.size));
        CHECK(count_entries(target_folder) == links_in_folder + 1);
        CHECK(count_entries(HERE) == (links_in_folder > 0 ? 3 : 2));
        CHECK_STATUS(FFNN_OK, ffnn_load(&posix_net, HERE "/link"));
        unlink(target);
        unlink(HERE "/link");
    }
}

static void test_a_links_target_is_replaced(void) {
    char absolute[4096];
    begin_posix();
    CHECK(getcwd(absolute, sizeof absolute - 100) != NULL);
    strcat(absolute, "/" HERE "/other/x");
    check_link("x", HERE "/x", HERE);
    check_link("./x", HERE "/x", HERE);
    check_link("other/x", HERE "/other/x", HERE "/other");
    check_link("other/../other/x", HERE "/other/x", HERE "/other");
    check_link("../posix/x", HERE "/x", HERE);
    check_link(absolute, HERE "/other/x", HERE "/other");
    end_posix();
}

static void test_a_link_to_a_link(void) {
    begin_posix();
    CHECK(symlink("other/second", HERE "/first") == 0);
    CHECK(symlink("../third", HERE "/other/second") == 0);
    CHECK(symlink("other/x", HERE "/third") == 0);
    for (int exists = 0; exists <= 1; ++exists) {
        test_case(exists ? "existing" : "dangling");
        CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, HERE "/first"));
        CHECK(file_is(HERE "/other/x", posix_bytes.data, posix_bytes.size));
        CHECK(is_link_to(HERE "/first", "other/second"));
        CHECK(is_link_to(HERE "/other/second", "../third"));
        CHECK(is_link_to(HERE "/third", "other/x"));
        CHECK(count_entries(HERE) == 3 && count_entries(HERE "/other") == 2);
    }
    unlink(HERE "/other/x");
    unlink(HERE "/third");
    unlink(HERE "/other/second");
    unlink(HERE "/first");
    end_posix();
}

static void test_links_that_lead_nowhere(void) {
    begin_posix();
    CHECK(symlink("b", HERE "/a") == 0);
    CHECK(symlink("a", HERE "/b") == 0);
    CHECK(symlink("other", HERE "/folder") == 0);
    CHECK(symlink("missing/x", HERE "/missing-folder") == 0);
    errno = 0;
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&posix_net, HERE "/a"));
    CHECK(errno == ELOOP);
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&posix_net, HERE "/folder"));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&posix_net, HERE "/missing-folder"));
    CHECK(is_link_to(HERE "/a", "b") && is_link_to(HERE "/b", "a"));
    CHECK(is_link_to(HERE "/folder", "other"));
    CHECK(is_link_to(HERE "/missing-folder", "missing/x"));
    CHECK(count_entries(HERE) == 5 && count_entries(HERE "/other") == 0);
    unlink(HERE "/a");
    unlink(HERE "/b");
    unlink(HERE "/folder");
    unlink(HERE "/missing-folder");
    end_posix();
}

/* The system follows ././ ... /./x; whether ffnn_save does or gives up, the link stays a link. */
static void test_a_link_of_great_length(void) {
    enum { LENGTH = 4085 };
    char text[LENGTH + 1], got[LENGTH + 1];
    ffnn_status status;
    begin_posix();
    for (size_t i = 0; i < LENGTH; ++i) text[i] = "./"[i % 2];
    text[LENGTH - 1] = 'x';
    text[LENGTH] = '\0';
    if (symlink(text, HERE "/link") != 0) {
        test_skip("links of 4085 characters cannot be made here");
    } else {
        status = ffnn_save(&posix_net, HERE "/link");
        CHECK(readlink(HERE "/link", got, sizeof got) == LENGTH);
        if (status == FFNN_OK)
            CHECK(file_is(HERE "/x", posix_bytes.data, posix_bytes.size));
        else
            CHECK_STATUS(FFNN_ERROR_IO, status);
        CHECK(count_entries(HERE) == (status == FFNN_OK ? 3 : 2));
    }
    unlink(HERE "/x");
    unlink(HERE "/link");
    end_posix();
}

static void test_a_folder_as_path(void) {
    begin_posix();
    errno = 0;
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&posix_net, HERE "/other"));
    CHECK(errno == EISDIR);
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&posix_net, HERE "/other/"));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&posix_net, HERE "/x/"));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_load(&posix_net, HERE "/other"));
    CHECK(count_entries(HERE) == 1 && count_entries(HERE "/other") == 0);
    end_posix();
}

static void test_the_rights_of_a_file_are_kept(void) {
    static const mode_t modes[] = {0600, 0640, 0644, 0666, 0755};
    begin_posix();
    for (size_t i = 0; i < COUNT_OF(modes); ++i) {
        test_case("rights 0%o", (unsigned)modes[i]);
        write_file(HERE "/x", "old", 3);
        CHECK(chmod(HERE "/x", modes[i]) == 0);
        CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, HERE "/x"));
        CHECK(file_is(HERE "/x", posix_bytes.data, posix_bytes.size));
        CHECK(mode_of(HERE "/x") == modes[i]);
        CHECK(symlink("x", HERE "/link") == 0);
        CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, HERE "/link"));
        CHECK(mode_of(HERE "/x") == modes[i]);
        unlink(HERE "/link");
        unlink(HERE "/x");
    }
    end_posix();
}

/* Root may save over it all the same. */
static void test_a_file_that_nobody_may_read_stays_so(void) {
    if (geteuid() != 0) {
        test_skip("only root saves over a file without any rights");
        return;
    }
    begin_posix();
    write_file(HERE "/x", "old", 3);
    CHECK(chmod(HERE "/x", 0) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, HERE "/x"));
    CHECK(mode_of(HERE "/x") == 0);
    CHECK(file_is(HERE "/x", posix_bytes.data, posix_bytes.size));
    unlink(HERE "/x");
    end_posix();
}

static void test_a_new_file_has_the_usual_rights(void) {
    static const mode_t masks[] = {0022, 0077, 0002};
    mode_t before = umask(0022);
    umask(before);
    begin_posix();
    for (size_t i = 0; i < COUNT_OF(masks); ++i) {
        test_case("umask 0%o", (unsigned)masks[i]);
        umask(masks[i]);
        CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, HERE "/x"));
        CHECK(mode_of(HERE "/x") == (0666 & ~masks[i]));
        unlink(HERE "/x");
    }
    umask(before);
    end_posix();
}

/* The superuser may write anywhere, even where a test counts on it that he may not, or where a
   defect would do harm; so he becomes nobody for a moment. Returns whether this is not root now. */
static int become_nobody(void) {
    enum { NOBODY = 65534 };
    return geteuid() != 0 || (seteuid(NOBODY) == 0 && geteuid() != 0);
}

static void become_yourself(void) {
    CHECK(seteuid(getuid()) == 0);
}

static int is_device(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISCHR(info.st_mode);
}

/* Saves to a device as somebody who could not replace it, however wrong ffnn_save were. Only root
   may write to the folder /dev, or else nothing is saved there. */
static int save_to_device(const char *device, const char *path, ffnn_status *status, int *error) {
    struct stat folder;
    int is_safe = is_device(device) && stat("/dev", &folder) == 0 && folder.st_uid == 0
        && (folder.st_mode & (S_IWGRP | S_IWOTH)) == 0 && become_nobody();
    if (is_safe) {
        errno = 0;
        *status = ffnn_save(&posix_net, path);
        *error = errno;
    }
    become_yourself();
    if (!is_safe) test_skip("there is no such device, or it would not be safe from this test");
    return is_safe;
}

static void test_saving_to_a_device(void) {
    ffnn_status status;
    int error;
    begin_posix();
    if (save_to_device("/dev/null", "/dev/null", &status, &error)) {
        CHECK_STATUS(FFNN_OK, status);
        CHECK(is_device("/dev/null"));
    }
    CHECK(symlink("/dev/null", HERE "/link") == 0);
    if (save_to_device("/dev/null", HERE "/link", &status, &error)) {
        CHECK_STATUS(FFNN_OK, status);
        CHECK(is_link_to(HERE "/link", "/dev/null") && is_device("/dev/null"));
        CHECK_STATUS(FFNN_ERROR_FORMAT, ffnn_load(&posix_net, HERE "/link"));
    }
    unlink(HERE "/link");
    end_posix();
}

static void test_saving_to_a_full_device(void) {
    ffnn_status status;
    int error;
    begin_posix();
    if (save_to_device("/dev/full", "/dev/full", &status, &error)) {
        CHECK_STATUS(FFNN_ERROR_IO, status);
        CHECK(error == ENOSPC);
        CHECK(is_device("/dev/full"));
    }
    end_posix();
}

/* The pipe is opened for reading first, so that opening it for writing does not wait. */
static void test_saving_to_a_pipe(void) {
    unsigned char buffer[1000];
    struct stat info;
    int reader;
    begin_posix();
    CHECK(mkfifo(HERE "/pipe", 0600) == 0);
    reader = open(HERE "/pipe", O_RDONLY | O_NONBLOCK);
    CHECK(reader >= 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, HERE "/pipe"));
    CHECK(read(reader, buffer, sizeof buffer) == (ssize_t)posix_bytes.size);
    CHECK(memcmp(buffer, posix_bytes.data, posix_bytes.size) == 0);
    CHECK(stat(HERE "/pipe", &info) == 0 && S_ISFIFO(info.st_mode));
    CHECK(count_entries(HERE) == 2);
    close(reader);
    unlink(HERE "/pipe");
    end_posix();
}

/* A file may have 100 bytes, fewer than the weights' 200. */
static void test_a_full_disk(void) {
    struct rlimit before, small;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    begin_posix();
    write_file(HERE "/x", "old", 3);
    fflush(stdout);
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small = before;
    small.rlim_cur = 100;
    for (int exists = 1; exists >= 0; exists--) {
        ffnn_status status;
        int error;
        CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
        errno = 0;
        status = ffnn_save(&posix_net, HERE "/x");
        error = errno;
        CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
        test_case(exists ? "an old file" : "no old file");
        CHECK_STATUS(FFNN_ERROR_IO, status);
        CHECK(error == EFBIG);
        CHECK(count_entries(HERE) == 1 + exists);
        if (exists) {
            CHECK(file_is(HERE "/x", "old", 3));
            unlink(HERE "/x");
        }
    }
    signal(SIGXFSZ, handler);
    end_posix();
}

static void test_a_folder_that_cannot_be_written(void) {
    ffnn_status over_old = FFNN_OK, new_file = FFNN_OK;
    int is_refused, error = 0;
    begin_posix();
    write_file(HERE "/x", "old", 3);
    CHECK(chmod(HERE "/x", 0666) == 0);
    CHECK(chmod(HERE, 0555) == 0);
    is_refused = become_nobody() && mkdir(HERE "/probe", 0777) != 0 && errno == EACCES;
    if (is_refused) {
        errno = 0;
        over_old = ffnn_save(&posix_net, HERE "/x");
        error = errno;
        new_file = ffnn_save(&posix_net, HERE "/y");
    }
    become_yourself();
    if (is_refused) {
        CHECK_STATUS(FFNN_ERROR_IO, over_old);
        CHECK(error == EACCES);
        CHECK_STATUS(FFNN_ERROR_IO, new_file);
        CHECK(file_is(HERE "/x", "old", 3));
        CHECK(count_entries(HERE) == 2);
    } else {
        test_skip("this is root, who may write anywhere and cannot become nobody");
        rmdir(HERE "/probe");
    }
    CHECK(chmod(HERE, 0777) == 0);
    unlink(HERE "/x");
    end_posix();
}

static int lowest_free_descriptor(void) {
    int descriptor = dup(1);
    close(descriptor);
    return descriptor;
}

static void test_no_file_stays_open(void) {
    int before = lowest_free_descriptor();
    ffnn_net fresh;
    begin_posix();
    write_file(HERE "/bad", "bad", 3);
    CHECK_STATUS(FFNN_OK, ffnn_save(&posix_net, HERE "/x"));
    CHECK_STATUS(FFNN_OK, ffnn_load(&posix_net, HERE "/x"));
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&fresh, HERE "/x"));
    ffnn_free(&fresh);
    CHECK_STATUS(FFNN_ERROR_FORMAT, ffnn_load(&posix_net, HERE "/bad"));
    CHECK_STATUS(FFNN_ERROR_FORMAT, ffnn_init_from_file(&fresh, HERE "/bad"));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&posix_net, HERE "/missing/x"));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&posix_net, HERE "/other"));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_load(&posix_net, HERE "/other"));
    test_fail_allocation(1);
    CHECK_STATUS(FFNN_ERROR_MEMORY, ffnn_load(&posix_net, HERE "/x"));
    CHECK(lowest_free_descriptor() == before);
    unlink(HERE "/bad");
    unlink(HERE "/x");
    end_posix();
}

#endif

int main(void) {
    make_scratch_folder(FOLDER);

    RUN(test_saved_files_are_as_specified);
    RUN(test_the_labs_file_in_full);
    RUN(test_what_is_saved_is_loaded);
    RUN(test_every_bit_of_a_weight_survives);
    RUN(test_saving_changes_nothing);
    RUN(test_a_loaded_network_computes_the_same);
    RUN(test_saving_to_memory_never_writes_too_much);
    RUN(test_loading_from_unaligned_memory);

    RUN(test_pytorchs_files_are_loaded);
    RUN(test_pytorchs_files_are_written);
    RUN(test_other_tensors_from_pytorch_are_mismatches);

    RUN(test_malformed_files_are_refused);
    RUN(test_malformed_strangers_are_refused);
    RUN(test_well_formed_oddities_are_accepted);
    RUN(test_other_tensors_are_mismatches);
    RUN(test_every_dtype_is_known);
    RUN(test_too_many_layers);
    RUN(test_header_lengths_that_lie);
    RUN(test_the_largest_header);
    RUN(test_truncated_files_are_refused);
    RUN(test_damaged_headers_do_no_harm);

    RUN(test_no_network_is_refused);
    RUN(test_no_place_is_refused);
    RUN(test_missing_files_and_folders);
    RUN(test_loading_without_memory);
    RUN(test_saving_needs_no_memory_to_fail);
    RUN(test_saving_over_another_file);

#if HAS_POSIX
    RUN(test_the_old_file_is_replaced_not_overwritten);
    RUN(test_a_path_without_a_folder);
    RUN(test_a_links_target_is_replaced);
    RUN(test_a_link_to_a_link);
    RUN(test_links_that_lead_nowhere);
    RUN(test_a_link_of_great_length);
    RUN(test_a_folder_as_path);
    RUN(test_the_rights_of_a_file_are_kept);
    RUN(test_a_file_that_nobody_may_read_stays_so);
    RUN(test_a_new_file_has_the_usual_rights);
    RUN(test_saving_to_a_device);
    RUN(test_saving_to_a_full_device);
    RUN(test_saving_to_a_pipe);
    RUN(test_a_full_disk);
    RUN(test_a_folder_that_cannot_be_written);
    RUN(test_no_file_stays_open);
#else
    test_skip("links, pipes, devices, full disks and rights: this is no POSIX system");
#endif

    remove(SCRATCH_FILE);
    return test_summary("test_weights");
}
