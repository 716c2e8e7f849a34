/* train --seed N: trains 22 models with what else people train with: more activations, losses, sample
   weights, clipping, a loss of one's own; prints the transcript that PyTorch prints, gradients by the
   inputs included.

   tests/reference/train.py is the same program on real PyTorch, and tests/transcripts_train/
   seed-N.txt is what it prints. */
#define PROGRAM "train"
#include "models.h"

static const model models[] = {
    {{8, 16, 1}, "gelu_tanh identity", "mse", "adam", 0.01f, 0, 0, 0, 62, 0, "", true},
    {{8, 16, 1}, "softplus identity", "mse", "sgd", 0.02f, 0.9f, 0, 0, 62, 0, "", true},
    {{8, 16, 2}, "selu tanh", "mse", "sgd", 0.05f, 0, 0, 0, 62, 20, "shuffled", true},
    {{8, 16, 1}, "mish identity", "mse", "adam", 0.01f, 0, 0.01f, 0, 62, 16, "shuffled", true},
    {{8, 16, 3}, "hardswish softmax", "cross-entropy", "adam", 0.01f, 0, 0, 0, 62, 0, "", true},
    {{8, 16, 1}, "hardtanh identity", "mse", "sgd", 0.02f, 0.5f, 0, 0, 62, 0, "", true},
    {{8, 16, 3}, "relu6 softmax", "cross-entropy", "sgd", 0.1f, 0, 0, 0, 62, 0, "", true},
    {{8, 16, 1}, "leaky_relu:0.2 identity", "mse", "adam", 0.01f, 0, 0, 0, 62, 0, "", true},
    {{8, 16, 1}, "elu:0.5 identity", "mse", "adam", 0.01f, 0, 0, 0, 62, 16, "shuffled", true},
    {{8, 16, 1}, "tanh identity", "huber", "adam", 0.01f, 0, 0, 0, 62, 16, "shuffled", true},
    {{8, 16, 1}, "tanh identity", "l1", "sgd", 0.02f, 0, 0, 0, 62, 31, "", true},
    {{8, 16, 3}, "tanh softmax", "cross-entropy", "adam", 0.01f, 0, 0, 0, 62, 16, "shuffled soft",
     true},
    {{8, 16, 3}, "tanh softmax", "cross-entropy", "sgd", 0.2f, 0, 0, 0, 62, 0, "soft", true},
    {{8, 16, 1}, "tanh identity", "mse", "sgd", 0.05f, 0, 0, 0, 62, 16, "shuffled weighted", true},
    {{8, 16, 1}, "silu sigmoid", "cross-entropy", "adam", 0.01f, 0, 0, 0, 62, 16,
     "shuffled weighted", true},
    {{8, 16, 3}, "tanh softmax", "cross-entropy", "sgd", 0.2f, 0.9f, 0, 0, 62, 20, "weighted",
     true},
    {{8, 16, 1}, "tanh identity", "mse", "sgd", 0.1f, 0, 0, 0.05f, 62, 16, "", true},
    {{8, 16, 16, 3}, "tanh tanh softmax", "cross-entropy", "adam", 0.01f, 0, 0.01f, 0.1f, 62, 16,
     "shuffled", true},
    {{8, 16, 1}, "tanh identity", "mse", "sgd", 0.1f, 0.9f, 0.001f, 0.2f, 62, 0, "", true},
    {{8, 16, 1}, "tanh identity", "custom", "adam", 0.01f, 0, 0, 0, 62, 0, "", true},
    {{8, 16, 2}, "elu tanh", "custom", "sgd", 0.1f, 0.9f, 0, 0.5f, 62, 0, "", true},
    {{8, 16, 3}, "tanh softmax", "custom", "sgd", 0.5f, 0, 0, 0, 62, 0, "", true},
};

int main(int argc, char **argv) { return run_models(models, COUNT_OF(models), argc, argv); }
