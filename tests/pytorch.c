/* pytorch: what tests/pytorch.py asks of ffnn.h, to hold it against PyTorch and safetensors.

    pytorch print                     prints tensors; each is rows, columns (32 bits each) and floats
                                      on standard input, and has an empty line after it
    pytorch randn SEED [ROWS COLS]... what ffnn_randn draws, tensor after tensor
    pytorch randperm SEED [COUNT]...  the orders that ffnn_fit shuffles into, one after the other
    pytorch linear SEED SIZE SIZE...  first weights of a network with biases: of each layer the
                                      weight, outputs x inputs as in PyTorch, then the bias
    pytorch again FILE AGAIN          saves the network in FILE as AGAIN; reads samples from standard
                                      input and prints what it predicts, a line a sample
    pytorch network FILE...           what ffnn_print_file says of each, or why it fails, and an empty
                                      line

   Floats are printed with 9 digits, which tell each from every other. */
#define PROGRAM "pytorch"
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#include "../examples/require.h"

static ffnn_tensor new_tensor(size_t rows, size_t cols) {
    ffnn_tensor t;
    require(ffnn_tensor_init(&t, rows, cols), "memory for a tensor");
    return t;
}

static void print_float(float value, char after) {
    printf("%.9g%c", (double)value, after);
}

static void print_tensors(void) {
    uint32_t shape[2];
    while (fread(shape, sizeof shape, 1, stdin) == 1) {
        size_t count = (size_t)shape[0] * shape[1];
        ffnn_tensor t = new_tensor(shape[0], shape[1]);
        if (fread(t.data, sizeof *t.data, count, stdin) != count) fail("print", "a tensor is cut");
        require(ffnn_print(stdout, t), "print");
        putchar('\n');
        ffnn_tensor_free(&t);
    }
}

static void print_randn(ffnn_rng *rng, size_t rows, size_t cols) {
    ffnn_tensor t = new_tensor(rows, cols);
    require(ffnn_randn(t, rng), "randn");
    for (size_t i = 0; i < rows * cols; ++i) print_float(t.data[i], '\n');
    ffnn_tensor_free(&t);
}

static void print_randperm(ffnn_rng *rng, size_t count) {
    size_t *order = (size_t *)malloc((count + 1) * sizeof *order);
    if (order == NULL) fail("randperm", "out of memory");
    ffnn__shuffle(order, count, rng);
    for (size_t i = 0; i < count; ++i) printf("%zu\n", order[i]);
    free(order);
}

static void print_linear(ffnn_rng *rng, char **sizes, size_t layer_count) {
    ffnn_desc desc;
    ffnn_net net;
    memset(&desc, 0, sizeof desc);
    desc.biases = true;
    desc.rng = rng;
    for (size_t i = 0; i <= layer_count; ++i) desc.sizes[i] = strtoul(sizes[i], NULL, 10);
    require(ffnn_init(&net, &desc), "network");
    for (size_t i = 0; i < layer_count; ++i) {
        ffnn_tensor weight = net.layers[i].weight;
        for (size_t col = 0; col < weight.cols; ++col)
            for (size_t row = 0; row < weight.rows; ++row)
                print_float(*ffnn_at(weight, row, col), '\n');
        for (size_t col = 0; col < weight.cols; ++col)
            print_float(net.layers[i].bias.data[col], '\n');
    }
    ffnn_free(&net);
}

/* False at the end of standard input. */
static bool read_sample(ffnn_tensor x) {
    for (size_t i = 0; i < x.cols; ++i) {
        if (scanf("%f", &x.data[i]) == 1) continue;
        if (i > 0) fail("again", "a sample is cut");
        return false;
    }
    return true;
}

static void save_again_and_predict(const char *path, const char *again) {
    ffnn_net net;
    require(ffnn_init_from_file(&net, path), path);
    require(ffnn_save(&net, again), again);
    ffnn_tensor x = new_tensor(1, net.layers[0].weight.rows);
    ffnn_tensor output = new_tensor(1, net.layers[net.layer_count - 1].weight.cols);
    while (read_sample(x)) {
        require(ffnn_predict(&net, x, output), "prediction");
        for (size_t i = 0; i < output.cols; ++i)
            print_float(output.data[i], i + 1 < output.cols ? ' ' : '\n');
    }
    ffnn_tensor_free(&x);
    ffnn_tensor_free(&output);
    ffnn_free(&net);
}

int main(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    ffnn_rng rng;
    ffnn_rng_seed(&rng, argc > 2 ? strtoull(argv[2], NULL, 10) : 0);
    if (strcmp(command, "print") == 0) {
        print_tensors();
    } else if (strcmp(command, "randn") == 0) {
        for (int i = 3; i + 1 < argc; i += 2)
            print_randn(&rng, strtoul(argv[i], NULL, 10), strtoul(argv[i + 1], NULL, 10));
    } else if (strcmp(command, "randperm") == 0) {
        for (int i = 3; i < argc; ++i) print_randperm(&rng, strtoul(argv[i], NULL, 10));
    } else if (strcmp(command, "linear") == 0 && argc > 4 && argc - 4 <= FFNN_MAX_LAYERS) {
        print_linear(&rng, argv + 3, (size_t)argc - 4);
    } else if (strcmp(command, "again") == 0 && argc == 4) {
        save_again_and_predict(argv[2], argv[3]);
    } else if (strcmp(command, "network") == 0) {
        for (int i = 2; i < argc; ++i) {
            ffnn_status status = ffnn_print_file(stdout, argv[i]);
            if (status != FFNN_OK) printf("no network: %s\n", ffnn_status_string(status));
            putchar('\n');
        }
    } else {
        fail("usage", "see the comment at the top of tests/pytorch.c");
    }
    require_output();
    return 0;
}
