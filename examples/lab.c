/* lab.c - the lab: a 3-4-1 network trained on three samples, and what comes of other settings

    cc -O2 -o lab lab.c -lm
    ./lab              the notebook's own recorded run, figure for figure
    ./lab --seed N     every network drawn from one generator seeded with N, as in PyTorch
    ./lab --plot FILE.svg   either of them, and the experiments' loss curves drawn

   Writes ffnn_model.safetensors to the current directory. */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#include "svg_plot.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define MODEL_PATH "ffnn_model.safetensors"

/* The notebook never seeded its generator, but PyTorch's takes only 32 bits of seed. A search over
   all of them found the one that prints the 11 losses that the notebook recorded; all of its 39
   figures then come out. 1446 numbers had been drawn before the training, by earlier runs of the
   same cells, and 888 more were between experiments 2 and 3. */
enum { DRAWN_BEFORE_TRAINING = 1446, DRAWN_BEFORE_EXPERIMENT_3 = 888 };
static const uint64_t RECORDED_SEED = 4271017088u;

/* The samples (hours slept, hours studied, ...) and what is to be predicted. */
typedef struct Data {
    ffnn_tensor X, y, X_max, x_predict;
} Data;

/* Ends the program unless status is FFNN_OK; what says what was tried. */
static void check(ffnn_status status, const char *what) {
    if (status == FFNN_OK) return;
    fprintf(stderr, "lab: %s: %s", what, ffnn_status_string(status));
    if (status == FFNN_ERROR_IO) fprintf(stderr, ": %s", strerror(errno));
    fprintf(stderr, "\n");
    exit(1);
}

static void print(const char *title, ffnn_tensor t) {
    printf("%s", title);
    check(ffnn_print(stdout, t), "print");
}

static void print_rule(int length) {
    while (length-- > 0) putchar('=');
    putchar('\n');
}

/* An array of whole numbers as NumPy prints it. */
static void print_array(const float *array, size_t rows, size_t cols) {
    int width = 0;
    size_t i;
    for (i = 0; i < rows * cols; ++i) {
        int length = snprintf(NULL, 0, "%.0f.", (double)array[i]);
        if (length > width) width = length;
    }
    for (i = 0; i < rows * cols; ++i) {
        bool first = i % cols == 0, last = i % cols == cols - 1;
        printf("%s%*.0f.", i == 0 ? "[[" : first ? " [" : " ", width - 1, (double)array[i]);
        if (last) puts(i + 1 == rows * cols ? "]]" : "]");
    }
}

static void tensors(void) {
    float array[2][3] = {{1, 2, 3}, {4, 5, 6}}, sum[2][3];
    ffnn_tensor tensor = ffnn_view(array[0], 2, 3); /* shares the memory of array */

    puts("Array:");
    print_array(array[0], 2, 3);
    print("\nTensor from array:\n", tensor);
    array[0][0] = 999;
    printf("\nAfter modifying the array:\nArray: ");
    print_array(array[0], 2, 3);
    print("Tensor (shared memory): ", tensor);
    puts("\nArray from tensor:");
    print_array(tensor.data, tensor.rows, tensor.cols);
    check(ffnn_add(ffnn_view(sum[0], 2, 3), tensor, ffnn_view(array[0], 2, 3)), "add");
    puts("\nAddition result:");
    print_array(sum[0], 2, 3);
}

static void activations(void) {
    float values[] = {0, 1, -1};
    ffnn_tensor s = ffnn_view(values, 1, 3);

    print("\nInput: ", s);
    check(ffnn_sigmoid(s, s), "sigmoid");
    print("Sigmoid: ", s);
    check(ffnn_sigmoid_derivative(s, s), "sigmoid derivative");
    print("Sigmoid derivative: ", s);
}

/* Divides each column of X by its largest element, y by the best possible score. */
static Data prepare_data(void) {
    static float samples[] = {2, 9, 0, 1, 5, 1, 3, 6, 2}, scores[] = {90, 100, 88};
    static float largest[3], unknown[] = {3, 8, 4};
    float best_score = 100;
    Data data;
    data.X = ffnn_view(samples, 3, 3);
    data.y = ffnn_view(scores, 3, 1);
    data.X_max = ffnn_view(largest, 1, 3);
    data.x_predict = ffnn_view(unknown, 1, 3);

    print("\nOriginal X:\n", data.X);
    print("\nOriginal y:\n", data.y);
    check(ffnn_max(data.X_max, data.X), "max");
    check(ffnn_div(data.X, data.X, data.X_max), "divide X");
    check(ffnn_div(data.y, data.y, ffnn_view(&best_score, 1, 1)), "divide y");
    print("\nNormalized X (divided by column max):\n", data.X);
    print("\nNormalized y (divided by 100):\n", data.y);
    print("\nOriginal x_predict:\n", data.x_predict);
    check(ffnn_div(data.x_predict, data.x_predict, data.X_max), "divide x_predict");
    print("\nNormalized x_predict:\n", data.x_predict);
    print("", data.X_max);
    return data;
}

enum { MAX_CURVES = 4 + 5 + 9 }; /* configurations of the three experiments */

/* The loss curves of the experiments, for --plot. */
typedef struct Curves {
    size_t count;
    svg_curve curves[MAX_CURVES];
    char labels[MAX_CURVES][32];
    float *losses[MAX_CURVES]; /* of every epoch */
} Curves;

/* Room for the losses of one more configuration; colour and dash as in svg_plot.h. NULL, and
   nothing recorded, without curves. */
static float *add_curve(Curves *curves, size_t epochs, const char *label, size_t colour,
                        size_t dash) {
    size_t i;
    svg_curve *curve;
    if (curves == NULL || curves->count == MAX_CURVES) return NULL;
    i = curves->count++;
    curves->losses[i] = (float *)calloc(epochs, sizeof(float));
    if (curves->losses[i] == NULL) check(FFNN_ERROR_MEMORY, "plot");
    snprintf(curves->labels[i], sizeof curves->labels[i], "%s", label);
    curve = &curves->curves[i];
    curve->label = curves->labels[i];
    curve->y = curves->losses[i];
    curve->count = epochs;
    curve->colour = (unsigned)colour;
    curve->dash = (unsigned)dash;
    return curves->losses[i];
}

static void draw_curves(const Curves *curves, const char *path) {
    const svg_curve *first = curves->curves;
    const svg_panel panels[3] = {
        {"Experiment 1: learning rates (4 hidden units)", "epoch", "loss (MSE)", true, first, 4},
        {"Experiment 2: hidden sizes (rate 0.10)", "epoch", "loss (MSE)", true, first + 4, 5},
        {"Experiment 3: configurations", "epoch", "loss (MSE)", true, first + 9, 9}};
    FILE *out = fopen(path, "w");
    bool drawn = out != NULL && svg_plot(out, panels, 3);
    if (out != NULL && fclose(out) != 0) drawn = false;
    if (!drawn) check(FFNN_ERROR_IO, path);
}

static void free_curves(Curves *curves) {
    while (curves->count > 0) free(curves->losses[--curves->count]);
}

/* A new network of 3 inputs, so many hidden units and 1 output. */
static ffnn_net new_network(size_t hidden_size, ffnn_rng *rng) {
    ffnn_desc desc = {0};
    ffnn_net net;
    desc.sizes[0] = 3;
    desc.sizes[1] = hidden_size;
    desc.sizes[2] = 1;
    desc.rng = rng;
    check(ffnn_init(&net, &desc), "new network");
    return net;
}

/* losses (may be NULL) gets every epoch's. */
static void train(ffnn_net *net, const Data *data, size_t epochs, float learning_rate,
                  float *losses) {
    size_t epoch;
    for (epoch = 0; epoch < epochs; ++epoch)
        check(ffnn_train(net, data->X, data->y, learning_rate, losses ? &losses[epoch] : NULL),
              "train");
}

static double loss_of(ffnn_net *net, const Data *data) {
    ffnn_tensor output;
    float loss;
    check(ffnn_forward(net, data->X, &output), "forward");
    check(ffnn_mse(data->y, output, &loss), "loss");
    return (double)loss;
}

static double prediction_of(const ffnn_net *net, const Data *data) {
    float prediction;
    check(ffnn_predict(net, data->x_predict, ffnn_view(&prediction, 1, 1)), "predict");
    return (double)prediction;
}

static ffnn_net training(const Data *data, ffnn_rng *rng) {
    ffnn_net net = new_network(4, rng);
    int epoch;

    puts("\nStarting training...\nNumber of epochs: 1000\nLearning rate: 0.1\n");
    for (epoch = 1; epoch <= 1000; ++epoch) {
        float loss = 0; /* before the update, as the notebook prints it */
        check(ffnn_train(&net, data->X, data->y, 0.1f, &loss), "train");
        if (epoch % 100 == 0 || epoch == 1) printf("Epoch #%d - Loss: %.6f\n", epoch, (double)loss);
    }
    puts("\nTraining completed!");
    return net;
}

/* Saves the network, loads it into a fresh one and predicts with that. */
static void save_load_predict(const ffnn_net *net, const Data *data, ffnn_rng *rng) {
    ffnn_net loaded;
    double prediction;
    float output;

    check(ffnn_save(net, MODEL_PATH), "save " MODEL_PATH);
    puts("\nWeights saved to " MODEL_PATH);
    loaded = new_network(4, rng); /* draws weights of its own, overwritten by the load */
    check(ffnn_load(&loaded, MODEL_PATH), "load " MODEL_PATH);
    puts("Weights loaded from " MODEL_PATH);

    puts("Predict data based on trained weights:");
    print("Input:\n", data->x_predict);
    prediction = prediction_of(&loaded, data);
    output = (float)prediction;
    print("Output:\n", ffnn_view(&output, 1, 1));
    printf("\nPredicted value (scaled): %.6f\n", prediction);
    printf("Predicted value (original scale): %.2f\n\n", prediction * 100);
    ffnn_free(&loaded);
}

static void experiment_1(const Data *data, ffnn_rng *rng, Curves *curves) {
    static const float learning_rates[] = {0.01f, 0.1f, 0.5f, 1.0f};
    size_t i;

    print_rule(60);
    puts("Experiment 1: Testing different learning rates");
    print_rule(60);
    for (i = 0; i < sizeof learning_rates / sizeof learning_rates[0]; ++i) {
        ffnn_net net = new_network(4, rng);
        char label[32];
        snprintf(label, sizeof label, "rate %.2f", (double)learning_rates[i]);
        train(&net, data, 500, learning_rates[i], add_curve(curves, 500, label, i, 0));
        printf("Learning rate: %4.2f - Final Loss: %.6f\n", (double)learning_rates[i],
               loss_of(&net, data));
        ffnn_free(&net);
    }
    putchar('\n');
}

static void experiment_2(const Data *data, ffnn_rng *rng, Curves *curves) {
    static const size_t hidden_sizes[] = {2, 4, 6, 8, 16};
    size_t i;

    print_rule(60);
    puts("Experiment 2: Testing different hidden layer sizes");
    print_rule(60);
    for (i = 0; i < sizeof hidden_sizes / sizeof hidden_sizes[0]; ++i) {
        ffnn_net net = new_network(hidden_sizes[i], rng);
        char label[32];
        snprintf(label, sizeof label, "hidden %u", (unsigned)hidden_sizes[i]);
        train(&net, data, 1000, 0.1f, add_curve(curves, 1000, label, i, 0));
        printf("Hidden size: %2u - Final Loss: %.6f\n", (unsigned)hidden_sizes[i],
               loss_of(&net, data));
        ffnn_free(&net);
    }
    putchar('\n');
}

/* Trains a new network 10,000 epochs and prints a line of the table. */
static void try_configuration(const Data *data, ffnn_rng *rng, size_t hidden_size,
                              float learning_rate, float *losses) {
    ffnn_net net = new_network(hidden_size, rng);
    clock_t start = clock();
    double seconds;
    train(&net, data, 10000, learning_rate, losses);
    seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    printf("%-6u | %-5.2f | %-12.6f | %-12.2f | %-10.4f\n", (unsigned)hidden_size,
           (double)learning_rate, loss_of(&net, data), prediction_of(&net, data) * 100, seconds);
    ffnn_free(&net);
}

static void experiment_3(const Data *data, ffnn_rng *rng, Curves *curves) {
    static const size_t hidden_sizes[] = {4, 8, 16};
    static const float learning_rates[] = {0.1f, 0.5f, 1.0f};
    float original[3];
    size_t i;

    print_rule(80);
    puts("Experiment 3: Predictions with Different Model Configurations");
    print_rule(80);
    print("\nTest Input (normalized): ", data->x_predict);
    check(ffnn_mul(ffnn_view(original, 1, 3), data->x_predict, data->X_max), "multiply");
    print("Test Input (original): ", ffnn_view(original, 1, 3));
    putchar('\n');
    print_rule(100);
    puts("SUMMARY COMPARISON TABLE");
    print_rule(100);
    printf("%-6s | %-5s | %-12s | %-12s | %-10s\n", "Hidden", "LR", "Loss (MSE)", "Prediction",
           "Time (s)");
    puts("----------------------------------------------------------------------------------------"
         "------------");
    for (i = 0; i < 9; ++i) {
        size_t hidden_size = hidden_sizes[i / 3];
        float learning_rate = learning_rates[i % 3], *losses;
        char label[32];
        snprintf(label, sizeof label, "hidden %u, rate %.2f", (unsigned)hidden_size,
                 (double)learning_rate);
        losses = add_curve(curves, 10000, label, i / 3, i % 3); /* a colour a size, a dash a rate */
        try_configuration(data, rng, hidden_size, learning_rate, losses);
    }
    print_rule(100);
}

/* A whole number in digits only; false if it is anything else. */
static bool parse_seed(const char *text, uint64_t *seed) {
    char *end;
    if (!isdigit((unsigned char)text[0])) return false;
    errno = 0;
    *seed = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static void usage(void) {
    fprintf(stderr, "usage: lab [--seed N] [--plot FILE.svg]\n");
    exit(2);
}

int main(int argc, char **argv) {
    bool recorded = true;
    uint64_t seed = RECORDED_SEED;
    const char *plot = NULL;
    Curves recorder = {0}, *curves = NULL;
    ffnn_rng rng;
    ffnn_net net;
    Data data;
    int i;

    for (i = 1; i < argc; i += 2) {
        bool is_seed = strcmp(argv[i], "--seed") == 0, is_plot = strcmp(argv[i], "--plot") == 0;
        if (i + 1 == argc || (!is_seed && !is_plot)) usage();
        if (is_seed && !parse_seed(argv[i + 1], &seed)) usage();
        if (is_seed) recorded = false;
        if (is_plot) plot = argv[i + 1];
    }
    if (plot != NULL) curves = &recorder;
    tensors();
    activations();
    data = prepare_data();

    ffnn_rng_seed(&rng, seed);
    if (recorded) ffnn_rng_discard(&rng, DRAWN_BEFORE_TRAINING);
    net = training(&data, &rng);
    save_load_predict(&net, &data, &rng);
    ffnn_free(&net);
    experiment_1(&data, &rng, curves);
    experiment_2(&data, &rng, curves);
    if (recorded) ffnn_rng_discard(&rng, DRAWN_BEFORE_EXPERIMENT_3);
    experiment_3(&data, &rng, curves);
    if (curves != NULL) draw_curves(curves, plot);
    free_curves(&recorder);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("lab: standard output");
        return 1;
    }
    return 0;
}
