/* Printing, against what PyTorch prints. */
#include "test.h"
#include "../ffnn.h"

#include <locale.h>

#include "reference/printing.h"

/* What ffnn_print writes; freed by the caller. NULL if there is no temporary file. */
static char *printed(ffnn_tensor t) {
    FILE *file = tmpfile();
    char *text = NULL;
    if (file == NULL) return NULL;
    CHECK_STATUS(FFNN_OK, ffnn_print(file, t));
    long length = ftell(file);
    rewind(file);
    if (length >= 0) text = (char *)malloc((size_t)length + 1);
    if (text != NULL) text[fread(text, 1, (size_t)length, file)] = '\0';
    fclose(file);
    return text;
}

/* Every line as expected, each ended by a newline, and nothing after the last. */
static void check_lines(const char *text, const char *const *lines, size_t line_count) {
    for (size_t i = 0; i < line_count; ++i) {
        size_t length = strcspn(text, "\n");
        if (text[length] != '\n' || length != strlen(lines[i])
            || strncmp(text, lines[i], length) != 0) {
            if (test_error(__FILE__, __LINE__))
                printf("line %d\n    expected: %s\n    got:      %.*s%s\n", (int)(i + 1), lines[i],
                       (int)length, text, text[length] == '\n' ? "" : " (no newline)");
            return;
        }
        text += length + 1;
    }
    CHECK(text[0] == '\0');
}

static void check_printed(ffnn_tensor t, const char *const *lines, size_t line_count) {
    char *text = printed(t);
    CHECK(text != NULL);
    if (text != NULL) check_lines(text, lines, line_count);
    free(text);
}

/* As whole() in make_reference.py. */
static void fill_in_steps(ffnn_tensor t, float step) {
    for (size_t i = 0; i < t.rows * t.cols; ++i) t.data[i] = (float)(i % 100) * step;
}

static void check_case(const print_case *c) {
    ffnn_tensor t;
    test_case("%s", c->name);
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&t, c->rows, c->cols));
    if (c->values != NULL)
        memcpy(t.data, c->values, c->rows * c->cols * sizeof *t.data);
    else
        fill_in_steps(t, c->step);
    check_printed(t, c->lines, c->line_count);
    ffnn_tensor_free(&t);
}

static void test_prints_as_pytorch(void) {
    for (size_t i = 0; i < COUNT_OF(print_cases); ++i) check_case(&print_cases[i]);
}

/* What a summary leaves out has no say in width and mode. */
static void test_hidden_elements_do_not_count(void) {
    for (size_t i = 0; i < COUNT_OF(print_cases); ++i) {
        const print_case *c = &print_cases[i];
        ffnn_tensor t;
        if (c->rows * c->cols <= 1000) continue;
        test_case("%s", c->name);
        CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&t, c->rows, c->cols));
        fill_in_steps(t, c->step);
        for (size_t row = 0; row < t.rows; ++row)
            for (size_t col = 0; col < t.cols; ++col)
                if ((t.rows > 6 && row >= 3 && row < t.rows - 3)
                    || (t.cols > 6 && col >= 3 && col < t.cols - 3))
                    *ffnn_at(t, row, col) = col % 2 == 0 ? -1e30f : NAN;
        check_printed(t, c->lines, c->line_count);
        ffnn_tensor_free(&t);
    }
}

static void test_prints_sizes_without_elements(void) {
    static const struct {
        size_t rows, cols;
        const char *line;
    } cases[] = {
        {0, 4, "tensor([], size=(0, 4))"},
        {4, 0, "tensor([], size=(4, 0))"},
        {0, 0, "tensor([], size=(0, 0))"},
    };
    float data[1] = {1};
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        test_case("%s", cases[i].line);
        check_printed(ffnn_view(data, cases[i].rows, cases[i].cols), &cases[i].line, 1);
        check_printed(ffnn_view(NULL, cases[i].rows, cases[i].cols), &cases[i].line, 1);
    }
}

static void test_prints_after_what_is_there(void) {
    float data[2] = {1, 2};
    char text[64] = "";
    FILE *file = tmpfile();
    CHECK(file != NULL);
    if (file == NULL) return;
    fputs("Input: ", file);
    CHECK_STATUS(FFNN_OK, ffnn_print(file, ffnn_view(data, 1, 2)));
    CHECK_STATUS(FFNN_OK, ffnn_print(file, ffnn_view(data, 2, 1)));
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    CHECK(strcmp(text, "Input: tensor([[1., 2.]])\ntensor([[1.],\n        [2.]])\n") == 0);
    fclose(file);
}

static void test_printing_changes_nothing(void) {
    float data[6] = {1, NAN, -0.0f, 4.5f, -INFINITY, 1e-30f}, before[6];
    memcpy(before, data, sizeof data);
    char *text = printed(ffnn_view(data, 2, 3));
    CHECK(memcmp(before, data, sizeof data) == 0);
    free(text);
}

static void test_prints_the_same_under_a_decimal_comma(void) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8",
                                        "fr_FR.utf8", "fr_FR", "it_IT.UTF-8", "es_ES.UTF-8",
                                        "pt_BR.UTF-8", "ru_RU.UTF-8", "German_Germany.1252"};
    int found = 0;
    for (size_t i = 0; i < COUNT_OF(names) && !found; ++i)
        found = setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] == ',';
    if (found)
        test_prints_as_pytorch();
    else
        test_skip("no locale with a decimal comma is installed");
    setlocale(LC_ALL, "C");
}

static void test_print_refusals(void) {
    float data[6] = {1, 2, 3, 4, 5, 6};
    FILE *file = tmpfile();
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_print(NULL, ffnn_view(data, 2, 3)));
    CHECK(file != NULL);
    if (file == NULL) return;
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_print(file, ffnn_view(NULL, 2, 3)));
    CHECK_STATUS(FFNN_ERROR_MEMORY, ffnn_print(file, ffnn_view(data, SIZE_MAX / 4 + 1, 3)));
    CHECK(ftell(file) == 0);
    fclose(file);
}

static void check_print_fails(FILE *file) {
    static float data[40 * 25];
    setvbuf(file, NULL, _IONBF, 0);
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_print(file, ffnn_view(data, 1, 1)));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_print(file, ffnn_view(data, 40, 25)));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_print(file, ffnn_view(data, 0, 4)));
}

static void test_print_to_a_file_that_is_only_read(void) {
    FILE *file = fopen("tests/test_print.c", "r");
    if (file == NULL) {
        test_skip("tests/test_print.c cannot be opened: run this from the repository's root");
        return;
    }
    check_print_fails(file);
    fclose(file);
}

static void test_print_to_a_full_disk(void) {
    FILE *file = fopen("/dev/full", "r+");
    if (file == NULL) {
        test_skip("there is no /dev/full");
        return;
    }
    check_print_fails(file);
    fclose(file);
}

int main(void) {
    RUN(test_prints_as_pytorch);
    RUN(test_hidden_elements_do_not_count);
    RUN(test_prints_sizes_without_elements);
    RUN(test_prints_after_what_is_there);
    RUN(test_printing_changes_nothing);
    RUN(test_prints_the_same_under_a_decimal_comma);
    RUN(test_print_refusals);
    RUN(test_print_to_a_file_that_is_only_read);
    RUN(test_print_to_a_full_disk);
    return test_summary("test_print");
}
