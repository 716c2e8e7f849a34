/* What tests/flags.sh compiles with flags that change arithmetic: prints the bits of what the
   library computes, one line a subject. Its own code does no arithmetic on floats, which such flags
   may change: it makes them of bits and looks at their bits only.

   The functions user_... are some other code of the program. tests/flags.sh compares their
   instructions with those of a build with USER_CODE_ONLY, which does not include the header. */
#include <stddef.h>
#include <stdint.h>

#ifndef USER_CODE_ONLY
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif
float user_multiply_and_add(float a, float b, float c);
float user_sum(const float *x, size_t count);
void user_scale(float *x, size_t count, float factor);
double user_constants(double x, double y);
int user_is_nan(float x);
float user_polynomial(float x);
#ifdef __cplusplus
}
#endif

float user_multiply_and_add(float a, float b, float c) {
    return a * b + c;
}

float user_sum(const float *x, size_t count) {
    float sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += x[i];
    return sum;
}

void user_scale(float *x, size_t count, float factor) {
    for (size_t i = 0; i < count; i++)
        x[i] = x[i] / factor + 1;
}

double user_constants(double x, double y) {
    return x * 0.1 + y / 0.3;
}

int user_is_nan(float x) {
    return x != x;
}

float user_polynomial(float x) {
    float square = x * x;
    float high = 0.25f * square + 0.5f;
    return high * square + x;
}

#ifndef USER_CODE_ONLY

/* ---- bits ---------------------------------------------------------------------------------- */

enum { MOST = 4000 };

static uint32_t random_state = 1;

static uint32_t random_bits(void) {
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Between 2^-4 and 2^4, of both signs. */
static void fill(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t exponent = 123 + random_bits() % 8;
        x[i] = from_bits((random_bits() & 1) << 31 | exponent << 23 | (random_bits() & 0x7fffff));
    }
}

static const uint32_t special[] = {
    0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x00000001, 0x807fffff,
    0x00800000, 0x7f7fffff, 0xff7fffff, 0x3f800000, 0xbf800000, 0x42b00000, 0x42b20000, 0xc2aeac50,
    0xc1800000, 0xc1900000, 0x3f7fffff, 0x4b400001,
};
enum { SPECIAL = sizeof special / sizeof special[0] };

static void fill_special(float *x) {
    for (size_t i = 0; i < SPECIAL; i++)
        x[i] = from_bits(special[i]);
}

/* A hash (FNV-1a) of these floats' bits. There are many NaNs; which one it is, nobody promises. */
static void show(const char *name, const float *x, size_t count) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        if ((bits & 0x7fffffff) > 0x7f800000)
            bits = 0x7fc00000;
        for (int byte = 0; byte < 4; byte++)
            hash = (hash ^ (bits >> (8 * byte) & 0xff)) * 16777619u;
    }
    printf("%s %08lx\n", name, (unsigned long)hash);
}

static void show_status(const char *name, ffnn_status status) {
    if (status != FFNN_OK)
        printf("%s: %s\n", name, ffnn_status_string(status));
}

static float a[MOST], b[MOST], c[MOST];

/* ---- tensors ------------------------------------------------------------------------------- */

static void probe_sigmoid(void) {
    fill(a, MOST);
    fill_special(a);
    for (size_t i = SPECIAL; i < MOST / 2; i++) /* every size of number */
        a[i] = from_bits(random_bits() << 8 ^ random_bits());
    show_status("sigmoid", ffnn_sigmoid(ffnn_view(c, 1, MOST), ffnn_view(a, 1, MOST)));
    show("sigmoid", c, MOST);
    show_status("sigmoid_derivative",
                ffnn_sigmoid_derivative(ffnn_view(c, 1, MOST), ffnn_view(c, 1, MOST)));
    show("sigmoid_derivative", c, MOST);
    show_status("sigmoid", ffnn_sigmoid(ffnn_view(c, 1, 3), ffnn_view(a, 1, 3)));
    show("sigmoid of three", c, 3);
}

static void probe_products(void) {
    static const size_t sizes[][3] = {
        {1, 1, 1}, {3, 3, 4}, {1, 40, 30}, {7, 33, 17}, {33, 3, 1}, {2, 300, 9}, {64, 1, 40},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t rows = sizes[i][0], inner = sizes[i][1], cols = sizes[i][2];
        fill(a, rows * inner);
        fill(b, inner * cols);
        for (int is_special = 0; is_special <= 1; is_special++) {
            if (is_special)
                a[0] = from_bits(special[2 + i % 3]); /* inf, -inf, NaN */
            show_status("matmul", ffnn_matmul(ffnn_view(c, rows, cols), ffnn_view(a, rows, inner),
                                              ffnn_view(b, inner, cols)));
            show(is_special ? "matmul with infinity or NaN" : "matmul", c, rows * cols);
        }
    }
}

static void probe_elements(void) {
    ffnn_tensor left = ffnn_view(a, SPECIAL, SPECIAL), result = ffnn_view(c, SPECIAL, SPECIAL);
    ffnn_tensor right = ffnn_view(b, 1, SPECIAL);
    for (size_t i = 0; i < SPECIAL; i++)
        for (size_t k = 0; k < SPECIAL; k++)
            a[i * SPECIAL + k] = from_bits(special[i]);
    fill_special(b);
    show_status("add", ffnn_add(result, left, right));
    show("add", c, SPECIAL * SPECIAL);
    show_status("sub", ffnn_sub(result, left, right));
    show("sub", c, SPECIAL * SPECIAL);
    show_status("mul", ffnn_mul(result, left, right));
    show("mul", c, SPECIAL * SPECIAL);
    show_status("div", ffnn_div(result, left, right));
    show("div", c, SPECIAL * SPECIAL);
    fill(a, MOST);
    show_status("div", ffnn_div(ffnn_view(c, MOST / 40, 40), ffnn_view(a, MOST / 40, 40),
                                ffnn_view(a + 80, 1, 40)));
    show("div by a row", c, MOST);
    show_status("div", ffnn_div(ffnn_view(c, 1, MOST), ffnn_view(a, 1, MOST),
                                ffnn_view(a + 7, 1, 1)));
    show("div by a number", c, MOST);
    show_status("scale", ffnn_scale(ffnn_view(c, 1, MOST), ffnn_view(a, 1, MOST), 0.1f));
    show("scale", c, MOST);
}

static void probe_max_and_mse(void) {
    float mse;
    fill(a, MOST);
    fill(b, MOST);
    show_status("mse", ffnn_mse(ffnn_view(a, 1, MOST), ffnn_view(b, 1, MOST), &mse));
    show("mse", &mse, 1);
    show_status("mse", ffnn_mse(ffnn_view(a, 100, 40), ffnn_view(b, 1, 40), &mse));
    show("mse of a row", &mse, 1);
    fill_special(a + 100);
    show_status("max", ffnn_max(ffnn_view(c, 1, 40), ffnn_view(a, 100, 40)));
    show("max", c, 40);
    for (size_t i = 0; i < SPECIAL; i++) {
        a[0] = from_bits(special[i]);
        for (size_t k = 0; k < SPECIAL; k++) {
            a[1] = from_bits(special[k]);
            show_status("max", ffnn_max(ffnn_view(b + k, 1, 1), ffnn_view(a, 2, 1)));
            show_status("mse", ffnn_mse(ffnn_view(a, 1, 1), ffnn_view(a + 1, 1, 1), c + k));
        }
        show("max of something special", b, SPECIAL);
        show("mse of something special", c, SPECIAL);
    }
}

static void probe_randn(void) {
    static const size_t counts[] = {1, 5, 15, 16, 17, 100, 1000};
    ffnn_rng rng;
    ffnn_rng_seed(&rng, 42);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        show_status("randn", ffnn_randn(ffnn_view(c, 1, counts[i]), &rng));
        show("randn", c, counts[i]);
    }
}

/* ---- networks ------------------------------------------------------------------------------ */

static void show_net(const char *name, const ffnn_net *net) {
    for (size_t i = 0; i < net->layer_count; i++) {
        ffnn_layer layer = net->layers[i];
        show(name, layer.weight.data, layer.weight.rows * layer.weight.cols);
        show("    z", layer.z.data, layer.z.rows * layer.z.cols);
        show("    a", layer.a.data, layer.a.rows * layer.a.cols);
        show("    error", layer.error.data, layer.error.rows * layer.error.cols);
        show("    delta", layer.delta.data, layer.delta.rows * layer.delta.cols);
    }
}

static ffnn_net make_net(size_t inputs, size_t hidden, size_t outputs) {
    ffnn_rng rng;
    ffnn_desc desc;
    ffnn_net net;
    memset(&desc, 0, sizeof desc);
    ffnn_rng_seed(&rng, 7);
    desc.sizes[0] = inputs;
    desc.sizes[1] = hidden;
    desc.sizes[2] = outputs;
    desc.rng = &rng;
    show_status("init", ffnn_init(&net, &desc));
    return net;
}

/* Targets between 0 and 1; then, in the last epochs, a NaN or an infinity among the inputs. */
static void probe_training(size_t inputs, size_t hidden, size_t outputs, size_t rows) {
    ffnn_net net = make_net(inputs, hidden, outputs);
    ffnn_tensor X = ffnn_view(a, rows, inputs), y = ffnn_view(b, rows, outputs);
    ffnn_tensor output = ffnn_view(c, rows, outputs);
    float loss;
    fill(a, rows * inputs);
    fill(b, rows * outputs);
    show_status("sigmoid", ffnn_sigmoid(y, y));
    for (int epoch = 0; epoch < 60; epoch++)
        show_status("train", ffnn_train(&net, X, y, 0.1f, &loss));
    show("train", &loss, 1);
    show_net("weights", &net);
    show_status("predict", ffnn_predict(&net, X, output));
    show("predict", c, rows * outputs);
    a[1] = from_bits(special[2]);
    show_status("predict", ffnn_predict(&net, X, output));
    show("predict of infinity", c, rows * outputs);
    a[1] = from_bits(special[4]);
    show_status("predict", ffnn_predict(&net, X, output));
    show("predict of NaN", c, rows * outputs);
    show_status("train", ffnn_train(&net, X, y, 0.1f, &loss));
    show("train with NaN", &loss, 1);
    show_net("weights with NaN", &net);
    ffnn_free(&net);
}

static bool show_progress(void *user, const ffnn_progress *progress) {
    (void)user;
    show("progress", &progress->loss, 1);
    return true;
}

static void probe_fit(void) {
    ffnn_net net = make_net(5, 9, 2);
    ffnn_rng rng;
    ffnn_fit_desc desc;
    memset(&desc, 0, sizeof desc);
    memset(&rng, 0, sizeof rng);
    fill(a, 70 * 5);
    fill(b, 70 * 2);
    show_status("sigmoid", ffnn_sigmoid(ffnn_view(b, 70, 2), ffnn_view(b, 70, 2)));
    desc.epochs = 20;
    desc.batch_size = 8;
    desc.rng = &rng;
    desc.progress = show_progress;
    show_status("fit", ffnn_fit(&net, ffnn_view(a, 70, 5), ffnn_view(b, 70, 2), &desc));
    show_net("fit", &net);
    ffnn_free(&net);
}

/* ---- text and files ------------------------------------------------------------------------ */

static void probe_print(void) {
    fill(a, 2000);
    fill_special(a + 40);
    show_status("print", ffnn_print(stdout, ffnn_view(a, 3, 7)));
    show_status("print", ffnn_print(stdout, ffnn_view(a + 40, 2, 10)));
    show_status("print", ffnn_print(stdout, ffnn_view(a + 42, 1, 4)));
    show_status("print", ffnn_print(stdout, ffnn_view(a, 40, 50)));
    for (size_t i = 0; i < SPECIAL; i++)
        show_status("print", ffnn_print(stdout, ffnn_view(a + 40 + i, 1, 1)));
    a[0] = 3, a[1] = -2, a[2] = 1000000, a[3] = 0.00001f;
    for (size_t count = 1; count <= 4; count++)
        show_status("print", ffnn_print(stdout, ffnn_view(a, 1, count)));
}

static void probe_file(const char *path) {
    ffnn_net net = make_net(6, 5, 4), loaded;
    unsigned char bytes[1000];
    size_t size = 0;
    float *weight = net.layers[0].weight.data;
    for (size_t i = 0; i < SPECIAL; i++)
        weight[i] = from_bits(special[i]);
    show_status("save", ffnn_save(&net, path));
    show_status("init_from_file", ffnn_init_from_file(&loaded, path));
    show_net("save", &loaded);
    show_status("save_memory", ffnn_save_memory(&loaded, bytes, sizeof bytes, &size));
    for (size_t i = 0; i < size; i++)
        printf("%02x%s", (unsigned)bytes[i], i % 32 == 31 || i + 1 == size ? "\n" : "");
    ffnn_free(&loaded);
    ffnn_free(&net);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: flags_probe FILE: computes, prints, and saves weights to the file\n", stderr);
        return 2;
    }
    probe_sigmoid();
    probe_products();
    probe_elements();
    probe_max_and_mse();
    probe_randn();
    probe_training(3, 4, 1, 3);
    probe_training(10, 20, 3, 9);
    probe_training(40, 33, 17, 40);
    probe_fit();
    probe_print();
    probe_file(argv[1]);
    return 0;
}

#endif
