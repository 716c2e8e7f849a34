/* curve.c - regression: learns a curve from points that lie near it.

       cc -O2 -o curve examples/curve.c -lm
       ./curve [FILE.svg]              draws the points, the curve and what was learned

   The network is torch.nn's 1-32-32-1 with biases: tanh in its hidden layers, and a last layer that
   is linear (identity), so that its output may be any number. */
#define PROGRAM "curve"
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#include "require.h"
#include "svg_plot.h"

enum { POINTS = 300, EPOCHS = 1000, SHOWN_EVERY = 100 };

static const float NOISE = 0.15f; /* standard deviation */

/* x goes from -1 to 1. */
static float true_curve(float x) {
    return sinf(9 * x * x) * (1 - x / 2);
}

static bool show_progress(void *user, const ffnn_progress *progress) {
    (void)user;
    if (progress->epoch % SHOWN_EVERY == 0)
        printf("epoch %4zu: loss %.5f\n", progress->epoch, (double)progress->loss);
    return true;
}

static void draw(const char *path, const float *points, const float *truth, const float *learned) {
    svg_curve curves[3] = {{"points", points, POINTS, 1, SVG_PLOT_POINTS},
                           {"the curve", truth, POINTS, 0, 0},
                           {"learned", learned, POINTS, 2, 0}};
    svg_panel panel = {"A curve, learned from noisy points", "point", "y", false, curves, 3};
    FILE *out = fopen(path, "w");
    if (out == NULL || !svg_plot(out, &panel, 1) || fclose(out) != 0) fail(path, strerror(errno));
    printf("Drawn in %s\n", path);
}

/* Points that lie near the curve, and the curve itself. */
static void make_points(ffnn_tensor X, ffnn_tensor y, ffnn_tensor curve, ffnn_rng *rng) {
    require(ffnn_randn(y, rng), "noise");
    for (size_t i = 0; i < POINTS; ++i) {
        X.data[i] = 2 * (float)i / (POINTS - 1) - 1;
        curve.data[i] = true_curve(X.data[i]);
        y.data[i] = curve.data[i] + NOISE * y.data[i];
    }
}

static void make_network(ffnn_net *net, ffnn_rng *rng) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = 1;
    desc.sizes[1] = desc.sizes[2] = 32;
    desc.sizes[3] = 1;
    desc.activations[0] = desc.activations[1] = FFNN_TANH;
    desc.activations[2] = FFNN_IDENTITY; /* an activation that is not named is a sigmoid */
    desc.biases = true;
    desc.loss = FFNN_MSE;
    desc.optimizer = FFNN_ADAM;
    desc.rng = rng;
    require(ffnn_init(net, &desc), "network");
}

static void train(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, ffnn_rng *rng) {
    ffnn_fit_desc fit;
    memset(&fit, 0, sizeof fit);
    fit.epochs = EPOCHS;
    fit.learning_rate = 0.003f;
    fit.rng = rng; /* the points lie in order: take them in another one each epoch */
    fit.progress = show_progress;
    require(ffnn_fit(net, X, y, &fit), "training");
}

int main(int argc, char **argv) {
    static float inputs[POINTS], targets[POINTS], truth[POINTS], outputs[POINTS];
    ffnn_tensor X = ffnn_view(inputs, POINTS, 1), y = ffnn_view(targets, POINTS, 1);
    ffnn_tensor curve = ffnn_view(truth, POINTS, 1), learned = ffnn_view(outputs, POINTS, 1);
    ffnn_rng rng;
    ffnn_rng_seed(&rng, 0);
    make_points(X, y, curve, &rng);

    ffnn_net net;
    make_network(&net, &rng);
    train(&net, X, y, &rng);

    float from_points, from_curve;
    require(ffnn_predict(&net, X, learned), "prediction");
    require(ffnn_evaluate(&net, X, y, &from_points), "distance from the points");
    require(ffnn_evaluate(&net, X, curve, &from_curve), "distance from the curve");
    printf("From what was learned the points are %.3f away, the curve itself %.3f\n",
           sqrt((double)from_points), sqrt((double)from_curve));
    draw(argc > 1 ? argv[1] : "curve.svg", targets, truth, outputs);
    require_output();
    ffnn_free(&net);
    return 0;
}
