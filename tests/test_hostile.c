/* Weights files that want to do harm: that are enormous or claim to be, that never end, that
   change while they are read. What each rule of the format refuses is in test_weights.c.
   Files land in build/tests-tmp/hostile; the program runs in the repository's root. */
#define _XOPEN_SOURCE 700 /* for pipes and processes; a test needs them */

#include "test.h"

#include "faults.h"
#include "helpers.h"

#if HAS_POSIX
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#endif

#define FOLDER  SCRATCH "hostile"
#define HOSTILE FOLDER "/hostile.safetensors"

static const size_t small[] = {2, 1, 0};          /* two weights */
static const size_t large[] = {50, 60, 10, 0};    /* a file that is read in pieces */

/* ---- files --------------------------------------------------------------------------------- */

/* Adds a text to a file. In it ` stands for a double quote, # for a number, ~ for the number after
   it, and ^ for the letter with that number. */
static void add_text(bytes *file, const char *text, size_t number) {
    for (; *text != '\0'; ++text) {
        char *end = (char *)file->data + file->size;
        if (*text == '#') {
            file->size += (size_t)sprintf(end, "%lu", (unsigned long)number);
        } else if (*text == '~') {
            file->size += (size_t)sprintf(end, "%lu", (unsigned long)number + 1);
        } else {
            *end = *text;
            if (*text == '`') *end = '"';
            if (*text == '^') *end = "abcdefghijklmnopqrstuvwxyz"[number % 26];
            ++file->size;
        }
    }
}

/* A file with a piece of its header `count` times over. The data is zeros. */
static bytes make_file(const char *before, const char *piece, size_t count, const char *after,
                       size_t data_size) {
    enum { MAX_DIGITS = 40 };      /* that # and ~ add to a piece */
    size_t header = strlen(before) + count * (strlen(piece) + MAX_DIGITS) + strlen(after);
    bytes file = {(unsigned char *)calloc(8 + header + data_size, 1), 8};
    if (file.data == NULL) {
        printf("no memory for the file of a test\n");
        exit(1);
    }
    add_text(&file, before, 0);
    for (size_t i = 0; i < count; ++i) add_text(&file, piece, i);
    add_text(&file, after, count);
    set_header_size(file.data, file.size - 8);
    file.size += data_size;
    return file;
}

static const float UNSET = -1; /* a weight that no file here has */

/* The largest allocation that a file of so many bytes may cause: the index of a header may be
   larger than the header, twice as large as it has to be while it grows, but not for what a file
   only claims. */
static size_t most_memory(size_t bytes_there) {
    return 4 * bytes_there + 2048;
}

/* Reads a file in every way that there is. The weights become 0, or stay. */
static void check_file(ffnn_net *net, bytes file, ffnn_status load, ffnn_status init) {
    ffnn_net fresh;
    size_t live = test.live;
    test.largest = 0;
    set_all_weights(net, UNSET);
    CHECK_STATUS(load, ffnn_load_memory(net, file.data, file.size));
    CHECK(all_weights_are(net, load == FFNN_OK ? 0.0f : UNSET));
    CHECK(test.live == live);
    write_file(HOSTILE, file.data, file.size);
    set_all_weights(net, UNSET);
    CHECK_STATUS(load, ffnn_load(net, HOSTILE));
    CHECK(all_weights_are(net, load == FFNN_OK ? 0.0f : UNSET));
    CHECK(test.live == live);
    memset(&fresh, 0xa5, sizeof fresh);
    CHECK_STATUS(init, ffnn_init_from_file(&fresh, HOSTILE));
    CHECK(init == FFNN_OK ? fresh.layer_count > 0 : is_all_zero(&fresh));
    ffnn_free(&fresh);
    CHECK(test.live == live);
    CHECK(test.largest <= most_memory(file.size));
    remove(HOSTILE);
}

/* ---- enormous ------------------------------------------------------------------------------ */

#define FIELDS "`dtype`:`F32`,`shape`:[2,1],`data_offsets`:[0,8]"
#define W1     "`W1`:{" FIELDS "}"
#define OPEN_64 \
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
#define CLOSE_64 \
    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
/* A reader that recurses would run out of stack, and one that looks at a byte again and again, with
   each of the bytes after it, would not be done in a day. */
static const struct {
    const char *name, *before, *piece;
    size_t count;
    const char *after;
    size_t data_size;
    ffnn_status load, init;
} enormous[] = {
    /* brackets */
    {"only brackets", "", "[", 1000000, "", 0, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"only braces", "", "{", 1000000, "", 0, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"objects in objects", "", "{`a`:", 200000, "", 0, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"brackets as a tensor", "{`W1`:", "[", 1000000, "", 8, FFNN_ERROR_FORMAT,
     FFNN_ERROR_FORMAT},
    {"brackets as a shape", "{`W1`:{`shape`:", "[", 1000000, "", 8, FFNN_ERROR_FORMAT,
     FFNN_ERROR_FORMAT},
    {"brackets as offsets", "{`W1`:{`data_offsets`:", "[", 1000000, "", 8, FFNN_ERROR_FORMAT,
     FFNN_ERROR_FORMAT},
    {"brackets as metadata", "{`__metadata__`:{`a`:", "[", 1000000, "", 8, FFNN_ERROR_FORMAT,
     FFNN_ERROR_FORMAT},
    {"brackets in an ignored field", "{`W1`:{`x`:", "[", 1000000, "", 8, FFNN_ERROR_FORMAT,
     FFNN_ERROR_FORMAT},
    {"65 objects in an ignored field",
     "{`W1`:{" FIELDS ",`x`:", "{`a`:", 65,
     "1}" "}}}}}}}}}}}}}}}}" "}}}}}}}}}}}}}}}}" "}}}}}}}}}}}}}}}}" "}}}}}}}}}}}}}}}}" "}}", 8,
     FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"64 objects in an ignored field",
     "{`W1`:{" FIELDS ",`x`:", "{`a`:", 64,
     "1" "}}}}}}}}}}}}}}}}" "}}}}}}}}}}}}}}}}" "}}}}}}}}}}}}}}}}" "}}}}}}}}}}}}}}}}" "}}", 8,
     FFNN_OK, FFNN_OK},
    {"64 brackets, again and again", "{`W1`:{" FIELDS, ",`x`:" OPEN_64 CLOSE_64, 5000, "}}", 8,
     FFNN_OK, FFNN_OK},
    {"64 brackets in a list of one", "{`W1`:{" FIELDS ",`x`:[0", "," OPEN_64 CLOSE_64, 1, "]}}",
     8, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"a long list in an ignored field", "{`W1`:{" FIELDS ",`x`:[0", ",[],{}", 200000, "]}}", 8,
     FFNN_OK, FFNN_OK},

    /* strings */
    {"a very long name", "{" W1 ",`", "x", 1000000,
     "`:{`dtype`:`F32`,`shape`:[0],`data_offsets`:[8,8]}}", 8, FFNN_ERROR_MISMATCH,
     FFNN_ERROR_MISMATCH},
    {"a very long name that begins like W1", "{`W1", "1", 1000000, "`:{" FIELDS "}}", 8,
     FFNN_ERROR_MISMATCH, FFNN_ERROR_MISMATCH},
    {"a very long name in escapes", "{`", "\\u0057", 200000, "`:{" FIELDS "}}", 8,
     FFNN_ERROR_MISMATCH, FFNN_ERROR_MISMATCH},
    {"a very long name that never ends", "{`", "x", 1000000, "", 8, FFNN_ERROR_FORMAT,
     FFNN_ERROR_FORMAT},
    {"nothing but backslashes", "{`", "\\", 1000001, "", 8, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"a very long dtype", "{`W1`:{`dtype`:`", "F32", 300000,
     "`,`shape`:[2,1],`data_offsets`:[0,8]}}", 8, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"a very long field name", "{`W1`:{" FIELDS ",`", "shape", 200000, "`:0}}", 8, FFNN_OK,
     FFNN_OK},
    {"a very long string", "{`W1`:{" FIELDS ",`x`:`", "\xf0\x9d\x84\x9e\\ud834\\udd1e", 100000,
     "`}}", 8, FFNN_OK, FFNN_OK},
    {"a very long string that is bad in the end", "{`W1`:{" FIELDS ",`x`:`", "x", 1000000,
     "\x80`}}", 8, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},

    /* numbers */
    {"a very large size", "{`W1`:{`shape`:[2,1", "0", 1000000, "]}}", 8, FFNN_ERROR_FORMAT,
     FFNN_ERROR_FORMAT},
    {"a size with very many zeros", "{`W1`:{`shape`:[2,", "0", 1000000, "1]}}", 8,
     FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"a very long number that is ignored", "{`W1`:{" FIELDS ",`x`:-1", "0", 1000000, ".5e-9}}", 8,
     FFNN_OK, FFNN_OK},
    {"very many sizes", "{`W1`:{`dtype`:`F32`,`data_offsets`:[0,8],`shape`:[", "1,", 1000000,
     "2]}}", 8, FFNN_ERROR_MISMATCH, FFNN_ERROR_MISMATCH},
    {"very many sizes that overflow", "{`W1`:{`dtype`:`F32`,`data_offsets`:[0,8],`shape`:[", "3,",
     1000000, "2]}}", 8, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"very many offsets", "{`W1`:{`data_offsets`:[", "0,", 1000000, "8]}}", 8, FFNN_ERROR_FORMAT,
     FFNN_ERROR_FORMAT},

    /* members */
    {"100,000 other tensors", "{" W1, ",`t#`:{`dtype`:`F32`,`shape`:[0],`data_offsets`:[8,8]}",
     100000, "}", 8, FFNN_ERROR_MISMATCH, FFNN_ERROR_MISMATCH},
    {"100,000 other tensors with data",
     "{`x`:{`dtype`:`U8`,`shape`:[0],`data_offsets`:[0,0]}",
     ",`t#`:{`dtype`:`U8`,`shape`:[1],`data_offsets`:[#,~]}", 100000, "}", 100000,
     FFNN_ERROR_MISMATCH, FFNN_ERROR_MISMATCH},
    {"very many layers",
     "{`W1`:{`dtype`:`F32`,`shape`:[1,1],`data_offsets`:[0,4]}",
     ",`W~`:{`dtype`:`F32`,`shape`:[0,1],`data_offsets`:[4,4]}", 20000, "}", 4,
     FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT}, /* W1 is there twice: no tensor has bytes 0 to 4 */
    {"W1 very many times", "{", W1 ",", 20000, W1 "}", 8, FFNN_OK, FFNN_OK},
    {"very many commas", "{" W1, ",", 20000, "}", 8, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"very many ignored fields", "{`W1`:{" FIELDS, ",`x#`:{`shape`:[#]}", 20000, "}}", 8, FFNN_OK,
     FFNN_OK},
    {"very many shapes", "{`W1`:{" FIELDS, ",`shape`:[2,1]", 20000, "}}", 8, FFNN_ERROR_FORMAT,
     FFNN_ERROR_FORMAT},
    {"very much metadata", "{" W1 ",`__metadata__`:{`a`:`b`", ",`#`:`~`", 20000, "}}", 8,
     FFNN_OK, FFNN_OK},
    {"very much metadata and a number", "{" W1 ",`__metadata__`:{`a`:`b`", ",`#`:`~`",
     20000, ",`c`:0}}", 8, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
    {"very many activations", "{" W1 ",`__metadata__`:{`activations`:`sigmoid", " sigmoid", 100000,
     "`}}", 8, FFNN_ERROR_MISMATCH, FFNN_ERROR_MISMATCH},
    {"white space", "{", " \t\r\n", 300000, W1 "}", 8, FFNN_OK, FFNN_OK},
    {"text after very much white space", "{" W1 "}", " \t\r\n", 300000, "x", 8,
     FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT},
};

static void test_enormous_headers(void) {
    ffnn_net net;
    make_network(&net, small, 0);
    for (size_t i = 0; i < COUNT_OF(enormous); ++i) {
        test_case("%s", enormous[i].name);
        bytes file = make_file(enormous[i].before, enormous[i].piece, enormous[i].count,
                               enormous[i].after, enormous[i].data_size);
        check_file(&net, file, enormous[i].load, enormous[i].init);
        free(file.data);
    }
    ffnn_free(&net);
}

/* ---- which network ------------------------------------------------------------------------- */
/* Files that make it hard to say which network they are. Their tensors are matrices of one output
   and one input, or vectors of one number. A reader that tries all 16! orders of 16 layers, or that
   looks for the layer of each of very many tensors, would not be done in a day. */

#define RELUS_4  "relu relu relu relu"
#define RELUS_16 RELUS_4 " " RELUS_4 " " RELUS_4 " " RELUS_4

static const struct {
    const char *name;
    const char *words;         /* of "layers", without the last one */
    size_t word_count;
    const char *last_word;
    const char *activations;
    size_t before_names;       /* so many x */
    const char *first, *tensor; /* the name of the first one, of the others */
    size_t count, last_inputs; /* inputs of the last one */
    ffnn_status init;
    const char *line;          /* what ffnn_print_file ends with, or how that begins */
} layered[] = {
    {"16 words that fit in every order", NULL, 0, "", RELUS_16, 0, "^.weight", "^.weight", 16, 1,
     FFNN_ERROR_MISMATCH, "no network: o and p fit in several orders"},
    {"16 words of which the last one never fits", NULL, 0, "", RELUS_16, 0, "^.weight", "^.weight",
     16, 2, FFNN_ERROR_MISMATCH, "no network: the order of its layers is too hard to find"},
    {"16 numbers of which the last one never fits", NULL, 0, "", RELUS_16, 0, "#.weight", "#.weight",
     16, 2, FFNN_ERROR_MISMATCH, "no network: 14 has 1 outputs, 15 has 2 inputs"},
    {"16 names that are long", NULL, 0, "", RELUS_16, 60000, "#.weight", "#.weight", 16, 1, FFNN_OK,
     "network: 1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1, " RELUS_16 "\n"},
    {"16 long words", NULL, 0, "", RELUS_16, 60000, "^.weight", "^.weight", 16, 1,
     FFNN_ERROR_MISMATCH, "no network: x"},
    {"10,000 layers", NULL, 0, "", "relu", 0, "#.weight", "#.weight", 10000, 1, FFNN_ERROR_ARGUMENT,
     "no network: 10000 layers are more than 16"},
    {"10,000 layers of the lab", NULL, 0, "", "relu", 0, "W~", "W~", 10000, 1, FFNN_ERROR_ARGUMENT,
     "no network: 10000 layers are more than 16"},
    {"10,000 biases and one weight", NULL, 0, "", "relu", 0, "0.weight", "#.bias", 10000, 1,
     FFNN_ERROR_MISMATCH, "no network: 1.bias is a bias without a weight"},
    {"10,000 biases and no weight", NULL, 0, "", "relu", 0, "#.bias", "#.bias", 10000, 1,
     FFNN_ERROR_MISMATCH, "no network: 0.bias is a bias without a weight"},
    {"two layers of 10,000", "9998 ", 1, "9999", "relu tanh", 0, "#.weight", "#.weight", 10000, 1,
     FFNN_OK, "network: 1-1-1, relu tanh\n"},
    {"one layer of 10,000, again and again", "9999 ", 15, "9999", RELUS_16, 0, "#.weight",
     "#.weight", 10000, 1, FFNN_OK,
     "network: 1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1, " RELUS_16 "\n"},
    {"16 layers of which the last one is none of 10,000", "# ", 15, "none", RELUS_16, 0, "#.weight",
     "#.weight", 10000, 1, FFNN_ERROR_MISMATCH,
     "no network: the metadata's \"layers\" names \"none\", which has no weight here"},
    {"100,000 words", "0 ", 99999, "0", RELUS_16, 0, "#.weight", "#.weight", 2, 1,
     FFNN_ERROR_ARGUMENT, "no network: 100000 layers are more than 16"},
    {"100,000 spaces", " ", 100000, "0", RELUS_16, 0, "#.weight", "#.weight", 2, 1,
     FFNN_ERROR_ARGUMENT, "no network: 100001 layers are more than 16"},
};

static void add_times(bytes *file, const char *text, size_t count) {
    for (size_t i = 0; i < count; ++i) add_text(file, text, i);
}

/* Adds a tensor of floats, and counts its bytes. */
static void add_tensor(bytes *file, const char *name, size_t number, size_t inputs, size_t *data) {
    bool is_bias = strstr(name, "bias") != NULL;
    add_text(file, name, number);
    add_text(file, is_bias ? "`:{`dtype`:`F32`,`shape`:[#]" : "`:{`dtype`:`F32`,`shape`:[1,#]",
             inputs);
    add_text(file, ",`data_offsets`:[#,", *data);
    *data += inputs * sizeof(float);
    add_text(file, "#]}", *data);
}

static bytes make_layered(size_t i) {
    const size_t metadata = 1000 + 2 * layered[i].word_count * strlen("99999 ");
    size_t data = 0, room = metadata + layered[i].count * (layered[i].before_names + 100);
    bytes file = {(unsigned char *)calloc(room, 1), 8};
    CHECK(file.data != NULL);
    add_text(&file, "{`__metadata__`:{`activations`:`", 0);
    add_text(&file, layered[i].activations, 0);
    if (layered[i].words != NULL) {
        add_text(&file, "`,`layers`:`", 0);
        add_times(&file, layered[i].words, layered[i].word_count);
        add_text(&file, layered[i].last_word, 0);
    }
    add_text(&file, "`}", 0);
    for (size_t k = 0; k < layered[i].count; ++k) {
        bool is_last = k + 1 == layered[i].count;
        add_text(&file, ",`", 0);
        add_times(&file, "x", layered[i].before_names);
        add_tensor(&file, k == 0 ? layered[i].first : layered[i].tensor, k,
                   is_last ? layered[i].last_inputs : 1, &data);
    }
    add_text(&file, "}", 0);
    set_header_size(file.data, file.size - 8);
    file.size += data;
    CHECK(file.size <= room);
    return file;
}

/* How ffnn_print_file's last line begins. */
static void check_last_line(bytes file, const char *expected) {
    static char line[200];
    FILE *out = tmpfile();
    int c;
    size_t length = 0;
    write_file(HOSTILE, file.data, file.size);
    CHECK_STATUS(FFNN_OK, ffnn_print_file(out, HOSTILE));
    remove(HOSTILE);
    rewind(out);
    for (int last = '\n'; (c = fgetc(out)) != EOF; last = c) {
        if (last == '\n') length = 0;
        if (length + 1 < sizeof line) line[length++] = (char)c;
    }
    line[length] = '\0';
    fclose(out);
    CHECK(strncmp(line, expected, strlen(expected)) == 0);
}

static void test_networks_that_are_hard_to_find(void) {
    ffnn_net net;
    make_network(&net, small, 0);
    for (size_t i = 0; i < COUNT_OF(layered); ++i) {
        test_case("%s", layered[i].name);
        bytes file = make_layered(i);
        check_file(&net, file, FFNN_ERROR_MISMATCH, layered[i].init);
        check_last_line(file, layered[i].line);
        free(file.data);
    }
    ffnn_free(&net);
}

/* ---- claims -------------------------------------------------------------------------------- */

/* Well-formed headers, but for that the file ends long before what they claim. */
static const struct {
    const char *name, *header;
    size_t data_size;
} claims[] = {
    {"2^60 bytes", "{`W1`:{`dtype`:`F32`,`shape`:[268435456,1073741824],"
     "`data_offsets`:[0,1152921504606846976]}}", 8},
    {"2^58 elements", "{`W1`:{`dtype`:`F32`,`shape`:[288230376151711744,1],"
     "`data_offsets`:[0,1152921504606846976]}}", 8},
    {"2^60 bytes, some of them there", "{`W1`:{`dtype`:`F32`,`shape`:[268435456,1073741824],"
     "`data_offsets`:[0,1152921504606846976]}}", 150000},
    {"2^60 bytes in two layers", "{`W1`:{`dtype`:`F32`,`shape`:[1,1],`data_offsets`:[0,4]},"
     "`W2`:{`dtype`:`F32`,`shape`:[1,288230376151711743],"
     "`data_offsets`:[4,1152921504606846976]}}", 4},
    {"2^60 bytes of a tensor that no network has", "{`x`:{`dtype`:`U8`,"
     "`shape`:[1152921504606846976],`data_offsets`:[0,1152921504606846976]}}", 8},
    {"the largest tensor", "{`W1`:{`dtype`:`U8`,`shape`:[2305843009213693951,1],"
     "`data_offsets`:[0,2305843009213693951]}}", 8},
    {"2^60 elements", "{`W1`:{`dtype`:`F32`,`shape`:[1152921504606846976,1],"
     "`data_offsets`:[0,4611686018427387904]}}", 8},
    {"almost 2^64 bytes in eight tensors",
     "{`a`:{`dtype`:`U8`,`shape`:[2305843009213693951],`data_offsets`:[0,2305843009213693951]},"
     "`b`:{`dtype`:`U8`,`shape`:[2305843009213693951],"
     "`data_offsets`:[2305843009213693951,4611686018427387902]},"
     "`c`:{`dtype`:`U8`,`shape`:[2305843009213693951],"
     "`data_offsets`:[4611686018427387902,6917529027641081853]},"
     "`d`:{`dtype`:`U8`,`shape`:[2305843009213693951],"
     "`data_offsets`:[6917529027641081853,9223372036854775804]},"
     "`e`:{`dtype`:`U8`,`shape`:[2305843009213693951],"
     "`data_offsets`:[9223372036854775804,11529215046068469755]},"
     "`f`:{`dtype`:`U8`,`shape`:[2305843009213693951],"
     "`data_offsets`:[11529215046068469755,13835058055282163706]},"
     "`g`:{`dtype`:`U8`,`shape`:[2305843009213693951],"
     "`data_offsets`:[13835058055282163706,16140901064495857657]},"
     "`h`:{`dtype`:`U8`,`shape`:[2305843009213693951],"
     "`data_offsets`:[16140901064495857657,18446744073709551608]}}", 8},
    {"4 GB", "{`W1`:{`dtype`:`F32`,`shape`:[32768,32768],`data_offsets`:[0,4294967296]}}", 8},
};

static void test_claims_cost_nothing(void) {
    ffnn_net net;
    make_network(&net, small, 0);
    for (size_t i = 0; i < COUNT_OF(claims); ++i) {
        test_case("%s", claims[i].name);
        bytes file = make_file(claims[i].header, "", 0, "", claims[i].data_size);
        check_file(&net, file, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT);
        free(file.data);
    }
    ffnn_free(&net);
}

static void test_claimed_headers_cost_nothing(void) {
    static const uint64_t sizes[] = {100000000, 100000001, UINT64_C(1) << 32, UINT64_C(1) << 60,
                                     UINT64_MAX};
    ffnn_net net;
    make_network(&net, small, 0);
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        test_case("header %d", (int)i);
        bytes file = make_file("{" W1 "}", "", 0, "", 8);
        set_header_size(file.data, sizes[i]);
        check_file(&net, file, FFNN_ERROR_FORMAT, FFNN_ERROR_FORMAT);
        CHECK(sizes[i] <= 100000000 || test.largest == 0);
        free(file.data);
    }
    ffnn_free(&net);
}

/* ---- files that change while they are read ------------------------------------------------- */

static struct {
    int at, calls;                  /* the call that reads before which it is to happen */
    const unsigned char *bytes;     /* what the file has then, */
    size_t size;
    int is_renamed;                 /* as another file of that name, or as the same one */
} change;

static void change_file(const char *call) {
    bool reads = strcmp(call, "fread") == 0 || strcmp(call, "fgetc") == 0;
    if (!reads || ++change.calls != change.at) return;
    write_file(change.is_renamed ? FOLDER "/other" : HOSTILE, change.bytes, change.size);
    if (change.is_renamed) CHECK(rename(FOLDER "/other", HOSTILE) == 0);
}

/* Loads a file that changes before the at-th read, into net or, if that is NULL, a new network;
   returns whether there were so many. */
static int check_change(ffnn_net *net, bytes file, int at, size_t size, int is_renamed,
                        int *refused) {
    ffnn_status status;
    ffnn_net fresh;
    write_file(HOSTILE, file.data, file.size);
    if (net != NULL) set_all_weights(net, UNSET);
    change.at = at;
    change.calls = 0;
    change.bytes = file.data;
    change.size = size;
    change.is_renamed = is_renamed;
    faults.before = change_file;
    status = net != NULL ? ffnn_load(net, HOSTILE) : ffnn_init_from_file(&fresh, HOSTILE);
    faults_end();
    CHECK_STATUS(status == FFNN_OK ? FFNN_OK : FFNN_ERROR_FORMAT, status);
    if (net != NULL) {
        CHECK(all_weights_are(net, status == FFNN_OK ? 0.0f : UNSET));
    } else {
        CHECK(status == FFNN_OK ? all_weights_are(&fresh, 0.0f) : is_all_zero(&fresh));
        ffnn_free(&fresh);
    }
    *refused += status != FFNN_OK && change.calls >= at;
    return change.calls >= at;
}

/* A network whose weights are all 0. */
static void make_zero_network(ffnn_net *net, const size_t *sizes, bool biases) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    for (size_t i = 0; sizes[i] > 0; ++i) desc.sizes[i] = sizes[i];
    desc.biases = biases;
    CHECK_STATUS(FFNN_OK, ffnn_init(net, &desc));
    set_all_weights(net, 0.0f);
}

/* A file of such a network, and then some bytes that it does not have yet. */
static bytes make_zero_file(const size_t *sizes, bool biases, size_t *size) {
    bytes b = {NULL, 0};
    ffnn_net net;
    *size = 0;
    make_zero_network(&net, sizes, biases);
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, NULL, 0, size));
    b.data = (unsigned char *)calloc(*size + 5000, 1);
    b.size = *size;
    CHECK(b.data != NULL);
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, b.data, *size, size));
    ffnn_free(&net);
    return b;
}

/* The file of a network loses or gains bytes before each read. */
static void check_changes(ffnn_net *net, bool biases) {
    size_t size;
    bytes file = make_zero_file(large, biases, &size);
    const size_t sizes[] = {0, 7, 8, 100, size / 2, size - 1, size + 1, size + 5000};
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        int at = 0, refused = 0;
        bool was_there = true;
        while (was_there) {
            ++at;
            test_case("%s%d bytes instead of %d, before read %d", net == NULL ? "new, " : "",
                      (int)sizes[i], (int)size, at);
            was_there = check_change(net, file, at, sizes[i], 0, &refused);
        }
        CHECK(at > 3); /* the header's length, the header, the data, and that this is all */
        CHECK(refused > 0);
    }
    remove(HOSTILE);
    free(file.data);
}

/* The files of networks with biases are read in pieces, which are transposed. */
static void test_files_that_change(void) {
    for (int biases = 0; biases < 2; ++biases) {
        ffnn_net net;
        make_zero_network(&net, large, biases);
        check_changes(&net, biases);
        check_changes(NULL, biases);
        ffnn_free(&net);
    }
}

/* Of a file that is only listed no more than its header and its last byte are read: when that is
   looked for, the file may have become shorter. */
static void test_listed_files_that_change(void) {
    size_t size;
    bytes file = make_zero_file(large, false, &size);
    const size_t sizes[] = {0, 7, 8, 100, size / 2, size - 1, size + 1, size + 5000};
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        int at = 0, refused = 0;
        do {
            FILE *out = tmpfile();
            write_file(HOSTILE, file.data, file.size);
            memset(&change, 0, sizeof change);
            change.at = ++at;
            change.bytes = file.data;
            change.size = sizes[i];
            faults.before = change_file;
            ffnn_status status = ffnn_print_file(out, HOSTILE);
            faults_end();
            test_case("%d bytes instead of %d, before read %d", (int)sizes[i], (int)size, at);
            CHECK_STATUS(status == FFNN_OK ? FFNN_OK : FFNN_ERROR_FORMAT, status);
            CHECK((ftell(out) > 0) == (status == FFNN_OK));
            refused += status != FFNN_OK;
            fclose(out);
        } while (change.calls >= at);
        CHECK(at > 3); /* the header's length, the header, the last byte, and that this is all */
        CHECK(refused > 0);
    }
    remove(HOSTILE);
    free(file.data);
}

/* ---- devices and pipes --------------------------------------------------------------------- */

#if HAS_POSIX

/* A gigabyte that is only to be listed, or that is another network's, is not read. */
static void test_large_files_of_no_use(void) {
    static const char header[] = "{`0.weight`:{`dtype`:`F32`,`shape`:[1,268435456],"
                                 "`data_offsets`:[0,1073741824]}}";
    bytes file = make_file(header, "", 0, "", 0);
    FILE *out = tmpfile();
    ffnn_net net, fresh;
    write_file(HOSTILE, file.data, file.size);
    CHECK(truncate(HOSTILE, (off_t)file.size + 1073741824) == 0);
    make_network(&net, small, 0);
    set_all_weights(&net, UNSET);
    test.largest = 0;
    CHECK_STATUS(FFNN_OK, ffnn_print_file(out, HOSTILE));
    CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_load(&net, HOSTILE));
    CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_init_from_file(&fresh, HOSTILE)); /* no activations */
    CHECK(test.largest <= most_memory(file.size));
    CHECK(all_weights_are(&net, UNSET));
    fclose(out);
    remove(HOSTILE);
    free(file.data);
    ffnn_free(&net);
}

/* What ffnn_save does while another program loads: that one reads the old file to its end. */
static void test_files_that_are_replaced(void) {
    ffnn_net net;
    size_t size;
    bytes file = make_zero_file(large, false, &size);
    make_network(&net, large, 0);
    for (int is_new = 0; is_new < 2; ++is_new) {
        int at = 0, refused = 0;
        bool was_there = true;
        while (was_there) {
            ++at;
            test_case("%sbefore read %d", is_new ? "new, " : "", at);
            was_there = check_change(is_new ? NULL : &net, file, at, 3, 1, &refused);
        }
        CHECK(at > 3);
        CHECK(refused == 0);
    }
    remove(HOSTILE);
    free(file.data);
    ffnn_free(&net);
}

static void check_device(const char *path, size_t most_allocated) {
    ffnn_net net, fresh;
    FILE *device = fopen(path, "rb");
    if (device == NULL) {
        test_skip("there is no such device");
        return;
    }
    fclose(device);
    make_network(&net, small, 0);
    set_all_weights(&net, UNSET);
    test.largest = 0;
    CHECK_STATUS(FFNN_ERROR_FORMAT, ffnn_load(&net, path));
    CHECK(all_weights_are(&net, UNSET));
    CHECK_STATUS(FFNN_ERROR_FORMAT, ffnn_init_from_file(&fresh, path));
    CHECK(is_all_zero(&fresh));
    CHECK(test.largest <= most_allocated);
    ffnn_free(&net);
}

/* Eight zeros announce a header of no bytes, whose text is the zero behind it. */
static void test_dev_zero(void) { check_device("/dev/zero", 1); }
static void test_dev_null(void) { check_device("/dev/null", 0); }
static void test_dev_urandom(void) { check_device("/dev/urandom", 0); }

/* Writes to a pipe in pieces of so many bytes and then, if is_endless, zeros for ever. */
static void feed_pipe(bytes file, size_t piece, int is_endless) {
    const struct timespec pause = {0, 100000}; /* 0.1 ms */
    static const unsigned char zeros[4096];
    alarm(20); /* if nobody reads */
    int pipe = open(HOSTILE, O_WRONLY);
    for (size_t at = 0; at < file.size; at += piece) {
        size_t count = file.size - at < piece ? file.size - at : piece;
        if (write(pipe, file.data + at, count) < 0) _exit(1);
        nanosleep(&pause, NULL);
    }
    while (is_endless && write(pipe, zeros, sizeof zeros) > 0) /* until nobody reads: SIGPIPE */
        continue;
    _exit(0);
}

/* Loads the file, or as much of it as there is, from a pipe. */
static void check_pipe(bytes file, size_t piece, int is_endless, const size_t *sizes,
                       ffnn_status status) {
    ffnn_net net;
    CHECK(mkfifo(HOSTILE, 0600) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) feed_pipe(file, piece, is_endless);
    memset(&net, 0, sizeof net);
    if (sizes != NULL) {
        make_network(&net, sizes, 0);
        set_all_weights(&net, UNSET);
    }
    test.largest = 0;
    CHECK_STATUS(status, sizes != NULL ? ffnn_load(&net, HOSTILE)
                                       : ffnn_init_from_file(&net, HOSTILE));
    CHECK(status != FFNN_OK || test.largest <= file.size); /* no more than what has to be read */
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK((net.layer_count > 0) == (sizes != NULL || status == FFNN_OK));
    CHECK(all_weights_are(&net, status == FFNN_OK ? 0.0f : UNSET));
    ffnn_free(&net);
    unlink(HOSTILE);
}

static void test_slow_pipes(void) {
    size_t size;
    bytes file = make_zero_file(large, false, &size), part = file;
    check_pipe(file, 61, 0, large, FFNN_OK);
    check_pipe(file, 977, 0, NULL, FFNN_OK);
    check_pipe(file, 977, 0, small, FFNN_ERROR_MISMATCH);
    for (part.size = 0; part.size < size; part.size += size / 7) {
        test_case("%d bytes of %d", (int)part.size, (int)size);
        check_pipe(part, 997, 0, large, FFNN_ERROR_FORMAT);
        check_pipe(part, 997, 0, NULL, FFNN_ERROR_FORMAT);
    }
    free(file.data);
}

static void test_pipes_that_never_end(void) {
    size_t size;
    bytes file = make_zero_file(large, false, &size);
    check_pipe(file, size, 1, large, FFNN_ERROR_FORMAT);
    check_pipe(file, size, 1, small, FFNN_ERROR_FORMAT);
    check_pipe(file, size, 1, NULL, FFNN_ERROR_FORMAT);
    free(file.data);
}

#endif

int main(void) {
    make_scratch_folder(FOLDER);
    remove(HOSTILE); /* of a test that failed */
    RUN(test_enormous_headers);
    RUN(test_networks_that_are_hard_to_find);
    RUN(test_claims_cost_nothing);
    RUN(test_claimed_headers_cost_nothing);
    RUN(test_files_that_change);
    RUN(test_listed_files_that_change);
#if HAS_POSIX
    RUN(test_large_files_of_no_use);
    RUN(test_files_that_are_replaced);
    RUN(test_dev_null);
    RUN(test_dev_zero);
    RUN(test_dev_urandom);
    RUN(test_slow_pipes);
    RUN(test_pipes_that_never_end);
#else
    test_skip("devices and pipes: this is no POSIX system");
#endif
    return test_summary("test_hostile");
}
