/* compare_transcripts EXPECTED GOT: 0 if the transcript GOT is PyTorch's, digits and all.

   The training times (the fifth column of the last table) are not compared. One figure in a
   hundred may be off by one in its last digit: two computations that round differently on the way
   can fall to either side of a half. Each of those is printed. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 512 };

/* Reads a line without its end; cuts a row of the last table off after its fourth column. */
static int read_line(FILE *file, char line[LINE_SIZE]) {
    char *end = line;
    if (fgets(line, LINE_SIZE, file) == NULL) return 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (int column = 0; column < 4 && end != NULL; ++column) {
        end = strchr(column == 0 ? end : end + 1, '|');
    }
    if (end != NULL && isdigit((unsigned char)line[0])) *end = '\0';
    return 1;
}

/* The length of the number with a fraction that text begins with, or 0. */
static size_t figure_length(const char *text) {
    size_t sign = text[0] == '-', whole = strspn(text + sign, "0123456789"), fraction;
    if (whole == 0 || text[sign + whole] != '.') return 0;
    fraction = strspn(text + sign + whole + 1, "0123456789");
    return fraction == 0 ? 0 : sign + whole + 1 + fraction;
}

/* Whether two figures of the same form are at most one apart in the last digit. */
static int off_by_one(const char *a, const char *b, size_t length) {
    const char *point = strchr(a, '.');
    double unit = pow(10, -(double)(a + length - point - 1));
    return fabs(strtod(a, NULL) - strtod(b, NULL)) < 1.5 * unit;
}

/* Counts the figures of a line and those that are off by one; 0 if anything else differs. */
static int compare_lines(const char *a, const char *b, int *figures, int *misses) {
    while (*a != '\0' || *b != '\0') {
        size_t length = figure_length(a);
        if (length == 0) {
            if (*a++ != *b++) return 0;
            continue;
        }
        if (length != figure_length(b)) return 0;
        ++*figures;
        if (strncmp(a, b, length) != 0) {
            if (!off_by_one(a, b, length)) return 0;
            ++*misses;
        }
        a += length;
        b += length;
    }
    return 1;
}

int main(int argc, char **argv) {
    FILE *expected = argc == 3 ? fopen(argv[1], "r") : NULL;
    FILE *got = argc == 3 ? fopen(argv[2], "r") : NULL;
    char a[LINE_SIZE], b[LINE_SIZE];
    int line = 0, figures = 0, misses = 0, before = 0, more_a, more_b;
    if (expected == NULL || got == NULL) {
        fprintf(stderr, "usage: compare_transcripts EXPECTED GOT\n");
        return 2;
    }
    while (more_a = read_line(expected, a), more_b = read_line(got, b), more_a && more_b) {
        ++line;
        if (!compare_lines(a, b, &figures, &misses)) break;
        if (misses > before) printf("%s:%d: off by one: \"%s\", not \"%s\"\n", argv[2], line, b, a);
        before = misses;
    }
    fclose(expected);
    fclose(got);
    if (more_a || more_b) {
        printf("%s:%d: \"%s\", expected \"%s\"\n", argv[2], line, more_b ? b : "(the end)",
               more_a ? a : "(the end)");
        return 1;
    }
    printf("%s: %d of %d figures equal to the last digit\n", argv[2], figures - misses, figures);
    return figures == 0 || misses * 100 > figures;
}
