/* deploy.c - uses weights that were trained in PyTorch.

       python3 examples/train_in_pytorch.py lab.safetensors
       cc -O2 -o deploy examples/deploy.c -lm
       ./deploy lab.safetensors 1 0.8888889 2

   The file says how many layers and units the network has. Give as many numbers as it has inputs,
   scaled as they were for the training; each output comes on a line of its own. */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

#include <errno.h>
#include <stdlib.h>

static int fail(const char *where, const char *why) {
    fprintf(stderr, "deploy: %s: %s\n", where, why);
    return EXIT_FAILURE;
}

/* The numbers on the command line, which must be as many as X has room for. */
static bool read_inputs(ffnn_tensor X, char **numbers, size_t count) {
    if (count != X.cols) {
        fprintf(stderr, "deploy: the network has %zu inputs, but %zu numbers are given\n", X.cols,
                count);
        return false;
    }
    for (size_t i = 0; i < count; ++i) {
        char *end;
        X.data[i] = strtof(numbers[i], &end);
        if (end == numbers[i] || *end != '\0') {
            fail(numbers[i], "not a number");
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv) {
    ffnn_net net;
    ffnn_tensor X, output;
    ffnn_status status;
    int result = EXIT_FAILURE;
    if (argc < 3) {
        fprintf(stderr, "usage: deploy FILE.safetensors NUMBER...\n");
        return 2;
    }
    status = ffnn_init_from_file(&net, argv[1]);
    if (status == FFNN_ERROR_IO) return fail(argv[1], strerror(errno));
    if (status != FFNN_OK) return fail(argv[1], ffnn_status_string(status));

    ffnn_tensor_init(&X, 1, net.layers[0].weight.rows);
    ffnn_tensor_init(&output, 1, net.layers[net.layer_count - 1].weight.cols);
    if (X.data == NULL || output.data == NULL) {
        fail("memory", ffnn_status_string(FFNN_ERROR_MEMORY));
    } else if (read_inputs(X, argv + 2, (size_t)(argc - 2))) {
        status = ffnn_predict(&net, X, output);
        if (status != FFNN_OK) {
            fail("prediction", ffnn_status_string(status));
        } else {
            for (size_t i = 0; i < output.cols; ++i) printf("%.7f\n", (double)output.data[i]);
            if (fflush(stdout) == 0) result = EXIT_SUCCESS;
            else fail("standard output", strerror(errno));
        }
    }
    ffnn_tensor_free(&X);
    ffnn_tensor_free(&output);
    ffnn_free(&net);
    return result;
}
