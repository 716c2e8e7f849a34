/* A run that is stopped and goes on from its two files, weights and optimizer, ends bit for bit
   where an unbroken one ends. What stands in an optimizer's file, and what is refused: then nothing
   of the network has changed. Files land in build/tests-tmp; the program runs in the repository's
   root. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#include "activations.h"

#define FOLDER SCRATCH "test_training_files"
#define WEIGHTS FOLDER "/weights.safetensors"
#define OPTIMIZER FOLDER "/optimizer.safetensors"
#define GENERATOR FOLDER "/generator"

/* ---- runs -------------------------------------------------------------------------------- */

enum { SAMPLES = 23, BATCH = 8, EPOCHS = 6, MAX_UNITS = 130 };

typedef struct run {
    const char *name;
    size_t sizes[FFNN_MAX_LAYERS + 1];
    const char *activations;
    bool biases;
    ffnn_loss loss;
    ffnn_optimizer optimizer;
    float momentum, weight_decay, clip_norm, rate;
} run;

#define SIXTEEN(name) name " " name " " name " " name
#define SIXTEEN_TANHS SIXTEEN("tanh tanh tanh tanh")

static const run runs[] = {
    {"the lab's, Adam", {3, 4, 1}, "sigmoid sigmoid", false, FFNN_HALF_SUM_OF_SQUARES, FFNN_ADAM,
     0, 0, 0, 0.01f},
    {"the lab's, momentum", {3, 4, 1}, "sigmoid sigmoid", false, FFNN_HALF_SUM_OF_SQUARES,
     FFNN_SGD, 0.9f, 0, 0, 0.1f},
    {"plain", {3, 4, 1}, "tanh identity", true, FFNN_MSE, FFNN_SGD, 0, 0, 0, 0.1f},
    {"clipping alone", {5, 8, 3}, "tanh identity", true, FFNN_MSE, FFNN_SGD, 0, 0, 0.1f, 0.1f},
    {"momentum and clipping", {5, 8, 3}, "leaky_relu:0.2 identity", true, FFNN_HUBER, FFNN_SGD,
     0.9f, 0.01f, 0.2f, 0.1f},
    {"AdamW and clipping", {5, 8, 3}, "elu:0.5 softmax", true, FFNN_CROSS_ENTROPY, FFNN_ADAM, 0,
     0.1f, 0.05f, 0.01f},
    {"large, Adam", {70, 130, 3}, "relu softmax", true, FFNN_CROSS_ENTROPY, FFNN_ADAM, 0, 0, 0,
     0.01f},
    {"large, momentum, no biases", {33, 70, 65, 2}, "gelu silu identity", false, FFNN_L1, FFNN_SGD,
     0.5f, 0.01f, 1, 0.01f},
    {"one layer", {1, 1}, "identity", true, FFNN_MSE, FFNN_ADAM, 0, 0, 0, 0.1f},
    {"sixteen layers", {3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3}, SIXTEEN_TANHS, true,
     FFNN_MSE, FFNN_ADAM, 0, 0.01f, 0.5f, 0.01f},
};

/* The network of a run; its weights are drawn with this seed. */
static void make_net(ffnn_net *net, const run *r, uint64_t seed) {
    ffnn_desc desc;
    ffnn_rng rng;
    memset(&desc, 0, sizeof desc);
    memcpy(desc.sizes, r->sizes, sizeof r->sizes);
    set_activations(&desc, r->activations);
    desc.biases = r->biases;
    desc.loss = r->loss;
    desc.optimizer = r->optimizer;
    desc.momentum = r->momentum;
    desc.weight_decay = r->weight_decay;
    desc.clip_norm = r->clip_norm;
    desc.rng = &rng;
    ffnn_rng_seed(&rng, seed);
    CHECK_STATUS(FFNN_OK, ffnn_init(net, &desc));
}

static float inputs[SAMPLES * MAX_UNITS], targets[SAMPLES * MAX_UNITS], weights[SAMPLES];

/* Inputs of both signs, targets and weights of samples above 0. */
static void make_data(void) {
    random_state = 21;
    for (size_t i = 0; i < COUNT_OF(inputs); ++i) inputs[i] = random_float();
    for (size_t i = 0; i < COUNT_OF(targets); ++i) targets[i] = (random_float() + 1) / 2;
    for (size_t i = 0; i < SAMPLES; ++i) weights[i] = random_float() + 1;
}

static void train_epoch(ffnn_net *net, const run *r, ffnn_rng *rng) {
    ffnn_fit_desc fit;
    memset(&fit, 0, sizeof fit);
    fit.epochs = 1;
    fit.batch_size = BATCH;
    fit.learning_rate = r->rate;
    fit.rng = rng;
    fit.sample_weights = ffnn_view(weights, SAMPLES, 1);
    CHECK_STATUS(FFNN_OK, ffnn_fit(net, ffnn_view(inputs, SAMPLES, net->sizes[0]),
                                   ffnn_view(targets, SAMPLES, net->sizes[net->layer_count]),
                                   &fit));
}

/* Epochs first to last, each of which shuffles with a generator that is seeded anew. */
static void train(ffnn_net *net, const run *r, size_t first, size_t last) {
    ffnn_rng rng;
    for (size_t epoch = first; epoch <= last; ++epoch) {
        ffnn_rng_seed(&rng, 100 + epoch);
        train_epoch(net, r, &rng);
    }
}

static void save_run(const ffnn_net *net) {
    CHECK_STATUS(FFNN_OK, ffnn_save(net, WEIGHTS));
    CHECK_STATUS(FFNN_OK, ffnn_save_optimizer(net, OPTIMIZER));
}

static void load_run(ffnn_net *net) {
    CHECK_STATUS(FFNN_OK, ffnn_load(net, WEIGHTS));
    CHECK_STATUS(FFNN_OK, ffnn_load_optimizer(net, OPTIMIZER));
}

static bytes optimizer_file(const ffnn_net *net) {
    CHECK_STATUS(FFNN_OK, ffnn_save_optimizer(net, OPTIMIZER));
    return read_file(OPTIMIZER);
}

static bool same_bytes(bytes a, bytes b) {
    return a.data != NULL && a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Bit for bit: all parameters, moments and the number of steps. */
static bool same_state(const ffnn_net *a, const ffnn_net *b) {
    bytes a_weights = saved(a), b_weights = saved(b);
    bytes a_moments = optimizer_file(a), b_moments = optimizer_file(b);
    bool same = same_bytes(a_weights, b_weights) && same_bytes(a_moments, b_moments);
    free(a_weights.data);
    free(b_weights.data);
    free(a_moments.data);
    free(b_moments.data);
    return same;
}

/* ---- going on ---------------------------------------------------------------------------- */

static void check_broken_run(const run *r, const ffnn_net *unbroken, size_t broken_after) {
    ffnn_net before, after;
    make_net(&before, r, 1);
    train(&before, r, 1, broken_after);
    save_run(&before);
    ffnn_free(&before);
    make_net(&after, r, 2);
    load_run(&after);
    train(&after, r, broken_after + 1, EPOCHS);
    CHECK(same_state(&after, unbroken));
    ffnn_free(&after);
}

static void test_a_broken_run_ends_where_an_unbroken_one_does(void) {
    for (size_t i = 0; i < COUNT_OF(runs); ++i) {
        ffnn_net unbroken;
        make_data();
        make_net(&unbroken, &runs[i], 1);
        train(&unbroken, &runs[i], 1, EPOCHS);
        for (size_t after = 0; after <= EPOCHS; ++after) {
            test_case("%s, broken after epoch %d", runs[i].name, (int)after);
            check_broken_run(&runs[i], &unbroken, after);
        }
        ffnn_free(&unbroken);
    }
}

/* Made by ffnn_init_from_file, which knows nothing of how it was trained; and the generator goes on,
   too: its struct is written beside the two files. */
static void test_a_new_network_goes_on(void) {
    for (size_t i = 0; i < COUNT_OF(runs); ++i) {
        const run *r = &runs[i];
        ffnn_net unbroken, net;
        ffnn_rng rng;
        bytes generator;
        test_case("%s", r->name);
        make_data();
        make_net(&unbroken, r, 1);
        ffnn_rng_seed(&rng, 5);
        for (int epoch = 0; epoch < 2; ++epoch) train_epoch(&unbroken, r, &rng);
        save_run(&unbroken);
        write_file(GENERATOR, &rng, sizeof rng);
        for (int epoch = 0; epoch < 2; ++epoch) train_epoch(&unbroken, r, &rng);

        CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&net, WEIGHTS));
        net.loss = r->loss;
        net.optimizer = r->optimizer;
        net.momentum = r->momentum;
        net.weight_decay = r->weight_decay;
        net.clip_norm = r->clip_norm;
        CHECK_STATUS(FFNN_OK, ffnn_load_optimizer(&net, OPTIMIZER));
        generator = read_file(GENERATOR);
        CHECK(generator.size == sizeof rng);
        memcpy(&rng, generator.data, sizeof rng);
        free(generator.data);
        for (int epoch = 0; epoch < 2; ++epoch) train_epoch(&net, r, &rng);
        CHECK(same_state(&net, &unbroken));
        ffnn_free(&net);
        ffnn_free(&unbroken);
    }
}

/* Without its optimizer, or loaded in the wrong order, a run with a state goes elsewhere. */
static void test_both_files_are_needed_in_this_order(void) {
    for (size_t i = 0; i < COUNT_OF(runs); ++i) {
        const run *r = &runs[i];
        bool has_state = r->optimizer == FFNN_ADAM || r->momentum > 0;
        ffnn_net unbroken, fresh, turned;
        test_case("%s", r->name);
        make_data();
        make_net(&unbroken, r, 1);
        train(&unbroken, r, 1, 3);
        save_run(&unbroken);
        make_net(&fresh, r, 2);
        make_net(&turned, r, 2);
        CHECK_STATUS(FFNN_OK, ffnn_load(&fresh, WEIGHTS));
        CHECK_STATUS(FFNN_OK, ffnn_load_optimizer(&turned, OPTIMIZER));
        CHECK_STATUS(FFNN_OK, ffnn_load(&turned, WEIGHTS));
        train(&unbroken, r, 4, 4);
        train(&fresh, r, 4, 4);
        train(&turned, r, 4, 4);
        CHECK(same_state(&fresh, &turned));
        CHECK(same_state(&fresh, &unbroken) == (!has_state && r->clip_norm <= 0));
        ffnn_free(&unbroken);
        ffnn_free(&fresh);
        ffnn_free(&turned);
    }
}

/* What is loaded takes the place of what was there, be it nothing. */
static void test_a_file_before_any_step_starts_anew(void) {
    for (size_t i = 0; i < COUNT_OF(runs); ++i) {
        ffnn_net net, fresh;
        test_case("%s", runs[i].name);
        make_data();
        make_net(&net, &runs[i], 1);
        make_net(&fresh, &runs[i], 1);
        save_run(&fresh);
        train(&net, &runs[i], 1, 2);
        load_run(&net);
        CHECK(same_state(&net, &fresh));
        train(&net, &runs[i], 1, 3);
        train(&fresh, &runs[i], 1, 3);
        CHECK(same_state(&net, &fresh));
        ffnn_free(&net);
        ffnn_free(&fresh);
    }
}

/* Another optimizer than the one that the moments are of has taken no step yet. */
static void test_another_optimizers_moments_are_not_saved(void) {
    ffnn_net net, fresh;
    make_data();
    make_net(&net, &runs[0], 1);
    make_net(&fresh, &runs[1], 1);
    train(&net, &runs[0], 1, 1);
    net.optimizer = FFNN_SGD;
    net.momentum = 0.9f;
    bytes of_net = optimizer_file(&net), of_fresh = optimizer_file(&fresh);
    CHECK(same_bytes(of_net, of_fresh));
    free(of_net.data);
    free(of_fresh.data);
    ffnn_free(&net);
    ffnn_free(&fresh);
}

/* ---- what is saved ----------------------------------------------------------------------- */

/* A file whose header is this one, with ` for a double quote, padded to a multiple of 8. */
static void check_header(bytes file, const char *expected) {
    size_t length = strlen(expected), padded = (length + 7) / 8 * 8;
    unsigned char size[8];
    set_header_size(size, padded);
    CHECK(file.size >= 8 + padded);
    if (file.size < 8 + padded) return;
    CHECK(memcmp(file.data, size, sizeof size) == 0);
    for (size_t i = 0; i < padded; ++i) {
        char c = ' ';
        if (i < length) c = expected[i];
        if (c == '`') c = '"';
        CHECK(file.data[8 + i] == (unsigned char)c);
    }
}

static const struct {
    int run, steps;
    const char *header;
    size_t data_size;
} saved_headers[] = {
    {0, 0, "{`__metadata__`:{`optimizer`:`adam`,`steps`:`0`}}", 0},
    {1, 0, "{`__metadata__`:{`optimizer`:`sgd`,`steps`:`0`}}", 0},
    {2, 4, "{`__metadata__`:{`optimizer`:`sgd`,`steps`:`0`}}", 0},
    {0, 12, "{`__metadata__`:{`optimizer`:`adam`,`steps`:`12`},"
     "`W1.exp_avg`:{`dtype`:`F32`,`shape`:[3,4],`data_offsets`:[0,48]},"
     "`W1.exp_avg_sq`:{`dtype`:`F32`,`shape`:[3,4],`data_offsets`:[48,96]},"
     "`W2.exp_avg`:{`dtype`:`F32`,`shape`:[4,1],`data_offsets`:[96,112]},"
     "`W2.exp_avg_sq`:{`dtype`:`F32`,`shape`:[4,1],`data_offsets`:[112,128]}}", 128},
    {1, 1, "{`__metadata__`:{`optimizer`:`sgd`,`steps`:`1`},"
     "`W1.momentum_buffer`:{`dtype`:`F32`,`shape`:[3,4],`data_offsets`:[0,48]},"
     "`W2.momentum_buffer`:{`dtype`:`F32`,`shape`:[4,1],`data_offsets`:[48,64]}}", 64},
    {8, 2, "{`__metadata__`:{`optimizer`:`adam`,`steps`:`2`},"
     "`0.weight.exp_avg`:{`dtype`:`F32`,`shape`:[1,1],`data_offsets`:[0,4]},"
     "`0.weight.exp_avg_sq`:{`dtype`:`F32`,`shape`:[1,1],`data_offsets`:[4,8]},"
     "`0.bias.exp_avg`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[8,12]},"
     "`0.bias.exp_avg_sq`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[12,16]}}", 16},
    {4, 3, "{`__metadata__`:{`optimizer`:`sgd`,`steps`:`3`},"
     "`0.weight.momentum_buffer`:{`dtype`:`F32`,`shape`:[8,5],`data_offsets`:[0,160]},"
     "`0.bias.momentum_buffer`:{`dtype`:`F32`,`shape`:[8],`data_offsets`:[160,192]},"
     "`2.weight.momentum_buffer`:{`dtype`:`F32`,`shape`:[3,8],`data_offsets`:[192,288]},"
     "`2.bias.momentum_buffer`:{`dtype`:`F32`,`shape`:[3],`data_offsets`:[288,300]}}", 300},
};

static void train_steps(ffnn_net *net, int steps, float rate) {
    for (int i = 0; i < steps; ++i)
        CHECK_STATUS(FFNN_OK, ffnn_train(net, ffnn_view(inputs, SAMPLES, net->sizes[0]),
                                         ffnn_view(targets, SAMPLES, net->sizes[net->layer_count]),
                                         rate, NULL));
}

static void test_headers_in_full(void) {
    for (size_t i = 0; i < COUNT_OF(saved_headers); ++i) {
        ffnn_net net;
        test_case("header %d", (int)i);
        make_data();
        make_net(&net, &runs[saved_headers[i].run], 1);
        train_steps(&net, saved_headers[i].steps, 0.01f);
        bytes file = optimizer_file(&net);
        check_header(file, saved_headers[i].header);
        CHECK(file.size == 8 + (strlen(saved_headers[i].header) + 7) / 8 * 8 +
                               saved_headers[i].data_size);
        free(file.data);
        ffnn_free(&net);
    }
}

/* The gradient by a weight, after ffnn_gradient. */
static double gradient_of_weight(const ffnn_net *net, size_t layer, size_t input, size_t output) {
    double sum = 0;
    for (size_t i = 0; i < SAMPLES; ++i) {
        float x = layer == 0 ? inputs[i * net->sizes[0] + input]
                             : *ffnn_at(net->layers[layer - 1].a, i, input);
        sum -= (double)x * (double)*ffnn_at(net->layers[layer].delta, i, output);
    }
    return sum;
}

static double gradient_of_bias(const ffnn_net *net, size_t layer, size_t output) {
    double sum = 0;
    for (size_t i = 0; i < SAMPLES; ++i)
        sum -= (double)*ffnn_at(net->layers[layer].delta, i, output);
    return sum;
}

/* A parameter's moments after the first step are its gradient, or a tenth of it and a thousandth of
   its square. step is how far it is from the first of them to the second, in bytes; 0: no second. */
static void check_moments(const unsigned char *at, size_t step, double gradient) {
    double scale = step == 0 ? 1 : 0.1;
    CHECK(fabs((double)little_endian_float(at) - scale * gradient) <= 1e-6 * fmax(fabs(gradient), 1e-2));
    if (step > 0)
        CHECK(fabs((double)little_endian_float(at + step) - 0.001 * gradient * gradient) <= 1e-8);
}

/* In the weights file's layout: with biases a weight is outputs x inputs. */
static void test_the_numbers_of_a_file(void) {
    static const run kinds[] = {
        {"Adam", {3, 5, 2}, "tanh identity", true, FFNN_MSE, FFNN_ADAM, 0, 0, 0, 0.1f},
        {"momentum", {3, 5, 2}, "tanh identity", true, FFNN_MSE, FFNN_SGD, 0.5f, 0, 0, 0.1f},
        {"Adam, W1", {3, 5, 2}, "tanh identity", false, FFNN_MSE, FFNN_ADAM, 0, 0, 0, 0.1f},
        {"momentum, W1", {3, 5, 2}, "tanh identity", false, FFNN_MSE, FFNN_SGD, 0.5f, 0, 0, 0.1f},
    };
    for (size_t i = 0; i < COUNT_OF(kinds); ++i) {
        ffnn_net net, steps;
        test_case("%s", kinds[i].name);
        make_data();
        make_net(&net, &kinds[i], 1);
        make_net(&steps, &kinds[i], 1);
        ffnn_tensor X = ffnn_view(inputs, SAMPLES, 3), y = ffnn_view(targets, SAMPLES, 2);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, NULL));
        CHECK_STATUS(FFNN_OK, ffnn_gradient(&net, X, y, ffnn_view(NULL, 0, 0)));
        train_steps(&steps, 1, 0.01f);
        bytes file = optimizer_file(&steps);
        size_t moments = kinds[i].optimizer == FFNN_ADAM ? 2 : 1, parameters = 0;
        for (size_t k = 0; k < 2; ++k)
            parameters += net.sizes[k] * net.sizes[k + 1] + (kinds[i].biases ? net.sizes[k + 1] : 0);
        const unsigned char *at = file.data + file.size - parameters * moments * 4;
        for (size_t k = 0; k < 2; ++k) {
            size_t rows = net.sizes[k], cols = net.sizes[k + 1];
            size_t step = moments == 2 ? rows * cols * 4 : 0;
            for (size_t input = 0; input < rows; ++input)
                for (size_t output = 0; output < cols; ++output) {
                    size_t index = kinds[i].biases ? output * rows + input : input * cols + output;
                    check_moments(at + 4 * index, step,
                                  gradient_of_weight(&net, k, input, output));
                }
            at += rows * cols * 4 * moments;
            step = moments == 2 ? cols * 4 : 0;
            for (size_t output = 0; output < cols && kinds[i].biases; ++output)
                check_moments(at + 4 * output, step, gradient_of_bias(&net, k, output));
            if (kinds[i].biases) at += cols * 4 * moments;
        }
        CHECK(at == file.data + file.size);
        free(file.data);
        ffnn_free(&net);
        ffnn_free(&steps);
    }
}

/* ---- what is refused --------------------------------------------------------------------- */

/* The file with one part of its header replaced; in both parts ` stands for a double quote. */
static bytes replaced(bytes file, const char *part, const char *by) {
    char old[400], new_part[400];
    size_t header = file.size < 8 ? 0 : (size_t)(file.data[0] | file.data[1] << 8), at = 8;
    bytes result = {NULL, 0};
    snprintf(old, sizeof old, "%s", part);
    snprintf(new_part, sizeof new_part, "%s", by);
    for (char *c = old; *c != '\0'; ++c)
        if (*c == '`') *c = '"';
    for (char *c = new_part; *c != '\0'; ++c)
        if (*c == '`') *c = '"';
    size_t old_size = strlen(old), new_size = strlen(new_part);
    while (at + old_size <= 8 + header && memcmp(file.data + at, old, old_size) != 0) ++at;
    CHECK(at + old_size <= 8 + header); /* else it is not in the header */
    if (at + old_size > 8 + header) return result;
    result.size = file.size - old_size + new_size;
    result.data = (unsigned char *)malloc(result.size + 1);
    memcpy(result.data, file.data, at);
    memcpy(result.data + at, new_part, new_size);
    memcpy(result.data + at + new_size, file.data + at + old_size, file.size - at - old_size);
    set_header_size(result.data, header - old_size + new_size);
    return result;
}

/* A network of this run that has taken some steps. */
static void make_trained(ffnn_net *net, const run *r) {
    make_data();
    make_net(net, r, 3);
    train_steps(net, 5, 0.01f);
}

/* Loads the file, cut to so many bytes, into a network that has a state of its own. If it is refused
   nothing has changed; if not, its optimizer's file is `good` now. */
static void check_load(ffnn_status expected, const run *r, bytes file, bytes good) {
    ffnn_net net, unchanged;
    make_trained(&net, r);
    make_trained(&unchanged, r);
    write_file(OPTIMIZER, file.data, file.size);
    size_t live = test.live;
    CHECK_STATUS(expected, ffnn_load_optimizer(&net, OPTIMIZER));
    CHECK(test.live == live);
    if (expected == FFNN_OK) {
        bytes now = optimizer_file(&net);
        CHECK(same_bytes(now, good));
        free(now.data);
    } else {
        CHECK(same_state(&net, &unchanged));
        train_steps(&net, 2, 0.01f);
        train_steps(&unchanged, 2, 0.01f);
        CHECK(same_state(&net, &unchanged));
    }
    ffnn_free(&net);
    ffnn_free(&unchanged);
}

static const run adam_run = {"2-3-1, Adam", {2, 3, 1}, "tanh identity", true, FFNN_MSE, FFNN_ADAM,
                             0, 0, 0, 0.01f};
static const run momentum_run = {"2-3-1, momentum", {2, 3, 1}, "tanh identity", true, FFNN_MSE,
                                 FFNN_SGD, 0.9f, 0, 0, 0.01f};

/* A file of this run after three steps, of which the networks above know nothing. */
static bytes good_file(const run *r) {
    ffnn_net net;
    make_data();
    make_net(&net, r, 4);
    train_steps(&net, 3, 0.02f);
    bytes file = optimizer_file(&net);
    ffnn_free(&net);
    return file;
}

static const struct {
    const char *what, *part, *by;
    ffnn_status expected;
} changes[] = {
    {"nothing", "`3`", "`3`", FFNN_OK},
    {"other metadata", "{`optimizer`", "{`format`:`pt`,`optimizer`", FFNN_OK},
    {"turned metadata", "`optimizer`:`adam`,`steps`:`3`", "`steps`:`3`,`optimizer`:`adam`",
     FFNN_OK},
    {"steps twice, the last counts", "`steps`", "`steps`:`x`,`steps`", FFNN_OK},
    {"the optimizer twice, the last counts", "`optimizer`", "`optimizer`:`sgd`,`optimizer`",
     FFNN_OK},
    {"escapes", "`3`", "`\\u0033`", FFNN_OK},
    {"an escape in a name", "`2.bias.exp_avg`", "`2.bias.exp\\u005favg`", FFNN_OK},

    {"SGD's", "`adam`", "`sgd`", FFNN_ERROR_MISMATCH},
    {"capital letters", "`adam`", "`Adam`", FFNN_ERROR_MISMATCH},
    {"another optimizer", "`adam`", "`adamw`", FFNN_ERROR_MISMATCH},
    {"an optimizer's beginning", "`adam`", "`ada`", FFNN_ERROR_MISMATCH},
    {"an optimizer without a name", "`adam`", "``", FFNN_ERROR_MISMATCH},
    {"no optimizer", "`optimizer`:`adam`,", "", FFNN_ERROR_MISMATCH},
    {"no steps", ",`steps`:`3`", "", FFNN_ERROR_MISMATCH},
    {"another key", "`steps`", "`step`", FFNN_ERROR_MISMATCH},
    {"empty metadata", "{`optimizer`:`adam`,`steps`:`3`}", "{}", FFNN_ERROR_MISMATCH},
    {"metadata null", "{`optimizer`:`adam`,`steps`:`3`}", "null", FFNN_ERROR_MISMATCH},
    {"no metadata", "`__metadata__`:{`optimizer`:`adam`,`steps`:`3`},", "", FFNN_ERROR_MISMATCH},
    {"steps 03", "`3`", "`03`", FFNN_ERROR_MISMATCH},
    {"steps 00", "`3`", "`00`", FFNN_ERROR_MISMATCH},
    {"steps -3", "`3`", "`-3`", FFNN_ERROR_MISMATCH},
    {"steps +3", "`3`", "`+3`", FFNN_ERROR_MISMATCH},
    {"steps 3e0", "`3`", "`3e0`", FFNN_ERROR_MISMATCH},
    {"steps 1e3", "`3`", "`1e3`", FFNN_ERROR_MISMATCH},
    {"steps 3.0", "`3`", "`3.0`", FFNN_ERROR_MISMATCH},
    {"steps and a space", "`3`", "`3 `", FFNN_ERROR_MISMATCH},
    {"steps behind a space", "`3`", "` 3`", FFNN_ERROR_MISMATCH},
    {"steps and a line's end", "`3`", "`3\\n`", FFNN_ERROR_MISMATCH},
    {"steps behind a tab", "`3`", "`\\t3`", FFNN_ERROR_MISMATCH},
    {"steps and a zero", "`3`", "`3\\u0000`", FFNN_ERROR_MISMATCH},
    {"steps and a letter", "`3`", "`3x`", FFNN_ERROR_MISMATCH},
    {"two numbers of steps", "`3`", "`3 3`", FFNN_ERROR_MISMATCH},
    {"steps in hexadecimal", "`3`", "`0x3`", FFNN_ERROR_MISMATCH},
    {"steps in words", "`3`", "`three`", FFNN_ERROR_MISMATCH},
    {"steps that leave none", "`3`", "`9223372036854775808`", FFNN_ERROR_MISMATCH},
    {"empty steps", "`3`", "``", FFNN_ERROR_MISMATCH},
    {"2^64 steps", "`3`", "`18446744073709551616`", FFNN_ERROR_MISMATCH},
    {"more than 2^64 steps", "`3`", "`99999999999999999999999999`", FFNN_ERROR_MISMATCH},
    {"no steps, but tensors", "`3`", "`0`", FFNN_ERROR_MISMATCH},

    {"a weight's name", "`0.weight.exp_avg`", "`0.weight`", FFNN_ERROR_MISMATCH},
    {"another layer", "`2.bias.exp_avg`", "`1.bias.exp_avg`", FFNN_ERROR_MISMATCH},
    {"another layer's number", "`2.bias.exp_avg`", "`02.bias.exp_avg`", FFNN_ERROR_MISMATCH},
    {"another moment", "`2.bias.exp_avg`", "`2.bias.momentum_buffer`", FFNN_ERROR_MISMATCH},
    {"a name and more", "`2.bias.exp_avg`", "`2.bias.exp_avg_s`", FFNN_ERROR_MISMATCH},
    {"a name's beginning", "`2.bias.exp_avg`", "`2.bias.exp_av`", FFNN_ERROR_MISMATCH},
    {"the lab's name", "`0.weight.exp_avg`", "`W1.exp_avg`", FFNN_ERROR_MISMATCH},
    {"a weight's moment turned", "[3,2]", "[2,3]", FFNN_ERROR_MISMATCH},
    {"a weight's moment of one dimension", "[3,2]", "[6]", FFNN_ERROR_MISMATCH},
    {"a weight's moment of three dimensions", "[3,2]", "[3,2,1]", FFNN_ERROR_MISMATCH},
    {"a bias's moment of two dimensions", "[3]", "[1,3]", FFNN_ERROR_MISMATCH},
    {"a bias's moment of no dimension", "[1]", "[]", FFNN_ERROR_MISMATCH},
    {"integers", "F32", "I32", FFNN_ERROR_MISMATCH},
    {"an empty tensor more", "{`__metadata__`",
     "{`x`:{`dtype`:`F32`,`shape`:[0],`data_offsets`:[0,0]},`__metadata__`", FFNN_ERROR_MISMATCH},

    {"steps that are a number", "`3`", "3", FFNN_ERROR_FORMAT},
    {"an unknown dtype", "F32", "F31", FFNN_ERROR_FORMAT},
    {"a comma less", "},`0.bias.exp_avg`", "}`0.bias.exp_avg`", FFNN_ERROR_FORMAT},
    {"another shape than there are bytes", "[3,2]", "[3,3]", FFNN_ERROR_FORMAT},
    {"a bracket less", "[3,2]", "[3,2", FFNN_ERROR_FORMAT},
    {"a hole", "[0,24]", "[0,20]", FFNN_ERROR_FORMAT},
};

static void test_files_that_are_refused(void) {
    bytes good = good_file(&adam_run);
    for (size_t i = 0; i < COUNT_OF(changes); ++i) {
        test_case("%s", changes[i].what);
        bytes file = replaced(good, changes[i].part, changes[i].by);
        if (file.data == NULL) continue;
        check_load(changes[i].expected, &adam_run, file, good);
        ++file.size; /* malformed, whatever else is wrong; there is a byte more */
        file.data[file.size - 1] = 0;
        check_load(FFNN_ERROR_FORMAT, &adam_run, file, good);
        free(file.data);
    }
    free(good.data);
}

/* Cut off anywhere. */
static void test_files_that_are_cut_off(void) {
    bytes good = good_file(&momentum_run), cut = good;
    for (cut.size = 0; cut.size < good.size; cut.size += cut.size < 16 ? 1 : 37) {
        test_case("%d of %d bytes", (int)cut.size, (int)good.size);
        check_load(FFNN_ERROR_FORMAT, &momentum_run, cut, good);
    }
    free(good.data);
}

/* Two entries in the other order in the header, and their numbers in the other order behind it. */
static void test_any_order_is_good(void) {
    static const run two = {"1-1-1", {1, 1, 1}, "tanh identity", false, FFNN_MSE, FFNN_SGD, 0.5f, 0,
                            0, 0.1f};
    static const char *const headers[] = {
        "{\"W2.momentum_buffer\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[4,8]},"
        "\"W1.momentum_buffer\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},"
        "\"__metadata__\":{\"optimizer\":\"sgd\",\"steps\":\"3\"}}",
        "{\"W1.momentum_buffer\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[4,8]},"
        "\"W2.momentum_buffer\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},"
        "\"__metadata__\":{\"optimizer\":\"sgd\",\"steps\":\"3\"}}"};
    bytes good = good_file(&two);
    unsigned char file[400];
    for (size_t i = 0; i < COUNT_OF(headers); ++i) {
        size_t length = strlen(headers[i]);
        const unsigned char *data = good.data + good.size - 8;
        bytes turned = {file, 8 + length + 8};
        test_case("header %d", (int)i);
        set_header_size(file, length);
        memcpy(file + 8, headers[i], length);
        memcpy(file + 8 + length, data + (i == 0 ? 0 : 4), 4);
        memcpy(file + 12 + length, data + (i == 0 ? 4 : 0), 4);
        check_load(FFNN_OK, &two, turned, good);
    }
    free(good.data);
}

/* Doubles, halves, a tensor less, one more, no tensor at all but steps. */
static void test_files_of_other_tensors(void) {
    static const run one = {"1-2", {1, 2}, "identity", false, FFNN_MSE, FFNN_ADAM, 0, 0, 0, 0.1f};
    static const run biased = {"1-2", {1, 2}, "identity", true, FFNN_MSE, FFNN_SGD, 0.5f, 0, 0,
                               0.1f};
    static const struct {
        const char *what, *tensors; /* those of 0.weight and 0.bias are for SGD */
        size_t data_size;
        ffnn_status expected;
    } cases[] = {
        {"as it should be",
         ",`W1.exp_avg`:{`dtype`:`F32`,`shape`:[1,2],`data_offsets`:[0,8]}"
         ",`W1.exp_avg_sq`:{`dtype`:`F32`,`shape`:[1,2],`data_offsets`:[8,16]}", 16, FFNN_OK},
        {"doubles",
         ",`W1.exp_avg`:{`dtype`:`F64`,`shape`:[1,2],`data_offsets`:[0,16]}"
         ",`W1.exp_avg_sq`:{`dtype`:`F64`,`shape`:[1,2],`data_offsets`:[16,32]}", 32,
         FFNN_ERROR_MISMATCH},
        {"halves",
         ",`W1.exp_avg`:{`dtype`:`F16`,`shape`:[1,2],`data_offsets`:[0,4]}"
         ",`W1.exp_avg_sq`:{`dtype`:`F32`,`shape`:[1,2],`data_offsets`:[4,12]}", 12,
         FFNN_ERROR_MISMATCH},
        {"a tensor less", ",`W1.exp_avg`:{`dtype`:`F32`,`shape`:[1,2],`data_offsets`:[0,8]}", 8,
         FFNN_ERROR_MISMATCH},
        {"a tensor more",
         ",`W1.exp_avg`:{`dtype`:`F32`,`shape`:[1,2],`data_offsets`:[0,8]}"
         ",`W1.exp_avg_sq`:{`dtype`:`F32`,`shape`:[1,2],`data_offsets`:[8,16]}"
         ",`W2.exp_avg`:{`dtype`:`F32`,`shape`:[1,2],`data_offsets`:[16,24]}", 24,
         FFNN_ERROR_MISMATCH},
        {"steps without tensors", "", 0, FFNN_ERROR_MISMATCH},
        {"a bias as it should be",
         ",`0.weight.momentum_buffer`:{`dtype`:`F32`,`shape`:[2,1],`data_offsets`:[0,8]}"
         ",`0.bias.momentum_buffer`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[8,16]}", 16, FFNN_OK},
        {"a bias of more units",
         ",`0.weight.momentum_buffer`:{`dtype`:`F32`,`shape`:[2,1],`data_offsets`:[0,8]}"
         ",`0.bias.momentum_buffer`:{`dtype`:`F32`,`shape`:[3],`data_offsets`:[8,20]}", 20,
         FFNN_ERROR_MISMATCH},
        {"a bias of fewer units",
         ",`0.weight.momentum_buffer`:{`dtype`:`F32`,`shape`:[2,1],`data_offsets`:[0,8]}"
         ",`0.bias.momentum_buffer`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[8,12]}", 12,
         FFNN_ERROR_MISMATCH},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        char header[600];
        unsigned char data[1000] = {0};
        test_case("%s", cases[i].what);
        bool is_sgd = strstr(cases[i].tensors, "momentum") != NULL;
        snprintf(header, sizeof header, "{`__metadata__`:{`optimizer`:`%s`,`steps`:`7`}%s}",
                 is_sgd ? "sgd" : "adam", cases[i].tensors);
        for (char *c = header; *c != '\0'; ++c)
            if (*c == '`') *c = '"';
        size_t length = strlen(header);
        for (; length % 8 != 0; ++length) header[length] = ' '; /* as it is saved */
        set_header_size(data, length);
        memcpy(data + 8, header, length);
        for (size_t k = 0; k < cases[i].data_size / 4; ++k) data[8 + length + 4 * k + 3] = 0x3f;
        bytes file = {data, 8 + length + cases[i].data_size};
        check_load(cases[i].expected, is_sgd ? &biased : &one, file, file);
    }
}

/* Of networks of other sizes, with other biases, and of the other optimizer. */
static void test_other_networks_files_are_refused(void) {
    static const run others[] = {
        {"other inputs", {3, 3, 1}, "tanh identity", true, FFNN_MSE, FFNN_ADAM, 0, 0, 0, 0.1f},
        {"other units", {2, 4, 1}, "tanh identity", true, FFNN_MSE, FFNN_ADAM, 0, 0, 0, 0.1f},
        {"a layer more", {2, 3, 1, 1}, "tanh tanh identity", true, FFNN_MSE, FFNN_ADAM, 0, 0, 0,
         0.1f},
        {"a layer less", {2, 3}, "tanh", true, FFNN_MSE, FFNN_ADAM, 0, 0, 0, 0.1f},
        {"no biases", {2, 3, 1}, "tanh identity", false, FFNN_MSE, FFNN_ADAM, 0, 0, 0, 0.1f},
        {"momentum", {2, 3, 1}, "tanh identity", true, FFNN_MSE, FFNN_SGD, 0.9f, 0, 0, 0.1f},
    };
    bytes good = good_file(&adam_run);
    for (size_t i = 0; i < COUNT_OF(others); ++i) {
        test_case("%s", others[i].name);
        bytes of_other = good_file(&others[i]);
        check_load(FFNN_ERROR_MISMATCH, &adam_run, of_other, good);
        check_load(FFNN_ERROR_MISMATCH, &others[i], good, good);
        free(of_other.data);
    }
    free(good.data);
}

/* The two files are no substitute for each other. */
static void test_a_file_of_the_other_kind(void) {
    ffnn_net net, unchanged, fresh;
    make_trained(&net, &adam_run);
    make_trained(&unchanged, &adam_run);
    save_run(&net);
    CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_load_optimizer(&net, WEIGHTS));
    CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_load(&net, OPTIMIZER));
    CHECK_STATUS(FFNN_ERROR_MISMATCH, ffnn_init_from_file(&fresh, OPTIMIZER));
    CHECK(is_all_zero(&fresh));
    CHECK(same_state(&net, &unchanged));
    ffnn_free(&net);
    ffnn_free(&unchanged);
}

static void test_arguments(void) {
    static const char old[] = "old";
    ffnn_net net, unchanged, none;
    memset(&none, 0, sizeof none);
    make_trained(&net, &momentum_run);
    make_trained(&unchanged, &momentum_run);
    write_file(OPTIMIZER, old, sizeof old);
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_optimizer(NULL, OPTIMIZER));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_optimizer(&none, OPTIMIZER));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_optimizer(&net, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load_optimizer(NULL, OPTIMIZER));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load_optimizer(&none, OPTIMIZER));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load_optimizer(&net, NULL));
    net.momentum = 1; /* no optimizer */
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_save_optimizer(&net, OPTIMIZER));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_load_optimizer(&net, OPTIMIZER));
    net.momentum = unchanged.momentum;
    CHECK(file_is(OPTIMIZER, old, sizeof old));
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_load_optimizer(&net, FOLDER "/there_is_no_such_file"));
    if (HAS_POSIX) CHECK_STATUS(FFNN_ERROR_IO, ffnn_load_optimizer(&net, FOLDER)); /* a folder */
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save_optimizer(&net, FOLDER "/no_such_folder/file"));
    CHECK(same_state(&net, &unchanged));
    ffnn_free(&net);
    ffnn_free(&unchanged);
}

int main(void) {
    make_scratch_folder(FOLDER);
    RUN(test_a_broken_run_ends_where_an_unbroken_one_does);
    RUN(test_a_new_network_goes_on);
    RUN(test_both_files_are_needed_in_this_order);
    RUN(test_a_file_before_any_step_starts_anew);
    RUN(test_another_optimizers_moments_are_not_saved);
    RUN(test_headers_in_full);
    RUN(test_the_numbers_of_a_file);
    RUN(test_files_that_are_refused);
    RUN(test_files_that_are_cut_off);
    RUN(test_any_order_is_good);
    RUN(test_files_of_other_tensors);
    RUN(test_other_networks_files_are_refused);
    RUN(test_a_file_of_the_other_kind);
    RUN(test_arguments);
    remove(WEIGHTS);
    remove(OPTIMIZER);
    remove(GENERATOR);
    return test_summary("test_training_files");
}
