/* deploy.c - predicts with weights that were trained in PyTorch.

       python3 examples/train_in_pytorch.py rings.safetensors
       cc -O2 -o deploy examples/deploy.c -lm
       echo 0.125 0.25 | ./deploy rings.safetensors
       ./deploy rings.safetensors rows.txt

   The file says how many layers and units the network has and which activations. Each line of the
   input is a sample: as many numbers as the network has inputs, scaled as they were for the
   training, with spaces, tabs or commas between. Empty lines and those that begin with # are
   left out. For each sample a line with the network's outputs is printed. */
#define PROGRAM "deploy"
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#include "require.h"

#include <math.h>

/* If no network can be made of the file, shows what is in it. */
static void load(ffnn_net *net, const char *path) {
    ffnn_status status = ffnn_init_from_file(net, path);
    if (status == FFNN_ERROR_MISMATCH || status == FFNN_ERROR_ARGUMENT) {
        fprintf(stderr, "deploy: %s holds\n", path);
        ffnn_print_file(stderr, path);
    }
    require(status, path);
}

/* Reads the numbers of a line into x, which must be as many as it has room for. False: the line is
   empty, or a comment. */
static bool read_row(ffnn_tensor x, const char *line, int number) {
    static const char between[] = " \t\r\n,";
    char where[32];
    snprintf(where, sizeof where, "line %d", number);
    line += strspn(line, between);
    if (*line == '\0' || *line == '#') return false;
    size_t count = 0;
    while (*line != '\0') {
        char *end;
        float value = strtof(line, &end);
        if (end == line || (*end != '\0' && strchr(between, *end) == NULL))
            fail(where, "not a number");
        if (count < x.cols) x.data[count] = value;
        ++count;
        line = end + strspn(end, between);
    }
    if (count != x.cols) {
        fflush(stdout);
        fprintf(stderr, "deploy: %s: the network has %zu inputs, but here are %zu numbers\n", where,
                x.cols, count);
        exit(EXIT_FAILURE);
    }
    return true;
}

/* NaN without its sign, as ffnn_print does: printf may print -nan. */
static void print_number(float value) {
    if (isnan(value)) printf("nan");
    else printf("%.6f", (double)value);
}

static void print_row(ffnn_tensor row) {
    for (size_t i = 0; i < row.cols; ++i) {
        print_number(row.data[i]);
        putchar(i + 1 < row.cols ? ' ' : '\n');
    }
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: deploy FILE.safetensors [ROWS.txt]\n");
        return 2;
    }
    ffnn_net net;
    load(&net, argv[1]);
    ffnn_tensor x, output;
    require(ffnn_tensor_init(&x, 1, net.sizes[0]), "memory for the inputs");
    require(ffnn_tensor_init(&output, 1, net.sizes[net.layer_count]), "memory for the outputs");
    FILE *in = argc == 3 ? fopen(argv[2], "r") : stdin;
    if (in == NULL) fail(argv[2], strerror(errno));

    static char line[1 << 16];
    for (int number = 1; fgets(line, sizeof line, in) != NULL; ++number) {
        if (strlen(line) == sizeof line - 1) fail("input", "a line is too long");
        if (!read_row(x, line, number)) continue;
        require(ffnn_predict(&net, x, output), "prediction");
        print_row(output);
    }
    if (ferror(in)) fail("input", strerror(errno));
    require_output();

    if (in != stdin) fclose(in);
    ffnn_tensor_free(&x);
    ffnn_tensor_free(&output);
    ffnn_free(&net);
    return 0;
}
