/* digits.c - learns to read handwritten digits.

       cc -O2 -o digits examples/digits.c -lm
       ./digits                        trains, tests, saves digits.safetensors
       ./digits --plot digits.svg      and draws how it went
       ./digits --predict four.pgm     reads a picture with the saved weights
       ./digits --patience 5           stops early, and keeps the best weights
       ./digits --seed 1 --hidden 100 --epochs 50 --weights FILE --quiet

   Data: the 1,797 images of 8 x 8 pixels in data/digits.h. Every fifth is kept for the test and
   never trained on. The network has 64 inputs, a hidden layer of ReLU and a softmax of 10 outputs,
   the probability of each digit; the largest is the answer. It is trained by cross-entropy with
   AdamW. --quiet leaves out the progress, nothing else.

   With --patience N, 180 other images are kept for validation and not trained on, either. The
   learning rate falls from epoch to epoch. Training stops when the validation loss has not reached
   a new low for N epochs, and the network gets the weights of the lowest: see fit_until_best.

   A picture for --predict is a PGM file (P2 or P5) of at least 8 x 8 pixels, averaged down to
   8 x 8. The digit should fill it as those in the data do: the full height, in the middle. White on
   black is what the data is; a picture whose mean is nearer to white is taken for black on white
   and turned over. */
#define PROGRAM "digits"
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#include "data/digits.h"
#include "pgm.h"
#include "require.h"
#include "svg_plot.h"

#include <ctype.h>
#include <time.h>
#ifdef _WIN32
#include <io.h>
#define isatty _isatty
#else
#include <unistd.h>
#endif

enum { SIDE = 8, INPUTS = SIDE * SIDE, OUTPUTS = 10, TEST_EVERY = 5, SHOWN_MISTAKES = 5 };
enum { VALIDATION_EVERY = 10 };

/* Chosen by cross-validation within the training part. Smoothing is what brings most: torch.nn's
   CrossEntropyLoss has it as label_smoothing. */
static const float LEARNING_RATE = 0.005f, WEIGHT_DECAY = 0.1f, LABEL_SMOOTHING = 0.3f;

typedef struct options {
    unsigned long seed, hidden, epochs, patience; /* patience 0: all epochs */
    bool quiet;
    const char *plot, *predict, *weights;
} options;

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL) require(FFNN_ERROR_MEMORY, "memory");
    return memory;
}

/* ---- the data ---------------------------------------------------------------------------- */

typedef struct dataset {
    ffnn_tensor X;      /* samples x 64 */
    ffnn_tensor y;      /* samples x 10: how probable each digit is */
    size_t *images;     /* which of digits_images each sample is */
} dataset;

/* A pixel, from 0 (paper) to 1 (ink), as the network's input, from -1 to 1: inputs around 0 are
   learned from faster. */
static float input_of(float ink) {
    return 2 * ink - 1;
}

static float ink_of(float input) {
    return (input + 1) / 2;
}

static int digit_of(size_t image) {
    return digits_images[image][0] - '0';
}

typedef enum split { TRAINING, VALIDATION, TEST } split;

static split split_of(size_t image, bool validate) {
    if (image % TEST_EVERY == TEST_EVERY - 1) return TEST;
    if (validate && image % VALIDATION_EVERY == 0) return VALIDATION;
    return TRAINING;
}

/* A row of y. A network that must be quite sure learns the noise of its data, too: smoothing gives
   a part of the probability to all digits alike. */
static void set_target(float *probabilities, int digit) {
    for (int i = 0; i < OUTPUTS; ++i) probabilities[i] = LABEL_SMOOTHING / (float)OUTPUTS;
    probabilities[digit] += 1 - LABEL_SMOOTHING;
}

static dataset make_dataset(split wanted, bool validate) {
    dataset data;
    size_t count = 0;
    for (size_t image = 0; image < DIGITS_COUNT; ++image)
        count += split_of(image, validate) == wanted;
    require(ffnn_tensor_init(&data.X, count, INPUTS), "data");
    require(ffnn_tensor_init(&data.y, count, OUTPUTS), "data");
    data.images = (size_t *)allocate(count, sizeof *data.images);
    size_t sample = 0;
    for (size_t image = 0; image < DIGITS_COUNT; ++image) {
        if (split_of(image, validate) != wanted) continue;
        const char *pixels = digits_images[image] + 1;
        for (size_t i = 0; i < INPUTS; ++i)
            *ffnn_at(data.X, sample, i) = input_of((float)(pixels[i] - 'A') / (float)DIGITS_INK);
        set_target(ffnn_at(data.y, sample, 0), digit_of(image));
        data.images[sample] = image;
        ++sample;
    }
    return data;
}

static void free_dataset(dataset *data) {
    ffnn_tensor_free(&data->X);
    ffnn_tensor_free(&data->y);
    free(data->images);
}

/* ---- judging the network ----------------------------------------------------------------- */

/* The most probable digit of a row. */
static int answer(ffnn_tensor output, size_t row) {
    const float *probabilities = ffnn_at(output, row, 0);
    int best = 0;
    for (int i = 1; i < OUTPUTS; ++i)
        if (probabilities[i] > probabilities[best]) best = i;
    return best;
}

/* Samples that the network reads rightly; output gets what it says of all of them. */
static size_t count_right(const ffnn_net *net, const dataset *data, ffnn_tensor output) {
    require(ffnn_predict(net, data->X, output), "prediction");
    size_t right = 0;
    for (size_t i = 0; i < data->X.rows; ++i)
        right += answer(output, i) == digit_of(data->images[i]);
    return right;
}

static float percent(size_t part, size_t whole) {
    return 100 * (float)part / (float)whole;
}

/* ---- progress ---------------------------------------------------------------------------- */

/* What is recorded of each epoch, for the plot. */
enum { TRAINING_LOSS, TEST_LOSS, TRAINING_ACCURACY, TEST_ACCURACY, RECORDS };

typedef struct watcher {
    const options *wanted;
    const ffnn_net *net;
    const dataset *training, *test;
    ffnn_tensor training_output, test_output;
    float *records[RECORDS];        /* of every epoch; NULL if there will be no plot */
    size_t recorded;                /* epochs */
    clock_t begin, drawn;           /* of the training; of the last progress line */
    bool terminal;
} watcher;

static double seconds(clock_t from, clock_t to) {
    return (double)(to - from) / CLOCKS_PER_SEC;
}

static void draw_bar(size_t done, size_t of) {
    enum { WIDTH = 24 };
    size_t filled = (size_t)((double)done / (double)of * (double)WIDTH);
    putchar('[');
    for (size_t i = 0; i < WIDTH; ++i) putchar(i < filled ? '#' : '-');
    putchar(']');
}

/* On a terminal one line that is drawn again and again, elsewhere about ten plain ones. */
static void show_progress(watcher *w, const ffnn_progress *p) {
    clock_t now = clock();
    double elapsed = seconds(w->begin, now) + 1e-9;
    double left = elapsed / (double)p->epoch * (double)(p->epochs - p->epoch);
    bool last = p->epoch == p->epochs;
    if (!w->terminal) {
        if (last || p->epoch % ((p->epochs + 9) / 10) == 0)
            printf("epoch %4zu of %zu, loss %.6f, %.0f samples/s, %.1f s left\n", p->epoch,
                   p->epochs, (double)p->loss, (double)p->samples / elapsed, left);
    } else if (last || seconds(w->drawn, now) > 0.05) {
        putchar('\r');
        draw_bar(p->epoch, p->epochs);
        printf(" %zu/%zu  loss %.6f  %.0f samples/s  %.1f s left  %s", p->epoch, p->epochs,
               (double)p->loss, (double)p->samples / elapsed, left, last ? "\n" : "");
        fflush(stdout);
        w->drawn = now;
    }
}

static void record_epoch(watcher *w, const ffnn_progress *p) {
    size_t i = w->recorded++;
    size_t training_right = count_right(w->net, w->training, w->training_output);
    size_t test_right = count_right(w->net, w->test, w->test_output);
    w->records[TRAINING_LOSS][i] = p->loss;
    require(ffnn_evaluate(w->net, w->test->X, w->test->y, &w->records[TEST_LOSS][i]), "test loss");
    w->records[TRAINING_ACCURACY][i] = percent(training_right, w->training->X.rows);
    w->records[TEST_ACCURACY][i] = percent(test_right, w->test->X.rows);
}

static bool after_epoch(void *user, const ffnn_progress *progress) {
    watcher *w = (watcher *)user;
    if (!w->wanted->quiet && w->wanted->patience == 0) show_progress(w, progress);
    if (w->wanted->plot != NULL) record_epoch(w, progress);
    return true;
}

/* ---- training ---------------------------------------------------------------------------- */

/* A learning-rate schedule and early stopping. Each call of ffnn_fit trains one epoch; the
   optimizer's state goes on from one to the next. */
static void fit_until_best(ffnn_net *net, const dataset *training, const dataset *validation,
                           ffnn_fit_desc *fit, const options *wanted) {
    size_t epochs = wanted->epochs, best_epoch = 0;
    float loss, lowest = 0;
    ffnn_net best;
    memset(&best, 0, sizeof best);
    fit->epochs = 1;
    for (size_t epoch = 1; epoch <= epochs; ++epoch) {
        fit->learning_rate = LEARNING_RATE * (float)(epochs - epoch + 1) / (float)epochs;
        require(ffnn_fit(net, training->X, training->y, fit), "training");
        require(ffnn_evaluate(net, validation->X, validation->y, &loss), "validation");
        if (best_epoch == 0 || loss < lowest) {
            lowest = loss;
            best_epoch = epoch;
            ffnn_free(&best);
            require(ffnn_init_copy(&best, net), "copy");
        }
        if (!wanted->quiet)
            printf("epoch %4zu, rate %.6f, validation loss %.6f, lowest in epoch %zu\n", epoch,
                   (double)fit->learning_rate, (double)loss, best_epoch);
        if (epoch - best_epoch >= wanted->patience) break;
    }
    ffnn_free(net);
    *net = best;
}

static void train(ffnn_net *net, const options *wanted, watcher *w) {
    ffnn_rng rng;
    ffnn_rng_seed(&rng, wanted->seed);
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = INPUTS;
    desc.sizes[1] = wanted->hidden;
    desc.sizes[2] = OUTPUTS;
    desc.activations[0] = FFNN_RELU;
    desc.activations[1] = FFNN_SOFTMAX; /* which trains by cross-entropy */
    desc.biases = true;
    desc.optimizer = FFNN_ADAM;
    desc.weight_decay = WEIGHT_DECAY;
    desc.rng = &rng;
    require(ffnn_init(net, &desc), "network");

    ffnn_fit_desc fit;
    memset(&fit, 0, sizeof fit);
    fit.epochs = wanted->epochs;
    fit.learning_rate = LEARNING_RATE;
    fit.rng = &rng;
    fit.progress = after_epoch;
    fit.user = w;
    w->begin = w->drawn = clock();
    if (wanted->patience == 0) {
        require(ffnn_fit(net, w->training->X, w->training->y, &fit), "training");
        return;
    }
    float loss;
    dataset validation = make_dataset(VALIDATION, true);
    fit_until_best(net, w->training, &validation, &fit, wanted);
    require(ffnn_evaluate(net, validation.X, validation.y, &loss), "validation");
    printf("Validation loss: %.6f (%zu digits)\n", (double)loss, validation.X.rows);
    free_dataset(&validation);
}

/* ---- the report -------------------------------------------------------------------------- */

static void print_confusion(const dataset *data, ffnn_tensor output) {
    size_t counts[OUTPUTS][OUTPUTS] = {{0}};
    for (size_t i = 0; i < data->X.rows; ++i)
        ++counts[digit_of(data->images[i])][answer(output, i)];
    printf("\nConfusion matrix (a row for each digit, a column for what it was read as)\n    ");
    for (int read = 0; read < OUTPUTS; ++read) printf("%4d", read);
    putchar('\n');
    for (int digit = 0; digit < OUTPUTS; ++digit) {
        printf("%4d", digit);
        for (int read = 0; read < OUTPUTS; ++read) {
            if (counts[digit][read] == 0) printf("   .");
            else printf("%4zu", counts[digit][read]);
        }
        putchar('\n');
    }
}

/* One row of pixels in characters, two each, as these are twice as high as wide. */
static void draw_pixels(const float *inputs) {
    static const char ramp[] = " .:-=+*#%@";
    for (int col = 0; col < SIDE; ++col) {
        int shade = (int)(ink_of(inputs[col]) * 9 + 0.5f);
        putchar(ramp[shade]);
        putchar(ramp[shade]);
    }
}

static void draw_mistakes(const dataset *data, ffnn_tensor output) {
    size_t mistakes[SHOWN_MISTAKES], count = 0;
    for (size_t i = 0; i < data->X.rows && count < SHOWN_MISTAKES; ++i)
        if (answer(output, i) != digit_of(data->images[i])) mistakes[count++] = i;
    if (count == 0) return;
    printf("\nMistaken digits\n");
    for (size_t i = 0; i < count; ++i)
        printf("%d, read as %d    ", digit_of(data->images[mistakes[i]]),
               answer(output, mistakes[i]));
    putchar('\n');
    for (size_t row = 0; row < SIDE; ++row) {
        for (size_t i = 0; i < count; ++i) draw_pixels(ffnn_at(data->X, mistakes[i], row * SIDE));
        putchar('\n');
    }
}

/* ---- weights and plot -------------------------------------------------------------------- */

/* Saves the weights, and makes sure that a network loaded from them says exactly the same. */
static void save_and_check(const ffnn_net *net, const char *path, const dataset *data,
                           ffnn_tensor expected) {
    require(ffnn_save(net, path), path);
    ffnn_net loaded;
    require(ffnn_init_from_file(&loaded, path), path);
    ffnn_tensor output;
    require(ffnn_tensor_init(&output, expected.rows, expected.cols), "check");
    require(ffnn_predict(&loaded, data->X, output), "check");
    if (memcmp(output.data, expected.data, output.rows * output.cols * sizeof(float)) != 0)
        fail(path, "the loaded network predicts something else");
    printf("\nWeights saved to %s, loaded again and checked\n", path);
    ffnn_tensor_free(&output);
    ffnn_free(&loaded);
}

static void draw_plot(const watcher *w) {
    const char *path = w->wanted->plot;
    size_t epochs = w->recorded;
    svg_curve losses[2] = {{"training", w->records[TRAINING_LOSS], epochs, 0, 0},
                           {"test", w->records[TEST_LOSS], epochs, 1, 0}};
    svg_curve accuracies[2] = {{"training", w->records[TRAINING_ACCURACY], epochs, 0, 0},
                               {"test", w->records[TEST_ACCURACY], epochs, 1, 0}};
    svg_panel panels[2] = {
        {"Handwritten digits: loss", "epoch", "cross-entropy", true, losses, 2},
        {"Handwritten digits: accuracy", "epoch", "right answers, %", false, accuracies, 2}};
    FILE *out = fopen(path, "w");
    if (out == NULL || !svg_plot(out, panels, 2) || fclose(out) != 0) fail(path, strerror(errno));
    printf("Curves drawn in %s\n", path);
}

static void train_and_report(const options *wanted) {
    dataset training = make_dataset(TRAINING, wanted->patience > 0);
    dataset test = make_dataset(TEST, wanted->patience > 0);
    watcher w = {wanted, NULL, &training, &test, {0}, {0}, {0}, 0, 0, 0, isatty(1) != 0};
    ffnn_net net;
    w.net = &net;
    require(ffnn_tensor_init(&w.training_output, training.X.rows, OUTPUTS), "data");
    require(ffnn_tensor_init(&w.test_output, test.X.rows, OUTPUTS), "data");
    if (wanted->plot != NULL) {
        for (int i = 0; i < RECORDS; ++i)
            w.records[i] = (float *)allocate(wanted->epochs, sizeof(float));
    }
    printf("%zu digits to learn from, %zu to be tested with; network %d-%lu-%d, seed %lu\n",
           training.X.rows, test.X.rows, INPUTS, wanted->hidden, OUTPUTS, wanted->seed);
    train(&net, wanted, &w);
    size_t right = count_right(&net, &test, w.test_output);
    print_confusion(&test, w.test_output);
    draw_mistakes(&test, w.test_output);
    save_and_check(&net, wanted->weights, &test, w.test_output);
    if (wanted->plot != NULL) draw_plot(&w);
    printf("Test accuracy: %.2f%% (%zu of %zu)\n", 100.0 * (double)right / (double)test.X.rows,
           right, test.X.rows);
    for (int i = 0; i < RECORDS; ++i) free(w.records[i]);
    ffnn_tensor_free(&w.training_output);
    ffnn_tensor_free(&w.test_output);
    ffnn_free(&net);
    free_dataset(&training);
    free_dataset(&test);
}

/* ---- reading a picture ------------------------------------------------------------------- */

/* The picture as inputs of the network. */
static void load_picture(const char *path, float inputs[INPUTS]) {
    FILE *in = fopen(path, "rb");
    if (in == NULL) fail(path, strerror(errno));
    const char *problem = pgm_read(in, SIDE, inputs);
    if (ferror(in)) fail(path, "cannot be read");
    if (problem != NULL) fail(path, problem);
    fclose(in);
    float mean = 0;
    for (int i = 0; i < INPUTS; ++i) mean += inputs[i] / (float)INPUTS;
    bool dark_on_light = 2 * mean > 1;
    if (dark_on_light) printf("%s: dark on light, turned over\n", path);
    for (int i = 0; i < INPUTS; ++i)
        inputs[i] = input_of(dark_on_light ? (float)(1 - inputs[i]) : inputs[i]);
}

static void predict_picture(const options *wanted) {
    float inputs[INPUTS], probabilities[OUTPUTS];
    ffnn_tensor X = ffnn_view(inputs, 1, INPUTS), output = ffnn_view(probabilities, 1, OUTPUTS);
    load_picture(wanted->predict, inputs);
    ffnn_net net;
    ffnn_status status = ffnn_init_from_file(&net, wanted->weights);
    if (status == FFNN_ERROR_IO && errno == ENOENT)
        fail(wanted->weights, "no such file: run digits without --predict first, to train");
    if (status == FFNN_ERROR_MISMATCH) ffnn_print_file(stderr, wanted->weights);
    require(status, wanted->weights);
    if (ffnn_predict(&net, X, output) == FFNN_ERROR_SHAPE)
        fail(wanted->weights, "not the weights of a network with 64 inputs and 10 outputs");
    for (size_t row = 0; row < SIDE; ++row) {
        draw_pixels(inputs + row * SIDE);
        putchar('\n');
    }
    int best = answer(output, 0);
    for (int i = 0; i < OUTPUTS; ++i)
        printf("  %d: %.3f%s\n", i, (double)probabilities[i], i == best ? "  <" : "");
    printf("%s: %d\n", wanted->predict, best);
    ffnn_free(&net);
}

/* ---- the command line -------------------------------------------------------------------- */

static void usage(void) {
    fprintf(stderr, "usage: digits [--seed N] [--hidden N] [--epochs N] [--patience N] [--quiet] "
                    "[--plot FILE.svg] [--weights FILE] [--predict FILE.pgm]\n");
    exit(2);
}

static unsigned long parse_number(const char *text, unsigned long least, unsigned long most) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0) usage();
    if (value < least || value > most) usage();
    return value;
}

static options parse_options(int argc, char **argv) {
    options wanted = {0, 64, 60, 0, false, NULL, NULL, "digits.safetensors"};
    for (int i = 1; i < argc; ++i) {
        const char *name = argv[i], *value = argv[i + 1];
        if (strcmp(name, "--quiet") == 0) {
            wanted.quiet = true;
            continue;
        }
        if (value == NULL) usage();
        if (strcmp(name, "--seed") == 0) wanted.seed = parse_number(value, 0, 0xffffffff);
        else if (strcmp(name, "--hidden") == 0) wanted.hidden = parse_number(value, 1, 65536);
        else if (strcmp(name, "--epochs") == 0) wanted.epochs = parse_number(value, 1, 1000000);
        else if (strcmp(name, "--patience") == 0) wanted.patience = parse_number(value, 1, 1000000);
        else if (strcmp(name, "--plot") == 0) wanted.plot = value;
        else if (strcmp(name, "--weights") == 0) wanted.weights = value;
        else if (strcmp(name, "--predict") == 0) wanted.predict = value;
        else usage();
        ++i;
    }
    return wanted;
}

int main(int argc, char **argv) {
    options wanted = parse_options(argc, argv);
    if (wanted.predict != NULL) predict_picture(&wanted);
    else train_and_report(&wanted);
    require_output();
    return 0;
}
