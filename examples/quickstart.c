/* quickstart.c - learns exclusive or, saves, loads, asks: cc -O2 examples/quickstart.c -lm */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

int main(void) {
    float inputs[4][3] = {{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}}; // last: a bias
    float targets[4] = {0, 1, 1, 0}, answers[4];
    ffnn_tensor X = ffnn_view(inputs[0], 4, 3), y = ffnn_view(targets, 4, 1);
    ffnn_tensor output = ffnn_view(answers, 4, 1); // tensors share your arrays' memory
    ffnn_net net, copy;

    if (ffnn_init(&net, NULL) != FFNN_OK) return 1; // 3 inputs, 4 hidden units, 1 output
    for (int epoch = 0; epoch < 10000; ++epoch) ffnn_train(&net, X, y, 1.0f, NULL);
    if (ffnn_save(&net, "xor.safetensors") != FFNN_OK) return 1;

    if (ffnn_init_from_file(&copy, "xor.safetensors") != FFNN_OK) return 1;
    ffnn_predict(&copy, X, output);
    ffnn_print(stdout, output);
    ffnn_free(&net);
    ffnn_free(&copy);
    return 0;
}
