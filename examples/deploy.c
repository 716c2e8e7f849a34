/* deploy.c - uses weights that were trained in PyTorch.

       python3 examples/train_in_pytorch.py lab.safetensors
       cc -O2 -o deploy examples/deploy.c -lm
       ./deploy lab.safetensors 1 0.8888889 2

   The file says how many layers and units the network has. Give as many numbers as it has inputs,
   scaled as they were for the training; each output comes on a line of its own. */
#define PROGRAM "deploy"
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#include "require.h"

static float parse_number(const char *text) {
    char *end;
    float number = strtof(text, &end);
    if (end == text || *end != '\0') fail(text, "not a number");
    return number;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: deploy FILE.safetensors NUMBER...\n");
        return 2;
    }
    const char *path = argv[1];
    char **numbers = argv + 2;
    size_t count = (size_t)(argc - 2);

    ffnn_net net;
    require(ffnn_init_from_file(&net, path), path);
    size_t inputs = net.layers[0].weight.rows;
    size_t outputs = net.layers[net.layer_count - 1].weight.cols;
    if (count != inputs) {
        fprintf(stderr, "deploy: %s has %zu inputs, but %zu numbers are given\n", path, inputs,
                count);
        return EXIT_FAILURE;
    }

    ffnn_tensor X, output;
    require(ffnn_tensor_init(&X, 1, inputs), "memory for the inputs");
    require(ffnn_tensor_init(&output, 1, outputs), "memory for the outputs");
    for (size_t i = 0; i < inputs; ++i) X.data[i] = parse_number(numbers[i]);
    require(ffnn_predict(&net, X, output), "prediction");
    for (size_t i = 0; i < outputs; ++i) printf("%.7f\n", (double)output.data[i]);
    require_output();

    ffnn_tensor_free(&X);
    ffnn_tensor_free(&output);
    ffnn_free(&net);
    return 0;
}
