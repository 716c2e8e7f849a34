/* ffnn_print_file: what a weights file holds, a line a tensor in the header's order, then a line
   for each entry of the metadata, then the network or why there is none (each reason: see
   test_mlp_files); nothing of a file that is malformed. Files land in
   build/tests-tmp; the program runs in the repository's root. */
#include "test.h"
#include "../ffnn.h"

#include "helpers.h"

#include <errno.h>

#define FILE_NAME SCRATCH "print_file.safetensors"

enum { MAX_TEXT = 200000 };

/* ---- files --------------------------------------------------------------------------------- */

/* A header, and data_size zeros behind it. */
static void write_header(const char *header, size_t data_size) {
    size_t header_size = strlen(header), size = 8 + header_size + data_size;
    unsigned char *file = (unsigned char *)calloc(size, 1);
    CHECK(file != NULL);
    if (file == NULL) return;
    set_header_size(file, header_size);
    memcpy(file + 8, header, header_size);
    write_file(FILE_NAME, file, size);
    free(file);
}

/* What is printed of the file; its length. */
static char text[MAX_TEXT];
static size_t text_size;

static ffnn_status print_file(const char *path) {
    FILE *out = tmpfile();
    ffnn_status status;
    CHECK(out != NULL);
    if (out == NULL)
        return FFNN_ERROR_IO;
    errno = 0;
    status = ffnn_print_file(out, path);
    int error = errno;
    rewind(out);
    text_size = fread(text, 1, sizeof text - 1, out);
    text[text_size] = '\0';
    fclose(out);
    errno = error;
    return status;
}

/* Each line once, as expected, and nothing else. */
static void check_lines(const char *lines) {
    CHECK(strlen(text) == text_size);
    if (strcmp(text, lines) != 0 && test_error(__FILE__, __LINE__))
        printf("printed:\n%sexpected:\n%s", text, lines);
}

static void check_printed(const char *header, size_t data_size, const char *lines) {
    write_header(header, data_size);
    CHECK_STATUS(FFNN_OK, print_file(FILE_NAME));
    check_lines(lines);
}

/* The line of this number, from 0 on; "" if there are not so many. */
static const char *line_of(int number) {
    static char line[MAX_TEXT];
    const char *at = text;
    size_t length;
    for (; number > 0 && *at != '\0'; number--) {
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    length = strcspn(at, "\n");
    memcpy(line, at, length);
    line[length] = '\0';
    return line;
}

static int count_lines(void) {
    int count = 0;
    for (size_t i = 0; i < text_size; i++)
        count += text[i] == '\n';
    return count;
}

#define TENSOR(name, dtype, shape, begin, end) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape \
    ",\"data_offsets\":[" #begin "," #end "]}"

/* ---- what is printed ----------------------------------------------------------------------- */

static void test_tensors(void) {
    check_printed("{" TENSOR("0.weight", "F32", "[16,8]", 0, 512) ","
                  TENSOR("0.bias", "F32", "[16]", 512, 576) ","
                  TENSOR("2.weight", "F32", "[1,16]", 576, 640) ","
                  TENSOR("2.bias", "F32", "[1]", 640, 644) "}", 644,
                  "0.weight F32 [16, 8]\n"
                  "0.bias F32 [16]\n"
                  "2.weight F32 [1, 16]\n"
                  "2.bias F32 [1]\n"
                  "no network: its activations are not named\n");
}

/* Other ranks, other dtypes, no elements. */
static void test_tensors_that_no_network_has(void) {
    check_printed("{" TENSOR("scalar", "F64", "[]", 0, 8) ","
                  TENSOR("conv", "BF16", "[2,3,1,4]", 8, 56) ","
                  TENSOR("empty", "I64", "[0,5]", 56, 56) ","
                  TENSOR("flags", "BOOL", "[3]", 56, 59) ","
                  TENSOR("", "U8", "[1]", 59, 60) "}", 60,
                  "scalar F64 []\n"
                  "conv BF16 [2, 3, 1, 4]\n"
                  "empty I64 [0, 5]\n"
                  "flags BOOL [3]\n"
                  " U8 [1]\n"
                  "no network: scalar [] is no layer's weight or bias\n");
    check_printed("{}", 0, "no network: it has no tensors\n");
}

/* Not that of the data, nor of names. */
static void test_the_headers_order(void) {
    check_printed("{" TENSOR("W2", "F32", "[4,1]", 48, 64) ","
                  TENSOR("W1", "F32", "[3,4]", 0, 48) "}", 64,
                  "W2 F32 [4, 1]\nW1 F32 [3, 4]\nnetwork: 3-4-1, sigmoid sigmoid\n");
}

/* White space and fields in any order make no difference. */
static void test_a_header_by_another_writer(void) {
    check_printed(" { \"W1\" : { \"shape\" : [ 3 , 4 ] , \"x\" : { \"y\" : [ 1 ] } ,\n"
                  "\"data_offsets\" : [ 0 , 48 ] , \"dtype\" : \"F32\" } }  ",
                  48, "W1 F32 [3, 4]\nnetwork: 3-4, sigmoid\n");
}

static void test_what_a_network_saves(void) {
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, FILE_NAME));
    CHECK_STATUS(FFNN_OK, print_file(FILE_NAME));
    check_lines("W1 F32 [3, 4]\nW2 F32 [4, 1]\nnetwork: 3-4-1, sigmoid sigmoid\n");
    ffnn_free(&net);
}

/* More tensors than a network can have layers, longer names than any that is looked for, and large
   numbers. */
static void test_many_tensors_and_long_names(void) {
    enum { TENSORS = 300, NAME = 500 };
    static char header[MAX_TEXT], lines[MAX_TEXT];
    char name[NAME + 1];
    size_t at = 0, printed = 0;
    memset(name, 'n', NAME);
    name[NAME] = '\0';
    for (int i = 0; i < TENSORS; i++) {
        const char *prefix = i % 10 == 0 ? name : "layer";
        at += (size_t)snprintf(header + at, sizeof header - at,
                               "%s\"%s.%d\":{\"dtype\":\"F32\",\"shape\":[1],"
                               "\"data_offsets\":[%d,%d]}",
                               i == 0 ? "{" : ",", prefix, i, 4 * i, 4 * i + 4);
        printed += (size_t)snprintf(lines + printed, sizeof lines - printed, "%s.%d F32 [1]\n",
                                    prefix, i);
    }
    strcpy(header + at, "}");
    snprintf(lines + printed, sizeof lines - printed,
             "no network: %s.0 [1] is no layer's weight or bias\n", name);
    check_printed(header, 4 * TENSORS, lines);
    check_printed("{" TENSOR("none", "F32", "[0,4294967296,1000000000]", 0, 0) "}", 0,
                  "none F32 [0, 4294967296, 1000000000]\n"
                  "no network: none [0, 4294967296, 1000000000] is no layer's weight or bias\n");
}

/* ---- metadata ------------------------------------------------------------------------------ */

/* The line of an entry: its form is free, but both are in it. */
static void check_entry(int line, const char *key, const char *value) {
    const char *found = strstr(line_of(line), key);
    CHECK(found != NULL);
    CHECK(found != NULL && strstr(found + strlen(key), value) != NULL);
}

static void test_metadata(void) {
    /* PyTorch writes it first; it is printed last */
    write_header("{\"__metadata__\":{\"format\":\"pt\",\"activations\":\"relu identity\"},"
                 TENSOR("0.weight", "F32", "[2,2]", 0, 16) "}", 16);
    CHECK_STATUS(FFNN_OK, print_file(FILE_NAME));
    CHECK(count_lines() == 4);
    CHECK(strcmp(line_of(0), "0.weight F32 [2, 2]") == 0);
    check_entry(1, "format", "pt");
    check_entry(2, "activations", "relu identity");
}

/* An optimizer's file is one of its kind, too. */
static void test_what_an_optimizer_saves(void) {
    float x[3] = {1, 2, 3}, y[1] = {1};
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    net.momentum = 0.5f;
    CHECK_STATUS(FFNN_OK, ffnn_train(&net, ffnn_view(x, 1, 3), ffnn_view(y, 1, 1), 0.1f, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_save_optimizer(&net, FILE_NAME));
    CHECK_STATUS(FFNN_OK, print_file(FILE_NAME));
    CHECK(strcmp(line_of(0), "W1.momentum_buffer F32 [3, 4]") == 0);
    CHECK(strcmp(line_of(1), "W2.momentum_buffer F32 [4, 1]") == 0);
    check_entry(2, "optimizer", "sgd");
    check_entry(3, "steps", "1");
    CHECK(count_lines() == 5);
    ffnn_free(&net);
}

static void test_metadata_that_is_empty(void) {
    static const char *const metadata[] = {"{}", "null", "{ }"};
    for (size_t i = 0; i < COUNT_OF(metadata); i++) {
        char header[200];
        test_case("%s", metadata[i]);
        snprintf(header, sizeof header, "{\"__metadata__\":%s,%s}", metadata[i],
                 TENSOR("W1", "F32", "[1,1]", 0, 4));
        check_printed(header, 4, "W1 F32 [1, 1]\nnetwork: 1-1, sigmoid\n");
    }
}

static void test_metadata_only(void) {
    write_header("{\"__metadata__\":{\"author\":\"me\",\"\":\"nothing\"}}", 0);
    CHECK_STATUS(FFNN_OK, print_file(FILE_NAME));
    CHECK(count_lines() == 3);
    check_entry(0, "author", "me");
    check_entry(1, "", "nothing");
}

/* ---- control characters -------------------------------------------------------------------- */

/* A terminal obeys nothing of what is printed: no control character of ASCII is in it or, in UTF-8,
   of Unicode, but for the end of each line. */
static void check_harmless(int lines) {
    CHECK(count_lines() == lines);
    CHECK(text_size > 0 && text[text_size - 1] == '\n');
    for (size_t i = 0; i < text_size; i++) {
        unsigned char c = (unsigned char)text[i], next = (unsigned char)text[i + 1];
        CHECK(c >= 0x20 || c == '\n');
        CHECK(c != 0x7f);
        CHECK(c != 0xc2 || next < 0x80 || next >= 0xa0);
    }
}

static void test_control_characters_are_escaped(void) {
    static const char *const names[] = {
        "\\n", "\\r", "\\t", "\\b", "\\f", "\\u0000", "\\u001b[2J", "\\u0007", "\\u007f", "\x7f",
        "\\u009b31m", "\xc2\x9b[31m", "\xc2\x85", "\\n0.weight F32 [16, 8]", "\\u000a", "\\u0085",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char header[400];
        test_case("a name, %d", (int)i);
        snprintf(header, sizeof header,
                 "{\"a%sz\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", names[i]);
        write_header(header, 1);
        CHECK_STATUS(FFNN_OK, print_file(FILE_NAME));
        check_harmless(2);
        CHECK(text[0] == 'a' && strstr(text, "z U8 [1]\n") != NULL);
        CHECK(text_size > strlen("az U8 [1]\n")); /* it is there, in some form */
        test_case("metadata, %d", (int)i);
        snprintf(header, sizeof header, "{\"__metadata__\":{\"k%s\":\"v\",\"l\":\"w%s\"}}",
                 names[i], names[i]);
        write_header(header, 0);
        CHECK_STATUS(FFNN_OK, print_file(FILE_NAME));
        check_harmless(3);
        check_entry(0, "k", "v");
        check_entry(1, "l", "w");
    }
}

/* Other names are printed as they are. */
static void test_names_in_utf_8(void) {
    check_printed("{" TENSOR("\xc2\xa3", "U8", "[1]", 0, 1) "}", 1,
                  "\xc2\xa3 U8 [1]\nno network: \xc2\xa3 [1] is no layer's weight or bias\n");
    check_printed("{" TENSOR("gr\xc3\xb6\xc3\x9f" "e", "U8", "[1]", 0, 1) ","
                  TENSOR("\xe5\xb1\x82\xf0\x9f\x98\x80", "U8", "[1]", 1, 2) "}", 2,
                  "gr\xc3\xb6\xc3\x9f" "e U8 [1]\n\xe5\xb1\x82\xf0\x9f\x98\x80 U8 [1]\n"
                  "no network: gr\xc3\xb6\xc3\x9f" "e [1] is no layer's weight or bias\n");
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void check_malformed(const char *what) {
    test_case("%s", what);
    CHECK_STATUS(FFNN_ERROR_FORMAT, print_file(FILE_NAME));
    CHECK(text_size == 0);
}

#define GOOD TENSOR("W1", "F32", "[1,1]", 0, 4)

static void test_malformed_files_print_nothing(void) {
    static const struct {
        const char *what, *header;
        size_t data_size;
    } files[] = {
        {"no JSON", "no", 0},
        {"an array", "[]", 0},
        {"no end", "{" GOOD, 4},
        {"something behind the end", "{" GOOD "}x", 4},
        {"no data", "{" GOOD "}", 0},
        {"less data", "{" GOOD "}", 3},
        {"more data", "{" GOOD "}", 5},
        {"data without tensors", "{}", 1},
        {"a gap", "{" GOOD "," TENSOR("b", "F32", "[1]", 8, 12) "}", 12},
        {"a gap at the beginning", "{" TENSOR("b", "F32", "[1]", 4, 8) "}", 8},
        {"an overlap", "{" GOOD "," TENSOR("b", "F32", "[1]", 0, 4) "}", 4},
        {"an overlap as large as a gap",
         "{" TENSOR("a", "F32", "[1]", 0, 4) "," TENSOR("b", "F32", "[1]", 0, 4) ","
         TENSOR("c", "F32", "[1]", 8, 12) "}", 12},
        {"an unknown dtype", "{" GOOD "," TENSOR("b", "F33", "[1]", 4, 8) "}", 8},
        {"a shape of another size", "{" GOOD "," TENSOR("b", "F32", "[2]", 4, 8) "}", 8},
        {"a negative size", "{" TENSOR("b", "F32", "[-1]", 0, 4) "}", 4},
        {"too large a size", "{" TENSOR("b", "F32", "[18446744073709551616,0]", 0, 0) "}", 0},
        {"sizes that overflow", "{" TENSOR("b", "F32", "[4294967296,4294967296,4]", 0, 0) "}", 0},
        {"no dtype", "{\"b\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4},
        {"no shape", "{\"b\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4},
        {"no offsets", "{\"b\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4},
        {"metadata that are no text", "{\"__metadata__\":{\"a\":1}," GOOD "}", 4},
        {"metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}," GOOD "}", 4},
        {"a control character in a name", "{" TENSOR("a\nb", "U8", "[1]", 0, 1) "}", 1},
        {"no UTF-8", "{" TENSOR("a\xff", "U8", "[1]", 0, 1) "}", 1},
        {"half a pair", "{" TENSOR("a\\ud800", "U8", "[1]", 0, 1) "}", 1},
    };
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        write_header(files[i].header, files[i].data_size);
        check_malformed(files[i].what);
    }
}

/* The good part of it is long enough to have been printed, were it printed while it is read. */
static void test_what_is_malformed_at_its_end(void) {
    static char header[MAX_TEXT];
    size_t at = 0;
    for (int i = 0; i < 1000; i++)
        at += (size_t)snprintf(header + at, sizeof header - at,
                               "%s\"layer.%d\":{\"dtype\":\"U8\",\"shape\":[1],"
                               "\"data_offsets\":[%d,%d]}",
                               i == 0 ? "{" : ",", i, i, i + 1);
    write_header(header, 1000);
    check_malformed("no end");
    strcpy(header + at, ",\"__metadata__\":{\"a\":\"b\"}}");
    write_header(header, 1001);
    check_malformed("a byte too many");
    write_header(header, 1000);
    CHECK_STATUS(FFNN_OK, print_file(FILE_NAME));
    CHECK(count_lines() == 1002);
}

static void test_files_that_are_cut_off(void) {
    static const char header[] = "{" GOOD "}";
    static const size_t whole = 8 + sizeof header - 1 + 4;
    write_header(header, 4);
    bytes file = read_file(FILE_NAME);
    CHECK(file.size == whole);
    for (size_t size = 0; size < file.size; size++) {
        char what[40];
        snprintf(what, sizeof what, "%d bytes", (int)size);
        write_file(FILE_NAME, file.data, size);
        check_malformed(what);
    }
    free(file.data);
}

static void test_missing_files(void) {
    CHECK_STATUS(FFNN_ERROR_IO, print_file(SCRATCH "there_is_no_such_file"));
    CHECK(errno == ENOENT);
    CHECK(text_size == 0);
    CHECK_STATUS(FFNN_ERROR_IO, print_file(""));
#if HAS_POSIX || defined(_WIN32) /* elsewhere folders may be read as empty files */
    CHECK_STATUS(FFNN_ERROR_IO, print_file("build"));
    CHECK(text_size == 0);
#endif
}

static void test_arguments(void) {
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_print_file(NULL, FILE_NAME));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_print_file(stdout, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_print_file(NULL, NULL));
}

static void test_an_output_that_cannot_be_written(void) {
    FILE *full = fopen("/dev/full", "r+"), *read_only;
    write_header("{" GOOD "}", 4);
    read_only = fopen(FILE_NAME, "rb");
    CHECK(read_only != NULL);
    if (read_only != NULL) {
        CHECK_STATUS(FFNN_ERROR_IO, ffnn_print_file(read_only, FILE_NAME));
        fclose(read_only);
    }
    if (full == NULL)
        return; /* not every system has it */
    setvbuf(full, NULL, _IONBF, 0);
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_print_file(full, FILE_NAME));
    fclose(full);
}

/* Memory that is refused is an error; what is printed, if anything, is nothing. */
static void test_without_memory(void) {
    enum { ENOUGH = 100 };
    ffnn_status status = FFNN_ERROR_MEMORY;
    write_header("{" GOOD ",\"__metadata__\":{\"a\":\"b\"}}", 4);
    for (size_t n = 1; status != FFNN_OK && n < ENOUGH; n++) {
        test_case("allocation %d", (int)n);
        test_fail_allocation(n);
        status = print_file(FILE_NAME);
        test_fail_allocation(0);
        if (status != FFNN_OK) {
            CHECK_STATUS(FFNN_ERROR_MEMORY, status);
            CHECK(text_size == 0);
        }
    }
    CHECK_STATUS(FFNN_OK, status);
}

int main(void) {
    make_scratch_folder(SCRATCH);
    RUN(test_tensors);
    RUN(test_tensors_that_no_network_has);
    RUN(test_the_headers_order);
    RUN(test_a_header_by_another_writer);
    RUN(test_what_a_network_saves);
    RUN(test_many_tensors_and_long_names);
    RUN(test_metadata);
    RUN(test_what_an_optimizer_saves);
    RUN(test_metadata_that_is_empty);
    RUN(test_metadata_only);
    RUN(test_control_characters_are_escaped);
    RUN(test_names_in_utf_8);
    RUN(test_malformed_files_print_nothing);
    RUN(test_what_is_malformed_at_its_end);
    RUN(test_files_that_are_cut_off);
    RUN(test_missing_files);
    RUN(test_arguments);
    RUN(test_an_output_that_cannot_be_written);
    RUN(test_without_memory);
    remove(FILE_NAME);
    return test_summary("test_print_file");
}
