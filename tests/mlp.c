/* mlp --seed N: trains twelve torch.nn MLPs and prints the transcript that PyTorch prints.

   tests/reference/mlp.py is the same program on real PyTorch, and tests/transcripts_mlp/seed-N.txt
   is what it prints. */
#define PROGRAM "mlp"
#include "models.h"

static const model models[] = {
    {{8, 1}, "identity", "mse", "sgd", 0.05f, 0, 0, 0, 62, 0, "", false},
    {{2, 8, 1}, "tanh sigmoid", "mse", "sgd", 0.5f, 0, 0, 0, 31, 0, "", false},
    {{8, 16, 1}, "relu identity", "mse", "sgd", 0.02f, 0.9f, 0, 0, 62, 0, "", false},
    {{8, 16, 1}, "leaky_relu identity", "mse", "sgd", 0.02f, 0.9f, 0.001f, 0, 62, 0, "", false},
    {{8, 16, 1}, "elu identity", "mse", "adam", 0.01f, 0, 0, 0, 62, 0, "", false},
    {{8, 16, 1}, "silu identity", "mse", "adam", 0.01f, 0, 0.01f, 0, 62, 0, "", false},
    {{8, 16, 2}, "gelu tanh", "mse", "adam", 0.01f, 0, 0, 0, 62, 0, "", false},
    {{8, 16, 1}, "sigmoid sigmoid", "cross-entropy", "adam", 0.01f, 0, 0, 0, 62, 0, "", false},
    {{8, 16, 3}, "relu softmax", "cross-entropy", "adam", 0.01f, 0, 0, 0, 62, 0, "", false},
    {{8, 12, 12, 3}, "tanh tanh softmax", "cross-entropy", "sgd", 0.1f, 0, 0, 0, 62, 20, "", false},
    {{8, 16, 3}, "tanh softmax", "cross-entropy", "sgd", 0.05f, 0.9f, 0, 0, 62, 16, "shuffled", false},
    {{20, 33, 10}, "relu softmax", "cross-entropy", "adam", 0.002f, 0, 0, 0, 155, 32, "shuffled", false},
};

int main(int argc, char **argv) { return run_models(models, COUNT_OF(models), argc, argv); }
